// Holds between what is said and what is meant: codes of products, stations, orders and units on one side, their ids on the
// other.
#pragma once

#include <string>
#include <vector>

#include "domain/hold.h"
#include "mes/v1/hold.pb.h"
#include "services/rpc.h"

namespace mes::services {

// The draft that PlaceHold and PreviewHold ask for, without reason and person, checked (domain::CheckHold). Errors as there, and
// those of unknown codes, with the field.
template <typename Request>
domain::Result<domain::HoldDraft> DraftFromProto(Call& call, const Request& request);

v1::Hold ToProto(const domain::Hold& hold, const domain::Plant& plant);

}  // namespace mes::services
