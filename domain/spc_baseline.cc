#include "domain/spc_baseline.h"

#include <algorithm>

namespace mes::domain {
namespace {

constexpr size_t kMostPointsListed = 20;

Error Unfit(std::string message) { return FieldError(Reason::kBaselineUnfit, "from", std::move(message)); }

// `2026-11-24T08:00:00Z NELSON1 above`, one for each point and rule.
std::string TextOf(const BaselineFault& fault) {
  return FormatTime(fault.time) + " " + std::string(NameOf(fault.rule)) + " " + std::string(NameOf(fault.side)) +
         (fault.on_spread ? " in the spread" : "");
}

Error OutOfControl(std::vector<BaselineFault> faults) {
  // Single points first: a wild one drags runs of others behind it.
  std::stable_partition(faults.begin(), faults.end(), [](const BaselineFault& fault) { return WindowOf(fault.rule) == 1; });
  std::string list;
  for (size_t i = 0; i < std::min(faults.size(), kMostPointsListed); ++i) list += (i == 0 ? "" : "; ") + TextOf(faults[i]);
  const std::string count = std::to_string(faults.size());
  Error error = Unfit("the baseline is out of control by its own limits (" + count + "): " + list +
                      (faults.size() > kMostPointsListed ? "; ..." : "") + ". Find the causes; exclude points with a known one");
  error.metadata["points"] = list;
  error.metadata["points_out"] = count;
  return error;
}

}  // namespace

Result<FrozenLimits> FreezeBaseline(const BaselineRequest& request, Time now) {
  std::vector<ChartPoint> points = request.points;
  for (size_t i = 0; i < request.excluded.size(); ++i) {
    const size_t before = points.size();
    std::erase_if(points, [&](const ChartPoint& point) { return point.time == request.excluded[i]; });
    if (points.size() == before) {
      return Fail(FieldError(Reason::kFieldInvalid, "excluded[" + std::to_string(i) + "]",
                             "the baseline has no point at " + FormatTime(request.excluded[i]) + ", or it is named twice"));
    }
  }
  if (points.size() < static_cast<size_t>(kFewestBaselinePoints)) {
    Error error = Unfit(std::to_string(points.size()) + " points are too few for limits: at least " +
                        std::to_string(kFewestBaselinePoints) + " are needed");
    error.metadata["points_out"] = "0";
    return Fail(std::move(error));
  }
  std::vector<Subgroup> groups;
  for (const ChartPoint& point : points) groups.push_back(SubgroupOf(request.design, point));
  FrozenLimits frozen;
  frozen.design = request.design;
  frozen.limits = LimitsOf(request.design, groups);
  if (!(frozen.limits.sigma > 0)) {
    return Fail(Unfit("the baseline has no spread: the gauge is frozen, or cannot see what it measures"));
  }
  const std::vector<BaselineFault> faults = JudgeBaseline(request.design, request.rules, points, frozen.limits);
  if (!faults.empty()) return Fail(OutOfControl(faults));
  frozen.baseline_from = points.front().time;
  frozen.baseline_until = points.back().time;
  frozen.points = static_cast<int32_t>(points.size());
  frozen.excluded = request.excluded;
  frozen.person = request.person;
  frozen.reason = request.reason;
  frozen.freeze_time = now;
  return frozen;
}

}  // namespace mes::domain
