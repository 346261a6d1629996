// Codes: what people and scanners write on units, lots, carriers, orders.
#pragma once

#include <string_view>

#include "domain/result.h"

namespace mes::domain {

// A code is 1 to 64 printable ASCII characters without blanks. Scanners that add a CR or an IME that makes full-width characters
// are told so rather than silently mended. Errors: FIELD_REQUIRED, CODE_INVALID with `field`.
Status CheckCode(std::string_view code, std::string_view field);
// Checks a text's length. Errors: FIELD_REQUIRED where `required`, LIMIT_EXCEEDED with `field` and `limit`.
Status CheckText(std::string_view text, size_t limit, bool required, std::string_view field);

}  // namespace mes::domain
