#include "db/hold_world.h"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "db/array.h"
#include "db/hold.h"
#include "db/hold_predicate.h"
#include "db/hold_search.h"
#include "db/row.h"
#include "domain/hold_predicate.h"

namespace mes::db {
namespace {

using domain::StandingHold;

// Asked by every commit: ids only, for a hold's draft never changes and is kept once it was read.
constexpr Statement kStanding{"StandingHolds", R"(
  select hold_id, state = 1, place_time
  from hold
  where release_time is null
    and (standing or state = 1)
  order by hold_id)"};
constexpr const char* kDrafts = R"sql(
select hold_id, reason, placed_by, direction, predicate, at_operation, four_eyes
from hold
where hold_id = any($1::bigint[]))sql";

using Drafts = std::map<int64_t, std::shared_ptr<const domain::HoldDraft>>;
std::mutex drafts_mutex;
// By database: tests of one process use several.
std::map<std::string, Drafts> drafts_by_database;

std::vector<StandingHold> ListStanding(Transaction& transaction) {
  std::vector<StandingHold> holds;
  for (const auto& row : Execute(transaction, kStanding)) {
    RowReader reader(row);
    StandingHold& hold = holds.emplace_back();
    hold.id = reader.Next<int64_t>();
    hold.spreading = reader.Next<bool>();
    hold.place_time = reader.Next<domain::Time>();
  }
  if (holds.empty()) return holds;
  const std::string database = transaction.work().conn().dbname();
  std::vector<int64_t> unread;
  {
    const std::lock_guard lock(drafts_mutex);
    const Drafts& known = drafts_by_database[database];
    for (StandingHold& hold : holds) {
      const auto found = known.find(hold.id);
      if (found == known.end()) {
        unread.push_back(hold.id);
      } else {
        hold.draft = found->second;
      }
    }
  }
  Drafts read;
  if (!unread.empty()) {
    for (const auto& row : Execute(transaction, kDrafts, ArrayOf(unread))) {
      RowReader reader(row);
      const int64_t id = reader.Next<int64_t>();
      auto draft = std::make_shared<domain::HoldDraft>();
      draft->reason = reader.Next<std::string>();
      draft->placed_by = reader.Next<std::string>();
      draft->direction = reader.Next<domain::HoldDirection>();
      draft->predicate = PredicateFromJson(reader.Next<std::string>());
      draft->at_operation = reader.Next<bool>();
      draft->four_eyes = reader.Next<bool>();
      read[id] = std::move(draft);
    }
    for (StandingHold& hold : holds) {
      if (hold.draft == nullptr) hold.draft = read.at(hold.id);
    }
    Drafts kept;
    for (const StandingHold& hold : holds) kept[hold.id] = hold.draft;
    const std::lock_guard lock(drafts_mutex);
    drafts_by_database[database] = std::move(kept);
  }
  return holds;
}

constexpr const char* kSuppliers = R"sql(
select unit_id, supplier, supplier_lot
from purchase
where unit_id = any($1::bigint[]))sql";
constexpr const char* kRunTools = R"sql(
select distinct on (unit_id) unit_id, array(select jsonb_array_elements_text(details -> 'tools'))
from station_event
where unit_id = any($1::bigint[])
  and kind = 2
  and details ? 'tools'
order by unit_id, record_time desc)sql";
constexpr const char* kExempt = R"sql(
select hold_id, unit_id
from hold_item
where unit_id = any($1::bigint[])
  and hold_id = any($2::bigint[])
  and release_time is not null)sql";
constexpr const char* kWithParts = R"sql(
select i.hold_id, i.unit_id
from hold_item i
join hold h on h.hold_id = i.hold_id
where i.unit_id = any($1::bigint[])
  and i.release_time is null
  and h.release_time is null
  and h.direction in (2, 3)
  and i.cause & 5 <> 0)sql";

bool AsksForSupplier(const domain::HoldPredicate& predicate) {
  return !predicate.supplier.empty() || !predicate.supplier_lot.empty();
}

void LoadBought(Transaction& transaction, domain::World& world) {
  std::vector<int64_t> bought;
  for (const auto& [id, entry] : world.units) {
    if (entry.unit.work_order_id == 0) bought.push_back(id);
  }
  if (bought.empty()) return;
  for (const auto& row : Execute(transaction, kSuppliers, ArrayOf(bought))) {
    RowReader reader(row);
    auto& [supplier, lot] = world.standing.suppliers[reader.Next<int64_t>()];
    supplier = reader.Next<std::string>();
    lot = reader.Next<std::string>();
  }
}

void LoadRunTools(Transaction& transaction, domain::World& world) {
  std::vector<int64_t> running;
  for (const auto& [id, entry] : world.units) {
    if (entry.unit.running_operation != 0) running.push_back(id);
  }
  if (running.empty()) return;
  for (const auto& row : Execute(transaction, kRunTools, ArrayOf(running))) {
    RowReader reader(row);
    const int64_t unit = reader.Next<int64_t>();
    world.standing.run_tools[unit] = TextsIn(reader.NextText());
  }
}

void LoadPairs(const pqxx::result& rows, std::set<std::pair<int64_t, int64_t>>& pairs) {
  for (const auto& row : rows) pairs.insert({Get<int64_t>(row[0]), Get<int64_t>(row[1])});
}

bool IsSpreading(Transaction& transaction) {
  const std::vector<StandingHold> holds = ListStanding(transaction);
  return std::any_of(holds.begin(), holds.end(), [](const StandingHold& hold) { return hold.spreading; });
}

// What was caught by one hold: the items, and the closure by its direction.
void StoreCaught(Transaction& transaction, const domain::World& world, int64_t hold_id, domain::HoldDirection direction,
                 const std::vector<domain::Effects::Caught>& caught) {
  std::vector<HeldItem> items;
  std::vector<int64_t> matched, parts;
  for (const auto& one : caught) {
    items.push_back({one.unit_id, static_cast<int16_t>(one.cause)});
    (one.cause == domain::kCauseMatched ? matched : parts).push_back(one.unit_id);
  }
  InsertHoldItems(transaction, hold_id, items, world.now, true, {});
  using domain::HoldDirection;
  const auto spread = [&](const std::vector<int64_t>& from, domain::HoldCause cause) {
    std::vector<HeldItem> reached;
    std::vector<int64_t> ids = WalkFrom(transaction, from, cause);
    if (ids.empty()) return;
    std::sort(ids.begin(), ids.end());
    for (const int64_t id : ids) reached.push_back({id, cause});
    LockUnits(transaction, ids);
    InsertHoldItems(transaction, hold_id, reached, world.now, true, {});
  };
  if (direction == HoldDirection::kWhereUsed || direction == HoldDirection::kBoth) spread(matched, domain::kCauseWentInto);
  if (direction == HoldDirection::kMadeOf || direction == HoldDirection::kBoth) {
    parts.insert(parts.end(), matched.begin(), matched.end());
    spread(parts, domain::kCausePartOf);
  }
}

constexpr const char* kNoteEdges = R"sql(
insert into hold_edge (parent_id, child_id)
select parent_id, child_id
from unnest($1::bigint[], $2::bigint[]) as edge (parent_id, child_id))sql";

constexpr const char* kDirections = R"sql(
select hold_id, direction
from hold
where hold_id = any($1::bigint[]))sql";

}  // namespace

void LoadStandingHolds(Transaction& transaction, domain::World& world) {
  world.standing.holds = ListStanding(transaction);
  std::vector<int64_t> ids, held, at_operation;
  for (const auto& [id, entry] : world.units) {
    ids.push_back(id);
    if (entry.unit.hold_count > 0) held.push_back(id);
  }
  if (!held.empty()) LoadPairs(Execute(transaction, kWithParts, ArrayOf(held)), world.standing.with_parts);
  bool supplier = false, tool = false;
  for (const StandingHold& hold : world.standing.holds) {
    const domain::HoldPredicate& predicate = hold.draft->predicate;
    supplier = supplier || (AsksForSupplier(predicate) && predicate.AsksForRun());
    tool = tool || !predicate.tool_code.empty();
    if (hold.draft->at_operation) at_operation.push_back(hold.id);
  }
  if (supplier) LoadBought(transaction, world);
  if (tool) LoadRunTools(transaction, world);
  if (!at_operation.empty() && !ids.empty()) {
    LoadPairs(Execute(transaction, kExempt, ArrayOf(ids), ArrayOf(at_operation)), world.standing.exempt);
  }
}

std::vector<int64_t> StoreHolds(Transaction& transaction, const domain::World& world) {
  const domain::Effects& effects = world.effects;
  if (!effects.caught.empty()) {
    std::map<int64_t, std::vector<domain::Effects::Caught>> by_hold;
    for (const auto& caught : effects.caught) by_hold[caught.hold_id].push_back(caught);
    std::vector<int64_t> ids;
    for (const auto& [id, caught] : by_hold) ids.push_back(id);
    std::map<int64_t, domain::HoldDirection> directions;
    for (const auto& row : Execute(transaction, kDirections, ArrayOf(ids))) {
      directions[Get<int64_t>(row[0])] = Get<domain::HoldDirection>(row[1]);
    }
    for (const auto& [id, caught] : by_hold) StoreCaught(transaction, world, id, directions.at(id), caught);
  }
  const bool spreading = std::any_of(world.standing.holds.begin(), world.standing.holds.end(),
                                     [](const StandingHold& hold) { return hold.spreading; });
  if (spreading && (!effects.installs.empty() || !effects.consumptions.empty())) {
    std::vector<int64_t> parents, children;
    for (const auto& install : effects.installs) parents.push_back(install.parent_id), children.push_back(install.child_id);
    for (const auto& used : effects.consumptions) parents.push_back(used.consumer_id), children.push_back(used.lot_id);
    Execute(transaction, kNoteEdges, ArrayOf(parents), ArrayOf(children));
  }
  std::vector<int64_t> pending;
  for (const domain::HoldDraft& draft : effects.pending_holds) pending.push_back(InsertHold(transaction, draft, world.now));
  return pending;
}

void CatchReceived(Transaction& transaction, const std::vector<int64_t>& unit_ids, int32_t material_id, const Purchase& purchase,
                   domain::Time now) {
  for (const StandingHold& hold : ListStanding(transaction)) {
    const domain::HoldPredicate& predicate = hold.draft->predicate;
    const domain::HoldSubject subject{0, material_id, 0, 0, purchase.supplier, purchase.supplier_lot};
    // Named units are there before they are named; runs are caught when they are reported.
    if (hold.draft->at_operation || predicate.AsksForRun() || !predicate.unit_ids.empty()) continue;
    if (!domain::Matches(predicate, subject)) continue;
    std::vector<HeldItem> items;
    for (const int64_t id : unit_ids) items.push_back({id, domain::kCauseMatched});
    InsertHoldItems(transaction, hold.id, items, now, false, {});
  }
}

void NoteEdges(Transaction& transaction, const std::vector<int64_t>& parents, const std::vector<int64_t>& children) {
  if (IsSpreading(transaction)) Execute(transaction, kNoteEdges, ArrayOf(parents), ArrayOf(children));
}

}  // namespace mes::db
