#include "domain/work_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include <map>

#include "domain/dispatch.h"
#include "domain/limits.h"
#include "domain/quantity.h"
#include "tests/support/plant_builder.h"

namespace mes::domain {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::PlantBuilder;

const Time kNow = FromMicros(1'790'000'000'000'000);

constexpr auto kStates = std::to_array<WorkOrderState>(
    {WorkOrderState::kCreated, WorkOrderState::kReleased, WorkOrderState::kStarted, WorkOrderState::kOnHold,
     WorkOrderState::kCompleted, WorkOrderState::kClosed, WorkOrderState::kCancelled});
constexpr auto kActions = std::to_array<WorkOrderAction>(
    {WorkOrderAction::kRelease, WorkOrderAction::kStart, WorkOrderAction::kHold, WorkOrderAction::kResume,
     WorkOrderAction::kComplete, WorkOrderAction::kClose, WorkOrderAction::kCancel});

WorkOrder OrderIn(WorkOrderState state) {
  WorkOrder order;
  order.code = "WO-1";
  order.material_id = 1;
  order.state = state;
  order.ordered_micro = 10 * kMicro;
  order.resume_state = state == WorkOrderState::kOnHold ? std::optional(WorkOrderState::kStarted) : std::nullopt;
  if (state != WorkOrderState::kCreated) order.revision_id = 7;
  return order;
}

ProductRevision NewestRevision() {
  ProductRevision revision;
  revision.id = 9;
  return revision;
}

Result<WorkOrder> Move(const WorkOrder& order, WorkOrderAction action, const std::string& reason = "because") {
  const ProductRevision newest = NewestRevision();
  return Transition(order, {action, reason, "li"}, &newest);
}

// The table once more, by hand: rows are states, columns actions; `-` is refused.
//                                    release start    hold     resume  complete close   cancel
constexpr const char* kExpected[7][7] = {
    {"released", "-", "-", "-", "-", "-", "cancelled"},       // created
    {"-", "started", "on hold", "-", "-", "-", "cancelled"},  // released
    {"-", "-", "on hold", "-", "completed", "-", "-"},        // started
    {"-", "-", "-", "started", "-", "-", "cancelled"},        // on hold, from started
    {"-", "-", "-", "-", "-", "closed", "-"},                 // completed
    {"-", "-", "-", "-", "-", "-", "-"},                      // closed
    {"-", "-", "-", "-", "-", "-", "-"},                      // cancelled
};

TEST(WorkOrderTransition, EveryStateAndActionGoesWhereTheTableSaysOrIsRefused) {
  for (size_t s = 0; s < kStates.size(); ++s) {
    for (size_t a = 0; a < kActions.size(); ++a) {
      SCOPED_TRACE(std::string(NameOf(kStates[s])) + " " + std::string(NameOf(kActions[a])));
      const Result<WorkOrder> moved = Move(OrderIn(kStates[s]), kActions[a]);
      if (std::string_view(kExpected[s][a]) == "-") {
        ASSERT_FALSE(moved);
        EXPECT_EQ(moved.error().reason, Reason::kWorkOrderTransition);
        EXPECT_EQ(moved.error().metadata.at("state"), NameOf(kStates[s]));
        EXPECT_EQ(moved.error().metadata.at("action"), NameOf(kActions[a]));
      } else {
        ASSERT_TRUE(moved) << moved.error().message;
        EXPECT_EQ(NameOf(moved->state), kExpected[s][a]);
      }
    }
  }
}

TEST(WorkOrderTransition, ReleasePinsTheNewestRevisionOnce) {
  const Result<WorkOrder> released = Move(OrderIn(WorkOrderState::kCreated), WorkOrderAction::kRelease);
  ASSERT_TRUE(released);
  EXPECT_EQ(released->revision_id, 9);
  EXPECT_EQ(Move(OrderIn(WorkOrderState::kReleased), WorkOrderAction::kStart)->revision_id, 7);
}

TEST(WorkOrderTransition, ReleaseOfAProductWithoutARevisionIsRefused) {
  const Result<WorkOrder> released = Transition(OrderIn(WorkOrderState::kCreated), {WorkOrderAction::kRelease, "", ""}, nullptr);
  ASSERT_FALSE(released);
  EXPECT_EQ(released.error().reason, Reason::kRevisionUnknown);
}

TEST(WorkOrderTransition, ResumeGoesBackToWhereTheHoldBegan) {
  for (const WorkOrderState from : {WorkOrderState::kReleased, WorkOrderState::kStarted}) {
    const Result<WorkOrder> held = Move(OrderIn(from), WorkOrderAction::kHold, "leak");
    ASSERT_TRUE(held);
    EXPECT_EQ(held->resume_state, from);
    EXPECT_EQ(held->state_reason, "leak");
    const Result<WorkOrder> resumed = Move(*held, WorkOrderAction::kResume, "");
    ASSERT_TRUE(resumed);
    EXPECT_EQ(resumed->state, from);
    EXPECT_EQ(resumed->resume_state, std::nullopt);
    EXPECT_EQ(resumed->state_reason, "");
  }
}

TEST(WorkOrderTransition, NothingOpenMayBeLeftBehind) {
  WorkOrder order = OrderIn(WorkOrderState::kStarted);
  order.started_micro = 10 * kMicro;
  order.good_micro = 8 * kMicro;
  order.scrapped_micro = 1 * kMicro;
  for (const auto& [state, action] : {std::pair(WorkOrderState::kStarted, WorkOrderAction::kComplete),
                                      std::pair(WorkOrderState::kOnHold, WorkOrderAction::kCancel)}) {
    order.state = state;
    const Result<WorkOrder> moved = Move(order, action);
    ASSERT_FALSE(moved);
    EXPECT_EQ(moved.error().reason, Reason::kWorkOrderOpenUnits);
    EXPECT_EQ(moved.error().metadata.at("open"), "1");
  }
  order.state = WorkOrderState::kStarted;
  order.good_micro = 9 * kMicro;
  EXPECT_TRUE(Move(order, WorkOrderAction::kComplete));
}

TEST(WorkOrderTransition, HoldCancelAndCompletingShortNeedAReason) {
  const auto refused = [](const WorkOrder& order, WorkOrderAction action) {
    const Result<WorkOrder> moved = Move(order, action, "");
    return !moved && moved.error().reason == Reason::kFieldRequired && moved.error().metadata.at("field") == "reason";
  };
  EXPECT_TRUE(refused(OrderIn(WorkOrderState::kReleased), WorkOrderAction::kHold));
  EXPECT_TRUE(refused(OrderIn(WorkOrderState::kCreated), WorkOrderAction::kCancel));
  WorkOrder order = OrderIn(WorkOrderState::kStarted);
  order.started_micro = order.good_micro = 9 * kMicro;
  EXPECT_TRUE(refused(order, WorkOrderAction::kComplete));
  order.started_micro = order.good_micro = 10 * kMicro;
  EXPECT_TRUE(Move(order, WorkOrderAction::kComplete, ""));
}

TEST(WorkOrderCreation, AnOrderIsCheckedFieldByField) {
  const PlantBuilder builder;
  const auto plant = builder.Build();
  const Material& pack = *plant->FindMaterial("PACK");
  const auto problem = [&](WorkOrderDraft draft, const Material& material) {
    const Result<WorkOrder> order = CreateWorkOrder(draft, material, nullptr, kNow);
    return order ? std::string("OK") : std::string(NameOf(order.error().reason)) + " " + order.error().metadata.at("field");
  };
  EXPECT_EQ(problem({"WO 1", kMicro, 0, {}}, pack), "CODE_INVALID work_order_code");
  EXPECT_EQ(problem({"", kMicro, 0, {}}, pack), "FIELD_REQUIRED work_order_code");
  EXPECT_EQ(problem({"WO-1", 0, 0, {}}, pack), "QUANTITY_INVALID quantity.value");
  EXPECT_EQ(problem({"WO-1", kMicro / 2, 0, {}}, pack), "QUANTITY_INVALID quantity.value");
  EXPECT_EQ(problem({"WO-1", kMicro, 1'001, {}}, pack), "LIMIT_EXCEEDED priority");
  EXPECT_EQ(problem({"WO-1", kMicro, -1, {}}, pack), "LIMIT_EXCEEDED priority");
  EXPECT_EQ(problem({"WO-1", kMicro, 0, {}}, *plant->FindMaterial("HSG")), "PRODUCT_UNKNOWN product_code");
  EXPECT_EQ(problem({"WO-1", kMicro / 2, 1'000, {}}, *plant->FindMaterial("INK")), "OK") << "what is metered need not be whole";
}

TEST(WorkOrderQuantities, ScrapMayBeStartedAgain) {
  WorkOrder order = OrderIn(WorkOrderState::kStarted);
  EXPECT_EQ(order.LeftToStartMicro(), 10 * kMicro);
  order.started_micro = 10 * kMicro;
  order.scrapped_micro = 2 * kMicro;
  EXPECT_EQ(order.OpenMicro(), 8 * kMicro);
  EXPECT_EQ(order.LeftToStartMicro(), 2 * kMicro);
}

// Any way of starting, finishing and scrapping within the rules keeps the books balanced.
RC_GTEST_PROP(WorkOrderQuantities, BooksBalanceWhateverHappens, ()) {
  WorkOrder order = OrderIn(WorkOrderState::kStarted);
  order.ordered_micro = *rc::gen::inRange<int64_t>(1, 50) * kMicro;
  for (const int step : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 3))) {
    if (step == 0 && order.LeftToStartMicro() >= kMicro) order.started_micro += kMicro;
    if (step == 1 && order.OpenMicro() > 0) order.good_micro += kMicro;
    if (step == 2 && order.OpenMicro() > 0) order.scrapped_micro += kMicro;
    RC_ASSERT(order.OpenMicro() >= 0);
    RC_ASSERT(order.LeftToStartMicro() >= 0);
    RC_ASSERT(order.good_micro + order.OpenMicro() + order.LeftToStartMicro() == order.ordered_micro);
  }
}

// A plant of serial products in layers; each takes some of products of deeper layers.
PlantBuilder LayeredPlant(const std::map<std::pair<std::string, std::string>, int>& takes,
                          const std::vector<std::string>& products) {
  PlantBuilder builder;
  for (const std::string& product : products) {
    builder.AddProduct(product, "pc", Tracking::kSerial);
    builder.AddOperation(product, 10, "MAKE-" + product);
  }
  for (const auto& [edge, quantity] : takes) builder.AddConsumption(edge.first, 10, edge.second, std::to_string(quantity));
  return builder;
}

WorkOrder OrderOf(const Plant& plant, std::string_view product, int64_t quantity) {
  WorkOrder order;
  order.code = "WO-1";
  order.material_id = plant.FindMaterial(product)->id;
  order.ordered_micro = quantity * kMicro;
  order.priority = 5;
  order.due_time = kNow;
  return order;
}

std::vector<std::string> Lines(const std::vector<WorkOrder>& orders) {
  std::vector<std::string> lines;
  for (const WorkOrder& order : orders)
    lines.push_back(order.code + " " + FormatQuantity(order.ordered_micro) + " for " + order.parent_code);
  return lines;
}

TEST(WorkOrderExplosion, ATruckNeedsItsSystemsBoxesModulesAndCells) {
  const auto plant =
      LayeredPlant({{{"TRUCK", "SYSTEM"}, 1}, {{"SYSTEM", "BOX"}, 6}, {{"BOX", "MODULE"}, 4}, {{"MODULE", "CELL9"}, 24}},
                   {"TRUCK", "SYSTEM", "BOX", "MODULE", "CELL9"})
          .Build();
  EXPECT_THAT(Lines(*Explode(*plant, OrderOf(*plant, "TRUCK", 10), kNow)),
              ElementsAre("WO-1/SYSTEM 10 for WO-1", "WO-1/BOX 60 for WO-1/SYSTEM", "WO-1/MODULE 240 for WO-1/BOX",
                          "WO-1/CELL9 5760 for WO-1/MODULE"));
}

TEST(WorkOrderExplosion, WhatIsReachedBySeveralWaysIsSummedOnceAndServesTheTop) {
  const auto plant =
      LayeredPlant({{{"TRUCK", "BOX"}, 2}, {{"TRUCK", "CELL9"}, 3}, {{"BOX", "CELL9"}, 10}}, {"TRUCK", "BOX", "CELL9"}).Build();
  EXPECT_THAT(Lines(*Explode(*plant, OrderOf(*plant, "TRUCK", 1), kNow)),
              ElementsAre("WO-1/BOX 2 for WO-1", "WO-1/CELL9 23 for WO-1"));
}

TEST(WorkOrderExplosion, BoughtMaterialAndProductsWithoutComponentsNeedNoOrder) {
  const auto plant = PlantBuilder().Build();
  EXPECT_THAT(*Explode(*plant, OrderOf(*plant, "CELL", 5), kNow), IsEmpty());
  const Result<std::vector<WorkOrder>> children = Explode(*plant, OrderOf(*plant, "PACK", 5), kNow);
  ASSERT_THAT(Lines(*children), ElementsAre("WO-1/CELL 10 for WO-1"));
  EXPECT_EQ(children->front().priority, 5);
  EXPECT_EQ(children->front().due_time, kNow);
  EXPECT_EQ(children->front().create_time, kNow);
  EXPECT_EQ(children->front().state, WorkOrderState::kCreated);
}

TEST(WorkOrderExplosion, ACodeThatWouldGrowTooLongIsRefusedAndNamed) {
  const auto plant = PlantBuilder().Build();
  WorkOrder top = OrderOf(*plant, "PACK", 5);
  top.code = std::string(59, 'W');
  EXPECT_TRUE(Explode(*plant, top, kNow)) << "64 characters are allowed";
  top.code += 'W';
  const auto children = Explode(*plant, top, kNow);
  ASSERT_FALSE(children);
  EXPECT_EQ(children.error().reason, Reason::kCodeInvalid);
  EXPECT_EQ(children.error().metadata.at("field"), "work_order_code");
  EXPECT_THAT(children.error().message, HasSubstr("/CELL"));
}

TEST(WorkOrderExplosion, ADemandBeyondTheBoundsIsRefused) {
  const auto plant = LayeredPlant({{{"TRUCK", "BOX"}, 4'000}, {{"BOX", "CELL9"}, 4'000}}, {"TRUCK", "BOX", "CELL9"}).Build();
  const auto children = Explode(*plant, OrderOf(*plant, "TRUCK", 1'000), kNow);
  ASSERT_FALSE(children);
  EXPECT_EQ(children.error().reason, Reason::kQuantityInvalid);
}

// Four layers with random edges: every product gets exactly one order, below everything that needs it, for exactly the sum that
// the orders above it call for.
RC_GTEST_PROP(WorkOrderExplosion, EveryDemandIsMetExactly, ()) {
  const std::vector<std::string> products = {"A", "B", "C", "D", "E"};
  std::map<std::pair<std::string, std::string>, int> takes;
  for (size_t i = 0; i < products.size(); ++i) {
    for (size_t j = i + 1; j < products.size(); ++j) {
      if (const int quantity = *rc::gen::inRange(0, 4); quantity > 0) takes[{products[i], products[j]}] = quantity;
    }
  }
  const auto plant = LayeredPlant(takes, products).Build();
  const int64_t ordered = *rc::gen::inRange<int64_t>(1, 100);
  const auto orders = Explode(*plant, OrderOf(*plant, "A", ordered), kNow);
  RC_ASSERT(orders.has_value());

  std::map<std::string, int64_t> made{{"A", ordered}};
  for (const WorkOrder& order : *orders) {
    const std::string product = plant->FindMaterial(order.material_id)->code;
    RC_ASSERT(!made.contains(product));
    made[product] = order.ordered_micro / kMicro;
    int64_t needed = 0;
    for (const auto& [edge, quantity] : takes) {
      if (edge.second == product && made.contains(edge.first)) needed += made[edge.first] * quantity;
    }
    RC_ASSERT(made[product] == needed);
  }
  for (const auto& [edge, quantity] : takes) RC_ASSERT(!made.contains(edge.first) || made.contains(edge.second));
}

WaitingUnits Waiting(uint64_t passed, int64_t quantity) { return {1, passed, quantity * kMicro}; }

std::vector<std::string> DispatchLines(const Plant& plant, const char* product, const WorkOrder& order, const char* station_class,
                                       const std::vector<WaitingUnits>& waiting) {
  std::vector<std::string> lines;
  for (const DispatchEntry& entry :
       DispatchOf(order, *plant.NewestRevision(plant.FindMaterial(product)->id), station_class, waiting)) {
    lines.push_back(entry.operation->code + " " + FormatQuantity(entry.waiting_micro));
  }
  return lines;
}

TEST(Dispatch, UnitsWaitAtTheirNextOperationAndTheRestAtTheFirst) {
  const auto plant = PlantBuilder().Build();
  WorkOrder order = OrderOf(*plant, "PACK", 10);
  order.started_micro = 6 * kMicro;
  const std::vector<WaitingUnits> waiting = {Waiting(0b000, 1), Waiting(0b001, 2), Waiting(0b011, 3)};
  EXPECT_THAT(DispatchLines(*plant, "PACK", order, "kit", waiting), ElementsAre("KIT 5"));
  EXPECT_THAT(DispatchLines(*plant, "PACK", order, "load", waiting), ElementsAre("LOAD 2"));
  EXPECT_THAT(DispatchLines(*plant, "PACK", order, "bolt", waiting), ElementsAre("BOLT 3"));
  EXPECT_THAT(DispatchLines(*plant, "PACK", order, "test", waiting), IsEmpty());
  EXPECT_THAT(DispatchLines(*plant, "PACK", order, "wash", waiting), IsEmpty()) << "nobody waits for an optional operation";
}

TEST(Dispatch, AnAlternateIsOfferedWhatWaitsForTheOperationItStandsInFor) {
  const auto plant = PlantBuilder().Build();
  WorkOrder order = OrderOf(*plant, "CELL", 4);
  order.started_micro = 4 * kMicro;
  const std::vector<WaitingUnits> waiting = {Waiting(0b011, 4)};
  EXPECT_THAT(DispatchLines(*plant, "CELL", order, "ocv", waiting), ElementsAre("OCV 4"));
  EXPECT_THAT(DispatchLines(*plant, "CELL", order, "ocvb", waiting), ElementsAre("OCVB 4"));
  EXPECT_THAT(ProductsOf(*plant, "ocvb"), ElementsAre(plant->FindMaterial("CELL")->id));
  EXPECT_THAT(ProductsOf(*plant, "nothing"), IsEmpty());
}

}  // namespace
}  // namespace mes::domain
