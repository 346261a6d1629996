// What happened on the shop floor: the events as stations report them, the rows that they leave, and the verdicts.
//
// The way of a batch: services parse (bounded, typed), db/station_event loads a World, Decide below applies the events in order in
// memory, db/station_event writes the Effects. Nothing here reads a clock, a database or a random number.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/error.h"
#include "domain/product_definition.h"
#include "domain/station_condition.h"
#include "domain/time.h"
#include "domain/unit.h"

namespace mes::domain {

// Values are stored; their order is that of the alternatives of StationEvent::what, from 1.
enum class EventKind : int16_t {
  kArrived = 1, kStarted, kCompleted, kMeasured, kConsumed, kInstalled, kRemoved, kScrapped, kReversed, kAborted, kCondition,
  kCarrierLoaded, kCarrierUnloaded,
  // No station's: what quality decided about a nonconforming unit (domain/nonconformance.h); epoch and sequence are 0.
  kDisposed,
  // No station's: a hold's disposition sent the unit back to an operation (domain/hold_disposition.h); station and epoch are 0.
  kReturned
};
// `started` and so on, as the kinds are called in mes.v1.StationEvent.
std::string_view NameOf(EventKind kind);

// Bits of a stored row's flags.
enum EventFlag : int16_t {
  // The unit's first completed run at the operation: it counts for first-pass yield.
  kFlagFirstRun = 1,
  // The station's judgement and the server's differ.
  kFlagMismatch = 2,
  // A later event reversed this one; it no longer counts.
  kFlagReversed = 4,
  // A completion without a start before it.
  kFlagStartMissing = 8,
  // The start that such a completion awaited.
  kFlagLateStart = 16,
  // A time window was exceeded where that is only marked.
  kFlagWindowLate = 32,
  // Reported for a whole carrier.
  kFlagCarrier = 64,
  // The unit finished its route with this event.
  kFlagFinished = 128,
  // Values outside limits.
  kFlagOutOfLimits = 256,
  // A person judged the run by hand, not the station's program: a pass so is no first pass.
  kFlagOverride = 512,
  // A replacement that a hold or the unit's place forbade, done all the same by the role that may.
  kFlagForced = 1024,
  // A start that showed its permit; one without has bypassed the question.
  kFlagPermitted = 2048,
};

struct MeasuredValues {
  std::string characteristic_code;
  std::vector<double> values;
};

struct CurveReference {
  std::string name;
  std::string uri;
  std::string sha256;
  int64_t points = 0;
};

struct UnitResult {
  std::string unit_code;  // or
  int32_t slot = 0;
  Judgement judgement = Judgement::kNone;  // kNone = missing: the unit stays running
  std::string failure_code;
  std::vector<MeasuredValues> values;
  std::string grade;
};

struct Arrived {};
// What a start event shows of CanStart's answer; its seal was checked where the event was parsed.
struct StartPermit {
  // True: our seal is whole, and the rest is as we said it.
  bool genuine = false;
  std::string unit_code;
  std::string station_code;
  int16_t operation = 0;
  int32_t revision_id = 0;
  Time issue_time{};
  Time expire_time{};
};
struct Started {
  std::string work_order_code;
  RunPurpose purpose = RunPurpose::kNone;  // kNone = the server tells
  std::string recipe_checksum;
  std::string software_version;
  std::string variant;
  std::vector<std::string> material_codes;
  // Tools and fixtures of the run.
  std::vector<std::string> tool_codes;
  std::string quantity;  // decimal text; its unit of measure beside
  std::string quantity_uom;
  // Empty = none was shown.
  std::optional<StartPermit> permit;
};
struct Completed {
  Judgement judgement = Judgement::kNone;
  std::string failure_code;
  std::vector<MeasuredValues> values;
  std::vector<CurveReference> curves;
  std::string new_code;
  std::string grade;
  std::vector<UnitResult> unit_results;
  std::optional<std::pair<std::string, std::string>> good_quantity;  // value, unit of measure
  // Who judged by hand; empty = the station's program did.
  std::string overridden_by;
};
struct Measured {
  std::vector<MeasuredValues> values;
  std::vector<CurveReference> curves;
};
struct Consumed {
  std::string lot_code;
  std::string quantity;
  std::string quantity_uom;
};
struct Installed {
  std::string component_code;
  int32_t slot = 0;
};
struct Removed {
  std::string component_code;
  std::string reason;
};
struct Scrapped {
  std::string failure_code;
  int32_t caused_by_operation = 0;
};
struct Reversed {
  int32_t epoch = 0;
  int64_t sequence = 0;
  std::string reason;
  std::string person;
};
struct Aborted {
  std::string reason;
};
struct CarrierLoaded {
  struct Slot {
    int32_t slot = 0;
    std::string unit_code;
  };
  std::vector<Slot> slots;
};
struct CarrierUnloaded {
  std::vector<std::string> unit_codes;  // none = all
};

// One reported event, parsed and bounded.
struct StationEvent {
  int64_t sequence = 0;
  Time occur_time{};
  std::string unit_code;     // or
  std::string carrier_code;  // neither for conditions
  int16_t operation = 0;
  std::string operator_id;
  std::variant<Arrived, Started, Completed, Measured, Consumed, Installed, Removed, Scrapped, Reversed, Aborted, ConditionReport,
               CarrierLoaded, CarrierUnloaded>
      what;
  // 64-bit hash of the content as it was sent: tells a resend from a second use of the number.
  int64_t digest = 0;
  // Why it could not be parsed; the event is then refused with this, and its number used up.
  std::optional<Error> malformed;
  // The event as it was sent (mes.v1.StationEvent), kept with a refusal.
  std::string content;

  EventKind Kind() const { return static_cast<EventKind>(what.index() + 1); }
};

// What a row keeps besides its columns.
struct EventDetails {
  std::vector<CurveReference> curves;
  std::string reason;
  std::string person;
  int32_t caused_by_operation = 0;
  int32_t reversed_epoch = 0;
  int64_t reversed_sequence = 0;
  // completed: what the lot lost in the run.
  int64_t lost_micro = 0;
  // started: tools and fixtures.
  std::vector<std::string> tools;
  // returned, or scrapped by a hold's disposition.
  int64_t hold_id = 0;
};

// One stored row: an event's effect on one unit (unit 0: a condition).
struct EventRow {
  Time occur_time{};
  Time record_time{};
  int64_t unit_id = 0;
  int64_t sequence = 0;
  int64_t digest = 0;
  int32_t station_id = 0;
  int32_t epoch = 0;
  int32_t revision_id = 0;
  int32_t carrier_id = 0;
  int16_t operation = 0;
  EventKind kind = EventKind::kArrived;
  Judgement judgement = Judgement::kNone;
  Judgement station_judgement = Judgement::kNone;
  RunPurpose purpose = RunPurpose::kNone;
  // A rework start: the operation that it returned to. Results from there on are superseded by it.
  int16_t return_to = 0;
  // A rework start: counter index that it used (operation index, or kWindowCounter + window).
  int16_t rework_counter = -1;
  int16_t flags = 0;
  // consumed, installed, removed: the other item, where, how much. completed on a lot's route: what is good. carrier: the slot.
  // disposed: `line` is the FailureDisposition.
  int64_t other_unit_id = 0;
  int64_t quantity_micro = 0;
  int16_t line = 0;
  int32_t slot = 0;
  // consumed: when the lot was opened (clock of `material_open` windows); else the event's time. disposed: when the failed run ended.
  std::optional<Time> material_open_time;
  std::string failure_code;
  std::string operator_id;
  std::string grade;
  std::string new_code;
  // By the operation's characteristics, each taking its replicates; NaN = not reported.
  std::vector<double> measured;
  // Everything else that was said; null = nothing.
  std::shared_ptr<const EventDetails> details;
};

enum class EventOutcome : int16_t { kRecorded = 1, kDuplicate, kRejected, kOutOfSequence };

// What became of one event.
struct EventVerdict {
  int64_t sequence = 0;
  EventOutcome outcome = EventOutcome::kRecorded;
  std::vector<Refusal> refusals;
  int64_t expected_sequence = 0;
  Judgement judgement = Judgement::kNone;
  bool judgement_mismatch = false;
  int32_t units = 0;
  EventOutcome original_outcome = EventOutcome::kRecorded;
};

struct World;

// Takes one event of a station: duplicates and gaps by the station's cursor first, then judges it and applies it to the world. The
// rows and edges that it leaves are added to world.effects; a refused event leaves nothing but its refusal and its used-up number.
EventVerdict Decide(World& world, const Station& station, int32_t epoch, const StationEvent& event);

// The unit's route state folded anew from its history (oldest first), reversed rows left out. Identity, place and holds stay.
Unit Refold(const Unit& unit, const ProductRevision& revision, const std::vector<EventRow>& history);

}  // namespace mes::domain
