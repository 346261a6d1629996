#include <algorithm>

#include "domain/event_decision.h"
#include "domain/nonconformance.h"

namespace mes::domain {
namespace {

bool IsReversible(EventKind kind) {
  return kind == EventKind::kCompleted || kind == EventKind::kMeasured || kind == EventKind::kConsumed ||
         kind == EventKind::kInstalled || kind == EventKind::kScrapped || kind == EventKind::kAborted ||
         kind == EventKind::kStarted;
}

// Kinds that move the unit along its route: only the last of them can be taken back.
bool MovesRoute(EventKind kind) {
  return kind == EventKind::kStarted || kind == EventKind::kCompleted || kind == EventKind::kScrapped ||
         kind == EventKind::kAborted || kind == EventKind::kDisposed || kind == EventKind::kReturned;
}

}  // namespace

Unit Refold(const Unit& unit, const ProductRevision& revision, const std::vector<EventRow>& history) {
  Unit fresh;
  fresh.id = unit.id;
  fresh.code = unit.code;
  fresh.material_id = unit.material_id;
  fresh.revision_id = unit.revision_id;
  fresh.work_order_id = unit.work_order_id;
  fresh.tracking = unit.tracking;
  fresh.hold_count = unit.hold_count;
  fresh.source_proven = unit.source_proven;
  fresh.use_count = unit.use_count;
  fresh.parent_id = unit.parent_id;
  fresh.parent_line = unit.parent_line;
  fresh.parent_slot = unit.parent_slot;
  fresh.carrier_id = unit.carrier_id;
  fresh.carrier_slot = unit.carrier_slot;
  fresh.create_time = unit.create_time;
  for (const EventRow& row : history) {
    if ((row.flags & kFlagReversed) == 0) Advance(fresh, revision, row);
  }
  fresh.code = unit.code;
  return fresh;
}

const EventRow* EventDecision::JudgeReversal(const UnitEntry& entry, const std::vector<EventRow>& history) {
  const Reversed& reversed = std::get<Reversed>(event_.what);
  const std::string name = station_.code + "/" + std::to_string(reversed.epoch) + "/" + std::to_string(reversed.sequence);
  const auto original = std::find_if(history.begin(), history.end(), [&](const EventRow& row) {
    return row.station_id == station_.id && row.epoch == reversed.epoch && row.sequence == reversed.sequence;
  });
  if (original == history.end()) {
    Refuse(Reason::kReversalUnknown, entry.unit.code, "this station recorded no such event of the unit",
           {{"event", name, "unknown"}});
    return nullptr;
  }
  const auto refuse = [&](std::string why) {
    Refuse(Reason::kReversalRefused, entry.unit.code, "the event cannot be reversed: " + why,
           {{"event", name, std::string(NameOf(original->kind))}});
    return nullptr;
  };
  if ((original->flags & kFlagReversed) != 0) return refuse("it is reversed already");
  if (!IsReversible(original->kind)) return refuse("its kind has no reversal");
  if (entry.unit.parent_id != 0) return refuse("the unit is built in elsewhere");
  if (entry.unit.status == UnitStatus::kShipped) return refuse("the unit is shipped");
  if (!original->new_code.empty()) return refuse("the unit took a new code with it");
  if (history.front().kind != EventKind::kStarted || history.front().occur_time != entry.unit.create_time) {
    return refuse("the unit's history does not begin here (it was split or bought)");
  }
  if (&*original == &history.front()) return refuse("it made the unit: scrap it instead");
  if (entry.lot && original->kind == EventKind::kCompleted && original->quantity_micro != entry.lot->left_micro) {
    return refuse("the lot's quantity changed since");
  }
  if (MovesRoute(original->kind)) {
    const bool later = std::any_of(original + 1, history.end(), [](const EventRow& row) {
      return (row.flags & kFlagReversed) == 0 &&
             (MovesRoute(row.kind) || row.kind == EventKind::kConsumed || row.kind == EventKind::kInstalled);
    });
    if (later) return refuse("something happened to the unit since");
  }
  if (!MovesRoute(original->kind) && entry.unit.status != UnitStatus::kInProcess)
    return refuse("the unit is finished or scrapped");
  if (original->kind == EventKind::kMeasured &&
      (entry.unit.running_operation != original->operation || entry.unit.running_since > original->occur_time)) {
    return refuse("its run has ended");
  }
  if (entry.lot && original->kind == EventKind::kCompleted) {
    int64_t before = 0;
    for (auto row = history.begin(); row != original; ++row) {
      const bool sets = row->kind == EventKind::kCompleted || row->kind == EventKind::kStarted;
      if (sets && (row->flags & kFlagReversed) == 0 && row->quantity_micro > 0) before = row->quantity_micro;
    }
    if (before != original->quantity_micro) return refuse("the lot lost material with it");
  }
  if (original->kind == EventKind::kInstalled) {
    const bool again = std::any_of(original + 1, history.end(),
                                   [&](const EventRow& row) { return row.other_unit_id == original->other_unit_id; });
    if (again) return refuse("the component was taken out or installed again since");
    const UnitEntry* component = world_.FindUnit(original->other_unit_id);
    if (component == nullptr || component->unit.parent_id != entry.unit.id) return refuse("the component is not there any more");
  }
  return &*original;
}

// Gives back what the original took: material, a position, the order's books.
void EventDecision::UndoItem(UnitEntry& entry, const EventRow& original) {
  UndoFailure(world_, entry, original);
  const EventKey key{original.station_id, original.epoch, original.sequence};
  if (original.kind == EventKind::kConsumed) {
    UnitEntry& lot = world_.units.at(original.other_unit_id);
    lot.lot->left_micro += original.quantity_micro;
    CountPart(lot.unit.material_id, original.occur_time, -original.quantity_micro);
    lot.lot_changed = true;
    world_.effects.reversed_consumptions.push_back({key, entry.unit.id});
  } else if (original.kind == EventKind::kInstalled) {
    TakeOut(world_.units.at(original.other_unit_id), std::max(event_.occur_time, original.occur_time));
  } else if (original.kind == EventKind::kCompleted) {
    if ((original.flags & kFlagFinished) != 0) {
      OrderState& order = *OrderOf(entry);
      order.good_micro -= QuantityOf(entry);
      order.changed = true;
      OutputCounts& output = OutputOf(entry.unit.material_id, original.occur_time);
      output.good_micro -= QuantityOf(entry);
      output.reversed_micro += QuantityOf(entry);
    }
  } else if (original.kind == EventKind::kScrapped) {
    OrderState& order = *OrderOf(entry);
    order.scrapped_micro -= original.quantity_micro;
    OutputOf(entry.unit.material_id, original.occur_time).scrapped_micro -= original.quantity_micro;
    order.changed = true;
  }
}

bool EventDecision::ApplyReversed(UnitEntry& entry) {
  const Reversed& reversed = std::get<Reversed>(event_.what);
  int16_t number = 0;
  const ProductRevision* revision = JudgeRoute(entry, number);
  if (revision == nullptr) return false;
  std::vector<EventRow>& history = world_.histories[entry.unit.id];
  for (const EventRow& row : world_.effects.rows) {
    const bool known = std::any_of(history.begin(), history.end(), [&](const EventRow& other) {
      return other.station_id == row.station_id && other.epoch == row.epoch && other.sequence == row.sequence;
    });
    if (row.unit_id == entry.unit.id && !known) history.push_back(row);
  }
  if (history.empty()) {
    Refuse(Reason::kReversalUnknown, entry.unit.code, "the unit has no events", {{"unit", entry.unit.code, "no events"}});
    return false;
  }
  const EventRow* original = JudgeReversal(entry, history);
  if (original == nullptr) return false;
  UndoItem(entry, *original);
  const bool was_scrapped_after_finish = original->kind == EventKind::kScrapped;
  const int64_t scrapped_quantity = original->quantity_micro;
  Restate(entry, *revision, history, *original);
  history[static_cast<size_t>(original - history.data())].flags |= kFlagReversed;
  for (EventRow& row : world_.effects.rows) {
    if (row.unit_id == entry.unit.id && row.station_id == station_.id && row.epoch == reversed.epoch &&
        row.sequence == reversed.sequence) {
      row.flags |= kFlagReversed;
    }
  }
  world_.effects.reversed_rows.push_back({{station_.id, reversed.epoch, reversed.sequence}, entry.unit.id});
  entry.unit = Refold(entry.unit, *revision, history);
  if (was_scrapped_after_finish && entry.unit.status == UnitStatus::kFinished) {
    OrderOf(entry)->good_micro += scrapped_quantity;
    OutputOf(entry.unit.material_id, entry.unit.finish_time.value_or(event_.occur_time)).good_micro += scrapped_quantity;
  }
  EventRow row = RowFor(entry, number);
  row.details =
      std::make_shared<EventDetails>(EventDetails{{}, reversed.reason, reversed.person, 0, reversed.epoch, reversed.sequence});
  Record(entry, std::move(row));
  return true;
}

}  // namespace mes::domain
