// Holds as standing rules: what they refuse to be, what they match, and what they catch while events are applied.
#include "domain/hold_predicate.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "domain/hold_disposition.h"
#include "tests/support/shop_floor.h"

namespace mes::domain {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::PlantBuilder;
using tests::ReasonsOf;
using tests::ShopFloor;

constexpr Time At(int64_t seconds) { return Time(Duration(seconds * 1'000'000)); }

struct HoldCheck : testing::Test {
  std::shared_ptr<const Plant> plant = PlantBuilder().Build();
  HoldDraft draft;

  int32_t Material(const char* code) const { return plant->FindMaterial(code)->id; }
  int32_t StationId(const char* code) const { return plant->FindStation(code)->id; }
  // `REASON field`, or OK.
  std::string Check() const {
    const Status checked = CheckHold(*plant, draft);
    if (checked) return "OK";
    return std::string(NameOf(checked.error().reason)) + " " + checked.error().metadata.at("field");
  }
};

TEST_F(HoldCheck, RefusesWhatCannotBeWithTheFieldNamed) {
  EXPECT_EQ(Check(), "FIELD_REQUIRED codes");
  draft.predicate.from = At(100);
  EXPECT_EQ(Check(), "FIELD_REQUIRED codes") << "a window alone is the whole plant";
  draft.predicate.station_ids = {StationId("CELL.1.OCV.1")};
  EXPECT_EQ(Check(), "OK");
  draft.predicate.until = At(99);
  EXPECT_EQ(Check(), "FIELD_INVALID predicate.until_time");
  draft.predicate.until = At(100);
  EXPECT_EQ(Check(), "OK") << "a moment is a window";
  draft.predicate.operation = 20;
  EXPECT_EQ(Check(), "STATION_OPERATION predicate.operation");
  draft.predicate.operation = 30;
  draft.predicate.lower = 3;
  EXPECT_EQ(Check(), "FIELD_REQUIRED predicate.characteristic_code");
  draft.predicate.characteristic = "NONE";
  EXPECT_EQ(Check(), "CHARACTERISTIC_UNKNOWN predicate.characteristic_code");
  draft.predicate.characteristic = "OCV_V";
  draft.predicate.upper = 2;
  EXPECT_EQ(Check(), "FIELD_INVALID predicate.upper");
  draft.predicate.upper = 3;
  EXPECT_EQ(Check(), "OK") << "one value is a range";
  draft.predicate.upper = std::nan("");
  EXPECT_EQ(Check(), "FIELD_INVALID predicate.upper");
  draft.predicate.upper.reset();
  draft.predicate.operation = 0;
  EXPECT_EQ(Check(), "FIELD_REQUIRED predicate.operation");
  draft.predicate.operation = 30;
  draft.predicate.material_id = Material("PACK");
  EXPECT_EQ(Check(), "FIELD_INVALID predicate.station_codes") << "a station that makes another product";
  draft.predicate.station_ids.clear();
  draft.predicate.characteristic = "BOLT_V";
  EXPECT_EQ(Check(), "OK");
  draft.predicate.operation = 31;
  EXPECT_EQ(Check(), "OPERATION_UNKNOWN predicate.operation");
  draft.predicate.operation = 30;
  draft.predicate.revision_id = plant->NewestRevision(Material("CELL"))->id;
  EXPECT_EQ(Check(), "FIELD_INVALID predicate.revision");
}

TEST_F(HoldCheck, SearchesRunsOnlyFromATimeOrAmongFew) {
  draft.predicate.station_ids = {StationId("CELL.1.OCV.1")};
  EXPECT_EQ(Check(), "FIELD_REQUIRED predicate.from_time");
  draft.predicate.unit_ids = {7};
  EXPECT_EQ(Check(), "OK");
  draft.predicate.unit_ids.clear();
  draft.predicate.tool_code = "PRESS-7";
  EXPECT_EQ(Check(), "OK");
  draft.predicate.tool_code.clear();
  draft.predicate.station_ids.clear();
  draft.predicate.operation = 30;
  EXPECT_EQ(Check(), "FIELD_REQUIRED predicate.product_code") << "a number without a route";
  draft.predicate.unit_ids.assign(10'001, 1);
  EXPECT_EQ(Check(), "LIMIT_EXCEEDED codes");
}

TEST_F(HoldCheck, AHoldAtAnOperationIsOnlyAboutWhatHasNotBegun) {
  draft.at_operation = true;
  draft.predicate.material_id = Material("CELL");
  EXPECT_EQ(Check(), "FIELD_REQUIRED predicate.operation");
  draft.predicate.operation = 30;
  EXPECT_EQ(Check(), "OK");
  draft.predicate.from = At(1);
  EXPECT_EQ(Check(), "FIELD_INVALID predicate.from_time");
  draft.predicate.from.reset();
  draft.predicate.tool_code = "PRESS-7";
  EXPECT_EQ(Check(), "FIELD_INVALID predicate.tool_code");
}

TEST_F(HoldCheck, CriticalCharacteristicsNeedFourEyes) {
  PlantBuilder builder;
  builder.operation("CELL", 30).characteristics[0].characteristic_class = CharacteristicClass::kCritical;
  plant = builder.Build();
  draft.predicate.material_id = Material("CELL");
  draft.predicate.operation = 30;
  EXPECT_FALSE(NeedsFourEyes(*plant, draft));
  draft.predicate.characteristic = "OCV_V";
  EXPECT_TRUE(NeedsFourEyes(*plant, draft));
  draft.predicate.operation = 20;
  draft.predicate.characteristic = "SOAK_V";
  EXPECT_FALSE(NeedsFourEyes(*plant, draft));
  draft.four_eyes = true;
  EXPECT_TRUE(NeedsFourEyes(*plant, draft));
}

// Runs with small ranges for everything, so that conditions often meet.
struct RandomRun {
  int64_t unit, used;
  int32_t station, order;
  int16_t operation;
  int began, lasted;
  std::string tool, supplier;
  double value;
};

RandomRun AnyRun() {
  using rc::gen::inRange;
  const int began = *inRange(0, 8);
  return {*inRange(1, 4),
          *inRange(0, 4),
          *inRange(1, 3),
          *inRange(1, 3),
          static_cast<int16_t>(*inRange(1, 3) * 10),
          began,
          *inRange(0, 4),
          *rc::gen::element<std::string>("T1", "T2"),
          *rc::gen::element<std::string>("S1", "S2"),
          static_cast<double>(*inRange(0, 5))};
}

// The predicate's conditions one by one: a conjunction matches exactly when one row answers each.
RC_GTEST_PROP(HoldPredicateProperty, AConjunctionMatchesARowThatAnswersEveryCondition, ()) {
  const std::shared_ptr<const Plant> plant = PlantBuilder().Build();
  const ProductRevision& revision = *plant->NewestRevision(plant->FindMaterial("CELL")->id);
  HoldPredicate whole;
  std::vector<HoldPredicate> parts;
  const auto condition = [&](auto set) {
    if (*rc::gen::inRange(0, 3) != 0) return;
    set(whole);
    set(parts.emplace_back());
  };
  const RandomRun wanted = AnyRun();
  const bool with_value = *rc::gen::arbitrary<bool>();
  condition([&](HoldPredicate& p) { p.station_ids = {wanted.station}; });
  condition([&](HoldPredicate& p) { p.tool_code = wanted.tool; });
  condition([&](HoldPredicate& p) { p.work_order_id = wanted.order; });
  condition([&](HoldPredicate& p) { p.operation = wanted.operation; });
  condition([&](HoldPredicate& p) { p.from = At(wanted.began); });
  condition([&](HoldPredicate& p) { p.until = At(wanted.began + wanted.lasted); });
  if (with_value) {
    const auto set = [&](HoldPredicate& p) {
      p.operation = 10;
      p.characteristic = "FILL_V";
      p.lower = wanted.value;
      p.upper = wanted.value + 1;
    };
    set(whole);
    set(parts.emplace_back());
    // A value counts when it was reported: its part of the window is about that moment.
    for (HoldPredicate& part : parts) set(part);
  }
  RC_PRE(!parts.empty());
  const std::vector<RandomRun> rows = *rc::gen::container<std::vector<RandomRun>>(4, rc::gen::exec(AnyRun));
  for (const RandomRun& row : rows) {
    const std::vector<std::string> tools = {row.tool};
    const std::vector<double> measured = {row.value};
    HoldRun run;
    run.unit = {row.unit, revision.material_id, revision.id, row.order, {}, {}};
    run.station_id = row.station;
    run.operation = row.operation;
    run.began = At(row.began);
    run.at = At(row.began + row.lasted);
    run.tools = &tools;
    run.measured = &measured;
    const bool each =
        std::all_of(parts.begin(), parts.end(), [&](const HoldPredicate& part) { return Matches(*plant, part, run); });
    // A window's two ends are one condition: a run can touch both without overlapping what is between only when they are turned
    // around.
    RC_ASSERT(Matches(*plant, whole, run) == each);
  }
}

TEST(HoldPredicateMatch, ARunIsInTheWindowWhenItOverlapsItAndAValueWhenItWasReportedInIt) {
  const std::shared_ptr<const Plant> plant = PlantBuilder().Build();
  const ProductRevision& revision = *plant->NewestRevision(plant->FindMaterial("CELL")->id);
  const std::vector<double> measured = {4};
  HoldRun run;
  run.unit = {1, revision.material_id, revision.id, 1, {}, {}};
  run.station_id = 5;
  run.operation = 10;
  run.began = At(10);
  run.at = At(100);
  run.measured = &measured;
  HoldPredicate predicate;
  predicate.station_ids = {5};
  predicate.from = At(50);
  predicate.until = At(60);
  EXPECT_TRUE(Matches(*plant, predicate, run)) << "it was on all the while";
  predicate.operation = 10;
  predicate.characteristic = "FILL_V";
  EXPECT_FALSE(Matches(*plant, predicate, run)) << "its value came later";
  predicate.until = At(100);
  EXPECT_TRUE(Matches(*plant, predicate, run));
  predicate.lower = 4.5;
  EXPECT_FALSE(Matches(*plant, predicate, run));
}

TEST(HoldPredicateMatch, AThingStandsForItselfAndForTheRunsThatUsedIt) {
  const std::shared_ptr<const Plant> plant = PlantBuilder().Build();
  HoldPredicate predicate;
  predicate.unit_ids = {7, 9};
  predicate.supplier_lot = "L1";
  EXPECT_TRUE(Matches(predicate, HoldSubject{9, 1, 0, 0, "S", "L1"}));
  EXPECT_FALSE(Matches(predicate, HoldSubject{9, 1, 0, 0, "S", "L2"}));
  EXPECT_FALSE(Matches(predicate, HoldSubject{8, 1, 0, 0, "S", "L1"}));
  predicate.station_ids = {5};
  HoldSubject lot{9, 1, 0, 0, "S", "L1"};
  HoldRun run;
  run.unit = {1, 2, 3, 4, {}, {}};
  run.station_id = 5;
  EXPECT_FALSE(Matches(*plant, predicate, run));
  run.used = &lot;
  EXPECT_TRUE(Matches(*plant, predicate, run));
  run.station_id = 6;
  EXPECT_FALSE(Matches(*plant, predicate, run)) << "used elsewhere";
}

struct StandingHoldTest : testing::Test {
  ShopFloor floor;

  void Stand(int64_t id, HoldPredicate predicate, HoldDirection direction = HoldDirection::kWhereUsed,
             bool at_operation = false) {
    auto draft = std::make_shared<HoldDraft>();
    draft->predicate = std::move(predicate);
    draft->direction = direction;
    draft->reason = "suspect";
    draft->placed_by = "Li";
    draft->at_operation = at_operation;
    floor.world().standing.holds.push_back({id, false, floor.now(), std::move(draft)});
  }
  std::vector<std::pair<int64_t, int64_t>> Caught() {
    std::vector<std::pair<int64_t, int64_t>> caught;
    for (const auto& one : floor.world().effects.caught) caught.emplace_back(one.hold_id, one.unit_id);
    return caught;
  }
  HoldPredicate AtStation(const char* product, int16_t operation) {
    HoldPredicate predicate;
    predicate.station_ids = {floor.StationOf(product, operation).id};
    predicate.from = floor.now();
    return predicate;
  }
  int64_t Id(const char* code) { return floor.unit(code).unit.id; }
};

TEST_F(StandingHoldTest, CatchesARunAtTheHeldStationAndTheGateRefusesWhatFollows) {
  Stand(4, AtStation("CELL", 10));
  floor.Receive("ELY", "E1");
  ASSERT_EQ(floor.Say("CELL", 10, "C1", floor.StartOf("CELL", 10, "ORD-CELL")).outcome, EventOutcome::kRecorded);
  EXPECT_THAT(Caught(), ElementsAre(std::pair<int64_t, int64_t>(4, Id("C1"))));
  EXPECT_EQ(floor.unit("C1").unit.hold_count, 1);
  ASSERT_EQ(floor.Say("CELL", 10, "C1", Consumed{"E1", "0.5", "kg"}).outcome, EventOutcome::kRecorded)
      << "a run that is on may end";
  ASSERT_EQ(floor.Say("CELL", 10, "C1", floor.PassOf("CELL", 10)).outcome, EventOutcome::kRecorded);
  EXPECT_EQ(Caught().size(), 1u) << "once";
  floor.Wait(std::chrono::seconds(120));
  const EventVerdict refused = floor.Say("CELL", 20, "C1", floor.StartOf("CELL", 20));
  EXPECT_EQ(ReasonsOf(refused.refusals), "NOT_BLOCKED");
  EXPECT_EQ(refused.refusals[0].evidence[0].kind, "hold");
  EXPECT_EQ(refused.refusals[0].evidence[0].id, "4");
}

TEST_F(StandingHoldTest, CatchesAValueInTheRangeAndNoOther) {
  HoldPredicate predicate;
  predicate.material_id = floor.plant().FindMaterial("INK")->id;
  predicate.operation = 10;
  predicate.characteristic = "MIX_V";
  predicate.from = floor.now();
  predicate.upper = 9;
  Stand(4, predicate);
  for (const auto& [code, value] : {std::pair("I1", 10.0), std::pair("I2", 9.0)}) {
    Started start = floor.StartOf("INK", 10, "ORD-INK");
    start.quantity = "10";
    start.quantity_uom = "kg";
    ASSERT_EQ(floor.Say("INK", 10, code, start).outcome, EventOutcome::kRecorded);
    ASSERT_EQ(floor.Say("INK", 10, code, Measured{{{"MIX_V", {value}}}, {}}).outcome, EventOutcome::kRecorded);
  }
  EXPECT_THAT(Caught(), ElementsAre(std::pair<int64_t, int64_t>(4, Id("I2"))));
}

TEST_F(StandingHoldTest, CatchesARunByTheToolThatItsStartNamed) {
  HoldPredicate predicate;
  predicate.tool_code = "PRESS-7";
  Stand(4, predicate);
  Started start = floor.StartOf("CELL", 10, "ORD-CELL");
  start.tool_codes = {"PRESS-6"};
  ASSERT_EQ(floor.Say("CELL", 10, "C1", start).outcome, EventOutcome::kRecorded);
  start.tool_codes = {"NEST-1", "PRESS-7"};
  ASSERT_EQ(floor.Say("CELL", 10, "C2", start).outcome, EventOutcome::kRecorded);
  EXPECT_THAT(Caught(), ElementsAre(std::pair<int64_t, int64_t>(4, Id("C2"))));
  EXPECT_THAT(floor.world().effects.rows.back().details->tools, ElementsAre("NEST-1", "PRESS-7"));
}

TEST_F(StandingHoldTest, CatchesUnitsMadeToTheHeldRevisionOrOrder) {
  HoldPredicate predicate;
  predicate.revision_id = floor.plant().NewestRevision(floor.plant().FindMaterial("CELL")->id)->id;
  Stand(4, predicate);
  HoldPredicate order;
  order.work_order_id = floor.order("ORD-PACK").id;
  Stand(5, order);
  ASSERT_EQ(floor.Say("CELL", 10, "C1", floor.StartOf("CELL", 10, "ORD-CELL")).outcome, EventOutcome::kRecorded);
  ASSERT_EQ(floor.Say("PACK", 10, "P1", floor.StartOf("PACK", 10, "ORD-PACK")).outcome, EventOutcome::kRecorded);
  EXPECT_THAT(Caught(), ElementsAre(std::pair<int64_t, int64_t>(4, Id("C1")), std::pair<int64_t, int64_t>(5, Id("P1"))));
}

TEST_F(StandingHoldTest, CatchesTheRunsThatUseTheHeldSuppliersLot) {
  HoldPredicate predicate;
  predicate.supplier_lot = "SL-9";
  predicate.from = floor.now();
  Stand(4, predicate);
  floor.world().standing.suppliers[floor.Receive("ELY", "E1").unit.id] = {"Acme", "SL-8"};
  floor.world().standing.suppliers[floor.Receive("ELY", "E2").unit.id] = {"Acme", "SL-9"};
  for (const char* code : {"C1", "C2"}) {
    ASSERT_EQ(floor.Say("CELL", 10, code, floor.StartOf("CELL", 10, "ORD-CELL")).outcome, EventOutcome::kRecorded);
  }
  ASSERT_EQ(floor.Say("CELL", 10, "C1", Consumed{"E1", "0.5", "kg"}).outcome, EventOutcome::kRecorded);
  EXPECT_THAT(Caught(), IsEmpty());
  ASSERT_EQ(floor.Say("CELL", 10, "C2", Consumed{"E2", "0.5", "kg"}).outcome, EventOutcome::kRecorded);
  EXPECT_THAT(Caught(), ElementsAre(std::pair<int64_t, int64_t>(4, Id("C2"))));
}

TEST_F(StandingHoldTest, HoldsWhatIsPutIntoSomethingThatIsHeldWithItsParts) {
  Stand(4, AtStation("CELL", 10), HoldDirection::kMadeOf);
  floor.Receive("ELY", "E1");
  ASSERT_EQ(floor.Say("CELL", 10, "C1", floor.StartOf("CELL", 10, "ORD-CELL")).outcome, EventOutcome::kRecorded);
  ASSERT_EQ(floor.Say("CELL", 10, "C1", Consumed{"E1", "0.5", "kg"}).outcome, EventOutcome::kRecorded);
  EXPECT_THAT(Caught(), ElementsAre(std::pair<int64_t, int64_t>(4, Id("C1")), std::pair<int64_t, int64_t>(4, Id("E1"))));
  ASSERT_EQ(floor.Say("CELL", 10, "C2", floor.StartOf("CELL", 10, "ORD-CELL")).outcome, EventOutcome::kRecorded);
  EXPECT_EQ(ReasonsOf(floor.Say("CELL", 10, "C2", Consumed{"E1", "0.5", "kg"}).refusals), "NOT_BLOCKED");
}

TEST_F(StandingHoldTest, AHoldAtAnOperationRefusesItsStartAndNothingElse) {
  HoldPredicate predicate;
  predicate.material_id = floor.plant().FindMaterial("PACK")->id;
  predicate.operation = 10;
  Stand(4, predicate, HoldDirection::kNone, true);
  const EventVerdict refused = floor.Say("PACK", 10, "P1", floor.StartOf("PACK", 10, "ORD-PACK"));
  EXPECT_EQ(ReasonsOf(refused.refusals), "NOT_BLOCKED");
  EXPECT_EQ(refused.refusals[0].evidence[0].id, "4");
  EXPECT_THAT(refused.refusals[0].sentence, HasSubstr("suspect"));
  ASSERT_EQ(floor.Say("CELL", 10, "C1", floor.StartOf("CELL", 10, "ORD-CELL")).outcome, EventOutcome::kRecorded);
  EXPECT_THAT(Caught(), IsEmpty());
  floor.world().standing.holds.clear();
  ASSERT_EQ(floor.Say("PACK", 10, "P1", floor.StartOf("PACK", 10, "ORD-PACK")).outcome, EventOutcome::kRecorded);
  predicate.operation = 20;
  predicate.unit_ids = {Id("P1")};
  Stand(5, predicate, HoldDirection::kNone, true);
  const auto held = [&] {
    const StartDecision decision = floor.Ask("PACK", 20, "P1");
    return std::any_of(decision.refusals.begin(), decision.refusals.end(),
                       [](const Refusal& refusal) { return refusal.reason == Reason::kNotBlocked; });
  };
  EXPECT_TRUE(held());
  floor.world().standing.exempt.insert({5, Id("P1")});
  EXPECT_FALSE(held()) << "this unit was let through";
}

struct DisposeTest : testing::Test {
  ShopFloor floor;
  Disposal disposal{3, 8, HoldDisposition::kRework, 10, "Wu", "cleaned"};

  std::string Dispose(const char* code) {
    const Status disposed = domain::Dispose(floor.world(), floor.unit(code), disposal);
    return disposed ? "OK" : std::string(NameOf(disposed.error().reason));
  }
  // A cell that has passed filling.
  UnitEntry& Filled(const char* code) {
    if (floor.world().FindUnit("E1") == nullptr) floor.Receive("ELY", "E1");
    EXPECT_EQ(floor.Say("CELL", 10, code, floor.StartOf("CELL", 10, "ORD-CELL")).outcome, EventOutcome::kRecorded);
    EXPECT_EQ(floor.Say("CELL", 10, code, Consumed{"E1", "0.5", "kg"}).outcome, EventOutcome::kRecorded);
    EXPECT_EQ(floor.Say("CELL", 10, code, floor.PassOf("CELL", 10)).outcome, EventOutcome::kRecorded);
    return floor.unit(code);
  }
};

TEST_F(DisposeTest, ReworkSendsTheUnitBackAndFoldingItsRowsGivesTheSame) {
  UnitEntry& cell = Filled("C1");
  EXPECT_EQ(cell.unit.passed, 1u);
  ASSERT_EQ(Dispose("C1"), "OK");
  EXPECT_EQ(cell.unit.passed, 0u);
  EXPECT_TRUE(cell.unit.clocks.empty()) << "the window from filling no longer runs";
  std::vector<EventRow> history;
  for (const EventRow& row : floor.world().effects.rows) {
    if (row.unit_id == cell.unit.id) history.push_back(row);
  }
  EXPECT_EQ(history.back().kind, EventKind::kReturned);
  EXPECT_EQ(history.back().details->hold_id, 3);
  EXPECT_EQ(Refold(cell.unit, *floor.plant().FindRevision(cell.unit.revision_id), history), cell.unit);
  EXPECT_EQ(ReasonsOf(floor.Ask("CELL", 20, "C1").refusals), "ROUTE_SEQ");
  ASSERT_TRUE(floor.Ask("CELL", 10, "C1").Go());
  const EventVerdict reversed = floor.Say("CELL", 10, "C1", Reversed{1, 3, "mistake", "Wu"});
  EXPECT_EQ(ReasonsOf(reversed.refusals), "REVERSAL_REFUSED") << "the decision rests on it";
}

TEST_F(DisposeTest, AFinishedUnitThatGoesBackLeavesTheOrdersGoodCount) {
  UnitEntry& cell = floor.Make("CELL", "C1");
  cell.unit.work_order_id = floor.order("ORD-CELL").id;
  floor.order("ORD-CELL").good_micro = floor.order("ORD-CELL").started_micro = kMicro;
  ASSERT_EQ(Dispose("C1"), "OK");
  EXPECT_EQ(cell.unit.status, UnitStatus::kInProcess);
  EXPECT_FALSE(cell.unit.finish_time);
  EXPECT_EQ(floor.order("ORD-CELL").good_micro, 0);
}

TEST_F(DisposeTest, ScrapMovesTheBooksAndTheYieldCounters) {
  UnitEntry& cell = Filled("C1");
  disposal.disposition = HoldDisposition::kScrap;
  disposal.operation = 0;
  ASSERT_EQ(Dispose("C1"), "OK");
  EXPECT_EQ(cell.unit.status, UnitStatus::kScrapped);
  EXPECT_EQ(floor.order("ORD-CELL").scrapped_micro, kMicro);
  EXPECT_TRUE(floor.order("ORD-CELL").changed);
  int64_t scrapped = 0;
  for (const auto& [key, counts] : floor.world().effects.yields) scrapped += key.operation == 10 ? counts.scrapped : 0;
  EXPECT_EQ(scrapped, 1) << "found where the unit stands";
  EXPECT_EQ(Dispose("C1"), "UNIT_STATE") << "scrapped already";
}

TEST_F(DisposeTest, RefusesWhatCannotBecomeOfAUnit) {
  Filled("C1");
  disposal.operation = 0;
  EXPECT_EQ(Dispose("C1"), "FIELD_REQUIRED");
  disposal.operation = 11;
  EXPECT_EQ(Dispose("C1"), "OPERATION_UNKNOWN");
  disposal.disposition = HoldDisposition::kReturn;
  EXPECT_EQ(Dispose("C1"), "UNIT_STATE") << "it is made here";
  disposal.disposition = HoldDisposition::kRework;
  EXPECT_EQ(Dispose("E1"), "UNIT_STATE") << "bought things have no route";
  disposal.operation = 10;
  ASSERT_EQ(floor.Say("CELL", 20, "C1", floor.StartOf("CELL", 20)).outcome, EventOutcome::kRecorded);
  EXPECT_EQ(Dispose("C1"), "UNIT_RUNNING");
  floor.unit("C1").unit.parent_id = 5;
  EXPECT_EQ(Dispose("C1"), "UNIT_STATE") << "built in";
}

TEST_F(DisposeTest, BoughtThingsGoBackToTheirSupplierOrAreScrapped) {
  floor.Receive("ELY", "E1");
  floor.Receive("ELY", "E2");
  disposal.disposition = HoldDisposition::kReturn;
  ASSERT_EQ(Dispose("E1"), "OK");
  EXPECT_EQ(floor.unit("E1").unit.status, UnitStatus::kShipped);
  disposal.disposition = HoldDisposition::kScrap;
  ASSERT_EQ(Dispose("E2"), "OK");
  EXPECT_EQ(floor.unit("E2").unit.status, UnitStatus::kScrapped);
  disposal.disposition = HoldDisposition::kUseAsIs;
  EXPECT_EQ(Dispose("E2"), "OK") << "nothing is done";
}

}  // namespace
}  // namespace mes::domain
