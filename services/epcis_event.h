// What was recorded of a unit, as EPCIS 2.0 events: station events, replacements, and the records of its life.
//
// | recorded | EPCIS |
// |---|---|
// | comes to exist | ObjectEvent ADD, commissioning; ilmd says which material it is |
// | completed | ObjectEvent OBSERVE, inspecting, conformant or non_conformant, values as sensor reports |
// | consumed | TransformationEvent: the lot's quantity goes in, the unit comes out |
// | installed, removed | AssociationEvent ADD installing, DELETE removing; `mes:line` and `mes:slot` are the position |
// | lot split, lots merged | TransformationEvent, steps `splitting` and `merging`: quantities in and out; ilmd: the material |
// | lots recovered | TransformationEvent, step `recycling`: all units of the batch go in, the lots of one material and report come out; |
// | | transformationID: the batch |
// | scrapped | ObjectEvent OBSERVE, decommissioning, non_conformant |
// | reversed | the event that was reversed carries an errorDeclaration |
// | life | ObjectEvent with the business step nearest to it; second life a TransformationEvent; recycling an ObjectEvent DELETE; |
// | | taken out, built in: `mes:around` is the unit around it, `mes:used`: that was in service |
//
// Steps that the CBV has no word for (testing, putting in service, repurposing, recycling) are addresses at the exporting host.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "db/captured_event.h"
#include "domain/product_definition.h"
#include "domain/station_event.h"

namespace mes::services {

// What things are called in the document.
struct EpcisNames {
  std::string host;
  // The address of a unit or lot by its id; a lot's is a class.
  std::function<std::string(int64_t unit_id)> unit;
  std::function<std::string(const std::string& code)> code;
  std::function<std::string(int32_t station_id)> station;
  // The unit of measure of a lot.
  std::function<std::string(int64_t unit_id)> uom;
  // The material's code.
  std::function<std::string(int64_t unit_id)> material;
};

class EpcisWriter {
 public:
  explicit EpcisWriter(const EpcisNames& names);
  // Each with its hash as eventID; null = nothing that partners are told. `revision` may be null.
  nlohmann::json Made(const db::MadeRow& made) const;
  nlohmann::json Of(const db::LotChange& change) const;
  // `unit_ids`: of the batch.
  nlohmann::json Of(const db::Recovery& recovery, const std::vector<int64_t>& unit_ids) const;
  nlohmann::json Of(int64_t unit_id, const domain::EventRow& row, const domain::ProductRevision* revision) const;
  nlohmann::json Of(int64_t unit_id, const domain::LifeRecord& record) const;

 private:
  nlohmann::json Begin(const char* type, domain::Time occur, domain::Time record) const;
  std::string Own(const std::string& kind, const std::string& word) const;
  std::string StepOf(domain::LifeEvent event) const;
  void AddValues(const domain::EventRow& row, const domain::ProductRevision& revision, nlohmann::json& event) const;
  nlohmann::json WithHash(nlohmann::json event) const;

  const EpcisNames& names_;
  const std::map<std::string, std::string> context_;
};

// The business steps of lives, as they are written and read: a word of the CBV, or the last part of an address.
struct EpcisStep {
  domain::LifeEvent event;
  const char* step;
  bool own;
};
const std::vector<EpcisStep>& EpcisSteps();
// Those of lots.
inline constexpr char kSplittingStep[] = "splitting";
inline constexpr char kMergingStep[] = "merging";
inline constexpr char kRecyclingStep[] = "recycling";
// The common code (UN/ECE recommendation 20) of our units of measure; empty = none known.
std::string CommonCode(std::string_view unit);
// The document's @context.
nlohmann::json EpcisContextOf(const std::string& host);

}  // namespace mes::services
