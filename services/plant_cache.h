// The released definitions, kept in memory: immutable, so only their version is looked at. Several servers on one database see a
// new plant within the check interval (1 s), or at once after their own load.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>

#include "db/pool.h"
#include "domain/product_definition.h"

namespace mes::services {

class PlantCache {
 public:
  explicit PlantCache(db::Pool& pool) : pool_(pool) {}
  // The plant now; loads it when the version in the database moved. Never null. Takes a connection at times: call it before a
  // transaction is open. Throws db::Unavailable.
  std::shared_ptr<const domain::Plant> Get();
  // Every Get that begins after this returns sees what was committed before it, whatever the interval.
  void Invalidate() { ++invalidations_; }

 private:
  std::shared_ptr<const domain::Plant> Check();

  db::Pool& pool_;
  std::atomic<uint64_t> invalidations_{1};
  // One thread looks, the others go on with what is there.
  std::mutex checking_;
  std::mutex mutex_;
  std::shared_ptr<const domain::Plant> plant_;
  uint64_t seen_invalidations_ = 0;
  std::chrono::steady_clock::time_point checked_{};
};

}  // namespace mes::services
