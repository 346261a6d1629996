#include "tests/support/cluster.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "db/migrate.h"
#include "db/migrations.h"

namespace mes::tests {
namespace {

// The template holds this build's migrations; another build's template in a cluster that is still there is another database.
std::string TemplateName() {
  const std::vector<db::Migration>& migrations = db::Migrations();
  std::string sum;
  for (const db::Migration& migration : migrations) sum += migration.checksum;
  return fmt::format("mes_template_{:016x}", std::hash<std::string>()(sum));
}

std::string UrlOf(const std::string& cluster_url, const std::string& database) {
  return cluster_url.substr(0, cluster_url.rfind('/') + 1) + database;
}

std::string FreshName() {
  static std::atomic<int> count{0};
  return fmt::format("mes_test_{}_{}", getpid(), ++count);
}

// Makes the template unless it is there. A half-made one is never seen: it gets its name last.
void EnsureTemplate(const std::string& cluster_url) {
  const std::string name = TemplateName();
  PGconn* connection = PQconnectdb(cluster_url.c_str());
  const auto run = [&](const std::string& sql) {
    PGresult* result = PQexec(connection, sql.c_str());
    const ExecStatusType status = PQresultStatus(result);
    const int rows = PQntuples(result);
    PQclear(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      const std::string message = PQerrorMessage(connection);
      PQfinish(connection);
      throw std::runtime_error(message);
    }
    return rows;
  };
  run("select pg_advisory_lock(815)");
  if (run(fmt::format("select 1 from pg_database where datname = '{}'", name)) == 0) {
    run("drop database if exists mes_template_new");
    run("create database mes_template_new");
    db::Migrate(UrlOf(cluster_url, "mes_template_new"));
    run(fmt::format("alter database mes_template_new rename to {}", name));
  }
  PQfinish(connection);
}

std::string ReadLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string SharedUrl() {
  const char* folder = std::getenv("MES_TEST_CLUSTER");
  return folder == nullptr ? "" : ReadLine(std::string(folder) + "/url");
}

}  // namespace

TestCluster::TestCluster(bool durable) {
  static std::atomic<int> count{0};
  folder_ = fmt::format("{}/cluster-{}-{}", MES_TEST_FOLDER, getpid(), ++count);
  const std::string command =
      fmt::format("'{}' start '{}' --watch {}{}", MES_CLUSTER_COMMAND, folder_, getpid(), durable ? " --durable" : "");
  if (std::system(command.c_str()) != 0) throw std::runtime_error("the test cluster did not start, see above");
  url_ = ReadLine(folder_ + "/url");
}

TestCluster::TestCluster(std::string folder, std::string url) : folder_(std::move(folder)), url_(std::move(url)) {}

TestCluster::~TestCluster() {
  if (folder_.empty()) return;
  const std::string command = fmt::format("'{}' stop '{}'", MES_CLUSTER_COMMAND, folder_);
  if (std::system(command.c_str()) != 0) fmt::print(stderr, "the test cluster in {} did not stop\n", folder_);
}

TestCluster& TestCluster::Shared() {
  static const std::string url = SharedUrl();
  static TestCluster cluster = url.empty() ? TestCluster() : TestCluster("", url);
  return cluster;
}

std::vector<std::vector<std::string>> Query(const std::string& url, const std::string& sql) {
  PGconn* connection = PQconnectdb(url.c_str());
  PGresult* result = PQexec(connection, sql.c_str());
  const ExecStatusType status = PQresultStatus(result);
  std::vector<std::vector<std::string>> rows;
  for (int row = 0; row < PQntuples(result); ++row) {
    rows.emplace_back();
    for (int column = 0; column < PQnfields(result); ++column) rows.back().emplace_back(PQgetvalue(result, row, column));
  }
  const std::string message = PQerrorMessage(connection);
  PQclear(result);
  PQfinish(connection);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) throw std::runtime_error(message);
  return rows;
}

TestDatabase::TestDatabase(TestCluster& cluster) : cluster_(cluster), name_(FreshName()), url_(UrlOf(cluster.url(), name_)) {
  EnsureTemplate(cluster.url());
  tests::Query(cluster.url(), fmt::format("create database {} template {}", name_, TemplateName()));
}

TestDatabase::~TestDatabase() {
  pool_.reset();
  try {
    tests::Query(cluster_.url(), fmt::format("drop database if exists {} with (force)", name_));
  } catch (const std::exception& error) {
    fmt::print(stderr, "{} was not dropped: {}\n", name_, error.what());
  }
}

std::vector<std::vector<std::string>> TestDatabase::Query(const std::string& sql) { return tests::Query(url_, sql); }

std::string TestDatabase::Value(const std::string& sql) {
  const std::vector<std::vector<std::string>> rows = Query(sql);
  if (rows.size() != 1 || rows[0].size() != 1) throw std::runtime_error("one value was expected from: " + sql);
  return rows[0][0];
}

EmptyDatabase::EmptyDatabase(TestCluster& cluster) : cluster_(cluster), name_(FreshName()), url_(UrlOf(cluster.url(), name_)) {
  Query(cluster.url(), fmt::format("create database {}", name_));
}

EmptyDatabase::~EmptyDatabase() {
  try {
    Query(cluster_.url(), fmt::format("drop database if exists {} with (force)", name_));
  } catch (const std::exception& error) {
    fmt::print(stderr, "{} was not dropped: {}\n", name_, error.what());
  }
}

}  // namespace mes::tests
