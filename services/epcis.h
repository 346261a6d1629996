// EPCIS 2.0 over gRPC: histories as documents that partners' software reads, and partners' documents coming in.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/epcis.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status ExportUnitEpcis(Call& call, const v1::ExportUnitEpcisRequest& request,
                               PageSink<v1::ExportUnitEpcisResponse>& sink);

domain::Status ExportPeriodEpcis(Call& call, const v1::ExportPeriodEpcisRequest& request,
                                 PageSink<v1::ExportPeriodEpcisResponse>& sink);
// services/epcis_capture.cc
domain::Status CaptureEpcis(Call& call, const v1::CaptureEpcisRequest& request, v1::CaptureEpcisResponse& response);
domain::Status ListCapturedEpcis(Call& call, const v1::ListCapturedEpcisRequest& request, v1::ListCapturedEpcisResponse& response);

std::unique_ptr<grpc::Service> MakeEpcisService(Env& env);

}  // namespace mes::services
