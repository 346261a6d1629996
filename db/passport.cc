#include "db/passport.h"

#include "db/array.h"
#include "db/row.h"

namespace mes::db {
namespace {

constexpr const char* kStoreCompositions = R"sql(
with given as (
  select material.material_id, asked.substances::jsonb as substances
  from unnest($1::text[], $2::text[]) as asked (code, substances)
  join material on material.code = asked.code
),
newest as (
  select distinct on (material_id) material_id, version, substances
  from material_composition
  order by material_id, version desc
)
insert into material_composition (material_id, version, from_time, substances)
select given.material_id, coalesce(newest.version, 0) + 1, $3::timestamptz, given.substances
from given
left join newest on newest.material_id = given.material_id
where newest.substances is distinct from given.substances)sql";

// A part made before the first version was loaded has the first.
constexpr const char* kCountParts = R"sql(
with asked as (
  select unit.unit_id, unit.material_id, coalesce(unit.revision_id, 0) as revision_id, unit.create_time
  from unnest($1::bigint[]) as given (unit_id)
  join unit on unit.unit_id = given.unit_id
  left join lot on lot.unit_id = unit.unit_id
  where lot.unit_id is null
),
parts as (
  select asked.material_id, asked.revision_id,
    coalesce(
      (select max(c.version) from material_composition c where c.material_id = asked.material_id and c.from_time <= asked.create_time),
      (select min(c.version) from material_composition c where c.material_id = asked.material_id), 0) as version,
    asked.revision_id = 0 and with_parts.unit_id is null as opaque
  from asked
  left join unnest($2::bigint[]) as with_parts (unit_id) on with_parts.unit_id = asked.unit_id
)
select material_id, revision_id, version, opaque, count(*)
from parts
group by material_id, revision_id, version, opaque
order by material_id, revision_id, version, opaque)sql";

constexpr const char* kLoadCompositions = R"sql(
select c.material_id, c.version, substance.key, substance.value::bigint
from (select distinct material_id, version from unnest($1::integer[], $2::integer[]) as given (material_id, version)) as asked
join material_composition c on c.material_id = asked.material_id and c.version = asked.version
cross join jsonb_each_text(c.substances) as substance)sql";

constexpr const char* kLotsInside = R"sql(
select unit.unit_id, unit.material_id, lot.quantity_micro
from unnest($1::bigint[]) as asked (unit_id)
join lot on lot.unit_id = asked.unit_id
join unit on unit.unit_id = asked.unit_id)sql";

constexpr const char* kInsertFact = R"sql(
insert into passport_fact (scope, material_id, unit_id, attribute, subject, value, basis, observe_time, method, evidence, person,
  record_time)
values ($1, nullif($2::integer, 0), nullif($3::bigint, 0), $4, $5, $6, $7, $8::timestamptz, $9, $10, $11, $12::timestamptz)
returning fact_id)sql";

#define MES_FACT_COLUMNS                                                                                                    \
  "fact_id, scope, coalesce(material_id, 0), coalesce(unit_id, 0), attribute, subject, value, basis, observe_time, method, " \
  "evidence, person, record_time"

constexpr const char* kLoadFacts = "select distinct on (scope, attribute, subject) " MES_FACT_COLUMNS R"sql(
from passport_fact
where unit_id = $1
  or material_id = $2
  or scope = 1
order by scope, attribute, subject, fact_id desc
limit $3)sql";

constexpr const char* kLoadFactsOf = "select distinct on (unit_id, attribute, subject) " MES_FACT_COLUMNS R"sql(
from passport_fact
where unit_id = any($1::bigint[])
  and starts_with(attribute, $2)
order by unit_id, attribute, subject, fact_id desc)sql";

constexpr const char* kLoadProductFacts = R"sql(
select distinct on (material_id) material_id, value
from passport_fact
where material_id = any($1::integer[])
  and attribute = $2
  and subject = ''
order by material_id, fact_id desc)sql";

constexpr const char* kListFacts = "select " MES_FACT_COLUMNS R"sql(
from passport_fact
where fact_id > $4
  and attribute = any($3::text[])
  and case
    when $2::bigint <> 0 then unit_id = $2
    when $1::integer <> 0 then material_id = $1
    else scope = 1
  end
order by fact_id
limit $5)sql";

constexpr const char* kLoadNamespace = "select namespace from passport_namespace";

constexpr const char* kInsertVersion = R"sql(
insert into passport_version (unit_id, version, passport_identifier, content, content_hash, previous_hash, version_hash, unit_code,
  product_code, revision, batch, issue_time, person)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::timestamptz, $13))sql";

constexpr const char* kLoadVersion = R"sql(
select version, passport_identifier, content_hash, previous_hash, version_hash, unit_code, product_code, revision, batch, issue_time,
  person, content
from passport_version
where unit_id = $1
  and ($2 = 0 or version = $2)
order by version desc
limit 1)sql";

constexpr const char* kListVersions = R"sql(
select version, passport_identifier, content_hash, previous_hash, version_hash, unit_code, product_code, revision, batch, issue_time,
  person
from passport_version
where unit_id = $1
  and version > $2
order by version
limit $3)sql";

Fact FactIn(const pqxx::row& row) {
  RowReader reader(row);
  Fact fact;
  fact.id = reader.Next<int64_t>();
  fact.scope = reader.Next<domain::FactScope>();
  fact.material_id = reader.Next<int32_t>();
  fact.unit_id = reader.Next<int64_t>();
  fact.attribute = reader.Next<std::string>();
  fact.subject = reader.Next<std::string>();
  fact.value = reader.Next<std::string>();
  fact.basis = reader.Next<domain::FactBasis>();
  fact.observe_time = reader.Next<domain::Time>();
  fact.method = reader.Next<std::string>();
  fact.evidence = reader.Next<std::string>();
  fact.person = reader.Next<std::string>();
  fact.record_time = reader.Next<domain::Time>();
  return fact;
}

std::vector<Fact> FactsIn(const pqxx::result& rows) {
  std::vector<Fact> facts;
  facts.reserve(rows.size());
  for (const pqxx::row& row : rows) facts.push_back(FactIn(row));
  return facts;
}

domain::PassportVersion VersionIn(RowReader& reader) {
  domain::PassportVersion version;
  version.version = reader.Next<int32_t>();
  version.passport_identifier = reader.Next<std::string>();
  version.content_hash = reader.Next<std::string>();
  version.previous_hash = reader.Next<std::string>();
  version.version_hash = reader.Next<std::string>();
  version.unit_code = reader.Next<std::string>();
  version.product_code = reader.Next<std::string>();
  version.revision = reader.Next<int32_t>();
  version.batch = reader.Next<std::string>();
  version.issue_time = reader.Next<domain::Time>();
  version.person = reader.Next<std::string>();
  return version;
}

// `{"LFP": 1594000}`: names are those of domain/substance, which need no escaping.
std::string SubstancesText(const std::map<std::string, int64_t>& mass_mg) {
  std::string text = "{";
  for (const auto& [substance, mass] : mass_mg) {
    text += (text.size() > 1 ? ",\"" : "\"") + substance + "\":" + std::to_string(mass);
  }
  return text + "}";
}

}  // namespace

void StoreCompositions(Transaction& transaction, const std::vector<domain::Composition>& compositions, domain::Time now) {
  if (compositions.empty()) return;
  const std::string codes = ArrayOf(compositions, [](const domain::Composition& each) { return each.product_code; });
  const std::string substances = ArrayOf(compositions, [](const domain::Composition& each) { return SubstancesText(each.mass_mg); });
  Execute(transaction, kStoreCompositions, codes, substances, now);
}

std::vector<domain::BuiltParts> CountParts(Transaction& transaction, const std::vector<int64_t>& unit_ids,
                                           const std::vector<int64_t>& with_parts) {
  std::vector<domain::BuiltParts> parts;
  for (const pqxx::row& row : Execute(transaction, kCountParts, ArrayOf(unit_ids), ArrayOf(with_parts))) {
    RowReader reader(row);
    domain::BuiltParts& part = parts.emplace_back();
    part.material_id = reader.Next<int32_t>();
    part.revision_id = reader.Next<int32_t>();
    part.composition_version = reader.Next<int32_t>();
    part.opaque = reader.Next<bool>();
    part.count = reader.Next<int64_t>();
  }
  return parts;
}

std::map<domain::CompositionKey, std::map<std::string, int64_t>> LoadCompositions(Transaction& transaction,
                                                                                  const std::vector<domain::BuiltParts>& parts) {
  std::map<domain::CompositionKey, std::map<std::string, int64_t>> compositions;
  const std::string materials = ArrayOf(parts, [](const domain::BuiltParts& part) { return part.material_id; });
  const std::string versions = ArrayOf(parts, [](const domain::BuiltParts& part) { return part.composition_version; });
  for (const pqxx::row& row : Execute(transaction, kLoadCompositions, materials, versions)) {
    RowReader reader(row);
    const auto material = reader.Next<int32_t>();
    const auto version = reader.Next<int32_t>();
    auto& substances = compositions[{material, version}];
    const auto substance = reader.Next<std::string>();
    substances[substance] = reader.Next<int64_t>();
  }
  return compositions;
}

std::vector<LotInside> LoadLotsInside(Transaction& transaction, const std::vector<int64_t>& unit_ids) {
  std::vector<LotInside> lots;
  for (const pqxx::row& row : Execute(transaction, kLotsInside, ArrayOf(unit_ids))) {
    RowReader reader(row);
    LotInside& lot = lots.emplace_back();
    lot.unit_id = reader.Next<int64_t>();
    lot.material_id = reader.Next<int32_t>();
    lot.quantity = static_cast<double>(reader.Next<int64_t>()) / domain::kMicro;
  }
  return lots;
}

int64_t InsertFact(Transaction& transaction, const Fact& fact) {
  const pqxx::result rows =
      Execute(transaction, kInsertFact, fact.scope, fact.material_id, fact.unit_id, fact.attribute, fact.subject, fact.value, fact.basis,
              fact.observe_time, fact.method, fact.evidence, fact.person, fact.record_time);
  return Get<int64_t>(rows[0][0]);
}

std::vector<Fact> LoadFacts(Transaction& transaction, int64_t unit_id, int32_t material_id, int limit) {
  return FactsIn(Execute(transaction, kLoadFacts, unit_id, material_id, limit));
}

std::vector<Fact> LoadFactsOf(Transaction& transaction, const std::vector<int64_t>& unit_ids, const std::string& prefix) {
  return FactsIn(Execute(transaction, kLoadFactsOf, ArrayOf(unit_ids), prefix));
}

std::unordered_map<int32_t, std::string> LoadProductFacts(Transaction& transaction, const std::vector<int32_t>& material_ids,
                                                          const std::string& attribute) {
  std::unordered_map<int32_t, std::string> values;
  for (const pqxx::row& row : Execute(transaction, kLoadProductFacts, ArrayOf(material_ids), attribute)) {
    values[Get<int32_t>(row[0])] = Get<std::string>(row[1]);
  }
  return values;
}

std::vector<Fact> ListFacts(Transaction& transaction, int32_t material_id, int64_t unit_id, const std::vector<std::string>& attributes,
                            int64_t after_id, int limit) {
  return FactsIn(Execute(transaction, kListFacts, material_id, unit_id, ArrayOf(attributes), after_id, limit));
}

std::string LoadNamespace(Transaction& transaction) { return Get<std::string>(Execute(transaction, kLoadNamespace)[0][0]); }

void InsertVersion(Transaction& transaction, int64_t unit_id, const StoredVersion& stored) {
  const domain::PassportVersion& version = stored.version;
  Execute(transaction, kInsertVersion, unit_id, version.version, version.passport_identifier, pqxx::binarystring(stored.content),
          version.content_hash, version.previous_hash, version.version_hash, version.unit_code, version.product_code, version.revision,
          version.batch, version.issue_time, version.person);
}

std::optional<StoredVersion> LoadVersion(Transaction& transaction, int64_t unit_id, int32_t version) {
  const pqxx::result rows = Execute(transaction, kLoadVersion, unit_id, version);
  if (rows.empty()) return std::nullopt;
  RowReader reader(rows[0]);
  StoredVersion stored;
  stored.version = VersionIn(reader);
  stored.content = reader.NextBytes();
  return stored;
}

std::vector<domain::PassportVersion> ListVersions(Transaction& transaction, int64_t unit_id, int32_t after_version, int limit) {
  std::vector<domain::PassportVersion> versions;
  for (const pqxx::row& row : Execute(transaction, kListVersions, unit_id, after_version, limit)) {
    RowReader reader(row);
    versions.push_back(VersionIn(reader));
  }
  return versions;
}

}  // namespace mes::db
