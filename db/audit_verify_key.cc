#include "db/audit_verify_key.h"

#include <algorithm>

namespace mes::db {

using domain::AuditEntry;

KeysOfChain::KeysOfChain(Transaction& transaction, Check check, std::string chain_id)
    : check_(std::move(check)), chain_id_(std::move(chain_id)), keys_(AuditKeysInUse()) {
  for (const LinkedEntry& linked : ListOwnEntries(transaction, domain::kRotationMethod)) {
    std::optional<KeyRotation> rotation = RotationIn(*linked.entry);
    if (!rotation) continue;
    rotation->link = linked.link;
    introduced_.insert(rotation->former_id);
    introduced_.insert(rotation->id);
    rotations_.push_back(std::move(*rotation));
  }
}

bool KeysOfChain::IsSigned(const KeyRotation& rotation) const {
  const std::string bytes = domain::RotationBytes(chain_id_, rotation.former_public_key, rotation.public_key, rotation.time);
  return check_(rotation.former_public_key, bytes, rotation.former_signature) &&
         check_(rotation.public_key, bytes, rotation.signature);
}

void KeysOfChain::BeginBehind(const LinkedEntry& begin) {
  for (const KeyRotation& rotation : rotations_) {
    if (rotation.link == 0 || rotation.link > begin.link || !IsSigned(rotation)) continue;
    ended_.emplace(rotation.former_id, rotation.link);
    in_force_ = rotation.id;
    named_before_ = true;
  }
  if (!begin.entry || begin.entry->key_id.empty()) return;
  named_before_ = true;
  if (in_force_.empty()) in_force_ = begin.entry->key_id;
}

KeyJudgement KeysOfChain::JudgeNameless(int64_t link, const AuditEntry& entry) {
  static constexpr char kForeign[] = "was not written by a server with this key: slipped in or altered";
  if (named_before_) return {false, "", "names no key, and entries before it do: slipped in or altered"};
  const auto made = std::find_if(keys_->begin(), keys_->end(), [&](const AuditKey& key) {
    return !ended_.contains(key.id) && MacOf(key, entry) == entry.mac;
  });
  if (made != keys_->end()) {
    in_force_ = made->id;
    return {};
  }
  // Made with the key that the next change replaced, which perhaps is not here.
  const auto next =
      std::find_if(rotations_.begin(), rotations_.end(), [&](const KeyRotation& r) { return r.link == 0 || r.link > link; });
  if (!entry.mac.empty() && next != rotations_.end() && FindAuditKey(*keys_, next->former_id) == nullptr) {
    return {true, next->former_id, ""};
  }
  return {false, "", kForeign};
}

KeyJudgement KeysOfChain::Judge(int64_t link, const AuditEntry& entry) {
  if (entry.key_id.empty()) return JudgeNameless(link, entry);
  const std::string name = domain::HexText(entry.key_id);
  if (const auto ended = EndOf(entry.key_id)) {
    return {false, entry.key_id, "is under key " + name + ", which was replaced at link " + std::to_string(*ended)};
  }
  const AuditKey* key = FindAuditKey(*keys_, entry.key_id);
  if (key == nullptr) return {true, entry.key_id, ""};
  if (MacOf(*key, entry) != entry.mac) {
    return {false, entry.key_id, "was not written by a server with key " + name + ": slipped in or altered"};
  }
  return {};
}

std::string KeysOfChain::Follow(int64_t link, const AuditEntry& entry) {
  std::string fault;
  const std::optional<KeyRotation> rotation = RotationIn(entry);
  if (rotation) {
    if (!IsSigned(*rotation)) {
      fault = "is no change of key: it is not signed by both";
    } else if (ended_.contains(rotation->former_id) || ended_.contains(rotation->id) ||
               (!in_force_.empty() && rotation->former_id != in_force_)) {
      fault = "changes a key that was not in force, or back to one that was replaced";
    } else {
      ended_.emplace(rotation->former_id, link);
      in_force_ = rotation->id;
    }
  } else if (!entry.key_id.empty() && !ended_.contains(entry.key_id)) {
    if (!in_force_.empty() && entry.key_id != in_force_ && !introduced_.contains(entry.key_id)) {
      fault = "is under key " + domain::HexText(entry.key_id) + ", which no change of key brought in";
    } else if (in_force_.empty() && Knows(entry.key_id)) {
      in_force_ = entry.key_id;
    }
  }
  named_before_ = named_before_ || !entry.key_id.empty();
  return fault;
}

std::optional<int64_t> KeysOfChain::EndOf(const std::string& key_id) const {
  const auto found = ended_.find(key_id);
  return found == ended_.end() ? std::nullopt : std::optional<int64_t>(found->second);
}

}  // namespace mes::db
