// StationEventService: the stations' stream and its unary twin, both in front of the one committer (services/ingest.h).
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "services/env.h"
#include "services/ingest.h"

namespace mes::services {

// The service; DrainStreams ends the open streams with UNAVAILABLE once what they sent is answered. So does the stream of a caller that is
// not let in any more, with the reason: what it sent before is committed and answered, what comes after is not read.
class StationEvents {
 public:
  virtual ~StationEvents() = default;
  virtual grpc::Service& service() = 0;
  virtual void DrainStreams() = 0;
};

std::unique_ptr<StationEvents> MakeStationEventService(Env& env, Ingest& ingest);

}  // namespace mes::services
