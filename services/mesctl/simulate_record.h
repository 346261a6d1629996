// The story's own record of what went into what, made from the plan alone and never from the server: what a recall has to find. For every
// lot: how many of each product it went into, directly or through others, and each vehicle.
#pragma once

#include <string>

#include "services/mesctl/simulate_plan.h"

namespace mes::mesctl::simulate {

// The lot that a run receives first of all, with when it began in its papers; nothing uses it.
std::string RunLotCode(const std::string& prefix);

// JSON: {"seed": 7, "lots": [{"lot": "...", "material": "...", "went_into": {"PRODUCT": 24}, "vehicles": {"PRODUCT": ["..."]}}]}, lots and
// codes in order. A lot that went nowhere is there with nothing, the run's own lot among them.
std::string RecordOf(const Plan& plan);

// Throws Exit with a usage error where the file cannot be written.
void WriteRecord(const Plan& plan, const std::string& path);

}  // namespace mes::mesctl::simulate
