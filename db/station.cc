#include "db/station.h"

#include "db/array.h"
#include "db/row.h"

namespace mes::db {
namespace {

constexpr const char* kLoadCursors = R"sql(
select station_id, epoch, last_sequence, recorded_events, rejected_events
from station_cursor
where station_id = any($1::integer[]))sql";

constexpr const char* kLoadNewestConditions = R"sql(
select distinct on (kind, person) station_id, kind, in_order, occur_time, expire_time, person, evidence, reporting_station, epoch,
  sequence,
  array(select key from jsonb_each_text(readings) order by key), array(select value from jsonb_each_text(readings) order by key)
from station_condition
where station_id = $1
  or (station_id = 0 and person in (
    select reported.person
    from station_condition reported
    where reported.station_id = 0
      and reported.reporting_station = $1))
order by kind, person, occur_time desc, sequence desc)sql";

}  // namespace

std::unordered_map<int32_t, domain::Cursor> LoadCursors(Transaction& transaction, const std::vector<int32_t>& station_ids) {
  std::unordered_map<int32_t, domain::Cursor> cursors;
  for (const pqxx::row& row : Execute(transaction, kLoadCursors, ArrayOf(station_ids))) {
    RowReader reader(row);
    domain::Cursor& cursor = cursors[reader.Next<int32_t>()];
    cursor.epoch = reader.Next<int32_t>();
    cursor.last_sequence = reader.Next<int64_t>();
    cursor.recorded = reader.Next<int64_t>();
    cursor.rejected = reader.Next<int64_t>();
  }
  return cursors;
}

std::vector<domain::StationCondition> LoadNewestConditions(Transaction& transaction, int32_t station_id) {
  std::vector<domain::StationCondition> conditions;
  for (const pqxx::row& row : Execute(transaction, kLoadNewestConditions, station_id)) {
    RowReader reader(row);
    domain::StationCondition& condition = conditions.emplace_back();
    condition.station_id = reader.Next<int32_t>();
    condition.report.kind = reader.Next<domain::ConditionKind>();
    condition.report.in_order = reader.Next<bool>();
    condition.occur_time = reader.Next<domain::Time>();
    condition.report.expire_time = reader.Next<domain::Time>();
    condition.report.person = reader.Next<std::string>();
    condition.report.evidence = reader.Next<std::string>();
    condition.reporting_station = reader.Next<int32_t>();
    condition.epoch = reader.Next<int32_t>();
    condition.sequence = reader.Next<int64_t>();
    const std::vector<std::string> names = TextsIn(reader.NextText());
    const std::vector<std::optional<double>> values = DoublesIn(reader.NextText());
    for (size_t i = 0; i < names.size(); ++i) condition.report.readings[names[i]] = values[i].value_or(0);
  }
  return conditions;
}

}  // namespace mes::db
