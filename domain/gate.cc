#include "domain/gate.h"

#include <algorithm>

#include "domain/hold_predicate.h"
#include "domain/structure.h"

namespace mes::domain {
namespace {

std::string Text(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}

std::string OperationName(const Operation& operation) { return Text({std::to_string(operation.number), " ", operation.code}); }

bool Passed(const Unit& unit, int index) { return (unit.passed & (uint64_t{1} << index)) != 0; }

void Refuse(std::vector<Refusal>& refusals, Reason reason, std::string_view unit_code, std::string sentence,
            std::vector<Evidence> evidence) {
  refusals.push_back({reason, std::move(sentence), std::move(evidence), std::string(unit_code)});
}

struct Route {
  const World& world;
  const StartQuestion& question;
  const Unit& unit;
  std::string_view code;
  StartDecision& decision;

  const ProductRevision& revision() const { return *decision.revision; }
  const Operation& At(int16_t index) const { return revision().operations[static_cast<size_t>(index)]; }

  void Refuse(Reason reason, std::string sentence, std::vector<Evidence> evidence) const {
    domain::Refuse(decision.refusals, reason, code, std::move(sentence), std::move(evidence));
  }

  const FailureCode* Policy() const {
    return unit.failed_operation == 0 ? nullptr
                                      : world.plant.failure_codes.Find(unit.failure_code, unit.material_id, unit.failed_operation);
  }

  void JudgeDisposition() const {
    const FailureCode* policy = Policy();
    if (policy == nullptr || !policy->needs_disposition || unit.disposition != FailureDisposition::kNone) return;
    const auto ncr = world.ncrs.find(unit.id);
    Refuse(Reason::kDispositionNeeded,
           Text({"failed with ", unit.failure_code, " at operation ", std::to_string(unit.failed_operation),
                 ": quality decides what becomes of it"}),
           {{"ncr", ncr == world.ncrs.end() ? "?" : ncr->second, "no disposition yet"}, {"policy", policy->Name(), policy->reason}});
  }

  void JudgeRepairs() const {
    const FailureCode* policy = Policy();
    const int16_t used = RepairsOf(unit, unit.failure_code);
    if (policy == nullptr || !policy->repair_limit || used < *policy->repair_limit) return;
    Refuse(Reason::kReworkLimit, Text({"repair of ", unit.failure_code, " is used up"}),
           {{"policy", policy->Name(), Text({std::to_string(used), " of ", std::to_string(*policy->repair_limit), " repairs used"})}});
  }

  void TakeRework(const Operation& operation, int16_t counter, int16_t used, int16_t allowed, std::string_view why) const {
    if (used >= allowed) {
      Refuse(Reason::kReworkLimit, Text({"rework ", why, " is used up"}),
             {{"limit", std::string(why), Text({std::to_string(used), " of ", std::to_string(allowed), " reworks used"})}});
    }
    decision.purpose = RunPurpose::kRework;
    decision.return_to = operation.number;
    decision.rework_counter = counter;
    decision.runs_left = static_cast<int16_t>(1 + operation.max_retests);
  }

  // True when a breached window reopens the route at this operation.
  bool TakeRepeat(const Operation& operation) const {
    for (size_t i = 0; i < revision().windows.size(); ++i) {
      const TimeWindow& window = revision().windows[i];
      if (window.late_action != LateAction::kRepeat || window.repeat_from != operation.number || !window.max_seconds) continue;
      const WindowClock* clock = ClockOf(unit, static_cast<int16_t>(i));
      if (clock == nullptr || question.time - clock->since <= std::chrono::seconds(*window.max_seconds)) continue;
      const int16_t counter = static_cast<int16_t>(kWindowCounter + static_cast<int16_t>(i));
      TakeRework(operation, counter, CounterOf(unit, counter).reworks, window.repeat_max, window.id);
      return true;
    }
    return false;
  }

  void JudgeAfterFailure(const Operation& operation, RunPurpose asked) const {
    const int16_t failed_index = revision().OperationIndex(unit.failed_operation);
    const Operation& failed = At(failed_index);
    const RunCounter counter = CounterOf(unit, failed_index);
    const int16_t rework_to = ReworkStart(Policy(), revision(), failed);
    const bool rework_here = rework_to == operation.number && unit.disposition != FailureDisposition::kRetest;
    if (operation.number == failed.number) {
      const bool retest_left = counter.retests < failed.max_retests && unit.disposition != FailureDisposition::kRework;
      if (retest_left && asked != RunPurpose::kRework) {
        decision.purpose = RunPurpose::kRetest;
        decision.runs_left = static_cast<int16_t>(failed.max_retests - counter.retests);
        return;
      }
      const bool against_retest = asked == RunPurpose::kRework && unit.disposition == FailureDisposition::kRetest;
      if ((asked == RunPurpose::kRetest || !rework_here) && !against_retest) {
        Refuse(Reason::kRetestLimit, Text({"no retest is left at operation ", OperationName(failed)}),
               {{"limit", OperationName(failed),
                 Text({std::to_string(counter.retests), " of ", std::to_string(failed.max_retests), " retests used since the last repair",
                       unit.disposition == FailureDisposition::kRework ? "; a rework was decided" : ""})}});
        return;
      }
    }
    if (!rework_here || asked == RunPurpose::kRetest) {
      Refuse(Reason::kRouteSeq, Text({"failed at operation ", OperationName(failed), " and waits for retest, rework or scrap"}),
             {{"operation", OperationName(failed),
               unit.disposition == FailureDisposition::kRetest ? std::string("a re-test was decided")
               : rework_to == 0                                ? std::string("no rework allowed")
                                                               : Text({"rework returns to ", std::to_string(rework_to)})}});
      return;
    }
    JudgeRepairs();
    TakeRework(operation, failed_index, counter.reworks, failed.max_reworks, OperationName(failed));
  }

  void JudgeSequence(int16_t index, const Operation& operation, RunPurpose asked) const {
    if (asked == RunPurpose::kRetest || asked == RunPurpose::kRework) {
      Refuse(Reason::kRouteSeq, Text({"a ", NameOf(asked), " was asked for, but nothing failed"}),
             {{"operation", OperationName(operation), "no failed run is open"}});
    }
    if (Passed(unit, index)) {
      Refuse(Reason::kRouteSeq, Text({"operation ", OperationName(operation), " is passed already"}),
             {{"operation", OperationName(operation), "passed"}});
    }
    for (int16_t i = 0; i < static_cast<int16_t>(revision().operations.size()); ++i) {
      const Operation& other = At(i);
      const bool stands_in = other.number == operation.alternate_of;
      if (i < index && other.mandatory && !stands_in && !IsSatisfied(revision(), unit.passed, i)) {
        Refuse(Reason::kRouteSeq, Text({"operation ", OperationName(other), " comes first and is not passed"}),
               {{"operation", OperationName(other), "not passed"}});
        break;
      }
    }
    for (int16_t i = 0; i < static_cast<int16_t>(revision().operations.size()); ++i) {
      const bool replaced = At(i).alternate_of == operation.number || At(i).number == operation.alternate_of;
      if ((i > index || replaced) && i != index && Passed(unit, i)) {
        Refuse(Reason::kRouteSeq, Text({"operation ", OperationName(At(i)), " is complete already"}),
               {{"operation", OperationName(At(i)), "passed"}});
        break;
      }
    }
    decision.purpose = RunPurpose::kRegular;
    decision.runs_left = static_cast<int16_t>(1 + operation.max_retests);
  }

  void Judge(int16_t index) const {
    const Operation& operation = At(index);
    const RunPurpose asked = question.start->purpose;
    if (unit.running_operation != 0) {
      const Station* station = world.plant.FindStation(unit.running_station);
      Refuse(Reason::kUnitRunning, Text({"operation ", std::to_string(unit.running_operation), " is still running"}),
             {{"operation", std::to_string(unit.running_operation),
               Text({"at ", station == nullptr ? "?" : station->code, " since ", FormatTime(unit.running_since)})}});
      return;
    }
    JudgeDisposition();
    if (TakeRepeat(operation)) return;
    if (unit.failed_operation != 0) {
      JudgeAfterFailure(operation, asked);
    } else {
      JudgeSequence(index, operation, asked);
    }
  }
};

void JudgeOrder(const OrderState& order, bool first_start, std::string_view code, std::vector<Refusal>& refusals) {
  if (order.state != WorkOrderState::kReleased && order.state != WorkOrderState::kStarted) {
    Refuse(refusals, Reason::kWorkOrderState, code, Text({"order ", order.code, " is ", NameOf(order.state)}),
           {{"order", order.code, std::string(NameOf(order.state))}});
  }
  if (first_start && LeftToStartMicro(order.ordered_micro, order.started_micro, order.scrapped_micro) == 0) {
    Refuse(refusals, Reason::kWorkOrderFull, code, Text({"everything that order ", order.code, " asks for is started"}),
           {{"order", order.code,
             Text({"ordered ", FormatQuantity(order.ordered_micro), ", started ", FormatQuantity(order.started_micro),
                   ", scrapped ", FormatQuantity(order.scrapped_micro)})}});
  }
}

void JudgeConditions(const World& world, const StartQuestion& question, const Operation& operation,
                     std::vector<Refusal>& refusals) {
  for (const Interlock interlock : operation.interlocks) {
    const ConditionRule* rule = RuleOf(interlock);
    if (rule == nullptr) continue;
    const std::string person(rule->personal ? question.operator_id : std::string_view());
    const std::string subject =
        rule->personal ? "operator " + (person.empty() ? std::string("(none)") : person) : question.station->code;
    const std::string name(NameOf(rule->reason));
    if (rule->personal && person.empty()) {
      Refuse(refusals, rule->reason, "", Text({name, " needs an operator, none was named"}),
             {{"field", "operator_id", "missing"}});
      continue;
    }
    const auto found = world.conditions.find({rule->personal ? 0 : question.station->id, person, rule->kind});
    const StationCondition* newest = nullptr;  // in force, else the last one that was
    if (found != world.conditions.end()) {
      for (const StationCondition& condition : found->second) {
        if (condition.occur_time > question.time) continue;
        if (newest == nullptr) newest = &condition;
        if (condition.report.expire_time < question.time) continue;
        newest = &condition;
        break;
      }
    }
    if (newest == nullptr) {
      Refuse(refusals, rule->reason, "", Text({"no valid ", name, " is reported for ", subject}),
             {{"condition", name, Text({subject, ": ", rule->limit})}});
    } else if (!newest->report.in_order) {
      Refuse(refusals, rule->reason, "", Text({name, " of ", subject, " is not in order"}),
             {{"condition", name, Text({"reported ", FormatTime(newest->occur_time), ", asked: ", rule->limit})}});
    } else if (newest->report.expire_time < question.time) {
      Refuse(refusals, rule->reason, "", Text({name, " of ", subject, " has expired"}),
             {{"condition", name,
               Text({"good until ", FormatTime(newest->report.expire_time), ", now ", FormatTime(question.time)})}});
    }
  }
}

// Stops that rules raised. A start from before the run that raised one happened before anybody could know.
void JudgeAlarms(const World& world, const StartQuestion& question, const Operation& operation, const OrderState& order,
                 std::vector<Refusal>& refusals) {
  for (const ProcessAlarm& alarm : world.alarms) {
    if (question.time < alarm.occur_time) continue;
    const bool station = alarm.stops == StopScope::kStation && alarm.station_id == question.station->id;
    const bool line = alarm.stops == StopScope::kLineOperation && alarm.line_id == question.station->line_id &&
                      alarm.operation == operation.number;
    const bool full_stop = alarm.stops == StopScope::kOrder && alarm.work_order_id == order.id && question.entry == nullptr;
    if (!station && !line && !full_stop) continue;
    const std::string name = alarm.id == 0 ? alarm.rule_code : std::to_string(alarm.id);
    std::vector<Evidence> evidence = {{"alarm", name, Text({alarm.sentence, "; release: ", alarm.release_role})}};
    for (const AlarmEvidence& fact : alarm.evidence) evidence.push_back({fact.kind == "run" ? "event" : "limit", fact.id, fact.detail});
    Refuse(refusals, Reason::kRuleStop, "",
           Text({station ? "the station" : line ? "the operation" : "the order", " is stopped: ", alarm.sentence}), std::move(evidence));
  }
}

void JudgeStartMaterials(const World& world, const StartQuestion& question, const Operation& operation, const Unit& unit,
                         StartDecision& decision) {
  Unit group = unit;  // grades of the group asked about count as installed
  for (const std::string& code : question.start->material_codes) {
    const UnitEntry* material = world.FindUnit(code);
    if (material == nullptr) {
      Refuse(decision.refusals, Reason::kMaterialValid, code, Text({"material ", code, " is not known"}),
             {{"lot", code, "unknown"}});
      continue;
    }
    const BomLine* line = JudgeMaterial(world, *decision.revision, operation, &group, *material, question.time,
                                        decision.window_late, decision.refusals);
    if (line != nullptr && !material->unit.grade.empty() && GroupGradeOf(group, line->line).empty()) {
      group.group_grade += Text({group.group_grade.empty() ? "" : ";", std::to_string(line->line), ":", material->unit.grade});
    }
  }
}

// A unit that does not exist yet, as far as the order tells.
bool JudgeNewUnit(const World& world, const StartQuestion& question, Unit& unit, StartDecision& decision) {
  auto& refusals = decision.refusals;
  const std::string code(question.unit_code);
  if (world.ambiguous_codes.contains(code) && question.start->work_order_code.empty()) {
    Refuse(refusals, Reason::kUnitAmbiguous, code, Text({"code ", code, " stands for several units"}),
           {{"unit", code, "ambiguous"}});
    return false;
  }
  if (question.start->work_order_code.empty()) {
    Refuse(refusals, Reason::kUnitUnknown, code, Text({"unit ", code, " is not known and no order was named to make it"}),
           {{"unit", code, "unknown"}});
    return false;
  }
  decision.order = world.FindOrder(question.start->work_order_code);
  if (decision.order == nullptr) {
    Refuse(refusals, Reason::kWorkOrderUnknown, code, Text({"order ", question.start->work_order_code, " is not known"}),
           {{"order", question.start->work_order_code, "unknown"}});
    return false;
  }
  JudgeOrder(*decision.order, true, code, refusals);
  decision.revision = world.plant.FindRevision(decision.order->revision_id);
  if (decision.revision == nullptr) return false;  // not released: told by the order's state
  const Material* material = world.plant.FindMaterial(decision.order->material_id);
  unit.tracking = material->tracking;
  unit.material_id = material->id;
  if (material->tracking == Tracking::kLot) {
    const Result<int64_t> quantity = ParseQuantity(question.start->quantity, "start.quantity");
    if (!quantity || *quantity == 0 || question.start->quantity_uom != material->uom) {
      Refuse(refusals, quantity ? (*quantity == 0 ? Reason::kQuantityInvalid : Reason::kUomMismatch) : Reason::kQuantityInvalid,
             code, Text({"a new lot of ", material->code, " needs start.quantity in ", material->uom}),
             {{"field", "start.quantity",
               Text({"`", question.start->quantity.substr(0, 40), "` ", question.start->quantity_uom.substr(0, 16)})}});
    } else {
      decision.quantity_micro = *quantity;
    }
  } else {
    decision.quantity_micro = kMicro;
  }
  return true;
}

bool JudgeKnownUnit(const World& world, const StartQuestion& question, StartDecision& decision) {
  const Unit& unit = question.entry->unit;
  auto& refusals = decision.refusals;
  decision.revision = world.plant.FindRevision(unit.revision_id);
  const auto order = world.orders.find(unit.work_order_id);
  JudgeBlocked(world, *question.entry, refusals);
  if (decision.revision == nullptr || order == world.orders.end()) {
    Refuse(refusals, Reason::kUnitState, unit.code, "bought items have no route here", {{"unit", unit.code, "bought"}});
    return false;
  }
  decision.order = &order->second;
  if (!question.start->work_order_code.empty() && question.start->work_order_code != decision.order->code) {
    Refuse(refusals, Reason::kWorkOrderState, unit.code, Text({"the unit belongs to order ", decision.order->code}),
           {{"order", decision.order->code, Text({"asked: ", question.start->work_order_code.substr(0, 64)})}});
  }
  JudgeOrder(*decision.order, false, unit.code, refusals);
  if (unit.status == UnitStatus::kFinished) {
    Refuse(refusals, Reason::kRouteSeq, unit.code, "the unit has finished its route",
           {{"unit", unit.code, unit.finish_time ? Text({"finished ", FormatTime(*unit.finish_time)}) : "finished"}});
  }
  if (question.entry->lot && question.entry->lot->left_micro == 0) {
    Refuse(refusals, Reason::kUnitState, unit.code, "nothing is left in the lot", {{"lot", unit.code, "0 left"}});
  }
  return true;
}

}  // namespace

void JudgeProgram(const Operation& operation, const ProductRevision& revision, const Started& start, std::string_view code,
                  std::vector<Refusal>& refusals) {
  const auto mismatch = [&](Reason reason, std::string_view what, std::string_view reported, std::string_view released) {
    if (reported == released) return;
    Refuse(
        refusals, reason, code,
        Text({"the ", what, " at the station ", reported.empty() ? "was not reported" : "is not the released one"}),
        {{"operation", OperationName(operation), Text({"reported `", reported.substr(0, 64), "`, released `", released, "`"})}});
  };
  if (operation.Guards(Interlock::kRecipeMatch))
    mismatch(Reason::kRecipeMatch, "recipe", start.recipe_checksum, operation.recipe_checksum);
  if (operation.Guards(Interlock::kSwVersion))
    mismatch(Reason::kSwVersion, "software", start.software_version, operation.software_version);
  if (operation.Guards(Interlock::kVariantMatch))
    mismatch(Reason::kVariantMatch, "variant", start.variant, revision.product_code);
}

int16_t ResolveOperation(const Station& station, int16_t operation, std::string_view unit_code, std::vector<Refusal>& refusals) {
  if (operation == 0 && station.operations.size() == 1) return station.operations.front();
  if (operation != 0 && station.Does(operation)) return operation;
  Refuse(refusals, Reason::kStationOperation, unit_code,
         operation == 0 ? Text({"station ", station.code, " does several operations: name one"})
                        : Text({"station ", station.code, " does not do operation ", std::to_string(operation)}),
         {{"field", "operation", std::to_string(operation)}});
  return 0;
}

void JudgeBlocked(const World& world, const UnitEntry& entry, std::vector<Refusal>& refusals) {
  const std::string& asked = entry.unit.code;
  const UnitEntry* item = &entry;
  for (int depth = 0; item != nullptr && depth < 16; ++depth) {
    const Unit& unit = item->unit;
    const std::string subject = depth == 0 ? "it" : "its parent " + unit.code;
    if (unit.hold_count > 0) {
      std::vector<Evidence> evidence;
      if (const auto holds = world.holds.find(unit.id); holds != world.holds.end()) {
        for (const int64_t hold : holds->second) evidence.push_back({"hold", std::to_string(hold), unit.code});
      }
      if (evidence.empty()) evidence.push_back({"hold", "?", Text({std::to_string(unit.hold_count), " on ", unit.code})});
      Refuse(refusals, Reason::kNotBlocked, asked, Text({subject, " is on hold"}), std::move(evidence));
    }
    if (unit.status == UnitStatus::kScrapped || unit.status == UnitStatus::kShipped) {
      Refuse(refusals, Reason::kNotBlocked, asked, Text({subject, " is ", NameOf(unit.status)}),
             {{"unit", unit.code, std::string(NameOf(unit.status))}});
    }
    item = unit.parent_id == 0 ? nullptr : world.FindUnit(unit.parent_id);
  }
}

WindowVerdict JudgeWindows(const ProductRevision& revision, const Unit& unit, int16_t operation, WindowEvent event, Time time,
                           bool late_fails, std::vector<Refusal>& refusals) {
  WindowVerdict verdict;
  for (size_t i = 0; i < revision.windows.size(); ++i) {
    const TimeWindow& window = revision.windows[i];
    if (window.to_operation != operation || window.to_event != event || window.from_event == WindowEvent::kMaterialAge) continue;
    const WindowClock* clock = ClockOf(unit, static_cast<int16_t>(i));
    if (clock == nullptr) {
      if (window.from_event != WindowEvent::kQueue || !window.min_seconds) continue;
      Refuse(refusals, Reason::kTimeWindow, unit.code, Text({"the unit was not reported as waiting: ", window.reason}),
             {{"window", window.id,
               Text({"needs an arrival at least ", FormatDuration(std::chrono::seconds(*window.min_seconds)), " before"})}});
      continue;
    }
    const Duration elapsed = time - clock->since;
    if (window.min_seconds && elapsed < std::chrono::seconds(*window.min_seconds)) {
      Refuse(refusals, Reason::kTimeWindow, unit.code, Text({"too early: ", window.reason}),
             {{"window", window.id,
               Text({FormatDuration(elapsed), " since ", FormatTime(clock->since), ", at least ",
                     FormatDuration(std::chrono::seconds(*window.min_seconds))})}});
    }
    if (!window.max_seconds || elapsed <= std::chrono::seconds(*window.max_seconds)) continue;
    if (window.late_action == LateAction::kFlag) {
      verdict.flagged = true;
    } else if (late_fails) {
      verdict.failed = true;
    } else {
      Refuse(refusals, Reason::kTimeWindow, unit.code, Text({"too late: ", window.reason, "; ", window.on_violation}),
             {{"window", window.id,
               Text({FormatDuration(elapsed), " since ", FormatTime(clock->since), ", at most ",
                     FormatDuration(std::chrono::seconds(*window.max_seconds))})}});
    }
  }
  return verdict;
}

namespace {

void JudgeLot(const UnitEntry& material, Time time, std::vector<Refusal>& refusals) {
  const Unit& unit = material.unit;
  const Lot& lot = *material.lot;
  const auto invalid = [&](std::string sentence, std::string detail) {
    Refuse(refusals, Reason::kMaterialValid, unit.code, std::move(sentence), {{"lot", unit.code, std::move(detail)}});
  };
  if (unit.status == UnitStatus::kInProcess) invalid("the lot is not released: it is still on its route", "in process");
  if (lot.left_micro == 0) invalid("nothing is left in the lot", "0 left");
  if (lot.expire_time && *lot.expire_time < time)
    invalid("the lot's shelf life is over", Text({"good until ", FormatTime(*lot.expire_time)}));
  if (lot.open_time && lot.floor_life_seconds > 0 && time - *lot.open_time > std::chrono::seconds(lot.floor_life_seconds)) {
    invalid("the lot's floor life is over", Text({"opened ", FormatTime(*lot.open_time), ", limit ",
                                                  FormatDuration(std::chrono::seconds(lot.floor_life_seconds))}));
  }
}

void JudgeComponent(const World& world, const ProductRevision& revision, const Operation& operation, const Unit* parent,
                    const BomLine& line, const UnitEntry& material, std::vector<Refusal>& refusals) {
  const Unit& unit = material.unit;
  if (unit.parent_id != 0) {
    const UnitEntry* holder = world.FindUnit(unit.parent_id);
    Refuse(refusals, Reason::kUniqueSn, unit.code, "the component is built in elsewhere",
           {{"unit", holder == nullptr ? "?" : holder->unit.code,
             Text({"position ", std::to_string(unit.parent_line), ".", std::to_string(unit.parent_slot)})}});
  }
  if (unit.status == UnitStatus::kInProcess) {
    Refuse(refusals, Reason::kReleasedChild, unit.code, "the component is not released", {{"unit", unit.code, "in process"}});
  }
  if (operation.Guards(Interlock::kStackSource) && !unit.source_proven) {
    const Material* definition = world.plant.FindMaterial(unit.material_id);
    if (definition != nullptr && definition->made) {
      Refuse(refusals, Reason::kStackSource, unit.code, "bought in without a supplier's passport and a passed goods-in test",
             {{"unit", unit.code, "source not proven"}});
    }
  }
  const bool grouped = std::any_of(revision.operations.begin(), revision.operations.end(), [&](const Operation& other) {
    return other.number <= operation.number && other.Guards(Interlock::kGroupMatch);
  });
  const std::string_view group = parent == nullptr ? std::string_view() : GroupGradeOf(*parent, line.line);
  if (grouped && !group.empty() && unit.grade != group) {
    Refuse(refusals, Reason::kGroupMatch, unit.code, "the component is of another grade than its group",
           {{"unit", unit.code, Text({"grade `", unit.grade, "`, group `", group, "`"})}});
  }
}

// How old the material is, since its own release or since it was opened, where the parent's route limits that.
void JudgeAge(const World& world, const ProductRevision& revision, const Operation& operation, const UnitEntry& material,
              Time time, bool& late, std::vector<Refusal>& refusals) {
  const Unit& unit = material.unit;
  const auto judge = [&](const TimeWindow& window, Time since) {
    if (!window.max_seconds || time - since <= std::chrono::seconds(*window.max_seconds)) return;
    if (window.late_action == LateAction::kFlag) {
      late = true;
      return;
    }
    Refuse(refusals, Reason::kTimeWindow, unit.code, Text({"too old: ", window.reason, "; ", window.on_violation}),
           {{"window", window.id,
             Text({FormatDuration(time - since), " since ", FormatTime(since), ", at most ",
                   FormatDuration(std::chrono::seconds(*window.max_seconds))})}});
  };
  for (const TimeWindow& window : revision.windows) {
    if (window.to_operation != operation.number || window.from_operation != operation.number) continue;
    if (window.from_event == WindowEvent::kMaterialAge && unit.finish_time) judge(window, *unit.finish_time);
    if (window.from_event == WindowEvent::kMaterialOpen && window.to_event == WindowEvent::kStart && material.lot &&
        material.lot->open_time) {
      judge(window, *material.lot->open_time);
    }
  }
  const ProductRevision* own = world.plant.FindRevision(unit.revision_id);
  if (own == nullptr) return;
  for (const WindowClock& clock : unit.clocks) {
    const TimeWindow& window = own->windows[static_cast<size_t>(clock.window)];
    if (window.to_event == WindowEvent::kConsumed) judge(window, clock.since);
  }
}

}  // namespace

const BomLine* JudgeMaterial(const World& world, const ProductRevision& revision, const Operation& operation, const Unit* parent,
                             const UnitEntry& material, Time time, bool& late, std::vector<Refusal>& refusals) {
  const Unit& unit = material.unit;
  const BomLine* line = revision.LineFor(unit.material_id, operation.number);
  if (line == nullptr) {
    const Material* definition = world.plant.FindMaterial(unit.material_id);
    Refuse(refusals, Reason::kMaterialValid, unit.code,
           Text({definition == nullptr ? "the material" : definition->code, " is not in the bill of materials of operation ",
                 OperationName(operation)}),
           {{"operation", OperationName(operation), revision.product_code}});
    return nullptr;
  }
  JudgeBlocked(world, material, refusals);
  if (material.lot) {
    JudgeLot(material, time, refusals);
  } else {
    JudgeComponent(world, revision, operation, parent, *line, material, refusals);
  }
  JudgeAge(world, revision, operation, material, time, late, refusals);
  return line;
}

void JudgePass(const Unit& unit, const ProductRevision& revision, const Operation& operation, const EventRow& row,
               std::vector<Refusal>& refusals) {
  Unit after = unit;
  EventRow measured = row;
  measured.kind = EventKind::kMeasured;
  Advance(after, revision, measured);
  for (size_t i = 0; i < operation.characteristics.size(); ++i) {
    const Characteristic& characteristic = operation.characteristics[i];
    if (characteristic.sampling != Sampling::kEveryUnit || (after.run_measured & (uint64_t{1} << i)) != 0) continue;
    Refuse(refusals, Reason::kMeasurementMissing, unit.code, characteristic.code + " was not measured",
           {{"limit", characteristic.code, "measured on every unit"}});
  }
  if (operation.Guards(Interlock::kBoltCount) && operation.tightening_characteristic >= 0 &&
      after.run_tightenings != operation.tightenings) {
    Refuse(refusals, Reason::kBoltCount, unit.code,
           std::to_string(after.run_tightenings) + " of " + std::to_string(operation.tightenings) + " tightenings are in order",
           {{"limit", operation.characteristics[static_cast<size_t>(operation.tightening_characteristic)].code,
             std::to_string(operation.tightenings) + " needed"}});
  }
  if (!operation.Guards(Interlock::kGenealogyComplete)) return;
  JudgeStructure(revision, unit, refusals);
}

StartDecision JudgeStart(const World& world, const StartQuestion& question) {
  StartDecision decision;
  const std::string_view code = question.entry != nullptr ? std::string_view(question.entry->unit.code) : question.unit_code;
  decision.operation = ResolveOperation(*question.station, question.operation, code, decision.refusals);
  Unit fresh;
  fresh.code = code;
  const bool known =
      question.entry != nullptr ? JudgeKnownUnit(world, question, decision) : JudgeNewUnit(world, question, fresh, decision);
  if (!known || decision.operation == 0) return decision;
  const Unit& unit = question.entry != nullptr ? question.entry->unit : fresh;
  if (question.station->material_id != decision.revision->material_id) {
    Refuse(decision.refusals, Reason::kStationOperation, code,
           Text({"station ", question.station->code, " makes ", question.station->product_code, ", not ",
                 decision.revision->product_code}),
           {{"order", decision.order->code, decision.revision->product_code}});
    return decision;
  }
  const int16_t index = decision.revision->OperationIndex(decision.operation);
  if (index < 0) {
    Refuse(decision.refusals, Reason::kOperationUnknown, code,
           Text({"operation ", std::to_string(decision.operation), " is not on the route of ", decision.revision->product_code}),
           {{"field", "operation", std::to_string(decision.operation)}});
    return decision;
  }
  const Operation& operation = decision.revision->operations[static_cast<size_t>(index)];
  // What is finished or scrapped was told so above; the station's own reasons are told all the same.
  if (unit.status == UnitStatus::kInProcess) {
    Route{world, question, unit, code, decision}.Judge(index);
    decision.window_late =
        JudgeWindows(*decision.revision, unit, operation.number, WindowEvent::kStart, question.time, false, decision.refusals)
            .flagged;
  }
  JudgeHeldOperation(world, unit, *decision.revision, operation, decision.order->id, code, decision.refusals);
  JudgeProgram(operation, *decision.revision, *question.start, code, decision.refusals);
  JudgeConditions(world, question, operation, decision.refusals);
  JudgeAlarms(world, question, operation, *decision.order, decision.refusals);
  JudgeStartMaterials(world, question, operation, unit, decision);
  return decision;
}

}  // namespace mes::domain
