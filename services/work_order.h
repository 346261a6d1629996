// Work orders: create, move along their life, look up, and the dispatch list.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/work_order.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status CreateWorkOrder(Call& call, const v1::CreateWorkOrderRequest& request, v1::CreateWorkOrderResponse& response);
domain::Status TransitionWorkOrder(Call& call, const v1::TransitionWorkOrderRequest& request,
                                   v1::TransitionWorkOrderResponse& response);
domain::Status GetWorkOrder(Call& call, const v1::GetWorkOrderRequest& request, v1::GetWorkOrderResponse& response);
domain::Status ListWorkOrders(Call& call, const v1::ListWorkOrdersRequest& request, v1::ListWorkOrdersResponse& response);
domain::Status ListDispatch(Call& call, const v1::ListDispatchRequest& request, v1::ListDispatchResponse& response);

std::unique_ptr<grpc::Service> MakeWorkOrderService(Env& env);

}  // namespace mes::services
