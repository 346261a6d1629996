// EPCIS documents against what others published: the CBV hash vectors and the official schema. Both are read from
// MES_STANDARDS_DIR (default: ../shared/standards beside the project) and are not part of this repository; without them those
// tests say so and skip.
#include "services/epcis.h"

#include <filesystem>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "mes/v1/epcis.grpc.pb.h"
#include "services/epcis_hash.h"
#include "tests/support/server.h"
#include "tests/support/standards.h"
#include "tests/support/stored_plant.h"

namespace mes::services {
namespace {

using domain::EventKind;
using testing::ElementsAre;
using tests::ReasonOf;
using tests::StoredPlant;
using Json = nlohmann::json;

// Documents whose published hashes follow from their events with the rules alone. Left out: one that upstream garbled, and those
// hashed with fields ignored at the caller's wish.
const char* const kVectors[] = {"CertificationInfoAndSensorReportWithCRS",
                                "ReferenceEventHashAlgorithm",
                                "ReferenceEventHashAlgorithm2",
                                "ReferenceEventHashAlgorithm3",
                                "TimeStampRoundOff",
                                "epcisDocHavingEventWithComment",
                                "epcisDocWithCustomSchemaInContext",
                                "epcisDocWithDefaultSchemaInContext",
                                "epcisDocWithSensorComponent",
                                "epcisDocWithSensorDataObjectEvent",
                                "epcisDocWithShippingAndTransportingEvent",
                                "epcisDocWithSingleEvent",
                                "epcisDocWithVariousEventTypes",
                                "epcisDocWithXMLstartTagAndErrorDeclaration",
                                "epcisEventWithCURIEs",
                                "epcisQueryDocument"};

std::vector<Json> EventsOf(const Json& document) {
  const Json& body = document.at("epcisBody");
  const Json& list = body.contains("eventList") ? body["eventList"] : body.at("queryResults").at("resultsBody").at("eventList");
  return {list.begin(), list.end()};
}

TEST(EpcisHash, IsThatOfThePublishedVectors) {
  const std::filesystem::path folder = tests::Standards("epcis-event-hash/vectors");
  MES_NEED_STANDARDS(folder);
  int checked = 0;
  for (const std::string name : kVectors) {
    const std::string text = tests::ReadFile(folder / (name + ".jsonld"));
    const Json document = Json::parse(text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text);
    const EpcisContext context = ContextOf(document.value("@context", Json::array()));
    std::istringstream hashes(tests::ReadFile(folder / (name + ".hashes")));
    std::string hash;
    for (const Json& event : EventsOf(document)) {
      ASSERT_TRUE(hashes >> hash) << name;
      EXPECT_EQ(EpcisHash(event, context), hash) << name << "\n" << EpcisPrehash(event, context);
      ++checked;
    }
  }
  EXPECT_EQ(checked, 34);
}

TEST(EpcisHash, ChangesWithEachFactAndWithNothingElse) {
  const EpcisContext context;
  Json event = {{"type", "ObjectEvent"},
                {"eventTime", "2026-11-24T08:00:00.000+08:00"},
                {"eventTimeZoneOffset", "+08:00"},
                {"action", "OBSERVE"},
                {"epcList", {"https://o.cn/unit/A", "https://o.cn/unit/B"}},
                {"bizStep", "inspecting"}};
  const std::string hash = EpcisHash(event, context);
  Json same = event;
  same["eventTime"] = "2026-11-24T00:00:00Z";
  same["epcList"] = {"https://o.cn/unit/B", "https://o.cn/unit/A"};
  same["recordTime"] = "2026-11-24T09:00:00Z";
  same["errorDeclaration"] = {{"declarationTime", "2026-11-24T09:00:00Z"}};
  EXPECT_EQ(EpcisHash(same, context), hash);
  event["bizStep"] = "installing";
  EXPECT_NE(EpcisHash(event, context), hash);
}

class EpcisServiceTest : public testing::Test {
 protected:
  tests::TestServer server_{tests::PlantBuilder().draft()};
  StoredPlant plant_{server_.database()};
  std::unique_ptr<v1::EpcisService::Stub> stub_ = v1::EpcisService::NewStub(server_.channel());

  grpc::Status Export(const std::string& code, std::string& text, int& events, const std::string& host = "o.cn/mes") {
    v1::ExportUnitEpcisRequest request;
    request.set_unit_code(code);
    request.set_host(host);
    grpc::ClientContext context;
    const auto reader = stub_->ExportUnitEpcis(&context, request);
    v1::ExportUnitEpcisResponse piece;
    while (reader->Read(&piece)) {
      text += piece.text();
      if (piece.last()) events = piece.events();
    }
    return reader->Finish();
  }

  // A pack with a code under a GTIN and one event of each kind.
  void MakeHistory() {
    const int64_t pack = plant_.AddUnit("PACK", "NMGPB120000001G9M0000001");
    const std::string cell = "other_unit_id = " + std::to_string(plant_.AddUnit("CELL", "C 1/ü"));
    const std::string lot = "other_unit_id = " + std::to_string(plant_.AddLot("ELY", "E1", 1'000'000'000));
    const auto sql = [&](const std::string& text) { plant_.database().Query(text); };
    sql("insert into code_rule (material_id, prefix, traceability, gtin, person, create_time) select material_id, 'NMGPB12', '0000001', "
        "'09521234543213', 'Li', now() from material where code = 'PACK'");
    sql("update unit set revision_id = (select revision_id from product_revision join material using (material_id) where code = 'PACK') "
        "where unit_id = " +
        std::to_string(pack));
    const std::string revision = "revision_id = (select revision_id from unit where unit_id = " + std::to_string(pack) + ")";
    plant_.AddEvent(pack, 1, EventKind::kStarted, 10, revision);
    plant_.AddEvent(pack, 2, EventKind::kInstalled, 20, cell + ", line = 2, slot = 1");
    plant_.AddEvent(pack, 3, EventKind::kConsumed, 30, lot + ", line = 3, quantity_micro = 4500000");
    plant_.AddEvent(pack, 4, EventKind::kCompleted, 30, "judgement = 1, measured = '{10,10.25,11,12}'");
    plant_.AddEvent(pack, 5, EventKind::kRemoved, 40, cell + ", line = 2, slot = 1");
    plant_.AddEvent(pack, 6, EventKind::kCompleted, 40, "judgement = 2, flags = 4");
    sql("insert into life_record (unit_id, event, occur_time, record_time, person, party, place, evidence, other_code, used) select " +
        std::to_string(pack) +
        ", e, now() + e * interval '1 second', now(), 'Li', 'NewBus', 'Baotou', 'R-7', case e when 8 then "
        "'NMGPB12G9M0000001RP' else '' end, false from generate_series(1, 10) e");
  }
};

TEST_F(EpcisServiceTest, AUnitsHistoryIsADocumentOfTheOfficialSchemaWithHashesAsIds) {
  MakeHistory();
  std::string text;
  int count = 0;
  ASSERT_EQ(ReasonOf(Export("NMGPB120000001G9M0000001", text, count)), "OK");
  const Json document = Json::parse(text);
  const std::vector<Json> events = EventsOf(document);
  ASSERT_EQ(events.size(), 16u);
  EXPECT_EQ(count, 16);
  EXPECT_EQ(document["type"], "EPCISDocument");
  EXPECT_EQ(document["schemaVersion"], "2.0");
  const EpcisContext context = ContextOf(document["@context"]);
  std::set<std::string> ids;
  for (const Json& event : events) {
    EXPECT_EQ(event["eventID"], EpcisHash(event, context));
    ids.insert(event["eventID"]);
  }
  EXPECT_EQ(ids.size(), events.size());
  const char unit[] = "https://id.gs1.org/01/09521234543213/21/0000001G9M0000001";
  EXPECT_EQ(events[0]["bizStep"], "commissioning");
  EXPECT_EQ(events[0]["epcList"][0], unit);
  EXPECT_EQ(events[0]["ilmd"]["mes:material"], "PACK");
  EXPECT_EQ(events[1]["type"], "AssociationEvent");
  EXPECT_EQ(events[1]["action"], "ADD");
  EXPECT_EQ(events[1]["parentID"], unit);
  EXPECT_EQ(events[1]["childEPCs"][0], "https://o.cn/mes/unit/C%201%2F%C3%BC");
  EXPECT_EQ(events[2]["type"], "TransformationEvent");
  EXPECT_EQ(events[2]["inputQuantityList"][0]["epcClass"], "https://o.cn/mes/lot/E1");
  EXPECT_EQ(events[2]["inputQuantityList"][0]["quantity"], 4.5);
  EXPECT_EQ(events[2]["inputQuantityList"][0]["uom"], "KGM");
  EXPECT_EQ(events[3]["disposition"], "conformant");
  EXPECT_EQ(events[3]["sensorElementList"][0]["sensorReport"][1]["value"], 10.25);
  EXPECT_EQ(events[3]["sensorElementList"][0]["sensorReport"][1]["uom"], "NU");
  EXPECT_EQ(events[4]["action"], "DELETE");
  EXPECT_FALSE(events[4].contains("errorDeclaration"));
  EXPECT_EQ(events[5]["errorDeclaration"]["reason"], "incorrect_data") << "it was reversed";
  EXPECT_EQ(events[7]["bizStep"], "shipping");
  EXPECT_EQ(events[7]["mes:party"], "NewBus");
  EXPECT_EQ(events[13]["outputEPCList"][0], "https://id.gs1.org/01/09521234543213/21/G9M0000001RP") << "the second life";
  const std::filesystem::path schema = tests::Standards("gs1-epcis/schema/EPCIS-JSON-Schema.json");
  MES_NEED_STANDARDS(schema);
  EXPECT_EQ(tests::SchemaFaults(document.dump(), schema), "");
  Json broken = document;
  broken["epcisBody"]["eventList"][0].erase("eventTime");
  EXPECT_NE(tests::SchemaFaults(broken.dump(), schema), "") << "the validator is awake";
}

TEST_F(EpcisServiceTest, RefusesUnknownUnitsAndHosts) {
  std::string text;
  int count = 0;
  EXPECT_EQ(ReasonOf(Export("NONE", text, count)), "UNIT_UNKNOWN");
  plant_.AddUnit("PACK", "P1");
  EXPECT_EQ(ReasonOf(Export("P1", text, count, "no host")), "FIELD_INVALID");
  EXPECT_EQ(ReasonOf(Export("P1", text, count, "o.cn/")), "FIELD_INVALID");
  EXPECT_EQ(ReasonOf(Export("P1", text, count, std::string(101, 'h'))), "LIMIT_EXCEEDED");
  text.clear();
  EXPECT_EQ(ReasonOf(Export("P1", text, count)), "OK");
  EXPECT_EQ(count, 1) << "nothing happened to it but that it came to exist";
}

}  // namespace
}  // namespace mes::services
