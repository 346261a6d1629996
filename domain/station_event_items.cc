#include <algorithm>

#include "domain/event_decision.h"
#include "domain/limits.h"
#include "domain/nonconformance.h"

namespace mes::domain {
namespace {

std::string PositionText(int16_t line, int32_t slot) { return std::to_string(line) + "." + std::to_string(slot); }

}  // namespace

void EventDecision::CountPart(int32_t material_id, Time time, int64_t micro) {
  OutputOf(material_id, time).consumed_micro += micro;
}

bool EventDecision::ApplyConsumed(UnitEntry& entry) {
  const Consumed& consumed = std::get<Consumed>(event_.what);
  int16_t number = 0;
  const ProductRevision* revision = JudgeRoute(entry, number);
  if (revision == nullptr || !JudgeRunning(entry, number)) return false;
  const size_t before = verdict_.refusals.size();
  UnitEntry* lot = world_.FindUnit(consumed.lot_code);
  if (lot == nullptr) {
    Refuse(Reason::kLotUnknown, entry.unit.code, "lot " + consumed.lot_code + " is not known",
           {{"lot", consumed.lot_code, "unknown"}});
    return false;
  }
  if (lot == &entry) {
    Refuse(Reason::kGenealogyCycle, entry.unit.code, "a lot cannot be part of itself", {{"lot", consumed.lot_code, "the same"}});
    return false;
  }
  if (!lot->lot) {
    Refuse(Reason::kMaterialValid, entry.unit.code, consumed.lot_code + " is a piece, not a lot: report it as installed",
           {{"unit", consumed.lot_code, "serial"}});
    return false;
  }
  const Material* material = world_.plant.FindMaterial(lot->unit.material_id);
  const domain::Result<int64_t> quantity = ParseQuantity(consumed.quantity, "consumed.quantity");
  if (!quantity || *quantity == 0) {
    Refuse(Reason::kQuantityInvalid, entry.unit.code, "consumed.quantity must be a decimal above zero",
           {{"field", "consumed.quantity", consumed.quantity.substr(0, 40)}});
    return false;
  }
  if (consumed.quantity_uom != material->uom) {
    Refuse(Reason::kUomMismatch, entry.unit.code, material->code + " is metered in " + material->uom,
           {{"field", "consumed.quantity.uom", consumed.quantity_uom.substr(0, 16)}});
    return false;
  }
  bool late = false;
  const Operation& operation = revision->operations[static_cast<size_t>(revision->OperationIndex(number))];
  const BomLine* line =
      JudgeMaterial(world_, *revision, operation, &entry.unit, *lot, event_.occur_time, late, verdict_.refusals);
  if (*quantity > lot->lot->left_micro && lot->lot->left_micro > 0) {
    Refuse(Reason::kQuantityExceedsLeft, entry.unit.code, "more than is left in lot " + lot->unit.code,
           {{"lot", lot->unit.code, FormatQuantity(lot->lot->left_micro) + " " + material->uom + " left"}});
  }
  if (verdict_.refusals.size() != before) return false;
  lot->lot->left_micro -= *quantity;
  lot->lot_changed = true;
  CountPart(lot->unit.material_id, event_.occur_time, *quantity);
  EventRow row = RowFor(entry, number);
  row.other_unit_id = lot->unit.id;
  row.quantity_micro = *quantity;
  row.line = line->line;
  row.material_open_time = lot->lot->open_time;
  if (late) row.flags |= kFlagWindowLate;
  world_.effects.consumptions.push_back({lot->unit.id, entry.unit.id, *quantity, number, line->line, event_.occur_time, Key()});
  Record(entry, std::move(row));
  return true;
}

// 0 with a refusal added when the slot asked for, or any, is not free.
int32_t EventDecision::FreeSlot(const UnitEntry& parent, const BomLine& line, int32_t asked) {
  const auto& positions = world_.positions[parent.unit.id];
  if (asked < 0 || asked > line.Slots()) {
    Refuse(Reason::kFieldInvalid, parent.unit.code,
           "line " + std::to_string(line.line) + " has slots 1 to " + std::to_string(line.Slots()),
           {{"field", "installed.slot", std::to_string(asked)}});
    return 0;
  }
  if (asked > 0) {
    const auto taken = positions.find({line.line, static_cast<int16_t>(asked)});
    if (taken == positions.end()) return asked;
    const UnitEntry* holder = world_.FindUnit(taken->second);
    Refuse(Reason::kPositionOccupied, parent.unit.code, "position " + PositionText(line.line, asked) + " is occupied",
           {{"unit", holder == nullptr ? std::to_string(taken->second) : holder->unit.code, PositionText(line.line, asked)}});
    return 0;
  }
  int32_t free = 1;
  for (auto at = positions.lower_bound({line.line, 1});
       at != positions.end() && at->first.line == line.line && at->first.slot == free; ++at)
    ++free;
  if (free <= line.Slots()) return free;
  Refuse(Reason::kPositionOccupied, parent.unit.code, "all slots of line " + std::to_string(line.line) + " are occupied",
         {{"limit", PositionText(line.line, line.Slots()), "full"}});
  return 0;
}

bool EventDecision::ApplyInstalled(UnitEntry& entry) {
  const Installed& installed = std::get<Installed>(event_.what);
  int16_t number = 0;
  const ProductRevision* revision = JudgeRoute(entry, number);
  if (revision == nullptr || !JudgeRunning(entry, number)) return false;
  const size_t before = verdict_.refusals.size();
  UnitEntry* component = world_.FindUnit(installed.component_code);
  if (component == nullptr) {
    Refuse(Reason::kUnitUnknown, entry.unit.code, "component " + installed.component_code + " is not known",
           {{"unit", installed.component_code, "unknown"}});
    return false;
  }
  if (component->lot) {
    Refuse(Reason::kMaterialValid, entry.unit.code, installed.component_code + " is a lot: report it as consumed",
           {{"lot", installed.component_code, "lot"}});
    return false;
  }
  for (const UnitEntry* holder = &entry; holder != nullptr;
       holder = holder->unit.parent_id == 0 ? nullptr : world_.FindUnit(holder->unit.parent_id)) {
    if (holder != component) continue;
    Refuse(Reason::kGenealogyCycle, entry.unit.code, "a unit cannot be inside itself",
           {{"unit", component->unit.code, "is above " + entry.unit.code}});
    return false;
  }
  bool late = false;
  const Operation& operation = revision->operations[static_cast<size_t>(revision->OperationIndex(number))];
  const BomLine* line =
      JudgeMaterial(world_, *revision, operation, &entry.unit, *component, event_.occur_time, late, verdict_.refusals);
  const int32_t slot = line == nullptr ? 0 : FreeSlot(entry, *line, installed.slot);
  if (verdict_.refusals.size() != before) return false;
  component->unit.parent_id = entry.unit.id;
  component->unit.parent_line = line->line;
  component->unit.parent_slot = static_cast<int16_t>(slot);
  component->changed = true;
  CountPart(component->unit.material_id, event_.occur_time, kMicro);
  world_.positions[entry.unit.id][{line->line, static_cast<int16_t>(slot)}] = component->unit.id;
  EventRow row = RowFor(entry, number);
  row.other_unit_id = component->unit.id;
  row.line = line->line;
  row.slot = slot;
  row.grade = component->unit.grade;
  if (late) row.flags |= kFlagWindowLate;
  world_.effects.installs.push_back(
      {entry.unit.id, component->unit.id, line->line, static_cast<int16_t>(slot), event_.occur_time, Key(), std::nullopt});
  Record(entry, std::move(row));
  return true;
}

void EventDecision::TakeOut(UnitEntry& component, Time time) {
  Unit& unit = component.unit;
  world_.positions[unit.parent_id].erase({unit.parent_line, unit.parent_slot});
  unit.parent_id = 0;
  unit.parent_line = 0;
  unit.parent_slot = 0;
  component.changed = true;
  CountPart(unit.material_id, time, -kMicro);
  auto& installs = world_.effects.installs;
  const auto own = std::find_if(installs.rbegin(), installs.rend(),
                                [&](const Effects::Install& install) { return install.child_id == unit.id && !install.removal; });
  if (own == installs.rend()) {
    world_.effects.removals.push_back({unit.id, time, Key()});
  } else {
    own->removal = {std::max(time, own->time), Key()};
  }
}

bool EventDecision::ApplyRemoved(UnitEntry& entry) {
  const Removed& removed = std::get<Removed>(event_.what);
  int16_t number = 0;
  if (JudgeRoute(entry, number) == nullptr) return false;
  UnitEntry* component = world_.FindUnit(removed.component_code);
  if (component == nullptr || component->unit.parent_id != entry.unit.id) {
    Refuse(Reason::kNotInstalled, entry.unit.code, removed.component_code + " is not in the unit",
           {{"unit", removed.component_code, component == nullptr ? "unknown" : "elsewhere or free"}});
    return false;
  }
  if (entry.unit.status != UnitStatus::kInProcess) {
    Refuse(Reason::kUnitState, entry.unit.code, "parts are taken out of units in process only",
           {{"unit", entry.unit.code, std::string(NameOf(entry.unit.status))}});
    return false;
  }
  EventRow row = RowFor(entry, number);
  row.other_unit_id = component->unit.id;
  row.line = component->unit.parent_line;
  row.slot = component->unit.parent_slot;
  if (!removed.reason.empty()) row.details = std::make_shared<EventDetails>(EventDetails{{}, removed.reason, "", 0, 0, 0});
  TakeOut(*component, event_.occur_time);
  ++component->unit.use_count;
  Record(entry, std::move(row));
  return true;
}

bool EventDecision::ApplyScrapped(UnitEntry& entry) {
  const Scrapped& scrapped = std::get<Scrapped>(event_.what);
  int16_t number = 0;
  const ProductRevision* revision = JudgeRoute(entry, number);
  if (revision == nullptr) return false;
  if (scrapped.caused_by_operation != 0 && revision->OperationIndex(static_cast<int16_t>(scrapped.caused_by_operation)) < 0) {
    Refuse(Reason::kOperationUnknown, entry.unit.code, "the causing operation is not on the route",
           {{"field", "scrapped.caused_by_operation", std::to_string(scrapped.caused_by_operation)}});
    return false;
  }
  const Unit& unit = entry.unit;
  const bool finished = unit.status == UnitStatus::kFinished;
  if ((unit.status != UnitStatus::kInProcess && !finished) || unit.parent_id != 0) {
    Refuse(Reason::kUnitState, unit.code,
           unit.parent_id != 0 ? "the unit is built in: take it out first" : "the unit cannot be scrapped any more",
           {{"unit", unit.code, std::string(NameOf(unit.status))}});
    return false;
  }
  OrderState& order = *OrderOf(entry);
  const int64_t quantity = QuantityOf(entry);
  order.scrapped_micro += quantity;
  if (finished) order.good_micro -= quantity;
  OutputOf(unit.material_id, event_.occur_time).scrapped_micro += quantity;
  if (finished) OutputOf(unit.material_id, unit.finish_time.value_or(event_.occur_time)).good_micro -= quantity;
  order.changed = true;
  EventRow row = RowFor(entry, number);
  row.failure_code = scrapped.failure_code;
  row.quantity_micro = quantity;
  if (scrapped.caused_by_operation != 0) {
    row.details = std::make_shared<EventDetails>(EventDetails{{}, "", "", scrapped.caused_by_operation, 0, 0});
  }
  CountRow(entry, row);
  NoteScrap(world_, entry, row);
  JudgeScrap(entry, row);
  Record(entry, std::move(row));
  return true;
}

bool EventDecision::RunCarrierLoaded() {
  const auto carrier = world_.carrier_by_code.find(event_.carrier_code);
  if (carrier == world_.carrier_by_code.end()) {
    Refuse(Reason::kCarrierUnknown, "", "carrier_code is missing", {{"field", "carrier_code", event_.carrier_code}});
    return false;
  }
  carrier_id_ = carrier->second;
  carrier_flag_ = kFlagCarrier;
  auto& contents = world_.carrier_contents[carrier_id_];
  for (const CarrierLoaded::Slot& place : std::get<CarrierLoaded>(event_.what).slots) {
    UnitEntry* entry = world_.FindUnit(place.unit_code);
    if (entry == nullptr) {
      Refuse(Reason::kUnitUnknown, place.unit_code, "the unit is not known", {{"unit", place.unit_code, "unknown"}});
      continue;
    }
    if (place.slot < 1 || place.slot > kMaxUnitsPerCarrier || contents.contains(place.slot)) {
      Refuse(Reason::kCarrierSlot, place.unit_code, "slot " + std::to_string(place.slot) + " is not free",
             {{"field", "carrier_loaded.slots.slot", std::to_string(place.slot)}});
      continue;
    }
    if (entry->unit.carrier_id != 0 || entry->unit.parent_id != 0) {
      Refuse(Reason::kCarrierSlot, place.unit_code, "the unit is in a carrier or built in already",
             {{"unit", place.unit_code,
               entry->unit.parent_id != 0 ? "built in" : "slot " + std::to_string(entry->unit.carrier_slot)}});
      continue;
    }
    entry->unit.carrier_id = carrier_id_;
    entry->unit.carrier_slot = place.slot;
    contents[place.slot] = entry->unit.id;
    EventRow row = RowFor(*entry, 0);
    row.slot = place.slot;
    Record(*entry, std::move(row));
    ++verdict_.units;
  }
  return verdict_.units > 0;
}

bool EventDecision::RunCarrierUnloaded() {
  const auto carrier = world_.carrier_by_code.find(event_.carrier_code);
  if (carrier == world_.carrier_by_code.end()) {
    Refuse(Reason::kCarrierUnknown, "", "carrier " + event_.carrier_code + " is not known",
           {{"unit", event_.carrier_code, "unknown"}});
    return false;
  }
  carrier_id_ = carrier->second;
  carrier_flag_ = kFlagCarrier;
  auto& contents = world_.carrier_contents[carrier_id_];
  std::vector<int64_t> leaving;
  const auto& codes = std::get<CarrierUnloaded>(event_.what).unit_codes;
  for (const auto& [slot, id] : contents) {
    if (codes.empty()) leaving.push_back(id);
  }
  for (const std::string& code : codes) {
    const UnitEntry* entry = world_.FindUnit(code);
    if (entry != nullptr && entry->unit.carrier_id == carrier_id_) {
      leaving.push_back(entry->unit.id);
    } else {
      Refuse(Reason::kCarrierSlot, code, code + " is not in the carrier", {{"unit", event_.carrier_code, code}});
    }
  }
  if (codes.empty() && leaving.empty()) {
    Refuse(Reason::kCarrierEmpty, "", "carrier " + event_.carrier_code + " is empty", {{"unit", event_.carrier_code, "0 units"}});
  }
  for (const int64_t id : leaving) {
    UnitEntry& entry = world_.units.at(id);
    if (entry.unit.carrier_id != carrier_id_) continue;  // named twice
    EventRow row = RowFor(entry, 0);
    row.slot = entry.unit.carrier_slot;
    contents.erase(entry.unit.carrier_slot);
    entry.unit.carrier_id = 0;
    entry.unit.carrier_slot = 0;
    Record(entry, std::move(row));
    ++verdict_.units;
  }
  return verdict_.units > 0;
}

}  // namespace mes::domain
