#include "mes/v1/replay.grpc.pb.h"

#include <fstream>
#include <iterator>
#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

// The API's own bound, so that a file named by mistake is not read to its end.
constexpr size_t kMaxRulesBytes = 1 << 20;

std::string ReadRules(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content(kMaxRulesBytes + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<size_t>(file.gcount()));
  if (!file.is_open() || file.bad()) FailUsage(path + ": cannot be read");
  if (content.size() > kMaxRulesBytes) FailUsage(path + ": more than 1 MiB; are these rules?");
  return content;
}

void Run(const Connection& connection, v1::ReplayRequest request, const std::string& from, const std::string& until,
         const std::string& rules) {
  *request.mutable_from_time() = ParseTime("--from", from);
  if (!until.empty()) *request.mutable_until_time() = ParseTime("--until", until);
  request.set_rules_json(ReadRules(rules));
  Table table({"UNIT", ">OP", "EVENT", "WAS", "WOULD BE", "WHY"});
  v1::ReplaySummary summary;
  CallStream(connection, &v1::ReplayService::Stub::Replay, request, [&](const v1::ReplayResponse& page) {
    if (connection.json) PrintJson(page);
    for (const auto& change : page.changes())
      table.Row({change.unit_code(), std::to_string(change.operation()), change.event(), change.was(), change.would_be(),
                 change.why()});
    if (page.has_summary()) summary = page.summary();
  });
  if (!connection.json) {
    table.Print();
    Fields fields;
    fields.Add("changes", std::to_string(summary.changes()) + " of " + std::to_string(summary.units_changed()) + " units");
    if (summary.alarms() > 0) fields.Add("alarms", std::to_string(summary.alarms()) + " that only one of both raises");
    fields.Add("looked at", std::to_string(summary.units()) + " units, " + std::to_string(summary.events()) + " events");
    if (summary.units_left_out() > 0)
      fields.Add("left out", std::to_string(summary.units_left_out()) + " parts of split or merged lots");
    fields.Print();
  }
  if (!summary.complete()) fprintf(stderr, "mesctl: not everything was looked at; ask for a shorter time\n");
}

}  // namespace

void AddReplay(CLI::App& app, const Connection& connection) {
  auto request = std::make_shared<v1::ReplayRequest>();
  auto from = std::make_shared<std::string>();
  auto until = std::make_shared<std::string>();
  auto rules = std::make_shared<std::string>();
  auto* replay = app.add_subcommand("replay", "Which recorded verdicts would other rules change? Writes nothing");
  replay->footer(
      "FILE, for example:\n"
      "  {\"products\": [{\"product\": \"PACK-TRK-70\",\n"
      "    \"limits\": [{\"operation\": 120, \"characteristic\": \"LEAK\", \"upper\": 0.7}],\n"
      "    \"routing\": [{\"operation\": 120, \"max_retests\": 0}],\n"
      "    \"windows\": [{\"id\": \"GLUE\", \"max_s\": 1200}]}],\n"
      "   \"yield_rules\": [{\"code\": \"CF3\", \"count\": 2}]}\n"
      "Example:\n  mesctl replay --from 2026-11-01T00:00:00+08:00 --rules tighter.json");
  replay->add_option("--from", *from, "Events from this time on")->required()->type_name("TIME");
  replay->add_option("--until", *until, "And before this one; without it: now")->type_name("TIME");
  replay->add_option("--product", *request->mutable_product_code(), "Only units of this product")->type_name("P");
  replay->add_option("--rules", *rules, "The rules, JSON")->required()->type_name("FILE");
  replay->callback([&connection, request, from, until, rules] { Run(connection, *request, *from, *until, *rules); });
}

}  // namespace mes::mesctl
