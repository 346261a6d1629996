#include "services/signature.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <map>
#include <mutex>
#include <stdexcept>

#include "db/audit.h"
#include "db/audit_key.h"
#include "db/signature.h"
#include "domain/audit.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "domain/limits_audit.h"
#include "mes/v1/signature.grpc.pb.h"
#include "services/audit_trail.h"
#include "services/convert.h"
#include "services/permission.h"
#include "services/site_key.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using services::ToProto;

constexpr char kField[] = "signature";

// Acts whose record their first code or number does not name, and those that are grave in one form only. Fields are paths of names.
struct Act {
  std::string_view method;
  // Empty = as services/audit_trail tells it.
  std::string_view noun;
  // The first that is not empty is the record's.
  std::array<std::string_view, 2> ids;
  // A policy asks for a signature where this field is so; empty = always.
  std::string_view grave;
  bool grave_where = true;
};
constexpr auto kActs = std::to_array<Act>({
    {"TransitionWorkOrder", "", {}, "override_capacity"},
    {"ReplacePart", "", {}, "order.forced"},
    {"LoadPlant", "plant", {}, "validate_only", false},
    {"RetireProcessRule", "rule", {"code"}, ""},
    // Not by the number in it, which the server gives.
    {"PutFailureCode", "failure_code", {"failure_code.code"}, ""},
    {"FreezeLimits", "chart", {"key.characteristic_code"}, ""},
    {"DefineChart", "chart", {"definition.characteristic_class", "definition.characteristic_code"}, ""},
});
const Act* FindAct(std::string_view method) {
  for (const Act& act : kActs) {
    if (act.method == method) return &act;
  }
  return nullptr;
}

std::mutex seal_mutex;
std::vector<SealKey> seal_keys;

// Under the key in force; empty without one.
std::string SealOf(const domain::RecordSignature& signature) {
  const std::lock_guard lock(seal_mutex);
  return seal_keys.empty() ? std::string() : HmacSha256(seal_keys.front().key, domain::SealBytes(signature));
}

bool IsSealed(const domain::RecordSignature& signature) {
  const std::string bytes = domain::SealBytes(signature);
  const std::lock_guard lock(seal_mutex);
  for (size_t i = 0; i < seal_keys.size(); ++i) {
    const std::optional<domain::Time> replaced = i == 0 ? std::nullopt : db::AuditKeyReplacedAt(seal_keys[i].id);
    if (replaced && signature.record_time > *replaced) continue;
    if (SameBytes(HmacSha256(seal_keys[i].key, bytes), signature.seal)) return true;
  }
  return false;
}

// 64 bits of a number's form, most significant first.
std::string DoubleText(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(bits >> shift & 0xff);
  return domain::HexText(bytes);
}

// One value of a field as text; `index` < 0 = it is not repeated.
std::string ValueOf(const Message& message, const FieldDescriptor* field, int index) {
  const google::protobuf::Reflection& r = *message.GetReflection();
  const bool one = index < 0;
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return std::to_string(one ? r.GetInt32(message, field) : r.GetRepeatedInt32(message, field, index));
    case FieldDescriptor::CPPTYPE_INT64:
      return std::to_string(one ? r.GetInt64(message, field) : r.GetRepeatedInt64(message, field, index));
    case FieldDescriptor::CPPTYPE_UINT32:
      return std::to_string(one ? r.GetUInt32(message, field) : r.GetRepeatedUInt32(message, field, index));
    case FieldDescriptor::CPPTYPE_UINT64:
      return std::to_string(one ? r.GetUInt64(message, field) : r.GetRepeatedUInt64(message, field, index));
    case FieldDescriptor::CPPTYPE_ENUM:
      return std::to_string(one ? r.GetEnumValue(message, field) : r.GetRepeatedEnumValue(message, field, index));
    case FieldDescriptor::CPPTYPE_BOOL:
      return (one ? r.GetBool(message, field) : r.GetRepeatedBool(message, field, index)) ? "1" : "0";
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string text = one ? r.GetString(message, field) : r.GetRepeatedString(message, field, index);
      return field->type() == FieldDescriptor::TYPE_BYTES ? domain::HexText(text) : text;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return PayloadOf(one ? r.GetMessage(message, field) : r.GetRepeatedMessage(message, field, index));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return DoubleText(one ? r.GetDouble(message, field) : r.GetRepeatedDouble(message, field, index));
    default:
      throw std::logic_error("a request that may be signed has a field of a type without a canonical text");
  }
}

domain::Result<domain::Signature> FromProto(const v1::Signature& signature) {
  domain::Signature parsed;
  if (Status checked = domain::CheckText(signature.person(), domain::kMaxPersonLength, true, "signature.person"); !checked) {
    return Fail(checked.error());
  }
  if (Status checked = domain::CheckText(signature.meaning(), domain::kMaxNameLength, true, "signature.meaning"); !checked) {
    return Fail(checked.error());
  }
  if (!signature.has_sign_time())
    return Fail(FieldError(Reason::kFieldRequired, "signature.sign_time", "signature.sign_time is missing"));
  const domain::Result<domain::Time> time = TimeFromProto(signature.sign_time(), "signature.sign_time");
  if (!time) return Fail(time.error());
  parsed.person = signature.person(), parsed.meaning = signature.meaning(), parsed.sign_time = *time;
  // By a credential.
  if (signature.public_key().empty() && signature.signature().empty()) return parsed;
  parsed.public_key = BytesOfHex(signature.public_key());
  parsed.signature = BytesOfHex(signature.signature());
  if (parsed.public_key.size() != 32) {
    return Fail(FieldError(Reason::kFieldInvalid, "signature.public_key",
                           "signature.public_key is not 64 lower-case hexadecimal digits"));
  }
  if (parsed.signature.size() != 64) {
    return Fail(
        FieldError(Reason::kFieldInvalid, "signature.signature", "signature.signature is not 128 lower-case hexadecimal digits"));
  }
  return parsed;
}

bool IsTheKeys(const domain::Signature& signature, const std::string& method, const std::string& payload_sha256) {
  return IsSignedBy(signature.public_key, domain::SignatureBytes(signature, method, payload_sha256), signature.signature);
}

// Whether the signer proved to be the person: by the person's registered key.
Status CheckKey(Call& call, const domain::RecordSignature& s, const std::string& person) {
  const std::optional<domain::SignerKey> key = db::FindSignerKey(call.transaction, s.signature.public_key);
  return domain::JudgeSignature(s.signature, person, key ? &*key : nullptr, IsTheKeys(s.signature, s.method, s.payload_sha256),
                                call.now);
}

// The token without its signature, which some algorithms let anybody write in another way.
std::string_view SignedPart(std::string_view token) { return token.substr(0, token.rfind('.')); }

bool IsSame(const Credentials& a, const Credentials& b) {
  if (!a.key.empty() && a.key == b.key) return true;
  return !a.token.empty() && !b.token.empty() && SignedPart(a.token) == SignedPart(b.token);
}

// The same by a credential that came beside the call's own; notes how in `s`.
Status CheckCredential(Call& call, Gatekeeper& gatekeeper, const Admission& admission, const Permission* permission,
                       domain::RecordSignature& s, const std::string& person) {
  const auto refuse = [](const char* cause, const std::string& message) { return Fail(domain::SignatureInvalid(cause, message)); };
  if (admission.signing.empty()) return refuse("credential", "it has neither a key's signature nor a credential that was shown for it");
  if (IsSame(admission.signing, admission.credentials)) {
    return refuse("credential", "the call's own credential signs nothing: show one for this act");
  }
  const domain::Result<ShownAnew> shown = gatekeeper.Reprove(admission.signing);
  if (!shown && domain::KindOf(shown.error().reason) == domain::ErrorKind::kUnavailable) return Fail(shown.error());
  if (!shown) {
    const bool expired = shown.error().reason == Reason::kCredentialExpired;
    return refuse(expired ? "expired" : "credential", "what was shown to sign with is refused: " + shown.error().message);
  }
  if (Status judged = domain::JudgeReproof(s.signature, person, shown->reproof, call.now); !judged) return judged;
  if (Status allowed = CheckPermission(permission, shown->caller); !allowed) return allowed;
  s.proof = shown->reproof.kind;
  s.proof_source = shown->reproof.source;
  s.proof_id = shown->reproof.id;
  s.once = shown->reproof.once;
  s.seal = SealOf(s);
  if (s.seal.empty()) return refuse("seal", "this server has no site key to seal it with: sign with a registered key");
  return {};
}

// The field that a path of names leads to, within the message that has it; null where a message on the way is not set.
std::pair<const Message*, const FieldDescriptor*> FieldAt(const Message& request, std::string_view path) {
  const Message* message = &request;
  for (;;) {
    const size_t dot = path.find('.');
    const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(std::string(path.substr(0, dot)));
    if (field == nullptr) throw std::logic_error("an act's table names a field that its request does not have");
    if (dot == std::string_view::npos) return {message, field};
    if (!message->GetReflection()->HasField(*message, field)) return {nullptr, nullptr};
    message = &message->GetReflection()->GetMessage(*message, field);
    path.remove_prefix(dot + 1);
  }
}

// Whether the act has the form in which a policy asks for a signature.
bool IsGrave(const std::string& method, const Message& request) {
  const Act* act = FindAct(method);
  if (act == nullptr || act->grave.empty()) return true;
  const auto [message, field] = FieldAt(request, act->grave);
  return (message != nullptr && message->GetReflection()->GetBool(*message, field)) == act->grave_where;
}

// The record that the act is about.
Subject RecordOf(const std::string& method, const Message& request) {
  const Act* act = FindAct(method);
  if (act == nullptr || act->noun.empty()) return SubjectOf(request);
  Subject subject{std::string(act->noun), ""};
  for (const std::string_view path : act->ids) {
    if (path.empty() || !subject.id.empty()) continue;
    const auto [message, field] = FieldAt(request, path);
    if (message != nullptr) subject.id = message->GetReflection()->GetString(*message, field);
  }
  return subject;
}

// What is kept is what was signed, by who was said, about this record.
bool IsValid(Call& call, const db::KeptSignature& kept) {
  const domain::RecordSignature& s = kept.signature;
  if (!kept.is_of_content) return false;
  if (s.proof != domain::ProofKind::kRegisteredKey) return IsSealed(s);
  const std::optional<domain::SignerKey> key = db::FindSignerKey(call.transaction, s.signature.public_key);
  return domain::WasGood(s.signature, key ? &*key : nullptr, IsTheKeys(s.signature, s.method, s.payload_sha256), s.record_time);
}

v1::SignatureProof ToProto(domain::ProofKind proof) {
  switch (proof) {
    case domain::ProofKind::kApiKey:
      return v1::SIGNATURE_PROOF_API_KEY;
    case domain::ProofKind::kToken:
      return v1::SIGNATURE_PROOF_TOKEN;
    default:
      return v1::SIGNATURE_PROOF_KEY;
  }
}

v1::RecordSignature ToProto(const domain::RecordSignature& s) {
  v1::RecordSignature message;
  message.mutable_signature()->set_person(s.signature.person);
  message.mutable_signature()->set_meaning(s.signature.meaning);
  *message.mutable_signature()->mutable_sign_time() = ToProto(s.signature.sign_time);
  message.mutable_signature()->set_public_key(domain::HexText(s.signature.public_key));
  message.mutable_signature()->set_signature(domain::HexText(s.signature.signature));
  message.set_method(s.method);
  message.set_payload_sha256(domain::HexText(s.payload_sha256));
  *message.mutable_record_time() = ToProto(s.record_time);
  message.set_proof(ToProto(s.proof));
  message.set_proof_source(s.proof_source);
  message.set_proof_id(s.proof_id);
  return message;
}

v1::SignerKey ToProto(const domain::SignerKey& key) {
  v1::SignerKey message;
  message.set_signer(key.signer);
  message.set_public_key(domain::HexText(key.public_key));
  message.set_registered_by(key.registered_by);
  *message.mutable_register_time() = ToProto(key.register_time);
  if (key.end_time) *message.mutable_end_time() = ToProto(*key.end_time);
  return message;
}

template <typename Request>
Status CheckPersonAndReason(const Request& request) {
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person"); !checked) return checked;
  return domain::CheckText(request.reason(), domain::kMaxReasonLength, true, "reason");
}

domain::Result<std::string> ParseKey(const std::string& hex) {
  std::string key = BytesOfHex(hex);
  if (key.size() == 32) return key;
  return Fail(FieldError(Reason::kFieldInvalid, "public_key", "public_key is not 64 lower-case hexadecimal digits"));
}

Status RegisterSignerKey(Call& call, const v1::RegisterSignerKeyRequest& request, v1::RegisterSignerKeyResponse& response) {
  if (Status checked = CheckPersonAndReason(request); !checked) return checked;
  if (Status checked = domain::CheckText(request.signer(), domain::kMaxPersonLength, true, "signer"); !checked) return checked;
  const domain::Result<std::string> key = ParseKey(request.public_key());
  if (!key) return Fail(key.error());
  if (request.person() == request.signer()) {
    return Fail(FieldError(Reason::kFourEyes, "person", "nobody vouches for his or her own key: another person must"));
  }
  const domain::SignerKey registered{*key, request.signer(), request.person(), request.reason(), call.now, std::nullopt};
  if (!db::InsertSignerKey(call.transaction, registered)) {
    return Fail(FieldError(Reason::kFieldInvalid, "public_key", "this key is registered already"));
  }
  *response.mutable_key() = ToProto(registered);
  return {};
}

Status RevokeSignerKey(Call& call, const v1::RevokeSignerKeyRequest& request, v1::RevokeSignerKeyResponse& response) {
  if (Status checked = CheckPersonAndReason(request); !checked) return checked;
  const domain::Result<std::string> key = ParseKey(request.public_key());
  if (!key) return Fail(key.error());
  if (!db::EndSignerKey(call.transaction, *key, request.person(), request.reason(), call.now)) {
    return Fail(FieldError(Reason::kKeyUnknown, "public_key", "no such key is in force"));
  }
  *response.mutable_key() = ToProto(*db::FindSignerKey(call.transaction, *key));
  return {};
}

Status ListSignerKeys(Call& call, const v1::ListSignerKeysRequest& request, v1::ListSignerKeysResponse& response) {
  const uint64_t digest = FilterDigest({"signer keys"});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  // The key's hexadecimal digits, then the signer.
  const std::string after_key = BytesOfHex(std::string_view(*token).substr(0, 64));
  const std::string after_signer = token->size() > 64 ? token->substr(64) : "";
  const int page_size = PageSize(request.page_size());
  std::vector<domain::SignerKey> keys = db::ListSignerKeys(call.transaction, after_signer, after_key, page_size + 1);
  if (static_cast<int>(keys.size()) > page_size) {
    keys.pop_back();
    response.set_next_page_token(PageToken(domain::HexText(keys.back().public_key) + keys.back().signer, digest));
  }
  for (const domain::SignerKey& key : keys) *response.add_keys() = ToProto(key);
  return {};
}

Status SetSignaturePolicy(Call& call, const v1::SetSignaturePolicyRequest& request, v1::SetSignaturePolicyResponse& response) {
  if (Status checked = CheckPersonAndReason(request); !checked) return checked;
  if (Status checked = domain::CheckText(request.method(), domain::kMaxCodeLength, true, "method"); !checked) return checked;
  const google::protobuf::Descriptor* type =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName("mes.v1." + request.method() + "Request");
  if (type == nullptr || !MayBeSigned(*type)) {
    return Fail(FieldError(Reason::kFieldInvalid, "method", "no act of this name can be signed"));
  }
  db::InsertSignaturePolicy(call.transaction, request.method(), request.required(), request.person(), request.reason(), call.now);
  response.set_method(request.method());
  response.set_required(request.required());
  return {};
}

Status ListSignatures(Call& call, const v1::ListSignaturesRequest& request, v1::ListSignaturesResponse& response) {
  if (Status checked = domain::CheckText(request.noun(), domain::kMaxCodeLength, true, "noun"); !checked) return checked;
  // There is one plant.
  const bool one = request.noun() == "plant";
  if (Status checked = domain::CheckText(request.noun_id(), domain::kMaxNameLength, !one, "noun_id"); !checked) return checked;
  const uint64_t digest = FilterDigest({"signatures", request.noun(), request.noun_id()});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  int64_t after = 0;
  std::from_chars(token->data(), token->data() + token->size(), after);
  const int page_size = PageSize(request.page_size());
  std::vector<db::KeptSignature> signatures =
      db::ListRecordSignatures(call.transaction, request.noun(), request.noun_id(), after, page_size + 1);
  if (static_cast<int>(signatures.size()) > page_size) {
    signatures.pop_back();
    response.set_next_page_token(PageToken(std::to_string(signatures.back().signature.id), digest));
  }
  for (const db::KeptSignature& kept : signatures) {
    v1::RecordSignature& told = *response.add_signatures();
    told = ToProto(kept.signature);
    told.set_valid(IsValid(call, kept));
  }
  return {};
}

class SignatureService final : public v1::SignatureService::CallbackService {
 public:
  explicit SignatureService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* RegisterSignerKey(grpc::CallbackServerContext* context, const v1::RegisterSignerKeyRequest* request,
                                              v1::RegisterSignerKeyResponse* response) override {
    return Mutate(env_, context, request, response, services::RegisterSignerKey);
  }
  grpc::ServerUnaryReactor* RevokeSignerKey(grpc::CallbackServerContext* context, const v1::RevokeSignerKeyRequest* request,
                                            v1::RevokeSignerKeyResponse* response) override {
    return Mutate(env_, context, request, response, services::RevokeSignerKey);
  }
  grpc::ServerUnaryReactor* ListSignerKeys(grpc::CallbackServerContext* context, const v1::ListSignerKeysRequest* request,
                                           v1::ListSignerKeysResponse* response) override {
    return Read(env_, context, request, response, services::ListSignerKeys);
  }
  grpc::ServerUnaryReactor* SetSignaturePolicy(grpc::CallbackServerContext* context, const v1::SetSignaturePolicyRequest* request,
                                               v1::SetSignaturePolicyResponse* response) override {
    return Mutate(env_, context, request, response, services::SetSignaturePolicy);
  }
  grpc::ServerUnaryReactor* ListSignatures(grpc::CallbackServerContext* context, const v1::ListSignaturesRequest* request,
                                           v1::ListSignaturesResponse* response) override {
    return Read(env_, context, request, response, services::ListSignatures);
  }

 private:
  Env& env_;
};

}  // namespace

std::string PayloadOf(const Message& request) {
  const google::protobuf::Descriptor& type = *request.GetDescriptor();
  std::map<int, const FieldDescriptor*> fields;
  for (int i = 0; i < type.field_count(); ++i) fields.emplace(type.field(i)->number(), type.field(i));
  const google::protobuf::Reflection& reflection = *request.GetReflection();
  std::string bytes;
  for (const auto& [number, field] : fields) {
    if (field->name() == kField) continue;
    if (field->is_repeated()) {
      for (int i = 0; i < reflection.FieldSize(request, field); ++i) {
        domain::AppendField(bytes, field->name()), domain::AppendField(bytes, ValueOf(request, field, i));
      }
    } else if (reflection.HasField(request, field)) {
      domain::AppendField(bytes, field->name()), domain::AppendField(bytes, ValueOf(request, field, -1));
    }
  }
  return bytes;
}

bool MayBeSigned(const google::protobuf::Descriptor& request) {
  const FieldDescriptor* field = request.FindFieldByName(kField);
  return field != nullptr && field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field->message_type() == v1::Signature::descriptor();
}

void UseSealKeys(std::vector<SealKey> keys) {
  const std::lock_guard lock(seal_mutex);
  seal_keys = std::move(keys);
}

Status TakeSignature(Call& call, Gatekeeper& gatekeeper, const Admission& admission, const std::string& method,
                     const Message& request) {
  const google::protobuf::Descriptor& type = *request.GetDescriptor();
  if (!MayBeSigned(type)) return {};
  const FieldDescriptor* field = type.FindFieldByName(kField);
  if (!request.GetReflection()->HasField(request, field)) {
    if (!IsGrave(method, request) || !db::IsSignatureRequired(call.transaction, method)) return {};
    return Fail(FieldError(Reason::kSignatureRequired, kField, "this act must be signed by the one who does it"));
  }
  v1::Signature message;
  message.CopyFrom(request.GetReflection()->GetMessage(request, field));
  domain::Result<domain::Signature> signature = FromProto(message);
  if (!signature) return Fail(signature.error());
  const std::string payload = PayloadOf(request);
  const std::string person = TextField(request, "person");
  Subject subject = RecordOf(method, request);
  domain::RecordSignature record;
  record.payload_sha256 = db::Sha256(payload);
  record.signature = std::move(*signature);
  record.method = method;
  record.noun = std::move(subject.noun);
  record.noun_id = std::move(subject.id);
  record.record_time = call.now;
  const bool by_key = !record.signature.public_key.empty();
  Status proved = by_key ? CheckKey(call, record, person)
                         : CheckCredential(call, gatekeeper, admission, FindPermission(type), record, person);
  if (!proved) return proved;
  if (!db::InsertRecordSignature(call.transaction, record, payload)) {
    return Fail(domain::SignatureInvalid("used", "this token signed before: sign in anew for each act"));
  }
  return {};
}

std::unique_ptr<grpc::Service> MakeSignatureService(Env& env) { return std::make_unique<SignatureService>(env); }

}  // namespace mes::services
