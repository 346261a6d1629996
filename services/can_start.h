// The gate's question over gRPC. StationService (services/station.h) hands CanStart on to it.
#pragma once

#include "domain/result.h"
#include "mes/v1/station.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status CanStart(Call& call, const v1::CanStartRequest& request, v1::CanStartResponse& response);

}  // namespace mes::services
