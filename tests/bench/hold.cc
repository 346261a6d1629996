// A hold on a lot that went into 100,000 cells, with all that these went into, while stations report: how long until it is answered, and
// how long a station waits for an acknowledgement meanwhile.
#include <algorithm>
#include <atomic>
#include <thread>

#include <fmt/format.h>

#include "mes/v1/hold.grpc.pb.h"
#include "tests/bench/figure.h"
#include "tests/bench/floor.h"

namespace mes::bench {

void MeasureHold(Run& run, tests::TestDatabase& database, const std::shared_ptr<grpc::Channel>& channel, const std::string& lot) {
  Floor floor(database, channel, 1);
  std::atomic<bool> stop = false;
  Floor::Paced paced;
  std::thread stations([&] { paced = floor.PaceUntil(200, [&] { return stop.load(); }); });
  // The stations' warm-up.
  std::this_thread::sleep_for(std::chrono::milliseconds(run.smoke ? 200 : 3'000));

  auto stub = v1::HoldService::NewStub(channel);
  v1::PlaceHoldRequest request;
  request.set_request_id("hold " + lot);
  request.add_codes(lot);
  request.set_reason("benchmark");
  request.set_person("bench");
  grpc::ClientContext context;
  v1::PlaceHoldResponse response;
  const auto begin = Clock::now();
  const grpc::Status status = stub->PlaceHold(&context, request, &response);
  const double seconds = SecondsSince(begin);
  stop = true;
  stations.join();
  if (!status.ok()) throw std::runtime_error("hold: " + status.error_message());
  const double covered = static_cast<double>(response.hold().covered());
  Say(fmt::format("hold: {} units and lots in {:.2f} s", response.hold().covered(), seconds));
  // Per 100,000, whatever the lot went into.
  run.Add("hold_100000_s", seconds * 100'000 / std::max(covered, 1.0), "s", run.smoke ? "" : "<= 10");
  run.Add("hold_100000_longest_ack_ms", Quantile(paced.latencies, 1), "ms", run.smoke ? "" : "<= 500");
}

}  // namespace mes::bench
