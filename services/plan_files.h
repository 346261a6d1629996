// A monthly plan's file as rows, CSV or ISA-95 JSON, and the other way round as CSV and XLSX.
//
// CSV in: RFC 4180 in UTF-8, a heading with `month`, `product`, `quantity` and, if wanted, `uom` (in any order, upper or lower
// case; other columns are left alone). A text that begins with an apostrophe before `=`, `+`, `-` or `@` loses the apostrophe:
// that is how exports write it. JSON in: ISA-95 operations schedule in the JSON form of B2MML (values are texts, numbers, or
// objects with the value under `$`):
//   OperationsSchedule.OperationsRequest[].SegmentRequirement[]: EarliestStartTime (its month; the plant day counts)
//     .MaterialRequirement[] with MaterialUse `Produced`, or .MaterialProducedRequirement[]:
//       MaterialDefinitionID (one), Quantity[0].QuantityString, Quantity[0].UnitOfMeasure
//   Other members are left alone; a requirement of another use is none of a plan.
// Out: in CSV, texts that a spreadsheet would take for a formula begin with an apostrophe (XLSX knows text cells); numbers are
// numbers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/calendar.h"
#include "domain/plan.h"

namespace mes::services {

struct PlanFileReading {
  std::vector<domain::PlanRow> rows;
  // Faults of the file's form, by line; rows without faults are there too.
  std::vector<domain::PlanFault> faults;
};
PlanFileReading ReadPlanCsv(std::string_view content);
PlanFileReading ReadPlanJson(std::string_view content, const domain::TimeZone& zone);

// A table to be exported: every cell is a text or a number.
struct ExportCell {
  std::string text;
  bool number = false;
};
struct ExportSheet {
  std::string name;
  std::vector<std::string> headings;
  std::vector<std::vector<ExportCell>> rows;
};
std::string WriteCsv(const ExportSheet& sheet);
// Throws std::runtime_error where the file cannot be made.
std::string WriteXlsx(const std::vector<ExportSheet>& sheets);

}  // namespace mes::services
