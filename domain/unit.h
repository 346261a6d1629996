// A unit: one piece with a serial, or a lot on its route (ISA-95: material sublot, material lot), and the small state that the gate reads.
//
// The state is a snapshot: folding the unit's recorded events with Advance gives it again, which is how a reversal works and what a
// test checks. Advance never judges; the gate (domain/gate.h) does that before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/product_definition.h"
#include "domain/time.h"

namespace mes::domain {

// Values are those of mes.v1.UnitState and of the database.
enum class UnitStatus : int16_t { kInProcess = 1, kFinished, kScrapped, kShipped };
std::string_view NameOf(UnitStatus status);

// Values are those of mes.v1.RunPurpose and of the database.
enum class RunPurpose : int16_t { kNone = 0, kRegular, kRetest, kRework };
std::string_view NameOf(RunPurpose purpose);

enum class Judgement : int16_t { kNone = 0, kPass, kFail };

// When the clock of a time window (by its ordinal in the revision) started.
struct WindowClock {
  int16_t window = 0;
  Time since{};
  bool operator==(const WindowClock&) const = default;
};

// How often an operation (by index) was retested since its last repair and reworked ever. From index kWindowCounter on: how often a
// time window's repeat was used.
inline constexpr int16_t kWindowCounter = 64;
struct RunCounter {
  int16_t index = 0;
  int16_t retests = 0;
  int16_t reworks = 0;
  bool operator==(const RunCounter&) const = default;
};

// What quality decided about a nonconforming unit (rules.json: dispositions). Values are those of mes.v1.NcrDisposition and of the
// database.
enum class FailureDisposition : int16_t { kNone = 0, kRelease, kRework, kRetest, kUseAsIs, kDowngrade, kScrap, kReturnToSupplier };
std::string_view NameOf(FailureDisposition disposition);

// How often a unit was reworked for one failure code.
struct CodeRepairs {
  std::string code;
  int16_t count = 0;
  bool operator==(const CodeRepairs&) const = default;
};

struct Unit {
  int64_t id = 0;
  std::string code;
  int32_t material_id = 0;
  int32_t revision_id = 0;    // 0 = bought
  int32_t work_order_id = 0;  // 0 = bought
  Tracking tracking = Tracking::kSerial;
  UnitStatus status = UnitStatus::kInProcess;
  // Bits by operation index.
  uint64_t passed = 0;
  uint64_t attempted = 0;
  // Bit by BOM line.
  uint64_t lot_lines = 0;
  // The run that is on; operation numbers, 0 = none.
  int16_t running_operation = 0;
  RunPurpose run_purpose = RunPurpose::kNone;
  int32_t running_station = 0;
  Time running_since{};
  uint64_t run_measured = 0;  // bit by characteristic index
  int16_t run_tightenings = 0;
  bool run_out_of_limits = false;
  // Failed there and waiting for retest, rework or scrap.
  int16_t failed_operation = 0;
  // With what code, and what was decided about that failure since.
  std::string failure_code;
  FailureDisposition disposition = FailureDisposition::kNone;
  std::vector<CodeRepairs> repairs;
  // A completion came before its start, which is still awaited.
  int16_t unstarted_operation = 0;
  int32_t unstarted_station = 0;
  std::vector<WindowClock> clocks;
  std::vector<RunCounter> counters;
  std::string grade;
  // Grades shared by what was built in, per BOM line: `3:A;5:B2`.
  std::string group_grade;
  int16_t hold_count = 0;
  int16_t serial_slots_filled = 0;
  bool source_proven = true;
  int16_t use_count = 0;
  // Where it is built in; 0 = nowhere.
  int64_t parent_id = 0;
  int16_t parent_line = 0;
  int16_t parent_slot = 0;
  int32_t carrier_id = 0;
  int32_t carrier_slot = 0;
  Time create_time{};
  std::optional<Time> finish_time;

  bool operator==(const Unit&) const = default;
};

// What a lot has besides.
struct Lot {
  int64_t quantity_micro = 0;
  int64_t left_micro = 0;
  std::optional<Time> expire_time;
  std::optional<Time> open_time;
  int64_t floor_life_seconds = 0;
  bool operator==(const Lot&) const = default;
};

// The counter of an index; zeros where there is none.
RunCounter CounterOf(const Unit& unit, int16_t index);
// The clock of a window; null where it does not run.
const WindowClock* ClockOf(const Unit& unit, int16_t window);
int16_t RepairsOf(const Unit& unit, std::string_view failure_code);
// The grade that BOM line's components share; empty = none yet.
std::string_view GroupGradeOf(const Unit& unit, int16_t line);

// True when operation `index` is passed, itself or by an alternate that stands in for it.
bool IsSatisfied(const ProductRevision& revision, uint64_t passed, int16_t index);
// The number of the first mandatory operation that is not satisfied; 0 = none left: the unit is finished.
int16_t NextOperation(const ProductRevision& revision, uint64_t passed);

// What one recorded event says of one unit: the part of a stored row that Advance needs. Numbers of operations, not indices.
struct EventRow;

// Moves the unit's state by one recorded event. Pure, never judges, never fails: the row was accepted.
void Advance(Unit& unit, const ProductRevision& revision, const EventRow& row);

}  // namespace mes::domain
