// The keys of a chain while it is verified: which key each entry was made with, and whether it was in force at its place. For
// db/audit_verify.cc.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "db/audit.h"
#include "db/transaction.h"

namespace mes::db {

// What is to be said of an entry's HMAC: made with a key that is not here, or at fault, or neither.
struct KeyJudgement {
  bool unknown = false;
  std::string key_id;
  std::string fault;
};

class KeysOfChain {
 public:
  using Check = std::function<bool(std::string_view public_key, std::string_view bytes, std::string_view signature)>;
  // Reads the changes of key that were entered anywhere; they hold once Follow has met them.
  KeysOfChain(Transaction& transaction, Check check, std::string chain_id);

  // The process has no keys: nothing can be checked.
  bool None() const { return keys_->empty(); }
  // True also where there is none.
  bool Knows(const std::string& key_id) const { return None() || FindAuditKey(*keys_, key_id) != nullptr; }
  // Goes on behind a link instead of at the beginning.
  void BeginBehind(const LinkedEntry& begin);
  KeyJudgement Judge(int64_t link, const domain::AuditEntry& entry);
  // Takes note of the entry, in the chain's order; says what is wrong with a change of key.
  std::string Follow(int64_t link, const domain::AuditEntry& entry);
  // The link at which a key was replaced.
  std::optional<int64_t> EndOf(const std::string& key_id) const;
  // An entry that names its key was met.
  bool named_before() const { return named_before_; }

 private:
  bool IsSigned(const KeyRotation& rotation) const;
  KeyJudgement JudgeNameless(int64_t link, const domain::AuditEntry& entry);

  const Check check_;
  const std::string chain_id_;
  const std::shared_ptr<const AuditKeys> keys_;
  std::vector<KeyRotation> rotations_;
  // Keys that a change names, anywhere in the chain.
  std::set<std::string> introduced_;
  // By key: the link that replaced it.
  std::map<std::string, int64_t> ended_;
  // Empty: not known yet.
  std::string in_force_;
  bool named_before_ = false;
};

}  // namespace mes::db
