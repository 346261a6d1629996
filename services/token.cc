#include "services/token.h"

#include <rhonabwy.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "db/audit.h"
#include "services/fetch.h"

namespace mes::services {
namespace {

using domain::Fail;
using Json = nlohmann::json;

struct Algorithm {
  std::string_view name;
  jwa_alg alg;
  int key_type;
};
// Signatures with two keys only: with a shared secret, whoever verifies could sign, and a public key could pass for the secret.
constexpr auto kAlgorithms = std::to_array<Algorithm>({
    {"RS256", R_JWA_ALG_RS256, R_KEY_TYPE_RSA},
    {"ES256", R_JWA_ALG_ES256, R_KEY_TYPE_EC},
    {"EdDSA", R_JWA_ALG_EDDSA, R_KEY_TYPE_EDDSA},
});
constexpr unsigned kLeastRsaBits = 2'048;
// How soon a set that is due is noticed, and how long a start waits for the first ones.
constexpr auto kFetchBeat = std::chrono::milliseconds(500);
constexpr auto kFirstFetch = std::chrono::seconds(5);

const Algorithm* FindAlgorithm(std::string_view name) {
  for (const Algorithm& algorithm : kAlgorithms) {
    if (algorithm.name == name) return &algorithm;
  }
  return nullptr;
}

struct FreeJwt {
  void operator()(jwt_t* jwt) const { r_jwt_free(jwt); }
};
struct FreeJwk {
  void operator()(jwk_t* jwk) const { r_jwk_free(jwk); }
};
struct FreeText {
  void operator()(char* text) const { r_free(text); }
};
using JwtPointer = std::unique_ptr<jwt_t, FreeJwt>;
using JwkPointer = std::unique_ptr<jwk_t, FreeJwk>;
using TextPointer = std::unique_ptr<char, FreeText>;

domain::Error Invalid(std::string message) { return {domain::Reason::kCredentialInvalid, std::move(message), {}}; }

std::string ReadFile(const std::filesystem::path& path, size_t limit) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (text.size() > limit) throw std::runtime_error(path.string() + " is larger than " + std::to_string(limit) + " bytes");
  return text;
}

// Three parts of base64url and nothing else.
bool HasTokenForm(const std::string& token) {
  if (token.size() > domain::kMaxTokenLength) return false;
  size_t dots = 0, part = 0;
  for (const char c : token) {
    if (c == '.') {
      if (part == 0) return false;
      part = 0;
      ++dots;
      continue;
    }
    const bool known = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!known) return false;
    ++part;
  }
  return dots == 2 && part > 0;
}

std::string TextIn(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found == object.end() || !found->is_string() ? std::string() : found->get<std::string>();
}

std::vector<std::string> TextsIn(const Json& object, const std::string& key) {
  std::vector<std::string> texts;
  const auto found = object.find(key);
  if (found == object.end()) return texts;
  if (found->is_string()) texts.push_back(found->get<std::string>());
  if (!found->is_array()) return texts;
  for (const Json& text : *found) {
    if (text.is_string()) texts.push_back(text.get<std::string>());
  }
  return texts;
}

// Seconds since 1970, also where they are written with a point; empty = absent. False: the claim is there and no time.
bool ReadTime(const Json& object, const char* key, std::optional<int64_t>& time) {
  const auto found = object.find(key);
  if (found == object.end()) return true;
  constexpr double kMost = 253'402'300'799;
  if (!found->is_number()) return false;
  const double value = found->get<double>();
  if (!(value >= 0 && value <= kMost)) return false;
  time = static_cast<int64_t>(value);
  return true;
}

domain::Result<domain::TokenClaims> ReadClaims(const domain::Issuer& issuer, const Json& object) {
  domain::TokenClaims claims;
  claims.issuer = TextIn(object, "iss");
  claims.audiences = TextsIn(object, "aud");
  claims.person = TextIn(object, issuer.person_claim);
  claims.roles = TextsIn(object, issuer.roles_claim);
  claims.partner = TextIn(object, issuer.partner_claim);
  // A partner that is no text must not become none: it would be taken for the plant's own.
  if (object.contains(issuer.partner_claim) && claims.partner.empty()) return Fail(Invalid("the token's partner is not a code"));
  if (!ReadTime(object, "exp", claims.expire_s) || !ReadTime(object, "nbf", claims.not_before_s) ||
      !ReadTime(object, "iat", claims.issue_s) || !ReadTime(object, "auth_time", claims.prove_s)) {
    return Fail(Invalid("a time of the token is not one"));
  }
  claims.id = TextIn(object, "jti");
  return claims;
}

[[noreturn]] void IssuerFault(const std::string& problem) { throw std::runtime_error("issuers file: " + problem); }

void ReadSeconds(const Json& object, const domain::Issuer& issuer, const char* key, int64_t least, int64_t most, int64_t& seconds) {
  if (!object.contains(key)) return;
  if (!object[key].is_number_integer()) IssuerFault(std::string(key) + " of " + issuer.name + " is not a whole number");
  seconds = object[key].get<int64_t>();
  if (seconds < least || seconds > most) {
    IssuerFault(std::string(key) + " of " + issuer.name + " is not " + std::to_string(least) + " to " + std::to_string(most));
  }
}

// Where its keys come from.
void ReadKeySource(const Json& object, const std::filesystem::path& folder, domain::Issuer& issuer) {
  issuer.key_set_file = TextIn(object, "key_set_file");
  issuer.key_set_url = TextIn(object, "jwks_url");
  issuer.key_set_ca_file = TextIn(object, "jwks_ca_file");
  if (issuer.key_set_file.empty() == issuer.key_set_url.empty()) IssuerFault(issuer.name + " needs one of key_set_file and jwks_url");
  const bool by_url = !issuer.key_set_url.empty();
  for (const char* key : {"jwks_ca_file", "jwks_refresh_seconds", "jwks_keep_seconds"}) {
    if (!by_url && object.contains(key)) IssuerFault(std::string(key) + " of " + issuer.name + " needs jwks_url");
  }
  if (!by_url) {
    issuer.key_set_file = (folder / issuer.key_set_file).string();
    return;
  }
  CheckFetchUrl(issuer.key_set_url);
  if (!issuer.key_set_ca_file.empty()) {
    issuer.key_set_ca_file = (folder / issuer.key_set_ca_file).string();
    ReadFile(issuer.key_set_ca_file, domain::kMaxKeySetBytes);
  }
  ReadSeconds(object, issuer, "jwks_refresh_seconds", domain::kMinKeySetRefreshSeconds, domain::kMaxKeySetRefreshSeconds,
              issuer.key_set_refresh_seconds);
  ReadSeconds(object, issuer, "jwks_keep_seconds", issuer.key_set_refresh_seconds, domain::kMaxKeySetKeepSeconds,
              issuer.key_set_keep_seconds);
}

domain::Issuer ReadIssuer(const Json& object, const std::filesystem::path& folder) {
  const auto fault = IssuerFault;
  if (!object.is_object()) fault("an issuer is not an object");
  domain::Issuer issuer;
  issuer.name = TextIn(object, "issuer");
  issuer.audience = TextIn(object, "audience");
  issuer.algorithm = TextIn(object, "algorithm");
  if (issuer.name.empty() || issuer.audience.empty()) fault("an issuer needs issuer, audience and algorithm");
  if (FindAlgorithm(issuer.algorithm) == nullptr) fault("algorithm of " + issuer.name + " is not RS256, ES256 or EdDSA");
  ReadKeySource(object, folder, issuer);
  ReadSeconds(object, issuer, "leeway_seconds", 0, domain::kMaxLeewaySeconds, issuer.leeway_seconds);
  if (object.contains("person_claim")) issuer.person_claim = TextIn(object, "person_claim");
  if (object.contains("roles_claim")) issuer.roles_claim = TextIn(object, "roles_claim");
  if (object.contains("partner_claim")) issuer.partner_claim = TextIn(object, "partner_claim");
  return issuer;
}

}  // namespace

struct TokenVerifier::KeySet {
  jwks_t* keys = nullptr;
  KeySet() { r_jwks_init(&keys); }
  ~KeySet() { r_jwks_free(keys); }
  KeySet(const KeySet&) = delete;
  KeySet& operator=(const KeySet&) = delete;

  // Throws std::runtime_error where it is no set of keys, or has none that signs this issuer's tokens.
  static std::shared_ptr<const KeySet> Parse(const std::string& text, const domain::Issuer& issuer) {
    auto set = std::make_shared<KeySet>();
    const std::string& from = issuer.key_set_url.empty() ? issuer.key_set_file : issuer.key_set_url;
    if (r_jwks_import_from_json_str(set->keys, text.c_str()) != RHN_OK || r_jwks_size(set->keys) == 0) {
      throw std::runtime_error(from + " is not a set of keys (JWKS)");
    }
    const Algorithm& algorithm = *FindAlgorithm(issuer.algorithm);
    for (size_t i = 0; i < r_jwks_size(set->keys); ++i) {
      const JwkPointer key(r_jwks_get_at(set->keys, i));
      if (Fits(key.get(), algorithm)) return set;
    }
    throw std::runtime_error(from + " has no public key for " + issuer.algorithm);
  }
  static bool Fits(jwk_t* key, const Algorithm& algorithm) {
    unsigned bits = 0;
    const int type = r_jwk_key_type(key, &bits, R_FLAG_IGNORE_REMOTE);
    if ((type & algorithm.key_type) == 0 || (type & R_KEY_TYPE_PUBLIC) == 0) return false;
    return algorithm.alg != R_JWA_ALG_RS256 || bits >= kLeastRsaBits;
  }
  bool Has(const char* kid) const { return kid == nullptr || JwkPointer(r_jwks_get_by_kid(keys, kid)) != nullptr; }

  // The key that the token names, or the only one where it names none; empty where it is not of the algorithm's kind.
  JwkPointer Find(const char* kid, const Algorithm& algorithm) const {
    JwkPointer key;
    if (kid != nullptr) {
      key.reset(r_jwks_get_by_kid(keys, kid));
    } else if (r_jwks_size(keys) == 1) {
      key.reset(r_jwks_get_at(keys, 0));
    }
    if (key != nullptr && !Fits(key.get(), algorithm)) key.reset();
    return key;
  }
};

TokenVerifier::TokenVerifier(const std::string& issuers_file, std::function<domain::Time()> now) : now_(std::move(now)) {
  if (issuers_file.empty()) return;
  static std::once_flag once;
  std::call_once(once, [] { r_global_init(); });
  const Json file = Json::parse(ReadFile(issuers_file, domain::kMaxIssuersFileBytes), nullptr, false);
  if (file.is_discarded() || !file.is_object() || !file.contains("issuers") || !file["issuers"].is_array()) {
    throw std::runtime_error(issuers_file + " is not a JSON object with a list `issuers`");
  }
  if (file["issuers"].size() > domain::kMaxIssuers) throw std::runtime_error(issuers_file + " names too many issuers");
  for (const Json& object : file["issuers"]) {
    sources_.emplace_back().issuer = ReadIssuer(object, std::filesystem::path(issuers_file).parent_path());
    Read(sources_.back(), true);
  }
  const bool fetches =
      std::any_of(sources_.begin(), sources_.end(), [](const Source& source) { return !source.issuer.key_set_url.empty(); });
  if (!fetches) return;
  if (now_ == nullptr) throw std::runtime_error("key sets by URL need a clock");
  thread_ = std::thread([this] { FetchKeys(); });
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, kFirstFetch, [this] { return fetched_once_; });
}

TokenVerifier::~TokenVerifier() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool TokenVerifier::IsDue(const Source& source, domain::Time now) {
  if (source.issuer.key_set_url.empty()) return false;
  // A clock that was put back does not stop the fetching.
  const auto passed = [&](const std::optional<domain::Time>& time, int64_t seconds) {
    return !time || now < *time || now - *time >= std::chrono::seconds(seconds);
  };
  if (source.unknown && passed(source.unknown_time, domain::kUnknownKeySeconds)) return true;
  const bool failed = source.try_time != source.good_time;
  return passed(source.try_time, failed ? std::min(domain::kKeySetRetrySeconds, source.issuer.key_set_refresh_seconds)
                                        : source.issuer.key_set_refresh_seconds);
}

void TokenVerifier::FetchKeys() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    for (Source& source : sources_) {
      const domain::Time now = now_();
      if (stopping_ || !IsDue(source, now)) continue;
      source.try_time = now;
      if (source.unknown) source.unknown_time = now;
      source.unknown = false;
      lock.unlock();
      std::shared_ptr<const KeySet> keys;
      try {
        keys = KeySet::Parse(Fetch({source.issuer.key_set_url, source.issuer.key_set_ca_file, domain::kMaxKeySetBytes}, stopping_),
                             source.issuer);
      } catch (const std::exception& error) {
        if (!stopping_) spdlog::warn("the key set of {} could not be fetched: {}", source.issuer.name, error.what());
      }
      lock.lock();
      if (keys == nullptr) continue;
      source.keys = std::move(keys);
      source.good_time = now;
      // What the old keys signed is looked at again.
      verified_.clear();
    }
    fetched_once_ = true;
    wake_.notify_all();
    wake_.wait_for(lock, kFetchBeat, [this] { return stopping_.load(); });
  }
}

void TokenVerifier::Read(Source& source, bool first) {
  if (source.issuer.key_set_file.empty()) return;
  std::error_code gone;
  const auto time = std::filesystem::last_write_time(source.issuer.key_set_file, gone);
  if (!first && (gone || time == source.read_time)) return;
  try {
    source.keys = KeySet::Parse(ReadFile(source.issuer.key_set_file, domain::kMaxKeySetBytes), source.issuer);
    // What the old keys signed is looked at again.
    verified_.clear();
  } catch (const std::exception& error) {
    if (first) throw;
    spdlog::warn("the key set of {} stays as it was: {}", source.issuer.name, error.what());
  }
  source.read_time = time;
}

void TokenVerifier::Refresh() {
  const std::lock_guard lock(mutex_);
  for (Source& source : sources_) Read(source, false);
}

domain::Result<TokenVerifier::Verified> TokenVerifier::Verify(const std::string& token) {
  const auto bad = [] { return Fail(Invalid("the token is not one of ours, or was altered")); };
  if (sources_.empty()) return Fail(Invalid("this server believes no tokens"));
  if (!HasTokenForm(token)) return bad();
  jwt_t* made = nullptr;
  if (r_jwt_init(&made) != RHN_OK) throw std::bad_alloc();
  const JwtPointer jwt(made);
  // Neither keys nor addresses of the header are looked at, and an unsigned token is no token.
  if (r_jwt_advanced_parse(jwt.get(), token.c_str(), R_PARSE_NONE, R_FLAG_IGNORE_REMOTE) != RHN_OK) return bad();
  if (r_jwt_get_type(jwt.get()) != R_JWT_TYPE_SIGN) return bad();
  // What a header calls critical is not known here.
  const TextPointer header(r_jwt_get_full_header_str(jwt.get()));
  const Json head = header == nullptr ? Json() : Json::parse(header.get(), nullptr, false);
  if (!head.is_object() || head.contains("crit") || head.contains("b64")) return bad();
  const TextPointer text(r_jwt_get_full_claims_str(jwt.get()));
  const Json object = text == nullptr ? Json() : Json::parse(text.get(), nullptr, false);
  if (!object.is_object()) return bad();
  const std::string name = TextIn(object, "iss");
  const auto source =
      std::find_if(sources_.begin(), sources_.end(), [&](const Source& candidate) { return candidate.issuer.name == name; });
  if (source == sources_.end()) return Fail(Invalid("the token's issuer is not one that is believed"));
  const Algorithm& algorithm = *FindAlgorithm(source->issuer.algorithm);
  if (r_jwt_get_sign_alg(jwt.get()) != algorithm.alg) return bad();
  const char* kid = r_jwt_get_header_str_value(jwt.get(), "kid");
  if (source->keys == nullptr) return Fail(Invalid("the issuer's keys could not be fetched yet"));
  // The issuer may have new keys: they are asked for beside this call, which does not wait.
  if (!source->issuer.key_set_url.empty() && !source->keys->Has(kid)) source->unknown = true;
  const JwkPointer key = source->keys->Find(kid, algorithm);
  if (key == nullptr || r_jwt_verify_signature(jwt.get(), key.get(), R_FLAG_IGNORE_REMOTE) != RHN_OK) return bad();
  domain::Result<domain::TokenClaims> claims = ReadClaims(source->issuer, object);
  if (!claims) return Fail(claims.error());
  claims->digest = db::Sha256(std::string_view(token).substr(0, token.rfind('.')));
  return Verified{static_cast<size_t>(source - sources_.begin()), std::move(*claims)};
}

domain::Result<const TokenVerifier::Verified*> TokenVerifier::Known(const std::string& token, domain::Time now, domain::Caller& caller) {
  auto known = verified_.find(token);
  if (known == verified_.end()) {
    domain::Result<Verified> verified = Verify(token);
    if (!verified) return Fail(verified.error());
    if (verified_.size() >= kMostKept) verified_.clear();
    known = verified_.emplace(token, std::move(*verified)).first;
  }
  const Source& source = sources_[known->second.source];
  if (source.good_time && now - *source.good_time > std::chrono::seconds(source.issuer.key_set_keep_seconds)) {
    return Fail(Invalid("the issuer's keys could not be fetched for too long"));
  }
  domain::Result<domain::Caller> judged = domain::JudgeToken(source.issuer, known->second.claims, now);
  if (!judged) return Fail(judged.error());
  caller = std::move(*judged);
  return &known->second;
}

domain::Result<domain::Caller> TokenVerifier::Judge(const std::string& token, domain::Time now) {
  const std::lock_guard lock(mutex_);
  domain::Caller caller;
  if (const auto known = Known(token, now, caller); !known) return Fail(known.error());
  return caller;
}

domain::Result<domain::TokenClaims> TokenVerifier::Claims(const std::string& token, domain::Time now) {
  const std::lock_guard lock(mutex_);
  domain::Caller caller;
  const domain::Result<const Verified*> known = Known(token, now, caller);
  if (!known) return Fail(known.error());
  return (*known)->claims;
}

}  // namespace mes::services
