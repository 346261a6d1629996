#include "db/work_order.h"

#include <unordered_map>

#include "db/array.h"
#include "db/row.h"

namespace mes::db {
namespace {

using domain::WorkOrder;
using domain::WorkOrderState;

// The columns that ReadWorkOrder reads, in its order.
#define MES_WORK_ORDER_COLUMNS                                                                                 \
  "  o.work_order_id, o.code, o.material_id, o.revision_id, o.state, o.resume_state, o.state_reason,\n"        \
  "  o.ordered_micro, o.started_micro, o.good_micro, o.scrapped_micro, o.priority, o.due_time, o.parent_id,\n" \
  "  p.code, o.create_time, o.trial\n"                                                                         \
  "from work_order o\n"                                                                                        \
  "left join work_order p on p.work_order_id = o.parent_id\n"

constexpr Statement kLoad{"work_order_load", "select\n" MES_WORK_ORDER_COLUMNS "where o.code = $1"};

constexpr Statement kLock{"work_order_lock", "select\n" MES_WORK_ORDER_COLUMNS
                                             "where o.code = $1\n"
                                             "for update of o"};

constexpr Statement kLockBelow{"work_order_lock_below",
                               "with recursive below as (\n"
                               "  select work_order_id from work_order where code = $1\n"
                               "  union\n"
                               "  select c.work_order_id\n"
                               "  from below b\n"
                               "  join work_order c on c.parent_id = b.work_order_id\n"
                               ")\n"
                               "select\n" MES_WORK_ORDER_COLUMNS
                               "where o.work_order_id = any(array(select work_order_id from below))\n"
                               "order by o.work_order_id\n"
                               "for update of o"};

constexpr const char* kNewIds = R"(
select nextval(pg_get_serial_sequence('work_order', 'work_order_id'))
from generate_series(1, $1))";

// Foreign keys are checked at the end of the statement, so parents of the same batch will do.
constexpr const char* kInsert = R"(
insert into work_order (
  work_order_id, code, material_id, state, ordered_micro, priority, due_time, parent_id, create_time, trial)
overriding system value
select s.work_order_id, s.code, s.material_id, s.state, s.ordered_micro, s.priority, s.due_time, s.parent_id, s.create_time, s.trial
from unnest(
  $1::integer[], $2::text[], $3::integer[], $4::smallint[], $5::bigint[], $6::smallint[], $7::timestamptz[], $8::integer[],
  $9::timestamptz[], $10::boolean[])
  as s (work_order_id, code, material_id, state, ordered_micro, priority, due_time, parent_id, create_time, trial)
on conflict (code) do nothing)";

constexpr const char* kFindTaken = R"(
select code
from work_order
where code = any($1::text[])
  and not work_order_id = any($2::integer[])
order by code
limit 1)";

constexpr const char* kUpdate = R"(
update work_order o
set revision_id = s.revision_id, state = s.state, resume_state = s.resume_state, state_reason = s.state_reason
from unnest($1::integer[], $2::integer[], $3::smallint[], $4::smallint[], $5::text[])
  as s (work_order_id, revision_id, state, resume_state, state_reason)
where o.work_order_id = s.work_order_id)";

constexpr const char* kInsertTransitions = R"(
insert into work_order_transition (work_order_id, transition_time, action, from_state, to_state, person, reason)
select s.work_order_id, $4::timestamptz, $5::smallint, s.from_state, s.to_state, $6, $7
from unnest($1::integer[], $2::smallint[], $3::smallint[]) as s (work_order_id, from_state, to_state))";

constexpr const char* kList = "select\n" MES_WORK_ORDER_COLUMNS
                              "where o.code > $1\n"
                              "  and ($2 = 0 or o.material_id = $2)\n"
                              "  and ($3::smallint is null or o.state = $3)\n"
                              "  and ($4 = 0 or o.parent_id = $4)\n"
                              "order by o.code\n"
                              "limit $5";

constexpr const char* kListOpen = "select\n" MES_WORK_ORDER_COLUMNS
                                  "where o.material_id = any($1::integer[])\n"
                                  "  and o.state in (2, 3)\n"
                                  "order by o.priority, o.due_time nulls last, o.code\n"
                                  "limit $2";

constexpr const char* kListUnfinished = "select\n" MES_WORK_ORDER_COLUMNS
                                        "where (o.state in (2, 3, 4) or (o.state = 1 and $1::boolean))\n"
                                        "  and o.good_micro < o.ordered_micro\n"
                                        "order by o.code collate \"C\"\n"
                                        "limit $2";

constexpr const char* kCountWaiting = R"(
select u.work_order_id, u.passed,
  sum(case when u.tracking = 2 then (select l.left_micro from lot l where l.unit_id = u.unit_id) else 1000000 end)::bigint
from unit u
where u.work_order_id = any($1::integer[])
  and u.state = 1
  and u.running_operation = 0
  and u.hold_count = 0
group by u.work_order_id, u.passed
order by u.work_order_id)";

#undef MES_WORK_ORDER_COLUMNS

WorkOrder ReadWorkOrder(const pqxx::row& row) {
  RowReader reader(row);
  WorkOrder order;
  order.id = reader.Next<int32_t>();
  order.code = reader.Next<std::string>();
  order.material_id = reader.Next<int32_t>();
  order.revision_id = reader.NextOr<int32_t>(0);
  order.state = reader.Next<WorkOrderState>();
  order.resume_state = reader.NextOptional<WorkOrderState>();
  order.state_reason = reader.Next<std::string>();
  order.ordered_micro = reader.Next<int64_t>();
  order.started_micro = reader.Next<int64_t>();
  order.good_micro = reader.Next<int64_t>();
  order.scrapped_micro = reader.Next<int64_t>();
  order.priority = reader.Next<int16_t>();
  order.due_time = reader.NextOptional<domain::Time>();
  order.parent_id = reader.NextOr<int32_t>(0);
  order.parent_code = reader.NextOr<std::string>("");
  order.create_time = reader.Next<domain::Time>();
  order.trial = reader.Next<bool>();
  return order;
}

std::vector<WorkOrder> ReadWorkOrders(const pqxx::result& rows) {
  std::vector<WorkOrder> orders;
  orders.reserve(rows.size());
  for (const pqxx::row& row : rows) orders.push_back(ReadWorkOrder(row));
  return orders;
}

std::optional<int32_t> OrNull(int32_t id) { return id == 0 ? std::nullopt : std::optional<int32_t>(id); }

}  // namespace

std::optional<WorkOrder> LoadWorkOrder(Transaction& transaction, std::string_view code) {
  const pqxx::result rows = Execute(transaction, kLoad, code);
  if (rows.empty()) return std::nullopt;
  return ReadWorkOrder(rows[0]);
}

std::vector<WorkOrder> LockWorkOrders(Transaction& transaction, std::string_view top_code, bool include_below) {
  return ReadWorkOrders(Execute(transaction, include_below ? kLockBelow : kLock, top_code));
}

std::optional<std::string> InsertWorkOrders(Transaction& transaction, std::vector<WorkOrder>& orders) {
  const pqxx::result ids = Execute(transaction, kNewIds, static_cast<int32_t>(orders.size()));
  std::unordered_map<std::string, int32_t> id_of;
  for (size_t i = 0; i < orders.size(); ++i) {
    orders[i].id = Get<int32_t>(ids[static_cast<pqxx::result::size_type>(i)][0]);
    id_of[orders[i].code] = orders[i].id;
    if (const auto parent = id_of.find(orders[i].parent_code); parent != id_of.end()) orders[i].parent_id = parent->second;
  }
  const auto column = [&](auto projection) { return ArrayOf(orders, projection); };
  const std::string id_column = column(&WorkOrder::id);
  const std::string code_column = column(&WorkOrder::code);
  const pqxx::result inserted =
      Execute(transaction, kInsert, id_column, code_column, column(&WorkOrder::material_id), column(&WorkOrder::state),
              column(&WorkOrder::ordered_micro), column(&WorkOrder::priority), column(&WorkOrder::due_time),
              column([](const WorkOrder& order) { return OrNull(order.parent_id); }), column(&WorkOrder::create_time),
              column(&WorkOrder::trial));
  if (inserted.affected_rows() == orders.size()) return std::nullopt;
  const pqxx::result taken = Execute(transaction, kFindTaken, code_column, id_column);
  // Two of the batch may also share a code.
  return taken.empty() ? orders.back().code : Get<std::string>(taken[0][0]);
}

void StoreWorkOrderSteps(Transaction& transaction, const std::vector<WorkOrderStep>& steps,
                         const domain::WorkOrderMovement& movement, domain::Time now) {
  const auto column = [&](auto projection) { return ArrayOf(steps, projection); };
  const std::string id_column = column([](const WorkOrderStep& step) { return step.order.id; });
  const std::string state_column = column([](const WorkOrderStep& step) { return step.order.state; });
  Execute(transaction, kUpdate, id_column, column([](const WorkOrderStep& step) { return OrNull(step.order.revision_id); }),
          state_column, column([](const WorkOrderStep& step) { return step.order.resume_state; }),
          column([](const WorkOrderStep& step) { return step.order.state_reason; }));
  Execute(transaction, kInsertTransitions, id_column, column(&WorkOrderStep::from), state_column, now, movement.action,
          movement.person, movement.reason);
}

std::vector<WorkOrder> ListWorkOrders(Transaction& transaction, const WorkOrderFilter& filter, std::string_view after_code,
                                      int limit) {
  return ReadWorkOrders(Execute(transaction, kList, after_code, filter.material_id, filter.state, filter.parent_id, limit));
}

std::vector<WorkOrder> ListOpenWorkOrders(Transaction& transaction, const std::vector<int32_t>& material_ids, int limit) {
  return ReadWorkOrders(Execute(transaction, kListOpen, ArrayOf(material_ids), limit));
}

std::vector<WorkOrder> ListUnfinishedWorkOrders(Transaction& transaction, bool include_created, int limit) {
  return ReadWorkOrders(Execute(transaction, kListUnfinished, include_created, limit));
}

std::vector<domain::WaitingUnits> CountWaitingUnits(Transaction& transaction, const std::vector<int32_t>& work_order_ids) {
  std::vector<domain::WaitingUnits> waiting;
  for (const pqxx::row& row : Execute(transaction, kCountWaiting, ArrayOf(work_order_ids))) {
    RowReader reader(row);
    domain::WaitingUnits& units = waiting.emplace_back();
    units.work_order_id = reader.Next<int32_t>();
    units.passed = static_cast<uint64_t>(reader.Next<int64_t>());
    units.quantity_micro = reader.NextOr<int64_t>(0);
  }
  return waiting;
}

}  // namespace mes::db
