// Verification of the live audit: events are recorded as fast as the server takes them, then everything is re-read and judged:
// entries, links, and each stored row against its commit's hash.
#include <ctime>

#include <fmt/format.h>

#include "mes/v1/audit.grpc.pb.h"
#include "tests/bench/figure.h"
#include "tests/bench/floor.h"
#include "tests/support/server.h"

namespace mes::bench {

namespace {

// Rows judged per minute.
double VerifyRate(v1::AuditService::Stub& stub, const v1::VerifyAuditRequest& request, const char* what) {
  const auto begin = Clock::now();
  grpc::ClientContext context;
  const auto reader = stub.VerifyAudit(&context, request);
  v1::VerifyAuditResponse page, told;
  while (reader->Read(&page)) told = page;
  const grpc::Status status = reader->Finish();
  if (!status.ok() || !told.sound()) throw std::runtime_error("audit: " + status.error_message() + told.ShortDebugString());
  const double seconds = SecondsSince(begin);
  Say(fmt::format("audit: of {} {} entries and {} facts verified in {:.2f} s", what, told.entries(), told.facts(), seconds));
  return static_cast<double>(told.entries() + told.facts()) * 60 / seconds;
}

}  // namespace

void RunAudit(Run& run) {
  tests::TestDatabase database(run.cluster);
  tests::StorePlant(database, BenchPlant());
  tests::TestServer server(database.url());
  Floor(database, server.channel(), 1).Saturate(run.Seconds(30), 1'024);
  const auto stub = v1::AuditService::NewStub(server.channel());
  // A period that holds all: what its rows cost, and not how many were left out.
  v1::VerifyAuditRequest period;
  period.mutable_from_time()->set_seconds(time(nullptr) - 3'600);
  period.mutable_until_time()->set_seconds(time(nullptr) + 3'600);
  std::vector<double> rates, period_rates;
  for (int round = 0; round < (run.smoke ? 1 : 3); ++round) {
    rates.push_back(VerifyRate(*stub, {}, "all"));
    period_rates.push_back(VerifyRate(*stub, period, "a period"));
  }
  run.Add("verify_rows_per_minute", Quantile(rates, 0.5), "rows/min", run.smoke ? "" : ">= 1000000");
  run.Add("verify_period_rows_per_minute", Quantile(period_rates, 0.5), "rows/min", run.smoke ? "" : ">= 1000000");
}

}  // namespace mes::bench
