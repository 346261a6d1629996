#include "domain/replay.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "domain/nonconformance.h"
#include "tests/support/shop_floor.h"

namespace mes::domain {
namespace {

using tests::PlantBuilder;
using tests::ShopFloor;

PlantBuilder Plain() {
  PlantBuilder builder;
  builder.operation("PACK", 50).interlocks.pop_back();  // its parts are another test's matter
  builder.operation("PACK", 50).new_identity = NewIdentity::kNone;
  builder.operation("PACK", 40).max_reworks = 3;
  return builder;
}

std::vector<HistoryRow> HistoryOf(const World& world, int64_t unit_id) {
  std::vector<HistoryRow> history;
  for (const EventRow& row : world.effects.rows) {
    if (row.unit_id != unit_id) continue;
    HistoryRow stored{row, 0, 0};
    if (row.kind == EventKind::kReversed) {
      stored.reversed_epoch = row.details->reversed_epoch;
      stored.reversed_sequence = row.details->reversed_sequence;
    }
    history.push_back(std::move(stored));
  }
  return history;
}

// Those that a unary start left, with what it asked.
std::vector<RefusedStart> RefusedOf(const World& world, const std::string& code) {
  std::vector<RefusedStart> refused;
  for (const Effects::Refused& each : world.effects.refused) {
    if (each.kind != EventKind::kStarted || each.subject_code != code) continue;
    refused.push_back({each.occur_time, world.now, each.event.station_id, each.event.epoch, each.event.sequence, 0,
                       RunPurpose::kNone, each.refusals});
  }
  return refused;
}

std::vector<VerdictChange> ChangesOf(ShopFloor& floor, const std::string& unit, const ReplayRules& rules) {
  std::vector<PlantFault> faults;
  const ChangedPlant changed = ApplyRules(floor.plant(), rules, faults);
  EXPECT_TRUE(faults.empty()) << faults[0].path << ": " << faults[0].problem;
  const UnitEntry& entry = floor.unit(unit);
  Replay replay(floor.plant(), changed.plant);
  std::vector<VerdictChange> changes;
  EXPECT_TRUE(replay.Judge(entry.unit, HistoryOf(floor.world(), entry.unit.id), RefusedOf(floor.world(), unit), Time::min(),
                           Time::max(), changes));
  return changes;
}

struct ReplayTest : testing::Test {
  ShopFloor floor{Plain()};

  void Pass(const std::vector<int16_t>& operations) {
    for (const int16_t operation : operations) floor.Run("PACK", operation, "P1", true, operation == 10 ? "ORD-PACK" : "");
  }
  static ReplayRules Of(ProductChange change) {
    change.product_code = "PACK";
    return {{std::move(change)}};
  }
  // `20 PASS > FAIL OUT_OF_LIMITS`, per change.
  std::vector<std::string> Told(const ReplayRules& rules) {
    std::vector<std::string> told;
    for (const VerdictChange& change : ChangesOf(floor, "P1", rules)) {
      told.push_back(std::to_string(change.operation) + " " + change.was + " > " + change.would_be);
    }
    return told;
  }
};

using Lines = std::vector<std::string>;

TEST_F(ReplayTest, TighterLimitsFailWhatPassed) {
  Pass({10, 20, 30, 40, 50});
  ProductChange change;
  change.limits = {{20, "LOAD_V", {true, 11.0}, {}}};
  const std::vector<VerdictChange> changes = ChangesOf(floor, "P1", Of(change));
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].was, "PASS");
  EXPECT_EQ(changes[0].would_be, "FAIL OUT_OF_LIMITS");
  EXPECT_EQ(changes[0].why, "LOAD_V 10 is not in 11 to 15 (was 5 to 15)");
  EXPECT_EQ(changes[0].unit_code, "P1");
  EXPECT_EQ(changes[0].kind, EventKind::kCompleted);
  EXPECT_EQ(changes[0].station_id, floor.StationOf("PACK", 20).id);
}

TEST_F(ReplayTest, WiderLimitsDoNotMakeAFailOfTheStationAPass) {
  Pass({10, 20, 30});
  floor.Run("PACK", 40, "P1", false);  // 99, and the station says so itself
  Completed by_server = floor.PassOf("PACK", 40);
  by_server.values[0].values[0] = 99;
  floor.Say("PACK", 40, "P1", floor.StartOf("PACK", 40));
  floor.Say("PACK", 40, "P1", by_server);
  ProductChange change;
  change.limits = {{40, "TEST_V", {}, {true, 100.0}}};
  EXPECT_EQ(Told(Of(change)), (Lines{"40 FAIL OUT_OF_LIMITS > PASS"}));
}

TEST_F(ReplayTest, LimitsOnTighteningsRejectTheCompletion) {
  Pass({10, 20, 30});
  ProductChange change;
  change.limits = {{30, "BOLT_V", {}, {true, 9.0}}};
  EXPECT_EQ(Told(Of(change)), (Lines{"30 PASS > REJECTED BOLT_COUNT"}));
}

TEST_F(ReplayTest, FewerRetestsRefuseTheOnesThatWereTaken) {
  Pass({10, 20, 30});
  floor.Run("PACK", 40, "P1", false);
  floor.Run("PACK", 40, "P1", true);
  ProductChange change;
  change.routing = {{40, int16_t{0}, {}, {}}};
  EXPECT_EQ(Told(Of(change)), (Lines{"40 RECORDED retest > REJECTED RETEST_LIMIT"}));
}

TEST_F(ReplayTest, FewerReworksRefuseTheOnesThatWereTaken) {
  Pass({10, 20, 30});
  floor.Run("PACK", 40, "P1", false);
  floor.Run("PACK", 40, "P1", false);
  Pass({20, 30, 40, 50});
  ProductChange change;
  change.routing = {{40, {}, int16_t{0}, {}}};
  EXPECT_EQ(Told(Of(change)), (Lines{"20 RECORDED rework > REJECTED REWORK_LIMIT"}));
}

TEST_F(ReplayTest, MoreRetestsAllowWhatWasRefused) {
  Pass({10, 20, 30});
  floor.Run("PACK", 40, "P1", false);
  floor.Run("PACK", 40, "P1", false);
  EXPECT_EQ(floor.Say("PACK", 40, "P1", floor.StartOf("PACK", 40)).outcome, EventOutcome::kRejected);
  ProductChange change;
  change.routing = {{40, int16_t{2}, {}, {}}};
  EXPECT_EQ(Told(Of(change)), (Lines{"40 REJECTED RETEST_LIMIT > RECORDED retest"}));
  EXPECT_EQ(Told({}), Lines{});
}

TEST_F(ReplayTest, AnOperationThatBecomesMandatoryIsMissedWhereItWasLeftOut) {
  Pass({10, 20, 30, 40, 50});
  ProductChange change;
  change.routing = {{45, {}, {}, true}};
  EXPECT_EQ(Told(Of(change)), (Lines{"50 RECORDED regular > REJECTED ROUTE_SEQ", "50 PASS, finished > PASS"}));
  change.routing = {{50, {}, {}, false}};
  EXPECT_EQ(Told(Of(change)), (Lines{"40 PASS > PASS, finished", "50 RECORDED regular > REJECTED ROUTE_SEQ"}));
}

TEST_F(ReplayTest, AWindowIsReadOnTheRecordedTimes) {
  floor.Run("CELL", 10, "P1", true, "ORD-CELL");
  floor.Say("CELL", 20, "P1", floor.StartOf("CELL", 20));
  floor.Wait(std::chrono::seconds(600));
  ASSERT_EQ(floor.Say("CELL", 20, "P1", floor.PassOf("CELL", 20)).outcome, EventOutcome::kRecorded);
  ProductChange change;
  change.product_code = "CELL";
  change.windows = {{"SOAK", {true, 900}, {}}};
  EXPECT_EQ(Told({{change}}), (Lines{"20 PASS > REJECTED TIME_WINDOW"})) << "too early";
  change.windows = {{"SOAK", {}, {true, 300}}};
  EXPECT_EQ(Told({{change}}), (Lines{"20 PASS > FAIL TIME_WINDOW"})) << "too late";
  change.windows = {{"SOAK", {}, {true, 601}}};
  EXPECT_EQ(Told({{change}}), Lines{});
}

TEST_F(ReplayTest, PoliciesCountAsTheyStoodAtTheEvent) {
  FailureCode policy;
  policy.code = "BAD";
  policy.material_id = floor.plant().FindMaterial("PACK")->id;
  policy.operation = 40;
  policy.route = 30;
  Pass({10, 20, 30});
  floor.Run("PACK", 40, "P1", false);
  floor.Run("PACK", 40, "P1", false);
  Pass({20, 30});  // reworked by the routing
  floor.world().now += std::chrono::hours(1);
  const Time world_now = floor.world().now;
  floor.Run("PACK", 40, "P1", false);
  floor.Run("PACK", 40, "P1", false);
  policy.version = 1;
  policy.create_time = world_now + Duration(5);
  const_cast<Plant&>(floor.plant()).failure_codes.Add(policy);
  floor.world().now = world_now + std::chrono::hours(1);
  Pass({30});  // reworked by the policy
  EXPECT_EQ(Told({}), Lines{});
}

TEST_F(ReplayTest, APartOfASplitLotIsLeftOut) {
  std::vector<VerdictChange> changes;
  Replay replay(floor.plant(), floor.plant());
  Pass({10, 20});
  const UnitEntry& entry = floor.unit("P1");
  std::vector<HistoryRow> history = HistoryOf(floor.world(), entry.unit.id);
  history.erase(history.begin());
  EXPECT_FALSE(replay.Judge(entry.unit, history, {}, Time::min(), Time::max(), changes));
  EXPECT_FALSE(replay.Judge(entry.unit, {}, {}, Time::min(), Time::max(), changes));
}

TEST_F(ReplayTest, OnlyEventsOfTheRangeAreListed) {
  Pass({10, 20, 30, 40});
  ProductChange change;
  change.limits = {{20, "LOAD_V", {true, 11.0}, {}}};
  std::vector<PlantFault> faults;
  const ChangedPlant changed = ApplyRules(floor.plant(), Of(change), faults);
  Replay replay(floor.plant(), changed.plant);
  std::vector<VerdictChange> changes;
  const UnitEntry& entry = floor.unit("P1");
  const std::vector<HistoryRow> history = HistoryOf(floor.world(), entry.unit.id);
  replay.Judge(entry.unit, history, {}, floor.now() + Duration(1), Time::max(), changes);
  EXPECT_TRUE(changes.empty());
  replay.Judge(entry.unit, history, {}, floor.now(), floor.now() + Duration(1), changes);
  EXPECT_EQ(changes.size(), 1u);
}

TEST_F(ReplayTest, WhatTheRulesNameWrongIsToldByPointer) {
  const auto told = [&](ProductChange change, const char* product = "PACK") {
    change.product_code = product;
    std::vector<PlantFault> faults;
    ApplyRules(floor.plant(), {{change}}, faults);
    return faults.empty() ? std::string() : faults[0].path;
  };
  EXPECT_EQ(told({}, "NONE"), "/products/0/product");
  EXPECT_EQ(told({}, "HSG"), "/products/0/product") << "bought";
  EXPECT_EQ(told({"", 9, {}, {}, {}}), "/products/0/revision");
  EXPECT_EQ(told({"", 0, {{41, "TEST_V", {}, {true, 1.0}}}, {}, {}}), "/products/0/limits/0/operation");
  EXPECT_EQ(told({"", 0, {{40, "NONE", {}, {true, 1.0}}}, {}, {}}), "/products/0/limits/0/characteristic");
  EXPECT_EQ(told({"", 0, {{40, "TEST_V", {true, 16.0}, {}}}, {}, {}}), "/products/0/limits/0/lower");
  EXPECT_EQ(told({"", 0, {{40, "TEST_V", {}, {true, 5.0}}}, {}, {}}), "/products/0/limits/0/upper");
  EXPECT_EQ(told({"", 0, {{40, "TEST_V", {true, {}}, {true, {}}}}, {}, {}}), "/products/0/limits/0");
  EXPECT_EQ(told({"", 0, {{40, "TEST_V", {true, 6.0}, {}}, {40, "TEST_V", {true, 7.0}, {}}}, {}, {}}),
            "/products/0/limits/1/characteristic");
  EXPECT_EQ(told({"", 0, {}, {{41, {}, {}, true}}, {}}), "/products/0/routing/0/operation");
  EXPECT_EQ(told({"", 0, {}, {{30, {}, int16_t{1}, {}}}, {}}), "/products/0/routing/0/max_reworks");
  EXPECT_EQ(told({"", 0, {}, {{35, {}, {}, true}}, {}}, "CELL"), "/products/0/routing/0/mandatory");
  EXPECT_EQ(told({"", 0, {}, {}, {{"NONE", {}, {true, 5}}}}), "/products/0/windows/0/id");
  EXPECT_EQ(told({"", 0, {}, {}, {{"SOAK", {}, {true, 60}}}}, "CELL"), "/products/0/windows/0/max_s");
  EXPECT_EQ(told({"", 0, {}, {}, {{"SOAK", {true, 3'600}, {}}}}, "CELL"), "/products/0/windows/0/min_s");
  EXPECT_EQ(told({"", 0, {}, {}, {{"SOAK", {}, {true, {}}}}}, "CELL"), "/products/0/windows/0/max_s") << "what would be late?";
  std::vector<PlantFault> faults;
  ProductChange once;
  once.product_code = "PACK";
  ApplyRules(floor.plant(), {{once, once}}, faults);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].path, "/products/1/revision");
}

TEST(ReplayRules, AWindowThatIsReadOnMaterialCannotBeReplayed) {
  PlantBuilder builder = Plain();
  TimeWindow age;
  age.id = "AGE";
  age.from_operation = age.to_operation = 10;
  age.from_event = WindowEvent::kMaterialAge;
  age.to_event = WindowEvent::kStart;
  age.max_seconds = 60;
  builder.product("PACK").windows.push_back(age);
  ProductChange change;
  change.product_code = "PACK";
  change.windows = {{"AGE", {}, {true, 30}}};
  std::vector<PlantFault> faults;
  ApplyRules(*builder.Build(), {{change}}, faults);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].path, "/products/0/windows/0/id");
}

struct ReplayYieldTest : testing::Test {
  Plant plant = *Plain().Build();
  const ProductRevision& pack = *plant.NewestRevision(plant.FindMaterial("PACK")->id);
  int32_t station = 0;

  ReplayYieldTest() {
    for (const Station& each : plant.stations) {
      if (each.product_code == "PACK" && each.Does(40)) station = each.id;
    }
    ProcessRule streak;
    streak.code = "CF3";
    streak.by_routing = true;
    streak.count = 3;
    streak.release_role = "process engineer";
    streak.stops = StopScope::kStation;
    ProcessRule golden = streak;
    golden.code = "GOLD";
    golden.kind = ProcessRuleKind::kGoldenFailed;
    ProcessRule window = streak;
    window.code = "FPY_W";
    window.by_routing = false;
    window.kind = ProcessRuleKind::kYieldWindow;
    window.count = 0;
    window.window = 4;
    window.min_runs = 4;
    window.alarm_points = 60;
    window.stops = StopScope::kNone;
    plant.rules = {streak, golden, window};
  }
  // `+` passes, a letter is a failure's code; one run a second.
  std::vector<ReplayedRun> Runs(const std::string& recorded, const std::string& anew) const {
    std::vector<ReplayedRun> runs;
    for (size_t i = 0; i < recorded.size(); ++i) {
      const auto run = [&](char c) {
        return FirstRun{FromMicros(static_cast<int64_t>(i)), 1, static_cast<int64_t>(i) + 1, station, 1, c == '+',
                        c == '+' ? "" : std::string(1, c)};
      };
      runs.push_back({pack.id, 40, "P" + std::to_string(i + 1), run(recorded[i]), std::nullopt});
      if (anew[i] != '.') runs.back().anew = run(anew[i]);
    }
    return runs;
  }
  // `P3 +CF3`: an alarm more, by that run; `-`: one less.
  std::vector<std::string> Told(const std::vector<YieldRuleChange>& rules, const std::string& recorded, const std::string& anew) {
    std::vector<PlantFault> faults;
    ReplayRules asked;
    asked.yield_rules = rules;
    const ChangedPlant changed = ApplyRules(plant, asked, faults);
    EXPECT_TRUE(faults.empty()) << faults[0].path << ": " << faults[0].problem;
    std::vector<ReplayedRun> runs = Runs(recorded, anew);
    std::vector<std::string> told;
    for (const AlarmChange& change : ReplayYieldRules(plant, changed.plant, runs)) {
      told.push_back(change.unit_code + (change.raised_anew ? " +" : " -") + change.rule_code);
    }
    return told;
  }
  std::string FaultOf(YieldRuleChange change, size_t times = 1) {
    std::vector<PlantFault> faults;
    ReplayRules asked;
    asked.yield_rules = std::vector<YieldRuleChange>(times, change);
    ApplyRules(plant, asked, faults);
    return faults.empty() ? "" : faults[0].path;
  }
};

TEST_F(ReplayYieldTest, ShorterStreaksAlarmEarlierAndLongerOnesNotAtAll) {
  EXPECT_EQ(Told({}, "AAAA", "AAAA"), Lines{});
  EXPECT_EQ(Told({{"CF3", 2, {}, {}, {}, {}}}, "+AA+A", "+AA+A"), (Lines{"P3 +CF3"}));
  EXPECT_EQ(Told({{"CF3", 4, {}, {}, {}, {}}}, "AAA+", "AAA+"), (Lines{"P3 -CF3"}));
  EXPECT_EQ(Told({{"CF3", 2, {}, {}, {}, {}}}, "AB+B", "AB+B"), Lines{}) << "another code is another streak";
}

TEST_F(ReplayYieldTest, OtherVerdictsMakeOtherAlarms) {
  EXPECT_EQ(Told({}, "AA+", "AAA"), (Lines{"P3 +CF3"}));
  EXPECT_EQ(Told({}, "AAA", "A+A"), (Lines{"P3 -CF3"}));
  EXPECT_EQ(Told({}, "A+AA", "A.AA"), (Lines{"P4 +CF3", "P4 -FPY_W"})) << "what would not have been taken counts for nothing";
}

TEST_F(ReplayYieldTest, AYieldWindowIsReadWithItsOwnFigures) {
  YieldRuleChange change{"FPY_W", {}, {}, {}, 40.0, {}};
  EXPECT_EQ(Told({change}, "A+B+", "A+B+"), (Lines{"P4 +FPY_W"}));
  change.alarm_points = 60.0;
  EXPECT_EQ(Told({change}, "A+B+", "A+B+"), Lines{});
}

TEST_F(ReplayYieldTest, WhatCannotBeIsToldByPointer) {
  EXPECT_EQ(FaultOf({"NONE", 2, {}, {}, {}, {}}), "/yield_rules/0/code");
  EXPECT_EQ(FaultOf({"GOLD", 2, {}, {}, {}, {}}), "/yield_rules/0/code") << "not about first runs";
  EXPECT_EQ(FaultOf({"CF3", 2, {}, {}, {}, {}}, 2), "/yield_rules/1/code") << "twice";
  EXPECT_EQ(FaultOf({"CF3", 1, {}, {}, {}, {}}), "/yield_rules/0/count");
  EXPECT_EQ(FaultOf({"CF3", {}, 20, {}, {}, {}}), "/yield_rules/0/window") << "a streak has none";
  EXPECT_EQ(FaultOf({"FPY_W", {}, 3, {}, {}, {}}), "/yield_rules/0/min_runs") << "more runs than the window holds";
  EXPECT_EQ(FaultOf({"FPY_W", {}, {}, {}, {}, 50.0}), "/yield_rules/0/stop_points") << "stops before it alarms";
}

// Whatever happened, in whatever order, with policies, decisions and reversals: the same rules give the same verdicts.
void Act(ShopFloor& floor, const std::string& product, int16_t operation, int kind, bool pass) {
  floor.Wait(std::chrono::seconds(40));
  const UnitEntry* entry = floor.world().FindUnit("U1");
  const auto start = floor.StartOf(product, operation, entry == nullptr ? "ORD-" + product : "");
  const auto complete = [&] {
    floor.Say(product, operation, "U1", pass ? floor.PassOf(product, operation) : floor.FailOf(product, operation));
  };
  if (kind < 4) {
    floor.Say(product, operation, "U1", start);
    complete();
  } else if (kind == 4) {
    floor.Say(product, operation, "U1", start);
  } else if (kind == 5) {
    complete();
  } else if (kind == 6) {
    floor.Say(product, operation, "U1", Aborted{"stop"});
  } else if (kind == 7) {
    floor.Wait(std::chrono::hours(1));
  } else if (kind == 8 && entry != nullptr) {
    const DispositionOrder order{
        pass ? FailureDisposition::kRelease : FailureDisposition::kUseAsIs, "C-1", "seen", "wu", "quality", ""};
    static_cast<void>(Dispose(floor.world(), floor.unit("U1"), order,
                              {floor.StationOf(product, operation).id, floor.now(), floor.world().now}, floor.now()));
    floor.world().now += Duration(2);
  } else {
    floor.Say(product, operation, "U1", Reversed{1, kind - 8, "mistake", "li"});
  }
}

void CheckSameVerdicts(const std::string& product, const std::vector<int16_t>& operations) {
  ShopFloor floor(Plain());
  FailureCode policy;
  policy.code = "BAD";
  policy.needs_disposition = policy.opens_ncr = *rc::gen::arbitrary<bool>();
  policy.version = 1;
  policy.create_time = FromMicros(0);
  const_cast<Plant&>(floor.plant()).failure_codes.Add(policy);
  const ProductRevision& revision = *floor.plant().NewestRevision(floor.plant().FindMaterial(product)->id);
  const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, bool>>>(
      rc::gen::tuple(rc::gen::inRange(0, static_cast<int>(operations.size()) * 3), rc::gen::inRange(0, 14),
                     rc::gen::weightedElement<bool>({{4, true}, {1, false}})));
  for (const auto& [pick, kind, pass] : steps) {
    const UnitEntry* entry = floor.world().FindUnit("U1");
    int16_t operation = operations[static_cast<size_t>(pick) % operations.size()];
    if (static_cast<size_t>(pick) >= operations.size()) {
      const int16_t next = entry == nullptr ? operations.front() : NextOperation(revision, entry->unit.passed);
      if (next != 0) operation = next;
    }
    Act(floor, product, operation, kind, pass);
  }
  const UnitEntry* entry = floor.world().FindUnit("U1");
  if (entry == nullptr) return;
  Replay replay(floor.plant(), floor.plant());
  std::vector<VerdictChange> changes;
  RC_ASSERT(replay.Judge(entry->unit, HistoryOf(floor.world(), entry->unit.id), RefusedOf(floor.world(), "U1"), Time::min(),
                         Time::max(), changes));
  for (const VerdictChange& change : changes)
    RC_LOG() << change.operation << " " << change.was << " > " << change.would_be << ": " << change.why << "\n";
  RC_ASSERT(changes.empty());
}

RC_GTEST_PROP(Replay, TheSameRulesGiveEveryPackTheSameVerdicts, ()) { CheckSameVerdicts("PACK", {10, 20, 30, 40, 45, 50}); }
RC_GTEST_PROP(Replay, TheSameRulesGiveEveryCellTheSameVerdicts, ()) { CheckSameVerdicts("CELL", {10, 20, 30, 35}); }

}  // namespace
}  // namespace mes::domain
