// Rules that act and their alarms: making, retiring and listing rules; listing alarms and releasing what they stopped.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/process_rule.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status PutProcessRule(Call& call, const v1::PutProcessRuleRequest& request, v1::PutProcessRuleResponse& response);
domain::Status RetireProcessRule(Call& call, const v1::RetireProcessRuleRequest& request, v1::RetireProcessRuleResponse& response);
domain::Status ListProcessRules(Call& call, const v1::ListProcessRulesRequest& request, v1::ListProcessRulesResponse& response);
domain::Status ListProcessAlarms(Call& call, const v1::ListProcessAlarmsRequest& request, v1::ListProcessAlarmsResponse& response);
domain::Status GetProcessAlarm(Call& call, const v1::GetProcessAlarmRequest& request, v1::GetProcessAlarmResponse& response);
domain::Status ReleaseProcessAlarm(Call& call, const v1::ReleaseProcessAlarmRequest& request,
                                   v1::ReleaseProcessAlarmResponse& response);

std::unique_ptr<grpc::Service> MakeProcessRuleService(Env& env);

}  // namespace mes::services
