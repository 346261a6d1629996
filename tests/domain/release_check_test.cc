#include "domain/release_check.h"

#include <gtest/gtest.h>

#include "domain/needs.h"
#include "tests/support/plant_builder.h"

namespace mes::domain {
namespace {

using tests::PlantBuilder;

// SYS takes two STK; each has one line that works every day of every year and makes `rate` a day.
class ReleaseCheckTest : public testing::Test {
 protected:
  ReleaseCheckTest() {
    builder_.AddProduct("STK", "pc", Tracking::kSerial);
    builder_.AddProduct("SYS", "pc", Tracking::kSerial);
    for (const char* product : {"STK", "SYS"}) {
      Operation& operation = builder_.AddOperation(product, 10, "MAKE");
      operation.cycle_ms = 8'640'000;  // ten a day
      operation.scrap_rate = 0;
    }
    builder_.AddConsumption("SYS", 10, "STK", "2");
    plant_ = builder_.Build();
    for (int32_t year = 2025; year <= 2036; ++year) model_.calendar.years[year] = {year, "", {}, {}};
    model_.calendar.patterns["ALL"] = {"ALL", "", 86'400, {true, true, true, true, true, true, true}, false, {}};
    for (const char* product : {"STK", "SYS"}) {
      LineGroup group;
      group.product_code = product;
      group.material_id = IdOf(product);
      group.points.push_back({1, group.material_id, 0, DayOf(2000, 1, 1), 1.0, std::nullopt, "ALL", "", "", {}});
      model_.groups.push_back(group);
    }
  }

  int32_t IdOf(const char* product) const { return plant_->FindMaterial(product)->id; }
  OrderLoad Order(const char* product, int64_t pieces, std::optional<Day> due) const {
    return {IdOf(product), due, pieces * kMicro};
  }
  std::optional<Shortage> Ask(std::vector<OrderLoad> released) const {
    return CheckRelease({*plant_, model_, orders_, stands_, today_}, released);
  }
  void Supply(const char* product, int64_t pieces, Day day, SupplyState state = SupplyState::kExpected) {
    model_.supplies.push_back({1, IdOf(product), pieces * kMicro, day, "S", "", state, "", "", {}});
  }

  PlantBuilder builder_;
  std::shared_ptr<const Plant> plant_;
  CapacityModel model_;
  std::vector<OrderLoad> orders_;
  std::map<int32_t, MaterialStand> stands_;
  const Day today_ = DayOf(2026, 1, 1);
};

TEST_F(ReleaseCheckTest, TakesWhatTheLinesCanMakeUntilTheDueDay) {
  EXPECT_FALSE(Ask({Order("STK", 100, today_ + 10)}));
  const auto shortage = Ask({Order("STK", 101, today_ + 10)});
  ASSERT_TRUE(shortage);
  EXPECT_EQ(shortage->code, "STK");
  EXPECT_EQ(shortage->kind, ShortageKind::kLineGroup);
  EXPECT_DOUBLE_EQ(shortage->capacity, 100);
  EXPECT_DOUBLE_EQ(shortage->needed, 101);
  EXPECT_EQ(shortage->first_day, today_ + 11);
  EXPECT_EQ(Describe(*shortage),
            "the lines of STK would be exceeded: until 2026-01-11 100 pc can be had, 0 are taken, 101 more are needed; the first due "
            "day that fits is 2026-01-12");
}

TEST_F(ReleaseCheckTest, NeverMakesAnEarlierPromiseLate) {
  orders_.push_back(Order("STK", 190, today_ + 20));
  const auto shortage = Ask({Order("STK", 50, today_ + 10)});
  ASSERT_TRUE(shortage) << "there is room until the tenth day, but not for both until the twentieth";
  EXPECT_EQ(shortage->until, today_ + 20);
  EXPECT_DOUBLE_EQ(shortage->committed, 190);
  EXPECT_EQ(shortage->first_day, today_ + 24);
}

TEST_F(ReleaseCheckTest, NamesThePartThatBinds) {
  // Five systems a day is all that ten stacks a day allow, though the system line makes ten.
  EXPECT_FALSE(Ask({Order("SYS", 50, today_ + 10)}));
  const auto shortage = Ask({Order("SYS", 60, today_ + 10)});
  ASSERT_TRUE(shortage);
  EXPECT_EQ(shortage->code, "STK");
  EXPECT_DOUBLE_EQ(shortage->needed, 120);
  EXPECT_EQ(shortage->first_day, today_ + 12);
}

TEST_F(ReleaseCheckTest, CountsBoughtInPartsFromTheirDayOn) {
  Supply("STK", 20, today_ + 10);
  EXPECT_FALSE(Ask({Order("SYS", 60, today_ + 10)}));
  model_.supplies.front().day = today_ + 11;
  EXPECT_TRUE(Ask({Order("SYS", 60, today_ + 10)}));
  model_.supplies.front().day = today_ - 1;
  EXPECT_TRUE(Ask({Order("SYS", 60, today_ + 10)})) << "what should have come and did not counts nothing";
  model_.supplies.front().day = today_ + 5;
  model_.supplies.front().state = SupplyState::kCancelled;
  EXPECT_TRUE(Ask({Order("SYS", 60, today_ + 10)}));
}

TEST_F(ReleaseCheckTest, CountsWhatLiesInStock) {
  stands_[IdOf("STK")].stock = 20;
  EXPECT_FALSE(Ask({Order("SYS", 60, today_ + 10)}));
  EXPECT_TRUE(Ask({Order("SYS", 61, today_ + 10)}));
}

TEST_F(ReleaseCheckTest, TakesThePartsOrdersForTheirNeedAndNotTwice) {
  orders_.push_back(Order("STK", 100, today_ + 10));
  EXPECT_FALSE(Ask({Order("SYS", 50, today_ + 10)})) << "the hundred stacks are for these systems";
  EXPECT_TRUE(Ask({Order("STK", 1, today_ + 10)}));
}

TEST_F(ReleaseCheckTest, HoldsThePublishedYearlyFigureToItsLastDigit) {
  model_.families.push_back({"stacks", "stacks", "pc", {"STK"}, 1000, "1/year", "", "", 1000, 0.5, "press", 0});
  const Day last = DayOf(2026, 12, 31);
  EXPECT_FALSE(Ask({Order("SYS", 500, last)}));
  orders_.push_back(Order("SYS", 500, last));
  const auto shortage = Ask({Order("SYS", 1, last)});
  ASSERT_TRUE(shortage);
  EXPECT_EQ(shortage->kind, ShortageKind::kStated);
  EXPECT_EQ(shortage->code, "stacks");
  EXPECT_EQ(shortage->first_day, DayOf(2027, 1, 1)) << "of the next year's thousand";
  orders_.clear();
  stands_[IdOf("STK")].produced[2026] = 990;
  stands_[IdOf("STK")].stock = 990;
  EXPECT_FALSE(Ask({Order("SYS", 500, last)})) << "made this year and in stock: counted once";
}

TEST_F(ReleaseCheckTest, ReadsAFigureInKilowattHours) {
  model_.groups[0].rated_kwh = 50;
  model_.families.push_back({"packs", "packs", "kWh", {"STK"}, 0.5, "MW", "MWh/year", "energy", 500, 50, "press", 0});
  EXPECT_FALSE(Ask({Order("STK", 11, today_ + 100)})) << "550 kWh is still 0.5 MWh to its digits";
  const auto shortage = Ask({Order("STK", 12, today_ + 100)});
  ASSERT_TRUE(shortage);
  EXPECT_EQ(shortage->unit, "kWh");
  EXPECT_DOUBLE_EQ(shortage->needed, 600);
}

TEST_F(ReleaseCheckTest, LetsUndatedAndOverdueOrdersPass) {
  EXPECT_FALSE(Ask({Order("STK", 1'000'000, std::nullopt)}));
  EXPECT_FALSE(Ask({Order("STK", 1'000'000, today_)}));
  EXPECT_FALSE(Ask({Order("STK", 1'000'000, today_ - 30)}));
}

TEST_F(ReleaseCheckTest, DoesNotCheckWhatItKnowsNoCapacityOf) {
  model_.groups[0].points.clear();
  EXPECT_FALSE(Ask({Order("STK", 1'000'000, today_ + 5)}));
  model_.calendar.years.clear();
  EXPECT_FALSE(Ask({Order("SYS", 1'000'000, today_ + 5)}));
}

TEST_F(ReleaseCheckTest, SaysThatItRestsOnAnUnpublishedYear) {
  model_.calendar.years.erase(2027);
  const auto shortage = Ask({Order("STK", 5'000, DayOf(2026, 12, 1))});
  ASSERT_TRUE(shortage);
  EXPECT_FALSE(shortage->published);
}

TEST_F(ReleaseCheckTest, LetsNothingOutBeforeItsResidence) {
  // STK then rests for five days: until then only what is in process comes out.
  Operation& rest = builder_.AddOperation("STK", 20, "REST");
  rest.cycle_ms = 5 * 86'400'000LL;
  rest.units_per_cycle = 1'000;
  rest.scrap_rate = 0;
  plant_ = builder_.Build();
  EXPECT_EQ(RouteOf(*plant_->NewestRevision(IdOf("STK"))).residence_seconds, 8'640 + 5 * 86'400);
  EXPECT_TRUE(Ask({Order("STK", 10, today_ + 4)}));
  stands_[IdOf("STK")].in_process = 10;
  EXPECT_FALSE(Ask({Order("STK", 10, today_ + 4)}));
  // Five days after its residence: 5 x 10 and the ten on their way.
  EXPECT_FALSE(Ask({Order("STK", 60, today_ + 10)}));
  EXPECT_TRUE(Ask({Order("STK", 61, today_ + 10)}));
}

TEST_F(ReleaseCheckTest, SumsTheSeriesOfEachLineDayByDay) {
  LineGroup& group = model_.groups[0];
  group.lines = 2;
  const auto point = [&](int64_t id, int32_t line, Day from, double availability, std::optional<double> yield) {
    group.points.push_back({id, group.material_id, line, from, availability, yield, "ALL", "", "", {}});
  };
  point(2, 2, today_ + 5, 0.2, 0.6);
  point(3, 2, today_ + 8, 0.5, std::nullopt);
  point(4, 0, today_ + 9, 0.9, std::nullopt);
  point(5, 2, today_ + 8, 0.4, std::nullopt);
  model_.calendar.shutdowns.push_back({today_ + 3, today_ + 3, "", "STK", "tool change"});
  const Route route = RouteOf(*plant_->NewestRevision(group.material_id));
  DailyCapacity daily(model_, today_, today_ + 12);
  const DailyCapacity::Curve curve = daily.Of(group, route);
  const double expected[] = {20, 20, 20, 0, 20, 11.2, 11.2, 11.2, 14, 13, 13, 13};
  for (Day day = 0; day < 12; ++day) {
    const auto i = static_cast<size_t>(day);
    EXPECT_NEAR(curve.sums[i + 1] - curve.sums[i], expected[i], 1e-9) << day;
    EXPECT_NEAR(NetGoodOn(model_, group, route, today_ + day), expected[i], 1e-9) << day;
  }
  EXPECT_NEAR(CapacityOf(model_, group, route, today_, today_ + 12).net_good, curve.sums.back(), 1e-9);
  EXPECT_TRUE(curve.known);
  EXPECT_NEAR(daily.Of(model_.groups[1], RouteOf(*plant_->NewestRevision(IdOf("SYS")))).sums.back(), 120, 1e-9)
      << "the shutdown is the stacks' own";
}

TEST_F(ReleaseCheckTest, CountsNeedsDownTheBillOfMaterials) {
  const auto needs = NeedsOf(*plant_, {{IdOf("SYS"), 10}, {IdOf("STK"), 5}});
  EXPECT_DOUBLE_EQ(needs.at(IdOf("STK")), 20);
  EXPECT_DOUBLE_EQ(NeedsOf(*plant_, {{IdOf("SYS"), 10}, {IdOf("STK"), 35}}).at(IdOf("STK")), 35);
  const auto half = NeedsOf(*plant_, {{IdOf("SYS"), 10}}, [](int32_t, double needed) { return needed / 2; });
  EXPECT_DOUBLE_EQ(half.at(IdOf("STK")), 10) << "the parts of bought systems are the supplier's";
}

}  // namespace
}  // namespace mes::domain
