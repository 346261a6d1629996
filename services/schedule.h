// The schedule over gRPC: what open orders bring and when, the earliest date for a new one, what a change would do, what the year
// will bring. All four only look: nothing is stored.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/schedule.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status Schedule(Call& call, const v1::ScheduleRequest& request, v1::ScheduleResponse& response);
domain::Status Promise(Call& call, const v1::PromiseRequest& request, v1::PromiseResponse& response);
domain::Status WhatIf(Call& call, const v1::WhatIfRequest& request, v1::WhatIfResponse& response);
domain::Status Forecast(Call& call, const v1::ForecastRequest& request, v1::ForecastResponse& response);

std::unique_ptr<grpc::Service> MakeScheduleService(Env& env);

}  // namespace mes::services
