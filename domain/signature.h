// Electronic signatures: what is signed, and what must be so for one to count. It binds who, what it means, when and the act's
// very content; a signature under one act is none under another, since the request's id is part of the content.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/result.h"
#include "domain/time.h"

namespace mes::domain {

struct Signature {
  std::string person;
  std::string meaning;
  Time sign_time{};
  // 32 and 64 bytes; empty = proved by a credential.
  std::string public_key;
  std::string signature;
};

struct SignerKey {
  std::string public_key;
  std::string signer;
  std::string registered_by;
  std::string reason;
  Time register_time{};
  // Empty = in force.
  std::optional<Time> end_time;
};

// What proved a signer. Stored as numbers: they do not change.
enum class ProofKind : uint8_t { kRegisteredKey = 1, kApiKey = 2, kToken = 3 };

// A credential that was shown for one act, beside the call's own.
struct Reproof {
  ProofKind kind = ProofKind::kApiKey;
  // Whom it proves; empty = no person of this plant.
  std::string person;
  // The token's issuer.
  std::string source;
  // The API key's public part; the SHA-256 of what the token's issuer signed, in hexadecimal.
  std::string id;
  // When the person proved itself to the token's issuer; empty where the token does not say.
  std::optional<Time> prove_time;
  // A token signs once: 32 bytes that no two tokens share. Empty for API keys.
  std::string once;
};

// A signature that is bound to a record.
struct RecordSignature {
  int64_t id = 0;
  Signature signature;
  std::string method;
  std::string noun;
  std::string noun_id;
  // SHA-256 of what was signed, 32 bytes.
  std::string payload_sha256;
  Time record_time{};
  ProofKind proof = ProofKind::kRegisteredKey;
  // Of Reproof; empty for registered keys.
  std::string proof_source;
  std::string proof_id;
  std::string once;
  // The server's own word for a proof that cannot be looked at again; 32 bytes, empty for registered keys.
  std::string seal;
};

// The bytes that are signed. `payload_sha256`: 32 bytes.
std::string SignatureBytes(const Signature& signature, std::string_view method, std::string_view payload_sha256);
// The bytes that are sealed: all that is kept, but for its number.
std::string SealBytes(const RecordSignature& signature);

// Whether a signature counts under an act of `person`, given what is known of its key (null = nothing) and whether it is that
// key's. Errors: SIGNATURE_INVALID with what is wrong under `cause`: person, key, time, bytes.
Status JudgeSignature(const Signature& signature, std::string_view person, const SignerKey* key, bool is_the_keys, Time now);
// The same by a credential that was good. Errors: SIGNATURE_INVALID, `cause`: person, time, age (the token is no fresh one).
Status JudgeReproof(const Signature& signature, std::string_view person, const Reproof& shown, Time now);
// JudgeSignature for one that was recorded: the key was the person's and in force then.
bool WasGood(const Signature& signature, const SignerKey* key, bool is_the_keys, Time record_time);

// SIGNATURE_INVALID with `cause`.
Error SignatureInvalid(std::string cause, std::string message);

}  // namespace mes::domain
