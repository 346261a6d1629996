// Signatures that are proved by a credential shown anew, over real gRPC and TLS: who may sign so, what is refused by what name, and that
// what is kept is sealed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "db/audit.h"
#include "domain/audit.h"
#include "mes/v1/hold.grpc.pb.h"
#include "mes/v1/signature.grpc.pb.h"
#include "services/signature.h"
#include "services/site_key.h"
#include "tests/support/admitted.h"
#include "tests/support/site_key.h"

namespace mes::services {
namespace {

using tests::Metadata;
using tests::ReasonOf;
using v1::HoldService;
using v1::SignatureService;

std::string IssuersFile(const tests::Authority& folder, const tests::TokenKey& key) {
  folder.Write("keys.json", "{\"keys\":[" + key.Jwk("k1") + "]}");
  return folder.Write("issuers.json", R"({"issuers":[{"issuer":"https://id.example/","audience":"ordos","algorithm":"ES256",)"
                                      R"("key_set_file":"keys.json"}]})");
}

class ReproofTest : public testing::Test {
 protected:
  explicit ReproofTest(bool with_site_key = true)
      : server_({.issuers_file = IssuersFile(folder_, key_), .site_key_file = with_site_key ? site_key_.path() : ""}) {
    EXPECT_EQ(server_.Register("service/office", {"quality", "planner", "process engineer", "admin", "auditor"}), "OK");
    office_ = server_.Channel(server_.authority.IssueUri(server_.Uri("service/office")));
    holds_ = HoldService::NewStub(office_);
    signatures_ = SignatureService::NewStub(office_);
    database().Query("insert into unit (unit_id, code, material_id, state, tracking, create_time) "
                     "select i, 'H' || i, material_id, 2, 1, now() from material, generate_series(1, 40) i where code = 'HSG'");
  }
  tests::TestDatabase& database() { return server_.server->database(); }

  template <typename Stub, typename Request, typename Response>
  static grpc::Status CallWith(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                               const Request& request, Response* response, const Metadata& metadata) {
    grpc::ClientContext context;
    for (const auto& [key, value] : metadata) context.AddMetadata(key, value);
    return (stub.*method)(&context, request, response);
  }
  int64_t Hold() {
    v1::PlaceHoldRequest request;
    request.set_request_id("h" + std::to_string(++requests_));
    request.add_codes("H" + std::to_string(++units_));
    request.set_reason("dented");
    request.set_person("li.wei");
    v1::PlaceHoldResponse response;
    EXPECT_EQ(ReasonOf(CallWith(*holds_, &HoldService::Stub::PlaceHold, request, &response, {})), "OK");
    return response.hold().hold_id();
  }
  v1::ReleaseHoldRequest Release(int64_t hold_id, const std::string& person = "chen.yu") {
    v1::ReleaseHoldRequest request;
    request.set_request_id("r" + std::to_string(++requests_));
    request.set_hold_id(hold_id);
    request.set_reason("only the box");
    request.set_person(person);
    request.set_role("quality");
    request.set_disposition(v1::HOLD_DISPOSITION_USE_AS_IS);
    request.mutable_signature()->set_person(person);
    request.mutable_signature()->set_meaning("I have seen the records");
    request.mutable_signature()->mutable_sign_time()->set_seconds(time(nullptr));
    return request;
  }
  // `OK`, the reason, or of SIGNATURE_INVALID the cause.
  std::string Told(const v1::ReleaseHoldRequest& request, const Metadata& metadata) {
    v1::ReleaseHoldResponse response;
    const grpc::Status status = CallWith(*holds_, &HoldService::Stub::ReleaseHold, request, &response, metadata);
    if (status.ok()) return "OK";
    const v1::ErrorInfo info = tests::ErrorInfoOf(status);
    return info.reason() == "SIGNATURE_INVALID" ? info.metadata().at("cause") : info.reason();
  }
  std::string ToldToken(const std::string& token) { return Told(Release(Hold()), {{"x-signature-authorization", "Bearer " + token}}); }
  std::string ToldKey(const std::string& key) { return Told(Release(Hold()), {{"x-signature-api-key", key}}); }

  std::string Token(const std::string& more, const std::string& person = "chen.yu", int64_t expire_in_s = 600) {
    const int64_t end = time(nullptr) + expire_in_s;
    return key_.Sign(R"({"alg":"ES256","kid":"k1"})", R"({"iss":"https://id.example/","aud":"ordos","roles":["quality"],"sub":")" + person +
                                                          "\",\"exp\":" + std::to_string(end) + more + "}");
  }
  static std::string At(const char* claim, int64_t age_s) {
    return std::string(",\"") + claim + "\":" + std::to_string(time(nullptr) - age_s);
  }
  std::string Fresh(const std::string& more = "") { return Token(At("iat", 1) + more); }

  std::vector<v1::RecordSignature> Of(int64_t hold_id) {
    v1::ListSignaturesRequest request;
    request.set_noun("hold");
    request.set_noun_id(std::to_string(hold_id));
    v1::ListSignaturesResponse response;
    EXPECT_EQ(ReasonOf(CallWith(*signatures_, &SignatureService::Stub::ListSignatures, request, &response, {})), "OK");
    return {response.signatures().begin(), response.signatures().end()};
  }

  tests::SiteKeyFile site_key_;
  tests::Authority folder_;
  tests::TokenKey key_{"ES256"};
  tests::GuardedServer server_;
  std::shared_ptr<grpc::Channel> office_;
  std::unique_ptr<HoldService::Stub> holds_;
  std::unique_ptr<SignatureService::Stub> signatures_;
  int requests_ = 0;
  int units_ = 0;
};

TEST_F(ReproofTest, AnApiKeyShownAnewSignsAndWhatIsKeptIsSealed) {
  const v1::CreateKeyResponse key = server_.CreateKey("chen.yu", {"quality"});
  const int64_t hold = Hold();
  const v1::ReleaseHoldRequest request = Release(hold);
  ASSERT_EQ(Told(request, {{"x-signature-api-key", key.secret()}}), "OK");
  ASSERT_EQ(Of(hold).size(), 1u);
  const v1::RecordSignature kept = Of(hold)[0];
  EXPECT_TRUE(kept.valid());
  EXPECT_EQ(kept.proof(), v1::SIGNATURE_PROOF_API_KEY);
  EXPECT_EQ(kept.proof_id(), key.key().key_id());
  EXPECT_EQ(kept.signature().person(), "chen.yu");
  EXPECT_EQ(kept.payload_sha256(), domain::HexText(db::Sha256(PayloadOf(request))));
  // The key signs again, also what is a resend.
  EXPECT_EQ(Told(request, {{"x-signature-api-key", key.secret()}}), "OK");
  EXPECT_EQ(Of(hold).size(), 1u);
  EXPECT_EQ(ToldKey(key.secret()), "OK");
  EXPECT_EQ(database().Value("select count(*) from record_signature s where s::text like '%" + key.secret().substr(24) + "%'"), "0");
}

TEST_F(ReproofTest, AFreshTokenSignsOnceAndOnlyOnce) {
  const std::string token = Fresh();
  const int64_t hold = Hold();
  const v1::ReleaseHoldRequest request = Release(hold);
  ASSERT_EQ(Told(request, {{"x-signature-authorization", "Bearer " + token}}), "OK");
  const v1::RecordSignature kept = Of(hold).at(0);
  EXPECT_TRUE(kept.valid());
  EXPECT_EQ(kept.proof(), v1::SIGNATURE_PROOF_TOKEN);
  EXPECT_EQ(kept.proof_source(), "https://id.example/");
  EXPECT_EQ(kept.proof_id(), domain::HexText(db::Sha256(token.substr(0, token.rfind('.')))));
  EXPECT_EQ(Told(request, {{"x-signature-authorization", "Bearer " + token}}), "OK") << "a resend";
  EXPECT_EQ(ToldToken(token), "used");
  // Two tokens of one jti are one; without jti the content tells.
  EXPECT_EQ(ToldToken(Fresh(R"(,"jti":"j1")")), "OK");
  EXPECT_EQ(ToldToken(Fresh(R"(,"jti":"j1","x":1)")), "used");
  EXPECT_EQ(ToldToken(Fresh(R"(,"jti":"j2")")), "OK");
  // What a refused act used up is not used.
  const std::string again = Fresh(R"(,"jti":"j3")");
  v1::ReleaseHoldRequest unknown = Release(9'999'999);
  EXPECT_EQ(Told(unknown, {{"x-signature-authorization", "Bearer " + again}}), "HOLD_UNKNOWN");
  EXPECT_EQ(ToldToken(again), "OK");
}

TEST_F(ReproofTest, ATokenThatSignsTwoActsAtOnceSignsOne) {
  const std::string token = Fresh(R"(,"jti":"race")");
  std::vector<v1::ReleaseHoldRequest> requests;
  for (int i = 0; i < 6; ++i) requests.push_back(Release(Hold()));
  std::vector<std::string> told(requests.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < requests.size(); ++i) {
    threads.emplace_back([&, i] { told[i] = Told(requests[i], {{"x-signature-authorization", "Bearer " + token}}); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::count(told.begin(), told.end(), "OK"), 1);
  EXPECT_EQ(std::count(told.begin(), told.end(), "used"), 5);
}

TEST_F(ReproofTest, AnotherPersonsCredentialIsRefused) {
  EXPECT_EQ(ToldKey(server_.CreateKey("wu.min", {"quality"}).secret()), "person");
  EXPECT_EQ(ToldToken(Token(At("iat", 1), "wu.min")), "person");
  EXPECT_EQ(ToldToken(Fresh(R"(,"partner":"R1")")), "person") << "a partner's person of the same name is another one";
  v1::ReleaseHoldRequest request = Release(Hold());
  request.mutable_signature()->set_person("wu.min");
  EXPECT_EQ(Told(request, {{"x-signature-authorization", "Bearer " + Token(At("iat", 1), "wu.min")}}), "person");
}

TEST_F(ReproofTest, AnExpiredCredentialIsRefused) {
  EXPECT_EQ(ToldToken(Token(At("iat", 1), "chen.yu", -120)), "expired");
  const v1::CreateKeyResponse key = server_.CreateKey("chen.yu", {"quality"});
  database().Query("update access_key set create_time = now() - interval '1 day', expire_time = now() - interval '1 second'");
  // A change through the server makes it read the list anew.
  EXPECT_EQ(server_.Register("service/other", {"quality"}), "OK");
  EXPECT_EQ(ToldKey(key.secret()), "expired");
}

TEST_F(ReproofTest, ARevokedCredentialIsRefused) {
  const v1::CreateKeyResponse key = server_.CreateKey("chen.yu", {"quality"});
  EXPECT_EQ(server_.RevokeKey(key.key().key_id()), "OK");
  EXPECT_EQ(ToldKey(key.secret()), "credential");
  EXPECT_EQ(server_.Register("person/chen.yu", {"quality"}), "OK");
  EXPECT_EQ(server_.Revoke("person/chen.yu"), "OK");
  EXPECT_EQ(ToldToken(Fresh()), "credential") << "a person that is shut out signs nothing";
}

TEST_F(ReproofTest, ATokenOfAnOldSignInIsRefused) {
  EXPECT_EQ(ToldToken(Token(At("iat", 360))), "age");
  EXPECT_EQ(ToldToken(Token(At("iat", 1) + At("auth_time", 360))), "age") << "renewed in silence";
  EXPECT_EQ(ToldToken(Token("")), "age") << "it does not say when";
  EXPECT_EQ(ToldToken(Token(At("iat", 1) + At("auth_time", 240))), "OK");
}

TEST_F(ReproofTest, TheCallsOwnCredentialSignsNothing) {
  const std::string key = server_.CreateKey("chen.yu", {"quality"}).secret();
  EXPECT_EQ(Told(Release(Hold()), {{"x-api-key", key}, {"x-signature-api-key", key}}), "credential");
  const std::string token = Fresh();
  const std::string bearer = "Bearer " + token;
  EXPECT_EQ(Told(Release(Hold()), {{"authorization", bearer}, {"x-signature-authorization", bearer}}), "credential");
  EXPECT_EQ(Told(Release(Hold()), {{"authorization", bearer}, {"x-signature-api-key", key}}), "OK");
  EXPECT_EQ(Told(Release(Hold()), {{"authorization", bearer}}), "credential") << "none was shown to sign with";
}

TEST_F(ReproofTest, ForgedUnknownAndDoubleCredentialsAreRefused) {
  EXPECT_EQ(ToldToken(tests::TokenKey("ES256").Sign(R"({"alg":"ES256","kid":"k1"})", "{}")), "credential");
  EXPECT_EQ(ToldKey("omk_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "credential");
  const std::string key = server_.CreateKey("chen.yu", {"quality"}).secret();
  EXPECT_EQ(Told(Release(Hold()), {{"x-signature-api-key", key}, {"x-signature-authorization", "Bearer " + Fresh()}}), "credential");
  EXPECT_EQ(Told(Release(Hold()), {{"x-signature-api-key", key}, {"x-signature-api-key", key}}), "CREDENTIAL_INVALID");
  // Who may not make the call may not sign it either.
  EXPECT_EQ(ToldKey(server_.CreateKey("chen.yu", {"testing"}).secret()), "PERMISSION_DENIED");
  v1::ReleaseHoldRequest late = Release(Hold());
  late.mutable_signature()->mutable_sign_time()->set_seconds(time(nullptr) - 400);
  EXPECT_EQ(Told(late, {{"x-signature-api-key", key}}), "time");
}

TEST_F(ReproofTest, ARowBentInTheDatabaseIsToldWhenRead) {
  const int64_t hold = Hold();
  ASSERT_EQ(Told(Release(hold), {{"x-signature-authorization", "Bearer " + Fresh()}}), "OK");
  const std::string columns =
      "method, noun, person, meaning, sign_time, record_time, payload, payload_sha256, proof_source, proof_id, once, seal";
  database().Query("create table kept as select noun_id, " + columns + " from record_signature");
  EXPECT_ANY_THROW(database().Query("update record_signature set person = 'wu.min'"));
  for (const char* bend :
       {"method = 'DisposeNcrUnits'", "person = 'wu.min'", "meaning = 'nothing'", "sign_time = sign_time + interval '1 second'",
        "record_time = record_time - interval '1 day'", "payload = payload || 'x'", "payload_sha256 = sha256(payload || 'x')",
        "payload = payload || 'x', payload_sha256 = sha256(payload || 'x')", "proof_source = 'https://evil.example/'",
        "proof_id = 'k'", "once = sha256('x')", "seal = sha256('x')", "proof = 2, once = null"}) {
    database().Query(std::string("set session_replication_role = replica; update record_signature set ") + bend);
    EXPECT_FALSE(Of(hold).at(0).valid()) << bend;
    database().Query("set session_replication_role = replica; update record_signature set (proof, " + columns + ") = (select 3, " +
                     columns + " from kept)");
    EXPECT_TRUE(Of(hold).at(0).valid()) << bend;
  }
  const int64_t other = Hold();
  database().Query("set session_replication_role = replica; update record_signature set noun_id = " + std::to_string(other));
  EXPECT_FALSE(Of(other).at(0).valid()) << "moved to another record";
  database().Query("set session_replication_role = replica; update record_signature set noun_id = (select noun_id from kept)");
  // Another site's key, or none, knows no such seal.
  UseSealKeys({{"", std::string(32, 'x')}});
  EXPECT_FALSE(Of(hold).at(0).valid());
  // The key before this one still tells its own.
  const std::string key = SiteKey::Load(site_key_.path()).Derive("ordos signature seal");
  UseSealKeys({{"", std::string(32, 'x')}, {"", key}});
  EXPECT_TRUE(Of(hold).at(0).valid());
  UseSealKeys({});
  EXPECT_FALSE(Of(hold).at(0).valid());
}

class NoSiteKeyTest : public ReproofTest {
 protected:
  NoSiteKeyTest() : ReproofTest(false) {}
};

TEST_F(NoSiteKeyTest, NoCredentialSignsWhereThereIsNoSiteKey) {
  EXPECT_EQ(ToldKey(server_.CreateKey("chen.yu", {"quality"}).secret()), "seal");
  EXPECT_EQ(ToldToken(Fresh()), "seal");
  EXPECT_EQ(database().Value("select count(*) from record_signature"), "0");
}

}  // namespace
}  // namespace mes::services
