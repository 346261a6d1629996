// How often a partner may ask: a bucket of calls that fills up steadily (a token bucket), and a number per day of UTC. Each
// server counts for itself.
#pragma once

#include <cstdint>
#include <string_view>

#include "domain/result.h"
#include "domain/time.h"

namespace mes::domain {

struct Quota {
  double calls_per_second = 20;
  // What a full bucket holds.
  double burst = 200;
  int64_t calls_per_day = 200'000;
};

struct QuotaState {
  // In the bucket at `time`.
  double calls = 0;
  Time time{};
  // Days since 1970-01-01 and calls on it.
  int64_t day = 0;
  int64_t used = 0;
};
QuotaState FullQuota(const Quota& quota, Time now);

// Takes one call. A clock that went back takes nothing away. Errors: QUOTA_EXCEEDED with `limit` and `retry_after_ms`; a refused
// call does not count.
Status TakeCall(const Quota& quota, QuotaState& state, Time now);

}  // namespace mes::domain
