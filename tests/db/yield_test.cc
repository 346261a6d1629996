#include "db/yield.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/stored_plant.h"

namespace mes::db {
namespace {

using testing::SizeIs;
using tests::StoredPlant;

// Orders 1 (PACK) over 2 (CELL), and 3 (CELL) apart; each ran operation 10 at two stations.
void Fill(StoredPlant& plant) {
  const std::string pack = std::to_string(plant.material_id("PACK"));
  const std::string cell = std::to_string(plant.material_id("CELL"));
  const auto order = [&](const std::string& code, const std::string& material, const std::string& parent) {
    plant.database().Query(
        "insert into work_order (code, material_id, revision_id, state, ordered_micro, priority, parent_id, create_time) "
        "select '" +
        code + "', " + material + ", revision_id, 3, 1000000, 1, " + parent +
        ", now() from product_revision where material_id = " + material);
  };
  order("W1", pack, "null");
  order("W1/CELL", cell, "1");
  order("W3", cell, "null");
  plant.database().Query(
      "insert into operation_yield (work_order_id, station_id, plant_day, operation, first_runs, first_passes, runs, retests, "
      "reworks, "
      "aborts, scrapped) select work_order_id, station_id, '2026-11-01', 10, 10, 9, 12, 1, 1, 2, 1 from work_order, "
      "generate_series(1, 2) as station_id");
}

TEST(Yield, IsSummedOverStationsAndOrders) {
  StoredPlant plant;
  Fill(plant);
  plant.Run([&](Transaction& transaction) {
    const std::vector<OperationYield> yields = ListOperationYields(transaction, {});
    ASSERT_THAT(yields, SizeIs(2));
    EXPECT_EQ(yields[0].material_id, plant.material_id("CELL")) << "by product code";
    EXPECT_EQ(yields[0].operation, 10);
    EXPECT_EQ(yields[0].revision_id, plant.plant().NewestRevision(plant.material_id("CELL"))->id);
    EXPECT_EQ(yields[0].first_runs, 40);
    EXPECT_EQ(yields[0].first_passes, 36);
    EXPECT_EQ(yields[0].runs, 48);
    EXPECT_EQ(yields[0].aborts, 8);
    EXPECT_EQ(yields[1].scrapped, 2);
  });
}

TEST(Yield, FiltersByProductOrderAndTree) {
  StoredPlant plant;
  Fill(plant);
  plant.Run([&](Transaction& transaction) {
    EXPECT_THAT(ListOperationYields(transaction, {plant.material_id("PACK"), 0, 0}), SizeIs(1));
    EXPECT_THAT(ListOperationYields(transaction, {0, 1, 0}), SizeIs(1));
    const std::vector<OperationYield> tree = ListOperationYields(transaction, {0, 0, 1});
    ASSERT_THAT(tree, SizeIs(2));
    EXPECT_EQ(tree[0].first_runs, 20) << "without the order apart";
  });
}

}  // namespace
}  // namespace mes::db
