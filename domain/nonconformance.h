// Nonconformance: reports (NCR) with their life, what is decided on their units, and what ingest notes for both.
//
// The life follows the eight disciplines (8D): contained (D3), cause found (D4), actions taken (D5 to D7), verified by another
// person than the actions' owners, closed (D8). A report ends only when something was decided about everything on it. The
// dispositions are those of the plant's rules.json; each is a row of the unit's own history, so that folding it gives the unit's
// state again.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/failure_code.h"
#include "domain/result.h"
#include "domain/world.h"

namespace mes::domain {

// Values are those of mes.v1.NcrState and of the database.
enum class NcrState : int16_t { kOpen = 1, kContained, kAnalysed, kActioned, kVerified, kClosed, kCancelled };
std::string_view NameOf(NcrState state);

// Values are those of mes.v1.NcrMove and of the database.
enum class NcrMove : int16_t { kContain = 1, kAnalyse, kAct, kVerify, kClose, kCancel };
std::string_view NameOf(NcrMove move);

struct NcrMoveRow {
  NcrState from;
  NcrMove move;
  NcrState to;
};

// Every move there is.
inline constexpr auto kNcrMoves = std::to_array<NcrMoveRow>({
    {NcrState::kOpen, NcrMove::kContain, NcrState::kContained},
    {NcrState::kOpen, NcrMove::kCancel, NcrState::kCancelled},
    {NcrState::kContained, NcrMove::kAnalyse, NcrState::kAnalysed},
    {NcrState::kContained, NcrMove::kCancel, NcrState::kCancelled},
    {NcrState::kAnalysed, NcrMove::kAct, NcrState::kActioned},
    {NcrState::kAnalysed, NcrMove::kCancel, NcrState::kCancelled},
    {NcrState::kActioned, NcrMove::kVerify, NcrState::kVerified},
    {NcrState::kVerified, NcrMove::kClose, NcrState::kClosed},
});

// The six branches of a cause-and-effect diagram (Ishikawa). Values are those of mes.v1.CauseCategory and of the database; 0 =
// none yet.
enum class CauseCategory : int16_t { kNone = 0, kMachine, kMethod, kMaterial, kPeople, kMeasurement, kEnvironment };

// What is done about the cause, by whom, until when.
struct NcrAction {
  std::string text;
  std::string owner;
  std::optional<Time> due_time;
};

struct Ncr {
  int64_t id = 0;
  NcrState state = NcrState::kOpen;
  // The policy that opened it; 0 = by hand.
  int32_t failure_code_id = 0;
  // 0 and empty = none.
  int32_t material_id = 0;
  int16_t operation = 0;
  int32_t station_id = 0;
  std::string failure_code;
  Severity severity = Severity::kMinor;
  std::string description;
  std::vector<int64_t> hold_ids;
  std::string containment;
  std::vector<std::string> whys;
  CauseCategory cause_category = CauseCategory::kNone;
  NcrAction corrective;
  NcrAction preventive;
  std::string verification;
  std::string verification_evidence;
  std::string verified_by;
  std::string opened_by;
  Time open_time{};
  // What it is about: how many ever, and how many nothing is decided about yet.
  int64_t units = 0;
  int64_t open_units = 0;
};

// Who moves a report on, and what the step found. Only the fields of its own step may be filled.
struct NcrMovement {
  NcrMove move = NcrMove::kContain;
  std::string person;
  std::string role;
  // CANCEL: why.
  std::string reason;
  std::string containment;
  std::vector<int64_t> hold_ids;
  std::vector<std::string> whys;
  CauseCategory cause_category = CauseCategory::kNone;
  NcrAction corrective;
  NcrAction preventive;
  std::string verification;
  std::string verification_evidence;
};

// The report after the move. Errors: NCR_TRANSITION (not in the table), ROLE_INSUFFICIENT (VERIFY and CLOSE are quality's),
// NCR_UNITS_OPEN (close or cancel while something is undecided), FIELD_REQUIRED (what the step must say), FIELD_INVALID (the
// verifier owns an action; a due date in the past; a field of another step), LIMIT_EXCEEDED.
Result<Ncr> Move(const Ncr& ncr, const NcrMovement& movement, Time now);

// What is decided about units of a report.
struct DispositionOrder {
  FailureDisposition disposition = FailureDisposition::kNone;
  // USE_AS_IS and DOWNGRADE: the concession's number.
  std::string concession;
  std::string reason;
  std::string person;
  // Must be quality.
  std::string role;
  // USE_AS_IS and DOWNGRADE of a critical failure: four eyes.
  std::string second_person;
};

// Whether it may be decided so on this report at all. Errors: FIELD_REQUIRED, FIELD_INVALID, LIMIT_EXCEEDED, ENUM_UNKNOWN,
// NCR_TRANSITION (the report is closed or cancelled), ROLE_INSUFFICIENT.
Status CheckDisposition(const Ncr& ncr, const DispositionOrder& order);

// Where a unit's last run ended, as its history says.
struct LastRun {
  int32_t station_id = 0;
  Time end_time{};
  // Of the newest row of any kind; a row that is added comes after it.
  Time record_time{};
};

// Decides about one unit, which is locked: moves its state, its order's books and the yield counters, and leaves a row of its
// history. Errors, with `unit_code`: UNIT_RUNNING, UNIT_STATE (scrapped, shipped, built in), WORK_ORDER_STATE, RETEST_LIMIT and
// REWORK_LIMIT (what was decided could not be done), GENEALOGY_COMPLETE, UNIQUE_SN (used as is, but without its parts or code),
// DISPOSITION_REFUSED.
Status Dispose(World& world, UnitEntry& entry, const DispositionOrder& order, const LastRun& last, Time now);

// What ingest notes: a completed run (of which only failed ones count), a scrapped unit, and that either is reversed.
void NoteFailedRun(World& world, const UnitEntry& entry, const EventRow& row);
void NoteScrap(World& world, const UnitEntry& entry, const EventRow& row);
void UndoFailure(World& world, const UnitEntry& entry, const EventRow& original);

// One bar of a Pareto chart: what is counted, largest first.
struct ParetoBar {
  int32_t material_id = 0;
  int16_t operation = 0;
  int32_t station_id = 0;
  int32_t plant_day = 0;
  std::string failure_code;
  int64_t count = 0;
  // Of this bar and all before it; out of `total`.
  int64_t cumulative = 0;
};
// Sorts and adds up. Counts below one are left out: a reversal took them back.
void Cumulate(std::vector<ParetoBar>& bars);

}  // namespace mes::domain
