// What the year will bring: the distribution of the output by the year's end and of the day on which the annual figure is
// reached, by seeded Monte Carlo.
//
// A run draws for every plant day to come a recorded day of the same product: how much left the line per planned second there
// (demonstrated rate) and which share of it was good (demonstrated yield), times the planned seconds of the day to come
// (calendar). Recorded days are drawn in blocks of five, so that good and bad weeks stay together (moving block bootstrap, Kunsch
// 1989). A product with fewer than ten recorded days has no record to draw from: each block of twenty days then draws 70 to 100 %
// of the planned net good rate, and the answer says that it rests on the plan. Products are drawn independently of each other.
//
// P10, P50 and P90 are nearest ranks: 10 % of the runs end at or below P10. Days: by P90's day 90 % of the runs have reached the
// figure. The same seed gives the same answer on every machine (domain/counter_random.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/calendar.h"

namespace mes::domain {

inline constexpr size_t kLeastForecastDays = 10;

// A plant day of the past on which time was planned.
struct RecordedDay {
  double planned_seconds = 0;
  double good = 0;
  double scrapped = 0;
};

struct ForecastProduct {
  std::string code;
  // Good units of the year so far.
  double made = 0;
  // The annual figure; none = no date is asked for.
  std::optional<double> target;
  // By day.
  std::vector<RecordedDay> record;
  // Good units per planned second by plan: used without a record.
  double planned_rate = 0;
  // Of the days to come, from the first on.
  std::vector<double> planned_seconds;
};
// Products that count together towards one figure: `share` is what one unit counts (1, or its kWh).
struct ForecastSum {
  std::string code;
  std::optional<double> target;
  struct Part {
    size_t product = 0;
    double share = 1;
  };
  std::vector<Part> parts;
};

struct ForecastInput {
  // The first day to come.
  Day first_day = 0;
  // Days to the year's end; 0 = the year is over.
  int32_t days = 0;
  uint64_t seed = 1;
  int32_t runs = 0;
  std::vector<ForecastProduct> products;
  std::vector<ForecastSum> sums;
};

// At 10, 50 and 90 % of the runs.
struct OutputForecast {
  double made = 0;
  std::array<double, 3> output{};
  // None = so large a share of the runs does not get there within the year. A figure reached already: the first day.
  std::array<std::optional<Day>, 3> reached;
  // Of the runs; none without a target.
  std::optional<double> reached_share;
  bool demonstrated = false;
};
struct Forecast {
  std::vector<OutputForecast> products;
  // Demonstrated: every part is.
  std::vector<OutputForecast> sums;
};

Forecast MakeForecast(const ForecastInput& input);

}  // namespace mes::domain
