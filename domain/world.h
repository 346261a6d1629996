// A world: what the decisions of one batch read and change. db/station_event loads it set-wise under locks, the domain decides in
// it in memory, db/station_event writes what changed. CanStart loads a small one without locks and only reads.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "domain/hold.h"
#include "domain/process_rule.h"
#include "domain/issued_code.h"
#include "domain/product_definition.h"
#include "domain/spc_ingest.h"
#include "domain/station_condition.h"
#include "domain/station_event.h"
#include "domain/unit.h"
#include "domain/utilisation.h"
#include "domain/work_order.h"
#include "domain/yield.h"

namespace mes::domain {

// The order's part that the gate reads and ingest moves.
struct OrderState {
  int32_t id = 0;
  std::string code;
  int32_t material_id = 0;
  int32_t revision_id = 0;
  WorkOrderState state = WorkOrderState::kCreated;
  int64_t ordered_micro = 0;
  int64_t started_micro = 0;
  int64_t good_micro = 0;
  int64_t scrapped_micro = 0;
  // A trial build: its runs stay off the control charts.
  bool trial = false;
  bool changed = false;
};

struct UnitEntry {
  Unit unit;
  std::optional<Lot> lot;
  bool created = false;
  bool changed = false;
  bool lot_changed = false;
};

struct Cursor {
  int32_t epoch = 0;
  int64_t last_sequence = 0;
  int64_t recorded = 0;
  int64_t rejected = 0;
  bool changed = false;
};

struct Slot {
  int16_t line = 0;
  int16_t slot = 0;
  auto operator<=>(const Slot&) const = default;
};

// What became of an event number before: for duplicates.
struct EarlierEvent {
  int64_t digest = 0;
  EventOutcome outcome = EventOutcome::kRecorded;
  std::vector<Refusal> refusals;
};
struct EventKey {
  int32_t station_id = 0;
  int32_t epoch = 0;
  int64_t sequence = 0;
  auto operator<=>(const EventKey&) const = default;
};

// First runs of a line's operation (station 0) or of a station's.
struct RunRingKey {
  int32_t line_id = 0;
  int16_t operation = 0;
  int32_t station_id = 0;
  auto operator<=>(const RunRingKey&) const = default;
};

struct FailureKey {
  int32_t material_id = 0;
  int32_t plant_day = 0;
  int16_t operation = 0;
  int32_t station_id = 0;
  std::string failure_code;
  auto operator<=>(const FailureKey&) const = default;
};
struct FailureCounts {
  int64_t failed_runs = 0;
  int64_t first_run_fails = 0;
  int64_t scrapped = 0;
};

// A unit that goes onto the open report of its failure code's policy, or onto a new one.
struct NcrFinding {
  int32_t material_id = 0;
  int16_t operation = 0;
  std::string failure_code;
  int32_t failure_code_id = 0;
  Severity severity = Severity::kMinor;
  EventKey event;
  int64_t unit_id = 0;
  Time time{};
};


// What a batch leaves behind, to be written set-wise.
struct Effects {
  std::vector<EventRow> rows;
  struct Install {
    int64_t parent_id = 0;
    int64_t child_id = 0;
    int16_t line = 0;
    int16_t slot = 0;
    Time time{};
    EventKey event;
    // Taken out again within the batch.
    std::optional<std::pair<Time, EventKey>> removal;
  };
  std::vector<Install> installs;
  struct Removal {
    int64_t child_id = 0;
    Time time{};
    EventKey event;
  };
  // Of edges from before the batch; they end before its new edges begin.
  std::vector<Removal> removals;
  struct Consumption {
    int64_t lot_id = 0;
    int64_t consumer_id = 0;
    int64_t quantity_micro = 0;
    int16_t operation = 0;
    int16_t line = 0;
    Time time{};
    EventKey event;
  };
  std::vector<Consumption> consumptions;
  // Consumptions and rows that a reversal took back.
  struct Reversal {
    EventKey event;
    int64_t unit_id = 0;  // whose row, or who consumed
  };
  std::vector<Reversal> reversed_consumptions;
  std::vector<Reversal> reversed_rows;
  // A unit's code from before, which still finds it.
  struct FormerCode {
    std::string code;
    int64_t unit_id = 0;
    Time until{};
  };
  std::vector<FormerCode> former_codes;
  std::vector<StationCondition> conditions;
  struct Refused {
    EventKey event;
    Time occur_time{};
    int64_t digest = 0;
    EventKind kind = EventKind::kArrived;
    std::string subject_code;
    std::vector<Refusal> refusals;
    std::string content;
  };
  std::vector<Refused> refused;
  std::map<YieldKey, YieldCounts> yields;
  Outputs outputs;
  // Holds that rules place. They are stored as spreading; db::SpreadPendingHolds finds and marks what they cover, before the answers go.
  std::vector<HoldDraft> pending_holds;
  // Alarms that rules raised; `hold`: the place of their hold in pending_holds, -1 = none.
  struct RaisedAlarm {
    ProcessAlarm alarm;
    int32_t hold = -1;
  };
  std::vector<RaisedAlarm> alarms;
  std::map<LotYieldKey, LotYieldCounts> lot_yields;
  std::vector<YieldRestatement> restatements;
  // Units that came to match a hold that stands; their hold_count is raised already.
  struct Caught {
    int64_t hold_id = 0;
    int64_t unit_id = 0;
    HoldCause cause = kCauseMatched;
  };
  std::vector<Caught> caught;
  // Failures for Pareto, and what goes onto reports by a failure code's policy.
  std::map<FailureKey, FailureCounts> failures;
  std::vector<NcrFinding> findings;
  // Findings whose event was reversed.
  std::vector<Reversal> withdrawn_findings;
};

// The holds that stand, and what matching them takes beyond the units themselves.
struct StandingHolds {
  // In force, and more than a list of units; or still spreading.
  std::vector<StandingHold> holds;
  // (hold, unit): released from a hold at an operation.
  std::set<std::pair<int64_t, int64_t>> exempt;
  // (hold, unit): held with what is in it, also with what will be.
  std::set<std::pair<int64_t, int64_t>> with_parts;
  // Supplier and supplier's lot of bought things; tools of the runs that are on. Both only where a hold asks.
  std::unordered_map<int64_t, std::pair<std::string, std::string>> suppliers;
  std::unordered_map<int64_t, std::vector<std::string>> run_tools;
};

struct World {
  explicit World(const Plant& a_plant, Time a_now) : plant(a_plant), now(a_now) {}

  const Plant& plant;
  // The server's clock: record_time of all that is decided here.
  Time now;

  std::unordered_map<int64_t, UnitEntry> units;
  // Codes as they are now, and old ones that lead to one unit still; `ambiguous` led to several.
  std::unordered_map<std::string, int64_t> unit_by_code;
  std::unordered_map<std::string, int64_t> unit_by_former_code;
  std::unordered_set<std::string> ambiguous_codes;
  std::unordered_map<std::string, int32_t> carrier_by_code;
  std::unordered_map<int32_t, std::map<int32_t, int64_t>> carrier_contents;  // slot -> unit
  std::unordered_map<int32_t, OrderState> orders;
  std::unordered_map<std::string, int32_t> order_by_code;
  // By station (0 = person), person, kind; newest first.
  std::map<std::tuple<int32_t, std::string, ConditionKind>, std::vector<StationCondition>> conditions;
  // Occupied positions of the parents that this batch installs into.
  std::unordered_map<int64_t, std::map<Slot, int64_t>> positions;
  // Holds in force on a unit, for evidence.
  std::unordered_map<int64_t, std::vector<int64_t>> holds;
  StandingHolds standing;
  // The report on which a failed unit waits for its disposition, for evidence; `new`: opened by this batch.
  std::unordered_map<int64_t, std::string> ncrs;
  std::unordered_map<int32_t, Cursor> cursors;
  std::map<EventKey, EarlierEvent> earlier;
  // Stations that were refused a start of a unit: completing does not make it good.
  std::set<std::pair<int32_t, std::string>> refused_starts;
  // What the rules of the batch's operations have seen, and alarms in force at its lines and orders.
  std::map<RunRingKey, RunRing> run_rings;
  std::vector<ProcessAlarm> alarms;
  // First runs and passes of the units that used a lot at an operation, before this batch; only where a rule asks.
  std::map<std::pair<int64_t, int16_t>, std::pair<int64_t, int64_t>> lot_runs;
  // New codes of this batch whose prefix is issued here; others are not in it.
  std::unordered_map<std::string, IssuedCode> issued_codes;
  // For reversals: whole histories of the units concerned, oldest first by record.
  std::unordered_map<int64_t, std::vector<EventRow>> histories;
  YieldPast yield_past;
  // Control charts of the stations that complete runs.
  ChartBook charts;
  // A block of unit ids to give out, big enough for the batch.
  int64_t next_unit_id = 0;

  Effects effects;

  // The unit or lot of a code, current codes first; null = unknown or ambiguous.
  UnitEntry* FindUnit(std::string_view code);
  const UnitEntry* FindUnit(std::string_view code) const;
  const OrderState* FindOrder(std::string_view code) const;
  const UnitEntry* FindUnit(int64_t id) const;
};

// Moves the yield counters by a row that is about to be recorded (domain/station_event_yield.cc).
void CountRow(World& world, const UnitEntry& entry, const EventRow& row);

}  // namespace mes::domain
