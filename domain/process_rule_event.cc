// What a recorded event means to the rules that act: the part of EventDecision that raises alarms, stops and holds.
#include <algorithm>
#include <set>

#include "domain/event_decision.h"
#include "domain/limits.h"
#include "domain/process_rule.h"
#include "domain/quantity.h"
#include "domain/spc_ingest.h"

namespace mes::domain {
namespace {

std::string EventName(const World& world, int32_t station_id, int32_t epoch, int64_t sequence) {
  const Station* station = world.plant.FindStation(station_id);
  return (station == nullptr ? "?" : station->code) + "/" + std::to_string(epoch) + "/" + std::to_string(sequence);
}

std::string Percent(double share) {
  std::string text = std::to_string(share * 100);
  text.resize(text.find('.') + 2);
  return text + " %";
}

// The place that an alarm of the rule speaks of: while one is in force there, the rule is silent there.
bool SamePlace(const ProcessRule& rule, const ProcessAlarm& known, const ProcessAlarm& fresh) {
  if (known.rule_code != rule.code) return false;
  switch (rule.kind) {
    case ProcessRuleKind::kSameCodeStreak:
    case ProcessRuleKind::kGoldenFailed:
      return known.station_id == fresh.station_id && known.operation == fresh.operation;
    case ProcessRuleKind::kSpc:
      return known.station_id == fresh.station_id && known.operation == fresh.operation && known.subject == fresh.subject;
    case ProcessRuleKind::kAnyCodeStreak:
    case ProcessRuleKind::kYieldWindow:
      return known.line_id == fresh.line_id && known.operation == fresh.operation;
    case ProcessRuleKind::kScrapLimit:
      return known.work_order_id == fresh.work_order_id && known.unit_id == fresh.unit_id;
    case ProcessRuleKind::kSupplierLot:
      return known.unit_id == fresh.unit_id && known.operation == fresh.operation;
  }
  return false;
}

FirstRun RunOf(const EventRow& row) {
  const bool pass = row.judgement == Judgement::kPass;
  // Of a pass only its time is ever asked for.
  if (pass) return {row.occur_time, 0, 0, 0, 0, true, ""};
  return {row.occur_time, row.unit_id, row.sequence, row.station_id, row.epoch, false, row.failure_code};
}

}  // namespace

size_t RingCapacity(const std::vector<ProcessRule>& rules, const Station& station, const ProductRevision& revision,
                    const Operation& operation, bool of_line) {
  size_t capacity = 0;
  for (const ProcessRule& rule : rules) {
    const bool streak = rule.kind == (of_line ? ProcessRuleKind::kAnyCodeStreak : ProcessRuleKind::kSameCodeStreak);
    const bool window = of_line && rule.kind == ProcessRuleKind::kYieldWindow;
    if ((!streak && !window) || !Applies(rule, station, revision, operation)) continue;
    capacity = std::max(capacity, static_cast<size_t>(window ? kMaxYieldWindow : kMaxStreak));
  }
  return capacity;
}

void EventDecision::Raise(const ProcessRule& rule, ProcessAlarm alarm, std::optional<HoldDraft> hold) {
  alarm.rule_id = rule.id;
  alarm.rule_code = rule.code;
  alarm.rule_version = rule.version;
  alarm.kind = rule.kind;
  alarm.release_role = rule.release_role;
  alarm.station_id = station_.id;
  alarm.line_id = station_.line_id;
  alarm.epoch = epoch_;
  alarm.sequence = event_.sequence;
  alarm.occur_time = event_.occur_time;
  alarm.record_time = world_.now;
  const bool known = std::any_of(world_.alarms.begin(), world_.alarms.end(), [&](const ProcessAlarm& other) {
    // A stop may follow an alarm that only told.
    return SamePlace(rule, other, alarm) && (other.stops != StopScope::kNone || alarm.stops == StopScope::kNone);
  });
  if (known) return;
  if (alarm.evidence.size() > kMaxAlarmEvidence) alarm.evidence.resize(kMaxAlarmEvidence);
  Effects::RaisedAlarm raised{alarm, -1};
  if (hold) {
    hold->placed_by = "rule " + rule.code + " version " + std::to_string(rule.version);
    hold->reason = alarm.sentence;
    raised.hold = static_cast<int32_t>(world_.effects.pending_holds.size());
    world_.effects.pending_holds.push_back(std::move(*hold));
  }
  world_.alarms.push_back(alarm);
  world_.effects.alarms.push_back(std::move(raised));
}

void EventDecision::JudgeFirstRun(const ProcessRule& rule, const UnitEntry& entry, const Operation& operation, const EventRow& row,
                                  const RunRing& ring, size_t place) {
  const std::optional<RunPattern> pattern = FindPattern(rule, ring.runs, place, operation.first_pass_yield);
  if (!pattern) return;
  ProcessAlarm alarm;
  alarm.operation = operation.number;
  alarm.unit_id = row.unit_id;
  alarm.unit_code = entry.unit.code;
  alarm.late = pattern->late;
  const bool window = rule.kind == ProcessRuleKind::kYieldWindow;
  alarm.stops = window && !pattern->stops ? StopScope::kNone : rule.stops;
  HoldDraft hold;
  hold.direction = HoldDirection::kWhereUsed;
  for (size_t i = pattern->first; i <= pattern->last; ++i) {
    const FirstRun& run = ring.runs[i];
    if (run.pass) continue;
    hold.predicate.unit_ids.push_back(run.unit_id);
    alarm.evidence.push_back({"run", EventName(world_, run.station_id, run.epoch, run.sequence),
                              run.failure_code + " at " + FormatTime(run.time)});
  }
  const std::string place_name = "operation " + std::to_string(operation.number) + " " + operation.code;
  if (window) {
    const double yield = static_cast<double>(pattern->passed) / pattern->runs;
    alarm.sentence = rule.code + ": " + std::to_string(pattern->passed) + " of the last " + std::to_string(pattern->runs) +
                     " first runs passed at " + place_name + " of line " + station_.line_code;
    alarm.evidence.insert(alarm.evidence.begin(),
                          {"figure", "first_pass_yield",
                           Percent(yield) + ", planned " + Percent(operation.first_pass_yield) + ", limit " +
                               Percent(operation.first_pass_yield -
                                       (pattern->stops ? rule.stop_points : rule.alarm_points) / 100)});
  } else {
    const bool same = rule.kind == ProcessRuleKind::kSameCodeStreak;
    alarm.sentence = rule.code + ": " + std::to_string(rule.count) + " first runs in a row failed" +
                     (same ? " with " + row.failure_code + " at station " + station_.code
                           : std::string(" at ") + place_name + " of line " + station_.line_code);
  }
  Raise(rule, std::move(alarm), rule.holds ? std::optional(std::move(hold)) : std::nullopt);
}

// A completed run, as far as rules look at it.
void EventDecision::JudgeProcess(const UnitEntry& entry, const ProductRevision& revision, const Operation& operation,
                                 const EventRow& row) {
  for (const ChartAlarm& chart : JudgeCharts(world_, station_, revision, operation, entry, row)) {
    for (const ProcessRule& rule : world_.plant.rules) {
      if (rule.kind != ProcessRuleKind::kSpc || !Applies(rule, station_, revision, operation)) continue;
      const auto among = [](const std::vector<std::string>& names, std::string_view name) {
        return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
      };
      if (!among(rule.spc_rules, NameOf(chart.rule)) || !among(rule.classes, NameOf(chart.characteristic_class))) continue;
      ProcessAlarm alarm;
      alarm.operation = operation.number;
      alarm.unit_id = row.unit_id;
      alarm.unit_code = entry.unit.code;
      alarm.subject = chart.characteristic_code;
      alarm.late = chart.late;
      alarm.stops = rule.stops;
      alarm.sentence = rule.code + ": " + chart.sentence;
      for (const Evidence& fact : chart.evidence) alarm.evidence.push_back({"point", fact.id, fact.detail});
      HoldDraft hold;
      hold.direction = HoldDirection::kWhereUsed;
      hold.predicate.station_ids = {station_.id};
      hold.predicate.material_id = revision.material_id;
      hold.predicate.operation = operation.number;
      // Since the last point in control; without one, as far back as events may come.
      hold.predicate.from = chart.last_in_control.value_or(chart.point_time - std::chrono::seconds(kMaxBehindSeconds));
      hold.predicate.until = std::max(chart.point_time, row.occur_time);
      Raise(rule, std::move(alarm), rule.holds ? std::optional(std::move(hold)) : std::nullopt);
    }
  }
  if ((row.flags & kFlagFirstRun) == 0) return;
  if (row.judgement == Judgement::kFail) JudgeLots(entry, revision, operation);
  for (const bool of_line : {false, true}) {
    const size_t capacity = RingCapacity(world_.plant.rules, station_, revision, operation, of_line);
    if (capacity == 0) continue;
    // What was not loaded must not be overwritten.
    const auto found = world_.run_rings.find({station_.line_id, operation.number, of_line ? 0 : station_.id});
    if (found == world_.run_rings.end()) continue;
    RunRing& ring = found->second;
    const std::optional<size_t> place = Insert(ring, RunOf(row), capacity);
    if (!place) continue;
    for (const ProcessRule& rule : world_.plant.rules) {
      const bool station_rule = rule.kind == ProcessRuleKind::kSameCodeStreak;
      const bool line_rule = rule.kind == ProcessRuleKind::kAnyCodeStreak || rule.kind == ProcessRuleKind::kYieldWindow;
      if ((of_line ? line_rule : station_rule) && Applies(rule, station_, revision, operation)) {
        JudgeFirstRun(rule, entry, operation, row, ring, *place);
      }
    }
  }
}

// A first run failed: do the lots that it used at this operation fail too many?
void EventDecision::JudgeLots(const UnitEntry& entry, const ProductRevision& revision, const Operation& operation) {
  const bool asked = std::any_of(world_.plant.rules.begin(), world_.plant.rules.end(), [&](const ProcessRule& rule) {
    return rule.kind == ProcessRuleKind::kSupplierLot && Applies(rule, station_, revision, operation);
  });
  if (!asked) return;
  std::set<int64_t> lots;
  if (const auto used = world_.yield_past.consumed.find(entry.unit.id); used != world_.yield_past.consumed.end()) {
    for (const auto& [number, lot] : used->second) {
      if (number == operation.number) lots.insert(lot);
    }
  }
  for (const int64_t lot : lots) {
    auto [runs, passes] = world_.lot_runs[{lot, operation.number}];
    for (const auto& [key, counts] : world_.effects.lot_yields) {
      if (key.lot_id == lot && key.operation == operation.number) runs += counts.first_runs, passes += counts.first_passes;
    }
    for (const ProcessRule& rule : world_.plant.rules) {
      if (rule.kind != ProcessRuleKind::kSupplierLot || !Applies(rule, station_, revision, operation)) continue;
      const int64_t fails = runs - passes;
      if (runs < rule.min_runs || static_cast<double>(fails) <= rule.fail_share * static_cast<double>(runs)) continue;
      const UnitEntry* item = world_.FindUnit(lot);
      ProcessAlarm alarm;
      alarm.operation = operation.number;
      alarm.stops = rule.stops;
      alarm.unit_id = lot;
      alarm.unit_code = item == nullptr ? "" : item->unit.code;
      const std::string name = item == nullptr ? "one lot" : "lot " + item->unit.code;
      alarm.sentence = rule.code + ": " + std::to_string(fails) + " of " + std::to_string(runs) + " units that used " + name +
                       " failed their first run at operation " + std::to_string(operation.number) + " " + operation.code;
      alarm.evidence.push_back({"figure", "first_runs", std::to_string(passes) + " of " + std::to_string(runs) + " passed, limit " +
                                                            Percent(1 - rule.fail_share)});
      HoldDraft hold;
      hold.direction = HoldDirection::kWhereUsed;
      hold.predicate.unit_ids = {lot};
      Raise(rule, std::move(alarm), rule.holds ? std::optional(std::move(hold)) : std::nullopt);
    }
  }
}

// After something was scrapped: the order's share, or the lot's own.
void EventDecision::JudgeScrap(const UnitEntry& entry, const EventRow& row) {
  const ProductRevision* revision = world_.plant.FindRevision(entry.unit.revision_id);
  const OrderState* order = OrderOf(entry);
  const int16_t index = revision == nullptr ? int16_t{-1} : revision->OperationIndex(row.operation);
  if (order == nullptr || index < 0) return;
  const Operation& operation = revision->operations[static_cast<size_t>(index)];
  for (const ProcessRule& rule : world_.plant.rules) {
    if (rule.kind != ProcessRuleKind::kScrapLimit || !Applies(rule, station_, *revision, operation)) continue;
    const bool lot = rule.stops != StopScope::kOrder && entry.lot.has_value();
    const int64_t scrapped = lot ? entry.lot->quantity_micro - entry.lot->left_micro : order->scrapped_micro;
    const int64_t whole = lot ? entry.lot->quantity_micro : order->ordered_micro;
    const bool enough = lot || scrapped >= static_cast<int64_t>(rule.min_runs) * kMicro;
    if (!enough || static_cast<double>(scrapped) <= rule.scrap_share * static_cast<double>(whole)) continue;
    ProcessAlarm alarm;
    alarm.operation = row.operation;
    alarm.stops = rule.stops;
    alarm.work_order_id = order->id;
    alarm.work_order_code = order->code;
    if (lot) alarm.unit_id = entry.unit.id, alarm.unit_code = entry.unit.code;
    const std::string subject = lot ? "lot " + entry.unit.code : "order " + order->code;
    alarm.sentence = rule.code + ": " + FormatQuantity(scrapped) + " of " + FormatQuantity(whole) + " of " + subject +
                     " is scrapped, more than " + Percent(rule.scrap_share);
    alarm.evidence.push_back({"figure", "scrapped", FormatQuantity(scrapped) + " of " + FormatQuantity(whole)});
    HoldDraft hold;
    hold.direction = HoldDirection::kWhereUsed;
    hold.predicate.unit_ids = {entry.unit.id};
    Raise(rule, std::move(alarm), rule.holds && lot ? std::optional(std::move(hold)) : std::nullopt);
  }
}

// A golden sample or reference leak that was not judged right: everything since the last good check is suspect.
void EventDecision::JudgeGolden(const StationCondition& condition, const StationCondition* before) {
  const ConditionKind kind = condition.report.kind;
  if (condition.report.in_order || (kind != ConditionKind::kGolden && kind != ConditionKind::kLeakRef)) return;
  for (const ProcessRule& rule : world_.plant.rules) {
    if (rule.kind != ProcessRuleKind::kGoldenFailed) continue;
    bool applies = rule.station_id == 0 || rule.station_id == station_.id;
    if (rule.by_routing) {
      const ProductRevision* revision = world_.plant.NewestRevision(station_.material_id);
      applies = revision != nullptr && std::any_of(station_.operations.begin(), station_.operations.end(), [&](int16_t number) {
        const int16_t index = revision->OperationIndex(number);
        return index >= 0 && Applies(rule, station_, *revision, revision->operations[static_cast<size_t>(index)]);
      });
    }
    if (!applies) continue;
    ProcessAlarm alarm;
    alarm.stops = rule.stops;
    alarm.sentence = rule.code + ": " + std::string(NameOf(RuleOf(kind).reason)) + " of station " + station_.code + " is not in order";
    alarm.evidence.push_back({"check", condition.report.evidence.empty() ? "failed" : condition.report.evidence,
                              "failed at " + FormatTime(condition.occur_time)});
    const Time longest = condition.occur_time - std::chrono::seconds(RuleOf(kind).longest_validity_seconds);
    alarm.evidence.push_back(
        {"check", "last good", before == nullptr ? "none known: since " + FormatTime(longest) : FormatTime(before->occur_time)});
    HoldDraft hold;
    hold.direction = HoldDirection::kWhereUsed;
    hold.predicate.station_ids = {station_.id};
    hold.predicate.from = before == nullptr ? longest : before->occur_time;
    hold.predicate.until = condition.occur_time;
    Raise(rule, std::move(alarm), rule.holds ? std::optional(std::move(hold)) : std::nullopt);
  }
}

}  // namespace mes::domain
