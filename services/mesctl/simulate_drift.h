// `mesctl simulate --drift`: one station's process drifts until a rule that acts stops it. A story of its own, told event by event:
// a baseline, frozen limits, a time in control, a drift, the stop, the hold, the release. What must be on hold is reckoned here, from
// what was told and from the limits alone, and compared with the server's hold unit by unit.
#pragma once

#include <cstdint>
#include <vector>

#include "services/mesctl/client.h"
#include "services/mesctl/simulate_model.h"

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

// Tells the story and prints it. Throws Exit with kExitServer where the server does otherwise, std::runtime_error for a plant
// without the station.
void TellDrift(const Connection& connection, const Model& model, const std::vector<v1::Station>& stations, uint32_t seed, int64_t now);

}  // namespace mes::mesctl::simulate
