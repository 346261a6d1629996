// What passports and documents call things: SHA-256 of bytes, and identifiers in the form of a UUID that are derived from the plant's
// namespace and a thing's own number, so that every document of one thing has the same (RFC 9562 version 8, over SHA-256).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mes::services {

// Hexadecimal, lower case.
std::string Sha256Of(std::string_view bytes);

// Of a unit or lot, of its passport: `550e8400-e29b-81d4-a716-446655440000`.
std::string UnitUuid(std::string_view plant_namespace, int64_t unit_id);
std::string PassportUuid(std::string_view plant_namespace, int64_t unit_id);

}  // namespace mes::services
