#include "db/hold_predicate.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace mes::db {
namespace {

// Calls `visit(name, member)` for each condition, in one order for both ways.
template <typename Predicate, typename Visit>
void VisitConditions(Predicate& predicate, const Visit& visit) {
  visit("unit_ids", predicate.unit_ids);
  visit("supplier", predicate.supplier);
  visit("supplier_lot", predicate.supplier_lot);
  visit("material_id", predicate.material_id);
  visit("revision_id", predicate.revision_id);
  visit("work_order_id", predicate.work_order_id);
  visit("station_ids", predicate.station_ids);
  visit("tool_code", predicate.tool_code);
  visit("from", predicate.from);
  visit("until", predicate.until);
  visit("operation", predicate.operation);
  visit("characteristic", predicate.characteristic);
  visit("lower", predicate.lower);
  visit("upper", predicate.upper);
}

template <typename Value>
struct Codec {
  static void Write(nlohmann::json& json, const Value& value) {
    if (!(value == Value{})) json = value;
  }
  static void Read(const nlohmann::json& json, Value& value) { value = json.get<Value>(); }
};
template <>
struct Codec<std::optional<double>> {
  static void Write(nlohmann::json& json, const std::optional<double>& value) {
    if (value) json = *value;
  }
  static void Read(const nlohmann::json& json, std::optional<double>& value) { value = json.get<double>(); }
};
template <>
struct Codec<std::optional<domain::Time>> {
  static void Write(nlohmann::json& json, const std::optional<domain::Time>& value) {
    if (value) json = domain::ToMicros(*value);
  }
  static void Read(const nlohmann::json& json, std::optional<domain::Time>& value) {
    value = domain::FromMicros(json.get<int64_t>());
  }
};

}  // namespace

std::string PredicateToJson(const domain::HoldPredicate& predicate) {
  nlohmann::json json = nlohmann::json::object();
  VisitConditions(predicate, [&](const char* name, const auto& value) {
    nlohmann::json written;
    Codec<std::decay_t<decltype(value)>>::Write(written, value);
    if (!written.is_null()) json[name] = std::move(written);
  });
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

domain::HoldPredicate PredicateFromJson(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text);
  domain::HoldPredicate predicate;
  VisitConditions(predicate, [&](const char* name, auto& value) {
    if (const auto found = json.find(name); found != json.end()) Codec<std::decay_t<decltype(value)>>::Read(*found, value);
  });
  std::sort(predicate.unit_ids.begin(), predicate.unit_ids.end());
  return predicate;
}

}  // namespace mes::db
