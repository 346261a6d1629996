// Partners' documents over real gRPC: what is kept, what they change, what is refused with its place, and a plant's period
// carried into an empty one.
#include "domain/epcis_capture.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "domain/limits_epcis.h"
#include "mes/v1/unit.grpc.pb.h"
#include "services/epcis.h"
#include "services/epcis_hash.h"
#include "tests/services/epcis_plant.h"

namespace mes::services {
namespace {

using domain::EventKind;
using testing::HasSubstr;
using tests::CallOnce;
using tests::FieldOf;
using tests::ReasonOf;
using tests::Document;
using tests::Event;
using tests::ExpectEpcisSchema;
using tests::Lived;
using tests::Made;
using tests::MadeLot;
using tests::Put;
using tests::StoredPlant;
using Json = nlohmann::json;
using Plant = tests::EpcisPlant;

TEST(EpcisCapture, APeriodCarriedIntoAnEmptyPlantGivesTheSameTraces) {
  Plant first, second;
  const int64_t pack = first.stored.AddUnit("PACK", "P-1");
  const int64_t housing = first.stored.AddUnit("HSG", "H-1");
  const int64_t cell = first.stored.AddUnit("CELL", "C-1"), old = first.stored.AddUnit("CELL", "C-0");
  const int64_t lot = first.stored.AddLot("ELY", "E-1", 9'000'000);
  const auto at = [](int second) { return domain::FormatTime(StoredPlant::kNow + std::chrono::seconds(second - 1)); };
  const auto install = [&](int sequence, int64_t part, int line, int slot) {
    first.stored.AddEvent(
        pack, sequence, EventKind::kInstalled, 20,
        "other_unit_id = " + std::to_string(part) + ", line = " + std::to_string(line) + ", slot = " + std::to_string(slot));
    first.stored.Install(pack, part, line, slot, at(sequence));
  };
  first.stored.AddEvent(pack, 1, EventKind::kStarted, 10);
  install(2, housing, 1, 1);
  install(3, old, 2, 1);
  first.stored.AddEvent(pack, 4, EventKind::kRemoved, 20, "other_unit_id = " + std::to_string(old) + ", line = 2, slot = 1");
  first.stored.Remove(old, at(4));
  install(5, cell, 2, 1);
  first.stored.AddEvent(cell, 6, EventKind::kConsumed, 10,
                        "other_unit_id = " + std::to_string(lot) + ", line = 1, quantity_micro = 4500000");
  first.stored.Consume(lot, cell, 4'500'000, at(6));
  first.Sql("update lot set left_micro = 4500000");
  // What is left goes in parts, two of these together, and from there into another cell.
  first.Split("E-1", {{"E-1A", "1"}, {"E-1B", "2.5"}}, 1'790'000'002);
  first.Merge("E-2", {"E-1A", "E-1B"}, 1'790'000'003);
  const int64_t joined = std::stoll(first.stored.database().Value("select unit_id from unit where code = 'E-2'"));
  first.stored.AddEvent(old, 8, EventKind::kConsumed, 10,
                        "other_unit_id = " + std::to_string(joined) + ", line = 1, quantity_micro = 3000000");
  first.stored.Consume(joined, old, 3'000'000, at(8));
  first.stored.AddEvent(pack, 7, EventKind::kCompleted, 40, "judgement = 1");
  const std::vector<std::string> made_of = first.TraceOf("P-1");
  ASSERT_EQ(made_of.size(), 3u);
  const std::vector<std::string> old_of = first.TraceOf("C-0");
  ASSERT_THAT(old_of, testing::ElementsAre(HasSubstr("C-0 > E-2 ELY 1.0 3 consumed"), HasSubstr("E-1A > E-1 ELY 0.0 1 split"),
                                           HasSubstr("E-1B > E-1 ELY 0.0 2.5 split"), HasSubstr("E-2 > E-1A ELY 0.0 1 merged"),
                                           HasSubstr("E-2 > E-1B ELY 0.0 2.5 merged")));

  const std::string document = first.ExportPeriod();
  ExpectEpcisSchema(document);
  v1::CaptureEpcisResponse captured;
  ASSERT_EQ(ReasonOf(second.Capture(document, &captured)), "OK");
  EXPECT_EQ(captured.captured(), 14);
  EXPECT_EQ(captured.made(), 8);
  EXPECT_EQ(captured.installed(), 3);
  EXPECT_EQ(captured.removed(), 1);
  EXPECT_EQ(captured.consumed(), 5);
  EXPECT_EQ(second.TraceOf("P-1"), made_of);
  EXPECT_EQ(second.TraceOf("C-0"), old_of);
  const char* left = "select string_agg(code || ' ' || left_micro, ', ' order by code) from lot join unit using (unit_id)";
  EXPECT_EQ(second.stored.database().Value(left), "E-1 1000000, E-1A 0, E-1B 0, E-2 500000");

  ASSERT_EQ(ReasonOf(second.Capture(document, &captured)), "OK") << "again, as another request";
  EXPECT_EQ(captured.captured(), 0);
  EXPECT_EQ(captured.known(), 14);
  EXPECT_EQ(captured.made() + captured.installed() + captured.removed() + captured.consumed(), 0);
  EXPECT_EQ(second.TraceOf("P-1"), made_of);

  const auto ids = [](const std::string& text) {
    const Json parsed = Json::parse(text);
    std::set<std::string> all;
    for (const Json& event : parsed["epcisBody"]["eventList"]) all.insert(event["eventID"]);
    return all;
  };
  EXPECT_EQ(ids(second.ExportPeriod()), ids(document)) << "what came in goes out under the same hashes, and nothing else";
  EXPECT_EQ(second.Audited(), "sound");
}

// `lots` and `made`: code and quantity.
Json OfLots(const char* step, const std::vector<std::pair<const char*, double>>& lots,
            const std::vector<std::pair<const char*, double>>& made, const char* material = nullptr) {
  Json event = Event("TransformationEvent", "2026-09-02T08:00:00+08:00", step);
  const auto list = [](const auto& amounts) {
    Json all = Json::array();
    for (const auto& [code, quantity] : amounts) {
      all.push_back({{"epcClass", "https://stackco.example/lot/" + std::string(code)}, {"uom", "KGM"}});
      if (quantity > 0) all.back()["quantity"] = quantity;
    }
    return all;
  };
  event["inputQuantityList"] = list(lots);
  event["outputQuantityList"] = list(made);
  if (material != nullptr) event["ilmd"] = {{"ex:material", material}};
  return event;
}

TEST(EpcisCapture, LotsComeOfLotsOrTheDocumentIsRefusedAtItsPlace) {
  Plant plant;
  const std::string splitting = "https://stackco.example/bizstep/splitting", merging = "https://stackco.example/bizstep/merging";
  const Json split = OfLots(splitting.c_str(), {{"L-1", 2.0}}, {{"L-1A", 0.5}, {"L-1B", 1.5}});
  Json merged = OfLots(merging.c_str(), {{"L-1A", 0.5}, {"L-1B", 0.5}}, {{"L-2", 1.0}});
  merged["eventTime"] = "2026-09-03T08:00:00+08:00";
  Json mixed = OfLots("assembling", {{"L-2", 0.25}, {"L-1", 0.25}}, {{"L-3", 9.0}}, "POW");
  mixed["eventTime"] = "2026-09-04T08:00:00+08:00";
  v1::CaptureEpcisResponse captured;
  ASSERT_EQ(ReasonOf(plant.Capture(Document({MadeLot("L-1", "ELY", 2.5), split, merged, mixed}), &captured)), "OK");
  EXPECT_EQ(captured.made(), 5);
  EXPECT_THAT(plant.TraceOf("L-3"),
              testing::ElementsAre(HasSubstr("L-1A > L-1 ELY 0.0 0.5 split"), HasSubstr("L-1B > L-1 ELY 0.0 1.5 split"),
                                   HasSubstr("L-2 > L-1A ELY 0.0 0.5 merged"), HasSubstr("L-2 > L-1B ELY 0.0 0.5 merged"),
                                   HasSubstr("L-3 > L-1 ELY 0.0 0.25 consumed"), HasSubstr("L-3 > L-2 ELY 0.0 0.25 consumed")));
  const char* lots = "select string_agg(code || ' ' || left_micro, ', ' order by code) from lot join unit using (unit_id)";
  EXPECT_EQ(plant.stored.database().Value(lots), "L-1 250000, L-1A 0, L-1B 1000000, L-2 750000, L-3 9000000");

  const auto told = [&](const Json& event) {
    const auto metadata = tests::ErrorInfoOf(plant.Capture(Document({Made("S-9", "PACK"), event}))).metadata();
    const std::string place = "/epcisBody/eventList/1", pointer = metadata.at("pointer");
    EXPECT_TRUE(pointer.starts_with(place)) << pointer;
    return pointer.substr(place.size()) + " " + metadata.at("fault");
  };
  EXPECT_EQ(plant.Audited(), "sound");
  EXPECT_EQ(told(OfLots(splitting.c_str(), {{"L-1", 0.5}}, {{"N-1", 0.5}})), " QUANTITY_EXCEEDS_LEFT");
  EXPECT_EQ(told(OfLots(splitting.c_str(), {{"L-1", 0.25}}, {{"N-1", 0.125}})), " QUANTITY_INVALID") << "a part is missing";
  EXPECT_EQ(told(OfLots(splitting.c_str(), {{"L-1", 0.25}}, {{"L-2", 0.25}})), " LOT_EXISTS");
  EXPECT_EQ(told(OfLots(splitting.c_str(), {{"L-0", 0.25}}, {{"N-1", 0.25}})), " LOT_UNKNOWN");
  EXPECT_EQ(told(OfLots(splitting.c_str(), {{"L-1", 0}}, {{"N-1", 0.25}})), " QUANTITY_INVALID");
  EXPECT_EQ(told(OfLots(splitting.c_str(), {{"L-1", 0.25}}, {{"N-1", 0}})), "/outputQuantityList/0/quantity QUANTITY_INVALID");
  EXPECT_EQ(told(OfLots(splitting.c_str(), {{"L-1", 0.25}}, {{"N-1", 0.25}}, "POW")), " LOT_MERGE_MISMATCH");
  EXPECT_EQ(told(OfLots(merging.c_str(), {{"L-1", 0.2}, {"L-1", 0.2}}, {{"N-1", 0.4}})), " QUANTITY_EXCEEDS_LEFT") << "in all";
  EXPECT_EQ(told(OfLots("assembling", {{"L-1", 0.25}}, {{"N-1", 0.25}}, "CELL")), "/outputQuantityList/0/uom UOM_MISMATCH");
  plant.Sql("update unit set hold_count = 1 where code = 'L-1'");
  EXPECT_EQ(told(OfLots(splitting.c_str(), {{"L-1", 0.25}}, {{"N-1", 0.25}})), " NOT_BLOCKED");
  EXPECT_EQ(plant.stored.database().Value(lots), "L-1 250000, L-1A 0, L-1B 1000000, L-2 750000, L-3 9000000");

  // Declared errors: the latest first, and only with what became of them.
  const auto wrong = [](Json event) {
    event["errorDeclaration"] = {{"declarationTime", "2026-10-05T08:00:00Z"}, {"reason", "incorrect_data"}};
    return event;
  };
  EXPECT_EQ(told(wrong(split)), "/errorDeclaration UNIT_STATE");
  ASSERT_EQ(ReasonOf(plant.Capture(Document({wrong(split), wrong(merged), wrong(mixed)}))), "OK");
  EXPECT_EQ(plant.stored.database().Value(lots), "L-1 2500000, L-1A 0, L-1B 0, L-2 0, L-3 0");
  EXPECT_TRUE(plant.TraceOf("L-3").empty());
  EXPECT_TRUE(plant.TraceOf("L-2").empty());
}

TEST(EpcisCapture, ABoughtStackComesWithItsHistory) {
  Plant plant;
  Json inspected = Event("ObjectEvent", "2026-09-03T08:00:00+08:00", "inspecting");
  inspected["action"] = "OBSERVE";
  inspected["epcList"] = {"https://stackco.example/unit/S-1"};
  Json used = Event("TransformationEvent", "2026-09-02T09:00:00+08:00", "assembling");
  used["inputQuantityList"] = {{{"epcClass", "https://stackco.example/lot/L-1"}, {"quantity", 0.25}, {"uom", "KGM"}}};
  used["outputEPCList"] = {"https://stackco.example/unit/S-1"};
  // Any order in the document: what counts is when it happened.
  v1::CaptureEpcisResponse captured;
  ASSERT_EQ(ReasonOf(plant.Capture(Document({Put("ADD", "S-1", "C-1"), used, inspected, Made("S-1", "PACK"), Made("C-1", "CELL"),
                                             MadeLot("L-1", "ELY", 2.5)}),
                                   &captured)),
            "OK");
  EXPECT_EQ(captured.captured(), 6);
  EXPECT_EQ(captured.made(), 3);
  EXPECT_THAT(plant.TraceOf("S-1"),
              testing::ElementsAre(HasSubstr("S-1 > C-1 CELL 32767.1"), HasSubstr("S-1 > L-1 ELY 0.0 0.25 consumed")));
  EXPECT_EQ(plant.CapturedOf("S-1").size(), 4u);
  EXPECT_EQ(plant.CapturedOf("L-1").size(), 2u);
  const auto event = plant.CapturedOf("C-1").at(0);
  EXPECT_EQ(event.partner(), "StackCo");
  EXPECT_EQ(event.person(), "Li");
  const Json body = Json::parse(event.body());
  EXPECT_EQ(EpcisHash(body, ContextOf(Json::array())), event.event_id()) << "its own context goes with it";
  EXPECT_EQ(plant.stored.database().Query("select supplier from purchase join unit using (unit_id) where code = 'S-1'")[0][0],
            "StackCo");
  EXPECT_EQ(plant.stored.database().Query("select left_micro from lot join unit using (unit_id) where code = 'L-1'")[0][0],
            "2250000");
}

TEST(EpcisCapture, IdentifiersOfGs1LeadToRegisteredProducts) {
  Plant plant;
  plant.Sql(
      "insert into code_rule (material_id, prefix, traceability, gtin, person, create_time) select material_id, 'NMGPB12', '0000001', "
      "'09521234543213', 'Li', now() from material where code = 'PACK'");
  Json made = Event("ObjectEvent", "2026-09-01T08:00:00+08:00", "commissioning");
  made["action"] = "ADD";
  made["epcList"] = {"https://example.com/some/path/01/09521234543213/21/0000001G9M0000001"};
  ASSERT_EQ(ReasonOf(plant.Capture(Document({made}))), "OK");
  EXPECT_EQ(plant.CapturedOf("NMGPB120000001G9M0000001").size(), 1u);
  Json same = made;
  same["epcList"] = {"urn:epc:id:sgtin:9521234.054321.0000001G9M0000002"};
  ASSERT_EQ(ReasonOf(plant.Capture(Document({same}))), "OK");
  EXPECT_EQ(plant.CapturedOf("NMGPB120000001G9M0000002").size(), 1u) << "an EPC URN names the same";
}

TEST(EpcisCapture, APartTakenOutOrBuiltInIsToldWithItsUnit) {
  Plant first, second;
  const auto ids = first.stored.AddUnits("CELL", {"C-1", "C-2"});
  first.Sql("update unit set create_time = '2026-09-01', finish_time = '2026-09-01'");
  // As replacements in P-1 leave them: one came out of a pack in use, the other went in.
  for (const auto& [id, event, state, used] : {std::tuple(ids[0], "12", "5", "true"), std::tuple(ids[1], "13", "1", "false")}) {
    first.Sql("insert into life_record (unit_id, event, occur_time, record_time, person, party, place, evidence, other_code, used) "
              "values (" + std::to_string(id) + ", " + event + ", '2026-09-05', '2026-09-05', 'Li', '', '', '', 'P-1', " + used +
              "); insert into unit_life values (" + std::to_string(id) + ", " + state + ", " + used +
              ", false, false, false, '2026-09-05')");
  }
  const std::string document = first.ExportPeriod();
  ExpectEpcisSchema(document);
  EXPECT_THAT(document, HasSubstr("\"mes:around\":\"https://o.cn/mes/unit/P-1\""));
  v1::CaptureEpcisResponse captured;
  ASSERT_EQ(ReasonOf(second.Capture(document, &captured)), "OK");
  EXPECT_EQ(captured.lives(), 2);
  EXPECT_EQ(second.LifeOf("C-1"), "LIFE_STATE_RETURNED");
  EXPECT_EQ(second.LifeOf("C-2"), "LIFE_STATE_MADE");
  EXPECT_EQ(second.stored.database().Value("select string_agg(other_code || used::text, ',' order by event) from life_record"),
            "P-1true,P-1false");
}

TEST(EpcisCapture, ARecyclersEventsEndALifeOnce) {
  Plant plant;
  const int64_t pack = plant.stored.AddUnit("PACK", "P-1");
  plant.Sql(
      "update unit set revision_id = (select revision_id from product_revision join material using (material_id) where code = 'PACK'), "
      "finish_time = create_time, serial_slots_filled = 3 where unit_id = " +
      std::to_string(pack));
  Json returned = Lived("P-1", "receiving", "2026-10-02T08:00:00+08:00"),
       shipped = Lived("P-1", "shipping", "2026-10-01T08:00:00+08:00");
  Json recycled = Lived("P-1", "https://stackco.example/bizstep/recycling", "2026-10-03T08:00:00+08:00");
  v1::CaptureEpcisResponse captured;
  ASSERT_EQ(ReasonOf(plant.Capture(Document({recycled, returned, shipped}), &captured)), "OK");
  EXPECT_EQ(captured.lives(), 3);
  EXPECT_EQ(plant.LifeOf("P-1"), "LIFE_STATE_RECYCLED");
  recycled["eventTime"] = "2026-10-04T08:00:00+08:00";
  const auto again = plant.Capture(Document({recycled}));
  EXPECT_EQ(ReasonOf(again), "DOCUMENT_INVALID");
  EXPECT_EQ(tests::ErrorInfoOf(again).metadata().at("fault"), "LIFE_ENDED");
  // Its export tells each step once.
  v1::ExportUnitEpcisRequest request;
  request.set_unit_code("P-1");
  grpc::ClientContext context;
  const auto reader = plant.epcis->ExportUnitEpcis(&context, request);
  v1::ExportUnitEpcisResponse piece;
  int events = 0;
  while (reader->Read(&piece)) events = piece.last() ? piece.events() : events;
  EXPECT_EQ(ReasonOf(reader->Finish()), "OK");
  EXPECT_EQ(events, 3);
}

TEST(EpcisCapture, ASecondLifeGoesOnUnderItsNewCode) {
  Plant plant;
  Json second = Event("TransformationEvent", "2026-10-04T08:00:00+08:00", "https://stackco.example/bizstep/repurposing");
  second["inputEPCList"] = {"https://stackco.example/unit/B-1"};
  second["outputEPCList"] = {"https://stackco.example/unit/B-1R"};
  ASSERT_EQ(ReasonOf(plant.Capture(
                Document({Made("B-1", "PACK"), Lived("B-1", "shipping", "2026-09-05T08:00:00+08:00"),
                          Lived("B-1", "receiving", "2026-10-01T08:00:00+08:00"),
                          Lived("B-1", "https://stackco.example/bizstep/testing", "2026-10-02T08:00:00+08:00"), second}))),
            "OK");
  EXPECT_EQ(plant.LifeOf("B-1"), "LIFE_STATE_SECOND_LIFE");
  EXPECT_EQ(plant.LifeOf("B-1R"), "LIFE_STATE_MADE");
  EXPECT_THAT(plant.TraceOf("B-1R"), testing::ElementsAre(HasSubstr("B-1R > B-1 PACK 1.1")));
  EXPECT_EQ(ReasonOf(plant.Capture(Document({Made("B-1R", "CELL")}))), "DOCUMENT_INVALID") << "it is known as something else";
  EXPECT_EQ(plant.Audited(), "sound");
}

TEST(EpcisCapture, WhatItsSenderTakesBackIsKeptWithoutEffect) {
  Plant plant;
  Json put = Put("ADD", "S-1", "C-1");
  put["errorDeclaration"] = {{"declarationTime", "2026-09-05T08:00:00Z"}, {"reason", "incorrect_data"}};
  v1::CaptureEpcisResponse captured;
  ASSERT_EQ(ReasonOf(plant.Capture(Document({Made("S-1", "PACK"), Made("C-1", "CELL"), put}), &captured)), "OK");
  EXPECT_EQ(captured.wrong(), 1);
  EXPECT_EQ(captured.installed(), 0);
  EXPECT_TRUE(plant.TraceOf("S-1").empty());
  EXPECT_TRUE(plant.CapturedOf("S-1").back().wrong());
  // Later than the event itself.
  const Json other = Put("ADD", "S-1", "C-1", "2026-09-06T08:00:00+08:00");
  ASSERT_EQ(ReasonOf(plant.Capture(Document({other}))), "OK");
  EXPECT_FALSE(plant.CapturedOf("S-1").back().wrong());
  Json declared = other;
  declared["errorDeclaration"] = put["errorDeclaration"];
  ASSERT_EQ(ReasonOf(plant.Capture(Document({declared}), &captured)), "OK");
  EXPECT_EQ(captured.known(), 1);
  EXPECT_TRUE(plant.CapturedOf("S-1").back().wrong()) << "the declaration stays with the event";
}

TEST(EpcisCapture, ALifeRecordTakenBackGoesOutDeclaredAnError) {
  Plant first, second;
  first.stored.AddUnit("HSG", "H-1");
  first.Sql("update unit set create_time = '2026-09-01', finish_time = '2026-09-01'");
  v1::RecordLifeEventRequest ship;
  ship.set_request_id("l1");
  ship.set_unit_code("H-1");
  ship.set_event(v1::LIFE_EVENT_SHIP);
  ship.set_person("Li");
  ship.set_party("NewBus Ltd");
  ship.set_place("Baotou, CN");
  v1::RecordLifeEventResponse shipped;
  ASSERT_EQ(ReasonOf(CallOnce(*first.lives, &v1::LifeService::Stub::RecordLifeEvent, ship, &shipped)), "OK");
  const std::string standing = first.ExportPeriod();
  v1::ReverseLifeRecordRequest back;
  back.set_request_id("l2");
  back.set_unit_code("H-1");
  back.set_life_record_id(1);
  back.set_reason("another housing");
  back.set_person("Wang");
  v1::ReverseLifeRecordResponse taken;
  ASSERT_EQ(ReasonOf(CallOnce(*first.lives, &v1::LifeService::Stub::ReverseLifeRecord, back, &taken)), "OK");
  const std::string document = first.ExportPeriod();
  ExpectEpcisSchema(document);
  const auto last = [](const std::string& text) { return Json::parse(text)["epcisBody"]["eventList"].back(); };
  EXPECT_FALSE(last(standing).contains("errorDeclaration"));
  EXPECT_EQ(last(document)["errorDeclaration"]["reason"], "did_not_occur");
  EXPECT_EQ(last(document)["eventID"], last(standing)["eventID"]) << "the same event";
  ASSERT_EQ(ReasonOf(second.Capture(document)), "OK");
  EXPECT_EQ(second.LifeOf("H-1"), "LIFE_STATE_MADE");
}

TEST(EpcisCapture, WhatIsHeldIsNotShippedByAPartnersWord) {
  Plant plant;
  ASSERT_EQ(ReasonOf(plant.Capture(Document({Made("S-1", "PACK"), Made("C-1", "CELL")}))), "OK");
  plant.Sql("update unit set hold_count = 1 where code = 'S-1'");
  const auto shipped = plant.Capture(Document({Lived("S-1", "shipping", "2026-10-01T08:00:00+08:00")}));
  EXPECT_EQ(tests::ErrorInfoOf(shipped).metadata().at("fault"), "NOT_BLOCKED");
}

TEST(EpcisCapture, APartnersWordReachesItsOwnUnitsOnly) {
  Plant plant;
  plant.stored.AddUnit("PACK", "P-1");
  ASSERT_EQ(ReasonOf(plant.Capture(Document({Made("S-1", "PACK"), Made("C-1", "CELL")}))), "OK") << "StackCo delivered these";
  const auto hand_in = [&](const Json& document, const std::string& partner, const std::string& caller) {
    std::string told = "OK";
    plant.stored.database().pool().Run([&](db::Transaction& transaction) {
      domain::Caller who;
      who.partner = caller;
      const domain::Time now = std::chrono::time_point_cast<domain::Duration>(std::chrono::system_clock::now());
      Call call{transaction, plant.stored.plant(), now, who};
      v1::CaptureEpcisRequest request;
      request.set_document(document.dump());
      request.set_partner(partner);
      request.set_person("Li");
      v1::CaptureEpcisResponse response;
      const domain::Status status = CaptureEpcis(call, request, response);
      if (!status) told = status.error().metadata.contains("fault") ? status.error().metadata.at("fault") : "partner";
      return status.has_value();
    });
    return told;
  };
  const Json shipped = Document({Lived("P-1", "shipping", "2026-10-01T08:00:00+08:00")});
  EXPECT_EQ(hand_in(shipped, "StackCo", "StackCo"), "UNIT_UNKNOWN") << "ours, and not StackCo's";
  EXPECT_EQ(hand_in(Document({Lived("NONE", "shipping", "2026-10-01T08:00:00+08:00")}), "StackCo", "StackCo"), "UNIT_UNKNOWN");
  EXPECT_EQ(hand_in(Document({Made("P-1", "PACK")}), "StackCo", "StackCo"), "UNIT_EXISTS");
  EXPECT_EQ(hand_in(shipped, "NewBus", "StackCo"), "partner") << "in another's name";
  EXPECT_EQ(hand_in(Document({Put("ADD", "S-1", "C-1")}), "StackCo", "StackCo"), "OK") << "what it delivered is its own";
  EXPECT_EQ(hand_in(Document({Put("DELETE", "S-1", "C-1", "2026-09-03T08:00:00Z")}), "Other", "Other"), "UNIT_UNKNOWN");
  EXPECT_EQ(plant.TraceOf("S-1").size(), 1u);
}

struct Refused {
  const char* name;
  Json document;
  const char* pointer;
  const char* fault;
};

TEST(EpcisCapture, RefusesDocumentsByPlaceAndReason) {
  Plant plant;
  const int64_t own = plant.stored.AddUnit("PACK", "OWN");
  plant.Sql(
      "update unit set revision_id = (select revision_id from product_revision join material using (material_id) where code = 'PACK') "
      "where unit_id = " +
      std::to_string(own));
  plant.stored.AddUnit("CELL", "C-9");
  const auto without = [](Json event, const char* field) {
    event.erase(field);
    return event;
  };
  const auto with = [](Json event, const char* field, Json value) {
    event[field] = std::move(value);
    return event;
  };
  Json other = Document({});
  other["type"] = "Invoice";
  Json used = Event("TransformationEvent", "2026-09-02T09:00:00+08:00", "assembling");
  used["inputQuantityList"] = {{{"epcClass", "https://stackco.example/lot/L-1"}, {"quantity", 3}}};
  used["outputEPCList"] = {"https://stackco.example/unit/C-9"};
  const std::vector<Refused> all = {
      {"no events", Json({{"type", "EPCISDocument"}}), "/epcisBody/eventList", "DOCUMENT_INVALID"},
      {"another type", other, "/type", "DOCUMENT_INVALID"},
      {"no time", Document({without(Made("S-1", "PACK"), "eventTime")}), "/epcisBody/eventList/0/eventTime", "DOCUMENT_INVALID"},
      {"no such day", Document({Made("S-1", "PACK", "2026-02-30T08:00:00+08:00")}), "/epcisBody/eventList/0/eventTime",
       "DOCUMENT_INVALID"},
      {"no offset", Document({without(Made("S-1", "PACK"), "eventTimeZoneOffset")}), "/epcisBody/eventList/0/eventTimeZoneOffset",
       "DOCUMENT_INVALID"},
      {"in the future", Document({Made("S-1", "PACK", "2226-09-01T08:00:00+08:00")}), "/epcisBody/eventList/0/eventTime",
       "TIME_IN_FUTURE"},
      {"unknown type", Document({with(Made("S-1", "PACK"), "type", "PartyEvent")}), "/epcisBody/eventList/0/type",
       "DOCUMENT_INVALID"},
      {"unknown action", Document({with(Made("S-1", "PACK"), "action", "EAT")}), "/epcisBody/eventList/0/action",
       "DOCUMENT_INVALID"},
      {"about nothing", Document({without(Made("S-1", "PACK"), "epcList")}), "/epcisBody/eventList/0/epcList",
       "DOCUMENT_INVALID"},
      {"not an address", Document({with(Made("S-1", "PACK"), "epcList", {7})}), "/epcisBody/eventList/0", "DOCUMENT_INVALID"},
      {"not a code", Document({with(Made("S-1", "PACK"), "epcList", {"https://x/unit/%E7%94%B5"})}),
       "/epcisBody/eventList/0/epcList/0", "DOCUMENT_INVALID"},
      {"changed since hashed", Document({with(Made("S-1", "PACK"), "eventID", EpcisIdOf(std::string(64, '0')))}),
       "/epcisBody/eventList/0/eventID", "DOCUMENT_INVALID"},
      {"unknown material", Document({Made("S-1", "CHEESE")}), "/epcisBody/eventList/0/ilmd", "MATERIAL_UNKNOWN"},
      {"material not told", Document({without(Made("S-1", "PACK"), "ilmd")}), "/epcisBody/eventList/0", "MATERIAL_UNKNOWN"},
      {"a lot of packs", Document({MadeLot("L-1", "PACK", 1, "H87")}), "/epcisBody/eventList/0", "DOCUMENT_INVALID"},
      {"one electrolyte", Document({Made("L-1", "ELY")}), "/epcisBody/eventList/0", "DOCUMENT_INVALID"},
      {"no quantity", Document({MadeLot("L-1", "ELY", -1)}), "/epcisBody/eventList/0/quantityList/0/quantity",
       "QUANTITY_INVALID"},
      {"litres", Document({MadeLot("L-1", "ELY", 1, "LTR")}), "/epcisBody/eventList/0/quantityList/0/uom", "UOM_MISMATCH"},
      {"made here", Document({Made("OWN", "PACK")}), "/epcisBody/eventList/0", "UNIT_EXISTS"},
      {"into ours", Document({Put("ADD", "OWN", "C-9")}), "/epcisBody/eventList/0", "DOCUMENT_INVALID"},
      {"unknown parent", Document({Put("ADD", "S-1", "C-9")}), "/epcisBody/eventList/0", "UNIT_UNKNOWN"},
      {"unknown part", Document({Made("S-1", "PACK"), Put("ADD", "S-1", "C-8")}), "/epcisBody/eventList/1", "UNIT_UNKNOWN"},
      {"ours, not shipped", Document({Made("S-1", "PACK"), Put("ADD", "S-1", "OWN")}), "/epcisBody/eventList/1", "UNIT_STATE"},
      {"in itself", Document({Made("S-1", "PACK"), Put("ADD", "S-1", "S-1")}), "/epcisBody/eventList/1", "GENEALOGY_CYCLE"},
      {"twice in", Document({Made("S-1", "PACK"), Put("ADD", "S-1", "C-9"), Put("ADD", "S-1", "C-9", "2026-09-03T08:00:00Z")}),
       "/epcisBody/eventList/2", "POSITION_OCCUPIED"},
      {"in another",
       Document({Made("S-1", "PACK"), Made("S-2", "PACK"), Put("ADD", "S-1", "C-9"),
                 Put("ADD", "S-2", "C-9", "2026-09-03T08:00:00Z")}),
       "/epcisBody/eventList/3", "UNIT_STATE"},
      {"not in it", Document({Made("S-1", "PACK"), Put("DELETE", "S-1", "C-9")}), "/epcisBody/eventList/1", "NOT_INSTALLED"},
      {"unknown lot", Document({used}), "/epcisBody/eventList/0", "LOT_UNKNOWN"},
      {"more than there is", Document({MadeLot("L-1", "ELY", 2.5), used}), "/epcisBody/eventList/1", "QUANTITY_EXCEEDS_LEFT"},
      {"no such step", Document({Lived("C-9", "https://x.example/bizstep/recycling", "2026-10-01T08:00:00Z")}),
       "/epcisBody/eventList/0", "LIFE_TRANSITION"},
  };
  for (const Refused& refused : all) {
    const grpc::Status status = plant.Capture(refused.document);
    EXPECT_EQ(ReasonOf(status), "DOCUMENT_INVALID") << refused.name;
    if (status.ok()) continue;
    EXPECT_EQ(FieldOf(status), "document") << refused.name;
    EXPECT_EQ(tests::ErrorInfoOf(status).metadata().at("pointer"), refused.pointer)
        << refused.name << ": " << status.error_message();
    EXPECT_EQ(tests::ErrorInfoOf(status).metadata().at("fault"), refused.fault) << refused.name << ": " << status.error_message();
  }
  EXPECT_EQ(plant.stored.database().Query("select count(*) from captured_event")[0][0], "0") << "nothing is half done";
  EXPECT_EQ(ReasonOf(plant.Capture(std::string("{"))), "DOCUMENT_INVALID");
}

TEST(EpcisCapture, EveryFaultIsToldUpToTwenty) {
  Plant plant;
  std::vector<Json> events;
  for (int i = 0; i < 30; ++i) events.push_back(Made(("S-" + std::to_string(i)).c_str(), "CHEESE"));
  const auto status = plant.Capture(Document(events));
  const std::string faults = tests::ErrorInfoOf(status).metadata().at("faults");
  EXPECT_EQ(std::count(faults.begin(), faults.end(), '\n'), 19);
  EXPECT_THAT(faults, HasSubstr("/epcisBody/eventList/7/ilmd: MATERIAL_UNKNOWN"));
}

TEST(EpcisCapture, LimitsAndFieldsAreNamed) {
  Plant plant;
  std::vector<Json> events;
  for (int i = 0; i <= domain::kMaxEventsPerDocument; ++i) events.push_back(Made(("S-" + std::to_string(i)).c_str(), "PACK"));
  EXPECT_EQ(ReasonOf(plant.Capture(Document(events))), "LIMIT_EXCEEDED");
  EXPECT_EQ(ReasonOf(plant.Capture(std::string(domain::kMaxDocumentBytes + 1, ' '))), "LIMIT_EXCEEDED");
  Json many = Made("S-1", "PACK");
  for (int i = 0; i <= domain::kMaxItemsPerDocument; ++i) many["epcList"].push_back("https://x/unit/U" + std::to_string(i));
  EXPECT_EQ(ReasonOf(plant.Capture(Document({many}))), "LIMIT_EXCEEDED");
  EXPECT_EQ(ReasonOf(plant.Capture(std::string())), "FIELD_REQUIRED");
  v1::CaptureEpcisRequest request;
  request.set_request_id("x");
  request.set_document(Document({Made("S-1", "PACK")}).dump());
  v1::CaptureEpcisResponse response;
  EXPECT_EQ(FieldOf(CallOnce(*plant.epcis, &v1::EpcisService::Stub::CaptureEpcis, request, &response)), "partner");
  request.set_partner("StackCo");
  EXPECT_EQ(FieldOf(CallOnce(*plant.epcis, &v1::EpcisService::Stub::CaptureEpcis, request, &response)), "person");
  v1::ListCapturedEpcisRequest list;
  list.set_unit_code("NONE");
  v1::ListCapturedEpcisResponse page;
  EXPECT_EQ(ReasonOf(CallOnce(*plant.epcis, &v1::EpcisService::Stub::ListCapturedEpcis, list, &page)), "UNIT_UNKNOWN");
}

TEST(EpcisCapture, APeriodHasTwoEnds) {
  Plant plant;
  const auto refused = [&](bool from, int64_t from_s, bool until, int64_t until_s) {
    v1::ExportPeriodEpcisRequest request;
    if (from) request.mutable_from_time()->set_seconds(from_s);
    if (until) request.mutable_until_time()->set_seconds(until_s);
    grpc::ClientContext context;
    const auto reader = plant.epcis->ExportPeriodEpcis(&context, request);
    v1::ExportPeriodEpcisResponse piece;
    while (reader->Read(&piece)) continue;
    const grpc::Status status = reader->Finish();
    return ReasonOf(status) + " " + FieldOf(status);
  };
  EXPECT_EQ(refused(false, 0, true, 5), "FIELD_REQUIRED from_time");
  EXPECT_EQ(refused(true, 0, false, 5), "FIELD_REQUIRED until_time");
  EXPECT_EQ(refused(true, 5, true, 5), "FIELD_INVALID until_time");
}

}  // namespace
}  // namespace mes::services
