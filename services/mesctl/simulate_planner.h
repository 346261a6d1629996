// The machine that makes a Plan: a queue of moments, and what happens at each. Private to the simulator; see simulate_plan.h.
//
//   simulate_planner.cc  the clock, single runs, verdicts and what follows from them
//   simulate_batch.cc    runs in carriers
//   simulate_supply.cc   demand, components, lots, station conditions
//   simulate_first_runs  which first runs may fail
#pragma once

#include <deque>
#include <map>
#include <queue>
#include <unordered_map>
#include <utility>
#include <vector>

#include "services/mesctl/simulate_first_runs.h"
#include "services/mesctl/simulate_plan.h"
#include "services/mesctl/simulate_random.h"

namespace mes::mesctl::simulate {

class Planner {
 public:
  Planner(Model model, const Demand& demand);
  Plan Run();

 private:
  // One order's making of one product.
  struct Job {
    uint32_t item = 0;
    int32_t order = -1;
    int32_t supplement = -1;   // the order for what scrap further up asks for besides
    int64_t wanted = 0;        // still to be started under the order
    int64_t free_starts = 0;   // that need no scrapped one before
    std::deque<Ref> scrapped;  // each lets one more start
    int64_t more_wanted = 0;   // under the supplement
    int64_t spare = 0;         // good ones on top that nobody asked for yet
    int64_t postponed = 0;     // replacements that wait for the next campaign
    int64_t running = 0;       // units
    int64_t lots_running = 0;  // micro of their unit of measure
    int64_t sorted = 0;
    int64_t own_left = INT64_MAX;                  // own components that it may still take where bought ones do too (stacks)
    std::map<uint8_t, std::deque<uint32_t>> good;  // finished units by grade
    std::deque<uint32_t> lots;                     // finished lots with something left
    std::vector<int> users;                        // jobs that build it in
    std::map<int, int> supplies;                   // item -> job
  };
  // A lot or component that a run uses, and what must be acknowledged before.
  struct Use {
    uint32_t object = 0;
    bool lot = false;
    Ref ready;
  };
  struct Waiting {
    std::deque<std::pair<int64_t, uint32_t>> units;
    bool due_set = false;
  };
  enum class What : uint8_t { kTick, kReady, kStart, kFinish, kBatchDue, kBatchStart, kBatchFinish, kCampaign };
  struct Entry {
    int64_t time;
    uint64_t order;
    What what;
    uint32_t id;
    bool operator>(const Entry& other) const { return time != other.time ? time > other.time : order > other.order; }
  };

  // The clock.
  void At(int64_t time, What what, uint32_t id) { queue_.push({time, next_entry_++, what, id}); }
  void Handle(const Entry& entry);

  // Events.
  Ref Emit(int station, PlannedEvent event, const std::vector<Ref>& after);
  Ref EmitFor(uint32_t unit, int station, PlannedEvent event, std::vector<Ref> after = {});
  Ref EmitOnCarrier(uint32_t carrier, PlannedEvent event, const std::vector<Ref>& after = {});
  Ref Office(OfficeCall call);

  // Single runs.
  void Ready(uint32_t unit, int64_t time);
  void Start(uint32_t unit, int64_t time);
  std::vector<Use> Gather(uint32_t unit, int station, int64_t time);
  void Supply(uint32_t unit, int station, int64_t time, const std::vector<Use>& uses);
  void Disturb(uint32_t unit, int station, int64_t time);
  void Finish(uint32_t unit, int64_t time);
  void Fail(uint32_t unit, int station, int64_t time);
  void Pass(uint32_t unit, int64_t time);
  void Scrap(uint32_t unit, int station, int64_t time);
  void Finished(uint32_t unit, int64_t time);
  void Part(uint32_t mother, int64_t time);
  int ChooseStation(const Operation& operation, int64_t time) const;
  int64_t Duration(const Unit& unit, const Operation& operation) const;
  bool Exclusive(const Unit& unit, const Operation& operation) const;
  bool DrawFailure(uint32_t unit) const;
  Place PlaceOf(uint32_t item, uint8_t operation, int station) const {
    return {plan_.model.stations[static_cast<size_t>(station)].line, item, operation};
  }
  Tries& TriesAt(Unit& unit, int operation);

  // Windows.
  int64_t Earliest(const Unit& unit, int operation, Moment moment, int64_t time) const;
  bool TooLate(const Unit& unit, int operation, Moment moment, int64_t time) const;
  void StartClocks(Unit& unit, int operation, Moment moment, int64_t since);
  void EndClocks(Unit& unit, int operation, Moment moment);

  // Carriers.
  void Wait(uint32_t unit, int64_t time);
  void Form(uint32_t waiting, int64_t time, bool all);
  void BatchStart(uint32_t carrier, int64_t time);
  void BatchFinish(uint32_t carrier, int64_t time);
  // True: first runs were among them.
  bool JudgeCarrier(Carrier& carrier, int64_t time);

  // Demand and supply.
  void MakeJobs();
  void Tick(uint32_t item, int64_t time);
  bool Release(int job, int64_t time);
  bool ReleaseLot(Job& job, int64_t time);
  bool TakeSupplies(Job& job, Unit& unit, int64_t time);
  bool HasComponents(Job& job, const BomLine& line, uint8_t& grade) const;
  int64_t FindReel(Job& job, const BomLine& line, int64_t time);
  bool BoughtInstead(Job& job, const BomLine& line, int64_t time);
  void AskForMore(int job, int64_t units, int64_t time);
  void Poke(int job, int64_t time);
  void Shortage(Job& job, const BomLine& line, int supplier, int64_t time);
  int32_t Supplement(Job& job);
  uint32_t Bought(uint32_t item, int64_t time);
  uint32_t BoughtLot(int station, uint32_t item, int64_t need, int64_t time, bool alone);
  void Open(uint32_t lot, int64_t time);
  void EnsureConditions(int station, const Operation& operation, int64_t time);
  YieldCount& YieldOf(const Unit& unit);

  const Item& ItemOf(const Unit& unit) const { return plan_.model.items[unit.item]; }
  const Operation& OperationOf(const Unit& unit) const { return ItemOf(unit).operations[unit.operation]; }
  uint64_t Chance(const Unit& unit, Topic topic, uint64_t more = 0) const {
    return Draw(
        {plan_.demand.seed, ItemOf(unit).hash, unit.number, unit.operation, unit.runs, static_cast<uint64_t>(topic), more});
  }
  bool Faults() const { return plan_.demand.faults; }

  Plan plan_;
  std::vector<Job> jobs_;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
  uint64_t next_entry_ = 0;
  std::vector<int64_t> free_at_;                    // by station
  std::vector<std::map<int, int64_t>> good_until_;  // by station: condition kind -> expiry
  std::vector<Waiting> waiting_;                    // by item * kOperations + operation
  std::vector<int64_t> next_tick_;                  // by item
  std::vector<bool> tick_set_;
  std::vector<size_t> turn_;       // by item: which job is next
  std::vector<uint32_t> numbers_;  // by item: units and lots so far
  std::vector<uint32_t> lot_numbers_;
  std::map<uint32_t, std::deque<uint32_t>> stock_;          // bought units by item
  std::map<std::pair<int, uint32_t>, uint32_t> open_lots_;  // (station, item) -> lot
  std::vector<int64_t> bought_estimate_;                    // by item
  std::unordered_map<uint32_t, Ref> lot_of_unit_;
  uint64_t conditions_ = 0;
  FirstRuns first_runs_;
};

inline constexpr uint32_t kOperations = 64;

}  // namespace mes::mesctl::simulate
