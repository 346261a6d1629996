#include "services/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <condition_variable>
#include <fstream>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "db/audit_key.h"
#include "db/hold_spread.h"
#include "db/migrate.h"
#include "domain/limits_access.h"
#include "domain/limits_audit.h"
#include "grpc/health/v1/health.pb.h"
#include "services/access.h"
#include "services/audit.h"
#include "services/audit_sealer.h"
#include "services/audit_trail.h"
#include "services/capacity.h"
#include "services/code.h"
#include "services/dismantling.h"
#include "services/duty.h"
#include "services/env.h"
#include "services/epcis.h"
#include "services/failure_code.h"
#include "services/gatekeeper.h"
#include "services/genealogy.h"
#include "services/grant.h"
#include "services/hold.h"
#include "services/ingest.h"
#include "services/label.h"
#include "services/life.h"
#include "services/lot.h"
#include "services/process_rule.h"
#include "services/plan.h"
#include "services/oee.h"
#include "services/product_definition.h"
#include "services/schedule.h"
#include "services/recycling.h"
#include "services/replacement.h"
#include "services/shipment.h"
#include "services/spc.h"
#include "services/nonconformance.h"
#include "services/passport.h"
#include "services/replay.h"
#include "services/signature.h"
#include "services/site_key.h"
#include "services/start_permit.h"
#include "services/station.h"
#include "services/station_event.h"
#include "services/unit.h"
#include "services/work_order.h"
#include "services/yield.h"

namespace mes::services {
namespace {

// A whole plant's files come in one request (LoadPlant: 16 MiB); everything else is far smaller and bounded by its own limits.
constexpr int kMaxReceiveBytes = 17 << 20;
constexpr int kMaxSendBytes = 64 << 20;
constexpr int kMaxStreamsPerConnection = 1'024;
constexpr int kKeepaliveMs = 30'000;
constexpr int kKeepaliveTimeoutMs = 10'000;
constexpr int kShortestPingMs = 5'000;
constexpr auto kHealthInterval = std::chrono::seconds(1);
constexpr unsigned kCertificateIntervalS = 1;

domain::Time ReadClock() { return std::chrono::time_point_cast<domain::Duration>(std::chrono::system_clock::now()); }

// Every service of mes.v1 besides the station events.
std::vector<std::unique_ptr<grpc::Service>> MakeServices(Env& env) {
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(MakeAccessService(env));
  services.push_back(MakeProductDefinitionService(env));
  services.push_back(MakeProcessRuleService(env));
  services.push_back(MakeWorkOrderService(env));
  services.push_back(MakeUnitService(env));
  services.push_back(MakeLotService(env));
  services.push_back(MakeHoldService(env));
  services.push_back(MakeGenealogyService(env));
  services.push_back(MakeYieldService(env));
  services.push_back(MakeOeeService(env));
  services.push_back(MakeStationService(env));
  services.push_back(MakeCapacityService(env));
  services.push_back(MakeScheduleService(env));
  services.push_back(MakePlanService(env));
  services.push_back(MakeCodeService(env));
  services.push_back(MakeLabelService(env));
  services.push_back(MakeLifeService(env));
  services.push_back(MakeReplacementService(env));
  services.push_back(MakeDismantlingService(env));
  services.push_back(MakeRecyclingService(env));
  services.push_back(MakeDutyService(env));
  services.push_back(MakeShipmentService(env));
  services.push_back(MakeEpcisService(env));
  services.push_back(MakeGrantService(env));
  services.push_back(MakePassportService(env));
  services.push_back(MakeSpcService(env));
  services.push_back(MakeFailureCodeService(env));
  services.push_back(MakeNonconformanceService(env));
  services.push_back(MakeReplayService(env));
  services.push_back(MakeSignatureService(env));
  return services;
}

// The site's key and those before it, and what rests on them for the whole process.
std::shared_ptr<const SiteKey> TakeKeys(const ServerOptions& options) {
  AuditReads(options.audited_reads.empty() ? DefaultAuditedReads() : options.audited_reads);
  std::vector<std::string> files = options.former_site_key_files;
  if (options.site_key_file.empty() && !files.empty()) {
    throw std::invalid_argument("former site keys are of no use without a site key");
  }
  if (files.size() > domain::kMaxFormerSiteKeys) throw std::invalid_argument("more than 8 former site keys");
  if (!options.site_key_file.empty()) files.insert(files.begin(), options.site_key_file);
  std::vector<std::shared_ptr<const SiteKey>> keys;
  db::AuditKeys audit_keys;
  std::vector<PermitKey> permit_keys;
  std::vector<SealKey> seal_keys;
  for (const std::string& file : files) {
    const auto& key = keys.emplace_back(std::make_shared<const SiteKey>(SiteKey::Load(file)));
    const std::string id = db::AuditKeyId(key->public_key());
    if (db::FindAuditKey(audit_keys, id) != nullptr) throw std::invalid_argument("the site key " + file + " is given twice");
    audit_keys.push_back({id, key->Derive("ordos audit entry"), key->public_key(),
                          [key](std::string_view bytes) { return key->Sign(bytes); }});
    permit_keys.push_back({id, key->Derive("ordos start permit")});
    seal_keys.push_back({id, key->Derive("ordos signature seal")});
  }
  db::UseAuditKeys(std::move(audit_keys));
  UsePermitKeys(std::move(permit_keys));
  UseSealKeys(std::move(seal_keys));
  return keys.empty() ? nullptr : keys.front();
}

// SERVING only while the database answers and has this build's schema. Asked by its own connection, so that a busy pool is not
// sick.
class HealthWatch {
 public:
  // `when_good`: called whenever the database has become good again, on the watch's thread; may throw.
  HealthWatch(const std::string& url, grpc::HealthCheckServiceInterface& health, std::function<void()> when_good)
      : pool_({.url = url, .size = 1, .statement_timeout_ms = 5'000}),
        health_(health),
        when_good_(std::move(when_good)),
        thread_([this] { Watch(); }) {}
  ~HealthWatch() { Stop(); }

  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
    health_.SetServingStatus(false);
  }

 private:
  void Watch() {
    std::unique_lock lock(mutex_);
    bool was_good = false;
    for (bool first = true; !stopping_; first = false) {
      lock.unlock();
      const bool good = IsGood();
      if (good != was_good || first) {
        spdlog::info("health: {}", good ? "serving" : "not serving: the database is away or not migrated");
      }
      health_.SetServingStatus(good);
      if (good && !was_good) Begin();
      was_good = good;
      lock.lock();
      wake_.wait_for(lock, kHealthInterval, [this] { return stopping_; });
    }
  }

  void Begin() {
    try {
      when_good_();
    } catch (const std::exception& fault) {
      spdlog::warn("holds left spreading could not be spread yet: {}", fault.what());
    }
  }

  bool IsGood() {
    try {
      bool current = false;
      pool_.Read([&](db::Transaction& transaction) { current = db::IsSchemaCurrent(transaction); });
      return current;
    } catch (const std::exception&) {
      return false;
    }
  }

  db::Pool pool_;
  grpc::HealthCheckServiceInterface& health_;
  std::function<void()> when_good_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

// Lists the services of this one server; gRPC's own switch would turn it on for every server of the process.
class Reflection final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->push_back(std::make_unique<grpc::reflection::ProtoServerReflectionPlugin>());
  }
};

// gRPC itself takes files that are not there, and then refuses every connection.
void CheckReadable(const std::string& path) {
  if (!std::ifstream(path)) throw std::runtime_error("cannot read " + path);
}

// TLS 1.2 and above (gRPC offers nothing older). A client may show a certificate; one that the authorities did not sign, or that is past
// its time, ends the handshake. One that shows none needs a token or a key.
std::shared_ptr<grpc::ServerCredentials> CredentialsOf(const std::optional<TlsFiles>& tls) {
  if (!tls) return grpc::InsecureServerCredentials();
  for (const std::string& path : {tls->certificate, tls->private_key, tls->client_ca}) CheckReadable(path);
  grpc::experimental::TlsServerCredentialsOptions options(std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      tls->private_key, tls->certificate, tls->client_ca, kCertificateIntervalS));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
  return grpc::experimental::TlsServerCredentials(options);
}

void Configure(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxReceiveBytes);
  builder.SetMaxSendMessageSize(kMaxSendBytes);
  // Two servers that share a port by accident would halve every stream's luck.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, domain::kMaxMetadataBytes);
  // Finds dead stations behind silent networks; lets clients ask as often.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kShortestPingMs);
}

}  // namespace

struct Server::State {
  explicit State(ServerOptions server_options)
      : options(std::move(server_options)),
        key(TakeKeys(options)),
        pool({.url = options.database_url, .size = options.pool_size + options.ingest_writers}),
        executor(options.pool_size, options.queue_limit),
        plant(pool),
        charts(pool),
        gatekeeper({options.database_url, options.site, options.issuers_file, options.key_secret, !options.tls, ReadClock,
                    options.partner_quota}),
        env{pool, executor, plant, ReadClock, charts, gatekeeper},
        ingest(env, options.ingest_writers, options.max_events_per_commit),
        station_events(MakeStationEventService(env, ingest)),
        sealer(options.database_url, key, std::chrono::seconds(options.anchor_seconds), options.anchor_folder),
        services(MakeServices(env)) {
    services.push_back(MakeAuditService(env, sealer));
  }

  const ServerOptions options;
  const std::shared_ptr<const SiteKey> key;
  db::Pool pool;
  Executor executor;
  PlantCache plant;
  ChartCache charts;
  Gatekeeper gatekeeper;
  Env env;
  Ingest ingest;
  std::unique_ptr<StationEvents> station_events;
  AuditSealer sealer;
  std::vector<std::unique_ptr<grpc::Service>> services;
  int port = 0;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<HealthWatch> health;
};

Server::Server(ServerOptions options) : state_(std::make_unique<State>(std::move(options))) {
  // Debian's reflection can list a server only where the health service's descriptor is linked in: this takes it from the
  // archive.
  grpc::health::v1::HealthCheckRequest::descriptor();
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  Configure(builder);
  if (state_->options.reflection) builder.SetOption(std::make_unique<Reflection>());
  builder.AddListeningPort(state_->options.listen, CredentialsOf(state_->options.tls), &state_->port);
  builder.RegisterService(&state_->station_events->service());
  for (const std::unique_ptr<grpc::Service>& service : state_->services) builder.RegisterService(service.get());
  state_->server = builder.BuildAndStart();
  if (state_->server == nullptr || state_->port == 0) throw std::runtime_error("cannot listen at " + state_->options.listen);
  state_->server->GetHealthCheckService()->SetServingStatus(false);
  state_->health = std::make_unique<HealthWatch>(state_->options.database_url, *state_->server->GetHealthCheckService(), [this] {
    if (const int64_t spread = db::SpreadPendingHolds(state_->pool, *state_->plant.Get()); spread > 0) {
      spdlog::info("{} holds that were left spreading are in force", spread);
    }
  });
}

Server::~Server() { Drain(); }

int Server::port() const { return state_->port; }

void Server::Drain() {
  if (state_->server == nullptr) return;
  state_->health.reset();
  // Stations first: their streams never end by themselves. What they sent is committed and answered.
  state_->station_events->DrainStreams();
  state_->ingest.Drain();
  state_->server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(state_->options.drain_seconds));
  state_->server->Wait();
  state_->executor.Drain();
  state_->sealer.Stop();
  state_->server.reset();
}

}  // namespace mes::services
