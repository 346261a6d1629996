// The seven parts of the Battery Pass data model, 1.2.0 (performance 1.2.1).
#include "domain/substance.h"
#include "services/passport_document.h"

namespace mes::services {
namespace {

using Json = nlohmann::json;

// The schema's e-mail pattern takes no address that exists (it forgot a backslash), and the field is optional: it is left out.
constexpr FactSlot kGeneral[] = {
    {"/productIdentifier", "unit_code"},
    {"/batteryPassportIdentifier", "$passport_short_urn"},
    {"/manufacturerInformation/contactName", "manufacturer_name"},
    {"/manufacturerInformation/identifier", "manufacturer_bpnl"},
    {"/manufacturerInformation/webAddress", "manufacturer_web"},
    {"/manufacturingDate", "manufacturing_time"},
    {"/batteryMass", "mass_total"},
    {"/operatorInformation/contactName", "operator_name"},
    {"/operatorInformation/identifier", "operator_bpnl"},
    {"/operatorInformation/webAddress", "manufacturer_web"},
    {"/puttingIntoService", "into_service"},
};

constexpr FactSlot kCarbon[] = {
    {"/batteryCarbonFootprint", "carbon_footprint"},
    {"/carbonFootprintPerLifecycleStage/0/lifecycleStage", "=RawMaterialExtraction"},
    {"/carbonFootprintPerLifecycleStage/0/carbonFootprint", "carbon_raw_material"},
    {"/carbonFootprintPerLifecycleStage/1/lifecycleStage", "=MainProduction"},
    {"/carbonFootprintPerLifecycleStage/1/carbonFootprint", "carbon_production"},
    {"/carbonFootprintPerLifecycleStage/2/lifecycleStage", "=Distribution"},
    {"/carbonFootprintPerLifecycleStage/2/carbonFootprint", "carbon_distribution"},
    {"/carbonFootprintPerLifecycleStage/3/lifecycleStage", "=Recycling"},
    {"/carbonFootprintPerLifecycleStage/3/carbonFootprint", "carbon_recycling"},
    {"/carbonFootprintPerformanceClass", "carbon_footprint_class"},
    {"/carbonFootprintStudy", "carbon_footprint_study"},
    {"/absoluteCarbonFootprint", "?carbon_footprint_absolute"},
};

constexpr FactSlot kCircularity[] = {
    {"/dismantlingAndRemovalInformation/0/documentType", "=DismantlingManual"},
    {"/dismantlingAndRemovalInformation/0/documentURL", "dismantling_manual"},
    {"/sparePartSources/0/nameOfSupplier", "spare_part_supplier"},
    {"/sparePartSources/0/emailAddressOfSupplier", "spare_part_email"},
    {"/sparePartSources/0/supplierWebAddress", "spare_part_web"},
    {"/safetyMeasures/safetyInstructions", "safety_instructions"},
    {"/safetyMeasures/extinguishingAgent/0", "extinguishing_agent"},
    {"/endOfLifeInformation/wastePrevention", "waste_prevention"},
    {"/endOfLifeInformation/separateCollection", "separate_collection"},
    {"/endOfLifeInformation/informationOnCollection", "waste_collection"},
    {"/renewableContent", "renewable_content"},
};

constexpr FactSlot kLabels[] = {
    {"/declarationOfConformity", "declaration_of_conformity"},
    {"/resultOfTestReport", "test_report"},
    {"/labels/0/labelingSymbol", "label_symbol"},
    {"/labels/0/labelingMeaning/en", "label_meaning_text"},
    {"/labels/0/labelingSubject", "=SeparateCollection"},
};

constexpr FactSlot kDueDiligence[] = {
    {"/supplyChainDueDiligenceReport", "due_diligence_report"},
    {"/thirdPartyAussurances", "?third_party_assurance"},
};

constexpr FactSlot kPerformance[] = {
    {"/batteryTechicalProperties/originalPowerCapability/0/powerCapabilityAt", "power_at_20"},
    {"/batteryTechicalProperties/originalPowerCapability/1/powerCapabilityAt", "power_at_80"},
    {"/batteryTechicalProperties/ratedMaximumPower", "power_rated"},
    {"/batteryTechicalProperties/powerCapabilityRatio", "power_ratio"},
    {"/batteryTechicalProperties/ratedEnergy", "rated_energy"},
    {"/batteryTechicalProperties/expectedNumberOfCycles", "expected_cycles"},
    {"/batteryTechicalProperties/initialSelfDischarge", "self_discharge"},
    {"/batteryTechicalProperties/roundtripEfficiency", "round_trip_efficiency"},
    {"/batteryTechicalProperties/ratedCapacity", "rated_capacity"},
    {"/batteryTechicalProperties/initialInternalResistance/0/ohmicResistance", "resistance_cell"},
    {"/batteryTechicalProperties/initialInternalResistance/0/batteryComponent", "=cell"},
    {"/batteryTechicalProperties/initialInternalResistance/1/ohmicResistance", "resistance_pack"},
    {"/batteryTechicalProperties/initialInternalResistance/1/batteryComponent", "=pack"},
    {"/batteryTechicalProperties/expectedLifetime", "expected_years"},
    {"/batteryTechicalProperties/nominalVoltage", "voltage_nominal"},
    {"/batteryTechicalProperties/minimumVoltage", "voltage_minimum"},
    {"/batteryTechicalProperties/maximumVoltage", "voltage_maximum"},
    {"/batteryTechicalProperties/capacityThresholdForExhaustion", "exhaustion_threshold"},
    {"/batteryTechicalProperties/lifetimeReferenceTest", "lifetime_test"},
    {"/batteryTechicalProperties/cRateLifeCycleTest", "cycle_test_rate"},
    {"/batteryTechicalProperties/temperatureRangeIdleState/minimum", "idle_temperature_minimum"},
    {"/batteryTechicalProperties/temperatureRangeIdleState/maximum", "idle_temperature_maximum"},
    {"/batteryTechicalProperties/roundTripEfficiencyat50PerCentCycleLife", "round_trip_efficiency_half_life"},
    {"/batteryTechicalProperties/roundTripEfficiencyFade", "round_trip_efficiency_fade"},
    {"/batteryTechicalProperties/powerFade", "power_fade"},
    {"/batteryCondition/energyThroughput/energyThroughputValue", "energy_throughput"},
    {"/batteryCondition/energyThroughput/lastUpdate", "energy_throughput@time"},
    {"/batteryCondition/capacityThroughput/capacityThroughputValue", "capacity_throughput"},
    {"/batteryCondition/capacityThroughput/lastUpdate", "capacity_throughput@time"},
    {"/batteryCondition/numberOfFullCycles/numberOfFullCyclesValue", "full_cycles"},
    {"/batteryCondition/numberOfFullCycles/lastUpdate", "full_cycles@time"},
    {"/batteryCondition/stateOfCertifiedEnergy/stateOfCertifiedEnergyValue", "state_of_certified_energy"},
    {"/batteryCondition/stateOfCertifiedEnergy/lastUpdate", "state_of_certified_energy@time"},
    {"/batteryCondition/capacityFade/capacityFadeValue", "capacity_fade"},
    {"/batteryCondition/capacityFade/lastUpdate", "capacity_fade@time"},
    {"/batteryCondition/remainingEnergy/remainingEnergyValue", "remaining_energy"},
    {"/batteryCondition/remainingEnergy/lastUpdate", "remaining_energy@time"},
    {"/batteryCondition/remainingCapacity/remainingCapacityValue", "remaining_capacity"},
    {"/batteryCondition/remainingCapacity/lastUpdate", "remaining_capacity@time"},
    {"/batteryCondition/negativeEvents/0/negativeEvent", "negative_event"},
    {"/batteryCondition/negativeEvents/0/lastUpdate", "negative_event@time"},
    {"/batteryCondition/temperatureInformation/timeExtremeHighTemp", "time_hot"},
    {"/batteryCondition/temperatureInformation/timeExtremeLowTemp", "time_cold"},
    {"/batteryCondition/temperatureInformation/timeExtremeHighTempCharging", "time_hot_charging"},
    {"/batteryCondition/temperatureInformation/timeExtremeLowTempCharging", "time_cold_charging"},
    {"/batteryCondition/temperatureInformation/lastUpdate", "time_hot@time"},
    {"/batteryCondition/remainingPowerCapability/remainingPowerCapabilityValue/atSoC", "remaining_power_charge"},
    {"/batteryCondition/remainingPowerCapability/remainingPowerCapabilityValue/powerCapabilityAt", "remaining_power"},
    {"/batteryCondition/remainingPowerCapability/remainingPowerCapabilityValue/rPCLastUpdated", "remaining_power@time"},
    {"/batteryCondition/remainingPowerCapability/lastUpdate", "remaining_power@time"},
    {"/batteryCondition/evolutionOfSelfDischarge/evolutionOfSelfDischargeValue", "self_discharge_evolution"},
    {"/batteryCondition/evolutionOfSelfDischarge/lastUpdate", "self_discharge_evolution@time"},
    {"/batteryCondition/currentSelfDischargingRate/currentSelfDischargingRateValue", "present_self_discharge"},
    {"/batteryCondition/currentSelfDischargingRate/lastUpdate", "present_self_discharge@time"},
    {"/batteryCondition/internalResistanceIncrease/0/internalResistanceIncreaseValue", "resistance_increase_pack"},
    {"/batteryCondition/internalResistanceIncrease/0/lastUpdate", "resistance_increase_pack@time"},
    {"/batteryCondition/internalResistanceIncrease/0/batteryComponent", "=pack"},
    {"/batteryCondition/internalResistanceIncrease/1/internalResistanceIncreaseValue", "resistance_increase_cell"},
    {"/batteryCondition/internalResistanceIncrease/1/lastUpdate", "resistance_increase_cell@time"},
    {"/batteryCondition/internalResistanceIncrease/1/batteryComponent", "=cell"},
    {"/batteryCondition/remainingRoundTripEnergyEfficiency/remainingRoundTripEnergyEfficiencyValue", "remaining_round_trip_efficiency"},
    {"/batteryCondition/remainingRoundTripEnergyEfficiency/lastUpdate", "remaining_round_trip_efficiency@time"},
    {"/batteryCondition/stateOfCharge/stateOfChargeValue", "state_of_charge"},
    {"/batteryCondition/stateOfCharge/lastUpdate", "state_of_charge@time"},
};

Json AddressOf(DocumentFacts& facts, const std::string& whose) {
  const Json street = facts.Of(whose + "_street"), number = facts.Of(whose + "_street_number"), region = facts.Of(whose + "_region");
  const std::string line =
      street.is_string() && number.is_string() ? street.get<std::string>() + " " + number.get<std::string>() : std::string();
  return {{"addressCountry", region.is_string() ? region.get<std::string>().substr(0, 2) : ""},
          {"postalCode", facts.Of(whose + "_post_code")},
          {"streetAddress", line}};
}

// The same five words as Annex XIII's, written otherwise.
std::string StatusOf(DocumentFacts& facts) {
  const Json status = facts.Of("battery_status");
  std::string word = status.is_string() ? status.get<std::string>() : "";
  std::erase(word, '-');
  if (!word.empty()) word[0] = static_cast<char>(word[0] - 'a' + 'A');
  return word;
}

Json General(DocumentFacts& facts) {
  Json document;
  facts.Fill(document, kGeneral);
  const Json category = facts.Of("battery_category");
  document["batteryCategory"] = category == "EV" ? "ev" : category == "LMT" ? "lmt" : "industrial";
  document["batteryStatus"] = StatusOf(facts);
  document["manufacturerInformation"]["postalAddress"] = AddressOf(facts, "manufacturer");
  document["operatorInformation"]["postalAddress"] = AddressOf(facts, "manufacturer");
  document["manufacturingPlace"] = AddressOf(facts, "facility");
  // The schema has room for the month in which the warranty ends, and for no year.
  const Json end = facts.Of("warranty_end");
  document["warrentyPeriod"] = end.is_string() ? "--" + end.get<std::string>().substr(5, 2) : "";
  return document;
}

Json Circularity(DocumentFacts& facts) {
  Json document;
  facts.Fill(document, kCircularity);
  const Json& manual = document["dismantlingAndRemovalInformation"][0]["documentURL"];
  const bool pdf = manual.is_string() && manual.get<std::string>().ends_with(".pdf");
  document["dismantlingAndRemovalInformation"][0]["mimeType"] = pdf ? "application/pdf" : "text/html";
  Json& source = document["sparePartSources"][0];
  source["addressOfSupplier"] = AddressOf(facts, "spare_part");
  source["components"] = Json::array();
  for (const std::string& part : facts.SubjectsOf("part_number")) {
    source["components"].push_back({{"partName", facts.Of("part_number", part)}, {"partNumber", part}});
  }
  for (const auto& [name, code] :
       {std::pair("Cobalt", "Co"), std::pair("Nickel", "Ni"), std::pair("Lithium", "Li"), std::pair("Lead", "Pb")}) {
    const bool absent = !facts.Knows("recycled_pre_consumer", code) && IsAbsent(facts, code);
    document["recycledContent"].push_back({{"recycledMaterial", name},
                                           {"preConsumerShare", absent ? 0 : facts.NumberOf("recycled_pre_consumer", code)},
                                           {"postConsumerShare", absent ? 0 : facts.NumberOf("recycled_post_consumer", code)}});
  }
  return document;
}

Json MaterialComposition(DocumentFacts& facts) {
  Json document;
  document["batteryChemistry"] = {{"shortName", facts.Of("chemistry")}, {"clearName", facts.Of("chemistry_name")}};
  document["batteryMaterials"] = Json::array();
  for (const std::string& code : MaterialsOf(facts)) {
    const domain::Substance& substance = *domain::FindSubstance(code);
    document["batteryMaterials"].push_back({{"batteryMaterialLocation", {{"componentName", std::string(substance.location)}}},
                                            {"batteryMaterialIdentifier", std::string(substance.cas)},
                                            {"batteryMaterialName", std::string(substance.name)},
                                            {"batteryMaterialMass", facts.NumberOf("substance_mass", code)},
                                            {"isCriticalRawMaterial", substance.critical}});
  }
  document["hazardousSubstances"] = Json::array();
  for (const std::string& code : facts.SubjectsOf("hazard_class")) {
    const domain::Substance& substance = *domain::FindSubstance(code);
    if (substance.cas.empty()) continue;
    const double share = facts.Knows("substance_mass", code) ? ShareOf(facts, code) : facts.NumberOf("concentration", code);
    document["hazardousSubstances"].push_back({{"hazardousSubstanceClass", facts.Of("hazard_class", code)},
                                               {"hazardousSubstanceName", std::string(substance.name)},
                                               {"hazardousSubstanceConcentration", share},
                                               {"hazardousSubstanceImpact", Json::array({facts.Of("hazard_impact", code)})},
                                               {"hazardousSubstanceLocation", {{"componentName", std::string(substance.location)}}},
                                               {"hazardousSubstanceIdentifier", std::string(substance.cas)}});
  }
  return document;
}

Json Performance(DocumentFacts& facts) {
  Json document;
  facts.Fill(document, kPerformance);
  Json& power = document["batteryTechicalProperties"]["originalPowerCapability"];
  power[0]["atSoC"] = 20;
  power[1]["atSoC"] = 80;
  return document;
}

}  // namespace

Json BatteryPassPartOf(DocumentFacts& facts, v1::PassportDocument document) {
  Json made;
  switch (document) {
    case v1::PASSPORT_DOCUMENT_GENERAL_PRODUCT_INFORMATION:
      return General(facts);
    case v1::PASSPORT_DOCUMENT_CARBON_FOOTPRINT:
      facts.Fill(made, kCarbon);
      return made;
    case v1::PASSPORT_DOCUMENT_CIRCULARITY:
      return Circularity(facts);
    case v1::PASSPORT_DOCUMENT_LABELS:
      facts.Fill(made, kLabels);
      return made;
    case v1::PASSPORT_DOCUMENT_MATERIAL_COMPOSITION:
      return MaterialComposition(facts);
    case v1::PASSPORT_DOCUMENT_PERFORMANCE_AND_DURABILITY:
      return Performance(facts);
    default:
      facts.Fill(made, kDueDiligence);
      return made;
  }
}

}  // namespace mes::services
