#include "db/hold.h"

#include <atomic>
#include <latch>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/hold_predicate.h"
#include "db/hold_search.h"
#include "db/hold_spread.h"
#include "db/hold_world.h"
#include "db/unit.h"
#include "db/world.h"
#include "tests/support/stored_plant.h"

namespace mes::db {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using tests::StoredPlant;

int64_t Insert(StoredPlant& plant, const domain::HoldDraft& draft) {
  int64_t id = 0;
  plant.Run([&](Transaction& transaction) { id = InsertHold(transaction, draft, StoredPlant::kNow); });
  return id;
}

domain::HoldDraft On(std::vector<int64_t> units, domain::HoldDirection direction = domain::HoldDirection::kWhereUsed) {
  domain::HoldDraft draft;
  draft.predicate.unit_ids = std::move(units);
  draft.direction = direction;
  draft.reason = "golden sample failed";
  draft.placed_by = "Li";
  return draft;
}

domain::Hold Load(StoredPlant& plant, int64_t id) {
  std::optional<domain::Hold> hold;
  plant.Run([&](Transaction& transaction) { hold = LoadHold(transaction, id); });
  return hold.value();
}

domain::Hold Place(StoredPlant& plant, const domain::HoldDraft& draft) {
  const int64_t id = Insert(plant, draft);
  SpreadPendingHolds(plant.database().pool(), plant.plant(), {id});
  return Load(plant, id);
}
domain::Hold Place(StoredPlant& plant, const std::vector<int64_t>& named) { return Place(plant, On(named)); }

std::string HoldCount(StoredPlant& plant, int64_t unit) {
  return plant.database().Value("select hold_count from unit where unit_id = " + std::to_string(unit));
}

// unit.hold_count is a copy of what the items say.
void ExpectCountsToAgree(StoredPlant& plant) {
  EXPECT_EQ(
      plant.database().Value("select count(*) from unit u where hold_count <> (select count(*) from hold_item i join hold h "
                             "on h.hold_id = i.hold_id where i.unit_id = u.unit_id and i.release_time is null and "
                             "h.release_time is null)"),
      "0");
}

TEST(Hold, CoversEverythingThatItWentInto) {
  StoredPlant plant;
  const int64_t powder = plant.AddLot("POW", "P", 1'000);
  const int64_t ink = plant.AddLot("INK", "I", 1'000);
  const int64_t cell = plant.AddUnit("CELL", "C");
  const int64_t pack = plant.AddUnit("PACK", "PK");
  const int64_t other = plant.AddUnit("PACK", "OTHER");
  const int64_t left = plant.AddUnit("PACK", "LEFT");
  plant.Consume(powder, ink);
  plant.Consume(ink, cell);
  plant.Install(left, cell, 2, 1);
  plant.Remove(cell);
  plant.Install(pack, cell, 2, 1);
  const domain::Hold hold = Place(plant, {powder});
  EXPECT_EQ(hold.covered, 4);
  EXPECT_EQ(hold.state, domain::HoldState::kInForce);
  EXPECT_THAT(HoldCount(plant, powder) + HoldCount(plant, ink) + HoldCount(plant, cell) + HoldCount(plant, pack), "1111");
  EXPECT_EQ(HoldCount(plant, other), "0");
  EXPECT_EQ(HoldCount(plant, left), "0") << "it is not in there any more";
  EXPECT_EQ(plant.database().Value("select count(*) from hold_item where named"), "1");
  EXPECT_EQ(plant.database().Value("select string_agg(cause::text, '' order by unit_id) from hold_item"), "1222");
  ExpectCountsToAgree(plant);
}

TEST(Hold, CoversWhatItIsMadeOfOrBothOrNothingElseByDirection) {
  StoredPlant plant;
  const int64_t lot = plant.AddLot("ELY", "E", 1'000);
  const int64_t cell = plant.AddUnit("CELL", "C");
  const int64_t pack = plant.AddUnit("PACK", "PK");
  const int64_t beside = plant.AddUnit("CELL", "BESIDE");
  plant.Consume(lot, cell);
  plant.Install(pack, cell, 2, 1);
  plant.Install(pack, beside, 2, 2);
  using domain::HoldDirection;
  EXPECT_EQ(Place(plant, On({cell}, HoldDirection::kNone)).covered, 1);
  EXPECT_EQ(Place(plant, On({cell}, HoldDirection::kMadeOf)).covered, 2);
  EXPECT_EQ(HoldCount(plant, lot) + HoldCount(plant, pack), "10");
  EXPECT_EQ(Place(plant, On({cell}, HoldDirection::kBoth)).covered, 3)
      << "up from it and down from it, not down again from above";
  EXPECT_EQ(HoldCount(plant, beside), "0");
}

// A disposition has its unit when it comes to count the scrap; ingest has what it counted when its hold reaches that unit.
TEST(Hold, LocksWhatItReachesBeforeTheLineThatADispositionOfItCountsAt) {
  StoredPlant plant;
  const int64_t lot = plant.AddLot("ELY", "E", 1'000);
  const int64_t cell = plant.AddUnit("CELL", "C");
  plant.Consume(lot, cell);
  const int64_t hold = Insert(plant, On({lot}));
  const domain::Station& station = plant.plant().stations.front();
  domain::World counted(plant.plant(), StoredPlant::kNow);
  counted.effects.yields[{1, 20'000, station.operations.front(), domain::kDayShift, station.id}].runs = 1;
  domain::World caught = counted;
  caught.effects.caught.push_back({hold, lot, domain::kCauseMatched});

  std::latch locked(1);
  std::atomic<int> runs = 0;
  std::thread disposition([&] {
    bool before = false;
    plant.Run([&](Transaction& transaction) {
      ++runs;
      LockUnits(transaction, {cell});
      if (!std::exchange(before, true)) {
        locked.count_down();
        while (plant.database().Value("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = "
                                      "'Lock'") == "0") {
          std::this_thread::yield();
        }
      }
      StoreWorld(transaction, counted);
    });
  });
  locked.wait();
  plant.Run([&](Transaction& transaction) {
    ++runs;
    StoreWorld(transaction, caught);
  });
  disposition.join();

  EXPECT_EQ(runs, 2) << "a deadlock is repeated";
  EXPECT_EQ(HoldCount(plant, cell), "1");
  EXPECT_EQ(plant.database().Value("select sum(runs) from yield_running where subject = 2"), "2");
}

TEST(Hold, IsTakenOffAsAWholeAndLeavesItsHistory) {
  StoredPlant plant;
  const std::vector<int64_t> cells = plant.AddUnits("CELL", {"C1", "C2"});
  domain::Hold first = Place(plant, {cells[0], cells[1]});
  const domain::Hold second = Place(plant, {cells[0]});
  plant.Run([&](Transaction& transaction) {
    EXPECT_THAT(ListHoldsOn(transaction, cells), ElementsAre(first.id, second.id));
    std::optional<domain::Hold> locked = LockHold(transaction, first.id);
    ASSERT_TRUE(locked);
    EXPECT_EQ(locked->covered, 2);
    ASSERT_TRUE(domain::Release(*locked, "Wu", "checked", StoredPlant::kNow));
    UpdateReleasedHold(transaction, *locked);
  });
  EXPECT_EQ(HoldCount(plant, cells[0]) + HoldCount(plant, cells[1]), "10");
  EXPECT_EQ(plant.database().Value("select count(*) from hold_item"), "3");
  plant.Run([&](Transaction& transaction) {
    EXPECT_THAT(ListHoldsOn(transaction, cells), ElementsAre(second.id));
    const std::optional<domain::Hold> loaded = LoadHold(transaction, first.id);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->released_by, "Wu");
    EXPECT_EQ(loaded->release_reason, "checked");
    EXPECT_EQ(loaded->release_time, StoredPlant::kNow);
    EXPECT_EQ(loaded->covered, 0);
    EXPECT_EQ(LoadHold(transaction, 99), std::nullopt);
    const std::vector<HoldItemRow> history = ListUnitHolds(transaction, cells[0], 0, 10);
    ASSERT_THAT(history, SizeIs(2));
    EXPECT_EQ(history[0].hold_id, second.id);
    EXPECT_FALSE(history[0].release_time);
    EXPECT_EQ(history[1].released_by, "Wu");
  });
  ExpectCountsToAgree(plant);
}

TEST(Hold, UnitsAreReleasedOneByOneAndStayOnRecord) {
  StoredPlant plant;
  const std::vector<int64_t> cells = plant.AddUnits("CELL", {"C1", "C2", "C3"});
  const domain::Hold hold = Place(plant, cells);
  plant.Run([&](Transaction& transaction) {
    StoredDisposition decision;
    decision.disposal = {hold.id, 0, domain::HoldDisposition::kUseAsIs, 0, "Wu", "measured"};
    decision.role = "quality";
    decision.propose_time = StoredPlant::kNow;
    decision.effect_time = StoredPlant::kNow;
    decision.unit_ids = {cells[0], cells[2]};
    InsertDisposition(transaction, decision);
    ReleaseHoldItems(transaction, hold.id, decision.unit_ids, decision.disposal.disposition_id, StoredPlant::kNow, false);
    EXPECT_THAT(ListItemsInForce(transaction, hold.id, {}, 10), ElementsAre(cells[1]));
    EXPECT_THAT(ListItemsInForce(transaction, hold.id, {cells[0]}, 10), IsEmpty());
    const std::vector<StoredDisposition> decisions = ListDispositions(transaction, hold.id, 10);
    ASSERT_THAT(decisions, SizeIs(1));
    EXPECT_EQ(decisions[0].units, 2);
    EXPECT_THAT(LockDisposition(transaction, decisions[0].disposal.disposition_id)->unit_ids, ElementsAre(cells[0], cells[2]));
  });
  EXPECT_EQ(Load(plant, hold.id).covered, 1);
  EXPECT_EQ(Load(plant, hold.id).released, 2);
  plant.Run([&](Transaction& transaction) {
    const std::vector<HoldItemRow> items = ListHoldItems(transaction, {hold.id, 0, false, 0}, 10);
    ASSERT_THAT(items, SizeIs(3));
    EXPECT_EQ(items[0].released_by, "Wu");
    EXPECT_EQ(items[0].release_reason, "measured");
    EXPECT_THAT(ListHoldItems(transaction, {hold.id, 0, true, 0}, 10), SizeIs(1));
    EXPECT_THAT(ListHoldItems(transaction, {hold.id, items[0].unit_id, false, 0}, 1), SizeIs(1));
  });
  ExpectCountsToAgree(plant);
}

TEST(Hold, ListsComeNewestFirst) {
  StoredPlant plant;
  const int64_t cell = plant.AddUnit("CELL", "C1");
  const domain::Hold first = Place(plant, {cell});
  const domain::Hold second = Place(plant, {cell});
  const domain::Hold third = Place(plant, {cell});
  plant.Run([&](Transaction& transaction) {
    std::optional<domain::Hold> locked = LockHold(transaction, second.id);
    ASSERT_TRUE(domain::Release(*locked, "Wu", "checked", StoredPlant::kNow));
    UpdateReleasedHold(transaction, *locked);
    const auto ids = [](const std::vector<domain::Hold>& holds) {
      std::vector<int64_t> list;
      for (const domain::Hold& hold : holds) list.push_back(hold.id);
      return list;
    };
    EXPECT_THAT(ids(ListHolds(transaction, 0, false, 10)), ElementsAre(third.id, second.id, first.id));
    EXPECT_THAT(ids(ListHolds(transaction, 0, true, 10)), ElementsAre(third.id, first.id));
    EXPECT_THAT(ids(ListHolds(transaction, third.id, false, 1)), ElementsAre(second.id));
  });
}

// Who moves units shares a lock while he does: the search waits for those who had not seen the hold, and then finds what they
// built.
TEST(Hold, CoversWhatIsBuiltByThoseWhoHadNotSeenIt) {
  StoredPlant plant;
  const int64_t pack = plant.AddUnit("PACK", "P1");
  const int64_t cell = plant.AddUnit("CELL", "C1");
  std::atomic<bool> locked = false;
  std::thread ingest([&] {
    plant.database().pool().Run([&](Transaction& transaction) {
      ShareHoldLock(transaction);
      locked = true;
      while (plant.database().Value(
                 "select count(*) from pg_locks where locktype = 'advisory' and not granted and database = (select "
                 "oid from pg_database where datname = current_database())") == "0") {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
      plant.Install(pack, cell, 2, 1);
      return true;
    });
  });
  while (!locked) std::this_thread::yield();
  const domain::Hold hold = Place(plant, {cell});
  ingest.join();
  EXPECT_EQ(hold.covered, 2);
  EXPECT_EQ(HoldCount(plant, pack), "1");
}

// What was joined while the hold spread was passed by the walk; the noted edge finds it.
TEST(Hold, CoversWhatWasJoinedWhileItSpread) {
  StoredPlant plant;
  const int64_t cell = plant.AddUnit("CELL", "C1");
  const int64_t pack = plant.AddUnit("PACK", "P1");
  const int64_t outer = plant.AddUnit("PACK", "P2");
  const int64_t id = Insert(plant, On({cell}));
  // As if its walk had passed already: the edge is noted, and stands in no table that the walk reads.
  plant.Run([&](Transaction& transaction) { NoteEdges(transaction, {pack}, {cell}); });
  plant.Install(outer, pack, 2, 1);
  EXPECT_EQ(plant.database().Value("select count(*) from hold_edge"), "1");
  SpreadPendingHolds(plant.database().pool(), plant.plant(), {id});
  EXPECT_EQ(HoldCount(plant, cell) + HoldCount(plant, pack) + HoldCount(plant, outer), "111");
  EXPECT_EQ(plant.database().Value("select count(*) from hold_edge"), "0") << "none spreads any more";
  plant.Run([&](Transaction& transaction) { NoteEdges(transaction, {pack}, {cell}); });
  EXPECT_EQ(plant.database().Value("select count(*) from hold_edge"), "0") << "nor is anything noted";
}

TEST(Hold, AHoldLeftSpreadingIsSpreadByWhoeverFindsItAndTwiceIsHarmless) {
  StoredPlant plant;
  const int64_t cell = plant.AddUnit("CELL", "C1");
  const int64_t id = Insert(plant, On({cell}));
  EXPECT_EQ(Load(plant, id).state, domain::HoldState::kSpreading);
  EXPECT_EQ(HoldCount(plant, cell), "0");
  EXPECT_EQ(SpreadPendingHolds(plant.database().pool(), plant.plant()), 1);
  EXPECT_EQ(HoldCount(plant, cell), "1");
  EXPECT_EQ(SpreadPendingHolds(plant.database().pool(), plant.plant()), 0);
  SpreadPendingHolds(plant.database().pool(), plant.plant(), {id});
  EXPECT_EQ(HoldCount(plant, cell), "1");
  EXPECT_EQ(Load(plant, id).state, domain::HoldState::kInForce);
}

TEST(Hold, PredicatesAreKeptAsTheyWere) {
  domain::HoldPredicate predicate;
  EXPECT_EQ(PredicateToJson(predicate), "{}");
  EXPECT_EQ(PredicateFromJson("{}"), predicate);
  predicate.unit_ids = {3, 5};
  predicate.supplier = "Acme \"&\" Co";
  predicate.supplier_lot = "L";
  predicate.material_id = 1;
  predicate.revision_id = 2;
  predicate.work_order_id = 3;
  predicate.station_ids = {7, 6};
  predicate.tool_code = "T";
  predicate.from = StoredPlant::kNow;
  predicate.until = StoredPlant::kNow;
  predicate.operation = 40;
  predicate.characteristic = "C";
  predicate.lower = -0.1;
  predicate.upper = 0;
  EXPECT_EQ(PredicateFromJson(PredicateToJson(predicate)), predicate);
}

// History against the predicate, condition by condition. A cell's runs: started, measured and completed at station 1.
struct HoldSearch : testing::Test {
  StoredPlant plant;
  const std::vector<int64_t> cells = plant.AddUnits("CELL", {"C1", "C2", "C3"});
  const std::string revision = std::to_string(plant.plant().NewestRevision(plant.material_id("CELL"))->id);

  domain::HoldDraft draft;
  std::vector<int64_t> Find() {
    std::vector<int64_t> found;
    plant.Run([&](Transaction& transaction) { found = FindMatching(transaction, plant.plant(), draft); });
    return found;
  }
  // A run of `seconds` from `at`, at station 1, operation 10.
  void Run(int64_t unit, int at, int seconds, const std::string& value, const std::string& tool = "") {
    plant.AddEvent(unit, at, domain::EventKind::kStarted, 10,
                   "revision_id = " + revision + (tool.empty() ? "" : ", details = '{\"tools\": [\"" + tool + "\"]}'"));
    if (seconds == 0) return;
    plant.AddEvent(unit, at + seconds, domain::EventKind::kCompleted, 10,
                   "revision_id = " + revision + ", measured = '{" + value + "}'");
  }
  domain::Time At(int seconds) { return StoredPlant::kNow + std::chrono::seconds(seconds - 1); }
};

TEST_F(HoldSearch, FindsRunsByStationThatOverlapTheWindow) {
  Run(cells[0], 10, 20, "10");
  Run(cells[1], 50, 20, "10");
  Run(cells[2], 90, 0, "");
  draft.predicate.station_ids = {1};
  draft.predicate.from = At(15);
  draft.predicate.until = At(20);
  EXPECT_THAT(Find(), ElementsAre(cells[0])) << "it was on all the while";
  draft.predicate.until = At(50);
  EXPECT_THAT(Find(), ElementsAre(cells[0], cells[1]));
  draft.predicate.from = At(31);
  EXPECT_THAT(Find(), ElementsAre(cells[1]));
  draft.predicate.from = At(100);
  draft.predicate.until.reset();
  EXPECT_THAT(Find(), ElementsAre(cells[2])) << "it runs still";
  draft.predicate.station_ids = {2};
  EXPECT_THAT(Find(), IsEmpty());
  draft.predicate.station_ids = {1};
  draft.predicate.operation = 20;
  EXPECT_THAT(Find(), IsEmpty());
  draft.predicate.operation = 10;
  draft.predicate.material_id = plant.material_id("CELL");
  EXPECT_THAT(Find(), ElementsAre(cells[2]));
  draft.predicate.unit_ids = {cells[0]};
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(HoldSearch, FindsValuesInTheRangeAndLeavesOutWhatWasReversed) {
  Run(cells[0], 10, 5, "4");
  Run(cells[1], 30, 5, "5");
  Run(cells[2], 50, 5, "6");
  draft.predicate.material_id = plant.material_id("CELL");
  draft.predicate.operation = 10;
  draft.predicate.characteristic = "FILL_V";
  draft.predicate.from = At(0);
  draft.predicate.lower = 5;
  EXPECT_THAT(Find(), ElementsAre(cells[1], cells[2])) << "the bound belongs to the range";
  draft.predicate.upper = 5.5;
  EXPECT_THAT(Find(), ElementsAre(cells[1]));
  plant.database().Query("update station_event set flags = 4 where sequence = 35");
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(HoldSearch, FindsRunsByTheToolOfTheirStart) {
  Run(cells[0], 10, 5, "4", "PRESS-7");
  Run(cells[1], 30, 5, "4", "PRESS-6");
  Run(cells[0], 50, 5, "6", "PRESS-6");
  draft.predicate.tool_code = "PRESS-7";
  EXPECT_THAT(Find(), ElementsAre(cells[0]));
  draft.predicate.from = At(12);
  EXPECT_THAT(Find(), ElementsAre(cells[0])) << "the run was on";
  draft.predicate.from = At(40);
  EXPECT_THAT(Find(), IsEmpty()) << "that cell ran again, with another tool";
  draft.predicate.from.reset();
  draft.predicate.material_id = plant.material_id("CELL");
  draft.predicate.operation = 10;
  draft.predicate.characteristic = "FILL_V";
  draft.predicate.lower = 4;
  EXPECT_THAT(Find(), ElementsAre(cells[0]));
  draft.predicate.lower = 5;
  EXPECT_THAT(Find(), IsEmpty()) << "the value and the tool are of two runs";
}

TEST_F(HoldSearch, FindsTheRunsThatUsedALot) {
  const int64_t lot = plant.AddLot("ELY", "E1", 1'000);
  plant.database().Query("insert into purchase (unit_id, supplier, supplier_lot, receive_time) values (" + std::to_string(lot) +
                         ", 'Acme', 'SL-9', now())");
  plant.Consume(lot, cells[0]);
  plant.Consume(lot, cells[1]);
  for (int i = 0; i < 2; ++i) {
    Run(cells[static_cast<size_t>(i)], 10 + 40 * i, 20, "10");
    plant.AddEvent(cells[static_cast<size_t>(i)], 15 + 40 * i, domain::EventKind::kConsumed, 10,
                   "revision_id = " + revision + ", other_unit_id = " + std::to_string(lot));
  }
  draft.predicate.unit_ids = {lot};
  EXPECT_THAT(Find(), ElementsAre(lot)) << "itself; what it went into is the direction's";
  draft.predicate.station_ids = {1};
  EXPECT_THAT(Find(), ElementsAre(cells[0], cells[1])) << "a lot runs at no station: the runs that used it are meant";
  draft.predicate.from = At(20);
  EXPECT_THAT(Find(), ElementsAre(cells[1])) << "used in the window";
  draft.predicate.unit_ids.clear();
  draft.predicate.supplier_lot = "SL-9";
  EXPECT_THAT(Find(), ElementsAre(cells[1]));
  draft.predicate.supplier_lot = "SL-8";
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(HoldSearch, FindsThingsByWhatTheyAre) {
  const int64_t lot = plant.AddLot("ELY", "E1", 1'000);
  plant.database().Query("insert into purchase (unit_id, supplier, supplier_lot, receive_time) values (" + std::to_string(lot) +
                         ", 'Acme', 'SL-9', now()), (" + std::to_string(cells[0]) + ", 'Acme', '', now())");
  draft.predicate.supplier = "Acme";
  EXPECT_THAT(Find(), testing::UnorderedElementsAre(lot, cells[0]));
  draft.predicate.material_id = plant.material_id("ELY");
  EXPECT_THAT(Find(), ElementsAre(lot));
  draft.predicate.supplier.clear();
  draft.predicate.material_id = plant.material_id("CELL");
  EXPECT_THAT(Find(), SizeIs(3));
  draft.at_operation = true;
  EXPECT_THAT(Find(), IsEmpty()) << "nothing is marked";
}

TEST_F(HoldSearch, ThousandsAreMarkedInPortions) {
  plant.database().Query(
      "insert into unit (unit_id, code, material_id, state, tracking, create_time) select 100000 + i, 'M' || i, " +
      std::to_string(plant.material_id("BLT")) + ", 2, 1, now() from generate_series(1, 12345) i");
  draft = On({});
  draft.predicate.material_id = plant.material_id("BLT");
  EXPECT_EQ(Place(plant, draft).covered, 12'345);
  ExpectCountsToAgree(plant);
}

}  // namespace
}  // namespace mes::db
