#include "domain/schedule_picture.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "domain/quantity.h"

namespace mes::domain {
namespace {

// Two rates that differ by less are one: the last bits of a sum are no ramp-up.
constexpr double kSameRate = 1e-9;

// A line group day by day.
class GroupDays {
 public:
  GroupDays(const CapacityModel& model, const LineGroup& group, const Route& route)
      : model_(model), group_(group), route_(route) {}

  GroupDay On(Day day) {
    int64_t seconds = 0;
    double good = 0;
    for (int32_t line = 1; line <= group_.lines; ++line) {
      const CapacityPoint* point = group_.PointOn(line, day);
      if (point == nullptr) continue;
      const ShiftPattern* pattern = model_.calendar.FindPattern(point->pattern_code);
      if (pattern == nullptr) continue;
      const auto planned =
          planned_.try_emplace(point->pattern_code, model_.calendar, *pattern, std::string_view(group_.product_code)).first;
      const int64_t of_line = planned->second.SecondsOn(day);
      seconds += of_line;
      const auto known = rates_.find(point->id);
      const double rate = known != rates_.end()
                              ? known->second
                              : rates_.emplace(point->id, RateOf(route_, group_, point).net_good_per_second).first->second;
      good += static_cast<double>(of_line) * rate;
    }
    return {group_.lines > 0 ? seconds / group_.lines : 0, good};
  }

 private:
  const CapacityModel& model_;
  const LineGroup& group_;
  const Route& route_;
  std::map<std::string, PlannedDays> planned_;
  std::map<int64_t, double> rates_;
};

// Planned time, and the rate where it changes.
void FillDays(const std::vector<GroupDay>& days, ScheduleItem& item) {
  double rate = -1;
  for (size_t i = 0; i < days.size(); ++i) {
    item.planned_ms.push_back(days[i].planned_seconds * 1000);
    if (days[i].planned_seconds == 0) continue;
    const double now = days[i].net_good > 0 ? static_cast<double>(days[i].planned_seconds) / days[i].net_good : 0;
    if (rate >= 0 && std::abs(now - rate) <= kSameRate * rate) continue;
    rate = now;
    item.rates.push_back({static_cast<int32_t>(i), rate});
  }
}

class PictureMaker {
 public:
  explicit PictureMaker(const PictureSources& sources) : sources_(sources), today_(PlantDayOf(sources.now, sources.zone)) {}

  SchedulePicture Make() {
    picture_.input.first_day = today_;
    picture_.input.days = sources_.days;
    picture_.input.share_component_orders = sources_.share_component_orders;
    AddItems();
    AddNeeds();
    AddOrders();
    AddSupplies();
    AssumeSupplies();
    AddCalendarGaps();
    std::stable_sort(picture_.gaps.begin(), picture_.gaps.end(), [](const ScheduleGap& left, const ScheduleGap& right) {
      return std::tie(left.kind, left.code) < std::tie(right.kind, right.code);
    });
    return std::move(picture_);
  }

 private:
  void Gap(std::string kind, std::string code, std::string sentence) {
    picture_.gaps.push_back({std::move(kind), std::move(code), std::move(sentence)});
  }

  void AddItems() {
    std::set<int32_t> told;
    for (const Supply& supply : sources_.model.supplies) told.insert(supply.material_id);
    const std::set<int32_t> bought = sources_.assumed_lead_days > 0 ? BoughtParts() : std::set<int32_t>();
    std::vector<const Material*> materials;
    for (const Material& material : sources_.plant.materials) {
      const bool made = sources_.plant.NewestRevision(material.id) != nullptr;
      if (made || told.contains(material.id) || bought.contains(material.id)) materials.push_back(&material);
    }
    std::sort(materials.begin(), materials.end(),
              [](const Material* left, const Material* right) { return left->code < right->code; });
    for (const Material* material : materials) {
      item_of_[material->id] = static_cast<int32_t>(picture_.input.items.size());
      ScheduleItem& item = picture_.input.items.emplace_back();
      item.code = material->code;
      item.uom = material->uom;
      item.whole = material->tracking == Tracking::kSerial;
      item.made = sources_.plant.NewestRevision(material->id) != nullptr;
      item.supply_assumed = !item.made && !told.contains(material->id);
      if (item.made) FillGroup(*material, item);
    }
  }

  // What products take that is not made here. What is not tracked is nowhere counted, so nothing can be known to be missing.
  std::set<int32_t> BoughtParts() const {
    std::set<int32_t> bought;
    for (const Material& material : sources_.plant.materials) {
      const ProductRevision* revision = sources_.plant.NewestRevision(material.id);
      if (revision == nullptr) continue;
      for (const BomLine& line : revision->bom) {
        const Material* part = sources_.plant.FindMaterial(line.material_id);
        if (part != nullptr && part->tracking != Tracking::kNone && sources_.plant.NewestRevision(part->id) == nullptr) {
          bought.insert(part->id);
        }
      }
    }
    return bought;
  }

  void FillGroup(const Material& material, ScheduleItem& item) {
    const Route route = RouteOf(*sources_.plant.NewestRevision(material.id));
    item.residence_days = ResidenceDays(route.residence_seconds);
    item.final_yield = route.final_yield;
    const LineGroup* group = sources_.model.FindGroup(material.id);
    if (group == nullptr) {
      item.lines = 0;
      return Gap("rate", material.code, "nothing is known of the lines of " + material.code + ": none of it can be made");
    }
    item.lines = group->lines;
    if (const CapacityPoint* point = group->PointOn(1, today_); point != nullptr) {
      item.final_yield = RateOf(route, *group, point).final_yield;
    }
    FillDays(GroupDaysOf(sources_.model, *group, route, today_, sources_.days), item);
    if (std::none_of(item.rates.begin(), item.rates.end(), [](const ScheduleRate& rate) { return rate.seconds_per_good > 0; })) {
      Gap("rate", material.code, "no rate or no planned time is known of " + material.code + ": none of it can be made");
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(StartOf(today_ + 1, sources_.zone) - sources_.now).count();
    if (!item.planned_ms.empty()) {
      item.planned_ms[0] = item.planned_ms[0] / 1000 * std::clamp<int64_t>(left, 0, kSecondsPerDay * 1000) / kSecondsPerDay;
    }
  }

  void AddNeeds() {
    std::set<std::string> untold;
    for (ScheduleItem& item : picture_.input.items) {
      if (!item.made) continue;
      const ProductRevision& revision = *sources_.plant.NewestRevision(sources_.plant.FindMaterial(item.code)->id);
      const Route route = RouteOf(revision);
      const double factor = item.final_yield > 0 ? route.final_yield / item.final_yield : 1;
      std::map<int32_t, ScheduleNeed> needs;
      for (const BomLine& line : revision.bom) {
        const auto of = item_of_.find(line.material_id);
        if (of == item_of_.end()) {
          untold.insert(line.material_code);
          continue;
        }
        const double net = static_cast<double>(line.quantity_micro) / static_cast<double>(kMicro);
        ScheduleNeed& need = needs.try_emplace(of->second, ScheduleNeed{of->second, 0, 0}).first->second;
        need.net += net;
        need.gross += net * std::max(1.0, factor / YieldFrom(route, line.operation));
      }
      for (const auto& [index, need] : needs) item.needs.push_back(need);
    }
    if (!untold.empty()) {
      Gap("supply", "",
          "of " + std::to_string(untold.size()) +
              (sources_.assumed_lead_days > 0 ? " materials that are not tracked nothing is counted: they are taken as there"
                                              : " bought materials no supply is announced: they are taken as there, as asked"));
    }
  }

  // What of a unit that takes something at an operation is good at the end of the route.
  static double YieldFrom(const Route& route, int16_t operation) {
    for (const OperationRate& rate : route.operations) {
      if (rate.operation >= operation) return rate.yield_to_end > 0 ? rate.yield_to_end : 1;
    }
    return 1;
  }

  void AddOrders() {
    for (const WorkOrder& order : sources_.orders) {
      const auto item = item_of_.find(order.material_id);
      const int64_t left = order.ordered_micro - order.good_micro;
      if (item == item_of_.end() || left <= 0) continue;
      ScheduleOrder& planned = picture_.input.orders.emplace_back();
      planned.code = order.code;
      planned.item = item->second;
      planned.left_micro = left;
      planned.to_start_micro = std::min(left, order.LeftToStartMicro());
      planned.priority = order.priority;
      planned.parent = order.parent_code;
      if (order.due_time) planned.due_day = PlantDayOf(*order.due_time, sources_.zone) - today_;
      if (order.state == WorkOrderState::kOnHold) {
        Gap("order", order.code, "order " + order.code + " is on hold; it is planned as if it went on now");
      }
    }
  }

  void AddSupplies() {
    for (const ComponentStock& stock : sources_.stocks) {
      const auto item = item_of_.find(stock.material_id);
      if (item != item_of_.end() && stock.quantity_micro > 0) {
        picture_.input.supplies.push_back({item->second, 0, stock.quantity_micro, ""});
      }
    }
    for (const Supply& supply : sources_.model.supplies) {
      const auto item = item_of_.find(supply.material_id);
      // What was received lies in stock.
      if (item == item_of_.end() || supply.state != SupplyState::kExpected) continue;
      if (supply.day < today_) {
        const std::string& code = picture_.input.items[static_cast<size_t>(item->second)].code;
        Gap("supply", code,
            "supply " + std::to_string(supply.id) + " of " + FormatQuantity(supply.quantity_micro) + " " + code +
                " was to come on " + FormatDay(supply.day) + " and is not received: it is not counted");
      } else if (supply.day - today_ < sources_.days) {
        picture_.input.supplies.push_back({item->second, supply.day - today_, supply.quantity_micro, ""});
      }
    }
  }

  // More than anything can take, on the day before which nothing unannounced is counted on.
  void AssumeSupplies() {
    constexpr int64_t kPlenty = int64_t{1'000'000'000'000} * kMicro;
    std::vector<std::string> codes;
    for (size_t i = 0; i < picture_.input.items.size(); ++i) {
      const ScheduleItem& item = picture_.input.items[i];
      if (!item.supply_assumed) continue;
      codes.push_back(item.code);
      if (sources_.assumed_lead_days < sources_.days) {
        picture_.input.supplies.push_back({static_cast<int32_t>(i), sources_.assumed_lead_days, kPlenty, ""});
      }
    }
    if (codes.empty()) return;
    constexpr size_t kNamed = 3;
    std::string names;
    for (size_t i = 0; i < codes.size() && i < kNamed; ++i) names += (i == 0 ? "" : ", ") + codes[i];
    if (codes.size() > kNamed) names += ", ...";
    Gap("supply", "",
        "of " + std::to_string(codes.size()) + " bought materials (" + names + ") no supply is announced: what does not lie in stock is " +
            (sources_.assumed_lead_days < sources_.days
                 ? "taken to come on " + FormatDay(today_ + sources_.assumed_lead_days) + ", after " +
                       std::to_string(sources_.assumed_lead_days) + " days"
                 : "not there within the horizon"));
  }

  void AddCalendarGaps() {
    for (int32_t year = YearOf(today_); year <= YearOf(today_ + sources_.days - 1); ++year) {
      if (sources_.model.calendar.StateOf(year) == CalendarState::kPublished) continue;
      Gap("calendar", std::to_string(year),
          "the days off of " + std::to_string(year) + " are not published: its planned time is an estimate");
    }
  }

  const PictureSources& sources_;
  const Day today_;
  SchedulePicture picture_;
  // Item by material.
  std::map<int32_t, int32_t> item_of_;
};

}  // namespace

std::vector<GroupDay> GroupDaysOf(const CapacityModel& model, const LineGroup& group, const Route& route, Day first,
                                  int32_t days) {
  GroupDays of_group(model, group, route);
  std::vector<GroupDay> list;
  for (int32_t i = 0; i < days; ++i) list.push_back(of_group.On(first + i));
  return list;
}

int32_t ResidenceDays(int64_t seconds) {
  if (seconds * 4 < kSecondsPerDay) return 0;
  return static_cast<int32_t>((seconds + kSecondsPerDay - 1) / kSecondsPerDay);
}

SchedulePicture MakePicture(const PictureSources& sources) { return PictureMaker(sources).Make(); }

}  // namespace mes::domain
