#include "mes/v1/shipment.grpc.pb.h"

#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

using Shipments = v1::ShipmentService::Stub;

struct NewShipment {
  std::vector<std::string> units, documents;
  std::string customer, country, place, currency, value, person, time;
};

void PrintShipment(const v1::Shipment& shipment) {
  Fields fields;
  fields.Add("shipment", std::to_string(shipment.shipment_id()));
  fields.Add("customer", shipment.customer());
  fields.Add("to", shipment.place() + ", " + shipment.country() + (shipment.exported() ? " (export)" : ""));
  fields.Add("value", shipment.value() + " " + shipment.currency());
  fields.Add("left", Text(shipment.ship_time()) + ", recorded by " + shipment.person());
  if (shipment.has_deliver_time()) {
    fields.Add("arrived",
               Text(shipment.deliver_time()) + ", recorded by " + shipment.delivered_by() + ": " + shipment.delivery_evidence());
  }
  if (shipment.has_cancel_time()) {
    fields.Add("taken back", Text(shipment.cancel_time()) + ", by " + shipment.cancelled_by() + ": " + shipment.cancel_reason());
  }
  fields.Add("units", std::to_string(shipment.units()));
  fields.Print();
  Table items({"UNIT", "PRODUCT", ">VALUE"});
  for (const v1::ShipmentItem& item : shipment.items()) items.Row({item.unit_code(), item.product_code(), item.value()});
  if (!items.empty()) items.Print();
  Table documents({"DOCUMENT", "ADDRESS", "SHA-256"});
  for (const v1::ShipmentDocument& document : shipment.documents()) {
    documents.Row({document.title(), document.uri(), document.sha256()});
  }
  if (!documents.empty()) documents.Print();
}

// `TITLE=URI` or `TITLE=URI#sha256=HEX`.
void ParseDocument(const std::string& text, v1::ShipmentDocument& document) {
  constexpr const char* kHash = "#sha256=";
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    FailUsage("'" + text + "' is not a document; write TITLE=URI or TITLE=URI#sha256=HEX");
  }
  const size_t hash = text.rfind(kHash);
  document.set_title(text.substr(0, equals));
  document.set_uri(text.substr(equals + 1, hash == std::string::npos ? hash : hash - equals - 1));
  if (hash != std::string::npos) document.set_sha256(text.substr(hash + std::string(kHash).size()));
}

void New(const Connection& connection, const NewShipment& given) {
  v1::CreateShipmentRequest request;
  request.set_request_id(connection.RequestId());
  request.set_customer(given.customer);
  request.set_country(given.country);
  request.set_place(given.place);
  request.set_currency(given.currency);
  request.set_person(given.person);
  if (!given.time.empty()) *request.mutable_ship_time() = ParseTime("--time", given.time);
  for (const std::string& text : given.units) {
    v1::ShipmentItem& item = *request.add_items();
    const size_t equals = text.rfind('=');
    item.set_unit_code(text.substr(0, equals));
    item.set_value(equals == std::string::npos ? given.value : text.substr(equals + 1));
  }
  for (const std::string& text : given.documents) ParseDocument(text, *request.add_documents());
  const auto response = Call(connection, &Shipments::CreateShipment, request);
  if (connection.json) return PrintJson(response);
  PrintShipment(response.shipment());
}

struct Delivery {
  int64_t id = 0;
  std::string evidence, person, time;
};

void Deliver(const Connection& connection, const Delivery& delivery) {
  v1::ConfirmDeliveryRequest request;
  request.set_request_id(connection.RequestId());
  request.set_shipment_id(delivery.id);
  request.set_evidence(delivery.evidence);
  request.set_person(delivery.person);
  if (!delivery.time.empty()) *request.mutable_deliver_time() = ParseTime("--time", delivery.time);
  const auto response = Call(connection, &Shipments::ConfirmDelivery, request);
  if (connection.json) return PrintJson(response);
  PrintShipment(response.shipment());
}

void Cancel(const Connection& connection, const v1::CancelShipmentRequest& given) {
  v1::CancelShipmentRequest request = given;
  request.set_request_id(connection.RequestId());
  const auto response = Call(connection, &Shipments::CancelShipment, request);
  if (connection.json) return PrintJson(response);
  PrintShipment(response.shipment());
  if (response.withdrawn_duties() > 0) printf("duties withdrawn: %d\n", response.withdrawn_duties());
}

void Show(const Connection& connection, int64_t id) {
  v1::GetShipmentRequest request;
  request.set_shipment_id(id);
  const auto response = Call(connection, &Shipments::GetShipment, request);
  if (connection.json) return PrintJson(response);
  PrintShipment(response.shipment());
}

struct ListOptions {
  std::string country, customer;
  int64_t limit = 1000;
};

void List(const Connection& connection, const ListOptions& asked) {
  v1::ListShipmentsRequest request;
  request.set_country(asked.country);
  request.set_customer(asked.customer);
  Table table({">SHIPMENT", "CUSTOMER", "TO", "LEFT", ">UNITS", ">VALUE", "", "ARRIVED"});
  CallPages(connection, &Shipments::ListShipments, request, asked.limit, [&](const v1::ListShipmentsResponse& page) {
    for (const v1::Shipment& shipment : page.shipments()) {
      table.Row({std::to_string(shipment.shipment_id()), shipment.customer(), shipment.country(), Text(shipment.ship_time()),
                 std::to_string(shipment.units()), shipment.value(), shipment.currency(), Text(shipment.deliver_time())});
    }
    return page.shipments_size();
  });
  if (!connection.json) table.Print();
}

struct ShareOptions {
  std::string from, until, period = "month", product;
};

void Share(const Connection& connection, const ShareOptions& asked) {
  v1::GetExportShareRequest request;
  request.set_from_day(asked.from);
  request.set_until_day(asked.until);
  request.set_period(static_cast<v1::ExportPeriod>(EnumValue(*v1::ExportPeriod_descriptor(), asked.period)));
  request.set_product_code(asked.product);
  const auto response = Call(connection, &Shipments::GetExportShare, request);
  if (connection.json) return PrintJson(response);
  Table table({"PERIOD", "PRODUCT", ">UNITS", ">EXPORTED", ">VALUE", ">EXPORTED", "", ">SHARE"});
  for (const v1::ExportShare& row : response.rows()) {
    table.Row({row.period(), row.product_code().empty() ? "all" : row.product_code(), std::to_string(row.units()),
               std::to_string(row.exported_units()), row.value(), row.exported_value(), row.currency(),
               Percent(row.exported_minor(), row.value_minor())});
  }
  table.Print();
}

}  // namespace

void AddShip(CLI::App& app, const Connection& connection) {
  auto* ship = app.add_subcommand("ship", "Sales and export: shipments of units, and the share that was exported");
  ship->require_subcommand(1);

  auto* create = ship->add_subcommand("new", "Units leave for a customer");
  create->footer(
      "Example:\n  mesctl ship new VEH-1 VEH-2=51000 --value 49500 --currency EUR --customer 'NewBus Ltd' --country DE \\\n"
      "    --place Hamburg --document 'UN 38.3 summary=https://docs.example/38-3.pdf' --person li.wei");
  auto given = std::make_shared<NewShipment>();
  create->add_option("units", given->units, "The units, with a value of their own where it differs")
      ->required()
      ->type_name("CODE[=VALUE]");
  create->add_option("--value", given->value, "Of each unit that has none of its own")->type_name("V");
  create->add_option("--currency", given->currency, "ISO 4217")->required()->type_name("CUR");
  create->add_option("--customer", given->customer, "For whom")->required()->type_name("C");
  create->add_option("--country", given->country, "Where to: two letters of ISO 3166")->required()->type_name("XX");
  create->add_option("--place", given->place, "Where it is handed over")->required()->type_name("P");
  create->add_option("--document", given->documents, "Travels along")->type_name("TITLE=URI[#sha256=HEX]");
  create->add_option("--time", given->time, "When; now where not given")->type_name("T");
  create->add_option("--person", given->person, "Who")->required()->type_name("P");
  create->callback([&connection, given] { New(connection, *given); });

  auto* deliver = ship->add_subcommand("deliver", "A shipment arrived");
  auto delivery = std::make_shared<Delivery>();
  deliver->add_option("shipment", delivery->id, "Its number")->required()->type_name("N");
  deliver->add_option("--evidence", delivery->evidence, "The receipt")->required()->type_name("DOC");
  deliver->add_option("--time", delivery->time, "When; now where not given")->type_name("T");
  deliver->add_option("--person", delivery->person, "Who")->required()->type_name("P");
  deliver->callback([&connection, delivery] { Deliver(connection, *delivery); });

  auto* cancel = ship->add_subcommand("cancel", "Take a shipment back that never left; it stays, marked");
  auto taken = std::make_shared<v1::CancelShipmentRequest>();
  auto number = std::make_shared<int64_t>(0);
  cancel->add_option("shipment", *number, "Its number")->required()->type_name("N");
  cancel->add_option("--reason", *taken->mutable_reason(), "Why")->required()->type_name("R");
  cancel->add_option("--person", *taken->mutable_person(), "Who")->required()->type_name("P");
  cancel->callback([&connection, taken, number] {
    taken->set_shipment_id(*number);
    Cancel(connection, *taken);
  });

  auto* show = ship->add_subcommand("show", "A shipment with its units and documents");
  auto id = std::make_shared<int64_t>(0);
  show->add_option("shipment", *id, "Its number")->required()->type_name("N");
  show->callback([&connection, id] { Show(connection, *id); });

  auto* list = ship->add_subcommand("list", "Shipments, newest first");
  auto asked = std::make_shared<ListOptions>();
  list->add_option("--country", asked->country, "Only to this country")->type_name("XX");
  list->add_option("--customer", asked->customer, "Only for this customer")->type_name("C");
  AddLimit(*list, asked->limit);
  list->callback([&connection, asked] { List(connection, *asked); });

  auto* share = ship->add_subcommand("export-share", "What was shipped and exported, by period, currency and product");
  share->footer("Example:\n  mesctl ship export-share --from 2026-01-01 --period year");
  auto options = std::make_shared<ShareOptions>();
  share->add_option("--from", options->from, "From this plant day on; the year's first where not given")->type_name("DAY");
  share->add_option("--until", options->until, "Before this plant day")->type_name("DAY");
  share->add_option("--period", options->period, "How periods are cut")
      ->transform(CLI::IsMember(EnumChoices(*v1::ExportPeriod_descriptor()), CLI::ignore_case))
      ->capture_default_str();
  share->add_option("--product", options->product, "Only this product")->type_name("PRODUCT");
  share->callback([&connection, options] { Share(connection, *options); });
}

}  // namespace mes::mesctl
