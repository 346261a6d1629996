#include "db/line_output.h"

#include <gtest/gtest.h>

#include "tests/support/stored_plant.h"

namespace mes::db {
namespace {

using domain::DayOf;
using domain::kMicro;
using domain::OutputCounts;

TEST(LineOutput, AddsUpByDayAndByMonth) {
  tests::StoredPlant stored;
  const int32_t pack = stored.material_id("PACK");
  const domain::Day last = DayOf(2028, 2, 29);
  for (int i = 0; i < 2; ++i) {
    stored.Run([&](Transaction& transaction) {
      StoreOutputs(transaction, {{{pack, last, 1}, {3, 2, 1, 0, 0, 0}}, {{pack, last, 2}, {1, 0, 0, 0, 0, 0}},
                                 {{pack, last + 1, 1}, {0, 1, 0, 4, 5, 6}}, {{pack, last + 2, 1}, {}}});
    });
  }
  stored.Run([&](Transaction& transaction) {
    const std::vector<OutputSum> days = LoadDailyOutputs(transaction, {pack}, last, last + 30);
    ASSERT_EQ(days.size(), 2U) << "a day on which nothing changed has no row";
    EXPECT_EQ(days[0].counts, (OutputCounts{8, 4, 2, 0, 0, 0}));
    EXPECT_EQ(days[1].counts, (OutputCounts{0, 2, 0, 8, 10, 12}));
    const std::vector<OutputSum> months = LoadMonthlyOutputs(transaction, {}, last + 30);
    ASSERT_EQ(months.size(), 2U);
    EXPECT_EQ(months[0].day, DayOf(2028, 2, 1));
    EXPECT_EQ(months[0].counts, days[0].counts);
    EXPECT_EQ(months[1].day, DayOf(2028, 3, 1));
    EXPECT_EQ(LoadMonthlyOutputs(transaction, {}, DayOf(2028, 3, 1)).size(), 1U);
    EXPECT_TRUE(LoadDailyOutputs(transaction, {stored.material_id("CELL")}, last, last + 30).empty());
  });
}

TEST(LineOutput, FindsTheBestConsecutiveDays) {
  tests::StoredPlant stored;
  const int32_t pack = stored.material_id("PACK");
  stored.Run([&](Transaction& transaction) {
    EXPECT_TRUE(LoadBestDays(transaction, {}, 3).empty());
    domain::Outputs outputs;
    for (const auto& [day, good] : {std::pair(100, 5), {101, 6}, {103, 6}, {110, 16}}) {
      outputs[{pack, day, 1}].good_micro = good * kMicro;
    }
    StoreOutputs(transaction, outputs);
    const std::vector<BestOf> best = LoadBestDays(transaction, {}, 4);
    ASSERT_EQ(best.size(), 1U);
    EXPECT_EQ(best[0].best.first, 100) << "17 in four days, with one without a row between";
    EXPECT_EQ(best[0].best.good_micro, 17 * kMicro);
  });
}

}  // namespace
}  // namespace mes::db
