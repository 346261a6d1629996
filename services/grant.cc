#include "services/grant.h"

#include <charconv>
#include <unordered_map>
#include <unordered_set>

#include "db/grant.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "domain/limits_grant.h"
#include "mes/v1/grant.grpc.pb.h"
#include "services/convert.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;
using services::ToProto;

v1::Grant ToProto(const domain::Grant& grant) {
  v1::Grant message;
  message.set_grant_id(grant.id);
  message.set_partner(grant.partner);
  message.set_unit_code(grant.unit_code);
  message.set_tier(grant.tier);
  *message.mutable_until_time() = ToProto(grant.until_time);
  message.set_reason(grant.reason);
  message.set_person(grant.person);
  *message.mutable_grant_time() = ToProto(grant.grant_time);
  if (grant.revoke_time) *message.mutable_revoke_time() = ToProto(*grant.revoke_time);
  message.set_revoke_reason(grant.revoke_reason);
  message.set_revoke_person(grant.revoke_person);
  return message;
}

// By unit.
std::unordered_map<int64_t, int16_t> TiersOf(Call& call, const std::vector<int64_t>& unit_ids) {
  std::unordered_map<int64_t, std::vector<domain::ScopeFact>> facts;
  for (const domain::ScopeFact& fact : db::LoadScopeFacts(call.transaction, call.caller.partner, unit_ids)) {
    facts[fact.unit_id].push_back(fact);
  }
  std::unordered_map<int64_t, int16_t> tiers;
  for (const auto& [unit_id, of_unit] : facts) tiers[unit_id] = domain::TierOf(of_unit, call.now);
  return tiers;
}

}  // namespace

domain::Result<std::string> AskedPartner(const Call& call, const std::string& asked, bool required) {
  if (Status checked = domain::CheckText(asked, domain::kMaxSupplierLength, required && call.caller.partner.empty(), "partner");
      !checked) {
    return Fail(checked.error());
  }
  if (call.caller.partner.empty() || asked.empty() || asked == call.caller.partner) {
    return call.caller.partner.empty() ? asked : call.caller.partner;
  }
  return Fail(FieldError(Reason::kPartnerUnknown, "partner", "partner " + asked + " is not known"));
}

void HideFromPartner(Call& call, std::vector<db::FoundCode>& found) {
  if (call.caller.partner.empty()) return;
  std::vector<int64_t> ids;
  for (const db::FoundCode& code : found) {
    if (code.unit_id != 0) ids.push_back(code.unit_id);
  }
  const auto tiers = TiersOf(call, ids);
  for (db::FoundCode& code : found) {
    const auto tier = tiers.find(code.unit_id);
    // Several units had it: which ones is nobody's to ask.
    if (code.ambiguous || tier == tiers.end() || tier->second == domain::kNoTier) code = {};
  }
}

int16_t TierOfCaller(Call& call, int64_t unit_id) {
  if (call.caller.partner.empty()) return domain::kAuthorityTier;
  const auto tiers = TiersOf(call, {unit_id});
  const auto tier = tiers.find(unit_id);
  return tier == tiers.end() ? domain::kNoTier : tier->second;
}

std::unordered_set<int64_t> SeenUnits(Call& call, const std::vector<int64_t>& unit_ids) {
  if (call.caller.partner.empty()) return {unit_ids.begin(), unit_ids.end()};
  std::unordered_set<int64_t> seen;
  for (const auto& [unit_id, tier] : TiersOf(call, unit_ids)) {
    if (tier != domain::kNoTier) seen.insert(unit_id);
  }
  return seen;
}

bool SeesUnit(Call& call, int64_t unit_id) { return TierOfCaller(call, unit_id) != domain::kNoTier; }

std::string SeenCode(Call& call, const std::string& code) {
  if (code.empty() || call.caller.partner.empty()) return code;
  std::vector<db::FoundCode> found = db::FindCodes(call.transaction, {code});
  HideFromPartner(call, found);
  return found[0].unit_id == 0 ? std::string() : code;
}

domain::LifeRecord ForPartner(const Call& call, domain::LifeRecord record) {
  record.person.clear();
  if (record.party != call.caller.partner) {
    record.party.clear();
    record.place.clear();
    record.evidence.clear();
  }
  // The unit around it, or the code that it goes on under, may be another's.
  record.other_code.clear();
  if (record.reversed) record.reversed->person.clear(), record.reversed->reason.clear();
  return record;
}

Status GrantUnits(Call& call, const v1::GrantUnitsRequest& request, v1::GrantUnitsResponse& response) {
  domain::Grant grant;
  grant.partner = request.partner();
  grant.tier = static_cast<int16_t>(request.tier());
  if (request.tier() < domain::kPublicTier || request.tier() > domain::kAuthorityTier) grant.tier = domain::kNoTier;
  grant.reason = request.reason();
  grant.person = request.person();
  grant.grant_time = call.now;
  if (!request.has_until_time()) return Fail(FieldError(Reason::kFieldRequired, "until_time", "until_time is missing"));
  const auto until = TimeFromProto(request.until_time(), "until_time");
  if (!until) return Fail(until.error());
  grant.until_time = *until;
  if (Status checked = domain::CheckGrant(grant, call.now); !checked) return checked;
  if (request.unit_codes().empty()) return Fail(FieldError(Reason::kFieldRequired, "unit_codes", "unit_codes is empty"));
  if (request.unit_codes_size() > domain::kMaxUnitsPerGrant) {
    return Fail(TooMany("unit_codes", request.unit_codes_size(), domain::kMaxUnitsPerGrant));
  }
  const std::vector<std::string> codes(request.unit_codes().begin(), request.unit_codes().end());
  const auto ids = FindUnitIds(call, codes, "unit_codes");
  if (!ids) return Fail(ids.error());
  std::vector<domain::Grant> grants;
  std::unordered_set<int64_t> seen;
  for (size_t i = 0; i < ids->size(); ++i) {
    if (!seen.insert((*ids)[i]).second) continue;
    grant.unit_id = (*ids)[i];
    grant.unit_code = codes[i];
    grants.push_back(grant);
  }
  db::InsertGrants(call.transaction, grants);
  for (const domain::Grant& stored : grants) *response.add_grants() = ToProto(stored);
  return {};
}

Status RevokeGrant(Call& call, const v1::RevokeGrantRequest& request, v1::RevokeGrantResponse& response) {
  std::optional<domain::Grant> grant = db::LockGrant(call.transaction, request.grant_id());
  if (!grant) return Fail(FieldError(Reason::kGrantUnknown, "grant_id", "no grant has this number"));
  if (Status revoked = domain::Revoke(*grant, request.person(), request.reason(), call.now); !revoked) return revoked;
  db::StoreRevocation(call.transaction, *grant);
  *response.mutable_grant() = ToProto(*grant);
  return {};
}

Status ListGrants(Call& call, const v1::ListGrantsRequest& request, v1::ListGrantsResponse& response) {
  const auto partner = AskedPartner(call, request.partner(), false);
  if (!partner) return Fail(partner.error());
  int64_t unit_id = 0;
  if (!request.unit_code().empty()) {
    const auto id = FindUnitId(call, request.unit_code(), "unit_code");
    if (!id) return Fail(id.error());
    unit_id = *id;
  }
  const uint64_t digest = FilterDigest({"grants", *partner, std::to_string(unit_id)});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  int64_t after = 0;
  std::from_chars(token->data(), token->data() + token->size(), after);
  const int page_size = PageSize(request.page_size());
  std::vector<domain::Grant> grants = db::ListGrants(call.transaction, *partner, unit_id, after, page_size + 1);
  if (static_cast<int>(grants.size()) > page_size) {
    grants.pop_back();
    response.set_next_page_token(PageToken(std::to_string(grants.back().id), digest));
  }
  for (const domain::Grant& grant : grants) *response.add_grants() = ToProto(grant);
  return {};
}

Status ListPartnerUnits(Call& call, const v1::ListPartnerUnitsRequest& request, v1::ListPartnerUnitsResponse& response) {
  const auto partner = AskedPartner(call, request.partner(), true);
  if (!partner) return Fail(partner.error());
  const uint64_t digest = FilterDigest({"partner units", *partner});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  const int page_size = PageSize(request.page_size());
  std::vector<std::string> codes = db::ListPartnerUnits(call.transaction, *partner, *token, page_size + 1);
  if (static_cast<int>(codes.size()) > page_size) {
    codes.pop_back();
    response.set_next_page_token(PageToken(codes.back(), digest));
  }
  response.mutable_unit_codes()->Assign(codes.begin(), codes.end());
  return {};
}

namespace {

class GrantService final : public v1::GrantService::CallbackService {
 public:
  explicit GrantService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* GrantUnits(grpc::CallbackServerContext* context, const v1::GrantUnitsRequest* request,
                                       v1::GrantUnitsResponse* response) override {
    return Mutate(env_, context, request, response, services::GrantUnits);
  }
  grpc::ServerUnaryReactor* RevokeGrant(grpc::CallbackServerContext* context, const v1::RevokeGrantRequest* request,
                                        v1::RevokeGrantResponse* response) override {
    return Mutate(env_, context, request, response, services::RevokeGrant);
  }
  grpc::ServerUnaryReactor* ListGrants(grpc::CallbackServerContext* context, const v1::ListGrantsRequest* request,
                                       v1::ListGrantsResponse* response) override {
    return Read(env_, context, request, response, services::ListGrants);
  }
  grpc::ServerUnaryReactor* ListPartnerUnits(grpc::CallbackServerContext* context, const v1::ListPartnerUnitsRequest* request,
                                             v1::ListPartnerUnitsResponse* response) override {
    return Read(env_, context, request, response, services::ListPartnerUnits);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeGrantService(Env& env) { return std::make_unique<GrantService>(env); }

}  // namespace mes::services
