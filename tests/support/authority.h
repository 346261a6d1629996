// A certificate authority of a test: certificates with any names, also such as no honest authority would sign, and tokens signed by OpenSSL
// (the service verifies them by another library). Files go to a folder that goes with the object.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <grpcpp/channel.h>

#include "services/server.h"

namespace mes::tests {

// How a client proves itself with TLS.
struct Pair {
  std::string certificate;
  std::string private_key;
  // SHA-256 of the DER form.
  std::string fingerprint;
};

struct NameGiven {
  enum class Kind { kUri, kDns, kMail };
  Kind kind;
  std::string text;
};

class Authority {
 public:
  explicit Authority(const std::string& name = "authority of a test");
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  // Signed by this authority; good from now - `age_s` on for `life_s`.
  Pair Issue(const std::vector<NameGiven>& names, long age_s = 60, long life_s = 3'600) const;
  // With the one URI.
  Pair IssueUri(const std::string& uri) const { return Issue({{NameGiven::Kind::kUri, uri}}); }

  const std::string& folder() const { return folder_; }
  const std::string& certificate() const { return certificate_; }
  std::string Write(const std::string& name, const std::string& content) const;
  // The files of a server at localhost, written anew each time.
  services::TlsFiles ServerFiles() const;

 private:
  struct Keys;
  std::unique_ptr<Keys> keys_;
  std::string certificate_;
  std::string folder_;
};

// TLS to 127.0.0.1, where the server's certificate is `authority`'s. Null: shows no certificate.
std::shared_ptr<grpc::Channel> TlsChannel(int port, const Authority& authority, const Pair* pair);

// A key for signing tokens: `RS256`, `ES256` or `EdDSA`.
class TokenKey {
 public:
  explicit TokenKey(const std::string& algorithm);
  ~TokenKey();
  TokenKey(const TokenKey&) = delete;
  TokenKey& operator=(const TokenKey&) = delete;
  // The public half as a JWK.
  std::string Jwk(const std::string& kid) const;
  // The public half as PEM: what a confused server would take for a shared secret.
  std::string PublicPem() const;
  // `header` and `claims` are JSON.
  std::string Sign(const std::string& header, const std::string& claims) const;

 private:
  struct Key;
  std::unique_ptr<Key> key_;
  std::string algorithm_;
};
std::string Base64Url(const std::string& bytes);
std::string HmacSha256(const std::string& key, const std::string& text);

}  // namespace mes::tests
