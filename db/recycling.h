// Where recycling batches are kept: their units with what these contained, and the lots that came back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "db/transaction.h"
#include "domain/recycling.h"

namespace mes::db {

// Fills id.
void InsertRecyclingBatch(Transaction& transaction, domain::RecyclingBatch& batch);
std::optional<domain::RecyclingBatch> LoadRecyclingBatch(Transaction& transaction, int64_t id);
// As LoadRecyclingBatch; nobody else works on it until the transaction ends.
std::optional<domain::RecyclingBatch> LockRecyclingBatch(Transaction& transaction, int64_t id);
void UpdateClosedBatch(Transaction& transaction, const domain::RecyclingBatch& batch);
// Newest first, with ids below `before_id` (0 = all), at most `limit`.
std::vector<domain::RecyclingBatch> ListRecyclingBatches(Transaction& transaction, const std::string& partner, int64_t before_id,
                                                         int limit);

struct RecyclingUnit {
  int64_t unit_id = 0;
  int64_t batch_id = 0;
  std::string code;
  int32_t material_id = 0;
  domain::Time receive_time{};
  std::optional<domain::Time> dismantle_time;
  int32_t observations = 0;
  domain::Contents contents;
  bool battery = false;
  // Of the batch.
  std::string partner;
};
// Those of these units that are in a batch, whichever.
std::vector<RecyclingUnit> FindRecyclingUnits(Transaction& transaction, const std::vector<int64_t>& unit_ids);
void InsertRecyclingUnits(Transaction& transaction, const std::vector<RecyclingUnit>& units, domain::Time now);
void UpdateDismantled(Transaction& transaction, const std::vector<int64_t>& unit_ids, domain::Time dismantle_time);
// By unit id after `after_id`, at most `limit`; with their contents.
std::vector<RecyclingUnit> ListRecyclingUnits(Transaction& transaction, int64_t batch_id, int64_t after_id, int limit);

struct RecoveredLot {
  int64_t unit_id = 0;
  std::string code;
  int32_t material_id = 0;
  int64_t quantity_micro = 0;
  domain::Masses masses;
};
void InsertRecoveredLots(Transaction& transaction, int64_t batch_id, const std::vector<RecoveredLot>& lots,
                         domain::Time recover_time, domain::Time now, const std::string& person, const std::string& evidence);
// Of a batch (0 = of all batches), by id, at most `limit`.
std::vector<RecoveredLot> ListRecoveredLots(Transaction& transaction, int64_t batch_id, int limit);

// Sums over batches.
struct BalanceSums {
  int64_t batches = 0;
  int64_t units = 0;
  int64_t units_unknown = 0;
  int64_t batteries = 0;
  domain::Contents contained;
  domain::Masses recovered;
};
struct BalanceFilter {
  // 0 = by partner and the days on which batches were closed.
  int64_t batch_id = 0;
  std::string partner;
  std::optional<domain::Time> from;
  std::optional<domain::Time> until;
};
BalanceSums SumBalance(Transaction& transaction, const BalanceFilter& filter);

// Units of a product finished in [from, until), by revision.
struct FinishedUnits {
  int32_t revision_id = 0;
  int64_t units = 0;
};
std::vector<FinishedUnits> CountFinished(Transaction& transaction, int32_t material_id, domain::Time from, domain::Time until);
// Which of these are of the product and were finished in [from, until).
std::vector<int64_t> FilterFinished(Transaction& transaction, const std::vector<int64_t>& unit_ids, int32_t material_id,
                                    domain::Time from, domain::Time until);
// The whole quantity of those that are lots.
std::vector<std::pair<int64_t, int64_t>> LoadLotQuantities(Transaction& transaction, const std::vector<int64_t>& unit_ids);

}  // namespace mes::db
