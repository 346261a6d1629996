#include "domain/unit.h"

#include <algorithm>
#include <cmath>

#include "domain/station_event.h"

namespace mes::domain {
namespace {

uint64_t Bit(int index) { return uint64_t{1} << index; }

RunCounter& CounterIn(Unit& unit, int16_t index) {
  const auto found =
      std::find_if(unit.counters.begin(), unit.counters.end(), [&](const RunCounter& c) { return c.index == index; });
  if (found != unit.counters.end()) return *found;
  return unit.counters.emplace_back(RunCounter{index, 0, 0});
}

void StartClocks(Unit& unit, const ProductRevision& revision, int16_t operation, WindowEvent event, Time since) {
  for (size_t i = 0; i < revision.windows.size(); ++i) {
    const TimeWindow& window = revision.windows[i];
    if (window.from_operation != operation || window.from_event != event) continue;
    std::erase_if(unit.clocks, [&](const WindowClock& clock) { return clock.window == static_cast<int16_t>(i); });
    unit.clocks.push_back({static_cast<int16_t>(i), since});
  }
}

// A bag or reel opened earlier keeps its earlier clock.
void StartMaterialClocks(Unit& unit, const ProductRevision& revision, int16_t operation, Time since) {
  for (size_t i = 0; i < revision.windows.size(); ++i) {
    const TimeWindow& window = revision.windows[i];
    if (window.from_operation != operation || window.from_event != WindowEvent::kMaterialOpen) continue;
    const WindowClock* clock = ClockOf(unit, static_cast<int16_t>(i));
    if (clock != nullptr && clock->since <= since) continue;
    std::erase_if(unit.clocks, [&](const WindowClock& c) { return c.window == static_cast<int16_t>(i); });
    unit.clocks.push_back({static_cast<int16_t>(i), since});
  }
}

void EndClocks(Unit& unit, const ProductRevision& revision, int16_t operation, WindowEvent event) {
  std::erase_if(unit.clocks, [&](const WindowClock& clock) {
    const TimeWindow& window = revision.windows[static_cast<size_t>(clock.window)];
    return window.to_operation == operation && window.to_event == event;
  });
}

void EndRun(Unit& unit) {
  unit.running_operation = 0;
  unit.run_purpose = RunPurpose::kNone;
  unit.running_station = 0;
  unit.running_since = Time{};
  unit.run_measured = 0;
  unit.run_tightenings = 0;
  unit.run_out_of_limits = false;
}

void EndFailure(Unit& unit) {
  unit.failed_operation = 0;
  unit.failure_code.clear();
  unit.disposition = FailureDisposition::kNone;
}

void CountRepair(Unit& unit) {
  if (unit.failed_operation == 0 || unit.failure_code.empty()) return;
  const auto found =
      std::find_if(unit.repairs.begin(), unit.repairs.end(), [&](const CodeRepairs& r) { return r.code == unit.failure_code; });
  ++(found != unit.repairs.end() ? *found : unit.repairs.emplace_back(CodeRepairs{unit.failure_code, 0})).count;
}

// A rework voids what was passed from the return point on; the counters of retests begin anew there, those of reworks never.
void VoidFrom(Unit& unit, const ProductRevision& revision, int16_t return_to) {
  const int16_t from = revision.OperationIndex(return_to);
  unit.passed &= Bit(from) - 1;
  EndFailure(unit);
  for (RunCounter& counter : unit.counters) {
    if (counter.index >= from && counter.index < kWindowCounter) counter.retests = 0;
  }
  std::erase_if(unit.clocks, [&](const WindowClock& clock) {
    return revision.windows[static_cast<size_t>(clock.window)].from_operation >= return_to;
  });
}

void TakeMeasured(Unit& unit, const Operation& operation, const EventRow& row) {
  for (size_t i = 0; i < operation.characteristics.size(); ++i) {
    const Characteristic& characteristic = operation.characteristics[i];
    const size_t first = static_cast<size_t>(characteristic.first_value);
    if (first >= row.measured.size() || std::isnan(row.measured[first])) continue;
    unit.run_measured |= Bit(static_cast<int>(i));
    int16_t in_limits = 0;
    for (int32_t r = 0; r < characteristic.replicates; ++r) {
      if (characteristic.InLimits(row.measured[first + static_cast<size_t>(r)])) {
        ++in_limits;
      } else {
        unit.run_out_of_limits = true;
      }
    }
    if (static_cast<int16_t>(i) == operation.tightening_characteristic) unit.run_tightenings = in_limits;
  }
}

void TakeRework(Unit& unit, const ProductRevision& revision, const EventRow& row) {
  if (row.return_to == 0) return;
  if (row.rework_counter < kWindowCounter) CountRepair(unit);
  VoidFrom(unit, revision, row.return_to);
  ++CounterIn(unit, row.rework_counter).reworks;
}

// Passed by a run, or by concession: the clocks run from when the run ended.
void Pass(Unit& unit, const ProductRevision& revision, int16_t operation, Time ended, Time finished) {
  const int16_t index = revision.OperationIndex(operation);
  unit.passed |= Bit(index);
  EndFailure(unit);
  for (RunCounter& counter : unit.counters) {
    if (counter.index == index) counter.retests = 0;
  }
  EndClocks(unit, revision, operation, WindowEvent::kComplete);
  StartClocks(unit, revision, operation, WindowEvent::kComplete, ended);
  if (NextOperation(revision, unit.passed) == 0) {
    unit.status = UnitStatus::kFinished;
    unit.finish_time = finished;
  }
}

void AdvanceDisposed(Unit& unit, const ProductRevision& revision, const EventRow& row) {
  const auto disposition = static_cast<FailureDisposition>(row.line);
  if (!row.grade.empty()) unit.grade = row.grade;
  if (disposition == FailureDisposition::kScrap) {
    unit.status = UnitStatus::kScrapped;
    EndRun(unit);
    return;
  }
  if (unit.failed_operation == 0) return;
  if (disposition == FailureDisposition::kUseAsIs || disposition == FailureDisposition::kDowngrade) {
    Pass(unit, revision, unit.failed_operation, row.material_open_time.value_or(row.occur_time), row.occur_time);
  } else {
    unit.disposition = disposition;
  }
}

void AdvanceStarted(Unit& unit, const ProductRevision& revision, const EventRow& row) {
  if ((row.flags & kFlagLateStart) != 0) {
    unit.unstarted_operation = 0;
    unit.unstarted_station = 0;
    return;
  }
  TakeRework(unit, revision, row);
  EndRun(unit);
  unit.running_operation = row.operation;
  unit.run_purpose = row.purpose;
  unit.running_station = row.station_id;
  unit.running_since = row.occur_time;
  EndClocks(unit, revision, row.operation, WindowEvent::kStart);
  StartClocks(unit, revision, row.operation, WindowEvent::kStart, row.occur_time);
}

void AdvanceCompleted(Unit& unit, const ProductRevision& revision, const EventRow& row) {
  const int16_t index = revision.OperationIndex(row.operation);
  if ((row.flags & kFlagStartMissing) != 0) {
    TakeRework(unit, revision, row);
    unit.unstarted_operation = row.operation;
    unit.unstarted_station = row.station_id;
  }
  unit.attempted |= Bit(index);
  if (!row.grade.empty()) unit.grade = row.grade;
  if (!row.new_code.empty()) unit.code = row.new_code;
  if (row.judgement == Judgement::kPass) {
    Pass(unit, revision, row.operation, row.occur_time, row.occur_time);
  } else {
    unit.failed_operation = row.operation;
    unit.failure_code = row.failure_code;
    unit.disposition = FailureDisposition::kNone;
    if (row.purpose == RunPurpose::kRetest) ++CounterIn(unit, index).retests;
  }
  EndRun(unit);
}

}  // namespace

std::string_view NameOf(UnitStatus status) {
  switch (status) {
    case UnitStatus::kInProcess:
      return "in process";
    case UnitStatus::kFinished:
      return "finished";
    case UnitStatus::kScrapped:
      return "scrapped";
    case UnitStatus::kShipped:
      return "shipped";
  }
  return "unknown";
}

std::string_view NameOf(RunPurpose purpose) {
  switch (purpose) {
    case RunPurpose::kNone:
      return "";
    case RunPurpose::kRegular:
      return "regular";
    case RunPurpose::kRetest:
      return "retest";
    case RunPurpose::kRework:
      return "rework";
  }
  return "";
}

std::string_view NameOf(FailureDisposition disposition) {
  switch (disposition) {
    case FailureDisposition::kNone:
      return "";
    case FailureDisposition::kRelease:
      return "release";
    case FailureDisposition::kRework:
      return "rework";
    case FailureDisposition::kRetest:
      return "re-test";
    case FailureDisposition::kUseAsIs:
      return "use as is";
    case FailureDisposition::kDowngrade:
      return "downgrade";
    case FailureDisposition::kScrap:
      return "scrap";
    case FailureDisposition::kReturnToSupplier:
      return "return to supplier";
  }
  return "";
}

int16_t RepairsOf(const Unit& unit, std::string_view failure_code) {
  const auto found =
      std::find_if(unit.repairs.begin(), unit.repairs.end(), [&](const CodeRepairs& r) { return r.code == failure_code; });
  return found == unit.repairs.end() ? int16_t{0} : found->count;
}

RunCounter CounterOf(const Unit& unit, int16_t index) {
  const auto found =
      std::find_if(unit.counters.begin(), unit.counters.end(), [&](const RunCounter& c) { return c.index == index; });
  return found == unit.counters.end() ? RunCounter{index, 0, 0} : *found;
}

const WindowClock* ClockOf(const Unit& unit, int16_t window) {
  const auto found =
      std::find_if(unit.clocks.begin(), unit.clocks.end(), [&](const WindowClock& c) { return c.window == window; });
  return found == unit.clocks.end() ? nullptr : &*found;
}

std::string_view GroupGradeOf(const Unit& unit, int16_t line) {
  const std::string key = std::to_string(line) + ":";
  std::string_view rest = unit.group_grade;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(';'), rest.size());
    const std::string_view entry = rest.substr(0, end);
    if (entry.starts_with(key)) return entry.substr(key.size());
    rest.remove_prefix(std::min(rest.size(), end + 1));
  }
  return {};
}

bool IsSatisfied(const ProductRevision& revision, uint64_t passed, int16_t index) {
  if ((passed & Bit(index)) != 0) return true;
  const int16_t number = revision.operations[static_cast<size_t>(index)].number;
  for (size_t i = 0; i < revision.operations.size(); ++i) {
    if (revision.operations[i].alternate_of == number && (passed & Bit(static_cast<int>(i))) != 0) return true;
  }
  return false;
}

int16_t NextOperation(const ProductRevision& revision, uint64_t passed) {
  const uint64_t open = revision.MandatoryMask() & ~passed;
  if (open == 0) return 0;
  for (size_t i = 0; i < revision.operations.size(); ++i) {
    if ((open & Bit(static_cast<int>(i))) != 0 && !IsSatisfied(revision, passed, static_cast<int16_t>(i))) {
      return revision.operations[i].number;
    }
  }
  return 0;
}

void Advance(Unit& unit, const ProductRevision& revision, const EventRow& row) {
  switch (row.kind) {
    case EventKind::kArrived:
      StartClocks(unit, revision, row.operation, WindowEvent::kQueue, row.occur_time);
      return;
    case EventKind::kStarted:
      AdvanceStarted(unit, revision, row);
      return;
    case EventKind::kMeasured:
    case EventKind::kCompleted: {
      const int16_t index = revision.OperationIndex(row.operation);
      TakeMeasured(unit, revision.operations[static_cast<size_t>(index)], row);
      if (row.kind == EventKind::kCompleted) AdvanceCompleted(unit, revision, row);
      return;
    }
    case EventKind::kConsumed:
      unit.lot_lines |= Bit(row.line);
      StartMaterialClocks(unit, revision, row.operation, row.material_open_time.value_or(row.occur_time));
      return;
    case EventKind::kInstalled:
      ++unit.serial_slots_filled;
      if (!row.grade.empty() && GroupGradeOf(unit, row.line).empty()) {
        if (!unit.group_grade.empty()) unit.group_grade += ";";
        unit.group_grade += std::to_string(row.line) + ":" + row.grade;
      }
      StartMaterialClocks(unit, revision, row.operation, row.occur_time);
      return;
    case EventKind::kRemoved:
      // With nothing left inside, the next component may be of another grade.
      if (--unit.serial_slots_filled == 0) unit.group_grade.clear();
      return;
    case EventKind::kScrapped:
      unit.status = UnitStatus::kScrapped;
      EndRun(unit);
      return;
    case EventKind::kAborted:
      EndRun(unit);
      return;
    case EventKind::kReturned:
      VoidFrom(unit, revision, row.return_to);
      unit.status = UnitStatus::kInProcess;
      unit.finish_time.reset();
      return;
    case EventKind::kDisposed:
      AdvanceDisposed(unit, revision, row);
      return;
    case EventKind::kReversed:
    case EventKind::kCondition:
    case EventKind::kCarrierLoaded:
    case EventKind::kCarrierUnloaded:
      return;
  }
}

}  // namespace mes::domain
