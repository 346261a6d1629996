// The seal of a start permit (domain/start_permit.h): HMAC-SHA256 under a key derived from the site's, or, without one, under a
// random one that ends with the process. Permits under a former site key are good until they end; whoever has only that key cannot
// make new ones: none that was given after the key was replaced is taken, and none that is good for longer than a permit may be.
#pragma once

#include <string>
#include <vector>

#include "domain/station_event.h"

namespace mes::services {

struct PermitKey {
  // The site key's (db/audit_key.h), which knows when it was replaced.
  std::string id;
  // 32 bytes.
  std::string seal_key;
};
// From now on permits of this process are sealed with the first of these keys; the others are former ones. None: a random one. Of the
// process: one process serves one site, and an event's parser knows no server.
void UsePermitKeys(std::vector<PermitKey> keys);

// The permit as it travels: its text and its seal in hexadecimal, with a dot between.
std::string SealPermit(const domain::StartPermit& permit);
// What it says; not genuine where the seal is not ours or it is no permit at all.
domain::StartPermit OpenPermit(const std::string& permit);

}  // namespace mes::services
