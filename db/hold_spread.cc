#include "db/hold_spread.h"

#include <algorithm>
#include <unordered_set>

#include "db/array.h"
#include "db/hold.h"
#include "db/hold_search.h"
#include "db/row.h"
#include "db/unit.h"

namespace mes::db {
namespace {

// Short enough that a batch that meets a portion's rows waits some milliseconds.
constexpr size_t kUnitsPerPortion = 5'000;

constexpr const char* kListSpreading = R"sql(
select hold_id
from hold
where state = 1
  and release_time is null
order by hold_id)sql";

// Whoever releases the hold waits for the portion, and the next portion sees that it is released.
constexpr const char* kStillSpreads = R"sql(
select hold_id
from hold
where hold_id = $1
  and state = 1
for share)sql";

constexpr const char* kLockSpreading = R"sql(
select hold_id
from hold
where hold_id = $1
  and state = 1
for no key update)sql";

constexpr const char* kSetInForce = R"sql(
update hold
set state = 2
where hold_id = $1)sql";

constexpr const char* kForgetEdges = R"sql(
delete from hold_edge
where not exists (select from hold where state = 1 and release_time is null))sql";

// The far ends of noted edges whose near end the hold is on, in that direction, and that it is not on themselves.
constexpr const char* kNotedAbove = R"sql(
select distinct e.parent_id
from hold_edge e
join hold_item near on near.unit_id = e.child_id and near.hold_id = $1 and near.cause & 3 <> 0
left join hold_item far on far.unit_id = e.parent_id and far.hold_id = $1
where far.unit_id is null)sql";
constexpr const char* kNotedBelow = R"sql(
select distinct e.child_id
from hold_edge e
join hold_item near on near.unit_id = e.parent_id and near.hold_id = $1 and near.cause & 5 <> 0
left join hold_item far on far.unit_id = e.child_id and far.hold_id = $1
where far.unit_id is null)sql";

std::vector<int64_t> UnitsOf(const std::vector<HeldItem>& items) {
  std::vector<int64_t> ids;
  for (const HeldItem& item : items) ids.push_back(item.unit_id);
  return ids;
}

// False = it is spread or released already.
bool MarkPortions(Pool& pool, const domain::Hold& hold, const std::vector<HeldItem>& held) {
  for (size_t first = 0; first < held.size(); first += kUnitsPerPortion) {
    const size_t last = std::min(first + kUnitsPerPortion, held.size());
    const std::vector<HeldItem> portion(held.begin() + static_cast<ptrdiff_t>(first),
                                        held.begin() + static_cast<ptrdiff_t>(last));
    bool spreads = false;
    pool.Run([&](Transaction& transaction) {
      spreads = !Execute(transaction, kStillSpreads, hold.id).empty();
      if (!spreads) return false;
      LockUnits(transaction, UnitsOf(portion));
      InsertHoldItems(transaction, hold.id, portion, std::nullopt, false, hold.draft.predicate.unit_ids);
      return true;
    });
    if (!spreads) return false;
  }
  return true;
}

// Marks what was joined to marked things since the walk passed them.
void MarkNoted(Transaction& transaction, const domain::Hold& hold, domain::HoldCause cause) {
  for (;;) {
    std::vector<int64_t> fresh;
    const char* noted = cause == domain::kCauseWentInto ? kNotedAbove : kNotedBelow;
    for (const pqxx::row& row : Execute(transaction, noted, hold.id)) fresh.push_back(Get<int64_t>(row[0]));
    if (fresh.empty()) return;
    const std::vector<int64_t> further = WalkFrom(transaction, fresh, cause);
    fresh.insert(fresh.end(), further.begin(), further.end());
    std::sort(fresh.begin(), fresh.end());
    std::vector<HeldItem> items;
    for (const int64_t id : fresh) items.push_back({id, cause});
    LockUnits(transaction, fresh);
    InsertHoldItems(transaction, hold.id, items, std::nullopt, false, {});
  }
}

void Finish(Pool& pool, const domain::Hold& hold) {
  pool.Run([&](Transaction& transaction) {
    TakeHoldLock(transaction);
    if (Execute(transaction, kLockSpreading, hold.id).empty()) return false;
    using domain::HoldDirection;
    const HoldDirection direction = hold.draft.direction;
    if (direction == HoldDirection::kWhereUsed || direction == HoldDirection::kBoth) {
      MarkNoted(transaction, hold, domain::kCauseWentInto);
    }
    if (direction == HoldDirection::kMadeOf || direction == HoldDirection::kBoth)
      MarkNoted(transaction, hold, domain::kCausePartOf);
    Execute(transaction, kSetInForce, hold.id);
    Execute(transaction, kForgetEdges);
    return true;
  });
}

void Spread(Pool& pool, const domain::Plant& plant, int64_t hold_id) {
  pool.Run([](Transaction& transaction) {
    TakeHoldLock(transaction);
    return true;
  });
  std::optional<domain::Hold> hold;
  std::vector<HeldItem> held;
  pool.Read([&](Transaction& transaction) {
    held.clear();
    hold = LoadHold(transaction, hold_id);
    if (hold && hold->state == domain::HoldState::kSpreading) held = FindHeld(transaction, plant, hold->draft);
  });
  if (!hold || hold->state != domain::HoldState::kSpreading) return;
  if (MarkPortions(pool, *hold, held)) Finish(pool, *hold);
}

}  // namespace

void SpreadPendingHolds(Pool& pool, const domain::Plant& plant, const std::vector<int64_t>& hold_ids) {
  for (const int64_t hold_id : hold_ids) Spread(pool, plant, hold_id);
}

int64_t SpreadPendingHolds(Pool& pool, const domain::Plant& plant) {
  std::vector<int64_t> ids;
  pool.Read([&](Transaction& transaction) {
    ids.clear();
    for (const pqxx::row& row : Execute(transaction, kListSpreading)) ids.push_back(Get<int64_t>(row[0]));
  });
  SpreadPendingHolds(pool, plant, ids);
  return static_cast<int64_t>(ids.size());
}

}  // namespace mes::db
