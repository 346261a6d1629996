#include "services/mesctl/genealogy_tree.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <tuple>

#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

constexpr int64_t kMicro = 1'000'000;

// A decimal with at most six fraction digits, in millionths. The server writes nothing else.
int64_t Micros(const std::string& value) {
  const size_t point = value.find('.');
  std::string digits = value.substr(0, point);
  std::string fraction = point == std::string::npos ? "" : value.substr(point + 1);
  fraction.resize(6, '0');
  int64_t micros = 0;
  for (const char c : digits + fraction)
    if (c >= '0' && c <= '9') micros = micros * 10 + (c - '0');
  return micros;
}

std::string Decimal(int64_t micros) {
  std::string text = std::to_string(micros / kMicro);
  std::string fraction = std::to_string(kMicro + micros % kMicro).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return fraction.empty() ? text : text + "." + fraction;
}

// `2.17` for a unit in a slot, the line for a lot, the kind for splits and merges, which have no position.
std::string Position(const v1::GenealogyEdge& edge) {
  if (edge.line() == 0) return edge.kind();
  return edge.slot() == 0 ? std::to_string(edge.line()) : std::to_string(edge.line()) + "." + std::to_string(edge.slot());
}

bool IsLot(const v1::GenealogyEdge& edge) {
  return edge.child_tracking() != v1::TRACKING_SERIAL;
}

}  // namespace

void GenealogyTree::Add(const v1::GenealogyEdge& edge) {
  edges_.push_back(edge);
  children_[edge.parent_code()].push_back(&edges_.back());
}

GenealogyTree::Edges GenealogyTree::ChildrenOf(const std::string& code) const {
  const auto found = children_.find(code);
  if (found == children_.end()) return {};
  Edges children = found->second;
  std::stable_sort(children.begin(), children.end(), [](const auto* a, const auto* b) {
    return std::forward_as_tuple(a->line(), a->child_material(), a->slot(), a->child_code()) <
           std::forward_as_tuple(b->line(), b->child_material(), b->slot(), b->child_code());
  });
  return children;
}

bool GenealogyTree::HasOnlyLots(const std::string& code) const {
  const auto found = children_.find(code);
  return found == children_.end() ||
         std::all_of(found->second.begin(), found->second.end(), [](const auto* edge) { return IsLot(*edge); });
}

void GenealogyTree::Print(bool all) {
  all_ = all;
  shown_.clear();
  const auto top = std::find_if(edges_.begin(), edges_.end(), [](const auto& edge) { return edge.depth() == 1; });
  if (top == edges_.end()) {
    printf("%s: nothing is recorded in it\n", OneLine(asked_).c_str());
    return;
  }
  const std::string now = top->parent_code() == asked_ ? "" : "  (asked for as " + asked_ + ")";
  printf("%s\n", OneLine(top->parent_material() + "  " + top->parent_code() + now).c_str());
  PrintBelow(top->parent_code(), 2);
}

void GenealogyTree::PrintBelow(const std::string& code, size_t indent) {
  if (!shown_.insert(code).second) return;
  const Edges children = ChildrenOf(code);
  for (size_t begin = 0; begin < children.size();) {
    size_t end = begin + 1;
    while (end < children.size() && children[end]->line() == children[begin]->line() &&
           children[end]->child_material() == children[begin]->child_material())
      ++end;
    PrintGroup(Edges(children.begin() + static_cast<ptrdiff_t>(begin), children.begin() + static_cast<ptrdiff_t>(end)), indent);
    begin = end;
  }
}

// The parts of one material on one BOM line.
void GenealogyTree::PrintGroup(const Edges& group, size_t indent) {
  const bool alike =
      !all_ && group.size() > 1 && !IsLot(*group.front()) &&
      std::all_of(group.begin(), group.end(), [this](const auto* edge) { return HasOnlyLots(edge->child_code()); });
  for (const auto* edge : group) PrintEdge(*edge, indent, Text(edge->quantity()), !alike);
  if (alike) PrintSummed(group, indent + 2);
}

// The lots in all the parts of a group, each once with its sum.
void GenealogyTree::PrintSummed(const Edges& group, size_t indent) {
  struct Sum {
    const v1::GenealogyEdge* edge;
    int64_t micros = 0, parts = 0;
  };
  std::map<std::tuple<int32_t, std::string, std::string>, Sum> sums;
  for (const auto* part : group) {
    shown_.insert(part->child_code());
    for (const auto* edge : ChildrenOf(part->child_code())) {
      auto& sum = sums[{edge->line(), edge->child_material(), edge->child_code()}];
      sum.edge = edge;
      sum.micros += Micros(edge->quantity().value());
      ++sum.parts;
    }
  }
  if (sums.empty()) return;
  printf("%*slots in these %zu:\n", static_cast<int>(indent), "", group.size());
  for (const auto& [key, sum] : sums)
    PrintEdge(*sum.edge, indent, Decimal(sum.micros) + " " + sum.edge->quantity().uom() + " in " + std::to_string(sum.parts),
              true);
}

void GenealogyTree::PrintEdge(const v1::GenealogyEdge& edge, size_t indent, const std::string& amount, bool below) {
  std::string line = std::string(indent, ' ') + Position(edge);
  line.resize(std::max(line.size() + 2, indent + 6), ' ');
  line += edge.child_material() + "  " + edge.child_code();
  if (!amount.empty()) line += "  " + amount;
  if (edge.has_remove_time()) line += "  removed " + Text(edge.remove_time());
  const bool again = below && shown_.contains(edge.child_code()) && children_.contains(edge.child_code());
  if (again) line += "  (see above)";
  printf("%s\n", OneLine(line).c_str());
  if (below && !again) PrintBelow(edge.child_code(), indent + 2);
}

}  // namespace mes::mesctl
