// What is inside what, and when: interval edges between units and lots, which of them a view shows, and how a walk over them goes.
// Pure: db/genealogy reads the edges, level by level.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "domain/time.h"

namespace mes::domain {

// What made an edge. kConsumed to kMerged are the values of lot_consumption.kind; kRecovered: a recycled unit that a lot came back from.
enum class EdgeKind : int16_t { kInstalled = 0, kConsumed = 1, kSplit = 2, kMerged = 3, kRecovered = 4 };
// `installed`, `consumed`, `split`, `merged` or `recovered`.
std::string_view NameOf(EdgeKind kind);

// The station event that made or ended an edge. Without a station: the replacement or, under kCaptureEpoch, the captured event of
// that number.
inline constexpr int32_t kCaptureEpoch = 2;
struct EdgeEvent {
  int32_t station_id = 0;
  int32_t epoch = 0;
  int64_t sequence = 0;
};

// This child is, or was, in that parent. A lot's child edges are its consumptions; those of a split lead from the whole to its parts.
struct Edge {
  int64_t parent_id = 0;
  int64_t child_id = 0;
  EdgeKind kind = EdgeKind::kInstalled;
  int16_t line = 0;
  int16_t slot = 0;
  // For lots.
  int64_t quantity_micro = 0;
  Time install_time{};
  Time install_record_time{};
  std::optional<Time> remove_time;
  std::optional<Time> remove_record_time;
  EdgeEvent install_event;
  EdgeEvent remove_event;
  // Of a split or merge.
  std::string request_id;
};

// Which truth is told. Values are those of mes.v1.TraceView.
enum class TraceView : int16_t { kAsIs = 1, kAsBuilt, kAsIsAt, kAsKnownAt };

struct Scope {
  TraceView view = TraceView::kAsIs;
  // The moment of kAsIsAt and kAsKnownAt; of kAsBuilt: when what was asked for was finished, for all levels alike, so that the answer is
  // one state of one thing and not a mixture of the moments at which its parts were finished.
  Time at{};
};
// Whether an edge is part of that truth. A consumption that was reversed never happened, as far as is known today.
bool Shows(const Scope& scope, const Edge& edge);

enum class Direction : int8_t { kDown, kUp };

// A walk from one thing through all levels: breadth first, each thing once, bounded. The caller feeds it the edges of a level as they
// are read; it says which to send and what the next level is.
class Walk {
 public:
  static constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();
  // `max_depth` 0 = all levels.
  Walk(std::vector<int64_t> roots, Direction direction, int32_t max_depth = 0, int64_t max_edges = kNoLimit);

  // The things whose edges come next, none twice.
  const std::vector<int64_t>& level() const { return level_; }
  // Steps of the edges that come next, from 1.
  int32_t depth() const { return depth_; }
  // Takes one edge of this level; `wanted`: it is to be sent when there is room. True = send it. The far end joins the next level the
  // first time it is met.
  bool Take(const Edge& edge, bool wanted = true);
  // True once nothing more can be sent: stop reading.
  bool full() const { return cut_; }
  // Goes to the next level. False = the walk is over.
  bool Descend();
  // True: more was there than depth or count let through.
  bool cut() const { return cut_; }
  // Everything met, the roots with it.
  const std::unordered_set<int64_t>& met() const { return met_; }

 private:
  Direction direction_;
  int32_t max_depth_;
  int64_t max_edges_;
  int32_t depth_ = 1;
  int64_t sent_ = 0;
  bool cut_ = false;
  std::vector<int64_t> level_;
  std::vector<int64_t> next_;
  std::unordered_set<int64_t> met_;
};

}  // namespace mes::domain
