// The seam between ingest and the control charts: a completion that was recorded brings its first run's values onto the charts of
// its station, and says which alarms begin with it.
//
// Only first runs count, failed ones too; retests, rework and runs of trial orders are left out (golden samples never are runs).
// A run's values count when it completes, whether `measured` events brought them or the completion. Nothing is judged without
// frozen limits: such a chart collects and stays silent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/error.h"
#include "domain/product_definition.h"
#include "domain/spc_rule.h"
#include "domain/time.h"

namespace mes::domain {

struct World;
struct UnitEntry;
struct EventRow;

// One episode of one rule on one chart, told when it begins. Open until a named person acknowledges it.
struct ChartAlarm {
  // 0 until it is stored.
  int64_t id = 0;
  int32_t station_id = 0;
  int32_t material_id = 0;
  int16_t operation = 0;
  // In the run's revision: index and code.
  int16_t characteristic = 0;
  std::string characteristic_code;
  CharacteristicClass characteristic_class = CharacteristicClass::kStandard;
  // 1 and up where each position has its own chart; 0 = one chart for all.
  int16_t position = 0;
  ChartRule rule = ChartRule::kNelson1;
  ChartSide side = ChartSide::kAbove;
  // The range, standard deviation or moving range is out, not the mean or value. Its rule is kNelson1 or kWesternElectric1.
  bool on_spread = false;
  // The point with which the pattern was complete: the event time of its last run.
  Time point_time{};
  double value = 0;
  // The server's time, and the unit whose completion brought it up.
  Time raise_time{};
  int64_t unit_id = 0;
  // The pattern was completed by a point that came after newer ones.
  bool late = false;
  // The last point before the pattern's first one that broke no rule: what was made after it is suspect. Null = the chart has none.
  std::optional<Time> last_in_control;
  int32_t limits_version = 0;
  // One sentence for the person who reads it, and the figures: center, limits, sigma, value.
  std::string sentence;
  std::vector<Evidence> evidence;
  std::optional<Time> acknowledge_time;
  std::string acknowledged_by;
  std::string acknowledge_reason;
};

// Takes a recorded completion onto the station's charts; the alarms that begin with it, in the order of the operation's
// characteristics, oldest point first. They are kept in the world too and stored with it.
std::vector<ChartAlarm> JudgeCharts(World& world, const Station& station, const ProductRevision& revision,
                                    const Operation& operation, const UnitEntry& entry, const EventRow& row);

}  // namespace mes::domain
