// Where identities and keys are kept. Servers keep all of them in memory (a snapshot with a version); every change moves the version.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "db/transaction.h"
#include "domain/access.h"

namespace mes::db {

int64_t LoadAccessVersion(Transaction& transaction);
// All of them, the revoked ones too: bounded by domain::kMaxIdentities and kMaxKeys.
std::vector<domain::Identity> LoadIdentities(Transaction& transaction);
std::vector<domain::ApiKey> LoadKeys(Transaction& transaction);

// Waits for others that change the list, and moves its version: first in every change.
void BeginAccessChange(Transaction& transaction);
int64_t CountIdentities(Transaction& transaction);
int64_t CountKeys(Transaction& transaction);
std::optional<domain::Identity> FindIdentity(Transaction& transaction, const std::string& name);
// Puts it in force, in the place of an earlier one of that name.
void PutIdentity(Transaction& transaction, const domain::Identity& identity);
void RevokeIdentity(Transaction& transaction, const domain::Identity& identity);
// By name, after `after_name`.
std::vector<domain::Identity> ListIdentities(Transaction& transaction, const std::string& after_name, int limit);

// What became of a name, oldest first, behind an id. It is written by the database itself, beside every change.
std::vector<domain::IdentityChange> ListIdentityChanges(Transaction& transaction, const std::string& name, int64_t after, int limit);

std::optional<domain::ApiKey> FindKey(Transaction& transaction, const std::string& id);
void InsertKey(Transaction& transaction, const domain::ApiKey& key);
void RevokeKey(Transaction& transaction, const domain::ApiKey& key);
// By id, after `after_id`.
std::vector<domain::ApiKey> ListKeys(Transaction& transaction, const std::string& after_id, int limit);
// When keys were used last; never moves a time back. Does not move the version.
void UpdateKeyUses(Transaction& transaction, const std::map<std::string, domain::Time>& uses);

}  // namespace mes::db
