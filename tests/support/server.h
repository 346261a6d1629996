// A server in this process on a database of its own, for tests over real gRPC.
#pragma once

#include <memory>
#include <string>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include "domain/product_definition.h"
#include "mes/v1/error.pb.h"
#include "services/server.h"
#include "tests/support/cluster.h"

namespace mes::tests {

class TestServer {
 public:
  // Stores the plant, then serves. `options` without its database.
  explicit TestServer(const domain::PlantDraft& plant, services::ServerOptions options = {});
  // On another database: migrated or not, there or not.
  explicit TestServer(const std::string& database_url, services::ServerOptions options = {});
  ~TestServer();

  // Only with the first constructor.
  TestDatabase& database() { return *database_; }
  services::Server& server() { return *server_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  std::unique_ptr<TestDatabase> database_;
  std::unique_ptr<services::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

// Stores a plant as LoadPlant would.
void StorePlant(TestDatabase& database, const domain::PlantDraft& plant);

// What travelled in the status' details; a test failure and an empty message where nothing did.
v1::ErrorInfo ErrorInfoOf(const grpc::Status& status);
// Its reason; `OK` for an OK status.
std::string ReasonOf(const grpc::Status& status);
// The field it names.
std::string FieldOf(const grpc::Status& status);

// Makes one unary call with a fresh context: `CallOnce(*stub, &Stub::GetUnit, request, &response)`.
template <typename Stub, typename Request, typename Response>
grpc::Status CallOnce(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                      const Request& request, Response* response) {
  grpc::ClientContext context;
  return (stub.*method)(&context, request, response);
}

}  // namespace mes::tests
