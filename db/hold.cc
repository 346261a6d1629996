#include "db/hold.h"

#include <algorithm>
#include <unordered_set>

#include "db/array.h"
#include "db/genealogy.h"
#include "db/row.h"
#include "db/unit.h"

namespace mes::db {
namespace {

constexpr const char* kHoldColumns = R"sql(
select hold.hold_id, hold.reason, hold.placed_by, hold.place_time,
  coalesce(hold.released_by, ''), hold.release_time, coalesce(hold.release_reason, ''),
  case when hold.release_time is null then (select count(*) from hold_item where hold_item.hold_id = hold.hold_id) else 0 end
from hold)sql";

const std::string kLoadHold = std::string(kHoldColumns) + R"sql(
where hold.hold_id = $1)sql";

const std::string kLockHold = kLoadHold + R"sql(
for update of hold)sql";

const std::string kListHolds = std::string(kHoldColumns) + R"sql(
where ($1::bigint = 0 or hold.hold_id < $1)
  and (not $2::boolean or hold.release_time is null)
order by hold.hold_id desc
limit $3)sql";

constexpr const char* kInsertHold = R"sql(
insert into hold (reason, placed_by, place_time)
values ($1, $2, $3::timestamptz)
returning hold_id)sql";

constexpr const char* kInsertHoldItems = R"sql(
insert into hold_item (hold_id, unit_id, named)
select $1::bigint, covered.unit_id, named.unit_id is not null
from unnest($2::bigint[]) as covered (unit_id)
left join unnest($3::bigint[]) as named (unit_id) on named.unit_id = covered.unit_id)sql";

constexpr const char* kAddHold = R"sql(
update unit
set hold_count = hold_count + 1
where unit_id = any($1::bigint[]))sql";

constexpr const char* kUpdateHold = R"sql(
update hold
set released_by = $2, release_time = $3::timestamptz, release_reason = $4
where hold_id = $1)sql";

constexpr const char* kListItems = R"sql(
select unit_id
from hold_item
where hold_id = $1
order by unit_id)sql";

constexpr const char* kTakeHoldOff = R"sql(
update unit
set hold_count = hold_count - 1
where unit_id = any($1::bigint[]))sql";

constexpr const char* kListHoldsOn = R"sql(
select distinct hold.hold_id
from hold_item
join hold on hold.hold_id = hold_item.hold_id
where hold_item.unit_id = any($1::bigint[])
  and hold.release_time is null
order by hold.hold_id)sql";

domain::Hold HoldIn(const pqxx::row& row) {
  RowReader reader(row);
  domain::Hold hold;
  hold.id = reader.Next<int64_t>();
  hold.reason = reader.Next<std::string>();
  hold.placed_by = reader.Next<std::string>();
  hold.place_time = reader.Next<domain::Time>();
  hold.released_by = reader.Next<std::string>();
  hold.release_time = reader.NextOr<domain::Time>({});
  hold.release_reason = reader.Next<std::string>();
  hold.covered = reader.Next<int64_t>();
  return hold;
}

std::optional<domain::Hold> OneHold(Transaction& transaction, const std::string& sql, int64_t hold_id) {
  const pqxx::result rows = Execute(transaction, sql.c_str(), hold_id);
  return rows.empty() ? std::nullopt : std::optional<domain::Hold>(HoldIn(rows[0]));
}

std::vector<int64_t> Sorted(std::vector<int64_t> ids) {
  std::sort(ids.begin(), ids.end());
  return ids;
}

// Those of `ids` that are not in `known`.
template <typename Ids>
std::vector<int64_t> Without(const Ids& ids, const std::unordered_set<int64_t>& known) {
  std::vector<int64_t> rest;
  for (const int64_t id : ids) {
    if (!known.contains(id)) rest.push_back(id);
  }
  return Sorted(std::move(rest));
}

}  // namespace

std::vector<int64_t> LockWithWhereUsed(Transaction& transaction, const std::vector<int64_t>& named) {
  std::unordered_set<int64_t> locked;
  // The first walk finds nearly all of them, so that nearly all are locked in one order; the next ones find what was built meanwhile.
  for (;;) {
    domain::Walk walk(named, domain::Direction::kUp);
    do {
      ListEdgesAbove(transaction, walk.level(), EdgeSet::kCurrent, [&](const std::vector<domain::Edge>& edges) {
        for (const domain::Edge& edge : edges) walk.Take(edge);
        return true;
      });
    } while (walk.Descend());
    const std::vector<int64_t> fresh = Without(walk.met(), locked);
    if (fresh.empty()) return Sorted({locked.begin(), locked.end()});
    LockUnits(transaction, fresh);
    locked.insert(fresh.begin(), fresh.end());
  }
}

void InsertHold(Transaction& transaction, domain::Hold& hold, const std::vector<int64_t>& named,
                const std::vector<int64_t>& covered) {
  hold.id = Get<int64_t>(Execute(transaction, kInsertHold, hold.reason, hold.placed_by, hold.place_time)[0][0]);
  const std::string ids = ArrayOf(covered);
  Execute(transaction, kInsertHoldItems, hold.id, ids, ArrayOf(named));
  Execute(transaction, kAddHold, ids);
  hold.covered = static_cast<int64_t>(covered.size());
}

std::optional<domain::Hold> LoadHold(Transaction& transaction, int64_t hold_id) {
  return OneHold(transaction, kLoadHold, hold_id);
}
std::optional<domain::Hold> LockHold(Transaction& transaction, int64_t hold_id) {
  return OneHold(transaction, kLockHold, hold_id);
}

void UpdateReleasedHold(Transaction& transaction, const domain::Hold& hold) {
  std::vector<int64_t> items;
  for (const pqxx::row& row : Execute(transaction, kListItems, hold.id)) items.push_back(Get<int64_t>(row[0]));
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

}  // namespace mes::db
