// Where holds are kept, what they cover and what was decided about it.
//
// Atomic against the gate: whoever moves units (ingest, goods-in, splits) shares a lock for the length of its transaction, and
// reads under it which holds stand. A hold is stored first, and db/hold_spread then waits once for those who had not seen it;
// whoever comes later catches by himself what comes to match. unit.hold_count is the number of items in force on a unit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/transaction.h"
#include "domain/hold.h"
#include "domain/hold_disposition.h"

namespace mes::db {

// Until the transaction ends: by who moves units, before it reads anything of them.
void ShareHoldLock(Transaction& transaction);
// Alone: nobody moves a unit.
void TakeHoldLock(Transaction& transaction);

// Stores a new hold as spreading; its id. To be spread once committed (db/hold_spread).
int64_t InsertHold(Transaction& transaction, const domain::HoldDraft& draft, domain::Time now);

std::optional<domain::Hold> LoadHold(Transaction& transaction, int64_t hold_id);
// As LoadHold; nobody else lifts it until the transaction ends.
std::optional<domain::Hold> LockHold(Transaction& transaction, int64_t hold_id);
// Stores a lifted hold and takes it off everything that it covers. The rows that say what it covered stay.
void UpdateReleasedHold(Transaction& transaction, const domain::Hold& hold);

// Newest first, with ids below `before_id` (0 = all), at most `limit`.
std::vector<domain::Hold> ListHolds(Transaction& transaction, int64_t before_id, bool in_force_only, int limit);

// The holds in force on any of these units, ascending.
std::vector<int64_t> ListHoldsOn(Transaction& transaction, const std::vector<int64_t>& unit_ids);

// Something that a hold covers or covered.
struct HeldItem {
  int64_t unit_id = 0;
  // Bits of domain::HoldCause.
  int16_t cause = 0;
};
// Puts a hold on these, which are locked or new, and counts it up on them. Those that it is on are left alone; with `reopen`,
// those that were released from it are on it again. `catch_time`: null = with the hold.
void InsertHoldItems(Transaction& transaction, int64_t hold_id, const std::vector<HeldItem>& items,
                     std::optional<domain::Time> catch_time, bool reopen, const std::vector<int64_t>& named);

// An item as it is shown.
struct HoldItemRow {
  int64_t hold_id = 0;
  int64_t unit_id = 0;
  std::string code;
  int32_t material_id = 0;
  domain::UnitStatus status = domain::UnitStatus::kInProcess;
  int16_t cause = 0;
  bool named = false;
  domain::Time catch_time{};
  // Released by itself or with the whole hold; absent = in force.
  std::optional<domain::Time> release_time;
  std::string released_by;
  std::string release_reason;
  // 0 = with the whole hold, as it is.
  domain::HoldDisposition disposition = domain::HoldDisposition::kUseAsIs;
  std::string hold_reason;
  std::string placed_by;
};
struct HoldItemFilter {
  int64_t hold_id = 0;
  int64_t after_unit_id = 0;
  bool in_force_only = false;
  // 0 = all.
  int32_t material_id = 0;
};
// By unit id, at most `limit`.
std::vector<HoldItemRow> ListHoldItems(Transaction& transaction, const HoldItemFilter& filter, int limit);
// Every hold that was ever on a unit, newest first, with ids below `before_id` (0 = all), at most `limit`.
std::vector<HoldItemRow> ListUnitHolds(Transaction& transaction, int64_t unit_id, int64_t before_id, int limit);
// Those of `unit_ids` on which the hold is in force; all of the hold's, at most `limit`, where `unit_ids` is empty. Ascending.
std::vector<int64_t> ListItemsInForce(Transaction& transaction, int64_t hold_id, const std::vector<int64_t>& unit_ids,
                                      int64_t limit);

// A decision about some of a hold's units, or all.
struct StoredDisposition {
  domain::Disposal disposal;
  std::string role;
  domain::Time propose_time{};
  // The second person, where four eyes are needed.
  std::string approved_by;
  std::string approval_role;
  std::string approval_reason;
  // Absent = waits for the second person.
  std::optional<domain::Time> effect_time;
  // Empty = the whole hold.
  std::vector<int64_t> unit_ids;
  // As many as unit_ids; filled where they are not loaded.
  int64_t units = 0;
};
// Fills disposal.disposition_id.
void InsertDisposition(Transaction& transaction, StoredDisposition& disposition);
// Locked until the transaction ends; with its units.
std::optional<StoredDisposition> LockDisposition(Transaction& transaction, int64_t disposition_id);
// Stores the second person and when it took effect.
void UpdateDisposition(Transaction& transaction, const StoredDisposition& disposition);
// Of a hold, oldest first, at most `limit`; without their units.
std::vector<StoredDisposition> ListDispositions(Transaction& transaction, int64_t hold_id, int limit);
// Releases the items on which the hold is in force. Of a hold at an operation: lets the units through.
void ReleaseHoldItems(Transaction& transaction, int64_t hold_id, const std::vector<int64_t>& unit_ids, int64_t disposition_id,
                      domain::Time now, bool at_operation);

}  // namespace mes::db
