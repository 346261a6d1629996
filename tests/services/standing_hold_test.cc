// Holds as standing rules over gRPC, with stations that go on meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/hold.h"
#include "db/hold_spread.h"
#include "db/world.h"
#include "mes/v1/hold.grpc.pb.h"
#include "mes/v1/lot.grpc.pb.h"
#include "mes/v1/unit.grpc.pb.h"
#include "services/plant_cache.h"
#include "tests/support/plant_builder.h"
#include "tests/support/station_client.h"

namespace mes::tests {
namespace {

using testing::ElementsAre;

constexpr char kFill[] = "CELL.1.FILL.1";
constexpr char kSoak[] = "CELL.1.SOAK.1";
constexpr char kKit[] = "PACK.1.KIT.1";
constexpr char kLoad[] = "PACK.1.LOAD.1";

domain::PlantDraft Draft() {
  PlantBuilder builder;
  builder.operation("PACK", 10).characteristics[0].characteristic_class = domain::CharacteristicClass::kCritical;
  // Soaking begins at once here.
  builder.product("CELL").windows.clear();
  return builder.draft();
}

struct StandingHolds : testing::Test {
  TestServer server{Draft()};
  StationClient stations{server.channel()};
  std::unique_ptr<v1::HoldService::Stub> holds = v1::HoldService::NewStub(server.channel());
  std::unique_ptr<v1::LotService::Stub> lots = v1::LotService::NewStub(server.channel());
  std::unique_ptr<v1::UnitService::Stub> units = v1::UnitService::NewStub(server.channel());
  int requests = 0;
  const int64_t begin = time(nullptr);

  StandingHolds() {
    stations.Release("ORD-PACK", "PACK", "100");
    stations.Release("ORD-CELL", "CELL", "100");
  }

  template <typename Request>
  Request Fresh() {
    Request request;
    request.set_request_id("r" + std::to_string(++requests));
    return request;
  }
  std::string ReceiveLot(const std::string& code, const std::string& supplier_lot, const std::string& material = "ELY") {
    auto request = Fresh<v1::ReceiveLotRequest>();
    request.set_lot_code(code);
    request.set_material_code(material);
    request.mutable_quantity()->set_value("10");
    request.mutable_quantity()->set_uom("kg");
    request.set_supplier("Acme");
    request.set_supplier_lot(supplier_lot);
    v1::ReceiveLotResponse response;
    return ReasonOf(CallOnce(*lots, &v1::LotService::Stub::ReceiveLot, request, &response));
  }
  // A cell through FILL.
  void Fill(const std::string& unit, const std::string& lot, double value = 10) {
    EXPECT_THAT(
        stations.Tell(kFill, {stations.Start(kFill, unit, "CELL.FILL", "ORD-CELL"),
                              stations.Consume(kFill, unit, lot, "0.5", "kg"), stations.Complete(kFill, unit, "FILL_V", value)}),
        ElementsAre("RECORDED", "RECORDED", "RECORDED"));
  }
  void Kit(const std::string& unit) {
    EXPECT_THAT(stations.Tell(kKit, {stations.Start(kKit, unit, "PACK.KIT", "ORD-PACK"), stations.Complete(kKit, unit, "KIT_V")}),
                ElementsAre("RECORDED", "RECORDED"));
  }

  v1::PlaceHoldRequest Placing() {
    auto request = Fresh<v1::PlaceHoldRequest>();
    request.set_reason("suspect");
    request.set_person("Li");
    return request;
  }
  v1::PlaceHoldRequest OnStation(const std::string& station) {
    v1::PlaceHoldRequest request = Placing();
    request.mutable_predicate()->add_station_codes(station);
    request.mutable_predicate()->mutable_from_time()->set_seconds(begin - 60);
    return request;
  }
  grpc::Status Place(const v1::PlaceHoldRequest& request, v1::Hold* hold) {
    v1::PlaceHoldResponse response;
    const grpc::Status status = CallOnce(*holds, &v1::HoldService::Stub::PlaceHold, request, &response);
    *hold = response.hold();
    return status;
  }
  v1::Hold Place(const v1::PlaceHoldRequest& request) {
    v1::Hold hold;
    const grpc::Status status = Place(request, &hold);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return hold;
  }
  // `REASON field` of a placing that is refused.
  std::string Refused(const v1::PlaceHoldRequest& request) {
    v1::Hold hold;
    const grpc::Status status = Place(request, &hold);
    return status.ok() ? "OK" : ReasonOf(status) + " " + FieldOf(status);
  }
  v1::PreviewHoldResponse Preview(const v1::PlaceHoldRequest& placing) {
    v1::PreviewHoldRequest request;
    *request.mutable_codes() = placing.codes();
    *request.mutable_predicate() = placing.predicate();
    request.set_direction(placing.direction());
    request.set_at_operation(placing.at_operation());
    v1::PreviewHoldResponse response;
    const grpc::Status status = CallOnce(*holds, &v1::HoldService::Stub::PreviewHold, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  v1::ReleaseHoldRequest Releasing(const v1::Hold& hold, const std::vector<std::string>& codes = {},
                                   v1::HoldDisposition disposition = v1::HOLD_DISPOSITION_USE_AS_IS) {
    auto request = Fresh<v1::ReleaseHoldRequest>();
    request.set_hold_id(hold.hold_id());
    request.set_reason("checked");
    request.set_person("Wu");
    request.set_role("quality");
    request.mutable_codes()->Assign(codes.begin(), codes.end());
    request.set_disposition(disposition);
    return request;
  }
  v1::ReleaseHoldResponse released;
  std::string Release(const v1::ReleaseHoldRequest& request) {
    return ReasonOf(CallOnce(*holds, &v1::HoldService::Stub::ReleaseHold, request, &released));
  }
  v1::ApproveHoldDispositionResponse approved;
  std::string Approve(int64_t disposition, const std::string& person, const std::string& role = "quality") {
    auto request = Fresh<v1::ApproveHoldDispositionRequest>();
    request.set_disposition_id(disposition);
    request.set_person(person);
    request.set_role(role);
    request.set_reason("seen the records");
    return ReasonOf(CallOnce(*holds, &v1::HoldService::Stub::ApproveHoldDisposition, request, &approved));
  }
  // Codes on which the hold is in force.
  std::vector<std::string> Items(const v1::Hold& hold, const std::string& product = "") {
    std::vector<std::string> codes;
    v1::ListHoldItemsRequest request;
    request.set_hold_id(hold.hold_id());
    request.set_in_force_only(true);
    request.set_product_code(product);
    request.set_page_size(1);  // pages are followed
    do {
      v1::ListHoldItemsResponse page;
      const grpc::Status status = CallOnce(*holds, &v1::HoldService::Stub::ListHoldItems, request, &page);
      EXPECT_TRUE(status.ok()) << status.error_message();
      for (const auto& item : page.items()) codes.push_back(item.code());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return codes;
  }
  std::vector<v1::HoldItem> HoldsOf(const std::string& unit) {
    v1::GetUnitHoldsRequest request;
    request.set_unit_code(unit);
    v1::GetUnitHoldsResponse response;
    const grpc::Status status = CallOnce(*holds, &v1::HoldService::Stub::GetUnitHolds, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return {response.items().begin(), response.items().end()};
  }
  bool Goes(const std::string& station, const std::string& unit, const std::string& recipe, const std::string& order = "") {
    return stations.CanStart(station, unit, recipe, order).go();
  }
  void ExpectCountsToAgree() {
    EXPECT_EQ(
        server.database().Value("select count(*) from unit u where hold_count <> (select count(*) from hold_item i join hold h "
                                "on h.hold_id = i.hold_id where i.unit_id = u.unit_id and i.release_time is null and "
                                "h.release_time is null)"),
        "0");
  }
};

TEST_F(StandingHolds, PreviewTellsWhatPlacingThenHoldsAndWritesNothing) {
  ASSERT_EQ(ReceiveLot("E1", "SL-1"), "OK");
  Fill("C1", "E1");
  Fill("C2", "E1");
  EXPECT_EQ(stations.TellOne(kSoak, stations.Start(kSoak, "C2", "CELL.SOAK")), "RECORDED");
  v1::PlaceHoldRequest request = Placing();
  request.add_codes("E1");
  const v1::PreviewHoldResponse preview = Preview(request);
  EXPECT_EQ(preview.units(), 3);
  EXPECT_EQ(preview.matching(), 1);
  EXPECT_EQ(preview.held_already(), 0);
  ASSERT_EQ(preview.stages_size(), 3);
  EXPECT_EQ(preview.stages(0).product_code(), "CELL");
  EXPECT_EQ(preview.stages(0).kind(), v1::HOLD_STAGE_KIND_RUNNING);
  EXPECT_EQ(preview.stages(0).operation(), 20);
  EXPECT_EQ(preview.stages(0).operation_code(), "SOAK");
  EXPECT_EQ(preview.stages(1).kind(), v1::HOLD_STAGE_KIND_WAITING);
  EXPECT_EQ(preview.stages(1).operation(), 20);
  EXPECT_EQ(preview.stages(2).kind(), v1::HOLD_STAGE_KIND_LOT_LEFT);
  EXPECT_EQ(preview.stages(2).quantity_left().value(), "9");
  EXPECT_TRUE(preview.places_complete());
  std::map<std::string, int64_t> places;
  for (const auto& place : preview.places()) places[place.station_code()] = place.units();
  EXPECT_EQ(places[kSoak], 1) << "it runs there";
  EXPECT_EQ(places[kFill], 1) << "seen there last";
  EXPECT_EQ(server.database().Value("select (select count(*) from hold) + (select count(*) from hold_item)"), "0");
  const v1::Hold hold = Place(request);
  EXPECT_EQ(hold.covered(), preview.units());
  EXPECT_EQ(hold.named(), 1);
  EXPECT_EQ(Preview(request).held_already(), 3);
  EXPECT_THAT(Items(hold, "CELL"), ElementsAre("C1", "C2"));
}

TEST_F(StandingHolds, CatchesWhatIsMadeAndReceivedAfterItWasPlaced) {
  ASSERT_EQ(ReceiveLot("E1", "SL-1"), "OK");
  Fill("C1", "E1");
  const v1::Hold station = Place(OnStation(kFill));
  EXPECT_EQ(station.covered(), 1);
  EXPECT_EQ(station.state(), v1::HOLD_STATE_IN_FORCE);
  Fill("C2", "E1");
  EXPECT_THAT(Items(station), ElementsAre("C1", "C2")) << "a run at the held station";
  EXPECT_EQ(stations.TellOne(kSoak, stations.Start(kSoak, "C2", "CELL.SOAK")), "REJECTED NOT_BLOCKED");
  EXPECT_FALSE(Goes(kSoak, "C2", "CELL.SOAK"));

  v1::PlaceHoldRequest request = Placing();
  request.mutable_predicate()->set_supplier("Acme");
  request.mutable_predicate()->set_supplier_lot("SL-2");
  const v1::Hold supplier = Place(request);
  EXPECT_EQ(supplier.covered(), 0) << "none is there yet";
  ASSERT_EQ(ReceiveLot("E2", "SL-2"), "OK");
  ASSERT_EQ(ReceiveLot("E3", "SL-3"), "OK");
  EXPECT_THAT(Items(supplier), ElementsAre("E2"));
  EXPECT_THAT(stations.Tell(kFill, {stations.Start(kFill, "C3", "CELL.FILL", "ORD-CELL"),
                                    stations.Consume(kFill, "C3", "E2", "0.5", "kg")}),
              ElementsAre("RECORDED", "REJECTED NOT_BLOCKED"));

  request = Placing();
  request.mutable_predicate()->set_product_code("HSG");
  const v1::Hold housings = Place(request);
  auto receive = Fresh<v1::ReceiveUnitsRequest>();
  receive.set_material_code("HSG");
  receive.add_unit_codes("H1");
  receive.add_unit_codes("H2");
  v1::ReceiveUnitsResponse received;
  ASSERT_TRUE(CallOnce(*units, &v1::UnitService::Stub::ReceiveUnits, receive, &received).ok());
  EXPECT_THAT(Items(housings), ElementsAre("H1", "H2"));
  ExpectCountsToAgree();
}

TEST_F(StandingHolds, CatchesValuesInTheRangeRunsOfAToolAndUnitsOfARevision) {
  ASSERT_EQ(ReceiveLot("E1", "SL-1"), "OK");
  Fill("C1", "E1", 14);
  v1::PlaceHoldRequest request = Placing();
  auto* predicate = request.mutable_predicate();
  predicate->set_product_code("CELL");
  predicate->set_operation(10);
  predicate->set_characteristic_code("FILL_V");
  predicate->set_lower(13.5);
  predicate->mutable_from_time()->set_seconds(begin - 60);
  const v1::Hold values = Place(request);
  EXPECT_EQ(values.predicate().lower(), 13.5);
  EXPECT_FALSE(values.four_eyes());
  Fill("C2", "E1", 13);
  Fill("C3", "E1", 13.5);
  EXPECT_THAT(Items(values), ElementsAre("C1", "C3"));

  v1::StationEvent pressed = stations.Start(kKit, "P1", "PACK.KIT", "ORD-PACK");
  pressed.mutable_started()->add_tool_codes("PRESS-7");
  EXPECT_EQ(stations.TellOne(kKit, pressed), "RECORDED");
  request = Placing();
  request.mutable_predicate()->set_tool_code("PRESS-7");
  const v1::Hold tool = Place(request);
  EXPECT_THAT(Items(tool), ElementsAre("P1"));
  pressed = stations.Start(kKit, "P2", "PACK.KIT", "ORD-PACK");
  for (int i = 0; i < 17; ++i) pressed.mutable_started()->add_tool_codes("PRESS-7");
  EXPECT_EQ(stations.TellOne(kKit, pressed), "REJECTED LIMIT_EXCEEDED");
  pressed = stations.Start(kKit, "P2", "PACK.KIT", "ORD-PACK");
  pressed.mutable_started()->add_tool_codes("PRESS-7");
  EXPECT_EQ(stations.TellOne(kKit, pressed), "RECORDED");
  EXPECT_THAT(Items(tool), ElementsAre("P1", "P2"));

  request = Placing();
  request.mutable_predicate()->set_product_code("CELL");
  request.mutable_predicate()->set_revision(1);
  const v1::Hold revision = Place(request);
  EXPECT_EQ(revision.covered(), 3);
  EXPECT_EQ(stations.TellOne(kFill, stations.Start(kFill, "C4", "CELL.FILL", "ORD-CELL")), "RECORDED");
  EXPECT_EQ(Items(revision).size(), 4u);
  ExpectCountsToAgree();
}

TEST_F(StandingHolds, CoversTheLotsThatAreTakenInLaterWhereItCoversWhatItIsMadeOf) {
  ASSERT_EQ(ReceiveLot("E1", "SL-1"), "OK");
  EXPECT_EQ(stations.TellOne(kFill, stations.Start(kFill, "C1", "CELL.FILL", "ORD-CELL")), "RECORDED");
  v1::PlaceHoldRequest request = Placing();
  request.add_codes("C1");
  request.set_direction(v1::HOLD_DIRECTION_MADE_OF);
  const v1::Hold hold = Place(request);
  EXPECT_EQ(hold.covered(), 1);
  EXPECT_EQ(stations.TellOne(kFill, stations.Consume(kFill, "C1", "E1", "0.5", "kg")), "RECORDED") << "the run was on";
  EXPECT_THAT(Items(hold), testing::UnorderedElementsAre("C1", "E1"));
  ExpectCountsToAgree();
}

TEST_F(StandingHolds, RefusesWhatCannotBeWithTheFieldNamed) {
  EXPECT_EQ(Refused(Placing()), "FIELD_REQUIRED codes");
  v1::PlaceHoldRequest request = OnStation(kFill);
  request.mutable_predicate()->mutable_until_time()->set_seconds(begin - 61);
  EXPECT_EQ(Refused(request), "FIELD_INVALID predicate.until_time");
  request = OnStation(kFill);
  request.mutable_predicate()->set_operation(20);
  EXPECT_EQ(Refused(request), "STATION_OPERATION predicate.operation");
  request = OnStation(kFill);
  request.mutable_predicate()->set_product_code("PACK");
  EXPECT_EQ(Refused(request), "FIELD_INVALID predicate.station_codes");
  request = OnStation("CELL.1.FILL.9");
  EXPECT_EQ(Refused(request), "STATION_UNKNOWN predicate.station_codes[0]");
  request = OnStation(kFill);
  request.mutable_predicate()->clear_from_time();
  EXPECT_EQ(Refused(request), "FIELD_REQUIRED predicate.from_time");
  request = Placing();
  request.mutable_predicate()->set_product_code("NONE");
  EXPECT_EQ(Refused(request), "MATERIAL_UNKNOWN predicate.product_code");
  request.mutable_predicate()->set_product_code("CELL");
  request.mutable_predicate()->set_revision(9);
  EXPECT_EQ(Refused(request), "REVISION_UNKNOWN predicate.revision");
  request.mutable_predicate()->clear_revision();
  request.mutable_predicate()->set_work_order_code("NONE");
  EXPECT_EQ(Refused(request), "WORK_ORDER_UNKNOWN predicate.work_order_code");
  request.mutable_predicate()->clear_work_order_code();
  request.mutable_predicate()->mutable_from_time()->set_seconds(begin);
  request.mutable_predicate()->set_operation(11);
  EXPECT_EQ(Refused(request), "OPERATION_UNKNOWN predicate.operation");
  request.mutable_predicate()->set_operation(10);
  request.mutable_predicate()->set_characteristic_code("KIT_V");
  EXPECT_EQ(Refused(request), "CHARACTERISTIC_UNKNOWN predicate.characteristic_code");
  request.mutable_predicate()->set_characteristic_code("FILL_V");
  request.mutable_predicate()->set_lower(2);
  request.mutable_predicate()->set_upper(1);
  EXPECT_EQ(Refused(request), "FIELD_INVALID predicate.upper");
  request.set_direction(static_cast<v1::HoldDirection>(9));
  EXPECT_EQ(Refused(request), "ENUM_UNKNOWN direction");
  EXPECT_EQ(server.database().Value("select count(*) from hold"), "0");
}

TEST_F(StandingHolds, AHoldAtAnOperationRefusesItsStartUntilItIsLiftedOrTheUnitIsLetThrough) {
  Kit("P1");
  Kit("P2");
  v1::PlaceHoldRequest request = Placing();
  request.set_at_operation(true);
  request.mutable_predicate()->set_product_code("PACK");
  request.mutable_predicate()->set_operation(20);
  EXPECT_EQ(Preview(request).units(), 2) << "these wait for it";
  const v1::Hold hold = Place(request);
  EXPECT_EQ(hold.covered(), 0);
  const v1::CanStartResponse answer = stations.CanStart(kLoad, "P1", "PACK.LOAD");
  ASSERT_EQ(answer.refusals_size(), 1);
  EXPECT_EQ(answer.refusals(0).code(), "NOT_BLOCKED");
  EXPECT_EQ(answer.refusals(0).evidence(0).id(), std::to_string(hold.hold_id()));
  EXPECT_EQ(stations.TellOne(kLoad, stations.Start(kLoad, "P1", "PACK.LOAD")), "REJECTED NOT_BLOCKED");
  Kit("P3");
  EXPECT_FALSE(Goes(kLoad, "P3", "PACK.LOAD")) << "units made later too";
  ASSERT_EQ(Release(Releasing(hold, {"P1"})), "OK");
  EXPECT_TRUE(Goes(kLoad, "P1", "PACK.LOAD"));
  EXPECT_FALSE(Goes(kLoad, "P2", "PACK.LOAD"));
  ASSERT_EQ(Release(Releasing(hold)), "OK");
  EXPECT_TRUE(Goes(kLoad, "P2", "PACK.LOAD"));
  EXPECT_EQ(server.database().Value("select count(*) from unit where hold_count <> 0"), "0");
}

TEST_F(StandingHolds, UnitsAreReleasedOneByOneAndKeepTheHistory) {
  Kit("P1");
  Kit("P2");
  v1::PlaceHoldRequest request = Placing();
  request.add_codes("P1");
  request.add_codes("P2");
  const v1::Hold hold = Place(request);
  EXPECT_EQ(Release(Releasing(hold, {"NONE"})), "UNIT_UNKNOWN");
  v1::ReleaseHoldRequest release = Releasing(hold, {"P1"});
  release.set_role("planner");
  EXPECT_EQ(Release(release), "ROLE_INSUFFICIENT");
  release.clear_role();
  EXPECT_EQ(Release(release), "FIELD_REQUIRED");
  ASSERT_EQ(Release(Releasing(hold, {"P1"})), "OK");
  EXPECT_EQ(released.hold().covered(), 1);
  EXPECT_EQ(released.hold().released(), 1);
  EXPECT_FALSE(released.decision().pending_approval());
  EXPECT_TRUE(Goes(kLoad, "P1", "PACK.LOAD"));
  EXPECT_FALSE(Goes(kLoad, "P2", "PACK.LOAD"));
  EXPECT_EQ(Release(Releasing(hold, {"P1"})), "HOLD_ITEM_UNKNOWN");
  const std::vector<v1::HoldItem> history = HoldsOf("P1");
  ASSERT_EQ(history.size(), 1u);
  EXPECT_EQ(history[0].released_by(), "Wu");
  EXPECT_EQ(history[0].release_reason(), "checked");
  EXPECT_EQ(history[0].disposition(), v1::HOLD_DISPOSITION_USE_AS_IS);
  EXPECT_EQ(history[0].hold_reason(), "suspect");
  EXPECT_EQ(HoldsOf("P2")[0].disposition(), v1::HOLD_DISPOSITION_UNSPECIFIED);
  ASSERT_EQ(Release(Releasing(hold)), "OK");
  EXPECT_EQ(HoldsOf("P2")[0].released_by(), "Wu");
  EXPECT_EQ(Release(Releasing(hold)), "HOLD_RELEASED");
  v1::GetHoldRequest get;
  get.set_hold_id(hold.hold_id());
  v1::GetHoldResponse got;
  ASSERT_TRUE(CallOnce(*holds, &v1::HoldService::Stub::GetHold, get, &got).ok());
  EXPECT_EQ(got.decisions_size(), 2);
  EXPECT_TRUE(got.decisions_complete());
  ExpectCountsToAgree();
}

TEST_F(StandingHolds, AReleasedUnitThatRunsAtTheHeldStationAgainIsCaughtAgain) {
  const v1::Hold hold = Place(OnStation(kKit));
  v1::StationEvent start = stations.Start(kKit, "P1", "PACK.KIT", "ORD-PACK");
  EXPECT_EQ(stations.TellOne(kKit, start), "RECORDED");
  EXPECT_THAT(Items(hold), ElementsAre("P1"));
  ASSERT_EQ(Release(Releasing(hold, {"P1"})), "OK");
  EXPECT_TRUE(Items(hold).empty());
  EXPECT_EQ(stations.TellOne(kKit, stations.Complete(kKit, "P1", "KIT_V")), "RECORDED");
  EXPECT_THAT(Items(hold), ElementsAre("P1")) << "a new fact";
  ExpectCountsToAgree();
}

TEST_F(StandingHolds, ReworkGoesBackAndScrapMovesTheBooks) {
  Kit("P1");
  Kit("P2");
  EXPECT_THAT(stations.Tell(kLoad, {stations.Start(kLoad, "P1", "PACK.LOAD"), stations.Complete(kLoad, "P1", "LOAD_V")}),
              ElementsAre("RECORDED", "RECORDED"));
  v1::PlaceHoldRequest request = Placing();
  request.add_codes("P1");
  request.add_codes("P2");
  const v1::Hold hold = Place(request);
  v1::ReleaseHoldRequest rework = Releasing(hold, {"P1"}, v1::HOLD_DISPOSITION_REWORK);
  EXPECT_EQ(Release(rework), "FIELD_REQUIRED") << "the operation";
  rework.set_operation(11);
  EXPECT_EQ(Release(rework), "OPERATION_UNKNOWN");
  EXPECT_EQ(Items(hold).size(), 2u) << "nothing happened";
  rework.set_operation(20);
  ASSERT_EQ(Release(rework), "OK");
  EXPECT_TRUE(Goes(kLoad, "P1", "PACK.LOAD")) << "back at operation 20";
  EXPECT_EQ(Release(Releasing(hold, {"P2"}, v1::HOLD_DISPOSITION_RETURN)), "UNIT_STATE") << "made here";
  ASSERT_EQ(Release(Releasing(hold, {"P2"}, v1::HOLD_DISPOSITION_SCRAP)), "OK");
  EXPECT_EQ(server.database().Value("select scrapped_micro from work_order where code = 'ORD-PACK'"), "1000000");
  EXPECT_EQ(server.database().Value("select state from unit where code = 'P2'"), "3");
  v1::ListUnitEventsRequest events;
  events.set_unit_code("P1");
  v1::ListUnitEventsResponse told;
  ASSERT_TRUE(CallOnce(*units, &v1::UnitService::Stub::ListUnitEvents, events, &told).ok());
  const v1::UnitEvent& last = told.events(told.events_size() - 1);
  EXPECT_EQ(last.kind(), "returned");
  EXPECT_THAT(last.details(), testing::HasSubstr("\"hold\": " + std::to_string(hold.hold_id())));
  EXPECT_TRUE(told.events(told.events_size() - 2).superseded()) << "what it passed there no longer counts";
  ExpectCountsToAgree();
}

// A unit's rows are in the order of their record times: a decision comes after what was recorded while its call waited, or by a server
// whose clock is ahead.
TEST_F(StandingHolds, ADecisionStandsBehindEverythingThatIsRecordedOfTheUnit) {
  Kit("P1");
  EXPECT_THAT(stations.Tell(kLoad, {stations.Start(kLoad, "P1", "PACK.LOAD"), stations.Complete(kLoad, "P1", "LOAD_V")}),
              ElementsAre("RECORDED", "RECORDED"));
  v1::PlaceHoldRequest request = Placing();
  request.add_codes("P1");
  const v1::Hold hold = Place(request);
  server.database().Query("update station_event set record_time = record_time + interval '1 minute'; select 1");
  v1::ReleaseHoldRequest rework = Releasing(hold, {"P1"}, v1::HOLD_DISPOSITION_REWORK);
  rework.set_operation(20);
  ASSERT_EQ(Release(rework), "OK");
  EXPECT_EQ(server.database().Value("select kind from station_event order by record_time desc limit 1"), "15") << "returned";
}

TEST_F(StandingHolds, AWholeHoldCanBeScrappedOrReturnedAtOnce) {
  ASSERT_EQ(ReceiveLot("E1", "SL-1"), "OK");
  ASSERT_EQ(ReceiveLot("E2", "SL-1"), "OK");
  v1::PlaceHoldRequest request = Placing();
  request.mutable_predicate()->set_supplier_lot("SL-1");
  const v1::Hold hold = Place(request);
  ASSERT_EQ(Release(Releasing(hold, {}, v1::HOLD_DISPOSITION_RETURN)), "OK");
  EXPECT_EQ(released.hold().state(), v1::HOLD_STATE_RELEASED);
  EXPECT_EQ(server.database().Value("select count(*) from unit where state = 4 and hold_count = 0"), "2");
  ExpectCountsToAgree();
}

TEST_F(StandingHolds, CriticalCharacteristicsTakeASecondPerson) {
  Kit("P1");
  v1::PlaceHoldRequest request = Placing();
  auto* predicate = request.mutable_predicate();
  predicate->set_product_code("PACK");
  predicate->set_operation(10);
  predicate->set_characteristic_code("KIT_V");
  predicate->mutable_from_time()->set_seconds(begin - 60);
  const v1::Hold hold = Place(request);
  EXPECT_TRUE(hold.four_eyes());
  ASSERT_EQ(Release(Releasing(hold, {"P1"})), "OK");
  const int64_t decision = released.decision().disposition_id();
  EXPECT_TRUE(released.decision().pending_approval());
  EXPECT_FALSE(Goes(kLoad, "P1", "PACK.LOAD")) << "only proposed";
  EXPECT_EQ(Approve(decision, "Wu"), "FOUR_EYES") << "the same person";
  EXPECT_EQ(Approve(decision, "Chen", "operator"), "ROLE_INSUFFICIENT");
  EXPECT_EQ(Approve(99, "Chen"), "DISPOSITION_UNKNOWN");
  EXPECT_FALSE(Goes(kLoad, "P1", "PACK.LOAD"));
  ASSERT_EQ(Approve(decision, "Chen"), "OK");
  EXPECT_TRUE(Goes(kLoad, "P1", "PACK.LOAD"));
  EXPECT_EQ(approved.decision().approved_by(), "Chen");
  EXPECT_EQ(approved.decision().person(), "Wu");
  EXPECT_EQ(Approve(decision, "Chen"), "DISPOSITION_DONE");
  EXPECT_EQ(HoldsOf("P1")[0].released_by(), "Chen");

  request = Placing();
  request.add_codes("P1");
  request.set_four_eyes(true);
  const v1::Hold asked = Place(request);
  EXPECT_TRUE(asked.four_eyes()) << "because the placer says so";
  ASSERT_EQ(Release(Releasing(asked)), "OK");
  EXPECT_EQ(released.hold().state(), v1::HOLD_STATE_IN_FORCE);
  ASSERT_EQ(Approve(released.decision().disposition_id(), "Chen"), "OK");
  EXPECT_EQ(approved.hold().state(), v1::HOLD_STATE_RELEASED);
  ExpectCountsToAgree();
}

TEST_F(StandingHolds, AResendGetsTheSameHoldWithItsEffect) {
  Kit("P1");
  v1::PlaceHoldRequest request = Placing();
  request.add_codes("P1");
  const v1::Hold first = Place(request);
  const v1::Hold again = Place(request);
  EXPECT_EQ(again.hold_id(), first.hold_id());
  EXPECT_EQ(again.covered(), 1);
  EXPECT_EQ(again.state(), v1::HOLD_STATE_IN_FORCE);
}

// What a rule leaves in a batch's effects, and a server that died before it was spread.
TEST_F(StandingHolds, AHoldThatABatchLeftPendingIsSpreadAtTheNextServersStart) {
  Kit("P1");
  db::Pool& pool = server.database().pool();
  services::PlantCache cache(pool);
  const std::shared_ptr<const domain::Plant> plant = cache.Get();
  std::vector<int64_t> ids;
  pool.Run([&](db::Transaction& transaction) {
    const domain::Time now = std::chrono::time_point_cast<domain::Duration>(std::chrono::system_clock::now());
    db::WorldKeys keys;
    db::UnitIds none;
    domain::World world = db::LockWorld(transaction, *plant, now, keys, none);
    domain::HoldDraft draft;
    draft.predicate.station_ids = {plant->FindStation(kKit)->id};
    draft.predicate.from = now - std::chrono::hours(1);
    draft.reason = "CF3 at PACK.1.KIT.1";
    draft.placed_by = "CF3";
    draft.evidence_json = R"({"alarm": 7})";
    world.effects.pending_holds.push_back(draft);
    ids = db::StoreWorld(transaction, world);
    return true;
  });
  ASSERT_EQ(ids.size(), 1u);
  EXPECT_EQ(server.database().Value("select state from hold"), "1");
  EXPECT_TRUE(Goes(kLoad, "P1", "PACK.LOAD")) << "not marked yet";
  Kit("P2");
  EXPECT_FALSE(Goes(kLoad, "P2", "PACK.LOAD")) << "but what comes to match is caught from the start";
  TestServer next(server.database().url());
  for (int i = 0; i < 200 && server.database().Value("select state from hold") != "2"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(server.database().Value("select state from hold"), "2");
  EXPECT_FALSE(Goes(kLoad, "P1", "PACK.LOAD"));
  v1::GetHoldRequest get;
  get.set_hold_id(ids[0]);
  v1::GetHoldResponse got;
  ASSERT_TRUE(CallOnce(*holds, &v1::HoldService::Stub::GetHold, get, &got).ok());
  EXPECT_EQ(got.hold().evidence(), "{\"alarm\": 7}");
  EXPECT_EQ(got.hold().placed_by(), "CF3");
  ExpectCountsToAgree();
}

TEST_F(StandingHolds, AnOrphanIsSpreadWithALaterCommit) {
  Kit("P1");
  server.database().Query(
      "insert into hold (reason, placed_by, place_time, state, direction, predicate, standing) select 'r', 'CF3', "
      "now() - interval '1 minute', 1, 1, json_build_object('unit_ids', json_build_array(unit_id))::jsonb, false "
      "from unit where code = 'P1'");
  Kit("P2");
  EXPECT_EQ(server.database().Value("select state from hold"), "2") << "before the acknowledgement";
  EXPECT_FALSE(Goes(kLoad, "P1", "PACK.LOAD"));
}

}  // namespace
}  // namespace mes::tests
