#include "domain/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <numeric>

#include "domain/quantity.h"
#include "domain/what_if.h"

namespace mes::domain {
namespace {

using testing::ElementsAre;

constexpr int64_t kHour = 3'600'000;

ScheduleItem Group(const std::string& code, double seconds_per_good, int32_t days, int64_t planned_ms,
                   int32_t residence_days = 0) {
  ScheduleItem item;
  item.code = code;
  item.uom = "pc";
  if (seconds_per_good > 0) item.rates = {{0, seconds_per_good}};
  item.residence_days = residence_days;
  item.planned_ms.assign(static_cast<size_t>(days), planned_ms);
  return item;
}

ScheduleOrder Order(const std::string& code, int32_t item, int64_t pieces, int32_t priority = 500,
                    std::optional<int32_t> due_day = std::nullopt, const std::string& parent = "") {
  return {code, item, pieces * kMicro, pieces * kMicro, priority, due_day, parent};
}

// PACK (10 h of 20 h a day: two a day) takes 4 MOD (1 h each: 20 a day), which takes 24 CELL (60 s each: 1,200 a day, 13 days).
ScheduleInput Plant(int32_t days = 200) {
  ScheduleInput input;
  input.days = days;
  input.items = {Group("PACK", 36'000, days, 20 * kHour), Group("MOD", 3'600, days, 20 * kHour),
                 Group("CELL", 60, days, 20 * kHour, 13)};
  input.items[0].needs = {{1, 4, 4}};
  input.items[1].needs = {{2, 24, 24}};
  return input;
}

const PlannedOrder& Entry(const Schedule& schedule, const std::string& code) {
  for (const PlannedOrder& planned : schedule.planned) {
    if (planned.code == code) return planned;
  }
  throw std::invalid_argument(code);
}

// `CELL residence 0-13`, and what binds in brackets.
std::vector<std::string> Path(const ScheduleInput& input, const Schedule& schedule, const std::string& code) {
  constexpr const char* kNames[] = {"", "nothing", "line", "residence", "supply", "shortage", "no capacity"};
  const BindingPath path = BindingOf(input, schedule, Entry(schedule, code));
  std::vector<std::string> steps;
  for (size_t i = 0; i < path.steps.size(); ++i) {
    const Binding& step = path.steps[i];
    std::string text = input.items[static_cast<size_t>(step.item)].code + " " + kNames[static_cast<size_t>(step.kind)] + " " +
                       std::to_string(step.from_day) + "-" + std::to_string(step.until_day);
    steps.push_back(i == path.binds ? "[" + text + "]" : text);
  }
  return steps;
}

TEST(Schedule, ComponentsComeFirstAndResideBeforeTheyCount) {
  ScheduleInput input = Plant();
  input.orders = {Order("P", 0, 4, 500, 30)};
  const Schedule schedule = MakeSchedule(input);
  // 384 cells on day 0 are there on day 14; 16 modules on day 14, there on 15; packs on 15 and 16.
  EXPECT_EQ(Entry(schedule, "P/CELL").begin_day, 0);
  EXPECT_EQ(Entry(schedule, "P/CELL").finish_day, 13);
  EXPECT_EQ(Entry(schedule, "P/MOD").begin_day, 14);
  EXPECT_EQ(Entry(schedule, "P/MOD").finish_day, 14);
  EXPECT_EQ(Entry(schedule, "P").begin_day, 15);
  EXPECT_EQ(Entry(schedule, "P").finish_day, 16);
  EXPECT_FALSE(Entry(schedule, "P").Late());
  EXPECT_EQ(schedule.booked_ms[0][15], 20 * kHour);
  EXPECT_EQ(schedule.booked_ms[1][14], 16 * kHour);
  EXPECT_THAT(Path(input, schedule, "P"), ElementsAre("PACK line 15-16", "[CELL residence 0-13]"));
}

TEST(Schedule, ALongOrderFlowsInsteadOfWaitingForItsLastComponent) {
  ScheduleInput input = Plant();
  input.orders = {Order("P", 0, 100)};
  const Schedule schedule = MakeSchedule(input);
  EXPECT_EQ(Entry(schedule, "P/CELL").finish_day, 7 + 13) << "9,600 cells, 1,200 a day";
  EXPECT_EQ(Entry(schedule, "P").begin_day, 15) << "while cells are still being made";
  EXPECT_EQ(Entry(schedule, "P").finish_day, 15 + 49);
  EXPECT_THAT(Path(input, schedule, "P"), ElementsAre("[PACK line 15-64]", "CELL residence 0-13"));
  input.items[2].rates[0].seconds_per_good = 600;
  EXPECT_THAT(Path(input, MakeSchedule(input), "P"), ElementsAre("CELL residence 79-92", "[CELL line 0-79]"))
      << "packs and modules use what there is of cells every day";
}

TEST(Schedule, OrdersGoByPriorityThenDueDateThenCode) {
  ScheduleInput input;
  input.days = 50;
  input.items = {Group("A", 36'000, 50, 10 * kHour)};
  input.orders = {Order("D", 0, 1, 2, std::nullopt), Order("C", 0, 1, 2, 9), Order("B", 0, 1, 2, 5), Order("E", 0, 1, 1, 40),
                  Order("A", 0, 1, 2, 9)};
  const Schedule schedule = MakeSchedule(input);
  std::vector<std::string> codes;
  for (const PlannedOrder& planned : schedule.planned) codes.push_back(planned.code + std::to_string(*planned.finish_day));
  EXPECT_THAT(codes, ElementsAre("E0", "B1", "A2", "C3", "D4"));
}

TEST(Schedule, AnOrdersOwnComponentOrdersCoverItAndKeepTheirNames) {
  ScheduleInput input = Plant();
  input.orders = {Order("P", 0, 2), Order("P/M", 1, 8, 500, std::nullopt, "P"), Order("P/C", 2, 192, 500, std::nullopt, "P/M")};
  const Schedule schedule = MakeSchedule(input);
  ASSERT_EQ(schedule.planned.size(), 3U) << "nothing is made besides";
  EXPECT_EQ(schedule.planned[0].code, "P/C");
  EXPECT_EQ(schedule.planned[2].code, "P");
  EXPECT_EQ(Entry(schedule, "P").finish_day, 15);
}

TEST(Schedule, ScrapTakesLineTimeButHoldsNobodyUpWhoseBillIsCovered) {
  ScheduleInput input = Plant();
  input.items[0].needs[0].gross = 4.1;
  input.orders = {Order("P", 0, 2), Order("P/M", 1, 8, 500, std::nullopt, "P")};
  const Schedule schedule = MakeSchedule(input);
  EXPECT_EQ(Entry(schedule, "P/MOD").quantity_micro, 200'000) << "0.2 of a module for scrap";
  EXPECT_EQ(Entry(schedule, "P").finish_day, 15);
  const int64_t booked = std::accumulate(schedule.booked_ms[1].begin(), schedule.booked_ms[1].end(), int64_t{0});
  EXPECT_EQ(booked, 8 * kHour + kHour / 5);
}

TEST(Schedule, WhatIsOnItsWayNeedsNoComponentsButAllItsLineTime) {
  ScheduleInput input = Plant();
  input.orders = {Order("P", 0, 4)};
  input.orders[0].to_start_micro = 0;
  const Schedule schedule = MakeSchedule(input);
  EXPECT_EQ(schedule.planned.size(), 1U);
  EXPECT_EQ(Entry(schedule, "P").finish_day, 1);
}

TEST(Schedule, BoughtComponentsComeBySupplyOnly) {
  ScheduleInput input;
  input.days = 100;
  input.items = {Group("FCS", 3'600, 100, 20 * kHour), {}};
  input.items[1].code = "PLATE";
  input.items[1].made = false;
  input.items[0].needs = {{1, 2, 2}};
  input.supplies = {{1, 30, 10 * kMicro, ""}, {1, 10, 6 * kMicro, ""}, {1, 0, 2 * kMicro, "OTHER"}};
  input.orders = {Order("F", 0, 5, 1)};
  Schedule schedule = MakeSchedule(input);
  EXPECT_EQ(Entry(schedule, "F").begin_day, 10) << "what is another tree's is not taken";
  EXPECT_EQ(Entry(schedule, "F").finish_day, 30);
  EXPECT_THAT(Path(input, schedule, "F"), ElementsAre("[PLATE supply 0-30]"));
  EXPECT_THAT(schedule.supply_left_micro, ElementsAre(6 * kMicro, 0, 2 * kMicro));

  input.orders.push_back(Order("G", 0, 5, 2, 60));
  schedule = MakeSchedule(input);
  const PlannedOrder& short_of = Entry(schedule, "G");
  EXPECT_EQ(short_of.finish_day, std::nullopt);
  EXPECT_EQ(short_of.begin_day, 30) << "what there is is used";
  EXPECT_TRUE(short_of.Late());
  EXPECT_EQ(short_of.stop.kind, BindingKind::kShortage);
  EXPECT_EQ(short_of.stop.missing_micro, 4 * kMicro);
  EXPECT_THAT(Path(input, schedule, "G"), ElementsAre("[PLATE shortage 0-100]"));
  EXPECT_EQ(LoadsUntil(input, schedule, 60)[1].short_micro, 4 * kMicro);
}

TEST(Schedule, OwnStacksAndBoughtOnesTogetherAreCapacity) {
  ScheduleInput input;
  input.days = 200;
  input.items = {Group("FCS", 3'600, 200, 20 * kHour), Group("STK", 36'000, 200, 10 * kHour)};
  input.items[0].needs = {{1, 1, 1}};
  input.orders = {Order("F", 0, 20)};
  EXPECT_EQ(Entry(MakeSchedule(input), "F").finish_day, 20) << "one stack a day";
  input.supplies = {{1, 5, 10 * kMicro, ""}, {1, 150, 10 * kMicro, ""}};
  const Schedule schedule = MakeSchedule(input);
  EXPECT_EQ(Entry(schedule, "F").finish_day, 10);
  EXPECT_EQ(Entry(schedule, "F/STK").quantity_micro, 10 * kMicro);
  EXPECT_EQ(schedule.supply_left_micro[1], 10 * kMicro) << "a supply that comes too late is left to others";
}

TEST(Schedule, ComponentOrdersThatServeNobodyAreSoldUnlessShared) {
  ScheduleInput input = Plant();
  input.items[1].needs.clear();
  input.orders = {Order("M", 1, 40, 1), Order("P", 0, 2, 2)};
  EXPECT_EQ(MakeSchedule(input).planned.size(), 3U) << "modules for P are made besides";
  input.share_component_orders = true;
  const Schedule schedule = MakeSchedule(input);
  EXPECT_EQ(schedule.planned.size(), 2U);
  EXPECT_EQ(Entry(schedule, "P").waits[0].producer, 0);
}

TEST(Schedule, WhatIsNotKnownIsNotMade) {
  ScheduleInput input = Plant();
  input.items[2].rates.clear();
  input.orders = {Order("P", 0, 2, 500, 30)};
  const Schedule schedule = MakeSchedule(input);
  EXPECT_EQ(Entry(schedule, "P").finish_day, std::nullopt);
  EXPECT_TRUE(Entry(schedule, "P").Late());
  EXPECT_THAT(Path(input, schedule, "P"), ElementsAre("MOD shortage 0-200", "CELL shortage 0-200", "[CELL no capacity 0-200]"));
}

TEST(Schedule, RampUpChangesThePaceFromItsDayOn) {
  ScheduleInput input;
  input.days = 50;
  input.items = {Group("A", 36'000, 50, 10 * kHour)};
  input.items[0].rates.push_back({3, 18'000});
  input.orders = {Order("O", 0, 7)};
  EXPECT_EQ(Entry(MakeSchedule(input), "O").finish_day, 4) << "one a day for three days, then two";
}

TEST(Schedule, NeedsBeyondTheTimeThereIsAreTold) {
  ScheduleInput input;
  input.days = 100;
  input.items = {Group("A", 36'000, 100, 10 * kHour)};
  input.orders = {Order("O", 0, 15, 500, 9), Order("LATER", 0, 15, 500, 60)};
  const ScheduleLoad load = LoadsUntil(input, MakeSchedule(input), 9)[0];
  EXPECT_EQ(load.planned_ms, 100 * kHour);
  EXPECT_EQ(load.needed_ms, 150 * kHour);
  EXPECT_EQ(load.booked_ms, 100 * kHour);
  EXPECT_EQ(load.short_micro, 5 * kMicro);
}

// Any plant of three stages, calendars with holes, orders with and without component orders.
rc::Gen<ScheduleInput> AnyInput(bool single_stage) {
  return rc::gen::exec([single_stage] {
    ScheduleInput input;
    input.days = *rc::gen::inRange(1, 60);
    for (int i = 0; i < 3; ++i) {
      ScheduleItem item = Group(std::string(1, static_cast<char>('A' + i)), 0, 0, 0, *rc::gen::inRange(0, 15));
      item.rates = {{0, static_cast<double>(*rc::gen::inRange(1, 100'000)) / 7}};
      if (*rc::gen::inRange(0, 4) == 0)
        item.rates.push_back({*rc::gen::inRange(1, 60), static_cast<double>(*rc::gen::inRange(1, 90'000)) / 3});
      item.whole = *rc::gen::inRange(0, 2) == 0;
      for (int32_t day = 0; day < input.days; ++day)
        item.planned_ms.push_back(*rc::gen::element<int64_t>(0, 1, 3'333, 57'600'000, 86'400'000));
      if (i > 0 && !single_stage) {
        const double net = static_cast<double>(*rc::gen::inRange(1, 50)) / 3;
        input.items[static_cast<size_t>(i - 1)].needs.push_back(
            {i, net, net * (1 + static_cast<double>(*rc::gen::inRange(0, 10)) / 100)});
      }
      input.items.push_back(std::move(item));
    }
    const int orders = *rc::gen::inRange(0, 25);
    for (int i = 0; i < orders; ++i) {
      ScheduleOrder order =
          Order("O" + std::to_string(i), *rc::gen::inRange(0, 3), *rc::gen::inRange(1, 400), *rc::gen::inRange(0, 4));
      if (*rc::gen::inRange(0, 2) == 0) order.due_day = *rc::gen::inRange(0, 60);
      if (i > 0 && !single_stage && *rc::gen::inRange(0, 2) == 0) order.parent = "O" + std::to_string(*rc::gen::inRange(0, i));
      order.to_start_micro = *rc::gen::inRange<int64_t>(0, order.left_micro + 1);
      input.orders.push_back(std::move(order));
    }
    const int supplies = single_stage ? 0 : *rc::gen::inRange(0, 4);
    for (int i = 0; i < supplies; ++i) {
      input.supplies.push_back(
          {*rc::gen::inRange(0, 3), *rc::gen::inRange(0, 60), *rc::gen::inRange<int64_t>(0, 1'000) * kMicro, ""});
    }
    input.share_component_orders = *rc::gen::arbitrary<bool>();
    return input;
  });
}

RC_GTEST_PROP(ScheduleProperty, NeverBooksALineGroupBeyondItsCalendar, ()) {
  const ScheduleInput input = *AnyInput(false);
  const Schedule schedule = MakeSchedule(input);
  for (size_t item = 0; item < input.items.size(); ++item) {
    for (size_t day = 0; day < static_cast<size_t>(input.days); ++day) {
      RC_ASSERT(schedule.booked_ms[item][day] >= 0);
      RC_ASSERT(schedule.booked_ms[item][day] <= input.items[item].planned_ms[day]);
    }
  }
}

RC_GTEST_PROP(ScheduleProperty, EveryOrderIsThereOnceAndMakesWhatItIsToMakeOrHasNoFinish, ()) {
  const ScheduleInput input = *AnyInput(false);
  const Schedule schedule = MakeSchedule(input);
  std::vector<int> seen(input.orders.size());
  for (const PlannedOrder& planned : schedule.planned) {
    if (planned.order >= 0) ++seen[static_cast<size_t>(planned.order)];
    const int64_t made = planned.DoneBy(INT32_MAX);
    RC_ASSERT(made <= planned.quantity_micro);
    RC_ASSERT((made == planned.quantity_micro) == planned.finish_day.has_value());
    if (planned.finish_day && !planned.output.empty()) RC_ASSERT(*planned.finish_day == planned.output.back().day);
  }
  for (const int count : seen) RC_ASSERT(count == 1);
}

// Cumulative: no parent has used more of a component by any day than was there by then, from supplies and from what was made.
RC_GTEST_PROP(ScheduleProperty, NothingIsBuiltBeforeItsComponentsAreThere, ()) {
  ScheduleInput input = *AnyInput(false);
  for (ScheduleOrder& order : input.orders) order.to_start_micro = order.left_micro;
  const Schedule schedule = MakeSchedule(input);
  for (int32_t item = 1; item < 3; ++item) {
    const ScheduleItem& parent = input.items[static_cast<size_t>(item - 1)];
    for (int32_t day = 0; day < input.days; ++day) {
      double used = 0, there = 0;
      for (const PlannedOrder& planned : schedule.planned) {
        if (planned.item == item - 1)
          used += static_cast<double>(planned.DoneBy(day + parent.residence_days)) * parent.needs[0].net;
        if (planned.item == item) there += static_cast<double>(planned.DoneBy(day - 1));
      }
      for (const ScheduleSupply& supply : input.supplies) {
        if (supply.item == item && supply.day <= day) there += static_cast<double>(supply.quantity_micro);
      }
      RC_ASSERT(used <= there + 1e-3 * static_cast<double>(kMicro));
    }
  }
}

RC_GTEST_PROP(ScheduleProperty, DoesNotDependOnTheOrderInWhichOrdersAreGiven, ()) {
  const ScheduleInput input = *AnyInput(false);
  const Schedule schedule = MakeSchedule(input);
  ScheduleInput turned = input;
  std::reverse(turned.orders.begin(), turned.orders.end());
  const Schedule again = MakeSchedule(turned);
  RC_ASSERT(schedule.booked_ms == again.booked_ms);
  RC_ASSERT(schedule.planned.size() == again.planned.size());
  for (size_t i = 0; i < schedule.planned.size(); ++i) {
    RC_ASSERT(schedule.planned[i].code == again.planned[i].code);
    RC_ASSERT(schedule.planned[i].finish_day == again.planned[i].finish_day);
  }
}

RC_GTEST_PROP(ScheduleProperty, MoreTimeNeverMakesAnOrderOfOneStageLater, ()) {
  const ScheduleInput input = *AnyInput(true);
  ScheduleInput more = input;
  const int additions = *rc::gen::inRange(1, 6);
  for (int i = 0; i < additions; ++i) {
    ScheduleItem& item = more.items[static_cast<size_t>(*rc::gen::inRange(0, 3))];
    item.planned_ms[static_cast<size_t>(*rc::gen::inRange(0, input.days))] += *rc::gen::inRange<int64_t>(0, 90'000'000);
    // With a ramp-up the same work takes longer the earlier it is begun, to the millisecond; that is another matter.
    item.rates.resize(1);
  }
  ScheduleInput same = input;
  for (size_t i = 0; i < same.items.size(); ++i) same.items[i].rates = more.items[i].rates;
  const Schedule before = MakeSchedule(same), after = MakeSchedule(more);
  for (const PlannedOrder& planned : before.planned) {
    const PlannedOrder* with_more = after.Find(planned.code);
    RC_ASSERT(with_more != nullptr);
    if (planned.finish_day) RC_ASSERT(with_more->finish_day.value_or(INT32_MAX) <= *planned.finish_day);
  }
}

RC_GTEST_PROP(ScheduleProperty, APromiseIsTheDateOfThatOrderInTheScheduleAndMovesNothing, ()) {
  ScheduleInput input = *AnyInput(false);
  input.first_day = 0;
  AddedOrder wanted;
  wanted.code = "PROMISE";
  wanted.product_code = "A";
  wanted.quantity_micro = *rc::gen::inRange<int64_t>(1, 100) * kMicro;
  wanted.priority = kPromisePriority;
  const Result<ScheduleInput> with = ApplyChanges(input, {wanted});
  RC_ASSERT(with.has_value());
  const Schedule before = MakeSchedule(input), promised = MakeSchedule(*with);
  ScheduleInput placed = input;
  placed.orders.push_back({"PROMISE", 0, wanted.quantity_micro, wanted.quantity_micro, kPromisePriority, std::nullopt, ""});
  RC_ASSERT(promised.Find("PROMISE")->finish_day == MakeSchedule(placed).Find("PROMISE")->finish_day);
  for (const PlannedOrder& planned : before.planned) {
    if (planned.order >= 0) RC_ASSERT(promised.Find(planned.code)->finish_day == planned.finish_day);
  }
}

}  // namespace
}  // namespace mes::domain
