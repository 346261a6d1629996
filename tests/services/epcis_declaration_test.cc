// Events that their sender declares errors after their capture, over real gRPC: what they did is taken back or the document
// refused.
#include "domain/epcis_declaration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mes/v1/unit.grpc.pb.h"
#include "tests/services/epcis_plant.h"

namespace mes::services {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::CallOnce;
using tests::Document;
using tests::Event;
using tests::Lived;
using tests::Made;
using tests::MadeLot;
using tests::Put;
using tests::ReasonOf;
using Json = nlohmann::json;
using Plant = tests::EpcisPlant;

Json Wrong(Json event, const char* reason = "incorrect_data") {
  event["errorDeclaration"] = {{"declarationTime", "2026-10-05T08:00:00Z"}, {"reason", reason}};
  return event;
}
Json Used(const char* lot, double quantity, const char* unit) {
  Json event = Event("TransformationEvent", "2026-09-02T09:00:00+08:00", "assembling");
  event["inputQuantityList"] = {
      {{"epcClass", "https://stackco.example/lot/" + std::string(lot)}, {"quantity", quantity}, {"uom", "KGM"}}};
  event["outputEPCList"] = {"https://stackco.example/unit/" + std::string(unit)};
  return event;
}
Json Scrapped(const char* code) {
  Json event = Event("ObjectEvent", "2026-09-08T08:00:00+08:00", "decommissioning");
  event["action"] = "OBSERVE";
  event["epcList"] = {"https://stackco.example/unit/" + std::string(code)};
  return event;
}

class EpcisDeclaration : public testing::Test {
 protected:
  Plant plant_;
  v1::CaptureEpcisResponse captured_;

  std::string Told(const std::vector<Json>& events) { return ReasonOf(plant_.Capture(Document(events), &captured_)); }
  // `pointer fault` of the first fault.
  std::string Fault(const std::vector<Json>& events) {
    const grpc::Status status = plant_.Capture(Document(events));
    if (ReasonOf(status) != "DOCUMENT_INVALID") return ReasonOf(status);
    const auto metadata = tests::ErrorInfoOf(status).metadata();
    return metadata.at("pointer") + " " + metadata.at("fault");
  }
  std::string Value(const std::string& sql) { return plant_.stored.database().Value(sql); }
  std::string State(const std::string& code) { return Value("select state from unit where code = '" + code + "'"); }
  std::string LeftOf(const std::string& code) {
    return Value("select left_micro from lot join unit using (unit_id) where code = '" + code + "'");
  }
  // Codes inside the unit as was known at a moment (seconds; 0 = as is).
  std::vector<std::string> Inside(const std::string& code, int64_t known_at_s = 0) {
    v1::TraceRequest request;
    request.set_code(code);
    if (known_at_s != 0) {
      request.set_view(v1::TRACE_VIEW_AS_KNOWN_AT);
      request.mutable_at_time()->set_seconds(known_at_s);
    }
    grpc::ClientContext context;
    const auto reader = plant_.genealogy->Trace(&context, request);
    v1::TraceResponse page;
    std::vector<std::string> codes;
    while (reader->Read(&page)) {
      for (const auto& edge : page.edges()) codes.push_back(edge.child_code());
    }
    EXPECT_EQ(ReasonOf(reader->Finish()), "OK");
    return codes;
  }
};

constexpr char kPointer[] = "/epcisBody/eventList/0/errorDeclaration";

TEST_F(EpcisDeclaration, APartThatWasPutInByErrorNeverWasIn) {
  const Json put = Put("ADD", "S-1", "C-1");
  ASSERT_EQ(Told({Made("S-1", "PACK"), Made("C-1", "CELL"), put}), "OK");
  // As if it had been captured an hour ago.
  plant_.Sql("update assembly set install_record_time = install_record_time - interval '1 hour'");
  const int64_t before = time(nullptr) - 1'800;
  ASSERT_THAT(Inside("S-1"), ElementsAre("C-1"));
  ASSERT_EQ(Told({Wrong(put)}), "OK");
  EXPECT_EQ(captured_.taken_back(), 1);
  EXPECT_EQ(captured_.known(), 1);
  EXPECT_THAT(Inside("S-1"), IsEmpty());
  EXPECT_THAT(Inside("S-1", before), ElementsAre("C-1")) << "as was known then";
  EXPECT_EQ(Value("select count(*) from assembly where remove_time = install_time"), "1");
  EXPECT_TRUE(plant_.CapturedOf("S-1").back().wrong());
  EXPECT_TRUE(plant_.CapturedOf("C-1").back().wrong()) << "it stays with both";
  ASSERT_EQ(Told({Wrong(put)}), "OK") << "once more";
  EXPECT_EQ(captured_.taken_back(), 0);
  EXPECT_EQ(Told({Put("ADD", "S-1", "C-1", "2026-09-07T08:00:00+08:00")}), "OK") << "the corrected one";
  EXPECT_THAT(Inside("S-1"), ElementsAre("C-1"));
}

TEST_F(EpcisDeclaration, APartThatCameOutByErrorIsWhereItWasWithoutABreak) {
  const Json put = Put("ADD", "S-1", "C-1"), out = Put("DELETE", "S-1", "C-1", "2026-09-03T08:00:00+08:00");
  ASSERT_EQ(Told({Made("S-1", "PACK"), Made("C-1", "CELL"), Made("C-2", "CELL"), put}), "OK");
  ASSERT_EQ(Told({out}), "OK");
  EXPECT_EQ(Fault({Wrong(put)}), std::string(kPointer) + " NOT_INSTALLED") << "it came out since";
  const std::vector<std::string> was = {"C-1"};
  ASSERT_EQ(Told({Wrong(out)}), "OK");
  EXPECT_EQ(Inside("S-1"), was);
  EXPECT_EQ(Value("select use_count from unit where code = 'C-1'"), "0");
  EXPECT_EQ(Told({Put("DELETE", "S-1", "C-1", "2026-09-04T08:00:00+08:00")}), "OK");
  // Elsewhere by now, its place taken, or lived on.
  const Json again = Put("DELETE", "S-1", "C-1", "2026-09-04T08:00:00+08:00");
  ASSERT_EQ(Told({Made("S-2", "PACK"), Put("ADD", "S-2", "C-1", "2026-09-05T08:00:00+08:00")}), "OK");
  EXPECT_EQ(Fault({Wrong(again)}), std::string(kPointer) + " UNIT_STATE");
  ASSERT_EQ(Told({Wrong(Put("ADD", "S-2", "C-1", "2026-09-05T08:00:00+08:00"))}), "OK");
  const Json other = Put("ADD", "S-1", "C-2", "2026-09-06T08:00:00+08:00");
  ASSERT_EQ(Told({other}), "OK");
  EXPECT_EQ(Fault({Wrong(again)}), std::string(kPointer) + " POSITION_OCCUPIED");
  ASSERT_EQ(Told({Wrong(other), Lived("C-1", "shipping", "2026-09-07T08:00:00+08:00")}), "OK");
  EXPECT_EQ(Fault({Wrong(again)}), std::string(kPointer) + " REVERSAL_REFUSED");
  ASSERT_EQ(Told({Wrong(again), Wrong(Lived("C-1", "shipping", "2026-09-07T08:00:00+08:00"))}), "OK") << "both, the latest first";
  EXPECT_EQ(Inside("S-1"), was);
  EXPECT_EQ(plant_.Audited(), "sound");
}

TEST_F(EpcisDeclaration, InAndOutDeclaredTogetherOrOneAfterTheOtherLeaveNothing) {
  const Json put = Put("ADD", "S-1", "C-1"), out = Put("DELETE", "S-1", "C-1", "2026-09-03T08:00:00+08:00");
  ASSERT_EQ(Told({Made("S-1", "PACK"), Made("C-1", "CELL"), put, out}), "OK");
  ASSERT_EQ(Told({Wrong(put), Wrong(out)}), "OK");
  EXPECT_EQ(captured_.taken_back(), 2);
  EXPECT_THAT(Inside("S-1"), IsEmpty());
  EXPECT_EQ(Value("select count(*) from assembly where remove_time is distinct from install_time"), "0") << "it never was in";
  const Json put2 = Put("ADD", "S-1", "C-1", "2026-09-05T08:00:00+08:00"),
             out2 = Put("DELETE", "S-1", "C-1", "2026-09-06T08:00:00+08:00");
  ASSERT_EQ(Told({put2}), "OK");
  ASSERT_EQ(Told({out2}), "OK");
  ASSERT_EQ(Told({Wrong(out2)}), "OK");
  EXPECT_THAT(Inside("S-1"), ElementsAre("C-1"));
  ASSERT_EQ(Told({Wrong(put2)}), "OK");
  EXPECT_THAT(Inside("S-1"), IsEmpty());
  EXPECT_EQ(Value("select count(*) from assembly where remove_time is distinct from install_time"), "0");
  // An end that was taken back, ended again, taken back again: the beginning is still found.
  const Json put5 = Put("ADD", "S-1", "C-1", "2026-09-06T09:00:00+08:00"),
             out5 = Put("DELETE", "S-1", "C-1", "2026-09-06T10:00:00+08:00"),
             out6 = Put("DELETE", "S-1", "C-1", "2026-09-06T11:00:00+08:00");
  for (const Json& event : {put5, out5, Wrong(out5), out6, Wrong(out6)}) ASSERT_EQ(Told({event}), "OK");
  EXPECT_THAT(Inside("S-1"), ElementsAre("C-1"));
  ASSERT_EQ(Told({Wrong(put5)}), "OK");
  EXPECT_THAT(Inside("S-1"), IsEmpty());
  EXPECT_EQ(Value("select count(*) from assembly where remove_time is distinct from install_time"), "0");
  // Taken back and told anew in one document.
  const Json put3 = Put("ADD", "S-1", "C-1", "2026-09-07T08:00:00+08:00"), put4 = Put("ADD", "S-1", "C-1", "2026-09-08T08:00:00+08:00");
  ASSERT_EQ(Told({put3}), "OK");
  ASSERT_EQ(Told({Wrong(put3), put4}), "OK");
  EXPECT_THAT(Inside("S-1"), ElementsAre("C-1"));
  EXPECT_EQ(plant_.Audited(), "sound");
}

TEST_F(EpcisDeclaration, WhatWasUsedUpByErrorIsThereAgain) {
  const Json used = Used("L-1", 0.25, "S-1");
  ASSERT_EQ(Told({Made("S-1", "PACK"), MadeLot("L-1", "ELY", 2.5), used}), "OK");
  EXPECT_EQ(LeftOf("L-1"), "2250000");
  ASSERT_EQ(Told({Wrong(used)}), "OK");
  EXPECT_EQ(LeftOf("L-1"), "2500000");
  EXPECT_THAT(plant_.TraceOf("S-1"), IsEmpty());
  ASSERT_EQ(Told({Wrong(used)}), "OK");
  EXPECT_EQ(LeftOf("L-1"), "2500000") << "once";
  EXPECT_EQ(plant_.Audited(), "sound");
}

TEST_F(EpcisDeclaration, AStepOfALifeGoesBackByTheRulesOfLives) {
  const Json shipped = Lived("S-1", "shipping", "2026-10-01T08:00:00+08:00"),
             returned = Lived("S-1", "receiving", "2026-10-02T08:00:00+08:00");
  ASSERT_EQ(Told({Made("S-1", "PACK"), shipped, returned}), "OK");
  EXPECT_EQ(Fault({Wrong(shipped)}), std::string(kPointer) + " REVERSAL_REFUSED") << "not the newest";
  EXPECT_EQ(plant_.LifeOf("S-1"), "LIFE_STATE_RETURNED");
  ASSERT_EQ(Told({Wrong(shipped, "did_not_occur"), Wrong(returned)}), "OK");
  EXPECT_EQ(plant_.LifeOf("S-1"), "LIFE_STATE_MADE");
  EXPECT_EQ(State("S-1"), "2");
  EXPECT_EQ(Value("select string_agg(distinct reverse_person || ': ' || reverse_reason, ',') from life_record"),
            "Li: its sender declared the event an error");
  // A person here does not take a partner's word back.
  ASSERT_EQ(Told({Lived("S-1", "shipping", "2026-10-03T08:00:00+08:00")}), "OK");
  v1::ReverseLifeRecordRequest back;
  back.set_request_id("b1");
  back.set_unit_code("S-1");
  back.set_life_record_id(std::stoll(Value("select max(life_record_id) from life_record")));
  back.set_reason("not true");
  back.set_person("Wang");
  v1::ReverseLifeRecordResponse taken;
  const auto status = CallOnce(*plant_.lives, &v1::LifeService::Stub::ReverseLifeRecord, back, &taken);
  EXPECT_EQ(tests::ErrorInfoOf(status).metadata().at("rests_on"), "partner");
}

TEST_F(EpcisDeclaration, ASecondLifeStays) {
  Json second = Event("TransformationEvent", "2026-10-04T08:00:00+08:00", "https://stackco.example/bizstep/repurposing");
  second["inputEPCList"] = {"https://stackco.example/unit/B-1"};
  second["outputEPCList"] = {"https://stackco.example/unit/B-1R"};
  ASSERT_EQ(Told({Made("B-1", "PACK"), Lived("B-1", "shipping", "2026-09-05T08:00:00+08:00"),
                  Lived("B-1", "receiving", "2026-10-01T08:00:00+08:00"),
                  Lived("B-1", "https://stackco.example/bizstep/testing", "2026-10-02T08:00:00+08:00"), second}),
            "OK");
  EXPECT_EQ(Fault({Wrong(second)}), std::string(kPointer) + " REVERSAL_REFUSED");
  EXPECT_FALSE(plant_.CapturedOf("B-1").back().wrong()) << "refused whole";
}

TEST_F(EpcisDeclaration, AScrapByErrorLeavesTheUnitAsItWas) {
  ASSERT_EQ(
      Told({Made("S-1", "PACK"), Made("S-2", "PACK"), Lived("S-2", "shipping", "2026-09-05T08:00:00+08:00"), Scrapped("S-1")}),
      "OK");
  ASSERT_EQ(Told({Scrapped("S-2")}), "OK");
  EXPECT_EQ(State("S-1") + State("S-2"), "33");
  ASSERT_EQ(Told({Wrong(Scrapped("S-1")), Wrong(Scrapped("S-2"))}), "OK");
  EXPECT_EQ(State("S-1") + State("S-2"), "24") << "finished, shipped";
  ASSERT_EQ(Told({Made("S-3", "PACK"), Scrapped("S-3")}), "OK");
  plant_.Sql("update unit set state = 2 where code = 'S-3'");
  EXPECT_EQ(Fault({Wrong(Scrapped("S-3"))}), std::string(kPointer) + " UNIT_STATE");
}

TEST_F(EpcisDeclaration, WhatCameToExistByErrorIsNothingUntilItIsToldAnew) {
  const Json made = Made("S-1", "PACK"), lot = MadeLot("L-1", "ELY", 2.5);
  ASSERT_EQ(Told({made, lot}), "OK");
  ASSERT_EQ(Told({Wrong(made), Wrong(lot)}), "OK");
  EXPECT_EQ(State("S-1"), "3");
  EXPECT_EQ(LeftOf("L-1"), "0");
  EXPECT_TRUE(plant_.CapturedOf("S-1").at(0).wrong());
  EXPECT_EQ(Fault({Lived("S-1", "shipping", "2026-10-01T08:00:00+08:00")}), "/epcisBody/eventList/0 UNIT_UNKNOWN");
  EXPECT_EQ(Fault({Made("S-2", "PACK"), Used("L-1", 0.25, "S-2")}), "/epcisBody/eventList/1 LOT_UNKNOWN");
  // What it is was wrong: the corrected event names another material, and the declaration names the corrected event.
  Json right = Made("S-1", "CELL", "2026-09-01T08:00:01+08:00"), less = lot;
  less["quantityList"][0]["quantity"] = 2.0;
  ASSERT_EQ(Told({right, less, Lived("S-1", "shipping", "2026-10-01T08:00:00+08:00")}), "OK");
  EXPECT_EQ(captured_.made(), 2);
  EXPECT_EQ(Value("select m.code from unit join material m using (material_id) where unit.code = 'S-1'"), "CELL");
  EXPECT_EQ(plant_.LifeOf("S-1"), "LIFE_STATE_SHIPPED");
  EXPECT_EQ(Value("select quantity_micro || '/' || left_micro from lot"), "2000000/2000000");
  EXPECT_EQ(plant_.Audited(), "sound");
}

TEST_F(EpcisDeclaration, WhatStandsOfAThingKeepsIt) {
  const auto fault = std::string(kPointer) + " UNIT_STATE";
  ASSERT_EQ(Told({Made("S-1", "PACK"), Made("C-1", "CELL"), MadeLot("L-1", "ELY", 2.5), Put("ADD", "S-1", "C-1"),
                  Used("L-1", 0.25, "S-1"), Made("S-2", "PACK"), Lived("S-2", "shipping", "2026-10-01T08:00:00+08:00")}),
            "OK");
  EXPECT_EQ(Fault({Wrong(Made("S-1", "PACK"))}), fault) << "parts in it";
  EXPECT_EQ(Fault({Wrong(Made("C-1", "CELL"))}), fault) << "it is in something";
  EXPECT_EQ(Fault({Wrong(MadeLot("L-1", "ELY", 2.5))}), fault) << "used";
  EXPECT_EQ(Fault({Wrong(Made("S-2", "PACK"))}), fault) << "lived";
  EXPECT_EQ(Value("select count(*) from captured_event where wrong"), "0");
  ASSERT_EQ(Told({Wrong(Made("S-1", "PACK")), Wrong(Made("C-1", "CELL")), Wrong(MadeLot("L-1", "ELY", 2.5)),
                  Wrong(Put("ADD", "S-1", "C-1")), Wrong(Used("L-1", 0.25, "S-1"))}),
            "OK")
      << "with all that rested on them";
  EXPECT_EQ(State("S-1") + State("C-1"), "33");
  // Told by two: it exists while one of them stands.
  const Json first = Made("S-9", "PACK"), second = Made("S-9", "PACK", "2026-09-02T08:00:00+08:00");
  ASSERT_EQ(Told({first, second}), "OK");
  ASSERT_EQ(Told({Wrong(first)}), "OK");
  EXPECT_EQ(State("S-9"), "2");
  ASSERT_EQ(Told({Wrong(second)}), "OK");
  EXPECT_EQ(State("S-9"), "3");
}

TEST_F(EpcisDeclaration, WhatARecyclerWeighedStays) {
  const Json put = Put("ADD", "S-1", "C-1"), used = Used("L-1", 0.25, "S-1"),
             out = Put("DELETE", "S-1", "C-2", "2026-09-03T08:00:00+08:00");
  ASSERT_EQ(Told({Made("S-1", "PACK"), Made("C-1", "CELL"), Made("C-2", "CELL"), MadeLot("L-1", "ELY", 2.5), put, used,
                  Put("ADD", "S-1", "C-2", "2026-09-02T08:30:00+08:00"), out}),
            "OK");
  plant_.Sql(
      "insert into recycling_batch (partner, place, state, person, open_time) values ('ReCell', 'Baotou', 1, 'Li', now());"
      "insert into recycling_unit select unit_id, 1, now(), now(), null, 0, 1, true, true from unit where code = 'S-1'");
  EXPECT_EQ(Fault({Wrong(put)}), std::string(kPointer) + " RECYCLING_BATCH_STATE");
  EXPECT_EQ(Fault({Wrong(used)}), std::string(kPointer) + " RECYCLING_BATCH_STATE");
  EXPECT_EQ(Fault({Wrong(out)}), std::string(kPointer) + " RECYCLING_BATCH_STATE");
}

TEST_F(EpcisDeclaration, OnlyItsSenderDeclaresAnEventAnErrorAndItGoesOutSo) {
  const Json put = Put("ADD", "S-1", "C-1");
  ASSERT_EQ(Told({Made("S-1", "PACK"), Made("C-1", "CELL"), put}), "OK");
  plant_.partner = "Else";
  EXPECT_EQ(Fault({Wrong(put)}), std::string(kPointer) + " DOCUMENT_INVALID");
  EXPECT_EQ(Fault({Made("S-3", "PACK"), Wrong(put)}), "/epcisBody/eventList/1/errorDeclaration DOCUMENT_INVALID");
  EXPECT_EQ(Value("select count(*) from unit where code = 'S-3'"), "0") << "whole or not at all";
  EXPECT_THAT(Inside("S-1"), ElementsAre("C-1"));
  plant_.partner = "StackCo";
  Json declared = Wrong(put);
  declared["errorDeclaration"]["correctiveEventIDs"] = {"ni:///sha-256;" + std::string(64, 'a') + "?ver=CBV2.0"};
  ASSERT_EQ(Told({declared}), "OK");
  const Json body = Json::parse(plant_.CapturedOf("S-1").back().body());
  EXPECT_EQ(body["errorDeclaration"]["correctiveEventIDs"], declared["errorDeclaration"]["correctiveEventIDs"]);
  Plant other;
  ASSERT_EQ(ReasonOf(other.Capture(plant_.ExportPeriod())), "OK");
  EXPECT_THAT(other.TraceOf("S-1"), IsEmpty());
  // Told and declared in one document: an error from the start.
  const Json late = Put("ADD", "S-1", "C-1", "2026-09-09T08:00:00+08:00");
  ASSERT_EQ(Told({late, Wrong(late)}), "OK");
  EXPECT_EQ(captured_.wrong(), 1);
  EXPECT_THAT(Inside("S-1"), IsEmpty());
}

}  // namespace
}  // namespace mes::services
