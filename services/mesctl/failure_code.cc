#include "mes/v1/failure_code.grpc.pb.h"

#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"
#include "services/mesctl/sign.h"

namespace mes::mesctl {

namespace {

using Codes = v1::FailureCodeService::Stub;

std::string ScopeText(const v1::FailureCode& policy) {
  if (policy.product_code().empty()) return "all products";
  return policy.operation() == 0 ? policy.product_code() : policy.product_code() + " " + std::to_string(policy.operation());
}

// `disposition, 1 repair from 20, report`.
std::string AsksText(const v1::FailureCode& policy) {
  if (policy.withdrawn()) return "withdrawn";
  std::string asks = policy.needs_disposition() ? "disposition" : "";
  const auto add = [&](const std::string& text) { asks += (asks.empty() ? "" : ", ") + text; };
  if (policy.has_repair_limit()) add("at most " + std::to_string(policy.repair_limit()) + " repairs");
  if (policy.route() != 0) add("rework from " + std::to_string(policy.route()));
  if (policy.opens_ncr()) add("report");
  return asks.empty() ? "nothing" : asks;
}

struct Policy {
  v1::FailureCode message;
  std::string severity;
  int32_t repair_limit = -1;
  Signing signing;
};

void Put(const Connection& connection, const Policy& policy) {
  v1::PutFailureCodeRequest request;
  request.set_request_id(connection.RequestId());
  *request.mutable_failure_code() = policy.message;
  if (policy.repair_limit >= 0) request.mutable_failure_code()->set_repair_limit(policy.repair_limit);
  request.mutable_failure_code()->set_severity(static_cast<v1::Severity>(EnumValue(*v1::Severity_descriptor(), policy.severity)));
  const auto response = CallSigned(connection, policy.signing, &Codes::PutFailureCode, request);
  if (connection.json) return PrintJson(response);
  const v1::FailureCode& put = response.failure_code();
  Fields fields;
  fields.Add("code", put.code());
  fields.Add("scope", ScopeText(put));
  fields.Add("version", std::to_string(put.version()));
  fields.Add("severity", EnumText(*v1::Severity_descriptor(), put.severity()));
  fields.Add("asks for", AsksText(put));
  fields.Print();
}

void List(const Connection& connection, const v1::ListFailureCodesRequest& request, int64_t limit) {
  Table table({"CODE", "SCOPE", ">VER", "SEVERITY", "ASKS FOR", "BY", "REASON"});
  CallPages(connection, &Codes::ListFailureCodes, request, limit, [&](const v1::ListFailureCodesResponse& page) {
    for (const auto& policy : page.failure_codes())
      table.Row({policy.code(), ScopeText(policy), std::to_string(policy.version()),
                 EnumText(*v1::Severity_descriptor(), policy.severity()), AsksText(policy), policy.person(), policy.reason()});
    return page.failure_codes_size();
  });
  if (!connection.json) table.Print();
}

void Pareto(const Connection& connection, v1::ListFailureParetoRequest request, const std::string& measure,
            const std::vector<std::string>& by) {
  request.set_measure(static_cast<v1::FailureMeasure>(EnumValue(*v1::FailureMeasure_descriptor(), measure)));
  for (const std::string& key : by) {
    if (key == "product") request.set_by_product(true);
    if (key == "operation") request.set_by_operation(true);
    if (key == "station") request.set_by_station(true);
    if (key == "day") request.set_by_day(true);
  }
  const auto response = Call(connection, &Codes::ListFailurePareto, request);
  if (connection.json) return PrintJson(response);
  Table table({"CODE", "WHERE", ">COUNT", ">SHARE", ">CUMULATIVE"});
  for (const auto& bar : response.bars()) {
    std::string where;
    for (const std::string& part :
         {bar.product_code(), bar.operation() == 0 ? "" : std::to_string(bar.operation()), bar.station_code(), bar.plant_day()})
      if (!part.empty()) where += (where.empty() ? "" : " ") + part;
    table.Row({bar.failure_code(), where, std::to_string(bar.count()), Percent(bar.count(), response.total()),
               Percent(bar.cumulative(), response.total())});
  }
  table.Print();
  if (!response.complete()) fprintf(stderr, "mesctl: more bars follow; narrow the question\n");
}

void AddPut(CLI::App& group, const Connection& connection) {
  auto policy = std::make_shared<Policy>();
  v1::FailureCode& message = policy->message;
  auto* put = group.add_subcommand("put", "Put the next version of a policy in force, or withdraw it");
  put->footer(
      "Example:\n  mesctl failure-code put LEAK --product PACK-TRK-70 --operation 120 --severity major \\\n"
      "    --needs-disposition --opens-ncr --repair-limit 1 --reason '8D 17' --person li.wei");
  put->add_option_function<std::string>(
         "code", [&message](const std::string& code) { message.set_code(code); }, "The failure code")
      ->required()
      ->type_name("CODE");
  put->add_option_function<std::string>(
         "--product", [&message](const std::string& code) { message.set_product_code(code); }, "Only for this product")
      ->type_name("P");
  put->add_option_function<int32_t>(
         "--operation", [&message](int32_t number) { message.set_operation(number); }, "Only at this operation")
      ->type_name("N");
  put->add_option("--severity", policy->severity, "How bad")
      ->check(CLI::IsMember(EnumChoices(*v1::Severity_descriptor())))
      ->type_name("S");
  put->add_flag_callback(
      "--needs-disposition", [&message] { message.set_needs_disposition(true); }, "The unit waits for quality");
  put->add_flag_callback(
      "--opens-ncr", [&message] { message.set_opens_ncr(true); }, "Failures go onto a report");
  put->add_option("--repair-limit", policy->repair_limit, "Repairs for this code")->check(CLI::NonNegativeNumber)->type_name("N");
  put->add_option_function<int32_t>(
         "--route", [&message](int32_t number) { message.set_route(number); }, "Where its rework starts")
      ->type_name("N");
  put->add_flag_callback(
      "--withdraw", [&message] { message.set_withdrawn(true); }, "Take the policy out of force");
  put->add_option_function<std::string>(
         "--reason", [&message](const std::string& text) { message.set_reason(text); }, "Why")
      ->required()
      ->type_name("R");
  put->add_option_function<std::string>(
         "--person", [&message](const std::string& text) { message.set_person(text); }, "Who")
      ->required()
      ->type_name("P");
  AddSigning(*put, policy->signing);
  put->callback([&connection, policy] { Put(connection, *policy); });
}

}  // namespace

void AddFailureCode(CLI::App& app, const Connection& connection) {
  auto* group = app.add_subcommand("failure-code", "Failure codes as policies: disposition, repairs, route, report");
  group->require_subcommand(1);
  AddPut(*group, connection);

  auto request = std::make_shared<v1::ListFailureCodesRequest>();
  auto limit = std::make_shared<int64_t>(1000);
  auto* list = group->add_subcommand("list", "Policies in force, newest first");
  list->footer("Example:\n  mesctl failure-code list --product PACK-TRK-70 --history");
  list->add_option("--code", *request->mutable_code(), "Only this code")->type_name("CODE");
  list->add_option("--product", *request->mutable_product_code(), "Only of this product")->type_name("P");
  list->add_flag_callback(
      "--history", [request] { request->set_include_history(true); }, "Earlier and withdrawn versions too");
  AddLimit(*list, *limit);
  list->callback([&connection, request, limit] { List(connection, *request, *limit); });
}

void AddPareto(CLI::App& app, const Connection& connection) {
  auto request = std::make_shared<v1::ListFailureParetoRequest>();
  auto measure = std::make_shared<std::string>("failed-runs");
  auto by = std::make_shared<std::vector<std::string>>();
  auto operation = std::make_shared<int32_t>(0);
  auto* pareto = app.add_subcommand("pareto", "Failures by frequency, with shares");
  pareto->footer("Example:\n  mesctl pareto --from 2026-11-01 --until 2026-11-30 --product PACK-TRK-70 --by station");
  pareto->add_option("--from", *request->mutable_from_day(), "The first plant day")->required()->type_name("DAY");
  pareto->add_option("--until", *request->mutable_until_day(), "The last plant day")->required()->type_name("DAY");
  pareto->add_option("--measure", *measure, "What is counted")
      ->check(CLI::IsMember(EnumChoices(*v1::FailureMeasure_descriptor())))
      ->capture_default_str()
      ->type_name("M");
  pareto->add_option("--product", *request->mutable_product_code(), "Only this product")->type_name("P");
  pareto->add_option("--operation", *operation, "Only this operation")->type_name("N");
  pareto->add_option("--station", *request->mutable_station_code(), "Only this station")->type_name("S");
  pareto->add_option("--code", *request->mutable_failure_code(), "Only this code")->type_name("CODE");
  pareto->add_option("--by", *by, "Bars of their own: product, operation, station, day")
      ->check(CLI::IsMember({"product", "operation", "station", "day"}))
      ->type_name("KEY");
  pareto->callback([&connection, request, measure, by, operation] {
    request->set_operation(*operation);
    Pareto(connection, *request, *measure, *by);
  });
}

}  // namespace mes::mesctl
