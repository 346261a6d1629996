// One event's decision: what the kinds of events share. Internal to domain/station_event*.cc.
#pragma once

#include <string>
#include <vector>

#include "domain/gate.h"
#include "domain/station_event.h"
#include "domain/world.h"

namespace mes::domain {

class EventDecision {
 public:
  EventDecision(World& world, const Station& station, int32_t epoch, const StationEvent& event)
      : world_(world), station_(station), epoch_(epoch), event_(event) {}

  // Judges and applies. True = recorded (for carriers: for at least one unit).
  bool Run();
  EventVerdict& verdict() { return verdict_; }

 private:
  struct Result {
    Judgement judgement = Judgement::kNone;
    std::string_view failure_code;
    const std::vector<MeasuredValues>* values = nullptr;
    std::string_view grade;
  };

  // station_event.cc
  bool JudgeTime();
  bool OnSubjects(bool (EventDecision::*apply)(UnitEntry&));
  bool ApplyArrived(UnitEntry& entry);
  bool RunStarted();
  bool ApplyStarted(UnitEntry& entry);
  bool StartUnit(UnitEntry* entry);
  UnitEntry& CreateUnit(const StartDecision& decision);
  bool ApplyMeasured(UnitEntry& entry);
  bool ApplyAborted(UnitEntry& entry);
  bool RunCondition();

  // station_event_completed.cc
  bool RunCompleted();
  bool ApplyCompleted(UnitEntry& entry);
  bool Complete(UnitEntry& entry, const Result& result);
  bool JudgeRunBeforeCompletion(UnitEntry& entry, const Operation& operation, EventRow& row);
  bool JudgeGoodQuantity(const UnitEntry& entry, EventRow& row);
  void BookCompletion(UnitEntry& entry, const EventRow& row);
  void TakeCode(UnitEntry& entry, const std::string& code);

  // station_event_code.cc
  void JudgeNewCode(const UnitEntry& entry, const Operation& operation, int16_t index, bool pass);
  void JudgeIssuedCode(const Unit& unit, const std::string& code);
  void JudgeFinish(const UnitEntry& entry, const ProductRevision& revision, const Operation& operation, int16_t index);

  // station_event_items.cc
  bool ApplyConsumed(UnitEntry& entry);
  bool ApplyInstalled(UnitEntry& entry);
  int32_t FreeSlot(const UnitEntry& parent, const BomLine& line, int32_t asked);
  bool ApplyRemoved(UnitEntry& entry);
  bool ApplyScrapped(UnitEntry& entry);
  bool RunCarrierLoaded();
  bool RunCarrierUnloaded();

  // station_event_reversed.cc
  bool ApplyReversed(UnitEntry& entry);
  const EventRow* JudgeReversal(const UnitEntry& entry, const std::vector<EventRow>& history);
  void UndoItem(UnitEntry& entry, const EventRow& original);

  // process_rule_event.cc
  void JudgeProcess(const UnitEntry& entry, const ProductRevision& revision, const Operation& operation, const EventRow& row);
  void JudgeFirstRun(const ProcessRule& rule, const UnitEntry& entry, const Operation& operation, const EventRow& row,
                     const RunRing& ring, size_t place);
  void JudgeLots(const UnitEntry& entry, const ProductRevision& revision, const Operation& operation);
  void JudgeScrap(const UnitEntry& entry, const EventRow& row);
  void JudgeGolden(const StationCondition& condition, const StationCondition* before);
  void Raise(const ProcessRule& rule, ProcessAlarm alarm, std::optional<HoldDraft> hold);
  // station_event_yield.cc
  // Moves the counters by a row that is about to be recorded.
  void CountRow(const UnitEntry& entry, const EventRow& row) { domain::CountRow(world_, entry, row); }
  // Keeps a recorded row for what the batch may count later.
  void Remember(const UnitEntry& entry, const EventRow& row);
  // After a reversal: the difference between the history with and without the event.
  void Restate(const UnitEntry& entry, const ProductRevision& revision, const std::vector<EventRow>& history, const EventRow& reversed);

  // Shared.
  void Refuse(Reason reason, std::string_view unit_code, std::string sentence, std::vector<Evidence> evidence);
  // The unit must run `operation` here; adds UNIT_NOT_RUNNING otherwise.
  bool JudgeRunning(const UnitEntry& entry, int16_t operation);
  // The route and the operation of a known unit; adds the refusal otherwise.
  const ProductRevision* JudgeRoute(const UnitEntry& entry, int16_t& operation);
  // Places values by the operation's characteristics; adds CHARACTERISTIC_UNKNOWN, REPLICATE_COUNT, VALUE_INVALID.
  bool PlaceValues(const UnitEntry& entry, const Operation& operation, const std::vector<MeasuredValues>& values,
                   std::vector<double>& placed);
  // Takes a component out of its parent: ends its edge, frees its position.
  void TakeOut(UnitEntry& component, Time time);
  // A row of this event about this unit.
  EventRow RowFor(const UnitEntry& entry, int16_t operation) const;
  // Advances the unit by the row and keeps the row.
  void Record(UnitEntry& entry, EventRow row);
  OrderState* OrderOf(const UnitEntry& entry);
  // The counters of this station's line on the plant day of a time, for what is made or built in.
  OutputCounts& OutputOf(int32_t material_id, Time time) {
    return world_.effects.outputs[{material_id, PlantDay(time), station_.line_id}];
  }
  // Something was built in or used up (negative: came back), made here or bought.
  void CountPart(int32_t material_id, Time time, int64_t micro);
  EventKey Key() const { return {station_.id, epoch_, event_.sequence}; }
  // How much of the order one item is.
  static int64_t QuantityOf(const UnitEntry& entry) { return entry.lot ? entry.lot->left_micro : kMicro; }

  World& world_;
  const Station& station_;
  const int32_t epoch_;
  const StationEvent& event_;
  EventVerdict verdict_;
  int16_t carrier_flag_ = 0;
  int32_t carrier_id_ = 0;
};

}  // namespace mes::domain
