#include "domain/access.h"

#include <algorithm>

#include "domain/code.h"
#include "domain/limits.h"

namespace mes::domain {
namespace {

struct NamedKind {
  CallerKind kind;
  std::string_view name;
};
constexpr auto kKindNames = std::to_array<NamedKind>({
    {CallerKind::kStation, "station"},
    {CallerKind::kService, "service"},
    {CallerKind::kPartner, "partner"},
    {CallerKind::kPerson, "person"},
});

constexpr std::string_view kScheme = "ordos://";
// What an outsider may be.
constexpr uint16_t kPartnerRoles = static_cast<uint16_t>(Role::kRecycler) | static_cast<uint16_t>(Role::kTesting);

Error Invalid(std::string message) { return {Reason::kCredentialInvalid, std::move(message), {}}; }
Error Expired(std::string message) { return {Reason::kCredentialExpired, std::move(message), {}}; }

// The same words whatever is wrong: who guesses learns nothing.
Error NotOurs(std::string_view what) { return Invalid("this " + std::string(what) + " is not one of ours, or was revoked"); }

bool IsSite(std::string_view text) {
  return !text.empty() && text.size() <= kMaxSiteLength && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

// What a code in a URI is made of: no escapes, nothing that begins a query or another segment.
bool IsIdentityCode(std::string_view text) {
  return !text.empty() && text.size() <= kMaxCodeLength && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

// People's names stand in records: printable, no blanks at the ends, and never in the form of a machine's.
bool IsPersonName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxPersonLength && !text.starts_with("ordos:") && text.front() != ' ' &&
         text.back() != ' ' && std::all_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) != 0x7f;
         });
}

bool IsFingerprint(std::string_view text) {
  return text.size() == kFingerprintLength && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

Status CheckPartner(CallerKind kind, const std::string& partner, uint16_t roles) {
  if (!partner.empty()) {
    if (Status code = CheckCode(partner, "partner_code"); !code) return code;
    if ((roles & ~kPartnerRoles) != 0) {
      return Fail(FieldError(Reason::kFieldInvalid, "roles", "a partner's people and machines are recycler or testing, nothing else"));
    }
  }
  if (kind == CallerKind::kPartner && partner.empty()) {
    return Fail(FieldError(Reason::kFieldRequired, "partner_code", "partner_code is missing"));
  }
  if (!partner.empty() && kind != CallerKind::kPartner && kind != CallerKind::kPerson) {
    return Fail(FieldError(Reason::kFieldInvalid, "partner_code", "only partners and people act for a partner"));
  }
  return {};
}

}  // namespace

std::string_view NameOf(Role role) {
  for (const NamedRole& named : kRoleNames) {
    if (named.role == role) return named.name;
  }
  return "";
}

std::optional<Role> ParseRole(std::string_view name) {
  for (const NamedRole& named : kRoleNames) {
    if (named.name == name) return named.role;
  }
  return std::nullopt;
}

Result<uint16_t> ParseRoles(const std::vector<std::string>& names) {
  if (names.empty()) return Fail(FieldError(Reason::kFieldRequired, "roles", "roles is empty"));
  if (names.size() > kMaxRolesPerCaller) {
    Error error = FieldError(Reason::kLimitExceeded, "roles", "roles holds more than there are");
    error.metadata["limit"] = std::to_string(kMaxRolesPerCaller);
    return Fail(std::move(error));
  }
  uint16_t roles = 0;
  for (const std::string& name : names) {
    const std::optional<Role> role = ParseRole(name);
    if (!role) return Fail(FieldError(Reason::kEnumUnknown, "roles", "there is no such role"));
    roles |= static_cast<uint16_t>(*role);
  }
  return roles;
}

std::vector<std::string> NamesOf(uint16_t roles) {
  std::vector<std::string> names;
  for (const NamedRole& named : kRoleNames) {
    if ((roles & static_cast<uint16_t>(named.role)) != 0) names.emplace_back(named.name);
  }
  return names;
}

std::string_view NameOf(CallerKind kind) {
  for (const NamedKind& named : kKindNames) {
    if (named.kind == kind) return named.name;
  }
  return "";
}

Result<IdentityName> ParseIdentityName(std::string_view uri) {
  const auto fault = [] { return Fail(Invalid("the certificate's name has not the form ordos://SITE/KIND/CODE")); };
  if (uri.size() > kMaxIdentityNameLength || !uri.starts_with(kScheme)) return fault();
  uri.remove_prefix(kScheme.size());
  const size_t first = uri.find('/');
  if (first == std::string_view::npos) return fault();
  const size_t second = uri.find('/', first + 1);
  if (second == std::string_view::npos) return fault();
  IdentityName name;
  name.site = uri.substr(0, first);
  const std::string_view kind = uri.substr(first + 1, second - first - 1);
  name.code = uri.substr(second + 1);
  for (const NamedKind& named : kKindNames) {
    if (named.name == kind) name.kind = named.kind;
  }
  if (name.kind == CallerKind::kUnproved || !IsSite(name.site) || !IsIdentityCode(name.code)) return fault();
  return name;
}

std::string TextOf(const IdentityName& name) {
  return std::string(kScheme) + name.site + "/" + std::string(NameOf(name.kind)) + "/" + name.code;
}

Result<std::string> NameOfCertificate(const std::vector<CertificateName>& names, std::string_view site) {
  if (names.size() > kMaxCertificateNames) return Fail(Invalid("the certificate has too many names"));
  const std::string* uri = nullptr;
  for (const CertificateName& name : names) {
    if (name.text.find('\0') != std::string::npos) return Fail(Invalid("a name of the certificate holds a NUL character"));
    if (name.kind == CertificateName::Kind::kOther) return Fail(Invalid("the certificate has a name of an unknown kind"));
    if (name.kind != CertificateName::Kind::kUri) continue;
    if (uri != nullptr) return Fail(Invalid("the certificate names several identities"));
    uri = &name.text;
  }
  if (uri == nullptr) return Fail(Invalid("the certificate names no identity"));
  const Result<IdentityName> parsed = ParseIdentityName(*uri);
  if (!parsed) return Fail(parsed.error());
  if (parsed->site != site) return Fail(Invalid("the certificate is of another site"));
  return *uri;
}

Status CheckIdentity(const Identity& identity, std::string_view site) {
  const Result<IdentityName> name = ParseIdentityName(identity.name);
  if (!name) return Fail(FieldError(Reason::kFieldInvalid, "name", "name has not the form ordos://SITE/KIND/CODE"));
  if (name->site != site) return Fail(FieldError(Reason::kFieldInvalid, "name", "name is of another site than this one"));
  if (identity.roles == 0) return Fail(FieldError(Reason::kFieldRequired, "roles", "roles is empty"));
  if (name->kind == CallerKind::kStation && identity.roles != static_cast<uint16_t>(Role::kStation)) {
    return Fail(FieldError(Reason::kFieldInvalid, "roles", "a station is a station and nothing else"));
  }
  if (Status partner = CheckPartner(name->kind, identity.partner, identity.roles); !partner) return partner;
  if (identity.fingerprints.size() > kMaxFingerprints) {
    Error error = FieldError(Reason::kLimitExceeded, "fingerprints", "more certificates than stand beside each other");
    error.metadata["limit"] = std::to_string(kMaxFingerprints);
    return Fail(std::move(error));
  }
  for (const std::string& fingerprint : identity.fingerprints) {
    if (!IsFingerprint(fingerprint)) {
      return Fail(FieldError(Reason::kFieldInvalid, "fingerprints", "a fingerprint is 64 hexadecimal digits in lower case"));
    }
  }
  if (Status reason = CheckText(identity.reason, kMaxReasonLength, false, "reason"); !reason) return reason;
  return CheckText(identity.person, kMaxPersonLength, true, "person");
}

Result<Caller> JudgeIdentity(const Identity* identity, std::string_view fingerprint) {
  if (identity == nullptr || identity->revoke_time) return Fail(NotOurs("certificate"));
  if (!identity->fingerprints.empty() &&
      std::find(identity->fingerprints.begin(), identity->fingerprints.end(), fingerprint) == identity->fingerprints.end()) {
    return Fail(NotOurs("certificate"));
  }
  const Result<IdentityName> name = ParseIdentityName(identity->name);
  if (!name) return Fail(name.error());
  Caller caller;
  caller.kind = name->kind;
  // A person is known by one name, however it is proved.
  caller.name = name->kind == CallerKind::kPerson ? name->code : identity->name;
  caller.roles = identity->roles;
  if (name->kind == CallerKind::kStation) caller.station = name->code;
  caller.partner = identity->partner;
  return caller;
}

Status CheckKey(const ApiKey& key) {
  if (!IsPersonName(key.holder)) {
    return Fail(FieldError(Reason::kFieldInvalid, "holder", "holder is 1 to 64 printable characters and no machine's name"));
  }
  if (key.roles == 0) return Fail(FieldError(Reason::kFieldRequired, "roles", "roles is empty"));
  if ((key.roles & static_cast<uint16_t>(Role::kStation)) != 0) {
    return Fail(FieldError(Reason::kFieldInvalid, "roles", "stations prove themselves by certificates, not by keys"));
  }
  if (Status partner = CheckPartner(CallerKind::kPerson, key.partner, key.roles); !partner) return partner;
  return CheckText(key.person, kMaxPersonLength, true, "person");
}

Result<Caller> JudgeKey(const ApiKey* key, bool digest_matches, Time now) {
  if (key == nullptr || !digest_matches || key->revoke_time) return Fail(NotOurs("key"));
  if (now >= key->expire_time) return Fail(Expired("this key is past its time"));
  Caller caller;
  caller.kind = key->kind;
  caller.name = key->holder;
  caller.roles = key->roles;
  caller.partner = key->partner;
  return caller;
}

Result<Caller> JudgeToken(const Issuer& issuer, const TokenClaims& claims, Time now) {
  const int64_t now_s = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (claims.issuer != issuer.name) return Fail(Invalid("the token's issuer is not one that is believed"));
  if (claims.audiences.size() > kMaxAudiences ||
      std::find(claims.audiences.begin(), claims.audiences.end(), issuer.audience) == claims.audiences.end()) {
    return Fail(Invalid("the token is meant for another service"));
  }
  if (!claims.expire_s) return Fail(Invalid("the token has no end"));
  if (!IsPersonName(claims.person)) return Fail(Invalid("the token names no person"));
  if (now_s - issuer.leeway_seconds >= *claims.expire_s) return Fail(Expired("the token is past its time"));
  if (claims.not_before_s && now_s + issuer.leeway_seconds < *claims.not_before_s) return Fail(Expired("the token is not valid yet"));
  if (claims.issue_s && now_s + issuer.leeway_seconds < *claims.issue_s) return Fail(Expired("the token is not valid yet"));
  // Counted from now: what a token says of its own beginning need not be true.
  if (*claims.expire_s - now_s > kMaxTokenSeconds + issuer.leeway_seconds) return Fail(Invalid("the token lives too long"));
  Caller caller;
  caller.kind = CallerKind::kPerson;
  caller.name = claims.person;
  for (const std::string& name : claims.roles) {
    if (const std::optional<Role> role = ParseRole(name); role && *role != Role::kStation) caller.roles |= static_cast<uint16_t>(*role);
  }
  if (!claims.partner.empty()) {
    if (!CheckCode(claims.partner, "partner")) return Fail(Invalid("the token's partner is not a code"));
    caller.partner = claims.partner;
    caller.roles &= kPartnerRoles;
  }
  return caller;
}

Status CheckOwnStation(const Caller& caller, std::string_view station_code, std::string_view field) {
  if (caller.station.empty() || caller.station == station_code) return {};
  return Fail(FieldError(Reason::kStationForeign, field, "this station reports and asks for itself only"));
}

Status CheckOwnName(const Caller& caller, std::string_view person, std::string_view field) {
  if (caller.kind != CallerKind::kPerson || person.empty() || caller.name == person) return {};
  return Fail(FieldError(Reason::kPermissionDenied, field, std::string(field) + " is another name than the one that was proved"));
}

Status CheckHeldRole(const Caller& caller, std::string_view role, std::string_view field) {
  if (caller.kind == CallerKind::kUnproved || role.empty()) return {};
  // Words that are no role at all are the handler's to refuse.
  const std::optional<Role> asked = ParseRole(role);
  if (!asked || caller.Has(*asked)) return {};
  return Fail(FieldError(Reason::kRoleInsufficient, field, "the caller does not hold the role " + std::string(role)));
}

Status CheckSecondPerson(const Caller& caller, const Caller* second, std::string_view person, std::string_view field) {
  if (caller.kind != CallerKind::kPerson || person.empty()) return {};
  if (caller.name == person) return Fail(FieldError(Reason::kFourEyes, field, "a second, different person must approve"));
  if (second == nullptr || second->kind != CallerKind::kPerson || second->name != person) {
    return Fail(FieldError(Reason::kFourEyes, field, "the second person must prove itself: send its token or key besides"));
  }
  return {};
}

}  // namespace mes::domain
