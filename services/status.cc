#include "services/status.h"

#include <cstdint>
#include <random>

#include <fmt/format.h>

#include "mes/v1/error.pb.h"

namespace mes::services {
namespace {

constexpr char kErrorInfoType[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kErrorDomain[] = "mes.ordos";

}  // namespace

grpc::StatusCode StatusCodeOf(domain::ErrorKind kind) {
  switch (kind) {
    case domain::ErrorKind::kInvalid:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case domain::ErrorKind::kNotFound:
      return grpc::StatusCode::NOT_FOUND;
    case domain::ErrorKind::kExists:
      return grpc::StatusCode::ALREADY_EXISTS;
    case domain::ErrorKind::kRule:
      return grpc::StatusCode::FAILED_PRECONDITION;
    case domain::ErrorKind::kLimit:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case domain::ErrorKind::kConflict:
      return grpc::StatusCode::ABORTED;
    case domain::ErrorKind::kUnavailable:
      return grpc::StatusCode::UNAVAILABLE;
    case domain::ErrorKind::kIdentity:
      return grpc::StatusCode::UNAUTHENTICATED;
    case domain::ErrorKind::kPermission:
      return grpc::StatusCode::PERMISSION_DENIED;
    case domain::ErrorKind::kInternal:
      return grpc::StatusCode::INTERNAL;
  }
  return grpc::StatusCode::INTERNAL;
}

grpc::Status ToStatus(const domain::Error& error) {
  const grpc::StatusCode code = StatusCodeOf(domain::KindOf(error.reason));
  v1::ErrorInfo info;
  info.set_reason(std::string(domain::NameOf(error.reason)));
  info.set_domain(kErrorDomain);
  info.mutable_metadata()->insert(error.metadata.begin(), error.metadata.end());
  v1::RpcStatus status;
  status.set_code(code);
  status.set_message(error.message);
  google::protobuf::Any& detail = *status.add_details();
  detail.set_type_url(kErrorInfoType);
  info.SerializeToString(detail.mutable_value());
  return grpc::Status(code, error.message, status.SerializeAsString());
}

domain::Error InternalError(std::string_view correlation_id) {
  return {domain::Reason::kInternal,
          fmt::format("the server failed on this call; its log has the details under {}", correlation_id),
          {{"correlation_id", std::string(correlation_id)}}};
}

domain::Error UnavailableError() {
  return {domain::Reason::kDatabaseUnavailable, "the database does not answer now; sending the same request again is safe", {}};
}

std::string NewCorrelationId() {
  thread_local std::mt19937_64 random(std::random_device{}());
  return fmt::format("{:016x}", static_cast<uint64_t>(random()));
}

}  // namespace mes::services
