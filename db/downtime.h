// Where downtimes and the lists of their reasons are kept. That a station is down once at a time is a constraint of the table too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/transaction.h"
#include "domain/oee.h"

namespace mes::db {

struct DowntimeReasonList {
  int32_t version = 0;
  std::string person;
  domain::Time record_time{};
  // By code.
  std::vector<domain::DowntimeReason> reasons;
};
// 0 = the newest. Nothing = there is no such version.
std::optional<DowntimeReasonList> LoadDowntimeReasons(Transaction& transaction, int32_t version);
// Gives the new version.
int32_t InsertDowntimeReasons(Transaction& transaction, const std::vector<domain::DowntimeReason>& reasons, const std::string& person,
                              domain::Time now);

// Reports about one station wait here for each other until their transactions end.
void LockDowntimes(Transaction& transaction, int32_t station_id);
// Fills the id.
void InsertDowntime(Transaction& transaction, domain::Downtime& downtime);
// Locked until the transaction ends.
std::optional<domain::Downtime> LockDowntime(Transaction& transaction, int64_t id);
void UpdateWithdrawnDowntime(Transaction& transaction, const domain::Downtime& downtime);

struct DowntimeFilter {
  // Empty = all.
  std::vector<int32_t> station_ids;
  // Those that end after `from` and begin before `until`.
  std::optional<domain::Time> from;
  std::optional<domain::Time> until;
  bool standing_only = false;
  int64_t before_id = 0;
};
// Newest first, ids below `before_id` (0 = all), at most `limit` (0 = all).
std::vector<domain::Downtime> ListDowntimes(Transaction& transaction, const DowntimeFilter& filter, int limit);

// Stops of rules (process_alarm) on these lines in that time: of one station, or of a line's operation (station 0).
struct RuleStop {
  int32_t line_id = 0;
  int32_t station_id = 0;
  int16_t operation = 0;
  domain::Time from{};
  // Nothing = it stands still.
  std::optional<domain::Time> until;
};
std::vector<RuleStop> ListRuleStops(Transaction& transaction, const std::vector<int32_t>& line_ids, domain::Time from,
                                    domain::Time until);

}  // namespace mes::db
