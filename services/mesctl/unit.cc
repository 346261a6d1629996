#include "mes/v1/unit.grpc.pb.h"

#include <fstream>
#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

using Units = v1::UnitService::Stub;

template <class Numbers>
std::string Join(const Numbers& numbers) {
  std::string joined;
  for (const auto number : numbers) joined += (joined.empty() ? "" : " ") + std::to_string(number);
  return joined;
}

std::string State(const v1::Unit& unit) {
  return EnumText(*v1::UnitState_descriptor(), unit.state());
}

void Print(const v1::Unit& unit) {
  Fields fields;
  std::string earlier;
  for (const auto& code : unit.earlier_codes()) earlier += (earlier.empty() ? "" : " ") + code;
  fields.Add("unit", unit.unit_code());
  fields.Add("was", earlier);
  fields.Add("material", unit.material_code() + (unit.revision() > 0 ? " revision " + std::to_string(unit.revision()) : ""));
  fields.Add("order", unit.work_order_code());
  fields.Add("supplier", unit.supplier());
  fields.Add("state", State(unit) + (unit.holds() > 0 ? ", on hold (" + std::to_string(unit.holds()) + ")" : ""));
  fields.Add("passed", Join(unit.passed_operations()));
  if (unit.running_operation() != 0)
    fields.Add("running", std::to_string(unit.running_operation()) + " at " + unit.running_station());
  if (unit.failed_operation() != 0)
    fields.Add("failed", std::to_string(unit.failed_operation()) + ", waits for retest or rework");
  if (unit.next_operation() != 0) fields.Add("next", std::to_string(unit.next_operation()));
  fields.Add("grade", unit.grade());
  if (!unit.parent_code().empty())
    fields.Add("built into",
               unit.parent_code() + " at " + std::to_string(unit.parent_line()) + "." + std::to_string(unit.parent_slot()));
  if (!unit.carrier_code().empty()) fields.Add("carrier", unit.carrier_code() + " slot " + std::to_string(unit.carrier_slot()));
  if (unit.use_count() > 0) fields.Add("taken out", std::to_string(unit.use_count()) + "x after use");
  fields.Add("known since", Text(unit.create_time()));
  fields.Add("finished", Text(unit.finish_time()));
  fields.Print();
}

struct Receipt {
  std::string material, supplier, passport, file;
  std::vector<std::string> codes;
  bool goods_in_passed = false;
};

void Receive(const Connection& connection, const Receipt& receipt) {
  v1::ReceiveUnitsRequest request;
  request.set_request_id(connection.RequestId());
  request.set_material_code(receipt.material);
  request.set_supplier(receipt.supplier);
  request.set_passport_reference(receipt.passport);
  request.set_goods_in_test_passed(receipt.goods_in_passed);
  for (const auto& code : receipt.codes) request.add_unit_codes(code);
  if (!receipt.file.empty()) {
    std::ifstream file(receipt.file);
    if (!file) FailUsage(receipt.file + ": cannot be read");
    for (std::string line; std::getline(file, line);) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (!line.empty()) request.add_unit_codes(line);
    }
  }
  if (request.unit_codes().empty()) FailUsage("give at least one CODE, or --file");
  const auto response = Call(connection, &Units::ReceiveUnits, request);
  if (connection.json) return PrintJson(response);
  printf("received %d x %s\n", response.received(), OneLine(receipt.material).c_str());
}

void Show(const Connection& connection, const std::string& code) {
  v1::GetUnitRequest request;
  request.set_unit_code(code);
  const auto response = Call(connection, &Units::GetUnit, request);
  if (connection.json) return PrintJson(response);
  Print(response.unit());
}

struct Filter {
  std::string order, product, state;
  int64_t limit = 1000;
};

void List(const Connection& connection, const Filter& filter) {
  v1::ListUnitsRequest request;
  request.set_work_order_code(filter.order);
  request.set_material_code(filter.product);
  request.set_state(static_cast<v1::UnitState>(EnumValue(*v1::UnitState_descriptor(), filter.state)));
  Table table({"UNIT", "MATERIAL", "STATE", ">NEXT", ">RUNS", ">HOLDS", "ORDER", "BUILT INTO"});
  CallPages(connection, &Units::ListUnits, request, filter.limit, [&](const v1::ListUnitsResponse& page) {
    for (const auto& unit : page.units())
      table.Row({unit.unit_code(), unit.material_code(), State(unit),
                 unit.next_operation() == 0 ? "" : std::to_string(unit.next_operation()),
                 unit.running_operation() == 0 ? "" : std::to_string(unit.running_operation()),
                 unit.holds() == 0 ? "" : std::to_string(unit.holds()), unit.work_order_code(), unit.parent_code()});
    return page.units_size();
  });
  if (!connection.json) table.Print();
}

// The event's remarks: what is worth a glance before reading the whole in JSON.
std::string Remarks(const v1::UnitEvent& event) {
  std::string remarks;
  const auto add = [&](const std::string& text) { remarks += (remarks.empty() ? "" : ", ") + text; };
  if (event.reversed()) add("reversed");
  if (event.superseded()) add("superseded");
  if (event.judgement() != event.station_judgement() && event.station_judgement() != v1::JUDGEMENT_UNSPECIFIED)
    add("the station said " + EnumText(*v1::Judgement_descriptor(), event.station_judgement()));
  if (!event.failure_code().empty()) add(event.failure_code());
  if (!event.purpose().empty() && event.purpose() != "regular") add(event.purpose());
  if (event.values_size() > 0) add(std::to_string(event.values_size()) + " characteristics");
  if (!event.operator_id().empty()) add("by " + event.operator_id());
  return remarks;
}

void Events(const Connection& connection, const std::string& code, int64_t limit) {
  v1::ListUnitEventsRequest request;
  request.set_unit_code(code);
  Table table({"TIME", ">OP", "KIND", "JUDGED", "EVENT", "REMARKS"});
  CallPages(connection, &Units::ListUnitEvents, request, limit, [&](const v1::ListUnitEventsResponse& page) {
    for (const auto& event : page.events())
      table.Row({Text(event.occur_time()), event.operation() == 0 ? "" : std::to_string(event.operation()), event.kind(),
                 EnumText(*v1::Judgement_descriptor(), event.judgement()),
                 event.station_code() + "/" + std::to_string(event.epoch()) + "/" + std::to_string(event.sequence()),
                 Remarks(event)});
    return page.events_size();
  });
  if (!connection.json) table.Print();
}

void AddReceive(CLI::App& unit, const Connection& connection) {
  auto* receive = unit.add_subcommand("receive", "Take in bought units, all or none");
  receive->footer(
      "Example:\n  mesctl unit receive STK-148 S-77 S-78 --supplier SinoStack --passport P-2026-118 --goods-in-passed");
  auto receipt = std::make_shared<Receipt>();
  receive->add_option("material", receipt->material, "What they are")->required()->type_name("MATERIAL");
  receive->add_option("codes", receipt->codes, "Their codes")->type_name("CODE");
  receive->add_option("--supplier", receipt->supplier, "Who supplied them")->type_name("S");
  receive->add_option("--passport", receipt->passport, "The supplier's passport, needed for stacks")->type_name("REF");
  receive->add_flag("--goods-in-passed", receipt->goods_in_passed, "The goods-in test passed, needed for stacks");
  receive->add_option("--file", receipt->file, "More codes, one a line")->type_name("F");
  receive->callback([&connection, receipt] { Receive(connection, *receipt); });
}

}  // namespace

void AddUnit(CLI::App& app, const Connection& connection) {
  auto* unit = app.add_subcommand("unit", "Units: receive, show, list, events, replace");
  unit->require_subcommand(1);
  AddReceive(*unit, connection);
  AddReplacement(*unit, connection);

  auto* show = unit->add_subcommand("show", "One unit, by any code it ever had");
  show->footer("Example:\n  mesctl unit show BOX-0001");
  auto code = std::make_shared<std::string>();
  show->add_option("code", *code, "The unit")->required()->type_name("CODE");
  show->callback([&connection, code] { Show(connection, *code); });

  auto* list = unit->add_subcommand("list", "Units by code");
  list->footer("Example:\n  mesctl unit list --order WO-1 --state in-process");
  auto filter = std::make_shared<Filter>();
  list->add_option("--order", filter->order, "Only of this order")->type_name("CODE");
  list->add_option("--product", filter->product, "Only of this product or material")->type_name("P");
  list->add_option("--state", filter->state, "Only in this state")
      ->transform(CLI::IsMember(EnumChoices(*v1::UnitState_descriptor()), CLI::ignore_case));
  AddLimit(*list, filter->limit);
  list->callback([&connection, filter] { List(connection, *filter); });

  auto* events = unit->add_subcommand("events", "What happened to a unit, oldest first");
  events->footer("Example:\n  mesctl unit events BOX-0001");
  auto limit = std::make_shared<int64_t>(1000);
  events->add_option("code", *code, "The unit")->required()->type_name("CODE");
  AddLimit(*events, *limit);
  events->callback([&connection, code, limit] { Events(connection, *code, *limit); });
}

}  // namespace mes::mesctl
