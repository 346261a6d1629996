// StationEventService: the stations' stream and its unary twin, both in front of the one committer (services/ingest.h).
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "services/env.h"
#include "services/ingest.h"

namespace mes::services {

// The service; DrainStreams ends the open streams with UNAVAILABLE once what they sent is answered.
class StationEvents {
 public:
  virtual ~StationEvents() = default;
  virtual grpc::Service& service() = 0;
  virtual void DrainStreams() = 0;
};

std::unique_ptr<StationEvents> MakeStationEventService(Ingest& ingest);

}  // namespace mes::services
