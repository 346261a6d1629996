// Whether orders may be released: against the capacity that is left until they are due, of their own lines and of everything that they
// need down the bill of materials, and against the published yearly figures.
//
// For each product the check holds what must be made by each day (load) against what can be made by then:
//   load       = the greater of: remaining quantities of its released orders due by then; and what everything above it needs by then
//                less bought-in supply that is expected by then and what lies in stock. The orders of a component are how its needs are
//                met, so the two are never added.
//   need       = load of the product above x quantity in its bill of materials, earlier by the time that one needs from start to
//                finish; units that were started have their parts. Parts lost with scrapped parents are not in it.
//   can be made= net good capacity from tomorrow on; what is started tomorrow comes out only after its residence (cells: 13 days), so
//                until then no more than is in process.
// All days from the due day on are looked at, so that a release never makes an earlier promise late. Yearly figures hold against what
// was made and is to be made in the calendar year, in their own unit, to the digits in which they were stated.
// Not checked: orders without a due day, or due today or before (no capacity lies before them; both have columns of their own),
// products of which no capacity is known, and bought material that is not made here too.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/capacity.h"

namespace mes::domain {

// A released order's, or one that is to be released.
struct OrderLoad {
  int32_t material_id = 0;
  std::optional<Day> due;
  // Ordered less good.
  int64_t remaining_micro = 0;
};
struct MaterialStand {
  double in_process = 0;
  double stock = 0;
  // By calendar year.
  std::map<int32_t, double> produced;
};

struct CapacityBook {
  const Plant& plant;
  const CapacityModel& model;
  std::vector<OrderLoad> orders;
  std::map<int32_t, MaterialStand> stands;  // by material
  Day today = 0;
};

// Values are those of mes.v1.ShortageKind and of the database.
enum class ShortageKind : int16_t { kLineGroup = 1, kStated = 2 };

// The constraint that leaves the least of what is needed.
struct Shortage {
  ShortageKind kind = ShortageKind::kLineGroup;
  // The product whose lines, or the family whose figure binds.
  std::string code;
  // Of the figures: `pc`, `m2`, `kg`, `kWh`.
  std::string unit;
  // Until when, inclusive.
  Day until = 0;
  double capacity = 0;
  double committed = 0;  // before the release
  double needed = 0;     // by what is to be released
  // For a stated figure, as published.
  std::string stated;
  // The first due day with which everything would fit; none within the horizon.
  std::optional<Day> first_day;
  // False: the figures or the first day rest on a year that is not published.
  bool published = true;

  double Free() const { return capacity - committed; }
};
// One sentence with the figures.
std::string Describe(const Shortage& shortage);

// Nothing: they fit.
std::optional<Shortage> CheckRelease(const CapacityBook& book, const std::vector<OrderLoad>& released);

}  // namespace mes::domain
