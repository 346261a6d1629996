// What a replay reads: histories by unit, set-wise in pages. It writes nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "db/transaction.h"
#include "domain/replay.h"

namespace mes::db {

// Units of these revisions with an event in [from, until), ascending, with ids above `after_id`, at most `limit`.
std::vector<int64_t> ListReplayedUnits(Transaction& transaction, const std::vector<int32_t>& revision_ids, domain::Time from,
                                       domain::Time until, int64_t after_id, int limit);

struct UnitHistory {
  domain::Unit unit;
  // Oldest first by record.
  std::vector<domain::HistoryRow> rows;
};
// Whole histories, by unit id.
std::vector<UnitHistory> LoadUnitHistories(Transaction& transaction, const std::vector<int64_t>& unit_ids);

// Starts that were refused, with the event as it was sent; `content` is a mes.v1.StationEvent.
struct StoredRefusedStart {
  std::string unit_code;
  domain::RefusedStart start;
  std::string content;
};
// Of the units in the history, those whose refusals could be judged anew; by time of record, at most `limit`.
std::vector<StoredRefusedStart> ListRefusedStarts(Transaction& transaction, domain::Time from, domain::Time until, int limit);

}  // namespace mes::db
