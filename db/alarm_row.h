// One row of process_alarm with the names that go with it; for db/*.cc only.
#pragma once

#include <string>
#include <vector>

#include "db/row.h"
#include "domain/process_rule.h"

// The columns that ReadAlarm reads, and where from.
#define MES_ALARM_SELECT                                                                                                        \
  "select a.alarm_id, a.rule_id, r.code, r.version, r.kind, a.sentence, a.station_id, a.line_id, a.operation, a.work_order_id, " \
  "o.code, a.unit_id, u.code, a.subject, a.epoch, a.sequence, a.occur_time, a.record_time, a.late, a.stops, a.hold_id, "         \
  "a.evidence, r.release_role, a.released_by, a.released_role, a.release_time, a.release_reason "                                \
  "from process_alarm a "                                                                                                       \
  "join process_rule r on r.rule_id = a.rule_id "                                                                               \
  "left join work_order o on o.work_order_id = a.work_order_id "                                                                \
  "left join unit u on u.unit_id = a.unit_id "

namespace mes::db {

domain::ProcessAlarm ReadAlarm(const pqxx::row& row);
std::string EvidenceJson(const std::vector<domain::AlarmEvidence>& evidence);

}  // namespace mes::db
