// Electronic signatures over gRPC, and their place in every act: a request with a field `signature` (mes.v1.Signature) is checked
// before its handler runs, and what was signed is bound to the record in the act's own transaction. Who the signer is is proved
// by the key that was registered for the person, or by a credential that is shown for this act; then the server seals what is
// kept with a key that the database never sees.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <google/protobuf/message.h>
#include <grpcpp/impl/service_type.h>

#include "domain/result.h"
#include "services/admission.h"
#include "services/env.h"
#include "services/rpc.h"

namespace mes::services {

// The canonical content of a request that may be signed: see mes.v1.Signature.
std::string PayloadOf(const google::protobuf::Message& request);

// True for requests that may be signed.
bool MayBeSigned(const google::protobuf::Descriptor& request);
// What signatures that a credential proved are sealed with: db::AuditKeyId of the site's key, and a key derived from it, 32 bytes.
struct SealKey {
  std::string id;
  std::string key;
};
// From now on this process seals with the first of these and believes the seals of the others, the site's keys before it, on what was
// recorded before they were replaced. None: credentials sign nothing. Of the process: one process serves one site.
void UseSealKeys(std::vector<SealKey> keys);
// Takes a request's signature, or its absence: checked, and bound to the record that the request is about. Does nothing for
// requests that cannot be signed. Errors: SIGNATURE_REQUIRED (a policy asks for one), SIGNATURE_INVALID, FIELD_INVALID,
// FIELD_REQUIRED, PERMISSION_DENIED (who may not make the call may not sign it either).
domain::Status TakeSignature(Call& call, Gatekeeper& gatekeeper, const Admission& admission, const std::string& method,
                             const google::protobuf::Message& request);

std::unique_ptr<grpc::Service> MakeSignatureService(Env& env);

}  // namespace mes::services
