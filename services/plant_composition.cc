#include "services/plant_composition.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "domain/substance.h"
#include "services/json_reader.h"

namespace mes::services {
namespace {

constexpr char kFile[] = "materials.json";
constexpr double kMostKg = 1e6;

// A stack's figures stand beside each other, each with its unit in its name.
struct Figure {
  std::string_view key;
  const char* substance;
  double mg;
};
constexpr Figure kFigures[] = {
    {"pt_g", "Pt", 1e3},
    {"pfsa_membrane_kg", "PFSA_membrane", 1e6},
    {"ionomer_g", "ionomer", 1e3},
    {"gdl_kg", "GDL", 1e6},
    {"plates_stainless_kg", "stainless_steel", 1e6},
    {"seals_kg", "seal_elastomer", 1e6},
    {"subgasket_kg", "subgasket_PEN", 1e6},
};

void Add(domain::Composition& composition, const JsonNode& node, std::string_view key, const std::string& substance, double mg) {
  const double mass = node.Number(key) * mg;
  if (!(mass >= 0) || mass > kMostKg * 1e6) return node.Fault("`" + std::string(key) + "` is no mass");
  composition.mass_mg[substance] = std::llround(mass);
}

void ReadGrams(const JsonNode& node, std::string_view key, domain::Composition& composition) {
  if (!node.Has(key)) return;
  const std::optional<JsonNode> group = node.Member(key);
  if (!group || !group->IsObject()) return;
  node.EachMember(key, [&](const std::string& substance, const JsonNode& mass) {
    if (domain::FindSubstance(substance) == nullptr) return mass.Fault("`" + substance + "` is no substance known here");
    Add(composition, *group, substance, substance, 1e3);
  });
}

}  // namespace

std::vector<domain::Composition> ReadPlantCompositions(const std::vector<PlantText>& files, const domain::PlantDraft& plant,
                                                       std::vector<domain::PlantFault>& faults) {
  std::vector<domain::Composition> compositions;
  const auto file = std::find_if(files.begin(), files.end(), [](const PlantText& text) { return text.path == kFile; });
  if (file == files.end()) return compositions;
  const std::string name = kFile;
  const std::optional<Json> document = ParseJson(name, file->content, faults);
  if (!document) return compositions;
  const JsonNode root(*document, name, "", faults);
  if (!root.Has("compositions")) return compositions;
  root.EachMember("compositions", [&](const std::string& product, const JsonNode& node) {
    const bool known = std::any_of(plant.materials.begin(), plant.materials.end(),
                                   [&](const domain::Material& material) { return material.code == product; });
    if (!known || !node.IsObject()) return;
    domain::Composition& composition = compositions.emplace_back();
    composition.product_code = product;
    ReadGrams(node, "materials_g", composition);
    ReadGrams(node, "elements_g", composition);
    for (const Figure& figure : kFigures) {
      if (node.Has(figure.key)) Add(composition, node, figure.key, figure.substance, figure.mg);
    }
  });
  return compositions;
}

}  // namespace mes::services
