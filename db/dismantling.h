// Where dismantling sheets are kept, and what the bench wants to know of a unit's history is read.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "db/transaction.h"
#include "domain/dismantling.h"

namespace mes::db {

// Puts these in the place of all that were stored; material and component ids are filled.
void StoreSheets(Transaction& transaction, const std::vector<domain::DismantlingSheet>& sheets);
// By material id.
std::unordered_map<int32_t, domain::DismantlingSheet> LoadSheets(Transaction& transaction, const domain::Plant& plant);

// The parts in these units now, by unit.
std::unordered_map<int64_t, std::vector<domain::BenchPart>> LoadBenchParts(Transaction& transaction,
                                                                           const std::vector<int64_t>& ids);

// The newest completion with values of each operation of these units, reversed ones left out.
struct MeasuredRun {
  int64_t unit_id = 0;
  int32_t revision_id = 0;
  int16_t operation = 0;
  domain::Time occur_time{};
  std::vector<std::optional<double>> measured;
};
std::vector<MeasuredRun> LoadMeasuredRuns(Transaction& transaction, const std::vector<int64_t>& ids);

// Holds in force on these units, by unit, ascending; to a partner's transaction without reasons.
std::unordered_map<int64_t, std::vector<domain::BenchHold>> LoadBenchHolds(Transaction& transaction,
                                                                           const std::vector<int64_t>& ids);
// Parts that were forced out of these units, oldest first; without the code of one that a partner's transaction does not see.
std::unordered_map<int64_t, std::vector<domain::BenchRemoval>> LoadForcedRemovals(Transaction& transaction,
                                                                                  const std::vector<int64_t>& ids);
// The last test of each life.
struct LifeTest {
  domain::Time time{};
  std::string party;
  std::string evidence;
};
std::unordered_map<int64_t, LifeTest> LoadLastTests(Transaction& transaction, const std::vector<int64_t>& ids);

}  // namespace mes::db
