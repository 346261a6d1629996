// Partners' scope over gRPC, and the service's own check of it: handlers find units by code through services/unit, which asks
// here, so that for a caller with a partner everything else does not exist. The database guards the same lines by itself
// (0016_grant.sql).
#pragma once

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include <grpcpp/impl/service_type.h>

#include "db/unit.h"
#include "domain/grant.h"
#include "domain/life.h"
#include "mes/v1/grant.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status GrantUnits(Call& call, const v1::GrantUnitsRequest& request, v1::GrantUnitsResponse& response);
domain::Status RevokeGrant(Call& call, const v1::RevokeGrantRequest& request, v1::RevokeGrantResponse& response);
domain::Status ListGrants(Call& call, const v1::ListGrantsRequest& request, v1::ListGrantsResponse& response);
domain::Status ListPartnerUnits(Call& call, const v1::ListPartnerUnitsRequest& request, v1::ListPartnerUnitsResponse& response);

std::unique_ptr<grpc::Service> MakeGrantService(Env& env);

// What other nouns need. Callers without a partner see everything.

// Makes unknown what the caller's partner does not see.
void HideFromPartner(Call& call, std::vector<db::FoundCode>& found);
bool SeesUnit(Call& call, int64_t unit_id);
// Those among these that the caller sees; all of them where it has no partner.
std::unordered_set<int64_t> SeenUnits(Call& call, const std::vector<int64_t>& unit_ids);
// The code where the caller sees its unit; else empty.
std::string SeenCode(Call& call, const std::string& code);
// The tier at which a partner's caller sees the unit; kAuthorityTier for others.
int16_t TierOfCaller(Call& call, int64_t unit_id);
// The partner that a question is about: a partner asks about itself only. Errors: PARTNER_UNKNOWN, FIELD_REQUIRED (who has no partner
// and names none where one is required), LIMIT_EXCEEDED, each with `partner`.
domain::Result<std::string> AskedPartner(const Call& call, const std::string& asked, bool required);
// Of other parties it is told only that something happened.
domain::LifeRecord ForPartner(const Call& call, domain::LifeRecord record);

}  // namespace mes::services
