// Databases from before all that a trace walks was under the chain: they are sound as they are, what was counted stays counted, and
// commits of then are judged by what was hashed then.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "db/audit_fact.h"
#include "db/migrations.h"
#include "db/row.h"
#include "tests/db/audit_history.h"

namespace mes::db {
namespace {

using testing::HasSubstr;

AuditVerification VerifyAt(const std::string& url) {
  AuditVerification told;
  Pool({.url = url, .size = 1}).Read([&](Transaction& transaction) {
    VerifyQuestion question;
    question.check_signature = IsToySigned;
    told = VerifyAudit(transaction, question, [](const AuditVerification&) { return true; });
  });
  return told;
}

void SealAt(const std::string& url) {
  Pool({.url = url, .size = 1}).Run([](Transaction& transaction) {
    SealProgress everything;
    SealAudit(transaction, everything);
    return true;
  });
}

constexpr char kEdge[] =
    "insert into lot_consumption (lot_id, consumer_id, quantity_micro, consume_time, record_time, sequence, station_id, epoch, "
    "operation, line, kind, request_id) values (1, 2, 5, '2026-11-01', '2026-11-01', 0, 0, 0, 0, 0, 2, 'old')";

TEST(AuditBefore, TheMigrationCountsWhatWasThereAndNoneIsSlippedInAfterwards) {
  tests::EmptyDatabase database;
  std::vector<Migration> then;
  for (const Migration& migration : Migrations()) {
    if (migration.number < 25) then.push_back(migration);
  }
  Migrate(database.url(), then);
  tests::Query(database.url(), kEdge);
  tests::Query(database.url(),
               "insert into station_condition (station_id, person, kind, in_order, occur_time, expire_time, readings, evidence, "
               "sequence, reporting_station, epoch) values (1, '', 11, true, '2026-11-01', '2026-11-02', '{\"dew_point_c\": -41.5}', "
               "'m', 1, 1, 1)");
  Migrate(database.url());
  SealAt(database.url());
  AuditVerification told = VerifyAt(database.url());
  EXPECT_TRUE(told.Sound()) << told.findings.at(0).sentence;
  EXPECT_EQ(told.earlier_facts, 2);
  EXPECT_EQ(told.entries, 1);

  tests::Query(database.url(), kEdge);
  told = VerifyAt(database.url());
  ASSERT_EQ(told.findings_in_all, 1);
  EXPECT_EQ(told.findings[0].table, "lot_edge");
  EXPECT_THAT(told.findings[0].sentence, HasSubstr("1 rows are from before the audit, 2 are there"));
}

TEST(AuditBefore, ACountThatIsEnteredLaterIsFound) {
  AuditHistory history;
  UseAuditKeys({ToyKey('a')});
  history.Commit();
  history.plant().Run([&](Transaction& transaction) {
    transaction.work().exec(kEdge);
    domain::AuditEntry entry;
    entry.method = domain::kCoverMethod;
    entry.noun = entry.noun_id = domain::kAuditItself;
    entry.write_time = history.now();
    entry.new_value = R"({"lot_edge":1})";
    WriteAuditEntry(transaction, entry, nullptr);
  });
  history.Seal();
  const AuditVerification told = history.Verify();
  ASSERT_GE(told.findings_in_all, 1);
  EXPECT_EQ(told.findings[0].link, 2);
  EXPECT_THAT(told.findings[0].sentence, HasSubstr("entered too late"));
}

TEST(AuditBefore, CommitsOfThenAreJudgedByWhatWasHashedThen) {
  AuditHistory history;
  for (int i = 0; i < 3; ++i) history.Commit();
  // As it was written then: no form, fewer tables, of ends and reversals their first fields.
  history.plant().Run([&](Transaction& transaction) {
    transaction.work().exec("set local session_replication_role = replica; delete from station_condition");
    const std::vector<LinkedEntry> entries = ListUnsealedEntries(transaction, 10);
    FactReader reader(transaction);
    for (const LinkedEntry& linked : entries) {
      nlohmann::json told = nlohmann::json::parse(linked.entry->new_value);
      told.erase("form");
      std::vector<domain::FactGroup> groups = FactGroupsIn(told.dump());
      for (size_t g = 0; g < groups.size(); ++g) {
        told["groups"][g]["tables"].erase("station_condition");
        for (size_t i = 0; i < domain::kFirstFactTables; ++i) {
          const auto table = static_cast<domain::FactTable>(i);
          const domain::FactDigest digest = DigestOf(reader.Take(table, groups[g]));
          if (digest.rows == 0) continue;
          told["groups"][g]["tables"][std::string(domain::NameOf(table))] = {{"rows", digest.rows},
                                                                             {"sha256", domain::HexText(digest.sha256)}};
        }
      }
      Execute(transaction, "update audit_entry set new_value = $1 where audit_id = $2", told.dump(), linked.audit_id);
    }
  });
  history.Seal();
  history.Commit();
  history.Seal();
  const AuditVerification told = history.Verify();
  EXPECT_TRUE(told.Sound()) << told.findings.at(0).sentence;
  EXPECT_EQ(told.entries, 4);
  // The end's own time was not hashed then; that it ended was.
  const std::string old_end = " where remove_sequence = 21";
  history.Tamper("update assembly set remove_time = remove_time + interval '1 second'" + old_end);
  EXPECT_TRUE(history.Verify().Sound());
  history.Tamper("update assembly set remove_sequence = 22" + old_end);
  EXPECT_EQ(history.Verify().findings.at(0).link, 2);
}

}  // namespace
}  // namespace mes::db
