// The life of a unit after its route: sold, shipped, in service, repaired, returned, tested, second life, waste, dismantled,
// recycled.
//
// One table of moves, as for orders; every other move is refused by name. The state is folded from the unit's life records; a
// unit without any is MADE (or WASTE where the plant scrapped it). What is built in lives with the outermost unit around it;
// taken out of one that had left the plant, it is RETURNED and used. Second life ends this code: the same thing goes on under a
// new one that contains it. For batteries the status of Regulation (EU) 2023/1542 Annex XIII is derived: original, repurposed,
// re-used, remanufactured, waste.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/product_definition.h"
#include "domain/result.h"
#include "domain/time.h"
#include "domain/unit.h"

namespace mes::domain {

// Values are those of mes.v1.LifeState and of the database.
enum class LifeState : int16_t {
  kMade = 1,
  kSold,
  kShipped,
  kInService,
  kReturned,
  kTested,
  kWaste,
  kSecondLife,
  kDismantled,
  kRecycled
};
std::string_view NameOf(LifeState state);

// Values are those of mes.v1.LifeEvent and of the database. The last two are not reported: a replacement makes them.
enum class LifeEvent : int16_t {
  kSell = 1,
  kShip,
  kPutInService,
  kRepair,
  kRemanufacture,
  kReturn,
  kTest,
  kStartSecondLife,
  kDeclareWaste,
  kDismantle,
  kRecycle,
  kTakeOut,
  kBuildIn
};
std::string_view NameOf(LifeEvent event);

// Values are those of mes.v1.BatteryStatus; the words of Annex XIII.
enum class BatteryStatus : int16_t { kOriginal = 1, kRepurposed, kReused, kRemanufactured, kWaste };
std::string_view NameOf(BatteryStatus status);

struct LifeMove {
  LifeState from;
  LifeEvent event;
  LifeState to;
};

// Every move there is.
inline constexpr auto kLifeMoves = std::to_array<LifeMove>({
    {LifeState::kMade, LifeEvent::kSell, LifeState::kSold},
    {LifeState::kMade, LifeEvent::kShip, LifeState::kShipped},
    {LifeState::kMade, LifeEvent::kTest, LifeState::kMade},
    {LifeState::kMade, LifeEvent::kDeclareWaste, LifeState::kWaste},
    {LifeState::kMade, LifeEvent::kBuildIn, LifeState::kMade},
    {LifeState::kMade, LifeEvent::kTakeOut, LifeState::kReturned},
    {LifeState::kSold, LifeEvent::kShip, LifeState::kShipped},
    {LifeState::kSold, LifeEvent::kTest, LifeState::kSold},
    {LifeState::kShipped, LifeEvent::kSell, LifeState::kShipped},
    {LifeState::kShipped, LifeEvent::kPutInService, LifeState::kInService},
    {LifeState::kShipped, LifeEvent::kReturn, LifeState::kReturned},
    {LifeState::kShipped, LifeEvent::kDeclareWaste, LifeState::kWaste},
    {LifeState::kInService, LifeEvent::kSell, LifeState::kInService},
    {LifeState::kInService, LifeEvent::kRepair, LifeState::kInService},
    {LifeState::kInService, LifeEvent::kTest, LifeState::kInService},
    {LifeState::kInService, LifeEvent::kReturn, LifeState::kReturned},
    {LifeState::kInService, LifeEvent::kDeclareWaste, LifeState::kWaste},
    {LifeState::kReturned, LifeEvent::kTest, LifeState::kTested},
    {LifeState::kReturned, LifeEvent::kRepair, LifeState::kReturned},
    {LifeState::kReturned, LifeEvent::kRemanufacture, LifeState::kReturned},
    {LifeState::kReturned, LifeEvent::kDeclareWaste, LifeState::kWaste},
    {LifeState::kReturned, LifeEvent::kDismantle, LifeState::kDismantled},
    {LifeState::kReturned, LifeEvent::kRecycle, LifeState::kRecycled},
    {LifeState::kTested, LifeEvent::kTest, LifeState::kTested},
    {LifeState::kTested, LifeEvent::kRepair, LifeState::kReturned},
    {LifeState::kTested, LifeEvent::kRemanufacture, LifeState::kReturned},
    {LifeState::kTested, LifeEvent::kSell, LifeState::kTested},
    {LifeState::kTested, LifeEvent::kShip, LifeState::kShipped},
    {LifeState::kTested, LifeEvent::kPutInService, LifeState::kInService},
    {LifeState::kTested, LifeEvent::kBuildIn, LifeState::kTested},
    {LifeState::kTested, LifeEvent::kTakeOut, LifeState::kReturned},
    {LifeState::kTested, LifeEvent::kStartSecondLife, LifeState::kSecondLife},
    {LifeState::kTested, LifeEvent::kDeclareWaste, LifeState::kWaste},
    {LifeState::kTested, LifeEvent::kDismantle, LifeState::kDismantled},
    {LifeState::kTested, LifeEvent::kRecycle, LifeState::kRecycled},
    {LifeState::kWaste, LifeEvent::kDismantle, LifeState::kDismantled},
    {LifeState::kWaste, LifeEvent::kRecycle, LifeState::kRecycled},
    {LifeState::kDismantled, LifeEvent::kRecycle, LifeState::kRecycled},
});

// What a record of an event must say besides who and when.
struct LifeNeeds {
  LifeEvent event;
  // The customer or partner; where; the document or address that proves it.
  bool party;
  bool place;
  bool evidence;
};
inline constexpr auto kLifeNeeds = std::to_array<LifeNeeds>({
    {LifeEvent::kSell, true, false, false},
    {LifeEvent::kShip, true, true, false},
    {LifeEvent::kPutInService, false, true, false},
    {LifeEvent::kRepair, true, false, false},
    {LifeEvent::kRemanufacture, true, false, true},
    {LifeEvent::kReturn, true, false, false},
    {LifeEvent::kTest, false, false, true},
    {LifeEvent::kStartSecondLife, true, false, true},
    {LifeEvent::kDeclareWaste, true, false, false},
    {LifeEvent::kDismantle, true, true, false},
    {LifeEvent::kRecycle, true, true, true},
    {LifeEvent::kTakeOut, false, false, false},
    {LifeEvent::kBuildIn, false, false, false},
});

// A record that was taken back: it stays and counts no more.
struct LifeReversal {
  Time time{};
  std::string person;
  std::string reason;
};

struct LifeRecord {
  LifeEvent event = LifeEvent::kTest;
  Time occur_time{};
  Time record_time{};
  std::string person;
  std::string party;
  std::string place;
  std::string evidence;
  // START_SECOND_LIFE: the code that the thing goes on under. TAKE_OUT, BUILD_IN: the unit around it.
  std::string other_code;
  // TAKE_OUT: the unit around it had been in service.
  bool used = false;
  std::optional<LifeReversal> reversed;
};

// Where a unit stands in its life.
struct Life {
  LifeState state = LifeState::kMade;
  bool used = false;
  bool reused = false;
  bool remanufactured = false;
  // Began as the second life of another unit.
  bool repurposed = false;
  // Of the last record; empty = none.
  std::optional<Time> last_time;

  // True: nothing can happen any more under this code.
  bool Ended() const { return state == LifeState::kSecondLife || state == LifeState::kRecycled; }
  bool operator==(const Life&) const = default;
};

// The life of a unit without records. Errors: UNIT_STATE (in process, or a lot).
Result<Life> BeginLife(const Unit& unit, bool second_life);

// The life after the record. Errors: FIELD_REQUIRED (party, place, evidence), FIELD_INVALID (`occur_time` before the last
// record's, or before the unit was finished), LIFE_ENDED and LIFE_TRANSITION with `state` and `event`.
Result<Life> Move(const Life& life, const Unit& unit, const LifeRecord& record);
// The same without judging: for folding what was recorded.
Life Advance(Life life, const LifeRecord& record);

// What stood before the last of these records, which are all that stand of a unit, oldest first. `began`: the life of a unit that
// began as the second one of another.
struct LifeBefore {
  Life life;
  // The plant's state of the unit; empty = the record had left that as it was.
  std::optional<UnitStatus> status;
};
LifeBefore BeforeLast(const std::vector<LifeRecord>& standing, const std::optional<Life>& began);

// What can rest on a record, so that it is not taken back. Values are those of db/life. kState: the plant decided on the unit since.
enum class LifeRest : int16_t {
  kRecord = 1,
  kReplacement,
  kSecondLife,
  kShipment,
  kRecycling,
  kPlace,
  kParts,
  kPartner,
  kState
};
// `record`, `shipment`, ...
std::string_view NameOf(LifeRest rest);
struct LifeResting {
  LifeRest what = LifeRest::kRecord;
  // Which one: a number, or a unit's code.
  std::string name;
};
// REVERSAL_REFUSED with `life_record_id`, `rests_on` and `name`.
Error RestsOnRecord(const Unit& unit, int64_t life_record_id, const LifeResting& resting);

// What the plant's state of the unit becomes: SHIPPED once it left, FINISHED when it came back, SCRAPPED when it is waste or
// gone. Empty = as it was. A second life leaves the old unit SHIPPED: it went on as another.
std::optional<UnitStatus> UnitStatusAfter(const LifeRecord& record);

// Of batteries only.
BatteryStatus StatusOf(const Life& life);
// True for units that have a code after GB/T 34014, or whose route gives one.
bool IsBattery(const Unit& unit, const ProductRevision* revision);

// Whether the event may be recorded for a unit that is built into another: the thing itself is looked at or mended where it is.
bool HappensInside(LifeEvent event);

}  // namespace mes::domain
