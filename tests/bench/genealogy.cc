// Traces, where-used and passports over a plant's history, through gRPC: trucks of 576 cells with their lots, and stacks of plates and
// membranes.
//
// The history is written by SQL in the shape of the plant: a truck has a system of 6 boxes of 4 modules of 24 cells; a cell
// consumed an electrolyte lot (100,000 cells), a cathode and an anode lot (2,000 cells out of a run of 20,000, as the grading
// store mixes them); an electrode lot consumed a powder lot. A stack has 380 membranes and 379 plates. All was built an hour before it
// was finished.
#include <algorithm>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "mes/v1/genealogy.grpc.pb.h"
#include "mes/v1/passport.grpc.pb.h"
#include "tests/bench/figure.h"
#include "tests/bench/floor.h"
#include "tests/support/server.h"

namespace mes::bench {
namespace {

struct Sizes {
  int64_t trucks;
  int64_t stacks;
  int64_t cells_per_electrolyte_lot;
};

constexpr int64_t kCellsPerTruck = 576;
constexpr int64_t kMembranes = 380;
constexpr int64_t kPlates = 379;

// Ids by kind, so that a part is found by arithmetic.
constexpr int64_t kKind = 100'000'000;
constexpr int64_t kTruck = 1 * kKind, kSystem = 2 * kKind, kBox = 3 * kKind, kModule = 4 * kKind, kCell = 5 * kKind;
constexpr int64_t kElectrolyte = 6 * kKind, kCathode = 7 * kKind, kAnode = 8 * kKind, kPowder = 9 * kKind;
constexpr int64_t kStack = 10 * kKind, kMembrane = 11 * kKind, kPlate = 12 * kKind;

std::string Units(int64_t base, const char* prefix, const char* material, int tracking, int64_t count) {
  return fmt::format(
      "insert into unit (unit_id, code, material_id, revision_id, state, tracking, create_time, finish_time) "
      "select {} + i, '{}-' || i, m.material_id, (select max(r.revision_id) from product_revision r where r.material_id = m.material_id), "
      "2, {}, now(), now() from generate_series(1, {}) i, material m where m.code = '{}';",
      base, prefix, tracking, count, material);
}

// Children 1 to `count` of a kind, `per` to each parent, in order. `child` may shuffle the child's number.
std::string Install(int64_t parents, int64_t children, int64_t count, int64_t per, int line, const std::string& child = "i") {
  return fmt::format(
      "insert into assembly (parent_id, child_id, install_time, install_record_time, install_sequence, install_station, install_epoch, "
      "line, slot) select {} + 1 + (i - 1) / {}, {} + {}, now() - interval '1 hour', now() - interval '1 hour', i, s.id, 1, {}, "
      "1 + (i - 1) % {} "
      "from generate_series(1::bigint, {}) i, (select min(station_id) as id from station) s;",
      parents, per, children, child, line, per, count);
}

std::string Consume(const std::string& lot, int64_t consumers, int64_t count, int line) {
  return fmt::format(
      "insert into lot_consumption (lot_id, consumer_id, quantity_micro, consume_time, record_time, sequence, station_id, epoch, "
      "operation, line, kind) select {}, {} + i, 1000000, now() - interval '1 hour', now() - interval '1 hour', i, s.id, 1, 10, {}, 1 "
      "from generate_series(1::bigint, {}) i, (select min(station_id) as id from station) s;",
      lot, consumers, line, count);
}

void LoadHistory(tests::TestDatabase& database, const Sizes& sizes) {
  const int64_t cells = sizes.trucks * kCellsPerTruck;
  const int64_t electrode_lots = cells / 2'000 + 20;
  database.Query(
      Units(kTruck, "TRUCK", "VEH-TRK-BEV", 1, sizes.trucks) + Units(kSystem, "SYSTEM", "BSYS-TRK-423", 1, sizes.trucks) +
      Units(kBox, "BOX", "PACK-TRK-70", 1, sizes.trucks * 6) + Units(kModule, "MODULE", "MOD-TRK-24S", 1, sizes.trucks * 24) +
      Units(kCell, "CELL", "CELL-LFP-228", 1, cells) +
      Units(kElectrolyte, "ELY", "RM-ELY", 2, cells / sizes.cells_per_electrolyte_lot + 1) +
      Units(kCathode, "CATHODE", "ELC-C", 2, electrode_lots) + Units(kAnode, "ANODE", "ELC-A", 2, electrode_lots) +
      Units(kPowder, "POWDER", "RM-LFP", 2, electrode_lots / 10 + 1) + Units(kStack, "STACK", "STK-148", 1, sizes.stacks) +
      Units(kMembrane, "MEA", "MEA-7", 1, sizes.stacks * kMembranes) +
      Units(kPlate, "PLATE", "BPP-M", 1, sizes.stacks * kPlates) +
      "insert into lot (unit_id, quantity_micro, left_micro, manufacture_time) "
      "select unit_id, 1000000000000, 0, now() from unit where tracking = 2;"
      "insert into material_composition (material_id, version, from_time, substances) select material_id, 1, '2020-01-01', "
      "'{\"LFP\": 1594000, \"graphite\": 751600, \"copper\": 299700, \"Li\": 74600}' from material where code = 'CELL-LFP-228'");
  Say("units are there");
  // The grading store mixes the cells of each run of 20,000 (7,919 is prime to it); a short last run stays in order.
  const int64_t run = 20'000, whole_runs = cells / run * run;
  const std::string mixed = fmt::format("case when i > {} then i else (i - 1) / {} * {} + ((i - 1) % {}) * 7919 % {} + 1 end",
                                        whole_runs, run, run, run, run);
  // Two connections, as the tables are two.
  std::exception_ptr fault;
  std::thread assemblies([&] {
    try {
      database.Query(Install(kModule, kCell, cells, 24, 1, mixed) + Install(kBox, kModule, sizes.trucks * 24, 4, 1) +
                     Install(kSystem, kBox, sizes.trucks * 6, 6, 1) + Install(kTruck, kSystem, sizes.trucks, 1, 1) +
                     Install(kStack, kMembrane, sizes.stacks * kMembranes, kMembranes, 1) +
                     Install(kStack, kPlate, sizes.stacks * kPlates, kPlates, 2));
    } catch (...) {
      fault = std::current_exception();
    }
  });
  database.Query(Consume(fmt::format("{} + 1 + (i - 1) / {}", kElectrolyte, sizes.cells_per_electrolyte_lot), kCell, cells, 5) +
                 Consume(fmt::format("{} + 1 + (i - 1) / 20000 * 10 + (i - 1) % 10", kCathode), kCell, cells, 1) +
                 Consume(fmt::format("{} + 1 + (i - 1) / 20000 * 10 + (i - 1) % 10", kAnode), kCell, cells, 2) +
                 Consume(fmt::format("{} + 1 + (i - 1) / 10", kPowder), kCathode, electrode_lots, 1));
  assemblies.join();
  if (fault) std::rethrow_exception(fault);
  database.Query("vacuum analyze");
  database.Query("checkpoint");
}

struct Answer {
  double first_ms = 0;
  double all_ms = 0;
  int64_t edges = 0;
};

class Asker {
 public:
  explicit Asker(const std::shared_ptr<grpc::Channel>& channel) : stub_(v1::GenealogyService::NewStub(channel)) {}

  Answer Trace(const std::string& code, v1::TraceView view = v1::TRACE_VIEW_AS_IS) {
    v1::TraceRequest request;
    request.set_code(code);
    request.set_view(view);
    if (view == v1::TRACE_VIEW_AS_KNOWN_AT) request.mutable_at_time()->set_seconds(time(nullptr));
    grpc::ClientContext context;
    const auto begin = Clock::now();
    const auto reader = stub_->Trace(&context, request);
    return ReadAll<v1::TraceResponse>(*reader, context, begin, false);
  }
  Answer WhereUsed(const std::string& code, bool first_page_only) {
    v1::WhereUsedRequest request;
    request.set_code(code);
    grpc::ClientContext context;
    const auto begin = Clock::now();
    const auto reader = stub_->WhereUsed(&context, request);
    return ReadAll<v1::WhereUsedResponse>(*reader, context, begin, first_page_only);
  }

 private:
  template <typename Response, typename Reader>
  Answer ReadAll(Reader& reader, grpc::ClientContext& context, Clock::time_point begin, bool first_page_only) {
    Answer answer;
    Response response;
    bool last = false;
    while (reader.Read(&response)) {
      if (answer.edges == 0) answer.first_ms = SecondsSince(begin) * 1e3;
      answer.edges += response.edges_size();
      last = response.last() && response.complete();
      if (first_page_only) context.TryCancel();
    }
    const grpc::Status status = reader.Finish();
    answer.all_ms = SecondsSince(begin) * 1e3;
    if (!first_page_only && (!status.ok() || !last)) throw std::runtime_error("genealogy: " + status.error_message());
    return answer;
  }

  std::unique_ptr<v1::GenealogyService::Stub> stub_;
};

// A first version is always issued: everything is read and counted.
double IssueSeconds(v1::PassportService::Stub& stub, const std::string& code) {
  v1::IssuePassportRequest request;
  request.set_request_id("passport " + code);
  request.set_unit_code(code);
  request.set_person("bench");
  v1::IssuePassportResponse response;
  grpc::ClientContext context;
  const auto begin = Clock::now();
  const grpc::Status status = stub.IssuePassport(&context, request, &response);
  const double seconds = SecondsSince(begin);
  if (!status.ok() || !response.issued()) throw std::runtime_error("passport of " + code + ": " + status.error_message());
  return seconds;
}

// Of trucks' battery systems, each once.
void MeasurePassports(Run& run, const std::shared_ptr<grpc::Channel>& channel) {
  const auto stub = v1::PassportService::NewStub(channel);
  std::vector<double> seconds;
  IssueSeconds(*stub, "SYSTEM-1");
  for (int64_t i = 2; i < 2 + run.Count(100, 3); ++i) seconds.push_back(IssueSeconds(*stub, fmt::format("SYSTEM-{}", i)));
  run.Add("passport_truck_system_p50_ms", Quantile(seconds, 0.5) * 1e3, "ms");
  run.Add("passport_truck_system_p99_ms", Quantile(seconds, 0.99) * 1e3, "ms", "<= 1000");
  v1::GetPassportRequest request;
  request.set_unit_code("SYSTEM-2");
  request.set_tier(v1::PASSPORT_TIER_LEGITIMATE_INTEREST);
  request.set_role("recycler");
  v1::GetPassportResponse response;
  grpc::ClientContext context;
  const grpc::Status status = stub->GetPassport(&context, request, &response);
  std::string cells;
  for (const v1::PassportEntry& entry : response.entries()) {
    if (entry.attribute() == "cell_count") cells = entry.value();
  }
  if (cells != std::to_string(kCellsPerTruck)) {
    throw std::runtime_error("a system's passport counts " + cells + " cells " + status.error_message());
  }
}

void ExpectEdges(int64_t edges, int64_t wanted, const std::string& of) {
  if (edges != wanted) throw std::runtime_error(fmt::format("{}: {} edges instead of {}", of, edges, wanted));
}

}  // namespace

void RunGenealogy(Run& run) {
  const Sizes sizes{run.Count(2'200, 40), run.Count(500, 3), run.Count(100'000, 5'000)};
  tests::TestDatabase database(run.cluster);
  tests::StorePlant(database, BenchPlant());
  Say("loading the plant's history");
  LoadHistory(database, sizes);
  const double edges =
      std::stod(database.Value("select (select count(*) from assembly) + (select count(*) from lot_consumption)"));
  run.Add("genealogy_edges", edges, "edges", run.smoke ? "" : ">= 5000000");
  const std::string size =
      database.Value("select pg_total_relation_size('assembly') + pg_total_relation_size('lot_consumption')");
  run.Add("disk_bytes_per_edge", std::stod(size) / edges, "B");
  run.Add("genealogy_disk_gib", std::stod(size) / (1 << 30), "GiB");

  tests::TestServer server(database.url());
  Asker asker(server.channel());
  std::mt19937 random(7);
  const auto pick = [&](int64_t count) { return std::uniform_int_distribution<int64_t>(1, count)(random); };
  std::vector<double> trucks, built, known, stacks, first_pages;
  asker.Trace("TRUCK-1");
  for (int64_t i = 0; i < run.Count(300, 3); ++i) {
    const Answer truck = asker.Trace(fmt::format("TRUCK-{}", pick(sizes.trucks)));
    // System, boxes, modules, cells, three lots for each cell, and powder lots: some electrode lots share one.
    if (truck.edges < 1 + 6 + 24 + kCellsPerTruck * 4) throw std::runtime_error("a truck's trace is short");
    trucks.push_back(truck.all_ms);
    // The same truck's past, by turns.
    const std::string code = fmt::format("TRUCK-{}", pick(sizes.trucks));
    for (const auto& [view, taken] : {std::pair(v1::TRACE_VIEW_AS_BUILT, &built), std::pair(v1::TRACE_VIEW_AS_KNOWN_AT, &known)}) {
      const Answer past = asker.Trace(code, view);
      if (past.edges < 1 + 6 + 24 + kCellsPerTruck * 4) throw std::runtime_error("a truck's past is short");
      taken->push_back(past.all_ms);
    }
    const Answer stack = asker.Trace(fmt::format("STACK-{}", pick(sizes.stacks)));
    ExpectEdges(stack.edges, kMembranes + kPlates, "a stack");
    stacks.push_back(stack.all_ms);
  }
  run.Add("trace_truck_p99_ms", Quantile(trucks, 0.99), "ms", "<= 10");
  run.Add("trace_as_built_p99_ms", Quantile(built, 0.99), "ms");
  run.Add("trace_as_known_at_p99_ms", Quantile(known, 0.99), "ms");
  run.Add("trace_stack_p99_ms", Quantile(stacks, 0.99), "ms", "<= 10");

  const int64_t lots = std::max<int64_t>(1, sizes.trucks * kCellsPerTruck / sizes.cells_per_electrolyte_lot);
  for (int64_t i = 0; i < run.Count(200, 3); ++i) {
    first_pages.push_back(asker.WhereUsed(fmt::format("ELY-{}", pick(lots)), true).first_ms);
  }
  run.Add("where_used_first_page_p99_ms", Quantile(first_pages, 0.99), "ms", "<= 20");
  std::vector<double> complete;
  for (int64_t i = 0; i < run.Count(5, 1); ++i) {
    const Answer answer = asker.WhereUsed(fmt::format("ELY-{}", pick(lots)), false);
    if (answer.edges < sizes.cells_per_electrolyte_lot) throw std::runtime_error("where-used is short");
    Say(fmt::format("where-used: {} edges in {:.2f} s", answer.edges, answer.all_ms / 1e3));
    complete.push_back(answer.all_ms / 1e3);
  }
  run.Add("where_used_complete_s", Quantile(complete, 0.5), "s", "<= 2");
  MeasurePassports(run, server.channel());
  MeasureHold(run, database, server.channel(), "ELY-1");
}

}  // namespace mes::bench
