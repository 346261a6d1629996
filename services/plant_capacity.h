// What a plant's files say of capacity: `capacities.json` (calendars, line groups, published figures) and each `holidays-YEAR.json`.
// README "Capacity" describes the fields. A product without a calendar or an availability has no known capacity and is not checked.
#pragma once

#include <vector>

#include "domain/capacity.h"
#include "services/plant_files.h"

namespace mes::services {

// `plant` is what ReadPlant read of the same files without a fault. Adds faults where a shape or a figure is wrong.
domain::CapacityDraft ReadPlantCapacity(const std::vector<PlantText>& files, const domain::PlantDraft& plant,
                                        std::vector<domain::PlantFault>& faults);

}  // namespace mes::services
