#include "services/admission.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <google/protobuf/descriptor.h>
#include <grpcpp/security/auth_context.h>

#include "services/permission.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::Reason;
using domain::Status;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr char kCertificateProperty[] = "x509_pem_cert";
constexpr char kTokenKey[] = "authorization";
constexpr char kApiKeyKey[] = "x-api-key";
// Of the second person of a four-eyes act, in the same forms.
constexpr char kSecondTokenKey[] = "x-second-authorization";
constexpr char kSecondApiKeyKey[] = "x-second-api-key";
// Of the one who signs an act (mes.v1.Signature), shown for that act alone.
constexpr char kSigningTokenKey[] = "x-signature-authorization";
constexpr char kSigningApiKeyKey[] = "x-signature-api-key";
constexpr std::string_view kScheme = "Bearer ";
// An order stands in a request, a person in an order.
constexpr int kDeepest = 2;

domain::Error Invalid(std::string message) { return {Reason::kCredentialInvalid, std::move(message), {}}; }

// The one value of a key; empty where there is none.
domain::Result<std::string> ValueOf(const grpc::CallbackServerContext& context, const char* key) {
  const auto& metadata = context.client_metadata();
  const auto [first, last] = metadata.equal_range(key);
  if (first == last) return std::string();
  if (std::next(first) != last) return Fail(Invalid(std::string(key) + " is there more than once"));
  if (first->second.empty()) return Fail(Invalid(std::string(key) + " is empty"));
  return std::string(first->second.data(), first->second.size());
}

Status ReadPerson(const grpc::CallbackServerContext& context, const char* token_key, const char* api_key_key,
                  Credentials& credentials) {
  const domain::Result<std::string> token = ValueOf(context, token_key);
  if (!token) return Fail(token.error());
  const domain::Result<std::string> key = ValueOf(context, api_key_key);
  if (!key) return Fail(key.error());
  if (!token->empty()) {
    if (!token->starts_with(kScheme) || token->size() == kScheme.size()) {
      return Fail(Invalid(std::string(token_key) + " is not `Bearer` and a token"));
    }
    credentials.token = token->substr(kScheme.size());
  }
  credentials.key = *key;
  return {};
}

domain::Result<Credentials> ReadCredentials(const grpc::CallbackServerContext& context) {
  Credentials credentials;
  if (const std::shared_ptr<const grpc::AuthContext> peer = context.auth_context(); peer != nullptr && peer->IsPeerAuthenticated()) {
    const std::vector<grpc::string_ref> certificate = peer->FindPropertyValues(kCertificateProperty);
    if (certificate.size() != 1) return Fail(Invalid("the certificate cannot be read"));
    credentials.certificate_pem.assign(certificate[0].data(), certificate[0].size());
  }
  if (Status person = ReadPerson(context, kTokenKey, kApiKeyKey, credentials); !person) return Fail(person.error());
  return credentials;
}

// What a request says of whom, looked at by its fields' names, so that no handler can forget to.
class Words {
 public:
  Words(const domain::Caller& caller, const domain::Caller* second) : caller_(caller), second_(second) {}

  Status Check(const Message& request) const {
    const Descriptor& type = *request.GetDescriptor();
    if (const FieldDescriptor* station = TextField(type, "station_code")) {
      if (Status own = domain::CheckOwnStation(caller_, TextOf(request, *station), station->name()); !own) return own;
    }
    if (const FieldDescriptor* partner = TextField(type, "partner_code"); partner != nullptr && !caller_.partner.empty()) {
      if (TextOf(request, *partner) != caller_.partner) {
        return Fail(domain::FieldError(Reason::kPermissionDenied, partner->name(), "a partner asks and reports for itself only"));
      }
    }
    // A filter may name anybody; who changes something signs it.
    const bool changes = type.FindFieldByName("request_id") != nullptr;
    return changes ? CheckSigned(request, "", 0) : Status();
  }

 private:
  static const FieldDescriptor* TextField(const Descriptor& type, const char* name) {
    const FieldDescriptor* field = type.FindFieldByName(name);
    return field != nullptr && !field->is_repeated() && field->cpp_type() == FieldDescriptor::CPPTYPE_STRING ? field : nullptr;
  }
  static std::string TextOf(const Message& message, const FieldDescriptor& field) {
    return message.GetReflection()->GetString(message, &field);
  }

  Status CheckSigned(const Message& message, const std::string& path, int depth) const {
    const Descriptor& type = *message.GetDescriptor();
    if (const FieldDescriptor* field = TextField(type, "person")) {
      if (Status own = domain::CheckOwnName(caller_, TextOf(message, *field), path + field->name()); !own) return own;
    }
    if (const FieldDescriptor* field = TextField(type, "role")) {
      if (Status held = domain::CheckHeldRole(caller_, TextOf(message, *field), path + field->name()); !held) return held;
    }
    if (const FieldDescriptor* field = TextField(type, "second_person")) {
      if (Status other = domain::CheckSecondPerson(caller_, second_, TextOf(message, *field), path + field->name()); !other) {
        return other;
      }
    }
    for (int i = 0; depth < kDeepest && i < type.field_count(); ++i) {
      const FieldDescriptor* field = type.field(i);
      if (field->is_repeated() || field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
      if (!message.GetReflection()->HasField(message, field)) continue;
      const Message& inner = message.GetReflection()->GetMessage(message, field);
      if (Status checked = CheckSigned(inner, path + field->name() + ".", depth + 1); !checked) return checked;
    }
    return {};
  }

  const domain::Caller& caller_;
  const domain::Caller* second_;
};

// The second person of a four-eyes act; empty where none proved itself.
domain::Result<std::optional<domain::Caller>> AdmitSecond(Env& env, const grpc::CallbackServerContext& context,
                                                          const Permission* permission) {
  Credentials credentials;
  if (Status read = ReadPerson(context, kSecondTokenKey, kSecondApiKeyKey, credentials); !read) return Fail(read.error());
  if (credentials.empty()) return std::optional<domain::Caller>();
  domain::Result<domain::Caller> caller = env.gatekeeper.Identify(credentials);
  if (!caller) return Fail(caller.error());
  // Who may not make the call may not approve it either.
  if (Status allowed = CheckPermission(permission, *caller); !allowed) return Fail(allowed.error());
  return std::optional<domain::Caller>(std::move(*caller));
}

}  // namespace

domain::Result<Admission> AdmitStream(Env& env, const grpc::CallbackServerContext& context, const Descriptor& request) {
  domain::Result<Credentials> credentials = ReadCredentials(context);
  if (!credentials) return Fail(credentials.error());
  domain::Result<domain::Caller> caller = env.gatekeeper.Identify(*credentials);
  if (!caller) return Fail(caller.error());
  if (Status allowed = CheckPermission(FindPermission(request), *caller); !allowed) return Fail(allowed.error());
  if (!caller->partner.empty()) {
    if (Status taken = env.gatekeeper.TakeCall(caller->partner); !taken) return Fail(taken.error());
  }
  return Admission{std::move(*caller), std::move(*credentials), {}};
}

domain::Result<Admission> Admit(Env& env, const grpc::CallbackServerContext& context, const Message& request) {
  const Descriptor& type = *request.GetDescriptor();
  domain::Result<Admission> admission = AdmitStream(env, context, type);
  if (!admission) return admission;
  if (Status read = ReadPerson(context, kSigningTokenKey, kSigningApiKeyKey, admission->signing); !read) return Fail(read.error());
  if (admission->caller.kind == domain::CallerKind::kUnproved) return admission;
  const domain::Result<std::optional<domain::Caller>> second = AdmitSecond(env, context, FindPermission(type));
  if (!second) return Fail(second.error());
  if (Status said = Words(admission->caller, *second ? &**second : nullptr).Check(request); !said) return Fail(said.error());
  return admission;
}

}  // namespace mes::services
