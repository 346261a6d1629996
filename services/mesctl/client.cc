#include "services/mesctl/client.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <random>

#include "mes/v1/error.pb.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

constexpr std::string_view kErrorInfoUrl = "type.googleapis.com/google.rpc.ErrorInfo";

const char* CodeName(grpc::StatusCode code) {
  constexpr std::array kNames = {
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS", "UNAUTHENTICATED"};
  const auto index = static_cast<size_t>(code);
  return index < kNames.size() ? kNames[index] : "UNKNOWN";
}

// The first ErrorInfo of the details; an empty one where the server sent none. The Any is read by its URL and not with
// UnpackTo, which would look for our own type name.
v1::ErrorInfo Details(const grpc::Status& status) {
  v1::ErrorInfo found;
  v1::RpcStatus details;
  if (!details.ParseFromString(status.error_details())) return found;
  for (const auto& any : details.details())
    if (any.type_url() == kErrorInfoUrl && found.ParseFromString(any.value())) return found;
  return v1::ErrorInfo();
}

}  // namespace

std::shared_ptr<grpc::Channel> Connection::Channel() const {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel(server, grpc::InsecureChannelCredentials(), arguments);
}

std::string Connection::RequestId() const {
  if (!request_id.empty()) return request_id;
  std::random_device device;
  std::array<uint8_t, 16> bytes;
  for (auto& byte : bytes) byte = static_cast<uint8_t>(device());
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  std::string id;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) id += '-';
    id += "0123456789abcdef"[bytes[i] >> 4];
    id += "0123456789abcdef"[bytes[i] & 0xf];
  }
  return id;
}

void Connection::Arm(grpc::ClientContext& context) const {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::duration_cast<std::chrono::system_clock::duration>(
                                                              std::chrono::duration<double>(deadline_s)));
}

std::string ErrorReason(const grpc::Status& status) {
  const std::string reason = Details(status).reason();
  return reason.empty() ? CodeName(status.error_code()) : reason;
}

std::string ErrorLine(const grpc::Status& status) {
  const v1::ErrorInfo details = Details(status);
  const std::string message = status.error_code() == grpc::StatusCode::UNIMPLEMENTED && status.error_message().empty()
                                  ? "the server does not know this call"
                                  : status.error_message();
  const std::string line = ErrorReason(status) + ": " + OneLine(message);
  // The request's field first, then the rest by name; the map itself has no order.
  std::map<std::string, std::string> rest(details.metadata().begin(), details.metadata().end());
  std::string pairs;
  const auto add = [&](const std::string& key, const std::string& value) {
    pairs += (pairs.empty() ? "" : ", ") + OneLine(key) + "=" + OneLine(value);
  };
  if (const auto field = rest.find("field"); field != rest.end()) {
    add(field->first, field->second);
    rest.erase(field);
  }
  for (const auto& [key, value] : rest) add(key, value);
  return pairs.empty() ? line : line + " (" + pairs + ")";
}

void Fail(const grpc::Status& status) {
  fprintf(stderr, "mesctl: %s\n", ErrorLine(status).c_str());
  throw Exit{kExitServer};
}

void FailUsage(std::string_view problem) {
  fprintf(stderr, "mesctl: USAGE: %s\n", OneLine(problem).c_str());
  throw Exit{kExitUsage};
}

}  // namespace mes::mesctl
