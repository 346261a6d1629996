// Bounds of grants; past one: LIMIT_EXCEEDED with the field.
#pragma once

#include <chrono>

namespace mes::domain {

inline constexpr int kMaxUnitsPerGrant = 1'000;
inline constexpr auto kLongestGrant = std::chrono::hours(24 * 366 * 10);

}  // namespace mes::domain
