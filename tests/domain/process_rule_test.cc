#include "domain/process_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "domain/product_definition.h"
#include "domain/world.h"
#include "tests/support/shop_floor.h"

namespace mes {
namespace {

using domain::FirstRun;
using domain::Judgement;
using domain::ProcessRule;
using domain::ProcessRuleKind;
using domain::Reason;
using domain::RunRing;
using domain::StopScope;
using tests::PlantBuilder;
using tests::ReasonsOf;
using tests::ShopFloor;

domain::Time At(int64_t second) { return domain::FromMicros(1'790'000'000'000'000 + second * 1'000'000); }

ProcessRule Streak(ProcessRuleKind kind, int32_t count, StopScope stops) {
  ProcessRule rule;
  rule.id = 1;
  rule.code = kind == ProcessRuleKind::kSameCodeStreak ? "CF3" : "CF5L";
  rule.version = 1;
  rule.kind = kind;
  rule.count = count;
  rule.stops = stops;
  rule.release_role = "process engineer";
  return rule;
}
ProcessRule Cf3() { return Streak(ProcessRuleKind::kSameCodeStreak, 3, StopScope::kStation); }
ProcessRule Cf5l() { return Streak(ProcessRuleKind::kAnyCodeStreak, 5, StopScope::kLineOperation); }
ProcessRule FpyW() {
  ProcessRule rule = Streak(ProcessRuleKind::kYieldWindow, 0, StopScope::kLineOperation);
  rule.code = "FPY_W";
  rule.window = 50;
  rule.min_runs = 20;
  rule.alarm_points = 5;
  rule.stop_points = 10;
  return rule;
}

FirstRun Fail(int64_t second, std::string code = "BURR") { return {At(second), second, second, 1, 1, false, std::move(code)}; }
FirstRun Pass(int64_t second) { return {At(second), 0, 0, 0, 0, true, ""}; }

std::string FaultOf(const ProcessRule& rule, const domain::ProductRevision* revision = nullptr) {
  const domain::Status checked = domain::CheckProcessRule(rule, revision);
  if (checked) return "";
  const auto field = checked.error().metadata.find("field");
  return std::string(NameOf(checked.error().reason)) + " " + (field == checked.error().metadata.end() ? "?" : field->second);
}

// Definitions ------------------------------------------------------------------------------------------------------------------------

TEST(ProcessRule, ThePlantsRulesCanBe) {
  EXPECT_EQ(FaultOf(Cf3()), "");
  EXPECT_EQ(FaultOf(Cf5l()), "");
  EXPECT_EQ(FaultOf(FpyW()), "");
}

TEST(ProcessRule, WhatContradictsItselfIsRefusedWithItsField) {
  const auto fault = [](ProcessRule rule, const auto& change) {
    change(rule);
    return FaultOf(rule);
  };
  EXPECT_EQ(fault(Cf3(), [](ProcessRule& r) { r.count = 1; }), "FIELD_INVALID rule.count");
  EXPECT_EQ(fault(Cf3(), [](ProcessRule& r) { r.count = 17; }), "FIELD_INVALID rule.count");
  EXPECT_EQ(fault(Cf3(), [](ProcessRule& r) { r.window = 50; }), "RULE_CONTRADICTION rule.window");
  EXPECT_EQ(fault(Cf3(), [](ProcessRule& r) { r.stops = StopScope::kOrder; }), "RULE_CONTRADICTION rule.stops");
  EXPECT_EQ(fault(Cf3(), [](ProcessRule& r) { r.release_role = ""; }), "FIELD_REQUIRED rule.release_role");
  EXPECT_EQ(fault(Cf3(), [](ProcessRule& r) { r.release_role = "anyone"; }), "FIELD_INVALID rule.release_role");
  EXPECT_EQ(fault(Cf3(), [](ProcessRule& r) { r.by_routing = true, r.material_id = 7; }), "RULE_CONTRADICTION rule.by_routing");
  EXPECT_EQ(fault(Cf3(), [](ProcessRule& r) { r.operation = 20; }), "RULE_CONTRADICTION rule.operation");
  EXPECT_EQ(fault(Cf5l(), [](ProcessRule& r) { r.stops = StopScope::kStation; }), "RULE_CONTRADICTION rule.stops");
  EXPECT_EQ(fault(FpyW(), [](ProcessRule& r) { r.min_runs = 51; }), "RULE_CONTRADICTION rule.min_runs");
  EXPECT_EQ(fault(FpyW(), [](ProcessRule& r) { r.stop_points = 4; }), "RULE_CONTRADICTION rule.stop_points");
  EXPECT_EQ(fault(FpyW(), [](ProcessRule& r) { r.stop_points = 0; }), "RULE_CONTRADICTION rule.stops");
  EXPECT_EQ(fault(FpyW(), [](ProcessRule& r) { r.alarm_points = -1; }), "FIELD_INVALID rule.alarm_points");
  EXPECT_EQ(fault(FpyW(), [](ProcessRule& r) { r.window = 65; }), "FIELD_INVALID rule.window");
  EXPECT_EQ(fault(FpyW(), [](ProcessRule& r) { r.holds = true; }), "RULE_CONTRADICTION rule.holds");
  const auto of_kind = [&](ProcessRuleKind kind, const auto& change) {
    ProcessRule rule = Streak(kind, 0, StopScope::kNone);
    rule.kind = kind;
    return fault(rule, change);
  };
  EXPECT_EQ(of_kind(ProcessRuleKind::kSpc, [](ProcessRule& r) { r.classes = {"XX"}; }), "FIELD_INVALID rule.classes");
  EXPECT_EQ(of_kind(ProcessRuleKind::kSpc, [](ProcessRule& r) { r.spc_rules = {"NELSON9"}; }), "FIELD_INVALID rule.spc_rules");
  EXPECT_EQ(of_kind(ProcessRuleKind::kSpc, [](ProcessRule& r) { r.spc_rules = {"NELSON8", "WE4"}; }), "");
  EXPECT_EQ(of_kind(ProcessRuleKind::kScrapLimit, [](ProcessRule& r) { r.min_runs = 1, r.scrap_share = 1; }),
            "FIELD_INVALID rule.scrap_share");
  EXPECT_EQ(of_kind(ProcessRuleKind::kScrapLimit, [](ProcessRule& r) { r.scrap_share = 0.1; }), "FIELD_INVALID rule.min_runs");
  EXPECT_EQ(of_kind(ProcessRuleKind::kSupplierLot, [](ProcessRule& r) { r.min_runs = 5, r.fail_share = 0; }),
            "FIELD_INVALID rule.fail_share");
  EXPECT_EQ(of_kind(ProcessRuleKind::kGoldenFailed, [](ProcessRule& r) { r.stops = StopScope::kLineOperation; }),
            "RULE_CONTRADICTION rule.stops");
}

TEST(ProcessRule, ARuleThatCouldNeverFireIsRefused) {
  PlantBuilder builder;
  builder.operation("PACK", 40).first_pass_yield = 0.08;
  const auto plant = builder.Build();
  const domain::ProductRevision* revision = plant->NewestRevision(plant->FindMaterial("PACK")->id);
  ProcessRule rule = FpyW();
  rule.material_id = revision->material_id;
  rule.operation = 40;
  EXPECT_EQ(FaultOf(rule, revision), "RULE_CONTRADICTION rule.stop_points");
  rule.operation = 41;
  EXPECT_EQ(FaultOf(rule, revision), "OPERATION_UNKNOWN rule.operation");
}

// Patterns ---------------------------------------------------------------------------------------------------------------------------

// Feeds runs in this order; the place in `runs` of those whose insertion made the rule fire.
std::vector<size_t> Fires(const ProcessRule& rule, const std::vector<FirstRun>& runs, double planned = 0.95) {
  RunRing ring;
  std::vector<size_t> fires;
  for (size_t i = 0; i < runs.size(); ++i) {
    const auto place = domain::Insert(ring, runs[i], domain::kMaxYieldWindow);
    if (place && domain::FindPattern(rule, ring.runs, *place, planned)) fires.push_back(i);
  }
  return fires;
}

TEST(ProcessRule, Cf3WantsThreeFailsOfOneCodeInARow) {
  EXPECT_THAT(Fires(Cf3(), {Fail(1), Fail(2)}), testing::IsEmpty());
  EXPECT_THAT(Fires(Cf3(), {Fail(1), Fail(2), Fail(3)}), testing::ElementsAre(2));
  EXPECT_THAT(Fires(Cf3(), {Fail(1), Fail(2), Pass(3), Fail(4), Fail(5)}), testing::IsEmpty());
  EXPECT_THAT(Fires(Cf3(), {Fail(1), Fail(2, "LEAK"), Fail(3), Fail(4)}), testing::IsEmpty());
  EXPECT_THAT(Fires(Cf3(), {Fail(1), Fail(2, "LEAK"), Fail(3), Fail(4), Fail(5)}), testing::ElementsAre(4));
}

TEST(ProcessRule, Cf5lTakesAnyCode) {
  EXPECT_THAT(Fires(Cf5l(), {Fail(1), Fail(2, "A"), Fail(3, "B"), Fail(4, "C")}), testing::IsEmpty());
  EXPECT_THAT(Fires(Cf5l(), {Fail(1), Fail(2, "A"), Fail(3, "B"), Fail(4, "C"), Fail(5)}), testing::ElementsAre(4));
}

TEST(ProcessRule, ALateFailCompletesItsStreakAndALatePassKeepsSilent) {
  EXPECT_THAT(Fires(Cf3(), {Fail(1), Fail(3), Pass(4), Pass(5), Fail(2)}), testing::ElementsAre(4));
  EXPECT_THAT(Fires(Cf3(), {Fail(1), Fail(3), Pass(2), Fail(4)}), testing::IsEmpty());
  RunRing ring;
  for (const FirstRun& run : {Fail(1), Fail(3), Pass(4)}) domain::Insert(ring, run, 16);
  const auto place = domain::Insert(ring, Fail(2), 16);
  EXPECT_TRUE(domain::FindPattern(Cf3(), ring.runs, *place, 1)->late);
}

TEST(ProcessRule, TheYieldWindowNeedsTwentyRunsAndCountsTheLastFifty) {
  // Planned 95 %: below 90 % alarms, below 85 % stops.
  std::vector<FirstRun> runs;
  for (int i = 0; i < 17; ++i) runs.push_back(Pass(i));
  runs.push_back(Fail(17)), runs.push_back(Fail(18));
  EXPECT_THAT(Fires(FpyW(), runs), testing::IsEmpty());  // 17 of 19: too few
  runs.push_back(Pass(19));
  EXPECT_THAT(Fires(FpyW(), runs), testing::IsEmpty());  // 18 of 20 = 90 %: at the limit
  runs.push_back(Fail(20));                              // 18 of 21
  EXPECT_THAT(Fires(FpyW(), runs), testing::ElementsAre(20));
  RunRing ring;
  std::optional<domain::RunPattern> last;
  for (const FirstRun& run : runs) last = domain::FindPattern(FpyW(), ring.runs, *domain::Insert(ring, run, 64), 0.95);
  EXPECT_FALSE(last->stops);
  EXPECT_EQ(last->passed, 18);
  EXPECT_EQ(last->runs, 21);
  last = domain::FindPattern(FpyW(), ring.runs, *domain::Insert(ring, Fail(21), 64), 0.95);  // 18 of 22 = 81.8 %
  EXPECT_TRUE(last->stops);
}

TEST(ProcessRule, WhatWasSeenBeforeTheReleaseDoesNotCount) {
  RunRing ring;
  ring.counts_from = At(10);
  EXPECT_FALSE(domain::Insert(ring, Fail(9), 16).has_value());
  EXPECT_TRUE(domain::Insert(ring, Fail(10), 16).has_value());
}

TEST(ProcessRule, AStreakFiresExactlyWhenTheRunsByTimeHoldOne) {
  rc::check("in whatever order the runs arrive", [] {
    const auto codes = *rc::gen::container<std::vector<int>>(16, rc::gen::inRange(0, 3));  // 0 = pass
    auto order = std::vector<size_t>(codes.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    const auto swaps = *rc::gen::container<std::vector<int>>(16, rc::gen::inRange(0, 16));
    for (size_t i = 0; i < swaps.size(); ++i) std::swap(order[i], order[static_cast<size_t>(swaps[i])]);
    RunRing ring;
    bool fired = false;
    for (const size_t i : order) {
      const FirstRun run = codes[i] == 0 ? Pass(static_cast<int64_t>(i)) : Fail(static_cast<int64_t>(i), codes[i] == 1 ? "A" : "B");
      const auto place = domain::Insert(ring, run, 16);
      RC_ASSERT(place.has_value());
      // At every moment: silent or not, as the runs known by then say around the new one.
      bool expected = false;
      for (size_t first = 0; first + 3 <= ring.runs.size(); ++first) {
        const auto& a = ring.runs[first];
        const bool all = !a.pass && !ring.runs[first + 1].pass && !ring.runs[first + 2].pass &&
                         a.failure_code == ring.runs[first + 1].failure_code && a.failure_code == ring.runs[first + 2].failure_code;
        expected = expected || (all && first <= *place && *place < first + 3);
      }
      const bool found = domain::FindPattern(Cf3(), ring.runs, *place, 1).has_value();
      RC_ASSERT(found == expected);
      fired = fired || found;
    }
    RC_ASSERT(std::is_sorted(ring.runs.begin(), ring.runs.end(), [](const auto& a, const auto& b) { return a.time < b.time; }));
  });
}

// At the gate ------------------------------------------------------------------------------------------------------------------------

ShopFloor FloorWith(std::vector<ProcessRule> rules, PlantBuilder builder = PlantBuilder()) {
  for (const ProcessRule& rule : rules) builder.AddRule(rule);
  return ShopFloor(builder);
}

// New cells that fail their filling one after the other.
std::string FailCells(ShopFloor& floor, int from, int count) {
  std::string last;
  for (int i = from; i < from + count; ++i) {
    const std::string code = "C" + std::to_string(i);
    const auto started = floor.Say("CELL", 10, code, floor.StartOf("CELL", 10, "ORD-CELL"));
    last = ReasonsOf(started.refusals);
    if (!last.empty()) return last;
    floor.Wait(std::chrono::seconds(10));
    floor.Say("CELL", 10, code, floor.FailOf("CELL", 10));
    floor.Wait(std::chrono::seconds(10));
  }
  return last;
}

TEST(ProcessRuleAtTheGate, ThreeFailsStopTheStationAndTheNextStartIsRefusedWithTheEvidence) {
  ShopFloor floor = FloorWith({Cf3()});
  EXPECT_EQ(FailCells(floor, 1, 2), "");
  EXPECT_TRUE(floor.world().effects.alarms.empty());
  EXPECT_EQ(FailCells(floor, 3, 1), "");
  ASSERT_EQ(floor.world().effects.alarms.size(), 1U);
  const domain::ProcessAlarm& alarm = floor.world().effects.alarms[0].alarm;
  EXPECT_EQ(alarm.rule_code, "CF3");
  EXPECT_EQ(alarm.unit_code, "C3");
  EXPECT_EQ(alarm.evidence.size(), 3U);
  EXPECT_EQ(FailCells(floor, 4, 1), "RULE_STOP");
  const auto decision = floor.Ask("CELL", 10, "C9", floor.StartOf("CELL", 10, "ORD-CELL"));
  ASSERT_EQ(ReasonsOf(decision.refusals), "RULE_STOP");
  EXPECT_EQ(decision.refusals[0].evidence.size(), 4U);
  EXPECT_EQ(decision.refusals[0].evidence[1].kind, "event");
  // What ran before the stop may come late; other stations go on.
  domain::StationEvent late;
  late.unit_code = "C8";
  late.what = floor.StartOf("CELL", 10, "ORD-CELL");
  late.occur_time = floor.now() - std::chrono::hours(1);
  EXPECT_TRUE(floor.Say(floor.StationOf("CELL", 10), late).refusals.empty());
}

TEST(ProcessRuleAtTheGate, AnAlarmIsRaisedOncePerEpisode) {
  ProcessRule tells = Cf3();
  tells.stops = StopScope::kNone;
  ShopFloor floor = FloorWith({tells});
  EXPECT_EQ(FailCells(floor, 1, 7), "");
  EXPECT_EQ(floor.world().effects.alarms.size(), 1U);
}

TEST(ProcessRuleAtTheGate, RetestsDoNotCount) {
  ShopFloor floor = FloorWith({Cf3()});
  floor.Run("CELL", 10, "C1", true, "ORD-CELL");
  floor.Wait(std::chrono::seconds(60));
  floor.Run("CELL", 20, "C1");
  for (int i = 0; i < 3; ++i) {
    floor.Run("CELL", 30, "C1", false);
    floor.Wait(std::chrono::seconds(10));
  }
  EXPECT_TRUE(floor.world().effects.alarms.empty());
}

TEST(ProcessRuleAtTheGate, AStreakOfTheLineHoldsTheFailedUnits) {
  ProcessRule rule = Cf5l();
  rule.holds = true;
  ShopFloor floor = FloorWith({rule});
  EXPECT_EQ(FailCells(floor, 1, 5), "");
  ASSERT_EQ(floor.world().effects.alarms.size(), 1U);
  EXPECT_EQ(floor.world().effects.alarms[0].hold, 0);
  ASSERT_EQ(floor.world().effects.pending_holds.size(), 1U);
  EXPECT_EQ(floor.world().effects.pending_holds[0].predicate.unit_ids.size(), 5U);
  EXPECT_EQ(floor.world().effects.pending_holds[0].placed_by, "rule CF5L version 1");
  EXPECT_EQ(FailCells(floor, 6, 1), "RULE_STOP");
}

TEST(ProcessRuleAtTheGate, ByRoutingARuleLooksOnlyWhereItIsNamed) {
  ProcessRule rule = Cf3();
  rule.by_routing = true;
  PlantBuilder unnamed;
  unnamed.operation("CELL", 10).line_stops.clear();
  ShopFloor silent = FloorWith({rule}, unnamed);
  EXPECT_EQ(FailCells(silent, 1, 4), "");
  PlantBuilder named;
  named.operation("CELL", 10).line_stops = {"CF3"};
  ShopFloor floor = FloorWith({rule}, named);
  EXPECT_EQ(FailCells(floor, 1, 4), "RULE_STOP");
}

TEST(ProcessRuleAtTheGate, TooMuchScrapStopsTheOrderForNewUnitsOnly) {
  ProcessRule rule = Streak(ProcessRuleKind::kScrapLimit, 0, StopScope::kOrder);
  rule.code = "SCRAP";
  rule.kind = ProcessRuleKind::kScrapLimit;
  rule.min_runs = 2;
  rule.scrap_share = 0.001;
  rule.release_role = "planner";
  ShopFloor floor = FloorWith({rule});  // orders of 1,000
  for (const char* code : {"C1", "C2", "C3"}) floor.Run("CELL", 10, code, true, "ORD-CELL");
  floor.Say("CELL", 10, "C1", domain::Scrapped{"DROP", 0});
  EXPECT_TRUE(floor.world().effects.alarms.empty());
  floor.Say("CELL", 10, "C2", domain::Scrapped{"DROP", 0});
  ASSERT_EQ(floor.world().effects.alarms.size(), 1U);
  EXPECT_EQ(floor.world().effects.alarms[0].alarm.work_order_code, "ORD-CELL");
  EXPECT_EQ(ReasonsOf(floor.Ask("CELL", 10, "C9", floor.StartOf("CELL", 10, "ORD-CELL")).refusals), "RULE_STOP");
  EXPECT_EQ(ReasonsOf(floor.Ask("CELL", 20, "C3").refusals), "");
}

TEST(ProcessRuleAtTheGate, ALotWhoseUsersFailIsHeldWithEverythingItWentInto) {
  ProcessRule rule = Streak(ProcessRuleKind::kSupplierLot, 0, StopScope::kNone);
  rule.code = "LOT_FAILS";
  rule.kind = ProcessRuleKind::kSupplierLot;
  rule.min_runs = 3;
  rule.fail_share = 0.5;
  rule.holds = true;
  rule.release_role = "quality";
  ShopFloor floor = FloorWith({rule});
  floor.Receive("ELY", "E-BAD");
  const auto fill = [&](const std::string& cell, bool pass) {
    floor.Say("CELL", 10, cell, floor.StartOf("CELL", 10, "ORD-CELL"));
    floor.Say("CELL", 10, cell, domain::Consumed{"E-BAD", "0.5", "kg"});
    floor.Say("CELL", 10, cell, pass ? floor.PassOf("CELL", 10) : floor.FailOf("CELL", 10));
    floor.Wait(std::chrono::seconds(10));
  };
  fill("C1", false);
  fill("C2", true);
  EXPECT_TRUE(floor.world().effects.alarms.empty()) << "two are too few";
  fill("C3", false);
  ASSERT_EQ(floor.world().effects.alarms.size(), 1U);
  EXPECT_EQ(floor.world().effects.alarms[0].alarm.unit_code, "E-BAD");
  ASSERT_EQ(floor.world().effects.pending_holds.size(), 1U);
  EXPECT_EQ(floor.world().effects.pending_holds[0].predicate.unit_ids, std::vector<int64_t>{floor.unit("E-BAD").unit.id});
}

TEST(ProcessRuleAtTheGate, AFailedGoldenSampleStopsTheStationAndHoldsAllSinceTheLastGoodOne) {
  ProcessRule rule = Streak(ProcessRuleKind::kGoldenFailed, 0, StopScope::kStation);
  rule.code = "GOLD_FAIL";
  rule.kind = ProcessRuleKind::kGoldenFailed;
  rule.holds = true;
  rule.release_role = "quality";
  ShopFloor floor = FloorWith({rule});
  const auto report = [&](bool in_order) {
    domain::StationEvent event;
    domain::ConditionReport condition;
    condition.kind = domain::ConditionKind::kGolden;
    condition.in_order = in_order;
    condition.expire_time = floor.now() + std::chrono::hours(8);
    event.what = condition;
    EXPECT_TRUE(floor.Say(floor.StationOf("CELL", 10), event).refusals.empty());
  };
  report(true);
  const domain::Time good = floor.now();
  floor.Wait(std::chrono::seconds(600));
  report(false);
  ASSERT_EQ(floor.world().effects.pending_holds.size(), 1U);
  const domain::HoldPredicate& suspects = floor.world().effects.pending_holds[0].predicate;
  EXPECT_EQ(suspects.from, good);
  EXPECT_EQ(suspects.station_ids, std::vector<int32_t>{floor.StationOf("CELL", 10).id});
  EXPECT_EQ(ReasonsOf(floor.Ask("CELL", 10, "C1", floor.StartOf("CELL", 10, "ORD-CELL")).refusals), "RULE_STOP");
}

TEST(ProcessAlarm, IsReleasedOnceAndOnlyByItsRole) {
  domain::ProcessAlarm alarm;
  alarm.id = 17;
  alarm.release_role = "quality";
  const auto wrong = domain::Release(alarm, "li", "planner", "because", At(1));
  EXPECT_EQ(NameOf(wrong.error().reason), "ROLE_INSUFFICIENT");
  EXPECT_TRUE(domain::Release(alarm, "li", "quality", "mended", At(1)).has_value());
  const auto again = domain::Release(alarm, "wu", "quality", "mended", At(2));
  EXPECT_EQ(NameOf(again.error().reason), "ALARM_RELEASED");
  EXPECT_EQ(alarm.released_by, "li");
}

}  // namespace
}  // namespace mes
