#include "domain/recycling.h"

#include <algorithm>
#include <tuple>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace mes::domain {
namespace {

RecyclingBatch Batch(int64_t units, int64_t dismantled, int64_t lots, RecyclingState state = RecyclingState::kOpen) {
  RecyclingBatch batch;
  batch.id = 7;
  batch.state = state;
  batch.units = units;
  batch.dismantled = dismantled;
  batch.lots = lots;
  return batch;
}

bool May(const RecyclingBatch& batch, RecyclingAct act) {
  const Status allowed = CheckAct(batch, act);
  EXPECT_TRUE(allowed || allowed.error().reason == Reason::kRecyclingBatchState);
  return allowed.has_value();
}

TEST(RecyclingBatch, GoesOneWay) {
  EXPECT_TRUE(May(Batch(0, 0, 0), RecyclingAct::kReceive));
  EXPECT_FALSE(May(Batch(0, 0, 0), RecyclingAct::kReport)) << "nothing received";
  EXPECT_TRUE(May(Batch(0, 0, 0), RecyclingAct::kClose)) << "an empty one may be given up";
  EXPECT_FALSE(May(Batch(2, 1, 0), RecyclingAct::kReport)) << "one is whole";
  EXPECT_TRUE(May(Batch(2, 2, 0), RecyclingAct::kReport));
  EXPECT_FALSE(May(Batch(2, 2, 0), RecyclingAct::kClose)) << "nothing came back";
  EXPECT_FALSE(May(Batch(2, 2, 1), RecyclingAct::kReceive)) << "what the lot comes from is fixed";
  EXPECT_TRUE(May(Batch(2, 2, 1), RecyclingAct::kReport));
  EXPECT_TRUE(May(Batch(2, 2, 1), RecyclingAct::kClose));
  for (const RecyclingAct act : {RecyclingAct::kReceive, RecyclingAct::kDismantle, RecyclingAct::kReport, RecyclingAct::kClose}) {
    EXPECT_FALSE(May(Batch(2, 2, 1, RecyclingState::kClosed), act));
  }
}

TEST(RecyclingBatch, MoreThanContainedAndTheToleranceIsRefusedWithFigures) {
  const Masses contained = {{Element::kLithium, 1'000'000'000}};
  EXPECT_TRUE(CheckRecovered(contained, {}, {{Element::kLithium, 1'020'000'000}}));
  const Status refused = CheckRecovered(contained, {{Element::kLithium, 1'000'000'000}}, {{Element::kLithium, 20'000'001}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::kMassExceedsContained);
  EXPECT_EQ(refused.error().metadata.at("element"), "Li");
  EXPECT_EQ(refused.error().metadata.at("contained_kg"), "1");
  EXPECT_EQ(refused.error().metadata.at("most_kg"), "1.02");
  EXPECT_FALSE(CheckRecovered(contained, {}, {{Element::kCobalt, 1}})) << "there is none in it";
}

RC_GTEST_PROP(RecyclingBatch, NoRowOfReportsEverExceedsTheContained, ()) {
  const auto contained = *rc::gen::inRange<int64_t>(0, 1'000'000'000'000);
  const auto reports = *rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(1, 300'000'000'000));
  Masses recovered;
  for (const int64_t report : reports) {
    if (!CheckRecovered({{Element::kNickel, contained}}, recovered, {{Element::kNickel, report}})) continue;
    recovered[Element::kNickel] += report;
  }
  RC_ASSERT(recovered[Element::kNickel] <= contained + contained / 50 + 1);
}

TEST(Target, TheNewestThatHasBegunCounts) {
  const auto find = [](TargetKind kind, Element element, Day day) {
    return FindTarget(Regime::kEu, kind, element, Chemistry::kLithium, day);
  };
  const TargetInForce before = find(TargetKind::kRecovery, Element::kLithium, DayOf(2026, 11, 26));
  EXPECT_EQ(before.now, nullptr);
  EXPECT_EQ(before.next->permille, 500);
  const TargetInForce first = find(TargetKind::kRecovery, Element::kLithium, DayOf(2027, 12, 31));
  EXPECT_EQ(first.now->permille, 500);
  EXPECT_EQ(first.next->permille, 800);
  const TargetInForce last = find(TargetKind::kRecovery, Element::kLithium, DayOf(2040, 1, 1));
  EXPECT_EQ(last.now->permille, 800);
  EXPECT_EQ(last.next, nullptr);
  EXPECT_EQ(find(TargetKind::kEfficiency, Element::kOther, DayOf(2026, 1, 1)).now->permille, 650);
  EXPECT_EQ(
      FindTarget(Regime::kChina, TargetKind::kRecovery, Element::kNickel, Chemistry::kOther, DayOf(2026, 1, 1)).now->permille,
      980);
  EXPECT_EQ(find(TargetKind::kRecovery, Element::kIron, DayOf(2040, 1, 1)).now, nullptr) << "no target at all";
}

TEST(Target, IsMetExactlyAndNotByRounding) {
  EXPECT_TRUE(Meets(900, 1'000, 900));
  EXPECT_FALSE(Meets(899, 1'000, 900));
  EXPECT_FALSE(Meets(900, 1'001, 900)) << "900.9 are needed";
  EXPECT_TRUE(Meets(901, 1'001, 900));
  EXPECT_FALSE(Meets(0, 0, 900)) << "of nothing there is no rate";
  EXPECT_TRUE(Meets(9'000'000'000'000'000, 9'000'000'000'000'000, 1'000)) << "no overflow";
}

TEST(Target, ChemistryFollowsTheContents) {
  EXPECT_EQ(ChemistryOf({{Element::kLithium, 1}, {Element::kLead, 5}}), Chemistry::kLithium);
  EXPECT_EQ(ChemistryOf({{Element::kLead, 5}}), Chemistry::kLead);
  EXPECT_EQ(ChemistryOf({{Element::kPlatinum, 5}}), Chemistry::kOther);
}

TEST(Observation, HasNames) {
  EXPECT_EQ(NamesOf(static_cast<int32_t>(Observation::kCrashed) | static_cast<int32_t>(Observation::kHot)),
            (std::vector<std::string_view>{"crashed", "hot"}));
  EXPECT_EQ(NamesOf(kAllObservations).size(), 6u);
}

Edge Consumed(int64_t lot, int64_t consumer, int64_t quantity) {
  Edge edge;
  edge.child_id = lot;
  edge.parent_id = consumer;
  edge.kind = EdgeKind::kConsumed;
  edge.quantity_micro = quantity;
  return edge;
}
Edge Installed(int64_t part, int64_t parent) {
  Edge edge;
  edge.child_id = part;
  edge.parent_id = parent;
  return edge;
}

TEST(RecycledContent, GoesWithItsShareOfEachLotAndWhollyWithAPart) {
  // Lot 1 (100) is recovered: 40 into roll 2 (made of 200 in all, quantity 80), 20 of the roll into cell 3, which is in pack 4.
  const std::vector<Edge> edges = {Consumed(1, 2, 40), Consumed(2, 3, 20), Installed(3, 4)};
  const auto spread = SpreadRecycled({{1, {{Element::kLithium, 1'000}}}}, {{1, 100}, {2, 80}}, edges);
  EXPECT_EQ(spread.at(2).at(Element::kLithium), 400);
  EXPECT_EQ(spread.at(3).at(Element::kLithium), 100);
  EXPECT_EQ(spread.at(4).at(Element::kLithium), 100);
}

TEST(RecycledContent, WhatWasPartedAndJoinedAgainIsSummedOnce) {
  Edge split_a = Consumed(1, 2, 30), split_b = Consumed(1, 3, 70), merge_a = Consumed(2, 4, 30), merge_b = Consumed(3, 4, 70);
  split_a.kind = split_b.kind = EdgeKind::kSplit;
  merge_a.kind = merge_b.kind = EdgeKind::kMerged;
  const auto spread = SpreadRecycled({{1, {{Element::kCopper, 1'000}}}}, {{1, 100}, {2, 30}, {3, 70}, {4, 100}},
                                     {merge_b, split_a, merge_a, split_b});
  EXPECT_EQ(spread.at(4).at(Element::kCopper), 1'000);
}

TEST(RecycledContent, EndsAtTheNextRecycling) {
  Edge back = Installed(3, 9);
  back.kind = EdgeKind::kRecovered;
  const auto spread = SpreadRecycled({{1, {{Element::kCopper, 100}}}}, {{1, 10}}, {Consumed(1, 3, 10), back});
  EXPECT_EQ(spread.at(3).at(Element::kCopper), 100);
  EXPECT_FALSE(spread.contains(9)) << "the lot that comes back is a source of its own";
}

RC_GTEST_PROP(RecycledContent, NeverGrowsAndDoesNotDependOnTheOrderOfEdges, ()) {
  // A lot of 1,000 parts among lots and units; lots hand on in their turn.
  const auto quantities = *rc::gen::container<std::vector<int64_t>>(6, rc::gen::inRange<int64_t>(1, 150));
  std::vector<Edge> edges;
  std::unordered_map<int64_t, int64_t> lots = {{1, 1'000}};
  for (size_t i = 0; i < quantities.size(); ++i) {
    const int64_t lot = 10 + static_cast<int64_t>(i);
    lots[lot] = 200;
    edges.push_back(Consumed(1, lot, quantities[i]));
    edges.push_back(Consumed(lot, 100 + static_cast<int64_t>(i % 3), quantities[i]));
    edges.push_back(Installed(100 + static_cast<int64_t>(i % 3), 1'000));
  }
  // A unit is installed once.
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) {
    return std::tuple(a.child_id, a.parent_id, a.quantity_micro) < std::tuple(b.child_id, b.parent_id, b.quantity_micro);
  });
  edges.erase(std::unique(edges.begin(), edges.end(),
                          [](const Edge& a, const Edge& b) {
                            return a.kind == b.kind && a.child_id == b.child_id && a.parent_id == b.parent_id;
                          }),
              edges.end());
  const std::vector<RecycledSource> sources = {{1, {{Element::kLithium, 777'777}}}};
  const auto spread = SpreadRecycled(sources, lots, edges);
  const auto at = *rc::gen::inRange<size_t>(0, edges.size());
  std::rotate(edges.begin(), edges.begin() + static_cast<ptrdiff_t>(at), edges.end());
  std::reverse(edges.begin(), edges.begin() + static_cast<ptrdiff_t>(at));
  RC_ASSERT(SpreadRecycled(sources, lots, edges) == spread);
  RC_ASSERT(spread.at(1'000).at(Element::kLithium) <= 777'777);
}

}  // namespace
}  // namespace mes::domain
