// The files of a plant's folder, for tests that load the real plant or one with a fault in it.
#pragma once

#include <map>
#include <string>

namespace mes::tests {

// Content by path below the folder, `*.json` only. Throws std::runtime_error where it cannot be read.
using PlantFolder = std::map<std::string, std::string>;
PlantFolder ReadPlantFolder(const std::string& folder);
// That of deploy/plant.
PlantFolder ReadReferencePlant();

}  // namespace mes::tests
