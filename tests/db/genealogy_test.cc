#include "db/genealogy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/stored_plant.h"

namespace mes::db {
namespace {

using domain::Edge;
using domain::EdgeKind;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using tests::StoredPlant;

std::vector<Edge> Below(StoredPlant& plant, const std::vector<int64_t>& ids, EdgeSet set = EdgeSet::kCurrent) {
  std::vector<Edge> all;
  plant.Run([&](Transaction& transaction) {
    ListEdgesBelow(transaction, ids, set, [&](const std::vector<Edge>& edges) {
      all.insert(all.end(), edges.begin(), edges.end());
      return true;
    });
  });
  return all;
}

std::vector<Edge> Above(StoredPlant& plant, const std::vector<int64_t>& ids, EdgeSet set = EdgeSet::kCurrent) {
  std::vector<Edge> all;
  plant.Run([&](Transaction& transaction) {
    ListEdgesAbove(transaction, ids, set, [&](const std::vector<Edge>& edges) {
      all.insert(all.end(), edges.begin(), edges.end());
      return true;
    });
  });
  return all;
}

std::vector<std::pair<int64_t, int64_t>> Pairs(const std::vector<Edge>& edges) {
  std::vector<std::pair<int64_t, int64_t>> pairs;
  for (const Edge& edge : edges) pairs.emplace_back(edge.parent_id, edge.child_id);
  return pairs;
}

TEST(Genealogy, EdgesComeByPositionWithTheirEvents) {
  StoredPlant plant;
  const int64_t pack = plant.AddUnit("PACK", "P1");
  const std::vector<int64_t> cells = plant.AddUnits("CELL", {"C1", "C2"});
  plant.Install(pack, cells[1], 2, 2);
  plant.Install(pack, cells[0], 2, 1, "2026-11-02 08:00:00.5+00");
  const std::vector<Edge> edges = Below(plant, {pack});
  ASSERT_THAT(Pairs(edges), ElementsAre(Pair(pack, cells[0]), Pair(pack, cells[1])));
  EXPECT_EQ(edges[0].kind, EdgeKind::kInstalled);
  EXPECT_EQ(edges[0].line, 2);
  EXPECT_EQ(edges[0].slot, 1);
  EXPECT_EQ(domain::FormatTime(edges[0].install_time), "2026-11-02T08:00:00.500000Z");
  EXPECT_EQ(edges[0].remove_time, std::nullopt);
  EXPECT_EQ(edges[0].install_event.sequence, 7);
  EXPECT_THAT(Pairs(Above(plant, {cells[1]})), ElementsAre(Pair(pack, cells[1])));
}

TEST(Genealogy, WhatWasTakenOutComesOnlyWhenAsked) {
  StoredPlant plant;
  const int64_t pack = plant.AddUnit("PACK", "P1");
  const int64_t cell = plant.AddUnit("CELL", "C1");
  plant.Install(pack, cell, 2, 1);
  plant.Remove(cell);
  EXPECT_THAT(Below(plant, {pack}), IsEmpty());
  EXPECT_THAT(Above(plant, {cell}), IsEmpty());
  const std::vector<Edge> below = Below(plant, {pack}, EdgeSet::kWithRemoved);
  ASSERT_THAT(below, SizeIs(1));
  EXPECT_NE(below[0].remove_time, std::nullopt);
  EXPECT_EQ(below[0].remove_event.sequence, 8);
  EXPECT_THAT(Above(plant, {cell}, EdgeSet::kWithRemoved), SizeIs(1));
}

TEST(Genealogy, LotsLeadToWhatConsumedThem) {
  StoredPlant plant;
  const int64_t lot = plant.AddLot("ELY", "E1", 1'000);
  const int64_t cell = plant.AddUnit("CELL", "C1");
  plant.Consume(lot, cell, 25);
  const std::vector<Edge> edges = Below(plant, {cell});
  ASSERT_THAT(Pairs(edges), ElementsAre(Pair(cell, lot)));
  EXPECT_EQ(edges[0].kind, EdgeKind::kConsumed);
  EXPECT_EQ(edges[0].quantity_micro, 25);
  EXPECT_THAT(Pairs(Above(plant, {lot})), ElementsAre(Pair(cell, lot)));
  plant.database().Query("update lot_consumption set reverse_record_time = '2026-11-05'");
  EXPECT_THAT(Below(plant, {cell}), IsEmpty());
  EXPECT_THAT(Above(plant, {lot}), IsEmpty());
  EXPECT_THAT(Above(plant, {lot}, EdgeSet::kWithRemoved), SizeIs(1));
}

TEST(Genealogy, ALotOfThousandsOfConsumersComesInChunks) {
  StoredPlant plant;
  const int64_t lot = plant.AddLot("ELY", "E1", 1'000'000);
  std::vector<std::string> codes;
  for (int i = 0; i < 2'500; ++i) codes.push_back("C" + std::to_string(i));
  const std::vector<int64_t> cells = plant.AddUnits("CELL", codes);
  plant.database().Query(
      "insert into lot_consumption (lot_id, consumer_id, quantity_micro, consume_time, record_time, sequence, station_id, "
      "epoch, operation, line, kind) select " +
      std::to_string(lot) + ", unit_id, 1, now(), now(), 1, 1, 1, 10, 1, 1 from unit where code like 'C%'");
  int chunks = 0;
  size_t rows = 0;
  plant.Run([&](Transaction& transaction) {
    ListEdgesAbove(transaction, {lot}, EdgeSet::kCurrent, [&](const std::vector<Edge>& edges) {
      ++chunks;
      rows += edges.size();
      return true;
    });
  });
  EXPECT_EQ(rows, 2'500u);
  EXPECT_GE(chunks, 3);
  EXPECT_THAT(Above(plant, cells), IsEmpty()) << "more ids than one query takes";
  EXPECT_THAT(Below(plant, cells), SizeIs(2'500));
}

TEST(Genealogy, ReadingStopsWhenToldTo) {
  StoredPlant plant;
  const int64_t lot = plant.AddLot("ELY", "E1", 1'000);
  const std::vector<int64_t> cells = plant.AddUnits("CELL", {"C1", "C2"});
  plant.Consume(lot, cells[0]);
  plant.Consume(lot, cells[1]);
  int chunks = 0;
  plant.Run([&](Transaction& transaction) {
    const auto once = [&](const std::vector<Edge>&) {
      ++chunks;
      return false;
    };
    ListEdgesAbove(transaction, {lot}, EdgeSet::kCurrent, once);
    ListEdgesAbove(transaction, {lot}, EdgeSet::kCurrent, once);
  });
  EXPECT_EQ(chunks, 2) << "and its cursor is closed, so that it can begin again";
}

TEST(Genealogy, EndsAreNamed) {
  StoredPlant plant;
  const int64_t lot = plant.AddLot("ELY", "E1", 1'000);
  plant.Run([&](Transaction& transaction) {
    const std::vector<Identity> identities = LoadIdentities(transaction, {lot, 999'999'999});
    ASSERT_THAT(identities, SizeIs(1));
    EXPECT_EQ(identities[0].code, "E1");
    EXPECT_EQ(identities[0].material_id, plant.material_id("ELY"));
    EXPECT_EQ(identities[0].tracking, domain::Tracking::kLot);
  });
}

}  // namespace
}  // namespace mes::db
