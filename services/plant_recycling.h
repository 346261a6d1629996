// What a plant's files say for recycling: masses and elements of materials (`materials.json`, `recycling.json`) and how products
// are taken apart (`dismantling.json`). README "Recycling" describes the fields. The last two files may be missing.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "domain/contents.h"
#include "domain/dismantling.h"
#include "services/plant_files.h"
#include "services/rpc.h"

namespace mes::services {

// Codes count; ids are 0.
struct RecyclingDraft {
  // Of one unit of measure, by material code.
  std::map<std::string, domain::Contents> masses;
  std::vector<domain::DismantlingSheet> sheets;
};

// `plant` is what ReadPlant read of the same files without a fault. Adds faults where a shape or a figure is wrong.
RecyclingDraft ReadPlantRecycling(const std::vector<PlantText>& files, const domain::PlantDraft& plant,
                                  std::vector<domain::PlantFault>& faults);

// Stores it in the place of what was there; the materials are stored already.
void StorePlantRecycling(Call& call, RecyclingDraft& draft);

}  // namespace mes::services
