// Where work orders are kept. Transactions that lock several orders lock them by rising id.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/transaction.h"
#include "domain/dispatch.h"
#include "domain/work_order.h"

namespace mes::db {

std::optional<domain::WorkOrder> LoadWorkOrder(Transaction& transaction, std::string_view code);

// An order and everything below it, by rising id, locked until the transaction ends.
std::vector<domain::WorkOrder> LockWorkOrders(Transaction& transaction, std::string_view top_code, bool include_below);

// Stores new orders and fills their ids. Parents are named by code: orders of the same batch that stand before, or stored ones.
// Gives a code that exists already (then the transaction must be rolled back), or nothing.
std::optional<std::string> InsertWorkOrders(Transaction& transaction, std::vector<domain::WorkOrder>& orders);

struct WorkOrderStep {
  domain::WorkOrderState from;
  // After the move.
  domain::WorkOrder order;
};
// Stores moves of locked orders: state, reason, pinned revision, and a line of history each.
void StoreWorkOrderSteps(Transaction& transaction, const std::vector<WorkOrderStep>& steps,
                         const domain::WorkOrderMovement& movement, domain::Time now);

struct WorkOrderFilter {
  // 0 = all.
  int32_t material_id = 0;
  std::optional<domain::WorkOrderState> state;
  // 0 = all; otherwise the orders directly below this one.
  int32_t parent_id = 0;
};
// Up to `limit` orders by code, from the first code after `after_code`.
std::vector<domain::WorkOrder> ListWorkOrders(Transaction& transaction, const WorkOrderFilter& filter,
                                              std::string_view after_code, int limit);

// Orders that may be worked on (RELEASED, STARTED) of these materials, in dispatch order: priority, due date (none last), code.
std::vector<domain::WorkOrder> ListOpenWorkOrders(Transaction& transaction, const std::vector<int32_t>& material_ids, int limit);

// Orders of which something is still to come, by code: RELEASED, STARTED, ON_HOLD, and CREATED where asked for.
std::vector<domain::WorkOrder> ListUnfinishedWorkOrders(Transaction& transaction, bool include_created, int limit);

// Units of these orders in process, neither running nor on hold, by order and by what they have passed. Reads each order's units
// once.
std::vector<domain::WaitingUnits> CountWaitingUnits(Transaction& transaction, const std::vector<int32_t>& work_order_ids);

}  // namespace mes::db
