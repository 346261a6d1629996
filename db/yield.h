// How well operations ran: the counters that ingest keeps, summed over stations and days.
#pragma once

#include <cstdint>
#include <vector>

#include "db/transaction.h"

namespace mes::db {

struct YieldFilter {
  // 0 = all.
  int32_t material_id = 0;
  // The order alone, and an order with all below it.
  int32_t work_order_id = 0;
  int32_t root_work_order_id = 0;
};

struct OperationYield {
  int32_t material_id = 0;
  int16_t operation = 0;
  // The newest revision that any of these orders is pinned to: it names the operation and plans its yield.
  int32_t revision_id = 0;
  int64_t first_runs = 0;
  int64_t first_passes = 0;
  int64_t runs = 0;
  int64_t retests = 0;
  int64_t reworks = 0;
  int64_t aborts = 0;
  int64_t scrapped = 0;
};
// By product code and operation.
std::vector<OperationYield> ListOperationYields(Transaction& transaction, const YieldFilter& filter);

}  // namespace mes::db
