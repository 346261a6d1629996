// Shipments over gRPC: units leave for a customer in a country, and what of it was exported.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/shipment.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status CreateShipment(Call& call, const v1::CreateShipmentRequest& request, v1::CreateShipmentResponse& response);
domain::Status ConfirmDelivery(Call& call, const v1::ConfirmDeliveryRequest& request, v1::ConfirmDeliveryResponse& response);
domain::Status CancelShipment(Call& call, const v1::CancelShipmentRequest& request, v1::CancelShipmentResponse& response);
domain::Status GetShipment(Call& call, const v1::GetShipmentRequest& request, v1::GetShipmentResponse& response);
domain::Status ListShipments(Call& call, const v1::ListShipmentsRequest& request, v1::ListShipmentsResponse& response);
domain::Status GetExportShare(Call& call, const v1::GetExportShareRequest& request, v1::GetExportShareResponse& response);

std::unique_ptr<grpc::Service> MakeShipmentService(Env& env);

}  // namespace mes::services
