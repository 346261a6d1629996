// Reporting duties over gRPC, and how the events of lives bring them about.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <grpcpp/impl/service_type.h>

#include "domain/duty.h"
#include "domain/unit.h"
#include "mes/v1/duty.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status ListDuties(Call& call, const v1::ListDutiesRequest& request, v1::ListDutiesResponse& response);
domain::Status MarkDutiesSent(Call& call, const v1::MarkDutiesSentRequest& request, v1::MarkDutiesSentResponse& response);
domain::Status WithdrawDuty(Call& call, const v1::WithdrawDutyRequest& request, v1::WithdrawDutyResponse& response);
domain::Status ListDutyRules(Call& call, const v1::ListDutyRulesRequest& request, v1::ListDutyRulesResponse& response);

std::unique_ptr<grpc::Service> MakeDutyService(Env& env);

// What other nouns need of duties.

// A battery by its code or route, or what holds batteries together (module, pack, system).
bool IsBatteryUnit(const domain::Plant& plant, const domain::Unit& unit);

// What happened to a unit: a life event, or a receipt by a recycler where `event` is none.
struct DutyEvent {
  domain::Unit unit;
  domain::Life before;
  std::optional<domain::LifeEvent> event;
  std::string party;
  domain::Time occur_time{};
  // When it was recorded; for taking its duties back.
  domain::Time record_time{};
};
// Stores the duties that these bring about, in the caller's transaction.
void RaiseDuties(Call& call, const std::vector<DutyEvent>& events);
// Withdraws what these brought about and nobody reported yet; says how many.
int32_t WithdrawDutiesOf(Call& call, const std::vector<DutyEvent>& events, const std::string& person, const std::string& reason);

}  // namespace mes::services
