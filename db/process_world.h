// What a batch of events reads and leaves of the rules that act: rings of first runs and alarms in force.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "db/transaction.h"
#include "domain/world.h"

namespace mes::db {

// Alarms in force at these lines, and on the world's orders; loaded without locks, since stations' events of one line are decided by one
// writer and others see a stop with their next batch.
void LoadAlarms(Transaction& transaction, const std::set<int32_t>& line_ids, domain::World& world);
// Locks and loads the rings; those that are not there yet are empty.
void LockRunRings(Transaction& transaction, const std::set<domain::RunRingKey>& keys, domain::World& world);
// What the lots that the batch's units used have to show, where a rule of the plant asks. After LoadYieldPast.
void LoadLotRuns(Transaction& transaction, domain::World& world);
void StoreRunRings(Transaction& transaction, const domain::World& world);
// `hold_ids`: the numbers that the batch's pending holds got, in order.
void InsertAlarms(Transaction& transaction, const domain::World& world, const std::vector<int64_t>& hold_ids);

// A ring's text: for tests.
std::string RingText(const std::vector<domain::FirstRun>& runs);
std::vector<domain::FirstRun> RingFrom(std::string_view text);

}  // namespace mes::db
