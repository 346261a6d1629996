#include "domain/work_order.h"

#include <algorithm>
#include <unordered_map>

#include "domain/code.h"
#include "domain/limits.h"
#include "domain/quantity.h"

namespace mes::domain {
namespace {

// The row of the table that this order takes; null = there is none.
const WorkOrderMove* FindMove(const WorkOrder& order, WorkOrderAction action) {
  const auto found = std::find_if(kWorkOrderMoves.begin(), kWorkOrderMoves.end(), [&](const WorkOrderMove& move) {
    return move.from == order.state && move.action == action &&
           (action != WorkOrderAction::kResume || move.to == order.resume_state);
  });
  return found == kWorkOrderMoves.end() ? nullptr : &*found;
}

bool NeedsReason(const WorkOrder& order, WorkOrderAction action) {
  if (action == WorkOrderAction::kComplete) return order.good_micro < order.ordered_micro;
  return action == WorkOrderAction::kHold || action == WorkOrderAction::kCancel;
}

Error OrderError(Reason reason, const WorkOrder& order, std::string message) {
  return {reason, std::move(message), {{"work_order_code", order.code}, {"state", std::string(NameOf(order.state))}}};
}

// Components come after everything that needs them: the reverse of a depth-first walk's order of leaving. Definitions have no
// cycles (CheckPlant).
void VisitComponents(const Plant& plant, const ProductRevision& revision, std::unordered_map<int32_t, bool>& seen,
                     std::vector<const ProductRevision*>& left) {
  seen[revision.material_id] = true;
  for (auto line = revision.bom.rbegin(); line != revision.bom.rend(); ++line) {
    const ProductRevision* component = plant.NewestRevision(line->material_id);
    if (component != nullptr && !seen[component->material_id]) VisitComponents(plant, *component, seen, left);
  }
  left.push_back(&revision);
}

// What several lines ask of one product. Wide enough for any sum of lines within the bounds.
struct Demand {
  __int128 micro = 0;
  int32_t consumer = 0;
  bool several = false;
};

// Rounded up to what can be made.
__int128 Makeable(__int128 micro, Tracking tracking) {
  if (tracking != Tracking::kSerial) return micro;
  return (micro + kMicro - 1) / kMicro * kMicro;
}

}  // namespace

std::string_view NameOf(WorkOrderState state) {
  switch (state) {
    case WorkOrderState::kCreated:
      return "created";
    case WorkOrderState::kReleased:
      return "released";
    case WorkOrderState::kStarted:
      return "started";
    case WorkOrderState::kOnHold:
      return "on hold";
    case WorkOrderState::kCompleted:
      return "completed";
    case WorkOrderState::kClosed:
      return "closed";
    case WorkOrderState::kCancelled:
      return "cancelled";
  }
  return "";
}

std::string_view NameOf(WorkOrderAction action) {
  switch (action) {
    case WorkOrderAction::kRelease:
      return "release";
    case WorkOrderAction::kStart:
      return "start";
    case WorkOrderAction::kHold:
      return "hold";
    case WorkOrderAction::kResume:
      return "resume";
    case WorkOrderAction::kComplete:
      return "complete";
    case WorkOrderAction::kClose:
      return "close";
    case WorkOrderAction::kCancel:
      return "cancel";
  }
  return "";
}

int64_t LeftToStartMicro(int64_t ordered_micro, int64_t started_micro, int64_t scrapped_micro) {
  return std::max<int64_t>(0, ordered_micro + scrapped_micro - started_micro);
}

Result<WorkOrder> CreateWorkOrder(const WorkOrderDraft& draft, const Material& material, const WorkOrder* parent, Time now) {
  if (Status checked = CheckCode(draft.code, "work_order_code"); !checked) return Fail(checked.error());
  if (!material.made) {
    Error error = FieldError(Reason::kProductUnknown, "product_code", material.code + " is bought, not made here");
    error.metadata["product_code"] = material.code;
    return Fail(std::move(error));
  }
  if (draft.ordered_micro <= 0) {
    return Fail(FieldError(Reason::kQuantityInvalid, "quantity.value", "an order needs more than nothing"));
  }
  if (material.tracking == Tracking::kSerial && draft.ordered_micro % kMicro != 0) {
    return Fail(FieldError(Reason::kQuantityInvalid, "quantity.value", material.code + " is made in whole pieces"));
  }
  if (draft.priority < 0 || draft.priority > kMaxPriority) {
    Error error = FieldError(Reason::kLimitExceeded, "priority", "priority goes from 0 (first) to 1,000 (last)");
    error.metadata["limit"] = std::to_string(kMaxPriority);
    return Fail(std::move(error));
  }
  WorkOrder order;
  order.code = draft.code;
  order.material_id = material.id;
  order.ordered_micro = draft.ordered_micro;
  order.priority = static_cast<int16_t>(draft.priority);
  order.due_time = draft.due_time;
  order.create_time = now;
  order.trial = draft.trial;
  if (parent != nullptr) {
    order.parent_id = parent->id;
    order.parent_code = parent->code;
  }
  return order;
}

Result<std::vector<WorkOrder>> Explode(const Plant& plant, const WorkOrder& top, Time now) {
  std::vector<WorkOrder> orders;
  const ProductRevision* root = plant.NewestRevision(top.material_id);
  if (root == nullptr) return orders;
  std::unordered_map<int32_t, bool> seen;
  std::vector<const ProductRevision*> left;
  VisitComponents(plant, *root, seen, left);

  std::unordered_map<int32_t, Demand> demands;
  demands[root->material_id].micro = top.ordered_micro;
  std::unordered_map<int32_t, std::string> code_of{{root->material_id, top.code}};
  for (auto product = left.rbegin(); product != left.rend(); ++product) {
    const ProductRevision& revision = **product;
    const Material& material = *plant.FindMaterial(revision.material_id);
    const Demand& demand = demands[revision.material_id];
    const __int128 micro = Makeable(demand.micro, material.tracking);
    if (micro > kMaxQuantityMicro) {
      return Fail(FieldError(Reason::kQuantityInvalid, "quantity.value",
                             "so much would need more than 9,000,000,000 of " + material.code));
    }
    if (&revision != root) {
      WorkOrder order;
      order.code = top.code + "/" + material.code;
      if (order.code.size() > kMaxCodeLength) {
        return Fail(FieldError(Reason::kCodeInvalid, "work_order_code",
                               "the code of a component's order, " + order.code + ", would be longer than 64 characters"));
      }
      order.material_id = material.id;
      order.ordered_micro = static_cast<int64_t>(micro);
      order.priority = top.priority;
      order.due_time = top.due_time;
      order.parent_code = demand.several ? top.code : code_of.at(demand.consumer);
      order.create_time = now;
      order.trial = top.trial;
      code_of[material.id] = order.code;
      orders.push_back(std::move(order));
    }
    for (const BomLine& line : revision.bom) {
      if (plant.NewestRevision(line.material_id) == nullptr) continue;
      Demand& component = demands[line.material_id];
      component.several = component.several || (component.consumer != 0 && component.consumer != revision.material_id);
      component.consumer = revision.material_id;
      component.micro += (micro * line.quantity_micro + kMicro - 1) / kMicro;
    }
  }
  return orders;
}

Result<WorkOrder> Transition(const WorkOrder& order, const WorkOrderMovement& movement, const ProductRevision* newest) {
  const WorkOrderMove* move = FindMove(order, movement.action);
  if (move == nullptr) {
    Error error = OrderError(Reason::kWorkOrderTransition, order,
                             "order " + order.code + " is " + std::string(NameOf(order.state)) + "; it cannot " +
                                 std::string(NameOf(movement.action)));
    error.metadata["action"] = NameOf(movement.action);
    return Fail(std::move(error));
  }
  const bool ends = movement.action == WorkOrderAction::kComplete || movement.action == WorkOrderAction::kCancel;
  if (ends && order.OpenMicro() != 0) {
    Error error =
        OrderError(Reason::kWorkOrderOpenUnits, order,
                   FormatQuantity(order.OpenMicro()) + " of order " + order.code + " are started and neither good nor scrapped");
    error.metadata["open"] = FormatQuantity(order.OpenMicro());
    return Fail(std::move(error));
  }
  if (NeedsReason(order, movement.action) && movement.reason.empty()) {
    return Fail(FieldError(Reason::kFieldRequired, "reason",
                           "to " + std::string(NameOf(movement.action)) + " order " + order.code + " needs a reason"));
  }
  WorkOrder moved = order;
  moved.state = move->to;
  moved.resume_state = std::nullopt;
  if (movement.action == WorkOrderAction::kHold) moved.resume_state = order.state;
  moved.state_reason = movement.action == WorkOrderAction::kHold || ends ? movement.reason : std::string();
  if (movement.action == WorkOrderAction::kRelease) {
    if (newest == nullptr) {
      return Fail(
          OrderError(Reason::kRevisionUnknown, order, "the product of order " + order.code + " has no released revision"));
    }
    moved.revision_id = newest->id;
  }
  return moved;
}

}  // namespace mes::domain
