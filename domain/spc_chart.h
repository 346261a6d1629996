// One control chart as ingest carries it on from value to value: what is open, the last points that the rules look back on, and
// which episodes go on. Taking a value is arithmetic on this state alone, whatever the chart's length.
//
// - A point is judged only by frozen limits; without them a chart collects and stays silent. Limits are never made from the last
//   points: that would hide a drift.
// - Rules look at points after the baseline of the limits in force, and judge forward only: a new version of limits leaves alone what
//   was plotted before it.
// - Points stand in the order of event time. One that comes late is put in its place and the points after it are judged again; what
//   only then becomes a pattern is told as late. Nothing that was told is taken back.
// - An episode is told once, when its pattern is first complete; it ends when the pattern has left the window.
// - Late single values do not break open subgroups: they gather in a subgroup of their own.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/result.h"
#include "domain/spc.h"
#include "domain/spc_rule.h"
#include "domain/time.h"

namespace mes::domain {

// Limits frozen from a baseline by a named person. Immutable; a newer version stands beside it.
struct FrozenLimits {
  // From 1, per chart.
  int32_t version = 0;
  ChartDesign design;
  ChartLimits limits;
  Time baseline_from{};
  Time baseline_until{};
  int32_t points = 0;
  // Points of the baseline that were left out, with the reason below.
  std::vector<Time> excluded;
  std::string person;
  std::string reason;
  Time freeze_time{};
};

struct ChartPoint {
  // Of its last value.
  Time time{};
  double mean = 0;
  // What was measured: `subgroup` values, or mean and standard deviation where a subgroup has more than 10. Given up when the point
  // has left for storage.
  std::vector<double> values;
  Signals signals = 0;
  // Came after newer points.
  bool late = false;
};
// Mean, spread and deviation of a point that has its values.
Subgroup SubgroupOf(ChartDesign design, const ChartPoint& point);

// A value that waits for its subgroup to be complete.
struct PendingValue {
  Time time{};
  double value = 0;
  bool operator==(const PendingValue&) const = default;
};

struct ChartState {
  ChartDesign design;
  // Under which limits the points after `judged_after` were judged; 0 = none.
  int32_t limits_version = 0;
  std::optional<Time> judged_after;
  // Points plotted ever.
  int64_t plotted = 0;
  // How many of the newest points are equal, without any spread.
  int32_t equal_points = 0;
  // The newest point that broke no rule, of those that are not remembered any more.
  std::optional<Time> clean_before;
  std::vector<PendingValue> open;
  std::vector<PendingValue> late;
  // Oldest first. The first `stored` of them are in storage already and have given up their values.
  std::vector<ChartPoint> points;
  size_t stored = 0;

  // The last 15 points do not differ at all: the gauge is stuck, or cannot see what it measures.
  bool FrozenGauge() const;
};
inline constexpr size_t kRememberedPoints = 24;
inline constexpr size_t kPointsPerChunk = 16;
inline constexpr int32_t kFrozenWindow = 15;

// Points that leave for storage together.
struct PointChunk {
  ChartDesign design;
  std::vector<ChartPoint> points;
};

struct ChartEpisode {
  ChartRule rule = ChartRule::kNelson1;
  ChartSide side = ChartSide::kAbove;
  bool on_spread = false;
  Time point_time{};
  // The mean, value or spread of that point.
  double value = 0;
  bool late = false;
  std::optional<Time> last_in_control;
};

// Takes one report: all values of a subgroup, or one value where subgroups gather from several. `limits` null = none are frozen.
// Gives the episodes that begin, oldest point first; what leaves for storage is added to `chunks`. A changed design begins the chart
// anew, its old points leave.
std::vector<ChartEpisode> Take(ChartState& state, ChartDesign design, RuleSet rules, const FrozenLimits* limits, Time time,
                               const std::vector<double>& values, std::vector<PointChunk>& chunks);

// The single values behind points that keep mean and standard deviation, from the runs that ended at their times. A run gives its values to
// a point that they make: so runs that are not on the chart (of trial orders) are left out. Errors: FIELD_INVALID with `from` where a
// point is made by no run.
Result<std::vector<double>> ValuesBehind(const std::vector<ChartPoint>& points, std::multimap<Time, std::vector<double>> runs);

// The points of a baseline that its own limits find out of control: what freezing them is refused with.
struct BaselineFault {
  Time time{};
  ChartRule rule = ChartRule::kNelson1;
  ChartSide side = ChartSide::kAbove;
  bool on_spread = false;
};
// `points` in their order, all with values.
std::vector<BaselineFault> JudgeBaseline(ChartDesign design, RuleSet rules, const std::vector<ChartPoint>& points,
                                         const ChartLimits& limits);
inline constexpr int kFewestBaselinePoints = 20;

}  // namespace mes::domain
