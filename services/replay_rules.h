// The rules of a replay as their JSON says them (README, "Replay").
#pragma once

#include <string>
#include <vector>

#include "domain/replay.h"

namespace mes::services {

// Shapes and bounds; what the names mean is domain::ApplyRules'. Faults name their place by JSON pointer.
domain::ReplayRules ReadReplayRules(const std::string& json, std::vector<domain::PlantFault>& faults);

}  // namespace mes::services
