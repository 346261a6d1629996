// The statistics against published data sets with known answers, and every rule with a series that fires it and one a hair short.
#include "domain/spc.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "domain/spc_rule.h"

namespace mes::domain {
namespace {

using enum ChartRule;

double Rounded(double value, int digits) { return std::round(value * std::pow(10, digits)) / std::pow(10, digits); }

// Montgomery, Introduction to Statistical Quality Control, Appendix VI, "Factors for Constructing Variables Control Charts" (also ASTM
// E2587): n = 2 to 25, three digits (c4: four).
struct TableRow {
  double A2, A3, c4, B3, B4, d2, d3, D3, D4;
};
constexpr TableRow kTable[] = {
    {1.880, 2.659, 0.7979, 0, 3.267, 1.128, 0.853, 0, 3.267},          {1.023, 1.954, 0.8862, 0, 2.568, 1.693, 0.888, 0, 2.574},
    {0.729, 1.628, 0.9213, 0, 2.266, 2.059, 0.880, 0, 2.282},          {0.577, 1.427, 0.9400, 0, 2.089, 2.326, 0.864, 0, 2.114},
    {0.483, 1.287, 0.9515, 0.030, 1.970, 2.534, 0.848, 0, 2.004},      {0.419, 1.182, 0.9594, 0.118, 1.882, 2.704, 0.833, 0.076, 1.924},
    {0.373, 1.099, 0.9650, 0.185, 1.815, 2.847, 0.820, 0.136, 1.864},  {0.337, 1.032, 0.9693, 0.239, 1.761, 2.970, 0.808, 0.184, 1.816},
    {0.308, 0.975, 0.9727, 0.284, 1.716, 3.078, 0.797, 0.223, 1.777},  {0.285, 0.927, 0.9754, 0.321, 1.679, 3.173, 0.787, 0.256, 1.744},
    {0.266, 0.886, 0.9776, 0.354, 1.646, 3.258, 0.778, 0.283, 1.717},  {0.249, 0.850, 0.9794, 0.382, 1.618, 3.336, 0.770, 0.307, 1.693},
    {0.235, 0.817, 0.9810, 0.406, 1.594, 3.407, 0.763, 0.328, 1.672},  {0.223, 0.789, 0.9823, 0.428, 1.572, 3.472, 0.756, 0.347, 1.653},
    {0.212, 0.763, 0.9835, 0.448, 1.552, 3.532, 0.750, 0.363, 1.637},  {0.203, 0.739, 0.9845, 0.466, 1.534, 3.588, 0.744, 0.378, 1.622},
    {0.194, 0.718, 0.9854, 0.482, 1.518, 3.640, 0.739, 0.391, 1.608},  {0.187, 0.698, 0.9862, 0.497, 1.503, 3.689, 0.734, 0.403, 1.597},
    {0.180, 0.680, 0.9869, 0.510, 1.490, 3.735, 0.729, 0.415, 1.585},  {0.173, 0.663, 0.9876, 0.523, 1.477, 3.778, 0.724, 0.425, 1.575},
    {0.167, 0.647, 0.9882, 0.534, 1.466, 3.819, 0.720, 0.434, 1.566},  {0.162, 0.633, 0.9887, 0.545, 1.455, 3.858, 0.716, 0.443, 1.557},
    {0.157, 0.619, 0.9892, 0.555, 1.445, 3.895, 0.712, 0.451, 1.548},  {0.153, 0.606, 0.9896, 0.565, 1.435, 3.931, 0.708, 0.459, 1.541}};

TEST(Spc, ConstantsAreThoseOfMontgomerysTable) {
  for (int n = 2; n <= 25; ++n) {
    const TableRow& row = kTable[n - 2];
    const ChartConstants& c = ConstantsOf(n);
    // The tables were made from rounded entries: one unit in the last digit.
    EXPECT_NEAR(c.A2, row.A2, 0.0011) << n;
    EXPECT_NEAR(c.A3, row.A3, 0.0011) << n;
    EXPECT_NEAR(c.c4, row.c4, 0.00006) << n;
    EXPECT_NEAR(c.B3, row.B3, 0.0011) << n;
    EXPECT_NEAR(c.B4, row.B4, 0.0011) << n;
    EXPECT_NEAR(c.d2, row.d2, 0.0006) << n;
    EXPECT_NEAR(c.d3, row.d3, 0.0011) << n;
    EXPECT_NEAR(c.D3, row.D3, 0.0015) << n;
    EXPECT_NEAR(c.D4, row.D4, 0.0015) << n;
  }
  EXPECT_NEAR(ConstantsOf(2).d2, 2 / std::sqrt(std::acos(-1.0)), 1e-6) << "n = 2 has a closed form";
  EXPECT_NEAR(ConstantsOf(2).E2, 2.660, 0.0015) << "the factor of individuals charts";
  EXPECT_NEAR(C4(60), 0.99577, 0.00001) << "beyond the table: 4 (n - 1) / (4 n - 3) comes near";
}

// Montgomery, Introduction to Statistical Quality Control, "Inside Diameter Measurements (mm) for Automobile Engine Piston Rings"
// (table 6.3 of the later editions), 25 samples of 5.
const std::vector<std::vector<double>> kPistonRings = {
    {74.030, 74.002, 74.019, 73.992, 74.008}, {73.995, 73.992, 74.001, 74.011, 74.004}, {73.988, 74.024, 74.021, 74.005, 74.002},
    {74.002, 73.996, 73.993, 74.015, 74.009}, {73.992, 74.007, 74.015, 73.989, 74.014}, {74.009, 73.994, 73.997, 73.985, 73.993},
    {73.995, 74.006, 73.994, 74.000, 74.005}, {73.985, 74.003, 73.993, 74.015, 73.988}, {74.008, 73.995, 74.009, 74.005, 74.004},
    {73.998, 74.000, 73.990, 74.007, 73.995}, {73.994, 73.998, 73.994, 73.995, 73.990}, {74.004, 74.000, 74.007, 74.000, 73.996},
    {73.983, 74.002, 73.998, 73.997, 74.012}, {74.006, 73.967, 73.994, 74.000, 73.984}, {74.012, 74.014, 73.998, 73.999, 74.007},
    {74.000, 73.984, 74.005, 73.998, 73.996}, {73.994, 74.012, 73.986, 74.005, 74.007}, {74.006, 74.010, 74.018, 74.003, 74.000},
    {73.984, 74.002, 74.003, 74.005, 73.997}, {74.000, 74.010, 74.013, 74.020, 74.003}, {73.982, 74.001, 74.015, 74.005, 73.996},
    {74.004, 73.999, 73.990, 74.006, 74.009}, {74.010, 73.989, 73.990, 74.009, 74.014}, {74.015, 74.008, 73.993, 74.000, 74.010},
    {73.982, 73.984, 73.995, 74.017, 74.013}};

std::vector<Subgroup> GroupsOf(ChartKind kind, const std::vector<std::vector<double>>& samples) {
  std::vector<Subgroup> groups;
  for (const std::vector<double>& sample : samples) groups.push_back(SubgroupOf(kind, sample));
  return groups;
}

TEST(Spc, MeanAndRangeLimitsOfThePistonRings) {
  const ChartLimits limits = LimitsOf({ChartKind::kMeanRange, 5}, GroupsOf(ChartKind::kMeanRange, kPistonRings));
  // Montgomery: R-bar = 0.581 / 25, grand mean 1850.028 / 25 (of means rounded to three digits), limits 74.001 -+ 0.577 * 0.023 =
  // 73.988 and 74.014, of the range 0 and 2.114 * 0.023 = 0.049.
  EXPECT_NEAR(limits.spread_center, 0.581 / 25, 1e-9);
  EXPECT_NEAR(limits.center, 1850.028 / 25, 0.0001);
  EXPECT_NEAR(limits.lower, 73.988, 0.0005);
  EXPECT_NEAR(limits.upper, 74.014, 0.001);
  EXPECT_EQ(limits.spread_lower, 0) << "D3 = 0 for five";
  EXPECT_EQ(Rounded(limits.spread_upper, 3), 0.049);
  EXPECT_EQ(Rounded(limits.process_sigma, 3), 0.010) << "R-bar / 2.326 = 0.0099 with R-bar rounded to 0.023";
}

TEST(Spc, MeanAndDeviationLimitsOfThePistonRings) {
  const std::vector<Subgroup> groups = GroupsOf(ChartKind::kMeanDeviation, kPistonRings);
  EXPECT_EQ(Rounded(groups[0].spread, 4), 0.0148) << "s of sample 1 in Montgomery's table";
  EXPECT_EQ(Rounded(groups[10].spread, 4), 0.0029);
  EXPECT_EQ(Rounded(groups[13].spread, 4), 0.0153);
  const ChartLimits limits = LimitsOf({ChartKind::kMeanDeviation, 5}, groups);
  // Montgomery, example 6.3: s-bar 0.2350 / 25 = 0.0094, limits of the mean 73.988 and 74.014, of s 0 and 0.0196.
  EXPECT_NEAR(limits.spread_center, 0.2350 / 25, 0.000005);
  EXPECT_NEAR(limits.lower, 73.988, 0.0005);
  EXPECT_NEAR(limits.upper, 74.014, 0.001);
  EXPECT_EQ(limits.spread_lower, 0);
  EXPECT_EQ(Rounded(limits.spread_upper, 4), 0.0196);
}

// NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2 "Individuals Control Charts": flow rates of ten batches.
TEST(Spc, IndividualsLimitsOfTheHandbooksFlowRates) {
  std::vector<Subgroup> points;
  for (const double rate : {49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1}) {
    points.push_back(SubgroupOf(ChartKind::kIndividuals, {rate}));
  }
  const ChartLimits limits = LimitsOf({ChartKind::kIndividuals, 1}, points);
  EXPECT_NEAR(limits.center, 50.81, 1e-9);
  EXPECT_EQ(Rounded(limits.spread_center, 4), 1.8778);
  // The handbook divides by 1.128; d2 with all its digits moves the fourth decimal.
  EXPECT_NEAR(limits.upper, 55.8041, 0.003);
  EXPECT_NEAR(limits.lower, 45.8159, 0.003);
  EXPECT_NEAR(limits.spread_upper, 3.267 * 1.8778, 0.001);
}

// Subgroups with a given mean and deviation within, whose means do not differ: within and overall are then known.
std::vector<Subgroup> Spread(int groups, double mean, double deviation) {
  std::vector<Subgroup> points;
  for (int i = 0; i < groups; ++i) points.push_back({mean, deviation, deviation});
  return points;
}

// NIST/SEMATECH 6.1.6 "What is Process Capability?": USL 20, LSL 8, mean 16, s 2 give Cp 1.0, Cpu 0.6667, Cpl 1.3333, Cpk 0.6667.
TEST(Spc, CapabilityOfTheHandbooksExample) {
  const ChartDesign design{ChartKind::kMeanDeviation, 12};
  const std::vector<Subgroup> points = Spread(20, 16, 2);
  const Capability both = CapabilityOf(design, points, 8, 20);
  EXPECT_EQ(both.standing, CapabilityStanding::kOfficial);
  EXPECT_NEAR(both.cp.value(), 1.0, 1e-9);
  EXPECT_EQ(Rounded(both.cpk.value(), 4), 0.6667);
  // One side: that side alone, and no Cp.
  EXPECT_EQ(Rounded(CapabilityOf(design, points, std::nullopt, 20).cpk.value(), 4), 0.6667);
  EXPECT_EQ(Rounded(CapabilityOf(design, points, 8, std::nullopt).cpk.value(), 4), 1.3333);
  EXPECT_EQ(CapabilityOf(design, points, 8, std::nullopt).cp, std::nullopt);
  EXPECT_EQ(CapabilityOf(design, points, 8, std::nullopt).pp, std::nullopt);
}

TEST(Spc, WithinAndOverallDifferWhereTheMeanMoves) {
  std::vector<Subgroup> points = Spread(20, 10, 1);
  for (size_t i = 10; i < 20; ++i) points[i].mean = 14;
  const Capability capability = CapabilityOf({ChartKind::kMeanDeviation, 12}, points, 4, 20);
  EXPECT_NEAR(capability.within_sigma, 1, 1e-9);
  EXPECT_NEAR(capability.overall_sigma, std::sqrt((20 * 11 * 1 + 240 * 4) / 239.0), 1e-9);
  EXPECT_NEAR(capability.cpk.value(), (20 - 12) / 3.0, 1e-9);
  EXPECT_LT(capability.ppk.value(), capability.cpk.value());
  // The piston rings, all 125 single values: the overall deviation is the plain one.
  std::vector<double> all;
  for (const auto& sample : kPistonRings) all.insert(all.end(), sample.begin(), sample.end());
  const Capability rings = CapabilityOf({ChartKind::kMeanRange, 5}, GroupsOf(ChartKind::kMeanRange, kPistonRings), 73.95, 74.05);
  EXPECT_NEAR(rings.overall_sigma, SubgroupOf(ChartKind::kMeanDeviation, all).deviation, 1e-9);
  // Montgomery: with sigma = R-bar / d2 = 0.023 / 2.326 = 0.0099 the ring process has Cp = 0.10 / (6 * 0.0099) = 1.68.
  EXPECT_NEAR(rings.cp.value(), 1.68, 0.02);
  EXPECT_EQ(rings.standing, CapabilityStanding::kOfficial) << "125 values";
}

TEST(Spc, FewValuesShowNoCapability) {
  const ChartDesign one{ChartKind::kIndividuals, 1};
  std::vector<Subgroup> points;
  for (int i = 0; i < 29; ++i) points.push_back({i % 2 == 0 ? 9.0 : 11.0, 0, 0});
  EXPECT_EQ(CapabilityOf(one, points, 0, 20).standing, CapabilityStanding::kNotShown);
  EXPECT_EQ(CapabilityOf(one, points, 0, 20).cpk, std::nullopt) << "29";
  points.push_back({11, 0, 0});
  EXPECT_EQ(CapabilityOf(one, points, 0, 20).standing, CapabilityStanding::kPreliminary) << "30";
  EXPECT_TRUE(CapabilityOf(one, points, 0, 20).cpk.has_value());
  while (points.size() < 124) points.push_back({points.size() % 2 == 0 ? 9.0 : 11.0, 0, 0});
  EXPECT_EQ(CapabilityOf(one, points, 0, 20).standing, CapabilityStanding::kPreliminary) << "124";
  points.push_back({9, 0, 0});
  EXPECT_EQ(CapabilityOf(one, points, 0, 20).standing, CapabilityStanding::kOfficial) << "125";
  EXPECT_EQ(CapabilityOf(one, {}, 0, 20).values, 0);
}

TEST(Spc, AFrozenGaugeHasNoCapability) {
  // 0.1 summed 150 times is not 15: rounding must not pass for a spread.
  const std::vector<Subgroup> points(30, SubgroupOf(ChartKind::kMeanRange, {0.1, 0.1, 0.1, 0.1, 0.1}));
  const Capability capability = CapabilityOf({ChartKind::kMeanRange, 5}, points, 0, 1);
  EXPECT_TRUE(capability.frozen_gauge);
  EXPECT_EQ(capability.overall_sigma, 0);
  EXPECT_EQ(capability.cpk, std::nullopt);
  EXPECT_EQ(capability.ppk, std::nullopt);
  const Capability by_percentiles = CapabilityByPercentiles(std::vector<double>(150, 0.1), std::nullopt, 1);
  EXPECT_TRUE(by_percentiles.frozen_gauge);
  EXPECT_EQ(by_percentiles.cpk, std::nullopt);
}

// NIST/SEMATECH 2.6.2 (now 7.2.6.2) "Percentiles": the 90th percentile of twelve gauge measurements is 95.1981.
TEST(Spc, PercentileOfTheHandbooksGaugeStudy) {
  std::vector<double> gauge = {95.1772, 95.1567, 95.1937, 95.1959, 95.1442, 95.0610, 95.1591, 95.1195, 95.1065, 95.0925, 95.1990, 95.1682};
  std::sort(gauge.begin(), gauge.end());
  EXPECT_EQ(Rounded(PercentileOf(gauge, 0.9), 4), 95.1981);
  EXPECT_EQ(PercentileOf(gauge, 0.99865), 95.1990) << "beyond the last: the last";
  EXPECT_EQ(PercentileOf(gauge, 0.00135), 95.0610);
}

TEST(Spc, PercentilesJudgeASkewedProcessBySide) {
  // An exponential process of mean 1 by its own quantiles: median ln 2, P99.865 = -ln 0.00135.
  std::vector<double> values;
  constexpr int kValues = 99'999;
  for (int i = 1; i <= kValues; ++i) values.push_back(-std::log(1 - i / (kValues + 1.0)));
  const Capability capability = CapabilityByPercentiles(values, std::nullopt, 10);
  const double median = std::log(2), high = -std::log(0.00135);
  EXPECT_NEAR(capability.cpk.value(), (10 - median) / (high - median), 0.001);
  EXPECT_EQ(capability.cp, std::nullopt) << "one side";
  EXPECT_EQ(capability.ppk, std::nullopt);
  EXPECT_TRUE(capability.by_percentiles);
}

TEST(Spc, TheClassSaysWhatACpkMustBe) {
  EXPECT_EQ(AdviceFor(CharacteristicClass::kCritical, 1.67), "");
  EXPECT_EQ(AdviceFor(CharacteristicClass::kCritical, 1.669), "contain, 100 % inspection");
  EXPECT_EQ(AdviceFor(CharacteristicClass::kCritical, 1.329), "stop");
  EXPECT_EQ(AdviceFor(CharacteristicClass::kSignificant, 1.33), "");
  EXPECT_NE(AdviceFor(CharacteristicClass::kSignificant, 1.32), "");
  EXPECT_EQ(AdviceFor(CharacteristicClass::kStandard, 0.1), "");
}

TEST(Spc, TheSamplingSaysWhichChart) {
  Characteristic characteristic;
  EXPECT_EQ(DesignOf(characteristic, false), (ChartDesign{ChartKind::kMeanRange, 5})) << "every unit: five in a row";
  characteristic.sampling = Sampling::kPerShift;
  EXPECT_EQ(DesignOf(characteristic, false), (ChartDesign{ChartKind::kIndividuals, 1}));
  characteristic.replicates = 10;
  EXPECT_EQ(DesignOf(characteristic, false), (ChartDesign{ChartKind::kMeanRange, 10}));
  characteristic.replicates = 11;
  EXPECT_EQ(DesignOf(characteristic, false), (ChartDesign{ChartKind::kMeanDeviation, 11}));
  EXPECT_EQ(DesignOf(characteristic, true), (ChartDesign{ChartKind::kIndividuals, 1})) << "a position of it alone";
  characteristic.sampling = Sampling::kEveryUnit;
  EXPECT_EQ(DesignOf(characteristic, true), (ChartDesign{ChartKind::kMeanRange, 5}));
}

bool Fires(ChartRule rule, ChartSide side, const std::vector<double>& z) {
  return (SignalsAt(z.data(), z.size(), BitOf(rule)) & SignalOf(rule, side)) != 0;
}
std::vector<double> Mirrored(std::vector<double> z) {
  for (double& value : z) value = -value;
  return z;
}
// Fires on its side and, mirrored, on the other; does not fire where it is a hair short; never on both.
void ExpectSided(ChartRule rule, const std::vector<double>& fires, const std::vector<std::vector<double>>& short_of) {
  EXPECT_TRUE(Fires(rule, ChartSide::kAbove, fires)) << NameOf(rule);
  EXPECT_FALSE(Fires(rule, ChartSide::kBelow, fires)) << NameOf(rule);
  EXPECT_TRUE(Fires(rule, ChartSide::kBelow, Mirrored(fires))) << NameOf(rule);
  for (const std::vector<double>& series : short_of) {
    EXPECT_FALSE(Fires(rule, ChartSide::kAbove, series)) << NameOf(rule);
    EXPECT_FALSE(Fires(rule, ChartSide::kBelow, Mirrored(series))) << NameOf(rule);
  }
}

TEST(SpcRule, OnePointBeyondThreeSigma) {
  for (const ChartRule rule : {kWesternElectric1, kNelson1}) ExpectSided(rule, {0, 3.001}, {{0, 3}, {3.001, 0}});
}
TEST(SpcRule, TwoOfThreeBeyondTwoSigmaOnOneSide) {
  for (const ChartRule rule : {kWesternElectric2, kNelson5}) {
    ExpectSided(rule, {2.001, 0, 2.001}, {{2.001, 0, 2}, {2.001, 0, -2.001}, {2.001, 0, 0, 2.001}, {2.5, 2.5}});
  }
}
TEST(SpcRule, FourOfFiveBeyondOneSigmaOnOneSide) {
  for (const ChartRule rule : {kWesternElectric3, kNelson6}) {
    ExpectSided(rule, {1.001, 1.001, 0, 1.001, 1.001},
                {{1.001, 1.001, 0, 1.001, 1}, {1.001, 1.001, 0, 1.001, -1.001}, {1.001, 0, 0, 1.001, 1.001}, {2, 2, 2, 2}});
  }
}
TEST(SpcRule, EightInARowOnOneSide) {
  ExpectSided(kWesternElectric4, std::vector<double>(8, 0.001),
              {std::vector<double>(7, 1), {1, 1, 1, 1, 0, 1, 1, 1}, {1, 1, 1, 1, 1, 1, 1, -0.001}});
}
TEST(SpcRule, NineInARowOnOneSide) {
  ExpectSided(kNelson2, std::vector<double>(9, 0.001),
              {std::vector<double>(8, 1), {1, 1, 1, 1, 1, 1, 1, 1, 0}, {-0.001, 1, 1, 1, 1, 1, 1, 1, 1}});
}
TEST(SpcRule, SixInARowSteadilyUpOrDown) {
  ExpectSided(kNelson3, {-2, -1, 0, 0.5, 0.6, 0.601}, {{-2, -1, 0, 0.5, 0.6, 0.6}, {-1, 0, 0.5, 0.6, 0.7}, {0, 1, 0.5, 0.6, 0.7, 0.8}});
}
TEST(SpcRule, FourteenAlternating) {
  std::vector<double> z;
  for (int i = 0; i < 14; ++i) z.push_back(i % 2 == 0 ? 0.1 : 0.2);
  EXPECT_TRUE(Fires(kNelson4, ChartSide::kAbove, z));
  EXPECT_FALSE(Fires(kNelson4, ChartSide::kBelow, z)) << "it has no side";
  EXPECT_FALSE(Fires(kNelson4, ChartSide::kAbove, {z.begin() + 1, z.end()})) << "thirteen";
  z[7] = z[6];
  EXPECT_FALSE(Fires(kNelson4, ChartSide::kAbove, z)) << "a flat step";
}
TEST(SpcRule, FifteenWithinOneSigma) {
  std::vector<double> z(15, 0.999);
  z[3] = -0.999;
  EXPECT_TRUE(Fires(kNelson7, ChartSide::kAbove, z));
  EXPECT_FALSE(Fires(kNelson7, ChartSide::kAbove, std::vector<double>(14, 0)));
  z[14] = 1;
  EXPECT_FALSE(Fires(kNelson7, ChartSide::kAbove, z));
}
TEST(SpcRule, EightBeyondOneSigmaOnBothSides) {
  std::vector<double> z(8, 1.001);
  z[7] = -1.001;
  EXPECT_TRUE(Fires(kNelson8, ChartSide::kAbove, z));
  EXPECT_FALSE(Fires(kNelson8, ChartSide::kAbove, std::vector<double>(8, 1.001))) << "one side alone is another rule's";
  EXPECT_FALSE(Fires(kNelson8, ChartSide::kAbove, {z.begin() + 1, z.end()})) << "seven";
  z[4] = 1;
  EXPECT_FALSE(Fires(kNelson8, ChartSide::kAbove, z));
}

TEST(SpcRule, NamesReadBackAndClassesHaveTheirDefaults) {
  for (int i = 1; i <= kChartRules; ++i) EXPECT_EQ(ParseChartRule(NameOf(static_cast<ChartRule>(i))), static_cast<ChartRule>(i));
  EXPECT_EQ(ParseChartRule("NELSON9"), std::nullopt);
  EXPECT_EQ(RulesIn(DefaultRules(CharacteristicClass::kCritical)), (std::vector{kNelson1, kNelson2, kNelson3, kNelson5, kNelson6}));
  EXPECT_EQ(RulesIn(DefaultRules(CharacteristicClass::kSignificant)), (std::vector{kNelson1, kNelson2, kNelson3}));
  EXPECT_EQ(RulesIn(DefaultRules(CharacteristicClass::kStandard)), (std::vector{kNelson1}));
}

}  // namespace
}  // namespace mes::domain
