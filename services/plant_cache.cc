#include "services/plant_cache.h"

#include "db/product_definition.h"

namespace mes::services {
namespace {

constexpr auto kCheckInterval = std::chrono::seconds(1);

}  // namespace

std::shared_ptr<const domain::Plant> PlantCache::Get() {
  {
    const std::lock_guard lock(mutex_);
    if (seen_invalidations_ == invalidations_) {
      if (std::chrono::steady_clock::now() - checked_ < kCheckInterval) return plant_;
      const std::unique_lock check(checking_, std::try_to_lock);
      if (!check.owns_lock()) return plant_;
      // Taken by this thread: the others find it fresh until the answer is there.
      checked_ = std::chrono::steady_clock::now();
    }
  }
  return Check();
}

std::shared_ptr<const domain::Plant> PlantCache::Check() {
  const std::lock_guard check(checking_);
  const uint64_t invalidations = invalidations_;
  std::shared_ptr<const domain::Plant> plant;
  {
    const std::lock_guard lock(mutex_);
    plant = plant_;
  }
  pool_.Read([&](db::Transaction& transaction) {
    if (plant == nullptr || plant->version != db::LoadPlantVersion(transaction)) plant = db::LoadPlant(transaction);
  });
  const std::lock_guard lock(mutex_);
  plant_ = plant;
  seen_invalidations_ = invalidations;
  checked_ = std::chrono::steady_clock::now();
  return plant;
}

}  // namespace mes::services
