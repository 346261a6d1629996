// Units over gRPC: bought ones come in, all can be looked at, with what happened to them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <grpcpp/impl/service_type.h>

#include "db/unit.h"
#include "domain/result.h"
#include "mes/v1/unit.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status ReceiveUnits(Call& call, const v1::ReceiveUnitsRequest& request, v1::ReceiveUnitsResponse& response);
domain::Status GetUnit(Call& call, const v1::GetUnitRequest& request, v1::GetUnitResponse& response);
domain::Status ListUnits(Call& call, const v1::ListUnitsRequest& request, v1::ListUnitsResponse& response);
domain::Status ListUnitEvents(Call& call, const v1::ListUnitEventsRequest& request, v1::ListUnitEventsResponse& response);

std::unique_ptr<grpc::Service> MakeUnitService(Env& env);

// What other nouns need of units.

// The unit or lot that a code leads to. Errors: `unknown` (UNIT_UNKNOWN or LOT_UNKNOWN), UNIT_AMBIGUOUS, FIELD_REQUIRED, LIMIT_EXCEEDED,
// with `field`.
domain::Result<int64_t> FindUnitId(Call& call, const std::string& code, std::string_view field,
                                   domain::Reason unknown = domain::Reason::kUnitUnknown);
// The same for many, in order; `field` gets the index: `codes[3]`.
domain::Result<std::vector<int64_t>> FindUnitIds(Call& call, const std::vector<std::string>& codes, std::string_view field,
                                                 domain::Reason unknown = domain::Reason::kUnitUnknown);
// Operations passed and not voided since, ascending; none for bought units.
std::vector<int32_t> PassedOperations(const domain::Plant& plant, const domain::Unit& unit);
// The operation it needs next; 0 = none.
int32_t NextOperation(const domain::Plant& plant, const domain::Unit& unit);
// LIMIT_EXCEEDED with `field` and `limit`.
domain::Error TooMany(std::string_view field, int64_t count, int64_t limit);
// The material of something that the database has. Throws PlantBehind.
const domain::Material& MaterialOf(const domain::Plant& plant, int32_t material_id);
// Not over 5 minutes ahead of the server's clock. Errors: FIELD_INVALID, TIME_IN_FUTURE with `field`. Absent = now.
domain::Result<domain::Time> PastTimeFromProto(const Call& call, bool present, const google::protobuf::Timestamp& time,
                                               std::string_view field);

}  // namespace mes::services
