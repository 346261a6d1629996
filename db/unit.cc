#include "db/unit.h"

#include <algorithm>
#include <unordered_set>

#include "db/array.h"
#include "db/row.h"
#include "db/unit_row.h"

namespace mes::db {
namespace {

// unit_id_seq counts in steps of this: each value gives out a block.
constexpr int64_t kIdsPerBlock = 1'000;

constexpr const char* kFindCodes = R"sql(
select coalesce(unit.unit_id, former.unit_id, 0), unit.unit_id is null and former.units > 1
from unnest($1::text[]) with ordinality as asked (code, ordinal)
left join unit on unit.code = asked.code
left join lateral (
  select min(unit_code_history.unit_id) as unit_id, count(distinct unit_code_history.unit_id) as units
  from unit_code_history
  where unit_code_history.code = asked.code and unit.unit_id is null
) as former on true
order by asked.ordinal)sql";

constexpr const char* kLoadUnits = "select " MES_UNIT_COLUMNS R"sql(,
  array(select h.code from unit_code_history h where h.unit_id = u.unit_id order by h.until_time) as earlier_codes,
  work_order.code as work_order_code, parent.code as parent_code, carrier.code as carrier_code, purchase.supplier,
  purchase.supplier_lot, l.manufacture_time
from unit u
left join lot l on l.unit_id = u.unit_id
left join work_order on work_order.work_order_id = u.work_order_id
left join unit parent on parent.unit_id = u.parent_id
left join carrier on carrier.carrier_id = u.carrier_id
left join purchase on purchase.unit_id = u.unit_id
where u.unit_id = any($1::bigint[])
order by u.code)sql";

constexpr const char* kLockUnits = R"sql(
select unit_id
from unit
where unit_id = any($1::bigint[])
order by unit_id
for update)sql";

constexpr const char* kListUnits = R"sql(
select unit_id
from unit
where code > $1
  and tracking = 1
  and ($2::integer = 0 or work_order_id = $2)
  and ($3::integer = 0 or material_id = $3)
  and ($4::smallint = 0 or state = $4)
order by code
limit $5)sql";

constexpr const char* kTakeBlocks = R"sql(
select nextval('unit_id_seq')
from generate_series(1, $1::bigint))sql";

// A code that exists is left out, without an exception; a caller that sees it missing undoes all.
constexpr const char* kInsertUnits = R"sql(
insert into unit (
  unit_id, code, material_id, revision_id, work_order_id, tracking, state, passed, attempted, lot_lines, failed_operation,
  clocks, counters, grade, group_grade, source_proven, use_count, create_time, finish_time, failure)
select unit_id, code, material_id, nullif(revision_id, 0), nullif(work_order_id, 0), tracking, state, passed, attempted, lot_lines,
  failed_operation, clocks::bigint[], counters::integer[], grade, group_grade, source_proven, use_count, create_time, finish_time,
  failure::text[]
from unnest($1::bigint[], $2::text[], $3::integer[], $4::integer[], $5::integer[], $6::smallint[], $7::smallint[], $8::bigint[],
    $9::bigint[], $10::bigint[], $11::smallint[], $12::text[], $13::text[], $14::text[], $15::text[], $16::boolean[],
    $17::smallint[], $18::timestamptz[], $19::timestamptz[], $20::text[])
  as made (unit_id, code, material_id, revision_id, work_order_id, tracking, state, passed,
    attempted, lot_lines, failed_operation, clocks, counters, grade, group_grade, source_proven,
    use_count, create_time, finish_time, failure)
on conflict (code) do nothing
returning unit_id)sql";

constexpr const char* kInsertPurchases = R"sql(
insert into purchase (unit_id, supplier, supplier_lot, passport_reference, goods_in_test_passed, receive_time)
select unit_id, $2::text, $3::text, $4::text, $5::boolean, $6::timestamptz
from unnest($1::bigint[]) as bought (unit_id))sql";

// A unit has some tens of rows; those of a rework void what was recorded before them from their return point on.
constexpr const char* kListUnitEvents = R"sql(
with history as materialized (
  select occur_time, record_time, station_id, epoch, sequence, revision_id, operation, kind, judgement, station_judgement,
    purpose, return_to, flags, failure_code, operator_id, measured, details
  from station_event
  where unit_id = $1
)
select e.occur_time, e.record_time, e.station_id, e.epoch, e.sequence, coalesce(e.revision_id, 0), e.operation, e.kind,
  e.judgement, e.station_judgement, e.purpose, e.flags, coalesce(e.failure_code, ''), coalesce(e.operator_id, ''),
  coalesce(e.measured, '{}'), coalesce(e.details::text, ''),
  exists (
    select
    from history later
    where later.return_to > 0
      and later.return_to <= e.operation
      and (later.flags & $8) = 0
      and (later.record_time, later.occur_time) > (e.record_time, e.occur_time))
from history e
where (e.record_time, e.occur_time, e.station_id, e.epoch, e.sequence)
  > ($2::timestamptz, $3::timestamptz, $4::integer, $5::integer, $6::bigint)
order by e.record_time, e.occur_time, e.station_id, e.epoch, e.sequence
limit $7)sql";

StoredUnit StoredUnitIn(const pqxx::row& row) {
  StoredUnit stored;
  domain::UnitEntry entry = ReadUnit(row);
  stored.unit = std::move(entry.unit);
  stored.lot = std::move(entry.lot);
  stored.earlier_codes = TextsIn(TextOf(row["earlier_codes"]));
  stored.work_order_code = GetOr<std::string>(row["work_order_code"], "");
  stored.parent_code = GetOr<std::string>(row["parent_code"], "");
  stored.carrier_code = GetOr<std::string>(row["carrier_code"], "");
  stored.supplier = GetOr<std::string>(row["supplier"], "");
  stored.supplier_lot = GetOr<std::string>(row["supplier_lot"], "");
  stored.manufacture_time = GetOr<domain::Time>(row["manufacture_time"], {});
  return stored;
}

UnitEventRow EventIn(const pqxx::row& row) {
  RowReader reader(row);
  UnitEventRow event;
  event.occur_time = reader.Next<domain::Time>();
  event.record_time = reader.Next<domain::Time>();
  event.station_id = reader.Next<int32_t>();
  event.epoch = reader.Next<int32_t>();
  event.sequence = reader.Next<int64_t>();
  event.revision_id = reader.Next<int32_t>();
  event.operation = reader.Next<int16_t>();
  event.kind = reader.Next<domain::EventKind>();
  event.judgement = reader.Next<domain::Judgement>();
  event.station_judgement = reader.Next<domain::Judgement>();
  event.purpose = reader.Next<domain::RunPurpose>();
  event.flags = reader.Next<int16_t>();
  event.failure_code = reader.Next<std::string>();
  event.operator_id = reader.Next<std::string>();
  event.measured = DoublesIn(reader.NextText());
  event.details = reader.Next<std::string>();
  event.superseded = reader.Next<bool>();
  return event;
}

}  // namespace

std::vector<FoundCode> FindCodes(Transaction& transaction, const std::vector<std::string>& codes) {
  std::vector<FoundCode> found;
  for (const pqxx::row& row : Execute(transaction, kFindCodes, ArrayOf(codes))) {
    found.push_back({Get<int64_t>(row[0]), Get<bool>(row[1])});
  }
  return found;
}

std::vector<StoredUnit> LoadUnits(Transaction& transaction, const std::vector<int64_t>& ids) {
  std::vector<StoredUnit> units;
  for (const pqxx::row& row : Execute(transaction, kLoadUnits, ArrayOf(ids))) units.push_back(StoredUnitIn(row));
  return units;
}

void LockUnits(Transaction& transaction, const std::vector<int64_t>& ids) { Execute(transaction, kLockUnits, ArrayOf(ids)); }

std::vector<StoredUnit> ListUnits(Transaction& transaction, const UnitFilter& filter, int limit) {
  std::vector<int64_t> ids;
  const int16_t status = filter.status ? static_cast<int16_t>(*filter.status) : int16_t{0};
  const pqxx::result page =
      Execute(transaction, kListUnits, filter.after_code, filter.work_order_id, filter.material_id, status, limit);
  for (const pqxx::row& row : page) ids.push_back(Get<int64_t>(row[0]));
  return LoadUnits(transaction, ids);
}

std::vector<int64_t> TakeUnitIds(Transaction& transaction, size_t count) {
  std::vector<int64_t> ids;
  ids.reserve(count);
  const int64_t blocks = (static_cast<int64_t>(count) + kIdsPerBlock - 1) / kIdsPerBlock;
  for (const pqxx::row& row : Execute(transaction, kTakeBlocks, blocks)) {
    const int64_t first = Get<int64_t>(row[0]);
    for (int64_t id = first; id < first + kIdsPerBlock && ids.size() < count; ++id) ids.push_back(id);
  }
  return ids;
}

std::optional<std::string> InsertUnits(Transaction& transaction, const std::vector<domain::Unit>& units) {
  using domain::Unit;
  const pqxx::result stored = Execute(
      transaction, kInsertUnits, ArrayOf(units, &Unit::id), ArrayOf(units, &Unit::code), ArrayOf(units, &Unit::material_id),
      ArrayOf(units, &Unit::revision_id), ArrayOf(units, &Unit::work_order_id), ArrayOf(units, &Unit::tracking),
      ArrayOf(units, &Unit::status), ArrayOf(units, [](const Unit& u) { return static_cast<int64_t>(u.passed); }),
      ArrayOf(units, [](const Unit& u) { return static_cast<int64_t>(u.attempted); }),
      ArrayOf(units, [](const Unit& u) { return static_cast<int64_t>(u.lot_lines); }), ArrayOf(units, &Unit::failed_operation),
      ArrayOf(units, [](const Unit& u) { return ClocksLiteral(u.clocks); }),
      ArrayOf(units, [](const Unit& u) { return CountersLiteral(u.counters); }), ArrayOf(units, &Unit::grade),
      ArrayOf(units, &Unit::group_grade), ArrayOf(units, &Unit::source_proven), ArrayOf(units, &Unit::use_count),
      ArrayOf(units, &Unit::create_time), ArrayOf(units, &Unit::finish_time),
      ArrayOf(units, FailureLiteral));
  if (stored.size() == units.size()) return std::nullopt;
  std::unordered_set<int64_t> inserted;
  for (const pqxx::row& row : stored) inserted.insert(Get<int64_t>(row[0]));
  return std::find_if(units.begin(), units.end(), [&](const Unit& u) { return !inserted.contains(u.id); })->code;
}

void InsertPurchases(Transaction& transaction, const std::vector<int64_t>& ids, const Purchase& purchase, domain::Time now) {
  Execute(transaction, kInsertPurchases, ArrayOf(ids), purchase.supplier, purchase.supplier_lot, purchase.passport_reference,
          purchase.goods_in_test_passed, now);
}

std::vector<UnitEventRow> ListUnitEvents(Transaction& transaction, int64_t unit_id, const UnitEventKey& after, int limit) {
  std::vector<UnitEventRow> events;
  const pqxx::result rows = Execute(transaction, kListUnitEvents, unit_id, after.record_time, after.occur_time, after.station_id,
                                    after.epoch, after.sequence, limit, domain::kFlagReversed);
  for (const pqxx::row& row : rows) events.push_back(EventIn(row));
  return events;
}

}  // namespace mes::db
