// A small plant in memory, for tests that need definitions but no database. It is valid as it comes; a test changes what it is about.
//
// Product PACK (serial): 10 KIT consumes HSG (serial, 1) · 20 LOAD consumes CELL (serial, 2) · 30 BOLT consumes BLT (lot, 4), 4
// tightenings · 40 TEST, 1 retest, rework to 20 once · 45 WASH, optional · 50 LABEL, GB/T 34014 code, GENEALOGY_COMPLETE.
// Product CELL (serial): 10 FILL consumes ELY (lot, 0.5 kg; alternate ELY-B) · 20 SOAK · 30 OCV, 2 retests · 35 OCVB stands in for 30.
// Window SOAK: from FILL complete to SOAK complete, 60 s to 3,600 s, late repeats from 10 once. Product INK (lot, kg): 10 MIX
// consumes POW (lot, 0.25 kg). One line each with one station per operation.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "domain/product_definition.h"

namespace mes::tests {

class PlantBuilder {
 public:
  PlantBuilder();

  domain::PlantDraft& draft() { return draft_; }
  domain::Material& material(std::string_view code);
  domain::ProductRevision& product(std::string_view code);
  domain::Operation& operation(std::string_view product_code, int16_t number);
  domain::TimeWindow& window(std::string_view product_code, std::string_view id);
  domain::BomLine& line(std::string_view product_code, std::string_view material_code);

  void AddBought(std::string_view code, std::string_view uom, domain::Tracking tracking);
  void AddProduct(std::string_view code, std::string_view uom, domain::Tracking tracking);
  // A mandatory production operation with one characteristic `<code>_V` (nominal 10, limits 5 to 15) and the interlocks ROUTE_SEQ,
  // NOT_BLOCKED and RECIPE_MATCH (checksum `<product>.<code>`); its station class is its code in lower case.
  domain::Operation& AddOperation(std::string_view product_code, int16_t number, std::string_view code);
  // Both the line and the BOM's component.
  void AddConsumption(std::string_view product_code, int16_t number, std::string_view material_code, std::string_view quantity);

  // A rule that acts, in Build() and with the draft's rules.
  void AddRule(domain::ProcessRule rule);

  // As the service has it: with ids (counted from 1 in order), stations and all maps. Call as often as wanted.
  std::shared_ptr<const domain::Plant> Build() const;

 private:
  domain::PlantDraft draft_;
  std::vector<domain::ProcessRule> rules_;
};

}  // namespace mes::tests
