// Replay: what would recorded history have been judged under other limits, routings or time windows? Pure functions over events;
// nothing is written, and the gate and the judges are those of ingest.
//
// Each event is judged anew with what was on record of its unit before it (its recorded past), so that every line of the answer
// is a change of its own and not the echo of an earlier one. Decided anew are: ROUTE_SEQ, RETEST_LIMIT, REWORK_LIMIT,
// TIME_WINDOW, BOLT_COUNT, MEASUREMENT_MISSING, GENEALOGY_COMPLETE, the judgement of values, and whether the unit is finished.
// Everything else (conditions, materials, holds, programs) stays as it was. Failure codes' policies count as they stood at each
// event.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/gate.h"
#include "domain/product_definition.h"
#include "domain/replay_yield.h"
#include "domain/station_event.h"
#include "domain/unit.h"
#include "domain/world.h"

namespace mes::domain {

// A side of a limit: left as it is, taken away, or set.
template <typename Value>
struct Changed {
  bool given = false;
  std::optional<Value> value;
};

struct LimitChange {
  int16_t operation = 0;
  std::string characteristic_code;
  Changed<double> lower;
  Changed<double> upper;
};
struct RoutingChange {
  int16_t operation = 0;
  std::optional<int16_t> max_retests;
  std::optional<int16_t> max_reworks;
  std::optional<bool> mandatory;
};
struct WindowChange {
  std::string id;
  Changed<int64_t> min_seconds;
  Changed<int64_t> max_seconds;
};
// What is changed of one product's revision.
struct ProductChange {
  std::string product_code;
  // 0 = the newest.
  int32_t revision = 0;
  std::vector<LimitChange> limits;
  std::vector<RoutingChange> routing;
  std::vector<WindowChange> windows;
};
struct ReplayRules {
  std::vector<ProductChange> products;
  // None = alarms are not looked at; empty = those that the changes above make or avoid.
  std::optional<std::vector<YieldRuleChange>> yield_rules;
};

// The plant as the rules would have it, and which revisions they change. Faults name their place by JSON pointer: unknown
// products, revisions, operations, characteristics and windows; limits and windows that contradict themselves; what cannot be
// replayed (windows that are read on material).
struct ChangedPlant {
  Plant plant;
  std::vector<int32_t> revision_ids;
};
ChangedPlant ApplyRules(const Plant& plant, const ReplayRules& rules, std::vector<PlantFault>& faults);

// A start that was refused, as its unit's station sent it.
struct RefusedStart {
  Time occur_time{};
  Time record_time{};
  int32_t station_id = 0;
  int32_t epoch = 0;
  int64_t sequence = 0;
  int16_t operation = 0;
  RunPurpose purpose = RunPurpose::kNone;
  std::vector<Refusal> refusals;
};

// An event whose verdict would change.
struct VerdictChange {
  int64_t unit_id = 0;
  std::string unit_code;
  Time occur_time{};
  int32_t station_id = 0;
  int32_t epoch = 0;
  int64_t sequence = 0;
  int32_t revision_id = 0;
  int16_t operation = 0;
  EventKind kind = EventKind::kStarted;
  // `PASS, finished`, `FAIL LEAK`, `RECORDED retest`, `REJECTED RETEST_LIMIT`.
  std::string was;
  std::string would_be;
  std::string why;
};

// One row of a history, and for `reversed` rows which event they took back.
struct HistoryRow {
  EventRow row;
  int32_t reversed_epoch = 0;
  int64_t reversed_sequence = 0;
};

// Judges the events of one unit with `from` <= occur_time < `until`. `unit` says only who it is; its state comes from the
// history, oldest first by record. False: the history does not begin with the unit's first start (a part of a split lot): nothing
// can be said of it.
class Replay {
 public:
  // Both plants must outlive it.
  Replay(const Plant& recorded, const Plant& changed);
  bool Judge(const Unit& unit, const std::vector<HistoryRow>& history, const std::vector<RefusedStart>& refused, Time from,
             Time until, std::vector<VerdictChange>& changes);
  // From now on first runs are kept, for the yield rules.
  void KeepFirstRuns() { keeps_first_runs_ = true; }
  std::vector<ReplayedRun>& first_runs() { return first_runs_; }

 private:
  struct Verdict {
    std::string text;
    std::vector<Refusal> refusals;
    // Of completions.
    bool pass = false;
    std::string failure_code;
  };
  StartDecision JudgeRecordedStart(World& world, const UnitEntry& entry, const Station& station, int16_t operation,
                                   RunPurpose asked, Time time) const;
  Verdict JudgeStarted(const UnitEntry& entry, const EventRow& row, const Station& station);
  Verdict JudgeCompleted(const UnitEntry& entry, const EventRow& row, const Station& station);
  void JudgeRow(const UnitEntry& entry, const EventRow& row, std::vector<VerdictChange>& changes);
  void JudgeRefused(const UnitEntry& entry, const RefusedStart& start, std::vector<VerdictChange>& changes);
  void KeepFirstRun(const UnitEntry& entry, const EventRow& row, const Verdict& verdict);
  std::string WhyCompleted(const Unit& unit, const EventRow& row, const Verdict& verdict) const;

  const Plant& recorded_plant_;
  // Copies, since policies are looked at as of each event.
  Plant plant_;
  Plant plant_before_;
  World world_;
  World world_before_;
  bool keeps_first_runs_ = false;
  std::vector<ReplayedRun> first_runs_;
};

}  // namespace mes::domain
