// Holds: what is suspect does not move (ISA-95: disposition of a material sublot). A hold covers what it names and everything that these
// went into when it is placed; what it covers cannot start, so nothing is built from it while the hold is in force.
#pragma once

#include <cstdint>
#include <string>

#include "domain/result.h"
#include "domain/time.h"

namespace mes::domain {

struct Hold {
  int64_t id = 0;
  std::string reason;
  std::string placed_by;
  Time place_time{};
  // Empty = in force.
  std::string released_by;
  Time release_time{};
  std::string release_reason;
  // Units and lots that it covers now; none once it is lifted.
  int64_t covered = 0;

  bool InForce() const { return released_by.empty(); }
};

// Lifts a hold. Errors: HOLD_RELEASED.
Status Release(Hold& hold, std::string person, std::string reason, Time now);

}  // namespace mes::domain
