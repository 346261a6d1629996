#include "services/gatekeeper.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "db/access.h"
#include "db/audit.h"
#include "domain/audit.h"
#include "services/status.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::Reason;

constexpr auto kBeat = std::chrono::milliseconds(500);
constexpr int kBeatsPerStore = 10;
constexpr size_t kMostCertificates = 8'192;

constexpr std::string_view kKeyMark = "omk_";
constexpr size_t kKeyIdLength = 16;
constexpr size_t kKeySecretBytes = 32;
// 32 bytes in base64url, without padding.
constexpr size_t kKeySecretLength = 43;
constexpr size_t kKeyLength = kKeyMark.size() + kKeyIdLength + 1 + kKeySecretLength;

domain::Error Invalid(std::string message) { return {Reason::kCredentialInvalid, std::move(message), {}}; }

std::string Base64Url(const unsigned char* bytes, size_t count) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  uint32_t bits = 0;
  int held = 0;
  for (size_t i = 0; i < count; ++i) {
    bits = (bits << 8) | bytes[i];
    for (held += 8; held >= 6; held -= 6) text += kDigits[(bits >> (held - 6)) & 63];
  }
  if (held > 0) text += kDigits[(bits << (6 - held)) & 63];
  return text;
}

}  // namespace

Gatekeeper::Gatekeeper(GatekeeperOptions options)
    : options_(std::move(options)),
      tokens_(options_.issuers_file, options_.now),
      pool_({.url = options_.database_url, .size = 1, .statement_timeout_ms = 5'000}) {
  if (!options_.key_secret.empty() && options_.key_secret.size() < domain::kMinKeySecretBytes) {
    throw std::runtime_error("the key secret is shorter than " + std::to_string(domain::kMinKeySecretBytes) + " bytes");
  }
  try {
    Refresh();
  } catch (const std::exception& error) {
    spdlog::warn("the list of identities could not be read yet: {}", error.what());
  }
  thread_ = std::thread([this] { Beat(); });
}

Gatekeeper::~Gatekeeper() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  try {
    StoreUses();
  } catch (const std::exception& error) {
    spdlog::warn("when keys were used last could not be stored: {}", error.what());
  }
}

std::shared_ptr<const Gatekeeper::List> Gatekeeper::Current() {
  const std::lock_guard lock(mutex_);
  return list_;
}

domain::Status Gatekeeper::TakeCall(const std::string& partner) {
  const domain::Time now = options_.now();
  const std::lock_guard lock(mutex_);
  const auto state = quotas_.try_emplace(partner, domain::FullQuota(options_.quota, now)).first;
  return domain::TakeCall(options_.quota, state->second, now);
}

void Gatekeeper::Refresh() {
  const std::lock_guard loading(loading_);
  std::shared_ptr<const List> list = Current();
  pool_.Read([&](db::Transaction& transaction) {
    const int64_t version = db::LoadAccessVersion(transaction);
    if (list != nullptr && list->version == version) return;
    auto loaded = std::make_shared<List>();
    loaded->version = version;
    for (domain::Identity& identity : db::LoadIdentities(transaction)) {
      std::string name = identity.name;
      loaded->identities.emplace(std::move(name), std::move(identity));
    }
    for (domain::ApiKey& key : db::LoadKeys(transaction)) {
      std::string id = key.id;
      loaded->keys.emplace(std::move(id), std::move(key));
    }
    list = std::move(loaded);
  });
  const std::lock_guard lock(mutex_);
  list_ = std::move(list);
}

std::optional<Certificate> Gatekeeper::ReadCached(const std::string& pem) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = certificates_.find(pem); known != certificates_.end()) return known->second;
  }
  std::optional<Certificate> certificate = ReadCertificate(pem);
  if (!certificate) return certificate;
  const std::lock_guard lock(mutex_);
  if (certificates_.size() >= kMostCertificates) certificates_.clear();
  certificates_.emplace(pem, *certificate);
  return certificate;
}

domain::Result<domain::Caller> Gatekeeper::IdentifyMachine(const List& list, const std::string& pem, domain::Time now) {
  const std::optional<Certificate> certificate = ReadCached(pem);
  if (!certificate) return Fail(Invalid("the certificate cannot be read"));
  // TLS looked at this when the connection began; connections live long.
  if (now >= certificate->expire_time) return Fail({Reason::kCredentialExpired, "the certificate is past its time", {}});
  const domain::Result<std::string> name = domain::NameOfCertificate(certificate->names, options_.site);
  if (!name) return Fail(name.error());
  const auto identity = list.identities.find(*name);
  return domain::JudgeIdentity(identity == list.identities.end() ? nullptr : &identity->second, certificate->fingerprint);
}

std::string Gatekeeper::DigestOf(const std::string& key) const {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  HMAC(EVP_sha256(), options_.key_secret.data(), static_cast<int>(options_.key_secret.size()),
       reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest, &length);
  return {reinterpret_cast<const char*>(digest), length};
}

domain::Result<domain::Caller> Gatekeeper::JudgeKey(const List& list, const std::string& key, domain::Time now) {
  const bool formed = key.size() == kKeyLength && key.starts_with(kKeyMark) && key[kKeyMark.size() + kKeyIdLength] == '_';
  const std::string id = formed ? key.substr(kKeyMark.size(), kKeyIdLength) : "";
  const auto stored = list.keys.find(id);
  const domain::ApiKey* known = options_.key_secret.empty() || stored == list.keys.end() ? nullptr : &stored->second;
  const std::string digest = known == nullptr ? std::string() : DigestOf(key);
  const bool matches =
      known != nullptr && digest.size() == known->digest.size() && CRYPTO_memcmp(digest.data(), known->digest.data(), digest.size()) == 0;
  domain::Result<domain::Caller> caller = domain::JudgeKey(known, matches, now);
  if (caller) {
    const std::lock_guard lock(mutex_);
    uses_[id] = now;
  }
  return caller;
}

domain::Result<domain::Caller> Gatekeeper::IdentifyPerson(const List& list, const Credentials& credentials, domain::Time now) {
  if (!credentials.token.empty() && !credentials.key.empty()) return Fail(Invalid("a call carries a token or a key, not both"));
  domain::Result<domain::Caller> caller =
      credentials.token.empty() ? JudgeKey(list, credentials.key, now) : tokens_.Judge(credentials.token, now);
  if (!caller) return caller;
  const auto person = list.identities.find(domain::TextOf({options_.site, domain::CallerKind::kPerson, caller->name}));
  if (person != list.identities.end() && person->second.revoke_time) {
    return Fail(Invalid("this person is not let in any more"));
  }
  return caller;
}

domain::Result<domain::Caller> Gatekeeper::Identify(const Credentials& credentials) {
  if (credentials.empty()) {
    if (options_.plaintext) return domain::Caller();
    return Fail({Reason::kCredentialMissing, "this server asks for a certificate, a token or a key", {}});
  }
  const std::shared_ptr<const List> list = Current();
  if (list == nullptr) return Fail(UnavailableError());
  const domain::Time now = options_.now();
  std::optional<domain::Caller> machine;
  if (!credentials.certificate_pem.empty()) {
    domain::Result<domain::Caller> found = IdentifyMachine(*list, credentials.certificate_pem, now);
    if (!found) return found;
    machine = std::move(*found);
  }
  if (credentials.token.empty() && credentials.key.empty()) return *machine;
  domain::Result<domain::Caller> person = IdentifyPerson(*list, credentials, now);
  if (person && machine && !machine->partner.empty() && machine->partner != person->partner) {
    return Fail(Invalid("a partner's machine carries its own people only"));
  }
  return person;
}

domain::Result<ShownAnew> Gatekeeper::Reprove(const Credentials& shown) {
  domain::Result<domain::Caller> caller = Identify(shown);
  if (!caller) return Fail(caller.error());
  ShownAnew anew{std::move(*caller), {}};
  domain::Reproof& reproof = anew.reproof;
  // A partner's people may have the same names as ours.
  if (anew.caller.kind == domain::CallerKind::kPerson && anew.caller.partner.empty()) reproof.person = anew.caller.name;
  if (shown.token.empty()) {
    reproof.kind = domain::ProofKind::kApiKey;
    reproof.id = shown.key.substr(kKeyMark.size(), kKeyIdLength);
    return anew;
  }
  const domain::Result<domain::TokenClaims> claims = tokens_.Claims(shown.token, options_.now());
  if (!claims) return Fail(claims.error());
  reproof.kind = domain::ProofKind::kToken;
  reproof.source = claims->issuer;
  reproof.id = domain::HexText(claims->digest);
  const auto time_of = [](int64_t seconds) { return domain::Time(std::chrono::seconds(seconds)); };
  if (claims->prove_s) reproof.prove_time = time_of(*claims->prove_s);
  if (claims->issue_s && (!claims->prove_s || *claims->issue_s < *claims->prove_s)) reproof.prove_time = time_of(*claims->issue_s);
  std::string once;
  domain::AppendField(once, claims->issuer);
  domain::AppendField(once, claims->id.empty() ? "content" : "jti");
  domain::AppendField(once, claims->id.empty() ? claims->digest : claims->id);
  reproof.once = db::Sha256(once);
  return anew;
}

std::optional<MadeKey> Gatekeeper::MakeKey() const {
  if (options_.key_secret.empty()) return std::nullopt;
  std::array<unsigned char, kKeyIdLength / 2 + kKeySecretBytes> random;
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) throw std::runtime_error("no randomness for a key");
  constexpr std::string_view kDigits = "0123456789abcdef";
  MadeKey made;
  for (size_t i = 0; i < kKeyIdLength / 2; ++i) {
    made.id += kDigits[random[i] >> 4];
    made.id += kDigits[random[i] & 15];
  }
  made.text = std::string(kKeyMark) + made.id + "_" + Base64Url(random.data() + kKeyIdLength / 2, kKeySecretBytes);
  made.digest = DigestOf(made.text);
  OPENSSL_cleanse(random.data(), random.size());
  return made;
}

std::shared_ptr<Watched> Gatekeeper::Watch(Credentials credentials, Watched::End end) {
  auto watched = std::make_shared<Watched>(std::move(credentials), std::move(end));
  const std::lock_guard lock(mutex_);
  watched_.push_back(watched);
  return watched;
}

void Gatekeeper::StoreUses() {
  std::map<std::string, domain::Time> uses;
  {
    const std::lock_guard lock(mutex_);
    uses.swap(uses_);
  }
  if (uses.empty()) return;
  pool_.Run([&](db::Transaction& transaction) {
    db::UpdateKeyUses(transaction, uses);
    return true;
  });
}

void Gatekeeper::EndRefused() {
  std::vector<std::shared_ptr<Watched>> open;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(watched_, [&](const std::weak_ptr<Watched>& weak) {
      std::shared_ptr<Watched> watched = weak.lock();
      if (watched == nullptr) return true;
      open.push_back(std::move(watched));
      return false;
    });
  }
  for (const std::shared_ptr<Watched>& watched : open) {
    if (const domain::Result<domain::Caller> caller = Identify(watched->credentials); !caller) watched->Finish(caller.error());
  }
}

void Gatekeeper::Beat() {
  std::unique_lock lock(mutex_);
  for (int beat = 1; !wake_.wait_for(lock, kBeat, [this] { return stopping_; }); ++beat) {
    lock.unlock();
    try {
      tokens_.Refresh();
      Refresh();
      if (beat % kBeatsPerStore == 0) StoreUses();
    } catch (const std::exception& error) {
      spdlog::debug("the list of identities could not be read: {}", error.what());
    }
    EndRefused();
    lock.lock();
  }
}

}  // namespace mes::services
