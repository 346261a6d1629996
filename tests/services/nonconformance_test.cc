// Failure codes, reports, Pareto and replay over real gRPC into a real database: what a station is told, what quality decides,
// and that looking back writes nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/world.h"
#include "domain/nonconformance.h"
#include "mes/v1/failure_code.grpc.pb.h"
#include "mes/v1/nonconformance.grpc.pb.h"
#include "mes/v1/replay.grpc.pb.h"
#include "mes/v1/station.grpc.pb.h"
#include "mes/v1/station_event.grpc.pb.h"
#include "mes/v1/work_order.grpc.pb.h"
#include "services/plant_cache.h"
#include "tests/support/plant_builder.h"
#include "tests/support/server.h"

namespace mes::tests {
namespace {

using testing::ElementsAre;
using Codes = v1::FailureCodeService::Stub;
using Reports = v1::NonconformanceService::Stub;

PlantBuilder Plain() {
  PlantBuilder builder;
  builder.operation("PACK", 50).interlocks.pop_back();  // its parts are another test's matter
  builder.operation("PACK", 50).new_identity = domain::NewIdentity::kNone;
  return builder;
}

struct Nonconformance : testing::Test {
  TestServer server{Plain().draft()};
  std::unique_ptr<v1::StationEventService::Stub> events = v1::StationEventService::NewStub(server.channel());
  std::unique_ptr<v1::StationService::Stub> stations = v1::StationService::NewStub(server.channel());
  std::unique_ptr<Codes> codes = v1::FailureCodeService::NewStub(server.channel());
  std::unique_ptr<Reports> reports = v1::NonconformanceService::NewStub(server.channel());
  std::map<std::string, int64_t> sequences;
  const int64_t now = time(nullptr) - 60;
  int requests = 0;

  Nonconformance() {
    auto orders = v1::WorkOrderService::NewStub(server.channel());
    v1::CreateWorkOrderRequest create;
    create.set_request_id("create");
    create.set_work_order_code("ORD-PACK");
    create.set_product_code("PACK");
    create.mutable_quantity()->set_value("100");
    create.mutable_quantity()->set_uom("pc");
    v1::CreateWorkOrderResponse created;
    EXPECT_EQ(ReasonOf(CallOnce(*orders, &v1::WorkOrderService::Stub::CreateWorkOrder, create, &created)), "OK");
    v1::TransitionWorkOrderRequest release;
    release.set_request_id("release");
    release.set_work_order_code("ORD-PACK");
    release.set_action(v1::WORK_ORDER_ACTION_RELEASE);
    v1::TransitionWorkOrderResponse released;
    EXPECT_EQ(ReasonOf(CallOnce(*orders, &v1::WorkOrderService::Stub::TransitionWorkOrder, release, &released)), "OK");
  }
  std::string RequestId() { return "r" + std::to_string(++requests); }

  v1::FailureCode Leak() {
    v1::FailureCode policy;
    policy.set_code("LEAK");
    policy.set_product_code("PACK");
    policy.set_operation(40);
    policy.set_needs_disposition(true);
    policy.set_opens_ncr(true);
    policy.set_severity(v1::SEVERITY_MAJOR);
    policy.set_reason("8D 17");
    policy.set_person("li");
    return policy;
  }
  grpc::Status Put(const v1::FailureCode& policy, v1::PutFailureCodeResponse* response) {
    v1::PutFailureCodeRequest request;
    request.set_request_id(RequestId());
    *request.mutable_failure_code() = policy;
    return CallOnce(*codes, &Codes::PutFailureCode, request, response);
  }
  void PutLeak() {
    v1::PutFailureCodeResponse put;
    ASSERT_EQ(ReasonOf(Put(Leak(), &put)), "OK");
  }

  static std::string StationOf(int operation) {
    static const std::map<int, std::string> kNames = {{10, "KIT"}, {20, "LOAD"}, {30, "BOLT"}, {40, "TEST"}, {50, "LABEL"}};
    return "PACK.1." + kNames.at(operation) + ".1";
  }
  static std::string NameOf(int operation) {
    const std::string station = StationOf(operation);
    return station.substr(7, station.size() - 9);
  }
  v1::StationEvent About(int operation, const std::string& unit) {
    v1::StationEvent event;
    event.set_sequence(++sequences[StationOf(operation)]);
    event.mutable_occur_time()->set_seconds(now);
    event.set_unit_code(unit);
    return event;
  }
  v1::StationEvent Start(int operation, const std::string& unit, v1::RunPurpose purpose = v1::RUN_PURPOSE_UNSPECIFIED) {
    v1::StationEvent event = About(operation, unit);
    event.mutable_started()->set_recipe_checksum("PACK." + NameOf(operation));
    event.mutable_started()->set_purpose(purpose);
    if (operation == 10) event.mutable_started()->set_work_order_code("ORD-PACK");
    return event;
  }
  v1::StationEvent End(int operation, const std::string& unit, const std::string& failure_code = "") {
    v1::StationEvent event = About(operation, unit);
    event.mutable_completed()->set_judgement(failure_code.empty() ? v1::JUDGEMENT_PASS : v1::JUDGEMENT_FAIL);
    event.mutable_completed()->set_failure_code(failure_code);
    auto* values = event.mutable_completed()->add_values();
    values->set_characteristic_code(NameOf(operation) + "_V");
    for (int i = 0; i < (operation == 30 ? 4 : 1); ++i) values->add_values(10);
    return event;
  }
  // `RECORDED`, or `DISPOSITION_NEEDED ...`, of each.
  std::vector<std::string> Tell(int operation, const std::vector<v1::StationEvent>& list) {
    v1::RecordStationEventsRequest request;
    request.set_station_code(StationOf(operation));
    request.set_epoch(1);
    for (const v1::StationEvent& event : list) *request.add_events() = event;
    v1::RecordStationEventsResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*events, &v1::StationEventService::Stub::RecordStationEvents, request, &response)), "OK");
    std::vector<std::string> told;
    for (const v1::EventVerdict& verdict : response.verdicts()) {
      std::string text;
      for (const v1::Refusal& refusal : verdict.refusals()) text += (text.empty() ? "" : " ") + refusal.code();
      told.push_back(text.empty() ? "RECORDED" : text);
    }
    return told;
  }
  void Run(int operation, const std::string& unit, const std::string& failure_code = "",
           v1::RunPurpose purpose = v1::RUN_PURPOSE_UNSPECIFIED) {
    ASSERT_THAT(Tell(operation, {Start(operation, unit, purpose), End(operation, unit, failure_code)}),
                ElementsAre("RECORDED", "RECORDED"));
  }
  void MakeToTest(const std::string& unit) {
    for (const int operation : {10, 20, 30}) Run(operation, unit);
  }
  v1::CanStartResponse CanStart(int operation, const std::string& unit) {
    v1::CanStartRequest request;
    request.set_request_id("1");
    request.set_station_code(StationOf(operation));
    request.set_unit_code(unit);
    request.mutable_start()->set_recipe_checksum("PACK." + NameOf(operation));
    v1::CanStartResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*stations, &v1::StationService::Stub::CanStart, request, &response)), "OK");
    return response;
  }
  grpc::Status Dispose(int64_t ncr, v1::NcrDisposition disposition, const std::vector<std::string>& units,
                       v1::DisposeNcrUnitsResponse* response, const std::string& role = "quality") {
    v1::DisposeNcrUnitsRequest request;
    request.set_request_id(RequestId());
    request.set_ncr_id(ncr);
    request.set_disposition(disposition);
    request.mutable_codes()->Assign(units.begin(), units.end());
    request.set_reason("seen");
    request.set_person("wu");
    request.set_role(role);
    if (disposition == v1::NCR_DISPOSITION_USE_AS_IS) request.set_concession("C-1");
    return CallOnce(*reports, &Reports::DisposeNcrUnits, request, response);
  }
  v1::MoveNcrRequest Step(int64_t ncr, v1::NcrMove move) {
    v1::MoveNcrRequest request;
    request.set_request_id(RequestId());
    request.set_ncr_id(ncr);
    request.set_move(move);
    request.set_person("wu");
    request.set_role("quality");
    if (move == v1::NCR_MOVE_CONTAIN) request.set_containment("the shift is held");
    if (move == v1::NCR_MOVE_ANALYSE) request.add_whys("gasket torn"), request.set_cause_category(v1::CAUSE_CATEGORY_MACHINE);
    if (move == v1::NCR_MOVE_ACT) {
      for (v1::NcrAction* action : {request.mutable_corrective(), request.mutable_preventive()}) {
        action->set_text("change the tool");
        action->set_owner("li");
        action->mutable_due_time()->set_seconds(now + 86'400);
      }
    }
    if (move == v1::NCR_MOVE_VERIFY) request.set_verification("50 packs tight"), request.set_verification_evidence("report 7");
    return request;
  }
  std::string Move(const v1::MoveNcrRequest& request) {
    v1::MoveNcrResponse response;
    const grpc::Status status = CallOnce(*reports, &Reports::MoveNcr, request, &response);
    return status.ok() ? v1::NcrState_Name(response.ncr().state()) : ReasonOf(status);
  }
  std::string Value(const std::string& sql) { return server.database().Value(sql); }

  // Every unit's row is the fold of its events.
  void ExpectRefoldsEqual() {
    db::Pool& pool = server.database().pool();
    services::PlantCache cache(pool);
    const auto plant = cache.Get();
    pool.Read([&](db::Transaction& transaction) {
      for (const auto& row : server.database().Query("select code from unit where revision_id is not null")) {
        db::WorldKeys keys;
        keys.codes.insert(row[0]);
        const domain::World world = db::LoadWorld(transaction, *plant, domain::Time{}, keys);
        const domain::Unit& unit = world.FindUnit(row[0])->unit;
        EXPECT_EQ(domain::Refold(unit, *plant->FindRevision(unit.revision_id), db::LoadHistory(transaction, unit.id)), unit)
            << row[0];
      }
    });
  }

  struct Told {
    std::vector<std::string> changes;
    v1::ReplaySummary summary;
    std::string reason = "OK";
    std::string field;
  };
  Told Replay(const std::string& rules, const std::string& product = "", bool with_time = true) {
    auto stub = v1::ReplayService::NewStub(server.channel());
    v1::ReplayRequest request;
    if (with_time) request.mutable_from_time()->set_seconds(now - 3'600);
    request.set_product_code(product);
    request.set_rules_json(rules);
    grpc::ClientContext context;
    const auto reader = stub->Replay(&context, request);
    v1::ReplayResponse page;
    Told told;
    while (reader->Read(&page)) {
      for (const auto& change : page.changes()) {
        told.changes.push_back(change.unit_code() + " " + change.event() + " " + change.was() + " > " + change.would_be());
      }
      if (page.has_summary()) told.summary = page.summary();
    }
    const grpc::Status status = reader->Finish();
    told.reason = ReasonOf(status);
    if (!status.ok()) told.field = FieldOf(status);
    return told;
  }
};

TEST_F(Nonconformance, AFailedUnitWaitsForQualityAndGoesOnAsDecided) {
  PutLeak();
  MakeToTest("P1");
  Run(40, "P1", "LEAK");
  const v1::CanStartResponse asked = CanStart(40, "P1");
  EXPECT_FALSE(asked.go());
  ASSERT_EQ(asked.refusals_size(), 1);
  EXPECT_EQ(asked.refusals(0).code(), "DISPOSITION_NEEDED");
  EXPECT_EQ(asked.refusals(0).releasable_by(), "quality");
  EXPECT_EQ(asked.refusals(0).evidence(0).kind(), "ncr");
  EXPECT_EQ(asked.refusals(0).evidence(0).id(), "1");
  EXPECT_EQ(asked.refusals(0).evidence(1).id(), "LEAK/PACK/40/v1");
  EXPECT_THAT(Tell(40, {Start(40, "P1")}), ElementsAre("DISPOSITION_NEEDED"));
  EXPECT_THAT(Tell(20, {Start(20, "P1", v1::RUN_PURPOSE_REWORK)}), ElementsAre("DISPOSITION_NEEDED"));

  v1::DisposeNcrUnitsResponse disposed;
  EXPECT_EQ(ReasonOf(Dispose(1, v1::NCR_DISPOSITION_REWORK, {"P1"}, &disposed, "shift lead")), "ROLE_INSUFFICIENT");
  EXPECT_EQ(ReasonOf(Dispose(9, v1::NCR_DISPOSITION_REWORK, {"P1"}, &disposed)), "NCR_UNKNOWN");
  EXPECT_EQ(ReasonOf(Dispose(1, v1::NCR_DISPOSITION_REWORK, {"P2"}, &disposed)), "UNIT_UNKNOWN");
  ASSERT_EQ(ReasonOf(Dispose(1, v1::NCR_DISPOSITION_REWORK, {"P1"}, &disposed)), "OK");
  EXPECT_EQ(disposed.disposed(), 1);
  EXPECT_EQ(disposed.ncr().open_units(), 0);
  EXPECT_EQ(ReasonOf(Dispose(1, v1::NCR_DISPOSITION_REWORK, {"P1"}, &disposed)), "UNIT_UNKNOWN") << "nothing is open about it";
  EXPECT_THAT(Tell(40, {Start(40, "P1", v1::RUN_PURPOSE_RETEST)}), ElementsAre("RETEST_LIMIT"));
  for (const int operation : {20, 30}) Run(operation, "P1");
  Run(40, "P1", "LEAK");
  EXPECT_EQ(ReasonOf(Dispose(1, v1::NCR_DISPOSITION_REWORK, {}, &disposed)), "REWORK_LIMIT") << "the routing allows one";
  ASSERT_EQ(ReasonOf(Dispose(1, v1::NCR_DISPOSITION_USE_AS_IS, {}, &disposed)), "OK");
  Run(50, "P1");
  EXPECT_EQ(Value("select state from unit where code = 'P1'"), "2");
  EXPECT_EQ(Value("select good_micro from work_order"), "1000000");
  ExpectRefoldsEqual();

  v1::ListNcrUnitsRequest list;
  list.set_ncr_id(1);
  list.set_page_size(1);
  v1::ListNcrUnitsResponse page;
  ASSERT_EQ(ReasonOf(CallOnce(*reports, &Reports::ListNcrUnits, list, &page)), "OK");
  EXPECT_EQ(page.units(0).event(), "PACK.1.TEST.1/1/2");
  EXPECT_EQ(page.units(0).disposition(), v1::NCR_DISPOSITION_REWORK);
  list.set_page_token(page.next_page_token());
  ASSERT_EQ(ReasonOf(CallOnce(*reports, &Reports::ListNcrUnits, list, &page)), "OK");
  EXPECT_EQ(page.units(0).concession(), "C-1");
  EXPECT_EQ(page.next_page_token(), "");
  list.set_page_token("zz");
  EXPECT_EQ(ReasonOf(CallOnce(*reports, &Reports::ListNcrUnits, list, &page)), "PAGE_TOKEN_INVALID");
}

TEST_F(Nonconformance, WithinOneBatchToo) {
  PutLeak();
  MakeToTest("P1");
  EXPECT_THAT(Tell(40, {Start(40, "P1"), End(40, "P1", "LEAK"), Start(40, "P1")}),
              ElementsAre("RECORDED", "RECORDED", "DISPOSITION_NEEDED"));
  v1::DisposeNcrUnitsResponse disposed;
  ASSERT_EQ(ReasonOf(Dispose(1, v1::NCR_DISPOSITION_SCRAP, {}, &disposed)), "OK");
  EXPECT_EQ(Value("select scrapped_micro from work_order"), "1000000");
  EXPECT_EQ(Value("select scrapped from failure_count"), "1");
  EXPECT_EQ(CanStart(40, "P1").refusals(0).code(), "NOT_BLOCKED");
  ExpectRefoldsEqual();
}

TEST_F(Nonconformance, PoliciesAreRefusedByFieldAndReplacedOrWithdrawn) {
  v1::PutFailureCodeResponse put;
  const auto told = [&](auto change) {
    v1::FailureCode policy = Leak();
    change(policy);
    const grpc::Status status = Put(policy, &put);
    return status.ok() ? std::string("OK") : ReasonOf(status) + " " + FieldOf(status);
  };
  EXPECT_EQ(told([](auto& p) { p.set_product_code("NONE"); }), "PRODUCT_UNKNOWN failure_code.product_code");
  EXPECT_EQ(told([](auto& p) { p.set_operation(41); }), "OPERATION_UNKNOWN failure_code.operation");
  EXPECT_EQ(told([](auto& p) { p.set_operation(-1); }), "FIELD_INVALID failure_code.operation");
  EXPECT_EQ(told([](auto& p) { p.set_route(50); }), "FIELD_INVALID failure_code.route");
  EXPECT_EQ(told([](auto& p) { p.set_repair_limit(0); }), "FIELD_INVALID failure_code.repair_limit");
  EXPECT_EQ(told([](auto& p) { p.set_repair_limit(99'999'999); }), "LIMIT_EXCEEDED failure_code.repair_limit");
  EXPECT_EQ(told([](auto& p) { p.set_opens_ncr(false); }), "FIELD_INVALID failure_code.opens_ncr");
  EXPECT_EQ(told([](auto& p) { p.clear_severity(); }), "ENUM_UNKNOWN failure_code.severity");
  EXPECT_EQ(told([](auto& p) { p.set_withdrawn(true); }), "FAILURE_CODE_UNKNOWN failure_code.code");
  EXPECT_EQ(told([](auto&) {}), "OK");
  EXPECT_EQ(told([](auto& p) { p.set_route(20), p.set_repair_limit(1); }), "OK");
  EXPECT_EQ(put.failure_code().version(), 2);
  EXPECT_EQ(told([](auto& p) { p.set_withdrawn(true), p.clear_reason(); }), "FIELD_REQUIRED failure_code.reason");
  EXPECT_EQ(told([](auto& p) { p.set_withdrawn(true); }), "OK");
  EXPECT_EQ(put.failure_code().version(), 3);
  EXPECT_EQ(put.failure_code().route(), 20) << "what it was stays to be read";
  MakeToTest("P1");
  Run(40, "P1", "LEAK");
  EXPECT_TRUE(CanStart(40, "P1").go()) << "it is out of force";

  v1::ListFailureCodesRequest list;
  v1::ListFailureCodesResponse page;
  ASSERT_EQ(ReasonOf(CallOnce(*codes, &Codes::ListFailureCodes, list, &page)), "OK");
  EXPECT_EQ(page.failure_codes_size(), 0);
  list.set_include_history(true);
  list.set_page_size(2);
  ASSERT_EQ(ReasonOf(CallOnce(*codes, &Codes::ListFailureCodes, list, &page)), "OK");
  ASSERT_EQ(page.failure_codes_size(), 2);
  list.set_page_token(page.next_page_token());
  ASSERT_EQ(ReasonOf(CallOnce(*codes, &Codes::ListFailureCodes, list, &page)), "OK");
  EXPECT_EQ(page.failure_codes(0).version(), 1);
}

TEST_F(Nonconformance, AReportGoesItsLifeToTheEnd) {
  PutLeak();
  MakeToTest("P1");
  Run(40, "P1", "LEAK");
  EXPECT_EQ(Move(Step(9, v1::NCR_MOVE_CONTAIN)), "NCR_UNKNOWN");
  EXPECT_EQ(Move(Step(1, v1::NCR_MOVE_CLOSE)), "NCR_TRANSITION");
  EXPECT_EQ(Move(Step(1, v1::NCR_MOVE_UNSPECIFIED)), "ENUM_UNKNOWN");
  v1::MoveNcrRequest held = Step(1, v1::NCR_MOVE_CONTAIN);
  held.add_hold_ids(77);
  EXPECT_EQ(Move(held), "HOLD_UNKNOWN");
  EXPECT_EQ(Move(Step(1, v1::NCR_MOVE_CONTAIN)), "NCR_STATE_CONTAINED");
  EXPECT_EQ(Move(Step(1, v1::NCR_MOVE_ANALYSE)), "NCR_STATE_ANALYSED");
  EXPECT_EQ(Move(Step(1, v1::NCR_MOVE_ACT)), "NCR_STATE_ACTIONED");
  v1::MoveNcrRequest own = Step(1, v1::NCR_MOVE_VERIFY);
  own.set_person("li");
  EXPECT_EQ(Move(own), "FIELD_INVALID");
  EXPECT_EQ(Move(Step(1, v1::NCR_MOVE_VERIFY)), "NCR_STATE_VERIFIED");
  EXPECT_EQ(Move(Step(1, v1::NCR_MOVE_CLOSE)), "NCR_UNITS_OPEN");
  v1::DisposeNcrUnitsResponse disposed;
  ASSERT_EQ(ReasonOf(Dispose(1, v1::NCR_DISPOSITION_RELEASE, {"P1"}, &disposed)), "OK");
  EXPECT_EQ(Move(Step(1, v1::NCR_MOVE_CLOSE)), "NCR_STATE_CLOSED");
  EXPECT_EQ(ReasonOf(Dispose(1, v1::NCR_DISPOSITION_RELEASE, {"P1"}, &disposed)), "NCR_TRANSITION");

  v1::GetNcrRequest get;
  get.set_ncr_id(1);
  v1::GetNcrResponse got;
  ASSERT_EQ(ReasonOf(CallOnce(*reports, &Reports::GetNcr, get, &got)), "OK");
  EXPECT_EQ(got.transitions_size(), 5);
  EXPECT_EQ(got.ncr().whys(0), "gasket torn");
  EXPECT_EQ(got.ncr().verified_by(), "wu");
  EXPECT_EQ(got.ncr().station_code(), "PACK.1.TEST.1");
  get.set_ncr_id(9);
  EXPECT_EQ(ReasonOf(CallOnce(*reports, &Reports::GetNcr, get, &got)), "NCR_UNKNOWN");
}

TEST_F(Nonconformance, APersonOpensAReportToo) {
  MakeToTest("P1");
  v1::OpenNcrRequest request;
  request.set_request_id(RequestId());
  request.add_codes("P1");
  request.set_severity(v1::SEVERITY_MINOR);
  request.set_description("cover bent");
  request.set_person("li");
  request.set_operation(41);
  v1::OpenNcrResponse opened;
  const auto told = [&] {
    request.set_request_id(RequestId());
    const grpc::Status status = CallOnce(*reports, &Reports::OpenNcr, request, &opened);
    return status.ok() ? std::string("OK") : ReasonOf(status) + " " + FieldOf(status);
  };
  EXPECT_EQ(told(), "OPERATION_UNKNOWN operation");
  request.set_operation(40);
  request.clear_severity();
  EXPECT_EQ(told(), "ENUM_UNKNOWN severity");
  request.set_severity(v1::SEVERITY_MINOR);
  request.clear_description();
  EXPECT_EQ(told(), "FIELD_REQUIRED description");
  request.set_description("cover bent");
  request.add_codes("NONE");
  EXPECT_EQ(told(), "UNIT_UNKNOWN codes[1]");
  request.clear_codes();
  EXPECT_EQ(told(), "FIELD_REQUIRED codes");
  request.add_codes("P1");
  EXPECT_EQ(told(), "OK");
  EXPECT_EQ(opened.ncr().product_code(), "PACK");
  EXPECT_EQ(opened.ncr().open_units(), 1);
  v1::DisposeNcrUnitsResponse disposed;
  EXPECT_EQ(ReasonOf(Dispose(opened.ncr().ncr_id(), v1::NCR_DISPOSITION_RETEST, {}, &disposed)), "DISPOSITION_REFUSED")
      << "nothing failed";
  EXPECT_EQ(ReasonOf(Dispose(opened.ncr().ncr_id(), v1::NCR_DISPOSITION_USE_AS_IS, {}, &disposed)), "OK");
  EXPECT_TRUE(CanStart(40, "P1").go());
  v1::ListNcrsRequest list;
  list.set_unit_code("P1");
  list.set_state(v1::NCR_STATE_OPEN);
  v1::ListNcrsResponse page;
  ASSERT_EQ(ReasonOf(CallOnce(*reports, &Reports::ListNcrs, list, &page)), "OK");
  EXPECT_EQ(page.ncrs_size(), 1);
}

TEST_F(Nonconformance, ThePareto) {
  MakeToTest("P1");
  MakeToTest("P2");
  Run(40, "P1", "LEAK");
  Run(40, "P2", "DENT");
  Run(40, "P1", "LEAK");
  v1::ListFailureParetoRequest request;
  const auto day = std::chrono::sys_seconds(std::chrono::seconds(now));
  const std::string today = domain::FormatTime(std::chrono::time_point_cast<domain::Duration>(day)).substr(0, 10);
  request.set_from_day(today);
  request.set_until_day(today);
  request.set_by_station(true);
  request.set_by_product(true);
  request.set_by_day(true);
  v1::ListFailureParetoResponse pareto;
  ASSERT_EQ(ReasonOf(CallOnce(*codes, &Codes::ListFailurePareto, request, &pareto)), "OK");
  ASSERT_EQ(pareto.bars_size(), 2);
  EXPECT_EQ(pareto.total(), 3);
  EXPECT_TRUE(pareto.complete());
  EXPECT_EQ(pareto.bars(0).failure_code(), "LEAK");
  EXPECT_EQ(pareto.bars(0).count(), 2);
  EXPECT_EQ(pareto.bars(0).station_code(), "PACK.1.TEST.1");
  EXPECT_EQ(pareto.bars(0).product_code(), "PACK");
  EXPECT_EQ(pareto.bars(0).plant_day(), today);
  EXPECT_EQ(pareto.bars(1).cumulative(), 3);
  request.set_measure(v1::FAILURE_MEASURE_FIRST_RUN_FAILS);
  ASSERT_EQ(ReasonOf(CallOnce(*codes, &Codes::ListFailurePareto, request, &pareto)), "OK");
  EXPECT_EQ(pareto.total(), 2);

  const auto told = [&](auto change) {
    v1::ListFailureParetoRequest wrong = request;
    change(wrong);
    const grpc::Status status = CallOnce(*codes, &Codes::ListFailurePareto, wrong, &pareto);
    return ReasonOf(status) + " " + FieldOf(status);
  };
  EXPECT_EQ(told([](auto& r) { r.clear_from_day(); }), "FIELD_REQUIRED from_day");
  EXPECT_EQ(told([](auto& r) { r.set_from_day("2026-02-30"); }), "FIELD_INVALID from_day");
  EXPECT_EQ(told([](auto& r) { r.set_until_day("2026-01-01"); }), "FIELD_INVALID until_day");
  EXPECT_EQ(told([](auto& r) { r.set_station_code("NONE"); }), "STATION_UNKNOWN station_code");
  EXPECT_EQ(told([](auto& r) { r.set_measure(static_cast<v1::FailureMeasure>(9)); }), "ENUM_UNKNOWN measure");
}

TEST_F(Nonconformance, AReplayListsWhoseVerdictWouldChangeAndWritesNothing) {
  MakeToTest("P1");
  Run(40, "P1", "LEAK");
  Run(40, "P1");
  EXPECT_THAT(Tell(40, {Start(40, "P1")}), ElementsAre("ROUTE_SEQ"));
  MakeToTest("P2");
  const std::string counts =
      "select string_agg(n.found::text, ',') from (select (xpath('concat(/table/row/c, ''|'', /table/row/h)', "
      "query_to_xml(format('select count(*) as c, sum(hashtext(t::text)) as h from %I t', tablename), false, false, '')))[1] as found "
      // Entries of before are sealed meanwhile.
      "from pg_tables where schemaname = 'public' and tablename <> 'audit_link' order by tablename) n";
  const std::string before = Value(counts);

  EXPECT_THAT(Replay("{}").changes, ElementsAre());
  EXPECT_EQ(Replay("{}").summary.units(), 2);
  EXPECT_TRUE(Replay("{}").summary.complete());
  const Told tighter = Replay(R"({"products": [{"product": "PACK", "revision": 1,
      "limits": [{"operation": 20, "characteristic": "LOAD_V", "upper": 9}],
      "routing": [{"operation": 40, "max_retests": 0}]}]})");
  EXPECT_THAT(tighter.changes, ElementsAre("P1 PACK.1.LOAD.1/1/2 PASS > FAIL OUT_OF_LIMITS",
                                           "P1 PACK.1.TEST.1/1/3 RECORDED retest > REJECTED RETEST_LIMIT",
                                           "P2 PACK.1.LOAD.1/1/4 PASS > FAIL OUT_OF_LIMITS"));
  EXPECT_EQ(tighter.summary.changes(), 3);
  EXPECT_EQ(tighter.summary.units_changed(), 2);
  EXPECT_EQ(
      Replay(R"({"products": [{"product": "PACK", "routing": [{"operation": 40, "max_retests": 2}]}]})", "CELL").summary.units(),
      0);
  EXPECT_EQ(Value(counts), before) << "nothing is written";
}

TEST_F(Nonconformance, AReplayRunsInATransactionThatCannotWrite) {
  db::Pool& pool = server.database().pool();
  EXPECT_ANY_THROW(pool.Read([&](db::Transaction& transaction) {
    services::PlantCache cache(pool);
    domain::World world(*cache.Get(), domain::FromMicros(1));
    world.effects.failures[{1, 1, 10, 1, "X"}] = {1, 1, 0};
    db::StoreWorld(transaction, world);
  }));
  EXPECT_EQ(Value("select count(*) from failure_count"), "0");
}

TEST_F(Nonconformance, RulesThatCannotBeReplayedAreRefusedByPointer) {
  const auto told = [&](const std::string& rules) {
    const Told answer = Replay(rules);
    return answer.reason + " " + answer.field;
  };
  EXPECT_EQ(told("{"), "REPLAY_RULES_INVALID /");
  EXPECT_EQ(told(""), "FIELD_REQUIRED rules_json");
  EXPECT_EQ(told(R"({"product": []})"), "REPLAY_RULES_INVALID /product");
  EXPECT_EQ(told(R"({"products": [{"product": "NONE"}]})"), "REPLAY_RULES_INVALID /products/0/product");
  EXPECT_EQ(told(R"({"products": [{"product": "PACK", "limits": [{"operation": 40, "characteristic": "X", "upper": 1}]}]})"),
            "REPLAY_RULES_INVALID /products/0/limits/0/characteristic");
  EXPECT_EQ(told(R"({"products": [{"product": "PACK", "limits": [{"operation": 40, "characteristic": "TEST_V"}]}]})"),
            "REPLAY_RULES_INVALID /products/0/limits/0");
  EXPECT_EQ(told(R"({"products": [{"product": "PACK", "routing": [{"operation": 40, "max_retests": "two"}]}]})"),
            "REPLAY_RULES_INVALID /products/0/routing/0/max_retests");
  EXPECT_EQ(told(R"({"products": [{"product": "CELL", "windows": [{"id": "SOAK", "max_s": 10}]}]})"),
            "REPLAY_RULES_INVALID /products/0/windows/0/max_s");
  EXPECT_EQ(Replay("{}", "NONE").reason, "PRODUCT_UNKNOWN");
  EXPECT_EQ(Replay("{}", "", false).field, "from_time");
}

}  // namespace
}  // namespace mes::tests
