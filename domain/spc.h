// The statistics of control charts and of capability: pure arithmetic over subgroups.
//
// Constants by their definitions, not by a table: c4 = sqrt(2 / (n - 1)) gamma(n / 2) / gamma((n - 1) / 2); d2 and d3 are mean and
// standard deviation of the range of n independent standard normal values (Tippett 1925), integrated numerically. Control limits as in
// the NIST/SEMATECH e-Handbook of Statistical Methods 6.3.2 and Montgomery, Introduction to Statistical Quality Control, chapter 6.
// Capability as the plant says it (domain notes, section 2): Cp and Cpk by the spread within subgroups, Pp and Ppk by the overall one.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "domain/product_definition.h"

namespace mes::domain {

// Factors for subgroups of n values; A2, A3, B3, B4, D3, D4 for three sigma limits, E2 = 3 / d2.
struct ChartConstants {
  double c4 = 0, d2 = 0, d3 = 0;
  double A2 = 0, A3 = 0, B3 = 0, B4 = 0, D3 = 0, D4 = 0, E2 = 0;
};
inline constexpr int kMaxRangeSubgroup = 25;
// `n` from 2 to 25.
const ChartConstants& ConstantsOf(int n);
// For any n from 2.
double C4(int n);

// Values are stored.
enum class ChartKind : int16_t { kMeanRange = 1, kMeanDeviation, kIndividuals };
// `X-bar/R`, `X-bar/S`, `I-MR`.
std::string_view NameOf(ChartKind kind);

// Where a characteristic's values go. One report of several values is a subgroup (range up to 10 values, standard deviation beyond).
// One value of every unit: five units in a row are one. What is sampled stands alone.
struct ChartDesign {
  ChartKind kind = ChartKind::kIndividuals;
  // Values per point.
  int subgroup = 1;
  bool operator==(const ChartDesign&) const = default;
};
inline constexpr int kUnitsPerSubgroup = 5;
inline constexpr int kMostValuesForRange = 10;
// `by_position`: each of a report's values has its own chart.
ChartDesign DesignOf(const Characteristic& characteristic, bool by_position);

// One subgroup. For individuals the value itself; its spread is the moving range, which needs the point before (NaN = none).
struct Subgroup {
  double mean = 0;
  // Range, standard deviation or moving range: by the chart's kind.
  double spread = 0;
  // The standard deviation of its values; 0 for individuals.
  double deviation = 0;
};
// Of 1 or more values.
Subgroup SubgroupOf(ChartKind kind, const std::vector<double>& values);

struct ChartLimits {
  double center = 0;
  // Of the plotted mean or value: a third of the way from the center to a limit.
  double sigma = 0;
  double lower = 0;
  double upper = 0;
  double spread_center = 0;
  double spread_lower = 0;
  double spread_upper = 0;
  // Of a single value, from the spread within subgroups.
  double process_sigma = 0;
};
// From at least two subgroups; moving ranges are taken between neighbours in the order given.
ChartLimits LimitsOf(ChartDesign design, const std::vector<Subgroup>& points);

// Whether a capability may be shown: fewer than 30 values not, fewer than 125 as preliminary.
enum class CapabilityStanding : int16_t { kNotShown = 1, kPreliminary, kOfficial };
inline constexpr int64_t kFewestForCapability = 30;
inline constexpr int64_t kFewestForOfficial = 125;

struct Capability {
  int64_t values = 0;
  CapabilityStanding standing = CapabilityStanding::kNotShown;
  double mean = 0;
  double within_sigma = 0;
  double overall_sigma = 0;
  // All values are equal: the gauge is stuck, or does not see the difference. No index exists then.
  bool frozen_gauge = false;
  // Null where it does not exist (one-sided limits have no Cp and Pp) or may not be shown.
  std::optional<double> cp, cpk, pp, ppk;
  // The variant for values that are not normal: cp and cpk by percentiles, pp and ppk absent.
  bool by_percentiles = false;
  double median = 0;
  double low_percentile = 0;   // P0.135
  double high_percentile = 0;  // P99.865
};
// `points` in their order, of one design; limits from the definition, at least one of them.
Capability CapabilityOf(ChartDesign design, const std::vector<Subgroup>& points, std::optional<double> lower_limit,
                        std::optional<double> upper_limit);
// Cpu = (USL - median) / (P99.865 - median), Cpl alike, Cp by both percentiles. Percentiles as in NIST/SEMATECH 2.6.2: the order
// statistic (n + 1) p, interpolated, the ends beyond.
Capability CapabilityByPercentiles(std::vector<double> values, std::optional<double> lower_limit, std::optional<double> upper_limit);
// `values` sorted, not empty; `p` between 0 and 1.
double PercentileOf(const std::vector<double>& values, double p);

// The Cpk that the plant asks of a class; null for standard ones.
std::optional<double> RequiredCpk(CharacteristicClass characteristic_class);
// What follows from a Cpk, in a few words; empty where nothing does.
std::string_view AdviceFor(CharacteristicClass characteristic_class, double cpk);

}  // namespace mes::domain
