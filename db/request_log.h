// The answers of mutating calls, so that a resend gets the first answer. Kept in the transaction of the work itself: either both
// are there or neither. Refused calls leave no entry; their request_id may be used again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "db/transaction.h"

namespace mes::db {

struct LoggedRequest {
  std::string method;
  // 64 bits of the request's content.
  int64_t digest = 0;
  // The answer, serialized.
  std::string response;
};

// The call that used this id, if any was committed.
std::optional<LoggedRequest> FindLoggedRequest(Transaction& transaction, std::string_view request_id);
// False when another transaction committed the same id meanwhile (waits for it to end): the caller then rolls its own work back
// and answers with what FindLoggedRequest gives in a new transaction.
bool InsertLoggedRequest(Transaction& transaction, std::string_view request_id, const LoggedRequest& request);

}  // namespace mes::db
