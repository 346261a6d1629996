#include "services/mesctl/simulate_model.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

#include "services/mesctl/simulate_random.h"

namespace mes::mesctl::simulate {
namespace {

// From this many units per cycle on they travel in a carrier.
constexpr double kBatchFrom = 16;
constexpr int kLargestCarrier = 4'800;
// A coater's roll: the largest lot that is made in one go.
constexpr int64_t kLargestLotMicro = 3'600 * kMicro;

const std::map<std::string, v1::ConditionKind>& ConditionNames() {
  static const std::map<std::string, v1::ConditionKind> names = {{"CAL_TESTER", v1::CONDITION_KIND_CAL_TESTER},
                                                                 {"CAL_TORQUE", v1::CONDITION_KIND_CAL_TORQUE},
                                                                 {"SCALE_CAL", v1::CONDITION_KIND_SCALE_CAL},
                                                                 {"LEAK_REF", v1::CONDITION_KIND_LEAK_REF},
                                                                 {"GOLDEN", v1::CONDITION_KIND_GOLDEN},
                                                                 {"TOOL_LIFE", v1::CONDITION_KIND_TOOL_LIFE},
                                                                 {"POT_LIFE", v1::CONDITION_KIND_POT_LIFE},
                                                                 {"OPERATOR_HV", v1::CONDITION_KIND_OPERATOR_HV},
                                                                 {"OPERATOR_H2", v1::CONDITION_KIND_OPERATOR_H2},
                                                                 {"H2_SAFETY", v1::CONDITION_KIND_H2_SAFETY},
                                                                 {"ENV_DRYROOM", v1::CONDITION_KIND_ENV_DRYROOM},
                                                                 {"ENV_RH", v1::CONDITION_KIND_ENV_RH},
                                                                 {"ESD", v1::CONDITION_KIND_ESD},
                                                                 {"PGM_CUSTODY", v1::CONDITION_KIND_PGM_CUSTODY}};
  return names;
}

Moment MomentOf(const std::string& name) {
  if (name == "start") return Moment::kStart;
  if (name == "complete") return Moment::kComplete;
  if (name == "queue") return Moment::kQueue;
  if (name == "material_open") return Moment::kMaterialOpen;
  if (name == "material_age") return Moment::kMaterialAge;
  if (name == "consumed") return Moment::kConsumed;
  throw std::runtime_error("time window event `" + name + "` is not known to this simulator");
}

Characteristic CharacteristicOf(const v1::Characteristic& given) {
  Characteristic c;
  c.code = given.code();
  c.nominal = given.nominal();
  if (given.has_lower_limit()) c.lower = given.lower_limit();
  if (given.has_upper_limit()) c.upper = given.upper_limit();
  c.every_unit = given.sampling_mode() == "every_unit";
  c.replicates = std::max(1, given.replicates());
  const bool count = c.nominal == 0 && c.lower == -0.5 && c.upper == 0.5;
  const bool yes_no = c.nominal == 1 && c.lower == 0.5 && !given.has_upper_limit();
  if (count || yes_no) return c;
  c.sigma = std::min(c.nominal - c.lower, c.upper - c.nominal) / 5;
  // A leak or a resistance has no lower limit but is never negative.
  if (!given.has_lower_limit() && c.nominal > 0) c.sigma = std::min(c.sigma, c.nominal / 5);
  if (!given.has_upper_limit() && c.nominal > 0) c.sigma = std::min(c.sigma, c.nominal / 20);
  if (c.sigma > 0) c.step = std::pow(10.0, std::floor(std::log10(c.sigma)) - 1);
  return c;
}

Operation OperationOf(const v1::Operation& given, bool lot) {
  Operation o;
  o.number = given.number();
  o.code = given.code();
  o.cycle = std::max<int64_t>(given.cycle_ms(), 100) * 1000;
  o.units_per_cycle = given.units_per_cycle() > 0 ? given.units_per_cycle() : 1;
  o.batch = !lot && o.units_per_cycle >= kBatchFrom;
  o.capacity = o.batch ? static_cast<int>(std::min<double>(o.units_per_cycle, kLargestCarrier)) : 1;
  o.exclusive = !(o.batch && o.cycle >= kHour);
  o.first_pass_yield = given.first_pass_yield();
  o.scrap_rate = given.scrap_rate();
  o.max_retests = given.max_retests();
  o.max_reworks = given.max_reworks();
  o.quality = given.operation_type() == "quality";
  o.assigns_identity = !given.new_identity().empty() && given.new_identity() != "none";
  o.gbt34014 = given.new_identity() == "gbt34014";
  o.recipe_checksum = given.recipe_checksum();
  o.software_version = given.software_version();
  o.tightens = given.tightenings() > 0;
  for (const std::string& interlock : given.interlocks()) {
    if (interlock == "VARIANT_MATCH") o.checks_variant = true;
    const auto condition = ConditionNames().find(interlock);
    if (condition == ConditionNames().end()) continue;
    o.conditions.push_back(condition->second);
    if (IsPersonal(condition->second)) o.personal = true;
  }
  for (const v1::Characteristic& characteristic : given.characteristics()) {
    o.characteristics.push_back(CharacteristicOf(characteristic));
  }
  return o;
}

int IndexOf(const Item& item, int number) {
  for (size_t i = 0; i < item.operations.size(); ++i) {
    if (item.operations[i].number == number) return static_cast<int>(i);
  }
  return -1;
}

void AddWindows(Item& item, const v1::ProductDefinition& product) {
  for (const v1::TimeWindow& given : product.time_windows()) {
    Window w;
    w.from = IndexOf(item, given.from_operation());
    w.to = IndexOf(item, given.to_operation());
    w.from_moment = MomentOf(given.from_event());
    w.to_moment = MomentOf(given.to_event());
    w.min = given.has_min_seconds() ? given.min_seconds() * kSecond : 0;
    w.max = given.has_max_seconds() ? given.max_seconds() * kSecond : 0;
    w.only_flags = given.late_action() == "flag";
    if (w.from < 0 || w.to < 0)
      throw std::runtime_error("time window " + given.id() + " of " + item.code + " names an unknown operation");
    const bool of_material = w.from_moment == Moment::kMaterialOpen || w.from_moment == Moment::kMaterialAge;
    if (of_material && w.from == w.to && w.to_moment == Moment::kStart)
      item.operations[static_cast<size_t>(w.to)].names_materials = true;
    item.windows.push_back(w);
  }
}

void AddProduct(Model& model, const v1::ProductDefinition& product) {
  Item& item = model.items[static_cast<size_t>(model.ItemOf(product.material().code()))];
  // What may be left out is left out; alternates too, since the operations that they stand in for are run.
  std::vector<const v1::Operation*> run;
  for (const v1::Operation& given : product.operations()) {
    if (given.mandatory()) run.push_back(&given);
  }
  for (const v1::Operation* given : run) item.operations.push_back(OperationOf(*given, item.IsLot()));
  for (size_t i = 0; i < run.size(); ++i) {
    const v1::Operation& given = *run[i];
    if (given.rework_to() != 0) item.operations[i].rework_to = IndexOf(item, given.rework_to());
    if (item.IsLot() && given.code() == "SLIT") item.split_before = static_cast<int>(i);
  }
  for (const v1::BomLine& given : product.bom()) {
    const int at = IndexOf(item, given.operation());
    if (at < 0) throw std::runtime_error(item.code + " has a BOM line without an operation");
    BomLine line;
    line.number = given.line();
    line.item = model.ItemOf(given.material_code());
    line.quantity_micro = MicroOf(given.quantity().value());
    if (model.items[static_cast<size_t>(line.item)].tracking == v1::TRACKING_NONE) continue;
    item.operations[static_cast<size_t>(at)].lines.push_back(line);
  }
  AddWindows(item, product);
}

void AddStations(Model& model, const std::vector<v1::Station>& stations, int per_operation) {
  std::vector<const v1::Station*> sorted;
  for (const v1::Station& station : stations) sorted.push_back(&station);
  // By number first, so that an operation's stations spread over the lines.
  const auto number = [](const v1::Station& s) { return s.code().substr(s.code().rfind('.') + 1); };
  std::sort(sorted.begin(), sorted.end(), [&](const v1::Station* a, const v1::Station* b) {
    const std::string x = number(*a), y = number(*b);
    return std::tie(x, a->line_code(), a->code()) < std::tie(y, b->line_code(), b->code());
  });
  std::map<std::string, int> lines;
  for (const v1::Station* given : sorted) {
    const int item_index = model.FindItem(given->product_code());
    if (item_index < 0) continue;
    Item& item = model.items[static_cast<size_t>(item_index)];
    for (Operation& operation : item.operations) {
      if (static_cast<int>(operation.stations.size()) >= per_operation) continue;
      if (std::find(given->operations().begin(), given->operations().end(), operation.number) == given->operations().end())
        continue;
      const auto [found, fresh] = model.station_by_code.try_emplace(given->code(), static_cast<int>(model.stations.size()));
      const int line = lines.try_emplace(given->line_code(), static_cast<int>(lines.size())).first->second;
      if (fresh) model.stations.push_back({given->code(), item_index, line});
      operation.stations.push_back(found->second);
    }
  }
}

void Finish(Model& model) {
  for (Item& item : model.items) {
    for (const Operation& operation : item.operations) {
      if (operation.stations.empty()) throw std::runtime_error("no station does " + item.code + " " + operation.code);
      item.lead_time += operation.cycle;
    }
    if (!item.made) continue;
    const double first = item.operations.front().units_per_cycle;
    item.batch_micro = std::min<int64_t>(std::llround(first), kLargestLotMicro / kMicro) * kMicro;
    for (const Operation& operation : item.operations) {
      if (!operation.exclusive) continue;
      const double per_unit = item.IsLot()
                                  ? std::max(1.0, static_cast<double>(item.batch_micro) / kMicro / operation.units_per_cycle)
                                  : 1.0 / operation.units_per_cycle;
      const bool roomy = item.IsLot() && item.split_before >= 0 && operation.units_per_cycle * kMicro >= 1.5 * item.batch_micro;
      if (roomy) continue;
      const double takt = static_cast<double>(operation.cycle) * per_unit / static_cast<double>(operation.stations.size());
      item.takt = std::max(item.takt, static_cast<int64_t>(takt * 1.03));
    }
  }
}

}  // namespace

bool Operation::HasEveryUnitValue() const {
  return std::any_of(characteristics.begin(), characteristics.end(), [](const Characteristic& c) { return c.every_unit; });
}

const Item& Model::RunLotItem() const {
  const auto last = std::find_if(items.rbegin(), items.rend(), [](const Item& item) { return !item.made && item.IsLot(); });
  if (last == items.rend()) throw std::runtime_error("the plant buys nothing in lots");
  return *last;
}

int Model::FindItem(std::string_view code) const {
  const auto found = item_by_code.find(std::string(code));
  return found == item_by_code.end() ? -1 : found->second;
}

int Model::ItemOf(std::string_view code) const {
  const int item = FindItem(code);
  if (item < 0) throw std::runtime_error("the plant has no material " + std::string(code));
  return item;
}

bool IsPersonal(v1::ConditionKind kind) {
  return kind == v1::CONDITION_KIND_OPERATOR_HV || kind == v1::CONDITION_KIND_OPERATOR_H2 || kind == v1::CONDITION_KIND_ESD;
}

int64_t LongestValidity(v1::ConditionKind kind) {
  switch (kind) {
    case v1::CONDITION_KIND_CAL_TESTER:
    case v1::CONDITION_KIND_OPERATOR_HV:
    case v1::CONDITION_KIND_OPERATOR_H2:
      return 400 * kDay;
    case v1::CONDITION_KIND_CAL_TORQUE:
      return kDay;
    case v1::CONDITION_KIND_LEAK_REF:
      return 8 * kHour;
    case v1::CONDITION_KIND_POT_LIFE:
    case v1::CONDITION_KIND_H2_SAFETY:
    case v1::CONDITION_KIND_ENV_DRYROOM:
    case v1::CONDITION_KIND_ENV_RH:
      return kHour;
    default:
      return 12 * kHour;
  }
}

Model BuildModel(const std::vector<v1::Material>& materials, const std::vector<v1::ProductDefinition>& products,
                 const std::vector<v1::Station>& stations, int stations_per_operation) {
  Model model;
  for (const v1::Material& material : materials) {
    Item item;
    item.code = material.code();
    item.uom = material.uom();
    item.tracking = material.tracking();
    item.made = material.made();
    item.hash = HashOf(material.code());
    model.item_by_code.emplace(item.code, static_cast<int>(model.items.size()));
    model.items.push_back(std::move(item));
  }
  for (const v1::ProductDefinition& product : products) AddProduct(model, product);
  AddStations(model, stations, stations_per_operation);
  for (const v1::ProductDefinition& product : products) {
    // A group is told by the operation that guards it: its components, and those of the operations after it, share a grade.
    bool grouped = false;
    const Item& parent = model.items[static_cast<size_t>(model.ItemOf(product.material().code()))];
    for (int i = 0; i < product.operations_size(); ++i) {
      for (const std::string& interlock : product.operations(i).interlocks()) grouped = grouped || interlock == "GROUP_MATCH";
      if (!grouped) continue;
      for (const BomLine& line : parent.operations[static_cast<size_t>(i)].lines) {
        Item& child = model.items[static_cast<size_t>(line.item)];
        if (child.made && child.tracking == v1::TRACKING_SERIAL && !child.operations.back().batch) child.group = line.Slots();
      }
    }
  }
  Finish(model);
  return model;
}

std::string DecimalOf(int64_t micro) {
  std::string text = std::to_string(micro / kMicro);
  if (micro % kMicro == 0) return text;
  std::string fraction = std::to_string(micro % kMicro);
  fraction.insert(0, 6 - fraction.size(), '0');
  while (fraction.back() == '0') fraction.pop_back();
  return text + "." + fraction;
}

int64_t MicroOf(const std::string& decimal) {
  const size_t dot = decimal.find('.');
  std::string fraction = dot == std::string::npos ? "" : decimal.substr(dot + 1);
  const bool plain = !decimal.empty() && decimal.find_first_not_of("0123456789.") == std::string::npos && fraction.size() <= 6 &&
                     fraction.find('.') == std::string::npos && dot != 0;
  if (!plain) throw std::runtime_error("`" + decimal + "` is not a quantity");
  fraction.resize(6, '0');
  return std::stoll(decimal.substr(0, dot)) * kMicro + std::stoll(fraction);
}

}  // namespace mes::mesctl::simulate
