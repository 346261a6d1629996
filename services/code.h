// Codes over gRPC: coding rules, numbers given out, scans read.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <grpcpp/impl/service_type.h>

#include "domain/issued_code.h"
#include "domain/life.h"
#include "mes/v1/code.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status SetCodeRule(Call& call, const v1::SetCodeRuleRequest& request, v1::SetCodeRuleResponse& response);
domain::Status ListCodeRules(Call& call, const v1::ListCodeRulesRequest& request, v1::ListCodeRulesResponse& response);
domain::Status IssueCodes(Call& call, const v1::IssueCodesRequest& request, v1::IssueCodesResponse& response);
domain::Status VoidCodes(Call& call, const v1::VoidCodesRequest& request, v1::VoidCodesResponse& response);
domain::Status ListCodeBatches(Call& call, const v1::ListCodeBatchesRequest& request, v1::ListCodeBatchesResponse& response);
domain::Status DecodeCode(Call& call, const v1::DecodeCodeRequest& request, v1::DecodeCodeResponse& response);

std::unique_ptr<grpc::Service> MakeCodeService(Env& env);

// What other nouns need of codes.

// GTIN and serial that stand for this code of this material. Errors: CODE_RULE_UNKNOWN (no GTIN), CODE_INVALID (the code is
// longer than a GS1 serial, or has characters that GS1 has not), with `field`.
struct GtinSerial {
  std::string gtin;
  std::string serial;
};
domain::Result<GtinSerial> FindGtinSerial(Call& call, const std::string& code, int32_t material_id, std::string_view field);

// Whether the code of a series was given out and who may have it; empty = its prefix is not issued here.
std::optional<domain::IssuedCode> FindIssuedCode(Call& call, const std::string& code);

}  // namespace mes::services
