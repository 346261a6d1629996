// How well operations ran: the counters that ingest keeps, summed. Which rollup answers is chosen here by what is asked: a range of lines
// or stations, whole or by week or month, comes from the running totals (a row for each series and end of a period, however long it is), by
// day or order from the days of line_yield_day, of stations from operation_yield.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/transaction.h"
#include "domain/yield.h"

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

// Sums ----------------------------------------------------------------------------------------------------------------------------------

// Values are those of yield_running.subject; orders have no running totals: they live for weeks.
enum class YieldSubject : int16_t { kLine = 1, kStation, kWorkOrder };
// Values are those of the statements.
enum class YieldPeriod : int16_t { kNone = 0, kDay, kWeek, kMonth };

// One line, station or order with one of its operations (0 = all of them), and the group that its counts go to.
struct YieldPart {
  int32_t subject_id = 0;
  int16_t operation = 0;
  int32_t group = 0;
};
struct YieldQuestion {
  YieldSubject subject = YieldSubject::kLine;
  std::vector<YieldPart> parts;
  // Plant days, both included.
  int32_t first_day = 0;
  int32_t last_day = 0;
  YieldPeriod period = YieldPeriod::kNone;
  bool by_shift = false;
  // 0 = both.
  int16_t shift = 0;
  // Of lines and orders.
  bool by_order = false;
  // Of orders: by station too, and only these stations (empty = all).
  bool by_station = false;
  std::vector<int32_t> station_ids;
};
struct YieldSum {
  int32_t group = 0;
  // 0 = not asked for.
  int32_t work_order_id = 0;
  int32_t station_id = 0;
  // First plant day of the period; 0 = none asked for.
  int32_t period_day = 0;
  int16_t shift = 0;
  domain::YieldCounts counts;
};
// Only groups that have any count, in no order. In a transaction that reads one snapshot: series and totals are read one after another.
std::vector<YieldSum> SumYields(Transaction& transaction, const YieldQuestion& question);

struct OrderName {
  int32_t work_order_id = 0;
  std::string code;
  int32_t material_id = 0;
};
// These orders, in no order; with `below`, everything below them too.
std::vector<OrderName> LoadOrderNames(Transaction& transaction, const std::vector<int32_t>& ids, bool below);

// Restatements --------------------------------------------------------------------------------------------------------------------------

struct RestatementFilter {
  int32_t first_day = 0;
  int32_t last_day = 0;
  // 0 and empty = all.
  int32_t work_order_id = 0;
  std::vector<int32_t> station_ids;
  // Only those recorded after this.
  std::optional<domain::Time> after;
  int64_t before_id = 0;
};
struct StoredRestatement {
  int64_t id = 0;
  domain::Time record_time{};
  std::string unit_code;
  std::string work_order_code;
  domain::YieldRestatement restatement;
};
// Newest first, ids below `before_id` (0 = all), at most `limit`.
std::vector<StoredRestatement> ListRestatements(Transaction& transaction, const RestatementFilter& filter, int limit);

// Lots ----------------------------------------------------------------------------------------------------------------------------------

struct LotYield {
  std::string lot_code;
  std::string supplier;
  std::string supplier_lot;
  int32_t material_id = 0;
  int32_t line_id = 0;
  int16_t operation = 0;
  domain::LotYieldCounts counts;
};
struct LotYieldFilter {
  // These lots, or the lots of one supplier lot.
  std::vector<std::string> lot_codes;
  std::string supplier;
  std::string supplier_lot;
  // Plant days of the first run or the scrap, both included; none = all, also counts from before days were kept.
  std::optional<int32_t> first_day;
  std::optional<int32_t> last_day;
};
// What units made of them, by lot, line and operation; at most `limit`.
std::vector<LotYield> ListLotYields(Transaction& transaction, const LotYieldFilter& filter, int limit);

}  // namespace mes::db
