#include "services/yield.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>

#include "db/yield_count.h"
#include "domain/limits.h"
#include "mes/v1/oee.grpc.pb.h"
#include "mes/v1/station_event.grpc.pb.h"
#include "mes/v1/yield.grpc.pb.h"
#include "tests/support/server.h"
#include "tests/support/stored_plant.h"

namespace mes::services {
namespace {

using tests::CallOnce;
using tests::FieldOf;
using tests::ReasonOf;
using tests::StoredPlant;
using v1::YieldService;

class YieldServiceTest : public testing::Test {
 protected:
  static domain::PlantDraft Plant() {
    tests::PlantBuilder builder;
    builder.operation("CELL", 10).first_pass_yield = 0.97;
    return builder.draft();
  }
  tests::TestServer server_{Plant()};
  StoredPlant plant_{server_.database()};
  std::unique_ptr<YieldService::Stub> stub_ = YieldService::NewStub(server_.channel());

  grpc::Status List(const v1::ListOperationYieldsRequest& request, v1::ListOperationYieldsResponse* response) {
    return CallOnce(*stub_, &YieldService::Stub::ListOperationYields, request, response);
  }
};

TEST_F(YieldServiceTest, ShowsCountersBesideThePlan) {
  server_.database().Query(
      "insert into work_order (code, material_id, revision_id, state, ordered_micro, priority, create_time) select 'W', "
      "material_id, "
      "revision_id, 3, 1000000, 1, now() from product_revision where material_id = " +
      std::to_string(plant_.material_id("CELL")) +
      "; insert into operation_yield (work_order_id, station_id, plant_day, operation, first_runs, first_passes, runs, retests, "
      "reworks, "
      "aborts, scrapped) values (1, 1, '2026-11-01', 10, 10, 9, 12, 2, 1, 3, 1)");
  v1::ListOperationYieldsRequest request;
  request.set_product_code("CELL");
  request.set_work_order_code("W");
  request.set_root_work_order_code("W");
  v1::ListOperationYieldsResponse response;
  ASSERT_TRUE(List(request, &response).ok());
  ASSERT_EQ(response.yields_size(), 1);
  const v1::OperationYield& yield = response.yields(0);
  EXPECT_EQ(yield.product_code(), "CELL");
  EXPECT_EQ(yield.operation_code(), "FILL");
  EXPECT_EQ(yield.planned_first_pass_yield(), 0.97);
  EXPECT_EQ(yield.first_runs(), 10);
  EXPECT_EQ(yield.first_passes(), 9);
  EXPECT_EQ(yield.runs(), 12);
  EXPECT_EQ(yield.retests(), 2);
  EXPECT_EQ(yield.reworks(), 1);
  EXPECT_EQ(yield.aborts(), 3);
  EXPECT_EQ(yield.scrapped(), 1);
}

// ---- Any range and grouping ----

class QueryYieldTest : public YieldServiceTest {
 protected:
  // Two orders of PACK and one of CELL; runs at their first operations on two days.
  QueryYieldTest() {
    for (const char* order : {"('W1', 'PACK', null)", "('W1/CELL', 'CELL', 1)", "('W2', 'PACK', null)"}) {
      server_.database().Query(
          "insert into work_order (code, material_id, revision_id, state, ordered_micro, priority, parent_id, create_time) select v.code, "
          "r.material_id, r.revision_id, 3, 1000000, 1, v.parent::integer, now() from (values " +
          std::string(order) +
          ") v (code, product, parent) join material m on m.code = v.product join product_revision r on r.material_id = m.material_id");
    }
    Count(1, "PACK.1.KIT.1", 10, "2026-10-31", 1, 100, 90);
    Count(1, "PACK.1.KIT.1", 10, "2026-11-01", 2, 10, 9);
    Count(1, "PACK.1.LOAD.1", 20, "2026-11-01", 1, 50, 50);
    Count(2, "CELL.1.FILL.1", 10, "2026-11-01", 1, 1'000, 999);
    Count(3, "PACK.1.KIT.1", 10, "2026-11-02", 1, 4, 2);
  }

  void Count(int32_t order, const char* station, int16_t operation, const char* day, int16_t shift, int64_t runs,
             int64_t passes) {
    plant_.Run([&](db::Transaction& transaction) {
      domain::World world(plant_.plant(), StoredPlant::kNow);
      domain::YieldCounts& counts =
          world.effects.yields[{order, *domain::ParsePlantDay(day), operation, shift, plant_.plant().FindStation(station)->id}];
      counts.first_runs = counts.runs = counts.entered = runs;
      counts.first_passes = counts.left_good = passes;
      db::StoreYields(transaction, world);
    });
  }

  v1::QueryYieldRequest Request(std::vector<v1::YieldGrouping> groups = {}) {
    v1::QueryYieldRequest request;
    request.set_first_day("2026-11-01");
    request.set_last_day("2026-11-30");
    for (const v1::YieldGrouping group : groups) request.add_group_by(group);
    return request;
  }
  // `product line station order operation day shift: passes/runs`, only what is there.
  std::vector<std::string> Ask(const v1::QueryYieldRequest& request) {
    v1::QueryYieldResponse response;
    const grpc::Status status = CallOnce(*stub_, &YieldService::Stub::QueryYield, request, &response);
    if (!status.ok()) return {ReasonOf(status) + " " + FieldOf(status)};
    std::vector<std::string> lines;
    for (const v1::YieldGroup& group : response.groups()) {
      std::string line;
      for (const std::string& word :
           {group.product_code(), group.line_code(), group.station_code(), group.work_order_code(),
            group.operation() == 0 ? "" : std::to_string(group.operation()), group.period_day(),
            group.shift() == v1::PLANT_SHIFT_UNSPECIFIED ? "" : v1::PlantShift_Name(group.shift()).substr(12)}) {
        if (!word.empty()) line += word + " ";
      }
      lines.push_back(line + std::to_string(group.first_pass_yield().numerator()) + "/" +
                      std::to_string(group.first_pass_yield().denominator()));
    }
    EXPECT_TRUE(response.complete());
    return lines;
  }
};

using Lines = std::vector<std::string>;

TEST_F(QueryYieldTest, AnswersEveryGrouping) {
  EXPECT_EQ(Ask(Request()), (Lines{"1060/1064"})) << "October is not in the range";
  EXPECT_EQ(Ask(Request({v1::YIELD_GROUPING_PRODUCT})), (Lines{"CELL 999/1000", "PACK 61/64"}));
  EXPECT_EQ(Ask(Request({v1::YIELD_GROUPING_LINE, v1::YIELD_GROUPING_SHIFT})),
            (Lines{"CELL CELL.1 DAY 999/1000", "PACK PACK.1 DAY 52/54", "PACK PACK.1 NIGHT 9/10"}));
  EXPECT_EQ(Ask(Request({v1::YIELD_GROUPING_OPERATION})), (Lines{"CELL 10 999/1000", "PACK 10 11/14", "PACK 20 50/50"}));
  EXPECT_EQ(Ask(Request({v1::YIELD_GROUPING_STATION, v1::YIELD_GROUPING_DAY})),
            (Lines{"CELL CELL.1 CELL.1.FILL.1 2026-11-01 999/1000", "PACK PACK.1 PACK.1.KIT.1 2026-11-01 9/10",
                   "PACK PACK.1 PACK.1.KIT.1 2026-11-02 2/4", "PACK PACK.1 PACK.1.LOAD.1 2026-11-01 50/50"}));
  EXPECT_EQ(Ask(Request({v1::YIELD_GROUPING_WORK_ORDER})), (Lines{"CELL W1/CELL 999/1000", "PACK W1 59/60", "PACK W2 2/4"}));
  EXPECT_EQ(Ask(Request({v1::YIELD_GROUPING_WEEK})), (Lines{"2026-10-26 1058/1060", "2026-11-02 2/4"}));
  v1::QueryYieldRequest months = Request({v1::YIELD_GROUPING_MONTH, v1::YIELD_GROUPING_PRODUCT});
  months.set_first_day("2026-10-01");
  EXPECT_EQ(Ask(months), (Lines{"CELL 2026-11-01 999/1000", "PACK 2026-10-01 90/100", "PACK 2026-11-01 61/64"}));
}

TEST_F(QueryYieldTest, FiltersCombine) {
  v1::QueryYieldRequest request = Request({v1::YIELD_GROUPING_OPERATION});
  request.set_product_code("PACK");
  request.set_operation(10);
  EXPECT_EQ(Ask(request), (Lines{"PACK 10 11/14"}));
  request.set_shift(v1::PLANT_SHIFT_NIGHT);
  EXPECT_EQ(Ask(request), (Lines{"PACK 10 NIGHT 9/10"}));
  request = Request();
  request.set_station_code("PACK.1.KIT.1");
  EXPECT_EQ(Ask(request), (Lines{"PACK PACK.1 PACK.1.KIT.1 11/14"}));
  request = Request({v1::YIELD_GROUPING_WORK_ORDER});
  request.set_root_work_order_code("W1");
  EXPECT_EQ(Ask(request), (Lines{"CELL W1/CELL 999/1000", "PACK W1 59/60"}));
  request.set_line_code("PACK.1");
  EXPECT_EQ(Ask(request), (Lines{"PACK PACK.1 W1 59/60"}));
  request = Request({v1::YIELD_GROUPING_STATION});
  request.set_work_order_code("W1");
  EXPECT_EQ(Ask(request), (Lines{"PACK PACK.1 PACK.1.KIT.1 9/10", "PACK PACK.1 PACK.1.LOAD.1 50/50"}));
  request = Request({v1::YIELD_GROUPING_WORK_ORDER, v1::YIELD_GROUPING_OPERATION});
  request.set_line_code("PACK.1");
  EXPECT_EQ(Ask(request), (Lines{"PACK PACK.1 W1 10 9/10", "PACK PACK.1 W1 20 50/50", "PACK PACK.1 W2 10 2/4"}));
}

TEST_F(QueryYieldTest, RefusesByNameWithTheField) {
  const auto refused = [&](const auto& change) {
    v1::QueryYieldRequest request = Request();
    change(request);
    return Ask(request).at(0);
  };
  using R = v1::QueryYieldRequest;
  EXPECT_EQ(refused([](R& r) { r.clear_first_day(); }), "FIELD_REQUIRED first_day");
  EXPECT_EQ(refused([](R& r) { r.set_last_day("2026-11-31"); }), "FIELD_INVALID last_day");
  EXPECT_EQ(refused([](R& r) { r.set_first_day("2026-12-01"); }), "FIELD_INVALID last_day");
  EXPECT_EQ(refused([](R& r) { r.set_first_day("2016-11-01"); }), "LIMIT_EXCEEDED last_day");
  EXPECT_EQ(refused([](R& r) { r.set_product_code("HSG"); }), "PRODUCT_UNKNOWN product_code");
  EXPECT_EQ(refused([](R& r) { r.set_line_code("PACK.9"); }), "LINE_UNKNOWN line_code");
  EXPECT_EQ(refused([](R& r) { r.set_station_code("NONE"); }), "STATION_UNKNOWN station_code");
  EXPECT_EQ(refused([](R& r) { r.set_operation(10); }), "FIELD_REQUIRED product_code");
  EXPECT_EQ(refused([](R& r) { r.set_product_code("PACK"), r.set_operation(11); }), "OPERATION_UNKNOWN operation");
  EXPECT_EQ(refused([](R& r) { r.set_work_order_code("NONE"); }), "WORK_ORDER_UNKNOWN work_order_code");
  EXPECT_EQ(refused([](R& r) { r.set_root_work_order_code("NONE"); }), "WORK_ORDER_UNKNOWN root_work_order_code");
  EXPECT_EQ(refused([](R& r) { r.set_shift(static_cast<v1::PlantShift>(9)); }), "ENUM_UNKNOWN shift");
  EXPECT_EQ(refused([](R& r) { r.add_group_by(v1::YIELD_GROUPING_UNSPECIFIED); }), "ENUM_UNKNOWN group_by");
  EXPECT_EQ(refused([](R& r) { r.add_group_by(v1::YIELD_GROUPING_DAY), r.add_group_by(v1::YIELD_GROUPING_MONTH); }),
            "FIELD_INVALID group_by");
  EXPECT_EQ(refused([](R& r) { r.add_group_by(v1::YIELD_GROUPING_STATION), r.add_group_by(v1::YIELD_GROUPING_WORK_ORDER); }),
            "FIELD_REQUIRED work_order_code");
  EXPECT_EQ(refused([](R& r) { r.mutable_as_known_at()->set_seconds(-1); }), "FIELD_INVALID as_known_at");
}

TEST_F(QueryYieldTest, ACutAnswerSaysSo) {
  const int32_t first = *domain::ParsePlantDay("2020-01-01");
  plant_.Run([&](db::Transaction& transaction) {
    domain::World world(plant_.plant(), StoredPlant::kNow);
    for (int32_t day = 0; day < 1'001; ++day) {
      world.effects.yields[{1, first + day, 10, 1, plant_.plant().FindStation("PACK.1.KIT.1")->id}].first_runs = 1;
    }
    db::StoreYields(transaction, world);
  });
  v1::QueryYieldRequest request = Request({v1::YIELD_GROUPING_DAY});
  request.set_first_day("2020-01-01");
  request.set_last_day(domain::FormatPlantDay(first + 1'000));
  v1::QueryYieldResponse response;
  ASSERT_TRUE(CallOnce(*stub_, &YieldService::Stub::QueryYield, request, &response).ok());
  EXPECT_EQ(response.groups_size(), 1'000);
  EXPECT_FALSE(response.complete());
  request.set_last_day(domain::FormatPlantDay(first + 999));
  ASSERT_TRUE(CallOnce(*stub_, &YieldService::Stub::QueryYield, request, &response).ok());
  EXPECT_EQ(response.groups_size(), 1'000);
  EXPECT_TRUE(response.complete());
}

TEST_F(QueryYieldTest, GivesNumeratorDenominatorAndIntervalButNoValueWhereNothingRan) {
  v1::QueryYieldRequest request = Request({v1::YIELD_GROUPING_OPERATION});
  request.set_product_code("CELL");
  v1::QueryYieldResponse response;
  ASSERT_TRUE(CallOnce(*stub_, &YieldService::Stub::QueryYield, request, &response).ok());
  const v1::YieldGroup& group = response.groups(0);
  EXPECT_DOUBLE_EQ(group.first_pass_yield().value(), 0.999);
  EXPECT_NEAR(group.first_pass_yield().low(), 0.99436, 0.00005);
  EXPECT_EQ(group.planned_first_pass_yield(), 0.97);
  EXPECT_EQ(group.operation_code(), "FILL");
  EXPECT_EQ(group.open(), 1);
  EXPECT_EQ(group.caused_scrap_rate().denominator(), 999);
  EXPECT_FALSE(group.quantity_yield().has_value()) << "cells are pieces";
  request.set_first_day("2025-01-01");
  request.set_last_day("2025-01-02");
  request.clear_group_by();
  ASSERT_TRUE(CallOnce(*stub_, &YieldService::Stub::QueryYield, request, &response).ok());
  EXPECT_EQ(response.groups_size(), 0);
}

TEST_F(QueryYieldTest, RolledThroughputYieldIsNullUntilEveryMandatoryOperationRan) {
  v1::GetRolledThroughputYieldRequest request;
  request.set_first_day("2026-11-01");
  request.set_last_day("2026-11-30");
  v1::GetRolledThroughputYieldResponse response;
  const auto ask = [&] { return CallOnce(*stub_, &YieldService::Stub::GetRolledThroughputYield, request, &response); };
  EXPECT_EQ(ReasonOf(ask()), "FIELD_REQUIRED");
  request.set_product_code("PACK");
  request.set_line_code("PACK.1");
  EXPECT_EQ(ReasonOf(ask()), "FIELD_INVALID") << "one of them";
  request.clear_line_code();
  ASSERT_TRUE(ask().ok());
  EXPECT_FALSE(response.has_rolled_throughput_yield()) << "BOLT never ran";
  ASSERT_EQ(response.factors_size(), 5) << "WASH is optional";
  EXPECT_EQ(response.factors(2).first_pass_yield().denominator(), 0);
  Count(1, "PACK.1.BOLT.1", 30, "2026-11-03", 1, 10, 8);
  Count(1, "PACK.1.TEST.1", 40, "2026-11-03", 1, 10, 5);
  Count(1, "PACK.1.LABEL.1", 50, "2026-11-03", 1, 10, 10);
  ASSERT_TRUE(ask().ok());
  EXPECT_DOUBLE_EQ(response.rolled_throughput_yield(), 11.0 / 14 * 1 * 0.8 * 0.5 * 1);
  request.clear_product_code();
  request.set_work_order_code("W1");
  ASSERT_TRUE(ask().ok());
  EXPECT_DOUBLE_EQ(response.rolled_throughput_yield(), 9.0 / 10 * 1 * 0.8 * 0.5 * 1);
  EXPECT_EQ(response.revision(), 1);
  request.clear_work_order_code();
  request.set_line_code("NONE");
  EXPECT_EQ(ReasonOf(ask()), "LINE_UNKNOWN");
}

// ---- From the events ----

class YieldEventsTest : public QueryYieldTest {
 protected:
  std::unique_ptr<v1::StationEventService::Stub> events_ = v1::StationEventService::NewStub(server_.channel());
  int64_t sequence_ = 0;
  const int64_t now_ = time(nullptr) - 3'600;

  v1::EventVerdict Tell(v1::StationEvent event) {
    event.set_sequence(++sequence_);
    event.set_unit_code("P1");
    if (!event.has_occur_time()) event.mutable_occur_time()->set_seconds(now_ + sequence_);
    v1::RecordStationEventsRequest request;
    request.set_station_code("PACK.1.KIT.1");
    request.set_epoch(1);
    *request.add_events() = event;
    v1::RecordStationEventsResponse response;
    EXPECT_TRUE(CallOnce(*events_, &v1::StationEventService::Stub::RecordStationEvents, request, &response).ok());
    EXPECT_EQ(response.verdicts(0).outcome(), v1::EVENT_OUTCOME_RECORDED) << response.verdicts(0).ShortDebugString();
    return response.verdicts(0);
  }
  void Run(const std::string& overridden_by = "") {
    v1::StationEvent start, pass;
    start.mutable_started()->set_recipe_checksum("PACK.KIT");
    start.mutable_started()->set_work_order_code("W1");
    Tell(start);
    pass.mutable_completed()->set_judgement(v1::JUDGEMENT_PASS);
    pass.mutable_completed()->set_overridden_by(overridden_by);
    auto* values = pass.mutable_completed()->add_values();
    values->set_characteristic_code("KIT_V");
    values->add_values(10);
    Tell(pass);
  }
  v1::QueryYieldRequest Today() {
    v1::QueryYieldRequest request;
    const domain::Time now{std::chrono::seconds(now_)};
    request.set_first_day(domain::FormatPlantDay(domain::PlantDay(now)));
    request.set_last_day(domain::FormatPlantDay(domain::PlantDay(now) + 1));
    request.set_station_code("PACK.1.KIT.1");
    request.set_product_code("PACK");
    return request;
  }
};

TEST_F(YieldEventsTest, AReversalRestatesTheDayAndTheEarlierFigureIsKept) {
  server_.database().Query("delete from operation_yield; delete from line_yield_day; delete from yield_running; delete from yield_series");
  Run();
  const std::string before = "PACK PACK.1 PACK.1.KIT.1 1/1";
  EXPECT_EQ(Ask(Today()), (Lines{before}));
  v1::QueryYieldRequest known = Today();
  *known.mutable_as_known_at() = google::protobuf::util::TimeUtil::GetCurrentTime();
  v1::StationEvent reversal;
  reversal.mutable_reversed()->set_epoch(1);
  reversal.mutable_reversed()->set_sequence(2);
  reversal.mutable_reversed()->set_reason("wrong unit");
  reversal.mutable_reversed()->set_person("li.wei");
  Tell(reversal);
  EXPECT_EQ(Ask(Today()), (Lines{})) << "as if it had never been";
  EXPECT_EQ(Ask(known), (Lines{before})) << "the earlier figure is kept";
  v1::ListYieldRestatementsRequest request;
  request.set_first_day(Today().first_day());
  request.set_last_day(Today().last_day());
  request.set_line_code("PACK.1");
  request.set_work_order_code("W1");
  v1::ListYieldRestatementsResponse response;
  ASSERT_TRUE(CallOnce(*stub_, &YieldService::Stub::ListYieldRestatements, request, &response).ok());
  ASSERT_EQ(response.restatements_size(), 1);
  EXPECT_EQ(response.restatements(0).delta().first_passes(), -1);
  EXPECT_EQ(response.restatements(0).unit_code(), "P1");
  EXPECT_EQ(response.restatements(0).reversed_sequence(), 2);
  EXPECT_EQ(response.restatements(0).sequence(), 3);
  EXPECT_EQ(response.restatements(0).reporting_station_code(), "PACK.1.KIT.1");
  EXPECT_EQ(response.next_page_token(), "");
  request.set_page_token("x");
  EXPECT_EQ(ReasonOf(CallOnce(*stub_, &YieldService::Stub::ListYieldRestatements, request, &response)), "PAGE_TOKEN_INVALID");
  request.clear_page_token();
  request.set_line_code("NONE");
  EXPECT_EQ(ReasonOf(CallOnce(*stub_, &YieldService::Stub::ListYieldRestatements, request, &response)), "LINE_UNKNOWN");
}

TEST_F(YieldEventsTest, APersonsOverrideIsNotFirstPass) {
  server_.database().Query("delete from operation_yield; delete from line_yield_day; delete from yield_running; delete from yield_series");
  Run("li.wei");
  EXPECT_EQ(Ask(Today()), (Lines{"PACK PACK.1 PACK.1.KIT.1 0/1"}));
}

TEST_F(YieldServiceTest, LotsYieldsAreAskedForByCodeOrSuppliersLot) {
  const int64_t lot = plant_.AddLot("BLT", "B1", 100);
  plant_.Run([&](db::Transaction& transaction) {
    domain::World world(plant_.plant(), StoredPlant::kNow);
    const int32_t line = plant_.plant().FindStation("PACK.1.BOLT.1")->line_id;
    world.effects.lot_yields[{lot, line, 30, *domain::ParsePlantDay("2026-11-02")}] = {8, 6, 2};
    world.effects.lot_yields[{lot, line, 30, *domain::ParsePlantDay("2026-11-03")}] = {2, 1, 0};
    db::StoreYields(transaction, world);
  });
  v1::ListLotYieldsRequest request;
  v1::ListLotYieldsResponse response;
  const auto ask = [&] { return CallOnce(*stub_, &YieldService::Stub::ListLotYields, request, &response); };
  EXPECT_EQ(FieldOf(ask()), "lot_codes");
  request.set_supplier_lot("S7");
  EXPECT_EQ(FieldOf(ask()), "supplier");
  request.clear_supplier_lot();
  for (int i = 0; i <= domain::kMaxLotsPerYield; ++i) request.add_lot_codes("L");
  EXPECT_EQ(ReasonOf(ask()), "LIMIT_EXCEEDED");
  request.clear_lot_codes();
  request.add_lot_codes("B1");
  ASSERT_TRUE(ask().ok());
  ASSERT_EQ(response.yields_size(), 1);
  EXPECT_EQ(response.yields(0).line_code(), "PACK.1");
  EXPECT_EQ(response.yields(0).material_code(), "BLT");
  EXPECT_EQ(response.yields(0).first_pass_yield().numerator(), 7);
  EXPECT_EQ(response.yields(0).scrapped(), 2);
  EXPECT_TRUE(response.complete());
}

TEST_F(YieldServiceTest, LotsYieldsAreAskedForByPlantDays) {
  const int64_t lot = plant_.AddLot("BLT", "B1", 100);
  plant_.Run([&](db::Transaction& transaction) {
    domain::World world(plant_.plant(), StoredPlant::kNow);
    const int32_t line = plant_.plant().FindStation("PACK.1.BOLT.1")->line_id;
    world.effects.lot_yields[{lot, line, 30, *domain::ParsePlantDay("2026-11-02")}] = {8, 6, 2};
    world.effects.lot_yields[{lot, line, 30, *domain::ParsePlantDay("2026-11-03")}] = {2, 1, 0};
    db::StoreYields(transaction, world);
  });
  v1::ListLotYieldsRequest request;
  v1::ListLotYieldsResponse response;
  const auto ask = [&](const char* first, const char* last) {
    request.set_first_day(first);
    request.set_last_day(last);
    return CallOnce(*stub_, &YieldService::Stub::ListLotYields, request, &response);
  };
  request.add_lot_codes("B1");
  ASSERT_TRUE(ask("2026-11-03", "2026-11-30").ok());
  ASSERT_EQ(response.yields_size(), 1);
  EXPECT_EQ(response.yields(0).first_pass_yield().numerator(), 1);
  EXPECT_EQ(response.yields(0).first_pass_yield().denominator(), 2);
  ASSERT_TRUE(ask("2026-11-04", "2026-11-30").ok());
  EXPECT_EQ(response.yields_size(), 0) << "nothing on these days";
  EXPECT_EQ(FieldOf(ask("2026-11-03", "")), "last_day");
  EXPECT_EQ(FieldOf(ask("", "2026-11-03")), "first_day");
  EXPECT_EQ(FieldOf(ask("2026-11-04", "2026-11-03")), "last_day");
  EXPECT_EQ(ReasonOf(ask("2000-01-01", "2026-11-03")), "LIMIT_EXCEEDED");
}

// ---- OEE and downtimes ----

class OeeServiceTest : public QueryYieldTest {
 protected:
  std::unique_ptr<v1::OeeService::Stub> oee_ = v1::OeeService::NewStub(server_.channel());

  v1::ReportDowntimeRequest Report(const std::string& id, const char* from, const char* until, const char* reason) {
    v1::ReportDowntimeRequest request;
    request.set_request_id(id);
    request.set_station_code("PACK.1.KIT.1");
    google::protobuf::util::TimeUtil::FromString(from, request.mutable_from_time());
    google::protobuf::util::TimeUtil::FromString(until, request.mutable_until_time());
    request.set_reason_code(reason);
    request.set_person("li.wei");
    return request;
  }
  std::string Say(const v1::ReportDowntimeRequest& request) {
    v1::ReportDowntimeResponse response;
    const grpc::Status status = CallOnce(*oee_, &v1::OeeService::Stub::ReportDowntime, request, &response);
    id_ = response.downtime().downtime_id();
    return status.ok() ? "OK" : ReasonOf(status) + " " + FieldOf(status);
  }
  int64_t id_ = 0;
};

TEST_F(OeeServiceTest, ADowntimeIsTakenOnceAndNeverOverAnother) {
  const auto first = Report("d1", "2026-10-31T01:00:00Z", "2026-10-31T03:00:00Z", "BREAKDOWN");
  EXPECT_EQ(Say(first), "OK");
  const int64_t id = id_;
  EXPECT_EQ(Say(first), "OK") << "a resend gets the stored answer";
  EXPECT_EQ(id_, id);
  EXPECT_EQ(Say(Report("d2", "2026-10-31T02:59:00Z", "2026-10-31T04:00:00Z", "BREAKDOWN")), "DOWNTIME_OVERLAP from_time");
  EXPECT_EQ(Say(Report("d3", "2026-10-31T03:00:00Z", "2026-10-31T04:00:00Z", "CHANGEOVER")), "OK") << "they touch";
  EXPECT_EQ(Say(Report("d4", "2026-10-31T05:00:00Z", "2026-10-31T06:00:00Z", "LAZY")), "DOWNTIME_REASON_UNKNOWN reason_code");
  EXPECT_EQ(Say(Report("d5", "2026-10-31T05:00:00Z", "2026-10-31T05:00:00Z", "BREAKDOWN")), "FIELD_INVALID until_time");
  EXPECT_EQ(Say(Report("d6", "2026-10-31T05:00:00Z", "2199-01-01T00:00:00Z", "BREAKDOWN")), "FIELD_INVALID until_time");
  v1::ReportDowntimeRequest wrong = Report("d7", "2026-10-31T05:00:00Z", "2026-10-31T06:00:00Z", "BREAKDOWN");
  wrong.set_station_code("NONE");
  EXPECT_EQ(Say(wrong), "STATION_UNKNOWN station_code");
  wrong = Report("d8", "2026-10-31T05:00:00Z", "2026-10-31T06:00:00Z", "BREAKDOWN");
  wrong.clear_person();
  EXPECT_EQ(Say(wrong), "FIELD_REQUIRED person");

  v1::WithdrawDowntimeRequest withdraw;
  withdraw.set_request_id("w1");
  withdraw.set_downtime_id(id);
  withdraw.set_person("li.wei");
  withdraw.set_note("wrong station");
  v1::WithdrawDowntimeResponse withdrawn;
  const auto take_back = [&] { return ReasonOf(CallOnce(*oee_, &v1::OeeService::Stub::WithdrawDowntime, withdraw, &withdrawn)); };
  EXPECT_EQ(take_back(), "OK");
  EXPECT_EQ(withdrawn.downtime().withdrawn_by(), "li.wei");
  withdraw.set_request_id("w2");
  EXPECT_EQ(take_back(), "DOWNTIME_WITHDRAWN");
  withdraw.set_request_id("w3");
  withdraw.set_downtime_id(999);
  EXPECT_EQ(take_back(), "DOWNTIME_UNKNOWN");
  EXPECT_EQ(Say(Report("d9", "2026-10-31T02:00:00Z", "2026-10-31T03:00:00Z", "BREAKDOWN")), "OK") << "its time is free again";

  v1::ListDowntimesRequest list;
  list.set_line_code("PACK.1");
  list.set_page_size(2);
  v1::ListDowntimesResponse page;
  ASSERT_TRUE(CallOnce(*oee_, &v1::OeeService::Stub::ListDowntimes, list, &page).ok());
  EXPECT_EQ(page.downtimes_size(), 2);
  list.set_page_token(page.next_page_token());
  ASSERT_TRUE(CallOnce(*oee_, &v1::OeeService::Stub::ListDowntimes, list, &page).ok());
  ASSERT_EQ(page.downtimes_size(), 1);
  EXPECT_EQ(page.downtimes(0).withdraw_note(), "wrong station") << "it stays on record";
}

TEST_F(OeeServiceTest, MultipliesItsFactorsOfTheLineAndOfEachStation) {
  EXPECT_EQ(Say(Report("d1", "2026-10-31T01:00:00Z", "2026-10-31T07:00:00Z", "BREAKDOWN")), "OK");
  EXPECT_EQ(Say(Report("d2", "2026-10-31T08:00:00Z", "2026-10-31T20:00:00Z", "NO_PLAN")), "OK");
  v1::QueryOeeRequest request;
  request.set_first_day("2026-10-31");
  request.set_last_day("2026-10-31");
  v1::QueryOeeResponse response;
  const auto ask = [&] { return CallOnce(*oee_, &v1::OeeService::Stub::QueryOee, request, &response); };
  EXPECT_EQ(FieldOf(ask()), "line_code");
  request.set_line_code("NONE");
  EXPECT_EQ(ReasonOf(ask()), "LINE_UNKNOWN");
  request.clear_line_code();
  request.set_station_code("NONE");
  EXPECT_EQ(ReasonOf(ask()), "STATION_UNKNOWN");
  request.set_station_code("PACK.1.KIT.1");
  ASSERT_TRUE(ask().ok());
  ASSERT_EQ(response.stations_size(), 1);
  EXPECT_FALSE(response.has_line());
  const v1::Oee& station = response.stations(0);
  EXPECT_EQ(station.planned_seconds(), 86'400);
  EXPECT_EQ(station.no_plan_seconds(), 12 * 3'600);
  EXPECT_EQ(station.down_seconds(), 6 * 3'600);
  EXPECT_DOUBLE_EQ(station.availability(), 0.5);
  EXPECT_DOUBLE_EQ(station.performance(), 100.0 / (6 * 3'600)) << "100 runs of one second";
  EXPECT_DOUBLE_EQ(station.quality(), 0.9);
  EXPECT_DOUBLE_EQ(station.oee(), 0.5 * 100.0 / (6 * 3'600) * 0.9);
  request.clear_station_code();
  request.set_line_code("PACK.1");
  ASSERT_TRUE(ask().ok());
  EXPECT_EQ(response.stations_size(), 6);
  EXPECT_EQ(response.line().planned_seconds(), 6 * 86'400);
  EXPECT_EQ(response.line().runs(), 100);
  EXPECT_EQ(response.stations(0).station_code(), "PACK.1.BOLT.1");
  EXPECT_FALSE(response.stations(0).has_quality()) << "nothing ran";
}

TEST_F(OeeServiceTest, ReasonsAreAListWithVersions) {
  v1::ListDowntimeReasonsRequest request;
  v1::ListDowntimeReasonsResponse first, second;
  ASSERT_TRUE(CallOnce(*oee_, &v1::OeeService::Stub::ListDowntimeReasons, request, &first).ok());
  EXPECT_EQ(first.version(), 1);
  EXPECT_GT(first.reasons_size(), 6);
  EXPECT_EQ(Say(Report("d1", "2026-10-31T01:00:00Z", "2026-10-31T03:00:00Z", "UPSTREAM")), "OK");
  v1::ReplaceDowntimeReasonsRequest replace;
  replace.set_request_id("r1");
  replace.set_person("li.wei");
  v1::ReplaceDowntimeReasonsResponse replaced;
  const auto put = [&] { return CallOnce(*oee_, &v1::OeeService::Stub::ReplaceDowntimeReasons, replace, &replaced); };
  EXPECT_EQ(ReasonOf(put()), "FIELD_REQUIRED");
  v1::DowntimeReason& reason = *replace.add_reasons();
  reason.set_code("POWER");
  reason.set_name("Power cut");
  EXPECT_EQ(ReasonOf(put()), "ENUM_UNKNOWN");
  reason.set_downtime_class(v1::DOWNTIME_CLASS_BREAKDOWN);
  ASSERT_TRUE(put().ok());
  EXPECT_EQ(replaced.version(), 2);
  EXPECT_EQ(Say(Report("d2", "2026-10-31T05:00:00Z", "2026-10-31T06:00:00Z", "UPSTREAM")), "DOWNTIME_REASON_UNKNOWN reason_code");
  EXPECT_EQ(Say(Report("d3", "2026-10-31T05:00:00Z", "2026-10-31T06:00:00Z", "POWER")), "OK");
  ASSERT_TRUE(CallOnce(*oee_, &v1::OeeService::Stub::ListDowntimeReasons, request, &second).ok());
  EXPECT_EQ(second.version(), 2);
  EXPECT_EQ(second.person(), "li.wei");
  request.set_version(9);
  EXPECT_EQ(ReasonOf(CallOnce(*oee_, &v1::OeeService::Stub::ListDowntimeReasons, request, &second)), "DOWNTIME_REASON_UNKNOWN");
  v1::ListDowntimesResponse list;
  ASSERT_TRUE(CallOnce(*oee_, &v1::OeeService::Stub::ListDowntimes, v1::ListDowntimesRequest(), &list).ok());
  ASSERT_EQ(list.downtimes_size(), 2);
  EXPECT_EQ(list.downtimes(1).downtime_class(), v1::DOWNTIME_CLASS_MATERIAL) << "as the list was when it was reported";
}

TEST_F(YieldServiceTest, RefusesWhatItDoesNotKnow) {
  v1::ListOperationYieldsResponse response;
  v1::ListOperationYieldsRequest request;
  request.set_product_code("HSG");
  EXPECT_EQ(ReasonOf(List(request, &response)), "PRODUCT_UNKNOWN") << "bought material has no operations";
  request.clear_product_code();
  request.set_work_order_code("NONE");
  EXPECT_EQ(ReasonOf(List(request, &response)), "WORK_ORDER_UNKNOWN");
  request.clear_work_order_code();
  request.set_root_work_order_code("NONE");
  EXPECT_EQ(FieldOf(List(request, &response)), "root_work_order_code");
}

}  // namespace
}  // namespace mes::services
