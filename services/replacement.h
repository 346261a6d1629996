// Replacements over gRPC: parts out of units that left their route, and in.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/replacement.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status ReplacePart(Call& call, const v1::ReplacePartRequest& request, v1::ReplacePartResponse& response);
domain::Status SimulateReplacement(Call& call, const v1::SimulateReplacementRequest& request,
                                   v1::SimulateReplacementResponse& response);
domain::Status ListReplacements(Call& call, const v1::ListReplacementsRequest& request, v1::ListReplacementsResponse& response);

std::unique_ptr<grpc::Service> MakeReplacementService(Env& env);

}  // namespace mes::services
