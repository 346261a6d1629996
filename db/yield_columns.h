// The counters' columns in SQL, in the order of domain/yield.h. For db/*.cc only.
#pragma once

#include "db/row.h"
#include "domain/yield.h"

namespace mes::db {

#define MES_COMMA_NAME(name) ", " #name
// `, first_runs, first_passes, ...`
#define MES_YIELD_NAMES MES_YIELD_COUNTS(MES_COMMA_NAME)

inline domain::YieldCounts ReadYieldCounts(RowReader& reader) {
  domain::YieldCounts counts;
  for (const auto member : domain::kYieldCounts) counts.*member = reader.Next<int64_t>();
  return counts;
}

}  // namespace mes::db
