#include "domain/gs1.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "domain/gbt34014.h"

namespace mes::domain {
namespace {

constexpr char kSeparator = '\x1d';

enum class Characters { kDigits, kSet82, kSet39, kDate };

struct Format {
  std::string_view ai;
  std::string_view title;
  Characters characters;
  size_t shortest;
  size_t longest;
  // Digits at the front whose last is their check digit; 0 = none.
  size_t checked;
  // The element string needs no separator after it.
  bool predefined;
};

constexpr auto kFormats = std::to_array<Format>({
    {"00", "serial shipping container code", Characters::kDigits, 18, 18, 18, true},
    {"01", "global trade item number", Characters::kDigits, 14, 14, 14, true},
    {"02", "trade item number of contained items", Characters::kDigits, 14, 14, 14, true},
    {"10", "batch or lot", Characters::kSet82, 1, 20, 0, false},
    {"11", "production date", Characters::kDate, 6, 6, 0, true},
    {"13", "packaging date", Characters::kDate, 6, 6, 0, true},
    {"15", "best before date", Characters::kDate, 6, 6, 0, true},
    {"17", "expiration date", Characters::kDate, 6, 6, 0, true},
    {"21", "serial number", Characters::kSet82, 1, 20, 0, false},
    {"22", "consumer product variant", Characters::kSet82, 1, 20, 0, false},
    {"37", "count of contained items", Characters::kDigits, 1, 8, 0, false},
    {"240", "additional item identification", Characters::kSet82, 1, 30, 0, false},
    {"241", "customer part number", Characters::kSet82, 1, 30, 0, false},
    {"250", "secondary serial number", Characters::kSet82, 1, 30, 0, false},
    {"253", "global document type identifier", Characters::kSet82, 13, 30, 13, false},
    {"254", "location extension", Characters::kSet82, 1, 20, 0, false},
    {"400", "customer's purchase order", Characters::kSet82, 1, 30, 0, false},
    {"401", "global identification number for consignment", Characters::kSet82, 1, 30, 0, false},
    {"402", "global shipment identification number", Characters::kDigits, 17, 17, 17, false},
    {"410", "ship to location", Characters::kDigits, 13, 13, 13, true},
    {"414", "physical location", Characters::kDigits, 13, 13, 13, true},
    {"417", "party", Characters::kDigits, 13, 13, 13, true},
    {"8003", "global returnable asset identifier", Characters::kSet82, 14, 30, 14, false},
    {"8004", "global individual asset identifier", Characters::kSet82, 1, 30, 0, false},
    {"8006", "piece of a trade item", Characters::kDigits, 18, 18, 14, false},
    {"8010", "component or part identifier", Characters::kSet39, 1, 30, 0, false},
    {"8011", "component or part serial number", Characters::kDigits, 1, 12, 0, false},
});

// Primary identifiers with their qualifiers in the only order allowed.
struct Key {
  std::string_view ai;
  std::array<std::string_view, 3> qualifiers;
};
constexpr auto kKeys = std::to_array<Key>({
    {"01", {"22", "10", "21"}},
    {"8006", {"22", "10", "21"}},
    {"00", {}},
    {"8003", {}},
    {"8004", {}},
    {"8010", {"8011", "", ""}},
    {"253", {}},
    {"401", {}},
    {"402", {}},
    {"414", {"254", "", ""}},
    {"417", {}},
});

const Format* FormatOf(std::string_view ai) {
  const auto found = std::find_if(kFormats.begin(), kFormats.end(), [&](const Format& format) { return format.ai == ai; });
  return found == kFormats.end() ? nullptr : &*found;
}

const Key* KeyOf(std::string_view ai) {
  const auto found = std::find_if(kKeys.begin(), kKeys.end(), [&](const Key& key) { return key.ai == ai; });
  return found == kKeys.end() ? nullptr : &*found;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetterOrDigit(char c) { return IsDigit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

bool Allows(Characters characters, char c) {
  switch (characters) {
    case Characters::kDigits:
    case Characters::kDate:
      return IsDigit(c);
    case Characters::kSet82:
      return IsLetterOrDigit(c) || std::string_view("!\"%&'()*+,-./:;<=>?_").find(c) != std::string_view::npos;
    case Characters::kSet39:
      return IsDigit(c) || (c >= 'A' && c <= 'Z') || c == '#' || c == '-' || c == '/';
  }
  return false;
}

// YYMMDD; day 00 stands for the whole month.
bool IsDate(std::string_view digits) {
  const auto two = [&](size_t at) { return (digits[at] - '0') * 10 + (digits[at + 1] - '0'); };
  const int month = two(2), day = two(4);
  if (month < 1 || month > 12) return false;
  if (day == 0) return true;
  return std::chrono::year_month_day(std::chrono::year(2000 + two(0)) / month / day).ok();
}

Error Invalid(std::string_view field, std::string message, std::string_view ai = "") {
  Error error = FieldError(Reason::kCodeInvalid, field, std::move(message));
  if (!ai.empty()) error.metadata["ai"] = ai;
  return error;
}

// The identifier that a text begins with: two to four digits; null = none known.
const Format* FormatAt(std::string_view text) {
  for (size_t length = 2; length <= 4 && length <= text.size(); ++length) {
    if (const Format* format = FormatOf(text.substr(0, length))) return format;
  }
  return nullptr;
}

Result<std::vector<Gs1Element>> ParsePrinted(std::string_view text, std::string_view field) {
  std::vector<Gs1Element> elements;
  while (!text.empty()) {
    const size_t close = text.find(')');
    if (text[0] != '(' || close == std::string_view::npos) return Fail(Invalid(field, "an identifier in brackets is missing"));
    Gs1Element element{std::string(text.substr(1, close - 1)), ""};
    text.remove_prefix(close + 1);
    // A value may hold brackets itself: the next identifier is a known one in brackets.
    size_t end = 0;
    for (;; ++end) {
      end = std::min(text.find('(', end), text.size());
      const size_t next_close = end == text.size() ? end : std::min(text.find(')', end), text.size());
      if (end == text.size()) break;
      if (next_close != text.size() && FormatOf(text.substr(end + 1, next_close - end - 1)) != nullptr) break;
    }
    element.value = text.substr(0, end);
    text.remove_prefix(end);
    elements.push_back(std::move(element));
  }
  return elements;
}

Result<std::vector<Gs1Element>> ParseRaw(std::string_view text, std::string_view field) {
  std::vector<Gs1Element> elements;
  if (text.front() == kSeparator) text.remove_prefix(1);
  while (!text.empty()) {
    const Format* format = FormatAt(text);
    if (format == nullptr) {
      return Fail(Invalid(field, "`" + std::string(text.substr(0, 4)) + "` begins with no application identifier known here"));
    }
    text.remove_prefix(format->ai.size());
    const size_t end = format->predefined ? std::min(format->longest, text.size()) : std::min(text.find(kSeparator), text.size());
    elements.push_back({std::string(format->ai), std::string(text.substr(0, end))});
    text.remove_prefix(end);
    if (!text.empty() && text.front() == kSeparator) text.remove_prefix(1);
  }
  return elements;
}

constexpr char kHex[] = "0123456789ABCDEF";

// Everything but RFC 3986's unreserved characters.
std::string PercentEncoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (IsLetterOrDigit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kHex[byte >> 4];
    encoded += kHex[byte & 15];
  }
  return encoded;
}

int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool PercentDecode(std::string_view text, std::string& decoded) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1, low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
    if (high < 0 || low < 0) return false;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

std::vector<std::string_view> Split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = std::min(text.find(by), text.size());
    parts.push_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

Result<std::vector<Gs1Element>> Checked(std::vector<Gs1Element> elements, std::string_view field) {
  for (const Gs1Element& element : elements) {
    if (Status checked = CheckGs1Element(element, field); !checked) return Fail(checked.error());
  }
  return elements;
}

// The place in the path of the primary identifier; the last one that fits, so that a host's own path may look like anything.
size_t PrimaryAt(const std::vector<std::string_view>& path, const Key*& key) {
  for (size_t i = path.size() >= 2 ? path.size() - 2 : 0; i > 0; i -= std::min<size_t>(i, 2)) {
    key = KeyOf(path[i]);
    if (key != nullptr) return i;
  }
  return 0;
}

}  // namespace

std::string_view Gs1Title(std::string_view ai) {
  const Format* format = FormatOf(ai);
  return format == nullptr ? std::string_view() : format->title;
}

char Gs1CheckDigit(std::string_view body) {
  int sum = 0, weight = 3;
  for (size_t i = body.size(); i-- > 0; weight = 4 - weight) sum += (body[i] - '0') * weight;
  return static_cast<char>('0' + (10 - sum % 10) % 10);
}

bool HasGs1CheckDigit(std::string_view digits) {
  return digits.size() > 1 && std::all_of(digits.begin(), digits.end(), IsDigit) &&
         Gs1CheckDigit(digits.substr(0, digits.size() - 1)) == digits.back();
}

Result<std::string> ParseGtin(std::string_view text, std::string_view field) {
  const bool length = text.size() == 8 || (text.size() >= 12 && text.size() <= 14);
  if (!length || !std::all_of(text.begin(), text.end(), IsDigit)) {
    return Fail(Invalid(field, std::string(field) + " is no GTIN: 8, 12, 13 or 14 digits", "01"));
  }
  if (!HasGs1CheckDigit(text)) {
    return Fail(Invalid(
        field,
        std::string(field) + " has a wrong check digit: " + Gs1CheckDigit(text.substr(0, text.size() - 1)) + " would be right",
        "01"));
  }
  return std::string(14 - text.size(), '0') + std::string(text);
}

Status CheckGs1Element(const Gs1Element& element, std::string_view field) {
  const Format* format = FormatOf(element.ai);
  if (format == nullptr)
    return Fail(Invalid(field, "application identifier `" + element.ai.substr(0, 8) + "` is not known here"));
  const std::string name = "(" + element.ai + ") " + std::string(format->title);
  const std::string& value = element.value;
  if (value.size() < format->shortest || value.size() > format->longest) {
    return Fail(Invalid(field,
                        name + " has " + std::to_string(value.size()) + " characters, not " + std::to_string(format->shortest) +
                            (format->shortest == format->longest ? "" : " to " + std::to_string(format->longest)),
                        element.ai));
  }
  const auto bad = std::find_if(value.begin(), value.end(), [&](char c) { return !Allows(format->characters, c); });
  if (bad != value.end()) {
    return Fail(Invalid(
        field, name + " holds a character that GS1 does not allow there, at position " + std::to_string(bad - value.begin() + 1),
        element.ai));
  }
  if (format->checked > 0 && !HasGs1CheckDigit(std::string_view(value).substr(0, format->checked))) {
    return Fail(Invalid(field, name + " has a wrong check digit", element.ai));
  }
  if (format->characters == Characters::kDate && !IsDate(value)) {
    return Fail(Invalid(field, name + " is no date (YYMMDD)", element.ai));
  }
  return {};
}

Result<std::vector<Gs1Element>> ParseElementString(std::string_view text, std::string_view field) {
  if (text.empty()) return Fail(Invalid(field, std::string(field) + " is empty"));
  auto elements = text.front() == '(' ? ParsePrinted(text, field) : ParseRaw(text, field);
  if (!elements) return elements;
  return Checked(std::move(*elements), field);
}

std::string FormatElementString(const std::vector<Gs1Element>& elements, char bracket) {
  const char close = bracket == '[' ? ']' : ')';
  std::string text;
  for (const Gs1Element& element : elements) text += bracket + element.ai + close + element.value;
  return text;
}

Result<std::string> FormatDigitalLink(std::string_view host, const std::vector<Gs1Element>& elements) {
  const bool plain = std::all_of(host.begin(), host.end(), [](char c) {
    return IsLetterOrDigit(c) || std::string_view("-._~:/").find(c) != std::string_view::npos;
  });
  if (host.empty() || !plain || host.front() == '/' || host.back() == '/' || host.find("//") != std::string_view::npos) {
    return Fail(FieldError(Reason::kFieldInvalid, "host", "host is not a web server's name, with a path at most"));
  }
  const Key* key = nullptr;
  for (const Gs1Element& element : elements) {
    if (Status checked = CheckGs1Element(element, "elements"); !checked) return Fail(checked.error());
    const Key* found = KeyOf(element.ai);
    if (found != nullptr && key != nullptr) return Fail(Invalid("elements", "there are two primary identifiers", element.ai));
    if (found != nullptr) key = found;
  }
  if (key == nullptr) return Fail(Invalid("elements", "no element is a primary identifier (01, 00, 8003, 8004, 8010, ...)"));
  std::string path = "https://" + std::string(host), query;
  const auto place = [&](std::string_view ai) {
    for (const Gs1Element& element : elements) {
      if (element.ai == ai) path += "/" + element.ai + "/" + PercentEncoded(element.value);
    }
  };
  place(key->ai);
  for (const std::string_view qualifier : key->qualifiers) {
    if (!qualifier.empty()) place(qualifier);
  }
  for (const Gs1Element& element : elements) {
    const bool placed =
        element.ai == key->ai || std::find(key->qualifiers.begin(), key->qualifiers.end(), element.ai) != key->qualifiers.end();
    if (!placed) query += (query.empty() ? "?" : "&") + element.ai + "=" + PercentEncoded(element.value);
  }
  return path + query;
}

Result<std::vector<Gs1Element>> ParseDigitalLink(std::string_view uri, std::string_view field) {
  const size_t scheme = uri.starts_with("https://") ? 8 : uri.starts_with("http://") ? 7 : 0;
  if (scheme == 0) return Fail(Invalid(field, std::string(field) + " is no web address"));
  uri.remove_prefix(scheme);
  uri = uri.substr(0, uri.find('#'));
  const size_t question = std::min(uri.find('?'), uri.size());
  const std::vector<std::string_view> path = Split(uri.substr(0, question), '/');
  const Key* key = nullptr;
  const size_t first = PrimaryAt(path, key);
  if (first == 0) return Fail(Invalid(field, std::string(field) + " holds no GS1 identifier"));
  std::vector<Gs1Element> elements;
  size_t next_qualifier = 0;
  for (size_t i = first; i + 1 < path.size(); i += 2) {
    if (i > first) {
      const auto from = key->qualifiers.begin() + static_cast<ptrdiff_t>(next_qualifier);
      const auto found = std::find(from, key->qualifiers.end(), path[i]);
      if (path[i].empty() || found == key->qualifiers.end()) {
        return Fail(Invalid(field, "`" + std::string(path[i].substr(0, 8)) + "` may not follow in a Digital Link", path[i]));
      }
      next_qualifier = static_cast<size_t>(found - key->qualifiers.begin()) + 1;
    }
    elements.push_back({std::string(path[i]), ""});
    if (!PercentDecode(path[i + 1], elements.back().value))
      return Fail(Invalid(field, "a percent sign stands before no two hexadecimal digits"));
  }
  if (elements.front().ai == "01") {
    const Result<std::string> gtin = ParseGtin(elements.front().value, field);
    if (!gtin) return Fail(gtin.error());
    elements.front().value = *gtin;
  }
  if (question < uri.size()) {
    for (const std::string_view pair : Split(uri.substr(question + 1), '&')) {
      const size_t equals = std::min(pair.find('='), pair.size());
      // Words that are no identifiers are the web server's own.
      if (FormatOf(pair.substr(0, equals)) == nullptr || equals == pair.size()) continue;
      elements.push_back({std::string(pair.substr(0, equals)), ""});
      if (!PercentDecode(pair.substr(equals + 1), elements.back().value))
        return Fail(Invalid(field, "a percent sign stands before no two hexadecimal digits"));
    }
  }
  return Checked(std::move(elements), field);
}

std::string_view GtinSerialOf(std::string_view battery_code) {
  return battery_code.substr(std::min(battery_code.size(), kBatteryPrefixLength));
}

Result<std::string> BatteryCodeOf(std::string_view prefix, std::string_view serial, std::string_view field) {
  std::string code = std::string(prefix) + std::string(serial);
  if (Result<BatteryCode> parsed = ParseBatteryCode(code, field); !parsed) return Fail(parsed.error());
  return code;
}

bool FitsSerial(std::string_view code) { return CheckGs1Element({"21", std::string(code)}, "serial").has_value(); }

}  // namespace mes::domain
