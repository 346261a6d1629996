#include "db/access.h"

#include "db/array.h"
#include "db/row.h"

namespace mes::db {
namespace {

constexpr const char* kLoadVersion = "select version from access_state";
constexpr const char* kMoveVersion = "update access_state set version = version + 1";
constexpr const char* kCountIdentities = "select count(*) from access_identity";
constexpr const char* kCountKeys = "select count(*) from access_key";

#define MES_IDENTITY_COLUMNS                                                                                      \
  "select name, kind, roles, partner_code, fingerprints, person, register_time, revoke_time, revoke_reason, "     \
  "revoke_person from access_identity "
#define MES_KEY_COLUMNS                                                                                           \
  "select key_id, holder, kind, roles, partner_code, digest, person, create_time, expire_time, last_use_time, "   \
  "revoke_time, revoke_reason, revoke_person from access_key "

constexpr const char* kLoadIdentities = MES_IDENTITY_COLUMNS;
constexpr const char* kFindIdentity = MES_IDENTITY_COLUMNS "where name = $1";
constexpr const char* kListIdentities = MES_IDENTITY_COLUMNS R"sql(
where name > $1
order by name
limit $2)sql";

constexpr const char* kPutIdentity = R"sql(
insert into access_identity (name, kind, roles, partner_code, fingerprints, person, register_time, register_reason)
values ($1, $2, $3, $4, $5::text[], $6, $7::timestamptz, $8)
on conflict (name) do update
set
  roles = excluded.roles,
  partner_code = excluded.partner_code,
  fingerprints = excluded.fingerprints,
  person = excluded.person,
  register_time = excluded.register_time,
  register_reason = excluded.register_reason,
  revoke_time = null,
  revoke_reason = '',
  revoke_person = '')sql";

constexpr const char* kRevokeIdentity = R"sql(
update access_identity
set revoke_time = $2::timestamptz, revoke_reason = $3, revoke_person = $4
where name = $1)sql";

constexpr const char* kLoadKeys = MES_KEY_COLUMNS;
constexpr const char* kFindKey = MES_KEY_COLUMNS "where key_id = $1";
constexpr const char* kListKeys = MES_KEY_COLUMNS R"sql(
where key_id > $1
order by key_id
limit $2)sql";

constexpr const char* kInsertKey = R"sql(
insert into access_key (key_id, holder, kind, roles, partner_code, digest, person, create_time, expire_time)
values ($1, $2, $3, $4, $5, $6, $7, $8::timestamptz, $9::timestamptz))sql";

constexpr const char* kRevokeKey = R"sql(
update access_key
set revoke_time = $2::timestamptz, revoke_reason = $3, revoke_person = $4
where key_id = $1)sql";

constexpr const char* kUpdateUses = R"sql(
update access_key
set last_use_time = used.use_time
from unnest($1::text[], $2::timestamptz[]) as used (key_id, use_time)
where access_key.key_id = used.key_id
  and (access_key.last_use_time is null or access_key.last_use_time < used.use_time))sql";

domain::Identity IdentityIn(const pqxx::row& row) {
  RowReader reader(row);
  domain::Identity identity;
  identity.name = reader.Next<std::string>();
  identity.kind = reader.Next<domain::CallerKind>();
  identity.roles = reader.Next<uint16_t>();
  identity.partner = reader.Next<std::string>();
  identity.fingerprints = TextsIn(reader.NextText());
  identity.person = reader.Next<std::string>();
  identity.register_time = reader.Next<domain::Time>();
  identity.revoke_time = reader.NextOptional<domain::Time>();
  identity.revoke_reason = reader.Next<std::string>();
  identity.revoke_person = reader.Next<std::string>();
  return identity;
}

domain::ApiKey KeyIn(const pqxx::row& row) {
  RowReader reader(row);
  domain::ApiKey key;
  key.id = reader.Next<std::string>();
  key.holder = reader.Next<std::string>();
  key.kind = reader.Next<domain::CallerKind>();
  key.roles = reader.Next<uint16_t>();
  key.partner = reader.Next<std::string>();
  key.digest = reader.NextBytes();
  key.person = reader.Next<std::string>();
  key.create_time = reader.Next<domain::Time>();
  key.expire_time = reader.Next<domain::Time>();
  key.last_use_time = reader.NextOptional<domain::Time>();
  key.revoke_time = reader.NextOptional<domain::Time>();
  key.revoke_reason = reader.Next<std::string>();
  key.revoke_person = reader.Next<std::string>();
  return key;
}

std::vector<domain::Identity> IdentitiesIn(const pqxx::result& rows) {
  std::vector<domain::Identity> identities;
  identities.reserve(rows.size());
  for (const pqxx::row& row : rows) identities.push_back(IdentityIn(row));
  return identities;
}

std::vector<domain::ApiKey> KeysIn(const pqxx::result& rows) {
  std::vector<domain::ApiKey> keys;
  keys.reserve(rows.size());
  for (const pqxx::row& row : rows) keys.push_back(KeyIn(row));
  return keys;
}

}  // namespace

int64_t LoadAccessVersion(Transaction& transaction) { return Get<int64_t>(Execute(transaction, kLoadVersion)[0][0]); }

std::vector<domain::Identity> LoadIdentities(Transaction& transaction) { return IdentitiesIn(Execute(transaction, kLoadIdentities)); }

std::vector<domain::ApiKey> LoadKeys(Transaction& transaction) { return KeysIn(Execute(transaction, kLoadKeys)); }

void BeginAccessChange(Transaction& transaction) { Execute(transaction, kMoveVersion); }

int64_t CountIdentities(Transaction& transaction) { return Get<int64_t>(Execute(transaction, kCountIdentities)[0][0]); }

int64_t CountKeys(Transaction& transaction) { return Get<int64_t>(Execute(transaction, kCountKeys)[0][0]); }

std::optional<domain::Identity> FindIdentity(Transaction& transaction, const std::string& name) {
  const pqxx::result rows = Execute(transaction, kFindIdentity, name);
  return rows.empty() ? std::nullopt : std::optional<domain::Identity>(IdentityIn(rows[0]));
}

void PutIdentity(Transaction& transaction, const domain::Identity& identity) {
  Execute(transaction, kPutIdentity, identity.name, identity.kind, identity.roles, identity.partner, ArrayOf(identity.fingerprints),
          identity.person, identity.register_time, identity.reason);
}

void RevokeIdentity(Transaction& transaction, const domain::Identity& identity) {
  Execute(transaction, kRevokeIdentity, identity.name, identity.revoke_time, identity.revoke_reason, identity.revoke_person);
}

std::vector<domain::Identity> ListIdentities(Transaction& transaction, const std::string& after_name, int limit) {
  return IdentitiesIn(Execute(transaction, kListIdentities, after_name, limit));
}

std::vector<domain::IdentityChange> ListIdentityChanges(Transaction& transaction, const std::string& name, int64_t after, int limit) {
  static constexpr char kSql[] = R"(
    select access_history_id, act, roles, partner_code, fingerprints, person, reason, act_time
    from access_history
    where name = $1
      and access_history_id > $2
    order by access_history_id
    limit $3)";
  std::vector<domain::IdentityChange> changes;
  for (const pqxx::row& row : Execute(transaction, kSql, name, after, limit)) {
    RowReader reader(row);
    domain::IdentityChange& change = changes.emplace_back();
    change.id = reader.Next<int64_t>();
    change.act = reader.Next<domain::IdentityAct>();
    change.roles = reader.Next<uint16_t>();
    change.partner = reader.Next<std::string>();
    change.fingerprints = TextsIn(reader.NextText());
    change.person = reader.Next<std::string>();
    change.reason = reader.Next<std::string>();
    change.act_time = reader.Next<domain::Time>();
  }
  return changes;
}

std::optional<domain::ApiKey> FindKey(Transaction& transaction, const std::string& id) {
  const pqxx::result rows = Execute(transaction, kFindKey, id);
  return rows.empty() ? std::nullopt : std::optional<domain::ApiKey>(KeyIn(rows[0]));
}

void InsertKey(Transaction& transaction, const domain::ApiKey& key) {
  Execute(transaction, kInsertKey, key.id, key.holder, key.kind, key.roles, key.partner, pqxx::binarystring(key.digest), key.person,
          key.create_time, key.expire_time);
}

void RevokeKey(Transaction& transaction, const domain::ApiKey& key) {
  Execute(transaction, kRevokeKey, key.id, key.revoke_time, key.revoke_reason, key.revoke_person);
}

std::vector<domain::ApiKey> ListKeys(Transaction& transaction, const std::string& after_id, int limit) {
  return KeysIn(Execute(transaction, kListKeys, after_id, limit));
}

void UpdateKeyUses(Transaction& transaction, const std::map<std::string, domain::Time>& uses) {
  if (uses.empty()) return;
  Execute(transaction, kUpdateUses, ArrayOf(uses, [](const auto& use) { return use.first; }),
          ArrayOf(uses, [](const auto& use) { return use.second; }));
}

}  // namespace mes::db
