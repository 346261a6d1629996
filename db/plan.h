// Where monthly plans are kept: versions that are only added. For a month the newest version that names it holds.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "db/transaction.h"
#include "domain/plan.h"

namespace mes::db {

// Stores a version with its lines and fills its number. Two imports at once get numbers one after the other.
void InsertPlan(Transaction& transaction, domain::PlanVersion& version, const std::vector<domain::PlanLine>& lines);

// Newest first, versions below `before` (0 = all).
std::vector<domain::PlanVersion> ListPlanVersions(Transaction& transaction, int32_t before, int limit);
std::optional<domain::PlanVersion> LoadPlanVersion(Transaction& transaction, int32_t version);

struct PlanRange {
  domain::Month first = 0;
  domain::Month last = 0;
  // 0 = all.
  int32_t material_id = 0;
  // 0 = what holds.
  int32_t version = 0;
};
// By month and material.
std::vector<domain::HeldPlanLine> LoadPlanLines(Transaction& transaction, const PlanRange& range);

}  // namespace mes::db
