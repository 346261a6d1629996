#include "tests/support/server.h"

#include <chrono>

#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include "db/product_definition.h"

namespace mes::tests {
namespace {

std::unique_ptr<services::Server> Serve(services::ServerOptions options, const std::string& database_url) {
  spdlog::set_level(spdlog::level::off);
  options.database_url = database_url;
  return std::make_unique<services::Server>(std::move(options));
}

std::shared_ptr<grpc::Channel> ChannelTo(const services::Server& server) {
  grpc::ChannelArguments arguments;
  // Each server is met with a connection of its own, although tests share a process.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server.port()), grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

TestServer::TestServer(const domain::PlantDraft& plant, services::ServerOptions options)
    : database_(std::make_unique<TestDatabase>()) {
  StorePlant(*database_, plant);
  server_ = Serve(std::move(options), database_->url());
  channel_ = ChannelTo(*server_);
}

TestServer::TestServer(const std::string& database_url, services::ServerOptions options)
    : server_(Serve(std::move(options), database_url)), channel_(ChannelTo(*server_)) {}

TestServer::~TestServer() = default;

void StorePlant(TestDatabase& database, const domain::PlantDraft& plant) {
  const auto now = std::chrono::time_point_cast<domain::Duration>(std::chrono::system_clock::now());
  database.pool().Run([&](db::Transaction& transaction) {
    db::StorePlant(transaction, plant, now);
    return true;
  });
}

v1::ErrorInfo ErrorInfoOf(const grpc::Status& status) {
  v1::ErrorInfo info;
  v1::RpcStatus details;
  EXPECT_TRUE(details.ParseFromString(status.error_details())) << status.error_message();
  EXPECT_EQ(details.code(), status.error_code());
  EXPECT_EQ(details.message(), status.error_message());
  EXPECT_EQ(details.details_size(), 1) << status.error_message();
  if (details.details_size() != 1) return info;
  EXPECT_EQ(details.details(0).type_url(), "type.googleapis.com/google.rpc.ErrorInfo");
  EXPECT_TRUE(info.ParseFromString(details.details(0).value()));
  EXPECT_EQ(info.domain(), "mes.ordos");
  return info;
}

std::string ReasonOf(const grpc::Status& status) { return status.ok() ? "OK" : ErrorInfoOf(status).reason(); }

std::string FieldOf(const grpc::Status& status) {
  const v1::ErrorInfo info = ErrorInfoOf(status);
  const auto field = info.metadata().find("field");
  return field == info.metadata().end() ? "" : field->second;
}

}  // namespace mes::tests
