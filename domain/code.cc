#include "domain/code.h"

#include <algorithm>

#include "domain/limits.h"

namespace mes::domain {

Status CheckText(std::string_view text, size_t limit, bool required, std::string_view field) {
  if (text.empty() && required) {
    return Fail(FieldError(Reason::kFieldRequired, field, std::string(field) + " is missing"));
  }
  if (text.size() > limit) {
    Error error = FieldError(Reason::kLimitExceeded, field,
                             std::string(field) + " has " + std::to_string(text.size()) + " bytes, more than " + std::to_string(limit));
    error.metadata["limit"] = std::to_string(limit);
    return Fail(std::move(error));
  }
  return {};
}

Status CheckCode(std::string_view code, std::string_view field) {
  if (Status checked = CheckText(code, kMaxCodeLength, true, field); !checked) return checked;
  const auto bad = std::find_if(code.begin(), code.end(), [](char c) { return c <= 0x20 || c > 0x7e; });
  if (bad == code.end()) return {};
  return Fail(FieldError(Reason::kCodeInvalid, field,
                         std::string(field) + " holds a blank, control or non-ASCII character at position " +
                             std::to_string(bad - code.begin() + 1) + ": check the scanner's suffix and the input method"));
}

}  // namespace mes::domain
