#include "services/lot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mes/v1/lot.grpc.pb.h"
#include "services/convert.h"
#include "tests/support/server.h"
#include "tests/support/stored_plant.h"

namespace mes::services {
namespace {

using tests::CallOnce;
using tests::FieldOf;
using tests::ReasonOf;
using tests::StoredPlant;
using v1::LotService;

v1::Quantity Kg(const std::string& value) {
  v1::Quantity quantity;
  quantity.set_value(value);
  quantity.set_uom("kg");
  return quantity;
}

class LotServiceTest : public testing::Test {
 protected:
  static domain::PlantDraft Plant() {
    tests::PlantBuilder builder;
    builder.material("POW").shelf_life_days = 30;
    return builder.draft();
  }
  tests::TestServer server_{Plant()};
  StoredPlant plant_{server_.database()};
  std::unique_ptr<LotService::Stub> stub_ = LotService::NewStub(server_.channel());
  int requests_ = 0;

  std::string NextId() { return "r" + std::to_string(++requests_); }
  v1::ReceiveLotRequest Receipt(const std::string& code, const std::string& amount = "100") {
    v1::ReceiveLotRequest request;
    request.set_request_id(NextId());
    request.set_lot_code(code);
    request.set_material_code("POW");
    *request.mutable_quantity() = Kg(amount);
    request.set_supplier("Maker");
    request.set_supplier_lot("M-1");
    return request;
  }
  grpc::Status Receive(const v1::ReceiveLotRequest& request, v1::ReceiveLotResponse* response) {
    return CallOnce(*stub_, &LotService::Stub::ReceiveLot, request, response);
  }
  grpc::Status Receive(const v1::ReceiveLotRequest& request) {
    v1::ReceiveLotResponse response;
    return Receive(request, &response);
  }
  v1::SplitLotRequest Splitting(const std::string& code, const std::vector<std::pair<std::string, std::string>>& parts) {
    v1::SplitLotRequest request;
    request.set_request_id(NextId());
    request.set_lot_code(code);
    for (const auto& [part_code, amount] : parts) {
      v1::LotPart& part = *request.add_parts();
      part.set_lot_code(part_code);
      *part.mutable_quantity() = Kg(amount);
    }
    return request;
  }
  grpc::Status Split(const v1::SplitLotRequest& request, v1::SplitLotResponse* response) {
    return CallOnce(*stub_, &LotService::Stub::SplitLot, request, response);
  }
  grpc::Status Split(const v1::SplitLotRequest& request) {
    v1::SplitLotResponse response;
    return Split(request, &response);
  }
  v1::MergeLotsRequest Merging(const std::string& code, const std::vector<std::string>& sources) {
    v1::MergeLotsRequest request;
    request.set_request_id(NextId());
    request.set_lot_code(code);
    request.mutable_source_codes()->Assign(sources.begin(), sources.end());
    return request;
  }
  grpc::Status Merge(const v1::MergeLotsRequest& request, v1::MergeLotsResponse* response) {
    return CallOnce(*stub_, &LotService::Stub::MergeLots, request, response);
  }
  grpc::Status Merge(const v1::MergeLotsRequest& request) {
    v1::MergeLotsResponse response;
    return Merge(request, &response);
  }
  grpc::Status Get(const std::string& code, v1::GetLotResponse* response) {
    v1::GetLotRequest request;
    request.set_lot_code(code);
    return CallOnce(*stub_, &LotService::Stub::GetLot, request, response);
  }
  void Set(const std::string& code, const std::string& assignment) {
    server_.database().Query("update unit set " + assignment + " where code = '" + code + "'");
  }
};

TEST_F(LotServiceTest, AReceivedLotGoesOffAfterItsShelfLife) {
  v1::ReceiveLotRequest request = Receipt("P1", "12.5");
  request.mutable_manufacture_time()->set_seconds(1'700'000'000);
  request.set_floor_life_seconds(3'600);
  v1::ReceiveLotResponse response;
  ASSERT_TRUE(Receive(request, &response).ok());
  const v1::Lot& lot = response.lot();
  EXPECT_EQ(lot.quantity_left().value(), "12.5");
  EXPECT_EQ(lot.manufacture_time().seconds(), 1'700'000'000);
  EXPECT_EQ(lot.expire_time().seconds(), 1'700'000'000 + 30 * 86'400);
  EXPECT_EQ(lot.floor_life_seconds(), 3'600);
  EXPECT_EQ(lot.supplier_lot(), "M-1");
  EXPECT_FALSE(lot.in_process());
  v1::GetLotResponse got;
  ASSERT_TRUE(Get("P1", &got).ok());
  EXPECT_EQ(got.lot().SerializeAsString(), lot.SerializeAsString());
}

TEST_F(LotServiceTest, RefusesBadReceiptsWithTheField) {
  ASSERT_TRUE(Receive(Receipt("P1")).ok());
  const auto refusal = [&](const std::function<void(v1::ReceiveLotRequest&)>& spoil) {
    v1::ReceiveLotRequest request = Receipt("P2");
    spoil(request);
    const grpc::Status status = Receive(request);
    return ReasonOf(status) + " " + FieldOf(status);
  };
  EXPECT_EQ(refusal([](auto& r) { r.set_lot_code("P1"); }), "LOT_EXISTS lot_code");
  EXPECT_EQ(refusal([](auto& r) { r.set_lot_code("P 1"); }), "CODE_INVALID lot_code");
  EXPECT_EQ(refusal([](auto& r) { r.set_material_code("NONE"); }), "MATERIAL_UNKNOWN material_code");
  EXPECT_EQ(refusal([](auto& r) { r.set_material_code("HSG"); }), "FIELD_INVALID material_code");
  EXPECT_EQ(refusal([](auto& r) { r.mutable_quantity()->set_uom("m2"); }), "UOM_MISMATCH quantity.uom");
  EXPECT_EQ(refusal([](auto& r) { r.mutable_quantity()->set_value("0"); }), "QUANTITY_INVALID quantity.value");
  EXPECT_EQ(refusal([](auto& r) { r.mutable_quantity()->set_value("-1"); }), "QUANTITY_INVALID quantity.value");
  EXPECT_EQ(refusal([](auto& r) { r.set_floor_life_seconds(-1); }), "FIELD_INVALID floor_life_seconds");
  EXPECT_EQ(refusal([](auto& r) { r.set_supplier(std::string(65, 's')); }), "LIMIT_EXCEEDED supplier");
  EXPECT_EQ(refusal([](auto& r) { r.mutable_manufacture_time()->set_seconds(253'000'000'000); }),
            "TIME_IN_FUTURE manufacture_time");
}

TEST_F(LotServiceTest, IsOpenedOnce) {
  ASSERT_TRUE(Receive(Receipt("P1")).ok());
  v1::OpenLotRequest request;
  request.set_request_id("o1");
  request.set_lot_code("P1");
  request.mutable_open_time()->set_seconds(1'700'000'000);
  v1::OpenLotResponse response;
  ASSERT_TRUE(CallOnce(*stub_, &LotService::Stub::OpenLot, request, &response).ok());
  EXPECT_EQ(response.lot().open_time().seconds(), 1'700'000'000);
  ASSERT_TRUE(CallOnce(*stub_, &LotService::Stub::OpenLot, request, &response).ok()) << "a resend gets the stored answer";
  request.set_request_id("o2");
  EXPECT_EQ(ReasonOf(CallOnce(*stub_, &LotService::Stub::OpenLot, request, &response)), "LOT_OPEN");
  request.set_request_id("o3");
  request.set_lot_code("NONE");
  EXPECT_EQ(ReasonOf(CallOnce(*stub_, &LotService::Stub::OpenLot, request, &response)), "LOT_UNKNOWN");
  request.set_request_id("o4");
  request.mutable_open_time()->set_seconds(253'000'000'000);
  EXPECT_EQ(ReasonOf(CallOnce(*stub_, &LotService::Stub::OpenLot, request, &response)), "TIME_IN_FUTURE");
}

TEST_F(LotServiceTest, SplitsIntoPartsAndKeepsTheRest) {
  ASSERT_TRUE(Receive(Receipt("P1")).ok());
  v1::SplitLotResponse response;
  ASSERT_TRUE(Split(Splitting("P1", {{"P1-B", "30"}, {"P1-A", "20.5"}}), &response).ok());
  EXPECT_EQ(response.lot().quantity_left().value(), "49.5");
  ASSERT_EQ(response.parts_size(), 2);
  EXPECT_EQ(response.parts(0).lot_code(), "P1-B") << "in the order of the request";
  EXPECT_EQ(response.parts(1).quantity().value(), "20.5");
  EXPECT_EQ(response.parts(1).supplier_lot(), "M-1");
  EXPECT_EQ(response.parts(1).expire_time().seconds(), response.lot().expire_time().seconds());
  EXPECT_EQ(server_.database().Value("select count(*) from lot_consumption where kind = 2 and request_id = 'r2'"), "2");
}

TEST_F(LotServiceTest, RefusesBadSplits) {
  ASSERT_TRUE(Receive(Receipt("P1")).ok());
  EXPECT_EQ(ReasonOf(Split(Splitting("NONE", {{"A", "1"}}))), "LOT_UNKNOWN");
  EXPECT_EQ(ReasonOf(Split(Splitting("P1", {}))), "FIELD_REQUIRED");
  EXPECT_EQ(ReasonOf(Split(Splitting("P1", std::vector<std::pair<std::string, std::string>>(101, {"A", "1"})))),
            "LIMIT_EXCEEDED");
  EXPECT_EQ(ReasonOf(Split(Splitting("P1", {{"A", "60"}, {"B", "40.000001"}}))), "QUANTITY_EXCEEDS_LEFT");
  const grpc::Status exists = Split(Splitting("P1", {{"A", "1"}, {"P1", "1"}}));
  EXPECT_EQ(ReasonOf(exists), "LOT_EXISTS");
  EXPECT_EQ(FieldOf(exists), "parts[1].lot_code");
  EXPECT_EQ(ReasonOf(Split(Splitting("P1", {{"A", "1"}, {"A", "1"}}))), "LOT_EXISTS");
  EXPECT_EQ(FieldOf(Split(Splitting("P1", {{"A", "0"}}))), "parts[0].quantity.value");
  Set("P1", "running_operation = 10");
  EXPECT_EQ(ReasonOf(Split(Splitting("P1", {{"A", "1"}}))), "LOT_RUNNING");
  Set("P1", "running_operation = 0, hold_count = 1");
  EXPECT_EQ(ReasonOf(Split(Splitting("P1", {{"A", "1"}}))), "NOT_BLOCKED");
  Set("P1", "hold_count = 0, state = 3");
  EXPECT_EQ(ReasonOf(Split(Splitting("P1", {{"A", "1"}}))), "UNIT_STATE");
  EXPECT_EQ(server_.database().Value("select count(*) from unit"), "1") << "nothing half-written";
  plant_.AddUnit("HSG", "H1");
  EXPECT_EQ(ReasonOf(Split(Splitting("H1", {{"A", "1"}}))), "LOT_UNKNOWN");
}

TEST_F(LotServiceTest, MergesWholeLots) {
  ASSERT_TRUE(Receive(Receipt("P2", "60")).ok());
  ASSERT_TRUE(Receive(Receipt("P1", "40")).ok());
  v1::MergeLotsResponse response;
  ASSERT_TRUE(Merge(Merging("M1", {"P2", "P1"}), &response).ok());
  EXPECT_EQ(response.lot().quantity().value(), "100");
  EXPECT_EQ(response.lot().supplier(), "Maker");
  v1::GetLotResponse source;
  ASSERT_TRUE(Get("P1", &source).ok());
  EXPECT_EQ(source.lot().quantity_left().value(), "0");
  EXPECT_EQ(server_.database().Value(
                "select string_agg(quantity_micro::text, ',' order by quantity_micro) from lot_consumption where kind = 3"),
            "40000000,60000000");
}

TEST_F(LotServiceTest, RefusesBadMerges) {
  for (const char* code : {"P1", "P2"}) ASSERT_TRUE(Receive(Receipt(code)).ok());
  EXPECT_EQ(ReasonOf(Merge(Merging("M1", {"P1"}))), "FIELD_REQUIRED");
  EXPECT_EQ(ReasonOf(Merge(Merging("M1", std::vector<std::string>(101, "P1")))), "LIMIT_EXCEEDED");
  const grpc::Status unknown = Merge(Merging("M1", {"P1", "NONE"}));
  EXPECT_EQ(ReasonOf(unknown), "LOT_UNKNOWN");
  EXPECT_EQ(FieldOf(unknown), "source_codes[1]");
  EXPECT_EQ(ReasonOf(Merge(Merging("M1", {"P1", "P1"}))), "LOT_MERGE_MISMATCH");
  EXPECT_EQ(ReasonOf(Merge(Merging("P2", {"P1", "P2"}))), "LOT_EXISTS");
  Set("P2", "grade = 'B'");
  EXPECT_EQ(ReasonOf(Merge(Merging("M1", {"P1", "P2"}))), "LOT_MERGE_MISMATCH");
  Set("P2", "grade = '', running_operation = 10");
  EXPECT_EQ(ReasonOf(Merge(Merging("M1", {"P1", "P2"}))), "LOT_RUNNING");
  Set("P2", "running_operation = 0, hold_count = 1");
  EXPECT_EQ(ReasonOf(Merge(Merging("M1", {"P1", "P2"}))), "NOT_BLOCKED");
  EXPECT_EQ(server_.database().Value("select sum(left_micro) from lot"), "200000000");
}

TEST_F(LotServiceTest, ListsPageByCode) {
  for (const char* code : {"P3", "P1", "P2"}) ASSERT_TRUE(Receive(Receipt(code)).ok());
  v1::ListLotsRequest request;
  request.set_page_size(2);
  request.set_material_code("POW");
  request.set_with_quantity_left(true);
  v1::ListLotsResponse page;
  ASSERT_TRUE(CallOnce(*stub_, &LotService::Stub::ListLots, request, &page).ok());
  ASSERT_EQ(page.lots_size(), 2);
  EXPECT_EQ(page.lots(0).lot_code(), "P1");
  request.set_page_token(page.next_page_token());
  v1::ListLotsResponse last;
  ASSERT_TRUE(CallOnce(*stub_, &LotService::Stub::ListLots, request, &last).ok());
  EXPECT_EQ(last.lots_size(), 1);
  request.set_with_quantity_left(false);
  EXPECT_EQ(ReasonOf(CallOnce(*stub_, &LotService::Stub::ListLots, request, &page)), "PAGE_TOKEN_INVALID");
  request.clear_page_token();
  request.set_material_code("NONE");
  EXPECT_EQ(ReasonOf(CallOnce(*stub_, &LotService::Stub::ListLots, request, &page)), "MATERIAL_UNKNOWN");
}

TEST_F(LotServiceTest, AUnitIsNoLot) {
  plant_.AddUnit("HSG", "H1");
  v1::GetLotResponse got;
  EXPECT_EQ(ReasonOf(Get("H1", &got)), "LOT_UNKNOWN");
  EXPECT_EQ(ReasonOf(Get("NONE", &got)), "LOT_UNKNOWN");
}

}  // namespace
}  // namespace mes::services
