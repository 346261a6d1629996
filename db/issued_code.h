// Where coding rules and codes that were given out are kept. A batch is a range of running numbers; the counter of its series is
// locked by whoever takes the next ones until the transaction ends, so that numbers neither repeat nor leave a gap, and a
// transaction that ends early takes none. Which numbers are used is told by the units' codes themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "db/transaction.h"
#include "domain/issued_code.h"

namespace mes::db {

// Stores a rule and fills its id. False = its prefix or GTIN has a rule already; nothing was stored.
bool InsertCodeRule(Transaction& transaction, domain::CodeRule& rule);
// By number, after `after_id`; of one material, or all with 0.
std::vector<domain::CodeRule> ListCodeRules(Transaction& transaction, int32_t material_id, int32_t after_id, int limit);
// A material's newest rule with a prefix.
std::optional<domain::CodeRule> FindPrefixRule(Transaction& transaction, int32_t material_id);
// The rule that owns this prefix; the material's newest without a prefix; the one that owns this GTIN.
std::optional<domain::CodeRule> FindRuleOfPrefix(Transaction& transaction, const std::string& prefix);
std::optional<domain::CodeRule> FindPlainRule(Transaction& transaction, int32_t material_id);
std::optional<domain::CodeRule> FindRuleOfGtin(Transaction& transaction, const std::string& gtin);

// Takes the batch's running numbers, stores it and fills its id. Errors: those of domain::NumberBatch.
domain::Status IssueBatch(Transaction& transaction, domain::CodeBatch& batch);

// What is known of these codes where their prefix is issued here; others are left out.
std::unordered_map<std::string, domain::IssuedCode> LoadIssuedCodes(Transaction& transaction,
                                                                    const std::vector<std::string>& codes);

struct StoredBatch {
  domain::CodeBatch batch;
  int32_t material_id = 0;
  int32_t used = 0;
  int32_t voided = 0;
  std::string work_order_code;
};
// Newest first, with ids below `before_id` (0 = all); of one material, or all with 0.
std::vector<StoredBatch> ListBatches(Transaction& transaction, int32_t material_id, int64_t before_id, int limit);

struct CodeVoiding {
  std::string reason;
  std::string person;
  domain::Time time{};
};
// The codes were issued, are no unit's and not voided yet. A code voided meanwhile is left out: gives how many were stored.
int64_t InsertCodeVoids(Transaction& transaction, const std::vector<std::string>& codes, const CodeVoiding& voiding);

}  // namespace mes::db
