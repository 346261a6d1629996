// The chart that ingest carries on, against plain definitions over whole series; and which runs' values reach it.
#include "domain/spc_chart.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/spc_baseline.h"
#include "domain/spc_ingest.h"
#include "domain/world.h"
#include "tests/support/plant_builder.h"

namespace mes::domain {
namespace {

using enum ChartRule;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr RuleSet kAllNelson = 0xff0;
constexpr ChartDesign kOne{ChartKind::kIndividuals, 1};
constexpr ChartDesign kFives{ChartKind::kMeanRange, 5};
Time At(int64_t second) { return FromMicros(1'790'000'000'000'000 + second * 1'000'000); }

// Center 0, sigma 1; the spread may be anything up to 100.
FrozenLimits UnitLimits(ChartDesign design = kOne) {
  FrozenLimits frozen;
  frozen.version = 1;
  frozen.design = design;
  frozen.limits = {0, 1, -3, 3, 1, 0, 100, 1};
  frozen.baseline_from = frozen.baseline_until = At(-1'000);
  return frozen;
}

struct Chart {
  ChartState state;
  std::vector<PointChunk> chunks;
  std::vector<ChartEpisode> episodes;
  RuleSet rules = kAllNelson;
  FrozenLimits limits = UnitLimits();
  bool frozen = true;
  ChartDesign design = kOne;

  std::vector<ChartEpisode> Plot(int64_t second, const std::vector<double>& values) {
    std::vector<ChartEpisode> begun = Take(state, design, rules, frozen ? &limits : nullptr, At(second), values, chunks);
    episodes.insert(episodes.end(), begun.begin(), begun.end());
    return begun;
  }
  std::vector<ChartEpisode> Plot(int64_t second, double value) { return Plot(second, std::vector<double>{value}); }
  // Everything plotted: time and first value.
  std::multiset<std::pair<Time, double>> Plotted() const {
    std::multiset<std::pair<Time, double>> all;
    for (const PointChunk& chunk : chunks) {
      for (const ChartPoint& point : chunk.points) all.insert({point.time, point.values.at(0)});
    }
    for (size_t i = state.stored; i < state.points.size(); ++i) all.insert({state.points[i].time, state.points[i].values.at(0)});
    return all;
  }
};

std::string Text(const ChartEpisode& episode) {
  return std::to_string((ToMicros(episode.point_time) - ToMicros(At(0))) / 1'000'000) + " " + std::string(NameOf(episode.rule)) + " " +
         std::string(NameOf(episode.side)) + (episode.on_spread ? " spread" : "") + (episode.late ? " late" : "") + " since " +
         (episode.last_in_control ? std::to_string((ToMicros(*episode.last_in_control) - ToMicros(At(0))) / 1'000'000) : "-");
}
std::vector<std::string> Texts(const std::vector<ChartEpisode>& episodes) {
  std::vector<std::string> texts;
  for (const ChartEpisode& episode : episodes) texts.push_back(Text(episode));
  return texts;
}

// The same by looking at the whole series for every point.
std::vector<std::string> Oracle(const std::vector<double>& z, RuleSet rules) {
  std::vector<Signals> signals;
  for (size_t i = 0; i < z.size(); ++i) signals.push_back(SignalsAt(z.data(), i + 1, rules));
  std::vector<std::string> texts;
  for (size_t i = 0; i < z.size(); ++i) {
    for (const ChartRule rule : RulesIn(rules)) {
      for (const ChartSide side : {ChartSide::kAbove, ChartSide::kBelow}) {
        const Signals bit = SignalOf(rule, side);
        if ((signals[i] & bit) == 0 || (i > 0 && (signals[i - 1] & bit) != 0)) continue;
        size_t start = i - static_cast<size_t>(PatternStart(z.data(), i + 1, rule, side));
        while (start > 0 && signals[start - 1] != 0) --start;
        texts.push_back(std::to_string(i) + " " + std::string(NameOf(rule)) + " " + std::string(NameOf(side)) + " since " +
                        (start > 0 ? std::to_string(start - 1) : "-"));
      }
    }
  }
  return texts;
}

TEST(SpcChart, TellsWhatTheWholeSeriesTells) {
  std::mt19937 random(7);
  int told = 0;
  for (int round = 0; round < 400; ++round) {
    // Drifting, jumping, quiet and noisy series, so that all rules have their turn.
    std::normal_distribution<double> noise(0, 0.3 + 0.4 * (round % 4));
    const double drift = round % 3 == 0 ? 0.02 : 0;
    Chart chart;
    std::vector<double> z;
    for (int i = 0; i < 120; ++i) {
      const double jump = round % 5 == 0 && i > 60 ? 1.2 : 0;
      z.push_back(noise(random) + drift * i + jump + (round % 7 == 0 ? (i % 2 == 0 ? 0.5 : -0.5) : 0));
      chart.Plot(i, z.back());
    }
    ASSERT_EQ(Texts(chart.episodes), Oracle(z, kAllNelson)) << round;
    told += static_cast<int>(chart.episodes.size());
  }
  EXPECT_GT(told, 1'000);
}

TEST(SpcChart, PlotsTheSamePointsInWhateverOrderTheyCome) {
  std::mt19937 random(11);
  for (int round = 0; round < 100; ++round) {
    Chart in_order, shuffled;
    std::vector<int> seconds;
    for (int i = 0; i < 90; ++i) seconds.push_back(i);
    std::normal_distribution<double> noise(0, 1);
    std::vector<double> values;
    for (int i = 0; i < 90; ++i) values.push_back(noise(random));
    for (const int second : seconds) in_order.Plot(second, values[static_cast<size_t>(second)]);
    // Half of the rounds: near its place, as a station's buffer does it.
    if (round % 2 == 0) {
      std::shuffle(seconds.begin(), seconds.end(), random);
    } else {
      for (auto six = seconds.begin(); seconds.end() - six > 6; six += 6) std::shuffle(six, six + 6, random);
    }
    for (const int second : seconds) shuffled.Plot(second, values[static_cast<size_t>(second)]);
    ASSERT_EQ(shuffled.Plotted(), in_order.Plotted()) << round;
    ASSERT_TRUE(std::is_sorted(shuffled.state.points.begin(), shuffled.state.points.end(),
                               [](const ChartPoint& a, const ChartPoint& b) { return a.time < b.time; }));
    // An alarm needs its pattern: each that was told is there when all points are seen in the end, or was there without those that
    // came later; told late or not, none is told twice for one point.
    std::set<std::tuple<Time, ChartRule, ChartSide>> once;
    for (const ChartEpisode& e : shuffled.episodes) ASSERT_TRUE(once.insert({e.point_time, e.rule, e.side}).second) << Text(e);
  }
}

TEST(SpcChart, LosesNoValueWhenFivesComeInAnyOrder) {
  std::mt19937 random(5);
  for (int round = 0; round < 50; ++round) {
    std::vector<int> seconds;
    for (int i = 0; i < 200; ++i) seconds.push_back(i);
    std::shuffle(seconds.begin(), seconds.end(), random);
    Chart chart;
    chart.design = kFives;
    chart.frozen = false;
    for (const int second : seconds) chart.Plot(second, second);
    std::multiset<double> values;
    const auto take = [&](const ChartPoint& point) { values.insert(point.values.begin(), point.values.end()); };
    for (const PointChunk& chunk : chart.chunks) std::for_each(chunk.points.begin(), chunk.points.end(), take);
    std::for_each(chart.state.points.begin(), chart.state.points.end(), take);
    for (const auto* open : {&chart.state.open, &chart.state.late}) {
      for (const PendingValue& value : *open) values.insert(value.value);
    }
    ASSERT_EQ(values, std::multiset<double>(seconds.begin(), seconds.end()));
  }
}

TEST(SpcChart, TellsAnEpisodeOnceAndTheNextOneAgain) {
  Chart chart;
  chart.rules = BitOf(kNelson1);
  EXPECT_THAT(chart.Plot(0, 0), IsEmpty());
  EXPECT_THAT(Texts(chart.Plot(1, 4)), ElementsAre("1 NELSON1 above since 0"));
  EXPECT_THAT(chart.Plot(2, 4), IsEmpty()) << "the same episode";
  EXPECT_THAT(chart.Plot(3, 3), IsEmpty()) << "on the line: it is over";
  EXPECT_THAT(Texts(chart.Plot(4, 4)), ElementsAre("4 NELSON1 above since 3"));
  EXPECT_THAT(Texts(chart.Plot(5, -4)), ElementsAre("5 NELSON1 below since 3")) << "the other side is another episode";
}

TEST(SpcChart, TheSuspectsOfARunBeginBeforeItsFirstPoint) {
  Chart chart;
  chart.rules = BitOf(kNelson2);
  chart.Plot(0, -1);
  for (int i = 1; i <= 8; ++i) EXPECT_THAT(chart.Plot(i, 0.5), IsEmpty());
  EXPECT_THAT(Texts(chart.Plot(9, 0.5)), ElementsAre("9 NELSON2 above since 0"));
  for (int i = 10; i < 60; ++i) EXPECT_THAT(chart.Plot(i, 0.5), IsEmpty()) << "one episode, however long";
  chart.rules = RulesOf({kNelson1, kNelson2});
  EXPECT_THAT(Texts(chart.Plot(60, 9)), ElementsAre("60 NELSON1 above since 8")) << "further back than the chart remembers points";
}

TEST(SpcChart, WithoutFrozenLimitsItCollectsAndStaysSilent) {
  Chart chart;
  chart.frozen = false;
  for (int i = 0; i < 100; ++i) EXPECT_THAT(chart.Plot(i, i % 10 == 0 ? 1'000 : 0), IsEmpty());
  EXPECT_EQ(chart.state.plotted, 100);
  // Limits judge forward only: what was plotted before them is left alone.
  chart.frozen = true;
  EXPECT_THAT(chart.Plot(100, 0), IsEmpty());
  EXPECT_THAT(Texts(chart.Plot(101, 4)), ElementsAre("101 NELSON1 above since 100"));
}

TEST(SpcChart, ANewVersionBeginsNewEpisodesAndNewWindows) {
  Chart chart;
  for (int i = 0; i < 20; ++i) chart.Plot(i, 0.5);
  EXPECT_THAT(Texts(chart.episodes), ElementsAre("8 NELSON2 above since -", "14 NELSON7 above since -"));
  chart.limits.version = 2;
  chart.limits.baseline_until = At(19);
  for (int i = 20; i < 28; ++i) EXPECT_THAT(chart.Plot(i, 0.5), IsEmpty()) << i;
  EXPECT_THAT(Texts(chart.Plot(28, 0.5)), ElementsAre("28 NELSON2 above since 7"));
  // A late point from before the new version is plotted, not judged.
  EXPECT_THAT(chart.Plot(18, 9), IsEmpty());
}

TEST(SpcChart, ALatePointIsJudgedInItsPlaceAndItsAlarmIsMarkedLate) {
  Chart chart;
  chart.rules = BitOf(kNelson5);
  chart.Plot(0, 0);
  chart.Plot(10, 2.5);
  EXPECT_THAT(chart.Plot(30, 0), IsEmpty());
  EXPECT_THAT(Texts(chart.Plot(20, 2.5)), ElementsAre("20 NELSON5 above late since 0"));
  EXPECT_THAT(Texts(chart.Plot(5, 2.5)), IsEmpty()) << "the same episode begins earlier now; it was told";
  // A late point can complete a pattern at a later one.
  Chart run;
  run.rules = BitOf(kNelson2);
  run.Plot(0, -1);
  for (int i = 1; i <= 8; ++i) run.Plot(i * 10, 1);
  EXPECT_THAT(Texts(run.Plot(15, 1)), ElementsAre("80 NELSON2 above late since 0"));
}

TEST(SpcChart, APointOlderThanAllThatIsRememberedIsJudgedAlone) {
  Chart chart;
  for (int i = 100; i < 200; ++i) chart.Plot(i, (i % 4 - 1.5) * 1.1);
  chart.episodes.clear();
  EXPECT_THAT(chart.Plot(50, 2), IsEmpty());
  EXPECT_THAT(Texts(chart.Plot(51, -3.5)), ElementsAre("51 NELSON1 below late since -"));
  EXPECT_EQ(chart.Plotted().size(), 102u);
  EXPECT_THAT(chart.chunks.back().points, SizeIs(1));
  EXPECT_TRUE(chart.chunks.back().points[0].late);
}

TEST(SpcChart, JudgesTheSpreadByItsOwnLimits) {
  Chart chart;
  chart.design = kFives;
  chart.limits = UnitLimits(kFives);
  chart.limits.limits.spread_upper = 5;
  chart.rules = BitOf(kNelson1);
  EXPECT_THAT(chart.Plot(0, std::vector<double>{-2.5, 0, 0, 0, 2.5}), IsEmpty()) << "on the limit";
  EXPECT_THAT(Texts(chart.Plot(1, std::vector<double>{-2.6, 0, 0, 0, 2.5})), ElementsAre("1 NELSON1 above spread since 0"));
  // A moving range is the way from the point before.
  Chart moving;
  moving.rules = BitOf(kNelson1);
  moving.limits.limits.spread_upper = 2;
  moving.Plot(0, -1.5);
  EXPECT_THAT(Texts(moving.Plot(1, 1.5)), ElementsAre("1 NELSON1 above spread since 0"));
}

TEST(SpcChart, GathersFivesAndKeepsLateOnesApart) {
  Chart chart;
  chart.design = kFives;
  for (int i = 0; i < 4; ++i) chart.Plot(i, i);
  EXPECT_THAT(chart.state.points, IsEmpty());
  chart.Plot(4, 4);
  ASSERT_THAT(chart.state.points, SizeIs(1));
  EXPECT_EQ(chart.state.points[0].mean, 2);
  EXPECT_EQ(chart.state.points[0].time, At(4)) << "the point stands where its last unit does";
  for (int i = 10; i < 13; ++i) chart.Plot(i, 1);
  for (int i = 0; i < 5; ++i) chart.Plot(-10 + i, 9);
  ASSERT_THAT(chart.state.points, SizeIs(2));
  EXPECT_EQ(chart.state.points[0].mean, 9);
  EXPECT_TRUE(chart.state.points[0].late);
  EXPECT_THAT(chart.state.open, SizeIs(3)) << "what came late did not break what is open";
}

TEST(SpcChart, FlagsAFrozenGauge) {
  Chart chart;
  chart.frozen = false;
  for (int i = 0; i < 14; ++i) chart.Plot(i, 7);
  EXPECT_FALSE(chart.state.FrozenGauge());
  chart.Plot(14, 7);
  EXPECT_TRUE(chart.state.FrozenGauge()) << "15 points";
  chart.Plot(15, 7.001);
  EXPECT_FALSE(chart.state.FrozenGauge());
  Chart groups;
  groups.design = kFives;
  groups.frozen = false;
  for (int i = 0; i < 15; ++i) groups.Plot(i, std::vector<double>{6, 7, 7, 7, 8});
  EXPECT_FALSE(groups.state.FrozenGauge()) << "the same mean, but with a spread";
}

TEST(SpcChart, AChangedDesignBeginsAnew) {
  Chart chart;
  for (int i = 0; i < 5; ++i) chart.Plot(i, 1);
  chart.design = {ChartKind::kMeanRange, 2};
  EXPECT_THAT(chart.Plot(5, std::vector<double>{9, 9}), IsEmpty()) << "the limits are those of another design";
  EXPECT_THAT(chart.state.points, SizeIs(1));
  ASSERT_THAT(chart.chunks, SizeIs(1));
  EXPECT_THAT(chart.chunks[0].points, SizeIs(5));
  EXPECT_EQ(chart.chunks[0].design, kOne);
}

TEST(SpcChart, ABaselineIsJudgedByItsOwnLimits) {
  std::vector<ChartPoint> points;
  std::vector<Subgroup> groups;
  for (int i = 0; i < 25; ++i) {
    ChartPoint& point = points.emplace_back();
    point.time = At(i);
    point.mean = i == 12 ? 9 : (i % 2 == 0 ? 1 : -1);
    point.values = {point.mean};
    groups.push_back(SubgroupOf(ChartKind::kIndividuals, point.values));
  }
  const ChartLimits limits = LimitsOf(kOne, groups);
  const std::vector<BaselineFault> faults = JudgeBaseline(kOne, BitOf(kNelson1), points, limits);
  ASSERT_FALSE(faults.empty());
  EXPECT_EQ(faults[0].time, At(12));
  points.erase(points.begin() + 12);
  groups.erase(groups.begin() + 12);
  EXPECT_THAT(JudgeBaseline(kOne, BitOf(kNelson1), points, LimitsOf(kOne, groups)), IsEmpty());
}

BaselineRequest Baseline(int points) {
  BaselineRequest request;
  request.design = kOne;
  request.rules = BitOf(kNelson1);
  for (int i = 0; i < points; ++i) {
    ChartPoint& point = request.points.emplace_back();
    point.time = At(i);
    point.mean = i % 2 == 0 ? 1 : -1;
    point.values = {point.mean};
  }
  request.person = "Li";
  request.reason = "qualified";
  return request;
}

TEST(SpcBaseline, TwentyPointsInControlGiveLimits) {
  const Result<FrozenLimits> frozen = FreezeBaseline(Baseline(20), At(99));
  ASSERT_TRUE(frozen);
  EXPECT_EQ(frozen->points, 20);
  EXPECT_EQ(frozen->baseline_from, At(0));
  EXPECT_EQ(frozen->baseline_until, At(19));
  EXPECT_EQ(frozen->freeze_time, At(99));
  EXPECT_NEAR(frozen->limits.upper, 3 * 2 / ConstantsOf(2).d2, 1e-9);
  const Result<FrozenLimits> few = FreezeBaseline(Baseline(19), At(99));
  ASSERT_FALSE(few);
  EXPECT_EQ(few.error().reason, Reason::kBaselineUnfit);
}

TEST(SpcBaseline, WhatIsOutIsNamedAndMayBeLeftOut) {
  BaselineRequest request = Baseline(21);
  request.points[7].mean = request.points[7].values[0] = 30;
  const Result<FrozenLimits> refused = FreezeBaseline(request, At(99));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kBaselineUnfit);
  EXPECT_THAT(refused.error().metadata.at("points"), testing::HasSubstr(FormatTime(At(7)) + " NELSON1 above"));
  request.excluded = {At(7)};
  const Result<FrozenLimits> frozen = FreezeBaseline(request, At(99));
  ASSERT_TRUE(frozen);
  EXPECT_EQ(frozen->points, 20);
  EXPECT_THAT(frozen->excluded, ElementsAre(At(7)));
  request.excluded = {At(7), At(7)};
  const Result<FrozenLimits> twice = FreezeBaseline(request, At(99));
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().metadata.at("field"), "excluded[1]");
}

TEST(SpcBaseline, WithoutASpreadThereAreNoLimits) {
  BaselineRequest request = Baseline(25);
  for (ChartPoint& point : request.points) point.mean = point.values[0] = 7;
  const Result<FrozenLimits> refused = FreezeBaseline(request, At(99));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kBaselineUnfit);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("no spread"));
}

// Which runs' values reach a chart -------------------------------------------------------------------------------------------------

struct Floor {
  std::shared_ptr<const Plant> plant;
  World world;
  const ProductRevision& revision;
  const Station& station;
  UnitEntry entry;
  int64_t second = 0;

  explicit Floor(const tests::PlantBuilder& builder = tests::PlantBuilder(), int16_t number = 30, std::string_view product = "PACK")
      : plant(builder.Build()),
        world(*plant, At(1'000'000)),
        revision(*plant->NewestRevision(plant->FindMaterial(product)->id)),
        station(*std::find_if(plant->stations.begin(), plant->stations.end(),
                              [&](const Station& s) { return s.product_code == product && s.Does(number); })),
        operation_(revision.operations[static_cast<size_t>(revision.OperationIndex(number))]) {
    entry.unit.id = 5;
    entry.unit.revision_id = revision.id;
    entry.unit.work_order_id = 1;
    world.orders[1].id = 1;
  }
  EventRow Row(EventKind kind, const std::vector<double>& values) {
    EventRow row;
    row.kind = kind;
    row.unit_id = entry.unit.id;
    row.operation = operation_.number;
    row.occur_time = At(++second);
    row.measured = values;
    return row;
  }
  std::vector<ChartAlarm> Complete(const std::vector<double>& values, int16_t flags = kFlagFirstRun) {
    EventRow row = Row(EventKind::kCompleted, values);
    row.flags = flags;
    world.effects.rows.push_back(row);
    return JudgeCharts(world, station, revision, operation_, entry, row);
  }
  ChartState& Chart(int16_t position = 0) {
    return world.charts.stations[{station.id, operation_.number}].Of(operation_.characteristics[0].code, position);
  }
  ChartKey Key(int16_t position = 0) const { return {station.id, operation_.number, operation_.characteristics[0].code, position}; }
  // Puts limits of center 10 and sigma 1 in force.
  void Freeze(ChartDesign design, int16_t position = 0) {
    auto plan = std::make_shared<ChartPlan>(world.charts.plan == nullptr ? ChartPlan() : *world.charts.plan);
    FrozenLimits frozen = UnitLimits(design);
    frozen.limits.center = 10, frozen.limits.lower = 7, frozen.limits.upper = 13;
    plan->limits[Key(position)] = frozen;
    world.charts.plan = plan;
  }

  const Operation& operation_;
};

TEST(SpcIngest, OnlyFirstRunsAreCharted) {
  Floor floor;
  floor.Complete({10, 10, 10, 11});
  EXPECT_EQ(floor.Chart().plotted, 1);
  floor.Complete({10, 10, 10, 11}, kFlagOutOfLimits | kFlagFirstRun);
  EXPECT_EQ(floor.Chart().plotted, 2) << "a failed first run is in";
  floor.Complete({10, 10, 10, 11}, 0);
  EXPECT_EQ(floor.Chart().plotted, 2) << "a retest or rework is out";
  floor.world.orders[1].trial = true;
  floor.Complete({10, 10, 10, 11});
  EXPECT_EQ(floor.Chart().plotted, 2) << "a trial build is out";
  EXPECT_EQ(floor.Chart().design, (ChartDesign{ChartKind::kMeanRange, 4})) << "four tightenings are a subgroup";
}

TEST(SpcIngest, ValuesOfMeasuredEventsCountWhenTheRunCompletes) {
  Floor floor;
  floor.world.effects.rows.push_back(floor.Row(EventKind::kMeasured, {1, 2, 3, 4}));
  floor.Complete({});
  ASSERT_EQ(floor.Chart().plotted, 1);
  EXPECT_EQ(floor.Chart().points[0].mean, 2.5);
  floor.Complete({});
  EXPECT_EQ(floor.Chart().plotted, 1) << "they are the first run's";
  // From before this batch; the completion's own values count more.
  floor.world.charts.measured[5] = {{1, 2, 3, 4}};
  floor.Complete({5, 5, 5, 9});
  EXPECT_EQ(floor.Chart().points[1].mean, 6);
  floor.world.effects.rows.push_back(floor.Row(EventKind::kMeasured, {1, 2, 3, 4}));
  floor.world.effects.rows.push_back(floor.Row(EventKind::kAborted, {}));
  floor.Complete({});
  EXPECT_EQ(floor.Chart().plotted, 2) << "an aborted run's values are nobody's";
}

TEST(SpcIngest, AnAlarmSaysAllThatARuleNeeds) {
  tests::PlantBuilder builder;
  builder.operation("PACK", 30).characteristics[0].characteristic_class = CharacteristicClass::kCritical;
  Floor floor(builder);
  floor.Freeze({ChartKind::kMeanRange, 4});
  EXPECT_THAT(floor.Complete({10, 10, 11, 9}), IsEmpty());
  const std::vector<ChartAlarm> alarms = floor.Complete({14, 14, 14, 14.5});
  ASSERT_THAT(alarms, SizeIs(1));
  EXPECT_EQ(alarms[0].rule, kNelson1);
  EXPECT_EQ(alarms[0].side, ChartSide::kAbove);
  EXPECT_EQ(alarms[0].station_id, floor.station.id);
  EXPECT_EQ(alarms[0].characteristic_code, "BOLT_V");
  EXPECT_EQ(alarms[0].characteristic_class, CharacteristicClass::kCritical);
  EXPECT_EQ(alarms[0].value, 14.125);
  EXPECT_EQ(alarms[0].point_time, At(2));
  EXPECT_EQ(alarms[0].last_in_control, At(1));
  EXPECT_FALSE(alarms[0].late);
  EXPECT_THAT(alarms[0].sentence, testing::HasSubstr("one point beyond 3 sigma, above (NELSON1)"));
  EXPECT_THAT(alarms[0].evidence, SizeIs(2));
  EXPECT_THAT(floor.world.charts.alarms, SizeIs(1));
  const std::vector<ChartAlarm> next = floor.Complete({14, 14, 14, 14.5});
  ASSERT_THAT(next, SizeIs(1)) << "the first rule's episode goes on";
  EXPECT_EQ(next[0].rule, kNelson5);
}

TEST(SpcIngest, APositionHasAChartOfItsOwnWhereItWasDecided) {
  Floor floor;
  auto plan = std::make_shared<ChartPlan>();
  ChartDefinition& definition = plan->characteristics[{floor.station.material_id, int16_t{30}, "BOLT_V"}];
  definition.rules = BitOf(kNelson1);
  definition.by_position = true;
  floor.world.charts.plan = plan;
  floor.Freeze(kFives, 3);
  for (int i = 0; i < 4; ++i) floor.Complete({10, 10, 20, 10});
  const std::vector<ChartAlarm> alarms = floor.Complete({10, 10, 20, 10});
  ASSERT_THAT(alarms, SizeIs(1));
  EXPECT_EQ(alarms[0].position, 3);
  EXPECT_THAT(alarms[0].sentence, testing::HasSubstr("at position 3"));
  EXPECT_EQ(floor.Chart(4).plotted, 1);
  EXPECT_EQ(floor.Chart(0).plotted, 0);
}

std::string FieldAtFault(const ChartDefinition& definition, const std::vector<ChartRule>& rules, const Characteristic* characteristic) {
  const Status checked = CheckDefinition(definition, rules, characteristic);
  return checked ? "" : checked.error().metadata.at("field");
}

TEST(SpcDefinition, ContradictoryAndImpossibleOnesAreRefusedWithTheField) {
  ChartDefinition of_class;
  of_class.characteristic_class = CharacteristicClass::kCritical;
  EXPECT_EQ(FieldAtFault(of_class, {kNelson1, kNelson2}, nullptr), "");
  EXPECT_EQ(FieldAtFault(of_class, {}, nullptr), "rules");
  EXPECT_EQ(FieldAtFault(of_class, {kNelson1, kNelson1}, nullptr), "rules[1]");
  EXPECT_EQ(FieldAtFault(of_class, {kNelson1, kNelson2, kWesternElectric4}, nullptr), "rules[2]") << "8 in a row find what 9 do";
  EXPECT_EQ(FieldAtFault(of_class, {kNelson1, kWesternElectric1}, nullptr), "rules[1]");
  EXPECT_EQ(FieldAtFault(of_class, {kNelson2}, nullptr), "rules") << "SPC_R1 would wait for ever";
  of_class.by_position = true;
  EXPECT_EQ(FieldAtFault(of_class, {kNelson1}, nullptr), "by_position");
  ChartDefinition own;
  own.by_position = true;
  Characteristic characteristic;
  EXPECT_EQ(FieldAtFault(own, {kNelson2}, &characteristic), "by_position") << "one value per unit";
  characteristic.replicates = 2;
  EXPECT_EQ(FieldAtFault(own, {kNelson2}, &characteristic), "") << "a standard one may do without";
}

TEST(SpcAlarm, IsAcknowledgedOnceByAName) {
  ChartAlarm alarm;
  ASSERT_TRUE(Acknowledge(alarm, "Li", "tool changed", At(1)));
  EXPECT_FALSE(alarm.IsOpen());
  const Status again = Acknowledge(alarm, "Wu", "again", At(2));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().reason, Reason::kChartAlarmAcknowledged);
  EXPECT_EQ(alarm.acknowledged_by, "Li");
}

}  // namespace
}  // namespace mes::domain
