// Where units are found and read, and where new ones that no station event makes are put: bought units, parts of lots. The state of
// units on their route is moved by db/station_event.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/transaction.h"
#include "domain/station_event.h"
#include "domain/unit.h"

namespace mes::db {

// What a code leads to: a current code first, else the units that had it before.
struct FoundCode {
  // 0 = unknown.
  int64_t unit_id = 0;
  // Nobody's now, and several units had it (a tray position).
  bool ambiguous = false;
};
// One per code, in order.
std::vector<FoundCode> FindCodes(Transaction& transaction, const std::vector<std::string>& codes);

// A unit with what its row only points to.
struct StoredUnit {
  domain::Unit unit;
  // Of lots, with when it was made.
  std::optional<domain::Lot> lot;
  domain::Time manufacture_time{};
  // Oldest first.
  std::vector<std::string> earlier_codes;
  std::string work_order_code;
  std::string parent_code;
  std::string carrier_code;
  // Empty = made here.
  std::string supplier;
  std::string supplier_lot;
};
// Units and lots, by code; unknown ids are left out.
std::vector<StoredUnit> LoadUnits(Transaction& transaction, const std::vector<int64_t>& ids);
// Locks the rows in the order of their ids, as everybody does who moves units, so that nobody waits in a circle.
void LockUnits(Transaction& transaction, const std::vector<int64_t>& ids);

struct UnitFilter {
  // Only codes after this one.
  std::string after_code;
  // 0 = all.
  int32_t work_order_id = 0;
  int32_t material_id = 0;
  std::optional<domain::UnitStatus> status;
};
// Serial units by code, at most `limit`.
std::vector<StoredUnit> ListUnits(Transaction& transaction, const UnitFilter& filter, int limit);

// Fresh ids, each given out once ever.
std::vector<int64_t> TakeUnitIds(Transaction& transaction, size_t count);
// Stores new units with fresh ids and codes that differ. Returns a code that somebody has already: the caller must then roll back, since
// the others are stored. What only a station can bring about (a run, a carrier, a parent) is not stored.
std::optional<std::string> InsertUnits(Transaction& transaction, const std::vector<domain::Unit>& units);

struct Purchase {
  std::string supplier;
  std::string supplier_lot;
  std::string passport_reference;
  bool goods_in_test_passed = false;
};
void InsertPurchases(Transaction& transaction, const std::vector<int64_t>& ids, const Purchase& purchase, domain::Time now);

// A stored row of a unit's history, as it is shown.
struct UnitEventRow {
  domain::Time occur_time{};
  domain::Time record_time{};
  int32_t station_id = 0;
  int32_t epoch = 0;
  int64_t sequence = 0;
  int32_t revision_id = 0;
  int16_t operation = 0;
  domain::EventKind kind = domain::EventKind::kArrived;
  domain::Judgement judgement = domain::Judgement::kNone;
  domain::Judgement station_judgement = domain::Judgement::kNone;
  domain::RunPurpose purpose = domain::RunPurpose::kNone;
  int16_t flags = 0;
  std::string failure_code;
  std::string operator_id;
  // Values in the order of the operation's characteristics, each taking its replicates.
  std::vector<std::optional<double>> measured;
  // JSON; empty = none.
  std::string details;
  // A later rework returned to this operation or one before it.
  bool superseded = false;
};
// The place of a row in a unit's history: by recording, then by occurrence, then by the event's name.
struct UnitEventKey {
  domain::Time record_time{};
  domain::Time occur_time{};
  int32_t station_id = 0;
  int32_t epoch = 0;
  int64_t sequence = 0;
};
// Oldest first, after `after`, at most `limit`.
std::vector<UnitEventRow> ListUnitEvents(Transaction& transaction, int64_t unit_id, const UnitEventKey& after, int limit);

}  // namespace mes::db
