// Yields over gRPC.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/yield.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status ListOperationYields(Call& call, const v1::ListOperationYieldsRequest& request,
                                   v1::ListOperationYieldsResponse& response);
domain::Status QueryYield(Call& call, const v1::QueryYieldRequest& request, v1::QueryYieldResponse& response);
domain::Status GetRolledThroughputYield(Call& call, const v1::GetRolledThroughputYieldRequest& request,
                                        v1::GetRolledThroughputYieldResponse& response);
domain::Status ListYieldRestatements(Call& call, const v1::ListYieldRestatementsRequest& request,
                                     v1::ListYieldRestatementsResponse& response);
domain::Status ListLotYields(Call& call, const v1::ListLotYieldsRequest& request, v1::ListLotYieldsResponse& response);

std::unique_ptr<grpc::Service> MakeYieldService(Env& env);

}  // namespace mes::services
