#include "services/signature.h"

#include <charconv>
#include <map>
#include <stdexcept>

#include "db/audit.h"
#include "db/signature.h"
#include "domain/audit.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "domain/limits_audit.h"
#include "mes/v1/signature.grpc.pb.h"
#include "services/audit_trail.h"
#include "services/convert.h"
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
    default:
      // Floating point has no one text; no request that may be signed has any.
      throw std::logic_error("a request that may be signed has a field of floating point");
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

// Whether the signer proved to be the person: by the person's registered key.
Status CheckProof(Call& call, const domain::Signature& signature, const std::string& person, const std::string& method,
                  const std::string& payload_sha256) {
  const std::optional<domain::SignerKey> key = db::FindSignerKey(call.transaction, signature.public_key);
  const bool is_the_keys =
      IsSignedBy(signature.public_key, domain::SignatureBytes(signature, method, payload_sha256), signature.signature);
  return domain::JudgeSignature(signature, person, key ? &*key : nullptr, is_the_keys, call.now);
}

std::string PersonOf(const Message& request) {
  const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName("person");
  return field == nullptr ? "" : request.GetReflection()->GetString(request, field);
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
  if (Status checked = domain::CheckText(request.noun_id(), domain::kMaxNameLength, true, "noun_id"); !checked) return checked;
  const uint64_t digest = FilterDigest({"signatures", request.noun(), request.noun_id()});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  int64_t after = 0;
  std::from_chars(token->data(), token->data() + token->size(), after);
  const int page_size = PageSize(request.page_size());
  std::vector<db::RecordSignature> signatures =
      db::ListRecordSignatures(call.transaction, request.noun(), request.noun_id(), after, page_size + 1);
  if (static_cast<int>(signatures.size()) > page_size) {
    signatures.pop_back();
    response.set_next_page_token(PageToken(std::to_string(signatures.back().id), digest));
  }
  for (const db::RecordSignature& s : signatures) {
    v1::RecordSignature& told = *response.add_signatures();
    told.mutable_signature()->set_person(s.signature.person);
    told.mutable_signature()->set_meaning(s.signature.meaning);
    *told.mutable_signature()->mutable_sign_time() = ToProto(s.signature.sign_time);
    told.mutable_signature()->set_public_key(domain::HexText(s.signature.public_key));
    told.mutable_signature()->set_signature(domain::HexText(s.signature.signature));
    told.set_method(s.method);
    told.set_payload_sha256(domain::HexText(s.payload_sha256));
    *told.mutable_record_time() = ToProto(s.record_time);
    const std::optional<domain::SignerKey> key = db::FindSignerKey(call.transaction, s.signature.public_key);
    const bool is_the_keys = db::Sha256(s.payload) == s.payload_sha256 &&
                             IsSignedBy(s.signature.public_key, domain::SignatureBytes(s.signature, s.method, s.payload_sha256),
                                        s.signature.signature);
    told.set_valid(domain::WasGood(s.signature, key ? &*key : nullptr, is_the_keys, s.record_time));
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

Status TakeSignature(Call& call, const std::string& method, const Message& request) {
  if (!MayBeSigned(*request.GetDescriptor())) return {};
  const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName(kField);
  if (!request.GetReflection()->HasField(request, field)) {
    if (!db::IsSignatureRequired(call.transaction, method)) return {};
    return Fail(FieldError(Reason::kSignatureRequired, kField, "this act must be signed by the one who does it"));
  }
  v1::Signature message;
  message.CopyFrom(request.GetReflection()->GetMessage(request, field));
  domain::Result<domain::Signature> signature = FromProto(message);
  if (!signature) return Fail(signature.error());
  db::RecordSignature record;
  record.payload = PayloadOf(request);
  record.payload_sha256 = db::Sha256(record.payload);
  if (Status proved = CheckProof(call, *signature, PersonOf(request), method, record.payload_sha256); !proved) return proved;
  Subject subject = SubjectOf(request);
  record.signature = std::move(*signature);
  record.method = method;
  record.noun = std::move(subject.noun);
  record.noun_id = std::move(subject.id);
  record.record_time = call.now;
  db::InsertRecordSignature(call.transaction, record);
  return {};
}

std::unique_ptr<grpc::Service> MakeSignatureService(Env& env) { return std::make_unique<SignatureService>(env); }

}  // namespace mes::services
