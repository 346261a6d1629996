#include "domain/hold_predicate.h"

#include <algorithm>

namespace mes::domain {
namespace {

bool IsNamed(const HoldPredicate& predicate, int64_t unit_id) {
  return std::binary_search(predicate.unit_ids.begin(), predicate.unit_ids.end(), unit_id);
}

bool AsksForThing(const HoldPredicate& predicate) {
  return !predicate.unit_ids.empty() || !predicate.supplier.empty() || !predicate.supplier_lot.empty();
}

bool IsThing(const HoldPredicate& predicate, const HoldSubject& subject) {
  return (predicate.unit_ids.empty() || IsNamed(predicate, subject.unit_id)) &&
         (predicate.supplier.empty() || predicate.supplier == subject.supplier) &&
         (predicate.supplier_lot.empty() || predicate.supplier_lot == subject.supplier_lot);
}

bool IsOfKind(const HoldPredicate& predicate, const HoldSubject& subject) {
  return (predicate.material_id == 0 || predicate.material_id == subject.material_id) &&
         (predicate.revision_id == 0 || predicate.revision_id == subject.revision_id) &&
         (predicate.work_order_id == 0 || predicate.work_order_id == subject.work_order_id);
}

bool Overlaps(const HoldPredicate& predicate, Time began, Time ended) {
  return (!predicate.from || ended >= *predicate.from) && (!predicate.until || began <= *predicate.until);
}

bool IsInRange(const Plant& plant, const HoldPredicate& predicate, const HoldRun& run) {
  const ProductRevision* revision = plant.FindRevision(run.unit.revision_id);
  const int16_t index = revision == nullptr ? int16_t{-1} : revision->OperationIndex(run.operation);
  if (index < 0 || run.measured == nullptr) return false;
  const Operation& operation = revision->operations[static_cast<size_t>(index)];
  const int16_t place = operation.CharacteristicIndex(predicate.characteristic);
  if (place < 0) return false;
  const Characteristic& characteristic = operation.characteristics[static_cast<size_t>(place)];
  for (int32_t r = 0; r < characteristic.replicates; ++r) {
    const auto at = static_cast<size_t>(characteristic.first_value + r);
    if (at >= run.measured->size()) return false;
    const double value = (*run.measured)[at];
    if (value == value && (!predicate.lower || value >= *predicate.lower) && (!predicate.upper || value <= *predicate.upper)) {
      return true;
    }
  }
  return false;
}

bool IsRunRow(EventKind kind) {
  return kind == EventKind::kStarted || kind == EventKind::kCompleted || kind == EventKind::kMeasured ||
         kind == EventKind::kConsumed || kind == EventKind::kInstalled || kind == EventKind::kAborted;
}

HoldSubject SubjectOf(const World& world, const Unit& unit) {
  HoldSubject subject{unit.id, unit.material_id, unit.revision_id, unit.work_order_id, {}, {}};
  if (const auto bought = world.standing.suppliers.find(unit.id); bought != world.standing.suppliers.end()) {
    subject.supplier = bought->second.first;
    subject.supplier_lot = bought->second.second;
  }
  return subject;
}

bool IsOn(const World& world, int64_t hold_id, int64_t unit_id) {
  const auto holds = world.holds.find(unit_id);
  return holds != world.holds.end() && std::find(holds->second.begin(), holds->second.end(), hold_id) != holds->second.end();
}

void Catch(World& world, UnitEntry& entry, int64_t hold_id, HoldCause cause) {
  if (IsOn(world, hold_id, entry.unit.id)) return;
  world.holds[entry.unit.id].push_back(hold_id);
  ++entry.unit.hold_count;
  entry.changed = true;
  world.effects.caught.push_back({hold_id, entry.unit.id, cause});
}

bool HoldsParts(HoldDirection direction) { return direction == HoldDirection::kMadeOf || direction == HoldDirection::kBoth; }

}  // namespace

bool Matches(const HoldPredicate& predicate, const HoldSubject& subject) {
  return IsThing(predicate, subject) && IsOfKind(predicate, subject);
}

bool Matches(const Plant& plant, const HoldPredicate& predicate, const HoldRun& run) {
  if (!IsOfKind(predicate, run.unit)) return false;
  if (predicate.operation != 0 && predicate.operation != run.operation) return false;
  if (!predicate.station_ids.empty() &&
      std::find(predicate.station_ids.begin(), predicate.station_ids.end(), run.station_id) == predicate.station_ids.end()) {
    return false;
  }
  if (!predicate.tool_code.empty()) {
    if (run.tools == nullptr || std::find(run.tools->begin(), run.tools->end(), predicate.tool_code) == run.tools->end())
      return false;
  }
  const bool of_value = !predicate.characteristic.empty();
  if (of_value && !IsInRange(plant, predicate, run)) return false;
  const bool reported = Overlaps(predicate, run.at, run.at);
  const bool in_window = of_value ? reported : Overlaps(predicate, run.began, run.at);
  if (!AsksForThing(predicate)) return in_window;
  return (in_window && IsThing(predicate, run.unit)) || (reported && run.used != nullptr && IsThing(predicate, *run.used));
}

void CatchHolds(World& world, UnitEntry& entry, const EventRow& row) {
  const Unit& unit = entry.unit;
  const auto other = world.units.find(row.other_unit_id);
  UnitEntry* used = other == world.units.end() ? nullptr : &other->second;
  const bool takes_in = row.kind == EventKind::kConsumed || row.kind == EventKind::kInstalled;
  auto& run_tools = world.standing.run_tools;
  if (row.kind == EventKind::kStarted) {
    run_tools[unit.id] = row.details == nullptr ? std::vector<std::string>() : row.details->tools;
  }
  const auto tools = run_tools.find(unit.id);
  const HoldSubject of_used = used == nullptr ? HoldSubject{} : SubjectOf(world, used->unit);
  HoldRun run{SubjectOf(world, unit),
              takes_in ? &of_used : nullptr,
              row.station_id,
              row.operation,
              row.occur_time,
              row.occur_time,
              nullptr,
              &row.measured};
  if (row.kind != EventKind::kStarted && unit.running_operation == row.operation) {
    run.began = std::min(unit.running_since, row.occur_time);
  }
  if (tools != run_tools.end()) run.tools = &tools->second;
  const bool made_now = entry.created && row.kind == EventKind::kStarted;
  for (const StandingHold& hold : world.standing.holds) {
    const HoldPredicate& predicate = hold.draft->predicate;
    if (hold.draft->at_operation) continue;
    const bool matches = predicate.AsksForRun() ? IsRunRow(row.kind) && Matches(world.plant, predicate, run)
                                                : made_now && predicate.unit_ids.empty() && Matches(predicate, run.unit);
    if (!matches) continue;
    Catch(world, entry, hold.id, kCauseMatched);
    if (HoldsParts(hold.draft->direction)) world.standing.with_parts.insert({hold.id, unit.id});
  }
  if (!takes_in || used == nullptr) return;
  const std::vector<int64_t> holds = world.holds[unit.id];
  for (const int64_t hold : holds) {
    if (!world.standing.with_parts.contains({hold, unit.id})) continue;
    Catch(world, *used, hold, kCausePartOf);
    world.standing.with_parts.insert({hold, used->unit.id});
  }
}

void JudgeHeldOperation(const World& world, const Unit& unit, const ProductRevision& revision, const Operation& operation,
                        int32_t work_order_id, std::string_view code, std::vector<Refusal>& refusals) {
  for (const StandingHold& hold : world.standing.holds) {
    const HoldPredicate& predicate = hold.draft->predicate;
    if (!hold.draft->at_operation || predicate.operation != operation.number) continue;
    const HoldSubject subject{unit.id, revision.material_id, revision.id, work_order_id, {}, {}};
    if (!Matches(predicate, subject) || world.standing.exempt.contains({hold.id, unit.id})) continue;
    const std::string name = std::to_string(operation.number) + " " + operation.code;
    refusals.push_back({Reason::kNotBlocked,
                        "operation " + name + " is on hold: " + hold.draft->reason,
                        {{"hold", std::to_string(hold.id), "placed by " + hold.draft->placed_by}, {"operation", name, "on hold"}},
                        std::string(code)});
  }
}

}  // namespace mes::domain
