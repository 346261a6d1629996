#include "services/plant_recycling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/plant_folder.h"

namespace mes::services {
namespace {

using tests::PlantFolder;
using Json = nlohmann::ordered_json;
using testing::HasSubstr;

struct Read {
  RecyclingDraft draft;
  std::string faults;
};

Read ReadFolder(const PlantFolder& folder) {
  std::vector<PlantText> files;
  for (const auto& [path, content] : folder) files.push_back({path, content});
  PlantReading reading = ReadPlant(files);
  Read read;
  read.draft = ReadPlantRecycling(files, reading.draft, reading.faults);
  for (const domain::PlantFault& fault : reading.faults)
    read.faults += fault.file + " " + fault.path + ": " + fault.problem + "\n";
  return read;
}

PlantFolder With(const std::string& file, const std::string& pointer, const Json& value) {
  PlantFolder folder = tests::ReadReferencePlant();
  Json document = Json::parse(folder.at(file));
  document[Json::json_pointer(pointer)] = value;
  folder[file] = document.dump();
  return folder;
}

TEST(PlantRecycling, TheReferencePlantIsGood) {
  const Read read = ReadFolder(tests::ReadReferencePlant());
  EXPECT_EQ(read.faults, "");
  EXPECT_EQ(read.draft.sheets.size(), 8u);
  EXPECT_EQ(read.draft.sheets[0].product_code, "PACK-CAR-60");
  EXPECT_EQ(read.draft.sheets[0].steps.size(), 12u);
  const domain::Contents& cell = read.draft.masses.at("CELL-LFP-228");
  EXPECT_EQ(cell.total_ug, 4'197'550'000);
  EXPECT_EQ(cell.elements.at(domain::Element::kLithium), 74'600'000);
  EXPECT_FALSE(cell.elements.contains(domain::Element::kCobalt)) << "zero is none";
  EXPECT_EQ(read.draft.masses.at("STK-148").elements.at(domain::Element::kPlatinum), 45'600'000);
  EXPECT_EQ(read.draft.masses.at("CP-HSG-C").elements.at(domain::Element::kAluminium), 33'320'000'000);
}

TEST(PlantRecycling, BothFilesMayBeMissingAndASheetMayStandAlone) {
  PlantFolder folder = tests::ReadReferencePlant();
  const Json sheets = Json::parse(folder.at("dismantling.json"));
  folder.erase("recycling.json");
  folder.erase("dismantling.json");
  EXPECT_EQ(ReadFolder(folder).faults, "");
  folder["dismantling.json"] = sheets["sheets"][0].dump();
  const Read read = ReadFolder(folder);
  EXPECT_EQ(read.faults, "");
  EXPECT_EQ(read.draft.sheets.size(), 1u);
}

TEST(PlantRecycling, FaultsNameFileAndPointer) {
  const std::string step = "/sheets/0/steps/1";
  EXPECT_THAT(ReadFolder(With("dismantling.json", step + "/component", "NONE")).faults,
              HasSubstr("dismantling.json " + step + "/component: "));
  EXPECT_THAT(ReadFolder(With("dismantling.json", step + "/step", 1)).faults, HasSubstr("dismantling.json " + step + "/step: "));
  EXPECT_THAT(ReadFolder(With("dismantling.json", step + "/minutes", "ten")).faults,
              HasSubstr("dismantling.json " + step + "/minutes: "));
  EXPECT_THAT(ReadFolder(With("dismantling.json", step + "/colour", 1)).faults, HasSubstr("dismantling.json " + step));
  EXPECT_THAT(ReadFolder(With("dismantling.json", "/sheets/0/product", "NONE")).faults,
              HasSubstr("dismantling.json /sheets/0/product: "));
  EXPECT_THAT(ReadFolder(With("dismantling.json", "/sheets/1/product", "PACK-CAR-60")).faults, HasSubstr("has a sheet already"));
  EXPECT_THAT(ReadFolder(With("dismantling.json", "/sheets/0/safety/nominal_voltage_V", 900)).faults,
              HasSubstr("/sheets/0/safety/max_voltage_V: "));
  EXPECT_THAT(ReadFolder(With("materials.json", "/compositions/CELL-LFP-999", Json::object())).faults,
              HasSubstr("materials.json /compositions/CELL-LFP-999: there is no material"));
  EXPECT_THAT(ReadFolder(With("materials.json", "/compositions/CELL-LFP-228/elements_g/Xx", 1)).faults,
              HasSubstr("materials.json /compositions/CELL-LFP-228/elements_g/Xx: "));
  EXPECT_THAT(ReadFolder(With("materials.json", "/compositions/CELL-LFP-228/elements_g/Li", 9'000)).faults, HasSubstr("heavier"));
  EXPECT_THAT(ReadFolder(With("recycling.json", "/element_shares/CP-HSG-C", Json{{"Al", 0.9}, {"Fe", 0.2}})).faults,
              HasSubstr("recycling.json /element_shares/CP-HSG-C: the shares are more than the whole"));
  EXPECT_THAT(ReadFolder(With("recycling.json", "/element_shares/NONE", Json{{"Al", 1}})).faults,
              HasSubstr("recycling.json /element_shares/NONE: there is no material"));
  EXPECT_THAT(ReadFolder(With("recycling.json", "/element_shares/CELL-LFP-228", Json{{"Al", 0.1}})).faults,
              HasSubstr("states the elements already"));
  PlantFolder broken = tests::ReadReferencePlant();
  broken["recycling.json"] = "{";
  EXPECT_THAT(ReadFolder(broken).faults, HasSubstr("recycling.json"));
}

}  // namespace
}  // namespace mes::services
