#include "services/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "domain/calendar.h"
#include "domain/limits.h"
#include "services/plan_files.h"
#include "tests/support/reference_picture.h"

namespace mes::services {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const domain::Time kNow = domain::Time(std::chrono::hours(24) * domain::DayOf(2026, 11, 24) + std::chrono::hours(2));

class PlanServiceTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { picture_ = std::make_unique<tests::ReferencePicture>(kNow); }
  static void TearDownTestSuite() { picture_.reset(); }
  void SetUp() override {
    picture_->database().Query("delete from plan_line; delete from plan_version; delete from line_output_month; select 1");
  }

  static v1::ImportPlanRequest Csv(const std::string& content) {
    v1::ImportPlanRequest request;
    request.set_request_id("r");
    request.set_format(v1::PLAN_FORMAT_CSV);
    request.set_content(content);
    request.set_person("li.wei");
    request.set_source("plan.csv");
    return request;
  }
  v1::ImportPlanResponse Import(const v1::ImportPlanRequest& request) {
    v1::ImportPlanResponse response;
    const domain::Status status = picture_->Change(ImportPlan, request, response);
    EXPECT_TRUE(status.has_value()) << status.error().message;
    return response;
  }
  v1::PlanVarianceResponse Variance(const std::string& first, const std::string& last, int32_t version = 0) {
    v1::PlanVarianceRequest request;
    request.set_first_month(first);
    request.set_last_month(last);
    request.set_version(version);
    v1::PlanVarianceResponse response;
    const domain::Status status = picture_->Ask(PlanVariance, request, response);
    EXPECT_TRUE(status.has_value()) << status.error().message;
    return response;
  }
  template <typename Handler, typename Request, typename Response>
  std::string Refused(Handler handler, const Request& request, Response response) {
    const domain::Status status = picture_->Ask(handler, request, response);
    if (status) return "OK";
    return std::string(domain::NameOf(status.error().reason)) + " " + status.error().metadata.at("field");
  }
  // Made in a month of 2026.
  void Make(const std::string& product, int month, int64_t good) {
    picture_->database().Query("insert into line_output_month select material_id, 2026 * 12 + " + std::to_string(month - 1) +
                               ", 1, 0, " + std::to_string(good) + "000000, 0, 0, 0, 0 from material where code = '" + product +
                               "'; select 1");
  }
  static std::vector<std::string> Rows(const google::protobuf::RepeatedPtrField<v1::PlanVarianceRow>& list) {
    std::vector<std::string> rows;
    for (const v1::PlanVarianceRow& row : list) {
      rows.push_back(row.month() + " " + row.product_code() + " " + (row.has_plan() ? row.plan().value() : "-") + " " +
                     row.actual().value() + " " + row.difference() + " v" + std::to_string(row.version()));
    }
    return rows;
  }

  static std::unique_ptr<tests::ReferencePicture> picture_;
};

std::unique_ptr<tests::ReferencePicture> PlanServiceTest::picture_;

TEST_F(PlanServiceTest, TakesAPlanAsAVersionWithWhoAndWhen) {
  const v1::ImportPlanResponse taken =
      Import(Csv("month,product,quantity\n2026-10,PACK-TRK-70,9575\n2026-11,PACK-TRK-70,9600\n"));
  EXPECT_THAT(taken.faults(), IsEmpty());
  EXPECT_EQ(taken.version().version(), 1);
  EXPECT_EQ(taken.version().person(), "li.wei");
  EXPECT_EQ(taken.version().source(), "plan.csv");
  EXPECT_EQ(taken.version().import_time().seconds(),
            std::chrono::duration_cast<std::chrono::seconds>(kNow.time_since_epoch()).count());
  EXPECT_EQ(taken.version().lines(), 2);
  EXPECT_EQ(taken.version().first_month() + taken.version().last_month(), "2026-102026-11");
  v1::ListPlanVersionsResponse list;
  Import(Csv("month,product,quantity\n2026-12,STK-148,400\n"));
  v1::ListPlanVersionsRequest page;
  page.set_page_size(1);
  ASSERT_TRUE(picture_->Ask(ListPlanVersions, page, list).has_value());
  ASSERT_EQ(list.versions_size(), 1);
  EXPECT_EQ(list.versions(0).version(), 2) << "newest first";
  page.set_page_token(list.next_page_token());
  ASSERT_TRUE(picture_->Ask(ListPlanVersions, page, list).has_value());
  EXPECT_EQ(list.versions(0).version(), 1);
  EXPECT_THAT(list.next_page_token(), IsEmpty());
}

TEST_F(PlanServiceTest, OneFaultStoresNothingAndEveryFaultHasItsLineAndField) {
  const v1::ImportPlanResponse refused =
      Import(Csv("month,product,quantity,uom\n2026-10,PACK-TRK-70,9575,pc\n2026-13,NO-SUCH,x,pc\n2026-11,PACK-TRK-70,1,kg,\n"));
  std::vector<std::string> faults;
  for (const v1::PlanFault& fault : refused.faults()) faults.push_back(std::to_string(fault.line()) + " " + fault.field());
  EXPECT_THAT(faults, ElementsAre("3 month", "3 product", "3 quantity", "4 "));
  EXPECT_EQ(refused.faults_total(), 4);
  EXPECT_FALSE(refused.has_version());
  EXPECT_EQ(picture_->database().Value("select count(*) from plan_version"), "0");
  EXPECT_EQ(picture_->database().Value("select count(*) from plan_line"), "0");
}

TEST_F(PlanServiceTest, OnlyCheckingStoresNothing) {
  v1::ImportPlanRequest request = Csv("month,product,quantity\n2026-10,PACK-TRK-70,9575\n");
  request.set_validate_only(true);
  const v1::ImportPlanResponse checked = Import(request);
  EXPECT_EQ(checked.lines(), 1);
  EXPECT_FALSE(checked.has_version());
  EXPECT_EQ(picture_->database().Value("select count(*) from plan_version"), "0");
}

TEST_F(PlanServiceTest, TakesAnIsa95OperationsSchedule) {
  v1::ImportPlanRequest request = Csv(
      R"({"OperationsSchedule": {"ID": "P", "OperationsRequest": [{"ID": "R", "SegmentRequirement": [{"ID": "S",
          "EarliestStartTime": "2026-12-01T08:00:00+08:00", "MaterialRequirement": [{"ID": "M", "MaterialUse": "Produced",
          "MaterialDefinitionID": ["STK-148"], "Quantity": [{"QuantityString": "420", "UnitOfMeasure": "pc"}]}]}]}]}})");
  request.set_format(v1::PLAN_FORMAT_ISA95_JSON);
  const v1::ImportPlanResponse taken = Import(request);
  EXPECT_THAT(taken.faults(), IsEmpty());
  EXPECT_EQ(taken.version().format(), v1::PLAN_FORMAT_ISA95_JSON);
  EXPECT_THAT(Rows(Variance("2026-12", "2026-12").rows()), ElementsAre("2026-12 STK-148 420 0 -420 v1"));
  std::string wrong = request.content();
  wrong.replace(wrong.find("\"420\""), 5, "\"42O\"");
  request.set_content(wrong);
  const v1::ImportPlanResponse refused = Import(request);
  ASSERT_EQ(refused.faults_size(), 1);
  EXPECT_EQ(refused.faults(0).line(), 2) << "where the requirement begins";
  EXPECT_THAT(refused.faults(0).field(), HasSubstr("MaterialRequirement/0/Quantity/0/QuantityString"));
}

TEST_F(PlanServiceTest, HoldsPlanAgainstActualInPiecesAndKwh) {
  Import(Csv("month,product,quantity\n2026-09,PACK-TRK-70,9000\n2026-10,PACK-TRK-70,9575\n2026-10,STK-148,400\n"));
  // A new plan for October alone: September stays with the first.
  Import(Csv("month,product,quantity\n2026-10,PACK-TRK-70,9000\n"));
  Make("PACK-TRK-70", 9, 9'100);
  Make("PACK-TRK-70", 10, 8'900);
  Make("FCS-120", 10, 7);
  const v1::PlanVarianceResponse variance = Variance("2026-09", "2026-10");
  EXPECT_THAT(Rows(variance.rows()), ElementsAre("2026-09 PACK-TRK-70 9000 9100 100 v1", "2026-10 FCS-120 - 7 7 v2",
                                                 "2026-10 PACK-TRK-70 9000 8900 -100 v2"));
  EXPECT_THAT(Rows(variance.totals()), ElementsAre(" FCS-120 - 7 7 v2", " PACK-TRK-70 18000 18000 0 v0"));
  EXPECT_NEAR(variance.rows(2).energy().plan_kwh(), 9'000 * 70.47936, 1e-3);
  EXPECT_NEAR(variance.rows(2).energy().difference_kwh(), -100 * 70.47936, 1e-3);
  EXPECT_FALSE(variance.rows(1).has_energy()) << "a fuel cell system has kW, not kWh";
  EXPECT_FALSE(variance.rows(2).family_code().empty());
  EXPECT_THAT(Rows(Variance("2026-10", "2026-10", 1).rows()),
              ElementsAre("2026-10 FCS-120 - 7 7 v1", "2026-10 PACK-TRK-70 9575 8900 -675 v1", "2026-10 STK-148 400 0 -400 v1"));
}

TEST_F(PlanServiceTest, GivesTheSameOutAsFiles) {
  Import(Csv("month,product,quantity\n2026-10,PACK-TRK-70,9000\n"));
  Make("PACK-TRK-70", 10, 8'900);
  v1::ExportPlanRequest request;
  request.mutable_variance()->set_first_month("2026-10");
  request.set_format(v1::PLAN_EXPORT_FORMAT_CSV);
  v1::ExportPlanResponse file;
  ASSERT_TRUE(picture_->Ask(ExportPlan, request, file).has_value());
  EXPECT_EQ(file.file_name(), "plan-2026-10-2026-12.csv");
  EXPECT_THAT(file.content(), HasSubstr("2026-10,PACK-TRK-70,batteries,pc,9000,8900,-100,634314.240,627266.304,-7047.936,1\r\n"));
  request.set_format(v1::PLAN_EXPORT_FORMAT_XLSX);
  ASSERT_TRUE(picture_->Ask(ExportPlan, request, file).has_value());
  EXPECT_TRUE(file.content().starts_with("PK"));
  EXPECT_EQ(file.file_name(), "plan-2026-10-2026-12.xlsx");
}

TEST_F(PlanServiceTest, RefusesByName) {
  const auto import = [&](const v1::ImportPlanRequest& request) {
    return Refused(ImportPlan, request, v1::ImportPlanResponse());
  };
  v1::ImportPlanRequest request = Csv("month,product,quantity\n");
  request.clear_person();
  EXPECT_EQ(import(request), "FIELD_REQUIRED person");
  EXPECT_EQ(import(Csv("")), "FIELD_REQUIRED content");
  request = Csv("x");
  request.set_format(static_cast<v1::PlanFormat>(9));
  EXPECT_EQ(import(request), "ENUM_UNKNOWN format");
  EXPECT_EQ(import(Csv(std::string(domain::kMaxPlanBytes + 1, 'x'))), "LIMIT_EXCEEDED content");
  std::string rows = "month,product,quantity\n";
  for (size_t i = 0; i <= domain::kMaxPlanRows; ++i) rows += "2026-10,A,1\n";
  EXPECT_EQ(import(Csv(rows)), "LIMIT_EXCEEDED content");

  const auto variance = [&](const std::string& first, const std::string& last, const std::string& product, int32_t version) {
    v1::PlanVarianceRequest asked;
    asked.set_first_month(first);
    asked.set_last_month(last);
    asked.set_product_code(product);
    asked.set_version(version);
    return Refused(PlanVariance, asked, v1::PlanVarianceResponse());
  };
  EXPECT_EQ(variance("2026-1", "", "", 0), "FIELD_INVALID first_month");
  EXPECT_EQ(variance("2026-02", "2026-01", "", 0), "FIELD_INVALID last_month");
  EXPECT_EQ(variance("2026-01", "2029-01", "", 0), "LIMIT_EXCEEDED last_month");
  EXPECT_EQ(variance("", "", "NO-SUCH", 0), "PRODUCT_UNKNOWN product_code");
  EXPECT_EQ(variance("", "", "", 7), "PLAN_UNKNOWN version");
  v1::ExportPlanRequest file;
  EXPECT_EQ(Refused(ExportPlan, file, v1::ExportPlanResponse()), "ENUM_UNKNOWN format");
  v1::ListPlanVersionsRequest page;
  page.set_page_token("nonsense");
  EXPECT_EQ(Refused(ListPlanVersions, page, v1::ListPlanVersionsResponse()), "PAGE_TOKEN_INVALID page_token");
}

}  // namespace
}  // namespace mes::services
