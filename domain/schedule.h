// The finite forward schedule at line-group level, as a pure function: open orders, planned time per line group and plant day,
// rates, yields, residence and dated supplies in; begin and finish of every order, booked time per line group and day, and what
// binds out.
//
// How it plans. Orders are taken in turn by priority, due date (none last), code; an order and everything below it (its tree) go
// together, at the rank of the tree's top. Within a tree components come before what needs them. Every order flows: on each day
// as much is made as the line group's free time and the components that are there allow, so a parent does not wait for the last
// component of a year's order. What is made on day d is there for others on day d + residence + 1, in whole pieces.
// A component is taken from the tree's own orders, then from dated supplies, and what is still missing is made besides
// ("implied"). Scrap is planned as its expectation, in fractions of a piece; where a tree's own orders cover the bill of
// materials but not the scrap, that is made besides too (it takes line time) and does not hold the order up.
//
// What it promises. Deterministic: no clock, no randomness, ties are broken by code. A line group is never booked beyond its
// planned time of a day. Missing data errs pessimistic and is listed by the caller as a gap: no planned time or no rate = nothing
// is made there; a supply without date is no supply; an order on its way whose place on the route is not known has its whole line
// time before it. What it does not do: it does not look ahead, so adding capacity may let a tree of many stages take another's
// place and finish it later; for orders of one stage more capacity never makes any finish later.
//
// Effective rate and yield: see domain/capacity.h. Days here are plant days counted from the first day of the input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/calendar.h"

namespace mes::domain {

// From this day on a line group takes so many planned seconds for one good unit. Ramp-up is several of them.
struct ScheduleRate {
  int32_t from_day = 0;
  // Not above zero = not known: nothing can be made.
  double seconds_per_good = 0;
};

// What one good unit takes of another item: as the bill says, and with the scrap from that operation to the end of the route.
struct ScheduleNeed {
  int32_t item = 0;
  double net = 0;
  double gross = 0;
};

// A product with its line group, or a bought material that comes only by supplies.
struct ScheduleItem {
  std::string code;
  std::string uom;
  // False: bought; no line group makes it.
  bool made = true;
  // Bought, and no supply of it is announced: the supply that there is was assumed.
  bool supply_assumed = false;
  // Counted in whole pieces.
  bool whole = true;
  int32_t lines = 1;
  // The share of started units that leave the route good.
  double final_yield = 1;
  // By rising day; empty = not known.
  std::vector<ScheduleRate> rates;
  // From the work at the line group to being there, in days.
  int32_t residence_days = 0;
  std::vector<ScheduleNeed> needs;
  // Planned milliseconds by day; a day that is not there has none.
  std::vector<int64_t> planned_ms;
};

// A quantity that comes from outside, or is there already (day 0).
struct ScheduleSupply {
  int32_t item = 0;
  int32_t day = 0;
  int64_t quantity_micro = 0;
  // Only for this tree, by the code of its top order; empty = for everyone.
  std::string tree;
};

struct ScheduleOrder {
  std::string code;
  int32_t item = 0;
  // Good units still to come, and how many of them are not started: these need components.
  int64_t left_micro = 0;
  int64_t to_start_micro = 0;
  // Lower is first; beyond 0 to 1,000: a rush order, a promise.
  int32_t priority = 0;
  std::optional<int32_t> due_day;
  // The order it serves; empty, or not among the orders = it is a top order.
  std::string parent;
};

struct ScheduleInput {
  Day first_day = 0;
  // The horizon: days 0 to days - 1.
  int32_t days = 0;
  std::vector<ScheduleItem> items;
  std::vector<ScheduleOrder> orders;
  std::vector<ScheduleSupply> supplies;
  // True: what top orders of components make is there for later trees too. False: it is sold.
  bool share_component_orders = false;

  // -1 = unknown.
  int32_t ItemIndex(std::string_view code) const;
  int32_t OrderIndex(std::string_view code) const;
};

enum class BindingKind : int16_t {
  // Nothing: it is made at once.
  kNothing = 1,
  // The item's line group has no free time before.
  kLineGroup,
  // The item is in process (ageing, cure) for its residence.
  kResidence,
  // A supply of the item comes on that day.
  kSupply,
  // The item is not there within the horizon: `missing_micro`.
  kShortage,
  // The item's line group has no rate, or no planned time at all.
  kNoCapacity,
};

// One stretch of time on the way to an order's finish: which item, why, from which day until which.
struct Binding {
  BindingKind kind = BindingKind::kNothing;
  int32_t item = 0;
  int32_t from_day = 0;
  int32_t until_day = 0;
  int64_t missing_micro = 0;
};
// From the finish back to the start. `binds` is the step that keeps it from being earlier: what is not there at all, or else the
// longest stretch.
struct BindingPath {
  std::vector<Binding> steps;
  size_t binds = 0;
};

struct ScheduleLot {
  // The day on which it is done.
  int32_t day = 0;
  int64_t quantity_micro = 0;
};
// The order could not go on until that day, when more of a component came: from an entry of `planned`, or from a supply (-1).
struct ScheduleWait {
  int32_t day = 0;
  int32_t item = 0;
  int32_t producer = -1;
};

// What became of an order, or of a quantity that no order covers (`order` -1).
struct PlannedOrder {
  int32_t order = -1;
  // An implied one has its top order's code, a slash and the item.
  std::string code;
  std::string tree;
  int32_t item = 0;
  int64_t quantity_micro = 0;
  std::optional<int32_t> due_day;
  // The day of the first work, and the day on which the last unit is done; nothing = not within the horizon.
  std::optional<int32_t> begin_day;
  std::optional<int32_t> finish_day;
  // Line time that it needs in all, also where it did not fit.
  int64_t work_ms = 0;
  std::vector<ScheduleLot> output;
  std::vector<ScheduleWait> waits;
  // Without a finish: why, and the entry that should have made what is missing, if there is one.
  Binding stop;
  int32_t stopped_by = -1;

  bool Late() const { return due_day && (!finish_day || *finish_day > *due_day); }
  // Good units done on this day or before.
  int64_t DoneBy(int32_t day) const;
};

struct Schedule {
  // By tree in turn, components first.
  std::vector<PlannedOrder> planned;
  // By item, then day.
  std::vector<std::vector<int64_t>> booked_ms;
  // What is left of the supplies, by their position.
  std::vector<int64_t> supply_left_micro;

  // The entry of an order's code; null = none.
  const PlannedOrder* Find(std::string_view code) const;
};

// Why an entry of the schedule is not done earlier.
BindingPath BindingOf(const ScheduleInput& input, const Schedule& schedule, const PlannedOrder& planned);

Schedule MakeSchedule(const ScheduleInput& input);

// One line group, or bought item, in days 0 to `until`.
struct ScheduleLoad {
  int32_t item = 0;
  int64_t planned_ms = 0;
  int64_t booked_ms = 0;
  // Line time of everything that is due by then (components with what they serve), whether it fits or not.
  int64_t needed_ms = 0;
  // Of what is due by then: asked for, and not done by then.
  int64_t needed_micro = 0;
  int64_t short_micro = 0;
};
// By item, in the input's order.
std::vector<ScheduleLoad> LoadsUntil(const ScheduleInput& input, const Schedule& schedule, int32_t until);

}  // namespace mes::domain
