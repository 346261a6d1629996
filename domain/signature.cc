#include "domain/signature.h"

#include "domain/audit.h"
#include "domain/limits.h"

namespace mes::domain {
namespace {

Error Invalid(std::string cause, std::string message) {
  Error error = FieldError(Reason::kSignatureInvalid, "signature", std::move(message));
  error.metadata["cause"] = std::move(cause);
  return error;
}

}  // namespace

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

Status JudgeSignature(const Signature& signature, std::string_view person, const SignerKey* key, bool is_the_keys, Time now) {
  if (signature.person != person) return Fail(Invalid("person", "the signature is another person's than the request's"));
  if (key == nullptr || key->signer != signature.person) return Fail(Invalid("key", "the key is not registered for this person"));
  if (key->end_time && *key->end_time <= now) return Fail(Invalid("key", "the key has ended"));
  const auto apart = signature.sign_time > now ? signature.sign_time - now : now - signature.sign_time;
  if (apart > std::chrono::seconds(kMaxAheadSeconds))
    return Fail(Invalid("time", "it was signed more than 5 minutes from now: sign again"));
  if (!is_the_keys) return Fail(Invalid("bytes", "the signature is not this key's under this very request"));
  return {};
}

bool WasGood(const Signature& signature, const SignerKey* key, bool is_the_keys, Time record_time) {
  return JudgeSignature(signature, signature.person, key, is_the_keys, record_time).has_value() &&
         key->register_time <= record_time;
}

}  // namespace mes::domain
