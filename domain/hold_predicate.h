// Which unit a hold is on: the predicate held against what a unit is and against what its runs were. Pure; db/hold_search asks
// history the same questions set-wise, and a test holds both against each other.
//
// A unit matches a predicate that asks nothing of a run when it is what the predicate says. It matches one that asks for a run
// when a single row of its history (started, measured, completed, aborted, consumed, installed) answers every condition:
// conditions of two different runs do not add up. A thing (unit_ids, supplier) stands for itself and for the runs that used it. A
// run is in the window when it overlaps it; a value or a use when it was reported in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/hold.h"
#include "domain/product_definition.h"
#include "domain/world.h"

namespace mes::domain {

// A unit or lot, as far as a predicate can ask.
struct HoldSubject {
  int64_t unit_id = 0;
  int32_t material_id = 0;
  int32_t revision_id = 0;
  int32_t work_order_id = 0;
  std::string_view supplier;
  std::string_view supplier_lot;
};

// One row of a run.
struct HoldRun {
  HoldSubject unit;
  // What this row used (consumed, installed); null = nothing.
  const HoldSubject* used = nullptr;
  int32_t station_id = 0;
  int16_t operation = 0;
  // The run so far, and when this row was reported.
  Time began{};
  Time at{};
  const std::vector<std::string>* tools = nullptr;
  // By the operation's characteristics, each taking its replicates; NaN = not reported.
  const std::vector<double>* measured = nullptr;
};

// Of a predicate that asks for no run. Its unit_ids ascend.
bool Matches(const HoldPredicate& predicate, const HoldSubject& subject);
// Of a predicate that asks for one.
bool Matches(const Plant& plant, const HoldPredicate& predicate, const HoldRun& run);

// Puts what this row makes match onto the holds that stand: the unit, or what it took in where a hold covers its parts. Before
// the row is applied to the unit.
void CatchHolds(World& world, UnitEntry& entry, const EventRow& row);

// Adds NOT_BLOCKED for holds at this operation that concern the unit (or a unit that does not exist yet).
void JudgeHeldOperation(const World& world, const Unit& unit, const ProductRevision& revision, const Operation& operation,
                        int32_t work_order_id, std::string_view code, std::vector<Refusal>& refusals);

}  // namespace mes::domain
