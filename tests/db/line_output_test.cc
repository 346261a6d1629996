#include "db/line_output.h"

#include <algorithm>
#include <map>
#include <random>

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

TEST(LineOutput, AddsUpStretchesOfDaysAsItsDaysWould) {
  tests::StoredPlant stored;
  const int32_t pack = stored.material_id("PACK"), cell = stored.material_id("CELL");
  std::mt19937 random(5);
  domain::Outputs outputs;
  const domain::Day begin = DayOf(2027, 11, 20);
  for (int i = 0; i < 300; ++i) {
    const int32_t material = random() % 2 == 0 ? pack : cell, line = 1 + static_cast<int32_t>(random() % 2);
    OutputCounts& counts = outputs[{material, begin + static_cast<int32_t>(random() % 130), line}];
    counts.good_micro = static_cast<int64_t>(random() % 100);
    counts.started_micro = static_cast<int64_t>(random() % 100);
  }
  stored.Run([&](Transaction& transaction) { StoreOutputs(transaction, outputs); });
  const std::vector<domain::Day> starts = {DayOf(2027, 12, 1), DayOf(2028, 1, 1), DayOf(2028, 2, 1)};
  using Sums = std::map<std::pair<int32_t, domain::Day>, OutputCounts>;
  const auto by_stretch = [&](const std::vector<OutputSum>& sums) {
    Sums found;
    for (const OutputSum& sum : sums) {
      const auto next = std::upper_bound(starts.begin(), starts.end(), sum.day);
      found[{sum.material_id, next == starts.begin() ? starts.front() - 1 : *std::prev(next)}] += sum.counts;
    }
    return found;
  };
  stored.Run([&](Transaction& transaction) {
    const domain::Day end = DayOf(2028, 3, 1);
    for (const std::vector<int32_t>& ids : {std::vector<int32_t>{}, std::vector<int32_t>{cell}}) {
      const Sums expected = by_stretch(LoadDailyOutputs(transaction, ids, begin, end));
      EXPECT_TRUE(by_stretch(SumDailyOutputs(transaction, ids, begin, end, starts)) == expected);
      EXPECT_TRUE(by_stretch(SumMonthlyOutputs(transaction, ids, end, starts)) == expected);
      EXPECT_EQ(SumMonthlyOutputs(transaction, ids, end, starts).size(), expected.size()) << "one row a product and stretch";
    }
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
