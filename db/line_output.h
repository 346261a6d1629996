// Where it is counted what was made, built in and received, by line and plant day and by month (domain/utilisation.h).
#pragma once

#include <cstdint>
#include <vector>

#include "db/transaction.h"
#include "domain/utilisation.h"

namespace mes::db {

// Adds to the counters; one statement, nothing where nothing changed. Called with the events' effects and by goods-in.
void StoreOutputs(Transaction& transaction, const domain::Outputs& outputs);

// Sums over lines.
struct OutputSum {
  int32_t material_id = 0;
  // The plant day, or the first day of the month.
  domain::Day day = 0;
  domain::OutputCounts counts;
};
// By day in [first, end), by material and day. `material_ids` empty = all.
std::vector<OutputSum> LoadDailyOutputs(Transaction& transaction, const std::vector<int32_t>& material_ids, domain::Day first,
                                        domain::Day end);
// By month, all months that begin before `end`, by material and month.
std::vector<OutputSum> LoadMonthlyOutputs(Transaction& transaction, const std::vector<int32_t>& material_ids, domain::Day end);

// The same in stretches of days: each of `starts` (in order, not empty) begins one, which ends where the next begins or at `end`; `day` is
// the stretch's start, and its day before the first start for all that lies before that. One row a product and stretch, however many
// days there are. From [first, end) day by day; from the months before `end`, which begin in the stretch that they are counted in.
std::vector<OutputSum> SumDailyOutputs(Transaction& transaction, const std::vector<int32_t>& material_ids, domain::Day first,
                                       domain::Day end, const std::vector<domain::Day>& starts);
std::vector<OutputSum> SumMonthlyOutputs(Transaction& transaction, const std::vector<int32_t>& material_ids, domain::Day end,
                                         const std::vector<domain::Day>& starts);

// The best `days` consecutive plant days ever, by good output.
struct BestDays {
  domain::Day first = 0;
  int64_t good_micro = 0;
};
struct BestOf {
  int32_t material_id = 0;
  BestDays best;
};
std::vector<BestOf> LoadBestDays(Transaction& transaction, const std::vector<int32_t>& material_ids, int32_t days);

// Released orders' remaining quantities (ordered less good, never below zero) in RELEASED, STARTED and ON_HOLD.
struct CommittedSum {
  int32_t material_id = 0;
  // The plant day of the due time; the greatest Day = without a due time.
  domain::Day day = 0;
  int64_t remaining_micro = 0;
  int32_t orders = 0;
};
inline constexpr domain::Day kNoDueDay = INT32_MAX;
// All of them, by material and day.
std::vector<CommittedSum> LoadCommitted(Transaction& transaction, const std::vector<int32_t>& material_ids);

}  // namespace mes::db
