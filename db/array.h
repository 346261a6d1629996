// PostgreSQL's array literals, both ways: libpqxx 6.4 binds no containers, so sets travel as text and are unnested in SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mes::db {

// `{1,2,3}`.
std::string ArrayOf(const std::vector<int64_t>& values);
std::string ArrayOf(const std::vector<int32_t>& values);
std::string ArrayOf(const std::vector<int16_t>& values);
// `{"a","b \"c\""}`: every text quoted, so that any content is safe.
std::string ArrayOf(const std::vector<std::string>& values);

// Read what PostgreSQL wrote of a one-dimensional array without nulls; throw std::invalid_argument on anything else.
std::vector<int64_t> IntegersIn(std::string_view literal);
std::vector<std::string> TextsIn(std::string_view literal);
// As above, with nulls.
std::vector<std::optional<double>> DoublesIn(std::string_view literal);

}  // namespace mes::db
