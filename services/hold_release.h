// How units leave a hold: the checks, the disposition, the second pair of eyes. The handlers are declared in services/hold.h.
#pragma once

#include <cstdint>

#include "db/hold.h"
#include "domain/error.h"
#include "mes/v1/hold.pb.h"

namespace mes::services {

// HOLD_UNKNOWN.
domain::Error UnknownHold(int64_t hold_id);
v1::HoldDecision ToProto(const db::StoredDisposition& stored);

}  // namespace mes::services
