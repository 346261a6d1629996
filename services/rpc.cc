#include "services/rpc.h"

#include <openssl/sha.h>
#include <spdlog/spdlog.h>

#include <cstring>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "db/audit.h"
#include "db/grant.h"
#include "db/request_log.h"
#include "domain/code.h"
#include "services/admission.h"
#include "services/audit_trail.h"
#include "services/convert.h"
#include "services/signature.h"
#include "services/status.h"

namespace mes::services::rpc {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxRequestIdLength = 64;
// A lost race, or a plant that moved, is met once in years; more often than this something else is wrong.
constexpr int kMostRuns = 3;

domain::Error Plain(domain::Reason reason, std::string message) { return {reason, std::move(message), {}}; }

// `CreateWorkOrder`: requests are named after their RPC.
std::string MethodOf(const google::protobuf::Message& request) {
  std::string name = request.GetDescriptor()->name();
  constexpr std::string_view kSuffix = "Request";
  if (name.ends_with(kSuffix)) name.resize(name.size() - kSuffix.size());
  return name;
}

// When a call came and how long it may take.
struct Arrival {
  explicit Arrival(const grpc::CallbackServerContext& context)
      : at(Clock::now()), until(std::min(context.deadline(), std::chrono::system_clock::now() + kLongestCall)) {}
  bool Expired() const { return std::chrono::system_clock::now() >= until; }
  const Clock::time_point at;
  const std::chrono::system_clock::time_point until;
};

void LogCall(const std::string& method, const std::string& caller, const Arrival& arrival, const domain::Status& status) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - arrival.at).count();
  const double ms = static_cast<double>(micros) / 1000;
  if (status) {
    spdlog::info("{} OK {:.2f} ms{}{}", method, ms, caller.empty() ? "" : " by ", caller);
    return;
  }
  const domain::ErrorKind kind = domain::KindOf(status.error().reason);
  const bool ours = kind == domain::ErrorKind::kUnavailable || kind == domain::ErrorKind::kInternal;
  spdlog::log(ours ? spdlog::level::warn : spdlog::level::info, "{} {} {:.2f} ms{}{}: {}", method,
              domain::NameOf(status.error().reason), ms, caller.empty() ? "" : " by ", caller, status.error().message);
}

// The one place where exceptions end.
domain::Status Guarded(Env& env, const std::string& method, const std::function<domain::Status()>& body) {
  for (int run = 1;; ++run) {
    try {
      return body();
    } catch (const PlantBehind& error) {
      env.plant.Invalidate();
      if (run < kMostRuns) continue;
      spdlog::error("{}: {}", method, error.what());
      return domain::Fail(UnavailableError());
    } catch (const db::Unavailable& error) {
      spdlog::warn("{}: {}", method, error.what());
      return domain::Fail(UnavailableError());
    } catch (const db::AuditRefused& error) {
      // What cannot be told of must not happen (nor be seen).
      spdlog::error("{}: {}", method, error.what());
      return domain::Fail(Plain(domain::Reason::kAuditUnavailable, "the audit record could not be written; nothing was done"));
    } catch (const std::exception& error) {
      const std::string correlation_id = NewCorrelationId();
      spdlog::error("{} failed, {}: {}", method, correlation_id, error.what());
      return domain::Fail(InternalError(correlation_id));
    }
  }
}

// 64 bits of SHA-256 over the method, the caller and the request's deterministic form: nobody gets another one's stored answer.
int64_t DigestOf(const std::string& method, const domain::Caller& caller, const google::protobuf::Message& request) {
  std::string content = method + '\n';
  if (!caller.name.empty()) content += caller.name + '\n' + caller.partner + '\n';
  {
    google::protobuf::io::StringOutputStream text(&content);
    google::protobuf::io::CodedOutputStream coded(&text);
    coded.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&coded);
  }
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(), hash);
  int64_t digest;
  std::memcpy(&digest, hash, sizeof digest);
  return digest;
}

domain::Status Replay(const db::LoggedRequest& logged, const std::string& method, int64_t digest,
                      google::protobuf::Message& response) {
  if (logged.method != method || logged.digest != digest) {
    return domain::Fail(domain::FieldError(domain::Reason::kRequestIdReused, "request_id",
                                           "this request_id was used for another request; give each new request one of its own"));
  }
  if (!response.ParseFromString(logged.response)) throw std::runtime_error("a stored answer does not parse");
  return {};
}

domain::Status RunMutation(const Unary& unary, const std::string& request_id, const std::string& method,
                           const Admission& admission) {
  const domain::Caller& caller = admission.caller;
  const int64_t digest = DigestOf(method, caller, unary.request);
  for (int run = 0; run < kMostRuns; ++run) {
    const std::shared_ptr<const domain::Plant> plant = unary.env.plant.Get();
    const domain::Time now = unary.env.now();
    domain::Status status;
    bool lost = false;
    unary.env.pool.Run([&](db::Transaction& transaction) {
      lost = false;
      unary.response.Clear();
      const auto replay = [&] {
        const std::optional<db::LoggedRequest> logged = db::FindLoggedRequest(transaction, request_id);
        if (logged) status = Replay(*logged, method, digest, unary.response);
        return logged.has_value();
      };
      if (replay()) return false;
      Call call{transaction, *plant, now, caller};
      BeginAudit();
      status = TakeSignature(call, unary.env.gatekeeper, admission, method, unary.request);
      if (status) status = unary.handler(call);
      if (!status) {
        // The same request may just have done it, on another connection.
        replay();
        return false;
      }
      AuditChange(transaction, method, unary.request, request_id, call.caller, now);
      lost = !db::InsertLoggedRequest(transaction, request_id, {method, digest, unary.response.SerializeAsString()});
      return !lost;
    });
    if (lost) continue;
    if (status && unary.after_commit) unary.after_commit();
    return status;
  }
  throw std::runtime_error("a request_id that is taken cannot be found");
}

// A read of what is not public is told of before anything is read: its own transaction, since the read's writes nothing.
domain::Status RunRead(Env& env, const std::string& method, const domain::Caller& caller, const google::protobuf::Message& request,
                       const std::function<domain::Status(Call&)>& handler, const std::function<void()>& before) {
  const std::shared_ptr<const domain::Plant> plant = env.plant.Get();
  const domain::Time now = env.now();
  domain::Status status;
  if (IsAuditedRead(method)) {
    env.pool.Run([&](db::Transaction& transaction) {
      AuditRead(transaction, method, request, caller, now);
      return true;
    });
  }
  env.pool.Read([&](db::Transaction& transaction) {
    before();
    // The database guards a partner's scope too, beside the check in services/grant.
    if (!caller.partner.empty()) db::EnterPartnerScope(transaction, caller.partner);
    Call call{transaction, *plant, now, caller};
    status = handler(call);
  });
  return status;
}

domain::Error Refused(const Executor& executor) {
  if (executor.draining()) return Plain(domain::Reason::kServerDraining, "this server is going down; send the request again");
  return Plain(domain::Reason::kQueueFull, "too many calls wait already; send the request again in a moment");
}

domain::Status CheckStart(const grpc::CallbackServerContext& context, const Arrival& arrival) {
  if (!context.IsCancelled() && !arrival.Expired()) return {};
  return domain::Fail(
      Plain(domain::Reason::kDeadlineTooShort, "the call's deadline passed before its turn came; nothing was done"));
}

using Submit = bool (Executor::*)(std::function<void()>);
using Body = std::function<domain::Status(const std::string& method, const Admission& admission)>;

// Admits, checks, queues and runs a call; `finish` is called once, on whichever thread.
void Start(Env& env, Submit submit, const grpc::CallbackServerContext* context, const google::protobuf::Message& request, Body body,
           std::function<void(const domain::Status&)> finish) {
  const std::string method = MethodOf(request);
  const Arrival arrival(*context);
  domain::Result<Admission> admitted = Admit(env, *context, request);
  if (!admitted) {
    LogCall(method, "", arrival, domain::Fail(admitted.error()));
    return finish(domain::Fail(admitted.error()));
  }
  const auto admission = std::make_shared<const Admission>(std::move(*admitted));
  const auto end = [=](const domain::Status& status) {
    LogCall(method, admission->caller.name, arrival, status);
    finish(status);
  };
  if (const domain::Status checked = CheckTexts(request); !checked) return end(checked);
  const bool queued = (env.executor.*submit)([=, &env] {
    domain::Status status = CheckStart(*context, arrival);
    if (status) status = Guarded(env, method, [&] { return body(method, *admission); });
    end(status);
  });
  if (!queued) end(domain::Fail(Refused(env.executor)));
}

grpc::Status GrpcStatus(const domain::Status& status) { return status ? grpc::Status::OK : ToStatus(status.error()); }

grpc::ServerUnaryReactor* StartUnary(const Unary& unary, Body body) {
  grpc::ServerUnaryReactor* reactor = unary.context->DefaultReactor();
  Start(unary.env, &Executor::Submit, unary.context, unary.request, std::move(body),
        [reactor](const domain::Status& status) { reactor->Finish(GrpcStatus(status)); });
  return reactor;
}

}  // namespace

grpc::ServerUnaryReactor* Mutate(Unary unary, const std::string& request_id) {
  const domain::Status checked = domain::CheckText(request_id, kMaxRequestIdLength, true, "request_id");
  return StartUnary(unary, [unary, request_id, checked](const std::string& method, const Admission& admission) {
    return checked ? RunMutation(unary, request_id, method, admission) : checked;
  });
}

grpc::ServerUnaryReactor* Read(Unary unary) {
  return StartUnary(unary, [unary](const std::string& method, const Admission& admission) {
    return RunRead(unary.env, method, admission.caller, unary.request, unary.handler, [&] { unary.response.Clear(); });
  });
}

void Stream(PageCall call) {
  const auto body = [call](const std::string& method, const Admission& admission) {
    // Who is not let in any more gets no further page; the producer then finds nobody listening.
    const std::shared_ptr<Watched> watched =
        admission.credentials.empty() ? nullptr
                                      : call.env.gatekeeper.Watch(admission.credentials, [context = call.context](const domain::Error&) {
                                          context->TryCancel();
                                        });
    struct Closer {
      Watched* watched;
      ~Closer() {
        if (watched != nullptr) watched->Close();
      }
    } closer{watched.get()};
    return RunRead(call.env, method, admission.caller, call.request, call.producer, [&] {
      if (call.has_pages()) throw db::Unavailable("the database broke while a stream ran");
    });
  };
  Start(call.env, &Executor::SubmitLong, call.context, call.request, body,
        [call](const domain::Status& status) { call.finish(GrpcStatus(status)); });
}

}  // namespace mes::services::rpc
