// Replay over gRPC: recorded history judged under other rules, as a stream of the verdicts that would change.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/replay.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status Replay(Call& call, const v1::ReplayRequest& request, PageSink<v1::ReplayResponse>& sink);

std::unique_ptr<grpc::Service> MakeReplayService(Env& env);

}  // namespace mes::services
