#include "domain/genealogy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mes::domain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Time At(int64_t seconds) { return FromMicros(seconds * 1'000'000); }

Edge Installed(int64_t parent, int64_t child, int64_t installed = 10, std::optional<int64_t> removed = std::nullopt) {
  Edge edge;
  edge.parent_id = parent;
  edge.child_id = child;
  edge.install_time = At(installed);
  edge.install_record_time = At(installed + 1);
  if (removed) {
    edge.remove_time = At(*removed);
    edge.remove_record_time = At(*removed + 5);
  }
  return edge;
}

Edge Reversed(int64_t consumer, int64_t lot) {
  Edge edge = Installed(consumer, lot);
  edge.kind = EdgeKind::kConsumed;
  edge.remove_record_time = At(20);
  return edge;
}

TEST(Scope, AsIsShowsWhatWasNotTakenOut) {
  const Scope now{TraceView::kAsIs, {}};
  EXPECT_TRUE(Shows(now, Installed(1, 2)));
  EXPECT_FALSE(Shows(now, Installed(1, 2, 10, 20)));
  EXPECT_FALSE(Shows(now, Reversed(1, 2)));
}

TEST(Scope, AsBuiltShowsWhatWasInAtTheEnd) {
  EXPECT_TRUE(Shows({TraceView::kAsBuilt, At(15)}, Installed(1, 2, 10, 20)));
  EXPECT_FALSE(Shows({TraceView::kAsBuilt, At(20)}, Installed(1, 2, 10, 20)));
  EXPECT_FALSE(Shows({TraceView::kAsBuilt, At(9)}, Installed(1, 2)));
}

TEST(Scope, AtAMomentTheIntervalIsHalfOpen) {
  const Edge edge = Installed(1, 2, 10, 20);
  EXPECT_FALSE(Shows({TraceView::kAsIsAt, At(9)}, edge));
  EXPECT_TRUE(Shows({TraceView::kAsIsAt, At(10)}, edge));
  EXPECT_TRUE(Shows({TraceView::kAsIsAt, At(19)}, edge));
  EXPECT_FALSE(Shows({TraceView::kAsIsAt, At(20)}, edge));
}

TEST(Scope, AReversedConsumptionNeverWas) { EXPECT_FALSE(Shows({TraceView::kAsIsAt, At(15)}, Reversed(1, 2))); }

TEST(Scope, AsKnownCountsOnlyWhatWasRecordedThen) {
  const Edge edge = Installed(1, 2, 10, 20);  // recorded at 11 and 25
  EXPECT_FALSE(Shows({TraceView::kAsKnownAt, At(10)}, edge));
  EXPECT_TRUE(Shows({TraceView::kAsKnownAt, At(11)}, edge));
  EXPECT_TRUE(Shows({TraceView::kAsKnownAt, At(24)}, edge)) << "taken out, but nobody knew yet";
  EXPECT_FALSE(Shows({TraceView::kAsKnownAt, At(25)}, edge));
  EXPECT_TRUE(Shows({TraceView::kAsKnownAt, At(19)}, Reversed(1, 2))) << "reversed later";
  EXPECT_FALSE(Shows({TraceView::kAsKnownAt, At(20)}, Reversed(1, 2)));
}

TEST(Walk, SendsEachEdgeAndWalksASharedPartOnce) {
  Walk walk({1}, Direction::kDown);
  EXPECT_THAT(walk.level(), ElementsAre(1));
  EXPECT_TRUE(walk.Take(Installed(1, 2)));
  EXPECT_TRUE(walk.Take(Installed(1, 3)));
  ASSERT_TRUE(walk.Descend());
  EXPECT_EQ(walk.depth(), 2);
  EXPECT_TRUE(walk.Take(Installed(2, 4)));
  EXPECT_TRUE(walk.Take(Installed(3, 4))) << "a later edge to a shared part is still sent";
  ASSERT_TRUE(walk.Descend());
  EXPECT_THAT(walk.level(), ElementsAre(4));
  EXPECT_FALSE(walk.Descend());
  EXPECT_FALSE(walk.cut());
}

TEST(Walk, GoesUpByTheParents) {
  Walk walk({4}, Direction::kUp);
  EXPECT_TRUE(walk.Take(Installed(2, 4)));
  ASSERT_TRUE(walk.Descend());
  EXPECT_THAT(walk.level(), ElementsAre(2));
}

TEST(Walk, EndsInACycleToo) {
  Walk walk({1}, Direction::kDown);
  walk.Take(Installed(1, 2));
  ASSERT_TRUE(walk.Descend());
  walk.Take(Installed(2, 1));
  EXPECT_FALSE(walk.Descend());
}

TEST(Walk, SaysThatDepthCutItOnlyWhenThereIsMore) {
  Walk cut({1}, Direction::kDown, 1);
  EXPECT_TRUE(cut.Take(Installed(1, 2)));
  ASSERT_TRUE(cut.Descend()) << "one look below the last level";
  EXPECT_FALSE(cut.Take(Installed(2, 3)));
  EXPECT_TRUE(cut.full());
  EXPECT_TRUE(cut.cut());
  Walk whole({1}, Direction::kDown, 1);
  whole.Take(Installed(1, 2));
  ASSERT_TRUE(whole.Descend());
  EXPECT_FALSE(whole.Descend());
  EXPECT_FALSE(whole.cut());
}

TEST(Walk, SaysThatCountCutItOnlyWhenThereIsMore) {
  Walk walk({1}, Direction::kDown, 0, 2);
  EXPECT_TRUE(walk.Take(Installed(1, 2)));
  EXPECT_TRUE(walk.Take(Installed(1, 3)));
  EXPECT_FALSE(walk.cut());
  EXPECT_FALSE(walk.Take(Installed(1, 4)));
  EXPECT_TRUE(walk.cut());
}

TEST(Walk, WalksThroughWhatIsNotWanted) {
  Walk walk({1}, Direction::kUp, 0, 1);
  EXPECT_FALSE(walk.Take(Installed(2, 1), false));
  ASSERT_TRUE(walk.Descend());
  EXPECT_TRUE(walk.Take(Installed(3, 2), true));
  EXPECT_FALSE(walk.cut());
}

TEST(EdgeKind, HasANameEach) {
  EXPECT_EQ(NameOf(EdgeKind::kInstalled), "installed");
  EXPECT_EQ(NameOf(EdgeKind::kMerged), "merged");
}

}  // namespace
}  // namespace mes::domain
