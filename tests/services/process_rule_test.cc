// Rules that act, over real gRPC: what stops stays stopped over a restart, and only the named role lets it go on.
#include "services/process_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mes/v1/process_rule.grpc.pb.h"
#include "mes/v1/station.grpc.pb.h"
#include "mes/v1/station_event.grpc.pb.h"
#include "mes/v1/work_order.grpc.pb.h"
#include "tests/support/plant_builder.h"
#include "tests/support/server.h"

namespace mes::tests {
namespace {

using Rules = v1::ProcessRuleService::Stub;
constexpr char kFill[] = "CELL.1.FILL.1";

struct ProcessRules : testing::Test {
  TestServer server{PlantBuilder().draft()};
  std::unique_ptr<Rules> rules = v1::ProcessRuleService::NewStub(server.channel());
  std::unique_ptr<v1::StationEventService::Stub> events = v1::StationEventService::NewStub(server.channel());
  std::unique_ptr<v1::WorkOrderService::Stub> orders = v1::WorkOrderService::NewStub(server.channel());
  int64_t sequence = 0;
  int requests = 0;
  int64_t now = time(nullptr) - 3'600;

  ProcessRules() {
    v1::CreateWorkOrderRequest create;
    create.set_request_id("create");
    create.set_work_order_code("ORD-CELL");
    create.set_product_code("CELL");
    create.mutable_quantity()->set_value("100");
    create.mutable_quantity()->set_uom("pc");
    v1::CreateWorkOrderResponse created;
    EXPECT_EQ(ReasonOf(CallOnce(*orders, &v1::WorkOrderService::Stub::CreateWorkOrder, create, &created)), "OK");
    v1::TransitionWorkOrderRequest release;
    release.set_request_id("release");
    release.set_work_order_code("ORD-CELL");
    release.set_action(v1::WORK_ORDER_ACTION_RELEASE);
    v1::TransitionWorkOrderResponse released;
    EXPECT_EQ(ReasonOf(CallOnce(*orders, &v1::WorkOrderService::Stub::TransitionWorkOrder, release, &released)), "OK");
  }

  static v1::ProcessRule Cf3() {
    v1::ProcessRule rule;
    rule.set_code("FILL3");
    rule.set_kind(v1::PROCESS_RULE_KIND_SAME_CODE_STREAK);
    rule.set_product_code("CELL");
    rule.set_operation(10);
    rule.set_count(3);
    rule.set_stops(v1::STOP_SCOPE_STATION);
    rule.set_release_role("process engineer");
    return rule;
  }
  grpc::Status Put(const v1::ProcessRule& rule, v1::PutProcessRuleResponse* response) {
    v1::PutProcessRuleRequest request;
    request.set_request_id("put " + std::to_string(++requests));
    *request.mutable_rule() = rule;
    request.set_person("Li Wei");
    request.set_reason("nozzles clog");
    return CallOnce(*rules, &Rules::PutProcessRule, request, response);
  }
  // `OK`, or the reason and the field.
  std::string PutFault(const v1::ProcessRule& rule) {
    v1::PutProcessRuleResponse response;
    const grpc::Status status = Put(rule, &response);
    return status.ok() ? "OK" : ReasonOf(status) + " " + FieldOf(status);
  }
  std::string Tell(v1::StationEvent event, const std::string& unit) {
    v1::RecordStationEventsRequest request;
    request.set_station_code(kFill);
    request.set_epoch(1);
    event.set_sequence(++sequence);
    event.mutable_occur_time()->set_seconds(now += 10);
    event.set_unit_code(unit);
    *request.add_events() = event;
    v1::RecordStationEventsResponse response;
    const grpc::Status status = CallOnce(*events, &v1::StationEventService::Stub::RecordStationEvents, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::string told;
    for (const v1::Refusal& refusal : response.verdicts(0).refusals()) told += (told.empty() ? "" : " ") + refusal.code();
    return told;
  }
  // Starts a new cell, and lets it fail where it could start. The refusal's reasons.
  std::string FailOne(const std::string& unit, const std::string& code = "CLOGGED") {
    v1::StationEvent start;
    start.mutable_started()->set_recipe_checksum("CELL.FILL");
    start.mutable_started()->set_work_order_code("ORD-CELL");
    if (const std::string told = Tell(start, unit); !told.empty()) return told;
    v1::StationEvent fail;
    fail.mutable_completed()->set_judgement(v1::JUDGEMENT_FAIL);
    fail.mutable_completed()->set_failure_code(code);
    return Tell(fail, unit);
  }
  v1::CanStartResponse Ask(const std::shared_ptr<grpc::Channel>& channel) {
    const auto stub = v1::StationService::NewStub(channel);
    v1::CanStartRequest request;
    request.set_request_id("ask");
    request.set_station_code(kFill);
    request.set_unit_code("NEXT");
    request.mutable_start()->set_recipe_checksum("CELL.FILL");
    request.mutable_start()->set_work_order_code("ORD-CELL");
    v1::CanStartResponse response;
    const grpc::Status status = CallOnce(*stub, &v1::StationService::Stub::CanStart, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  v1::ListProcessAlarmsResponse Alarms(bool in_force_only = false) {
    v1::ListProcessAlarmsRequest request;
    request.set_in_force_only(in_force_only);
    v1::ListProcessAlarmsResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*rules, &Rules::ListProcessAlarms, request, &response)), "OK");
    return response;
  }
  grpc::Status Release(int64_t alarm, const std::string& role) {
    v1::ReleaseProcessAlarmRequest request;
    request.set_request_id("release " + std::to_string(++requests));
    request.set_alarm_id(alarm);
    request.set_person("Wu Min");
    request.set_role(role);
    request.set_reason("nozzle changed");
    v1::ReleaseProcessAlarmResponse response;
    return CallOnce(*rules, &Rules::ReleaseProcessAlarm, request, &response);
  }
};

TEST_F(ProcessRules, StopAStationUntilTheNamedRoleReleasesIt) {
  v1::PutProcessRuleResponse put;
  ASSERT_EQ(ReasonOf(Put(Cf3(), &put)), "OK");
  EXPECT_EQ(put.rule().version(), 1);
  for (const char* unit : {"C1", "C2", "C3"}) ASSERT_EQ(FailOne(unit), "");

  ASSERT_EQ(Alarms(true).alarms_size(), 1);
  const v1::ProcessAlarm alarm = Alarms().alarms(0);
  EXPECT_EQ(alarm.rule_code(), "FILL3");
  EXPECT_EQ(alarm.station_code(), kFill);
  EXPECT_EQ(alarm.unit_code(), "C3");
  EXPECT_EQ(alarm.event(), std::string(kFill) + "/1/6");
  ASSERT_EQ(alarm.evidence_size(), 3);
  EXPECT_EQ(alarm.evidence(0).id(), std::string(kFill) + "/1/2");
  EXPECT_EQ(FailOne("C4"), "RULE_STOP");

  // Another server on the database, as after a restart.
  TestServer second(server.database().url());
  const v1::CanStartResponse no_go = Ask(second.channel());
  EXPECT_FALSE(no_go.go());
  ASSERT_EQ(no_go.refusals_size(), 1);
  EXPECT_EQ(no_go.refusals(0).code(), "RULE_STOP");
  EXPECT_EQ(no_go.refusals(0).evidence_size(), 4) << "the alarm and its three runs";

  EXPECT_EQ(ReasonOf(Release(alarm.alarm_id(), "quality")), "ROLE_INSUFFICIENT");
  EXPECT_EQ(ReasonOf(Release(alarm.alarm_id() + 1, "process engineer")), "ALARM_UNKNOWN");
  ASSERT_EQ(ReasonOf(Release(alarm.alarm_id(), "process engineer")), "OK");
  EXPECT_EQ(ReasonOf(Release(alarm.alarm_id(), "process engineer")), "ALARM_RELEASED");
  EXPECT_TRUE(Ask(server.channel()).go());
  // What was seen before does not count again.
  for (const char* unit : {"C5", "C6"}) EXPECT_EQ(FailOne(unit), "");
  EXPECT_EQ(Alarms(true).alarms_size(), 0);
  EXPECT_EQ(FailOne("C7"), "");
  EXPECT_EQ(Alarms(true).alarms_size(), 1);
}

TEST_F(ProcessRules, AreVersionedAndTheirAlarmsOutliveThem) {
  v1::PutProcessRuleResponse put;
  ASSERT_EQ(ReasonOf(Put(Cf3(), &put)), "OK");
  for (const char* unit : {"C1", "C2", "C3"}) ASSERT_EQ(FailOne(unit), "");
  v1::ProcessRule longer = Cf3();
  longer.set_count(5);
  ASSERT_EQ(ReasonOf(Put(longer, &put)), "OK");
  EXPECT_EQ(put.rule().version(), 2);

  v1::RetireProcessRuleRequest retire;
  retire.set_request_id("retire");
  retire.set_code("FILL3");
  retire.set_person("Li Wei");
  retire.set_reason("another nozzle");
  v1::RetireProcessRuleResponse retired;
  ASSERT_EQ(ReasonOf(CallOnce(*rules, &Rules::RetireProcessRule, retire, &retired)), "OK");
  EXPECT_EQ(retired.rule().retired_by(), "Li Wei");
  retire.set_request_id("retire again");
  EXPECT_EQ(ReasonOf(CallOnce(*rules, &Rules::RetireProcessRule, retire, &retired)), "RULE_UNKNOWN");

  v1::ListProcessRulesRequest list;
  v1::ListProcessRulesResponse listed;
  ASSERT_TRUE(CallOnce(*rules, &Rules::ListProcessRules, list, &listed).ok());
  EXPECT_EQ(listed.rules_size(), 0);
  list.set_include_retired(true);
  list.set_page_size(1);
  ASSERT_TRUE(CallOnce(*rules, &Rules::ListProcessRules, list, &listed).ok());
  ASSERT_EQ(listed.rules_size(), 1);
  EXPECT_EQ(listed.rules(0).version(), 2);
  list.set_page_token(listed.next_page_token());
  ASSERT_TRUE(CallOnce(*rules, &Rules::ListProcessRules, list, &listed).ok());
  EXPECT_EQ(listed.rules(0).version(), 1);
  EXPECT_EQ(listed.rules(0).retire_reason(), "replaced: nozzles clog");

  v1::GetProcessAlarmRequest get;
  get.set_alarm_id(Alarms().alarms(0).alarm_id());
  v1::GetProcessAlarmResponse got;
  ASSERT_TRUE(CallOnce(*rules, &Rules::GetProcessAlarm, get, &got).ok());
  EXPECT_EQ(got.alarm().rule_version(), 1);
  EXPECT_EQ(got.alarm().evidence_size(), 3);
  EXPECT_FALSE(Ask(server.channel()).go()) << "a stop outlives its rule: somebody must look";
  EXPECT_THROW(server.database().Query("update process_rule set run_count = 9"), std::exception);
}

TEST_F(ProcessRules, ThatContradictThemselvesAreRefusedWithTheField) {
  const auto fault = [&](const auto& change) {
    v1::ProcessRule rule = Cf3();
    change(rule);
    return PutFault(rule);
  };
  EXPECT_EQ(fault([](v1::ProcessRule& r) { r.set_kind(v1::PROCESS_RULE_KIND_UNSPECIFIED); }), "ENUM_UNKNOWN rule.kind");
  EXPECT_EQ(fault([](v1::ProcessRule& r) { r.set_product_code("NONE"); }), "PRODUCT_UNKNOWN rule.product_code");
  EXPECT_EQ(fault([](v1::ProcessRule& r) { r.set_operation(11); }), "OPERATION_UNKNOWN rule.operation");
  EXPECT_EQ(fault([](v1::ProcessRule& r) { r.set_station_code("NONE"); }), "STATION_UNKNOWN rule.station_code");
  EXPECT_EQ(fault([](v1::ProcessRule& r) { r.set_count(1); }), "FIELD_INVALID rule.count");
  EXPECT_EQ(fault([](v1::ProcessRule& r) { r.set_stops(v1::STOP_SCOPE_ORDER); }), "RULE_CONTRADICTION rule.stops");
  EXPECT_EQ(fault([](v1::ProcessRule& r) { r.set_scrap_share(0.5); }), "RULE_CONTRADICTION rule.scrap_share");
  EXPECT_EQ(server.database().Value("select count(*) from process_rule"), "0");
}

TEST_F(ProcessRules, OnlyAtTheirStationAndInTheCallersFilter) {
  v1::PutProcessRuleResponse put;
  v1::ProcessRule elsewhere = Cf3();
  elsewhere.set_station_code("PACK.1.KIT.1");
  ASSERT_EQ(ReasonOf(Put(elsewhere, &put)), "OK");
  for (const char* unit : {"C1", "C2", "C3", "C4"}) EXPECT_EQ(FailOne(unit), "");
  EXPECT_EQ(Alarms().alarms_size(), 0);
  v1::ListProcessAlarmsRequest list;
  list.set_station_code("NONE");
  v1::ListProcessAlarmsResponse listed;
  EXPECT_EQ(ReasonOf(CallOnce(*rules, &Rules::ListProcessAlarms, list, &listed)), "STATION_UNKNOWN");
  list.set_station_code("");
  list.set_work_order_code("NONE");
  EXPECT_EQ(ReasonOf(CallOnce(*rules, &Rules::ListProcessAlarms, list, &listed)), "WORK_ORDER_UNKNOWN");
  list.set_work_order_code("");
  list.set_page_token("x");
  EXPECT_EQ(ReasonOf(CallOnce(*rules, &Rules::ListProcessAlarms, list, &listed)), "PAGE_TOKEN_INVALID");
}

}  // namespace
}  // namespace mes::tests
