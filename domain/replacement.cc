#include "domain/replacement.h"

#include <algorithm>

#include "domain/gate.h"
#include "domain/structure.h"

namespace mes::domain {
namespace {

constexpr int kMostLevels = 16;

class Judge {
 public:
  Judge(const World& world, const Replacement& asked, const std::unordered_map<int64_t, Life>& lives)
      : world_(world), asked_(asked), lives_(lives) {}

  ReplacementVerdict Run() {
    const UnitEntry* entry = world_.FindUnit(asked_.unit_code);
    if (entry == nullptr) {
      Refuse(Reason::kUnitUnknown, asked_.unit_code, "the unit is not known", {{"unit", asked_.unit_code, "unknown"}});
      return std::move(verdict_);
    }
    verdict_.unit_id = entry->unit.id;
    const ProductRevision* revision = world_.plant.FindRevision(entry->unit.revision_id);
    if (revision == nullptr || entry->lot) {
      Refuse(Reason::kUnitState, entry->unit.code, "what is inside a bought unit or a lot is not kept here",
             {{"unit", entry->unit.code, entry->lot ? "lot" : "bought"}});
      return std::move(verdict_);
    }
    JudgeUnit(*entry);
    const UnitEntry* removed = asked_.removed_code.empty() ? nullptr : JudgeRemoved(*entry);
    JudgeInstalled(*entry, *revision, removed);
    Effects(*entry, *revision);
    return std::move(verdict_);
  }

 private:
  void Refuse(Reason reason, std::string_view code, std::string sentence, std::vector<Evidence> evidence) {
    verdict_.refusals.push_back({reason, std::move(sentence), std::move(evidence), std::string(code)});
  }
  // A reason that force may override, by the role that may release it.
  void RefuseUnlessForced(Refusal refusal) {
    (asked_.forced && asked_.role == RoleOf(refusal.reason) ? verdict_.overridden : verdict_.refusals)
        .push_back(std::move(refusal));
  }
  Life LifeOf(const Unit& unit) const {
    const auto found = lives_.find(unit.id);
    return found != lives_.end() ? found->second : BeginLife(unit, false).value_or(Life());
  }

  void JudgeUnit(const UnitEntry& entry) {
    const Unit& unit = entry.unit;
    if (unit.running_operation != 0) {
      Refuse(Reason::kUnitRunning, unit.code, "a run is open: the station reports what it takes out and puts in",
             {{"operation", std::to_string(unit.running_operation), "running"}});
    } else if (unit.status == UnitStatus::kInProcess) {
      RefuseUnlessForced({Reason::kUnitState,
                          "the unit is on its route, where stations report what they take out and put in",
                          {{"unit", unit.code, std::string(NameOf(unit.status))}},
                          unit.code});
    }
    if (asked_.occur_time < unit.create_time) {
      Refuse(Reason::kFieldInvalid, unit.code, "that is before the unit was begun",
             {{"field", "occur_time", FormatTime(unit.create_time)}});
    }
    const UnitEntry* item = &entry;
    for (int level = 0; item != nullptr && level < kMostLevels; ++level) {
      if (level > 0) verdict_.around_ids.push_back(item->unit.id);
      if (item->unit.hold_count > 0) {
        std::vector<Evidence> evidence;
        if (const auto holds = world_.holds.find(item->unit.id); holds != world_.holds.end()) {
          for (const int64_t hold : holds->second) evidence.push_back({"hold", std::to_string(hold), item->unit.code});
        }
        if (evidence.empty()) evidence.push_back({"hold", "?", item->unit.code});
        RefuseUnlessForced({Reason::kNotBlocked, item->unit.code + " is on hold", std::move(evidence), unit.code});
      }
      verdict_.around = LifeOf(item->unit);
      // One in its second life goes on inside the unit of the new code.
      if (verdict_.around.state == LifeState::kRecycled) {
        Refuse(Reason::kLifeEnded, unit.code, item->unit.code + " is recycled", {{"unit", item->unit.code, "recycled"}});
      }
      item = item->unit.parent_id == 0 ? nullptr : world_.FindUnit(item->unit.parent_id);
    }
    if (unit.parent_id != 0 && LifeOf(unit).state != LifeState::kSecondLife) {
      const UnitEntry* parent = world_.FindUnit(unit.parent_id);
      RefuseUnlessForced({Reason::kUnitState,
                          "the unit is built in itself: take it out first",
                          {{"unit", parent == nullptr ? "?" : parent->unit.code, "holds " + unit.code}},
                          unit.code});
    }
  }

  const UnitEntry* JudgeRemoved(const UnitEntry& entry) {
    const UnitEntry* removed = world_.FindUnit(asked_.removed_code);
    if (removed == nullptr || removed->unit.parent_id != entry.unit.id) {
      Refuse(Reason::kNotInstalled, entry.unit.code, asked_.removed_code + " is not in the unit",
             {{"unit", asked_.removed_code, removed == nullptr ? "unknown" : "elsewhere or free"}});
      return nullptr;
    }
    verdict_.removed_id = removed->unit.id;
    verdict_.line = removed->unit.parent_line;
    verdict_.slot = removed->unit.parent_slot;
    if (verdict_.around.state == LifeState::kMade || verdict_.around.state == LifeState::kSold) return removed;
    // It has been where the unit has been.
    LifeRecord record = Record(LifeEvent::kTakeOut, entry.unit.code);
    record.used = verdict_.around.used;
    const Life life = LifeOf(removed->unit);
    if (life.state == LifeState::kMade || life.state == LifeState::kTested) verdict_.removed_life = std::move(record);
    return removed;
  }

  void JudgeInstalled(const UnitEntry& entry, const ProductRevision& revision, const UnitEntry* removed) {
    if (asked_.installed_code.empty()) return;
    const UnitEntry* part = world_.FindUnit(asked_.installed_code);
    if (part == nullptr || part->lot) {
      Refuse(part == nullptr ? Reason::kUnitUnknown : Reason::kMaterialValid, entry.unit.code,
             asked_.installed_code + (part == nullptr ? " is not known" : " is a lot"),
             {{"unit", asked_.installed_code, part == nullptr ? "unknown" : "lot"}});
      return;
    }
    verdict_.installed_id = part->unit.id;
    if (!JudgeCycle(entry, *part)) return;
    const BomLine* line = removed != nullptr ? revision.FindLine(verdict_.line) : revision.LineFor(part->unit.material_id, 0);
    if (line == nullptr || !line->Accepts(part->unit.material_id)) {
      Refuse(Reason::kMaterialValid, part->unit.code, "the part is not one that the bill of materials has in this position",
             {{"unit", part->unit.code, revision.product_code + " line " + std::to_string(line == nullptr ? 0 : line->line)}});
      return;
    }
    verdict_.line = line->line;
    Unit parent = entry.unit;
    // The last part's grade counts no more when it leaves.
    if (removed != nullptr && parent.serial_slots_filled == 1) parent.group_grade.clear();
    const Operation& operation = revision.operations[static_cast<size_t>(revision.OperationIndex(line->operation))];
    bool late = false;
    JudgeMaterial(world_, revision, operation, &parent, *part, asked_.occur_time, late, verdict_.refusals);
    if (removed == nullptr) FindSlot(entry, *line);
    LifeRecord record = Record(LifeEvent::kBuildIn, entry.unit.code);
    const Life life = LifeOf(part->unit);
    if (Result<Life> moved = Move(life, part->unit, record); !moved) {
      Refuse(moved.error().reason, part->unit.code, moved.error().message,
             {{"unit", part->unit.code, std::string(NameOf(life.state))}});
    }
    // A new part's life has not begun; only used ones get a record.
    if (life.used || life.state == LifeState::kTested) verdict_.installed_life = std::move(record);
  }

  bool JudgeCycle(const UnitEntry& entry, const UnitEntry& part) {
    const UnitEntry* holder = &entry;
    for (int level = 0; holder != nullptr && level < kMostLevels; ++level) {
      if (holder == &part) {
        Refuse(Reason::kGenealogyCycle, entry.unit.code, "a unit cannot be inside itself",
               {{"unit", part.unit.code, "is above"}});
        return false;
      }
      holder = holder->unit.parent_id == 0 ? nullptr : world_.FindUnit(holder->unit.parent_id);
    }
    return true;
  }

  void FindSlot(const UnitEntry& entry, const BomLine& line) {
    const auto positions = world_.positions.find(entry.unit.id);
    for (int16_t slot = 1; slot <= line.Slots(); ++slot) {
      if (positions != world_.positions.end() && positions->second.contains({line.line, slot})) continue;
      verdict_.slot = slot;
      return;
    }
    Refuse(Reason::kPositionOccupied, entry.unit.code, "all slots of line " + std::to_string(line.line) + " are occupied",
           {{"limit", std::to_string(line.line) + "." + std::to_string(line.Slots()), "full"}});
  }

  LifeRecord Record(LifeEvent event, const std::string& around) const {
    LifeRecord record;
    record.event = event;
    record.occur_time = asked_.occur_time;
    record.record_time = world_.now;
    record.person = asked_.person;
    record.evidence = asked_.evidence;
    record.other_code = around;
    return record;
  }

  void Effects(const UnitEntry& entry, const ProductRevision& revision) {
    Unit after = entry.unit;
    if (verdict_.removed_id != 0) --after.serial_slots_filled;
    if (verdict_.installed_id != 0) ++after.serial_slots_filled;
    verdict_.missing_before = MissingParts(&revision, entry.unit);
    verdict_.missing_after = MissingParts(&revision, after);
    verdict_.gap_after = HasStructureGap(&revision, after);
    const BomLine* line = revision.FindLine(verdict_.line);
    if (line == nullptr) return;
    for (size_t i = 0; i < revision.operations.size(); ++i) {
      const int16_t number = revision.operations[i].number;
      if (number >= line->operation && (entry.unit.passed & (uint64_t{1} << i)) != 0)
        verdict_.resting_operations.push_back(number);
    }
  }

  const World& world_;
  const Replacement& asked_;
  const std::unordered_map<int64_t, Life>& lives_;
  ReplacementVerdict verdict_;
};

EventRow RowOf(const World& world, const Unit& unit, const Replacement& replacement, EventKind kind, int64_t change_id) {
  EventRow row;
  row.occur_time = replacement.occur_time;
  row.record_time = world.now;
  row.unit_id = unit.id;
  row.sequence = change_id;
  row.revision_id = unit.revision_id;
  row.kind = kind;
  row.operator_id = replacement.person;
  if (replacement.forced) row.flags |= kFlagForced;
  EventDetails details;
  details.reason = replacement.reason;
  details.person = replacement.person;
  row.details = std::make_shared<const EventDetails>(std::move(details));
  return row;
}

}  // namespace

ReplacementVerdict JudgeReplacement(const World& world, const Replacement& replacement,
                                    const std::unordered_map<int64_t, Life>& lives) {
  return Judge(world, replacement, lives).Run();
}

void Replace(World& world, const Replacement& replacement, const ReplacementVerdict& verdict, int64_t change_id) {
  UnitEntry& entry = world.units.at(verdict.unit_id);
  const ProductRevision& revision = *world.plant.FindRevision(entry.unit.revision_id);
  const BomLine* line = revision.FindLine(verdict.line);
  entry.changed = true;
  const auto record = [&](EventKind kind, const Unit& part) {
    EventRow row = RowOf(world, entry.unit, replacement, kind, change_id);
    // Out before in: each has a place of its own in the history.
    row.epoch = kind == EventKind::kInstalled ? 1 : 0;
    row.operation = line == nullptr ? int16_t{0} : line->operation;
    row.other_unit_id = part.id;
    row.line = verdict.line;
    row.slot = verdict.slot;
    if (kind == EventKind::kInstalled) row.grade = part.grade;
    Advance(entry.unit, revision, row);
    world.effects.rows.push_back(std::move(row));
  };
  if (verdict.removed_id != 0) {
    UnitEntry& removed = world.units.at(verdict.removed_id);
    removed.unit.parent_id = 0;
    removed.unit.parent_line = 0;
    removed.unit.parent_slot = 0;
    ++removed.unit.use_count;
    removed.changed = true;
    world.positions[entry.unit.id].erase({verdict.line, verdict.slot});
    world.effects.removals.push_back({removed.unit.id, replacement.occur_time, {0, 0, change_id}});
    record(EventKind::kRemoved, removed.unit);
  }
  if (verdict.installed_id == 0) return;
  UnitEntry& installed = world.units.at(verdict.installed_id);
  installed.unit.parent_id = entry.unit.id;
  installed.unit.parent_line = verdict.line;
  installed.unit.parent_slot = verdict.slot;
  installed.changed = true;
  world.positions[entry.unit.id][{verdict.line, verdict.slot}] = installed.unit.id;
  world.effects.installs.push_back(
      {entry.unit.id, installed.unit.id, verdict.line, verdict.slot, replacement.occur_time, {0, 1, change_id}, std::nullopt});
  record(EventKind::kInstalled, installed.unit);
}

}  // namespace mes::domain
