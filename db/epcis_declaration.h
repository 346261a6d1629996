// What captured events did, read and taken back when their sender declares them errors: beside db/captured_event.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "db/transaction.h"
#include "domain/genealogy.h"

namespace mes::db {

// What an event did to a unit that it names, besides edges, uses and lives. Values are those of captured_event_unit.
enum class CaptureEffect : int16_t { kNamed = 0, kMade = 1, kScrapped = 2 };
// Event and unit, of these events.
std::set<std::pair<int64_t, int64_t>> LoadCaptureEffects(Transaction& transaction, const std::vector<int64_t>& event_ids,
                                                         CaptureEffect effect);
// Those of these that came to exist by captured events of which every one was declared an error.
std::unordered_set<int64_t> LoadWithdrawn(Transaction& transaction, const std::vector<int64_t>& unit_ids);
// Those of these that a recycler received, or that are inside of such.
std::unordered_set<int64_t> LoadWeighed(Transaction& transaction, const std::vector<int64_t>& unit_ids);
// What stands of these, so that they cannot be said never to have been: `parts`, `uses`, `life`, `recycling batches`,
// `events`, `passport`.
std::unordered_map<int64_t, std::string> LoadTraces(Transaction& transaction, const std::vector<int64_t>& unit_ids);

// These edges never were: as is known from now on they have no length. Child and install event.
void CollapseEdges(Transaction& transaction, const std::vector<std::pair<int64_t, domain::EdgeEvent>>& edges, domain::Time now);
// These came to exist by an error: scrapped, lots without anything left. They stay for their history.
void WithdrawUnits(Transaction& transaction, const std::vector<int64_t>& unit_ids);
// They came to exist after all, as what is said now.
struct RevivedUnit {
  int64_t unit_id = 0;
  int32_t material_id = 0;
  // Of lots.
  int64_t quantity_micro = 0;
};
void ReviveUnits(Transaction& transaction, const std::vector<RevivedUnit>& units);

}  // namespace mes::db
