#include "db/array.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

#include "db/time.h"

namespace mes::db {
namespace {

template <typename Integer>
std::string IntegerArray(const std::vector<Integer>& values) {
  std::string literal = "{";
  literal.reserve(values.size() * 8 + 2);
  char digits[24];
  for (const Integer value : values) {
    if (literal.size() > 1) literal += ',';
    literal.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }
  literal += '}';
  return literal;
}

// Calls `take` with each element's bare text; only for element types that are never quoted.
template <typename Take>
void ForEachBare(std::string_view literal, const Take& take) {
  if (literal.size() < 2 || literal.front() != '{' || literal.back() != '}') throw std::invalid_argument("not an array literal");
  literal = literal.substr(1, literal.size() - 2);
  while (!literal.empty()) {
    const size_t comma = std::min(literal.find(','), literal.size());
    take(literal.substr(0, comma));
    literal.remove_prefix(std::min(comma + 1, literal.size()));
  }
}

template <typename Number>
Number Parse(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) throw std::invalid_argument("not a number in an array literal");
  return value;
}

}  // namespace

std::string ArrayOf(const std::vector<int64_t>& values) { return IntegerArray(values); }
std::string ArrayOf(const std::vector<int32_t>& values) { return IntegerArray(values); }
std::string ArrayOf(const std::vector<int16_t>& values) { return IntegerArray(values); }

std::string ArrayOf(const std::vector<std::string>& values) { return ArrayOf(values, std::identity()); }
std::string ArrayOf(const std::vector<std::optional<double>>& values) { return ArrayOf(values, std::identity()); }
std::string ArrayOf(const std::vector<domain::Time>& values) { return ArrayOf(values, std::identity()); }

ArrayWriter& ArrayWriter::Add(double value) {
  Next();
  if (std::isfinite(value)) {
    char digits[32];
    text_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  } else {
    text_ += std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  }
  return *this;
}

ArrayWriter& ArrayWriter::Add(std::string_view value) {
  Next();
  text_ += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') text_ += '\\';
    text_ += c;
  }
  text_ += '"';
  return *this;
}

ArrayWriter& ArrayWriter::Add(domain::Time value) {
  Next();
  text_ += TimeText(value);
  return *this;
}

ArrayWriter& ArrayWriter::AddNull() {
  Next();
  text_ += "NULL";
  return *this;
}

std::string ArrayWriter::Take() {
  text_ += '}';
  std::string literal = "{";
  literal.swap(text_);
  return literal;
}

std::vector<int64_t> IntegersIn(std::string_view literal) {
  std::vector<int64_t> values;
  ForEachBare(literal, [&](std::string_view text) { values.push_back(Parse<int64_t>(text)); });
  return values;
}

std::vector<int32_t> Integers32In(std::string_view literal) {
  std::vector<int32_t> values;
  ForEachBare(literal, [&](std::string_view text) { values.push_back(Parse<int32_t>(text)); });
  return values;
}

std::vector<int16_t> Integers16In(std::string_view literal) {
  std::vector<int16_t> values;
  ForEachBare(literal, [&](std::string_view text) { values.push_back(Parse<int16_t>(text)); });
  return values;
}

std::vector<std::optional<double>> DoublesIn(std::string_view literal) {
  std::vector<std::optional<double>> values;
  ForEachBare(literal, [&](std::string_view text) {
    values.push_back(text == "NULL" ? std::nullopt : std::optional<double>(Parse<double>(text)));
  });
  return values;
}

std::vector<std::string> TextsIn(std::string_view literal) {
  if (literal.size() < 2 || literal.front() != '{' || literal.back() != '}') throw std::invalid_argument("not an array literal");
  std::vector<std::string> values;
  std::string value;
  bool quoted = false;
  for (size_t i = 1; i + 1 < literal.size(); ++i) {
    const char c = literal[i];
    if (c == '\\') {
      value += literal[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      values.push_back(std::move(value));
      value.clear();
    } else {
      value += c;
    }
  }
  if (literal.size() > 2) values.push_back(std::move(value));
  return values;
}

}  // namespace mes::db
