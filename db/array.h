// PostgreSQL's array literals, both ways: libpqxx 6.4 binds no containers, so sets travel as text and are unnested in SQL.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "domain/time.h"

namespace mes::db {

// `{1,2,3}`.
std::string ArrayOf(const std::vector<int64_t>& values);
std::string ArrayOf(const std::vector<int32_t>& values);
std::string ArrayOf(const std::vector<int16_t>& values);
// `{"a","b \"c\""}`: every text quoted, so that any content is safe.
std::string ArrayOf(const std::vector<std::string>& values);
// float8[]; nullopt is NULL. Exact: the shortest text that reads back to the same double.
std::string ArrayOf(const std::vector<std::optional<double>>& values);
// timestamptz[], to the microsecond.
std::string ArrayOf(const std::vector<domain::Time>& values);

// Appends one literal element by element: for columns of a batch, with nulls, without a vector of its own per column.
class ArrayWriter {
 public:
  ArrayWriter& Add(std::integral auto value) {
    Next();
    if constexpr (std::same_as<decltype(value), bool>) {
      text_ += value ? 't' : 'f';
    } else {
      char digits[24];
      text_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
    }
    return *this;
  }
  // An enumeration as its number.
  template <typename Enum>
    requires std::is_enum_v<Enum>
  ArrayWriter& Add(Enum value) {
    return Add(static_cast<int64_t>(value));
  }
  ArrayWriter& Add(double value);
  ArrayWriter& Add(std::string_view value);
  ArrayWriter& Add(const char* value) { return Add(std::string_view(value)); }
  ArrayWriter& Add(const std::string& value) { return Add(std::string_view(value)); }
  ArrayWriter& Add(domain::Time value);
  template <typename Value>
  ArrayWriter& Add(const std::optional<Value>& value) {
    return value ? Add(*value) : AddNull();
  }
  ArrayWriter& AddNull();
  // The whole literal; the writer is empty afterwards.
  std::string Take();

 private:
  void Next() {
    if (text_.size() > 1) text_ += ',';
  }
  std::string text_ = "{";
};

// One column of a batch: `ArrayOf(orders, [](const auto& order) { return order.id; })`.
template <typename Rows, typename Projection>
std::string ArrayOf(const Rows& rows, const Projection& projection) {
  ArrayWriter writer;
  for (const auto& row : rows) writer.Add(std::invoke(projection, row));
  return writer.Take();
}

// Read what PostgreSQL wrote of a one-dimensional array without nulls; throw std::invalid_argument on anything else.
std::vector<int64_t> IntegersIn(std::string_view literal);
std::vector<int32_t> Integers32In(std::string_view literal);
std::vector<int16_t> Integers16In(std::string_view literal);
std::vector<std::string> TextsIn(std::string_view literal);
// As above, with nulls.
std::vector<std::optional<double>> DoublesIn(std::string_view literal);

}  // namespace mes::db
