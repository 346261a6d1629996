// How long the gate takes to answer: against a unary echo (the health check) in the same run, and while 10,000 events a second
// come in.
#include <atomic>
#include <thread>

#include <fmt/format.h>

#include "tests/bench/figure.h"
#include "tests/bench/floor.h"
#include "tests/bench/gate.h"
#include "tests/support/server.h"

namespace mes::bench {
namespace {

constexpr double kLoad = 10'000;
// With the load: callers that ask at fixed moments.
constexpr int kCallers = 4;
constexpr double kCallsPerSecond = 200;

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
