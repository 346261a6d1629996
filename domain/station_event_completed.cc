#include <algorithm>
#include <unordered_map>

#include "domain/code.h"
#include "domain/event_decision.h"

namespace mes::domain {
namespace {

std::shared_ptr<const EventDetails> DetailsOf(const Completed& completed) {
  if (completed.curves.empty()) return nullptr;
  return std::make_shared<EventDetails>(EventDetails{completed.curves, "", "", 0, 0, 0});
}

}  // namespace

// The run that ends: the one that is on, or one whose start has not come yet; that start is judged now with what is known.
bool EventDecision::JudgeRunBeforeCompletion(UnitEntry& entry, const Operation& operation, EventRow& row) {
  const Unit& unit = entry.unit;
  if (unit.running_operation != 0) {
    row.purpose = unit.run_purpose;
    return JudgeRunning(entry, operation.number);
  }
  if (world_.refused_starts.contains({station_.id, event_.unit_code})) {
    Refuse(Reason::kUnitNotRunning, unit.code, "its start was refused at this station: completing does not make it good",
           {{"operation", std::to_string(operation.number), "start refused"}});
    return false;
  }
  Started assumed;
  assumed.recipe_checksum = operation.recipe_checksum;
  assumed.software_version = operation.software_version;
  if (operation.Guards(Interlock::kVariantMatch)) assumed.variant = world_.plant.FindRevision(unit.revision_id)->product_code;
  StartDecision decision =
      JudgeStart(world_, {&station_, &entry, unit.code, operation.number, &assumed, event_.operator_id, event_.occur_time});
  if (!decision.Go()) {
    Refuse(Reason::kUnitNotRunning, unit.code,
           "operation " + std::to_string(operation.number) + " was not started and could not have been",
           {{"operation", std::to_string(operation.number), "no start"}});
    std::move(decision.refusals.begin(), decision.refusals.end(), std::back_inserter(verdict_.refusals));
    return false;
  }
  row.purpose = decision.purpose;
  row.return_to = decision.return_to;
  row.rework_counter = decision.rework_counter;
  row.flags |= kFlagStartMissing;
  if (decision.window_late) row.flags |= kFlagWindowLate;
  return true;
}

// What a pass needs besides good values.
void EventDecision::JudgePass(const UnitEntry& entry, const ProductRevision& revision, const Operation& operation,
                              const EventRow& row) {
  Unit after = entry.unit;
  EventRow measured = row;
  measured.kind = EventKind::kMeasured;
  Advance(after, revision, measured);
  for (size_t i = 0; i < operation.characteristics.size(); ++i) {
    const Characteristic& characteristic = operation.characteristics[i];
    if (characteristic.sampling != Sampling::kEveryUnit || (after.run_measured & (uint64_t{1} << i)) != 0) continue;
    Refuse(Reason::kMeasurementMissing, entry.unit.code, characteristic.code + " was not measured",
           {{"limit", characteristic.code, "measured on every unit"}});
  }
  if (operation.Guards(Interlock::kBoltCount) && operation.tightening_characteristic >= 0 &&
      after.run_tightenings != operation.tightenings) {
    Refuse(Reason::kBoltCount, entry.unit.code,
           std::to_string(after.run_tightenings) + " of " + std::to_string(operation.tightenings) + " tightenings are in order",
           {{"limit", operation.characteristics[static_cast<size_t>(operation.tightening_characteristic)].code,
             std::to_string(operation.tightenings) + " needed"}});
  }
  if (!operation.Guards(Interlock::kGenealogyComplete)) return;
  if (entry.unit.serial_slots_filled != revision.SerialSlots()) {
    Refuse(Reason::kGenealogyComplete, entry.unit.code, "not every serial position is filled",
           {{"limit", "positions",
             std::to_string(entry.unit.serial_slots_filled) + " of " + std::to_string(revision.SerialSlots())}});
  }
  for (const BomLine& line : revision.bom) {
    if (line.tracking != Tracking::kLot || (entry.unit.lot_lines & (uint64_t{1} << line.line)) != 0) continue;
    Refuse(Reason::kGenealogyComplete, entry.unit.code, "no lot of " + line.material_code + " is recorded",
           {{"limit", line.material_code, "BOM line " + std::to_string(line.line)}});
  }
}

void EventDecision::JudgeNewCode(const UnitEntry& entry, const Operation& operation, int16_t index, bool pass) {
  const std::string& code = std::get<Completed>(event_.what).new_code;
  const Unit& unit = entry.unit;
  if (code.empty()) {
    const bool has_it = operation.new_identity == NewIdentity::kGbt34014 ? IsGbt34014Form(unit.code)
                                                                         : (unit.attempted & (uint64_t{1} << index)) != 0;
    if (pass && operation.new_identity != NewIdentity::kNone && !has_it) {
      Refuse(Reason::kUniqueSn, unit.code, "the operation gives the unit a new code, none was reported",
             {{"field", "completed.new_code", std::string(NameOf(operation.new_identity))}});
    }
    return;
  }
  if (!event_.carrier_code.empty()) {
    Refuse(Reason::kFieldInvalid, unit.code, "a code cannot be given to a whole carrier",
           {{"field", "completed.new_code", code}});
    return;
  }
  if (operation.new_identity == NewIdentity::kGbt34014 && !IsGbt34014Form(code)) {
    Refuse(Reason::kUniqueSn, unit.code, "the new code has not the form of GB/T 34014: 24 characters, a valid date at 15 to 17",
           {{"field", "completed.new_code", code}});
  }
  if (code == unit.code) return;
  if (world_.unit_by_code.contains(code) || world_.unit_by_former_code.contains(code) || world_.ambiguous_codes.contains(code)) {
    Refuse(Reason::kUniqueSn, unit.code, "the new code is in use already", {{"unit", code, "known"}});
  }
}

bool EventDecision::JudgeGoodQuantity(const UnitEntry& entry, EventRow& row) {
  const auto& good = std::get<Completed>(event_.what).good_quantity;
  row.quantity_micro = entry.lot ? entry.lot->left_micro : 0;
  if (!good) return true;
  const Material* material = world_.plant.FindMaterial(entry.unit.material_id);
  const domain::Result<int64_t> quantity = ParseQuantity(good->first, "completed.good_quantity");
  if (!entry.lot || !quantity || good->second != material->uom) {
    Refuse(entry.lot && quantity ? Reason::kUomMismatch : Reason::kQuantityInvalid, entry.unit.code,
           entry.lot ? "good_quantity must be a quantity in " + material->uom : "good_quantity is for lots",
           {{"field", "completed.good_quantity", good->first + " " + good->second}});
    return false;
  }
  if (*quantity > entry.lot->left_micro) {
    Refuse(Reason::kQuantityExceedsLeft, entry.unit.code, "more is good than there is",
           {{"lot", entry.unit.code, FormatQuantity(entry.lot->left_micro) + " left"}});
    return false;
  }
  row.quantity_micro = *quantity;
  return true;
}

void EventDecision::CountRun(const UnitEntry& entry, const EventRow& row, int sign) {
  YieldCounts& counts =
      world_.effects.yields[{entry.unit.work_order_id, row.station_id, PlantDay(row.occur_time), row.operation}];
  counts.runs += sign;
  if ((row.flags & kFlagFirstRun) != 0) {
    counts.first_runs += sign;
    if (row.judgement == Judgement::kPass) counts.first_passes += sign;
  }
  if (row.purpose == RunPurpose::kRetest) counts.retests += sign;
  if (row.purpose == RunPurpose::kRework) counts.reworks += sign;
}

void EventDecision::TakeCode(UnitEntry& entry, const std::string& code) {
  if (code.empty() || code == entry.unit.code) return;
  world_.effects.former_codes.push_back({entry.unit.code, entry.unit.id, event_.occur_time});
  world_.unit_by_code.erase(entry.unit.code);
  world_.unit_by_former_code[entry.unit.code] = entry.unit.id;
  world_.unit_by_code[code] = entry.unit.id;
}

// The order's books after a completion: what a lot lost, what is finished.
void EventDecision::BookCompletion(UnitEntry& entry, const EventRow& row) {
  OrderState& order = *OrderOf(entry);
  if (entry.lot && row.quantity_micro != entry.lot->left_micro) {
    order.scrapped_micro += entry.lot->left_micro - row.quantity_micro;
    entry.lot->left_micro = row.quantity_micro;
    entry.lot_changed = true;
    order.changed = true;
  }
  if ((row.flags & kFlagFinished) == 0) return;
  order.good_micro += QuantityOf(entry);
  order.changed = true;
}

bool EventDecision::Complete(UnitEntry& entry, const Result& result) {
  const Completed& completed = std::get<Completed>(event_.what);
  const size_t before = verdict_.refusals.size();
  int16_t number = 0;
  const ProductRevision* revision = JudgeRoute(entry, number);
  if (revision == nullptr) return false;
  const int16_t index = revision->OperationIndex(number);
  const Operation& operation = revision->operations[static_cast<size_t>(index)];
  EventRow row = RowFor(entry, number);
  if (!JudgeRunBeforeCompletion(entry, operation, row)) return false;
  if (!PlaceValues(entry, operation, *result.values, row.measured)) return false;
  const WindowVerdict window =
      JudgeWindows(*revision, entry.unit, number, WindowEvent::kComplete, event_.occur_time, true, verdict_.refusals);
  bool out_of_limits = entry.unit.run_out_of_limits;
  for (const Characteristic& characteristic : operation.characteristics) {
    for (int32_t r = 0; r < characteristic.replicates && !row.measured.empty(); ++r) {
      const double value = row.measured[static_cast<size_t>(characteristic.first_value + r)];
      if (value == value && !characteristic.InLimits(value)) out_of_limits = true;
    }
  }
  const bool station_passes = result.judgement == Judgement::kPass;
  const bool server_passes = !out_of_limits && !window.failed;
  if (station_passes && server_passes) JudgePass(entry, *revision, operation, row);
  if (station_passes && !server_passes && operation.Guards(Interlock::kBoltCount)) JudgePass(entry, *revision, operation, row);
  JudgeNewCode(entry, operation, index, station_passes && server_passes);
  if (!JudgeGoodQuantity(entry, row) || verdict_.refusals.size() != before) return false;

  row.judgement = station_passes && server_passes ? Judgement::kPass : Judgement::kFail;
  row.station_judgement = result.judgement;
  row.failure_code = row.judgement == Judgement::kPass ? std::string_view()
                     : !result.failure_code.empty()    ? result.failure_code
                     : window.failed                   ? std::string_view("TIME_WINDOW")
                                                       : std::string_view("OUT_OF_LIMITS");
  row.grade = result.grade;
  row.new_code = completed.new_code;
  row.details = DetailsOf(completed);
  if (station_passes != server_passes) row.flags |= kFlagMismatch;
  if (out_of_limits) row.flags |= kFlagOutOfLimits;
  if (window.flagged) row.flags |= kFlagWindowLate;
  if (row.purpose == RunPurpose::kRegular && (entry.unit.attempted & (uint64_t{1} << index)) == 0) row.flags |= kFlagFirstRun;
  if (row.judgement == Judgement::kPass && NextOperation(*revision, entry.unit.passed | (uint64_t{1} << index)) == 0)
    row.flags |= kFlagFinished;

  verdict_.judgement = row.judgement;
  verdict_.judgement_mismatch = verdict_.judgement_mismatch || (row.flags & kFlagMismatch) != 0;
  CountRun(entry, row, 1);
  TakeCode(entry, completed.new_code);
  BookCompletion(entry, row);
  Record(entry, std::move(row));
  return true;
}

bool EventDecision::ApplyCompleted(UnitEntry& entry) {
  const Completed& completed = std::get<Completed>(event_.what);
  return Complete(entry, {completed.judgement, completed.failure_code, &completed.values, completed.grade});
}

// On a carrier each unit may have its own result; results of units that are not in it are listed.
bool EventDecision::RunCompleted() {
  const Completed& completed = std::get<Completed>(event_.what);
  if (event_.carrier_code.empty() || completed.unit_results.empty()) return OnSubjects(&EventDecision::ApplyCompleted);
  const auto carrier = world_.carrier_by_code.find(event_.carrier_code);
  if (carrier == world_.carrier_by_code.end() || world_.carrier_contents[carrier->second].empty()) {
    return OnSubjects(&EventDecision::ApplyCompleted);  // tells why not
  }
  carrier_id_ = carrier->second;
  carrier_flag_ = kFlagCarrier;
  const std::map<int32_t, int64_t> contents = world_.carrier_contents[carrier_id_];
  std::unordered_map<int64_t, const UnitResult*> results;
  for (const UnitResult& result : completed.unit_results) {
    const UnitEntry* entry = nullptr;
    if (!result.unit_code.empty()) {
      entry = world_.FindUnit(result.unit_code);
    } else if (const auto slot = contents.find(result.slot); slot != contents.end()) {
      entry = world_.FindUnit(slot->second);
    }
    if (entry == nullptr || entry->unit.carrier_id != carrier_id_) {
      const std::string name = result.unit_code.empty() ? "slot " + std::to_string(result.slot) : result.unit_code;
      Refuse(Reason::kCarrierSlot, result.unit_code, name + " is not in the carrier", {{"unit", event_.carrier_code, name}});
      continue;
    }
    if (!results.emplace(entry->unit.id, &result).second) {
      Refuse(Reason::kCarrierSlot, entry->unit.code, "two results were given: the unit stays running",
             {{"unit", event_.carrier_code, entry->unit.code}});
      results[entry->unit.id] = nullptr;
    }
  }
  for (const auto& [slot, id] : contents) {
    UnitEntry& entry = world_.units.at(id);
    const auto own = results.find(id);
    if (own == results.end()) {
      if (ApplyCompleted(entry)) ++verdict_.units;
      continue;
    }
    if (own->second == nullptr) continue;
    const UnitResult& result = *own->second;
    if (result.judgement == Judgement::kNone) {
      Refuse(Reason::kMeasurementMissing, entry.unit.code, "no result: the unit stays running",
             {{"unit", entry.unit.code, "slot " + std::to_string(slot)}});
      continue;
    }
    std::vector<MeasuredValues> values = completed.values;
    values.insert(values.end(), result.values.begin(), result.values.end());
    if (Complete(entry, {result.judgement, result.failure_code, &values, result.grade.empty() ? completed.grade : result.grade}))
      ++verdict_.units;
  }
  return verdict_.units > 0;
}

}  // namespace mes::domain
