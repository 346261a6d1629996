// Stations over gRPC: looked up with how far their events are and what they reported of themselves; and the gate (services/can_start.h).
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/station.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status GetStation(Call& call, const v1::GetStationRequest& request, v1::GetStationResponse& response);
domain::Status ListStations(Call& call, const v1::ListStationsRequest& request, v1::ListStationsResponse& response);

std::unique_ptr<grpc::Service> MakeStationService(Env& env);

}  // namespace mes::services
