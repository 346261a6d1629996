// Bearer tokens (JWT, RFC 7519) of configured issuers. librhonabwy reads and verifies them; what is decided here is which key and which
// algorithm may be used, so that the token's own words (alg, jwk, jku, x5u, crit) decide nothing.
//
// The issuers' file is JSON:
//   {"issuers": [{"issuer": "https://id.example/", "audience": "ordos", "algorithm": "ES256", "key_set_file": "keys.json",
//                 "leeway_seconds": 60, "person_claim": "sub", "roles_claim": "roles", "partner_claim": "partner"}]}
// Key sets (JWKS, RFC 7517) are read again when their files change, so that an issuer's keys rotate without a restart; a set that
// cannot be read leaves the one before in force.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "domain/access.h"

namespace mes::services {

class TokenVerifier {
 public:
  // No file: no token is believed. Throws std::runtime_error where the file cannot be read or says something else than above.
  explicit TokenVerifier(const std::string& issuers_file);
  ~TokenVerifier();
  TokenVerifier(const TokenVerifier&) = delete;
  TokenVerifier& operator=(const TokenVerifier&) = delete;

  // The caller of a token whose signature and claims are good at `now`. Errors: CREDENTIAL_INVALID, CREDENTIAL_EXPIRED. A token is
  // verified once and then kept for a while; its times are judged on every call.
  domain::Result<domain::Caller> Judge(const std::string& token, domain::Time now);
  // Looks whether a key set's file changed.
  void Refresh();

 private:
  struct KeySet;
  struct Source {
    domain::Issuer issuer;
    std::filesystem::file_time_type read_time{};
    std::shared_ptr<const KeySet> keys;
  };
  struct Verified {
    size_t source = 0;
    domain::TokenClaims claims;
  };
  static constexpr size_t kMostKept = 4'096;

  void Read(Source& source, bool first);
  domain::Result<Verified> Verify(const std::string& token);

  std::mutex mutex_;
  std::vector<Source> sources_;
  std::unordered_map<std::string, Verified> verified_;
};

}  // namespace mes::services
