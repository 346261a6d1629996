// Codes of traction batteries after GB/T 34014-2017: read, judged position by position, and written. One truth for stations' new
// codes, issued codes, labels and scans.
//
// New products have 24 characters: 1-3 manufacturer, 4 product (P pack, M module, C cell), 5 battery type (A-G, Z), 6-7
// specification, 8-14 traceability, 15 year, 16 month, 17 day, 18-24 running number of the day. Second-life products have 19: the
// same without the traceability field, then R and the level (P, M, C) at which the old product was used again. Year: 1-9 are
// 2011-2019, then letters from A = 2020 to Y = 2040; month: 1-9, A-C; day: 1-9, letters, 0 = 31. The letters I, O, Q, U and Z
// stand in no date.
//
// The tables are a restatement from public sources, not a copy of the standard; README says which letters are not proven yet.
// Nothing here mends what it reads: a scan is normalised before, by domain/scan.h, where it is scanned.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/result.h"

namespace mes::domain {

inline constexpr size_t kNewBatteryCodeLength = 24;
inline constexpr size_t kSecondLifeCodeLength = 19;
// Manufacturer, product, battery type, specification: what one kind of product shares.
inline constexpr size_t kBatteryPrefixLength = 7;
inline constexpr size_t kTraceabilityLength = 7;
inline constexpr int32_t kLastBatterySerial = 9'999'999;

struct BatteryCode {
  // Three characters, given by the filing system of the ministry's centre.
  std::string manufacturer;
  char product_type = 'P';
  char battery_type = 'Z';
  std::string specification;
  // Empty for second-life codes.
  std::string traceability;
  std::chrono::year_month_day date{};
  // 1 to 9,999,999, anew each day.
  int32_t serial = 0;
  // Second life: the level of the old product; 0 = a new product.
  char reuse_level = 0;

  bool SecondLife() const { return reuse_level != 0; }
  bool operator==(const BatteryCode&) const = default;
};

// Why a text is no such code.
struct CodeFault {
  // From 1; 0 = the whole (its length).
  int position = 0;
  std::string sentence;
  bool operator==(const CodeFault&) const = default;
};

// Everything that can be read, and every fault. Without faults the code is valid.
struct BatteryCodeReading {
  BatteryCode code;
  std::vector<CodeFault> faults;
  bool Valid() const { return faults.empty(); }
};
BatteryCodeReading ReadBatteryCode(std::string_view text);

// Errors: CODE_INVALID with `field`, `position` and the first fault's sentence.
Result<BatteryCode> ParseBatteryCode(std::string_view text, std::string_view field);
// Valid, and of a new product (24 characters).
bool IsNewBatteryCode(std::string_view text);
// Valid, and of a second-life product (19 characters).
bool IsSecondLifeCode(std::string_view text);

// Writes a code, to be read back. Errors: CODE_INVALID where a part is not possible: a year outside 2011 to 2040, a serial out of
// range.
Result<std::string> FormatBatteryCode(const BatteryCode& code);

// The three characters of a day. Errors: FIELD_INVALID with `field` for dates outside 2011 to 2040 and days that do not exist.
Result<std::string> FormatBatteryDate(std::chrono::year_month_day date, std::string_view field);

// What is issued here leaves out I and O, which people mistake for 1 and 0, and lower case; readers take them. Errors:
// CODE_INVALID with `field`: not `length` characters 0-9 A-Z without I and O.
Status CheckIssuedPart(std::string_view text, size_t length, std::string_view field);

// `battery pack`, `lithium iron phosphate`: empty for letters without a meaning.
std::string_view ProductTypeName(char letter);
std::string_view BatteryTypeName(char letter);
// Not proven by a second public source; the standard itself must be asked before a product claim rests on it.
bool IsBatteryTypeProven(char letter);

}  // namespace mes::domain
