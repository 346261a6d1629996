// How long a station waits for the verdict at a given load, from the moment that the event was due.
#include <fmt/format.h>

#include "tests/bench/figure.h"
#include "tests/bench/floor.h"
#include "tests/support/server.h"

namespace mes::bench {

void RunAck(Run& run) {
  tests::TestDatabase database(run.cluster);
  tests::StorePlant(database, BenchPlant());
  tests::TestServer server(database.url());
  Floor floor(database, server.channel(), 1);
  for (const int rate : {200, 2'000, 10'000}) {
    database.Query("checkpoint");
    Floor::Paced paced = floor.Pace(rate, run.Seconds(12));
    run.Add(fmt::format("ack_p50_ms_at_{}", rate), Quantile(paced.latencies, 0.5), "ms");
    run.Add(fmt::format("ack_p99_ms_at_{}", rate), Quantile(paced.latencies, 0.99), "ms", rate == 10'000 ? "<= 10" : "");
    if (rate == 10'000) run.Add("offered_10000_taken_per_s", paced.taken_per_s, "1/s", ">= 9900");
  }
}

}  // namespace mes::bench
