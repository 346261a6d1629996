// Spreads a hold over what it covers, so that no unit slips between the search and the hold and ingest is never kept waiting for
// long:
//
//   1. the hold is stored as spreading and committed (db::InsertHold); whoever moves units from then on sees it, catches what
//   comes to
//      match, and notes the edges that he makes;
//   2. a moment alone with the lock: everybody who had not seen it is through;
//   3. without a lock: what matches, and the closure, are found; they are marked in portions, each in its own transaction;
//   4. alone with the lock: what was built from or into them meanwhile is marked along the noted edges, and the hold is in force.
//
// Only then is the hold answered. A hold left spreading by a crash is spread by whoever finds it; doing it twice is harmless.
#pragma once

#include <cstdint>
#include <vector>

#include "db/pool.h"
#include "domain/product_definition.h"

namespace mes::db {

// Spreads these holds, those that still spread.
void SpreadPendingHolds(Pool& pool, const domain::Plant& plant, const std::vector<int64_t>& hold_ids);
// Spreads all that were left spreading; how many.
int64_t SpreadPendingHolds(Pool& pool, const domain::Plant& plant);

}  // namespace mes::db
