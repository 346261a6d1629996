// Electronic signatures: what is signed, and what must be so for one to count. It binds who, what it means, when and the act's
// very content; a signature under one act is none under another, since the request's id is part of the content.
#pragma once

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
  // 32 and 64 bytes.
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

// The bytes that are signed. `payload_sha256`: 32 bytes.
std::string SignatureBytes(const Signature& signature, std::string_view method, std::string_view payload_sha256);

// Whether a signature counts under an act of `person`, given what is known of its key (null = nothing) and whether it is that
// key's. Errors: SIGNATURE_INVALID with what is wrong under `cause`: person, key, time, bytes.
Status JudgeSignature(const Signature& signature, std::string_view person, const SignerKey* key, bool is_the_keys, Time now);
// The same for one that was recorded: the key was the person's and in force then.
bool WasGood(const Signature& signature, const SignerKey* key, bool is_the_keys, Time record_time);

}  // namespace mes::domain
