#include "mes/v1/work_order.grpc.pb.h"

#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"
#include "services/mesctl/quantity.h"
#include "services/mesctl/sign.h"

namespace mes::mesctl {

namespace {

using Orders = v1::WorkOrderService::Stub;

void Print(const v1::WorkOrder& order) {
  Fields fields;
  fields.Add("order", order.work_order_code());
  fields.Add("product", order.product_code() + (order.revision() > 0 ? " revision " + std::to_string(order.revision()) : ""));
  fields.Add("state", EnumText(*v1::WorkOrderState_descriptor(), order.state()));
  fields.Add("reason", order.state_reason());
  fields.Add("ordered", Text(order.ordered()));
  fields.Add("started", Text(order.started()));
  fields.Add("good", Text(order.good()));
  fields.Add("scrapped", Text(order.scrapped()));
  fields.Add("open", Text(order.open()));
  fields.Add("priority", std::to_string(order.priority()));
  fields.Add("due", Text(order.due_time()));
  fields.Add("serves", order.parent_code());
  if (order.trial()) fields.Add("trial", "yes: off the control charts");
  fields.Add("created", Text(order.create_time()));
  fields.Print();
}

// Narrow enough for 80 columns; how much was started is what is good, scrapped and open.
Table OrderTable() {
  return Table({"ORDER", "PRODUCT", "STATE", ">PRIO", ">ORDERED", ">GOOD", ">SCRAP", ">OPEN", "UOM", "DUE"});
}

void Row(Table& table, const v1::WorkOrder& order) {
  table.Row({order.work_order_code(), order.product_code(), EnumText(*v1::WorkOrderState_descriptor(), order.state()),
             std::to_string(order.priority()), order.ordered().value(), order.good().value(), order.scrapped().value(),
             order.open().value(), order.ordered().uom(), Text(order.due_time())});
}

struct Creation {
  std::string code, product, quantity, due, parent;
  int32_t priority = 500;
  bool explode = false;
  bool trial = false;
};

void Create(const Connection& connection, const Creation& creation) {
  v1::CreateWorkOrderRequest request;
  request.set_request_id(connection.RequestId());
  request.set_work_order_code(creation.code);
  request.set_product_code(creation.product);
  request.set_priority(creation.priority);
  request.set_parent_code(creation.parent);
  request.set_explode(creation.explode);
  request.set_trial(creation.trial);
  if (!creation.due.empty()) *request.mutable_due_time() = ParseTime("--due", creation.due);
  *request.mutable_quantity() = QuantityOf(connection, creation.product, creation.quantity);
  const auto response = Call(connection, &Orders::CreateWorkOrder, request);
  if (connection.json) return PrintJson(response);
  Print(response.work_order());
  if (response.children().empty()) return;
  printf("\nwith %d orders below it:\n", response.children_size());
  Table table({"ORDER", "SERVES", "PRODUCT", ">ORDERED", "UOM"});
  for (const auto& child : response.children())
    table.Row(
        {child.work_order_code(), child.parent_code(), child.product_code(), child.ordered().value(), child.ordered().uom()});
  table.Print();
}

struct Transition {
  v1::WorkOrderAction action{};
  std::string code, reason, person;
  bool with_children = false;
  bool override_capacity = false;
  std::string role;
  Signing signing;
};

void Move(const Connection& connection, const Transition& transition) {
  v1::TransitionWorkOrderRequest request;
  request.set_request_id(connection.RequestId());
  request.set_work_order_code(transition.code);
  request.set_action(transition.action);
  request.set_reason(transition.reason);
  request.set_person(transition.person);
  request.set_include_children(transition.with_children);
  request.set_override_capacity(transition.override_capacity);
  request.set_role(transition.role);
  const auto response = CallSigned(connection, transition.signing, &Orders::TransitionWorkOrder, request);
  if (connection.json) return PrintJson(response);
  printf("%s is %s", OneLine(response.work_order().work_order_code()).c_str(),
         EnumText(*v1::WorkOrderState_descriptor(), response.work_order().state()).c_str());
  if (transition.with_children) printf(", and %d orders below it moved too", response.children_moved());
  printf("\n");
  if (!response.over_commitment().empty()) PrintWrapped(0, "beyond capacity: " + response.over_commitment());
}

void Show(const Connection& connection, const std::string& code) {
  v1::GetWorkOrderRequest request;
  request.set_work_order_code(code);
  const auto response = Call(connection, &Orders::GetWorkOrder, request);
  if (connection.json) return PrintJson(response);
  Print(response.work_order());
}

struct Filter {
  std::string product, state, parent;
  int64_t limit = 1000;
};

void List(const Connection& connection, const Filter& filter) {
  v1::ListWorkOrdersRequest request;
  request.set_product_code(filter.product);
  request.set_parent_code(filter.parent);
  request.set_state(static_cast<v1::WorkOrderState>(EnumValue(*v1::WorkOrderState_descriptor(), filter.state)));
  Table table = OrderTable();
  CallPages(connection, &Orders::ListWorkOrders, request, filter.limit, [&](const v1::ListWorkOrdersResponse& page) {
    for (const auto& order : page.work_orders()) Row(table, order);
    return page.work_orders_size();
  });
  if (!connection.json) table.Print();
}

void Dispatch(const Connection& connection, const std::string& station_class, int32_t limit) {
  v1::ListDispatchRequest request;
  request.set_station_class(station_class);
  request.set_limit(limit);
  const auto response = Call(connection, &Orders::ListDispatch, request);
  if (connection.json) return PrintJson(response);
  Table table({">PRIO", "DUE", "ORDER", "PRODUCT", ">OP", "CODE", "WAITING"});
  for (const auto& entry : response.entries())
    table.Row({std::to_string(entry.priority()), Text(entry.due_time()), entry.work_order_code(), entry.product_code(),
               std::to_string(entry.operation()), entry.operation_code(), Text(entry.waiting())});
  table.Print();
  if (!response.complete()) fprintf(stderr, "mesctl: more follow; --limit 1000 lists more\n");
}

void AddCreate(CLI::App& order, const Connection& connection) {
  auto* create = order.add_subcommand("create", "Create an order");
  create->footer(
      "Example:\n  mesctl order create WO-1 --product BSYS-TRK-423 --quantity 10 --due 2026-12-01T08:00:00+08:00 --explode");
  auto creation = std::make_shared<Creation>();
  create->add_option("code", creation->code, "The new order's code")->required()->type_name("CODE");
  create->add_option("--product", creation->product, "What to make")->required()->type_name("P");
  create->add_option("--quantity", creation->quantity, "How many, or how much: 10, 12.5kg")->required()->type_name("Q");
  create->add_option("--priority", creation->priority, "0 first, 1000 last")->capture_default_str()->type_name("N");
  create->add_option("--due", creation->due, "When it is due")->type_name("TIME");
  create->add_option("--parent", creation->parent, "The order it serves")->type_name("CODE");
  create->add_flag("--trial", creation->trial, "A trial build: its runs stay off the control charts");
  create->add_flag("--explode", creation->explode, "Also create orders for every made component");
  create->callback([&connection, creation] { Create(connection, *creation); });
}

void AddMove(CLI::App& order, const Connection& connection, const char* name, const char* about, v1::WorkOrderAction action) {
  auto* move = order.add_subcommand(name, about);
  const bool needs_reason = action == v1::WORK_ORDER_ACTION_HOLD || action == v1::WORK_ORDER_ACTION_CANCEL;
  move->footer(std::string("Example:\n  mesctl order ") + name + " WO-1" +
               (needs_reason ? " --reason 'supplier alert' --person li.wei" : " --with-children"));
  auto transition = std::make_shared<Transition>();
  transition->action = action;
  move->add_option("code", transition->code, "The order")->required()->type_name("CODE");
  move->add_option("--reason", transition->reason, needs_reason ? "Why; needed" : "Why")->type_name("R");
  move->add_option("--person", transition->person, "Who")->type_name("P");
  move->add_flag("--with-children", transition->with_children, "Also every order below it that can make this move");
  if (action == v1::WORK_ORDER_ACTION_RELEASE) {
    move->add_flag("--override-capacity", transition->override_capacity,
                   "Beyond capacity; needs --role planner, --person and --reason, and is kept");
    move->add_option("--role", transition->role, "As what")->type_name("R");
    AddSigning(*move, transition->signing);
  }
  move->callback([&connection, transition] { Move(connection, *transition); });
}

void AddMoves(CLI::App& order, const Connection& connection) {
  AddMove(order, connection, "release", "Let the shop floor start it; pins the newest revision", v1::WORK_ORDER_ACTION_RELEASE);
  AddMove(order, connection, "start", "Mark it started; the first unit does so by itself", v1::WORK_ORDER_ACTION_START);
  AddMove(order, connection, "hold", "Nothing of it may start until it is resumed", v1::WORK_ORDER_ACTION_HOLD);
  AddMove(order, connection, "resume", "Back to where it was before the hold", v1::WORK_ORDER_ACTION_RESUME);
  AddMove(order, connection, "complete", "Everything was made, or it ends short with a reason", v1::WORK_ORDER_ACTION_COMPLETE);
  AddMove(order, connection, "close", "Close its books; no event is taken any more", v1::WORK_ORDER_ACTION_CLOSE);
  AddMove(order, connection, "cancel", "It will not be made", v1::WORK_ORDER_ACTION_CANCEL);
}

void AddReads(CLI::App& order, const Connection& connection) {
  auto* show = order.add_subcommand("show", "One order with its quantities");
  show->footer("Example:\n  mesctl order show WO-1");
  auto code = std::make_shared<std::string>();
  show->add_option("code", *code, "The order")->required()->type_name("CODE");
  show->callback([&connection, code] { Show(connection, *code); });

  auto* list = order.add_subcommand("list", "Orders by code");
  list->footer("Example:\n  mesctl order list --state started --product PACK-TRK-70");
  auto filter = std::make_shared<Filter>();
  list->add_option("--product", filter->product, "Only of this product")->type_name("P");
  list->add_option("--state", filter->state, "Only in this state")
      ->transform(CLI::IsMember(EnumChoices(*v1::WorkOrderState_descriptor()), CLI::ignore_case));
  list->add_option("--parent", filter->parent, "Only directly below this order")->type_name("CODE");
  AddLimit(*list, filter->limit);
  list->callback([&connection, filter] { List(connection, *filter); });

  auto* dispatch = order.add_subcommand("dispatch", "What a class of stations should work on next");
  dispatch->footer("Example:\n  mesctl order dispatch pack_eol");
  auto station_class = std::make_shared<std::string>();
  auto limit = std::make_shared<int32_t>(50);
  dispatch->add_option("class", *station_class, "The class of stations")->required()->type_name("CLASS");
  dispatch->add_option("--limit", *limit, "At most so many, up to 1000")
      ->check(CLI::Range(1, 1000).description(""))
      ->capture_default_str()
      ->type_name("N");
  dispatch->callback([&connection, station_class, limit] { Dispatch(connection, *station_class, *limit); });
}

}  // namespace

void AddOrder(CLI::App& app, const Connection& connection) {
  auto* order = app.add_subcommand("order", "Work orders: create, move, show, list, dispatch");
  order->require_subcommand(1);
  AddCreate(*order, connection);
  AddMoves(*order, connection);
  AddReads(*order, connection);
}

}  // namespace mes::mesctl
