#include "domain/process_rule.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "domain/code.h"
#include "domain/limits.h"
#include "domain/product_definition.h"

namespace mes::domain {
namespace {

constexpr std::array<std::string_view, 7> kKindNames = {"SAME_CODE_STREAK", "ANY_CODE_STREAK", "YIELD_WINDOW", "SPC",
                                                        "GOLDEN_FAILED",    "SCRAP_LIMIT",     "SUPPLIER_LOT"};
constexpr std::array<std::string_view, 4> kScopeNames = {"NONE", "STATION", "LINE_OPERATION", "ORDER"};
constexpr std::array<std::string_view, 5> kReleaseRoles = {"process engineer", "quality", "maintenance", "planner", "shift lead"};

bool Streak(ProcessRuleKind kind) {
  return kind == ProcessRuleKind::kSameCodeStreak || kind == ProcessRuleKind::kAnyCodeStreak;
}

template <typename Names>
bool Among(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

tl::unexpected<Error> Contradiction(std::string_view field, std::string message) {
  return Fail(FieldError(Reason::kRuleContradiction, field, std::move(message)));
}

// A parameter that the kind does not read must not be given: it would look as if it did something.
Status CheckUnused(const ProcessRule& rule) {
  const auto kind = rule.kind;
  const bool window = kind == ProcessRuleKind::kYieldWindow;
  const bool scrap = kind == ProcessRuleKind::kScrapLimit;
  const bool lot = kind == ProcessRuleKind::kSupplierLot;
  const bool spc = kind == ProcessRuleKind::kSpc;
  struct Use {
    bool given, used;
    std::string_view field;
  };
  const std::array<Use, 9> uses = {{{rule.count != 0, Streak(kind), "rule.count"},
                                    {rule.window != 0, window, "rule.window"},
                                    {rule.min_runs != 0, window || scrap || lot, "rule.min_runs"},
                                    {rule.alarm_points != 0, window, "rule.alarm_points"},
                                    {rule.stop_points != 0, window, "rule.stop_points"},
                                    {rule.scrap_share != 0, scrap, "rule.scrap_share"},
                                    {rule.fail_share != 0, lot, "rule.fail_share"},
                                    {!rule.spc_rules.empty(), spc, "rule.spc_rules"},
                                    {!rule.classes.empty(), spc, "rule.classes"}}};
  for (const Use& use : uses) {
    if (use.given && !use.used) {
      return Contradiction(use.field, std::string(use.field) + " has no meaning for " + std::string(NameOf(kind)));
    }
  }
  return {};
}

Status CheckShare(double share, std::string_view field) {
  if (share > 0 && share < 1) return {};
  return Fail(FieldError(Reason::kFieldInvalid, field, std::string(field) + " must be above 0 and below 1"));
}

Status CheckWindow(const ProcessRule& rule, const ProductRevision* revision) {
  if (rule.window < 2 || rule.window > kMaxYieldWindow) {
    return Fail(FieldError(Reason::kFieldInvalid, "rule.window", "rule.window must be 2 to " + std::to_string(kMaxYieldWindow)));
  }
  if (rule.min_runs < 1 || rule.min_runs > rule.window) {
    return Contradiction("rule.min_runs", "rule.min_runs must be 1 to rule.window: else the rule could never fire");
  }
  if (!(rule.alarm_points > 0 && rule.alarm_points < 100)) {
    return Fail(FieldError(Reason::kFieldInvalid, "rule.alarm_points", "rule.alarm_points must be above 0 and below 100"));
  }
  if (rule.stop_points != 0 && !(rule.stop_points > rule.alarm_points && rule.stop_points < 100)) {
    return Contradiction("rule.stop_points", "rule.stop_points must be above rule.alarm_points and below 100, or 0");
  }
  if ((rule.stop_points != 0) != (rule.stops != StopScope::kNone)) {
    return Contradiction("rule.stops", "rule.stops and rule.stop_points go together: one without the other stops nothing");
  }
  if (revision == nullptr || rule.operation == 0) return {};
  const Operation& operation = revision->operations[static_cast<size_t>(revision->OperationIndex(rule.operation))];
  if (operation.first_pass_yield * 100 <= std::max(rule.alarm_points, rule.stop_points)) {
    return Contradiction(rule.stop_points != 0 ? "rule.stop_points" : "rule.alarm_points",
                         "the operation plans a first-pass yield of " + std::to_string(operation.first_pass_yield) +
                             ": so many points below it nothing is left, the rule could never fire");
  }
  return {};
}

Status CheckSpc(const ProcessRule& rule) {
  for (const std::string& name : rule.classes) {
    if (!ParseCharacteristicClass(name)) {
      return Fail(FieldError(Reason::kFieldInvalid, "rule.classes", "rule.classes: `" + name + "` is not CC, SC or std"));
    }
  }
  const auto known = [](std::string_view name) {
    const bool western = name.starts_with("WE") && name.size() == 3 && name[2] >= '1' && name[2] <= '4';
    const bool nelson = name.starts_with("NELSON") && name.size() == 7 && name[6] >= '1' && name[6] <= '8';
    return western || nelson;
  };
  for (const std::string& name : rule.spc_rules) {
    if (!known(name)) {
      return Fail(FieldError(Reason::kFieldInvalid, "rule.spc_rules",
                             "rule.spc_rules: `" + name.substr(0, 32) + "` is not WE1 to WE4 or NELSON1 to NELSON8"));
    }
  }
  return {};
}

Status CheckParameters(const ProcessRule& rule, const ProductRevision* revision) {
  switch (rule.kind) {
    case ProcessRuleKind::kSameCodeStreak:
    case ProcessRuleKind::kAnyCodeStreak:
      if (rule.count >= 2 && rule.count <= kMaxStreak) return {};
      return Fail(FieldError(Reason::kFieldInvalid, "rule.count", "rule.count must be 2 to " + std::to_string(kMaxStreak)));
    case ProcessRuleKind::kYieldWindow:
      return CheckWindow(rule, revision);
    case ProcessRuleKind::kSpc:
      return CheckSpc(rule);
    case ProcessRuleKind::kGoldenFailed:
      return {};
    case ProcessRuleKind::kScrapLimit:
    case ProcessRuleKind::kSupplierLot:
      if (rule.min_runs < 1 || rule.min_runs > kMaxRuleRuns) {
        return Fail(
            FieldError(Reason::kFieldInvalid, "rule.min_runs", "rule.min_runs must be 1 to " + std::to_string(kMaxRuleRuns)));
      }
      return rule.kind == ProcessRuleKind::kScrapLimit ? CheckShare(rule.scrap_share, "rule.scrap_share")
                                                       : CheckShare(rule.fail_share, "rule.fail_share");
  }
  return {};
}

Status CheckScope(const ProcessRule& rule, const ProductRevision* revision) {
  if (rule.by_routing && (rule.material_id != 0 || rule.operation != 0 || rule.station_id != 0)) {
    return Contradiction("rule.by_routing", "rule.by_routing leaves the place to the routings: give no product, operation or station");
  }
  if (rule.operation != 0 && rule.material_id == 0) {
    return Contradiction("rule.operation", "rule.operation needs rule.product_code: operations are numbered by product");
  }
  if (rule.operation != 0 && revision != nullptr && revision->OperationIndex(rule.operation) < 0) {
    return Fail(FieldError(Reason::kOperationUnknown, "rule.operation",
                           "operation " + std::to_string(rule.operation) + " is not on the route of " + revision->product_code));
  }
  if (rule.kind == ProcessRuleKind::kGoldenFailed && (rule.material_id != 0 || rule.operation != 0)) {
    return Contradiction("rule.product_code", "a golden sample is the station's, not a product's: give rule.station_code or nothing");
  }
  if (rule.stops == StopScope::kOrder && rule.kind != ProcessRuleKind::kScrapLimit) {
    return Contradiction("rule.stops", "only SCRAP_LIMIT stops an order");
  }
  if (rule.stops == StopScope::kLineOperation && rule.kind == ProcessRuleKind::kGoldenFailed) {
    return Contradiction("rule.stops", "a golden sample speaks of one station");
  }
  if (rule.stops == StopScope::kStation &&
      (rule.kind == ProcessRuleKind::kAnyCodeStreak || rule.kind == ProcessRuleKind::kYieldWindow)) {
    return Contradiction("rule.stops", "the pattern is that of all stations of a line: LINE_OPERATION, not one of them");
  }
  if (rule.holds && rule.kind == ProcessRuleKind::kYieldWindow) {
    return Contradiction("rule.holds", "a yield names no unit that could be held");
  }
  return {};
}

std::optional<RunPattern> FindStreak(const ProcessRule& rule, const std::vector<FirstRun>& runs, size_t place) {
  const size_t count = static_cast<size_t>(rule.count);
  for (size_t last = place; last < runs.size() && last < place + count; ++last) {
    if (last + 1 < count) continue;
    const size_t first = last + 1 - count;
    bool all = true;
    for (size_t i = first; i <= last && all; ++i) {
      all = !runs[i].pass && (rule.kind == ProcessRuleKind::kAnyCodeStreak || runs[i].failure_code == runs[last].failure_code);
    }
    if (all) return RunPattern{first, last, place + 1 < runs.size(), false, 0, rule.count};
  }
  return std::nullopt;
}

// Windows end at `place` or behind it; of several the first that stops, else the first that alarms.
std::optional<RunPattern> FindYieldWindow(const ProcessRule& rule, const std::vector<FirstRun>& runs, size_t place,
                                          double planned) {
  const size_t window = static_cast<size_t>(rule.window);
  // Sums of decimals are not exact: a yield that stands at the limit by its text is not below it.
  constexpr double kTiny = 1e-9;
  std::optional<RunPattern> found;
  for (size_t last = place; last < runs.size() && last < place + window; ++last) {
    const size_t first = last + 1 >= window ? last + 1 - window : 0;
    const int32_t n = static_cast<int32_t>(last + 1 - first);
    if (n < rule.min_runs) continue;
    int32_t passed = 0;
    for (size_t i = first; i <= last; ++i) passed += runs[i].pass ? 1 : 0;
    const double yield = static_cast<double>(passed) / n;
    const bool alarms = yield < planned - rule.alarm_points / 100 - kTiny;
    const bool stops = rule.stop_points > 0 && yield < planned - rule.stop_points / 100 - kTiny;
    if (!alarms || (found && !stops)) continue;
    found = RunPattern{first, last, place + 1 < runs.size(), stops, passed, n};
    if (stops) break;
  }
  return found;
}

}  // namespace

std::string_view NameOf(ProcessRuleKind kind) { return kKindNames[static_cast<size_t>(kind) - 1]; }
std::optional<ProcessRuleKind> ParseProcessRuleKind(std::string_view name) {
  const auto found = std::find(kKindNames.begin(), kKindNames.end(), name);
  if (found == kKindNames.end()) return std::nullopt;
  return static_cast<ProcessRuleKind>(found - kKindNames.begin() + 1);
}

std::string_view NameOf(StopScope scope) { return kScopeNames[static_cast<size_t>(scope)]; }
std::optional<StopScope> ParseStopScope(std::string_view name) {
  const auto found = std::find(kScopeNames.begin(), kScopeNames.end(), name);
  if (found == kScopeNames.end()) return std::nullopt;
  return static_cast<StopScope>(found - kScopeNames.begin());
}

Status CheckProcessRule(const ProcessRule& rule, const ProductRevision* revision) {
  if (Status code = CheckCode(rule.code, "rule.code"); !code) return code;
  if (rule.code.size() > kMaxFailureCodeLength) {
    return Fail(FieldError(Reason::kLimitExceeded, "rule.code", "rule.code has more than 32 characters"));
  }
  if (!Among(kReleaseRoles, rule.release_role)) {
    return Fail(FieldError(rule.release_role.empty() ? Reason::kFieldRequired : Reason::kFieldInvalid, "rule.release_role",
                           "rule.release_role must be process engineer, quality, maintenance, planner or shift lead"));
  }
  for (const auto check : {&CheckScope, &CheckParameters}) {
    if (Status checked = check(rule, revision); !checked) return checked;
  }
  return CheckUnused(rule);
}

bool Applies(const ProcessRule& rule, const Station& station, const ProductRevision& revision, const Operation& operation) {
  if (rule.by_routing) return Among(operation.line_stops, rule.code);
  return (rule.material_id == 0 || rule.material_id == revision.material_id) &&
         (rule.operation == 0 || rule.operation == operation.number) && (rule.station_id == 0 || rule.station_id == station.id);
}

std::optional<size_t> Insert(RunRing& ring, FirstRun run, size_t capacity) {
  if (run.time < ring.counts_from) return std::nullopt;
  const auto place =
      std::upper_bound(ring.runs.begin(), ring.runs.end(), run.time, [](Time time, const FirstRun& other) { return time < other.time; });
  if (place == ring.runs.begin() && ring.runs.size() >= capacity) return std::nullopt;
  const auto put = ring.runs.insert(place, std::move(run));
  size_t index = static_cast<size_t>(put - ring.runs.begin());
  ring.changed = true;
  if (ring.runs.size() > capacity) {
    ring.runs.erase(ring.runs.begin());
    --index;
  }
  return index;
}

std::optional<RunPattern> FindPattern(const ProcessRule& rule, const std::vector<FirstRun>& runs, size_t place, double planned) {
  if (rule.kind == ProcessRuleKind::kYieldWindow) return FindYieldWindow(rule, runs, place, planned);
  if (Streak(rule.kind)) return FindStreak(rule, runs, place);
  return std::nullopt;
}

Status Release(ProcessAlarm& alarm, std::string person, std::string role, std::string reason, Time now) {
  if (!alarm.InForce()) {
    return Fail({Reason::kAlarmReleased,
                 "alarm " + std::to_string(alarm.id) + " was released by " + alarm.released_by,
                 {{"alarm_id", std::to_string(alarm.id)}, {"released_by", alarm.released_by}}});
  }
  if (role != alarm.release_role) {
    return Fail(FieldError(Reason::kRoleInsufficient, "role",
                           "only the role " + alarm.release_role + " may release alarm " + std::to_string(alarm.id)));
  }
  alarm.released_by = std::move(person);
  alarm.released_role = std::move(role);
  alarm.release_reason = std::move(reason);
  alarm.release_time = now;
  return {};
}

}  // namespace mes::domain
