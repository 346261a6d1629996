// What people decide and servers keep in memory: immutable values with a version, so only the version is looked at. Several servers on
// one database see a new one within the check interval (1 s), or at once after their own change.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>

#include "db/pool.h"

namespace mes::services {

// `Value` has a `version`. The subclass says how its version and the whole are loaded.
template <typename Value>
class VersionedCache {
 public:
  explicit VersionedCache(db::Pool& pool) : pool_(pool) {}
  virtual ~VersionedCache() = default;
  // The value now; loads it when the version in the database moved. Never null. Takes a connection at times: call it before a
  // transaction is open. Throws db::Unavailable.
  std::shared_ptr<const Value> Get() {
    {
      const std::lock_guard lock(mutex_);
      if (seen_invalidations_ == invalidations_) {
        if (std::chrono::steady_clock::now() - checked_ < kCheckInterval) return value_;
        const std::unique_lock check(checking_, std::try_to_lock);
        if (!check.owns_lock()) return value_;
        // Taken by this thread: the others find it fresh until the answer is there.
        checked_ = std::chrono::steady_clock::now();
      }
    }
    return Check();
  }
  // Every Get that begins after this returns sees what was committed before it, whatever the interval.
  void Invalidate() { ++invalidations_; }

 protected:
  virtual int64_t LoadVersion(db::Transaction& transaction) = 0;
  virtual std::shared_ptr<const Value> Load(db::Transaction& transaction) = 0;

 private:
  static constexpr auto kCheckInterval = std::chrono::seconds(1);

  std::shared_ptr<const Value> Check() {
    const std::lock_guard check(checking_);
    const uint64_t invalidations = invalidations_;
    std::shared_ptr<const Value> value;
    {
      const std::lock_guard lock(mutex_);
      value = value_;
    }
    pool_.Read([&](db::Transaction& transaction) {
      if (value == nullptr || value->version != LoadVersion(transaction)) value = Load(transaction);
    });
    const std::lock_guard lock(mutex_);
    value_ = value;
    seen_invalidations_ = invalidations;
    checked_ = std::chrono::steady_clock::now();
    return value;
  }

  db::Pool& pool_;
  std::atomic<uint64_t> invalidations_{1};
  // One thread looks, the others go on with what is there.
  std::mutex checking_;
  std::mutex mutex_;
  std::shared_ptr<const Value> value_;
  uint64_t seen_invalidations_ = 0;
  std::chrono::steady_clock::time_point checked_{};
};

}  // namespace mes::services
