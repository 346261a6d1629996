// Tells the plan to the server: every station's script over bidi streams that several stations share, the office's calls beside
// them. An event is sent when all it depends on is acknowledged; what stays unacknowledged when a stream breaks is sent again.
// Picks up where the server's cursors stand.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "services/mesctl/client.h"
#include "services/mesctl/simulate_plan.h"

namespace mes::mesctl::simulate {

struct DriveOptions {
  int32_t epoch = 1;
  int streams = 16;
  // Per station of the plan: what the server has of this epoch already.
  std::vector<uint32_t> done;
};

struct DriveResult {
  // Verdicts that the plan did not foresee, at most some dozen lines; empty = all as planned.
  std::vector<std::string> differences;
  int64_t sent = 0;
  double seconds = 0;
};

DriveResult Drive(const Connection& connection, const Plan& plan, const DriveOptions& options);

}  // namespace mes::mesctl::simulate
