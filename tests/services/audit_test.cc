// The audit over real gRPC: what is kept of each change and read, that nothing happens without it, and that a superuser of the
// database who bends what is kept is found out.
#include "services/audit.h"

#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mes/v1/audit.grpc.pb.h"
#include "mes/v1/genealogy.grpc.pb.h"
#include "mes/v1/hold.grpc.pb.h"
#include "mes/v1/work_order.grpc.pb.h"
#include "services/audit_trail.h"
#include "services/site_key.h"
#include "tests/support/plant_builder.h"
#include "tests/support/server.h"
#include "tests/support/site_key.h"
#include "tests/support/station_client.h"

namespace mes::services {
namespace {

using testing::HasSubstr;
using testing::Not;
using tests::CallOnce;
using tests::FieldOf;
using tests::ReasonOf;
using v1::AuditService;

constexpr char kKit[] = "PACK.1.KIT.1";

ServerOptions WithKey(const std::string& path) {
  ServerOptions options;
  options.site_key_file = path;
  options.anchor_seconds = 0;
  return options;
}

class AuditServiceTest : public testing::Test {
 protected:
  tests::SiteKeyFile key_;
  tests::TestServer server_{tests::PlantBuilder().draft(), WithKey(key_.path())};
  std::unique_ptr<AuditService::Stub> audit_ = AuditService::NewStub(server_.channel());
  tests::StationClient client_{server_.channel()};
  int requests_ = 0;

  AuditServiceTest() {
    Sql("insert into unit (unit_id, code, material_id, state, tracking, create_time) "
        "select i, 'H' || i, material_id, 2, 1, now() from material, generate_series(1, 50) i where code = 'HSG';"
        "select setval('unit_id_seq', 4096)");
  }
  void Sql(const std::string& sql) { server_.database().Query(sql); }
  // What a database superuser can do: no trigger, no constraint's trigger.
  void Tamper(const std::string& sql) { Sql("set session_replication_role = replica; " + sql); }
  std::string Value(const std::string& sql) { return server_.database().Value(sql); }

  // Starts, builds and passes packs at the first station, one refused start among them.
  void Build(int packs) {
    client_.Release("ORD-PACK", "PACK", "100");
    for (int i = 1; i <= packs; ++i) {
      const std::string unit = "P" + std::to_string(i);
      EXPECT_THAT(client_.Tell(kKit, {client_.Start(kKit, unit, "PACK.KIT", "ORD-PACK"),
                                      client_.Install(kKit, unit, "H" + std::to_string(i)),
                                      client_.Complete(kKit, unit, "KIT_V", 9.75), client_.Start(kKit, unit, "OLD")}),
                  testing::ElementsAre("RECORDED", "RECORDED", "RECORDED", HasSubstr("REJECTED")));
    }
    // The last installation is taken back.
    v1::StationEvent undo = client_.About(kKit, "P" + std::to_string(packs));
    undo.mutable_reversed()->set_epoch(1);
    undo.mutable_reversed()->set_sequence(4 * packs - 2);
    undo.mutable_reversed()->set_reason("wrong box");
    undo.mutable_reversed()->set_person("li");
    EXPECT_EQ(client_.TellOne(kKit, undo), "RECORDED");
  }
  grpc::Status PlaceHold(const std::string& code, v1::PlaceHoldResponse* response) {
    v1::PlaceHoldRequest request;
    request.set_request_id("h" + std::to_string(++requests_));
    request.add_codes(code);
    request.set_reason("dented");
    request.set_person("li.wei");
    return CallOnce(*v1::HoldService::NewStub(server_.channel()), &v1::HoldService::Stub::PlaceHold, request, response);
  }
  grpc::Status Trace(const std::string& code) {
    v1::TraceRequest request;
    request.set_code(code);
    grpc::ClientContext context;
    const auto stub = v1::GenealogyService::NewStub(server_.channel());
    const auto reader = stub->Trace(&context, request);
    v1::TraceResponse page;
    while (reader->Read(&page)) ++pages_;
    return reader->Finish();
  }
  std::vector<v1::AuditEntry> List(const std::string& method, const std::string& noun_id = "") {
    v1::ListAuditEntriesRequest request;
    request.set_method(method);
    request.set_noun_id(noun_id);
    v1::ListAuditEntriesResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*audit_, &AuditService::Stub::ListAuditEntries, request, &response)), "OK");
    return {response.entries().begin(), response.entries().end()};
  }
  v1::VerifyAuditResponse Verify(const std::vector<v1::AuditAnchor>& anchors = {}) {
    v1::VerifyAuditRequest request;
    for (const v1::AuditAnchor& anchor : anchors) *request.add_anchors() = anchor;
    v1::VerifyAuditResponse result;
    EXPECT_EQ(ReasonOf(VerifyStatus(request, &result)), "OK");
    EXPECT_TRUE(result.complete());
    return result;
  }
  grpc::Status VerifyStatus(const v1::VerifyAuditRequest& request, v1::VerifyAuditResponse* result) {
    grpc::ClientContext context;
    const auto reader = audit_->VerifyAudit(&context, request);
    v1::VerifyAuditResponse page;
    while (reader->Read(&page)) *result = page;
    return reader->Finish();
  }
  std::vector<v1::AuditRecord> Export(bool facts, int64_t after = 0) {
    v1::ExportAuditRequest request;
    request.set_include_facts(facts);
    request.set_after_link(after);
    grpc::ClientContext context;
    const auto reader = audit_->ExportAudit(&context, request);
    std::vector<v1::AuditRecord> records;
    v1::ExportAuditResponse page;
    while (reader->Read(&page)) records.insert(records.end(), page.records().begin(), page.records().end());
    EXPECT_EQ(ReasonOf(reader->Finish()), "OK");
    return records;
  }
  v1::AuditAnchor Anchor() {
    v1::AnchorAuditRequest request;
    request.set_request_id("a" + std::to_string(++requests_));
    v1::AnchorAuditResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*audit_, &AuditService::Stub::AnchorAudit, request, &response)), "OK");
    return response.anchor();
  }
  void BreakAudit() {
    Sql("create function no_audit() returns trigger language plpgsql as $$ begin raise exception 'full'; end $$;"
        "create trigger no_audit before insert on audit_entry for each row execute function no_audit()");
  }
  void MendAudit() { Sql("drop trigger no_audit on audit_entry; drop function no_audit"); }

  int pages_ = 0;
};

TEST_F(AuditServiceTest, AChangeIsKeptWithWhoWhatWhyAndWhatWasSoBefore) {
  client_.Release("ORD-PACK", "PACK", "10");
  const std::vector<v1::AuditEntry> moves = List("TransitionWorkOrder", "ORD-PACK");
  ASSERT_EQ(moves.size(), 1u);
  EXPECT_EQ(moves[0].kind(), v1::AUDIT_KIND_CHANGE);
  EXPECT_EQ(moves[0].noun(), "work_order");
  EXPECT_EQ(moves[0].request_id(), "release ORD-PACK");
  EXPECT_THAT(moves[0].old_value(), HasSubstr("WORK_ORDER_STATE_CREATED"));
  EXPECT_THAT(moves[0].new_value(), HasSubstr("WORK_ORDER_ACTION_RELEASE"));
  EXPECT_NE(moves[0].clock_quality(), v1::CLOCK_QUALITY_UNSPECIFIED);
  EXPECT_TRUE(moves[0].has_clock_error_us());
  EXPECT_EQ(moves[0].mac().size(), 64u);
  v1::PlaceHoldResponse held;
  ASSERT_EQ(ReasonOf(PlaceHold("H1", &held)), "OK");
  const std::vector<v1::AuditEntry> holds = List("PlaceHold");
  ASSERT_EQ(holds.size(), 1u);
  EXPECT_EQ(holds[0].caller(), "li.wei");
  EXPECT_FALSE(holds[0].proved());
  EXPECT_EQ(holds[0].reason(), "dented");
  EXPECT_EQ(holds[0].noun_id(), "H1");
  // Refused: nothing happened, nothing is kept.
  EXPECT_EQ(ReasonOf(PlaceHold("NO-SUCH", &held)), "UNIT_UNKNOWN");
  EXPECT_EQ(List("PlaceHold").size(), 1u);
}

TEST_F(AuditServiceTest, AResentRequestIsKeptOnce) {
  client_.Release("ORD-PACK", "PACK", "10");
  client_.Release("ORD-PACK", "PACK", "10");
  EXPECT_EQ(List("CreateWorkOrder").size(), 1u);
}

TEST_F(AuditServiceTest, AReadOfWhatIsNotPublicIsKeptAndAnotherIsNot) {
  EXPECT_EQ(ReasonOf(Trace("H1")), "OK");
  EXPECT_EQ(ReasonOf(Trace("NO-SUCH")), "UNIT_UNKNOWN");
  const std::vector<v1::AuditEntry> reads = List("Trace");
  ASSERT_EQ(reads.size(), 2u);
  EXPECT_EQ(reads[1].kind(), v1::AUDIT_KIND_READ);
  EXPECT_EQ(reads[1].noun_id(), "H1");
  EXPECT_EQ(reads[0].noun_id(), "NO-SUCH");
  v1::GetWorkOrderRequest request;
  v1::GetWorkOrderResponse response;
  CallOnce(*v1::WorkOrderService::NewStub(server_.channel()), &v1::WorkOrderService::Stub::GetWorkOrder, request, &response);
  EXPECT_TRUE(List("GetWorkOrder").empty());
  AuditReads({"GetWorkOrder"});
  CallOnce(*v1::WorkOrderService::NewStub(server_.channel()), &v1::WorkOrderService::Stub::GetWorkOrder, request, &response);
  EXPECT_EQ(ReasonOf(Trace("H1")), "OK");
  EXPECT_EQ(List("GetWorkOrder").size(), 1u);
  EXPECT_EQ(List("Trace").size(), 2u);
}

TEST_F(AuditServiceTest, WithoutItsEntryNothingIsChangedReadOrRecorded) {
  client_.Release("ORD-PACK", "PACK", "10");
  BreakAudit();
  v1::PlaceHoldResponse held;
  EXPECT_EQ(ReasonOf(PlaceHold("H1", &held)), "AUDIT_UNAVAILABLE");
  EXPECT_EQ(Value("select count(*) from hold"), "0");
  EXPECT_EQ(Value("select hold_count from unit where code = 'H1'"), "0");
  EXPECT_EQ(ReasonOf(Trace("H1")), "AUDIT_UNAVAILABLE");
  EXPECT_EQ(pages_, 0);
  v1::RecordStationEventsRequest request;
  request.set_station_code(kKit);
  request.set_epoch(1);
  const v1::StationEvent start = client_.Start(kKit, "P1", "PACK.KIT", "ORD-PACK");
  *request.add_events() = start;
  v1::RecordStationEventsResponse response;
  const auto events = v1::StationEventService::NewStub(server_.channel());
  EXPECT_EQ(ReasonOf(CallOnce(*events, &v1::StationEventService::Stub::RecordStationEvents, request, &response)),
            "AUDIT_UNAVAILABLE");
  EXPECT_EQ(Value("select count(*) from station_event"), "0");
  EXPECT_EQ(Value("select count(*) from unit where code = 'P1'"), "0");
  MendAudit();
  // Nothing was used up: the same requests are done now.
  requests_ = 0;
  EXPECT_EQ(ReasonOf(PlaceHold("H1", &held)), "OK");
  EXPECT_EQ(client_.TellOne(kKit, start), "RECORDED");
}

TEST_F(AuditServiceTest, ACommitOfEventsIsOneEntryWithItsRowsCountedAndHashed) {
  Build(3);
  const std::vector<v1::AuditEntry> commits = List("RecordStationEvents", kKit);
  ASSERT_EQ(commits.size(), 4u);
  EXPECT_EQ(commits[0].kind(), v1::AUDIT_KIND_FACTS);
  EXPECT_EQ(commits[1].caller(), kKit);
  EXPECT_THAT(commits[1].new_value(), HasSubstr(R"("refused_event":{"rows":1,)"));
  EXPECT_THAT(commits[1].new_value(), HasSubstr(R"("station_event":{"rows":3,)"));
  EXPECT_THAT(commits[1].new_value(), HasSubstr(R"("installed":{"rows":1,)"));
  EXPECT_THAT(commits[0].new_value(), HasSubstr(R"("removed":{"rows":1,)"));
  const v1::VerifyAuditResponse told = Verify();
  EXPECT_TRUE(told.sound()) << told.ShortDebugString();
  EXPECT_EQ(told.facts(), 3 * 5 + 2);
  EXPECT_EQ(told.unauthenticated(), 0);
}

TEST_F(AuditServiceTest, AnEntryIsSealedWithinASecond) {
  client_.Release("ORD-PACK", "PACK", "10");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (List("CreateWorkOrder").at(0).link() == 0 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  const v1::AuditEntry entry = List("CreateWorkOrder").at(0);
  EXPECT_GT(entry.link(), 0);
  EXPECT_EQ(entry.hash().size(), 64u);
}

TEST_F(AuditServiceTest, TheListIsPagedNewestFirst) {
  for (int i = 0; i < 5; ++i) client_.Release("ORD-" + std::to_string(i), "PACK", "1");
  v1::ListAuditEntriesRequest request;
  request.set_method("CreateWorkOrder");
  request.set_page_size(2);
  std::vector<std::string> seen;
  do {
    v1::ListAuditEntriesResponse response;
    ASSERT_EQ(ReasonOf(CallOnce(*audit_, &AuditService::Stub::ListAuditEntries, request, &response)), "OK");
    for (const v1::AuditEntry& entry : response.entries()) seen.push_back(entry.noun_id());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(seen, testing::ElementsAre("ORD-4", "ORD-3", "ORD-2", "ORD-1", "ORD-0"));
  v1::ListAuditEntriesResponse response;
  request.set_page_token("00");
  EXPECT_EQ(ReasonOf(CallOnce(*audit_, &AuditService::Stub::ListAuditEntries, request, &response)), "PAGE_TOKEN_INVALID");
  request.clear_page_token();
  request.set_caller(std::string(65, 'x'));
  EXPECT_EQ(FieldOf(CallOnce(*audit_, &AuditService::Stub::ListAuditEntries, request, &response)), "caller");
  request.clear_caller();
  request.mutable_from_time()->set_seconds(5);
  request.mutable_until_time()->set_seconds(5);
  EXPECT_EQ(FieldOf(CallOnce(*audit_, &AuditService::Stub::ListAuditEntries, request, &response)), "until_time");
}

TEST_F(AuditServiceTest, TheHeadIsSignedKeptAndListed) {
  client_.Release("ORD-PACK", "PACK", "10");
  const v1::AuditAnchor anchor = Anchor();
  EXPECT_GE(anchor.link(), 2);
  EXPECT_TRUE(IsSignedBy(BytesOfHex(anchor.public_key()),
                         domain::AnchorBytes(anchor.chain_id(), anchor.link(), BytesOfHex(anchor.hash()),
                                             domain::Time(std::chrono::seconds(anchor.anchor_time().seconds())) +
                                                 std::chrono::microseconds(anchor.anchor_time().nanos() / 1000)),
                         BytesOfHex(anchor.signature())));
  v1::ListAuditAnchorsResponse listed;
  ASSERT_EQ(ReasonOf(CallOnce(*audit_, &AuditService::Stub::ListAuditAnchors, v1::ListAuditAnchorsRequest(), &listed)), "OK");
  ASSERT_EQ(listed.anchors_size(), 1);
  EXPECT_EQ(listed.anchors(0).signature(), anchor.signature());
  EXPECT_TRUE(Verify({anchor}).sound());
  v1::VerifyAuditRequest request;
  request.add_public_keys(std::string(64, '0'));
  v1::VerifyAuditResponse result;
  ASSERT_EQ(ReasonOf(VerifyStatus(request, &result)), "OK");
  EXPECT_THAT(result.findings(0).sentence(), HasSubstr("another key"));
  v1::AuditAnchor forged = anchor;
  forged.set_hash(std::string(64, '0'));
  EXPECT_THAT(Verify({forged}).findings(0).sentence(), HasSubstr("false signature"));
  *request.add_anchors() = anchor;
  request.mutable_anchors(0)->set_hash("zz");
  EXPECT_EQ(FieldOf(VerifyStatus(request, &result)), "anchors[0].hash");
  for (int i = 0; i <= 100; ++i) *request.add_anchors() = anchor;
  EXPECT_EQ(ReasonOf(VerifyStatus(request, &result)), "LIMIT_EXCEEDED");
}

TEST_F(AuditServiceTest, AnExportHoldsTheChainAndItsFacts) {
  Build(2);
  const std::vector<v1::AuditRecord> records = Export(true);
  ASSERT_TRUE(records[0].has_chain());
  EXPECT_EQ(records[0].chain().format(), "ordos-audit/1");
  int64_t link = 0, facts = 0;
  for (size_t i = 1; i < records.size(); ++i) {
    if (records[i].has_entry()) {
      EXPECT_EQ(records[i].entry().link(), ++link);
    } else {
      EXPECT_EQ(records[i].fact().link(), link);
      ++facts;
    }
  }
  EXPECT_EQ(facts, 2 * 5 + 2);
  const std::vector<v1::AuditRecord> rest = Export(false, 2);
  EXPECT_EQ(rest[0].chain().hash(), Export(false)[2].entry().hash());
  EXPECT_EQ(rest[1].entry().link(), 3);
  v1::ExportAuditRequest request;
  request.set_after_link(1'000'000);
  grpc::ClientContext context;
  v1::ExportAuditResponse page;
  const auto reader = audit_->ExportAudit(&context, request);
  while (reader->Read(&page)) {
  }
  EXPECT_EQ(FieldOf(reader->Finish()), "after_link");
}

TEST_F(AuditServiceTest, EachTamperingOfTheLiveDatabaseIsFoundWithItsPlaceNamed) {
  Build(12);
  Tamper(
      "create table kept_entry as select * from audit_entry; create table kept_link as select * from "
      "audit_link; create table kept_event as "
      "select * from station_event; create table kept_refused as select * from refused_event; create table "
      "kept_edge as select * from assembly");
  const v1::AuditAnchor anchor = Anchor();
  Tamper(
      "drop table kept_entry, kept_link; create table kept_entry as select * from audit_entry; create table kept_link as select * from "
      "audit_link");
  ASSERT_TRUE(Verify({anchor}).sound());
  const auto mend = [&] {
    Tamper(
        "truncate audit_entry, audit_link, station_event, refused_event, assembly; insert into audit_entry select * from kept_entry; "
        "insert into audit_link select * from kept_link; insert into station_event select * from kept_event; insert into refused_event "
        "select * from kept_refused; insert into assembly select * from kept_edge");
  };
  std::mt19937 random(20'261'126);
  const auto below = [&](int64_t limit) { return static_cast<int64_t>(random() % static_cast<uint64_t>(limit)); };
  const int64_t links = std::stoll(Value("select max(link_no) from kept_link"));
  // The sealer may have been behind when the tables were kept.
  const int64_t unsealed = std::stoll(Value("select count(*) from kept_entry")) - links;
  const int64_t events = std::stoll(Value("select count(*) from kept_event"));
  const std::vector<std::string> entry_columns = {"method = method || 'x'",
                                                  "caller = caller || 'x'",
                                                  "noun_id = noun_id || 'x'",
                                                  "reason = reason || ' '",
                                                  "new_value = new_value || ' '",
                                                  "proved = not proved",
                                                  "write_time = write_time + interval '1 microsecond'",
                                                  "clock = (clock + 1) % 3"};
  const std::vector<std::string> event_columns = {"unit_id = unit_id + 1",
                                                  "sequence = sequence + 1",
                                                  "operation = operation + 1",
                                                  "judgement = 3 - judgement",
                                                  "flags = flags # 2",
                                                  "operator_id = 'x'",
                                                  "measured = '{1}'",
                                                  "details = '{\"reason\":\"x\"}'",
                                                  "flags = flags # 4",
                                                  "occur_time = occur_time + interval '1 microsecond'",
                                                  "record_time = record_time + interval '1 microsecond'"};
  for (int round = 0; round < 60; ++round) {
    const int64_t link = 1 + below(links);
    const std::string at = " where audit_id = (select audit_id from kept_link where link_no = " + std::to_string(link) + ")";
    const std::string event =
        " where (unit_id, sequence) = (select unit_id, sequence from kept_event order by sequence, unit_id offset " +
        std::to_string(below(events)) + " limit 1)";
    std::string sql;
    int64_t expected = 0;  // 0: any place, but found
    switch (round % 10) {
      case 0:
        sql = "update audit_entry set " + entry_columns[static_cast<size_t>(below(8))] + at, expected = link;
        break;
      case 1:
        sql = "delete from audit_entry" + at, expected = link;
        break;
      case 2:
        // The last one alone would be made anew as it was.
        if (link == links) continue;
        sql = "delete from audit_link where link_no = " + std::to_string(link), expected = link;
        break;
      case 3: {  // two entries change places
        const int64_t other = link == links ? 1 : link + 1;
        sql =
            "update audit_link l set audit_id = -k.audit_id from kept_link k where k.link_no = " + std::to_string(link + other) +
            " - l.link_no and l.link_no in (" + std::to_string(link) + ", " + std::to_string(other) +
            "); update audit_link set audit_id = -audit_id where audit_id < 0";
        expected = std::min(link, other);
        break;
      }
      case 4:
        sql = "delete from audit_link where link_no >= " + std::to_string(link) +
              "; delete from audit_entry e where not exists (select 1 from audit_link l where l.audit_id = e.audit_id)";
        if (link > anchor.link()) continue;
        break;
      case 5:  // a second writing of what was written
        sql =
            "insert into audit_entry (kind, write_time, clock_error_us, clock, proved, method, caller, noun, "
            "noun_id, request_id, reason, "
            "old_value, new_value, mac) select kind, write_time, clock_error_us, clock, proved, method, caller, "
            "noun, noun_id, request_id, "
            "reason, old_value, new_value, mac from kept_entry" +
            at;
        expected = links + 1;
        break;
      case 6:
        sql = "update station_event set " + event_columns[static_cast<size_t>(below(11))] + event;
        break;
      case 7:
        sql = "delete from station_event" + event;
        break;
      case 8:
        sql = "insert into station_event select * from kept_event" + event;
        break;
      default:
        sql =
            below(2) == 0
                ? "update assembly set child_id = child_id + 1000 where install_sequence = (select max(install_sequence) from kept_edge)"
                : "delete from refused_event where sequence = (select min(sequence) from kept_refused)";
    }
    Tamper(sql);
    const v1::VerifyAuditResponse told = Verify({anchor});
    EXPECT_FALSE(told.sound()) << sql;
    // The service goes on where the cut was made, so the break shows there or behind it, up to what was signed.
    if (round % 10 == 4 && !told.sound()) {
      EXPECT_GE(told.findings(0).link(), link) << sql;
      EXPECT_LE(told.findings(0).link(), anchor.link()) << sql;
    }
    if (!told.sound()) {
      // Verifying is audited itself: its own entry comes behind what was kept and may be sealed before what was slipped in.
      const int64_t first = told.findings(0).link();
      if (expected != 0) {
        EXPECT_LE(first, std::max(expected, links + 2 + unsealed)) << sql << "\n" << told.findings(0).ShortDebugString();
      }
      if (expected != 0 && expected <= links) {
        EXPECT_EQ(first, expected) << sql << "\n" << told.findings(0).ShortDebugString();
      }
      EXPECT_FALSE(told.findings(0).sentence().empty());
    }
    mend();
  }
  EXPECT_TRUE(Verify({anchor}).sound());
}

TEST_F(AuditServiceTest, APeriodIsVerifiedAndSaysWhatItLeftOut) {
  Build(2);
  v1::VerifyAuditRequest request;
  request.mutable_from_time()->set_seconds(time(nullptr) - 3'600);
  request.mutable_until_time()->set_seconds(time(nullptr) + 3'600);
  v1::VerifyAuditResponse told;
  ASSERT_EQ(ReasonOf(VerifyStatus(request, &told)), "OK");
  EXPECT_TRUE(told.sound()) << told.ShortDebugString();
  EXPECT_EQ(told.facts(), 2 * 5 + 2);
  EXPECT_EQ(told.links_before(), 0);
  EXPECT_FALSE(told.begins_signed());
  EXPECT_FALSE(told.ends_signed());
  request.mutable_from_time()->set_seconds(time(nullptr) + 3'000);
  ASSERT_EQ(ReasonOf(VerifyStatus(request, &told)), "OK");
  EXPECT_TRUE(told.sound());
  EXPECT_EQ(told.facts(), 0);
  *request.mutable_until_time() = request.from_time();
  EXPECT_EQ(FieldOf(VerifyStatus(request, &told)), "until_time");
  request.Clear();
  for (int i = 0; i < 10; ++i) request.add_public_keys(std::string(64, '0'));
  EXPECT_EQ(ReasonOf(VerifyStatus(request, &told)), "LIMIT_EXCEEDED");
  request.mutable_public_keys()->DeleteSubrange(1, 9);
  request.set_public_keys(0, "zz");
  EXPECT_EQ(FieldOf(VerifyStatus(request, &told)), "public_keys[0]");
}

TEST_F(AuditServiceTest, AServerWithoutAKeySignsNothingAndSaysSo) {
  tests::TestServer bare(server_.database().url());
  v1::AnchorAuditRequest request;
  request.set_request_id("a");
  v1::AnchorAuditResponse response;
  EXPECT_EQ(ReasonOf(CallOnce(*AuditService::NewStub(bare.channel()), &AuditService::Stub::AnchorAudit, request, &response)),
            "AUDIT_UNAVAILABLE");
}

TEST(AuditTrail, SecretsAreNotKeptAndLongContentIsHashed) {
  v1::PlaceHoldRequest request;
  request.set_person("li.wei");
  request.set_reason(std::string(100'000, 'x'));
  EXPECT_THAT(ContentOf(request), HasSubstr("\"sha256\":"));
  EXPECT_LT(ContentOf(request).size(), 200u);
  request.set_reason("dented");
  request.set_request_id("h1");
  EXPECT_THAT(ContentOf(request), HasSubstr("dented"));
}

TEST(SiteKey, AFileThatOthersMayReadIsRefused) {
  const tests::SiteKeyFile open(S_IRUSR | S_IWUSR | S_IRGRP);
  EXPECT_THROW(SiteKey::Load(open.path()), std::invalid_argument);
  const tests::SiteKeyFile nonsense(S_IRUSR | S_IWUSR, "no key");
  EXPECT_THROW(SiteKey::Load(nonsense.path()), std::invalid_argument);
  EXPECT_THROW(SiteKey::Load("/no/such/file"), std::invalid_argument);
  try {
    SiteKey::Load(nonsense.path());
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), Not(HasSubstr("no key\n")));
  }
}

TEST(SiteKey, SignaturesAreItsOwnAndDerivedKeysDiffer) {
  const tests::SiteKeyFile file;
  const SiteKey key = SiteKey::Load(file.path());
  const std::string signature = key.Sign("head");
  EXPECT_TRUE(IsSignedBy(key.public_key(), "head", signature));
  EXPECT_FALSE(IsSignedBy(key.public_key(), "Head", signature));
  EXPECT_FALSE(IsSignedBy(SiteKey::Random().public_key(), "head", signature));
  EXPECT_FALSE(IsSignedBy(key.public_key(), "head", signature.substr(1)));
  EXPECT_FALSE(IsSignedBy("", "head", signature));
  EXPECT_NE(key.Derive("a"), key.Derive("b"));
  EXPECT_EQ(key.Derive("a"), SiteKey::Load(file.path()).Derive("a"));
  EXPECT_EQ(BytesOfHex("0a1f"), std::string("\x0a\x1f"));
  EXPECT_EQ(BytesOfHex("0A"), "");
  EXPECT_EQ(BytesOfHex("0"), "");
}

}  // namespace
}  // namespace mes::services
