// Where the masses of materials are kept, and the parts of units that are weighed are read.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "db/transaction.h"
#include "domain/contents.h"

namespace mes::db {

// By material id, of all materials that state a mass.
std::unordered_map<int32_t, domain::Contents> LoadMaterialMasses(Transaction& transaction);
// Puts these in the place of all that were stored.
void StoreMaterialMasses(Transaction& transaction, const std::unordered_map<int32_t, domain::Contents>& masses);

std::vector<domain::WeighedUnit> LoadWeighedUnits(Transaction& transaction, const std::vector<int64_t>& ids);
// What is installed in these now: (parent, part).
struct PartsBelow {
  std::vector<std::pair<int64_t, int64_t>> inside;
  std::vector<domain::WeighedUnit> parts;
};
PartsBelow LoadPartsBelow(Transaction& transaction, const std::vector<int64_t>& parent_ids, int64_t limit);

}  // namespace mes::db
