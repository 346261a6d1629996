// How full the plant is: what was made and is on its way, by product, line and plant day, against what could be made (domain.md 3).
//
// Counts move in the transaction of the events themselves, on the plant day of the event (its own time, never that of its arrival), by
// amounts that depend on nothing else: so no order of arrival changes a sum. What is taken back leaves the day on which it had been
// counted, which is restated, and is told as reversed there. Hence for any history
//   completions recorded = good + reversed completions        started = good + scrapped + in process
#pragma once

#include <cstdint>
#include <map>

#include "domain/calendar.h"

namespace mes::domain {

// One row of counters. `material_id` is what was made, or what was built in; `line_id` is the station's, 0 = goods-in.
struct OutputKey {
  int32_t material_id = 0;
  Day plant_day = 0;
  int32_t line_id = 0;
  auto operator<=>(const OutputKey&) const = default;
};
// Exact millionths; changes may be negative.
struct OutputCounts {
  int64_t started_micro = 0;
  int64_t good_micro = 0;
  int64_t scrapped_micro = 0;
  // Good completions that were counted on this day once and were taken back since.
  int64_t reversed_micro = 0;
  // Built into or used up by something else.
  int64_t consumed_micro = 0;
  // Came from a supplier.
  int64_t received_micro = 0;

  OutputCounts& operator+=(const OutputCounts& other);
  int64_t InProcessMicro() const { return started_micro - good_micro - scrapped_micro; }
  // Finished or received and not built in.
  int64_t StockMicro() const { return good_micro + received_micro - consumed_micro; }
  bool operator==(const OutputCounts&) const = default;
};
using Outputs = std::map<OutputKey, OutputCounts>;

// What is looked at in one period, all in the same denominator: pieces (m2, kg), kWh or kW.
struct UtilisationTerms {
  double capacity = 0;   // net good of the whole period
  double elapsed = 0;    // of it: of the days that are over
  double produced = 0;
  double in_process = 0;
  double committed = 0;  // released orders due in the period, less what is good of them
};
struct Utilisation {
  UtilisationTerms terms;
  // capacity - produced - committed. Negative = over-committed, which is information and no error.
  double free = 0;
  // ISA-95: what cannot be had any more, since its time passed without output.
  double unattainable = 0;
  // ISA-95: what can still be promised = free - unattainable; may be negative.
  double available = 0;
};
Utilisation UtilisationOf(const UtilisationTerms& terms);
UtilisationTerms operator+(const UtilisationTerms& left, const UtilisationTerms& right);
UtilisationTerms operator*(const UtilisationTerms& terms, double factor);

}  // namespace mes::domain
