#include "db/world.h"

#include <algorithm>
#include <mutex>

#include <nlohmann/json.hpp>

#include "db/array.h"
#include "db/event_row.h"
#include "db/process_world.h"
#include "db/issued_code.h"
#include "db/hold.h"
#include "db/hold_world.h"
#include "db/nonconformance.h"
#include "db/refusal_json.h"
#include "db/row.h"
#include "db/spc_chart.h"
#include "db/unit_row.h"
#include "db/yield_count.h"
#include "domain/limits.h"

namespace mes::db {
namespace {

using domain::World;

constexpr int64_t kIdBlock = 2'048;
constexpr int kMaxAncestors = 16;

std::string Literal(const std::set<std::string>& values) {
  return ArrayOf(std::vector<std::string>(values.begin(), values.end()));
}

constexpr Statement kMakeCursors{"MakeCursors", R"(
  insert into station_cursor (station_id, epoch, last_sequence, recorded_events, rejected_events)
  select s, 1, 0, 0, 0
  from unnest($1::integer[]) s
  where not exists (select 1 from station_cursor c where c.station_id = s)
  on conflict (station_id) do nothing)"};
constexpr Statement kLockCursors{"LockCursors", R"(
  select station_id, epoch, last_sequence, recorded_events, rejected_events
  from station_cursor
  where station_id = any($1::integer[])
  order by station_id
  for no key update)"};

void LockCursors(Transaction& transaction, const WorldKeys& keys, World& world) {
  const std::string stations = ArrayOf(std::vector<int32_t>(keys.stations.begin(), keys.stations.end()));
  const auto lock = [&] {
    for (const auto& row : Execute(transaction, kLockCursors, stations)) {
      RowReader reader(row);
      domain::Cursor& cursor = world.cursors[reader.Next<int32_t>()];
      cursor.epoch = reader.Next<int32_t>();
      cursor.last_sequence = reader.Next<int64_t>();
      cursor.recorded = reader.Next<int64_t>();
      cursor.rejected = reader.Next<int64_t>();
    }
  };
  lock();
  if (world.cursors.size() == keys.stations.size()) return;
  Execute(transaction, kMakeCursors, stations);
  lock();
}

// The number of an event that came before tells a resend only with its content's digest. Found by its time (BRIN), one pass for
// each station: rare, so that no index over every event is paid for it.
constexpr char kEarlierRecorded[] = R"(
  select e.station_id, e.epoch, e.sequence, e.digest
  from unnest($1::integer[], $2::timestamptz[], $3::timestamptz[]) k (station_id, from_time, until_time)
  join station_event e on
    e.occur_time between k.from_time and k.until_time
    and e.station_id = k.station_id
  where e.sequence = any($4::bigint[]))";
constexpr char kEarlierRefused[] = R"(
  select r.station_id, r.epoch, r.sequence, r.digest, r.refusals
  from unnest($1::integer[], $2::integer[], $3::bigint[]) k (station_id, epoch, sequence)
  join refused_event r on
    r.station_id = k.station_id
    and r.epoch = k.epoch
    and r.sequence = k.sequence)";

void LoadEarlier(Transaction& transaction, const WorldKeys& keys, World& world) {
  world.earlier = keys.earlier;
  std::vector<int32_t> stations, epochs;
  std::vector<int64_t> sequences;
  std::map<int32_t, std::pair<domain::Time, domain::Time>> spans;
  const domain::Time oldest = world.now - std::chrono::seconds(domain::kMaxBehindSeconds);
  for (const WorldKeys::Numbered& numbered : keys.events) {
    const domain::Cursor& cursor = world.cursors[numbered.key.station_id];
    const bool later =
        numbered.key.epoch > cursor.epoch || (numbered.key.epoch == cursor.epoch && numbered.key.sequence > cursor.last_sequence);
    if (later || keys.earlier.contains(numbered.key)) continue;
    stations.push_back(numbered.key.station_id);
    epochs.push_back(numbered.key.epoch);
    sequences.push_back(numbered.key.sequence);
    if (numbered.occur_time < oldest || numbered.occur_time > world.now + std::chrono::days(1)) continue;  // never recorded
    const auto [span, first] = spans.try_emplace(numbered.key.station_id, numbered.occur_time, numbered.occur_time);
    span->second.first = std::min(span->second.first, numbered.occur_time);
    span->second.second = std::max(span->second.second, numbered.occur_time);
  }
  if (stations.empty()) return;
  const std::string s = ArrayOf(stations), e = ArrayOf(epochs), q = ArrayOf(sequences);
  std::vector<int32_t> spanned;
  std::vector<std::string> from, until;
  for (const auto& [station, span] : spans) {
    spanned.push_back(station);
    from.push_back(TimeText(span.first));
    until.push_back(TimeText(span.second));
  }
  for (const auto& row : Execute(transaction, kEarlierRecorded, ArrayOf(spanned), ArrayOf(from), ArrayOf(until), q)) {
    RowReader reader(row);
    const int32_t station = reader.Next<int32_t>();
    const int32_t epoch = reader.Next<int32_t>();
    const domain::EventKey key{station, epoch, reader.Next<int64_t>()};
    world.earlier[key] = {reader.Next<int64_t>(), domain::EventOutcome::kRecorded, {}};
  }
  for (const auto& row : Execute(transaction, kEarlierRefused, s, e, q)) {
    RowReader reader(row);
    const int32_t station = reader.Next<int32_t>();
    const int32_t epoch = reader.Next<int32_t>();
    const domain::EventKey key{station, epoch, reader.Next<int64_t>()};
    const int64_t digest = reader.Next<int64_t>();
    world.earlier[key] = {digest, domain::EventOutcome::kRejected, RefusalsFromJson(reader.Next<std::string>())};
  }
}

constexpr Statement kCarriers{"Carriers", R"(
  select code, carrier_id
  from carrier
  where code = any($1::text[]))"};
// Two stations that load one carrier meet here, before its units.
constexpr Statement kLockCarriers{"LockCarriers", R"(
  select code, carrier_id
  from carrier
  where code = any($1::text[])
  order by carrier_id
  for no key update)"};
constexpr Statement kMakeCarriers{"MakeCarriers", R"(
  insert into carrier (code)
  select c
  from unnest($1::text[]) c
  order by c
  on conflict (code) do nothing)"};

void LoadCarriers(Transaction& transaction, const WorldKeys& keys, bool make, World& world) {
  if (keys.carriers.empty()) return;
  const auto load = [&] {
    for (const auto& row : Execute(transaction, make ? kLockCarriers : kCarriers, Literal(keys.carriers))) {
      RowReader reader(row);
      std::string code = reader.Next<std::string>();
      world.carrier_by_code[std::move(code)] = reader.Next<int32_t>();
    }
  };
  load();
  std::set<std::string> missing;
  for (const std::string& code : keys.carriers_loaded) {
    if (!world.carrier_by_code.contains(code)) missing.insert(code);
  }
  if (!make || missing.empty()) return;
  Execute(transaction, kMakeCarriers, Literal(missing));
  load();
}

#define MES_UNIT_FROM " from unit u left join lot l on l.unit_id = u.unit_id where "
#define MES_UNIT_LOCK " order by u.unit_id for no key update of u"
constexpr Statement kUnitsByCode{"UnitsByCode",
                                 "select " MES_UNIT_COLUMNS MES_UNIT_FROM "u.code = any($1::text[]) order by u.unit_id"};
constexpr Statement kLockUnitsByCode{"LockUnitsByCode",
                                     "select " MES_UNIT_COLUMNS MES_UNIT_FROM "u.code = any($1::text[])" MES_UNIT_LOCK};
constexpr Statement kUnitsById{"UnitsById",
                               "select " MES_UNIT_COLUMNS MES_UNIT_FROM "u.unit_id = any($1::bigint[]) order by u.unit_id"};
constexpr Statement kLockUnitsById{"LockUnitsById",
                                   "select " MES_UNIT_COLUMNS MES_UNIT_FROM "u.unit_id = any($1::bigint[])" MES_UNIT_LOCK};
constexpr Statement kUnitsByCarrier{
    "UnitsByCarrier", "select " MES_UNIT_COLUMNS MES_UNIT_FROM "u.carrier_id = any($1::integer[]) order by u.unit_id"};
constexpr Statement kLockUnitsByCarrier{
    "LockUnitsByCarrier", "select " MES_UNIT_COLUMNS MES_UNIT_FROM "u.carrier_id = any($1::integer[])" MES_UNIT_LOCK};
// A tray position was many cells' code: that it stands for several is all that is asked then.
constexpr Statement kFormerCodes{"FormerCodes", R"(
  select code, min(unit_id), min(unit_id) <> max(unit_id)
  from unit_code_history
  where code = any($1::text[])
  group by code)"};
// A row lock on `unit` does not refresh what was joined to it: what others used of a lot meanwhile is read after the locks.
constexpr Statement kLockLots{"LockLots", R"(
  select unit_id, quantity_micro, left_micro, expire_time, open_time, floor_life_seconds
  from lot
  where unit_id = any($1::bigint[])
  order by unit_id
  for no key update)"};

void TakeUnits(const pqxx::result& rows, World& world) {
  for (const auto& row : rows) {
    domain::UnitEntry entry = ReadUnit(row);
    world.unit_by_code[entry.unit.code] = entry.unit.id;
    const int64_t id = entry.unit.id;
    world.units.emplace(id, std::move(entry));
  }
}

void LoadUnitsById(Transaction& transaction, const std::vector<int64_t>& ids, bool lock, World& world) {
  if (!ids.empty()) TakeUnits(Execute(transaction, lock ? kLockUnitsById : kUnitsById, ArrayOf(ids)), world);
}

void LoadFormerCodes(Transaction& transaction, const WorldKeys& keys, bool lock, World& world) {
  std::set<std::string> missing;
  for (const std::string& code : keys.codes) {
    if (!world.unit_by_code.contains(code)) missing.insert(code);
  }
  if (missing.empty()) return;
  std::vector<int64_t> ids;
  for (const auto& row : Execute(transaction, kFormerCodes, Literal(missing))) {
    RowReader reader(row);
    const std::string code = reader.Next<std::string>();
    const int64_t id = reader.Next<int64_t>();
    if (reader.Next<bool>()) {
      world.ambiguous_codes.insert(code);
      continue;
    }
    world.unit_by_former_code[code] = id;
    if (!world.units.contains(id)) ids.push_back(id);
  }
  LoadUnitsById(transaction, ids, lock, world);
}

// Everything that the loaded units are built into: a held parent blocks its parts.
void LoadAncestors(Transaction& transaction, bool lock, World& world) {
  for (int level = 0; level < kMaxAncestors; ++level) {
    std::set<int64_t> parents;
    for (const auto& [id, entry] : world.units) {
      if (entry.unit.parent_id != 0 && !world.units.contains(entry.unit.parent_id)) parents.insert(entry.unit.parent_id);
    }
    if (parents.empty()) return;
    LoadUnitsById(transaction, std::vector<int64_t>(parents.begin(), parents.end()), lock, world);
  }
}

void LockLots(Transaction& transaction, World& world) {
  std::vector<int64_t> ids;
  for (const auto& [id, entry] : world.units) {
    if (entry.lot) ids.push_back(id);
  }
  if (ids.empty()) return;
  for (const auto& row : Execute(transaction, kLockLots, ArrayOf(ids))) {
    RowReader reader(row);
    domain::Lot& lot = *world.units.at(reader.Next<int64_t>()).lot;
    lot.quantity_micro = reader.Next<int64_t>();
    lot.left_micro = reader.Next<int64_t>();
    lot.expire_time = reader.NextOptional<domain::Time>();
    lot.open_time = reader.NextOptional<domain::Time>();
    lot.floor_life_seconds = reader.Next<int64_t>();
  }
}

void LoadUnits(Transaction& transaction, const WorldKeys& keys, bool lock, World& world) {
  if (!keys.codes.empty()) TakeUnits(Execute(transaction, lock ? kLockUnitsByCode : kUnitsByCode, Literal(keys.codes)), world);
  std::vector<int32_t> carriers;
  for (const auto& [code, id] : world.carrier_by_code) {
    carriers.push_back(id);
    world.carrier_contents[id];
  }
  if (!carriers.empty()) TakeUnits(Execute(transaction, lock ? kLockUnitsByCarrier : kUnitsByCarrier, ArrayOf(carriers)), world);
  LoadFormerCodes(transaction, keys, lock, world);
  LoadAncestors(transaction, lock, world);
  for (const auto& [id, entry] : world.units) {
    if (const auto carrier = world.carrier_contents.find(entry.unit.carrier_id); carrier != world.carrier_contents.end()) {
      carrier->second[entry.unit.carrier_slot] = id;
    }
  }
}

#define MES_ORDER_SELECT                                                                                                   \
  "select work_order_id, code, material_id, revision_id, state, ordered_micro, started_micro, good_micro, scrapped_micro, trial " \
  "from work_order where work_order_id = any($1::integer[]) or code = any($2::text[]) order by work_order_id"
constexpr Statement kOrders{"Orders", MES_ORDER_SELECT};
constexpr Statement kLockOrders{"LockOrders", MES_ORDER_SELECT " for no key update"};

void LoadOrders(Transaction& transaction, const WorldKeys& keys, bool lock, World& world) {
  std::set<int32_t> ids;
  for (const auto& [id, entry] : world.units) {
    if (entry.unit.work_order_id != 0) ids.insert(entry.unit.work_order_id);
  }
  if (ids.empty() && keys.orders.empty()) return;
  const std::string literal = ArrayOf(std::vector<int32_t>(ids.begin(), ids.end()));
  for (const auto& row : Execute(transaction, lock ? kLockOrders : kOrders, literal, Literal(keys.orders))) {
    RowReader reader(row);
    domain::OrderState order;
    order.id = reader.Next<int32_t>();
    order.code = reader.Next<std::string>();
    order.material_id = reader.Next<int32_t>();
    order.revision_id = reader.NextOr<int32_t>(0);
    order.state = reader.Next<domain::WorkOrderState>();
    order.ordered_micro = reader.Next<int64_t>();
    order.started_micro = reader.Next<int64_t>();
    order.good_micro = reader.Next<int64_t>();
    order.scrapped_micro = reader.Next<int64_t>();
    order.trial = reader.Next<bool>();
    world.order_by_code[order.code] = order.id;
    world.orders[order.id] = std::move(order);
  }
}

// Of each kind the newest in force when the batch begins, the newest that had just expired (to be told as such), and those that
// come within the batch's time.
constexpr Statement kConditions{"Conditions", R"(
  select station_id, person, kind, in_order, occur_time, expire_time
  from (
    select station_id, person, kind, in_order, occur_time, expire_time,
      row_number() over (partition by station_id, person, kind, occur_time > $3, expire_time >= $3 order by occur_time desc) as newest
    from station_condition
    where ((station_id = any($1::integer[]) and person = '') or (station_id = 0 and person = any($2::text[])))
      and expire_time >= $3::timestamptz - interval '1 day'
      and occur_time <= $4
  ) c
  where newest = 1
    or occur_time > $3
  order by occur_time desc)"};

void LoadConditions(Transaction& transaction, const WorldKeys& keys, World& world) {
  const auto oldest = world.now - std::chrono::seconds(domain::kMaxBehindSeconds);
  const domain::Time from = std::max(keys.from, oldest);
  const std::string stations = ArrayOf(std::vector<int32_t>(keys.stations.begin(), keys.stations.end()));
  for (const auto& row : Execute(transaction, kConditions, stations, Literal(keys.persons), from, keys.until)) {
    RowReader reader(row);
    domain::StationCondition condition;
    condition.station_id = reader.Next<int32_t>();
    condition.report.person = reader.Next<std::string>();
    condition.report.kind = reader.Next<domain::ConditionKind>();
    condition.report.in_order = reader.Next<bool>();
    condition.occur_time = reader.Next<domain::Time>();
    condition.report.expire_time = reader.Next<domain::Time>();
    world.conditions[{condition.station_id, condition.report.person, condition.report.kind}].push_back(std::move(condition));
  }
}

constexpr Statement kPositions{"Positions", R"(
  select parent_id, line, slot, child_id
  from assembly
  where parent_id = any($1::bigint[])
    and remove_time is null)"};
constexpr Statement kHoldsOf{"HoldsOf", R"(
  select i.unit_id, i.hold_id
  from hold_item i
  join hold h on h.hold_id = i.hold_id
  where i.unit_id = any($1::bigint[])
    and i.release_time is null
    and h.release_time is null
  order by i.hold_id)"};

void LoadPositions(Transaction& transaction, const WorldKeys& keys, World& world) {
  std::vector<int64_t> parents;
  for (std::string code : keys.parents) {
    // A code that the batch itself gives is its unit's former one until then.
    for (auto renamed = keys.renames.find(code); world.FindUnit(code) == nullptr && renamed != keys.renames.end();) {
      code = renamed->second;
      renamed = keys.renames.find(code);
    }
    if (const domain::UnitEntry* entry = world.FindUnit(code); entry != nullptr) parents.push_back(entry->unit.id);
  }
  if (parents.empty()) return;
  for (const auto& row : Execute(transaction, kPositions, ArrayOf(parents))) {
    RowReader reader(row);
    const int64_t parent = reader.Next<int64_t>();
    const int16_t line = reader.Next<int16_t>();
    const int16_t slot = reader.Next<int16_t>();
    world.positions[parent][{line, slot}] = reader.Next<int64_t>();
  }
}

void LoadHolds(Transaction& transaction, World& world) {
  std::vector<int64_t> held;
  for (const auto& [id, entry] : world.units) {
    if (entry.unit.hold_count > 0) held.push_back(id);
  }
  if (held.empty()) return;
  for (const auto& row : Execute(transaction, kHoldsOf, ArrayOf(held))) {
    RowReader reader(row);
    const int64_t unit = reader.Next<int64_t>();
    world.holds[unit].push_back(reader.Next<int64_t>());
  }
}

// Histories of the units that a reversal names, and what their lots and components are.
void LoadHistories(Transaction& transaction, const WorldKeys& keys, World& world) {
  for (const std::string& code : keys.reversed) {
    const domain::UnitEntry* entry = world.FindUnit(code);
    if (entry == nullptr || world.histories.contains(entry->unit.id)) continue;
    std::vector<domain::EventRow> history = LoadHistory(transaction, entry->unit.id);
    std::set<int64_t> others;
    for (const domain::EventRow& row : history) {
      if (row.other_unit_id != 0 && !world.units.contains(row.other_unit_id)) others.insert(row.other_unit_id);
    }
    world.histories[entry->unit.id] = std::move(history);
    LoadUnitsById(transaction, std::vector<int64_t>(others.begin(), others.end()), true, world);
  }
}

constexpr Statement kRefusedStarts{"RefusedStarts", R"(
  select station_id, subject_code
  from refused_event
  where station_id = any($1::integer[])
    and subject_code = any($2::text[])
    and kind = $3)"};

// Only where a completion's unit does not run: a start that was refused is not made good by completing.
void LoadRefusedStarts(Transaction& transaction, const WorldKeys& keys, World& world) {
  std::set<std::string> codes;
  for (const std::string& code : keys.completed) {
    const domain::UnitEntry* entry = world.FindUnit(code);
    if (entry != nullptr && entry->unit.running_operation == 0) codes.insert(code);
  }
  if (codes.empty()) return;
  const std::string stations = ArrayOf(std::vector<int32_t>(keys.stations.begin(), keys.stations.end()));
  for (const auto& row : Execute(transaction, kRefusedStarts, stations, Literal(codes), domain::EventKind::kStarted)) {
    RowReader reader(row);
    const int32_t station = reader.Next<int32_t>();
    world.refused_starts.insert({station, reader.Next<std::string>()});
  }
}

// Whether the batch's new codes were given out here; battery codes only.
void LoadNewCodes(Transaction& transaction, const WorldKeys& keys, World& world) {
  if (keys.renames.empty()) return;
  std::vector<std::string> codes;
  for (const auto& [code, former] : keys.renames) codes.push_back(code);
  world.issued_codes = LoadIssuedCodes(transaction, codes);
}

World Load(Transaction& transaction, const domain::Plant& plant, domain::Time now, const WorldKeys& keys, bool lock) {
  World world(plant, now);
  if (lock) {
    ShareHoldLock(transaction);
    LockCursors(transaction, keys, world);
    LoadEarlier(transaction, keys, world);
  }
  LoadCarriers(transaction, keys, lock, world);
  LoadUnits(transaction, keys, lock, world);
  LoadHistories(transaction, keys, world);
  if (lock) LockLots(transaction, world);
  LoadOrders(transaction, keys, lock, world);
  LoadConditions(transaction, keys, world);
  LoadPositions(transaction, keys, world);
  LoadHolds(transaction, world);
  LoadStandingHolds(transaction, world);
  LoadOpenReports(transaction, world);
  if (lock) LoadRefusedStarts(transaction, keys, world);
  LoadAlarms(transaction, keys.lines, world);
  if (lock) LockRunRings(transaction, keys.rings, world);
  if (lock) LoadNewCodes(transaction, keys, world);
  if (lock) LoadYieldPast(transaction, keys, world);
  if (lock) LoadLotRuns(transaction, world);
  if (lock) LoadCharts(transaction, keys, world);
  return world;
}

}  // namespace

// The newest revision stands for the unit's: what it says of line stops seldom moves.
void WorldKeys::AddRings(const domain::Plant& plant, const domain::Station& station, const domain::StationEvent& event) {
  const domain::ProductRevision* revision = plant.NewestRevision(station.material_id);
  if (revision == nullptr || plant.rules.empty()) return;
  const int16_t number = event.operation != 0 ? event.operation : station.operations.front();
  const int16_t index = revision->OperationIndex(number);
  if (index < 0) return;
  const domain::Operation& operation = revision->operations[static_cast<size_t>(index)];
  for (const bool of_line : {false, true}) {
    if (domain::RingCapacity(plant.rules, station, *revision, operation, of_line) == 0) continue;
    rings.insert({station.line_id, number, of_line ? 0 : station.id});
  }
}

void WorldKeys::Add(const domain::Plant& plant, const domain::Station& station, int32_t epoch, const domain::StationEvent& event) {
  stations.insert(station.id);
  lines.insert(station.line_id);
  events.push_back({{station.id, epoch, event.sequence}, event.occur_time});
  if (event.malformed) return;
  from = std::min(from, event.occur_time);
  until = std::max(until, event.occur_time);
  AddRun(station, event);
  if (!event.unit_code.empty()) codes.insert(event.unit_code);
  if (!event.carrier_code.empty()) carriers.insert(event.carrier_code);
  if (!event.operator_id.empty()) persons.insert(event.operator_id);
  if (const auto* start = std::get_if<domain::Started>(&event.what)) {
    if (!start->work_order_code.empty()) orders.insert(start->work_order_code);
    codes.insert(start->material_codes.begin(), start->material_codes.end());
    ++starts;
  } else if (const auto* completed = std::get_if<domain::Completed>(&event.what)) {
    AddRings(plant, station, event);
    completing.insert(station.id);
    if (!event.unit_code.empty()) this->completed.insert(event.unit_code);
    if (!completed->new_code.empty() && completed->new_code != event.unit_code) {
      codes.insert(completed->new_code);
      renames[completed->new_code] = event.unit_code;
    }
    for (const domain::UnitResult& result : completed->unit_results) {
      if (!result.unit_code.empty()) codes.insert(result.unit_code);
    }
  } else if (const auto* consumed = std::get_if<domain::Consumed>(&event.what)) {
    codes.insert(consumed->lot_code);
  } else if (const auto* installed = std::get_if<domain::Installed>(&event.what)) {
    codes.insert(installed->component_code);
    parents.insert(event.unit_code);
  } else if (const auto* removed = std::get_if<domain::Removed>(&event.what)) {
    codes.insert(removed->component_code);
    parents.insert(event.unit_code);
  } else if (std::holds_alternative<domain::Reversed>(event.what)) {
    parents.insert(event.unit_code);
    reversed.insert(event.unit_code);
  } else if (const auto* loaded = std::get_if<domain::CarrierLoaded>(&event.what)) {
    carriers_loaded.insert(event.carrier_code);
    for (const auto& slot : loaded->slots) codes.insert(slot.unit_code);
  } else if (const auto* unloaded = std::get_if<domain::CarrierUnloaded>(&event.what)) {
    codes.insert(unloaded->unit_codes.begin(), unloaded->unit_codes.end());
  }
}

World LockWorld(Transaction& transaction, const domain::Plant& plant, domain::Time now, const WorldKeys& keys, UnitIds& ids) {
  if (ids.end - ids.next < keys.starts) {
    ids.next = Get<int64_t>(Execute(transaction, "select nextval('unit_id_seq')")[0][0]);
    ids.end = ids.next + kIdBlock;
  }
  World world = Load(transaction, plant, now, keys, true);
  world.next_unit_id = ids.next;
  return world;
}

World LoadWorld(Transaction& transaction, const domain::Plant& plant, domain::Time now, const WorldKeys& keys) {
  return Load(transaction, plant, now, keys, false);
}

}  // namespace mes::db
