#include "db/yield.h"

#include "db/row.h"

namespace mes::db {
namespace {

constexpr const char* kListOperationYields = R"sql(
with recursive tree as (
  select $3::integer as work_order_id
  union all
  select work_order.work_order_id
  from tree
  join work_order on work_order.parent_id = tree.work_order_id
)
select o.material_id, y.operation, max(o.revision_id), sum(y.first_runs)::bigint, sum(y.first_passes)::bigint, sum(y.runs)::bigint,
  sum(y.retests)::bigint, sum(y.reworks)::bigint, sum(y.aborts)::bigint, sum(y.scrapped)::bigint
from operation_yield y
join work_order o on o.work_order_id = y.work_order_id
join material m on m.material_id = o.material_id
where ($1::integer = 0 or o.material_id = $1)
  and ($2::integer = 0 or o.work_order_id = $2)
  and ($3 = 0 or o.work_order_id in (select work_order_id from tree))
group by m.code, o.material_id, y.operation
order by m.code collate "C", y.operation
limit 10000)sql";

}  // namespace

std::vector<OperationYield> ListOperationYields(Transaction& transaction, const YieldFilter& filter) {
  std::vector<OperationYield> yields;
  for (const pqxx::row& row :
       Execute(transaction, kListOperationYields, filter.material_id, filter.work_order_id, filter.root_work_order_id)) {
    RowReader reader(row);
    OperationYield& yield = yields.emplace_back();
    yield.material_id = reader.Next<int32_t>();
    yield.operation = reader.Next<int16_t>();
    yield.revision_id = reader.Next<int32_t>();
    yield.first_runs = reader.Next<int64_t>();
    yield.first_passes = reader.Next<int64_t>();
    yield.runs = reader.Next<int64_t>();
    yield.retests = reader.Next<int64_t>();
    yield.reworks = reader.Next<int64_t>();
    yield.aborts = reader.Next<int64_t>();
    yield.scrapped = reader.Next<int64_t>();
  }
  return yields;
}

}  // namespace mes::db
