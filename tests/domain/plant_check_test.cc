#include <cmath>
#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/limits.h"
#include "domain/product_definition.h"
#include "tests/support/plant_builder.h"

namespace mes::domain {
namespace {

using tests::PlantBuilder;

std::string Text(const std::vector<PlantFault>& faults) {
  std::string text;
  for (const PlantFault& fault : faults) text += fault.file + " " + fault.path + ": " + fault.problem + "\n";
  return text;
}

TEST(PlantCheck, FindsNothingWrongWithAGoodPlant) {
  PlantBuilder builder;
  EXPECT_EQ(Text(CheckPlant(builder.draft())), "");
}

struct Case {
  const char* name;
  std::function<void(PlantBuilder&)> change;
  const char* file;
  const char* path;
  const char* problem;  // part of it
};

void PrintTo(const Case& row, std::ostream* out) { *out << row.name; }

class PlantCheckFault : public testing::TestWithParam<Case> {};

TEST_P(PlantCheckFault, IsNamedWithItsPlace) {
  PlantBuilder builder;
  GetParam().change(builder);
  const std::vector<PlantFault> faults = CheckPlant(builder.draft());
  ASSERT_EQ(faults.size(), 1u) << Text(faults);
  EXPECT_EQ(faults[0].file, GetParam().file);
  EXPECT_EQ(faults[0].path, GetParam().path);
  EXPECT_THAT(faults[0].problem, testing::HasSubstr(GetParam().problem));
}

void Raise(PlantBuilder& b, Interlock interlock, int16_t number) { b.operation("PACK", number).interlocks.push_back(interlock); }
Characteristic& FirstOf(PlantBuilder& b, int16_t number) { return b.operation("PACK", number).characteristics[0]; }

const Case kMaterials[] = {
    {"CodeWithABlank", [](PlantBuilder& b) { b.AddBought("A B", "kg", Tracking::kLot); }, "materials.json", "/materials/A B", "blank"},
    {"PointerIsEscaped", [](PlantBuilder& b) { b.AddBought("A/B", "t", Tracking::kLot); }, "materials.json", "/materials/A~1B/uom",
     "unit of measure `t`"},
    {"DefinedTwice", [](PlantBuilder& b) { b.AddBought("CELL", "pc", Tracking::kSerial); }, "materials.json", "/materials/CELL", "twice"},
    {"SerialByWeight", [](PlantBuilder& b) { b.AddBought("X", "kg", Tracking::kSerial); }, "materials.json", "/materials/X/tracking",
     "pc or set"},
    {"MadeWithoutIdentity", [](PlantBuilder& b) { b.material("INK").tracking = Tracking::kNone; }, "families.json",
     "/families/INK/tracking", "identity"},
    {"ShelfLifeBelowZero", [](PlantBuilder& b) { b.material("ELY").shelf_life_days = -1; }, "materials.json",
     "/materials/ELY/shelf_life_d", "below zero"},
};
INSTANTIATE_TEST_SUITE_P(Materials, PlantCheckFault, testing::ValuesIn(kMaterials), [](const auto& info) { return info.param.name; });

const Case kRoutings[] = {
    {"NoOperations",
     [](PlantBuilder& b) {
       b.product("INK").operations.clear();
       b.product("INK").bom.clear();
       b.draft().components.erase("INK");
     },
     "routings/INK.json", "/operations", "at least one operation"},
    {"TooManyOperations",
     [](PlantBuilder& b) {
       for (int16_t n = 11; n < 11 + kMaxOperationsPerRouting; ++n) b.AddOperation("INK", n, "X" + std::to_string(n));
     },
     "routings/INK.json", "/operations", "more than 62"},
    {"NothingMandatory", [](PlantBuilder& b) { b.operation("INK", 10).mandatory = false; }, "routings/INK.json", "/operations",
     "mandatory"},
    {"NumbersNotAscending", [](PlantBuilder& b) { b.AddOperation("PACK", 49, "X"); }, "routings/PACK.json", "/operations/6/op",
     "does not ascend"},
    {"CodeTwice", [](PlantBuilder& b) { b.AddOperation("PACK", 60, "KIT"); }, "routings/PACK.json", "/operations/6/code", "twice"},
    {"UnknownType", [](PlantBuilder& b) { b.operation("PACK", 20).operation_type = "magic"; }, "routings/PACK.json",
     "/operations/1/operation_type", "`magic`"},
    {"NoStationClass", [](PlantBuilder& b) { b.operation("PACK", 20).station_class = ""; }, "routings/PACK.json",
     "/operations/1/work_center_class", "missing"},
    {"NoCycleTime", [](PlantBuilder& b) { b.operation("PACK", 20).cycle_ms = 0; }, "routings/PACK.json", "/operations/1/cycle_s",
     "above 0"},
    {"NoUnitsPerCycle", [](PlantBuilder& b) { b.operation("PACK", 20).units_per_cycle = 0; }, "routings/PACK.json",
     "/operations/1/units_per_cycle", "above 0"},
    {"NoStations", [](PlantBuilder& b) { b.operation("PACK", 20).stations_per_line = 0; }, "routings/PACK.json",
     "/operations/1/stations_per_line", "1 to 1000"},
    {"YieldOverOne", [](PlantBuilder& b) { b.operation("PACK", 20).first_pass_yield = 1.1; }, "routings/PACK.json", "/operations/1/fpy",
     "at most 1"},
    {"YieldAndScrapOverOne", [](PlantBuilder& b) { b.operation("PACK", 20).scrap_rate = 0.2; }, "routings/PACK.json",
     "/operations/1/scrap_rate", "more than 1"},
    {"RetestsUnguarded", [](PlantBuilder& b) { b.operation("PACK", 20).max_retests = 1; }, "routings/PACK.json",
     "/operations/1/interlocks", "RETEST_LIMIT"},
    {"GuardWithoutRetests", [](PlantBuilder& b) { Raise(b, Interlock::kRetestLimit, 20); }, "routings/PACK.json",
     "/operations/1/interlocks", "max_retest is 0"},
    {"GuardWithoutRework", [](PlantBuilder& b) { Raise(b, Interlock::kReworkLimit, 20); }, "routings/PACK.json",
     "/operations/1/interlocks", "no rework"},
    {"ReworkOffTheRoute", [](PlantBuilder& b) { b.operation("PACK", 40).rework_to = 25; }, "routings/PACK.json",
     "/operations/3/rework/to_op", "operation 25 is not on this routing"},
    {"ReworkForward", [](PlantBuilder& b) { b.operation("PACK", 40).rework_to = 50; }, "routings/PACK.json",
     "/operations/3/rework/to_op", "comes after"},
    {"ReworkNever", [](PlantBuilder& b) { b.operation("PACK", 40).max_reworks = 0; }, "routings/PACK.json",
     "/operations/3/rework/max_count", "1 to 255"},
    {"AlternateOffTheRoute", [](PlantBuilder& b) { b.operation("PACK", 45).alternate_of = 44; }, "routings/PACK.json",
     "/operations/4/alternate_of", "44"},
    {"AlternateOfItself", [](PlantBuilder& b) { b.operation("PACK", 45).alternate_of = 45; }, "routings/PACK.json",
     "/operations/4/alternate_of", "itself"},
    {"AlternateOfAnAlternate",
     [](PlantBuilder& b) {
       Operation& added = b.AddOperation("CELL", 36, "OCVC");
       added.mandatory = false;
       added.alternate_of = 35;
     },
     "routings/CELL.json", "/operations/4/alternate_of", "stand-in itself"},
    {"AlternateIsMandatory", [](PlantBuilder& b) { b.operation("CELL", 35).mandatory = true; }, "routings/CELL.json",
     "/operations/3/mandatory", "mandatory"},
    {"InterlockNotInTheRules", [](PlantBuilder& b) { b.draft().rules.erase(b.draft().rules.begin() + 27); }, "routings/PACK.json",
     "/operations/5/interlocks/3", "`GENEALOGY_COMPLETE` is not in rules.json"},
    {"InterlockTwice", [](PlantBuilder& b) { Raise(b, Interlock::kRouteSeq, 20); }, "routings/PACK.json", "/operations/1/interlocks/3",
     "twice"},
    {"LineStopNotInTheRules", [](PlantBuilder& b) { b.operation("PACK", 20).line_stops.push_back("CF9"); }, "routings/PACK.json",
     "/operations/1/line_stops/1", "`CF9`"},
    {"SoftwareUnnamed", [](PlantBuilder& b) { Raise(b, Interlock::kSwVersion, 20); }, "routings/PACK.json",
     "/operations/1/software_version", "missing"},
    {"RecipeWithoutChecksum", [](PlantBuilder& b) { b.operation("PACK", 20).recipe_checksum = ""; }, "routings/PACK.json",
     "/operations/1/recipe_checksum", "missing"},
    {"BoltsUncounted", [](PlantBuilder& b) { Raise(b, Interlock::kBoltCount, 20); }, "routings/PACK.json", "/operations/1/tightenings",
     "above 0"},
    {"BoltsUnguarded", [](PlantBuilder& b) { b.operation("PACK", 20).tightenings = 4; }, "routings/PACK.json",
     "/operations/1/tightenings", "BOLT_COUNT does not guard"},
    {"BoltsWithoutTorque", [](PlantBuilder& b) { FirstOf(b, 30).unit = "deg"; }, "routings/PACK.json", "/operations/2/tightenings",
     "N.m"},
    {"MoreBoltsThanValues", [](PlantBuilder& b) { b.operation("PACK", 30).tightenings = 5; }, "routings/PACK.json",
     "/operations/2/tightenings", "only 4 values"},
    {"IdentityForALot", [](PlantBuilder& b) { b.operation("INK", 10).new_identity = NewIdentity::kPlant; }, "routings/INK.json",
     "/operations/0/new_identity", "serials"},
    {"StationCodeTooLong", [](PlantBuilder& b) { b.operation("PACK", 20).code = std::string(60, 'X'); }, "routings/PACK.json",
     "/operations/1/code", "more than 64"},
    {"NoLines", [](PlantBuilder& b) { b.draft().lines["PACK"] = 0; }, "capacities.json", "/line_groups/PACK/lines", "1 to 100"},
};
INSTANTIATE_TEST_SUITE_P(Routings, PlantCheckFault, testing::ValuesIn(kRoutings), [](const auto& info) { return info.param.name; });

const Case kCharacteristics[] = {
    {"None", [](PlantBuilder& b) { b.operation("PACK", 20).characteristics.clear(); }, "routings/PACK.json", "/operations/1/parameters",
     "at least one"},
    {"TooMany",
     [](PlantBuilder& b) {
       auto& all = b.operation("PACK", 20).characteristics;
       while (all.size() <= kMaxCharacteristicsPerOperation) all.push_back(all[0]), all.back().code = "C" + std::to_string(all.size());
     },
     "routings/PACK.json", "/operations/1/parameters", "more than 62"},
    {"CodeTwice", [](PlantBuilder& b) { b.operation("PACK", 20).characteristics.push_back(FirstOf(b, 20)); }, "routings/PACK.json",
     "/operations/1/parameters/1/code", "twice"},
    {"NoUnit", [](PlantBuilder& b) { FirstOf(b, 20).unit = ""; }, "routings/PACK.json", "/operations/1/parameters/0/unit", "unit"},
    {"NoLimit", [](PlantBuilder& b) { FirstOf(b, 20).lower_limit = FirstOf(b, 20).upper_limit = std::nullopt; }, "routings/PACK.json",
     "/operations/1/parameters/0", "at least one of lsl and usl"},
    {"LowerLimitNotBelow", [](PlantBuilder& b) { FirstOf(b, 20).lower_limit = 10; }, "routings/PACK.json",
     "/operations/1/parameters/0/lsl", "below the nominal"},
    {"UpperLimitNotAbove", [](PlantBuilder& b) { FirstOf(b, 20).upper_limit = 9; }, "routings/PACK.json",
     "/operations/1/parameters/0/usl", "above the nominal"},
    {"NotANumber", [](PlantBuilder& b) { FirstOf(b, 20).nominal = std::nan(""); }, "routings/PACK.json", "/operations/1/parameters/0",
     "finite"},
    {"NoReplicates", [](PlantBuilder& b) { FirstOf(b, 20).replicates = 0; }, "routings/PACK.json",
     "/operations/1/parameters/0/replicates", "1 to 4096"},
    {"NoSample", [](PlantBuilder& b) { FirstOf(b, 20).sampling_n = 0; }, "routings/PACK.json", "/operations/1/parameters/0/sampling/n",
     "at least 1"},
    {"TooManyValues",
     [](PlantBuilder& b) {
       auto& all = b.operation("PACK", 20).characteristics;
       all.push_back(all[0]);
       all[1].code = "MORE";
       all[1].replicates = kMaxValuesPerEvent;
     },
     "routings/PACK.json", "/operations/1/parameters", "4097 values"},
};
INSTANTIATE_TEST_SUITE_P(Characteristics, PlantCheckFault, testing::ValuesIn(kCharacteristics),
                         [](const auto& info) { return info.param.name; });

TimeWindow& Soak(PlantBuilder& b) { return b.window("CELL", "SOAK"); }

const Case kWindows[] = {
    {"IdTwice", [](PlantBuilder& b) { b.product("CELL").windows.push_back(Soak(b)); }, "routings/CELL.json", "/time_windows/1/id",
     "twice"},
    {"TooMany",
     [](PlantBuilder& b) {
       auto& all = b.product("CELL").windows;
       while (all.size() <= kMaxWindowsPerRouting) all.push_back(all[0]), all.back().id = "W" + std::to_string(all.size());
     },
     "routings/CELL.json", "/time_windows", "more than 32"},
    {"FromOffTheRoute", [](PlantBuilder& b) { Soak(b).from_operation = 11; }, "routings/CELL.json", "/time_windows/0/from_op", "11"},
    {"ToOffTheRoute", [](PlantBuilder& b) { Soak(b).to_operation = 21; }, "routings/CELL.json", "/time_windows/0/to_op", "21"},
    {"Backwards",
     [](PlantBuilder& b) {
       Soak(b).from_operation = 30;
       Soak(b).to_operation = 20;
     },
     "routings/CELL.json", "/time_windows/0/to_op", "ends before it begins"},
    {"Empty",
     [](PlantBuilder& b) {
       Soak(b).late_action = LateAction::kRefuse;
       Soak(b).repeat_from = Soak(b).repeat_max = 0;
       Soak(b).min_seconds = Soak(b).max_seconds = std::nullopt;
     },
     "routings/CELL.json", "/time_windows/0", "neither"},
    {"LeastNotBelowMost", [](PlantBuilder& b) { Soak(b).min_seconds = 3'600; }, "routings/CELL.json", "/time_windows/0/max_s", "above"},
    {"LeastBelowZero", [](PlantBuilder& b) { Soak(b).min_seconds = -1; }, "routings/CELL.json", "/time_windows/0/min_s", "0 to"},
    {"NoAction", [](PlantBuilder& b) { Soak(b).on_violation = ""; }, "routings/CELL.json", "/time_windows/0/on_violation", "missing"},
    {"NoReason", [](PlantBuilder& b) { Soak(b).reason = ""; }, "routings/CELL.json", "/time_windows/0/reason", "missing"},
    {"StartsWhenConsumed", [](PlantBuilder& b) { Soak(b).from_event = WindowEvent::kConsumed; }, "routings/CELL.json",
     "/time_windows/0/from_event", "consumed"},
    {"ReadAtTheQueue", [](PlantBuilder& b) { Soak(b).to_event = WindowEvent::kQueue; }, "routings/CELL.json",
     "/time_windows/0/to_event", "not at queue"},
    {"WithinOneOperationBackwards",
     [](PlantBuilder& b) {
       Soak(b).from_operation = 20;
       Soak(b).to_event = WindowEvent::kStart;
     },
     "routings/CELL.json", "/time_windows/0/to_event", "does not come before"},
    {"NeverLate",
     [](PlantBuilder& b) {
       Soak(b).max_seconds = std::nullopt;
       Soak(b).late_action = LateAction::kFlag;
       Soak(b).repeat_from = Soak(b).repeat_max = 0;
     },
     "routings/CELL.json", "/time_windows/0/late_action", "ever late"},
    {"RepeatOffTheRoute", [](PlantBuilder& b) { Soak(b).repeat_from = 5; }, "routings/CELL.json", "/time_windows/0/repeat_from",
     "operation 5"},
    {"RepeatAfterTheClock", [](PlantBuilder& b) { Soak(b).repeat_from = 20; }, "routings/CELL.json", "/time_windows/0/repeat_from",
     "would not start the clock"},
    {"RepeatNever", [](PlantBuilder& b) { Soak(b).repeat_max = 0; }, "routings/CELL.json", "/time_windows/0/repeat_max", "1 to 255"},
    {"RepeatWithoutRepeat", [](PlantBuilder& b) { Soak(b).late_action = LateAction::kFlag; }, "routings/CELL.json",
     "/time_windows/0/repeat_from", "`repeat` only"},
};
INSTANTIATE_TEST_SUITE_P(Windows, PlantCheckFault, testing::ValuesIn(kWindows), [](const auto& info) { return info.param.name; });

PlantDraft::Component& Component(PlantBuilder& b, const char* product, size_t index) { return b.draft().components[product][index]; }

const Case kBoms[] = {
    {"UnknownUnitOfMeasure", [](PlantBuilder& b) { b.line("CELL", "ELY").uom = "m2"; }, "routings/CELL.json",
     "/operations/0/consumes/0/uom", "`m2` differs"},
    {"NothingConsumed",
     [](PlantBuilder& b) {
       b.line("CELL", "ELY").quantity_micro = 0;
       Component(b, "CELL", 0).quantity_micro = 0;
     },
     "routings/CELL.json", "/operations/0/consumes/0/qty", "above 0"},
    {"HalfASerial",
     [](PlantBuilder& b) {
       b.line("PACK", "HSG").quantity_micro = 1'500'000;
       Component(b, "PACK", 0).quantity_micro = 1'500'000;
     },
     "routings/PACK.json", "/operations/0/consumes/0/qty", "not 1.5"},
    {"TooManySlots",
     [](PlantBuilder& b) {
       b.line("PACK", "HSG").quantity_micro = 4'097 * kMicro;
       Component(b, "PACK", 0).quantity_micro = 4'097 * kMicro;
     },
     "routings/PACK.json", "/operations/0/consumes/0/qty", "4096 positions"},
    {"BomSaysMore", [](PlantBuilder& b) { Component(b, "PACK", 2).quantity_micro = 5 * kMicro; }, "boms/PACK.json",
     "/components/2/qty", "the BOM says 5, but the operations consume 4"},
    {"BomHasMore",
     [](PlantBuilder& b) { b.draft().components["PACK"].push_back({"ELY", kMicro, "kg", Tracking::kLot, {}}); }, "boms/PACK.json",
     "/components/3/material", "no operation"},
    {"BomHasLess", [](PlantBuilder& b) { b.draft().components["PACK"].pop_back(); }, "boms/PACK.json", "/components",
     "`BLT` is consumed at operation 30"},
    {"BomUnitOfMeasure", [](PlantBuilder& b) { Component(b, "CELL", 0).uom = "pc"; }, "boms/CELL.json", "/components/0/uom", "`pc`"},
    {"BomTracking", [](PlantBuilder& b) { Component(b, "CELL", 0).tracking = Tracking::kNone; }, "boms/CELL.json",
     "/components/0/tracking", "ELY"},
    {"UnknownAlternate", [](PlantBuilder& b) { Component(b, "CELL", 0).alternate_codes = {"ELY-C"}; }, "boms/CELL.json",
     "/components/0/alternates/0", "`ELY-C`"},
    {"AlternateOfAnotherKind", [](PlantBuilder& b) { Component(b, "CELL", 0).alternate_codes = {"BLT"}; }, "boms/CELL.json",
     "/components/0/alternates/0", "differs from ELY"},
    {"AlternateTwice", [](PlantBuilder& b) { Component(b, "CELL", 0).alternate_codes = {"ELY-B", "ELY-B"}; }, "boms/CELL.json",
     "/components/0/alternates/1", "twice"},
    {"AlternateConsumedBeside",
     [](PlantBuilder& b) { b.AddConsumption("CELL", 10, "ELY-B", "0.1"); }, "routings/CELL.json", "/operations/0/consumes/1/material",
     "twice at operation 10"},
    {"Cycle", [](PlantBuilder& b) { b.AddConsumption("CELL", 20, "PACK", "1"); }, "boms/PACK.json", "/components",
     "CELL > PACK > CELL"},
    {"CycleOfOne", [](PlantBuilder& b) { b.AddConsumption("CELL", 20, "CELL", "1"); }, "boms/CELL.json", "/components", "CELL > CELL"},
};
INSTANTIATE_TEST_SUITE_P(Boms, PlantCheckFault, testing::ValuesIn(kBoms), [](const auto& info) { return info.param.name; });

TEST(PlantCheck, NamesAnUnknownMaterialWhereItIsConsumedAndWhereItIsListed) {
  PlantBuilder builder;
  builder.line("CELL", "ELY").material_code = "GONE";
  builder.draft().components["CELL"][0].material_code = "GONE";
  const std::vector<PlantFault> faults = CheckPlant(builder.draft());
  ASSERT_EQ(faults.size(), 2u) << Text(faults);
  EXPECT_EQ(faults[0].path, "/operations/0/consumes/0/material");
  EXPECT_EQ(faults[1].file, "boms/CELL.json");
  EXPECT_EQ(faults[1].path, "/components/0/material");
}

TEST(PlantCheck, TwoLinesOfOneMaterialAtTwoOperationsAddUpToTheBom) {
  PlantBuilder builder;
  builder.AddConsumption("CELL", 20, "ELY", "0.047");
  auto& components = builder.draft().components["CELL"];
  components.pop_back();
  components[0].quantity_micro = 547'000;
  EXPECT_EQ(Text(CheckPlant(builder.draft())), "");
}

TEST(PlantCheck, AMaterialInUseKeepsItsUnitOfMeasureAndTracking) {
  PlantBuilder builder;
  const auto plant = builder.Build();
  EXPECT_EQ(Text(CheckPlantChange(builder.draft(), *plant)), "");
  builder.material("ELY").uom = "pc";
  builder.material("HSG").tracking = Tracking::kLot;
  const std::vector<PlantFault> faults = CheckPlantChange(builder.draft(), *plant);
  ASSERT_EQ(faults.size(), 2u) << Text(faults);
  EXPECT_EQ(faults[0].path, "/materials/HSG/tracking");
  EXPECT_EQ(faults[1].path, "/materials/ELY/uom");
}

TEST(CanonicalText, ChangesWithEveryFieldOfTheContentAndWithNothingElse) {
  PlantBuilder builder;
  const std::string before = CanonicalText(builder.product("CELL"));
  ProductRevision released = builder.product("CELL");
  released.id = 7;
  released.material_id = 3;
  released.revision = 2;
  released.digest = "x";
  released.bom[0].material_id = 4;
  released.Index();
  EXPECT_EQ(CanonicalText(released), before);
  released.operations[1].characteristics[0].upper_limit = 15.5;
  EXPECT_NE(CanonicalText(released), before);
  released = builder.product("CELL");
  released.windows[0].repeat_max = 2;
  EXPECT_NE(CanonicalText(released), before);
  released = builder.product("CELL");
  released.bom[0].alternate_codes.clear();
  EXPECT_NE(CanonicalText(released), before);
  released = builder.product("CELL");
  released.operations[0].properties_json = R"({"identity":"x"})";
  EXPECT_NE(CanonicalText(released), before);
}

TEST(PlantBuilder, GivesAPlantThatFindsItsParts) {
  const auto plant = PlantBuilder().Build();
  const ProductRevision* pack = plant->NewestRevision(plant->FindMaterial("PACK")->id);
  ASSERT_NE(pack, nullptr);
  EXPECT_EQ(pack->SerialSlots(), 3);
  EXPECT_EQ(pack->MandatoryMask(), 0b101111u);
  ASSERT_NE(plant->FindStation("PACK.1.TEST.1"), nullptr);
  EXPECT_TRUE(plant->FindStation("PACK.1.TEST.1")->Does(40));
}

}  // namespace
}  // namespace mes::domain
