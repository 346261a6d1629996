#include "services/access.h"

#include <algorithm>
#include <charconv>

#include "db/access.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "mes/v1/access.grpc.pb.h"
#include "services/certificate.h"
#include "services/convert.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;

constexpr size_t kKeyIdLength = 16;

v1::AccessIdentity ToProto(const domain::Identity& identity) {
  v1::AccessIdentity message;
  message.set_name(identity.name);
  message.set_kind(static_cast<v1::CallerKind>(identity.kind));
  for (std::string& role : domain::NamesOf(identity.roles)) message.add_roles(std::move(role));
  message.set_partner_code(identity.partner);
  for (const std::string& fingerprint : identity.fingerprints) message.add_fingerprints(fingerprint);
  message.set_person(identity.person);
  *message.mutable_register_time() = services::ToProto(identity.register_time);
  if (identity.revoke_time) *message.mutable_revoke_time() = services::ToProto(*identity.revoke_time);
  message.set_revoke_reason(identity.revoke_reason);
  message.set_revoke_person(identity.revoke_person);
  return message;
}

v1::AccessKey ToProto(const domain::ApiKey& key) {
  v1::AccessKey message;
  message.set_key_id(key.id);
  message.set_holder(key.holder);
  for (std::string& role : domain::NamesOf(key.roles)) message.add_roles(std::move(role));
  message.set_partner_code(key.partner);
  message.set_person(key.person);
  *message.mutable_create_time() = services::ToProto(key.create_time);
  *message.mutable_expire_time() = services::ToProto(key.expire_time);
  if (key.last_use_time) *message.mutable_last_use_time() = services::ToProto(*key.last_use_time);
  if (key.revoke_time) *message.mutable_revoke_time() = services::ToProto(*key.revoke_time);
  message.set_revoke_reason(key.revoke_reason);
  message.set_revoke_person(key.revoke_person);
  return message;
}

template <typename Texts>
std::vector<std::string> ListOf(const Texts& texts) {
  return {texts.begin(), texts.end()};
}

domain::Error FullError(std::string_view field, size_t limit) {
  domain::Error error = FieldError(Reason::kLimitExceeded, field, "there are as many as one server keeps: " + std::to_string(limit));
  error.metadata["limit"] = std::to_string(limit);
  return error;
}

Status CheckRevocation(const std::string& reason, const std::string& person) {
  if (Status text = domain::CheckText(reason, domain::kMaxReasonLength, true, "reason"); !text) return text;
  return domain::CheckText(person, domain::kMaxPersonLength, true, "person");
}

// A page of rows, one more than asked for: the surplus only says that there is another page.
template <typename Row, typename Add>
std::string FillPage(const std::vector<Row>& rows, int size, const std::string Row::*key, uint64_t filter, Add add) {
  const size_t shown = std::min(rows.size(), static_cast<size_t>(size));
  for (size_t i = 0; i < shown; ++i) add(rows[i]);
  return rows.size() > shown ? PageToken(rows[shown - 1].*key, filter) : "";
}

}  // namespace

Status WhoAmI(Call& call, const v1::WhoAmIRequest&, v1::WhoAmIResponse& response) {
  response.set_kind(static_cast<v1::CallerKind>(call.caller.kind));
  response.set_name(call.caller.name);
  for (std::string& role : domain::NamesOf(call.caller.roles)) response.add_roles(std::move(role));
  response.set_station_code(call.caller.station);
  response.set_partner_code(call.caller.partner);
  return {};
}

Status RegisterIdentity(Call& call, const std::string& site, const v1::RegisterIdentityRequest& request,
                        v1::RegisterIdentityResponse& response) {
  domain::Identity identity;
  identity.name = request.name();
  if (const auto name = domain::ParseIdentityName(identity.name)) identity.kind = name->kind;
  const domain::Result<uint16_t> roles = domain::ParseRoles(ListOf(request.roles()));
  if (!roles) return Fail(roles.error());
  identity.roles = *roles;
  identity.partner = request.partner_code();
  identity.fingerprints = ListOf(request.fingerprints());
  identity.person = request.person();
  identity.reason = request.reason();
  identity.register_time = call.now;
  if (Status checked = domain::CheckIdentity(identity, site); !checked) return checked;

  db::BeginAccessChange(call.transaction);
  const std::optional<domain::Identity> before = db::FindIdentity(call.transaction, identity.name);
  if (before && !request.replace()) {
    return Fail(FieldError(Reason::kIdentityExists, "name", identity.name + " is on the list already"));
  }
  if (!before && db::CountIdentities(call.transaction) >= static_cast<int64_t>(domain::kMaxIdentities)) {
    return Fail(FullError("name", domain::kMaxIdentities));
  }
  db::PutIdentity(call.transaction, identity);
  *response.mutable_identity() = ToProto(identity);
  return {};
}

Status RevokeIdentity(Call& call, const v1::RevokeIdentityRequest& request, v1::RevokeIdentityResponse& response) {
  if (Status checked = CheckRevocation(request.reason(), request.person()); !checked) return checked;
  db::BeginAccessChange(call.transaction);
  std::optional<domain::Identity> identity = db::FindIdentity(call.transaction, request.name());
  if (!identity) return Fail(FieldError(Reason::kIdentityUnknown, "name", "there is no such identity"));
  if (!identity->revoke_time) {
    identity->revoke_time = call.now;
    identity->revoke_reason = request.reason();
    identity->revoke_person = request.person();
    db::RevokeIdentity(call.transaction, *identity);
  }
  *response.mutable_identity() = ToProto(*identity);
  return {};
}

Status ListIdentities(Call& call, const v1::ListIdentitiesRequest& request, v1::ListIdentitiesResponse& response) {
  const uint64_t filter = FilterDigest({"identities"});
  const domain::Result<std::string> after = ParsePageToken(request.page_token(), filter);
  if (!after) return Fail(after.error());
  const int size = PageSize(request.page_size());
  const std::vector<domain::Identity> rows = db::ListIdentities(call.transaction, *after, size + 1);
  response.set_next_page_token(FillPage(rows, size, &domain::Identity::name, filter,
                                        [&](const domain::Identity& row) { *response.add_identities() = ToProto(row); }));
  return {};
}

Status ListIdentityHistory(Call& call, const v1::ListIdentityHistoryRequest& request, v1::ListIdentityHistoryResponse& response) {
  if (Status name = domain::CheckText(request.name(), domain::kMaxIdentityNameLength, true, "name"); !name) return name;
  const uint64_t filter = FilterDigest({"identity history", request.name()});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), filter);
  if (!token) return Fail(token.error());
  int64_t after = 0;
  std::from_chars(token->data(), token->data() + token->size(), after);
  const int size = PageSize(request.page_size());
  std::vector<domain::IdentityChange> changes = db::ListIdentityChanges(call.transaction, request.name(), after, size + 1);
  if (changes.empty() && token->empty()) return Fail(FieldError(Reason::kIdentityUnknown, "name", "there is no such identity"));
  if (changes.size() > static_cast<size_t>(size)) {
    changes.pop_back();
    response.set_next_page_token(PageToken(std::to_string(changes.back().id), filter));
  }
  for (const domain::IdentityChange& change : changes) {
    v1::IdentityChange& told = *response.add_changes();
    told.set_act(static_cast<v1::IdentityAct>(change.act));
    for (std::string& role : domain::NamesOf(change.roles)) told.add_roles(std::move(role));
    told.set_partner_code(change.partner);
    for (const std::string& fingerprint : change.fingerprints) told.add_fingerprints(fingerprint);
    told.set_person(change.person);
    told.set_reason(change.reason);
    *told.mutable_act_time() = services::ToProto(change.act_time);
  }
  return {};
}

Status CreateKey(Call& call, const std::optional<MadeKey>& made, const v1::CreateKeyRequest& request, v1::CreateKeyResponse& response) {
  if (!made) return Fail({Reason::kPermissionDenied, "this server has no key secret: it gives out no keys", {}});
  domain::ApiKey key;
  key.id = made->id;
  key.digest = made->digest;
  key.holder = request.holder();
  const domain::Result<uint16_t> roles = domain::ParseRoles(ListOf(request.roles()));
  if (!roles) return Fail(roles.error());
  key.roles = *roles;
  key.partner = request.partner_code();
  key.person = request.person();
  if (request.days() < 0) return Fail(FieldError(Reason::kFieldInvalid, "days", "days is below 0"));
  if (request.days() > domain::kMaxKeyDays) {
    domain::Error error = FieldError(Reason::kLimitExceeded, "days", "a key is good for a year at most");
    error.metadata["limit"] = std::to_string(domain::kMaxKeyDays);
    return Fail(std::move(error));
  }
  key.create_time = call.now;
  key.expire_time = call.now + std::chrono::days(request.days() == 0 ? domain::kDefaultKeyDays : request.days());
  if (Status checked = domain::CheckKey(key); !checked) return checked;
  db::BeginAccessChange(call.transaction);
  if (db::CountKeys(call.transaction) >= static_cast<int64_t>(domain::kMaxKeys)) return Fail(FullError("holder", domain::kMaxKeys));
  db::InsertKey(call.transaction, key);
  *response.mutable_key() = ToProto(key);
  return {};
}

Status RevokeKey(Call& call, const v1::RevokeKeyRequest& request, v1::RevokeKeyResponse& response) {
  if (Status checked = CheckRevocation(request.reason(), request.person()); !checked) return checked;
  db::BeginAccessChange(call.transaction);
  std::optional<domain::ApiKey> key =
      request.key_id().size() == kKeyIdLength ? db::FindKey(call.transaction, request.key_id()) : std::nullopt;
  if (!key) return Fail(FieldError(Reason::kKeyUnknown, "key_id", "there is no such key"));
  if (!key->revoke_time) {
    key->revoke_time = call.now;
    key->revoke_reason = request.reason();
    key->revoke_person = request.person();
    db::RevokeKey(call.transaction, *key);
  }
  *response.mutable_key() = ToProto(*key);
  return {};
}

Status ListKeys(Call& call, const v1::ListKeysRequest& request, v1::ListKeysResponse& response) {
  const uint64_t filter = FilterDigest({"keys"});
  const domain::Result<std::string> after = ParsePageToken(request.page_token(), filter);
  if (!after) return Fail(after.error());
  const int size = PageSize(request.page_size());
  const std::vector<domain::ApiKey> rows = db::ListKeys(call.transaction, *after, size + 1);
  response.set_next_page_token(FillPage(rows, size, &domain::ApiKey::id, filter,
                                        [&](const domain::ApiKey& row) { *response.add_keys() = ToProto(row); }));
  return {};
}

Status LetIn(db::Pool& pool, domain::Identity identity, const std::vector<std::string>& roles, const std::string& certificate_pem,
             const std::string& site) {
  const domain::Result<domain::IdentityName> name = domain::ParseIdentityName(identity.name);
  if (!name) return Fail(FieldError(Reason::kFieldInvalid, "name", "name has not the form ordos://SITE/KIND/CODE"));
  identity.kind = name->kind;
  const domain::Result<uint16_t> parsed = domain::ParseRoles(roles);
  if (!parsed) return Fail(parsed.error());
  identity.roles = *parsed;
  if (!certificate_pem.empty()) {
    const std::optional<Certificate> certificate = ReadCertificate(certificate_pem);
    if (!certificate) return Fail(FieldError(Reason::kFieldInvalid, "certificate", "the certificate cannot be read"));
    const domain::Result<std::string> named = domain::NameOfCertificate(certificate->names, site);
    if (!named) return Fail(named.error());
    if (*named != identity.name) return Fail(FieldError(Reason::kFieldInvalid, "certificate", "the certificate is of " + *named));
    identity.fingerprints = {certificate->fingerprint};
  }
  if (Status checked = domain::CheckIdentity(identity, site); !checked) return checked;
  pool.Run([&](db::Transaction& transaction) {
    db::BeginAccessChange(transaction);
    db::PutIdentity(transaction, identity);
    return true;
  });
  return {};
}

namespace {

class Service final : public v1::AccessService::CallbackService {
 public:
  explicit Service(Env& env) : env_(env) {}

  grpc::ServerUnaryReactor* WhoAmI(grpc::CallbackServerContext* context, const v1::WhoAmIRequest* request,
                                   v1::WhoAmIResponse* response) override {
    return Read(env_, context, request, response, services::WhoAmI);
  }
  grpc::ServerUnaryReactor* RegisterIdentity(grpc::CallbackServerContext* context, const v1::RegisterIdentityRequest* request,
                                             v1::RegisterIdentityResponse* response) override {
    return Mutate(env_, context, request, response,
                  [this](Call& call, const auto& asked, auto& answer) {
                    return services::RegisterIdentity(call, env_.gatekeeper.site(), asked, answer);
                  },
                  InForce());
  }
  grpc::ServerUnaryReactor* RevokeIdentity(grpc::CallbackServerContext* context, const v1::RevokeIdentityRequest* request,
                                           v1::RevokeIdentityResponse* response) override {
    return Mutate(env_, context, request, response, services::RevokeIdentity, InForce());
  }
  grpc::ServerUnaryReactor* ListIdentities(grpc::CallbackServerContext* context, const v1::ListIdentitiesRequest* request,
                                           v1::ListIdentitiesResponse* response) override {
    return Read(env_, context, request, response, services::ListIdentities);
  }
  grpc::ServerUnaryReactor* ListIdentityHistory(grpc::CallbackServerContext* context, const v1::ListIdentityHistoryRequest* request,
                                                v1::ListIdentityHistoryResponse* response) override {
    return Read(env_, context, request, response, services::ListIdentityHistory);
  }
  grpc::ServerUnaryReactor* CreateKey(grpc::CallbackServerContext* context, const v1::CreateKeyRequest* request,
                                      v1::CreateKeyResponse* response) override {
    // The handler may run again, and does not run for a resend: only a key that was stored by this very call is shown.
    const auto made = std::make_shared<std::optional<MadeKey>>();
    return Mutate(env_, context, request, response,
                  [this, made](Call& call, const auto& asked, auto& answer) {
                    *made = env_.gatekeeper.MakeKey();
                    return services::CreateKey(call, *made, asked, answer);
                  },
                  [made, response, in_force = InForce()] {
                    in_force();
                    if (*made && (*made)->id == response->key().key_id()) response->set_secret((*made)->text);
                  });
  }
  grpc::ServerUnaryReactor* RevokeKey(grpc::CallbackServerContext* context, const v1::RevokeKeyRequest* request,
                                      v1::RevokeKeyResponse* response) override {
    return Mutate(env_, context, request, response, services::RevokeKey, InForce());
  }
  grpc::ServerUnaryReactor* ListKeys(grpc::CallbackServerContext* context, const v1::ListKeysRequest* request,
                                     v1::ListKeysResponse* response) override {
    return Read(env_, context, request, response, services::ListKeys);
  }

 private:
  // The answer leaves when this server goes by the change.
  std::function<void()> InForce() {
    return [this] { env_.gatekeeper.Refresh(); };
  }

  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAccessService(Env& env) { return std::make_unique<Service>(env); }

}  // namespace mes::services
