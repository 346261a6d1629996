#include "mes/v1/station.grpc.pb.h"

#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"
#include "services/mesctl/quantity.h"

namespace mes::mesctl {

namespace {

using Stations = v1::StationService::Stub;

std::string Operations(const v1::Station& station) {
  std::string operations;
  for (const int32_t operation : station.operations())
    operations += (operations.empty() ? "" : " ") + std::to_string(operation);
  return operations;
}

void List(const Connection& connection, const std::string& station_class, const std::string& product, int64_t limit) {
  v1::ListStationsRequest request;
  request.set_station_class(station_class);
  request.set_product_code(product);
  Table table({"STATION", "CLASS", "OPERATIONS", ">EPOCH", ">LAST", ">RECORDED", ">REJECTED"});
  CallPages(connection, &Stations::ListStations, request, limit, [&](const v1::ListStationsResponse& page) {
    for (const auto& station : page.stations())
      table.Row({station.code(), station.station_class(), Operations(station), std::to_string(station.epoch()),
                 std::to_string(station.last_sequence()), std::to_string(station.recorded_events()),
                 std::to_string(station.rejected_events())});
    return page.stations_size();
  });
  if (!connection.json) table.Print();
}

void Show(const Connection& connection, const std::string& code) {
  v1::GetStationRequest request;
  request.set_station_code(code);
  const auto response = Call(connection, &Stations::GetStation, request);
  if (connection.json) return PrintJson(response);
  const auto& station = response.station();
  Fields fields;
  fields.Add("station", station.code());
  fields.Add("line", station.line_code() + ", makes " + station.product_code());
  fields.Add("class", station.station_class());
  fields.Add("operations", Operations(station));
  fields.Add("cursor", station.epoch() == 0 ? "no event yet"
                                            : "epoch " + std::to_string(station.epoch()) + ", sequence " +
                                                  std::to_string(station.last_sequence()));
  fields.Add("events", std::to_string(station.recorded_events()) + " recorded, " + std::to_string(station.rejected_events()) +
                           " rejected");
  fields.Print();
  if (response.conditions().empty()) return;
  printf("\nConditions\n");
  Table table({"KIND", "PERSON", "IN ORDER", "GOOD UNTIL", "READINGS AND EVIDENCE"});
  for (const auto& condition : response.conditions()) {
    std::string proof;
    // By name: a protobuf map has no order of its own.
    for (const auto& [name, value] : std::map<std::string, double>(condition.readings().begin(), condition.readings().end())) {
      char text[32];
      snprintf(text, sizeof text, "%.6g", value);
      proof += (proof.empty() ? "" : ", ") + name + "=" + text;
    }
    if (!condition.evidence().empty()) proof += (proof.empty() ? "" : ", ") + condition.evidence();
    table.Row({EnumText(*v1::ConditionKind_descriptor(), condition.kind()), condition.person(),
               condition.in_order() ? "yes" : "no", Text(condition.expire_time()), proof});
  }
  table.Print();
}

// Questions that one command asks.
constexpr size_t kMostUnits = 1000;

struct Question {
  std::vector<std::string> units;
  std::string station, unit, carrier, order, operator_id, recipe, software, variant, purpose, quantity, at;
  std::vector<std::string> materials;
  int32_t operation = 0;
  int32_t permit_seconds = 0;
};

v1::CanStartRequest ToRequest(const Connection& connection, const Question& question) {
  v1::CanStartRequest request;
  request.set_request_id(connection.RequestId());
  request.set_station_code(question.station);
  if (!question.unit.empty()) request.set_unit_code(question.unit);
  if (!question.carrier.empty()) request.set_carrier_code(question.carrier);
  request.set_operation(question.operation);
  request.set_permit_seconds(question.permit_seconds);
  request.set_operator_id(question.operator_id);
  if (!question.at.empty()) *request.mutable_occur_time() = ParseTime("--at", question.at);
  auto& start = *request.mutable_start();
  start.set_work_order_code(question.order);
  start.set_purpose(static_cast<v1::RunPurpose>(EnumValue(*v1::RunPurpose_descriptor(), question.purpose)));
  start.set_recipe_checksum(question.recipe);
  start.set_software_version(question.software);
  start.set_variant(question.variant);
  for (const auto& material : question.materials) start.add_material_codes(material);
  if (!question.quantity.empty()) *start.mutable_quantity() = ParseQuantity(question.quantity);
  return request;
}

// Whether it is a go.
bool Ask(const Connection& connection, const Question& question) {
  const v1::CanStartRequest request = ToRequest(connection, question);
  const auto response = Call(connection, &Stations::CanStart, request);
  // A stale answer is the deadliest fault: one for another request or unit is none.
  const std::string& subject = question.unit.empty() ? question.carrier : question.unit;
  if (response.request_id() != request.request_id() || response.subject_code() != subject)
    Fail(grpc::Status(grpc::StatusCode::INTERNAL,
                      "the answer is for request " + response.request_id() + " about " + response.subject_code()));
  if (connection.json) {
    PrintJson(response);
  } else {
    std::string line = std::string(response.go() ? "GO" : "NO-GO") + "  " + subject + " at " + question.station;
    if (response.operation() != 0) line += ", operation " + std::to_string(response.operation());
    PrintWrapped(0, line);
    PrintRefusals(response.refusals(), 2);
    if (!response.go() && !response.complete()) printf("  ... and more reasons than are listed\n");
    Fields fields;
    fields.Add("  order", response.work_order_code());
    fields.Add("  recipe", response.recipe_checksum());
    if (response.go()) fields.Add("  runs left", std::to_string(response.runs_left()));
    if (response.next_operation() != 0) fields.Add("  needs next", std::to_string(response.next_operation()));
    if (response.units() > 1) fields.Add("  units", std::to_string(response.units()));
    if (!response.permit().empty()) fields.Add("  permit until", Text(response.permit_expire_time()));
    fields.Print();
    // On one line, however long: it is handed on as it is.
    if (!response.permit().empty()) printf("  permit        %s\n", OneLine(response.permit()).c_str());
  }
  return response.go();
}

// Each unit by itself; a no-go of one leaves the others theirs.
void AskAll(const Connection& connection, Question question) {
  if (question.units.empty() == question.carrier.empty()) FailUsage("give --unit or --carrier");
  if (question.units.size() > kMostUnits) FailUsage("at most " + std::to_string(kMostUnits) + " units at once");
  if (question.permit_seconds != 0 && question.units.empty()) FailUsage("permits are given for units, not for carriers");
  if (question.units.empty()) question.units.emplace_back();
  bool go = true;
  for (const std::string& unit : question.units) {
    question.unit = unit;
    if (!Ask(connection, question)) go = false;
  }
  if (!go) throw Exit{kExitNoGo};
}

void AddCanStart(CLI::App& app, const Connection& connection) {
  auto* ask = app.add_subcommand("can-start", "May this unit or carrier start here now? Go, or no-go with every reason");
  ask->footer(
      "Exit code 0 = go, 3 = no-go (of one of several). A go of a unit gives a start permit.\nExample:\n"
      "  mesctl can-start --station PACK-TRK-70.1.PEOL.1 --unit BOX-0001 --operator li.wei\n"
      "  mesctl can-start --station PACK-TRK-70.1.PEOL.1 --unit BOX-0001 --unit BOX-0002 --permit-seconds 28800");
  auto question = std::make_shared<Question>();
  ask->add_option("--station", question->station, "The station that asks")->required()->type_name("S");
  auto* unit = ask->add_option("--unit", question->units, "The unit or lot that is to start; may be repeated")
                   ->type_name("U")
                   ->allow_extra_args(false);
  ask->add_option("--carrier", question->carrier, "Or the carrier: everything in it")->type_name("C")->excludes(unit);
  ask->add_option("--operation", question->operation, "Where the station does several")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
  ask->add_option("--order", question->order, "The order, for a unit that does not exist yet")->type_name("O");
  ask->add_option("--material", question->materials, "A lot or unit about to be used; may be repeated")
      ->type_name("CODE")
      ->allow_extra_args(false);
  ask->add_option("--operator", question->operator_id, "The person at the station")->type_name("ID");
  ask->add_option("--recipe", question->recipe, "The checksum of the recipe loaded")->type_name("CHECKSUM");
  ask->add_option("--software", question->software, "The software set in use")->type_name("V");
  ask->add_option("--variant", question->variant, "The build record's product")->type_name("V");
  ask->add_option("--purpose", question->purpose, "Why; default: the server tells")
      ->transform(CLI::IsMember(EnumChoices(*v1::RunPurpose_descriptor()), CLI::ignore_case));
  ask->add_option("--quantity", question->quantity, "For a lot's first start: how much, for example 120m2")->type_name("Q");
  ask->add_option("--at", question->at, "The moment it is about; default: now")->type_name("TIME");
  ask->add_option("--permit-seconds", question->permit_seconds, "How long the permits are good, up to a day: for work without network")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  ask->callback([&connection, question] { AskAll(connection, *question); });
}

}  // namespace

void AddStation(CLI::App& app, const Connection& connection) {
  auto* station = app.add_subcommand("station", "Stations: what they do, their cursor and conditions");
  station->require_subcommand(1);

  auto* list = station->add_subcommand("list", "Stations by code");
  list->footer("Example:\n  mesctl station list --product PACK-TRK-70");
  auto station_class = std::make_shared<std::string>();
  auto product = std::make_shared<std::string>();
  auto limit = std::make_shared<int64_t>(1000);
  list->add_option("--class", *station_class, "Only of this class")->type_name("CLASS");
  list->add_option("--product", *product, "Only of lines that make this product")->type_name("P");
  AddLimit(*list, *limit);
  list->callback([&connection, station_class, product, limit] { List(connection, *station_class, *product, *limit); });

  auto* show = station->add_subcommand("show", "One station with its cursor and conditions");
  show->footer("Example:\n  mesctl station show PACK-TRK-70.1.PEOL.1");
  auto code = std::make_shared<std::string>();
  show->add_option("code", *code, "The station")->required()->type_name("CODE");
  show->callback([&connection, code] { Show(connection, *code); });

  AddCanStart(app, connection);
}

}  // namespace mes::mesctl
