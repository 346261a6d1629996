#include "db/migrate.h"

#include <future>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/migrations.h"
#include "db/transaction.h"
#include "tests/support/cluster.h"

namespace mes::db {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

const std::vector<Migration> kTwo = {
    {1, "0001_first", "aa", "create table first (id integer); insert into first values (1)"},
    {2, "0002_second", "bb", "create table second (id integer)"},
};

std::string Value(const std::string& url, const std::string& sql) { return tests::Query(url, sql).at(0).at(0); }

TEST(Migrate, BringsAnEmptyDatabaseToThisBuildsSchemaAndThenDoesNothing) {
  tests::EmptyDatabase database;
  const MigrationReport first = Migrate(database.url());
  EXPECT_EQ(first.applied.size(), Migrations().size());
  EXPECT_EQ(first.applied.at(0), "0001_foundation");
  const MigrationReport second = Migrate(database.url());
  EXPECT_THAT(second.applied, IsEmpty());
  EXPECT_EQ(second.total, first.total);
  EXPECT_EQ(Value(database.url(), "select length(checksum) from schema_migration where number = 1"), "64");
}

TEST(Migrate, AppliesOnlyWhatIsMissing) {
  tests::EmptyDatabase database;
  Migrate(database.url(), {kTwo[0]});
  EXPECT_THAT(Migrate(database.url(), kTwo).applied, ElementsAre("0002_second"));
  EXPECT_EQ(Value(database.url(), "select count(*) from first"), "1");
}

TEST(Migrate, RefusesAnAppliedMigrationThatWasChanged) {
  tests::EmptyDatabase database;
  Migrate(database.url(), kTwo);
  std::vector<Migration> changed = kTwo;
  changed[0].checksum = "cc";
  EXPECT_THAT([&] { Migrate(database.url(), changed); },
              ThrowsMessage<std::runtime_error>(HasSubstr("an applied migration must never be changed")));
}

TEST(Migrate, RefusesADatabaseThatIsNewerThanTheProgram) {
  tests::EmptyDatabase database;
  Migrate(database.url(), kTwo);
  EXPECT_THAT([&] { Migrate(database.url(), {kTwo[0]}); },
              ThrowsMessage<std::runtime_error>(HasSubstr("newer than this program: it has migration 0002_second")));
}

TEST(Migrate, LeavesNothingOfAMigrationThatFails) {
  tests::EmptyDatabase database;
  std::vector<Migration> broken = kTwo;
  broken[1].sql = "create table second (id integer); select no_such_column from second";
  EXPECT_THAT([&] { Migrate(database.url(), broken); },
              ThrowsMessage<std::runtime_error>(HasSubstr("0002_second failed and was rolled back")));
  EXPECT_EQ(Value(database.url(), "select count(*) from pg_class where relname = 'second'"), "0");
  EXPECT_EQ(Value(database.url(), "select count(*) from schema_migration"), "1");
  EXPECT_THAT(Migrate(database.url(), kTwo).applied, ElementsAre("0002_second"));
}

TEST(Migrate, AppliesEachMigrationOnceWhenManyServersStartTogether) {
  tests::EmptyDatabase database;
  std::vector<std::future<MigrationReport>> servers;
  for (int i = 0; i < 8; ++i) servers.push_back(std::async(std::launch::async, [&] { return Migrate(database.url()); }));
  size_t applied = 0;
  for (std::future<MigrationReport>& server : servers) applied += server.get().applied.size();
  EXPECT_EQ(applied, Migrations().size());
}

TEST(Migrate, SaysThatTheDatabaseIsUnavailableWhenNobodyAnswers) {
  EXPECT_THROW(Migrate("postgresql://mes@127.0.0.1:1/mes"), Unavailable);
}

}  // namespace
}  // namespace mes::db
