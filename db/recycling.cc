#include "db/recycling.h"

#include <unordered_map>

#include "db/array.h"
#include "db/audit_fact.h"
#include "db/row.h"

namespace mes::db {
namespace {

using domain::RecyclingBatch;

constexpr const char* kInsertBatch = R"sql(
insert into recycling_batch (partner, place, state, person, open_time)
values ($1, $2, 1, $3, $4::timestamptz)
returning recycling_batch_id)sql";

const std::string kBatchSelect = R"sql(
select b.recycling_batch_id, b.partner, b.place, b.state, b.person, b.open_time, b.close_time, b.closed_by, b.evidence,
  (select count(*) from recycling_unit u where u.recycling_batch_id = b.recycling_batch_id),
  (select count(u.dismantle_time) from recycling_unit u where u.recycling_batch_id = b.recycling_batch_id),
  (select count(*) from recovered_lot l where l.recycling_batch_id = b.recycling_batch_id)
from recycling_batch b
)sql";

const std::string kLoadBatch = kBatchSelect + "where b.recycling_batch_id = $1";
constexpr char kLockBatch[] = "select recycling_batch_id from recycling_batch where recycling_batch_id = $1 for update";
const std::string kListBatches = kBatchSelect + R"sql(
where ($1 = '' or b.partner = $1)
  and ($2::bigint = 0 or b.recycling_batch_id < $2)
order by b.recycling_batch_id desc
limit $3)sql";

constexpr const char* kCloseBatch = R"sql(
update recycling_batch
set
  state = 2,
  close_time = $2::timestamptz,
  closed_by = $3,
  evidence = $4
where recycling_batch_id = $1)sql";

const std::string kUnitSelect = R"sql(
select r.unit_id, r.recycling_batch_id, unit.code, unit.material_id, r.receive_time, r.dismantle_time, r.observations, r.total_ug,
  r.mass_known, r.battery, b.partner
from recycling_unit r
join unit on unit.unit_id = r.unit_id
join recycling_batch b on b.recycling_batch_id = r.recycling_batch_id
)sql";
const std::string kFindUnits = kUnitSelect + "where r.unit_id = any($1::bigint[]) order by r.unit_id";
const std::string kListUnits = kUnitSelect + R"sql(
where r.recycling_batch_id = $1
  and r.unit_id > $2
order by r.unit_id
limit $3)sql";

constexpr const char* kUnitElements = R"sql(
select e.unit_id, e.element, e.mass_ug
from unnest($1::bigint[]) as asked (unit_id)
join recycling_unit_element e on e.unit_id = asked.unit_id)sql";

constexpr const char* kInsertUnits = R"sql(
insert into recycling_unit (unit_id, recycling_batch_id, receive_time, record_time, observations, total_ug, mass_known, battery)
select unit_id, recycling_batch_id, receive_time, $8::timestamptz, observations, total_ug, mass_known, battery
from unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::integer[], $5::bigint[], $6::boolean[], $7::boolean[])
  as given (unit_id, recycling_batch_id, receive_time, observations, total_ug, mass_known, battery)
returning )sql" MES_RECYCLED_UNIT_FACT;

constexpr const char* kInsertUnitElements = R"sql(
insert into recycling_unit_element (unit_id, element, mass_ug)
select unit_id, element, mass_ug
from unnest($1::bigint[], $2::smallint[], $3::bigint[]) as given (unit_id, element, mass_ug))sql";

constexpr const char* kUpdateDismantled = R"sql(
update recycling_unit
set dismantle_time = $2::timestamptz
where unit_id = any($1::bigint[]))sql";

constexpr const char* kInsertLots = R"sql(
insert into recovered_lot (unit_id, recycling_batch_id, recover_time, record_time, person, evidence)
select unit_id, $2::bigint, $3::timestamptz, $4::timestamptz, $5::text, $6::text
from unnest($1::bigint[]) as given (unit_id)
returning )sql" MES_RECOVERED_LOT_FACT;

constexpr const char* kInsertLotElements = R"sql(
insert into recovered_element (unit_id, element, mass_ug)
select unit_id, element, mass_ug
from unnest($1::bigint[], $2::smallint[], $3::bigint[]) as given (unit_id, element, mass_ug))sql";

constexpr const char* kListLots = R"sql(
select r.unit_id, unit.code, unit.material_id, lot.quantity_micro
from recovered_lot r
join unit on unit.unit_id = r.unit_id
join lot on lot.unit_id = r.unit_id
where ($1::bigint = 0 or r.recycling_batch_id = $1)
order by r.unit_id
limit $2)sql";

constexpr const char* kLotElements = R"sql(
select e.unit_id, e.element, e.mass_ug
from unnest($1::bigint[]) as asked (unit_id)
join recovered_element e on e.unit_id = asked.unit_id)sql";

// The batches of a balance, as the head of each of its sums: those that were weighed here.
const std::string kBalanced = R"sql(
with batch as (
  select recycling_batch_id
  from recycling_batch
  where transformation_id is null
    and ($1::bigint = 0 or recycling_batch_id = $1)
    and ($2 = '' or partner = $2)
    and ($3::timestamptz is null or close_time >= $3)
    and ($4::timestamptz is null or close_time < $4)
)
)sql";
const std::string kSumUnits = kBalanced + R"sql(
select (select count(*) from batch), count(*), count(*) filter (where not u.mass_known), count(*) filter (where u.battery),
  coalesce(sum(u.total_ug), 0)::bigint
from batch
join recycling_unit u on u.recycling_batch_id = batch.recycling_batch_id)sql";
const std::string kSumContained = kBalanced + R"sql(
select e.element, sum(e.mass_ug)::bigint
from batch
join recycling_unit u on u.recycling_batch_id = batch.recycling_batch_id
join recycling_unit_element e on e.unit_id = u.unit_id
group by e.element)sql";
const std::string kSumRecovered = kBalanced + R"sql(
select e.element, sum(e.mass_ug)::bigint
from batch
join recovered_lot l on l.recycling_batch_id = batch.recycling_batch_id
join recovered_element e on e.unit_id = l.unit_id
group by e.element)sql";

constexpr const char* kCountFinished = R"sql(
select coalesce(revision_id, 0), count(*)
from unit
where material_id = $1
  and tracking = 1
  and finish_time >= $2::timestamptz
  and finish_time < $3::timestamptz
group by coalesce(revision_id, 0))sql";

constexpr const char* kFilterFinished = R"sql(
select unit.unit_id
from unnest($1::bigint[]) as asked (unit_id)
join unit on unit.unit_id = asked.unit_id
where unit.material_id = $2
  and unit.tracking = 1
  and unit.finish_time >= $3::timestamptz
  and unit.finish_time < $4::timestamptz)sql";

constexpr const char* kLotQuantities = R"sql(
select lot.unit_id, lot.quantity_micro
from unnest($1::bigint[]) as asked (unit_id)
join lot on lot.unit_id = asked.unit_id)sql";

RecyclingBatch BatchIn(const pqxx::row& row) {
  RowReader reader(row);
  RecyclingBatch batch;
  batch.id = reader.Next<int64_t>();
  batch.partner = reader.Next<std::string>();
  batch.place = reader.Next<std::string>();
  batch.state = reader.Next<domain::RecyclingState>();
  batch.person = reader.Next<std::string>();
  batch.open_time = reader.Next<domain::Time>();
  batch.close_time = reader.NextOptional<domain::Time>();
  batch.closed_by = reader.Next<std::string>();
  batch.evidence = reader.Next<std::string>();
  batch.units = reader.Next<int64_t>();
  batch.dismantled = reader.Next<int64_t>();
  batch.lots = reader.Next<int64_t>();
  return batch;
}

std::unordered_map<int64_t, domain::Masses> ElementsOf(const pqxx::result& rows) {
  std::unordered_map<int64_t, domain::Masses> elements;
  for (const pqxx::row& row : rows) {
    RowReader reader(row);
    domain::Masses& masses = elements[reader.Next<int64_t>()];
    const auto element = reader.Next<domain::Element>();
    masses[element] = reader.Next<int64_t>();
  }
  return elements;
}

std::vector<RecyclingUnit> UnitsIn(Transaction& transaction, const pqxx::result& rows) {
  std::vector<RecyclingUnit> units;
  for (const pqxx::row& row : rows) {
    RowReader reader(row);
    RecyclingUnit& unit = units.emplace_back();
    unit.unit_id = reader.Next<int64_t>();
    unit.batch_id = reader.Next<int64_t>();
    unit.code = reader.Next<std::string>();
    unit.material_id = reader.Next<int32_t>();
    unit.receive_time = reader.Next<domain::Time>();
    unit.dismantle_time = reader.NextOptional<domain::Time>();
    unit.observations = reader.Next<int32_t>();
    unit.contents.total_ug = reader.Next<int64_t>();
    unit.contents.known = reader.Next<bool>();
    unit.battery = reader.Next<bool>();
    unit.partner = reader.Next<std::string>();
  }
  auto elements = ElementsOf(Execute(transaction, kUnitElements, ArrayOf(units, &RecyclingUnit::unit_id)));
  for (RecyclingUnit& unit : units) unit.contents.elements = std::move(elements[unit.unit_id]);
  return units;
}

// The rows of (thing, element, mass) of many things, as three columns.
struct ElementColumns {
  ArrayWriter ids, elements, masses;
  void Add(int64_t id, const domain::Masses& of) {
    for (const auto& [element, mass] : of) ids.Add(id), elements.Add(element), masses.Add(mass);
  }
};

}  // namespace

void InsertRecyclingBatch(Transaction& transaction, RecyclingBatch& batch) {
  batch.id = Get<int64_t>(Execute(transaction, kInsertBatch, batch.partner, batch.place, batch.person, batch.open_time)[0][0]);
}

std::optional<RecyclingBatch> LoadRecyclingBatch(Transaction& transaction, int64_t id) {
  const pqxx::result rows = Execute(transaction, kLoadBatch.c_str(), id);
  return rows.empty() ? std::nullopt : std::optional<RecyclingBatch>(BatchIn(rows[0]));
}

std::optional<RecyclingBatch> LockRecyclingBatch(Transaction& transaction, int64_t id) {
  // First the lock, then the counts: a statement that waited would count what it saw before.
  if (Execute(transaction, kLockBatch, id).empty()) return std::nullopt;
  return LoadRecyclingBatch(transaction, id);
}

void UpdateClosedBatch(Transaction& transaction, const RecyclingBatch& batch) {
  Execute(transaction, kCloseBatch, batch.id, batch.close_time, batch.closed_by, batch.evidence);
}

std::vector<RecyclingBatch> ListRecyclingBatches(Transaction& transaction, const std::string& partner, int64_t before_id,
                                                 int limit) {
  std::vector<RecyclingBatch> batches;
  for (const pqxx::row& row : Execute(transaction, kListBatches.c_str(), partner, before_id, limit))
    batches.push_back(BatchIn(row));
  return batches;
}

std::vector<RecyclingUnit> FindRecyclingUnits(Transaction& transaction, const std::vector<int64_t>& unit_ids) {
  return UnitsIn(transaction, Execute(transaction, kFindUnits.c_str(), ArrayOf(unit_ids)));
}

void InsertRecyclingUnits(Transaction& transaction, const std::vector<RecyclingUnit>& units, domain::Time now) {
  InsertOfficeFacts(
      transaction, now, domain::FactTable::kRecycledUnits,
      Execute(transaction, kInsertUnits, ArrayOf(units, &RecyclingUnit::unit_id), ArrayOf(units, &RecyclingUnit::batch_id),
              ArrayOf(units, &RecyclingUnit::receive_time), ArrayOf(units, &RecyclingUnit::observations),
              ArrayOf(units, [](const RecyclingUnit& unit) { return unit.contents.total_ug; }),
              ArrayOf(units, [](const RecyclingUnit& unit) { return unit.contents.known; }),
              ArrayOf(units, &RecyclingUnit::battery), now));
  ElementColumns columns;
  for (const RecyclingUnit& unit : units) columns.Add(unit.unit_id, unit.contents.elements);
  Execute(transaction, kInsertUnitElements, columns.ids.Take(), columns.elements.Take(), columns.masses.Take());
}

void UpdateDismantled(Transaction& transaction, const std::vector<int64_t>& unit_ids, domain::Time dismantle_time) {
  Execute(transaction, kUpdateDismantled, ArrayOf(unit_ids), dismantle_time);
}

std::vector<RecyclingUnit> ListRecyclingUnits(Transaction& transaction, int64_t batch_id, int64_t after_id, int limit) {
  return UnitsIn(transaction, Execute(transaction, kListUnits.c_str(), batch_id, after_id, limit));
}

void InsertRecoveredLots(Transaction& transaction, int64_t batch_id, const std::vector<RecoveredLot>& lots,
                         domain::Time recover_time, domain::Time now, const std::string& person, const std::string& evidence) {
  InsertOfficeFacts(transaction, now, domain::FactTable::kRecoveredLots,
                    Execute(transaction, kInsertLots, ArrayOf(lots, &RecoveredLot::unit_id), batch_id, recover_time, now, person,
                            evidence));
  ElementColumns columns;
  for (const RecoveredLot& lot : lots) columns.Add(lot.unit_id, lot.masses);
  Execute(transaction, kInsertLotElements, columns.ids.Take(), columns.elements.Take(), columns.masses.Take());
}

std::vector<RecoveredLot> ListRecoveredLots(Transaction& transaction, int64_t batch_id, int limit) {
  std::vector<RecoveredLot> lots;
  for (const pqxx::row& row : Execute(transaction, kListLots, batch_id, limit)) {
    RowReader reader(row);
    RecoveredLot& lot = lots.emplace_back();
    lot.unit_id = reader.Next<int64_t>();
    lot.code = reader.Next<std::string>();
    lot.material_id = reader.Next<int32_t>();
    lot.quantity_micro = reader.Next<int64_t>();
  }
  auto elements = ElementsOf(Execute(transaction, kLotElements, ArrayOf(lots, &RecoveredLot::unit_id)));
  for (RecoveredLot& lot : lots) lot.masses = std::move(elements[lot.unit_id]);
  return lots;
}

BalanceSums SumBalance(Transaction& transaction, const BalanceFilter& filter) {
  BalanceSums sums;
  const pqxx::result units = Execute(transaction, kSumUnits.c_str(), filter.batch_id, filter.partner, filter.from, filter.until);
  RowReader reader(units[0]);
  sums.batches = reader.Next<int64_t>();
  sums.units = reader.Next<int64_t>();
  sums.units_unknown = reader.Next<int64_t>();
  sums.batteries = reader.Next<int64_t>();
  sums.contained.total_ug = reader.Next<int64_t>();
  sums.contained.known = sums.units_unknown == 0;
  const auto read = [&](const char* statement, domain::Masses& masses) {
    for (const pqxx::row& row : Execute(transaction, statement, filter.batch_id, filter.partner, filter.from, filter.until)) {
      masses[Get<domain::Element>(row[0])] = Get<int64_t>(row[1]);
    }
  };
  read(kSumContained.c_str(), sums.contained.elements);
  read(kSumRecovered.c_str(), sums.recovered);
  return sums;
}

std::vector<FinishedUnits> CountFinished(Transaction& transaction, int32_t material_id, domain::Time from, domain::Time until) {
  std::vector<FinishedUnits> counts;
  for (const pqxx::row& row : Execute(transaction, kCountFinished, material_id, from, until)) {
    counts.push_back({Get<int32_t>(row[0]), Get<int64_t>(row[1])});
  }
  return counts;
}

std::vector<int64_t> FilterFinished(Transaction& transaction, const std::vector<int64_t>& unit_ids, int32_t material_id,
                                    domain::Time from, domain::Time until) {
  std::vector<int64_t> ids;
  for (const pqxx::row& row : Execute(transaction, kFilterFinished, ArrayOf(unit_ids), material_id, from, until)) {
    ids.push_back(Get<int64_t>(row[0]));
  }
  return ids;
}

std::vector<std::pair<int64_t, int64_t>> LoadLotQuantities(Transaction& transaction, const std::vector<int64_t>& unit_ids) {
  std::vector<std::pair<int64_t, int64_t>> quantities;
  for (const pqxx::row& row : Execute(transaction, kLotQuantities, ArrayOf(unit_ids))) {
    quantities.emplace_back(Get<int64_t>(row[0]), Get<int64_t>(row[1]));
  }
  return quantities;
}

}  // namespace mes::db
