// The permission table: who may make which call. One constexpr table in permission.cc, call by call, deny by default. The list of calls
// is read from the proto files when the build is configured; the build fails where a call has no row or a row no call.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <google/protobuf/descriptor.h>

#include "domain/caller.h"
#include "domain/result.h"

namespace mes::services {

struct Permission {
  std::string_view service;
  std::string_view rpc;
  // Bits of domain::Role: one of them is enough.
  uint16_t roles = 0;
  // True: callers that act for a partner may make it too, and its handler shows them their own only.
  bool partners = false;
};

std::span<const Permission> Permissions();
// By the type of its request, which no other call has. Null: the call is nobody's.
const Permission* FindPermission(const google::protobuf::Descriptor& request);

// Errors: PERMISSION_DENIED. An unproved caller (plaintext on loopback by explicit flag) may do everything.
domain::Status CheckPermission(const Permission* permission, const domain::Caller& caller);

}  // namespace mes::services
