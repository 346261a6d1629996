// What a class of stations should work on next.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/product_definition.h"
#include "domain/work_order.h"

namespace mes::domain {

// How much of an order stands at one point of its route, neither running nor on hold.
struct WaitingUnits {
  int32_t work_order_id = 0;
  // Bits of the operations passed.
  uint64_t passed = 0;
  // Pieces, or what is left of lots.
  int64_t quantity_micro = 0;
};

struct DispatchEntry {
  const WorkOrder* order = nullptr;
  const Operation* operation = nullptr;
  int64_t waiting_micro = 0;
};

// The products that this class of stations works on, at any revision.
std::vector<int32_t> ProductsOf(const Plant& plant, std::string_view station_class);

// Entries of one order, by operation: where the class has something to do. A unit waits at its next operation and at each
// alternate of it; what is not started yet waits at the first. `waiting` holds this order's rows only. Only entries with more
// than zero.
std::vector<DispatchEntry> DispatchOf(const WorkOrder& order, const ProductRevision& revision, std::string_view station_class,
                                      const std::vector<WaitingUnits>& waiting);

}  // namespace mes::domain
