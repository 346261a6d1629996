#include "domain/start_permit.h"
#include "domain/station_event.h"

#include <array>
#include <cmath>

#include "domain/event_decision.h"
#include "domain/hold_predicate.h"
#include "domain/limits.h"

namespace mes::domain {

std::string_view NameOf(EventKind kind) {
  static constexpr std::array<std::string_view, 15> kNames = {
      "arrived",  "started",  "completed", "measured",  "consumed",       "installed",       "removed",
      "scrapped", "reversed", "aborted",   "condition", "carrier_loaded", "carrier_unloaded", "disposed", "returned"};
  const auto index = static_cast<size_t>(kind) - 1;
  return index < kNames.size() ? kNames[index] : std::string_view("unknown");
}

void EventDecision::Refuse(Reason reason, std::string_view unit_code, std::string sentence, std::vector<Evidence> evidence) {
  verdict_.refusals.push_back({reason, std::move(sentence), std::move(evidence), std::string(unit_code)});
}

OrderState* EventDecision::OrderOf(const UnitEntry& entry) {
  const auto found = world_.orders.find(entry.unit.work_order_id);
  return found == world_.orders.end() ? nullptr : &found->second;
}

EventRow EventDecision::RowFor(const UnitEntry& entry, int16_t operation) const {
  EventRow row;
  row.occur_time = event_.occur_time;
  row.record_time = world_.now;
  row.unit_id = entry.unit.id;
  row.sequence = event_.sequence;
  row.digest = event_.digest;
  row.station_id = station_.id;
  row.epoch = epoch_;
  row.revision_id = entry.unit.revision_id;
  row.carrier_id = carrier_id_;
  row.operation = operation;
  row.kind = event_.Kind();
  row.flags = carrier_flag_;
  row.operator_id = event_.operator_id;
  return row;
}

void EventDecision::Record(UnitEntry& entry, EventRow row) {
  if (!world_.standing.holds.empty() || !world_.standing.with_parts.empty()) CatchHolds(world_, entry, row);
  if (const ProductRevision* revision = world_.plant.FindRevision(entry.unit.revision_id); revision != nullptr) {
    Advance(entry.unit, *revision, row);
  }
  entry.changed = true;
  Remember(entry, row);
  world_.effects.rows.push_back(std::move(row));
}

bool EventDecision::JudgeRunning(const UnitEntry& entry, int16_t operation) {
  const Unit& unit = entry.unit;
  if (unit.running_operation == operation && unit.running_station == station_.id) return true;
  const Station* where = world_.plant.FindStation(unit.running_station);
  Refuse(Reason::kUnitNotRunning, unit.code, "operation " + std::to_string(operation) + " is not running on it at this station",
         {{"operation", std::to_string(unit.running_operation),
           where == nullptr ? "nothing is running" : "running at " + where->code}});
  return false;
}

const ProductRevision* EventDecision::JudgeRoute(const UnitEntry& entry, int16_t& operation) {
  const Unit& unit = entry.unit;
  const ProductRevision* revision = world_.plant.FindRevision(unit.revision_id);
  operation = ResolveOperation(station_, event_.operation, unit.code, verdict_.refusals);
  if (operation == 0) return nullptr;
  if (revision == nullptr || revision->OperationIndex(operation) < 0 || revision->material_id != station_.material_id) {
    Refuse(Reason::kStationOperation, unit.code, "station " + station_.code + " does not make this item",
           {{"unit", unit.code, revision == nullptr ? "bought" : revision->product_code}});
    return nullptr;
  }
  if (const OrderState* order = OrderOf(entry);
      order == nullptr || order->state == WorkOrderState::kClosed || order->state == WorkOrderState::kCancelled) {
    const std::string name = order == nullptr ? "?" : order->code;
    Refuse(Reason::kWorkOrderState, unit.code, "order " + name + " takes no events any more",
           {{"order", name, order == nullptr ? "" : std::string(NameOf(order->state))}});
    return nullptr;
  }
  return revision;
}

bool EventDecision::PlaceValues(const UnitEntry& entry, const Operation& operation, const std::vector<MeasuredValues>& values,
                                std::vector<double>& placed) {
  const size_t before = verdict_.refusals.size();
  if (!values.empty()) placed.assign(static_cast<size_t>(operation.ValueCount()), std::nan(""));
  uint64_t given = 0;
  for (const MeasuredValues& reported : values) {
    const int16_t index = operation.CharacteristicIndex(reported.characteristic_code);
    if (index < 0) {
      Refuse(Reason::kCharacteristicUnknown, entry.unit.code,
             "operation " + operation.code + " has no characteristic " + reported.characteristic_code,
             {{"field", "values.characteristic_code", reported.characteristic_code}});
      continue;
    }
    const Characteristic& characteristic = operation.characteristics[static_cast<size_t>(index)];
    const bool twice = (given & (uint64_t{1} << index)) != 0;
    given |= uint64_t{1} << index;
    if (twice || static_cast<int32_t>(reported.values.size()) != characteristic.replicates) {
      Refuse(
          Reason::kReplicateCount, entry.unit.code,
          characteristic.code + " needs " + std::to_string(characteristic.replicates) + " values",
          {{"field", "values.values", twice ? std::string("given twice") : std::to_string(reported.values.size()) + " given"}});
      continue;
    }
    for (size_t r = 0; r < reported.values.size(); ++r) {
      if (!std::isfinite(reported.values[r])) {
        Refuse(Reason::kValueInvalid, entry.unit.code, characteristic.code + " is not a finite number",
               {{"field", "values.values", "value " + std::to_string(r + 1)}});
        break;
      }
      placed[static_cast<size_t>(characteristic.first_value) + r] = reported.values[r];
    }
  }
  return verdict_.refusals.size() == before;
}

bool EventDecision::JudgeTime() {
  if (event_.occur_time > world_.now + std::chrono::seconds(kMaxAheadSeconds)) {
    Refuse(Reason::kTimeInFuture, "", "the event is more than 5 minutes in the future: check the station's clock",
           {{"field", "occur_time", FormatTime(event_.occur_time) + ", server " + FormatTime(world_.now)}});
    return false;
  }
  if (event_.occur_time < world_.now - std::chrono::seconds(kMaxBehindSeconds)) {
    Refuse(Reason::kTimeTooOld, "", "the event is more than 400 days old",
           {{"field", "occur_time", FormatTime(event_.occur_time)}});
    return false;
  }
  return true;
}

// Runs `apply` on the event's unit, or on every unit of its carrier: there, units that it refuses are listed and left out.
bool EventDecision::OnSubjects(bool (EventDecision::*apply)(UnitEntry&)) {
  if (event_.carrier_code.empty()) {
    UnitEntry* entry = world_.FindUnit(event_.unit_code);
    if (entry == nullptr) {
      const bool ambiguous = world_.ambiguous_codes.contains(event_.unit_code);
      Refuse(ambiguous ? Reason::kUnitAmbiguous : Reason::kUnitUnknown, event_.unit_code,
             ambiguous ? "the code stands for several units" : "the unit is not known",
             {{"unit", event_.unit_code, ambiguous ? "ambiguous" : "unknown"}});
      return false;
    }
    if (!(this->*apply)(*entry)) return false;
    verdict_.units = 1;
    return true;
  }
  const auto carrier = world_.carrier_by_code.find(event_.carrier_code);
  if (carrier == world_.carrier_by_code.end()) {
    Refuse(Reason::kCarrierUnknown, "", "carrier " + event_.carrier_code + " is not known",
           {{"unit", event_.carrier_code, "unknown"}});
    return false;
  }
  carrier_id_ = carrier->second;
  carrier_flag_ = kFlagCarrier;
  const std::map<int32_t, int64_t> contents = world_.carrier_contents[carrier_id_];
  if (contents.empty()) {
    Refuse(Reason::kCarrierEmpty, "", "carrier " + event_.carrier_code + " is empty", {{"unit", event_.carrier_code, "0 units"}});
    return false;
  }
  for (const auto& [slot, id] : contents) {
    if ((this->*apply)(world_.units.at(id))) ++verdict_.units;
  }
  return verdict_.units > 0;
}

bool EventDecision::ApplyArrived(UnitEntry& entry) {
  int16_t operation = 0;
  if (JudgeRoute(entry, operation) == nullptr) return false;
  Record(entry, RowFor(entry, operation));
  return true;
}

UnitEntry& EventDecision::CreateUnit(const StartDecision& decision) {
  const Material* material = world_.plant.FindMaterial(decision.order->material_id);
  const int64_t id = world_.next_unit_id++;
  UnitEntry& entry = world_.units[id];
  entry.created = true;
  entry.unit.id = id;
  entry.unit.code = event_.unit_code;
  entry.unit.material_id = material->id;
  entry.unit.revision_id = decision.revision->id;
  entry.unit.work_order_id = decision.order->id;
  entry.unit.tracking = material->tracking;
  entry.unit.create_time = event_.occur_time;
  if (material->tracking == Tracking::kLot) {
    entry.lot = Lot{decision.quantity_micro, decision.quantity_micro, std::nullopt, std::nullopt, 0};
    entry.lot_changed = true;
  }
  world_.unit_by_code[event_.unit_code] = id;
  world_.yield_past.facts[id];
  OrderState& order = world_.orders.at(decision.order->id);
  order.started_micro += decision.quantity_micro;
  OutputOf(material->id, event_.occur_time).started_micro += decision.quantity_micro;
  if (order.state == WorkOrderState::kReleased) order.state = WorkOrderState::kStarted;
  order.changed = true;
  return entry;
}

bool EventDecision::StartUnit(UnitEntry* entry) {
  const Started& start = std::get<Started>(event_.what);
  if (entry != nullptr && entry->unit.unstarted_operation != 0 && entry->unit.unstarted_station == station_.id &&
      (event_.operation == 0 || event_.operation == entry->unit.unstarted_operation)) {
    int16_t number = 0;
    const ProductRevision* revision = JudgeRoute(*entry, number);
    if (revision == nullptr) return false;
    const Operation& operation = revision->operations[static_cast<size_t>(revision->OperationIndex(number))];
    JudgeProgram(operation, *revision, start, entry->unit.code, verdict_.refusals);
    JudgePermit(start, station_, entry->unit.code, number, revision->id, event_.occur_time, verdict_.refusals);
    if (!verdict_.refusals.empty()) return false;
    EventRow row = RowFor(*entry, entry->unit.unstarted_operation);
    row.flags |= kFlagLateStart;
    if (start.permit) row.flags |= kFlagPermitted;
    Record(*entry, std::move(row));
    return true;
  }
  StartQuestion question{&station_, entry, event_.unit_code, event_.operation, &start, event_.operator_id, event_.occur_time};
  StartDecision decision = JudgeStart(world_, question);
  if (decision.revision != nullptr) {
    const std::string_view code = entry != nullptr ? std::string_view(entry->unit.code) : std::string_view(event_.unit_code);
    JudgePermit(start, station_, code, decision.operation, decision.revision->id, event_.occur_time, decision.refusals);
  }
  if (!decision.Go()) {
    std::move(decision.refusals.begin(), decision.refusals.end(), std::back_inserter(verdict_.refusals));
    return false;
  }
  UnitEntry& started = entry != nullptr ? *entry : CreateUnit(decision);
  EventRow row = RowFor(started, decision.operation);
  row.purpose = decision.purpose;
  row.return_to = decision.return_to;
  row.rework_counter = decision.rework_counter;
  if (entry == nullptr && started.lot) row.quantity_micro = decision.quantity_micro;
  if (!start.tool_codes.empty()) {
    EventDetails details;
    details.tools = start.tool_codes;
    row.details = std::make_shared<EventDetails>(std::move(details));
  }
  if (decision.window_late) row.flags |= kFlagWindowLate;
  if (start.permit) row.flags |= kFlagPermitted;
  CountRow(started, row);
  Record(started, std::move(row));
  return true;
}

bool EventDecision::ApplyStarted(UnitEntry& entry) { return StartUnit(&entry); }

// A code that was a unit's before (a tray position) may begin a new unit's life when an order is named.
bool EventDecision::RunStarted() {
  if (!event_.carrier_code.empty()) return OnSubjects(&EventDecision::ApplyStarted);
  const bool names_order = !std::get<Started>(event_.what).work_order_code.empty();
  const auto current = world_.unit_by_code.find(event_.unit_code);
  UnitEntry* entry = names_order ? (current == world_.unit_by_code.end() ? nullptr : &world_.units.at(current->second))
                                 : world_.FindUnit(event_.unit_code);
  if (!StartUnit(entry)) return false;
  verdict_.units = 1;
  return true;
}

bool EventDecision::ApplyMeasured(UnitEntry& entry) {
  const Measured& measured = std::get<Measured>(event_.what);
  int16_t operation_number = 0;
  const ProductRevision* revision = JudgeRoute(entry, operation_number);
  if (revision == nullptr || !JudgeRunning(entry, operation_number)) return false;
  const Operation& operation = revision->operations[static_cast<size_t>(revision->OperationIndex(operation_number))];
  EventRow row = RowFor(entry, operation_number);
  if (!PlaceValues(entry, operation, measured.values, row.measured)) return false;
  if (!measured.curves.empty()) row.details = std::make_shared<EventDetails>(EventDetails{measured.curves, "", "", 0, 0, 0});
  Record(entry, std::move(row));
  return true;
}

bool EventDecision::ApplyAborted(UnitEntry& entry) {
  int16_t operation = 0;
  if (JudgeRoute(entry, operation) == nullptr || !JudgeRunning(entry, operation)) return false;
  EventRow row = RowFor(entry, operation);
  row.details = std::make_shared<EventDetails>(EventDetails{{}, std::get<Aborted>(event_.what).reason, "", 0, 0, 0});
  CountRow(entry, row);
  Record(entry, std::move(row));
  return true;
}

bool EventDecision::RunCondition() {
  const auto settled = Settle(std::get<ConditionReport>(event_.what), event_.occur_time);
  if (!settled) {
    const Error& error = settled.error();
    const auto field = error.metadata.find("field");
    Refuse(error.reason, "", error.message, {{"field", field == error.metadata.end() ? "condition" : field->second, ""}});
    return false;
  }
  const bool personal = RuleOf(settled->kind).personal;
  StationCondition condition{personal ? 0 : station_.id, *settled, event_.occur_time, station_.id, epoch_, event_.sequence};
  auto& known = world_.conditions[{condition.station_id, settled->person, settled->kind}];
  const auto place =
      std::find_if(known.begin(), known.end(), [&](const StationCondition& c) { return c.occur_time <= condition.occur_time; });
  const auto good = std::find_if(place, known.end(), [](const StationCondition& c) { return c.report.in_order; });
  JudgeGolden(condition, good == known.end() ? nullptr : &*good);
  known.insert(place, condition);
  world_.effects.conditions.push_back(std::move(condition));
  EventRow row;  // about no unit; a resend is known by it
  row.occur_time = event_.occur_time;
  row.record_time = world_.now;
  row.sequence = event_.sequence;
  row.digest = event_.digest;
  row.station_id = station_.id;
  row.epoch = epoch_;
  row.kind = EventKind::kCondition;
  row.operator_id = event_.operator_id;
  world_.effects.rows.push_back(std::move(row));
  return true;
}

bool EventDecision::Run() {
  if (event_.malformed) {
    const auto field = event_.malformed->metadata.find("field");
    Refuse(event_.malformed->reason, "", event_.malformed->message,
           {{"field", field == event_.malformed->metadata.end() ? "event" : field->second, ""}});
    return false;
  }
  if (!JudgeTime()) return false;
  switch (event_.Kind()) {
    case EventKind::kArrived:
      return OnSubjects(&EventDecision::ApplyArrived);
    case EventKind::kStarted:
      return RunStarted();
    case EventKind::kCompleted:
      return RunCompleted();
    case EventKind::kMeasured:
      return OnSubjects(&EventDecision::ApplyMeasured);
    case EventKind::kConsumed:
      return OnSubjects(&EventDecision::ApplyConsumed);
    case EventKind::kInstalled:
      return OnSubjects(&EventDecision::ApplyInstalled);
    case EventKind::kRemoved:
      return OnSubjects(&EventDecision::ApplyRemoved);
    case EventKind::kScrapped:
      return OnSubjects(&EventDecision::ApplyScrapped);
    case EventKind::kReversed:
      return OnSubjects(&EventDecision::ApplyReversed);
    case EventKind::kAborted:
      return OnSubjects(&EventDecision::ApplyAborted);
    case EventKind::kCondition:
      return RunCondition();
    case EventKind::kCarrierLoaded:
      return RunCarrierLoaded();
    case EventKind::kCarrierUnloaded:
      return RunCarrierUnloaded();
    case EventKind::kDisposed:
    case EventKind::kReturned:
      return false;  // comes from no station
  }
  return false;
}

namespace {

// By the cursor: nothing when the event is the next one.
std::optional<EventVerdict> JudgeSequence(const World& world, const Cursor& cursor, const EventKey& key,
                                          const StationEvent& event) {
  EventVerdict verdict;
  verdict.sequence = event.sequence;
  if (key.epoch > cursor.epoch) {
    if (key.sequence == 1) return std::nullopt;
    verdict.outcome = EventOutcome::kOutOfSequence;
    verdict.expected_sequence = 1;
    return verdict;
  }
  if (key.epoch == cursor.epoch && key.sequence == cursor.last_sequence + 1) return std::nullopt;
  if (key.epoch == cursor.epoch && key.sequence > cursor.last_sequence) {
    verdict.outcome = EventOutcome::kOutOfSequence;
    verdict.expected_sequence = cursor.last_sequence + 1;
    return verdict;
  }
  const auto earlier = world.earlier.find(key);
  if (earlier == world.earlier.end() || earlier->second.digest != event.digest) {
    verdict.outcome = EventOutcome::kRejected;
    verdict.refusals.push_back({Reason::kSequenceReused,
                                "the number was used already for other content",
                                {{"event", std::to_string(key.epoch) + "/" + std::to_string(key.sequence), "content differs"}},
                                ""});
    return verdict;
  }
  verdict.outcome = EventOutcome::kDuplicate;
  verdict.original_outcome = earlier->second.outcome;
  if (earlier->second.outcome == EventOutcome::kRejected) verdict.refusals = earlier->second.refusals;
  return verdict;
}

}  // namespace

EventVerdict Decide(World& world, const Station& station, int32_t epoch, const StationEvent& event) {
  Cursor& cursor = world.cursors[station.id];
  const EventKey key{station.id, epoch, event.sequence};
  if (auto verdict = JudgeSequence(world, cursor, key, event)) return *verdict;
  EventDecision decision(world, station, epoch, event);
  const bool recorded = decision.Run();
  EventVerdict& verdict = decision.verdict();
  verdict.sequence = event.sequence;
  verdict.outcome = recorded ? EventOutcome::kRecorded : EventOutcome::kRejected;
  cursor.epoch = epoch;
  cursor.last_sequence = event.sequence;
  cursor.changed = true;
  ++(recorded ? cursor.recorded : cursor.rejected);
  // Each event of a commit has a record time of its own: it is the order in which they were applied.
  world.now += Duration(1);
  if (verdict.refusals.size() > static_cast<size_t>(kMaxRefusalsPerAnswer)) verdict.refusals.resize(kMaxRefusalsPerAnswer);
  if (!recorded && event.Kind() == EventKind::kStarted && !event.unit_code.empty()) {
    world.refused_starts.insert({station.id, event.unit_code});
  }
  if (!recorded) {
    world.effects.refused.push_back({key, event.occur_time, event.digest, event.Kind(),
                                     event.unit_code.empty() ? event.carrier_code : event.unit_code, verdict.refusals,
                                     event.content});
  }
  world.earlier[key] = {event.digest, verdict.outcome, recorded ? std::vector<Refusal>() : verdict.refusals};
  return std::move(verdict);
}

}  // namespace mes::domain
