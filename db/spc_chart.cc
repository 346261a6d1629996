#include "db/spc_chart.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "db/array.h"
#include "db/row.h"
#include "db/spc_state.h"
#include "domain/world.h"

namespace mes::db {
namespace {

constexpr Statement kLoadStates{"SpcLoadStates", R"(
  select station_id, operation, state
  from spc_state
  where station_id = any($1::integer[]))"};

// Only for units whose open run has values already; the time bound keeps it to few partitions.
constexpr char kLoadMeasured[] = R"(
  select e.unit_id, e.measured
  from unnest($1::bigint[], $2::smallint[], $3::timestamptz[]) u (unit_id, operation, since)
  join station_event e on
    e.unit_id = u.unit_id
    and e.occur_time >= $4
    and e.occur_time >= u.since
  where e.kind = 4
    and e.operation = u.operation
    and e.measured is not null
    and e.flags & 4 = 0
  order by e.record_time, e.sequence)";
static_assert(static_cast<int>(domain::EventKind::kMeasured) == 4 && domain::kFlagReversed == 4);

std::vector<double> ValuesIn(std::string_view literal) {
  std::vector<double> values;
  for (const std::optional<double>& value : DoublesIn(literal)) values.push_back(value.value_or(std::numeric_limits<double>::quiet_NaN()));
  return values;
}

void LoadMeasured(Transaction& transaction, const WorldKeys& keys, domain::World& world) {
  ArrayWriter unit, operation, since;
  domain::Time oldest = domain::Time::max();
  const auto look = [&](const domain::UnitEntry* entry) {
    if (entry == nullptr || entry->unit.run_measured == 0 || entry->unit.running_operation == 0) return;
    unit.Add(entry->unit.id), operation.Add(entry->unit.running_operation), since.Add(entry->unit.running_since);
    oldest = std::min(oldest, entry->unit.running_since);
  };
  for (const std::string& code : keys.completed) look(std::as_const(world).FindUnit(code));
  for (const auto& [carrier, contents] : world.carrier_contents) {
    for (const auto& [slot, id] : contents) look(std::as_const(world).FindUnit(id));
  }
  if (oldest == domain::Time::max()) return;
  for (const auto& row : Execute(transaction, kLoadMeasured, unit.Take(), operation.Take(), since.Take(), oldest)) {
    RowReader reader(row);
    std::vector<std::vector<double>>& reported = world.charts.measured[reader.Next<int64_t>()];
    reported.push_back(ValuesIn(reader.NextText()));
  }
}

constexpr Statement kStoreStates{"SpcStoreStates", R"(
  insert into spc_state (station_id, operation, state)
  select n.station_id, n.operation, decode(n.state, 'hex')
  from unnest($1::integer[], $2::smallint[], $3::text[]) n (station_id, operation, state)
  on conflict (station_id, operation) do update
  set state = excluded.state)"};

std::string Hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

void StoreStates(Transaction& transaction, const domain::ChartBook& book) {
  ArrayWriter station, operation, state;
  bool any = false;
  for (const auto& [key, charts] : book.stations) {
    if (!charts.changed) continue;
    station.Add(key.first), operation.Add(key.second), state.Add(Hex(Encode(charts)));
    any = true;
  }
  if (any) Execute(transaction, kStoreStates, station.Take(), operation.Take(), state.Take());
}

void CopyChunks(Transaction& transaction, const std::vector<domain::ChartBook::Chunk>& chunks) {
  if (chunks.empty()) return;
  pqxx::stream_to stream(transaction.work(), "spc_points",
                         std::vector<std::string>{"first_time", "last_time", "station_id", "operation", "position", "kind",
                                                  "subgroup", "late", "characteristic", "times", "measured", "signals"});
  for (const domain::ChartBook::Chunk& chunk : chunks) {
    ArrayWriter times, measured, signals;
    bool any_signal = false;
    for (const domain::ChartPoint& point : chunk.points.points) {
      times.Add(domain::ToMicros(point.time));
      for (const double value : point.values) measured.Add(value);
      signals.Add(point.signals);
      any_signal = any_signal || point.signals != 0;
    }
    const std::vector<domain::ChartPoint>& points = chunk.points.points;
    const bool late = points.size() == 1 && points.front().late;
    stream << std::make_tuple(TimeText(points.front().time), TimeText(points.back().time), chunk.key.station_id, chunk.key.operation,
                              chunk.key.position, static_cast<int>(chunk.points.design.kind), chunk.points.design.subgroup, late,
                              chunk.key.characteristic_code, times.Take(), measured.Take(),
                              any_signal ? std::optional<std::string>(signals.Take()) : std::nullopt);
  }
  stream.complete();
}

constexpr char kInsertAlarms[] = R"(
  insert into spc_alarm (point_time, raise_time, last_in_control, unit_id, value, station_id, material_id, limits_version, operation,
    characteristic_index, position, rule, side, on_spread, late, class, characteristic, sentence, evidence)
  select point_time, $1::timestamptz, last_in_control, unit_id, value, station_id, material_id, limits_version, operation,
    characteristic_index, position, rule, side, on_spread, late, class, characteristic, sentence, evidence::jsonb
  from unnest($2::timestamptz[], $3::timestamptz[], $4::bigint[], $5::double precision[], $6::integer[], $7::integer[], $8::integer[],
    $9::smallint[], $10::smallint[], $11::smallint[], $12::smallint[], $13::smallint[], $14::boolean[], $15::boolean[], $16::text[],
    $17::text[], $18::text[], $19::text[])
    n (point_time, last_in_control, unit_id, value, station_id, material_id, limits_version, operation, characteristic_index, position,
      rule, side, on_spread, late, class, characteristic, sentence, evidence))";

std::string EvidenceJson(const std::vector<domain::Evidence>& evidence) {
  nlohmann::json json = nlohmann::json::array();
  for (const domain::Evidence& entry : evidence) json.push_back({{"kind", entry.kind}, {"id", entry.id}, {"detail", entry.detail}});
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void InsertAlarms(Transaction& transaction, const std::vector<domain::ChartAlarm>& alarms, domain::Time now) {
  if (alarms.empty()) return;
  using Alarm = domain::ChartAlarm;
  const auto column = [&](auto projection) { return ArrayOf(alarms, projection); };
  Execute(transaction, kInsertAlarms, now, column(&Alarm::point_time), column(&Alarm::last_in_control), column(&Alarm::unit_id),
          column(&Alarm::value), column(&Alarm::station_id), column(&Alarm::material_id), column(&Alarm::limits_version),
          column(&Alarm::operation), column(&Alarm::characteristic), column(&Alarm::position), column(&Alarm::rule),
          column(&Alarm::side), column(&Alarm::on_spread), column(&Alarm::late),
          column([](const Alarm& alarm) { return NameOf(alarm.characteristic_class); }), column(&Alarm::characteristic_code),
          column(&Alarm::sentence), column([](const Alarm& alarm) { return EvidenceJson(alarm.evidence); }));
}

constexpr Statement kListStationCharts{"SpcListStationCharts", R"(
  select station_id, operation, state
  from spc_state
  where station_id = any($1::integer[])
    and (station_id, operation) > ($2::integer, $3::smallint)
  order by station_id, operation
  limit $4)"};
constexpr Statement kCountOpenAlarms{"SpcCountOpenAlarms", R"(
  select station_id, operation, characteristic, position, count(*)
  from spc_alarm
  where station_id = any($1::integer[])
    and acknowledge_time is null
  group by station_id, operation, characteristic, position)"};
constexpr Statement kNewestLimits{"SpcNewestLimits", R"(
  select station_id, operation, characteristic, position, max(version)
  from spc_limits
  where station_id = any($1::integer[])
  group by station_id, operation, characteristic, position)"};
constexpr Statement kLoadStation{"SpcLoadStation", R"(
  select state
  from spc_state
  where station_id = $1
    and operation = $2)"};

// Rows by their last point, newest first: once `limit` rows were read, nothing newer than the last row's end is missing.
constexpr Statement kListChunks{"SpcListChunks", R"(
  select last_time, kind, subgroup, late, times, measured, signals
  from spc_points
  where station_id = $1
    and operation = $2
    and characteristic = $3
    and position = $4
    and last_time >= $5
    and first_time < $6
  order by last_time desc
  limit $7)"};

// By time alone (BRIN): an index by station over all events would cost every one of them, for a question that is asked now and then.
constexpr char kListFirstRuns[] = R"(
  select unit_id, occur_time, record_time, sequence, coalesce(revision_id, 0), coalesce(measured, '{}')
  from station_event
  where occur_time = any($3::timestamptz[])
    and station_id = $1
    and operation = $2
    and kind = 3
    and flags & 1 = 1)";
// What was reported of these units' runs there by events of their own, and where runs began or were broken off.
constexpr char kListReports[] = R"(
  select unit_id, record_time, sequence, kind, coalesce(measured, '{}')
  from station_event
  where unit_id = any($2::bigint[])
    and operation = $1
    and kind in (2, 4, 10)
    and flags & 4 = 0
  order by unit_id, record_time, sequence)";
static_assert(static_cast<int>(domain::EventKind::kStarted) == 2 && static_cast<int>(domain::EventKind::kCompleted) == 3 &&
              static_cast<int>(domain::EventKind::kAborted) == 10 && domain::kFlagFirstRun == 1);

void TakeChunk(RowReader& reader, std::vector<StoredPoint>& points) {
  const domain::ChartDesign design{reader.Next<domain::ChartKind>(), reader.Next<int16_t>()};
  const bool late = reader.Next<bool>();
  const std::vector<int64_t> times = IntegersIn(reader.NextText());
  const std::vector<std::optional<double>> measured = DoublesIn(reader.NextText());
  const std::optional<std::string> marks = reader.NextOptional<std::string>();
  const std::vector<int64_t> signals = marks ? IntegersIn(*marks) : std::vector<int64_t>(times.size());
  const size_t width = measured.size() / times.size();
  for (size_t i = 0; i < times.size(); ++i) {
    StoredPoint& stored = points.emplace_back();
    stored.design = design;
    stored.point.time = domain::FromMicros(times[i]);
    stored.point.signals = static_cast<domain::Signals>(signals[i]);
    stored.point.late = late;
    for (size_t k = i * width; k < (i + 1) * width; ++k) stored.point.values.push_back(measured[k].value());
    stored.point.mean = domain::SubgroupOf(design, stored.point).mean;
  }
}

#define MES_ALARM_COLUMNS                                                                                                        \
  "select alarm_id, point_time, raise_time, last_in_control, acknowledge_time, unit_id, value, station_id, material_id, "        \
  "limits_version, operation, characteristic_index, position, rule, side, on_spread, late, class, characteristic, sentence, "    \
  "evidence, acknowledged_by, acknowledge_reason from spc_alarm "
constexpr char kListAlarms[] = MES_ALARM_COLUMNS R"(
  where ($1::bigint = 0 or alarm_id < $1)
    and ($2::integer = 0 or station_id = $2)
    and (not $3::boolean or acknowledge_time is null)
    and ($4::smallint is null or (operation = $4 and characteristic = $5 and position = $6))
  order by alarm_id desc
  limit $7)";
constexpr Statement kLockAlarm{"SpcLockAlarm", MES_ALARM_COLUMNS "where alarm_id = $1 for no key update"};
constexpr Statement kUpdateAlarm{"SpcUpdateAlarm", R"(
  update spc_alarm
  set acknowledge_time = $2, acknowledged_by = $3, acknowledge_reason = $4
  where alarm_id = $1)"};
#undef MES_ALARM_COLUMNS

domain::ChartAlarm AlarmIn(const pqxx::row& row) {
  RowReader reader(row);
  domain::ChartAlarm alarm;
  alarm.id = reader.Next<int64_t>();
  alarm.point_time = reader.Next<domain::Time>();
  alarm.raise_time = reader.Next<domain::Time>();
  alarm.last_in_control = reader.NextOptional<domain::Time>();
  alarm.acknowledge_time = reader.NextOptional<domain::Time>();
  alarm.unit_id = reader.Next<int64_t>();
  alarm.value = reader.Next<double>();
  alarm.station_id = reader.Next<int32_t>();
  alarm.material_id = reader.Next<int32_t>();
  alarm.limits_version = reader.Next<int32_t>();
  alarm.operation = reader.Next<int16_t>();
  alarm.characteristic = reader.Next<int16_t>();
  alarm.position = reader.Next<int16_t>();
  alarm.rule = reader.Next<domain::ChartRule>();
  alarm.side = reader.Next<domain::ChartSide>();
  alarm.on_spread = reader.Next<bool>();
  alarm.late = reader.Next<bool>();
  alarm.characteristic_class = domain::ParseCharacteristicClass(reader.Next<std::string>()).value();
  alarm.characteristic_code = reader.Next<std::string>();
  alarm.sentence = reader.Next<std::string>();
  for (const nlohmann::json& entry : nlohmann::json::parse(reader.Next<std::string>())) {
    alarm.evidence.push_back({entry.at("kind"), entry.at("id"), entry.at("detail")});
  }
  alarm.acknowledged_by = reader.Next<std::string>();
  alarm.acknowledge_reason = reader.Next<std::string>();
  return alarm;
}

}  // namespace

void LoadCharts(Transaction& transaction, const WorldKeys& keys, domain::World& world) {
  if (keys.completing.empty()) return;
  const std::vector<int32_t> stations(keys.completing.begin(), keys.completing.end());
  for (const auto& row : Execute(transaction, kLoadStates, ArrayOf(stations))) {
    RowReader reader(row);
    const int32_t station = reader.Next<int32_t>();
    const int16_t operation = reader.Next<int16_t>();
    world.charts.stations[{station, operation}] = DecodeCharts(reader.NextBytes());
  }
  LoadMeasured(transaction, keys, world);
}

void StoreCharts(Transaction& transaction, const domain::World& world) {
  StoreStates(transaction, world.charts);
  CopyChunks(transaction, world.charts.chunks);
  InsertAlarms(transaction, world.charts.alarms, world.now);
}

std::vector<StoredCharts> ListStationCharts(Transaction& transaction, const std::vector<int32_t>& station_ids, int32_t after_station,
                                            int16_t after_operation, int limit) {
  std::vector<StoredCharts> list;
  std::map<std::pair<int32_t, int16_t>, size_t> place;
  const std::string ids = ArrayOf(station_ids);
  for (const auto& row : Execute(transaction, kListStationCharts, ids, after_station, after_operation, limit)) {
    RowReader reader(row);
    StoredCharts& stored = list.emplace_back();
    stored.station_id = reader.Next<int32_t>();
    stored.operation = reader.Next<int16_t>();
    stored.charts = DecodeCharts(reader.NextBytes());
    place[{stored.station_id, stored.operation}] = list.size() - 1;
  }
  const std::string found = ArrayOf(list, &StoredCharts::station_id);
  const auto count = [&](const Statement& statement, auto StoredCharts::*counts) {
    for (const auto& row : Execute(transaction, statement, found)) {
      RowReader reader(row);
      const int32_t station = reader.Next<int32_t>();
      const int16_t operation = reader.Next<int16_t>();
      const auto at = place.find({station, operation});
      if (at == place.end()) continue;
      std::string characteristic = reader.Next<std::string>();
      const int16_t position = reader.Next<int16_t>();
      (list[at->second].*counts)[{std::move(characteristic), position}] = reader.Next<int64_t>();
    }
  };
  if (list.empty()) return list;
  count(kCountOpenAlarms, &StoredCharts::open_alarms);
  count(kNewestLimits, &StoredCharts::limits_versions);
  return list;
}

std::optional<domain::ChartState> LoadChart(Transaction& transaction, const domain::ChartKey& key) {
  const pqxx::result rows = Execute(transaction, kLoadStation, key.station_id, key.operation);
  if (rows.empty()) return std::nullopt;
  RowReader reader(rows[0]);
  for (domain::StationCharts::Chart& chart : DecodeCharts(reader.NextBytes()).charts) {
    if (chart.position == key.position && chart.characteristic_code == key.characteristic_code) return std::move(chart.state);
  }
  return std::nullopt;
}

std::vector<StoredPoint> ListPoints(Transaction& transaction, const domain::ChartKey& key, domain::Time from, domain::Time until,
                                    int limit) {
  std::vector<StoredPoint> points;
  domain::Time complete_after = domain::Time::min();
  const pqxx::result rows = Execute(transaction, kListChunks, key.station_id, key.operation, key.characteristic_code, key.position,
                                    from, until, limit + 1);
  for (const auto& row : rows) {
    RowReader reader(row);
    const domain::Time last = reader.Next<domain::Time>();
    if (static_cast<int>(rows.size()) == limit + 1) complete_after = last;
    TakeChunk(reader, points);
  }
  if (const std::optional<domain::ChartState> state = LoadChart(transaction, key)) {
    for (size_t i = state->stored; i < state->points.size(); ++i) points.push_back({state->design, state->points[i]});
  }
  std::erase_if(points, [&](const StoredPoint& stored) {
    return stored.point.time < from || stored.point.time >= until || stored.point.time < complete_after;
  });
  std::stable_sort(points.begin(), points.end(),
                   [](const StoredPoint& a, const StoredPoint& b) { return a.point.time < b.point.time; });
  if (points.size() <= static_cast<size_t>(limit)) return points;
  const domain::Time oldest = points[points.size() - static_cast<size_t>(limit)].point.time;
  std::erase_if(points, [&](const StoredPoint& stored) { return stored.point.time < oldest; });
  return points;
}

std::vector<StoredRun> ListFirstRuns(Transaction& transaction, int32_t station_id, int16_t operation,
                                     const std::vector<domain::Time>& end_times) {
  std::vector<StoredRun> runs;
  // Where it stands among the unit's rows; one batch's are told apart by their numbers.
  using Place = std::pair<domain::Time, int64_t>;
  const auto place_in = [](RowReader& reader) {
    const auto record_time = reader.Next<domain::Time>();
    return Place{record_time, reader.Next<int64_t>()};
  };
  std::map<int64_t, std::pair<size_t, Place>> run_of_unit;
  for (const auto& row : Execute(transaction, kListFirstRuns, station_id, operation, ArrayOf(end_times))) {
    RowReader reader(row);
    StoredRun& run = runs.emplace_back();
    const int64_t unit = reader.Next<int64_t>();
    run.end_time = reader.Next<domain::Time>();
    run_of_unit[unit] = {runs.size() - 1, place_in(reader)};
    run.revision_id = reader.Next<int32_t>();
    run.reports.push_back(ValuesIn(reader.NextText()));
  }
  const std::string units = ArrayOf(run_of_unit, [](const auto& run) { return run.first; });
  for (const auto& row : Execute(transaction, kListReports, operation, units)) {
    RowReader reader(row);
    const auto& [index, completed] = run_of_unit.at(reader.Next<int64_t>());
    if (place_in(reader) > completed) continue;
    std::vector<std::vector<double>>& reports = runs[index].reports;
    // The completion's own report is the last.
    if (reader.Next<domain::EventKind>() == domain::EventKind::kMeasured) {
      reports.insert(std::prev(reports.end()), ValuesIn(reader.NextText()));
    } else {
      reports.erase(reports.begin(), std::prev(reports.end()));
    }
  }
  return runs;
}

std::vector<domain::ChartAlarm> ListAlarms(Transaction& transaction, const AlarmFilter& filter, int limit) {
  std::vector<domain::ChartAlarm> alarms;
  const bool one = filter.chart.has_value();
  const pqxx::result rows =
      Execute(transaction, kListAlarms, filter.before_id, one ? filter.chart->station_id : filter.station_id, filter.open_only,
              one ? std::optional<int16_t>(filter.chart->operation) : std::nullopt,
              one ? filter.chart->characteristic_code : std::string(), one ? filter.chart->position : int16_t{0}, limit);
  for (const auto& row : rows) alarms.push_back(AlarmIn(row));
  return alarms;
}

std::optional<domain::ChartAlarm> LockAlarm(Transaction& transaction, int64_t alarm_id) {
  const pqxx::result rows = Execute(transaction, kLockAlarm, alarm_id);
  return rows.empty() ? std::nullopt : std::optional<domain::ChartAlarm>(AlarmIn(rows[0]));
}

void UpdateAcknowledgedAlarm(Transaction& transaction, const domain::ChartAlarm& alarm) {
  Execute(transaction, kUpdateAlarm, alarm.id, alarm.acknowledge_time, alarm.acknowledged_by, alarm.acknowledge_reason);
}

}  // namespace mes::db
