// Work orders (ISA-95: job order): how many of a product are to be made, the life of an order, and what a demand explodes into.
//
// Quantities are exact millionths. Open = started - good - scrapped; left to start = ordered + scrapped - started, so that what
// was scrapped may be started again until the ordered quantity is there in good pieces.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/product_definition.h"
#include "domain/result.h"
#include "domain/time.h"

namespace mes::domain {

// Values are those of mes.v1.WorkOrderState and of the database.
enum class WorkOrderState : int16_t { kCreated = 1, kReleased, kStarted, kOnHold, kCompleted, kClosed, kCancelled };
std::string_view NameOf(WorkOrderState state);

// Values are those of mes.v1.WorkOrderAction and of the database.
enum class WorkOrderAction : int16_t { kRelease = 1, kStart, kHold, kResume, kComplete, kClose, kCancel };
std::string_view NameOf(WorkOrderAction action);

struct WorkOrderMove {
  WorkOrderState from;
  WorkOrderAction action;
  WorkOrderState to;
};

// Every move there is. Resume goes back to where the hold began: of its two rows the one counts that ends there.
inline constexpr auto kWorkOrderMoves = std::to_array<WorkOrderMove>({
    {WorkOrderState::kCreated, WorkOrderAction::kRelease, WorkOrderState::kReleased},
    {WorkOrderState::kCreated, WorkOrderAction::kCancel, WorkOrderState::kCancelled},
    {WorkOrderState::kReleased, WorkOrderAction::kStart, WorkOrderState::kStarted},
    {WorkOrderState::kReleased, WorkOrderAction::kHold, WorkOrderState::kOnHold},
    {WorkOrderState::kReleased, WorkOrderAction::kCancel, WorkOrderState::kCancelled},
    {WorkOrderState::kStarted, WorkOrderAction::kHold, WorkOrderState::kOnHold},
    {WorkOrderState::kStarted, WorkOrderAction::kComplete, WorkOrderState::kCompleted},
    {WorkOrderState::kOnHold, WorkOrderAction::kResume, WorkOrderState::kReleased},
    {WorkOrderState::kOnHold, WorkOrderAction::kResume, WorkOrderState::kStarted},
    {WorkOrderState::kOnHold, WorkOrderAction::kCancel, WorkOrderState::kCancelled},
    {WorkOrderState::kCompleted, WorkOrderAction::kClose, WorkOrderState::kClosed},
});

// What may still be started: what was scrapped may be started again. Never negative.
int64_t LeftToStartMicro(int64_t ordered_micro, int64_t started_micro, int64_t scrapped_micro);

struct WorkOrder {
  int32_t id = 0;
  std::string code;
  int32_t material_id = 0;
  // 0 = not released yet.
  int32_t revision_id = 0;
  WorkOrderState state = WorkOrderState::kCreated;
  // On hold: where it goes back to.
  std::optional<WorkOrderState> resume_state;
  std::string state_reason;
  int64_t ordered_micro = 0;
  int64_t started_micro = 0;
  int64_t good_micro = 0;
  int64_t scrapped_micro = 0;
  int16_t priority = 0;
  std::optional<Time> due_time;
  // 0 and empty = none.
  int32_t parent_id = 0;
  std::string parent_code;
  Time create_time{};
  // A trial build: off the control charts.
  bool trial = false;

  int64_t OpenMicro() const { return started_micro - good_micro - scrapped_micro; }
  int64_t LeftToStartMicro() const { return domain::LeftToStartMicro(ordered_micro, started_micro, scrapped_micro); }

  bool operator==(const WorkOrder&) const = default;
};

inline constexpr int32_t kMaxPriority = 1'000;

// What is asked for in a new order; the material is known already.
struct WorkOrderDraft {
  std::string code;
  int64_t ordered_micro = 0;
  int32_t priority = 0;
  std::optional<Time> due_time;
  bool trial = false;
};

// A new order in state CREATED. Errors: FIELD_REQUIRED and CODE_INVALID (work_order_code), QUANTITY_INVALID (zero; not whole for
// a serial product), LIMIT_EXCEEDED (priority), PRODUCT_UNKNOWN (the material is bought, not made).
Result<WorkOrder> CreateWorkOrder(const WorkOrderDraft& draft, const Material& material, const WorkOrder* parent, Time now);

// Orders for every made component of `top`, from the newest revisions' bills of materials, top down: no order stands before one
// that needs it. A component that is reached by several ways gets one order with the sum. Quantities that are not whole are
// rounded up to a millionth, those of serial products to a piece. `parent_code` is the order of the only product that needs it,
// or `top` where several do. Errors: CODE_INVALID (a code `top/product` beyond 64 characters), QUANTITY_INVALID (a sum beyond the
// bounds).
Result<std::vector<WorkOrder>> Explode(const Plant& plant, const WorkOrder& top, Time now);

// Who moves an order and why.
struct WorkOrderMovement {
  WorkOrderAction action = WorkOrderAction::kRelease;
  std::string reason;
  std::string person;
};

// The order after the move. `newest` is the newest revision of its product, which a release pins.
// Errors: WORK_ORDER_TRANSITION (not in the table), WORK_ORDER_OPEN_UNITS (complete or cancel while something is open),
// FIELD_REQUIRED (`reason` for hold, for cancel, and for completing below the ordered quantity).
Result<WorkOrder> Transition(const WorkOrder& order, const WorkOrderMovement& movement, const ProductRevision* newest);

}  // namespace mes::domain
