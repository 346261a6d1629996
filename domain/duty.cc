#include "domain/duty.h"

#include <stdexcept>

namespace mes::domain {

const std::vector<DutyRule>& AllDutyRules() {
  static const std::vector<DutyRule> rules = {
      {DutyKind::kVehicleBound, DutyActor::kVehicleMaker, 15, "vehicle left with its certificate: bind vehicle and battery codes",
       false},
      {DutyKind::kVehicleSold, DutyActor::kVehicleMaker, 30, "vehicle sold: report owner and battery codes", false},
      {DutyKind::kRepaired, DutyActor::kVehicleMaker, 30, "battery repaired or replaced", true},
      {DutyKind::kCollected, DutyActor::kCollectionPoint, 30, "waste battery came in", true},
      {DutyKind::kHandedOver, DutyActor::kCollectionPoint, 30, "waste battery went out", true},
      {DutyKind::kVehicleScrapped, DutyActor::kDismantler, 15, "vehicle scrapped", true},
      {DutyKind::kBatteryRemoved, DutyActor::kDismantler, 15, "battery removed from the scrapped vehicle and handed over", true},
      {DutyKind::kSecondLifeLeft, DutyActor::kSecondLifeMaker, 15, "second-life product left", true},
      {DutyKind::kRecyclerReceived, DutyActor::kRecycler, 30, "waste battery came in", true},
      {DutyKind::kRecyclerDone, DutyActor::kRecycler, 30, "recycling and final treatment done", true},
  };
  return rules;
}

const DutyRule& RuleOf(DutyKind kind) {
  for (const DutyRule& rule : AllDutyRules()) {
    if (rule.kind == kind) return rule;
  }
  throw std::invalid_argument("a duty of an unknown kind");
}

std::vector<DutyKind> DutiesOf(const DutySubject& subject, LifeEvent event) {
  std::vector<DutyKind> kinds;
  switch (event) {
    case LifeEvent::kShip:
      if (subject.vehicle) kinds.push_back(DutyKind::kVehicleBound);
      if (subject.battery && subject.before.repurposed) kinds.push_back(DutyKind::kSecondLifeLeft);
      break;
    case LifeEvent::kSell:
      if (subject.vehicle) kinds.push_back(DutyKind::kVehicleSold);
      break;
    case LifeEvent::kRepair:
      if (subject.battery || subject.vehicle) kinds.push_back(DutyKind::kRepaired);
      break;
    case LifeEvent::kTakeOut:
      if (subject.battery) kinds.push_back(DutyKind::kRepaired);
      break;
    case LifeEvent::kDeclareWaste:
      if (subject.vehicle) kinds.push_back(DutyKind::kVehicleScrapped);
      if (subject.battery) kinds.push_back(DutyKind::kCollected);
      break;
    case LifeEvent::kDismantle:
      if (subject.vehicle) kinds.push_back(DutyKind::kBatteryRemoved);
      break;
    case LifeEvent::kRecycle:
      if (subject.battery) kinds.push_back(DutyKind::kRecyclerDone);
      break;
    case LifeEvent::kPutInService:
    case LifeEvent::kRemanufacture:
    case LifeEvent::kReturn:
    case LifeEvent::kTest:
    case LifeEvent::kStartSecondLife:
    case LifeEvent::kBuildIn:
      break;
  }
  return kinds;
}

std::vector<DutyKind> DutiesOfReceipt(bool battery, bool was_waste) {
  if (!battery) return {};
  if (was_waste) return {DutyKind::kHandedOver, DutyKind::kRecyclerReceived};
  return {DutyKind::kRecyclerReceived};
}

WorkingDay DueDay(const Calendar& calendar, const Duty& duty) {
  return AddWorkingDays(calendar, duty.trigger_day, RuleOf(duty.kind).working_days);
}

bool IsOverdue(const Calendar& calendar, const Duty& duty, Day day) {
  return duty.state == DutyState::kOpen && DueDay(calendar, duty).day < day;
}

Day FirstInTime(const Calendar& calendar, DutyKind kind, Day day) {
  const int32_t count = RuleOf(kind).working_days;
  // Later triggers are never due earlier: step back while the one before is still in time.
  Day trigger = day;
  while (AddWorkingDays(calendar, trigger - 1, count).day >= day) --trigger;
  return trigger;
}

std::string_view NameOf(DutyState state) {
  switch (state) {
    case DutyState::kOpen:
      return "open";
    case DutyState::kSent:
      return "sent";
    case DutyState::kWithdrawn:
      return "withdrawn";
  }
  return "";
}

Status CheckOpen(const Duty& duty, std::string_view field) {
  if (duty.state == DutyState::kOpen) return {};
  return Fail(
      Error{Reason::kDutyState,
            "duty " + std::to_string(duty.id) + " was " + std::string(NameOf(duty.state)) + " already",
            {{"field", std::string(field)}, {"duty_id", std::to_string(duty.id)}, {"state", std::string(NameOf(duty.state))}}});
}

}  // namespace mes::domain
