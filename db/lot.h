// Where lots are kept: the rows of `lot` beside their units, and the edges of splits and merges.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/transaction.h"
#include "db/unit.h"
#include "domain/genealogy.h"
#include "domain/lot.h"

namespace mes::db {

// The lots among these, after locking them and their units in the order of their ids. By code.
std::vector<StoredUnit> LockLots(Transaction& transaction, const std::vector<int64_t>& ids);

struct LotFilter {
  // Only codes after this one.
  std::string after_code;
  // 0 = all.
  int32_t material_id = 0;
  bool with_quantity_left = false;
};
// By code, at most `limit`.
std::vector<StoredUnit> ListLots(Transaction& transaction, const LotFilter& filter, int limit);

// Stores new lots and gives them ids. Returns a code that somebody has already: the caller must then roll back.
std::optional<std::string> InsertLots(Transaction& transaction, std::vector<domain::LotItem>& lots);
// Stores what is left and when they were opened.
void UpdateLots(Transaction& transaction, const std::vector<domain::LotItem>& lots);

struct LotEdge {
  int64_t from_id = 0;
  int64_t to_id = 0;
  int64_t quantity_micro = 0;
};
// Stores the edges of a split or merge, which a request made and no station.
void InsertLotEdges(Transaction& transaction, domain::EdgeKind kind, const std::vector<LotEdge>& edges,
                    const std::string& request_id, domain::Time occur_time, domain::Time now);
// Parts come from where the whole comes from; a merged lot does where all its sources come from one place.
void CopyPurchase(Transaction& transaction, const std::vector<int64_t>& from_ids, const std::vector<int64_t>& to_ids);

}  // namespace mes::db
