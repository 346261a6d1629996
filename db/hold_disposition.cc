#include "db/array.h"
#include "db/hold.h"
#include "db/row.h"

namespace mes::db {
namespace {

constexpr const char* kInsertDisposition = R"sql(
insert into hold_disposition (hold_id, disposition, operation, person, role, reason, propose_time, effect_time)
values ($1, $2, $3, $4, $5, $6, $7::timestamptz, $8::timestamptz)
returning disposition_id)sql";

constexpr const char* kInsertUnits = R"sql(
insert into hold_disposition_unit (disposition_id, unit_id)
select $1::bigint, unit_id
from unnest($2::bigint[]) as disposed (unit_id))sql";

constexpr const char* kDispositionColumns = R"sql(
select d.disposition_id, d.hold_id, d.disposition, d.operation, d.person, d.role, d.reason, d.propose_time, coalesce(d.approved_by, ''),
  coalesce(d.approval_role, ''), coalesce(d.approval_reason, ''), d.effect_time,
  (select count(*) from hold_disposition_unit n where n.disposition_id = d.disposition_id)
from hold_disposition d)sql";

const std::string kLockDisposition = std::string(kDispositionColumns) + R"sql(
where d.disposition_id = $1
for update of d)sql";

const std::string kListDispositions = std::string(kDispositionColumns) + R"sql(
where d.hold_id = $1
order by d.disposition_id
limit $2)sql";

constexpr const char* kListUnits = R"sql(
select unit_id
from hold_disposition_unit
where disposition_id = $1
order by unit_id)sql";

constexpr const char* kUpdateDisposition = R"sql(
update hold_disposition
set
  approved_by = nullif($2, ''),
  approval_role = nullif($3, ''),
  approval_reason = nullif($4, ''),
  effect_time = $5::timestamptz
where disposition_id = $1)sql";

StoredDisposition DispositionIn(const pqxx::row& row) {
  RowReader reader(row);
  StoredDisposition stored;
  stored.disposal.disposition_id = reader.Next<int64_t>();
  stored.disposal.hold_id = reader.Next<int64_t>();
  stored.disposal.disposition = reader.Next<domain::HoldDisposition>();
  stored.disposal.operation = reader.Next<int16_t>();
  stored.disposal.person = reader.Next<std::string>();
  stored.role = reader.Next<std::string>();
  stored.disposal.reason = reader.Next<std::string>();
  stored.propose_time = reader.Next<domain::Time>();
  stored.approved_by = reader.Next<std::string>();
  stored.approval_role = reader.Next<std::string>();
  stored.approval_reason = reader.Next<std::string>();
  stored.effect_time = reader.NextOptional<domain::Time>();
  stored.units = reader.Next<int64_t>();
  return stored;
}

}  // namespace

void InsertDisposition(Transaction& transaction, StoredDisposition& disposition) {
  domain::Disposal& disposal = disposition.disposal;
  disposal.disposition_id = Get<int64_t>(Execute(transaction, kInsertDisposition, disposal.hold_id, disposal.disposition,
                                                 disposal.operation, disposal.person, disposition.role, disposal.reason,
                                                 disposition.propose_time, disposition.effect_time)[0][0]);
  if (!disposition.unit_ids.empty()) Execute(transaction, kInsertUnits, disposal.disposition_id, ArrayOf(disposition.unit_ids));
}

std::optional<StoredDisposition> LockDisposition(Transaction& transaction, int64_t disposition_id) {
  const pqxx::result rows = Execute(transaction, kLockDisposition.c_str(), disposition_id);
  if (rows.empty()) return std::nullopt;
  StoredDisposition stored = DispositionIn(rows[0]);
  for (const pqxx::row& row : Execute(transaction, kListUnits, disposition_id)) stored.unit_ids.push_back(Get<int64_t>(row[0]));
  return stored;
}

void UpdateDisposition(Transaction& transaction, const StoredDisposition& disposition) {
  Execute(transaction, kUpdateDisposition, disposition.disposal.disposition_id, disposition.approved_by,
          disposition.approval_role, disposition.approval_reason, disposition.effect_time);
}

std::vector<StoredDisposition> ListDispositions(Transaction& transaction, int64_t hold_id, int limit) {
  std::vector<StoredDisposition> list;
  for (const pqxx::row& row : Execute(transaction, kListDispositions.c_str(), hold_id, limit)) list.push_back(DispositionIn(row));
  return list;
}

}  // namespace mes::db
