// How much the plant can make, kept apart by what is meant (README "Capacity"):
//   stated        what was published or permitted, with its source; "10.5 GW" stays 10.5 GW and is read as GWh a year, never converted
//   nameplate     every second of the year / cycle x units per cycle x stations x lines: 31,536,000 s, in a leap year 31,622,400
//   calendar      only the planned seconds
//   effective     x availability x performance, a series in time for each line (ramp-up)
//   net good      x what is left of it at the end of the route (product of 1 - scrap rate from the operation on)
//   demonstrated  the best 30 consecutive plant days that were recorded
// Capacity of a route = the least of its operations = its bottleneck, in each of the four middle meanings by itself.
// Quantities that are or were there are exact millionths; rates and capacities are doubles.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/calendar.h"
#include "domain/product_definition.h"
#include "domain/result.h"
#include "domain/work_order.h"

namespace mes::domain {

// Values are those of mes.v1.CapacityKind and of the database.
enum class CapacityKind : int16_t { kStated = 1, kNameplate, kCalendar, kEffective, kNetGood, kDemonstrated };
std::string_view NameOf(CapacityKind kind);

// One member of a line group's series in time. What holds on a day for a line: of the line's own points, or else of those for all lines,
// the one with the greatest first day that is not after it; of two with the same day the one recorded last. Points are only added.
struct CapacityPoint {
  int64_t id = 0;
  int32_t material_id = 0;
  // 0 = all lines, else the line's number.
  int32_t line = 0;
  Day from = 0;
  double availability_performance = 1;
  // From start to the end of the route; none = the routing's scrap rates.
  std::optional<double> final_yield;
  std::string pattern_code;
  std::string source;
  std::string person;
  Time record_time{};
};

// The lines of one product: the unit in which capacity is scheduled.
struct LineGroup {
  int32_t material_id = 0;
  std::string product_code;
  int32_t lines = 1;
  // For one piece, from the product's nominal ratings, else from what is in it.
  std::optional<double> rated_kwh;
  std::optional<double> rated_kw;
  // Good pieces that the plant's plan wants of it in a year; 0 = not planned.
  double planned_yearly = 0;
  // By line, first day, id. Empty = capacity unknown.
  std::vector<CapacityPoint> points;
  // The operations that are positions rather than machines (soak, ageing), and the share of them that is usable.
  std::vector<std::string> position_operations;
  double position_availability = 1;

  // What holds for a line (1 to lines) on a day; null = unknown.
  const CapacityPoint* PointOn(int32_t line, Day day) const;
};

// What the published figures speak of: batteries, fuel cell systems, stacks, cars, trucks.
struct CapacityFamily {
  std::string code;
  std::string name;
  // Of its figures: `pc` or `kWh`.
  std::string unit;
  std::vector<std::string> product_codes;
  double stated_value = 0;
  // As published, for example `GW`; and how it is read, for example `GWh/year`, with the reason.
  std::string stated_unit;
  std::string interpreted_unit;
  std::string interpretation_reason;
  // In `unit` per calendar year, and half of the last digit that was stated: what is within it is not beyond the figure.
  double yearly = 0;
  double rounding = 0;
  std::string source;
  Day source_day = 0;
};

// Bought-in components that count with own output, in order of day.
// Values are those of mes.v1.SupplyState and of the database.
enum class SupplyState : int16_t { kExpected = 1, kReceived, kCancelled };
struct Supply {
  int64_t id = 0;
  int32_t material_id = 0;
  int64_t quantity_micro = 0;
  Day day = 0;
  std::string supplier;
  std::string reference;
  SupplyState state = SupplyState::kExpected;
  std::string person;
  std::string reason;
  Time record_time{};
};

// What the plant's files say of capacity, before it is stored.
struct CapacityDraft {
  std::vector<ShiftPattern> patterns;
  std::vector<Shutdown> shutdowns;
  std::vector<CalendarYear> years;
  // One point each at most, for all lines; ids are 0.
  std::vector<LineGroup> groups;
  std::vector<CapacityFamily> families;
};

// All of it, as loaded at one moment.
struct CapacityModel {
  Calendar calendar;
  std::vector<LineGroup> groups;         // by product code
  std::vector<CapacityFamily> families;  // by code
  std::vector<Supply> supplies;          // not cancelled; by material and day

  const LineGroup* FindGroup(int32_t material_id) const;
  const LineGroup* FindGroup(std::string_view product_code) const;
  const CapacityFamily* FindFamily(std::string_view code) const;
  // The family that counts this product; null = none.
  const CapacityFamily* FamilyOf(std::string_view product_code) const;
};

// Gives the groups without ratings of their own those of what is in them: a truck has the kWh of its system and the kW of its fuel cell.
void RollUpRatings(std::vector<LineGroup>& groups, const Plant& plant);

// One operation of a route with the capacity that it gives the line group, in units per second of one line.
struct OperationRate {
  int16_t operation = 0;
  std::string code;
  // Ideal: units per cycle x stations / cycle.
  double per_second = 0;
  // What of a unit that starts here is good at the end of the route.
  double yield_to_end = 1;
};
struct Route {
  std::vector<OperationRate> operations;  // the mandatory ones, in order
  double rolled_throughput_yield = 1;     // product of the planned first-pass yields
  double final_yield = 1;                 // product of 1 - scrap rate
  // The least time from the first start to the last completion: cycles, and time windows' least times.
  int64_t residence_seconds = 0;
};
Route RouteOf(const ProductRevision& revision);

// Good pieces (or m2, kg) of one line for each planned second, and the operation that bounds it.
struct LineRate {
  double ideal_per_second = 0;      // nameplate and calendar
  double effective_per_second = 0;
  double net_good_per_second = 0;
  int16_t bottleneck = 0;           // operation of net_good_per_second
  double final_yield = 1;
};
// `point` null = unknown: all rates 0.
LineRate RateOf(const Route& route, const LineGroup& group, const CapacityPoint* point);

// Net good capacity of a group on one plant day, or over days: the sum over its lines. 0 where nothing is known.
double NetGoodOn(const CapacityModel& model, const LineGroup& group, const Route& route, Day day);

// The figures of a group over [first, end), each its own minimum over the operations.
struct GroupCapacity {
  double nameplate = 0;
  double calendar = 0;
  double effective = 0;
  double net_good = 0;
  int16_t bottleneck = 0;          // of net_good; the one that bounds most of the days
  std::string bottleneck_code;
  int64_t planned_seconds = 0;     // of one line, mean over the lines
  // False: a year that it rests on is not published.
  bool published = true;
  // False: no pattern or no availability is known for a part of it, which counts nothing.
  bool known = true;
};
GroupCapacity CapacityOf(const CapacityModel& model, const LineGroup& group, const Route& route, Day first, Day end);

// Net good capacity day by day of many groups over one stretch of days: planned time is worked out once for each pattern, rates once for
// each point, so that ten years of all lines take milliseconds. The model must outlive it.
class DailyCapacity {
 public:
  DailyCapacity(const CapacityModel& model, Day first, Day end) : model_(model), first_(first), end_(end) {}

  struct Curve {
    // sums[i] = what [first, first + i) gives; sums[0] = 0.
    std::vector<double> sums;
    // The operation that bounds line 1 on each day; 0 = unknown.
    std::vector<int16_t> bottlenecks;
    // False: no pattern or availability is known for a part of it, which counts nothing.
    bool known = true;
  };
  Curve Of(const LineGroup& group, const Route& route);

 private:
  // Null where the pattern is not known.
  const std::vector<int64_t>* SecondsOf(const std::string& pattern_code, const std::string& product_code);

  const CapacityModel& model_;
  const Day first_;
  const Day end_;
  // By pattern, and by product where that has shutdowns of its own.
  std::map<std::pair<std::string, std::string>, std::vector<int64_t>> seconds_;
};

// Net good capacity for each day from `first` on, as running sums: sums[i] = what [first, first + i) gives; sums[0] = 0.
std::vector<double> CumulativeNetGood(const CapacityModel& model, const LineGroup& group, const Route& route, Day first,
                                      int32_t days);

}  // namespace mes::domain
