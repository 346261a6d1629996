// The site's key: an Ed25519 key out of a file that only its owner may read. It signs the audit's heads; keys for HMACs (audit
// entries, start permits) are derived from it, each under a name of its own, so that none tells of another. It never appears in a
// log, an error or an answer.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace mes::services {

class SiteKey {
 public:
  // Reads a PEM file as `openssl genpkey -algorithm ed25519` makes it. Throws std::invalid_argument where it cannot be read, is
  // no such key, or others than its owner may read it.
  static SiteKey Load(const std::string& path);
  // A new one that ends with the process.
  static SiteKey Random();

  // 32 bytes.
  const std::string& public_key() const { return public_key_; }
  // 64 bytes.
  std::string Sign(std::string_view bytes) const;
  // 32 bytes: HMAC-SHA256 of the name under the private key.
  std::string Derive(std::string_view name) const;

 private:
  explicit SiteKey(std::string private_key);
  std::string private_key_;
  std::string public_key_;
};

// True where the signature over the bytes is this key's. False also for keys and signatures of a wrong length.
bool IsSignedBy(std::string_view public_key, std::string_view bytes, std::string_view signature);
// 32 bytes.
std::string HmacSha256(std::string_view key, std::string_view bytes);
// In a time that does not depend on where they differ.
bool SameBytes(std::string_view a, std::string_view b);
// Out of hexadecimal digits; empty where it is no whole number of bytes in them.
std::string BytesOfHex(std::string_view hex);

}  // namespace mes::services
