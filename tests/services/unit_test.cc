#include "services/unit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mes/v1/unit.grpc.pb.h"
#include "tests/support/server.h"
#include "tests/support/stored_plant.h"

namespace mes::services {
namespace {

using testing::ElementsAre;
using tests::CallOnce;
using tests::FieldOf;
using tests::ReasonOf;
using tests::StoredPlant;
using v1::UnitService;

class UnitServiceTest : public testing::Test {
 protected:
  tests::TestServer server_{tests::PlantBuilder().draft()};
  StoredPlant plant_{server_.database()};
  std::unique_ptr<UnitService::Stub> stub_ = UnitService::NewStub(server_.channel());

  static v1::ReceiveUnitsRequest Receipt(const std::vector<std::string>& codes, const std::string& material = "HSG") {
    v1::ReceiveUnitsRequest request;
    static int number = 0;
    request.set_request_id("r" + std::to_string(++number));
    request.set_material_code(material);
    request.mutable_unit_codes()->Assign(codes.begin(), codes.end());
    request.set_supplier("Maker");
    return request;
  }
  grpc::Status Receive(const v1::ReceiveUnitsRequest& request) {
    v1::ReceiveUnitsResponse response;
    return CallOnce(*stub_, &UnitService::Stub::ReceiveUnits, request, &response);
  }
  grpc::Status Get(const std::string& code, v1::GetUnitResponse* response) {
    v1::GetUnitRequest request;
    request.set_unit_code(code);
    return CallOnce(*stub_, &UnitService::Stub::GetUnit, request, response);
  }
};

TEST_F(UnitServiceTest, ReceivesTenThousandAtOnceAndFindsEach) {
  std::vector<std::string> codes;
  for (int i = 0; i < 10'000; ++i) codes.push_back("H" + std::to_string(i));
  v1::ReceiveUnitsResponse received;
  ASSERT_TRUE(CallOnce(*stub_, &UnitService::Stub::ReceiveUnits, Receipt(codes), &received).ok());
  EXPECT_EQ(received.received(), 10'000);
  v1::GetUnitResponse got;
  ASSERT_TRUE(Get("H9999", &got).ok());
  EXPECT_EQ(got.unit().material_code(), "HSG");
  EXPECT_EQ(got.unit().state(), v1::UNIT_STATE_FINISHED);
  EXPECT_EQ(got.unit().supplier(), "Maker");
  EXPECT_EQ(got.unit().revision(), 0);
  EXPECT_EQ(got.unit().next_operation(), 0);
}

TEST_F(UnitServiceTest, AProductThatIsBoughtInNeedsProofOfItsSource) {
  v1::ReceiveUnitsRequest proven = Receipt({"C1"}, "CELL");
  proven.set_passport_reference("P-1");
  proven.set_goods_in_test_passed(true);
  v1::ReceiveUnitsRequest untested = Receipt({"C2"}, "CELL");
  untested.set_passport_reference("P-2");
  ASSERT_TRUE(Receive(proven).ok());
  ASSERT_TRUE(Receive(untested).ok());
  ASSERT_TRUE(Receive(Receipt({"H1"})).ok());
  EXPECT_EQ(server_.database().Value("select string_agg(code || source_proven::text, ',' order by code) from unit"),
            "C1true,C2false,H1true");
}

TEST_F(UnitServiceTest, RefusesBadReceiptsWithTheField) {
  ASSERT_TRUE(Receive(Receipt({"H1"})).ok());
  EXPECT_EQ(ReasonOf(Receive(Receipt({"X"}, "NONE"))), "MATERIAL_UNKNOWN");
  EXPECT_EQ(ReasonOf(Receive(Receipt({"X"}, "BLT"))), "FIELD_INVALID");
  EXPECT_EQ(ReasonOf(Receive(Receipt({}))), "FIELD_REQUIRED");
  const grpc::Status exists = Receive(Receipt({"H0", "H1"}));
  EXPECT_EQ(ReasonOf(exists), "UNIT_EXISTS");
  EXPECT_EQ(FieldOf(exists), "unit_codes[1]");
  EXPECT_EQ(ReasonOf(Receive(Receipt({"H2", "H2"}))), "UNIT_EXISTS");
  EXPECT_EQ(ReasonOf(Receive(Receipt({"with blank"}))), "CODE_INVALID");
  EXPECT_EQ(ReasonOf(Receive(Receipt(std::vector<std::string>(10'001, "H")))), "LIMIT_EXCEEDED");
  v1::ReceiveUnitsRequest wordy = Receipt({"H3"});
  wordy.set_passport_reference(std::string(201, 'p'));
  EXPECT_EQ(FieldOf(Receive(wordy)), "passport_reference");
  EXPECT_EQ(server_.database().Value("select count(*) from unit"), "1") << "all or nothing";
}

TEST_F(UnitServiceTest, FindsAUnitByAnyCodeItEverHad) {
  const std::vector<int64_t> ids = plant_.AddUnits("HSG", {"H1", "H2"});
  for (const int64_t id : ids) {
    server_.database().Query("insert into unit_code_history (code, unit_id, until_time) values ('TRAY', " + std::to_string(id) +
                             ", now()), ('LID-" + std::to_string(id) + "', " + std::to_string(id) + ", now())");
  }
  v1::GetUnitResponse got;
  ASSERT_TRUE(Get("LID-" + std::to_string(ids[0]), &got).ok());
  EXPECT_EQ(got.unit().unit_code(), "H1");
  EXPECT_EQ(got.unit().earlier_codes_size(), 2);
  EXPECT_EQ(ReasonOf(Get("TRAY", &got)), "UNIT_AMBIGUOUS");
  EXPECT_EQ(ReasonOf(Get("nobody", &got)), "UNIT_UNKNOWN");
  EXPECT_EQ(ReasonOf(Get("", &got)), "FIELD_REQUIRED");
}

TEST_F(UnitServiceTest, TellsWhereAUnitIsOnItsRouteAndInWhat) {
  const int64_t pack = plant_.AddUnit("PACK", "P1");
  const int64_t cell = plant_.AddUnit("CELL", "C1");
  server_.database().Query(
      "update unit set state = 1, passed = 5, revision_id = (select revision_id from product_revision where material_id = "
      "unit.material_id), parent_id = " +
      std::to_string(pack) + ", parent_line = 2, parent_slot = 1, grade = 'A' where unit_id = " + std::to_string(cell));
  v1::GetUnitResponse got;
  ASSERT_TRUE(Get("C1", &got).ok());
  EXPECT_THAT(got.unit().passed_operations(), ElementsAre(10, 30));
  EXPECT_EQ(got.unit().next_operation(), 20);
  EXPECT_EQ(got.unit().revision(), 1);
  EXPECT_EQ(got.unit().parent_code(), "P1");
  EXPECT_EQ(got.unit().parent_slot(), 1);
  EXPECT_EQ(got.unit().grade(), "A");
}

TEST_F(UnitServiceTest, ListsPageByCodeAndRefuseUnknownFilters) {
  plant_.AddUnits("HSG", {"H3", "H1", "H2"});
  v1::ListUnitsRequest request;
  request.set_page_size(2);
  request.set_material_code("HSG");
  v1::ListUnitsResponse page;
  ASSERT_TRUE(CallOnce(*stub_, &UnitService::Stub::ListUnits, request, &page).ok());
  ASSERT_EQ(page.units_size(), 2);
  EXPECT_EQ(page.units(1).unit_code(), "H2");
  request.set_page_token(page.next_page_token());
  v1::ListUnitsResponse last;
  ASSERT_TRUE(CallOnce(*stub_, &UnitService::Stub::ListUnits, request, &last).ok());
  ASSERT_EQ(last.units_size(), 1);
  EXPECT_EQ(last.next_page_token(), "");
  const auto refusal = [&](const v1::ListUnitsRequest& asked) {
    return ReasonOf(CallOnce(*stub_, &UnitService::Stub::ListUnits, asked, &page));
  };
  request.set_material_code("CELL");
  EXPECT_EQ(refusal(request), "PAGE_TOKEN_INVALID") << "another question's token";
  v1::ListUnitsRequest unknown;
  unknown.set_material_code("NONE");
  EXPECT_EQ(refusal(unknown), "MATERIAL_UNKNOWN");
  unknown.clear_material_code();
  unknown.set_work_order_code("NONE");
  EXPECT_EQ(refusal(unknown), "WORK_ORDER_UNKNOWN");
  unknown.clear_work_order_code();
  unknown.set_state(static_cast<v1::UnitState>(77));
  EXPECT_EQ(refusal(unknown), "ENUM_UNKNOWN");
}

TEST_F(UnitServiceTest, ShowsEventsWithTheirValuesByCharacteristic) {
  const int64_t cell = plant_.AddUnit("CELL", "C1");
  const std::string revision = std::to_string(plant_.plant().NewestRevision(plant_.material_id("CELL"))->id);
  plant_.AddEvent(cell, 1, domain::EventKind::kCompleted, 10, "measured = '{10.5}', judgement = 1, flags = 4, revision_id = " + revision);
  plant_.AddEvent(cell, 2, domain::EventKind::kStarted, 10, "purpose = 2");
  plant_.AddEvent(cell, 3, domain::EventKind::kCompleted, 10);

  v1::ListUnitEventsRequest request;
  request.set_unit_code("C1");
  request.set_page_size(2);
  v1::ListUnitEventsResponse page;
  ASSERT_TRUE(CallOnce(*stub_, &UnitService::Stub::ListUnitEvents, request, &page).ok());
  ASSERT_EQ(page.events_size(), 2);
  const v1::UnitEvent& completed = page.events(0);
  EXPECT_EQ(completed.kind(), "completed");
  EXPECT_EQ(completed.station_code(), plant_.plant().FindStation(1)->code);
  EXPECT_EQ(completed.judgement(), v1::JUDGEMENT_PASS);
  EXPECT_TRUE(completed.reversed());
  ASSERT_EQ(completed.values_size(), 1);
  EXPECT_EQ(completed.values(0).characteristic_code(), "FILL_V");
  EXPECT_THAT(completed.values(0).values(), ElementsAre(10.5));
  EXPECT_EQ(page.events(1).purpose(), "retest");
  request.set_page_token(page.next_page_token());
  v1::ListUnitEventsResponse last;
  ASSERT_TRUE(CallOnce(*stub_, &UnitService::Stub::ListUnitEvents, request, &last).ok());
  ASSERT_EQ(last.events_size(), 1);
  EXPECT_EQ(last.events(0).sequence(), 3);
  request.set_unit_code("nobody");
  EXPECT_EQ(ReasonOf(CallOnce(*stub_, &UnitService::Stub::ListUnitEvents, request, &page)), "UNIT_UNKNOWN");
}

}  // namespace
}  // namespace mes::services
