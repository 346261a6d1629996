// The released definitions, kept in memory: immutable, so only their version is looked at.
#pragma once

#include "domain/product_definition.h"
#include "services/versioned_cache.h"

namespace mes::services {

class PlantCache final : public VersionedCache<domain::Plant> {
 public:
  using VersionedCache::VersionedCache;

 private:
  int64_t LoadVersion(db::Transaction& transaction) override;
  std::shared_ptr<const domain::Plant> Load(db::Transaction& transaction) override;
};

}  // namespace mes::services
