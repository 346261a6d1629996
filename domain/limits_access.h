// Bounds of identities, keys and tokens. Past one: LIMIT_EXCEEDED (or the error named) with the field, never a silent cut.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mes::domain {

inline constexpr size_t kMaxIdentities = 100'000;
inline constexpr size_t kMaxKeys = 100'000;
// `ordos://SITE/station/CODE`: a site of 32, a code of 64.
inline constexpr size_t kMaxIdentityNameLength = 128;
inline constexpr size_t kMaxSiteLength = 32;
inline constexpr size_t kMaxRolesPerCaller = 12;
// An old certificate and its successors stand beside each other while they are changed.
inline constexpr size_t kMaxFingerprints = 4;
inline constexpr size_t kFingerprintLength = 64;
// Subject alternative names of a certificate; one with more is nobody's.
inline constexpr size_t kMaxCertificateNames = 16;
inline constexpr int kDefaultKeyDays = 90;
inline constexpr int kMaxKeyDays = 366;
// All metadata of a call together; gRPC itself refuses more with RESOURCE_EXHAUSTED.
inline constexpr int kMaxMetadataBytes = 8'192;
inline constexpr size_t kMaxTokenLength = 8'000;
inline constexpr size_t kMaxIssuers = 16;
inline constexpr size_t kMaxAudiences = 16;
inline constexpr size_t kMaxIssuersFileBytes = 1 << 20;
inline constexpr size_t kMaxKeySetBytes = 1 << 20;
// A key set that comes by URL: how often it is fetched, how long the last good one stays in force while that fails, how soon a failed
// fetch is made again, and how often a key that is not in the set may have it fetched.
inline constexpr int64_t kDefaultKeySetRefreshSeconds = 300;
inline constexpr int64_t kMinKeySetRefreshSeconds = 10;
inline constexpr int64_t kMaxKeySetRefreshSeconds = 24 * 3'600;
inline constexpr int64_t kDefaultKeySetKeepSeconds = 24 * 3'600;
inline constexpr int64_t kMaxKeySetKeepSeconds = 7 * 24 * 3'600;
inline constexpr int64_t kKeySetRetrySeconds = 30;
inline constexpr int64_t kUnknownKeySeconds = 30;
inline constexpr long kMaxFetchSeconds = 10;
inline constexpr int64_t kMaxLeewaySeconds = 300;
inline constexpr int64_t kDefaultLeewaySeconds = 60;
// A token that lives longer than this is refused: it cannot be called back.
inline constexpr int64_t kMaxTokenSeconds = 24 * 3'600;
inline constexpr size_t kMinKeySecretBytes = 32;
// A token that signs was given for a sign-in not longer ago than this.
inline constexpr int64_t kMaxReproofSeconds = 300;

}  // namespace mes::domain
