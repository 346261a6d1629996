#include "services/mesctl/client.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
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

namespace {

std::string ReadFile(const std::string& flag, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) FailUsage(flag + ": cannot read " + path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// A token or key, without the line's end that editors add.
std::string ReadSecret(const std::string& flag, const std::string& path) {
  std::string secret = ReadFile(flag, path);
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  for (const char c : secret) {
    if (c < '!' || c > '~') FailUsage(flag + ": " + path + " holds more than a token or key");
  }
  if (secret.empty()) FailUsage(flag + ": " + path + " is empty");
  return secret;
}

bool IsLoopback(const std::string& server) {
  return server.starts_with("127.") || server.starts_with("localhost:") || server.starts_with("[::1]") || server.starts_with("unix:");
}

}  // namespace

void Connection::TakeRunFolder() {
  if (!ca.empty() || !certificate.empty() || !key.empty()) return;
  std::error_code none;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", none);
  if (none) return;
  const std::filesystem::path folder = program.parent_path().parent_path() / "run" / "certs";
  std::ifstream file(folder / "address");
  std::string address;
  if (!std::getline(file, address) || address != server) return;
  ca = folder / "ca.pem";
  certificate = folder / "service-mesctl.pem";
  key = folder / "service-mesctl.key";
}

std::shared_ptr<grpc::Channel> Connection::Channel() const {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  if (!ca.empty()) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = ReadFile("--ca", ca);
    if (certificate.empty() != key.empty()) FailUsage("--cert and --key belong together");
    if (!certificate.empty()) {
      options.pem_cert_chain = ReadFile("--cert", certificate);
      options.pem_private_key = ReadFile("--key", key);
    }
    return grpc::CreateCustomChannel(server, grpc::SslCredentials(options), arguments);
  }
  if (!certificate.empty() || !key.empty()) FailUsage("--cert and --key need --ca");
  const std::string proofs =
      token_file + api_key_file + second_token_file + second_api_key_file + signing_token_file + signing_api_key_file;
  if (!proofs.empty() && !IsLoopback(server)) FailUsage("a token or key is not sent in plaintext to another machine: give --ca");
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
  Prove(context);
}

void Connection::Prove(grpc::ClientContext& context) const {
  if (!token_file.empty()) context.AddMetadata("authorization", "Bearer " + ReadSecret("--token-file", token_file));
  if (!api_key_file.empty()) context.AddMetadata("x-api-key", ReadSecret("--api-key-file", api_key_file));
  if (!second_token_file.empty())
    context.AddMetadata("x-second-authorization", "Bearer " + ReadSecret("--second-token-file", second_token_file));
  if (!second_api_key_file.empty())
    context.AddMetadata("x-second-api-key", ReadSecret("--second-api-key-file", second_api_key_file));
  if (!signing_token_file.empty())
    context.AddMetadata("x-signature-authorization", "Bearer " + ReadSecret("--sign-token-file", signing_token_file));
  if (!signing_api_key_file.empty())
    context.AddMetadata("x-signature-api-key", ReadSecret("--sign-api-key-file", signing_api_key_file));
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
