#include "domain/lot.h"

#include <algorithm>

namespace mes::domain {
namespace {

Error LotError(Reason reason, const LotItem& lot, std::string message) {
  return Error{reason, std::move(message), {{"lot_code", lot.unit.code}}};
}

// What must hold of every lot that is parted or joined.
Status CheckMovable(const LotItem& lot, const std::vector<int64_t>& hold_ids) {
  if (lot.unit.running_operation != 0 || lot.unit.unstarted_operation != 0) {
    const int16_t operation = lot.unit.running_operation != 0 ? lot.unit.running_operation : lot.unit.unstarted_operation;
    Error error = LotError(Reason::kLotRunning, lot, "lot " + lot.unit.code + " runs at operation " + std::to_string(operation));
    error.metadata["operation"] = std::to_string(operation);
    return Fail(std::move(error));
  }
  if (lot.unit.hold_count > 0) {
    std::string holds;
    for (const int64_t hold : hold_ids) holds += (holds.empty() ? "" : ",") + std::to_string(hold);
    Error error = LotError(Reason::kNotBlocked, lot, "lot " + lot.unit.code + " is on hold (" + holds + ")");
    error.metadata["hold_ids"] = holds;
    return Fail(std::move(error));
  }
  if (lot.unit.status == UnitStatus::kScrapped || lot.unit.status == UnitStatus::kShipped) {
    const std::string state(NameOf(lot.unit.status));
    Error error = LotError(Reason::kUnitState, lot, "lot " + lot.unit.code + " is " + state);
    error.metadata["state"] = state;
    return Fail(std::move(error));
  }
  return {};
}

Error Mismatch(const LotItem& lot, const std::string& what, const std::string& message) {
  Error error = LotError(Reason::kLotMergeMismatch, lot, message);
  error.metadata["differs_in"] = what;
  return error;
}

// One material, one revision, one order, one place on the route, one grade.
Status CheckAlike(const LotItem& first, const LotItem& other) {
  const auto differs = [&](const std::string& what) {
    return Fail(Mismatch(other, what, "lot " + other.unit.code + " differs from " + first.unit.code + " in its " + what));
  };
  const Unit& a = first.unit;
  const Unit& b = other.unit;
  if (a.material_id != b.material_id) return differs("material");
  if (a.revision_id != b.revision_id) return differs("revision");
  if (a.work_order_id != b.work_order_id) return differs("order");
  if (a.status != b.status) return differs("state");
  if (a.passed != b.passed) return differs("passed operations");
  if (a.failed_operation != b.failed_operation) return differs("failed operation");
  if (a.failure_code != b.failure_code || a.disposition != b.disposition) return differs("failure and its disposition");
  if (a.grade != b.grade || a.group_grade != b.group_grade) return differs("grade");
  return {};
}

template <typename T>
std::optional<T> Earlier(const std::optional<T>& a, const std::optional<T>& b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

// A window that must not be exceeded counts from its earliest start, one that must be waited for from its latest. One that asks for both
// cannot be answered by one clock when the sources' differ.
Status MergeClocks(Unit& merged, const LotItem& source, const ProductRevision& revision) {
  for (const WindowClock& clock : source.unit.clocks) {
    const auto known = std::find_if(merged.clocks.begin(), merged.clocks.end(),
                                    [&](const WindowClock& candidate) { return candidate.window == clock.window; });
    if (known == merged.clocks.end()) {
      merged.clocks.push_back(clock);
      continue;
    }
    if (known->since == clock.since) continue;
    const TimeWindow& window = revision.windows[static_cast<size_t>(clock.window)];
    if (window.min_seconds && window.max_seconds) {
      return Fail(Mismatch(source, "time window " + window.id,
                           "lot " + source.unit.code + " differs in the clock of time window " + window.id +
                               ", which has a least and a longest time"));
    }
    known->since = window.max_seconds ? std::min(known->since, clock.since) : std::max(known->since, clock.since);
  }
  return {};
}

void MergeCounters(Unit& merged, const Unit& source) {
  for (const RunCounter& counter : source.counters) {
    const auto known = std::find_if(merged.counters.begin(), merged.counters.end(),
                                    [&](const RunCounter& candidate) { return candidate.index == counter.index; });
    if (known == merged.counters.end()) {
      merged.counters.push_back(counter);
      continue;
    }
    known->retests = std::max(known->retests, counter.retests);
    known->reworks = std::max(known->reworks, counter.reworks);
  }
}

void MergeRepairs(Unit& merged, const Unit& source) {
  for (const CodeRepairs& repairs : source.repairs) {
    const auto known = std::find_if(merged.repairs.begin(), merged.repairs.end(),
                                    [&](const CodeRepairs& candidate) { return candidate.code == repairs.code; });
    if (known == merged.repairs.end()) {
      merged.repairs.push_back(repairs);
    } else {
      known->count = std::max(known->count, repairs.count);
    }
  }
}

void MergeLives(LotItem& merged, const LotItem& source) {
  merged.manufacture_time = std::min(merged.manufacture_time, source.manufacture_time);
  merged.lot.expire_time = Earlier(merged.lot.expire_time, source.lot.expire_time);
  merged.lot.open_time = Earlier(merged.lot.open_time, source.lot.open_time);
  const int64_t life = source.lot.floor_life_seconds;
  if (life != 0 && (merged.lot.floor_life_seconds == 0 || life < merged.lot.floor_life_seconds)) {
    merged.lot.floor_life_seconds = life;
  }
}

// A new lot at the place of another: nothing of where that one is bodily.
LotItem Successor(const LotItem& lot, const std::string& code, Time now) {
  LotItem successor = lot;
  successor.unit.id = 0;
  successor.unit.code = code;
  successor.unit.create_time = now;
  successor.unit.parent_id = 0;
  successor.unit.parent_line = 0;
  successor.unit.parent_slot = 0;
  successor.unit.carrier_id = 0;
  successor.unit.carrier_slot = 0;
  return successor;
}

}  // namespace

std::optional<Time> ShelfLifeEnd(const Material& material, Time manufacture_time) {
  if (material.shelf_life_days == 0) return std::nullopt;
  return manufacture_time + std::chrono::days(material.shelf_life_days);
}

Status Open(LotItem& lot, Time open_time) {
  if (lot.lot.open_time) {
    Error error = LotError(Reason::kLotOpen, lot, "lot " + lot.unit.code + " was opened at " + FormatTime(*lot.lot.open_time));
    error.metadata["open_time"] = FormatTime(*lot.lot.open_time);
    return Fail(std::move(error));
  }
  lot.lot.open_time = open_time;
  return {};
}

Result<std::vector<LotItem>> Split(LotItem& lot, const std::vector<LotPart>& parts, const std::vector<int64_t>& hold_ids,
                                   Time now) {
  if (Status movable = CheckMovable(lot, hold_ids); !movable) return Fail(movable.error());
  int64_t sum = 0;
  for (const LotPart& part : parts) sum += part.quantity_micro;
  if (sum > lot.lot.left_micro) {
    Error error = LotError(Reason::kQuantityExceedsLeft, lot,
                           "the parts are " + FormatQuantity(sum) + ", but only " + FormatQuantity(lot.lot.left_micro) +
                               " is left in lot " + lot.unit.code);
    error.metadata["left"] = FormatQuantity(lot.lot.left_micro);
    error.metadata["asked"] = FormatQuantity(sum);
    return Fail(std::move(error));
  }
  std::vector<LotItem> made;
  for (const LotPart& part : parts) {
    LotItem& item = made.emplace_back(Successor(lot, part.code, now));
    item.lot.quantity_micro = part.quantity_micro;
    item.lot.left_micro = part.quantity_micro;
  }
  lot.lot.left_micro -= sum;
  return made;
}

Result<LotItem> Merge(std::vector<LotItem>& sources, const std::string& code, const ProductRevision* revision,
                      const std::vector<int64_t>& hold_ids, Time now) {
  for (const LotItem& source : sources) {
    if (Status movable = CheckMovable(source, hold_ids); !movable) return Fail(movable.error());
    if (Status alike = CheckAlike(sources.front(), source); !alike) return Fail(alike.error());
    if (source.lot.left_micro == 0) {
      return Fail(Mismatch(source, "quantity left", "nothing is left in lot " + source.unit.code));
    }
  }
  LotItem merged = Successor(sources.front(), code, now);
  merged.lot.quantity_micro = 0;
  for (LotItem& source : sources) {
    merged.lot.quantity_micro += source.lot.left_micro;
    source.lot.left_micro = 0;
    merged.unit.attempted |= source.unit.attempted;
    // Complete only where every source is.
    merged.unit.lot_lines &= source.unit.lot_lines;
    merged.unit.source_proven = merged.unit.source_proven && source.unit.source_proven;
    merged.unit.use_count = std::max(merged.unit.use_count, source.unit.use_count);
    MergeCounters(merged.unit, source.unit);
    MergeRepairs(merged.unit, source.unit);
    MergeLives(merged, source);
    if (revision == nullptr) continue;
    if (Status clocks = MergeClocks(merged.unit, source, *revision); !clocks) return Fail(clocks.error());
  }
  merged.lot.left_micro = merged.lot.quantity_micro;
  return merged;
}

}  // namespace mes::domain
