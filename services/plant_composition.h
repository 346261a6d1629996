// What a plant's `materials.json` says under `compositions`: of one piece of a product, the masses of its materials and elements by the
// names of domain/substance. Entries of things that the plant does not know (cells that only come in for recycling) are left alone.
#pragma once

#include <vector>

#include "domain/composition.h"
#include "services/plant_files.h"

namespace mes::services {

// `plant` is what ReadPlant read of the same files without a fault. Adds faults where a mass is no number or below zero.
std::vector<domain::Composition> ReadPlantCompositions(const std::vector<PlantText>& files, const domain::PlantDraft& plant,
                                                       std::vector<domain::PlantFault>& faults);

}  // namespace mes::services
