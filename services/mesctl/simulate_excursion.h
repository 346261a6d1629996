// From which value on a drifting process is suspect, reckoned from the values and the limits alone: what the simulator holds the
// server's hold against.
#pragma once

#include <cstddef>
#include <vector>

namespace mes::mesctl::simulate {

// Where the chart first breaks a rule, and from where on everything is suspect: places in `values`.
struct Excursion {
  size_t last_in_control = 0;
  // values.size() = none: no single point is outside the limits.
  size_t alarm = 0;
};
// The rules of a significant characteristic, on single values plotted after their limits were frozen: a point outside the limits
// (Nelson 1) alarms; nine in a row on one side of the center (Nelson 2) and six in a row rising or falling (Nelson 3) only say that a
// point is not in control.
Excursion FindExcursion(const std::vector<double>& values, double lower, double center, double upper);

}  // namespace mes::mesctl::simulate
