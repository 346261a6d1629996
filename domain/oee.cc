#include "domain/oee.h"

#include <algorithm>
#include <set>

#include "domain/code.h"
#include "domain/limits.h"
#include "domain/yield.h"

namespace mes::domain {

std::string_view NameOf(DowntimeClass downtime_class) {
  switch (downtime_class) {
    case DowntimeClass::kBreakdown:
      return "breakdown";
    case DowntimeClass::kChangeover:
      return "changeover";
    case DowntimeClass::kMaterial:
      return "material";
    case DowntimeClass::kQualityStop:
      return "quality stop";
    case DowntimeClass::kPersonnel:
      return "personnel";
    case DowntimeClass::kSafety:
      return "safety";
    case DowntimeClass::kNoPlan:
      return "no plan";
  }
  return "unknown";
}

Status CheckDowntimeReasons(const std::vector<DowntimeReason>& reasons) {
  if (reasons.empty()) return Fail(FieldError(Reason::kFieldRequired, "reasons", "reasons is empty"));
  if (reasons.size() > static_cast<size_t>(kMaxDowntimeReasons)) {
    Error error = FieldError(Reason::kLimitExceeded, "reasons", "too many reasons");
    error.metadata["limit"] = std::to_string(kMaxDowntimeReasons);
    return Fail(std::move(error));
  }
  std::set<std::string> codes;
  for (size_t i = 0; i < reasons.size(); ++i) {
    const std::string at = "reasons[" + std::to_string(i) + "]";
    if (Status checked = CheckCode(reasons[i].code, at + ".code"); !checked) return checked;
    if (Status checked = CheckText(reasons[i].name, kMaxNameLength, true, at + ".name"); !checked) return checked;
    if (!codes.insert(reasons[i].code).second) {
      return Fail(FieldError(Reason::kFieldInvalid, at + ".code", "reason " + reasons[i].code + " is there twice"));
    }
  }
  return {};
}

Status CheckDowntime(const Downtime& downtime, Time now) {
  if (downtime.until <= downtime.from) {
    return Fail(FieldError(Reason::kFieldInvalid, "until_time", "until_time is not after from_time"));
  }
  if (downtime.until > now + std::chrono::seconds(kMaxAheadSeconds)) {
    return Fail(
        FieldError(Reason::kFieldInvalid, "until_time", "a downtime is reported when it is over, this one ends in the future"));
  }
  if (downtime.until - downtime.from > std::chrono::seconds(kMaxDowntimeSeconds)) {
    Error error = FieldError(Reason::kLimitExceeded, "until_time", "a downtime lasts at most 366 days");
    error.metadata["limit"] = std::to_string(kMaxDowntimeSeconds);
    return Fail(std::move(error));
  }
  return {};
}

OeeParts& OeeParts::Add(const OeeParts& other) {
  planned_seconds += other.planned_seconds;
  no_plan_seconds += other.no_plan_seconds;
  down_seconds += other.down_seconds;
  ideal_seconds += other.ideal_seconds;
  runs += other.runs;
  good_first_runs += other.good_first_runs;
  return *this;
}

double OeeParts::NetPlannedSeconds() const { return std::max(0.0, planned_seconds - no_plan_seconds); }
double OeeParts::RunSeconds() const { return std::max(0.0, NetPlannedSeconds() - down_seconds); }

Oee OeeOf(const OeeParts& parts) {
  Oee oee;
  const double planned = parts.NetPlannedSeconds(), run = parts.RunSeconds();
  if (planned > 0) oee.availability = run / planned;
  if (run > 0) oee.performance = parts.ideal_seconds / run;
  if (parts.runs > 0) oee.quality = static_cast<double>(parts.good_first_runs) / static_cast<double>(parts.runs);
  if (oee.availability && oee.performance && oee.quality) oee.oee = *oee.availability * *oee.performance * *oee.quality;
  return oee;
}

double IdealSeconds(int64_t cycle_ms, double units_per_cycle, int64_t runs) {
  if (units_per_cycle <= 0) return 0;
  return static_cast<double>(cycle_ms) / 1e3 / units_per_cycle * static_cast<double>(runs);
}

void TakeDowntime(const std::vector<PlannedDay>& days, Time from, Time until, DowntimeClass downtime_class, OeeParts& parts) {
  for (const PlannedDay& planned : days) {
    const Time start{std::chrono::sys_days(std::chrono::days(planned.day))};
    const Time end = start + std::chrono::days(1);
    if (until <= start || from >= end) continue;
    const double overlap = std::chrono::duration<double>(std::min(until, end) - std::max(from, start)).count();
    const double seconds = overlap * static_cast<double>(planned.seconds) / 86'400.0;
    (downtime_class == DowntimeClass::kNoPlan ? parts.no_plan_seconds : parts.down_seconds) += seconds;
  }
}

}  // namespace mes::domain
