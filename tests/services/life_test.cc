// Lives and replacements over real gRPC: what happens to a pack after its route, and what is inside it then.
#include "services/life.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/station_event.h"
#include "mes/v1/genealogy.grpc.pb.h"
#include "mes/v1/hold.grpc.pb.h"
#include "mes/v1/life.grpc.pb.h"
#include "mes/v1/replacement.grpc.pb.h"
#include "mes/v1/station_event.grpc.pb.h"
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
using v1::LifeService;
using v1::ReplacementService;

constexpr char kPack[] = "NMGPB120000001G9M0000001";

class LifeServiceTest : public testing::Test {
 protected:
  tests::TestServer server_{tests::PlantBuilder().draft()};
  StoredPlant plant_{server_.database()};
  std::unique_ptr<LifeService::Stub> lives_ = LifeService::NewStub(server_.channel());
  std::unique_ptr<ReplacementService::Stub> replacements_ = ReplacementService::NewStub(server_.channel());
  int requests_ = 0;
  int64_t pack_ = 0, c1_ = 0, c2_ = 0, c3_ = 0;

  // A finished pack of housing H1 and cells C1, C2; C3 lies in the store.
  LifeServiceTest() {
    pack_ = plant_.AddUnit("PACK", kPack);
    const int64_t housing = plant_.AddUnit("HSG", "H1");
    c1_ = plant_.AddUnit("CELL", "C1"), c2_ = plant_.AddUnit("CELL", "C2"), c3_ = plant_.AddUnit("CELL", "C3");
    Put(housing, 1, 1);
    Put(c1_, 2, 1);
    Put(c2_, 2, 2);
    Sql("update unit set revision_id = (select revision_id from product_revision join material using (material_id) where code = 'PACK'), "
        "serial_slots_filled = 3, passed = 63, lot_lines = -1, finish_time = create_time where unit_id = " +
        std::to_string(pack_));
  }
  void Sql(const std::string& sql) { plant_.database().Query(sql); }
  void Put(int64_t part, int line, int slot) {
    plant_.Install(pack_, part, line, slot, "2026-09-21");
    Sql("update unit set parent_id = " + std::to_string(pack_) + ", parent_line = " + std::to_string(line) +
        ", parent_slot = " + std::to_string(slot) + " where unit_id = " + std::to_string(part));
  }

  v1::RecordLifeEventRequest Event(const std::string& unit, v1::LifeEvent event) {
    v1::RecordLifeEventRequest request;
    request.set_request_id("l" + std::to_string(++requests_));
    request.set_unit_code(unit);
    request.set_event(event);
    request.set_person("Li");
    request.set_party("NewBus Ltd");
    request.set_place("Baotou, CN");
    request.set_evidence("report 7");
    return request;
  }
  grpc::Status Record(const v1::RecordLifeEventRequest& request, v1::RecordLifeEventResponse* response) {
    return CallOnce(*lives_, &LifeService::Stub::RecordLifeEvent, request, response);
  }
  std::string Told(const v1::RecordLifeEventRequest& request) {
    v1::RecordLifeEventResponse response;
    return ReasonOf(Record(request, &response));
  }
  void Live(const std::string& unit, std::initializer_list<v1::LifeEvent> events) {
    for (const v1::LifeEvent event : events) ASSERT_EQ(Told(Event(unit, event)), "OK") << v1::LifeEvent_Name(event);
  }
  v1::GetLifeResponse Life(const std::string& unit) {
    v1::GetLifeRequest request;
    request.set_unit_code(unit);
    v1::GetLifeResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*lives_, &LifeService::Stub::GetLife, request, &response)), "OK");
    return response;
  }
  std::string State(const std::string& unit) {
    return plant_.database().Value("select state from unit where code = '" + unit + "'");
  }

  std::vector<v1::LifeRecord> Records(const std::string& unit) {
    v1::ListLifeRecordsRequest request;
    request.set_unit_code(unit);
    v1::ListLifeRecordsResponse page;
    EXPECT_EQ(ReasonOf(CallOnce(*lives_, &LifeService::Stub::ListLifeRecords, request, &page)), "OK");
    return {page.records().begin(), page.records().end()};
  }
  grpc::Status TakeBack(const std::string& unit, int64_t record, v1::ReverseLifeRecordResponse* response = nullptr) {
    v1::ReverseLifeRecordRequest request;
    request.set_request_id("b" + std::to_string(++requests_));
    request.set_unit_code(unit);
    request.set_life_record_id(record);
    request.set_reason("another pack was meant");
    request.set_person("Wang");
    v1::ReverseLifeRecordResponse own;
    return CallOnce(*lives_, &LifeService::Stub::ReverseLifeRecord, request, response == nullptr ? &own : response);
  }
  // What the newest record of the unit rests under: `OK` where it was taken back.
  std::string RestsOn(const std::string& unit) {
    const grpc::Status status = TakeBack(unit, Records(unit).back().life_record_id());
    if (ReasonOf(status) != "REVERSAL_REFUSED") return ReasonOf(status);
    EXPECT_EQ(FieldOf(status), "life_record_id");
    return tests::ErrorInfoOf(status).metadata().at("rests_on") + " " + tests::ErrorInfoOf(status).metadata().at("name");
  }

  v1::ReplacementOrder Order(const std::string& removed, const std::string& installed) {
    v1::ReplacementOrder order;
    order.set_unit_code(kPack);
    order.set_removed_code(removed);
    order.set_installed_code(installed);
    order.set_reason("cell drifts");
    order.set_person("Li");
    return order;
  }
  grpc::Status Replace(const v1::ReplacementOrder& order, v1::ReplacePartResponse* response) {
    v1::ReplacePartRequest request;
    request.set_request_id("p" + std::to_string(++requests_));
    *request.mutable_order() = order;
    return CallOnce(*replacements_, &ReplacementService::Stub::ReplacePart, request, response);
  }
  v1::SimulateReplacementResponse Simulate(const v1::ReplacementOrder& order) {
    v1::SimulateReplacementRequest request;
    *request.mutable_order() = order;
    v1::SimulateReplacementResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*replacements_, &ReplacementService::Stub::SimulateReplacement, request, &response)), "OK");
    return response;
  }
  // Codes inside the pack, in the given view.
  std::vector<std::string> Inside(v1::TraceView view, const std::string& code = kPack) {
    v1::TraceRequest request;
    request.set_code(code);
    request.set_view(view);
    grpc::ClientContext context;
    const auto reader = v1::GenealogyService::NewStub(server_.channel())->Trace(&context, request);
    std::vector<std::string> codes;
    v1::TraceResponse page;
    while (reader->Read(&page)) {
      for (const v1::GenealogyEdge& edge : page.edges()) codes.push_back(edge.child_code());
    }
    EXPECT_TRUE(reader->Finish().ok());
    std::sort(codes.begin(), codes.end());
    return codes;
  }
};

TEST_F(LifeServiceTest, AWholeLifeIsRecordedAndListed) {
  Live(kPack, {v1::LIFE_EVENT_SELL, v1::LIFE_EVENT_SHIP});
  EXPECT_EQ(State(kPack), "4") << "shipped";
  Live(kPack, {v1::LIFE_EVENT_PUT_IN_SERVICE, v1::LIFE_EVENT_REPAIR, v1::LIFE_EVENT_RETURN});
  EXPECT_EQ(State(kPack), "2") << "it is back";
  Live(kPack, {v1::LIFE_EVENT_TEST, v1::LIFE_EVENT_DISMANTLE, v1::LIFE_EVENT_RECYCLE});
  EXPECT_EQ(State(kPack), "3");
  const v1::GetLifeResponse life = Life(kPack);
  EXPECT_EQ(life.life().state(), v1::LIFE_STATE_RECYCLED);
  EXPECT_EQ(life.life().battery_status(), v1::BATTERY_STATUS_WASTE);
  EXPECT_TRUE(life.life().used());
  EXPECT_EQ(life.life().next_events_size(), 0);
  v1::ListLifeRecordsRequest request;
  request.set_unit_code(kPack);
  request.set_page_size(5);
  v1::ListLifeRecordsResponse page;
  ASSERT_TRUE(CallOnce(*lives_, &LifeService::Stub::ListLifeRecords, request, &page).ok());
  ASSERT_EQ(page.records_size(), 5);
  EXPECT_EQ(page.records(1).party(), "NewBus Ltd");
  EXPECT_EQ(page.records(1).place(), "Baotou, CN");
  request.set_page_token(page.next_page_token());
  ASSERT_TRUE(CallOnce(*lives_, &LifeService::Stub::ListLifeRecords, request, &page).ok());
  EXPECT_EQ(page.records_size(), 3);
  EXPECT_EQ(page.records(2).event(), v1::LIFE_EVENT_RECYCLE);
}

TEST_F(LifeServiceTest, RefusesByName) {
  EXPECT_EQ(Told(Event("NONE", v1::LIFE_EVENT_SELL)), "UNIT_UNKNOWN");
  EXPECT_EQ(Told(Event(kPack, v1::LIFE_EVENT_UNSPECIFIED)), "ENUM_UNKNOWN");
  EXPECT_EQ(Told(Event(kPack, v1::LIFE_EVENT_TAKE_OUT)), "ENUM_UNKNOWN") << "made by replacements only";
  EXPECT_EQ(Told(Event(kPack, v1::LIFE_EVENT_RECYCLE)), "LIFE_TRANSITION");
  v1::RecordLifeEventRequest later = Event(kPack, v1::LIFE_EVENT_SELL);
  later.mutable_occur_time()->set_seconds(time(nullptr) + 3'600);
  EXPECT_EQ(Told(later), "TIME_IN_FUTURE");
  v1::RecordLifeEventRequest nowhere = Event(kPack, v1::LIFE_EVENT_SHIP);
  nowhere.clear_place();
  EXPECT_EQ(Told(nowhere), "FIELD_REQUIRED");
  v1::RecordLifeEventRequest before = Event(kPack, v1::LIFE_EVENT_SELL);
  before.mutable_occur_time()->set_seconds(1'000'000'000);
  EXPECT_EQ(Told(before), "FIELD_INVALID");
  v1::RecordLifeEventRequest recoded = Event(kPack, v1::LIFE_EVENT_SELL);
  recoded.set_new_code("X");
  EXPECT_EQ(Told(recoded), "FIELD_INVALID");
  EXPECT_EQ(Told(Event("C1", v1::LIFE_EVENT_SHIP)), "UNIT_STATE") << "built in";
  Sql("update unit set state = 1 where code = 'C3'");
  EXPECT_EQ(Told(Event("C3", v1::LIFE_EVENT_SHIP)), "UNIT_STATE") << "on its route";
  EXPECT_EQ(plant_.database().Value("select count(*) from life_record"), "0");
  const v1::RecordLifeEventRequest good = Event(kPack, v1::LIFE_EVENT_SELL);
  EXPECT_EQ(Told(good), "OK");
  EXPECT_EQ(Told(good), "OK") << "a resend";
  EXPECT_EQ(plant_.database().Value("select count(*) from life_record"), "1");
}

TEST_F(LifeServiceTest, AThingIsRecycledOnceAndWithWhatIsInside) {
  Live(kPack, {v1::LIFE_EVENT_SHIP, v1::LIFE_EVENT_DECLARE_WASTE, v1::LIFE_EVENT_RECYCLE});
  EXPECT_EQ(Told(Event(kPack, v1::LIFE_EVENT_RECYCLE)), "LIFE_ENDED");
  EXPECT_EQ(Told(Event("C1", v1::LIFE_EVENT_RECYCLE)), "LIFE_ENDED") << "it was inside";
  EXPECT_EQ(Life("C1").around().state(), v1::LIFE_STATE_RECYCLED);
}

TEST_F(LifeServiceTest, HeldAndIncompleteUnitsDoNotShip) {
  v1::PlaceHoldRequest place;
  place.set_request_id("h1");
  place.add_codes("C1");
  place.set_reason("supplier alert");
  place.set_person("Wu");
  v1::PlaceHoldResponse held;
  const auto holds = v1::HoldService::NewStub(server_.channel());
  ASSERT_EQ(ReasonOf(CallOnce(*holds, &v1::HoldService::Stub::PlaceHold, place, &held)), "OK");
  EXPECT_EQ(Told(Event(kPack, v1::LIFE_EVENT_SHIP)), "NOT_BLOCKED") << "a cell in it is held";
  EXPECT_EQ(State(kPack), "2");
  v1::ReleaseHoldRequest lift;
  lift.set_request_id("h2");
  lift.set_hold_id(held.hold().hold_id());
  lift.set_reason("checked");
  lift.set_person("Wu");
  lift.set_role("quality");
  v1::ReleaseHoldResponse lifted;
  ASSERT_TRUE(CallOnce(*holds, &v1::HoldService::Stub::ReleaseHold, lift, &lifted).ok());
  v1::ReplacePartResponse replaced;
  ASSERT_EQ(ReasonOf(Replace(Order("C1", ""), &replaced)), "OK");
  EXPECT_TRUE(replaced.effect().structure_gap());
  EXPECT_EQ(Life(kPack).life().missing_parts(), 1) << "the gap is said";
  EXPECT_EQ(Told(Event(kPack, v1::LIFE_EVENT_SHIP)), "GENEALOGY_COMPLETE");
  ASSERT_EQ(ReasonOf(Replace(Order("", "C3"), &replaced)), "OK");
  EXPECT_EQ(Told(Event(kPack, v1::LIFE_EVENT_SHIP)), "OK");
}

TEST_F(LifeServiceTest, ASecondLifeGoesOnUnderACodeOfItsOwn) {
  Live(kPack, {v1::LIFE_EVENT_SHIP, v1::LIFE_EVENT_PUT_IN_SERVICE, v1::LIFE_EVENT_RETURN, v1::LIFE_EVENT_TEST});
  const v1::LifeEvent start = v1::LIFE_EVENT_START_SECOND_LIFE;
  EXPECT_EQ(Told(Event(kPack, start)), "CODE_RULE_UNKNOWN");
  Sql("insert into code_rule (material_id, prefix, traceability, person, create_time) "
      "select material_id, 'NMGPB12', '0000001', 'Li', now() "
      "from material where code = 'PACK'");
  const auto with_code = [&](const char* code) {
    v1::RecordLifeEventRequest request = Event(kPack, start);
    request.set_new_code(code);
    return Told(request);
  };
  EXPECT_EQ(with_code("NMGPB120000001GBR0000009"), "CODE_INVALID") << "a new product's";
  EXPECT_EQ(with_code("R-1"), "CODE_INVALID");
  EXPECT_EQ(with_code("NMGPB12GBR0000009RP"), "CODE_NOT_ISSUED");
  v1::RecordLifeEventResponse response;
  ASSERT_EQ(ReasonOf(Record(Event(kPack, start), &response)), "OK");
  const std::string code = response.second_life().unit_code();
  EXPECT_EQ(code.size(), 19u);
  EXPECT_EQ(code.substr(0, 7), "NMGPB12");
  EXPECT_EQ(code.substr(10), "0000001RP");
  EXPECT_EQ(response.life().state(), v1::LIFE_STATE_SECOND_LIFE);
  EXPECT_EQ(response.life().second_life_code(), code);
  EXPECT_EQ(response.second_life().first_life_code(), kPack);
  EXPECT_EQ(response.second_life().battery_status(), v1::BATTERY_STATUS_REPURPOSED);
  EXPECT_THAT(Inside(v1::TRACE_VIEW_AS_IS, code), ElementsAre("C1", "C2", "H1", kPack))
      << "the old one is inside with all its parts";
  EXPECT_EQ(Told(Event(kPack, v1::LIFE_EVENT_RECYCLE)), "LIFE_ENDED") << "under its new code";
  Live(code, {v1::LIFE_EVENT_SHIP, v1::LIFE_EVENT_PUT_IN_SERVICE, v1::LIFE_EVENT_RETURN, v1::LIFE_EVENT_RECYCLE});
  EXPECT_EQ(Life(kPack).around().state(), v1::LIFE_STATE_RECYCLED);
}

TEST_F(LifeServiceTest, WhatIsNoBatteryHasNoBatteryStatus) {
  const v1::GetLifeResponse housing = Life("H1");
  EXPECT_EQ(housing.life().battery_status(), v1::BATTERY_STATUS_UNSPECIFIED);
  EXPECT_EQ(housing.around().unit_code(), kPack);
  const int64_t stack = plant_.AddUnit("HSG", "S-1");
  (void)stack;
  Live("S-1", {v1::LIFE_EVENT_SHIP, v1::LIFE_EVENT_PUT_IN_SERVICE, v1::LIFE_EVENT_RETURN, v1::LIFE_EVENT_TEST});
  v1::RecordLifeEventRequest start = Event("S-1", v1::LIFE_EVENT_START_SECOND_LIFE);
  EXPECT_EQ(Told(start), "FIELD_REQUIRED") << "new_code";
  start.set_new_code("H1");
  EXPECT_EQ(Told(start), "UNIT_EXISTS");
  start.set_new_code("S-1-R");
  EXPECT_EQ(Told(start), "OK");
}

TEST_F(LifeServiceTest, AReplacementMovesTheEdgesAndKeepsAllViews) {
  const v1::SimulateReplacementResponse dry = Simulate(Order("C2", "C3"));
  EXPECT_TRUE(dry.go());
  EXPECT_EQ(dry.effect().line(), 2);
  EXPECT_EQ(dry.effect().slot(), 2);
  EXPECT_FALSE(dry.effect().structure_gap());
  EXPECT_THAT(dry.effect().resting_operations(), ElementsAre(20, 30, 40, 45, 50));
  EXPECT_THAT(Inside(v1::TRACE_VIEW_AS_IS), ElementsAre("C1", "C2", "H1")) << "a dry run changes nothing";
  v1::ReplacePartResponse replaced;
  ASSERT_EQ(ReasonOf(Replace(Order("C2", "C3"), &replaced)), "OK");
  EXPECT_THAT(Inside(v1::TRACE_VIEW_AS_IS), ElementsAre("C1", "C3", "H1"));
  EXPECT_THAT(Inside(v1::TRACE_VIEW_AS_BUILT), ElementsAre("C1", "C2", "H1"));
  v1::ListReplacementsRequest list;
  list.set_unit_code(kPack);
  v1::ListReplacementsResponse page;
  ASSERT_TRUE(CallOnce(*replacements_, &ReplacementService::Stub::ListReplacements, list, &page).ok());
  ASSERT_EQ(page.replacements_size(), 1);
  EXPECT_EQ(page.replacements(0).removed_code(), "C2");
  EXPECT_EQ(page.replacements(0).installed_code(), "C3");
  EXPECT_FALSE(page.replacements(0).forced());
  v1::ListUnitEventsRequest events;
  events.set_unit_code(kPack);
  v1::ListUnitEventsResponse history;
  const auto units = v1::UnitService::NewStub(server_.channel());
  ASSERT_TRUE(CallOnce(*units, &v1::UnitService::Stub::ListUnitEvents, events, &history).ok());
  ASSERT_EQ(history.events_size(), 2) << "it stands in the unit's history";
  EXPECT_EQ(history.events(0).kind(), "removed");
}

TEST_F(LifeServiceTest, ForcingNeedsTheRoleAndStaysMarked) {
  Sql("update unit set hold_count = 1 where code = '" + std::string(kPack) + "'");
  v1::ReplacementOrder order = Order("C2", "C3");
  v1::ReplacePartResponse replaced;
  EXPECT_EQ(ReasonOf(Replace(order, &replaced)), "NOT_BLOCKED");
  order.set_forced(true);
  EXPECT_EQ(FieldOf(Replace(order, &replaced)), "order.role");
  order.set_role("planner");
  EXPECT_EQ(ReasonOf(Replace(order, &replaced)), "NOT_BLOCKED");
  order.set_role("quality");
  ASSERT_EQ(ReasonOf(Replace(order, &replaced)), "OK");
  EXPECT_EQ(replaced.effect().overridden(0).code(), "NOT_BLOCKED");
  EXPECT_EQ(plant_.database().Value("select forced from replacement"), "t");
  EXPECT_EQ(
      plant_.database().Value("select bool_and((flags & " + std::to_string(domain::kFlagForced) + ") <> 0) from station_event"),
      "t");
}

TEST_F(LifeServiceTest, RefusedReplacementsTellWhy) {
  v1::ReplacePartResponse replaced;
  EXPECT_EQ(ReasonOf(Replace(Order("C3", ""), &replaced)), "NOT_INSTALLED");
  EXPECT_EQ(FieldOf(Replace(Order("", ""), &replaced)), "order.removed_code");
  EXPECT_EQ(ReasonOf(Replace(Order("", "C3"), &replaced)), "POSITION_OCCUPIED");
  v1::ReplacementOrder order = Order("C2", "C3");
  order.clear_reason();
  EXPECT_EQ(FieldOf(Replace(order, &replaced)), "order.reason");
  order = Order("C2", "C3");
  order.mutable_occur_time()->set_seconds(time(nullptr) + 3'600);
  EXPECT_EQ(ReasonOf(Replace(order, &replaced)), "TIME_IN_FUTURE");
  const v1::SimulateReplacementResponse dry = Simulate(Order("C3", "H1"));
  EXPECT_FALSE(dry.go());
  EXPECT_GE(dry.refusals_size(), 2) << "every reason";
  EXPECT_EQ(plant_.database().Value("select count(*) from replacement"), "0");
}

TEST_F(LifeServiceTest, APartTakenOutOfAUnitInUseIsUsedAndTestedBeforeItGoesIn) {
  Live(kPack, {v1::LIFE_EVENT_SHIP, v1::LIFE_EVENT_PUT_IN_SERVICE});
  v1::ReplacePartResponse replaced;
  ASSERT_EQ(ReasonOf(Replace(Order("C2", "C3"), &replaced)), "OK");
  EXPECT_EQ(replaced.effect().removed_state(), v1::LIFE_STATE_RETURNED);
  EXPECT_TRUE(replaced.effect().removed_used());
  EXPECT_TRUE(Life("C2").life().used());
  EXPECT_EQ(ReasonOf(Replace(Order("C1", "C2"), &replaced)), "LIFE_TRANSITION") << "not tested";
  Live("C2", {v1::LIFE_EVENT_TEST});
  EXPECT_EQ(ReasonOf(Replace(Order("C1", "C2"), &replaced)), "OK");
}

TEST_F(LifeServiceTest, ARecordTakenBackStaysMarkedAndTheLifeIsAsBefore) {
  Live(kPack, {v1::LIFE_EVENT_SHIP, v1::LIFE_EVENT_PUT_IN_SERVICE, v1::LIFE_EVENT_RETURN, v1::LIFE_EVENT_TEST,
               v1::LIFE_EVENT_PUT_IN_SERVICE, v1::LIFE_EVENT_RETURN, v1::LIFE_EVENT_TEST});
  const auto shown = [&] { return Life(kPack).SerializeAsString() + State(kPack); };
  for (const v1::LifeEvent event : {v1::LIFE_EVENT_SELL, v1::LIFE_EVENT_SHIP, v1::LIFE_EVENT_PUT_IN_SERVICE, v1::LIFE_EVENT_REMANUFACTURE,
                                    v1::LIFE_EVENT_DECLARE_WASTE, v1::LIFE_EVENT_DISMANTLE, v1::LIFE_EVENT_RECYCLE}) {
    const std::string before = shown();
    Live(kPack, {event});
    EXPECT_NE(shown(), before) << v1::LifeEvent_Name(event);
    v1::ReverseLifeRecordResponse response;
    ASSERT_EQ(ReasonOf(TakeBack(kPack, Records(kPack).back().life_record_id(), &response)), "OK");
    EXPECT_EQ(shown(), before) << v1::LifeEvent_Name(event);
    EXPECT_EQ(response.life().state(), v1::LIFE_STATE_TESTED);
  }
  EXPECT_EQ(Life(kPack).life().battery_status(), v1::BATTERY_STATUS_REUSED);
  const std::vector<v1::LifeRecord> records = Records(kPack);
  ASSERT_EQ(records.size(), 14u) << "all stay";
  EXPECT_FALSE(records[6].has_reverse_time());
  EXPECT_EQ(records[13].event(), v1::LIFE_EVENT_RECYCLE);
  EXPECT_EQ(records[13].reverse_person(), "Wang");
  EXPECT_EQ(records[13].reverse_reason(), "another pack was meant");
  EXPECT_GE(records[13].reverse_time().seconds(), records[13].record_time().seconds());
  Live(kPack, {v1::LIFE_EVENT_RECYCLE});
  for (int left = 8; left > 0; --left) {
    const std::vector<v1::LifeRecord> all = Records(kPack);
    const auto last = std::find_if(all.rbegin(), all.rend(), [](const v1::LifeRecord& record) { return !record.has_reverse_time(); });
    ASSERT_EQ(ReasonOf(TakeBack(kPack, last->life_record_id())), "OK") << left;
  }
  EXPECT_EQ(Life(kPack).life().state(), v1::LIFE_STATE_MADE);
  EXPECT_FALSE(Life(kPack).life().used());
  EXPECT_EQ(State(kPack), "2");
  EXPECT_EQ(plant_.database().Value("select count(*) from unit_life"), "0") << "no record stands";
}

TEST_F(LifeServiceTest, ARecordIsTakenBackOnceWithReasonAndPersonNewestFirst) {
  Live(kPack, {v1::LIFE_EVENT_SELL, v1::LIFE_EVENT_SHIP});
  const std::vector<v1::LifeRecord> records = Records(kPack);
  const int64_t sold = records[0].life_record_id(), shipped = records[1].life_record_id();
  v1::ReverseLifeRecordRequest request;
  request.set_request_id("r1");
  request.set_unit_code(kPack);
  request.set_life_record_id(shipped);
  request.set_person("Wang");
  v1::ReverseLifeRecordResponse response;
  const auto told = [&] { return CallOnce(*lives_, &LifeService::Stub::ReverseLifeRecord, request, &response); };
  EXPECT_EQ(FieldOf(told()), "reason");
  request.set_reason(std::string(501, 'x'));
  EXPECT_EQ(ReasonOf(told()), "LIMIT_EXCEEDED");
  request.set_reason("another pack was meant");
  request.clear_person();
  EXPECT_EQ(FieldOf(told()), "person");
  EXPECT_EQ(ReasonOf(TakeBack("NONE", shipped)), "UNIT_UNKNOWN");
  EXPECT_EQ(ReasonOf(TakeBack(kPack, 999)), "REVERSAL_UNKNOWN");
  EXPECT_EQ(ReasonOf(TakeBack("C3", shipped)), "REVERSAL_UNKNOWN") << "another unit's";
  const grpc::Status older = TakeBack(kPack, sold);
  EXPECT_EQ(ReasonOf(older), "REVERSAL_REFUSED");
  EXPECT_EQ(tests::ErrorInfoOf(older).metadata().at("name"), std::to_string(shipped));
  request.set_person("Wang");
  EXPECT_EQ(ReasonOf(told()), "OK");
  EXPECT_EQ(ReasonOf(told()), "OK") << "a resend";
  EXPECT_EQ(ReasonOf(TakeBack(kPack, shipped)), "REVERSAL_REFUSED") << "taken back already";
  EXPECT_EQ(ReasonOf(TakeBack(kPack, sold)), "OK");
}

TEST_F(LifeServiceTest, WhatRestsOnARecordIsToldAndKeepsIt) {
  Live(kPack, {v1::LIFE_EVENT_SHIP, v1::LIFE_EVENT_PUT_IN_SERVICE});
  v1::ReplacePartResponse replaced;
  ASSERT_EQ(ReasonOf(Replace(Order("C2", "C3"), &replaced)), "OK");
  EXPECT_EQ(RestsOn(kPack), std::string("parts ") + kPack) << "the cell came out of a pack in use";
  EXPECT_EQ(RestsOn("C2"), std::string("replacement ") + kPack);
  Live("C2", {v1::LIFE_EVENT_TEST});
  ASSERT_EQ(ReasonOf(Replace(Order("C1", "C2"), &replaced)), "OK");
  EXPECT_EQ(RestsOn("C2"), std::string("replacement ") + kPack) << "the test let it in again";
  Live(kPack, {v1::LIFE_EVENT_RETURN});
  Sql("update unit set state = 3 where code = '" + std::string(kPack) + "'");
  EXPECT_EQ(RestsOn(kPack), "state scrapped") << "a disposition";
  Sql("update unit set state = 2 where code = '" + std::string(kPack) + "'");
  EXPECT_EQ(RestsOn(kPack), "OK");

  const int64_t box = plant_.AddUnit("HSG", "S-1");
  Live("S-1", {v1::LIFE_EVENT_TEST});
  plant_.Install(box, plant_.AddUnit("HSG", "S-0"), 1, 1, "2099-01-01");
  EXPECT_EQ(RestsOn("S-1"), "OK") << "what went in does not bear on it";
  Live("S-1", {v1::LIFE_EVENT_TEST});
  plant_.Install(pack_, box, 9, 1, "2099-01-01");
  EXPECT_EQ(RestsOn("S-1"), std::string("place ") + kPack);
  plant_.AddUnit("HSG", "S-2");
  Live("S-2", {v1::LIFE_EVENT_SHIP, v1::LIFE_EVENT_RETURN, v1::LIFE_EVENT_TEST});
  v1::RecordLifeEventRequest start = Event("S-2", v1::LIFE_EVENT_START_SECOND_LIFE);
  start.set_new_code("S-2-R");
  ASSERT_EQ(Told(start), "OK");
  EXPECT_EQ(RestsOn("S-2"), "second life S-2-R");
  Live("S-2-R", {v1::LIFE_EVENT_SHIP});
  EXPECT_EQ(RestsOn("S-2-R"), "OK");
  EXPECT_EQ(Life("S-2-R").life().state(), v1::LIFE_STATE_MADE) << "as it began";
  EXPECT_EQ(Life("S-2-R").life().first_life_code(), "S-2");
}

TEST_F(LifeServiceTest, ASecondRecyclingGoesInOnceTheFirstIsTakenBack) {
  Live(kPack, {v1::LIFE_EVENT_SHIP, v1::LIFE_EVENT_DECLARE_WASTE, v1::LIFE_EVENT_RECYCLE});
  EXPECT_EQ(RestsOn(kPack), "OK");
  Live(kPack, {v1::LIFE_EVENT_DISMANTLE, v1::LIFE_EVENT_RECYCLE});
}

// A station gives a code of a prefix that is issued here.
TEST_F(LifeServiceTest, StationsUseOnlyCodesThatWereGivenOut) {
  Sql("insert into code_rule (material_id, prefix, traceability, person, create_time) "
      "select material_id, 'NMGPB12', '0000001', 'Li', now() "
      "from material where code = 'PACK'");
  Sql("insert into code_batch (code_rule_id, prefix, reuse_level, traceability, production_day, first_serial, count, person, issue_time) "
      "select code_rule_id, prefix, '', traceability, date '2026-11-24', 1, 5, 'Li', now() from code_rule");
  Sql("insert into work_order (code, material_id, revision_id, state, ordered_micro, started_micro, priority, create_time) "
      "select 'ORD', "
      "material_id, revision_id, 3, 10000000, 1000000, 0, now() from product_revision join material using (material_id) "
      "where code = 'PACK'");
  Sql("update unit set state = 1, finish_time = null, code = 'P-1', passed = 31, work_order_id = (select work_order_id from work_order), "
      "running_operation = 50, run_purpose = 1, running_since = now(), running_station = (select station_id from station where code = "
      "'PACK.1.LABEL.1') where unit_id = " +
      std::to_string(pack_));
  const auto stub = v1::StationEventService::NewStub(server_.channel());
  int64_t sequence = 0;
  const auto label = [&](const std::string& code) {
    v1::RecordStationEventsRequest request;
    request.set_station_code("PACK.1.LABEL.1");
    request.set_epoch(1);
    v1::StationEvent& event = *request.add_events();
    event.set_sequence(++sequence);
    event.mutable_occur_time()->set_seconds(time(nullptr));
    event.set_unit_code("P-1");
    event.mutable_completed()->set_judgement(v1::JUDGEMENT_PASS);
    v1::MeasuredValues& values = *event.mutable_completed()->add_values();
    values.set_characteristic_code("LABEL_V");
    values.add_values(10);
    event.mutable_completed()->set_new_code(code);
    v1::RecordStationEventsResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*stub, &v1::StationEventService::Stub::RecordStationEvents, request, &response)), "OK");
    const v1::EventVerdict& verdict = response.verdicts(0);
    return verdict.refusals_size() == 0 ? std::string() : verdict.refusals(0).code() + ": " + verdict.refusals(0).sentence();
  };
  EXPECT_EQ(label("NMGPB120000001GBR0000006"), "UNIQUE_SN: codes of this prefix are issued here, and this one was not");
  EXPECT_EQ(label("nmgpb120000001gbr0000001").substr(0, 10), "UNIQUE_SN:") << "nothing is mended here";
  EXPECT_EQ(label("NMGPB120000001GBR0000002"), "");
  EXPECT_EQ(State("NMGPB120000001GBR0000002"), "2");
}

}  // namespace
}  // namespace mes::services
