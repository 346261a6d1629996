// The seal of a start permit (domain/start_permit.h): HMAC-SHA256 under a key derived from the site's, or, without one, under a
// random one that ends with the process.
#pragma once

#include <string>

#include "domain/station_event.h"

namespace mes::services {

// From now on permits of this process are sealed with this key (32 bytes). Of the process: one process serves one site, and an
// event's parser knows no server.
void UsePermitKey(std::string key);

// The permit as it travels: its text and its seal in hexadecimal, with a dot between.
std::string SealPermit(const domain::StartPermit& permit);
// What it says; not genuine where the seal is not ours or it is no permit at all.
domain::StartPermit OpenPermit(const std::string& permit);

}  // namespace mes::services
