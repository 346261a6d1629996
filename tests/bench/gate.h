// Questions to the gate about plates that wait for operation 20, each in a database of many plates.
#pragma once

#include <memory>
#include <random>

#include <grpcpp/channel.h>

#include "grpc/health/v1/health.grpc.pb.h"
#include "mes/v1/station.grpc.pb.h"
#include "tests/bench/floor.h"
#include "tests/support/cluster.h"

namespace mes::bench {

// Plates of the past: nine in ten are finished, one waits for operation 20, in the order of line 1.
void LoadUnits(tests::TestDatabase& database, int64_t count);

class Gate {
 public:
  // `units` as LoadUnits was given them.
  Gate(const Floor& floor, const std::shared_ptr<grpc::Channel>& channel, int64_t units, uint32_t seed);
  // CanStart of a waiting plate. Throws std::runtime_error unless the answer is go.
  void Ask();
  // The health check: a call that asks nothing.
  void Echo();

 private:
  const BenchStation& station_;
  std::unique_ptr<v1::StationService::Stub> stub_;
  std::unique_ptr<grpc::health::v1::Health::Stub> health_;
  std::mt19937 random_;
  std::uniform_int_distribution<int64_t> waiting_;
};

}  // namespace mes::bench
