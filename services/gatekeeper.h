// Who a call comes from, proved: the client's certificate, a bearer token or an API key. One place knows how; services/admission asks it
// for every call.
//
// The list of identities and keys is kept in memory. A change made through this server is in force when its answer leaves; servers
// beside it see it within half a second. The same beat looks at those who have streams open and ends the streams of whoever is not
// let in any more. While the database is away the last list stays in force: nothing can be done without the database anyway.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "db/pool.h"
#include "domain/access.h"
#include "domain/quota.h"
#include "domain/signature.h"
#include "services/certificate.h"
#include "services/token.h"

namespace mes::services {

struct GatekeeperOptions {
  std::string database_url;
  // The site of this server: certificates of another one are refused.
  std::string site;
  // Empty = no tokens.
  std::string issuers_file;
  // Under which keys are digested, at least 32 bytes; empty = no keys.
  std::string key_secret;
  // True: plaintext on loopback; who proves nothing is let in unproved.
  bool plaintext = true;
  std::function<domain::Time()> now;
  // Each partner's; each server counts for itself.
  domain::Quota quota;
};

// What came with a call.
struct Credentials {
  // Of the connection's verified certificate.
  std::string certificate_pem;
  std::string token;
  std::string key;
  bool empty() const { return certificate_pem.empty() && token.empty() && key.empty(); }
};

// A person's credential that was shown to sign with.
struct ShownAnew {
  domain::Caller caller;
  domain::Reproof reproof;
};

// A stream that is looked at while it is open.
class Watched {
 public:
  using End = std::function<void(const domain::Error&)>;
  Watched(Credentials credentials, End end) : credentials(std::move(credentials)), end_(std::move(end)) {}
  // The stream ended by itself. When this returns, `end` is not running and will not be called.
  void Close() {
    const std::lock_guard lock(mutex_);
    end_ = nullptr;
  }
  void Finish(const domain::Error& error) {
    const std::lock_guard lock(mutex_);
    if (end_) std::exchange(end_, nullptr)(error);
  }
  const Credentials credentials;

 private:
  std::mutex mutex_;
  End end_;
};

struct MadeKey {
  std::string id;
  // `omk_<id>_<secret>`: shown once.
  std::string text;
  std::string digest;
};

class Gatekeeper {
 public:
  // Throws std::runtime_error where the issuers' file cannot be read or the key secret is too short.
  explicit Gatekeeper(GatekeeperOptions options);
  ~Gatekeeper();
  Gatekeeper(const Gatekeeper&) = delete;
  Gatekeeper& operator=(const Gatekeeper&) = delete;

  // A token or key names the caller; beside a certificate, both must be good, and a partner's machine carries its own people only.
  // Errors: CREDENTIAL_MISSING, CREDENTIAL_INVALID, CREDENTIAL_EXPIRED, DATABASE_UNAVAILABLE (the list was never read).
  domain::Result<domain::Caller> Identify(const Credentials& credentials);
  // The same for a token or key that signs one act: who it is, and what is kept of how that was proved.
  domain::Result<ShownAnew> Reprove(const Credentials& shown);
  // Counts a call of a partner's. Errors: QUOTA_EXCEEDED.
  domain::Status TakeCall(const std::string& partner);
  // Reads the list again if it moved; throws db::Unavailable.
  void Refresh();
  // `end` is called once, on the gatekeeper's thread, when these credentials are no longer good; not after Watched::Close. The watch
  // lasts as long as the object.
  std::shared_ptr<Watched> Watch(Credentials credentials, Watched::End end);

  const std::string& site() const { return options_.site; }
  // Empty where this server has no key secret.
  std::optional<MadeKey> MakeKey() const;

 private:
  struct List {
    int64_t version = 0;
    std::unordered_map<std::string, domain::Identity> identities;
    std::unordered_map<std::string, domain::ApiKey> keys;
  };

  std::shared_ptr<const List> Current();
  std::optional<Certificate> ReadCached(const std::string& pem);
  domain::Result<domain::Caller> IdentifyMachine(const List& list, const std::string& pem, domain::Time now);
  domain::Result<domain::Caller> IdentifyPerson(const List& list, const Credentials& credentials, domain::Time now);
  domain::Result<domain::Caller> JudgeKey(const List& list, const std::string& key, domain::Time now);
  std::string DigestOf(const std::string& key) const;
  void Beat();
  void StoreUses();
  void EndRefused();

  const GatekeeperOptions options_;
  TokenVerifier tokens_;
  db::Pool pool_;
  std::mutex loading_;
  std::mutex mutex_;
  std::shared_ptr<const List> list_;
  std::unordered_map<std::string, Certificate> certificates_;
  std::map<std::string, domain::Time> uses_;
  std::unordered_map<std::string, domain::QuotaState> quotas_;
  std::vector<std::weak_ptr<Watched>> watched_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace mes::services
