// Captured events that their sender declares errors after their capture: what they did is taken back, whole or not at all.
#pragma once

#include <string>
#include <vector>

#include "db/captured_event.h"
#include "domain/epcis_capture.h"
#include "services/rpc.h"

namespace mes::services {

// Events that were captured before and stand, each with the row that declares it an error, in step. Errors: DOCUMENT_INVALID with
// the place of the declaration.
domain::Status TakeBackDeclared(Call& call, const std::string& person, const std::vector<domain::CapturedEvent>& declared,
                                const std::vector<db::CapturedRow>& rows);

// What this shares with capture.
domain::Error DocumentError(const std::vector<domain::CaptureFault>& faults);
// Every code that an event names.
std::vector<std::string> CodesOf(const domain::CapturedEvent& event);
// The units that events name, locked until the transaction ends.
domain::World LockNamed(Call& call, const std::vector<domain::CapturedEvent>& events);

}  // namespace mes::services
