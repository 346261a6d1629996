#include "db/hold.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/stored_plant.h"

namespace mes::db {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using tests::StoredPlant;

domain::Hold Place(StoredPlant& plant, const std::vector<int64_t>& named) {
  domain::Hold hold;
  hold.reason = "golden sample failed";
  hold.placed_by = "Li";
  hold.place_time = StoredPlant::kNow;
  plant.Run([&](Transaction& transaction) { InsertHold(transaction, hold, named, LockWithWhereUsed(transaction, named)); });
  return hold;
}

std::string HoldCount(StoredPlant& plant, int64_t unit) {
  return plant.database().Value("select hold_count from unit where unit_id = " + std::to_string(unit));
}

TEST(Hold, CoversEverythingThatItWentInto) {
  StoredPlant plant;
  const int64_t powder = plant.AddLot("POW", "P", 1'000);
  const int64_t ink = plant.AddLot("INK", "I", 1'000);
  const int64_t cell = plant.AddUnit("CELL", "C");
  const int64_t pack = plant.AddUnit("PACK", "PK");
  const int64_t other = plant.AddUnit("PACK", "OTHER");
  const int64_t left = plant.AddUnit("PACK", "LEFT");
  plant.Consume(powder, ink);
  plant.Consume(ink, cell);
  plant.Install(left, cell, 2, 1);
  plant.Remove(cell);
  plant.Install(pack, cell, 2, 1);
  const domain::Hold hold = Place(plant, {powder});
  EXPECT_EQ(hold.covered, 4);
  EXPECT_THAT(HoldCount(plant, powder) + HoldCount(plant, ink) + HoldCount(plant, cell) + HoldCount(plant, pack), "1111");
  EXPECT_EQ(HoldCount(plant, other), "0");
  EXPECT_EQ(HoldCount(plant, left), "0") << "it is not in there any more";
  EXPECT_EQ(plant.database().Value("select count(*) from hold_item where named"), "1");
}

TEST(Hold, IsTakenOffAsAWholeAndLeavesItsHistory) {
  StoredPlant plant;
  const std::vector<int64_t> cells = plant.AddUnits("CELL", {"C1", "C2"});
  domain::Hold first = Place(plant, {cells[0], cells[1]});
  const domain::Hold second = Place(plant, {cells[0]});
  plant.Run([&](Transaction& transaction) {
    EXPECT_THAT(ListHoldsOn(transaction, cells), ElementsAre(first.id, second.id));
    std::optional<domain::Hold> locked = LockHold(transaction, first.id);
    ASSERT_TRUE(locked);
    EXPECT_EQ(locked->covered, 2);
    ASSERT_TRUE(domain::Release(*locked, "Wu", "checked", StoredPlant::kNow));
    UpdateReleasedHold(transaction, *locked);
  });
  EXPECT_EQ(HoldCount(plant, cells[0]) + HoldCount(plant, cells[1]), "10");
  EXPECT_EQ(plant.database().Value("select count(*) from hold_item"), "3");
  plant.Run([&](Transaction& transaction) {
    EXPECT_THAT(ListHoldsOn(transaction, cells), ElementsAre(second.id));
    const std::optional<domain::Hold> loaded = LoadHold(transaction, first.id);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->released_by, "Wu");
    EXPECT_EQ(loaded->release_reason, "checked");
    EXPECT_EQ(loaded->release_time, StoredPlant::kNow);
    EXPECT_EQ(loaded->covered, 0);
    EXPECT_EQ(LoadHold(transaction, 99), std::nullopt);
  });
}

TEST(Hold, ListsComeNewestFirst) {
  StoredPlant plant;
  const int64_t cell = plant.AddUnit("CELL", "C1");
  const domain::Hold first = Place(plant, {cell});
  const domain::Hold second = Place(plant, {cell});
  const domain::Hold third = Place(plant, {cell});
  plant.Run([&](Transaction& transaction) {
    std::optional<domain::Hold> locked = LockHold(transaction, second.id);
    ASSERT_TRUE(domain::Release(*locked, "Wu", "checked", StoredPlant::kNow));
    UpdateReleasedHold(transaction, *locked);
    const auto ids = [](const std::vector<domain::Hold>& holds) {
      std::vector<int64_t> list;
      for (const domain::Hold& hold : holds) list.push_back(hold.id);
      return list;
    };
    EXPECT_THAT(ids(ListHolds(transaction, 0, false, 10)), ElementsAre(third.id, second.id, first.id));
    EXPECT_THAT(ids(ListHolds(transaction, 0, true, 10)), ElementsAre(third.id, first.id));
    EXPECT_THAT(ids(ListHolds(transaction, third.id, false, 1)), ElementsAre(second.id));
  });
}

// Ingest holds the child's row while it builds it in. The hold must wait for it and then find the parent too.
TEST(Hold, CoversWhatIsBuiltWhileItWaits) {
  StoredPlant plant;
  const int64_t pack = plant.AddUnit("PACK", "P1");
  const int64_t cell = plant.AddUnit("CELL", "C1");
  std::atomic<bool> locked = false;
  std::thread ingest([&] {
    plant.database().pool().Run([&](Transaction& transaction) {
      LockUnits(transaction, {pack, cell});
      locked = true;
      while (plant.database().Value("select count(*) from pg_stat_activity where wait_event_type = 'Lock'") == "0") {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
      plant.Install(pack, cell, 2, 1);
      return true;
    });
  });
  while (!locked) std::this_thread::yield();
  const domain::Hold hold = Place(plant, {cell});
  ingest.join();
  EXPECT_EQ(hold.covered, 2);
  EXPECT_EQ(HoldCount(plant, pack), "1");
}

}  // namespace
}  // namespace mes::db
