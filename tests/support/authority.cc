#include "tests/support/authority.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <stdexcept>

namespace mes::tests {
namespace {

template <auto kFree>
struct Free {
  template <typename Value>
  void operator()(Value* value) const {
    kFree(value);
  }
};
using KeyPointer = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using X509Pointer = std::unique_ptr<X509, Free<X509_free>>;
using BioPointer = std::unique_ptr<BIO, Free<BIO_free>>;

std::string TextOf(const std::function<void(BIO*)>& write) {
  const BioPointer bio(BIO_new(BIO_s_mem()));
  write(bio.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}
std::string PemOf(X509* x509) {
  return TextOf([&](BIO* bio) { PEM_write_bio_X509(bio, x509); });
}
std::string PemOf(EVP_PKEY* key) {
  return TextOf([&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

X509Pointer NewCertificate(EVP_PKEY* key, const std::string& subject, long age_s, long life_s) {
  X509Pointer x509(X509_new());
  X509_set_version(x509.get(), 2);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509.get()), std::random_device{}());
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), -age_s);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), life_s - age_s);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(subject.c_str()), -1, -1, 0);
  X509_set_pubkey(x509.get(), key);
  return x509;
}

void AddExtension(X509* x509, int nid, const char* value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
  X509_add_ext(x509, extension, -1);
  X509_EXTENSION_free(extension);
}

// With their lengths: a NUL in a name is kept.
void AddNames(X509* x509, const std::vector<NameGiven>& names) {
  if (names.empty()) return;
  GENERAL_NAMES* list = GENERAL_NAMES_new();
  for (const NameGiven& given : names) {
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, given.text.data(), static_cast<int>(given.text.size()));
    GENERAL_NAME* name = GENERAL_NAME_new();
    const int type = given.kind == NameGiven::Kind::kUri ? GEN_URI : given.kind == NameGiven::Kind::kDns ? GEN_DNS : GEN_EMAIL;
    GENERAL_NAME_set0_value(name, type, text);
    sk_GENERAL_NAME_push(list, name);
  }
  X509_add1_ext_i2d(x509, NID_subject_alt_name, list, 0, X509V3_ADD_DEFAULT);
  GENERAL_NAMES_free(list);
}

std::string FingerprintOf(X509* x509) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  X509_digest(x509, EVP_sha256(), digest, &length);
  std::string text;
  for (unsigned int i = 0; i < length; ++i) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", digest[i]);
    text += digits;
  }
  return text;
}

}  // namespace

struct Authority::Keys {
  KeyPointer key;
  X509Pointer x509;
};

Authority::Authority(const std::string& name) : keys_(std::make_unique<Keys>()) {
  keys_->key.reset(EVP_EC_gen("P-256"));
  keys_->x509 = NewCertificate(keys_->key.get(), name, 120, 7'200);
  X509_set_issuer_name(keys_->x509.get(), X509_get_subject_name(keys_->x509.get()));
  AddExtension(keys_->x509.get(), NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(keys_->x509.get(), NID_key_usage, "critical,keyCertSign");
  X509_sign(keys_->x509.get(), keys_->key.get(), EVP_sha256());
  certificate_ = PemOf(keys_->x509.get());
  std::string pattern = (std::filesystem::temp_directory_path() / "mes-authority-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = pattern;
}

Authority::~Authority() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Pair Authority::Issue(const std::vector<NameGiven>& names, long age_s, long life_s) const {
  const KeyPointer key(EVP_EC_gen("P-256"));
  const X509Pointer x509 = NewCertificate(key.get(), "somebody", age_s, life_s);
  X509_set_issuer_name(x509.get(), X509_get_subject_name(keys_->x509.get()));
  AddNames(x509.get(), names);
  X509_sign(x509.get(), keys_->key.get(), EVP_sha256());
  return {PemOf(x509.get()), PemOf(key.get()), FingerprintOf(x509.get())};
}

std::string Authority::Write(const std::string& name, const std::string& content) const {
  const std::string path = folder_ + "/" + name;
  // In one step, as whoever rotates a file should.
  std::ofstream(path + ".new", std::ios::binary) << content;
  std::filesystem::rename(path + ".new", path);
  return path;
}

services::TlsFiles Authority::ServerFiles() const {
  const Pair pair = Issue({{NameGiven::Kind::kDns, "localhost"}});
  const std::string key = Write("server.key", pair.private_key);
  return {Write("server.pem", pair.certificate), key, Write("ca.pem", certificate_)};
}

std::shared_ptr<grpc::Channel> TlsChannel(int port, const Authority& authority, const Pair* pair) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = authority.certificate();
  if (pair != nullptr) {
    options.pem_cert_chain = pair->certificate;
    options.pem_private_key = pair->private_key;
  }
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetSslTargetNameOverride("localhost");
  return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port), grpc::SslCredentials(options), arguments);
}

std::string Base64Url(const std::string& bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(length));
  while (!text.empty() && text.back() == '=') text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

std::string HmacSha256(const std::string& key, const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       digest, &length);
  return {reinterpret_cast<const char*>(digest), length};
}

struct TokenKey::Key {
  KeyPointer key;

  std::string Number(const char* name, int width = 0) const {
    BIGNUM* number = nullptr;
    EVP_PKEY_get_bn_param(key.get(), name, &number);
    std::string bytes(static_cast<size_t>(width == 0 ? BN_num_bytes(number) : width), '\0');
    BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    BN_free(number);
    return Base64Url(bytes);
  }
};

TokenKey::TokenKey(const std::string& algorithm) : key_(std::make_unique<Key>()), algorithm_(algorithm) {
  if (algorithm == "RS256") key_->key.reset(EVP_RSA_gen(2048));
  if (algorithm == "ES256") key_->key.reset(EVP_EC_gen("P-256"));
  if (algorithm == "EdDSA") key_->key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

TokenKey::~TokenKey() = default;

std::string TokenKey::Jwk(const std::string& kid) const {
  const std::string head = "{\"kid\":\"" + kid + "\",\"use\":\"sig\",";
  if (algorithm_ == "RS256") {
    return head + "\"kty\":\"RSA\",\"n\":\"" + key_->Number(OSSL_PKEY_PARAM_RSA_N) + "\",\"e\":\"" +
           key_->Number(OSSL_PKEY_PARAM_RSA_E) + "\"}";
  }
  if (algorithm_ == "ES256") {
    return head + "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" + key_->Number(OSSL_PKEY_PARAM_EC_PUB_X, 32) + "\",\"y\":\"" +
           key_->Number(OSSL_PKEY_PARAM_EC_PUB_Y, 32) + "\"}";
  }
  std::string bytes(32, '\0');
  size_t length = bytes.size();
  EVP_PKEY_get_raw_public_key(key_->key.get(), reinterpret_cast<unsigned char*>(bytes.data()), &length);
  return head + "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" + Base64Url(bytes) + "\"}";
}

std::string TokenKey::PublicPem() const {
  return TextOf([&](BIO* bio) { PEM_write_bio_PUBKEY(bio, key_->key.get()); });
}

std::string TokenKey::Sign(const std::string& header, const std::string& claims) const {
  const std::string text = Base64Url(header) + "." + Base64Url(claims);
  const std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  EVP_DigestSignInit(context.get(), nullptr, algorithm_ == "EdDSA" ? nullptr : EVP_sha256(), nullptr, key_->key.get());
  std::string signature(512, '\0');
  size_t length = signature.size();
  EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                 reinterpret_cast<const unsigned char*>(text.data()), text.size());
  signature.resize(length);
  if (algorithm_ == "ES256") {
    // JWS wants the two numbers side by side, OpenSSL gives them as DER.
    const auto* der = reinterpret_cast<const unsigned char*>(signature.data());
    ECDSA_SIG* both = d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(signature.size()));
    signature.assign(64, '\0');
    BN_bn2binpad(ECDSA_SIG_get0_r(both), reinterpret_cast<unsigned char*>(signature.data()), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(both), reinterpret_cast<unsigned char*>(signature.data()) + 32, 32);
    ECDSA_SIG_free(both);
  }
  return text + "." + Base64Url(signature);
}

}  // namespace mes::tests
