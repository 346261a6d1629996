// Nonconformance reports over gRPC: opened, moved along their life, decided on, looked up.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/nonconformance.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status OpenNcr(Call& call, const v1::OpenNcrRequest& request, v1::OpenNcrResponse& response);
domain::Status MoveNcr(Call& call, const v1::MoveNcrRequest& request, v1::MoveNcrResponse& response);
domain::Status DisposeNcrUnits(Call& call, const v1::DisposeNcrUnitsRequest& request, v1::DisposeNcrUnitsResponse& response);
domain::Status GetNcr(Call& call, const v1::GetNcrRequest& request, v1::GetNcrResponse& response);
domain::Status ListNcrs(Call& call, const v1::ListNcrsRequest& request, v1::ListNcrsResponse& response);
domain::Status ListNcrUnits(Call& call, const v1::ListNcrUnitsRequest& request, v1::ListNcrUnitsResponse& response);

std::unique_ptr<grpc::Service> MakeNonconformanceService(Env& env);

}  // namespace mes::services
