#include "domain/epcis_declaration.h"

#include <algorithm>

#include "domain/limits_epcis.h"

namespace mes::domain {
namespace {

bool IsOf(const EdgeEvent& edge, int64_t event_id) {
  return edge.station_id == 0 && edge.epoch == kCaptureEpoch && edge.sequence == event_id;
}

class Declarer {
 public:
  Declarer(World& world, DeclaredPast past) : world_(world), past_(std::move(past)) {}

  DeclarationOutcome Run(std::vector<CapturedEvent> events) {
    std::stable_sort(events.begin(), events.end(),
                     [](const CapturedEvent& a, const CapturedEvent& b) { return a.occur_time < b.occur_time; });
    for (auto event = events.rbegin(); event != events.rend() && outcome_.faults.size() < kMaxDocumentFaults; ++event) {
      if (event->kind == CaptureKind::kRecovered) {
        Fault(*event, Reason::kRecyclingBatchState, "what went into a recycling batch and came back of it stays");
        continue;
      }
      if (event->kind == CaptureKind::kConsumed) Unconsume(*event, event->parent_code);
      for (const CapturedEvent::LotAmount& made : event->made) Unconsume(*event, made.code);
      for (const std::string& code : event->unit_codes) {
        UnitEntry* unit = world_.FindUnit(code);
        if (unit == nullptr) continue;
        if (event->kind == CaptureKind::kInstalled) Uninstall(*event, *unit);
        if (event->kind == CaptureKind::kRemoved) PutBack(*event, *unit);
        if (event->kind == CaptureKind::kScrapped) Unscrap(*event, *unit);
      }
    }
    for (const Edge& edge : continued_) {
      world_.effects.installs.push_back({edge.parent_id, edge.child_id, edge.line, edge.slot, edge.install_time,
                                         EventKey{0, kCaptureEpoch, edge.install_event.sequence}, std::nullopt});
    }
    return std::move(outcome_);
  }

 private:
  static EventKey KeyOf(const CapturedEvent& event) { return {0, kCaptureEpoch, event.id}; }
  void Fault(const CapturedEvent& event, Reason reason, std::string sentence) {
    if (outcome_.faults.size() < kMaxDocumentFaults) outcome_.faults.push_back({event.pointer, reason, std::move(sentence)});
  }
  // True: a fault was noted.
  bool Weighed(const CapturedEvent& event, int64_t unit_id, const std::string& code) {
    if (!past_.weighed.contains(unit_id)) return false;
    Fault(event, Reason::kRecyclingBatchState, code + " was received for recycling: what it contains was weighed");
    return true;
  }
  void TakeOut(UnitEntry& part) {
    world_.positions[part.unit.parent_id].erase({part.unit.parent_line, part.unit.parent_slot});
    part.unit.parent_id = 0;
    part.unit.parent_line = 0;
    part.unit.parent_slot = 0;
    part.changed = true;
  }

  void Uninstall(const CapturedEvent& event, UnitEntry& part) {
    const auto edge = std::find_if(past_.places.begin(), past_.places.end(), [&](const Edge& place) {
      return place.child_id == part.unit.id && IsOf(place.install_event, event.id);
    });
    if (edge == past_.places.end()) return;
    if (Weighed(event, edge->parent_id, event.parent_code)) return;
    if (!edge->remove_record_time) {
      world_.effects.removals.push_back({part.unit.id, edge->install_time, KeyOf(event)});
      return TakeOut(part);
    }
    // Where its end was taken back, it went on under the event that ended it, now or in a document before; and so may that one have.
    std::vector<EdgeEvent> never{edge->install_event};
    EdgeEvent end = edge->remove_event;
    const auto goes_on = [&](const Edge& place) {
      return place.child_id == part.unit.id && end.epoch == kCaptureEpoch && IsOf(place.install_event, end.sequence);
    };
    while (never.size() <= past_.places.size()) {
      if (const auto now = std::find_if(continued_.begin(), continued_.end(), goes_on); now != continued_.end()) {
        continued_.erase(now);
        for (const EdgeEvent& installed : never) outcome_.never.emplace_back(part.unit.id, installed);
        return TakeOut(part);
      }
      const auto before = std::find_if(past_.places.begin(), past_.places.end(), goes_on);
      if (before == past_.places.end()) break;
      if (!before->remove_record_time) {
        world_.effects.removals.push_back({part.unit.id, before->install_time, KeyOf(event)});
        for (const EdgeEvent& installed : never) outcome_.never.emplace_back(part.unit.id, installed);
        return TakeOut(part);
      }
      never.push_back(before->install_event);
      end = before->remove_event;
    }
    Fault(event, Reason::kNotInstalled, part.unit.code + " came out of " + event.parent_code + " since");
  }

  void PutBack(const CapturedEvent& event, UnitEntry& part) {
    const auto edge = std::find_if(past_.places.begin(), past_.places.end(), [&](const Edge& place) {
      return place.child_id == part.unit.id && place.remove_record_time && IsOf(place.remove_event, event.id);
    });
    if (edge == past_.places.end()) return;
    if (Weighed(event, edge->parent_id, event.parent_code) || Weighed(event, part.unit.id, part.unit.code)) return;
    if (part.unit.parent_id != 0) {
      return Fault(event, Reason::kUnitState, part.unit.code + " was built in again since");
    }
    const auto since = std::pair(*edge->remove_record_time, *edge->remove_time);
    const auto& lived = past_.lives[part.unit.id];
    if (std::any_of(lived.begin(), lived.end(), [&](const LifeRecord& record) {
          return !HappensInside(record.event) && std::pair(record.record_time, record.occur_time) >= since;
        })) {
      return Fault(event, Reason::kReversalRefused, part.unit.code + " lived on by itself since");
    }
    auto& positions = world_.positions[edge->parent_id];
    if (positions.contains({edge->line, edge->slot})) {
      return Fault(event, Reason::kPositionOccupied,
                   "position " + std::to_string(edge->line) + "." + std::to_string(edge->slot) + " of " + event.parent_code +
                       " is occupied since");
    }
    positions[{edge->line, edge->slot}] = part.unit.id;
    part.unit.parent_id = edge->parent_id;
    part.unit.parent_line = edge->line;
    part.unit.parent_slot = edge->slot;
    if (part.unit.use_count > 0) --part.unit.use_count;
    part.changed = true;
    Edge& on = continued_.emplace_back(*edge);
    on.install_time = *edge->remove_time;
    on.install_event = {0, kCaptureEpoch, event.id};
    on.remove_time.reset();
    on.remove_record_time.reset();
  }

  void Unconsume(const CapturedEvent& event, const std::string& code) {
    const UnitEntry* consumer = world_.FindUnit(code);
    if (consumer == nullptr || Weighed(event, consumer->unit.id, code)) return;
    for (const Edge& use : past_.uses) {
      const auto lot = world_.units.find(use.child_id);
      if (use.parent_id != consumer->unit.id || !IsOf(use.install_event, event.id) || lot == world_.units.end()) continue;
      lot->second.lot->left_micro += use.quantity_micro;
      lot->second.lot_changed = true;
      world_.effects.reversed_consumptions.push_back({KeyOf(event), consumer->unit.id});
    }
  }

  void Unscrap(const CapturedEvent& event, UnitEntry& entry) {
    if (!past_.scrapped.contains({event.id, entry.unit.id})) return;
    if (entry.unit.status != UnitStatus::kScrapped) {
      return Fault(event, Reason::kUnitState, entry.unit.code + " is " + std::string(NameOf(entry.unit.status)) + " by now");
    }
    if (Weighed(event, entry.unit.id, entry.unit.code)) return;
    entry.unit.status = UnitStatus::kFinished;
    for (const LifeRecord& record : past_.lives[entry.unit.id]) {
      entry.unit.status = UnitStatusAfter(record).value_or(entry.unit.status);
    }
    entry.changed = true;
  }

  World& world_;
  DeclaredPast past_;
  // Edges that go on since their end was taken back, each under the event that ended it.
  std::vector<Edge> continued_;
  DeclarationOutcome outcome_;
};

}  // namespace

DeclarationOutcome TakeBack(World& world, std::vector<CapturedEvent> declared, DeclaredPast past) {
  return Declarer(world, std::move(past)).Run(std::move(declared));
}

}  // namespace mes::domain
