// A partner's rate and quota.
#include "domain/quota.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mes::domain {
namespace {

constexpr Time kNow = Time(Duration(1'790'000'000'000'000));

TEST(Quota, ABurstThenTheSteadyRate) {
  const Quota quota{2, 3, 100};
  QuotaState state = FullQuota(quota, kNow);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(TakeCall(quota, state, kNow));
  const Status refused = TakeCall(quota, state, kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kQuotaExceeded);
  EXPECT_EQ(refused.error().metadata.at("retry_after_ms"), "500");
  EXPECT_TRUE(TakeCall(quota, state, kNow + std::chrono::milliseconds(500))) << "as it was told";
  EXPECT_FALSE(TakeCall(quota, state, kNow + std::chrono::milliseconds(500)));
  EXPECT_FALSE(TakeCall(quota, state, kNow - std::chrono::hours(1))) << "a clock that went back gives nothing";
}

TEST(Quota, ADaysCallsComeBackTheNextDay) {
  const Quota quota{1'000, 1'000, 5};
  QuotaState state = FullQuota(quota, kNow);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(TakeCall(quota, state, kNow));
  const Status refused = TakeCall(quota, state, kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().metadata.at("limit"), "5 a day");
  const int64_t wait = std::stoll(refused.error().metadata.at("retry_after_ms"));
  EXPECT_FALSE(TakeCall(quota, state, kNow + std::chrono::milliseconds(wait - 1)));
  EXPECT_TRUE(TakeCall(quota, state, kNow + std::chrono::milliseconds(wait)));
}

RC_GTEST_PROP(QuotaProperty, NeverMoreThanTheBurstAndTheRate, ()) {
  const Quota quota{5, 7, 1'000'000};
  QuotaState state = FullQuota(quota, kNow);
  Time now = kNow;
  int64_t taken = 0;
  const int count = *rc::gen::inRange(1, 200);
  for (int i = 0; i < count; ++i) {
    now += std::chrono::milliseconds(*rc::gen::inRange(-100, 300));
    if (TakeCall(quota, state, now)) ++taken;
    RC_ASSERT(static_cast<double>(taken) <=
              quota.burst + quota.calls_per_second * static_cast<double>((state.time - kNow).count()) / 1e6 + 1e-6);
  }
}

}  // namespace
}  // namespace mes::domain
