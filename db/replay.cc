#include "db/replay.h"

#include <unordered_map>

#include "db/array.h"
#include "db/event_row.h"
#include "db/refusal_json.h"
#include "db/row.h"
#include "db/unit_row.h"

namespace mes::db {
namespace {

constexpr const char* kListReplayedUnits = R"sql(
select distinct unit_id
from station_event
where unit_id > $4::bigint
  and occur_time >= $2::timestamptz
  and occur_time < $3::timestamptz
  and revision_id = any($1::integer[])
order by unit_id
limit $5)sql";

constexpr const char* kUnitsOfHistories = "select " MES_UNIT_COLUMNS R"sql(
from unit u
left join lot l on l.unit_id = u.unit_id
where u.unit_id = any($1::bigint[])
order by u.unit_id)sql";

constexpr const char* kHistories = "select " MES_HISTORY_COLUMNS R"sql(,
  coalesce((details -> 'reversed' ->> 'epoch')::integer, 0), coalesce((details -> 'reversed' ->> 'sequence')::bigint, 0)
from station_event
where unit_id = any($1::bigint[])
order by unit_id, record_time)sql";

constexpr const char* kListRefusedStarts = R"sql(
select subject_code, occur_time, record_time, station_id, epoch, sequence, refusals, content
from refused_event
where kind = $3::smallint
  and occur_time >= $1::timestamptz
  and occur_time < $2::timestamptz
order by record_time, station_id, epoch, sequence
limit $4)sql";

}  // namespace

std::vector<int64_t> ListReplayedUnits(Transaction& transaction, const std::vector<int32_t>& revision_ids, domain::Time from,
                                       domain::Time until, int64_t after_id, int limit) {
  std::vector<int64_t> ids;
  for (const pqxx::row& row : Execute(transaction, kListReplayedUnits, ArrayOf(revision_ids), from, until, after_id, limit)) {
    ids.push_back(Get<int64_t>(row[0]));
  }
  return ids;
}

std::vector<UnitHistory> LoadUnitHistories(Transaction& transaction, const std::vector<int64_t>& unit_ids) {
  std::vector<UnitHistory> histories;
  std::unordered_map<int64_t, size_t> places;
  for (const pqxx::row& row : Execute(transaction, kUnitsOfHistories, ArrayOf(unit_ids))) {
    histories.push_back({ReadUnit(row).unit, {}});
    places[histories.back().unit.id] = histories.size() - 1;
  }
  for (const pqxx::row& result : Execute(transaction, kHistories, ArrayOf(unit_ids))) {
    RowReader reader(result);
    domain::HistoryRow row;
    row.row = ReadEventRow(reader);
    row.reversed_epoch = reader.Next<int32_t>();
    row.reversed_sequence = reader.Next<int64_t>();
    if (const auto place = places.find(row.row.unit_id); place != places.end())
      histories[place->second].rows.push_back(std::move(row));
  }
  return histories;
}

std::vector<StoredRefusedStart> ListRefusedStarts(Transaction& transaction, domain::Time from, domain::Time until, int limit) {
  std::vector<StoredRefusedStart> starts;
  for (const pqxx::row& row : Execute(transaction, kListRefusedStarts, from, until, domain::EventKind::kStarted, limit)) {
    RowReader reader(row);
    StoredRefusedStart& stored = starts.emplace_back();
    stored.unit_code = reader.Next<std::string>();
    stored.start.occur_time = reader.Next<domain::Time>();
    stored.start.record_time = reader.Next<domain::Time>();
    stored.start.station_id = reader.Next<int32_t>();
    stored.start.epoch = reader.Next<int32_t>();
    stored.start.sequence = reader.Next<int64_t>();
    stored.start.refusals = RefusalsFromJson(reader.Next<std::string>());
    stored.content = reader.NextBytes();
  }
  return starts;
}

}  // namespace mes::db
