#include "db/request_log.h"

#include "db/row.h"

namespace mes::db {
namespace {

constexpr Statement kFind{"request_log_find", R"(
select method, digest, response
from request_log
where request_id = $1)"};

constexpr Statement kInsert{"request_log_insert", R"(
insert into request_log (request_id, method, digest, response)
values ($1, $2, $3, $4)
on conflict (request_id) do nothing)"};

}  // namespace

std::optional<LoggedRequest> FindLoggedRequest(Transaction& transaction, std::string_view request_id) {
  const pqxx::result rows = Execute(transaction, kFind, request_id);
  if (rows.empty()) return std::nullopt;
  RowReader reader(rows[0]);
  LoggedRequest request;
  request.method = reader.Next<std::string>();
  request.digest = reader.Next<int64_t>();
  request.response = reader.NextBytes();
  return request;
}

bool InsertLoggedRequest(Transaction& transaction, std::string_view request_id, const LoggedRequest& request) {
  const pqxx::binarystring response(request.response);
  return Execute(transaction, kInsert, request_id, request.method, request.digest, response).affected_rows() == 1;
}

}  // namespace mes::db
