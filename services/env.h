// What every handler may use, passed by reference. Owned by main.
#pragma once

#include <functional>
#include <memory>

#include "db/pool.h"
#include "domain/time.h"
#include "services/chart_cache.h"
#include "services/executor.h"
#include "services/plant_cache.h"

namespace mes::services {

class Gatekeeper;

struct Env {
  db::Pool& pool;
  // Database work never runs on gRPC's reaction threads (2 on 2 cores): it goes here.
  Executor& executor;
  PlantCache& plant;
  // Read once per request and passed on; the domain reads no clock.
  std::function<domain::Time()> now;
  ChartCache& charts;
  // Proves who a call comes from (services/admission).
  Gatekeeper& gatekeeper;
};

}  // namespace mes::services
