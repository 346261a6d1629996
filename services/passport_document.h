// Documents after other people's schemas: Catena-X aspects and the seven parts of Battery Pass. What a schema wants and nobody stated is
// never made up: the document is refused and the facts are named. Beyond the schemas: days exist, shares lie between 0 and 100, units of
// measure are the schema's, identifiers of one thing are the same in all documents, and no battery stands inside one of its own level.
#pragma once

#include <string>
#include <vector>

#include "mes/v1/passport.pb.h"
#include "services/passport_content.h"
#include "services/passport_facts.h"

namespace mes::services {

struct MadeDocument {
  // JSON.
  std::string content;
  std::string schema;
  // 0 = no passport is behind it.
  int32_t passport_version = 0;
};

// Errors: UNIT_UNKNOWN, PASSPORT_UNKNOWN, DOCUMENT_UNAVAILABLE, ROLE_INSUFFICIENT, LIMIT_EXCEEDED.
domain::Result<MadeDocument> MakePassportDocument(Call& call, const std::string& unit_code, v1::PassportDocument document,
                                                  const std::vector<domain::PassportTier>& tiers);

// The parts, each in a file of its own. They put into the document what they find and note what is missing in `facts`.

// Catena-X battery_pass 6.1.0 and digital_product_passport 7.0.0.
nlohmann::json BatteryPassOf(DocumentFacts& facts);
nlohmann::json StackPassportOf(DocumentFacts& facts);
// The seven parts of Battery Pass 1.2.
nlohmann::json BatteryPassPartOf(DocumentFacts& facts, v1::PassportDocument document);

// Recycled content of a substance, percent: both kinds together; 0 where the unit is known to hold none of it.
double RecycledOf(DocumentFacts& facts, const std::string& substance);
// True: the composition or a declared concentration says that there is none in it.
bool IsAbsent(DocumentFacts& facts, const std::string& substance);
// Percent of the unit's mass.
double ShareOf(DocumentFacts& facts, const std::string& substance);
// Materials with a CAS number and a mass, by code.
std::vector<std::string> MaterialsOf(DocumentFacts& facts);

// Serial part, batch, bill of materials and usage as built, traction battery code: of units and lots, without a passport.
domain::Result<nlohmann::json> PartDocumentOf(Call& call, const db::StoredUnit& stored, v1::PassportDocument document,
                                              const std::vector<domain::PassportTier>& tiers);

}  // namespace mes::services
