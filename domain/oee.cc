#include "domain/oee.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

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

void TakeStandStills(const std::vector<PlannedDay>& days, const std::vector<StandStill>& stands, OeeParts& parts) {
  // +1 and -1 where stands begin and end: between two moments the counts say what holds.
  std::map<Time, std::pair<int, int>> changes;
  for (const StandStill& stand : stands) {
    if (stand.until <= stand.from) continue;
    int& begins = stand.no_plan ? changes[stand.from].first : changes[stand.from].second;
    ++begins;
    int& ends = stand.no_plan ? changes[stand.until].first : changes[stand.until].second;
    --ends;
  }
  int no_plan = 0, down = 0;
  auto planned = days.begin();
  for (auto change = changes.begin(); change != changes.end(); ++change) {
    no_plan += change->second.first;
    down += change->second.second;
    const auto next = std::next(change);
    if (next == changes.end() || (no_plan == 0 && down == 0)) continue;
    const auto start_of = [](const PlannedDay& day) { return Time(std::chrono::sys_days(std::chrono::days(day.day))); };
    while (planned != days.end() && start_of(*planned) + std::chrono::days(1) <= change->first) ++planned;
    for (auto day = planned; day != days.end() && start_of(*day) < next->first; ++day) {
      const Time from = std::max(change->first, start_of(*day));
      const Time until = std::min(next->first, start_of(*day) + std::chrono::days(1));
      const double seconds = std::chrono::duration<double>(until - from).count() * static_cast<double>(day->seconds) / 86'400.0;
      (no_plan > 0 ? parts.no_plan_seconds : parts.down_seconds) += seconds;
    }
  }
}

}  // namespace mes::domain
