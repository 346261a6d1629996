#include "domain/grant.h"

#include <algorithm>

#include "domain/code.h"
#include "domain/limits.h"
#include "domain/limits_grant.h"

namespace mes::domain {

Status CheckGrant(const Grant& grant, Time now) {
  if (Status checked = CheckText(grant.partner, kMaxSupplierLength, true, "partner"); !checked) return checked;
  if (Status checked = CheckText(grant.reason, kMaxReasonLength, true, "reason"); !checked) return checked;
  if (Status checked = CheckText(grant.person, kMaxPersonLength, true, "person"); !checked) return checked;
  if (grant.tier < kPublicTier || grant.tier > kAuthorityTier) {
    return Fail(FieldError(Reason::kFieldInvalid, "tier", "tier is not 1 (public), 2 (legitimate interest) or 3 (authorities)"));
  }
  if (grant.until_time <= now) return Fail(FieldError(Reason::kFieldInvalid, "until_time", "until_time is past already"));
  if (grant.until_time > now + kLongestGrant) {
    return Fail(FieldError(Reason::kLimitExceeded, "until_time", "until_time is more than ten years away"));
  }
  return {};
}

Status Revoke(Grant& grant, std::string person, std::string reason, Time now) {
  if (Status checked = CheckText(reason, kMaxReasonLength, true, "reason"); !checked) return checked;
  if (Status checked = CheckText(person, kMaxPersonLength, true, "person"); !checked) return checked;
  if (grant.revoke_time) return Fail(FieldError(Reason::kGrantUnknown, "grant_id", "the grant was revoked before"));
  grant.revoke_time = now;
  grant.revoke_reason = std::move(reason);
  grant.revoke_person = std::move(person);
  return {};
}

int16_t TierOf(const std::vector<ScopeFact>& facts, Time now) {
  int16_t tier = kNoTier;
  for (const ScopeFact& fact : facts) {
    if (fact.custody) {
      tier = std::max(tier, kInterestTier);
    } else if (!fact.revoked && fact.until_time > now) {
      tier = std::max(tier, fact.tier);
    }
  }
  return tier;
}

}  // namespace mes::domain
