// How long it takes to say how full the plant is, over ten years of daily counters of all lines and 2,000 open orders.
#include <fmt/format.h>

#include "mes/v1/capacity.grpc.pb.h"
#include "mes/v1/product_definition.grpc.pb.h"
#include "tests/bench/figure.h"
#include "tests/support/plant_folder.h"
#include "tests/support/server.h"

namespace mes::bench {
namespace {

using Stub = v1::CapacityService::Stub;

void LoadReferencePlant(const std::shared_ptr<grpc::Channel>& channel) {
  v1::LoadPlantRequest request;
  request.set_request_id("bench plant");
  for (const auto& [path, content] : tests::ReadReferencePlant()) {
    v1::PlantFile& file = *request.add_files();
    file.set_path(path);
    file.set_content(content);
  }
  v1::LoadPlantResponse response;
  const auto stub = v1::ProductDefinitionService::NewStub(channel);
  const grpc::Status status = tests::CallOnce(*stub, &v1::ProductDefinitionService::Stub::LoadPlant, request, &response);
  if (!status.ok() || response.faults_total() > 0) throw std::runtime_error("LoadPlant: " + status.error_message());
}

// Every line on every day, and the same by month; orders due over the next year.
void LoadHistory(tests::TestDatabase& database, int64_t days, int64_t orders) {
  database.Query(fmt::format(
      "insert into line_output "
      "select l.material_id, (current_date - date '1970-01-01') - d, l.line_id, 1050000000, 1000000000, 40000000, 1000000, 990000000, 0 "
      "from line l, generate_series(0, {}) d",
      days - 1));
  database.Query(
      "insert into line_output_month "
      "select material_id, (extract(year from date '1970-01-01' + plant_day) * 12 "
      "+ extract(month from date '1970-01-01' + plant_day) - 1)::int, line_id, sum(started_micro), sum(good_micro), "
      "sum(scrapped_micro), sum(reversed_micro), sum(consumed_micro), sum(received_micro) "
      "from line_output group by 1, 2, 3");
  database.Query(fmt::format(
      "insert into work_order (code, material_id, revision_id, state, ordered_micro, priority, due_time, create_time) "
      "select 'W-' || i, r.material_id, r.revision_id, 2, 5000000, 100, now() + (i % 360) * interval '1 day', now() "
      "from generate_series(1, {0}) i join (select material_id, revision_id, row_number() over (order by revision_id) - 1 as n "
      "from product_revision) r on r.n = i % 22",
      orders));
  database.Query("analyze");
}

}  // namespace

void RunUtilisation(Run& run) {
  tests::TestServer server(domain::PlantDraft{});
  LoadReferencePlant(server.channel());
  const int64_t days = run.Count(3'653, 60);
  LoadHistory(server.database(), days, run.Count(2'000, 50));
  run.Add("utilisation_rollups", static_cast<double>(std::stoll(server.database().Value("select count(*) from line_output"))), "rows");

  const auto stub = v1::CapacityService::NewStub(server.channel());
  struct Question {
    v1::PeriodKind period;
    v1::UtilisationSubject subject;
    int years_back;
  };
  // What planners ask: this year by month and week, of families and lines; and the whole of ten years.
  const Question questions[] = {{v1::PERIOD_KIND_MONTH, v1::UTILISATION_SUBJECT_FAMILY, 0},
                                {v1::PERIOD_KIND_MONTH, v1::UTILISATION_SUBJECT_LINE_GROUP, 0},
                                {v1::PERIOD_KIND_WEEK, v1::UTILISATION_SUBJECT_LINE_GROUP, 0},
                                {v1::PERIOD_KIND_DAY, v1::UTILISATION_SUBJECT_FAMILY, 0},
                                {v1::PERIOD_KIND_YEAR, v1::UTILISATION_SUBJECT_FAMILY, 9}};
  std::vector<double> latencies;
  const int64_t rounds = run.Count(200, 3);
  for (int64_t round = -1; round < rounds; ++round) {
    for (const Question& question : questions) {
      v1::GetUtilisationRequest request;
      request.set_period(question.period);
      request.set_subject(question.subject);
      if (question.years_back > 0) {
        const int year = std::stoi(server.database().Value("select extract(year from current_date)::int"));
        request.set_first_day(fmt::format("{}-01-01", year - question.years_back));
        request.set_last_day(fmt::format("{}-12-31", year));
      }
      v1::GetUtilisationResponse response;
      const auto begin = Clock::now();
      const grpc::Status status = tests::CallOnce(*stub, &Stub::GetUtilisation, request, &response);
      if (!status.ok() || response.rows().empty()) throw std::runtime_error("GetUtilisation: " + status.error_message());
      if (round >= 0) latencies.push_back(SecondsSince(begin) * 1e3);
    }
  }
  run.Add("utilisation_p50_ms", Quantile(latencies, 0.5), "ms");
  run.Add("utilisation_p99_ms", Quantile(latencies, 0.99), "ms", "<= 50");
}

}  // namespace mes::bench
