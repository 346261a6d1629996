#include "db/issued_code.h"

#include "db/array.h"
#include "db/row.h"

namespace mes::db {
namespace {

constexpr const char* kInsertRule = R"sql(
insert into code_rule (material_id, prefix, traceability, gtin, person, create_time)
values ($1, nullif($2::text, ''), $3, nullif($4::text, ''), $5, $6::timestamptz)
on conflict do nothing
returning code_rule_id)sql";

#define MES_RULE_COLUMNS \
  "select code_rule_id, material_id, coalesce(prefix, ''), traceability, coalesce(gtin, ''), person, create_time from code_rule "

constexpr const char* kListRules = MES_RULE_COLUMNS R"sql(
where ($1::integer = 0 or material_id = $1)
  and code_rule_id > $2
order by code_rule_id
limit $3)sql";
constexpr const char* kPrefixRule = MES_RULE_COLUMNS R"sql(
where material_id = $1
  and prefix is not null
order by code_rule_id desc
limit 1)sql";
constexpr const char* kPlainRule = MES_RULE_COLUMNS R"sql(
where material_id = $1
  and prefix is null
order by code_rule_id desc
limit 1)sql";
constexpr const char* kRuleOfPrefix = MES_RULE_COLUMNS "where prefix = $1";
constexpr const char* kRuleOfGtin = MES_RULE_COLUMNS "where gtin = $1";

// The row of the series is locked from here to the end of the transaction.
constexpr const char* kMakeSeries = R"sql(
insert into code_series (manufacturer, product_type, second_life, production_day, last_serial)
values ($1, $2, $3, $4::date, $5)
on conflict (manufacturer, product_type, second_life, production_day) do nothing
returning last_serial)sql";
constexpr const char* kLockSeries = R"sql(
select last_serial
from code_series
where manufacturer = $1
  and product_type = $2
  and second_life = $3
  and production_day = $4::date
for no key update)sql";
constexpr const char* kAdvanceSeries = R"sql(
update code_series
set last_serial = $5
where manufacturer = $1
  and product_type = $2
  and second_life = $3
  and production_day = $4::date)sql";

constexpr const char* kInsertBatch = R"sql(
insert into code_batch (code_rule_id, prefix, reuse_level, traceability, production_day, first_serial, count, work_order_id, station_id,
  person, issue_time)
values ($1, $2, $3, $4, $5::date, $6, $7, nullif($8::integer, 0), nullif($9::integer, 0), $10, $11::timestamptz)
returning code_batch_id)sql";

// Asked by every commit of ingest that gives battery codes: prepared.
constexpr Statement kIssuedCodes{"IssuedCodes", R"sql(
select asked.code, rule.material_id, batch.code_batch_id is not null, void.code is not null, coalesce(batch.work_order_id, 0),
  coalesce(batch.station_id, 0)
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::integer[])
  as asked (code, prefix, reuse_level, traceability, production_day, serial)
join code_rule rule on rule.prefix = asked.prefix
left join lateral (
  select code_batch.code_batch_id, code_batch.count, code_batch.first_serial, code_batch.traceability, code_batch.work_order_id,
    code_batch.station_id
  from code_batch
  where code_batch.prefix = asked.prefix
    and code_batch.production_day = asked.production_day
    and code_batch.reuse_level = asked.reuse_level
    and code_batch.first_serial <= asked.serial
  order by code_batch.first_serial desc
  limit 1
) as batch on asked.serial < batch.first_serial + batch.count and batch.traceability = asked.traceability
left join code_void void on void.code = asked.code)sql"};

// Codes of a batch differ in their running number only and stand together in the code's order.
constexpr const char* kListBatches = R"sql(
select b.code_batch_id, b.code_rule_id, b.prefix, b.reuse_level, b.traceability, b.production_day - date '1970-01-01', b.first_serial,
  b.count, coalesce(b.work_order_id, 0), coalesce(b.station_id, 0), b.person, b.issue_time, rule.material_id,
  coalesce(work_order.code, ''),
  (select count(*) from code_void where code_void.code_batch_id = b.code_batch_id)
from code_batch b
join code_rule rule on rule.code_rule_id = b.code_rule_id
left join work_order on work_order.work_order_id = b.work_order_id
where ($1::integer = 0 or rule.material_id = $1)
  and ($2::bigint = 0 or b.code_batch_id < $2)
order by b.code_batch_id desc
limit $3)sql";

constexpr const char* kCountUsed = R"sql(
select asked.ordinal,
  (select count(*) from unit where unit.code between asked.first_code and asked.last_code and length(unit.code) = length(asked.first_code))
  + (select count(distinct h.code) from unit_code_history h
     where h.code between asked.first_code and asked.last_code and length(h.code) = length(asked.first_code))
from unnest($1::text[], $2::text[]) with ordinality as asked (first_code, last_code, ordinal)
order by asked.ordinal)sql";

constexpr const char* kInsertVoids = R"sql(
insert into code_void (code, code_batch_id, reason, person, void_time)
select asked.code, batch.code_batch_id, $6::text, $7::text, $8::timestamptz
from unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::integer[]) as asked (code, prefix, reuse_level, production_day, serial)
join code_batch batch on
  batch.prefix = asked.prefix
  and batch.production_day = asked.production_day
  and batch.reuse_level = asked.reuse_level
  and asked.serial between batch.first_serial and batch.first_serial + batch.count - 1
on conflict (code) do nothing
returning code)sql";

domain::CodeRule RuleIn(const pqxx::row& row) {
  RowReader reader(row);
  domain::CodeRule rule;
  rule.id = reader.Next<int32_t>();
  rule.material_id = reader.Next<int32_t>();
  rule.prefix = reader.Next<std::string>();
  rule.traceability = reader.Next<std::string>();
  rule.gtin = reader.Next<std::string>();
  rule.person = reader.Next<std::string>();
  rule.create_time = reader.Next<domain::Time>();
  return rule;
}

std::optional<domain::CodeRule> OneRule(const pqxx::result& rows) {
  return rows.empty() ? std::nullopt : std::optional<domain::CodeRule>(RuleIn(rows[0]));
}

std::string DayText(std::chrono::year_month_day day) { return TimeText(domain::Time(std::chrono::sys_days(day))).substr(0, 10); }

std::string LevelText(char reuse_level) { return reuse_level == 0 ? std::string() : std::string(1, reuse_level); }

std::string PrefixOf(const domain::BatteryCode& code) {
  return code.manufacturer + code.product_type + code.battery_type + code.specification;
}

// The parts of valid codes by which their batch is found.
struct CodeColumns {
  ArrayWriter code, prefix, level, traceability, day, serial;
  bool any = false;
  explicit CodeColumns(const std::vector<std::string>& codes) {
    for (const std::string& text : codes) {
      const domain::BatteryCodeReading reading = domain::ReadBatteryCode(text);
      if (!reading.Valid()) continue;
      any = true;
      code.Add(text), prefix.Add(PrefixOf(reading.code)), level.Add(LevelText(reading.code.reuse_level));
      traceability.Add(reading.code.traceability), day.Add(DayText(reading.code.date)), serial.Add(reading.code.serial);
    }
  }
};

void CountUsed(Transaction& transaction, std::vector<StoredBatch>& batches) {
  if (batches.empty()) return;
  const std::string first = ArrayOf(batches, [](const StoredBatch& b) { return b.batch.CodeAt(0); });
  const std::string last = ArrayOf(batches, [](const StoredBatch& b) { return b.batch.CodeAt(b.batch.count - 1); });
  size_t at = 0;
  for (const pqxx::row& row : Execute(transaction, kCountUsed, first, last)) batches.at(at++).used = Get<int32_t>(row[1]);
}

}  // namespace

bool InsertCodeRule(Transaction& transaction, domain::CodeRule& rule) {
  const pqxx::result rows = Execute(transaction, kInsertRule, rule.material_id, rule.prefix, rule.traceability, rule.gtin,
                                    rule.person, rule.create_time);
  if (rows.empty()) return false;
  rule.id = Get<int32_t>(rows[0][0]);
  return true;
}

std::vector<domain::CodeRule> ListCodeRules(Transaction& transaction, int32_t material_id, int32_t after_id, int limit) {
  std::vector<domain::CodeRule> rules;
  for (const pqxx::row& row : Execute(transaction, kListRules, material_id, after_id, limit)) rules.push_back(RuleIn(row));
  return rules;
}

std::optional<domain::CodeRule> FindPrefixRule(Transaction& transaction, int32_t material_id) {
  return OneRule(Execute(transaction, kPrefixRule, material_id));
}
std::optional<domain::CodeRule> FindPlainRule(Transaction& transaction, int32_t material_id) {
  return OneRule(Execute(transaction, kPlainRule, material_id));
}
std::optional<domain::CodeRule> FindRuleOfPrefix(Transaction& transaction, const std::string& prefix) {
  return OneRule(Execute(transaction, kRuleOfPrefix, prefix));
}
std::optional<domain::CodeRule> FindRuleOfGtin(Transaction& transaction, const std::string& gtin) {
  return OneRule(Execute(transaction, kRuleOfGtin, gtin));
}

domain::Status IssueBatch(Transaction& transaction, domain::CodeBatch& batch) {
  const std::string manufacturer = batch.prefix.substr(0, 3), type = batch.prefix.substr(3, 1), day = DayText(batch.date);
  const bool second_life = batch.reuse_level != 0;
  const bool is_new = !Execute(transaction, kMakeSeries, manufacturer, type, second_life, day, batch.count).empty();
  int32_t last = 0;
  if (!is_new) last = Get<int32_t>(Execute(transaction, kLockSeries, manufacturer, type, second_life, day)[0][0]);
  if (domain::Status numbered = domain::NumberBatch(batch, last); !numbered) return numbered;
  if (!is_new) {
    const int32_t advanced = batch.first_serial + batch.count - 1;
    Execute(transaction, kAdvanceSeries, manufacturer, type, second_life, day, advanced);
  }
  const pqxx::result rows =
      Execute(transaction, kInsertBatch, batch.rule_id, batch.prefix, LevelText(batch.reuse_level), batch.traceability, day,
              batch.first_serial, batch.count, batch.work_order_id, batch.station_id, batch.person, batch.issue_time);
  batch.id = Get<int64_t>(rows[0][0]);
  return {};
}

std::unordered_map<std::string, domain::IssuedCode> LoadIssuedCodes(Transaction& transaction,
                                                                    const std::vector<std::string>& codes) {
  std::unordered_map<std::string, domain::IssuedCode> issued;
  CodeColumns c(codes);
  if (!c.any) return issued;
  for (const pqxx::row& row : Execute(transaction, kIssuedCodes, c.code.Take(), c.prefix.Take(), c.level.Take(),
                                      c.traceability.Take(), c.day.Take(), c.serial.Take())) {
    RowReader reader(row);
    domain::IssuedCode& code = issued[reader.Next<std::string>()];
    code.material_id = reader.Next<int32_t>();
    code.issued = reader.Next<bool>();
    code.voided = reader.Next<bool>();
    code.work_order_id = reader.Next<int32_t>();
    code.station_id = reader.Next<int32_t>();
  }
  return issued;
}

std::vector<StoredBatch> ListBatches(Transaction& transaction, int32_t material_id, int64_t before_id, int limit) {
  std::vector<StoredBatch> batches;
  for (const pqxx::row& row : Execute(transaction, kListBatches, material_id, before_id, limit)) {
    RowReader reader(row);
    StoredBatch& stored = batches.emplace_back();
    domain::CodeBatch& batch = stored.batch;
    batch.id = reader.Next<int64_t>();
    batch.rule_id = reader.Next<int32_t>();
    batch.prefix = reader.Next<std::string>();
    const std::string level = reader.Next<std::string>();
    batch.reuse_level = level.empty() ? char{0} : level[0];
    batch.traceability = reader.Next<std::string>();
    batch.date = std::chrono::sys_days(std::chrono::days(reader.Next<int32_t>()));
    batch.first_serial = reader.Next<int32_t>();
    batch.count = reader.Next<int32_t>();
    batch.work_order_id = reader.Next<int32_t>();
    batch.station_id = reader.Next<int32_t>();
    batch.person = reader.Next<std::string>();
    batch.issue_time = reader.Next<domain::Time>();
    stored.material_id = reader.Next<int32_t>();
    stored.work_order_code = reader.Next<std::string>();
    stored.voided = reader.Next<int32_t>();
  }
  CountUsed(transaction, batches);
  return batches;
}

int64_t InsertCodeVoids(Transaction& transaction, const std::vector<std::string>& codes, const CodeVoiding& voiding) {
  CodeColumns c(codes);
  if (!c.any) return 0;
  const pqxx::result rows = Execute(transaction, kInsertVoids, c.code.Take(), c.prefix.Take(), c.level.Take(), c.day.Take(),
                                    c.serial.Take(), voiding.reason, voiding.person, voiding.time);
  return static_cast<int64_t>(rows.size());
}

}  // namespace mes::db
