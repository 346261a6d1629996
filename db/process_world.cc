#include "db/process_world.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "db/alarm_row.h"
#include "db/array.h"
#include "db/row.h"

namespace mes::db {
namespace {

using domain::FirstRun;
using domain::RunRing;
using domain::RunRingKey;
using domain::World;

const Statement kAlarmsInForce{"AlarmsInForce", MES_ALARM_SELECT R"(
  where a.release_time is null
    and (a.line_id = any($1::integer[]) or a.work_order_id = any($2::integer[]))
  order by a.alarm_id)"};

constexpr char kLockRings[] = R"(
  select r.line_id, r.operation, r.station_id, r.counts_from, r.runs
  from unnest($1::integer[], $2::smallint[], $3::integer[]) k (line_id, operation, station_id)
  join run_ring r on
    r.line_id = k.line_id
    and r.operation = k.operation
    and r.station_id = k.station_id
  order by 1, 2, 3
  for no key update of r)";

constexpr char kLotRuns[] = R"(
  select lot_id, operation, sum(first_runs)::bigint, sum(first_passes)::bigint
  from lot_yield
  where lot_id = any($1::bigint[])
  group by lot_id, operation)";

constexpr char kStoreRings[] = R"(
  insert into run_ring (line_id, operation, station_id, counts_from, runs)
  select n.line_id, n.operation, n.station_id, n.counts_from, n.runs
  from unnest($1::integer[], $2::smallint[], $3::integer[], $4::timestamptz[], $5::text[])
    n (line_id, operation, station_id, counts_from, runs)
  order by 1, 2, 3
  on conflict (line_id, operation, station_id) do update
  set
    counts_from = excluded.counts_from,
    runs = excluded.runs)";

constexpr char kInsertAlarms[] = R"(
  insert into process_alarm (rule_id, sentence, station_id, line_id, operation, work_order_id, unit_id, subject, epoch, sequence,
    occur_time, record_time, late, stops, hold_id, evidence)
  select n.rule_id, n.sentence, n.station_id, n.line_id, n.operation, nullif(n.work_order_id, 0), nullif(n.unit_id, 0), n.subject,
    n.epoch, n.sequence, n.occur_time, n.record_time, n.late, n.stops, nullif(n.hold_id, 0), n.evidence
  from unnest($1::integer[], $2::text[], $3::integer[], $4::integer[], $5::smallint[], $6::integer[], $7::bigint[], $8::text[],
    $9::integer[], $10::bigint[], $11::timestamptz[], $12::timestamptz[], $13::boolean[], $14::smallint[], $15::bigint[], $16::jsonb[])
    with ordinality n (rule_id, sentence, station_id, line_id, operation, work_order_id, unit_id, subject, epoch, sequence, occur_time,
      record_time, late, stops, hold_id, evidence, place)
  order by n.place)";

void AppendNumber(std::string& text, int64_t value) {
  char digits[24];
  text.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

// Reads what RingText wrote.
struct RingReader {
  std::string_view rest;

  int64_t Number(char end) {
    int64_t value = 0;
    const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    const auto used = static_cast<size_t>(stop - rest.data());
    if (error != std::errc() || used >= rest.size()) throw std::invalid_argument("run_ring.runs is not a ring");
    last = rest[used];
    if (end != '\0' && last != end) throw std::invalid_argument("run_ring.runs is not a ring");
    rest.remove_prefix(used + 1);
    return value;
  }
  char last = '\0';
};

}  // namespace

// `TIME;` for a pass, `TIME,UNIT,SEQUENCE,STATION,EPOCH,LENGTH:CODE;` for a fail.
std::string RingText(const std::vector<FirstRun>& runs) {
  std::string text;
  text.reserve(runs.size() * 20);
  for (const FirstRun& run : runs) {
    AppendNumber(text, domain::ToMicros(run.time));
    if (!run.pass) {
      for (const int64_t value : {run.unit_id, run.sequence, int64_t{run.station_id}, int64_t{run.epoch},
                                  static_cast<int64_t>(run.failure_code.size())}) {
        text += ',';
        AppendNumber(text, value);
      }
      text += ':';
      text += run.failure_code;
    }
    text += ';';
  }
  return text;
}

std::vector<FirstRun> RingFrom(std::string_view text) {
  std::vector<FirstRun> runs;
  RingReader reader{text};
  while (!reader.rest.empty()) {
    FirstRun& run = runs.emplace_back();
    run.time = domain::FromMicros(reader.Number('\0'));
    run.pass = reader.last == ';';
    if (run.pass) continue;
    run.unit_id = reader.Number(',');
    run.sequence = reader.Number(',');
    run.station_id = static_cast<int32_t>(reader.Number(','));
    run.epoch = static_cast<int32_t>(reader.Number(','));
    const auto length = static_cast<size_t>(reader.Number(':'));
    if (length + 1 > reader.rest.size() || reader.rest[length] != ';') throw std::invalid_argument("run_ring.runs is not a ring");
    run.failure_code = reader.rest.substr(0, length);
    reader.rest.remove_prefix(length + 1);
  }
  return runs;
}

void LoadAlarms(Transaction& transaction, const std::set<int32_t>& line_ids, World& world) {
  const std::string lines = ArrayOf(std::vector<int32_t>(line_ids.begin(), line_ids.end()));
  const std::string orders = ArrayOf(world.orders, [](const auto& order) { return order.first; });
  for (const auto& row : Execute(transaction, kAlarmsInForce, lines, orders)) world.alarms.push_back(ReadAlarm(row));
}

void LockRunRings(Transaction& transaction, const std::set<RunRingKey>& keys, World& world) {
  if (keys.empty()) return;
  for (const RunRingKey& key : keys) world.run_rings[key];
  const std::string lines = ArrayOf(keys, &RunRingKey::line_id);
  const std::string operations = ArrayOf(keys, &RunRingKey::operation);
  const std::string stations = ArrayOf(keys, &RunRingKey::station_id);
  for (const auto& row : Execute(transaction, kLockRings, lines, operations, stations)) {
    RowReader reader(row);
    RunRingKey key;
    key.line_id = reader.Next<int32_t>();
    key.operation = reader.Next<int16_t>();
    key.station_id = reader.Next<int32_t>();
    RunRing& ring = world.run_rings[key];
    ring.counts_from = reader.Next<domain::Time>();
    ring.runs = RingFrom(reader.NextText());
  }
}

void LoadLotRuns(Transaction& transaction, World& world) {
  const bool asked = std::any_of(world.plant.rules.begin(), world.plant.rules.end(), [](const domain::ProcessRule& rule) {
    return rule.kind == domain::ProcessRuleKind::kSupplierLot;
  });
  if (!asked) return;
  // Lots of earlier batches, and those that this one uses.
  std::set<int64_t> lots;
  for (const auto& [unit, used] : world.yield_past.consumed) {
    for (const auto& [operation, lot] : used) lots.insert(lot);
  }
  for (const auto& [id, entry] : world.units) {
    if (entry.lot) lots.insert(id);
  }
  if (lots.empty()) return;
  for (const auto& row : Execute(transaction, kLotRuns, ArrayOf(std::vector<int64_t>(lots.begin(), lots.end())))) {
    RowReader reader(row);
    const int64_t lot = reader.Next<int64_t>();
    const int16_t operation = reader.Next<int16_t>();
    auto& [runs, passes] = world.lot_runs[{lot, operation}];
    runs = reader.Next<int64_t>();
    passes = reader.Next<int64_t>();
  }
}

void StoreRunRings(Transaction& transaction, const World& world) {
  ArrayWriter line, operation, station, from, runs;
  bool any = false;
  for (const auto& [key, ring] : world.run_rings) {
    if (!ring.changed) continue;
    line.Add(key.line_id), operation.Add(key.operation), station.Add(key.station_id), from.Add(ring.counts_from);
    runs.Add(RingText(ring.runs));
    any = true;
  }
  if (any) Execute(transaction, kStoreRings, line.Take(), operation.Take(), station.Take(), from.Take(), runs.Take());
}

void InsertAlarms(Transaction& transaction, const World& world, const std::vector<int64_t>& hold_ids) {
  const auto& alarms = world.effects.alarms;
  if (alarms.empty()) return;
  const auto column = [&](const auto& value) {
    return ArrayOf(alarms, [&](const domain::Effects::RaisedAlarm& raised) { return value(raised.alarm); });
  };
  using Alarm = domain::ProcessAlarm;
  Execute(transaction, kInsertAlarms, column([](const Alarm& a) { return a.rule_id; }),
          column([](const Alarm& a) { return a.sentence; }), column([](const Alarm& a) { return a.station_id; }),
          column([](const Alarm& a) { return a.line_id; }), column([](const Alarm& a) { return a.operation; }),
          column([](const Alarm& a) { return a.work_order_id; }), column([](const Alarm& a) { return a.unit_id; }),
          column([](const Alarm& a) { return a.subject; }), column([](const Alarm& a) { return a.epoch; }),
          column([](const Alarm& a) { return a.sequence; }), column([](const Alarm& a) { return a.occur_time; }),
          column([](const Alarm& a) { return a.record_time; }), column([](const Alarm& a) { return a.late; }),
          column([](const Alarm& a) { return a.stops; }),
          ArrayOf(alarms,
                  [&](const domain::Effects::RaisedAlarm& raised) {
                    return raised.hold < 0 ? int64_t{0} : hold_ids.at(static_cast<size_t>(raised.hold));
                  }),
          column([](const Alarm& a) { return EvidenceJson(a.evidence); }));
}

}  // namespace mes::db
