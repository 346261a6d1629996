#include "services/plant_files.h"

#include <algorithm>
#include <cmath>
#include <cctype>
#include <map>
#include <set>

#include <openssl/sha.h>

#include "domain/limits.h"
#include "services/json_reader.h"

namespace mes::services {
namespace {

using domain::BomLine;
using domain::Characteristic;
using domain::Interlock;
using domain::Material;
using domain::Operation;
using domain::PlantDraft;
using domain::PlantFault;
using domain::ProductRevision;
using domain::TimeWindow;
using domain::Tracking;

constexpr int64_t kMaxNumber = 32'767;
constexpr int64_t kMaxSeconds = 1'000'000'000'000;
constexpr std::string_view kTorqueUnit = "N.m";

std::optional<Tracking> ParseTracking(std::string_view name) {
  if (name == "serial") return Tracking::kSerial;
  if (name == "lot") return Tracking::kLot;
  if (name == "none") return Tracking::kNone;
  return std::nullopt;
}

// The members of an object but these, as JSON text.
std::string Rest(const JsonNode& node, std::initializer_list<std::string_view> read) {
  Json rest = Json::object();
  for (const auto& [key, member] : node.value().items()) {
    if (std::find(read.begin(), read.end(), key) == read.end()) rest[key] = member;
  }
  return rest.dump();
}

Material ReadMaterial(const std::string& code, const JsonNode& node, bool made) {
  Material material;
  material.code = code;
  material.made = made;
  if (!node.IsObject()) return material;
  material.name = node.Text("name", domain::kMaxNameLength);
  material.name_zh = node.Text("name_zh", domain::kMaxNameLength);
  material.uom = node.Text("uom", 16);
  material.tracking = node.Choice("tracking", ParseTracking, Tracking::kLot, "serial, lot or none");
  material.shelf_life_days = static_cast<int32_t>(node.Integer("shelf_life_d", 0, 36'600, 0));
  material.properties_json = Rest(node, {"name", "name_zh", "uom", "tracking", "shelf_life_d", "bom", "routing"});
  return material;
}

Characteristic ReadCharacteristic(const JsonNode& node) {
  Characteristic characteristic;
  if (!node.IsObject()) return characteristic;
  node.AllowOnly({"code", "name", "unit", "nominal", "lsl", "usl", "sampling", "characteristic", "sidedness", "cpk_min", "replicates"});
  characteristic.code = node.Text("code", domain::kMaxCodeLength);
  characteristic.name = node.Text("name", domain::kMaxNameLength);
  characteristic.unit = node.Text("unit", 32);
  characteristic.nominal = node.Number("nominal");
  characteristic.lower_limit = node.OptionalNumber("lsl");
  characteristic.upper_limit = node.OptionalNumber("usl");
  characteristic.characteristic_class = node.Choice("characteristic", domain::ParseCharacteristicClass,
                                                    domain::CharacteristicClass::kStandard, "CC, SC or std");
  characteristic.replicates = static_cast<int32_t>(node.Integer("replicates", 1, 1'000'000, 1));
  const std::optional<JsonNode> sampling = node.Member("sampling");
  if (!sampling || !sampling->IsObject()) return characteristic;
  sampling->AllowOnly({"mode", "n", "one_in", "interval_s", "stored_as"});
  characteristic.sampling =
      sampling->Choice("mode", domain::ParseSampling, domain::Sampling::kEveryUnit,
                       "every_unit, per_lot, per_cycle, per_shift, per_interval, one_in_n or inline_stream");
  const int64_t n = sampling->Integer("n", 1, 1'000'000'000);
  const bool one_in = characteristic.sampling == domain::Sampling::kOneInN && sampling->Has("one_in");
  characteristic.sampling_n = static_cast<int32_t>(one_in ? sampling->Integer("one_in", 1, 1'000'000'000) : n);
  return characteristic;
}

// What of the parameters has no column of its own: how streams are stored, intervals.
Json SamplingNotes(const JsonNode& operation) {
  Json notes = Json::object();
  operation.Each("parameters", [&](const JsonNode& parameter) {
    if (!parameter.value().is_object() || !parameter.value().contains("sampling") || !parameter.value().contains("code")) return;
    const Json& sampling = parameter.value()["sampling"];
    const Json& code = parameter.value()["code"];
    if (!sampling.is_object() || !code.is_string()) return;
    Json note = Json::object();
    for (const char* key : {"interval_s", "stored_as"}) {
      if (sampling.contains(key)) note[key] = sampling[key];
    }
    if (!note.empty()) notes[code.get<std::string>()] = note;
  });
  return notes;
}

std::string OperationProperties(const JsonNode& node) {
  Json properties = Json::object();
  for (const char* key : {"identity", "scrap_rule", "energy_kwh_per_unit", "time_series"}) {
    if (node.Has(key)) properties[key] = node.value()[key];
  }
  const Json* rework = node.Has("rework") ? &node.value()["rework"] : nullptr;
  if (rework != nullptr && rework->is_object() && rework->contains("note")) properties["rework_note"] = (*rework)["note"];
  if (node.Has("parameters") && node.value()["parameters"].is_array()) {
    Json notes = SamplingNotes(node);
    if (!notes.empty()) properties["sampling"] = std::move(notes);
  }
  return properties.dump();
}

// Sixteen hexadecimal digits: enough to tell recipes apart, short enough for a station's screen.
std::string RecipeChecksum(const std::string& text) {
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash);
  std::string checksum;
  for (size_t i = 0; i < 8; ++i) {
    checksum += "0123456789abcdef"[hash[i] >> 4];
    checksum += "0123456789abcdef"[hash[i] & 15];
  }
  return checksum;
}

void ReadInterlocks(const JsonNode& node, Operation& operation) {
  node.Each("interlocks", [&](const JsonNode& element) {
    const std::string name = element.AsText(64);
    if (!element.value().is_string()) return;
    if (const std::optional<Interlock> known = domain::ParseInterlock(name)) return operation.interlocks.push_back(*known);
    element.Fault("interlock `" + name + "` is unknown");
  });
}

void ReadRework(const JsonNode& node, Operation& operation) {
  if (!node.Has("rework") || node.value()["rework"].is_null()) return;
  const std::optional<JsonNode> rework = node.Member("rework");
  if (!rework->IsObject()) return;
  rework->AllowOnly({"to_op", "max_count", "note"});
  operation.rework_to = static_cast<int16_t>(rework->Integer("to_op", 1, kMaxNumber));
  operation.max_reworks = static_cast<int16_t>(rework->Integer("max_count", 1, kMaxNumber));
  rework->Text("note", domain::kMaxReasonLength, "");
}

// Fields that files may leave out; what then holds is described in README.
void ReadOptional(const JsonNode& node, const std::string& product_code, Operation& operation) {
  operation.mandatory = node.Flag("mandatory", true);
  operation.alternate_of = static_cast<int16_t>(node.Integer("alternate_of", 1, kMaxNumber, 0));
  operation.new_identity = node.Choice("new_identity", domain::ParseNewIdentity, domain::NewIdentity::kNone,
                                       "none, plant or gbt34014", false);
  const bool versioned = operation.Guards(Interlock::kSwVersion);
  operation.software_version = node.Text("software_version", domain::kMaxCodeLength, versioned ? product_code + "/1" : "");
  int64_t torques = 0;
  if (operation.Guards(Interlock::kBoltCount)) {
    const auto torque = std::find_if(operation.characteristics.begin(), operation.characteristics.end(),
                                     [](const Characteristic& characteristic) { return characteristic.unit == kTorqueUnit; });
    if (torque != operation.characteristics.end()) torques = torque->replicates;
  }
  operation.tightenings = static_cast<int32_t>(node.Integer("tightenings", 0, 1'000'000, torques));
  operation.recipe_checksum = node.Text("recipe_checksum", domain::kMaxCodeLength, "");
  if (operation.recipe_checksum.empty()) operation.recipe_checksum = RecipeChecksum(CanonicalText(operation));
}

Operation ReadOperation(const JsonNode& node, const std::string& product_code, const std::vector<std::string>& default_stops) {
  Operation operation;
  if (!node.IsObject()) return operation;
  node.AllowOnly({"op", "code", "name", "name_zh", "operation_type", "work_center_class", "cycle_s", "units_per_cycle", "fpy",
                  "scrap_rate", "identity", "max_retest", "rework", "parameters", "consumes", "interlocks", "line_stops",
                  "energy_kwh_per_unit", "time_series", "scrap_rule", "stations_per_line", "mandatory", "alternate_of", "new_identity",
                  "recipe_checksum", "software_version", "tightenings"});
  operation.number = static_cast<int16_t>(node.Integer("op", 1, kMaxNumber));
  operation.code = node.Text("code", domain::kMaxCodeLength);
  operation.name = node.Text("name", domain::kMaxNameLength);
  operation.name_zh = node.Text("name_zh", domain::kMaxNameLength);
  operation.operation_type = node.Text("operation_type", 64);
  operation.station_class = node.Text("work_center_class", domain::kMaxCodeLength);
  operation.cycle_ms = std::llround(std::min(node.Number("cycle_s"), 1e12) * 1000);
  operation.units_per_cycle = node.Number("units_per_cycle");
  operation.stations_per_line = static_cast<int32_t>(node.Integer("stations_per_line", 0, 1'000'000));
  operation.first_pass_yield = node.Number("fpy");
  operation.scrap_rate = node.Number("scrap_rate");
  operation.max_retests = static_cast<int16_t>(node.Integer("max_retest", 0, kMaxNumber));
  node.Text("identity", domain::kMaxReasonLength, "");
  node.Text("scrap_rule", domain::kMaxReasonLength, "");
  node.Text("time_series", domain::kMaxReasonLength, "");
  node.Number("energy_kwh_per_unit", 0.0);
  ReadRework(node, operation);
  ReadInterlocks(node, operation);
  operation.line_stops = node.Texts("line_stops", 64);
  for (const std::string& stop : default_stops) {
    if (std::find(operation.line_stops.begin(), operation.line_stops.end(), stop) == operation.line_stops.end()) {
      operation.line_stops.push_back(stop);
    }
  }
  node.Each("parameters", [&](const JsonNode& element) { operation.characteristics.push_back(ReadCharacteristic(element)); });
  operation.properties_json = OperationProperties(node);
  ReadOptional(node, product_code, operation);
  return operation;
}

TimeWindow ReadTimeWindow(const JsonNode& node) {
  TimeWindow window;
  if (!node.IsObject()) return window;
  node.AllowOnly({"id", "from_op", "from_event", "to_op", "to_event", "min_s", "max_s", "late_action", "repeat_from", "repeat_max",
                  "on_violation", "reason"});
  constexpr std::string_view kEvents = "start, complete, queue, material_open, material_age or consumed";
  window.id = node.Text("id", domain::kMaxCodeLength);
  window.from_operation = static_cast<int16_t>(node.Integer("from_op", 1, kMaxNumber));
  window.from_event = node.Choice("from_event", domain::ParseWindowEvent, domain::WindowEvent::kComplete, kEvents);
  window.to_operation = static_cast<int16_t>(node.Integer("to_op", 1, kMaxNumber));
  window.to_event = node.Choice("to_event", domain::ParseWindowEvent, domain::WindowEvent::kStart, kEvents);
  window.min_seconds = node.OptionalInteger("min_s", -kMaxSeconds, kMaxSeconds);
  window.max_seconds = node.OptionalInteger("max_s", -kMaxSeconds, kMaxSeconds);
  // A least time of 0 is none.
  if (window.min_seconds == 0) window.min_seconds.reset();
  window.late_action = node.Choice("late_action", domain::ParseLateAction, domain::LateAction::kRefuse, "refuse, flag or repeat", false);
  window.repeat_from = static_cast<int16_t>(node.Integer("repeat_from", 1, kMaxNumber, 0));
  window.repeat_max = static_cast<int16_t>(node.Integer("repeat_max", 1, kMaxNumber, 0));
  window.on_violation = node.Text("on_violation", domain::kMaxReasonLength);
  window.reason = node.Text("reason", domain::kMaxReasonLength);
  return window;
}

class Reader {
 public:
  explicit Reader(const std::vector<PlantText>& files) : files_(files) {}

  PlantReading Read() {
    ParseFiles();
    ReadMaterials();
    ReadRules();
    ReadCapacities();
    for (const Material& material : reading_.draft.materials) trackings_.emplace(material.code, material.tracking);
    for (const std::string& code : families_) ReadProduct(code);
    CheckStrayFiles();
    Judge();
    SortFaults(reading_.faults);
    if (reading_.faults.size() > kMaxFaultsKept) reading_.faults.resize(kMaxFaultsKept);
    return std::move(reading_);
  }

 private:
  void Fault(const std::string& file, std::string pointer, std::string problem) {
    reading_.faults.push_back({file, std::move(pointer), std::move(problem)});
  }
  // The file's root object; a fault where it is missing.
  std::optional<JsonNode> Root(const std::string& file, bool required = true) {
    const auto found = documents_.find(file);
    if (found != documents_.end()) {
      JsonNode root(found->second, found->first, "", reading_.faults);
      return root.IsObject() ? std::optional<JsonNode>(root) : std::nullopt;
    }
    if (required && !malformed_.contains(file)) Fault(file, "", "the file is missing");
    return std::nullopt;
  }

  void ParseFiles();
  void ReadMaterials();
  void CheckFileName(const JsonNode& family, const std::string& key, const std::string& expected);
  void ReadRules();
  void ReadProcessRule(const std::string& code, const JsonNode& line_stop);
  void ReadCapacities();
  void ReadProduct(const std::string& code);
  void ReadComponents(const std::string& code, std::map<std::string, std::vector<std::string>>& alternates);
  void ReadConsumption(const JsonNode& operation, int16_t number, ProductRevision& product);
  void CheckStrayFiles();
  void Judge();

  const std::vector<PlantText>& files_;
  PlantReading reading_;
  std::map<std::string, Json> documents_;
  std::set<std::string> malformed_;
  std::set<std::string> families_;
  std::map<std::string, Tracking> trackings_;
  std::vector<std::string> default_stops_;
};

bool IsJson(const std::string& path) { return path.size() > 5 && path.ends_with(".json"); }

void Reader::ParseFiles() {
  std::set<std::string> seen;
  for (const PlantText& file : files_) {
    if (!seen.insert(file.path).second) {
      Fault(file.path, "", "the file is given twice");
      continue;
    }
    const bool top = file.path.find('/') == std::string::npos;
    const bool ours = file.path == "families.json" || file.path == "materials.json" || file.path == "rules.json" ||
                      file.path == "capacities.json" || file.path.starts_with("routings/") || file.path.starts_with("boms/");
    if (!IsJson(file.path) || (!top && !ours)) {
      Fault(file.path, "", "this is none of a plant's files: they are *.json, routings/*.json and boms/*.json");
      continue;
    }
    if (!ours) continue;
    std::optional<Json> document = ParseJson(file.path, file.content, reading_.faults);
    if (document) {
      documents_.emplace(file.path, std::move(*document));
    } else {
      malformed_.insert(file.path);
    }
  }
}

// Its place is fixed; a family that names another one is misunderstood.
void Reader::CheckFileName(const JsonNode& family, const std::string& key, const std::string& expected) {
  const std::string named = family.Text(key, domain::kMaxPlantPathLength, expected);
  if (named != expected) {
    family.Member(key)->Fault("the file must be `" + expected + "`, not `" + named + "`");
  } else if (!documents_.contains(expected) && !malformed_.contains(expected)) {
    Fault("families.json", family.pointer() + "/" + key, "the file `" + expected + "` is missing");
  }
}

void Reader::ReadMaterials() {
  if (const std::optional<JsonNode> root = Root("families.json")) {
    root->EachMember("families", [&](const std::string& code, const JsonNode& node) {
      reading_.draft.materials.push_back(ReadMaterial(code, node, true));
      if (!node.value().is_object()) return;
      CheckFileName(node, "routing", "routings/" + code + ".json");
      CheckFileName(node, "bom", "boms/" + code + ".json");
      families_.insert(code);
    });
  }
  if (const std::optional<JsonNode> root = Root("materials.json")) {
    root->EachMember("materials", [&](const std::string& code, const JsonNode& node) {
      reading_.draft.materials.push_back(ReadMaterial(code, node, false));
    });
  }
}

void Reader::ReadRules() {
  const std::optional<JsonNode> root = Root("rules.json");
  if (!root) return;
  const auto read = [&](const char* key, const char* kind) {
    root->EachMember(key, [&](const std::string& code, const JsonNode& node) {
      reading_.draft.rules.push_back({kind, code, node.value().dump()});
    });
  };
  read("interlocks", "interlock");
  read("line_stops", "line_stop");
  root->EachMember("line_stops", [&](const std::string& code, const JsonNode& node) { ReadProcessRule(code, node); });
  default_stops_ = root->Texts("default_line_stops", 64, false);
  for (const auto& [key, value] : root->value().items()) {
    if (key != "interlocks" && key != "line_stops") reading_.draft.rules.push_back({"catalogue", key, value.dump()});
  }
}

// A line stop with a `definition` acts by itself; one without is a text for people.
void Reader::ReadProcessRule(const std::string& code, const JsonNode& line_stop) {
  if (!line_stop.value().is_object() || !line_stop.Has("definition")) return;
  const std::optional<JsonNode> node = line_stop.Member("definition");
  if (!node->IsObject()) return;
  node->AllowOnly({"kind", "count", "window", "min_runs", "alarm_points", "stop_points", "scrap_share", "fail_share", "spc_rules",
                   "classes", "stops", "holds", "release_role"});
  domain::ProcessRule rule;
  rule.code = code;
  rule.by_routing = true;
  rule.kind = node->Choice("kind", domain::ParseProcessRuleKind, domain::ProcessRuleKind::kSameCodeStreak,
                           "SAME_CODE_STREAK, ANY_CODE_STREAK, YIELD_WINDOW, SPC, GOLDEN_FAILED, SCRAP_LIMIT or SUPPLIER_LOT");
  rule.count = static_cast<int32_t>(node->Integer("count", 0, domain::kMaxStreak, 0));
  rule.window = static_cast<int32_t>(node->Integer("window", 0, domain::kMaxYieldWindow, 0));
  rule.min_runs = static_cast<int32_t>(node->Integer("min_runs", 0, domain::kMaxRuleRuns, 0));
  rule.alarm_points = node->Number("alarm_points", 0);
  rule.stop_points = node->Number("stop_points", 0);
  rule.scrap_share = node->Number("scrap_share", 0);
  rule.fail_share = node->Number("fail_share", 0);
  rule.spc_rules = node->Texts("spc_rules", 16, false);
  rule.classes = node->Texts("classes", 16, false);
  rule.stops = node->Choice("stops", domain::ParseStopScope, domain::StopScope::kNone, "NONE, STATION, LINE_OPERATION or ORDER");
  rule.holds = node->Flag("holds", false);
  rule.release_role = node->Text("release_role", domain::kMaxPersonLength);
  if (const domain::Status checked = domain::CheckProcessRule(rule, nullptr); !checked) {
    node->Fault(checked.error().message);
    return;
  }
  reading_.draft.process_rules.push_back(std::move(rule));
}

void Reader::ReadCapacities() {
  const std::optional<JsonNode> root = Root("capacities.json", false);
  if (!root || !root->Has("line_groups")) return;
  root->EachMember("line_groups", [&](const std::string& code, const JsonNode& node) {
    if (!node.IsObject()) return;
    reading_.draft.lines[code] = static_cast<int32_t>(node.Integer("lines", 0, 1'000'000, 1));
    if (!families_.contains(code)) {
      node.Fault("there is no product `" + code + "` in families.json");
    }
  });
}

void Reader::ReadComponents(const std::string& code, std::map<std::string, std::vector<std::string>>& alternates) {
  std::optional<JsonNode> root = documents_.contains("boms/" + code + ".json") ? Root("boms/" + code + ".json") : std::nullopt;
  if (!root) return;
  root->AllowOnly({"family", "per", "components"});
  if (root->Text("family", 64) != code) root->Member("family")->Fault("the family must be `" + code + "`, as the file's name says");
  std::vector<PlantDraft::Component>& components = reading_.draft.components[code];
  root->Each("components", [&](const JsonNode& node) {
    if (!node.IsObject()) return;
    node.AllowOnly({"material", "qty", "uom", "tracking", "alternates"});
    PlantDraft::Component component;
    component.material_code = node.Text("material", domain::kMaxCodeLength);
    component.quantity_micro = node.Quantity("qty");
    component.uom = node.Text("uom", 16);
    component.tracking = node.Choice("tracking", ParseTracking, Tracking::kLot, "serial, lot or none");
    component.alternate_codes = node.Texts("alternates", domain::kMaxCodeLength, false);
    alternates.emplace(component.material_code, component.alternate_codes);
    components.push_back(std::move(component));
  });
}

void Reader::ReadConsumption(const JsonNode& operation, int16_t number, ProductRevision& product) {
  operation.Each("consumes", [&](const JsonNode& node) {
    if (!node.IsObject()) return;
    node.AllowOnly({"material", "qty", "uom"});
    BomLine line;
    line.operation = number;
    line.material_code = node.Text("material", domain::kMaxCodeLength);
    line.quantity_micro = node.Quantity("qty");
    line.uom = node.Text("uom", 16);
    product.bom.push_back(std::move(line));
  });
}

void Reader::ReadProduct(const std::string& code) {
  ProductRevision product;
  product.product_code = code;
  std::map<std::string, std::vector<std::string>> alternates;
  ReadComponents(code, alternates);
  const std::string file = "routings/" + code + ".json";
  // Its lack is told where families.json names it.
  if (const std::optional<JsonNode> root = documents_.contains(file) ? Root(file) : std::nullopt) {
    root->AllowOnly({"family", "operations", "time_windows"});
    if (root->Text("family", 64) != code) root->Member("family")->Fault("the family must be `" + code + "`, as the file's name says");
    root->Each("operations", [&](const JsonNode& node) {
      product.operations.push_back(ReadOperation(node, code, default_stops_));
      if (node.value().is_object()) ReadConsumption(node, product.operations.back().number, product);
    });
    root->Each("time_windows", [&](const JsonNode& node) { product.windows.push_back(ReadTimeWindow(node)); });
  }
  for (size_t i = 0; i < product.bom.size(); ++i) {
    BomLine& line = product.bom[i];
    line.line = static_cast<int16_t>(std::min<size_t>(i + 1, kMaxNumber));
    line.alternate_codes = alternates[line.material_code];
    const auto tracking = trackings_.find(line.material_code);
    if (tracking != trackings_.end()) line.tracking = tracking->second;
  }
  reading_.draft.products.push_back(std::move(product));
}

void Reader::CheckStrayFiles() {
  for (const auto& [file, document] : documents_) {
    const size_t slash = file.find('/');
    if (slash == std::string::npos) continue;
    const std::string code = file.substr(slash + 1, file.size() - slash - 6);
    if (!families_.contains(code)) {
      Fault(file, "", "there is no product `" + code + "` in families.json");
    }
  }
}

// A file whose shape is at fault is judged no further: what it means would be guesswork.
void Reader::Judge() {
  std::set<std::string> misshapen = malformed_;
  for (const PlantFault& fault : reading_.faults) {
    misshapen.insert(fault.file);
    const size_t slash = fault.file.find('/');
    if (slash == std::string::npos) continue;
    misshapen.insert("routings" + fault.file.substr(slash));
    misshapen.insert("boms" + fault.file.substr(slash));
  }
  for (const char* file : {"families.json", "materials.json", "rules.json"}) {
    if (misshapen.contains(file)) return;
  }
  for (PlantFault& fault : domain::CheckPlant(reading_.draft)) {
    if (!misshapen.contains(fault.file)) reading_.faults.push_back(std::move(fault));
  }
}

// Compares texts, runs of digits as numbers.
bool NaturallyBefore(std::string_view left, std::string_view right) {
  size_t i = 0;
  size_t j = 0;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  while (i < left.size() && j < right.size()) {
    if (!digit(left[i]) || !digit(right[j])) {
      if (left[i] != right[j]) return left[i] < right[j];
      ++i;
      ++j;
      continue;
    }
    size_t left_end = i;
    size_t right_end = j;
    while (left_end < left.size() && digit(left[left_end])) ++left_end;
    while (right_end < right.size() && digit(right[right_end])) ++right_end;
    if (left_end - i != right_end - j) return left_end - i < right_end - j;
    const int order = left.substr(i, left_end - i).compare(right.substr(j, right_end - j));
    if (order != 0) return order < 0;
    i = left_end;
    j = right_end;
  }
  return left.size() - i < right.size() - j;
}

}  // namespace

PlantReading ReadPlant(const std::vector<PlantText>& files) { return Reader(files).Read(); }

void SortFaults(std::vector<PlantFault>& faults) {
  std::stable_sort(faults.begin(), faults.end(), [](const PlantFault& left, const PlantFault& right) {
    return left.file != right.file ? left.file < right.file : NaturallyBefore(left.path, right.path);
  });
}

}  // namespace mes::services
