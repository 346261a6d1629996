#include "db/recycling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/genealogy.h"
#include "tests/support/stored_plant.h"

namespace mes::db {
namespace {

using domain::Element;
using testing::ElementsAre;
using tests::StoredPlant;

class RecyclingTest : public testing::Test {
 protected:
  StoredPlant plant_;
  domain::RecyclingBatch batch_;

  RecyclingTest() {
    batch_.partner = "PtBack";
    batch_.place = "Ordos, CN";
    batch_.person = "Li";
    batch_.open_time = StoredPlant::kNow;
    plant_.Run([&](Transaction& transaction) { InsertRecyclingBatch(transaction, batch_); });
  }
  void Receive(int64_t unit_id, int64_t lithium_ug) {
    plant_.Run([&](Transaction& transaction) {
      RecyclingUnit unit;
      unit.unit_id = unit_id;
      unit.batch_id = batch_.id;
      unit.receive_time = StoredPlant::kNow;
      unit.contents = {2 * lithium_ug, {{Element::kLithium, lithium_ug}}, true};
      unit.battery = true;
      InsertRecyclingUnits(transaction, {unit}, StoredPlant::kNow);
    });
  }
  void Recover(int64_t lot_id, int64_t lithium_ug) {
    plant_.Run([&](Transaction& transaction) {
      InsertRecoveredLots(transaction, batch_.id, {{lot_id, "", 0, 0, {{Element::kLithium, lithium_ug}}}}, StoredPlant::kNow,
                          StoredPlant::kNow, "Li", "");
    });
  }
};

TEST_F(RecyclingTest, SumsWhatCameInAndWhatCameBack) {
  Receive(plant_.AddUnit("CELL", "C1"), 100);
  Receive(plant_.AddUnit("CELL", "C2"), 50);
  Recover(plant_.AddLot("ELY", "L1", 1'000'000), 120);
  plant_.Run([&](Transaction& transaction) {
    const BalanceSums sums = SumBalance(transaction, {batch_.id, "", std::nullopt, std::nullopt});
    EXPECT_EQ(sums.units, 2);
    EXPECT_EQ(sums.batteries, 2);
    EXPECT_EQ(sums.contained.total_ug, 300);
    EXPECT_EQ(sums.contained.elements.at(Element::kLithium), 150);
    EXPECT_EQ(sums.recovered.at(Element::kLithium), 120);
    EXPECT_EQ(SumBalance(transaction, {0, "Else", std::nullopt, std::nullopt}).batches, 0);
    EXPECT_EQ(SumBalance(transaction, {0, "PtBack", StoredPlant::kNow, std::nullopt}).batches, 0) << "not closed";
    const domain::RecyclingBatch stored = *LockRecyclingBatch(transaction, batch_.id);
    EXPECT_EQ(stored.units, 2);
    EXPECT_EQ(stored.dismantled, 0);
    EXPECT_EQ(stored.lots, 1);
    EXPECT_FALSE(LoadRecyclingBatch(transaction, batch_.id + 1));
  });
}

TEST_F(RecyclingTest, ABatchIsTheEdgeBetweenItsUnitsAndItsLots) {
  const int64_t first = plant_.AddUnit("CELL", "C1"), second = plant_.AddUnit("CELL", "C2");
  const int64_t lot = plant_.AddLot("ELY", "L1", 1'000'000), other = plant_.AddLot("ELY", "L2", 1'000'000);
  Receive(first, 100), Receive(second, 100), Recover(lot, 10), Recover(other, 10);
  plant_.Run([&](Transaction& transaction) {
    std::vector<int64_t> below, above;
    ListEdgesBelow(transaction, {lot}, EdgeSet::kCurrent, [&](const std::vector<domain::Edge>& edges) {
      for (const domain::Edge& edge : edges) {
        EXPECT_EQ(edge.kind, domain::EdgeKind::kRecovered);
        below.push_back(edge.child_id);
      }
      return true;
    });
    ListEdgesAbove(transaction, {first}, EdgeSet::kCurrent, [&](const std::vector<domain::Edge>& edges) {
      for (const domain::Edge& edge : edges) above.push_back(edge.parent_id);
      return true;
    });
    EXPECT_THAT(below, ElementsAre(first, second));
    EXPECT_THAT(above, ElementsAre(lot, other));
  });
}

TEST_F(RecyclingTest, AUnitIsInOneBatchOnceEver) {
  const int64_t unit = plant_.AddUnit("CELL", "C1");
  Receive(unit, 100);
  EXPECT_ANY_THROW(Receive(unit, 100));
}

}  // namespace
}  // namespace mes::db
