#include "db/hold.h"

#include <algorithm>

#include "db/array.h"
#include "db/hold_predicate.h"
#include "db/row.h"
#include "db/unit.h"

namespace mes::db {
namespace {

// Any number that no other advisory lock uses.
constexpr int64_t kHoldLock = 4'853'260'871'119'001;
constexpr Statement kShareHoldLock{"ShareHoldLock", "select pg_advisory_xact_lock_shared($1)"};
constexpr Statement kTakeHoldLock{"TakeHoldLock", "select pg_advisory_xact_lock($1)"};

constexpr const char* kHoldColumns = R"sql(
select hold.hold_id, hold.reason, hold.placed_by, hold.place_time, hold.state, hold.direction, hold.predicate, hold.evidence,
  hold.at_operation, hold.four_eyes, coalesce(hold.released_by, ''), hold.release_time, coalesce(hold.release_reason, ''),
  case
    when hold.release_time is null
    then (select count(*) from hold_item where hold_item.hold_id = hold.hold_id and hold_item.release_time is null)
    else 0
  end,
  (select count(*) from hold_item where hold_item.hold_id = hold.hold_id and hold_item.release_time is not null),
  coalesce(work_order.code, '')
from hold
left join work_order on work_order.work_order_id = (hold.predicate ->> 'work_order_id')::integer)sql";

const std::string kLoadHold = std::string(kHoldColumns) + R"sql(
where hold.hold_id = $1)sql";

const std::string kLockHold = kLoadHold + R"sql(
for no key update of hold)sql";

const std::string kListHolds = std::string(kHoldColumns) + R"sql(
where ($1::bigint = 0 or hold.hold_id < $1)
  and (not $2::boolean or hold.release_time is null)
order by hold.hold_id desc
limit $3)sql";

constexpr const char* kInsertHold = R"sql(
insert into hold (reason, placed_by, place_time, state, direction, predicate, evidence, at_operation, standing, four_eyes)
values ($1, $2, $3::timestamptz, 1, $4, $5::jsonb, $6::jsonb, $7, $8, $9)
returning hold_id)sql";

constexpr const char* kInsertHoldItems = R"sql(
with held as (
  insert into hold_item as item (hold_id, unit_id, named, cause, catch_time)
  select $1::bigint, covered.unit_id, named.unit_id is not null, covered.cause, $4::timestamptz
  from unnest($2::bigint[], $3::smallint[]) as covered (unit_id, cause)
  left join unnest($5::bigint[]) as named (unit_id) on named.unit_id = covered.unit_id
  on conflict (unit_id, hold_id) do update
  set
    release_time = null,
    disposition_id = null,
    cause = item.cause | excluded.cause,
    catch_time = excluded.catch_time
  where item.release_time is not null
    and $6::boolean
  returning item.unit_id
)
update unit
set hold_count = unit.hold_count + 1
from held
where unit.unit_id = held.unit_id)sql";

constexpr const char* kUpdateHold = R"sql(
update hold
set state = 3, released_by = $2, release_time = $3::timestamptz, release_reason = $4
where hold_id = $1)sql";

constexpr const char* kListItemsInForce = R"sql(
select unit_id
from hold_item
where hold_id = $1
  and release_time is null
  and ($2::bigint[] = '{}' or unit_id = any($2::bigint[]))
order by unit_id
limit $3)sql";

constexpr const char* kTakeHoldOff = R"sql(
update unit
set hold_count = hold_count - 1
where unit_id = any($1::bigint[]))sql";

constexpr const char* kListHoldsOn = R"sql(
select distinct hold.hold_id
from hold_item
join hold on hold.hold_id = hold_item.hold_id
where hold_item.unit_id = any($1::bigint[])
  and hold_item.release_time is null
  and hold.release_time is null
  and not hold.at_operation
order by hold.hold_id)sql";

constexpr const char* kItemColumns = R"sql(
select item.hold_id, item.unit_id, u.code, u.material_id, u.state, item.cause, item.named, coalesce(item.catch_time, hold.place_time),
  coalesce(item.release_time, hold.release_time),
  coalesce(case when item.release_time is null then hold.released_by else coalesce(done.approved_by, done.person) end, ''),
  coalesce(case when item.release_time is null then hold.release_reason else done.reason end, ''),
  case when item.release_time is null then 1 else coalesce(done.disposition, 1) end, hold.reason, hold.placed_by
from hold_item item
join hold on hold.hold_id = item.hold_id
join unit u on u.unit_id = item.unit_id
left join hold_disposition done on done.disposition_id = item.disposition_id)sql";

const std::string kListHoldItems = std::string(kItemColumns) + R"sql(
where item.hold_id = $1
  and item.unit_id > $2
  and (not $3::boolean or (item.release_time is null and hold.release_time is null))
  and ($4::integer = 0 or u.material_id = $4)
order by item.unit_id
limit $5)sql";

const std::string kListUnitHolds = std::string(kItemColumns) + R"sql(
where item.unit_id = $1
  and ($2::bigint = 0 or item.hold_id < $2)
order by item.hold_id desc
limit $3)sql";

constexpr const char* kReleaseItems = R"sql(
with freed as (
  update hold_item
  set release_time = $3::timestamptz, disposition_id = $4
  where hold_id = $1
    and unit_id = any($2::bigint[])
    and release_time is null
  returning unit_id
)
update unit
set hold_count = unit.hold_count - 1
from freed
where unit.unit_id = freed.unit_id)sql";

constexpr const char* kLetThrough = R"sql(
insert into hold_item (hold_id, unit_id, named, cause, release_time, disposition_id)
select $1::bigint, unit_id, true, 1, $3::timestamptz, $4::bigint
from unnest($2::bigint[]) as freed (unit_id)
on conflict (unit_id, hold_id) do nothing)sql";

domain::Hold HoldIn(const pqxx::row& row) {
  RowReader reader(row);
  domain::Hold hold;
  hold.id = reader.Next<int64_t>();
  hold.draft.reason = reader.Next<std::string>();
  hold.draft.placed_by = reader.Next<std::string>();
  hold.place_time = reader.Next<domain::Time>();
  hold.state = reader.Next<domain::HoldState>();
  hold.draft.direction = reader.Next<domain::HoldDirection>();
  hold.draft.predicate = PredicateFromJson(reader.Next<std::string>());
  hold.draft.evidence_json = reader.Next<std::string>();
  hold.draft.at_operation = reader.Next<bool>();
  hold.draft.four_eyes = reader.Next<bool>();
  hold.released_by = reader.Next<std::string>();
  hold.release_time = reader.NextOr<domain::Time>({});
  hold.release_reason = reader.Next<std::string>();
  hold.covered = reader.Next<int64_t>();
  hold.released = reader.Next<int64_t>();
  hold.work_order_code = reader.Next<std::string>();
  return hold;
}

std::optional<domain::Hold> OneHold(Transaction& transaction, const std::string& sql, int64_t hold_id) {
  const pqxx::result rows = Execute(transaction, sql.c_str(), hold_id);
  return rows.empty() ? std::nullopt : std::optional<domain::Hold>(HoldIn(rows[0]));
}

HoldItemRow ItemIn(const pqxx::row& row) {
  RowReader reader(row);
  HoldItemRow item;
  item.hold_id = reader.Next<int64_t>();
  item.unit_id = reader.Next<int64_t>();
  item.code = reader.Next<std::string>();
  item.material_id = reader.Next<int32_t>();
  item.status = reader.Next<domain::UnitStatus>();
  item.cause = reader.Next<int16_t>();
  item.named = reader.Next<bool>();
  item.catch_time = reader.Next<domain::Time>();
  item.release_time = reader.NextOptional<domain::Time>();
  item.released_by = reader.Next<std::string>();
  item.release_reason = reader.Next<std::string>();
  item.disposition = reader.Next<domain::HoldDisposition>();
  item.hold_reason = reader.Next<std::string>();
  item.placed_by = reader.Next<std::string>();
  return item;
}

// More than a list of units: something can come to match later.
bool Stands(const domain::HoldDraft& draft) {
  domain::HoldPredicate rest = draft.predicate;
  rest.unit_ids.clear();
  return draft.at_operation || !(rest == domain::HoldPredicate{});
}

}  // namespace

void ShareHoldLock(Transaction& transaction) { Execute(transaction, kShareHoldLock, kHoldLock); }
void TakeHoldLock(Transaction& transaction) { Execute(transaction, kTakeHoldLock, kHoldLock); }

int64_t InsertHold(Transaction& transaction, const domain::HoldDraft& draft, domain::Time now) {
  return Get<int64_t>(Execute(transaction, kInsertHold, draft.reason, draft.placed_by, now, draft.direction,
                              PredicateToJson(draft.predicate), draft.evidence_json, draft.at_operation, Stands(draft),
                              draft.four_eyes)[0][0]);
}

std::optional<domain::Hold> LoadHold(Transaction& transaction, int64_t hold_id) {
  return OneHold(transaction, kLoadHold, hold_id);
}
std::optional<domain::Hold> LockHold(Transaction& transaction, int64_t hold_id) {
  return OneHold(transaction, kLockHold, hold_id);
}

void UpdateReleasedHold(Transaction& transaction, const domain::Hold& hold) {
  std::vector<int64_t> items;
  for (const pqxx::row& row : Execute(transaction, kListItemsInForce, hold.id, "{}", std::optional<int64_t>())) {
    items.push_back(Get<int64_t>(row[0]));
  }
  LockUnits(transaction, items);
  Execute(transaction, kTakeHoldOff, ArrayOf(items));
  Execute(transaction, kUpdateHold, hold.id, hold.released_by, hold.release_time, hold.release_reason);
}

std::vector<domain::Hold> ListHolds(Transaction& transaction, int64_t before_id, bool in_force_only, int limit) {
  std::vector<domain::Hold> holds;
  for (const pqxx::row& row : Execute(transaction, kListHolds.c_str(), before_id, in_force_only, limit)) {
    holds.push_back(HoldIn(row));
  }
  return holds;
}

std::vector<int64_t> ListHoldsOn(Transaction& transaction, const std::vector<int64_t>& unit_ids) {
  std::vector<int64_t> holds;
  for (const pqxx::row& row : Execute(transaction, kListHoldsOn, ArrayOf(unit_ids))) holds.push_back(Get<int64_t>(row[0]));
  return holds;
}

void InsertHoldItems(Transaction& transaction, int64_t hold_id, const std::vector<HeldItem>& items,
                     std::optional<domain::Time> catch_time, bool reopen, const std::vector<int64_t>& named) {
  Execute(transaction, kInsertHoldItems, hold_id, ArrayOf(items, &HeldItem::unit_id), ArrayOf(items, &HeldItem::cause),
          catch_time, ArrayOf(named), reopen);
}

std::vector<HoldItemRow> ListHoldItems(Transaction& transaction, const HoldItemFilter& filter, int limit) {
  std::vector<HoldItemRow> items;
  const pqxx::result rows = Execute(transaction, kListHoldItems.c_str(), filter.hold_id, filter.after_unit_id,
                                    filter.in_force_only, filter.material_id, limit);
  for (const pqxx::row& row : rows) items.push_back(ItemIn(row));
  return items;
}

std::vector<HoldItemRow> ListUnitHolds(Transaction& transaction, int64_t unit_id, int64_t before_id, int limit) {
  std::vector<HoldItemRow> items;
  for (const pqxx::row& row : Execute(transaction, kListUnitHolds.c_str(), unit_id, before_id, limit))
    items.push_back(ItemIn(row));
  return items;
}

std::vector<int64_t> ListItemsInForce(Transaction& transaction, int64_t hold_id, const std::vector<int64_t>& unit_ids,
                                      int64_t limit) {
  std::vector<int64_t> ids;
  for (const pqxx::row& row :
       Execute(transaction, kListItemsInForce, hold_id, ArrayOf(unit_ids), std::optional<int64_t>(limit))) {
    ids.push_back(Get<int64_t>(row[0]));
  }
  return ids;
}

void ReleaseHoldItems(Transaction& transaction, int64_t hold_id, const std::vector<int64_t>& unit_ids, int64_t disposition_id,
                      domain::Time now, bool at_operation) {
  Execute(transaction, kReleaseItems, hold_id, ArrayOf(unit_ids), now, disposition_id);
  if (at_operation) Execute(transaction, kLetThrough, hold_id, ArrayOf(unit_ids), now, disposition_id);
}

}  // namespace mes::db
