// Rules and frozen limits of all control charts, kept in memory: ingest reads none of them from the database.
#pragma once

#include "domain/spc_ingest.h"
#include "services/versioned_cache.h"

namespace mes::services {

class ChartCache final : public VersionedCache<domain::ChartPlan> {
 public:
  using VersionedCache::VersionedCache;

 private:
  int64_t LoadVersion(db::Transaction& transaction) override;
  std::shared_ptr<const domain::ChartPlan> Load(db::Transaction& transaction) override;
};

}  // namespace mes::services
