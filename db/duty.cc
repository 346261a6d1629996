#include "db/duty.h"

#include "db/array.h"
#include "db/row.h"

namespace mes::db {
namespace {

using domain::Duty;

constexpr const char* kInsertDuties = R"sql(
insert into duty (kind, unit_id, party, trigger_day, create_time, state)
select kind, unit_id, party, trigger_day, $5::timestamptz, 1
from unnest($1::smallint[], $2::bigint[], $3::text[], $4::date[]) as given (kind, unit_id, party, trigger_day))sql";

const std::string kDutySelect = R"sql(
select d.duty_id, d.kind, d.unit_id, unit.code, d.party, d.trigger_day - date '1970-01-01', d.state, d.end_time, d.ended_by, d.evidence
from duty d
join unit on unit.unit_id = d.unit_id
)sql";
const std::string kListDuties = kDutySelect + R"sql(
where d.duty_id > $1
  and ($2::smallint = 0 or d.state = $2)
  and ($3::bigint = 0 or d.unit_id = $3)
  and (cardinality($4::smallint[]) = 0 or d.kind = any($4::smallint[]))
  and (cardinality($5::smallint[]) = 0 or (
    d.state = 1
    and exists (
      select
      from unnest($5::smallint[], $6::date[]) as late (kind, day)
      where late.kind = d.kind and d.trigger_day < late.day)))
order by d.duty_id
limit $7)sql";
const std::string kLockDuties = kDutySelect + R"sql(
where d.duty_id = any($1::bigint[])
order by d.duty_id
for update of d)sql";

constexpr const char* kUpdateDuties = R"sql(
update duty
set
  state = given.state,
  end_time = given.end_time,
  ended_by = given.ended_by,
  evidence = given.evidence
from unnest($1::bigint[], $2::smallint[], $3::timestamptz[], $4::text[], $5::text[]) as given (duty_id, state, end_time, ended_by, evidence)
where duty.duty_id = given.duty_id)sql";

constexpr const char* kWithdrawRaised = R"sql(
update duty
set
  state = 3,
  end_time = $6::timestamptz,
  ended_by = $7,
  evidence = $8
from unnest($1::smallint[], $2::bigint[], $3::text[], $4::date[], $5::timestamptz[])
  as raised (kind, unit_id, party, trigger_day, create_time)
where duty.unit_id = raised.unit_id
  and duty.kind = raised.kind
  and duty.party = raised.party
  and duty.trigger_day = raised.trigger_day
  and duty.create_time = raised.create_time
  and duty.state = 1)sql";

std::vector<Duty> DutiesIn(const pqxx::result& rows) {
  std::vector<Duty> duties;
  for (const pqxx::row& row : rows) {
    RowReader reader(row);
    Duty& duty = duties.emplace_back();
    duty.id = reader.Next<int64_t>();
    duty.kind = reader.Next<domain::DutyKind>();
    duty.unit_id = reader.Next<int64_t>();
    duty.unit_code = reader.Next<std::string>();
    duty.party = reader.Next<std::string>();
    duty.trigger_day = reader.Next<domain::Day>();
    duty.state = reader.Next<domain::DutyState>();
    duty.end_time = reader.NextOptional<domain::Time>();
    duty.ended_by = reader.Next<std::string>();
    duty.evidence = reader.Next<std::string>();
  }
  return duties;
}

}  // namespace

void InsertDuties(Transaction& transaction, const std::vector<Duty>& duties, domain::Time now) {
  Execute(transaction, kInsertDuties, ArrayOf(duties, &Duty::kind), ArrayOf(duties, &Duty::unit_id),
          ArrayOf(duties, &Duty::party), ArrayOf(duties, [](const Duty& duty) { return domain::FormatDay(duty.trigger_day); }),
          now);
}

std::vector<Duty> ListDuties(Transaction& transaction, const DutyFilter& filter, int limit) {
  ArrayWriter kinds, late_kinds, late_days;
  for (const domain::DutyKind kind : filter.kinds) kinds.Add(kind);
  for (const auto& [kind, day] : filter.triggered_before) late_kinds.Add(kind), late_days.Add(domain::FormatDay(day));
  const auto state = static_cast<int16_t>(filter.state ? static_cast<int16_t>(*filter.state) : 0);
  return DutiesIn(Execute(transaction, kListDuties.c_str(), filter.after_id, state, filter.unit_id, kinds.Take(),
                          late_kinds.Take(), late_days.Take(), limit));
}

std::vector<Duty> LockDuties(Transaction& transaction, const std::vector<int64_t>& ids) {
  return DutiesIn(Execute(transaction, kLockDuties.c_str(), ArrayOf(ids)));
}

int32_t WithdrawRaised(Transaction& transaction, const std::vector<Duty>& duties, const std::vector<domain::Time>& raise_times,
                       domain::Time now, const std::string& person, const std::string& reason) {
  return static_cast<int32_t>(
      Execute(transaction, kWithdrawRaised, ArrayOf(duties, &Duty::kind), ArrayOf(duties, &Duty::unit_id), ArrayOf(duties, &Duty::party),
              ArrayOf(duties, [](const Duty& duty) { return domain::FormatDay(duty.trigger_day); }), ArrayOf(raise_times), now, person,
              reason)
          .affected_rows());
}

void UpdateDuties(Transaction& transaction, const std::vector<Duty>& duties) {
  Execute(transaction, kUpdateDuties, ArrayOf(duties, &Duty::id), ArrayOf(duties, &Duty::state), ArrayOf(duties, &Duty::end_time),
          ArrayOf(duties, &Duty::ended_by), ArrayOf(duties, &Duty::evidence));
}

}  // namespace mes::db
