// Lives over gRPC: what happens to units after their route.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "domain/world.h"
#include "mes/v1/life.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status RecordLifeEvent(Call& call, const v1::RecordLifeEventRequest& request, v1::RecordLifeEventResponse& response);
domain::Status GetLife(Call& call, const v1::GetLifeRequest& request, v1::GetLifeResponse& response);
domain::Status ListLifeRecords(Call& call, const v1::ListLifeRecordsRequest& request, v1::ListLifeRecordsResponse& response);

std::unique_ptr<grpc::Service> MakeLifeService(Env& env);

}  // namespace mes::services
