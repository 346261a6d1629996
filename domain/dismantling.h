// The recycler's bench: in which order a unit is taken apart, out of its product's sheet (dismantling.json) and what is in it
// now, with what must be known before a glove touches it: voltages, last measurements, hazards, holds, damage, missing parts.
//
// Nothing is guessed: a state of health without date and method is "unknown", damage that nobody reported is "none reported". The
// print works without a network: plain text, at most 66 lines of 80 columns a page; what is cut over to the next page says so on
// both.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/contents.h"
#include "domain/product_definition.h"
#include "domain/time.h"

namespace mes::domain {

// One step of a sheet, as the plant's files give it.
struct DismantlingStep {
  int16_t step = 0;
  std::string action;
  // The product itself or a material of its bill of materials.
  std::string component_code;
  int32_t component_id = 0;
  // Empty = none.
  std::string fastener;
  int32_t count = 0;
  std::string tool;
  int32_t minutes = 0;
  // `none` or what hurts.
  std::string hazard;
};

struct DismantlingSheet {
  std::string product_code;
  int32_t material_id = 0;
  std::vector<std::string> standards;
  double max_voltage_v = 0;
  double nominal_voltage_v = 0;
  std::string safe_energy;
  int32_t wait_minutes = 0;
  std::vector<std::string> hazards;
  std::string quarantine;
  // `reuse_as_pack: SoH >= 80 %, ...`.
  std::vector<std::string> thresholds;
  std::vector<DismantlingStep> steps;  // by step
};

// Errors of a sheet against the plant's definitions, with JSON pointers below `path`: products and components that are not there,
// steps out of order. Ids may be 0.
std::vector<PlantFault> CheckSheet(const DismantlingSheet& sheet, const PlantDraft& plant, const std::string& file,
                                   const std::string& path);

// A part that is in the unit now.
struct BenchPart {
  int16_t line = 0;
  int16_t slot = 0;
  int32_t material_id = 0;
  std::string code;
};
// The last value of a characteristic.
struct BenchReading {
  std::string code;
  std::string name;
  std::string unit;
  double low = 0;
  double high = 0;
  Time time{};
};
struct BenchHold {
  int64_t hold_id = 0;
  // Empty = not told: the plant's own words may name others.
  std::string reason;
};
// A part that was taken out past a rule, and what stood against it.
struct BenchRemoval {
  // Empty = not told: it may be in somebody else's unit now.
  std::string code;
  int16_t line = 0;
  int16_t slot = 0;
  Time time{};
  std::vector<std::string> overridden;
  // Something stands in its place since.
  bool replaced = false;
  int64_t part_id = 0;
};

// What is known of a unit that is to be taken apart.
struct BenchUnit {
  std::string code;
  std::string inside_code;
  // What it was made as; null = bought.
  const ProductRevision* revision = nullptr;
  std::optional<Time> finish_time;
  std::string life;
  Contents contents;
  std::vector<BenchPart> parts;
  std::vector<BenchReading> readings;
  std::vector<BenchHold> holds;
  // Bits of Observation, and who received it.
  int32_t observations = 0;
  std::string observed_by;
  // The last test of its life, with what proves it (empty = not told: another party's document).
  std::optional<Time> test_time;
  std::string test_evidence;
  std::vector<BenchRemoval> forced;
};

struct OrderedStep {
  DismantlingStep step;
  // Of the component: positions of the bill of materials and parts there now; 0 of 0 where it is no serial part.
  int32_t expected = 0;
  int32_t present = 0;
  std::vector<BenchPart> parts;
  // `line.slot` of the empty ones.
  std::vector<std::string> missing;
};

// One unit's sheet, in order.
struct BenchSheet {
  BenchUnit unit;
  DismantlingSheet sheet;
  std::vector<OrderedStep> steps;
  // What must be known first, the gravest first: `HOLD 12: supplier alert`.
  std::vector<std::string> flags;
  // Sum of the minutes of what is there.
  int32_t minutes = 0;
};

BenchSheet PlanDismantling(const DismantlingSheet& sheet, BenchUnit unit);

// Pages of text without line ends, each at most kLinesPerPage lines of kColumnsPerPage columns. `now`: when it is printed.
std::vector<std::vector<std::string>> PrintSheet(const BenchSheet& bench, Time now);

}  // namespace mes::domain
