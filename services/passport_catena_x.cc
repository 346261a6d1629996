// Catena-X passports: battery_pass 6.1.0 for batteries, digital_product_passport 7.0.0 for fuel-cell stacks.
#include "domain/substance.h"
#include "services/passport_document.h"

namespace mes::services {
namespace {

using Json = nlohmann::json;

constexpr FactSlot kBatterySlots[] = {
    {"/specVersion", "=urn:io.catenax.battery.battery_pass:6.1.0"},
    {"/identification/category", "battery_category"},
    {"/identification/idDmc", "unit_code"},
    {"/identification/chemistry", "chemistry_name"},
    {"/identification/identification/serial/0/key", "=partInstanceId"},
    {"/identification/identification/serial/0/value", "unit_code"},
    {"/identification/identification/type/manufacturerPartId", "product_code"},
    {"/identification/identification/type/nameAtManufacturer", "product_name"},
    {"/identification/identification/codes/0/key", "=TARIC"},
    {"/identification/identification/codes/0/value", "customs_code"},
    {"/identification/identification/dataCarrier/carrierType", "data_carrier_type"},
    {"/identification/identification/dataCarrier/carrierLayout", "data_carrier_place"},
    {"/identification/identification/classification/0/classificationStandard", "classification_standard"},
    {"/identification/identification/classification/0/classificationID", "classification_id"},
    {"/operation/manufacturer/facility/0/facility", "facility_bpna"},
    {"/operation/manufacturer/manufacturer", "manufacturer_bpnl"},
    {"/operation/manufacturer/manufacturingDate", "manufacturing_date"},
    {"/characteristics/warranty/lifeValue", "warranty_months"},
    {"/characteristics/warranty/lifeUnit", "=unit:month"},
    {"/characteristics/physicalDimension/weight/value", "mass_total"},
    {"/characteristics/physicalDimension/weight/unit", "=unit:kilogram"},
    {"/sustainability/documents/separateCollection", "separate_collection"},
    {"/sustainability/documents/wastePrevention", "waste_prevention"},
    {"/sustainability/carbonFootprint/0/value", "carbon_footprint"},
    {"/sustainability/carbonFootprint/0/rulebook", "carbon_footprint_rulebook"},
    {"/sustainability/carbonFootprint/0/lifecycle", "carbon_footprint_stage"},
    {"/sustainability/carbonFootprint/0/unit", "=kg CO2e / kWh"},
    {"/sustainability/carbonFootprint/0/type", "=Climate Change Total"},
    {"/sustainability/carbonFootprint/0/performanceClass", "?carbon_footprint_class"},
    {"/sustainability/carbonFootprint/0/manufacturingPlant/0/facility", "facility_bpna"},
    {"/sustainability/carbonFootprint/0/declaration", "carbon_footprint_declaration"},
    {"/sustainability/status", "battery_status"},
    {"/performance/rated/voltage/min", "voltage_minimum"},
    {"/performance/rated/voltage/max", "voltage_maximum"},
    {"/performance/rated/voltage/nominal", "voltage_nominal"},
    {"/performance/rated/roundTripEfficiency/depthOfDischarge", "round_trip_depth"},
    {"/performance/rated/roundTripEfficiency/initial", "round_trip_efficiency"},
    {"/performance/rated/roundTripEfficiency/50PercentLife", "round_trip_efficiency_half_life"},
    {"/performance/rated/energy/value", "rated_energy"},
    {"/performance/rated/resistance/cell", "resistance_cell"},
    {"/performance/rated/resistance/pack", "resistance_pack"},
    {"/performance/rated/power/value", "power_rated"},
    {"/performance/rated/power/at20SoC", "power_at_20"},
    {"/performance/rated/power/at80SoC", "power_at_80"},
    {"/performance/rated/capacity/value", "rated_capacity"},
    {"/performance/rated/capacity/thresholdExhaustion", "exhaustion_threshold"},
    {"/performance/rated/temperature/lower", "idle_temperature_minimum"},
    {"/performance/rated/temperature/upper", "idle_temperature_maximum"},
    {"/performance/rated/selfDischargingRate", "self_discharge"},
    {"/performance/rated/lifetime/expectedYears", "expected_years"},
    {"/performance/rated/lifetime/report", "lifetime_test"},
    {"/performance/rated/lifetime/cycleLifeTesting/temperature", "cycle_test_temperature"},
    {"/performance/rated/lifetime/cycleLifeTesting/cycles", "expected_cycles"},
    {"/performance/rated/lifetime/cycleLifeTesting/depthOfDischarge", "cycle_test_depth"},
    {"/performance/rated/lifetime/cycleLifeTesting/appliedChargeRate", "cycle_charge_rate"},
    {"/performance/rated/lifetime/cycleLifeTesting/appliedDischargeRate", "cycle_discharge_rate"},
    {"/performance/dynamic/stateOfCharge/value", "state_of_charge"},
    {"/performance/dynamic/stateOfCharge/time", "state_of_charge@time"},
    {"/performance/dynamic/fullCycles/value", "full_cycles"},
    {"/performance/dynamic/fullCycles/time", "full_cycles@time"},
    {"/performance/dynamic/selfDischargingRate", "present_self_discharge"},
    {"/performance/dynamic/power/fade/value", "power_fade"},
    {"/performance/dynamic/power/fade/time", "power_fade@time"},
    {"/performance/dynamic/power/remaining/value", "remaining_power"},
    {"/performance/dynamic/power/remaining/time", "remaining_power@time"},
    {"/performance/dynamic/capacity/fade/value", "capacity_fade"},
    {"/performance/dynamic/capacity/fade/time", "capacity_fade@time"},
    {"/performance/dynamic/capacity/throughput/value", "capacity_throughput"},
    {"/performance/dynamic/capacity/throughput/time", "capacity_throughput@time"},
    {"/performance/dynamic/capacity/capacity/value", "remaining_capacity"},
    {"/performance/dynamic/capacity/capacity/time", "remaining_capacity@time"},
    {"/performance/dynamic/roundTripEfficiency/fade/value", "round_trip_efficiency_fade"},
    {"/performance/dynamic/roundTripEfficiency/fade/time", "round_trip_efficiency_fade@time"},
    {"/performance/dynamic/roundTripEfficiency/remaining/value", "remaining_round_trip_efficiency"},
    {"/performance/dynamic/roundTripEfficiency/remaining/time", "remaining_round_trip_efficiency@time"},
    {"/performance/dynamic/resistance/increase/pack/value", "resistance_increase_pack"},
    {"/performance/dynamic/resistance/increase/pack/time", "resistance_increase_pack@time"},
    {"/performance/dynamic/resistance/increase/cell/value", "resistance_increase_cell"},
    {"/performance/dynamic/resistance/increase/cell/time", "resistance_increase_cell@time"},
    {"/performance/dynamic/resistance/remaining/pack/value", "present_resistance_pack"},
    {"/performance/dynamic/resistance/remaining/pack/time", "present_resistance_pack@time"},
    {"/performance/dynamic/resistance/remaining/cell/value", "present_resistance_cell"},
    {"/performance/dynamic/resistance/remaining/cell/time", "present_resistance_cell@time"},
    {"/performance/dynamic/energy/soce/value", "state_of_certified_energy"},
    {"/performance/dynamic/energy/soce/time", "state_of_certified_energy@time"},
    {"/performance/dynamic/energy/remaining/value", "remaining_energy"},
    {"/performance/dynamic/energy/remaining/time", "remaining_energy@time"},
    {"/performance/dynamic/energy/throughput/value", "?energy_throughput"},
    {"/performance/dynamic/energy/throughput/time", "?energy_throughput@time"},
    {"/conformity/declarationOfConformityId", "?declaration_of_conformity_id"},
    {"/conformity/declarationOfConformity", "declaration_of_conformity"},
    {"/conformity/resultOfTestReport", "test_report"},
    {"/conformity/thirdPartyAssurance", "third_party_assurance"},
    {"/conformity/dueDiligencePolicy", "due_diligence_policy"},
    {"/safety/usableExtinguishAgent/0/media", "extinguishing_agent"},
    {"/safety/usableExtinguishAgent/0/fireClass", "extinguishing_fire_class"},
    {"/safety/safetyMeasures", "safety_instructions"},
    {"/safety/meaningOfLabels", "label_meaning"},
    {"/safety/safeDischarging", "?safe_discharging"},
    {"/safety/dismantling", "dismantling_manual"},
    {"/safety/removalFromAppliance", "?removal_manual"},
    {"/metadata/version", "$version"},
    {"/metadata/status", "$passport_status"},
    {"/metadata/expirationDate", "passport_expiration"},
    {"/metadata/issueDate", "$issue_date"},
    {"/metadata/lastModification", "$issue_date"},
    {"/metadata/economicOperatorId", "operator_bpnl"},
    {"/metadata/passportIdentifier", "$passport_urn"},
    {"/metadata/predecessor", "$predecessor_urn"},
    {"/metadata/backupReference", "passport_backup@bare"},
    {"/metadata/registrationIdentifier", "?registration_identifier"},
    {"/commercial/placedOnMarket", "?placed_on_market"},
    {"/commercial/purpose/0", "purpose"},
    {"/handling/applicable", "$yes"},
    {"/handling/content/producer/0/id", "spare_part_bpnl"},
};

constexpr FactSlot kStackSlots[] = {
    {"/metadata/specVersion", "=urn:io.catenax.generic.digital_product_passport:7.0.0"},
    {"/metadata/version", "$version"},
    {"/metadata/passportStatus", "$passport_status"},
    {"/metadata/expirationDate", "passport_expiration"},
    {"/metadata/issueDate", "$issue_date"},
    {"/metadata/lastModification", "$issue_date"},
    {"/metadata/passportIdentifier", "$passport_urn"},
    {"/metadata/predecessor/applicable", "$has_predecessor"},
    {"/metadata/predecessor/content", "?$predecessor_if_any"},
    {"/metadata/backupReference", "passport_backup@bare"},
    {"/metadata/registrationIdentifier", "?registration_identifier"},
    {"/metadata/language", "=en"},
    {"/metadata/economicOperator/economicOperatorIdentification", "operator_bpnl"},
    {"/metadata/economicOperator/economicOperatorNames/0", "operator_name"},
    {"/metadata/economicOperator/economicOperatorAddress", "$manufacturer_address"},
    {"/metadata/economicOperator/economicOperatorContact/website", "manufacturer_web@bare"},
    {"/metadata/economicOperator/economicOperatorContact/email", "manufacturer_email"},
    {"/identification/serialInformation/0/key", "=partInstanceId"},
    {"/identification/serialInformation/0/value", "unit_code"},
    {"/identification/partTypeInformation/manufacturerPartId", "product_code"},
    {"/identification/partTypeInformation/nameAtManufacturer", "product_name"},
    {"/identification/partClassification/0/standard", "classification_standard"},
    {"/identification/partClassification/0/id", "classification_id"},
    {"/identification/productImages", "product_image"},
    {"/identification/codes/0/key", "=TARIC"},
    {"/identification/codes/0/value", "customs_code"},
    {"/identification/dataCarriers/0/carrierType", "data_carrier_type"},
    {"/identification/dataCarriers/0/carrierPositions/0", "data_carrier_place"},
    {"/operation/manufacturing/facilities/0/facilityIdentification", "facility_bpna"},
    {"/operation/manufacturing/facilities/0/facilityAddress", "$facility_address"},
    {"/operation/manufacturing/manufacturer/manufacturerIdentification", "manufacturer_bpnl"},
    {"/operation/manufacturing/manufacturer/manufacturerNames/0", "manufacturer_name"},
    {"/operation/manufacturing/manufacturer/manufacturerAddress", "$manufacturer_address"},
    {"/operation/manufacturing/manufacturer/manufacturerContact/website", "manufacturer_web@bare"},
    {"/operation/manufacturing/manufacturer/manufacturerContact/email", "manufacturer_email"},
    {"/operation/manufacturing/manufacturingDate", "manufacturing_date"},
    {"/handling/applicable", "$yes"},
    {"/characteristics/lifespan/0/lifeUnit", "=unit:runningOrOperatingHour"},
    {"/characteristics/lifespan/0/lifeValue", "technical_lifetime_hours"},
    {"/characteristics/lifespan/0/lifeType", "=technical lifetime"},
    {"/characteristics/physicalDimension/grossWeight/value", "gross_mass"},
    {"/characteristics/physicalDimension/grossWeight/unit", "=unit:kilogram"},
    {"/characteristics/physicalDimension/grossVolume/value", "gross_volume"},
    {"/characteristics/physicalDimension/grossVolume/unit", "=unit:litre"},
    {"/characteristics/physicalDimension/weight/value", "mass_total"},
    {"/characteristics/physicalDimension/weight/unit", "=unit:kilogram"},
    {"/characteristics/physicalDimension/volume/value", "volume"},
    {"/characteristics/physicalDimension/volume/unit", "=unit:litre"},
    {"/characteristics/physicalState", "=solid"},
    {"/commercial/placedOnMarket", "?placed_on_market"},
    {"/commercial/purpose/0", "purpose"},
    {"/sustainability/productStatus", "battery_status"},
    {"/sustainability/productFootprint/carbon/0/value", "carbon_footprint_absolute"},
    {"/sustainability/productFootprint/carbon/0/rulebook", "carbon_footprint_rulebook"},
    {"/sustainability/productFootprint/carbon/0/lifecycle", "carbon_footprint_stage"},
    {"/sustainability/productFootprint/carbon/0/unit", "=kg CO2e"},
    {"/sustainability/productFootprint/carbon/0/type", "=Climate Change Total"},
    {"/sustainability/productFootprint/carbon/0/manufacturingPlant/0/facilityIdentification", "facility_bpna"},
    {"/sustainability/productFootprint/carbon/0/manufacturingPlant/0/facilityAddress", "$facility_address"},
    {"/sustainability/productFootprint/carbon/0/declaration", "carbon_footprint_declaration"},
    {"/compliances/0/requirementName", "compliance_requirement"},
    {"/compliances/0/complianceStatement", "compliance_statement"},
    {"/compliances/0/complianceCountries/0", "compliance_country"},
    {"/composition/componentInformation/applicable", "$yes"},
};

// Parts of the schema that say "does not apply": only where that was stated.
struct Applicability {
  const char* pointer;
  const char* attribute;
};
constexpr Applicability kStackApplicability[] = {
    {"/operation/import/applicable", "imported"},
    {"/operation/extendedProducerResponsibilityScheme/applicable", "producer_scheme"},
    {"/commercial/recallInformation/applicable", "recall"},
    {"/sustainability/reusability/applicable", "reuse_system"},
    {"/sustainability/recycleabilityPerformance/applicable", "recyclability_rating"},
};

Json CasOf(const domain::Substance& substance) {
  return Json::array(
      {{{"id", std::string(substance.cas)}, {"type", "CAS"}, {"name", std::string(substance.name)}}});
}

Json ActiveOf(DocumentFacts& facts, const char* code) {
  const domain::Substance& substance = *domain::FindSubstance(code);
  return {{"location", std::string(substance.location)},
          {"recycled", RecycledOf(facts, code)},
          {"documentation", facts.Of("material_document")},
          {"critical", substance.critical}};
}

Json HazardOf(DocumentFacts& facts, const std::string& code) {
  const domain::Substance& substance = *domain::FindSubstance(code);
  const double share = facts.Knows("substance_mass", code) ? ShareOf(facts, code) : facts.NumberOf("concentration", code);
  return {{"impactOfSubstances", facts.Of("substance_impact_document")},
          {"concentration", share},
          {"location", std::string(substance.location)},
          {"materialUnit", "unit:percent"},
          {"critical", substance.critical},
          {"documentation", facts.Of("material_document")}};
}

Json LeadOf(DocumentFacts& facts) {
  Json lead = HazardOf(facts, "Pb");
  lead["recycled"] = RecycledOf(facts, "Pb");
  return lead;
}

Json MaterialsPart(DocumentFacts& facts) {
  Json materials;
  for (const auto& [name, code] : {std::pair("nickel", "Ni"), std::pair("lithium", "Li"), std::pair("cobalt", "Co")}) {
    materials["active"][name] = ActiveOf(facts, code);
  }
  materials["active"]["lead"] = LeadOf(facts);
  materials["hazardous"] = {{"cadmium", HazardOf(facts, "Cd")}, {"mercury", HazardOf(facts, "Hg")}, {"lead", LeadOf(facts)}};
  for (const std::string& code : facts.SubjectsOf("hazard_class")) {
    const domain::Substance* substance = domain::FindSubstance(code);
    if (substance == nullptr || substance->cas.empty() || code == "Cd" || code == "Hg" || code == "Pb") continue;
    Json other = HazardOf(facts, code);
    other["materialIdentification"] = CasOf(*substance);
    materials["hazardous"]["other"].push_back(std::move(other));
  }
  materials["composition"] = Json::array();
  for (const std::string& code : MaterialsOf(facts)) {
    const domain::Substance& substance = *domain::FindSubstance(code);
    materials["composition"].push_back({{"id", CasOf(substance)},
                                        {"concentration", ShareOf(facts, code)},
                                        {"unit", "unit:percent"},
                                        {"critical", substance.critical},
                                        {"documentation", facts.Of("material_document")},
                                        {"recycled", RecycledOf(facts, code)},
                                        {"location", std::string(substance.location)},
                                        {"renewable", facts.NumberOf("renewable_share", code)}});
  }
  return materials;
}

Json AddressOf(DocumentFacts& facts, const std::string& whose) {
  return {{"thoroughfare",
           {{"technicalKey", "STREET"}, {"value", facts.Of(whose + "_street")}, {"number", facts.Of(whose + "_street_number")}}},
          {"locality", {{"technicalKey", "CITY"}, {"value", facts.Of(whose + "_city")}}},
          {"country", {{"shortName", facts.Of(whose + "_region")}}},
          {"postCode", {{"technicalKey", "REGULAR"}, {"value", facts.Of(whose + "_post_code")}}}};
}

Json ConcernOf(DocumentFacts& facts, const std::string& code) {
  if (facts.Of("substance_of_concern", code) != "yes") return {{"applicable", false}};
  const domain::Substance& substance = *domain::FindSubstance(code);
  const Json content = {
      {"exemption", facts.Of("concern_exemption", code)},
      {"hazardClassifications", Json::array({{{"hazardClass", facts.Of("concern_hazard_class", code)},
                                              {"hazardCategory", facts.Of("concern_hazard_category", code)},
                                              {"hazardStatement", facts.Of("concern_hazard_statement", code)}}})},
      {"substanceOfConcernDocuments", facts.Of("substance_impact_document")},
      {"substanceOfConcernLocations", Json::array({std::string(substance.location)})},
      {"substanceOfConcernConcentrationRange",
       {{"maxConcentration", {{"concentrationValue", ShareOf(facts, code)}, {"concentrationUnit", "unit:percent"}}}}}};
  return {{"applicable", true}, {"content", content}};
}

Json StackMaterials(DocumentFacts& facts) {
  Json materials = Json::array();
  for (const std::string& code : MaterialsOf(facts)) {
    const domain::Substance& substance = *domain::FindSubstance(code);
    materials.push_back(
        {{"recycled", RecycledOf(facts, code)},
         {"materialIdentifications", Json::array({{{"materialName", std::string(substance.name)},
                                                   {"materialId", std::string(substance.cas)},
                                                   {"materialListTypeId", "CAS"}}})},
         {"materialDocuments", facts.Of("material_document")},
         {"substancesOfConcernInformation", ConcernOf(facts, code)},
         {"materialLocations", Json::array({std::string(substance.location)})},
         {"declarableIngredient", {{"applicable", false}}},
         {"concentrationInformation",
          {{"concentration", {{"concentrationValue", ShareOf(facts, code)}, {"concentrationUnit", "unit:percent"}}}}}});
  }
  return materials;
}

// Spare parts with their source; and the components with how they are sorted.
void AddStackParts(DocumentFacts& facts, Json& document) {
  const Json provider = Json::array(
      {{{"sparePartProviderIdentification", facts.Of("spare_part_bpnl")},
        {"sparePartProviderAddress", AddressOf(facts, "spare_part")},
        {"sparePartProviderContact", {{"website", facts.BareOf("spare_part_web")}, {"email", facts.Of("spare_part_email")}}}}});
  for (const std::string& part : facts.SubjectsOf("part_number")) {
    const Json name = facts.Of("part_number", part);
    document["handling"]["content"].push_back(
        {{"sparePartProvider", provider}, {"nameAtManufacturer", name}, {"manufacturerPartId", part}});
    document["composition"]["componentInformation"]["content"].push_back(
        {{"componentName", name}, {"componentCode", part}, {"componentSortingInformation", facts.Of("component_sorting")}});
  }
}

}  // namespace

Json BatteryPassOf(DocumentFacts& facts) {
  Json document;
  facts.Fill(document, kBatterySlots);
  Json& serial = document["identification"]["identification"]["serial"];
  serial.push_back({{"key", "manufacturerId"}, {"value", facts.Of("manufacturer_bpnl")}});
  if (facts.Knows("batch")) {
    document["identification"]["identification"]["batch"] = Json::array({{{"key", "batchId"}, {"value", facts.Of("batch")}}});
  }
  // The schema wants the day alone.
  if (facts.Knows("into_service") && facts.MayTell("into_service")) {
    document["operation"]["intoServiceDate"] = facts.Of("into_service").get<std::string>().substr(0, 10);
  }
  document["materials"] = MaterialsPart(facts);
  for (const std::string& part : facts.SubjectsOf("part_number")) {
    document["handling"]["content"]["sparePart"].push_back(
        {{"manufacturerPartId", part}, {"nameAtManufacturer", facts.Of("part_number", part)}});
  }
  return document;
}

Json StackPassportOf(DocumentFacts& facts) {
  Json document;
  facts.Give("manufacturer_address", AddressOf(facts, "manufacturer"));
  facts.Give("facility_address", AddressOf(facts, "facility"));
  facts.Fill(document, kStackSlots);
  for (const Applicability& part : kStackApplicability) {
    const Json word = facts.Of(part.attribute);
    // What would have to be said then is not kept here.
    if (word == "yes") facts.Miss(std::string(part.attribute) + "=no");
    document[Json::json_pointer(part.pointer)] = word == "yes";
  }
  if (facts.Knows("batch")) {
    document["identification"]["batchInformation"] = Json::array({{{"key", "batchId"}, {"value", facts.Of("batch")}}});
  }
  AddStackParts(facts, document);
  document["composition"]["materialInformation"]["materials"] = StackMaterials(facts);
  document["sources"] = Json::array({{{"content", facts.BareOf("applied_standard")},
                                      {"category", "Applicable Standards"},
                                      {"contentType", "URL"},
                                      {"header", "applied standard"}}});
  return document;
}

}  // namespace mes::services
