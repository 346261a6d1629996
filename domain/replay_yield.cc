#include "domain/replay_yield.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace mes::domain {
namespace {

bool IsAboutFirstRuns(const ProcessRule& rule) {
  return rule.kind == ProcessRuleKind::kSameCodeStreak || rule.kind == ProcessRuleKind::kAnyCodeStreak ||
         rule.kind == ProcessRuleKind::kYieldWindow;
}

bool IsOfLine(const ProcessRule& rule) { return rule.kind != ProcessRuleKind::kSameCodeStreak; }

void Fault(std::vector<PlantFault>& faults, const std::string& path, std::string problem) {
  faults.push_back({"rules", path, std::move(problem)});
}

// `rule.count` of a rule's own check, as the file calls it.
std::string MemberOf(const Error& error) {
  const auto field = error.metadata.find("field");
  if (field == error.metadata.end()) return "";
  const size_t dot = field->second.find('.');
  return "/" + (dot == std::string::npos ? field->second : field->second.substr(dot + 1));
}

void Apply(const Plant& plant, ProcessRule& rule, const YieldRuleChange& change, const std::string& path,
           std::vector<PlantFault>& faults) {
  if (change.count) rule.count = *change.count;
  if (change.window) rule.window = *change.window;
  if (change.min_runs) rule.min_runs = *change.min_runs;
  if (change.alarm_points) rule.alarm_points = *change.alarm_points;
  if (change.stop_points) rule.stop_points = *change.stop_points;
  // A replay stops nothing: with or without a point to stop at, only where alarms are is asked.
  ProcessRule checked = rule;
  if (rule.kind == ProcessRuleKind::kYieldWindow)
    checked.stops = rule.stop_points != 0 ? StopScope::kLineOperation : StopScope::kNone;
  const ProductRevision* revision = rule.material_id == 0 ? nullptr : plant.NewestRevision(rule.material_id);
  if (Status good = CheckProcessRule(checked, revision); !good)
    Fault(faults, path + MemberOf(good.error()), good.error().message);
}

// Line, operation and station; station 0 = all of the line's.
using RingName = std::tuple<int32_t, int16_t, int32_t>;
// Rule, ring, and the run that completed the pattern.
using AlarmName = std::tuple<std::string, RingName, int32_t, int32_t, int64_t, int64_t>;

// Goes through the runs once under one plant's rules.
class Pass {
 public:
  explicit Pass(const Plant& plant) : plant_(plant) {}

  void Take(const ReplayedRun& replayed, const FirstRun& run) {
    const Station* station = plant_.FindStation(run.station_id);
    const ProductRevision* revision = plant_.FindRevision(replayed.revision_id);
    const int16_t index = revision == nullptr ? int16_t{-1} : revision->OperationIndex(replayed.operation);
    if (station == nullptr || index < 0) return;
    const Operation& operation = revision->operations[static_cast<size_t>(index)];
    for (const ProcessRule& rule : plant_.rules) {
      if (IsAboutFirstRuns(rule) && Applies(rule, *station, *revision, operation))
        Judge(rule, *station, operation, replayed, run);
    }
  }

  std::map<AlarmName, AlarmChange> alarms;

 private:
  // Each rule has its rings to itself, since its alarm alone makes it forget.
  void Judge(const ProcessRule& rule, const Station& station, const Operation& operation, const ReplayedRun& replayed,
             const FirstRun& run) {
    const RingName name{station.line_id, operation.number, IsOfLine(rule) ? 0 : station.id};
    RunRing& ring = rings_[{rule.code, name}];
    const size_t capacity = static_cast<size_t>(rule.kind == ProcessRuleKind::kYieldWindow ? rule.window : rule.count);
    const std::optional<size_t> place = Insert(ring, run, capacity);
    if (!place || !FindPattern(rule, ring.runs, *place, operation.first_pass_yield)) return;
    alarms[{rule.code, name, run.station_id, run.epoch, run.sequence, run.unit_id}] = {
        rule.code, false, replayed.revision_id, replayed.operation, replayed.unit_code, run};
    ring.runs.clear();
  }

  const Plant& plant_;
  std::map<std::pair<std::string, RingName>, RunRing> rings_;
};

}  // namespace

void ApplyYieldRules(Plant& plant, const std::vector<YieldRuleChange>& changes, std::vector<PlantFault>& faults) {
  std::set<std::string> taken;
  for (size_t i = 0; i < changes.size(); ++i) {
    const YieldRuleChange& change = changes[i];
    const std::string path = "/yield_rules/" + std::to_string(i);
    const auto rule =
        std::find_if(plant.rules.begin(), plant.rules.end(), [&](const ProcessRule& r) { return r.code == change.code; });
    if (rule == plant.rules.end()) {
      Fault(faults, path + "/code", "no rule " + change.code + " is in force");
    } else if (!IsAboutFirstRuns(*rule)) {
      Fault(faults, path + "/code",
            "rule " + change.code + " is a " + std::string(NameOf(rule->kind)) + ", not one about first runs");
    } else if (!taken.insert(change.code).second) {
      Fault(faults, path + "/code", "rule " + change.code + " is changed twice");
    } else {
      Apply(plant, *rule, change, path, faults);
    }
  }
}

std::vector<AlarmChange> ReplayYieldRules(const Plant& recorded, const Plant& changed, std::vector<ReplayedRun>& runs) {
  std::sort(runs.begin(), runs.end(), [](const ReplayedRun& a, const ReplayedRun& b) {
    const auto key = [](const FirstRun& run) { return std::tie(run.time, run.station_id, run.epoch, run.sequence, run.unit_id); };
    return key(a.recorded) < key(b.recorded);
  });
  Pass before(recorded), anew(changed);
  for (const ReplayedRun& run : runs) {
    before.Take(run, run.recorded);
    if (run.anew) anew.Take(run, *run.anew);
  }
  std::vector<AlarmChange> changes;
  for (const auto& [name, alarm] : before.alarms) {
    if (!anew.alarms.contains(name)) changes.push_back(alarm);
  }
  for (auto& [name, alarm] : anew.alarms) {
    if (before.alarms.contains(name)) continue;
    alarm.raised_anew = true;
    changes.push_back(alarm);
  }
  std::stable_sort(changes.begin(), changes.end(), [](const AlarmChange& a, const AlarmChange& b) {
    return std::tie(a.run.time, a.rule_code) < std::tie(b.run.time, b.rule_code);
  });
  return changes;
}

}  // namespace mes::domain
