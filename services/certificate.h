// What a client's certificate says, once TLS has verified its chain: its names, its fingerprint and its end. Names are taken from the
// certificate itself, with their lengths, so that a NUL in the middle is seen.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/access.h"
#include "domain/time.h"

namespace mes::services {

struct Certificate {
  std::vector<domain::CertificateName> names;
  // SHA-256 of the DER form, 64 hexadecimal digits in lower case.
  std::string fingerprint;
  domain::Time expire_time{};
};

// The first certificate of a PEM text; empty where there is none that can be read.
std::optional<Certificate> ReadCertificate(std::string_view pem);

}  // namespace mes::services
