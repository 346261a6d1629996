// The released definitions, kept in memory: immutable, so only their version is looked at. Several servers on one database see a new
// plant within the check interval (1 s), or at once after their own load.
#pragma once

#include <memory>
#include <mutex>

#include "db/pool.h"
#include "domain/product_definition.h"

namespace mes::services {

class PlantCache {
 public:
  explicit PlantCache(db::Pool& pool) : pool_(pool) {}
  // The plant now; loads it when the version in the database moved. Never null.
  std::shared_ptr<const domain::Plant> Get();
  // Looks at the version at the next Get, whatever the interval.
  void Invalidate();

 private:
  db::Pool& pool_;
  std::mutex mutex_;
  std::shared_ptr<const domain::Plant> plant_;
  std::chrono::steady_clock::time_point checked_{};
};

}  // namespace mes::services
