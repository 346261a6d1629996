// A plant changes its site key: servers with the new one, with both, and with the old one alone, over real gRPC.
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/audit_key.h"
#include "domain/start_permit.h"
#include "mes/v1/audit.grpc.pb.h"
#include "services/site_key.h"
#include "services/start_permit.h"
#include "tests/support/plant_builder.h"
#include "tests/support/server.h"
#include "tests/support/site_key.h"
#include "tests/support/station_client.h"

namespace mes::services {
namespace {

using testing::ElementsAre;
using tests::CallOnce;
using tests::ReasonOf;
using v1::AuditService;

constexpr char kKit[] = "PACK.1.KIT.1";

class SiteKeyChange : public testing::Test {
 protected:
  SiteKeyChange() { tests::StorePlant(database_, tests::PlantBuilder().draft()); }
  ~SiteKeyChange() override {
    server_.reset();
    db::UseAuditKeys({});
  }

  // One server after the other, as a plant does it.
  void Serve(const tests::SiteKeyFile& key, const std::vector<std::string>& former = {}) {
    client_.reset();
    server_.reset();
    ServerOptions options;
    options.site_key_file = key.path();
    options.former_site_key_files = former;
    options.anchor_seconds = 0;
    server_ = std::make_unique<tests::TestServer>(database_.url(), options);
    client_ = std::make_unique<tests::StationClient>(server_->channel(), ++epoch_);
  }
  std::string Tell(const std::string& unit, const std::string& permit) {
    v1::StationEvent event = client_->Start(kKit, unit, "PACK.KIT", "ORD-PACK");
    event.mutable_started()->set_permit(permit);
    return client_->TellOne(kKit, event);
  }
  std::string Permit(const std::string& unit) {
    v1::CanStartRequest request;
    request.set_request_id("ask " + unit);
    request.set_station_code(kKit);
    request.set_unit_code(unit);
    request.mutable_start()->set_recipe_checksum("PACK.KIT");
    request.mutable_start()->set_work_order_code("ORD-PACK");
    v1::CanStartResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*v1::StationService::NewStub(server_->channel()), &v1::StationService::Stub::CanStart, request, &response)),
              "OK");
    return response.permit();
  }
  grpc::Status Anchor(v1::AuditAnchor* anchor) {
    v1::AnchorAuditRequest request;
    request.set_request_id("a" + std::to_string(++requests_));
    v1::AnchorAuditResponse response;
    grpc::Status status =
        CallOnce(*AuditService::NewStub(server_->channel()), &AuditService::Stub::AnchorAudit, request, &response);
    *anchor = response.anchor();
    return status;
  }
  v1::VerifyAuditResponse Verify(const v1::VerifyAuditRequest& request = {}) {
    grpc::ClientContext context;
    const auto stub = AuditService::NewStub(server_->channel());
    const auto reader = stub->VerifyAudit(&context, request);
    v1::VerifyAuditResponse page, told;
    while (reader->Read(&page)) told = page;
    EXPECT_EQ(ReasonOf(reader->Finish()), "OK");
    return told;
  }

  tests::SiteKeyFile old_, new_{S_IRUSR | S_IWUSR, tests::SiteKeyFile::kOtherPem};
  tests::TestDatabase database_;
  std::unique_ptr<tests::TestServer> server_;
  std::unique_ptr<tests::StationClient> client_;
  int requests_ = 0, epoch_ = 0;
};

TEST_F(SiteKeyChange, NothingOlderReadsAsFalseAndTheOldKeyMakesNothingMore) {
  Serve(old_);
  client_->Release("ORD-PACK", "PACK", "100");
  const std::string permit = Permit("P1"), second = Permit("P2");
  v1::AuditAnchor first, newest;
  ASSERT_EQ(ReasonOf(Anchor(&first)), "OK");

  Serve(new_, {old_.path()});
  EXPECT_EQ(Tell("P1", permit), "RECORDED") << "given under the former key, and not over";
  ASSERT_EQ(ReasonOf(Anchor(&newest)), "OK");
  EXPECT_NE(newest.public_key(), first.public_key());
  v1::VerifyAuditRequest request;
  *request.add_anchors() = first;
  *request.add_anchors() = newest;
  v1::VerifyAuditResponse told = Verify(request);
  EXPECT_TRUE(told.sound()) << told.ShortDebugString();
  EXPECT_EQ(told.unauthenticated() + told.not_checkable(), 0);
  request.add_public_keys(first.public_key());
  EXPECT_FALSE(Verify(request).sound());
  request.add_public_keys(newest.public_key());
  EXPECT_TRUE(Verify(request).sound());

  // Whoever stole the old key gives himself a permit.
  domain::StartPermit forged{true, "P2", kKit, 10, 1, domain::Time(std::chrono::seconds(time(nullptr) + 60)), {}};
  forged.expire_time = forged.issue_time + std::chrono::minutes(5);
  const std::string text = domain::PermitText(forged);
  const std::string seal = HmacSha256(SiteKey::Load(old_.path()).Derive("ordos start permit"), text);
  EXPECT_EQ(Tell("P2", domain::HexText(text) + "." + domain::HexText(seal)), "REJECTED PERMIT_INVALID");

  Serve(new_);
  told = Verify();
  EXPECT_FALSE(told.sound());
  EXPECT_EQ(told.findings_in_all(), 0);
  EXPECT_GT(told.not_checkable(), 0);
  EXPECT_THAT(told.unknown_key_ids(), ElementsAre(domain::HexText(db::AuditKeyId(BytesOfHex(first.public_key())))));
  EXPECT_EQ(Tell("P2", second), "REJECTED PERMIT_INVALID");

  // A server that somebody starts as before changes nothing.
  Serve(old_);
  EXPECT_EQ(ReasonOf(Anchor(&first)), "AUDIT_UNAVAILABLE");
}

TEST_F(SiteKeyChange, KeysThatMakeNoSenseAreRefused) {
  EXPECT_THROW(Serve(old_, {old_.path()}), std::invalid_argument);
  EXPECT_THROW(Serve(old_, std::vector<std::string>(9, new_.path())), std::invalid_argument);
  ServerOptions options;
  options.former_site_key_files = {old_.path()};
  EXPECT_THROW(tests::TestServer(database_.url(), options), std::invalid_argument);
}

}  // namespace
}  // namespace mes::services
