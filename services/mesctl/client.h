// What every command of mesctl shares: where the server is, how long a call may take, and how a failed call ends the program. A
// command never sees a failed status: it gets an answer, or the error line is printed and Exit is thrown. Not shared between
// threads except as const; nothing here keeps state between calls.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "services/mesctl/print.h"

namespace mes::mesctl {

// The program's exit codes, part of its contract.
inline constexpr int kExitServer = 1;    // the server refused the call, or did not answer
inline constexpr int kExitUsage = 2;     // the command line or an input file is wrong; nothing was sent
inline constexpr int kExitNoGo = 3;      // can-start: no-go
inline constexpr int kExitRejected = 4;  // record: at least one event was not recorded

// Ends the program with this code; what was to be said has been said. Thrown by commands, caught in main.
struct Exit {
  int code;
};

// The global flags.
struct Connection {
  std::string server = "127.0.0.1:7443";
  // Print each answer as one line of JSON.
  bool json = false;
  // For each call; a stream counts as one call.
  double deadline_s = 30;
  // As given by --request-id; empty = a new one per call.
  std::string request_id;
  // Files (PEM) for TLS: the authorities that the server's certificate is checked against, and what this client shows. Without `ca` the
  // connection is plaintext.
  std::string ca;
  std::string certificate;
  std::string key;
  // Files that hold what proves a person: a bearer token or an API key, and those of a second person for acts of four eyes.
  std::string token_file;
  std::string api_key_file;
  std::string second_token_file;
  std::string second_api_key_file;
  // And what proves who signs one act (services/mesctl/sign.h).
  std::string signing_token_file;
  std::string signing_api_key_file;

  // Where no TLS files were named and the server is the one that deploy/up started beside this program, takes those of its run folder.
  void TakeRunFolder();
  // A channel to the server; connects at the first call. Answers of any size are taken.
  std::shared_ptr<grpc::Channel> Channel() const;
  // What a mutating request carries: --request-id, else a new random one in the form of a UUID version 4.
  std::string RequestId() const;
  // Starts the deadline of one call, and says who calls.
  void Arm(grpc::ClientContext& context) const;
  // Says who calls, without a deadline: for a stream that stays open.
  void Prove(grpc::ClientContext& context) const;
};

// `REASON: message (field=..., key=...)` on one line: the ErrorInfo of the trailer grpc-status-details-bin where there is one,
// else the name of the gRPC status code as the reason.
std::string ErrorLine(const grpc::Status& status);
// The reason alone, for code that decides by it.
std::string ErrorReason(const grpc::Status& status);

// Prints `mesctl: ` and the error line to stderr, and throws Exit{kExitServer}.
[[noreturn]] void Fail(const grpc::Status& status);
// Prints `mesctl: USAGE: ` and the problem to stderr, and throws Exit{kExitUsage}.
[[noreturn]] void FailUsage(std::string_view problem);

// One unary call, for example Call(connection, &v1::UnitService::Stub::GetUnit, request).
template <class Stub, class Request, class Response>
Response Call(const Connection& connection, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
              const Request& request) {
  Stub stub(connection.Channel());
  grpc::ClientContext context;
  connection.Arm(context);
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) Fail(status);
  return response;
}

// A server's stream: `each` sees every message in order.
template <class Stub, class Request, class Response, class Each>
void CallStream(const Connection& connection,
                std::unique_ptr<grpc::ClientReader<Response>> (Stub::*method)(grpc::ClientContext*, const Request&),
                const Request& request, Each each) {
  Stub stub(connection.Channel());
  grpc::ClientContext context;
  connection.Arm(context);
  const auto reader = (stub.*method)(&context, request);
  Response response;
  while (reader->Read(&response)) each(response);
  const grpc::Status status = reader->Finish();
  if (!status.ok()) Fail(status);
}

// Follows a list's pages until `limit` rows were asked for (0 = all) and prints them where JSON is wanted; `each` sees every
// page and gives its number of rows. Says on stderr when rows are left: a cut list is never silent.
template <class Stub, class Request, class Response, class Each>
void CallPages(const Connection& connection, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
               Request request, int64_t limit, Each each) {
  int64_t left = limit;
  for (;;) {
    request.set_page_size(static_cast<int32_t>(limit == 0 || left > 1000 ? 1000 : left));
    const Response response = Call(connection, method, request);
    if (connection.json) PrintJson(response);
    left -= each(response);
    if (response.next_page_token().empty()) return;
    if (limit != 0 && left <= 0) break;
    request.set_page_token(response.next_page_token());
  }
  fprintf(stderr, "mesctl: more follow; --limit 0 lists all\n");
}

}  // namespace mes::mesctl
