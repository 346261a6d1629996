// A partner's EPCIS document, read: what its events say in our words, and their bodies as they came.
#pragma once

#include <string>
#include <vector>

#include "db/captured_event.h"
#include "domain/epcis_capture.h"
#include "services/rpc.h"

namespace mes::services {

// Event and row in step; each event once.
struct EpcisDocument {
  std::vector<domain::CapturedEvent> events;
  std::vector<db::CapturedRow> rows;
};
// Errors: DOCUMENT_INVALID with the places of up to kMaxDocumentFaults faults, LIMIT_EXCEEDED.
domain::Result<EpcisDocument> ReadEpcis(Call& call, const std::string& text, const std::string& partner,
                                        const std::string& person);

}  // namespace mes::services
