// Where reporting duties are kept.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "db/transaction.h"
#include "domain/duty.h"

namespace mes::db {

// Fills nothing: ids are given by the database.
void InsertDuties(Transaction& transaction, const std::vector<domain::Duty>& duties, domain::Time now);

struct DutyFilter {
  int64_t after_id = 0;
  std::optional<domain::DutyState> state;
  // 0 = all.
  int64_t unit_id = 0;
  // Empty = all.
  std::vector<domain::DutyKind> kinds;
  // Where it is not empty: open ones of these kinds whose trigger day is before this day only.
  std::map<domain::DutyKind, domain::Day> triggered_before;
};
// By id, at most `limit`.
std::vector<domain::Duty> ListDuties(Transaction& transaction, const DutyFilter& filter, int limit);
// By id; locked until the transaction ends. Unknown ids are left out.
std::vector<domain::Duty> LockDuties(Transaction& transaction, const std::vector<int64_t>& ids);
// Withdraws those of these that are open and were raised at this time, `raise_time` and duty in step; says how many.
int32_t WithdrawRaised(Transaction& transaction, const std::vector<domain::Duty>& duties, const std::vector<domain::Time>& raise_times,
                       domain::Time now, const std::string& person, const std::string& reason);
// Stores state and end.
void UpdateDuties(Transaction& transaction, const std::vector<domain::Duty>& duties);

}  // namespace mes::db
