#include "domain/passport_attribute.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

#include "domain/code.h"
#include "domain/limits_passport.h"
#include "domain/substance.h"

namespace mes::domain {
namespace {

using A = AttributeAccess;
using L = AttributeLevel;
using T = FactType;
using Row = PassportAttribute;

constexpr A kAll = A::kPublic, kKnowing = A::kInterestAndAuthorities, kWatch = A::kAuthorities, kHolder = A::kInterest;
constexpr L kModel = L::kModel, kItem = L::kItem;
constexpr int kB = static_cast<int>(PassportKind::kBattery), kS = static_cast<int>(PassportKind::kStack), kBoth = kBothKinds;
constexpr double kMost = 1e12;

constexpr Row Kept(std::string_view name, std::string_view label, std::string_view point, A access, L level, T type,
                   std::string_view unit = "", bool by_subject = false, int kinds = kBoth) {
  return {name, label, point, access, level, type, unit, 0, kMost, "", by_subject, kinds, true};
}
constexpr Row Number(std::string_view name, std::string_view label, std::string_view point, A access, L level, std::string_view unit,
                     double low, double high, int kinds = kB, bool by_subject = false) {
  return {name, label, point, access, level, T::kNumber, unit, low, high, "", by_subject, kinds, false};
}
constexpr Row Share(std::string_view name, std::string_view label, std::string_view point, A access, L level, int kinds = kB,
                    bool by_subject = false) {
  return Number(name, label, point, access, level, "%", 0, 100, kinds, by_subject);
}
constexpr Row Whole(std::string_view name, std::string_view label, std::string_view point, A access, L level, std::string_view unit,
                    double high, int kinds = kB) {
  return {name, label, point, access, level, T::kWhole, unit, 0, high, "", false, kinds, false};
}
constexpr Row Text(std::string_view name, std::string_view label, std::string_view point, A access, L level = kModel, int kinds = kBoth,
                   bool by_subject = false) {
  return {name, label, point, access, level, T::kText, "", 0, 0, "", by_subject, kinds, false};
}
constexpr Row Word(std::string_view name, std::string_view label, std::string_view point, A access, std::string_view words,
                   int kinds = kBoth, bool by_subject = false, T type = T::kWord) {
  return {name, label, point, access, kModel, type, "", 0, 0, words, by_subject, kinds, false};
}
constexpr Row Of(T type, std::string_view name, std::string_view label, std::string_view point, A access, L level = kModel,
                 int kinds = kBoth) {
  return {name, label, point, access, level, type, "", 0, 0, "", false, kinds, false};
}
constexpr Row Link(std::string_view name, std::string_view label, std::string_view point, A access, L level = kModel,
                   int kinds = kBoth) {
  return Of(T::kLink, name, label, point, access, level, kinds);
}

constexpr auto kRows = std::to_array<Row>({
    // Identity and label.
    Kept("passport_identifier", "passport", "1a", kAll, kItem, T::kText),
    Kept("predecessor_identifier", "passport of the first life", "", kAll, kItem, T::kText),
    Kept("unit_code", "identification", "1a", kAll, kItem, T::kText),
    Kept("product_code", "model", "1a", kAll, kModel, T::kText),
    Kept("product_revision", "revision of the model's definition", "", kAll, kModel, T::kWhole),
    Kept("product_name", "name of the model", "1a", kAll, kModel, T::kText),
    Kept("batch", "order or supplier's lot that it was made in", "1a", kAll, kItem, T::kText),
    Of(T::kDay, "manufacturing_date", "date of manufacture", "1a", kAll, kItem),
    Kept("manufacturing_time", "moment of the last operation", "", kAll, kItem, T::kText),
    Word("battery_category", "battery category", "1a", kAll, "EV|LMT|industrial", kB),
    Text("chemistry", "chemistry, short", "1a", kAll, kModel, kB),
    Text("chemistry_name", "chemistry", "1a", kAll, kModel, kB),
    Text("purpose", "purpose", "", kAll),
    Text("manufacturer_name", "manufacturer", "1a", kAll),
    Word("manufacturer_bpnl", "manufacturer's business partner number", "1a", kAll, "BPNL", kBoth, false, T::kPartner),
    Text("manufacturer_street", "manufacturer's street", "1a", kAll),
    Text("manufacturer_street_number", "manufacturer's house number", "1a", kAll),
    Text("manufacturer_city", "manufacturer's town", "1a", kAll),
    Of(T::kPostCode, "manufacturer_post_code", "manufacturer's post code", "1a", kAll),
    Of(T::kRegion, "manufacturer_region", "manufacturer's country and region", "1a", kAll),
    Of(T::kEmail, "manufacturer_email", "manufacturer's e-mail address", "1a", kAll),
    Link("manufacturer_web", "manufacturer's web address", "1a", kAll),
    Text("operator_name", "economic operator", "1a", kAll),
    Word("operator_bpnl", "economic operator's business partner number", "1a", kAll, "BPNL", kBoth, false, T::kPartner),
    Word("facility_bpna", "manufacturing plant's address number", "1a", kAll, "BPNA", kBoth, false, T::kPartner),
    Word("facility_bpns", "manufacturing plant's site number", "1a", kAll, "BPNS", kBoth, false, T::kPartner),
    Text("facility_street", "manufacturing plant's street", "1a", kAll),
    Text("facility_street_number", "manufacturing plant's house number", "1a", kAll),
    Text("facility_city", "manufacturing plant's town", "1a", kAll),
    Of(T::kPostCode, "facility_post_code", "manufacturing plant's post code", "1a", kAll),
    Of(T::kRegion, "facility_region", "manufacturing plant's country and region", "1a", kAll),
    Of(T::kCountry, "facility_country", "country of manufacture", "1a", kAll),
    Word("customer_bpnl", "customer's business partner number", "", kKnowing, "BPNL", kBoth, false, T::kPartner),
    Text("customer_part_number", "customer's part number", "", kKnowing),
    Text("customer_part_name", "customer's name of the part", "", kKnowing),
    Text("classification_standard", "standard of the part's classification", "", kAll),
    Text("classification_id", "class of the part", "", kAll),
    Text("customs_code", "customs tariff number", "", kAll),
    Text("data_carrier_type", "data carrier", "", kAll),
    Text("data_carrier_place", "where the data carrier is", "", kAll),
    Link("product_image", "product image", "", kAll, kModel, kS),
    Of(T::kDay, "passport_expiration", "end of the passport's validity", "", kAll),
    Link("passport_backup", "backup of the passport", "", kAll),
    Text("registration_identifier", "registration in the EU registry", "", kAll, kItem),
    Kept("composition_basis", "whether masses and materials are as built or as maintained", "", kAll, kItem, T::kText),
    Kept("mass_total", "mass", "1a", kAll, kItem, T::kNumber, "kg"),
    Number("gross_mass", "mass with packaging", "", kAll, kModel, "kg", 0, kMost, kS),
    Number("volume", "volume", "", kAll, kModel, "l", 0, kMost, kS),
    Number("gross_volume", "volume with packaging", "", kAll, kModel, "l", 0, kMost, kS),
    Text("extinguishing_agent", "extinguishing agent", "1a", kAll, kModel, kB),
    Text("extinguishing_fire_class", "fire class", "1a", kAll, kModel, kB),
    // Materials.
    Kept("critical_raw_material", "critical raw material above 0.1 %", "1b", kAll, kModel, T::kNumber, "%", true),
    Word("hazard_class", "hazard class", "1b", kAll, "AcuteToxicity|SkinCorrosionOrIrritation|EyeDamageOrIrritation", kBoth, true),
    Text("hazard_impact", "hazardous substance: effect", "1b", kAll, kModel, kBoth, true),
    Share("concentration", "share by mass", "1b", kAll, kModel, kBoth, true),
    Link("substance_impact_document", "impact of substances", "1b", kAll),
    Link("material_document", "materials", "1b", kAll),
    Word("substance_of_concern", "substance of concern", "1b", kAll, "no|yes", kS, true),
    Text("concern_exemption", "substance of concern: exemption", "1b", kAll, kModel, kS, true),
    Text("concern_hazard_class", "substance of concern: hazard class", "1b", kAll, kModel, kS, true),
    Text("concern_hazard_category", "substance of concern: hazard category", "1b", kAll, kModel, kS, true),
    Text("concern_hazard_statement", "substance of concern: hazard statement", "1b", kAll, kModel, kS, true),
    // Footprint, due diligence, recycled and renewable content.
    Number("carbon_footprint", "carbon footprint", "1c", kAll, kModel, "kg CO2e/kWh", 0, kMost, kBoth),
    Number("carbon_footprint_absolute", "carbon footprint, absolute", "1c", kAll, kModel, "kg CO2e", 0, kMost, kBoth),
    Number("carbon_raw_material", "carbon footprint: raw material", "1c", kAll, kModel, "kg CO2e/kWh", 0, kMost),
    Number("carbon_production", "carbon footprint: main production", "1c", kAll, kModel, "kg CO2e/kWh", 0, kMost),
    Number("carbon_distribution", "carbon footprint: distribution", "1c", kAll, kModel, "kg CO2e/kWh", 0, kMost),
    Number("carbon_recycling", "carbon footprint: recycling", "1c", kAll, kModel, "kg CO2e/kWh", 0, kMost),
    Text("carbon_footprint_stage", "carbon footprint: stages of life that it covers", "1c", kAll),
    Text("carbon_footprint_class", "carbon footprint performance class", "1c", kAll),
    Link("carbon_footprint_study", "carbon footprint study", "1c", kAll),
    Link("carbon_footprint_rulebook", "carbon footprint rules", "1c", kAll),
    Link("carbon_footprint_declaration", "carbon footprint declaration", "1c", kAll),
    Link("due_diligence_report", "due diligence report", "1d", kAll),
    Link("due_diligence_policy", "due diligence policy", "1d", kAll),
    Link("third_party_assurance", "third-party assurance", "1d", kAll),
    Share("recycled_pre_consumer", "recycled content from manufacturing waste", "1e", kAll, kModel, kBoth, true),
    Share("recycled_post_consumer", "recycled content from post-consumer waste", "1e", kAll, kModel, kBoth, true),
    Share("renewable_content", "renewable content", "1f", kAll, kModel, kBoth),
    Share("renewable_share", "renewable share of a material", "1f", kAll, kModel, kBoth, true),
    // Performance of the model.
    Number("rated_capacity", "rated capacity", "1g", kAll, kModel, "Ah", 0, kMost),
    Number("rated_energy", "rated energy", "1g", kAll, kModel, "kWh", 0, kMost),
    Number("voltage_minimum", "minimal voltage", "1h", kAll, kModel, "V", 0, 10'000),
    Number("voltage_nominal", "nominal voltage", "1h", kAll, kModel, "V", 0, 10'000, kBoth),
    Number("voltage_maximum", "maximum voltage", "1h", kAll, kModel, "V", 0, 10'000, kBoth),
    Number("power_rated", "original power capability", "1i", kAll, kModel, "W", 0, kMost, kBoth),
    Number("power_at_20", "power at 20 % state of charge", "1i", kAll, kModel, "W", 0, kMost),
    Number("power_at_80", "power at 80 % state of charge", "1i", kAll, kModel, "W", 0, kMost),
    Number("power_ratio", "power to energy", "1i", kAll, kModel, "W/Wh", 0, kMost),
    Whole("expected_cycles", "expected cycles", "1j", kAll, kModel, "", 1'000'000),
    Link("lifetime_test", "reference test of the lifetime", "1j", kAll, kModel, kB),
    Whole("expected_years", "expected lifetime", "1j", kAll, kModel, "a", 1'000),
    Number("cycle_test_temperature", "temperature of the cycle test", "1j", kAll, kModel, "degC", -100, 200),
    Share("cycle_test_depth", "depth of discharge of the cycle test", "1j", kAll, kModel),
    Share("exhaustion_threshold", "capacity threshold for exhaustion", "1k", kAll, kModel),
    Number("idle_temperature_minimum", "lowest temperature when idle", "1l", kAll, kModel, "degC", -100, 200),
    Number("idle_temperature_maximum", "highest temperature when idle", "1l", kAll, kModel, "degC", -100, 200),
    Whole("warranty_months", "warranty", "1m", kAll, kModel, "month", 1'200, kBoth),
    Of(T::kDay, "warranty_end", "end of the warranty", "1m", kAll, kItem, kB),
    Whole("technical_lifetime_hours", "technical lifetime", "", kAll, kModel, "h", 1'000'000, kS),
    Share("round_trip_efficiency", "initial round-trip efficiency", "1n", kAll, kModel),
    Share("round_trip_efficiency_half_life", "round-trip efficiency at 50 % of the cycle life", "1n", kAll, kModel),
    Share("round_trip_depth", "depth of discharge of the efficiency test", "1n", kAll, kModel),
    Number("self_discharge", "initial self-discharge in a month", "", kAll, kModel, "%", 0, 100),
    Number("resistance_cell", "internal resistance of a cell", "1o", kAll, kModel, "Ohm", 0, 1'000),
    Number("resistance_pack", "internal resistance of the pack", "1o", kAll, kModel, "Ohm", 0, 1'000),
    Number("cycle_test_rate", "C-rate of the cycle test", "1p", kAll, kModel, "A/Ah", 0, 1'000),
    Number("cycle_charge_rate", "charge rate of the cycle test", "1p", kAll, kModel, "A/Ah", 0, 1'000),
    Number("cycle_discharge_rate", "discharge rate of the cycle test", "1p", kAll, kModel, "A/Ah", 0, 1'000),
    // Conformity and waste.
    Link("separate_collection", "separate collection", "1q", kAll),
    Link("label_symbol", "symbol of separate collection", "1q", kAll, kModel, kB),
    Link("label_meaning", "meaning of labels", "1q", kAll, kModel, kB),
    Text("label_meaning_text", "meaning of the separate collection symbol", "1q", kAll, kModel, kB),
    Text("declaration_of_conformity_id", "number of the declaration of conformity", "1r", kAll),
    Link("declaration_of_conformity", "EU declaration of conformity", "1r", kAll, kModel, kB),
    Link("waste_prevention", "waste prevention", "1s", kAll),
    Link("waste_collection", "collection of waste batteries", "1s", kAll, kModel, kB),
    Text("compliance_requirement", "requirement complied with", "", kAll, kModel, kS),
    Text("compliance_statement", "statement of compliance", "", kAll, kModel, kS),
    Of(T::kCountry, "compliance_country", "country of the requirement", "", kAll, kModel, kS),
    Word("imported", "imported into the EU", "", kAll, "no|yes", kS),
    Word("producer_scheme", "scheme of extended producer responsibility", "", kAll, "no|yes", kS),
    Word("recall", "recalled", "", kAll, "no|yes", kS),
    Word("reuse_system", "system of re-use", "", kAll, "no|yes", kS),
    Word("recyclability_rating", "rating of recyclability", "", kAll, "no|yes", kS),
    Link("applied_standard", "applied standard", "", kAll, kModel, kS),
    // For persons with a legitimate interest: composition, parts, dismantling, safety.
    Kept("substance_mass", "material", "2a", kKnowing, kModel, T::kNumber, "kg", true),
    Kept("element_mass", "element", "2a", kKnowing, kModel, T::kNumber, "kg", true),
    Kept("part_number", "part", "2b", kKnowing, kModel, T::kText, "", true),
    Kept("replaced_part", "part replaced since it was built, by position", "", kKnowing, kItem, T::kText, "", true),
    Text("spare_part_supplier", "source of spare parts", "2b", kKnowing),
    Word("spare_part_bpnl", "spare part source's business partner number", "2b", kKnowing, "BPNL", kBoth, false, T::kPartner),
    Text("spare_part_street", "spare part source's street", "2b", kKnowing),
    Text("spare_part_street_number", "spare part source's house number", "2b", kKnowing),
    Text("spare_part_city", "spare part source's town", "2b", kKnowing),
    Of(T::kPostCode, "spare_part_post_code", "spare part source's post code", "2b", kKnowing),
    Of(T::kRegion, "spare_part_region", "spare part source's country and region", "2b", kKnowing),
    Of(T::kEmail, "spare_part_email", "spare part source's e-mail address", "2b", kKnowing),
    Link("spare_part_web", "spare part source's web address", "2b", kKnowing),
    Link("exploded_drawing", "exploded drawing", "2c1", kKnowing),
    Link("dismantling_manual", "dismantling", "2c2", kKnowing),
    Link("removal_manual", "removal from the appliance", "2c2", kKnowing),
    Text("fastenings", "fastenings to unlock", "2c3", kKnowing),
    Text("dismantling_tools", "tools", "2c4", kKnowing),
    Text("damage_warnings", "where parts may be damaged", "2c5", kKnowing),
    Kept("cell_count", "cells", "2c6", kKnowing, kModel, T::kWhole),
    Text("cell_layout", "layout of cells", "2c6", kKnowing),
    Link("safety_instructions", "safety measures", "2d", kKnowing),
    Link("safe_discharging", "safe discharging", "2d", kKnowing, kModel, kB),
    Text("component_sorting", "sorting of components", "2d", kKnowing, kModel, kS),
    // For authorities.
    Link("test_report", "test report", "3", kWatch),
    // Of the single piece.
    Kept("battery_status", "status", "4c", kHolder, kItem, T::kText),
    Kept("life_state", "state of life", "4c", kHolder, kItem, T::kText),
    Kept("placed_on_market", "placed on the market", "", kAll, kItem, T::kDay),
    Kept("into_service", "put into service", "", kHolder, kItem, T::kText),
    Share("state_of_health", "state of health", "4b", kHolder, kItem, kBoth),
    Share("state_of_certified_energy", "state of certified energy", "4b", kHolder, kItem),
    Number("remaining_capacity", "remaining capacity", "4a", kHolder, kItem, "Ah", 0, kMost),
    Share("capacity_fade", "capacity fade", "4a", kHolder, kItem),
    Number("remaining_energy", "remaining energy", "4a", kHolder, kItem, "kWh", 0, kMost),
    Number("remaining_power", "remaining power", "4a", kHolder, kItem, "W", 0, kMost, kBoth),
    Share("remaining_power_charge", "state of charge at the remaining power's test", "4a", kHolder, kItem),
    Share("power_fade", "power fade", "4a", kHolder, kItem, kBoth),
    Share("remaining_round_trip_efficiency", "remaining round-trip efficiency", "4a", kHolder, kItem),
    Share("round_trip_efficiency_fade", "round-trip efficiency fade", "4a", kHolder, kItem),
    Number("present_resistance_cell", "present resistance of a cell", "4a", kHolder, kItem, "Ohm", 0, 1'000),
    Number("present_resistance_pack", "present resistance of the pack", "4a", kHolder, kItem, "Ohm", 0, 1'000),
    Number("resistance_increase_cell", "resistance increase of cells", "4a", kHolder, kItem, "%", -100, 100'000),
    Number("resistance_increase_pack", "resistance increase of the pack", "4a", kHolder, kItem, "%", -100, 100'000),
    Number("present_self_discharge", "present self-discharge in a month", "4a", kHolder, kItem, "%", 0, 100),
    Number("self_discharge_evolution", "evolution of self-discharge", "4a", kHolder, kItem, "%", -100, 100'000),
    Number("full_cycles", "full cycles", "4d", kHolder, kItem, "", 0, 1'000'000),
    Number("energy_throughput", "energy throughput", "4d", kHolder, kItem, "kWh", 0, kMost),
    Number("capacity_throughput", "capacity throughput", "4d", kHolder, kItem, "Ah", 0, kMost),
    Share("state_of_charge", "state of charge", "4d", kHolder, kItem),
    Text("negative_event", "negative event", "4d", kHolder, kItem),
    Number("time_hot", "time at extremely high temperature", "4d", kHolder, kItem, "min", 0, kMost),
    Number("time_cold", "time at extremely low temperature", "4d", kHolder, kItem, "min", 0, kMost),
    Number("time_hot_charging", "time charging at extremely high temperature", "4d", kHolder, kItem, "min", 0, kMost),
    Number("time_cold_charging", "time charging at extremely low temperature", "4d", kHolder, kItem, "min", 0, kMost),
    // What a recycler wants of a stack.
    Number("operating_hours", "operating hours", "", kHolder, kItem, "h", 0, 1'000'000, kS),
    Whole("start_count", "starts", "", kHolder, kItem, "", 10'000'000, kS),
    Number("insulation_resistance", "insulation resistance", "", kHolder, kItem, "MOhm", 0, kMost, kBoth),
    Number("residual_voltage", "residual voltage", "", kHolder, kItem, "V", 0, 10'000, kBoth),
    Text("purge_state", "hydrogen and water purged", "", kHolder, kItem, kS),
});

constexpr std::string_view kInterestRoles[] = {"recycler", "maintenance", "quality", "testing", "admin"};
constexpr std::string_view kAuthorityRoles[] = {"auditor", "quality", "testing", "admin"};
constexpr Role kInterestBits[] = {Role::kRecycler, Role::kMaintenance, Role::kQuality, Role::kTesting, Role::kAdmin};
constexpr Role kAuthorityBits[] = {Role::kAuditor, Role::kQuality, Role::kTesting, Role::kAdmin};

bool Upper(char c) { return c >= 'A' && c <= 'Z'; }
bool Lower(char c) { return c >= 'a' && c <= 'z'; }
bool Digit(char c) { return c >= '0' && c <= '9'; }

bool IsWord(std::string_view words, std::string_view value) {
  for (;;) {
    const size_t bar = words.find('|');
    if (words.substr(0, bar) == value) return true;
    if (bar == std::string_view::npos) return false;
    words.remove_prefix(bar + 1);
  }
}

bool IsLink(std::string_view value) {
  const size_t scheme = value.starts_with("https://") ? 8 : value.starts_with("http://") ? 7 : 0;
  if (scheme == 0 || value.size() == scheme || value[scheme] == '/') return false;
  return std::all_of(value.begin(), value.end(), [](char c) {
    return c > ' ' && c < '\x7f' && std::string_view("<>\"{}|\\^`").find(c) == std::string_view::npos;
  });
}

bool IsEmail(std::string_view value) {
  const size_t at = value.find('@');
  if (at == 0 || at == std::string_view::npos) return false;
  const std::string_view host = value.substr(at + 1);
  const size_t dot = host.rfind('.');
  const auto plain = [](char c) { return Upper(c) || Lower(c) || Digit(c) || c == '-' || c == '.' || c == '_'; };
  return dot != std::string_view::npos && dot > 0 && host.size() - dot > 2 && std::all_of(host.begin() + dot + 1, host.end(), [](char c) {
           return Upper(c) || Lower(c);
         }) && std::all_of(host.begin(), host.end(), [](char c) { return Upper(c) || Lower(c) || Digit(c) || c == '-' || c == '.'; }) &&
         std::all_of(value.begin(), value.begin() + at, plain);
}

bool IsRegion(std::string_view value) {
  return value.size() >= 4 && value.size() <= 6 && Upper(value[0]) && Upper(value[1]) && value[2] == '-' &&
         std::all_of(value.begin() + 3, value.end(), [](char c) { return Upper(c) || Digit(c); });
}

bool IsPostCode(std::string_view value) {
  return value.size() <= 11 && (Lower(value[0]) || Digit(value[0])) &&
         std::all_of(value.begin(), value.end(), [](char c) { return Lower(c) || Digit(c) || c == '-' || c == ' '; });
}

Error Wrong(const char* field, std::string message) { return FieldError(Reason::kFieldInvalid, field, std::move(message)); }

std::string Shortest(double value) {
  char digits[40];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed).ptr);
}

Result<std::string> CheckNumber(const PassportAttribute& attribute, const std::string& value) {
  double number = 0;
  const auto [end, fault] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool whole = attribute.type == T::kWhole;
  if (fault != std::errc() || end != value.data() + value.size() || !std::isfinite(number) || (whole && number != std::floor(number))) {
    return Fail(Wrong("value", std::string(attribute.name) + " is a " + (whole ? "whole " : "") + "number, not " + value));
  }
  if (number < attribute.low || number > attribute.high) {
    return Fail(Wrong("value", std::string(attribute.name) + " lies between " + Shortest(attribute.low) + " and " +
                                   Shortest(attribute.high) + (attribute.unit.empty() ? "" : " " + std::string(attribute.unit))));
  }
  return Shortest(number == 0 ? 0 : number);
}

Result<std::string> CheckValue(const PassportAttribute& attribute, const std::string& value) {
  const auto expect = [&](bool good, const std::string& what) -> Result<std::string> {
    if (good) return value;
    return Fail(Wrong("value", std::string(attribute.name) + " is " + what));
  };
  switch (attribute.type) {
    case T::kNumber:
    case T::kWhole:
      return CheckNumber(attribute, value);
    case T::kText:
      return expect(std::none_of(value.begin(), value.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }),
                    "a text on one line");
    case T::kDay:
      return expect(IsDay(value), "a day that exists, YYYY-MM-DD");
    case T::kWord:
      return expect(IsWord(attribute.words, value), "one of " + std::string(attribute.words));
    case T::kLink:
      return expect(IsLink(value), "an address that begins with https:// or http://");
    case T::kPartner:
      return expect(value.size() == 16 && value.starts_with(attribute.words) &&
                        std::all_of(value.begin() + 4, value.end(), [](char c) { return Upper(c) || Lower(c) || Digit(c); }),
                    std::string(attribute.words) + " and twelve letters or digits");
    case T::kEmail:
      return expect(IsEmail(value), "an e-mail address");
    case T::kRegion:
      return expect(IsRegion(value), "a code of ISO 3166-2, for example CN-NM");
    case T::kCountry:
      return expect(value.size() == 3 && std::all_of(value.begin(), value.end(), Upper), "a code of ISO 3166-1, for example CHN");
    case T::kPostCode:
      return expect(IsPostCode(value), "at most 11 digits, lower-case letters, hyphens and blanks");
  }
  return expect(false, "of no known type");
}

Status CheckScope(const PassportAttribute& attribute, FactScope scope) {
  const std::string name(attribute.name);
  if (attribute.kept) return Fail(Wrong("attribute", name + " follows from what is recorded: nobody declares it"));
  const bool of_lots = name.starts_with("recycled_") || name == "manufacturer_bpnl";
  if (scope == FactScope::kLot && !of_lots) return Fail(Wrong("attribute", name + " is no fact of a lot"));
  if (attribute.level == AttributeLevel::kItem && scope != FactScope::kUnit) {
    return Fail(Wrong("attribute", name + " is of a single piece: name the unit"));
  }
  return {};
}

}  // namespace

std::string_view NameOf(PassportTier tier) {
  switch (tier) {
    case PassportTier::kPublic:
      return "public";
    case PassportTier::kLegitimateInterest:
      return "legitimate interest";
    case PassportTier::kAuthorities:
      return "authorities";
  }
  return "";
}

std::string_view NameOf(FactBasis basis) {
  switch (basis) {
    case FactBasis::kUnknown:
      return "unknown";
    case FactBasis::kMeasured:
      return "measured";
    case FactBasis::kComputed:
      return "computed";
    case FactBasis::kDeclared:
      return "declared";
    case FactBasis::kRecorded:
      return "recorded";
  }
  return "";
}

std::string_view NameOf(FactScope scope) {
  switch (scope) {
    case FactScope::kPlant:
      return "plant";
    case FactScope::kProduct:
      return "product";
    case FactScope::kUnit:
      return "unit";
    case FactScope::kLot:
      return "lot";
  }
  return "";
}

bool Shows(PassportTier tier, AttributeAccess access) {
  switch (access) {
    case AttributeAccess::kPublic:
      return true;
    case AttributeAccess::kInterestAndAuthorities:
      return tier != PassportTier::kPublic;
    case AttributeAccess::kAuthorities:
      return tier == PassportTier::kAuthorities;
    case AttributeAccess::kInterest:
      return tier == PassportTier::kLegitimateInterest;
  }
  return false;
}

std::span<const PassportAttribute> PassportAttributes() { return kRows; }

const PassportAttribute* FindAttribute(std::string_view name) {
  const auto found = std::find_if(kRows.begin(), kRows.end(), [&](const Row& row) { return row.name == name; });
  return found == kRows.end() ? nullptr : &*found;
}

Result<FactClaim> CheckFact(FactClaim claim) {
  const PassportAttribute* attribute = FindAttribute(claim.attribute);
  if (attribute == nullptr) {
    return Fail(Wrong("attribute", "no passport has the attribute " + claim.attribute.substr(0, 64)));
  }
  if (Status checked = CheckScope(*attribute, claim.scope); !checked) return Fail(checked.error());
  if (attribute->by_subject && FindSubstance(claim.subject) == nullptr) {
    return Fail(claim.subject.empty() ? FieldError(Reason::kFieldRequired, "subject", claim.attribute + " needs the substance")
                                      : Wrong("subject", "no substance is called " + claim.subject.substr(0, 64)));
  }
  if (!attribute->by_subject && !claim.subject.empty()) return Fail(Wrong("subject", claim.attribute + " has no subject"));
  if (Status checked = CheckText(claim.value, kMaxFactValueLength, true, "value"); !checked) return Fail(checked.error());
  const bool measures = attribute->level == AttributeLevel::kItem && (attribute->type == T::kNumber || attribute->type == T::kWhole);
  if (Status checked = CheckText(claim.method, kMaxFactMethodLength, measures, "method"); !checked) return Fail(checked.error());
  Result<std::string> value = CheckValue(*attribute, claim.value);
  if (!value) return Fail(value.error());
  claim.value = std::move(*value);
  return claim;
}

std::vector<PassportTier> TiersOf(const Caller& caller, std::string_view role) {
  std::vector<PassportTier> tiers{PassportTier::kPublic};
  const auto has = [&](const auto& bits, const auto& names) {
    if (caller.kind == CallerKind::kUnproved) return std::find(std::begin(names), std::end(names), role) != std::end(names);
    return std::any_of(std::begin(bits), std::end(bits), [&](Role bit) { return caller.Has(bit); });
  };
  if (has(kInterestBits, kInterestRoles)) tiers.push_back(PassportTier::kLegitimateInterest);
  if (has(kAuthorityBits, kAuthorityRoles)) tiers.push_back(PassportTier::kAuthorities);
  return tiers;
}

Status CheckTier(const Caller& caller, std::string_view role, PassportTier tier) {
  const std::vector<PassportTier> tiers = TiersOf(caller, role);
  if (std::find(tiers.begin(), tiers.end(), tier) != tiers.end()) return {};
  const char* who = tier == PassportTier::kAuthorities ? "auditor, quality, testing or admin"
                                                       : "recycler, maintenance, quality, testing or admin";
  Error error = FieldError(Reason::kRoleInsufficient, "tier", "the tier " + std::string(NameOf(tier)) + " is for the roles " + who);
  error.metadata["tier"] = std::string(NameOf(tier));
  return Fail(std::move(error));
}

bool MayRead(const std::vector<PassportTier>& tiers, AttributeAccess access) {
  return std::any_of(tiers.begin(), tiers.end(), [&](PassportTier tier) { return Shows(tier, access); });
}

bool IsDay(std::string_view value) {
  if (value.size() != 10 || value[4] != '-' || value[7] != '-') return false;
  const auto number = [&](size_t from, size_t count) {
    int result = 0;
    for (const char c : value.substr(from, count)) result = Digit(c) ? result * 10 + (c - '0') : -100'000;
    return result;
  };
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  if (year < 1900 || month < 1 || day < 1) return false;
  return std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                     std::chrono::day(static_cast<unsigned>(day)))
      .ok();
}

}  // namespace mes::domain
