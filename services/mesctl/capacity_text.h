// How capacities look: figures with their thousands apart, so that millions of cells and single trucks read in one table.
#pragma once

#include <string>

namespace mes::mesctl {

// `11,918,116`, `846.6` below a thousand where it is no whole number, `-12`.
std::string Grouped(double value);
// The options that every change of plans has.
struct Planner {
  std::string person;
  std::string role = "planner";
};

}  // namespace mes::mesctl
