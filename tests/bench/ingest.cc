// How many events a second become durable through the gRPC stream with every rule on, against raw binary COPY of the same rows.
#include <vector>

#include <fmt/format.h>

#include "domain/limits.h"
#include "tests/bench/copy.h"
#include "tests/bench/figure.h"
#include "tests/bench/floor.h"
#include "tests/support/server.h"

namespace mes::bench {
namespace {

// Per station; 72 of them.
constexpr int kWindow = 64;
constexpr size_t kSmallCommit = 64;

double Ingest(tests::TestDatabase& database, int epoch, size_t events_per_commit, double seconds) {
  services::ServerOptions options;
  options.max_events_per_commit = events_per_commit;
  tests::TestServer server(database.url(), options);
  Floor floor(database, server.channel(), epoch);
  database.Query("checkpoint");
  return floor.Saturate(seconds, kWindow);
}

double Bytes(tests::TestDatabase& database, const std::string& expression) {
  return std::stod(database.Value("select " + expression));
}

}  // namespace

void RunIngest(Run& run) {
  tests::TestDatabase database(run.cluster);
  tests::StorePlant(database, BenchPlant());
  std::vector<double> rates, small_rates, copy_rates;
  double wal = 0;
  int64_t wal_events = 0;
  int epoch = 0;
  // Side by side: what the machine does meanwhile meets all three alike.
  for (int round = 0; round < run.Count(3, 1); ++round) {
    const std::string lsn = database.Value("select pg_current_wal_insert_lsn()");
    rates.push_back(Ingest(database, ++epoch, domain::kMaxEventsPerCommit, run.Seconds(8)));
    wal += Bytes(database, fmt::format("pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '{}')", lsn));
    wal_events += std::stoll(database.Value(fmt::format("select count(*) from station_event where epoch = {}", epoch)));
    const Copied copied = CopyAgain(database.url(), epoch);
    copy_rates.push_back(static_cast<double>(copied.events) / copied.seconds);
    small_rates.push_back(Ingest(database, ++epoch, kSmallCommit, run.Seconds(8)));
    Say(fmt::format("ingest {:.0f}/s, in commits of 64 {:.0f}/s, copy {:.0f}/s of {} events", rates.back(), small_rates.back(),
                    copy_rates.back(), copied.events));
  }
  const double rate = Quantile(rates, 0.5), copy = Quantile(copy_rates, 0.5);
  run.Add("ingest_over_copy", rate / copy, "ratio", ">= 0.4");
  run.Add("ingest_events_per_s", rate, "1/s");
  run.Add("copy_events_per_s", copy, "1/s");
  run.Add("ingest_batch1024_over_batch64", rate / Quantile(small_rates, 0.5), "ratio", ">= 1");
  database.Query("vacuum");
  // The whole of it: events, consumptions, units, yields and cursors, with their indexes.
  const double events = Bytes(database, "count(*) from station_event");
  const double size = Bytes(database,
                            "sum(pg_total_relation_size(relid)) from pg_stat_user_tables where relname like 'station_event%' "
                            "or relname like 'line_yield_day%' or relname in ('lot_consumption', 'assembly', 'unit', 'operation_yield', "
                            "'yield_running', 'lot_yield', 'station_cursor', 'lot')");
  run.Add("disk_bytes_per_event", size / events, "B");
  run.Add("wal_bytes_per_event", wal / static_cast<double>(wal_events), "B");
}

}  // namespace mes::bench
