#include "db/signature.h"

#include "db/row.h"

namespace mes::db {
namespace {

constexpr char kKeys[] = R"(
select k.public_key, k.signer, k.registered_by, k.reason, k.register_time, e.end_time
from signer_key k
left join signer_key_end e on e.public_key = k.public_key )";

domain::SignerKey ReadKey(const pqxx::row& row) {
  RowReader reader(row);
  domain::SignerKey key;
  key.public_key = reader.NextBytes();
  key.signer = reader.Next<std::string>();
  key.registered_by = reader.Next<std::string>();
  key.reason = reader.Next<std::string>();
  key.register_time = reader.Next<domain::Time>();
  key.end_time = reader.NextOptional<domain::Time>();
  return key;
}

}  // namespace

bool InsertSignerKey(Transaction& transaction, const domain::SignerKey& key) {
  static constexpr char kSql[] = R"(
    insert into signer_key (public_key, signer, registered_by, reason, register_time)
    values ($1, $2, $3, $4, $5)
    on conflict do nothing)";
  const pqxx::binarystring bytes(key.public_key);
  return Execute(transaction, kSql, bytes, key.signer, key.registered_by, key.reason, key.register_time).affected_rows() == 1;
}

bool EndSignerKey(Transaction& transaction, const std::string& public_key, const std::string& person, const std::string& reason,
                  domain::Time now) {
  static constexpr char kSql[] = R"(
    insert into signer_key_end (public_key, ended_by, reason, end_time)
    select public_key, $2, $3, $4
    from signer_key
    where public_key = $1
    on conflict do nothing)";
  const pqxx::binarystring bytes(public_key);
  return Execute(transaction, kSql, bytes, person, reason, now).affected_rows() == 1;
}

std::optional<domain::SignerKey> FindSignerKey(Transaction& transaction, const std::string& public_key) {
  const pqxx::binarystring bytes(public_key);
  const pqxx::result rows = Execute(transaction, (std::string(kKeys) + "where k.public_key = $1").c_str(), bytes);
  return rows.empty() ? std::nullopt : std::optional<domain::SignerKey>(ReadKey(rows[0]));
}

std::vector<domain::SignerKey> ListSignerKeys(Transaction& transaction, const std::string& after_signer,
                                              const std::string& after_key, int64_t limit) {
  const std::string sql =
      std::string(kKeys) + "where (k.signer, k.public_key) > ($1, $2) order by k.signer, k.public_key limit $3";
  const pqxx::binarystring bytes(after_key);
  std::vector<domain::SignerKey> keys;
  for (const pqxx::row& row : Execute(transaction, sql.c_str(), after_signer, bytes, limit)) keys.push_back(ReadKey(row));
  return keys;
}

void InsertSignaturePolicy(Transaction& transaction, const std::string& method, bool required, const std::string& person,
                           const std::string& reason, domain::Time now) {
  static constexpr char kSql[] = R"(
    insert into signature_policy (method, required, person, reason, create_time)
    values ($1, $2, $3, $4, $5))";
  Execute(transaction, kSql, method, required, person, reason, now);
}

bool IsSignatureRequired(Transaction& transaction, const std::string& method) {
  static constexpr Statement kRequired{"signature_required", R"(
    select required
    from signature_policy
    where method = $1
    order by signature_policy_id desc
    limit 1)"};
  const pqxx::result rows = Execute(transaction, kRequired, method);
  return !rows.empty() && Get<bool>(rows[0][0]);
}

bool InsertRecordSignature(Transaction& transaction, const domain::RecordSignature& s, const std::string& payload) {
  // A token that signs in two calls at once: the second waits for the first, and then finds it.
  static constexpr char kSql[] = R"(
    insert into record_signature (
      method, noun, noun_id, person, meaning, sign_time, public_key, signature, payload, payload_sha256, record_time,
      proof, proof_source, proof_id, once, seal)
    values (
      $1, $2, $3, $4, $5, $6, nullif($7, ''::bytea), nullif($8, ''::bytea), $9, $10, $11,
      $12, $13, $14, nullif($15, ''::bytea), nullif($16, ''::bytea))
    on conflict on constraint record_signature_once do nothing)";
  const pqxx::binarystring key(s.signature.public_key), signature(s.signature.signature), content(payload),
      hash(s.payload_sha256), once(s.once), seal(s.seal);
  return Execute(transaction, kSql, s.method, s.noun, s.noun_id, s.signature.person, s.signature.meaning, s.signature.sign_time, key,
                 signature, content, hash, s.record_time, static_cast<int16_t>(s.proof), s.proof_source, s.proof_id, once, seal)
             .affected_rows() == 1;
}

std::vector<KeptSignature> ListRecordSignatures(Transaction& transaction, const std::string& noun, const std::string& noun_id,
                                                int64_t after, int64_t limit) {
  // The content stays here: a plant's files are megabytes. Within it each value stands behind its length.
  static constexpr char kSql[] = R"(
    select
      record_signature_id, method, noun, noun_id, person, meaning, sign_time, coalesce(public_key, ''), coalesce(signature, ''),
      payload_sha256, record_time, proof, proof_source, proof_id, coalesce(once, ''), coalesce(seal, ''),
      sha256(payload) = payload_sha256
        and (noun_id = '' or position(int4send(octet_length(noun_id)) || convert_to(noun_id, 'UTF8') in payload) > 0)
    from record_signature
    where noun = $1
      and noun_id = $2
      and record_signature_id > $3
    order by record_signature_id
    limit $4)";
  std::vector<KeptSignature> signatures;
  for (const pqxx::row& row : Execute(transaction, kSql, noun, noun_id, after, limit)) {
    RowReader reader(row);
    KeptSignature& kept = signatures.emplace_back();
    domain::RecordSignature& s = kept.signature;
    s.id = reader.Next<int64_t>();
    s.method = reader.Next<std::string>();
    s.noun = reader.Next<std::string>();
    s.noun_id = reader.Next<std::string>();
    s.signature.person = reader.Next<std::string>();
    s.signature.meaning = reader.Next<std::string>();
    s.signature.sign_time = reader.Next<domain::Time>();
    s.signature.public_key = reader.NextBytes();
    s.signature.signature = reader.NextBytes();
    s.payload_sha256 = reader.NextBytes();
    s.record_time = reader.Next<domain::Time>();
    s.proof = static_cast<domain::ProofKind>(reader.Next<int16_t>());
    s.proof_source = reader.Next<std::string>();
    s.proof_id = reader.Next<std::string>();
    s.once = reader.NextBytes();
    s.seal = reader.NextBytes();
    kept.is_of_content = reader.Next<bool>();
  }
  return signatures;
}

}  // namespace mes::db
