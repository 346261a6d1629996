// Where grants are kept, and the facts of a partner's scope.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/transaction.h"
#include "domain/grant.h"

namespace mes::db {

// Gives ids, in order; all of one partner, person, reason and time.
void InsertGrants(Transaction& transaction, std::vector<domain::Grant>& grants);
// Locks it.
std::optional<domain::Grant> LockGrant(Transaction& transaction, int64_t grant_id);
void StoreRevocation(Transaction& transaction, const domain::Grant& grant);
// By id after `after_id`; empty partner and unit 0 = all.
std::vector<domain::Grant> ListGrants(Transaction& transaction, const std::string& partner, int64_t unit_id, int64_t after_id,
                                      int limit);

// Of these units and everything around each, why the partner might see them; units without any fact have no row.
std::vector<domain::ScopeFact> LoadScopeFacts(Transaction& transaction, const std::string& partner,
                                              const std::vector<int64_t>& unit_ids);
// Codes of the units that records of life or grants in force name to the partner, after `after_code`.
std::vector<std::string> ListPartnerUnits(Transaction& transaction, const std::string& partner, const std::string& after_code,
                                          int limit);

// From here to its end the transaction sees what the partner sees: another role, under row-level security.
void EnterPartnerScope(Transaction& transaction, const std::string& partner);

}  // namespace mes::db
