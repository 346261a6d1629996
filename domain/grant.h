// What a partner sees: units that it has or had by their records of life (sold or shipped to it, returned or handed over to it), units
// that it delivered, units that were granted to it, and everything that is inside those. Nothing else exists for it: unknown and not
// permitted look alike.
//
// Tiers are those of the battery passport (Regulation (EU) 2023/1542, Annex XIII): 1 what everybody may know, 2 what a person
// with a legitimate interest may (owners, repairers, recyclers), 3 what authorities may. Having a unit gives tier 2; a grant
// gives its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/result.h"
#include "domain/time.h"

namespace mes::domain {

inline constexpr int16_t kNoTier = 0;
inline constexpr int16_t kPublicTier = 1;
inline constexpr int16_t kInterestTier = 2;
inline constexpr int16_t kAuthorityTier = 3;

struct Grant {
  int64_t id = 0;
  std::string partner;
  int64_t unit_id = 0;
  // The unit's code now.
  std::string unit_code;
  int16_t tier = kInterestTier;
  // In force from grant_time until here, unless revoked before.
  Time until_time{};
  std::string reason;
  std::string person;
  Time grant_time{};
  std::optional<Time> revoke_time;
  std::string revoke_reason;
  std::string revoke_person;
};

// Checks a new grant. Errors: FIELD_REQUIRED, FIELD_INVALID, LIMIT_EXCEEDED with `partner`, `tier`, `until_time`, `reason`,
// `person`.
Status CheckGrant(const Grant& grant, Time now);
// Takes it back; it stays on record. Errors: GRANT_UNKNOWN where that was done before, FIELD_REQUIRED, LIMIT_EXCEEDED.
Status Revoke(Grant& grant, std::string person, std::string reason, Time now);

// Why a partner might see a unit: something that it is, or is inside of.
struct ScopeFact {
  int64_t unit_id = 0;
  // A record of life names the partner, or it delivered the unit; else a grant.
  bool custody = false;
  int16_t tier = kNoTier;
  Time until_time{};
  bool revoked = false;
};
// The highest tier that the facts of one unit give; kNoTier = the unit does not exist for this partner.
int16_t TierOf(const std::vector<ScopeFact>& facts, Time now);

}  // namespace mes::domain
