// mesctl against the real server on a real database with the reference plant: each command's happy way, and that refusals of
// the real server arrive as its lines and exit codes. One server for all tests; each test has codes of its own.
#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "mes/v1/genealogy.pb.h"
#include "mes/v1/hold.pb.h"
#include "mes/v1/lot.pb.h"
#include "mes/v1/oee.pb.h"
#include "mes/v1/product_definition.pb.h"
#include "mes/v1/station.pb.h"
#include "mes/v1/station_event.pb.h"
#include "mes/v1/unit.pb.h"
#include "mes/v1/work_order.pb.h"
#include "mes/v1/yield.pb.h"
#include "tests/end_to_end/program.h"
#include "tests/support/cluster.h"

namespace mes {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class MesctlServerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    database = std::make_unique<tests::TestDatabase>();
    address = "127.0.0.1:" + std::to_string(tests::FreePort());
    server = std::make_unique<tests::RunningProgram>(
        MES_BINARY_FOLDER "/bin/mesd", std::vector<std::string>{"serve", "--database", database->url(), "--listen", address});
    const auto healthy = Mesctl({"health", "--wait", "50"});
    ASSERT_EQ(healthy.code, 0) << healthy.err;
    ASSERT_EQ(healthy.out, "SERVING\n");
    const auto loaded = Mesctl({"plant", "load", MES_SOURCE_FOLDER "/deploy/plant"});
    ASSERT_EQ(loaded.code, 0) << loaded.out << loaded.err;
  }
  static void TearDownTestSuite() {
    server.reset();
    database.reset();
  }

  static tests::Outcome Mesctl(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"--server", address});
    return tests::RunProgram(MES_BINARY_FOLDER "/bin/mesctl", arguments, input);
  }
  // The command's only answer, which must be one line of JSON.
  template <class Message>
  static Message Json(std::vector<std::string> arguments) {
    arguments.push_back("--json");
    const auto outcome = Mesctl(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 1) << outcome.out;
    Message message;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(outcome.out, &message).ok()) << outcome.out;
    return message;
  }
  static void ReceiveLot(const std::string& code, const std::string& quantity) {
    const auto received =
        Mesctl({"lot", "receive", code, "--material", "RM-LFP", "--quantity", quantity, "--supplier", "Dynano"});
    ASSERT_EQ(received.code, 0) << received.err;
  }

  static std::unique_ptr<tests::TestDatabase> database;
  static std::unique_ptr<tests::RunningProgram> server;
  static std::string address;
};

std::unique_ptr<tests::TestDatabase> MesctlServerTest::database;
std::unique_ptr<tests::RunningProgram> MesctlServerTest::server;
std::string MesctlServerTest::address;

TEST_F(MesctlServerTest, LoadingThePlantAgainChangesNothing) {
  const auto again = Json<v1::LoadPlantResponse>({"plant", "load", MES_SOURCE_FOLDER "/deploy/plant"});
  EXPECT_EQ(again.released_size(), 0);
  EXPECT_EQ(again.unchanged_products(), 22);
  EXPECT_GT(again.stations(), 0);
  const auto check = Mesctl({"plant", "load", MES_SOURCE_FOLDER "/deploy/plant", "--check"});
  EXPECT_EQ(check.code, 0);
  EXPECT_THAT(check.out, HasSubstr("in order, nothing was stored"));
}

TEST_F(MesctlServerTest, ShowsWhatIsMadeAndHow) {
  EXPECT_EQ(Json<v1::ListProductsResponse>({"plant", "list", "--made"}).materials_size(), 22);
  const auto show = Mesctl({"plant", "show", "PACK-TRK-70", "--details"});
  EXPECT_EQ(show.code, 0) << show.err;
  EXPECT_THAT(show.out, AllOf(HasSubstr("Routing\n"), HasSubstr("PEOL"), HasSubstr("MOD-TRK-24S"), HasSubstr("Time windows\n"),
                              HasSubstr("Characteristics\n")));
  const auto unknown = Mesctl({"plant", "show", "NO-SUCH"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.err, AllOf(StartsWith("mesctl: PRODUCT_UNKNOWN: "), HasSubstr("field=product_code")));
}

TEST_F(MesctlServerTest, CarriesAnOrderWithItsChildrenThroughItsLife) {
  const auto created = Json<v1::CreateWorkOrderResponse>(
      {"order", "create", "WO-LIFE", "--product", "BSYS-TRK-141", "--quantity", "2", "--explode"});
  EXPECT_GT(created.children_size(), 2);
  const auto released = Json<v1::TransitionWorkOrderResponse>({"order", "release", "WO-LIFE", "--with-children"});
  EXPECT_EQ(released.work_order().state(), v1::WORK_ORDER_STATE_RELEASED);
  EXPECT_EQ(released.children_moved(), created.children_size());
  EXPECT_EQ(Json<v1::GetWorkOrderResponse>({"order", "show", "WO-LIFE"}).work_order().revision(), 1);
  EXPECT_THAT(Mesctl({"order", "list", "--parent", "WO-LIFE"}).out, HasSubstr("PACK-TRK-70"));
  const auto dispatch = Mesctl({"order", "dispatch", "pack_eol"});
  EXPECT_EQ(dispatch.code, 0) << dispatch.err;

  EXPECT_EQ(Mesctl({"order", "hold", "WO-LIFE", "--reason", "supplier alert", "--person", "li.wei"}).out, "WO-LIFE is on-hold\n");
  const auto wrong = Mesctl({"order", "close", "WO-LIFE"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.err, StartsWith("mesctl: WORK_ORDER_TRANSITION: "));
  EXPECT_EQ(Mesctl({"order", "resume", "WO-LIFE"}).out, "WO-LIFE is released\n");
}

TEST_F(MesctlServerTest, TheSameRequestIdGivesTheSameAnswerAndOtherContentIsRefused) {
  const std::vector<std::string> create = {"order",      "create", "WO-TWICE",     "--product", "PACK-TRK-70",
                                           "--quantity", "3",      "--request-id", "twice"};
  const auto first = Mesctl(create);
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(Mesctl(create).out, first.out);
  const auto other =
      Mesctl({"order", "create", "WO-OTHER", "--product", "PACK-TRK-70", "--quantity", "3", "--request-id", "twice"});
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.err, StartsWith("mesctl: REQUEST_ID_REUSED: "));
}

TEST_F(MesctlServerTest, PartsAndJoinsLotsAndTracesThem) {
  ReceiveLot("LFP-A", "100");
  EXPECT_EQ(Mesctl({"lot", "open", "LFP-A"}).code, 0);
  const auto split = Json<v1::SplitLotResponse>({"lot", "split", "LFP-A", "LFP-A1=40", "LFP-A2=25.5"});
  EXPECT_EQ(split.lot().quantity_left().value(), "34.5");
  EXPECT_EQ(split.parts_size(), 2);
  const auto merge = Json<v1::MergeLotsResponse>({"lot", "merge", "LFP-B", "LFP-A1", "LFP-A2"});
  EXPECT_EQ(merge.lot().quantity().value(), "65.5");
  EXPECT_EQ(Json<v1::ListLotsResponse>({"lot", "list", "--material", "RM-LFP", "--left", "--limit", "2"}).lots_size(), 2);
  const auto much = Mesctl({"lot", "split", "LFP-B", "LFP-C=65.6"});
  EXPECT_EQ(much.code, 1);
  EXPECT_THAT(much.err, StartsWith("mesctl: QUANTITY_EXCEEDS_LEFT: "));

  const auto trace = Mesctl({"trace", "LFP-B"});
  EXPECT_EQ(trace.code, 0) << trace.err;
  EXPECT_THAT(trace.out, AllOf(StartsWith("RM-LFP  LFP-B\n"), HasSubstr("LFP-A1"), HasSubstr("LFP-A2"), HasSubstr("LFP-A  ")));
  const auto used = Mesctl({"where-used", "LFP-A"});
  EXPECT_EQ(used.code, 0) << used.err;
  EXPECT_THAT(used.out, HasSubstr("LFP-A went into 3 RM-LFP"));
}

TEST_F(MesctlServerTest, AHoldStopsAReceivedUnitAtTheGateUntilItIsReleased) {
  EXPECT_EQ(
      Mesctl({"unit", "receive", "STK-148", "STK-H", "--supplier", "SinoStack", "--passport", "P-1", "--goods-in-passed"}).out,
      "received 1 x STK-148\n");
  EXPECT_EQ(Json<v1::GetUnitResponse>({"unit", "show", "STK-H"}).unit().state(), v1::UNIT_STATE_FINISHED);
  EXPECT_EQ(Json<v1::ListUnitsResponse>({"unit", "list", "--product", "STK-148"}).units_size(), 1);
  EXPECT_EQ(Mesctl({"unit", "events", "STK-H"}).code, 0);
  const auto placed = Json<v1::PlaceHoldResponse>({"hold", "place", "STK-H", "--reason", "leak", "--person", "li.wei"});
  const std::string id = std::to_string(placed.hold().hold_id());
  EXPECT_THAT(Mesctl({"hold", "list", "--in-force"}).out, HasSubstr("leak"));

  // The system that would take it in does not start either.
  EXPECT_EQ(Mesctl({"order", "create", "WO-H", "--product", "FCS-120", "--quantity", "1"}).code, 0);
  EXPECT_EQ(Mesctl({"order", "release", "WO-H"}).code, 0);
  int32_t operation = 0;
  const auto system = Json<v1::GetProductResponse>({"plant", "show", "FCS-120"});
  for (const auto& line : system.product().bom())
    if (line.material_code() == "STK-148") operation = line.operation();
  std::string station;
  const auto stations = Json<v1::ListStationsResponse>({"station", "list", "--product", "FCS-120"});
  for (const auto& listed : stations.stations())
    if (std::count(listed.operations().begin(), listed.operations().end(), operation) > 0) station = listed.code();
  const auto no_go = Mesctl({"can-start", "--station", station, "--unit", "FCS-H", "--order", "WO-H", "--material", "STK-H"});
  EXPECT_EQ(no_go.code, 3);
  EXPECT_THAT(no_go.out, AllOf(StartsWith("NO-GO"), HasSubstr("NOT_BLOCKED [STK-H]"), HasSubstr("hold " + id)));

  EXPECT_EQ(Mesctl({"hold", "release", id, "--reason", "tight", "--person", "li.wei"}).code, 0);
  EXPECT_THAT(Mesctl({"hold", "show", id}).out, HasSubstr("released"));
  const auto again = Mesctl({"hold", "release", id, "--reason", "tight", "--person", "li.wei"});
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.err, StartsWith("mesctl: HOLD_RELEASED: "));
}

TEST_F(MesctlServerTest, TheDrillFindsEveryVehicleOfALotAndTheStationsThatRefuse) {
  ReceiveLot("LFP-D", "100");
  // Two trucks and a car with the lot in them, one truck without.
  database->Query(
      "insert into unit (unit_id, code, material_id, state, tracking, create_time) "
      "select 900000000 + n, 'DRILL-T' || n, material_id, 2, 1, now() from material, generate_series(1, 3) n where code = 'VEH-TRK-BEV';"
      "insert into unit (unit_id, code, material_id, state, tracking, create_time) "
      "select 900000011, 'DRILL-C1', material_id, 2, 1, now() from material where code = 'VEH-CAR-BEV';"
      "insert into lot_consumption (lot_id, consumer_id, quantity_micro, consume_time, record_time, sequence, station_id, epoch, "
      "operation, line, kind) select u.unit_id, c, 1000000, now(), now(), 1, 1, 1, 10, 1, 1 from unit u, "
      "unnest(array[900000001, 900000002, 900000011]) c where u.code = 'LFP-D'");
  const std::string report = testing::TempDir() + "drill.md";
  const auto dry = Mesctl({"drill", "recall", "--lot", "LFP-D", "--report", report});
  EXPECT_EQ(dry.code, 0) << dry.out << dry.err;
  EXPECT_THAT(dry.out, AllOf(HasSubstr("1 VEH-CAR-BEV, 2 VEH-TRK-BEV"), HasSubstr("none placed")));
  EXPECT_THAT(Mesctl({"hold", "of-unit", "LFP-D"}).out, HasSubstr("none")) << "nothing was written";
  std::ifstream file(report);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(text, AllOf(HasSubstr("### VEH-TRK-BEV (2)"), HasSubstr("- DRILL-T1"), HasSubstr("- DRILL-T2"),
                          HasSubstr("- DRILL-C1"), testing::Not(HasSubstr("DRILL-T3"))));

  const auto placed = Mesctl({"drill", "recall", "--lot", "LFP-D", "--place", "--json"});
  EXPECT_EQ(placed.code, 0) << placed.out << placed.err;
  EXPECT_THAT(placed.out, AllOf(HasSubstr("\"vehicles\":3"), HasSubstr("\"held_vehicles\":3"), HasSubstr("\"gate_asked\":3"),
                                HasSubstr("\"gate_refused\":3"), HasSubstr("\"let_through\":[]"), HasSubstr("first_refusal_ms")));
  EXPECT_THAT(Mesctl({"hold", "of-unit", "DRILL-T1"}).out, HasSubstr("recall drill"));
  EXPECT_EQ(Mesctl({"drill", "recall", "--lot", "NO-SUCH"}).code, 1);
}

TEST_F(MesctlServerTest, HoldsArePreviewedByAnySelectorAndReleasedUnitByUnit) {
  ReceiveLot("LFP-P", "100");
  ReceiveLot("LFP-Q", "100");
  const auto preview = Mesctl({"hold", "preview", "--supplier", "Dynano", "--product", "RM-LFP"});
  EXPECT_EQ(preview.code, 0) << preview.err;
  EXPECT_THAT(preview.out, AllOf(HasSubstr("would be held"), HasSubstr("RM-LFP"), HasSubstr("lot-left")));
  const auto placed =
      Json<v1::PlaceHoldResponse>({"hold", "place", "LFP-P", "LFP-Q", "--reason", "damp", "--person", "li.wei", "--four-eyes"});
  const std::string id = std::to_string(placed.hold().hold_id());
  const auto proposed = Json<v1::ReleaseHoldResponse>(
      {"hold", "release", id, "--unit", "LFP-P", "--as", "return", "--reason", "wet", "--person", "li.wei"});
  EXPECT_TRUE(proposed.decision().pending_approval());
  const std::string decision = std::to_string(proposed.decision().disposition_id());
  const auto same = Mesctl({"hold", "approve", decision, "--reason", "r", "--person", "li.wei"});
  EXPECT_EQ(same.code, 1);
  EXPECT_THAT(same.err, StartsWith("mesctl: FOUR_EYES: "));
  EXPECT_EQ(Mesctl({"hold", "approve", decision, "--reason", "seen", "--person", "wu.min"}).code, 0);
  EXPECT_THAT(Mesctl({"hold", "items", id}).out, AllOf(HasSubstr("LFP-P"), HasSubstr("return by wu.min"), HasSubstr("LFP-Q")));
  EXPECT_THAT(Mesctl({"hold", "show", id}).out, AllOf(HasSubstr("takes a second person"), HasSubstr("approved by wu.min")));
  const auto wrong = Mesctl({"hold", "preview", "--station", "PACK-TRK-70.1.PEOL.1"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.err, AllOf(StartsWith("mesctl: FIELD_REQUIRED: "), HasSubstr("predicate.from_time")));
}

TEST_F(MesctlServerTest, RecordsEventsAndSaysWhatBecameOfEach) {
  const auto stations = Json<v1::ListStationsResponse>({"station", "list", "--product", "PACK-TRK-70", "--limit", "1"});
  ASSERT_EQ(stations.stations_size(), 1);
  const std::string station = stations.stations(0).code();
  // The server takes no event that is over 400 days old, so the times are today's.
  using google::protobuf::util::TimeUtil;
  const auto now = TimeUtil::GetCurrentTime();
  const std::string time = "{\"occur_time\": \"" + TimeUtil::ToString(now) + "\", ";
  const std::string until = TimeUtil::ToString(now + TimeUtil::HoursToDuration(8));
  const std::string lines =
      time + R"("condition": {"kind": "CONDITION_KIND_ESD", "in_order": true, "person": "li.wei", "expire_time": ")" + until +
      "\"}}\n" + time + R"("unit_code": "NO-SUCH-UNIT", "operation": 99999, "started": {}})" + "\n";
  const auto first = Mesctl({"record", "--station", station, "--epoch", "1"}, lines);
  EXPECT_EQ(first.code, 4) << first.out << first.err;
  EXPECT_THAT(first.out, AllOf(HasSubstr("line 1  seq 1  recorded"), HasSubstr("line 2  seq 2  rejected")));
  const auto again = Mesctl({"record", "--station", station, "--epoch", "1", "--sequence", "1"}, lines);
  EXPECT_EQ(again.code, 4);
  EXPECT_THAT(again.out, AllOf(HasSubstr("line 1  seq 1  duplicate of one that was recorded"),
                               HasSubstr("line 2  seq 2  duplicate of one that was rejected")));
  EXPECT_THAT(Mesctl({"station", "show", station}).out, AllOf(HasSubstr("epoch 1, sequence 2"), HasSubstr("esd")));
  const auto nowhere = Mesctl({"record", "--station", "NO-SUCH", "--epoch", "1"}, lines);
  EXPECT_EQ(nowhere.code, 1);
  EXPECT_THAT(nowhere.err, StartsWith("mesctl: STATION_UNKNOWN: "));
}

size_t WidestLine(const std::string& text) {
  size_t widest = 0, start = 0;
  for (size_t end = text.find('\n'); end != std::string::npos; start = end + 1, end = text.find('\n', start))
    widest = std::max(widest, end - start);
  return widest;
}

TEST_F(MesctlServerTest, CountsYieldFromTheEventsAndKeepsTheFigureThatAReversalChanged) {
  EXPECT_EQ(Mesctl({"order", "create", "WO-Y", "--product", "FCS-120", "--quantity", "2"}).code, 0);
  EXPECT_EQ(Mesctl({"order", "release", "WO-Y"}).code, 0);
  using google::protobuf::util::TimeUtil;
  const auto now = TimeUtil::GetCurrentTime();
  const std::string station = "FCS-120.1.FKIT.1", time = R"({"occur_time": ")" + TimeUtil::ToString(now) + R"(", "unit_code": )";
  const auto run = [&](const std::string& unit, const std::string& judgement) {
    return time + '"' + unit + R"(", "started": {"work_order_code": "WO-Y", "recipe_checksum": "11f04833d19ab41b"}})" + "\n" +
           time + '"' + unit + R"(", "completed": {"judgement": "JUDGEMENT_)" + judgement +
           R"(", "failure_code": "DIM", "values": [{"characteristic_code": "F_DIM", "values": [0.3]}]}})" + "\n";
  };
  const auto recorded = Mesctl({"record", "--station", station, "--epoch", "1"}, run("FCS-Y1", "PASS") + run("FCS-Y2", "FAIL"));
  ASSERT_EQ(recorded.code, 0) << recorded.out << recorded.err;
  // The plant day begins at 00:00 UTC.
  const std::string from = TimeUtil::ToString(now - TimeUtil::HoursToDuration(24)).substr(0, 10),
                    to = TimeUtil::ToString(now).substr(0, 10);
  const std::vector<std::string> days = {"--from", from, "--to", to};
  const auto with_days = [&](std::vector<std::string> arguments, const std::vector<std::string>& more = {}) {
    arguments.insert(arguments.end(), days.begin(), days.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  const auto query = Mesctl(with_days({"yield", "query"}, {"--by", "station,operation", "--order", "WO-Y"}));
  EXPECT_EQ(query.code, 0) << query.err;
  EXPECT_THAT(query.out, AllOf(HasSubstr(" 50 % "), HasSubstr("9.5-90.5"), HasSubstr("FCS-120.1.FKIT.1 10")));
  EXPECT_LE(WidestLine(query.out), 80u) << query.out;
  const auto details = Mesctl(with_days({"yield", "query"}, {"--product", "FCS-120", "--details"}));
  EXPECT_THAT(details.out, AllOf(HasSubstr("50 % (1 of 2; 95 %: 9.45 % to 90.55 %)"), HasSubstr("1 open")));
  const auto group =
      Json<v1::QueryYieldResponse>(with_days({"yield", "query"}, {"--line", "FCS-120.1", "--by", "day,shift"})).groups(0);
  EXPECT_EQ(group.counts().first_passes(), 1);
  EXPECT_EQ(group.first_pass_yield().denominator(), 2);

  const auto rty = Mesctl(with_days({"yield", "rty"}, {"--line", "FCS-120.1"}));
  EXPECT_EQ(rty.code, 0) << rty.err;
  EXPECT_THAT(rty.out, AllOf(HasSubstr("rolled throughput yield -, planned 85.64 %"), HasSubstr("without a first run")));
  EXPECT_LE(WidestLine(rty.out.substr(0, rty.out.find("without"))), 80u) << rty.out;

  const std::string known = TimeUtil::ToString(TimeUtil::GetCurrentTime());
  const auto reversed =
      Mesctl({"record", "--station", station, "--epoch", "1", "--sequence", "5"},
             time + R"("FCS-Y2", "reversed": {"epoch": 1, "sequence": 4, "reason": "wrong unit", "person": "li.wei"}})");
  ASSERT_EQ(reversed.code, 0) << reversed.out << reversed.err;
  EXPECT_THAT(Mesctl(with_days({"yield", "query"}, {"--order", "WO-Y"})).out, HasSubstr(" 100 % "));
  EXPECT_THAT(Mesctl(with_days({"yield", "query"}, {"--order", "WO-Y", "--as-known-at", known})).out, HasSubstr(" 50 % "));
  EXPECT_THAT(Mesctl(with_days({"yield", "restatements"}, {"--order", "WO-Y"})).out,
              AllOf(HasSubstr("FCS-Y2"), HasSubstr("first_runs -1")));

  const auto wrong = Mesctl({"yield", "query", "--from", "2026-11-31", "--to", to});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.err, StartsWith("mesctl: FIELD_INVALID: "));
  EXPECT_EQ(Mesctl({"yield", "query", "--from", from}).code, 2);
  EXPECT_EQ(Mesctl(with_days({"yield", "query"}, {"--by", "colour"})).code, 2);
  EXPECT_EQ(Mesctl({"yield", "lots", "NO-SUCH"}).out, "none\n");
}

TEST_F(MesctlServerTest, ReportsDowntimesAndShowsTheOee) {
  using google::protobuf::util::TimeUtil;
  const std::string station = "PACK-CAR-60.1.PEOL.1";
  const auto report = [&](const char* from, const char* until, const std::string& reason) {
    return Mesctl({"downtime", "report", station, "--from", from, "--until", until, "--reason", reason, "--person", "li.wei",
                   "--note", "belt"});
  };
  EXPECT_THAT(report("2026-03-02T09:00:00+08:00", "2026-03-02T21:00:00+08:00", "BREAKDOWN").out,
              HasSubstr("recorded: BREAKDOWN (breakdown)"));
  const auto over = report("2026-03-02T20:00:00+08:00", "2026-03-02T22:00:00+08:00", "CHANGEOVER");
  EXPECT_EQ(over.code, 1);
  EXPECT_THAT(over.err, StartsWith("mesctl: DOWNTIME_OVERLAP: "));
  EXPECT_THAT(report("2026-03-03T20:00:00+08:00", "2026-03-03T22:00:00+08:00", "LAZY").err,
              StartsWith("mesctl: DOWNTIME_REASON_UNKNOWN: "));
  const auto oee = Mesctl({"oee", "--line", "PACK-CAR-60.1", "--from", "2026-03-02", "--to", "2026-03-02"});
  EXPECT_EQ(oee.code, 0) << oee.err;
  EXPECT_THAT(oee.out, AllOf(HasSubstr("line PACK-CAR-60.1"), HasSubstr(" 50 % ")));
  EXPECT_LE(WidestLine(oee.out), 80u) << oee.out;
  const auto shown = Json<v1::QueryOeeResponse>({"oee", "--station", station, "--from", "2026-03-02", "--to", "2026-03-02"});
  EXPECT_EQ(shown.stations(0).availability(), 0.5);
  const auto list = Json<v1::ListDowntimesResponse>({"downtime", "list", "--station", station});
  ASSERT_EQ(list.downtimes_size(), 1);
  const std::string id = std::to_string(list.downtimes(0).downtime_id());
  EXPECT_THAT(Mesctl({"downtime", "withdraw", id, "--person", "li.wei", "--note", "wrong"}).out, HasSubstr("withdrawn"));
  EXPECT_THAT(Mesctl({"downtime", "withdraw", id, "--person", "li.wei", "--note", "wrong"}).err,
              StartsWith("mesctl: DOWNTIME_WITHDRAWN: "));
  EXPECT_THAT(Mesctl({"downtime", "list", "--line", "PACK-CAR-60.1"}).out, HasSubstr("withdrawn by"));
  EXPECT_THAT(Mesctl({"downtime", "reasons"}).out,
              AllOf(HasSubstr("CHANGEOVER"), HasSubstr("no-plan"), HasSubstr("version 1, by schema")));
  EXPECT_EQ(Mesctl({"downtime", "replace-reasons", "BREAKDOWN=breakdown:Equipment failure", "--person", "li.wei"}).out,
            "version 2 of the downtime reasons is in force\n");
  EXPECT_EQ(Mesctl({"downtime", "replace-reasons", "BREAKDOWN=broken:x", "--person", "li.wei"}).code, 2);
}

TEST_F(MesctlServerTest, ShowsYieldsAlsoBeforeAnythingRan) {
  const auto yield = Mesctl({"yield", "--product", "PACK-TRK-70"});
  EXPECT_EQ(yield.code, 0) << yield.err;
  EXPECT_EQ(Mesctl({"yield", "--order", "NO-SUCH"}).code, 1);
}

}  // namespace
}  // namespace mes
