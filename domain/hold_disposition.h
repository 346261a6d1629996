// What becomes of a unit that leaves a hold (ISA-95: disposition). Its run state and its order's books move as if a station had
// said so; the row that it leaves keeps who decided, why, and from which hold.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "domain/result.h"
#include "domain/world.h"

namespace mes::domain {

// Values are those of mes.v1.HoldDisposition and of the database.
enum class HoldDisposition : int16_t {
  kUseAsIs = 1,
  // Back to an operation of its route, from which everything is run again.
  kRework,
  kScrap,
  // Bought things: they leave the plant.
  kReturn,
};
std::string_view NameOf(HoldDisposition disposition);

struct Disposal {
  int64_t hold_id = 0;
  // Its number is the row's sequence.
  int64_t disposition_id = 0;
  HoldDisposition disposition = HoldDisposition::kUseAsIs;
  // kRework: where to. kScrap: where the defect was found; 0 = where the unit stands.
  int16_t operation = 0;
  std::string person;
  std::string reason;
};

// Errors, with `code`: UNIT_STATE (built in, scrapped or shipped already, rework of something bought, return of something made),
// UNIT_RUNNING, OPERATION_UNKNOWN and FIELD_REQUIRED with `field` = operation.
Status Dispose(World& world, UnitEntry& entry, const Disposal& disposal);

}  // namespace mes::domain
