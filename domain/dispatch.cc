#include "domain/dispatch.h"

#include <algorithm>
#include <map>

#include "domain/unit.h"

namespace mes::domain {
namespace {

// The first mandatory operation: where a new unit starts.
int16_t FirstOperation(const ProductRevision& revision) { return NextOperation(revision, 0); }

bool IsDoneBy(const Operation& operation, std::string_view station_class, int16_t next) {
  return operation.station_class == station_class && (operation.number == next || operation.alternate_of == next);
}

}  // namespace

std::vector<int32_t> ProductsOf(const Plant& plant, std::string_view station_class) {
  std::vector<int32_t> products;
  for (const ProductRevision& revision : plant.revisions) {
    const bool does = std::any_of(revision.operations.begin(), revision.operations.end(),
                                  [&](const Operation& operation) { return operation.station_class == station_class; });
    if (does) products.push_back(revision.material_id);
  }
  std::sort(products.begin(), products.end());
  products.erase(std::unique(products.begin(), products.end()), products.end());
  return products;
}

std::vector<DispatchEntry> DispatchOf(const WorkOrder& order, const ProductRevision& revision, std::string_view station_class,
                                      const std::vector<WaitingUnits>& waiting) {
  std::map<int16_t, int64_t> waiting_at;
  waiting_at[FirstOperation(revision)] = order.LeftToStartMicro();
  for (const WaitingUnits& units : waiting) waiting_at[NextOperation(revision, units.passed)] += units.quantity_micro;
  std::vector<DispatchEntry> entries;
  for (const Operation& operation : revision.operations) {
    for (const auto& [next, quantity_micro] : waiting_at) {
      if (next == 0 || quantity_micro <= 0 || !IsDoneBy(operation, station_class, next)) continue;
      entries.push_back({&order, &operation, quantity_micro});
    }
  }
  return entries;
}

}  // namespace mes::domain
