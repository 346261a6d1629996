#include "db/downtime.h"

#include "db/array.h"
#include "db/row.h"
#include "domain/process_rule.h"

namespace mes::db {
namespace {

using domain::Downtime;

#define MES_DOWNTIME_SELECT                                                                                                   \
  "select d.downtime_id, d.station_id, d.from_time, d.until_time, d.version, d.reason_code, r.class, d.person, d.note, "      \
  "d.record_time, d.withdraw_time, coalesce(d.withdrawn_by, ''), coalesce(d.withdraw_note, '') from station_downtime d join " \
  "downtime_reason r on r.version = d.version and r.code = d.reason_code "

constexpr char kLoadList[] = R"(
  select version, person, record_time
  from downtime_reason_list
  where $1::integer = 0 or version = $1
  order by version desc
  limit 1)";
constexpr char kLoadReasons[] = R"(
  select code, class, name
  from downtime_reason
  where version = $1
  order by code collate "C")";
constexpr char kInsertList[] = R"(
  insert into downtime_reason_list (version, person, record_time)
  select coalesce(max(version), 0) + 1, $1, $2
  from downtime_reason_list
  returning version)";
constexpr char kInsertReasons[] = R"(
  insert into downtime_reason (version, code, class, name)
  select $1, n.code, n.class, n.name
  from unnest($2::text[], $3::smallint[], $4::text[]) n (code, class, name))";
// Its cursor's row would make ingest wait: a lock of the station's own.
constexpr char kLockDowntimes[] = "select pg_advisory_xact_lock(hashtext('station_downtime'), $1)";
constexpr char kInsertDowntime[] = R"(
  insert into station_downtime (station_id, from_time, until_time, version, reason_code, person, note, record_time)
  values ($1, $2, $3, $4, $5, $6, $7, $8)
  returning downtime_id)";
constexpr char kLockDowntime[] = MES_DOWNTIME_SELECT "where d.downtime_id = $1 for update of d";
constexpr char kWithdraw[] = R"(
  update station_downtime
  set
    withdraw_time = $2,
    withdrawn_by = $3,
    withdraw_note = $4
  where downtime_id = $1)";
constexpr char kListDowntimes[] = MES_DOWNTIME_SELECT
    "where (cardinality($1::integer[]) = 0 or d.station_id = any($1::integer[])) and ($2::timestamptz is null or d.until_time > $2) "
    "and ($3::timestamptz is null or d.from_time < $3) and (not $4 or d.withdraw_time is null) and ($5::bigint = 0 or d.downtime_id < "
    "$5) order by d.downtime_id desc limit case when $6::integer = 0 then null else $6::integer end";

constexpr char kListRuleStops[] = R"(
  select line_id, case stops when 1 then station_id else 0 end, operation, record_time, release_time
  from process_alarm
  where line_id = any($1::integer[])
    and stops in (1, 2)
    and record_time < $3
    and coalesce(release_time > $2, true))";
static_assert(static_cast<int>(domain::StopScope::kStation) == 1 && static_cast<int>(domain::StopScope::kLineOperation) == 2);

Downtime ReadDowntime(const pqxx::row& row) {
  RowReader reader(row);
  Downtime downtime;
  downtime.id = reader.Next<int64_t>();
  downtime.station_id = reader.Next<int32_t>();
  downtime.from = reader.Next<domain::Time>();
  downtime.until = reader.Next<domain::Time>();
  downtime.version = reader.Next<int32_t>();
  downtime.reason_code = reader.Next<std::string>();
  downtime.downtime_class = reader.Next<domain::DowntimeClass>();
  downtime.person = reader.Next<std::string>();
  downtime.note = reader.Next<std::string>();
  downtime.record_time = reader.Next<domain::Time>();
  downtime.withdraw_time = reader.NextOptional<domain::Time>();
  downtime.withdrawn_by = reader.Next<std::string>();
  downtime.withdraw_note = reader.Next<std::string>();
  return downtime;
}

}  // namespace

std::optional<DowntimeReasonList> LoadDowntimeReasons(Transaction& transaction, int32_t version) {
  const pqxx::result lists = Execute(transaction, kLoadList, version);
  if (lists.empty()) return std::nullopt;
  DowntimeReasonList list;
  RowReader head(lists[0]);
  list.version = head.Next<int32_t>();
  list.person = head.Next<std::string>();
  list.record_time = head.Next<domain::Time>();
  for (const auto& row : Execute(transaction, kLoadReasons, list.version)) {
    RowReader reader(row);
    domain::DowntimeReason& reason = list.reasons.emplace_back();
    reason.code = reader.Next<std::string>();
    reason.downtime_class = reader.Next<domain::DowntimeClass>();
    reason.name = reader.Next<std::string>();
  }
  return list;
}

int32_t InsertDowntimeReasons(Transaction& transaction, const std::vector<domain::DowntimeReason>& reasons,
                              const std::string& person, domain::Time now) {
  const int32_t version = Get<int32_t>(Execute(transaction, kInsertList, person, now)[0][0]);
  Execute(transaction, kInsertReasons, version, ArrayOf(reasons, &domain::DowntimeReason::code),
          ArrayOf(reasons, &domain::DowntimeReason::downtime_class), ArrayOf(reasons, &domain::DowntimeReason::name));
  return version;
}

void LockDowntimes(Transaction& transaction, int32_t station_id) { Execute(transaction, kLockDowntimes, station_id); }

void InsertDowntime(Transaction& transaction, Downtime& downtime) {
  downtime.id =
      Get<int64_t>(Execute(transaction, kInsertDowntime, downtime.station_id, downtime.from, downtime.until, downtime.version,
                           downtime.reason_code, downtime.person, downtime.note, downtime.record_time)[0][0]);
}

std::optional<Downtime> LockDowntime(Transaction& transaction, int64_t id) {
  const pqxx::result rows = Execute(transaction, kLockDowntime, id);
  return rows.empty() ? std::nullopt : std::optional<Downtime>(ReadDowntime(rows[0]));
}

void UpdateWithdrawnDowntime(Transaction& transaction, const Downtime& downtime) {
  Execute(transaction, kWithdraw, downtime.id, downtime.withdraw_time, downtime.withdrawn_by, downtime.withdraw_note);
}

std::vector<Downtime> ListDowntimes(Transaction& transaction, const DowntimeFilter& filter, int limit) {
  std::vector<Downtime> downtimes;
  for (const auto& row : Execute(transaction, kListDowntimes, ArrayOf(filter.station_ids), filter.from, filter.until,
                                 filter.standing_only, filter.before_id, limit)) {
    downtimes.push_back(ReadDowntime(row));
  }
  return downtimes;
}

std::vector<RuleStop> ListRuleStops(Transaction& transaction, const std::vector<int32_t>& line_ids, domain::Time from,
                                    domain::Time until) {
  std::vector<RuleStop> stops;
  for (const auto& row : Execute(transaction, kListRuleStops, ArrayOf(line_ids), from, until)) {
    RowReader reader(row);
    RuleStop& stop = stops.emplace_back();
    stop.line_id = reader.Next<int32_t>();
    stop.station_id = reader.Next<int32_t>();
    stop.operation = reader.Next<int16_t>();
    stop.from = reader.Next<domain::Time>();
    stop.until = reader.NextOptional<domain::Time>();
  }
  return stops;
}

}  // namespace mes::db
