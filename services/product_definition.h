// What is made and how: loads a plant's files, shows products with their definitions. Answers come from the plant in memory.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/product_definition.pb.h"
#include "services/env.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status LoadPlant(Call& call, const v1::LoadPlantRequest& request, v1::LoadPlantResponse& response);
domain::Status GetProduct(Call& call, const v1::GetProductRequest& request, v1::GetProductResponse& response);
domain::Status ListProducts(Call& call, const v1::ListProductsRequest& request, v1::ListProductsResponse& response);

std::unique_ptr<grpc::Service> MakeProductDefinitionService(Env& env);

}  // namespace mes::services
