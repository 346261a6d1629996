// Yields over gRPC.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/yield.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status ListOperationYields(Call& call, const v1::ListOperationYieldsRequest& request,
                                   v1::ListOperationYieldsResponse& response);

std::unique_ptr<grpc::Service> MakeYieldService(Env& env);

}  // namespace mes::services
