// The verification of a period alone: between two signed heads, and honest about what it left out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/audit_fact.h"
#include "tests/db/audit_history.h"

namespace mes::db {
namespace {

using testing::HasSubstr;

// Days of forty minutes: a few seconds' work, and a signed head after twenty. The period is the first five.
class AuditPeriod : public testing::Test {
 protected:
  AuditPeriod() {
    UseAuditKeys({ToyKey('a')});
    for (int day = 0; day < 4; ++day) {
      begins_.push_back(history_.now());
      for (int i = 0; i < 3; ++i) {
        history_.Enter("U" + std::to_string(day) + std::to_string(i));
        history_.Commit();
        history_.Split();
      }
      history_.Pass(std::chrono::minutes(20));
      history_.Anchor(ToyKey('a'));
      history_.Pass(std::chrono::minutes(20));
    }
    begins_.push_back(history_.now());
  }
  AuditVerification Day(size_t day, std::vector<AuditAnchor> anchors = {}) {
    return history_.Verify({.anchors = std::move(anchors), .from = begins_[day], .until = begins_[day] + std::chrono::minutes(5)});
  }
  int64_t FirstLink(size_t day) { return static_cast<int64_t>(day) * 9 + 1; }

  AuditHistory history_;
  std::vector<domain::Time> begins_;
};

TEST_F(AuditPeriod, OnlyItsLinksAndFactsAreReadAndWhatWasLeftOutIsTold) {
  const AuditVerification whole = history_.Verify();
  ASSERT_TRUE(whole.Sound()) << whole.findings[0].sentence;
  EXPECT_EQ(whole.links_before + whole.links_after, 0);
  int64_t facts = 0;
  for (size_t day = 0; day < 4; ++day) {
    const AuditVerification told = Day(day);
    EXPECT_TRUE(told.Sound()) << told.findings[0].sentence;
    EXPECT_EQ(told.links_before, FirstLink(day) - 1);
    EXPECT_EQ(told.links_before + told.entries + told.links_after, whole.entries);
    EXPECT_EQ(told.begins_signed, day > 0);
    facts += told.facts;
  }
  EXPECT_EQ(facts, whole.facts);
  EXPECT_TRUE(Day(1).ends_signed);
  EXPECT_EQ(Day(1).entries, 9);
  const AuditVerification rest = history_.Verify({.from = begins_[2]});
  EXPECT_TRUE(rest.Sound());
  EXPECT_EQ(rest.entries, 18);
  EXPECT_FALSE(rest.ends_signed);
  // A head that was signed within the five minutes is no end for it.
  EXPECT_EQ(history_.Verify({.until = begins_[0] + std::chrono::minutes(17)}).entries, 18);
}

TEST_F(AuditPeriod, WhatIsBentInItIsFoundAndWhatIsBentElsewhereIsNotLookedAt) {
  const std::string link = std::to_string(FirstLink(1) + 3);
  history_.Tamper("update audit_entry set reason = 'x' where audit_id = (select audit_id from audit_link where link_no = " + link +
                  ")");
  EXPECT_TRUE(Day(0).Sound());
  EXPECT_TRUE(Day(2).Sound());
  AuditVerification told = Day(1);
  ASSERT_FALSE(told.Sound());
  EXPECT_EQ(told.findings[0].link, FirstLink(1) + 3);
  EXPECT_FALSE(history_.Verify().Sound());
}

TEST_F(AuditPeriod, RowsOfItAreJudgedAndSlippedInOnesFound) {
  const std::string in_day_2 =
      "record_time >= '" + domain::FormatTime(begins_[2]) + "' and record_time < '" + domain::FormatTime(begins_[3]) + "'";
  history_.Tamper("update lot_consumption set quantity_micro = quantity_micro + 1 where kind = 2 and " + in_day_2);
  history_.Tamper(
      "insert into lot_consumption (lot_id, consumer_id, quantity_micro, consume_time, record_time, sequence, station_id, epoch, "
      "operation, line, kind) select lot_id, 77, quantity_micro, consume_time, record_time + interval '4 minutes', sequence, "
      "station_id, epoch, operation, line, kind from lot_consumption where kind = 1 and " + in_day_2 + " limit 1");
  EXPECT_TRUE(Day(1).Sound());
  const AuditVerification told = Day(2);
  ASSERT_GE(told.findings_in_all, 2);
  EXPECT_EQ(told.findings[0].table, "lot_edge");
  EXPECT_GE(told.findings[0].link, FirstLink(2));
  EXPECT_EQ(told.findings.back().table, "consumed");
  EXPECT_THAT(told.findings.back().sentence, HasSubstr("belong to no commit"));
}

TEST_F(AuditPeriod, TheChainBeforeItIsHeldByItsSignedHead) {
  // The link that was signed there is gone, or is another.
  history_.Tamper("update audit_link set hash = sha256(hash) where link_no = " + std::to_string(FirstLink(2) - 1));
  AuditVerification told = Day(2);
  ASSERT_FALSE(told.Sound());
  EXPECT_EQ(told.findings[0].link, FirstLink(2) - 1);
  EXPECT_THAT(told.findings[0].sentence, HasSubstr("not the one that was signed"));
  history_.Tamper("delete from audit_link where link_no = " + std::to_string(FirstLink(2) - 1));
  EXPECT_THAT(Day(2).findings.at(0).sentence, HasSubstr("is gone"));
  // A head of the database that was removed there is known by its copy.
  history_.Tamper("delete from audit_anchor where link_no = " + std::to_string(FirstLink(1) - 1));
  told = Day(1, history_.anchors());
  ASSERT_FALSE(told.Sound());
  EXPECT_THAT(told.findings[0].sentence, HasSubstr("gone from the database"));
}

TEST_F(AuditPeriod, AnEntryUnderAKeyThatWasReplacedBeforeItIsFound) {
  UseAuditKeys({ToyKey('b'), ToyKey('a')});
  history_.Enter("new key");
  history_.Pass(std::chrono::minutes(10));
  history_.Anchor(ToyKey('b'));
  history_.Pass(std::chrono::minutes(10));
  const domain::Time from = history_.now();
  domain::AuditEntry entry;
  entry.write_time = from + domain::Duration(1);
  history_.plant().Run([&](Transaction& transaction) {
    const AuditKey stolen = ToyKey('a');
    WriteAuditEntry(transaction, entry, &stolen);
  });
  history_.Seal();
  const AuditVerification told = history_.Verify({.from = from});
  EXPECT_EQ(told.entries, 1);
  ASSERT_EQ(told.findings_in_all, 1);
  EXPECT_THAT(told.findings[0].sentence, HasSubstr("which was replaced at link"));
}

}  // namespace
}  // namespace mes::db
