// Bounds of captured documents; past one: LIMIT_EXCEEDED with `document`.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mes::domain {

inline constexpr size_t kMaxDocumentBytes = 8 << 20;
inline constexpr int kMaxEventsPerDocument = 1'000;
inline constexpr int kMaxItemsPerDocument = 20'000;
inline constexpr size_t kMaxDocumentFaults = 20;

}  // namespace mes::domain
