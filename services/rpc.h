// What every call has in common, once: who may make it, request_id, deadline, executor, transaction, audit of the answer, status, log
// line. A service class hands each of its methods on to Mutate, Read or StreamRead with a handler that reads like a paragraph.
//
// Handlers run on env.executor, never on gRPC's reaction threads, and may block. They return broken rules as values; exceptions
// end a call and are caught only here: db::Unavailable answers DATABASE_UNAVAILABLE, anything else INTERNAL with a correlation
// id. A handler may run more than once for one call (the transaction met another one): it must not touch anything but its
// transaction and its response, which is cleared before each run.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <google/protobuf/message.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "db/transaction.h"
#include "domain/caller.h"
#include "domain/product_definition.h"
#include "domain/result.h"
#include "domain/time.h"
#include "services/env.h"
#include "services/page_stream.h"

namespace mes::services {

// What a handler works with.
struct Call {
  db::Transaction& transaction;
  // The definitions at one version, for the whole call.
  const domain::Plant& plant;
  // The call's one reading of the clock.
  domain::Time now;
  // As services/admission proved it; unproved where the server listens in plaintext and nothing was shown.
  const domain::Caller& caller;
};

// Thrown where the database names a revision, material or station that call.plant lacks: another server has just stored a new
// plant. The call is run again with the new one.
struct PlantBehind : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A call without a deadline may wait and run for this long.
inline constexpr auto kLongestCall = std::chrono::seconds(30);

namespace rpc {

// The parts of a unary call, without its types.
struct Unary {
  Env& env;
  grpc::CallbackServerContext* context = nullptr;
  const google::protobuf::Message& request;
  google::protobuf::Message& response;
  std::function<domain::Status(Call&)> handler;
  std::function<void()> after_commit;
};

grpc::ServerUnaryReactor* Mutate(Unary unary, const std::string& request_id);
grpc::ServerUnaryReactor* Read(Unary unary);
// The parts of a stream of pages, without its types.
struct PageCall {
  Env& env;
  grpc::CallbackServerContext* context = nullptr;
  const google::protobuf::Message& request;
  std::function<domain::Status(Call&)> producer;
  // True once a page was given to the stream: it cannot be taken back, so the call is not run again.
  std::function<bool()> has_pages;
  std::function<void(grpc::Status)> finish;
};

// Runs the producer on the executor's long lane, in one read transaction, and finishes with its status.
void Stream(PageCall call);

}  // namespace rpc

// A call that changes something. The request has a request_id (1 to 64 characters): the same id, content and caller gets the stored
// answer, other content or another caller REQUEST_ID_REUSED. `handler(Call&, const Request&, Response&) -> domain::Status`; a broken
// rule rolls everything back. `after_commit` runs once the change is durable and before the answer leaves, also for a resend.
template <typename Request, typename Response, typename Handler>
grpc::ServerUnaryReactor* Mutate(Env& env, grpc::CallbackServerContext* context, const Request* request, Response* response,
                                 Handler handler, std::function<void()> after_commit = nullptr) {
  return rpc::Mutate({env, context, *request, *response, [=](Call& call) { return handler(call, *request, *response); },
                      std::move(after_commit)},
                     request->request_id());
}

// A call that only looks: one snapshot, nothing stored.
template <typename Request, typename Response, typename Handler>
grpc::ServerUnaryReactor* Read(Env& env, grpc::CallbackServerContext* context, const Request* request, Response* response,
                               Handler handler) {
  return rpc::Read({env, context, *request, *response, [=](Call& call) { return handler(call, *request, *response); }, nullptr});
}

// A call that answers with a stream of pages out of one snapshot.
// `producer(Call&, const Request&, PageSink<Page>&) -> domain::Status` calls `sink(page)` for each; when that gives false, nobody
// listens any more and the producer returns (its status is not looked at).
template <typename Request, typename Page, typename Producer>
grpc::ServerWriteReactor<Page>* StreamRead(Env& env, grpc::CallbackServerContext* context, const Request* request,
                                           Producer producer) {
  auto stream = std::make_shared<PageStream<Page>>(context);
  stream->KeepUntilDone(stream);
  rpc::Stream({env, context, *request,
               [=](Call& call) { return producer(call, *request, static_cast<PageSink<Page>&>(*stream)); },
               [=] { return stream->HasPages(); }, [=](const grpc::Status& status) { stream->End(status); }});
  return stream.get();
}

}  // namespace mes::services
