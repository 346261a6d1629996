// Holds over gRPC: placed on everything that suspect units and lots went into, lifted as a whole, looked up.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/hold.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status PlaceHold(Call& call, const v1::PlaceHoldRequest& request, v1::PlaceHoldResponse& response);
domain::Status ReleaseHold(Call& call, const v1::ReleaseHoldRequest& request, v1::ReleaseHoldResponse& response);
domain::Status GetHold(Call& call, const v1::GetHoldRequest& request, v1::GetHoldResponse& response);
domain::Status ListHolds(Call& call, const v1::ListHoldsRequest& request, v1::ListHoldsResponse& response);

std::unique_ptr<grpc::Service> MakeHoldService(Env& env);

}  // namespace mes::services
