// Control charts over gRPC: shown, their limits frozen, their alarms acknowledged, capability, and what was decided about their rules.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/spc.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status ListCharts(Call& call, const v1::ListChartsRequest& request, v1::ListChartsResponse& response);
domain::Status GetChart(Call& call, const v1::GetChartRequest& request, v1::GetChartResponse& response);
domain::Status FreezeLimits(Call& call, const v1::FreezeLimitsRequest& request, v1::FreezeLimitsResponse& response);
domain::Status ListLimits(Call& call, const v1::ListLimitsRequest& request, v1::ListLimitsResponse& response);
domain::Status GetCapability(Call& call, const v1::GetCapabilityRequest& request, v1::GetCapabilityResponse& response);
domain::Status ListChartAlarms(Call& call, const v1::ListChartAlarmsRequest& request, v1::ListChartAlarmsResponse& response);
domain::Status AcknowledgeChartAlarm(Call& call, const v1::AcknowledgeChartAlarmRequest& request,
                                     v1::AcknowledgeChartAlarmResponse& response);
domain::Status DefineChart(Call& call, const v1::DefineChartRequest& request, v1::DefineChartResponse& response);
domain::Status ListChartDefinitions(Call& call, const v1::ListChartDefinitionsRequest& request,
                                    v1::ListChartDefinitionsResponse& response);

std::unique_ptr<grpc::Service> MakeSpcService(Env& env);

}  // namespace mes::services
