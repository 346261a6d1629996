#include "domain/schedule_picture.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/plant_builder.h"

namespace mes::domain {
namespace {

using testing::Contains;
using testing::ElementsAre;

const Day kToday = DayOf(2026, 11, 24);
// 20:00 plant time: half of the plant day is left.
const Time kNow = Time(std::chrono::seconds(int64_t{kToday} * kSecondsPerDay) + std::chrono::hours(12));

// One pattern of 20 h every day; 2026 is published. Two lines of PACK, one of CELL, 90 % of the time used; nothing known of INK.
CapacityModel Model(const Plant& plant) {
  CapacityModel model;
  model.calendar.years[2026].year = 2026;
  ShiftPattern pattern;
  pattern.code = "ALL";
  pattern.net_seconds_per_day = 72'000;
  pattern.works.fill(true);
  model.calendar.patterns["ALL"] = pattern;
  for (const char* code : {"CELL", "PACK"}) {
    LineGroup group;
    group.material_id = plant.FindMaterial(code)->id;
    group.product_code = code;
    group.lines = code == std::string("PACK") ? 2 : 1;
    CapacityPoint point;
    point.id = group.material_id;
    point.material_id = group.material_id;
    point.from = DayOf(2020, 1, 1);
    point.availability_performance = 0.9;
    point.pattern_code = "ALL";
    group.points = {point};
    model.groups.push_back(group);
  }
  return model;
}

class SchedulePictureTest : public testing::Test {
 protected:
  SchedulePictureTest() {
    for (auto& operation : builder_.product("PACK").operations) operation.cycle_ms = 10'000, operation.scrap_rate = 0;
    for (auto& operation : builder_.product("CELL").operations) operation.cycle_ms = 5'000, operation.scrap_rate = 0;
    builder_.operation("PACK", 40).cycle_ms = 60'000;
    builder_.operation("PACK", 40).scrap_rate = 0.2;
    plant_ = builder_.Build();
    model_ = Model(*plant_);
  }
  SchedulePicture Make(int32_t days = 10) {
    PictureSources sources{*plant_, model_, ChinaStandardTime(), kNow, days, orders_, stocks_, false, lead_days_};
    return MakePicture(sources);
  }
  const ScheduleItem& Item(const SchedulePicture& picture, const char* code) {
    return picture.input.items[static_cast<size_t>(picture.input.ItemIndex(code))];
  }
  static std::vector<std::string> Gaps(const SchedulePicture& picture) {
    std::vector<std::string> gaps;
    for (const ScheduleGap& gap : picture.gaps) gaps.push_back(gap.kind + " " + gap.code);
    return gaps;
  }

  tests::PlantBuilder builder_;
  std::shared_ptr<const Plant> plant_;
  CapacityModel model_;
  std::vector<WorkOrder> orders_;
  std::vector<ComponentStock> stocks_;
  int32_t lead_days_ = kAssumedLeadDays;
};

TEST_F(SchedulePictureTest, BoughtPartsThatNobodyAnnouncedComeLateUnlessTheQuestionTakesThemAsThere) {
  const int32_t housing = plant_->FindMaterial("HSG")->id;
  stocks_ = {{housing, 3 * kMicro}};
  const auto supplies_of = [&](const SchedulePicture& picture, const char* code) {
    std::vector<std::string> days;
    for (const ScheduleSupply& of : picture.input.supplies) {
      if (picture.input.items[static_cast<size_t>(of.item)].code != code) continue;
      const bool plenty = of.quantity_micro > 1'000'000 * kMicro;
      days.push_back(std::to_string(of.day) + " " + (plenty ? std::string("plenty") : FormatQuantity(of.quantity_micro)));
    }
    return days;
  };
  const SchedulePicture picture = Make(100);
  EXPECT_TRUE(Item(picture, "HSG").supply_assumed);
  EXPECT_FALSE(Item(picture, "CELL").supply_assumed) << "made here";
  EXPECT_THAT(supplies_of(picture, "HSG"), ElementsAre("0 3", "90 plenty")) << "what lies in stock, and the rest once it was bought";
  EXPECT_THAT(supplies_of(picture, "BLT"), ElementsAre("90 plenty"));
  EXPECT_THAT(supplies_of(Make(60), "BLT"), ElementsAre()) << "not within the horizon";
  Supply supply;
  supply.material_id = housing;
  supply.quantity_micro = 5 * kMicro;
  supply.day = kToday + 4;
  model_.supplies = {supply};
  EXPECT_THAT(supplies_of(Make(100), "HSG"), ElementsAre("0 3", "4 5")) << "what is announced is all there is";
  lead_days_ = 0;
  EXPECT_EQ(Make(100).input.ItemIndex("BLT"), -1) << "taken as there: not waited for";
}

TEST_F(SchedulePictureTest, TakesRatesYieldsAndNeedsFromTheRouting) {
  const SchedulePicture picture = Make();
  const ScheduleItem& pack = Item(picture, "PACK");
  EXPECT_EQ(pack.lines, 2);
  EXPECT_TRUE(pack.made && pack.whole);
  EXPECT_NEAR(pack.final_yield, 0.8, 1e-12);
  ASSERT_EQ(pack.rates.size(), 1U);
  EXPECT_NEAR(pack.rates[0].seconds_per_good, 60 / 0.9 / 0.8 / 2, 1e-9)
      << "the slowest operation, two lines, one in five scrapped there";
  ASSERT_EQ(pack.needs.size(), 3U);
  const ScheduleNeed& cells = *std::find_if(pack.needs.begin(), pack.needs.end(), [&](const ScheduleNeed& need) {
    return picture.input.items[static_cast<size_t>(need.item)].code == "CELL";
  });
  EXPECT_DOUBLE_EQ(cells.net, 2);
  EXPECT_NEAR(cells.gross, 2.5, 1e-12);
  EXPECT_EQ(pack.planned_ms[1], 72'000'000);
  EXPECT_EQ(pack.planned_ms[0], 36'000'000) << "half of today is over";
  EXPECT_EQ(picture.input.first_day, kToday);
}

TEST_F(SchedulePictureTest, OrdersComeWithWhatIsLeftAndWhenItIsDue) {
  WorkOrder order;
  order.code = "W";
  order.material_id = plant_->FindMaterial("PACK")->id;
  order.state = WorkOrderState::kOnHold;
  order.ordered_micro = 10 * kMicro;
  order.started_micro = 6 * kMicro;
  order.good_micro = 3 * kMicro;
  order.scrapped_micro = 1 * kMicro;
  order.priority = 7;
  // 03:00 on the 27th is of the 26th.
  order.due_time = StartOf(kToday + 3, ChinaStandardTime()) - std::chrono::hours(5);
  orders_ = {order};
  const SchedulePicture picture = Make();
  ASSERT_EQ(picture.input.orders.size(), 1U);
  EXPECT_EQ(picture.input.orders[0].left_micro, 7 * kMicro);
  EXPECT_EQ(picture.input.orders[0].to_start_micro, 5 * kMicro);
  EXPECT_EQ(picture.input.orders[0].due_day, 2);
  EXPECT_THAT(Gaps(picture), Contains("order W"));
}

TEST_F(SchedulePictureTest, StockIsThereNowAndSuppliesOnTheirDay) {
  const int32_t cell = plant_->FindMaterial("CELL")->id, housing = plant_->FindMaterial("HSG")->id;
  stocks_ = {{cell, 4 * kMicro}, {housing, -1}};
  Supply supply;
  supply.material_id = housing;
  supply.quantity_micro = 5 * kMicro;
  supply.day = kToday + 4;
  Supply received = supply, late = supply;
  received.state = SupplyState::kReceived;
  late.day = kToday - 1;
  model_.supplies = {late, supply, received};
  lead_days_ = 0;
  const SchedulePicture picture = Make();
  EXPECT_FALSE(Item(picture, "HSG").made) << "a supply makes a bought part one that is waited for";
  std::vector<std::string> supplies;
  for (const ScheduleSupply& of : picture.input.supplies) {
    supplies.push_back(picture.input.items[static_cast<size_t>(of.item)].code + " " + std::to_string(of.day) + " " +
                       FormatQuantity(of.quantity_micro));
  }
  EXPECT_THAT(supplies, ElementsAre("CELL 0 4", "HSG 4 5"));
  EXPECT_THAT(Gaps(picture), Contains("supply HSG")) << "the one that did not come";
}

TEST_F(SchedulePictureTest, WhatIsNotKnownIsListed) {
  EXPECT_THAT(Gaps(Make(10)), ElementsAre("rate INK", "supply ")) << Make(10).gaps.back().sentence;
  EXPECT_THAT(Gaps(Make(60)), ElementsAre("calendar 2027", "rate INK", "supply "));
  EXPECT_TRUE(Item(Make(), "INK").rates.empty());
}

TEST_F(SchedulePictureTest, ARampUpIsARateThatChanges) {
  CapacityPoint later = model_.groups[1].points[0];
  later.id = 1'000;
  later.from = kToday + 5;
  later.availability_performance = 0.45;
  model_.groups[1].points.push_back(later);
  const SchedulePicture picture = Make();
  const ScheduleItem& pack = Item(picture, "PACK");
  ASSERT_EQ(pack.rates.size(), 2U);
  EXPECT_EQ(pack.rates[1].from_day, 5);
  EXPECT_NEAR(pack.rates[1].seconds_per_good, 2 * pack.rates[0].seconds_per_good, 1e-9);
}

TEST(ResidenceDays, AreRoundedUpFromAQuarterOfADayOn) {
  EXPECT_EQ(ResidenceDays(0), 0);
  EXPECT_EQ(ResidenceDays(21'599), 0);
  EXPECT_EQ(ResidenceDays(21'600), 1);
  EXPECT_EQ(ResidenceDays(1'110'845), 13) << "the cells' route";
}

}  // namespace
}  // namespace mes::domain
