#include "services/work_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "mes/v1/work_order.grpc.pb.h"
#include "tests/support/plant_builder.h"
#include "tests/support/server.h"

namespace mes::services {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using tests::CallOnce;
using tests::ErrorInfoOf;
using tests::FieldOf;
using tests::ReasonOf;
using Stub = v1::WorkOrderService::Stub;

class WorkOrderServiceTest : public testing::Test {
 protected:
  grpc::Status Create(v1::CreateWorkOrderRequest request, v1::CreateWorkOrderResponse* response = nullptr) {
    v1::CreateWorkOrderResponse ignored;
    request.set_request_id(NextId());
    return CallOnce(*stub_, &Stub::CreateWorkOrder, request, response == nullptr ? &ignored : response);
  }
  static v1::CreateWorkOrderRequest Request(const std::string& code, const std::string& product = "PACK",
                                            const std::string& value = "10", const std::string& uom = "pc") {
    v1::CreateWorkOrderRequest request;
    request.set_work_order_code(code);
    request.set_product_code(product);
    request.mutable_quantity()->set_value(value);
    request.mutable_quantity()->set_uom(uom);
    return request;
  }

  grpc::Status Move(const std::string& code, v1::WorkOrderAction action, bool include_children = false,
                    const std::string& reason = "because", v1::TransitionWorkOrderResponse* response = nullptr) {
    v1::TransitionWorkOrderRequest request;
    request.set_request_id(NextId());
    request.set_work_order_code(code);
    request.set_action(action);
    request.set_reason(reason);
    request.set_person("li");
    request.set_include_children(include_children);
    v1::TransitionWorkOrderResponse ignored;
    return CallOnce(*stub_, &Stub::TransitionWorkOrder, request, response == nullptr ? &ignored : response);
  }

  v1::WorkOrder Get(const std::string& code) {
    v1::GetWorkOrderRequest request;
    request.set_work_order_code(code);
    v1::GetWorkOrderResponse response;
    EXPECT_TRUE(CallOnce(*stub_, &Stub::GetWorkOrder, request, &response).ok());
    return response.work_order();
  }

  v1::ListDispatchResponse Dispatch(const std::string& station_class, int limit = 0) {
    v1::ListDispatchRequest request;
    request.set_station_class(station_class);
    request.set_limit(limit);
    v1::ListDispatchResponse response;
    const grpc::Status status = CallOnce(*stub_, &Stub::ListDispatch, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  static std::vector<std::string> Lines(const v1::ListDispatchResponse& list) {
    std::vector<std::string> lines;
    for (const v1::DispatchEntry& entry : list.entries()) {
      lines.push_back(entry.work_order_code() + " " + entry.operation_code() + " " + entry.waiting().value() + " " +
                      entry.waiting().uom());
    }
    return lines;
  }

  // A unit of an order that has passed these operations, by SQL: how units come to be is not this test's matter.
  void AddUnit(const std::string& order, const std::string& code, int passed) {
    server_.database().Query(
        "insert into unit (unit_id, code, material_id, revision_id, work_order_id, state, tracking, passed, create_time) "
        "select nextval('unit_id_seq'), '" +
        code + "', material_id, revision_id, work_order_id, 1, 1, " + std::to_string(passed) +
        ", now() from work_order where code = '" + order +
        "'; "
        "update work_order set started_micro = started_micro + 1000000, state = 3 where code = '" +
        order + "'");
  }

  std::string NextId() { return "r-" + std::to_string(++requests_); }

  int requests_ = 0;
  tests::TestServer server_{tests::PlantBuilder().draft()};
  std::unique_ptr<Stub> stub_ = v1::WorkOrderService::NewStub(server_.channel());
};

TEST_F(WorkOrderServiceTest, AnOrderIsCreatedAndFound) {
  v1::CreateWorkOrderRequest request = Request("WO-1");
  request.set_priority(7);
  request.mutable_due_time()->set_seconds(1'790'000'000);
  v1::CreateWorkOrderResponse created;
  ASSERT_TRUE(Create(request, &created).ok());
  const v1::WorkOrder order = Get("WO-1");
  EXPECT_EQ(order.SerializeAsString(), created.work_order().SerializeAsString());
  EXPECT_EQ(order.product_code(), "PACK");
  EXPECT_EQ(order.state(), v1::WORK_ORDER_STATE_CREATED);
  EXPECT_EQ(order.revision(), 0);
  EXPECT_EQ(order.ordered().value(), "10");
  EXPECT_EQ(order.ordered().uom(), "pc");
  EXPECT_EQ(order.open().value(), "0");
  EXPECT_EQ(order.priority(), 7);
  EXPECT_EQ(order.due_time().seconds(), 1'790'000'000);
  EXPECT_GT(order.create_time().seconds(), 1'700'000'000);
}

TEST_F(WorkOrderServiceTest, BadInputIsNamedByField) {
  const auto problem = [&](const v1::CreateWorkOrderRequest& request) {
    const grpc::Status status = Create(request);
    return ReasonOf(status) + " " + FieldOf(status);
  };
  EXPECT_EQ(problem(Request("WO 1")), "CODE_INVALID work_order_code");
  EXPECT_EQ(problem(Request(std::string(65, 'W'))), "LIMIT_EXCEEDED work_order_code");
  EXPECT_EQ(problem(Request("WO-1", "NONE")), "PRODUCT_UNKNOWN product_code");
  EXPECT_EQ(problem(Request("WO-1", "HSG")), "PRODUCT_UNKNOWN product_code");
  EXPECT_EQ(problem(Request("WO-1", "PACK", "0")), "QUANTITY_INVALID quantity.value");
  EXPECT_EQ(problem(Request("WO-1", "PACK", "1.5")), "QUANTITY_INVALID quantity.value");
  EXPECT_EQ(problem(Request("WO-1", "PACK", "NaN")), "QUANTITY_INVALID quantity.value");
  EXPECT_EQ(problem(Request("WO-1", "PACK", "1", "kg")), "UOM_MISMATCH quantity.uom");
  v1::CreateWorkOrderRequest request = Request("WO-1");
  request.set_priority(1'001);
  EXPECT_EQ(problem(request), "LIMIT_EXCEEDED priority");
  request = Request("WO-1");
  request.set_parent_code("NONE");
  EXPECT_EQ(problem(request), "WORK_ORDER_UNKNOWN parent_code");
  request = Request("WO-1");
  request.mutable_due_time()->set_nanos(-1);
  EXPECT_EQ(problem(request), "FIELD_INVALID due_time");
  EXPECT_EQ(server_.database().Value("select count(*) from work_order"), "0");
}

TEST_F(WorkOrderServiceTest, ATakenCodeIsNamedAlsoWhenItIsAChilds) {
  ASSERT_TRUE(Create(Request("A/CELL")).ok());
  v1::CreateWorkOrderRequest request = Request("A");
  request.set_explode(true);
  const grpc::Status status = Create(request);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(ReasonOf(status), "WORK_ORDER_EXISTS");
  EXPECT_EQ(ErrorInfoOf(status).metadata().at("work_order_code"), "A/CELL");
  EXPECT_EQ(server_.database().Value("select count(*) from work_order"), "1");
}

TEST_F(WorkOrderServiceTest, ExplodingBringsTheComponentsOrdersAndChildrenMoveAlong) {
  v1::CreateWorkOrderRequest request = Request("A");
  request.set_explode(true);
  v1::CreateWorkOrderResponse created;
  ASSERT_TRUE(Create(request, &created).ok());
  ASSERT_EQ(created.children_size(), 1);
  EXPECT_EQ(created.children(0).work_order_code(), "A/CELL");
  EXPECT_EQ(created.children(0).ordered().value(), "20");
  EXPECT_EQ(created.children(0).parent_code(), "A");

  v1::TransitionWorkOrderResponse moved;
  ASSERT_TRUE(Move("A", v1::WORK_ORDER_ACTION_RELEASE, true, "", &moved).ok());
  EXPECT_EQ(moved.children_moved(), 1);
  EXPECT_EQ(moved.work_order().state(), v1::WORK_ORDER_STATE_RELEASED);
  EXPECT_EQ(moved.work_order().revision(), 1);
  EXPECT_EQ(Get("A/CELL").state(), v1::WORK_ORDER_STATE_RELEASED);

  // The child is on its way, so it stays; the parent goes.
  AddUnit("A/CELL", "C1", 0);
  ASSERT_TRUE(Move("A", v1::WORK_ORDER_ACTION_CANCEL, true, "not wanted", &moved).ok());
  EXPECT_EQ(moved.children_moved(), 0);
  EXPECT_EQ(Get("A").state_reason(), "not wanted");
  EXPECT_EQ(Get("A/CELL").state(), v1::WORK_ORDER_STATE_STARTED);
}

TEST_F(WorkOrderServiceTest, AMoveThatTheTableDoesNotHaveIsRefused) {
  ASSERT_TRUE(Create(Request("A")).ok());
  const grpc::Status status = Move("A", v1::WORK_ORDER_ACTION_CLOSE);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOf(status), "WORK_ORDER_TRANSITION");
  EXPECT_EQ(ErrorInfoOf(status).metadata().at("state"), "created");
  EXPECT_EQ(ReasonOf(Move("NONE", v1::WORK_ORDER_ACTION_CLOSE)), "WORK_ORDER_UNKNOWN");
  EXPECT_EQ(ReasonOf(Move("A", v1::WORK_ORDER_ACTION_UNSPECIFIED)), "ENUM_UNKNOWN");
  EXPECT_EQ(ReasonOf(Move("A", static_cast<v1::WorkOrderAction>(99))), "ENUM_UNKNOWN");
  EXPECT_EQ(ReasonOf(Move("A", v1::WORK_ORDER_ACTION_CANCEL, false, std::string(501, 'x'))), "LIMIT_EXCEEDED");
  EXPECT_EQ(ReasonOf(Move("A", v1::WORK_ORDER_ACTION_CANCEL, false, "")), "FIELD_REQUIRED");
  EXPECT_EQ(server_.database().Value("select count(*) from work_order_transition"), "0");
}

TEST_F(WorkOrderServiceTest, AnOrderWithUnitsOnTheirWayIsNotCompleted) {
  ASSERT_TRUE(Create(Request("A")).ok());
  ASSERT_TRUE(Move("A", v1::WORK_ORDER_ACTION_RELEASE).ok());
  AddUnit("A", "P1", 0);
  const grpc::Status status = Move("A", v1::WORK_ORDER_ACTION_COMPLETE);
  EXPECT_EQ(ReasonOf(status), "WORK_ORDER_OPEN_UNITS");
  EXPECT_EQ(ErrorInfoOf(status).metadata().at("open"), "1");
  server_.database().Query("update work_order set good_micro = 1000000");
  EXPECT_TRUE(Move("A", v1::WORK_ORDER_ACTION_COMPLETE).ok());
  EXPECT_TRUE(Move("A", v1::WORK_ORDER_ACTION_CLOSE).ok());
}

TEST_F(WorkOrderServiceTest, ARevisionStaysPinnedWhenTheDefinitionMovesOn) {
  ASSERT_TRUE(Create(Request("OLD")).ok());
  ASSERT_TRUE(Create(Request("NEW")).ok());
  ASSERT_TRUE(Move("OLD", v1::WORK_ORDER_ACTION_RELEASE).ok());
  tests::PlantBuilder builder;
  builder.operation("PACK", 10).cycle_ms += 1;
  tests::StorePlant(server_.database(), builder.draft());
  // Another process stored it: this server looks once a second.
  std::this_thread::sleep_for(std::chrono::milliseconds(1'100));
  ASSERT_TRUE(Move("NEW", v1::WORK_ORDER_ACTION_RELEASE).ok());
  EXPECT_EQ(Get("OLD").revision(), 1);
  EXPECT_EQ(Get("NEW").revision(), 2);
}

TEST_F(WorkOrderServiceTest, ListsComeInPagesThatKeepTheirFilter) {
  for (const char* code : {"C", "A", "B"}) ASSERT_TRUE(Create(Request(code)).ok());
  ASSERT_TRUE(Create(Request("D", "INK", "2.5", "kg")).ok());
  ASSERT_TRUE(Move("B", v1::WORK_ORDER_ACTION_RELEASE).ok());
  v1::ListWorkOrdersRequest request;
  request.set_page_size(2);
  request.set_product_code("PACK");
  std::vector<std::string> codes;
  v1::ListWorkOrdersResponse response;
  do {
    request.set_page_token(response.next_page_token());
    ASSERT_TRUE(CallOnce(*stub_, &Stub::ListWorkOrders, request, &response).ok());
    for (const v1::WorkOrder& order : response.work_orders()) codes.push_back(order.work_order_code());
    if (codes.size() == 2) {
      v1::ListWorkOrdersRequest other;
      other.set_page_token(response.next_page_token());
      v1::ListWorkOrdersResponse ignored;
      EXPECT_EQ(ReasonOf(CallOnce(*stub_, &Stub::ListWorkOrders, other, &ignored)), "PAGE_TOKEN_INVALID");
    }
  } while (!response.next_page_token().empty());
  EXPECT_THAT(codes, ElementsAre("A", "B", "C"));

  request.Clear();
  request.set_state(v1::WORK_ORDER_STATE_RELEASED);
  ASSERT_TRUE(CallOnce(*stub_, &Stub::ListWorkOrders, request, &response).ok());
  ASSERT_EQ(response.work_orders_size(), 1);
  EXPECT_EQ(response.work_orders(0).work_order_code(), "B");
  request.set_state(static_cast<v1::WorkOrderState>(77));
  EXPECT_EQ(ReasonOf(CallOnce(*stub_, &Stub::ListWorkOrders, request, &response)), "ENUM_UNKNOWN");
  request.Clear();
  request.set_parent_code("NONE");
  EXPECT_EQ(ReasonOf(CallOnce(*stub_, &Stub::ListWorkOrders, request, &response)), "WORK_ORDER_UNKNOWN");
}

TEST_F(WorkOrderServiceTest, TheDispatchListGoesByPriorityAndCountsWhatWaits) {
  v1::CreateWorkOrderRequest urgent = Request("URGENT");
  v1::CreateWorkOrderRequest later = Request("LATER");
  later.set_priority(9);
  ASSERT_TRUE(Create(later).ok());
  ASSERT_TRUE(Create(urgent).ok());
  ASSERT_TRUE(Create(Request("NOT-RELEASED")).ok());
  for (const char* code : {"URGENT", "LATER"}) ASSERT_TRUE(Move(code, v1::WORK_ORDER_ACTION_RELEASE).ok());
  AddUnit("LATER", "P1", 0b1);
  AddUnit("LATER", "P2", 0b1);
  AddUnit("LATER", "P3", 0b11);

  EXPECT_THAT(Lines(Dispatch("kit")), ElementsAre("URGENT KIT 10 pc", "LATER KIT 7 pc"));
  EXPECT_THAT(Lines(Dispatch("load")), ElementsAre("LATER LOAD 2 pc"));
  EXPECT_THAT(Lines(Dispatch("bolt")), ElementsAre("LATER BOLT 1 pc"));
  EXPECT_TRUE(Dispatch("test").complete());
  EXPECT_THAT(Dispatch("test").entries(), IsEmpty());
  EXPECT_TRUE(Dispatch("kit").complete());

  const v1::ListDispatchResponse cut = Dispatch("kit", 1);
  EXPECT_THAT(Lines(cut), ElementsAre("URGENT KIT 10 pc"));
  EXPECT_FALSE(cut.complete());

  ASSERT_TRUE(Move("LATER", v1::WORK_ORDER_ACTION_HOLD).ok());
  EXPECT_THAT(Dispatch("bolt").entries(), IsEmpty());
}

TEST_F(WorkOrderServiceTest, AnUnknownStationClassIsSaid) {
  v1::ListDispatchRequest request;
  request.set_station_class("nothing");
  v1::ListDispatchResponse response;
  const grpc::Status status = CallOnce(*stub_, &Stub::ListDispatch, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ReasonOf(status), "STATION_CLASS_UNKNOWN");
  EXPECT_EQ(FieldOf(status), "station_class");
}

}  // namespace
}  // namespace mes::services
