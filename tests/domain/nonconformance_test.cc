#include "domain/nonconformance.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "domain/limits.h"
#include "tests/support/shop_floor.h"

namespace mes::domain {
namespace {

using tests::PlantBuilder;
using tests::ReasonsOf;
using tests::ShopFloor;

// A pack that stands before its test, on a floor where LEAK at TEST waits for quality.
struct NonconformanceTest : testing::Test {
  ShopFloor floor{[] {
    PlantBuilder builder;
    builder.operation("PACK", 50).interlocks.pop_back();  // its parts are another test's matter
    builder.operation("PACK", 50).new_identity = NewIdentity::kNone;
    builder.operation("PACK", 40).max_reworks = 3;
    return builder;
  }()};

  FailureCode Leak() {
    FailureCode policy;
    policy.id = 7;
    policy.code = "LEAK";
    policy.material_id = floor.plant().FindMaterial("PACK")->id;
    policy.product_code = "PACK";
    policy.operation = 40;
    policy.needs_disposition = true;
    policy.opens_ncr = true;
    policy.severity = Severity::kMajor;
    policy.reason = "8D 17";
    return policy;
  }
  void MakeToTest(const std::string& unit) {
    for (const int16_t operation : {10, 20, 30}) floor.Run("PACK", operation, unit, true, operation == 10 ? "ORD-PACK" : "");
  }
  void Leaks(const std::string& unit, const std::string& code = "LEAK") {
    ASSERT_EQ(floor.Say("PACK", 40, unit, floor.StartOf("PACK", 40)).outcome, EventOutcome::kRecorded);
    Completed failed = floor.FailOf("PACK", 40);
    failed.failure_code = code;
    ASSERT_EQ(floor.Say("PACK", 40, unit, failed).outcome, EventOutcome::kRecorded);
  }
  Started As(int16_t operation, RunPurpose purpose) {
    Started start = floor.StartOf("PACK", operation);
    start.purpose = purpose;
    return start;
  }
  std::string AskAs(int16_t operation, RunPurpose purpose) {
    return ReasonsOf(floor.Ask("PACK", operation, "P1", As(operation, purpose)).refusals);
  }
  static DispositionOrder Order(FailureDisposition disposition) {
    const bool conceded = disposition == FailureDisposition::kUseAsIs || disposition == FailureDisposition::kDowngrade;
    return {disposition, conceded ? "C-1" : "", "seen", "wu", "quality", ""};
  }
  std::string Decide(FailureDisposition disposition, const std::string& unit = "P1") {
    const LastRun last{floor.StationOf("PACK", 40).id, floor.now(), floor.world().now};
    const Status decided = Dispose(floor.world(), floor.unit(unit), Order(disposition), last, floor.now());
    return decided ? "OK" : std::string(NameOf(decided.error().reason));
  }
  void ExpectFold(const std::string& code) {
    const UnitEntry& entry = floor.unit(code);
    std::vector<EventRow> history;
    for (const EventRow& row : floor.world().effects.rows) {
      if (row.unit_id == entry.unit.id) history.push_back(row);
    }
    EXPECT_EQ(Refold(entry.unit, *floor.plant().FindRevision(entry.unit.revision_id), history), entry.unit);
  }
};

TEST_F(NonconformanceTest, AFailureWithoutAPolicyGoesAsTheRoutingSays) {
  MakeToTest("P1");
  Leaks("P1");
  EXPECT_EQ(AskAs(40, RunPurpose::kNone), "");
  EXPECT_TRUE(floor.world().effects.findings.empty());
}

TEST_F(NonconformanceTest, AFailureThatNeedsADispositionStopsRetestAndReworkUntilItIsGiven) {
  floor.Put(Leak());
  MakeToTest("P1");
  Leaks("P1");
  const StartDecision decision = floor.Ask("PACK", 40, "P1");
  ASSERT_EQ(ReasonsOf(decision.refusals), "DISPOSITION_NEEDED");
  EXPECT_EQ(RoleOf(decision.refusals[0].reason), "quality");
  ASSERT_EQ(decision.refusals[0].evidence.size(), 2u);
  EXPECT_EQ(decision.refusals[0].evidence[0].kind, "ncr");
  EXPECT_EQ(decision.refusals[0].evidence[1].id, "LEAK/PACK/40/v1");
  EXPECT_EQ(AskAs(20, RunPurpose::kRework), "DISPOSITION_NEEDED");
  const EventVerdict refused = floor.Say("PACK", 40, "P1", floor.StartOf("PACK", 40));
  EXPECT_EQ(ReasonsOf(refused.refusals), "DISPOSITION_NEEDED") << "ingest asks the same gate";
  ASSERT_EQ(floor.world().effects.findings.size(), 1u);
  EXPECT_EQ(floor.world().effects.findings[0].failure_code_id, 7);

  EXPECT_EQ(Decide(FailureDisposition::kRelease), "OK");
  EXPECT_EQ(AskAs(40, RunPurpose::kNone), "");
  ExpectFold("P1");
  Leaks("P1");
  EXPECT_EQ(AskAs(20, RunPurpose::kNone), "DISPOSITION_NEEDED") << "a new failure waits anew";
}

TEST_F(NonconformanceTest, OnlyWhatWasDecidedIsOpenToTheUnit) {
  floor.Put(Leak());
  MakeToTest("P1");
  Leaks("P1");
  EXPECT_EQ(Decide(FailureDisposition::kRework), "OK");
  EXPECT_EQ(AskAs(40, RunPurpose::kRetest), "RETEST_LIMIT");
  EXPECT_EQ(AskAs(20, RunPurpose::kNone), "");
  EXPECT_EQ(Decide(FailureDisposition::kRetest), "OK") << "quality may think again";
  EXPECT_EQ(AskAs(20, RunPurpose::kRework), "ROUTE_SEQ");
  EXPECT_EQ(AskAs(40, RunPurpose::kRework), "ROUTE_SEQ");
  EXPECT_EQ(AskAs(40, RunPurpose::kNone), "");
  ExpectFold("P1");
}

TEST_F(NonconformanceTest, ARepairLimitCountsPerCodeWhateverTheRoutingStillAllows) {
  FailureCode policy = Leak();
  policy.needs_disposition = false;
  policy.repair_limit = 1;
  floor.Put(policy);
  MakeToTest("P1");
  Leaks("P1");
  const auto repair = [&] {
    ASSERT_EQ(floor.Say("PACK", 20, "P1", As(20, RunPurpose::kRework)).outcome, EventOutcome::kRecorded);
    ASSERT_EQ(floor.Say("PACK", 20, "P1", floor.PassOf("PACK", 20)).outcome, EventOutcome::kRecorded);
    floor.Run("PACK", 30, "P1");
  };
  repair();
  Leaks("P1", "DENT");
  EXPECT_EQ(AskAs(20, RunPurpose::kRework), "") << "another code";
  repair();
  Leaks("P1");
  const StartDecision decision = floor.Ask("PACK", 20, "P1", As(20, RunPurpose::kRework));
  ASSERT_EQ(ReasonsOf(decision.refusals), "REWORK_LIMIT");
  EXPECT_EQ(decision.refusals[0].evidence[0].kind, "policy");
  EXPECT_EQ(decision.refusals[0].evidence[0].detail, "1 of 1 repairs used");
  EXPECT_EQ(Decide(FailureDisposition::kRework), "REWORK_LIMIT") << "nor may it be decided";
  ExpectFold("P1");
}

TEST_F(NonconformanceTest, AReworkStartsAtTheCodesRoute) {
  FailureCode policy = Leak();
  policy.needs_disposition = false;
  policy.route = 30;
  floor.Put(policy);
  MakeToTest("P1");
  Leaks("P1");
  EXPECT_EQ(AskAs(20, RunPurpose::kRework), "ROUTE_SEQ");
  const StartDecision decision = floor.Ask("PACK", 30, "P1", As(30, RunPurpose::kRework));
  EXPECT_TRUE(decision.Go()) << ReasonsOf(decision.refusals);
  EXPECT_EQ(decision.return_to, 30);
}

TEST_F(NonconformanceTest, UsedAsIsThePackPassesAndFinishes) {
  floor.Put(Leak());
  MakeToTest("P1");
  Leaks("P1");
  EXPECT_EQ(Decide(FailureDisposition::kUseAsIs), "OK");
  EXPECT_EQ(AskAs(50, RunPurpose::kNone), "");
  floor.Run("PACK", 50, "P1", false);
  EXPECT_EQ(Decide(FailureDisposition::kDowngrade), "OK");
  EXPECT_EQ(floor.unit("P1").unit.status, UnitStatus::kFinished);
  EXPECT_EQ(floor.unit("P1").unit.grade, "B");
  EXPECT_EQ(floor.order("ORD-PACK").good_micro, kMicro);
  ExpectFold("P1");
}

TEST_F(NonconformanceTest, ScrappedItLeavesTheOrdersBooksAndIsCounted) {
  floor.Put(Leak());
  MakeToTest("P1");
  Leaks("P1");
  EXPECT_EQ(Decide(FailureDisposition::kScrap), "OK");
  EXPECT_EQ(Decide(FailureDisposition::kScrap), "OK") << "written down once more, counted once";
  EXPECT_EQ(floor.order("ORD-PACK").scrapped_micro, kMicro);
  EXPECT_EQ(AskAs(40, RunPurpose::kNone), "NOT_BLOCKED");
  ASSERT_EQ(floor.world().effects.failures.size(), 1u);
  const auto& [key, counts] = *floor.world().effects.failures.begin();
  EXPECT_EQ(key.failure_code, "LEAK");
  EXPECT_EQ(key.operation, 40);
  EXPECT_EQ(counts.failed_runs, 1);
  EXPECT_EQ(counts.first_run_fails, 1);
  EXPECT_EQ(counts.scrapped, 1);
  EXPECT_EQ(Decide(FailureDisposition::kUseAsIs), "UNIT_STATE");
  ExpectFold("P1");
}

TEST_F(NonconformanceTest, WhatCannotBeDoneCannotBeDecided) {
  floor.Put(Leak());
  MakeToTest("P1");
  EXPECT_EQ(Decide(FailureDisposition::kRetest), "DISPOSITION_REFUSED") << "nothing failed";
  EXPECT_EQ(Decide(FailureDisposition::kReturnToSupplier), "DISPOSITION_REFUSED") << "made here";
  floor.Say("PACK", 40, "P1", floor.StartOf("PACK", 40));
  EXPECT_EQ(Decide(FailureDisposition::kScrap), "UNIT_RUNNING");
  floor.Say("PACK", 40, "P1", floor.FailOf("PACK", 40));
  Leaks("P1");
  EXPECT_EQ(Decide(FailureDisposition::kRetest), "RETEST_LIMIT");
  floor.order("ORD-PACK").state = WorkOrderState::kClosed;
  EXPECT_EQ(Decide(FailureDisposition::kUseAsIs), "WORK_ORDER_STATE");
  floor.order("ORD-PACK").state = WorkOrderState::kStarted;
  floor.unit("P1").unit.parent_id = 99;
  EXPECT_EQ(Decide(FailureDisposition::kScrap), "UNIT_STATE") << "built in";

  UnitEntry& bought = floor.Receive("HSG", "H1");
  EXPECT_EQ(Decide(FailureDisposition::kReturnToSupplier, "H1"), "OK");
  EXPECT_EQ(bought.unit.status, UnitStatus::kShipped);
}

TEST_F(NonconformanceTest, AConcessionCoversValuesAndNotWhatIsMissing) {
  ShopFloor whole;  // LABEL gives a code and wants all parts
  for (const int16_t operation : {10, 20, 30, 40}) whole.Run("PACK", operation, "P1", true, operation == 10 ? "ORD-PACK" : "");
  ASSERT_EQ(whole.Say("PACK", 50, "P1", whole.StartOf("PACK", 50)).outcome, EventOutcome::kRecorded);
  ASSERT_EQ(whole.Say("PACK", 50, "P1", whole.FailOf("PACK", 50)).outcome, EventOutcome::kRecorded);
  const Status code = Dispose(whole.world(), whole.unit("P1"), Order(FailureDisposition::kUseAsIs), {1, {}, {}}, whole.now());
  ASSERT_FALSE(code);
  EXPECT_EQ(code.error().reason, Reason::kUniqueSn);

  PlantBuilder builder;
  builder.operation("PACK", 50).new_identity = NewIdentity::kNone;
  ShopFloor parts(builder);
  for (const int16_t operation : {10, 20, 30, 40}) parts.Run("PACK", operation, "P1", true, operation == 10 ? "ORD-PACK" : "");
  ASSERT_EQ(parts.Say("PACK", 50, "P1", parts.StartOf("PACK", 50)).outcome, EventOutcome::kRecorded);
  ASSERT_EQ(parts.Say("PACK", 50, "P1", parts.FailOf("PACK", 50)).outcome, EventOutcome::kRecorded);
  const Status missing = Dispose(parts.world(), parts.unit("P1"), Order(FailureDisposition::kUseAsIs), {1, {}, {}}, parts.now());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().reason, Reason::kGenealogyComplete);
}

TEST_F(NonconformanceTest, AReversalTakesFailureCountAndFindingBack) {
  floor.Put(Leak());
  MakeToTest("P1");
  Leaks("P1");
  const int64_t sequence = floor.world().cursors[floor.StationOf("PACK", 40).id].last_sequence;
  EXPECT_EQ(floor.Say("PACK", 40, "P1", Reversed{1, sequence, "wrong part", "li"}).outcome, EventOutcome::kRecorded);
  EXPECT_EQ(floor.world().effects.failures.begin()->second.failed_runs, 0);
  EXPECT_EQ(floor.world().effects.failures.begin()->second.first_run_fails, 0);
  EXPECT_EQ(floor.world().effects.withdrawn_findings.size(), 1u);
  EXPECT_EQ(floor.unit("P1").unit.failure_code, "");
  ExpectFold("P1");

  EXPECT_EQ(floor.Say("PACK", 40, "P1", floor.FailOf("PACK", 40)).outcome, EventOutcome::kRecorded);
  const int64_t failed = floor.world().cursors[floor.StationOf("PACK", 40).id].last_sequence;
  EXPECT_EQ(Decide(FailureDisposition::kUseAsIs), "OK");
  EXPECT_EQ(ReasonsOf(floor.Say("PACK", 40, "P1", Reversed{1, failed, "wrong part", "li"}).refusals), "REVERSAL_REFUSED")
      << "a decision rests on it";
}

struct NcrTest : testing::Test {
  const Time now = FromMicros(1'000'000'000);
  static NcrMovement Step(NcrMove move) {
    NcrMovement movement;
    movement.move = move;
    movement.person = "wu";
    movement.role = "quality";
    if (move == NcrMove::kContain) movement.containment = "hold 12 covers the shift", movement.hold_ids = {12, 12};
    if (move == NcrMove::kAnalyse)
      movement.whys = {"gasket torn", "tool worn"}, movement.cause_category = CauseCategory::kMachine;
    if (move == NcrMove::kAct) {
      movement.corrective = {"change the tool", "li", FromMicros(2'000'000'000)};
      movement.preventive = {"count its uses", "he", FromMicros(3'000'000'000)};
    }
    if (move == NcrMove::kVerify) movement.verification = "50 packs tight", movement.verification_evidence = "report 7";
    if (move == NcrMove::kCancel) movement.reason = "a wrong scan";
    return movement;
  }
  Ncr At(NcrState state) const {
    Ncr ncr;
    ncr.id = 5;
    ncr.state = state;
    ncr.corrective = {"change the tool", "li", now};
    ncr.preventive = {"count its uses", "he", now};
    return ncr;
  }
  template <typename Change>
  std::string Told(NcrState state, NcrMove move, const Change& change) const {
    NcrMovement movement = Step(move);
    change(movement);
    const Result<Ncr> moved = Move(At(state), movement, now);
    if (moved) return "OK";
    const auto field = moved.error().metadata.find("field");
    return std::string(NameOf(moved.error().reason)) + (field == moved.error().metadata.end() ? "" : " " + field->second);
  }
};

TEST_F(NcrTest, TakesEveryMoveOfTheTableAndNoOther) {
  for (int from = 1; from <= 7; ++from) {
    for (int move = 1; move <= 6; ++move) {
      const auto row = std::find_if(kNcrMoves.begin(), kNcrMoves.end(), [&](const NcrMoveRow& candidate) {
        return static_cast<int>(candidate.from) == from && static_cast<int>(candidate.move) == move;
      });
      const Result<Ncr> moved = Move(At(static_cast<NcrState>(from)), Step(static_cast<NcrMove>(move)), now);
      if (row == kNcrMoves.end()) {
        ASSERT_FALSE(moved) << from << " " << move;
        EXPECT_EQ(moved.error().reason, Reason::kNcrTransition);
      } else {
        ASSERT_TRUE(moved) << moved.error().message;
        EXPECT_EQ(moved->state, row->to);
      }
    }
  }
}

TEST_F(NcrTest, KeepsWhatEachStepFound) {
  Ncr ncr = At(NcrState::kOpen);
  for (const NcrMove move : {NcrMove::kContain, NcrMove::kAnalyse, NcrMove::kAct, NcrMove::kVerify, NcrMove::kClose}) {
    const Result<Ncr> moved = Move(ncr, Step(move), now);
    ASSERT_TRUE(moved) << moved.error().message;
    ncr = *moved;
  }
  EXPECT_EQ(ncr.state, NcrState::kClosed);
  EXPECT_EQ(ncr.hold_ids, (std::vector<int64_t>{12}));
  EXPECT_EQ(ncr.whys.size(), 2u);
  EXPECT_EQ(ncr.corrective.owner, "li");
  EXPECT_EQ(ncr.verified_by, "wu");
}

TEST_F(NcrTest, EachStepMustSayWhatItFound) {
  const auto none = [](NcrMovement&) {};
  EXPECT_EQ(Told(NcrState::kOpen, NcrMove::kContain, [](NcrMovement& m) { m.containment.clear(); }),
            "FIELD_REQUIRED containment");
  EXPECT_EQ(Told(NcrState::kOpen, NcrMove::kContain, [](NcrMovement& m) { m.hold_ids.resize(101); }), "LIMIT_EXCEEDED hold_ids");
  EXPECT_EQ(Told(NcrState::kOpen, NcrMove::kContain, [](NcrMovement& m) { m.whys = {"x"}; }), "FIELD_INVALID whys");
  EXPECT_EQ(Told(NcrState::kOpen, NcrMove::kContain, [](NcrMovement& m) { m.person.clear(); }), "FIELD_REQUIRED person");
  EXPECT_EQ(Told(NcrState::kOpen, NcrMove::kContain, [](NcrMovement& m) { m.role.clear(); }), "FIELD_REQUIRED role");
  EXPECT_EQ(Told(NcrState::kOpen, NcrMove::kCancel, [](NcrMovement& m) { m.reason.clear(); }), "FIELD_REQUIRED reason");
  EXPECT_EQ(Told(NcrState::kContained, NcrMove::kAnalyse, [](NcrMovement& m) { m.whys.clear(); }), "FIELD_REQUIRED whys");
  EXPECT_EQ(Told(NcrState::kContained, NcrMove::kAnalyse, [](NcrMovement& m) { m.whys.resize(6, "x"); }), "LIMIT_EXCEEDED whys");
  EXPECT_EQ(Told(NcrState::kContained, NcrMove::kAnalyse, [](NcrMovement& m) { m.cause_category = CauseCategory::kNone; }),
            "ENUM_UNKNOWN cause_category");
  EXPECT_EQ(Told(NcrState::kAnalysed, NcrMove::kAct, [](NcrMovement& m) { m.corrective.owner.clear(); }),
            "FIELD_REQUIRED corrective.owner");
  EXPECT_EQ(Told(NcrState::kAnalysed, NcrMove::kAct, [](NcrMovement& m) { m.preventive.due_time.reset(); }),
            "FIELD_REQUIRED preventive.due_time");
  EXPECT_EQ(Told(NcrState::kAnalysed, NcrMove::kAct, [](NcrMovement& m) { m.preventive.due_time = FromMicros(1); }),
            "FIELD_INVALID preventive.due_time");
  EXPECT_EQ(Told(NcrState::kActioned, NcrMove::kVerify, [](NcrMovement& m) { m.verification_evidence.clear(); }),
            "FIELD_REQUIRED verification_evidence");
  EXPECT_EQ(Told(NcrState::kActioned, NcrMove::kVerify, [](NcrMovement& m) { m.person = "li"; }), "FIELD_INVALID person");
  EXPECT_EQ(Told(NcrState::kActioned, NcrMove::kVerify, [](NcrMovement& m) { m.person = "he"; }), "FIELD_INVALID person");
  EXPECT_EQ(Told(NcrState::kActioned, NcrMove::kVerify, [](NcrMovement& m) { m.role = "planner"; }), "ROLE_INSUFFICIENT role");
  EXPECT_EQ(Told(NcrState::kVerified, NcrMove::kClose, [](NcrMovement& m) { m.role = "planner"; }), "ROLE_INSUFFICIENT role");
  EXPECT_EQ(Told(NcrState::kVerified, NcrMove::kClose, none), "OK");
}

TEST_F(NcrTest, DoesNotEndWhileSomethingIsUndecided) {
  for (const auto& [state, move] :
       {std::pair(NcrState::kVerified, NcrMove::kClose), std::pair(NcrState::kOpen, NcrMove::kCancel)}) {
    Ncr ncr = At(state);
    ncr.open_units = 2;
    const Result<Ncr> moved = Move(ncr, Step(move), now);
    ASSERT_FALSE(moved);
    EXPECT_EQ(moved.error().reason, Reason::kNcrUnitsOpen);
    EXPECT_EQ(moved.error().metadata.at("open_units"), "2");
  }
}

TEST_F(NcrTest, ADispositionIsQualitysAndAConcessionHasANumber) {
  const auto told = [&](const DispositionOrder& order, Severity severity = Severity::kMajor, NcrState state = NcrState::kOpen) {
    Ncr ncr = At(state);
    ncr.severity = severity;
    const Status checked = CheckDisposition(ncr, order);
    if (checked) return std::string("OK");
    const auto field = checked.error().metadata.find("field");
    return std::string(NameOf(checked.error().reason)) + (field == checked.error().metadata.end() ? "" : " " + field->second);
  };
  const DispositionOrder good{FailureDisposition::kUseAsIs, "C-1", "seen", "wu", "quality", ""};
  EXPECT_EQ(told(good), "OK");
  EXPECT_EQ(told(good, Severity::kCritical), "FIELD_REQUIRED second_person");
  EXPECT_EQ(told(good, Severity::kMajor, NcrState::kClosed), "NCR_TRANSITION");
  DispositionOrder order = good;
  order.role = "shift lead";
  EXPECT_EQ(told(order), "ROLE_INSUFFICIENT role");
  order = good;
  order.concession.clear();
  EXPECT_EQ(told(order), "FIELD_REQUIRED concession");
  order = good;
  order.second_person = "wu";
  EXPECT_EQ(told(order, Severity::kCritical), "FIELD_INVALID second_person");
  order.second_person = "he";
  EXPECT_EQ(told(order, Severity::kCritical), "OK");
  order = good;
  order.disposition = FailureDisposition::kScrap;
  EXPECT_EQ(told(order), "FIELD_INVALID concession");
  order.disposition = FailureDisposition::kNone;
  EXPECT_EQ(told(order), "ENUM_UNKNOWN disposition");
  order = good;
  order.reason.clear();
  EXPECT_EQ(told(order), "FIELD_REQUIRED reason");
}

RC_GTEST_PROP(Pareto, BarsFallAndAddUpToTheTotal, ()) {
  std::vector<ParetoBar> bars;
  int64_t total = 0;
  for (const int count : *rc::gen::container<std::vector<int>>(rc::gen::inRange(-2, 50))) {
    ParetoBar& bar = bars.emplace_back();
    bar.count = count;
    total += std::max(count, 0);
  }
  Cumulate(bars);
  int64_t before = 0;
  int64_t last = std::numeric_limits<int64_t>::max();
  for (const ParetoBar& bar : bars) {
    RC_ASSERT(bar.count > 0 && bar.count <= last);
    RC_ASSERT(bar.cumulative == before + bar.count);
    before = bar.cumulative;
    last = bar.count;
  }
  RC_ASSERT(before == total);
}

}  // namespace
}  // namespace mes::domain
