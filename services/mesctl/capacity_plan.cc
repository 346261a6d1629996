// `mesctl capacity plan import`, `show`, `versions` and `export`.
#include "services/mesctl/capacity_plan.h"

#include <fstream>
#include <iterator>

#include "mes/v1/plan.grpc.pb.h"
#include "services/mesctl/commands.h"

namespace mes::mesctl {

namespace {

using Plans = v1::PlanService::Stub;

bool EndsWith(const std::string& text, const std::string& ending) {
  return text.size() >= ending.size() && text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

std::string NameOf(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

struct Import {
  std::string file, format, person;
  bool check = false;
};

void ImportFile(const Connection& connection, const Import& import) {
  std::ifstream file(import.file, std::ios::binary);
  v1::ImportPlanRequest request;
  request.set_content(std::string{std::istreambuf_iterator<char>(file), {}});
  if (!file) FailUsage(import.file + ": cannot be read");
  request.set_request_id(connection.RequestId());
  const bool json = import.format.empty() ? EndsWith(import.file, ".json") : import.format == "isa95-json";
  request.set_format(json ? v1::PLAN_FORMAT_ISA95_JSON : v1::PLAN_FORMAT_CSV);
  request.set_person(import.person);
  request.set_source(NameOf(import.file));
  request.set_validate_only(import.check);
  const auto response = Call(connection, &Plans::ImportPlan, request);
  if (connection.json) {
    PrintJson(response);
  } else if (response.faults().empty()) {
    if (response.has_version()) {
      printf("version %d: %d lines, %s to %s\n", response.version().version(), response.version().lines(),
             response.version().first_month().c_str(), response.version().last_month().c_str());
    } else {
      printf("%d lines in order, nothing was stored\n", response.lines());
    }
  } else {
    Table table({">LINE", "FIELD", "PROBLEM"});
    for (const auto& fault : response.faults()) table.Row({std::to_string(fault.line()), fault.field(), fault.problem()});
    table.Print();
    printf("%d faults, nothing was stored\n", response.faults_total());
  }
  if (!response.faults().empty()) throw Exit{kExitServer};
}

std::string Energy(const v1::PlanVarianceRow& row, double kwh) {
  if (!row.has_energy()) return "-";
  char text[48];
  snprintf(text, sizeof text, "%.0f", kwh);
  return text;
}

void PrintRows(const google::protobuf::RepeatedPtrField<v1::PlanVarianceRow>& rows, bool months) {
  Table table({months ? "MONTH" : "", "PRODUCT", ">PLAN", ">ACTUAL", ">DIFF", "UOM", ">PLAN kWh", ">DIFF kWh"});
  for (const auto& row : rows) {
    table.Row({row.month(), row.product_code(), row.has_plan() ? row.plan().value() : "-", row.actual().value(), row.difference(),
               row.actual().uom(), Energy(row, row.energy().plan_kwh()), Energy(row, row.energy().difference_kwh())});
  }
  table.Print();
}

void Show(const Connection& connection, const v1::PlanVarianceRequest& request) {
  const auto response = Call(connection, &Plans::PlanVariance, request);
  if (connection.json) return PrintJson(response);
  printf("Plan against actual, %s to %s\n\n", response.first_month().c_str(), response.last_month().c_str());
  PrintRows(response.rows(), true);
  if (response.rows().empty()) return;
  printf("\nTotals\n");
  PrintRows(response.totals(), false);
}

void ListVersions(const Connection& connection, int64_t limit) {
  Table table({">VERSION", "MONTHS", ">LINES", "IMPORTED", "BY", "SOURCE"});
  CallPages(connection, &Plans::ListPlanVersions, v1::ListPlanVersionsRequest(), limit,
            [&](const v1::ListPlanVersionsResponse& page) {
              for (const auto& version : page.versions())
                table.Row({std::to_string(version.version()), version.first_month() + " to " + version.last_month(),
                           std::to_string(version.lines()), Text(version.import_time()), version.person(), version.source()});
              return page.versions_size();
            });
  if (!connection.json) table.Print();
}

void Export(const Connection& connection, const v1::PlanVarianceRequest& variance, const std::string& file,
            const std::string& format) {
  v1::ExportPlanRequest request;
  *request.mutable_variance() = variance;
  const bool xlsx = format.empty() ? EndsWith(file, ".xlsx") : format == "xlsx";
  request.set_format(xlsx ? v1::PLAN_EXPORT_FORMAT_XLSX : v1::PLAN_EXPORT_FORMAT_CSV);
  const auto response = Call(connection, &Plans::ExportPlan, request);
  if (connection.json) return PrintJson(response);
  if (file == "-") {
    fwrite(response.content().data(), 1, response.content().size(), stdout);
    return;
  }
  std::ofstream out(file, std::ios::binary);
  out << response.content();
  out.close();
  if (!out) FailUsage(file + ": cannot be written");
  printf("%zu bytes in %s\n", response.content().size(), OneLine(file).c_str());
}

// Of `show` and `export`.
std::shared_ptr<v1::PlanVarianceRequest> AddFilter(CLI::App& command) {
  auto request = std::make_shared<v1::PlanVarianceRequest>();
  command
      .add_option_function<std::string>(
          "--from", [request](const std::string& month) { request->set_first_month(month); },
          "First month; January of this year by itself")
      ->type_name("YYYY-MM");
  command
      .add_option_function<std::string>(
          "--to", [request](const std::string& month) { request->set_last_month(month); }, "Last month; December by itself")
      ->type_name("YYYY-MM");
  command
      .add_option_function<std::string>(
          "--product", [request](const std::string& code) { request->set_product_code(code); }, "Only of this product")
      ->type_name("P");
  command
      .add_option_function<int32_t>(
          "--plan-version", [request](int32_t version) { request->set_version(version); },
          "Against this import alone, instead of what holds")
      ->check(CLI::PositiveNumber.description(""))
      ->type_name("N");
  return request;
}

void AddImport(CLI::App& plan, const Connection& connection) {
  auto* command = plan.add_subcommand("import", "Take a monthly plan's file: every fault is listed, and one fault takes nothing");
  command->footer(
      "CSV: month,product,quantity and, if wanted, uom. JSON: an ISA-95 operations schedule (B2MML).\n"
      "Example:\n  mesctl capacity plan import plan-2027.csv --person li.wei");
  auto import = std::make_shared<Import>();
  command->add_option("file", import->file, "The file")->required()->type_name("FILE");
  command->add_option("--person", import->person, "Who takes it")->required()->type_name("NAME");
  command->add_option("--format", import->format, "How it is written; by the file's name by itself")
      ->check(CLI::IsMember({"csv", "isa95-json"}));
  command->add_flag("--check", import->check, "Only look for faults; store nothing");
  command->callback([&connection, import] { ImportFile(connection, *import); });
}

}  // namespace

void AddCapacityPlan(CLI::App& capacity, const Connection& connection) {
  auto* plan = capacity.add_subcommand("plan", "The monthly plan: take it, hold it against what was made, give it out");
  plan->require_subcommand(1);
  AddImport(*plan, connection);

  auto* show = plan->add_subcommand("show", "Plan, actual and difference by month and product");
  show->footer("Example:\n  mesctl capacity plan show --from 2026-10 --product PACK-TRK-70");
  auto filter = AddFilter(*show);
  show->callback([&connection, filter] { Show(connection, *filter); });

  auto* versions = plan->add_subcommand("versions", "Imports, newest first");
  versions->footer("Example:\n  mesctl capacity plan versions");
  auto limit = std::make_shared<int64_t>(50);
  AddLimit(*versions, *limit);
  versions->callback([&connection, limit] { ListVersions(connection, *limit); });

  auto* out = plan->add_subcommand("export", "Plan against actual as CSV or XLSX");
  out->footer("Example:\n  mesctl capacity plan export plan.xlsx --from 2027-01");
  auto what = AddFilter(*out);
  auto file = std::make_shared<std::string>();
  auto format = std::make_shared<std::string>();
  out->add_option("file", *file, "Where to; - is the standard output")->required()->type_name("FILE");
  out->add_option("--format", *format, "How it is written; by the file's name by itself")->check(CLI::IsMember({"csv", "xlsx"}));
  out->callback([&connection, what, file, format] { Export(connection, *what, *file, *format); });
}

}  // namespace mes::mesctl
