// Where definitions are kept.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "db/transaction.h"
#include "domain/product_definition.h"

namespace mes::db {

// The version that every change of definitions or stations moves.
int64_t LoadPlantVersion(Transaction& transaction);
// Everything that is defined: materials, all released revisions, stations. About 10 set queries; the caller keeps it.
std::shared_ptr<const domain::Plant> LoadPlant(Transaction& transaction);

struct StoredPlant {
  // Products that got a new revision, with its number.
  std::vector<std::pair<std::string, int32_t>> released;
  int32_t unchanged = 0;
  int32_t stations = 0;
  int32_t materials = 0;
};
// Stores a checked draft: upserts materials and rules, releases a new revision of each product whose digest differs from its newest,
// makes lines and stations that are missing. Serialized by the plant_version row. Idempotent.
StoredPlant StorePlant(Transaction& transaction, const domain::PlantDraft& draft, domain::Time now);

}  // namespace mes::db
