// Where failure codes' policies are kept: versions that are added and never changed.
#pragma once

#include <string>
#include <vector>

#include "db/transaction.h"
#include "domain/failure_code.h"

namespace mes::db {

// All versions, for the Plant.
domain::FailureCodes LoadFailureCodes(Transaction& transaction);
// Stores the next version of its scope and moves the plant's version; fills id and version. Serialized by the plant_version row.
void InsertFailureCode(Transaction& transaction, domain::FailureCode& policy);

struct FailureCodeFilter {
  // Only ids below this one; 0 = all.
  int32_t before_id = 0;
  std::string code;
  int32_t material_id = 0;
  // False: earlier versions and withdrawn ones too.
  bool in_force_only = false;
};
// Newest first, at most `limit`.
std::vector<domain::FailureCode> ListFailureCodes(Transaction& transaction, const FailureCodeFilter& filter, int limit);

}  // namespace mes::db
