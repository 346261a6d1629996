// The recycler's bench and recycling batches over real gRPC: what comes in, what comes back, and what is refused.
#include "services/recycling.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mes/v1/dismantling.grpc.pb.h"
#include "mes/v1/duty.grpc.pb.h"
#include "mes/v1/genealogy.grpc.pb.h"
#include "mes/v1/life.grpc.pb.h"
#include "mes/v1/recycling.grpc.pb.h"
#include "tests/support/server.h"
#include "tests/support/stored_plant.h"

namespace mes::services {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using tests::CallOnce;
using tests::ErrorInfoOf;
using tests::FieldOf;
using tests::ReasonOf;
using tests::StoredPlant;
using Stub = v1::RecyclingService::Stub;

constexpr char kPack[] = "NMGPB120000001G9M0000001";
constexpr char kOther[] = "NMGPB120000001G9M0000002";

class RecyclingServiceTest : public testing::Test {
 protected:
  tests::TestServer server_{Draft().draft()};
  StoredPlant plant_{server_.database()};
  std::unique_ptr<Stub> recycling_ = v1::RecyclingService::NewStub(server_.channel());
  std::unique_ptr<v1::LifeService::Stub> lives_ = v1::LifeService::NewStub(server_.channel());
  int requests_ = 0;

  static tests::PlantBuilder Draft() {
    tests::PlantBuilder builder;
    builder.AddBought("RC-CU", "kg", domain::Tracking::kLot);
    return builder;
  }
  // Two finished packs of a housing and two cells; a cell is 0.5 kg of electrolyte with 100 g lithium a kg, a housing 30 kg
  // aluminium.
  RecyclingServiceTest() {
    AddPack(kPack, "1");
    AddPack(kOther, "2");
    Sql("insert into material_mass select material_id, case code when 'HSG' then 30000000000 when 'ELY' then 1000000000 else 10000000 end "
        "from material where code in ('HSG', 'ELY', 'BLT')");
    Sql("insert into material_element select material_id, 1, 100000000 from material where code = 'ELY'");
    Sql("insert into material_element select material_id, 9, 30000000000 from material where code = 'HSG'");
  }
  void Sql(const std::string& sql) { plant_.database().Query(sql); }
  std::string Value(const std::string& sql) { return plant_.database().Value(sql); }
  void AddPack(const char* code, const std::string& number) {
    const int64_t pack = plant_.AddUnit("PACK", code);
    Put(pack, plant_.AddUnit("HSG", "H" + number), 1, 1);
    Put(pack, plant_.AddUnit("CELL", "A" + number), 2, 1);
    Put(pack, plant_.AddUnit("CELL", "B" + number), 2, 2);
    Sql("update unit set revision_id = (select revision_id from product_revision join material using (material_id) where code = 'PACK'), "
        "serial_slots_filled = 3, passed = 63, lot_lines = -1, finish_time = create_time where unit_id = " +
        std::to_string(pack));
    Sql("update unit set revision_id = (select revision_id from product_revision join material using (material_id) where code = 'CELL') "
        "where code in ('A" +
        number + "', 'B" + number + "')");
  }
  void Put(int64_t pack, int64_t part, int line, int slot) {
    plant_.Install(pack, part, line, slot, "2026-09-21");
    Sql("update unit set parent_id = " + std::to_string(pack) + ", parent_line = " + std::to_string(line) +
        ", parent_slot = " + std::to_string(slot) + " where unit_id = " + std::to_string(part));
  }

  std::string Id() { return "r" + std::to_string(++requests_); }
  int64_t Open(const std::string& partner = "PtBack") {
    v1::OpenRecyclingBatchRequest request;
    request.set_request_id(Id());
    request.set_partner(partner);
    request.set_place("Ordos, CN");
    request.set_person("Li");
    v1::OpenRecyclingBatchResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*recycling_, &Stub::OpenRecyclingBatch, request, &response)), "OK");
    return response.batch().recycling_batch_id();
  }
  v1::ReceiveForRecyclingRequest Receipt(int64_t batch, const std::vector<std::string>& codes) {
    v1::ReceiveForRecyclingRequest request;
    request.set_request_id(Id());
    request.set_recycling_batch_id(batch);
    request.mutable_unit_codes()->Assign(codes.begin(), codes.end());
    request.set_person("Li");
    return request;
  }
  grpc::Status Receive(const v1::ReceiveForRecyclingRequest& request, v1::ReceiveForRecyclingResponse* response = nullptr) {
    v1::ReceiveForRecyclingResponse own;
    return CallOnce(*recycling_, &Stub::ReceiveForRecycling, request, response == nullptr ? &own : response);
  }
  grpc::Status Dismantle(int64_t batch, const std::vector<std::string>& codes) {
    v1::RecordDismantledRequest request;
    request.set_request_id(Id());
    request.set_recycling_batch_id(batch);
    request.mutable_unit_codes()->Assign(codes.begin(), codes.end());
    request.set_person("Li");
    v1::RecordDismantledResponse response;
    return CallOnce(*recycling_, &Stub::RecordDismantled, request, &response);
  }
  static v1::RecoveredLot Lot(const std::string& code, const std::string& kilograms, const std::string& element,
                              const std::string& mass, const std::string& material = "RC-CU") {
    v1::RecoveredLot lot;
    lot.set_lot_code(code);
    lot.set_material_code(material);
    lot.mutable_quantity()->set_value(kilograms);
    lot.mutable_quantity()->set_uom("kg");
    v1::ElementMass& part = *lot.add_elements();
    part.set_element(element);
    part.mutable_mass()->set_value(mass);
    part.mutable_mass()->set_uom("kg");
    return lot;
  }
  v1::ReportRecoveredRequest Report(int64_t batch, const std::vector<v1::RecoveredLot>& lots) {
    v1::ReportRecoveredRequest request;
    request.set_request_id(Id());
    request.set_recycling_batch_id(batch);
    for (const v1::RecoveredLot& lot : lots) *request.add_lots() = lot;
    request.set_person("Li");
    request.set_evidence("assay 12");
    return request;
  }
  grpc::Status Send(const v1::ReportRecoveredRequest& request) {
    v1::ReportRecoveredResponse response;
    return CallOnce(*recycling_, &Stub::ReportRecovered, request, &response);
  }
  grpc::Status Close(int64_t batch, const std::string& evidence = "protocol 4") {
    v1::CloseRecyclingBatchRequest request;
    request.set_request_id(Id());
    request.set_recycling_batch_id(batch);
    request.set_person("Li");
    request.set_evidence(evidence);
    v1::CloseRecyclingBatchResponse response;
    return CallOnce(*recycling_, &Stub::CloseRecyclingBatch, request, &response);
  }
  v1::LifeState StateOf(const std::string& code) {
    v1::GetLifeRequest request;
    request.set_unit_code(code);
    v1::GetLifeResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*lives_, &v1::LifeService::Stub::GetLife, request, &response)), "OK");
    return response.life().state();
  }
  std::string Live(const std::string& code, v1::LifeEvent event) {
    v1::RecordLifeEventRequest request;
    request.set_request_id(Id());
    request.set_unit_code(code);
    request.set_event(event);
    request.set_person("Li");
    request.set_party("NewBus Ltd");
    request.set_place("Baotou, CN");
    request.set_evidence("report 7");
    v1::RecordLifeEventResponse response;
    return ReasonOf(CallOnce(*lives_, &v1::LifeService::Stub::RecordLifeEvent, request, &response));
  }
  v1::GetMassBalanceResponse Balance(int64_t batch, const std::string& day = "2028-01-01") {
    v1::GetMassBalanceRequest request;
    request.set_recycling_batch_id(batch);
    request.set_day(day);
    v1::GetMassBalanceResponse response;
    EXPECT_EQ(ReasonOf(CallOnce(*recycling_, &Stub::GetMassBalance, request, &response)), "OK");
    return response;
  }
  std::vector<std::string> Below(const std::string& code) {
    v1::TraceRequest request;
    request.set_code(code);
    grpc::ClientContext context;
    const auto reader = v1::GenealogyService::NewStub(server_.channel())->Trace(&context, request);
    std::vector<std::string> codes;
    v1::TraceResponse page;
    while (reader->Read(&page)) {
      for (const v1::GenealogyEdge& edge : page.edges()) codes.push_back(edge.kind() + " " + edge.child_code());
    }
    EXPECT_TRUE(reader->Finish().ok());
    return codes;
  }
  std::vector<std::string> Above(const std::string& code) {
    v1::WhereUsedRequest request;
    request.set_code(code);
    grpc::ClientContext context;
    const auto reader = v1::GenealogyService::NewStub(server_.channel())->WhereUsed(&context, request);
    std::vector<std::string> codes;
    v1::WhereUsedResponse page;
    while (reader->Read(&page)) {
      for (const v1::GenealogyEdge& edge : page.edges()) codes.push_back(edge.parent_code());
    }
    EXPECT_TRUE(reader->Finish().ok());
    return codes;
  }
  // A batch whose two packs are taken apart.
  int64_t Apart() {
    const int64_t batch = Open();
    EXPECT_EQ(ReasonOf(Receive(Receipt(batch, {kPack, kOther}))), "OK");
    EXPECT_EQ(ReasonOf(Dismantle(batch, {kPack, kOther})), "OK");
    return batch;
  }
};

TEST_F(RecyclingServiceTest, ABatchGoesItsWayAndGenealogyCloses) {
  const int64_t batch = Open();
  v1::ReceiveForRecyclingResponse received;
  ASSERT_EQ(ReasonOf(Receive(Receipt(batch, {kPack, kOther}), &received)), "OK");
  EXPECT_EQ(received.batch().units(), 2);
  EXPECT_EQ(received.contents().total().value(), "62.08") << "two housings, four cells, eight bolts";
  EXPECT_EQ(received.contents().elements(0).element(), "Li");
  EXPECT_EQ(received.contents().elements(0).mass().value(), "0.2");
  EXPECT_EQ(StateOf(kPack), v1::LIFE_STATE_WASTE) << "waste with the receipt";
  ASSERT_EQ(ReasonOf(Dismantle(batch, {kPack, kOther})), "OK");
  EXPECT_EQ(StateOf(kPack), v1::LIFE_STATE_DISMANTLED);
  ASSERT_EQ(ReasonOf(Send(Report(batch, {Lot("LI-1", "1", "Li", "0.19"), Lot("AL-1", "59", "Al", "58.5")}))), "OK");
  EXPECT_THAT(Below("LI-1"),
              IsSupersetOf({"recovered " + std::string(kPack), "recovered " + std::string(kOther), std::string("installed A1")}));
  EXPECT_THAT(Above("A1"), IsSupersetOf({std::string(kPack), std::string("LI-1"), std::string("AL-1")}));
  EXPECT_EQ(Value("select count(*) from lot join recovered_lot using (unit_id)"), "2") << "real lots";
  EXPECT_EQ(Value("select supplier from purchase join unit using (unit_id) where code = 'LI-1'"), "PtBack");
  ASSERT_EQ(ReasonOf(Close(batch)), "OK");
  EXPECT_EQ(StateOf(kPack), v1::LIFE_STATE_RECYCLED);
  EXPECT_EQ(Live(kPack, v1::LIFE_EVENT_RECYCLE), "LIFE_ENDED");

  v1::GetRecyclingBatchRequest get;
  get.set_recycling_batch_id(batch);
  get.set_page_size(1);
  v1::GetRecyclingBatchResponse page;
  ASSERT_TRUE(CallOnce(*recycling_, &Stub::GetRecyclingBatch, get, &page).ok());
  EXPECT_EQ(page.batch().state(), v1::RECYCLING_STATE_CLOSED);
  EXPECT_EQ(page.batch().evidence(), "protocol 4");
  ASSERT_EQ(page.units_size(), 1);
  EXPECT_EQ(page.units(0).unit_code(), kPack);
  EXPECT_EQ(page.lots_size(), 2);
  get.set_page_token(page.next_page_token());
  ASSERT_TRUE(CallOnce(*recycling_, &Stub::GetRecyclingBatch, get, &page).ok());
  EXPECT_EQ(page.units(0).unit_code(), kOther);
  EXPECT_TRUE(page.next_page_token().empty());
  v1::ListRecyclingBatchesRequest list;
  list.set_partner("PtBack");
  v1::ListRecyclingBatchesResponse batches;
  ASSERT_TRUE(CallOnce(*recycling_, &Stub::ListRecyclingBatches, list, &batches).ok());
  EXPECT_EQ(batches.batches_size(), 1);
}

TEST_F(RecyclingServiceTest, TheBalanceIsHeldAgainstTheTargetsOfItsDay) {
  const int64_t batch = Apart();
  ASSERT_EQ(ReasonOf(Send(Report(batch, {Lot("LI-1", "1", "Li", "0.12"), Lot("AL-1", "59", "Al", "58.5")}))), "OK");
  const v1::GetMassBalanceResponse balance = Balance(batch);
  EXPECT_EQ(balance.units(), 2);
  EXPECT_TRUE(balance.batteries());
  EXPECT_EQ(balance.chemistry(), "lithium-based");
  EXPECT_EQ(balance.contained().value(), "62.08");
  EXPECT_EQ(balance.recovered().value(), "58.62");
  ASSERT_EQ(balance.elements(0).element(), "Li");
  EXPECT_EQ(balance.elements(0).contained().value(), "0.2");
  ASSERT_EQ(balance.elements(0).targets_size(), 3);
  EXPECT_TRUE(balance.elements(0).targets(0).in_force());
  EXPECT_EQ(balance.elements(0).targets(0).target().permille(), 500);
  EXPECT_TRUE(balance.elements(0).targets(0).met()) << "60 % of 50 %";
  EXPECT_EQ(balance.elements(0).targets(1).target().permille(), 800);
  EXPECT_FALSE(balance.elements(0).targets(1).met());
  EXPECT_EQ(balance.elements(0).targets(2).target().regime(), v1::TARGET_REGIME_CHINA);
  EXPECT_TRUE(balance.efficiency(0).met()) << "94 % by weight";
  EXPECT_TRUE(Balance(batch, "2026-11-26").elements(0).targets(0).in_force() == false) << "not yet";

  v1::GetMassBalanceRequest of_partner;
  of_partner.set_partner("PtBack");
  v1::GetMassBalanceResponse all;
  ASSERT_TRUE(CallOnce(*recycling_, &Stub::GetMassBalance, of_partner, &all).ok());
  EXPECT_EQ(all.recovered().value(), "58.62");
  of_partner.set_from_day("2020-01-01");
  ASSERT_TRUE(CallOnce(*recycling_, &Stub::GetMassBalance, of_partner, &all).ok());
  EXPECT_EQ(all.batches(), 0) << "it is not closed";
  of_partner.set_until_day("2019-01-01");
  EXPECT_EQ(FieldOf(CallOnce(*recycling_, &Stub::GetMassBalance, of_partner, &all)), "until_day");
  EXPECT_EQ(FieldOf(CallOnce(*recycling_, &Stub::GetMassBalance, v1::GetMassBalanceRequest(), &all)), "partner");

  v1::ListTargetsRequest targets;
  v1::ListTargetsResponse listed;
  ASSERT_TRUE(CallOnce(*recycling_, &Stub::ListTargets, targets, &listed).ok());
  EXPECT_GT(listed.targets_size(), 20);
  targets.set_day("yesterday");
  EXPECT_EQ(FieldOf(CallOnce(*recycling_, &Stub::ListTargets, targets, &listed)), "day");
}

TEST_F(RecyclingServiceTest, MoreThanContainedIsRefusedWithTheFigures) {
  const int64_t batch = Apart();
  ASSERT_EQ(ReasonOf(Send(Report(batch, {Lot("LI-1", "1", "Li", "0.2")}))), "OK");
  const grpc::Status refused = Send(Report(batch, {Lot("LI-2", "1", "Li", "0.005")}));
  EXPECT_EQ(ReasonOf(refused), "MASS_EXCEEDS_CONTAINED");
  const v1::ErrorInfo told = ErrorInfoOf(refused);
  const auto& figures = told.metadata();
  EXPECT_EQ(figures.at("element"), "Li");
  EXPECT_EQ(figures.at("contained_kg"), "0.2");
  EXPECT_EQ(figures.at("recovered_kg"), "0.205");
  EXPECT_EQ(figures.at("most_kg"), "0.204");
  EXPECT_EQ(ReasonOf(Send(Report(batch, {Lot("CO-1", "1", "Co", "0.001")}))), "MASS_EXCEEDS_CONTAINED")
      << "there is no cobalt in it";
  EXPECT_EQ(ReasonOf(Send(Report(batch, {Lot("LI-2", "1", "Li", "0.004")}))), "OK") << "the tolerance";
  EXPECT_EQ(Value("select count(*) from recovered_lot"), "2");
}

TEST_F(RecyclingServiceTest, ReceiptsAreRefusedByName) {
  const int64_t batch = Open();
  EXPECT_EQ(ReasonOf(Receive(Receipt(999, {kPack}))), "RECYCLING_BATCH_UNKNOWN");
  EXPECT_EQ(ReasonOf(Receive(Receipt(batch, {"NONE"}))), "UNIT_UNKNOWN");
  EXPECT_EQ(FieldOf(Receive(Receipt(batch, {kPack, "NONE"}))), "unit_codes[1]");
  EXPECT_EQ(ReasonOf(Receive(Receipt(batch, {}))), "FIELD_REQUIRED");
  EXPECT_EQ(ReasonOf(Receive(Receipt(batch, {kPack, kPack}))), "FIELD_INVALID");
  EXPECT_EQ(ReasonOf(Receive(Receipt(batch, {"A1"}))), "UNIT_STATE") << "built in";
  EXPECT_EQ(ReasonOf(Receive(Receipt(batch, std::vector<std::string>(1'001, "X")))), "LIMIT_EXCEEDED");
  v1::ReceiveForRecyclingRequest later = Receipt(batch, {kPack});
  later.mutable_occur_time()->set_seconds(time(nullptr) + 3'600);
  EXPECT_EQ(ReasonOf(Receive(later)), "TIME_IN_FUTURE");
  v1::ReceiveForRecyclingRequest seen = Receipt(batch, {kPack});
  seen.add_observations(v1::OBSERVATION_UNSPECIFIED);
  EXPECT_EQ(ReasonOf(Receive(seen)), "ENUM_UNKNOWN");
  v1::ReceiveForRecyclingRequest nobody = Receipt(batch, {kPack});
  nobody.clear_person();
  EXPECT_EQ(FieldOf(Receive(nobody)), "person");
  Sql("update unit set state = 1 where code = '" + std::string(kOther) + "'");
  EXPECT_EQ(FieldOf(Receive(Receipt(batch, {kPack, kOther}))), "unit_codes[1]") << "on its route";
  Sql("update unit set state = 2 where code = '" + std::string(kOther) + "'");
  EXPECT_EQ(Value("select count(*) from recycling_unit"), "0") << "all or none";
  EXPECT_EQ(Value("select count(*) from life_record"), "0");

  const v1::ReceiveForRecyclingRequest good = Receipt(batch, {kPack});
  ASSERT_EQ(ReasonOf(Receive(good)), "OK");
  EXPECT_EQ(ReasonOf(Receive(good)), "OK") << "a resend";
  EXPECT_EQ(Value("select count(*) from recycling_unit"), "1");
  EXPECT_EQ(ReasonOf(Receive(Receipt(Open("Else"), {kPack}))), "RECYCLING_BATCH_STATE") << "in a batch already";
  ASSERT_EQ(ReasonOf(Dismantle(batch, {kPack})), "OK");
  ASSERT_EQ(ReasonOf(Send(Report(batch, {Lot("LI-1", "1", "Li", "0.05")}))), "OK");
  EXPECT_EQ(ReasonOf(Receive(Receipt(batch, {kOther}))), "RECYCLING_BATCH_STATE") << "what the lot comes from is fixed";
  ASSERT_EQ(ReasonOf(Close(batch)), "OK");
  EXPECT_EQ(ReasonOf(Receive(Receipt(Open("Else"), {kPack}))), "LIFE_ENDED") << "recycled once";
  ASSERT_EQ(Live(kOther, v1::LIFE_EVENT_SELL), "OK");
  EXPECT_EQ(ReasonOf(Receive(Receipt(Open("Else"), {kOther}))), "LIFE_TRANSITION") << "sold and not shipped";
}

TEST_F(RecyclingServiceTest, DismantlingReportingAndClosingAreRefusedByName) {
  const int64_t batch = Open();
  EXPECT_EQ(ReasonOf(Send(Report(batch, {Lot("X", "1", "Li", "0.1")}))), "RECYCLING_BATCH_STATE") << "empty";
  ASSERT_EQ(ReasonOf(Receive(Receipt(batch, {kPack}))), "OK");
  EXPECT_EQ(ReasonOf(Dismantle(batch, {kOther})), "RECYCLING_BATCH_STATE") << "not in it";
  EXPECT_EQ(ReasonOf(Send(Report(batch, {Lot("X", "1", "Li", "0.1")}))), "RECYCLING_BATCH_STATE") << "still whole";
  EXPECT_EQ(ReasonOf(Close(batch)), "RECYCLING_BATCH_STATE");
  ASSERT_EQ(ReasonOf(Dismantle(batch, {kPack})), "OK");
  EXPECT_EQ(ReasonOf(Dismantle(batch, {kPack})), "RECYCLING_BATCH_STATE") << "already";
  EXPECT_EQ(ReasonOf(Close(batch)), "RECYCLING_BATCH_STATE") << "nothing came back";

  const auto told = [&](const v1::RecoveredLot& lot) { return ReasonOf(Send(Report(batch, {lot}))); };
  EXPECT_EQ(told(Lot("", "1", "Li", "0.1")), "FIELD_REQUIRED");
  EXPECT_EQ(told(Lot("A B", "1", "Li", "0.1")), "CODE_INVALID");
  EXPECT_EQ(told(Lot("A1", "1", "Li", "0.05")), "LOT_EXISTS") << "a unit has it";
  EXPECT_EQ(told(Lot("X", "1", "Li", "0.1", "NONE")), "MATERIAL_UNKNOWN");
  EXPECT_EQ(told(Lot("X", "1", "Li", "0.1", "HSG")), "FIELD_INVALID") << "not in lots";
  EXPECT_EQ(told(Lot("X", "0", "Li", "0.1")), "QUANTITY_INVALID");
  EXPECT_EQ(told(Lot("X", "1", "Li", "0")), "QUANTITY_INVALID");
  EXPECT_EQ(told(Lot("X", "1", "Unobtainium", "0.1")), "FIELD_INVALID");
  EXPECT_EQ(told(Lot("X", "0.05", "Li", "0.1")), "FIELD_INVALID") << "heavier than the lot";
  v1::RecoveredLot twice = Lot("X", "1", "Li", "0.01");
  *twice.add_elements() = twice.elements(0);
  EXPECT_EQ(told(twice), "FIELD_INVALID");
  twice.clear_elements();
  EXPECT_EQ(told(twice), "FIELD_REQUIRED");
  v1::RecoveredLot grams = Lot("X", "1", "Li", "0.1");
  grams.mutable_quantity()->set_uom("pc");
  EXPECT_EQ(told(grams), "UOM_MISMATCH");
  EXPECT_EQ(ReasonOf(Send(Report(batch, {}))), "FIELD_REQUIRED");
  EXPECT_EQ(ReasonOf(Send(Report(batch, std::vector<v1::RecoveredLot>(51, Lot("X", "1", "Li", "0.1"))))), "LIMIT_EXCEEDED");
  EXPECT_EQ(ReasonOf(Send(Report(batch, {Lot("X", "1", "Li", "0.01"), Lot("X", "1", "Li", "0.01")}))), "LOT_EXISTS");
  v1::ReportRecoveredRequest later = Report(batch, {Lot("X", "1", "Li", "0.1")});
  later.mutable_occur_time()->set_seconds(time(nullptr) + 3'600);
  EXPECT_EQ(ReasonOf(Send(later)), "TIME_IN_FUTURE");
  EXPECT_EQ(Value("select count(*) from recovered_lot"), "0");
  ASSERT_EQ(told(Lot("X", "1", "Li", "0.1")), "OK");
  EXPECT_EQ(FieldOf(Close(batch, "")), "evidence");
  ASSERT_EQ(ReasonOf(Close(batch)), "OK");
  EXPECT_EQ(told(Lot("Y", "1", "Li", "0.001")), "RECYCLING_BATCH_STATE") << "closed";
  EXPECT_EQ(ReasonOf(Close(batch)), "RECYCLING_BATCH_STATE");
  v1::OpenRecyclingBatchRequest open;
  open.set_request_id(Id());
  v1::OpenRecyclingBatchResponse opened;
  EXPECT_EQ(FieldOf(CallOnce(*recycling_, &Stub::OpenRecyclingBatch, open, &opened)), "partner");
}

TEST_F(RecyclingServiceTest, RecoveredMaterialIsFollowedIntoNewUnits) {
  const int64_t batch = Apart();
  ASSERT_EQ(ReasonOf(Send(Report(batch, {Lot("ELY-R", "2", "Li", "0.2", "ELY")}))), "OK");
  // A new cell takes a quarter of the lot, and goes into a new pack that is finished this year.
  const int64_t lot = std::stoll(Value("select unit_id from unit where code = 'ELY-R'"));
  const int64_t cell = plant_.AddUnit("CELL", "N1"), pack = plant_.AddUnit("PACK", "N-PACK");
  plant_.Consume(lot, cell, 500'000);
  plant_.Install(pack, cell, 2, 1);
  Sql("update unit set finish_time = '2026-11-20T03:00:00Z', revision_id = (select revision_id from product_revision join material using "
      "(material_id) where code = 'PACK') where code = 'N-PACK'");
  Sql("update unit set finish_time = null where code in ('" + std::string(kPack) + "', '" + kOther + "')");
  v1::GetRecycledContentRequest request;
  request.set_product_code("PACK");
  request.set_year(2026);
  v1::GetRecycledContentResponse content;
  ASSERT_EQ(ReasonOf(CallOnce(*recycling_, &Stub::GetRecycledContent, request, &content)), "OK");
  EXPECT_EQ(content.units(), 1);
  EXPECT_EQ(content.units_with_recycled(), 1);
  ASSERT_EQ(content.elements(0).element(), "Li");
  EXPECT_EQ(content.elements(0).recycled().value(), "0.05");
  EXPECT_EQ(content.elements(0).contained().value(), "0.1");
  EXPECT_TRUE(content.elements(0).targets(0).met()) << "50 % of 6 %";
  request.set_product_code("HSG");
  EXPECT_EQ(ReasonOf(CallOnce(*recycling_, &Stub::GetRecycledContent, request, &content)), "PRODUCT_UNKNOWN");
  request.set_product_code("PACK");
  request.set_year(12);
  EXPECT_EQ(FieldOf(CallOnce(*recycling_, &Stub::GetRecycledContent, request, &content)), "year");
}

TEST_F(RecyclingServiceTest, AReceiptWeighsWhatIsInTheUnitThenAndNotWhatItWasBuiltOf) {
  const auto remove = [&](const char* part) {
    plant_.Remove(std::stoll(Value("select unit_id from unit where code = '" + std::string(part) + "'")));
  };
  remove("B1");
  const int64_t batch = Open();
  v1::ReceiveForRecyclingResponse received;
  ASSERT_EQ(ReasonOf(Receive(Receipt(batch, {kPack}), &received)), "OK");
  EXPECT_EQ(received.contents().total().value(), "30.54") << "a housing, one cell, four bolts";
  EXPECT_EQ(received.contents().elements(0).mass().value(), "0.05");
  remove("A1");
  EXPECT_EQ(Balance(batch).contained().value(), "30.54") << "it is frozen with the receipt";
}

TEST_F(RecyclingServiceTest, LifeRecordsOfABatchAreNotTakenBackAloneThoseBesideItAre) {
  const auto take_back = [&](const std::string& code) {
    v1::ReverseLifeRecordRequest request;
    request.set_request_id(Id());
    request.set_unit_code(code);
    request.set_life_record_id(std::stoll(plant_.database().Value(
        "select max(life_record_id) from life_record join unit using (unit_id) where reverse_time is null and code = '" + code + "'")));
    request.set_reason("another pack");
    request.set_person("Wang");
    v1::ReverseLifeRecordResponse response;
    const auto status = CallOnce(*lives_, &v1::LifeService::Stub::ReverseLifeRecord, request, &response);
    if (status.ok()) return std::string("OK");
    return tests::ErrorInfoOf(status).metadata().at("rests_on") + " " + tests::ErrorInfoOf(status).metadata().at("name");
  };
  const int64_t batch = Open();
  const std::string number = "recycling batch " + std::to_string(batch);
  ASSERT_EQ(Live(kOther, v1::LIFE_EVENT_SHIP), "OK");
  ASSERT_EQ(Live(kOther, v1::LIFE_EVENT_DECLARE_WASTE), "OK");
  ASSERT_EQ(ReasonOf(Receive(Receipt(batch, {kPack, kOther}))), "OK");
  EXPECT_EQ(take_back(kPack), number) << "waste by the receipt";
  EXPECT_EQ(take_back(kOther), number) << "the receipt rests on it";
  ASSERT_EQ(Live(kOther, v1::LIFE_EVENT_DISMANTLE), "OK");
  EXPECT_EQ(take_back(kOther), "OK") << "not the recycler's";
  ASSERT_EQ(ReasonOf(Dismantle(batch, {kPack, kOther})), "OK");
  EXPECT_EQ(take_back(kOther), number);
}

TEST_F(RecyclingServiceTest, DutiesFollowTheReceiptAndTheEnd) {
  const int64_t batch = Open();
  ASSERT_EQ(Live(kPack, v1::LIFE_EVENT_DECLARE_WASTE), "OK");
  ASSERT_EQ(ReasonOf(Receive(Receipt(batch, {kPack, kOther}))), "OK");
  EXPECT_EQ(Value("select string_agg(kind::text, ',' order by duty_id) from duty join unit using (unit_id) where code = '" +
                  std::string(kPack) + "'"),
            "4,5,9")
      << "collected, handed over, received";
  EXPECT_EQ(
      Value("select string_agg(kind::text, ',') from duty join unit using (unit_id) where code = '" + std::string(kOther) + "'"),
      "9");
}

TEST_F(RecyclingServiceTest, TheBenchSeesWhatIsThereAndWhatWasSeen) {
  const auto bench = v1::DismantlingService::NewStub(server_.channel());
  v1::GetDismantlingRequest request;
  request.set_unit_code(kPack);
  v1::GetDismantlingResponse response;
  EXPECT_EQ(ReasonOf(CallOnce(*bench, &v1::DismantlingService::Stub::GetDismantling, request, &response)),
            "DOCUMENT_UNAVAILABLE");
  Sql("insert into dismantling_sheet select material_id, '{GB/T 33598-2017}', 394.2, 347.8, 'below 60 V', 5, '{shock}', "
      "'48 h outdoors', '{}' "
      "from material where code = 'PACK'");
  Sql("insert into dismantling_step select p.material_id, s.step, s.action, c.material_id, '', 0, 'hook', 5, 'shock' "
      "from material p, material c, "
      "(values (1, 'identify', 'PACK'), (2, 'lift cells', 'CELL')) as s (step, action, code) where p.code = 'PACK' and c.code = s.code");
  v1::ReceiveForRecyclingRequest receipt = Receipt(Open(), {kPack});
  receipt.add_observations(v1::OBSERVATION_CRASHED);
  ASSERT_EQ(ReasonOf(Receive(receipt)), "OK");
  Sql("insert into hold (hold_id, reason, placed_by, place_time) overriding system value values (77, 'supplier alert', 'Wu', now())");
  Sql("insert into hold_item (hold_id, unit_id, named) select 77, unit_id, true from unit where code = '" + std::string(kPack) +
      "'");
  plant_.Remove(std::stoll(Value("select unit_id from unit where code = 'B1'")));
  const int64_t id = std::stoll(Value("select unit_id from unit where code = '" + std::string(kPack) + "'"));
  plant_.AddEvent(id, 1, domain::EventKind::kCompleted, 40,
                  "measured = '{10.5}', revision_id = (select revision_id from unit where code = '" + std::string(kPack) + "')");
  ASSERT_EQ(ReasonOf(CallOnce(*bench, &v1::DismantlingService::Stub::GetDismantling, request, &response)), "OK");
  ASSERT_EQ(response.sheets_size(), 1);
  const v1::BenchSheet& sheet = response.sheets(0);
  EXPECT_EQ(sheet.life(), "waste");
  EXPECT_THAT(sheet.flags(), Contains(HasSubstr("crashed. QUARANTINE FIRST")));
  EXPECT_THAT(sheet.flags(), Contains(HasSubstr("RECALL OR HOLD 77: supplier alert")));
  EXPECT_THAT(sheet.hold_ids(), ElementsAre(77));
  EXPECT_THAT(sheet.steps(1).parts(), ElementsAre("2.1 A1"));
  EXPECT_THAT(sheet.steps(1).missing(), ElementsAre("2.2"));
  EXPECT_EQ(sheet.readings_size(), 0) << "millimetres are no figure of the bench";
  EXPECT_THAT(sheet.pages(0), HasSubstr("DISMANTLING SHEET " + std::string(kPack)));
  request.set_unit_code("NONE");
  EXPECT_EQ(ReasonOf(CallOnce(*bench, &v1::DismantlingService::Stub::GetDismantling, request, &response)), "UNIT_UNKNOWN");
}

}  // namespace
}  // namespace mes::services
