// Control charts over gRPC, from the stations' events to the alarm that a person acknowledges.
#include "services/spc.h"

#include <cmath>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mes/v1/spc.grpc.pb.h"
#include "mes/v1/station_event.grpc.pb.h"
#include "mes/v1/work_order.grpc.pb.h"
#include "tests/support/plant_builder.h"
#include "tests/support/server.h"

namespace mes::services {
namespace {

using tests::CallOnce;
using tests::FieldOf;
using tests::ReasonOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using v1::SpcService;

constexpr char kBolt[] = "FRAME.1.BOLT.1";
constexpr char kWeigh[] = "FRAME.1.WEIGH.1";
constexpr char kWeld[] = "RACK.1.WELD.1";

// FRAME: 10 BOLT, two torques of every unit, critical · 20 WEIGH, one value of some units, significant · 30 PACKOUT, of every unit.
// RACK: 10 WELD, twelve values of every unit.
tests::PlantBuilder Plant() {
  tests::PlantBuilder builder;
  builder.AddProduct("FRAME", "pc", domain::Tracking::kSerial);
  domain::Characteristic& torque = builder.AddOperation("FRAME", 10, "BOLT").characteristics[0];
  torque.replicates = 2;
  torque.characteristic_class = domain::CharacteristicClass::kCritical;
  domain::Operation& weigh = builder.AddOperation("FRAME", 20, "WEIGH");
  weigh.characteristics[0].characteristic_class = domain::CharacteristicClass::kSignificant;
  weigh.characteristics[0].sampling = domain::Sampling::kOneInN;
  weigh.max_retests = 2;
  builder.AddOperation("FRAME", 30, "PACKOUT");
  builder.AddProduct("RACK", "pc", domain::Tracking::kSerial);
  domain::Characteristic& gap = builder.AddOperation("RACK", 10, "WELD").characteristics[0];
  gap.replicates = 12;
  gap.lower_limit.reset();
  gap.upper_limit = 100;
  return builder;
}

// Values about 10 with a spread of their own that any 30 of them keep in control.
double Quiet(int i) {
  static constexpr double kSteps[] = {0.2, -0.3, 0.5, -0.1, -0.6, 0.3, 0.7, -0.4, 0.1, -0.4, 0.6, -0.6};
  return 10 + kSteps[i % 12] / 4;
}

struct SpcServiceTest : testing::Test {
  tests::TestServer server{Plant().draft()};
  std::unique_ptr<SpcService::Stub> spc = SpcService::NewStub(server.channel());
  std::unique_ptr<v1::StationEventService::Stub> events = v1::StationEventService::NewStub(server.channel());
  std::unique_ptr<v1::WorkOrderService::Stub> orders = v1::WorkOrderService::NewStub(server.channel());
  std::map<std::string, int64_t> sequences;
  const int64_t begin = time(nullptr) - 86'400;
  int64_t second = 0;
  int units = 0;
  int requests = 0;

  SpcServiceTest() { Order("ORD", false); }

  void Order(const std::string& code, bool trial, const std::string& product = "FRAME") {
    v1::CreateWorkOrderRequest create;
    create.set_request_id("create " + code);
    create.set_work_order_code(code);
    create.set_product_code(product);
    create.mutable_quantity()->set_value("1000");
    create.mutable_quantity()->set_uom("pc");
    create.set_trial(trial);
    v1::CreateWorkOrderResponse created;
    ASSERT_EQ(ReasonOf(CallOnce(*orders, &v1::WorkOrderService::Stub::CreateWorkOrder, create, &created)), "OK");
    EXPECT_EQ(created.work_order().trial(), trial);
    v1::TransitionWorkOrderRequest release;
    release.set_request_id("release " + code);
    release.set_work_order_code(code);
    release.set_action(v1::WORK_ORDER_ACTION_RELEASE);
    v1::TransitionWorkOrderResponse released;
    ASSERT_EQ(ReasonOf(CallOnce(*orders, &v1::WorkOrderService::Stub::TransitionWorkOrder, release, &released)), "OK");
  }

  v1::StationEvent& Next(v1::RecordStationEventsRequest& request, const std::string& unit, int64_t at) {
    request.set_epoch(1);
    v1::StationEvent& event = *request.add_events();
    event.set_sequence(++sequences[request.station_code()]);
    event.mutable_occur_time()->set_seconds(begin + at);
    event.set_unit_code(unit);
    return event;
  }
  void Record(const v1::RecordStationEventsRequest& request) {
    v1::RecordStationEventsResponse response;
    ASSERT_EQ(ReasonOf(CallOnce(*events, &v1::StationEventService::Stub::RecordStationEvents, request, &response)), "OK");
    for (const auto& verdict : response.verdicts()) ASSERT_EQ(verdict.outcome(), v1::EVENT_OUTCOME_RECORDED) << verdict.ShortDebugString();
  }
  void AddStart(v1::RecordStationEventsRequest& request, const std::string& unit, const std::string& operation, int64_t at,
                const std::string& order, const std::string& product = "FRAME") {
    v1::Started& started = *Next(request, unit, at).mutable_started();
    started.set_recipe_checksum(product + "." + operation);
    started.set_work_order_code(order);
  }
  static void AddValues(google::protobuf::RepeatedPtrField<v1::MeasuredValues>& list, const std::string& code,
                        const std::vector<double>& values) {
    if (values.empty()) return;
    v1::MeasuredValues& measured = *list.Add();
    measured.set_characteristic_code(code);
    measured.mutable_values()->Assign(values.begin(), values.end());
  }
  // A new unit that runs BOLT with these torques at this second.
  std::string Bolt(const std::vector<double>& torques, const std::string& order = "ORD", bool in_a_measured_event = false) {
    const std::string unit = "F" + std::to_string(++units);
    const int64_t at = ++second;
    v1::RecordStationEventsRequest request;
    request.set_station_code(kBolt);
    AddStart(request, unit, "BOLT", at, order);
    if (in_a_measured_event) {
      AddValues(*Next(request, unit, at).mutable_measured()->mutable_values(), "BOLT_V", torques);
      // The completion comes with a commit of its own.
      Record(request);
      request.clear_events();
    }
    v1::Completed& completed = *Next(request, unit, at).mutable_completed();
    const bool good = torques[0] <= 15 && torques[1] <= 15;
    completed.set_judgement(good ? v1::JUDGEMENT_PASS : v1::JUDGEMENT_FAIL);
    if (!good) completed.set_failure_code("TORQUE");
    if (!in_a_measured_event) AddValues(*completed.mutable_values(), "BOLT_V", torques);
    Record(request);
    return unit;
  }
  void Weigh(const std::string& unit, double mass, int64_t at) {
    v1::RecordStationEventsRequest request;
    request.set_station_code(kWeigh);
    AddStart(request, unit, "WEIGH", at, "");
    v1::Completed& completed = *Next(request, unit, at).mutable_completed();
    completed.set_judgement(mass <= 15 ? v1::JUDGEMENT_PASS : v1::JUDGEMENT_FAIL);
    if (mass > 15) completed.set_failure_code("MASS");
    AddValues(*completed.mutable_values(), "WEIGH_V", {mass});
    Record(request);
  }
  // A new unit that runs WELD at this second; `earlier`: reported by events of their own before the completion, each for all values.
  void Weld(const std::vector<double>& gaps, int64_t at, const std::vector<std::vector<double>>& earlier = {},
            const std::string& order = "RACKS") {
    const std::string unit = "R" + std::to_string(++units);
    v1::RecordStationEventsRequest request;
    request.set_station_code(kWeld);
    AddStart(request, unit, "WELD", at, order, "RACK");
    for (const std::vector<double>& report : earlier) {
      AddValues(*Next(request, unit, at).mutable_measured()->mutable_values(), "WELD_V", report);
    }
    v1::Completed& completed = *Next(request, unit, at).mutable_completed();
    completed.set_judgement(v1::JUDGEMENT_PASS);
    AddValues(*completed.mutable_values(), "WELD_V", gaps);
    Record(request);
  }
  void BoltQuietly(int count) {
    for (int i = 0; i < count; ++i) Bolt({Quiet(i), Quiet(i + 5)});
  }

  static void SetKey(v1::ChartKey& key, const std::string& station, const std::string& code, int position = 0) {
    key.set_station_code(station);
    key.set_characteristic_code(code);
    key.set_position(position);
  }
  v1::FreezeLimitsRequest Freezing(const std::string& station = kBolt, const std::string& code = "BOLT_V") {
    v1::FreezeLimitsRequest request;
    request.set_request_id("f" + std::to_string(++requests));
    SetKey(*request.mutable_key(), station, code);
    request.mutable_from()->set_seconds(begin);
    request.set_person("Li");
    request.set_reason("qualified");
    return request;
  }
  grpc::Status Freeze(const v1::FreezeLimitsRequest& request, v1::FreezeLimitsResponse* response) {
    return CallOnce(*spc, &SpcService::Stub::FreezeLimits, request, response);
  }
  v1::GetChartResponse Chart(const std::string& station = kBolt, const std::string& code = "BOLT_V", int page_size = 1'000) {
    v1::GetChartRequest request;
    SetKey(*request.mutable_key(), station, code);
    request.set_page_size(page_size);
    v1::GetChartResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::GetChart, request, &response)), "OK");
    return response;
  }
  std::vector<v1::ChartAlarm> Alarms(bool open_only = false) {
    v1::ListChartAlarmsRequest request;
    request.set_open_only(open_only);
    v1::ListChartAlarmsResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::ListChartAlarms, request, &response)), "OK");
    return {response.alarms().begin(), response.alarms().end()};
  }
  v1::DefineChartRequest Defining(const std::vector<std::string>& rules) {
    v1::DefineChartRequest request;
    request.set_request_id("d" + std::to_string(++requests));
    v1::ChartDefinition& definition = *request.mutable_definition();
    definition.mutable_rules()->Assign(rules.begin(), rules.end());
    definition.set_person("Li");
    definition.set_reason("audit");
    return request;
  }
  grpc::Status Define(const v1::DefineChartRequest& request) {
    v1::DefineChartResponse response;
    return CallOnce(*spc, &SpcService::Stub::DefineChart, request, &response);
  }
};

TEST_F(SpcServiceTest, ADriftAlarmsOncePerEpisodeAndAPersonTakesNoteOfIt) {
  BoltQuietly(24);
  EXPECT_FALSE(Chart().has_limits());
  v1::FreezeLimitsResponse frozen;
  ASSERT_EQ(ReasonOf(Freeze(Freezing(), &frozen)), "OK");
  EXPECT_EQ(frozen.limits().version(), 1);
  EXPECT_EQ(frozen.limits().points(), 24);
  EXPECT_EQ(frozen.limits().kind(), v1::CHART_KIND_MEAN_RANGE);
  EXPECT_EQ(frozen.limits().subgroup(), 2);
  BoltQuietly(5);
  EXPECT_THAT(Alarms(), IsEmpty());
  const int64_t last_good = second;
  for (int i = 0; i < 4; ++i) Bolt({14.9, 15});
  std::vector<v1::ChartAlarm> alarms = Alarms();
  // NELSON1 at the first, NELSON5 at the second, NELSON6 at the fourth: each once.
  ASSERT_THAT(alarms, SizeIs(3));
  EXPECT_EQ(alarms[2].rule(), "NELSON1");
  EXPECT_EQ(alarms[2].side(), "above");
  EXPECT_EQ(alarms[2].characteristic_class(), "CC");
  EXPECT_EQ(alarms[2].key().station_code(), kBolt);
  EXPECT_EQ(alarms[2].point_time().seconds(), begin + last_good + 1);
  EXPECT_EQ(alarms[2].last_in_control().seconds(), begin + last_good);
  EXPECT_FALSE(alarms[2].late());
  EXPECT_NEAR(alarms[2].value(), 14.95, 1e-9);
  EXPECT_THAT(alarms[2].sentence(), HasSubstr("one point beyond 3 sigma"));
  EXPECT_EQ(alarms[1].rule(), "NELSON5");
  EXPECT_EQ(alarms[0].rule(), "NELSON6");
  BoltQuietly(3);
  Bolt({14.9, 15});
  EXPECT_THAT(Alarms(), SizeIs(4)) << "a new episode";

  v1::AcknowledgeChartAlarmRequest note;
  note.set_request_id("a1");
  note.set_alarm_id(alarms[2].alarm_id());
  note.set_person("Wu");
  v1::AcknowledgeChartAlarmResponse noted;
  EXPECT_EQ(FieldOf(CallOnce(*spc, &SpcService::Stub::AcknowledgeChartAlarm, note, &noted)), "reason");
  note.set_reason("bit worn, changed");
  ASSERT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::AcknowledgeChartAlarm, note, &noted)), "OK");
  EXPECT_EQ(noted.alarm().acknowledged_by(), "Wu");
  note.set_request_id("a2");
  EXPECT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::AcknowledgeChartAlarm, note, &noted)), "CHART_ALARM_ACKNOWLEDGED");
  note.set_request_id("a3");
  note.set_alarm_id(999);
  EXPECT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::AcknowledgeChartAlarm, note, &noted)), "CHART_ALARM_UNKNOWN");
  EXPECT_THAT(Alarms(true), SizeIs(3));
  EXPECT_EQ(Chart().chart().open_alarms(), 3);
  const v1::GetChartResponse chart = Chart();
  EXPECT_EQ(chart.points(29).signals(0).rule(), "NELSON1");
  EXPECT_EQ(chart.limits().version(), 1);
  EXPECT_THAT(chart.rules(), ElementsAre("NELSON1", "NELSON2", "NELSON3", "NELSON5", "NELSON6"));
}

TEST_F(SpcServiceTest, OnlyFirstRunsOfRealOrdersAreOnTheChart) {
  Order("TRY", true);
  Bolt({10, 10});
  Bolt({10, 10}, "TRY");
  Bolt({99, 10});
  Bolt({11, 12}, "ORD", true);
  const v1::GetChartResponse chart = Chart();
  ASSERT_EQ(chart.points_size(), 3) << "the trial build is not there, the failed one is";
  EXPECT_EQ(chart.points(1).value(), 54.5);
  EXPECT_THAT(chart.points(2).values(), ElementsAre(11, 12)) << "measured before it completed";
  // A retest.
  const std::string unit = Bolt({10, 10});
  Weigh(unit, 99, ++second);
  Weigh(unit, 10, ++second);
  EXPECT_EQ(Chart(kWeigh, "WEIGH_V").points_size(), 1);
  EXPECT_EQ(Chart(kWeigh, "WEIGH_V").points(0).value(), 99);
}

TEST_F(SpcServiceTest, ALatePointRaisesALateAlarm) {
  std::vector<std::string> waiting;
  for (int i = 0; i < 40; ++i) waiting.push_back(Bolt({10, 10}));
  for (int i = 0; i < 25; ++i) Weigh(waiting[static_cast<size_t>(i)], Quiet(i), 1'000 + 10 * i);
  v1::FreezeLimitsResponse frozen;
  ASSERT_EQ(ReasonOf(Freeze(Freezing(kWeigh, "WEIGH_V"), &frozen)), "OK");
  EXPECT_EQ(frozen.limits().kind(), v1::CHART_KIND_INDIVIDUALS);
  for (int i = 25; i < 30; ++i) Weigh(waiting[static_cast<size_t>(i)], Quiet(i), 1'000 + 10 * i);
  ASSERT_THAT(Alarms(), IsEmpty());
  Weigh(waiting[30], 14, 1'275);
  const std::vector<v1::ChartAlarm> alarms = Alarms();
  ASSERT_FALSE(alarms.empty());
  for (const v1::ChartAlarm& alarm : alarms) {
    EXPECT_TRUE(alarm.late());
    EXPECT_THAT(alarm.sentence(), HasSubstr("late"));
  }
  EXPECT_EQ(alarms.back().point_time().seconds(), begin + 1'275);
  EXPECT_EQ(alarms.back().last_in_control().seconds(), begin + 1'270);
  const v1::GetChartResponse chart = Chart(kWeigh, "WEIGH_V");
  EXPECT_EQ(chart.points(28).time().seconds(), begin + 1'275) << "in its place";
  EXPECT_TRUE(chart.points(28).late());
}

TEST_F(SpcServiceTest, LimitsNeedAQualifiedBaseline) {
  v1::FreezeLimitsResponse frozen;
  EXPECT_EQ(ReasonOf(Freeze(Freezing(), &frozen)), "CHART_UNKNOWN") << "nothing was plotted";
  BoltQuietly(19);
  grpc::Status status = Freeze(Freezing(), &frozen);
  EXPECT_EQ(ReasonOf(status), "BASELINE_UNFIT") << "19 points";
  EXPECT_EQ(FieldOf(status), "from");
  Bolt({14.8, 15});
  BoltQuietly(5);
  status = Freeze(Freezing(), &frozen);
  EXPECT_EQ(ReasonOf(status), "BASELINE_UNFIT") << "a point is out";
  const auto info = tests::ErrorInfoOf(status);
  EXPECT_THAT(info.metadata().at("points"), HasSubstr("NELSON1 above"));
  EXPECT_GE(std::stoi(info.metadata().at("points_out")), 1);

  v1::FreezeLimitsRequest request = Freezing();
  request.add_excluded()->set_seconds(begin + 20);
  request.add_excluded()->set_seconds(begin + 5'000);
  EXPECT_EQ(FieldOf(Freeze(request, &frozen)), "excluded[1]") << "no such point";
  request = Freezing();
  request.add_excluded()->set_seconds(begin + 20);
  request.set_reason("operator error at point 20");
  ASSERT_EQ(ReasonOf(Freeze(request, &frozen)), "OK");
  EXPECT_EQ(frozen.limits().points(), 24);
  EXPECT_EQ(frozen.limits().excluded(0).seconds(), begin + 20);
  EXPECT_EQ(frozen.limits().reason(), "operator error at point 20");
  ASSERT_EQ(ReasonOf(Freeze(request, &frozen)), "OK") << "a resend";
  EXPECT_EQ(frozen.limits().version(), 1);

  request = Freezing();
  request.clear_person();
  EXPECT_EQ(FieldOf(Freeze(request, &frozen)), "person");
  request = Freezing();
  request.clear_from();
  EXPECT_EQ(FieldOf(Freeze(request, &frozen)), "from");
  request = Freezing();
  request.mutable_until()->set_seconds(begin);
  EXPECT_EQ(FieldOf(Freeze(request, &frozen)), "until");
  request = Freezing();
  for (int i = 0; i < 101; ++i) request.add_excluded()->set_seconds(begin + i);
  EXPECT_EQ(ReasonOf(Freeze(request, &frozen)), "LIMIT_EXCEEDED");
  EXPECT_EQ(ReasonOf(Freeze(Freezing("NONE.1.X.1"), &frozen)), "STATION_UNKNOWN");
  request = Freezing();
  request.mutable_key()->set_operation(20);
  EXPECT_EQ(ReasonOf(Freeze(request, &frozen)), "OPERATION_UNKNOWN");

  request = Freezing();
  request.mutable_from()->set_seconds(begin + 21);
  EXPECT_EQ(ReasonOf(Freeze(request, &frozen)), "BASELINE_UNFIT") << "5 points";
  BoltQuietly(20);
  ASSERT_EQ(ReasonOf(Freeze(request, &frozen)), "OK") << "what was refused is looked at again";
  EXPECT_EQ(frozen.limits().version(), 2);
}

TEST_F(SpcServiceTest, EveryVersionOfLimitsStays) {
  BoltQuietly(24);
  v1::FreezeLimitsResponse frozen;
  for (int i = 0; i < 3; ++i) ASSERT_EQ(ReasonOf(Freeze(Freezing(), &frozen)), "OK");
  EXPECT_EQ(frozen.limits().version(), 3);
  v1::ListLimitsRequest request;
  SetKey(*request.mutable_key(), kBolt, "BOLT_V");
  request.set_page_size(2);
  v1::ListLimitsResponse page;
  ASSERT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::ListLimits, request, &page)), "OK");
  ASSERT_EQ(page.limits_size(), 2);
  EXPECT_EQ(page.limits(0).version(), 3);
  request.set_page_token(page.next_page_token());
  ASSERT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::ListLimits, request, &page)), "OK");
  ASSERT_EQ(page.limits_size(), 1);
  EXPECT_EQ(page.limits(0).version(), 1);
  EXPECT_EQ(page.next_page_token(), "");
  request.mutable_key()->set_characteristic_code("NONE");
  request.clear_page_token();
  EXPECT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::ListLimits, request, &page)), "CHART_UNKNOWN");
}

TEST_F(SpcServiceTest, AnotherServerJudgesByNewLimitsWithinASecond) {
  BoltQuietly(24);
  tests::TestServer other(server.database().url());
  events = v1::StationEventService::NewStub(other.channel());
  Bolt({10, 10.1});  // the other one has loaded its plan: without limits
  v1::FreezeLimitsResponse frozen;
  ASSERT_EQ(ReasonOf(Freeze(Freezing(), &frozen)), "OK");
  std::this_thread::sleep_for(std::chrono::milliseconds(1'100));
  Bolt({14.9, 15});
  EXPECT_THAT(Alarms(), SizeIs(1));
}

TEST_F(SpcServiceTest, PagesOfAChartGoBackInTime) {
  BoltQuietly(50);
  v1::GetChartRequest request;
  SetKey(*request.mutable_key(), kBolt, "BOLT_V");
  request.set_page_size(20);
  std::vector<int64_t> seconds;
  v1::GetChartResponse page;
  for (;;) {
    ASSERT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::GetChart, request, &page)), "OK");
    std::vector<int64_t> of_page;
    for (const v1::ChartPoint& point : page.points()) of_page.push_back(point.time().seconds() - begin);
    seconds.insert(seconds.begin(), of_page.begin(), of_page.end());
    if (page.next_page_token().empty()) break;
    request.set_page_token(page.next_page_token());
  }
  ASSERT_THAT(seconds, SizeIs(50));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(seconds[static_cast<size_t>(i)], i + 1);
  request.mutable_key()->set_characteristic_code("OTHER");
  EXPECT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::GetChart, request, &page)), "PAGE_TOKEN_INVALID");
  request.clear_page_token();
  EXPECT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::GetChart, request, &page)), "CHART_UNKNOWN");
  v1::ListChartsRequest charts;
  v1::ListChartsResponse list;
  charts.set_product_code("FRAME");
  ASSERT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::ListCharts, charts, &list)), "OK");
  ASSERT_EQ(list.charts_size(), 1);
  EXPECT_EQ(list.charts(0).points(), 50);
  EXPECT_EQ(list.charts(0).characteristic_class(), "CC");
  charts.set_product_code("NONE");
  EXPECT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::ListCharts, charts, &list)), "PRODUCT_UNKNOWN");
  charts.clear_product_code();
  charts.set_station_code("NONE");
  EXPECT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::ListCharts, charts, &list)), "STATION_UNKNOWN");
}

TEST_F(SpcServiceTest, CapabilityComesWithItsStanding) {
  BoltQuietly(14);
  v1::GetCapabilityRequest request;
  SetKey(*request.mutable_key(), kBolt, "BOLT_V");
  v1::GetCapabilityResponse response;
  ASSERT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::GetCapability, request, &response)), "OK");
  EXPECT_EQ(response.values(), 28);
  EXPECT_EQ(response.standing(), v1::CAPABILITY_STANDING_NOT_SHOWN);
  EXPECT_FALSE(response.has_cpk());
  BoltQuietly(10);
  ASSERT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::GetCapability, request, &response)), "OK");
  EXPECT_EQ(response.standing(), v1::CAPABILITY_STANDING_PRELIMINARY);
  EXPECT_GT(response.cpk(), 5);
  EXPECT_EQ(response.required_cpk(), 1.67);
  EXPECT_EQ(response.lower_limit(), 5);
  request.set_by_percentiles(true);
  ASSERT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::GetCapability, request, &response)), "OK");
  EXPECT_TRUE(response.has_median());
  EXPECT_FALSE(response.has_ppk());
  request.mutable_key()->set_characteristic_code("NONE");
  EXPECT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::GetCapability, request, &response)), "CHART_UNKNOWN");
}

// NIST/SEMATECH e-Handbook 7.2.6.2: the rank of a percentile is (n + 1) p; its gauge study of twelve measurements is the first run. The
// others are an exponential process of mean 1 by its own quantiles, i of 769.
TEST_F(SpcServiceTest, PercentilesOfPointsWithManyValuesComeFromTheRuns) {
  Order("RACKS", false, "RACK");
  Order("TRIES", true, "RACK");
  Weld({95.1772, 95.1567, 95.1937, 95.1959, 95.1442, 95.0610, 95.1591, 95.1195, 95.1065, 95.0925, 95.1990, 95.1682}, 1);
  const auto quantile = [](int i) { return -std::log(1 - i / 769.0); };
  for (int run = 0; run < 64; ++run) {
    std::vector<double> gaps;
    for (int i = 0; i < 12; ++i) gaps.push_back(quantile(1 + (12 * run + i) * 5 % 768));
    const std::vector<double> wrong(12, 50);
    // In the completion, before it, or corrected before it.
    if (run % 3 == 0) Weld(gaps, 10 + run);
    if (run % 3 == 1) Weld({}, 10 + run, {gaps});
    if (run % 3 == 2) Weld(gaps, 10 + run, {wrong});
    if (run % 16 == 0) Weld(wrong, 10 + run, {}, "TRIES");
  }
  v1::GetCapabilityRequest request;
  SetKey(*request.mutable_key(), kWeld, "WELD_V");
  request.set_by_percentiles(true);
  request.mutable_until()->set_seconds(begin + 2);
  v1::GetCapabilityResponse response;
  ASSERT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::GetCapability, request, &response)), "OK");
  EXPECT_EQ(response.values(), 12);
  EXPECT_NEAR(response.median(), (95.1567 + 95.1591) / 2, 1e-9);
  EXPECT_EQ(response.low_percentile(), 95.0610);
  EXPECT_EQ(response.high_percentile(), 95.1990);
  EXPECT_FALSE(response.has_cpk()) << "too few to show";

  request.clear_until();
  request.mutable_from()->set_seconds(begin + 2);
  ASSERT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::GetCapability, request, &response)), "OK");
  EXPECT_EQ(response.values(), 768) << "trial runs are on no chart";
  const double median = (quantile(384) + quantile(385)) / 2;
  const double high = quantile(767) + 0.96185 * (quantile(768) - quantile(767));
  EXPECT_NEAR(response.median(), median, 1e-9);
  EXPECT_NEAR(response.low_percentile(), quantile(1) + 0.03815 * (quantile(2) - quantile(1)), 1e-9);
  EXPECT_NEAR(response.high_percentile(), high, 1e-9);
  EXPECT_NEAR(response.cpk(), (100 - median) / (high - median), 1e-9);
  EXPECT_EQ(response.standing(), v1::CAPABILITY_STANDING_OFFICIAL);
}

TEST_F(SpcServiceTest, PercentilesFromRunsAreBoundedAndNeverGuessed) {
  Order("RACKS", false, "RACK");
  Weld({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 1);
  // A thousand points before it, as no run in the history made them.
  server.database().Query(
      "insert into spc_points (first_time, last_time, station_id, operation, position, kind, subgroup, late, characteristic, times, "
      "measured) select to_timestamp(" + std::to_string(begin - 1'000) + "), to_timestamp(" + std::to_string(begin - 1) +
      "), station_id, 10, 0, 2, 12, false, 'WELD_V', (select array_agg((" + std::to_string(begin) +
      " - i)::bigint * 1000000 order by i desc) from generate_series(1, 1000) i), array_fill(1::float8, array[2000]) "
      "from station where code = '" + kWeld + "'");
  v1::GetCapabilityRequest request;
  SetKey(*request.mutable_key(), kWeld, "WELD_V");
  request.set_by_percentiles(true);
  v1::GetCapabilityResponse response;
  grpc::Status status = CallOnce(*spc, &SpcService::Stub::GetCapability, request, &response);
  EXPECT_EQ(ReasonOf(status), "LIMIT_EXCEEDED") << "1,001";
  EXPECT_EQ(FieldOf(status), "from");
  request.mutable_from()->set_seconds(begin - 3);
  status = CallOnce(*spc, &SpcService::Stub::GetCapability, request, &response);
  EXPECT_EQ(ReasonOf(status), "FIELD_INVALID") << "points that no run made";
  EXPECT_EQ(FieldOf(status), "from");
  request.mutable_from()->set_seconds(begin);
  ASSERT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::GetCapability, request, &response)), "OK");
  EXPECT_EQ(response.values(), 12);
  EXPECT_EQ(response.median(), 6.5);
}

TEST_F(SpcServiceTest, AFrozenGaugeIsFlaggedAndGivesNoLimits) {
  for (int i = 0; i < 24; ++i) Bolt({10, 10});
  EXPECT_TRUE(Chart().chart().frozen_gauge());
  v1::FreezeLimitsResponse frozen;
  EXPECT_EQ(ReasonOf(Freeze(Freezing(), &frozen)), "BASELINE_UNFIT");
  v1::GetCapabilityRequest request;
  SetKey(*request.mutable_key(), kBolt, "BOLT_V");
  v1::GetCapabilityResponse response;
  ASSERT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::GetCapability, request, &response)), "OK");
  EXPECT_TRUE(response.frozen_gauge());
  EXPECT_FALSE(response.has_cpk());
}

TEST_F(SpcServiceTest, RulesAreChosenByClassAndContradictionsAreRefused) {
  v1::DefineChartRequest request = Defining({"NELSON1", "WE4"});
  request.mutable_definition()->set_characteristic_class("CC");
  ASSERT_EQ(ReasonOf(Define(request)), "OK");
  BoltQuietly(1);
  EXPECT_THAT(Chart().rules(), ElementsAre("WE4", "NELSON1"));
  const auto refused = [&](const std::vector<std::string>& rules, const char* of_class, const std::string& characteristic = "",
                           bool by_position = false) {
    v1::DefineChartRequest bad = Defining(rules);
    bad.mutable_definition()->set_characteristic_class(of_class);
    if (!characteristic.empty()) {
      bad.mutable_definition()->set_product_code("FRAME");
      bad.mutable_definition()->set_operation(20);
      bad.mutable_definition()->set_characteristic_code(characteristic);
    }
    bad.mutable_definition()->set_by_position(by_position);
    const grpc::Status status = Define(bad);
    return ReasonOf(status) + " " + FieldOf(status);
  };
  EXPECT_EQ(refused({}, "CC"), "FIELD_REQUIRED definition.rules");
  EXPECT_EQ(refused({"NELSON9"}, "CC"), "FIELD_INVALID definition.rules[0]");
  EXPECT_EQ(refused({"NELSON2"}, "CC"), "FIELD_INVALID definition.rules");
  EXPECT_EQ(refused({"NELSON1", "NELSON5", "WE2"}, "SC"), "FIELD_INVALID definition.rules[2]");
  EXPECT_EQ(refused({"NELSON1"}, "XX"), "FIELD_INVALID definition.characteristic_class");
  EXPECT_EQ(refused({"NELSON1"}, ""), "FIELD_REQUIRED definition.characteristic_class");
  EXPECT_EQ(refused({"NELSON1"}, "CC", "WEIGH_V"), "FIELD_INVALID definition.characteristic_class");
  EXPECT_EQ(refused({"NELSON1"}, "", "NONE"), "CHARACTERISTIC_UNKNOWN definition.characteristic_code");
  EXPECT_EQ(refused({"NELSON1"}, "", "WEIGH_V", true), "FIELD_INVALID definition.by_position");

  // Each torque has its own chart from now on.
  request = Defining({"NELSON1"});
  request.mutable_definition()->set_product_code("FRAME");
  request.mutable_definition()->set_operation(10);
  request.mutable_definition()->set_characteristic_code("BOLT_V");
  request.mutable_definition()->set_by_position(true);
  ASSERT_EQ(ReasonOf(Define(request)), "OK");
  BoltQuietly(10);
  v1::GetChartRequest get;
  SetKey(*get.mutable_key(), kBolt, "BOLT_V", 2);
  v1::GetChartResponse chart;
  ASSERT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::GetChart, get, &chart)), "OK");
  EXPECT_EQ(chart.points_size(), 2) << "two fives";
  EXPECT_EQ(chart.chart().subgroup(), 5);
  v1::ListChartDefinitionsResponse list;
  ASSERT_EQ(ReasonOf(CallOnce(*spc, &SpcService::Stub::ListChartDefinitions, v1::ListChartDefinitionsRequest(), &list)), "OK");
  ASSERT_EQ(list.definitions_size(), 2);
  EXPECT_TRUE(list.definitions(0).by_position());
  EXPECT_EQ(list.definitions(1).characteristic_class(), "CC");
}

}  // namespace
}  // namespace mes::services
