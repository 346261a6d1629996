#include "services/passport_document.h"

#include <cmath>

#include "domain/substance.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using Json = nlohmann::json;
using domain::Fail;
using domain::FieldError;
using domain::Reason;

// Where nothing came before (the schema wants an identifier all the same).
constexpr char kNoUuid[] = "urn:uuid:00000000-0000-0000-0000-000000000000";

std::string SchemaOf(v1::PassportDocument document) {
  switch (document) {
    case v1::PASSPORT_DOCUMENT_BATTERY_PASS:
      return "io.catenax.battery.battery_pass:6.1.0";
    case v1::PASSPORT_DOCUMENT_DIGITAL_PRODUCT_PASSPORT:
      return "io.catenax.generic.digital_product_passport:7.0.0";
    case v1::PASSPORT_DOCUMENT_SERIAL_PART:
      return "io.catenax.serial_part:4.0.0";
    case v1::PASSPORT_DOCUMENT_BATCH:
      return "io.catenax.batch:4.0.0";
    case v1::PASSPORT_DOCUMENT_SINGLE_LEVEL_BOM_AS_BUILT:
      return "io.catenax.single_level_bom_as_built:4.0.0";
    case v1::PASSPORT_DOCUMENT_SINGLE_LEVEL_USAGE_AS_BUILT:
      return "io.catenax.single_level_usage_as_built:4.0.0";
    case v1::PASSPORT_DOCUMENT_TRACTION_BATTERY_CODE:
      return "io.catenax.traction_battery_code:2.0.0";
    case v1::PASSPORT_DOCUMENT_GENERAL_PRODUCT_INFORMATION:
      return "io.BatteryPass.GeneralProductInformation:1.2.0";
    case v1::PASSPORT_DOCUMENT_CARBON_FOOTPRINT:
      return "io.BatteryPass.CarbonFootprint:1.2.0";
    case v1::PASSPORT_DOCUMENT_CIRCULARITY:
      return "io.BatteryPass.Circularity:1.2.0";
    case v1::PASSPORT_DOCUMENT_LABELS:
      return "io.BatteryPass.Labels:1.2.0";
    case v1::PASSPORT_DOCUMENT_MATERIAL_COMPOSITION:
      return "io.BatteryPass.MaterialComposition:1.2.0";
    case v1::PASSPORT_DOCUMENT_PERFORMANCE_AND_DURABILITY:
      return "io.BatteryPass.Performance:1.2.1";
    case v1::PASSPORT_DOCUMENT_SUPPLY_CHAIN_DUE_DILIGENCE:
      return "io.BatteryPass.SupplyChainDueDiligence:1.2.0";
    default:
      return "";
  }
}

bool IsOfPassport(v1::PassportDocument document) {
  return document == v1::PASSPORT_DOCUMENT_BATTERY_PASS || document == v1::PASSPORT_DOCUMENT_DIGITAL_PRODUCT_PASSPORT ||
         document >= v1::PASSPORT_DOCUMENT_GENERAL_PRODUCT_INFORMATION;
}

// What belongs to the version and not to its content.
void GiveVersion(const domain::PassportVersion& version, const std::vector<domain::PassportEntry>& entries, bool ended,
                 DocumentFacts& facts) {
  std::string digits = version.passport_identifier;
  std::erase(digits, '-');
  facts.Give("passport_urn", "urn:uuid:" + version.passport_identifier);
  facts.Give("passport_short_urn", "urn:mespassport:" + digits);
  const domain::PassportEntry* predecessor = domain::FindEntry(entries, "predecessor_identifier");
  const bool follows = predecessor != nullptr && !predecessor->value.empty();
  facts.Give("predecessor_urn", follows ? "urn:uuid:" + predecessor->value : kNoUuid);
  facts.Give("has_predecessor", follows);
  if (follows) facts.Give("predecessor_if_any", "urn:uuid:" + predecessor->value);
  facts.Give("version", std::to_string(version.version));
  facts.Give("issue_date", DayText(version.issue_time));
  facts.Give("passport_status", ended ? "expired" : "approved");
  facts.Give("yes", true);
  facts.Give("no", false);
}

domain::Result<MadeDocument> MakeOfPassport(Call& call, const std::string& unit_code, v1::PassportDocument document,
                                            const std::vector<domain::PassportTier>& tiers) {
  const domain::Result<PassportSubject> subject = FindSubject(call, unit_code);
  if (!subject) return Fail(subject.error());
  const bool of_stacks = document == v1::PASSPORT_DOCUMENT_DIGITAL_PRODUCT_PASSPORT;
  if (of_stacks != (subject->kind == domain::PassportKind::kStack)) {
    return Fail(FieldError(Reason::kDocumentUnavailable, "document",
                           std::string("this document is for ") + (of_stacks ? "fuel-cell stacks" : "batteries") + ", and " + unit_code +
                               " is none"));
  }
  const std::optional<db::StoredVersion> stored = db::LoadVersion(call.transaction, subject->id, 0);
  if (!stored) {
    return Fail(FieldError(Reason::kPassportUnknown, "unit_code", "no passport was issued for " + unit_code + ": issue it first"));
  }
  auto entries = domain::EntriesIn(stored->content);
  if (!entries) return Fail(entries.error());
  const bool catena_x = document == v1::PASSPORT_DOCUMENT_BATTERY_PASS || of_stacks;
  DocumentFacts facts(*entries, tiers, catena_x ? LinkStyle::kDescribed : LinkStyle::kBare);
  GiveVersion(stored->version, *entries, RecycledAt(call, subject->id).has_value(), facts);
  const Json made = of_stacks  ? StackPassportOf(facts)
                    : catena_x ? BatteryPassOf(facts)
                               : BatteryPassPartOf(facts, document);
  if (domain::Status verdict = facts.Verdict(); !verdict) return Fail(verdict.error());
  return MadeDocument{made.dump(), SchemaOf(document), stored->version.version};
}

}  // namespace

bool IsAbsent(DocumentFacts& facts, const std::string& substance) {
  if (facts.Knows("concentration", substance)) return facts.NumberOf("concentration", substance) == 0;
  return facts.Knows("element_mass", substance) && facts.NumberOf("element_mass", substance) == 0;
}

double RecycledOf(DocumentFacts& facts, const std::string& substance) {
  if (!facts.Knows("recycled_pre_consumer", substance) && IsAbsent(facts, substance)) return 0;
  const double both = facts.NumberOf("recycled_pre_consumer", substance) + facts.NumberOf("recycled_post_consumer", substance);
  return std::round(both * 1e6) / 1e6;
}

double ShareOf(DocumentFacts& facts, const std::string& substance) {
  const double total = facts.NumberOf("mass_total");
  const double mass = facts.NumberOf("substance_mass", substance);
  return total > 0 ? std::round(1e6 * mass / total) / 1e4 : 0;
}

std::vector<std::string> MaterialsOf(DocumentFacts& facts) {
  std::vector<std::string> materials;
  for (const std::string& code : facts.SubjectsOf("substance_mass")) {
    const domain::Substance* substance = domain::FindSubstance(code);
    if (substance != nullptr && !substance->cas.empty() && facts.NumberOf("substance_mass", code) > 0) materials.push_back(code);
  }
  return materials;
}

domain::Result<MadeDocument> MakePassportDocument(Call& call, const std::string& unit_code, v1::PassportDocument document,
                                                  const std::vector<domain::PassportTier>& tiers) {
  if (IsOfPassport(document)) return MakeOfPassport(call, unit_code, document, tiers);
  const auto id = FindUnitId(call, unit_code, "unit_code");
  if (!id) return Fail(id.error());
  const db::StoredUnit stored = db::LoadUnits(call.transaction, {*id}).at(0);
  const domain::Result<Json> made = PartDocumentOf(call, stored, document, tiers);
  if (!made) return Fail(made.error());
  return MadeDocument{made->dump(), SchemaOf(document), 0};
}

}  // namespace mes::services
