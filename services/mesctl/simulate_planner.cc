#include "services/mesctl/simulate_planner.h"

#include <algorithm>
#include <stdexcept>

namespace mes::mesctl::simulate {
namespace {

// A retest passes more often than not; a repaired or repeated run fails half as often as a first one.
constexpr double kRetestFails = 0.25;
constexpr double kRepeatFails = 0.5;
constexpr double kStationIsWrong = 0.04;
constexpr double kAborts = 0.0008;
constexpr double kSwaps = 0.002;
constexpr double kBad = 0.0008;
constexpr uint64_t kTwiceOneIn = 200;
// A plan that never ends is a fault of the simulator: stop it.
constexpr int64_t kHorizon = 400 * kDay;

}  // namespace

Plan MakePlan(Model model, const Demand& demand) { return Planner(std::move(model), demand).Run(); }

Planner::Planner(Model model, const Demand& demand) {
  plan_.demand = demand;
  if (demand.systems < 0) plan_.demand.systems = SystemsForOwnStacks(demand.stacks, demand.trucks);
  plan_.model = std::move(model);
  plan_.prefix = "S" + std::to_string(demand.seed) + "-";
  const size_t stations = plan_.model.stations.size();
  const size_t items = plan_.model.items.size();
  if (stations >= UINT16_MAX) throw std::runtime_error("too many stations for this simulator");
  plan_.scripts.resize(stations);
  free_at_.assign(stations, demand.start);
  good_until_.resize(stations);
  waiting_.resize(items * kOperations);
  next_tick_.assign(items, demand.start);
  tick_set_.assign(items, false);
  turn_.assign(items, 0);
  numbers_.assign(items, 0);
  lot_numbers_.assign(items, 0);
  bought_estimate_.assign(items, 0);
  plan_.orders = PlanOrders(plan_.model, plan_.demand, plan_.prefix);
  MakeJobs();
}

Plan Planner::Run() {
  for (uint32_t item = 0; item < plan_.model.items.size(); ++item) {
    if (plan_.model.items[item].made) Tick(item, plan_.demand.start);
  }
  while (!queue_.empty()) {
    const Entry entry = queue_.top();
    queue_.pop();
    if (entry.time > plan_.demand.start + kHorizon)
      throw std::runtime_error("the plan does not end within 400 days: the demand cannot be met");
    Handle(entry);
  }
  for (const Job& job : jobs_) {
    if (job.wanted > 0 || job.more_wanted > 0 || job.postponed > 0) {
      throw std::runtime_error("the plan ends before " + plan_.orders[static_cast<size_t>(job.order)].code + " is met");
    }
  }
  for (const auto& script : plan_.scripts) plan_.total += static_cast<int64_t>(script.size());
  return std::move(plan_);
}

void Planner::Handle(const Entry& entry) {
  plan_.finish = std::max(plan_.finish, entry.time);
  switch (entry.what) {
    case What::kTick:
      tick_set_[entry.id] = false;
      Tick(entry.id, entry.time);
      return;
    case What::kReady:
      return Ready(entry.id, entry.time);
    case What::kStart:
      return Start(entry.id, entry.time);
    case What::kFinish:
      return Finish(entry.id, entry.time);
    case What::kBatchDue:
      waiting_[entry.id].due_set = false;
      return Form(entry.id, entry.time, true);
    case What::kBatchStart:
      return BatchStart(entry.id, entry.time);
    case What::kBatchFinish:
      return BatchFinish(entry.id, entry.time);
    case What::kCampaign: {
      Job& job = jobs_[entry.id];
      job.wanted += job.postponed;
      job.postponed = 0;
      return Poke(static_cast<int>(entry.id), entry.time);
    }
  }
}

Ref Planner::Emit(int station, PlannedEvent event, const std::vector<Ref>& after) {
  auto& script = plan_.scripts[static_cast<size_t>(station)];
  event.first_dependency = static_cast<uint32_t>(plan_.dependencies.size());
  for (const Ref& ref : after) {
    if (ref.sequence == 0 || ref.script == station) continue;  // its own script is in order anyway
    plan_.dependencies.push_back(ref);
  }
  event.dependencies = static_cast<uint16_t>(plan_.dependencies.size() - event.first_dependency);
  const uint32_t sequence = static_cast<uint32_t>(script.size() + 1);
  if (Faults() && Draw({plan_.demand.seed, static_cast<uint64_t>(station), sequence, static_cast<uint64_t>(Topic::kDuplicate)}) %
                          kTwiceOneIn ==
                      0) {
    event.flags |= kTwice;
    ++plan_.twice;
  }
  ++plan_.events[static_cast<size_t>(event.kind)];
  script.push_back(event);
  return {static_cast<uint16_t>(station), sequence};
}

Ref Planner::EmitFor(uint32_t unit, int station, PlannedEvent event, std::vector<Ref> after) {
  event.subject = unit;
  event.stage = plan_.units[unit].stage;
  event.operation = plan_.units[unit].operation;
  event.run = plan_.units[unit].runs;
  after.push_back(plan_.units[unit].last);
  const Ref done = Emit(station, event, after);
  plan_.units[unit].last = done;
  return done;
}

Ref Planner::Office(OfficeCall call) {
  plan_.office.push_back(call);
  return {plan_.OfficeScript(), static_cast<uint32_t>(plan_.office.size())};
}

Tries& Planner::TriesAt(Unit& unit, int operation) {
  for (Tries& tries : unit.tries) {
    if (tries.operation == operation) return tries;
  }
  return unit.tries.emplace_back(Tries{static_cast<uint8_t>(operation), 0, 0});
}

YieldCount& Planner::YieldOf(const Unit& unit) {
  const uint32_t root = static_cast<uint32_t>(plan_.orders[static_cast<size_t>(unit.order)].root);
  return plan_.yields[{root, unit.item, unit.operation}];
}

// Windows
// ---------------------------------------------------------------------------------------------------------------------------

int64_t Planner::Earliest(const Unit& unit, int operation, Moment moment, int64_t time) const {
  for (const Clock& clock : unit.clocks) {
    const Window& window = ItemOf(unit).windows[clock.window];
    if (window.to == operation && window.to_moment == moment && window.min > 0)
      time = std::max(time, clock.since + window.min + kSecond);
  }
  return time;
}

bool Planner::TooLate(const Unit& unit, int operation, Moment moment, int64_t time) const {
  return std::any_of(unit.clocks.begin(), unit.clocks.end(), [&](const Clock& clock) {
    const Window& window = ItemOf(unit).windows[clock.window];
    return window.to == operation && window.to_moment == moment && window.max > 0 && !window.only_flags &&
           time > clock.since + window.max - kSecond;
  });
}

void Planner::StartClocks(Unit& unit, int operation, Moment moment, int64_t since) {
  const auto& windows = ItemOf(unit).windows;
  for (size_t i = 0; i < windows.size(); ++i) {
    if (windows[i].from != operation || windows[i].from_moment != moment) continue;
    const auto known = std::find_if(unit.clocks.begin(), unit.clocks.end(), [&](const Clock& c) { return c.window == i; });
    if (known == unit.clocks.end()) {
      unit.clocks.push_back({static_cast<uint8_t>(i), since});
    } else if (moment != Moment::kMaterialOpen || since < known->since) {  // what was opened first counts
      known->since = since;
    }
  }
}

void Planner::EndClocks(Unit& unit, int operation, Moment moment) {
  std::erase_if(unit.clocks, [&](const Clock& clock) {
    const Window& window = ItemOf(unit).windows[clock.window];
    return window.to == operation && window.to_moment == moment;
  });
}

// Single runs
// -----------------------------------------------------------------------------------------------------------------------

int Planner::ChooseStation(const Operation& operation, int64_t time) const {
  int best = operation.stations.front();
  for (const int station : operation.stations) {
    const int64_t free = std::max(time, free_at_[static_cast<size_t>(station)]);
    if (free < std::max(time, free_at_[static_cast<size_t>(best)])) best = station;
  }
  return best;
}

bool Planner::Exclusive(const Unit& unit, const Operation& operation) const {
  if (!ItemOf(unit).IsLot()) return operation.exclusive;
  return operation.units_per_cycle * kMicro <
         1.5 * static_cast<double>(unit.quantity);  // else it stands among others in the oven or tank
}

int64_t Planner::Duration(const Unit& unit, const Operation& operation) const {
  double share = 1;
  if (ItemOf(unit).IsLot()) {
    share = std::max(1.0, static_cast<double>(unit.quantity) / kMicro / operation.units_per_cycle);
  } else if (!operation.batch) {
    share = 1 / operation.units_per_cycle;
  }
  return std::max<int64_t>(kSecond / 2, static_cast<int64_t>(static_cast<double>(operation.cycle) * share));
}

void Planner::Ready(uint32_t id, int64_t time) {
  Unit* unit = &plan_.units[id];
  if (unit->operation == ItemOf(*unit).split_before && unit->mother == UINT32_MAX) return Part(id, time);
  const Operation& operation = OperationOf(*unit);
  const int64_t earliest = Earliest(*unit, unit->operation, Moment::kStart, time);
  if (earliest > time) return At(earliest, What::kReady, id);
  for (const Window& window : ItemOf(*unit).windows) {
    if (window.to != unit->operation || window.from_moment != Moment::kQueue) continue;
    const size_t index = static_cast<size_t>(&window - ItemOf(*unit).windows.data());
    if (std::any_of(unit->clocks.begin(), unit->clocks.end(), [&](const Clock& c) { return c.window == index; })) continue;
    unit->station = ChooseStation(operation, time + window.min);
    EmitFor(id, unit->station, {.time = time, .kind = Kind::kArrived});
    unit = &plan_.units[id];
    StartClocks(*unit, unit->operation, Moment::kQueue, time);
    return At(Earliest(*unit, unit->operation, Moment::kStart, time), What::kReady, id);
  }
  if (operation.batch) return Wait(id, time);
  if (unit->station < 0) unit->station = ChooseStation(operation, time);
  int64_t start = time;
  if (Exclusive(*unit, operation)) {
    int64_t& free = free_at_[static_cast<size_t>(unit->station)];
    start = std::max(time, free);
    free = start + Duration(*unit, operation) + kSecond / 4;
  }
  At(start, What::kStart, id);
}

void Planner::Start(uint32_t id, int64_t time) {
  Unit& unit = plan_.units[id];
  const Operation& operation = OperationOf(unit);
  const int station = unit.station;
  if (TooLate(unit, unit.operation, Moment::kStart, time)) return Scrap(id, station, time);
  ++unit.runs;
  const bool first = !unit.started;
  const bool supplies = !operation.lines.empty() && (unit.supplied >> unit.operation & 1) == 0;
  EnsureConditions(station, operation, time);
  PlannedEvent event{.time = time, .kind = Kind::kStarted};
  if (first) {
    event.flags |= kCreates;
    event.object = static_cast<uint32_t>(unit.order);
    Order& order = plan_.orders[static_cast<size_t>(unit.order)];
    const int64_t amount = ItemOf(unit).IsLot() ? unit.quantity : kMicro;
    order.started += amount;
    if (order.supplement) order.ordered += amount;
    unit.started = true;
    unit.started_quantity = unit.quantity;
  }
  EndClocks(unit, unit.operation, Moment::kStart);
  StartClocks(unit, unit.operation, Moment::kStart, time);
  const int64_t duration = Duration(unit, operation);
  const bool plain = !first && !supplies && unit.failed < 0 && !operation.tightens && !operation.assigns_identity &&
                     unit.operation + 1 < static_cast<int>(ItemOf(unit).operations.size()) && !ItemOf(unit).IsLot();
  if (Faults() && plain && Uniform(Chance(unit, Topic::kAbort)) < kAborts) {
    EmitFor(id, station, event);
    EmitFor(id, station, {.time = time + duration / 2, .kind = Kind::kAborted});
    plan_.units[id].station = -1;
    return At(time + duration + 30 * kSecond, What::kReady, id);
  }
  // The gateway sent the completion first: kept and matched by the server. Not where a window's clock would start with it.
  const bool timed = std::any_of(ItemOf(unit).windows.begin(), ItemOf(unit).windows.end(),
                                 [&](const Window& w) { return w.from == unit.operation || w.to == unit.operation; });
  const bool swapped = Faults() && plain && !timed && Uniform(Chance(unit, Topic::kSwap)) < kSwaps && !DrawFailure(id);
  if (swapped) {
    ++plan_.late;
    unit.failed = -2;
    EnsureConditions(station, operation, time + duration);
  } else {
    const std::vector<Use> uses = supplies ? Gather(id, station, time) : std::vector<Use>();
    std::vector<Ref> named;  // materials named at the start must be known by then
    for (const Use& use : uses) {
      if (operation.names_materials) named.push_back(use.ready);
    }
    EmitFor(id, station, event, std::move(named));
    Supply(id, station, time + duration / 8, uses);
    if (Faults() && Uniform(Chance(plan_.units[id], Topic::kBad)) < kBad) Disturb(id, station, time + duration / 4);
  }
  At(Earliest(plan_.units[id], plan_.units[id].operation, Moment::kComplete, time + duration), What::kFinish, id);
}

void Planner::Disturb(uint32_t id, int station, int64_t time) {
  const Operation& operation = OperationOf(plan_.units[id]);
  constexpr Kind kKindsOfBad[] = {Kind::kBadUnit, Kind::kBadOperation, Kind::kBadValue, Kind::kBadReplicates};
  const Kind kind = kKindsOfBad[Chance(plan_.units[id], Topic::kBad, 1) % 4];
  if ((kind == Kind::kBadValue || kind == Kind::kBadReplicates) && operation.characteristics.empty()) return;
  EmitFor(id, station, {.time = time, .kind = kind});
}

bool Planner::DrawFailure(uint32_t id) const {
  const Unit& unit = plan_.units[id];
  const Operation& operation = OperationOf(unit);
  const auto tries =
      std::find_if(unit.tries.begin(), unit.tries.end(), [&](const Tries& t) { return t.operation == unit.operation; });
  const int retests = tries == unit.tries.end() ? 0 : tries->retests;
  const int reworks = tries == unit.tries.end() ? 0 : tries->reworks;
  const bool recoverable = retests < operation.max_retests || (operation.rework_to >= 0 && reworks < operation.max_reworks);
  // A roll is too big to throw away: its losses are metres cut out.
  if (ItemOf(unit).IsLot() && !recoverable) return false;
  double odds = 1 - operation.first_pass_yield;
  if (unit.failed == unit.operation) {
    odds = kRetestFails;
  } else if ((unit.attempted >> unit.operation & 1) != 0) {
    odds *= kRepeatFails;
  }
  return Uniform(Chance(unit, Topic::kFail)) < odds;
}

void Planner::Finish(uint32_t id, int64_t time) {
  Unit& unit = plan_.units[id];
  const Operation& operation = OperationOf(unit);
  const int station = unit.station;
  const bool swapped = unit.failed == -2;
  if (swapped) unit.failed = -1;
  const bool late = TooLate(unit, unit.operation, Moment::kComplete, time);
  const bool first = (unit.attempted >> unit.operation & 1) == 0;
  const Place place = PlaceOf(unit.item, unit.operation, station);
  const bool may_fail = !first || first_runs_.MayFail(place, station, operation.first_pass_yield);
  const bool fails = late || (!swapped && may_fail && DrawFailure(id));
  std::vector<Ref> before;
  if (first) {
    YieldCount& yield = YieldOf(unit);
    ++yield.first_runs;
    if (!fails) ++yield.first_passes;
    if (fails) before = first_runs_.Before(place);
    first_runs_.Add(place, station, !fails);
  }
  unit.attempted |= uint64_t{1} << unit.operation;
  const bool sampled = ItemOf(unit).IsLot() || Uniform(Chance(unit, Topic::kSampled)) < 0.1;
  PlannedEvent event{.time = time, .kind = Kind::kCompleted};
  if (sampled) event.flags |= kSampled;
  if (fails) {
    event.flags |= kFails;
    if (!operation.HasEveryUnitValue() || Uniform(Chance(unit, Topic::kCause)) < 0.1)
      event.flags |= kByEye;
    else if (Faults() && !operation.tightens && Uniform(Chance(unit, Topic::kMismatch)) < kStationIsWrong)
      event.flags |= kStationPasses;
  }
  const bool replicated = std::any_of(operation.characteristics.begin(), operation.characteristics.end(),
                                      [](const Characteristic& c) { return c.every_unit && c.replicates > 1; });
  if (replicated) {
    EmitFor(
        id, station,
        {.time = time - kSecond / 10, .kind = Kind::kMeasured, .flags = static_cast<uint8_t>(event.flags & (kFails | kByEye))});
  }
  if (!fails && unit.operation + 1 == static_cast<int>(ItemOf(unit).operations.size()) && ItemOf(unit).group > 0) {
    // Sorted so that each block of good ones is one whole group.
    Job& job = jobs_[static_cast<size_t>(unit.job)];
    const uint64_t block = static_cast<uint64_t>(job.sorted++ / ItemOf(unit).group);
    const double draw = Uniform(Draw(
        {plan_.demand.seed, ItemOf(unit).hash, static_cast<uint64_t>(unit.job), block, static_cast<uint64_t>(Topic::kGrade)}));
    unit.grade = draw < 0.75 ? 1 : draw < 0.95 ? 2 : 3;
    event.object = unit.grade;
  }
  if (!fails && ItemOf(unit).IsLot() && operation.scrap_rate > 0) {
    const double loss = operation.scrap_rate * (0.5 + Uniform(Chance(unit, Topic::kLoss)));
    const int64_t good = static_cast<int64_t>(static_cast<double>(unit.quantity) * (1 - loss)) / 1000 * 1000;
    plan_.orders[static_cast<size_t>(unit.order)].scrapped += unit.quantity - good;
    jobs_[static_cast<size_t>(unit.job)].lots_running -= unit.quantity - good;
    unit.quantity = good;
    event.object = static_cast<uint32_t>(good / 1000);
  }
  Ref done = EmitFor(id, station, event, std::move(before));
  if (swapped)
    done = EmitFor(id, station, {.time = time - Duration(unit, operation), .kind = Kind::kStarted, .flags = kLateReport});
  if (first) first_runs_.Brought(place, station, done);
  unit.station = -1;
  if (fails) return Fail(id, station, time);
  Pass(id, time);
}

void Planner::Pass(uint32_t id, int64_t time) {
  Unit& unit = plan_.units[id];
  const Operation& operation = OperationOf(unit);
  unit.failed = -1;
  TriesAt(unit, unit.operation).retests = 0;
  EndClocks(unit, unit.operation, Moment::kComplete);
  StartClocks(unit, unit.operation, Moment::kComplete, time);
  if (operation.assigns_identity) {
    ++unit.stage;
    unit.identity_time = time;
  }
  if (++unit.operation == ItemOf(unit).operations.size()) {
    --unit.operation;
    return Finished(id, time);
  }
  const int64_t move = 5 * kSecond + static_cast<int64_t>(Uniform(Chance(unit, Topic::kMove)) * 20) * kSecond;
  At(time + move, What::kReady, id);
}

void Planner::Fail(uint32_t id, int station, int64_t time) {
  Unit& unit = plan_.units[id];
  const Operation& operation = OperationOf(unit);
  Tries& tries = TriesAt(unit, unit.operation);
  const bool retested = unit.failed == unit.operation;
  if (retested) ++tries.retests;
  unit.failed = unit.operation;
  const bool retest = tries.retests < operation.max_retests;
  const bool rework = operation.rework_to >= 0 && tries.reworks < operation.max_reworks;
  const double lost = operation.first_pass_yield < 1 ? operation.scrap_rate / (1 - operation.first_pass_yield) : 0;
  const bool lot = ItemOf(unit).IsLot();
  const bool hopeless = !lot && !retested && Uniform(Chance(unit, Topic::kScrap)) < lost;
  if (hopeless || (!retest && !rework)) return Scrap(id, station, time + kSecond);
  if (!retest) {
    ++tries.reworks;
    const int from = operation.rework_to;
    for (Tries& each : unit.tries) {
      if (each.operation >= from) each.retests = 0;
    }
    std::erase_if(unit.clocks, [&](const Clock& clock) { return ItemOf(unit).windows[clock.window].from >= from; });
    unit.failed = -1;
    unit.operation = static_cast<uint8_t>(from);
  }
  unit.station = -1;
  At(time + (retest ? 60 : 600) * kSecond, What::kReady, id);
}

void Planner::Scrap(uint32_t id, int station, int64_t time) {
  if (station < 0) station = ChooseStation(OperationOf(plan_.units[id]), time);
  EmitFor(id, station, {.time = time, .kind = Kind::kScrapped});
  Unit& unit = plan_.units[id];
  unit.status = Status::kScrapped;
  ++YieldOf(unit).scrapped;
  Order& order = plan_.orders[static_cast<size_t>(unit.order)];
  Job& job = jobs_[static_cast<size_t>(unit.job)];
  order.scrapped += ItemOf(unit).IsLot() ? unit.quantity : kMicro;
  if (ItemOf(unit).IsLot()) {
    job.lots_running -= unit.quantity;
  } else {
    --job.running;
  }
  // What was not built in yet goes back; what was is lost with it, and asked for again.
  if (!unit.reserved.empty()) {
    for (const uint32_t part : unit.reserved) {
      Unit& component = plan_.units[part];
      if (component.job >= 0) jobs_[static_cast<size_t>(component.job)].good[component.grade].push_front(part);
    }
    unit.reserved.clear();
  }
  std::map<int, int64_t> lost;
  for (const uint32_t part : unit.inside) {
    if (plan_.units[part].job >= 0) ++lost[plan_.units[part].job];
  }
  for (const auto& [supplier, count] : lost) AskForMore(supplier, count, time);
  if (order.supplement) {
    ++job.more_wanted;
    return Poke(unit.job, time);
  }
  job.scrapped.push_back(unit.last);
  const bool opens = std::any_of(ItemOf(unit).windows.begin(), ItemOf(unit).windows.end(),
                                 [](const Window& w) { return w.from_moment == Moment::kMaterialOpen; });
  if (!opens) {
    ++job.wanted;
    return Poke(unit.job, time);
  }
  // Reels are opened for a whole campaign, not for one piece.
  if (job.postponed++ == 0) {
    const int64_t days = (time - plan_.demand.start) / kDay + 1;
    At(plan_.demand.start + days * kDay, What::kCampaign, static_cast<uint32_t>(unit.job));
  }
}

void Planner::Finished(uint32_t id, int64_t time) {
  Unit& unit = plan_.units[id];
  unit.status = Status::kFinished;
  Job& job = jobs_[static_cast<size_t>(unit.job)];
  Order& order = plan_.orders[static_cast<size_t>(unit.order)];
  if (ItemOf(unit).IsLot()) {
    order.good += unit.quantity;
    job.lots_running -= unit.quantity;
    plan_.lots.push_back({unit.item, unit.number, id, unit.quantity, unit.quantity, time, 0, unit.last});
    job.lots.push_back(static_cast<uint32_t>(plan_.lots.size() - 1));
  } else {
    order.good += kMicro;
    --job.running;
    job.good[unit.grade].push_back(id);
  }
  for (const int user : job.users) Poke(user, time);
}

// A mother roll becomes six reels; what it was goes on in them.
void Planner::Part(uint32_t mother, int64_t time) {
  constexpr int kReels = 6;
  const uint32_t first = static_cast<uint32_t>(plan_.units.size());
  const Ref parted = Office({OfficeKind::kSplitLot, time, mother, first, kReels, plan_.units[mother].last});
  const int64_t reel = plan_.units[mother].quantity / kReels / 1000 * 1000;
  int64_t rest = plan_.units[mother].quantity;
  plan_.units[mother].status = Status::kParted;
  for (int i = 0; i < kReels; ++i) {
    Unit part = plan_.units[mother];
    part.status = Status::kInProcess;
    part.mother = mother;
    part.number = ++numbers_[part.item];
    part.quantity = i + 1 < kReels ? reel : rest;
    part.started_quantity = part.quantity;
    part.last = parted;
    rest -= part.quantity;
    plan_.units.push_back(std::move(part));
    At(time + kSecond, What::kReady, static_cast<uint32_t>(plan_.units.size() - 1));
  }
}

}  // namespace mes::mesctl::simulate
