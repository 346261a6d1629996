// Whether a plant's definitions hold together. Shape (types, required fields, enum values) is judged where the files are read; here is
// what the fields mean to each other.
#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <unordered_map>

#include "domain/code.h"
#include "domain/limits.h"
#include "domain/product_definition.h"

namespace mes::domain {
namespace {

using std::to_string;

constexpr int64_t kMaxCycleMs = 366LL * 86'400'000;
constexpr int64_t kMaxWindowSeconds = 100LL * 366 * 86'400;

// RFC 6901: `~` and `/` within a key are escaped.
std::string Escaped(std::string_view key) {
  std::string text;
  for (const char c : key) text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return text;
}

std::string Quoted(std::string_view text) { return "`" + std::string(text.substr(0, 80)) + "`"; }
std::string At(std::string_view list, size_t index) { return "/" + std::string(list) + "/" + to_string(index); }

class Check {
 public:
  explicit Check(const PlantDraft& draft) : draft_(draft) {
    for (const Material& material : draft.materials) materials_.try_emplace(material.code, &material);
    for (const ProductRevision& product : draft.products) products_.try_emplace(product.product_code, &product);
    for (const PlantDraft::Rule& rule : draft.rules) rules_.insert(rule.kind + " " + rule.code);
  }

  std::vector<PlantFault> Run() {
    CheckMaterials();
    for (const ProductRevision& product : draft_.products) {
      CheckRouting(product);
      CheckBom(product);
    }
    CheckStations();
    CheckCycles();
    return std::move(faults_);
  }

 private:
  void Fault(const std::string& file, std::string path, std::string problem) {
    faults_.push_back({file, std::move(path), std::move(problem)});
  }
  void Require(bool good, const std::string& file, const std::string& path, const std::string& problem) {
    if (!good) Fault(file, path, problem);
  }
  void RequireCode(std::string_view code, const std::string& file, const std::string& path) {
    if (const Status checked = CheckCode(code, "the code"); !checked) Fault(file, path, checked.error().message);
  }
  const Material* FindMaterial(const std::string& code) const {
    const auto found = materials_.find(code);
    return found == materials_.end() ? nullptr : found->second;
  }

  void CheckMaterials();
  void CheckRouting(const ProductRevision& product);
  void CheckOperation(const ProductRevision& product, const Operation& operation, const std::string& file, const std::string& path);
  void CheckPlan(const Operation& operation, const std::string& file, const std::string& path);
  void CheckRepair(const ProductRevision& product, const Operation& operation, const std::string& file, const std::string& path);
  void CheckAlternate(const ProductRevision& product, const Operation& operation, const std::string& file, const std::string& path);
  void CheckGuards(const Operation& operation, const std::string& file, const std::string& path);
  void CheckTightenings(const Operation& operation, const std::string& file, const std::string& path);
  void CheckCharacteristics(const Operation& operation, const std::string& file, const std::string& path);
  void CheckLimits(const Characteristic& characteristic, const std::string& file, const std::string& path);
  void CheckWindow(const ProductRevision& product, const TimeWindow& window, const std::string& file, const std::string& path);
  void CheckWindowEvents(const TimeWindow& window, const std::string& file, const std::string& path);
  void CheckLateAction(const ProductRevision& product, const TimeWindow& window, const std::string& file, const std::string& path);
  void CheckBom(const ProductRevision& product);
  void CheckLine(const ProductRevision& product, const BomLine& line, const std::string& path);
  void CheckAlternates(const PlantDraft::Component& component, const std::string& file, const std::string& path);
  void CheckComponents(const ProductRevision& product);
  void CheckStations();
  void CheckCycles();
  void VisitForCycle(const std::string& code, std::vector<std::string>& path, std::set<std::string>& done);

  const PlantDraft& draft_;
  std::unordered_map<std::string, const Material*> materials_;
  std::unordered_map<std::string, const ProductRevision*> products_;
  std::set<std::string> rules_;
  std::vector<PlantFault> faults_;
};

std::string RoutingFile(const ProductRevision& product) { return "routings/" + product.product_code + ".json"; }
std::string BomFile(const ProductRevision& product) { return "boms/" + product.product_code + ".json"; }

void Check::CheckMaterials() {
  std::set<std::string> seen;
  for (const Material& material : draft_.materials) {
    const std::string file = material.made ? "families.json" : "materials.json";
    const std::string path = (material.made ? "/families/" : "/materials/") + Escaped(material.code);
    RequireCode(material.code, file, path);
    Require(seen.insert(material.code).second, file, path, Quoted(material.code) + " is defined twice, as a family and as a material");
    const bool known = material.uom == "pc" || material.uom == "set" || material.uom == "kg" || material.uom == "m2";
    Require(known, file, path + "/uom", "unit of measure " + Quoted(material.uom) + " is unknown: use pc, set, kg or m2");
    const bool counted = material.uom == "pc" || material.uom == "set";
    Require(!known || counted || material.tracking != Tracking::kSerial, file, path + "/tracking",
            "a material with serials is counted in pc or set, not in " + material.uom);
    Require(!material.made || material.tracking != Tracking::kNone, file, path + "/tracking",
            "what is made here needs an identity: serial or lot");
    Require(material.shelf_life_days >= 0, file, path + "/shelf_life_d", "the shelf life is below zero");
    Require(!material.made || products_.contains(material.code), file, path, "the family has no routing");
  }
}

void Check::CheckRouting(const ProductRevision& product) {
  const std::string file = RoutingFile(product);
  const auto& operations = product.operations;
  Require(!operations.empty(), file, "/operations", "a routing needs at least one operation");
  Require(operations.size() <= kMaxOperationsPerRouting, file, "/operations",
          "the routing has " + to_string(operations.size()) + " operations, more than " + to_string(kMaxOperationsPerRouting));
  Require(operations.empty() || std::any_of(operations.begin(), operations.end(), [](const Operation& o) { return o.mandatory; }), file,
          "/operations", "no operation is mandatory, so a unit would be finished before it starts");
  std::set<std::string> codes;
  int16_t before = 0;
  for (size_t i = 0; i < operations.size(); ++i) {
    const Operation& operation = operations[i];
    const std::string path = At("operations", i);
    Require(operation.number > before, file, path + "/op",
            "operation number " + to_string(operation.number) + " does not ascend: the one before is " + to_string(before));
    before = std::max(before, operation.number);
    RequireCode(operation.code, file, path + "/code");
    Require(codes.insert(operation.code).second, file, path + "/code", "operation code " + Quoted(operation.code) + " appears twice");
    CheckOperation(product, operation, file, path);
  }
  Require(product.windows.size() <= kMaxWindowsPerRouting, file, "/time_windows",
          "the routing has " + to_string(product.windows.size()) + " time windows, more than " + to_string(kMaxWindowsPerRouting));
  std::set<std::string> ids;
  for (size_t i = 0; i < product.windows.size(); ++i) {
    const std::string path = At("time_windows", i);
    Require(ids.insert(product.windows[i].id).second, file, path + "/id", "window " + Quoted(product.windows[i].id) + " appears twice");
    CheckWindow(product, product.windows[i], file, path);
  }
}

void Check::CheckOperation(const ProductRevision& product, const Operation& operation, const std::string& file, const std::string& path) {
  const bool known = operation.operation_type == "production" || operation.operation_type == "quality" ||
                     operation.operation_type == "inventory";
  Require(known, file, path + "/operation_type",
          "operation type " + Quoted(operation.operation_type) + " is unknown: use production, quality or inventory");
  RequireCode(operation.station_class, file, path + "/work_center_class");
  CheckPlan(operation, file, path);
  CheckRepair(product, operation, file, path);
  CheckAlternate(product, operation, file, path);
  CheckGuards(operation, file, path);
  CheckTightenings(operation, file, path);
  CheckCharacteristics(operation, file, path);
  const Material* material = FindMaterial(product.product_code);
  Require(operation.new_identity == NewIdentity::kNone || !material || material->tracking == Tracking::kSerial, file,
          path + "/new_identity", "only a product with serials can be given a new identity");
}

void Check::CheckPlan(const Operation& operation, const std::string& file, const std::string& path) {
  Require(operation.cycle_ms > 0 && operation.cycle_ms <= kMaxCycleMs, file, path + "/cycle_s",
          "the cycle time must be above 0 and at most 366 days");
  Require(std::isfinite(operation.units_per_cycle) && operation.units_per_cycle > 0, file, path + "/units_per_cycle",
          "units per cycle must be above 0");
  Require(operation.stations_per_line >= 1 && operation.stations_per_line <= kMaxStationsPerLine, file, path + "/stations_per_line",
          "stations per line must be 1 to " + to_string(kMaxStationsPerLine));
  const double fpy = operation.first_pass_yield;
  const double scrap = operation.scrap_rate;
  Require(fpy > 0 && fpy <= 1, file, path + "/fpy", "the first-pass yield must be above 0 and at most 1");
  Require(scrap >= 0 && scrap <= 1, file, path + "/scrap_rate", "the scrap rate must be 0 to 1");
  Require(!(fpy > 0 && fpy <= 1 && scrap >= 0 && scrap <= 1) || fpy + scrap <= 1 + 1e-9, file, path + "/scrap_rate",
          "first-pass yield and scrap rate together are more than 1");
}

void Check::CheckRepair(const ProductRevision& product, const Operation& operation, const std::string& file, const std::string& path) {
  Require(operation.max_retests >= 0 && operation.max_retests <= kMaxRepeats, file, path + "/max_retest",
          "retests must be 0 to " + to_string(kMaxRepeats));
  Require(operation.Guards(Interlock::kRetestLimit) == (operation.max_retests > 0), file, path + "/interlocks",
          operation.max_retests > 0 ? "retests are allowed, so RETEST_LIMIT must guard the operation"
                                    : "RETEST_LIMIT guards the operation, but max_retest is 0");
  const bool rework = operation.rework_to != 0;
  Require(operation.Guards(Interlock::kReworkLimit) == rework, file, path + "/interlocks",
          rework ? "rework is allowed, so REWORK_LIMIT must guard the operation"
                 : "REWORK_LIMIT guards the operation, but it has no rework");
  if (!rework) return;
  Require(operation.max_reworks >= 1 && operation.max_reworks <= kMaxRepeats, file, path + "/rework/max_count",
          "reworks must be 1 to " + to_string(kMaxRepeats));
  const bool on_route = std::any_of(product.operations.begin(), product.operations.end(),
                                    [&](const Operation& other) { return other.number == operation.rework_to; });
  Require(on_route, file, path + "/rework/to_op", "operation " + to_string(operation.rework_to) + " is not on this routing");
  Require(operation.rework_to <= operation.number, file, path + "/rework/to_op",
          "rework cannot return to operation " + to_string(operation.rework_to) + ", which comes after " + to_string(operation.number));
}

void Check::CheckAlternate(const ProductRevision& product, const Operation& operation, const std::string& file, const std::string& path) {
  if (operation.alternate_of == 0) return;
  Require(!operation.mandatory, file, path + "/mandatory", "an operation that stands in for another cannot be mandatory itself");
  const auto original = std::find_if(product.operations.begin(), product.operations.end(),
                                     [&](const Operation& other) { return other.number == operation.alternate_of; });
  if (original == product.operations.end()) {
    Fault(file, path + "/alternate_of", "operation " + to_string(operation.alternate_of) + " is not on this routing");
    return;
  }
  Require(original->number != operation.number, file, path + "/alternate_of", "an operation cannot stand in for itself");
  Require(original->number == operation.number || original->alternate_of == 0, file, path + "/alternate_of",
          "operation " + to_string(original->number) + " is a stand-in itself: name the one it stands in for");
}

void Check::CheckGuards(const Operation& operation, const std::string& file, const std::string& path) {
  std::set<Interlock> seen;
  for (size_t i = 0; i < operation.interlocks.size(); ++i) {
    const std::string name(NameOf(operation.interlocks[i]));
    const std::string place = path + At("interlocks", i);
    Require(rules_.contains("interlock " + name), file, place, "interlock " + Quoted(name) + " is not in rules.json");
    Require(seen.insert(operation.interlocks[i]).second, file, place, "interlock " + name + " is listed twice");
  }
  for (size_t i = 0; i < operation.line_stops.size(); ++i) {
    Require(rules_.contains("line_stop " + operation.line_stops[i]), file, path + At("line_stops", i),
            "line stop " + Quoted(operation.line_stops[i]) + " is not in rules.json");
  }
  if (operation.Guards(Interlock::kSwVersion) || !operation.software_version.empty()) {
    RequireCode(operation.software_version, file, path + "/software_version");
  }
  RequireCode(operation.recipe_checksum, file, path + "/recipe_checksum");
}

void Check::CheckTightenings(const Operation& operation, const std::string& file, const std::string& path) {
  const bool counted = operation.Guards(Interlock::kBoltCount);
  const std::string place = path + "/tightenings";
  if (counted != (operation.tightenings > 0)) {
    Fault(file, place, counted ? "BOLT_COUNT guards the operation, so tightenings must be above 0 (a characteristic in N.m tells how many)"
                               : "tightenings are asked for, but BOLT_COUNT does not guard the operation");
  }
  if (!counted || operation.tightenings <= 0) return;
  const auto torque = std::find_if(operation.characteristics.begin(), operation.characteristics.end(),
                                   [](const Characteristic& characteristic) { return characteristic.unit == "N.m"; });
  if (torque == operation.characteristics.end()) {
    Fault(file, place, "tightenings are counted by a characteristic in N.m, and the operation has none");
    return;
  }
  Require(operation.tightenings <= torque->replicates, file, place,
          to_string(operation.tightenings) + " tightenings are asked for, but characteristic " + torque->code + " has only " +
              to_string(torque->replicates) + " values");
}

void Check::CheckCharacteristics(const Operation& operation, const std::string& file, const std::string& path) {
  const auto& characteristics = operation.characteristics;
  Require(!characteristics.empty(), file, path + "/parameters", "an operation needs at least one parameter");
  Require(characteristics.size() <= kMaxCharacteristicsPerOperation, file, path + "/parameters",
          "the operation has " + to_string(characteristics.size()) + " parameters, more than " +
              to_string(kMaxCharacteristicsPerOperation));
  int64_t values = 0;
  std::set<std::string> codes;
  for (size_t i = 0; i < characteristics.size(); ++i) {
    const Characteristic& characteristic = characteristics[i];
    const std::string place = path + At("parameters", i);
    RequireCode(characteristic.code, file, place + "/code");
    Require(codes.insert(characteristic.code).second, file, place + "/code",
            "parameter code " + Quoted(characteristic.code) + " appears twice");
    Require(!characteristic.unit.empty(), file, place + "/unit", "a parameter needs a unit; `1` for a plain number");
    CheckLimits(characteristic, file, place);
    Require(characteristic.sampling_n >= 1, file, place + "/sampling/n", "the sample size must be at least 1");
    Require(characteristic.replicates >= 1 && characteristic.replicates <= kMaxValuesPerEvent, file, place + "/replicates",
            "replicates must be 1 to " + to_string(kMaxValuesPerEvent));
    values += std::max<int64_t>(characteristic.replicates, 0);
  }
  Require(values <= kMaxValuesPerEvent, file, path + "/parameters",
          "the parameters have " + to_string(values) + " values in all, more than " + to_string(kMaxValuesPerEvent));
}

void Check::CheckLimits(const Characteristic& characteristic, const std::string& file, const std::string& path) {
  const auto& [lower, upper] = std::tie(characteristic.lower_limit, characteristic.upper_limit);
  if (!std::isfinite(characteristic.nominal) || (lower && !std::isfinite(*lower)) || (upper && !std::isfinite(*upper))) {
    Fault(file, path, "nominal and limits must be finite numbers");
    return;
  }
  Require(lower || upper, file, path, "a parameter needs at least one of lsl and usl");
  Require(!lower || *lower < characteristic.nominal, file, path + "/lsl", "the lower limit must be below the nominal value");
  Require(!upper || characteristic.nominal < *upper, file, path + "/usl", "the upper limit must be above the nominal value");
}

void Check::CheckWindow(const ProductRevision& product, const TimeWindow& window, const std::string& file, const std::string& path) {
  RequireCode(window.id, file, path + "/id");
  const auto on_route = [&](int16_t number) {
    return std::any_of(product.operations.begin(), product.operations.end(), [&](const Operation& o) { return o.number == number; });
  };
  Require(on_route(window.from_operation), file, path + "/from_op",
          "operation " + to_string(window.from_operation) + " is not on this routing");
  Require(on_route(window.to_operation), file, path + "/to_op",
          "operation " + to_string(window.to_operation) + " is not on this routing");
  Require(window.from_operation <= window.to_operation, file, path + "/to_op", "the window ends before it begins");
  const int64_t least = window.min_seconds.value_or(0);
  Require(least >= 0 && least <= kMaxWindowSeconds, file, path + "/min_s", "min_s must be 0 to 100 years");
  Require(!window.max_seconds || *window.max_seconds <= kMaxWindowSeconds, file, path + "/max_s", "max_s must be at most 100 years");
  Require(window.max_seconds || least > 0, file, path, "the window has neither a least nor a most time");
  Require(!window.max_seconds || least < *window.max_seconds, file, path + "/max_s", "the most time must be above the least time");
  Require(!window.on_violation.empty(), file, path + "/on_violation", "what to do on a breach is missing");
  Require(!window.reason.empty(), file, path + "/reason", "why the window exists is missing");
  CheckWindowEvents(window, file, path);
  CheckLateAction(product, window, file, path);
}

void Check::CheckWindowEvents(const TimeWindow& window, const std::string& file, const std::string& path) {
  Require(window.from_event != WindowEvent::kConsumed, file, path + "/from_event", "a clock cannot start when the unit is consumed");
  const bool reads = window.to_event == WindowEvent::kStart || window.to_event == WindowEvent::kComplete ||
                     window.to_event == WindowEvent::kConsumed;
  Require(reads, file, path + "/to_event",
          "a clock is read at start, complete or consumed, not at " + std::string(NameOf(window.to_event)));
  if (!reads || window.from_operation != window.to_operation) return;
  const bool backwards = (window.from_event == WindowEvent::kStart && window.to_event == WindowEvent::kStart) ||
                         (window.from_event == WindowEvent::kComplete && window.to_event != WindowEvent::kConsumed);
  Require(!backwards, file, path + "/to_event",
          "within one operation " + std::string(NameOf(window.from_event)) + " does not come before " +
              std::string(NameOf(window.to_event)));
}

void Check::CheckLateAction(const ProductRevision& product, const TimeWindow& window, const std::string& file, const std::string& path) {
  Require(window.late_action == LateAction::kRefuse || window.max_seconds, file, path + "/late_action",
          "without max_s nothing is ever late");
  if (window.late_action != LateAction::kRepeat) {
    Require(window.repeat_from == 0 && window.repeat_max == 0, file, path + "/repeat_from",
            "repeat_from and repeat_max go with late_action `repeat` only");
    return;
  }
  const bool on_route = std::any_of(product.operations.begin(), product.operations.end(),
                                    [&](const Operation& operation) { return operation.number == window.repeat_from; });
  Require(on_route, file, path + "/repeat_from", "operation " + to_string(window.repeat_from) + " is not on this routing");
  Require(window.repeat_from <= window.from_operation, file, path + "/repeat_from",
          "repeating from operation " + to_string(window.repeat_from) + " would not start the clock at operation " +
              to_string(window.from_operation) + " again");
  Require(window.repeat_max >= 1 && window.repeat_max <= kMaxRepeats, file, path + "/repeat_max",
          "repeat_max must be 1 to " + to_string(kMaxRepeats));
}

void Check::CheckBom(const ProductRevision& product) {
  const std::string file = RoutingFile(product);
  Require(product.bom.size() <= kMaxLinesPerBom, file, "/operations",
          "the operations consume " + to_string(product.bom.size()) + " materials, more than " + to_string(kMaxLinesPerBom));
  std::unordered_map<int16_t, size_t> places;
  std::set<std::pair<int16_t, std::string>> accepted;
  int64_t slots = 0;
  for (const BomLine& line : product.bom) {
    const int16_t index = static_cast<int16_t>(std::find_if(product.operations.begin(), product.operations.end(),
                                                            [&](const Operation& o) { return o.number == line.operation; }) -
                                               product.operations.begin());
    const std::string path = At("operations", static_cast<size_t>(index)) + At("consumes", places[line.operation]++);
    CheckLine(product, line, path);
    if (line.tracking == Tracking::kSerial) slots += line.quantity_micro / kMicro;
    for (size_t i = 0; i <= line.alternate_codes.size(); ++i) {
      const std::string& code = i == 0 ? line.material_code : line.alternate_codes[i - 1];
      Require(accepted.emplace(line.operation, code).second, file, path + "/material",
              Quoted(code) + " is consumed twice at operation " + to_string(line.operation) + ", itself or as an alternate");
    }
  }
  Require(slots <= kMaxSerialSlotsPerProduct, file, "/operations",
          "the product has " + to_string(slots) + " positions for serials, more than " + to_string(kMaxSerialSlotsPerProduct));
  CheckComponents(product);
}

void Check::CheckLine(const ProductRevision& product, const BomLine& line, const std::string& path) {
  const std::string file = RoutingFile(product);
  const Material* material = FindMaterial(line.material_code);
  if (!material) {
    Fault(file, path + "/material", "material " + Quoted(line.material_code) + " is in neither families.json nor materials.json");
    return;
  }
  Require(line.uom == material->uom, file, path + "/uom",
          "unit of measure " + Quoted(line.uom) + " differs from that of " + line.material_code + ", " + material->uom);
  Require(line.quantity_micro > 0 && line.quantity_micro <= kMaxQuantityMicro, file, path + "/qty",
          "the quantity must be above 0 and at most 9,000,000,000");
  if (material->tracking != Tracking::kSerial) return;
  Require(line.quantity_micro % kMicro == 0, file, path + "/qty",
          line.material_code + " has serials, so its quantity must be a whole number, not " + FormatQuantity(line.quantity_micro));
  Require(line.quantity_micro / kMicro <= kMaxSlotsPerLine, file, path + "/qty",
          "a line has at most " + to_string(kMaxSlotsPerLine) + " positions");
}

void Check::CheckAlternates(const PlantDraft::Component& component, const std::string& file, const std::string& path) {
  const Material* material = FindMaterial(component.material_code);
  std::set<std::string> seen = {component.material_code};
  for (size_t i = 0; i < component.alternate_codes.size(); ++i) {
    const std::string& code = component.alternate_codes[i];
    const std::string place = path + At("alternates", i);
    const Material* alternate = FindMaterial(code);
    Require(seen.insert(code).second, file, place, "alternate " + Quoted(code) + " is the material itself or listed twice");
    Require(alternate, file, place, "alternate " + Quoted(code) + " is in neither families.json nor materials.json");
    if (!material || !alternate) continue;
    Require(alternate->uom == material->uom && alternate->tracking == material->tracking, file, place,
            "alternate " + code + " differs from " + component.material_code + " in unit of measure or tracking");
  }
}

void Check::CheckComponents(const ProductRevision& product) {
  const std::string file = BomFile(product);
  std::unordered_map<std::string, int64_t> consumed;
  for (const BomLine& line : product.bom) consumed[line.material_code] += line.quantity_micro;
  const auto found = draft_.components.find(product.product_code);
  static const std::vector<PlantDraft::Component> none;
  const auto& components = found == draft_.components.end() ? none : found->second;
  std::set<std::string> listed;
  for (size_t i = 0; i < components.size(); ++i) {
    const PlantDraft::Component& component = components[i];
    const std::string path = At("components", i);
    const std::string& code = component.material_code;
    Require(listed.insert(code).second, file, path + "/material", Quoted(code) + " is listed twice");
    CheckAlternates(component, file, path);
    if (const Material* material = FindMaterial(code)) {
      Require(component.uom == material->uom, file, path + "/uom",
              "unit of measure " + Quoted(component.uom) + " differs from that of " + code + ", " + material->uom);
      Require(component.tracking == material->tracking, file, path + "/tracking", "tracking differs from that of " + code);
    } else {
      Fault(file, path + "/material", "material " + Quoted(code) + " is in neither families.json nor materials.json");
    }
    const auto used = consumed.find(code);
    if (used == consumed.end()) {
      Fault(file, path + "/material", "no operation of the routing consumes " + Quoted(code));
    } else {
      Require(used->second == component.quantity_micro, file, path + "/qty",
              "the BOM says " + FormatQuantity(component.quantity_micro) + ", but the operations consume " +
                  FormatQuantity(used->second) + " of " + code);
    }
  }
  for (const BomLine& line : product.bom) {
    if (listed.insert(line.material_code).second) {
      Fault(file, "/components",
            Quoted(line.material_code) + " is consumed at operation " + to_string(line.operation) + ", but is not in the BOM");
    }
  }
}

void Check::CheckStations() {
  int64_t stations = 0;
  for (const ProductRevision& product : draft_.products) {
    const auto found = draft_.lines.find(product.product_code);
    const int32_t lines = found == draft_.lines.end() ? 1 : found->second;
    Require(lines >= 1 && lines <= kMaxLinesPerProduct, "capacities.json", "/line_groups/" + Escaped(product.product_code) + "/lines",
            "lines must be 1 to " + to_string(kMaxLinesPerProduct));
    for (size_t i = 0; i < product.operations.size(); ++i) {
      const Operation& operation = product.operations[i];
      stations += int64_t{std::max(operation.stations_per_line, 0)} * std::max(lines, 0);
      const std::string code = StationCode(LineCode(product.product_code, lines), operation.code, operation.stations_per_line);
      Require(code.size() <= kMaxCodeLength, RoutingFile(product), At("operations", i) + "/code",
              "station code " + Quoted(code) + " would have more than " + to_string(kMaxCodeLength) + " characters");
    }
  }
  Require(stations <= kMaxStations, "capacities.json", "/line_groups",
          "the plant would have " + to_string(stations) + " stations, more than " + to_string(kMaxStations));
}

void Check::CheckCycles() {
  std::set<std::string> done;
  for (const ProductRevision& product : draft_.products) {
    std::vector<std::string> path;
    VisitForCycle(product.product_code, path, done);
  }
}

void Check::VisitForCycle(const std::string& code, std::vector<std::string>& path, std::set<std::string>& done) {
  const auto product = products_.find(code);
  if (product == products_.end() || done.contains(code)) return;
  path.push_back(code);
  for (const BomLine& line : product->second->bom) {
    for (size_t i = 0; i <= line.alternate_codes.size(); ++i) {
      const std::string& child = i == 0 ? line.material_code : line.alternate_codes[i - 1];
      const auto again = std::find(path.begin(), path.end(), child);
      if (again == path.end()) {
        VisitForCycle(child, path, done);
        continue;
      }
      std::string cycle;
      for (auto step = again; step != path.end(); ++step) cycle += *step + " > ";
      Fault("boms/" + code + ".json", "/components", "the BOM is a circle: " + cycle + child);
    }
  }
  path.pop_back();
  done.insert(code);
}

}  // namespace

std::vector<PlantFault> CheckPlant(const PlantDraft& draft) { return Check(draft).Run(); }

std::vector<PlantFault> CheckPlantChange(const PlantDraft& draft, const Plant& plant) {
  std::vector<PlantFault> faults;
  for (const Material& material : draft.materials) {
    const Material* known = plant.FindMaterial(material.code);
    if (!known) continue;
    const std::string file = material.made ? "families.json" : "materials.json";
    const std::string path = (material.made ? "/families/" : "/materials/") + Escaped(material.code);
    if (known->uom != material.uom) {
      faults.push_back({file, path + "/uom", "the unit of measure of " + material.code + " is " + known->uom +
                                                 " and cannot change: give the material a new code"});
    }
    if (known->tracking != material.tracking) {
      faults.push_back({file, path + "/tracking", "the tracking of " + material.code + " cannot change: give the material a new code"});
    }
    if (known->made && !material.made) {
      faults.push_back({file, path, material.code + " is made here and has revisions: it cannot become a bought material"});
    }
  }
  return faults;
}

}  // namespace mes::domain
