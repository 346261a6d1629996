// Genealogy over gRPC: what something is made of, and where something went, as streams of pages that leave while the walk goes on.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/genealogy.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status Trace(Call& call, const v1::TraceRequest& request, PageSink<v1::TraceResponse>& sink);
domain::Status WhereUsed(Call& call, const v1::WhereUsedRequest& request, PageSink<v1::WhereUsedResponse>& sink);

std::unique_ptr<grpc::Service> MakeGenealogyService(Env& env);

}  // namespace mes::services
