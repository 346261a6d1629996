// Recycling batches over gRPC: what partners receive, take apart and give back (recycling.cc), and the balance, targets and
// recycled content of it (recycling_balance.cc).
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "domain/recycling.h"
#include "mes/v1/recycling.pb.h"
#include "services/rpc.h"

namespace mes::services {

domain::Status OpenRecyclingBatch(Call& call, const v1::OpenRecyclingBatchRequest& request,
                                  v1::OpenRecyclingBatchResponse& response);
domain::Status ReceiveForRecycling(Call& call, const v1::ReceiveForRecyclingRequest& request,
                                   v1::ReceiveForRecyclingResponse& response);
domain::Status RecordDismantled(Call& call, const v1::RecordDismantledRequest& request, v1::RecordDismantledResponse& response);
domain::Status ReportRecovered(Call& call, const v1::ReportRecoveredRequest& request, v1::ReportRecoveredResponse& response);
domain::Status CloseRecyclingBatch(Call& call, const v1::CloseRecyclingBatchRequest& request,
                                   v1::CloseRecyclingBatchResponse& response);
domain::Status GetRecyclingBatch(Call& call, const v1::GetRecyclingBatchRequest& request,
                                 v1::GetRecyclingBatchResponse& response);
domain::Status ListRecyclingBatches(Call& call, const v1::ListRecyclingBatchesRequest& request,
                                    v1::ListRecyclingBatchesResponse& response);
domain::Status GetMassBalance(Call& call, const v1::GetMassBalanceRequest& request, v1::GetMassBalanceResponse& response);
domain::Status ListTargets(Call& call, const v1::ListTargetsRequest& request, v1::ListTargetsResponse& response);
domain::Status GetRecycledContent(Call& call, const v1::GetRecycledContentRequest& request,
                                  v1::GetRecycledContentResponse& response);

std::unique_ptr<grpc::Service> MakeRecyclingService(Env& env);

// A partner's caller sees its own batches only: to it all others are unknown. Errors: RECYCLING_BATCH_UNKNOWN with `field`.
domain::Result<domain::RecyclingBatch> FindRecyclingBatch(Call& call, int64_t id, bool lock);

}  // namespace mes::services
