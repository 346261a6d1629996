// The stored row of a station event, both ways: the one place that knows station_event's columns. For db/*.cc only.
#pragma once

#include <vector>

#include "db/row.h"
#include "domain/station_event.h"

namespace mes::db {

// Copies rows in; makes the months' partitions that are missing.
void CopyEventRows(Transaction& transaction, const std::vector<domain::EventRow>& rows);

}  // namespace mes::db
