// Seals the audit: lays new entries over the chain within half a second of their commit, and signs the chain's head from time to
// time. One thread with a connection of its own; several servers on one database take turns at the database's lock. What it could
// not do it tries again: entries wait for it and are not lost.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "db/audit.h"
#include "db/pool.h"
#include "domain/result.h"
#include "services/site_key.h"

namespace mes::services {

class AuditSealer {
 public:
  // `key`: null = heads are not signed. `anchor_interval`: between signed heads, while there is something new; zero = only on
  // demand. `anchor_folder`: where each signed head is also written as a file; empty = nowhere.
  AuditSealer(const std::string& database_url, std::shared_ptr<const SiteKey> key, std::chrono::seconds anchor_interval,
              std::string anchor_folder);
  ~AuditSealer();
  AuditSealer(const AuditSealer&) = delete;
  AuditSealer& operator=(const AuditSealer&) = delete;

  // Seals everything that is committed. Throws db::Unavailable.
  void SealNow();
  // Seals, and signs the head; not stored yet. Errors: AUDIT_UNAVAILABLE without a key. Throws db::Unavailable, db::AuditRefused.
  domain::Result<db::AuditAnchor> SignHead();
  void Stop();

 private:
  void Watch();
  void Anchor();
  // Enters a change of key where there is one. Throws db::AuditRefused where this server's key is not the site's.
  void AgreeOnKey();
  int64_t Seal(db::SealProgress& progress);

  db::Pool pool_;
  const std::shared_ptr<const SiteKey> key_;
  const std::chrono::seconds anchor_interval_;
  const std::string anchor_folder_;
  int64_t anchored_link_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

// An anchor as JSON on one line: the fields of mes.v1.AuditAnchor.
std::string AnchorJson(const db::AuditAnchor& anchor);

}  // namespace mes::services
