#include "tests/support/plant_folder.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace mes::tests {

PlantFolder ReadPlantFolder(const std::string& folder) {
  PlantFolder files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream stream(entry.path(), std::ios::binary);
    if (!stream) throw std::runtime_error("cannot read " + entry.path().string());
    files[std::filesystem::relative(entry.path(), folder).string()] = std::string(std::istreambuf_iterator<char>(stream), {});
  }
  return files;
}

PlantFolder ReadReferencePlant() { return ReadPlantFolder(std::string(MES_SOURCE_FOLDER) + "/deploy/plant"); }

}  // namespace mes::tests
