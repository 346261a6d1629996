// The gate: a refusal for every reason, each with its evidence and the role that may lift it.
#include "domain/gate.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/support/shop_floor.h"

namespace mes::tests {
namespace {

using domain::Interlock;
using domain::Reason;

// A pack that has been loaded with two cells and bolted: ready for TEST (40).
struct Line : ShopFloor {
  explicit Line(const PlantBuilder& builder = PlantBuilder()) : ShopFloor(builder) {
    Receive("HSG", "H1");
    Receive("BLT", "B1");
    Make("CELL", "C1");
    Make("CELL", "C2");
  }
  void Load(std::string_view pack = "P1") {
    Say("PACK", 10, pack, StartOf("PACK", 10, "ORD-PACK"));
    Say("PACK", 10, pack, domain::Installed{"H1", 0});
    Say("PACK", 10, pack, PassOf("PACK", 10));
    Say("PACK", 20, pack, StartOf("PACK", 20));
    Say("PACK", 20, pack, domain::Installed{"C1", 1});
    Say("PACK", 20, pack, domain::Installed{"C2", 2});
    Say("PACK", 20, pack, PassOf("PACK", 20));
    Say("PACK", 30, pack, StartOf("PACK", 30));
    Say("PACK", 30, pack, domain::Consumed{"B1", "4", "pc"});
    Say("PACK", 30, pack, PassOf("PACK", 30));
  }
};

PlantBuilder WithInterlock(std::string_view product, int16_t operation, Interlock interlock) {
  PlantBuilder builder;
  builder.operation(product, operation).interlocks.push_back(interlock);
  return builder;
}

void ExpectTold(const std::vector<domain::Refusal>& refusals, std::string_view reasons) {
  EXPECT_EQ(ReasonsOf(refusals), reasons);
  for (const domain::Refusal& refusal : refusals) {
    EXPECT_FALSE(refusal.sentence.empty());
    EXPECT_FALSE(refusal.evidence.empty()) << NameOf(refusal.reason);
    EXPECT_FALSE(RoleOf(refusal.reason).empty());
  }
}

TEST(Gate, LetsAUnitStartThatIsInOrder) {
  Line line;
  line.Load();
  const domain::StartDecision decision = line.Ask("PACK", 40, "P1");
  ExpectTold(decision.refusals, "");
  EXPECT_EQ(decision.runs_left, 2);
  EXPECT_EQ(decision.operation, 40);
}

TEST(Gate, TellsEveryReasonAtOnce) {
  Line line(WithInterlock("PACK", 40, Interlock::kCalTester));
  line.Load();
  line.unit("P1").unit.hold_count = 1;
  line.world().holds[line.unit("P1").unit.id] = {7};
  domain::Started start = line.StartOf("PACK", 40);
  start.recipe_checksum = "old";
  const domain::StartDecision decision = line.Ask("PACK", 40, "P1", start);
  ExpectTold(decision.refusals, "NOT_BLOCKED, RECIPE_MATCH, CAL_TESTER");
  EXPECT_EQ(decision.refusals[0].evidence[0].kind, "hold");
  EXPECT_EQ(decision.refusals[0].evidence[0].id, "7");
}

TEST(Gate, RefusesToSkipAMandatoryOperation) {
  Line line;
  line.Run("PACK", 10, "P1", true, "ORD-PACK");
  ExpectTold(line.Ask("PACK", 40, "P1").refusals, "ROUTE_SEQ");
}

TEST(Gate, RefusesToRepeatAPassedOperation) {
  Line line;
  line.Load();
  ExpectTold(line.Ask("PACK", 30, "P1").refusals, "ROUTE_SEQ");
}

TEST(Gate, RefusesAnOptionalOperationOnceALaterOneIsPassed) {
  PlantBuilder builder;
  builder.operation("PACK", 10).mandatory = false;
  Line line(builder);
  line.Run("PACK", 20, "P1", true, "ORD-PACK");
  ExpectTold(line.Ask("PACK", 10, "P1").refusals, "ROUTE_SEQ");
}

TEST(Gate, LetsAnOptionalOperationBeLeftOut) {
  Line line;
  line.Load();
  line.Run("PACK", 40, "P1");
  ExpectTold(line.Ask("PACK", 45, "P1").refusals, "");
  ExpectTold(line.Ask("PACK", 50, "P1").refusals, "");
}

TEST(Gate, LetsAnAlternateStandInForItsOperationAndNotTwice) {
  ShopFloor line;
  line.Run("CELL", 10, "C9", true, "ORD-CELL");
  line.Wait(std::chrono::minutes(5));
  line.Run("CELL", 20, "C9");
  ExpectTold(line.Ask("CELL", 35, "C9").refusals, "");
  line.Run("CELL", 35, "C9");
  EXPECT_EQ(line.unit("C9").unit.status, domain::UnitStatus::kFinished);
  ExpectTold(line.Ask("CELL", 30, "C9").refusals, "ROUTE_SEQ");
}

TEST(Gate, RefusesAHeldAncestorsPart) {
  Line line;
  line.Load();
  line.unit("P1").unit.hold_count = 1;
  std::vector<domain::Refusal> refusals;
  domain::JudgeBlocked(line.world(), line.unit("C1"), refusals);
  ExpectTold(refusals, "NOT_BLOCKED");
}

TEST(Gate, RefusesScrapAndWhatIsShipped) {
  Line line;
  line.Load();
  line.unit("P1").unit.status = domain::UnitStatus::kScrapped;
  ExpectTold(line.Ask("PACK", 40, "P1").refusals, "NOT_BLOCKED");
  line.unit("P1").unit.status = domain::UnitStatus::kShipped;
  ExpectTold(line.Ask("PACK", 40, "P1").refusals, "NOT_BLOCKED");
}

TEST(Gate, RefusesAnotherRecipeSoftwareOrVariant) {
  PlantBuilder builder = WithInterlock("PACK", 40, Interlock::kSwVersion);
  builder.operation("PACK", 40).interlocks.push_back(Interlock::kVariantMatch);
  builder.operation("PACK", 40).software_version = "PACK/7";
  Line line(builder);
  line.Load();
  ExpectTold(line.Ask("PACK", 40, "P1").refusals, "");
  domain::Started start = line.StartOf("PACK", 40);
  start.recipe_checksum.clear();
  start.software_version = "PACK/6";
  start.variant = "OTHER";
  ExpectTold(line.Ask("PACK", 40, "P1", start).refusals, "RECIPE_MATCH, SW_VERSION, VARIANT_MATCH");
}

TEST(Gate, CountsRetestsAndReworks) {
  Line line;
  line.Load();
  line.Run("PACK", 40, "P1", false);
  EXPECT_EQ(line.Ask("PACK", 40, "P1").purpose, domain::RunPurpose::kRetest);
  line.Run("PACK", 40, "P1", false);  // the one retest
  ExpectTold(line.Ask("PACK", 40, "P1").refusals, "RETEST_LIMIT");
  const domain::StartDecision rework = line.Ask("PACK", 20, "P1");
  ExpectTold(rework.refusals, "");
  EXPECT_EQ(rework.purpose, domain::RunPurpose::kRework);
  line.Run("PACK", 20, "P1");
  line.Run("PACK", 30, "P1");
  line.Run("PACK", 40, "P1", false);
  line.Run("PACK", 40, "P1", false);  // retests begin anew after a repair, reworks do not
  ExpectTold(line.Ask("PACK", 20, "P1").refusals, "REWORK_LIMIT");
  ExpectTold(line.Ask("PACK", 30, "P1").refusals, "ROUTE_SEQ");
}

TEST(Gate, RefusesARetestWithNothingFailed) {
  Line line;
  line.Load();
  domain::Started start = line.StartOf("PACK", 40);
  start.purpose = domain::RunPurpose::kRetest;
  ExpectTold(line.Ask("PACK", 40, "P1", start).refusals, "ROUTE_SEQ");
}

TEST(Gate, RefusesWhatIsRunning) {
  Line line;
  line.Load();
  line.Say("PACK", 40, "P1", line.StartOf("PACK", 40));
  ExpectTold(line.Ask("PACK", 40, "P1").refusals, "UNIT_RUNNING");
}

TEST(Gate, RefusesALateStartAndAnEarlyOne) {
  PlantBuilder builder;
  domain::TimeWindow& window = builder.window("CELL", "SOAK");
  window.to_event = domain::WindowEvent::kStart;
  window.late_action = domain::LateAction::kRefuse;
  ShopFloor line(builder);
  line.Run("CELL", 10, "C9", true, "ORD-CELL");
  line.Wait(std::chrono::seconds(59));
  ExpectTold(line.Ask("CELL", 20, "C9").refusals, "TIME_WINDOW");
  line.Wait(std::chrono::seconds(1));
  ExpectTold(line.Ask("CELL", 20, "C9").refusals, "");
  line.Wait(std::chrono::seconds(3'540));
  ExpectTold(line.Ask("CELL", 20, "C9").refusals, "");
  line.Wait(std::chrono::seconds(1));
  ExpectTold(line.Ask("CELL", 20, "C9").refusals, "TIME_WINDOW");
}

TEST(Gate, ReopensTheRouteWhereABreachedWindowRepeatsAndOnlyAsOftenAsAllowed) {
  PlantBuilder builder;
  builder.window("CELL", "SOAK").to_event = domain::WindowEvent::kStart;
  ShopFloor line(builder);
  line.Run("CELL", 10, "C9", true, "ORD-CELL");
  ExpectTold(line.Ask("CELL", 10, "C9").refusals, "ROUTE_SEQ");
  line.Wait(std::chrono::hours(2));
  ExpectTold(line.Ask("CELL", 20, "C9").refusals, "TIME_WINDOW");
  ExpectTold(line.Ask("CELL", 10, "C9").refusals, "");
  line.Run("CELL", 10, "C9");
  line.Wait(std::chrono::hours(2));
  ExpectTold(line.Ask("CELL", 10, "C9").refusals, "REWORK_LIMIT");
}

TEST(Gate, AsksForAnArrivalWhereAQueueWindowSaysSo) {
  PlantBuilder builder;
  domain::TimeWindow& window = builder.window("CELL", "SOAK");
  window.from_operation = 20;
  window.from_event = domain::WindowEvent::kQueue;
  window.to_event = domain::WindowEvent::kStart;
  ShopFloor line(builder);
  line.Run("CELL", 10, "C9", true, "ORD-CELL");
  ExpectTold(line.Ask("CELL", 20, "C9").refusals, "TIME_WINDOW");
  line.Say("CELL", 20, "C9", domain::Arrived{});
  ExpectTold(line.Ask("CELL", 20, "C9").refusals, "TIME_WINDOW");
  line.Wait(std::chrono::seconds(60));
  ExpectTold(line.Ask("CELL", 20, "C9").refusals, "");
}

TEST(Gate, RefusesAnUnknownUnitWithoutAnOrderAndAnUnknownOrder) {
  ShopFloor line;
  ExpectTold(line.Ask("PACK", 10, "NEW").refusals, "UNIT_UNKNOWN");
  ExpectTold(line.Ask("PACK", 10, "NEW", line.StartOf("PACK", 10, "NO-ORDER")).refusals, "WORK_ORDER_UNKNOWN");
  ExpectTold(line.Ask("PACK", 10, "NEW", line.StartOf("PACK", 10, "ORD-PACK")).refusals, "");
  line.world().ambiguous_codes.insert("TWICE");
  ExpectTold(line.Ask("PACK", 10, "TWICE").refusals, "UNIT_AMBIGUOUS");
}

TEST(Gate, RefusesOrdersThatAreNotOpenOrAreFull) {
  ShopFloor line;
  using enum domain::WorkOrderState;
  for (const domain::WorkOrderState state : {kCreated, kOnHold, kCompleted, kClosed, kCancelled}) {
    line.order("ORD-PACK").state = state;
    ExpectTold(line.Ask("PACK", 10, "NEW", line.StartOf("PACK", 10, "ORD-PACK")).refusals, "WORK_ORDER_STATE");
  }
  line.order("ORD-PACK").state = domain::WorkOrderState::kStarted;
  line.order("ORD-PACK").started_micro = line.order("ORD-PACK").ordered_micro;
  ExpectTold(line.Ask("PACK", 10, "NEW", line.StartOf("PACK", 10, "ORD-PACK")).refusals, "WORK_ORDER_FULL");
}

TEST(Gate, RefusesAStationThatDoesSomethingElse) {
  Line line;
  line.Load();
  const domain::Started start = line.StartOf("PACK", 40);
  const auto ask = [&](const domain::Station& station, int16_t operation) {
    return domain::JudgeStart(line.world(), {&station, &line.unit("P1"), "P1", operation, &start, "", line.now()}).refusals;
  };
  ExpectTold(ask(line.StationOf("PACK", 30), 40), "STATION_OPERATION");
  ExpectTold(ask(line.StationOf("CELL", 30), 0), "STATION_OPERATION");
  EXPECT_TRUE(ask(line.StationOf("PACK", 40), 0).empty());
}

TEST(Gate, RefusesAnOperationThatTheUnitsRevisionDoesNotHave) {
  Line line;
  line.Load();
  domain::Station station = line.StationOf("PACK", 40);
  station.operations = {99};
  const domain::Started start = line.StartOf("PACK", 40);
  ExpectTold(domain::JudgeStart(line.world(), {&station, &line.unit("P1"), "P1", 99, &start, "", line.now()}).refusals,
             "OPERATION_UNKNOWN");
}

TEST(Gate, TellsTheStationsOwnReasonsOfScrapToo) {
  Line line(WithInterlock("PACK", 40, Interlock::kCalTester));
  line.Load();
  line.unit("P1").unit.status = domain::UnitStatus::kScrapped;
  ExpectTold(line.Ask("PACK", 40, "P1").refusals, "NOT_BLOCKED, CAL_TESTER");
}

TEST(Gate, RefusesBoughtThingsAndTellsTheirHolds) {
  ShopFloor line;
  line.Receive("HSG", "H9");
  ExpectTold(line.Ask("PACK", 10, "H9").refusals, "UNIT_STATE");
  line.unit("H9").unit.hold_count = 1;
  ExpectTold(line.Ask("PACK", 10, "H9").refusals, "NOT_BLOCKED, UNIT_STATE");
}

TEST(Gate, RefusesNewLotsWithoutAQuantityInTheirUnit) {
  ShopFloor line;
  domain::Started start = line.StartOf("INK", 10, "ORD-INK");
  ExpectTold(line.Ask("INK", 10, "L1", start).refusals, "QUANTITY_INVALID");
  start.quantity = "60";
  start.quantity_uom = "m2";
  ExpectTold(line.Ask("INK", 10, "L1", start).refusals, "UOM_MISMATCH");
  start.quantity_uom = "kg";
  ExpectTold(line.Ask("INK", 10, "L1", start).refusals, "");
}

// What may be used: the same judgement for CanStart's list and for consumed and installed.
struct Materials : testing::Test {
  Line line{WithInterlock("PACK", 20, Interlock::kGroupMatch)};
  domain::Started start = line.StartOf("PACK", 20);

  Materials() { line.Run("PACK", 10, "P1", true, "ORD-PACK"); }
  std::string Ask(std::vector<std::string> codes) {
    start.material_codes = std::move(codes);
    const auto refusals = line.Ask("PACK", 20, "P1", start).refusals;
    for (const domain::Refusal& refusal : refusals) EXPECT_FALSE(refusal.evidence.empty());
    return ReasonsOf(refusals);
  }
};

TEST_F(Materials, ThatFitArePassed) { EXPECT_EQ(Ask({"C1", "C2"}), ""); }
TEST_F(Materials, ThatAreUnknownAreRefused) { EXPECT_EQ(Ask({"NO-SUCH"}), "MATERIAL_VALID"); }
TEST_F(Materials, OutsideTheBillOfMaterialsAreRefused) { EXPECT_EQ(Ask({"H1"}), "MATERIAL_VALID"); }
TEST_F(Materials, OnHoldAreRefused) {
  line.unit("C1").unit.hold_count = 1;
  EXPECT_EQ(Ask({"C1"}), "NOT_BLOCKED");
}
TEST_F(Materials, BuiltInElsewhereAreRefused) {
  line.unit("C1").unit.parent_id = line.unit("C2").unit.id;
  EXPECT_EQ(Ask({"C1"}), "UNIQUE_SN");
}
TEST_F(Materials, NotReleasedAreRefused) {
  line.unit("C1").unit.status = domain::UnitStatus::kInProcess;
  EXPECT_EQ(Ask({"C1"}), "RELEASED_CHILD");
}
TEST_F(Materials, OfTwoGradesAreRefusedAsAGroup) {
  line.unit("C1").unit.grade = "A";
  line.unit("C2").unit.grade = "B";
  EXPECT_EQ(Ask({"C1", "C2"}), "GROUP_MATCH");
  line.unit("C2").unit.grade = "A";
  EXPECT_EQ(Ask({"C1", "C2"}), "");
}
TEST_F(Materials, WithoutProofOfTheirSourceAreRefusedWhereStacksAreMounted) {
  Line stacks(WithInterlock("PACK", 20, Interlock::kStackSource));
  stacks.Run("PACK", 10, "P1", true, "ORD-PACK");
  stacks.unit("C1").unit.source_proven = false;
  domain::Started with = stacks.StartOf("PACK", 20);
  with.material_codes = {"C1"};
  EXPECT_EQ(ReasonsOf(stacks.Ask("PACK", 20, "P1", with).refusals), "STACK_SOURCE");
}
TEST_F(Materials, OverTheirAgeAreRefused) {
  PlantBuilder builder;
  domain::TimeWindow age;
  age.id = "AGE";
  age.from_operation = age.to_operation = 20;
  age.from_event = domain::WindowEvent::kMaterialAge;
  age.to_event = domain::WindowEvent::kStart;
  age.max_seconds = 100;
  builder.product("PACK").windows.push_back(age);
  Line aged(builder);
  aged.Run("PACK", 10, "P1", true, "ORD-PACK");
  aged.Wait(std::chrono::seconds(101));
  domain::Started with = aged.StartOf("PACK", 20);
  with.material_codes = {"C1"};
  EXPECT_EQ(ReasonsOf(aged.Ask("PACK", 20, "P1", with).refusals), "TIME_WINDOW");
}

TEST(LotsAtTheGate, ExpiredOpenedTooLongEmptyOrInProcessAreRefused) {
  ShopFloor line;
  domain::UnitEntry& lot = line.Receive("ELY", "E1");
  domain::Started start = line.StartOf("CELL", 10, "ORD-CELL");
  start.material_codes = {"E1"};
  const auto ask = [&] { return ReasonsOf(line.Ask("CELL", 10, "C9", start).refusals); };
  EXPECT_EQ(ask(), "");
  lot.lot->expire_time = line.now() - std::chrono::seconds(1);
  EXPECT_EQ(ask(), "MATERIAL_VALID");
  lot.lot->expire_time.reset();
  lot.lot->open_time = line.now() - std::chrono::hours(2);
  lot.lot->floor_life_seconds = 3'600;
  EXPECT_EQ(ask(), "MATERIAL_VALID");
  lot.lot->floor_life_seconds = 0;
  lot.lot->left_micro = 0;
  EXPECT_EQ(ask(), "MATERIAL_VALID");
  lot.lot->left_micro = 1;
  lot.unit.status = domain::UnitStatus::kInProcess;
  EXPECT_EQ(ask(), "MATERIAL_VALID");
}

}  // namespace
}  // namespace mes::tests
