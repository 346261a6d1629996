#include "mes/v1/lot.grpc.pb.h"

#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"
#include "services/mesctl/quantity.h"

namespace mes::mesctl {

namespace {

using Lots = v1::LotService::Stub;

// One word for a table, the most telling first.
std::string State(const v1::Lot& lot) {
  if (lot.scrapped()) return "scrapped";
  if (lot.in_process()) return "in-process";
  return lot.has_open_time() ? "open" : "closed";
}

void Print(const v1::Lot& lot) {
  Fields fields;
  std::string passed;
  for (const int32_t operation : lot.passed_operations()) passed += (passed.empty() ? "" : " ") + std::to_string(operation);
  fields.Add("lot", lot.lot_code());
  fields.Add("material", lot.material_code());
  fields.Add("order", lot.work_order_code());
  fields.Add("supplier", lot.supplier() + (lot.supplier_lot().empty() ? "" : ", their lot " + lot.supplier_lot()));
  fields.Add("state", State(lot) + (lot.holds() > 0 ? ", on hold (" + std::to_string(lot.holds()) + ")" : ""));
  fields.Add("quantity", Text(lot.quantity()));
  fields.Add("left", Text(lot.quantity_left()));
  fields.Add("passed", passed);
  if (lot.next_operation() != 0) fields.Add("next", std::to_string(lot.next_operation()));
  fields.Add("made", Text(lot.manufacture_time()));
  fields.Add("use until", Text(lot.expire_time()));
  fields.Add("opened", Text(lot.open_time()));
  if (lot.floor_life_seconds() > 0) fields.Add("floor life", std::to_string(lot.floor_life_seconds()) + " s once opened");
  fields.Print();
}

void Row(Table& table, const v1::Lot& lot) {
  table.Row({lot.lot_code(), lot.material_code(), State(lot), lot.quantity_left().value(), lot.quantity().value(),
             lot.quantity().uom(), lot.holds() == 0 ? "" : std::to_string(lot.holds()), Text(lot.expire_time())});
}

Table LotTable() {
  return Table({"LOT", "MATERIAL", "STATE", ">LEFT", ">OF", "UOM", ">HOLDS", "USE UNTIL"});
}

// The one-lot answers are printed alike.
template <class Response>
void Answer(const Connection& connection, const Response& response) {
  if (connection.json) return PrintJson(response);
  Print(response.lot());
}

struct Receipt {
  std::string code, material, quantity, supplier, supplier_lot, made;
  int64_t floor_life_s = 0;
};

void Receive(const Connection& connection, const Receipt& receipt) {
  v1::ReceiveLotRequest request;
  request.set_request_id(connection.RequestId());
  request.set_lot_code(receipt.code);
  request.set_material_code(receipt.material);
  request.set_supplier(receipt.supplier);
  request.set_supplier_lot(receipt.supplier_lot);
  request.set_floor_life_seconds(receipt.floor_life_s);
  if (!receipt.made.empty()) *request.mutable_manufacture_time() = ParseTime("--made", receipt.made);
  *request.mutable_quantity() = QuantityOf(connection, receipt.material, receipt.quantity);
  Answer(connection, Call(connection, &Lots::ReceiveLot, request));
}

void Open(const Connection& connection, const std::string& code, const std::string& at) {
  v1::OpenLotRequest request;
  request.set_request_id(connection.RequestId());
  request.set_lot_code(code);
  if (!at.empty()) *request.mutable_open_time() = ParseTime("--at", at);
  Answer(connection, Call(connection, &Lots::OpenLot, request));
}

v1::GetLotResponse Get(const Connection& connection, const std::string& code) {
  v1::GetLotRequest request;
  request.set_lot_code(code);
  return Call(connection, &Lots::GetLot, request);
}

void List(const Connection& connection, const std::string& material, bool with_left, int64_t limit) {
  v1::ListLotsRequest request;
  request.set_material_code(material);
  request.set_with_quantity_left(with_left);
  Table table = LotTable();
  CallPages(connection, &Lots::ListLots, request, limit, [&](const v1::ListLotsResponse& page) {
    for (const auto& lot : page.lots()) Row(table, lot);
    return page.lots_size();
  });
  if (!connection.json) table.Print();
}

void Split(const Connection& connection, const std::string& code, const std::vector<std::string>& parts,
           const std::string& at) {
  v1::SplitLotRequest request;
  request.set_request_id(connection.RequestId());
  request.set_lot_code(code);
  if (!at.empty()) *request.mutable_occur_time() = ParseTime("--at", at);
  std::string uom;
  for (const std::string& part : parts) {
    const size_t equals = part.rfind('=');
    if (equals == std::string::npos || equals == 0)
      FailUsage("'" + part + "' is not a part; write NEWCODE=QUANTITY, for example REEL-7=120");
    auto& sent = *request.add_parts();
    sent.set_lot_code(part.substr(0, equals));
    *sent.mutable_quantity() = ParseQuantity(part.substr(equals + 1));
    if (!sent.quantity().uom().empty()) continue;
    // A part has the unit of measure of its lot.
    if (uom.empty()) uom = Get(connection, code).lot().quantity().uom();
    sent.mutable_quantity()->set_uom(uom);
  }
  const auto response = Call(connection, &Lots::SplitLot, request);
  if (connection.json) return PrintJson(response);
  Table table = LotTable();
  Row(table, response.lot());
  for (const auto& part : response.parts()) Row(table, part);
  table.Print();
}

void Merge(const Connection& connection, const std::string& code, const std::vector<std::string>& sources,
           const std::string& at) {
  v1::MergeLotsRequest request;
  request.set_request_id(connection.RequestId());
  request.set_lot_code(code);
  for (const auto& source : sources) request.add_source_codes(source);
  if (!at.empty()) *request.mutable_occur_time() = ParseTime("--at", at);
  Answer(connection, Call(connection, &Lots::MergeLots, request));
}

void AddReceive(CLI::App& lot, const Connection& connection) {
  auto* receive = lot.add_subcommand("receive", "Take in a bought lot");
  receive->footer(
      "Example:\n  mesctl lot receive LFP-2611 --material RM-LFP --quantity 500 --supplier Dynano --supplier-lot D-88");
  auto receipt = std::make_shared<Receipt>();
  receive->add_option("code", receipt->code, "The lot's code")->required()->type_name("CODE");
  receive->add_option("--material", receipt->material, "What it is")->required()->type_name("M");
  receive->add_option("--quantity", receipt->quantity, "How much: 500, 12.5kg")->required()->type_name("Q");
  receive->add_option("--supplier", receipt->supplier, "Who supplied it")->type_name("S");
  receive->add_option("--supplier-lot", receipt->supplier_lot, "The supplier's own code")->type_name("CODE");
  receive->add_option("--made", receipt->made, "When it was made; default: now")->type_name("TIME");
  receive->add_option("--floor-life", receipt->floor_life_s, "How long it may be used once opened")
      ->check(CLI::NonNegativeNumber)
      ->type_name("SECONDS");
  receive->callback([&connection, receipt] { Receive(connection, *receipt); });
}

void AddChanges(CLI::App& lot, const Connection& connection) {
  auto code = std::make_shared<std::string>();
  auto at = std::make_shared<std::string>();
  auto others = std::make_shared<std::vector<std::string>>();

  auto* open = lot.add_subcommand("open", "Open a bag, drum or reel: its floor life begins");
  open->footer("Example:\n  mesctl lot open LFP-2611");
  open->add_option("code", *code, "The lot")->required()->type_name("CODE");
  open->add_option("--at", *at, "When; default: now")->type_name("TIME");
  open->callback([&connection, code, at] { Open(connection, *code, *at); });

  auto* split = lot.add_subcommand("split", "Part a lot into new ones");
  split->footer("Example:\n  mesctl lot split ROLL-1 REEL-1=120 REEL-2=120");
  split->add_option("code", *code, "The lot to part")->required()->type_name("CODE");
  split->add_option("parts", *others, "The new lots")->required()->type_name("PART=QTY");
  split->add_option("--at", *at, "When; default: now")->type_name("TIME");
  split->callback([&connection, code, others, at] { Split(connection, *code, *others, *at); });

  auto* merge = lot.add_subcommand("merge", "Join whole lots into a new one");
  merge->footer("Example:\n  mesctl lot merge DRUM-9 DRUM-7 DRUM-8");
  merge->add_option("new", *code, "The new lot's code")->required()->type_name("NEW");
  merge->add_option("sources", *others, "The lots to join")->required()->type_name("SOURCE");
  merge->add_option("--at", *at, "When; default: now")->type_name("TIME");
  merge->callback([&connection, code, others, at] { Merge(connection, *code, *others, *at); });
}

}  // namespace

void AddLot(CLI::App& app, const Connection& connection) {
  auto* lot = app.add_subcommand("lot", "Lots: receive, open, show, list, split, merge");
  lot->require_subcommand(1);
  AddReceive(*lot, connection);
  AddChanges(*lot, connection);

  auto* show = lot->add_subcommand("show", "One lot, by any code it ever had");
  show->footer("Example:\n  mesctl lot show LFP-2611");
  auto code = std::make_shared<std::string>();
  show->add_option("code", *code, "The lot")->required()->type_name("CODE");
  show->callback([&connection, code] { Answer(connection, Get(connection, *code)); });

  auto* list = lot->add_subcommand("list", "Lots by code");
  list->footer("Example:\n  mesctl lot list --material RM-LFP --left");
  auto material = std::make_shared<std::string>();
  auto with_left = std::make_shared<bool>(false);
  auto limit = std::make_shared<int64_t>(1000);
  list->add_option("--material", *material, "Only of this material")->type_name("M");
  list->add_flag("--left", *with_left, "Only lots with something left");
  AddLimit(*list, *limit);
  list->callback([&connection, material, with_left, limit] { List(connection, *material, *with_left, *limit); });
}

}  // namespace mes::mesctl
