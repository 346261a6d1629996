#include "services/yield.h"

#include "db/work_order.h"
#include "db/yield.h"
#include "domain/limits.h"
#include "mes/v1/yield.grpc.pb.h"
#include "services/convert.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;
using services::ToProto;

// 0 for an empty code.
domain::Result<int32_t> ParseOrder(Call& call, const std::string& code, std::string_view field) {
  if (code.empty()) return 0;
  const auto order = db::LoadWorkOrder(call.transaction, code);
  if (order) return order->id;
  domain::Error error = FieldError(Reason::kWorkOrderUnknown, field, "order " + code + " is not known");
  error.metadata["code"] = code.substr(0, domain::kMaxCodeLength);
  return Fail(std::move(error));
}

v1::OperationYield ToProto(const db::OperationYield& yield, const domain::Plant& plant) {
  const domain::ProductRevision* revision = plant.FindRevision(yield.revision_id);
  if (revision == nullptr) throw PlantBehind("revision " + std::to_string(yield.revision_id) + " is not loaded");
  v1::OperationYield message;
  message.set_product_code(revision->product_code);
  message.set_operation(yield.operation);
  if (const int16_t index = revision->OperationIndex(yield.operation); index >= 0) {
    const domain::Operation& operation = revision->operations[static_cast<size_t>(index)];
    message.set_operation_code(operation.code);
    message.set_planned_first_pass_yield(operation.first_pass_yield);
  }
  message.set_first_runs(yield.first_runs);
  message.set_first_passes(yield.first_passes);
  message.set_runs(yield.runs);
  message.set_retests(yield.retests);
  message.set_reworks(yield.reworks);
  message.set_aborts(yield.aborts);
  message.set_scrapped(yield.scrapped);
  return message;
}

}  // namespace

Status ListOperationYields(Call& call, const v1::ListOperationYieldsRequest& request, v1::ListOperationYieldsResponse& response) {
  db::YieldFilter filter;
  if (!request.product_code().empty()) {
    const domain::Material* material = call.plant.FindMaterial(request.product_code());
    if (material == nullptr || !material->made) {
      return Fail(FieldError(Reason::kProductUnknown, "product_code", "product " + request.product_code() + " is not known"));
    }
    filter.material_id = material->id;
  }
  const auto order = ParseOrder(call, request.work_order_code(), "work_order_code");
  if (!order) return Fail(order.error());
  const auto root = ParseOrder(call, request.root_work_order_code(), "root_work_order_code");
  if (!root) return Fail(root.error());
  filter.work_order_id = *order;
  filter.root_work_order_id = *root;

  for (const db::OperationYield& yield : db::ListOperationYields(call.transaction, filter)) {
    *response.add_yields() = ToProto(yield, call.plant);
  }
  return {};
}

namespace {

class YieldService final : public v1::YieldService::CallbackService {
 public:
  explicit YieldService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* ListOperationYields(grpc::CallbackServerContext* context,
                                                const v1::ListOperationYieldsRequest* request,
                                                v1::ListOperationYieldsResponse* response) override {
    return Read(env_, context, request, response, services::ListOperationYields);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeYieldService(Env& env) { return std::make_unique<YieldService>(env); }

}  // namespace mes::services
