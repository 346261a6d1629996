// Re-reads the whole audit out of the tables and judges it: each link against its entry and the link before, each entry's HMAC,
// each fact against the commit that it belongs to, the signed heads against the chain. Set-wise and streaming: memory does not
// grow with the tables. One snapshot.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "db/audit.h"
#include "db/transaction.h"
#include "domain/audit.h"

namespace mes::db {

// True where the signature over the bytes is that key's (Ed25519: 32 and 64 bytes).
using SignatureCheck = std::function<bool(std::string_view public_key, std::string_view bytes, std::string_view signature)>;

struct VerifyQuestion {
  // Heads that were kept elsewhere; those in the database are always checked.
  std::vector<AuditAnchor> anchors;
  // The key that all anchors must be signed with; empty = any.
  std::string public_key;
  SignatureCheck check_signature;
  bool with_facts = true;
};

struct AuditVerification {
  int64_t entries = 0;
  int64_t facts = 0;
  int64_t anchors = 0;
  // Facts from before the audit, which only their count protects.
  int64_t earlier_facts = 0;
  // Entries of the last second, which no link holds yet.
  int64_t unsealed = 0;
  // Entries that carry an HMAC which this server's key fits, and those that could not be checked.
  int64_t authenticated = 0;
  int64_t unauthenticated = 0;
  AuditHead head;
  // At most kMaxAuditFindings, by place in the chain; the first is the first bad row.
  std::vector<domain::AuditFinding> findings;
  int64_t findings_in_all = 0;

  bool Sound() const { return findings_in_all == 0; }
};

// `progress` is called now and then; when it gives false, nobody waits for the answer and the rest is not read.
AuditVerification VerifyAudit(Transaction& transaction, const VerifyQuestion& question,
                              const std::function<bool(const AuditVerification&)>& progress);

}  // namespace mes::db
