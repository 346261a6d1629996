// Electronic signatures over real gRPC: under hold releases, kept with the record, verified when read.
#include "services/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/audit.h"
#include "domain/audit.h"
#include "domain/signature.h"
#include "mes/v1/hold.grpc.pb.h"
#include "mes/v1/nonconformance.pb.h"
#include "mes/v1/signature.grpc.pb.h"
#include "services/site_key.h"
#include "tests/support/server.h"
#include "tests/support/plant_builder.h"

namespace mes::services {
namespace {

using tests::CallOnce;
using tests::FieldOf;
using tests::ReasonOf;
using v1::HoldService;
using v1::SignatureService;

class SignatureServiceTest : public testing::Test {
 protected:
  tests::TestServer server_{tests::PlantBuilder().draft()};
  std::unique_ptr<SignatureService::Stub> signatures_ = SignatureService::NewStub(server_.channel());
  std::unique_ptr<HoldService::Stub> holds_ = HoldService::NewStub(server_.channel());
  SiteKey key_ = SiteKey::Random();
  int requests_ = 0;

  SignatureServiceTest() {
    server_.database().Query(
        "insert into unit (unit_id, code, material_id, state, tracking, create_time) "
        "select i, 'H' || i, material_id, 2, 1, now() from material, generate_series(1, 9) i where code = 'HSG'");
  }
  std::string RequestId() { return "s" + std::to_string(++requests_); }
  grpc::Status Register(const std::string& signer, const std::string& person, const std::string& key) {
    v1::RegisterSignerKeyRequest request;
    request.set_request_id(RequestId());
    request.set_signer(signer);
    request.set_public_key(domain::HexText(key));
    request.set_person(person);
    request.set_reason("badge seen");
    v1::RegisterSignerKeyResponse response;
    return CallOnce(*signatures_, &SignatureService::Stub::RegisterSignerKey, request, &response);
  }
  grpc::Status Require(const std::string& method, bool required = true) {
    v1::SetSignaturePolicyRequest request;
    request.set_request_id(RequestId());
    request.set_method(method);
    request.set_required(required);
    request.set_person("li.wei");
    request.set_reason("customer audit");
    v1::SetSignaturePolicyResponse response;
    return CallOnce(*signatures_, &SignatureService::Stub::SetSignaturePolicy, request, &response);
  }
  int64_t Hold(const std::string& code) {
    v1::PlaceHoldRequest request;
    request.set_request_id(RequestId());
    request.add_codes(code);
    request.set_reason("dented");
    request.set_person("li.wei");
    v1::PlaceHoldResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*holds_, &HoldService::Stub::PlaceHold, request, &response)), "OK");
    return response.hold().hold_id();
  }
  v1::ReleaseHoldRequest Release(int64_t hold_id) {
    v1::ReleaseHoldRequest request;
    request.set_request_id(RequestId());
    request.set_hold_id(hold_id);
    request.set_reason("only the box");
    request.set_person("chen.yu");
    request.set_role("quality");
    request.set_disposition(v1::HOLD_DISPOSITION_USE_AS_IS);
    return request;
  }
  template <typename Request>
  void Sign(Request& request, const std::string& method, const SiteKey& key, domain::Duration later = {}) {
    domain::Signature signature;
    signature.person = request.person();
    signature.meaning = "I have seen the records";
    signature.sign_time = std::chrono::time_point_cast<domain::Duration>(std::chrono::system_clock::now()) + later;
    const std::string bytes = domain::SignatureBytes(signature, method, db::Sha256(PayloadOf(request)));
    v1::Signature& sent = *request.mutable_signature();
    sent.set_person(signature.person);
    sent.set_meaning(signature.meaning);
    sent.mutable_sign_time()->set_seconds(domain::ToMicros(signature.sign_time) / 1'000'000);
    sent.mutable_sign_time()->set_nanos(static_cast<int32_t>(domain::ToMicros(signature.sign_time) % 1'000'000 * 1000));
    sent.set_public_key(domain::HexText(key.public_key()));
    sent.set_signature(domain::HexText(key.Sign(bytes)));
  }
  std::string Told(const v1::ReleaseHoldRequest& request) {
    v1::ReleaseHoldResponse response;
    return ReasonOf(CallOnce(*holds_, &HoldService::Stub::ReleaseHold, request, &response));
  }
  std::vector<v1::RecordSignature> Of(int64_t hold_id) {
    v1::ListSignaturesRequest request;
    request.set_noun("hold");
    request.set_noun_id(std::to_string(hold_id));
    v1::ListSignaturesResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*signatures_, &SignatureService::Stub::ListSignatures, request, &response)), "OK");
    return {response.signatures().begin(), response.signatures().end()};
  }
};

TEST_F(SignatureServiceTest, APolicyMakesItMandatoryAndAGoodOneIsKeptWithTheRecord) {
  const int64_t hold = Hold("H1");
  ASSERT_EQ(ReasonOf(Register("chen.yu", "li.wei", key_.public_key())), "OK");
  ASSERT_EQ(ReasonOf(Require("ReleaseHold")), "OK");
  EXPECT_EQ(Told(Release(hold)), "SIGNATURE_REQUIRED");
  v1::ReleaseHoldRequest request = Release(hold);
  Sign(request, "ReleaseHold", key_);
  EXPECT_EQ(Told(request), "OK");
  ASSERT_EQ(Of(hold).size(), 1u);
  EXPECT_TRUE(Of(hold)[0].valid());
  EXPECT_EQ(Of(hold)[0].method(), "ReleaseHold");
  EXPECT_EQ(Of(hold)[0].signature().meaning(), "I have seen the records");
  // The policy is lifted: unsigned again.
  ASSERT_EQ(ReasonOf(Require("ReleaseHold", false)), "OK");
  EXPECT_EQ(Told(Release(Hold("H2"))), "OK");
  EXPECT_EQ(FieldOf(Require("CreateWorkOrder")), "method");
  EXPECT_EQ(FieldOf(Require("NoSuchCall")), "method");
}

TEST_F(SignatureServiceTest, AnotherKeyContentPersonTimeOrActIsRefused) {
  const int64_t hold = Hold("H1");
  ASSERT_EQ(ReasonOf(Register("chen.yu", "li.wei", key_.public_key())), "OK");
  v1::ReleaseHoldRequest request = Release(hold);
  Sign(request, "ReleaseHold", SiteKey::Random());
  EXPECT_EQ(Told(request), "SIGNATURE_INVALID");
  request = Release(hold);
  Sign(request, "ReleaseHold", key_);
  v1::ReleaseHoldRequest altered = request;
  altered.set_reason("scratches only");
  EXPECT_EQ(Told(altered), "SIGNATURE_INVALID");
  altered = request;
  altered.set_request_id("again");
  EXPECT_EQ(Told(altered), "SIGNATURE_INVALID");
  altered = request;
  altered.mutable_signature()->set_meaning("I have seen nothing");
  EXPECT_EQ(Told(altered), "SIGNATURE_INVALID");
  altered = request;
  altered.set_person("wu.min");
  EXPECT_EQ(Told(altered), "SIGNATURE_INVALID");
  Sign(altered, "ReleaseHold", key_);
  EXPECT_EQ(Told(altered), "SIGNATURE_INVALID");
  altered = Release(hold);
  Sign(altered, "ApproveHoldDisposition", key_);
  EXPECT_EQ(Told(altered), "SIGNATURE_INVALID");
  altered = Release(hold);
  Sign(altered, "ReleaseHold", key_, std::chrono::minutes(-6));
  EXPECT_EQ(Told(altered), "SIGNATURE_INVALID");
  altered = request;
  altered.mutable_signature()->set_public_key("zz");
  EXPECT_EQ(Told(altered), "FIELD_INVALID");
  altered = request;
  altered.mutable_signature()->clear_meaning();
  EXPECT_EQ(Told(altered), "FIELD_REQUIRED");
  EXPECT_TRUE(Of(hold).empty());
  EXPECT_EQ(Told(request), "OK");
}

TEST_F(SignatureServiceTest, AnEndedKeySignsNothingMoreAndWhatItSignedStands) {
  ASSERT_EQ(ReasonOf(Register("chen.yu", "li.wei", key_.public_key())), "OK");
  const int64_t hold = Hold("H1");
  v1::ReleaseHoldRequest request = Release(hold);
  Sign(request, "ReleaseHold", key_);
  ASSERT_EQ(Told(request), "OK");
  v1::RevokeSignerKeyRequest revoke;
  revoke.set_request_id(RequestId());
  revoke.set_public_key(domain::HexText(key_.public_key()));
  revoke.set_person("li.wei");
  revoke.set_reason("laptop lost");
  v1::RevokeSignerKeyResponse revoked;
  ASSERT_EQ(ReasonOf(CallOnce(*signatures_, &SignatureService::Stub::RevokeSignerKey, revoke, &revoked)), "OK");
  EXPECT_TRUE(revoked.key().has_end_time());
  revoke.set_request_id(RequestId());
  EXPECT_EQ(ReasonOf(CallOnce(*signatures_, &SignatureService::Stub::RevokeSignerKey, revoke, &revoked)), "KEY_UNKNOWN");
  EXPECT_TRUE(Of(hold).at(0).valid());
  request = Release(Hold("H2"));
  Sign(request, "ReleaseHold", key_);
  EXPECT_EQ(Told(request), "SIGNATURE_INVALID");
}

TEST_F(SignatureServiceTest, ASignatureBentInTheDatabaseIsToldWhenRead) {
  ASSERT_EQ(ReasonOf(Register("chen.yu", "li.wei", key_.public_key())), "OK");
  const int64_t hold = Hold("H1");
  v1::ReleaseHoldRequest request = Release(hold);
  Sign(request, "ReleaseHold", key_);
  ASSERT_EQ(Told(request), "OK");
  EXPECT_ANY_THROW(server_.database().Query("update record_signature set meaning = 'nothing'"));
  for (const char* bend :
       {"meaning = meaning || '!'", "person = 'wu.min'", "payload = payload || 'x'", "payload_sha256 = sha256(payload || 'x')",
        "sign_time = sign_time + interval '1 second'", "method = 'DisposeNcrUnits'"}) {
    server_.database().Query(
        std::string("create table kept as select * from record_signature; set session_replication_role = replica; "
                    "update record_signature set ") +
        bend);
    EXPECT_FALSE(Of(hold).at(0).valid()) << bend;
    server_.database().Query(
        "set session_replication_role = replica; update record_signature s set meaning = k.meaning, person = "
        "k.person, payload = k.payload, "
        "payload_sha256 = k.payload_sha256, sign_time = k.sign_time, method = k.method from kept k; drop table kept");
    EXPECT_TRUE(Of(hold).at(0).valid());
  }
}

TEST_F(SignatureServiceTest, ASignatureThatIsMovedToAnotherRecordIsToldWhenRead) {
  ASSERT_EQ(ReasonOf(Register("chen.yu", "li.wei", key_.public_key())), "OK");
  v1::ReleaseHoldRequest request = Release(Hold("H1"));
  Sign(request, "ReleaseHold", key_);
  ASSERT_EQ(Told(request), "OK");
  server_.database().Query("set session_replication_role = replica; update record_signature set noun_id = '4711'");
  EXPECT_FALSE(Of(4711).at(0).valid());
}

TEST_F(SignatureServiceTest, AKeyIsVouchedForByAnotherPersonAndKnownOnce) {
  EXPECT_EQ(ReasonOf(Register("chen.yu", "chen.yu", key_.public_key())), "FOUR_EYES");
  EXPECT_EQ(ReasonOf(Register("chen.yu", "li.wei", key_.public_key())), "OK");
  EXPECT_EQ(FieldOf(Register("wu.min", "li.wei", key_.public_key())), "public_key");
  EXPECT_EQ(FieldOf(Register("wu.min", "li.wei", "short")), "public_key");
  EXPECT_EQ(FieldOf(Register("", "li.wei", SiteKey::Random().public_key())), "signer");
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(ReasonOf(Register("p" + std::to_string(i / 2), "li.wei", SiteKey::Random().public_key())), "OK");
  v1::ListSignerKeysRequest request;
  request.set_page_size(2);
  std::vector<std::string> seen;
  do {
    v1::ListSignerKeysResponse response;
    ASSERT_EQ(ReasonOf(CallOnce(*signatures_, &SignatureService::Stub::ListSignerKeys, request, &response)), "OK");
    for (const v1::SignerKey& key : response.keys()) seen.push_back(key.signer());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(seen, testing::ElementsAre("chen.yu", "p0", "p0", "p1", "p1"));
}

TEST(Signature, DispositionsAndReleasesMayBeSigned) {
  EXPECT_TRUE(MayBeSigned(*v1::ReleaseHoldRequest::descriptor()));
  EXPECT_TRUE(MayBeSigned(*v1::ApproveHoldDispositionRequest::descriptor()));
  EXPECT_TRUE(MayBeSigned(*v1::DisposeNcrUnitsRequest::descriptor()));
  EXPECT_FALSE(MayBeSigned(*v1::PlaceHoldRequest::descriptor()));
  EXPECT_FALSE(MayBeSigned(*v1::Signature::descriptor()));
}

}  // namespace
}  // namespace mes::services
