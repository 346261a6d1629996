#include "services/yield.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
