#include "domain/hold_disposition.h"

#include <memory>
#include <utility>

namespace mes::domain {
namespace {

tl::unexpected<Error> RefuseState(const Unit& unit, std::string why) {
  return Fail(Error{
      Reason::kUnitState, unit.code + " " + std::move(why), {{"code", unit.code}, {"state", std::string(NameOf(unit.status))}}});
}

EventRow RowOf(const World& world, const Unit& unit, const Disposal& disposal, EventKind kind, int16_t operation) {
  EventRow row;
  row.occur_time = world.now;
  row.record_time = world.now;
  row.unit_id = unit.id;
  row.sequence = disposal.disposition_id;
  row.revision_id = unit.revision_id;
  row.operation = operation;
  row.kind = kind;
  row.operator_id = disposal.person;
  EventDetails details;
  details.reason = disposal.reason;
  details.person = disposal.person;
  details.hold_id = disposal.hold_id;
  row.details = std::make_shared<EventDetails>(std::move(details));
  return row;
}

void Record(World& world, UnitEntry& entry, const ProductRevision& revision, EventRow row) {
  Advance(entry.unit, revision, row);
  entry.changed = true;
  world.effects.rows.push_back(std::move(row));
  // Each row has a record time of its own: it is the order in which they were applied.
  world.now += Duration(1);
}

// Where the unit stands: the operation that runs, failed, or was passed last; the first before any.
int16_t PlaceOf(const Unit& unit, const ProductRevision& revision) {
  if (unit.running_operation != 0) return unit.running_operation;
  if (unit.failed_operation != 0) return unit.failed_operation;
  int16_t last = revision.operations.front().number;
  for (size_t i = 0; i < revision.operations.size(); ++i) {
    if ((unit.passed >> i & 1) != 0) last = revision.operations[i].number;
  }
  return last;
}

int64_t QuantityOf(const UnitEntry& entry) { return entry.lot ? entry.lot->left_micro : kMicro; }

Status CheckOperation(const ProductRevision& revision, const Unit& unit, int16_t operation) {
  if (revision.OperationIndex(operation) >= 0) return {};
  Error error = FieldError(Reason::kOperationUnknown, "operation",
                           "operation " + std::to_string(operation) + " is not on the route of " + unit.code);
  error.metadata["code"] = unit.code;
  return Fail(std::move(error));
}

Status Rework(World& world, UnitEntry& entry, const ProductRevision* revision, const Disposal& disposal) {
  const Unit& unit = entry.unit;
  const auto order = world.orders.find(unit.work_order_id);
  if (revision == nullptr || order == world.orders.end()) return RefuseState(unit, "is bought: it has no route to go back on");
  if (unit.running_operation != 0 || unit.unstarted_operation != 0) {
    return Fail(Error{Reason::kUnitRunning, "a run of " + unit.code + " is open: end it first", {{"code", unit.code}}});
  }
  if (disposal.operation == 0) {
    return Fail(FieldError(Reason::kFieldRequired, "operation", "rework needs the operation that the unit goes back to"));
  }
  if (Status known = CheckOperation(*revision, unit, disposal.operation); !known) return known;
  if (order->second.state == WorkOrderState::kClosed || order->second.state == WorkOrderState::kCancelled) {
    return RefuseState(unit, "belongs to order " + order->second.code + ", which takes no work any more");
  }
  if (unit.status == UnitStatus::kFinished) {
    order->second.good_micro -= QuantityOf(entry);
    order->second.changed = true;
  }
  EventRow row = RowOf(world, unit, disposal, EventKind::kReturned, disposal.operation);
  row.return_to = disposal.operation;
  CountRow(world, entry, row);
  Record(world, entry, *revision, std::move(row));
  return {};
}

Status Scrap(World& world, UnitEntry& entry, const ProductRevision* revision, const Disposal& disposal) {
  Unit& unit = entry.unit;
  const auto order = world.orders.find(unit.work_order_id);
  if (revision == nullptr || order == world.orders.end()) {
    unit.status = UnitStatus::kScrapped;
    entry.changed = true;
    world.effects.rows.push_back(RowOf(world, unit, disposal, EventKind::kScrapped, 0));
    world.now += Duration(1);
    return {};
  }
  const int16_t operation = disposal.operation != 0 ? disposal.operation : PlaceOf(unit, *revision);
  if (Status known = CheckOperation(*revision, unit, operation); !known) return known;
  const int64_t quantity = QuantityOf(entry);
  order->second.scrapped_micro += quantity;
  if (unit.status == UnitStatus::kFinished) order->second.good_micro -= quantity;
  order->second.changed = true;
  EventRow row = RowOf(world, unit, disposal, EventKind::kScrapped, operation);
  row.failure_code = "HOLD";
  row.quantity_micro = quantity;
  CountRow(world, entry, row);
  Record(world, entry, *revision, std::move(row));
  return {};
}

Status Return(World& world, UnitEntry& entry, const Disposal& disposal) {
  Unit& unit = entry.unit;
  if (unit.work_order_id != 0) return RefuseState(unit, "is made here: it cannot be returned to a supplier");
  unit.status = UnitStatus::kShipped;
  entry.changed = true;
  world.effects.rows.push_back(RowOf(world, unit, disposal, EventKind::kReturned, 0));
  world.now += Duration(1);
  return {};
}

}  // namespace

std::string_view NameOf(HoldDisposition disposition) {
  switch (disposition) {
    case HoldDisposition::kUseAsIs:
      return "use as is";
    case HoldDisposition::kRework:
      return "rework";
    case HoldDisposition::kScrap:
      return "scrap";
    case HoldDisposition::kReturn:
      return "return to supplier";
  }
  return "unknown";
}

Status Dispose(World& world, UnitEntry& entry, const Disposal& disposal) {
  if (disposal.disposition == HoldDisposition::kUseAsIs) return {};
  const Unit& unit = entry.unit;
  if (unit.parent_id != 0) return RefuseState(unit, "is built in: take it out first");
  if (unit.status == UnitStatus::kScrapped || unit.status == UnitStatus::kShipped) {
    return RefuseState(unit, "is " + std::string(NameOf(unit.status)) + " already");
  }
  const ProductRevision* revision = world.plant.FindRevision(unit.revision_id);
  switch (disposal.disposition) {
    case HoldDisposition::kRework:
      return Rework(world, entry, revision, disposal);
    case HoldDisposition::kScrap:
      return Scrap(world, entry, revision, disposal);
    case HoldDisposition::kReturn:
      return Return(world, entry, disposal);
    case HoldDisposition::kUseAsIs:
      break;
  }
  return {};
}

}  // namespace mes::domain
