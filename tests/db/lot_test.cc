#include "db/lot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/stored_plant.h"

namespace mes::db {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using tests::StoredPlant;

domain::LotItem NewLot(const StoredPlant& plant, const std::string& code) {
  domain::LotItem lot;
  lot.unit.code = code;
  lot.unit.material_id = plant.material_id("POW");
  lot.unit.tracking = domain::Tracking::kLot;
  lot.unit.status = domain::UnitStatus::kFinished;
  lot.unit.create_time = StoredPlant::kNow;
  lot.lot = {100, 60, StoredPlant::kNow + std::chrono::hours(24), std::nullopt, 3'600};
  lot.manufacture_time = StoredPlant::kNow - std::chrono::hours(24);
  return lot;
}

std::vector<std::string> CodesOf(const std::vector<StoredUnit>& lots) {
  std::vector<std::string> codes;
  for (const StoredUnit& lot : lots) codes.push_back(lot.unit.code);
  return codes;
}

TEST(Lot, WhatIsStoredComesBackWithEveryField) {
  StoredPlant plant;
  std::vector<domain::LotItem> lots = {NewLot(plant, "P1"), NewLot(plant, "P2")};
  plant.Run([&](Transaction& transaction) { EXPECT_EQ(InsertLots(transaction, lots), std::nullopt); });
  plant.Run([&](Transaction& transaction) {
    const std::vector<StoredUnit> loaded = LockLots(transaction, {lots[1].unit.id, lots[0].unit.id});
    ASSERT_THAT(loaded, SizeIs(2));
    EXPECT_EQ(loaded[0].unit, lots[0].unit);
    EXPECT_EQ(loaded[0].lot, lots[0].lot);
    EXPECT_EQ(loaded[0].manufacture_time, lots[0].manufacture_time);
  });
}

TEST(Lot, ACodeThatIsTakenIsNamed) {
  StoredPlant plant;
  plant.AddUnit("HSG", "P2");
  std::vector<domain::LotItem> lots = {NewLot(plant, "P1"), NewLot(plant, "P2")};
  plant.database().pool().Run([&](Transaction& transaction) {
    EXPECT_EQ(InsertLots(transaction, lots), "P2");
    return false;
  });
  EXPECT_EQ(plant.database().Value("select count(*) from lot"), "0");
}

TEST(Lot, WhatIsNoLotIsLeftOut) {
  StoredPlant plant;
  const int64_t unit = plant.AddUnit("HSG", "H1");
  plant.Run([&](Transaction& transaction) { EXPECT_THAT(LockLots(transaction, {unit}), IsEmpty()); });
}

TEST(Lot, AmountsAndOpeningAreUpdated) {
  StoredPlant plant;
  std::vector<domain::LotItem> lots = {NewLot(plant, "P1")};
  plant.Run([&](Transaction& transaction) { InsertLots(transaction, lots); });
  lots[0].lot.left_micro = 7;
  lots[0].lot.open_time = StoredPlant::kNow;
  plant.Run([&](Transaction& transaction) {
    UpdateLots(transaction, lots);
    EXPECT_EQ(LoadUnits(transaction, {lots[0].unit.id}).at(0).lot, lots[0].lot);
  });
}

TEST(Lot, ListsFilterAndGoOnAfterACode) {
  StoredPlant plant;
  plant.AddLot("POW", "B", 5);
  plant.AddLot("POW", "A", 5);
  plant.AddLot("BLT", "C", 5);
  plant.AddUnit("HSG", "D");
  plant.database().Query("update lot set left_micro = 0 where unit_id = (select unit_id from unit where code = 'A')");
  plant.Run([&](Transaction& transaction) {
    EXPECT_THAT(CodesOf(ListLots(transaction, {}, 10)), ElementsAre("A", "B", "C"));
    EXPECT_THAT(CodesOf(ListLots(transaction, {"A", 0, false}, 1)), ElementsAre("B"));
    EXPECT_THAT(CodesOf(ListLots(transaction, {"", plant.material_id("POW"), true}, 10)), ElementsAre("B"));
  });
}

TEST(Lot, EdgesOfRequestsNameTheRequest) {
  StoredPlant plant;
  const int64_t whole = plant.AddLot("POW", "W", 5);
  const int64_t part = plant.AddLot("POW", "P", 3);
  plant.Run([&](Transaction& transaction) {
    InsertLotEdges(transaction, domain::EdgeKind::kSplit, {{whole, part, 3}}, "request-1", StoredPlant::kNow, StoredPlant::kNow);
  });
  EXPECT_THAT(plant.database().Query("select lot_id = " + std::to_string(whole) + ", consumer_id = " + std::to_string(part) +
                                     ", quantity_micro, kind, request_id from lot_consumption")[0],
              ElementsAre("t", "t", "3", "2", "request-1"));
}

TEST(Lot, PartsComeFromWhereTheWholeComesFrom) {
  StoredPlant plant;
  const int64_t one = plant.AddLot("POW", "1", 5);
  const int64_t two = plant.AddLot("POW", "2", 5);
  const int64_t part = plant.AddLot("POW", "P", 5);
  const int64_t merged = plant.AddLot("POW", "M", 5);
  const int64_t mixed = plant.AddLot("POW", "X", 5);
  plant.Run([&](Transaction& transaction) {
    InsertPurchases(transaction, {one}, {"Maker", "L1", "", false}, StoredPlant::kNow);
    InsertPurchases(transaction, {two}, {"Other", "L2", "", false}, StoredPlant::kNow);
    CopyPurchase(transaction, {one}, {part});
    CopyPurchase(transaction, {one, part}, {merged});
    CopyPurchase(transaction, {one, two}, {mixed});
    EXPECT_EQ(LoadUnits(transaction, {part}).at(0).supplier_lot, "L1");
    EXPECT_EQ(LoadUnits(transaction, {merged}).at(0).supplier, "Maker");
    EXPECT_EQ(LoadUnits(transaction, {mixed}).at(0).supplier, "") << "of two makers is of none";
  });
}

}  // namespace
}  // namespace mes::db
