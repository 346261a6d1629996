#include "services/start_permit.h"

#include <mutex>

#include "domain/audit.h"
#include "domain/start_permit.h"
#include "services/site_key.h"

namespace mes::services {
namespace {

std::mutex key_mutex;
std::string permit_key;

std::string SealOf(const std::string& text) {
  const std::lock_guard lock(key_mutex);
  if (permit_key.empty()) permit_key = SiteKey::Random().Derive("ordos start permit");
  return HmacSha256(permit_key, text);
}

}  // namespace

void UsePermitKey(std::string key) {
  const std::lock_guard lock(key_mutex);
  permit_key = std::move(key);
}

std::string SealPermit(const domain::StartPermit& permit) {
  const std::string text = domain::PermitText(permit);
  return domain::HexText(text) + "." + domain::HexText(SealOf(text));
}

domain::StartPermit OpenPermit(const std::string& permit) {
  const size_t dot = permit.find('.');
  if (dot == std::string::npos) return {};
  const std::string text = BytesOfHex(std::string_view(permit).substr(0, dot));
  if (!SameBytes(SealOf(text), BytesOfHex(std::string_view(permit).substr(dot + 1)))) return {};
  domain::StartPermit opened = domain::ParsePermitText(text).value_or(domain::StartPermit{});
  opened.genuine = !opened.unit_code.empty();
  return opened;
}

}  // namespace mes::services
