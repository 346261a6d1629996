#include "domain/hold.h"

#include <utility>

namespace mes::domain {

Status Release(Hold& hold, std::string person, std::string reason, Time now) {
  if (!hold.InForce()) {
    Error error{Reason::kHoldReleased,
                "hold " + std::to_string(hold.id) + " was lifted by " + hold.released_by + " at " + FormatTime(hold.release_time),
                {}};
    error.metadata["hold_id"] = std::to_string(hold.id);
    error.metadata["released_by"] = hold.released_by;
    error.metadata["release_time"] = FormatTime(hold.release_time);
    return Fail(std::move(error));
  }
  hold.released_by = std::move(person);
  hold.release_reason = std::move(reason);
  hold.release_time = now;
  hold.state = HoldState::kReleased;
  hold.covered = 0;
  return {};
}

}  // namespace mes::domain
