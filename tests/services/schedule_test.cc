#include "services/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "domain/calendar.h"
#include "tests/support/reference_picture.h"

namespace mes::services {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// 2026-11-24 10:00 in the plant.
const domain::Time kNow = domain::Time(std::chrono::hours(24) * domain::DayOf(2026, 11, 24) + std::chrono::hours(2));

class ScheduleServiceTest : public testing::Test {
 protected:
  // The plant is loaded once; each test has orders of its own.
  static void SetUpTestSuite() { picture_ = std::make_unique<tests::ReferencePicture>(kNow); }
  static void TearDownTestSuite() { picture_.reset(); }
  void SetUp() override {
    picture_->database().Query(
        "delete from work_order; delete from line_output; delete from line_output_month; delete from supply; select 1");
  }

  // These tests are about lines and orders: bought material is there, unless a test says otherwise.
  static v1::ScheduleOptions* WithParts(v1::ScheduleOptions* options) {
    if (!options->has_assumed_lead_days()) options->set_assumed_lead_days(0);
    return options;
  }
  v1::ScheduleResponse Plan(v1::ScheduleRequest request = {}) {
    v1::ScheduleResponse response;
    WithParts(request.mutable_options());
    const domain::Status status = picture_->Ask(Schedule, request, response);
    EXPECT_TRUE(status.has_value()) << status.error().message;
    return response;
  }
  v1::WhatIfResponse Imagine(v1::WhatIfRequest request) {
    v1::WhatIfResponse response;
    WithParts(request.mutable_options());
    const domain::Status status = picture_->Ask(WhatIf, request, response);
    EXPECT_TRUE(status.has_value()) << status.error().message;
    return response;
  }
  template <typename Handler, typename Request, typename Response>
  std::string Refused(Handler handler, const Request& request, Response response) {
    const domain::Status status = picture_->Ask(handler, request, response);
    if (status) return "OK";
    return std::string(domain::NameOf(status.error().reason)) + " " + status.error().metadata.at("field");
  }
  static v1::WhatIfRequest Trucks(int count, const std::string& due) {
    v1::WhatIfRequest request;
    v1::AddedOrder& order = *request.add_changes()->mutable_add_order();
    order.set_product_code("VEH-TRK-BEV");
    order.mutable_quantity()->set_value(std::to_string(count));
    order.mutable_quantity()->set_uom("pc");
    order.set_priority(500);
    order.set_due_day(due);
    return request;
  }
  static v1::PromiseRequest PromiseOf(const std::string& product, const std::string& quantity) {
    v1::PromiseRequest request;
    WithParts(request.mutable_options());
    request.set_product_code(product);
    request.mutable_quantity()->set_value(quantity);
    request.mutable_quantity()->set_uom("pc");
    return request;
  }
  static const v1::GroupChange& GroupOf(const v1::WhatIfResponse& response, const std::string& code) {
    for (const v1::GroupChange& group : response.groups()) {
      if (group.after().code() == code) return group;
    }
    throw std::invalid_argument(code);
  }
  template <typename Messages>
  static std::vector<std::string> Kinds(const Messages& gaps) {
    std::vector<std::string> kinds;
    for (const auto& gap : gaps) kinds.push_back(gap.kind() + " " + gap.code());
    return kinds;
  }

  static std::unique_ptr<tests::ReferencePicture> picture_;
};

std::unique_ptr<tests::ReferencePicture> ScheduleServiceTest::picture_;

TEST_F(ScheduleServiceTest, ThePlannersQuestionIsAnsweredByOneCall) {
  const v1::WhatIfResponse answer = Imagine(Trucks(500, "2027-09-30"));
  EXPECT_TRUE(answer.feasible());
  EXPECT_THAT(answer.verdict(),
              AllOf(StartsWith("yes: WHAT-IF-1 is done on "), HasSubstr("due 2027-09-30"), HasSubstr("no order becomes late")));
  ASSERT_EQ(answer.added_size(), 1);
  EXPECT_FALSE(answer.added(0).finish_day().empty());
  std::vector<std::string> components;
  for (const v1::ScheduledOrder& component : answer.components()) {
    components.push_back(component.product_code());
    EXPECT_TRUE(component.implied());
    EXPECT_LE(component.finish_day(), answer.added(0).finish_day()) << component.product_code();
  }
  EXPECT_THAT(components,
              testing::UnorderedElementsAre("BSYS-TRK-423", "PACK-TRK-70", "MOD-TRK-24S", "CELL-LFP-228", "ELC-A", "ELC-C"));
  EXPECT_GE(GroupOf(answer, "BSYS-TRK-423").after().needed().value(), "500") << "through the bill of materials";
  EXPECT_EQ(answer.until_day(), "2027-09-30");
  EXPECT_THAT(Kinds(answer.gaps()), Contains("calendar 2027")) << "next year's days off are not published";
}

TEST_F(ScheduleServiceTest, WhatBreaksIsNamed) {
  // The cells' lines have nearly all they can do until autumn: some 34,000 cells a day, 96 for a box.
  picture_->AddOrder("PACKS", "PACK-TRK-70", 94'000, 400, "2027-09-30");
  picture_->AddOrder("SYSTEMS", "BSYS-TRK-423", 60, 600, "2027-10-15");
  v1::WhatIfRequest request = Trucks(2'200, "2027-09-30");
  request.mutable_changes(0)->mutable_add_order()->set_rush(true);
  const v1::WhatIfResponse answer = Imagine(request);
  EXPECT_FALSE(answer.feasible());
  EXPECT_THAT(answer.verdict(),
              AllOf(StartsWith("no: "), HasSubstr("PACKS"), HasSubstr("asked for more than 100 % by 2027-09-30: CELL-LFP-228")));
  EXPECT_GE(answer.becoming_late(), 1);
  EXPECT_EQ(answer.orders(0).work_order_code(), "PACKS");
  EXPECT_TRUE(answer.orders(0).late_after() && !answer.orders(0).late_before());
  EXPECT_LT(answer.orders(0).finish_before(), answer.orders(0).finish_after());
  const v1::GroupChange& cells = GroupOf(answer, "CELL-LFP-228");
  EXPECT_TRUE(cells.over());
  EXPECT_LE(cells.before().needed_share(), 1);
  EXPECT_GT(cells.after().needed_share(), 1);
  EXPECT_LE(cells.after().booked_share(), 1) << "asked for, not booked";
  EXPECT_NE(cells.after().short_by().value(), "0");
}

TEST_F(ScheduleServiceTest, StacksThatAreShortAreToldAndASupplyHelps) {
  v1::WhatIfRequest request;
  v1::AddedOrder& order = *request.add_changes()->mutable_add_order();
  order.set_product_code("FCS-120");
  order.mutable_quantity()->set_value("3000");
  order.mutable_quantity()->set_uom("pc");
  order.set_due_day("2027-04-30");
  const v1::WhatIfResponse alone = Imagine(request);
  EXPECT_FALSE(alone.feasible()) << "five months of own stacks are 2,500";
  EXPECT_THAT(alone.verdict(), HasSubstr("STK-148"));
  EXPECT_TRUE(GroupOf(alone, "STK-148").over());
  v1::AddedSupply& supply = *request.add_changes()->mutable_add_supply();
  supply.set_material_code("STK-148");
  supply.mutable_quantity()->set_value("1500");
  supply.mutable_quantity()->set_uom("pc");
  supply.set_day("2027-01-15");
  const v1::WhatIfResponse supplied = Imagine(request);
  EXPECT_TRUE(supplied.feasible()) << supplied.verdict();
  EXPECT_FALSE(GroupOf(supplied, "STK-148").over());
}

TEST_F(ScheduleServiceTest, NothingIsWritten) {
  picture_->AddOrder("W1", "BSYS-TRK-423", 100, 500, "2027-03-31");
  const std::string before = picture_->Fingerprint();
  EXPECT_THAT(before, HasSubstr("work_order "));
  Imagine(Trucks(500, "2027-09-30"));
  Plan();
  v1::PromiseResponse promise;
  EXPECT_TRUE(picture_->Ask(Promise, PromiseOf("VEH-TRK-BEV", "5"), promise).has_value());
  v1::ForecastResponse forecast;
  v1::ForecastRequest few;
  few.set_runs(100);
  EXPECT_TRUE(picture_->Ask(Forecast, few, forecast).has_value());
  EXPECT_EQ(picture_->Fingerprint(), before);
}

TEST_F(ScheduleServiceTest, RefusesWhatIfsByName) {
  const auto refused = [&](const v1::WhatIfRequest& request) { return Refused(WhatIf, request, v1::WhatIfResponse()); };
  EXPECT_EQ(refused({}), "FIELD_REQUIRED changes");
  v1::WhatIfRequest empty;
  empty.add_changes();
  EXPECT_EQ(refused(empty), "FIELD_REQUIRED changes[0]");
  v1::WhatIfRequest request = Trucks(500, "2027-09-30");
  request.mutable_changes(0)->mutable_add_order()->set_product_code("NO-SUCH");
  EXPECT_EQ(refused(request), "PRODUCT_UNKNOWN changes[0].product_code");
  EXPECT_EQ(refused(Trucks(500, "2026-11-23")), "DATE_PAST changes[0].due_day");
  EXPECT_EQ(refused(Trucks(500, "soon")), "FIELD_INVALID changes[0].due_day");
  EXPECT_EQ(refused(Trucks(0, "2027-09-30")), "QUANTITY_INVALID changes[0].quantity.value");
  request = Trucks(1, "2027-09-30");
  request.mutable_changes(0)->mutable_add_order()->mutable_quantity()->set_uom("kg");
  EXPECT_EQ(refused(request), "UOM_MISMATCH changes[0].quantity.uom");
  request = Trucks(1, "2027-09-30");
  request.mutable_options()->set_horizon_days(1'828);
  EXPECT_EQ(refused(request), "LIMIT_EXCEEDED options.horizon_days");
  request.mutable_options()->set_horizon_days(30);
  EXPECT_EQ(refused(request), "FIELD_INVALID changes[0].due_day") << "beyond the horizon";
  v1::WhatIfRequest shutdown;
  shutdown.add_changes()->mutable_add_shutdown()->set_from_day("2027-01-04");
  EXPECT_EQ(refused(shutdown), "FIELD_REQUIRED changes[0].last_day");
  v1::WhatIfRequest cancel;
  cancel.add_changes()->mutable_remove_order()->set_work_order_code("NONE");
  EXPECT_EQ(refused(cancel), "WORK_ORDER_UNKNOWN changes[0].work_order_code");
  v1::WhatIfRequest supply;
  WithParts(supply.mutable_options());
  supply.add_changes()->mutable_add_supply()->set_material_code("RM-LFP");
  supply.mutable_changes(0)->mutable_add_supply()->mutable_quantity()->set_value("1");
  supply.mutable_changes(0)->mutable_add_supply()->mutable_quantity()->set_uom("kg");
  supply.mutable_changes(0)->mutable_add_supply()->set_day("2027-01-01");
  EXPECT_EQ(refused(supply), "MATERIAL_UNKNOWN changes[0].material_code") << "nobody ever told of a supply of it";
}

TEST_F(ScheduleServiceTest, TellsWhenOpenOrdersAreDoneAndHowFullLinesAre) {
  picture_->AddOrder("LATE", "STK-148", 100, 500, "2026-11-25");
  picture_->AddOrder("FINE", "BSYS-TRK-423", 10, 500, "2027-06-30");
  picture_->AddOrder("FINE/P", "PACK-TRK-70", 60, 500, "2027-06-30", "FINE");
  const v1::ScheduleResponse plan = Plan();
  EXPECT_EQ(plan.first_day(), "2026-11-24");
  EXPECT_EQ(plan.until_day(), "2026-12-31");
  EXPECT_EQ(plan.orders_total(), 3);
  EXPECT_EQ(plan.late_total(), 1);
  ASSERT_EQ(plan.orders_size(), 3);
  EXPECT_TRUE(plan.complete());
  for (const v1::ScheduledOrder& order : plan.orders()) {
    EXPECT_EQ(order.late(), order.work_order_code() == "LATE");
    EXPECT_EQ(
        std::count_if(order.binding().begin(), order.binding().end(), [](const v1::BindingStep& step) { return step.binds(); }),
        1);
  }
  EXPECT_FALSE(plan.groups().empty());
  v1::ScheduleRequest request;
  request.set_limit(1);
  EXPECT_FALSE(Plan(request).complete());
  request.set_limit(0);
  request.set_late_only(true);
  request.set_with_days(true);
  EXPECT_EQ(Plan(request).orders_size(), 1);
  const v1::ScheduleResponse late = Plan(request);
  for (const v1::LineGroupLoad& group : late.groups()) {
    int64_t booked = 0;
    for (const v1::DayLoad& day : group.days()) {
      EXPECT_LE(day.booked_seconds(), day.planned_seconds()) << group.code() << " " << day.day();
      booked += day.booked_seconds();
    }
    EXPECT_GE(booked, group.booked_seconds() - group.days_size());
  }
  request.set_product_code("NO-SUCH");
  EXPECT_EQ(Refused(Schedule, request, v1::ScheduleResponse()), "PRODUCT_UNKNOWN product_code");
  v1::ScheduleRequest past;
  past.mutable_options()->set_until_day("2026-11-01");
  EXPECT_EQ(Refused(Schedule, past, v1::ScheduleResponse()), "DATE_PAST options.until_day");
}

TEST_F(ScheduleServiceTest, OrdersThatAreNotReleasedCountUnlessLeftOut) {
  picture_->AddOrder("NEW", "BSYS-TRK-423", 10, 500, "2027-06-30");
  picture_->AddOrder("HELD", "BSYS-TRK-423", 10, 500, "2027-06-30");
  picture_->database().Query("update work_order set state = case code when 'NEW' then 1 else 4 end; select 1");
  const v1::ScheduleResponse all = Plan();
  EXPECT_EQ(all.orders_total(), 2);
  EXPECT_THAT(Kinds(all.gaps()), Contains("order HELD"));
  v1::ScheduleRequest released;
  released.mutable_options()->set_released_only(true);
  EXPECT_EQ(Plan(released).orders_total(), 1);
}

TEST_F(ScheduleServiceTest, BoughtMaterialThatNobodyAnnouncedIsNotTakenAsThere) {
  picture_->AddOrder("STACKS", "STK-148", 10, 500, "2027-01-15");
  v1::ScheduleRequest request;
  const auto plan = [&](std::optional<int32_t> days) {
    request.clear_options();
    if (days) request.mutable_options()->set_assumed_lead_days(*days);
    v1::ScheduleResponse response;
    const domain::Status status = picture_->Ask(Schedule, request, response);
    EXPECT_TRUE(status.has_value()) << status.error().message;
    return response;
  };
  const v1::ScheduleResponse there = plan(0), assumed = plan(std::nullopt);
  EXPECT_FALSE(there.orders(0).late());
  EXPECT_TRUE(assumed.orders(0).late());
  EXPECT_GE(assumed.orders(0).finish_day(), "2027-02-22") << "90 days after the day of the question";
  std::string gaps, binding;
  for (const v1::ScheduleGap& gap : assumed.gaps()) gaps += gap.sentence() + "\n";
  EXPECT_THAT(gaps, HasSubstr("no supply is announced: what does not lie in stock is taken to come on 2027-02-22, after 90 days"));
  for (const v1::BindingStep& step : assumed.orders(0).binding()) binding += step.binds() ? step.sentence() : "";
  EXPECT_THAT(binding, HasSubstr(" (no supply announced) is taken to come on 2027-02-22"));
  EXPECT_TRUE(plan(1'827).orders(0).finish_day().empty()) << "nothing comes within the horizon: no date";
  request.mutable_options()->set_assumed_lead_days(-1);
  EXPECT_EQ(Refused(Schedule, request, v1::ScheduleResponse()), "LIMIT_EXCEEDED options.assumed_lead_days");
}

TEST_F(ScheduleServiceTest, AnOverdueSupplyIsNotCountedAndSaid) {
  picture_->database().Query(
      "insert into supply (material_id, quantity_micro, day, supplier, person, record_time) select material_id, 5000000, " +
      std::to_string(domain::DayOf(2026, 11, 1)) + ", 'SinoStack', 'li', now() from material where code = 'STK-148'; select 1");
  EXPECT_THAT(Kinds(Plan().gaps()), Contains("supply STK-148"));
}

TEST_F(ScheduleServiceTest, APromiseIsTheDateThatTheOrderGets) {
  picture_->AddOrder("BEFORE", "STK-148", 700, 10, "2027-01-31");
  v1::PromiseResponse promise;
  ASSERT_TRUE(picture_->Ask(Promise, PromiseOf("FCS-240", "50"), promise).has_value());
  EXPECT_TRUE(promise.possible());
  EXPECT_THAT(promise.components(), Not(IsEmpty()));
  bool binds = false;
  for (const v1::BindingStep& step : promise.order().binding()) binds = binds || (step.binds() && step.code() != "FCS-240");
  EXPECT_TRUE(binds) << "stacks are full, and what goes into them";
  const std::string before = Plan().orders(0).finish_day();

  picture_->AddOrder("TAKEN", "FCS-240", 50, 1'000, "");
  v1::ScheduleRequest request;
  request.set_product_code("FCS-240");
  EXPECT_EQ(Plan(request).orders(0).finish_day(), promise.order().finish_day());
  EXPECT_EQ(Plan().orders(0).finish_day(), before) << "nothing that was planned moved";
}

TEST_F(ScheduleServiceTest, APromiseThatComesTooLateIsNotPossibleAndRefusalsNameTheField) {
  v1::PromiseRequest request = PromiseOf("VEH-TRK-BEV", "40");
  request.set_wanted_day("2026-11-27");
  v1::PromiseResponse promise;
  ASSERT_TRUE(picture_->Ask(Promise, request, promise).has_value());
  EXPECT_FALSE(promise.possible()) << "cells take 13 days";
  EXPECT_TRUE(promise.order().late());
  request.set_wanted_day("2026-11-23");
  EXPECT_EQ(Refused(Promise, request, promise), "DATE_PAST wanted_day");
  EXPECT_EQ(Refused(Promise, PromiseOf("NO-SUCH", "1"), promise), "PRODUCT_UNKNOWN product_code");
  EXPECT_EQ(Refused(Promise, PromiseOf("", "1"), promise), "FIELD_REQUIRED product_code");
  EXPECT_EQ(Refused(Promise, PromiseOf("VEH-TRK-BEV", "0"), promise), "QUANTITY_INVALID quantity.value");
  EXPECT_EQ(Refused(Promise, PromiseOf("VEH-TRK-BEV", "0.5"), promise), "QUANTITY_INVALID quantity.value");
}

class ForecastServiceTest : public ScheduleServiceTest {
 protected:
  v1::ForecastResponse Ask(const v1::ForecastRequest& request) {
    v1::ForecastResponse response;
    const domain::Status status = picture_->Ask(Forecast, request, response);
    EXPECT_TRUE(status.has_value()) << status.error().message;
    return response;
  }
  static v1::ForecastRequest Few() {
    v1::ForecastRequest request;
    request.set_runs(200);
    return request;
  }
  static const v1::OutputForecast& Of(const google::protobuf::RepeatedPtrField<v1::OutputForecast>& list,
                                      const std::string& code) {
    for (const v1::OutputForecast& output : list) {
      if (output.code() == code) return output;
    }
    throw std::invalid_argument(code);
  }
  // 15 stacks and a scrapped one on each of the last 60 days, and what was made before.
  void Record() {
    const std::string days = std::to_string(domain::DayOf(2026, 11, 24));
    picture_->database().Query(
        "insert into line_output select m.material_id, d, 1, 16000000, 12000000 + d % 5 * 1500000, 1000000, 0, 0, 0 from material m, "
        "generate_series(" +
        days + " - 60, " + days +
        " - 1) d where m.code = 'STK-148'; "
        "insert into line_output_month select material_id, 2026 * 12 + 9, 1, 0, 4500000000, 0, 0, 0, 0 from material where code = "
        "'STK-148'; select 1");
  }
};

TEST_F(ForecastServiceTest, DrawsFromTheRecordAndTellsItsSeed) {
  Record();
  v1::ForecastRequest request = Few();
  request.set_seed(42);
  const v1::ForecastResponse forecast = Ask(request);
  EXPECT_EQ(forecast.seed(), 42U);
  EXPECT_EQ(forecast.year(), 2026);
  EXPECT_EQ(forecast.first_day(), "2026-11-25");
  const v1::OutputForecast& stacks = Of(forecast.products(), "STK-148");
  EXPECT_TRUE(stacks.demonstrated());
  EXPECT_EQ(stacks.made(), 4'500);
  EXPECT_LT(4'500, stacks.p10());
  EXPECT_LE(stacks.p10(), stacks.p50());
  EXPECT_LE(stacks.p50(), stacks.p90());
  EXPECT_EQ(stacks.target(), 5'000) << "the plant's plan";
  EXPECT_EQ(Ask(request).SerializeAsString(), forecast.SerializeAsString()) << "the same seed, the same answer";
  request.set_seed(43);
  EXPECT_NE(Of(Ask(request).products(), "STK-148").p50(), stacks.p50());
  EXPECT_EQ(Ask(Few()).seed(), 1U);
  EXPECT_FALSE(forecast.families().empty());
}

TEST_F(ForecastServiceTest, WithoutARecordThePlanIsDrawnAndThatIsSaid) {
  v1::ForecastRequest request = Few();
  request.set_year(2027);
  const v1::ForecastResponse forecast = Ask(request);
  EXPECT_EQ(forecast.first_day(), "2027-01-01");
  EXPECT_FALSE(Of(forecast.products(), "STK-148").demonstrated());
  EXPECT_THAT(Kinds(forecast.gaps()), AllOf(Contains("calendar 2027"), Contains("record STK-148")));
}

TEST_F(ForecastServiceTest, ATargetThatIsAskedForComesFirst) {
  Record();
  v1::ForecastRequest request = Few();
  v1::ForecastTarget& target = *request.add_targets();
  target.set_product_code("STK-148");
  target.mutable_quantity()->set_value("4600");
  target.mutable_quantity()->set_uom("pc");
  const v1::OutputForecast stacks = Of(Ask(request).products(), "STK-148");
  EXPECT_EQ(stacks.target(), 4'600);
  EXPECT_EQ(stacks.reached_share(), 1);
  EXPECT_LE(stacks.reached_p10(), stacks.reached_p90());
}

TEST_F(ForecastServiceTest, RefusesByName) {
  const auto refused = [&](const v1::ForecastRequest& request) { return Refused(Forecast, request, v1::ForecastResponse()); };
  v1::ForecastRequest request;
  request.set_year(2025);
  EXPECT_EQ(refused(request), "DATE_PAST year");
  request.set_year(2032);
  EXPECT_EQ(refused(request), "FIELD_INVALID year");
  request.set_year(0);
  request.set_runs(20'001);
  EXPECT_EQ(refused(request), "LIMIT_EXCEEDED runs");
  request.set_runs(99);
  EXPECT_EQ(refused(request), "LIMIT_EXCEEDED runs");
  request.set_runs(100);
  request.set_history_days(367);
  EXPECT_EQ(refused(request), "LIMIT_EXCEEDED history_days");
  request.set_history_days(0);
  request.add_targets()->set_product_code("NO-SUCH");
  EXPECT_EQ(refused(request), "PRODUCT_UNKNOWN targets[0].product_code");
}

}  // namespace
}  // namespace mes::services
