// Lots (ISA-95: material lots): how they are parted and joined. What comes out stands where its sources stood on the route, with their
// clocks, counters and lives; no amount is made or lost.
//
// A held lot is neither parted nor joined, so that no part is ever free of a hold that the whole has; a hold placed later finds the parts
// through their edges.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "domain/result.h"
#include "domain/unit.h"

namespace mes::domain {

// A lot: its unit, which stands on a route or was bought, and its amount and lives.
struct LotItem {
  Unit unit;
  Lot lot;
  Time manufacture_time{};
  bool operator==(const LotItem&) const = default;
};

// When a lot of this material that was made then goes off; empty = never.
std::optional<Time> ShelfLifeEnd(const Material& material, Time manufacture_time);

// Opens a lot: its floor life begins. Errors: LOT_OPEN.
Status Open(LotItem& lot, Time open_time);

struct LotPart {
  std::string code;
  int64_t quantity_micro = 0;
};

// Parts a lot. The parts come back without ids, in order; `lot` keeps what is left. `hold_ids`: the holds in force on it, for evidence.
// Errors: LOT_RUNNING, NOT_BLOCKED, UNIT_STATE, QUANTITY_EXCEEDS_LEFT.
Result<std::vector<LotItem>> Split(LotItem& lot, const std::vector<LotPart>& parts, const std::vector<int64_t>& hold_ids,
                                   Time now);

// Joins lots, whole, into a new one without an id; nothing is left in the sources. `revision`: of the sources, null for bought lots.
// The shortest lives count; of a time window's clocks the strictest; of counters the highest. Errors: LOT_RUNNING, NOT_BLOCKED,
// UNIT_STATE, LOT_MERGE_MISMATCH with `lot_code` and `differs_in`.
Result<LotItem> Merge(std::vector<LotItem>& sources, const std::string& code, const ProductRevision* revision,
                      const std::vector<int64_t>& hold_ids, Time now);

}  // namespace mes::domain
