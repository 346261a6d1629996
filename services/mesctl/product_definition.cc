#include "mes/v1/product_definition.grpc.pb.h"

#include <algorithm>
#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/plant_folder.h"
#include "services/mesctl/print.h"
#include "services/mesctl/sign.h"

namespace mes::mesctl {

namespace {

using Definitions = v1::ProductDefinitionService::Stub;

struct Loading {
  std::string folder, person;
  bool check = false;
  Signing signing;
};

void Load(const Connection& connection, const Loading& loading) {
  const auto& [folder, person, check, signing] = loading;
  v1::LoadPlantRequest request;
  request.set_request_id(connection.RequestId());
  request.set_validate_only(check);
  request.set_person(person);
  ReadPlant(folder, request);
  const auto response = CallSigned(connection, signing, &Definitions::LoadPlant, request);
  if (connection.json) {
    PrintJson(response);
    if (response.faults_total() > 0) throw Exit{kExitServer};
    return;
  }
  for (const auto& fault : response.faults())
    printf("%s %s: %s\n", OneLine(fault.file()).c_str(), OneLine(fault.path()).c_str(), OneLine(fault.problem()).c_str());
  if (response.faults_total() > 0) {
    if (response.faults_total() > response.faults_size())
      printf("... and %d more\n", response.faults_total() - response.faults_size());
    fprintf(stderr, "mesctl: PLANT_INVALID: %d faults; nothing was loaded (folder=%s)\n", response.faults_total(),
            OneLine(folder).c_str());
    throw Exit{kExitServer};
  }
  printf("%d files, %d materials, %d stations: %s\n", request.files_size(), response.materials(), response.stations(),
         check ? "in order, nothing was stored" : "loaded");
  for (const auto& released : response.released())
    printf("released  %s revision %d\n", OneLine(released.product_code()).c_str(), released.revision());
  printf("unchanged %d products\n", response.unchanged_products());
}

std::string Join(const google::protobuf::RepeatedPtrField<std::string>& parts, const char* separator) {
  std::string joined;
  for (const auto& part : parts) joined += (joined.empty() ? "" : separator) + part;
  return joined;
}

std::string ShortNumber(double value) {
  char text[32];
  snprintf(text, sizeof text, "%.10g", value);
  return text;
}

// The limits as a person writes them: `3.1 .. 3.3 V`, `<= 0.5 mOhm`.
std::string Limits(const v1::Characteristic& characteristic) {
  std::string limits;
  if (characteristic.has_lower_limit() && characteristic.has_upper_limit())
    limits = ShortNumber(characteristic.lower_limit()) + " .. " + ShortNumber(characteristic.upper_limit());
  else if (characteristic.has_lower_limit())
    limits = ">= " + ShortNumber(characteristic.lower_limit());
  else if (characteristic.has_upper_limit())
    limits = "<= " + ShortNumber(characteristic.upper_limit());
  return limits.empty() ? characteristic.unit() : limits + " " + characteristic.unit();
}

void PrintRouting(const v1::ProductDefinition& product) {
  printf("\nRouting\n");
  Table table({">OP", "CODE", "STATION CLASS", ">FPY", ">CYCLE", "RETEST", "REWORK", "NAME"});
  for (const auto& operation : product.operations()) {
    std::string name = operation.name() + (operation.name_zh().empty() ? "" : " " + operation.name_zh());
    if (!operation.mandatory()) name += " (optional)";
    if (operation.alternate_of() != 0) name += " (instead of " + std::to_string(operation.alternate_of()) + ")";
    table.Row({std::to_string(operation.number()), operation.code(), operation.station_class(),
               Percent(operation.first_pass_yield()), ShortNumber(static_cast<double>(operation.cycle_ms()) / 1000) + " s",
               operation.max_retests() > 0 ? std::to_string(operation.max_retests()) + "x" : "-",
               operation.rework_to() > 0
                   ? "to " + std::to_string(operation.rework_to()) + ", " + std::to_string(operation.max_reworks()) + "x"
                   : "-",
               name});
  }
  table.Print();
}

void PrintOperationDetails(const v1::ProductDefinition& product) {
  printf("\nRules of the operations\n");
  Table rules({">OP", "IDENTITY", "RECIPE", "SOFTWARE", "INTERLOCKS"});
  for (const auto& operation : product.operations())
    rules.Row({std::to_string(operation.number()), operation.new_identity() == "none" ? "" : operation.new_identity(),
               operation.recipe_checksum(), operation.software_version(), Join(operation.interlocks(), " ")});
  rules.Print();
  printf("\nCharacteristics\n");
  Table table({">OP", "CODE", "CLASS", "SAMPLING", ">VALUES", "LIMITS"});
  for (const auto& operation : product.operations())
    for (const auto& characteristic : operation.characteristics())
      table.Row({std::to_string(operation.number()), characteristic.code(), characteristic.characteristic_class(),
                 characteristic.sampling_mode() +
                     (characteristic.sampling_n() > 0 ? " " + std::to_string(characteristic.sampling_n()) : ""),
                 std::to_string(characteristic.replicates()), Limits(characteristic)});
  table.Print();
}

void PrintBom(const v1::ProductDefinition& product) {
  printf("\nBill of materials, for one %s\n", OneLine(product.material().uom()).c_str());
  Table table({">LINE", "MATERIAL", ">QUANTITY", "TRACKING", ">AT OP", "OR INSTEAD"});
  for (const auto& line : product.bom())
    table.Row({std::to_string(line.line()), line.material_code(), Text(line.quantity()),
               EnumText(*v1::Tracking_descriptor(), line.tracking()), std::to_string(line.operation()),
               Join(line.alternate_codes(), " ")});
  table.Print();
}

// The largest unit that says it exactly: 14400 s is `4 h`.
std::string Duration(int64_t seconds) {
  if (seconds != 0 && seconds % 86400 == 0) return std::to_string(seconds / 86400) + " d";
  if (seconds != 0 && seconds % 3600 == 0) return std::to_string(seconds / 3600) + " h";
  if (seconds != 0 && seconds % 60 == 0) return std::to_string(seconds / 60) + " min";
  return std::to_string(seconds) + " s";
}

void PrintWindows(const v1::ProductDefinition& product) {
  if (product.time_windows().empty()) return;
  printf("\nTime windows\n");
  Table table({"ID", "FROM", "TO", ">MIN", ">MAX", "LATE", "REASON"});
  for (const auto& window : product.time_windows()) {
    std::string late = window.late_action();
    if (late == "repeat") late += " " + std::to_string(window.repeat_from()) + ", " + std::to_string(window.repeat_max()) + "x";
    table.Row({window.id(), std::to_string(window.from_operation()) + " " + window.from_event(),
               std::to_string(window.to_operation()) + " " + window.to_event(),
               window.has_min_seconds() ? Duration(window.min_seconds()) : "-",
               window.has_max_seconds() ? Duration(window.max_seconds()) : "-", late, window.reason()});
  }
  table.Print();
}

void Show(const Connection& connection, const std::string& product_code, int32_t revision, bool details) {
  v1::GetProductRequest request;
  request.set_product_code(product_code);
  request.set_revision(revision);
  const auto response = Call(connection, &Definitions::GetProduct, request);
  if (connection.json) return PrintJson(response);
  const auto& product = response.product();
  Fields fields;
  fields.Add("product", product.material().code() + "  " + product.material().name() + " " + product.material().name_zh());
  fields.Add("identified",
             EnumText(*v1::Tracking_descriptor(), product.material().tracking()) + ", in " + product.material().uom());
  if (product.material().shelf_life_days() > 0)
    fields.Add("shelf life", std::to_string(product.material().shelf_life_days()) + " d");
  if (product.revision() > 0)
    fields.Add("revision", std::to_string(product.revision()) + ", newest " + std::to_string(product.material().revision()));
  fields.Add("released", Text(product.release_time()));
  fields.Add("digest", product.digest());
  fields.Print();
  if (!product.operations().empty()) PrintRouting(product);
  if (!product.bom().empty()) PrintBom(product);
  PrintWindows(product);
  if (details) PrintOperationDetails(product);
}

void List(const Connection& connection, bool made_only, int64_t limit) {
  v1::ListProductsRequest request;
  request.set_made_only(made_only);
  Table table({"CODE", "TRACKING", "UOM", ">REV", "SHELF", "NAME"});
  CallPages(connection, &Definitions::ListProducts, request, limit, [&](const v1::ListProductsResponse& page) {
    for (const auto& material : page.materials())
      table.Row({material.code(), EnumText(*v1::Tracking_descriptor(), material.tracking()), material.uom(),
                 material.made() ? std::to_string(material.revision()) : "-",
                 material.shelf_life_days() > 0 ? std::to_string(material.shelf_life_days()) + " d" : "",
                 material.name() + " " + material.name_zh()});
    return page.materials_size();
  });
  if (!connection.json) table.Print();
}

}  // namespace

void AddPlant(CLI::App& app, const Connection& connection) {
  auto* plant = app.add_subcommand("plant", "What is made and how: load the plant's files, show products");
  plant->require_subcommand(1);

  auto* load =
      plant->add_subcommand("load", "Load all JSON files below a folder: every fault is listed, and one fault loads nothing");
  load->footer("Example:\n  mesctl plant load reference-plant --check");
  auto loading = std::make_shared<Loading>();
  load->add_option("folder", loading->folder, "The plant's folder")->required()->type_name("DIR");
  load->add_flag("--check", loading->check, "Only look for faults; store nothing");
  load->add_option("--person", loading->person, "Who releases it; needed to sign")->type_name("P");
  AddSigning(*load, loading->signing);
  load->callback([&connection, loading] { Load(connection, *loading); });

  auto* show = plant->add_subcommand("show", "A product's routing, bill of materials and time windows");
  show->footer("Example:\n  mesctl plant show PACK-TRK-70 --details");
  auto code = std::make_shared<std::string>();
  auto revision = std::make_shared<int32_t>(0);
  auto details = std::make_shared<bool>(false);
  show->add_option("product", *code, "The product")->required()->type_name("PRODUCT");
  show->add_option("--revision", *revision, "Which revision; default: the newest")->check(CLI::PositiveNumber)->type_name("N");
  show->add_flag("--details", *details, "Also interlocks, recipes and characteristics with their limits");
  show->callback([&connection, code, revision, details] { Show(connection, *code, *revision, *details); });

  auto* list = plant->add_subcommand("list", "Products and materials by code");
  list->footer("Example:\n  mesctl plant list --made");
  auto made = std::make_shared<bool>(false);
  auto limit = std::make_shared<int64_t>(1000);
  list->add_flag("--made", *made, "Only what is made here");
  AddLimit(*list, *limit);
  list->callback([&connection, made, limit] { List(connection, *made, *limit); });
}

}  // namespace mes::mesctl
