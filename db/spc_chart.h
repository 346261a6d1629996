// Where control charts are kept: the state that ingest carries on (one row per station and operation), the plotted points (16 a row)
// and the alarms. The station's locked cursor is what serializes a station's charts; nothing here locks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/transaction.h"
#include "db/world.h"
#include "domain/spc_ingest.h"

namespace mes::db {

// For ingest: the charts of the stations that complete runs, and what `measured` events brought for runs that are still open.
void LoadCharts(Transaction& transaction, const WorldKeys& keys, domain::World& world);
void StoreCharts(Transaction& transaction, const domain::World& world);

// The charts of stations, by station id and operation, after (station, operation); at most `limit` rows.
struct StoredCharts {
  int32_t station_id = 0;
  int16_t operation = 0;
  domain::StationCharts charts;
  // By (characteristic, position): alarms that nobody acknowledged, and the newest limits' version.
  std::map<std::pair<std::string, int16_t>, int64_t> open_alarms;
  std::map<std::pair<std::string, int16_t>, int64_t> limits_versions;
};
std::vector<StoredCharts> ListStationCharts(Transaction& transaction, const std::vector<int32_t>& station_ids, int32_t after_station,
                                            int16_t after_operation, int limit);
// One chart's state; null where nothing was ever plotted.
std::optional<domain::ChartState> LoadChart(Transaction& transaction, const domain::ChartKey& key);

// Points of a chart, oldest first, each with the design that it was plotted under.
struct StoredPoint {
  domain::ChartDesign design;
  domain::ChartPoint point;
};
// The newest `limit` of those with from <= time < until, and at most those more that share the oldest one's time.
std::vector<StoredPoint> ListPoints(Transaction& transaction, const domain::ChartKey& key, domain::Time from, domain::Time until,
                                    int limit);

// A first run as event history has it.
struct StoredRun {
  domain::Time end_time{};
  int32_t revision_id = 0;
  // What was reported of it until its completion, oldest first; NaN = no value.
  std::vector<std::vector<double>> reports;
};
// Those that ended at these times at a station's operation, in no order.
std::vector<StoredRun> ListFirstRuns(Transaction& transaction, int32_t station_id, int16_t operation,
                                     const std::vector<domain::Time>& end_times);

struct AlarmFilter {
  std::optional<domain::ChartKey> chart;
  // 0 = all.
  int32_t station_id = 0;
  bool open_only = false;
  // Below this one; 0 = from the newest.
  int64_t before_id = 0;
};
// Newest first.
std::vector<domain::ChartAlarm> ListAlarms(Transaction& transaction, const AlarmFilter& filter, int limit);
std::optional<domain::ChartAlarm> LockAlarm(Transaction& transaction, int64_t alarm_id);
void UpdateAcknowledgedAlarm(Transaction& transaction, const domain::ChartAlarm& alarm);

}  // namespace mes::db
