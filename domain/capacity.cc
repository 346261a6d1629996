#include "domain/capacity.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace mes::domain {
namespace {

// Later points replace earlier ones; at one day the one recorded last counts.
bool Replaces(const CapacityPoint& newer, const CapacityPoint* older) {
  return older == nullptr || newer.from > older->from || (newer.from == older->from && newer.id > older->id);
}

// When each operation of a route may start and is done at the earliest, from the first start.
int64_t ResidenceSeconds(const ProductRevision& revision, const std::vector<bool>& on_route) {
  std::map<int16_t, std::pair<int64_t, int64_t>> spans;
  int64_t clock_ms = 0;
  for (size_t i = 0; i < revision.operations.size(); ++i) {
    if (!on_route[i]) continue;
    const Operation& operation = revision.operations[i];
    int64_t start = clock_ms, end = 0;
    for (const TimeWindow& window : revision.windows) {
      if (window.to_operation != operation.number || !window.min_seconds) continue;
      const auto from = spans.find(window.from_operation);
      const bool begins = window.from_event == WindowEvent::kStart;
      const int64_t since = from == spans.end() ? start : begins ? from->second.first : from->second.second;
      const int64_t least = (window.from_operation == operation.number ? start : since) + *window.min_seconds * 1'000;
      if (window.to_event == WindowEvent::kComplete) {
        end = std::max(end, least);
      } else {
        start = std::max(start, least);
      }
    }
    clock_ms = std::max(end, start + operation.cycle_ms);
    spans[operation.number] = {start, clock_ms};
  }
  return (clock_ms + 999) / 1'000;
}

// A line's rates from its points, worked out anew only where the point changes.
class LineRates {
 public:
  LineRates(const LineGroup& group, const Route& route, int32_t line) : group_(group), route_(route), line_(line) {}

  const LineRate& On(Day day) {
    const CapacityPoint* point = group_.PointOn(line_, day);
    if (!known_ || point != point_) {
      rate_ = RateOf(route_, group_, point);
      point_ = point;
      known_ = true;
    }
    return rate_;
  }
  const CapacityPoint* point() const { return point_; }

 private:
  const LineGroup& group_;
  const Route& route_;
  const int32_t line_;
  bool known_ = false;
  const CapacityPoint* point_ = nullptr;
  LineRate rate_;
};

// The planned days of whatever patterns a line has over time.
class LineDays {
 public:
  LineDays(const CapacityModel& model, const LineGroup& group) : model_(model), group_(group) {}

  // Nothing where the pattern is not known.
  std::optional<int64_t> SecondsOn(const CapacityPoint* point, Day day) {
    if (point == nullptr) return std::nullopt;
    if (!days_ || point->pattern_code != pattern_code_) {
      pattern_code_ = point->pattern_code;
      const ShiftPattern* pattern = model_.calendar.FindPattern(pattern_code_);
      days_.reset();
      if (pattern == nullptr) return std::nullopt;
      days_.emplace(model_.calendar, *pattern, group_.product_code);
    }
    return days_->SecondsOn(day);
  }

 private:
  const CapacityModel& model_;
  const LineGroup& group_;
  std::string pattern_code_;
  std::optional<PlannedDays> days_;
};

// Calls `each(day, rate, planned seconds)` for every line and day on which the capacity is known; gives whether it always was.
template <typename Each>
bool EachLineDay(const CapacityModel& model, const LineGroup& group, const Route& route, Day first, Day end, const Each& each) {
  bool known = !model.calendar.years.empty();
  for (int32_t line = 1; line <= group.lines; ++line) {
    LineRates rates(group, route, line);
    LineDays days(model, group);
    for (Day day = first; day < end; ++day) {
      const LineRate& rate = rates.On(day);
      const std::optional<int64_t> seconds = days.SecondsOn(rates.point(), day);
      known = known && seconds.has_value();
      if (seconds) each(day, rate, *seconds);
    }
  }
  return known && group.lines > 0 && !route.operations.empty();
}

}  // namespace

std::string_view NameOf(CapacityKind kind) {
  switch (kind) {
    case CapacityKind::kStated:
      return "stated";
    case CapacityKind::kNameplate:
      return "nameplate";
    case CapacityKind::kCalendar:
      return "calendar";
    case CapacityKind::kEffective:
      return "effective";
    case CapacityKind::kNetGood:
      return "net good";
    case CapacityKind::kDemonstrated:
      return "demonstrated";
  }
  return "";
}

const CapacityPoint* LineGroup::PointOn(int32_t line, Day day) const {
  const CapacityPoint* own = nullptr;
  const CapacityPoint* common = nullptr;
  for (const CapacityPoint& point : points) {
    if (point.from > day) continue;
    if (point.line == line && Replaces(point, own)) own = &point;
    if (point.line == 0 && Replaces(point, common)) common = &point;
  }
  return own != nullptr ? own : common;
}

const LineGroup* CapacityModel::FindGroup(int32_t material_id) const {
  const auto found =
      std::find_if(groups.begin(), groups.end(), [&](const LineGroup& group) { return group.material_id == material_id; });
  return found == groups.end() ? nullptr : &*found;
}

const LineGroup* CapacityModel::FindGroup(std::string_view product_code) const {
  const auto found =
      std::find_if(groups.begin(), groups.end(), [&](const LineGroup& group) { return group.product_code == product_code; });
  return found == groups.end() ? nullptr : &*found;
}

const CapacityFamily* CapacityModel::FindFamily(std::string_view code) const {
  const auto found =
      std::find_if(families.begin(), families.end(), [&](const CapacityFamily& family) { return family.code == code; });
  return found == families.end() ? nullptr : &*found;
}

const CapacityFamily* CapacityModel::FamilyOf(std::string_view product_code) const {
  const auto found = std::find_if(families.begin(), families.end(), [&](const CapacityFamily& family) {
    return std::find(family.product_codes.begin(), family.product_codes.end(), product_code) != family.product_codes.end();
  });
  return found == families.end() ? nullptr : &*found;
}

void RollUpRatings(std::vector<LineGroup>& groups, const Plant& plant) {
  std::map<int32_t, LineGroup*> by_material;
  for (LineGroup& group : groups) by_material[group.material_id] = &group;
  std::set<int32_t> done;
  const auto roll = [&](const auto& self, int32_t material_id) -> const LineGroup* {
    const auto found = by_material.find(material_id);
    if (found == by_material.end()) return nullptr;
    LineGroup& group = *found->second;
    const ProductRevision* revision = plant.NewestRevision(material_id);
    if (revision == nullptr || group.rated_kwh || group.rated_kw || !done.insert(material_id).second) return &group;
    double kwh = 0, kw = 0;
    for (const BomLine& line : revision->bom) {
      const LineGroup* part = line.tracking == Tracking::kSerial ? self(self, line.material_id) : nullptr;
      if (part == nullptr) continue;
      kwh += part->rated_kwh.value_or(0) * static_cast<double>(line.quantity_micro) / kMicro;
      kw += part->rated_kw.value_or(0) * static_cast<double>(line.quantity_micro) / kMicro;
    }
    if (kwh > 0) group.rated_kwh = kwh;
    if (kw > 0) group.rated_kw = kw;
    return &group;
  };
  for (const LineGroup& group : groups) roll(roll, group.material_id);
}

Route RouteOf(const ProductRevision& revision) {
  Route route;
  std::vector<bool> on_route;
  for (const Operation& operation : revision.operations) {
    on_route.push_back(operation.mandatory && operation.alternate_of == 0 && operation.cycle_ms > 0);
    if (!on_route.back()) continue;
    OperationRate rate;
    rate.operation = operation.number;
    rate.code = operation.code;
    rate.per_second =
        operation.units_per_cycle * operation.stations_per_line / (static_cast<double>(operation.cycle_ms) / 1'000.0);
    rate.yield_to_end = 1 - operation.scrap_rate;
    route.rolled_throughput_yield *= operation.first_pass_yield;
    route.operations.push_back(std::move(rate));
  }
  for (size_t i = route.operations.size(); i-- > 1;) {
    route.operations[i - 1].yield_to_end *= route.operations[i].yield_to_end;
  }
  if (!route.operations.empty()) route.final_yield = route.operations.front().yield_to_end;
  route.residence_seconds = ResidenceSeconds(revision, on_route);
  return route;
}

LineRate RateOf(const Route& route, const LineGroup& group, const CapacityPoint* point) {
  LineRate rate;
  if (point == nullptr || route.operations.empty()) return rate;
  rate.final_yield = point->final_yield.value_or(route.final_yield);
  // A line's own final yield spreads over the route as the routing's losses do; a routing without losses gives it to each operation.
  const bool spread = route.final_yield < 1 && rate.final_yield > 0;
  const double power = spread ? std::log(rate.final_yield) / std::log(route.final_yield) : 1;
  bool first = true;
  for (const OperationRate& operation : route.operations) {
    const bool position = std::find(group.position_operations.begin(), group.position_operations.end(), operation.code) !=
                          group.position_operations.end();
    const double effective =
        operation.per_second * (position ? group.position_availability : point->availability_performance);
    const double yield = !point->final_yield ? operation.yield_to_end
                         : spread            ? std::pow(operation.yield_to_end, power)
                                             : rate.final_yield;
    const double good = effective * yield;
    if (first || operation.per_second < rate.ideal_per_second) rate.ideal_per_second = operation.per_second;
    if (first || effective < rate.effective_per_second) rate.effective_per_second = effective;
    if (first || good < rate.net_good_per_second) {
      rate.net_good_per_second = good;
      rate.bottleneck = operation.operation;
    }
    first = false;
  }
  return rate;
}

double NetGoodOn(const CapacityModel& model, const LineGroup& group, const Route& route, Day day) {
  double good = 0;
  EachLineDay(model, group, route, day, day + 1, [&](Day, const LineRate& rate, int64_t seconds) {
    good += rate.net_good_per_second * static_cast<double>(seconds);
  });
  return good;
}

GroupCapacity CapacityOf(const CapacityModel& model, const LineGroup& group, const Route& route, Day first, Day end) {
  GroupCapacity capacity;
  std::map<int16_t, int64_t> bounded;
  capacity.known = EachLineDay(model, group, route, first, end, [&](Day, const LineRate& rate, int64_t seconds) {
    const auto planned = static_cast<double>(seconds);
    capacity.nameplate += rate.ideal_per_second * static_cast<double>(kSecondsPerDay);
    capacity.calendar += rate.ideal_per_second * planned;
    capacity.effective += rate.effective_per_second * planned;
    capacity.net_good += rate.net_good_per_second * planned;
    capacity.planned_seconds += seconds;
    ++bounded[rate.bottleneck];
  });
  if (group.lines > 0) capacity.planned_seconds /= group.lines;
  int64_t most = 0;
  for (const auto& [operation, days] : bounded) {
    if (days <= most) continue;
    most = days;
    capacity.bottleneck = operation;
  }
  for (const OperationRate& operation : route.operations) {
    if (operation.operation == capacity.bottleneck) capacity.bottleneck_code = operation.code;
  }
  capacity.published = !HasUnpublished(model.calendar, first, end);
  return capacity;
}

const std::vector<int64_t>* DailyCapacity::SecondsOf(const std::string& pattern_code, const std::string& product_code) {
  const ShiftPattern* pattern = model_.calendar.FindPattern(pattern_code);
  if (pattern == nullptr) return nullptr;
  const auto& shutdowns = model_.calendar.shutdowns;
  const bool own = std::any_of(shutdowns.begin(), shutdowns.end(),
                               [&](const Shutdown& shutdown) { return shutdown.product_code == product_code; });
  std::vector<int64_t>& seconds = seconds_[{pattern_code, own ? product_code : std::string()}];
  if (!seconds.empty()) return &seconds;
  PlannedDays days(model_.calendar, *pattern, own ? product_code : std::string());
  for (Day day = first_; day < end_; ++day) seconds.push_back(days.SecondsOn(day));
  return &seconds;
}

DailyCapacity::Curve DailyCapacity::Of(const LineGroup& group, const Route& route) {
  Curve curve;
  const auto count = static_cast<size_t>(std::max(0, end_ - first_));
  curve.sums.assign(count + 1, 0);
  curve.bottlenecks.assign(count, 0);
  curve.known = !model_.calendar.years.empty() && group.lines > 0 && !route.operations.empty();
  // Stretches in which no point begins.
  std::set<Day> begins{first_};
  for (const CapacityPoint& point : group.points) {
    if (point.from > first_ && point.from < end_) begins.insert(point.from);
  }
  for (int32_t line = 1; line <= group.lines; ++line) {
    for (auto begin = begins.begin(); begin != begins.end(); ++begin) {
      const Day end = std::next(begin) == begins.end() ? end_ : *std::next(begin);
      const CapacityPoint* point = group.PointOn(line, *begin);
      const std::vector<int64_t>* seconds = point == nullptr ? nullptr : SecondsOf(point->pattern_code, group.product_code);
      curve.known = curve.known && seconds != nullptr;
      if (seconds == nullptr) continue;
      const LineRate rate = RateOf(route, group, point);
      for (auto i = static_cast<size_t>(*begin - first_); i < static_cast<size_t>(end - first_); ++i) {
        curve.sums[i + 1] += rate.net_good_per_second * static_cast<double>((*seconds)[i]);
        if (line == 1) curve.bottlenecks[i] = rate.bottleneck;
      }
    }
  }
  for (size_t i = 1; i < curve.sums.size(); ++i) curve.sums[i] += curve.sums[i - 1];
  return curve;
}

std::vector<double> CumulativeNetGood(const CapacityModel& model, const LineGroup& group, const Route& route, Day first,
                                      int32_t days) {
  return DailyCapacity(model, first, first + days).Of(group, route).sums;
}

}  // namespace mes::domain
