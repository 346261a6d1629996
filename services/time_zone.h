// The rules of a time zone out of the system's tz database, through the date library (g++ 12's <chrono> has none), as the data that the
// domain works with.
#pragma once

#include <string>

#include "domain/calendar.h"

namespace mes::services {

// All offsets of a zone from 1900 to 2100. Throws std::runtime_error where the zone is unknown or the database is missing.
domain::TimeZone LoadTimeZone(const std::string& name);
// Asia/Shanghai, loaded once: with the summers of 1986 to 1991, which old dates of imports need. Falls back to +08:00 for all time
// where the system has no tz database.
const domain::TimeZone& PlantTimeZone();

}  // namespace mes::services
