#include <chrono>
#include <memory>
#include <thread>

#include "grpc/health/v1/health.grpc.pb.h"
#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// Asks until the server says SERVING or the time is up; the last answer is the one reported.
void Check(const Connection& connection, double wait_s) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(wait_s);
  const auto stub = grpc::health::v1::Health::NewStub(connection.Channel());
  for (;;) {
    grpc::ClientContext context;
    connection.Arm(context);
    HealthCheckResponse response;
    const grpc::Status status = stub->Check(&context, HealthCheckRequest(), &response);
    const bool serving = status.ok() && response.status() == HealthCheckResponse::SERVING;
    if (!serving && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      continue;
    }
    if (!status.ok()) Fail(status);
    if (connection.json) {
      PrintJson(response);
    } else {
      printf("%s\n", HealthCheckResponse::ServingStatus_Name(response.status()).c_str());
    }
    if (!serving) throw Exit{kExitServer};
    return;
  }
}

}  // namespace

void AddHealth(CLI::App& app, const Connection& connection) {
  auto* health = app.add_subcommand("health", "Is the server serving? Exit code 0 if it is");
  health->footer("Example:\n  mesctl health --wait 30");
  auto wait_s = std::make_shared<double>(0);
  health->add_option("--wait", *wait_s, "Keep asking for so long until it serves")
      ->check(CLI::Range(0.0, 86400.0).description(""))
      ->type_name("SECONDS");
  health->callback([&connection, wait_s] { Check(connection, *wait_s); });
}

}  // namespace mes::mesctl
