#include "services/start_permit.h"

#include <algorithm>
#include <mutex>

#include "db/audit_key.h"
#include "domain/audit.h"
#include "domain/limits_audit.h"
#include "domain/start_permit.h"
#include "services/site_key.h"

namespace mes::services {
namespace {

std::mutex key_mutex;
std::vector<PermitKey> permit_keys;

std::vector<PermitKey> Keys() {
  const std::lock_guard lock(key_mutex);
  if (permit_keys.empty()) permit_keys.push_back({"", SiteKey::Random().Derive("ordos start permit")});
  return permit_keys;
}

// What a former key sealed while it was in force.
bool IsOfItsTime(const domain::StartPermit& permit, const PermitKey& former) {
  if (permit.expire_time - permit.issue_time > std::chrono::seconds(domain::kMaxPermitSeconds)) return false;
  const std::optional<domain::Time> replaced = db::AuditKeyReplacedAt(former.id);
  return !replaced || permit.issue_time <= *replaced;
}

}  // namespace

void UsePermitKeys(std::vector<PermitKey> keys) {
  const std::lock_guard lock(key_mutex);
  permit_keys = std::move(keys);
}

std::string SealPermit(const domain::StartPermit& permit) {
  const std::string text = domain::PermitText(permit);
  return domain::HexText(text) + "." + domain::HexText(HmacSha256(Keys().front().seal_key, text));
}

domain::StartPermit OpenPermit(const std::string& permit) {
  const size_t dot = permit.find('.');
  if (dot == std::string::npos) return {};
  const std::string text = BytesOfHex(std::string_view(permit).substr(0, dot));
  const std::string seal = BytesOfHex(std::string_view(permit).substr(dot + 1));
  const std::vector<PermitKey> keys = Keys();
  const auto sealed = std::find_if(keys.begin(), keys.end(),
                                   [&](const PermitKey& key) { return SameBytes(HmacSha256(key.seal_key, text), seal); });
  if (sealed == keys.end()) return {};
  domain::StartPermit opened = domain::ParsePermitText(text).value_or(domain::StartPermit{});
  opened.genuine = !opened.unit_code.empty() && (sealed == keys.begin() || IsOfItsTime(opened, *sealed));
  return opened;
}

}  // namespace mes::services
