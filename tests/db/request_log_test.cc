#include "db/request_log.h"

#include <gtest/gtest.h>

#include <future>

#include "tests/support/cluster.h"

namespace mes::db {
namespace {

using tests::TestDatabase;

TEST(RequestLog, AnAnswerComesBackByteForByte) {
  TestDatabase database;
  const std::string answer("\0\1\xff' \\x", 7);
  database.pool().Run([&](Transaction& transaction) {
    EXPECT_FALSE(FindLoggedRequest(transaction, "r-1"));
    EXPECT_TRUE(InsertLoggedRequest(transaction, "r-1", {"CreateLot", INT64_MIN, answer}));
    return true;
  });
  database.pool().Read([&](Transaction& transaction) {
    const auto logged = FindLoggedRequest(transaction, "r-1");
    ASSERT_TRUE(logged);
    EXPECT_EQ(logged->method, "CreateLot");
    EXPECT_EQ(logged->digest, INT64_MIN);
    EXPECT_EQ(logged->response, answer);
  });
}

TEST(RequestLog, WhatIsRolledBackLeavesTheIdFree) {
  TestDatabase database;
  database.pool().Run([&](Transaction& transaction) {
    InsertLoggedRequest(transaction, "r-1", {"A", 1, ""});
    return false;
  });
  database.pool().Read([&](Transaction& transaction) { EXPECT_FALSE(FindLoggedRequest(transaction, "r-1")); });
}

TEST(RequestLog, TheSecondOfTwoAtOnceWaitsAndThenSeesTheFirst) {
  TestDatabase database;
  std::future<bool> second;
  database.pool().Run([&](Transaction& first) {
    EXPECT_TRUE(InsertLoggedRequest(first, "r-1", {"A", 1, "one"}));
    second = std::async(std::launch::async, [&] {
      bool inserted = true;
      database.pool().Run([&](Transaction& transaction) {
        inserted = InsertLoggedRequest(transaction, "r-1", {"A", 1, "two"});
        return inserted;
      });
      return inserted;
    });
    EXPECT_EQ(second.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout);
    return true;
  });
  EXPECT_FALSE(second.get());
  database.pool().Read([&](Transaction& transaction) { EXPECT_EQ(FindLoggedRequest(transaction, "r-1")->response, "one"); });
}

}  // namespace
}  // namespace mes::db
