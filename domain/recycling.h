// Recycling batches: what a partner receives, takes apart and gives back, and the balance of both.
//
// A batch goes one way: units are received while nothing was reported; masses are reported once all its units are taken apart;
// closing it recycles its units for good. So what a recovered lot comes from never changes afterwards. Recovered mass of an
// element never exceeds what the units contained plus the stated tolerance. Targets: Regulation (EU) 2023/1542 Annex XII parts B
// and C and Article 8, China's industry conditions for comprehensive use of waste traction batteries (2024 edition); each with
// its date and how far it was checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "domain/calendar.h"
#include "domain/contents.h"
#include "domain/genealogy.h"
#include "domain/result.h"
#include "domain/time.h"

namespace mes::domain {

// Values are those of mes.v1.RecyclingState and of the database.
enum class RecyclingState : int16_t { kOpen = 1, kClosed };

// What a receiver saw on a unit; bits. The bits are those of the database, the positions those of mes.v1.Observation.
enum class Observation : int32_t {
  kCrashed = 1 << 1,
  kSwollen = 1 << 2,
  kLeaking = 1 << 3,
  kWet = 1 << 4,
  kHot = 1 << 5,
  kBurnt = 1 << 6
};
std::string_view NameOf(Observation observation);
inline constexpr int32_t kAllObservations = 0b1111110;
// The names of the bits, by bit.
std::vector<std::string_view> NamesOf(int32_t observations);

struct RecyclingBatch {
  int64_t id = 0;
  std::string partner;
  std::string place;
  RecyclingState state = RecyclingState::kOpen;
  std::string person;
  Time open_time{};
  std::optional<Time> close_time;
  std::string closed_by;
  std::string evidence;
  // Of its units and lots.
  int64_t units = 0;
  int64_t dismantled = 0;
  int64_t lots = 0;
};

// What is asked of a batch.
enum class RecyclingAct : int16_t { kReceive = 1, kDismantle, kReport, kClose };
// Errors: RECYCLING_BATCH_STATE with `recycling_batch_id`: closed; receive after a report; report with units not taken apart yet,
// or without any; close with units that nothing was reported of.
Status CheckAct(const RecyclingBatch& batch, RecyclingAct act);

// The most that may be reported of an element of which so much is contained.
int64_t MostRecovered(int64_t contained_ug);
// Errors: MASS_EXCEEDS_CONTAINED with `element`, `contained_kg`, `recovered_kg`, `most_kg`: the first in the order of elements.
Status CheckRecovered(const Masses& contained, const Masses& recovered_before, const Masses& recovered_now);
// `12.345678` kilograms, rounded down.
std::string FormatKilograms(int64_t mass_ug);

// Annex XII part B tells them apart by what they contain.
enum class Chemistry : int16_t { kLithium = 1, kLead, kOther };
std::string_view NameOf(Chemistry chemistry);
Chemistry ChemistryOf(const Masses& contained);

// Values are those of mes.v1.TargetRegime and mes.v1.TargetKind.
enum class Regime : int16_t { kEu = 1, kChina };
enum class TargetKind : int16_t { kRecovery = 1, kEfficiency, kRecycledContent };
struct Target {
  Regime regime;
  TargetKind kind;
  // Of recovery and content.
  Element element;
  // Of efficiency.
  Chemistry chemistry;
  int32_t permille;
  // The first day on which it counts.
  int32_t year;
  unsigned month;
  unsigned day;
  std::string_view source;
  // False: read in a secondary source or not at all; to be held against the law's text.
  bool read_in_law;
};
const std::vector<Target>& AllTargets();
// What counts on a day, and what comes next; null where there is none.
struct TargetInForce {
  const Target* now = nullptr;
  const Target* next = nullptr;
};
TargetInForce FindTarget(Regime regime, TargetKind kind, Element element, Chemistry chemistry, Day day);
// recovered / contained >= permille / 1000, exactly.
bool Meets(int64_t recovered_ug, int64_t contained_ug, int32_t permille);

// A recovered lot as a source of recycled content.
struct RecycledSource {
  int64_t lot_id = 0;
  Masses masses;
};
// Follows recycled mass through consumption: an edge from a lot carries its quantity's share of the lot, an installed part all of
// its own. `lot_micro`: each lot's whole quantity. Edges may come in any order; what is no tree (splits, merges) is summed.
// Rounded down at each lot. Returns everything reached, sources included. Edges of recycling itself are left out: what comes back
// anew is its own source.
std::unordered_map<int64_t, Masses> SpreadRecycled(const std::vector<RecycledSource>& sources,
                                                   const std::unordered_map<int64_t, int64_t>& lot_micro,
                                                   const std::vector<Edge>& edges);

}  // namespace mes::domain
