// Labels over gRPC: a code as QR or Data Matrix, as SVG, PNG or ZPL.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/label.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status DrawLabel(Call& call, const v1::DrawLabelRequest& request, v1::DrawLabelResponse& response);

std::unique_ptr<grpc::Service> MakeLabelService(Env& env);

}  // namespace mes::services
