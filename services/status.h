// How errors travel: domain::Error becomes a gRPC status whose trailer `grpc-status-details-bin` carries a google.rpc.ErrorInfo
// (mes/v1/error.proto), so that programs read the reason and people the message.
#pragma once

#include <string>
#include <string_view>

#include <grpcpp/support/status.h>

#include "domain/error.h"
#include "domain/result.h"

namespace mes::services {

// The one switch from kinds of reasons to status codes.
grpc::StatusCode StatusCodeOf(domain::ErrorKind kind);
grpc::Status ToStatus(const domain::Error& error);
// For what nobody foresaw: the caller gets a generic sentence and a number, the log gets the number and the details.
domain::Error InternalError(std::string_view correlation_id);
// For db::Unavailable: no word about the database's inside.
domain::Error UnavailableError();
// 16 hexadecimal digits, random: finds a failed call in the log.
std::string NewCorrelationId();

}  // namespace mes::services
