// Shipments and reporting duties over real gRPC.
#include "services/shipment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mes/v1/duty.grpc.pb.h"
#include "mes/v1/life.grpc.pb.h"
#include "mes/v1/shipment.grpc.pb.h"
#include "tests/support/server.h"
#include "tests/support/stored_plant.h"

namespace mes::services {
namespace {

using tests::CallOnce;
using tests::FieldOf;
using tests::ReasonOf;
using tests::StoredPlant;
using Stub = v1::ShipmentService::Stub;
using Duties = v1::DutyService::Stub;

class ShipmentServiceTest : public testing::Test {
 protected:
  tests::TestServer server_{Draft().draft()};
  StoredPlant plant_{server_.database()};
  std::unique_ptr<Stub> shipments_ = v1::ShipmentService::NewStub(server_.channel());
  std::unique_ptr<Duties> duties_ = v1::DutyService::NewStub(server_.channel());
  int requests_ = 0;

  // With a vehicle among the products.
  static tests::PlantBuilder Draft() {
    tests::PlantBuilder builder;
    builder.AddBought("VEH", "pc", domain::Tracking::kSerial);
    builder.material("VEH").properties_json = R"({"area": "vehicle"})";
    return builder;
  }
  ShipmentServiceTest() { plant_.AddUnits("HSG", {"H1", "H2", "H3"}); }
  void Sql(const std::string& sql) { plant_.database().Query(sql); }
  std::string Value(const std::string& sql) { return plant_.database().Value(sql); }
  std::string Id() { return "s" + std::to_string(++requests_); }

  v1::CreateShipmentRequest Request(const std::vector<std::string>& codes, const std::string& country = "DE",
                                    const std::string& value = "100.50") {
    v1::CreateShipmentRequest request;
    request.set_request_id(Id());
    request.set_customer("NewBus Ltd");
    request.set_country(country);
    request.set_place("Hamburg");
    request.set_currency("EUR");
    request.set_person("Li");
    for (const std::string& code : codes) {
      v1::ShipmentItem& item = *request.add_items();
      item.set_unit_code(code);
      item.set_value(value);
    }
    return request;
  }
  grpc::Status Create(const v1::CreateShipmentRequest& request, v1::CreateShipmentResponse* response = nullptr) {
    v1::CreateShipmentResponse own;
    return CallOnce(*shipments_, &Stub::CreateShipment, request, response == nullptr ? &own : response);
  }
  std::string Told(const v1::CreateShipmentRequest& request) { return ReasonOf(Create(request)); }
  std::string FieldTold(const v1::CreateShipmentRequest& request) { return FieldOf(Create(request)); }
};

TEST_F(ShipmentServiceTest, UnitsLeaveWithTheirValueAndTheirLifeIsRecorded) {
  v1::CreateShipmentRequest request = Request({"H1", "H2"});
  v1::ShipmentDocument& document = *request.add_documents();
  document.set_title("UN 38.3 summary");
  document.set_uri("https://docs.example/38-3.pdf");
  document.set_sha256(std::string(64, 'a'));
  v1::CreateShipmentResponse created;
  ASSERT_EQ(ReasonOf(Create(request, &created)), "OK");
  EXPECT_EQ(created.shipment().value(), "201.00");
  EXPECT_TRUE(created.shipment().exported());
  EXPECT_EQ(created.shipment().items(0).product_code(), "HSG");
  EXPECT_EQ(Value("select state from unit where code = 'H1'"), "4");
  EXPECT_EQ(Value("select place || '|' || evidence from life_record limit 1"),
            "Hamburg, DE|shipment " + std::to_string(created.shipment().shipment_id()));
  ASSERT_EQ(Told(request), "OK") << "a resend";
  EXPECT_EQ(Value("select count(*) from shipment"), "1");

  v1::GetShipmentRequest get;
  get.set_shipment_id(created.shipment().shipment_id());
  v1::GetShipmentResponse got;
  ASSERT_TRUE(CallOnce(*shipments_, &Stub::GetShipment, get, &got).ok());
  EXPECT_EQ(got.shipment().documents(0).title(), "UN 38.3 summary");
  get.set_shipment_id(999);
  EXPECT_EQ(ReasonOf(CallOnce(*shipments_, &Stub::GetShipment, get, &got)), "SHIPMENT_UNKNOWN");
}

TEST_F(ShipmentServiceTest, RefusesByNameAndAllOrNone) {
  EXPECT_EQ(Told(Request({"NONE"})), "UNIT_UNKNOWN");
  EXPECT_EQ(FieldTold(Request({"H1", "NONE"})), "items[1]");
  EXPECT_EQ(FieldTold(Request({"H1", "H1"})), "items[1]");
  EXPECT_EQ(Told(Request({})), "FIELD_REQUIRED");
  EXPECT_EQ(Told(Request(std::vector<std::string>(1'001, "X"))), "LIMIT_EXCEEDED");
  EXPECT_EQ(FieldTold(Request({"H1"}, "UK")), "country");
  EXPECT_EQ(FieldTold(Request({"H1"}, "DE", "1.234")), "items[0].value");
  v1::CreateShipmentRequest request = Request({"H1"});
  request.set_currency("euro");
  EXPECT_EQ(FieldTold(request), "currency");
  request = Request({"H1"});
  request.clear_customer();
  EXPECT_EQ(FieldTold(request), "customer");
  request = Request({"H1"});
  request.mutable_ship_time()->set_seconds(time(nullptr) + 3'600);
  EXPECT_EQ(Told(request), "TIME_IN_FUTURE");
  request = Request({"H1"});
  request.add_documents()->set_title("nothing");
  EXPECT_EQ(FieldTold(request), "documents[0].uri");
  request.mutable_documents(0)->set_uri("x");
  request.mutable_documents(0)->set_sha256("AA");
  EXPECT_EQ(FieldTold(request), "documents[0].sha256");
  Sql("update unit set hold_count = 1 where code = 'H2'");
  const grpc::Status held = Create(Request({"H1", "H2"}));
  EXPECT_EQ(ReasonOf(held), "NOT_BLOCKED");
  EXPECT_EQ(FieldOf(held), "items[1]");
  const int64_t pack = plant_.AddUnit("PACK", "P1");
  Sql("update unit set revision_id = (select revision_id from product_revision join material using (material_id) where code = 'PACK') "
      "where unit_id = " +
      std::to_string(pack));
  EXPECT_EQ(Told(Request({"P1"})), "GENEALOGY_COMPLETE");
  Sql("update unit set state = 1 where code = 'H3'");
  EXPECT_EQ(Told(Request({"H3"})), "UNIT_STATE");
  EXPECT_EQ(Value("select count(*) from shipment"), "0");
  EXPECT_EQ(Value("select count(*) from life_record"), "0");
  ASSERT_EQ(Told(Request({"H1"})), "OK");
  EXPECT_EQ(Told(Request({"H1"})), "LIFE_TRANSITION") << "it is away";
}

TEST_F(ShipmentServiceTest, ADeliveryIsConfirmedOnce) {
  v1::CreateShipmentResponse created;
  ASSERT_EQ(ReasonOf(Create(Request({"H1"}), &created)), "OK");
  v1::ConfirmDeliveryRequest request;
  request.set_request_id(Id());
  request.set_shipment_id(created.shipment().shipment_id());
  request.set_person("Li");
  v1::ConfirmDeliveryResponse confirmed;
  EXPECT_EQ(FieldOf(CallOnce(*shipments_, &Stub::ConfirmDelivery, request, &confirmed)), "evidence");
  request.set_evidence("receipt 9");
  request.mutable_deliver_time()->set_seconds(1'000'000'000);
  EXPECT_EQ(FieldOf(CallOnce(*shipments_, &Stub::ConfirmDelivery, request, &confirmed)), "deliver_time");
  request.clear_deliver_time();
  ASSERT_EQ(ReasonOf(CallOnce(*shipments_, &Stub::ConfirmDelivery, request, &confirmed)), "OK");
  EXPECT_EQ(confirmed.shipment().delivery_evidence(), "receipt 9");
  request.set_request_id(Id());
  EXPECT_EQ(ReasonOf(CallOnce(*shipments_, &Stub::ConfirmDelivery, request, &confirmed)), "SHIPMENT_STATE");
  request.set_request_id(Id());
  request.set_shipment_id(999);
  EXPECT_EQ(ReasonOf(CallOnce(*shipments_, &Stub::ConfirmDelivery, request, &confirmed)), "SHIPMENT_UNKNOWN");
}

TEST_F(ShipmentServiceTest, AShipmentThatNeverLeftIsTakenBackWithAllThatFollowed) {
  v1::CreateShipmentResponse created;
  ASSERT_EQ(ReasonOf(Create(Request({"H1", "H2"}, "DE", "100"), &created)), "OK");
  const int64_t number = created.shipment().shipment_id();
  v1::CancelShipmentRequest request;
  request.set_request_id(Id());
  request.set_shipment_id(number);
  v1::CancelShipmentResponse response;
  const auto told = [&] {
    request.set_request_id(Id());
    return CallOnce(*shipments_, &Stub::CancelShipment, request, &response);
  };
  EXPECT_EQ(FieldOf(told()), "reason");
  request.set_reason("the truck was another's");
  EXPECT_EQ(FieldOf(told()), "person");
  request.set_person("Wang");
  request.set_shipment_id(999);
  EXPECT_EQ(ReasonOf(told()), "SHIPMENT_UNKNOWN");
  request.set_shipment_id(number);
  // One of its units came back: that record rests on it.
  const auto lives = v1::LifeService::NewStub(server_.channel());
  v1::RecordLifeEventRequest back;
  back.set_request_id(Id());
  back.set_unit_code("H2");
  back.set_event(v1::LIFE_EVENT_RETURN);
  back.set_person("Li");
  back.set_party("NewBus Ltd");
  v1::RecordLifeEventResponse returned;
  ASSERT_EQ(ReasonOf(CallOnce(*lives, &v1::LifeService::Stub::RecordLifeEvent, back, &returned)), "OK");
  const grpc::Status refused = told();
  EXPECT_EQ(ReasonOf(refused), "REVERSAL_REFUSED");
  EXPECT_EQ(tests::ErrorInfoOf(refused).metadata().at("unit_code"), "H2");
  EXPECT_EQ(Value("select count(*) from life_record where reverse_time is not null"), "0") << "all or none";
  v1::ReverseLifeRecordRequest reverse;
  reverse.set_request_id(Id());
  reverse.set_unit_code("H2");
  reverse.set_life_record_id(std::stoll(Value("select max(life_record_id) from life_record")));
  reverse.set_reason("another housing");
  reverse.set_person("Wang");
  v1::ReverseLifeRecordResponse reversed;
  ASSERT_EQ(ReasonOf(CallOnce(*lives, &v1::LifeService::Stub::ReverseLifeRecord, reverse, &reversed)), "OK");
  ASSERT_EQ(ReasonOf(told()), "OK");
  EXPECT_EQ(response.shipment().cancelled_by(), "Wang");
  EXPECT_EQ(response.shipment().cancel_reason(), "the truck was another's");
  EXPECT_TRUE(response.shipment().has_cancel_time());
  EXPECT_EQ(Value("select string_agg(distinct state::text, '') from unit where code in ('H1', 'H2')"), "2") << "in the plant";
  EXPECT_EQ(Value("select count(*) from unit_life"), "0");
  EXPECT_EQ(ReasonOf(told()), "SHIPMENT_STATE") << "once";
  v1::ConfirmDeliveryRequest arrived;
  arrived.set_request_id(Id());
  arrived.set_shipment_id(number);
  arrived.set_evidence("receipt 9");
  arrived.set_person("Li");
  v1::ConfirmDeliveryResponse confirmed;
  EXPECT_EQ(ReasonOf(CallOnce(*shipments_, &Stub::ConfirmDelivery, arrived, &confirmed)), "SHIPMENT_STATE") << "it never left";
  v1::GetExportShareRequest share;
  v1::GetExportShareResponse shares;
  ASSERT_EQ(ReasonOf(CallOnce(*shipments_, &Stub::GetExportShare, share, &shares)), "OK");
  EXPECT_EQ(shares.rows_size(), 0) << "nothing was exported";
  // They leave with another, and what arrived is not taken back.
  ASSERT_EQ(ReasonOf(Create(Request({"H1", "H2"}), &created)), "OK");
  arrived.set_request_id(Id());
  arrived.set_shipment_id(created.shipment().shipment_id());
  ASSERT_EQ(ReasonOf(CallOnce(*shipments_, &Stub::ConfirmDelivery, arrived, &confirmed)), "OK");
  request.set_shipment_id(created.shipment().shipment_id());
  EXPECT_EQ(ReasonOf(told()), "SHIPMENT_STATE");
}

TEST_F(ShipmentServiceTest, TheExportedShareIsOfPeriodCurrencyAndProduct) {
  ASSERT_EQ(Told(Request({"H1", "H2"}, "CN", "100")), "OK");
  ASSERT_EQ(Told(Request({"H3"}, "DE", "300")), "OK");
  v1::GetExportShareRequest request;
  request.set_period(v1::EXPORT_PERIOD_YEAR);
  v1::GetExportShareResponse share;
  ASSERT_EQ(ReasonOf(CallOnce(*shipments_, &Stub::GetExportShare, request, &share)), "OK");
  ASSERT_EQ(share.rows_size(), 2);
  EXPECT_EQ(share.rows(0).product_code(), "");
  EXPECT_EQ(share.rows(0).units(), 3);
  EXPECT_EQ(share.rows(0).exported_units(), 1);
  EXPECT_EQ(share.rows(0).value(), "500.00");
  EXPECT_EQ(share.rows(0).exported_value(), "300.00");
  EXPECT_EQ(share.rows(1).product_code(), "HSG");
  request.set_product_code("NONE");
  EXPECT_EQ(ReasonOf(CallOnce(*shipments_, &Stub::GetExportShare, request, &share)), "PRODUCT_UNKNOWN");
  request.clear_product_code();
  request.set_from_day("2030-01-01");
  EXPECT_EQ(FieldOf(CallOnce(*shipments_, &Stub::GetExportShare, request, &share)), "until_day");
  v1::ListShipmentsRequest list;
  list.set_page_size(1);
  v1::ListShipmentsResponse page;
  ASSERT_TRUE(CallOnce(*shipments_, &Stub::ListShipments, list, &page).ok());
  EXPECT_EQ(page.shipments(0).country(), "DE") << "the newest first";
  list.set_page_token(page.next_page_token());
  ASSERT_TRUE(CallOnce(*shipments_, &Stub::ListShipments, list, &page).ok());
  EXPECT_EQ(page.shipments(0).units(), 2);
  list.set_page_token("x");
  EXPECT_EQ(ReasonOf(CallOnce(*shipments_, &Stub::ListShipments, list, &page)), "PAGE_TOKEN_INVALID");
}

class DutyServiceTest : public ShipmentServiceTest {
 protected:
  v1::ListDutiesResponse List(const v1::ListDutiesRequest& request) {
    v1::ListDutiesResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*duties_, &Duties::ListDuties, request, &response)), "OK");
    return response;
  }
  DutyServiceTest() { plant_.AddUnit("VEH", "V1"); }
  void Ship() { ASSERT_EQ(Told(Request({"V1"})), "OK"); }
};

TEST_F(DutyServiceTest, AShippedVehicleMustBeReportedAndIsMarkedOnce) {
  Ship();
  v1::ListDutiesRequest list;
  list.set_unit_code("V1");
  v1::ListDutiesResponse duties = List(list);
  ASSERT_EQ(duties.duties_size(), 1);
  const v1::Duty& duty = duties.duties(0);
  EXPECT_EQ(duty.kind(), v1::DUTY_KIND_VEHICLE_BOUND);
  EXPECT_EQ(duty.actor(), v1::DUTY_ACTOR_VEHICLE_MAKER);
  EXPECT_EQ(duty.party(), "NewBus Ltd");
  EXPECT_FALSE(duty.due_day_official()) << "this plant has no notice";
  EXPECT_FALSE(duty.overdue());
  list.set_day("2099-01-01");
  list.set_overdue_only(true);
  EXPECT_TRUE(List(list).duties(0).overdue());
  list.set_day(duty.due_day());
  EXPECT_EQ(List(list).duties_size(), 0) << "the last day is in time";
  list.set_overdue_only(false);
  list.set_actor(v1::DUTY_ACTOR_RECYCLER);
  EXPECT_EQ(List(list).duties_size(), 0);

  v1::MarkDutiesSentRequest send;
  send.set_request_id(Id());
  send.add_duty_ids(duty.duty_id());
  send.set_person("Li");
  v1::MarkDutiesSentResponse sent;
  EXPECT_EQ(FieldOf(CallOnce(*duties_, &Duties::MarkDutiesSent, send, &sent)), "evidence");
  send.set_evidence("receipt 778");
  send.add_duty_ids(999);
  EXPECT_EQ(ReasonOf(CallOnce(*duties_, &Duties::MarkDutiesSent, send, &sent)), "DUTY_UNKNOWN");
  send.set_duty_ids(1, duty.duty_id());
  EXPECT_EQ(FieldOf(CallOnce(*duties_, &Duties::MarkDutiesSent, send, &sent)), "duty_ids");
  send.mutable_duty_ids()->RemoveLast();
  send.mutable_send_time()->set_seconds(time(nullptr) + 3'600);
  EXPECT_EQ(ReasonOf(CallOnce(*duties_, &Duties::MarkDutiesSent, send, &sent)), "TIME_IN_FUTURE");
  send.clear_send_time();
  ASSERT_EQ(ReasonOf(CallOnce(*duties_, &Duties::MarkDutiesSent, send, &sent)), "OK");
  EXPECT_EQ(sent.duties(0).state(), v1::DUTY_STATE_SENT);
  send.set_request_id(Id());
  EXPECT_EQ(ReasonOf(CallOnce(*duties_, &Duties::MarkDutiesSent, send, &sent)), "DUTY_STATE");
  v1::WithdrawDutyRequest withdraw;
  withdraw.set_request_id(Id());
  withdraw.set_duty_id(duty.duty_id());
  withdraw.set_reason("mistake");
  withdraw.set_person("Li");
  v1::WithdrawDutyResponse withdrawn;
  EXPECT_EQ(ReasonOf(CallOnce(*duties_, &Duties::WithdrawDuty, withdraw, &withdrawn)), "DUTY_STATE");
  withdraw.set_duty_id(999);
  EXPECT_EQ(ReasonOf(CallOnce(*duties_, &Duties::WithdrawDuty, withdraw, &withdrawn)), "DUTY_UNKNOWN");
}

TEST_F(DutyServiceTest, ALifeRecordTakenBackWithdrawsTheDutiesThatAreOpen) {
  const auto lives = v1::LifeService::NewStub(server_.channel());
  const auto record = [&](v1::LifeEvent event) {
    v1::RecordLifeEventRequest request;
    request.set_request_id(Id());
    request.set_unit_code("V1");
    request.set_event(event);
    request.set_person("Li");
    request.set_party("NewBus Ltd");
    request.set_place("Baotou, CN");
    v1::RecordLifeEventResponse response;
    ASSERT_EQ(ReasonOf(CallOnce(*lives, &v1::LifeService::Stub::RecordLifeEvent, request, &response)), "OK");
  };
  const auto take_back = [&] {
    v1::ReverseLifeRecordRequest request;
    request.set_request_id(Id());
    request.set_unit_code("V1");
    request.set_life_record_id(std::stoll(Value("select max(life_record_id) from life_record where reverse_time is null")));
    request.set_reason("another bus");
    request.set_person("Wang");
    v1::ReverseLifeRecordResponse response;
    const auto status = CallOnce(*lives, &v1::LifeService::Stub::ReverseLifeRecord, request, &response);
    return ReasonOf(status) + " " + std::to_string(response.withdrawn_duties());
  };
  record(v1::LIFE_EVENT_SELL);
  record(v1::LIFE_EVENT_SHIP);
  EXPECT_EQ(take_back(), "OK 1");
  v1::ListDutiesRequest list;
  list.set_unit_code("V1");
  v1::ListDutiesResponse duties = List(list);
  ASSERT_EQ(duties.duties_size(), 2);
  EXPECT_EQ(duties.duties(0).state(), v1::DUTY_STATE_OPEN) << "that of the sale";
  EXPECT_EQ(duties.duties(1).state(), v1::DUTY_STATE_WITHDRAWN);
  EXPECT_EQ(duties.duties(1).ended_by(), "Wang");
  EXPECT_EQ(duties.duties(1).evidence(), "another bus");
  v1::MarkDutiesSentRequest send;
  send.set_request_id(Id());
  send.add_duty_ids(duties.duties(0).duty_id());
  send.set_person("Li");
  send.set_evidence("receipt 778");
  v1::MarkDutiesSentResponse sent;
  ASSERT_EQ(ReasonOf(CallOnce(*duties_, &Duties::MarkDutiesSent, send, &sent)), "OK");
  EXPECT_EQ(take_back(), "OK 0") << "what was sent stays sent";
  EXPECT_EQ(List(list).duties(0).state(), v1::DUTY_STATE_SENT);
  v1::CreateShipmentResponse shipped;
  ASSERT_EQ(ReasonOf(Create(Request({"V1"}), &shipped)), "OK");
  EXPECT_EQ(take_back(), "REVERSAL_REFUSED 0") << "a shipment's";
  v1::CancelShipmentRequest cancel;
  cancel.set_request_id(Id());
  cancel.set_shipment_id(shipped.shipment().shipment_id());
  cancel.set_reason("another bus");
  cancel.set_person("Wang");
  v1::CancelShipmentResponse cancelled;
  ASSERT_EQ(ReasonOf(CallOnce(*shipments_, &Stub::CancelShipment, cancel, &cancelled)), "OK");
  EXPECT_EQ(cancelled.withdrawn_duties(), 1) << "with the shipment";
}

TEST_F(DutyServiceTest, ADutyThatDoesNotHoldIsWithdrawnWithItsReason) {
  Ship();
  v1::WithdrawDutyRequest withdraw;
  withdraw.set_request_id(Id());
  withdraw.set_duty_id(List({}).duties(0).duty_id());
  withdraw.set_person("Li");
  v1::WithdrawDutyResponse withdrawn;
  EXPECT_EQ(FieldOf(CallOnce(*duties_, &Duties::WithdrawDuty, withdraw, &withdrawn)), "reason");
  withdraw.set_reason("the customer reports itself");
  ASSERT_EQ(ReasonOf(CallOnce(*duties_, &Duties::WithdrawDuty, withdraw, &withdrawn)), "OK");
  EXPECT_EQ(withdrawn.duty().state(), v1::DUTY_STATE_WITHDRAWN);
  v1::ListDutiesRequest list;
  list.set_state(v1::DUTY_STATE_OPEN);
  EXPECT_EQ(List(list).duties_size(), 0);
  v1::ListDutiesResponse refused;
  list.set_day("tomorrow");
  EXPECT_EQ(FieldOf(CallOnce(*duties_, &Duties::ListDuties, list, &refused)), "day");
  list.clear_day();
  list.set_state(static_cast<v1::DutyState>(99));
  EXPECT_EQ(ReasonOf(CallOnce(*duties_, &Duties::ListDuties, list, &refused)), "ENUM_UNKNOWN");
  v1::ListDutyRulesResponse rules;
  ASSERT_TRUE(CallOnce(*duties_, &Duties::ListDutyRules, v1::ListDutyRulesRequest(), &rules).ok());
  EXPECT_EQ(rules.rules_size(), 10);
}

}  // namespace
}  // namespace mes::services
