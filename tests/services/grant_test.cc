// What partners see: grants over real gRPC, and a hundred thousand seeded questions of partners, each of which may name nothing
// that is not theirs: with both guards, with the database's alone, with the service's alone.
#include "services/grant.h"

#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/grant.h"
#include "domain/limits_grant.h"
#include "mes/v1/grant.grpc.pb.h"
#include "services/dismantling.h"
#include "services/epcis.h"
#include "services/genealogy.h"
#include "services/life.h"
#include "services/passport.h"
#include "services/passport_identity.h"
#include "services/recycling.h"
#include "services/unit.h"
#include "tests/support/server.h"
#include "tests/support/stored_plant.h"

namespace mes::services {
namespace {

using tests::CallOnce;
using tests::FieldOf;
using tests::ReasonOf;
using tests::StoredPlant;
using Stub = v1::GrantService::Stub;

class GrantServiceTest : public testing::Test {
 protected:
  tests::TestServer server_{tests::PlantBuilder().draft()};
  StoredPlant plant_{server_.database()};
  std::unique_ptr<Stub> stub_ = v1::GrantService::NewStub(server_.channel());
  int requests_ = 0;

  v1::GrantUnitsRequest Request(std::vector<std::string> units, const std::string& partner = "ReCell") {
    v1::GrantUnitsRequest request;
    request.set_request_id("g" + std::to_string(++requests_));
    request.set_partner(partner);
    request.mutable_unit_codes()->Assign(units.begin(), units.end());
    request.set_tier(2);
    request.mutable_until_time()->set_seconds(time(nullptr) + 86'400);
    request.set_reason("contract");
    request.set_person("Li");
    return request;
  }
  grpc::Status Give(const v1::GrantUnitsRequest& request, v1::GrantUnitsResponse* response = nullptr) {
    v1::GrantUnitsResponse own;
    return CallOnce(*stub_, &Stub::GrantUnits, request, response == nullptr ? &own : response);
  }
};

TEST_F(GrantServiceTest, GrantsAreGivenListedAndTakenBack) {
  plant_.AddUnit("PACK", "P1"), plant_.AddUnit("PACK", "P2");
  v1::GrantUnitsResponse given;
  ASSERT_EQ(ReasonOf(Give(Request({"P1", "P2", "P1"}), &given)), "OK");
  ASSERT_EQ(given.grants_size(), 2) << "a unit is granted once";
  v1::ListPartnerUnitsRequest units;
  units.set_partner("ReCell");
  v1::ListPartnerUnitsResponse seen;
  ASSERT_EQ(ReasonOf(CallOnce(*stub_, &Stub::ListPartnerUnits, units, &seen)), "OK");
  EXPECT_THAT(seen.unit_codes(), testing::ElementsAre("P1", "P2"));

  v1::RevokeGrantRequest revoke;
  revoke.set_request_id("r");
  revoke.set_grant_id(given.grants(0).grant_id());
  revoke.set_reason("ended");
  revoke.set_person("Wang");
  v1::RevokeGrantResponse revoked;
  ASSERT_EQ(ReasonOf(CallOnce(*stub_, &Stub::RevokeGrant, revoke, &revoked)), "OK");
  revoke.set_request_id("r2");
  EXPECT_EQ(ReasonOf(CallOnce(*stub_, &Stub::RevokeGrant, revoke, &revoked)), "GRANT_UNKNOWN");
  ASSERT_EQ(ReasonOf(CallOnce(*stub_, &Stub::ListPartnerUnits, units, &seen)), "OK");
  EXPECT_THAT(seen.unit_codes(), testing::ElementsAre("P2"));
  v1::ListGrantsRequest list;
  list.set_unit_code("P1");
  v1::ListGrantsResponse grants;
  ASSERT_EQ(ReasonOf(CallOnce(*stub_, &Stub::ListGrants, list, &grants)), "OK");
  ASSERT_EQ(grants.grants_size(), 1);
  EXPECT_EQ(grants.grants(0).revoke_person(), "Wang");
  EXPECT_EQ(grants.grants(0).reason(), "contract") << "it stays on record";
}

TEST_F(GrantServiceTest, RefusesByField) {
  plant_.AddUnit("PACK", "P1");
  const auto refused = [&](v1::GrantUnitsRequest request) {
    const grpc::Status status = Give(request);
    return ReasonOf(status) + " " + FieldOf(status);
  };
  EXPECT_EQ(refused(Request({"P1"}, "")), "FIELD_REQUIRED partner");
  EXPECT_EQ(refused(Request({})), "FIELD_REQUIRED unit_codes");
  EXPECT_EQ(refused(Request({"P1", "NONE"})), "UNIT_UNKNOWN unit_codes[1]");
  EXPECT_EQ(refused(Request(std::vector<std::string>(domain::kMaxUnitsPerGrant + 1, "P1"))), "LIMIT_EXCEEDED unit_codes");
  v1::GrantUnitsRequest request = Request({"P1"});
  request.set_tier(70'000);
  EXPECT_EQ(refused(request), "FIELD_INVALID tier");
  request = Request({"P1"});
  request.clear_until_time();
  EXPECT_EQ(refused(request), "FIELD_REQUIRED until_time");
  v1::ListPartnerUnitsRequest units;
  v1::ListPartnerUnitsResponse seen;
  EXPECT_EQ(FieldOf(CallOnce(*stub_, &Stub::ListPartnerUnits, units, &seen)), "partner");
}

// A plant of vehicles with packs with cells with lots, sold, returned and granted at random; and, worked out apart from the
// product, what each partner sees.
class ScopeTest : public testing::Test {
 protected:
  static constexpr int kPartners = 4, kVehicles = 20, kPacks = 40, kCells = 120, kLots = 12;
  static constexpr int kQuestions = 100'000, kPerTransaction = 250;

  tests::TestServer server_{tests::PlantBuilder().draft()};
  StoredPlant plant_{server_.database()};
  std::mt19937 random_{20261126};
  std::vector<std::string> codes_;
  std::map<std::string, std::set<std::string>> seen_;
  // What documents call a thing, with its code.
  std::map<std::string, std::string> assets_;

  static std::string Partner(int i) { return "Partner" + std::to_string(i); }
  int Below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  // Codes are `U17U` and `L3L`: nothing else in an answer looks like them.
  ScopeTest() {
    std::vector<std::string> units, lots;
    for (int i = 0; i < kVehicles + kPacks + kCells; ++i) units.push_back("U" + std::to_string(i) + "U");
    const std::vector<int64_t> ids = plant_.AddUnits("PACK", units);
    std::vector<int> parent(units.size(), -1), held_before(units.size(), -1);
    std::string sql;
    const auto put = [&](int part, int holder, bool removed) {
      const std::string child = std::to_string(ids[part]), above = std::to_string(ids[holder]), slot = std::to_string(part + 1);
      const std::string column =
          removed ? ", remove_time, remove_record_time, remove_station, remove_epoch, remove_sequence" : "";
      sql +=
          "insert into assembly (parent_id, child_id, line, slot, install_time, install_record_time, install_station, install_epoch, "
          "install_sequence" +
          column + ") values (" + above + ", " + child + ", 1, " + slot + ", '2026-09-01', '2026-09-01', 0, 0, 1" +
          (removed ? ", '2026-09-02', '2026-09-02', 0, 0, 1" : "") + ");";
      sql +=
          "insert into station_event (occur_time, record_time, unit_id, sequence, digest, station_id, epoch, operation, kind, judgement, "
          "station_judgement, purpose, return_to, flags, other_unit_id, line, slot) values ('2026-09-01', '2026-09-01', " +
          above + ", " + std::to_string(part * 2 + (removed ? 1 : 0)) + ", 0, 0, 1, 10, " +
          std::to_string(static_cast<int>(domain::EventKind::kInstalled)) + ", 0, 0, 0, 0, 0, " + child + ", 1, " + slot + ");";
      // Each was forced out, as a sheet for the bench says.
      if (removed) {
        sql += "insert into replacement (unit_id, removed_id, line, slot, forced, overridden, reason, person, role, evidence, occur_time, "
               "record_time) values (" + above + ", " + child + ", 1, " + slot + ", true, '{UNIT_HELD}', 'r', 'Li', 'quality', 'e', "
               "'2026-09-02', '2026-09-02');";
      }
      if (!removed) {
        parent[part] = holder;
        sql += "update unit set parent_id = " + above + ", parent_line = 1, parent_slot = " + slot + " where unit_id = " + child +
               ";";
      }
    };
    plant_.database().Query("create table if not exists station_event_of_tests partition of station_event default");
    for (int pack = kVehicles; pack < kVehicles + kPacks; ++pack) {
      if (Below(3) == 0) put(pack, Below(kVehicles), true);
      if (Below(3) != 0) put(pack, Below(kVehicles), false);
    }
    for (int cell = kVehicles + kPacks; cell < kVehicles + kPacks + kCells; ++cell) {
      if (Below(4) == 0) put(cell, kVehicles + Below(kPacks), true);
      if (Below(6) != 0) put(cell, kVehicles + Below(kPacks), false);
    }
    std::vector<std::set<int>> used_by(kLots);
    for (int lot = 0; lot < kLots; ++lot) {
      lots.push_back("L" + std::to_string(lot) + "L");
      const int64_t id = plant_.AddLot("ELY", lots.back(), 1'000'000'000);
      for (int use = 0; use < 12; ++use) {
        const int cell = kVehicles + kPacks + Below(kCells);
        if (used_by[lot].insert(cell).second) plant_.Consume(id, ids[cell]);
      }
    }
    std::vector<std::set<int>> given(kPartners), delivered(kPartners);
    for (int lot = 0; lot < kPartners; ++lot) {
      delivered[lot].insert(lot + 2);
      sql += "insert into purchase (unit_id, supplier, receive_time) select unit_id, '" + Partner(lot) +
             "', now() from unit where code = '" + lots[static_cast<size_t>(lot + 2)] + "';";
    }
    for (size_t unit = 0; unit < units.size(); ++unit) {
      const int partner = Below(kPartners);
      const std::string who = Partner(partner), id = std::to_string(ids[unit]);
      switch (Below(12)) {
        case 0:
          sql +=
              "insert into life_record (unit_id, event, occur_time, record_time, person, party, place, evidence, other_code, used) "
              "values (" +
              id + ", 1, now(), now(), 'Li', '" + who + "', '', '', '', false);";
          given[partner].insert(static_cast<int>(unit));
          break;
        case 1:
        case 2:
        case 3: {
          const int state = Below(3);  // in force, over, revoked
          sql +=
              "insert into partner_grant (partner, unit_id, tier, until_time, reason, person, grant_time, revoke_time) values ('" +
              who + "', " + id + ", 2, now() + interval '" + (state == 1 ? "-1" : "1") +
              " day', 'r', 'Li', now() - interval '2 days', " + (state == 2 ? "now()" : "null") + ");";
          if (state == 0) given[partner].insert(static_cast<int>(unit));
          break;
        }
        case 4:  // taken back: it names nobody any more
          sql +=
              "insert into life_record (unit_id, event, occur_time, record_time, person, party, place, evidence, other_code, used, "
              "reverse_time, reverse_person, reverse_reason) values (" +
              id + ", 1, now(), now(), 'Li', '" + who + "', '', '', '', false, now(), 'Wang', 'another');";
          break;
        default:
          break;
      }
    }
    // Two of the lots were recovered from units of somebody else's: these are nobody's to see through them.
    sql += "insert into recycling_batch (partner, place, state, person, open_time) values ('Else', 'Baotou', 1, 'Li', now());"
           "insert into recycling_unit select unit_id, 1, now(), now(), now(), 0, 1, true, true from unit where code in "
           "('U0U', 'U1U', 'U25U');"
           "insert into recovered_lot select unit_id, 1, now(), now(), 'Li', 'R' from unit where code in ('L0L', 'L1L');";
    plant_.database().Query(sql + BenchAndDocuments());
    for (int partner = 0; partner < kPartners; ++partner) {
      std::set<std::string>& seen = seen_[Partner(partner)];
      std::set<int> numbers;
      for (int unit = 0; unit < static_cast<int>(units.size()); ++unit) {
        for (int above = unit; above >= 0; above = parent[above]) {
          if (given[partner].contains(above)) numbers.insert(unit);
        }
      }
      for (const int unit : numbers) seen.insert(units[static_cast<size_t>(unit)]);
      for (int lot = 0; lot < kLots; ++lot) {
        for (const int cell : used_by[static_cast<size_t>(lot)]) {
          if (numbers.contains(cell)) seen.insert(lots[static_cast<size_t>(lot)]);
        }
        if (delivered[partner].contains(lot)) seen.insert(lots[static_cast<size_t>(lot)]);
      }
    }
    const std::string plant_namespace = plant_.database().Value("select namespace from passport_namespace");
    for (const auto& row : plant_.database().Query("select unit_id, code from unit")) {
      assets_[UnitUuid(plant_namespace, std::stoll(row[0]))] = row[1];
    }
    codes_ = units;
    codes_.insert(codes_.end(), lots.begin(), lots.end());
    codes_.push_back("U9999U");
  }

  template <typename Page>
  struct Collect : PageSink<Page> {
    std::string text;
    bool operator()(Page page) override {
      text += page.DebugString();
      return true;
    }
  };
  template <typename Response, typename Request, typename Handler>
  static std::string Unary(Call& call, const Request& request, Handler handler, domain::Status& status) {
    Response response;
    status = handler(call, request, response);
    return response.DebugString();
  }
  template <typename Page, typename Request, typename Handler>
  static std::string Streamed(Call& call, const Request& request, Handler handler, domain::Status& status) {
    Collect<Page> sink;
    status = handler(call, request, sink);
    return sink.text;
  }

  // A sheet for the bench, the facts that documents want, holds whose reasons name others, and a recycling batch of each partner: of one
  // unit, of a kilogram for the first partner, of two for the second.
  static std::string BenchAndDocuments() {
    std::string sql =
        "insert into dismantling_sheet select material_id, '{}', 400, 350, 'below 60 V', 5, '{}', 'outdoors', '{}' from material "
        "where code = 'PACK';"
        "insert into dismantling_step select material_id, 1, 'open', material_id, '', 0, 'hands', 1, 'none' from material "
        "where code = 'PACK';"
        "insert into hold (reason, placed_by, place_time) values ('it came with U3U, of L3L', 'Li', now());"
        "insert into hold_item (hold_id, unit_id, named) select 1, unit_id, true from unit where tracking = 1 and unit_id % 5 = 0;"
        "insert into passport_fact (scope, material_id, attribute, subject, value, basis, observe_time, method, evidence, person, "
        "record_time) select 2, material_id, 'manufacturer_bpnl', '', 'BPNL0000SUPPLIER', 4, now(), '', '', 'Li', now() from material;";
    for (const auto& [name, value] : std::map<std::string, std::string>{{"facility_country", "CHN"},
                                                                        {"classification_standard", "ECLASS"},
                                                                        {"classification_id", "27"},
                                                                        {"manufacturing_date", "2026-09-01"},
                                                                        {"customer_bpnl", "BPNL000000NEWBUS"},
                                                                        {"customer_part_name", "energy store"},
                                                                        {"customer_part_number", "NB-7"}}) {
      sql += "insert into passport_fact (scope, material_id, attribute, subject, value, basis, observe_time, method, evidence, person, "
             "record_time) select 2, material_id, '" + name + "', '', '" + value + "', 4, now(), '', '', 'Li', now() from material;";
    }
    for (int i = 0; i < kPartners; ++i) {
      sql += "insert into recycling_batch (partner, place, state, person, open_time) values ('" + Partner(i) +
             "', 'Baotou', 1, 'Li', now());"
             "insert into recycling_unit select unit_id, " + std::to_string(i + 2) + ", now(), now(), now(), 0, " +
             std::to_string(i + 1) + "000000000, true, true from unit where code = 'U" + std::to_string(30 + i) + "U';";
    }
    return sql;
  }

  std::string AskForDocument(Call& call, const std::string& code, v1::PassportDocument kind, domain::Status& status) {
    v1::GetPassportDocumentRequest request;
    request.set_unit_code(code);
    request.set_document(kind);
    return Unary<v1::GetPassportDocumentResponse>(call, request, GetPassportDocument, status);
  }
  std::string AskForSheets(Call& call, const std::string& code, domain::Status& status) {
    v1::GetDismantlingRequest request;
    request.set_unit_code(code);
    return Unary<v1::GetDismantlingResponse>(call, request, GetDismantling, status);
  }
  // Own batches are weighed, others' do not exist, by number and by partner.
  void AskForBalance(Call& call, int partner) {
    const int asked = Below(kPartners + 2) - 1;
    v1::GetMassBalanceRequest request;
    const bool by_number = Below(2) == 0;
    if (by_number) request.set_recycling_batch_id(asked + 2);
    if (!by_number) request.set_partner(asked < 0 ? "Else" : Partner(asked));
    v1::GetMassBalanceResponse response;
    const domain::Status status = GetMassBalance(call, request, response);
    if (asked == partner) {
      ASSERT_TRUE(status) << status.error().message;
      EXPECT_EQ(response.contained().value(), std::to_string(partner + 1));
    } else if (status) {
      EXPECT_FALSE(by_number) << Partner(partner) << " was told of batch " << asked + 2;
      EXPECT_EQ(response.batches(), 0) << Partner(partner) << " was told of " << request.partner();
      EXPECT_EQ(response.contained().value(), "0");
    } else {
      EXPECT_EQ(status.error().reason, by_number ? domain::Reason::kRecyclingBatchUnknown : domain::Reason::kPartnerUnknown);
    }
  }

  // One question of a partner about a code; its whole answer as text.
  std::string Ask(Call& call, const std::string& code, domain::Status& status) {
    // The long answers are asked for less often.
    switch (Below(60)) {
      case 0:
        return AskForSheets(call, code, status);
      case 1:
        return AskForDocument(call, code, v1::PASSPORT_DOCUMENT_SINGLE_LEVEL_BOM_AS_BUILT, status);
      case 2:
        return AskForDocument(call, code, v1::PASSPORT_DOCUMENT_SINGLE_LEVEL_USAGE_AS_BUILT, status);
      case 3:
        return AskForDocument(call, code, code[0] == 'L' ? v1::PASSPORT_DOCUMENT_BATCH : v1::PASSPORT_DOCUMENT_SERIAL_PART, status);
      default:
        break;
    }
    switch (Below(12)) {
      case 0: {
        v1::TraceRequest request;
        request.set_code(code);
        return Streamed<v1::TraceResponse>(call, request, Trace, status);
      }
      case 2:
      case 3: {
        v1::GetLifeRequest request;
        request.set_unit_code(code);
        return Unary<v1::GetLifeResponse>(call, request, GetLife, status);
      }
      case 4:
      case 5: {
        v1::ListLifeRecordsRequest request;
        request.set_unit_code(code);
        return Unary<v1::ListLifeRecordsResponse>(call, request, ListLifeRecords, status);
      }
      case 1: {
        v1::ExportUnitEpcisRequest request;
        request.set_unit_code(code);
        return Streamed<v1::ExportUnitEpcisResponse>(call, request, ExportUnitEpcis, status);
      }
      case 6: {
        v1::ListCapturedEpcisRequest request;
        request.set_unit_code(code);
        return Unary<v1::ListCapturedEpcisResponse>(call, request, ListCapturedEpcis, status);
      }
      default: {
        v1::GetUnitRequest request;
        request.set_unit_code(code);
        return Unary<v1::GetUnitResponse>(call, request, GetUnit, status);
      }
    }
  }

  std::set<std::string> CodesIn(const std::string& text) const {
    std::set<std::string> codes;
    static const std::string urn = "urn:uuid:";
    for (size_t at = text.find(urn); at != std::string::npos; at = text.find(urn, at + 1)) {
      codes.insert(assets_.at(text.substr(at + urn.size(), 36)));
    }
    for (size_t at = 0; at < text.size(); ++at) {
      if (text[at] != 'U' && text[at] != 'L') continue;
      size_t end = at + 1;
      while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
      if (end > at + 1 && end < text.size() && text[end] == text[at]) codes.insert(text.substr(at, end + 1 - at));
    }
    return codes;
  }

  void Run(bool service_checks, bool database_checks) {
    int64_t answered = 0, refused = 0, named = 0;
    for (int asked = 0; asked < kQuestions && !HasFailure(); asked += kPerTransaction) {
      const int number = Below(kPartners);
      const std::string partner = Partner(number);
      const std::set<std::string>& seen = seen_.at(partner);
      plant_.database().pool().Read([&](db::Transaction& transaction) {
        domain::Caller caller;
        caller.kind = domain::CallerKind::kPartner;
        caller.name = partner;
        caller.roles = static_cast<uint16_t>(domain::Role::kRecycler);
        if (service_checks) caller.partner = partner;
        if (database_checks) db::EnterPartnerScope(transaction, partner);
        const domain::Time now = std::chrono::time_point_cast<domain::Duration>(std::chrono::system_clock::now());
        Call call{transaction, plant_.plant(), now, caller};
        for (int i = 0; i < kPerTransaction && !HasFailure(); ++i) {
          if (Below(60) == 0) {
            AskForBalance(call, number);
            continue;
          }
          const std::string& code = codes_[static_cast<size_t>(Below(static_cast<int>(codes_.size())))];
          domain::Status status;
          const std::string answer = Ask(call, code, status);
          if (status) {
            EXPECT_TRUE(seen.contains(code)) << partner << " was answered about " << code;
            ++answered;
          } else {
            const domain::Reason reason = status.error().reason;
            const bool lot = code[0] == 'L';
            // A lot has no life and no sheet.
            const bool of_lot = reason == domain::Reason::kUnitState || reason == domain::Reason::kDocumentUnavailable;
            EXPECT_TRUE(reason == domain::Reason::kUnitUnknown || (lot && seen.contains(code) && of_lot))
                << status.error().message;
            EXPECT_TRUE(lot || !seen.contains(code)) << partner << " was refused " << code << ": " << status.error().message;
            ++refused;
          }
          for (const std::string& told : CodesIn(answer)) {
            EXPECT_TRUE(seen.contains(told)) << partner << " was told of " << told << " when it asked about " << code << "\n"
                                             << answer;
            ++named;
          }
        }
      });
    }
    EXPECT_GT(answered, kQuestions / 20);
    EXPECT_GT(refused, kQuestions / 20);
    EXPECT_GT(named, kQuestions / 20);
  }
};

TEST_F(ScopeTest, AHundredThousandQuestionsReachNothingOutsideWithBothGuards) { Run(true, true); }
TEST_F(ScopeTest, TheDatabaseAloneHoldsWithTheServicesCheckOff) { Run(false, true); }
TEST_F(ScopeTest, TheServiceAloneHoldsWithRowLevelSecurityOff) { Run(true, false); }

TEST_F(ScopeTest, APartnersTransactionReadsNothingElseAndWritesNothing) {
  const std::string enter = "begin; select set_config('mes.partner', 'Partner0', true); set local role mes_partner; ";
  for (const char* table : {"work_order", "carrier"}) {
    EXPECT_EQ(plant_.database().Query(enter + "select count(*) from " + table)[0][0], "0") << table;
  }
  EXPECT_EQ(plant_.database().Query(enter + "select string_agg(distinct supplier, ' ') from purchase")[0][0], "Partner0");
  EXPECT_EQ(plant_.database().Query("begin; set local role mes_partner; select count(*) from unit")[0][0], "0")
      << "of no partner";
  for (const char* sql :
       {"select count(*) from request_log", "select count(*) from code_batch", "select count(*) from hold",
        "update unit set code = 'X'", "delete from life_record", "insert into partner_grant default values", "truncate unit"}) {
    EXPECT_ANY_THROW(plant_.database().Query(enter + sql)) << sql;
  }
}

TEST_F(ScopeTest, APartnerAsksForItselfOnly) {
  plant_.database().pool().Read([&](db::Transaction& transaction) {
    domain::Caller caller;
    caller.partner = "Partner0";
    Call call{transaction, plant_.plant(), StoredPlant::kNow, caller};
    v1::ListGrantsRequest request;
    request.set_partner("Partner1");
    v1::ListGrantsResponse response;
    const domain::Status refused = ListGrants(call, request, response);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, domain::Reason::kPartnerUnknown);
    request.clear_partner();
    ASSERT_TRUE(ListGrants(call, request, response));
    for (const auto& grant : response.grants()) EXPECT_EQ(grant.partner(), "Partner0");
    v1::TraceRequest trace;
    trace.set_code(*seen_.at("Partner0").rbegin());
    trace.set_view(v1::TRACE_VIEW_AS_IS_AT);
    trace.mutable_at_time()->set_seconds(1'790'000'000);
    Collect<v1::TraceResponse> sink;
    const domain::Status past = Trace(call, trace, sink);
    ASSERT_FALSE(past);
    EXPECT_EQ(past.error().metadata.at("field"), "view") << "what was in it may be in another's now";
  });
}

}  // namespace
}  // namespace mes::services
