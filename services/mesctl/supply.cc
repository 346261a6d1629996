#include "mes/v1/capacity.grpc.pb.h"

#include <memory>

#include "services/mesctl/capacity_text.h"
#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"
#include "services/mesctl/quantity.h"

namespace mes::mesctl {

namespace {

using Capacity = v1::CapacityService::Stub;

Table SupplyTable() { return Table({">SUPPLY", "MATERIAL", ">QUANTITY", "DAY", "STATE", "SUPPLIER", "REFERENCE"}); }
void Row(Table& table, const v1::Supply& supply) {
  table.Row({std::to_string(supply.supply_id()), supply.material_code(), Text(supply.quantity()), supply.day(),
             EnumText(*v1::SupplyState_descriptor(), supply.state()), supply.supplier(),
             supply.reference() + (supply.reason().empty() ? "" : " (" + supply.reason() + ")")});
}

template <class Response>
void Answer(const Connection& connection, const Response& response) {
  if (connection.json) return PrintJson(response);
  Table table = SupplyTable();
  Row(table, response.supply());
  table.Print();
}

struct Draft {
  std::string material, quantity, day, supplier, reference;
  Planner planner;
};

void Add(const Connection& connection, const Draft& draft) {
  v1::PutSupplyRequest request;
  request.set_request_id(connection.RequestId());
  request.set_material_code(draft.material);
  *request.mutable_quantity() = QuantityOf(connection, draft.material, draft.quantity);
  request.set_day(draft.day);
  request.set_supplier(draft.supplier);
  request.set_reference(draft.reference);
  request.set_person(draft.planner.person);
  request.set_role(draft.planner.role);
  Answer(connection, Call(connection, &Capacity::PutSupply, request));
}

struct Closing {
  int64_t id = 0;
  std::string reason;
  Planner planner;
};

void Close(const Connection& connection, const Closing& closing, v1::SupplyState state) {
  v1::CloseSupplyRequest request;
  request.set_request_id(connection.RequestId());
  request.set_supply_id(closing.id);
  request.set_state(state);
  request.set_reason(closing.reason);
  request.set_person(closing.planner.person);
  request.set_role(closing.planner.role);
  Answer(connection, Call(connection, &Capacity::CloseSupply, request));
}

void List(const Connection& connection, const std::string& material, bool expected_only, int64_t limit) {
  v1::ListSuppliesRequest request;
  request.set_material_code(material);
  request.set_expected_only(expected_only);
  Table table = SupplyTable();
  CallPages(connection, &Capacity::ListSupplies, request, limit, [&](const v1::ListSuppliesResponse& page) {
    for (const auto& supply : page.supplies()) Row(table, supply);
    return page.supplies_size();
  });
  if (!connection.json) table.Print();
}

void AddClosing(CLI::App& supply, const Connection& connection, const char* name, const char* about, v1::SupplyState state) {
  auto* close = supply.add_subcommand(name, about);
  const bool cancels = state == v1::SUPPLY_STATE_CANCELLED;
  close->footer(std::string("Example:\n  mesctl capacity supply ") + name + " 12" + (cancels ? " --reason 'supplier is late'" : "") +
                " --person li.wei");
  auto closing = std::make_shared<Closing>();
  close->add_option("supply", closing->id, "Its number")->required()->type_name("N");
  close->add_option("--reason", closing->reason, cancels ? "Why; needed" : "A remark")->type_name("R");
  AddPlanner(*close, closing->planner);
  close->callback([&connection, closing, state] { Close(connection, *closing, state); });
}

}  // namespace

void AddSupply(CLI::App& capacity, const Connection& connection) {
  auto* supply = capacity.add_subcommand("supply", "Bought-in pieces that count with own output, and when they come");
  supply->require_subcommand(1);
  auto* add = supply->add_subcommand("add", "Announce a supply");
  add->footer("Example:\n  mesctl capacity supply add STK-148 7650 --day 2026-06-30 --supplier SUP-3 --person li.wei");
  auto draft = std::make_shared<Draft>();
  add->add_option("material", draft->material, "What comes")->required()->type_name("MATERIAL");
  add->add_option("quantity", draft->quantity, "How much: 7650, 12.5kg")->required()->type_name("Q");
  add->add_option("--day", draft->day, "When")->required()->type_name("YYYY-MM-DD");
  add->add_option("--supplier", draft->supplier, "From whom")->required()->type_name("S");
  add->add_option("--reference", draft->reference, "The order's number there or here")->type_name("TEXT");
  AddPlanner(*add, draft->planner);
  add->callback([&connection, draft] { Add(connection, *draft); });

  AddClosing(*supply, connection, "receive", "It came: goods-in has booked the pieces", v1::SUPPLY_STATE_RECEIVED);
  AddClosing(*supply, connection, "cancel", "It will not come", v1::SUPPLY_STATE_CANCELLED);

  auto* list = supply->add_subcommand("list", "Supplies by number");
  list->footer("Example:\n  mesctl capacity supply list --expected");
  auto material = std::make_shared<std::string>();
  auto expected = std::make_shared<bool>(false);
  auto limit = std::make_shared<int64_t>(1000);
  list->add_option("--material", *material, "Only of this material")->type_name("M");
  list->add_flag("--expected", *expected, "Only those still expected");
  AddLimit(*list, *limit);
  list->callback([&connection, material, expected, limit] { List(connection, *material, *expected, *limit); });
}

}  // namespace mes::mesctl
