// A planned event as it is sent. Values are drawn here, around their nominal, from what the event is about: building an event
// twice gives the same bytes, so that a resend is a duplicate.
#pragma once

#include "mes/v1/station_event.pb.h"
#include "services/mesctl/simulate_plan.h"

namespace mes::mesctl::simulate {

// Event number `sequence` of the station's script.
void BuildEvent(const Plan& plan, int station, uint32_t sequence, v1::StationEvent& event);
// How many units it acts on, which a request bounds.
int UnitsOf(const Plan& plan, const PlannedEvent& event);
// One value of a characteristic; `bad` puts it outside a limit.
double ValueOf(const Characteristic& characteristic, uint64_t draw, bool bad);

}  // namespace mes::mesctl::simulate
