#include "domain/hold.h"

#include <gtest/gtest.h>

namespace mes::domain {
namespace {

TEST(Hold, IsLiftedOnce) {
  Hold hold;
  hold.id = 12;
  hold.covered = 7;
  ASSERT_TRUE(hold.InForce());
  ASSERT_TRUE(Release(hold, "Li", "checked", FromMicros(5'000'000)));
  EXPECT_FALSE(hold.InForce());
  EXPECT_EQ(hold.release_reason, "checked");
  EXPECT_EQ(hold.covered, 0);
  const Status again = Release(hold, "Wu", "again", FromMicros(6'000'000));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().reason, Reason::kHoldReleased);
  EXPECT_EQ(again.error().metadata.at("released_by"), "Li");
  EXPECT_EQ(hold.released_by, "Li");
}

}  // namespace
}  // namespace mes::domain
