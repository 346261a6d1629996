#include "db/array.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mes::db {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Array, IntegersGoThereAndBack) {
  EXPECT_EQ(ArrayOf(std::vector<int64_t>{}), "{}");
  EXPECT_EQ(ArrayOf(std::vector<int64_t>{1, -2, 9223372036854775807}), "{1,-2,9223372036854775807}");
  EXPECT_THAT(IntegersIn("{1,-2,9223372036854775807}"), ElementsAre(1, -2, 9223372036854775807));
  EXPECT_THAT(IntegersIn("{}"), IsEmpty());
}

TEST(Array, TextsOfAnyContentGoThereAndBack) {
  const std::vector<std::string> texts = {"a", "", "b \"c\"", "\\", "{x,y}", "NULL"};
  EXPECT_EQ(TextsIn(ArrayOf(texts)), texts);
  EXPECT_THAT(TextsIn("{}"), IsEmpty());
  EXPECT_THAT(TextsIn("{a,b}"), ElementsAre("a", "b"));
}

TEST(Array, DoublesMayBeNull) {
  EXPECT_THAT(DoublesIn("{1.5,NULL,-2e-07}"), ElementsAre(1.5, std::nullopt, -2e-07));
}

TEST(Array, AnythingElseThrows) {
  EXPECT_THROW(IntegersIn("1,2"), std::invalid_argument);
  EXPECT_THROW(IntegersIn("{1,x}"), std::invalid_argument);
}

}  // namespace
}  // namespace mes::db
