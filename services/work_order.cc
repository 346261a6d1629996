#include "services/work_order.h"

#include <algorithm>

#include "db/work_order.h"
#include "domain/code.h"
#include "domain/dispatch.h"
#include "domain/limits.h"
#include "mes/v1/work_order.grpc.pb.h"
#include "services/audit_trail.h"
#include "services/convert.h"
#include "services/supply.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::Reason;
using domain::Status;
using services::ToProto;

// Orders whose units are counted in one query of the dispatch list.
constexpr size_t kOrdersPerCount = 64;
// Open orders that a dispatch list looks at; an answer that would need more says complete = false.
constexpr int kMostOpenOrders = 5'000;

domain::Error Unknown(Reason reason, std::string_view field, std::string_view what, const std::string& code) {
  domain::Error error = domain::FieldError(reason, field, std::string(what) + " " + code + " is not known");
  error.metadata[std::string(field)] = code;
  return error;
}

domain::Error UnknownOrder(std::string_view field, const std::string& code) {
  return Unknown(Reason::kWorkOrderUnknown, field, "order", code);
}

const domain::Material& MaterialOf(const domain::Plant& plant, const domain::WorkOrder& order) {
  const domain::Material* material = plant.FindMaterial(order.material_id);
  if (material == nullptr) throw PlantBehind("order " + order.code + " is of a material that is not loaded");
  return *material;
}

const domain::ProductRevision& RevisionOf(const domain::Plant& plant, const domain::WorkOrder& order) {
  const domain::ProductRevision* revision = plant.FindRevision(order.revision_id);
  if (revision == nullptr) throw PlantBehind("order " + order.code + " is of a revision that is not loaded");
  return *revision;
}

v1::WorkOrder ToProto(const domain::WorkOrder& order, const domain::Plant& plant) {
  const domain::Material& material = MaterialOf(plant, order);
  const auto quantity = [&](int64_t micro) { return QuantityToProto(micro, material.uom); };
  v1::WorkOrder message;
  message.set_work_order_code(order.code);
  message.set_product_code(material.code);
  if (order.revision_id != 0) message.set_revision(RevisionOf(plant, order).revision);
  message.set_state(static_cast<v1::WorkOrderState>(order.state));
  *message.mutable_ordered() = quantity(order.ordered_micro);
  *message.mutable_started() = quantity(order.started_micro);
  *message.mutable_good() = quantity(order.good_micro);
  *message.mutable_scrapped() = quantity(order.scrapped_micro);
  *message.mutable_open() = quantity(order.OpenMicro());
  message.set_priority(order.priority);
  if (order.due_time) *message.mutable_due_time() = ToProto(*order.due_time);
  message.set_parent_code(order.parent_code);
  *message.mutable_create_time() = ToProto(order.create_time);
  message.set_state_reason(order.state_reason);
  message.set_trial(order.trial);
  return message;
}

domain::Result<domain::WorkOrderMovement> ParseMovement(const v1::TransitionWorkOrderRequest& request) {
  if (Status checked = domain::CheckText(request.work_order_code(), domain::kMaxCodeLength, true, "work_order_code"); !checked) {
    return Fail(checked.error());
  }
  if (!v1::WorkOrderAction_IsValid(request.action()) || request.action() == v1::WORK_ORDER_ACTION_UNSPECIFIED) {
    return Fail(domain::FieldError(Reason::kEnumUnknown, "action", "action is not one of those known here"));
  }
  if (Status checked = domain::CheckText(request.reason(), domain::kMaxReasonLength, false, "reason"); !checked) {
    return Fail(checked.error());
  }
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, false, "person"); !checked) {
    return Fail(checked.error());
  }
  return domain::WorkOrderMovement{static_cast<domain::WorkOrderAction>(request.action()), request.reason(), request.person()};
}

bool IsSkipped(Reason reason) { return reason == Reason::kWorkOrderTransition || reason == Reason::kWorkOrderOpenUnits; }

// The moves that `movement` makes of the order and of those below it that can make it. The named order must.
domain::Result<std::vector<db::WorkOrderStep>> MoveAll(const std::vector<domain::WorkOrder>& orders, const std::string& top_code,
                                                       const domain::WorkOrderMovement& movement, const domain::Plant& plant) {
  std::vector<db::WorkOrderStep> steps;
  for (const domain::WorkOrder& order : orders) {
    domain::Result<domain::WorkOrder> moved = domain::Transition(order, movement, plant.NewestRevision(order.material_id));
    if (moved) {
      steps.push_back({order.state, std::move(*moved)});
    } else if (order.code == top_code || !IsSkipped(moved.error().reason)) {
      return Fail(moved.error());
    }
  }
  return steps;
}

domain::Result<db::WorkOrderFilter> ParseFilter(Call& call, const v1::ListWorkOrdersRequest& request) {
  db::WorkOrderFilter filter;
  if (!request.product_code().empty()) {
    const domain::Material* material = call.plant.FindMaterial(request.product_code());
    if (material == nullptr) return Fail(Unknown(Reason::kProductUnknown, "product_code", "product", request.product_code()));
    filter.material_id = material->id;
  }
  if (!v1::WorkOrderState_IsValid(request.state())) {
    return Fail(domain::FieldError(Reason::kEnumUnknown, "state", "state is not one of those known here"));
  }
  if (request.state() != v1::WORK_ORDER_STATE_UNSPECIFIED) filter.state = static_cast<domain::WorkOrderState>(request.state());
  if (!request.parent_code().empty()) {
    const std::optional<domain::WorkOrder> parent = db::LoadWorkOrder(call.transaction, request.parent_code());
    if (!parent) return Fail(UnknownOrder("parent_code", request.parent_code()));
    filter.parent_id = parent->id;
  }
  return filter;
}

v1::DispatchEntry ToProto(const domain::DispatchEntry& entry, const domain::Material& material) {
  v1::DispatchEntry message;
  message.set_work_order_code(entry.order->code);
  message.set_product_code(material.code);
  message.set_operation(entry.operation->number);
  message.set_operation_code(entry.operation->code);
  message.set_priority(entry.order->priority);
  if (entry.order->due_time) *message.mutable_due_time() = ToProto(*entry.order->due_time);
  *message.mutable_waiting() = QuantityToProto(entry.waiting_micro, material.uom);
  return message;
}

bool IsStationClass(const domain::Plant& plant, const std::string& station_class) {
  return std::any_of(plant.stations.begin(), plant.stations.end(),
                     [&](const domain::Station& station) { return station.station_class == station_class; });
}

// The rows of each order, out of rows of several.
std::vector<domain::WaitingUnits> RowsOf(const std::vector<domain::WaitingUnits>& rows, int32_t work_order_id) {
  std::vector<domain::WaitingUnits> own;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(own),
               [&](const domain::WaitingUnits& units) { return units.work_order_id == work_order_id; });
  return own;
}

}  // namespace

Status CreateWorkOrder(Call& call, const v1::CreateWorkOrderRequest& request, v1::CreateWorkOrderResponse& response) {
  const domain::Material* material = call.plant.FindMaterial(request.product_code());
  if (material == nullptr) return Fail(Unknown(Reason::kProductUnknown, "product_code", "product", request.product_code()));
  const auto quantity = QuantityFromProto(request.quantity(), material->uom, "quantity");
  if (!quantity) return Fail(quantity.error());
  const auto due_time = OptionalTimeFromProto(request.has_due_time(), request.due_time(), "due_time");
  if (!due_time) return Fail(due_time.error());
  std::optional<domain::WorkOrder> parent;
  if (!request.parent_code().empty()) {
    parent = db::LoadWorkOrder(call.transaction, request.parent_code());
    if (!parent) return Fail(UnknownOrder("parent_code", request.parent_code()));
  }

  const domain::WorkOrderDraft draft{request.work_order_code(), *quantity, request.priority(), *due_time, request.trial()};
  domain::Result<domain::WorkOrder> order = domain::CreateWorkOrder(draft, *material, parent ? &*parent : nullptr, call.now);
  if (!order) return Fail(order.error());
  std::vector<domain::WorkOrder> orders{std::move(*order)};
  if (request.explode()) {
    domain::Result<std::vector<domain::WorkOrder>> children = domain::Explode(call.plant, orders.front(), call.now);
    if (!children) return Fail(children.error());
    std::move(children->begin(), children->end(), std::back_inserter(orders));
  }

  if (const std::optional<std::string> taken = db::InsertWorkOrders(call.transaction, orders)) {
    domain::Error error = domain::FieldError(Reason::kWorkOrderExists, "work_order_code", "order " + *taken + " exists already");
    error.metadata["work_order_code"] = *taken;
    return Fail(std::move(error));
  }
  *response.mutable_work_order() = ToProto(orders.front(), call.plant);
  for (size_t i = 1; i < orders.size(); ++i) *response.add_children() = ToProto(orders[i], call.plant);
  return {};
}

Status TransitionWorkOrder(Call& call, const v1::TransitionWorkOrderRequest& request, v1::TransitionWorkOrderResponse& response) {
  const domain::Result<domain::WorkOrderMovement> movement = ParseMovement(request);
  if (!movement) return Fail(movement.error());
  const std::vector<domain::WorkOrder> orders =
      db::LockWorkOrders(call.transaction, request.work_order_code(), request.include_children());
  if (orders.empty()) return Fail(UnknownOrder("work_order_code", request.work_order_code()));
  for (const domain::WorkOrder& order : orders) {
    if (order.code == request.work_order_code()) NoteOldValue(ToProto(order, call.plant));
  }

  const auto steps = MoveAll(orders, request.work_order_code(), *movement, call.plant);
  if (!steps) return Fail(steps.error());

  if (movement->action == domain::WorkOrderAction::kRelease) {
    const domain::Result<std::string> checked = CheckReleaseOf(call, request, *steps);
    if (!checked) return Fail(checked.error());
    response.set_over_commitment(*checked);
  }

  db::StoreWorkOrderSteps(call.transaction, *steps, *movement, call.now);
  const auto top = std::find_if(steps->begin(), steps->end(),
                                [&](const db::WorkOrderStep& step) { return step.order.code == request.work_order_code(); });
  *response.mutable_work_order() = ToProto(top->order, call.plant);
  response.set_children_moved(static_cast<int32_t>(steps->size()) - 1);
  return {};
}

Status GetWorkOrder(Call& call, const v1::GetWorkOrderRequest& request, v1::GetWorkOrderResponse& response) {
  const std::optional<domain::WorkOrder> order = db::LoadWorkOrder(call.transaction, request.work_order_code());
  if (!order) return Fail(UnknownOrder("work_order_code", request.work_order_code()));
  *response.mutable_work_order() = ToProto(*order, call.plant);
  return {};
}

Status ListWorkOrders(Call& call, const v1::ListWorkOrdersRequest& request, v1::ListWorkOrdersResponse& response) {
  const uint64_t digest = FilterDigest({request.product_code(), std::to_string(request.state()), request.parent_code()});
  const domain::Result<std::string> after_code = ParsePageToken(request.page_token(), digest);
  if (!after_code) return Fail(after_code.error());
  const domain::Result<db::WorkOrderFilter> filter = ParseFilter(call, request);
  if (!filter) return Fail(filter.error());

  const int page_size = PageSize(request.page_size());
  std::vector<domain::WorkOrder> orders = db::ListWorkOrders(call.transaction, *filter, *after_code, page_size + 1);
  if (static_cast<int>(orders.size()) > page_size) {
    orders.pop_back();
    response.set_next_page_token(PageToken(orders.back().code, digest));
  }
  for (const domain::WorkOrder& order : orders) *response.add_work_orders() = ToProto(order, call.plant);
  return {};
}

Status ListDispatch(Call& call, const v1::ListDispatchRequest& request, v1::ListDispatchResponse& response) {
  const std::vector<int32_t> products = domain::ProductsOf(call.plant, request.station_class());
  if (products.empty() && !IsStationClass(call.plant, request.station_class())) {
    return Fail(Unknown(Reason::kStationClassUnknown, "station_class", "station class", request.station_class()));
  }
  const int limit = PageSize(request.limit());
  std::vector<domain::WorkOrder> orders = db::ListOpenWorkOrders(call.transaction, products, kMostOpenOrders + 1);
  const bool all_orders = static_cast<int>(orders.size()) <= kMostOpenOrders;
  if (!all_orders) orders.pop_back();

  for (size_t begin = 0; begin < orders.size(); begin += kOrdersPerCount) {
    const size_t end = std::min(begin + kOrdersPerCount, orders.size());
    std::vector<int32_t> ids;
    for (size_t i = begin; i < end; ++i) ids.push_back(orders[i].id);
    const std::vector<domain::WaitingUnits> waiting = db::CountWaitingUnits(call.transaction, ids);
    for (size_t i = begin; i < end; ++i) {
      const domain::ProductRevision& revision = RevisionOf(call.plant, orders[i]);
      for (const auto& entry : domain::DispatchOf(orders[i], revision, request.station_class(), RowsOf(waiting, orders[i].id))) {
        if (response.entries_size() == limit) return {};
        *response.add_entries() = ToProto(entry, MaterialOf(call.plant, orders[i]));
      }
    }
  }
  response.set_complete(all_orders);
  return {};
}

namespace {

class WorkOrderService final : public v1::WorkOrderService::CallbackService {
 public:
  explicit WorkOrderService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* CreateWorkOrder(grpc::CallbackServerContext* context, const v1::CreateWorkOrderRequest* request,
                                            v1::CreateWorkOrderResponse* response) override {
    return Mutate(env_, context, request, response, services::CreateWorkOrder);
  }
  grpc::ServerUnaryReactor* TransitionWorkOrder(grpc::CallbackServerContext* context,
                                                const v1::TransitionWorkOrderRequest* request,
                                                v1::TransitionWorkOrderResponse* response) override {
    return Mutate(env_, context, request, response, services::TransitionWorkOrder);
  }
  grpc::ServerUnaryReactor* GetWorkOrder(grpc::CallbackServerContext* context, const v1::GetWorkOrderRequest* request,
                                         v1::GetWorkOrderResponse* response) override {
    return Read(env_, context, request, response, services::GetWorkOrder);
  }
  grpc::ServerUnaryReactor* ListWorkOrders(grpc::CallbackServerContext* context, const v1::ListWorkOrdersRequest* request,
                                           v1::ListWorkOrdersResponse* response) override {
    return Read(env_, context, request, response, services::ListWorkOrders);
  }
  grpc::ServerUnaryReactor* ListDispatch(grpc::CallbackServerContext* context, const v1::ListDispatchRequest* request,
                                         v1::ListDispatchResponse* response) override {
    return Read(env_, context, request, response, services::ListDispatch);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeWorkOrderService(Env& env) { return std::make_unique<WorkOrderService>(env); }

}  // namespace mes::services
