// The unit's row of state, both ways: the one place that knows its columns. For db/*.cc only.
#pragma once

#include <optional>
#include <string>

#include "db/row.h"
#include "domain/world.h"

namespace mes::db {

// Selects a unit with its lot's part; read by ReadUnit in this order. From `unit u left join lot l on l.unit_id = u.unit_id`.
#define MES_UNIT_COLUMNS                                                                                                  \
  "u.unit_id, u.code, u.material_id, u.revision_id, u.work_order_id, u.tracking, u.state, u.passed, u.attempted, "        \
  "u.lot_lines, u.running_operation, u.run_purpose, u.running_station, u.running_since, u.run_measured, "                 \
  "u.run_tightenings, u.run_out_of_limits, u.failed_operation, u.unstarted_operation, u.unstarted_station, u.clocks, "    \
  "u.counters, u.grade, u.group_grade, u.hold_count, u.serial_slots_filled, u.source_proven, u.use_count, u.parent_id, "  \
  "u.parent_line, u.parent_slot, u.carrier_id, u.carrier_slot, u.create_time, u.finish_time, u.failure, "                 \
  "l.quantity_micro, l.left_micro, l.expire_time, l.open_time, l.floor_life_seconds"

domain::UnitEntry ReadUnit(const pqxx::row& row);

// `{}` or `{4611686018427387904,...}`: ordinal * 2^56 + microseconds.
std::string ClocksLiteral(const std::vector<domain::WindowClock>& clocks);
std::string CountersLiteral(const std::vector<domain::RunCounter>& counters);
// `{code,disposition,repaired code,times,...}`; nothing for a unit that never failed.
std::optional<std::string> FailureLiteral(const domain::Unit& unit);

}  // namespace mes::db
