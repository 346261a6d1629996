#include "services/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "grpc/health/v1/health.grpc.pb.h"
#include "mes/v1/work_order.grpc.pb.h"
#include "tests/support/plant_builder.h"
#include "tests/support/server.h"

namespace mes::services {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using tests::CallOnce;
using tests::ReasonOf;
using tests::TestServer;
using v1::WorkOrderService;

HealthCheckResponse::ServingStatus HealthOf(const TestServer& server) {
  HealthCheckResponse response;
  const auto stub = Health::NewStub(server.channel());
  const grpc::Status status = CallOnce(*stub, &Health::Stub::Check, HealthCheckRequest(), &response);
  return status.ok() ? response.status() : HealthCheckResponse::UNKNOWN;
}

bool Becomes(const TestServer& server, HealthCheckResponse::ServingStatus wanted) {
  for (int i = 0; i < 100; ++i) {
    if (HealthOf(server) == wanted) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

grpc::Status List(const TestServer& server) {
  v1::ListWorkOrdersResponse response;
  const auto stub = WorkOrderService::NewStub(server.channel());
  return CallOnce(*stub, &WorkOrderService::Stub::ListWorkOrders, v1::ListWorkOrdersRequest(), &response);
}

TEST(Server, IsHealthyWithAMigratedDatabase) {
  TestServer server(tests::PlantBuilder().draft());
  EXPECT_TRUE(Becomes(server, HealthCheckResponse::SERVING));
  EXPECT_TRUE(List(server).ok());
}

TEST(Server, IsNotServingWhileItsDatabaseIsNotMigrated) {
  tests::EmptyDatabase database;
  TestServer server(database.url());
  EXPECT_TRUE(Becomes(server, HealthCheckResponse::NOT_SERVING));
  EXPECT_FALSE(List(server).ok());
}

TEST(Server, StartsWithoutItsDatabaseAndSaysSo) {
  TestServer server("postgresql://nobody@127.0.0.1:1/none");
  EXPECT_TRUE(Becomes(server, HealthCheckResponse::NOT_SERVING));
  const grpc::Status status = List(server);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(status), "DATABASE_UNAVAILABLE");
}

TEST(Server, GetsWellWhenConnectionsAreCut) {
  TestServer server(tests::PlantBuilder().draft());
  ASSERT_TRUE(List(server).ok());
  server.database().Query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(List(server).ok());
}

TEST(Server, DrainingFinishesWhatRunsAndTakesNothingNew) {
  TestServer server(tests::PlantBuilder().draft());
  server.database().Query(
      "insert into work_order (code, material_id, state, ordered_micro, priority, create_time) "
      "select 'WO-1', material_id, 1, 1000000, 0, now() from material where code = 'PACK'");
  std::future<grpc::Status> running;
  std::future<void> drained;
  server.database().pool().Run([&](db::Transaction&) {
    // Held until the statement ends: the call waits for the row meanwhile.
    std::future<void> holder = std::async(std::launch::async, [&] {
      server.database().Query("begin; select code from work_order for update; select pg_sleep(1); commit");
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    running = std::async(std::launch::async, [&] {
      v1::TransitionWorkOrderRequest request;
      request.set_request_id("r-1");
      request.set_work_order_code("WO-1");
      request.set_action(v1::WORK_ORDER_ACTION_RELEASE);
      v1::TransitionWorkOrderResponse response;
      const auto stub = WorkOrderService::NewStub(server.channel());
      return CallOnce(*stub, &WorkOrderService::Stub::TransitionWorkOrder, request, &response);
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    drained = std::async(std::launch::async, [&] { server.server().Drain(); });
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    EXPECT_EQ(List(server).error_code(), grpc::StatusCode::UNAVAILABLE);
    holder.get();
    return false;
  });
  EXPECT_TRUE(running.get().ok());
  drained.get();
  EXPECT_EQ(server.database().Value("select state from work_order"), "2");
}

TEST(Server, AnAddressThatIsTakenIsSaidAtOnce) {
  TestServer server(tests::PlantBuilder().draft());
  const std::string taken = "127.0.0.1:" + std::to_string(server.server().port());
  EXPECT_THROW(Server({.database_url = server.database().url(), .listen = taken}), std::runtime_error);
}

}  // namespace
}  // namespace mes::services
