// Where genealogy is read: the edges of one level at a time, set-wise, in chunks as they come, so that the first page is out before
// the last edge is read. Two tables: unit in unit (`assembly`) and lot in unit or lot (`lot_consumption`).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "db/transaction.h"
#include "domain/genealogy.h"
#include "domain/product_definition.h"

namespace mes::db {

// Edges are handed over in chunks of at most a few thousand; false = read no more.
using TakeEdges = std::function<bool(const std::vector<domain::Edge>&)>;

enum class EdgeSet { kCurrent, kWithRemoved };

// The edges from these parents to what is in them.
void ListEdgesBelow(Transaction& transaction, const std::vector<int64_t>& parents, EdgeSet set, const TakeEdges& take);
// The edges from these children to what they are in. A lot may have a hundred thousand.
void ListEdgesAbove(Transaction& transaction, const std::vector<int64_t>& children, EdgeSet set, const TakeEdges& take);

// What an edge's end is called.
struct Identity {
  int64_t unit_id = 0;
  std::string code;
  int32_t material_id = 0;
  domain::Tracking tracking = domain::Tracking::kSerial;
};
std::vector<Identity> LoadIdentities(Transaction& transaction, const std::vector<int64_t>& ids);

}  // namespace mes::db
