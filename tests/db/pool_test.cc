#include "db/pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "db/array.h"
#include "db/row.h"
#include "db/time.h"
#include "tests/support/cluster.h"

namespace mes::db {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tests::TestDatabase;

std::string ValueOf(Transaction& transaction, const char* sql) { return Execute(transaction, sql)[0][0].as<std::string>(); }

constexpr const char* kCreate = "create table thing (number integer primary key, amount integer not null)";
constexpr const char* kFill = "insert into thing select g, 0 from generate_series(1, 10) g";
constexpr const char* kTerminateOthers =
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";

TEST(Pool, RunCommitsOnlyWhenTheBodySaysSo) {
  TestDatabase database;
  database.Query(kCreate);
  Pool& pool = database.pool();
  pool.Run([](Transaction& transaction) {
    Execute(transaction, "insert into thing values (1, 1)");
    return true;
  });
  pool.Run([](Transaction& transaction) {
    Execute(transaction, "insert into thing values (2, 1)");
    return false;
  });
  EXPECT_THROW(pool.Run([](Transaction& transaction) -> bool {
    Execute(transaction, "insert into thing values (3, 1)");
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  EXPECT_EQ(database.Value("select string_agg(number::text, ',') from thing"), "1");
}

TEST(Pool, SessionsSpeakUtcAndIsoHaveATimeoutAndSayWhoTheyAre) {
  TestDatabase database;
  database.pool().Read([](Transaction& transaction) {
    EXPECT_EQ(ValueOf(transaction, "select current_setting('timezone')"), "UTC");
    EXPECT_THAT(ValueOf(transaction, "select current_setting('datestyle')"), HasSubstr("ISO"));
    EXPECT_EQ(ValueOf(transaction, "select current_setting('statement_timeout')"), "30s");
    EXPECT_EQ(ValueOf(transaction, "select current_setting('jit')"), "off");
    EXPECT_EQ(ValueOf(transaction, "select current_setting('application_name')"), "mesd");
  });
}

TEST(Pool, ReadersSeeOneSnapshotAndCannotWrite) {
  TestDatabase database;
  database.Query(kCreate);
  database.pool().Read([&](Transaction& transaction) {
    EXPECT_EQ(ValueOf(transaction, "select count(*) from thing"), "0");
    database.Query("insert into thing values (1, 1)");
    EXPECT_EQ(ValueOf(transaction, "select count(*) from thing"), "0");
    EXPECT_THROW(Execute(transaction, "insert into thing values (2, 1)"), pqxx::sql_error);
  });
}

TEST(Pool, ADeadlockIsRunAgainAndBothGetThrough) {
  TestDatabase database;
  database.Query(kCreate);
  database.Query(kFill);
  std::latch both(2);
  std::atomic<int> runs = 0;
  const auto update = [&](int first, int second) {
    bool waited = false;
    database.pool().Run([&](Transaction& transaction) {
      ++runs;
      Execute(transaction, "update thing set amount = amount + 1 where number = $1", first);
      if (!std::exchange(waited, true)) both.arrive_and_wait();
      Execute(transaction, "update thing set amount = amount + 1 where number = $1", second);
      return true;
    });
  };
  std::thread other([&] { update(2, 1); });
  update(1, 2);
  other.join();
  EXPECT_EQ(runs, 3) << "one of them once more";
  EXPECT_EQ(database.Value("select sum(amount) from thing"), "4");
}

TEST(Pool, WorkThatNeverGetsThroughEndsAsUnavailable) {
  TestDatabase database;
  int runs = 0;
  EXPECT_THROW(database.pool().Run([&](Transaction& transaction) {
    ++runs;
    Execute(transaction, "do $$ begin raise exception 'again' using errcode = 'serialization_failure'; end $$");
    return true;
  }),
               Unavailable);
  EXPECT_EQ(runs, 5);
}

TEST(Pool, ConnectionsThatDiedIdleAreReplacedWithoutAnybodyNoticing) {
  TestDatabase database;
  Pool& pool = database.pool();
  std::latch all(4);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      pool.Read([&](Transaction& transaction) {
        all.arrive_and_wait();
        ValueOf(transaction, "select 1");
      });
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(database.Query(kTerminateOthers).size(), 4U);
  for (int i = 0; i < 8; ++i) {
    pool.Read([](Transaction& transaction) { EXPECT_EQ(ValueOf(transaction, "select current_setting('timezone')"), "UTC"); });
  }
}

TEST(Pool, AConnectionThatBreaksInMidWorkIsThrownAwayAndTheWorkStartsOver) {
  TestDatabase database;
  database.Query(kCreate);
  Pool& pool = database.pool();
  pool.Read([](Transaction& transaction) { ValueOf(transaction, "select 1"); });
  int runs = 0;
  pool.Run([&](Transaction& transaction) {
    Execute(transaction, "insert into thing values (1, 1)");
    if (++runs == 1) database.Query(kTerminateOthers);
    Execute(transaction, "insert into thing values (2, 1)");
    return true;
  });
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(database.Value("select count(*) from thing"), "2");
}

TEST(Pool, ABreakOnAFreshConnectionIsUnavailableSoThatWorkWhichKillsItsServerIsNotRunForEver) {
  TestDatabase database;
  int runs = 0;
  EXPECT_THROW(database.pool().Run([&](Transaction& transaction) {
    ++runs;
    Execute(transaction, "select pg_terminate_backend(pg_backend_pid())");
    return true;
  }),
               Unavailable);
  EXPECT_EQ(runs, 1);
  EXPECT_TRUE(database.pool().Healthy());
}

TEST(Pool, ABreakAtCommitIsUnavailableAndNotRunAgain) {
  TestDatabase database;
  database.Query(kCreate);
  Pool& pool = database.pool();
  pool.Read([](Transaction& transaction) { ValueOf(transaction, "select 1"); });
  int runs = 0;
  EXPECT_THROW(pool.Run([&](Transaction& transaction) {
    ++runs;
    Execute(transaction, "insert into thing values (1, 1)");
    database.Query(kTerminateOthers);
    return true;
  }),
               Unavailable);
  EXPECT_EQ(runs, 1);
}

TEST(Pool, ADatabaseThatIsNotThereIsUnavailable) {
  Pool pool({.url = "postgresql://nobody@127.0.0.1:1/none"});
  EXPECT_THROW(pool.Read([](Transaction&) {}), Unavailable);
  EXPECT_FALSE(pool.Healthy());
  EXPECT_THROW(Pool({.url = "postgresql://["}), std::invalid_argument);
}

TEST(Pool, AStatementThatTakesTooLongIsCancelled) {
  TestDatabase database;
  Pool pool({.url = database.url(), .size = 1, .statement_timeout_ms = 50});
  EXPECT_THROW(pool.Read([](Transaction& transaction) { Execute(transaction, "select pg_sleep(10)"); }), Unavailable);
  EXPECT_TRUE(pool.Healthy());
}

TEST(Pool, NoMoreConnectionsOpenThanTheLimit) {
  TestDatabase database;
  Pool pool({.url = database.url(), .size = 2});
  std::atomic<int> at_once = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      pool.Read([&](Transaction& transaction) {
        const int now = ++at_once;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        ValueOf(transaction, "select pg_sleep(0.02)");
        --at_once;
      });
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 2);
}

TEST(Row, EveryKindOfValueComesBackAsItWasSent) {
  TestDatabase database;
  const domain::Time time = domain::FromMicros(1'790'000'000'123'456);
  database.pool().Read([&](Transaction& transaction) {
    const pqxx::result rows = Execute(transaction,
                                      "select $1::bigint, $2::float8, $3::text, $4::timestamptz, $5::boolean, $6::integer, "
                                      "$7::bytea, $8::timestamptz, $9::smallint[]",
                                      INT64_MIN, 0.1 + 0.2, std::string_view("a'b\"\\"), time, true, std::optional<int32_t>(),
                                      pqxx::binarystring(std::string("\0x", 2)),
                                      std::optional<domain::Time>(domain::FromMicros(0)), ArrayOf(std::vector<int16_t>{1, -2}));
    RowReader reader(rows[0]);
    EXPECT_EQ(reader.Next<int64_t>(), INT64_MIN);
    EXPECT_EQ(reader.Next<double>(), 0.1 + 0.2);
    EXPECT_EQ(reader.Next<std::string>(), "a'b\"\\");
    EXPECT_EQ(reader.Next<domain::Time>(), time);
    EXPECT_TRUE(reader.Next<bool>());
    EXPECT_EQ(reader.NextOptional<int32_t>(), std::nullopt);
    EXPECT_EQ(reader.NextBytes(), std::string("\0x", 2));
    EXPECT_EQ(reader.NextOptional<domain::Time>(), domain::FromMicros(0));
    EXPECT_THAT(Integers16In(reader.NextText()), ElementsAre(1, -2));
    EXPECT_THROW(Get<int32_t>(rows[0][5]), std::invalid_argument);
  });
}

TEST(Row, BatchColumnsCarryNullsTimesAndNumbersExactly) {
  TestDatabase database;
  const std::string numbers = ArrayWriter()
                                  .Add(1.5)
                                  .AddNull()
                                  .Add(1e-300)
                                  .Add(std::optional<double>())
                                  .Add(std::numeric_limits<double>::infinity())
                                  .Take();
  EXPECT_EQ(numbers, "{1.5,NULL,1e-300,NULL,Infinity}");
  database.pool().Read([&](Transaction& transaction) {
    const pqxx::result rows =
        Execute(transaction, "select $1::float8[], $2::timestamptz[], $3::boolean[]", numbers,
                ArrayOf(std::vector<domain::Time>{domain::FromMicros(1), domain::FromMicros(951'782'400'000'000)}),
                ArrayWriter().Add(true).Add(false).Take());
    EXPECT_THAT(DoublesIn(TextOf(rows[0][0])),
                ElementsAre(1.5, std::nullopt, 1e-300, std::nullopt, std::numeric_limits<double>::infinity()));
    EXPECT_EQ(rows[0][1].as<std::string>(), R"({"1970-01-01 00:00:00.000001+00","2000-02-29 00:00:00+00"})");
    EXPECT_EQ(rows[0][2].as<std::string>(), "{t,f}");
  });
}

TEST(Row, TimesRoundTripThroughText) {
  for (const int64_t micros : {int64_t{0}, int64_t{1}, int64_t{951'782'399'999'999}, int64_t{253'402'300'799'999'999}}) {
    std::string text = TimeText(domain::FromMicros(micros));
    text[10] = ' ';
    text.replace(text.size() - 1, 1, "+00");
    EXPECT_EQ(domain::ToMicros(ParseTimeText(text)), micros) << text;
  }
  EXPECT_EQ(domain::ToMicros(ParseTimeText("2000-02-29 00:00:00.5+00")), 951'782'400'500'000);
  for (const char* bad : {"", "2000-02-29", "2000-02-29 00:00:00+08", "2000-02-2x 00:00:00+00", "infinity"}) {
    EXPECT_THROW(ParseTimeText(bad), std::invalid_argument) << bad;
  }
}

}  // namespace
}  // namespace mes::db
