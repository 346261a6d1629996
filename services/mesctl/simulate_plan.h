// What will happen: every event of every station, in order, with what each has to wait for. Made from the seed before the first
// event is sent, so that a run can be killed and picked up, and so that the server's books can be compared with known ones.
//
// The plan is a discrete-event simulation of the plant in event time: units walk their routes, wait for stations, carriers,
// components and time windows, fail with the planned yields and are retested, reworked or scrapped and replaced. Events are
// emitted in order of their time, and depend only on events emitted before them: sending each as soon as its dependencies are
// acknowledged never deadlocks.
//
// Nothing here sends, reads a clock or knows gRPC.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "services/mesctl/simulate_model.h"

namespace mes::mesctl::simulate {

struct Demand {
  uint32_t seed = 1;
  int cars = 20;
  int trucks = 10;
  int stacks = 40;
  // Fuel cell systems besides those of the trucks; -1 = as many as there are own stacks left for.
  int systems = -1;
  int64_t start = 0;
  bool faults = true;
};

// An acknowledged event or office call: number `sequence` of a script. Sequence 0 = nothing to wait for.
struct Ref {
  uint16_t script = 0;
  uint32_t sequence = 0;
};

enum class Kind : uint8_t {
  kArrived,
  kStarted,
  kCompleted,
  kMeasured,
  kConsumed,
  kInstalled,
  kScrapped,
  kAborted,
  kCondition,
  kLoaded,
  kUnloaded,
  kBadUnit,
  kBadOperation,
  kBadValue,
  kBadReplicates
};
inline constexpr int kKinds = 15;
// The reason that a deliberately bad event must be refused with; empty for good ones.
std::string ExpectedRefusal(Kind kind);

enum PlannedFlag : uint8_t {
  kFails = 1,          // the run's verdict
  kStationPasses = 2,  // the station says PASS although a value is outside its limits
  kByEye = 4,          // fails without a value outside limits
  kTwice = 8,          // sent a second time, to be answered as a duplicate
  kCreates = 16,       // the first start: names the order
  kOnCarrier = 32,     // subject is a carrier
  kLateReport = 64,    // reported after newer ones
  kSampled = 128,      // also the characteristics that are only sampled
};

// One event of a station's script. `subject`: unit or carrier; `object`: lot (consumed), component (installed), grade
// (completed), condition kind, order (first start).
struct PlannedEvent {
  int64_t time = 0;
  uint32_t subject = 0;
  uint32_t object = 0;
  uint32_t first_dependency = 0;
  uint16_t dependencies = 0;
  uint16_t run = 0;  // counts a unit's runs: draws of values are about it
  uint8_t operation = 0;
  uint8_t stage = 0;  // identities that the subject has had
  Kind kind = Kind::kArrived;
  uint8_t flags = 0;
};

enum class OfficeKind : uint8_t { kReceiveLot, kOpenLot, kSplitLot, kReceiveUnits };
// What people and gates do besides the stations: a call with its own place in the order of things.
struct OfficeCall {
  OfficeKind kind = OfficeKind::kReceiveLot;
  int64_t time = 0;
  uint32_t object = 0;  // lot; mother unit; -
  uint32_t first = 0;   // first of the units parted or received
  uint32_t count = 0;   // how many
  Ref after;
};

enum class Status : uint8_t { kInProcess, kFinished, kScrapped, kParted };

struct Clock {
  uint8_t window = 0;
  int64_t since = 0;
};
struct Tries {
  uint8_t operation = 0;
  uint8_t retests = 0;
  uint8_t reworks = 0;
};

struct Unit {
  uint32_t item = 0;
  uint32_t number = 0;  // within its item, from 1
  int32_t job = -1;     // -1 = bought
  int32_t order = -1;
  Ref last;
  uint16_t runs = 0;
  uint8_t operation = 0;
  uint8_t stage = 0;
  uint8_t grade = 0;
  Status status = Status::kInProcess;
  int16_t failed = -1;  // operation whose last run failed
  bool started = false;
  int32_t station = -1;  // chosen for the next run
  uint64_t attempted = 0;
  uint64_t supplied = 0;         // operations whose materials are in
  int64_t identity_time = 0;     // when its code was engraved
  int64_t quantity = 0;          // lots: good by now
  int64_t started_quantity = 0;  // lots: at the first start
  uint32_t mother = UINT32_MAX;
  std::vector<Clock> clocks;
  std::vector<Tries> tries;
  std::vector<uint32_t> reserved;  // made components, in the order of the BOM
  std::vector<uint32_t> reels;     // made lots, in the order of the BOM
  std::vector<uint32_t> inside;    // what was built in
};

struct Lot {
  uint32_t item = 0;
  uint32_t number = 0;
  uint32_t unit = UINT32_MAX;  // made here: its unit
  int64_t quantity = 0;
  int64_t left = 0;
  int64_t made = 0;
  int64_t opened = 0;
  Ref ready;
};

enum class Outcome : uint8_t { kPass, kFail, kMissing };
struct Carrier {
  struct Slot {
    uint32_t unit = 0;
    uint16_t run = 0;
    uint8_t stage = 0;
    Outcome outcome = Outcome::kPass;
    bool by_eye = false;
  };
  std::vector<Slot> slots;
  uint32_t item = 0;
  uint8_t operation = 0;
  int32_t station = -1;
};

struct Order {
  std::string code;
  uint32_t item = 0;
  int64_t ordered = 0;
  int32_t parent = -1;
  int32_t root = -1;     // itself for a root
  bool explode = false;  // a root that makes its children
  bool supplement = false;
  bool bought_instead = false;  // a child that is not made: cancelled
  int64_t started = 0;
  int64_t good = 0;
  int64_t scrapped = 0;
};

struct YieldCount {
  int64_t first_runs = 0;
  int64_t first_passes = 0;
  int64_t scrapped = 0;
};

struct Plan {
  Demand demand;
  Model model;
  std::string prefix;                              // `S1-`
  std::vector<std::vector<PlannedEvent>> scripts;  // by station; an event's sequence is its place + 1
  std::vector<OfficeCall> office;
  std::vector<Ref> dependencies;
  // Deques: what the planner refers to stays where it is.
  std::deque<Unit> units;
  std::deque<Lot> lots;
  std::deque<Carrier> carriers;
  std::deque<Order> orders;
  // By (root order, item, operation index).
  std::map<std::array<uint32_t, 3>, YieldCount> yields;
  // What a made lot measured when it used its materials at an operation: (unit, operation index).
  std::map<std::pair<uint32_t, uint8_t>, int64_t> consumed_for;
  std::array<int64_t, kKinds> events{};
  int64_t twice = 0;
  int64_t late = 0;
  int64_t finish = 0;
  int64_t total = 0;

  uint16_t OfficeScript() const { return static_cast<uint16_t>(scripts.size()); }
  // The code of a unit with so many identities behind it; as it is at the end without.
  std::string UnitCode(uint32_t unit, int stage) const;
  std::string UnitCode(uint32_t unit) const { return UnitCode(unit, units[unit].stage); }
  std::string LotCode(uint32_t lot) const;
  std::string CarrierCode(uint32_t carrier) const;
  std::string Operator(int station) const;
};

// The orders that the demand asks for: roots, and the children that the server makes of them.
std::deque<Order> PlanOrders(const Model& model, const Demand& demand, const std::string& prefix);

// How many systems take the own stacks that the trucks leave over.
int SystemsForOwnStacks(int stacks, int trucks);

// Throws std::runtime_error when the plant cannot meet the demand.
Plan MakePlan(Model model, const Demand& demand);

// 24 characters after GB/T 34014-2017: manufacturer, product and battery type, specification, the seed as traceability
// information, date of the instant in Asia/Shanghai, number within the run.
std::string Gbt34014(char product_type, int specification, uint32_t seed, int64_t time, uint32_t number);

}  // namespace mes::mesctl::simulate
