#include "services/mesctl/simulate_office.h"

#include "mes/v1/work_order.grpc.pb.h"

namespace mes::mesctl::simulate {
namespace {

using Orders = v1::WorkOrderService::Stub;

void SetTime(google::protobuf::Timestamp& timestamp, int64_t micros) {
  timestamp.set_seconds(micros / kMicro);
  timestamp.set_nanos(static_cast<int32_t>(micros % kMicro * 1000));
}

void SetQuantity(v1::Quantity& quantity, int64_t micro, const std::string& uom) {
  quantity.set_value(DecimalOf(micro));
  quantity.set_uom(uom);
}

// Request ids are short of 64 characters whatever the codes: the order's place in the plan, not its code.
std::string RequestIdOf(const Plan& plan, const char* what, size_t index) {
  return "sim-" + plan.prefix + what + "-" + std::to_string(index);
}

void Move(const Connection& connection, const Plan& plan, size_t index, v1::WorkOrderAction action, const char* what,
          const char* reason, bool with_children) {
  v1::TransitionWorkOrderRequest request;
  request.set_request_id(RequestIdOf(plan, what, index));
  request.set_work_order_code(plan.orders[index].code);
  request.set_action(action);
  request.set_reason(reason);
  request.set_person("simulator");
  request.set_include_children(with_children);
  Call(connection, &Orders::TransitionWorkOrder, request);
}

}  // namespace

OfficeCaller::OfficeCaller(const Connection& connection, const Plan& plan)
    : connection_(connection), plan_(plan), lots_(connection.Channel()), units_(connection.Channel()) {}

std::string OfficeCaller::Describe(size_t index) const {
  const OfficeCall& call = plan_.office[index];
  switch (call.kind) {
    case OfficeKind::kReceiveLot:
      return "receiving lot " + plan_.LotCode(call.object);
    case OfficeKind::kOpenLot:
      return "opening lot " + plan_.LotCode(call.object);
    case OfficeKind::kSplitLot:
      return "parting lot " + plan_.UnitCode(call.object);
    case OfficeKind::kReceiveUnits:
      return "receiving units from " + plan_.UnitCode(call.first);
  }
  return {};
}

grpc::Status OfficeCaller::Do(size_t index) {
  const OfficeCall& call = plan_.office[index];
  grpc::ClientContext context;
  connection_.Arm(context);
  const std::string request_id = RequestIdOf(plan_, "office", index);
  switch (call.kind) {
    case OfficeKind::kReceiveLot: {
      const Lot& lot = plan_.lots[call.object];
      const Item& item = plan_.model.items[lot.item];
      v1::ReceiveLotRequest request;
      request.set_request_id(request_id);
      request.set_lot_code(plan_.LotCode(call.object));
      request.set_material_code(item.code);
      SetQuantity(*request.mutable_quantity(), lot.quantity, item.uom);
      request.set_supplier("SUP-" + std::to_string(item.hash % 7));
      request.set_supplier_lot("B" + std::to_string(call.time / kDay) + "-" + std::to_string(lot.number));
      SetTime(*request.mutable_manufacture_time(), lot.made);
      v1::ReceiveLotResponse response;
      return lots_.ReceiveLot(&context, request, &response);
    }
    case OfficeKind::kOpenLot: {
      v1::OpenLotRequest request;
      request.set_request_id(request_id);
      request.set_lot_code(plan_.LotCode(call.object));
      SetTime(*request.mutable_open_time(), call.time);
      v1::OpenLotResponse response;
      return lots_.OpenLot(&context, request, &response);
    }
    case OfficeKind::kSplitLot: {
      v1::SplitLotRequest request;
      request.set_request_id(request_id);
      request.set_lot_code(plan_.UnitCode(call.object));
      SetTime(*request.mutable_occur_time(), call.time);
      for (uint32_t i = 0; i < call.count; ++i) {
        const Unit& part = plan_.units[call.first + i];
        v1::LotPart& given = *request.add_parts();
        given.set_lot_code(plan_.UnitCode(call.first + i));
        SetQuantity(*given.mutable_quantity(), part.started_quantity, plan_.model.items[part.item].uom);
      }
      v1::SplitLotResponse response;
      return lots_.SplitLot(&context, request, &response);
    }
    case OfficeKind::kReceiveUnits: {
      const Item& item = plan_.model.items[plan_.units[call.first].item];
      v1::ReceiveUnitsRequest request;
      request.set_request_id(request_id);
      request.set_material_code(item.code);
      for (uint32_t i = 0; i < call.count; ++i) request.add_unit_codes(plan_.UnitCode(call.first + i));
      request.set_supplier("SUP-" + std::to_string(item.hash % 7));
      if (item.made) request.set_passport_reference("PASS-" + plan_.UnitCode(call.first));
      request.set_goods_in_test_passed(true);
      v1::ReceiveUnitsResponse response;
      return units_.ReceiveUnits(&context, request, &response);
    }
  }
  return grpc::Status::OK;
}

std::vector<std::string> MakeOrders(const Connection& connection, const Plan& plan) {
  std::vector<std::string> differences;
  for (size_t i = 0; i < plan.orders.size(); ++i) {
    const Order& order = plan.orders[i];
    if (!order.supplement && order.root != static_cast<int32_t>(i)) continue;  // comes with its root
    v1::CreateWorkOrderRequest request;
    request.set_request_id(RequestIdOf(plan, "order", i));
    request.set_work_order_code(order.code);
    request.set_product_code(plan.model.items[order.item].code);
    SetQuantity(*request.mutable_quantity(), order.ordered, plan.model.items[order.item].uom);
    request.set_priority(order.supplement ? 200 : 100);
    // Due when the story ends, which is past: an order that is due later would be checked against the days that are left.
    SetTime(*request.mutable_due_time(), plan.finish);
    if (order.parent >= 0) request.set_parent_code(plan.orders[static_cast<size_t>(order.parent)].code);
    request.set_explode(order.explode);
    const auto response = Call(connection, &Orders::CreateWorkOrder, request);
    if (!order.explode) continue;
    std::map<std::string, int64_t> made;
    for (const v1::WorkOrder& child : response.children()) made[child.work_order_code()] = MicroOf(child.ordered().value());
    for (const Order& child : plan.orders) {
      if (child.root != static_cast<int32_t>(i) || child.supplement || &child == &order) continue;
      const auto found = made.find(child.code);
      if (found == made.end() || found->second != child.ordered) {
        differences.push_back("order " + child.code + ": planned " + DecimalOf(child.ordered) + ", the server made " +
                              (found == made.end() ? "none" : DecimalOf(found->second)));
      }
    }
  }
  if (!differences.empty()) return differences;
  for (size_t i = 0; i < plan.orders.size(); ++i) {
    if (plan.orders[i].bought_instead) {
      Move(connection, plan, i, v1::WORK_ORDER_ACTION_CANCEL, "cancel", "taken from the stack order and from suppliers", false);
    }
  }
  for (size_t i = 0; i < plan.orders.size(); ++i) {
    if (plan.orders[i].bought_instead) continue;
    Move(connection, plan, i, v1::WORK_ORDER_ACTION_RELEASE, "release", "", false);
  }
  return differences;
}

bool EndsCompleted(const Order& order) { return order.started > 0 && order.started == order.good + order.scrapped; }

void CompleteOrders(const Connection& connection, const Plan& plan) {
  for (size_t i = plan.orders.size(); i-- > 0;) {
    if (!EndsCompleted(plan.orders[i])) continue;
    Move(connection, plan, i, v1::WORK_ORDER_ACTION_COMPLETE, "complete", "end of the simulated run", false);
  }
}

}  // namespace mes::mesctl::simulate
