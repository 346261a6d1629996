#include <algorithm>

#include "domain/gate.h"
#include "domain/nonconformance.h"

namespace mes::domain {
namespace {

// The grade that a downgrade gives (rules.json: `downgrade (grade B)`).
constexpr std::string_view kGradeB = "B";

Error UnitError(Reason reason, const Unit& unit, std::string message) {
  return {reason, std::move(message), {{"unit_code", unit.code}, {"field", "unit_codes"}}};
}

Status CheckPlace(const World& world, const UnitEntry& entry, const DispositionOrder& order) {
  const Unit& unit = entry.unit;
  if (unit.running_operation != 0 || unit.unstarted_operation != 0) {
    return Fail(UnitError(Reason::kUnitRunning, unit, "a run of " + unit.code + " is on: decide when it has ended"));
  }
  const bool is_gone = unit.status == UnitStatus::kScrapped || unit.status == UnitStatus::kShipped;
  // What a station has scrapped already may be written down as such.
  if (is_gone && !(unit.status == UnitStatus::kScrapped && order.disposition == FailureDisposition::kScrap)) {
    return Fail(UnitError(Reason::kUnitState, unit, unit.code + " is " + std::string(NameOf(unit.status))));
  }
  const bool leaves =
      order.disposition == FailureDisposition::kScrap || order.disposition == FailureDisposition::kReturnToSupplier;
  if (leaves && unit.parent_id != 0) {
    return Fail(UnitError(Reason::kUnitState, unit, unit.code + " is built in: take it out first"));
  }
  const auto work_order = world.orders.find(unit.work_order_id);
  const bool ended = work_order != world.orders.end() && (work_order->second.state == WorkOrderState::kClosed ||
                                                          work_order->second.state == WorkOrderState::kCancelled);
  if (ended && !is_gone) {
    return Fail(UnitError(Reason::kWorkOrderState, unit, "order " + work_order->second.code + " takes no changes any more"));
  }
  return {};
}

Status CheckRetest(const Unit& unit, const Operation& failed, int16_t index) {
  const int16_t used = CounterOf(unit, index).retests;
  if (used < failed.max_retests) return {};
  return Fail(UnitError(Reason::kRetestLimit, unit,
                        std::to_string(used) + " of " + std::to_string(failed.max_retests) + " retests of " + unit.code +
                            " are used: decide something else"));
}

Status CheckRework(const World& world, const Unit& unit, const ProductRevision& revision, const Operation& failed,
                   int16_t index) {
  const FailureCode* policy = world.plant.failure_codes.Find(unit.failure_code, unit.material_id, failed.number);
  if (ReworkStart(policy, revision, failed) == 0) {
    return Fail(UnitError(Reason::kDispositionRefused, unit, "operation " + failed.code + " allows no rework"));
  }
  const int16_t used = CounterOf(unit, index).reworks;
  const bool repaired = policy != nullptr && policy->repair_limit && RepairsOf(unit, unit.failure_code) >= *policy->repair_limit;
  if (used < failed.max_reworks && !repaired) return {};
  Error error = UnitError(Reason::kReworkLimit, unit, "the reworks of " + unit.code + " are used up: decide something else");
  if (repaired) error.metadata["policy"] = policy->Name();
  return Fail(std::move(error));
}

// A concession is about values, not about what is not there.
Status CheckUseAsIs(const Unit& unit, const ProductRevision& revision, const Operation& failed, int16_t index) {
  const bool was_there = (unit.attempted & (uint64_t{1} << index)) != 0 && failed.new_identity == NewIdentity::kPlant;
  if (failed.new_identity != NewIdentity::kNone && !was_there) {
    return Fail(UnitError(Reason::kUniqueSn, unit, "operation " + failed.code + " gives the unit its code: it must be run"));
  }
  EventRow nothing;
  nothing.operation = failed.number;
  std::vector<Refusal> refusals;
  JudgePass(unit, revision, failed, nothing, refusals);
  const auto lacking =
      std::find_if(refusals.begin(), refusals.end(), [](const Refusal& r) { return r.reason == Reason::kGenealogyComplete; });
  if (lacking == refusals.end()) return {};
  return Fail(UnitError(Reason::kGenealogyComplete, unit, lacking->sentence));
}

Status CheckUnit(const World& world, const UnitEntry& entry, const ProductRevision* revision, const DispositionOrder& order) {
  const Unit& unit = entry.unit;
  if (Status placed = CheckPlace(world, entry, order); !placed) return placed;
  if (order.disposition == FailureDisposition::kReturnToSupplier && revision != nullptr) {
    return Fail(UnitError(Reason::kDispositionRefused, unit, unit.code + " was made here: there is no supplier to return it to"));
  }
  const bool needs_failure = order.disposition == FailureDisposition::kRework || order.disposition == FailureDisposition::kRetest;
  if (unit.failed_operation == 0 || revision == nullptr) {
    if (!needs_failure) return {};
    return Fail(UnitError(Reason::kDispositionRefused, unit, unit.code + " has no failed run that could be repeated"));
  }
  const int16_t index = revision->OperationIndex(unit.failed_operation);
  const Operation& failed = revision->operations[static_cast<size_t>(index)];
  switch (order.disposition) {
    case FailureDisposition::kRetest:
      return CheckRetest(unit, failed, index);
    case FailureDisposition::kRework:
      return CheckRework(world, unit, *revision, failed, index);
    case FailureDisposition::kUseAsIs:
    case FailureDisposition::kDowngrade:
      return CheckUseAsIs(unit, *revision, failed, index);
    case FailureDisposition::kNone:
    case FailureDisposition::kRelease:
    case FailureDisposition::kScrap:
    case FailureDisposition::kReturnToSupplier:
      return {};
  }
  return {};
}

// Where the failure is booked: the operation that failed, else the last one that was run.
int16_t BookedOperation(const Unit& unit, const ProductRevision& revision) {
  if (unit.failed_operation != 0) return unit.failed_operation;
  int16_t operation = 0;
  for (size_t i = 0; i < revision.operations.size(); ++i) {
    if ((unit.attempted & (uint64_t{1} << i)) != 0) operation = revision.operations[i].number;
  }
  return operation;
}

void BookScrap(World& world, const UnitEntry& entry, OrderState& order, EventRow& row) {
  row.quantity_micro = entry.lot ? entry.lot->left_micro : kMicro;
  order.scrapped_micro += row.quantity_micro;
  if (entry.unit.status == UnitStatus::kFinished) order.good_micro -= row.quantity_micro;
  order.changed = true;
  if (row.operation == 0) return;
  CountRow(world, entry, row);
  NoteScrap(world, entry, row);
}

// Bought things have no route and no history of their own.
void DisposeBought(UnitEntry& entry, const DispositionOrder& order) {
  Unit& unit = entry.unit;
  if (order.disposition == FailureDisposition::kScrap) unit.status = UnitStatus::kScrapped;
  if (order.disposition == FailureDisposition::kReturnToSupplier) unit.status = UnitStatus::kShipped;
  if (order.disposition == FailureDisposition::kDowngrade) unit.grade = kGradeB;
  entry.changed = true;
}

}  // namespace

Status Dispose(World& world, UnitEntry& entry, const DispositionOrder& order, const LastRun& last, Time now) {
  Unit& unit = entry.unit;
  const ProductRevision* revision = world.plant.FindRevision(unit.revision_id);
  if (Status checked = CheckUnit(world, entry, revision, order); !checked) return checked;
  const bool moves = unit.status != UnitStatus::kScrapped;
  if (revision == nullptr) {
    if (moves) DisposeBought(entry, order);
    return {};
  }
  if (!moves) return {};
  EventRow row;
  row.occur_time = now;
  row.record_time = std::max(now, last.record_time + Duration(1));
  row.unit_id = unit.id;
  row.station_id = last.station_id;
  row.revision_id = unit.revision_id;
  row.operation = BookedOperation(unit, *revision);
  row.kind = EventKind::kDisposed;
  row.line = static_cast<int16_t>(order.disposition);
  row.failure_code = unit.failure_code;
  row.operator_id = order.person;
  if (order.disposition == FailureDisposition::kDowngrade) row.grade = kGradeB;
  if (last.end_time != Time{}) row.material_open_time = last.end_time;
  row.details = std::make_shared<EventDetails>(EventDetails{{}, order.reason, order.person, 0, 0, 0});
  OrderState& books = world.orders.at(unit.work_order_id);
  if (order.disposition == FailureDisposition::kScrap) BookScrap(world, entry, books, row);
  const bool was_finished = unit.status == UnitStatus::kFinished;
  Advance(unit, *revision, row);
  if (unit.status == UnitStatus::kFinished && !was_finished) {
    row.flags |= kFlagFinished;
    books.good_micro += entry.lot ? entry.lot->left_micro : kMicro;
    books.changed = true;
  }
  entry.changed = true;
  world.effects.rows.push_back(std::move(row));
  return {};
}

}  // namespace mes::domain
