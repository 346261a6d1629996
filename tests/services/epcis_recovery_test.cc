// What recycling gives back, in EPCIS over real gRPC: goes out as transformations of units into lots, comes in as batches that a trace
// walks.
#include "domain/epcis_capture.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/recycling.h"
#include "domain/limits.h"
#include "mes/v1/recycling.grpc.pb.h"
#include "services/epcis_hash.h"
#include "tests/services/epcis_plant.h"

namespace mes::services {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::CallOnce;
using tests::Document;
using tests::Event;
using tests::ExpectEpcisSchema;
using tests::Lived;
using tests::Made;
using tests::MadeLot;
using tests::ReasonOf;
using Json = nlohmann::json;
using Plant = tests::EpcisPlant;
using Stub = v1::RecyclingService::Stub;

constexpr char kBatch[] = "https://o.cn/mes/recycling/1";

// A plant with a batch: two housings came in, three lots came back in one report and one in another.
struct Recycler : Plant {
  std::unique_ptr<Stub> recycling = v1::RecyclingService::NewStub(server.channel());

  Recycler() {
    stored.AddUnits("HSG", {"H-1", "H-2"});
    Sql("insert into material_mass select material_id, 30000000000 from material where code = 'HSG';"
        "insert into material_element select material_id, 9, 30000000000 from material where code = 'HSG'");
    v1::OpenRecyclingBatchRequest open;
    Ask(open).set_partner("ReCell");
    open.set_place("Ordos, CN");
    v1::OpenRecyclingBatchResponse opened;
    EXPECT_EQ(ReasonOf(CallOnce(*recycling, &Stub::OpenRecyclingBatch, open, &opened)), "OK");
    v1::ReceiveForRecyclingRequest receive;
    At(receive, 10).add_unit_codes("H-1");
    receive.add_unit_codes("H-2");
    v1::ReceiveForRecyclingResponse received;
    EXPECT_EQ(ReasonOf(CallOnce(*recycling, &Stub::ReceiveForRecycling, receive, &received)), "OK");
    v1::RecordDismantledRequest apart;
    At(apart, 20).mutable_unit_codes()->CopyFrom(receive.unit_codes());
    v1::RecordDismantledResponse taken;
    EXPECT_EQ(ReasonOf(CallOnce(*recycling, &Stub::RecordDismantled, apart, &taken)), "OK");
    Report(30, {{"R-1", "ELY", "1.5"}, {"R-2", "POW", "2"}, {"R-3", "ELY", "2.5"}});
    Report(40, {{"R-4", "ELY", "0.25"}});
    v1::CloseRecyclingBatchRequest close;
    At(close, 50).set_evidence("protocol 4");
    v1::CloseRecyclingBatchResponse closed;
    EXPECT_EQ(ReasonOf(CallOnce(*recycling, &Stub::CloseRecyclingBatch, close, &closed)), "OK");
  }
  template <typename Request>
  Request& Ask(Request& request) {
    request.set_request_id("b" + std::to_string(++requests));
    request.set_person("Li");
    return request;
  }
  template <typename Request>
  Request& At(Request& request, int second) {
    request.set_recycling_batch_id(1);
    request.mutable_occur_time()->set_seconds(1'790'000'000 + second);
    return Ask(request);
  }
  struct Back {
    const char* code;
    const char* material;
    const char* kilograms;
  };
  void Report(int second, const std::vector<Back>& lots) {
    v1::ReportRecoveredRequest request;
    At(request, second);
    for (const Back& back : lots) {
      v1::RecoveredLot& lot = *request.add_lots();
      lot.set_lot_code(back.code);
      lot.set_material_code(back.material);
      lot.mutable_quantity()->set_value(back.kilograms);
      lot.mutable_quantity()->set_uom("kg");
      v1::ElementMass& part = *lot.add_elements();
      part.set_element("Al");
      part.mutable_mass()->set_value("0.1");
      part.mutable_mass()->set_uom("kg");
    }
    v1::ReportRecoveredResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*recycling, &Stub::ReportRecovered, request, &response)), "OK");
  }
};

std::string Export(Plant& plant, const char* code) {
  v1::ExportUnitEpcisRequest request;
  request.set_unit_code(code);
  request.set_host("o.cn/mes");
  grpc::ClientContext context;
  const auto reader = plant.epcis->ExportUnitEpcis(&context, request);
  v1::ExportUnitEpcisResponse piece;
  std::string text;
  while (reader->Read(&piece)) text += piece.text();
  EXPECT_EQ(ReasonOf(reader->Finish()), "OK");
  return text;
}
std::vector<Json> EventsIn(const std::string& document, const std::string& type = "") {
  std::vector<Json> events;
  const Json parsed = Json::parse(document);
  for (const Json& event : parsed["epcisBody"]["eventList"]) {
    if (type.empty() || event["type"] == type) events.push_back(event);
  }
  return events;
}
std::set<std::string> Ids(const std::string& document) {
  std::set<std::string> ids;
  for (const Json& event : EventsIn(document)) ids.insert(event["eventID"]);
  return ids;
}

TEST(EpcisRecovery, ARecoveredLotGoesOutWithTheUnitsThatItCameBackFrom) {
  Recycler plant;
  const std::string of_lot = Export(plant, "R-3");
  ExpectEpcisSchema(of_lot);
  const std::vector<Json> events = EventsIn(of_lot);
  ASSERT_EQ(events.size(), 1u) << "by this it came to exist, and by nothing else";
  const Json& event = events[0];
  EXPECT_EQ(event["type"], "TransformationEvent");
  EXPECT_EQ(event["transformationID"], kBatch);
  EXPECT_EQ(event["eventTime"], "2026-09-21T14:13:50.000Z");
  EXPECT_EQ(event["inputEPCList"], Json::array({"https://o.cn/mes/unit/H-1", "https://o.cn/mes/unit/H-2"}));
  EXPECT_EQ(event["outputQuantityList"],
            Json::array({{{"epcClass", "https://o.cn/mes/lot/R-1"}, {"quantity", 1.5}, {"uom", "KGM"}},
                         {{"epcClass", "https://o.cn/mes/lot/R-3"}, {"quantity", 2.5}, {"uom", "KGM"}}}))
      << "what came back of one material in one report";
  EXPECT_EQ(event["bizStep"], "https://o.cn/mes/bizstep/recycling");
  EXPECT_EQ(event["ilmd"]["mes:material"], "ELY");
  EXPECT_EQ(event["mes:party"], "ReCell");
  EXPECT_EQ(event["mes:place"], "Ordos, CN");
  EXPECT_EQ(event["eventID"], EpcisHash(event, ContextOf(Json::parse(of_lot)["@context"])));
  EXPECT_EQ(EventsIn(Export(plant, "R-1"))[0], event);
}

TEST(EpcisRecovery, ARecycledUnitTellsAllThatCameBackOfItsBatch) {
  Recycler plant;
  const std::string of_unit = Export(plant, "H-2");
  ExpectEpcisSchema(of_unit);
  const std::vector<Json> back = EventsIn(of_unit, "TransformationEvent");
  ASSERT_EQ(back.size(), 3u);
  std::set<std::string> lots;
  for (const Json& event : back) {
    EXPECT_EQ(event["transformationID"], kBatch);
    EXPECT_EQ(event["inputEPCList"].size(), 2u);
    for (const Json& lot : event["outputQuantityList"]) lots.insert(lot["epcClass"]);
  }
  EXPECT_THAT(lots, ElementsAre("https://o.cn/mes/lot/R-1", "https://o.cn/mes/lot/R-2", "https://o.cn/mes/lot/R-3",
                                "https://o.cn/mes/lot/R-4"));
  EXPECT_EQ(EventsIn(of_unit).size(), 7u) << "made, waste, taken apart, recycled";
  EXPECT_EQ(Ids(of_unit).size(), 7u);
}

TEST(EpcisRecovery, APeriodCarriedIntoAnEmptyPlantLeadsFromLotsToUnits) {
  Recycler first;
  Plant second;
  const std::string document = first.ExportPeriod();
  ExpectEpcisSchema(document);
  ASSERT_EQ(EventsIn(document).size(), 11u) << "two units made, three transformations, six steps of lives; no lot on its own";
  v1::CaptureEpcisResponse captured;
  ASSERT_EQ(ReasonOf(second.Capture(document, &captured)), "OK");
  EXPECT_EQ(captured.captured(), 11);
  EXPECT_EQ(captured.made(), 6);
  EXPECT_EQ(captured.lives(), 6);
  for (const char* code : {"R-1", "R-2", "R-3", "R-4"}) {
    EXPECT_THAT(first.TraceOf(code), ElementsAre(HasSubstr("> H-1 HSG"), HasSubstr("> H-2 HSG"))) << code;
    EXPECT_EQ(second.TraceOf(code), first.TraceOf(code)) << code;
  }
  EXPECT_THAT(second.TraceOf("R-1")[0], HasSubstr("recovered"));
  EXPECT_EQ(second.LifeOf("H-1"), "LIFE_STATE_RECYCLED");
  const auto value = [&](const char* sql) { return second.stored.database().Value(sql); };
  EXPECT_EQ(value("select string_agg(partner || ' ' || state || ' ' || transformation_id, ', ') from recycling_batch"),
            "StackCo 2 " + std::string(kBatch));
  EXPECT_EQ(value("select string_agg(code || ' ' || left_micro, ', ' order by code) from lot join unit using (unit_id)"),
            "R-1 1500000, R-2 2000000, R-3 2500000, R-4 250000");
  second.stored.Run([](db::Transaction& transaction) {
    EXPECT_EQ(db::SumBalance(transaction, {0, "StackCo", std::nullopt, std::nullopt}).batches, 0) << "nothing was weighed here";
  });

  ASSERT_EQ(ReasonOf(second.Capture(document, &captured)), "OK") << "again, as another request";
  EXPECT_EQ(captured.known(), 11);
  EXPECT_EQ(captured.captured() + captured.made(), 0);
  EXPECT_EQ(Ids(second.ExportPeriod()), Ids(document)) << "what came in goes out under the same hashes, and nothing else";
  EXPECT_EQ(Ids(Export(second, "R-3")), Ids(Export(first, "R-3")));
  EXPECT_EQ(Ids(Export(second, "H-1")), Ids(Export(first, "H-1")));
  EXPECT_EQ(second.Audited(), "sound");
}

// Units into lots of one material: code and kilograms.
Json Recovered(const std::vector<std::string>& units, const std::vector<std::pair<const char*, double>>& lots, const char* batch = nullptr,
               const char* material = "ELY") {
  Json event = Event("TransformationEvent", "2026-10-02T08:00:00+08:00", "https://stackco.example/bizstep/recycling");
  for (const std::string& code : units) event["inputEPCList"].push_back("https://stackco.example/unit/" + code);
  for (const auto& [code, kilograms] : lots) {
    event["outputQuantityList"].push_back({{"epcClass", "https://stackco.example/lot/" + std::string(code)}, {"uom", "KGM"}});
    if (kilograms > 0) event["outputQuantityList"].back()["quantity"] = kilograms;
  }
  if (batch != nullptr) event["transformationID"] = batch;
  event["ilmd"] = {{"ex:material", material}};
  return event;
}

TEST(EpcisRecovery, EventsOfOneTransformationAreOneBatch) {
  Plant plant;
  const Json first = Recovered({"S-1"}, {{"R-1", 1}}, "https://stackco.example/b/7"),
             second = Recovered({"S-2", "S-1"}, {{"R-2", 2}}, "https://stackco.example/b/7", "POW"),
             more = Recovered({"S-3"}, {}, "https://stackco.example/b/7"), alone = Recovered({"S-4"}, {{"R-4", 4}});
  ASSERT_EQ(ReasonOf(plant.Capture(Document({Made("S-1", "PACK"), Made("S-2", "PACK"), Made("S-3", "PACK"), Made("S-4", "PACK"), first}))),
            "OK");
  EXPECT_THAT(plant.TraceOf("R-1"), ElementsAre(HasSubstr("R-1 > S-1 PACK")));
  ASSERT_EQ(ReasonOf(plant.Capture(Document({second, more, alone}))), "OK");
  for (const char* code : {"R-1", "R-2"}) {
    EXPECT_THAT(plant.TraceOf(code), ElementsAre(HasSubstr("> S-1 PACK"), HasSubstr("> S-2 PACK"), HasSubstr("> S-3 PACK"))) << code;
  }
  EXPECT_THAT(plant.TraceOf("R-4"), ElementsAre(HasSubstr("R-4 > S-4 PACK")));
  EXPECT_EQ(plant.stored.database().Value("select string_agg(distinct supplier, ',') from purchase join recovered_lot using (unit_id)"),
            "StackCo");

  // What came back stays, and so does what it rests on.
  const auto fault = [&](Json event) {
    event["errorDeclaration"] = {{"declarationTime", "2026-10-05T08:00:00Z"}, {"reason", "incorrect_data"}};
    const auto metadata = tests::ErrorInfoOf(plant.Capture(Document({event}))).metadata();
    return metadata.at("pointer") + " " + metadata.at("fault");
  };
  EXPECT_EQ(fault(first), "/epcisBody/eventList/0/errorDeclaration RECYCLING_BATCH_STATE");
  EXPECT_EQ(fault(Made("S-1", "PACK")), "/epcisBody/eventList/0/errorDeclaration UNIT_STATE");
}

TEST(EpcisRecovery, WhatCannotHaveComeBackIsRefusedAtItsPlace) {
  Plant plant;
  const int64_t own = plant.stored.AddUnit("PACK", "OWN");
  plant.Sql(
      "update unit set revision_id = (select revision_id from product_revision join material using (material_id) where code = 'PACK') "
      "where unit_id = " +
      std::to_string(own));
  ASSERT_EQ(ReasonOf(plant.Capture(Document({Made("S-1", "PACK"), Made("S-2", "PACK"), MadeLot("L-1", "ELY", 2.5),
                                             Recovered({"S-2"}, {{"R-2", 2}}, "https://stackco.example/b/1")}))),
            "OK");
  const auto told = [&](const Json& event) {
    const auto metadata = tests::ErrorInfoOf(plant.Capture(Document({Made("S-9", "PACK"), event}))).metadata();
    const std::string place = "/epcisBody/eventList/1", pointer = metadata.at("pointer");
    EXPECT_TRUE(pointer.starts_with(place)) << pointer;
    return pointer.substr(place.size()) + " " + metadata.at("fault");
  };
  EXPECT_EQ(told(Recovered({"S-1", "S-0"}, {{"R-1", 1}})), " UNIT_UNKNOWN");
  EXPECT_EQ(told(Recovered({"L-1"}, {{"R-1", 1}})), " DOCUMENT_INVALID") << "a lot is no unit";
  EXPECT_EQ(told(Recovered({"OWN"}, {{"R-1", 1}})), " UNIT_STATE") << "made here and in use";
  EXPECT_EQ(told(Recovered({"S-2"}, {{"R-1", 1}})), " RECYCLING_BATCH_STATE") << "another batch has it";
  EXPECT_EQ(told(Recovered({"S-1"}, {{"L-1", 2.5}})), " LOT_EXISTS");
  EXPECT_EQ(told(Recovered({"S-1"}, {{"R-2", 1}})), " LOT_EXISTS");
  EXPECT_EQ(told(Recovered({"S-1"}, {{"R-1", 1}, {"R-1", 2}})), " LOT_EXISTS") << "twice in one event";
  EXPECT_EQ(told(Recovered({"S-1"}, {{"R-1", 0}})), "/outputQuantityList/0/quantity QUANTITY_INVALID");
  EXPECT_EQ(told(Recovered({"S-1"}, {{"R-1", 1}}, nullptr, "CHEESE")), "/ilmd MATERIAL_UNKNOWN");
  EXPECT_EQ(told(Recovered({"S-1"}, {{"R-1", 1}}, nullptr, "BLT")), "/outputQuantityList/0/uom UOM_MISMATCH");
  EXPECT_EQ(told(Recovered({"S-1"}, {{"R-1", 1}}, ("https://x/" + std::string(domain::kMaxUriLength, 'b')).c_str())),
            "/transformationID DOCUMENT_INVALID");
  EXPECT_EQ(told(Recovered({}, {{"R-1", 1}}, "https://stackco.example/b/1")), " DOCUMENT_INVALID") << "of nothing";
  EXPECT_EQ(plant.stored.database().Value("select count(*) from recovered_lot"), "1") << "nothing is half done";
  EXPECT_THAT(plant.CapturedOf("S-1"), testing::SizeIs(1));

  ASSERT_EQ(ReasonOf(plant.Capture(Document({Lived("OWN", "collecting", "2026-10-01T08:00:00+08:00"), Recovered({"OWN"}, {{"R-1", 1}})}))),
            "OK")
      << "it was declared waste";
  EXPECT_THAT(plant.TraceOf("R-1"), ElementsAre(HasSubstr("R-1 > OWN PACK")));
}

}  // namespace
}  // namespace mes::services
