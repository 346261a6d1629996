// GS1 identifiers: application identifiers with their lengths and characters, check digits, element strings as scanners give
// them, and Digital Link URIs. Sources: GS1 General Specifications (formats of the identifiers listed in gs1.cc), GS1 Digital
// Link URI syntax (order of qualifiers, numbers instead of words, percent-encoding).
//
// A GB/T 34014 code of 24 characters fits neither AI 21 (20 characters) nor, with a company prefix before it, AI 8004 (30). The
// choice made: a GTIN is registered for exactly one coding prefix (manufacturer, product, battery type, specification: seven
// characters) and for no other, so the remaining 17 characters (12 of a second-life code) are the serial under AI 21, and the
// pair leads back to the whole code. GtinSerialOf and BatteryCodeOf are that way and back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/result.h"

namespace mes::domain {

struct Gs1Element {
  // `01`, `21`, `8004`.
  std::string ai;
  std::string value;
  bool operator==(const Gs1Element&) const = default;
};

// `global trade item number`; empty for identifiers that are not known here.
std::string_view Gs1Title(std::string_view ai);

// Of digits without their check digit: weights 3, 1, 3, 1 from the right. `body` has digits only.
char Gs1CheckDigit(std::string_view body);
// True for digits whose last is their check digit.
bool HasGs1CheckDigit(std::string_view digits);
// 8, 12, 13 or 14 digits with a right check digit, padded on the left to 14. Errors: CODE_INVALID with `field`.
Result<std::string> ParseGtin(std::string_view text, std::string_view field);

// Length, characters, check digit and dates of one element. Errors: CODE_INVALID with `field` and `ai`.
Status CheckGs1Element(const Gs1Element& element, std::string_view field);

// Reads what a scanner gives: identifiers one after another, those of variable length ended by the separator (0x1D) or the end;
// or the printed form with brackets, `(01)09521234543213(21)ABC`. Errors: CODE_INVALID with `field`.
Result<std::vector<Gs1Element>> ParseElementString(std::string_view text, std::string_view field);
// The printed form. `bracket`: `(` or `[`.
std::string FormatElementString(const std::vector<Gs1Element>& elements, char bracket = '(');

// `https://HOST/01/09521234543213/21/ABC`: one primary identifier, its qualifiers in their fixed order, everything else as the
// query. `host` may have a path. Errors: FIELD_INVALID (host), CODE_INVALID (no primary identifier, two of them, an element that
// is wrong).
Result<std::string> FormatDigitalLink(std::string_view host, const std::vector<Gs1Element>& elements);
// The elements of such a URI with any host and path in front. Errors: CODE_INVALID with `field`.
Result<std::vector<Gs1Element>> ParseDigitalLink(std::string_view uri, std::string_view field);

// The serial under AI 21 for a valid GB/T 34014 code: what follows its prefix.
std::string_view GtinSerialOf(std::string_view battery_code);
// The whole code. Errors: CODE_INVALID with `field` where prefix and serial give no valid code.
Result<std::string> BatteryCodeOf(std::string_view prefix, std::string_view serial, std::string_view field);
// AI 21: 1 to 20 characters that GS1 allows.
bool FitsSerial(std::string_view code);

}  // namespace mes::domain
