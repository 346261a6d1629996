#include "db/captured_event.h"

#include <unordered_map>

#include "db/array.h"
#include "db/audit_fact.h"
#include "db/event_row.h"
#include "db/hold_world.h"
#include "db/recycling.h"
#include "db/row.h"

namespace mes::db {
namespace {

constexpr int kRowsPerFetch = 2'000;
constexpr int kRecoveriesPerFetch = 10;

constexpr const char* kInsertEvents = R"sql(
insert into captured_event (hash, event_time, record_time, partner, person, wrong, body)
select decode(n.hash, 'hex'), n.event_time, $3::timestamptz, $4, $5, n.wrong, n.body::jsonb
from unnest($1::text[], $2::timestamptz[], $6::boolean[], $7::text[]) with ordinality n (hash, event_time, wrong, body, place)
order by n.place
on conflict (hash) do nothing
returning captured_event_id, encode(hash, 'hex'))sql";

constexpr const char* kDeclareWrong = R"sql(
update captured_event e
set
  wrong = true,
  body = n.body::jsonb
from unnest($1::text[], $2::text[]) n (hash, body)
where e.hash = decode(n.hash, 'hex')
  and not e.wrong)sql";

constexpr const char* kLockEarlier = R"sql(
select encode(e.hash, 'hex'), e.captured_event_id, e.partner, e.wrong
from unnest($1::text[]) n (hash)
join captured_event e on e.hash = decode(n.hash, 'hex')
order by e.captured_event_id
for no key update of e)sql";

constexpr const char* kInsertUnits = R"sql(
insert into captured_event_unit (unit_id, captured_event_id, effect)
select n.unit_id, n.captured_event_id, max(n.effect)
from unnest($1::bigint[], $2::bigint[], $3::smallint[]) n (unit_id, captured_event_id, effect)
group by n.unit_id, n.captured_event_id
on conflict do nothing)sql";

#define MES_CAPTURED_COLUMNS \
  "select e.captured_event_id, encode(e.hash, 'hex'), e.event_time, e.record_time, e.partner, e.person, e.wrong, e.body::text "

constexpr const char* kListOfUnit = MES_CAPTURED_COLUMNS R"sql(
from captured_event_unit u
join captured_event e on e.captured_event_id = u.captured_event_id
where u.unit_id = $1
  and u.captured_event_id > $2
order by u.captured_event_id
limit $3)sql";

constexpr const char* kMadeOne = R"sql(
select u.unit_id, u.create_time, coalesce(u.revision_id, 0), coalesce(l.quantity_micro, 0)
from unit u
left join lot l on l.unit_id = u.unit_id
where u.unit_id = $1)sql";

constexpr const char* kMade = R"sql(
declare period no scroll cursor for
select u.unit_id, u.create_time, coalesce(u.revision_id, 0), coalesce(l.quantity_micro, 0)
from unit u
left join lot l on l.unit_id = u.unit_id
where u.create_time >= $1::timestamptz
  and u.create_time < $2::timestamptz
  and not exists (select 1 from captured_event_unit c where c.unit_id = u.unit_id)
  and not exists (select 1 from second_life s where s.new_unit_id = u.unit_id)
  and not exists (select 1 from lot_consumption c where c.consumer_id = u.unit_id and c.kind > 1)
  and not exists (select 1 from recovered_lot r where r.unit_id = u.unit_id)
order by u.create_time, u.unit_id)sql";

constexpr const char* kInsertLotEdges = R"sql(
insert into lot_consumption (
  lot_id, consumer_id, quantity_micro, consume_time, record_time, sequence, station_id, epoch, operation, line, kind)
select n.lot_id, n.consumer_id, n.quantity_micro, n.consume_time, $7::timestamptz, n.sequence, 0, $8, 0, 0, n.kind
from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::bigint[], $6::smallint[])
  n (lot_id, consumer_id, quantity_micro, consume_time, sequence, kind)
returning )sql" MES_LOT_EDGE_FACT;

// A request is one split or merge. Those of captured events are told by these.
const std::string kLotChangesOf = R"sql(
select c.kind, c.consume_time, c.record_time, array_agg(c.lot_id order by c.lot_id, c.consumer_id)::text,
  array_agg(c.consumer_id order by c.lot_id, c.consumer_id)::text, array_agg(c.quantity_micro order by c.lot_id, c.consumer_id)::text
from lot_consumption c
where c.kind > 1
  and c.request_id is not null
)sql";
const std::string kOneChange = R"sql(
group by c.request_id, c.kind, c.consume_time, c.record_time
order by c.consume_time, c.record_time, c.request_id)sql";

const std::string kPeriodLotChanges = "declare period no scroll cursor for " + kLotChangesOf +
                                      "and c.consume_time >= $1::timestamptz and c.consume_time < $2::timestamptz" + kOneChange;

const std::string kLotChanges = kLotChangesOf + R"sql(
and c.request_id in (
  select own.request_id
  from lot_consumption own
  where (own.lot_id = $1 or own.consumer_id = $1)
    and own.kind > 1))sql" + kOneChange;

// Those of captured events are told by these.
const std::string kRecoveriesOf = R"sql(
select l.recycling_batch_id, l.recover_time, l.record_time, b.partner, b.place, array_agg(l.unit_id order by l.unit_id)::text,
  array_agg(lot.quantity_micro order by l.unit_id)::text
from recovered_lot l
join recycling_batch b on b.recycling_batch_id = l.recycling_batch_id
join lot on lot.unit_id = l.unit_id
join unit on unit.unit_id = l.unit_id
where b.transformation_id is null
)sql";
const std::string kOneRecovery = R"sql(
group by l.recycling_batch_id, l.recover_time, l.record_time, b.partner, b.place, unit.material_id)sql";
const std::string kOldestRecovery = R"sql(
order by l.recover_time, l.record_time, l.recycling_batch_id, unit.material_id)sql";

const std::string kPeriodRecoveries = "declare period no scroll cursor for " + kRecoveriesOf +
                                      "and l.recover_time >= $1::timestamptz and l.recover_time < $2::timestamptz" + kOneRecovery +
                                      kOldestRecovery;

const std::string kRecoveries = kRecoveriesOf + R"sql(
and l.recycling_batch_id in (
  select u.recycling_batch_id
  from recycling_unit u
  where u.unit_id = $1
  union
  select own.recycling_batch_id
  from recovered_lot own
  where own.unit_id = $1))sql" + kOneRecovery +
                                R"sql(
having bool_or(l.unit_id = $1)
  or exists (select 1 from recycling_unit u where u.unit_id = $1))sql" + kOldestRecovery;

constexpr const char* kBatchUnits = R"sql(
select u.recycling_batch_id, u.unit_id
from recycling_unit u
where u.recycling_batch_id = any($1::bigint[])
order by u.recycling_batch_id, u.unit_id)sql";

constexpr const char* kToldBatches = R"sql(
select u.unit_id, coalesce(case when b.partner = $1 then b.transformation_id end, '')
from unnest($2::bigint[]) n (unit_id)
join recycling_unit u on u.unit_id = n.unit_id
join recycling_batch b on b.recycling_batch_id = u.recycling_batch_id)sql";

// Closed from the start: what else is told of it comes under its address.
constexpr const char* kUpsertToldBatches = R"sql(
insert into recycling_batch (partner, place, state, person, open_time, close_time, closed_by, evidence, transformation_id)
select $1::text, max(n.place), 2, $2::text, min(n.told_time), max(n.told_time), $2::text, n.transformation_id, n.transformation_id
from unnest($3::text[], $4::text[], $5::timestamptz[]) n (transformation_id, place, told_time)
group by n.transformation_id
order by n.transformation_id
on conflict (partner, transformation_id) where transformation_id is not null do update
set close_time = greatest(recycling_batch.close_time, excluded.close_time)
returning recycling_batch_id, transformation_id)sql";

constexpr const char* kInsertToldLots = R"sql(
insert into recovered_lot (unit_id, recycling_batch_id, recover_time, record_time, person, evidence)
select n.unit_id, n.recycling_batch_id, n.recover_time, $5::timestamptz, $6::text, n.evidence
from unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::text[]) n (unit_id, recycling_batch_id, recover_time, evidence)
returning )sql" MES_RECOVERED_LOT_FACT;

constexpr const char* kToldSizes = R"sql(
select n.recycling_batch_id,
  (select count(*) from recycling_unit u where u.recycling_batch_id = n.recycling_batch_id),
  (select count(*) from recovered_lot l where l.recycling_batch_id = n.recycling_batch_id)
from unnest($1::bigint[]) n (recycling_batch_id))sql";

constexpr const char* kEvents = "declare period no scroll cursor for select " MES_HISTORY_COLUMNS R"sql(
from station_event
where occur_time >= $1::timestamptz
  and occur_time < $2::timestamptz
  and unit_id <> 0
  and kind = any($3::smallint[])
order by occur_time, record_time, unit_id, station_id, epoch, sequence)sql";

constexpr const char* kLives = "declare period no scroll cursor for select unit_id, " MES_LIFE_COLUMNS R"sql(
from life_record
where occur_time >= $1::timestamptz
  and occur_time < $2::timestamptz
  and case
    when evidence ~ '^ni:///sha-256;[0-9a-f]{64}[?]ver=CBV2[.]0$'
      then not exists (select 1 from captured_event c where c.hash = decode(substring(evidence from 15 for 64), 'hex'))
    else true
  end
order by occur_time, life_record_id)sql";

constexpr const char* kCaptured = "declare period no scroll cursor for " MES_CAPTURED_COLUMNS R"sql(
from captured_event e
where e.event_time >= $1::timestamptz
  and e.event_time < $2::timestamptz
order by e.event_time, e.captured_event_id)sql";

CapturedRow ReadCaptured(const pqxx::row& result) {
  RowReader reader(result);
  CapturedRow row;
  row.id = reader.Next<int64_t>();
  row.hash = reader.Next<std::string>();
  row.event_time = reader.Next<domain::Time>();
  row.record_time = reader.Next<domain::Time>();
  row.partner = reader.Next<std::string>();
  row.person = reader.Next<std::string>();
  row.wrong = reader.Next<bool>();
  row.body = reader.Next<std::string>();
  return row;
}
MadeRow ReadMade(const pqxx::row& result) {
  RowReader reader(result);
  MadeRow row;
  row.unit_id = reader.Next<int64_t>();
  row.create_time = reader.Next<domain::Time>();
  row.revision_id = reader.Next<int32_t>();
  row.quantity_micro = reader.Next<int64_t>();
  return row;
}

LotChange ReadLotChange(const pqxx::row& result) {
  RowReader reader(result);
  LotChange change;
  change.kind = reader.Next<domain::EdgeKind>();
  change.occur_time = reader.Next<domain::Time>();
  change.record_time = reader.Next<domain::Time>();
  change.from_ids = IntegersIn(reader.NextText());
  change.to_ids = IntegersIn(reader.NextText());
  change.quantities_micro = IntegersIn(reader.NextText());
  return change;
}

Recovery ReadRecovery(const pqxx::row& result) {
  RowReader reader(result);
  Recovery recovery;
  recovery.batch_id = reader.Next<int64_t>();
  recovery.recover_time = reader.Next<domain::Time>();
  recovery.record_time = reader.Next<domain::Time>();
  recovery.partner = reader.Next<std::string>();
  recovery.place = reader.Next<std::string>();
  recovery.lot_ids = IntegersIn(reader.NextText());
  recovery.quantities_micro = IntegersIn(reader.NextText());
  return recovery;
}

// Fetches the cursor `period`, declared before, to its end or until `take` has enough.
template <typename Row, typename Read>
void Fetch(Transaction& transaction, const Read& read, const std::function<bool(const std::vector<Row>&)>& take,
           int rows_per_fetch = kRowsPerFetch) {
  const std::string fetch = "fetch forward " + std::to_string(rows_per_fetch) + " from period";
  for (bool more = true; more;) {
    const pqxx::result rows = transaction.work().exec(fetch);
    std::vector<Row> chunk;
    chunk.reserve(rows.size());
    for (const pqxx::row& row : rows) chunk.push_back(read(row));
    more = static_cast<int>(rows.size()) == rows_per_fetch;
    if (!chunk.empty() && !take(chunk)) more = false;
  }
  transaction.work().exec("close period");
}

}  // namespace

void InsertCapturedEvents(Transaction& transaction, std::vector<CapturedRow>& rows) {
  if (rows.empty()) return;
  std::unordered_map<std::string, int64_t> ids;
  const std::string hashes = ArrayOf(rows, [](const CapturedRow& row) { return row.hash; });
  for (const pqxx::row& row :
       Execute(transaction, kInsertEvents, hashes, ArrayOf(rows, [](const CapturedRow& r) { return r.event_time; }),
               rows[0].record_time, rows[0].partner, rows[0].person, ArrayOf(rows, [](const CapturedRow& r) { return r.wrong; }),
               ArrayOf(rows, [](const CapturedRow& r) { return r.body; }))) {
    ids[Get<std::string>(row[1])] = Get<int64_t>(row[0]);
  }
  std::unordered_map<std::string, CapturedRow*> declared;
  for (CapturedRow& row : rows) {
    const auto found = ids.find(row.hash);
    row.id = found == ids.end() ? 0 : found->second;
    if (row.id == 0 && row.wrong) declared[row.hash] = &row;
  }
  if (declared.empty()) return;
  const std::string of_declared = ArrayOf(declared, [](const auto& entry) { return entry.first; });
  for (const pqxx::row& row : Execute(transaction, kLockEarlier, of_declared)) {
    declared.at(Get<std::string>(row[0]))->earlier = {Get<int64_t>(row[1]), Get<std::string>(row[2]), Get<bool>(row[3])};
  }
}

void DeclareWrong(Transaction& transaction, const std::vector<CapturedRow>& rows) {
  Execute(transaction, kDeclareWrong, ArrayOf(rows, &CapturedRow::hash), ArrayOf(rows, &CapturedRow::body));
}

void InsertCapturedUnits(Transaction& transaction, const std::vector<CapturedUnit>& units) {
  if (units.empty()) return;
  Execute(transaction, kInsertUnits, ArrayOf(units, &CapturedUnit::unit_id), ArrayOf(units, &CapturedUnit::event_id),
          ArrayOf(units, &CapturedUnit::effect));
}

void InsertCapturedLotEdges(Transaction& transaction, const std::vector<domain::CaptureOutcome::LotEdge>& edges, domain::Time now) {
  if (edges.empty()) return;
  using Edge = domain::CaptureOutcome::LotEdge;
  InsertOfficeFacts(transaction, now, domain::FactTable::kLotEdges,
                    Execute(transaction, kInsertLotEdges, ArrayOf(edges, &Edge::lot_id), ArrayOf(edges, &Edge::made_id),
                            ArrayOf(edges, &Edge::quantity_micro), ArrayOf(edges, &Edge::time), ArrayOf(edges, &Edge::event_id),
                            ArrayOf(edges, &Edge::kind), now, domain::kCaptureEpoch));
  std::vector<int64_t> parents, children;
  for (const Edge& edge : edges) parents.push_back(edge.made_id), children.push_back(edge.lot_id);
  NoteEdges(transaction, parents, children);
}

std::vector<LotChange> ListLotChanges(Transaction& transaction, int64_t unit_id) {
  std::vector<LotChange> changes;
  for (const pqxx::row& row : Execute(transaction, kLotChanges.c_str(), unit_id)) changes.push_back(ReadLotChange(row));
  return changes;
}

void ListPeriodLotChanges(Transaction& transaction, domain::Time from, domain::Time until,
                          const std::function<bool(const std::vector<LotChange>&)>& take) {
  Execute(transaction, kPeriodLotChanges.c_str(), from, until);
  Fetch<LotChange>(transaction, ReadLotChange, take);
}

std::vector<Recovery> ListRecoveries(Transaction& transaction, int64_t unit_id) {
  std::vector<Recovery> recoveries;
  for (const pqxx::row& row : Execute(transaction, kRecoveries.c_str(), unit_id)) recoveries.push_back(ReadRecovery(row));
  return recoveries;
}

void ListPeriodRecoveries(Transaction& transaction, domain::Time from, domain::Time until,
                          const std::function<bool(const std::vector<Recovery>&)>& take) {
  Execute(transaction, kPeriodRecoveries.c_str(), from, until);
  Fetch<Recovery>(transaction, ReadRecovery, take, kRecoveriesPerFetch);
}

std::unordered_map<int64_t, std::vector<int64_t>> LoadBatchUnits(Transaction& transaction, const std::vector<int64_t>& batch_ids) {
  std::unordered_map<int64_t, std::vector<int64_t>> units;
  for (const pqxx::row& row : Execute(transaction, kBatchUnits, ArrayOf(batch_ids))) {
    units[Get<int64_t>(row[0])].push_back(Get<int64_t>(row[1]));
  }
  return units;
}

std::unordered_map<int64_t, std::string> LoadToldBatches(Transaction& transaction, const std::string& partner,
                                                         const std::vector<int64_t>& unit_ids) {
  std::unordered_map<int64_t, std::string> batches;
  for (const pqxx::row& row : Execute(transaction, kToldBatches, partner, ArrayOf(unit_ids))) {
    batches[Get<int64_t>(row[0])] = Get<std::string>(row[1]);
  }
  return batches;
}

std::vector<ToldBatch> InsertToldRecoveries(Transaction& transaction, const std::vector<domain::CaptureOutcome::Recovery>& recoveries,
                                            const std::string& partner, const std::string& person, domain::Time now) {
  if (recoveries.empty()) return {};
  using Told = domain::CaptureOutcome::Recovery;
  std::unordered_map<std::string, int64_t> batches;
  for (const pqxx::row& row : Execute(transaction, kUpsertToldBatches, partner, person, ArrayOf(recoveries, &Told::transformation_id),
                                      ArrayOf(recoveries, &Told::place), ArrayOf(recoveries, &Told::time))) {
    batches[Get<std::string>(row[1])] = Get<int64_t>(row[0]);
  }
  std::vector<RecyclingUnit> units;
  ArrayWriter lots, of, times, evidence;
  for (const Told& told : recoveries) {
    const int64_t batch_id = batches.at(told.transformation_id);
    for (const int64_t id : told.unit_ids) {
      RecyclingUnit& unit = units.emplace_back();
      unit.unit_id = id;
      unit.batch_id = batch_id;
      unit.receive_time = told.time;
      unit.contents.known = false;
    }
    for (const int64_t id : told.lot_ids) lots.Add(id), of.Add(batch_id), times.Add(told.time), evidence.Add(told.evidence);
  }
  if (!units.empty()) InsertRecyclingUnits(transaction, units, now);
  const domain::Time later = now + domain::Duration(1);
  InsertOfficeFacts(transaction, later, domain::FactTable::kRecoveredLots,
                    Execute(transaction, kInsertToldLots, lots.Take(), of.Take(), times.Take(), evidence.Take(), later, person));
  std::vector<ToldBatch> told;
  for (const pqxx::row& row :
       Execute(transaction, kToldSizes, ArrayOf(batches, [](const auto& batch) { return batch.second; }))) {
    told.push_back({Get<int64_t>(row[0]), Get<int64_t>(row[1]), Get<int64_t>(row[2])});
  }
  return told;
}

std::vector<CapturedRow> ListCapturedEvents(Transaction& transaction, int64_t unit_id, int64_t after_id, int limit) {
  std::vector<CapturedRow> rows;
  for (const pqxx::row& row : Execute(transaction, kListOfUnit, unit_id, after_id, limit)) rows.push_back(ReadCaptured(row));
  return rows;
}

MadeRow LoadMade(Transaction& transaction, int64_t unit_id) { return ReadMade(Execute(transaction, kMadeOne, unit_id).at(0)); }

void ListMade(Transaction& transaction, domain::Time from, domain::Time until,
              const std::function<bool(const std::vector<MadeRow>&)>& take) {
  Execute(transaction, kMade, from, until);
  Fetch<MadeRow>(transaction, ReadMade, take);
}

void ListPeriodEvents(Transaction& transaction, domain::Time from, domain::Time until,
                      const std::function<bool(const std::vector<domain::EventRow>&)>& take) {
  using domain::EventKind;
  const std::vector<int16_t> told = {static_cast<int16_t>(EventKind::kCompleted), static_cast<int16_t>(EventKind::kConsumed),
                                     static_cast<int16_t>(EventKind::kInstalled), static_cast<int16_t>(EventKind::kRemoved),
                                     static_cast<int16_t>(EventKind::kScrapped)};
  Execute(transaction, kEvents, from, until, ArrayOf(told));
  const auto read = [](const pqxx::row& row) {
    RowReader reader(row);
    return ReadEventRow(reader);
  };
  Fetch<domain::EventRow>(transaction, read, take);
}

void ListPeriodLives(Transaction& transaction, domain::Time from, domain::Time until,
                     const std::function<bool(const std::vector<std::pair<int64_t, domain::LifeRecord>>&)>& take) {
  Execute(transaction, kLives, from, until);
  const auto read = [](const pqxx::row& row) {
    RowReader reader(row);
    const auto unit_id = reader.Next<int64_t>();
    return std::pair(unit_id, ReadLifeRecord(reader));
  };
  Fetch<std::pair<int64_t, domain::LifeRecord>>(transaction, read, take);
}

void ListPeriodCaptured(Transaction& transaction, domain::Time from, domain::Time until,
                        const std::function<bool(const std::vector<CapturedRow>&)>& take) {
  Execute(transaction, kCaptured, from, until);
  Fetch<CapturedRow>(transaction, ReadCaptured, take);
}

}  // namespace mes::db
