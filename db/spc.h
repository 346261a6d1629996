// What was decided about control charts: rules, positions, frozen limits. Every decision adds a row and counts spc_version up.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "db/transaction.h"
#include "domain/spc_ingest.h"

namespace mes::db {

// The version that every decision moves.
int64_t LoadChartPlanVersion(Transaction& transaction);
// What is in force; the caller keeps it.
std::shared_ptr<const domain::ChartPlan> LoadChartPlan(Transaction& transaction);

// Only what was decided about rules and positions.
domain::ChartPlan LoadDefinitions(Transaction& transaction);

// Takes the version's row, so that decisions come one after the other, and counts it up. Call it before looking at what is decided.
void LockChartPlan(Transaction& transaction);
// Its number.
int32_t InsertDefinition(Transaction& transaction, const domain::ChartDefinition& definition);
// The rules of each class in the newest definition of this person; classes that the person never defined are not there.
std::map<domain::CharacteristicClass, domain::RuleSet> LoadClassRulesBy(Transaction& transaction, std::string_view person);
// Gives the limits the chart's next version.
void InsertLimits(Transaction& transaction, const domain::ChartKey& key, domain::FrozenLimits& limits);

// All versions of a chart's limits, newest first, below `before` (0 = all).
std::vector<domain::FrozenLimits> ListLimits(Transaction& transaction, const domain::ChartKey& key, int32_t before, int limit);
// All definitions, newest first, below `before_id` (0 = all), with their numbers.
std::vector<std::pair<int32_t, domain::ChartDefinition>> ListDefinitions(Transaction& transaction, int32_t before_id, int limit);

}  // namespace mes::db
