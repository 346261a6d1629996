// The stored row of a station event, both ways: the one place that knows station_event's columns. For db/*.cc only.
#pragma once

#include <optional>
#include <string>
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

// A row as a fact under the audit's chain (domain/audit.h): the bytes of its columns, all but the mark of a later reversal.
std::string EventFact(const domain::EventRow& row);
// The same columns in the same order, for reading the bytes back.
#define MES_FACT_COLUMNS                                                                                                         \
  "occur_time, record_time, unit_id, sequence, digest, station_id, epoch, revision_id, carrier_id, operation, kind, judgement, " \
  "station_judgement, purpose, return_to, flags & ~4, failure_code, rework_counter, line, slot, other_unit_id, quantity_micro, " \
  "material_open_time, operator_id, grade, new_code, measured, details"
// Measured values as an array literal; NaN is null. Empty = no values.
std::optional<std::string> MeasuredLiteral(const std::vector<double>& values);

}  // namespace mes::db
