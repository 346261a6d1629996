#include "db/yield_count.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "db/array.h"
#include "db/yield_columns.h"
#include "domain/limits.h"

namespace mes::db {
namespace {

using domain::EventKind;
using domain::RunFact;
using domain::UnitEntry;
using domain::World;
using domain::YieldCounts;
using domain::YieldKey;

constexpr Statement kRunFacts{"RunFacts", R"(
  select unit_id, occur_time, sequence, station_id, epoch, operation, case kind when 14 then 8 when 15 then 2 else kind end, judgement,
    purpose, return_to, flags,
    coalesce(quantity_micro, 0), coalesce(other_unit_id, 0), measured is not null, coalesce(failure_code, ''),
    coalesce((details->>'caused_by_operation')::integer, 0), coalesce((details->>'lost_micro')::bigint, 0)
  from station_event
  where unit_id = any($1::bigint[])
    and (kind = any('{2,3,4,5,8,10,15}') or (kind = 14 and line = 6))
    and flags & 4 = 0
  order by unit_id, record_time, occur_time, sequence)"};
// As domain::FactOf: a hold's return counts like a start that comes back, a scrapping disposition like a scrap.
static_assert(static_cast<int>(EventKind::kDisposed) == 14 && static_cast<int>(EventKind::kReturned) == 15 &&
              static_cast<int>(domain::FailureDisposition::kScrap) == 6);
static_assert(domain::kFlagReversed == 4 && static_cast<int>(EventKind::kStarted) == 2 && static_cast<int>(EventKind::kAborted) == 10);

constexpr Statement kConsumedLots{"ConsumedLots", R"(
  select consumer_id, operation, lot_id
  from lot_consumption
  where consumer_id = any($1::bigint[])
    and kind = 1
    and reverse_record_time is null)"};

std::string Literal(const std::set<int64_t>& ids) { return ArrayOf(std::vector<int64_t>(ids.begin(), ids.end())); }

void LoadFacts(Transaction& transaction, const std::set<int64_t>& units, World& world) {
  for (const int64_t id : units) world.yield_past.facts[id];
  for (const auto& row : Execute(transaction, kRunFacts, Literal(units))) {
    RowReader reader(row);
    std::vector<RunFact>& facts = world.yield_past.facts[reader.Next<int64_t>()];
    RunFact& fact = facts.emplace_back();
    fact.occur_time = reader.Next<domain::Time>();
    fact.sequence = reader.Next<int64_t>();
    fact.station_id = reader.Next<int32_t>();
    fact.epoch = reader.Next<int32_t>();
    fact.operation = reader.Next<int16_t>();
    fact.kind = reader.Next<EventKind>();
    fact.judgement = reader.Next<domain::Judgement>();
    fact.purpose = reader.Next<domain::RunPurpose>();
    fact.return_to = reader.Next<int16_t>();
    fact.flags = reader.Next<int16_t>();
    fact.quantity_micro = reader.Next<int64_t>();
    const int64_t other = reader.Next<int64_t>();
    if (fact.kind == EventKind::kConsumed) fact.lot_id = other;
    fact.has_values = reader.Next<bool>();
    fact.destroyed = fact.kind == EventKind::kScrapped && reader.NextText() == domain::kDestroyedForTest;
    if (fact.kind != EventKind::kScrapped) reader.NextText();
    fact.caused_by = static_cast<int16_t>(reader.Next<int32_t>());
    fact.lost_micro = reader.Next<int64_t>();
  }
}

void LoadConsumed(Transaction& transaction, const std::set<int64_t>& units, World& world) {
  for (const auto& row : Execute(transaction, kConsumedLots, Literal(units))) {
    RowReader reader(row);
    auto& consumed = world.yield_past.consumed[reader.Next<int64_t>()];
    const int16_t operation = reader.Next<int16_t>();
    consumed.emplace_back(operation, reader.Next<int64_t>());
  }
}

// Adds the unit to those whose past is needed for this run.
void Sort(const UnitEntry& entry, const WorldKeys::NamedRun& run, const World& world, std::set<int64_t>& whole,
          std::set<int64_t>& consumers) {
  const domain::Unit& unit = entry.unit;
  const domain::ProductRevision* revision = world.plant.FindRevision(unit.revision_id);
  if (revision == nullptr) return;
  const int16_t index = revision->OperationIndex(run.operation);
  const bool was_here = index < 0 ? unit.attempted != 0 : (unit.attempted & (uint64_t{1} << index)) != 0;
  if (run.again || run.kind == EventKind::kScrapped || was_here) {
    whole.insert(unit.id);
    return;
  }
  if (run.kind != EventKind::kCompleted || unit.lot_lines == 0) return;
  const bool used_lots = std::any_of(revision->bom.begin(), revision->bom.end(), [&](const domain::BomLine& line) {
    return line.tracking == domain::Tracking::kLot && line.operation == run.operation &&
           (unit.lot_lines & (uint64_t{1} << line.line)) != 0;
  });
  if (used_lots) consumers.insert(unit.id);
}

class Column {
 public:
  void Add(int64_t value) { writer_.Add(value); }
  std::string Take() { return writer_.Take(); }

 private:
  ArrayWriter writer_;
};

// Key columns, then the counters, as array literals.
template <size_t kKeys>
class Columns {
 public:
  void Add(const std::array<int64_t, kKeys>& key, const YieldCounts& counts) {
    for (size_t i = 0; i < kKeys; ++i) columns_[i].Add(key[i]);
    for (size_t i = 0; i < domain::kYieldCounts.size(); ++i) columns_[kKeys + i].Add(counts.*domain::kYieldCounts[i]);
    any_ = true;
  }
  // What the statement answers; nothing is run where nothing was added.
  template <typename... Values>
  pqxx::result Store(Transaction& transaction, const Statement& statement, const Values&... more) {
    if (!any_) return {};
    return Store(std::make_index_sequence<kKeys + std::size(domain::kYieldCounts)>(), transaction, statement, more...);
  }

 private:
  template <size_t... kIndex, typename... Values>
  pqxx::result Store(std::index_sequence<kIndex...>, Transaction& transaction, const Statement& statement, const Values&... more) {
    return Execute(transaction, statement, columns_[kIndex].Take()..., more...);
  }
  std::array<Column, kKeys + std::size(domain::kYieldCounts)> columns_;
  bool any_ = false;
};

#define MES_COMMA_SUM(name) ", " #name " = y." #name " + excluded." #name
#define MES_YIELD_SETS \
  "work_order_id = excluded.work_order_id" MES_YIELD_COUNTS(MES_COMMA_SUM)
#define MES_RUNNING_SETS "subject_id = excluded.subject_id" MES_YIELD_COUNTS(MES_COMMA_SUM)
#define MES_COMMA_OF_Y(name) ", y." #name
#define MES_COMMA_EXCLUDED(name) ", " #name " = excluded." #name

constexpr Statement kCountFine{
    "CountFine",
    "insert into operation_yield as y (work_order_id, plant_day, operation, shift, station_id" MES_YIELD_NAMES
    ") select work_order_id, date '1970-01-01' + plant_day, operation, shift, station_id" MES_YIELD_NAMES
    " from unnest($1::integer[], $2::integer[], $3::smallint[], $4::smallint[], $5::integer[], $6::bigint[], $7::bigint[], $8::bigint[],"
    " $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],"
    " $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[])"
    " n (work_order_id, plant_day, operation, shift, station_id" MES_YIELD_NAMES
    ") on conflict (work_order_id, plant_day, operation, shift, station_id) do update set " MES_YIELD_SETS};
// Takes the locks of the lines besides ($23, in order): who moves a line's running totals is alone until its commit, since each row of
// theirs rests on the one before. The next statement sees what the one before committed.
constexpr Statement kCountLineDay{
    "CountLineDay",
    "with locked as materialized (select count(pg_advisory_xact_lock(hashtext('line_yield'), line_id)) as lines"
    " from unnest($23::integer[]) l (line_id))"
    " insert into line_yield_day as y (line_id, operation, plant_day, shift, work_order_id" MES_YIELD_NAMES
    ") select line_id, operation, date '1970-01-01' + plant_day, shift, work_order_id" MES_YIELD_NAMES
    " from locked cross join"
    " unnest($1::integer[], $2::smallint[], $3::integer[], $4::smallint[], $5::integer[], $6::bigint[], $7::bigint[], $8::bigint[],"
    " $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],"
    " $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[])"
    " n (line_id, operation, plant_day, shift, work_order_id" MES_YIELD_NAMES
    ") on conflict (line_id, operation, plant_day, shift, work_order_id) do update set " MES_YIELD_SETS};
// Adds to the row of the day. Tells which rows it made, and which are not their series' last: these need more (CarryOver).
constexpr Statement kCountRunning{
    "CountRunning",
    "with counted as (insert into yield_running as y (subject, subject_id, operation, shift, plant_day" MES_YIELD_NAMES
    ") select subject, subject_id, operation, shift, date '1970-01-01' + plant_day" MES_YIELD_NAMES
    " from unnest($1::smallint[], $2::integer[], $3::smallint[], $4::smallint[], $5::integer[], $6::bigint[], $7::bigint[], $8::bigint[],"
    " $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],"
    " $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[])"
    " n (subject, subject_id, operation, shift, plant_day" MES_YIELD_NAMES
    ") on conflict (subject, subject_id, operation, shift, plant_day) do update set " MES_RUNNING_SETS
    " returning subject, subject_id, operation, shift, plant_day, xmax = 0 as fresh) select c.subject, c.subject_id, c.operation, c.shift,"
    " c.plant_day - date '1970-01-01', c.fresh from counted c where c.fresh or c.plant_day < (select max(y.plant_day) from yield_running y"
    " where y.subject = c.subject and y.subject_id = c.subject_id and y.operation = c.operation and y.shift = c.shift)"};
// From the last row before `plant_day` on.
constexpr char kLoadRunning[] =
    "select y.subject, y.subject_id, y.operation, y.shift, y.plant_day - date '1970-01-01'" MES_YIELD_COUNTS(MES_COMMA_OF_Y)
    " from unnest($1::smallint[], $2::integer[], $3::smallint[], $4::smallint[], $5::integer[])"
    " n (subject, subject_id, operation, shift, plant_day) cross join lateral (select max(b.plant_day) as plant_day from yield_running b"
    " where b.subject = n.subject and b.subject_id = n.subject_id and b.operation = n.operation and b.shift = n.shift"
    " and b.plant_day < date '1970-01-01' + n.plant_day) b join yield_running y on y.subject = n.subject and y.subject_id = n.subject_id"
    " and y.operation = n.operation and y.shift = n.shift and y.plant_day >= coalesce(b.plant_day, date '1970-01-01' + n.plant_day)"
    " order by 1, 2, 3, 4, 5";
constexpr Statement kSetRunning{
    "SetRunning",
    "insert into yield_running as y (subject, subject_id, operation, shift, plant_day" MES_YIELD_NAMES
    ") select subject, subject_id, operation, shift, date '1970-01-01' + plant_day" MES_YIELD_NAMES
    " from unnest($1::smallint[], $2::integer[], $3::smallint[], $4::smallint[], $5::integer[], $6::bigint[], $7::bigint[], $8::bigint[],"
    " $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],"
    " $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[])"
    " n (subject, subject_id, operation, shift, plant_day" MES_YIELD_NAMES
    ") on conflict (subject, subject_id, operation, shift, plant_day) do update set subject_id = excluded.subject_id"
    MES_YIELD_COUNTS(MES_COMMA_EXCLUDED)};
constexpr Statement kNameSeries{"NameSeries", R"(
  insert into yield_series (subject, subject_id, operation, shift)
  select subject, subject_id, operation, shift
  from unnest($1::smallint[], $2::integer[], $3::smallint[], $4::smallint[]) n (subject, subject_id, operation, shift)
  on conflict (subject, subject_id, operation, shift) do nothing)"};
constexpr Statement kInsertRestatements{
    "InsertRestatements",
    "insert into yield_restatement (record_time, unit_id, reversed_sequence, sequence, reporting_station, epoch, reversed_epoch,"
    " work_order_id, station_id, plant_day, operation, shift" MES_YIELD_NAMES
    ") select $29::timestamptz, unit_id, reversed_sequence, sequence, reporting_station, epoch, reversed_epoch, work_order_id, station_id,"
    " date '1970-01-01' + plant_day, operation, shift" MES_YIELD_NAMES
    " from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::integer[], $5::integer[], $6::integer[], $7::integer[], $8::integer[],"
    " $9::integer[], $10::smallint[], $11::smallint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],"
    " $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[], $23::bigint[], $24::bigint[],"
    " $25::bigint[], $26::bigint[], $27::bigint[], $28::bigint[])"
    " n (unit_id, reversed_sequence, sequence, reporting_station, epoch, reversed_epoch, work_order_id, station_id, plant_day, operation,"
    " shift" MES_YIELD_NAMES ")"};
static_assert(domain::kYieldCounts.size() == 17);

constexpr Statement kCountLots{"CountLots", R"(
  insert into lot_yield as y (lot_id, line_id, operation, plant_day, first_runs, first_passes, scrapped)
  select lot_id, line_id, operation, date '1970-01-01' + plant_day, first_runs, first_passes, scrapped
  from unnest($1::bigint[], $2::integer[], $3::smallint[], $4::integer[], $5::bigint[], $6::bigint[], $7::bigint[])
    n (lot_id, line_id, operation, plant_day, first_runs, first_passes, scrapped)
  on conflict (lot_id, line_id, operation, plant_day) do update
  set
    first_runs = y.first_runs + excluded.first_runs,
    first_passes = y.first_passes + excluded.first_passes,
    scrapped = y.scrapped + excluded.scrapped)"};

int32_t LineOf(const World& world, int32_t station_id) {
  const domain::Station* station = world.plant.FindStation(station_id);
  return station == nullptr ? 0 : station->line_id;
}

// Subject, its id, operation, shift, plant day: a row of the running totals.
using RunningKey = std::array<int64_t, 5>;
using SeriesKey = std::array<int64_t, 4>;
SeriesKey SeriesOf(const RunningKey& key) { return {key[0], key[1], key[2], key[3]}; }

// The rare part of running totals: a new row takes over what its series counted before it, and later rows move by what was added to
// earlier ones. `changes`: what this transaction has added, row by row. Reads from the last row before the first change on, so that
// what it costs depends on how late an event is and not on how long the series is.
void CarryOver(Transaction& transaction, const std::map<RunningKey, YieldCounts>& changes, const std::set<RunningKey>& fresh,
               const std::map<SeriesKey, int64_t>& first_days) {
  std::array<Column, 5> keys;
  for (const auto& [series, day] : first_days) {
    for (size_t i = 0; i < series.size(); ++i) keys[i].Add(series[i]);
    keys[4].Add(day);
  }
  Columns<5> rows;
  SeriesKey series{};
  YieldCounts before, added;
  for (const auto& row : Execute(transaction, kLoadRunning, keys[0].Take(), keys[1].Take(), keys[2].Take(), keys[3].Take(),
                                 keys[4].Take())) {
    RowReader reader(row);
    RunningKey key;
    for (size_t i = 0; i < key.size(); ++i) key[i] = reader.Next<int64_t>();
    YieldCounts counts = ReadYieldCounts(reader);
    if (SeriesOf(key) != series) series = SeriesOf(key), before = {}, added = {};
    const bool earlier = key[4] < first_days.at(series);
    if (!earlier) {
      counts.Add(fresh.contains(key) ? before : added);
      rows.Add(key, counts);
      if (const auto change = changes.find(key); change != changes.end()) added.Add(change->second);
    }
    before = counts;
  }
  rows.Store(transaction, kSetRunning);
}

// Under the lines' locks (kCountLineDay).
void StoreRunning(Transaction& transaction, const std::map<RunningKey, YieldCounts>& changes) {
  Columns<5> rows;
  std::map<SeriesKey, std::vector<int64_t>> days;
  for (const auto& [key, counts] : changes) {
    rows.Add(key, counts);
    days[SeriesOf(key)].push_back(key[4]);
  }
  std::set<RunningKey> fresh;
  std::map<SeriesKey, int64_t> first_days;
  const auto touch = [&](const SeriesKey& series, int64_t day) {
    const auto [known, first] = first_days.try_emplace(series, day);
    if (!first) known->second = std::min(known->second, day);
  };
  for (const auto& row : rows.Store(transaction, kCountRunning)) {
    RowReader reader(row);
    RunningKey key;
    for (size_t i = 0; i < key.size(); ++i) key[i] = reader.Next<int64_t>();
    if (reader.Next<bool>()) fresh.insert(key);
    touch(SeriesOf(key), key[4]);
  }
  // Rows that were made together do not see each other.
  for (const auto& [series, of] : days) {
    if (of.size() > 1) touch(series, of.front());
  }
  if (first_days.empty()) return;
  CarryOver(transaction, changes, fresh, first_days);
  std::array<Column, 4> names;
  for (const RunningKey& key : fresh) {
    for (size_t i = 0; i < names.size(); ++i) names[i].Add(key[i]);
  }
  if (!fresh.empty()) {
    Execute(transaction, kNameSeries, names[0].Take(), names[1].Take(), names[2].Take(), names[3].Take());
  }
}

// Rows in the order of their keys, so that transactions that meet wait in line instead of for each other.
void StoreCounts(Transaction& transaction, const World& world) {
  std::map<std::array<int64_t, 5>, YieldCounts> line_days;
  std::map<RunningKey, YieldCounts> running;
  std::set<int64_t> lines;
  Columns<5> fine, line_day;
  for (const auto& [key, counts] : world.effects.yields) {
    if (counts.IsZero()) continue;
    fine.Add({key.work_order_id, key.plant_day, key.operation, key.shift, key.station_id}, counts);
    const int64_t line = LineOf(world, key.station_id);
    lines.insert(line);
    for (const int16_t operation : {key.operation, int16_t{0}}) {
      line_days[{line, operation, key.plant_day, key.shift, key.work_order_id}].Add(counts);
      running[{1, line, operation, key.shift, key.plant_day}].Add(counts);
    }
    running[{2, key.station_id, key.operation, key.shift, key.plant_day}].Add(counts);
  }
  if (lines.empty()) return;
  for (const auto& [key, counts] : line_days) line_day.Add(key, counts);
  fine.Store(transaction, kCountFine);
  line_day.Store(transaction, kCountLineDay, ArrayOf(std::vector<int64_t>(lines.begin(), lines.end())));
  StoreRunning(transaction, running);
}

void StoreLotYields(Transaction& transaction, const World& world) {
  std::array<Column, 7> columns;
  bool any = false;
  for (const auto& [key, counts] : world.effects.lot_yields) {
    if (counts.IsZero()) continue;
    columns[0].Add(key.lot_id), columns[1].Add(key.line_id), columns[2].Add(key.operation), columns[3].Add(key.plant_day);
    columns[4].Add(counts.first_runs), columns[5].Add(counts.first_passes), columns[6].Add(counts.scrapped);
    any = true;
  }
  if (!any) return;
  Execute(transaction, kCountLots, columns[0].Take(), columns[1].Take(), columns[2].Take(), columns[3].Take(), columns[4].Take(),
          columns[5].Take(), columns[6].Take());
}

void StoreRestatements(Transaction& transaction, const World& world) {
  Columns<11> rows;
  for (const domain::YieldRestatement& restatement : world.effects.restatements) {
    const YieldKey& key = restatement.key;
    rows.Add({restatement.unit_id, restatement.reversed_sequence, restatement.sequence, restatement.station_id, restatement.epoch,
              restatement.reversed_epoch, key.work_order_id, key.station_id, key.plant_day, key.operation, key.shift},
             restatement.delta);
  }
  rows.Store(transaction, kInsertRestatements, world.now);
}

}  // namespace

void WorldKeys::AddRun(const domain::Station& station, const domain::StationEvent& event) {
  const EventKind kind = event.Kind();
  if (const auto* loaded = std::get_if<domain::CarrierLoaded>(&event.what)) {
    for (const auto& slot : loaded->slots) put_in[event.carrier_code].push_back(slot.unit_code);
  }
  if (kind != EventKind::kStarted && kind != EventKind::kCompleted && kind != EventKind::kScrapped) return;
  const int16_t operation = event.operation != 0                 ? event.operation
                            : station.operations.size() == 1 ? station.operations.front()
                                                              : int16_t{0};
  const std::string& code = event.unit_code.empty() ? event.carrier_code : event.unit_code;
  const auto before = completed_in_batch.find(code);
  const bool again = before != completed_in_batch.end() && operation <= before->second;
  runs.push_back({code, operation, kind, event.unit_code.empty(), again});
  const auto* completed = std::get_if<domain::Completed>(&event.what);
  if (completed == nullptr) return;
  int16_t& last = completed_in_batch[code];
  last = std::max(last, operation);
  if (!completed->new_code.empty()) completed_in_batch[completed->new_code] = last;
}

void LoadYieldPast(Transaction& transaction, const WorldKeys& keys, World& world) {
  std::set<int64_t> whole, consumers;
  for (const WorldKeys::NamedRun& run : keys.runs) {
    if (run.carrier) {
      if (const auto put = keys.put_in.find(run.code); put != keys.put_in.end()) {
        for (const std::string& code : put->second) {
          if (const UnitEntry* entry = world.FindUnit(code); entry != nullptr) Sort(*entry, run, world, whole, consumers);
        }
      }
      const auto carrier = world.carrier_by_code.find(run.code);
      if (carrier == world.carrier_by_code.end()) continue;
      for (const auto& [slot, id] : world.carrier_contents[carrier->second]) Sort(world.units.at(id), run, world, whole, consumers);
      continue;
    }
    std::string code = run.code;
    for (auto renamed = keys.renames.find(code); world.FindUnit(code) == nullptr && renamed != keys.renames.end();) {
      code = renamed->second;
      renamed = keys.renames.find(code);
    }
    if (const UnitEntry* entry = world.FindUnit(code); entry != nullptr) Sort(*entry, run, world, whole, consumers);
  }
  if (!whole.empty()) LoadFacts(transaction, whole, world);
  for (const int64_t id : whole) consumers.erase(id);
  if (!consumers.empty()) LoadConsumed(transaction, consumers, world);
}

void StoreYields(Transaction& transaction, const World& world) {
  StoreCounts(transaction, world);
  StoreRestatements(transaction, world);
  // Last: lots may be used on several lines at once.
  StoreLotYields(transaction, world);
}

}  // namespace mes::db
