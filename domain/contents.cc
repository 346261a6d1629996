#include "domain/contents.h"

#include <algorithm>
#include <array>
#include <functional>

namespace mes::domain {
namespace {

__extension__ typedef __int128 Wide;

struct Named {
  Element element;
  std::string_view symbol;
};
constexpr auto kElements = std::to_array<Named>({
    {Element::kLithium, "Li"},
    {Element::kNickel, "Ni"},
    {Element::kCobalt, "Co"},
    {Element::kManganese, "Mn"},
    {Element::kIron, "Fe"},
    {Element::kPhosphorus, "P"},
    {Element::kFluorine, "F"},
    {Element::kCopper, "Cu"},
    {Element::kAluminium, "Al"},
    {Element::kCarbon, "C"},
    {Element::kPlatinum, "Pt"},
    {Element::kLead, "Pb"},
    {Element::kOther, "other"},
});

// Bills of materials are far flatter; a loop in them is the plant check's to find.
constexpr int kMostLevels = 16;

}  // namespace

std::string_view NameOf(Element element) {
  const auto found =
      std::find_if(kElements.begin(), kElements.end(), [&](const Named& named) { return named.element == element; });
  return found == kElements.end() ? std::string_view() : found->symbol;
}

std::optional<Element> ParseElement(std::string_view symbol) {
  const auto found = std::find_if(kElements.begin(), kElements.end(), [&](const Named& named) { return named.symbol == symbol; });
  return found == kElements.end() ? std::nullopt : std::optional<Element>(found->element);
}

const std::vector<Element>& AllElements() {
  static const std::vector<Element> all = [] {
    std::vector<Element> elements;
    for (const Named& named : kElements) {
      if (named.element != Element::kOther) elements.push_back(named.element);
    }
    return elements;
  }();
  return all;
}

int64_t ShareOf(int64_t value, int64_t part, int64_t whole) {
  return static_cast<int64_t>(static_cast<Wide>(value) * part / whole);
}

int64_t Contents::Other() const {
  int64_t told = 0;
  for (const auto& [element, mass] : elements) told += mass;
  return std::max<int64_t>(0, total_ug - told);
}

Masses Contents::All() const {
  Masses all = elements;
  if (const int64_t other = Other(); other > 0) all[Element::kOther] = other;
  return all;
}

void Contents::Add(const Contents& more) { Add(more, kMicro); }

void Contents::Add(const Contents& per_uom, int64_t quantity_micro) {
  total_ug += ShareOf(per_uom.total_ug, quantity_micro, kMicro);
  known = known && per_uom.known;
  for (const auto& [element, mass] : per_uom.elements) elements[element] += ShareOf(mass, quantity_micro, kMicro);
}

bool ContentsBook::States(int32_t material_id) const {
  const auto found = stated_.find(material_id);
  return found != stated_.end() && !found->second.elements.empty();
}

const Contents& ContentsBook::Nominal(int32_t material_id) {
  if (const auto found = nominal_.find(material_id); found != nominal_.end()) return found->second;
  return nominal_[material_id] = Find(material_id, 0);
}

const Contents& ContentsBook::OfRevision(const ProductRevision& revision) {
  if (const auto found = of_revision_.find(revision.id); found != of_revision_.end()) return found->second;
  Contents contents = States(revision.material_id) ? stated_.at(revision.material_id) : Explode(revision, true, 0);
  return of_revision_[revision.id] = std::move(contents);
}

Contents ContentsBook::WithoutSerials(const ProductRevision& revision) { return Explode(revision, false, 0); }

Contents ContentsBook::Find(int32_t material_id, int depth) {
  if (States(material_id)) return stated_.at(material_id);
  const ProductRevision* revision = depth < kMostLevels ? plant_.NewestRevision(material_id) : nullptr;
  if (revision != nullptr && !revision->bom.empty()) return Explode(*revision, true, depth);
  if (const auto found = stated_.find(material_id); found != stated_.end()) return found->second;
  Contents unknown;
  unknown.known = false;
  return unknown;
}

Contents ContentsBook::Explode(const ProductRevision& revision, bool with_serials, int depth) {
  Contents contents;
  for (const BomLine& line : revision.bom) {
    if (!with_serials && line.tracking == Tracking::kSerial) continue;
    if (const auto found = nominal_.find(line.material_id); found != nominal_.end()) {
      contents.Add(found->second, line.quantity_micro);
    } else {
      contents.Add(Find(line.material_id, depth + 1), line.quantity_micro);
    }
  }
  return contents;
}

std::unordered_map<int64_t, Contents> WeighUnits(ContentsBook& book, const Plant& plant, const std::vector<int64_t>& roots,
                                                 const std::vector<WeighedUnit>& units,
                                                 const std::vector<std::pair<int64_t, int64_t>>& inside) {
  std::unordered_map<int64_t, const WeighedUnit*> by_id;
  for (const WeighedUnit& unit : units) by_id[unit.id] = &unit;
  std::unordered_map<int64_t, std::vector<int64_t>> children;
  for (const auto& [parent, child] : inside) children[parent].push_back(child);
  std::unordered_map<int32_t, Contents> own;

  const std::function<Contents(int64_t, int)> weigh = [&](int64_t id, int depth) {
    Contents contents;
    const auto found = by_id.find(id);
    if (found == by_id.end() || depth > 2 * kMostLevels) {
      contents.known = false;
      return contents;
    }
    const WeighedUnit& unit = *found->second;
    if (book.States(unit.material_id)) return book.Nominal(unit.material_id);
    const auto parts = children.find(id);
    const ProductRevision* revision = plant.FindRevision(unit.revision_id);
    if (revision == nullptr && parts == children.end()) return book.Nominal(unit.material_id);
    if (revision != nullptr) {
      auto [place, added] = own.try_emplace(revision->id);
      if (added) place->second = book.WithoutSerials(*revision);
      contents.Add(place->second);
    }
    if (parts == children.end()) return contents;
    for (const int64_t child : parts->second) contents.Add(weigh(child, depth + 1));
    return contents;
  };

  std::unordered_map<int64_t, Contents> weighed;
  for (const int64_t root : roots) weighed[root] = weigh(root, 0);
  return weighed;
}

}  // namespace mes::domain
