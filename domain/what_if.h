// What-if: changes of a loaded picture (more lines, another shift, a shutdown, another yield, a supply, orders more or fewer),
// and two plans side by side. Pure: it works on a copy and has nothing to store.
//
// Promise: the earliest date for a new order is that of the schedule with this order behind all others, so that nothing that is
// booked moves; scheduling that order with the same rank gives the same date by construction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/result.h"
#include "domain/schedule.h"

namespace mes::domain {

// Before every order of the plant (0), and behind every one (1,000).
inline constexpr int32_t kRushPriority = -1;
inline constexpr int32_t kPromisePriority = 1'001;

// One more order, with everything below it that no order covers.
struct AddedOrder {
  std::string code;
  std::string product_code;
  int64_t quantity_micro = 0;
  int32_t priority = 0;
  std::optional<Day> due;
};
// So many more lines of the product's group (or fewer), as good as those there are.
struct AddedLines {
  std::string product_code;
  int32_t lines = 0;
  Day from = 0;
};
// More seconds on every day of [from, last], at most to 24 h in all; on days without planned time only where `also_days_off`.
struct AddedShift {
  std::string product_code;
  int32_t seconds_per_day = 0;
  Day from = 0;
  Day last = 0;
  bool also_days_off = false;
};
// No planned time on any day of [from, last]; an empty product means every line group.
struct AddedShutdown {
  std::string product_code;
  Day from = 0;
  Day last = 0;
};
// Another share of started units leaves the route good, from that day on.
struct ChangedYield {
  std::string product_code;
  double final_yield = 1;
  Day from = 0;
};
// More of a component comes from outside.
struct AddedSupply {
  std::string material_code;
  int64_t quantity_micro = 0;
  Day day = 0;
};
// An order is not made, nor what is below it.
struct RemovedOrder {
  std::string code;
};
using WhatIfChange = std::variant<AddedOrder, AddedLines, AddedShift, AddedShutdown, ChangedYield, AddedSupply, RemovedOrder>;

// The picture with the changes made, in order. Fields are `changes[i].NAME`. Errors: FIELD_REQUIRED (`changes`: none at all; a
// change that changes nothing), PRODUCT_UNKNOWN, MATERIAL_UNKNOWN (nothing that is planned takes it), WORK_ORDER_UNKNOWN,
// WORK_ORDER_EXISTS, DATE_PAST (before the first day), FIELD_INVALID (beyond the horizon, a yield outside 0 to 1, a range that
// ends before it begins), QUANTITY_INVALID (not above zero, a fraction of a piece), LIMIT_EXCEEDED (priority, lines, seconds,
// changes).
Result<ScheduleInput> ApplyChanges(const ScheduleInput& input, const std::vector<WhatIfChange>& changes);

struct OrderDifference {
  std::string code;
  int32_t item = 0;
  std::optional<int32_t> due_day;
  // False: not in that plan.
  bool before = false;
  bool after = false;
  std::optional<int32_t> finish_before;
  std::optional<int32_t> finish_after;
  bool late_before = false;
  bool late_after = false;

  bool BecomesLate() const { return late_after && !late_before; }
  bool Changes() const { return before != after || finish_before != finish_after; }
};
struct GroupDifference {
  int32_t item = 0;
  ScheduleLoad before;
  ScheduleLoad after;
};
struct PlanComparison {
  // Orders whose dates differ: by code.
  std::vector<OrderDifference> orders;
  // Every item that is planned on or asked for in either plan, in the input's order; days 0 to `until`.
  std::vector<GroupDifference> groups;
};
PlanComparison ComparePlans(const ScheduleInput& input_before, const Schedule& before, const ScheduleInput& input_after,
                            const Schedule& after, int32_t until);

}  // namespace mes::domain
