#include "services/audit_sealer.h"

#include <filesystem>
#include <fstream>

#include <google/protobuf/util/json_util.h>
#include <spdlog/spdlog.h>

#include "services/audit.h"

namespace mes::services {
namespace {

constexpr auto kSealInterval = std::chrono::milliseconds(400);
constexpr int kStatementTimeoutMs = 30'000;

domain::Time Now() { return std::chrono::time_point_cast<domain::Duration>(std::chrono::system_clock::now()); }

}  // namespace

AuditSealer::AuditSealer(const std::string& database_url, std::shared_ptr<const SiteKey> key,
                         std::chrono::seconds anchor_interval, std::string anchor_folder)
    : pool_({.url = database_url, .size = 2, .statement_timeout_ms = kStatementTimeoutMs}),
      key_(std::move(key)),
      anchor_interval_(anchor_interval),
      anchor_folder_(std::move(anchor_folder)),
      thread_([this] { Watch(); }) {}

AuditSealer::~AuditSealer() { Stop(); }

void AuditSealer::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

int64_t AuditSealer::Seal(db::SealProgress& progress) {
  int64_t sealed = 0;
  db::SealProgress after;
  pool_.Run([&](db::Transaction& transaction) {
    after = progress;
    sealed = db::SealAudit(transaction, after);
    return true;
  });
  progress = std::move(after);
  return sealed;
}

void AuditSealer::SealNow() {
  db::SealProgress everything;
  while (Seal(everything) == db::kMostSealedPerPass) {
  }
}

domain::Result<db::AuditAnchor> AuditSealer::SignHead() {
  if (key_ == nullptr) {
    return domain::Fail(
        {domain::Reason::kAuditUnavailable, "this server has no site key to sign with: start mesd with --site-key", {}});
  }
  AgreeOnKey();
  SealNow();
  db::AuditAnchor anchor;
  pool_.Read([&](db::Transaction& transaction) {
    const db::AuditHead head = db::LoadAuditHead(transaction);
    anchor.chain_id = db::LoadAuditChain(transaction).chain_id;
    anchor.link = head.link;
    anchor.hash = head.hash;
  });
  anchor.time = Now();
  anchor.public_key = key_->public_key();
  anchor.signature = key_->Sign(domain::AnchorBytes(anchor.chain_id, anchor.link, anchor.hash, anchor.time));
  return anchor;
}

void AuditSealer::AgreeOnKey() {
  pool_.Run([](db::Transaction& transaction) {
    db::TakeKeyInForce(transaction, Now());
    return true;
  });
}

void AuditSealer::Anchor() {
  const domain::Result<db::AuditAnchor> anchor = SignHead();
  if (!anchor || anchor->link == anchored_link_) return;
  pool_.Run([&](db::Transaction& transaction) {
    db::InsertAuditAnchor(transaction, *anchor);
    return true;
  });
  anchored_link_ = anchor->link;
  if (anchor_folder_.empty()) return;
  // The file is there whole or not at all.
  const std::filesystem::path path = std::filesystem::path(anchor_folder_) / ("anchor-" + std::to_string(anchor->link) + ".json");
  const std::filesystem::path half = path.string() + ".part";
  std::ofstream(half) << AnchorJson(*anchor) << '\n';
  std::filesystem::rename(half, path);
}

void AuditSealer::Watch() {
  db::SealProgress progress;
  auto next_anchor = std::chrono::steady_clock::now() + anchor_interval_;
  bool failed = false, agreed = false;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    try {
      while (Seal(progress) == db::kMostSealedPerPass) {
      }
      if (!agreed) AgreeOnKey();
      agreed = true;
      if (key_ != nullptr && anchor_interval_.count() > 0 && std::chrono::steady_clock::now() >= next_anchor) {
        next_anchor = std::chrono::steady_clock::now() + anchor_interval_;
        Anchor();
      }
      if (failed) spdlog::info("the audit is sealed again");
      failed = false;
    } catch (const std::exception& fault) {
      if (!failed) spdlog::warn("the audit is not sealed now: {}", fault.what());
      failed = true;
    }
    lock.lock();
    wake_.wait_for(lock, kSealInterval, [this] { return stopping_; });
  }
}

std::string AnchorJson(const db::AuditAnchor& anchor) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(ToProto(anchor), &json, options).ok())
    throw std::runtime_error("an anchor is no JSON");
  return json;
}

}  // namespace mes::services
