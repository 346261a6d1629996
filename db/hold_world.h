// Holds in the transaction of those who move units: which stand, what came to match them, what rules placed. For db/world*.cc,
// and for calls that make units without a station (goods-in, splits).
#pragma once

#include <cstdint>
#include <vector>

#include "db/transaction.h"
#include "db/unit.h"
#include "domain/world.h"

namespace mes::db {

// Fills world.standing; after the units. Whoever will store the world shares the hold lock already (ShareHoldLock).
void LoadStandingHolds(Transaction& transaction, domain::World& world);
// Stores what was caught (with the closure by direction), notes the new edges while a hold spreads, and stores pending holds as
// spreading; their ids, in order. After the world's units and edges.
std::vector<int64_t> StoreHolds(Transaction& transaction, const domain::World& world);

// Catches new units of goods-in that match a hold that stands. They and their purchase are stored; the hold lock is shared.
void CatchReceived(Transaction& transaction, const std::vector<int64_t>& unit_ids, int32_t material_id, const Purchase& purchase,
                   domain::Time now);
// Notes edges that no station made while a hold spreads: parents and children in step.
void NoteEdges(Transaction& transaction, const std::vector<int64_t>& parents, const std::vector<int64_t>& children);

}  // namespace mes::db
