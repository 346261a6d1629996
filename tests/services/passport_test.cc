// Passports and their documents over real gRPC, with the reference plant. Documents are judged by the official schemas, which are
// third-party files: they come from MES_STANDARDS_DIR, and without them those tests say so and skip.
#include "services/passport.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "domain/passport.h"
#include "mes/v1/epcis.grpc.pb.h"
#include "mes/v1/life.grpc.pb.h"
#include "services/passport_identity.h"
#include "tests/services/document_judge.h"
#include "tests/services/passport_plant.h"
#include "tests/support/standards.h"

namespace mes::services {
namespace {

using domain::PassportKind;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using tests::CallOnce;
using tests::ErrorInfoOf;
using tests::ExpectSound;
using tests::FieldOf;
using tests::ReasonOf;
using tests::kCellSubstances;
using tests::kStackSubstances;
using Json = nlohmann::json;
using Stub = v1::PassportService::Stub;

constexpr char kPack[] = "NMGPB120000001G9M0000001";

class PassportServiceTest : public testing::Test, protected tests::DocumentJudge {
 protected:
  tests::PassportPlant plant_;

  grpc::Status Get(const std::string& unit, v1::PassportTier tier, const std::string& role, v1::GetPassportResponse* response,
                   int version = 0) {
    v1::GetPassportRequest request;
    request.set_unit_code(unit);
    request.set_tier(tier);
    request.set_role(role);
    request.set_version(version);
    return CallOnce(plant_.stub(), &Stub::GetPassport, request, response);
  }
  std::map<std::string, std::string> Values(const std::string& unit, v1::PassportTier tier = v1::PASSPORT_TIER_LEGITIMATE_INTEREST,
                                            int version = 0) {
    v1::GetPassportResponse response;
    EXPECT_EQ(ReasonOf(Get(unit, tier, "quality", &response, version)), "OK");
    std::map<std::string, std::string> values;
    for (const v1::PassportEntry& entry : response.entries()) {
      values[entry.attribute() + (entry.subject().empty() ? "" : "/" + entry.subject())] = entry.value();
    }
    return values;
  }
  void Live(const std::string& unit, v1::LifeEvent event) { plant_.Live(unit, event); }
  Json Made(const std::string& unit, v1::PassportDocument kind) {
    std::string text;
    const grpc::Status status = plant_.Document(unit, kind, &text);
    EXPECT_EQ(ReasonOf(status), "OK") << v1::PassportDocument_Name(kind) << " of " << unit << ": " << status.error_message();
    return text.empty() ? Json() : Json::parse(text);
  }
};

TEST_F(PassportServiceTest, MassesAndMaterialsAreCountedThroughTheGenealogyAndUnknownIsSaid) {
  plant_.Build("PACK-CAR-60", kPack);
  const v1::IssuePassportResponse issued = plant_.Issue(kPack);
  EXPECT_TRUE(issued.issued());
  EXPECT_EQ(issued.version().version(), 1);
  EXPECT_EQ(issued.version().product_code(), "PACK-CAR-60");
  EXPECT_THAT(issued.unknown(), Contains("state_of_health"));
  const auto values = Values(kPack);
  EXPECT_NEAR(std::stod(values.at("mass_total")), 438.98956, 0.001) << "the plant's files say the same of the model";
  EXPECT_EQ(values.at("cell_count"), "108");
  EXPECT_NEAR(std::stod(values.at("substance_mass/LFP")), 108 * 1.2094, 1e-6);
  EXPECT_NEAR(std::stod(values.at("element_mass/Li")), 108 * 0.0566, 1e-6);
  EXPECT_EQ(values.at("element_mass/Ni"), "0");
  EXPECT_GT(std::stod(values.at("critical_raw_material/Li")), 1);
  EXPECT_EQ(values.count("critical_raw_material/Ni"), 0u);
  EXPECT_EQ(values.at("part_number/CP-MSD"), "Manual service disconnect");
  EXPECT_EQ(values.at("manufacturing_date"), "2026-11-10");
  EXPECT_EQ(values.at("battery_status"), "original");
  EXPECT_EQ(values.at("state_of_health"), "");
  EXPECT_EQ(values.at("rated_capacity"), "");
  EXPECT_EQ(values.count("operating_hours"), 0u) << "that is for stacks";
  // One cell less: nobody weighed what is left.
  plant_.Sql("delete from assembly where child_id = (select unit_id from unit join material using (material_id) where material.code = "
             "'CELL-LFP-173' limit 1)");
  plant_.Issue(kPack);
  EXPECT_EQ(Values(kPack).at("mass_total"), "");
  EXPECT_EQ(Values(kPack).at("cell_count"), "107");
}

TEST_F(PassportServiceTest, AChangedFactMakesANewVersionAndNothingChangedMakesNone) {
  plant_.Build("PACK-CAR-60", kPack, false);
  const v1::PassportVersion first = plant_.Issue(kPack).version();
  const v1::IssuePassportResponse same = plant_.Issue(kPack);
  EXPECT_FALSE(same.issued());
  EXPECT_EQ(same.version().version_hash(), first.version_hash());
  v1::DeclareFactRequest fact = plant_.Fact("rated_capacity", "173.0");
  fact.set_product_code("PACK-CAR-60");
  ASSERT_EQ(plant_.Declare(fact), "OK");
  const v1::IssuePassportResponse second = plant_.Issue(kPack);
  EXPECT_TRUE(second.issued());
  EXPECT_EQ(second.version().version(), 2);
  EXPECT_EQ(second.version().previous_hash(), first.version_hash());
  EXPECT_EQ(second.version().passport_identifier(), first.passport_identifier());
  EXPECT_EQ(Values(kPack).at("rated_capacity"), "173");
  EXPECT_EQ(Values(kPack, v1::PASSPORT_TIER_PUBLIC, 1).at("rated_capacity"), "") << "the first version is kept as it was";
  fact = plant_.Fact("rated_capacity", "172");
  fact.set_unit_code(kPack);
  ASSERT_EQ(plant_.Declare(fact), "OK");
  EXPECT_EQ(plant_.Issue(kPack).version().version(), 3);
  EXPECT_EQ(Values(kPack).at("rated_capacity"), "172") << "of the unit before its model's";

  // Who holds the list recomputes the chain.
  v1::ListPassportVersionsRequest list;
  list.set_unit_code(kPack);
  list.set_page_size(2);
  std::string previous;
  int seen = 0;
  do {
    v1::ListPassportVersionsResponse page;
    ASSERT_EQ(ReasonOf(CallOnce(plant_.stub(), &Stub::ListPassportVersions, list, &page)), "OK");
    for (const v1::PassportVersion& version : page.versions()) {
      EXPECT_EQ(version.previous_hash(), previous);
      domain::PassportVersion bytes{version.version(), version.passport_identifier(), version.content_hash(), version.previous_hash(), "",
                                    version.unit_code(), version.product_code(), version.revision(), version.batch(),
                                    domain::FromMicros(version.issue_time().seconds() * 1'000'000 + version.issue_time().nanos() / 1'000),
                                    version.person()};
      EXPECT_EQ(Sha256Of(domain::VersionBytes(bytes)), version.version_hash());
      previous = version.version_hash();
      EXPECT_EQ(version.version(), ++seen);
    }
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  EXPECT_EQ(seen, 3);
  list.set_page_token("nonsense");
  v1::ListPassportVersionsResponse page;
  EXPECT_EQ(ReasonOf(CallOnce(plant_.stub(), &Stub::ListPassportVersions, list, &page)), "PAGE_TOKEN_INVALID");
}

TEST_F(PassportServiceTest, ALowerTierNeverSeesAHigherOnesAttributes) {
  plant_.Build("PACK-CAR-60", kPack, false);
  plant_.DeclareAll(PassportKind::kBattery, "PACK-CAR-60", kPack, kCellSubstances);
  plant_.Issue(kPack);
  v1::GetPassportResponse response;
  EXPECT_EQ(ReasonOf(Get(kPack, v1::PASSPORT_TIER_LEGITIMATE_INTEREST, "", &response)), "ROLE_INSUFFICIENT");
  EXPECT_EQ(FieldOf(Get(kPack, v1::PASSPORT_TIER_AUTHORITIES, "recycler", &response)), "tier");
  EXPECT_EQ(ReasonOf(Get(kPack, static_cast<v1::PassportTier>(9), "", &response)), "ENUM_UNKNOWN");
  EXPECT_EQ(response.entries_size(), 0);
  const auto all = Values(kPack, v1::PASSPORT_TIER_PUBLIC), known = Values(kPack, v1::PASSPORT_TIER_LEGITIMATE_INTEREST),
             watch = Values(kPack, v1::PASSPORT_TIER_AUTHORITIES);
  EXPECT_EQ(all.count("rated_capacity"), 1u);
  for (const char* name : {"state_of_health", "cell_layout", "test_report"}) EXPECT_EQ(all.count(name), 0u) << name;
  EXPECT_EQ(known.count("state_of_health"), 1u);
  EXPECT_EQ(known.count("test_report"), 0u);
  EXPECT_EQ(watch.count("test_report"), 1u);
  EXPECT_EQ(watch.count("state_of_health"), 0u) << "point 4 is for persons with a legitimate interest";
  EXPECT_EQ(watch.count("cell_layout"), 1u);
  // Facts and documents keep to it too.
  v1::ListFactsRequest list;
  list.set_unit_code(kPack);
  list.set_page_size(1'000);
  v1::ListFactsResponse facts;
  ASSERT_EQ(ReasonOf(CallOnce(plant_.stub(), &Stub::ListFacts, list, &facts)), "OK");
  for (const v1::Fact& fact : facts.facts()) EXPECT_NE(fact.attribute(), "state_of_health");
  list.set_tier(v1::PASSPORT_TIER_LEGITIMATE_INTEREST);
  EXPECT_EQ(ReasonOf(CallOnce(plant_.stub(), &Stub::ListFacts, list, &facts)), "ROLE_INSUFFICIENT");
  list.set_role("recycler");
  ASSERT_EQ(ReasonOf(CallOnce(plant_.stub(), &Stub::ListFacts, list, &facts)), "OK");
  bool found = false;
  for (const v1::Fact& fact : facts.facts()) found = found || fact.attribute() == "state_of_health";
  EXPECT_TRUE(found);
  EXPECT_EQ(ReasonOf(plant_.Document(kPack, v1::PASSPORT_DOCUMENT_CARBON_FOOTPRINT, nullptr, "")), "OK") << "all of it is public";
  EXPECT_EQ(ReasonOf(plant_.Document(kPack, v1::PASSPORT_DOCUMENT_PERFORMANCE_AND_DURABILITY, nullptr, "")), "ROLE_INSUFFICIENT");
  EXPECT_EQ(ReasonOf(plant_.Document(kPack, v1::PASSPORT_DOCUMENT_LABELS, nullptr, "recycler")), "ROLE_INSUFFICIENT");
  EXPECT_EQ(ReasonOf(plant_.Document(kPack, v1::PASSPORT_DOCUMENT_LABELS, nullptr, "auditor")), "OK");
  EXPECT_EQ(ReasonOf(plant_.Document(kPack, v1::PASSPORT_DOCUMENT_SINGLE_LEVEL_BOM_AS_BUILT, nullptr, "")), "ROLE_INSUFFICIENT");
  EXPECT_EQ(ReasonOf(plant_.Document(kPack, v1::PASSPORT_DOCUMENT_BATTERY_PASS, nullptr, "recycler")), "ROLE_INSUFFICIENT");
}

TEST_F(PassportServiceTest, RecycledContentFollowsTheLotsAndIsUnknownWhereOneIsSilent) {
  plant_.Build("PACK-CAR-60", kPack);
  // The anodes' copper came half from the lot that all is built of and half from a second one.
  const int64_t second = plant_.plant().AddLot("RM-CUF", "CU-2", 1'000'000'000'000);
  const std::string anode = std::to_string(plant_.LotOf("ELC-A")), first = std::to_string(plant_.LotOf("RM-CUF"));
  plant_.Sql("insert into lot_consumption (lot_id, consumer_id, quantity_micro, consume_time, record_time, sequence, station_id, epoch, "
             "operation, line, kind) select " + std::to_string(second) + ", consumer_id, quantity_micro, consume_time, record_time, "
             "900001, 1, 1, 10, line, kind from lot_consumption where consumer_id = " + anode + " and lot_id = " + first);
  const auto declare = [&](const char* lot, const char* pre, const char* post) {
    for (const auto& [name, value] : {std::pair("recycled_pre_consumer", pre), std::pair("recycled_post_consumer", post)}) {
      v1::DeclareFactRequest fact = plant_.Fact(name, value, "copper");
      fact.set_unit_code(lot);
      ASSERT_EQ(plant_.Declare(fact), "OK");
    }
  };
  declare("LOT-RM-CUF", "10", "4");
  plant_.Issue(kPack);
  v1::GetPassportResponse response;
  ASSERT_EQ(ReasonOf(Get(kPack, v1::PASSPORT_TIER_PUBLIC, "", &response)), "OK");
  bool said = false;
  for (const v1::PassportEntry& entry : response.entries()) {
    if (entry.attribute() != "recycled_pre_consumer" || entry.subject() != "copper") continue;
    said = true;
    EXPECT_EQ(entry.value(), "");
    EXPECT_EQ(entry.basis(), v1::FACT_BASIS_UNKNOWN);
    EXPECT_EQ(entry.method(), "mean of 2 lots by mass, 1 declared");
  }
  EXPECT_TRUE(said);
  declare("CU-2", "30", "8");
  plant_.Issue(kPack);
  EXPECT_NEAR(std::stod(Values(kPack).at("recycled_pre_consumer/copper")), 20, 1e-6);
  EXPECT_NEAR(std::stod(Values(kPack).at("recycled_post_consumer/copper")), 6, 1e-6);
}

TEST_F(PassportServiceTest, APassportEndsWithRecyclingAndASecondLifesPointsBack) {
  plant_.Build("PACK-CAR-60", kPack, false);
  plant_.Issue(kPack);
  for (const v1::LifeEvent event : {v1::LIFE_EVENT_SHIP, v1::LIFE_EVENT_PUT_IN_SERVICE, v1::LIFE_EVENT_RETURN, v1::LIFE_EVENT_TEST}) {
    Live(kPack, event);
  }
  EXPECT_TRUE(plant_.Issue(kPack).issued()) << "its life is part of what it says";
  EXPECT_EQ(Values(kPack).at("life_state"), "tested");
  EXPECT_NE(Values(kPack).at("placed_on_market"), "");
  v1::RecordLifeEventRequest second;
  second.set_request_id(plant_.NextRequest());
  second.set_unit_code(kPack);
  second.set_event(v1::LIFE_EVENT_START_SECOND_LIFE);
  second.set_person("Li");
  second.set_party("Store Ltd");
  second.set_evidence("R-1");
  second.set_new_code("NMGPB12GBR0000001RP");
  v1::RecordLifeEventResponse recorded;
  const auto lives = v1::LifeService::NewStub(plant_.server().channel());
  ASSERT_EQ(ReasonOf(CallOnce(*lives, &v1::LifeService::Stub::RecordLifeEvent, second, &recorded)), "OK");
  const std::string old_identifier = plant_.Issue(kPack).version().passport_identifier();
  EXPECT_NE(plant_.Issue("NMGPB12GBR0000001RP").version().passport_identifier(), old_identifier);
  v1::GetPassportResponse response;
  ASSERT_EQ(ReasonOf(Get("NMGPB12GBR0000001RP", v1::PASSPORT_TIER_LEGITIMATE_INTEREST, "recycler", &response)), "OK");
  EXPECT_EQ(response.predecessor_identifier(), old_identifier);
  EXPECT_EQ(Values("NMGPB12GBR0000001RP").at("battery_status"), "repurposed");
  EXPECT_EQ(Values("NMGPB12GBR0000001RP").at("manufacturing_date"), "") << "a second life is no manufacture";
  ASSERT_EQ(ReasonOf(Get(kPack, v1::PASSPORT_TIER_PUBLIC, "", &response)), "OK");
  EXPECT_EQ(response.second_life_code(), "NMGPB12GBR0000001RP");
  EXPECT_FALSE(response.ended());

  for (const v1::LifeEvent event : {v1::LIFE_EVENT_SHIP, v1::LIFE_EVENT_RETURN, v1::LIFE_EVENT_RECYCLE}) Live("NMGPB12GBR0000001RP", event);
  v1::IssuePassportRequest issue;
  issue.set_request_id(plant_.NextRequest());
  issue.set_unit_code("NMGPB12GBR0000001RP");
  issue.set_person("Li");
  v1::IssuePassportResponse issued;
  EXPECT_EQ(ReasonOf(CallOnce(plant_.stub(), &Stub::IssuePassport, issue, &issued)), "PASSPORT_ENDED");
  issue.set_request_id(plant_.NextRequest());
  issue.set_unit_code(kPack);
  EXPECT_EQ(ReasonOf(CallOnce(plant_.stub(), &Stub::IssuePassport, issue, &issued)), "PASSPORT_ENDED") << "recycled with what is around it";
  v1::DeclareFactRequest fact = plant_.Fact("negative_event", "fire");
  fact.set_unit_code("NMGPB12GBR0000001RP");
  EXPECT_EQ(plant_.Declare(fact), "PASSPORT_ENDED");
  ASSERT_EQ(ReasonOf(Get("NMGPB12GBR0000001RP", v1::PASSPORT_TIER_PUBLIC, "", &response)), "OK") << "it can still be read";
  EXPECT_TRUE(response.ended());
  EXPECT_TRUE(response.has_end_time());

  v1::ListLifeRecordsRequest list;
  list.set_unit_code("NMGPB12GBR0000001RP");
  v1::ListLifeRecordsResponse records;
  ASSERT_EQ(ReasonOf(CallOnce(*lives, &v1::LifeService::Stub::ListLifeRecords, list, &records)), "OK");
  v1::ReverseLifeRecordRequest back;
  back.set_request_id(plant_.NextRequest());
  back.set_unit_code("NMGPB12GBR0000001RP");
  back.set_life_record_id(records.records().rbegin()->life_record_id());
  back.set_reason("another pack was meant");
  back.set_person("Wang");
  v1::ReverseLifeRecordResponse taken;
  ASSERT_EQ(ReasonOf(CallOnce(*lives, &v1::LifeService::Stub::ReverseLifeRecord, back, &taken)), "OK");
  ASSERT_EQ(ReasonOf(Get("NMGPB12GBR0000001RP", v1::PASSPORT_TIER_PUBLIC, "", &response)), "OK");
  EXPECT_FALSE(response.ended()) << "it goes on where the recycling is taken back";
  EXPECT_TRUE(plant_.Issue("NMGPB12GBR0000001RP").issued());
}

TEST_F(PassportServiceTest, RefusesWhatHasNoPassportAndWhatIsNotAFact) {
  const auto issue = [&](const std::string& unit, const std::string& person = "Li") {
    v1::IssuePassportRequest request;
    request.set_request_id(plant_.NextRequest());
    request.set_unit_code(unit);
    request.set_person(person);
    v1::IssuePassportResponse response;
    return CallOnce(plant_.stub(), &Stub::IssuePassport, request, &response);
  };
  EXPECT_EQ(ReasonOf(issue("NONE")), "UNIT_UNKNOWN");
  plant_.plant().AddUnit("CP-MSD", "MSD-1");
  EXPECT_EQ(ReasonOf(issue("MSD-1")), "DOCUMENT_UNAVAILABLE");
  plant_.Build("CELL-LFP-173", "NMGCB120000001G9M0000009");
  EXPECT_EQ(ErrorInfoOf(issue("NMGCB120000001G9M0000009")).metadata().at("fact"), "battery_category");
  v1::DeclareFactRequest category = plant_.Fact("battery_category", "industrial");
  category.set_product_code("CELL-LFP-173");
  ASSERT_EQ(plant_.Declare(category), "OK");
  EXPECT_EQ(ReasonOf(issue("NMGCB120000001G9M0000009")), "OK") << "now it is placed on the market by itself";
  EXPECT_EQ(ReasonOf(issue("NMGCB120000001G9M0000009", "")), "FIELD_REQUIRED");
  plant_.Build("PACK-CAR-60", kPack, false);
  plant_.Sql("update unit set state = 1, finish_time = null where code = '" + std::string(kPack) + "'");
  EXPECT_EQ(ReasonOf(issue(kPack)), "UNIT_STATE") << "it is still being made";

  v1::GetPassportResponse response;
  EXPECT_EQ(ReasonOf(Get(kPack, v1::PASSPORT_TIER_PUBLIC, "", &response)), "PASSPORT_UNKNOWN");
  EXPECT_EQ(FieldOf(Get("NMGCB120000001G9M0000009", v1::PASSPORT_TIER_PUBLIC, "", &response, 9)), "version");
  EXPECT_EQ(ReasonOf(Get("NMGCB120000001G9M0000009", v1::PASSPORT_TIER_PUBLIC, "", &response, -1)), "FIELD_INVALID");

  const auto told = [&](const auto& change) {
    v1::DeclareFactRequest request = plant_.Fact("rated_capacity", "173");
    change(request);
    v1::DeclareFactResponse answer;
    const grpc::Status status = CallOnce(plant_.stub(), &Stub::DeclareFact, request, &answer);
    return ReasonOf(status) + " " + FieldOf(status);
  };
  EXPECT_EQ(told([](auto& request) { request.set_product_code("NONE"); }), "MATERIAL_UNKNOWN product_code");
  EXPECT_EQ(told([](auto& request) { request.set_unit_code("NONE"); }), "UNIT_UNKNOWN unit_code");
  EXPECT_EQ(told([](auto& request) { request.set_unit_code(kPack), request.set_product_code("PACK-CAR-60"); }), "FIELD_INVALID unit_code");
  EXPECT_EQ(told([](auto& request) { request.clear_person(); }), "FIELD_REQUIRED person");
  EXPECT_EQ(told([](auto& request) { request.clear_attribute(); }), "FIELD_REQUIRED attribute");
  EXPECT_EQ(told([](auto& request) { request.set_value("much"); }), "FIELD_INVALID value");
  EXPECT_EQ(told([](auto& request) { request.set_basis(v1::FACT_BASIS_COMPUTED); }), "ENUM_UNKNOWN basis");
  EXPECT_EQ(told([](auto& request) { request.mutable_observe_time()->set_seconds(4'000'000'000); }), "TIME_IN_FUTURE observe_time");
  EXPECT_EQ(told([](auto& request) { request.set_evidence(std::string(501, 'e')); }), "LIMIT_EXCEEDED evidence");
  EXPECT_EQ(ReasonOf(plant_.Document(kPack, v1::PASSPORT_DOCUMENT_UNSPECIFIED, nullptr)), "ENUM_UNKNOWN");
  EXPECT_EQ(ReasonOf(plant_.Document("NONE", v1::PASSPORT_DOCUMENT_SERIAL_PART, nullptr)), "UNIT_UNKNOWN");
  EXPECT_EQ(ReasonOf(plant_.Document(kPack, v1::PASSPORT_DOCUMENT_BATCH, nullptr)), "DOCUMENT_UNAVAILABLE");
  EXPECT_EQ(ReasonOf(plant_.Document("MSD-1", v1::PASSPORT_DOCUMENT_TRACTION_BATTERY_CODE, nullptr)), "DOCUMENT_UNAVAILABLE");

  v1::ListPassportAttributesResponse attributes;
  ASSERT_EQ(ReasonOf(CallOnce(plant_.stub(), &Stub::ListPassportAttributes, v1::ListPassportAttributesRequest(), &attributes)), "OK");
  EXPECT_EQ(attributes.attributes_size(), static_cast<int>(domain::PassportAttributes().size()));
}

TEST_F(PassportServiceTest, ADocumentThatLacksAFactIsRefusedAndNamesIt) {
  plant_.Build("PACK-CAR-60", kPack, false);
  EXPECT_EQ(ReasonOf(plant_.Document(kPack, v1::PASSPORT_DOCUMENT_CARBON_FOOTPRINT, nullptr)), "PASSPORT_UNKNOWN");
  plant_.Issue(kPack);
  const grpc::Status refused = plant_.Document(kPack, v1::PASSPORT_DOCUMENT_CARBON_FOOTPRINT, nullptr);
  EXPECT_EQ(ReasonOf(refused), "DOCUMENT_UNAVAILABLE");
  EXPECT_THAT(ErrorInfoOf(refused).metadata().at("facts"), AllOf(HasSubstr("carbon_footprint"), HasSubstr("carbon_recycling")));
  EXPECT_EQ(ReasonOf(plant_.Document(kPack, v1::PASSPORT_DOCUMENT_DIGITAL_PRODUCT_PASSPORT, nullptr)), "DOCUMENT_UNAVAILABLE")
      << "that one is for stacks";
  const grpc::Status part = plant_.Document(kPack, v1::PASSPORT_DOCUMENT_SERIAL_PART, nullptr);
  EXPECT_THAT(ErrorInfoOf(part).metadata().at("facts"), HasSubstr("manufacturer_bpnl"));
  // Facts that contradict each other make no document either.
  plant_.DeclareAll(PassportKind::kBattery, "PACK-CAR-60", kPack, kCellSubstances);
  v1::DeclareFactRequest fact = plant_.Fact("voltage_minimum", "900");
  fact.set_unit_code(kPack);
  ASSERT_EQ(plant_.Declare(fact), "OK");
  plant_.Issue(kPack);
  EXPECT_THAT(ErrorInfoOf(plant_.Document(kPack, v1::PASSPORT_DOCUMENT_CARBON_FOOTPRINT, nullptr)).metadata().at("facts"),
              HasSubstr("voltage_minimum is above voltage_nominal"));
}

TEST_F(PassportServiceTest, EveryDocumentOfAPackIsValidAndOneThingHasOneIdentifier) {
  plant_.Build("PACK-CAR-60", kPack);
  plant_.DeclareAll(PassportKind::kBattery, "PACK-CAR-60", kPack, kCellSubstances);
  Live(kPack, v1::LIFE_EVENT_SHIP);
  Live(kPack, v1::LIFE_EVENT_PUT_IN_SERVICE);
  const v1::PassportVersion version = plant_.Issue(kPack).version();
  const Json pass = Made(kPack, v1::PASSPORT_DOCUMENT_BATTERY_PASS);
  ASSERT_TRUE(pass.is_object());
  ExpectSound(pass, "");
  EXPECT_EQ(pass["metadata"]["passportIdentifier"], "urn:uuid:" + version.passport_identifier());
  EXPECT_EQ(pass["metadata"]["version"], "1");
  EXPECT_EQ(pass["operation"]["manufacturer"]["manufacturingDate"], "2026-11-10");
  EXPECT_NEAR(pass["characteristics"]["physicalDimension"]["weight"]["value"].get<double>(), 438.99, 0.01);
  EXPECT_EQ(pass["materials"]["active"]["nickel"]["recycled"], 2) << "it was declared, though none is in it";
  EXPECT_EQ(pass["materials"]["active"]["lithium"]["recycled"], 2);
  double share = 0;
  for (const Json& material : pass["materials"]["composition"]) share += material["concentration"].get<double>();
  EXPECT_GT(share, 50);
  EXPECT_LT(share, 100);
  EXPECT_LE(pass["metadata"]["issueDate"].get<std::string>(), pass["metadata"]["expirationDate"].get<std::string>());
  ExpectValid(pass, "catenax/battery.battery_pass/6.1.0/BatteryPass-schema.json");

  const std::vector<std::pair<v1::PassportDocument, std::string>> parts = {
      {v1::PASSPORT_DOCUMENT_GENERAL_PRODUCT_INFORMATION, "GeneralProductInformation/1.2.0/GeneralProductInformation"},
      {v1::PASSPORT_DOCUMENT_CARBON_FOOTPRINT, "CarbonFootprint/1.2.0/CarbonFootprintForBatteries"},
      {v1::PASSPORT_DOCUMENT_CIRCULARITY, "Circularity/1.2.0/Circularity"},
      {v1::PASSPORT_DOCUMENT_LABELS, "Labels/1.2.0/Labeling"},
      {v1::PASSPORT_DOCUMENT_MATERIAL_COMPOSITION, "MaterialComposition/1.2.0/MaterialComposition"},
      {v1::PASSPORT_DOCUMENT_PERFORMANCE_AND_DURABILITY, "Performance/1.2.1/PerformanceAndDurability"},
      {v1::PASSPORT_DOCUMENT_SUPPLY_CHAIN_DUE_DILIGENCE, "SupplyChainDueDiligence/1.2.0/SupplyChainDueDiligence"}};
  for (const auto& [kind, path] : parts) {
    Json part = Made(kPack, kind);
    ASSERT_TRUE(part.is_object()) << path;
    ExpectSound(part, "");
    ExpectValid(part, "batterypass/" + path + "-schema.json");
    // With the model's own context each member becomes a property that the model defines.
    const std::filesystem::path model_path = tests::Standards("batterypass/" + path + "-ld.json");
    if (model_path.empty()) continue;
    const Json model = Json::parse(tests::ReadFile(model_path));
    std::set<std::string> defined;
    for (const Json& node : model["@graph"]) defined.insert(node.value("@id", ""));
    const size_t members = part.size();
    part["@context"] = model["@context"];
    const std::string expanded = tests::ExpandedTerms(part.dump(), model_path.parent_path());
    EXPECT_THAT(expanded, Not(HasSubstr("cannot be expanded")));
    size_t found = 0;
    for (const auto& [name, value] : part.items()) {
      const std::string term = model["@context"]["@vocab"].get<std::string>() + name;
      found += name != "@context" && expanded.find(term + "\n") != std::string::npos && defined.contains(term) ? 1 : 0;
    }
    EXPECT_EQ(found, members) << path << "\n" << expanded;
  }
  std::string digits = version.passport_identifier();
  std::erase(digits, '-');
  EXPECT_EQ(Made(kPack, v1::PASSPORT_DOCUMENT_GENERAL_PRODUCT_INFORMATION)["batteryPassportIdentifier"], "urn:mespassport:" + digits);
  if (tests::Standards("catenax").empty()) GTEST_SKIP() << "made, but not judged: set MES_STANDARDS_DIR to the folder of the schemas";
}

TEST_F(PassportServiceTest, TheCodeTreeGoesDownOneLevelAtATimeAndNoPackStandsInAPack) {
  plant_.Build("PACK-CAR-60", kPack);
  const Json tree = Made(kPack, v1::PASSPORT_DOCUMENT_TRACTION_BATTERY_CODE);
  EXPECT_EQ(tree["tractionBatteryCode"], kPack);
  EXPECT_EQ(tree["productType"], "pack");
  ASSERT_EQ(tree["subcomponents"].size(), 6u);
  std::set<std::string> codes;
  for (const Json& module : tree["subcomponents"]) {
    EXPECT_EQ(module["productType"], "module");
    ASSERT_EQ(module["subcomponents"].size(), 18u);
    for (const Json& cell : module["subcomponents"]) {
      EXPECT_EQ(cell["productType"], "cell");
      EXPECT_FALSE(cell.contains("subcomponents"));
      codes.insert(cell["tractionBatteryCode"].get<std::string>());
    }
  }
  EXPECT_EQ(codes.size(), 108u);
  ExpectValid(tree, "catenax/traction_battery_code/2.0.0/TractionBatteryCode-schema.json");
  // The second life is a pack that holds the old pack: its modules are told, the old code is not.
  for (const v1::LifeEvent event : {v1::LIFE_EVENT_SHIP, v1::LIFE_EVENT_RETURN, v1::LIFE_EVENT_TEST}) Live(kPack, event);
  v1::RecordLifeEventRequest second;
  second.set_request_id("second");
  second.set_unit_code(kPack);
  second.set_event(v1::LIFE_EVENT_START_SECOND_LIFE);
  second.set_person("Li");
  second.set_party("Store Ltd");
  second.set_evidence("R-1");
  second.set_new_code("NMGPB12GBR0000001RP");
  v1::RecordLifeEventResponse recorded;
  const auto lives = v1::LifeService::NewStub(plant_.server().channel());
  ASSERT_EQ(ReasonOf(CallOnce(*lives, &v1::LifeService::Stub::RecordLifeEvent, second, &recorded)), "OK");
  const Json again = Made("NMGPB12GBR0000001RP", v1::PASSPORT_DOCUMENT_TRACTION_BATTERY_CODE);
  EXPECT_EQ(again["subcomponents"].size(), 6u);
  EXPECT_EQ(again.dump().find(kPack), std::string::npos);
  ExpectValid(again, "catenax/traction_battery_code/2.0.0/TractionBatteryCode-schema.json");
  if (tests::Standards("catenax").empty()) GTEST_SKIP() << "made, but not judged: set MES_STANDARDS_DIR to the folder of the schemas";
}

TEST_F(PassportServiceTest, AStacksPassportIsValidAndCountsItsPlatinum) {
  plant_.Build("STK-148", "STK-1");
  plant_.DeclareAll(PassportKind::kStack, "STK-148", "STK-1", kStackSubstances);
  v1::DeclareFactRequest concern = plant_.Fact("substance_of_concern", "yes", "PFSA_membrane");
  concern.set_product_code("STK-148");
  ASSERT_EQ(plant_.Declare(concern), "OK");
  plant_.Issue("STK-1");
  const auto values = Values("STK-1");
  EXPECT_NEAR(std::stod(values.at("mass_total")), 54.66331, 0.001);
  EXPECT_EQ(values.at("element_mass/Pt"), "0.0456");
  EXPECT_EQ(values.at("cell_count"), "380");
  EXPECT_EQ(values.count("battery_category"), 0u);
  const Json passport = Made("STK-1", v1::PASSPORT_DOCUMENT_DIGITAL_PRODUCT_PASSPORT);
  ASSERT_TRUE(passport.is_object());
  ExpectSound(passport, "");
  EXPECT_EQ(passport["metadata"]["predecessor"]["applicable"], false);
  bool pfas = false;
  for (const Json& material : passport["composition"]["materialInformation"]["materials"]) {
    pfas = pfas || material["substancesOfConcernInformation"]["applicable"] == true;
  }
  EXPECT_TRUE(pfas);
  ExpectValid(passport, "catenax/generic.digital_product_passport/7.0.0/DigitalProductPassport-schema.json");
  v1::DeclareFactRequest recall = plant_.Fact("recall", "yes");
  recall.set_product_code("STK-148");
  ASSERT_EQ(plant_.Declare(recall), "OK");
  plant_.Issue("STK-1");
  EXPECT_THAT(ErrorInfoOf(plant_.Document("STK-1", v1::PASSPORT_DOCUMENT_DIGITAL_PRODUCT_PASSPORT, nullptr)).metadata().at("facts"),
              HasSubstr("recall=no"));
  EXPECT_EQ(ReasonOf(plant_.Document("STK-1", v1::PASSPORT_DOCUMENT_BATTERY_PASS, nullptr)), "DOCUMENT_UNAVAILABLE");
  if (tests::Standards("catenax").empty()) GTEST_SKIP() << "made, but not judged: set MES_STANDARDS_DIR to the folder of the schemas";
}

TEST_F(PassportServiceTest, EveryFamilyHasItsPartBillAndUsageDocuments) {
  for (const auto& [name, value] : std::map<std::string, std::string>{{"manufacturer_bpnl", "BPNL00000ORDOS01"},
                                                                      {"facility_country", "CHN"},
                                                                      {"facility_bpns", "BPNS00000ORDOS01"},
                                                                      {"classification_standard", "ECLASS"},
                                                                      {"classification_id", "27-24-01-01"},
                                                                      {"customer_bpnl", "BPNL000000NEWBUS"},
                                                                      {"customer_part_name", "energy store"},
                                                                      {"customer_part_number", "NB-7"}}) {
    ASSERT_EQ(plant_.Declare(plant_.Fact(name, value)), "OK") << name;
  }
  plant_.Build("CELL-LFP-173", "NMGCB120000001G9M0000009");
  const grpc::Status refused = plant_.Document("NMGCB120000001G9M0000009", v1::PASSPORT_DOCUMENT_SINGLE_LEVEL_BOM_AS_BUILT, nullptr);
  EXPECT_THAT(ErrorInfoOf(refused).metadata().at("facts"), HasSubstr("manufacturer_bpnl of RM-ELY")) << "a supplier's number is never ours";
  for (const domain::Material& material : plant_.plant().plant().materials) {
    if (material.made) continue;
    v1::DeclareFactRequest fact = plant_.Fact("manufacturer_bpnl", "BPNL0000SUPPLIER");
    fact.set_product_code(material.code);
    ASSERT_EQ(plant_.Declare(fact), "OK") << material.code;
  }
  std::set<std::string> assets;
  int families = 0;
  for (const domain::Material& material : plant_.plant().plant().materials) {
    // The small plant's products have no area.
    if (!material.made || material.properties_json.find("\"area\"") == std::string::npos) continue;
    ++families;
    const bool lot = material.tracking == domain::Tracking::kLot;
    const std::string code = lot ? "LOT-" + material.code : "U-" + material.code;
    if (lot) plant_.LotOf(material.code);
    if (!lot) plant_.Build(material.code, code, false);
    const Json part = Made(code, lot ? v1::PASSPORT_DOCUMENT_BATCH : v1::PASSPORT_DOCUMENT_SERIAL_PART);
    const Json bom = Made(code, v1::PASSPORT_DOCUMENT_SINGLE_LEVEL_BOM_AS_BUILT);
    const Json usage = Made(code, v1::PASSPORT_DOCUMENT_SINGLE_LEVEL_USAGE_AS_BUILT);
    ASSERT_TRUE(part.is_object() && bom.is_object() && usage.is_object()) << material.code;
    for (const Json* document : {&part, &bom, &usage}) ExpectSound(*document, "");
    EXPECT_TRUE(assets.insert(part["globalAssetId"].get<std::string>()).second);
    EXPECT_EQ(bom["globalAssetId"], part["globalAssetId"]);
    EXPECT_EQ(usage["globalAssetId"], part["globalAssetId"]);
    EXPECT_FALSE(bom["childItems"].empty());
    for (const Json& child : bom["childItems"]) {
      EXPECT_NE(child["globalAssetId"], bom["globalAssetId"]) << "nothing is in itself";
      EXPECT_GT(child["quantity"]["value"].get<double>(), 0);
    }
    ExpectValid(part, lot ? "catenax/batch/4.0.0/Batch-schema.json" : "catenax/serial_part/4.0.0/SerialPart-schema.json");
    ExpectValid(bom, "catenax/single_level_bom_as_built/4.0.0/SingleLevelBomAsBuilt-schema.json");
    ExpectValid(usage, "catenax/single_level_usage_as_built/4.0.0/SingleLevelUsageAsBuilt-schema.json");
  }
  EXPECT_EQ(families, 22);
  // From the cell down to its electrolyte, and from the electrolyte up to the cell.
  const Json down = Made("NMGCB120000001G9M0000009", v1::PASSPORT_DOCUMENT_SINGLE_LEVEL_BOM_AS_BUILT);
  const Json up = Made("LOT-RM-ELY", v1::PASSPORT_DOCUMENT_SINGLE_LEVEL_USAGE_AS_BUILT);
  bool found = false;
  for (const Json& parent : up["parentItems"]) {
    if (parent["globalAssetId"] != down["globalAssetId"]) continue;
    found = true;
    EXPECT_EQ(parent["quantity"]["unit"], "unit:kilogram");
  }
  EXPECT_TRUE(found);
  if (tests::Standards("catenax").empty()) GTEST_SKIP() << "made, but not judged: set MES_STANDARDS_DIR to the folder of the schemas";
}

TEST_F(PassportServiceTest, AnEpcisDocumentExpandsWithoutANetwork) {
  plant_.Build("PACK-CAR-60", kPack, false);
  Live(kPack, v1::LIFE_EVENT_SHIP);
  v1::ExportUnitEpcisRequest request;
  request.set_unit_code(kPack);
  request.set_host("o.cn");
  grpc::ClientContext context;
  const auto reader = v1::EpcisService::NewStub(plant_.server().channel())->ExportUnitEpcis(&context, request);
  std::string document;
  v1::ExportUnitEpcisResponse piece;
  while (reader->Read(&piece)) document += piece.text();
  ASSERT_TRUE(reader->Finish().ok());
  const std::filesystem::path folder = tests::Standards("gs1-epcis/context");
  MES_NEED_STANDARDS(folder);
  const std::string expanded = tests::ExpandedTerms(document, folder);
  EXPECT_THAT(expanded, AllOf(HasSubstr("@type https://ref.gs1.org/epcis/ObjectEvent"), HasSubstr("https://ref.gs1.org/epcis/bizStep"),
                              Not(HasSubstr("cannot be expanded"))));
  Json broken = Json::parse(document);
  broken["@context"] = "https://elsewhere.example/context.jsonld";
  EXPECT_THAT(tests::ExpandedTerms(broken.dump(), folder), HasSubstr("cannot be expanded")) << "the processor is awake, and offline";
}

}  // namespace
}  // namespace mes::services
