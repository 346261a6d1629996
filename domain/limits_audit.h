// Bounds of the audit and of start permits. Past one: LIMIT_EXCEEDED (or the error named) with the field, unless another thing is
// said.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mes::domain {

// Longer content of a request is kept as its size and SHA-256 instead.
inline constexpr size_t kMaxAuditContentBytes = 64 << 10;
// Findings of a verification that are told one by one; more are counted.
inline constexpr int kMaxAuditFindings = 100;
// Anchors that come with a question.
inline constexpr int kMaxAnchorsPerVerification = 100;
// Site keys of before that a server is given; changes of key in a chain.
inline constexpr size_t kMaxFormerSiteKeys = 8;
inline constexpr int64_t kMaxSiteKeyRotations = 1'000;
// Names of unknown keys that a verification tells.
inline constexpr size_t kMaxUnknownKeys = 10;
// Read methods that may be named as audited.
inline constexpr size_t kMaxAuditedReads = 500;
// Entries and facts per page of an export.
inline constexpr int kAuditPageEntries = 500;
// An entry may be this much older than the newest sealed before it: the longest transaction, with room.
inline constexpr int64_t kLongestAuditDelaySeconds = 300;

// A permit's life: as given by itself, and the most that may be asked for in advance (offline stations).
inline constexpr int32_t kDefaultPermitSeconds = 300;
inline constexpr int32_t kMaxPermitSeconds = 24 * 3'600;
inline constexpr size_t kMaxPermitLength = 1'024;
// A question for starts without permit: days, and stations in the answer.
inline constexpr int kMaxBypassDays = 31;
inline constexpr int kMaxBypassStations = 1'000;

}  // namespace mes::domain
