// The audit over gRPC: looking, exporting, verifying, signing the head.
#pragma once

#include <memory>

#include <grpcpp/impl/service_type.h>

#include "db/audit.h"
#include "mes/v1/audit.pb.h"
#include "services/audit_sealer.h"
#include "services/env.h"

namespace mes::services {

std::unique_ptr<grpc::Service> MakeAuditService(Env& env, AuditSealer& sealer);

v1::AuditAnchor ToProto(const db::AuditAnchor& anchor);
v1::AuditEntry ToProto(const db::LinkedEntry& linked);

}  // namespace mes::services
