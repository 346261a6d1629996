#include "services/site_key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <sys/stat.h>

#include <cstdio>
#include <stdexcept>

namespace mes::services {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kSignatureBytes = 64;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Digest = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

Key PrivateKey(const std::string& raw) {
  return Key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Bytes(raw), raw.size()), EVP_PKEY_free);
}

}  // namespace

SiteKey::SiteKey(std::string private_key) : private_key_(std::move(private_key)), public_key_(kKeyBytes, '\0') {
  const Key key = PrivateKey(private_key_);
  size_t length = kKeyBytes;
  if (key == nullptr || EVP_PKEY_get_raw_public_key(key.get(), Bytes(public_key_), &length) != 1) {
    throw std::invalid_argument("the site key is no Ed25519 key");
  }
}

SiteKey SiteKey::Load(const std::string& path) {
  struct stat file {};
  if (stat(path.c_str(), &file) != 0) throw std::invalid_argument("the site key " + path + " cannot be read");
  if ((file.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    throw std::invalid_argument("the site key " + path + " may be read by others: chmod 600 it, and make a new one if they did");
  }
  std::FILE* opened = std::fopen(path.c_str(), "r");
  if (opened == nullptr) throw std::invalid_argument("the site key " + path + " cannot be read");
  const Key key(PEM_read_PrivateKey(opened, nullptr, nullptr, nullptr), EVP_PKEY_free);
  std::fclose(opened);
  std::string raw(kKeyBytes, '\0');
  size_t length = kKeyBytes;
  const bool fits = key != nullptr && EVP_PKEY_get_id(key.get()) == EVP_PKEY_ED25519 &&
                    EVP_PKEY_get_raw_private_key(key.get(), Bytes(raw), &length) == 1;
  if (!fits) throw std::invalid_argument("the site key " + path + " is no Ed25519 private key in PEM form");
  return SiteKey(std::move(raw));
}

SiteKey SiteKey::Random() {
  std::string raw(kKeyBytes, '\0');
  if (RAND_bytes(Bytes(raw), static_cast<int>(raw.size())) != 1) throw std::runtime_error("there are no random bytes");
  return SiteKey(std::move(raw));
}

std::string SiteKey::Sign(std::string_view bytes) const {
  const Key key = PrivateKey(private_key_);
  const Digest digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::string signature(kSignatureBytes, '\0');
  size_t length = signature.size();
  if (EVP_DigestSignInit(digest.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(digest.get(), Bytes(signature), &length, Bytes(bytes), bytes.size()) != 1) {
    throw std::runtime_error("OpenSSL does not sign");
  }
  return signature;
}

std::string SiteKey::Derive(std::string_view name) const { return HmacSha256(private_key_, name); }

bool IsSignedBy(std::string_view public_key, std::string_view bytes, std::string_view signature) {
  if (public_key.size() != kKeyBytes || signature.size() != kSignatureBytes) return false;
  const Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(public_key), public_key.size()), EVP_PKEY_free);
  if (key == nullptr) return false;
  const Digest digest(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return EVP_DigestVerifyInit(digest.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(digest.get(), Bytes(signature), signature.size(), Bytes(bytes), bytes.size()) == 1;
}

std::string HmacSha256(std::string_view key, std::string_view bytes) {
  std::string mac(kKeyBytes, '\0');
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Bytes(bytes), bytes.size(), Bytes(mac), &length);
  return mac;
}

bool SameBytes(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string BytesOfHex(std::string_view hex) {
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  std::string bytes;
  if (hex.size() % 2 != 0) return bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    const int high = digit(hex[i]), low = digit(hex[i + 1]);
    if (high < 0 || low < 0) return {};
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

}  // namespace mes::services
