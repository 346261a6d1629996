// Where passports are kept: nominal compositions of products, declared facts, and issued versions. Facts and versions are only ever
// added.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "db/transaction.h"
#include "domain/composition.h"
#include "domain/passport.h"

namespace mes::db {

// Keeps those that differ from the newest version as a new one. Products that are not in the list keep what they have.
void StoreCompositions(Transaction& transaction, const std::vector<domain::Composition>& compositions, domain::Time now);

// Units of a genealogy counted by material, revision and version of the composition. `with_parts`: those of them that something is in.
std::vector<domain::BuiltParts> CountParts(Transaction& transaction, const std::vector<int64_t>& unit_ids,
                                           const std::vector<int64_t>& with_parts);
// The compositions of these (material, version).
std::map<domain::CompositionKey, std::map<std::string, int64_t>> LoadCompositions(Transaction& transaction,
                                                                                  const std::vector<domain::BuiltParts>& parts);
// Lots among these units: their whole quantity in units of measure, and their material.
struct LotInside {
  int64_t unit_id = 0;
  int32_t material_id = 0;
  double quantity = 0;
};
std::vector<LotInside> LoadLotsInside(Transaction& transaction, const std::vector<int64_t>& unit_ids);

struct Fact {
  int64_t id = 0;
  domain::FactScope scope = domain::FactScope::kPlant;
  // 0 = none.
  int32_t material_id = 0;
  int64_t unit_id = 0;
  std::string attribute;
  std::string subject;
  std::string value;
  domain::FactBasis basis = domain::FactBasis::kDeclared;
  domain::Time observe_time{};
  std::string method;
  std::string evidence;
  std::string person;
  domain::Time record_time{};
};
// Gives it a number.
int64_t InsertFact(Transaction& transaction, const Fact& fact);
// The facts that count for a unit: the newest of each scope, attribute and subject; at most `limit`.
std::vector<Fact> LoadFacts(Transaction& transaction, int64_t unit_id, int32_t material_id, int limit);
// The newest of each attribute and subject that begin with `prefix`, of these units and lots.
std::vector<Fact> LoadFactsOf(Transaction& transaction, const std::vector<int64_t>& unit_ids, const std::string& prefix);
// The newest value of one attribute by material.
std::unordered_map<int32_t, std::string> LoadProductFacts(Transaction& transaction, const std::vector<int32_t>& material_ids,
                                                          const std::string& attribute);
// All that was ever stated of one scope (0 ids: the plant) in these attributes, oldest first after `after_id`.
std::vector<Fact> ListFacts(Transaction& transaction, int32_t material_id, int64_t unit_id, const std::vector<std::string>& attributes,
                            int64_t after_id, int limit);

// What identifiers are derived from.
std::string LoadNamespace(Transaction& transaction);

struct StoredVersion {
  domain::PassportVersion version;
  // As it was hashed; empty in lists.
  std::string content;
};
void InsertVersion(Transaction& transaction, int64_t unit_id, const StoredVersion& stored);
// `version` 0 = the newest.
std::optional<StoredVersion> LoadVersion(Transaction& transaction, int64_t unit_id, int32_t version);
// Oldest first, after `after_version`, without their content.
std::vector<domain::PassportVersion> ListVersions(Transaction& transaction, int64_t unit_id, int32_t after_version, int limit);

}  // namespace mes::db
