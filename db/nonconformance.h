// Where nonconformance reports are kept, what is on them, and the failure counts. What ingest notes is written with the batch
// that noted it; a batch without a failed run pays nothing for it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "db/transaction.h"
#include "domain/nonconformance.h"
#include "domain/world.h"

namespace mes::db {

// For the gate's evidence: on which report the loaded units wait, where their failure code's policy wants a disposition.
void LoadOpenReports(Transaction& transaction, domain::World& world);
// Adds failure counts, opens reports or adds to open ones, withdraws what a reversal took back.
void StoreNonconformance(Transaction& transaction, const domain::World& world);

// Stores a report that a person opens, with what it is about; fills its id.
void InsertNcr(Transaction& transaction, domain::Ncr& ncr, const std::vector<int64_t>& unit_ids);
std::optional<domain::Ncr> LoadNcr(Transaction& transaction, int64_t ncr_id);
// As LoadNcr; nobody else moves it or decides on it until the transaction ends.
std::optional<domain::Ncr> LockNcr(Transaction& transaction, int64_t ncr_id);

struct NcrTransition {
  domain::Time time{};
  domain::NcrMove move = domain::NcrMove::kContain;
  domain::NcrState from = domain::NcrState::kOpen;
  domain::NcrState to = domain::NcrState::kOpen;
  std::string person;
  std::string role;
  std::string reason;
};
// Stores a moved report with its transition.
void UpdateNcr(Transaction& transaction, const domain::Ncr& ncr, const NcrTransition& transition);
// Oldest first.
std::vector<NcrTransition> ListNcrTransitions(Transaction& transaction, int64_t ncr_id);

struct NcrFilter {
  // Only ids below this one; 0 = all.
  int64_t before_id = 0;
  // 0 = all.
  int16_t state = 0;
  int32_t material_id = 0;
  std::string failure_code;
  // 0 = all: only those about this unit or lot.
  int64_t unit_id = 0;
};
// Newest first, at most `limit`.
std::vector<domain::Ncr> ListNcrs(Transaction& transaction, const NcrFilter& filter, int limit);

// One row of a report: a unit or lot, once for each event that brought it there.
struct NcrUnit {
  int64_t unit_id = 0;
  std::string unit_code;
  int32_t station_id = 0;
  int32_t epoch = 0;
  int64_t sequence = 0;
  domain::Time add_time{};
  bool withdrawn = false;
  domain::FailureDisposition disposition = domain::FailureDisposition::kNone;
  domain::Time dispose_time{};
  std::string concession;
  std::string reason;
  std::string person;
  std::string second_person;
};
// The place of a row in its report.
struct NcrUnitKey {
  int64_t unit_id = 0;
  int32_t station_id = 0;
  int32_t epoch = 0;
  int64_t sequence = -1;
};
// After `after`, at most `limit`.
std::vector<NcrUnit> ListNcrUnits(Transaction& transaction, int64_t ncr_id, const NcrUnitKey& after, bool open_only, int limit);

// Those of the units that something is open about on this report; all of them where none is named.
std::vector<int64_t> ListOpenNcrUnits(Transaction& transaction, int64_t ncr_id, const std::vector<int64_t>& unit_ids);
// What was decided, on every open row of these units.
void UpdateNcrUnits(Transaction& transaction, int64_t ncr_id, const std::vector<int64_t>& unit_ids,
                    const domain::DispositionOrder& order, domain::Time now);
// Where the units' last runs ended, by unit; those without events are left out.
std::map<int64_t, domain::LastRun> LoadLastRuns(Transaction& transaction, const std::vector<int64_t>& unit_ids);

// Which failures a Pareto counts, and what makes a bar of its own besides the failure code.
enum class FailureMeasure : int16_t { kFailedRuns = 1, kFirstRunFails, kScrapped };
struct ParetoQuestion {
  FailureMeasure measure = FailureMeasure::kFailedRuns;
  // Days since 1970-01-01, both included.
  int32_t from_day = 0;
  int32_t until_day = 0;
  // 0 and empty = all.
  int32_t material_id = 0;
  int16_t operation = 0;
  int32_t station_id = 0;
  std::string failure_code;
  bool by_product = false;
  bool by_operation = false;
  bool by_station = false;
  bool by_day = false;
};
struct Pareto {
  std::vector<domain::ParetoBar> bars;
  // Over all bars, listed or not.
  int64_t total = 0;
};
// The largest bars, at most `limit`.
Pareto LoadPareto(Transaction& transaction, const ParetoQuestion& question, int limit);

}  // namespace mes::db
