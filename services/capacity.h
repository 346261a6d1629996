// Capacity over gRPC: figures kept apart by meaning and their series; what shared parsing the other capacity handlers need.
#pragma once

#include <memory>
#include <string>

#include <grpcpp/impl/service_type.h>

#include "domain/capacity.h"
#include "mes/v1/capacity.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status GetCapacity(Call& call, const v1::GetCapacityRequest& request, v1::GetCapacityResponse& response);
domain::Status ListCapacityFigures(Call& call, const v1::ListCapacityFiguresRequest& request,
                                   v1::ListCapacityFiguresResponse& response);
domain::Status RecordFigures(Call& call, const v1::RecordFiguresRequest& request, v1::RecordFiguresResponse& response);
domain::Status SetCapacity(Call& call, const v1::SetCapacityRequest& request, v1::SetCapacityResponse& response);
domain::Status ListCapacityPoints(Call& call, const v1::ListCapacityPointsRequest& request,
                                  v1::ListCapacityPointsResponse& response);

// The part of LoadPlant that is about capacity: stores the draft and records this year's and the next year's figures.
void StorePlantCapacity(Call& call, const domain::CapacityDraft& draft);

// The plant day of the call.
domain::Day TodayOf(const Call& call);
// 0 = this year. Errors: FIELD_INVALID (`year`).
domain::Result<int32_t> ParseYear(const Call& call, int32_t year);
// The roles that may plan. Errors: FIELD_REQUIRED (`person`), LIMIT_EXCEEDED, ROLE_INSUFFICIENT (`role`).
domain::Status CheckPlanner(const std::string& person, const std::string& role, bool engineers_too = false);
// Errors: PRODUCT_UNKNOWN (`product_code`).
domain::Result<const domain::Material*> FindProduct(const Call& call, const std::string& code);
v1::CalendarState StateOf(const domain::CapacityModel& model, int32_t year);

std::unique_ptr<grpc::Service> MakeCapacityService(Env& env);

}  // namespace mes::services
