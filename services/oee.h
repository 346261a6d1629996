// OEE and downtimes over gRPC.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/oee.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status QueryOee(Call& call, const v1::QueryOeeRequest& request, v1::QueryOeeResponse& response);
domain::Status ReportDowntime(Call& call, const v1::ReportDowntimeRequest& request, v1::ReportDowntimeResponse& response);
domain::Status WithdrawDowntime(Call& call, const v1::WithdrawDowntimeRequest& request, v1::WithdrawDowntimeResponse& response);
domain::Status ListDowntimes(Call& call, const v1::ListDowntimesRequest& request, v1::ListDowntimesResponse& response);
domain::Status ReplaceDowntimeReasons(Call& call, const v1::ReplaceDowntimeReasonsRequest& request,
                                      v1::ReplaceDowntimeReasonsResponse& response);
domain::Status ListDowntimeReasons(Call& call, const v1::ListDowntimeReasonsRequest& request, v1::ListDowntimeReasonsResponse& response);

std::unique_ptr<grpc::Service> MakeOeeService(Env& env);

}  // namespace mes::services
