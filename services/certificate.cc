#include "services/certificate.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

namespace mes::services {
namespace {

template <auto kFree>
struct Free {
  template <typename Value>
  void operator()(Value* value) const {
    kFree(value);
  }
};
using X509Pointer = std::unique_ptr<X509, Free<X509_free>>;
using BioPointer = std::unique_ptr<BIO, Free<BIO_free>>;
using NamesPointer = std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>>;

std::string TextOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<size_t>(ASN1_STRING_length(text))};
}

domain::CertificateName NameIn(const GENERAL_NAME& name) {
  using Kind = domain::CertificateName::Kind;
  switch (name.type) {
    case GEN_URI:
      return {Kind::kUri, TextOf(name.d.uniformResourceIdentifier)};
    case GEN_DNS:
      return {Kind::kDns, TextOf(name.d.dNSName)};
    case GEN_IPADD:
      // Its bytes are no text, and may hold a zero.
      return {Kind::kAddress, ""};
    default:
      return {Kind::kOther, ""};
  }
}

std::string Hexadecimal(const unsigned char* bytes, size_t count) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * count);
  for (size_t i = 0; i < count; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

}  // namespace

std::optional<Certificate> ReadCertificate(std::string_view pem) {
  const BioPointer bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const X509Pointer x509(bio == nullptr ? nullptr : PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (x509 == nullptr) return std::nullopt;
  Certificate certificate;
  int critical = 0;
  const NamesPointer names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509.get(), NID_subject_alt_name, &critical, nullptr)));
  // -1: there is no such extension. Anything else without names is one that is there twice or cannot be read.
  if (names == nullptr && critical != -1) return std::nullopt;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    certificate.names.push_back(NameIn(*sk_GENERAL_NAME_value(names.get(), i)));
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  std::tm end{};
  if (X509_digest(x509.get(), EVP_sha256(), digest, &length) != 1 || ASN1_TIME_to_tm(X509_get0_notAfter(x509.get()), &end) != 1) {
    return std::nullopt;
  }
  certificate.fingerprint = Hexadecimal(digest, length);
  certificate.expire_time = std::chrono::time_point_cast<domain::Duration>(std::chrono::system_clock::from_time_t(timegm(&end)));
  return certificate;
}

}  // namespace mes::services
