#include "services/plant_recycling.h"

#include <cmath>
#include <set>
#include <unordered_map>

#include "db/contents.h"
#include "db/dismantling.h"
#include "db/product_definition.h"
#include "domain/limits.h"
#include "domain/limits_recycling.h"
#include "services/json_reader.h"

namespace mes::services {
namespace {

using domain::Contents;
using domain::DismantlingSheet;
using domain::DismantlingStep;
using domain::Element;

constexpr size_t kMaxText = 500;
constexpr double kMicrogramsPerKilogram = 1e9;
constexpr double kMicrogramsPerGram = 1e6;
// A thousand tonnes.
constexpr double kMostKilograms = 1e6;

// The mass of one unit of measure, where it is stated.
void ReadUnitMasses(const domain::PlantDraft& plant, RecyclingDraft& draft) {
  for (const domain::Material& material : plant.materials) {
    const Json properties = Json::parse(material.properties_json, nullptr, false);
    if (!properties.is_object()) continue;
    const auto mass = properties.find("unit_mass_kg");
    if (mass == properties.end() || !mass->is_number()) continue;
    const double kilograms = mass->get<double>();
    if (!(kilograms >= 0 && kilograms <= kMostKilograms)) continue;
    draft.masses[material.code].total_ug = std::llround(kilograms * kMicrogramsPerKilogram);
  }
}

// `Li`, or `C_graphite` as materials.json writes carbon.
std::optional<Element> ElementIn(const std::string& key) {
  const std::optional<Element> element = domain::ParseElement(key == "C_graphite" ? "C" : key);
  return element == Element::kOther ? std::nullopt : element;
}

void CheckSum(const Contents& contents, const JsonNode& node) {
  int64_t sum = 0;
  for (const auto& [element, mass] : contents.elements) sum += mass;
  if (sum > contents.total_ug) node.Fault("the elements together are heavier than the material's unit_mass_kg");
}

// Sets an element of a material; a fault where the number is out of range.
void SetElement(Contents& contents, Element element, double mass_ug, const JsonNode& node) {
  if (!(mass_ug >= 0 && mass_ug <= kMostKilograms * kMicrogramsPerKilogram))
    return node.Fault("the mass is below zero or over a thousand tonnes");
  if (mass_ug > 0) contents.elements[element] = std::llround(mass_ug);
}

// `compositions.CODE`: grams of elements in one unit. A key with a blank is a remark about something that is not made here.
void ReadCompositions(const JsonNode& root, RecyclingDraft& draft, const std::set<std::string>& known) {
  if (!root.Has("compositions")) return;
  root.EachMember("compositions", [&](const std::string& code, const JsonNode& node) {
    if (code.find(' ') != std::string::npos || !node.IsObject()) return;
    if (!known.contains(code)) return node.Fault("there is no material `" + code + "`");
    Contents& contents = draft.masses[code];
    if (node.Has("elements_g")) {
      node.EachMember("elements_g", [&](const std::string& key, const JsonNode& value) {
        const std::optional<Element> element = ElementIn(key);
        if (!element) return value.Fault("`" + key + "` is no element that is told apart");
        if (!value.value().is_number()) return value.Fault("the mass must be a number of grams");
        SetElement(contents, *element, value.value().get<double>() * kMicrogramsPerGram, value);
      });
    }
    if (node.Has("pt_g")) SetElement(contents, Element::kPlatinum, node.Number("pt_g") * kMicrogramsPerGram, node);
    CheckSum(contents, node);
  });
}

// `element_shares.CODE`: parts of the material's own mass.
void ReadShares(const JsonNode& root, RecyclingDraft& draft, const std::set<std::string>& known) {
  root.AllowOnly({"element_shares", "sources"});
  if (!root.Has("element_shares")) return;
  root.EachMember("element_shares", [&](const std::string& code, const JsonNode& node) {
    if (!node.IsObject()) return;
    if (!known.contains(code)) return node.Fault("there is no material `" + code + "`");
    Contents& contents = draft.masses[code];
    if (!contents.elements.empty()) return node.Fault("`compositions` in materials.json states the elements already");
    for (const auto& [key, value] : node.value().items()) {
      const std::optional<Element> element = ElementIn(key);
      const double share = element && value.is_number() ? node.Number(key) : -1;
      if (share < 0 || share > 1) {
        node.Fault("`" + key + "` must be an element that is told apart, with a share of 0 to 1");
        continue;
      }
      SetElement(contents, *element, share * static_cast<double>(contents.total_ug), node);
    }
    // A microgram of rounding is no fault.
    if (!contents.elements.empty() && contents.Other() == 0) {
      int64_t sum = 0;
      for (const auto& [element, mass] : contents.elements) sum += mass;
      if (sum > contents.total_ug + static_cast<int64_t>(contents.elements.size()))
        node.Fault("the shares are more than the whole");
      if (sum > contents.total_ug) contents.total_ug = sum;
    }
  });
}

DismantlingStep ReadStep(const JsonNode& node) {
  DismantlingStep step;
  if (!node.IsObject()) return step;
  node.AllowOnly({"step", "action", "component", "fastener", "count", "tool", "minutes", "hazard"});
  step.step = static_cast<int16_t>(node.Integer("step", 1, 999));
  step.action = node.Text("action", domain::kMaxNameLength);
  step.component_code = node.Text("component", domain::kMaxCodeLength);
  step.fastener = node.Text("fastener", domain::kMaxNameLength, "");
  step.count = static_cast<int32_t>(node.Integer("count", 0, 100'000, 0));
  step.tool = node.Text("tool", domain::kMaxNameLength);
  step.minutes = static_cast<int32_t>(node.Integer("minutes", 0, 10'000));
  step.hazard = node.Text("hazard", domain::kMaxNameLength, "none");
  return step;
}

void ReadSheet(const JsonNode& node, RecyclingDraft& draft, const domain::PlantDraft& plant,
               std::vector<domain::PlantFault>& faults) {
  if (!node.IsObject()) return;
  node.AllowOnly({"product", "standards", "safety", "steps", "disposition_thresholds", "bench_data_required"});
  DismantlingSheet sheet;
  sheet.product_code = node.Text("product", domain::kMaxCodeLength);
  sheet.standards = node.Texts("standards", domain::kMaxNameLength, false);
  const size_t faults_before = faults.size();
  if (const std::optional<JsonNode> safety = node.Member("safety"); safety && safety->IsObject()) {
    safety->AllowOnly({"max_voltage_V", "nominal_voltage_V", "safe_energy", "wait_after_msd_min", "hazards", "quarantine"});
    sheet.max_voltage_v = safety->Number("max_voltage_V");
    sheet.nominal_voltage_v = safety->Number("nominal_voltage_V");
    sheet.safe_energy = safety->Text("safe_energy", kMaxText);
    sheet.wait_minutes = static_cast<int32_t>(safety->Integer("wait_after_msd_min", 0, 10'000));
    sheet.hazards = safety->Texts("hazards", domain::kMaxNameLength);
    sheet.quarantine = safety->Text("quarantine", kMaxText);
  }
  node.Each("steps", [&](const JsonNode& step) { sheet.steps.push_back(ReadStep(step)); });
  if (node.Has("disposition_thresholds")) {
    node.EachMember("disposition_thresholds", [&](const std::string& key, const JsonNode& value) {
      sheet.thresholds.push_back(key + ": " + value.AsText(kMaxText));
    });
  }
  if (faults.size() == faults_before) {
    for (domain::PlantFault& fault : domain::CheckSheet(sheet, plant, "dismantling.json", node.pointer()))
      faults.push_back(std::move(fault));
  }
  draft.sheets.push_back(std::move(sheet));
}

void ReadSheets(const JsonNode& root, RecyclingDraft& draft, const domain::PlantDraft& plant,
                std::vector<domain::PlantFault>& faults) {
  // A file with one product's sheet is that sheet.
  if (root.Has("product")) return ReadSheet(root, draft, plant, faults);
  root.AllowOnly({"sheets", "sources"});
  std::set<std::string> products;
  root.Each("sheets", [&](const JsonNode& node) {
    ReadSheet(node, draft, plant, faults);
    if (!draft.sheets.empty() && !products.insert(draft.sheets.back().product_code).second) {
      node.Fault("`" + draft.sheets.back().product_code + "` has a sheet already");
    }
  });
}

}  // namespace

RecyclingDraft ReadPlantRecycling(const std::vector<PlantText>& files, const domain::PlantDraft& plant,
                                  std::vector<domain::PlantFault>& faults) {
  RecyclingDraft draft;
  std::set<std::string> known;
  for (const domain::Material& material : plant.materials) known.insert(material.code);
  ReadUnitMasses(plant, draft);
  std::map<std::string, Json> documents;
  for (const char* name : {"materials.json", "recycling.json", "dismantling.json"}) {
    for (const PlantText& file : files) {
      if (file.path != name) continue;
      // That materials.json is JSON was told before.
      std::vector<domain::PlantFault> seen;
      std::optional<Json> document = ParseJson(file.path, file.content, std::string(name) == "materials.json" ? seen : faults);
      if (document) documents[name] = std::move(*document);
    }
  }
  for (const auto& [name, read] :
       {std::pair<std::string, int>{"materials.json", 0}, {"recycling.json", 1}, {"dismantling.json", 2}}) {
    const auto document = documents.find(name);
    if (document == documents.end()) continue;
    const JsonNode root(document->second, document->first, "", faults);
    if (!root.IsObject()) continue;
    if (read == 0) ReadCompositions(root, draft, known);
    if (read == 1) ReadShares(root, draft, known);
    if (read == 2) ReadSheets(root, draft, plant, faults);
  }
  return draft;
}

void StorePlantRecycling(Call& call, RecyclingDraft& draft) {
  // The call's plant is from before this load.
  const std::shared_ptr<const domain::Plant> plant = db::LoadPlant(call.transaction);
  std::unordered_map<int32_t, Contents> masses;
  for (auto& [code, contents] : draft.masses) {
    if (const domain::Material* material = plant->FindMaterial(code)) masses[material->id] = std::move(contents);
  }
  db::StoreMaterialMasses(call.transaction, masses);
  for (DismantlingSheet& sheet : draft.sheets) {
    sheet.material_id = plant->FindMaterial(sheet.product_code)->id;
    for (DismantlingStep& step : sheet.steps) step.component_id = plant->FindMaterial(step.component_code)->id;
  }
  db::StoreSheets(call.transaction, draft.sheets);
}

}  // namespace mes::services
