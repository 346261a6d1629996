#include "mes/v1/code.grpc.pb.h"

#include <fstream>
#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"
#include "services/mesctl/sign.h"

namespace mes::mesctl {

namespace {

using Codes = v1::CodeService::Stub;

struct Rule {
  std::string product, prefix, traceability, gtin, person;
  Signing signing;
};

void SetRule(const Connection& connection, const Rule& rule) {
  v1::SetCodeRuleRequest request;
  request.set_request_id(connection.RequestId());
  request.set_product_code(rule.product);
  request.set_prefix(rule.prefix);
  request.set_traceability(rule.traceability);
  request.set_gtin(rule.gtin);
  request.set_person(rule.person);
  const auto response = CallSigned(connection, rule.signing, &Codes::SetCodeRule, request);
  if (connection.json) return PrintJson(response);
  Fields fields;
  fields.Add("rule", std::to_string(response.rule().code_rule_id()));
  fields.Add("product", response.rule().product_code());
  fields.Add("prefix", response.rule().prefix());
  fields.Add("traceability", response.rule().traceability());
  fields.Add("GTIN", response.rule().gtin());
  fields.Print();
}

void ListRules(const Connection& connection, const std::string& product, int64_t limit) {
  v1::ListCodeRulesRequest request;
  request.set_product_code(product);
  Table table({">RULE", "PRODUCT", "PREFIX", "TRACEABILITY", "GTIN", "SET", "BY"});
  CallPages(connection, &Codes::ListCodeRules, request, limit, [&](const v1::ListCodeRulesResponse& page) {
    for (const auto& rule : page.rules())
      table.Row({std::to_string(rule.code_rule_id()), rule.product_code(), rule.prefix(), rule.traceability(), rule.gtin(),
                 Text(rule.create_time()), rule.person()});
    return page.rules_size();
  });
  if (!connection.json) table.Print();
}

struct Issue {
  std::string product, date, traceability, order, station, reuse_level, person, file;
  int32_t count = 1;
};

void IssueSome(const Connection& connection, const Issue& issue) {
  v1::IssueCodesRequest request;
  request.set_request_id(connection.RequestId());
  request.set_product_code(issue.product);
  request.set_count(issue.count);
  request.set_production_date(issue.date);
  request.set_traceability(issue.traceability);
  request.set_work_order_code(issue.order);
  request.set_station_code(issue.station);
  request.set_reuse_level(issue.reuse_level);
  request.set_person(issue.person);
  const auto response = Call(connection, &Codes::IssueCodes, request);
  if (!issue.file.empty()) {
    std::ofstream file(issue.file);
    for (const auto& code : response.codes()) file << code << '\n';
    if (!file.flush()) FailUsage(issue.file + ": cannot be written; the same --request-id gives the same codes again");
  }
  if (connection.json) return PrintJson(response);
  if (!issue.file.empty()) {
    printf("%d codes in %s: %s to %s\n", response.batch().count(), OneLine(issue.file).c_str(),
           response.batch().first_code().c_str(), response.batch().last_code().c_str());
    return;
  }
  for (const auto& code : response.codes()) printf("%s\n", code.c_str());
}

void Void(const Connection& connection, const std::vector<std::string>& codes, const std::string& reason,
          const std::string& person) {
  v1::VoidCodesRequest request;
  request.set_request_id(connection.RequestId());
  for (const auto& code : codes) request.add_codes(code);
  request.set_reason(reason);
  request.set_person(person);
  const auto response = Call(connection, &Codes::VoidCodes, request);
  if (connection.json) return PrintJson(response);
  printf("voided %d\n", response.voided());
}

void ListBatches(const Connection& connection, const std::string& product, int64_t limit) {
  v1::ListCodeBatchesRequest request;
  request.set_product_code(product);
  Table table({">BATCH", "FIRST CODE", ">COUNT", ">USED", ">VOID", "FOR", "BY"});
  CallPages(connection, &Codes::ListCodeBatches, request, limit, [&](const v1::ListCodeBatchesResponse& page) {
    for (const auto& batch : page.batches())
      table.Row({std::to_string(batch.code_batch_id()), batch.first_code(), std::to_string(batch.count()),
                 std::to_string(batch.used()), std::to_string(batch.voided()),
                 batch.work_order_code() + (batch.station_code().empty() ? "" : " " + batch.station_code()), batch.person()});
    return page.batches_size();
  });
  if (!connection.json) table.Print();
}

void Decode(const Connection& connection, const std::string& scan) {
  v1::DecodeCodeRequest request;
  request.set_scan(scan);
  const auto response = Call(connection, &Codes::DecodeCode, request);
  if (connection.json) return PrintJson(response);
  Fields fields;
  std::string mended;
  for (const auto& mend : response.mended()) mended += (mended.empty() ? "" : ", ") + mend;
  fields.Add("code", response.code());
  fields.Add("kind", EnumText(*v1::CodeKind_descriptor(), response.kind()));
  fields.Add("mended", mended);
  fields.Add("unit", response.unit_code() + (response.ambiguous() ? "several units had it" : ""));
  fields.Add("issued here", EnumText(*v1::IssueState_descriptor(), response.issue_state()));
  fields.Add("valid", response.faults().empty() ? "yes" : "no");
  fields.Print();
  if (response.fields_size() > 0) {
    Table table({">AT", "FIELD", "VALUE", "MEANING"});
    for (const auto& field : response.fields())
      table.Row({field.position() == 0 ? "" : std::to_string(field.position()), field.name(), field.value(), field.meaning()});
    table.Print();
  }
  for (const auto& fault : response.faults())
    PrintWrapped(0, "fault" + (fault.position() == 0 ? std::string() : " at " + std::to_string(fault.position())) + ": " +
                        fault.sentence());
}

void AddCodeRule(CLI::App& code, const Connection& connection) {
  auto* rule = code.add_subcommand("rule", "Coding rules of products");
  rule->require_subcommand(1);
  auto* set = rule->add_subcommand("set", "Give a product its prefix, its GTIN, or both");
  set->footer("Example:\n  mesctl code rule set CELL-LFP-228 --prefix NMGCB12 --traceability 0000001 --person li.wei");
  auto given = std::make_shared<Rule>();
  set->add_option("product", given->product, "The product")->required()->type_name("P");
  set->add_option("--prefix", given->prefix, "Positions 1 to 7 of GB/T 34014")->type_name("PREFIX");
  set->add_option("--traceability", given->traceability, "Positions 8 to 14")->type_name("T");
  set->add_option("--gtin", given->gtin, "The GTIN that stands for the prefix")->type_name("GTIN");
  set->add_option("--person", given->person, "Who")->required()->type_name("P");
  AddSigning(*set, given->signing);
  set->callback([&connection, given] { SetRule(connection, *given); });

  auto* list = rule->add_subcommand("list", "All rules");
  auto product = std::make_shared<std::string>();
  auto limit = std::make_shared<int64_t>(1000);
  list->add_option("--product", *product, "Only of this product")->type_name("P");
  AddLimit(*list, *limit);
  list->callback([&connection, product, limit] { ListRules(connection, *product, *limit); });
}

void AddIssue(CLI::App& code, const Connection& connection) {
  auto* issue = code.add_subcommand("issue", "Give out codes, running on from the day's last");
  issue->footer("Example:\n  mesctl code issue CELL-LFP-228 --count 1000 --order WO-1 --person li.wei --out codes.txt");
  auto given = std::make_shared<Issue>();
  issue->add_option("product", given->product, "The product")->required()->type_name("P");
  issue->add_option("--count", given->count, "How many, at most 10000")->capture_default_str()->type_name("N");
  issue->add_option("--date", given->date, "The day that they carry; today where not given")->type_name("YYYY-MM-DD");
  issue->add_option("--traceability", given->traceability, "Positions 8 to 14; the rule's where not given")->type_name("T");
  issue->add_option("--order", given->order, "Only for units of this order")->type_name("CODE");
  issue->add_option("--station", given->station, "Only at this station")->type_name("CODE");
  issue->add_option("--reuse", given->reuse_level, "Second-life codes, for what was a pack, module or cell (P, M, C)")
      ->type_name("LEVEL");
  issue->add_option("--person", given->person, "Who")->required()->type_name("P");
  issue->add_option("--out", given->file, "Write them to a file, one a line")->type_name("F");
  issue->callback([&connection, given] { IssueSome(connection, *given); });
}

}  // namespace

void AddCode(CLI::App& app, const Connection& connection) {
  auto* code = app.add_subcommand("code", "Codes: rules, issue, void, batches, decode");
  code->require_subcommand(1);
  AddCodeRule(*code, connection);
  AddIssue(*code, connection);

  auto* spoilt = code->add_subcommand("void", "Say that codes will never be used");
  spoilt->footer("Example:\n  mesctl code void NMGCB120000001GBR0000042 --reason 'label torn' --person li.wei");
  auto codes = std::make_shared<std::vector<std::string>>();
  auto reason = std::make_shared<std::string>();
  auto person = std::make_shared<std::string>();
  spoilt->add_option("codes", *codes, "The codes")->required()->type_name("CODE");
  spoilt->add_option("--reason", *reason, "Why")->required()->type_name("R");
  spoilt->add_option("--person", *person, "Who")->required()->type_name("P");
  spoilt->callback([&connection, codes, reason, person] { Void(connection, *codes, *reason, *person); });

  auto* batches = code->add_subcommand("batches", "What was given out, newest first");
  auto product = std::make_shared<std::string>();
  auto limit = std::make_shared<int64_t>(1000);
  batches->add_option("--product", *product, "Only of this product")->type_name("P");
  AddLimit(*batches, *limit);
  batches->callback([&connection, product, limit] { ListBatches(connection, *product, *limit); });

  auto* decode = code->add_subcommand("decode", "What a scan says, and what is wrong with it");
  decode->footer("Example:\n  mesctl code decode 04qcb76836300jbc40000903");
  auto scan = std::make_shared<std::string>();
  decode->add_option("scan", *scan, "As it came from the scanner")->required()->type_name("SCAN");
  decode->callback([&connection, scan] { Decode(connection, *scan); });
}

}  // namespace mes::mesctl
