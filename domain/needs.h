// What a quantity of products needs of everything that is made below it, down the bills of materials and without scrap: 9,350 single
// and 1,650 twin fuel cell systems need 12,650 stacks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "domain/product_definition.h"

namespace mes::domain {

// Everything made, what contains before what is contained, by the newest revisions.
std::vector<int32_t> MadeTopDown(const Plant& plant);

// How much of what is needed of a material is made here; the rest is bought in, with its parts.
using MadeHere = std::function<double(int32_t material_id, double needed)>;

// By material; of each the greater of what is asked for and what everything made above it needs, since a component that is asked for is
// what the products above it are made from. Without `made_here` all of it is.
std::map<int32_t, double> NeedsOf(const Plant& plant, const std::map<int32_t, double>& asked, const MadeHere& made_here = nullptr);

}  // namespace mes::domain
