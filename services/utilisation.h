// How full the plant is, and what a mix of products needs, over gRPC.
#pragma once

#include "mes/v1/capacity.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status GetUtilisation(Call& call, const v1::GetUtilisationRequest& request, v1::GetUtilisationResponse& response);
domain::Status GetNeeds(Call& call, const v1::GetNeedsRequest& request, v1::GetNeedsResponse& response);

}  // namespace mes::services
