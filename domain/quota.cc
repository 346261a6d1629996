#include "domain/quota.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace mes::domain {
namespace {

constexpr double kMicrosPerSecond = 1e6;

int64_t DayOf(Time time) { return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count(); }

Error Exceeded(const std::string& limit, int64_t retry_after_ms) {
  return {Reason::kQuotaExceeded,
          "too many calls (" + limit + "); ask again in " + std::to_string(retry_after_ms) + " ms",
          {{"limit", limit}, {"retry_after_ms", std::to_string(retry_after_ms)}}};
}

}  // namespace

QuotaState FullQuota(const Quota& quota, Time now) { return {quota.burst, now, DayOf(now), 0}; }

Status TakeCall(const Quota& quota, QuotaState& state, Time now) {
  const auto passed = static_cast<double>((now - state.time).count());
  if (passed > 0) {
    state.calls = std::min(quota.burst, state.calls + passed / kMicrosPerSecond * quota.calls_per_second);
    state.time = now;
  }
  if (const int64_t day = DayOf(now); day > state.day) {
    state.day = day;
    state.used = 0;
  }
  if (state.used >= quota.calls_per_day) {
    const Time tomorrow{std::chrono::duration_cast<Duration>(std::chrono::days(state.day + 1))};
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(tomorrow - now).count();
    return Fail(Exceeded(std::to_string(quota.calls_per_day) + " a day", wait));
  }
  if (state.calls < 1) {
    const auto wait = static_cast<int64_t>(std::ceil((1 - state.calls) / quota.calls_per_second * 1e3));
    return Fail(Exceeded(std::to_string(static_cast<int64_t>(quota.calls_per_second)) + " a second", wait));
  }
  state.calls -= 1;
  ++state.used;
  return {};
}

}  // namespace mes::domain
