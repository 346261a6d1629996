#include "db/life.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/stored_plant.h"

namespace mes::db {
namespace {

using testing::ElementsAre;
using tests::StoredPlant;

domain::LifeRecord Record(domain::LifeEvent event, int day) {
  domain::LifeRecord record;
  record.event = event;
  record.occur_time = StoredPlant::kNow + std::chrono::days(day);
  record.record_time = record.occur_time;
  record.person = "Li";
  record.party = "NewBus";
  record.place = "Baotou";
  record.evidence = "R-1";
  return record;
}

TEST(Life, TheStoredLifeIsTheFoldOfItsRecords) {
  StoredPlant plant;
  const int64_t pack = plant.AddUnit("PACK", "P1");
  using enum domain::LifeEvent;
  domain::Life life;
  int day = 0;
  for (const domain::LifeEvent event : {kSell, kShip, kPutInService, kReturn, kTest, kPutInService, kReturn, kRemanufacture}) {
    const domain::LifeRecord record = Record(event, ++day);
    life = domain::Advance(life, record);
    plant.Run([&](Transaction& transaction) { InsertLifeRecord(transaction, pack, record, life); });
  }
  plant.Run([&](Transaction& transaction) {
    domain::Life folded;
    int64_t after = 0;
    for (;;) {
      const std::vector<StoredLifeRecord> page = ListLifeRecords(transaction, pack, after, 3);
      if (page.empty()) break;
      for (const StoredLifeRecord& stored : page) folded = domain::Advance(folded, stored.record);
      after = page.back().id;
    }
    EXPECT_EQ(folded, life);
    EXPECT_EQ(LoadLives(transaction, {pack}).at(pack), life);
    EXPECT_TRUE(life.used && life.reused && life.remanufactured);
    EXPECT_TRUE(LoadLives(transaction, {pack + 1'000'000}).empty());
  });
}

TEST(Life, TheDatabaseTakesNoSecondRecycling) {
  StoredPlant plant;
  const int64_t pack = plant.AddUnit("PACK", "P1");
  const auto recycle = [&] {
    plant.Run([&](Transaction& transaction) { InsertLifeRecord(transaction, pack, Record(domain::LifeEvent::kRecycle, 1), {}); });
  };
  recycle();
  EXPECT_ANY_THROW(recycle());
}

TEST(Life, FirstAndSecondLifeLeadToEachOther) {
  StoredPlant plant;
  const int64_t old_unit = plant.AddUnit("PACK", "P1"), new_unit = plant.AddUnit("PACK", "R1"),
                other = plant.AddUnit("PACK", "X1");
  plant.Run([&](Transaction& transaction) { InsertSecondLife(transaction, old_unit, new_unit, {}, StoredPlant::kNow); });
  plant.Run([&](Transaction& transaction) {
    EXPECT_EQ(LoadLifeLinks(transaction, old_unit).second_life_code, "R1");
    EXPECT_EQ(LoadLifeLinks(transaction, old_unit).first_life_code, "");
    EXPECT_EQ(LoadLifeLinks(transaction, new_unit).first_life_code, "P1");
    EXPECT_EQ(LoadLifeLinks(transaction, other).first_life_code, "");
  });
}

TEST(Life, TheOutermostUnitIsFoundThroughAllLevels) {
  StoredPlant plant;
  const std::vector<int64_t> units = plant.AddUnits("PACK", {"A", "B", "C"});
  plant.database().Query(
      "update unit set parent_id = " + std::to_string(units[1]) + " where unit_id = " + std::to_string(units[0]) +
      "; update unit set parent_id = " + std::to_string(units[2]) + " where unit_id = " + std::to_string(units[1]));
  plant.Run([&](Transaction& transaction) {
    EXPECT_EQ(FindOutermost(transaction, units[0]), units[2]);
    EXPECT_EQ(FindOutermost(transaction, units[2]), units[2]);
  });
}

TEST(Replacement, IsKeptWithWhatForcingOverrode) {
  StoredPlant plant;
  const std::vector<int64_t> units = plant.AddUnits("PACK", {"P", "OUT", "IN"});
  domain::Replacement replacement;
  replacement.forced = true;
  replacement.reason = "cell drifts";
  replacement.person = "Li";
  replacement.role = "quality";
  replacement.occur_time = StoredPlant::kNow;
  domain::ReplacementVerdict verdict;
  verdict.unit_id = units[0];
  verdict.removed_id = units[1];
  verdict.installed_id = units[2];
  verdict.line = 2;
  verdict.slot = 1;
  verdict.overridden.push_back({domain::Reason::kNotBlocked, "", {}, ""});
  plant.Run([&](Transaction& transaction) {
    const int64_t id = TakeReplacementId(transaction);
    InsertReplacement(transaction, id, replacement, verdict, StoredPlant::kNow);
    const std::vector<StoredReplacement> stored = ListReplacements(transaction, units[0], 0, 10);
    ASSERT_EQ(stored.size(), 1u);
    EXPECT_EQ(stored[0].id, id);
    EXPECT_EQ(stored[0].replacement.removed_code, "OUT");
    EXPECT_EQ(stored[0].replacement.installed_code, "IN");
    EXPECT_THAT(stored[0].overridden, ElementsAre("NOT_BLOCKED"));
    EXPECT_TRUE(stored[0].replacement.forced);
    EXPECT_TRUE(ListReplacements(transaction, units[0], id, 10).empty());
  });
}

}  // namespace
}  // namespace mes::db
