// Running statements and reading rows, for db/*.cc only (the one header that shows libpqxx). It hides that libpqxx 6.4 binds
// neither string_view nor enumerations nor times and reads no optionals.
//
// Two ways to run a statement:
//   Execute(transaction, "select ...", ...)  parsed and planned with these very values. For sets (`= any($1)`, `unnest($1)`): a
//                                            generic plan guesses ten elements and then nests loops over a thousand.
//   Execute(transaction, kStatement, ...)    prepared once per connection, generic plan from the sixth run on. For look-ups by
//                                            key.
#pragma once

#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include <pqxx/pqxx>

#include "db/time.h"
#include "db/transaction.h"

namespace mes::db {

// A statement that is prepared on first use. `name` is unique in the program: by custom the constant's own name.
struct Statement {
  const char* name;
  const char* sql;
};

inline const char* Bindable(const char* value) { return value; }
inline const std::string& Bindable(const std::string& value) { return value; }
inline std::string Bindable(std::string_view value) { return std::string(value); }
inline std::string Bindable(domain::Time value) { return TimeText(value); }
inline const pqxx::binarystring& Bindable(const pqxx::binarystring& value) { return value; }
inline std::string Bindable(double value) {
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}
template <typename Value>
  requires(std::is_integral_v<Value> || std::is_enum_v<Value>)
auto Bindable(Value value) {
  if constexpr (std::is_enum_v<Value>) {
    return static_cast<int64_t>(value);
  } else {
    return value;
  }
}
template <typename Value>
auto Bindable(const std::optional<Value>& value) {
  using Bound = std::decay_t<decltype(Bindable(*value))>;
  return value ? std::optional<Bound>(Bindable(*value)) : std::nullopt;
}

template <typename... Values>
pqxx::result Execute(Transaction& transaction, const char* sql, const Values&... values) {
  return transaction.work().exec_params(sql, Bindable(values)...);
}

template <typename... Values>
pqxx::result Execute(Transaction& transaction, const Statement& statement, const Values&... values) {
  // Does nothing when it is there already.
  transaction.work().conn().prepare(statement.name, statement.sql);
  return transaction.work().exec_prepared(statement.name, Bindable(values)...);
}

inline std::string_view TextOf(const pqxx::field& field) { return {field.c_str(), field.size()}; }

// A column that is never null. Numbers, enumerations, bool, std::string, domain::Time. Throws std::invalid_argument on null or
// nonsense, which is a mistake in the statement.
template <typename Value>
Value Get(const pqxx::field& field) {
  if (field.is_null()) throw std::invalid_argument(std::string("null in column ") + field.name());
  const std::string_view text = TextOf(field);
  if constexpr (std::is_same_v<Value, std::string>) {
    return std::string(text);
  } else if constexpr (std::is_same_v<Value, domain::Time>) {
    return ParseTimeText(text);
  } else if constexpr (std::is_same_v<Value, bool>) {
    return text == "t";
  } else if constexpr (std::is_enum_v<Value>) {
    return static_cast<Value>(Get<std::underlying_type_t<Value>>(field));
  } else {
    Value value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
      throw std::invalid_argument(std::string("not a number in column ") + field.name());
    }
    return value;
  }
}

template <typename Value>
std::optional<Value> GetOptional(const pqxx::field& field) {
  return field.is_null() ? std::nullopt : std::optional<Value>(Get<Value>(field));
}

// Null reads as `otherwise`.
template <typename Value>
Value GetOr(const pqxx::field& field, Value otherwise) {
  return field.is_null() ? otherwise : Get<Value>(field);
}

// Reads a row's columns from left to right: `RowReader reader(row); order.id = reader.Next<int32_t>();`
class RowReader {
 public:
  explicit RowReader(pqxx::row row) : row_(std::move(row)) {}
  template <typename Value>
  Value Next() {
    return Get<Value>(row_[column_++]);
  }
  template <typename Value>
  std::optional<Value> NextOptional() {
    return GetOptional<Value>(row_[column_++]);
  }
  template <typename Value>
  Value NextOr(Value otherwise) {
    return GetOr<Value>(row_[column_++], otherwise);
  }
  // A bytea column.
  std::string NextBytes() { return pqxx::binarystring(row_[column_++]).str(); }
  // The bare text, valid while the result is.
  std::string_view NextText() { return TextOf(row_[column_++]); }

 private:
  pqxx::row row_;
  pqxx::row::size_type column_ = 0;
};

}  // namespace mes::db
