// The seam between ingest and the control charts: a completion that was recorded brings its first run's values onto the charts of
// its station, and says which alarms begin with it.
//
// Only first runs count, failed ones too; retests, rework and runs of trial orders are left out (golden samples never are runs).
// A run's values count when it completes, whether `measured` events brought them or the completion. Nothing is judged without
// frozen limits: such a chart collects and stays silent.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/error.h"
#include "domain/product_definition.h"
#include "domain/result.h"
#include "domain/spc_chart.h"
#include "domain/spc_rule.h"
#include "domain/station_event.h"
#include "domain/time.h"

namespace mes::domain {

struct World;
struct UnitEntry;

// One chart: a characteristic at a station's operation. It goes on across revisions as long as the characteristic keeps its code.
struct ChartKey {
  int32_t station_id = 0;
  int16_t operation = 0;
  std::string characteristic_code;
  // 1 and up where each position has its own chart; 0 = one chart for all.
  int16_t position = 0;
  auto operator<=>(const ChartKey&) const = default;
};

// What was decided about the charts of a class, or of one characteristic, which then counts for it alone.
struct ChartDefinition {
  std::optional<CharacteristicClass> characteristic_class;  // or
  int32_t material_id = 0;
  int16_t operation = 0;
  std::string characteristic_code;
  RuleSet rules = 0;
  bool by_position = false;
  std::string person;
  std::string reason;
  Time define_time{};
};
// Errors: FIELD_INVALID with `field` where rules contradict each other or what is asked cannot be; `characteristic` null for a class.
Status CheckDefinition(const ChartDefinition& definition, const std::vector<ChartRule>& rules, const Characteristic* characteristic);

// All that was decided, at one version: rules, designs, limits in force. Immutable; servers keep it in memory.
struct ChartPlan {
  int64_t version = 0;
  std::map<CharacteristicClass, ChartDefinition> classes;
  std::map<std::tuple<int32_t, int16_t, std::string>, ChartDefinition> characteristics;
  std::map<ChartKey, FrozenLimits> limits;

  // The rules for a characteristic, and whether its positions have charts of their own. Never both null and silent: where nothing
  // was decided, DefaultRules counts.
  struct Choice {
    RuleSet rules = 0;
    bool by_position = false;
  };
  Choice ChoiceFor(int32_t material_id, int16_t operation, const Characteristic& characteristic) const;
  // Null = none are frozen.
  const FrozenLimits* LimitsFor(const ChartKey& key) const;
};

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

  bool IsOpen() const { return !acknowledge_time.has_value(); }
};
// Errors: CHART_ALARM_ACKNOWLEDGED.
Status Acknowledge(ChartAlarm& alarm, std::string person, std::string reason, Time now);

// All charts of one operation at one station; kept in one row.
struct StationCharts {
  struct Chart {
    std::string characteristic_code;
    int16_t position = 0;
    ChartState state;
  };
  std::vector<Chart> charts;
  bool changed = false;

  ChartState& Of(std::string_view characteristic_code, int16_t position);
};

// The charts' part of a World: what a batch loads, and what it leaves to be written.
struct ChartBook {
  // Null counts as an empty one: charts collect.
  std::shared_ptr<const ChartPlan> plan;
  std::map<std::pair<int32_t, int16_t>, StationCharts> stations;  // station, operation
  // Values that `measured` events brought for runs that are still open, by unit: one vector per event, oldest first.
  std::unordered_map<int64_t, std::vector<std::vector<double>>> measured;
  // How many of the world's rows were looked at for such values.
  size_t rows_seen = 0;
  struct Chunk {
    ChartKey key;
    PointChunk points;
  };
  std::vector<Chunk> chunks;
  std::vector<ChartAlarm> alarms;
};

// A run's `count` values as they count, from its reports, oldest first: the last that was reported of each; NaN = none was.
std::vector<double> ValuesOfRun(const std::vector<std::vector<double>>& reports, size_t count);

// Takes a recorded completion onto the station's charts; the alarms that begin with it, in the order of the operation's
// characteristics, oldest point first. They are kept in the world too and stored with it.
std::vector<ChartAlarm> JudgeCharts(World& world, const Station& station, const ProductRevision& revision,
                                    const Operation& operation, const UnitEntry& entry, const EventRow& row);

}  // namespace mes::domain
