#include "services/plant_files.h"

#include <chrono>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "domain/limits.h"
#include "tests/support/plant_folder.h"

namespace mes::services {
namespace {

using domain::Operation;
using domain::PlantFault;
using domain::ProductRevision;
using tests::PlantFolder;
using Json = nlohmann::ordered_json;
using testing::HasSubstr;

PlantReading Read(const PlantFolder& folder) {
  std::vector<PlantText> files;
  for (const auto& [path, content] : folder) files.push_back({path, content});
  return ReadPlant(files);
}

std::string Text(const std::vector<PlantFault>& faults) {
  std::string text;
  for (const PlantFault& fault : faults) text += fault.file + " " + fault.path + ": " + fault.problem + "\n";
  return text;
}

void Set(PlantFolder& folder, const std::string& file, const std::string& pointer, const Json& value) {
  Json document = Json::parse(folder.at(file));
  document[Json::json_pointer(pointer)] = value;
  folder[file] = document.dump();
}

void Remove(PlantFolder& folder, const std::string& file, const std::string& pointer) {
  Json document = Json::parse(folder.at(file));
  const Json::json_pointer place(pointer);
  document[place.parent_pointer()].erase(place.back());
  folder[file] = document.dump();
}

void Replace(PlantFolder& folder, const std::string& file, const std::string& from, const std::string& to) {
  std::string& content = folder.at(file);
  content.replace(content.find(from), from.size(), to);
}

const PlantFolder& Reference() {
  static const PlantFolder folder = tests::ReadReferencePlant();
  return folder;
}

const ProductRevision& Product(const PlantReading& reading, const std::string& code) {
  for (const ProductRevision& product : reading.draft.products) {
    if (product.product_code == code) return product;
  }
  throw std::invalid_argument(code);
}

const Operation& OperationOf(const PlantReading& reading, const std::string& code, int16_t number) {
  for (const Operation& operation : Product(reading, code).operations) {
    if (operation.number == number) return operation;
  }
  throw std::invalid_argument(code);
}

TEST(PlantFiles, TheReferencePlantIsGood) {
  const PlantReading reading = Read(Reference());
  EXPECT_EQ(Text(reading.faults), "");
  EXPECT_EQ(reading.draft.products.size(), 22u);
  EXPECT_EQ(reading.draft.materials.size(), 131u);
  EXPECT_EQ(reading.draft.lines.at("CELL-LFP-228"), 4);
}

TEST(PlantFiles, AMaterialConsumedAtTwoOperationsIsTwoLines) {
  const PlantReading reading = Read(Reference());
  const ProductRevision& cell = Product(reading, "CELL-LFP-228");
  std::vector<std::pair<int16_t, int64_t>> lines;
  for (const domain::BomLine& line : cell.bom) {
    if (line.material_code == "RM-ELY") lines.emplace_back(line.operation, line.line);
  }
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].first, 210);
  EXPECT_EQ(lines[1].first, 250);
  EXPECT_LT(lines[0].second, lines[1].second);
}

TEST(PlantFiles, QuantitiesAreExactWhereTheFilesHoldADoublesTail) {
  ASSERT_THAT(Reference().at("routings/PACK-TRK-70.json"), HasSubstr("6.6000000000000005"));
  for (const domain::BomLine& line : Product(Read(Reference()), "PACK-TRK-70").bom) {
    if (line.material_code == "RM-GAP") EXPECT_EQ(line.quantity_micro, 6'600'000);
  }
}

TEST(PlantFiles, TheReferencePlantUsesEveryKindOfRule) {
  const PlantReading reading = Read(Reference());
  EXPECT_EQ(OperationOf(reading, "CELL-LFP-228", 140).new_identity, domain::NewIdentity::kPlant);
  EXPECT_EQ(OperationOf(reading, "CELL-LFP-228", 160).new_identity, domain::NewIdentity::kGbt34014);
  EXPECT_EQ(OperationOf(reading, "PACK-TRK-70", 120).software_version, "PACK-TRK-70/2026.1");
  EXPECT_EQ(OperationOf(reading, "STK-148", 30).tightenings, 12);
  EXPECT_FALSE(OperationOf(reading, "BSYS-TRK-282", 65).mandatory);
  EXPECT_EQ(OperationOf(reading, "VEH-TRK-BEV282", 95).alternate_of, 90);
  EXPECT_EQ(OperationOf(reading, "CELL-LFP-228", 330).characteristics[0].sampling_n, 100);
  for (const domain::TimeWindow& window : Product(reading, "CELL-LFP-228").windows) {
    if (window.id == "TW-RTA") EXPECT_EQ(window.late_action, domain::LateAction::kFlag);
    if (window.id == "TW-BAKEFILL") EXPECT_EQ(window.repeat_from, 190);
  }
  EXPECT_THAT(Product(reading, "ELC-C").bom[0].alternate_codes, testing::ElementsAre("RM-LFP-B"));
}

TEST(PlantFiles, FieldsThatAreLeftOutAreDerived) {
  PlantFolder folder = Reference();
  for (auto& [path, content] : folder) {
    if (!path.starts_with("routings/")) continue;
    Json document = Json::parse(content);
    for (Json& operation : document["operations"]) {
      for (const char* key : {"new_identity", "mandatory", "alternate_of", "recipe_checksum", "software_version", "tightenings"}) {
        operation.erase(key);
      }
    }
    for (Json& window : document["time_windows"]) {
      for (const char* key : {"late_action", "repeat_from", "repeat_max"}) window.erase(key);
    }
    content = document.dump();
  }
  folder.erase("capacities.json");
  const PlantReading reading = Read(folder);
  EXPECT_EQ(Text(reading.faults), "");
  EXPECT_TRUE(reading.draft.lines.empty());
  EXPECT_EQ(OperationOf(reading, "STK-148", 30).tightenings, 12);
  EXPECT_EQ(OperationOf(reading, "PACK-TRK-70", 120).software_version, "PACK-TRK-70/1");
  EXPECT_EQ(OperationOf(reading, "PACK-TRK-70", 110).software_version, "");
  const Operation& operation = OperationOf(reading, "PACK-TRK-70", 110);
  EXPECT_TRUE(operation.mandatory);
  EXPECT_EQ(operation.new_identity, domain::NewIdentity::kNone);
  EXPECT_EQ(operation.recipe_checksum.size(), 16u);
  EXPECT_EQ(Product(reading, "ELC-C").windows[0].late_action, domain::LateAction::kRefuse);
  EXPECT_EQ(OperationOf(Read(folder), "PACK-TRK-70", 110).recipe_checksum, operation.recipe_checksum);
  EXPECT_NE(OperationOf(reading, "PACK-CAR-60", 110).recipe_checksum, OperationOf(reading, "PACK-CAR-60", 120).recipe_checksum);
}

TEST(PlantFiles, LayoutAndOrderOfFieldsDoNotChangeTheContent) {
  PlantFolder folder = Reference();
  Json document = Json::parse(folder["routings/CCM.json"]);
  Json turned = Json::object();
  for (const char* key : {"time_windows", "operations", "family"}) turned[key] = document[key];
  folder["routings/CCM.json"] = turned.dump(4);
  EXPECT_EQ(CanonicalText(Product(Read(folder), "CCM")), CanonicalText(Product(Read(Reference()), "CCM")));
}

struct Case {
  const char* name;
  std::function<void(PlantFolder&)> change;
  const char* file;
  const char* path;
  const char* problem;  // part of it
};

void PrintTo(const Case& row, std::ostream* out) { *out << row.name; }

class PlantFilesFault : public testing::TestWithParam<Case> {};

TEST_P(PlantFilesFault, IsNamedWithFileAndPointer) {
  PlantFolder folder = Reference();
  GetParam().change(folder);
  const PlantReading reading = Read(folder);
  ASSERT_EQ(reading.faults.size(), 1u) << Text(reading.faults).substr(0, 2'000);
  EXPECT_EQ(reading.faults[0].file, GetParam().file);
  EXPECT_EQ(reading.faults[0].path, GetParam().path);
  EXPECT_THAT(reading.faults[0].problem, HasSubstr(GetParam().problem));
}

constexpr const char* kCcm = "routings/CCM.json";
constexpr const char* kBom = "boms/CCM.json";

const Case kCases[] = {
    {"Malformed", [](PlantFolder& f) { f[kCcm] = "{\"family\": \"CCM\",\n  \"operations\": [}"; }, kCcm, "/operations/0",
     "line 2, column 18"},
    {"Empty", [](PlantFolder& f) { f[kCcm] = ""; }, kCcm, "", "not well-formed JSON"},
    {"CutOff", [](PlantFolder& f) { f[kCcm] = "{\"family\": \"CCM\""; }, kCcm, "/family", "unexpected end of input"},
    {"NotUtf8", [](PlantFolder& f) { Replace(f, kCcm, "\"CCM\"", "\"CC\xff\""); }, kCcm, "/family", "invalid string"},
    {"NotANumber", [](PlantFolder& f) { Replace(f, kCcm, "\"usl\": ", "\"usl\": NaN, \"x\": "); }, kCcm,
     "/operations/0/parameters/0/usl", "not well-formed JSON"},
    {"BeyondADouble", [](PlantFolder& f) { Replace(f, kCcm, "\"usl\": ", "\"usl\": 1e999, \"x\": "); }, kCcm,
     "/operations/0/parameters/0/usl", "number overflow"},
    {"TooLargeANumber", [](PlantFolder& f) { Set(f, kCcm, "/operations/0/parameters/0/usl", 1e300); }, kCcm,
     "/operations/0/parameters/0/usl", "too large"},
    {"AList", [](PlantFolder& f) { f[kCcm] = "[]"; }, kCcm, "", "must be an object, not a list"},
    {"KeyTwice", [](PlantFolder& f) { Replace(f, kCcm, "\"name_zh\"", "\"name\": \"x\", \"name_zh\""); }, kCcm, "/operations/0/name",
     "twice"},
    {"NulCharacter", [](PlantFolder& f) { Set(f, kCcm, "/operations/1/name", std::string("a\0b", 3)); }, kCcm, "/operations/1/name",
     "NUL"},
    {"ControlCharacter", [](PlantFolder& f) { Set(f, kCcm, "/operations/1/name", "a\nb"); }, kCcm, "/operations/1/name", "control"},
    {"TooDeep", [](PlantFolder& f) { f["materials.json"] = std::string(1'000'000, '['); }, "materials.json",
     "/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0", "deeper than 32"},
    {"FieldMissing", [](PlantFolder& f) { Remove(f, kCcm, "/operations/1/fpy"); }, kCcm, "/operations/1/fpy", "missing"},
    {"FieldUnknown", [](PlantFolder& f) { Set(f, kCcm, "/operations/1/max_retests", 2); }, kCcm, "/operations/1/max_retests", "unknown"},
    {"TextForANumber", [](PlantFolder& f) { Set(f, kCcm, "/operations/1/cycle_s", "12"); }, kCcm, "/operations/1/cycle_s",
     "must be a number, not a text"},
    {"NumberForAText", [](PlantFolder& f) { Set(f, kCcm, "/operations/1/name", 12); }, kCcm, "/operations/1/name",
     "must be a text, not a number"},
    {"TextForAFlag", [](PlantFolder& f) { Set(f, kCcm, "/operations/1/mandatory", "yes"); }, kCcm, "/operations/1/mandatory",
     "true or false"},
    {"HalfAnInteger", [](PlantFolder& f) { Set(f, kCcm, "/operations/1/max_retest", 0.5); }, kCcm, "/operations/1/max_retest",
     "whole number"},
    {"HugeInteger", [](PlantFolder& f) { Set(f, kCcm, "/operations/1/op", 1e18); }, kCcm, "/operations/1/op", "1 to 32767"},
    {"ObjectForAList", [](PlantFolder& f) { Set(f, kCcm, "/operations/1/parameters", Json::object()); }, kCcm,
     "/operations/1/parameters", "must be a list"},
    {"NumberForAnOperation", [](PlantFolder& f) { Set(f, kCcm, "/operations/1", 7); }, kCcm, "/operations/1", "must be an object"},
    {"TextTooLong", [](PlantFolder& f) { Set(f, kCcm, "/operations/1/name", std::string(201, 'x')); }, kCcm, "/operations/1/name",
     "more than 200"},
    {"UnknownInterlock", [](PlantFolder& f) { Set(f, kCcm, "/operations/1/interlocks/0", "ROUTE_SEK"); }, kCcm,
     "/operations/1/interlocks/0", "`ROUTE_SEK` is unknown"},
    {"UnknownSampling", [](PlantFolder& f) { Set(f, kCcm, "/operations/0/parameters/0/sampling/mode", "always"); }, kCcm,
     "/operations/0/parameters/0/sampling/mode", "use every_unit"},
    {"UnknownClass", [](PlantFolder& f) { Set(f, kCcm, "/operations/0/parameters/0/characteristic", "XC"); }, kCcm,
     "/operations/0/parameters/0/characteristic", "CC, SC or std"},
    {"UnknownEvent", [](PlantFolder& f) { Set(f, kCcm, "/time_windows/0/from_event", "begin"); }, kCcm, "/time_windows/0/from_event",
     "`begin` is unknown"},
    {"UnknownLateAction", [](PlantFolder& f) { Set(f, kCcm, "/time_windows/0/late_action", "ignore"); }, kCcm,
     "/time_windows/0/late_action", "refuse, flag or repeat"},
    {"UnknownIdentity", [](PlantFolder& f) { Set(f, kCcm, "/operations/0/new_identity", "vin"); }, kCcm, "/operations/0/new_identity",
     "none, plant or gbt34014"},
    {"UnknownTracking", [](PlantFolder& f) { Set(f, "materials.json", "/materials/RM-LFP/tracking", "batch"); }, "materials.json",
     "/materials/RM-LFP/tracking", "serial, lot or none"},
    {"UnknownUnitOfMeasure",
     [](PlantFolder& f) {
       Set(f, "materials.json", "/materials/RM-X", {{"name", "x"}, {"name_zh", "x"}, {"uom", "t"}, {"tracking", "lot"}});
     },
     "materials.json", "/materials/RM-X/uom", "`t` is unknown"},
    {"SevenDigits", [](PlantFolder& f) { Set(f, kBom, "/components/0/qty", 0.0060001); }, kBom, "/components/0/qty",
     "more than six fraction digits"},
    {"QuantityBelowZero", [](PlantFolder& f) { Set(f, kBom, "/components/0/qty", -1); }, kBom, "/components/0/qty", "0 to"},
    {"BomAgainstRouting", [](PlantFolder& f) { Set(f, kBom, "/components/0/qty", 0.007); }, kBom, "/components/0/qty",
     "the operations consume 0.006"},
    {"OtherFamily", [](PlantFolder& f) { Set(f, kBom, "/family", "CCN"); }, kBom, "/family", "must be `CCM`"},
    {"RoutingMissing", [](PlantFolder& f) { f.erase(kCcm); }, "families.json", "/families/CCM/routing",
     "`routings/CCM.json` is missing"},
    {"BomMissing", [](PlantFolder& f) { f.erase(kBom); }, "families.json", "/families/CCM/bom", "`boms/CCM.json` is missing"},
    {"BomElsewhere", [](PlantFolder& f) { Set(f, "families.json", "/families/CCM/bom", "boms/MEA-7.json"); }, "families.json",
     "/families/CCM/bom", "must be `boms/CCM.json`"},
    {"MaterialsMissing", [](PlantFolder& f) { f.erase("materials.json"); }, "materials.json", "", "the file is missing"},
    {"RulesMissing", [](PlantFolder& f) { f.erase("rules.json"); }, "rules.json", "", "the file is missing"},
    {"RoutingOfNobody", [](PlantFolder& f) { f["routings/XYZ.json"] = "{}"; }, "routings/XYZ.json", "", "no product `XYZ`"},
    {"FileFromElsewhere", [](PlantFolder& f) { f["../families.json"] = "{}"; }, "../families.json", "", "none of a plant's files"},
    {"FileOfAnotherKind", [](PlantFolder& f) { f["notes.txt"] = "x"; }, "notes.txt", "", "none of a plant's files"},
    {"LinesOfNobody", [](PlantFolder& f) { Set(f, "capacities.json", "/line_groups/XYZ", Json{{"lines", 1}}); }, "capacities.json",
     "/line_groups/XYZ", "no product `XYZ`"},
    {"LinesBelowZero", [](PlantFolder& f) { Set(f, "capacities.json", "/line_groups/CCM/lines", -1); }, "capacities.json",
     "/line_groups/CCM/lines", "must be 0 to"},
};
INSTANTIATE_TEST_SUITE_P(All, PlantFilesFault, testing::ValuesIn(kCases), [](const auto& info) { return info.param.name; });

TEST(PlantFiles, EveryFaultIsListedInOrderOfFileAndPath) {
  PlantFolder folder = Reference();
  Remove(folder, "routings/CELL-LFP-228.json", "/operations/10/name");
  Remove(folder, "routings/CELL-LFP-228.json", "/operations/2/name");
  Set(folder, "routings/CCM.json", "/operations/0/fpy", 2);
  Set(folder, "boms/MEA-7.json", "/components/0/qty", 1);
  const std::vector<PlantFault> faults = Read(folder).faults;
  ASSERT_EQ(faults.size(), 4u) << Text(faults);
  EXPECT_EQ(faults[0].file, "boms/MEA-7.json");
  EXPECT_EQ(faults[1].file, "routings/CCM.json");
  EXPECT_EQ(faults[2].path, "/operations/2/name");
  EXPECT_EQ(faults[3].path, "/operations/10/name");
}

TEST(PlantFiles, AFileGivenTwiceIsAFault) {
  std::vector<PlantText> files;
  for (const auto& [path, content] : Reference()) files.push_back({path, content});
  files.push_back({"rules.json", "{}"});
  const PlantReading reading = ReadPlant(files);
  ASSERT_EQ(reading.faults.size(), 1u);
  EXPECT_EQ(reading.faults[0].file, "rules.json");
}

TEST(PlantFiles, FilesOfLaterChaptersAreLeftAlone) {
  PlantFolder folder = Reference();
  folder["holidays-2027.json"] = "not even JSON";
  EXPECT_EQ(Text(Read(folder).faults), "");
}

TEST(PlantFiles, AMeaninglessFileOfAnySizeIsRefusedQuickly) {
  PlantFolder folder = Reference();
  std::string keys;
  std::string zeros = "0";
  for (int i = 0; i < 300'000; ++i) keys += "\"k" + std::to_string(i) + "\":0,";
  for (int i = 1; i < 9'000; ++i) zeros += ",0";
  // Objects with more fields than any, lists longer than any, and more faults than are kept.
  folder["boms/CCM.json"] = "{" + keys + "\"family\":\"CCM\",\"components\":[" + zeros + "]}";
  folder["routings/CCM.json"] = "{\"family\":\"CCM\",\"time_windows\":[],\"operations\":[" + zeros + "," + zeros + "]}";
  const auto begin = std::chrono::steady_clock::now();
  const std::vector<PlantFault> faults = Read(folder).faults;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  EXPECT_EQ(faults.size(), 20'000u);
}

TEST(PlantFiles, AListLongerThanAnyIsOneFault) {
  PlantFolder folder = Reference();
  Set(folder, "routings/CCM.json", "/operations", std::vector<int>(10'001, 0));
  const std::vector<PlantFault> faults = Read(folder).faults;
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_THAT(faults[0].problem, HasSubstr("more than 10000"));
}

TEST(PlantFiles, NoFilesAtAllAreThreeMissingFiles) { EXPECT_EQ(Read({}).faults.size(), 3u); }

}  // namespace
}  // namespace mes::services
