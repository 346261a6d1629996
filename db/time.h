// Instants on their way to and from PostgreSQL: as text, to the microsecond, in UTC (the pool sets the session's time zone and
// date style). Exact, and columns are selected as they are, without arithmetic in SQL.
#pragma once

#include <string>
#include <string_view>

#include "domain/time.h"

namespace mes::db {

// `2026-11-20T08:00:00.123456Z`: what timestamptz reads, alone or in an array literal. Years 1 to 9999.
std::string TimeText(domain::Time time);
// Reads what PostgreSQL writes of a timestamptz: `2026-11-20 08:00:00.123456+00`. Throws std::invalid_argument on anything else.
domain::Time ParseTimeText(std::string_view text);

}  // namespace mes::db
