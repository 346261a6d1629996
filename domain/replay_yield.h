// Replay of yield rules: where would first runs have raised alarms under other rules, or under the verdicts that other limits
// give?
//
// Looked at are rules about first runs: streaks of one or any failure code (CF3, CF5L) and the yield over a window (FPY_W).
// Within the range runs are taken by the time they happened, rings begin empty, and an alarm counts as released by the next run:
// what people did in between cannot be known. The same is done under the rules as they are, and what only one of both raises is
// listed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/process_rule.h"
#include "domain/product_definition.h"

namespace mes::domain {

// New parameters of a rule that is in force; none = left as it is.
struct YieldRuleChange {
  std::string code;
  std::optional<int32_t> count;
  std::optional<int32_t> window;
  std::optional<int32_t> min_runs;
  std::optional<double> alarm_points;
  std::optional<double> stop_points;
};

// Changes `plant.rules`. Faults name their place by JSON pointer: rules that are not in force or not about first runs, parameters
// that the rule has no use for or that contradict each other.
void ApplyYieldRules(Plant& plant, const std::vector<YieldRuleChange>& changes, std::vector<PlantFault>& faults);

// A first run as it was recorded and as it would be; none = it would not have been taken.
struct ReplayedRun {
  int32_t revision_id = 0;
  int16_t operation = 0;
  std::string unit_code;
  FirstRun recorded;
  std::optional<FirstRun> anew;
};

// An alarm that only one of both has, by the run that completed its pattern.
struct AlarmChange {
  std::string rule_code;
  bool raised_anew = false;
  int32_t revision_id = 0;
  int16_t operation = 0;
  std::string unit_code;
  FirstRun run;
};
// By time of the run. `runs` are sorted in place.
std::vector<AlarmChange> ReplayYieldRules(const Plant& recorded, const Plant& changed, std::vector<ReplayedRun>& runs);

}  // namespace mes::domain
