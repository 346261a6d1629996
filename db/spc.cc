#include "db/spc.h"

#include "db/array.h"
#include "db/row.h"

namespace mes::db {
namespace {

constexpr Statement kVersion{"SpcVersion", "select version from spc_version"};
constexpr Statement kCountUp{"SpcCountUp", "update spc_version set version = version + 1"};

#define MES_DEFINITION_COLUMNS \
  "definition_id, class, material_id, operation, characteristic, rules, by_position, person, reason, define_time "
constexpr char kLoadDefinitions[] =
    "select distinct on (class, material_id, operation, characteristic) " MES_DEFINITION_COLUMNS R"(
  from spc_definition
  order by class, material_id, operation, characteristic, definition_id desc)";
constexpr char kListDefinitions[] = "select " MES_DEFINITION_COLUMNS R"(
  from spc_definition
  where $1 = 0 or definition_id < $1
  order by definition_id desc
  limit $2)";
#undef MES_DEFINITION_COLUMNS
constexpr char kClassRulesBy[] = R"(
  select distinct on (class) class, rules
  from spc_definition
  where class is not null
    and person = $1
  order by class, definition_id desc)";
constexpr Statement kInsertDefinition{"SpcInsertDefinition", R"(
  insert into spc_definition (class, material_id, operation, characteristic, rules, by_position, person, reason, define_time)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
  returning definition_id)"};

#define MES_LIMITS_COLUMNS                                                                                                           \
  "station_id, operation, characteristic, position, version, kind, subgroup, center, sigma, lower, upper, spread_center, "           \
  "spread_lower, spread_upper, process_sigma, baseline_from, baseline_until, points, person, reason, freeze_time, "                   \
  "array(select (extract(epoch from e) * 1000000)::bigint from unnest(excluded) e) "
constexpr char kLoadLimits[] = "select distinct on (station_id, operation, characteristic, position) " MES_LIMITS_COLUMNS R"(
  from spc_limits
  order by station_id, operation, characteristic, position, version desc)";
constexpr char kListLimits[] = "select " MES_LIMITS_COLUMNS R"(
  from spc_limits
  where station_id = $1
    and operation = $2
    and characteristic = $3
    and position = $4
    and ($5 = 0 or version < $5)
  order by version desc
  limit $6)";
#undef MES_LIMITS_COLUMNS
constexpr Statement kInsertLimits{"SpcInsertLimits", R"(
  insert into spc_limits (station_id, operation, characteristic, position, version, kind, subgroup, center, sigma, lower, upper,
    spread_center, spread_lower, spread_upper, process_sigma, baseline_from, baseline_until, points, person, reason, freeze_time, excluded)
  select $1, $2, $3, $4, coalesce(max(version), 0) + 1, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::timestamptz, $16::timestamptz,
    $17, $18, $19, $20::timestamptz, $21::timestamptz[]
  from spc_limits
  where station_id = $1
    and operation = $2
    and characteristic = $3
    and position = $4
  returning version)"};

std::pair<int32_t, domain::ChartDefinition> DefinitionIn(const pqxx::row& row) {
  RowReader reader(row);
  std::pair<int32_t, domain::ChartDefinition> numbered;
  numbered.first = reader.Next<int32_t>();
  domain::ChartDefinition& definition = numbered.second;
  if (const auto of = reader.NextOptional<std::string>()) definition.characteristic_class = domain::ParseCharacteristicClass(*of);
  definition.material_id = reader.NextOr<int32_t>(0);
  definition.operation = reader.NextOr<int16_t>(0);
  definition.characteristic_code = reader.NextOr<std::string>("");
  definition.rules = static_cast<domain::RuleSet>(reader.Next<int16_t>());
  definition.by_position = reader.Next<bool>();
  definition.person = reader.Next<std::string>();
  definition.reason = reader.Next<std::string>();
  definition.define_time = reader.Next<domain::Time>();
  return numbered;
}

std::pair<domain::ChartKey, domain::FrozenLimits> LimitsIn(const pqxx::row& row) {
  RowReader reader(row);
  std::pair<domain::ChartKey, domain::FrozenLimits> keyed;
  domain::ChartKey& key = keyed.first;
  key.station_id = reader.Next<int32_t>();
  key.operation = reader.Next<int16_t>();
  key.characteristic_code = reader.Next<std::string>();
  key.position = reader.Next<int16_t>();
  domain::FrozenLimits& frozen = keyed.second;
  frozen.version = reader.Next<int32_t>();
  frozen.design.kind = reader.Next<domain::ChartKind>();
  frozen.design.subgroup = reader.Next<int16_t>();
  domain::ChartLimits& limits = frozen.limits;
  for (double* figure : {&limits.center, &limits.sigma, &limits.lower, &limits.upper, &limits.spread_center, &limits.spread_lower,
                         &limits.spread_upper, &limits.process_sigma}) {
    *figure = reader.Next<double>();
  }
  frozen.baseline_from = reader.Next<domain::Time>();
  frozen.baseline_until = reader.Next<domain::Time>();
  frozen.points = reader.Next<int32_t>();
  frozen.person = reader.Next<std::string>();
  frozen.reason = reader.Next<std::string>();
  frozen.freeze_time = reader.Next<domain::Time>();
  for (const int64_t micros : IntegersIn(reader.NextText())) frozen.excluded.push_back(domain::FromMicros(micros));
  return keyed;
}

}  // namespace

int64_t LoadChartPlanVersion(Transaction& transaction) { return Get<int64_t>(Execute(transaction, kVersion)[0][0]); }

domain::ChartPlan LoadDefinitions(Transaction& transaction) {
  domain::ChartPlan plan;
  plan.version = LoadChartPlanVersion(transaction);
  for (const auto& row : Execute(transaction, kLoadDefinitions)) {
    domain::ChartDefinition definition = DefinitionIn(row).second;
    if (definition.characteristic_class) {
      const domain::CharacteristicClass of = *definition.characteristic_class;
      plan.classes[of] = std::move(definition);
    } else {
      std::tuple<int32_t, int16_t, std::string> of{definition.material_id, definition.operation, definition.characteristic_code};
      plan.characteristics[std::move(of)] = std::move(definition);
    }
  }
  return plan;
}

std::shared_ptr<const domain::ChartPlan> LoadChartPlan(Transaction& transaction) {
  auto plan = std::make_shared<domain::ChartPlan>(LoadDefinitions(transaction));
  for (const auto& row : Execute(transaction, kLoadLimits)) plan->limits.insert(LimitsIn(row));
  return plan;
}

std::map<domain::CharacteristicClass, domain::RuleSet> LoadClassRulesBy(Transaction& transaction, std::string_view person) {
  std::map<domain::CharacteristicClass, domain::RuleSet> rules;
  for (const auto& row : Execute(transaction, kClassRulesBy, person)) {
    const auto of = domain::ParseCharacteristicClass(Get<std::string>(row[0]));
    if (of) rules[*of] = static_cast<domain::RuleSet>(Get<int16_t>(row[1]));
  }
  return rules;
}

void LockChartPlan(Transaction& transaction) { Execute(transaction, kCountUp); }

int32_t InsertDefinition(Transaction& transaction, const domain::ChartDefinition& definition) {
  const bool of_class = definition.characteristic_class.has_value();
  const auto name = of_class ? std::optional<std::string>(NameOf(*definition.characteristic_class)) : std::nullopt;
  const pqxx::result rows =
      Execute(transaction, kInsertDefinition, name, of_class ? std::nullopt : std::optional<int32_t>(definition.material_id),
          of_class ? std::nullopt : std::optional<int16_t>(definition.operation),
          of_class ? std::nullopt : std::optional<std::string>(definition.characteristic_code), definition.rules,
          definition.by_position, definition.person, definition.reason, definition.define_time);
  return Get<int32_t>(rows[0][0]);
}

void InsertLimits(Transaction& transaction, const domain::ChartKey& key, domain::FrozenLimits& frozen) {
  const domain::ChartLimits& l = frozen.limits;
  const pqxx::result rows =
      Execute(transaction, kInsertLimits, key.station_id, key.operation, key.characteristic_code, key.position, frozen.design.kind,
              frozen.design.subgroup, l.center, l.sigma, l.lower, l.upper, l.spread_center, l.spread_lower, l.spread_upper,
              l.process_sigma, frozen.baseline_from, frozen.baseline_until, frozen.points, frozen.person, frozen.reason,
              frozen.freeze_time, ArrayOf(frozen.excluded));
  frozen.version = Get<int32_t>(rows[0][0]);
}

std::vector<domain::FrozenLimits> ListLimits(Transaction& transaction, const domain::ChartKey& key, int32_t before, int limit) {
  std::vector<domain::FrozenLimits> versions;
  for (const auto& row : Execute(transaction, kListLimits, key.station_id, key.operation, key.characteristic_code, key.position,
                                 before, limit)) {
    versions.push_back(LimitsIn(row).second);
  }
  return versions;
}

std::vector<std::pair<int32_t, domain::ChartDefinition>> ListDefinitions(Transaction& transaction, int32_t before_id, int limit) {
  std::vector<std::pair<int32_t, domain::ChartDefinition>> definitions;
  for (const auto& row : Execute(transaction, kListDefinitions, before_id, limit)) definitions.push_back(DefinitionIn(row));
  return definitions;
}

}  // namespace mes::db
