// The one gate: may this item start here now? CanStart answers with it and ingest judges station events by it.
//
// Every failing reason is told, each with what proves it. A judgement reads the world and changes nothing. The interlocks are those
// of the plant's rules.json; their names are the reasons'.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/station_event.h"
#include "domain/world.h"

namespace mes::domain {

struct StartQuestion {
  const Station* station = nullptr;
  // What is to start; null = not known yet, to be made under `start.work_order_code` with this code.
  const UnitEntry* entry = nullptr;
  std::string_view unit_code;
  int16_t operation = 0;  // 0 = the only one the station does
  const Started* start = nullptr;
  std::string_view operator_id;
  Time time{};
};

struct StartDecision {
  std::vector<Refusal> refusals;
  int16_t operation = 0;
  RunPurpose purpose = RunPurpose::kRegular;
  // A rework: where it returns to and which counter it uses.
  int16_t return_to = 0;
  int16_t rework_counter = -1;
  bool window_late = false;
  const ProductRevision* revision = nullptr;
  const OrderState* order = nullptr;
  // A new lot's quantity.
  int64_t quantity_micro = 0;
  // Runs left at the operation before repair, this one included.
  int16_t runs_left = 0;

  bool Go() const { return refusals.empty(); }
};

StartDecision JudgeStart(const World& world, const StartQuestion& question);

// The operation that a station means: the number given, or its only one. 0 with a refusal added when it does not do it.
int16_t ResolveOperation(const Station& station, int16_t operation, std::string_view unit_code, std::vector<Refusal>& refusals);

// Adds every reason why this lot or component may not be used for `parent` at `operation` (MATERIAL_VALID, NOT_BLOCKED, UNIQUE_SN,
// RELEASED_CHILD, STACK_SOURCE, GROUP_MATCH, TIME_WINDOW of its age). `parent` may be null before the first start. Sets `late` where
// a window was exceeded that is only flagged. Returns the BOM line; null = not in the BOM of this operation.
const BomLine* JudgeMaterial(const World& world, const ProductRevision& revision, const Operation& operation, const Unit* parent,
                             const UnitEntry& material, Time time, bool& late, std::vector<Refusal>& refusals);

// Adds RECIPE_MATCH, SW_VERSION and VARIANT_MATCH where the operation asks and the station reports another program than the released.
void JudgeProgram(const Operation& operation, const ProductRevision& revision, const Started& start, std::string_view code,
                  std::vector<Refusal>& refusals);

// Adds NOT_BLOCKED for holds, scrap and shipment of the item and of everything that it is built into.
void JudgeBlocked(const World& world, const UnitEntry& entry, std::vector<Refusal>& refusals);

// Adds what a pass lacks besides good values, where the operation asks: MEASUREMENT_MISSING, BOLT_COUNT, GENEALOGY_COMPLETE. `row` is the
// completion, not applied to the unit yet.
void JudgePass(const Unit& unit, const ProductRevision& revision, const Operation& operation, const EventRow& row,
               std::vector<Refusal>& refusals);

// Windows read by `event` at `operation`: adds TIME_WINDOW for too early, and for too late where that refuses or repeats (unless
// `late_fails`: then `failed` is set instead, since a finished run cannot be refused for being slow).
struct WindowVerdict {
  bool flagged = false;
  bool failed = false;
};
WindowVerdict JudgeWindows(const ProductRevision& revision, const Unit& unit, int16_t operation, WindowEvent event, Time time,
                           bool late_fails, std::vector<Refusal>& refusals);

}  // namespace mes::domain
