#include "db/process_rule.h"

#include <nlohmann/json.hpp>

#include "db/alarm_row.h"
#include "db/array.h"
#include "db/process_world.h"

namespace mes::db {
namespace {

using domain::ProcessAlarm;
using domain::ProcessRule;

#define MES_RULE_SELECT                                                                                                          \
  "select r.rule_id, r.code, r.version, r.kind, r.by_routing, r.material_id, m.code, r.operation, r.station_id, r.run_count, "    \
  "r.run_window, r.min_runs, r.alarm_points, r.stop_points, r.scrap_share, r.fail_share, r.spc_rules, r.classes, r.stops, "       \
  "r.holds, r.release_role, r.create_time, r.created_by, r.create_reason, r.retire_time, r.retired_by, r.retire_reason "          \
  "from process_rule r "                                                                                                         \
  "left join material m on m.material_id = r.material_id "

constexpr const char* kRulesInForce = MES_RULE_SELECT R"sql(
where r.retire_time is null
order by r.code collate "C")sql";

constexpr const char* kListRules = MES_RULE_SELECT R"sql(
where ($1 = '' or r.code collate "C" > $1 or (r.code = $1 and r.version < $2::integer))
  and ($3::boolean or r.retire_time is null)
order by r.code collate "C", r.version desc
limit $4)sql";

constexpr const char* kOneRule = MES_RULE_SELECT R"sql(
where r.rule_id = $1)sql";

constexpr const char* kLockVersion = R"sql(
select version
from plant_version
for update)sql";

constexpr const char* kMoveVersion = R"sql(
update plant_version
set version = version + 1)sql";

constexpr const char* kRetire = R"sql(
update process_rule
set retire_time = $2::timestamptz, retired_by = $3, retire_reason = $4
where code = $1
  and retire_time is null
returning rule_id)sql";

constexpr const char* kInsertRule = R"sql(
insert into process_rule (code, version, kind, by_routing, material_id, operation, station_id, run_count, run_window, min_runs,
  alarm_points, stop_points, scrap_share, fail_share, spc_rules, classes, stops, holds, release_role, create_time, created_by,
  create_reason)
select $1, coalesce(max(version), 0) + 1, $2::smallint, $3::boolean, nullif($4::integer, 0), $5::smallint, nullif($6::integer, 0),
  $7::integer, $8::integer, $9::integer, $10::double precision, $11::double precision, $12::double precision, $13::double precision,
  $14::text[], $15::text[], $16::smallint, $17::boolean, $18, $19::timestamptz, $20, $21
from process_rule
where code = $1
returning rule_id, version)sql";

ProcessRule RuleFrom(const pqxx::row& row) {
  RowReader reader(row);
  ProcessRule rule;
  rule.id = reader.Next<int32_t>();
  rule.code = reader.Next<std::string>();
  rule.version = reader.Next<int32_t>();
  rule.kind = reader.Next<domain::ProcessRuleKind>();
  rule.by_routing = reader.Next<bool>();
  rule.material_id = reader.NextOr<int32_t>(0);
  rule.product_code = reader.NextOr<std::string>("");
  rule.operation = reader.Next<int16_t>();
  rule.station_id = reader.NextOr<int32_t>(0);
  rule.count = reader.Next<int32_t>();
  rule.window = reader.Next<int32_t>();
  rule.min_runs = reader.Next<int32_t>();
  rule.alarm_points = reader.Next<double>();
  rule.stop_points = reader.Next<double>();
  rule.scrap_share = reader.Next<double>();
  rule.fail_share = reader.Next<double>();
  rule.spc_rules = TextsIn(reader.NextText());
  rule.classes = TextsIn(reader.NextText());
  rule.stops = reader.Next<domain::StopScope>();
  rule.holds = reader.Next<bool>();
  rule.release_role = reader.Next<std::string>();
  rule.create_time = reader.Next<domain::Time>();
  rule.created_by = reader.Next<std::string>();
  rule.create_reason = reader.Next<std::string>();
  rule.retire_time = reader.NextOptional<domain::Time>();
  rule.retired_by = reader.NextOr<std::string>("");
  rule.retire_reason = reader.NextOr<std::string>("");
  return rule;
}

std::vector<ProcessRule> RulesFrom(const pqxx::result& rows) {
  std::vector<ProcessRule> rules;
  for (const pqxx::row& row : rows) rules.push_back(RuleFrom(row));
  return rules;
}

// Alarms -----------------------------------------------------------------------------------------------------------------------------

constexpr const char* kListAlarms = MES_ALARM_SELECT R"sql(
where ($1::bigint = 0 or a.alarm_id < $1)
  and (not $2::boolean or a.release_time is null)
  and ($3::integer = 0 or a.station_id = $3)
  and ($4::integer = 0 or a.work_order_id = $4)
  and ($5 = '' or r.code = $5)
order by a.alarm_id desc
limit $6)sql";

constexpr const char* kOneAlarm = MES_ALARM_SELECT R"sql(
where a.alarm_id = $1)sql";

constexpr const char* kLockAlarm = R"sql(
select alarm_id
from process_alarm
where alarm_id = $1
for update)sql";

constexpr const char* kReleaseAlarm = R"sql(
update process_alarm
set released_by = $2, released_role = $3, release_time = $4::timestamptz, release_reason = $5
where alarm_id = $1)sql";

// Begins the count anew behind the newest run seen, at the station or on the whole line.
constexpr const char* kForgetRuns = R"sql(
update run_ring
set
  counts_from = greatest(counts_from, $4::timestamptz),
  runs = ''
where line_id = $1
  and operation = $2
  and station_id = $3)sql";

constexpr const char* kLastRun = R"sql(
select runs
from run_ring
where line_id = $1
  and operation = $2
  and station_id = $3
for update)sql";

}  // namespace

std::string EvidenceJson(const std::vector<domain::AlarmEvidence>& evidence) {
  nlohmann::json list = nlohmann::json::array();
  for (const domain::AlarmEvidence& fact : evidence) list.push_back({{"kind", fact.kind}, {"id", fact.id}, {"detail", fact.detail}});
  return list.dump();
}

ProcessAlarm ReadAlarm(const pqxx::row& row) {
  RowReader reader(row);
  ProcessAlarm alarm;
  alarm.id = reader.Next<int64_t>();
  alarm.rule_id = reader.Next<int32_t>();
  alarm.rule_code = reader.Next<std::string>();
  alarm.rule_version = reader.Next<int32_t>();
  alarm.kind = reader.Next<domain::ProcessRuleKind>();
  alarm.sentence = reader.Next<std::string>();
  alarm.station_id = reader.Next<int32_t>();
  alarm.line_id = reader.Next<int32_t>();
  alarm.operation = reader.Next<int16_t>();
  alarm.work_order_id = reader.NextOr<int32_t>(0);
  alarm.work_order_code = reader.NextOr<std::string>("");
  alarm.unit_id = reader.NextOr<int64_t>(0);
  alarm.unit_code = reader.NextOr<std::string>("");
  alarm.subject = reader.Next<std::string>();
  alarm.epoch = reader.Next<int32_t>();
  alarm.sequence = reader.Next<int64_t>();
  alarm.occur_time = reader.Next<domain::Time>();
  alarm.record_time = reader.Next<domain::Time>();
  alarm.late = reader.Next<bool>();
  alarm.stops = reader.Next<domain::StopScope>();
  alarm.hold_id = reader.NextOr<int64_t>(0);
  for (const auto& fact : nlohmann::json::parse(reader.NextText())) {
    alarm.evidence.push_back(
        {fact.at("kind").get<std::string>(), fact.at("id").get<std::string>(), fact.at("detail").get<std::string>()});
  }
  alarm.release_role = reader.Next<std::string>();
  alarm.released_by = reader.NextOr<std::string>("");
  alarm.released_role = reader.NextOr<std::string>("");
  alarm.release_time = reader.NextOptional<domain::Time>();
  alarm.release_reason = reader.NextOr<std::string>("");
  return alarm;
}

std::vector<ProcessRule> ListRulesInForce(Transaction& transaction) { return RulesFrom(Execute(transaction, kRulesInForce)); }

std::vector<ProcessRule> ListProcessRules(Transaction& transaction, const std::string& after_code, int32_t after_version,
                                          bool include_retired, int limit) {
  return RulesFrom(Execute(transaction, kListRules, after_code, after_version, include_retired, limit));
}

void InsertProcessRule(Transaction& transaction, ProcessRule& rule) {
  Execute(transaction, kLockVersion);
  Execute(transaction, kRetire, rule.code, rule.create_time, rule.created_by, "replaced: " + rule.create_reason);
  const pqxx::result rows =
      Execute(transaction, kInsertRule, rule.code, rule.kind, rule.by_routing, rule.material_id, rule.operation, rule.station_id,
              rule.count, rule.window, rule.min_runs, rule.alarm_points, rule.stop_points, rule.scrap_share, rule.fail_share,
              ArrayOf(rule.spc_rules), ArrayOf(rule.classes), rule.stops, rule.holds, rule.release_role, rule.create_time,
              rule.created_by, rule.create_reason);
  rule.id = Get<int32_t>(rows[0][0]);
  rule.version = Get<int32_t>(rows[0][1]);
  Execute(transaction, kMoveVersion);
}

std::optional<ProcessRule> RetireProcessRule(Transaction& transaction, const std::string& code, const std::string& person,
                                             const std::string& reason, domain::Time now) {
  Execute(transaction, kLockVersion);
  const pqxx::result rows = Execute(transaction, kRetire, code, now, person, reason);
  if (rows.empty()) return std::nullopt;
  Execute(transaction, kMoveVersion);
  return RuleFrom(Execute(transaction, kOneRule, Get<int32_t>(rows[0][0]))[0]);
}

void StorePlantsRules(Transaction& transaction, const std::set<std::string>& line_stops, const std::vector<ProcessRule>& rules,
                      domain::Time now) {
  std::vector<std::string> gone(line_stops.begin(), line_stops.end());
  for (ProcessRule rule : rules) {
    if (!line_stops.contains(rule.code)) continue;
    std::erase(gone, rule.code);
    rule.create_time = now;
    rule.created_by = "plant files";
    rule.create_reason = "loaded with the plant";
    InsertProcessRule(transaction, rule);
  }
  for (const std::string& code : gone) RetireProcessRule(transaction, code, "plant files", "no longer acts by the plant's files", now);
}

std::vector<ProcessAlarm> ListProcessAlarms(Transaction& transaction, const ProcessAlarmFilter& filter) {
  std::vector<ProcessAlarm> alarms;
  for (const pqxx::row& row : Execute(transaction, kListAlarms, filter.before_id, filter.in_force_only, filter.station_id,
                                      filter.work_order_id, filter.rule_code, filter.limit)) {
    alarms.push_back(ReadAlarm(row));
  }
  return alarms;
}

std::optional<ProcessAlarm> LoadProcessAlarm(Transaction& transaction, int64_t alarm_id) {
  const pqxx::result rows = Execute(transaction, kOneAlarm, alarm_id);
  return rows.empty() ? std::nullopt : std::optional<ProcessAlarm>(ReadAlarm(rows[0]));
}

std::optional<ProcessAlarm> LockProcessAlarm(Transaction& transaction, int64_t alarm_id) {
  Execute(transaction, kLockAlarm, alarm_id);
  return LoadProcessAlarm(transaction, alarm_id);
}

void UpdateReleasedAlarm(Transaction& transaction, const ProcessAlarm& alarm) {
  Execute(transaction, kReleaseAlarm, alarm.id, alarm.released_by, alarm.released_role, alarm.release_time, alarm.release_reason);
  const bool of_station = alarm.kind == domain::ProcessRuleKind::kSameCodeStreak;
  const bool of_line = alarm.kind == domain::ProcessRuleKind::kAnyCodeStreak || alarm.kind == domain::ProcessRuleKind::kYieldWindow;
  if (!of_station && !of_line) return;
  const int32_t station_id = of_station ? alarm.station_id : 0;
  const pqxx::result rows = Execute(transaction, kLastRun, alarm.line_id, alarm.operation, station_id);
  if (rows.empty()) return;
  const std::vector<domain::FirstRun> runs = RingFrom(TextOf(rows[0][0]));
  const domain::Time seen = runs.empty() ? alarm.occur_time : runs.back().time;
  Execute(transaction, kForgetRuns, alarm.line_id, alarm.operation, station_id, seen + domain::Duration(1));
}

}  // namespace mes::db
