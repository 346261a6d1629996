// Bought-in supply and releases beyond capacity over gRPC, and the check of a release.
#pragma once

#include <string>
#include <vector>

#include "db/work_order.h"
#include "mes/v1/capacity.pb.h"
#include "mes/v1/work_order.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status PutSupply(Call& call, const v1::PutSupplyRequest& request, v1::PutSupplyResponse& response);
domain::Status CloseSupply(Call& call, const v1::CloseSupplyRequest& request, v1::CloseSupplyResponse& response);
domain::Status ListSupplies(Call& call, const v1::ListSuppliesRequest& request, v1::ListSuppliesResponse& response);
domain::Status ListOverCommitments(Call& call, const v1::ListOverCommitmentsRequest& request,
                                   v1::ListOverCommitmentsResponse& response);

// Before steps of a RELEASE are stored: nothing where they fit, else CAPACITY_EXCEEDED, or with an override the sentence to tell, which is
// kept. Errors: CAPACITY_EXCEEDED, ROLE_INSUFFICIENT, FIELD_REQUIRED (`person`, `reason` of an override).
domain::Result<std::string> CheckReleaseOf(Call& call, const v1::TransitionWorkOrderRequest& request,
                                           const std::vector<db::WorkOrderStep>& steps);

}  // namespace mes::services
