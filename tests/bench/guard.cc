// What the guards cost: the same events and questions with and without TLS and permissions, and with and without the audit, by turns on
// one database.
#include <array>

#include <fmt/format.h>

#include "db/audit.h"
#include "domain/limits.h"
#include "services/access.h"
#include "tests/bench/figure.h"
#include "tests/bench/floor.h"
#include "tests/bench/gate.h"
#include "tests/support/authority.h"
#include "tests/support/server.h"

namespace mes::bench {
namespace {

constexpr int kWindow = 64;
constexpr char kCaller[] = "ordos://ordos/service/bench";

struct Guards {
  bool tls;
  bool audit;
};
// Turns begin at another one each round, so that being first costs none of them more.
constexpr std::array<Guards, 4> kGuards = {{{false, false}, {true, false}, {false, true}, {true, true}}};

void LetIn(tests::TestDatabase& database) {
  domain::Identity identity;
  identity.name = kCaller;
  identity.person = "bench";
  identity.register_time = domain::Time(std::chrono::seconds(time(nullptr)));
  const domain::Status done = services::LetIn(database.pool(), identity, {"station", "planner"}, "", "ordos");
  if (!done) throw std::runtime_error(done.error().message);
}

struct Taken {
  double events_per_s = 0;
  double ask_p50_ms = 0;
};

Taken Take(Run& run, tests::TestDatabase& database, const tests::Authority& authority, Guards guards, int epoch, int64_t units) {
  services::ServerOptions options;
  if (guards.tls) options.tls = authority.ServerFiles();
  db::WriteAudit(guards.audit);
  tests::TestServer server(database.url(), options);
  const tests::Pair pair = authority.IssueUri(kCaller);
  const auto channel = guards.tls ? tests::TlsChannel(server.server().port(), authority, &pair) : server.channel();
  Floor floor(database, channel, epoch);
  database.Query("checkpoint");
  Taken taken;
  taken.events_per_s = floor.Saturate(run.Seconds(6), kWindow);
  Gate gate(floor, channel, units, static_cast<uint32_t>(epoch));
  std::vector<double> asked;
  const int64_t calls = run.Count(1'500, 20);
  for (int64_t call = -calls / 10; call < calls; ++call) {
    const auto begin = Clock::now();
    gate.Ask();
    if (call >= 0) asked.push_back(SecondsSince(begin) * 1e3);
  }
  taken.ask_p50_ms = Quantile(asked, 0.5);
  db::WriteAudit(true);
  return taken;
}

}  // namespace

void RunGuard(Run& run) {
  const int64_t units = run.Count(300'000, 2'000);
  const tests::Authority authority;
  tests::TestDatabase database(run.cluster);
  tests::StorePlant(database, BenchPlant());
  LetIn(database);
  int epoch = 1;
  {
    tests::TestServer server(database.url());
    const Floor orders(database, server.channel(), epoch);
    LoadUnits(database, units);
  }
  // Ratios to the first of kGuards in the same round.
  std::array<std::vector<double>, kGuards.size()> ingest, ask;
  for (int round = 0; round < run.Count(5, 1); ++round) {
    std::array<Taken, kGuards.size()> taken;
    for (size_t turn = 0; turn < kGuards.size(); ++turn) {
      const size_t which = (turn + static_cast<size_t>(round)) % kGuards.size();
      taken[which] = Take(run, database, authority, kGuards[which], ++epoch, units);
      Say(fmt::format("{}, {}: {:.0f} events/s, CanStart {:.3f} ms", kGuards[which].tls ? "TLS and permissions" : "plaintext",
                      kGuards[which].audit ? "audit" : "no audit", taken[which].events_per_s, taken[which].ask_p50_ms));
    }
    for (size_t which = 0; which < kGuards.size(); ++which) {
      ingest[which].push_back(taken[which].events_per_s / taken[0].events_per_s);
      ask[which].push_back(taken[which].ask_p50_ms / taken[0].ask_p50_ms);
    }
  }
  run.Add("ingest_tls_ratio", Quantile(ingest[1], 0.5), "ratio");
  run.Add("ingest_audit_ratio", Quantile(ingest[2], 0.5), "ratio");
  run.Add("ingest_guarded_ratio", Quantile(ingest[3], 0.5), "ratio");
  run.Add("can_start_tls_ratio", Quantile(ask[1], 0.5), "ratio");
  run.Add("can_start_audit_ratio", Quantile(ask[2], 0.5), "ratio");
  run.Add("can_start_guarded_ratio", Quantile(ask[3], 0.5), "ratio");
}

}  // namespace mes::bench
