#include "domain/gbt34014.h"

#include <algorithm>

namespace mes::domain {
namespace {

// Values 1 to 30 by their place; the day 31 is 0. I, O, Q, U and Z are left out.
constexpr std::string_view kDateCharacters = "123456789ABCDEFGHJKLMNPRSTVWXY";
constexpr int kYearBeforeFirst = 2010;
constexpr int kLastDay = 31;
constexpr int kMonths = 12;
constexpr std::string_view kProductTypes = "PMC";
constexpr std::string_view kBatteryTypes = "ABCDEFGZ";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsPlain(char c) { return IsDigit(c) || (c >= 'A' && c <= 'Z'); }

// 1 to 30; 0 = none of them.
int DateValue(char c) {
  const size_t at = kDateCharacters.find(c);
  return at == std::string_view::npos ? 0 : static_cast<int>(at) + 1;
}

std::string Quoted(char c) { return c > 0x20 && c < 0x7f ? std::string("`") + c + "`" : std::string("that character"); }

// Reads one code from left to right, collecting faults.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  BatteryCodeReading Read() {
    const bool second_life = text_.size() == kSecondLifeCodeLength;
    if (!second_life && text_.size() != kNewBatteryCodeLength) {
      Fault(0, "it has " + std::to_string(text_.size()) + " characters; a new product's code has 24, a second-life product's 19");
      return std::move(reading_);
    }
    BatteryCode& code = reading_.code;
    code.manufacturer = Plain(3, "the manufacturer code");
    code.product_type = OneOf(kProductTypes, "the product type is P, M or C");
    code.battery_type = OneOf(kBatteryTypes, "the battery type is one of A to G, or Z");
    code.specification = Plain(2, "the specification code");
    if (!second_life) code.traceability = Plain(kTraceabilityLength, "the traceability information");
    ReadDate();
    ReadSerial();
    if (second_life) {
      OneOf("R", "a second-life code has R before its last character");
      code.reuse_level = OneOf(kProductTypes, "the level of reuse is P, M or C");
    }
    return std::move(reading_);
  }

 private:
  void Fault(size_t position, std::string sentence) {
    reading_.faults.push_back({static_cast<int>(position), std::move(sentence)});
  }
  std::string Plain(size_t length, std::string_view what) {
    const std::string_view part = text_.substr(at_, length);
    for (size_t i = 0; i < length; ++i) {
      if (!IsPlain(part[i])) {
        Fault(at_ + i + 1, std::string(what) + " holds " + Quoted(part[i]) + "; digits and capital letters are allowed");
      }
    }
    at_ += length;
    return std::string(part);
  }
  char OneOf(std::string_view allowed, std::string_view rule) {
    const char c = text_[at_++];
    if (allowed.find(c) == std::string_view::npos) Fault(at_, std::string(rule) + ", not " + Quoted(c));
    return c;
  }
  void ReadDate() {
    const size_t first = at_;
    const char y = text_[at_++], m = text_[at_++], d = text_[at_++];
    const int year = DateValue(y), month = DateValue(m), day = d == '0' ? kLastDay : DateValue(d);
    if (year == 0) Fault(first + 1, Quoted(y) + " is no year: 1-9 and letters without I, O, Q, U, Z");
    if (month == 0 || month > kMonths) Fault(first + 2, Quoted(m) + " is no month: 1-9, A, B, C");
    if (day == 0) Fault(first + 3, Quoted(d) + " is no day: 1-9, letters without I, O, Q, U, Z, and 0 for the 31st");
    if (year == 0 || month == 0 || month > kMonths || day == 0) return;
    reading_.code.date = std::chrono::year(kYearBeforeFirst + year) / month / day;
    if (!reading_.code.date.ok()) Fault(first + 3, "the month has no day " + std::to_string(day));
  }
  void ReadSerial() {
    constexpr size_t kLength = 7;
    const size_t first = at_;
    int32_t serial = 0;
    bool digits = true;
    for (; at_ < first + kLength; ++at_) {
      const char c = text_[at_];
      if (!IsDigit(c)) {
        Fault(at_ + 1, "the running number holds " + Quoted(c) + "; it has digits only");
        digits = false;
      }
      serial = serial * 10 + (c - '0');
    }
    if (!digits) return;
    reading_.code.serial = serial;
    if (serial == 0) Fault(first + 1, "the running number begins at 0000001");
  }

  std::string_view text_;
  size_t at_ = 0;
  BatteryCodeReading reading_;
};

}  // namespace

BatteryCodeReading ReadBatteryCode(std::string_view text) { return Reader(text).Read(); }

Result<BatteryCode> ParseBatteryCode(std::string_view text, std::string_view field) {
  BatteryCodeReading reading = ReadBatteryCode(text);
  if (reading.Valid()) return std::move(reading.code);
  const CodeFault& first = reading.faults.front();
  Error error = FieldError(Reason::kCodeInvalid, field,
                           std::string(field) + " is no code after GB/T 34014: " + first.sentence +
                               (first.position == 0 ? "" : " (position " + std::to_string(first.position) + ")"));
  error.metadata["position"] = std::to_string(first.position);
  return Fail(std::move(error));
}

bool IsNewBatteryCode(std::string_view text) { return text.size() == kNewBatteryCodeLength && ReadBatteryCode(text).Valid(); }
bool IsSecondLifeCode(std::string_view text) { return text.size() == kSecondLifeCodeLength && ReadBatteryCode(text).Valid(); }

Result<std::string> FormatBatteryDate(std::chrono::year_month_day date, std::string_view field) {
  const int year = static_cast<int>(date.year()) - kYearBeforeFirst;
  if (!date.ok() || year < 1 || year > static_cast<int>(kDateCharacters.size())) {
    return Fail(FieldError(Reason::kFieldInvalid, field, std::string(field) + " is not a day of the years 2011 to 2040"));
  }
  const unsigned month = static_cast<unsigned>(date.month()), day = static_cast<unsigned>(date.day());
  std::string text;
  text += kDateCharacters[static_cast<size_t>(year - 1)];
  text += kDateCharacters[month - 1];
  text += day == kLastDay ? '0' : kDateCharacters[day - 1];
  return text;
}

Result<std::string> FormatBatteryCode(const BatteryCode& code) {
  const Result<std::string> date = FormatBatteryDate(code.date, "date");
  if (!date) return Fail(date.error());
  std::string serial = std::to_string(code.serial);
  if (code.serial < 1 || code.serial > kLastBatterySerial) {
    return Fail(FieldError(Reason::kCodeInvalid, "serial", "the running number goes from 1 to 9,999,999"));
  }
  serial.insert(0, 7 - serial.size(), '0');
  std::string text = code.manufacturer + code.product_type + code.battery_type + code.specification;
  if (code.SecondLife()) {
    text += *date + serial + "R" + code.reuse_level;
  } else {
    text += code.traceability + *date + serial;
  }
  if (Result<BatteryCode> read = ParseBatteryCode(text, "code"); !read) return Fail(read.error());
  return text;
}

Status CheckIssuedPart(std::string_view text, size_t length, std::string_view field) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return IsPlain(c) && c != 'I' && c != 'O'; });
  if (text.size() == length && plain) return {};
  return Fail(FieldError(Reason::kCodeInvalid, field,
                         std::string(field) + " must be " + std::to_string(length) +
                             " characters 0-9 A-Z; I and O are not issued, since people read them as 1 and 0"));
}

std::string_view ProductTypeName(char letter) {
  switch (letter) {
    case 'P':
      return "battery pack";
    case 'M':
      return "battery module";
    case 'C':
      return "battery cell";
    default:
      return "";
  }
}

std::string_view BatteryTypeName(char letter) {
  switch (letter) {
    case 'A':
      return "nickel-metal hydride";
    case 'B':
      return "lithium iron phosphate";
    case 'C':
      return "lithium manganese oxide";
    case 'D':
      return "lithium cobalt oxide";
    case 'E':
      return "ternary (nickel cobalt manganese or aluminium)";
    case 'F':
      return "supercapacitor";
    case 'G':
      return "lithium titanate";
    case 'Z':
      return "other";
    default:
      return "";
  }
}

bool IsBatteryTypeProven(char letter) { return letter == 'B' || letter == 'E'; }

}  // namespace mes::domain
