// What a unit contains, by element: its bill of materials as built, with the parts that are in it, times the masses that the
// plant's files state (materials.json, recycling.json).
//
// Exact: micrograms in 64 bits, and products and shares are rounded down once per step. A material that states its elements is
// taken at its word and not looked into; a made unit is what its own revision consumes in lots plus the parts that are installed;
// a bought unit of a product made here counts as that product's newest revision. Only chemical elements that a recycling law or a
// buyer asks for are told apart; what is left of the mass is "other" (plastics, solvents, oxygen in compounds).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/product_definition.h"

namespace mes::domain {

// Values are those of the database.
enum class Element : int16_t {
  kLithium = 1,
  kNickel,
  kCobalt,
  kManganese,
  kIron,
  kPhosphorus,
  kFluorine,
  kCopper,
  kAluminium,
  kCarbon,
  kPlatinum,
  kLead,
  kOther = 99
};
// `Li`, ..., `other`.
std::string_view NameOf(Element element);
std::optional<Element> ParseElement(std::string_view symbol);
// All but `other`, in the order of their values.
const std::vector<Element>& AllElements();

// Micrograms.
using Masses = std::map<Element, int64_t>;

// value * part / whole, rounded down, without overflow on the way. All are not negative, whole is above zero.
int64_t ShareOf(int64_t value, int64_t part, int64_t whole);

struct Contents {
  int64_t total_ug = 0;
  // Without kOther.
  Masses elements;
  // False: of something inside no mass is known, so that the total is a lower bound.
  bool known = true;

  // What of the mass is no element that is told apart.
  int64_t Other() const;
  // The elements and, where there is any, kOther.
  Masses All() const;
  void Add(const Contents& more);
  // Adds `quantity_micro` millionths of a unit of measure.
  void Add(const Contents& per_uom, int64_t quantity_micro);
  bool operator==(const Contents&) const = default;
};

// Contents of one unit of measure of every material. The plant must outlive it.
class ContentsBook {
 public:
  // `stated`: of materials whose mass is known; those without elements in it are looked into where they are made.
  ContentsBook(const Plant& plant, std::unordered_map<int32_t, Contents> stated) : plant_(plant), stated_(std::move(stated)) {}

  // True: the material states its elements, so that nothing inside it need be known.
  bool States(int32_t material_id) const;
  // As its newest revision would be made.
  const Contents& Nominal(int32_t material_id);
  // As this revision is made.
  const Contents& OfRevision(const ProductRevision& revision);
  // What this revision consumes without identity or in lots.
  Contents WithoutSerials(const ProductRevision& revision);

 private:
  Contents Explode(const ProductRevision& revision, bool with_serials, int depth);
  Contents Find(int32_t material_id, int depth);
  const Plant& plant_;
  std::unordered_map<int32_t, Contents> stated_;
  std::unordered_map<int32_t, Contents> nominal_;
  std::unordered_map<int32_t, Contents> of_revision_;
};

// A unit of the tree that is weighed.
struct WeighedUnit {
  int64_t id = 0;
  int32_t material_id = 0;
  // 0 = bought, or the second life of another unit.
  int32_t revision_id = 0;
};
// The contents of each root. `inside`: (parent, child) as they are now; a part below a material that states its elements may be
// left out.
std::unordered_map<int64_t, Contents> WeighUnits(ContentsBook& book, const Plant& plant, const std::vector<int64_t>& roots,
                                                 const std::vector<WeighedUnit>& units,
                                                 const std::vector<std::pair<int64_t, int64_t>>& inside);

}  // namespace mes::domain
