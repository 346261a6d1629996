#include "services/genealogy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mes/v1/genealogy.grpc.pb.h"
#include "tests/support/server.h"
#include "tests/support/stored_plant.h"

namespace mes::services {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using tests::FieldOf;
using tests::ReasonOf;
using tests::StoredPlant;
using v1::GenealogyService;

// What came over a stream: edges as `parent>child`, and whether it was whole.
struct Answer {
  grpc::Status status;
  std::vector<std::string> edges;
  std::vector<v1::GenealogyEdge> messages;
  int pages = 0;
  bool complete = false;
  bool last = false;
};

class GenealogyServiceTest : public testing::Test {
 protected:
  tests::TestServer server_{tests::PlantBuilder().draft()};
  StoredPlant plant_{server_.database()};
  std::unique_ptr<GenealogyService::Stub> stub_ = GenealogyService::NewStub(server_.channel());

  template <typename Page>
  static Answer Drain(grpc::ClientReader<Page>& reader) {
    Answer answer;
    Page page;
    while (reader.Read(&page)) {
      ++answer.pages;
      EXPECT_LE(page.edges_size(), 1'000);
      EXPECT_FALSE(answer.last) << "a page after the last";
      for (const v1::GenealogyEdge& edge : page.edges()) {
        answer.edges.push_back(edge.parent_code() + ">" + edge.child_code());
        answer.messages.push_back(edge);
      }
      answer.complete = page.complete();
      answer.last = page.last();
    }
    answer.status = reader.Finish();
    return answer;
  }
  Answer Trace(const v1::TraceRequest& request) {
    grpc::ClientContext context;
    return Drain(*stub_->Trace(&context, request));
  }
  Answer Trace(const std::string& code, v1::TraceView view = v1::TRACE_VIEW_UNSPECIFIED, int64_t at = 0) {
    v1::TraceRequest request;
    request.set_code(code);
    request.set_view(view);
    if (at != 0) request.mutable_at_time()->set_seconds(at);
    return Trace(request);
  }
  Answer WhereUsed(const v1::WhereUsedRequest& request) {
    grpc::ClientContext context;
    return Drain(*stub_->WhereUsed(&context, request));
  }
  Answer WhereUsed(const std::string& code) {
    v1::WhereUsedRequest request;
    request.set_code(code);
    return WhereUsed(request);
  }
  // Pack P of cells C1 and C2 of one electrolyte E out of powder X; on 2 November 2026, C2 swapped for C3 on the 3rd.
  void Build() {
    const int64_t powder = plant_.AddLot("POW", "X", 1'000'000);
    const int64_t lot = plant_.AddLot("ELY", "E", 1'000'000);
    const std::vector<int64_t> cells = plant_.AddUnits("CELL", {"C1", "C2", "C3"});
    const int64_t pack = plant_.AddUnit("PACK", "P");
    plant_.Consume(powder, lot, 5);
    for (const int64_t cell : cells) plant_.Consume(lot, cell, 250'000);
    plant_.Install(pack, cells[0], 2, 1);
    plant_.Install(pack, cells[1], 2, 2);
    plant_.Remove(cells[1]);
    plant_.Install(pack, cells[2], 2, 2, "2026-11-03");
  }
};

TEST_F(GenealogyServiceTest, TracesDownToTheLastPowder) {
  Build();
  const Answer answer = Trace("P");
  ASSERT_TRUE(answer.status.ok());
  EXPECT_THAT(answer.edges, ElementsAre("P>C1", "P>C3", "C1>E", "C3>E", "E>X"));
  EXPECT_TRUE(answer.complete);
  EXPECT_TRUE(answer.last);
  const v1::GenealogyEdge& installed = answer.messages[1];
  EXPECT_EQ(installed.kind(), "installed");
  EXPECT_EQ(installed.slot(), 2);
  EXPECT_EQ(installed.depth(), 1);
  EXPECT_EQ(installed.child_tracking(), v1::TRACKING_SERIAL);
  EXPECT_EQ(installed.install_event(), plant_.plant().FindStation(1)->code + "/1/7");
  EXPECT_FALSE(installed.has_quantity());
  const v1::GenealogyEdge& consumed = answer.messages[2];
  EXPECT_EQ(consumed.kind(), "consumed");
  EXPECT_EQ(consumed.quantity().value(), "0.25");
  EXPECT_EQ(consumed.quantity().uom(), "kg");
  EXPECT_EQ(consumed.child_material(), "ELY");
  EXPECT_EQ(answer.messages[4].depth(), 3);
}

TEST_F(GenealogyServiceTest, TellsEachTruth) {
  Build();
  const auto seconds = [&](const char* time) {
    return std::stoll(server_.database().Value(std::string("select extract(epoch from timestamptz '") + time + "')::bigint"));
  };
  const int64_t noon = seconds("2026-11-02 12:00");
  EXPECT_THAT(Trace("P", v1::TRACE_VIEW_AS_IS_AT, noon).edges, UnorderedElementsAre("P>C1", "P>C2", "C1>E", "C2>E", "E>X"));
  EXPECT_THAT(Trace("P", v1::TRACE_VIEW_AS_KNOWN_AT, noon).edges, UnorderedElementsAre("P>C1", "P>C2", "C1>E", "C2>E", "E>X"));
  EXPECT_THAT(Trace("P", v1::TRACE_VIEW_AS_IS_AT, seconds("2026-11-01")).edges, IsEmpty());
  server_.database().Query("update assembly set install_record_time = '2026-11-09' where slot = 1");
  EXPECT_THAT(Trace("P", v1::TRACE_VIEW_AS_KNOWN_AT, noon).edges, UnorderedElementsAre("P>C2", "C2>E", "E>X"));
  EXPECT_THAT(Trace("P", v1::TRACE_VIEW_AS_BUILT).edges, testing::Contains("P>C3")) << "unfinished: as it is now";
  server_.database().Query("update unit set finish_time = '2026-11-02 12:00' where code = 'P'");
  EXPECT_THAT(Trace("P", v1::TRACE_VIEW_AS_BUILT).edges, UnorderedElementsAre("P>C1", "P>C2", "C1>E", "C2>E", "E>X"));
}

TEST_F(GenealogyServiceTest, FindsWhereAPowderWent) {
  Build();
  const Answer answer = WhereUsed("X");
  EXPECT_THAT(answer.edges, UnorderedElementsAre("E>X", "C1>E", "C2>E", "C3>E", "P>C1", "P>C3"));
  EXPECT_TRUE(answer.complete);
  v1::WhereUsedRequest request;
  request.set_code("X");
  request.set_material_code("PACK");
  EXPECT_THAT(WhereUsed(request).edges, UnorderedElementsAre("P>C1", "P>C3"));
  request.set_include_removed(true);
  EXPECT_THAT(WhereUsed(request).edges, UnorderedElementsAre("P>C1", "P>C2", "P>C3"));
}

TEST_F(GenealogyServiceTest, SaysWhenAnAnswerIsCut) {
  Build();
  v1::TraceRequest request;
  request.set_code("P");
  request.set_max_depth(1);
  const Answer shallow = Trace(request);
  EXPECT_THAT(shallow.edges, ElementsAre("P>C1", "P>C3"));
  EXPECT_FALSE(shallow.complete);
  request.set_max_depth(3);
  EXPECT_TRUE(Trace(request).complete);
  request.set_max_edges(4);
  const Answer few = Trace(request);
  EXPECT_EQ(few.edges.size(), 4u);
  EXPECT_FALSE(few.complete);
  EXPECT_TRUE(few.last);
  request.set_max_edges(5);
  EXPECT_TRUE(Trace(request).complete);
}

TEST_F(GenealogyServiceTest, SendsPagesOfAThousand) {
  const int64_t lot = plant_.AddLot("ELY", "E", 1'000'000);
  std::vector<std::string> codes;
  for (int i = 0; i < 2'500; ++i) codes.push_back("C" + std::to_string(i));
  plant_.AddUnits("CELL", codes);
  server_.database().Query(
      "insert into lot_consumption (lot_id, consumer_id, quantity_micro, consume_time, record_time, sequence, station_id, "
      "epoch, operation, line, kind) select " +
      std::to_string(lot) + ", unit_id, 1, now(), now(), 1, 1, 1, 10, 1, 1 from unit where code like 'C%'");
  const Answer answer = WhereUsed("E");
  EXPECT_EQ(answer.edges.size(), 2'500u);
  EXPECT_EQ(answer.pages, 3);
  EXPECT_TRUE(answer.complete);
  const Answer none = WhereUsed("C7");
  EXPECT_THAT(none.edges, IsEmpty());
  EXPECT_EQ(none.pages, 1) << "an empty answer says that it is whole, too";
  EXPECT_TRUE(none.complete);
}

TEST_F(GenealogyServiceTest, NamesTheRequestOfASplit) {
  const int64_t whole = plant_.AddLot("POW", "W", 1'000'000);
  const int64_t part = plant_.AddLot("POW", "W-1", 1'000'000);
  server_.database().Query(
      "insert into lot_consumption (lot_id, consumer_id, quantity_micro, consume_time, record_time, sequence, station_id, "
      "epoch, operation, line, kind, request_id) values (" +
      std::to_string(whole) + ", " + std::to_string(part) + ", 1, now(), now(), 0, 0, 0, 0, 0, 2, 'split-1')");
  const Answer answer = Trace("W-1");
  ASSERT_THAT(answer.edges, ElementsAre("W-1>W"));
  EXPECT_EQ(answer.messages[0].kind(), "split");
  EXPECT_EQ(answer.messages[0].install_event(), "split-1");
}

TEST_F(GenealogyServiceTest, RefusesBadQuestions) {
  plant_.AddUnit("PACK", "P");
  EXPECT_EQ(ReasonOf(Trace("NONE").status), "UNIT_UNKNOWN");
  EXPECT_EQ(ReasonOf(WhereUsed("NONE").status), "UNIT_UNKNOWN");
  EXPECT_EQ(FieldOf(Trace("P", v1::TRACE_VIEW_AS_IS_AT).status), "at_time");
  EXPECT_EQ(FieldOf(Trace("P", static_cast<v1::TraceView>(9)).status), "view");
  v1::TraceRequest request;
  request.set_code("P");
  request.set_max_depth(-1);
  EXPECT_EQ(ReasonOf(Trace(request).status) + FieldOf(Trace(request).status), "FIELD_INVALIDmax_depth");
  request.set_max_depth(0);
  request.set_max_edges(1'000'001);
  EXPECT_EQ(FieldOf(Trace(request).status), "max_edges");
  v1::WhereUsedRequest where;
  where.set_code("P");
  where.set_material_code("NONE");
  EXPECT_EQ(ReasonOf(WhereUsed(where).status) + FieldOf(WhereUsed(where).status), "FIELD_INVALIDmaterial_code");
}

}  // namespace
}  // namespace mes::services
