// A trace as a tree to read: edges go in as they come, in any order; the print shows every unit at its position. A truck has
// thousands of edges from cells to lots, so lots in like parts of one parent are summed up below those parts, and what a lot is
// made of is shown at its first appearance only. Amounts are summed exactly.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "mes/v1/genealogy.pb.h"

namespace mes::mesctl {

class GenealogyTree {
 public:
  // `asked`: the code that was asked for, shown where there is no edge.
  explicit GenealogyTree(std::string asked) : asked_(std::move(asked)) {}
  void Add(const v1::GenealogyEdge& edge);
  // To stdout. `all`: sum up nothing.
  void Print(bool all);

 private:
  using Edges = std::vector<const v1::GenealogyEdge*>;

  Edges ChildrenOf(const std::string& code) const;
  bool HasOnlyLots(const std::string& code) const;
  void PrintBelow(const std::string& code, size_t indent);
  void PrintGroup(const Edges& group, size_t indent);
  void PrintSummed(const Edges& group, size_t indent);
  void PrintEdge(const v1::GenealogyEdge& edge, size_t indent, const std::string& amount, bool below);

  std::string asked_;
  bool all_ = false;
  std::deque<v1::GenealogyEdge> edges_;
  std::unordered_map<std::string, Edges> children_;
  std::unordered_set<std::string> shown_;
};

}  // namespace mes::mesctl
