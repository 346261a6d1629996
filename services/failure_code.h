// Failure codes over gRPC: policies put in force, looked up, and the Pareto of what failed.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/failure_code.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status PutFailureCode(Call& call, const v1::PutFailureCodeRequest& request, v1::PutFailureCodeResponse& response);
domain::Status ListFailureCodes(Call& call, const v1::ListFailureCodesRequest& request, v1::ListFailureCodesResponse& response);
domain::Status ListFailurePareto(Call& call, const v1::ListFailureParetoRequest& request,
                                 v1::ListFailureParetoResponse& response);

std::unique_ptr<grpc::Service> MakeFailureCodeService(Env& env);

}  // namespace mes::services
