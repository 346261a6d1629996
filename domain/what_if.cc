#include "domain/what_if.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "domain/code.h"
#include "domain/limits.h"
#include "domain/quantity.h"
#include "domain/work_order.h"

namespace mes::domain {
namespace {

constexpr int64_t kMsPerDay = kSecondsPerDay * 1000;

class Changer {
 public:
  Changer(ScheduleInput& input, size_t index) : input_(input), path_("changes[" + std::to_string(index) + "].") {}

  Status operator()(const AddedOrder& order) {
    const Result<int32_t> item = Product(order.product_code);
    if (!item) return Fail(item.error());
    if (Status checked = CheckCode(order.code, Field("work_order_code")); !checked) return checked;
    if (input_.OrderIndex(order.code) >= 0) {
      return Refuse(Reason::kWorkOrderExists, "work_order_code", "order " + order.code + " is planned already");
    }
    if (Status checked = Quantity(order.quantity_micro, *item); !checked) return checked;
    if (order.priority < kRushPriority || order.priority > kPromisePriority) {
      return Refuse(Reason::kLimitExceeded, "priority", "priority goes from 0 (first) to 1,000 (last)");
    }
    ScheduleOrder added;
    added.code = order.code;
    added.item = *item;
    added.left_micro = added.to_start_micro = order.quantity_micro;
    added.priority = order.priority;
    if (order.due) {
      const Result<int32_t> due = DayIndex(*order.due, "due_day");
      if (!due) return Fail(due.error());
      added.due_day = *due;
    }
    input_.orders.push_back(std::move(added));
    return {};
  }

  Status operator()(const AddedLines& change) {
    const Result<int32_t> item = Product(change.product_code);
    if (!item) return Fail(item.error());
    const Result<int32_t> from = DayIndex(change.from, "from_day");
    if (!from) return Fail(from.error());
    ScheduleItem& group = input_.items[static_cast<size_t>(*item)];
    if (change.lines == 0) return Refuse(Reason::kFieldRequired, "lines", "0 lines more or fewer change nothing");
    const int64_t lines = int64_t{group.lines} + change.lines;
    if (lines < 0 || lines > kMaxLinesPerProduct) {
      return Refuse(
          Reason::kLimitExceeded, "lines",
          group.code + " has " + std::to_string(group.lines) + " lines; with these it would have " + std::to_string(lines));
    }
    ScaleRates(group, *from, lines == 0 ? 0 : static_cast<double>(group.lines) / static_cast<double>(lines));
    group.lines = static_cast<int32_t>(lines);
    return {};
  }

  Status operator()(const AddedShift& change) {
    const Result<int32_t> item = Product(change.product_code);
    if (!item) return Fail(item.error());
    const auto range = Range(change.from, change.last);
    if (!range) return Fail(range.error());
    if (change.seconds_per_day <= 0)
      return Refuse(Reason::kFieldRequired, "seconds_per_day", "a shift of no time changes nothing");
    if (change.seconds_per_day > kSecondsPerDay) {
      return Refuse(Reason::kLimitExceeded, "seconds_per_day", "a day has 86,400 seconds");
    }
    std::vector<int64_t>& planned = input_.items[static_cast<size_t>(*item)].planned_ms;
    planned.resize(static_cast<size_t>(input_.days), 0);
    for (int32_t day = range->first; day <= range->second; ++day) {
      int64_t& ms = planned[static_cast<size_t>(day)];
      if (ms == 0 && !change.also_days_off) continue;
      ms = std::min(kMsPerDay, ms + int64_t{change.seconds_per_day} * 1000);
    }
    return {};
  }

  Status operator()(const AddedShutdown& change) {
    Result<int32_t> item = -1;
    if (!change.product_code.empty()) item = Product(change.product_code);
    if (!item) return Fail(item.error());
    const auto range = Range(change.from, change.last);
    if (!range) return Fail(range.error());
    for (size_t i = 0; i < input_.items.size(); ++i) {
      if (*item >= 0 && static_cast<size_t>(*item) != i) continue;
      std::vector<int64_t>& planned = input_.items[i].planned_ms;
      const size_t end = std::min(planned.size(), static_cast<size_t>(range->second) + 1);
      for (auto day = static_cast<size_t>(range->first); day < end; ++day) planned[day] = 0;
    }
    return {};
  }

  Status operator()(const ChangedYield& change) {
    const Result<int32_t> item = Product(change.product_code);
    if (!item) return Fail(item.error());
    const Result<int32_t> from = DayIndex(change.from, "from_day");
    if (!from) return Fail(from.error());
    if (!(change.final_yield > 0 && change.final_yield <= 1)) {
      return Refuse(Reason::kFieldInvalid, "final_yield", "a yield is above 0 and at most 1");
    }
    ScheduleItem& group = input_.items[static_cast<size_t>(*item)];
    if (change.final_yield == group.final_yield) {
      return Refuse(Reason::kFieldRequired, "final_yield", "the yield of " + group.code + " is that already");
    }
    const double factor = group.final_yield / change.final_yield;
    ScaleRates(group, *from, factor);
    // What is started needs more, or less, of everything; not below the bill of materials.
    for (ScheduleNeed& need : group.needs) need.gross = std::max(need.net, need.gross * factor);
    group.final_yield = change.final_yield;
    return {};
  }

  Status operator()(const AddedSupply& change) {
    const int32_t item = input_.ItemIndex(change.material_code);
    if (item < 0) {
      return Refuse(Reason::kMaterialUnknown, "material_code",
                    change.material_code +
                        " is not a component that is planned here: nothing made takes it, or no supply of it was ever told");
    }
    const Result<int32_t> day = DayIndex(change.day, "day");
    if (!day) return Fail(day.error());
    if (Status checked = Quantity(change.quantity_micro, item); !checked) return checked;
    input_.supplies.push_back({item, *day, change.quantity_micro, ""});
    return {};
  }

  Status operator()(const RemovedOrder& change) {
    if (Status checked = CheckCode(change.code, Field("work_order_code")); !checked) return checked;
    if (input_.OrderIndex(change.code) < 0) {
      return Refuse(Reason::kWorkOrderUnknown, "work_order_code", "order " + change.code + " is not among the open orders");
    }
    std::set<std::string> gone = {change.code};
    for (size_t before = 0; before != gone.size();) {
      before = gone.size();
      for (const ScheduleOrder& order : input_.orders) {
        if (!order.parent.empty() && gone.contains(order.parent)) gone.insert(order.code);
      }
    }
    std::erase_if(input_.orders, [&](const ScheduleOrder& order) { return gone.contains(order.code); });
    return {};
  }

 private:
  std::string Field(std::string_view name) const { return path_ + std::string(name); }
  tl::unexpected<Error> Refuse(Reason reason, std::string_view name, std::string message) const {
    return Fail(FieldError(reason, Field(name), std::move(message)));
  }

  Result<int32_t> Product(const std::string& code) const {
    if (code.empty()) return Refuse(Reason::kFieldRequired, "product_code", "which product?");
    const int32_t item = input_.ItemIndex(code);
    if (item >= 0 && input_.items[static_cast<size_t>(item)].made) return item;
    return Refuse(Reason::kProductUnknown, "product_code", "product " + code.substr(0, kMaxCodeLength) + " is not made here");
  }

  Result<int32_t> DayIndex(Day day, std::string_view name) const {
    if (day < input_.first_day) {
      return Refuse(Reason::kDatePast, name,
                    FormatDay(day) + " is over; the first day that can be planned is " + FormatDay(input_.first_day));
    }
    if (day - input_.first_day >= input_.days) {
      return Refuse(Reason::kFieldInvalid, name,
                    FormatDay(day) + " is beyond the horizon, which ends on " + FormatDay(input_.first_day + input_.days - 1));
    }
    return day - input_.first_day;
  }

  Result<std::pair<int32_t, int32_t>> Range(Day from, Day last) const {
    const Result<int32_t> begin = DayIndex(from, "from_day");
    if (!begin) return Fail(begin.error());
    const Result<int32_t> end = DayIndex(last, "last_day");
    if (!end) return Fail(end.error());
    if (*end < *begin) return Refuse(Reason::kFieldInvalid, "last_day", "the last day lies before the first");
    return std::pair(*begin, *end);
  }

  Status Quantity(int64_t micro, int32_t item) const {
    const ScheduleItem& of = input_.items[static_cast<size_t>(item)];
    if (micro <= 0) return Refuse(Reason::kQuantityInvalid, "quantity.value", "more than nothing is needed");
    if (of.whole && micro % kMicro != 0) {
      return Refuse(Reason::kQuantityInvalid, "quantity.value", of.code + " is counted in whole pieces");
    }
    return {};
  }

  // Seconds per good unit times `factor` from a day on; 0 = nothing is made any more.
  static void ScaleRates(ScheduleItem& group, int32_t from, double factor) {
    std::vector<ScheduleRate> rates;
    double at = 0;
    for (const ScheduleRate& rate : group.rates) {
      if (rate.from_day <= from) at = rate.seconds_per_good;
      if (rate.from_day < from) rates.push_back(rate);
    }
    rates.push_back({from, at * factor});
    for (const ScheduleRate& rate : group.rates) {
      if (rate.from_day > from) rates.push_back({rate.from_day, rate.seconds_per_good * factor});
    }
    group.rates = std::move(rates);
  }

  ScheduleInput& input_;
  const std::string path_;
};

bool IsUsed(const ScheduleLoad& load) { return load.booked_ms != 0 || load.needed_ms != 0 || load.short_micro != 0; }

}  // namespace

Result<ScheduleInput> ApplyChanges(const ScheduleInput& input, const std::vector<WhatIfChange>& changes) {
  if (changes.empty()) return Fail(FieldError(Reason::kFieldRequired, "changes", "what if what? Give at least one change"));
  if (changes.size() > kMaxWhatIfChanges) {
    Error error = FieldError(Reason::kLimitExceeded, "changes",
                             std::to_string(changes.size()) + " changes are more than " + std::to_string(kMaxWhatIfChanges));
    error.metadata["limit"] = std::to_string(kMaxWhatIfChanges);
    return Fail(std::move(error));
  }
  ScheduleInput changed = input;
  for (size_t i = 0; i < changes.size(); ++i) {
    if (Status made = std::visit(Changer(changed, i), changes[i]); !made) return Fail(made.error());
  }
  return changed;
}

PlanComparison ComparePlans(const ScheduleInput& input_before, const Schedule& before, const ScheduleInput& input_after,
                            const Schedule& after, int32_t until) {
  std::map<std::string, OrderDifference> by_code;
  for (const PlannedOrder& planned : before.planned) {
    if (planned.order < 0) continue;
    OrderDifference& difference = by_code[planned.code];
    difference.item = planned.item;
    difference.due_day = planned.due_day;
    difference.before = true;
    difference.finish_before = planned.finish_day;
    difference.late_before = planned.Late();
  }
  for (const PlannedOrder& planned : after.planned) {
    if (planned.order < 0) continue;
    OrderDifference& difference = by_code[planned.code];
    difference.item = planned.item;
    difference.due_day = planned.due_day;
    difference.after = true;
    difference.finish_after = planned.finish_day;
    difference.late_after = planned.Late();
  }
  PlanComparison comparison;
  for (auto& [code, difference] : by_code) {
    difference.code = code;
    if (difference.Changes()) comparison.orders.push_back(difference);
  }
  const std::vector<ScheduleLoad> loads_before = LoadsUntil(input_before, before, until);
  const std::vector<ScheduleLoad> loads_after = LoadsUntil(input_after, after, until);
  for (size_t i = 0; i < loads_before.size() && i < loads_after.size(); ++i) {
    if (!IsUsed(loads_before[i]) && !IsUsed(loads_after[i])) continue;
    comparison.groups.push_back({static_cast<int32_t>(i), loads_before[i], loads_after[i]});
  }
  return comparison;
}

}  // namespace mes::domain
