// Freezing limits: what a baseline must be before a person may make limits of it.
//
// It has at least 20 points; its limits are computed from these points alone (phase I of Montgomery, chapter 6); it is in control by
// those limits and the rules that watch the chart; and it has a spread. Points with a known cause may be left out, by name and with a
// reason; they are kept with the limits.
#pragma once

#include <string>
#include <vector>

#include "domain/result.h"
#include "domain/spc_chart.h"

namespace mes::domain {

struct BaselineRequest {
  ChartDesign design;
  RuleSet rules = 0;
  // Oldest first, all of the design, with their values.
  std::vector<ChartPoint> points;
  // Times of points to leave out.
  std::vector<Time> excluded;
  std::string person;
  std::string reason;
};
// The limits, without their version. Errors: FIELD_INVALID (`excluded[i]`: no such point), BASELINE_UNFIT (too few points, no spread, or
// out of control: metadata `points` lists up to 20 of those that are out, `points_out` counts them).
Result<FrozenLimits> FreezeBaseline(const BaselineRequest& request, Time now);

}  // namespace mes::domain
