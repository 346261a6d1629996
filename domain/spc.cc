#include "domain/spc.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace mes::domain {
namespace {

double Phi(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

// Mean and standard deviation of the range of n standard normal values, from its distribution
// F(r) = n * integral of phi(x) (Phi(x + r) - Phi(x))^(n - 1) dx: E[R] = integral of 1 - F, E[R^2] = integral of 2 r (1 - F).
struct RangeMoments {
  double mean = 0;
  double deviation = 0;
};

RangeMoments MomentsOfRange(int n) {
  constexpr double kStep = 0.05;
  constexpr int kHalf = 180;    // x from -9 to 9
  constexpr int kRanges = 300;  // r from 0 to 15; even, for Simpson's rule
  std::vector<double> phi, cumulative;
  for (int i = -kHalf; i <= kHalf + kRanges; ++i) {
    const double x = i * kStep;
    phi.push_back(std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi));
    cumulative.push_back(Phi(x));
  }
  double first = 0, second = 0;
  for (int r = 0; r <= kRanges; ++r) {
    double inner = 0;
    for (int i = 0; i <= 2 * kHalf; ++i) {
      const size_t at = static_cast<size_t>(i);
      inner += phi[at] * std::pow(cumulative[at + static_cast<size_t>(r)] - cumulative[at], n - 1);
    }
    const double above = 1 - n * inner * kStep;
    const double weight = r == 0 || r == kRanges ? 1 : r % 2 == 1 ? 4 : 2;
    first += weight * above;
    second += weight * 2 * (r * kStep) * above;
  }
  first *= kStep / 3;
  second *= kStep / 3;
  return {first, std::sqrt(second - first * first)};
}

std::array<ChartConstants, kMaxRangeSubgroup + 1> AllConstants() {
  std::array<ChartConstants, kMaxRangeSubgroup + 1> all{};
  for (int n = 2; n <= kMaxRangeSubgroup; ++n) {
    ChartConstants& c = all[static_cast<size_t>(n)];
    const RangeMoments range = MomentsOfRange(n);
    c.c4 = C4(n);
    c.d2 = range.mean;
    c.d3 = range.deviation;
    c.A2 = 3 / (c.d2 * std::sqrt(n));
    c.A3 = 3 / (c.c4 * std::sqrt(n));
    const double b = 3 * std::sqrt(1 - c.c4 * c.c4) / c.c4;
    c.B3 = std::max(0.0, 1 - b);
    c.B4 = 1 + b;
    c.D3 = std::max(0.0, 1 - 3 * c.d3 / c.d2);
    c.D4 = 1 + 3 * c.d3 / c.d2;
    c.E2 = 3 / c.d2;
  }
  return all;
}

double MeanOf(const std::vector<Subgroup>& points, double Subgroup::*member) {
  double sum = 0;
  for (const Subgroup& point : points) sum += point.*member;
  return sum / static_cast<double>(points.size());
}

double MeanMovingRange(const std::vector<Subgroup>& points) {
  double sum = 0;
  for (size_t i = 1; i < points.size(); ++i) sum += std::abs(points[i].mean - points[i - 1].mean);
  return sum / static_cast<double>(points.size() - 1);
}

// The standard deviation of a single value within subgroups: R-bar / d2, pooled s, MR-bar / d2.
double WithinSigma(ChartDesign design, const std::vector<Subgroup>& points) {
  switch (design.kind) {
    case ChartKind::kMeanRange:
      return MeanOf(points, &Subgroup::spread) / ConstantsOf(design.subgroup).d2;
    case ChartKind::kMeanDeviation: {
      double squares = 0;
      for (const Subgroup& point : points) squares += point.deviation * point.deviation;
      return std::sqrt(squares / static_cast<double>(points.size()));
    }
    case ChartKind::kIndividuals:
      return MeanMovingRange(points) / ConstantsOf(2).d2;
  }
  return 0;
}

CapabilityStanding StandingOf(int64_t values) {
  return values < kFewestForCapability ? CapabilityStanding::kNotShown
         : values < kFewestForOfficial ? CapabilityStanding::kPreliminary
                                       : CapabilityStanding::kOfficial;
}

struct Indices {
  std::optional<double> whole, least;
};

// `below` and `above`: how far three sigmas, or the percentiles, reach from the center to either side.
Indices IndicesOf(double center, double below, double above, std::optional<double> lower, std::optional<double> upper) {
  Indices indices;
  if (lower && below > 0) indices.least = (center - *lower) / below;
  if (upper && above > 0) {
    const double side = (*upper - center) / above;
    indices.least = indices.least ? std::min(*indices.least, side) : side;
  }
  // A side that does not exist leaves the other; a side whose reach is nothing leaves no index at all.
  if ((lower && !(below > 0)) || (upper && !(above > 0))) indices.least.reset();
  if (lower && upper && below + above > 0) indices.whole = (*upper - *lower) / (below + above);
  return indices;
}

}  // namespace

double C4(int n) { return std::sqrt(2.0 / (n - 1)) * std::exp(std::lgamma(n / 2.0) - std::lgamma((n - 1) / 2.0)); }

const ChartConstants& ConstantsOf(int n) {
  static const std::array<ChartConstants, kMaxRangeSubgroup + 1> kAll = AllConstants();
  return kAll.at(static_cast<size_t>(n));
}

std::string_view NameOf(ChartKind kind) {
  switch (kind) {
    case ChartKind::kMeanRange:
      return "X-bar/R";
    case ChartKind::kMeanDeviation:
      return "X-bar/S";
    case ChartKind::kIndividuals:
      return "I-MR";
  }
  return "";
}

ChartDesign DesignOf(const Characteristic& characteristic, bool by_position) {
  const int values = by_position ? 1 : characteristic.replicates;
  if (values > kMostValuesForRange) return {ChartKind::kMeanDeviation, values};
  if (values > 1) return {ChartKind::kMeanRange, values};
  if (characteristic.sampling == Sampling::kEveryUnit) return {ChartKind::kMeanRange, kUnitsPerSubgroup};
  return {ChartKind::kIndividuals, 1};
}

Subgroup SubgroupOf(ChartKind kind, const std::vector<double>& values) {
  Subgroup group;
  for (const double value : values) group.mean += value;
  group.mean /= static_cast<double>(values.size());
  // Equal values have exactly no spread, whatever rounding did to their mean.
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  if (*least == *most) {
    group.mean = *least;
  } else {
    double squares = 0;
    for (const double value : values) squares += (value - group.mean) * (value - group.mean);
    group.deviation = std::sqrt(squares / static_cast<double>(values.size() - 1));
  }
  switch (kind) {
    case ChartKind::kMeanRange:
      group.spread = *most - *least;
      break;
    case ChartKind::kMeanDeviation:
      group.spread = group.deviation;
      break;
    case ChartKind::kIndividuals:
      group.spread = std::nan("");
      break;
  }
  return group;
}

ChartLimits LimitsOf(ChartDesign design, const std::vector<Subgroup>& points) {
  ChartLimits limits;
  limits.center = MeanOf(points, &Subgroup::mean);
  double low = 0, high = 0;
  switch (design.kind) {
    case ChartKind::kMeanRange: {
      const ChartConstants& c = ConstantsOf(design.subgroup);
      limits.spread_center = MeanOf(points, &Subgroup::spread);
      limits.process_sigma = limits.spread_center / c.d2;
      low = c.D3, high = c.D4;
      break;
    }
    case ChartKind::kMeanDeviation: {
      const double c4 = C4(design.subgroup);
      limits.spread_center = MeanOf(points, &Subgroup::spread);
      limits.process_sigma = limits.spread_center / c4;
      const double b = 3 * std::sqrt(1 - c4 * c4) / c4;
      low = std::max(0.0, 1 - b), high = 1 + b;
      break;
    }
    case ChartKind::kIndividuals: {
      const ChartConstants& c = ConstantsOf(2);
      limits.spread_center = MeanMovingRange(points);
      limits.process_sigma = limits.spread_center / c.d2;
      low = c.D3, high = c.D4;
      break;
    }
  }
  limits.sigma = limits.process_sigma / std::sqrt(design.subgroup);
  limits.lower = limits.center - 3 * limits.sigma;
  limits.upper = limits.center + 3 * limits.sigma;
  limits.spread_lower = low * limits.spread_center;
  limits.spread_upper = high * limits.spread_center;
  return limits;
}

Capability CapabilityOf(ChartDesign design, const std::vector<Subgroup>& points, std::optional<double> lower_limit,
                        std::optional<double> upper_limit) {
  Capability capability;
  capability.values = static_cast<int64_t>(points.size()) * design.subgroup;
  capability.standing = StandingOf(capability.values);
  if (points.empty()) return capability;
  capability.mean = MeanOf(points, &Subgroup::mean);
  if (points.size() < 2) return capability;
  capability.within_sigma = WithinSigma(design, points);
  double squares = 0;
  for (const Subgroup& point : points) {
    squares += (design.subgroup - 1) * point.deviation * point.deviation;
    squares += design.subgroup * (point.mean - capability.mean) * (point.mean - capability.mean);
  }
  capability.overall_sigma = std::sqrt(squares / static_cast<double>(capability.values - 1));
  capability.frozen_gauge = std::all_of(points.begin(), points.end(), [&](const Subgroup& point) {
    return point.deviation == 0 && point.mean == points.front().mean;
  });
  if (capability.frozen_gauge) {
    // Rounding in the mean must not make a spread out of nothing.
    capability.mean = points.front().mean;
    capability.within_sigma = capability.overall_sigma = 0;
    return capability;
  }
  if (capability.standing == CapabilityStanding::kNotShown) return capability;
  const double within = 3 * capability.within_sigma, overall = 3 * capability.overall_sigma;
  const Indices c = IndicesOf(capability.mean, within, within, lower_limit, upper_limit);
  const Indices p = IndicesOf(capability.mean, overall, overall, lower_limit, upper_limit);
  capability.cp = c.whole, capability.cpk = c.least;
  capability.pp = p.whole, capability.ppk = p.least;
  return capability;
}

double PercentileOf(const std::vector<double>& values, double p) {
  const double rank = p * (static_cast<double>(values.size()) + 1);
  if (rank < 1) return values.front();
  if (rank >= static_cast<double>(values.size())) return values.back();
  const size_t below = static_cast<size_t>(rank) - 1;
  return values[below] + (rank - std::floor(rank)) * (values[below + 1] - values[below]);
}

Capability CapabilityByPercentiles(std::vector<double> values, std::optional<double> lower_limit, std::optional<double> upper_limit) {
  Capability capability;
  capability.by_percentiles = true;
  capability.values = static_cast<int64_t>(values.size());
  capability.standing = StandingOf(capability.values);
  if (values.empty()) return capability;
  std::sort(values.begin(), values.end());
  const Subgroup all = SubgroupOf(ChartKind::kMeanDeviation, values);
  capability.mean = all.mean;
  capability.overall_sigma = all.deviation;
  capability.median = PercentileOf(values, 0.5);
  capability.low_percentile = PercentileOf(values, 0.00135);
  capability.high_percentile = PercentileOf(values, 0.99865);
  capability.frozen_gauge = values.size() > 1 && values.front() == values.back();
  if (capability.frozen_gauge || capability.standing == CapabilityStanding::kNotShown) return capability;
  const Indices c = IndicesOf(capability.median, capability.median - capability.low_percentile,
                              capability.high_percentile - capability.median, lower_limit, upper_limit);
  capability.cp = c.whole, capability.cpk = c.least;
  return capability;
}

std::optional<double> RequiredCpk(CharacteristicClass characteristic_class) {
  switch (characteristic_class) {
    case CharacteristicClass::kCritical:
      return 1.67;
    case CharacteristicClass::kSignificant:
      return 1.33;
    case CharacteristicClass::kStandard:
      break;
  }
  return std::nullopt;
}

std::string_view AdviceFor(CharacteristicClass characteristic_class, double cpk) {
  const std::optional<double> required = RequiredCpk(characteristic_class);
  if (!required || cpk >= *required) return "";
  if (characteristic_class == CharacteristicClass::kSignificant) return "not capable: improve the process";
  return cpk < 1.33 ? "stop" : "contain, 100 % inspection";
}

}  // namespace mes::domain
