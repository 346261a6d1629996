#include "tests/bench/copy.h"

#include <arpa/inet.h>

#include <chrono>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "tests/support/cluster.h"

namespace mes::bench {
namespace {

constexpr int kConnections = 2;
constexpr size_t kRowsPerCommit = 2'000;
// Signature, flags, length of extension.
constexpr size_t kHeader = 19;

class Connection {
 public:
  explicit Connection(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
    if (PQstatus(connection_) != CONNECTION_OK) Throw();
  }
  ~Connection() { PQfinish(connection_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Run(const std::string& sql, ExecStatusType wanted = PGRES_COMMAND_OK) {
    PGresult* result = PQexec(connection_, sql.c_str());
    const bool good = PQresultStatus(result) == wanted;
    PQclear(result);
    if (!good) Throw();
  }
  // What `copy ... to stdout` gives: tuples without header and trailer.
  std::vector<std::string> Read(const std::string& query) {
    Run("copy (" + query + ") to stdout with (format binary)", PGRES_COPY_OUT);
    std::vector<std::string> rows;
    char* data = nullptr;
    // Each message is one tuple; the header travels with the first, the trailer alone.
    for (int length; (length = PQgetCopyData(connection_, &data, 0)) > 0; PQfreemem(data)) {
      const size_t begin = rows.empty() ? kHeader : 0;
      if (static_cast<size_t>(length) > begin + 2) rows.emplace_back(data + begin, static_cast<size_t>(length) - begin);
    }
    PQclear(PQgetResult(connection_));
    while (PGresult* rest = PQgetResult(connection_)) PQclear(rest);
    return rows;
  }
  void Write(const std::string& table, const std::vector<std::string>& rows, size_t from, size_t until) {
    if (from == until) return;
    Run("copy " + table + " from stdin with (format binary)", PGRES_COPY_IN);
    std::string data("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", kHeader);
    for (size_t i = from; i < until; ++i) data += rows[i];
    data.append("\377\377", 2);
    if (PQputCopyData(connection_, data.data(), static_cast<int>(data.size())) != 1 || PQputCopyEnd(connection_, nullptr) != 1)
      Throw();
    PGresult* result = PQgetResult(connection_);
    const bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    while (PGresult* rest = PQgetResult(connection_)) PQclear(rest);
    if (!good) Throw();
  }

 private:
  [[noreturn]] void Throw() { throw std::runtime_error(PQerrorMessage(connection_)); }
  PGconn* connection_;
};

constexpr char kTables[] = R"(
  create table copy_station_event (like station_event including all) partition by range (occur_time);
  create table copy_station_event_all partition of copy_station_event default;
  create table copy_lot_consumption (like lot_consumption including all);
  create table copy_unit (like unit including all) with (fillfactor = 60);
  checkpoint)";

}  // namespace

Copied CopyAgain(const std::string& url, int epoch) {
  struct Table {
    const char* name;
    std::vector<std::string> rows;
  };
  std::vector<Table> tables;
  {
    Connection reader(url);
    tables.push_back(
        {"copy_station_event", reader.Read(fmt::format("select * from station_event where epoch = {} and unit_id <> 0", epoch))});
    tables.push_back({"copy_lot_consumption", reader.Read(fmt::format("select * from lot_consumption where epoch = {}", epoch))});
    tables.push_back({"copy_unit", reader.Read(fmt::format("select * from unit where code like 'PLATE-{}-%'", epoch))});
  }
  tests::Query(url, kTables);
  const size_t commits = (tables[0].rows.size() + kRowsPerCommit - 1) / kRowsPerCommit;
  std::exception_ptr fault;
  std::vector<std::thread> threads;
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < kConnections; ++i) connections.push_back(std::make_unique<Connection>(url));
  const auto begin = std::chrono::steady_clock::now();
  for (size_t worker = 0; worker < kConnections; ++worker) {
    threads.emplace_back([&, worker] {
      try {
        for (size_t commit = worker; commit < commits; commit += kConnections) {
          connections[worker]->Run("begin");
          for (const Table& table : tables) {
            const size_t count = table.rows.size();
            connections[worker]->Write(table.name, table.rows, count * commit / commits, count * (commit + 1) / commits);
          }
          connections[worker]->Run("commit");
        }
      } catch (...) {
        fault = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
  if (fault) std::rethrow_exception(fault);
  tests::Query(url, "drop table copy_station_event, copy_lot_consumption, copy_unit");
  return {static_cast<int64_t>(tables[0].rows.size()), time.count()};
}

}  // namespace mes::bench
