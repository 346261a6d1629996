// Bearer tokens (JWT, RFC 7519) of configured issuers. librhonabwy reads and verifies them; what is decided here is which key and which
// algorithm may be used, so that the token's own words (alg, jwk, jku, x5u, crit) decide nothing.
//
// The issuers' file is JSON:
//   {"issuers": [{"issuer": "https://id.example/", "audience": "ordos", "algorithm": "ES256", "key_set_file": "keys.json",
//                 "leeway_seconds": 60, "person_claim": "sub", "roles_claim": "roles", "partner_claim": "partner"}]}
// or, in place of key_set_file, "jwks_url": "https://id.example/keys", and with it, where wanted, "jwks_ca_file" (the authorities of that
// server, and no others), "jwks_refresh_seconds" and "jwks_keep_seconds".
//
// Key sets (JWKS, RFC 7517) are read again when their files change, so that an issuer's keys rotate without a restart; a set that
// cannot be read leaves the one before in force. Sets by URL are fetched on a thread of their own (services/fetch), never on a call's:
// by schedule, and once when a token names a key that is not in the set. What comes wrong or not at all leaves the last good set in
// force for jwks_keep_seconds; then the issuer's tokens are refused until one comes.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "domain/access.h"

namespace mes::services {

class TokenVerifier {
 public:
  // No file: no token is believed. Throws std::runtime_error where the file cannot be read or says something else than above. Waits a
  // moment for sets by URL; where they do not come, their issuers' tokens are refused until they do. `now`: the clock by which sets
  // are fetched.
  explicit TokenVerifier(const std::string& issuers_file, std::function<domain::Time()> now = nullptr);
  ~TokenVerifier();
  TokenVerifier(const TokenVerifier&) = delete;
  TokenVerifier& operator=(const TokenVerifier&) = delete;

  // The caller of a token whose signature and claims are good at `now`. Errors: CREDENTIAL_INVALID, CREDENTIAL_EXPIRED. A token is
  // verified once and then kept for a while; its times are judged on every call.
  domain::Result<domain::Caller> Judge(const std::string& token, domain::Time now);
  // What it says of itself, where Judge lets it pass.
  domain::Result<domain::TokenClaims> Claims(const std::string& token, domain::Time now);
  // Looks whether a key set's file changed.
  void Refresh();

 private:
  struct KeySet;
  struct Source {
    domain::Issuer issuer;
    std::filesystem::file_time_type read_time{};
    std::shared_ptr<const KeySet> keys;
    // Of a set by URL: when it was asked for last, by whatever cause and for a key that was not known, and when it came last.
    std::optional<domain::Time> try_time;
    std::optional<domain::Time> unknown_time;
    std::optional<domain::Time> good_time;
    bool unknown = false;
  };
  struct Verified {
    size_t source = 0;
    domain::TokenClaims claims;
  };
  static constexpr size_t kMostKept = 4'096;

  void Read(Source& source, bool first);
  domain::Result<Verified> Verify(const std::string& token);
  // Under the mutex; `caller` becomes who it is.
  domain::Result<const Verified*> Known(const std::string& token, domain::Time now, domain::Caller& caller);
  void FetchKeys();
  static bool IsDue(const Source& source, domain::Time now);

  const std::function<domain::Time()> now_;
  std::mutex mutex_;
  std::vector<Source> sources_;
  std::unordered_map<std::string, Verified> verified_;
  std::condition_variable wake_;
  bool fetched_once_ = false;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace mes::services
