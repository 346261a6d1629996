// Holds over gRPC: previewed, placed on what matches a predicate, lifted as a whole or unit by unit with a disposition, looked
// up.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/hold.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status PreviewHold(Call& call, const v1::PreviewHoldRequest& request, v1::PreviewHoldResponse& response);
// Stores the hold as spreading; it is spread after the commit and before the answer (db/hold_spread), which then tells its
// effect.
domain::Status PlaceHold(Call& call, const v1::PlaceHoldRequest& request, v1::PlaceHoldResponse& response);
domain::Status ReleaseHold(Call& call, const v1::ReleaseHoldRequest& request, v1::ReleaseHoldResponse& response);
domain::Status ApproveHoldDisposition(Call& call, const v1::ApproveHoldDispositionRequest& request,
                                      v1::ApproveHoldDispositionResponse& response);
domain::Status GetHold(Call& call, const v1::GetHoldRequest& request, v1::GetHoldResponse& response);
domain::Status ListHolds(Call& call, const v1::ListHoldsRequest& request, v1::ListHoldsResponse& response);
domain::Status ListHoldItems(Call& call, const v1::ListHoldItemsRequest& request, v1::ListHoldItemsResponse& response);
domain::Status GetUnitHolds(Call& call, const v1::GetUnitHoldsRequest& request, v1::GetUnitHoldsResponse& response);

std::unique_ptr<grpc::Service> MakeHoldService(Env& env);

}  // namespace mes::services
