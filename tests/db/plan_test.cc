#include "db/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/work_order.h"
#include "tests/support/stored_plant.h"

namespace mes::db {
namespace {

using domain::PlanLine;
using domain::PlanVersion;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using tests::StoredPlant;

constexpr domain::Month kJanuary = 2027 * 12;

PlanVersion Stored(StoredPlant& plant, const std::vector<PlanLine>& lines) {
  PlanVersion version;
  version.format = domain::PlanFormat::kCsv;
  version.source = "plan.csv";
  version.person = "li";
  version.import_time = StoredPlant::kNow;
  plant.Run([&](Transaction& transaction) { InsertPlan(transaction, version, lines); });
  return version;
}

TEST(Plan, VersionsAreCountedAndTheNewestThatNamesAMonthHolds) {
  StoredPlant plant;
  const int32_t pack = plant.material_id("PACK"), cell = plant.material_id("CELL");
  EXPECT_EQ(Stored(plant, {{kJanuary, cell, 5}, {kJanuary, pack, 10}, {kJanuary + 1, pack, 20}}).version, 1);
  const PlanVersion second = Stored(plant, {{kJanuary + 1, pack, 25}, {kJanuary + 2, pack, 30}});
  EXPECT_EQ(second.version, 2);
  EXPECT_EQ(second.first_month, kJanuary + 1);
  EXPECT_EQ(second.last_month, kJanuary + 2);
  plant.Run([&](Transaction& transaction) {
    const auto texts = [&](const PlanRange& range) {
      std::vector<std::string> lines;
      for (const domain::HeldPlanLine& held : LoadPlanLines(transaction, range)) {
        lines.push_back(std::to_string(held.line.month - kJanuary) + ":" + std::to_string(held.line.quantity_micro) + " v" +
                        std::to_string(held.version));
      }
      return lines;
    };
    EXPECT_THAT(texts({kJanuary, kJanuary + 11, 0, 0}), testing::UnorderedElementsAre("0:5 v1", "0:10 v1", "1:25 v2", "2:30 v2"));
    EXPECT_THAT(texts({kJanuary, kJanuary + 1, pack, 0}), ElementsAre("0:10 v1", "1:25 v2"));
    EXPECT_THAT(texts({kJanuary + 1, kJanuary + 1, 0, 1}), ElementsAre("1:20 v1"));
    EXPECT_THAT(texts({kJanuary + 3, kJanuary + 3, 0, 0}), IsEmpty());

    EXPECT_THAT(ListPlanVersions(transaction, 0, 10), SizeIs(2));
    EXPECT_EQ(ListPlanVersions(transaction, 0, 10)[0].version, 2);
    EXPECT_EQ(ListPlanVersions(transaction, 2, 10)[0].version, 1);
    EXPECT_EQ(LoadPlanVersion(transaction, 1)->import_time, StoredPlant::kNow);
    EXPECT_FALSE(LoadPlanVersion(transaction, 3).has_value());
  });
}

TEST(WorkOrder, WhatIsUnfinishedIsListedByCodeWithOrWithoutCreatedOnes) {
  StoredPlant plant;
  for (const auto& [code, state, good] : std::vector<std::tuple<std::string, int, int>>{
           {"B", 2, 0}, {"A", 1, 0}, {"C", 4, 3}, {"D", 3, 10}, {"E", 5, 9}, {"F", 7, 0}}) {
    plant.database().Query(
        "insert into work_order (code, material_id, revision_id, state, ordered_micro, started_micro, good_micro, priority, create_time) "
        "select '" +
        code + "', material_id, revision_id, " + std::to_string(state) + ", 10, " + std::to_string(good) + ", " +
        std::to_string(good) +
        ", 1, now() from product_revision where material_id = " + std::to_string(plant.material_id("PACK")));
  }
  plant.Run([&](Transaction& transaction) {
    const auto codes = [&](bool created, int limit) {
      std::string text;
      for (const domain::WorkOrder& order : ListUnfinishedWorkOrders(transaction, created, limit)) text += order.code;
      return text;
    };
    EXPECT_EQ(codes(true, 100), "ABC") << "what is all good, completed or cancelled has nothing to come";
    EXPECT_EQ(codes(false, 100), "BC");
    EXPECT_EQ(codes(true, 1), "A");
  });
}

}  // namespace
}  // namespace mes::db
