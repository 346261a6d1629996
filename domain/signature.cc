#include "domain/signature.h"

#include "domain/audit.h"
#include "domain/limits.h"
#include "domain/limits_access.h"

namespace mes::domain {
namespace {

bool IsApart(Time a, Time b, int64_t most_s) { return (a > b ? a - b : b - a) > std::chrono::seconds(most_s); }

// What holds for every proof: the request's own person, now.
Status JudgeWords(const Signature& signature, std::string_view person, Time now) {
  if (signature.person != person)
    return Fail(SignatureInvalid("person", "the signature is another person's than the request's"));
  if (IsApart(signature.sign_time, now, kMaxAheadSeconds))
    return Fail(SignatureInvalid("time", "it was signed more than 5 minutes from now: sign again"));
  return {};
}

}  // namespace

Error SignatureInvalid(std::string cause, std::string message) {
  Error error = FieldError(Reason::kSignatureInvalid, "signature", std::move(message));
  error.metadata["cause"] = std::move(cause);
  return error;
}

std::string SignatureBytes(const Signature& signature, std::string_view method, std::string_view payload_sha256) {
  std::string bytes;
  AppendField(bytes, "ordos-signature/1");
  AppendField(bytes, method);
  AppendField(bytes, signature.person);
  AppendField(bytes, signature.meaning);
  AppendField(bytes, ToMicros(signature.sign_time));
  AppendField(bytes, HexText(payload_sha256));
  return bytes;
}

std::string SealBytes(const RecordSignature& s) {
  std::string bytes;
  AppendField(bytes, "ordos-signature-seal/1");
  AppendField(bytes, SignatureBytes(s.signature, s.method, s.payload_sha256));
  AppendField(bytes, s.noun);
  AppendField(bytes, s.noun_id);
  AppendField(bytes, ToMicros(s.record_time));
  AppendField(bytes, static_cast<int64_t>(s.proof));
  AppendField(bytes, s.proof_source);
  AppendField(bytes, s.proof_id);
  AppendField(bytes, HexText(s.once));
  return bytes;
}

Status JudgeSignature(const Signature& signature, std::string_view person, const SignerKey* key, bool is_the_keys, Time now) {
  if (Status words = JudgeWords(signature, person, now); !words) return words;
  if (key == nullptr || key->signer != signature.person)
    return Fail(SignatureInvalid("key", "the key is not registered for this person"));
  if (key->end_time && *key->end_time <= now) return Fail(SignatureInvalid("key", "the key has ended"));
  if (!is_the_keys)
    return Fail(SignatureInvalid("bytes", "the signature is not this key's under this very request"));
  return {};
}

Status JudgeReproof(const Signature& signature, std::string_view person, const Reproof& shown, Time now) {
  if (Status words = JudgeWords(signature, person, now); !words) return words;
  if (shown.person != signature.person)
    return Fail(SignatureInvalid("person", "what was shown to sign with proves another person than the request's"));
  if (shown.kind != ProofKind::kToken) return {};
  if (!shown.prove_time || IsApart(*shown.prove_time, now, kMaxReproofSeconds)) {
    return Fail(SignatureInvalid("age", "the person did not prove itself to the token's issuer within the last 5 minutes: sign in anew"));
  }
  return {};
}

bool WasGood(const Signature& signature, const SignerKey* key, bool is_the_keys, Time record_time) {
  return JudgeSignature(signature, signature.person, key, is_the_keys, record_time).has_value() &&
         key->register_time <= record_time;
}

}  // namespace mes::domain
