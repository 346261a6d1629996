// Shipments: units that leave for a customer in a country, with their value, and the share of it that was exported.
//
// Money is exact: integers of the currency's smallest unit (ISO 4217), and currencies are never added to each other. Exported is
// what left for another customs territory than the plant's (CN): Hong Kong, Macao and Taiwan have codes of their own in ISO 3166
// and count.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/calendar.h"
#include "domain/life.h"
#include "domain/result.h"

namespace mes::domain {

inline constexpr std::string_view kHomeCountry = "CN";

// Errors: FIELD_REQUIRED, FIELD_INVALID (not an assigned code of ISO 3166-1 alpha-2, capitals) with `field`.
Status CheckCountry(std::string_view country, std::string_view field);
// Fraction digits of a currency; nothing where it is not of the form of ISO 4217 (three capitals).
std::optional<int> MinorDigits(std::string_view currency);
// `1234.50` in the currency's smallest unit. Errors: FIELD_INVALID with `field` (no decimal number, sign, more digits than the
// currency has), LIMIT_EXCEEDED.
Result<int64_t> ParseMoney(std::string_view text, std::string_view currency, std::string_view field);
std::string FormatMoney(int64_t minor, std::string_view currency);

struct ShipmentItem {
  int64_t unit_id = 0;
  std::string unit_code;
  int32_t material_id = 0;
  int64_t value_minor = 0;
};
struct ShipmentDocument {
  std::string title;
  std::string uri;
  // Of its content, 64 lower-case hexadecimal digits; empty = not given.
  std::string sha256;
};
struct Shipment {
  int64_t id = 0;
  std::string customer;
  std::string country;
  std::string place;
  std::string currency;
  Time ship_time{};
  Time record_time{};
  std::string person;
  std::optional<Time> deliver_time;
  std::string delivered_by;
  std::string delivery_evidence;
  // Taken back: it never left.
  std::optional<LifeReversal> cancelled;
  std::vector<ShipmentItem> items;
  std::vector<ShipmentDocument> documents;
  // Of lists, which leave the items out.
  int64_t units = 0;
  int64_t value_minor = 0;
};

// What left in a period, alike in product, country and currency.
struct ShippedSum {
  Day plant_day = 0;
  int32_t material_id = 0;
  std::string country;
  std::string currency;
  int64_t units = 0;
  int64_t value_minor = 0;
};
struct ExportRow {
  Period period;
  // 0 = all products.
  int32_t material_id = 0;
  std::string currency;
  int64_t units = 0;
  int64_t exported_units = 0;
  int64_t value_minor = 0;
  int64_t exported_minor = 0;
  bool operator==(const ExportRow&) const = default;
};
// By period, currency and product, with a row for all products of each period and currency first. The order of `sums` does not
// matter.
std::vector<ExportRow> ExportShares(const std::vector<ShippedSum>& sums, PeriodKind kind);

}  // namespace mes::domain
