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

TEST(Life, ARecordTakenBackStaysAndCountsNoMore) {
  StoredPlant plant;
  const int64_t pack = plant.AddUnit("PACK", "P1");
  using enum domain::LifeEvent;
  const domain::Life sold = domain::Advance({}, Record(kSell, 1)), shipped = domain::Advance(sold, Record(kShip, 2));
  const domain::LifeReversal reversal{StoredPlant::kNow + std::chrono::days(3), "Wang", "another pack"};
  plant.Run([&](Transaction& transaction) {
    InsertLifeRecords(transaction, {{pack, Record(kSell, 1), sold}, {pack, Record(kShip, 2), shipped}});
    const std::vector<StoredLifeRecord> standing = LoadStandingRecords(transaction, {pack}).at(pack);
    ASSERT_EQ(standing.size(), 2u);
    EXPECT_TRUE(HasLifeRecord(transaction, pack, standing[1].id));
    EXPECT_FALSE(HasLifeRecord(transaction, pack, standing[1].id + 1));
    ReverseLifeRecords(transaction, {{pack, standing[1].id, sold}}, reversal);
    EXPECT_EQ(LoadLives(transaction, {pack}).at(pack), sold);
    EXPECT_EQ(LoadStandingRecords(transaction, {pack}).at(pack).size(), 1u);
    const std::vector<StoredLifeRecord> all = ListLifeRecords(transaction, pack, 0, 10);
    ASSERT_EQ(all.size(), 2u);
    EXPECT_FALSE(all[0].record.reversed);
    EXPECT_EQ(all[1].record.reversed->time, reversal.time);
    EXPECT_EQ(all[1].record.reversed->person + ": " + all[1].record.reversed->reason, "Wang: another pack");
    ReverseLifeRecords(transaction, {{pack, standing[0].id, std::nullopt}}, reversal);
    EXPECT_TRUE(LoadLives(transaction, {pack}).empty());
    EXPECT_TRUE(LoadStandingRecords(transaction, {pack}).empty());
  });
}

TEST(Life, WhatRestsOnARecordIsFound) {
  StoredPlant plant;
  const int64_t pack = plant.AddUnit("PACK", "P1"), cell = plant.AddUnit("CELL", "C1"), other = plant.AddUnit("PACK", "P2");
  const auto resting = [&](int64_t unit, domain::LifeEvent event, const std::vector<int64_t>& captured = {}) {
    std::string told;
    plant.Run([&](Transaction& transaction) {
      InsertLifeRecord(transaction, unit, Record(event, 1), {});
      const int64_t record = LoadStandingRecords(transaction, {unit}).at(unit).back().id;
      const auto rests = LoadResting(transaction, {record}, captured);
      if (!rests.contains(record)) return;
      for (const domain::LifeResting& found : rests.at(record)) {
        told += std::string(NameOf(found.what)) + " " + found.name + ";";
      }
    });
    return told;
  };
  using enum domain::LifeEvent;
  EXPECT_EQ(resting(pack, kTest), "");
  EXPECT_EQ(resting(pack, kBuildIn), "replacement ;");
  EXPECT_EQ(resting(pack, kStartSecondLife), "second life ;");
  plant.Install(pack, cell, 2, 1, "2026-09-01");
  EXPECT_EQ(resting(cell, kTest), "") << "it was in before";
  plant.Remove(cell, "2099-01-01");
  EXPECT_EQ(resting(cell, kTest), "place P1;") << "out since";
  plant.database().Query("update assembly set remove_station = 0, remove_epoch = 2, remove_sequence = 7");
  EXPECT_EQ(resting(cell, kTest, {7}), "") << "by an event that is taken back too";
  plant.database().Query("update assembly set install_time = '2099-01-01', install_record_time = '2099-01-01'");
  EXPECT_EQ(resting(cell, kTest), "") << "it never was in";
  plant.Install(other, pack, 1, 1, "2026-09-01");
  plant.database().Query(
      "insert into replacement (unit_id, removed_id, line, slot, forced, overridden, reason, person, role, evidence, "
      "occur_time, record_time) values (" +
      std::to_string(pack) + ", " + std::to_string(cell) + ", 2, 1, false, '{}', 'r', 'Li', '', '', '2099-01-01', '2099-01-01')");
  EXPECT_EQ(resting(other, kTest), "parts P1;") << "in what is inside";
  plant.database().Query(
      "insert into recycling_batch (partner, place, state, person, open_time) values ('R', 'Baotou', 1, 'Li', now());"
      "insert into recycling_unit values (" +
      std::to_string(other) +
      ", 1, now(), '2026-01-01', null, 0, 1, true, true);"
      "delete from replacement");
  EXPECT_EQ(resting(other, kDismantle), "") << "not the recycler's";
  plant.database().Query("update recycling_unit set dismantle_time = now()");
  EXPECT_EQ(resting(other, kDismantle), "recycling batch 1;");
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
