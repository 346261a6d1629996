#include "domain/replay.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "domain/gate.h"

namespace mes::domain {
namespace {

constexpr auto kJudgedAnew =
    std::to_array<Reason>({Reason::kRouteSeq, Reason::kRetestLimit, Reason::kReworkLimit, Reason::kTimeWindow, Reason::kBoltCount,
                           Reason::kMeasurementMissing, Reason::kGenealogyComplete});

bool IsJudgedAnew(const Refusal& refusal) {
  return std::find(kJudgedAnew.begin(), kJudgedAnew.end(), refusal.reason) != kJudgedAnew.end();
}

void KeepJudgedAnew(std::vector<Refusal>& refusals) {
  std::erase_if(refusals, [](const Refusal& refusal) { return !IsJudgedAnew(refusal); });
}

std::string RejectedText(const std::vector<Refusal>& refusals) {
  std::string text = "REJECTED";
  for (const Refusal& refusal : refusals) {
    const std::string name = " " + std::string(NameOf(refusal.reason));
    if (text.find(name) == std::string::npos) text += name;
  }
  return text;
}

std::string CompletedText(bool pass, std::string_view failure_code, bool finished, bool late) {
  std::string text = pass ? "PASS" : "FAIL " + std::string(failure_code);
  if (finished) text += ", finished";
  if (late) text += ", late";
  return text;
}

std::string StartedText(RunPurpose purpose, bool late) {
  return "RECORDED " + std::string(NameOf(purpose)) + (late ? ", late" : "");
}

std::string WhyOf(const std::vector<Refusal>& refusals) {
  if (refusals.empty()) return "";
  std::string why = refusals.front().sentence;
  if (!refusals.front().evidence.empty()) why += ": " + refusals.front().evidence.front().detail;
  return why;
}

std::string Number(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string LimitsText(const Characteristic& characteristic) {
  const std::string lower = characteristic.lower_limit ? Number(*characteristic.lower_limit) : "-";
  const std::string upper = characteristic.upper_limit ? Number(*characteristic.upper_limit) : "-";
  return lower + " to " + upper;
}

// Who it is, before anything happened to it.
Unit Unborn(const Unit& unit) {
  Unit fresh;
  fresh.id = unit.id;
  fresh.code = unit.code;
  fresh.material_id = unit.material_id;
  fresh.revision_id = unit.revision_id;
  fresh.work_order_id = unit.work_order_id;
  fresh.tracking = unit.tracking;
  fresh.source_proven = unit.source_proven;
  fresh.create_time = unit.create_time;
  return fresh;
}

bool BeginsWithItsBirth(const Unit& unit, const std::vector<HistoryRow>& history) {
  return !history.empty() && history.front().row.kind == EventKind::kStarted &&
         history.front().row.occur_time == unit.create_time;
}

}  // namespace

Replay::Replay(const Plant& recorded, const Plant& changed)
    : recorded_plant_(recorded),
      plant_(changed),
      plant_before_(recorded),
      world_(plant_, Time{}),
      world_before_(plant_before_, Time{}) {}

StartDecision Replay::JudgeRecordedStart(World& world, const UnitEntry& entry, const Station& station, int16_t operation,
                                         RunPurpose asked, Time time) const {
  OrderState& order = world.orders[entry.unit.work_order_id];
  order.id = entry.unit.work_order_id;
  order.state = WorkOrderState::kStarted;
  Started start;
  start.purpose = asked;
  StartDecision decision = JudgeStart(world, {&station, &entry, entry.unit.code, operation, &start, "", time});
  KeepJudgedAnew(decision.refusals);
  return decision;
}

Replay::Verdict Replay::JudgeStarted(const UnitEntry& entry, const EventRow& row, const Station& station) {
  Verdict verdict;
  const bool late_start = (row.flags & kFlagLateStart) != 0;
  const bool was_late = (row.flags & kFlagWindowLate) != 0;
  if (late_start) {
    verdict.text = StartedText(row.purpose, was_late);
    return verdict;
  }
  StartDecision decision = JudgeRecordedStart(world_, entry, station, row.operation, row.purpose, row.occur_time);
  // Material may have been late besides: only what the windows of the unit itself say is compared.
  std::vector<Refusal> unused;
  const ProductRevision& before = *plant_before_.FindRevision(entry.unit.revision_id);
  const bool judged_late =
      JudgeWindows(before, entry.unit, row.operation, WindowEvent::kStart, row.occur_time, false, unused).flagged;
  const bool late = decision.window_late == judged_late ? was_late : decision.window_late;
  verdict.text = decision.Go() ? StartedText(decision.purpose, late) : RejectedText(decision.refusals);
  verdict.refusals = std::move(decision.refusals);
  return verdict;
}

Replay::Verdict Replay::JudgeCompleted(const UnitEntry& entry, const EventRow& row, const Station& station) {
  Verdict verdict;
  const Unit& unit = entry.unit;
  const ProductRevision& revision = *plant_.FindRevision(unit.revision_id);
  const ProductRevision& before = *plant_before_.FindRevision(unit.revision_id);
  const int16_t index = revision.OperationIndex(row.operation);
  const Operation& operation = revision.operations[static_cast<size_t>(index)];
  if ((row.flags & kFlagStartMissing) != 0) {
    verdict.refusals = JudgeRecordedStart(world_, entry, station, row.operation, RunPurpose::kNone, row.occur_time).refusals;
  }
  const WindowVerdict window =
      JudgeWindows(revision, unit, row.operation, WindowEvent::kComplete, row.occur_time, true, verdict.refusals);
  std::vector<Refusal> unused;
  const WindowVerdict window_before =
      JudgeWindows(before, unit, row.operation, WindowEvent::kComplete, row.occur_time, true, unused);
  Unit after = unit;
  EventRow measured = row;
  measured.kind = EventKind::kMeasured;
  Advance(after, revision, measured);
  const bool station_passes = row.station_judgement == Judgement::kPass;
  const bool server_passes = !after.run_out_of_limits && !window.failed;
  if (station_passes && (server_passes || operation.Guards(Interlock::kBoltCount))) {
    JudgePass(unit, revision, operation, row, verdict.refusals);
  }
  KeepJudgedAnew(verdict.refusals);
  if (!verdict.refusals.empty()) {
    verdict.text = RejectedText(verdict.refusals);
    return verdict;
  }
  const bool pass = station_passes && server_passes;
  const bool was_pass = row.judgement == Judgement::kPass;
  const std::string_view failure_code = !was_pass && !station_passes             ? std::string_view(row.failure_code)
                                        : !was_pass && !row.failure_code.empty() ? std::string_view(row.failure_code)
                                        : window.failed                          ? std::string_view("TIME_WINDOW")
                                                                                 : std::string_view("OUT_OF_LIMITS");
  const bool finished = pass && NextOperation(revision, unit.passed | (uint64_t{1} << index)) == 0;
  const bool was_late = (row.flags & kFlagWindowLate) != 0;
  const bool late = window.flagged == window_before.flagged ? was_late : window.flagged;
  verdict.text = CompletedText(pass, failure_code, finished, late);
  verdict.pass = pass;
  if (!pass) verdict.failure_code = failure_code;
  return verdict;
}

std::string Replay::WhyCompleted(const Unit& unit, const EventRow& row, const Verdict& verdict) const {
  if (!verdict.refusals.empty()) return WhyOf(verdict.refusals);
  const ProductRevision& before = *plant_before_.FindRevision(unit.revision_id);
  const ProductRevision& revision = *plant_.FindRevision(unit.revision_id);
  const auto index = static_cast<size_t>(revision.OperationIndex(row.operation));
  for (size_t c = 0; c < revision.operations[index].characteristics.size(); ++c) {
    const Characteristic& now = revision.operations[index].characteristics[c];
    const Characteristic& then = before.operations[index].characteristics[c];
    for (int32_t r = 0; r < now.replicates && !row.measured.empty(); ++r) {
      const double value = row.measured[static_cast<size_t>(now.first_value + r)];
      if (std::isnan(value) || now.InLimits(value) == then.InLimits(value)) continue;
      return now.code + " " + Number(value) + (now.InLimits(value) ? " is in " : " is not in ") + LimitsText(now) + " (was " +
             LimitsText(then) + ")";
    }
  }
  for (const TimeWindow& window : revision.windows) {
    if (window.to_operation != row.operation || window.to_event != WindowEvent::kComplete) continue;
    const auto other =
        std::find_if(before.windows.begin(), before.windows.end(), [&](const TimeWindow& w) { return w.id == window.id; });
    if (other->max_seconds != window.max_seconds || other->min_seconds != window.min_seconds) return "time window " + window.id;
  }
  return revision.MandatoryMask() != before.MandatoryMask() ? "other operations are mandatory"
                                                            : "values that were measured earlier in the run";
}

void Replay::KeepFirstRun(const UnitEntry& entry, const EventRow& row, const Verdict& verdict) {
  const FirstRun recorded{
      row.occur_time, row.unit_id, row.sequence, row.station_id, row.epoch, row.judgement == Judgement::kPass, row.failure_code};
  ReplayedRun& run =
      first_runs_.emplace_back(ReplayedRun{entry.unit.revision_id, row.operation, entry.unit.code, recorded, recorded});
  if (verdict.refusals.empty()) {
    run.anew->pass = verdict.pass;
    run.anew->failure_code = verdict.failure_code;
  } else {
    run.anew.reset();
  }
}

void Replay::JudgeRow(const UnitEntry& entry, const EventRow& row, std::vector<VerdictChange>& changes) {
  const bool started = row.kind == EventKind::kStarted;
  if (!started && row.kind != EventKind::kCompleted) return;
  const Station* station = recorded_plant_.FindStation(row.station_id);
  if (station == nullptr) return;
  plant_.failure_codes.LookBackTo(row.record_time);
  plant_before_.failure_codes.LookBackTo(row.record_time);
  const bool late = (row.flags & kFlagWindowLate) != 0;
  const std::string was =
      started ? StartedText(row.purpose, late)
              : CompletedText(row.judgement == Judgement::kPass, row.failure_code, (row.flags & kFlagFinished) != 0, late);
  const Verdict verdict = started ? JudgeStarted(entry, row, *station) : JudgeCompleted(entry, row, *station);
  if (keeps_first_runs_ && (row.flags & kFlagFirstRun) != 0) KeepFirstRun(entry, row, verdict);
  if (verdict.text == was) return;
  std::string why = started ? WhyOf(verdict.refusals) : WhyCompleted(entry.unit, row, verdict);
  if (why.empty()) why = "the route would be another one";
  changes.push_back({entry.unit.id, entry.unit.code, row.occur_time, row.station_id, row.epoch, row.sequence,
                     entry.unit.revision_id, row.operation, row.kind, was, verdict.text, std::move(why)});
}

// Only refusals that are judged anew, and only where the rules as they are do refuse what is on record: a commit's refused events
// share one record time, so that the moment between its events is not known to the last one.
void Replay::JudgeRefused(const UnitEntry& entry, const RefusedStart& start, std::vector<VerdictChange>& changes) {
  if (start.refusals.empty() || !std::all_of(start.refusals.begin(), start.refusals.end(), IsJudgedAnew)) return;
  const Station* station = recorded_plant_.FindStation(start.station_id);
  if (station == nullptr || entry.unit.running_operation != 0) return;
  std::vector<Refusal> unused;
  const int16_t operation = ResolveOperation(*station, start.operation, entry.unit.code, unused);
  if (operation == 0) return;
  plant_.failure_codes.LookBackTo(start.record_time);
  plant_before_.failure_codes.LookBackTo(start.record_time);
  if (JudgeRecordedStart(world_before_, entry, *station, operation, start.purpose, start.occur_time).Go()) return;
  const StartDecision decision = JudgeRecordedStart(world_, entry, *station, operation, start.purpose, start.occur_time);
  if (!decision.Go()) return;
  changes.push_back({entry.unit.id, entry.unit.code, start.occur_time, start.station_id, start.epoch, start.sequence,
                     entry.unit.revision_id, operation, EventKind::kStarted, RejectedText(start.refusals),
                     StartedText(decision.purpose, decision.window_late), "what refused it would allow it"});
}

bool Replay::Judge(const Unit& unit, const std::vector<HistoryRow>& history, const std::vector<RefusedStart>& refused, Time from,
                   Time until, std::vector<VerdictChange>& changes) {
  const ProductRevision* revision = plant_.FindRevision(unit.revision_id);
  if (revision == nullptr || !BeginsWithItsBirth(unit, history)) return false;
  UnitEntry entry;
  entry.unit = Unborn(unit);
  std::vector<size_t> applied;
  auto attempt = refused.begin();
  const auto judge_refused_before = [&](Time record_time) {
    for (; attempt != refused.end() && attempt->record_time <= record_time; ++attempt) {
      if (attempt->occur_time >= from && attempt->occur_time < until) JudgeRefused(entry, *attempt, changes);
    }
  };
  for (size_t i = 0; i < history.size(); ++i) {
    const EventRow& row = history[i].row;
    if (i > 0) judge_refused_before(row.record_time);
    const bool reversed = (row.flags & kFlagReversed) != 0;
    if (!reversed && row.occur_time >= from && row.occur_time < until) JudgeRow(entry, row, changes);
    if (row.kind == EventKind::kReversed) {
      // From here on as if it had not been.
      std::erase_if(applied, [&](size_t place) {
        const EventRow& other = history[place].row;
        return other.station_id == row.station_id && other.epoch == history[i].reversed_epoch &&
               other.sequence == history[i].reversed_sequence;
      });
      entry.unit = Unborn(unit);
      for (const size_t place : applied) Advance(entry.unit, *revision, history[place].row);
    }
    applied.push_back(i);
    Advance(entry.unit, *revision, row);
    entry.unit.code = unit.code;
  }
  judge_refused_before(Time::max());
  return true;
}

}  // namespace mes::domain
