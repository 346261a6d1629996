// The server as one object: pool, executor, definitions, every service, health and reflection on one port. main and the tests
// make it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/limits.h"
#include "domain/quota.h"

namespace mes::services {

// PEM files. They are read again when they change, within about a second: certificates rotate without a restart.
struct TlsFiles {
  std::string certificate;
  std::string private_key;
  // Authorities whose certificates clients may show.
  std::string client_ca;
};

struct ServerOptions {
  std::string database_url;
  // Port 0 takes a free one.
  std::string listen = "127.0.0.1:0";
  // Connections to the database for calls, and as many threads.
  int pool_size = 4;
  // Transactions of station events that may run at once, each with a connection besides.
  int ingest_writers = 2;
  // Events that one such transaction takes at most.
  size_t max_events_per_commit = domain::kMaxEventsPerCommit;
  // Calls that may wait for a thread.
  size_t queue_limit = 1'024;
  // How long running calls may take to finish once the server drains.
  int drain_seconds = 20;
  // None: plaintext, for loopback only, where who proves nothing may do everything.
  std::optional<TlsFiles> tls;
  // In the names of certificates: `ordos://SITE/KIND/CODE`.
  std::string site = "ordos";
  // Who signs the tokens that are believed (services/token.h); empty = nobody.
  std::string issuers_file;
  // Under which API keys are digested, at least 32 bytes; empty = no keys.
  std::string key_secret;
  // How often each partner may call this server.
  domain::Quota partner_quota;
  // Lists the calls to everybody who can connect.
  bool reflection = false;
  // The site's Ed25519 key (services/site_key.h); empty = audit entries carry no HMAC, heads are not signed, and start permits end with
  // this process.
  std::string site_key_file;
  // Those that were in force before it, at most kMaxFormerSiteKeys: what they made is still checked, and the change is entered.
  std::vector<std::string> former_site_key_files;
  // Between signed heads of the audit, while there is something new; 0 = only on demand.
  int anchor_seconds = 600;
  // An existing folder, best on another host, where each signed head is written too; empty = nowhere.
  std::string anchor_folder;
  // Reads that are audited; empty = DefaultAuditedReads (services/audit_trail.h).
  std::vector<std::string> audited_reads;
};

class Server {
 public:
  // Listens when it returns. The database need not be there yet: health says NOT_SERVING and calls get DATABASE_UNAVAILABLE until
  // it is. Throws std::runtime_error when the address cannot be listened at, std::invalid_argument for a malformed URL.
  // With TLS, std::runtime_error too when a certificate, key or issuers' file cannot be used.
  explicit Server(ServerOptions options);
  // Drains.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const;
  // Says NOT_SERVING, takes no new calls, lets the running ones finish, stops. Later calls do nothing.
  void Drain();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mes::services
