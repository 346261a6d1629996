// The monthly plan: how many good units of a product a month is to bring, and how that compares with what was made.
//
// A plan comes as a file and is taken whole or not at all; each import is a version, never changed, with who and when. For a
// month that version holds which is the newest to name the month at all: a new plan for the second half of a year leaves the
// first half as it was. Months are those of plant days (domain/calendar.h). Energies are rated ones: pieces x kWh of one piece,
// never measured.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/calendar.h"
#include "domain/product_definition.h"
#include "domain/result.h"
#include "domain/time.h"

namespace mes::domain {

// Months since January of year 0: year * 12 + (month - 1).
using Month = int32_t;
// `2027-01`.
std::string FormatMonth(Month month);
// Years 2000 to 2199. Errors: FIELD_REQUIRED, FIELD_INVALID with `field`.
Result<Month> ParseMonth(std::string_view text, std::string_view field);
Month MonthOfDay(Day day);
// Its first plant day.
Day FirstDayOf(Month month);

// One row of a plan's file as it is written there, before anything is judged.
struct PlanRow {
  // Where it stands, counted from 1.
  int32_t line = 0;
  std::string month;
  std::string product_code;
  std::string quantity;
  // Empty = the product's own.
  std::string uom;
  // What the fields are called in the file, for faults: a column's name, or a JSON pointer.
  std::string month_field = "month";
  std::string product_field = "product";
  std::string quantity_field = "quantity";
  std::string uom_field = "uom";
};
struct PlanFault {
  int32_t line = 0;
  std::string field;
  std::string problem;
};

struct PlanLine {
  Month month = 0;
  int32_t material_id = 0;
  int64_t quantity_micro = 0;
};
struct PlanReading {
  // By month, then product code; nothing where there are faults.
  std::vector<PlanLine> lines;
  // By line.
  std::vector<PlanFault> faults;
};
// Every row against the plant: unknown products, months, quantities, units of measure, a product twice in a month, no row at all.
PlanReading CheckPlan(const std::vector<PlanRow>& rows, const Plant& plant);

// How a plan came. Values are those of mes.v1.PlanFormat and of the database.
enum class PlanFormat : int16_t { kCsv = 1, kIsa95Json };

// One import.
struct PlanVersion {
  int32_t version = 0;
  PlanFormat format = PlanFormat::kCsv;
  // The file's name or the planning system's number, as told.
  std::string source;
  std::string person;
  Time import_time{};
  int32_t lines = 0;
  Month first_month = 0;
  Month last_month = 0;
};

// Of one product in one month.
struct PlanVariance {
  Month month = 0;
  int32_t material_id = 0;
  // The version that holds; 0 = no plan names the month.
  int32_t version = 0;
  // None = not planned.
  std::optional<int64_t> plan_micro;
  int64_t actual_micro = 0;

  // Actual - plan; an unplanned product counts as a plan of nothing.
  int64_t DifferenceMicro() const { return actual_micro - plan_micro.value_or(0); }
};

// What was made of a product in a month.
struct MonthActual {
  Month month = 0;
  int32_t material_id = 0;
  int64_t good_micro = 0;
};
// One plan line that holds, with its version.
struct HeldPlanLine {
  PlanLine line;
  int32_t version = 0;
};
// Planned or made, or both: by month, then product code.
std::vector<PlanVariance> CompareWithPlan(const std::vector<HeldPlanLine>& plan, const std::vector<MonthActual>& actuals,
                                          const Plant& plant);

}  // namespace mes::domain
