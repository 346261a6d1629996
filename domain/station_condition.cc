#include "domain/station_condition.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace mes::domain {
namespace {

constexpr int64_t kHour = 3'600;
constexpr int64_t kDay = 86'400;

// Sources: rules.json of the reference plant (interlocks). Shift = 12 h; a certificate is looked at once a year and a bit.
constexpr auto kRules = std::to_array<ConditionRule>({
    {ConditionKind::kCalTester, Interlock::kCalTester, Reason::kCalTester, false, 400 * kDay, "", "calibration valid"},
    {ConditionKind::kCalTorque, Interlock::kCalTorque, Reason::kCalTorque, false, kDay, "", "calibration valid, daily check within 5 %"},
    {ConditionKind::kScaleCal, Interlock::kScaleCal, Reason::kScaleCal, false, 12 * kHour, "", "check weight passed this shift"},
    {ConditionKind::kLeakRef, Interlock::kLeakRef, Reason::kLeakRef, false, 8 * kHour, "", "reference leak found, at most 8 h ago"},
    {ConditionKind::kGolden, Interlock::kGolden, Reason::kGolden, false, 12 * kHour, "", "golden samples judged right, at most 12 h ago"},
    {ConditionKind::kToolLife, Interlock::kToolLife, Reason::kToolLife, false, 12 * kHour, "uses,uses_limit", "uses below uses_limit"},
    {ConditionKind::kPotLife, Interlock::kPotLife, Reason::kPotLife, false, kHour, "", "mixed material inside its pot life"},
    {ConditionKind::kOperatorHv, Interlock::kOperatorHv, Reason::kOperatorHv, true, 400 * kDay, "", "high-voltage certificate valid"},
    {ConditionKind::kOperatorH2, Interlock::kOperatorH2, Reason::kOperatorH2, true, 400 * kDay, "", "hydrogen certificate valid"},
    {ConditionKind::kH2Safety, Interlock::kH2Safety, Reason::kH2Safety, false, kHour, "h2_pct", "h2_pct below 0.4"},
    {ConditionKind::kEnvDryroom, Interlock::kEnvDryroom, Reason::kEnvDryroom, false, kHour, "dew_point_c", "dew_point_c at most -40"},
    {ConditionKind::kEnvRh, Interlock::kEnvRh, Reason::kEnvRh, false, kHour, "humidity_pct,temperature_c",
     "humidity_pct 40 to 60 and temperature_c 20 to 26"},
    {ConditionKind::kEsd, Interlock::kEsd, Reason::kEsd, true, 12 * kHour, "", "strap test passed this shift"},
    {ConditionKind::kPgmCustody, Interlock::kPgmCustody, Reason::kPgmCustody, false, 12 * kHour, "balance_error_pct",
     "balance_error_pct below 0.5"},
});

bool ReadingsInOrder(const ConditionReport& report) {
  const auto& readings = report.readings;
  switch (report.kind) {
    case ConditionKind::kToolLife:
      return readings.at("uses") < readings.at("uses_limit");
    case ConditionKind::kH2Safety:
      return readings.at("h2_pct") < 0.4;
    case ConditionKind::kEnvDryroom:
      return readings.at("dew_point_c") <= -40;
    case ConditionKind::kEnvRh:
      return readings.at("humidity_pct") >= 40 && readings.at("humidity_pct") <= 60 && readings.at("temperature_c") >= 20 &&
             readings.at("temperature_c") <= 26;
    case ConditionKind::kPgmCustody:
      return std::abs(readings.at("balance_error_pct")) < 0.5;
    case ConditionKind::kCalTester:
    case ConditionKind::kCalTorque:
    case ConditionKind::kScaleCal:
    case ConditionKind::kLeakRef:
    case ConditionKind::kGolden:
    case ConditionKind::kPotLife:
    case ConditionKind::kOperatorHv:
    case ConditionKind::kOperatorH2:
    case ConditionKind::kEsd:
      return true;
  }
  return false;
}

}  // namespace

const ConditionRule& RuleOf(ConditionKind kind) { return kRules[static_cast<size_t>(kind) - 1]; }

const ConditionRule* RuleOf(Interlock interlock) {
  for (const ConditionRule& rule : kRules) {
    if (rule.interlock == interlock) return &rule;
  }
  return nullptr;
}

Result<ConditionReport> Settle(ConditionReport report, Time occur_time) {
  const ConditionRule& rule = RuleOf(report.kind);
  if (rule.personal && report.person.empty()) {
    return Fail(FieldError(Reason::kFieldRequired, "condition.person", "condition.person is missing: the condition is about a person"));
  }
  if (!rule.personal && !report.person.empty()) {
    return Fail(FieldError(Reason::kFieldInvalid, "condition.person", "condition.person is given, but the condition is about the station"));
  }
  for (const auto& [name, value] : report.readings) {
    if (!std::isfinite(value)) {
      return Fail(FieldError(Reason::kValueInvalid, "condition.readings", "reading " + name + " is not a finite number"));
    }
  }
  for (std::string_view rest = rule.readings; !rest.empty();) {
    const std::string name(rest.substr(0, rest.find(',')));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (!report.readings.contains(name)) {
      return Fail(FieldError(Reason::kFieldRequired, "condition.readings", "reading " + name + " is missing"));
    }
  }
  if (report.expire_time <= occur_time) {
    return Fail(FieldError(Reason::kFieldInvalid, "condition.expire_time", "condition.expire_time is not after the event"));
  }
  report.expire_time = std::min(report.expire_time, occur_time + std::chrono::seconds(rule.longest_validity_seconds));
  report.in_order = report.in_order && ReadingsInOrder(report);
  // Bad news outlives every good report from before it, so that an older one does not come back into force.
  if (!report.in_order) report.expire_time = occur_time + std::chrono::seconds(rule.longest_validity_seconds);
  return report;
}

}  // namespace mes::domain
