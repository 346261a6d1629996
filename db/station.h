// What is known of stations besides their definition: how far their events are, and the conditions that they and their people reported.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "db/transaction.h"
#include "domain/station_condition.h"
#include "domain/world.h"

namespace mes::db {

// By station; one that never sent an event is not in it.
std::unordered_map<int32_t, domain::Cursor> LoadCursors(Transaction& transaction, const std::vector<int32_t>& station_ids);
// The newest of each kind and person: those about the station, and those about the people for whom it ever reported one, which may come
// from elsewhere. By kind and person.
std::vector<domain::StationCondition> LoadNewestConditions(Transaction& transaction, int32_t station_id);

}  // namespace mes::db
