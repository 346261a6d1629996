// What mesctl makes of the server's answers, with a server whose answers are written here: requests as sent, tables, JSON,
// error lines and exit codes. The real server's answers are tested against the same program in mesctl_server_test.cc.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "mes/v1/error.pb.h"
#include "mes/v1/genealogy.grpc.pb.h"
#include "mes/v1/product_definition.grpc.pb.h"
#include "mes/v1/station.grpc.pb.h"
#include "mes/v1/station_event.grpc.pb.h"
#include "mes/v1/work_order.grpc.pb.h"
#include "mes/v1/yield.grpc.pb.h"
#include "tests/end_to_end/program.h"

namespace mes {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

grpc::Status Refused(grpc::StatusCode code, const std::string& reason, const std::string& message,
                     const std::map<std::string, std::string>& metadata) {
  v1::ErrorInfo details;
  details.set_reason(reason);
  details.set_domain("mes.ordos");
  details.mutable_metadata()->insert(metadata.begin(), metadata.end());
  v1::RpcStatus status;
  status.set_code(code);
  status.set_message(message);
  auto& any = *status.add_details();
  any.set_type_url("type.googleapis.com/google.rpc.ErrorInfo");
  any.set_value(details.SerializeAsString());
  return grpc::Status(code, message, status.SerializeAsString());
}

// Answers what the test put there, and keeps what was asked.
class Definitions final : public v1::ProductDefinitionService::Service {
 public:
  grpc::Status LoadPlant(grpc::ServerContext*, const v1::LoadPlantRequest* request, v1::LoadPlantResponse* response) override {
    load = *request;
    *response = loaded;
    return grpc::Status::OK;
  }
  grpc::Status ListProducts(grpc::ServerContext*, const v1::ListProductsRequest*, v1::ListProductsResponse* response) override {
    auto& material = *response->add_materials();
    material.set_code("ELC-C");
    material.set_uom("m2");
    for (int i = 0; i < 20; ++i) material.set_name_zh(material.name_zh() + "正极极片");
    return grpc::Status::OK;
  }
  v1::LoadPlantRequest load;
  v1::LoadPlantResponse loaded;
};

class Orders final : public v1::WorkOrderService::Service {
 public:
  grpc::Status CreateWorkOrder(grpc::ServerContext*, const v1::CreateWorkOrderRequest* request,
                               v1::CreateWorkOrderResponse* response) override {
    created = *request;
    response->mutable_work_order()->set_work_order_code(request->work_order_code());
    response->mutable_work_order()->set_state(v1::WORK_ORDER_STATE_CREATED);
    return grpc::Status::OK;
  }
  grpc::Status GetWorkOrder(grpc::ServerContext*, const v1::GetWorkOrderRequest* request, v1::GetWorkOrderResponse*) override {
    return Refused(grpc::StatusCode::NOT_FOUND, "WORK_ORDER_UNKNOWN", "No work order has this code.\nReally.",
                   {{"work_order", request->work_order_code()}, {"field", "work_order_code"}});
  }
  // Three orders in pages of two.
  grpc::Status ListWorkOrders(grpc::ServerContext*, const v1::ListWorkOrdersRequest* request,
                              v1::ListWorkOrdersResponse* response) override {
    listed = *request;
    const bool first = request->page_token().empty();
    for (const char* code : first ? std::vector<const char*>{"WO-1", "WO-2"} : std::vector<const char*>{"WO-3"})
      response->add_work_orders()->set_work_order_code(code);
    if (first) response->set_next_page_token("2");
    return grpc::Status::OK;
  }
  v1::CreateWorkOrderRequest created;
  v1::ListWorkOrdersRequest listed;
};

class Stations final : public v1::StationService::Service {
 public:
  grpc::Status CanStart(grpc::ServerContext*, const v1::CanStartRequest* request, v1::CanStartResponse* response) override {
    asked = *request;
    *response = answer;
    if (response->request_id().empty()) response->set_request_id(request->request_id());
    response->set_subject_code(request->unit_code());
    return grpc::Status::OK;
  }
  grpc::Status GetStation(grpc::ServerContext*, const v1::GetStationRequest*, v1::GetStationResponse* response) override {
    response->mutable_station()->set_epoch(3);
    response->mutable_station()->set_last_sequence(41);
    return grpc::Status::OK;
  }
  v1::CanStartRequest asked;
  v1::CanStartResponse answer;
};

class Events final : public v1::StationEventService::Service {
 public:
  grpc::Status RecordStationEvents(grpc::ServerContext*, const v1::RecordStationEventsRequest* request,
                                   v1::RecordStationEventsResponse* response) override {
    if (unavailable-- > 0) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "draining");
    batches.push_back(*request);
    for (const auto& event : request->events()) {
      auto& verdict = *response->add_verdicts();
      verdict.set_sequence(event.sequence());
      const bool wrong = event.unit_code() == "BAD";
      verdict.set_outcome(wrong ? v1::EVENT_OUTCOME_REJECTED : v1::EVENT_OUTCOME_RECORDED);
      if (!wrong) continue;
      auto& refusal = *verdict.add_refusals();
      refusal.set_code("ROUTE_SEQ");
      refusal.set_sentence("Operation 20 comes first.");
    }
    return grpc::Status::OK;
  }
  int unavailable = 0;
  std::vector<v1::RecordStationEventsRequest> batches;
};

class Genealogy final : public v1::GenealogyService::Service {
 public:
  grpc::Status Trace(grpc::ServerContext*, const v1::TraceRequest* request,
                     grpc::ServerWriter<v1::TraceResponse>* writer) override {
    asked = *request;
    for (const auto& page : pages) writer->Write(page);
    return grpc::Status::OK;
  }
  v1::TraceRequest asked;
  std::vector<v1::TraceResponse> pages;
};

class Yields final : public v1::YieldService::Service {
 public:
  grpc::Status ListOperationYields(grpc::ServerContext*, const v1::ListOperationYieldsRequest*,
                                   v1::ListOperationYieldsResponse* response) override {
    *response = answer;
    return grpc::Status::OK;
  }
  v1::ListOperationYieldsResponse answer;
};

class MesctlTest : public testing::Test {
 protected:
  void SetUp() override {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    for (grpc::Service* service :
         std::initializer_list<grpc::Service*>{&definitions, &orders, &stations, &events, &genealogy, &yields})
      builder.RegisterService(service);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
  }
  void TearDown() override {
    server_->Shutdown();
  }

  tests::Outcome Mesctl(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {"--server", "127.0.0.1:" + std::to_string(port_)});
    return tests::RunProgram(MES_BINARY_FOLDER "/bin/mesctl", arguments, input);
  }

  Definitions definitions;
  Orders orders;
  Stations stations;
  Events events;
  Genealogy genealogy;
  Yields yields;

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(MesctlTest, SaysARefusalOnOneLineWithReasonFieldAndMetadata) {
  const auto outcome = Mesctl({"order", "show", "WO-9"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err,
            "mesctl: WORK_ORDER_UNKNOWN: No work order has this code. Really. (field=work_order_code, work_order=WO-9)\n");
}

TEST_F(MesctlTest, NamesTheStatusCodeWhereTheServerGivesNoReason) {
  const auto outcome = Mesctl({"unit", "show", "U-1"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, StartsWith("mesctl: UNIMPLEMENTED: "));
}

TEST_F(MesctlTest, SaysOnOneLineThatNoServerAnswers) {
  const auto outcome = tests::RunProgram(MES_BINARY_FOLDER "/bin/mesctl", {"--server", "127.0.0.1:1", "health"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, AllOf(StartsWith("mesctl: UNAVAILABLE: "), EndsWith("\n")));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1);
}

TEST_F(MesctlTest, ExitsWithTwoOnWrongUsageAndSaysWhereToReadOn) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> kWrong = {
      {{}, "mesctl: USAGE: A subcommand is required (see mesctl --help)\n"},
      {{"ordr"}, "mesctl: USAGE: no such command: ordr (see mesctl --help)\n"},
      {{"order", "create", "WO-1"}, "mesctl: USAGE: --product is required (see mesctl order create --help)\n"},
      {{"can-start", "--station", "S"}, "mesctl: USAGE: give --unit or --carrier\n"},
      {{"trace", "U", "--view", "as-known-at"}, "mesctl: USAGE: --view as-known-at needs --at\n"},
      {{"lot", "split", "L", "A"}, "mesctl: USAGE: 'A' is not a part; write NEWCODE=QUANTITY, for example REEL-7=120\n"},
  };
  for (const auto& [arguments, line] : kWrong) {
    const auto outcome = Mesctl(arguments);
    EXPECT_EQ(outcome.code, 2) << line;
    EXPECT_EQ(outcome.err, line);
  }
  EXPECT_EQ(Mesctl({"order", "create", "W", "--product", "P", "--quantity", "1", "--due", "2026-12-01"}).code, 2);
}

TEST_F(MesctlTest, TeachesEveryCommandWithAnExample) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"health"},          {"plant", "load"},
                                                                     {"plant", "show"},   {"plant", "list"},
                                                                     {"order", "create"}, {"order", "release"},
                                                                     {"order", "hold"},   {"order", "dispatch"},
                                                                     {"unit", "receive"}, {"unit", "events"},
                                                                     {"lot", "receive"},  {"lot", "split"},
                                                                     {"hold", "place"},   {"hold", "release"},
                                                                     {"hold", "preview"}, {"hold", "items"},
                                                                     {"drill", "recall"}, {"hold", "of-unit"},
                                                                     {"station", "show"}, {"can-start"},
                                                                     {"record"},          {"trace"},
                                                                     {"where-used"},      {"yield"}}) {
    auto asked = arguments;
    asked.push_back("--help");
    const auto outcome = Mesctl(asked);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.out, HasSubstr("Example:\n  ")) << arguments.front();
    EXPECT_THAT(outcome.out, HasSubstr("mesctl " + arguments.front()));
  }
}

TEST_F(MesctlTest, FillsTheUnitOfMeasureAndARequestIdOfAnOrder) {
  const auto outcome =
      Mesctl({"order", "create", "WO-1", "--product", "ELC-C", "--quantity", "12.5", "--due", "2026-12-01T08:00:00+08:00"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(orders.created.quantity().value(), "12.5");
  EXPECT_EQ(orders.created.quantity().uom(), "m2");
  EXPECT_EQ(orders.created.request_id().size(), 36u);
  EXPECT_EQ(orders.created.due_time().seconds(), 1796083200);
  const std::string first = orders.created.request_id();
  EXPECT_EQ(Mesctl({"order", "create", "WO-1", "--product", "ELC-C", "--quantity", "12.5 kg"}).code, 0);
  EXPECT_EQ(orders.created.quantity().uom(), "kg");
  EXPECT_NE(orders.created.request_id(), first);
  EXPECT_EQ(Mesctl({"order", "create", "WO-1", "--product", "ELC-C", "--quantity", "1", "--request-id", "mine"}).code, 0);
  EXPECT_EQ(orders.created.request_id(), "mine");
}

TEST_F(MesctlTest, FollowsPagesAndSaysWhenAListIsCut) {
  const auto all = Mesctl({"order", "list", "--state", "On-Hold"});
  EXPECT_EQ(all.code, 0) << all.err;
  EXPECT_THAT(all.out, AllOf(HasSubstr("WO-1"), HasSubstr("WO-3")));
  EXPECT_EQ(orders.listed.state(), v1::WORK_ORDER_STATE_ON_HOLD);
  EXPECT_EQ(all.err, "");
  const auto cut = Mesctl({"order", "list", "--limit", "2"});
  EXPECT_THAT(cut.out, AllOf(HasSubstr("WO-2"), Not(HasSubstr("WO-3"))));
  EXPECT_EQ(cut.err, "mesctl: more follow; --limit 0 lists all\n");
}

TEST_F(MesctlTest, PrintsOneLineOfJsonPerPageWithTheNamesOfTheApi) {
  const auto outcome = Mesctl({"order", "list", "--json"});
  std::istringstream lines(outcome.out);
  std::vector<v1::ListWorkOrdersResponse> pages;
  for (std::string line; std::getline(lines, line);)
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(line, &pages.emplace_back()).ok()) << line;
  ASSERT_EQ(pages.size(), 2u);
  EXPECT_EQ(pages[1].work_orders(0).work_order_code(), "WO-3");
  EXPECT_THAT(outcome.out, HasSubstr("\"work_order_code\":\"WO-1\""));
}

TEST_F(MesctlTest, KeepsATableWithinEightyColumnsWhereIdeographsTakeTwo) {
  const auto outcome = Mesctl({"plant", "list"});
  std::istringstream lines(outcome.out);
  int wrapped = 0, ideographs = 0;
  for (std::string line; std::getline(lines, line); ++wrapped) {
    const auto wide = std::count_if(line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xe0; });
    ideographs += static_cast<int>(wide);
    // Each is three bytes and two columns.
    EXPECT_LE(line.size() - static_cast<size_t>(wide), 80u) << line;
  }
  EXPECT_GT(wrapped, 2);
  EXPECT_EQ(ideographs, 80);
}

TEST_F(MesctlTest, SendsThePlantByPathAndPrintsEveryFault) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / ("mesctl_plant_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder / "boms");
  std::ofstream(folder / "boms" / "A.json") << "{}";
  std::ofstream(folder / "rules.json") << "[]";
  std::ofstream(folder / "README.md") << "no";
  auto& fault = *definitions.loaded.add_faults();
  fault.set_file("boms/A.json");
  fault.set_path("/lines/0");
  fault.set_problem("is missing");
  definitions.loaded.set_faults_total(1);
  const auto outcome = Mesctl({"plant", "load", folder.string(), "--check"});
  std::filesystem::remove_all(folder);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "boms/A.json /lines/0: is missing\n");
  EXPECT_THAT(outcome.err, StartsWith("mesctl: PLANT_INVALID: 1 fault"));
  EXPECT_TRUE(definitions.load.validate_only());
  ASSERT_EQ(definitions.load.files_size(), 2);
  EXPECT_EQ(definitions.load.files(0).path(), "boms/A.json");
  EXPECT_EQ(definitions.load.files(1).content(), "[]");
}

TEST_F(MesctlTest, ExitsWithTwoWhereThePlantsFolderIsNone) {
  EXPECT_EQ(Mesctl({"plant", "load", "/no/such/folder"}).code, 2);
}

TEST_F(MesctlTest, CanStartExitsWithZeroOnGoAndThreeOnNoGoWithEveryReason) {
  stations.answer.set_go(true);
  const auto go = Mesctl(
      {"can-start", "--station", "S.1", "--unit", "U-1", "--material", "L-1", "--material", "L-2", "--purpose", "retest"});
  EXPECT_EQ(go.code, 0) << go.err;
  EXPECT_THAT(go.out, StartsWith("GO  U-1 at S.1"));
  EXPECT_EQ(stations.asked.start().material_codes_size(), 2);
  EXPECT_EQ(stations.asked.start().purpose(), v1::RUN_PURPOSE_RETEST);

  stations.answer.set_go(false);
  for (const char* code : {"TIME_WINDOW", "NOT_BLOCKED"}) {
    auto& refusal = *stations.answer.add_refusals();
    refusal.set_code(code);
    refusal.set_sentence("It may not.");
    refusal.set_releasable_by("quality");
    auto& evidence = *refusal.add_evidence();
    evidence.set_kind("hold");
    evidence.set_id("7");
  }
  const auto no_go = Mesctl({"can-start", "--station", "S.1", "--unit", "U-1"});
  EXPECT_EQ(no_go.code, 3);
  EXPECT_THAT(no_go.out, AllOf(StartsWith("NO-GO"), HasSubstr("TIME_WINDOW: It may not."), HasSubstr("NOT_BLOCKED"),
                               HasSubstr("hold 7"), HasSubstr("may be released by: quality")));
}

TEST_F(MesctlTest, CanStartShowsThePermitAndAsksForSeveralInAdvance) {
  stations.answer.set_go(true);
  stations.answer.set_permit(std::string(300, 'a') + "." + std::string(64, 'b'));
  stations.answer.mutable_permit_expire_time()->set_seconds(1'790'000'000);
  const auto permits =
      Mesctl({"can-start", "--station", "S.1", "--unit", "U-1", "--unit", "U-2", "--permit-seconds", "28800"});
  EXPECT_EQ(permits.code, 0) << permits.err;
  EXPECT_THAT(permits.out, AllOf(HasSubstr("GO  U-1 at S.1"), HasSubstr("GO  U-2 at S.1"), HasSubstr("permit until"),
                                 HasSubstr("2026-09-21T"), HasSubstr("  permit        " + stations.answer.permit() + "\n")));
  EXPECT_EQ(stations.asked.permit_seconds(), 28'800);
  EXPECT_EQ(stations.asked.unit_code(), "U-2");

  stations.answer.set_go(false);
  stations.answer.clear_permit();
  const auto no_go = Mesctl({"can-start", "--station", "S.1", "--unit", "U-1", "--unit", "U-2"});
  EXPECT_EQ(no_go.code, 3);
  EXPECT_THAT(no_go.out, AllOf(HasSubstr("NO-GO  U-1"), HasSubstr("NO-GO  U-2"), Not(HasSubstr("permit"))));
  EXPECT_EQ(Mesctl({"can-start", "--station", "S.1", "--carrier", "T-1", "--permit-seconds", "60"}).code, 2);
  EXPECT_EQ(Mesctl({"can-start", "--station", "S.1", "--unit", "U-1", "--permit-seconds", "0"}).code, 2);
}

TEST_F(MesctlTest, TakesNoAnswerOfAnotherRequest) {
  stations.answer.set_go(true);
  stations.answer.set_request_id("stale");
  const auto outcome = Mesctl({"can-start", "--station", "S.1", "--unit", "U-1"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("the answer is for request stale"));
}

TEST_F(MesctlTest, RecordNumbersEventsAfterTheStationsCursorInBatches) {
  std::string lines;
  for (int i = 0; i < 300; ++i) lines += "{\"unit_code\": \"U\", \"started\": {}}\n\n";
  const auto outcome = Mesctl({"record", "--station", "S.1", "--epoch", "3"}, lines);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  ASSERT_EQ(events.batches.size(), 2u);
  EXPECT_EQ(events.batches[0].events_size(), 256);
  EXPECT_EQ(events.batches[0].events(0).sequence(), 42);
  EXPECT_EQ(events.batches[1].events(43).sequence(), 341);
  EXPECT_THAT(outcome.out, EndsWith("300 events: 300 recorded, 0 duplicate, 0 rejected, 0 out of sequence\n"));
  events.batches.clear();
  EXPECT_EQ(Mesctl({"record", "--station", "S.1", "--epoch", "4"}, "{\"started\": {}}").code, 0);
  EXPECT_EQ(events.batches[0].events(0).sequence(), 1);
}

TEST_F(MesctlTest, RecordExitsWithFourWhereAnEventWasRejected) {
  const auto outcome = Mesctl({"record", "--station", "S.1", "--epoch", "3"},
                              "{\"unitCode\": \"U\", \"started\": {}}\n{\"unit_code\": \"BAD\", \"started\": {}}\n");
  EXPECT_EQ(outcome.code, 4);
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("line 1  seq 42  recorded\n"), HasSubstr("line 2  seq 43  rejected\n  ROUTE_SEQ: Operation 20")));
}

TEST_F(MesctlTest, RecordNamesTheMalformedLineAndSendsNothing) {
  const auto outcome = Mesctl({"record", "--station", "S.1", "--epoch", "3"}, "{\"started\": {}}\n{\"started\": \n");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("standard input line 2"), HasSubstr("nothing was sent")));
  EXPECT_TRUE(events.batches.empty());
}

TEST_F(MesctlTest, RecordSendsAgainUnderTheSameNumbersWhileTheServerIsAway) {
  events.unavailable = 2;
  const auto outcome = Mesctl({"record", "--station", "S.1", "--epoch", "3"}, "{\"started\": {}}");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  ASSERT_EQ(events.batches.size(), 1u);
  EXPECT_EQ(events.batches[0].events(0).sequence(), 42);
  events.unavailable = 1000;
  const auto gone = Mesctl({"--deadline", "0.5", "record", "--station", "S.1", "--epoch", "3"}, "{\"started\": {}}");
  EXPECT_EQ(gone.code, 1);
  EXPECT_THAT(gone.err, AllOf(HasSubstr("--sequence 42"), HasSubstr("mesctl: UNAVAILABLE: draining\n")));
}

v1::GenealogyEdge Edge(int depth, const std::string& parent, const std::string& child, int line, int slot,
                       const std::string& amount = "") {
  v1::GenealogyEdge edge;
  edge.set_depth(depth);
  edge.set_parent_code(parent);
  edge.set_parent_material("M-" + parent.substr(0, 1));
  edge.set_child_code(child);
  edge.set_child_material("M-" + child.substr(0, 1));
  edge.set_line(line);
  edge.set_slot(slot);
  edge.set_child_tracking(slot > 0 ? v1::TRACKING_SERIAL : v1::TRACKING_LOT);
  if (amount.empty()) return edge;
  edge.mutable_quantity()->set_value(amount);
  edge.mutable_quantity()->set_uom("kg");
  return edge;
}

TEST_F(MesctlTest, TraceShowsPositionsAndSumsUpTheLotsOfLikeParts) {
  v1::TraceResponse first, last;
  *first.add_edges() = Edge(1, "pack", "cell-2", 1, 2);
  *first.add_edges() = Edge(1, "pack", "cell-1", 1, 1);
  *first.add_edges() = Edge(1, "pack", "glue", 2, 0, "0.5");
  *last.add_edges() = Edge(2, "cell-1", "roll", 1, 0, "0.1");
  *last.add_edges() = Edge(2, "cell-2", "roll", 1, 0, "0.25");
  *last.add_edges() = Edge(3, "roll", "xpowder", 1, 0, "7");
  last.set_complete(true);
  last.set_last(true);
  genealogy.pages = {first, last};
  const auto outcome = Mesctl({"trace", "pack"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out,
            "M-p  pack\n"
            "  1.1   M-c  cell-1\n"
            "  1.2   M-c  cell-2\n"
            "    lots in these 2:\n"
            "    1     M-r  roll  0.35 kg in 2\n"
            "      1     M-x  xpowder  7 kg\n"
            "  2     M-g  glue  0.5 kg\n");
  const auto full = Mesctl({"trace", "pack", "--all"});
  EXPECT_THAT(full.out,
              AllOf(HasSubstr("roll  0.1 kg\n"), HasSubstr("roll  0.25 kg  (see above)\n"), Not(HasSubstr("lots in these"))));
}

TEST_F(MesctlTest, TraceSaysThatTheAnswerWasCut) {
  v1::TraceResponse page;
  *page.add_edges() = Edge(1, "pack", "cell-1", 1, 1);
  page.set_last(true);
  genealogy.pages = {page};
  const auto outcome = Mesctl({"trace", "pack", "--depth", "1", "--view", "as-is-at", "--at", "2026-11-20T00:00:00Z"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("was cut"));
  EXPECT_EQ(genealogy.asked.view(), v1::TRACE_VIEW_AS_IS_AT);
  EXPECT_EQ(genealogy.asked.at_time().seconds(), 1795132800);
}

TEST_F(MesctlTest, AYieldJustBelowAllNeverShowsAsHundredPercent) {
  const auto add = [&](int operation, int64_t passes, int64_t runs) {
    auto& yield = *yields.answer.add_yields();
    yield.set_product_code("P");
    yield.set_operation(operation);
    yield.set_first_passes(passes);
    yield.set_first_runs(runs);
    yield.set_planned_first_pass_yield(0.99996);
  };
  add(1, 99996, 100000);
  add(2, 5, 5);
  add(3, 0, 0);
  add(4, 8906, 10000);
  add(5, 1, 1000000);
  const auto outcome = Mesctl({"yield"});
  std::istringstream lines(outcome.out);
  std::vector<std::string> shown;
  for (std::string line; std::getline(lines, line);) shown.push_back(line);
  ASSERT_EQ(shown.size(), 6u);
  EXPECT_THAT(shown[1], AllOf(HasSubstr(" 99.99 %"), Not(HasSubstr("100 %"))));
  EXPECT_THAT(shown[2], HasSubstr(" 100 %"));
  EXPECT_THAT(shown[3], HasSubstr(" -  99.99 %"));
  EXPECT_THAT(shown[4], HasSubstr(" 89.06 %"));
  EXPECT_THAT(shown[5], HasSubstr(" 0.01 %"));
}

}  // namespace
}  // namespace mes
