// How long the gate takes to answer: against a unary echo (the health check) in the same run, and while 10,000 events a second
// come in.
#include <atomic>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "grpc/health/v1/health.grpc.pb.h"
#include "mes/v1/station.grpc.pb.h"
#include "tests/bench/figure.h"
#include "tests/bench/floor.h"
#include "tests/support/server.h"

namespace mes::bench {
namespace {

constexpr double kLoad = 10'000;
// With the load: callers that ask at fixed moments.
constexpr int kCallers = 4;
constexpr double kCallsPerSecond = 200;

// Plates of the past: nine in ten are finished, one waits for operation 20, in the order of line 1.
void LoadUnits(tests::TestDatabase& database, int64_t count) {
  database.Query(fmt::format(
      "insert into unit (unit_id, code, material_id, revision_id, work_order_id, state, tracking, passed, attempted, lot_lines, "
      "create_time, finish_time) "
      "select base.id + i, 'OLD-' || to_char(i, 'FM00000000'), o.material_id, o.revision_id, o.work_order_id, "
      "case when i % 10 = 0 then 1 else 2 end, 1, case when i % 10 = 0 then 1 else 511 end, case when i % 10 = 0 then 1 else 511 end, "
      "case when i % 10 = 0 then 2 else 62 end, now() - interval '1 day', case when i % 10 = 0 then null else now() end "
      "from work_order o, (select nextval('unit_id_seq') as id) base, generate_series(1, {}) i where o.code = 'BENCH-1-1'",
      count));
  database.Query("select setval('unit_id_seq', (select max(unit_id) from unit) + 4096)");
  database.Query("analyze");
  database.Query("checkpoint");
}

class Gate {
 public:
  Gate(const Floor& floor, const std::shared_ptr<grpc::Channel>& channel, int64_t units, uint32_t seed)
      : station_(floor.StationOf(20)),
        stub_(v1::StationService::NewStub(channel)),
        health_(grpc::health::v1::Health::NewStub(channel)),
        random_(seed),
        waiting_(1, units / 10) {}

  void Ask() {
    v1::CanStartRequest request;
    request.set_request_id("bench");
    request.set_station_code(station_.code);
    request.set_unit_code(fmt::format("OLD-{:08d}", waiting_(random_) * 10));
    request.mutable_occur_time()->set_seconds(time(nullptr) - station_.shift_seconds);
    request.mutable_start()->set_recipe_checksum(station_.operation->recipe_checksum);
    request.mutable_start()->add_material_codes(station_.lot);
    v1::CanStartResponse response;
    const grpc::Status status = tests::CallOnce(*stub_, &v1::StationService::Stub::CanStart, request, &response);
    if (!status.ok()) throw std::runtime_error("CanStart: " + status.error_message());
    if (!response.go()) throw std::runtime_error("CanStart: " + response.ShortDebugString());
  }

  void Echo() {
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckResponse response;
    if (!health_->Check(&context, {}, &response).ok()) throw std::runtime_error("the health check failed");
  }

 private:
  const BenchStation& station_;
  std::unique_ptr<v1::StationService::Stub> stub_;
  std::unique_ptr<grpc::health::v1::Health::Stub> health_;
  std::mt19937 random_;
  std::uniform_int_distribution<int64_t> waiting_;
};

double Milliseconds(Clock::time_point begin) { return SecondsSince(begin) * 1e3; }

// Latencies from the moment that the question was due.
std::vector<double> AskUnderLoad(Floor& floor, const std::shared_ptr<grpc::Channel>& channel, int64_t units, double seconds) {
  std::atomic<int> running{kCallers};
  std::vector<std::vector<double>> latencies(kCallers);
  std::vector<std::string> faults(kCallers);
  std::vector<std::thread> callers;
  for (size_t caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&, caller] {
      try {
        Gate gate(floor, channel, units, static_cast<uint32_t>(caller) + 7);
        std::this_thread::sleep_for(std::chrono::duration<double>(std::min(seconds, 1.0)));
        const double gap = kCallers / kCallsPerSecond;
        const auto begin = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                              std::chrono::duration<double>(gap * static_cast<double>(caller) / kCallers));
        for (int call = 0; SecondsSince(begin) < seconds; ++call) {
          const auto due = begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(gap * call));
          std::this_thread::sleep_until(due);
          gate.Ask();
          latencies[caller].push_back(Milliseconds(due));
        }
      } catch (const std::exception& fault) {
        faults[caller] = fault.what();
      }
      --running;
    });
  }
  const Floor::Paced load = floor.PaceUntil(kLoad, [&] { return running == 0; });
  for (std::thread& caller : callers) caller.join();
  for (const std::string& fault : faults) {
    if (!fault.empty()) throw std::runtime_error(fault);
  }
  Say(fmt::format("under load: {:.0f} events/s were taken", load.taken_per_s));
  std::vector<double> all;
  for (const auto& some : latencies) all.insert(all.end(), some.begin(), some.end());
  return all;
}

}  // namespace

void RunCanStart(Run& run) {
  const int64_t units = run.Count(3'000'000, 2'000);
  tests::TestDatabase database(run.cluster);
  tests::StorePlant(database, BenchPlant());
  tests::TestServer server(database.url());
  Floor floor(database, server.channel(), 1);
  Say(fmt::format("loading {} units", units));
  LoadUnits(database, units);
  run.Add("can_start_units", static_cast<double>(units), "units");

  Gate gate(floor, server.channel(), units, 1);
  std::vector<double> echo, ask;
  const int64_t calls = run.Count(6'000, 50);
  for (int64_t call = -calls / 10; call < calls; ++call) {
    const auto begin = Clock::now();
    gate.Echo();
    const double echo_ms = Milliseconds(begin);
    const auto middle = Clock::now();
    gate.Ask();
    if (call < 0) continue;  // warm-up
    echo.push_back(echo_ms);
    ask.push_back(Milliseconds(middle));
  }
  const double echo_p50 = Quantile(echo, 0.5), ask_p50 = Quantile(ask, 0.5);
  run.Add("echo_p50_ms", echo_p50, "ms");
  run.Add("can_start_p50_ms", ask_p50, "ms");
  run.Add("can_start_p50_over_echo", ask_p50 / echo_p50, "ratio", "<= 2.5");
  run.Add("can_start_p99_ms_idle", Quantile(ask, 0.99), "ms", "<= 5");
  std::vector<double> loaded = AskUnderLoad(floor, server.channel(), units, run.Seconds(15));
  run.Add("can_start_p99_ms_loaded", Quantile(loaded, 0.99), "ms", "<= 5");
}

}  // namespace mes::bench
