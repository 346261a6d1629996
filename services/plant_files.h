// A plant's files, as a draft of definitions: `families.json` (what is made), `materials.json` (what is bought), `rules.json`,
// `capacities.json` (lines; may be missing), and per family `routings/<code>.json` and `boms/<code>.json`. README "The plant's files"
// describes the fields. What other readers look for beside these (holidays, recycling, dismantling) is left alone here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/product_definition.h"

namespace mes::services {

struct PlantText {
  // Below the plant's folder, for example `routings/ELC-C.json`.
  std::string path;
  // Must outlive the call only.
  std::string_view content;
};

struct PlantReading {
  domain::PlantDraft draft;
  // In order of file and path; empty = the draft is good. What a file means is judged only once its shape is in order, and what files
  // mean to each other once all that are concerned are.
  std::vector<domain::PlantFault> faults;
};

// Reads and judges (domain::CheckPlant) all files.
PlantReading ReadPlant(const std::vector<PlantText>& files);

// By file, then by path with numbers in it counted as numbers.
void SortFaults(std::vector<domain::PlantFault>& faults);

}  // namespace mes::services
