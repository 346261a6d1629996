// Real PostgreSQL for tests. Under ctest one cluster serves all executables (a fixture starts and stops it and names it in
// MES_TEST_CLUSTER); an executable run by hand starts its own on first use. Each TestDatabase is a fresh copy of a migrated template,
// so tests share nothing.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "db/pool.h"

namespace mes::tests {

// A throw-away cluster. It goes when the object goes, and also when this process dies in any way.
class TestCluster {
 public:
  // `durable`: fsync on, for benchmarks and crash tests.
  explicit TestCluster(bool durable = false);
  ~TestCluster();
  TestCluster(const TestCluster&) = delete;
  TestCluster& operator=(const TestCluster&) = delete;
  // Of the maintenance database `postgres`.
  const std::string& url() const { return url_; }
  // The cluster that all tests share.
  static TestCluster& Shared();

 private:
  TestCluster(std::string folder, std::string url);
  // Empty = somebody else's.
  std::string folder_;
  std::string url_;
};

// A migrated, empty database; dropped with the object, whoever is still connected.
class TestDatabase {
 public:
  explicit TestDatabase(TestCluster& cluster = TestCluster::Shared());
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;
  const std::string& url() const { return url_; }
  // A pool of 4 connections, made on first use, by whichever thread asks first.
  db::Pool& pool();
  // Runs statements (several, by semicolons) and gives the last one's rows as text; NULL is the empty string. Throws on errors.
  std::vector<std::vector<std::string>> Query(const std::string& sql);
  // The one value of a query.
  std::string Value(const std::string& sql);

 private:
  TestCluster& cluster_;
  std::string name_;
  std::string url_;
  std::once_flag pool_made_;
  std::shared_ptr<db::Pool> pool_;
};

// An empty database without a schema, for tests of migrations. Same lifetime rules.
class EmptyDatabase {
 public:
  explicit EmptyDatabase(TestCluster& cluster = TestCluster::Shared());
  ~EmptyDatabase();
  EmptyDatabase(const EmptyDatabase&) = delete;
  EmptyDatabase& operator=(const EmptyDatabase&) = delete;
  const std::string& url() const { return url_; }

 private:
  TestCluster& cluster_;
  std::string name_;
  std::string url_;
};

// As TestDatabase::Query, on any database.
std::vector<std::vector<std::string>> Query(const std::string& url, const std::string& sql);

}  // namespace mes::tests
