#include "db/unit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/stored_plant.h"

namespace mes::db {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using tests::StoredPlant;

std::vector<std::string> CodesOf(const std::vector<StoredUnit>& units) {
  std::vector<std::string> codes;
  for (const StoredUnit& unit : units) codes.push_back(unit.unit.code);
  return codes;
}

domain::Unit NewUnit(int64_t id, const std::string& code, int32_t material_id) {
  domain::Unit unit;
  unit.id = id;
  unit.code = code;
  unit.material_id = material_id;
  unit.create_time = StoredPlant::kNow;
  return unit;
}

TEST(Unit, WhatIsStoredComesBackWithEveryField) {
  StoredPlant plant;
  domain::Unit unit = NewUnit(0, "C \"1\\", plant.material_id("CELL"));
  unit.revision_id = plant.plant().NewestRevision(unit.material_id)->id;
  unit.tracking = domain::Tracking::kSerial;
  unit.status = domain::UnitStatus::kScrapped;
  unit.passed = 0b101;
  unit.attempted = 0b111;
  unit.lot_lines = 0b10;
  unit.failed_operation = 30;
  unit.clocks = {{1, domain::FromMicros(1'700'000'000'000'001)}, {31, domain::FromMicros(5)}};
  unit.counters = {{2, 1, 2}, {65, 0, 3}};
  unit.grade = "A";
  unit.group_grade = "1:A";
  unit.source_proven = false;
  unit.use_count = 3;
  unit.finish_time = StoredPlant::kNow;
  plant.Run([&](Transaction& transaction) {
    unit.id = TakeUnitIds(transaction, 1)[0];
    EXPECT_EQ(InsertUnits(transaction, {unit}), std::nullopt);
    InsertPurchases(transaction, {unit.id}, {"Maker", "L-7", "P", true}, StoredPlant::kNow);
    const std::vector<StoredUnit> loaded = LoadUnits(transaction, {unit.id});
    ASSERT_THAT(loaded, SizeIs(1));
    EXPECT_EQ(loaded[0].unit, unit);
    EXPECT_EQ(loaded[0].lot, std::nullopt);
    EXPECT_EQ(loaded[0].supplier, "Maker");
    EXPECT_EQ(loaded[0].supplier_lot, "L-7");
  });
}

TEST(Unit, IdsAreGivenOutOnceAndInBlocks) {
  StoredPlant plant;
  plant.Run([&](Transaction& transaction) {
    const std::vector<int64_t> first = TakeUnitIds(transaction, 2'500);
    const std::vector<int64_t> second = TakeUnitIds(transaction, 1);
    EXPECT_THAT(first, SizeIs(2'500));
    EXPECT_EQ(first[1], first[0] + 1);
    EXPECT_GT(second[0], first.back());
  });
}

TEST(Unit, ACodeThatIsTakenIsNamed) {
  StoredPlant plant;
  plant.AddUnit("HSG", "H1");
  plant.database().pool().Run([&](Transaction& transaction) {
    const std::vector<int64_t> ids = TakeUnitIds(transaction, 2);
    EXPECT_EQ(InsertUnits(transaction, {NewUnit(ids[0], "H0", 1), NewUnit(ids[1], "H1", 1)}), "H1");
    return false;
  });
  EXPECT_EQ(plant.database().Value("select count(*) from unit"), "1");
}

TEST(Unit, CodesFindCurrentHoldersFirstThenFormerOnes) {
  StoredPlant plant;
  const int64_t one = plant.AddUnit("HSG", "H1");
  const int64_t two = plant.AddUnit("HSG", "H2");
  const auto was = [&](int64_t id, const std::string& code) {
    plant.database().Query("insert into unit_code_history (code, unit_id, until_time) values ('" + code + "', " +
                           std::to_string(id) + ", '2026-11-01')");
  };
  was(one, "TRAY-1");
  was(two, "TRAY-1");
  was(two, "LID-2");
  was(two, "LID-2");
  was(two, "H1");
  plant.Run([&](Transaction& transaction) {
    const std::vector<FoundCode> found = FindCodes(transaction, {"H1", "TRAY-1", "LID-2", "nobody", "H1"});
    ASSERT_THAT(found, SizeIs(5));
    EXPECT_EQ(found[0].unit_id, one) << "who has a code now comes before who had it";
    EXPECT_TRUE(found[1].ambiguous);
    EXPECT_EQ(found[2].unit_id, two);
    EXPECT_FALSE(found[2].ambiguous) << "one unit that had it twice";
    EXPECT_EQ(found[3].unit_id, 0);
    EXPECT_EQ(found[4].unit_id, one);
    EXPECT_THAT(LoadUnits(transaction, {two}).at(0).earlier_codes,
                testing::UnorderedElementsAre("TRAY-1", "LID-2", "LID-2", "H1"));
  });
}

TEST(Unit, ListsFilterAndGoOnAfterACode) {
  StoredPlant plant;
  plant.AddUnits("HSG", {"B", "A", "C"});
  plant.AddUnits("CELL", {"K"});
  plant.AddLot("BLT", "L", 5);
  plant.database().Query("update unit set state = 3 where code = 'C'");
  plant.Run([&](Transaction& transaction) {
    EXPECT_THAT(CodesOf(ListUnits(transaction, {}, 10)), ElementsAre("A", "B", "C", "K")) << "a lot is no unit here";
    EXPECT_THAT(CodesOf(ListUnits(transaction, {}, 2)), ElementsAre("A", "B"));
    EXPECT_THAT(CodesOf(ListUnits(transaction, {"B", 0, 0, std::nullopt}, 10)), ElementsAre("C", "K"));
    EXPECT_THAT(CodesOf(ListUnits(transaction, {"", 0, plant.material_id("CELL"), std::nullopt}, 10)), ElementsAre("K"));
    EXPECT_THAT(CodesOf(ListUnits(transaction, {"", 0, 0, domain::UnitStatus::kScrapped}, 10)), ElementsAre("C"));
    EXPECT_THAT(ListUnits(transaction, {"", 99, 0, std::nullopt}, 10), IsEmpty());
  });
}

TEST(Unit, HistoryComesInOrderAndMarksWhatAReworkVoided) {
  StoredPlant plant;
  const int64_t unit = plant.AddUnit("HSG", "H1");
  plant.AddEvent(unit, 1, domain::EventKind::kCompleted, 10);
  plant.AddEvent(unit, 2, domain::EventKind::kCompleted, 20, "measured = '{1.5,null}', judgement = 1");
  plant.AddEvent(unit, 3, domain::EventKind::kCompleted, 30);
  plant.AddEvent(unit, 4, domain::EventKind::kStarted, 20, "return_to = 20, purpose = 3");
  plant.AddEvent(unit, 5, domain::EventKind::kCompleted, 20);
  plant.Run([&](Transaction& transaction) {
    const std::vector<UnitEventRow> events = ListUnitEvents(transaction, unit, {}, 10);
    ASSERT_THAT(events, SizeIs(5));
    std::vector<bool> superseded;
    for (const UnitEventRow& event : events) superseded.push_back(event.superseded);
    EXPECT_THAT(superseded, ElementsAre(false, true, true, false, false));
    EXPECT_THAT(events[1].measured, ElementsAre(1.5, std::nullopt));
    EXPECT_EQ(events[1].judgement, domain::Judgement::kPass);
    EXPECT_EQ(events[1].record_time, StoredPlant::kNow + std::chrono::seconds(2));
    EXPECT_EQ(events[3].purpose, domain::RunPurpose::kRework);
    const UnitEventRow& second = events[1];
    const std::vector<UnitEventRow> rest = ListUnitEvents(
        transaction, unit, {second.record_time, second.occur_time, second.station_id, second.epoch, second.sequence}, 2);
    ASSERT_THAT(rest, SizeIs(2));
    EXPECT_EQ(rest[0].sequence, 3);
  });
}

TEST(Unit, AReworkThatWasReversedVoidsNothing) {
  StoredPlant plant;
  const int64_t unit = plant.AddUnit("HSG", "H1");
  plant.AddEvent(unit, 1, domain::EventKind::kCompleted, 20);
  plant.AddEvent(unit, 2, domain::EventKind::kStarted, 20, "return_to = 20, flags = 4");
  plant.Run([&](Transaction& transaction) { EXPECT_FALSE(ListUnitEvents(transaction, unit, {}, 10).at(0).superseded); });
}

}  // namespace
}  // namespace mes::db
