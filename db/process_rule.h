// Rules that act and their alarms: kept versions, and what people ask about them. What a batch of events reads and writes of them is
// db/process_world's.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "db/transaction.h"
#include "domain/process_rule.h"

namespace mes::db {

// The versions in force, by code.
std::vector<domain::ProcessRule> ListRulesInForce(Transaction& transaction);
// By code, newest version first, after (code, version); `after_code` empty = from the beginning.
std::vector<domain::ProcessRule> ListProcessRules(Transaction& transaction, const std::string& after_code, int32_t after_version,
                                                  bool include_retired, int limit);
// Stores the next version of the rule and retires the one before; fills id and version, and moves the plant's version, so that
// servers load it.
void InsertProcessRule(Transaction& transaction, domain::ProcessRule& rule);
// Retires the version in force; none = there is none.
std::optional<domain::ProcessRule> RetireProcessRule(Transaction& transaction, const std::string& code, const std::string& person,
                                                     const std::string& reason, domain::Time now);

// Of these line stops, whose texts in the plant's files are new: those with a rule get its next version, the others' rules are retired.
void StorePlantsRules(Transaction& transaction, const std::set<std::string>& line_stops,
                      const std::vector<domain::ProcessRule>& rules, domain::Time now);

struct ProcessAlarmFilter {
  int64_t before_id = 0;
  bool in_force_only = false;
  int32_t station_id = 0;
  int32_t work_order_id = 0;
  std::string rule_code;
  int limit = 0;
};
// Newest first.
std::vector<domain::ProcessAlarm> ListProcessAlarms(Transaction& transaction, const ProcessAlarmFilter& filter);
std::optional<domain::ProcessAlarm> LoadProcessAlarm(Transaction& transaction, int64_t alarm_id);
std::optional<domain::ProcessAlarm> LockProcessAlarm(Transaction& transaction, int64_t alarm_id);
// Stores who released it; what its rule saw until now does not count again.
void UpdateReleasedAlarm(Transaction& transaction, const domain::ProcessAlarm& alarm);

}  // namespace mes::db
