// Runs of many units at once: they wait for a full carrier, or for as long as their time windows allow, and share one cycle; each
// gets its own result. The reference plant's ovens, chambers, cabinets and warehouses work so.
#include <algorithm>

#include "services/mesctl/simulate_planner.h"

namespace mes::mesctl::simulate {
namespace {

// One tray in so many has a channel without a result.
constexpr double kDeadChannels = 0.02;

}  // namespace

void Planner::Wait(uint32_t id, int64_t time) {
  const Unit& unit = plan_.units[id];
  const uint32_t queue = unit.item * kOperations + unit.operation;
  Waiting& waiting = waiting_[queue];
  waiting.units.emplace_back(time, id);
  Form(queue, time, false);
}

// Fills carriers from what waits: full ones at once, the rest when its first has waited long enough.
void Planner::Form(uint32_t queue, int64_t time, bool all) {
  Waiting& waiting = waiting_[queue];
  const uint32_t item = queue / kOperations;
  const Operation& operation = plan_.model.items[item].operations[queue % kOperations];
  int64_t patience = std::clamp(operation.cycle / 2, 10 * 60 * kSecond, 6 * kHour);
  for (const Window& window : plan_.model.items[item].windows) {
    if (window.to == static_cast<int>(queue % kOperations) && window.to_moment == Moment::kStart && window.max > 0) {
      patience = std::min(patience, std::max<int64_t>((window.max - window.min) / 3, kSecond));
    }
  }
  const auto due = [&] { return waiting.units.front().first + patience <= time; };
  while (!waiting.units.empty() && (waiting.units.size() >= static_cast<size_t>(operation.capacity) || (all && due()))) {
    Carrier carrier;
    carrier.item = item;
    carrier.operation = static_cast<uint8_t>(queue % kOperations);
    for (int i = 0; i < operation.capacity && !waiting.units.empty(); ++i) {
      carrier.slots.push_back({waiting.units.front().second});
      waiting.units.pop_front();
    }
    carrier.station = ChooseStation(operation, time);
    int64_t& free = free_at_[static_cast<size_t>(carrier.station)];
    const int64_t start = operation.exclusive ? std::max(time, free) : time;
    // Chambers of a long operation take turns, though none is ever full.
    free = operation.exclusive ? start + operation.cycle : std::max(time, free) + kSecond;
    plan_.carriers.push_back(std::move(carrier));
    At(start, What::kBatchStart, static_cast<uint32_t>(plan_.carriers.size() - 1));
  }
  if (waiting.units.empty() || waiting.due_set) return;
  waiting.due_set = true;
  At(std::max(time + 1, waiting.units.front().first + patience), What::kBatchDue, queue);
}

Ref Planner::EmitOnCarrier(uint32_t id, PlannedEvent event, const std::vector<Ref>& after) {
  event.subject = id;
  event.operation = plan_.carriers[id].operation;
  event.flags |= kOnCarrier;
  return Emit(plan_.carriers[id].station, event, after);
}

void Planner::BatchStart(uint32_t id, int64_t time) {
  Carrier& carrier = plan_.carriers[id];
  const Operation& operation = plan_.model.items[carrier.item].operations[carrier.operation];
  for (const Carrier::Slot& slot : carrier.slots) {
    if (TooLate(plan_.units[slot.unit], carrier.operation, Moment::kStart, time)) Scrap(slot.unit, carrier.station, time);
  }
  std::erase_if(carrier.slots, [&](const Carrier::Slot& slot) { return plan_.units[slot.unit].status == Status::kScrapped; });
  if (carrier.slots.empty()) return;
  std::vector<Ref> after;
  int64_t end = time + operation.cycle;
  for (Carrier::Slot& slot : carrier.slots) {
    Unit& unit = plan_.units[slot.unit];
    const auto same = std::find_if(after.begin(), after.end(), [&](const Ref& r) { return r.script == unit.last.script; });
    if (same == after.end()) {
      after.push_back(unit.last);
    } else {
      same->sequence = std::max(same->sequence, unit.last.sequence);
    }
    slot.run = ++unit.runs;
    slot.stage = unit.stage;
    EndClocks(unit, carrier.operation, Moment::kStart);
    StartClocks(unit, carrier.operation, Moment::kStart, time);
    end = std::max(end, Earliest(unit, carrier.operation, Moment::kComplete, end));
  }
  EnsureConditions(carrier.station, operation, time);
  EmitOnCarrier(id, {.time = time - kSecond, .kind = Kind::kLoaded}, after);
  EmitOnCarrier(id, {.time = time, .kind = Kind::kStarted});
  for (const BomLine& line : operation.lines) {
    const int64_t need = line.quantity_micro * static_cast<int64_t>(carrier.slots.size());
    const uint32_t lot = BoughtLot(carrier.station, static_cast<uint32_t>(line.item), need, time, false);
    plan_.lots[lot].left -= need;
    EmitOnCarrier(id, {.time = time + kSecond, .object = lot, .kind = Kind::kConsumed}, {plan_.lots[lot].ready});
  }
  At(end, What::kBatchFinish, id);
}

// Draws each unit's result. Where nothing is measured on the single unit, a charge of one passes or fails as a whole if it can be
// repeated; a larger one must not: that many failures at once would stop the line.
bool Planner::JudgeCarrier(Carrier& carrier, int64_t time) {
  bool any_first = false;
  const Item& item = plan_.model.items[carrier.item];
  const Operation& operation = item.operations[carrier.operation];
  const Place place = PlaceOf(carrier.item, carrier.operation, carrier.station);
  const uint64_t charge = Draw({plan_.demand.seed, item.hash, carrier.operation, plan_.units[carrier.slots.front().unit].number,
                                carrier.slots.front().run, static_cast<uint64_t>(Topic::kCharge)});
  const bool as_one = operation.quality && !operation.HasEveryUnitValue() && operation.rework_to >= 0 && carrier.slots.size() == 1;
  bool charge_fails = as_one && Uniform(charge) < 1 - operation.first_pass_yield;
  for (const Carrier::Slot& slot : carrier.slots) {
    const Unit& unit = plan_.units[slot.unit];
    for (const Tries& tries : unit.tries) {
      if (tries.operation == carrier.operation && tries.reworks >= operation.max_reworks) charge_fails = false;
    }
  }
  const bool dead = Faults() && !as_one && carrier.slots.size() > 1 && operation.HasEveryUnitValue() &&
                    operation.capacity <= 100 && Uniform(Mix(charge)) < kDeadChannels;
  const size_t dead_slot = Mix(charge + 1) % carrier.slots.size();
  for (size_t i = 0; i < carrier.slots.size(); ++i) {
    Carrier::Slot& slot = carrier.slots[i];
    Unit& unit = plan_.units[slot.unit];
    if (dead && i == dead_slot) {
      slot.outcome = Outcome::kMissing;
      continue;
    }
    const bool late = TooLate(unit, carrier.operation, Moment::kComplete, time);
    const bool first = (unit.attempted >> carrier.operation & 1) == 0;
    const bool may_fail = !first || first_runs_.MayFail(place, carrier.station, operation.first_pass_yield);
    const bool fails = late || (may_fail && (as_one ? charge_fails : DrawFailure(slot.unit)));
    slot.outcome = fails ? Outcome::kFail : Outcome::kPass;
    slot.by_eye = fails && (!operation.HasEveryUnitValue() || Uniform(Chance(unit, Topic::kCause)) < 0.1);
    if (first) {
      YieldCount& yield = YieldOf(unit);
      ++yield.first_runs;
      if (!fails) ++yield.first_passes;
      first_runs_.Add(place, carrier.station, !fails);
    }
    any_first = any_first || first;
    unit.attempted |= uint64_t{1} << carrier.operation;
  }
  return any_first;
}

void Planner::BatchFinish(uint32_t id, int64_t time) {
  Carrier& carrier = plan_.carriers[id];
  const Place place = PlaceOf(carrier.item, carrier.operation, carrier.station);
  std::vector<Ref> before = first_runs_.Before(place);
  const bool first = JudgeCarrier(carrier, time);
  const bool fails =
      std::any_of(carrier.slots.begin(), carrier.slots.end(), [](const Carrier::Slot& slot) { return slot.outcome == Outcome::kFail; });
  if (!fails) before.clear();
  const Ref done = EmitOnCarrier(id, {.time = time, .kind = Kind::kCompleted}, before);
  if (first) first_runs_.Brought(place, carrier.station, done);
  for (const Carrier::Slot& slot : carrier.slots) {
    if (slot.outcome != Outcome::kMissing) continue;
    plan_.units[slot.unit].last = {};  // this station saw to it last, by way of the carrier
    EmitFor(slot.unit, carrier.station, {.time = time + kSecond, .kind = Kind::kAborted});
  }
  const Ref out = EmitOnCarrier(id, {.time = time + 2 * kSecond, .kind = Kind::kUnloaded});
  const int station = carrier.station;
  for (const Carrier::Slot& slot : carrier.slots) {
    Unit& unit = plan_.units[slot.unit];
    unit.last = out;
    unit.station = -1;
    switch (slot.outcome) {
      case Outcome::kPass:
        Pass(slot.unit, time + 2 * kSecond);
        break;
      case Outcome::kFail:
        Fail(slot.unit, station, time + 2 * kSecond);
        break;
      case Outcome::kMissing:
        At(time + 60 * kSecond, What::kReady, slot.unit);
        break;
    }
  }
}

}  // namespace mes::mesctl::simulate
