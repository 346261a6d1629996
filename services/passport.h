// Passports over gRPC: versions are issued and shown by tier, facts declared, documents made.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "mes/v1/passport.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status IssuePassport(Call& call, const v1::IssuePassportRequest& request, v1::IssuePassportResponse& response);
domain::Status GetPassport(Call& call, const v1::GetPassportRequest& request, v1::GetPassportResponse& response);
domain::Status ListPassportVersions(Call& call, const v1::ListPassportVersionsRequest& request,
                                    v1::ListPassportVersionsResponse& response);
domain::Status DeclareFact(Call& call, const v1::DeclareFactRequest& request, v1::DeclareFactResponse& response);
domain::Status ListFacts(Call& call, const v1::ListFactsRequest& request, v1::ListFactsResponse& response);
domain::Status ListPassportAttributes(Call& call, const v1::ListPassportAttributesRequest& request,
                                      v1::ListPassportAttributesResponse& response);
domain::Status GetPassportDocument(Call& call, const v1::GetPassportDocumentRequest& request,
                                   v1::GetPassportDocumentResponse& response);

std::unique_ptr<grpc::Service> MakePassportService(Env& env);

}  // namespace mes::services
