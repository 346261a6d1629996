// Electronic signatures over gRPC, and their place in every act: a request with a field `signature` (mes.v1.Signature) is checked
// before its handler runs, and what was signed is bound to the record in the act's own transaction. Who the signer is is proved
// by the key that was registered for the person; another proof takes its place in CheckProof.
#pragma once

#include <memory>
#include <string>

#include <google/protobuf/message.h>
#include <grpcpp/impl/service_type.h>

#include "domain/result.h"
#include "services/env.h"
#include "services/rpc.h"

namespace mes::services {

// The canonical content of a request that may be signed: see mes.v1.Signature.
std::string PayloadOf(const google::protobuf::Message& request);

// True for requests that may be signed.
bool MayBeSigned(const google::protobuf::Descriptor& request);
// Takes a request's signature, or its absence: checked, and bound to the record that the request is about. Does nothing for
// requests that cannot be signed. Errors: SIGNATURE_REQUIRED (a policy asks for one), SIGNATURE_INVALID, FIELD_INVALID,
// FIELD_REQUIRED.
domain::Status TakeSignature(Call& call, const std::string& method, const google::protobuf::Message& request);

std::unique_ptr<grpc::Service> MakeSignatureService(Env& env);

}  // namespace mes::services
