#include "services/plant_capacity.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

#include "domain/limits.h"
#include "services/json_reader.h"

namespace mes::services {
namespace {

using domain::CapacityDraft;
using domain::Day;

constexpr size_t kMaxText = 500;

// A date member or element; a fault and nothing where it is none.
std::optional<Day> DayIn(const JsonNode& node, const std::string& text) {
  const domain::Result<Day> day = domain::ParseDay(text, "date");
  if (day) return *day;
  node.Fault("`" + text + "` is not a date like 2026-02-28");
  return std::nullopt;
}

std::vector<Day> DaysIn(const JsonNode& node, std::string_view key) {
  std::vector<Day> days;
  if (!node.Has(key)) return days;
  node.Each(key, [&](const JsonNode& element) {
    if (const std::optional<Day> day = DayIn(element, element.AsText(10))) days.push_back(*day);
  });
  std::sort(days.begin(), days.end());
  return days;
}

// `HH:MM` as seconds after midnight.
int32_t ClockIn(const JsonNode& node, std::string_view key) {
  const std::string text = node.Text(key, 5);
  const auto digit = [&](size_t i) { return std::isdigit(static_cast<unsigned char>(text[i])) != 0; };
  if (text.size() == 5 && text[2] == ':' && digit(0) && digit(1) && digit(3) && digit(4)) {
    const int hours = (text[0] - '0') * 10 + text[1] - '0', minutes = (text[3] - '0') * 10 + text[4] - '0';
    if (hours < 24 && minutes < 60) return hours * 3'600 + minutes * 60;
  }
  node.Fault("`" + text + "` is not a time of day like 08:00");
  return 0;
}

void ReadYear(const JsonNode& root, CapacityDraft& draft) {
  domain::CalendarYear year;
  year.year = static_cast<int32_t>(root.Integer("year", 1971, 9999));
  year.source = root.Text("source", kMaxText);
  root.Each("days_off", [&](const JsonNode& node) {
    if (!node.IsObject()) return;
    const std::optional<Day> day = DayIn(node, node.Text("date", 10));
    if (!day) return;
    year.days_off.push_back({*day, node.Text("name", domain::kMaxNameLength, ""), node.Text("name_zh", domain::kMaxNameLength, ""),
                             node.Flag("statutory_triple_pay", false)});
  });
  year.make_up_days = DaysIn(root, "makeup_workdays");
  std::sort(year.days_off.begin(), year.days_off.end(),
            [](const domain::DayOff& a, const domain::DayOff& b) { return a.day < b.day; });
  if (const domain::Status checked = domain::CheckCalendarYear(year); !checked) root.Fault(checked.error().message);
  draft.years.push_back(std::move(year));
}

// Days in a row are one shutdown.
void ReadShutdowns(const JsonNode& node, const std::string& pattern_code, CapacityDraft& draft) {
  for (const Day day : DaysIn(node, "shutdown_days")) {
    domain::Shutdown* last = draft.shutdowns.empty() ? nullptr : &draft.shutdowns.back();
    if (last != nullptr && last->pattern_code == pattern_code && last->last + 1 >= day) {
      last->last = day;
    } else {
      draft.shutdowns.push_back({day, day, pattern_code, "", "shutdown of the plant's files"});
    }
  }
}

void ReadPatterns(const JsonNode& root, CapacityDraft& draft) {
  if (!root.Has("calendars")) return;
  root.EachMember("calendars", [&](const std::string& code, const JsonNode& node) {
    if (!node.IsObject()) return;
    domain::ShiftPattern pattern;
    pattern.code = code;
    pattern.description = node.Text("description", kMaxText, "");
    pattern.net_seconds_per_day = static_cast<int32_t>(std::lround(std::clamp(node.Number("net_hours_per_day"), 0.0, 24.0) * 3'600));
    // A pattern that says nothing works every day where its shutdowns are listed, else on official working days.
    const bool lists_shutdowns = node.Has("shutdown_days");
    const int64_t days = node.Integer("week_days", 1, 7, lists_shutdowns ? 7 : 5);
    for (size_t day = 0; day < 7; ++day) pattern.works[day] = static_cast<int64_t>(day) < days;
    pattern.observes_days_off = node.Flag("observes_days_off", !lists_shutdowns);
    if (node.Has("shifts")) {
      node.Each("shifts", [&](const JsonNode& shift) {
        if (!shift.IsObject()) return;
        pattern.shifts.push_back({shift.Text("code", 16), ClockIn(shift, "start"), ClockIn(shift, "end")});
      });
    }
    ReadShutdowns(node, code, draft);
    draft.patterns.push_back(std::move(pattern));
  });
}

// A product's rating out of its `nominal` figures; none where it has none.
std::optional<double> Rating(const Json& properties, std::initializer_list<const char*> keys, double divisor) {
  const auto nominal = properties.find("nominal");
  if (nominal == properties.end() || !nominal->is_object()) return std::nullopt;
  for (const char* key : keys) {
    const auto found = nominal->find(key);
    if (found != nominal->end() && found->is_number() && found->get<double>() > 0) return found->get<double>() / divisor;
  }
  return std::nullopt;
}

class GroupReader {
 public:
  GroupReader(const domain::PlantDraft& plant, CapacityDraft& draft) : draft_(draft) {
    for (const domain::Material& material : plant.materials) {
      if (material.made) properties_[material.code] = &material.properties_json;
    }
  }

  void Read(const JsonNode& root) {
    const std::vector<std::string> positions =
        root.Has("position_operations") ? root.Texts("position_operations", domain::kMaxCodeLength) : std::vector<std::string>();
    const double share = root.Number("position_availability", 1.0);
    if (!(share > 0 && share <= 1)) root.Fault("position_availability must be above 0 and at most 1");
    if (root.Has("line_groups")) {
      root.EachMember("line_groups", [&](const std::string& code, const JsonNode& node) {
        if (node.value().is_object() && properties_.contains(code)) ReadGroup(code, node);
      });
    }
    for (const auto& [code, properties] : properties_) {
      if (seen_.contains(code)) continue;
      draft_.groups.push_back(GroupOf(code));
    }
    for (domain::LineGroup& group : draft_.groups) {
      group.position_operations = positions;
      group.position_availability = share;
    }
  }

 private:
  domain::LineGroup GroupOf(const std::string& code) const {
    domain::LineGroup group;
    group.product_code = code;
    const Json properties = Json::parse(*properties_.at(code), nullptr, false);
    group.rated_kwh = Rating(properties, {"energy_Wh"}, 1'000);
    group.rated_kw = Rating(properties, {"net_power_kW", "gross_power_kW"}, 1);
    return group;
  }

  void ReadGroup(const std::string& code, const JsonNode& node) {
    seen_.insert(code);
    domain::LineGroup group = GroupOf(code);
    group.lines = static_cast<int32_t>(node.Integer("lines", 0, domain::kMaxLinesPerProduct, 1));
    group.planned_yearly = std::max(0.0, node.Number("demand_good_units", 0.0));
    if (node.Has("calendar") && node.Has("availability_x_performance")) {
      domain::CapacityPoint point;
      point.pattern_code = node.Text("calendar", domain::kMaxCodeLength);
      point.availability_performance = node.Number("availability_x_performance");
      if (!(point.availability_performance > 0 && point.availability_performance <= 1)) {
        node.Fault("availability_x_performance must be above 0 and at most 1");
      }
      const bool known = std::any_of(draft_.patterns.begin(), draft_.patterns.end(),
                                     [&](const domain::ShiftPattern& pattern) { return pattern.code == point.pattern_code; });
      if (!known) node.Fault("there is no calendar `" + point.pattern_code + "`");
      group.points.push_back(std::move(point));
    }
    draft_.groups.push_back(std::move(group));
  }

  CapacityDraft& draft_;
  std::map<std::string, const std::string*> properties_;
  std::set<std::string> seen_;
};

// Half of the last digit that is written: 0.05 of 10.5, 0.5 of 5000. Figures have at most six decimals.
double HalfDigit(double value) {
  double digit = 1;
  for (int decimals = 0; decimals < 6 && std::abs(value / digit - std::round(value / digit)) > 1e-6; ++decimals) digit /= 10;
  return digit / 2;
}

void ReadStated(const JsonNode& root, CapacityDraft& draft) {
  if (!root.Has("stated_capacities")) return;
  const std::string source = root.Text("source", kMaxText, "");
  const std::string source_date = root.Text("source_date", 10, "");
  std::optional<Day> day;
  if (!source_date.empty()) day = DayIn(root, source_date);
  root.Each("stated_capacities", [&](const JsonNode& node) {
    if (!node.IsObject() || !node.Has("family")) return;  // a figure that says of no products what it counts
    domain::CapacityFamily family;
    family.code = node.Text("family", domain::kMaxCodeLength);
    family.name = node.Text("item", domain::kMaxNameLength);
    family.unit = node.Text("counted_in", 8);
    if (family.unit != "pc" && family.unit != "kWh") node.Fault("counted_in must be pc or kWh");
    family.product_codes = node.Texts("products", domain::kMaxCodeLength);
    for (const std::string& product : family.product_codes) {
      const bool known = std::any_of(draft.groups.begin(), draft.groups.end(),
                                     [&](const domain::LineGroup& group) { return group.product_code == product; });
      if (!known) node.Fault("there is no product `" + product + "` in families.json");
    }
    family.stated_value = node.Number("value");
    family.stated_unit = node.Has("stated_unit") ? node.Text("stated_unit", 32) : node.Text("unit", 32);
    family.interpreted_unit = node.Text("interpreted_unit", 32, "");
    family.interpretation_reason = node.Text("reason", kMaxText, "");
    family.yearly = node.Number("yearly");
    if (!(family.yearly > 0) || !(family.stated_value > 0)) {
      node.Fault("value and yearly must be above zero");
    } else {
      family.rounding = HalfDigit(family.stated_value) * family.yearly / family.stated_value;
    }
    family.source = source;
    family.source_day = day.value_or(0);
    draft.families.push_back(std::move(family));
  });
}

bool IsHolidays(const std::string& path) { return path.starts_with("holidays-") && path.ends_with(".json"); }

}  // namespace

domain::CapacityDraft ReadPlantCapacity(const std::vector<PlantText>& files, const domain::PlantDraft& plant,
                                        std::vector<domain::PlantFault>& faults) {
  CapacityDraft draft;
  GroupReader groups(plant, draft);
  bool any = false;
  for (const PlantText& file : files) {
    const bool capacities = file.path == "capacities.json";
    if (!capacities && !IsHolidays(file.path)) continue;
    const std::optional<Json> document = ParseJson(file.path, file.content, faults);
    if (!document) continue;
    const JsonNode root(*document, file.path, "", faults);
    if (!root.IsObject()) continue;
    if (!capacities) {
      ReadYear(root, draft);
      continue;
    }
    any = true;
    ReadPatterns(root, draft);
    groups.Read(root);
    ReadStated(root, draft);
  }
  if (!any) draft.groups.clear();
  return draft;
}

}  // namespace mes::services
