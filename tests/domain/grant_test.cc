// Grants and what they let a partner see.
#include "domain/grant.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "domain/limits_grant.h"

namespace mes::domain {
namespace {

constexpr Time kNow = Time(Duration(1'790'000'000'000'000));

Grant Good() {
  Grant grant;
  grant.partner = "ReCell";
  grant.until_time = kNow + std::chrono::hours(24);
  grant.reason = "contract";
  grant.person = "Li";
  return grant;
}
std::string FaultOf(const Status& status) {
  return status ? "OK" : std::string(NameOf(status.error().reason)) + " " + status.error().metadata.at("field");
}

TEST(Grant, IsCheckedFieldByField) {
  EXPECT_EQ(FaultOf(CheckGrant(Good(), kNow)), "OK");
  Grant grant = Good();
  grant.partner = "";
  EXPECT_EQ(FaultOf(CheckGrant(grant, kNow)), "FIELD_REQUIRED partner");
  grant = Good();
  grant.reason = "";
  EXPECT_EQ(FaultOf(CheckGrant(grant, kNow)), "FIELD_REQUIRED reason");
  grant = Good();
  grant.person = "";
  EXPECT_EQ(FaultOf(CheckGrant(grant, kNow)), "FIELD_REQUIRED person");
  for (const int16_t tier : {0, 4, -1}) {
    grant = Good();
    grant.tier = tier;
    EXPECT_EQ(FaultOf(CheckGrant(grant, kNow)), "FIELD_INVALID tier");
  }
  grant = Good();
  grant.until_time = kNow;
  EXPECT_EQ(FaultOf(CheckGrant(grant, kNow)), "FIELD_INVALID until_time");
  grant.until_time = kNow + kLongestGrant + std::chrono::seconds(1);
  EXPECT_EQ(FaultOf(CheckGrant(grant, kNow)), "LIMIT_EXCEEDED until_time");
}

TEST(Grant, IsTakenBackOnceAndStaysOnRecord) {
  Grant grant = Good();
  EXPECT_EQ(FaultOf(Revoke(grant, "Wang", "", kNow)), "FIELD_REQUIRED reason");
  EXPECT_EQ(FaultOf(Revoke(grant, "", "ended", kNow)), "FIELD_REQUIRED person");
  EXPECT_FALSE(grant.revoke_time);
  EXPECT_EQ(FaultOf(Revoke(grant, "Wang", "ended", kNow)), "OK");
  EXPECT_EQ(grant.reason, "contract");
  EXPECT_EQ(FaultOf(Revoke(grant, "Wang", "again", kNow)), "GRANT_UNKNOWN grant_id");
}

TEST(Grant, TheHighestTierInForceCounts) {
  const Time later = kNow + std::chrono::hours(1);
  EXPECT_EQ(TierOf({}, kNow), kNoTier);
  EXPECT_EQ(TierOf({{1, true, 0, {}, false}}, kNow), kInterestTier);
  EXPECT_EQ(TierOf({{1, false, kAuthorityTier, later, false}, {1, true, 0, {}, false}}, kNow), kAuthorityTier);
  EXPECT_EQ(TierOf({{1, false, kAuthorityTier, later, true}}, kNow), kNoTier) << "revoked";
  EXPECT_EQ(TierOf({{1, false, kAuthorityTier, kNow, false}}, kNow), kNoTier) << "over";
  EXPECT_EQ(TierOf({{1, false, kPublicTier, later, false}}, kNow), kPublicTier);
}

RC_GTEST_PROP(GrantProperty, MoreFactsNeverHideAndOrderMeansNothing, ()) {
  const auto fact = [] {
    return ScopeFact{1, *rc::gen::arbitrary<bool>(), *rc::gen::inRange<int16_t>(1, 4),
                     kNow + std::chrono::hours(*rc::gen::inRange(-2, 3)), *rc::gen::arbitrary<bool>()};
  };
  std::vector<ScopeFact> facts;
  const int count = *rc::gen::inRange(0, 6);
  for (int i = 0; i < count; ++i) facts.push_back(fact());
  const int16_t tier = TierOf(facts, kNow);
  std::vector<ScopeFact> reversed(facts.rbegin(), facts.rend());
  RC_ASSERT(TierOf(reversed, kNow) == tier);
  facts.push_back(fact());
  RC_ASSERT(TierOf(facts, kNow) >= tier);
}

}  // namespace
}  // namespace mes::domain
