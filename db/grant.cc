#include "db/grant.h"

#include "db/array.h"
#include "db/row.h"

namespace mes::db {
namespace {

constexpr const char* kInsertGrants = R"sql(
insert into partner_grant (partner, unit_id, tier, until_time, reason, person, grant_time)
select $1, n.unit_id, $3::smallint, $4::timestamptz, $5, $6, $7::timestamptz
from unnest($2::bigint[]) with ordinality n (unit_id, place)
order by n.place
returning partner_grant_id)sql";

#define MES_GRANT_COLUMNS                                                                                                            \
  "select g.partner_grant_id, g.partner, g.unit_id, u.code, g.tier, g.until_time, g.reason, g.person, g.grant_time, g.revoke_time, " \
  "g.revoke_reason, g.revoke_person from partner_grant g join unit u on u.unit_id = g.unit_id "

constexpr const char* kLockGrant = MES_GRANT_COLUMNS "where g.partner_grant_id = $1 for no key update of g";
constexpr const char* kListGrants = MES_GRANT_COLUMNS R"sql(
where ($1 = '' or g.partner = $1)
  and ($2::bigint = 0 or g.unit_id = $2)
  and g.partner_grant_id > $3
order by g.partner_grant_id
limit $4)sql";

constexpr const char* kRevoke = R"sql(
update partner_grant
set
  revoke_time = $2::timestamptz,
  revoke_reason = $3,
  revoke_person = $4
where partner_grant_id = $1)sql";

constexpr Statement kScopeFacts{"ScopeFacts", R"sql(
with recursive around as (
  select a.unit_id as asked_id, u.unit_id, u.parent_id, 0 as level
  from unnest($2::bigint[]) a (unit_id)
  join unit u on u.unit_id = a.unit_id
  union all
  select around.asked_id, u.unit_id, u.parent_id, around.level + 1
  from around
  join unit u on u.unit_id = around.parent_id
  where around.level < 16
)
select around.asked_id, true, 0::smallint, null::timestamptz, false
from around
where exists (select 1 from life_record l where l.unit_id = around.unit_id and l.party = $1 and l.reverse_time is null)
  or exists (select 1 from purchase p where p.unit_id = around.unit_id and p.supplier = $1)
union all
select around.asked_id, false, g.tier, g.until_time, g.revoke_time is not null
from around
join partner_grant g on g.unit_id = around.unit_id and g.partner = $1)sql"};

constexpr const char* kPartnerUnits = R"sql(
select code
from unit
where code > $2
  and unit_id in (
    select l.unit_id from life_record l where l.party = $1 and l.reverse_time is null
    union
    select g.unit_id from partner_grant g where g.partner = $1 and g.revoke_time is null and g.until_time > now())
order by code
limit $3)sql";

domain::Grant ReadGrant(const pqxx::row& row) {
  RowReader reader(row);
  domain::Grant grant;
  grant.id = reader.Next<int64_t>();
  grant.partner = reader.Next<std::string>();
  grant.unit_id = reader.Next<int64_t>();
  grant.unit_code = reader.Next<std::string>();
  grant.tier = reader.Next<int16_t>();
  grant.until_time = reader.Next<domain::Time>();
  grant.reason = reader.Next<std::string>();
  grant.person = reader.Next<std::string>();
  grant.grant_time = reader.Next<domain::Time>();
  grant.revoke_time = reader.NextOptional<domain::Time>();
  grant.revoke_reason = reader.Next<std::string>();
  grant.revoke_person = reader.Next<std::string>();
  return grant;
}

}  // namespace

void InsertGrants(Transaction& transaction, std::vector<domain::Grant>& grants) {
  if (grants.empty()) return;
  const domain::Grant& first = grants[0];
  const pqxx::result rows = Execute(transaction, kInsertGrants, first.partner, ArrayOf(grants, &domain::Grant::unit_id),
                                    first.tier, first.until_time, first.reason, first.person, first.grant_time);
  for (size_t i = 0; i < grants.size(); ++i) grants[i].id = Get<int64_t>(rows[static_cast<int>(i)][0]);
}

std::optional<domain::Grant> LockGrant(Transaction& transaction, int64_t grant_id) {
  const pqxx::result rows = Execute(transaction, kLockGrant, grant_id);
  if (rows.empty()) return std::nullopt;
  return ReadGrant(rows[0]);
}

void StoreRevocation(Transaction& transaction, const domain::Grant& grant) {
  Execute(transaction, kRevoke, grant.id, grant.revoke_time, grant.revoke_reason, grant.revoke_person);
}

std::vector<domain::Grant> ListGrants(Transaction& transaction, const std::string& partner, int64_t unit_id, int64_t after_id,
                                      int limit) {
  std::vector<domain::Grant> grants;
  for (const pqxx::row& row : Execute(transaction, kListGrants, partner, unit_id, after_id, limit))
    grants.push_back(ReadGrant(row));
  return grants;
}

std::vector<domain::ScopeFact> LoadScopeFacts(Transaction& transaction, const std::string& partner,
                                              const std::vector<int64_t>& unit_ids) {
  std::vector<domain::ScopeFact> facts;
  for (const pqxx::row& row : Execute(transaction, kScopeFacts, partner, ArrayOf(unit_ids))) {
    RowReader reader(row);
    domain::ScopeFact& fact = facts.emplace_back();
    fact.unit_id = reader.Next<int64_t>();
    fact.custody = reader.Next<bool>();
    fact.tier = reader.Next<int16_t>();
    fact.until_time = reader.NextOptional<domain::Time>().value_or(domain::Time());
    fact.revoked = reader.Next<bool>();
  }
  return facts;
}

std::vector<std::string> ListPartnerUnits(Transaction& transaction, const std::string& partner, const std::string& after_code,
                                          int limit) {
  std::vector<std::string> codes;
  for (const pqxx::row& row : Execute(transaction, kPartnerUnits, partner, after_code, limit))
    codes.push_back(Get<std::string>(row[0]));
  return codes;
}

void EnterPartnerScope(Transaction& transaction, const std::string& partner) {
  Execute(transaction, "select set_config('mes.partner', $1, true)", partner);
  transaction.work().exec("set local role mes_partner");
}

}  // namespace mes::db
