#include "domain/dismantling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/limits_recycling.h"
#include "domain/recycling.h"
#include "tests/support/plant_builder.h"

namespace mes::domain {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::PlantBuilder;

DismantlingSheet PackSheet() {
  DismantlingSheet sheet;
  sheet.product_code = "PACK";
  sheet.standards = {"GB/T 33598-2017"};
  sheet.max_voltage_v = 394.2;
  sheet.nominal_voltage_v = 347.8;
  sheet.safe_energy = "below 60 V DC";
  sheet.wait_minutes = 5;
  sheet.hazards = {"shock", "arc"};
  sheet.quarantine = "48 h outdoors";
  sheet.thresholds = {"recycle: SoH < 60 %"};
  sheet.steps = {{1, "identify", "PACK", 0, "", 0, "scanner", 5, "none"},
                 {2, "remove bolts", "BLT", 0, "M6 T30", 4, "driver", 3, "sharp edge"},
                 {3, "lift cells", "CELL", 0, "", 0, "hook", 8, "shock"},
                 {4, "lift housing", "HSG", 0, "", 0, "crane", 2, "crush"}};
  return sheet;
}

class DismantlingTest : public testing::Test {
 protected:
  std::shared_ptr<const Plant> plant_ = PlantBuilder().Build();
  BenchUnit Pack() const {
    BenchUnit unit;
    unit.code = "NMGPB2L0000007G9W0000001";
    unit.revision = plant_->NewestRevision(plant_->FindMaterial("PACK")->id);
    unit.finish_time = Time(std::chrono::seconds(1'790'000'000));
    unit.life = "waste";
    const int32_t cell = plant_->FindMaterial("CELL")->id;
    unit.parts = {{2, 2, cell, "C2"}, {2, 1, cell, "C1"}, {1, 1, plant_->FindMaterial("HSG")->id, "H1"}};
    return unit;
  }
};

TEST_F(DismantlingTest, StepsCarryThePartsThatAreThere) {
  const BenchSheet bench = PlanDismantling(PackSheet(), Pack());
  ASSERT_EQ(bench.steps.size(), 4u);
  EXPECT_EQ(bench.steps[1].expected, 0) << "bolts have no serials";
  EXPECT_EQ(bench.steps[2].expected, 2);
  EXPECT_EQ(bench.steps[2].present, 2);
  EXPECT_EQ(bench.steps[2].parts[0].code, "C1") << "by position";
  EXPECT_EQ(bench.minutes, 18);
  EXPECT_THAT(bench.flags, ElementsAre(HasSubstr("none reported")));
}

TEST_F(DismantlingTest, MissingPartsForcedRemovalsHoldsAndDamageAreFlaggedTheGravestFirst) {
  BenchUnit unit = Pack();
  unit.parts.erase(unit.parts.begin());
  unit.parts.pop_back();
  unit.holds = {{12, "supplier alert"}};
  unit.observations = static_cast<int32_t>(Observation::kCrashed) | static_cast<int32_t>(Observation::kLeaking);
  unit.observed_by = "PtBack, 2026-11-20";
  unit.forced = {{"C2", 2, 2, Time(std::chrono::seconds(1'790'000'000)), {"NOT_BLOCKED"}, false}};
  const BenchSheet bench = PlanDismantling(PackSheet(), unit);
  EXPECT_THAT(bench.steps[2].missing, ElementsAre("2.2"));
  EXPECT_THAT(bench.steps[3].missing, ElementsAre("1.1"));
  EXPECT_EQ(bench.minutes, 16) << "nobody lifts a housing that is not there";
  EXPECT_THAT(
      bench.flags,
      ElementsAre(HasSubstr("crashed, leaking. QUARANTINE FIRST: 48 h outdoors"), HasSubstr("RECALL OR HOLD 12: supplier alert"),
                  HasSubstr("C2 out of position 2.2 past NOT_BLOCKED, EMPTY SINCE"), HasSubstr("PARTS MISSING: 2")));
}

TEST_F(DismantlingTest, ABoughtUnitHasTheProductsOrderAndSaysSo) {
  BenchUnit unit = Pack();
  unit.revision = nullptr;
  unit.parts.clear();
  const BenchSheet bench = PlanDismantling(PackSheet(), unit);
  EXPECT_EQ(bench.minutes, 18);
  EXPECT_THAT(bench.flags, Contains(HasSubstr("bought")));
  EXPECT_THAT(bench.steps[2].missing, IsEmpty());
}

TEST_F(DismantlingTest, ThePrintFitsThePaperAndHidesNothing) {
  BenchUnit unit = Pack();
  unit.readings = {{"PV", "pack voltage", "V", 355.1, 355.1, Time(std::chrono::seconds(1'790'000'000))}};
  const auto pages = PrintSheet(PlanDismantling(PackSheet(), unit), Time(std::chrono::seconds(1'795'000'000)));
  ASSERT_EQ(pages.size(), 1u);
  EXPECT_LE(pages[0].size(), kLinesPerPage);
  std::string text;
  for (const std::string& line : pages[0]) {
    EXPECT_LE(line.size(), kColumnsPerPage) << line;
    text += line + "\n";
  }
  EXPECT_THAT(text, HasSubstr("page 1 of 1"));
  EXPECT_THAT(text, HasSubstr("at most 394.2 V, nominal 347.8 V; wait 5 min"));
  EXPECT_THAT(text, HasSubstr("2026-09-21: pack voltage (PV) 355.1 V"));
  EXPECT_THAT(text, HasSubstr("unknown: no test with date and method"));
  EXPECT_THAT(text, HasSubstr("BLT | 4 x M6 T30 | driver | 3 min | DANGER sharp edge"));
  EXPECT_THAT(text, HasSubstr("2.1 C1, 2.2 C2"));
}

TEST_F(DismantlingTest, WhatIsCutSaysSoOnThePageAndNothingIsLost) {
  DismantlingSheet sheet = PackSheet();
  for (int16_t step = 5; step <= 60; ++step) {
    sheet.steps.push_back(
        {step, "look at place-" + std::to_string(step) + ". It is hidden below the cover, behind the second bracket, left",
         "PACK", 0, "", 0, "lamp", 1, "none"});
  }
  const auto pages = PrintSheet(PlanDismantling(sheet, Pack()), Time());
  ASSERT_GT(pages.size(), 1u);
  std::string text;
  for (size_t i = 0; i < pages.size(); ++i) {
    EXPECT_LE(pages[i].size(), kLinesPerPage);
    EXPECT_THAT(pages[i].front(), HasSubstr("page " + std::to_string(i + 1) + " of " + std::to_string(pages.size())));
    if (i + 1 < pages.size()) EXPECT_THAT(pages[i].back(), HasSubstr("GOES ON WITH PAGE " + std::to_string(i + 2)));
    for (const std::string& line : pages[i]) {
      EXPECT_LE(line.size(), kColumnsPerPage);
      text += line + "\n";
    }
  }
  for (int16_t step = 5; step <= 60; ++step) EXPECT_THAT(text, HasSubstr("look at place-" + std::to_string(step) + "."));
}

TEST(DismantlingSheet, IsCheckedAgainstThePlant) {
  const PlantBuilder builder;
  const auto faults = [&](const DismantlingSheet& sheet) {
    std::string paths;
    for (const PlantFault& fault : CheckSheet(sheet, PlantBuilder(builder).draft(), "dismantling.json", "/sheets/0"))
      paths += fault.path + " ";
    return paths;
  };
  EXPECT_EQ(faults(PackSheet()), "");
  DismantlingSheet sheet = PackSheet();
  sheet.product_code = "NONE";
  EXPECT_EQ(faults(sheet), "/sheets/0/product ");
  sheet = PackSheet();
  sheet.steps[2].component_code = "POW";
  sheet.steps[3].step = 3;
  sheet.steps[1].count = 0;
  EXPECT_EQ(faults(sheet), "/sheets/0/steps/1/count /sheets/0/steps/2/component /sheets/0/steps/3/step ");
  sheet = PackSheet();
  sheet.steps.clear();
  sheet.nominal_voltage_v = 500;
  EXPECT_EQ(faults(sheet), "/sheets/0/steps /sheets/0/safety/max_voltage_V ");
}

}  // namespace
}  // namespace mes::domain
