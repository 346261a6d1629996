// What a partner is told of a passport, its documents and the bench's sheet: as far as the tier goes at which it sees the unit, and nothing
// of others. Handlers run as for a partner's call: in a transaction under the database's guard.
#include "services/passport.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "db/grant.h"
#include "domain/life.h"
#include "mes/v1/dismantling.grpc.pb.h"
#include "services/dismantling.h"
#include "services/passport_facts.h"
#include "services/recycling.h"
#include "tests/services/passport_plant.h"

namespace mes::services {
namespace {

using domain::PassportKind;
using domain::Reason;
using domain::Role;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using tests::kCellSubstances;
using Json = nlohmann::json;

constexpr char kPack[] = "NMGPB120000001G9M0000001";

class PassportScopeTest : public testing::Test {
 protected:
  tests::PassportPlant plant_;

  template <typename Response, typename Request, typename Handler>
  domain::Status As(const std::string& partner, std::initializer_list<Role> roles, const Request& request, Handler handler,
                    Response& response) {
    domain::Caller caller;
    caller.kind = domain::CallerKind::kPartner;
    caller.name = caller.partner = partner;
    for (const Role role : roles) caller.roles |= static_cast<uint16_t>(role);
    domain::Status status;
    response.Clear();
    plant_.plant().database().pool().Read([&](db::Transaction& transaction) {
      db::EnterPartnerScope(transaction, partner);
      const domain::Time now = std::chrono::time_point_cast<domain::Duration>(std::chrono::system_clock::now());
      Call call{transaction, plant_.plant().plant(), now, caller};
      status = handler(call, request, response);
    });
    return status;
  }
  // `OK`, or the reason and what it names.
  static std::string Said(const domain::Status& status) {
    if (status) return "OK";
    const auto& told = status.error().metadata;
    const auto facts = told.find("facts");
    return std::string(domain::NameOf(status.error().reason)) + (facts == told.end() ? "" : " " + facts->second);
  }
  std::string Document(const std::string& partner, std::initializer_list<Role> roles, const std::string& unit, v1::PassportDocument kind,
                       Json* made = nullptr) {
    v1::GetPassportDocumentRequest request;
    request.set_unit_code(unit);
    request.set_document(kind);
    v1::GetPassportDocumentResponse response;
    const domain::Status status = As(partner, roles, request, GetPassportDocument, response);
    if (made != nullptr && status) *made = Json::parse(response.content());
    return Said(status);
  }
  domain::Status Sheets(const std::string& partner, const std::string& unit, v1::GetDismantlingResponse& response) {
    v1::GetDismantlingRequest request;
    request.set_unit_code(unit);
    return As(partner, {Role::kRecycler}, request, GetDismantling, response);
  }
  void Grant(const std::string& partner, const std::string& unit, int tier) {
    plant_.Sql("insert into partner_grant (partner, unit_id, tier, until_time, reason, person, grant_time) select '" + partner +
               "', unit_id, " + std::to_string(tier) + ", now() + interval '1 day', 'contract', 'Li', now() from unit where code = '" +
               unit + "'");
  }
};

TEST_F(PassportScopeTest, ADocumentHoldsWhatThePartnersTierShows) {
  plant_.Build("PACK-CAR-60", kPack);
  plant_.StandInside();
  plant_.DeclareAll(PassportKind::kBattery, "PACK-CAR-60", kPack, kCellSubstances);
  plant_.Issue(kPack);
  Grant("One", kPack, 1), Grant("Two", kPack, 2), Grant("Three", kPack, 3);
  constexpr auto kCarbon = v1::PASSPORT_DOCUMENT_CARBON_FOOTPRINT;
  constexpr auto kMaterials = v1::PASSPORT_DOCUMENT_MATERIAL_COMPOSITION;
  constexpr auto kLabels = v1::PASSPORT_DOCUMENT_LABELS;
  constexpr auto kBill = v1::PASSPORT_DOCUMENT_SINGLE_LEVEL_BOM_AS_BUILT;
  for (const char* partner : {"One", "Two", "Three"}) EXPECT_EQ(Document(partner, {Role::kRecycler}, kPack, kCarbon), "OK") << partner;
  const std::string refused = Document("One", {Role::kRecycler, Role::kTesting}, kPack, kMaterials);
  EXPECT_THAT(refused, AllOf(HasSubstr("ROLE_INSUFFICIENT"), HasSubstr("substance_mass"), Not(HasSubstr("substance_mass/"))))
      << "which substances are in it is not told by the refusal";
  EXPECT_EQ(Document("Two", {Role::kRecycler}, kPack, kMaterials), "OK");
  EXPECT_THAT(Document("Two", {Role::kRecycler, Role::kTesting}, kPack, kLabels), HasSubstr("ROLE_INSUFFICIENT test_report"))
      << "for authorities, and the schema demands it";
  EXPECT_THAT(Document("Three", {Role::kRecycler}, kPack, kLabels), HasSubstr("ROLE_INSUFFICIENT")) << "the grant gives no role";
  EXPECT_EQ(Document("Three", {Role::kTesting}, kPack, kLabels), "OK");
  EXPECT_EQ(Document("Three", {Role::kTesting}, kPack, v1::PASSPORT_DOCUMENT_BATTERY_PASS), "OK");
  EXPECT_THAT(Document("One", {Role::kRecycler}, kPack, kBill), HasSubstr("ROLE_INSUFFICIENT"));
  // The sheet is of tier 2 as a whole.
  v1::GetDismantlingResponse sheets;
  EXPECT_EQ(Said(Sheets("One", kPack, sheets)), "ROLE_INSUFFICIENT");
  EXPECT_EQ(Said(Sheets("Two", kPack, sheets)), "OK");
  EXPECT_EQ(sheets.sheets_size(), 1);
}

TEST_F(PassportScopeTest, UnknownAndNotPermittedAreAnsweredAlike) {
  plant_.Build("PACK-CAR-60", kPack, false);
  plant_.Issue(kPack);
  const auto told = [](domain::Status status, const std::string& code) {
    EXPECT_FALSE(status);
    std::string text = Said(status) + " " + status.error().message;
    for (const auto& [key, value] : status.error().metadata) text += " " + key + "=" + value;
    for (size_t at = text.find(code); at != std::string::npos; at = text.find(code)) text.replace(at, code.size(), "?");
    return text;
  };
  const auto answers = [&](const std::string& code) {
    std::vector<std::string> texts;
    v1::GetDismantlingResponse sheets;
    texts.push_back(told(Sheets("Stranger", code, sheets), code));
    v1::GetPassportRequest passport;
    passport.set_unit_code(code);
    v1::GetPassportResponse shown;
    texts.push_back(told(As("Stranger", {Role::kRecycler}, passport, GetPassport, shown), code));
    for (int kind = v1::PassportDocument_MIN + 1; kind <= v1::PassportDocument_MAX; ++kind) {
      v1::GetPassportDocumentRequest request;
      request.set_unit_code(code);
      request.set_document(static_cast<v1::PassportDocument>(kind));
      v1::GetPassportDocumentResponse document;
      texts.push_back(told(As("Stranger", {Role::kRecycler}, request, GetPassportDocument, document), code));
    }
    return texts;
  };
  EXPECT_EQ(answers(kPack), answers("NONE"));
  EXPECT_THAT(answers(kPack)[0], HasSubstr("UNIT_UNKNOWN"));
}

TEST_F(PassportScopeTest, BillsAndCodeTreesNameWhatIsInItNowAndUsagesWhatThePartnerSees) {
  plant_.Build("PACK-CAR-60", kPack);
  plant_.StandInside();
  plant_.DeclareAll(PassportKind::kBattery, "PACK-CAR-60", kPack, kCellSubstances);
  for (const domain::Material& material : plant_.plant().plant().materials) {
    if (material.made) continue;
    v1::DeclareFactRequest fact = plant_.Fact("manufacturer_bpnl", "BPNL0000SUPPLIER");
    fact.set_product_code(material.code);
    ASSERT_EQ(plant_.Declare(fact), "OK") << material.code;
  }
  Grant("Two", kPack, 2);
  const auto count = [&](v1::PassportDocument kind, const std::string& unit, const char* list) {
    Json made;
    EXPECT_EQ(Document("Two", {Role::kRecycler}, unit, kind, &made), "OK") << unit;
    return made.is_null() ? 0 : made[list].size();
  };
  const size_t whole = count(v1::PASSPORT_DOCUMENT_SINGLE_LEVEL_BOM_AS_BUILT, kPack, "childItems");
  EXPECT_EQ(count(v1::PASSPORT_DOCUMENT_TRACTION_BATTERY_CODE, kPack, "subcomponents"), 6u);
  const std::string module = plant_.plant().database().Value(
      "select unit.code from unit join material using (material_id) where material.code = 'MOD-CAR-18S' order by unit_id limit 1");
  EXPECT_EQ(count(v1::PASSPORT_DOCUMENT_SINGLE_LEVEL_USAGE_AS_BUILT, module, "parentItems"), 1u);
  // A module goes into somebody else's pack: it is no more part of what this partner is told.
  plant_.Sql("update assembly set remove_time = now(), remove_record_time = now(), remove_station = 1, remove_epoch = 1, "
             "remove_sequence = 9 where child_id = (select unit_id from unit where code = '" + module + "'); "
             "update unit set parent_id = null, parent_line = null, parent_slot = null where code = '" + module + "'");
  EXPECT_EQ(count(v1::PASSPORT_DOCUMENT_SINGLE_LEVEL_BOM_AS_BUILT, kPack, "childItems"), whole - 1);
  EXPECT_EQ(count(v1::PASSPORT_DOCUMENT_TRACTION_BATTERY_CODE, kPack, "subcomponents"), 5u);
  EXPECT_THAT(Document("Two", {Role::kRecycler}, module, v1::PASSPORT_DOCUMENT_TRACTION_BATTERY_CODE), HasSubstr("UNIT_UNKNOWN"));
  // The pack stands in a vehicle that is not the partner's.
  const int64_t vehicle = plant_.plant().AddUnit("VEH-CAR-BEV", "VEH-1");
  plant_.plant().Install(vehicle, std::stoll(plant_.plant().database().Value("select unit_id from unit where code = '" +
                                                                              std::string(kPack) + "'")), 1, 1);
  EXPECT_EQ(count(v1::PASSPORT_DOCUMENT_SINGLE_LEVEL_USAGE_AS_BUILT, kPack, "parentItems"), 0u);
}

TEST_F(PassportScopeTest, ASheetWarnsThePartnerAndNamesNobodyElse) {
  plant_.Build("PACK-CAR-60", kPack);
  plant_.StandInside();
  const std::string pack = "(select unit_id from unit where code = '" + std::string(kPack) + "')";
  plant_.plant().AddUnit("CP-MSD", "MSD-GONE");
  plant_.Sql("insert into hold (reason, placed_by, place_time) values ('came with TRUCK-9 of Elsewhere', 'Li', now()); "
             "insert into hold_item (hold_id, unit_id, named) values (1, " + pack + ", true); "
             "insert into replacement (unit_id, removed_id, line, slot, forced, overridden, reason, person, role, evidence, occur_time, "
             "record_time) select " + pack + ", unit_id, 9, 1, true, '{UNIT_HELD}', 'r', 'Li', 'quality', 'e', now(), now() from unit "
             "where code = 'MSD-GONE'; "
             "insert into life_record (unit_id, event, occur_time, record_time, person, party, place, evidence, other_code, used) values "
             "(" + pack + ", " + std::to_string(static_cast<int>(domain::LifeEvent::kTest)) +
             ", now(), now(), 'Li', 'Tester Ltd', '', 'report 77 of Tester', '', false); "
             "insert into recycling_batch (partner, place, state, person, open_time) values ('Elsewhere', 'Baotou', 1, 'Li', now()); "
             "insert into recycling_unit select " + pack + ", 1, now(), now(), null, 2, 1, true, true");
  Grant("Two", kPack, 2);
  Grant("Elsewhere", kPack, 2);
  v1::GetDismantlingResponse sheets;
  ASSERT_EQ(Said(Sheets("Two", kPack, sheets)), "OK");
  std::string text = sheets.DebugString();
  EXPECT_THAT(text, AllOf(HasSubstr("RECALL OR HOLD 1: ask the maker"), HasSubstr("a part out of position 9.1 past UNIT_HELD"),
                          HasSubstr("the report is another party")));
  for (const char* others : {"TRUCK-9", "Elsewhere", "MSD-GONE", "report 77", "Tester", "DAMAGE REPORTED"}) {
    EXPECT_THAT(text, Not(HasSubstr(others)));
  }
  ASSERT_EQ(Said(Sheets("Elsewhere", kPack, sheets)), "OK");
  EXPECT_THAT(sheets.DebugString(), HasSubstr("DAMAGE REPORTED (Elsewhere")) << "its own word";
  // The plant itself is told all of it.
  v1::GetDismantlingRequest request;
  request.set_unit_code(kPack);
  grpc::ClientContext context;
  ASSERT_TRUE(v1::DismantlingService::NewStub(plant_.server().channel())->GetDismantling(&context, request, &sheets).ok());
  text = sheets.DebugString();
  for (const char* all : {"TRUCK-9", "Elsewhere", "MSD-GONE", "report 77"}) EXPECT_THAT(text, HasSubstr(all));
}

TEST_F(PassportScopeTest, ABalanceIsOfThePartnersOwnBatches) {
  plant_.Build("PACK-CAR-60", kPack, false);
  plant_.Sql("insert into recycling_batch (partner, place, state, person, open_time) values ('Two', 'Baotou', 1, 'Li', now()); "
             "insert into recycling_unit select unit_id, 1, now(), now(), null, 0, 7000000000, true, true from unit where code = '" +
             std::string(kPack) + "'");
  v1::GetMassBalanceRequest request;
  v1::GetMassBalanceResponse balance;
  const auto asked = [&](const std::string& partner) { return Said(As(partner, {Role::kRecycler}, request, GetMassBalance, balance)); };
  EXPECT_EQ(asked("Two"), "OK") << "a partner need not name itself";
  EXPECT_EQ(balance.contained().value(), "7");
  EXPECT_EQ(asked("One"), "OK");
  EXPECT_EQ(balance.batches(), 0);
  request.set_partner("Two");
  EXPECT_EQ(asked("One"), "PARTNER_UNKNOWN");
  request.set_partner("Nobody");
  EXPECT_EQ(asked("One"), "PARTNER_UNKNOWN") << "as one that is unknown";
  request.clear_partner();
  request.set_recycling_batch_id(1);
  EXPECT_EQ(asked("Two"), "OK");
  EXPECT_EQ(asked("One"), "RECYCLING_BATCH_UNKNOWN");
  request.set_recycling_batch_id(99);
  EXPECT_EQ(asked("One"), "RECYCLING_BATCH_UNKNOWN");
}

TEST(DocumentFactsTest, WhatASchemaLeavesOpenIsLeftOutAndWhatItDemandsIsRefused) {
  domain::PassportEntry manual;
  manual.attribute = "removal_manual";
  manual.value = "https://docs.example/removal.pdf";
  constexpr FactSlot kOpen[] = {{"/removal", "?removal_manual"}};
  constexpr FactSlot kDemanded[] = {{"/removal", "removal_manual"}};
  const auto made = [&](std::span<const FactSlot> slots, std::vector<domain::PassportTier> tiers, domain::Status& verdict) {
    DocumentFacts facts({manual}, std::move(tiers), LinkStyle::kBare);
    Json document = Json::object();
    facts.Fill(document, slots);
    verdict = facts.Verdict();
    return document;
  };
  domain::Status verdict;
  EXPECT_TRUE(made(kOpen, {domain::PassportTier::kPublic}, verdict).empty());
  EXPECT_TRUE(verdict);
  EXPECT_EQ(made(kOpen, {domain::PassportTier::kLegitimateInterest}, verdict)["removal"], manual.value);
  EXPECT_TRUE(verdict);
  made(kDemanded, {domain::PassportTier::kPublic}, verdict);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().reason, Reason::kRoleInsufficient);
}

}  // namespace
}  // namespace mes::services
