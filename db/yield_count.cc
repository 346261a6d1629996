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
  template <typename... Values>
  void Store(Transaction& transaction, const Statement& statement, const Values&... more) {
    if (any_) Store(std::make_index_sequence<kKeys + std::size(domain::kYieldCounts)>(), transaction, statement, more...);
  }

 private:
  template <size_t... kIndex, typename... Values>
  void Store(std::index_sequence<kIndex...>, Transaction& transaction, const Statement& statement, const Values&... more) {
    Execute(transaction, statement, columns_[kIndex].Take()..., more...);
  }
  std::array<Column, kKeys + std::size(domain::kYieldCounts)> columns_;
  bool any_ = false;
};

#define MES_COMMA_SUM(name) ", " #name " = y." #name " + excluded." #name
#define MES_YIELD_SETS \
  "work_order_id = excluded.work_order_id" MES_YIELD_COUNTS(MES_COMMA_SUM)
#define MES_MONTH_SETS "subject_id = excluded.subject_id" MES_YIELD_COUNTS(MES_COMMA_SUM)

constexpr Statement kCountFine{
    "CountFine",
    "insert into operation_yield as y (work_order_id, plant_day, operation, shift, station_id" MES_YIELD_NAMES
    ") select work_order_id, date '1970-01-01' + plant_day, operation, shift, station_id" MES_YIELD_NAMES
    " from unnest($1::integer[], $2::integer[], $3::smallint[], $4::smallint[], $5::integer[], $6::bigint[], $7::bigint[], $8::bigint[],"
    " $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],"
    " $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[])"
    " n (work_order_id, plant_day, operation, shift, station_id" MES_YIELD_NAMES
    ") on conflict (work_order_id, plant_day, operation, shift, station_id) do update set " MES_YIELD_SETS};
constexpr Statement kCountLineDay{
    "CountLineDay",
    "insert into line_yield_day as y (line_id, operation, plant_day, shift, work_order_id" MES_YIELD_NAMES
    ") select line_id, operation, date '1970-01-01' + plant_day, shift, work_order_id" MES_YIELD_NAMES
    " from unnest($1::integer[], $2::smallint[], $3::integer[], $4::smallint[], $5::integer[], $6::bigint[], $7::bigint[], $8::bigint[],"
    " $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],"
    " $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[])"
    " n (line_id, operation, plant_day, shift, work_order_id" MES_YIELD_NAMES
    ") on conflict (line_id, operation, plant_day, shift, work_order_id) do update set " MES_YIELD_SETS};
constexpr Statement kCountMonth{
    "CountMonth",
    "insert into yield_month as y (subject, subject_id, operation, month, shift" MES_YIELD_NAMES
    ") select subject, subject_id, operation, date '1970-01-01' + month, shift" MES_YIELD_NAMES
    " from unnest($1::smallint[], $2::integer[], $3::smallint[], $4::integer[], $5::smallint[], $6::bigint[], $7::bigint[], $8::bigint[],"
    " $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],"
    " $17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[])"
    " n (subject, subject_id, operation, month, shift" MES_YIELD_NAMES
    ") on conflict (subject, subject_id, operation, month, shift) do update set " MES_MONTH_SETS};
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
  insert into lot_yield as y (lot_id, line_id, operation, first_runs, first_passes, scrapped)
  select lot_id, line_id, operation, first_runs, first_passes, scrapped
  from unnest($1::bigint[], $2::integer[], $3::smallint[], $4::bigint[], $5::bigint[], $6::bigint[])
    n (lot_id, line_id, operation, first_runs, first_passes, scrapped)
  on conflict (lot_id, line_id, operation) do update
  set
    first_runs = y.first_runs + excluded.first_runs,
    first_passes = y.first_passes + excluded.first_passes,
    scrapped = y.scrapped + excluded.scrapped)"};

int32_t LineOf(const World& world, int32_t station_id) {
  const domain::Station* station = world.plant.FindStation(station_id);
  return station == nullptr ? 0 : station->line_id;
}

int32_t MonthOf(int32_t day) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
  return static_cast<int32_t>(std::chrono::sys_days(date.year() / date.month() / 1).time_since_epoch().count());
}

// Rows in the order of their keys, so that transactions that meet wait in line instead of for each other.
void StoreCounts(Transaction& transaction, const World& world) {
  std::map<std::array<int64_t, 5>, YieldCounts> line_days, months;
  Columns<5> fine, line_day, month;
  for (const auto& [key, counts] : world.effects.yields) {
    if (counts.IsZero()) continue;
    fine.Add({key.work_order_id, key.plant_day, key.operation, key.shift, key.station_id}, counts);
    const int64_t line = LineOf(world, key.station_id), first = MonthOf(key.plant_day);
    line_days[{line, key.operation, key.plant_day, key.shift, key.work_order_id}].Add(counts);
    line_days[{line, 0, key.plant_day, key.shift, key.work_order_id}].Add(counts);
    months[{1, line, key.operation, first, key.shift}].Add(counts);
    months[{2, key.station_id, key.operation, first, key.shift}].Add(counts);
  }
  for (const auto& [key, counts] : line_days) line_day.Add(key, counts);
  for (const auto& [key, counts] : months) month.Add(key, counts);
  fine.Store(transaction, kCountFine);
  line_day.Store(transaction, kCountLineDay);
  month.Store(transaction, kCountMonth);
}

void StoreLotYields(Transaction& transaction, const World& world) {
  std::array<Column, 6> columns;
  bool any = false;
  for (const auto& [key, counts] : world.effects.lot_yields) {
    if (counts.IsZero()) continue;
    columns[0].Add(key.lot_id), columns[1].Add(key.line_id), columns[2].Add(key.operation);
    columns[3].Add(counts.first_runs), columns[4].Add(counts.first_passes), columns[5].Add(counts.scrapped);
    any = true;
  }
  if (!any) return;
  Execute(transaction, kCountLots, columns[0].Take(), columns[1].Take(), columns[2].Take(), columns[3].Take(), columns[4].Take(),
          columns[5].Take());
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
