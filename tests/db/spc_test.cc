// Where charts are kept: the packed state, chunks of points, limits and definitions by version, alarms.
#include "db/spc.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/spc_chart.h"
#include "db/spc_state.h"
#include "domain/world.h"
#include "tests/support/stored_plant.h"

namespace mes::db {
namespace {

using domain::ChartDesign;
using domain::ChartKind;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using tests::StoredPlant;

domain::Time At(int64_t second) { return StoredPlant::kNow + std::chrono::seconds(second); }

domain::FrozenLimits LimitsAbout(double center) {
  domain::FrozenLimits frozen;
  frozen.version = 1;
  frozen.design = {ChartKind::kIndividuals, 1};
  frozen.limits = {center, 1, center - 3, center + 3, 1, 0, 3.267, 1};
  frozen.baseline_from = At(0);
  frozen.baseline_until = At(100);
  frozen.points = 25;
  frozen.excluded = {At(3), At(7)};
  frozen.person = "Li";
  frozen.reason = "qualified; \"two\" left out, {tool} change";
  frozen.freeze_time = At(200);
  return frozen;
}

// Plots values one a second on three charts of one station, and stores the world after each `per_commit`.
struct Plotted {
  StoredPlant plant;
  domain::ChartKey key{1, 10, "KIT_V", 0};
  std::vector<double> values;

  void Plot(const std::vector<int>& seconds, ChartDesign design, size_t per_commit) {
    for (size_t i = 0; i < seconds.size(); i += per_commit) {
      plant.Run([&](Transaction& transaction) {
        domain::World world(plant.plant(), StoredPlant::kNow);
        WorldKeys keys;
        keys.completing = {key.station_id};
        LoadCharts(transaction, keys, world);
        domain::StationCharts& charts = world.charts.stations[{key.station_id, key.operation}];
        charts.changed = true;
        for (size_t k = i; k < std::min(i + per_commit, seconds.size()); ++k) {
          std::vector<domain::PointChunk> chunks;
          std::vector<double> group;
          for (int v = 0; v < design.subgroup; ++v) group.push_back(seconds[k] + v / 7.0);
          domain::Take(charts.Of(key.characteristic_code, key.position), design, 1, nullptr, At(seconds[k]), group, chunks);
          for (domain::PointChunk& chunk : chunks) world.charts.chunks.push_back({key, std::move(chunk)});
        }
        StoreCharts(transaction, world);
      });
    }
  }
  std::vector<int64_t> Seconds(int64_t from, int64_t until, int limit) {
    std::vector<int64_t> seconds;
    plant.Run([&](Transaction& transaction) {
      for (const StoredPoint& stored : ListPoints(transaction, key, At(from), At(until), limit)) {
        seconds.push_back(std::chrono::duration_cast<std::chrono::seconds>(stored.point.time - StoredPlant::kNow).count());
        EXPECT_EQ(stored.point.values.at(0), stored.design.kind == ChartKind::kMeanDeviation ? stored.point.mean : seconds.back());
      }
    });
    return seconds;
  }
};

std::vector<int> Upto(int count) {
  std::vector<int> seconds;
  for (int i = 0; i < count; ++i) seconds.push_back(i);
  return seconds;
}

TEST(SpcState, IsTheSameAfterItsBytes) {
  std::mt19937 random(3);
  std::normal_distribution<double> noise(0, 1);
  domain::StationCharts charts;
  const domain::FrozenLimits limits = LimitsAbout(0);
  for (const ChartDesign design : {ChartDesign{ChartKind::kIndividuals, 1}, ChartDesign{ChartKind::kMeanRange, 5},
                                   ChartDesign{ChartKind::kMeanRange, 3}, ChartDesign{ChartKind::kMeanDeviation, 12}}) {
    domain::ChartState& state = charts.Of("C" + std::to_string(charts.charts.size()), static_cast<int16_t>(design.subgroup));
    std::vector<domain::PointChunk> chunks;
    for (int i = 0; i < 137; ++i) {
      std::vector<double> values(design.kind == ChartKind::kMeanRange && design.subgroup == 5 ? 1 : static_cast<size_t>(design.subgroup));
      for (double& value : values) value = noise(random);
      domain::Take(state, design, 0xff0, design.subgroup == 1 ? &limits : nullptr, At(i % 10 == 9 ? i - 30 : i), values, chunks);
    }
  }
  const std::string bytes = Encode(charts);
  const domain::StationCharts read = DecodeCharts(bytes);
  EXPECT_EQ(Encode(read), bytes);
  ASSERT_THAT(read.charts, SizeIs(4));
  for (size_t i = 0; i < 4; ++i) {
    const domain::ChartState &a = charts.charts[i].state, &b = read.charts[i].state;
    EXPECT_EQ(a.design, b.design);
    EXPECT_EQ(a.judged_after, b.judged_after);
    EXPECT_EQ(a.clean_before, b.clean_before);
    EXPECT_EQ(a.plotted, b.plotted);
    EXPECT_EQ(a.open, b.open);
    EXPECT_EQ(a.late, b.late);
    ASSERT_EQ(a.points.size(), b.points.size());
    for (size_t k = 0; k < a.points.size(); ++k) {
      EXPECT_EQ(a.points[k].time, b.points[k].time);
      EXPECT_EQ(a.points[k].mean, b.points[k].mean) << "bit by bit";
      EXPECT_EQ(a.points[k].values, b.points[k].values);
      EXPECT_EQ(a.points[k].signals, b.points[k].signals);
    }
  }
  EXPECT_LT(bytes.size(), 4'000u) << "four charts stay inside their row's page";
  EXPECT_THROW(DecodeCharts(bytes.substr(0, bytes.size() - 1)), std::invalid_argument);
  EXPECT_THROW(DecodeCharts(bytes + "x"), std::invalid_argument);
  EXPECT_THROW(DecodeCharts("\x02"), std::invalid_argument);
}

TEST(SpcPoints, AreAllThereHoweverTheyWereCommitted) {
  for (const size_t per_commit : {1u, 7u, 100u}) {
    Plotted plotted;
    plotted.Plot(Upto(100), {ChartKind::kIndividuals, 1}, per_commit);
    EXPECT_THAT(plotted.Seconds(0, 1'000, 1'000), testing::ElementsAreArray(Upto(100)));
    EXPECT_EQ(plotted.plant.database().Value("select count(*) from spc_points"), "6") << "16 a row, 4 still with the state";
    EXPECT_THAT(plotted.Seconds(30, 35, 1'000), ElementsAre(30, 31, 32, 33, 34));
    EXPECT_THAT(plotted.Seconds(0, 1'000, 3), ElementsAre(97, 98, 99)) << "the newest";
    EXPECT_THAT(plotted.Seconds(0, 50, 3), ElementsAre(47, 48, 49));
  }
}

TEST(SpcPoints, LateOnesStandInTheirPlace) {
  Plotted plotted;
  std::vector<int> seconds;
  for (int i = 0; i < 100; ++i) {
    if (i % 9 != 4) seconds.push_back(i);
  }
  for (int i = 0; i < 100; ++i) {
    if (i % 9 == 4) seconds.push_back(i);
  }
  plotted.Plot(seconds, {ChartKind::kMeanRange, 3}, 10);
  EXPECT_THAT(plotted.Seconds(0, 1'000, 1'000), testing::ElementsAreArray(Upto(100)));
  EXPECT_THAT(plotted.Seconds(0, 41, 4), ElementsAre(37, 38, 39, 40));
}

TEST(SpcPoints, OfManyValuesKeepMeanAndDeviation) {
  Plotted plotted;
  plotted.Plot(Upto(20), {ChartKind::kMeanDeviation, 12}, 5);
  EXPECT_THAT(plotted.Seconds(0, 100, 100), SizeIs(20));
  EXPECT_EQ(plotted.plant.database().Value("select array_length(measured, 1) from spc_points"), "32");
}

TEST(SpcLimits, AreNumberedPerChartAndNeverChange) {
  StoredPlant plant;
  const domain::ChartKey key{1, 10, "KIT_V", 0}, other{1, 10, "KIT_V", 2};
  plant.Run([&](Transaction& transaction) {
    for (const double center : {5.0, 6.0}) {
      domain::FrozenLimits frozen = LimitsAbout(center);
      LockChartPlan(transaction);
      InsertLimits(transaction, key, frozen);
      EXPECT_EQ(frozen.version, center - 4);
    }
    domain::FrozenLimits frozen = LimitsAbout(9);
    InsertLimits(transaction, other, frozen);
    EXPECT_EQ(frozen.version, 1);
    EXPECT_EQ(LoadChartPlanVersion(transaction), 2);
  });
  plant.Run([&](Transaction& transaction) {
    const std::vector<domain::FrozenLimits> versions = ListLimits(transaction, key, 0, 10);
    ASSERT_THAT(versions, SizeIs(2));
    EXPECT_EQ(versions[0].version, 2);
    EXPECT_EQ(versions[0].limits.center, 6);
    EXPECT_EQ(versions[0].limits.spread_upper, 3.267);
    EXPECT_THAT(versions[0].excluded, ElementsAre(At(3), At(7)));
    EXPECT_EQ(versions[0].baseline_until, At(100));
    EXPECT_EQ(versions[0].reason, LimitsAbout(0).reason);
    EXPECT_THAT(ListLimits(transaction, key, 2, 10), SizeIs(1));
    const auto plan = LoadChartPlan(transaction);
    EXPECT_EQ(plan->version, 2);
    EXPECT_EQ(plan->LimitsFor(key)->limits.center, 6) << "the newest is in force";
    EXPECT_EQ(plan->LimitsFor(other)->limits.center, 9);
    EXPECT_EQ(plan->LimitsFor({1, 10, "KIT_V", 3}), nullptr);
  });
  EXPECT_THROW(plant.database().Query("update spc_limits set upper = 99"), std::exception);
  EXPECT_THROW(plant.database().Query("delete from spc_limits"), std::exception);
}

TEST(SpcDefinitions, TheNewestOfASubjectCounts) {
  StoredPlant plant;
  domain::ChartDefinition of_class, own;
  of_class.characteristic_class = domain::CharacteristicClass::kCritical;
  own.material_id = plant.material_id("PACK");
  own.operation = 30;
  own.characteristic_code = "BOLT_V";
  own.by_position = true;
  for (domain::ChartDefinition* definition : {&of_class, &own}) {
    definition->person = "Li", definition->reason = "audit", definition->define_time = At(0);
  }
  plant.Run([&](Transaction& transaction) {
    for (const domain::RuleSet rules : {1, 3}) {
      of_class.rules = own.rules = rules;
      InsertDefinition(transaction, of_class);
      InsertDefinition(transaction, own);
    }
    const domain::ChartPlan plan = LoadDefinitions(transaction);
    domain::Characteristic bolt;
    bolt.code = "BOLT_V";
    bolt.replicates = 4;
    EXPECT_EQ(plan.ChoiceFor(own.material_id, 30, bolt).rules, 3);
    EXPECT_TRUE(plan.ChoiceFor(own.material_id, 30, bolt).by_position);
    bolt.code = "OTHER";
    bolt.characteristic_class = domain::CharacteristicClass::kCritical;
    EXPECT_EQ(plan.ChoiceFor(own.material_id, 30, bolt).rules, 3);
    bolt.characteristic_class = domain::CharacteristicClass::kSignificant;
    EXPECT_EQ(plan.ChoiceFor(own.material_id, 30, bolt).rules, domain::DefaultRules(bolt.characteristic_class));
    const auto all = ListDefinitions(transaction, 0, 10);
    ASSERT_THAT(all, SizeIs(4));
    EXPECT_EQ(all[0].second.characteristic_code, "BOLT_V");
    EXPECT_THAT(ListDefinitions(transaction, all[1].first, 10), SizeIs(2));
  });
}

TEST(SpcAlarms, AreKeptWithTheirEvidenceAndAcknowledged) {
  StoredPlant plant;
  domain::ChartAlarm alarm;
  alarm.station_id = 1;
  alarm.material_id = plant.material_id("PACK");
  alarm.operation = 10;
  alarm.characteristic_code = "KIT_V";
  alarm.characteristic_class = domain::CharacteristicClass::kCritical;
  alarm.point_time = At(5);
  alarm.value = 14.25;
  alarm.unit_id = 77;
  alarm.late = true;
  alarm.limits_version = 3;
  alarm.sentence = "KIT_V: one point \"beyond\" 3 sigma, {above}";
  alarm.evidence = {{"limit", "KIT_V", "value 14.25"}};
  plant.Run([&](Transaction& transaction) {
    domain::World world(plant.plant(), At(9));
    world.charts.alarms = {alarm, alarm};
    world.charts.alarms[1].position = 2;
    world.charts.alarms[1].last_in_control = At(4);
    StoreCharts(transaction, world);
  });
  plant.Run([&](Transaction& transaction) {
    const std::vector<domain::ChartAlarm> alarms = ListAlarms(transaction, {}, 10);
    ASSERT_THAT(alarms, SizeIs(2));
    EXPECT_EQ(alarms[0].last_in_control, At(4));
    EXPECT_EQ(alarms[1].last_in_control, std::nullopt);
    EXPECT_EQ(alarms[1].sentence, alarm.sentence);
    EXPECT_EQ(alarms[1].evidence.at(0).detail, "value 14.25");
    EXPECT_EQ(alarms[1].raise_time, At(9));
    EXPECT_EQ(alarms[1].characteristic_class, domain::CharacteristicClass::kCritical);
    AlarmFilter of_chart;
    of_chart.chart = domain::ChartKey{1, 10, "KIT_V", 2};
    EXPECT_THAT(ListAlarms(transaction, of_chart, 10), SizeIs(1));
    std::optional<domain::ChartAlarm> locked = LockAlarm(transaction, alarms[0].id);
    ASSERT_TRUE(locked);
    ASSERT_TRUE(domain::Acknowledge(*locked, "Wu", "tool changed", At(20)));
    UpdateAcknowledgedAlarm(transaction, *locked);
    AlarmFilter open;
    open.open_only = true;
    EXPECT_THAT(ListAlarms(transaction, open, 10), SizeIs(1));
    EXPECT_EQ(ListAlarms(transaction, {}, 1)[0].acknowledged_by, "Wu");
    EXPECT_EQ(LockAlarm(transaction, 99), std::nullopt);
  });
}

TEST(SpcCharts, AreListedByStationWithTheirLimitsAndOpenAlarms) {
  Plotted plotted;
  plotted.Plot(Upto(3), {ChartKind::kIndividuals, 1}, 3);
  plotted.plant.Run([&](Transaction& transaction) {
    domain::FrozenLimits frozen = LimitsAbout(5);
    InsertLimits(transaction, plotted.key, frozen);
    const std::vector<StoredCharts> list = ListStationCharts(transaction, {1, 2}, 0, 0, 10);
    ASSERT_THAT(list, SizeIs(1));
    EXPECT_EQ(list[0].charts.charts.at(0).state.plotted, 3);
    EXPECT_EQ(list[0].limits_versions.at({"KIT_V", int16_t{0}}), 1);
    EXPECT_THAT(list[0].open_alarms, IsEmpty());
    EXPECT_THAT(ListStationCharts(transaction, {1, 2}, 1, 10, 10), IsEmpty());
    EXPECT_THAT(ListStationCharts(transaction, {2}, 0, 0, 10), IsEmpty());
    EXPECT_EQ(LoadChart(transaction, {1, 10, "NONE", 0}), std::nullopt);
  });
}

}  // namespace
}  // namespace mes::db
