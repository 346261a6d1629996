// What a hold covers, found set-wise in history: the questions of domain/hold_predicate as SQL, and the closure by direction.
// Placing, spreading and previewing go this one way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "db/hold.h"
#include "db/transaction.h"
#include "domain/product_definition.h"

namespace mes::db {

// The units and lots that match, without what they went into. Ascending. None for a hold at an operation.
std::vector<int64_t> FindMatching(Transaction& transaction, const domain::Plant& plant, const domain::HoldDraft& draft);
// With the closure by the draft's direction. Ascending.
std::vector<HeldItem> FindHeld(Transaction& transaction, const domain::Plant& plant, const domain::HoldDraft& draft);
// What these went into (kCauseWentInto) or what is in them (kCausePartOf), all levels, along edges in force; without themselves.
std::vector<int64_t> WalkFrom(Transaction& transaction, const std::vector<int64_t>& ids, domain::HoldCause cause);

// Units alike in what a preview tells of them.
struct HeldStage {
  int32_t material_id = 0;
  int32_t revision_id = 0;
  domain::UnitStatus status = domain::UnitStatus::kInProcess;
  bool is_lot = false;
  bool has_left = false;
  bool built_in = false;
  int16_t running_operation = 0;
  int16_t failed_operation = 0;
  uint64_t passed = 0;
  int64_t units = 0;
  int64_t left_micro = 0;
  // On hold already, by whatever.
  int64_t held = 0;
};
std::vector<HeldStage> ListHeldStages(Transaction& transaction, const std::vector<int64_t>& ids);

// Where they are: running at a station, in a carrier, or last seen at a station. What is built in, shipped or scrapped is nowhere
// by itself. Most first, at most `limit`.
struct HeldPlace {
  int32_t station_id = 0;
  std::string carrier_code;
  int64_t units = 0;
};
std::vector<HeldPlace> ListHeldPlaces(Transaction& transaction, const std::vector<int64_t>& ids, int limit);

// Units of the product that a hold at an operation would stop: not through it yet. Ascending.
std::vector<int64_t> FindWaiting(Transaction& transaction, const domain::Plant& plant, const domain::HoldPredicate& predicate);

}  // namespace mes::db
