// The monthly plan over gRPC: taken from files, held against what was made, given out as files.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/plan.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status ImportPlan(Call& call, const v1::ImportPlanRequest& request, v1::ImportPlanResponse& response);
domain::Status ListPlanVersions(Call& call, const v1::ListPlanVersionsRequest& request, v1::ListPlanVersionsResponse& response);
domain::Status PlanVariance(Call& call, const v1::PlanVarianceRequest& request, v1::PlanVarianceResponse& response);
domain::Status ExportPlan(Call& call, const v1::ExportPlanRequest& request, v1::ExportPlanResponse& response);

std::unique_ptr<grpc::Service> MakePlanService(Env& env);

}  // namespace mes::services
