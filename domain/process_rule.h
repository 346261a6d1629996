// Rules that act by themselves on results: streaks of failed first runs, a sinking first-pass yield, control charts, golden samples,
// scrap limits, suspect lots. What they are, when they fire, and what an alarm stops.
//
// Pure. A rule looks at first runs only (the unit's first completed run at the operation): retests and reworks do not count, a
// first-run pass resets a streak, an abort neither counts nor resets (domain.md 2; rules.json `line_stops`). A rule fires once per
// episode: while its alarm is in force at a place it is silent there, and what it saw before a release does not count again. A run
// that comes late is put in by its event time, and only patterns that contain it or end after it are looked at again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/result.h"
#include "domain/time.h"

namespace mes::domain {

struct Plant;
struct Station;
struct Operation;
struct ProductRevision;

// Values are those of mes.v1.ProcessRuleKind and of the database.
enum class ProcessRuleKind : int16_t {
  kSameCodeStreak = 1, kAnyCodeStreak, kYieldWindow, kSpc, kGoldenFailed, kScrapLimit, kSupplierLot
};
std::string_view NameOf(ProcessRuleKind kind);
std::optional<ProcessRuleKind> ParseProcessRuleKind(std::string_view name);

// Values are those of mes.v1.StopScope and of the database.
enum class StopScope : int16_t { kNone = 0, kStation, kLineOperation, kOrder };
std::string_view NameOf(StopScope scope);
std::optional<StopScope> ParseStopScope(std::string_view name);

// The fields mean what mes.v1.ProcessRule says.
struct ProcessRule {
  int32_t id = 0;
  std::string code;
  int32_t version = 0;
  ProcessRuleKind kind = ProcessRuleKind::kSameCodeStreak;
  bool by_routing = false;
  int32_t material_id = 0;
  std::string product_code;
  int16_t operation = 0;
  int32_t station_id = 0;
  int32_t count = 0;
  int32_t window = 0;
  int32_t min_runs = 0;
  double alarm_points = 0;
  double stop_points = 0;
  double scrap_share = 0;
  double fail_share = 0;
  std::vector<std::string> spc_rules;
  std::vector<std::string> classes;
  StopScope stops = StopScope::kNone;
  bool holds = false;
  std::string release_role;
  Time create_time{};
  std::string created_by;
  std::string create_reason;
  std::optional<Time> retire_time;
  std::string retired_by;
  std::string retire_reason;
};

inline constexpr int32_t kMaxStreak = 16;
// First runs that a line's operation remembers.
inline constexpr int32_t kMaxYieldWindow = 64;
inline constexpr int32_t kMaxRuleRuns = 1'000'000;
inline constexpr size_t kMaxAlarmEvidence = 100;

// Whether a rule can be: everything that contradicts itself or could never fire is refused. `plant` may be null: codes were looked
// up. Errors, each with its field: FIELD_REQUIRED, FIELD_INVALID, CODE_INVALID, RULE_CONTRADICTION.
Status CheckProcessRule(const ProcessRule& rule, const ProductRevision* revision);
// True where the rule applies to runs at the operation of the product at the station.
bool Applies(const ProcessRule& rule, const Station& station, const ProductRevision& revision, const Operation& operation);

// A completed first run.
struct FirstRun {
  Time time{};
  int64_t unit_id = 0;
  int64_t sequence = 0;
  int32_t station_id = 0;
  int32_t epoch = 0;
  bool pass = false;
  std::string failure_code;

  bool operator==(const FirstRun&) const = default;
};

// The newest first runs of a station's operation or of a line's, by event time, oldest first.
struct RunRing {
  // Runs before it do not count any more: an alarm was released.
  Time counts_from{};
  std::vector<FirstRun> runs;
  bool changed = false;

  bool operator==(const RunRing&) const = default;
};
// Puts a run in by its time, behind those of the same time, and forgets the oldest beyond `capacity`. Its place, or none where the
// run is too old to count.
std::optional<size_t> Insert(RunRing& ring, FirstRun run, size_t capacity);

// How many runs the rules in `rules` need remembered of the operation, at the station or on its whole line; 0 = none looks.
size_t RingCapacity(const std::vector<ProcessRule>& rules, const Station& station, const ProductRevision& revision,
                    const Operation& operation, bool of_line);

// What a rule found in a ring.
struct RunPattern {
  size_t first = 0;
  size_t last = 0;
  // Runs beyond the one that completed it had come before.
  bool late = false;
  // YIELD_WINDOW: below `stop_points` too.
  bool stops = false;
  int32_t passed = 0;
  int32_t runs = 0;
};
// The first pattern of the rule that holds the run at `place`, or ends behind it; none = the rule is silent. `planned`: the
// operation's planned first-pass yield.
std::optional<RunPattern> FindPattern(const ProcessRule& rule, const std::vector<FirstRun>& runs, size_t place, double planned);

// One fact that an alarm rests on. `kind`: run, point, check, figure or limit.
struct AlarmEvidence {
  std::string kind;
  std::string id;
  std::string detail;
};

// An alarm as it is raised and kept.
struct ProcessAlarm {
  int64_t id = 0;
  int32_t rule_id = 0;
  std::string rule_code;
  int32_t rule_version = 0;
  ProcessRuleKind kind = ProcessRuleKind::kSameCodeStreak;
  std::string sentence;
  int32_t station_id = 0;
  int32_t line_id = 0;
  int16_t operation = 0;
  int32_t work_order_id = 0;
  std::string work_order_code;
  int64_t unit_id = 0;
  std::string unit_code;
  // SPC: the characteristic; else empty.
  std::string subject;
  int32_t epoch = 0;
  int64_t sequence = 0;
  Time occur_time{};
  Time record_time{};
  bool late = false;
  StopScope stops = StopScope::kNone;
  int64_t hold_id = 0;
  std::vector<AlarmEvidence> evidence;
  std::string release_role;
  std::string released_by;
  std::string released_role;
  std::optional<Time> release_time;
  std::string release_reason;

  bool InForce() const { return !release_time; }
};

// Lifts an alarm. Errors: ALARM_RELEASED, ROLE_INSUFFICIENT with `role`.
Status Release(ProcessAlarm& alarm, std::string person, std::string role, std::string reason, Time now);

}  // namespace mes::domain
