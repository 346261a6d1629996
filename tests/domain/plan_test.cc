#include "domain/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/plant_builder.h"

namespace mes::domain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

PlanRow Row(int32_t line, const std::string& month, const std::string& product, const std::string& quantity,
            const std::string& uom = "") {
  PlanRow row;
  row.line = line;
  row.month = month;
  row.product_code = product;
  row.quantity = quantity;
  row.uom = uom;
  return row;
}

std::vector<std::string> Faults(const std::vector<PlanRow>& rows) {
  const auto plant = tests::PlantBuilder().Build();
  const PlanReading reading = CheckPlan(rows, *plant);
  EXPECT_THAT(reading.lines, IsEmpty()) << "one fault takes nothing";
  std::vector<std::string> faults;
  for (const PlanFault& fault : reading.faults)
    faults.push_back(std::to_string(fault.line) + " " + fault.field + ": " + fault.problem);
  return faults;
}

TEST(Plan, TakesRowsByMonthAndProduct) {
  const auto plant = tests::PlantBuilder().Build();
  const PlanReading reading = CheckPlan(
      {Row(2, "2027-02", "PACK", "10", "pc"), Row(3, "2027-01", "PACK", "9"), Row(4, "2027-01", "INK", "0.25")}, *plant);
  EXPECT_THAT(reading.faults, IsEmpty());
  ASSERT_EQ(reading.lines.size(), 3U);
  EXPECT_EQ(FormatMonth(reading.lines[0].month), "2027-01");
  EXPECT_EQ(reading.lines[0].material_id, plant->FindMaterial("INK")->id);
  EXPECT_EQ(reading.lines[0].quantity_micro, 250'000);
  EXPECT_EQ(FormatMonth(reading.lines[2].month), "2027-02");
}

TEST(Plan, NamesEveryFaultWithItsLineAndField) {
  EXPECT_THAT(Faults({Row(2, "2027-13", "PACK", "1"), Row(3, "", "NONE", "x"), Row(4, "2027-01", "HSG", "1"),
                      Row(5, "2027-01", "PACK", "1.5"), Row(6, "2027-01", "PACK", "2"), Row(7, "2027-01", "PACK", "3"),
                      Row(8, "2027-1", "CELL", "1", "kg"), Row(9, "1999-01", "", "-1")}),
              ElementsAre("2 month: `2027-13` is not a month written YYYY-MM", "3 month: a month is written YYYY-MM",
                          "3 product: product `NONE` is not known", testing::StartsWith("3 quantity: "),
                          "4 product: product `HSG` is bought, not made here", "5 quantity: PACK is made in whole pieces",
                          "7 product: PACK is planned for 2027-01 on line 6 already", testing::StartsWith("8 month: "),
                          "8 uom: CELL is counted in pc, not in `kg`", testing::StartsWith("9 month: "),
                          "9 product: the product is missing", testing::StartsWith("9 quantity: ")));
  EXPECT_THAT(Faults({}), ElementsAre("1 : the plan has no rows"));
}

TEST(Plan, ComparesWithWhatWasMadeAlsoWhatNobodyPlanned) {
  const auto plant = tests::PlantBuilder().Build();
  const int32_t pack = plant->FindMaterial("PACK")->id, cell = plant->FindMaterial("CELL")->id;
  const Month january = *ParseMonth("2027-01", "month");
  const std::vector<PlanVariance> rows =
      CompareWithPlan({{{january, pack, 10 * kMicro}, 3}}, {{january, pack, 7 * kMicro}, {january, cell, 5 * kMicro}}, *plant);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].material_id, cell) << "by month, then product code";
  EXPECT_EQ(rows[0].plan_micro, std::nullopt);
  EXPECT_EQ(rows[0].DifferenceMicro(), 5 * kMicro);
  EXPECT_EQ(rows[0].version, 3) << "the version that holds for the month, though it is silent on the product";
  EXPECT_EQ(rows[1].DifferenceMicro(), -3 * kMicro);
}

}  // namespace
}  // namespace mes::domain
