// A bounded pool of PostgreSQL connections. One connection per thread at a time; a connection that broke is thrown away (libpqxx
// would silently reconnect without the session's settings).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "db/transaction.h"

namespace mes::db {

struct PoolOptions {
  // libpq URL or key=value string.
  std::string url;
  // Most connections open at once.
  int size = 4;
  // A statement longer than this is cancelled (never COMMIT). 0 = no limit.
  int statement_timeout_ms = 30'000;
};

class Pool {
 public:
  explicit Pool(PoolOptions options);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Runs `body` in a read-committed transaction and commits when it returns true (false = rolls back). On a serialization failure or
  // deadlock it runs `body` again, at most 5 times; `body` must therefore have no effect besides its transaction and what it
  // overwrites. Waits for a free connection. Throws Unavailable, or what `body` throws.
  void Run(const std::function<bool(Transaction&)>& body);
  // As Run, read only, repeatable read: all statements see one snapshot. Nothing is committed.
  void Read(const std::function<void(Transaction&)>& body);
  // True when a connection answers.
  bool Healthy();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mes::db
