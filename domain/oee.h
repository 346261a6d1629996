// Overall equipment effectiveness, and why stations stand still.
//
// OEE = availability x performance x quality (domain notes on capacity):
// - availability = run time / planned time. Downtimes of class "no plan" are taken off the planned time, all others (changeovers too) off
//   the run time. Time that the calendar does not plan is neither, so a downtime in it costs nothing.
// - performance = ideal cycle x runs / run time. A batch's cycle is shared by its units. More than 1 means that the ideal cycle is wrong:
//   it is shown, not capped.
// - quality = good first-run units / total runs. It is never multiplied by a yield again.
// A line's OEE sums planned, run and ideal time and runs over its stations, so that parallel stations weigh by their time. It is not the
// bottleneck's; that is the station with the least room.
// Null where its denominator is 0.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/result.h"
#include "domain/time.h"

namespace mes::domain {

// Values are those of mes.v1.DowntimeClass and of the database.
enum class DowntimeClass : int16_t { kBreakdown = 1, kChangeover, kMaterial, kQualityStop, kPersonnel, kSafety, kNoPlan };
std::string_view NameOf(DowntimeClass downtime_class);

struct DowntimeReason {
  std::string code;
  DowntimeClass downtime_class = DowntimeClass::kBreakdown;
  std::string name;
};
// The list as a whole. Errors: FIELD_REQUIRED and CODE_INVALID (`reasons.code`), FIELD_REQUIRED (`reasons.name`), FIELD_INVALID (a code
// twice; none), LIMIT_EXCEEDED.
Status CheckDowntimeReasons(const std::vector<DowntimeReason>& reasons);

struct Downtime {
  int64_t id = 0;
  int32_t station_id = 0;
  Time from{};
  Time until{};
  int32_t version = 0;
  std::string reason_code;
  DowntimeClass downtime_class = DowntimeClass::kBreakdown;
  std::string person;
  std::string note;
  Time record_time{};
  std::optional<Time> withdraw_time;
  std::string withdrawn_by;
  std::string withdraw_note;
};
// Errors: FIELD_INVALID (`until_time` not after `from_time`, or ahead of the server's clock), LIMIT_EXCEEDED (longer than 366 days).
Status CheckDowntime(const Downtime& downtime, Time now);

// What a station's OEE is made of. Seconds within planned time.
struct OeeParts {
  double planned_seconds = 0;
  double no_plan_seconds = 0;
  double down_seconds = 0;
  // Ideal cycle x runs.
  double ideal_seconds = 0;
  int64_t runs = 0;
  int64_t good_first_runs = 0;

  OeeParts& Add(const OeeParts& other);
  // Planned less what nothing was planned for; less downtime. Never negative.
  double NetPlannedSeconds() const;
  double RunSeconds() const;
};
struct Oee {
  std::optional<double> availability;
  std::optional<double> performance;
  std::optional<double> quality;
  std::optional<double> oee;
};
Oee OeeOf(const OeeParts& parts);

// The ideal seconds of so many runs of an operation.
double IdealSeconds(int64_t cycle_ms, double units_per_cycle, int64_t runs);

// A plant day's planned time, as one span from its start: shift patterns plan whole shifts, and breaks are not placed within the day.
struct PlannedDay {
  int32_t day = 0;
  int64_t seconds = 0;
};
// A time in which a station stood still, or in which nothing was planned for it.
struct StandStill {
  Time from{};
  Time until{};
  bool no_plan = false;
};
// Takes these off the planned days that they touch: of each day, its share that is planned. Where several tell of one moment it counts
// once, as no plan if one of them says so. Adds to `parts`.
void TakeStandStills(const std::vector<PlannedDay>& days, const std::vector<StandStill>& stands, OeeParts& parts);

}  // namespace mes::domain
