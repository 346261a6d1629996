// Station conditions: each interlock that reads one refuses when it is missing, not in order, badly measured or expired, and lets
// through when it is good.
#include "domain/station_condition.h"

#include <cmath>
#include <ostream>

#include <gtest/gtest.h>

#include "tests/support/shop_floor.h"

namespace mes::tests {
namespace {

using domain::ConditionKind;
using domain::ConditionReport;
using domain::Interlock;
using std::chrono::hours;

using Readings = std::map<std::string, double>;

struct Row {
  std::string reason;
  Interlock interlock;
  ConditionKind kind;
  // Empty = about the station.
  std::string person;
  hours longest;
  Readings good;
  // Out of order, whatever the station says; empty where the kind has no readings.
  std::vector<Readings> bad;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.reason; }

const std::vector<Row> kRows = {
    {"CAL_TESTER", Interlock::kCalTester, ConditionKind::kCalTester, "", hours(400 * 24), {}, {}},
    {"CAL_TORQUE", Interlock::kCalTorque, ConditionKind::kCalTorque, "", hours(24), {}, {}},
    {"SCALE_CAL", Interlock::kScaleCal, ConditionKind::kScaleCal, "", hours(12), {}, {}},
    {"LEAK_REF", Interlock::kLeakRef, ConditionKind::kLeakRef, "", hours(8), {}, {}},
    {"GOLDEN", Interlock::kGolden, ConditionKind::kGolden, "", hours(12), {}, {}},
    {"TOOL_LIFE", Interlock::kToolLife, ConditionKind::kToolLife, "", hours(12), {{"uses", 99}, {"uses_limit", 100}},
     {{{"uses", 100}, {"uses_limit", 100}}}},
    {"POT_LIFE", Interlock::kPotLife, ConditionKind::kPotLife, "", hours(1), {}, {}},
    {"OPERATOR_HV", Interlock::kOperatorHv, ConditionKind::kOperatorHv, "li", hours(400 * 24), {}, {}},
    {"OPERATOR_H2", Interlock::kOperatorH2, ConditionKind::kOperatorH2, "li", hours(400 * 24), {}, {}},
    {"H2_SAFETY", Interlock::kH2Safety, ConditionKind::kH2Safety, "", hours(1), {{"h2_pct", 0.39}}, {{{"h2_pct", 0.4}}}},
    {"ENV_DRYROOM", Interlock::kEnvDryroom, ConditionKind::kEnvDryroom, "", hours(1), {{"dew_point_c", -40}}, {{{"dew_point_c", -39.9}}}},
    {"ENV_RH", Interlock::kEnvRh, ConditionKind::kEnvRh, "", hours(1), {{"humidity_pct", 60}, {"temperature_c", 20}},
     {{{"humidity_pct", 60.1}, {"temperature_c", 23}},
      {{"humidity_pct", 39.9}, {"temperature_c", 23}},
      {{"humidity_pct", 50}, {"temperature_c", 26.1}},
      {{"humidity_pct", 50}, {"temperature_c", 19.9}}}},
    {"ESD", Interlock::kEsd, ConditionKind::kEsd, "li", hours(12), {}, {}},
    {"PGM_CUSTODY", Interlock::kPgmCustody, ConditionKind::kPgmCustody, "", hours(12), {{"balance_error_pct", -0.49}},
     {{{"balance_error_pct", 0.5}}, {{"balance_error_pct", -0.5}}}},
};

class Condition : public testing::TestWithParam<Row> {
 protected:
  Condition() : floor_(Guarded()) {}

  static PlantBuilder Guarded() {
    PlantBuilder builder;
    builder.operation("CELL", 10).interlocks.push_back(GetParam().interlock);
    return builder;
  }
  ConditionReport Report(bool in_order, const Readings& readings) const {
    ConditionReport report;
    report.kind = GetParam().kind;
    report.in_order = in_order;
    report.expire_time = floor_.now() + hours(1'000 * 24);
    report.readings = readings;
    report.person = GetParam().person;
    return report;
  }
  void Say(const ConditionReport& report) {
    domain::StationEvent event;
    event.what = report;
    const domain::EventVerdict verdict = floor_.Say(floor_.StationOf("CELL", 10), std::move(event));
    EXPECT_EQ(ReasonsOf(verdict.refusals), "");
  }
  std::string Ask() {
    const domain::StartDecision decision =
        floor_.Ask("CELL", 10, "C9", floor_.StartOf("CELL", 10, "ORD-CELL"), GetParam().person.empty() ? "" : "li");
    for (const domain::Refusal& refusal : decision.refusals) {
      EXPECT_EQ(refusal.evidence.at(0).kind, "condition");
    }
    return ReasonsOf(decision.refusals);
  }

  ShopFloor floor_;
};

TEST_P(Condition, RefusesWhenNothingWasReported) { EXPECT_EQ(Ask(), GetParam().reason); }

TEST_P(Condition, LetsThroughWhenItIsInOrder) {
  Say(Report(true, GetParam().good));
  EXPECT_EQ(Ask(), "");
}

TEST_P(Condition, RefusesWhenTheStationSaysItIsNotInOrder) {
  Say(Report(true, GetParam().good));
  floor_.Wait(std::chrono::minutes(1));
  Say(Report(false, GetParam().good));
  EXPECT_EQ(Ask(), GetParam().reason);
}

TEST_P(Condition, RefusesABadReadingWhateverTheStationSays) {
  for (const Readings& readings : GetParam().bad) {
    Say(Report(true, GetParam().good));
    floor_.Wait(std::chrono::minutes(1));
    Say(Report(true, readings));
    EXPECT_EQ(Ask(), GetParam().reason) << testing::PrintToString(readings);
    floor_.Wait(std::chrono::minutes(1));
  }
}

TEST_P(Condition, IsGoodForItsKindsLongestValidityAndNoLonger) {
  Say(Report(true, GetParam().good));
  floor_.Wait(GetParam().longest);
  EXPECT_EQ(Ask(), "");
  floor_.Wait(std::chrono::seconds(1));
  EXPECT_EQ(Ask(), GetParam().reason);
}

TEST_P(Condition, NeedsEachOfItsReadings) {
  const auto now = domain::FromMicros(0);
  for (const auto& [name, value] : GetParam().good) {
    Readings readings = GetParam().good;
    readings.erase(name);
    ConditionReport report = Report(true, readings);
    report.expire_time = now + hours(1);
    const auto settled = domain::Settle(report, now);
    ASSERT_FALSE(settled.has_value()) << name;
    EXPECT_EQ(settled.error().reason, domain::Reason::kFieldRequired);
    EXPECT_EQ(settled.error().metadata.at("field"), "condition.readings");
  }
}

TEST_P(Condition, NamesAPersonExactlyWhereItIsAboutOne) {
  const auto now = domain::FromMicros(0);
  ConditionReport report = Report(true, GetParam().good);
  report.expire_time = now + hours(1);
  report.person = GetParam().person.empty() ? "li" : "";
  const auto settled = domain::Settle(report, now);
  ASSERT_FALSE(settled.has_value());
  EXPECT_EQ(settled.error().metadata.at("field"), "condition.person");
}

TEST_P(Condition, OfAnotherPersonDoesNotCount) {
  if (GetParam().person.empty()) return;
  ConditionReport report = Report(true, GetParam().good);
  report.person = "wang";
  Say(report);
  EXPECT_EQ(Ask(), GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(OfEachKind, Condition, testing::ValuesIn(kRows), [](const auto& row) { return row.param.reason; });

TEST_P(Condition, OfSomebodyNeedsTheOperatorToBeNamed) {
  if (GetParam().person.empty()) return;
  Say(Report(true, GetParam().good));
  EXPECT_EQ(ReasonsOf(floor_.Ask("CELL", 10, "C9", floor_.StartOf("CELL", 10, "ORD-CELL")).refusals), GetParam().reason);
}

TEST(ConditionReports, EndAfterTheirEventAndReadFiniteNumbers) {
  const auto now = domain::FromMicros(0);
  const auto ended = domain::Settle({ConditionKind::kGolden, true, now, {}, "", ""}, now);
  EXPECT_EQ(ended.error().reason, domain::Reason::kFieldInvalid);
  EXPECT_EQ(ended.error().metadata.at("field"), "condition.expire_time");
  for (const double value : {std::nan(""), HUGE_VAL}) {
    const auto odd = domain::Settle({ConditionKind::kH2Safety, true, now + hours(1), {{"h2_pct", value}}, "", ""}, now);
    EXPECT_EQ(odd.error().reason, domain::Reason::kValueInvalid);
  }
}

TEST(ConditionRules, CoverEveryKindOfTheContractInItsOrder) {
  ASSERT_EQ(kRows.size(), 14u);
  for (size_t i = 0; i < kRows.size(); ++i) {
    const auto kind = static_cast<ConditionKind>(i + 1);
    EXPECT_EQ(kRows[i].kind, kind);
    EXPECT_EQ(domain::RuleOf(kind).kind, kind);
    EXPECT_EQ(domain::NameOf(domain::RuleOf(kind).reason), kRows[i].reason);
  }
}

}  // namespace
}  // namespace mes::tests
