#include "db/failure_code.h"

#include "db/row.h"

namespace mes::db {
namespace {

#define MES_FAILURE_CODE_SELECT                                                                                  \
  "select f.failure_code_id, f.code, coalesce(f.material_id, 0), coalesce(m.code, ''), f.operation, f.version, " \
  "f.needs_disposition, f.repair_limit, f.route, f.opens_ncr, f.severity, f.withdrawn, f.reason, f.person, "     \
  "f.create_time from failure_code f left join material m on m.material_id = f.material_id"

constexpr const char* kLoadFailureCodes = MES_FAILURE_CODE_SELECT R"sql(
order by f.failure_code_id)sql";

// A version is in force while no later one of its scope is there.
constexpr const char* kListFailureCodes = MES_FAILURE_CODE_SELECT R"sql(
where ($1::integer = 0 or f.failure_code_id < $1)
  and ($2::text = '' or f.code = $2)
  and ($3::integer = 0 or f.material_id = $3)
  and (not $4::boolean or (not f.withdrawn and not exists (
    select
    from failure_code later
    where later.code = f.code
      and later.material_id is not distinct from f.material_id
      and later.operation = f.operation
      and later.version > f.version)))
order by f.failure_code_id desc
limit $5)sql";

constexpr const char* kMovePlantVersion = R"sql(
update plant_version
set version = version + 1)sql";

constexpr const char* kInsertFailureCode = R"sql(
insert into failure_code (
  code, material_id, operation, version, needs_disposition, repair_limit, route, opens_ncr, severity, withdrawn, reason, person,
  create_time)
select $1::text, nullif($2::integer, 0), $3::smallint,
  1 + coalesce((
    select max(f.version)
    from failure_code f
    where f.code = $1
      and f.material_id is not distinct from nullif($2::integer, 0)
      and f.operation = $3), 0),
  $4::boolean, $5::smallint, $6::smallint, $7::boolean, $8::smallint, $9::boolean, $10::text, $11::text, $12::timestamptz
returning failure_code_id, version)sql";

domain::FailureCode FailureCodeIn(const pqxx::row& row) {
  RowReader reader(row);
  domain::FailureCode policy;
  policy.id = reader.Next<int32_t>();
  policy.code = reader.Next<std::string>();
  policy.material_id = reader.Next<int32_t>();
  policy.product_code = reader.Next<std::string>();
  policy.operation = reader.Next<int16_t>();
  policy.version = reader.Next<int32_t>();
  policy.needs_disposition = reader.Next<bool>();
  policy.repair_limit = reader.NextOptional<int16_t>();
  policy.route = reader.Next<int16_t>();
  policy.opens_ncr = reader.Next<bool>();
  policy.severity = reader.Next<domain::Severity>();
  policy.withdrawn = reader.Next<bool>();
  policy.reason = reader.Next<std::string>();
  policy.person = reader.Next<std::string>();
  policy.create_time = reader.Next<domain::Time>();
  return policy;
}

}  // namespace

domain::FailureCodes LoadFailureCodes(Transaction& transaction) {
  domain::FailureCodes policies;
  for (const pqxx::row& row : Execute(transaction, kLoadFailureCodes)) policies.Add(FailureCodeIn(row));
  return policies;
}

void InsertFailureCode(Transaction& transaction, domain::FailureCode& policy) {
  // First: its row lock lets no two versions of one scope be counted alike.
  Execute(transaction, kMovePlantVersion);
  const pqxx::result rows = Execute(transaction, kInsertFailureCode, policy.code, policy.material_id, policy.operation,
                                    policy.needs_disposition, policy.repair_limit, policy.route, policy.opens_ncr,
                                    policy.severity, policy.withdrawn, policy.reason, policy.person, policy.create_time);
  policy.id = Get<int32_t>(rows[0][0]);
  policy.version = Get<int32_t>(rows[0][1]);
}

std::vector<domain::FailureCode> ListFailureCodes(Transaction& transaction, const FailureCodeFilter& filter, int limit) {
  std::vector<domain::FailureCode> policies;
  const pqxx::result rows =
      Execute(transaction, kListFailureCodes, filter.before_id, filter.code, filter.material_id, filter.in_force_only, limit);
  for (const pqxx::row& row : rows) policies.push_back(FailureCodeIn(row));
  return policies;
}

}  // namespace mes::db
