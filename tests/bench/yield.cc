// Yield questions over a year of the region's plant, through gRPC: every line, station, day and shift of the reference plant has
// counts, every line a new order each week. The counts are written by SQL in the shape in which ingest keeps them.
#include <algorithm>
#include <functional>
#include <random>

#include <fmt/format.h>

#include "domain/yield.h"
#include "mes/v1/yield.grpc.pb.h"
#include "tests/bench/figure.h"
#include "tests/bench/floor.h"
#include "tests/support/server.h"

namespace mes::bench {
namespace {

constexpr char kFirstDay[] = "2025-11-24";

void LoadYear(tests::TestDatabase& database, int64_t days) {
  std::string names, values, sums;
#define MES_BENCH_NAME(name) names += ", " #name, sums += ", sum(y." #name ")";
  MES_YIELD_COUNTS(MES_BENCH_NAME)
#undef MES_BENCH_NAME
  for (size_t i = 0; i < domain::kYieldCounts.size(); ++i)
    values += fmt::format(", (hashint4(s.station_id + d + h) & 255) + {}", i);
  database.Query(fmt::format(
      "insert into work_order (code, material_id, revision_id, state, ordered_micro, priority, create_time) "
      "select l.code || '-W' || w, l.material_id, r.revision_id, 3, 1000000, 1, now() from line l join product_revision r on r.material_id "
      "= l.material_id, generate_series(0, {}) w",
      days / 7));
  database.Query(fmt::format(
      "insert into operation_yield (work_order_id, plant_day, operation, shift, station_id{}) "
      "select o.work_order_id, date '{}' + d, s.operations[1], h, s.station_id{} from generate_series(0, {}) d, generate_series(1, 2) h, "
      "station s join line l on l.line_id = s.line_id, work_order o where o.code = l.code || '-W' || d / 7",
      names, kFirstDay, values, days - 1));
  database.Query(fmt::format(
      "insert into line_yield_day (line_id, work_order_id, plant_day, operation, shift{}) "
      "select s.line_id, y.work_order_id, y.plant_day, o.operation, y.shift{} from operation_yield y join station s on s.station_id = "
      "y.station_id cross join lateral (values (y.operation), (0::smallint)) o (operation) group by 1, 2, 3, 4, 5 order by 3, 1, 4",
      names, sums));
  std::string running;
#define MES_BENCH_RUNNING(name) running += ", sum(sum(y." #name ")) over w";
  MES_YIELD_COUNTS(MES_BENCH_RUNNING)
#undef MES_BENCH_RUNNING
  database.Query(fmt::format(
      "insert into yield_running (subject, subject_id, operation, shift, plant_day{}) "
      "select k.subject, k.subject_id, o.operation, y.shift, y.plant_day{} from operation_yield y join station s on s.station_id = "
      "y.station_id cross join lateral (values (1::smallint, s.line_id), (2::smallint, s.station_id)) k (subject, subject_id) "
      "cross join lateral (values (y.operation), (0::smallint)) o (operation) where k.subject = 1 or o.operation <> 0 "
      "group by 1, 2, 3, 4, 5 window w as "
      "(partition by k.subject, k.subject_id, o.operation, y.shift order by y.plant_day) order by 5, 1, 2",
      names, running));
  database.Query(
      "insert into yield_series (subject, subject_id, operation, shift) select distinct subject, subject_id, operation, shift from "
      "yield_running");
  database.Query("vacuum analyze");
  database.Query("checkpoint");
}

using Groups = std::vector<v1::YieldGrouping>;
struct Kind {
  const char* name;
  Groups groups;
  std::function<void(v1::QueryYieldRequest&)> narrow;
};

std::vector<Kind> Kinds() {
  const auto all = [](v1::QueryYieldRequest&) {};
  const auto product = [](v1::QueryYieldRequest& request) { request.set_product_code("CELL-LFP-228"); };
  const auto line = [](v1::QueryYieldRequest& request) { request.set_line_code("CELL-LFP-228.1"); };
  const auto station = [](v1::QueryYieldRequest& request) { request.set_station_code("PACK-TRK-70.1.PEOL.1"); };
  const auto order = [](v1::QueryYieldRequest& request) { request.set_work_order_code("CELL-LFP-228.1-W3"); };
  return {{"everything", {}, all},
          {"product", {v1::YIELD_GROUPING_PRODUCT}, all},
          {"line", {v1::YIELD_GROUPING_LINE}, all},
          {"line, shift", {v1::YIELD_GROUPING_LINE, v1::YIELD_GROUPING_SHIFT}, all},
          {"operation", {v1::YIELD_GROUPING_OPERATION}, all},
          {"line, operation", {v1::YIELD_GROUPING_LINE, v1::YIELD_GROUPING_OPERATION}, all},
          {"station", {v1::YIELD_GROUPING_STATION}, all},
          {"work order", {v1::YIELD_GROUPING_WORK_ORDER}, all},
          {"day", {v1::YIELD_GROUPING_DAY}, all},
          {"week, product", {v1::YIELD_GROUPING_WEEK, v1::YIELD_GROUPING_PRODUCT}, all},
          {"month, product", {v1::YIELD_GROUPING_MONTH, v1::YIELD_GROUPING_PRODUCT}, all},
          {"operation, day", {v1::YIELD_GROUPING_OPERATION, v1::YIELD_GROUPING_DAY}, all},
          {"operation, day of a product", {v1::YIELD_GROUPING_OPERATION, v1::YIELD_GROUPING_DAY}, product},
          {"operation, month, shift of a product",
           {v1::YIELD_GROUPING_OPERATION, v1::YIELD_GROUPING_MONTH, v1::YIELD_GROUPING_SHIFT},
           product},
          {"station of a line", {v1::YIELD_GROUPING_STATION}, line},
          {"order, operation of a line", {v1::YIELD_GROUPING_WORK_ORDER, v1::YIELD_GROUPING_OPERATION}, line},
          {"day of a station", {v1::YIELD_GROUPING_DAY}, station},
          {"station of an order", {v1::YIELD_GROUPING_STATION}, order}};
}

}  // namespace

void RunYield(Run& run) {
  const int64_t days = run.Count(365, 40);
  tests::TestDatabase database(run.cluster);
  tests::StorePlant(database, BenchPlant());
  Say("loading a year of counts");
  LoadYear(database, days);
  run.Add("yield_rows", std::stod(database.Value("select count(*) from operation_yield")), "rows");
  tests::TestServer server(database.url());
  const auto stub = v1::YieldService::NewStub(server.channel());
  const int32_t first = *domain::ParsePlantDay(kFirstDay);
  std::mt19937 random(1);
  std::vector<double> all;
  double slowest = 0;
  for (const Kind& kind : Kinds()) {
    std::vector<double> times;
    for (int64_t i = 0; i < run.Count(60, 3); ++i) {
      v1::QueryYieldRequest request;
      // The whole year, or any range in it.
      int32_t from = 0, to = static_cast<int32_t>(days) - 1;
      if (i % 3 != 0) {
        from = static_cast<int32_t>(random() % static_cast<uint64_t>(days));
        to = from + static_cast<int32_t>(random() % static_cast<uint64_t>(days - from));
      }
      request.set_first_day(domain::FormatPlantDay(first + from));
      request.set_last_day(domain::FormatPlantDay(first + to));
      for (const v1::YieldGrouping group : kind.groups) request.add_group_by(group);
      kind.narrow(request);
      v1::QueryYieldResponse response;
      const auto begin = Clock::now();
      const grpc::Status status = tests::CallOnce(*stub, &v1::YieldService::Stub::QueryYield, request, &response);
      const double ms = SecondsSince(begin) * 1e3;
      if (!status.ok()) throw std::runtime_error(std::string(kind.name) + ": " + status.error_message());
      if (i >= 3 || run.smoke) times.push_back(ms);  // the first ones warm the cache
    }
    all.insert(all.end(), times.begin(), times.end());
    const double p50 = Quantile(times, 0.5), p99 = Quantile(times, 0.99);
    slowest = std::max(slowest, p99);
    Say(fmt::format("by {}: p50 {:.1f} ms, p99 {:.1f} ms", kind.name, p50, p99));
  }
  run.Add("yield_query_p50_ms", Quantile(all, 0.5), "ms");
  run.Add("yield_query_p99_ms", Quantile(all, 0.99), "ms", "<= 50");
  run.Add("yield_query_slowest_p99_ms", slowest, "ms", "<= 50");
}

}  // namespace mes::bench
