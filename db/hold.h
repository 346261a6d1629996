// Where holds are kept, and what they cover. Placing and lifting lock the units' rows as ingest does, in the order of their ids, so that
// no unit starts between the walk and the answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/transaction.h"
#include "domain/hold.h"

namespace mes::db {

// The units and everything that they went into, locked: no edge leads out of the set and none can be added until the transaction ends.
// Relies on it that whoever adds an edge has locked the row of its child before.
std::vector<int64_t> LockWithWhereUsed(Transaction& transaction, const std::vector<int64_t>& named);
// Stores a new hold on `covered`, which are locked; fills its id and count.
void InsertHold(Transaction& transaction, domain::Hold& hold, const std::vector<int64_t>& named,
                const std::vector<int64_t>& covered);

std::optional<domain::Hold> LoadHold(Transaction& transaction, int64_t hold_id);
// As LoadHold; nobody else lifts it until the transaction ends.
std::optional<domain::Hold> LockHold(Transaction& transaction, int64_t hold_id);
// Stores a lifted hold and takes it off everything that it covers. The rows that say what it covered stay.
void UpdateReleasedHold(Transaction& transaction, const domain::Hold& hold);

// Newest first, with ids below `before_id` (0 = all), at most `limit`.
std::vector<domain::Hold> ListHolds(Transaction& transaction, int64_t before_id, bool in_force_only, int limit);

// The holds in force on any of these units, ascending.
std::vector<int64_t> ListHoldsOn(Transaction& transaction, const std::vector<int64_t>& unit_ids);

}  // namespace mes::db
