// Who is believed and what a proved caller may say: names of certificates, claims of tokens, keys, and the words of a request.
#include "domain/access.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mes::domain {
namespace {

using Kind = CertificateName::Kind;
constexpr Time kNow = Time(std::chrono::seconds(1'790'000'000));
constexpr int64_t kNowS = 1'790'000'000;

std::string Told(const Status& status) { return status ? "OK" : std::string(NameOf(status.error().reason)); }
template <typename Value>
std::string Told(const Result<Value>& result) {
  return result ? "OK" : std::string(NameOf(result.error().reason));
}
std::string NameOfUris(const std::vector<std::string>& uris) {
  std::vector<CertificateName> names;
  for (const std::string& uri : uris) names.push_back({Kind::kUri, uri});
  const Result<std::string> name = NameOfCertificate(names, "ordos");
  return name ? *name : std::string(NameOf(name.error().reason));
}

TEST(AccessTest, ACertificateIsKnownByExactlyOneUriOfThisSite) {
  EXPECT_EQ(NameOfUris({"ordos://ordos/station/PACK.1.KIT.1"}), "ordos://ordos/station/PACK.1.KIT.1");
  EXPECT_EQ(NameOfUris({}), "CREDENTIAL_INVALID");
  EXPECT_EQ(NameOfUris({"ordos://ordos/station/A", "ordos://ordos/station/A"}), "CREDENTIAL_INVALID") << "two, though alike";
  EXPECT_EQ(NameOfUris({"ordos://ordos/station/A", "https://other.example/"}), "CREDENTIAL_INVALID");
  EXPECT_EQ(NameOfUris({"ordos://baotou/station/A"}), "CREDENTIAL_INVALID") << "another site";
}

TEST(AccessTest, NamesThatOnlyLookLikeOursAreRefused) {
  for (const std::string uri :
       {"ORDOS://ordos/station/A", "ordos://ordos/station/", "ordos://ordos/station/A/B", "ordos://ordos/station/A?role=admin",
        "ordos://ordos/station/A#x", "ordos://ordos/station/%41", "ordos://ordos/admin/A", "ordos://ordos//A", "ordos:///station/A",
        "ordos://ordos@evil/station/A", "ordos://ordos:1/station/A", "ordos://ordos/station/A B", "xordos://ordos/station/A",
        "ordos://ordos/Station/A", "ordos://ordos/station/../station/A", "ordos://ordos/station/\xd0\x90"}) {
    EXPECT_EQ(NameOfUris({uri}), "CREDENTIAL_INVALID") << uri;
  }
  EXPECT_EQ(NameOfUris({"ordos://ordos/station/" + std::string(65, 'A')}), "CREDENTIAL_INVALID");
}

TEST(AccessTest, ANulInAnyNameRefusesTheCertificate) {
  EXPECT_EQ(NameOfUris({std::string("ordos://ordos/station/A\0.evil", 28)}), "CREDENTIAL_INVALID");
  EXPECT_EQ(Told(NameOfCertificate({{Kind::kUri, "ordos://ordos/station/A"}, {Kind::kDns, std::string("a\0b", 3)}}, "ordos")),
            "CREDENTIAL_INVALID");
}

TEST(AccessTest, DnsNamesAndAddressesProveNothingAndOtherKindsRefuse) {
  EXPECT_EQ(Told(NameOfCertificate({{Kind::kDns, "ordos://ordos/station/A"}}, "ordos")), "CREDENTIAL_INVALID");
  EXPECT_EQ(Told(NameOfCertificate({{Kind::kUri, "ordos://ordos/service/S"}, {Kind::kDns, "host"}, {Kind::kAddress, ""}}, "ordos")),
            "OK");
  EXPECT_EQ(Told(NameOfCertificate({{Kind::kUri, "ordos://ordos/service/S"}, {Kind::kOther, ""}}, "ordos")), "CREDENTIAL_INVALID");
  EXPECT_EQ(Told(NameOfCertificate(std::vector<CertificateName>(17, {Kind::kDns, "h"}), "ordos")), "CREDENTIAL_INVALID");
}

RC_GTEST_PROP(AccessProperty, WhatIsReadFromANameGivesTheNameAgain, ()) {
  const auto text = *rc::gen::string<std::string>();
  const Result<IdentityName> name = ParseIdentityName("ordos://ordos/station/" + text);
  if (name) RC_ASSERT(TextOf(*name) == "ordos://ordos/station/" + text);
  const bool clean = !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c < 128 && (std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_');
  });
  RC_ASSERT(name.has_value() == clean);
}

Identity Listed(const std::string& name, uint16_t roles) {
  Identity identity;
  identity.name = name;
  identity.roles = roles;
  identity.person = "li.wei";
  return identity;
}
constexpr uint16_t Bit(Role role) { return static_cast<uint16_t>(role); }

TEST(AccessTest, OnlyWhoStandsOnTheListInForceIsLetIn) {
  Identity station = Listed("ordos://ordos/station/A", Bit(Role::kStation));
  EXPECT_EQ(JudgeIdentity(&station, "f")->station, "A");
  EXPECT_EQ(JudgeIdentity(&station, "f")->name, "ordos://ordos/station/A");
  EXPECT_EQ(Told(JudgeIdentity(nullptr, "f")), "CREDENTIAL_INVALID");
  station.fingerprints = {"old", "new"};
  EXPECT_EQ(Told(JudgeIdentity(&station, "f")), "CREDENTIAL_INVALID") << "another certificate of the same name";
  EXPECT_EQ(Told(JudgeIdentity(&station, "new")), "OK");
  station.revoke_time = kNow;
  EXPECT_EQ(Told(JudgeIdentity(&station, "new")), "CREDENTIAL_INVALID");
  const Identity person = Listed("ordos://ordos/person/li.wei", Bit(Role::kQuality));
  EXPECT_EQ(JudgeIdentity(&person, "f")->name, "li.wei");
}

TEST(AccessTest, NobodyIsGivenMoreThanItsKindMayHave) {
  EXPECT_EQ(Told(CheckIdentity(Listed("ordos://ordos/station/A", Bit(Role::kStation)), "ordos")), "OK");
  EXPECT_EQ(Told(CheckIdentity(Listed("ordos://ordos/station/A", Bit(Role::kStation) | Bit(Role::kAdmin)), "ordos")), "FIELD_INVALID");
  EXPECT_EQ(Told(CheckIdentity(Listed("ordos://baotou/station/A", Bit(Role::kStation)), "ordos")), "FIELD_INVALID");
  Identity partner = Listed("ordos://ordos/partner/R1", Bit(Role::kRecycler));
  EXPECT_EQ(Told(CheckIdentity(partner, "ordos")), "FIELD_REQUIRED");
  partner.partner = "R1";
  EXPECT_EQ(Told(CheckIdentity(partner, "ordos")), "OK");
  partner.roles |= Bit(Role::kQuality);
  EXPECT_EQ(Told(CheckIdentity(partner, "ordos")), "FIELD_INVALID") << "an outsider is no quality engineer";
  Identity service = Listed("ordos://ordos/service/S", Bit(Role::kPlanner));
  service.partner = "R1";
  EXPECT_EQ(Told(CheckIdentity(service, "ordos")), "FIELD_INVALID");
  service.partner.clear();
  service.fingerprints = {std::string(64, 'A')};
  EXPECT_EQ(Told(CheckIdentity(service, "ordos")), "FIELD_INVALID");
  service.fingerprints.assign(5, std::string(64, 'a'));
  EXPECT_EQ(Told(CheckIdentity(service, "ordos")), "LIMIT_EXCEEDED");
}

TEST(AccessTest, AKeyIsGoodForItsTimeAndUntilItIsRevoked) {
  ApiKey key;
  key.holder = "zhao.min";
  key.roles = Bit(Role::kQuality);
  key.person = "li.wei";
  key.expire_time = kNow + std::chrono::seconds(1);
  EXPECT_EQ(JudgeKey(&key, true, kNow)->name, "zhao.min");
  EXPECT_EQ(Told(JudgeKey(&key, false, kNow)), "CREDENTIAL_INVALID");
  EXPECT_EQ(Told(JudgeKey(nullptr, false, kNow)), "CREDENTIAL_INVALID");
  EXPECT_EQ(Told(JudgeKey(&key, true, key.expire_time)), "CREDENTIAL_EXPIRED");
  key.revoke_time = kNow;
  EXPECT_EQ(JudgeKey(&key, true, kNow).error().message, JudgeKey(nullptr, false, kNow).error().message)
      << "who guesses learns nothing";
  key.roles = Bit(Role::kStation);
  EXPECT_EQ(Told(CheckKey(key)), "FIELD_INVALID");
  key.roles = Bit(Role::kQuality);
  key.holder = "ordos://ordos/station/A";
  EXPECT_EQ(Told(CheckKey(key)), "FIELD_INVALID") << "a person with a machine's name";
}

Issuer Believed() {
  Issuer issuer;
  issuer.name = "https://id.example/";
  issuer.audience = "ordos";
  issuer.leeway_seconds = 60;
  return issuer;
}
TokenClaims Claims() {
  TokenClaims claims;
  claims.issuer = "https://id.example/";
  claims.audiences = {"other", "ordos"};
  claims.person = "zhao.min";
  claims.roles = {"quality", "no such role", "station"};
  claims.expire_s = kNowS + 600;
  return claims;
}
std::string ToldOf(const TokenClaims& claims) { return Told(JudgeToken(Believed(), claims, kNow)); }

TEST(AccessTest, ATokenGivesThePersonAndItsRolesAndNeverAStation) {
  const Result<Caller> caller = JudgeToken(Believed(), Claims(), kNow);
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->name, "zhao.min");
  EXPECT_EQ(caller->kind, CallerKind::kPerson);
  EXPECT_EQ(caller->roles, Bit(Role::kQuality));
}

TEST(AccessTest, ATokenIsGoodBetweenItsTimesWithLeewayAtBothEnds) {
  TokenClaims claims = Claims();
  claims.expire_s = kNowS - 59;
  EXPECT_EQ(ToldOf(claims), "OK");
  claims.expire_s = kNowS - 60;
  EXPECT_EQ(ToldOf(claims), "CREDENTIAL_EXPIRED");
  claims = Claims();
  claims.not_before_s = kNowS + 60;
  EXPECT_EQ(ToldOf(claims), "OK");
  claims.not_before_s = kNowS + 61;
  EXPECT_EQ(ToldOf(claims), "CREDENTIAL_EXPIRED");
  claims = Claims();
  claims.issue_s = kNowS + 61;
  EXPECT_EQ(ToldOf(claims), "CREDENTIAL_EXPIRED") << "issued in the future";
  claims = Claims();
  claims.expire_s.reset();
  EXPECT_EQ(ToldOf(claims), "CREDENTIAL_INVALID") << "for ever";
  claims.expire_s = kNowS + 2 * 86'400;
  EXPECT_EQ(ToldOf(claims), "CREDENTIAL_INVALID") << "too long to call back";
}

TEST(AccessTest, ATokenOfAnotherIssuerOrForAnotherServiceIsRefused) {
  TokenClaims claims = Claims();
  claims.issuer = "https://id.example";
  EXPECT_EQ(ToldOf(claims), "CREDENTIAL_INVALID");
  claims = Claims();
  claims.audiences = {"other"};
  EXPECT_EQ(ToldOf(claims), "CREDENTIAL_INVALID");
  claims.audiences.clear();
  EXPECT_EQ(ToldOf(claims), "CREDENTIAL_INVALID");
  claims = Claims();
  for (const std::string person : {"", "ordos://ordos/service/S", " li", "a\nb"}) {
    claims.person = person;
    EXPECT_EQ(ToldOf(claims), "CREDENTIAL_INVALID") << person;
  }
}

TEST(AccessTest, APartnersTokenNeverCarriesAPlantRole) {
  TokenClaims claims = Claims();
  claims.partner = "R1";
  claims.roles = {"admin", "quality", "recycler", "testing"};
  const Result<Caller> caller = JudgeToken(Believed(), claims, kNow);
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->partner, "R1");
  EXPECT_EQ(caller->roles, Bit(Role::kRecycler) | Bit(Role::kTesting));
  claims.partner = "R 1";
  EXPECT_EQ(ToldOf(claims), "CREDENTIAL_INVALID");
}

Caller Person(const std::string& name, uint16_t roles) {
  Caller caller;
  caller.kind = CallerKind::kPerson;
  caller.name = name;
  caller.roles = roles;
  return caller;
}

TEST(AccessTest, AProvedPersonSignsWithItsOwnNameAndInRolesThatItHolds) {
  const Caller li = Person("li.wei", Bit(Role::kQuality));
  EXPECT_EQ(Told(CheckOwnName(li, "li.wei", "person")), "OK");
  EXPECT_EQ(Told(CheckOwnName(li, "zhao.min", "person")), "PERMISSION_DENIED");
  EXPECT_EQ(Told(CheckHeldRole(li, "quality", "role")), "OK");
  EXPECT_EQ(Told(CheckHeldRole(li, "planner", "role")), "ROLE_INSUFFICIENT");
  EXPECT_EQ(Told(CheckHeldRole(Caller(), "planner", "role")), "OK") << "unproved: as it was said";
  Caller terminal;
  terminal.kind = CallerKind::kService;
  EXPECT_EQ(Told(CheckOwnName(terminal, "zhao.min", "person")), "OK") << "a terminal speaks for whom it signed in";
  EXPECT_EQ(Told(CheckHeldRole(terminal, "planner", "role")), "ROLE_INSUFFICIENT");
}

TEST(AccessTest, AStationSpeaksForItself) {
  Caller station;
  station.kind = CallerKind::kStation;
  station.station = "A";
  EXPECT_EQ(Told(CheckOwnStation(station, "A", "station_code")), "OK");
  EXPECT_EQ(Told(CheckOwnStation(station, "B", "station_code")), "STATION_FOREIGN");
  EXPECT_EQ(Told(CheckOwnStation(station, "", "station_code")), "STATION_FOREIGN");
}

TEST(AccessTest, FourEyesAreTwoProvedPeople) {
  const Caller li = Person("li.wei", Bit(Role::kQuality));
  const Caller zhao = Person("zhao.min", Bit(Role::kQuality));
  EXPECT_EQ(Told(CheckSecondPerson(li, nullptr, "", "second_person")), "OK");
  EXPECT_EQ(Told(CheckSecondPerson(li, &zhao, "zhao.min", "second_person")), "OK");
  EXPECT_EQ(Told(CheckSecondPerson(li, nullptr, "zhao.min", "second_person")), "FOUR_EYES") << "only said";
  EXPECT_EQ(Told(CheckSecondPerson(li, &li, "li.wei", "second_person")), "FOUR_EYES");
  EXPECT_EQ(Told(CheckSecondPerson(li, &li, "zhao.min", "second_person")), "FOUR_EYES") << "the first one's proof again";
}

TEST(AccessTest, EveryRoleHasANameThatReadsBack) {
  for (const NamedRole& named : kRoleNames) EXPECT_EQ(ParseRole(NameOf(named.role)), named.role);
  EXPECT_FALSE(ParseRole("Quality"));
  EXPECT_EQ(NamesOf(Bit(Role::kStation) | Bit(Role::kSafetyOfficer)), (std::vector<std::string>{"station", "safety officer"}));
  EXPECT_EQ(Told(ParseRoles({})), "FIELD_REQUIRED");
  EXPECT_EQ(Told(ParseRoles({"root"})), "ENUM_UNKNOWN");
  EXPECT_EQ(Told(ParseRoles(std::vector<std::string>(13, "admin"))), "LIMIT_EXCEEDED");
}

}  // namespace
}  // namespace mes::domain
