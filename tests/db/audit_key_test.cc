// The site key changes: what the old one made stays good, what it makes afterwards is found, and a key that is not here is told as
// such and not as false.
#include "db/audit_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/row.h"
#include "tests/db/audit_history.h"

namespace mes::db {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// An entry as whoever has the key and the database can write it.
void Forge(AuditHistory& history, const AuditKey& key, bool named = true) {
  history.plant().Run([&](Transaction& transaction) {
    domain::AuditEntry entry;
    entry.method = "ReleaseHold";
    entry.caller = "boss";
    entry.write_time = history.now();
    WriteAuditEntry(transaction, entry, &key);
    if (named) return;
    entry.key_id.clear();
    const std::string mac = domain::HexText(MacOf(key, entry));
    transaction.work().exec("set local session_replication_role = replica; update audit_entry set key_id = '', mac = decode('" + mac +
                            "', 'hex') where audit_id = " + std::to_string(entry.audit_id));
  });
  history.Seal();
}

TEST(AuditKey, AChangeIsEnteredOnceSignedByBothAndAllStaysChecked) {
  AuditHistory history;
  history.Live();
  const AuditVerification told = history.Verify();
  EXPECT_TRUE(told.Sound());
  EXPECT_EQ(told.authenticated, told.entries);
  history.plant().Run([&](Transaction& transaction) {
    const std::vector<LinkedEntry> entered = ListOwnEntries(transaction, domain::kRotationMethod);
    ASSERT_EQ(entered.size(), 1u);
    const auto rotation = RotationIn(*entered[0].entry);
    ASSERT_TRUE(rotation.has_value());
    EXPECT_EQ(rotation->former_id, ToyKey('a').id);
    EXPECT_EQ(rotation->id, ToyKey('b').id);
    EXPECT_EQ(entered[0].entry->key_id, ToyKey('b').id);
  });
  EXPECT_TRUE(AuditKeyReplacedAt(ToyKey('a').id).has_value());
  EXPECT_FALSE(AuditKeyReplacedAt(ToyKey('b').id).has_value());
  // Another process with the same keys enters nothing more.
  UseAuditKeys({ToyKey('b'), ToyKey('a')});
  history.Enter("later");
  EXPECT_EQ(history.database().Value("select count(*) from audit_entry where method = 'RotateSiteKey'"), "1");
}

TEST(AuditKey, AChangeThatIsRolledBackIsEnteredWithTheNextEntry) {
  AuditHistory history;
  UseAuditKeys({ToyKey('a')});
  history.Enter("1");
  UseAuditKeys({ToyKey('b'), ToyKey('a')});
  history.database().pool().Run([&](Transaction& transaction) {
    for (int i = 0; i < 2; ++i) {
      domain::AuditEntry lost;
      lost.write_time = history.now();
      InsertAuditEntry(transaction, lost);
    }
    return false;
  });
  history.Enter("2");
  history.Seal();
  EXPECT_EQ(history.database().Value("select count(*) from audit_entry where method = 'RotateSiteKey'"), "1");
  EXPECT_TRUE(history.Verify().Sound());
}

TEST(AuditKey, AnEntryUnderTheReplacedKeyIsFound) {
  for (const bool named : {true, false}) {
    AuditHistory history;
    history.Live();
    const int64_t links = history.Verify().entries;
    Forge(history, ToyKey('a'), named);
    const AuditVerification told = history.Verify();
    ASSERT_EQ(told.findings_in_all, 1);
    EXPECT_EQ(told.findings[0].link, links + 1);
    EXPECT_THAT(told.findings[0].sentence, HasSubstr(named ? "which was replaced at link" : "names no key"));
    // Also where the verifier does not have the old key.
    UseAuditKeys({ToyKey('b')});
    EXPECT_EQ(history.Verify().findings_in_all, 1);
  }
}

TEST(AuditKey, AHeadUnderTheReplacedKeyIsFound) {
  AuditHistory history;
  history.Live();
  history.Anchor(ToyKey('a'));
  const AuditVerification told = history.Verify();
  ASSERT_EQ(told.findings_in_all, 1);
  EXPECT_EQ(told.findings[0].table, "audit_anchor");
  EXPECT_THAT(told.findings[0].sentence, HasSubstr("signed with a key that was replaced"));
}

TEST(AuditKey, WhatAKeyMadeThatIsNotHereIsNotCheckableAndNotFalse) {
  AuditHistory history;
  history.Live();
  UseAuditKeys({ToyKey('b')});
  const AuditVerification told = history.Verify();
  EXPECT_FALSE(told.Sound());
  EXPECT_EQ(told.findings_in_all, 0);
  EXPECT_GT(told.not_checkable, 0);
  EXPECT_EQ(told.entries, told.authenticated + (told.not_checkable - 2)) << "two heads are signed with it too";
  EXPECT_THAT(told.unknown_keys, ElementsAre(ToyKey('a').id));
  // Heads may be checked against keys that were noted, without the key itself.
  EXPECT_EQ(history.Verify({.public_keys = {ToyKey('a').public_key, ToyKey('b').public_key}}).not_checkable, told.not_checkable - 2);
  EXPECT_THAT(history.Verify({.public_keys = {ToyKey('b').public_key}}).findings.at(0).sentence, HasSubstr("another key"));
}

TEST(AuditKey, EntriesFromBeforeKeysHadNamesAreGoodUnderTheirKey) {
  AuditHistory history;
  UseAuditKeys({ToyKey('a')});
  for (int i = 0; i < 3; ++i) history.Enter(std::to_string(i));
  // As they were written then.
  history.plant().Run([&](Transaction& transaction) {
    transaction.work().exec("set local session_replication_role = replica");
    for (const LinkedEntry& linked : ListUnsealedEntries(transaction, 10)) {
      domain::AuditEntry entry = *linked.entry;
      entry.key_id.clear();
      transaction.work().exec("update audit_entry set key_id = '', mac = decode('" + domain::HexText(MacOf(ToyKey('a'), entry)) +
                              "', 'hex') where audit_id = " + std::to_string(entry.audit_id));
    }
  });
  history.Seal();
  EXPECT_EQ(history.Verify().authenticated, 3);
  // The change is entered though the key in force has no name yet.
  UseAuditKeys({ToyKey('b'), ToyKey('a')});
  history.Enter("new");
  history.Seal();
  AuditVerification told = history.Verify();
  EXPECT_TRUE(told.Sound());
  EXPECT_EQ(told.authenticated, 5);
  UseAuditKeys({ToyKey('b')});
  told = history.Verify();
  EXPECT_EQ(told.findings_in_all, 0);
  EXPECT_EQ(told.not_checkable, 3);
  EXPECT_FALSE(told.Sound());
}

TEST(AuditKey, WhoHasNeitherTheKeyInForceNorThatBeforeItWritesNothing) {
  AuditHistory history;
  history.Live();
  const std::string before = history.database().Value("select count(*) from audit_entry");
  UseAuditKeys({ToyKey('c')});
  EXPECT_THROW(history.Enter("x"), AuditRefused);
  // Nor does a replaced key come back.
  UseAuditKeys({ToyKey('a'), ToyKey('b')});
  EXPECT_THROW(history.Enter("x"), AuditRefused);
  EXPECT_EQ(history.database().Value("select count(*) from audit_entry"), before);
  UseAuditKeys({ToyKey('c'), ToyKey('b'), ToyKey('a')});
  history.Enter("x");
  history.Seal();
  EXPECT_TRUE(history.Verify().Sound());
}

TEST(AuditKey, AForgedChangeOfKeyIsFound) {
  AuditHistory history;
  history.Live();
  // By whoever has the replaced key and one of his own, and by whoever has neither.
  for (const char former : {'a', 'x'}) {
    history.plant().Run([&](Transaction& transaction) {
      const AuditKey own = ToyKey('e'), old = ToyKey(former);
      const std::string chain_id = LoadAuditChain(transaction).chain_id;
      const std::string bytes = domain::RotationBytes(chain_id, old.public_key, own.public_key, history.now());
      domain::AuditEntry entry;
      entry.method = domain::kRotationMethod;
      entry.noun = entry.noun_id = domain::kAuditItself;
      entry.write_time = history.now();
      entry.new_value = R"({"former_public_key":")" + domain::HexText(old.public_key) + R"(","public_key":")" +
                        domain::HexText(own.public_key) + R"(","former_signature":")" + domain::HexText(old.sign(bytes)) +
                        R"(","signature":")" + domain::HexText(former == 'x' ? bytes : own.sign(bytes)) + "\"}";
      WriteAuditEntry(transaction, entry, &own);
    });
    history.Seal();
  }
  const AuditVerification told = history.Verify();
  ASSERT_EQ(told.findings_in_all, 2);
  EXPECT_THAT(told.findings[0].sentence, HasSubstr("was not in force"));
  EXPECT_THAT(told.findings[1].sentence, HasSubstr("not signed by both"));
  EXPECT_EQ(told.not_checkable, 2);
}

TEST(AuditKey, AKeyThatNoChangeBroughtInIsFound) {
  AuditHistory history;
  history.Live();
  Forge(history, ToyKey('e'));
  UseAuditKeys({ToyKey('b'), ToyKey('a'), ToyKey('e')});
  const AuditVerification told = history.Verify();
  ASSERT_EQ(told.findings_in_all, 1);
  EXPECT_THAT(told.findings[0].sentence, HasSubstr("no change of key brought in"));
}

}  // namespace
}  // namespace mes::db
