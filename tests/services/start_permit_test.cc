// Start permits over real gRPC: a go carries one, a start may show it, and it lifts nothing.
#include "services/start_permit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mes/v1/audit.grpc.pb.h"
#include "mes/v1/hold.grpc.pb.h"
#include "tests/support/plant_builder.h"
#include "tests/support/server.h"
#include "tests/support/station_client.h"

namespace mes::services {
namespace {

using testing::ElementsAre;
using tests::CallOnce;
using tests::FieldOf;
using tests::ReasonOf;

constexpr char kKit[] = "PACK.1.KIT.1";
constexpr char kLoad[] = "PACK.1.LOAD.1";

class StartPermitTest : public testing::Test {
 protected:
  tests::TestServer server_{tests::PlantBuilder().draft()};
  tests::StationClient client_{server_.channel()};

  StartPermitTest() { client_.Release("ORD-PACK", "PACK", "100"); }

  v1::CanStartRequest Question(const std::string& unit, const std::string& recipe = "PACK.KIT") {
    v1::CanStartRequest request;
    request.set_request_id("ask");
    request.set_station_code(kKit);
    request.set_unit_code(unit);
    request.mutable_start()->set_recipe_checksum(recipe);
    request.mutable_start()->set_work_order_code("ORD-PACK");
    return request;
  }
  grpc::Status Ask(const v1::CanStartRequest& request, v1::CanStartResponse* response) {
    return CallOnce(*v1::StationService::NewStub(server_.channel()), &v1::StationService::Stub::CanStart, request, response);
  }
  std::string Permit(const std::string& unit) {
    v1::CanStartResponse response;
    EXPECT_EQ(ReasonOf(Ask(Question(unit), &response)), "OK");
    EXPECT_TRUE(response.go());
    return response.permit();
  }
  v1::StationEvent Start(const std::string& unit, const std::string& permit) {
    v1::StationEvent event = client_.Start(kKit, unit, "PACK.KIT", "ORD-PACK");
    event.mutable_started()->set_permit(permit);
    return event;
  }
  std::string Tell(const v1::StationEvent& event) { return client_.TellOne(kKit, event); }
};

TEST_F(StartPermitTest, AGoCarriesAPermitAndANoGoNone) {
  v1::CanStartResponse response;
  ASSERT_EQ(ReasonOf(Ask(Question("P1"), &response)), "OK");
  EXPECT_TRUE(response.go());
  EXPECT_FALSE(response.permit().empty());
  EXPECT_NEAR(static_cast<double>(response.permit_expire_time().seconds()), static_cast<double>(time(nullptr)) + 300, 10);
  v1::CanStartResponse refused;
  ASSERT_EQ(ReasonOf(Ask(Question("P1", "OLD"), &refused)), "OK");
  EXPECT_FALSE(refused.go());
  EXPECT_TRUE(refused.permit().empty());
}

TEST_F(StartPermitTest, AStartMayShowItAndABypassIsCounted) {
  EXPECT_EQ(Tell(Start("P1", Permit("P1"))), "RECORDED");
  EXPECT_EQ(Tell(Start("P2", "")), "RECORDED");
  v1::ListStartBypassesRequest request;
  request.mutable_from_time()->set_seconds(time(nullptr) - 3600);
  request.mutable_until_time()->set_seconds(time(nullptr) + 3600);
  v1::ListStartBypassesResponse response;
  const auto audit = v1::AuditService::NewStub(server_.channel());
  ASSERT_EQ(ReasonOf(CallOnce(*audit, &v1::AuditService::Stub::ListStartBypasses, request, &response)), "OK");
  ASSERT_EQ(response.stations_size(), 1);
  EXPECT_EQ(response.stations(0).station_code(), kKit);
  EXPECT_EQ(response.stations(0).starts(), 2);
  EXPECT_EQ(response.stations(0).bypasses(), 1);
  EXPECT_TRUE(response.complete());
  request.mutable_until_time()->set_seconds(time(nullptr) + 32 * 86'400);
  EXPECT_EQ(ReasonOf(CallOnce(*audit, &v1::AuditService::Stub::ListStartBypasses, request, &response)), "LIMIT_EXCEEDED");
  *request.mutable_until_time() = request.from_time();
  EXPECT_EQ(FieldOf(CallOnce(*audit, &v1::AuditService::Stub::ListStartBypasses, request, &response)), "until_time");
  request.clear_from_time();
  EXPECT_EQ(ReasonOf(CallOnce(*audit, &v1::AuditService::Stub::ListStartBypasses, request, &response)), "FIELD_REQUIRED");
}

TEST_F(StartPermitTest, AnAlteredForgedOrForeignOneIsRefused) {
  const std::string permit = Permit("P1");
  EXPECT_EQ(Tell(Start("P2", permit)), "REJECTED PERMIT_INVALID");
  std::string altered = permit;
  altered[3] = altered[3] == '0' ? '1' : '0';
  EXPECT_EQ(Tell(Start("P1", altered)), "REJECTED PERMIT_INVALID");
  EXPECT_EQ(Tell(Start("P1", permit.substr(0, permit.size() - 2))), "REJECTED PERMIT_INVALID");
  EXPECT_EQ(Tell(Start("P1", permit.substr(0, permit.find('.') + 1))), "REJECTED PERMIT_INVALID");
  EXPECT_EQ(Tell(Start("P1", "nonsense")), "REJECTED PERMIT_INVALID");
  EXPECT_EQ(Tell(Start("P1", std::string(1'025, 'x'))), "REJECTED LIMIT_EXCEEDED");
  // Sealed by somebody else.
  domain::StartPermit forged{true, "P1", kKit, 10, 1, domain::Time{}, domain::Time::max()};
  UsePermitKeys({{"", std::string(32, 'x')}});
  const std::string theirs = SealPermit(forged);
  UsePermitKeys({{"", std::string(32, 'y')}});
  EXPECT_EQ(Tell(Start("P1", theirs)), "REJECTED PERMIT_INVALID");
  // A former key's permits are good, but none for longer than a permit may be.
  UsePermitKeys({{"", std::string(32, 'y')}, {"", std::string(32, 'x')}});
  EXPECT_EQ(Tell(Start("P1", theirs)), "REJECTED PERMIT_INVALID");
}

TEST_F(StartPermitTest, OneOfAFormerKeyIsGoodUntilItEnds) {
  UsePermitKeys({{"", std::string(32, 'x')}});
  const std::string permit = Permit("P1");
  UsePermitKeys({{"", std::string(32, 'y')}, {"", std::string(32, 'x')}});
  EXPECT_EQ(Tell(Start("P1", permit)), "RECORDED");
  UsePermitKeys({{"", std::string(32, 'y')}});
  EXPECT_EQ(Tell(Start("P2", permit)), "REJECTED PERMIT_INVALID");
}

TEST_F(StartPermitTest, AnExpiredOneIsRefusedAndOneInAdvanceIsBounded) {
  v1::CanStartRequest request = Question("P1");
  request.set_permit_seconds(1);
  v1::CanStartResponse response;
  ASSERT_EQ(ReasonOf(Ask(request, &response)), "OK");
  v1::StationEvent late = Start("P1", response.permit());
  late.mutable_occur_time()->set_seconds(late.occur_time().seconds() + 60);
  EXPECT_EQ(Tell(late), "REJECTED PERMIT_EXPIRED");
  request.set_permit_seconds(86'400);
  ASSERT_EQ(ReasonOf(Ask(request, &response)), "OK");
  EXPECT_EQ(Tell(Start("P1", response.permit())), "RECORDED");
  request.set_permit_seconds(86'401);
  EXPECT_EQ(ReasonOf(Ask(request, &response)), "LIMIT_EXCEEDED");
  request.set_permit_seconds(-1);
  EXPECT_EQ(FieldOf(Ask(request, &response)), "permit_seconds");
}

TEST_F(StartPermitTest, AHoldPlacedAfterItRefusesTheStartAllTheSame) {
  server_.database().Query(
      "insert into unit (unit_id, code, material_id, state, tracking, create_time) select 9, 'H1', material_id, 2, 1, now() from material "
      "where code = 'HSG'; select setval('unit_id_seq', 4096)");
  EXPECT_THAT(
      client_.Tell(kKit, {Start("P1", Permit("P1")), client_.Install(kKit, "P1", "H1"), client_.Complete(kKit, "P1", "KIT_V")}),
      ElementsAre("RECORDED", "RECORDED", "RECORDED"));
  const v1::CanStartResponse go = client_.CanStart(kLoad, "P1", "PACK.LOAD");
  ASSERT_TRUE(go.go()) << go.ShortDebugString();
  v1::PlaceHoldRequest hold;
  hold.set_request_id("h1");
  hold.add_codes("P1");
  hold.set_reason("dented");
  hold.set_person("li.wei");
  v1::PlaceHoldResponse held;
  ASSERT_EQ(ReasonOf(CallOnce(*v1::HoldService::NewStub(server_.channel()), &v1::HoldService::Stub::PlaceHold, hold, &held)),
            "OK");
  v1::StationEvent start = client_.Start(kLoad, "P1", "PACK.LOAD");
  start.mutable_started()->set_permit(go.permit());
  EXPECT_EQ(client_.TellOne(kLoad, start), "REJECTED NOT_BLOCKED");
}

}  // namespace
}  // namespace mes::services
