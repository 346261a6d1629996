// A control chart as text that reads in 80 columns: one column a point, limits as lines, marks for points that broke a rule.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mes::mesctl {

struct DrawnPoint {
  std::optional<double> value;
  // Broke a rule: `X`; came late: `L`; else `o`.
  bool marked = false;
  bool late = false;
};

struct DrawnChart {
  std::string title;
  std::vector<DrawnPoint> points;  // at most 60
  // Absent = none are frozen.
  std::optional<double> lower, center, upper;
  int rows = 13;
};

// `4.347`: six significant digits, at most 12 characters.
std::string FigureText(double value);
// Lines without their ends.
std::vector<std::string> Draw(const DrawnChart& chart);

}  // namespace mes::mesctl
