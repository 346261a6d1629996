#include "services/passport_identity.h"

#include <openssl/sha.h>

namespace mes::services {
namespace {

std::string Hex(const unsigned char* bytes, size_t count) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

std::string NameUuid(std::string_view plant_namespace, std::string_view kind, int64_t id) {
  const std::string name = std::string(plant_namespace) + '/' + std::string(kind) + '/' + std::to_string(id);
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(name.data()), name.size(), hash);
  hash[6] = static_cast<unsigned char>((hash[6] & 0x0f) | 0x80);
  hash[8] = static_cast<unsigned char>((hash[8] & 0x3f) | 0x80);
  std::string text = Hex(hash, 16);
  for (const size_t at : {20, 16, 12, 8}) text.insert(at, "-");
  return text;
}

}  // namespace

std::string Sha256Of(std::string_view bytes) {
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), hash);
  return Hex(hash, sizeof hash);
}

std::string UnitUuid(std::string_view plant_namespace, int64_t unit_id) { return NameUuid(plant_namespace, "unit", unit_id); }
std::string PassportUuid(std::string_view plant_namespace, int64_t unit_id) { return NameUuid(plant_namespace, "passport", unit_id); }

}  // namespace mes::services
