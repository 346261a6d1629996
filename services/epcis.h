// EPCIS 2.0 over gRPC: a unit's history as a document that partners' software reads.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/epcis.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status ExportUnitEpcis(Call& call, const v1::ExportUnitEpcisRequest& request,
                               PageSink<v1::ExportUnitEpcisResponse>& sink);

std::unique_ptr<grpc::Service> MakeEpcisService(Env& env);

}  // namespace mes::services
