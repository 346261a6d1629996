// Identities and keys as they are kept, and what the tables themselves refuse.
#include "db/access.h"

#include <gtest/gtest.h>

#include "tests/support/cluster.h"

namespace mes::db {
namespace {

constexpr domain::Time kNow = domain::Time(domain::Duration(1'790'000'000'123'456));

class AccessTest : public testing::Test {
 protected:
  template <typename Body>
  void Run(const Body& body) {
    database_.pool().Run([&](Transaction& transaction) {
      body(transaction);
      return true;
    });
  }
  domain::Identity Station(const std::string& code) {
    domain::Identity identity;
    identity.name = "ordos://ordos/station/" + code;
    identity.kind = domain::CallerKind::kStation;
    identity.roles = 1;
    identity.fingerprints = {std::string(64, 'a'), std::string(64, 'b')};
    identity.person = "li.wei";
    identity.register_time = kNow;
    return identity;
  }
  domain::ApiKey Key(const std::string& id) {
    domain::ApiKey key;
    key.id = id;
    key.holder = "zhao.min";
    key.roles = 8;
    key.digest = std::string("\0\1\xff", 3) + std::string(29, 'd');
    key.person = "li.wei";
    key.create_time = kNow;
    key.expire_time = kNow + std::chrono::days(30);
    return key;
  }
  tests::TestDatabase database_;
};

TEST_F(AccessTest, WhatBecomesOfANameIsKeptByTheDatabaseItself) {
  domain::Identity station = Station("A");
  station.reason = "line 1 begins";
  Run([&](Transaction& transaction) { PutIdentity(transaction, station); });
  domain::Identity changed = station;
  changed.fingerprints = {std::string(64, 'c')};
  changed.person = "wu.min";
  changed.reason = "new PC";
  Run([&](Transaction& transaction) { PutIdentity(transaction, changed); });
  changed.revoke_time = kNow + std::chrono::hours(1);
  changed.revoke_reason = "PC stolen";
  changed.revoke_person = "chen.yu";
  Run([&](Transaction& transaction) { RevokeIdentity(transaction, changed); });
  Run([&](Transaction& transaction) { PutIdentity(transaction, station); });
  Run([&](Transaction& transaction) { PutIdentity(transaction, Station("B")); });
  Run([&](Transaction& transaction) {
    const auto changes = ListIdentityChanges(transaction, station.name, 0, 10);
    ASSERT_EQ(changes.size(), 4u);
    EXPECT_EQ(changes[0].act, domain::IdentityAct::kAdded);
    EXPECT_EQ(changes[0].person, "li.wei");
    EXPECT_EQ(changes[0].reason, "line 1 begins");
    EXPECT_EQ(changes[1].act, domain::IdentityAct::kChanged);
    EXPECT_EQ(changes[1].fingerprints, std::vector<std::string>{std::string(64, 'c')});
    EXPECT_EQ(changes[1].person, "wu.min");
    EXPECT_EQ(changes[2].act, domain::IdentityAct::kRevoked);
    EXPECT_EQ(changes[2].person, "chen.yu");
    EXPECT_EQ(changes[2].reason, "PC stolen");
    EXPECT_EQ(changes[2].act_time, kNow + std::chrono::hours(1));
    EXPECT_EQ(changes[3].act, domain::IdentityAct::kRestored);
    EXPECT_EQ(ListIdentityChanges(transaction, station.name, changes[1].id, 1).at(0).id, changes[2].id);
  });
  for (const char* change : {"update access_history set person = 'x'", "delete from access_history", "truncate access_history"})
    EXPECT_ANY_THROW(database_.Query(change)) << change;
}

TEST_F(AccessTest, AnIdentityReadsBackAsItWasPutAndAsItWasRevoked) {
  domain::Identity station = Station("A");
  Run([&](Transaction& transaction) {
    const int64_t version = LoadAccessVersion(transaction);
    BeginAccessChange(transaction);
    EXPECT_EQ(LoadAccessVersion(transaction), version + 1);
    PutIdentity(transaction, station);
    EXPECT_EQ(CountIdentities(transaction), 1);
    const auto read = FindIdentity(transaction, station.name);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->kind, station.kind);
    EXPECT_EQ(read->roles, 1);
    EXPECT_EQ(read->fingerprints, station.fingerprints);
    EXPECT_EQ(read->register_time, kNow);
    EXPECT_FALSE(read->revoke_time);
    station.revoke_time = kNow;
    station.revoke_reason = "stolen";
    station.revoke_person = "zhao.min";
    RevokeIdentity(transaction, station);
    const auto revoked = LoadIdentities(transaction);
    ASSERT_EQ(revoked.size(), 1u);
    EXPECT_EQ(revoked[0].revoke_time, kNow);
    EXPECT_EQ(revoked[0].revoke_reason, "stolen");
    PutIdentity(transaction, Station("A"));
    EXPECT_FALSE(FindIdentity(transaction, station.name)->revoke_time) << "put in force again";
    EXPECT_FALSE(FindIdentity(transaction, "ordos://ordos/station/B"));
  });
}

TEST_F(AccessTest, ListsGoByNameFromWhereTheLastPageEnded) {
  Run([&](Transaction& transaction) {
    for (const char* code : {"C", "A", "B"}) PutIdentity(transaction, Station(code));
    const auto page = ListIdentities(transaction, "ordos://ordos/station/A", 1);
    ASSERT_EQ(page.size(), 1u);
    EXPECT_EQ(page[0].name, "ordos://ordos/station/B");
    InsertKey(transaction, Key("00000000000000ab"));
    InsertKey(transaction, Key("00000000000000aa"));
    EXPECT_EQ(ListKeys(transaction, "", 10).front().id, "00000000000000aa");
    EXPECT_EQ(ListKeys(transaction, "00000000000000aa", 10).size(), 1u);
    EXPECT_EQ(CountKeys(transaction), 2);
  });
}

TEST_F(AccessTest, AKeysDigestReadsBackByteByByteAndItsLastUseNeverGoesBack) {
  Run([&](Transaction& transaction) {
    domain::ApiKey key = Key("0123456789abcdef");
    InsertKey(transaction, key);
    EXPECT_EQ(LoadKeys(transaction).at(0).digest, key.digest);
    UpdateKeyUses(transaction, {{key.id, kNow + std::chrono::seconds(9)}, {"ffffffffffffffff", kNow}});
    UpdateKeyUses(transaction, {{key.id, kNow + std::chrono::seconds(5)}});
    EXPECT_EQ(FindKey(transaction, key.id)->last_use_time, kNow + std::chrono::seconds(9));
    key.revoke_time = kNow;
    key.revoke_reason = "left";
    RevokeKey(transaction, key);
    EXPECT_EQ(FindKey(transaction, key.id)->revoke_reason, "left");
  });
}

TEST_F(AccessTest, TheTablesThemselvesRefuseAStationWithOtherRolesAndAPartnerWithAPlantRole) {
  const std::string insert = "insert into access_identity (name, kind, roles, partner_code, fingerprints, person, register_time) values ";
  EXPECT_ANY_THROW(database_.Query(insert + "('ordos://ordos/station/A', 1, 257, '', '{}', 'x', now())"));
  EXPECT_ANY_THROW(database_.Query(insert + "('ordos://ordos/partner/R', 4, 256, 'R', '{}', 'x', now())"));
  EXPECT_ANY_THROW(database_.Query(insert + "('http://ordos/partner/R', 4, 64, 'R', '{}', 'x', now())"));
  database_.Query(insert + "('ordos://ordos/partner/R', 4, 64, 'R', '{}', 'x', now())");
}

}  // namespace
}  // namespace mes::db
