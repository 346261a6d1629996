#include "domain/scan.h"

#include <algorithm>

#include "domain/gbt34014.h"

namespace mes::domain {
namespace {

bool IsEnd(char c) { return c == '\r' || c == '\n' || c == '\t' || c == ' '; }

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && IsEnd(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsEnd(text.back())) text.remove_suffix(1);
  return text;
}

// UTF-8: U+FF01..U+FF5E are EF BC 81..EF BD 9E, U+3000 is E3 80 80.
std::string Narrowed(std::string_view text) {
  std::string narrow;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = [&](size_t offset) { return static_cast<unsigned char>(i + offset < text.size() ? text[i + offset] : 0); };
    if (byte(0) == 0xE3 && byte(1) == 0x80 && byte(2) == 0x80) {
      narrow += ' ';
      i += 2;
    } else if (byte(0) == 0xEF && (byte(1) == 0xBC || byte(1) == 0xBD) && byte(2) >= 0x80 && byte(2) <= 0xBF) {
      const unsigned point = 0xF000u | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
      if (point >= 0xFF01 && point <= 0xFF5E) {
        narrow += static_cast<char>(point - 0xFF01 + 0x21);
        i += 2;
      } else {
        narrow += text[i];
      }
    } else {
      narrow += text[i];
    }
  }
  return narrow;
}

bool IsAlphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

}  // namespace

std::string_view NameOf(Mend mend) {
  switch (mend) {
    case Mend::kSymbologyIdentifier:
      return "symbology identifier";
    case Mend::kSuffix:
      return "scanner suffix or blanks";
    case Mend::kFullWidth:
      return "full-width characters";
    case Mend::kLowerCase:
      return "lower case";
  }
  return "";
}

Scan NormalizeScan(std::string_view raw) {
  Scan scan;
  std::string text = Narrowed(raw);
  if (text != raw) scan.mends.push_back(Mend::kFullWidth);
  std::string_view rest = Trimmed(text);
  if (rest.size() != text.size()) scan.mends.push_back(Mend::kSuffix);
  // ISO/IEC 15424: `]`, a letter, a digit.
  if (rest.size() > 3 && rest[0] == ']' && IsAlphanumeric(rest[1]) && rest[2] >= '0' && rest[2] <= '9') {
    const std::string_view identifier = rest.substr(1, 2);
    scan.gs1 = identifier == "d2" || identifier == "Q3" || identifier == "C1" || identifier == "e0";
    rest.remove_prefix(3);
    scan.mends.push_back(Mend::kSymbologyIdentifier);
  }
  if (!rest.empty() && rest.front() == '\x1d') scan.gs1 = true;
  scan.text = rest;
  const bool battery_form = (scan.text.size() == kNewBatteryCodeLength || scan.text.size() == kSecondLifeCodeLength) &&
                            std::all_of(scan.text.begin(), scan.text.end(), IsAlphanumeric);
  const bool lower = std::any_of(scan.text.begin(), scan.text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (battery_form && lower) {
    for (char& c : scan.text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    scan.mends.push_back(Mend::kLowerCase);
  }
  return scan;
}

}  // namespace mes::domain
