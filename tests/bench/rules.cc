// What the rules cost: the same events into two databases by turns, one with every interlock, time window and rule that acts, and with
// limits on every chart, the other with none of them. Routes, quantities and duplicates are judged in both: they are what recording is.
#include <fmt/format.h>

#include "db/product_definition.h"
#include "db/spc.h"
#include "domain/limits.h"
#include "tests/bench/figure.h"
#include "tests/bench/floor.h"
#include "tests/support/server.h"

namespace mes::bench {
namespace {

constexpr int kWindow = 64;

domain::PlantDraft WithoutRules() {
  domain::PlantDraft draft = BenchPlant();
  draft.process_rules.clear();
  for (domain::ProductRevision& product : draft.products) {
    product.windows.clear();
    for (domain::Operation& operation : product.operations) operation.interlocks.clear(), operation.line_stops.clear();
  }
  return draft;
}

// The floor's values are the nominal ones: inside any limits, so that every pattern is looked for and none is found.
void FreezeLimits(tests::TestDatabase& database) {
  database.pool().Run([](db::Transaction& transaction) {
    const auto plant = db::LoadPlant(transaction);
    for (const domain::Station& station : plant->stations) {
      if (station.product_code != kProduct) continue;
      const domain::ProductRevision& product = *plant->NewestRevision(station.material_id);
      for (const int16_t number : station.operations) {
        const domain::Operation& operation = product.operations[static_cast<size_t>(product.OperationIndex(number))];
        for (const domain::Characteristic& characteristic : operation.characteristics) {
          domain::FrozenLimits frozen;
          frozen.design = domain::DesignOf(characteristic, false);
          const double center = characteristic.nominal;
          frozen.limits = {center, 1, center - 3, center + 3, 1, 0, 3, 1};
          frozen.points = 25;
          frozen.person = "bench";
          frozen.reason = "benchmark";
          db::InsertLimits(transaction, {station.id, number, characteristic.code, 0}, frozen);
        }
      }
    }
    db::LockChartPlan(transaction);
    return true;
  });
}

double Rate(tests::TestDatabase& database, int epoch, double seconds) {
  tests::TestServer server(database.url());
  Floor floor(database, server.channel(), epoch);
  database.Query("checkpoint");
  return floor.Saturate(seconds, kWindow);
}

}  // namespace

void RunRules(Run& run) {
  tests::TestDatabase with(run.cluster), without(run.cluster);
  tests::StorePlant(with, BenchPlant());
  FreezeLimits(with);
  tests::StorePlant(without, WithoutRules());
  std::vector<double> rates, bare_rates, ratios;
  // By turns, so that what the machine does meanwhile meets both alike; the order changes, so that being first costs neither more.
  for (int round = 0; round < run.Count(5, 1); ++round) {
    const auto take = [&](bool rules) {
      (rules ? rates : bare_rates).push_back(Rate(rules ? with : without, round + 1, run.Seconds(6)));
    };
    take(round % 2 == 0);
    take(round % 2 != 0);
    ratios.push_back(rates.back() / bare_rates.back());
    Say(fmt::format("with all rules {:.0f}/s, without {:.0f}/s", rates.back(), bare_rates.back()));
  }
  run.Add("rules_cost_ratio", Quantile(ratios, 0.5), "ratio");
  run.Add("ingest_with_rules_per_s", Quantile(rates, 0.5), "1/s");
  run.Add("ingest_without_rules_per_s", Quantile(bare_rates, 0.5), "1/s");
}

}  // namespace mes::bench
