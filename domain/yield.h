// Yield, exactly: what is counted of a unit's runs, when and where, and the shares that come of it. Pure functions over counts and rows.
//
// Definitions (domain notes on yield; the quantities are integers, rounding is for display only):
// - A run counts when it completes, on the plant day (from 08:00 Asia/Shanghai) and shift (day 08-20, night 20-08) of its event time.
// - The first run is the unit's earliest completed run at the operation by event time. First-pass yield (FPY) = first runs that passed
//   without a person's override / first runs. Retests, rework and aborts are in neither number; aborts are flagged above 2 % of all runs.
// - Final yield follows the units that entered in the window (their first run completed in it, or they were scrapped before one): left
//   good / (left good + lost). The others are open. A rework that returns to or before an operation takes "left good" back there until it
//   is passed again; so a unit counts once at an operation, however often it comes back, and open is never negative.
// - Scrap counts on the day it was found, at the operation where it was found; a second count goes to the operation that caused it, at the
//   station of the unit's last run there.
// - Batches count units. A sample-only operation's FPY is over the units that were measured; the others inherit the verdict and are kept
//   apart. Units destroyed for test (failure code kDestroyedForTest) are no scrap and not part of the operation's final yield.
// - Lots count as one unit each in runs and besides by quantity: entered with the first run (coated m2), cut when it is cut off.
// - Golden samples are conditions of a station, never runs, and so are never counted.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/product_definition.h"
#include "domain/station_event.h"
#include "domain/time.h"

namespace mes::domain {

// The plant day of an instant: from 08:00 Asia/Shanghai, which is 00:00 UTC (+08:00, no daylight saving since 1991). Days since 1970-01-01.
int32_t PlantDay(Time time);
// 1 = day (08-20), 2 = night (20-08).
int16_t ShiftOf(Time time);
inline constexpr int16_t kDayShift = 1;
inline constexpr int16_t kNightShift = 2;

// The failure code of a unit that a destructive test used up.
inline constexpr std::string_view kDestroyedForTest = "DESTROYED_FOR_TEST";

// X(name): every counter, in the order of the database's columns. Units, but for the last two: millionths of the lot's unit of measure.
#define MES_YIELD_COUNTS(X) \
  X(first_runs)             \
  X(first_passes)           \
  X(runs)                   \
  X(retests)                \
  X(reworks)                \
  X(aborts)                 \
  X(scrapped)               \
  X(inherited_runs)         \
  X(inherited_passes)       \
  X(overrides)              \
  X(entered)                \
  X(left_good)              \
  X(lost)                   \
  X(scrapped_caused)        \
  X(destroyed)              \
  X(input_micro)            \
  X(cut_micro)

struct YieldCounts {
#define MES_YIELD_FIELD(name) int64_t name = 0;
  MES_YIELD_COUNTS(MES_YIELD_FIELD)
#undef MES_YIELD_FIELD
  YieldCounts& Add(const YieldCounts& other, int64_t sign = 1);
  bool IsZero() const { return *this == YieldCounts{}; }
  bool operator==(const YieldCounts&) const = default;
};
inline constexpr auto kYieldCounts = std::to_array<int64_t YieldCounts::*>({
#define MES_YIELD_MEMBER(name) &YieldCounts::name,
    MES_YIELD_COUNTS(MES_YIELD_MEMBER)
#undef MES_YIELD_MEMBER
});

// Where counts are kept, finest. Rollups are sums of these.
struct YieldKey {
  int32_t work_order_id = 0;
  int32_t plant_day = 0;
  int16_t operation = 0;
  int16_t shift = 0;
  int32_t station_id = 0;
  auto operator<=>(const YieldKey&) const = default;
};

// How units fared at an operation that consumed this lot there before their first run completed. For supplier alerts: sum over the lots of
// one supplier lot (purchase.supplier_lot), and hold FPY or scrap against the rule's limit.
struct LotYieldKey {
  int64_t lot_id = 0;
  int32_t line_id = 0;
  int16_t operation = 0;
  // Of the first run, or of the scrap.
  int32_t plant_day = 0;
  auto operator<=>(const LotYieldKey&) const = default;
};
struct LotYieldCounts {
  int64_t first_runs = 0;
  int64_t first_passes = 0;
  int64_t scrapped = 0;
  LotYieldCounts& Add(const LotYieldCounts& other, int64_t sign = 1);
  bool IsZero() const { return *this == LotYieldCounts{}; }
  bool operator==(const LotYieldCounts&) const = default;
};

// The part of a stored row that is counted.
struct RunFact {
  Time occur_time{};
  int64_t sequence = 0;
  int64_t quantity_micro = 0;
  // completed: what the lot lost in the run.
  int64_t lost_micro = 0;
  // consumed: the lot.
  int64_t lot_id = 0;
  int32_t station_id = 0;
  int32_t epoch = 0;
  int16_t operation = 0;
  int16_t return_to = 0;
  int16_t flags = 0;
  int16_t caused_by = 0;
  EventKind kind = EventKind::kArrived;
  Judgement judgement = Judgement::kNone;
  RunPurpose purpose = RunPurpose::kNone;
  bool has_values = false;
  bool destroyed = false;
};
RunFact FactOf(const EventRow& row);

struct YieldTally {
  std::map<YieldKey, YieldCounts> yields;
  std::map<LotYieldKey, LotYieldCounts> lots;
};

// What a unit is counted for, from its facts in the order in which they were recorded; reversed ones are left out. Adds `sign` times.
struct CountedUnit {
  int32_t work_order_id = 0;
  bool is_lot = false;
  const ProductRevision& revision;
  const Plant& plant;
};
void CountUnit(const CountedUnit& unit, const std::vector<RunFact>& facts, int64_t sign, YieldTally& tally);

// A quality operation of serial units that measures some of them only: FPY is over samples.
bool IsSampleOnly(const Operation& operation);

// What the past must tell to count a batch: only of units that come back, are scrapped or used lots before the batch.
struct YieldPast {
  // Every fact of these units; others are counted without.
  std::unordered_map<int64_t, std::vector<RunFact>> facts;
  // Lots that a unit consumed: operation and lot.
  std::unordered_map<int64_t, std::vector<std::pair<int16_t, int64_t>>> consumed;
};

// A figure of a day that a reversal changed afterwards; the sum of all deltas since an instant leads back to what was known then.
struct YieldRestatement {
  YieldKey key;
  YieldCounts delta;
  int64_t unit_id = 0;
  // The reversal, and the event that it took back.
  int32_t station_id = 0;
  int32_t epoch = 0;
  int64_t sequence = 0;
  int32_t reversed_epoch = 0;
  int64_t reversed_sequence = 0;
};

// Shares --------------------------------------------------------------------------------------------------------------------------------

// A share never stands without its integers. Null where nothing was counted.
struct Share {
  int64_t numerator = 0;
  int64_t denominator = 0;
  std::optional<double> Value() const;
};
Share FirstPassYield(const YieldCounts& counts);
// Of completed runs.
Share RetestRate(const YieldCounts& counts);
Share ReworkRate(const YieldCounts& counts);
// Scrapped / (left good + scrapped), where it was found; and where it was caused.
Share ScrapRate(const YieldCounts& counts);
Share CausedScrapRate(const YieldCounts& counts);
Share FinalYield(const YieldCounts& counts);
int64_t OpenUnits(const YieldCounts& counts);
// (Entered - cut) / entered, of lots.
Share QuantityYield(const YieldCounts& counts);
// Of runs with and without a judgement. More than 2 % are flagged.
Share AbortRate(const YieldCounts& counts);
bool AbortsFlagged(const YieldCounts& counts);

// The score interval for a proportion at 95 % (E. B. Wilson, JASA 22 (1927) 209-212); null where nothing was counted.
struct Interval {
  double low = 0;
  double high = 0;
};
std::optional<Interval> WilsonInterval(const Share& share);

// Rolled throughput yield: the product of the FPY of the mandatory operations. Null when one of them had no first run in the window, and
// when there is none.
std::optional<double> RolledThroughputYield(const std::vector<Share>& first_pass_yields);

// The Monday of a day's week, the first plant day of its month, and of the month after it.
int32_t FirstOfWeek(int32_t day);
int32_t FirstOfMonth(int32_t day);
int32_t FirstOfNextMonth(int32_t day);

// `2026-11-24` and back; nullopt for anything else, and before 1970 or after 2199.
std::string FormatPlantDay(int32_t day);
std::optional<int32_t> ParsePlantDay(std::string_view text);

}  // namespace mes::domain
