#include "db/migrate.h"

#include <algorithm>
#include <exception>
#include <map>
#include <stdexcept>

#include <fmt/format.h>
#include <pqxx/pqxx>

#include "db/migrations.h"
#include "db/transaction.h"

namespace mes::db {
namespace {

// Any constant will do, as long as every version of this program uses the same.
constexpr const char* kLock = "select pg_advisory_lock(4739206113574)";
constexpr const char* kUnlock = "select pg_advisory_unlock(4739206113574)";

constexpr const char* kCreateTable = R"sql(
create table if not exists schema_migration (
  number integer not null,
  name text not null,
  checksum text not null,
  apply_time timestamptz not null default now(),
  constraint schema_migration_pk primary key (number)
))sql";

constexpr const char* kListApplied = R"sql(
select number, name, checksum
from schema_migration
order by number)sql";

constexpr const char* kInsertApplied = R"sql(
insert into schema_migration (number, name, checksum)
values ($1, $2, $3))sql";

constexpr const char* kHasTable = "select to_regclass('schema_migration') is not null";

struct Applied {
  std::string name;
  std::string checksum;
};

std::map<int, Applied> ListApplied(pqxx::connection& connection) {
  pqxx::nontransaction work(connection);
  work.exec0("set client_min_messages = warning");
  work.exec0(kCreateTable);
  std::map<int, Applied> applied;
  for (const pqxx::row& row : work.exec(kListApplied)) {
    applied[row[0].as<int>()] = Applied{row[1].as<std::string>(), row[2].as<std::string>()};
  }
  return applied;
}

// What the database has, this program must bring, unchanged. A lower number may still be missing there: it is applied then.
void CheckApplied(const std::map<int, Applied>& applied, const std::vector<Migration>& migrations) {
  for (const auto& [number, known] : applied) {
    const auto ours = std::find_if(migrations.begin(), migrations.end(),
                                   [number = number](const Migration& migration) { return migration.number == number; });
    if (ours == migrations.end()) {
      throw std::runtime_error(
          fmt::format("The database is newer than this program: it has migration {}, and this program ends at {}. Run a newer version.",
                      known.name, migrations.empty() ? "none" : migrations.back().name));
    }
    if (known.checksum != ours->checksum) {
      throw std::runtime_error(
          fmt::format("Migration {} of the database differs from this program's {}: an applied migration must never be changed. "
                      "Restore the file, or start with an empty database.",
                      known.name, ours->name));
    }
  }
}

void Apply(pqxx::connection& connection, const Migration& migration) {
  pqxx::work work(connection);
  try {
    work.exec(std::string(migration.sql));
  } catch (const pqxx::sql_error& error) {
    throw std::runtime_error(fmt::format("Migration {} failed and was rolled back: {}", migration.name, error.what()));
  }
  work.exec_params0(kInsertApplied, migration.number, std::string(migration.name), std::string(migration.checksum));
  work.commit();
}

}  // namespace

bool IsSchemaCurrent(Transaction& transaction) {
  if (!transaction.work().exec1(kHasTable)[0].as<bool>()) return false;
  const pqxx::result rows = transaction.work().exec(kListApplied);
  return std::equal(rows.begin(), rows.end(), Migrations().begin(), Migrations().end(), [](const pqxx::row& row, const Migration& ours) {
    return row[0].as<int>() == ours.number && row[2].as<std::string>() == ours.checksum;
  });
}

MigrationReport Migrate(const std::string& url) { return Migrate(url, Migrations()); }

MigrationReport Migrate(const std::string& url, const std::vector<Migration>& migrations) {
  try {
    pqxx::connection connection(url);
    // Held by the session, so that it spans the transactions; the server frees it when we go.
    pqxx::nontransaction(connection).exec(kLock);
    const std::map<int, Applied> applied = ListApplied(connection);
    CheckApplied(applied, migrations);
    MigrationReport report;
    for (const Migration& migration : migrations) {
      if (applied.contains(migration.number)) continue;
      Apply(connection, migration);
      report.applied.emplace_back(migration.name);
    }
    report.total = static_cast<int>(migrations.size());
    pqxx::nontransaction(connection).exec(kUnlock);
    return report;
  } catch (const pqxx::broken_connection& error) {
    throw Unavailable(fmt::format("The database cannot be reached: {}", error.what()));
  }
}

}  // namespace mes::db
