// The door that every call of mes.v1 passes: who calls (services/gatekeeper), whether that may make this call (services/permission),
// and whether what the request says of stations, people and roles is the caller's to say (domain/access). Nothing here waits: it runs
// on gRPC's threads, before a call takes a place in a queue.
#pragma once

#include <grpcpp/server_context.h>
#include <google/protobuf/message.h>

#include "domain/caller.h"
#include "domain/result.h"
#include "services/env.h"
#include "services/gatekeeper.h"

namespace mes::services {

struct Admission {
  domain::Caller caller;
  // For streams that are watched while they are open.
  Credentials credentials;
  // Shown to sign this one act with (services/signature judges it); a token or a key, or nothing.
  Credentials signing;
};

// Errors: CREDENTIAL_MISSING, CREDENTIAL_INVALID, CREDENTIAL_EXPIRED, PERMISSION_DENIED, STATION_FOREIGN, ROLE_INSUFFICIENT, FOUR_EYES.
domain::Result<Admission> Admit(Env& env, const grpc::CallbackServerContext& context, const google::protobuf::Message& request);
// For a stream of requests of this type, before the first is read: its service checks what each says.
domain::Result<Admission> AdmitStream(Env& env, const grpc::CallbackServerContext& context,
                                      const google::protobuf::Descriptor& request);

}  // namespace mes::services
