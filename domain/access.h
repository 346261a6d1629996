// Who may be believed: certificates by one name of a known form, tokens by their claims, keys by their digest, and what a proved
// caller may say in a request. What is cryptography (signatures, chains, digests) is done before, in services/; here is what the proved
// facts mean. Nothing here reads a clock.
//
// Names of machines are URIs in the certificate's subject alternative names: `ordos://SITE/KIND/CODE` with KIND station, service,
// partner or person. Exactly one URI, of this site; DNS names and addresses beside it are left aside (a server's certificate has them),
// any other kind of name refuses the certificate.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/caller.h"
#include "domain/limits_access.h"
#include "domain/result.h"
#include "domain/time.h"

namespace mes::domain {

struct NamedRole {
  Role role;
  std::string_view name;
};
// The words are those of rules.json, of requests' `role` and of the database.
inline constexpr auto kRoleNames = std::to_array<NamedRole>({
    {Role::kStation, "station"},
    {Role::kOperator, "operator"},
    {Role::kPlanner, "planner"},
    {Role::kQuality, "quality"},
    {Role::kMaintenance, "maintenance"},
    {Role::kTesting, "testing"},
    {Role::kRecycler, "recycler"},
    {Role::kAuditor, "auditor"},
    {Role::kAdmin, "admin"},
    {Role::kProcessEngineer, "process engineer"},
    {Role::kShiftLead, "shift lead"},
    {Role::kSafetyOfficer, "safety officer"},
});
std::string_view NameOf(Role role);
std::optional<Role> ParseRole(std::string_view name);
// Bits of Role. Errors: FIELD_REQUIRED (none), ENUM_UNKNOWN, LIMIT_EXCEEDED with `field` = roles.
Result<uint16_t> ParseRoles(const std::vector<std::string>& names);
std::vector<std::string> NamesOf(uint16_t roles);

// `station`, `service`, `partner`, `person`; empty for kUnproved.
std::string_view NameOf(CallerKind kind);

// One subject alternative name of a certificate.
struct CertificateName {
  enum class Kind : uint8_t { kUri, kDns, kAddress, kOther };
  Kind kind = Kind::kOther;
  std::string text;
};

// What `ordos://SITE/KIND/CODE` says.
struct IdentityName {
  std::string site;
  CallerKind kind = CallerKind::kUnproved;
  std::string code;
};
// Errors: CREDENTIAL_INVALID. Nothing is decoded or mended: no percent signs, no queries, no upper-case scheme.
Result<IdentityName> ParseIdentityName(std::string_view uri);
std::string TextOf(const IdentityName& name);
// The one URI among a certificate's names. Errors: CREDENTIAL_INVALID where there is none or several, one of a kind that is not
// looked for, one with a NUL or of another site, or more than 16 names.
Result<std::string> NameOfCertificate(const std::vector<CertificateName>& names, std::string_view site);

// A row of the list of those that are let in.
struct Identity {
  // `ordos://SITE/KIND/CODE`.
  std::string name;
  CallerKind kind = CallerKind::kUnproved;
  uint16_t roles = 0;
  // Of a partner's people and machines.
  std::string partner;
  // SHA-256 of the certificates that may be shown, in lower-case hexadecimal; empty = any that the authority signed.
  std::vector<std::string> fingerprints;
  std::string person;
  std::string reason;
  Time register_time{};
  std::optional<Time> revoke_time;
  std::string revoke_reason;
  std::string revoke_person;
};
// What was done with a name on the list. Stored as numbers: they do not change.
enum class IdentityAct : uint8_t { kAdded = 1, kChanged = 2, kRevoked = 3, kRestored = 4 };
struct IdentityChange {
  int64_t id = 0;
  IdentityAct act = IdentityAct::kAdded;
  uint16_t roles = 0;
  std::string partner;
  std::vector<std::string> fingerprints;
  std::string person;
  std::string reason;
  Time act_time{};
};
// Checks what an administrator asks for. Errors: FIELD_INVALID, LIMIT_EXCEEDED with the field; a partner is told by partners and
// people only, and a partner's roles are recycler or testing alone: no outsider is made a planner by a slip of the hand.
Status CheckIdentity(const Identity& identity, std::string_view site);
// Errors: CREDENTIAL_INVALID: not in the list, revoked, or another certificate than those listed.
Result<Caller> JudgeIdentity(const Identity* identity, std::string_view fingerprint);

// An issued key; its secret is not kept.
struct ApiKey {
  // The public part, by which it is found.
  std::string id;
  // The person or program that it was given to.
  std::string holder;
  CallerKind kind = CallerKind::kPerson;
  uint16_t roles = 0;
  std::string partner;
  // HMAC-SHA256 of the whole key under the server's secret; 32 bytes.
  std::string digest;
  std::string person;
  Time create_time{};
  Time expire_time{};
  std::optional<Time> last_use_time;
  std::optional<Time> revoke_time;
  std::string revoke_reason;
  std::string revoke_person;
};
Status CheckKey(const ApiKey& key);
// Errors: CREDENTIAL_INVALID (not known, another secret, revoked), CREDENTIAL_EXPIRED. Unknown, wrong and revoked say the same.
Result<Caller> JudgeKey(const ApiKey* key, bool digest_matches, Time now);

// A source of tokens that is believed.
struct Issuer {
  // The `iss` claim.
  std::string name;
  std::string audience;
  // RS256, ES256 or EdDSA: the only one that its tokens may have.
  std::string algorithm;
  // One of both: a file, or an address with the authorities of its server (empty = the system's).
  std::string key_set_file;
  std::string key_set_url;
  std::string key_set_ca_file;
  int64_t key_set_refresh_seconds = kDefaultKeySetRefreshSeconds;
  int64_t key_set_keep_seconds = kDefaultKeySetKeepSeconds;
  int64_t leeway_seconds = kDefaultLeewaySeconds;
  // Claims that hold the person, the roles (a list of texts) and the partner.
  std::string person_claim = "sub";
  std::string roles_claim = "roles";
  std::string partner_claim = "partner";
};
// The claims of a token whose signature is good.
struct TokenClaims {
  std::string issuer;
  std::vector<std::string> audiences;
  std::string person;
  std::vector<std::string> roles;
  std::string partner;
  std::optional<int64_t> expire_s;
  std::optional<int64_t> not_before_s;
  std::optional<int64_t> issue_s;
  // When the person proved itself to the issuer; a token that was renewed in silence says an older time here than under issue_s.
  std::optional<int64_t> prove_s;
  // `jti`; empty where there is none.
  std::string id;
  // SHA-256 of what the issuer signed, 32 bytes. Not of the whole token: some signatures can be written in two ways.
  std::string digest;
};
// Seconds since 1970. Roles that are not ours are left aside. Errors: CREDENTIAL_INVALID (issuer, audience, person, no expiry, too long a
// life), CREDENTIAL_EXPIRED (past its time, not yet valid).
Result<Caller> JudgeToken(const Issuer& issuer, const TokenClaims& claims, Time now);

// What a proved caller may say in a request.
// A caller with a station speaks for that one only. Errors: STATION_FOREIGN with `field`.
Status CheckOwnStation(const Caller& caller, std::string_view station_code, std::string_view field);
// A person signs with its own name. Errors: PERMISSION_DENIED with `field`.
Status CheckOwnName(const Caller& caller, std::string_view person, std::string_view field);
// A role that a request acts in is one that the caller holds. Errors: ROLE_INSUFFICIENT with `field`.
Status CheckHeldRole(const Caller& caller, std::string_view role, std::string_view field);
// A second person is another one, and proved besides. `second` is null where no second credential came. Errors: FOUR_EYES with `field`.
Status CheckSecondPerson(const Caller& caller, const Caller* second, std::string_view person, std::string_view field);

}  // namespace mes::domain
