#include "db/nonconformance.h"

#include "db/array.h"
#include "db/row.h"

namespace mes::db {
namespace {

#define MES_NCR_SELECT                                                                                                 \
  "select n.ncr_id, n.state, coalesce(n.failure_code_id, 0), coalesce(n.material_id, 0), n.operation, n.station_id, "  \
  "n.failure_code, n.severity, n.description, n.hold_ids, n.containment, n.whys, n.cause_category, "                   \
  "n.corrective_action, n.corrective_owner, n.corrective_due, n.preventive_action, n.preventive_owner, "               \
  "n.preventive_due, n.verification, n.verification_evidence, n.verified_by, n.opened_by, n.open_time, n.units, "      \
  "(select count(*) from ncr_unit u where u.ncr_id = n.ncr_id and u.disposition is null and u.withdraw_time is null) " \
  "from ncr n"

constexpr const char* kLoadNcr = MES_NCR_SELECT R"sql(
where n.ncr_id = $1)sql";
constexpr const char* kLockNcr = MES_NCR_SELECT R"sql(
where n.ncr_id = $1
for no key update of n)sql";
constexpr const char* kListNcrs = MES_NCR_SELECT R"sql(
where ($1::bigint = 0 or n.ncr_id < $1)
  and ($2::smallint = 0 or n.state = $2)
  and ($3::integer = 0 or n.material_id = $3)
  and ($4::text = '' or n.failure_code = $4)
  and ($5::bigint = 0 or exists (
    select
    from ncr_unit u
    where u.ncr_id = n.ncr_id
      and u.unit_id = $5))
order by n.ncr_id desc
limit $6)sql";

constexpr const char* kInsertNcr = R"sql(
insert into ncr
  (state, material_id, operation, station_id, failure_code, severity, description, units, hold_ids, opened_by, open_time)
values (1, nullif($1::integer, 0), $2::smallint, $3::integer, $4::text, $5::smallint, $6::text, $7::bigint, $8::bigint[], $9::text,
  $10::timestamptz)
returning ncr_id)sql";
constexpr const char* kInsertNcrUnits = R"sql(
insert into ncr_unit (ncr_id, unit_id, sequence, station_id, epoch, add_time)
select $1::bigint, named.unit_id, 0, 0, 0, $3::timestamptz
from unnest($2::bigint[]) as named (unit_id))sql";

constexpr const char* kUpdateNcr = R"sql(
update ncr
set
  state = $2::smallint,
  hold_ids = $3::bigint[],
  containment = $4::text,
  whys = $5::text[],
  cause_category = $6::smallint,
  corrective_action = $7::text,
  corrective_owner = $8::text,
  corrective_due = $9::timestamptz,
  preventive_action = $10::text,
  preventive_owner = $11::text,
  preventive_due = $12::timestamptz,
  verification = $13::text,
  verification_evidence = $14::text,
  verified_by = $15::text
where ncr_id = $1)sql";
constexpr const char* kInsertTransition = R"sql(
insert into ncr_transition (ncr_id, transition_time, action, from_state, to_state, person, role, reason)
values ($1::bigint, $2::timestamptz, $3::smallint, $4::smallint, $5::smallint, $6::text, $7::text, $8::text))sql";
constexpr const char* kListTransitions = R"sql(
select transition_time, action, from_state, to_state, person, role, reason
from ncr_transition
where ncr_id = $1
order by transition_time, to_state)sql";

constexpr const char* kListNcrUnits = R"sql(
select n.unit_id, u.code, n.station_id, n.epoch, n.sequence, n.add_time, n.withdraw_time is not null, coalesce(n.disposition, 0),
  n.dispose_time, coalesce(n.concession, ''), coalesce(n.reason, ''), coalesce(n.person, ''), coalesce(n.second_person, '')
from ncr_unit n
join unit u on u.unit_id = n.unit_id
where n.ncr_id = $1
  and (n.unit_id, n.station_id, n.epoch, n.sequence) > ($2::bigint, $3::integer, $4::integer, $5::bigint)
  and (not $6::boolean or (n.disposition is null and n.withdraw_time is null))
order by n.unit_id, n.station_id, n.epoch, n.sequence
limit $7)sql";
constexpr const char* kListOpenNcrUnits = R"sql(
select distinct unit_id
from ncr_unit
where ncr_id = $1
  and disposition is null
  and withdraw_time is null
  and ($3::boolean or unit_id = any($2::bigint[]))
order by unit_id)sql";
constexpr const char* kUpdateNcrUnits = R"sql(
update ncr_unit
set
  disposition = $3::smallint,
  dispose_time = $4::timestamptz,
  concession = nullif($5::text, ''),
  reason = $6::text,
  person = $7::text,
  second_person = nullif($8::text, ''),
  role = $9::text
where ncr_id = $1
  and unit_id = any($2::bigint[])
  and disposition is null
  and withdraw_time is null)sql";

// domain::EventKind::kCompleted is 3.
constexpr const char* kLastRuns = R"sql(
select e.unit_id, max(e.record_time),
  coalesce((array_agg(e.station_id order by e.record_time desc) filter (where e.kind = 3))[1],
    (array_agg(e.station_id order by e.record_time desc))[1]),
  (array_agg(e.occur_time order by e.record_time desc) filter (where e.kind = 3 and (e.flags & 4) = 0))[1]
from station_event e
where e.unit_id = any($1::bigint[])
group by e.unit_id)sql";
static_assert(static_cast<int>(domain::EventKind::kCompleted) == 3 && domain::kFlagReversed == 4);

domain::NcrAction ActionIn(RowReader& reader) {
  domain::NcrAction action;
  action.text = reader.Next<std::string>();
  action.owner = reader.Next<std::string>();
  action.due_time = reader.NextOptional<domain::Time>();
  return action;
}

domain::Ncr NcrIn(const pqxx::row& row) {
  RowReader reader(row);
  domain::Ncr ncr;
  ncr.id = reader.Next<int64_t>();
  ncr.state = reader.Next<domain::NcrState>();
  ncr.failure_code_id = reader.Next<int32_t>();
  ncr.material_id = reader.Next<int32_t>();
  ncr.operation = reader.Next<int16_t>();
  ncr.station_id = reader.Next<int32_t>();
  ncr.failure_code = reader.Next<std::string>();
  ncr.severity = reader.Next<domain::Severity>();
  ncr.description = reader.Next<std::string>();
  ncr.hold_ids = IntegersIn(reader.NextText());
  ncr.containment = reader.Next<std::string>();
  ncr.whys = TextsIn(reader.NextText());
  ncr.cause_category = reader.Next<domain::CauseCategory>();
  ncr.corrective = ActionIn(reader);
  ncr.preventive = ActionIn(reader);
  ncr.verification = reader.Next<std::string>();
  ncr.verification_evidence = reader.Next<std::string>();
  ncr.verified_by = reader.Next<std::string>();
  ncr.opened_by = reader.Next<std::string>();
  ncr.open_time = reader.Next<domain::Time>();
  ncr.units = reader.Next<int64_t>();
  ncr.open_units = reader.Next<int64_t>();
  return ncr;
}

std::optional<domain::Ncr> OneNcr(Transaction& transaction, const char* sql, int64_t ncr_id) {
  const pqxx::result rows = Execute(transaction, sql, ncr_id);
  return rows.empty() ? std::nullopt : std::optional<domain::Ncr>(NcrIn(rows[0]));
}

}  // namespace

void InsertNcr(Transaction& transaction, domain::Ncr& ncr, const std::vector<int64_t>& unit_ids) {
  ncr.units = ncr.open_units = static_cast<int64_t>(unit_ids.size());
  const pqxx::result rows =
      Execute(transaction, kInsertNcr, ncr.material_id, ncr.operation, ncr.station_id, ncr.failure_code, ncr.severity,
              ncr.description, ncr.units, ArrayOf(ncr.hold_ids), ncr.opened_by, ncr.open_time);
  ncr.id = Get<int64_t>(rows[0][0]);
  Execute(transaction, kInsertNcrUnits, ncr.id, ArrayOf(unit_ids), ncr.open_time);
}

std::optional<domain::Ncr> LoadNcr(Transaction& transaction, int64_t ncr_id) { return OneNcr(transaction, kLoadNcr, ncr_id); }

std::optional<domain::Ncr> LockNcr(Transaction& transaction, int64_t ncr_id) {
  // Read again under the lock: what ingest added while it waited is counted then.
  if (Execute(transaction, kLockNcr, ncr_id).empty()) return std::nullopt;
  return LoadNcr(transaction, ncr_id);
}

void UpdateNcr(Transaction& transaction, const domain::Ncr& ncr, const NcrTransition& transition) {
  Execute(transaction, kUpdateNcr, ncr.id, ncr.state, ArrayOf(ncr.hold_ids), ncr.containment, ArrayOf(ncr.whys),
          ncr.cause_category, ncr.corrective.text, ncr.corrective.owner, ncr.corrective.due_time, ncr.preventive.text,
          ncr.preventive.owner, ncr.preventive.due_time, ncr.verification, ncr.verification_evidence, ncr.verified_by);
  Execute(transaction, kInsertTransition, ncr.id, transition.time, transition.move, transition.from, transition.to,
          transition.person, transition.role, transition.reason);
}

std::vector<NcrTransition> ListNcrTransitions(Transaction& transaction, int64_t ncr_id) {
  std::vector<NcrTransition> transitions;
  for (const pqxx::row& row : Execute(transaction, kListTransitions, ncr_id)) {
    RowReader reader(row);
    NcrTransition& transition = transitions.emplace_back();
    transition.time = reader.Next<domain::Time>();
    transition.move = reader.Next<domain::NcrMove>();
    transition.from = reader.Next<domain::NcrState>();
    transition.to = reader.Next<domain::NcrState>();
    transition.person = reader.Next<std::string>();
    transition.role = reader.Next<std::string>();
    transition.reason = reader.Next<std::string>();
  }
  return transitions;
}

std::vector<domain::Ncr> ListNcrs(Transaction& transaction, const NcrFilter& filter, int limit) {
  std::vector<domain::Ncr> ncrs;
  for (const pqxx::row& row : Execute(transaction, kListNcrs, filter.before_id, filter.state, filter.material_id,
                                      filter.failure_code, filter.unit_id, limit)) {
    ncrs.push_back(NcrIn(row));
  }
  return ncrs;
}

std::vector<NcrUnit> ListNcrUnits(Transaction& transaction, int64_t ncr_id, const NcrUnitKey& after, bool open_only, int limit) {
  std::vector<NcrUnit> units;
  for (const pqxx::row& row : Execute(transaction, kListNcrUnits, ncr_id, after.unit_id, after.station_id, after.epoch,
                                      after.sequence, open_only, limit)) {
    RowReader reader(row);
    NcrUnit& unit = units.emplace_back();
    unit.unit_id = reader.Next<int64_t>();
    unit.unit_code = reader.Next<std::string>();
    unit.station_id = reader.Next<int32_t>();
    unit.epoch = reader.Next<int32_t>();
    unit.sequence = reader.Next<int64_t>();
    unit.add_time = reader.Next<domain::Time>();
    unit.withdrawn = reader.Next<bool>();
    unit.disposition = reader.Next<domain::FailureDisposition>();
    unit.dispose_time = reader.NextOr<domain::Time>({});
    unit.concession = reader.Next<std::string>();
    unit.reason = reader.Next<std::string>();
    unit.person = reader.Next<std::string>();
    unit.second_person = reader.Next<std::string>();
  }
  return units;
}

std::vector<int64_t> ListOpenNcrUnits(Transaction& transaction, int64_t ncr_id, const std::vector<int64_t>& unit_ids) {
  std::vector<int64_t> open;
  for (const pqxx::row& row : Execute(transaction, kListOpenNcrUnits, ncr_id, ArrayOf(unit_ids), unit_ids.empty())) {
    open.push_back(Get<int64_t>(row[0]));
  }
  return open;
}

void UpdateNcrUnits(Transaction& transaction, int64_t ncr_id, const std::vector<int64_t>& unit_ids,
                    const domain::DispositionOrder& order, domain::Time now) {
  Execute(transaction, kUpdateNcrUnits, ncr_id, ArrayOf(unit_ids), order.disposition, now, order.concession, order.reason,
          order.person, order.second_person, order.role);
}

std::map<int64_t, domain::LastRun> LoadLastRuns(Transaction& transaction, const std::vector<int64_t>& unit_ids) {
  std::map<int64_t, domain::LastRun> runs;
  for (const pqxx::row& row : Execute(transaction, kLastRuns, ArrayOf(unit_ids))) {
    domain::LastRun& run = runs[Get<int64_t>(row[0])];
    run.record_time = Get<domain::Time>(row[1]);
    run.station_id = Get<int32_t>(row[2]);
    run.end_time = GetOr<domain::Time>(row[3], {});
  }
  return runs;
}

}  // namespace mes::db
