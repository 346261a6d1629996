#include "domain/epcis_capture.h"

#include <algorithm>

#include "domain/genealogy.h"
#include "domain/limits_epcis.h"

namespace mes::domain {
namespace {

constexpr int kMostLevels = 16;

class Capturer {
 public:
  Capturer(World& world, std::vector<int64_t> new_ids, std::unordered_map<int64_t, Life>& lives, CapturePast past)
      : world_(world),
        new_ids_(std::move(new_ids)),
        lives_(lives),
        withdrawn_(std::move(past.withdrawn)),
        recycled_(std::move(past.recycled)) {}

  CaptureOutcome Run(std::vector<CapturedEvent> events) {
    std::stable_sort(events.begin(), events.end(),
                     [](const CapturedEvent& a, const CapturedEvent& b) { return a.occur_time < b.occur_time; });
    for (const CapturedEvent& event : events) {
      if (event.wrong || outcome_.faults.size() >= kMaxDocumentFaults) continue;
      switch (event.kind) {
        case CaptureKind::kKept:
          break;
        case CaptureKind::kMadeUnits:
          for (const std::string& code : event.unit_codes) Make(event, code, nullptr);
          break;
        case CaptureKind::kMadeLots:
          for (const CapturedEvent::LotAmount& lot : event.lots) Make(event, lot.code, &lot);
          break;
        case CaptureKind::kInstalled:
          for (const std::string& code : event.unit_codes) Install(event, code);
          break;
        case CaptureKind::kRemoved:
          for (const std::string& code : event.unit_codes) Remove(event, code);
          break;
        case CaptureKind::kConsumed:
          for (const CapturedEvent::LotAmount& lot : event.lots) Consume(event, lot);
          break;
        case CaptureKind::kLife:
          for (const std::string& code : event.unit_codes) Live(event, code);
          break;
        case CaptureKind::kSecondLife:
          StartSecondLife(event);
          break;
        case CaptureKind::kSplit:
        case CaptureKind::kMerged:
        case CaptureKind::kTransformed:
          Transform(event);
          break;
        case CaptureKind::kRecovered:
          Recover(event);
          break;
        case CaptureKind::kScrapped:
          for (const std::string& code : event.unit_codes) Scrap(event, code);
          break;
      }
    }
    return std::move(outcome_);
  }

 private:
  void Fault(const CapturedEvent& event, Reason reason, std::string sentence) {
    if (outcome_.faults.size() < kMaxDocumentFaults) outcome_.faults.push_back({event.pointer, reason, std::move(sentence)});
  }
  static EventKey KeyOf(const CapturedEvent& event) { return {0, kCaptureEpoch, event.id}; }
  static bool MadeHere(const UnitEntry& entry) { return entry.unit.revision_id != 0; }

  UnitEntry* Find(const CapturedEvent& event, const std::string& code, bool lot) {
    UnitEntry* entry = world_.FindUnit(code);
    if (entry == nullptr) {
      Fault(event, lot ? Reason::kLotUnknown : Reason::kUnitUnknown,
            code + " is not known here, and no event of the document says that it was made");
      return nullptr;
    }
    if (withdrawn_.contains(entry->unit.id)) {
      Fault(event, lot ? Reason::kLotUnknown : Reason::kUnitUnknown, code + " came to exist by an event that was declared an error");
      return nullptr;
    }
    if (entry->lot.has_value() == lot) return entry;
    Fault(event, Reason::kDocumentInvalid, code + (lot ? " is a single unit, not a lot" : " is a lot, not a single unit"));
    return nullptr;
  }
  UnitEntry* FindForeign(const CapturedEvent& event, const std::string& code) {
    UnitEntry* entry = Find(event, code, false);
    if (entry == nullptr || !MadeHere(*entry)) return entry;
    Fault(event, Reason::kDocumentInvalid, code + " was made here: what it is made of is told by its stations and replacements");
    return nullptr;
  }

  UnitEntry* Make(const CapturedEvent& event, const std::string& code, const CapturedEvent::LotAmount* lot) {
    UnitEntry* known = world_.FindUnit(code);
    if (known != nullptr && !withdrawn_.contains(known->unit.id)) {
      if (MadeHere(*known)) {
        Fault(event, Reason::kUnitExists, code + " was made here: it cannot have been made elsewhere too");
      } else if (known->lot.has_value() != (lot != nullptr) ||
                 (event.material_id != 0 && known->unit.material_id != event.material_id)) {
        Fault(event, Reason::kUnitExists, code + " is known already as something else");
      }
      return known;
    }
    const Material* material = event.material_id == 0 ? nullptr : world_.plant.FindMaterial(event.material_id);
    if (material == nullptr) {
      Fault(event, Reason::kMaterialUnknown,
            code + ": what it is was not told by a GTIN that is registered here nor by a `material` of ours in ilmd");
      return nullptr;
    }
    if ((material->tracking == Tracking::kLot) != (lot != nullptr)) {
      Fault(event, Reason::kDocumentInvalid,
            code + ": " + material->code + (lot != nullptr ? " comes in single units" : " comes in lots"));
      return nullptr;
    }
    const int64_t quantity_micro = lot == nullptr ? 0 : lot->quantity_micro;
    if (known == nullptr) return &Add(code, *material, event.occur_time, quantity_micro);
    if (known->lot.has_value() != (lot != nullptr)) {
      Fault(event, Reason::kUnitExists, code + " is known already as something else");
      return nullptr;
    }
    withdrawn_.erase(known->unit.id);
    known->unit.material_id = material->id;
    known->unit.status = UnitStatus::kFinished;
    known->unit.finish_time = event.occur_time;
    known->changed = true;
    if (lot != nullptr) {
      known->lot->quantity_micro = known->lot->left_micro = quantity_micro;
      known->lot_changed = true;
    }
    outcome_.revived.push_back({known->unit.id, material->id, quantity_micro});
    ++outcome_.made;
    return known;
  }
  UnitEntry& Add(const std::string& code, const Material& material, Time time, int64_t quantity_micro) {
    UnitEntry entry;
    entry.created = true;
    entry.unit.id = new_ids_.back();
    new_ids_.pop_back();
    entry.unit.code = code;
    entry.unit.material_id = material.id;
    entry.unit.tracking = material.tracking;
    entry.unit.status = UnitStatus::kFinished;
    entry.unit.create_time = time;
    entry.unit.finish_time = time;
    // A history of its own is a supplier's passport; what it is worth is judged at goods-in (STACK_SOURCE).
    entry.unit.source_proven = false;
    if (quantity_micro > 0) {
      entry.lot = Lot{quantity_micro, quantity_micro, std::nullopt, std::nullopt, 0};
      entry.lot_changed = true;
    }
    const int64_t id = entry.unit.id;
    world_.unit_by_code[code] = id;
    outcome_.made_ids[material.id].push_back(id);
    ++outcome_.made;
    return world_.units.emplace(id, std::move(entry)).first->second;
  }

  bool Within(const Unit& part, int64_t holder_id) const {
    const UnitEntry* holder = world_.FindUnit(holder_id);
    for (int level = 0; holder != nullptr && level < kMostLevels; ++level) {
      if (holder->unit.id == part.id) return true;
      holder = holder->unit.parent_id == 0 ? nullptr : world_.FindUnit(holder->unit.parent_id);
    }
    return false;
  }
  int16_t FreeSlot(int64_t parent_id, int16_t line) const {
    const auto positions = world_.positions.find(parent_id);
    for (int16_t slot = 1;; ++slot) {
      if (positions == world_.positions.end() || !positions->second.contains({line, slot})) return slot;
      if (slot == INT16_MAX) return 0;
    }
  }

  void Install(const CapturedEvent& event, const std::string& code) {
    UnitEntry* parent = FindForeign(event, event.parent_code);
    UnitEntry* part = Find(event, code, false);
    if (parent == nullptr || part == nullptr) return;
    if (part->unit.parent_id == parent->unit.id) {
      return Fault(event, Reason::kPositionOccupied, code + " is in " + event.parent_code + " already");
    }
    if (part->unit.parent_id != 0) {
      const UnitEntry* holder = world_.FindUnit(part->unit.parent_id);
      return Fault(event, Reason::kUnitState,
                   code + " is built into " + (holder == nullptr ? std::string("another unit") : holder->unit.code) +
                       ": it comes out first");
    }
    if (part->unit.status == UnitStatus::kInProcess || part->unit.status == UnitStatus::kScrapped) {
      return Fault(event, Reason::kUnitState, code + " is " + std::string(NameOf(part->unit.status)));
    }
    if (MadeHere(*part) && part->unit.status != UnitStatus::kShipped) {
      return Fault(event, Reason::kUnitState, code + " has not left the plant");
    }
    if (Within(part->unit, parent->unit.id)) return Fault(event, Reason::kGenealogyCycle, code + " cannot be inside itself");
    const int16_t line = event.line > 0 ? event.line : kUntoldLine;
    // A position is one part's: several parts of one event stand one after another.
    const bool told = event.line > 0 && event.slot > 0 && event.unit_codes.size() == 1;
    const int16_t slot = told ? event.slot : FreeSlot(parent->unit.id, line);
    auto& positions = world_.positions[parent->unit.id];
    if (slot == 0 || positions.contains({line, slot})) {
      return Fault(event, Reason::kPositionOccupied,
                   "position " + std::to_string(line) + "." + std::to_string(slot) + " of " + event.parent_code + " is occupied");
    }
    positions[{line, slot}] = part->unit.id;
    part->unit.parent_id = parent->unit.id;
    part->unit.parent_line = line;
    part->unit.parent_slot = slot;
    part->changed = true;
    world_.effects.installs.push_back({parent->unit.id, part->unit.id, line, slot, event.occur_time, KeyOf(event), std::nullopt});
    ++outcome_.installed;
  }

  void Remove(const CapturedEvent& event, const std::string& code) {
    UnitEntry* parent = FindForeign(event, event.parent_code);
    UnitEntry* part = Find(event, code, false);
    if (parent == nullptr || part == nullptr) return;
    if (part->unit.parent_id != parent->unit.id)
      return Fault(event, Reason::kNotInstalled, code + " is not in " + event.parent_code);
    world_.positions[parent->unit.id].erase({part->unit.parent_line, part->unit.parent_slot});
    part->unit.parent_id = 0;
    part->unit.parent_line = 0;
    part->unit.parent_slot = 0;
    ++part->unit.use_count;
    part->changed = true;
    ++outcome_.removed;
    // Built in within the document too: the edge has its end from the start.
    for (auto install = world_.effects.installs.rbegin(); install != world_.effects.installs.rend(); ++install) {
      if (install->child_id != part->unit.id || install->removal) continue;
      install->removal = {event.occur_time, KeyOf(event)};
      return;
    }
    world_.effects.removals.push_back({part->unit.id, event.occur_time, KeyOf(event)});
  }

  void Consume(const CapturedEvent& event, const CapturedEvent::LotAmount& amount) {
    UnitEntry* consumer = world_.FindUnit(event.parent_code);
    if (consumer == nullptr || MadeHere(*consumer) || withdrawn_.contains(consumer->unit.id)) {
      FindForeign(event, event.parent_code);
      return;
    }
    UnitEntry* lot = Find(event, amount.code, true);
    if (lot == nullptr) return;
    if (lot == consumer) return Fault(event, Reason::kGenealogyCycle, amount.code + " cannot go into itself");
    if (amount.quantity_micro <= 0) return Fault(event, Reason::kQuantityInvalid, amount.code + ": no quantity was told");
    if (lot->lot->left_micro < amount.quantity_micro) {
      return Fault(event, Reason::kQuantityExceedsLeft, "more of " + amount.code + " was used than is left of it");
    }
    lot->lot->left_micro -= amount.quantity_micro;
    lot->lot_changed = true;
    world_.effects.consumptions.push_back(
        {lot->unit.id, consumer->unit.id, amount.quantity_micro, event.operation, event.line, event.occur_time, KeyOf(event)});
    ++outcome_.consumed;
  }

  // Of the quantities that go in, what a lot is asked for in all; 0 = a fault was noted.
  int64_t TakeInputs(const CapturedEvent& event) {
    int64_t sum = 0;
    std::map<std::string, int64_t> asked;
    for (const CapturedEvent::LotAmount& amount : event.lots) {
      const UnitEntry* lot = Find(event, amount.code, true);
      if (lot == nullptr) return 0;
      if (amount.quantity_micro <= 0) return Fault(event, Reason::kQuantityInvalid, amount.code + ": no quantity was told"), 0;
      if (lot->unit.hold_count > 0) return Fault(event, Reason::kNotBlocked, amount.code + " is on hold"), 0;
      if (event.kind != CaptureKind::kTransformed && event.material_id != 0 && lot->unit.material_id != event.material_id) {
        return Fault(event, Reason::kLotMergeMismatch, amount.code + " is of another material than what it becomes"), 0;
      }
      if ((asked[amount.code] += amount.quantity_micro) > lot->lot->left_micro) {
        return Fault(event, Reason::kQuantityExceedsLeft, "more of " + amount.code + " was used than is left of it"), 0;
      }
      sum += amount.quantity_micro;
    }
    return sum;
  }

  // Lots that come to exist of others: one in, or one out, so that which went where is told.
  void Transform(const CapturedEvent& event) {
    const int64_t in = TakeInputs(event);
    if (in == 0) return;
    int64_t out = 0;
    for (const CapturedEvent::LotAmount& made : event.made) out += made.quantity_micro;
    if (event.kind != CaptureKind::kTransformed && in != out) {
      return Fault(event, Reason::kQuantityInvalid, "what goes in and what comes out is not as much");
    }
    CapturedEvent of = event;
    if (of.material_id == 0) of.material_id = world_.FindUnit(event.lots[0].code)->unit.material_id;
    std::vector<std::pair<int64_t, int64_t>> outputs;
    for (const CapturedEvent::LotAmount& made : event.made) {
      const UnitEntry* known = world_.FindUnit(made.code);
      if (known != nullptr && !withdrawn_.contains(known->unit.id)) {
        return Fault(event, Reason::kLotExists, made.code + " exists already");
      }
      const UnitEntry* entry = Make(of, made.code, &made);
      if (entry == nullptr) return;
      outputs.emplace_back(entry->unit.id, made.quantity_micro);
    }
    for (const CapturedEvent::LotAmount& amount : event.lots) {
      UnitEntry& lot = *world_.FindUnit(amount.code);
      lot.lot->left_micro -= amount.quantity_micro;
      lot.lot_changed = true;
      ++outcome_.consumed;
      if (event.kind == CaptureKind::kTransformed) {
        world_.effects.consumptions.push_back({lot.unit.id, outputs[0].first, amount.quantity_micro, event.operation, event.line,
                                               event.occur_time, KeyOf(event)});
      } else if (event.kind == CaptureKind::kMerged) {
        outcome_.lot_edges.push_back(
            {EdgeKind::kMerged, lot.unit.id, outputs[0].first, amount.quantity_micro, event.occur_time, event.id});
      } else {
        for (const auto& [made_id, quantity_micro] : outputs) {
          outcome_.lot_edges.push_back({EdgeKind::kSplit, lot.unit.id, made_id, quantity_micro, event.occur_time, event.id});
        }
      }
    }
  }

  Life LifeOf(const Unit& unit) const {
    const auto found = lives_.find(unit.id);
    return found != lives_.end() ? found->second : BeginLife(unit, false).value_or(Life());
  }

  UnitEntry* Live(const CapturedEvent& event, const std::string& code) {
    UnitEntry* entry = Find(event, code, false);
    if (entry == nullptr) return nullptr;
    Unit& unit = entry->unit;
    if (unit.status == UnitStatus::kInProcess) {
      Fault(event, Reason::kUnitState, code + " is on its route still");
      return nullptr;
    }
    if (unit.parent_id != 0 && !HappensInside(event.life.event) && event.life.event != LifeEvent::kBuildIn) {
      Fault(event, Reason::kUnitState, code + " is built into another unit: it lives with that");
      return nullptr;
    }
    if (unit.hold_count > 0 && (event.life.event == LifeEvent::kShip || event.life.event == LifeEvent::kStartSecondLife)) {
      Fault(event, Reason::kNotBlocked, code + " is on hold: it is not shipped");
      return nullptr;
    }
    const Result<Life> moved = Move(LifeOf(unit), unit, event.life);
    if (!moved) {
      Fault(event, moved.error().reason, code + ": " + moved.error().message);
      return nullptr;
    }
    lives_[unit.id] = *moved;
    outcome_.lived.push_back({unit.id, event.life, *moved});
    ++outcome_.lives;
    if (const auto status = UnitStatusAfter(event.life)) {
      unit.status = *status;
      entry->changed = true;
    }
    return entry;
  }

  void StartSecondLife(const CapturedEvent& event) {
    if (world_.FindUnit(event.new_code) != nullptr) {
      return Fault(event, Reason::kUnitExists, event.new_code + " is somebody's code already");
    }
    UnitEntry* old = Live(event, event.parent_code);
    if (old == nullptr) return;
    const Material& material = *world_.plant.FindMaterial(old->unit.material_id);
    const int64_t old_id = old->unit.id;
    const bool used = lives_.at(old_id).used;
    UnitEntry& fresh = Add(event.new_code, material, event.occur_time, 0);
    UnitEntry& before = world_.units.at(old_id);
    fresh.unit.grade = before.unit.grade;
    fresh.unit.use_count = before.unit.use_count;
    before.unit.parent_id = fresh.unit.id;
    before.unit.parent_line = 1;
    before.unit.parent_slot = 1;
    before.changed = true;
    world_.positions[fresh.unit.id][{1, 1}] = old_id;
    world_.effects.installs.push_back({fresh.unit.id, old_id, 1, 1, event.occur_time, KeyOf(event), std::nullopt});
    ++outcome_.installed;
    Life life = BeginLife(fresh.unit, true).value_or(Life());
    life.used = used;
    life.last_time = event.occur_time;
    lives_[fresh.unit.id] = life;
    outcome_.second_lives.push_back({old_id, fresh.unit.id, life, event.occur_time});
  }

  // True: the unit may be in that batch, or is.
  bool GoesInto(const CapturedEvent& event, const std::string& code, std::vector<int64_t>& fresh) {
    const UnitEntry* entry = Find(event, code, false);
    if (entry == nullptr) return false;
    const Unit& unit = entry->unit;
    const LifeState state = LifeOf(unit).state;
    const bool waste = state == LifeState::kWaste || state == LifeState::kDismantled || state == LifeState::kRecycled;
    if (MadeHere(*entry) && (unit.status == UnitStatus::kInProcess || !waste)) {
      Fault(event, Reason::kUnitState, code + " was made here and is no waste: it is declared so before it is recycled");
      return false;
    }
    const auto [batch, added] = recycled_.try_emplace(unit.id, event.transformation_id);
    if (batch->second != event.transformation_id) {
      Fault(event, Reason::kRecyclingBatchState, code + " was received for recycling already, in another batch");
      return false;
    }
    if (added) fresh.push_back(unit.id);
    return true;
  }

  void Recover(const CapturedEvent& event) {
    CaptureOutcome::Recovery back{event.transformation_id, event.life.place, event.life.evidence, event.occur_time, {}, {}};
    for (const std::string& code : event.unit_codes) {
      if (!GoesInto(event, code, back.unit_ids)) return;
    }
    for (const CapturedEvent::LotAmount& made : event.made) {
      const UnitEntry* known = world_.FindUnit(made.code);
      if (known != nullptr && !withdrawn_.contains(known->unit.id)) {
        return Fault(event, Reason::kLotExists, made.code + " exists already");
      }
      const UnitEntry* entry = Make(event, made.code, &made);
      if (entry == nullptr) return;
      back.lot_ids.push_back(entry->unit.id);
    }
    outcome_.recoveries.push_back(std::move(back));
  }

  void Scrap(const CapturedEvent& event, const std::string& code) {
    UnitEntry* entry = FindForeign(event, code);
    if (entry == nullptr || entry->unit.status == UnitStatus::kScrapped) return;
    entry->unit.status = UnitStatus::kScrapped;
    entry->changed = true;
    outcome_.scrapped.emplace(event.id, entry->unit.id);
  }

  World& world_;
  std::vector<int64_t> new_ids_;
  std::unordered_map<int64_t, Life>& lives_;
  std::unordered_set<int64_t> withdrawn_;
  std::unordered_map<int64_t, std::string> recycled_;
  CaptureOutcome outcome_;
};

}  // namespace

CaptureOutcome Capture(World& world, std::vector<CapturedEvent> events, std::vector<int64_t> new_ids,
                       std::unordered_map<int64_t, Life>& lives, CapturePast past) {
  return Capturer(world, std::move(new_ids), lives, std::move(past)).Run(std::move(events));
}

}  // namespace mes::domain
