#include "domain/life.h"

#include <algorithm>

#include "domain/gbt34014.h"

namespace mes::domain {
namespace {

const LifeMove* FindMove(LifeState from, LifeEvent event) {
  const auto found = std::find_if(kLifeMoves.begin(), kLifeMoves.end(),
                                  [&](const LifeMove& move) { return move.from == from && move.event == event; });
  return found == kLifeMoves.end() ? nullptr : &*found;
}

Status CheckNeeds(const LifeRecord& record) {
  const auto needs =
      std::find_if(kLifeNeeds.begin(), kLifeNeeds.end(), [&](const LifeNeeds& entry) { return entry.event == record.event; });
  const auto missing = [&](const char* field) {
    return Fail(FieldError(Reason::kFieldRequired, field, std::string(NameOf(record.event)) + " needs " + field));
  };
  if (needs == kLifeNeeds.end()) return {};
  if (needs->party && record.party.empty()) return missing("party");
  if (needs->place && record.place.empty()) return missing("place");
  if (needs->evidence && record.evidence.empty()) return missing("evidence");
  return {};
}

Error Refused(Reason reason, const Life& life, const Unit& unit, LifeEvent event, std::string message) {
  return {reason,
          std::move(message),
          {{"unit_code", unit.code}, {"state", std::string(NameOf(life.state))}, {"event", std::string(NameOf(event))}}};
}

}  // namespace

std::string_view NameOf(LifeState state) {
  switch (state) {
    case LifeState::kMade:
      return "made";
    case LifeState::kSold:
      return "sold";
    case LifeState::kShipped:
      return "shipped";
    case LifeState::kInService:
      return "in service";
    case LifeState::kReturned:
      return "returned";
    case LifeState::kTested:
      return "tested";
    case LifeState::kWaste:
      return "waste";
    case LifeState::kSecondLife:
      return "in its second life";
    case LifeState::kDismantled:
      return "dismantled";
    case LifeState::kRecycled:
      return "recycled";
  }
  return "";
}

std::string_view NameOf(LifeEvent event) {
  switch (event) {
    case LifeEvent::kSell:
      return "sell";
    case LifeEvent::kShip:
      return "ship";
    case LifeEvent::kPutInService:
      return "put in service";
    case LifeEvent::kRepair:
      return "repair";
    case LifeEvent::kRemanufacture:
      return "remanufacture";
    case LifeEvent::kReturn:
      return "return";
    case LifeEvent::kTest:
      return "test";
    case LifeEvent::kStartSecondLife:
      return "start second life";
    case LifeEvent::kDeclareWaste:
      return "declare waste";
    case LifeEvent::kDismantle:
      return "dismantle";
    case LifeEvent::kRecycle:
      return "recycle";
    case LifeEvent::kTakeOut:
      return "take out";
    case LifeEvent::kBuildIn:
      return "build in";
  }
  return "";
}

std::string_view NameOf(BatteryStatus status) {
  switch (status) {
    case BatteryStatus::kOriginal:
      return "original";
    case BatteryStatus::kRepurposed:
      return "repurposed";
    case BatteryStatus::kReused:
      return "re-used";
    case BatteryStatus::kRemanufactured:
      return "remanufactured";
    case BatteryStatus::kWaste:
      return "waste";
  }
  return "";
}

Result<Life> BeginLife(const Unit& unit, bool second_life) {
  if (unit.tracking != Tracking::kSerial || unit.status == UnitStatus::kInProcess) {
    return Fail(Error{Reason::kUnitState,
                      unit.tracking != Tracking::kSerial ? unit.code + " is a lot; lives are told of serial units"
                                                         : unit.code + " is on its route; its life begins when it is finished",
                      {{"field", "unit_code"}, {"unit_code", unit.code}, {"state", std::string(NameOf(unit.status))}}});
  }
  Life life;
  life.repurposed = second_life;
  if (unit.status == UnitStatus::kScrapped) life.state = LifeState::kWaste;
  if (unit.status == UnitStatus::kShipped) life.state = LifeState::kShipped;
  return life;
}

Result<Life> Move(const Life& life, const Unit& unit, const LifeRecord& record) {
  if (life.Ended()) {
    return Fail(Refused(
        Reason::kLifeEnded, life, unit, record.event,
        unit.code + " is " + std::string(NameOf(life.state)) +
            (life.state == LifeState::kRecycled ? ": nothing happens to it any more" : ": it goes on under its new code")));
  }
  if (FindMove(life.state, record.event) == nullptr) {
    return Fail(Refused(Reason::kLifeTransition, life, unit, record.event,
                        unit.code + " is " + std::string(NameOf(life.state)) + "; the event `" +
                            std::string(NameOf(record.event)) + "` cannot follow"));
  }
  if (Status checked = CheckNeeds(record); !checked) return Fail(checked.error());
  if (life.last_time && record.occur_time < *life.last_time) {
    return Fail(FieldError(Reason::kFieldInvalid, "occur_time",
                           "occur_time lies before the unit's last record, of " + FormatTime(*life.last_time)));
  }
  if (unit.finish_time && record.occur_time < *unit.finish_time) {
    return Fail(FieldError(Reason::kFieldInvalid, "occur_time",
                           "occur_time lies before the unit was finished, at " + FormatTime(*unit.finish_time)));
  }
  return Advance(life, record);
}

Life Advance(Life life, const LifeRecord& record) {
  const LifeMove* move = FindMove(life.state, record.event);
  if (move == nullptr) return life;
  const bool used_again =
      record.event == LifeEvent::kPutInService || record.event == LifeEvent::kShip || record.event == LifeEvent::kBuildIn;
  if (used_again && life.used) life.reused = true;
  if (record.event == LifeEvent::kPutInService || (record.event == LifeEvent::kTakeOut && record.used)) life.used = true;
  if (record.event == LifeEvent::kRemanufacture) life.remanufactured = true;
  life.state = move->to;
  life.last_time = record.occur_time;
  return life;
}

LifeBefore BeforeLast(const std::vector<LifeRecord>& standing, const std::optional<Life>& began) {
  LifeBefore before;
  if (standing.empty()) return before;
  // Only what the plant scrapped begins as waste, and only waste goes to pieces without a record before.
  const LifeEvent first = standing.front().event;
  const bool scrapped = first == LifeEvent::kDismantle || first == LifeEvent::kRecycle;
  UnitStatus status = scrapped ? UnitStatus::kScrapped : UnitStatus::kFinished;
  if (began) {
    before.life = *began;
  } else {
    before.life.state = scrapped ? LifeState::kWaste : LifeState::kMade;
  }
  for (auto record = standing.begin(); record != standing.end() - 1; ++record) {
    before.life = Advance(before.life, *record);
    status = UnitStatusAfter(*record).value_or(status);
  }
  if (UnitStatusAfter(standing.back())) before.status = status;
  return before;
}

std::string_view NameOf(LifeRest rest) {
  switch (rest) {
    case LifeRest::kRecord:
      return "record";
    case LifeRest::kReplacement:
      return "replacement";
    case LifeRest::kSecondLife:
      return "second life";
    case LifeRest::kShipment:
      return "shipment";
    case LifeRest::kRecycling:
      return "recycling batch";
    case LifeRest::kPlace:
      return "place";
    case LifeRest::kParts:
      return "parts";
    case LifeRest::kPartner:
      return "partner";
    case LifeRest::kState:
      return "state";
  }
  return "";
}

Error RestsOnRecord(const Unit& unit, int64_t life_record_id, const LifeResting& resting) {
  const std::string record = "record " + std::to_string(life_record_id) + " of " + unit.code;
  const auto sentence = [&]() -> std::string {
    switch (resting.what) {
      case LifeRest::kRecord:
        return record + " is not the newest that stands: that is " + resting.name;
      case LifeRest::kReplacement:
        return record + " was made by a replacement in " + resting.name;
      case LifeRest::kSecondLife:
        return record + " began the second life of " + resting.name;
      case LifeRest::kShipment:
        return record + " is of shipment " + resting.name;
      case LifeRest::kRecycling:
        return record + " is of recycling batch " + resting.name + ", or the receipt there rests on it";
      case LifeRest::kPlace:
        return unit.code + " was built into " + resting.name + " or taken out of it since";
      case LifeRest::kParts:
        return "parts of " + resting.name + " were replaced since";
      case LifeRest::kPartner:
        return record + " is " + resting.name + "'s word: its sender takes it back by declaring the event an error";
      case LifeRest::kState:
        return "the plant decided on " + unit.code + " since: it is " + resting.name;
    }
    return record;
  };
  return {Reason::kReversalRefused,
          sentence(),
          {{"field", "life_record_id"},
           {"unit_code", unit.code},
           {"life_record_id", std::to_string(life_record_id)},
           {"rests_on", std::string(NameOf(resting.what))},
           {"name", resting.name}}};
}

std::optional<UnitStatus> UnitStatusAfter(const LifeRecord& record) {
  switch (record.event) {
    case LifeEvent::kShip:
    case LifeEvent::kPutInService:
    case LifeEvent::kStartSecondLife:
      return UnitStatus::kShipped;
    case LifeEvent::kReturn:
    case LifeEvent::kTakeOut:
      return UnitStatus::kFinished;
    case LifeEvent::kDeclareWaste:
    case LifeEvent::kDismantle:
    case LifeEvent::kRecycle:
      return UnitStatus::kScrapped;
    case LifeEvent::kSell:
    case LifeEvent::kRepair:
    case LifeEvent::kRemanufacture:
    case LifeEvent::kTest:
    case LifeEvent::kBuildIn:
      return std::nullopt;
  }
  return std::nullopt;
}

BatteryStatus StatusOf(const Life& life) {
  switch (life.state) {
    case LifeState::kWaste:
    case LifeState::kDismantled:
    case LifeState::kRecycled:
      return BatteryStatus::kWaste;
    default:
      break;
  }
  if (life.remanufactured) return BatteryStatus::kRemanufactured;
  if (life.repurposed || life.state == LifeState::kSecondLife) return BatteryStatus::kRepurposed;
  return life.reused ? BatteryStatus::kReused : BatteryStatus::kOriginal;
}

bool IsBattery(const Unit& unit, const ProductRevision* revision) {
  if (ReadBatteryCode(unit.code).Valid()) return true;
  return revision != nullptr &&
         std::any_of(revision->operations.begin(), revision->operations.end(),
                     [](const Operation& operation) { return operation.new_identity == NewIdentity::kGbt34014; });
}

bool HappensInside(LifeEvent event) { return event == LifeEvent::kTest; }

}  // namespace mes::domain
