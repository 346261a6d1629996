#include "db/audit_key.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include <nlohmann/json.hpp>

#include "db/audit.h"
#include "db/row.h"
#include "domain/limits_audit.h"

namespace mes::db {
namespace {

struct InUse {
  std::mutex mutex;
  std::shared_ptr<const AuditKeys> keys = std::make_shared<const AuditKeys>();
  // Databases whose key in force is the first one; a process of tests has several.
  std::set<std::string> agreed;
  std::map<std::string, domain::Time, std::less<>> replaced;
};
InUse& Process() {
  static InUse in_use;
  return in_use;
}

std::string BytesOf(const nlohmann::json& hex) {
  const std::string text = hex.get<std::string>();
  std::string bytes;
  for (size_t at = 0; at + 1 < text.size(); at += 2) bytes += static_cast<char>(std::stoi(text.substr(at, 2), nullptr, 16));
  return bytes;
}

// The key of the newest change or entry, and whether this very transaction wrote that: it tells nothing then, since it may be rolled
// back. Empty id: a key from before keys had names, and none of ours.
struct InForce {
  bool any = false;
  std::string id;
  bool own = false;
};

#define MES_NEWEST "select audit_id, key_id, xmin = pg_current_xact_id()::xid from audit_entry where mac <> '' "
#define MES_NEWEST_FIRST "order by audit_id desc limit 1"
constexpr Statement kNewest{"audit_key_newest", MES_NEWEST MES_NEWEST_FIRST};
constexpr Statement kNewestRotation{"audit_key_rotation",
                                    MES_NEWEST "and noun_id = $1 and noun_id <> '' and method = $2 " MES_NEWEST_FIRST};

InForce LoadInForce(Transaction& transaction, const AuditKeys& keys) {
  pqxx::result rows = Execute(transaction, kNewestRotation, domain::kAuditItself, domain::kRotationMethod);
  if (rows.empty()) rows = Execute(transaction, kNewest);
  if (rows.empty()) return {};
  RowReader reader(rows[0]);
  const auto audit_id = reader.Next<int64_t>();
  InForce in_force{true, reader.NextBytes(), reader.Next<bool>()};
  if (!in_force.id.empty()) return in_force;
  // From before keys had names.
  const std::vector<LinkedEntry> newest = ListAuditEntries(transaction, {}, audit_id + 1, 1);
  const auto made = std::find_if(keys.begin(), keys.end(), [&](const AuditKey& key) {
    return !newest.empty() && newest[0].entry && newest[0].entry->mac == MacOf(key, *newest[0].entry);
  });
  if (made != keys.end()) in_force.id = made->id;
  return in_force;
}

void Agree(Transaction& transaction, const std::shared_ptr<const AuditKeys>& keys) {
  std::map<std::string, domain::Time, std::less<>> replaced;
  for (const LinkedEntry& linked : ListOwnEntries(transaction, domain::kRotationMethod)) {
    if (const auto rotation = RotationIn(*linked.entry)) replaced.emplace(rotation->former_id, rotation->time);
  }
  const std::lock_guard lock(Process().mutex);
  if (Process().keys != keys) return;
  Process().agreed.insert(transaction.work().conn().dbname());
  Process().replaced = std::move(replaced);
}

void Rotate(Transaction& transaction, const AuditKey& former, const AuditKey& key, domain::Time now) {
  const std::string signed_bytes =
      domain::RotationBytes(LoadAuditChain(transaction).chain_id, former.public_key, key.public_key, now);
  const nlohmann::json told = {{"former_public_key", domain::HexText(former.public_key)},
                               {"public_key", domain::HexText(key.public_key)},
                               {"former_signature", domain::HexText(former.sign(signed_bytes))},
                               {"signature", domain::HexText(key.sign(signed_bytes))}};
  domain::AuditEntry entry;
  entry.method = domain::kRotationMethod;
  entry.noun = entry.noun_id = domain::kAuditItself;
  entry.reason = "the site key was changed";
  entry.write_time = now;
  entry.new_value = told.dump();
  WriteAuditEntry(transaction, entry, &key);
}

}  // namespace

std::string AuditKeyId(std::string_view public_key) { return Sha256(domain::KeyIdBytes(public_key)).substr(0, domain::kKeyIdBytes); }

void UseAuditKeys(AuditKeys keys) {
  const std::lock_guard lock(Process().mutex);
  Process().keys = std::make_shared<const AuditKeys>(std::move(keys));
  Process().agreed.clear();
  Process().replaced.clear();
}

std::shared_ptr<const AuditKeys> AuditKeysInUse() {
  const std::lock_guard lock(Process().mutex);
  return Process().keys;
}

const AuditKey* FindAuditKey(const AuditKeys& keys, std::string_view id) {
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const AuditKey& key) { return key.id == id; });
  return found == keys.end() ? nullptr : &*found;
}

std::string MacOf(const AuditKey& key, const domain::AuditEntry& entry) {
  const std::string bytes = domain::EntryBytes(entry);
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  HMAC(EVP_sha256(), key.mac_key.data(), static_cast<int>(key.mac_key.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
       bytes.size(), mac, &length);
  return std::string(reinterpret_cast<const char*>(mac), length);
}

void TakeKeyInForce(Transaction& transaction, domain::Time now) {
  const std::shared_ptr<const AuditKeys> keys = AuditKeysInUse();
  if (keys->empty()) return;
  {
    const std::lock_guard lock(Process().mutex);
    if (Process().agreed.contains(transaction.work().conn().dbname())) return;
  }
  const std::string& first = keys->front().id;
  InForce in_force = LoadInForce(transaction, *keys);
  if (in_force.any && in_force.id != first) {
    // Two that come at once: the second waits here, and finds it done.
    LockAuditSeal(transaction);
    in_force = LoadInForce(transaction, *keys);
  }
  if (in_force.own) return;
  if (!in_force.any || in_force.id == first) return Agree(transaction, keys);
  const std::vector<LinkedEntry> before = ListOwnEntries(transaction, domain::kRotationMethod);
  if (static_cast<int64_t>(before.size()) >= domain::kMaxSiteKeyRotations) {
    throw AuditRefused("the site key was changed 1,000 times: more changes cannot be entered");
  }
  for (const LinkedEntry& linked : before) {
    const auto rotation = RotationIn(*linked.entry);
    if (rotation && rotation->former_id == first) {
      throw AuditRefused("the site key " + domain::HexText(first) + " was replaced before, and a replaced key does not come back");
    }
  }
  const AuditKey* former = FindAuditKey(*keys, in_force.id);
  if (former == nullptr) {
    throw AuditRefused("the audit is kept under the site key " + (in_force.id.empty() ? "of before" : domain::HexText(in_force.id)) +
                       ", not under " + domain::HexText(first) + ": give that one as a former key, and the change is entered");
  }
  Rotate(transaction, *former, keys->front(), now);
}

std::optional<domain::Time> AuditKeyReplacedAt(std::string_view id) {
  const std::lock_guard lock(Process().mutex);
  const auto found = Process().replaced.find(id);
  return found == Process().replaced.end() ? std::nullopt : std::optional<domain::Time>(found->second);
}

std::optional<KeyRotation> RotationIn(const domain::AuditEntry& entry) {
  if (entry.kind != domain::AuditKind::kChange || entry.method != domain::kRotationMethod || entry.noun_id != domain::kAuditItself) {
    return std::nullopt;
  }
  KeyRotation rotation;
  rotation.audit_id = entry.audit_id;
  rotation.time = entry.write_time;
  try {
    const nlohmann::json told = nlohmann::json::parse(entry.new_value);
    rotation.former_public_key = BytesOf(told.at("former_public_key"));
    rotation.public_key = BytesOf(told.at("public_key"));
    rotation.former_signature = BytesOf(told.at("former_signature"));
    rotation.signature = BytesOf(told.at("signature"));
  } catch (const std::exception&) {
    // Its signatures are none.
  }
  rotation.former_id = AuditKeyId(rotation.former_public_key);
  rotation.id = AuditKeyId(rotation.public_key);
  return rotation;
}

}  // namespace mes::db
