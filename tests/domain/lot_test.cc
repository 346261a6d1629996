#include "domain/lot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mes::domain {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

Time At(int64_t seconds) { return FromMicros(seconds * kMicro); }
const Time kNow = At(1'000'000);

// A slurry at operation 20 of its route.
LotItem Roll(const std::string& code, int64_t left = 100 * kMicro) {
  LotItem lot;
  lot.unit.id = 7;
  lot.unit.code = code;
  lot.unit.material_id = 3;
  lot.unit.revision_id = 4;
  lot.unit.work_order_id = 5;
  lot.unit.tracking = Tracking::kLot;
  lot.unit.passed = 0b11;
  lot.unit.attempted = 0b11;
  lot.unit.lot_lines = 0b110;
  lot.unit.clocks = {{0, At(500)}};
  lot.unit.counters = {{1, 1, 0}};
  lot.unit.grade = "A";
  lot.unit.carrier_id = 9;
  lot.unit.carrier_slot = 1;
  lot.lot = {100 * kMicro, left, At(2'000'000), At(600), 3'600};
  lot.manufacture_time = At(100);
  return lot;
}

ProductRevision Route(std::optional<int64_t> least, std::optional<int64_t> longest) {
  ProductRevision revision;
  TimeWindow window;
  window.id = "TW1";
  window.min_seconds = least;
  window.max_seconds = longest;
  revision.windows = {window};
  return revision;
}

TEST(ShelfLife, EndsSoManyDaysAfterManufacture) {
  Material material;
  EXPECT_EQ(ShelfLifeEnd(material, At(5)), std::nullopt);
  material.shelf_life_days = 2;
  EXPECT_EQ(ShelfLifeEnd(material, At(5)), At(5 + 2 * 86'400));
}

TEST(Open, HappensOnce) {
  LotItem lot = Roll("R1");
  lot.lot.open_time.reset();
  ASSERT_TRUE(Open(lot, At(700)));
  EXPECT_EQ(lot.lot.open_time, At(700));
  const Status again = Open(lot, At(800));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().reason, Reason::kLotOpen);
  EXPECT_EQ(lot.lot.open_time, At(700));
}

TEST(Split, PartsStandWhereTheWholeStoodAndNoAmountIsLost) {
  LotItem lot = Roll("R1", 90 * kMicro);
  const auto parts = Split(lot, {{"R1-1", 40 * kMicro}, {"R1-2", 50 * kMicro}}, {}, kNow);
  ASSERT_TRUE(parts);
  ASSERT_THAT(*parts, SizeIs(2));
  EXPECT_EQ(lot.lot.left_micro, 0);
  EXPECT_EQ(lot.lot.quantity_micro, 100 * kMicro);
  const LotItem& part = parts->at(1);
  EXPECT_EQ(part.unit.code, "R1-2");
  EXPECT_EQ(part.lot.quantity_micro, 50 * kMicro);
  EXPECT_EQ(part.lot.left_micro, 50 * kMicro);
  EXPECT_EQ(part.unit.passed, lot.unit.passed);
  EXPECT_EQ(part.unit.clocks, lot.unit.clocks);
  EXPECT_EQ(part.unit.counters, lot.unit.counters);
  EXPECT_EQ(part.unit.grade, "A");
  EXPECT_EQ(part.lot.expire_time, lot.lot.expire_time);
  EXPECT_EQ(part.lot.open_time, lot.lot.open_time);
  EXPECT_EQ(part.lot.floor_life_seconds, 3'600);
  EXPECT_EQ(part.manufacture_time, lot.manufacture_time);
  EXPECT_EQ(part.unit.create_time, kNow);
  EXPECT_EQ(part.unit.carrier_id, 0) << "the whole keeps its slot";
}

TEST(Split, RefusesMoreThanIsLeft) {
  LotItem lot = Roll("R1", 90 * kMicro);
  const auto parts = Split(lot, {{"R1-1", 40 * kMicro}, {"R1-2", 50 * kMicro + 1}}, {}, kNow);
  ASSERT_FALSE(parts);
  EXPECT_EQ(parts.error().reason, Reason::kQuantityExceedsLeft);
  EXPECT_EQ(parts.error().metadata.at("left"), "90");
  EXPECT_EQ(lot.lot.left_micro, 90 * kMicro);
}

TEST(Split, RefusesARunningLot) {
  LotItem lot = Roll("R1");
  lot.unit.running_operation = 30;
  EXPECT_EQ(Split(lot, {{"R1-1", 1}}, {}, kNow).error().reason, Reason::kLotRunning);
  lot.unit.running_operation = 0;
  lot.unit.unstarted_operation = 30;
  EXPECT_EQ(Split(lot, {{"R1-1", 1}}, {}, kNow).error().metadata.at("operation"), "30");
}

TEST(Split, RefusesAHeldLotAndNamesItsHolds) {
  LotItem lot = Roll("R1");
  lot.unit.hold_count = 2;
  const auto parts = Split(lot, {{"R1-1", 1}}, {4, 9}, kNow);
  ASSERT_FALSE(parts);
  EXPECT_EQ(parts.error().reason, Reason::kNotBlocked);
  EXPECT_EQ(parts.error().metadata.at("hold_ids"), "4,9");
}

TEST(Split, RefusesScrap) {
  LotItem lot = Roll("R1");
  lot.unit.status = UnitStatus::kScrapped;
  EXPECT_EQ(Split(lot, {{"R1-1", 1}}, {}, kNow).error().reason, Reason::kUnitState);
}

TEST(Merge, TakesAllAmountsTheShortestLivesAndTheHighestCounters) {
  std::vector<LotItem> sources = {Roll("R1", 40 * kMicro), Roll("R2", 60 * kMicro)};
  sources[1].lot.expire_time = At(1'500'000);
  sources[1].lot.open_time = At(550);
  sources[1].lot.floor_life_seconds = 0;
  sources[1].manufacture_time = At(90);
  sources[1].unit.counters = {{1, 0, 2}, {3, 1, 0}};
  sources[1].unit.lot_lines = 0b010;
  sources[1].unit.attempted = 0b111;
  const ProductRevision route = Route(std::nullopt, 3'600);
  const auto merged = Merge(sources, "M1", &route, {}, kNow);
  ASSERT_TRUE(merged);
  EXPECT_EQ(merged->unit.code, "M1");
  EXPECT_EQ(merged->lot.quantity_micro, 100 * kMicro);
  EXPECT_EQ(merged->lot.left_micro, 100 * kMicro);
  EXPECT_EQ(sources[0].lot.left_micro, 0);
  EXPECT_EQ(sources[1].lot.left_micro, 0);
  EXPECT_EQ(merged->lot.expire_time, At(1'500'000));
  EXPECT_EQ(merged->lot.open_time, At(550));
  EXPECT_EQ(merged->lot.floor_life_seconds, 3'600);
  EXPECT_EQ(merged->manufacture_time, At(90));
  EXPECT_THAT(merged->unit.counters, ElementsAre(RunCounter{1, 1, 2}, RunCounter{3, 1, 0}));
  EXPECT_EQ(merged->unit.lot_lines, 0b010u);
  EXPECT_EQ(merged->unit.attempted, 0b111u);
}

TEST(Merge, LetsTheStrictestClockCount) {
  const auto merged_since = [](const ProductRevision& route) {
    std::vector<LotItem> sources = {Roll("R1"), Roll("R2")};
    sources[1].unit.clocks = {{0, At(400)}};
    return Merge(sources, "M1", &route, {}, kNow);
  };
  EXPECT_EQ(merged_since(Route(std::nullopt, 3'600))->unit.clocks[0].since, At(400)) << "not to be exceeded: the earliest";
  EXPECT_EQ(merged_since(Route(3'600, std::nullopt))->unit.clocks[0].since, At(500)) << "to be waited for: the latest";
  EXPECT_EQ(merged_since(Route(60, 3'600)).error().metadata.at("differs_in"), "time window TW1");
}

struct Difference {
  std::string what;
  void (*apply)(LotItem&);
};

TEST(Merge, RefusesLotsThatDiffer) {
  const std::vector<Difference> differences = {
      {"material", [](LotItem& lot) { lot.unit.material_id = 8; }},
      {"revision", [](LotItem& lot) { lot.unit.revision_id = 8; }},
      {"order", [](LotItem& lot) { lot.unit.work_order_id = 8; }},
      {"state", [](LotItem& lot) { lot.unit.status = UnitStatus::kFinished; }},
      {"passed operations", [](LotItem& lot) { lot.unit.passed = 0b1; }},
      {"failed operation", [](LotItem& lot) { lot.unit.failed_operation = 30; }},
      {"grade", [](LotItem& lot) { lot.unit.grade = "B"; }},
      {"quantity left", [](LotItem& lot) { lot.lot.left_micro = 0; }},
  };
  const ProductRevision route = Route(std::nullopt, 3'600);
  for (const Difference& difference : differences) {
    std::vector<LotItem> sources = {Roll("R1"), Roll("R2")};
    difference.apply(sources[1]);
    const auto merged = Merge(sources, "M1", &route, {}, kNow);
    ASSERT_FALSE(merged) << difference.what;
    EXPECT_EQ(merged.error().reason, Reason::kLotMergeMismatch);
    EXPECT_EQ(merged.error().metadata.at("differs_in"), difference.what);
    EXPECT_EQ(merged.error().metadata.at("lot_code"), "R2");
  }
}

TEST(Merge, RefusesRunningAndHeldLots) {
  std::vector<LotItem> sources = {Roll("R1"), Roll("R2")};
  sources[1].unit.running_operation = 30;
  EXPECT_EQ(Merge(sources, "M1", nullptr, {}, kNow).error().reason, Reason::kLotRunning);
  sources[1].unit.running_operation = 0;
  sources[1].unit.hold_count = 1;
  EXPECT_EQ(Merge(sources, "M1", nullptr, {3}, kNow).error().metadata.at("hold_ids"), "3");
}

}  // namespace
}  // namespace mes::domain
