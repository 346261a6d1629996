// What was recorded of a unit, as EPCIS 2.0 events: station events, replacements, and the records of its life.
//
// | recorded | EPCIS |
// |---|---|
// | first start | ObjectEvent ADD, commissioning |
// | completed | ObjectEvent OBSERVE, inspecting, conformant or non_conformant, values as sensor reports |
// | consumed | TransformationEvent: the lot's quantity goes in, the unit comes out |
// | installed, removed | AssociationEvent ADD installing, DELETE removing |
// | scrapped | ObjectEvent OBSERVE, decommissioning, non_conformant |
// | reversed | the event that was reversed carries an errorDeclaration |
// | life | ObjectEvent with the business step nearest to it; second life a TransformationEvent; recycling an ObjectEvent DELETE |
//
// Steps that the CBV has no word for (testing, putting in service, repurposing, recycling) are addresses at the exporting host.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "db/life.h"
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
};

// Oldest first, each with its hash as eventID. `revision` may be null.
std::vector<nlohmann::json> EpcisEvents(int64_t unit_id, const std::vector<domain::EventRow>& history,
                                        const std::vector<db::StoredLifeRecord>& life, const domain::ProductRevision* revision,
                                        const EpcisNames& names);
// The document's @context.
nlohmann::json EpcisContextOf(const std::string& host);

}  // namespace mes::services
