// What each kind of event does, and what it is refused for.
#include "domain/station_event.h"

#include <cmath>

#include <gtest/gtest.h>

#include "domain/limits.h"
#include "tests/support/shop_floor.h"

namespace mes::tests {
namespace {

using domain::EventOutcome;
using domain::Judgement;
using domain::kMicro;
using domain::Reason;
using domain::UnitStatus;

struct Floor : ShopFloor {
  explicit Floor(const PlantBuilder& builder = PlantBuilder()) : ShopFloor(builder) {
    Receive("HSG", "H1");
    Receive("BLT", "B1");
    Make("CELL", "C1");
    Make("CELL", "C2");
    Make("CELL", "C3");
    Run("PACK", 10, "P1", true, "ORD-PACK");
  }
  template <typename What>
  std::string Told(std::string_view product, int16_t operation, std::string_view code, What what) {
    const domain::EventVerdict verdict = Say(product, operation, code, std::move(what));
    for (const domain::Refusal& refusal : verdict.refusals) EXPECT_FALSE(refusal.evidence.empty()) << NameOf(refusal.reason);
    EXPECT_EQ(verdict.refusals.empty(), verdict.outcome == EventOutcome::kRecorded);
    return ReasonsOf(verdict.refusals);
  }
  void Start(int16_t operation) { ASSERT_EQ(Told("PACK", operation, "P1", StartOf("PACK", operation)), ""); }
};

TEST(StationEvent, AFirstStartMakesTheUnitAndStartsItsOrder) {
  ShopFloor floor;
  EXPECT_EQ(floor.Say("PACK", 10, "P1", floor.StartOf("PACK", 10, "ORD-PACK")).outcome, EventOutcome::kRecorded);
  EXPECT_EQ(floor.unit("P1").unit.running_operation, 10);
  EXPECT_EQ(floor.order("ORD-PACK").started_micro, kMicro);
  EXPECT_EQ(floor.order("ORD-PACK").state, domain::WorkOrderState::kStarted);
}

TEST(StationEvent, TheWholeRouteFinishesTheUnit) {
  Floor floor;
  floor.Start(20);
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Installed{"C1", 0}), "");
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Installed{"C2", 0}), "");
  EXPECT_EQ(floor.unit("C2").unit.parent_slot, 2);
  EXPECT_EQ(floor.Told("PACK", 20, "P1", floor.PassOf("PACK", 20)), "");
  floor.Start(30);
  EXPECT_EQ(floor.Told("PACK", 30, "P1", domain::Consumed{"B1", "4", "pc"}), "");
  EXPECT_EQ(floor.unit("B1").lot->left_micro, 996 * kMicro);
  EXPECT_EQ(floor.Told("PACK", 30, "P1", floor.PassOf("PACK", 30)), "");
  floor.Run("PACK", 40, "P1");
  floor.Start(50);
  domain::Completed label = floor.PassOf("PACK", 50);
  label.new_code = "001PBTRKTRACE0GB50000001";
  EXPECT_EQ(floor.Told("PACK", 50, "P1", label), "GENEALOGY_COMPLETE") << "the housing was never installed";
  floor.unit("P1").unit.serial_slots_filled = 3;
  label.new_code = "001PBTRKTRACE01GB50000001";
  EXPECT_EQ(floor.Told("PACK", 50, "P1", label), "UNIQUE_SN") << "25 characters";
  label.new_code = "001PBTRKTRACE0GB50000001";
  EXPECT_EQ(floor.Told("PACK", 50, "P1", label), "");
  EXPECT_EQ(floor.unit("001PBTRKTRACE0GB50000001").unit.status, UnitStatus::kFinished);
  EXPECT_EQ(floor.unit("P1").unit.code, "001PBTRKTRACE0GB50000001") << "the old code still finds it";
  EXPECT_EQ(floor.order("ORD-PACK").good_micro, kMicro);
}

TEST(StationEvent, AStationNumbersItsEventsAndNothingIsTakenTwice) {
  ShopFloor floor;
  const domain::Station& station = floor.StationOf("PACK", 10);
  domain::StationEvent event;
  event.sequence = 1;
  event.digest = 11;
  event.occur_time = floor.now();
  event.unit_code = "P1";
  event.what = floor.StartOf("PACK", 10, "ORD-PACK");
  EXPECT_EQ(domain::Decide(floor.world(), station, 1, event).outcome, EventOutcome::kRecorded);
  const domain::EventVerdict again = domain::Decide(floor.world(), station, 1, event);
  EXPECT_EQ(again.outcome, EventOutcome::kDuplicate);
  EXPECT_EQ(again.original_outcome, EventOutcome::kRecorded);
  EXPECT_EQ(floor.order("ORD-PACK").started_micro, kMicro);
  event.digest = 12;
  EXPECT_EQ(ReasonsOf(domain::Decide(floor.world(), station, 1, event).refusals), "SEQUENCE_REUSED");
  event.sequence = 5;
  const domain::EventVerdict gap = domain::Decide(floor.world(), station, 1, event);
  EXPECT_EQ(gap.outcome, EventOutcome::kOutOfSequence);
  EXPECT_EQ(gap.expected_sequence, 2);
  const domain::EventVerdict later = domain::Decide(floor.world(), station, 3, event);
  EXPECT_EQ(later.outcome, EventOutcome::kOutOfSequence);
  EXPECT_EQ(later.expected_sequence, 1) << "a new epoch begins at 1";
  event.sequence = 1;
  event.unit_code = "NO-SUCH";
  event.what = domain::Arrived{};
  EXPECT_EQ(domain::Decide(floor.world(), station, 3, event).outcome, EventOutcome::kRejected);
  const domain::EventVerdict refused_again = domain::Decide(floor.world(), station, 3, event);
  EXPECT_EQ(refused_again.outcome, EventOutcome::kDuplicate);
  EXPECT_EQ(refused_again.original_outcome, EventOutcome::kRejected);
  EXPECT_EQ(ReasonsOf(refused_again.refusals), "UNIT_UNKNOWN");
}

TEST(StationEvent, WithAWrongClockIsRefused) {
  Floor floor;
  domain::StationEvent event;
  event.unit_code = "P1";
  event.what = domain::Arrived{};
  event.occur_time = floor.world().now + std::chrono::seconds(domain::kMaxAheadSeconds) + domain::Duration(1);
  EXPECT_EQ(ReasonsOf(floor.Say(floor.StationOf("PACK", 20), event).refusals), "TIME_IN_FUTURE");
  event.occur_time = floor.world().now - std::chrono::seconds(domain::kMaxBehindSeconds) - domain::Duration(1);
  EXPECT_EQ(ReasonsOf(floor.Say(floor.StationOf("PACK", 20), event).refusals), "TIME_TOO_OLD");
}

TEST(StationEvent, ThatCouldNotBeReadIsRefusedWithItsField) {
  Floor floor;
  domain::StationEvent event;
  event.malformed = domain::FieldError(Reason::kFieldRequired, "occur_time", "occur_time is missing");
  const domain::EventVerdict verdict = floor.Say(floor.StationOf("PACK", 20), event);
  EXPECT_EQ(ReasonsOf(verdict.refusals), "FIELD_REQUIRED");
  EXPECT_EQ(verdict.refusals[0].evidence[0].id, "occur_time");
  EXPECT_EQ(floor.world().effects.refused.size(), 1U);
}

TEST(Completed, TheServerJudgesTheLimitsItselfAndKeepsBothVerdicts) {
  Floor floor;
  floor.Start(20);
  domain::Completed completed = floor.PassOf("PACK", 20);
  completed.values[0].values[0] = 15.000001;
  const domain::EventVerdict verdict = floor.Say("PACK", 20, "P1", completed);
  EXPECT_EQ(verdict.outcome, EventOutcome::kRecorded);
  EXPECT_EQ(verdict.judgement, Judgement::kFail);
  EXPECT_TRUE(verdict.judgement_mismatch);
  const domain::EventRow& row = floor.world().effects.rows.back();
  EXPECT_EQ(row.station_judgement, Judgement::kPass);
  EXPECT_EQ(row.judgement, Judgement::kFail);
  EXPECT_EQ(row.failure_code, "OUT_OF_LIMITS");
  EXPECT_EQ(floor.unit("P1").unit.failed_operation, 20);
}

TEST(Completed, AValueEqualToALimitIsInOrder) {
  Floor floor;
  floor.Start(20);
  domain::Completed completed = floor.PassOf("PACK", 20);
  completed.values[0].values[0] = 15;
  EXPECT_EQ(floor.Say("PACK", 20, "P1", completed).judgement, Judgement::kPass);
}

TEST(Completed, WithBadValuesIsRefused) {
  Floor floor;
  floor.Start(20);
  domain::Completed completed = floor.PassOf("PACK", 20);
  completed.values[0].values[0] = std::nan("");
  EXPECT_EQ(floor.Told("PACK", 20, "P1", completed), "VALUE_INVALID");
  completed.values[0].values[0] = INFINITY;
  EXPECT_EQ(floor.Told("PACK", 20, "P1", completed), "VALUE_INVALID");
  completed.values[0].values = {1, 2};
  EXPECT_EQ(floor.Told("PACK", 20, "P1", completed), "REPLICATE_COUNT");
  completed.values[0].characteristic_code = "NO-SUCH";
  EXPECT_EQ(floor.Told("PACK", 20, "P1", completed), "CHARACTERISTIC_UNKNOWN");
  completed.values.clear();
  EXPECT_EQ(floor.Told("PACK", 20, "P1", completed), "MEASUREMENT_MISSING");
  EXPECT_EQ(floor.unit("P1").unit.running_operation, 20) << "nothing was half-done";
}

TEST(Completed, TakesValuesThatWereMeasuredBefore) {
  Floor floor;
  floor.Start(20);
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Measured{floor.PassOf("PACK", 20).values, {}}), "");
  domain::Completed completed = floor.PassOf("PACK", 20);
  completed.values.clear();
  EXPECT_EQ(floor.Told("PACK", 20, "P1", completed), "");
}

TEST(Completed, NeedsAllTighteningsInOrder) {
  Floor floor;
  floor.Run("PACK", 20, "P1");
  floor.Start(30);
  domain::Completed completed = floor.PassOf("PACK", 30);
  completed.values[0].values[2] = 99;
  EXPECT_EQ(floor.Told("PACK", 30, "P1", completed), "BOLT_COUNT");
  completed.judgement = Judgement::kFail;
  completed.failure_code = "LOOSE";
  EXPECT_EQ(floor.Told("PACK", 30, "P1", completed), "") << "a failed completion tells the truth";
}

TEST(Completed, BeforeItsStartIsKeptAndMatched) {
  Floor floor;
  EXPECT_EQ(floor.Told("PACK", 20, "P1", floor.PassOf("PACK", 20)), "");
  EXPECT_TRUE(floor.world().effects.rows.back().flags & domain::kFlagStartMissing);
  EXPECT_EQ(floor.unit("P1").unit.unstarted_operation, 20);
  EXPECT_EQ(floor.Told("PACK", 20, "P1", floor.StartOf("PACK", 20)), "");
  EXPECT_TRUE(floor.world().effects.rows.back().flags & domain::kFlagLateStart);
  EXPECT_EQ(floor.unit("P1").unit.unstarted_operation, 0);
  EXPECT_EQ(domain::NextOperation(*floor.plant().NewestRevision(floor.unit("P1").unit.material_id), floor.unit("P1").unit.passed),
            30);
}

TEST(Completed, WithoutAStartThatCouldHaveBeenIsRefused) {
  Floor floor;
  EXPECT_EQ(floor.Told("PACK", 40, "P1", floor.PassOf("PACK", 40)), "UNIT_NOT_RUNNING, ROUTE_SEQ");
}

TEST(Completed, TooLateInItsWindowFailsAndTooEarlyIsRefused) {
  ShopFloor floor;
  floor.Run("CELL", 10, "C9", true, "ORD-CELL");
  floor.Say("CELL", 20, "C9", floor.StartOf("CELL", 20));
  EXPECT_EQ(ReasonsOf(floor.Say("CELL", 20, "C9", floor.PassOf("CELL", 20)).refusals), "TIME_WINDOW");
  floor.Wait(std::chrono::hours(2));
  const domain::EventVerdict late = floor.Say("CELL", 20, "C9", floor.PassOf("CELL", 20));
  EXPECT_EQ(late.outcome, EventOutcome::kRecorded);
  EXPECT_EQ(late.judgement, Judgement::kFail);
  EXPECT_EQ(floor.world().effects.rows.back().failure_code, "TIME_WINDOW");
  EXPECT_TRUE(floor.Ask("CELL", 10, "C9").Go()) << "the window's repeat reopens the route";
}

TEST(Completed, NeedsTheCodeThatTheOperationGives) {
  Floor floor;
  floor.Run("PACK", 20, "P1");
  floor.Run("PACK", 30, "P1");
  floor.Run("PACK", 40, "P1");
  floor.unit("P1").unit.serial_slots_filled = 3;
  floor.unit("P1").unit.lot_lines = ~0ULL;
  floor.Start(50);
  EXPECT_EQ(floor.Told("PACK", 50, "P1", floor.PassOf("PACK", 50)), "UNIQUE_SN");
  domain::Completed label = floor.PassOf("PACK", 50);
  label.new_code = "C1";
  EXPECT_EQ(floor.Told("PACK", 50, "P1", label), "UNIQUE_SN");
}

TEST(Completed, DoesNotMakeARefusedStartGood) {
  Floor floor;
  domain::Started start = floor.StartOf("PACK", 20);
  start.recipe_checksum = "OLD";
  EXPECT_EQ(floor.Told("PACK", 20, "P1", start), "RECIPE_MATCH");
  EXPECT_EQ(floor.Told("PACK", 20, "P1", floor.PassOf("PACK", 20)), "UNIT_NOT_RUNNING");
  floor.Start(20);
  EXPECT_EQ(floor.Told("PACK", 20, "P1", floor.PassOf("PACK", 20)), "");
}

TEST(Completed, WithACharacteristicTwiceIsRefused) {
  Floor floor;
  floor.Start(20);
  domain::Completed completed = floor.PassOf("PACK", 20);
  completed.values.push_back(completed.values[0]);
  EXPECT_EQ(floor.Told("PACK", 20, "P1", completed), "REPLICATE_COUNT");
}

TEST(Started, LateWithAnotherRecipeIsRefused) {
  Floor floor;
  EXPECT_EQ(floor.Told("PACK", 20, "P1", floor.PassOf("PACK", 20)), "");
  domain::Started start = floor.StartOf("PACK", 20);
  start.recipe_checksum = "OLD";
  EXPECT_EQ(floor.Told("PACK", 20, "P1", start), "RECIPE_MATCH");
}

TEST(Measured, OnWhatDoesNotRunHereIsRefused) {
  Floor floor;
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Measured{}), "UNIT_NOT_RUNNING");
  EXPECT_EQ(floor.Told("PACK", 20, "NO-SUCH", domain::Measured{}), "UNIT_UNKNOWN");
}

TEST(Aborted, EndsTheRunAndCountsAsNone) {
  Floor floor;
  floor.Start(20);
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Aborted{"power"}), "");
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Aborted{"power"}), "UNIT_NOT_RUNNING");
  floor.Run("PACK", 20, "P1");
  EXPECT_TRUE(floor.world().effects.rows.back().flags & domain::kFlagFirstRun);
}

TEST(Consumed, RefusesBadQuantitiesAndWhatIsNotThere) {
  Floor floor;
  floor.Run("PACK", 20, "P1");
  floor.Start(30);
  EXPECT_EQ(floor.Told("PACK", 30, "P1", domain::Consumed{"B1", "1000.000001", "pc"}), "QUANTITY_EXCEEDS_LEFT");
  EXPECT_EQ(floor.Told("PACK", 30, "P1", domain::Consumed{"B1", "-1", "pc"}), "QUANTITY_INVALID");
  EXPECT_EQ(floor.Told("PACK", 30, "P1", domain::Consumed{"B1", "0", "pc"}), "QUANTITY_INVALID");
  EXPECT_EQ(floor.Told("PACK", 30, "P1", domain::Consumed{"B1", "4", "kg"}), "UOM_MISMATCH");
  EXPECT_EQ(floor.Told("PACK", 30, "P1", domain::Consumed{"NO-SUCH", "4", "pc"}), "LOT_UNKNOWN");
  EXPECT_EQ(floor.Told("PACK", 30, "P1", domain::Consumed{"C1", "1", "pc"}), "MATERIAL_VALID");
  EXPECT_EQ(floor.unit("B1").lot->left_micro, 1'000 * kMicro);
  EXPECT_EQ(floor.Told("PACK", 30, "P1", domain::Consumed{"B1", "1000", "pc"}), "");
  EXPECT_EQ(floor.Told("PACK", 30, "P1", domain::Consumed{"B1", "1", "pc"}), "MATERIAL_VALID") << "nothing is left";
}

TEST(Consumed, RefusesALotInItself) {
  ShopFloor floor;
  domain::Started start = floor.StartOf("INK", 10, "ORD-INK");
  start.quantity = "60";
  start.quantity_uom = "kg";
  floor.Say("INK", 10, "I1", start);
  EXPECT_EQ(ReasonsOf(floor.Say("INK", 10, "I1", domain::Consumed{"I1", "1", "kg"}).refusals), "GENEALOGY_CYCLE");
}

TEST(Installed, RefusesTwoInOnePositionAndOneInTwoParents) {
  Floor floor;
  floor.Start(20);
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Installed{"C1", 1}), "");
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Installed{"C2", 1}), "POSITION_OCCUPIED");
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Installed{"C1", 2}), "UNIQUE_SN");
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Installed{"C2", 3}), "FIELD_INVALID");
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Installed{"C2", 0}), "");
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Installed{"C3", 0}), "POSITION_OCCUPIED");
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Installed{"NO-SUCH", 0}), "UNIT_UNKNOWN");
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Installed{"B1", 0}), "MATERIAL_VALID");
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Installed{"P1", 0}), "GENEALOGY_CYCLE");
}

TEST(Removed, FreesThePositionAndCountsTheUse) {
  Floor floor;
  floor.Start(20);
  floor.Say("PACK", 20, "P1", domain::Installed{"C1", 1});
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Removed{"C2", ""}), "NOT_INSTALLED");
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Removed{"C1", "weak"}), "");
  EXPECT_EQ(floor.unit("C1").unit.use_count, 1);
  EXPECT_EQ(floor.unit("C1").unit.parent_id, 0);
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Installed{"C2", 1}), "");
  floor.unit("P1").unit.status = UnitStatus::kFinished;
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Removed{"C2", ""}), "UNIT_STATE");
}

TEST(Scrapped, EndsTheUnitInItsOrdersBooks) {
  Floor floor;
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Scrapped{"BENT", 99}), "OPERATION_UNKNOWN");
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Scrapped{"BENT", 10}), "");
  EXPECT_EQ(floor.order("ORD-PACK").scrapped_micro, kMicro);
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Scrapped{"BENT", 0}), "UNIT_STATE");
  EXPECT_EQ(floor.Told("PACK", 20, "P1", floor.StartOf("PACK", 20)), "NOT_BLOCKED");
}

TEST(Events, OfAClosedOrderAreRefused) {
  Floor floor;
  floor.order("ORD-PACK").state = domain::WorkOrderState::kClosed;
  EXPECT_EQ(floor.Told("PACK", 20, "P1", domain::Arrived{}), "WORK_ORDER_STATE");
  EXPECT_EQ(floor.Told("PACK", 20, "P1", floor.PassOf("PACK", 20)), "WORK_ORDER_STATE");
}

struct Tray : Floor {
  Tray() {
    for (const char* code : {"T1", "T2", "T3"}) Run("CELL", 10, code, true, "ORD-CELL");
    world().carrier_by_code["TRAY"] = 5;
    Wait(std::chrono::minutes(2));
  }
  domain::EventVerdict Tell(int16_t operation, decltype(domain::StationEvent::what) what) {
    domain::StationEvent event;
    event.carrier_code = "TRAY";
    event.what = std::move(what);
    return Say(StationOf("CELL", operation), event);
  }
};

TEST(Carriers, OneEventActsOnAllWithAResultEach) {
  Tray tray;
  const auto loaded =
      tray.Tell(20, domain::CarrierLoaded{{{1, "T1"}, {2, "T2"}, {3, "T3"}, {3, "C1"}, {4, "T1"}, {5, "NO-SUCH"}}});
  EXPECT_EQ(loaded.units, 3);
  EXPECT_EQ(ReasonsOf(loaded.refusals), "CARRIER_SLOT, UNIT_UNKNOWN") << "the rest is listed";
  EXPECT_EQ(tray.Tell(20, tray.StartOf("CELL", 20)).units, 3);
  domain::Completed completed = tray.PassOf("CELL", 20);
  completed.unit_results = {
      {"", 2, Judgement::kFail, "DRY", {}, ""}, {"T3", 0, Judgement::kNone, "", {}, ""}, {"", 9, Judgement::kPass, "", {}, ""}};
  const auto verdict = tray.Tell(20, completed);
  EXPECT_EQ(verdict.outcome, EventOutcome::kRecorded);
  EXPECT_EQ(verdict.units, 2);
  EXPECT_EQ(ReasonsOf(verdict.refusals), "CARRIER_SLOT, MEASUREMENT_MISSING");
  EXPECT_EQ(tray.unit("T1").unit.failed_operation, 0);
  EXPECT_EQ(tray.unit("T2").unit.failed_operation, 20);
  EXPECT_EQ(tray.unit("T3").unit.running_operation, 20) << "a dead channel: it stays running";
  EXPECT_EQ(tray.Tell(20, domain::CarrierUnloaded{{"T1"}}).units, 1);
  EXPECT_EQ(tray.Tell(20, domain::CarrierUnloaded{}).units, 2);
  EXPECT_EQ(ReasonsOf(tray.Tell(20, domain::CarrierUnloaded{}).refusals), "CARRIER_EMPTY");
}

TEST(Carriers, TwoResultsOfOneUnitAreNoneAndAUnitLeavesOnce) {
  Tray tray;
  tray.Tell(20, domain::CarrierLoaded{{{1, "T1"}, {2, "T2"}}});
  tray.Tell(20, tray.StartOf("CELL", 20));
  domain::Completed completed = tray.PassOf("CELL", 20);
  completed.unit_results = {{"", 1, Judgement::kFail, "DRY", {}, ""}, {"T1", 0, Judgement::kPass, "", {}, ""}};
  const auto verdict = tray.Tell(20, completed);
  EXPECT_EQ(verdict.units, 1);
  EXPECT_EQ(ReasonsOf(verdict.refusals), "CARRIER_SLOT");
  EXPECT_EQ(tray.unit("T1").unit.running_operation, 20);
  EXPECT_EQ(tray.Tell(20, domain::CarrierUnloaded{{"T1", "T1"}}).units, 1);
}

TEST(Carriers, UnknownOrEmptyOnesAreRefused) {
  Tray tray;
  EXPECT_EQ(ReasonsOf(tray.Tell(20, tray.StartOf("CELL", 20)).refusals), "CARRIER_EMPTY");
  domain::StationEvent event;
  event.carrier_code = "NO-SUCH";
  event.what = tray.StartOf("CELL", 20);
  EXPECT_EQ(ReasonsOf(tray.Say(tray.StationOf("CELL", 20), event).refusals), "CARRIER_UNKNOWN");
}

struct Reversal : Floor {
  domain::EventVerdict Undo(int16_t operation, int64_t sequence) {
    return Say("PACK", operation, "P1", domain::Reversed{1, sequence, "wrong part", "li"});
  }
};

TEST(Reversed, AReversalGivesBackWhatTheOriginalTook) {
  Reversal floor;
  floor.Start(20);  // sequence 1 of that station
  floor.Say("PACK", 20, "P1", domain::Installed{"C1", 1});
  const domain::Unit before = floor.unit("P1").unit;
  EXPECT_EQ(ReasonsOf(floor.Undo(20, 2).refusals), "");
  EXPECT_EQ(floor.unit("C1").unit.parent_id, 0);
  EXPECT_EQ(floor.unit("P1").unit.serial_slots_filled, 0);
  EXPECT_EQ(ReasonsOf(floor.Undo(20, 2).refusals), "REVERSAL_REFUSED") << "once";
  EXPECT_EQ(ReasonsOf(floor.Undo(20, 99).refusals), "REVERSAL_UNKNOWN");
  EXPECT_EQ(floor.unit("P1").unit.running_operation, before.running_operation);
}

TEST(Reversed, AReversedCompletionIsRunningAgainAndOutOfTheYield) {
  Reversal floor;
  floor.Run("PACK", 20, "P1");
  EXPECT_EQ(ReasonsOf(floor.Undo(20, 2).refusals), "");
  EXPECT_EQ(floor.unit("P1").unit.running_operation, 20);
  for (const auto& [key, counts] : floor.world().effects.yields) {
    if (key.operation == 20) {
      EXPECT_EQ(counts.first_runs, 0);
    }
  }
  EXPECT_EQ(floor.Told("PACK", 20, "P1", floor.PassOf("PACK", 20)), "");
}

TEST(Reversed, AReversalIsRefusedOnceTheUnitWentOn) {
  Reversal floor;
  floor.Run("PACK", 20, "P1");
  floor.Run("PACK", 30, "P1");
  EXPECT_EQ(ReasonsOf(floor.Undo(20, 2).refusals), "REVERSAL_REFUSED");
  EXPECT_EQ(ReasonsOf(floor.Undo(20, 1).refusals), "REVERSAL_REFUSED");
}

TEST(Reversed, AReversedScrapComesBackToTheOrder) {
  Reversal floor;
  floor.Say("PACK", 20, "P1", domain::Scrapped{"BENT", 0});
  EXPECT_EQ(ReasonsOf(floor.Undo(20, 1).refusals), "");
  EXPECT_EQ(floor.order("ORD-PACK").scrapped_micro, 0);
  EXPECT_EQ(floor.unit("P1").unit.status, UnitStatus::kInProcess);
  floor.Start(20);
}

TEST(Reversed, AnInstallIsRefusedOnceTheUnitIsFinishedOrThePartCameAgain) {
  Reversal floor;
  floor.Start(20);
  floor.Say("PACK", 20, "P1", domain::Installed{"C1", 1});
  floor.Say("PACK", 20, "P1", domain::Removed{"C1", "weak"});
  floor.Say("PACK", 20, "P1", domain::Installed{"C1", 1});
  EXPECT_EQ(ReasonsOf(floor.Undo(20, 2).refusals), "REVERSAL_REFUSED");
  floor.unit("P1").unit.status = UnitStatus::kFinished;
  EXPECT_EQ(ReasonsOf(floor.Undo(20, 4).refusals), "REVERSAL_REFUSED");
}

TEST(LotsOnARoute, LoseWhatIsNotGood) {
  ShopFloor floor;
  floor.Receive("POW", "W1");
  domain::Started start = floor.StartOf("INK", 10, "ORD-INK");
  start.quantity = "60";
  start.quantity_uom = "kg";
  floor.Say("INK", 10, "I1", start);
  EXPECT_EQ(ReasonsOf(floor.Say("INK", 10, "I1", domain::Consumed{"W1", "15", "kg"}).refusals), "");
  domain::Completed completed = floor.PassOf("INK", 10);
  completed.good_quantity = {"61", "kg"};
  EXPECT_EQ(ReasonsOf(floor.Say("INK", 10, "I1", completed).refusals), "QUANTITY_EXCEEDS_LEFT");
  completed.good_quantity = {"58.5", "m2"};
  EXPECT_EQ(ReasonsOf(floor.Say("INK", 10, "I1", completed).refusals), "UOM_MISMATCH");
  completed.good_quantity = {"58.5", "kg"};
  EXPECT_EQ(ReasonsOf(floor.Say("INK", 10, "I1", completed).refusals), "");
  const domain::OrderState& order = floor.order("ORD-INK");
  EXPECT_EQ(order.started_micro, 60 * kMicro);
  EXPECT_EQ(order.good_micro, 58'500'000);
  EXPECT_EQ(order.scrapped_micro, 1'500'000);
}

}  // namespace
}  // namespace mes::tests
