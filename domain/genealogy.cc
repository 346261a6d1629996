#include "domain/genealogy.h"

#include <utility>

namespace mes::domain {

std::string_view NameOf(EdgeKind kind) {
  switch (kind) {
    case EdgeKind::kInstalled:
      return "installed";
    case EdgeKind::kConsumed:
      return "consumed";
    case EdgeKind::kSplit:
      return "split";
    case EdgeKind::kMerged:
      return "merged";
    case EdgeKind::kRecovered:
      return "recovered";
  }
  return "";
}

bool Shows(const Scope& scope, const Edge& edge) {
  // What ends a lot's edge is a reversal, which has no moment of its own: it takes back that the edge ever was.
  const bool ends_by_reversal = edge.kind != EdgeKind::kInstalled;
  switch (scope.view) {
    case TraceView::kAsIs:
      return !edge.remove_record_time;
    case TraceView::kAsBuilt:
    case TraceView::kAsIsAt:
      if (edge.install_time > scope.at) return false;
      return !edge.remove_record_time || (!ends_by_reversal && edge.remove_time && *edge.remove_time > scope.at);
    case TraceView::kAsKnownAt:
      if (edge.install_time > scope.at || edge.install_record_time > scope.at) return false;
      if (!edge.remove_record_time || *edge.remove_record_time > scope.at) return true;
      return !ends_by_reversal && edge.remove_time && *edge.remove_time > scope.at;
  }
  return false;
}

Walk::Walk(std::vector<int64_t> roots, Direction direction, int32_t max_depth, int64_t max_edges)
    : direction_(direction), max_depth_(max_depth), max_edges_(max_edges) {
  for (const int64_t root : roots) {
    if (met_.insert(root).second) level_.push_back(root);
  }
}

bool Walk::Take(const Edge& edge, bool wanted) {
  if (max_depth_ != 0 && depth_ > max_depth_) {
    // Read only to know whether there is more.
    cut_ = true;
    return false;
  }
  const int64_t far_end = direction_ == Direction::kDown ? edge.child_id : edge.parent_id;
  if (met_.insert(far_end).second) next_.push_back(far_end);
  if (!wanted) return false;
  if (sent_ == max_edges_) {
    cut_ = true;
    return false;
  }
  ++sent_;
  return true;
}

bool Walk::Descend() {
  if (cut_ || next_.empty() || (max_depth_ != 0 && depth_ > max_depth_)) return false;
  level_ = std::exchange(next_, {});
  ++depth_;
  return true;
}

}  // namespace mes::domain
