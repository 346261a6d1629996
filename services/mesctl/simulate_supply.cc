// Demand and supply of the plan: who waits for what, which lots and components are taken, what is bought, and the conditions that
// the stations report before they start.
#include <algorithm>
#include <stdexcept>

#include "services/mesctl/simulate_planner.h"

namespace mes::mesctl::simulate {
namespace {

// Electrodes that are made on top, for cells that will be scrapped; what is short later is made then, which takes days.
constexpr double kSpareElectrode = 0.08;
// Assemblies whose scrap is provided for where a component takes longer than this to make.
constexpr int64_t kLongLead = 3 * kDay;
constexpr double kSpareAssemblies = 0.012;
constexpr int64_t kOldestLot = 20 * kDay;
constexpr int kReelsOfRoll = 6;
constexpr const char* kStack = "STK-148";

}  // namespace

void Planner::MakeJobs() {
  std::map<std::pair<int32_t, uint32_t>, int> job_of;  // (root, item)
  int stack_job = -1;
  for (size_t i = 0; i < plan_.orders.size(); ++i) {
    const Order& order = plan_.orders[i];
    if (order.bought_instead) continue;
    Job job;
    job.item = order.item;
    job.order = static_cast<int32_t>(i);
    job.wanted = plan_.model.items[order.item].IsLot() ? order.ordered : order.ordered / kMicro;
    job.free_starts = job.wanted;
    job_of[{order.root, order.item}] = static_cast<int>(jobs_.size());
    if (order.root == static_cast<int32_t>(i) && plan_.model.items[order.item].code == kStack)
      stack_job = static_cast<int>(jobs_.size());
    jobs_.push_back(std::move(job));
  }
  for (size_t i = 0; i < jobs_.size(); ++i) {
    Job& job = jobs_[i];
    const int32_t root = plan_.orders[static_cast<size_t>(job.order)].root;
    const int64_t assemblies = plan_.model.items[job.item].IsLot() ? 0 : job.wanted;
    for (const Operation& operation : plan_.model.items[job.item].operations) {
      for (const BomLine& line : operation.lines) {
        const Item& child = plan_.model.items[static_cast<size_t>(line.item)];
        bought_estimate_[static_cast<size_t>(line.item)] += line.Slots() * assemblies;
        if (!child.made) continue;
        const auto found = job_of.find({root, static_cast<uint32_t>(line.item)});
        const int supplier = found != job_of.end() ? found->second : child.code == kStack ? stack_job : -1;
        if (supplier < 0) continue;
        job.supplies[line.item] = supplier;
        jobs_[static_cast<size_t>(supplier)].users.push_back(static_cast<int>(i));
        Job& maker = jobs_[static_cast<size_t>(supplier)];
        if (child.IsLot()) {
          maker.more_wanted =
              child.split_before >= 0 ? static_cast<int64_t>(static_cast<double>(maker.wanted) * kSpareElectrode) : 0;
        } else if (child.lead_time > kLongLead && found != job_of.end()) {
          maker.spare = line.Slots() * (static_cast<int64_t>(static_cast<double>(assemblies) * kSpareAssemblies) + 1);
          maker.more_wanted = maker.spare;
        }
      }
    }
  }
  // Own stacks go round: two thirds of what the trucks need, pairs first; the rest into systems of their own.
  int64_t own = plan_.demand.stacks;
  for (const bool of_trucks : {true, false}) {
    for (const int64_t pair : {2, 1}) {
      for (Job& job : jobs_) {
        const bool root = plan_.orders[static_cast<size_t>(job.order)].root == job.order;
        for (const Operation& operation : plan_.model.items[job.item].operations) {
          for (const BomLine& line : operation.lines) {
            if (plan_.model.items[static_cast<size_t>(line.item)].code != kStack || line.Slots() != pair || root == of_trucks)
              continue;
            const int64_t share = of_trucks ? job.wanted * 2 / 3 : job.wanted;
            job.own_left = std::min(own / pair, share) * pair;
            own -= job.own_left;
          }
        }
      }
    }
  }
}

// One start of the item where demand and supplies allow it, and the next at the pace of the busiest operation.
void Planner::Tick(uint32_t item, int64_t time) {
  if (time < next_tick_[item]) {
    if (!tick_set_[item]) {
      tick_set_[item] = true;
      At(next_tick_[item], What::kTick, item);
    }
    return;
  }
  for (size_t tried = 0; tried < jobs_.size(); ++tried) {
    const size_t at = turn_[item]++ % jobs_.size();
    if (jobs_[at].item != item || !Release(static_cast<int>(at), time)) continue;
    next_tick_[item] = time + std::max<int64_t>(plan_.model.items[item].takt, kSecond / 2);
    tick_set_[item] = true;
    return At(next_tick_[item], What::kTick, item);
  }
}

void Planner::Poke(int job, int64_t time) { Tick(jobs_[static_cast<size_t>(job)].item, time); }

int32_t Planner::Supplement(Job& job) {
  if (job.supplement >= 0) return job.supplement;
  const Order& main = plan_.orders[static_cast<size_t>(job.order)];
  Order order{main.code + "/MORE", main.item, 0, job.order, main.root};
  order.supplement = true;
  plan_.orders.push_back(std::move(order));
  job.supplement = static_cast<int32_t>(plan_.orders.size() - 1);
  return job.supplement;
}

bool Planner::Release(int index, int64_t time) {
  Job& job = jobs_[static_cast<size_t>(index)];
  if (plan_.model.items[job.item].IsLot()) return ReleaseLot(job, time);
  const bool main = job.wanted > 0 && (job.free_starts > 0 || !job.scrapped.empty());
  if (!main && job.more_wanted <= 0) return false;
  Unit unit;
  unit.item = job.item;
  unit.job = index;
  if (!TakeSupplies(job, unit, time)) return false;
  unit.number = ++numbers_[job.item];
  ++job.running;
  if (main) {
    unit.order = job.order;
    --job.wanted;
    if (job.free_starts > 0) {
      --job.free_starts;
    } else {
      unit.last = job.scrapped.front();
      job.scrapped.pop_front();
    }
  } else {
    unit.order = Supplement(job);
    --job.more_wanted;
  }
  plan_.units.push_back(std::move(unit));
  At(time, What::kReady, static_cast<uint32_t>(plan_.units.size() - 1));
  return true;
}

bool Planner::ReleaseLot(Job& job, int64_t time) {
  const Item& item = plan_.model.items[job.item];
  const bool main = job.wanted > 0;
  int64_t& wanted = main ? job.wanted : job.more_wanted;
  if (wanted <= 0) return false;
  Unit unit;
  unit.item = job.item;
  unit.job = static_cast<int32_t>(&job - jobs_.data());
  unit.quantity = std::min(wanted, item.batch_micro);
  // No stub of a roll: the last two share.
  if (wanted > item.batch_micro && wanted < 2 * item.batch_micro) unit.quantity = wanted / 2 / 1000 * 1000;
  wanted -= unit.quantity;
  job.lots_running += unit.quantity;
  unit.order = main ? job.order : Supplement(job);
  unit.number = ++numbers_[job.item];
  plan_.units.push_back(std::move(unit));
  At(time, What::kReady, static_cast<uint32_t>(plan_.units.size() - 1));
  return true;
}

bool Planner::HasComponents(Job& job, const BomLine& line, uint8_t& grade) const {
  const auto supplier = job.supplies.find(line.item);
  const bool bought = supplier == job.supplies.end() || job.own_left < line.Slots();
  grade = 0;
  if (bought) return true;
  for (const auto& [each, units] : jobs_[static_cast<size_t>(supplier->second)].good) {
    if (units.size() < static_cast<size_t>(line.Slots())) continue;
    grade = each;
    return true;
  }
  return false;
}

bool Planner::TakeSupplies(Job& job, Unit& unit, int64_t time) {
  struct Taken {
    const BomLine* line;
    uint8_t grade;
    int64_t reel;
  };
  std::vector<Taken> taken;
  for (const Operation& operation : plan_.model.items[job.item].operations) {
    for (const BomLine& line : operation.lines) {
      const Item& child = plan_.model.items[static_cast<size_t>(line.item)];
      if (!child.made) continue;
      Taken each{&line, 0, -1};
      if (child.IsLot()) {
        each.reel = FindReel(job, line, time);
        if (each.reel < 0) return false;
      } else if (!HasComponents(job, line, each.grade) && !BoughtInstead(job, line, time)) {
        return false;
      }
      taken.push_back(each);
    }
  }
  for (const Taken& each : taken) {
    if (each.reel >= 0) {
      plan_.lots[static_cast<size_t>(each.reel)].left -= each.line->quantity_micro;
      unit.reels.push_back(static_cast<uint32_t>(each.reel));
      continue;
    }
    const auto supplier = job.supplies.find(each.line->item);
    const bool bought = supplier == job.supplies.end() || job.own_left < each.line->Slots();
    if (!bought && job.own_left != INT64_MAX) job.own_left -= each.line->Slots();
    for (int slot = 0; slot < each.line->Slots(); ++slot) {
      if (bought) {
        unit.reserved.push_back(Bought(static_cast<uint32_t>(each.line->item), time));
        continue;
      }
      auto& good = jobs_[static_cast<size_t>(supplier->second)].good[each.grade];
      unit.reserved.push_back(good.front());
      good.pop_front();
    }
  }
  return true;
}

// The reel to take from now; -1 = none, and more is made.
int64_t Planner::FindReel(Job& job, const BomLine& line, int64_t time) {
  const int supplier = job.supplies.at(line.item);
  Job& maker = jobs_[static_cast<size_t>(supplier)];
  int64_t open_limit = INT64_MAX;
  for (const Window& window : plan_.model.items[job.item].windows) {
    if (window.from_moment == Moment::kMaterialOpen && window.max > 0) open_limit = std::min(open_limit, window.max / 2);
  }
  int64_t age_limit = INT64_MAX;
  for (const Window& window : plan_.model.items[static_cast<size_t>(line.item)].windows) {
    if (window.to_moment == Moment::kConsumed && window.max > 0) age_limit = window.max - 2 * kDay;
  }
  while (!maker.lots.empty()) {
    const Lot& lot = plan_.lots[maker.lots.front()];
    const bool stale = (lot.opened != 0 && time - lot.opened > open_limit) || time - lot.made > age_limit;
    if (!stale && lot.left >= line.quantity_micro) return maker.lots.front();
    maker.lots.pop_front();
  }
  Shortage(job, line, supplier, time);
  return -1;
}

void Planner::Shortage(Job& job, const BomLine& line, int supplier, int64_t time) {
  Job& maker = jobs_[static_cast<size_t>(supplier)];
  if (maker.lots_running > 0 || maker.wanted > 0 || maker.more_wanted > 0) return;
  const Item& item = plan_.model.items[maker.item];
  const int64_t need = (job.wanted + job.more_wanted + job.postponed) * line.quantity_micro;
  const int64_t least = line.quantity_micro * (item.split_before >= 0 ? 10 * kReelsOfRoll : 100);
  maker.more_wanted = std::max(least, static_cast<int64_t>(static_cast<double>(need) * 1.1) / 1000 * 1000);
  Poke(supplier, time);
}

// For a job that is short of components: where none is on its way any more, whether bought ones take their place; else one more
// group is asked for. It comes to that when the good ones are of several grades, of none enough.
bool Planner::BoughtInstead(Job& job, const BomLine& line, int64_t time) {
  const int supplier = job.supplies.at(line.item);
  Job& maker = jobs_[static_cast<size_t>(supplier)];
  if (maker.running > 0 || maker.wanted > 0 || maker.more_wanted > 0 || maker.postponed > 0) return false;
  const Item& item = plan_.model.items[maker.item];
  if (item.code == kStack) {
    job.own_left = 0;
    return true;
  }
  int64_t units = line.Slots();
  if (item.group > 0) {
    units = item.group - maker.sorted % item.group;  // a block that is not full is filled first
  } else {
    units -= static_cast<int64_t>(maker.good[0].size());
  }
  maker.spare = 0;  // none that fits
  AskForMore(supplier, units, time);
  return false;
}

// More components than the order has, since some are lost in scrapped assemblies: spare ones first, then under a supplement,
// which in turn takes components that no order has, down to what is made in lots.
void Planner::AskForMore(int index, int64_t units, int64_t time) {
  Job& job = jobs_[static_cast<size_t>(index)];
  const Item& item = plan_.model.items[job.item];
  if (item.code == kStack) return;  // a bought one takes its place
  const int64_t spare = std::min(job.spare, units);
  job.spare -= spare;
  units -= spare;
  if (units == 0) return;
  for (const Operation& operation : item.operations) {
    for (const BomLine& line : operation.lines) {
      const auto supplier = job.supplies.find(line.item);
      if (supplier == job.supplies.end() || plan_.model.items[static_cast<size_t>(line.item)].IsLot()) continue;
      AskForMore(supplier->second, units * line.Slots(), time);
    }
  }
  job.more_wanted += units;
  Poke(index, time);
}

// What a run uses, when it first runs: components and lots are chosen, bought, opened.
std::vector<Planner::Use> Planner::Gather(uint32_t id, int station, int64_t time) {
  Unit& unit = plan_.units[id];
  const Item& item = ItemOf(unit);
  const bool opens = std::any_of(item.windows.begin(), item.windows.end(), [&](const Window& w) {
    return w.from == unit.operation && w.from_moment == Moment::kMaterialOpen;
  });
  std::vector<Use> uses;
  unit.supplied |= uint64_t{1} << unit.operation;
  if (item.IsLot()) plan_.consumed_for[{id, unit.operation}] = unit.quantity;
  for (const BomLine& line : OperationOf(unit).lines) {
    const Item& child = plan_.model.items[static_cast<size_t>(line.item)];
    if (!child.IsLot()) {
      for (int slot = 0; slot < line.Slots(); ++slot) {
        uint32_t part = 0;
        if (child.made) {
          part = unit.reserved.front();
          unit.reserved.erase(unit.reserved.begin());
        } else {
          part = Bought(static_cast<uint32_t>(line.item), time);
        }
        uses.push_back({part, false, plan_.units[part].last});
      }
      continue;
    }
    int64_t need = line.quantity_micro;
    if (item.IsLot()) need = std::max<int64_t>(1, static_cast<int64_t>(static_cast<__int128>(need) * unit.quantity / kMicro));
    uint32_t lot = 0;
    if (child.made) {
      lot = unit.reels.front();
      unit.reels.erase(unit.reels.begin());
    } else {
      lot = BoughtLot(station, static_cast<uint32_t>(line.item), need, time, opens && item.IsLot());
      plan_.lots[lot].left -= need;
    }
    if (opens && (child.made || item.IsLot())) Open(lot, time);
    uses.push_back({lot, true, plan_.lots[lot].ready});
  }
  return uses;
}

// Lots are consumed, components built in.
void Planner::Supply(uint32_t id, int station, int64_t time, const std::vector<Use>& uses) {
  Unit& unit = plan_.units[id];
  for (const Use& use : uses) {
    EmitFor(id, station, {.time = time, .object = use.object, .kind = use.lot ? Kind::kConsumed : Kind::kInstalled}, {use.ready});
    const int64_t opened = use.lot ? plan_.lots[use.object].opened : 0;
    StartClocks(unit, unit.operation, Moment::kMaterialOpen, opened != 0 ? opened : time);
    if (!use.lot) unit.inside.push_back(use.object);
  }
}

void Planner::Open(uint32_t index, int64_t time) {
  Lot& lot = plan_.lots[index];
  if (lot.opened != 0) return;
  lot.opened = time;
  lot.ready = Office({OfficeKind::kOpenLot, time, index, 0, 0, lot.ready});
}

uint32_t Planner::Bought(uint32_t item, int64_t time) {
  auto& stock = stock_[item];
  if (stock.empty()) {
    int64_t& estimate = bought_estimate_[item];
    const int64_t count = std::clamp<int64_t>(estimate, 8, 1'000);
    estimate = std::max<int64_t>(0, estimate - count);
    const uint32_t first = static_cast<uint32_t>(plan_.units.size());
    const Ref received = Office({OfficeKind::kReceiveUnits, time, 0, first, static_cast<uint32_t>(count), {}});
    for (int64_t i = 0; i < count; ++i) {
      Unit unit;
      unit.item = item;
      unit.number = ++numbers_[item];
      unit.status = Status::kFinished;
      unit.last = received;
      plan_.units.push_back(std::move(unit));
      stock.push_back(first + static_cast<uint32_t>(i));
    }
  }
  const uint32_t unit = stock.front();
  stock.pop_front();
  return unit;
}

// The station's own box, drum or roll of the material; a new one when it is empty or old.
uint32_t Planner::BoughtLot(int station, uint32_t item, int64_t need, int64_t time, bool alone) {
  const auto open = open_lots_.find({station, item});
  if (!alone && open != open_lots_.end()) {
    const Lot& lot = plan_.lots[open->second];
    if (lot.left >= need && time - lot.made < kOldestLot) return open->second;
  }
  // A lot of powder lasts for a few charges, a box of lids for a few hundred cells.
  const int64_t uses = alone ? 1 : need >= 100 * kMicro ? 3 : 400;
  const int64_t quantity = (need * uses / kMicro + 1) * kMicro;
  Lot lot{item, ++lot_numbers_[item], UINT32_MAX, quantity, quantity, time - kHour, 0, {}};
  const uint32_t index = static_cast<uint32_t>(plan_.lots.size());
  plan_.lots.push_back(lot);
  plan_.lots.back().ready = Office({OfficeKind::kReceiveLot, time, index, 0, 0, {}});
  if (!alone) open_lots_[{station, item}] = index;
  return index;
}

// Reports every condition that guards the operation and that would not hold for the next minute.
void Planner::EnsureConditions(int station, const Operation& operation, int64_t time) {
  for (const v1::ConditionKind kind : operation.conditions) {
    int64_t& until = good_until_[static_cast<size_t>(station)][static_cast<int>(kind)];
    if (until > time + 60 * kSecond) continue;
    PlannedEvent event{.time = time - kSecond / 1000, .object = static_cast<uint32_t>(kind), .kind = Kind::kCondition};
    until = event.time + LongestValidity(kind);
    Emit(station, event, {});
    // Now and then an old report comes in after the new one.
    if (!Faults() || ++conditions_ % 97 != 0) continue;
    event.time -= 30 * 60 * kSecond;
    event.flags |= kLateReport;
    ++plan_.late;
    Emit(station, event, {});
  }
}

}  // namespace mes::mesctl::simulate
