// One database transaction, as the other rooms see it: an opaque handle that db/ functions take first. It knows no SQL.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace pqxx {
class dbtransaction;
}

namespace mes::db {

class Transaction {
 public:
  explicit Transaction(pqxx::dbtransaction& work) : work_(work) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  // For db/ only.
  pqxx::dbtransaction& work() { return work_; }

 private:
  pqxx::dbtransaction& work_;
};

// The database cannot be reached, or whether the commit happened is not known: the caller answers DATABASE_UNAVAILABLE and a resend
// with the same request_id or sequence is safe.
struct Unavailable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace mes::db
