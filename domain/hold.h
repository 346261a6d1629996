// Holds: what is suspect does not move (ISA-95: disposition of a material sublot). A hold is a predicate over units, lots and
// their runs. It catches what matches when it is placed, with what that went into or came from, and it stands: what matches later
// is caught in the transaction that makes it match. What is on hold cannot start nor be used.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/result.h"
#include "domain/time.h"

namespace mes::domain {

struct Plant;
struct ProductRevision;

// What a hold is on. Every condition that is given must hold, those about a run together for one and the same run (or
// consumption).
struct HoldPredicate {
  // Units and lots. With conditions about a run: theirs, or those that used them (a lot consumed, a part installed).
  std::vector<int64_t> unit_ids;
  // Of bought things. As for unit_ids: the things themselves, or the runs that used them.
  std::string supplier;
  std::string supplier_lot;
  // What the units are; 0 = any.
  int32_t material_id = 0;
  int32_t revision_id = 0;
  int32_t work_order_id = 0;
  // About a run. The run overlaps the window; a value or a use was reported within it. Both ends belong to it.
  std::vector<int32_t> station_ids;
  std::string tool_code;
  std::optional<Time> from;
  std::optional<Time> until;
  int16_t operation = 0;
  // A value of this characteristic between the bounds, which belong to the range; no bound = open on that side.
  std::string characteristic;
  std::optional<double> lower;
  std::optional<double> upper;

  // True: something is asked of a run, so that only what ran (or was used in a run) can match.
  bool AsksForRun() const {
    return !station_ids.empty() || !tool_code.empty() || from || until || operation != 0 || !characteristic.empty();
  }
  bool operator==(const HoldPredicate&) const = default;
};

// What is held besides what matches. Values are those of mes.v1.HoldDirection and of the database.
enum class HoldDirection : int16_t {
  // Everything that it went into, up to the vehicle.
  kWhereUsed = 1,
  // Everything that is in it, down to the lots.
  kMadeOf,
  kBoth,
  kNone,
};
std::string_view NameOf(HoldDirection direction);

// A hold as it is asked for, by a person or by a rule.
struct HoldDraft {
  HoldPredicate predicate;
  HoldDirection direction = HoldDirection::kWhereUsed;
  std::string reason;
  // A person, or the rule's name.
  std::string placed_by;
  // What it rests on, as a JSON object.
  std::string evidence_json = "{}";
  // Releasing needs a second person. Set besides where the predicate's characteristic is critical (CC).
  bool four_eyes = false;
  // A future hold: nothing is marked, but the start of predicate.operation is refused. Its predicate names a product and an
  // operation, and may name units, lots or an order.
  bool at_operation = false;
};

// Refuses what is contradictory or impossible, with the field named (`predicate.until_time`, as in mes.v1.PlaceHoldRequest):
// nothing given, until before from, lower above upper, a value without its operation, an operation without a product or not on
// its route, stations or revisions of another product, runs without a begin of the time searched. Errors: FIELD_REQUIRED,
// FIELD_INVALID, OPERATION_UNKNOWN, STATION_OPERATION, CHARACTERISTIC_UNKNOWN, LIMIT_EXCEEDED.
Status CheckHold(const Plant& plant, const HoldDraft& draft);
// The revisions whose runs a predicate can be about: its own, of its product, of its stations' products. Empty = it asks for none
// of these.
std::vector<const ProductRevision*> RevisionsOf(const Plant& plant, const HoldPredicate& predicate);
// True where releasing needs a second person: the draft says so, or its characteristic is critical.
bool NeedsFourEyes(const Plant& plant, const HoldDraft& draft);

// Values are those of mes.v1.HoldState and of the database.
enum class HoldState : int16_t {
  // Stored, and catching what matches from now on; what matched before is being found and marked.
  kSpreading = 1,
  kInForce,
  kReleased,
};

// Why a unit or lot is on hold: bits of a stored item.
enum HoldCause : int16_t {
  // It matches the predicate.
  kCauseMatched = 1,
  // Something that matches went into it.
  kCauseWentInto = 2,
  // It is part of something that matches.
  kCausePartOf = 4,
};

struct Hold {
  int64_t id = 0;
  HoldDraft draft;
  Time place_time{};
  HoldState state = HoldState::kSpreading;
  // Empty = in force.
  std::string released_by;
  Time release_time{};
  std::string release_reason;
  // Units and lots that it covers now; none once it is lifted.
  int64_t covered = 0;
  // Those released one by one.
  int64_t released = 0;
  // Of the predicate's order.
  std::string work_order_code;

  bool InForce() const { return released_by.empty(); }
};

// Lifts a hold. Errors: HOLD_RELEASED.
Status Release(Hold& hold, std::string person, std::string reason, Time now);

// A hold as ingest reads it.
struct StandingHold {
  int64_t id = 0;
  bool spreading = false;
  Time place_time{};
  // Its unit_ids ascend.
  std::shared_ptr<const HoldDraft> draft;
};

}  // namespace mes::domain
