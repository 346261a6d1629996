#include "services/hold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mes/v1/hold.grpc.pb.h"
#include "tests/support/server.h"
#include "tests/support/stored_plant.h"

namespace mes::services {
namespace {

using tests::CallOnce;
using tests::FieldOf;
using tests::ReasonOf;
using tests::StoredPlant;
using v1::HoldService;

class HoldServiceTest : public testing::Test {
 protected:
  tests::TestServer server_{tests::PlantBuilder().draft()};
  StoredPlant plant_{server_.database()};
  std::unique_ptr<HoldService::Stub> stub_ = HoldService::NewStub(server_.channel());
  int requests_ = 0;

  v1::PlaceHoldRequest Placing(const std::vector<std::string>& codes) {
    v1::PlaceHoldRequest request;
    request.set_request_id("p" + std::to_string(++requests_));
    request.mutable_codes()->Assign(codes.begin(), codes.end());
    request.set_reason("golden sample failed");
    request.set_person("Li");
    return request;
  }
  grpc::Status Place(const v1::PlaceHoldRequest& request, v1::PlaceHoldResponse* response) {
    return CallOnce(*stub_, &HoldService::Stub::PlaceHold, request, response);
  }
  v1::ReleaseHoldRequest Releasing(int64_t hold_id) {
    v1::ReleaseHoldRequest request;
    request.set_request_id("l" + std::to_string(++requests_));
    request.set_hold_id(hold_id);
    request.set_reason("checked");
    request.set_person("Wu");
    request.set_role("quality");
    return request;
  }
  grpc::Status Release(const v1::ReleaseHoldRequest& request, v1::ReleaseHoldResponse* response) {
    return CallOnce(*stub_, &HoldService::Stub::ReleaseHold, request, response);
  }
};

TEST_F(HoldServiceTest, CoversWhatItNamesAndWhatThatWentInto) {
  const int64_t lot = plant_.AddLot("ELY", "E1", 100);
  const int64_t cell = plant_.AddUnit("CELL", "C1");
  plant_.Consume(lot, cell);
  v1::PlaceHoldResponse placed;
  ASSERT_EQ(ReasonOf(Place(Placing({"E1", "E1"}), &placed)), "OK");
  EXPECT_EQ(placed.hold().covered(), 2);
  EXPECT_EQ(placed.hold().placed_by(), "Li");
  EXPECT_EQ(placed.hold().released_by(), "");
  v1::ReleaseHoldResponse released;
  ASSERT_TRUE(Release(Releasing(placed.hold().hold_id()), &released).ok());
  EXPECT_EQ(released.hold().released_by(), "Wu");
  EXPECT_EQ(released.hold().covered(), 0);
  EXPECT_EQ(server_.database().Value("select sum(hold_count) from unit"), "0");
  v1::GetHoldRequest get;
  get.set_hold_id(placed.hold().hold_id());
  v1::GetHoldResponse got;
  ASSERT_TRUE(CallOnce(*stub_, &HoldService::Stub::GetHold, get, &got).ok());
  EXPECT_EQ(got.hold().release_reason(), "checked");
}

TEST_F(HoldServiceTest, RefusesBadHolds) {
  plant_.AddUnit("CELL", "C1");
  v1::PlaceHoldResponse placed;
  const grpc::Status unknown = Place(Placing({"C1", "NONE"}), &placed);
  EXPECT_EQ(ReasonOf(unknown), "UNIT_UNKNOWN");
  EXPECT_EQ(FieldOf(unknown), "codes[1]");
  EXPECT_EQ(ReasonOf(Place(Placing({}), &placed)), "FIELD_REQUIRED");
  EXPECT_EQ(ReasonOf(Place(Placing(std::vector<std::string>(10'001, "C1")), &placed)), "LIMIT_EXCEEDED");
  v1::PlaceHoldRequest request = Placing({"C1"});
  request.clear_reason();
  EXPECT_EQ(FieldOf(Place(request, &placed)), "reason");
  request = Placing({"C1"});
  request.clear_person();
  EXPECT_EQ(FieldOf(Place(request, &placed)), "person");
  request = Placing({"C1"});
  request.set_reason(std::string(501, 'r'));
  EXPECT_EQ(ReasonOf(Place(request, &placed)), "LIMIT_EXCEEDED");
  EXPECT_EQ(server_.database().Value("select count(*) from hold"), "0");
}

TEST_F(HoldServiceTest, IsLiftedOnceAndWithAReason) {
  plant_.AddUnit("CELL", "C1");
  v1::PlaceHoldResponse placed;
  ASSERT_TRUE(Place(Placing({"C1"}), &placed).ok());
  v1::ReleaseHoldResponse released;
  v1::ReleaseHoldRequest request = Releasing(placed.hold().hold_id());
  request.clear_reason();
  EXPECT_EQ(ReasonOf(Release(request, &released)), "FIELD_REQUIRED");
  EXPECT_EQ(ReasonOf(Release(Releasing(99), &released)), "HOLD_UNKNOWN");
  const v1::ReleaseHoldRequest good = Releasing(placed.hold().hold_id());
  ASSERT_TRUE(Release(good, &released).ok());
  EXPECT_TRUE(Release(good, &released).ok()) << "a resend gets the stored answer";
  EXPECT_EQ(ReasonOf(Release(Releasing(placed.hold().hold_id()), &released)), "HOLD_RELEASED");
  v1::GetHoldRequest get;
  get.set_hold_id(99);
  v1::GetHoldResponse got;
  EXPECT_EQ(ReasonOf(CallOnce(*stub_, &HoldService::Stub::GetHold, get, &got)), "HOLD_UNKNOWN");
}

TEST_F(HoldServiceTest, ListsPageNewestFirst) {
  plant_.AddUnit("CELL", "C1");
  v1::PlaceHoldResponse placed;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Place(Placing({"C1"}), &placed).ok());
  v1::ReleaseHoldResponse released;
  ASSERT_TRUE(Release(Releasing(2), &released).ok());
  v1::ListHoldsRequest request;
  request.set_page_size(1);
  request.set_in_force_only(true);
  v1::ListHoldsResponse page;
  ASSERT_TRUE(CallOnce(*stub_, &HoldService::Stub::ListHolds, request, &page).ok());
  ASSERT_EQ(page.holds_size(), 1);
  EXPECT_EQ(page.holds(0).hold_id(), 3);
  request.set_page_token(page.next_page_token());
  v1::ListHoldsResponse last;
  ASSERT_TRUE(CallOnce(*stub_, &HoldService::Stub::ListHolds, request, &last).ok());
  ASSERT_EQ(last.holds_size(), 1);
  EXPECT_EQ(last.holds(0).hold_id(), 1);
  EXPECT_EQ(last.next_page_token(), "");
}

}  // namespace
}  // namespace mes::services
