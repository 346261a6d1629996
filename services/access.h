// Identities and keys over gRPC: who is let in, and who a caller is taken for.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <grpcpp/impl/service_type.h>

#include "db/pool.h"
#include "domain/access.h"
#include "mes/v1/access.pb.h"
#include "services/gatekeeper.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status WhoAmI(Call& call, const v1::WhoAmIRequest& request, v1::WhoAmIResponse& response);
domain::Status RegisterIdentity(Call& call, const std::string& site, const v1::RegisterIdentityRequest& request,
                                v1::RegisterIdentityResponse& response);
domain::Status RevokeIdentity(Call& call, const v1::RevokeIdentityRequest& request, v1::RevokeIdentityResponse& response);
domain::Status ListIdentities(Call& call, const v1::ListIdentitiesRequest& request, v1::ListIdentitiesResponse& response);
domain::Status ListIdentityHistory(Call& call, const v1::ListIdentityHistoryRequest& request, v1::ListIdentityHistoryResponse& response);
// `made` is empty where the server has no key secret. The answer holds no secret: it is stored, and what is stored is no secret.
domain::Status CreateKey(Call& call, const std::optional<MadeKey>& made, const v1::CreateKeyRequest& request,
                         v1::CreateKeyResponse& response);
domain::Status RevokeKey(Call& call, const v1::RevokeKeyRequest& request, v1::RevokeKeyResponse& response);
domain::Status ListKeys(Call& call, const v1::ListKeysRequest& request, v1::ListKeysResponse& response);

// For whoever holds the database, before anybody can be let in over gRPC: puts the identity in force, with these roles and any
// certificate that the authority signed, or with the one of a PEM text. Errors: those of RegisterIdentity.
domain::Status LetIn(db::Pool& pool, domain::Identity identity, const std::vector<std::string>& roles, const std::string& certificate_pem,
                     const std::string& site);

std::unique_ptr<grpc::Service> MakeAccessService(Env& env);

}  // namespace mes::services
