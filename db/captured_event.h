// Where partners' EPCIS events are kept, and what a period's document is made of.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "db/epcis_declaration.h"
#include "db/life.h"
#include "db/transaction.h"
#include "domain/epcis_capture.h"
#include "domain/station_event.h"
#include "domain/unit.h"

namespace mes::db {

struct CapturedRow {
  int64_t id = 0;
  // 64 hexadecimal digits.
  std::string hash;
  domain::Time event_time{};
  domain::Time record_time{};
  std::string partner;
  std::string person;
  bool wrong = false;
  // JSON.
  std::string body;
  // Of one that declares a known event an error: what is known.
  struct Earlier {
    int64_t id = 0;
    std::string partner;
    bool wrong = false;
  };
  std::optional<Earlier> earlier;
};

// Stores those that are not known yet and gives them ids, in order; of known ones the id is 0, and those that are declared errors now are
// locked and told. Two captures of one event meet here: the later waits for the earlier.
void InsertCapturedEvents(Transaction& transaction, std::vector<CapturedRow>& rows);
// Adds these declarations of error to the events that are known.
void DeclareWrong(Transaction& transaction, const std::vector<CapturedRow>& rows);
struct CapturedUnit {
  int64_t event_id = 0;
  int64_t unit_id = 0;
  CaptureEffect effect = CaptureEffect::kNamed;
};
// Pairs may repeat.
void InsertCapturedUnits(Transaction& transaction, const std::vector<CapturedUnit>& units);
void InsertCapturedLotEdges(Transaction& transaction, const std::vector<domain::CaptureOutcome::LotEdge>& edges, domain::Time now);
// Which of these units are in a recycling batch: under which address this partner's events told it; empty = it is another batch.
std::unordered_map<int64_t, std::string> LoadToldBatches(Transaction& transaction, const std::string& partner,
                                                         const std::vector<int64_t>& unit_ids);
// Puts units and lots into batches of the partner's, which are made where their addresses are new.
struct ToldBatch {
  int64_t id = 0;
  int64_t units = 0;
  int64_t lots = 0;
};
// Returns these batches as they are then. Units are recorded at `now`, lots a microsecond later.
std::vector<ToldBatch> InsertToldRecoveries(Transaction& transaction, const std::vector<domain::CaptureOutcome::Recovery>& recoveries,
                                            const std::string& partner, const std::string& person, domain::Time now);
// Of a unit, by id after `after_id`, at most `limit`.
std::vector<CapturedRow> ListCapturedEvents(Transaction& transaction, int64_t unit_id, int64_t after_id, int limit);

// A unit or lot that came to exist.
struct MadeRow {
  int64_t unit_id = 0;
  domain::Time create_time{};
  int32_t revision_id = 0;
  // Of lots, in all.
  int64_t quantity_micro = 0;
};
// One unit.
MadeRow LoadMade(Transaction& transaction, int64_t unit_id);

// A split or merge of lots that was done here.
struct LotChange {
  domain::EdgeKind kind = domain::EdgeKind::kSplit;
  domain::Time occur_time{};
  domain::Time record_time{};
  // From, to and quantity of each edge, in step.
  std::vector<int64_t> from_ids, to_ids, quantities_micro;
};
// Those that a lot went into or came of, oldest first.
std::vector<LotChange> ListLotChanges(Transaction& transaction, int64_t unit_id);

// Lots of one material that came back of a recycling batch in one report here.
struct Recovery {
  int64_t batch_id = 0;
  domain::Time recover_time{};
  domain::Time record_time{};
  // Of the batch.
  std::string partner;
  std::string place;
  // In step.
  std::vector<int64_t> lot_ids, quantities_micro;
};
// Those that a unit went into, the one that a lot came of; oldest first.
std::vector<Recovery> ListRecoveries(Transaction& transaction, int64_t unit_id);
// The units of each of these batches.
std::unordered_map<int64_t, std::vector<int64_t>> LoadBatchUnits(Transaction& transaction, const std::vector<int64_t>& batch_ids);

// The rows of a period, oldest first, in chunks of at most a few thousand as they come; false = read no more. What was captured
// is left out where it came to exist: its own event is among the captured; so are the parts and wholes of lots, which changes tell, and
// what recycling gave back. Of recoveries a chunk is ten: each may be about ten thousand units.
void ListMade(Transaction& transaction, domain::Time from, domain::Time until,
              const std::function<bool(const std::vector<MadeRow>&)>& take);
void ListPeriodLotChanges(Transaction& transaction, domain::Time from, domain::Time until,
                          const std::function<bool(const std::vector<LotChange>&)>& take);
void ListPeriodRecoveries(Transaction& transaction, domain::Time from, domain::Time until,
                          const std::function<bool(const std::vector<Recovery>&)>& take);
void ListPeriodEvents(Transaction& transaction, domain::Time from, domain::Time until,
                      const std::function<bool(const std::vector<domain::EventRow>&)>& take);
void ListPeriodLives(Transaction& transaction, domain::Time from, domain::Time until,
                     const std::function<bool(const std::vector<std::pair<int64_t, domain::LifeRecord>>&)>& take);
void ListPeriodCaptured(Transaction& transaction, domain::Time from, domain::Time until,
                        const std::function<bool(const std::vector<CapturedRow>&)>& take);

}  // namespace mes::db
