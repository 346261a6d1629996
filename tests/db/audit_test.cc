#include "db/audit.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/audit_verify.h"
#include "tests/db/audit_history.h"
#include "tests/support/cluster.h"

namespace mes::db {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto kNow = domain::Time(domain::Duration(1'790'000'000'123'456));

struct Audit : testing::Test {
  tests::TestDatabase database;

  void Run(const std::function<void(Transaction&)>& body) {
    database.pool().Run([&](Transaction& transaction) {
      body(transaction);
      return true;
    });
  }
  static domain::AuditEntry Entry(const std::string& id, domain::Time time = kNow) {
    domain::AuditEntry entry;
    entry.method = "ReleaseHold";
    entry.caller = "li.wei";
    entry.noun = "hold";
    entry.noun_id = id;
    entry.request_id = "r" + id;
    entry.reason = "seen";
    entry.old_value = R"({"in_force":true})";
    entry.new_value = R"({"hold_id":")" + id + "\"}";
    entry.write_time = time;
    return entry;
  }
  int64_t Write(const std::string& id, domain::Time time = kNow) {
    domain::AuditEntry entry = Entry(id, time);
    Run([&](Transaction& transaction) { InsertAuditEntry(transaction, entry); });
    return entry.audit_id;
  }
  int64_t Seal(SealProgress& progress) {
    int64_t sealed = 0;
    Run([&](Transaction& transaction) { sealed = SealAudit(transaction, progress); });
    return sealed;
  }
  AuditVerification Verify(std::vector<AuditAnchor> anchors = {}) {
    AuditVerification told;
    database.pool().Read([&](Transaction& transaction) {
      VerifyQuestion question;
      question.anchors = std::move(anchors);
      question.check_signature = [](std::string_view, std::string_view, std::string_view signature) {
        return signature == std::string(64, 's');
      };
      told = VerifyAudit(transaction, question, [](const AuditVerification&) { return true; });
    });
    return told;
  }
  std::string Refusal(const std::string& sql) {
    try {
      database.Query(sql);
    } catch (const std::exception& error) {
      return error.what();
    }
    return "done";
  }
  // What a database superuser can do.
  void Tamper(const std::string& sql) { database.Query("set session_replication_role = replica; " + sql); }
  // The order of the chain, by what the entries are about.
  std::string Order() {
    return database.Value(
        "select string_agg(e.noun_id, ' ' order by l.link_no) from audit_link l join audit_entry e using (audit_id)");
  }
  ~Audit() override { UseAuditKeys({}); }
};

TEST_F(Audit, AnEntryIsReadBackAsItWasWritten) {
  domain::AuditEntry written = Entry("12");
  Run([&](Transaction& transaction) { InsertAuditEntry(transaction, written); });
  Run([&](Transaction& transaction) {
    const std::vector<LinkedEntry> read = ListAuditEntries(transaction, {.noun_id = "12"}, 0, 10);
    ASSERT_EQ(read.size(), 1u);
    EXPECT_EQ(*read[0].entry, written);
    EXPECT_EQ(read[0].link, 0);
    EXPECT_THAT(ListAuditEntries(transaction, {.noun_id = "13"}, 0, 10), IsEmpty());
    EXPECT_THAT(ListAuditEntries(transaction, {.caller = "wu.min"}, 0, 10), IsEmpty());
    EXPECT_THAT(ListAuditEntries(transaction, {.method = "PlaceHold"}, 0, 10), IsEmpty());
    EXPECT_THAT(ListAuditEntries(transaction, {.from = kNow + domain::Duration(1)}, 0, 10), IsEmpty());
    EXPECT_THAT(ListAuditEntries(transaction, {.until = kNow}, 0, 10), IsEmpty());
    EXPECT_EQ(ListAuditEntries(transaction, {.from = kNow, .until = kNow + domain::Duration(1)}, 0, 10).size(), 1u);
  });
}

TEST_F(Audit, NothingIsChangedOrRemovedNotEvenByTheOwner) {
  Write("1");
  SealProgress progress;
  ASSERT_EQ(Seal(progress), 1);
  Run([&](Transaction& transaction) {
    InsertAuditAnchor(transaction, {"", 1, std::string(32, 'h'), kNow, std::string(32, 'k'), std::string(64, 's')});
  });
  const std::vector<std::string> attacks = {
      "update audit_entry set caller = 'nobody'", "delete from audit_entry",  "truncate audit_entry",
      "update audit_link set hash = hash",        "delete from audit_link",   "truncate audit_link",
      "update audit_anchor set link_no = 9",      "delete from audit_anchor", "truncate audit_anchor",
      "update audit_chain set chain_id = ''",     "delete from audit_chain",  "truncate audit_chain"};
  // The tests' role owns the tables and is a superuser, whom no grant stops.
  for (const std::string& attack : attacks) EXPECT_THAT(Refusal(attack), HasSubstr("is append-only")) << attack;
  // A service's role that is none, as owner and as a mere user of the database.
  const std::string role = "mes_audit_test_" + database.Value("select current_database()");
  database.Query("create role " + role + "; grant all on schema public to " + role);
  for (const char* table : {"audit_entry", "audit_link", "audit_anchor", "audit_chain"}) {
    database.Query(std::string("alter table ") + table + " owner to " + role);
  }
  for (const std::string& attack : attacks) {
    EXPECT_THAT(Refusal("set role " + role + "; " + attack), HasSubstr("permission denied")) << attack;
  }
  EXPECT_THAT(Refusal("set role " + role +
                      "; insert into audit_chain (only_one, chain_id, create_time, earlier_facts) "
                      "values (false, '', now(), '{}')"),
              HasSubstr("permission denied"));
  // The owner may give itself the rights; the trigger still says no.
  database.Query("set role " + role +
                 "; grant update, delete, truncate on audit_entry, audit_link, audit_anchor, audit_chain to " + role);
  for (const std::string& attack : attacks)
    EXPECT_THAT(Refusal("set role " + role + "; " + attack), HasSubstr("is append-only")) << attack;
  EXPECT_EQ(database.Value("select caller from audit_entry"), "li.wei");
  database.Query("reassign owned by " + role + " to current_user; drop owned by " + role + "; drop role " + role);
}

TEST_F(Audit, LateAndRolledBackNumbersLeaveNoGapInTheChain) {
  SealProgress progress;
  EXPECT_EQ(Seal(progress), 0);
  Write("1");
  // A number is drawn and rolled back.
  database.pool().Run([&](Transaction& transaction) {
    domain::AuditEntry lost = Entry("lost");
    InsertAuditEntry(transaction, lost);
    return false;
  });
  // A transaction that draws its number early and commits late.
  std::mutex mutex;
  std::condition_variable turn;
  int step = 0;
  const auto wait_for = [&](int wanted) {
    std::unique_lock lock(mutex);
    turn.wait(lock, [&] { return step == wanted; });
  };
  const auto go = [&](int next) {
    const std::lock_guard lock(mutex);
    step = next;
    turn.notify_all();
  };
  std::thread late([&] {
    database.pool().Run([&](Transaction& transaction) {
      domain::AuditEntry entry = Entry("late");
      InsertAuditEntry(transaction, entry);
      go(1);
      wait_for(2);
      return true;
    });
    go(3);
  });
  wait_for(1);
  Write("2");
  EXPECT_EQ(Seal(progress), 2);
  EXPECT_EQ(progress.missed.size(), 2u);
  go(2);
  wait_for(3);
  late.join();
  Write("3");
  EXPECT_EQ(Seal(progress), 2);
  EXPECT_EQ(Order(), "1 2 late 3");
  EXPECT_EQ(Seal(progress), 0);
  EXPECT_EQ(database.Value("select count(*) = max(link_no) from audit_link"), "t");
  EXPECT_TRUE(Verify().Sound());
}

TEST_F(Audit, ASealerThatForgotEverythingFindsWhatIsNotSealed) {
  SealProgress first;
  Write("1");
  ASSERT_EQ(Seal(first), 1);
  Write("2");
  SealProgress second;
  EXPECT_EQ(Seal(second), 1);
  // The first one meets what the second sealed.
  Write("3");
  EXPECT_EQ(Seal(first), 1);
  EXPECT_EQ(Seal(second), 0);
  EXPECT_EQ(Order(), "1 2 3");
  EXPECT_TRUE(Verify().Sound());
}

TEST_F(Audit, SealersAtTheSameTimeMakeOneChain) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      SealProgress progress;
      for (int i = 0; i < 25; ++i) {
        Write(std::to_string(t) + "." + std::to_string(i));
        Seal(progress);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  SealProgress rest;
  Seal(rest);
  const AuditVerification told = Verify();
  EXPECT_TRUE(told.Sound());
  EXPECT_EQ(told.entries, 100);
  EXPECT_EQ(told.unsealed, 0);
}

TEST_F(Audit, AnEntryThatCannotBeWrittenIsRefused) {
  database.Query(
      "create function no_audit() returns trigger language plpgsql as $$ begin raise exception 'disk of the audit is full'; end $$;"
      "create trigger no_audit before insert on audit_entry for each row execute function no_audit()");
  EXPECT_THROW(Write("1"), AuditRefused);
}

TEST_F(Audit, EachKindOfTamperingIsFoundAndItsFirstLinkNamed) {
  for (int i = 1; i <= 6; ++i) Write(std::to_string(i), kNow + std::chrono::seconds(i));
  SealProgress progress;
  ASSERT_EQ(Seal(progress), 6);
  AuditAnchor anchor;
  database.pool().Read([&](Transaction& transaction) {
    const AuditHead head = LoadAuditHead(transaction);
    anchor = {LoadAuditChain(transaction).chain_id, head.link, head.hash, kNow, std::string(32, 'k'), std::string(64, 's')};
  });
  Run([&](Transaction& transaction) { InsertAuditAnchor(transaction, anchor); });
  ASSERT_TRUE(Verify({anchor}).Sound());

  const auto first = [&](const std::string& attack, const std::string& undo, std::vector<AuditAnchor> anchors = {}) {
    Tamper(attack);
    const AuditVerification told = Verify(std::move(anchors));
    Tamper(undo);
    EXPECT_TRUE(Verify({anchor}).Sound()) << undo;
    return told.findings.empty() ? int64_t{-1} : told.findings[0].link;
  };
  EXPECT_EQ(first("update audit_entry set reason = 'x' where noun_id = '3'",
                  "update audit_entry set reason = 'seen' where noun_id = '3'"),
            3);
  EXPECT_EQ(
      first("create table kept as select * from audit_entry where noun_id = '4'; delete from audit_entry where noun_id = '4'",
            "insert into audit_entry select * from kept; drop table kept"),
      4);
  EXPECT_EQ(first("create table kept as select * from audit_link where link_no = 2; delete from audit_link where link_no = 2",
                  "insert into audit_link select * from kept; drop table kept"),
            2);
  // Two entries in each other's place.
  EXPECT_EQ(
      first(
          "update audit_link set audit_id = -1 where link_no = 2; update audit_link set audit_id = (select audit_id from audit_entry "
          "where noun_id = '2') where link_no = 5; update audit_link set audit_id = (select audit_id from audit_entry where noun_id "
          "= '5') where link_no = 2",
          "update audit_link set audit_id = -1 where link_no = 2; update audit_link set audit_id = (select audit_id from audit_entry "
          "where noun_id = '5') where link_no = 5; update audit_link set audit_id = (select audit_id from audit_entry where noun_id "
          "= '2') where link_no = 2"),
      2);
  // The tail, found by the head that was signed.
  EXPECT_EQ(
      first(
          "create table kept as select * from audit_link where link_no > 4; create table kept_too as select * from audit_entry where "
          "noun_id in ('5', '6'); delete from audit_link where link_no > 4; delete from audit_entry where noun_id in ('5', '6')",
          "insert into audit_link select * from kept; insert into audit_entry select * from kept_too; drop table kept, kept_too",
          {anchor}),
      5);
  // The hash too, so that the link fits: the next one does not.
  Tamper("update audit_entry set reason = 'x' where noun_id = '6'");
  database.pool().Run([&](Transaction& transaction) {
    const std::vector<LinkedEntry> links = ListAuditLinks(transaction, 4, 2);
    const std::string forged = domain::HexText(LinkHash(links[0].hash, 6, *links[1].entry));
    Tamper("update audit_link set hash = decode('" + forged + "', 'hex') where link_no = 6");
    return true;
  });
  EXPECT_EQ(Verify().findings_in_all, 1);
  // The signed head too: only the copy that was kept elsewhere tells.
  Tamper("delete from audit_anchor");
  EXPECT_TRUE(Verify().Sound());
  const AuditVerification told = Verify({anchor});
  ASSERT_EQ(told.findings_in_all, 2);
  EXPECT_EQ(told.findings[0].link, 6);
  EXPECT_THAT(told.findings[0].sentence, HasSubstr("gone from the database"));
  EXPECT_EQ(told.findings[1].link, 6);
  EXPECT_THAT(told.findings[1].sentence, HasSubstr("not the one that was signed"));
}

TEST_F(Audit, AnEntrySlippedInByTheDatabaseIsFoundByItsHmac) {
  UseAuditKeys({ToyKey('k')});
  Write("1");
  Write("2");
  // A whole copy, and one that claims to be of now.
  Tamper(
      "insert into audit_entry (kind, write_time, clock_error_us, clock, proved, method, caller, noun, noun_id, request_id, reason, "
      "old_value, new_value, mac) select kind, write_time, clock_error_us, clock, proved, method, caller, noun, 'copy', request_id, "
      "reason, old_value, new_value, mac from audit_entry where noun_id = '1'");
  Tamper(
      "insert into audit_entry (kind, write_time, clock, proved, method, caller, noun, noun_id, request_id, reason, old_value, "
      "new_value, mac) values (1, now(), 1, true, 'ReleaseHold', 'boss', 'hold', '9', 'r9', '', '', '', '')");
  SealProgress progress;
  ASSERT_EQ(Seal(progress), 4);
  const AuditVerification told = Verify();
  EXPECT_EQ(told.findings_in_all, 2);
  EXPECT_EQ(told.findings[0].link, 3);
  EXPECT_EQ(told.findings[1].link, 4);
  EXPECT_EQ(told.authenticated, 2);
  // Without the key nobody can tell, and says so.
  UseAuditKeys({});
  EXPECT_EQ(Verify().unauthenticated, 4);
}

TEST_F(Audit, AnEntryDatedBackAndOneInNoLinkAreFound) {
  Write("1", kNow);
  Write("old", kNow - std::chrono::hours(1));
  SealProgress progress;
  ASSERT_EQ(Seal(progress), 2);
  AuditVerification told = Verify();
  ASSERT_EQ(told.findings_in_all, 1);
  EXPECT_EQ(told.findings[0].link, 2);
  EXPECT_THAT(told.findings[0].sentence, HasSubstr("older than what was sealed"));
  Write("unsealed", kNow - std::chrono::hours(2));
  told = Verify();
  EXPECT_EQ(told.unsealed, 1);
  EXPECT_EQ(told.findings_in_all, 2);
}

TEST_F(Audit, AnchorsAreListedInOrderAndAFalseOneIsFound) {
  Write("1");
  SealProgress progress;
  Seal(progress);
  Run([&](Transaction& transaction) {
    const AuditHead head = LoadAuditHead(transaction);
    InsertAuditAnchor(transaction, {"", 1, head.hash, kNow, std::string(32, 'k'), std::string(64, 's')});
    InsertAuditAnchor(transaction, {"", 1, head.hash, kNow + domain::Duration(1), std::string(32, 'k'), std::string(64, 'f')});
    EXPECT_EQ(ListAuditAnchors(transaction, -1, {}, 10).size(), 2u);
    EXPECT_EQ(ListAuditAnchors(transaction, 1, kNow, 10).size(), 1u);
  });
  const AuditVerification told = Verify();
  EXPECT_EQ(told.anchors, 2);
  ASSERT_EQ(told.findings_in_all, 1);
  EXPECT_EQ(told.findings[0].table, "audit_anchor");
  EXPECT_THAT(told.findings[0].sentence, HasSubstr("false signature"));
}

TEST_F(Audit, TheClockTellsItsQuality) {
  const ClockReading clock = ReadClockQuality();
  EXPECT_NE(clock.quality, domain::ClockQuality::kUnknown);
  ASSERT_TRUE(clock.error_us.has_value());
  EXPECT_GE(*clock.error_us, 0);
}

}  // namespace
}  // namespace mes::db
