// The stored row of a station event, both ways: the one place that knows station_event's columns. For db/*.cc only.
#pragma once

#include <vector>

#include "db/row.h"
#include "domain/station_event.h"

namespace mes::db {

// Copies rows in; makes the months' partitions that are missing.
void CopyEventRows(Transaction& transaction, const std::vector<domain::EventRow>& rows);

// Selects a stored row; read by ReadEventRow in this order. Of the details only what counts is read.
#define MES_HISTORY_COLUMNS                                                                                                   \
  "unit_id, occur_time, record_time, sequence, digest, station_id, epoch, coalesce(revision_id, 0), coalesce(carrier_id, 0), " \
  "operation, kind, judgement, station_judgement, purpose, return_to, flags, coalesce(failure_code, ''), "                    \
  "coalesce(rework_counter, -1), coalesce(line, 0), coalesce(slot, 0), coalesce(other_unit_id, 0), "                          \
  "coalesce(quantity_micro, 0), material_open_time, coalesce(operator_id, ''), coalesce(grade, ''), "                         \
  "coalesce(new_code, ''), measured, coalesce((details->>'caused_by_operation')::integer, 0), "                               \
  "coalesce((details->>'lost_micro')::bigint, 0)"
domain::EventRow ReadEventRow(RowReader& reader);

}  // namespace mes::db
