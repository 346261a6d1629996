#include "db/work_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/product_definition.h"
#include "domain/quantity.h"
#include "tests/support/cluster.h"
#include "tests/support/plant_builder.h"

namespace mes::db {
namespace {

using domain::kMicro;
using domain::WorkOrder;
using domain::WorkOrderAction;
using domain::WorkOrderState;
using testing::ElementsAre;
using testing::IsEmpty;

const domain::Time kNow = domain::FromMicros(1'790'000'000'123'456);

class WorkOrderTest : public testing::Test {
 protected:
  WorkOrderTest() {
    Run([](Transaction& transaction) { StorePlant(transaction, tests::PlantBuilder().draft(), kNow); });
    database_.pool().Read([&](Transaction& transaction) { plant_ = LoadPlant(transaction); });
  }

  template <typename Body>
  void Run(const Body& body) {
    database_.pool().Run([&](Transaction& transaction) {
      body(transaction);
      return true;
    });
  }

  WorkOrder Draft(std::string code, std::string_view product, std::string parent_code = "") {
    WorkOrder order;
    order.code = std::move(code);
    order.material_id = plant_->FindMaterial(product)->id;
    order.ordered_micro = 10 * kMicro;
    order.priority = 100;
    order.create_time = kNow;
    order.parent_code = std::move(parent_code);
    return order;
  }

  void Insert(std::vector<WorkOrder> orders) {
    Run([&](Transaction& transaction) { EXPECT_EQ(InsertWorkOrders(transaction, orders), std::nullopt); });
  }

  std::optional<WorkOrder> Load(std::string_view code) {
    std::optional<WorkOrder> order;
    Run([&](Transaction& transaction) { order = LoadWorkOrder(transaction, code); });
    return order;
  }

  // Released by SQL, for tests of what is read.
  void Release(const std::string& code) {
    database_.Query(
        "update work_order o set state = 2, revision_id = (select max(revision_id) from product_revision r where r.material_id = "
        "o.material_id) where code = '" +
        code + "'");
  }

  static std::vector<std::string> CodesOf(const std::vector<WorkOrder>& orders) {
    std::vector<std::string> codes;
    for (const WorkOrder& order : orders) codes.push_back(order.code);
    return codes;
  }

  tests::TestDatabase database_;
  std::shared_ptr<const domain::Plant> plant_;
};

TEST_F(WorkOrderTest, AnOrderComesBackWithEveryField) {
  Insert({Draft("TOP", "PACK")});
  WorkOrder order = Draft("WO-1", "CELL", "TOP");
  order.due_time = kNow + std::chrono::hours(1);
  order.parent_id = Load("TOP")->id;
  std::vector<WorkOrder> orders{order};
  Run([&](Transaction& transaction) { EXPECT_EQ(InsertWorkOrders(transaction, orders), std::nullopt); });
  EXPECT_GT(orders.front().id, 0);
  EXPECT_EQ(Load("WO-1"), orders.front());
  EXPECT_EQ(Load("WO-2"), std::nullopt);
}

TEST_F(WorkOrderTest, ABatchMayNameItsOwnParents) {
  Insert({Draft("A", "PACK"), Draft("A/B", "CELL", "A"), Draft("A/C", "INK", "A/B")});
  EXPECT_EQ(Load("A/C")->parent_code, "A/B");
  EXPECT_EQ(Load("A/B")->parent_id, Load("A")->id);
  EXPECT_EQ(Load("A")->parent_id, 0);
}

TEST_F(WorkOrderTest, ATakenCodeIsNamed) {
  Insert({Draft("A/B", "PACK")});
  database_.pool().Run([&](Transaction& transaction) {
    std::vector<WorkOrder> orders{Draft("A", "PACK"), Draft("A/B", "CELL", "A")};
    EXPECT_EQ(InsertWorkOrders(transaction, orders), "A/B");
    return false;
  });
  EXPECT_EQ(Load("A"), std::nullopt);
}

TEST_F(WorkOrderTest, AMoveIsStoredWithALineOfHistory) {
  Insert({Draft("A", "PACK"), Draft("A/B", "CELL", "A")});
  Run([&](Transaction& transaction) {
    std::vector<WorkOrderStep> steps;
    for (WorkOrder& order : LockWorkOrders(transaction, "A", true)) {
      order.state = WorkOrderState::kOnHold;
      order.resume_state = WorkOrderState::kReleased;
      order.revision_id = plant_->NewestRevision(order.material_id)->id;
      order.state_reason = "it's a \"test\"";
      steps.push_back({WorkOrderState::kCreated, order});
    }
    StoreWorkOrderSteps(transaction, steps, {WorkOrderAction::kHold, "it's a \"test\"", "li"}, kNow);
  });
  const WorkOrder child = *Load("A/B");
  EXPECT_EQ(child.state, WorkOrderState::kOnHold);
  EXPECT_EQ(child.resume_state, WorkOrderState::kReleased);
  EXPECT_EQ(child.state_reason, "it's a \"test\"");
  EXPECT_EQ(child.revision_id, plant_->NewestRevision(child.material_id)->id);
  EXPECT_THAT(
      database_.Query("select o.code, t.action, t.from_state, t.to_state, t.person, t.reason from work_order_transition t "
                      "join work_order o using (work_order_id) order by o.code"),
      ElementsAre(ElementsAre("A", "3", "1", "4", "li", "it's a \"test\""),
                  ElementsAre("A/B", "3", "1", "4", "li", "it's a \"test\"")));
}

TEST_F(WorkOrderTest, EverythingBelowAnOrderIsLockedWithItByRisingId) {
  Insert({Draft("A", "PACK"), Draft("A/B", "CELL", "A"), Draft("A/C", "INK", "A/B"), Draft("X", "PACK")});
  Run([&](Transaction& transaction) {
    EXPECT_THAT(CodesOf(LockWorkOrders(transaction, "A", true)), ElementsAre("A", "A/B", "A/C"));
    EXPECT_THAT(CodesOf(LockWorkOrders(transaction, "A/B", true)), ElementsAre("A/B", "A/C"));
    EXPECT_THAT(CodesOf(LockWorkOrders(transaction, "A", false)), ElementsAre("A"));
    EXPECT_THAT(CodesOf(LockWorkOrders(transaction, "NONE", true)), IsEmpty());
    EXPECT_EQ(database_.Value("select string_agg(code, ',') from (select code from work_order for update skip locked) o"), "X");
  });
}

TEST_F(WorkOrderTest, ListsAreKeysetsByCodeAndFilterByProductStateAndParent) {
  Insert({Draft("A", "PACK"), Draft("A/B", "CELL", "A"), Draft("A/C", "INK", "A"), Draft("B", "PACK")});
  Release("B");
  Run([&](Transaction& transaction) {
    const auto list = [&](const WorkOrderFilter& filter, std::string_view after, int limit) {
      return CodesOf(ListWorkOrders(transaction, filter, after, limit));
    };
    EXPECT_THAT(list({}, "", 2), ElementsAre("A", "A/B"));
    EXPECT_THAT(list({}, "A/B", 10), ElementsAre("A/C", "B"));
    EXPECT_THAT(list({.material_id = plant_->FindMaterial("PACK")->id}, "", 10), ElementsAre("A", "B"));
    EXPECT_THAT(list({.state = WorkOrderState::kReleased}, "", 10), ElementsAre("B"));
    EXPECT_THAT(list({.parent_id = LoadWorkOrder(transaction, "A")->id}, "", 10), ElementsAre("A/B", "A/C"));
  });
}

TEST_F(WorkOrderTest, OpenOrdersComeByPriorityThenDueDateThenCode) {
  std::vector<WorkOrder> orders{Draft("E", "PACK"), Draft("D", "PACK"), Draft("C", "PACK"), Draft("B", "PACK"),
                                Draft("A", "PACK"), Draft("Z", "CELL"), Draft("Y", "PACK")};
  orders[1].due_time = kNow;
  orders[2].due_time = kNow - std::chrono::hours(1);
  orders[3].priority = 5;
  Insert(orders);
  for (const char* code : {"A", "B", "C", "D", "E", "Z"}) Release(code);
  Run([&](Transaction& transaction) {
    const std::vector<int32_t> packs{plant_->FindMaterial("PACK")->id};
    EXPECT_THAT(CodesOf(ListOpenWorkOrders(transaction, packs, 10)), ElementsAre("B", "C", "D", "A", "E"));
    EXPECT_THAT(CodesOf(ListOpenWorkOrders(transaction, packs, 2)), ElementsAre("B", "C"));
  });
}

TEST_F(WorkOrderTest, OnlyUnitsThatCouldBeWorkedOnCountAsWaiting) {
  Insert({Draft("A", "PACK"), Draft("INKS", "INK")});
  Release("A");
  Release("INKS");
  database_.Query(R"(
insert into unit (unit_id, code, material_id, revision_id, work_order_id, state, tracking, passed, create_time,
                  running_operation, hold_count, failed_operation)
select s.id, s.code, o.material_id, o.revision_id, o.work_order_id, s.state, s.tracking, s.passed, now(), s.running, s.holds, s.failed
from (values
  (1, 'U1', 'A', 1, 1, 0, 0, 0, 0), (2, 'U2', 'A', 1, 1, 1, 0, 0, 0), (3, 'U3', 'A', 1, 1, 1, 0, 0, 20),
  (4, 'RUNS', 'A', 1, 1, 1, 20, 0, 0), (5, 'HELD', 'A', 1, 1, 1, 0, 1, 0), (6, 'GOOD', 'A', 2, 1, 63, 0, 0, 0),
  (7, 'SCRAP', 'A', 3, 1, 1, 0, 0, 0), (8, 'LOT', 'INKS', 1, 2, 0, 0, 0, 0))
  as s (id, code, order_code, state, tracking, passed, running, holds, failed)
join work_order o on o.code = s.order_code;
insert into lot (unit_id, quantity_micro, left_micro, manufacture_time) values (8, 5000000, 4500000, now()))");
  Run([&](Transaction& transaction) {
    const int32_t a = LoadWorkOrder(transaction, "A")->id;
    const int32_t inks = LoadWorkOrder(transaction, "INKS")->id;
    std::map<std::pair<int32_t, uint64_t>, int64_t> counts;
    for (const auto& units : CountWaitingUnits(transaction, {a, inks}))
      counts[{units.work_order_id, units.passed}] = units.quantity_micro;
    EXPECT_THAT(counts, ElementsAre(testing::Pair(std::pair(a, 0UL), kMicro), testing::Pair(std::pair(a, 1UL), 2 * kMicro),
                                    testing::Pair(std::pair(inks, 0UL), 4'500'000)));
  });
}

}  // namespace
}  // namespace mes::db
