// What a recorded event counts for. Most units go straight through: their completions are counted from the row alone. Only where
// a unit comes back (retest, rework), is scrapped or an event is reversed, its whole past is counted twice, before and after, and
// the difference moves the counters; so both ways agree with a recount of the stored rows by construction.
#include <algorithm>

#include "domain/event_decision.h"

namespace mes::domain {
namespace {

// A first completion of a unit that was never here: the row says it all.
bool CountsAlone(const Unit& unit, const ProductRevision& revision, const EventRow& row) {
  if (row.kind == EventKind::kAborted) return true;
  const int16_t index = revision.OperationIndex(row.operation);
  return row.kind == EventKind::kCompleted && row.return_to == 0 && row.purpose == RunPurpose::kRegular &&
         (unit.attempted & (uint64_t{1} << index)) == 0;
}

// Whole facts of a unit, for those that come back or are scrapped.
std::vector<RunFact> FactsOf(const World& world, const UnitEntry& entry) {
  if (const auto known = world.yield_past.facts.find(entry.unit.id); known != world.yield_past.facts.end()) return known->second;
  std::vector<RunFact> facts;
  for (const EventRow& row : world.effects.rows) {
    if (row.unit_id == entry.unit.id) facts.push_back(FactOf(row));
  }
  return facts;
}

void AddTally(World& world, const YieldTally& tally) {
  for (const auto& [key, counts] : tally.yields) {
    if (!counts.IsZero()) world.effects.yields[key].Add(counts);
  }
  for (const auto& [key, counts] : tally.lots) {
    if (!counts.IsZero()) world.effects.lot_yields[key].Add(counts);
  }
}

}  // namespace

void EventDecision::Remember(const UnitEntry& entry, const EventRow& row) {
  if (row.kind == EventKind::kConsumed) world_.yield_past.consumed[entry.unit.id].emplace_back(row.operation, row.other_unit_id);
  if (const auto known = world_.yield_past.facts.find(entry.unit.id); known != world_.yield_past.facts.end()) {
    known->second.push_back(FactOf(row));
  }
}

void CountRow(World& world, const UnitEntry& entry, const EventRow& row) {
  if (row.kind == EventKind::kStarted && row.return_to == 0) return;
  const ProductRevision* revision = world.plant.FindRevision(entry.unit.revision_id);
  if (revision == nullptr) return;
  const CountedUnit unit{entry.unit.work_order_id, entry.lot.has_value(), *revision, world.plant};
  YieldTally tally;
  if (!world.yield_past.facts.contains(entry.unit.id) && CountsAlone(entry.unit, *revision, row)) {
    std::vector<RunFact> facts;
    if (row.kind == EventKind::kCompleted) {
      if (const auto used = world.yield_past.consumed.find(entry.unit.id); used != world.yield_past.consumed.end()) {
        for (const auto& [operation, lot] : used->second) {
          if (operation != row.operation) continue;
          RunFact consumed = FactOf(row);
          consumed.kind = EventKind::kConsumed;
          consumed.lot_id = lot;
          facts.push_back(consumed);
        }
      }
    }
    facts.push_back(FactOf(row));
    facts.back().has_values = facts.back().has_values || entry.unit.run_measured != 0;
    CountUnit(unit, facts, 1, tally);
  } else {
    std::vector<RunFact> facts = FactsOf(world, entry);
    CountUnit(unit, facts, -1, tally);
    facts.push_back(FactOf(row));
    CountUnit(unit, facts, 1, tally);
  }
  AddTally(world, tally);
}

void EventDecision::Restate(const UnitEntry& entry, const ProductRevision& revision, const std::vector<EventRow>& history,
                            const EventRow& reversed) {
  const Reversed& reversal = std::get<Reversed>(event_.what);
  const CountedUnit unit{entry.unit.work_order_id, entry.lot.has_value(), revision, world_.plant};
  std::vector<RunFact> facts;
  for (const EventRow& row : history) facts.push_back(FactOf(row));
  YieldTally tally;
  CountUnit(unit, facts, -1, tally);
  facts[static_cast<size_t>(&reversed - history.data())].flags |= kFlagReversed;
  CountUnit(unit, facts, 1, tally);
  AddTally(world_, tally);
  for (const auto& [key, counts] : tally.yields) {
    if (counts.IsZero()) continue;
    world_.effects.restatements.push_back(
        {key, counts, entry.unit.id, station_.id, epoch_, event_.sequence, reversal.epoch, reversal.sequence});
  }
  auto& consumed = world_.yield_past.consumed[entry.unit.id];
  consumed.clear();
  for (const RunFact& fact : facts) {
    if (fact.kind == EventKind::kConsumed && (fact.flags & kFlagReversed) == 0)
      consumed.emplace_back(fact.operation, fact.lot_id);
  }
  world_.yield_past.facts[entry.unit.id] = std::move(facts);
}

}  // namespace mes::domain
