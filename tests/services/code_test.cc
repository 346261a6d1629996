#include "services/code.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mes/v1/code.grpc.pb.h"
#include "mes/v1/station_event.grpc.pb.h"
#include "tests/support/server.h"
#include "tests/support/stored_plant.h"

namespace mes::services {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tests::CallOnce;
using tests::FieldOf;
using tests::ReasonOf;
using tests::StoredPlant;
using v1::CodeService;

class CodeServiceTest : public testing::Test {
 protected:
  tests::TestServer server_{tests::PlantBuilder().draft()};
  StoredPlant plant_{server_.database()};
  std::unique_ptr<CodeService::Stub> stub_ = CodeService::NewStub(server_.channel());
  std::atomic<int> requests_ = 0;

  std::string RequestId() { return "r" + std::to_string(++requests_); }
  v1::SetCodeRuleRequest Rule(const std::string& product, const std::string& prefix, const std::string& gtin = "") {
    v1::SetCodeRuleRequest request;
    request.set_request_id(RequestId());
    request.set_product_code(product);
    request.set_prefix(prefix);
    if (!prefix.empty()) request.set_traceability("0000001");
    request.set_gtin(gtin);
    request.set_person("Li");
    return request;
  }
  grpc::Status Set(const v1::SetCodeRuleRequest& request) {
    v1::SetCodeRuleResponse response;
    return CallOnce(*stub_, &CodeService::Stub::SetCodeRule, request, &response);
  }
  v1::IssueCodesRequest Issuing(const std::string& product, int count) {
    v1::IssueCodesRequest request;
    request.set_request_id(RequestId());
    request.set_product_code(product);
    request.set_count(count);
    request.set_production_date("2026-11-24");
    request.set_person("Li");
    return request;
  }
  grpc::Status Issue(const v1::IssueCodesRequest& request, v1::IssueCodesResponse* response) {
    return CallOnce(*stub_, &CodeService::Stub::IssueCodes, request, response);
  }
  grpc::Status Void(const std::vector<std::string>& codes, const std::string& reason = "torn") {
    v1::VoidCodesRequest request;
    request.set_request_id(RequestId());
    request.mutable_codes()->Assign(codes.begin(), codes.end());
    request.set_reason(reason);
    request.set_person("Li");
    v1::VoidCodesResponse response;
    return CallOnce(*stub_, &CodeService::Stub::VoidCodes, request, &response);
  }
  v1::DecodeCodeResponse Decode(const std::string& scan) {
    v1::DecodeCodeRequest request;
    request.set_scan(scan);
    v1::DecodeCodeResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*stub_, &CodeService::Stub::DecodeCode, request, &response)), "OK") << scan;
    return response;
  }
};

TEST_F(CodeServiceTest, RulesAreSetOnceAndListed) {
  ASSERT_EQ(ReasonOf(Set(Rule("CELL", "NMGCB12", "9521234543213"))), "OK");
  EXPECT_EQ(ReasonOf(Set(Rule("PACK", "NMGCB12"))), "CODE_RULE_EXISTS");
  EXPECT_EQ(FieldOf(Set(Rule("PACK", "NMGPB12", "09521234543213"))), "gtin");
  EXPECT_EQ(ReasonOf(Set(Rule("NONE", "NMGPB12"))), "PRODUCT_UNKNOWN");
  EXPECT_EQ(ReasonOf(Set(Rule("INK", "NMGPB12"))), "PRODUCT_UNKNOWN") << "a lot";
  EXPECT_EQ(ReasonOf(Set(Rule("PACK", "NMGPO12"))), "CODE_INVALID");
  EXPECT_EQ(FieldOf(Set(Rule("PACK", "", "9521234543214"))), "gtin") << "check digit";
  EXPECT_EQ(ReasonOf(Set(Rule("PACK", ""))), "FIELD_REQUIRED");
  v1::SetCodeRuleRequest nobody = Rule("PACK", "NMGPB12");
  nobody.clear_person();
  EXPECT_EQ(FieldOf(Set(nobody)), "person");
  ASSERT_EQ(ReasonOf(Set(Rule("PACK", "NMGPB12"))), "OK");
  v1::ListCodeRulesRequest list;
  list.set_page_size(1);
  v1::ListCodeRulesResponse page;
  ASSERT_TRUE(CallOnce(*stub_, &CodeService::Stub::ListCodeRules, list, &page).ok());
  ASSERT_EQ(page.rules_size(), 1);
  EXPECT_EQ(page.rules(0).gtin(), "09521234543213");
  list.set_page_token(page.next_page_token());
  ASSERT_TRUE(CallOnce(*stub_, &CodeService::Stub::ListCodeRules, list, &page).ok());
  EXPECT_EQ(page.rules(0).prefix(), "NMGPB12");
  EXPECT_EQ(page.next_page_token(), "");
}

TEST_F(CodeServiceTest, AResendGetsTheSameCodesAndTakesNoNumbers) {
  ASSERT_TRUE(Set(Rule("CELL", "NMGCB12")).ok());
  const v1::IssueCodesRequest request = Issuing("CELL", 3);
  v1::IssueCodesResponse first, again, next;
  ASSERT_EQ(ReasonOf(Issue(request, &first)), "OK");
  EXPECT_THAT(first.codes(), ElementsAre("NMGCB120000001GBR0000001", "NMGCB120000001GBR0000002", "NMGCB120000001GBR0000003"));
  ASSERT_TRUE(Issue(request, &again).ok());
  EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
  ASSERT_TRUE(Issue(Issuing("CELL", 1), &next).ok());
  EXPECT_EQ(next.codes(0), "NMGCB120000001GBR0000004");
  v1::IssueCodesRequest second_life = Issuing("CELL", 1);
  second_life.set_reuse_level("C");
  ASSERT_TRUE(Issue(second_life, &next).ok());
  EXPECT_EQ(next.codes(0), "NMGCB12GBR0000001RC");
}

TEST_F(CodeServiceTest, SeveralClientsAtOnceGetEachNumberOnce) {
  ASSERT_TRUE(Set(Rule("CELL", "NMGCB12")).ok());
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::set<std::string> codes;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        v1::IssueCodesResponse response;
        EXPECT_EQ(ReasonOf(Issue(Issuing("CELL", 7), &response)), "OK");
        const std::lock_guard lock(mutex);
        codes.insert(response.codes().begin(), response.codes().end());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(codes.size(), 210u);
  EXPECT_EQ(*codes.begin(), "NMGCB120000001GBR0000001");
  EXPECT_EQ(*codes.rbegin(), "NMGCB120000001GBR0000210") << "no gap";
}

TEST_F(CodeServiceTest, RefusesWhatCannotBeIssued) {
  v1::IssueCodesResponse response;
  EXPECT_EQ(ReasonOf(Issue(Issuing("CELL", 1), &response)), "CODE_RULE_UNKNOWN");
  ASSERT_TRUE(Set(Rule("CELL", "", "09506000134352")).ok());
  EXPECT_EQ(ReasonOf(Issue(Issuing("CELL", 1), &response)), "CODE_RULE_UNKNOWN") << "a GTIN is no prefix";
  ASSERT_TRUE(Set(Rule("CELL", "NMGCB12")).ok());
  EXPECT_EQ(FieldOf(Issue(Issuing("CELL", 0), &response)), "count");
  EXPECT_EQ(ReasonOf(Issue(Issuing("CELL", 10'001), &response)), "LIMIT_EXCEEDED");
  const auto field = [&](auto change) {
    v1::IssueCodesRequest request = Issuing("CELL", 1);
    change(request);
    const grpc::Status status = Issue(request, &response);
    return ReasonOf(status) + " " + (status.ok() ? "" : FieldOf(status));
  };
  EXPECT_EQ(field([](auto& r) { r.set_production_date("2026-02-30"); }), "FIELD_INVALID production_date");
  EXPECT_EQ(field([](auto& r) { r.set_production_date("24.11.2026"); }), "FIELD_INVALID production_date");
  EXPECT_EQ(field([](auto& r) { r.set_production_date("2041-01-01"); }), "FIELD_INVALID production_date");
  EXPECT_EQ(field([](auto& r) { r.set_traceability("short"); }), "CODE_INVALID traceability");
  EXPECT_EQ(field([](auto& r) { r.set_reuse_level("PM"); }), "CODE_INVALID reuse_level");
  EXPECT_EQ(field([](auto& r) { r.set_work_order_code("NONE"); }), "WORK_ORDER_UNKNOWN work_order_code");
  EXPECT_EQ(field([](auto& r) { r.set_station_code("NONE"); }), "STATION_UNKNOWN station_code");
  EXPECT_EQ(field([](auto& r) { r.clear_person(); }), "FIELD_REQUIRED person");
  EXPECT_EQ(server_.database().Value("select count(*) from code_series"), "0");
}

TEST_F(CodeServiceTest, SpoiltCodesAreVoidedOnceWithAReason) {
  ASSERT_TRUE(Set(Rule("CELL", "NMGCB12")).ok());
  v1::IssueCodesResponse issued;
  ASSERT_TRUE(Issue(Issuing("CELL", 3), &issued).ok());
  plant_.AddUnit("CELL", issued.codes(0));
  EXPECT_EQ(ReasonOf(Void({issued.codes(0)})), "CODE_USED");
  EXPECT_EQ(ReasonOf(Void({"NMGCB120000001GBR0000009"})), "CODE_NOT_ISSUED");
  EXPECT_EQ(FieldOf(Void({issued.codes(1), "04QCB76836300JBC40000903"})), "codes[1]");
  EXPECT_EQ(ReasonOf(Void({})), "FIELD_REQUIRED");
  EXPECT_EQ(FieldOf(Void({issued.codes(1)}, "")), "reason");
  EXPECT_EQ(ReasonOf(Void({issued.codes(1), issued.codes(1)})), "CODE_USED") << "named twice";
  ASSERT_EQ(ReasonOf(Void({issued.codes(1)})), "OK");
  EXPECT_EQ(ReasonOf(Void({issued.codes(1)})), "CODE_USED");
  v1::ListCodeBatchesRequest list;
  v1::ListCodeBatchesResponse page;
  ASSERT_TRUE(CallOnce(*stub_, &CodeService::Stub::ListCodeBatches, list, &page).ok());
  ASSERT_EQ(page.batches_size(), 1);
  EXPECT_EQ(page.batches(0).count(), 3);
  EXPECT_EQ(page.batches(0).used(), 1);
  EXPECT_EQ(page.batches(0).voided(), 1);
  EXPECT_EQ(page.batches(0).last_code(), issued.codes(2));
}

TEST_F(CodeServiceTest, DecodesInWordsAndTellsFaultsByPosition) {
  const v1::DecodeCodeResponse good = Decode("07hcbc1p22g06ac700002596\r\n");
  EXPECT_EQ(good.code(), "07HCBC1P22G06AC700002596");
  EXPECT_THAT(good.mended(), ElementsAre("scanner suffix or blanks", "lower case"));
  EXPECT_EQ(good.kind(), v1::CODE_KIND_BATTERY);
  EXPECT_EQ(good.faults_size(), 0);
  ASSERT_EQ(good.fields_size(), 7);
  EXPECT_EQ(good.fields(1).meaning(), "battery cell");
  EXPECT_EQ(good.fields(2).meaning(), "lithium iron phosphate");
  EXPECT_EQ(good.fields(5).meaning(), "2022-07-31");
  EXPECT_EQ(good.fields(5).position(), 15);
  EXPECT_EQ(good.fields(6).meaning(), "2596");
  EXPECT_EQ(good.issue_state(), v1::ISSUE_STATE_UNSPECIFIED) << "not ours";
  const v1::DecodeCodeResponse bad = Decode("001PE010000000CAO0000001");
  ASSERT_EQ(bad.faults_size(), 1);
  EXPECT_EQ(bad.faults(0).position(), 17);
  EXPECT_EQ(Decode("001PB24B3C0221953RM").kind(), v1::CODE_KIND_SECOND_LIFE_BATTERY);
  EXPECT_EQ(Decode("BOX 0001").faults_size(), 1) << "a blank inside";
  EXPECT_EQ(Decode("BOX-0001").kind(), v1::CODE_KIND_PLAIN);
  v1::DecodeCodeRequest request;
  v1::DecodeCodeResponse response;
  EXPECT_EQ(ReasonOf(CallOnce(*stub_, &CodeService::Stub::DecodeCode, request, &response)), "FIELD_REQUIRED");
  request.set_scan(std::string(501, '1'));
  EXPECT_EQ(ReasonOf(CallOnce(*stub_, &CodeService::Stub::DecodeCode, request, &response)), "LIMIT_EXCEEDED");
}

TEST_F(CodeServiceTest, AScanLeadsToTheUnitByCodeAndByGtin) {
  ASSERT_TRUE(Set(Rule("CELL", "NMGCB12", "09521234543213")).ok());
  ASSERT_TRUE(Set(Rule("PACK", "", "09506000134352")).ok());
  v1::IssueCodesResponse issued;
  ASSERT_TRUE(Issue(Issuing("CELL", 2), &issued).ok());
  plant_.AddUnit("CELL", issued.codes(0));
  plant_.AddUnit("PACK", "BOX-1");
  EXPECT_EQ(Decode(issued.codes(0)).unit_code(), issued.codes(0));
  EXPECT_EQ(Decode(issued.codes(0)).issue_state(), v1::ISSUE_STATE_USED);
  EXPECT_EQ(Decode(issued.codes(1)).issue_state(), v1::ISSUE_STATE_OPEN);
  EXPECT_EQ(Decode("NMGCB120000001GBR0000009").issue_state(), v1::ISSUE_STATE_NOT_ISSUED);
  ASSERT_TRUE(Void({issued.codes(1)}).ok());
  EXPECT_EQ(Decode(issued.codes(1)).issue_state(), v1::ISSUE_STATE_VOID);
  const v1::DecodeCodeResponse link = Decode("https://id.gs1.org/01/09521234543213/21/0000001GBR0000001");
  EXPECT_EQ(link.kind(), v1::CODE_KIND_GS1_DIGITAL_LINK);
  EXPECT_EQ(link.code(), issued.codes(0));
  EXPECT_EQ(link.unit_code(), issued.codes(0));
  const v1::DecodeCodeResponse string = Decode(
      "]Q3"
      "0109506000134352"
      "21BOX-1");
  EXPECT_EQ(string.kind(), v1::CODE_KIND_GS1_ELEMENT_STRING);
  EXPECT_EQ(string.unit_code(), "BOX-1");
  EXPECT_THAT(Decode("https://id.gs1.org/01/09521234543214").faults(0).sentence(), HasSubstr("check digit"));
}

}  // namespace
}  // namespace mes::services
