#include "domain/schedule.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>
#include <unordered_map>

#include "domain/quantity.h"

namespace mes::domain {
namespace {

// A supply's or producer's quantity on the day from which others can use it.
struct Available {
  int32_t day = 0;
  int64_t micro = 0;
  // Entry of `planned`; -1 = a supply.
  int32_t producer = -1;
};

// Everything that a need got, by day, and what of it is nowhere within the horizon.
struct Taken {
  std::vector<Available> lots;
  // What holds the consumer up.
  int64_t wanted_micro = 0;
  int64_t missing_micro = 0;
  // Entry of `planned` that should have made what is missing; -1 = there is none.
  int32_t short_producer = -1;
};

int64_t RoundUp(double micro) {
  // Doubles carry a hair more than the exact product; a millionth must not be asked for because of it.
  return static_cast<int64_t>(std::ceil(micro - 1e-3));
}

// Free time of a line group by day, and the next day that has any.
class Calendar {
 public:
  Calendar(const ScheduleItem& item, int32_t days)
      : free_ms_(static_cast<size_t>(days), 0), next_(static_cast<size_t>(days) + 1) {
    const size_t known = std::min(free_ms_.size(), item.planned_ms.size());
    for (size_t day = 0; day < known; ++day) free_ms_[day] = std::max<int64_t>(0, item.planned_ms[day]);
    std::iota(next_.begin(), next_.end(), 0);
    for (size_t day = 0; day < free_ms_.size(); ++day) {
      if (free_ms_[day] == 0) next_[day] = static_cast<int32_t>(day) + 1;
    }
  }

  // The first day from `day` on with free time; the horizon's length = none.
  int32_t NextFree(int32_t day) {
    int32_t found = day;
    while (next_[static_cast<size_t>(found)] != found) found = next_[static_cast<size_t>(found)];
    while (next_[static_cast<size_t>(day)] != day) {
      const int32_t following = next_[static_cast<size_t>(day)];
      next_[static_cast<size_t>(day)] = found;
      day = following;
    }
    return found;
  }

  int64_t free_ms(int32_t day) const { return free_ms_[static_cast<size_t>(day)]; }

  void Book(int32_t day, int64_t ms) {
    int64_t& free = free_ms_[static_cast<size_t>(day)];
    free -= ms;
    if (free == 0) next_[static_cast<size_t>(day)] = day + 1;
  }

 private:
  std::vector<int64_t> free_ms_;
  std::vector<int32_t> next_;
};

// Milliseconds for one good unit on a day; 0 = nothing can be made.
double MillisecondsPerGood(const ScheduleItem& item, int32_t day) {
  double seconds = 0;
  for (const ScheduleRate& rate : item.rates) {
    if (rate.from_day > day) break;
    seconds = rate.seconds_per_good;
  }
  return std::isfinite(seconds) && seconds > 0 ? seconds * 1000 : 0;
}

int64_t MadeIn(int64_t ms, double ms_per_good) {
  return static_cast<int64_t>(std::floor(static_cast<double>(ms) * static_cast<double>(kMicro) / ms_per_good));
}

int64_t TimeFor(int64_t micro, double ms_per_good) {
  return static_cast<int64_t>(std::ceil(static_cast<double>(micro) * ms_per_good / static_cast<double>(kMicro)));
}

// A need while its consumer is walked through the days.
struct Flow {
  int32_t item = 0;
  double per_good = 0;
  std::vector<Available> lots;
  size_t next = 0;
  int64_t there_micro = 0;
  int64_t wanted_micro = 0;

  void Advance(int32_t day) {
    while (next < lots.size() && lots[next].day <= day) there_micro += lots[next++].micro;
  }
  // Good units that what is there is enough for.
  int64_t Allows() const { return static_cast<int64_t>(std::floor(static_cast<double>(there_micro) / per_good + 1e-6)); }
};

class Planner {
 public:
  explicit Planner(const ScheduleInput& input) : input_(input) {
    for (const ScheduleItem& item : input.items) calendars_.emplace_back(item, input.days);
    schedule_.booked_ms.assign(input.items.size(), std::vector<int64_t>(static_cast<size_t>(input.days), 0));
    for (const ScheduleSupply& supply : input.supplies) {
      schedule_.supply_left_micro.push_back(std::max<int64_t>(0, supply.quantity_micro));
    }
    SortSupplies();
    FindDepths();
  }

  Schedule Run() {
    for (const std::vector<int32_t>& tree : Trees()) PlanTree(tree);
    return std::move(schedule_);
  }

 private:
  using Pool = std::map<int32_t, std::vector<Available>>;

  const ScheduleItem& item(int32_t index) const { return input_.items[static_cast<size_t>(index)]; }
  const ScheduleOrder& order(int32_t index) const { return input_.orders[static_cast<size_t>(index)]; }

  void SortSupplies() {
    std::vector<int32_t> by_day(input_.supplies.size());
    std::iota(by_day.begin(), by_day.end(), 0);
    std::stable_sort(by_day.begin(), by_day.end(), [&](int32_t left, int32_t right) {
      return input_.supplies[static_cast<size_t>(left)].day < input_.supplies[static_cast<size_t>(right)].day;
    });
    supplies_.resize(input_.items.size());
    for (const int32_t index : by_day) {
      const ScheduleSupply& supply = input_.supplies[static_cast<size_t>(index)];
      if (supply.item < 0 || static_cast<size_t>(supply.item) >= input_.items.size()) continue;
      supplies_[static_cast<size_t>(supply.item)].push_back(index);
    }
  }

  // How many levels are below an item: components have fewer than what needs them. Definitions have no cycles (CheckPlant); the
  // bound only ends the loop.
  void FindDepths() {
    depth_.assign(input_.items.size(), 0);
    for (size_t round = 0; round < input_.items.size(); ++round) {
      bool moved = false;
      for (size_t i = 0; i < input_.items.size(); ++i) {
        for (const ScheduleNeed& need : input_.items[i].needs) {
          const int32_t below = depth_[static_cast<size_t>(need.item)] + 1;
          if (below > depth_[i]) depth_[i] = below, moved = true;
        }
      }
      if (!moved) return;
    }
  }

  auto RankOf(int32_t index) const {
    constexpr int32_t kNoDate = INT32_MAX;
    return std::tuple(order(index).priority, order(index).due_day.value_or(kNoDate), std::string_view(order(index).code));
  }

  // Every tree's orders, components first; the trees by the rank of their top.
  std::vector<std::vector<int32_t>> Trees() const {
    std::unordered_map<std::string_view, int32_t> by_code;
    for (size_t i = 0; i < input_.orders.size(); ++i) by_code[input_.orders[i].code] = static_cast<int32_t>(i);
    std::map<int32_t, std::vector<int32_t>> members;
    for (size_t i = 0; i < input_.orders.size(); ++i) {
      auto top = static_cast<int32_t>(i);
      // The bound ends a ring of parents, which the database's orders cannot make.
      for (size_t step = 0; step < input_.orders.size(); ++step) {
        const auto parent = by_code.find(order(top).parent);
        if (order(top).parent.empty() || parent == by_code.end()) break;
        top = parent->second;
      }
      members[top].push_back(static_cast<int32_t>(i));
    }
    std::vector<int32_t> tops;
    for (const auto& [top, orders] : members) tops.push_back(top);
    std::sort(tops.begin(), tops.end(), [&](int32_t left, int32_t right) { return RankOf(left) < RankOf(right); });
    std::vector<std::vector<int32_t>> trees;
    for (const int32_t top : tops) {
      std::vector<int32_t>& orders = members[top];
      // The top is the last of its level, so that it is known by its place.
      std::sort(orders.begin(), orders.end(), [&](int32_t left, int32_t right) {
        const auto key = [&](int32_t index) {
          return std::tuple_cat(std::tuple(depth_[static_cast<size_t>(order(index).item)], index == top), RankOf(index));
        };
        return key(left) < key(right);
      });
      std::stable_partition(orders.begin(), orders.end(), [&](int32_t index) { return index != top; });
      trees.push_back(std::move(orders));
    }
    return trees;
  }

  void PlanTree(const std::vector<int32_t>& orders) {
    const ScheduleOrder& top = order(orders.back());
    tree_ = top.code;
    tree_due_ = top.due_day;
    own_.clear();
    owed_.clear();
    for (const int32_t index : orders) {
      const ScheduleOrder& planned = order(index);
      const int32_t entry = PlanMaking(planned.item, planned.left_micro, planned.to_start_micro, index);
      if (index == orders.back()) {
        if (input_.share_component_orders) AddOutput(entry, item(planned.item).whole ? kMicro : 1, shared_[planned.item]);
        continue;
      }
      AddOutput(entry, item(planned.item).whole ? kMicro : 1, own_[planned.item]);
      const PlannedOrder& made = schedule_.planned[static_cast<size_t>(entry)];
      const int64_t owed = made.quantity_micro - made.DoneBy(INT32_MAX);
      if (owed > 0) owed_[planned.item] = {owed_[planned.item].day, owed_[planned.item].micro + owed, entry};
    }
  }

  // What an entry makes, on the days from which others can use it, in whole `unit`s.
  void AddOutput(int32_t entry, int64_t unit, std::vector<Available>& pool) {
    const PlannedOrder& planned = schedule_.planned[static_cast<size_t>(entry)];
    int64_t made = 0, given = 0;
    for (const ScheduleLot& lot : planned.output) {
      made += lot.quantity_micro;
      const int64_t usable = made / unit * unit - given;
      if (usable <= 0) continue;
      given += usable;
      pool.push_back({lot.day + 1, usable, entry});
    }
    std::stable_sort(pool.begin(), pool.end(),
                     [](const Available& left, const Available& right) { return left.day < right.day; });
  }

  static void TakeFrom(std::vector<Available>& pool, int32_t until, int64_t& wanted, std::vector<Available>& lots) {
    size_t used = 0;
    for (Available& lot : pool) {
      if (wanted == 0 || lot.day > until) break;
      const int64_t part = std::min(wanted, lot.micro);
      if (part > 0) lots.push_back({lot.day, part, lot.producer});
      lot.micro -= part;
      wanted -= part;
      if (lot.micro == 0) ++used;
    }
    pool.erase(pool.begin(), pool.begin() + static_cast<std::ptrdiff_t>(used));
  }

  void TakeSupplies(int32_t of, bool pegged, int32_t until, int64_t& wanted, std::vector<Available>& lots) {
    for (const int32_t index : supplies_[static_cast<size_t>(of)]) {
      const ScheduleSupply& supply = input_.supplies[static_cast<size_t>(index)];
      int64_t& left = schedule_.supply_left_micro[static_cast<size_t>(index)];
      if (wanted == 0 || supply.day > until) return;
      if (left == 0 || (pegged ? supply.tree != tree_ : !supply.tree.empty())) continue;
      const int64_t part = std::min(wanted, left);
      lots.push_back({std::max(0, supply.day), part, -1});
      left -= part;
      wanted -= part;
    }
  }

  // What everyone may take, by day.
  std::vector<Available> FreelyThere(int32_t of) const {
    std::vector<Available> lots;
    for (const int32_t index : supplies_[static_cast<size_t>(of)]) {
      const ScheduleSupply& supply = input_.supplies[static_cast<size_t>(index)];
      const int64_t left = schedule_.supply_left_micro[static_cast<size_t>(index)];
      if (left > 0 && supply.tree.empty() && supply.day < input_.days) lots.push_back({supply.day, left, -1});
    }
    if (const auto pool = shared_.find(of); pool != shared_.end())
      lots.insert(lots.end(), pool->second.begin(), pool->second.end());
    std::stable_sort(lots.begin(), lots.end(),
                     [](const Available& left, const Available& right) { return left.day < right.day; });
    return lots;
  }

  // The first day by which what is there for everyone and the item's own line group together can bring a quantity: what comes
  // later is left to others.
  int32_t DayTogether(int32_t of, int64_t wanted, const std::vector<Available>& there) {
    const int32_t lag = item(of).residence_days + 1;
    Calendar& calendar = calendars_[static_cast<size_t>(of)];
    size_t next = 0;
    int32_t work = calendar.NextFree(0);
    for (int32_t day = 0; day < input_.days; ++day) {
      for (; next < there.size() && there[next].day <= day; ++next) wanted -= there[next].micro;
      for (; work < input_.days && work + lag <= day; work = calendar.NextFree(work + 1)) {
        const double pace = MillisecondsPerGood(item(of), work);
        if (pace > 0) wanted -= MadeIn(calendar.free_ms(work), pace);
      }
      if (wanted <= 0) return day;
    }
    return input_.days;
  }

  Taken Take(const ScheduleNeed& need, int64_t consumers) {
    const int32_t of = need.item;
    const int32_t end = input_.days;
    const auto net = RoundUp(need.net * static_cast<double>(consumers));
    int64_t wanted = std::max(net, RoundUp(need.gross * static_cast<double>(consumers)));
    Taken taken;
    taken.wanted_micro = wanted;
    TakeSupplies(of, true, end, wanted, taken.lots);
    TakeFrom(own_[of], end, wanted, taken.lots);
    // What an order of the tree still owes is not made a second time.
    if (const auto owed = owed_.find(of); owed != owed_.end() && wanted > 0) {
      taken.missing_micro = std::min(wanted, owed->second.micro);
      taken.short_producer = owed->second.producer;
      owed->second.micro -= taken.missing_micro;
      wanted -= taken.missing_micro;
    }
    // Covered but for the scrap: that is made besides and holds nobody up.
    const bool besides = wanted > 0 && taken.wanted_micro - wanted >= net;
    if (besides) taken.wanted_micro -= wanted;
    std::vector<Available> scrap;
    TakeFromAll(of, wanted, besides ? scrap : taken.lots);
    if (wanted > 0 && item(of).made) {
      const int32_t entry = PlanMaking(of, wanted, wanted, -1);
      std::vector<Available> output;
      AddOutput(entry, 1, output);
      if (!besides) {
        for (const Available& lot : output) wanted -= lot.micro;
        taken.lots.insert(taken.lots.end(), output.begin(), output.end());
        if (wanted > 0) taken.short_producer = entry;
      }
    }
    if (!besides) taken.missing_micro += wanted;
    std::stable_sort(taken.lots.begin(), taken.lots.end(),
                     [](const Available& left, const Available& right) { return left.day < right.day; });
    return taken;
  }

  // From what is there for everyone.
  void TakeFromAll(int32_t of, int64_t& wanted, std::vector<Available>& lots) {
    if (wanted == 0) return;
    const std::vector<Available> there = FreelyThere(of);
    if (there.empty()) return;
    const int32_t until = item(of).made ? DayTogether(of, wanted, there) : input_.days;
    TakeSupplies(of, false, until, wanted, lots);
    TakeFrom(shared_[of], until, wanted, lots);
  }

  // Plans a quantity on its line group after its components; gives the entry.
  int32_t PlanMaking(int32_t of, int64_t good, int64_t to_start, int32_t order_index) {
    PlannedOrder planned;
    planned.order = order_index;
    planned.code = order_index >= 0 ? order(order_index).code : tree_ + "/" + item(of).code;
    planned.tree = tree_;
    planned.item = of;
    planned.quantity_micro = good;
    planned.due_day = order_index >= 0 && order(order_index).due_day ? order(order_index).due_day : tree_due_;
    to_start = std::min(to_start, good);

    std::vector<Flow> flows;
    Binding shortage;
    int32_t short_producer = -1;
    for (const ScheduleNeed& need : item(of).needs) {
      if (to_start <= 0 || need.net <= 0) continue;
      Taken taken = Take(need, to_start);
      if (taken.missing_micro > 0 && shortage.kind != BindingKind::kShortage) {
        shortage = {BindingKind::kShortage, need.item, 0, input_.days, taken.missing_micro};
        short_producer = taken.short_producer;
      }
      flows.push_back({need.item, static_cast<double>(taken.wanted_micro) / static_cast<double>(to_start), std::move(taken.lots),
                       0, 0, taken.wanted_micro});
    }
    Walk(planned, flows, good, good - to_start);
    if (!planned.finish_day) {
      planned.stop = shortage.kind == BindingKind::kShortage ? shortage : WhyNot(of);
      planned.stopped_by = short_producer;
    }
    schedule_.planned.push_back(std::move(planned));
    return static_cast<int32_t>(schedule_.planned.size()) - 1;
  }

  // How many good units the components that are there by a day allow, which of them allows least, and the next day on which more
  // come.
  struct Gate {
    int64_t allowed = 0;
    const Flow* least = nullptr;
    int32_t next_day = 0;
  };
  Gate Look(std::vector<Flow>& flows, int32_t day, int64_t good, int64_t under_way) const {
    Gate gate{good, nullptr, input_.days};
    for (Flow& flow : flows) {
      flow.Advance(day);
      if (flow.there_micro < flow.wanted_micro && under_way + flow.Allows() < gate.allowed) {
        gate.allowed = under_way + flow.Allows();
        gate.least = &flow;
      }
      if (flow.next < flow.lots.size()) gate.next_day = std::min(gate.next_day, flow.lots[flow.next].day);
    }
    return gate;
  }

  // Books day by day what free time and components allow. Counted in time, not in pieces: orders of one line group then follow
  // each other without a gap, whatever the days are cut to.
  void Walk(PlannedOrder& planned, std::vector<Flow>& flows, int64_t good, int64_t under_way) {
    const ScheduleItem& made = item(planned.item);
    Calendar& calendar = calendars_[static_cast<size_t>(planned.item)];
    // What is left since the pace last changed: quantity, its time, and how much of that is booked.
    double pace = 0;
    int64_t done = 0, part = 0, part_ms = 0, booked_ms = 0, part_done = 0;
    int32_t day = 0;
    // The component that holds it up, until more of it comes.
    const Flow* held_by = nullptr;
    while (done < good && day < input_.days) {
      const Gate gate = Look(flows, day, good, under_way);
      if (gate.allowed <= done) held_by = gate.least;
      const int32_t free = calendar.NextFree(day);
      if (gate.allowed <= done || free > day) {
        day = gate.allowed <= done ? std::max(gate.next_day, day + 1) : free;
        continue;
      }
      if (const double now = MillisecondsPerGood(made, day); now != pace) {
        pace = now;
        part = good - done;
        part_ms = pace > 0 ? TimeFor(part, pace) : 0;
        booked_ms = part_done = 0;
      }
      const int64_t limit_ms =
          gate.allowed >= good
              ? part_ms
              : std::min(part_ms, static_cast<int64_t>(std::floor(static_cast<double>(gate.allowed - done + part_done) * pace /
                                                                  static_cast<double>(kMicro))));
      const int64_t ms = pace > 0 ? std::min(calendar.free_ms(day), limit_ms - booked_ms) : 0;
      if (ms > 0) {
        if (held_by != nullptr && held_by->next > 0) {
          const Available& lot = held_by->lots[held_by->next - 1];
          planned.waits.push_back({lot.day, held_by->item, lot.producer});
        }
        // Used up what there is of a component: the next day waits for more, or has it.
        held_by = booked_ms + ms == limit_ms && limit_ms < part_ms ? gate.least : nullptr;
        calendar.Book(day, ms);
        schedule_.booked_ms[static_cast<size_t>(planned.item)][static_cast<size_t>(day)] += ms;
        planned.work_ms += ms;
        booked_ms += ms;
        const int64_t until_now =
            booked_ms == part_ms ? part : static_cast<int64_t>(static_cast<__int128>(part) * booked_ms / part_ms);
        if (!planned.begin_day) planned.begin_day = day;
        if (until_now > part_done) planned.output.push_back({day + made.residence_days, until_now - part_done});
        done += until_now - part_done;
        part_done = until_now;
      }
      ++day;
    }
    if (done >= good) {
      planned.finish_day = planned.output.empty() ? 0 : planned.output.back().day;
      return;
    }
    if (pace == 0) pace = MillisecondsPerGood(made, input_.days);
    planned.work_ms += pace > 0 ? TimeFor(good - done, pace) : 0;
  }

  Binding WhyNot(int32_t of) const {
    const std::vector<int64_t>& planned = item(of).planned_ms;
    const bool none = std::all_of(planned.begin(), planned.end(), [](int64_t ms) { return ms <= 0; });
    const bool no_capacity = none || MillisecondsPerGood(item(of), input_.days) == 0;
    return {no_capacity ? BindingKind::kNoCapacity : BindingKind::kLineGroup, of, 0, input_.days, 0};
  }

  const ScheduleInput& input_;
  Schedule schedule_;
  std::vector<Calendar> calendars_;
  std::vector<int32_t> depth_;
  // Positions of the supplies of each item, by day.
  std::vector<std::vector<int32_t>> supplies_;
  // The tree that is planned now, and what its own orders have made.
  std::string tree_;
  std::optional<int32_t> tree_due_;
  Pool own_;
  // What its own orders do not get done within the horizon.
  std::map<int32_t, Available> owed_;
  Pool shared_;
};

}  // namespace

int32_t ScheduleInput::ItemIndex(std::string_view code) const {
  const auto found = std::find_if(items.begin(), items.end(), [&](const ScheduleItem& item) { return item.code == code; });
  return found == items.end() ? -1 : static_cast<int32_t>(found - items.begin());
}

int32_t ScheduleInput::OrderIndex(std::string_view code) const {
  const auto found = std::find_if(orders.begin(), orders.end(), [&](const ScheduleOrder& order) { return order.code == code; });
  return found == orders.end() ? -1 : static_cast<int32_t>(found - orders.begin());
}

int64_t PlannedOrder::DoneBy(int32_t day) const {
  int64_t sum = 0;
  for (const ScheduleLot& lot : output) sum += lot.day <= day ? lot.quantity_micro : 0;
  return sum;
}

const PlannedOrder* Schedule::Find(std::string_view code) const {
  const auto found = std::find_if(planned.begin(), planned.end(),
                                  [&](const PlannedOrder& entry) { return entry.order >= 0 && entry.code == code; });
  return found == planned.end() ? nullptr : &*found;
}

Schedule MakeSchedule(const ScheduleInput& input) { return Planner(input).Run(); }

BindingPath BindingOf(const ScheduleInput& input, const Schedule& schedule, const PlannedOrder& planned) {
  BindingPath path;
  const PlannedOrder* at = &planned;
  // What is not there at all.
  while (!at->finish_day) {
    path.steps.push_back(at->stop);
    path.binds = path.steps.size() - 1;
    if (at->stopped_by < 0) return path;
    at = &schedule.planned[static_cast<size_t>(at->stopped_by)];
  }
  if (!path.steps.empty()) return path;
  const auto add = [&](Binding step) {
    path.steps.push_back(step);
    const Binding& longest = path.steps[path.binds];
    if (step.until_day - step.from_day > longest.until_day - longest.from_day) path.binds = path.steps.size() - 1;
  };
  // From a lot back to the work on it, to what that waited for, to the lot which ended the wait. A producer stands before its
  // consumer, so the way ends.
  int32_t done = *planned.finish_day;
  for (;;) {
    const int32_t residence = input.items[static_cast<size_t>(at->item)].residence_days;
    const int32_t work = std::max(0, done - residence);
    const ScheduleWait* wait = nullptr;
    for (const ScheduleWait& candidate : at->waits) {
      if (candidate.day <= work) wait = &candidate;
    }
    const int32_t since = wait != nullptr ? wait->day : 0;
    if (residence > 0) add({BindingKind::kResidence, at->item, work, done, 0});
    if (work > since) add({BindingKind::kLineGroup, at->item, since, work, 0});
    if (wait == nullptr || since == 0) break;
    if (wait->producer < 0) {
      add({BindingKind::kSupply, wait->item, 0, since, 0});
      break;
    }
    at = &schedule.planned[static_cast<size_t>(wait->producer)];
    done = since - 1;
  }
  if (path.steps.empty()) path.steps.push_back({BindingKind::kNothing, planned.item, 0, 0, 0});
  return path;
}

std::vector<ScheduleLoad> LoadsUntil(const ScheduleInput& input, const Schedule& schedule, int32_t until) {
  std::vector<ScheduleLoad> loads(input.items.size());
  const auto days = static_cast<size_t>(std::clamp(until + 1, 0, input.days));
  const auto sum = [&](const std::vector<int64_t>& by_day) {
    return std::accumulate(by_day.begin(), by_day.begin() + static_cast<std::ptrdiff_t>(std::min(days, by_day.size())),
                           int64_t{0});
  };
  for (size_t i = 0; i < loads.size(); ++i) {
    loads[i].item = static_cast<int32_t>(i);
    loads[i].planned_ms = sum(input.items[i].planned_ms);
    loads[i].booked_ms = sum(schedule.booked_ms[i]);
  }
  for (const PlannedOrder& planned : schedule.planned) {
    if (!planned.due_day || *planned.due_day > until) continue;
    ScheduleLoad& load = loads[static_cast<size_t>(planned.item)];
    load.needed_ms += planned.work_ms;
    load.needed_micro += planned.quantity_micro;
    load.short_micro += std::max<int64_t>(0, planned.quantity_micro - planned.DoneBy(until));
    // A bought item that is nowhere made has no entry of its own.
    if (planned.finish_day || planned.stop.kind != BindingKind::kShortage || planned.stopped_by >= 0) continue;
    loads[static_cast<size_t>(planned.stop.item)].short_micro += planned.stop.missing_micro;
  }
  return loads;
}

}  // namespace mes::domain
