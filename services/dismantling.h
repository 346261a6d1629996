// The recycler's bench over gRPC: how a unit, and what is in it, is taken apart.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/dismantling.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status GetDismantling(Call& call, const v1::GetDismantlingRequest& request, v1::GetDismantlingResponse& response);

std::unique_ptr<grpc::Service> MakeDismantlingService(Env& env);

}  // namespace mes::services
