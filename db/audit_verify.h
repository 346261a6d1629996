// Re-reads the audit out of the tables and judges it: each link against its entry and the link before, each entry's HMAC and key,
// each fact against the commit that it belongs to, the signed heads against the chain. Of the whole, or of a period between two
// signed heads. Set-wise and streaming: memory does not grow with the tables. One snapshot.
#pragma once

#include <functional>
#include <optional>
#include <set>
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
  // The keys that anchors may be signed with. Empty = those of this process; it has none = any.
  std::vector<std::string> public_keys;
  SignatureCheck check_signature;
  bool with_facts = true;
  // What was written and recorded from then on and before; absent = from the beginning, to the end. With either, the chain is judged
  // from the newest signed head before the period to the oldest one behind it.
  std::optional<domain::Time> from;
  std::optional<domain::Time> until;

  bool OfPeriod() const { return from || until; }
};

struct AuditVerification {
  int64_t entries = 0;
  int64_t facts = 0;
  int64_t anchors = 0;
  // Facts from before they were under the chain, which only their count protects; of a period: not even that was looked at.
  int64_t earlier_facts = 0;
  // Entries of the last second, which no link holds yet.
  int64_t unsealed = 0;
  // Entries that carry an HMAC which a key of this server fits, and those that could not be checked since they or the server have
  // none.
  int64_t authenticated = 0;
  int64_t unauthenticated = 0;
  // Entries and anchors under keys that this server does not have: neither false nor sound. At most kMaxUnknownKeys of the keys' ids.
  int64_t not_checkable = 0;
  std::set<std::string> unknown_keys;
  AuditHead head;
  // What was not looked at: links up to where the period's part begins, and behind where it ends. Whether signed heads stand there.
  int64_t links_before = 0;
  int64_t links_after = 0;
  bool begins_signed = false;
  bool ends_signed = false;
  // At most kMaxAuditFindings, by place in the chain; the first is the first bad row.
  std::vector<domain::AuditFinding> findings;
  int64_t findings_in_all = 0;

  bool Sound() const { return findings_in_all == 0 && not_checkable == 0; }
};

// `progress` is called now and then; when it gives false, nobody waits for the answer and the rest is not read.
AuditVerification VerifyAudit(Transaction& transaction, const VerifyQuestion& question,
                              const std::function<bool(const AuditVerification&)>& progress);

}  // namespace mes::db
