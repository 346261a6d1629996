// The yield counters' part of a batch of station events: what of the past they need, and how they move. For db/world*.cc.
//
// Loading costs nothing for units that go straight through. Storing is one set statement for each table that moves.
#pragma once

#include "db/transaction.h"
#include "db/world.h"
#include "domain/world.h"

namespace mes::db {

// After units and histories are loaded.
void LoadYieldPast(Transaction& transaction, const WorldKeys& keys, domain::World& world);
void StoreYields(Transaction& transaction, const domain::World& world);

}  // namespace mes::db
