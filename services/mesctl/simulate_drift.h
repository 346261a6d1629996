// `mesctl simulate --drift`: one station's process drifts until a rule that acts stops it. A story of its own, told event by event:
// a baseline, frozen limits, a time in control, a drift, the stop, the hold, the release. What must be on hold is reckoned here, from
// what was told and from the limits alone, and compared with the server's hold unit by unit.
#pragma once

#include <cstdint>
#include <vector>

#include "services/mesctl/client.h"
#include "services/mesctl/simulate_model.h"

namespace mes::mesctl::simulate {

// Tells the story and prints it. Throws Exit with kExitServer where the server does otherwise, std::runtime_error for a plant
// without the station.
void TellDrift(const Connection& connection, const Model& model, const std::vector<v1::Station>& stations, uint32_t seed, int64_t now);

}  // namespace mes::mesctl::simulate
