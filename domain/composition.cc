#include "domain/composition.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

namespace mes::domain {
namespace {

struct Inside {
  int64_t child = 0;
  double quantity = 0;
};

// Everything that stands in for one of these materials, with them.
std::set<int32_t> WithAlternates(std::set<int32_t> materials, const Plant& plant) {
  for (const ProductRevision& revision : plant.revisions) {
    for (const BomLine& line : revision.bom) {
      const bool meets = materials.contains(line.material_id) ||
                         std::any_of(line.alternate_ids.begin(), line.alternate_ids.end(),
                                     [&](int32_t id) { return materials.contains(id); });
      if (!meets) continue;
      materials.insert(line.material_id);
      materials.insert(line.alternate_ids.begin(), line.alternate_ids.end());
    }
  }
  return materials;
}

std::optional<double> Mean(const std::vector<const LotShare*>& lots, const std::string& substance,
                           std::map<std::string, double> LotShare::*declared) {
  double mass = 0, recycled = 0;
  for (const LotShare* lot : lots) {
    const auto found = (lot->*declared).find(substance);
    if (found == (lot->*declared).end()) return std::nullopt;
    mass += lot->mass;
    recycled += lot->mass * found->second;
  }
  if (mass <= 0) return std::nullopt;
  return std::clamp(std::round(recycled / mass * 1e6) / 1e6, 0.0, 100.0);
}

}  // namespace

std::optional<int64_t> MassOf(const std::vector<BuiltParts>& parts, const Plant& plant, const UnitMasses& masses) {
  double total = 0;
  for (const BuiltParts& part : parts) {
    const ProductRevision* revision = part.opaque ? nullptr : plant.FindRevision(part.revision_id);
    if (part.opaque) {
      const auto mass = masses.find(part.material_id);
      if (mass == masses.end()) return std::nullopt;
      total += static_cast<double>(part.count) * static_cast<double>(mass->second);
    }
    if (revision == nullptr) continue;
    for (const BomLine& line : revision->bom) {
      if (line.tracking == Tracking::kSerial) continue;
      const auto mass = masses.find(line.material_id);
      if (mass == masses.end()) return std::nullopt;
      total += static_cast<double>(part.count) * static_cast<double>(line.quantity_micro) / kMicro * static_cast<double>(mass->second);
    }
  }
  return std::llround(total);
}

std::map<std::string, int64_t> SubstancesIn(const std::vector<BuiltParts>& parts,
                                            const std::map<CompositionKey, std::map<std::string, int64_t>>& of) {
  std::map<std::string, int64_t> sums;
  for (const BuiltParts& part : parts) {
    const auto composition = of.find({part.material_id, part.composition_version});
    if (composition == of.end()) continue;
    for (const auto& [substance, mass] : composition->second) sums[substance] += part.count * mass;
  }
  return sums;
}

std::unordered_map<int64_t, double> AmountsIn(int64_t root, const std::vector<Edge>& edges,
                                              const std::unordered_map<int64_t, double>& lot_quantity) {
  std::unordered_map<int64_t, std::vector<Inside>> inside;
  std::unordered_map<int64_t, int64_t> parents;
  for (const Edge& edge : edges) {
    const double quantity = edge.kind == EdgeKind::kInstalled ? 1 : static_cast<double>(edge.quantity_micro) / kMicro;
    inside[edge.parent_id].push_back({edge.child_id, quantity});
    ++parents[edge.child_id];
  }
  std::unordered_map<int64_t, double> amounts{{root, 1}};
  // A thing is passed on once all that it is in were: a lot may be met at several levels.
  std::vector<int64_t> ready{root};
  while (!ready.empty()) {
    const int64_t parent = ready.back();
    ready.pop_back();
    const auto lot = lot_quantity.find(parent);
    const double whole = lot == lot_quantity.end() || parent == root ? 1 : lot->second;
    const double share = whole > 0 ? amounts[parent] / whole : 0;
    for (const Inside& part : inside[parent]) {
      amounts[part.child] += share * part.quantity;
      if (--parents[part.child] == 0) ready.push_back(part.child);
    }
  }
  return amounts;
}

std::vector<ReplacedPart> ReplacedIn(const Scope& built, const std::vector<Edge>& edges) {
  std::map<std::tuple<int64_t, int16_t, int16_t>, ReplacedPart> positions;
  for (const Edge& edge : edges) {
    if (edge.kind != EdgeKind::kInstalled) continue;
    ReplacedPart& part = positions[{edge.parent_id, edge.line, edge.slot}];
    if (Shows(built, edge)) part.built_id = edge.child_id;
    if (Shows(Scope{}, edge)) part.now_id = edge.child_id;
    part.since = std::max({part.since, edge.install_time, edge.remove_time.value_or(Time{})});
  }
  // Where each thing was built in.
  std::unordered_map<int64_t, const std::tuple<int64_t, int16_t, int16_t>*> around;
  for (const auto& [position, part] : positions) around.try_emplace(part.built_id, &position);
  std::vector<ReplacedPart> replaced;
  for (auto& [position, part] : positions) {
    if (part.built_id == part.now_id) continue;
    const auto* at = &position;
    for (size_t level = 0; level < positions.size(); ++level) {
      const std::string step = std::to_string(std::get<1>(*at)) + "." + std::to_string(std::get<2>(*at));
      part.place = part.place.empty() ? step : step + "/" + part.place;
      const auto above = around.find(std::get<0>(*at));
      if (above == around.end()) break;
      at = above->second;
    }
    replaced.push_back(part);
  }
  std::sort(replaced.begin(), replaced.end(), [](const ReplacedPart& a, const ReplacedPart& b) { return a.place < b.place; });
  return replaced;
}

std::map<std::string, RecycledContent> RecycledIn(const std::vector<LotShare>& lots, const Plant& plant) {
  std::map<std::string, std::set<int32_t>> carriers;
  for (const LotShare& lot : lots) {
    for (const auto& [substance, share] : lot.pre_consumer) carriers[substance].insert(lot.material_id);
    for (const auto& [substance, share] : lot.post_consumer) carriers[substance].insert(lot.material_id);
  }
  std::map<std::string, RecycledContent> content;
  for (auto& [substance, materials] : carriers) {
    const std::set<int32_t> all = WithAlternates(materials, plant);
    std::vector<const LotShare*> concerned;
    RecycledContent& result = content[substance];
    for (const LotShare& lot : lots) {
      if (!all.contains(lot.material_id)) continue;
      concerned.push_back(&lot);
      result.declared += lot.pre_consumer.contains(substance) && lot.post_consumer.contains(substance) ? 1 : 0;
    }
    result.lots = static_cast<int>(concerned.size());
    result.pre_consumer = Mean(concerned, substance, &LotShare::pre_consumer);
    result.post_consumer = Mean(concerned, substance, &LotShare::post_consumer);
  }
  return content;
}

}  // namespace mes::domain
