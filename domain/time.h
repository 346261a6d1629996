// Instants, kept to microseconds in UTC. The domain never reads a clock: time comes in as an argument.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace mes::domain {

using Duration = std::chrono::microseconds;
using Time = std::chrono::sys_time<std::chrono::microseconds>;

inline int64_t ToMicros(Time time) { return time.time_since_epoch().count(); }
inline Time FromMicros(int64_t micros) { return Time(Duration(micros)); }

// RFC 3339 in UTC, to the second, or to the microsecond where there are any: `2026-11-20T08:00:00Z`.
std::string FormatTime(Time time);
// For people: `25 min`, `8 h`, `3.5 d`.
std::string FormatDuration(Duration duration);

}  // namespace mes::domain
