#include "domain/yield.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <string>

namespace mes::domain {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

// One completed run, with what is known of it beside its row.
struct CountedRun {
  const RunFact* fact = nullptr;
  bool has_values = false;
  // How many of the operation's lots were consumed before it.
  size_t lots = 0;
};

// A unit at one operation.
struct Visit {
  std::vector<CountedRun> runs;
  std::vector<int64_t> lots;
  bool stands_passed = false;
};

class UnitCount {
 public:
  UnitCount(const CountedUnit& unit, int64_t sign, YieldTally& tally) : unit_(unit), sign_(sign), tally_(tally) {}

  void Take(const std::vector<RunFact>& facts) {
    for (const RunFact& fact : facts) {
      if ((fact.flags & kFlagReversed) == 0) Take(fact);
    }
    for (const auto& [operation, visit] : visits_) CountVisit(operation, visit);
    if (scrap_ == nullptr) return;
    if (visits_[scrap_->operation].runs.empty()) CountFate(*scrap_, Visit{});
    CountScrap(*scrap_);
  }

 private:
  void Take(const RunFact& fact) {
    switch (fact.kind) {
      case EventKind::kStarted:
        values_ = false;
        VoidFrom(fact.return_to);
        return;
      case EventKind::kMeasured:
        values_ = values_ || fact.has_values;
        return;
      case EventKind::kConsumed:
        visits_[fact.operation].lots.push_back(fact.lot_id);
        return;
      case EventKind::kCompleted: {
        VoidFrom(fact.return_to);
        Visit& visit = visits_[fact.operation];
        visit.runs.push_back({&fact, values_ || fact.has_values, visit.lots.size()});
        visit.stands_passed = fact.judgement == Judgement::kPass;
        values_ = false;
        return;
      }
      case EventKind::kAborted:
        values_ = false;
        Add(fact, fact.operation, &YieldCounts::aborts);
        return;
      case EventKind::kScrapped:
        scrap_ = &fact;
        return;
      default:
        return;
    }
  }

  void VoidFrom(int16_t return_to) {
    if (return_to == 0) return;
    for (auto visit = visits_.lower_bound(return_to); visit != visits_.end(); ++visit) visit->second.stands_passed = false;
  }

  void Add(const RunFact& at, int16_t operation, int64_t YieldCounts::*counter, int64_t amount = 1) {
    if (amount == 0) return;
    YieldCounts& counts =
        tally_.yields[{unit_.work_order_id, PlantDay(at.occur_time), operation, ShiftOf(at.occur_time), at.station_id}];
    counts.*counter += sign_ * amount;
  }

  LotYieldCounts& LotCounts(int64_t lot, const RunFact& at) {
    const Station* station = unit_.plant.FindStation(at.station_id);
    return tally_.lots[{lot, station == nullptr ? 0 : station->line_id, at.operation, PlantDay(at.occur_time)}];
  }

  void CountVisit(int16_t operation, const Visit& visit) {
    if (visit.runs.empty()) return;
    const auto earlier = [](const CountedRun& a, const CountedRun& b) { return a.fact->occur_time < b.fact->occur_time; };
    const CountedRun& first = *std::min_element(visit.runs.begin(), visit.runs.end(), earlier);
    for (const CountedRun& run : visit.runs) {
      const RunFact& fact = *run.fact;
      Add(fact, operation, &YieldCounts::runs);
      if (fact.purpose == RunPurpose::kRework) Add(fact, operation, &YieldCounts::reworks);
      // A run that came late and is the first by its time leaves its place among the retests to the one that was taken for the
      // first.
      const bool retest = fact.purpose == RunPurpose::kRetest ? run.fact != first.fact
                                                              : (fact.flags & kFlagFirstRun) != 0 && run.fact != first.fact;
      if (retest) Add(fact, operation, &YieldCounts::retests);
      if (fact.judgement == Judgement::kPass && (fact.flags & kFlagOverride) != 0) Add(fact, operation, &YieldCounts::overrides);
      if (unit_.is_lot) Add(fact, operation, &YieldCounts::cut_micro, fact.lost_micro);
    }
    if (unit_.is_lot) Add(*first.fact, operation, &YieldCounts::input_micro, first.fact->quantity_micro + first.fact->lost_micro);
    if (first.fact->purpose != RunPurpose::kRework) CountFirstRun(operation, visit, first);
    CountFate(*first.fact, visit);
  }

  void CountFirstRun(int16_t operation, const Visit& visit, const CountedRun& first) {
    const RunFact& fact = *first.fact;
    const int16_t index = unit_.revision.OperationIndex(operation);
    const bool sample_only = !unit_.is_lot && index >= 0 && IsSampleOnly(unit_.revision.operations[static_cast<size_t>(index)]);
    const bool inherits = sample_only && !first.has_values;
    const bool passed = fact.judgement == Judgement::kPass && (fact.flags & kFlagOverride) == 0;
    Add(fact, operation, &YieldCounts::first_runs);
    if (passed) Add(fact, operation, &YieldCounts::first_passes);
    if (inherits) Add(fact, operation, &YieldCounts::inherited_runs);
    if (inherits && passed) Add(fact, operation, &YieldCounts::inherited_passes);
    for (const int64_t lot : DistinctLots(visit, first.lots)) {
      LotYieldCounts& counts = LotCounts(lot, fact);
      counts.first_runs += sign_;
      if (passed) counts.first_passes += sign_;
    }
  }

  // Where the unit stands at the operation, counted where it entered.
  void CountFate(const RunFact& entry, const Visit& visit) {
    const bool scrapped_here = scrap_ != nullptr && scrap_->operation == entry.operation;
    if (scrapped_here && scrap_->destroyed) return;
    Add(entry, entry.operation, &YieldCounts::entered);
    if (scrapped_here) {
      Add(entry, entry.operation, &YieldCounts::lost);
    } else if (visit.stands_passed) {
      Add(entry, entry.operation, &YieldCounts::left_good);
    }
  }

  void CountScrap(const RunFact& scrap) {
    if (scrap.destroyed) return Add(scrap, scrap.operation, &YieldCounts::destroyed);
    Add(scrap, scrap.operation, &YieldCounts::scrapped);
    if (unit_.is_lot) Add(scrap, scrap.operation, &YieldCounts::cut_micro, scrap.quantity_micro);
    if (const auto found = visits_.find(scrap.operation); found != visits_.end()) {
      for (const int64_t lot : DistinctLots(found->second, found->second.lots.size())) LotCounts(lot, scrap).scrapped += sign_;
    }
    if (scrap.caused_by == 0) return;
    RunFact caused = scrap;
    if (const auto cause = visits_.find(scrap.caused_by); cause != visits_.end() && !cause->second.runs.empty()) {
      caused.station_id = cause->second.runs.back().fact->station_id;
    }
    Add(caused, scrap.caused_by, &YieldCounts::scrapped_caused);
  }

  static std::vector<int64_t> DistinctLots(const Visit& visit, size_t count) {
    std::vector<int64_t> lots(visit.lots.begin(), visit.lots.begin() + static_cast<std::ptrdiff_t>(count));
    std::sort(lots.begin(), lots.end());
    lots.erase(std::unique(lots.begin(), lots.end()), lots.end());
    return lots;
  }

  const CountedUnit& unit_;
  const int64_t sign_;
  YieldTally& tally_;
  std::map<int16_t, Visit> visits_;
  const RunFact* scrap_ = nullptr;
  bool values_ = false;
};

int32_t DayNumber(sys_days day) { return static_cast<int32_t>(day.time_since_epoch().count()); }

}  // namespace

int32_t PlantDay(Time time) { return static_cast<int32_t>(std::chrono::floor<days>(time).time_since_epoch().count()); }

int16_t ShiftOf(Time time) { return time - std::chrono::floor<days>(time) < std::chrono::hours(12) ? kDayShift : kNightShift; }

YieldCounts& YieldCounts::Add(const YieldCounts& other, int64_t sign) {
  for (const auto member : kYieldCounts) this->*member += sign * (other.*member);
  return *this;
}

LotYieldCounts& LotYieldCounts::Add(const LotYieldCounts& other, int64_t sign) {
  first_runs += sign * other.first_runs;
  first_passes += sign * other.first_passes;
  scrapped += sign * other.scrapped;
  return *this;
}

RunFact FactOf(const EventRow& row) {
  RunFact fact;
  fact.occur_time = row.occur_time;
  fact.sequence = row.sequence;
  fact.quantity_micro = row.quantity_micro;
  fact.station_id = row.station_id;
  fact.epoch = row.epoch;
  fact.operation = row.operation;
  fact.return_to = row.return_to;
  fact.flags = row.flags;
  fact.kind = row.kind;
  // What quality or a hold decided counts like what a station would have reported.
  if (row.kind == EventKind::kReturned) fact.kind = EventKind::kStarted;
  if (row.kind == EventKind::kDisposed && row.line == static_cast<int16_t>(FailureDisposition::kScrap)) fact.kind = EventKind::kScrapped;
  fact.judgement = row.judgement;
  fact.purpose = row.purpose;
  fact.has_values = !row.measured.empty();
  fact.destroyed = row.kind == EventKind::kScrapped && row.failure_code == kDestroyedForTest;
  if (row.kind == EventKind::kConsumed) fact.lot_id = row.other_unit_id;
  if (row.details != nullptr) {
    fact.lost_micro = row.details->lost_micro;
    fact.caused_by = static_cast<int16_t>(row.details->caused_by_operation);
  }
  return fact;
}

void CountUnit(const CountedUnit& unit, const std::vector<RunFact>& facts, int64_t sign, YieldTally& tally) {
  UnitCount(unit, sign, tally).Take(facts);
}

bool IsSampleOnly(const Operation& operation) {
  if (operation.operation_type != "quality" || operation.characteristics.empty()) return false;
  return std::all_of(operation.characteristics.begin(), operation.characteristics.end(),
                     [](const Characteristic& characteristic) {
                       switch (characteristic.sampling) {
                         case Sampling::kPerCycle:
                         case Sampling::kPerShift:
                         case Sampling::kPerInterval:
                         case Sampling::kOneInN:
                           return true;
                         case Sampling::kEveryUnit:
                         case Sampling::kPerLot:
                         case Sampling::kInlineStream:
                           return false;
                       }
                       return false;
                     });
}

std::optional<double> Share::Value() const {
  if (denominator == 0) return std::nullopt;
  return static_cast<double>(numerator) / static_cast<double>(denominator);
}

Share FirstPassYield(const YieldCounts& counts) {
  return {counts.first_passes - counts.inherited_passes, counts.first_runs - counts.inherited_runs};
}
Share RetestRate(const YieldCounts& counts) { return {counts.retests, counts.runs}; }
Share ReworkRate(const YieldCounts& counts) { return {counts.reworks, counts.runs}; }
Share ScrapRate(const YieldCounts& counts) { return {counts.scrapped, counts.left_good + counts.scrapped}; }
Share CausedScrapRate(const YieldCounts& counts) { return {counts.scrapped_caused, counts.left_good + counts.scrapped_caused}; }
Share FinalYield(const YieldCounts& counts) { return {counts.left_good, counts.left_good + counts.lost}; }
int64_t OpenUnits(const YieldCounts& counts) { return counts.entered - counts.left_good - counts.lost; }
Share QuantityYield(const YieldCounts& counts) { return {counts.input_micro - counts.cut_micro, counts.input_micro}; }
Share AbortRate(const YieldCounts& counts) { return {counts.aborts, counts.runs + counts.aborts}; }
bool AbortsFlagged(const YieldCounts& counts) { return counts.aborts * 50 > counts.runs + counts.aborts; }

std::optional<Interval> WilsonInterval(const Share& share) {
  if (share.denominator <= 0) return std::nullopt;
  constexpr double kZ = 1.959963984540054;  // the standard normal's 97.5 % point
  const double n = static_cast<double>(share.denominator);
  const double p = static_cast<double>(share.numerator) / n;
  const double spread = kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  const double center = p + kZ * kZ / (2 * n);
  const double scale = 1 + kZ * kZ / n;
  return Interval{std::max(0.0, (center - spread) / scale), std::min(1.0, (center + spread) / scale)};
}

std::optional<double> RolledThroughputYield(const std::vector<Share>& first_pass_yields) {
  if (first_pass_yields.empty()) return std::nullopt;
  double product = 1;
  for (const Share& share : first_pass_yields) {
    const std::optional<double> value = share.Value();
    if (!value) return std::nullopt;
    product *= *value;
  }
  return product;
}

int32_t FirstOfWeek(int32_t day) {
  const sys_days at{days(day)};
  return DayNumber(at - (std::chrono::weekday(at) - std::chrono::Monday));
}
int32_t FirstOfMonth(int32_t day) {
  const year_month_day date{sys_days(days(day))};
  return DayNumber(sys_days(date.year() / date.month() / 1));
}
int32_t FirstOfNextMonth(int32_t day) {
  const year_month_day date{sys_days(days(day))};
  return DayNumber(sys_days((date.year() / date.month() + std::chrono::months(1)) / 1));
}

std::string FormatPlantDay(int32_t day) {
  const year_month_day date{sys_days(days(day))};
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  return text.data();
}

std::optional<int32_t> ParsePlantDay(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  int year = 0, month = 0, day = 0;
  const auto number = [&](size_t from, size_t length, int& value) {
    const char* end = text.data() + from + length;
    const auto [stop, error] = std::from_chars(text.data() + from, end, value);
    return error == std::errc() && stop == end && value >= 0;
  };
  if (!number(0, 4, year) || !number(5, 2, month) || !number(8, 2, day) || year < 1970 || year > 2199) return std::nullopt;
  const year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return std::nullopt;
  return DayNumber(sys_days(date));
}

}  // namespace mes::domain
