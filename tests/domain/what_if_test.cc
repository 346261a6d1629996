#include "domain/what_if.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/limits.h"
#include "domain/quantity.h"

namespace mes::domain {
namespace {

using testing::ElementsAre;

constexpr int64_t kHour = 3'600'000;
const Day kToday = DayOf(2027, 1, 4);

// A takes one B; each makes one a day (10 h of 10 h).
ScheduleInput Picture() {
  ScheduleInput input;
  input.first_day = kToday;
  input.days = 100;
  for (const char* code : {"A", "B"}) {
    ScheduleItem item;
    item.code = code;
    item.uom = "pc";
    item.rates = {{0, 36'000}};
    item.planned_ms.assign(100, 10 * kHour);
    input.items.push_back(item);
  }
  input.items[0].needs = {{1, 1, 1}};
  input.orders = {{"W1", 0, 5 * kMicro, 5 * kMicro, 500, 10, ""}, {"W1/B", 1, 5 * kMicro, 5 * kMicro, 500, 10, "W1"}};
  return input;
}

Schedule With(const std::vector<WhatIfChange>& changes) {
  const Result<ScheduleInput> changed = ApplyChanges(Picture(), changes);
  EXPECT_TRUE(changed.has_value()) << changed.error().message;
  return MakeSchedule(*changed);
}

std::optional<int32_t> Finish(const std::vector<WhatIfChange>& changes, const std::string& code = "W1") {
  return With(changes).Find(code)->finish_day;
}

AddedOrder Rush() { return {"RUSH", "A", 7 * kMicro, kRushPriority, kToday + 20}; }

TEST(WhatIf, ARushOrderGoesFirstAndShowsWhatItBreaks) {
  ASSERT_EQ(MakeSchedule(Picture()).Find("W1")->finish_day, 5);
  const ScheduleInput before = Picture();
  const ScheduleInput after = *ApplyChanges(before, {Rush()});
  const PlanComparison comparison = ComparePlans(before, MakeSchedule(before), after, MakeSchedule(after), 10);
  ASSERT_EQ(comparison.orders.size(), 3U);
  EXPECT_EQ(comparison.orders[0].code, "RUSH");
  EXPECT_FALSE(comparison.orders[0].before);
  EXPECT_EQ(comparison.orders[0].finish_after, 7);
  EXPECT_EQ(comparison.orders[1].code, "W1");
  EXPECT_EQ(comparison.orders[1].finish_before, 5);
  EXPECT_EQ(comparison.orders[1].finish_after, 12);
  EXPECT_TRUE(comparison.orders[1].BecomesLate());
  ASSERT_EQ(comparison.groups.size(), 2U);
  EXPECT_EQ(comparison.groups[0].before.booked_ms, 50 * kHour);
  EXPECT_EQ(comparison.groups[0].after.booked_ms, 100 * kHour);
}

TEST(WhatIf, MoreLinesAnotherShiftAndASupplyMakeItEarlier) {
  EXPECT_EQ(Finish({AddedLines{"A", 1, kToday}}), 5) << "A waits for B";
  EXPECT_EQ(Finish({AddedLines{"A", 1, kToday}, AddedLines{"B", 1, kToday}}), 3);
  EXPECT_EQ(Finish({AddedShift{"A", 36'000, kToday, kToday + 99}, AddedShift{"B", 36'000, kToday, kToday + 99}}), 3);
  EXPECT_EQ(Finish({AddedLines{"A", 4, kToday}, AddedSupply{"B", 5 * kMicro, kToday + 1}, RemovedOrder{"W1/B"}}), 1);
}

TEST(WhatIf, FewerLinesAShutdownAndAWorseYieldMakeItLater) {
  EXPECT_EQ(Finish({AddedLines{"A", -1, kToday}}), std::nullopt) << "no line, no date";
  EXPECT_EQ(Finish({AddedShutdown{"", kToday + 2, kToday + 4}}), 8);
  EXPECT_EQ(Finish({AddedShutdown{"B", kToday + 2, kToday + 4}}), 8);
  EXPECT_EQ(Finish({ChangedYield{"A", 0.5, kToday}}), 10) << "two started for each good one";
}

TEST(WhatIf, AShiftFillsNoDayBeyond24HoursAndNoDayOffUnlessAsked) {
  ScheduleInput picture = Picture();
  picture.items[0].planned_ms[1] = 0;
  const AddedShift shift{"A", 86'400, kToday, kToday + 1};
  EXPECT_THAT(ApplyChanges(picture, {shift})->items[0].planned_ms[0], 24 * kHour);
  EXPECT_THAT(ApplyChanges(picture, {shift})->items[0].planned_ms[1], 0);
  AddedShift all = shift;
  all.also_days_off = true;
  EXPECT_THAT(ApplyChanges(picture, {all})->items[0].planned_ms[1], 24 * kHour);
}

TEST(WhatIf, ACancelledOrderTakesWhatIsBelowItAlong) {
  const ScheduleInput changed = *ApplyChanges(Picture(), {RemovedOrder{"W1"}});
  EXPECT_TRUE(changed.orders.empty());
  const PlanComparison comparison = ComparePlans(Picture(), MakeSchedule(Picture()), changed, MakeSchedule(changed), 50);
  ASSERT_EQ(comparison.orders.size(), 2U);
  EXPECT_FALSE(comparison.orders[0].after);
}

TEST(WhatIf, AYieldChangesWhatEachUnitTakesButNeverBelowTheBill) {
  ScheduleInput picture = Picture();
  picture.items[0].final_yield = 0.8;
  picture.items[0].needs[0].gross = 1.25;
  EXPECT_DOUBLE_EQ(ApplyChanges(picture, {ChangedYield{"A", 0.5, kToday}})->items[0].needs[0].gross, 2);
  EXPECT_DOUBLE_EQ(ApplyChanges(picture, {ChangedYield{"A", 1, kToday}})->items[0].needs[0].gross, 1);
}

std::string Refused(const std::vector<WhatIfChange>& changes) {
  const Result<ScheduleInput> changed = ApplyChanges(Picture(), changes);
  if (changed) return "OK";
  return std::string(NameOf(changed.error().reason)) + " " + changed.error().metadata.at("field");
}

TEST(WhatIf, RefusesByNameAndField) {
  EXPECT_EQ(Refused({}), "FIELD_REQUIRED changes");
  EXPECT_EQ(Refused(std::vector<WhatIfChange>(kMaxWhatIfChanges + 1, RemovedOrder{"W1"})), "LIMIT_EXCEEDED changes");
  EXPECT_EQ(Refused({AddedLines{"A", 1, kToday}, AddedLines{"NONE", 1, kToday}}), "PRODUCT_UNKNOWN changes[1].product_code");
  EXPECT_EQ(Refused({AddedLines{"A", 0, kToday}}), "FIELD_REQUIRED changes[0].lines");
  EXPECT_EQ(Refused({AddedLines{"A", -2, kToday}}), "LIMIT_EXCEEDED changes[0].lines");
  EXPECT_EQ(Refused({AddedLines{"A", 1, kToday - 1}}), "DATE_PAST changes[0].from_day");
  EXPECT_EQ(Refused({AddedLines{"A", 1, kToday + 100}}), "FIELD_INVALID changes[0].from_day");
  EXPECT_EQ(Refused({AddedShift{"A", 0, kToday, kToday}}), "FIELD_REQUIRED changes[0].seconds_per_day");
  EXPECT_EQ(Refused({AddedShift{"A", 86'401, kToday, kToday}}), "LIMIT_EXCEEDED changes[0].seconds_per_day");
  EXPECT_EQ(Refused({AddedShutdown{"", kToday + 2, kToday + 1}}), "FIELD_INVALID changes[0].last_day");
  EXPECT_EQ(Refused({ChangedYield{"A", 1.01, kToday}}), "FIELD_INVALID changes[0].final_yield");
  EXPECT_EQ(Refused({ChangedYield{"A", 1, kToday}}), "FIELD_REQUIRED changes[0].final_yield");
  EXPECT_EQ(Refused({AddedSupply{"NONE", kMicro, kToday}}), "MATERIAL_UNKNOWN changes[0].material_code");
  EXPECT_EQ(Refused({AddedSupply{"B", kMicro / 2, kToday}}), "QUANTITY_INVALID changes[0].quantity.value");
  EXPECT_EQ(Refused({AddedSupply{"B", kMicro, kToday - 1}}), "DATE_PAST changes[0].day");
  EXPECT_EQ(Refused({RemovedOrder{"NONE"}}), "WORK_ORDER_UNKNOWN changes[0].work_order_code");
  EXPECT_EQ(Refused({AddedOrder{"W1", "A", kMicro, 0, {}}}), "WORK_ORDER_EXISTS changes[0].work_order_code");
  EXPECT_EQ(Refused({AddedOrder{"X", "A", 0, 0, {}}}), "QUANTITY_INVALID changes[0].quantity.value");
  EXPECT_EQ(Refused({AddedOrder{"X", "A", kMicro, 1'002, {}}}), "LIMIT_EXCEEDED changes[0].priority");
  EXPECT_EQ(Refused({AddedOrder{"X", "A", kMicro, 0, kToday - 1}}), "DATE_PAST changes[0].due_day");
}

}  // namespace
}  // namespace mes::domain
