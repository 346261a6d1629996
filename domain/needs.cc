#include "domain/needs.h"

#include <algorithm>
#include <set>

namespace mes::domain {

std::vector<int32_t> MadeTopDown(const Plant& plant) {
  std::set<int32_t> seen;
  std::vector<int32_t> order;
  // Parts first, then turned round.
  const auto visit = [&](const auto& self, int32_t material_id) -> void {
    const ProductRevision* revision = plant.NewestRevision(material_id);
    if (revision == nullptr || !seen.insert(material_id).second) return;
    for (const BomLine& line : revision->bom) self(self, line.material_id);
    order.push_back(material_id);
  };
  std::vector<const Material*> by_code;
  for (const Material& material : plant.materials) {
    if (material.made) by_code.push_back(&material);
  }
  std::sort(by_code.begin(), by_code.end(), [](const Material* a, const Material* b) { return a->code > b->code; });
  for (const Material* material : by_code) visit(visit, material->id);
  std::reverse(order.begin(), order.end());
  return order;
}

std::map<int32_t, double> NeedsOf(const Plant& plant, const std::map<int32_t, double>& asked, const MadeHere& made_here) {
  std::map<int32_t, double> needs;
  for (const int32_t id : MadeTopDown(plant)) {
    const auto own = asked.find(id);
    const auto above = needs.find(id);
    const double needed = std::max(own == asked.end() ? 0 : own->second, above == needs.end() ? 0 : above->second);
    if (needed <= 0) continue;
    needs[id] = needed;
    const double made = made_here ? std::clamp(made_here(id, needed), 0.0, needed) : needed;
    for (const BomLine& line : plant.NewestRevision(id)->bom) {
      if (plant.NewestRevision(line.material_id) == nullptr) continue;
      needs[line.material_id] += made * static_cast<double>(line.quantity_micro) / kMicro;
    }
  }
  return needs;
}

}  // namespace mes::domain
