// The start permit: CanStart's go, sealed, so that a start event can show that the gate was asked. It is evidence and lifts
// nothing: the gate judges the event as if there were none. A start without one is recorded and marked: a bypass shows.
//
// It is good for one unit at one operation of one routing revision at one station, from its issue to its expiry on the event's
// own time (a station without network reports later). Its text is six words behind `1`, separated by blanks, which no code
// contains: unit, operation, station, revision, issue and expiry in microseconds since 1970. The seal over it is the service's
// (services/start_permit.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/error.h"
#include "domain/product_definition.h"
#include "domain/station_event.h"

namespace mes::domain {

std::string PermitText(const StartPermit& permit);
// Empty where it is no such text. `genuine` stays false: that is the seal's to say.
std::optional<StartPermit> ParsePermitText(std::string_view text);

// Adds PERMIT_INVALID where the shown permit is false or about something else, PERMIT_EXPIRED where it was over at `time`.
// Nothing where none was shown.
void JudgePermit(const Started& start, const Station& station, std::string_view unit_code, int16_t operation, int32_t revision_id,
                 Time time, std::vector<Refusal>& refusals);

}  // namespace mes::domain
