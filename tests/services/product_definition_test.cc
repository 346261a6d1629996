#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "domain/limits.h"
#include "domain/spc_rule.h"
#include "mes/v1/product_definition.grpc.pb.h"
#include "mes/v1/spc.grpc.pb.h"
#include "tests/support/plant_builder.h"
#include "tests/support/plant_folder.h"
#include "tests/support/server.h"

namespace mes::services {
namespace {

using tests::CallOnce;
using tests::FieldOf;
using tests::PlantBuilder;
using tests::PlantFolder;
using tests::ReasonOf;
using tests::TestServer;
using Stub = v1::ProductDefinitionService::Stub;

class ProductDefinition : public testing::Test {
 protected:
  v1::LoadPlantRequest Request(const PlantFolder& folder) {
    v1::LoadPlantRequest request;
    request.set_request_id("load " + std::to_string(++requests_));
    for (const auto& [path, content] : folder) {
      v1::PlantFile& file = *request.add_files();
      file.set_path(path);
      file.set_content(content);
    }
    return request;
  }
  grpc::Status Load(const v1::LoadPlantRequest& request, v1::LoadPlantResponse& response) {
    return CallOnce(*stub_, &Stub::LoadPlant, request, &response);
  }
  grpc::Status Get(const std::string& code, int32_t revision, v1::ProductDefinition& product) {
    v1::GetProductRequest request;
    request.set_product_code(code);
    request.set_revision(revision);
    v1::GetProductResponse response;
    const grpc::Status status = CallOnce(*stub_, &Stub::GetProduct, request, &response);
    product = response.product();
    return status;
  }

  TestServer server_{domain::PlantDraft{}};
  std::unique_ptr<Stub> stub_ = v1::ProductDefinitionService::NewStub(server_.channel());
  int requests_ = 0;
};

void Change(PlantFolder& folder, const std::string& file, const std::string& from, const std::string& to) {
  std::string& content = folder.at(file);
  const size_t at = content.find(from);
  ASSERT_NE(at, std::string::npos);
  content.replace(at, from.size(), to);
}

TEST_F(ProductDefinition, TheReferencePlantLoadsAndIsThereAtOnce) {
  v1::LoadPlantResponse loaded;
  ASSERT_TRUE(Load(Request(tests::ReadReferencePlant()), loaded).ok());
  EXPECT_EQ(loaded.faults_total(), 0);
  EXPECT_EQ(loaded.released_size(), 22);
  EXPECT_EQ(loaded.unchanged_products(), 0);
  EXPECT_EQ(loaded.materials(), 131);
  EXPECT_GT(loaded.stations(), 2'000);

  v1::ProductDefinition pack;
  ASSERT_TRUE(Get("PACK-TRK-70", 0, pack).ok());
  EXPECT_EQ(pack.material().name(), "Truck pack box 96S1P 70.48 kWh");
  EXPECT_TRUE(pack.material().made());
  EXPECT_EQ(pack.material().revision(), 1);
  EXPECT_EQ(pack.revision(), 1);
  EXPECT_EQ(pack.digest().size(), 64u);
  EXPECT_GT(pack.release_time().seconds(), 1'500'000'000);
  ASSERT_EQ(pack.operations_size(), 14);
  const v1::Operation& bolts = pack.operations(4);
  EXPECT_EQ(bolts.number(), 50);
  EXPECT_EQ(bolts.tightenings(), 16);
  EXPECT_EQ(bolts.rework_to(), 50);
  EXPECT_THAT(bolts.interlocks(), testing::Contains("BOLT_COUNT"));
  ASSERT_GT(bolts.characteristics_size(), 0);
  EXPECT_EQ(bolts.characteristics(0).unit(), "N.m");
  EXPECT_EQ(bolts.characteristics(0).replicates(), 16);
  EXPECT_TRUE(bolts.characteristics(0).has_lower_limit());
  EXPECT_EQ(pack.operations(12).new_identity(), "gbt34014");
  ASSERT_EQ(pack.time_windows_size(), 4);
  EXPECT_EQ(pack.time_windows(0).late_action(), "repeat");
  for (const v1::BomLine& line : pack.bom()) {
    if (line.material_code() != "CP-BLT-M") continue;
    EXPECT_EQ(line.quantity().value(), "16");
    EXPECT_EQ(line.quantity().uom(), "pc");
    EXPECT_EQ(line.tracking(), v1::TRACKING_LOT);
    EXPECT_EQ(line.operation(), 50);
    EXPECT_THAT(line.alternate_codes(), testing::ElementsAre("CP-BLT-M2"));
  }
}

TEST_F(ProductDefinition, LoadingAgainChangesNothingAndAChangeReleasesOneRevision) {
  PlantFolder folder = tests::ReadReferencePlant();
  v1::LoadPlantResponse response;
  ASSERT_TRUE(Load(Request(folder), response).ok());
  ASSERT_TRUE(Load(Request(folder), response).ok());
  EXPECT_EQ(response.released_size(), 0);
  EXPECT_EQ(response.unchanged_products(), 22);

  Change(folder, "routings/CCM.json", "\"usl\": ", "\"usl\": 1000");
  ASSERT_TRUE(Load(Request(folder), response).ok());
  ASSERT_EQ(response.faults_total(), 0) << response.faults(0).problem();
  ASSERT_EQ(response.released_size(), 1);
  EXPECT_EQ(response.released(0).product_code(), "CCM");
  EXPECT_EQ(response.released(0).revision(), 2);
  v1::ProductDefinition newest;
  v1::ProductDefinition first;
  ASSERT_TRUE(Get("CCM", 0, newest).ok());
  ASSERT_TRUE(Get("CCM", 1, first).ok());
  EXPECT_EQ(newest.revision(), 2);
  EXPECT_EQ(first.revision(), 1);
  EXPECT_NE(newest.digest(), first.digest());
}

TEST_F(ProductDefinition, OneFaultStoresNothing) {
  PlantFolder folder = tests::ReadReferencePlant();
  Change(folder, "routings/CCM.json", "\"fpy\": ", "\"fpy\": 1");
  Change(folder, "routings/MEA-7.json", "\"fpy\"", "\"fpi\"");
  v1::LoadPlantResponse response;
  ASSERT_TRUE(Load(Request(folder), response).ok());
  EXPECT_EQ(response.faults_total(), 3);
  ASSERT_EQ(response.faults_size(), 3);
  EXPECT_EQ(response.faults(0).file(), "routings/CCM.json");
  EXPECT_EQ(response.faults(0).path(), "/operations/0/fpy");
  EXPECT_THAT(response.faults(0).problem(), testing::HasSubstr("at most 1"));
  EXPECT_EQ(response.faults(2).path(), "/operations/0/fpy");
  EXPECT_EQ(response.released_size(), 0);
  EXPECT_EQ(server_.database().Value("select count(*) from material"), "0");
}

TEST_F(ProductDefinition, TheFilesRulesOfChartsAreTakenWhenTheFilesChangeThem) {
  const auto definitions = [&] {
    return server_.database().Value(
        "select string_agg(class || ' ' || rules || ' ' || person, ', ' order by definition_id) from spc_definition");
  };
  const auto count = [&] { return server_.database().Value("select count(*) from spc_definition"); };
  PlantFolder folder = tests::ReadReferencePlant();
  v1::LoadPlantResponse response;
  ASSERT_TRUE(Load(Request(folder), response).ok());
  EXPECT_EQ(count(), "0") << "our plant's rules are the defaults";
  nlohmann::ordered_json rules = nlohmann::ordered_json::parse(folder.at("rules.json"));
  rules["spc"]["enabled_by_default"]["SC"] = {1, 2, 7};
  folder["rules.json"] = rules.dump();
  ASSERT_TRUE(Load(Request(folder), response).ok());
  ASSERT_EQ(response.faults_total(), 0) << response.faults(0).problem();
  const auto numbers = domain::RulesOf({domain::ChartRule::kNelson1, domain::ChartRule::kNelson2, domain::ChartRule::kNelson7});
  EXPECT_EQ(definitions(), "SC " + std::to_string(numbers) + " rules.json of the plant");

  // A person decides otherwise; the same files say nothing new.
  const auto spc = v1::SpcService::NewStub(server_.channel());
  v1::DefineChartRequest define;
  define.set_request_id("define");
  v1::ChartDefinition& definition = *define.mutable_definition();
  definition.set_characteristic_class("SC");
  definition.add_rules("NELSON1");
  definition.set_person("li.wei");
  definition.set_reason("too many alarms");
  v1::DefineChartResponse defined;
  ASSERT_TRUE(CallOnce(*spc, &v1::SpcService::Stub::DefineChart, define, &defined).ok());
  ASSERT_TRUE(Load(Request(folder), response).ok());
  EXPECT_EQ(count(), "2");

  rules["spc"]["enabled_by_default"]["CC"] = {2, 3};
  rules["spc"]["enabled_by_default"]["std"] = {1, 9};
  rules["spc"]["enabled_by_default"]["XX"] = {1};
  folder["rules.json"] = rules.dump();
  ASSERT_TRUE(Load(Request(folder), response).ok());
  std::vector<std::string> paths;
  for (const v1::PlantFault& fault : response.faults()) paths.push_back(fault.file() + fault.path());
  EXPECT_THAT(paths, testing::UnorderedElementsAre("rules.json/spc/enabled_by_default/CC", "rules.json/spc/enabled_by_default/std/1",
                                                   "rules.json/spc/enabled_by_default/XX"))
      << "critical ones need rule 1, there are eight rules and three classes";
  EXPECT_EQ(count(), "2");
}

TEST_F(ProductDefinition, MoreFaultsThanAnAnswerHoldsAreCounted) {
  PlantFolder folder = tests::ReadReferencePlant();
  std::string list;
  for (int i = 0; i < 1'500; ++i) list += (i ? ",0" : "0");
  folder["routings/CCM.json"] = R"({"family": "CCM", "operations": [)" + list + R"(], "time_windows": []})";
  v1::LoadPlantResponse response;
  ASSERT_TRUE(Load(Request(folder), response).ok());
  EXPECT_EQ(response.faults_total(), 1'500);
  EXPECT_EQ(response.faults_size(), static_cast<int>(domain::kMaxPlantFaults));
}

TEST_F(ProductDefinition, ValidateOnlyStoresNothing) {
  v1::LoadPlantRequest request = Request(tests::ReadReferencePlant());
  request.set_validate_only(true);
  v1::LoadPlantResponse response;
  ASSERT_TRUE(Load(request, response).ok());
  EXPECT_EQ(response.faults_total(), 0);
  EXPECT_EQ(response.released_size(), 0);
  EXPECT_EQ(response.materials(), 0);
  EXPECT_EQ(server_.database().Value("select count(*) from material"), "0");
}

TEST_F(ProductDefinition, AMaterialInUseCannotChangeItsUnitOfMeasure) {
  PlantFolder folder = tests::ReadReferencePlant();
  v1::LoadPlantResponse response;
  ASSERT_TRUE(Load(Request(folder), response).ok());
  // CP-MSD is consumed by one product only; both its lists are changed with it.
  for (const char* file : {"materials.json", "boms/PACK-CAR-60.json", "routings/PACK-CAR-60.json"}) {
    std::string& content = folder.at(file);
    const size_t at = content.find("\"uom\": \"pc\"", content.find("\"CP-MSD\""));
    content.replace(at, 11, "\"uom\": \"set\"");
  }
  ASSERT_TRUE(Load(Request(folder), response).ok());
  ASSERT_EQ(response.faults_total(), 1);
  EXPECT_EQ(response.faults(0).path(), "/materials/CP-MSD/uom");
  EXPECT_THAT(response.faults(0).problem(), testing::HasSubstr("cannot change"));
}

TEST_F(ProductDefinition, LimitsAreToldByField) {
  v1::LoadPlantRequest request = Request({});
  for (size_t i = 0; i <= domain::kMaxPlantFiles; ++i) request.add_files()->set_path("x.json");
  v1::LoadPlantResponse response;
  grpc::Status status = Load(request, response);
  EXPECT_EQ(ReasonOf(status), "LIMIT_EXCEEDED");
  EXPECT_EQ(FieldOf(status), "files");

  request = Request({{"families.json", std::string(domain::kMaxPlantBytes + 1, ' ')}});
  status = Load(request, response);
  EXPECT_EQ(ReasonOf(status), "LIMIT_EXCEEDED");
  EXPECT_EQ(FieldOf(status), "files");

  request = Request({{std::string(201, 'x'), "{}"}});
  status = Load(request, response);
  EXPECT_EQ(ReasonOf(status), "LIMIT_EXCEEDED");
  EXPECT_EQ(FieldOf(status), "files[0].path");

  request = Request({{"", "{}"}});
  EXPECT_EQ(ReasonOf(Load(request, response)), "FIELD_REQUIRED");
  request = Request({});
  request.clear_request_id();
  EXPECT_EQ(ReasonOf(Load(request, response)), "FIELD_REQUIRED");
}

TEST_F(ProductDefinition, TheSameRequestIdGetsTheSameAnswerAndNoOtherContent) {
  v1::LoadPlantRequest request = Request(tests::ReadReferencePlant());
  v1::LoadPlantResponse response;
  ASSERT_TRUE(Load(request, response).ok());
  v1::LoadPlantResponse again;
  ASSERT_TRUE(Load(request, again).ok());
  EXPECT_EQ(again.released_size(), 22);
  request.set_validate_only(true);
  EXPECT_EQ(ReasonOf(Load(request, again)), "REQUEST_ID_REUSED");
}

TEST_F(ProductDefinition, WhatIsUnknownIsToldByField) {
  tests::StorePlant(server_.database(), PlantBuilder().draft());
  v1::LoadPlantResponse ignored;
  // Makes this server look again.
  ASSERT_TRUE(Load(Request({}), ignored).ok());
  v1::ProductDefinition product;
  grpc::Status status = Get("PACK-X", 0, product);
  EXPECT_EQ(ReasonOf(status), "PRODUCT_UNKNOWN");
  EXPECT_EQ(FieldOf(status), "product_code");
  status = Get("HSG", 0, product);
  EXPECT_EQ(ReasonOf(status), "PRODUCT_UNKNOWN");
  EXPECT_THAT(status.error_message(), testing::HasSubstr("bought"));
  status = Get("PACK", 2, product);
  EXPECT_EQ(ReasonOf(status), "REVISION_UNKNOWN");
  EXPECT_EQ(FieldOf(status), "revision");
  EXPECT_EQ(ReasonOf(Get("PACK", -1, product)), "FIELD_INVALID");
  EXPECT_EQ(ReasonOf(Get("", 0, product)), "FIELD_REQUIRED");
  EXPECT_EQ(ReasonOf(Get("A B", 0, product)), "CODE_INVALID");
}

TEST_F(ProductDefinition, ProductsAreListedInPagesByCode) {
  tests::StorePlant(server_.database(), PlantBuilder().draft());
  v1::LoadPlantResponse ignored;
  ASSERT_TRUE(Load(Request({}), ignored).ok());
  v1::ListProductsRequest request;
  request.set_page_size(3);
  std::vector<std::string> codes;
  int pages = 0;
  do {
    v1::ListProductsResponse response;
    ASSERT_TRUE(CallOnce(*stub_, &Stub::ListProducts, request, &response).ok());
    for (const v1::Material& material : response.materials()) codes.push_back(material.code());
    request.set_page_token(response.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_THAT(codes, testing::ElementsAre("BLT", "CELL", "ELY", "ELY-B", "HSG", "INK", "PACK", "POW"));
  EXPECT_EQ(pages, 3);

  request.set_page_size(0);
  request.set_made_only(true);
  v1::ListProductsResponse made;
  ASSERT_TRUE(CallOnce(*stub_, &Stub::ListProducts, request, &made).ok());
  ASSERT_EQ(made.materials_size(), 3);
  EXPECT_EQ(made.materials(0).code(), "CELL");
  EXPECT_EQ(made.materials(0).revision(), 1);

  request.set_page_token("nonsense");
  const grpc::Status status = CallOnce(*stub_, &Stub::ListProducts, request, &made);
  EXPECT_EQ(ReasonOf(status), "PAGE_TOKEN_INVALID");
}

}  // namespace
}  // namespace mes::services
