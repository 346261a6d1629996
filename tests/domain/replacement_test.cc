// Parts out and in: by stations until the unit is finished, at the office after that; what is missing is said.
#include "domain/replacement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/structure.h"
#include "tests/support/shop_floor.h"

namespace mes::tests {
namespace {

using domain::EventKind;
using domain::EventOutcome;
using domain::Interlock;
using domain::Life;
using domain::LifeState;
using domain::Replacement;
using domain::ReplacementVerdict;
using domain::UnitStatus;
using testing::ElementsAre;

constexpr char kCode[] = "001PBTRKTRACE0GB50000001";

PlantBuilder EarlyCheck() {
  PlantBuilder builder;
  auto& interlocks = builder.operation("PACK", 50).interlocks;
  std::erase(interlocks, Interlock::kGenealogyComplete);
  builder.operation("PACK", 40).interlocks.push_back(Interlock::kGenealogyComplete);
  return builder;
}

// A pack with a housing and two cells, tested and found complete at operation 40; the label at 50 is to come.
struct Floor : ShopFloor {
  Floor() : ShopFloor(EarlyCheck()) {
    Receive("HSG", "H1");
    Receive("BLT", "B1");
    for (const char* cell : {"C1", "C2", "C3", "C4"}) Make("CELL", cell);
    Do("PACK", 10, "P1", StartOf("PACK", 10, "ORD-PACK"));
    Do("PACK", 10, "P1", domain::Installed{"H1", 0});
    Do("PACK", 10, "P1", PassOf("PACK", 10));
    Do("PACK", 20, "P1", StartOf("PACK", 20));
    Do("PACK", 20, "P1", domain::Installed{"C1", 0});
    Do("PACK", 20, "P1", domain::Installed{"C2", 0});
    Do("PACK", 20, "P1", PassOf("PACK", 20));
    Do("PACK", 30, "P1", StartOf("PACK", 30));
    Do("PACK", 30, "P1", domain::Consumed{"B1", "4", "pc"});
    Do("PACK", 30, "P1", PassOf("PACK", 30));
    Run("PACK", 40, "P1");
  }
  template <typename What>
  void Do(std::string_view product, int16_t operation, std::string_view code, What what) {
    EXPECT_EQ(ReasonsOf(Say(product, operation, code, std::move(what)).refusals), "") << operation;
  }
  domain::EventVerdict Label() {
    domain::Completed label = PassOf("PACK", 50);
    label.new_code = kCode;
    return Say("PACK", 50, "P1", label);
  }
  void Finish() {
    Do("PACK", 50, "P1", StartOf("PACK", 50));
    ASSERT_EQ(ReasonsOf(Label().refusals), "");
  }
  // The vehicle around the finished pack: any other unit will do.
  domain::UnitEntry& BuildIn() {
    domain::UnitEntry& vehicle = Make("PACK", "V1");
    domain::Unit& pack = unit(kCode).unit;
    pack.parent_id = vehicle.unit.id;
    pack.parent_line = 1;
    pack.parent_slot = 1;
    return vehicle;
  }

  Replacement Asked(std::string_view removed, std::string_view installed) {
    Replacement asked;
    asked.unit_code = kCode;
    asked.removed_code = removed;
    asked.installed_code = installed;
    asked.reason = "cell drifts";
    asked.person = "Li";
    asked.occur_time = now();
    return asked;
  }
  ReplacementVerdict Judge(const Replacement& asked) { return domain::JudgeReplacement(world(), asked, lives); }

  std::unordered_map<int64_t, Life> lives;
};

TEST(Structure, AUnitThatLostPartsAfterItWasFoundCompleteCannotFinish) {
  Floor floor;
  EXPECT_FALSE(domain::HasStructureGap(floor.plant().FindRevision(floor.unit("P1").unit.revision_id), floor.unit("P1").unit));
  floor.Do("PACK", 20, "P1", domain::Removed{"C2", "scratched"});
  const domain::ProductRevision* revision = floor.plant().FindRevision(floor.unit("P1").unit.revision_id);
  EXPECT_TRUE(domain::HasStructureGap(revision, floor.unit("P1").unit));
  EXPECT_EQ(domain::MissingParts(revision, floor.unit("P1").unit), 1);
  floor.Do("PACK", 50, "P1", floor.StartOf("PACK", 50));
  const domain::EventVerdict told = floor.Label();
  EXPECT_EQ(told.outcome, EventOutcome::kRejected);
  EXPECT_EQ(ReasonsOf(told.refusals), "GENEALOGY_COMPLETE");
  EXPECT_EQ(floor.unit("P1").unit.status, UnitStatus::kInProcess);
}

TEST(IssuedCode, OfAPrefixIssuedHereMustHaveBeenIssuedForThis) {
  const auto told = [](domain::IssuedCode issued) {
    Floor floor;
    if (issued.material_id == 0) issued.material_id = floor.unit("P1").unit.material_id;
    floor.world().issued_codes[kCode] = issued;
    floor.Do("PACK", 50, "P1", floor.StartOf("PACK", 50));
    const domain::EventVerdict verdict = floor.Label();
    return ReasonsOf(verdict.refusals) + (verdict.refusals.empty() ? "" : ": " + verdict.refusals.front().sentence);
  };
  EXPECT_EQ(told({true, false, 0, 0, 0}), "");
  EXPECT_EQ(told({false, false, 0, 0, 0}), "UNIQUE_SN: codes of this prefix are issued here, and this one was not");
  EXPECT_EQ(told({true, true, 0, 0, 0}), "UNIQUE_SN: the new code was voided");
  EXPECT_EQ(told({true, false, 99, 0, 0}), "UNIQUE_SN: the new code's prefix belongs to another product");
  EXPECT_EQ(told({true, false, 0, 99, 0}), "UNIQUE_SN: the new code is reserved for another order");
  EXPECT_EQ(told({true, false, 0, 0, 99}), "UNIQUE_SN: the new code is reserved for another station");
}

TEST(Replacement, PutsOnePartInAnothersPlace) {
  Floor floor;
  floor.Finish();
  const Replacement asked = floor.Asked("C2", "C3");
  const ReplacementVerdict verdict = floor.Judge(asked);
  ASSERT_TRUE(verdict.Go()) << ReasonsOf(verdict.refusals);
  EXPECT_EQ(verdict.missing_after, 0);
  EXPECT_FALSE(verdict.gap_after);
  EXPECT_THAT(verdict.resting_operations, ElementsAre(20, 30, 40, 50));
  EXPECT_FALSE(verdict.removed_life) << "it never left the plant";
  const domain::Unit before = floor.unit(kCode).unit;
  domain::Replace(floor.world(), asked, verdict, 7);
  EXPECT_EQ(floor.unit("C2").unit.parent_id, 0);
  EXPECT_EQ(floor.unit("C2").unit.use_count, 1);
  EXPECT_EQ(floor.unit("C3").unit.parent_id, before.id);
  EXPECT_EQ(floor.unit("C3").unit.parent_slot, 2);
  EXPECT_EQ(floor.unit(kCode).unit.serial_slots_filled, before.serial_slots_filled);
  EXPECT_EQ(floor.unit(kCode).unit.status, UnitStatus::kFinished);
  const auto& rows = floor.world().effects.rows;
  EXPECT_EQ(rows[rows.size() - 2].kind, EventKind::kRemoved);
  EXPECT_EQ(rows.back().kind, EventKind::kInstalled);
  EXPECT_EQ(rows.back().sequence, 7);
  EXPECT_EQ(rows.back().station_id, 0);
}

TEST(Replacement, TakingOutOnlyLeavesAGapThatIsSaid) {
  Floor floor;
  floor.Finish();
  const Replacement out = floor.Asked("C2", "");
  const ReplacementVerdict verdict = floor.Judge(out);
  ASSERT_TRUE(verdict.Go());
  EXPECT_TRUE(verdict.gap_after);
  EXPECT_EQ(verdict.missing_after, 1);
  domain::Replace(floor.world(), out, verdict, 8);
  const ReplacementVerdict in = floor.Judge(floor.Asked("", "C4"));
  ASSERT_TRUE(in.Go()) << ReasonsOf(in.refusals);
  EXPECT_EQ(in.slot, 2) << "the free one";
  EXPECT_EQ(in.missing_before, 1);
  EXPECT_FALSE(in.gap_after);
}

TEST(Replacement, EveryReasonAgainstItIsTold) {
  Floor floor;
  floor.Finish();
  const auto told = [&](const Replacement& asked) { return ReasonsOf(floor.Judge(asked).refusals); };
  EXPECT_EQ(told(floor.Asked("C3", "")), "NOT_INSTALLED");
  EXPECT_EQ(told(floor.Asked("NONE", "")), "NOT_INSTALLED");
  EXPECT_EQ(told(floor.Asked("C2", "NONE")), "UNIT_UNKNOWN");
  EXPECT_EQ(told(floor.Asked("C2", "B1")), "MATERIAL_VALID") << "a lot";
  EXPECT_EQ(told(floor.Asked("C2", "H1")), "MATERIAL_VALID") << "a housing in a cell's place";
  EXPECT_EQ(told(floor.Asked("C2", "C1")), "UNIQUE_SN") << "built in already";
  EXPECT_EQ(told(floor.Asked("", "C3")), "POSITION_OCCUPIED");
  EXPECT_EQ(told(floor.Asked("C2", kCode)), "GENEALOGY_CYCLE");
  floor.unit("C3").unit.hold_count = 1;
  EXPECT_EQ(told(floor.Asked("C2", "C3")), "NOT_BLOCKED");
  floor.unit("C4").unit.status = UnitStatus::kInProcess;
  EXPECT_EQ(told(floor.Asked("C2", "C4")), "RELEASED_CHILD");
  Replacement other = floor.Asked("C2", "");
  other.unit_code = "NONE";
  EXPECT_EQ(told(other), "UNIT_UNKNOWN");
  other.unit_code = "H1";
  EXPECT_EQ(told(other), "UNIT_STATE") << "bought";
  other = floor.Asked("C2", "");
  other.occur_time = floor.unit(kCode).unit.create_time - std::chrono::seconds(1);
  EXPECT_EQ(told(other), "FIELD_INVALID");
}

TEST(Replacement, UnitsOnTheirRouteAreTheStations) {
  Floor floor;
  Replacement asked = floor.Asked("C2", "C3");
  asked.unit_code = "P1";
  EXPECT_EQ(ReasonsOf(floor.Judge(asked).refusals), "UNIT_STATE");
  asked.forced = true;
  EXPECT_EQ(ReasonsOf(floor.Judge(asked).refusals), "UNIT_STATE") << "forcing needs the role";
  asked.role = "quality";
  EXPECT_TRUE(floor.Judge(asked).Go());
  floor.Do("PACK", 50, "P1", floor.StartOf("PACK", 50));
  EXPECT_EQ(ReasonsOf(floor.Judge(asked).refusals), "UNIT_RUNNING") << "not even forced";
}

TEST(Replacement, ForceOverridesHoldsAndPlaceAndIsMarked) {
  Floor floor;
  floor.Finish();
  floor.BuildIn().unit.hold_count = 1;
  Replacement asked = floor.Asked("C2", "C3");
  EXPECT_EQ(ReasonsOf(floor.Judge(asked).refusals), "NOT_BLOCKED, UNIT_STATE");
  asked.forced = true;
  asked.role = "quality";
  const ReplacementVerdict verdict = floor.Judge(asked);
  ASSERT_TRUE(verdict.Go()) << ReasonsOf(verdict.refusals);
  EXPECT_EQ(ReasonsOf(verdict.overridden), "NOT_BLOCKED, UNIT_STATE");
  EXPECT_THAT(verdict.around_ids, ElementsAre(floor.unit("V1").unit.id));
  domain::Replace(floor.world(), asked, verdict, 9);
  EXPECT_NE(floor.world().effects.rows.back().flags & domain::kFlagForced, 0);
}

TEST(Replacement, APartHasLivedWhereTheOutermostUnitHas) {
  Floor floor;
  floor.Finish();
  floor.BuildIn();
  Life service;
  service.state = LifeState::kInService;
  service.used = true;
  floor.lives[floor.unit("V1").unit.id] = service;
  Replacement asked = floor.Asked("C2", "C3");
  asked.forced = true;
  asked.role = "quality";
  const ReplacementVerdict verdict = floor.Judge(asked);
  ASSERT_TRUE(verdict.Go()) << ReasonsOf(verdict.refusals);
  ASSERT_TRUE(verdict.removed_life);
  const Life after = domain::Advance(Life(), *verdict.removed_life);
  EXPECT_EQ(after.state, LifeState::kReturned);
  EXPECT_TRUE(after.used);
  EXPECT_FALSE(verdict.installed_life) << "a new part's life has not begun";
  service.state = LifeState::kRecycled;
  floor.lives[floor.unit("V1").unit.id] = service;
  EXPECT_EQ(ReasonsOf(floor.Judge(asked).refusals), "LIFE_ENDED");
}

TEST(Replacement, AUsedPartIsTestedBeforeItIsBuiltInAgain) {
  Floor floor;
  floor.Finish();
  Life used;
  used.state = LifeState::kReturned;
  used.used = true;
  floor.lives[floor.unit("C3").unit.id] = used;
  EXPECT_EQ(ReasonsOf(floor.Judge(floor.Asked("C2", "C3")).refusals), "LIFE_TRANSITION");
  used.state = LifeState::kTested;
  floor.lives[floor.unit("C3").unit.id] = used;
  const ReplacementVerdict verdict = floor.Judge(floor.Asked("C2", "C3"));
  ASSERT_TRUE(verdict.Go());
  ASSERT_TRUE(verdict.installed_life);
  EXPECT_TRUE(domain::Advance(used, *verdict.installed_life).reused);
}

}  // namespace
}  // namespace mes::tests
