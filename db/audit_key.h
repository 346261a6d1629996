// Which key the entries of this process are authenticated under, and how one takes another's place. A change of key is itself an
// entry, signed by both keys, written in the transaction of the first entry under the new one. Who writes under a key that is
// neither the one in force nor its successor writes nothing: his entries would be findings for ever.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/transaction.h"
#include "domain/audit.h"

namespace mes::db {

struct AuditKey {
  // First bytes of the SHA-256 of domain::KeyIdBytes.
  std::string id;
  // 32 bytes each.
  std::string mac_key;
  std::string public_key;
  // An Ed25519 signature by this key.
  std::function<std::string(std::string_view)> sign;
};
using AuditKeys = std::vector<AuditKey>;

std::string AuditKeyId(std::string_view public_key);
// From now on entries of this process carry an HMAC under the first key; the others were in force before it and still check what
// they made. None: no HMAC. Of the process, not of a connection: one process serves one site.
void UseAuditKeys(AuditKeys keys);
std::shared_ptr<const AuditKeys> AuditKeysInUse();
// Null where it is none of these.
const AuditKey* FindAuditKey(const AuditKeys& keys, std::string_view id);
// The HMAC of an entry under a key.
std::string MacOf(const AuditKey& key, const domain::AuditEntry& entry);

// Before an entry of this transaction: sees to it that the first key is the one in force, and enters the change where it is not yet.
// Throws AuditRefused where it can be neither.
void TakeKeyInForce(Transaction& transaction, domain::Time now);
// When a former key was replaced, as far as this process has seen; empty: it was not, or nothing was entered yet.
std::optional<domain::Time> AuditKeyReplacedAt(std::string_view id);

// A change of key as it was entered.
struct KeyRotation {
  // 0 = not sealed yet.
  int64_t link = 0;
  int64_t audit_id = 0;
  domain::Time time{};
  std::string former_id, id;
  std::string former_public_key, public_key;
  std::string former_signature, signature;
};
// Empty where the entry is none.
std::optional<KeyRotation> RotationIn(const domain::AuditEntry& entry);
}  // namespace mes::db
