#include "db/hold_search.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "db/array.h"
#include "db/row.h"
#include "domain/limits.h"

namespace mes::db {
namespace {

using domain::HoldPredicate;

// The questions are put together from these, so that what is not asked costs nothing. All name their parameters by one scheme:
// $1 unit ids, $2 supplier, $3 supplier's lot, $4 material, $5 revision, $6 order.
constexpr char kOneRow[] = R"sql(
  (select 1 as one where $1::bigint[] is not null and $2::text is not null and $3::text is not null and $4::integer is not null
    and $5::integer is not null and $6::integer is not null) asked)sql";
constexpr char kNamedThings[] = R"sql(
  select n.unit_id
  from unnest($1::bigint[]) as n (unit_id))sql";
constexpr char kBoughtThings[] = R"sql(
  select p.unit_id
  from purchase p
  where ($2::text = '' or p.supplier = $2)
    and ($3::text = '' or p.supplier_lot = $3)
    and ($1::bigint[] = '{}' or p.unit_id = any($1::bigint[])))sql";
constexpr char kOfKind[] = R"sql(
where ($4::integer = 0 or u.material_id = $4)
  and ($5::integer = 0 or u.revision_id = $5)
  and ($6::integer = 0 or u.work_order_id = $6))sql";

// Rows of runs: $7 stations, $8 from, $9 until, $10 operation, $11 revisions, $12 tool, and for values $13 revisions, $14 first
// places, $15 counts, $16 lower, $17 upper.
constexpr char kInWindow[] = R"sql(
  and ($8::timestamptz is null or e.occur_time >= $8)
  and ($9::timestamptz is null or e.occur_time <= $9))sql";
constexpr char kAtStation[] = R"sql(
  and ($7::integer[] = '{}' or e.station_id = any($7::integer[]))
  and ($10::smallint = 0 or e.operation = $10)
  and ($11::integer[] = '{}' or e.revision_id = any($11::integer[]))
  and (e.flags & 4) = 0)sql";
static_assert(domain::kFlagReversed == 4);
// The tool is named by the run's start: the last start of the unit there that is not after the row.
constexpr char kWithTool[] = R"sql(
  and e.unit_id in (
    select s.unit_id
    from station_event s
    where s.details ? 'tools'
      and s.details -> 'tools' ? $12)
  and (
    select s.details -> 'tools' ? $12
    from station_event s
    where s.unit_id = e.unit_id
      and s.station_id = e.station_id
      and s.operation = e.operation
      and s.kind = 2
      and s.occur_time <= e.occur_time
    order by s.occur_time desc
    limit 1))sql";
constexpr char kStartWithTool[] = R"sql(
  and e.details ? 'tools'
  and e.details -> 'tools' ? $12)sql";
constexpr char kInRange[] = R"sql(
  and exists (
    select
    from unnest($13::integer[], $14::integer[], $15::integer[]) as place (revision_id, first, count)
    cross join lateral unnest(e.measured[place.first + 1 : place.first + place.count]) as value
    where place.revision_id = e.revision_id
      and ($16::float8 is null or value >= $16)
      and ($17::float8 is null or value <= $17)))sql";
// Begun before the window and not ended when it began.
constexpr char kSpanning[] = R"sql(
  and e.kind = 2
  and (e.flags & 16) = 0
  and e.occur_time < $8
  and e.occur_time >= $8::timestamptz - $18::bigint * interval '1 second'
  and not exists (
    select
    from station_event o
    where o.unit_id = e.unit_id
      and o.station_id = e.station_id
      and o.operation = e.operation
      and o.kind in (3, 10)
      and (o.flags & 4) = 0
      and o.occur_time >= e.occur_time
      and o.occur_time < $8))sql";
static_assert(domain::kFlagLateStart == 16);
constexpr char kRunRows[] = R"sql(
  and e.kind in (2, 3, 4, 5, 6, 10))sql";
constexpr char kUses[] = R"sql(
  and e.kind in (5, 6)
  and e.other_unit_id in (select unit_id from thing)
  and e.unit_id in (
    select c.consumer_id
    from thing t
    join lot_consumption c on c.lot_id = t.unit_id
    union
    select a.parent_id
    from thing t
    join assembly a on a.child_id = t.unit_id))sql";
// Every parameter is told once, asked or not.
constexpr char kRunParameters[] = R"sql(
  and $7::integer[] is not null
  and ($8::timestamptz is null or true)
  and ($9::timestamptz is null or true)
  and $10::smallint is not null
  and $11::integer[] is not null
  and $12::text is not null
  and $13::integer[] is not null
  and $14::integer[] is not null
  and $15::integer[] is not null
  and ($16::float8 is null or true)
  and ($17::float8 is null or true)
  and $18::bigint is not null)sql";

bool AsksForThing(const HoldPredicate& predicate) {
  return !predicate.unit_ids.empty() || !predicate.supplier.empty() || !predicate.supplier_lot.empty();
}

std::string ThingsOf(const HoldPredicate& predicate) {
  return predicate.supplier.empty() && predicate.supplier_lot.empty() ? kNamedThings : kBoughtThings;
}

std::vector<int64_t> IdsIn(const pqxx::result& rows) {
  std::vector<int64_t> ids;
  ids.reserve(rows.size());
  for (const pqxx::row& row : rows) ids.push_back(Get<int64_t>(row[0]));
  return ids;
}

std::vector<int64_t> FindSubjects(Transaction& transaction, const HoldPredicate& predicate) {
  std::string sql;
  if (AsksForThing(predicate)) {
    sql = "with thing as materialized (" + ThingsOf(predicate) +
          ")\nselect u.unit_id\nfrom thing\njoin unit u on u.unit_id = thing.unit_id";
  } else {
    sql = "select u.unit_id\nfrom unit u";
  }
  sql += "\ncross join ";
  sql += kOneRow;
  sql += kOfKind;
  return IdsIn(Execute(transaction, sql.c_str(), ArrayOf(predicate.unit_ids), predicate.supplier, predicate.supplier_lot,
                       predicate.material_id, predicate.revision_id, predicate.work_order_id));
}

// Where the characteristic's values stand in the rows of each revision.
struct ValuePlaces {
  std::vector<int32_t> revisions, firsts, counts;

  ValuePlaces(const domain::Plant& plant, const HoldPredicate& predicate) {
    if (predicate.characteristic.empty()) return;
    for (const domain::ProductRevision* revision : domain::RevisionsOf(plant, predicate)) {
      const int16_t index = revision->OperationIndex(predicate.operation);
      if (index < 0) continue;
      const domain::Operation& operation = revision->operations[static_cast<size_t>(index)];
      const int16_t place = operation.CharacteristicIndex(predicate.characteristic);
      if (place < 0) continue;
      const domain::Characteristic& characteristic = operation.characteristics[static_cast<size_t>(place)];
      revisions.push_back(revision->id);
      firsts.push_back(characteristic.first_value);
      counts.push_back(characteristic.replicates);
    }
  }
};

// One arm of the question about runs: rows of the things' own runs, of runs that were on when the window began, or of uses.
std::string RunArm(const HoldPredicate& predicate, const std::string& condition, bool own) {
  std::string sql = "\nselect distinct e.unit_id\nfrom station_event e";
  if (predicate.work_order_id != 0) sql += "\njoin unit u on u.unit_id = e.unit_id and u.work_order_id = $6";
  sql += "\nwhere true";
  sql += condition;
  sql += kAtStation;
  if (own && AsksForThing(predicate)) sql += "\n  and e.unit_id in (select unit_id from thing)";
  return sql;
}

std::vector<int64_t> FindRuns(Transaction& transaction, const domain::Plant& plant, const HoldPredicate& predicate) {
  const bool things = AsksForThing(predicate);
  const bool values = !predicate.characteristic.empty();
  const bool tool = !predicate.tool_code.empty();
  std::string in_window = std::string(kRunRows) + kInWindow;
  if (values) in_window += kInRange;
  // Without values the start alone tells of the tool; runs that began before the window are the other arm's.
  if (tool) in_window += values ? std::string(kWithTool) : std::string("\n  and e.kind = 2") + kStartWithTool;
  std::string sql = "with thing as materialized (" + ThingsOf(predicate) + ")" + RunArm(predicate, in_window, true);
  if (!values && predicate.from) {
    sql += "\nunion" + RunArm(predicate, std::string(kSpanning) + (tool ? kStartWithTool : ""), true);
  }
  if (things) {
    std::string uses = std::string(kUses) + kInWindow;
    if (values) uses += kInRange;
    if (tool) uses += kWithTool;
    sql += "\nunion" + RunArm(predicate, uses, false);
  }
  sql = "select found.unit_id from (" + sql + ") found\ncross join " + kOneRow + "\nwhere true" + kRunParameters;
  std::vector<int32_t> revisions;
  if (predicate.material_id != 0 || predicate.revision_id != 0) {
    for (const domain::ProductRevision* revision : domain::RevisionsOf(plant, predicate)) revisions.push_back(revision->id);
    // A material without a revision has no runs.
    if (revisions.empty()) return {};
  }
  const ValuePlaces places(plant, predicate);
  return IdsIn(Execute(transaction, sql.c_str(), ArrayOf(predicate.unit_ids), predicate.supplier, predicate.supplier_lot,
                       predicate.material_id, predicate.revision_id, predicate.work_order_id, ArrayOf(predicate.station_ids),
                       predicate.from, predicate.until, predicate.operation, ArrayOf(revisions), predicate.tool_code,
                       ArrayOf(places.revisions), ArrayOf(places.firsts), ArrayOf(places.counts), predicate.lower,
                       predicate.upper, domain::kLongestRunSeconds));
}

// Sets are joined by unnest and never by `= any`: its estimate looks every element up in the column's statistics.
constexpr const char* kAbove = R"sql(
select a.parent_id
from unnest($1::bigint[]) as asked (unit_id)
join assembly a on a.child_id = asked.unit_id
where a.remove_time is null
union
select c.consumer_id
from unnest($1::bigint[]) as asked (unit_id)
join lot_consumption c on c.lot_id = asked.unit_id
where c.reverse_record_time is null)sql";
constexpr const char* kBelow = R"sql(
select a.child_id
from unnest($1::bigint[]) as asked (unit_id)
join assembly a on a.parent_id = asked.unit_id
where a.remove_time is null
union
select c.lot_id
from unnest($1::bigint[]) as asked (unit_id)
join lot_consumption c on c.consumer_id = asked.unit_id
where c.reverse_record_time is null)sql";
constexpr size_t kIdsPerQuery = 20'000;

template <typename Take>
void InChunks(const std::vector<int64_t>& ids, const Take& take) {
  for (size_t first = 0; first < ids.size(); first += kIdsPerQuery) {
    const size_t last = std::min(first + kIdsPerQuery, ids.size());
    take(ArrayOf(std::vector<int64_t>(ids.begin() + static_cast<ptrdiff_t>(first), ids.begin() + static_cast<ptrdiff_t>(last))));
  }
}

constexpr const char* kStages = R"sql(
select u.material_id, coalesce(u.revision_id, 0), u.state, u.tracking = 2, coalesce(l.left_micro, 0) > 0, u.parent_id is not null,
  u.running_operation, u.failed_operation, u.passed, count(*), coalesce(sum(l.left_micro), 0)::bigint,
  count(*) filter (where u.hold_count > 0)
from unnest($1::bigint[]) as asked (unit_id)
join unit u on u.unit_id = asked.unit_id
left join lot l on l.unit_id = u.unit_id
group by 1, 2, 3, 4, 5, 6, 7, 8, 9)sql";

constexpr const char* kPlaces = R"sql(
select coalesce(u.running_station, case when u.carrier_id is null then seen.station_id end, 0), coalesce(c.code, ''), count(*)
from unnest($1::bigint[]) as asked (unit_id)
join unit u on u.unit_id = asked.unit_id
left join carrier c on c.carrier_id = u.carrier_id and u.running_station is null
left join lateral (
  select e.station_id
  from station_event e
  where e.unit_id = u.unit_id
    and e.station_id > 0
    and u.running_station is null
    and u.carrier_id is null
  order by e.record_time desc
  limit 1
) seen on true
where u.parent_id is null
  and u.state < 3
group by 1, 2)sql";

constexpr const char* kWaiting = R"sql(
select unit_id, revision_id, passed
from unit
where material_id = any($1::integer[])
  and state = 1
  and ($2::bigint[] = '{}' or unit_id = any($2::bigint[]))
  and ($3::integer = 0 or work_order_id = $3)
  and ($4::integer = 0 or revision_id = $4))sql";

}  // namespace

std::vector<int64_t> WalkFrom(Transaction& transaction, const std::vector<int64_t>& ids, domain::HoldCause cause) {
  std::unordered_set<int64_t> met(ids.begin(), ids.end());
  std::vector<int64_t> found, level = ids;
  while (!level.empty()) {
    std::vector<int64_t> next;
    InChunks(level, [&](const std::string& chunk) {
      for (const pqxx::row& row : Execute(transaction, cause == domain::kCauseWentInto ? kAbove : kBelow, chunk)) {
        const int64_t id = Get<int64_t>(row[0]);
        if (met.insert(id).second) next.push_back(id);
      }
    });
    found.insert(found.end(), next.begin(), next.end());
    level = std::move(next);
  }
  return found;
}

std::vector<int64_t> FindMatching(Transaction& transaction, const domain::Plant& plant, const domain::HoldDraft& draft) {
  if (draft.at_operation) return {};
  std::vector<int64_t> ids =
      draft.predicate.AsksForRun() ? FindRuns(transaction, plant, draft.predicate) : FindSubjects(transaction, draft.predicate);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

std::vector<HeldItem> FindHeld(Transaction& transaction, const domain::Plant& plant, const domain::HoldDraft& draft) {
  const std::vector<int64_t> matching = FindMatching(transaction, plant, draft);
  std::unordered_map<int64_t, int16_t> causes;
  causes.reserve(matching.size() * 2);
  for (const int64_t id : matching) causes[id] |= domain::kCauseMatched;
  using domain::HoldDirection;
  if (draft.direction == HoldDirection::kWhereUsed || draft.direction == HoldDirection::kBoth) {
    for (const int64_t id : WalkFrom(transaction, matching, domain::kCauseWentInto)) causes[id] |= domain::kCauseWentInto;
  }
  if (draft.direction == HoldDirection::kMadeOf || draft.direction == HoldDirection::kBoth) {
    for (const int64_t id : WalkFrom(transaction, matching, domain::kCausePartOf)) causes[id] |= domain::kCausePartOf;
  }
  std::vector<HeldItem> held;
  held.reserve(causes.size());
  for (const auto& [id, cause] : causes) held.push_back({id, cause});
  std::sort(held.begin(), held.end(), [](const HeldItem& a, const HeldItem& b) { return a.unit_id < b.unit_id; });
  return held;
}

std::vector<HeldStage> ListHeldStages(Transaction& transaction, const std::vector<int64_t>& ids) {
  std::vector<HeldStage> stages;
  InChunks(ids, [&](const std::string& chunk) {
    for (const pqxx::row& row : Execute(transaction, kStages, chunk)) {
      RowReader reader(row);
      HeldStage& stage = stages.emplace_back();
      stage.material_id = reader.Next<int32_t>();
      stage.revision_id = reader.Next<int32_t>();
      stage.status = reader.Next<domain::UnitStatus>();
      stage.is_lot = reader.Next<bool>();
      stage.has_left = reader.Next<bool>();
      stage.built_in = reader.Next<bool>();
      stage.running_operation = reader.Next<int16_t>();
      stage.failed_operation = reader.Next<int16_t>();
      stage.passed = static_cast<uint64_t>(reader.Next<int64_t>());
      stage.units = reader.Next<int64_t>();
      stage.left_micro = reader.Next<int64_t>();
      stage.held = reader.Next<int64_t>();
    }
  });
  return stages;
}

std::vector<HeldPlace> ListHeldPlaces(Transaction& transaction, const std::vector<int64_t>& ids, int limit) {
  std::unordered_map<std::string, HeldPlace> places;
  InChunks(ids, [&](const std::string& chunk) {
    for (const pqxx::row& row : Execute(transaction, kPlaces, chunk)) {
      RowReader reader(row);
      HeldPlace place;
      place.station_id = reader.Next<int32_t>();
      place.carrier_code = reader.Next<std::string>();
      HeldPlace& sum = places.try_emplace(std::to_string(place.station_id) + " " + place.carrier_code, place).first->second;
      sum.units += reader.Next<int64_t>();
    }
  });
  std::vector<HeldPlace> list;
  for (const auto& [key, place] : places) list.push_back(place);
  std::sort(list.begin(), list.end(), [](const HeldPlace& a, const HeldPlace& b) {
    return std::tie(b.units, a.station_id, a.carrier_code) < std::tie(a.units, b.station_id, b.carrier_code);
  });
  if (list.size() > static_cast<size_t>(limit)) list.resize(static_cast<size_t>(limit));
  return list;
}

std::vector<int64_t> FindWaiting(Transaction& transaction, const domain::Plant& plant, const HoldPredicate& predicate) {
  std::vector<int32_t> materials;
  for (const domain::ProductRevision* revision : domain::RevisionsOf(plant, predicate))
    materials.push_back(revision->material_id);
  std::vector<int64_t> waiting;
  const pqxx::result rows = Execute(transaction, kWaiting, ArrayOf(materials), ArrayOf(predicate.unit_ids),
                                    predicate.work_order_id, predicate.revision_id);
  for (const pqxx::row& row : rows) {
    RowReader reader(row);
    const int64_t id = reader.Next<int64_t>();
    const domain::ProductRevision* revision = plant.FindRevision(reader.NextOr<int32_t>(0));
    const uint64_t passed = static_cast<uint64_t>(reader.Next<int64_t>());
    const int16_t index = revision == nullptr ? int16_t{-1} : revision->OperationIndex(predicate.operation);
    if (index >= 0 && (passed >> index & 1) == 0) waiting.push_back(id);
  }
  std::sort(waiting.begin(), waiting.end());
  return waiting;
}

}  // namespace mes::db
