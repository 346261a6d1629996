// Whatever stations report, in whatever order: a unit is finished only with every mandatory operation passed after the last
// rework that returned before it; its state is the fold of its events; its order's books balance.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "domain/limits.h"
#include "tests/support/shop_floor.h"

namespace mes::tests {
namespace {

using domain::EventKind;
using domain::EventRow;
using domain::Judgement;

// An action: which operation, what, whether it passes.
struct Action {
  int16_t operation;
  int kind;
  bool pass;
};

void Do(ShopFloor& floor, const std::string& product, const std::string& unit, const Action& action) {
  floor.Wait(std::chrono::seconds(40));
  const auto start = floor.StartOf(product, action.operation, floor.world().FindUnit(unit) == nullptr ? "ORD-" + product : "");
  switch (action.kind) {
    case 0:
    case 1:
    case 2:
      floor.Say(product, action.operation, unit, start);
      floor.Say(product, action.operation, unit,
                action.pass ? floor.PassOf(product, action.operation) : floor.FailOf(product, action.operation));
      break;
    case 3:
      floor.Say(product, action.operation, unit, start);
      break;
    case 4:
      floor.Say(product, action.operation, unit,
                action.pass ? floor.PassOf(product, action.operation) : floor.FailOf(product, action.operation));
      break;
    case 5:
      floor.Say(product, action.operation, unit, domain::Aborted{"stop"});
      break;
    case 6:
      floor.Wait(std::chrono::hours(1));
      break;
    case 7:
      if (!action.pass) floor.Say(product, action.operation, unit, domain::Scrapped{"BAD", 0});
      break;
    default:
      floor.Say(product, action.operation, unit, domain::Reversed{1, action.kind - 7, "mistake", "li"});
      break;
  }
}

std::vector<EventRow> HistoryOf(const domain::World& world, int64_t id) {
  std::vector<EventRow> history;
  for (const EventRow& row : world.effects.rows) {
    if (row.unit_id == id) history.push_back(row);
  }
  return history;
}

void CheckFinished(const domain::ProductRevision& revision, const std::vector<EventRow>& history) {
  for (size_t index = 0; index < revision.operations.size(); ++index) {
    const domain::Operation& operation = revision.operations[index];
    if (!operation.mandatory) continue;
    bool passed = false;
    for (const EventRow& row : history) {
      if ((row.flags & domain::kFlagReversed) != 0) continue;
      if (row.return_to != 0 && row.return_to <= operation.number) passed = false;
      const bool stands_in =
          row.operation != 0 && row.kind == EventKind::kCompleted &&
          (row.operation == operation.number ||
           revision.operations[static_cast<size_t>(revision.OperationIndex(row.operation))].alternate_of == operation.number);
      if (stands_in && row.judgement == Judgement::kPass) passed = true;
    }
    RC_ASSERT(passed);
  }
}

void CheckAnyHistory(const std::string& product, const std::vector<int16_t>& operations) {
  ShopFloor floor([&] {
    PlantBuilder builder;
    if (product == "PACK") {
      builder.operation("PACK", 50).interlocks.pop_back();  // components are another test's matter
      builder.operation("PACK", 50).new_identity = domain::NewIdentity::kNone;
    }
    return builder;
  }());
  const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, bool>>>(
      rc::gen::tuple(rc::gen::inRange(0, static_cast<int>(operations.size()) * 3), rc::gen::inRange(0, 14),
                     rc::gen::weightedElement<bool>({{4, true}, {1, false}})));
  const domain::ProductRevision& revision = *floor.plant().NewestRevision(floor.plant().FindMaterial(product)->id);
  for (const auto& [pick, kind, pass] : steps) {
    // Two times in three what the route wants next, so that units get far; else anything.
    const domain::UnitEntry* entry = floor.world().FindUnit("U1");
    int16_t operation = operations[static_cast<size_t>(pick) % operations.size()];
    if (static_cast<size_t>(pick) >= operations.size()) {
      const int16_t next = entry == nullptr ? operations.front() : domain::NextOperation(revision, entry->unit.passed);
      if (next != 0) operation = next;
    }
    Do(floor, product, "U1", {operation, kind, pass});
  }
  const domain::UnitEntry* entry = floor.world().FindUnit("U1");
  if (entry == nullptr) return;
  const std::vector<EventRow> history = HistoryOf(floor.world(), entry->unit.id);
  RC_ASSERT(domain::Refold(entry->unit, revision, history) == entry->unit);
  const domain::OrderState& order = floor.order("ORD-" + product);
  const bool finished = entry->unit.status == domain::UnitStatus::kFinished;
  const bool scrapped = entry->unit.status == domain::UnitStatus::kScrapped;
  RC_ASSERT(order.started_micro == domain::kMicro);
  RC_ASSERT(order.good_micro == (finished ? domain::kMicro : 0));
  RC_ASSERT(order.scrapped_micro == (scrapped ? domain::kMicro : 0));
  RC_CLASSIFY(finished, "finished");
  if (finished) CheckFinished(revision, history);
  for (const domain::RunCounter& counter : entry->unit.counters) {
    if (counter.index >= domain::kWindowCounter) {
      RC_ASSERT(counter.reworks <= revision.windows[static_cast<size_t>(counter.index - domain::kWindowCounter)].repeat_max);
    } else {
      RC_ASSERT(counter.retests <= revision.operations[static_cast<size_t>(counter.index)].max_retests);
      RC_ASSERT(counter.reworks <= revision.operations[static_cast<size_t>(counter.index)].max_reworks);
    }
  }
  // Yields: at most one first run per operation; passes never above runs.
  std::map<int16_t, int64_t> first_runs;
  for (const auto& [key, counts] : floor.world().effects.yields) {
    first_runs[key.operation] += counts.first_runs;
    RC_ASSERT(counts.first_passes <= counts.first_runs);
    RC_ASSERT(counts.first_runs <= counts.runs);
  }
  for (const auto& [operation, count] : first_runs) RC_ASSERT(count <= 1);
}

RC_GTEST_PROP(Routing, FinishesNoPackWithoutEveryMandatoryOperation, ()) { CheckAnyHistory("PACK", {10, 20, 30, 40, 45, 50}); }
RC_GTEST_PROP(Routing, FinishesNoCellWithoutEveryMandatoryOperation, ()) { CheckAnyHistory("CELL", {10, 20, 30, 35}); }

}  // namespace
}  // namespace mes::tests
