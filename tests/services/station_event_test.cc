// Station events over real gRPC into a real database: exactly once, one verdict each, nothing half-done.
#include <cmath>
#include <thread>

#include <gtest/gtest.h>

#include "db/world.h"
#include "domain/limits.h"
#include "mes/v1/station.grpc.pb.h"
#include "mes/v1/station_event.grpc.pb.h"
#include "mes/v1/work_order.grpc.pb.h"
#include "services/plant_cache.h"
#include "tests/support/plant_builder.h"
#include "tests/support/server.h"

namespace mes::tests {
namespace {

constexpr char kKit[] = "PACK.1.KIT.1";
constexpr char kLoad[] = "PACK.1.LOAD.1";

struct StationEvents : testing::Test {
  TestServer server{PlantBuilder().draft()};
  std::unique_ptr<v1::StationEventService::Stub> events = v1::StationEventService::NewStub(server.channel());
  std::unique_ptr<v1::StationService::Stub> stations = v1::StationService::NewStub(server.channel());
  std::unique_ptr<v1::WorkOrderService::Stub> orders = v1::WorkOrderService::NewStub(server.channel());
  std::map<std::string, int64_t> sequences;
  const int64_t now = time(nullptr);

  StationEvents() {
    Order("ORD-PACK", "PACK");
    Order("ORD-CELL", "CELL");
    server.database().Query(
        "insert into unit (unit_id, code, material_id, state, tracking, create_time) "
        "select i, 'H' || i, material_id, 2, 1, now() from material, generate_series(1, 50) i where code = 'HSG';"
        "insert into unit (unit_id, code, material_id, state, tracking, create_time) "
        "select 100, 'B1', material_id, 2, 2, now() from material where code = 'BLT';"
        "insert into lot (unit_id, quantity_micro, left_micro, manufacture_time) values (100, 1000000000, 1000000000, now());"
        "select setval('unit_id_seq', 4096)");
  }

  void Order(const std::string& code, const std::string& product) {
    v1::CreateWorkOrderRequest create;
    create.set_request_id("create " + code);
    create.set_work_order_code(code);
    create.set_product_code(product);
    create.mutable_quantity()->set_value("100");
    create.mutable_quantity()->set_uom("pc");
    v1::CreateWorkOrderResponse created;
    ASSERT_EQ(ReasonOf(CallOnce(*orders, &v1::WorkOrderService::Stub::CreateWorkOrder, create, &created)), "OK");
    v1::TransitionWorkOrderRequest release;
    release.set_request_id("release " + code);
    release.set_work_order_code(code);
    release.set_action(v1::WORK_ORDER_ACTION_RELEASE);
    v1::TransitionWorkOrderResponse released;
    ASSERT_EQ(ReasonOf(CallOnce(*orders, &v1::WorkOrderService::Stub::TransitionWorkOrder, release, &released)), "OK");
  }

  v1::StationEvent About(const std::string& station, const std::string& unit) {
    v1::StationEvent event;
    event.set_sequence(++sequences[station]);
    event.mutable_occur_time()->set_seconds(now);
    event.set_unit_code(unit);
    return event;
  }
  v1::StationEvent Start(const std::string& station, const std::string& unit, const std::string& recipe,
                         const std::string& order = "") {
    v1::StationEvent event = About(station, unit);
    event.mutable_started()->set_recipe_checksum(recipe);
    event.mutable_started()->set_work_order_code(order);
    return event;
  }
  v1::StationEvent Pass(const std::string& station, const std::string& unit, const std::string& characteristic) {
    v1::StationEvent event = About(station, unit);
    event.mutable_completed()->set_judgement(v1::JUDGEMENT_PASS);
    auto* values = event.mutable_completed()->add_values();
    values->set_characteristic_code(characteristic);
    values->add_values(10);
    return event;
  }
  v1::StationEvent Install(const std::string& station, const std::string& unit, const std::string& component) {
    v1::StationEvent event = About(station, unit);
    event.mutable_installed()->set_component_code(component);
    return event;
  }
  grpc::Status Record(const std::string& station, const std::vector<v1::StationEvent>& list,
                      v1::RecordStationEventsResponse* response) {
    v1::RecordStationEventsRequest request;
    request.set_station_code(station);
    request.set_epoch(1);
    for (const v1::StationEvent& event : list) *request.add_events() = event;
    return CallOnce(*events, &v1::StationEventService::Stub::RecordStationEvents, request, response);
  }
  // `RECORDED` or `REJECTED ROUTE_SEQ ...`, per event.
  std::vector<std::string> Tell(const std::string& station, const std::vector<v1::StationEvent>& list) {
    v1::RecordStationEventsResponse response;
    const grpc::Status status = Record(station, list, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::vector<std::string> told;
    for (const v1::EventVerdict& verdict : response.verdicts()) told.push_back(Text(verdict));
    return told;
  }
  static std::string Text(const v1::EventVerdict& verdict) {
    std::string text = v1::EventOutcome_Name(verdict.outcome()).substr(std::string("EVENT_OUTCOME_").size());
    for (const v1::Refusal& refusal : verdict.refusals()) text += " " + refusal.code();
    return text;
  }

  // Every unit's row is the fold of its events.
  void ExpectRefoldsEqual() {
    db::Pool& pool = server.database().pool();
    services::PlantCache cache(pool);
    const auto plant = cache.Get();
    int units = 0;
    pool.Read([&](db::Transaction& transaction) {
      for (const auto& row : server.database().Query("select code from unit where revision_id is not null")) {
        db::WorldKeys keys;
        keys.codes.insert(row[0]);
        const domain::World world = db::LoadWorld(transaction, *plant, domain::Time{}, keys);
        const domain::Unit& unit = world.FindUnit(row[0])->unit;
        EXPECT_EQ(domain::Refold(unit, *plant->FindRevision(unit.revision_id), db::LoadHistory(transaction, unit.id)), unit)
            << row[0];
        ++units;
      }
    });
    EXPECT_GT(units, 0);
  }
};

using Told = std::vector<std::string>;

TEST_F(StationEvents, AreRecordedWithAVerdictEachAndTheStateIsTheirFold) {
  EXPECT_EQ(Tell(kKit, {Start(kKit, "P1", "PACK.KIT", "ORD-PACK"), Install(kKit, "P1", "H1"), Pass(kKit, "P1", "KIT_V"),
                        Pass(kKit, "P1", "KIT_V"), Start(kKit, "P2", "OLD", "ORD-PACK")}),
            (Told{"RECORDED", "RECORDED", "RECORDED", "REJECTED UNIT_NOT_RUNNING ROUTE_SEQ", "REJECTED RECIPE_MATCH"}));
  EXPECT_EQ(server.database().Value("select count(*) from station_event"), "3");
  EXPECT_EQ(server.database().Value("select count(*) from refused_event"), "2");
  EXPECT_EQ(server.database().Value("select count(*) from unit where code = 'P2'"), "0") << "a refused event leaves nothing";
  EXPECT_EQ(server.database().Value("select started_micro from work_order where code = 'ORD-PACK'"), "1000000");
  EXPECT_EQ(server.database().Value("select first_passes from operation_yield"), "1");
  ExpectRefoldsEqual();
}

TEST_F(StationEvents, AreTakenOnceWhateverIsResent) {
  const std::vector<v1::StationEvent> list = {Start(kKit, "P1", "PACK.KIT", "ORD-PACK"), Start(kKit, "P2", "OLD", "ORD-PACK"),
                                              Pass(kKit, "P1", "KIT_V")};
  EXPECT_EQ(Tell(kKit, list), (Told{"RECORDED", "REJECTED RECIPE_MATCH", "RECORDED"}));
  EXPECT_EQ(Tell(kKit, list), (Told{"DUPLICATE", "DUPLICATE RECIPE_MATCH", "DUPLICATE"}));
  v1::StationEvent other = list[0];
  other.set_unit_code("P9");
  EXPECT_EQ(Tell(kKit, {other}), (Told{"REJECTED SEQUENCE_REUSED"}));
  v1::StationEvent gap = Pass(kKit, "P1", "KIT_V");
  gap.set_sequence(9);
  v1::RecordStationEventsResponse response;
  ASSERT_TRUE(Record(kKit, {gap}, &response).ok());
  EXPECT_EQ(response.verdicts(0).outcome(), v1::EVENT_OUTCOME_OUT_OF_SEQUENCE);
  EXPECT_EQ(response.verdicts(0).expected_sequence(), 4);
  EXPECT_EQ(server.database().Value("select count(*) from station_event"), "2");
}

TEST_F(StationEvents, ConditionsAreTakenOnceToo) {
  v1::StationEvent condition = About(kKit, "");
  condition.clear_subject();
  condition.mutable_condition()->set_kind(v1::CONDITION_KIND_CAL_TESTER);
  condition.mutable_condition()->set_in_order(true);
  condition.mutable_condition()->mutable_expire_time()->set_seconds(now + 3'600);
  EXPECT_EQ(Tell(kKit, {condition}), (Told{"RECORDED"}));
  EXPECT_EQ(Tell(kKit, {condition}), (Told{"DUPLICATE"}));
  EXPECT_EQ(server.database().Value("select count(*) from station_condition"), "1");
  condition.mutable_condition()->set_in_order(false);
  EXPECT_EQ(Tell(kKit, {condition}), (Told{"REJECTED SEQUENCE_REUSED"}));
}

TEST_F(StationEvents, MalformedOnesAreNamedAndTheRestGoesOn) {
  std::vector<v1::StationEvent> list;
  const auto broken = [&](auto change) {
    v1::StationEvent event = Start(kKit, "P1", "PACK.KIT", "ORD-PACK");
    change(event);
    list.push_back(event);
  };
  broken([](v1::StationEvent& e) { e.clear_occur_time(); });
  broken([](v1::StationEvent& e) { e.clear_unit_code(); });
  broken([](v1::StationEvent& e) { e.set_unit_code("has blank"); });
  broken([](v1::StationEvent& e) { e.set_unit_code(std::string(65, 'x')); });
  broken([](v1::StationEvent& e) { e.clear_kind(); });
  broken([](v1::StationEvent& e) { e.mutable_started()->set_purpose(static_cast<v1::RunPurpose>(99)); });
  broken([](v1::StationEvent& e) { e.mutable_completed()->set_judgement(static_cast<v1::Judgement>(99)); });
  broken([](v1::StationEvent& e) { e.mutable_completed()->set_judgement(v1::JUDGEMENT_FAIL); });
  broken([](v1::StationEvent& e) { e.mutable_condition()->set_kind(static_cast<v1::ConditionKind>(99)); });
  broken([](v1::StationEvent& e) { e.mutable_occur_time()->set_seconds(e.occur_time().seconds() + 3'600); });
  broken([](v1::StationEvent& e) { e.set_operator_id(std::string(65, 'x')); });
  broken([](v1::StationEvent& e) {
    for (int i = 0; i <= domain::kMaxMaterialsPerStart; ++i) e.mutable_started()->add_material_codes("X");
  });
  broken([](v1::StationEvent& e) { e.mutable_started()->mutable_quantity()->set_value(std::string("1\0", 2)); });
  broken([](v1::StationEvent& e) { e.set_unit_code(std::string("A\0B", 3)); });
  broken([](v1::StationEvent& e) {
    e.mutable_consumed()->set_lot_code("B1");
    e.mutable_consumed()->mutable_quantity()->set_uom(std::string(1'000, 'x'));
  });
  list.push_back(Start(kKit, "P1", "PACK.KIT", "ORD-PACK"));
  EXPECT_EQ(Tell(kKit, list),
            (Told{"REJECTED FIELD_REQUIRED", "REJECTED FIELD_REQUIRED", "REJECTED CODE_INVALID", "REJECTED LIMIT_EXCEEDED",
                  "REJECTED FIELD_REQUIRED", "REJECTED ENUM_UNKNOWN", "REJECTED ENUM_UNKNOWN", "REJECTED FIELD_REQUIRED",
                  "REJECTED ENUM_UNKNOWN", "REJECTED TIME_IN_FUTURE", "REJECTED LIMIT_EXCEEDED", "REJECTED LIMIT_EXCEEDED",
                  "REJECTED FIELD_INVALID", "REJECTED CODE_INVALID", "REJECTED LIMIT_EXCEEDED", "RECORDED"}));
}

TEST_F(StationEvents, WholeRequestsOutOfBoundsAreRefused) {
  v1::RecordStationEventsResponse response;
  EXPECT_EQ(ReasonOf(Record("NO.SUCH", {About("NO.SUCH", "P1")}, &response)), "STATION_UNKNOWN");
  EXPECT_EQ(ReasonOf(Record(kKit, {}, &response)), "FIELD_REQUIRED");
  std::vector<v1::StationEvent> many(static_cast<size_t>(domain::kMaxEventsPerRequest + 1), About(kKit, "P1"));
  EXPECT_EQ(ReasonOf(Record(kKit, many, &response)), "LIMIT_EXCEEDED");
  v1::StationEvent tray = About(kKit, "P1");
  tray.set_carrier_code("T");
  for (int i = 0; i <= domain::kMaxUnitsPerRequest; ++i) tray.mutable_carrier_loaded()->add_slots()->set_slot(i);
  EXPECT_EQ(ReasonOf(Record(kKit, {tray}, &response)), "LIMIT_EXCEEDED");
}

TEST_F(StationEvents, AStreamAnswersInOrderAndEndsOnDrainWithNothingLost) {
  grpc::ClientContext context;
  const auto stream = events->StreamStationEvents(&context);
  constexpr int kBatches = 40;
  for (int i = 0; i < kBatches; ++i) {
    v1::StreamStationEventsRequest request;
    request.set_batch(static_cast<uint64_t>(i));
    request.set_station_code(kKit);
    request.set_epoch(1);
    *request.add_events() = Start(kKit, "P" + std::to_string(i), "PACK.KIT", "ORD-PACK");
    *request.add_events() = Pass(kKit, "P" + std::to_string(i), "KIT_V");
    ASSERT_TRUE(stream->Write(request));
  }
  v1::StreamStationEventsResponse response;
  for (int i = 0; i < kBatches; ++i) {
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.batch(), static_cast<uint64_t>(i));
    EXPECT_EQ(Text(response.verdicts(1)), "RECORDED");
  }
  std::thread drain([&] { server.server().Drain(); });
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(ReasonOf(stream->Finish()), "SERVER_DRAINING");
  drain.join();
  EXPECT_EQ(server.database().Value("select count(*) from station_event"), std::to_string(2 * kBatches));
  ExpectRefoldsEqual();
}

TEST_F(StationEvents, AMalformedRequestEndsItsStream) {
  grpc::ClientContext context;
  const auto stream = events->StreamStationEvents(&context);
  v1::StreamStationEventsRequest request;
  request.set_station_code(kKit);
  ASSERT_TRUE(stream->Write(request));
  v1::StreamStationEventsResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(ReasonOf(stream->Finish()), "FIELD_INVALID");
}

TEST_F(StationEvents, ManyStreamsAtOnceLoseAndDoubleNothing) {
  // Eight gateways share two stations' worth of units: some starts must be refused, none may be lost.
  constexpr int kUnits = 80;
  std::vector<std::thread> threads;
  std::atomic<int> recorded = 0;
  for (const char* station : {kKit, kLoad}) {
    threads.emplace_back([&, station] {
      grpc::ClientContext context;
      const auto stream = events->StreamStationEvents(&context);
      int64_t sequence = 0;
      for (int i = 0; i < kUnits; ++i) {
        v1::StreamStationEventsRequest request;
        request.set_station_code(station);
        request.set_epoch(1);
        const std::string unit = "P" + std::to_string(i);
        const bool kit = station == kKit;
        v1::StationEvent event;
        event.mutable_occur_time()->set_seconds(now);
        event.set_unit_code(unit);
        event.set_sequence(++sequence);
        event.mutable_started()->set_recipe_checksum(kit ? "PACK.KIT" : "PACK.LOAD");
        if (kit) event.mutable_started()->set_work_order_code("ORD-PACK");
        *request.add_events() = event;
        stream->Write(request);
      }
      stream->WritesDone();
      v1::StreamStationEventsResponse response;
      while (stream->Read(&response)) {
        for (const auto& verdict : response.verdicts()) recorded += verdict.outcome() == v1::EVENT_OUTCOME_RECORDED;
      }
      EXPECT_TRUE(stream->Finish().ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(server.database().Value("select count(*) from station_event"), std::to_string(recorded.load()));
  EXPECT_EQ(server.database().Value("select count(*) + (select count(*) from refused_event) from station_event"),
            std::to_string(2 * kUnits));
  EXPECT_EQ(server.database().Value("select started_micro / 1000000 from work_order where code = 'ORD-PACK'"),
            std::to_string(kUnits));
  ExpectRefoldsEqual();
}

TEST_F(StationEvents, OfWhichOneCannotBeStoredDoNotTakeTheOthersWithThem) {
  server.database().Query("alter table unit add constraint poison check (code <> 'POISON')");
  v1::RecordStationEventsResponse response;
  EXPECT_EQ(ReasonOf(Record(kKit, {Start(kKit, "POISON", "PACK.KIT", "ORD-PACK")}, &response)), "INTERNAL");
  --sequences[kKit];
  EXPECT_EQ(Tell(kKit, {Start(kKit, "P1", "PACK.KIT", "ORD-PACK")}), (Told{"RECORDED"}));
}

TEST_F(StationEvents, AReversalRefoldsTheUnitAndGivesTheMaterialBack) {
  for (const char* step : {"KIT", "LOAD", "BOLT"}) {
    const std::string station = std::string("PACK.1.") + step + ".1";
    std::vector<v1::StationEvent> list = {
        Start(station, "P1", std::string("PACK.") + step, step == std::string("KIT") ? "ORD-PACK" : "")};
    if (step == std::string("BOLT")) {
      list.push_back(About(station, "P1"));
      list.back().mutable_consumed()->set_lot_code("B1");
      list.back().mutable_consumed()->mutable_quantity()->set_value("4");
      list.back().mutable_consumed()->mutable_quantity()->set_uom("pc");
    } else {
      list.push_back(Pass(station, "P1", std::string(step) + "_V"));
    }
    EXPECT_EQ(Tell(station, list), (Told{"RECORDED", "RECORDED"}));
  }
  EXPECT_EQ(server.database().Value("select left_micro from lot where unit_id = 100"), "996000000");
  v1::StationEvent undo = About("PACK.1.BOLT.1", "P1");
  undo.mutable_reversed()->set_epoch(1);
  undo.mutable_reversed()->set_sequence(2);
  undo.mutable_reversed()->set_reason("wrong box");
  undo.mutable_reversed()->set_person("li");
  EXPECT_EQ(Tell("PACK.1.BOLT.1", {undo}), (Told{"RECORDED"}));
  EXPECT_EQ(server.database().Value("select left_micro from lot where unit_id = 100"), "1000000000");
  EXPECT_EQ(server.database().Value("select reverse_record_time is not null from lot_consumption"), "t");
  EXPECT_EQ(server.database().Value("select flags & 4 from station_event where kind = 5"), "4");
  ExpectRefoldsEqual();
}

TEST_F(StationEvents, TheDatabaseItselfRefusesOnePartTwiceAndTwoPartsInOnePlace) {
  EXPECT_EQ(Tell(kKit, {Start(kKit, "P1", "PACK.KIT", "ORD-PACK"), Install(kKit, "P1", "H1")}), (Told{"RECORDED", "RECORDED"}));
  const std::string again =
      "insert into assembly (parent_id, child_id, install_time, install_record_time, install_sequence, install_station, "
      "install_epoch, line, slot) "
      "select parent_id, child_id, install_time, install_record_time, 99, install_station, 1, line, ";
  EXPECT_ANY_THROW(server.database().Query(again + "slot + 1 from assembly")) << "one part in two positions";
  EXPECT_ANY_THROW(server.database().Query(
      "insert into assembly (parent_id, child_id, install_time, install_record_time, install_sequence, "
      "install_station, install_epoch, line, slot) select parent_id, 2, install_time, install_record_time, "
      "99, install_station, 1, line, slot from assembly"))
      << "two parts in one position";
}

TEST_F(StationEvents, TheGateSaysBeforeWhatTheEventIsToldAfter) {
  const auto ask = [&](const std::string& id, const std::string& unit, const std::string& recipe, const std::string& order) {
    v1::CanStartRequest request;
    request.set_request_id(id);
    request.set_station_code(kKit);
    request.set_unit_code(unit);
    request.mutable_start()->set_recipe_checksum(recipe);
    request.mutable_start()->set_work_order_code(order);
    v1::CanStartResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*stations, &v1::StationService::Stub::CanStart, request, &response)), "OK");
    EXPECT_EQ(response.request_id(), id);
    EXPECT_EQ(response.subject_code(), unit);
    EXPECT_TRUE(response.complete());
    return response;
  };
  v1::CanStartResponse answer = ask("q1", "P1", "PACK.KIT", "ORD-PACK");
  EXPECT_TRUE(answer.go());
  EXPECT_EQ(answer.recipe_checksum(), "PACK.KIT");
  EXPECT_EQ(answer.next_operation(), 10);
  answer = ask("q2", "P1", "OLD", "");
  EXPECT_FALSE(answer.go());
  EXPECT_EQ(answer.refusals(0).code(), "UNIT_UNKNOWN");
  EXPECT_EQ(answer.refusals(0).releasable_by(), "nobody");
  EXPECT_EQ(Tell(kKit, {Start(kKit, "P1", "PACK.KIT", "ORD-PACK")}), (Told{"RECORDED"}));
  answer = ask("q3", "P1", "PACK.KIT", "");
  EXPECT_FALSE(answer.go());
  EXPECT_EQ(answer.refusals(0).code(), "UNIT_RUNNING");
  EXPECT_EQ(answer.work_order_code(), "ORD-PACK");
}

}  // namespace
}  // namespace mes::tests
