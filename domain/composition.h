// What a unit contains, by mass: counted from its as-built genealogy, the bills of materials of the revisions that its parts were built
// by, and the nominal masses and compositions of the plant's files (the version in force when a part was made).
//
// Recycled content is the mean over the lots in it, weighted by the mass that each brought, followed through all levels. It is known only
// where every lot of the materials concerned has a declaration; else it is unknown.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "domain/genealogy.h"
#include "domain/product_definition.h"

namespace mes::domain {

// The nominal composition of one piece of a product, by substance (domain/substance.h), in milligrams.
struct Composition {
  std::string product_code;
  std::map<std::string, int64_t> mass_mg;
  bool operator==(const Composition&) const = default;
};

// Pieces that are alike: of one material and revision, under one version of its composition.
struct BuiltParts {
  int32_t material_id = 0;
  // 0 = bought, or a second life.
  int32_t revision_id = 0;
  // 0 = none is kept.
  int32_t composition_version = 0;
  int64_t count = 0;
  // Nothing is recorded inside: they weigh what their model weighs.
  bool opaque = false;
};

// The mass of one unit of measure of each material, in milligrams; missing = not known.
using UnitMasses = std::unordered_map<int32_t, int64_t>;

// The mass of all parts, in milligrams: what the lot lines of their revisions' bills say, and opaque parts as a whole. Empty where the
// mass of one of them is not known.
std::optional<int64_t> MassOf(const std::vector<BuiltParts>& parts, const Plant& plant, const UnitMasses& masses);

// Substances in all parts; `of`: composition by (material, version).
using CompositionKey = std::pair<int32_t, int32_t>;
std::map<std::string, int64_t> SubstancesIn(const std::vector<BuiltParts>& parts,
                                            const std::map<CompositionKey, std::map<std::string, int64_t>>& of);

// How much of each thing is in the root: pieces for serials, units of measure for lots. `lot_quantity`: a lot's whole quantity.
std::unordered_map<int64_t, double> AmountsIn(int64_t root, const std::vector<Edge>& edges,
                                              const std::unordered_map<int64_t, double>& lot_quantity);

// A position that holds something else now than when the whole was built.
struct ReplacedPart {
  // The way down to it by positions, `LINE.SLOT/LINE.SLOT`: no code stands in it, since what is named here may be elsewhere later.
  std::string place;
  // 0 = it was, or is, empty.
  int64_t built_id = 0;
  int64_t now_id = 0;
  // Of the last change.
  Time since{};
  bool operator==(const ReplacedPart&) const = default;
};
// Out of all edges, past ones too, below the parents of an as-built structure. A part that was taken out and put back is none, and what
// was in a replaced part is not told again.
std::vector<ReplacedPart> ReplacedIn(const Scope& built, const std::vector<Edge>& edges);

// What one lot brought into a unit, with what was declared of it by substance; percent.
struct LotShare {
  int32_t material_id = 0;
  double mass = 0;
  std::map<std::string, double> pre_consumer;
  std::map<std::string, double> post_consumer;
};
struct RecycledContent {
  // Percent; empty = unknown, since lots of these materials have no declaration.
  std::optional<double> pre_consumer;
  std::optional<double> post_consumer;
  int lots = 0;
  int declared = 0;
};
// By substance that at least one lot declares. Materials that stand in for each other in a bill count as one.
std::map<std::string, RecycledContent> RecycledIn(const std::vector<LotShare>& lots, const Plant& plant);

}  // namespace mes::domain
