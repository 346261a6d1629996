// Exact amounts: integers of millionths of the material's unit of measure (pc, set, kg, m2). A double never holds an amount.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "domain/result.h"

namespace mes::domain {

inline constexpr int64_t kMicro = 1'000'000;
// 9 thousand million of any unit: sums of a year stay far inside 64 bits.
inline constexpr int64_t kMaxQuantityMicro = 9'000'000'000 * kMicro;

// Parses a decimal number without exponent, sign or blanks and with at most six fraction digits.
// Errors: QUANTITY_INVALID with `field`.
Result<int64_t> ParseQuantity(std::string_view text, std::string_view field);
// The shortest decimal that ParseQuantity reads back: `4.347`, `12`, `-0.5`.
std::string FormatQuantity(int64_t micro);

}  // namespace mes::domain
