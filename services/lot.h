// Lots over gRPC: bought ones come in, are opened, parted and joined, and can be looked at.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/lot.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status ReceiveLot(Call& call, const v1::ReceiveLotRequest& request, v1::ReceiveLotResponse& response);
domain::Status OpenLot(Call& call, const v1::OpenLotRequest& request, v1::OpenLotResponse& response);
domain::Status SplitLot(Call& call, const v1::SplitLotRequest& request, v1::SplitLotResponse& response);
domain::Status MergeLots(Call& call, const v1::MergeLotsRequest& request, v1::MergeLotsResponse& response);
domain::Status GetLot(Call& call, const v1::GetLotRequest& request, v1::GetLotResponse& response);
domain::Status ListLots(Call& call, const v1::ListLotsRequest& request, v1::ListLotsResponse& response);

std::unique_ptr<grpc::Service> MakeLotService(Env& env);

}  // namespace mes::services
