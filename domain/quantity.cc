#include "domain/quantity.h"

namespace mes::domain {
namespace {

Error Invalid(std::string_view text, std::string_view field, const char* what) {
  return FieldError(Reason::kQuantityInvalid, field, std::string("quantity `") + std::string(text.substr(0, 40)) + "` " + what);
}

}  // namespace

Result<int64_t> ParseQuantity(std::string_view text, std::string_view field) {
  int64_t micro = 0;
  int fraction_digits = -1;
  bool any = false;
  for (const char c : text) {
    if (c == '.' && fraction_digits < 0 && any) {
      fraction_digits = 0;
      continue;
    }
    if (c < '0' || c > '9') return Fail(Invalid(text, field, "is not a plain decimal number"));
    any = true;
    if (fraction_digits >= 0 && ++fraction_digits > 6) return Fail(Invalid(text, field, "has more than six fraction digits"));
    if (micro > kMaxQuantityMicro / 10) return Fail(Invalid(text, field, "is beyond 9,000,000,000"));
    micro = micro * 10 + (c - '0');
  }
  if (!any || fraction_digits == 0) return Fail(Invalid(text, field, "is not a plain decimal number"));
  for (int digits = fraction_digits < 0 ? 0 : fraction_digits; digits < 6; ++digits) {
    if (micro > kMaxQuantityMicro / 10) return Fail(Invalid(text, field, "is beyond 9,000,000,000"));
    micro *= 10;
  }
  if (micro > kMaxQuantityMicro) return Fail(Invalid(text, field, "is beyond 9,000,000,000"));
  return micro;
}

std::string FormatQuantity(int64_t micro) {
  const bool negative = micro < 0;
  const uint64_t size = negative ? 0 - static_cast<uint64_t>(micro) : static_cast<uint64_t>(micro);
  std::string text = std::to_string(size / kMicro);
  std::string fraction = std::to_string(size % kMicro);
  fraction.insert(0, 6 - fraction.size(), '0');
  fraction.erase(fraction.find_last_not_of('0') + 1);
  if (!fraction.empty()) text += "." + fraction;
  return negative ? "-" + text : text;
}

}  // namespace mes::domain
