#include "services/hold.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>

#include "db/hold.h"
#include "db/hold_search.h"
#include "db/hold_spread.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "mes/v1/hold.grpc.pb.h"
#include "services/convert.h"
#include "services/hold_predicate.h"
#include "services/hold_release.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;
using services::ToProto;

constexpr int kMaxPlaces = 1'000;
constexpr int kMaxDecisions = 1'000;

domain::Result<int64_t> ParseKey(std::string_view text) {
  int64_t key = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), key);
  if (text.empty() || (error == std::errc() && end == text.data() + text.size())) return key;
  return Fail(FieldError(Reason::kPageTokenInvalid, "page_token", "page_token is not one of this call's"));
}

v1::HoldStageKind KindOf(const db::HeldStage& stage) {
  if (stage.status == domain::UnitStatus::kScrapped) return v1::HOLD_STAGE_KIND_SCRAPPED;
  if (stage.status == domain::UnitStatus::kShipped) return v1::HOLD_STAGE_KIND_SHIPPED;
  if (stage.built_in) return v1::HOLD_STAGE_KIND_BUILT_IN;
  if (stage.status == domain::UnitStatus::kInProcess) {
    if (stage.running_operation != 0) return v1::HOLD_STAGE_KIND_RUNNING;
    return stage.failed_operation != 0 ? v1::HOLD_STAGE_KIND_FAILED : v1::HOLD_STAGE_KIND_WAITING;
  }
  if (stage.is_lot) return stage.has_left ? v1::HOLD_STAGE_KIND_LOT_LEFT : v1::HOLD_STAGE_KIND_LOT_USED_UP;
  return v1::HOLD_STAGE_KIND_FINISHED;
}

int16_t OperationOf(const db::HeldStage& stage, v1::HoldStageKind kind, const domain::ProductRevision* revision) {
  switch (kind) {
    case v1::HOLD_STAGE_KIND_RUNNING:
      return stage.running_operation;
    case v1::HOLD_STAGE_KIND_FAILED:
      return stage.failed_operation;
    case v1::HOLD_STAGE_KIND_WAITING:
      return revision == nullptr ? int16_t{0} : domain::NextOperation(*revision, stage.passed);
    default:
      return 0;
  }
}

void AddStages(const Call& call, const std::vector<db::HeldStage>& found, v1::PreviewHoldResponse& response) {
  struct Sum {
    std::string operation_code;
    int64_t units = 0;
    int64_t left_micro = 0;
  };
  std::map<std::tuple<std::string, int, int16_t>, Sum> sums;
  for (const db::HeldStage& stage : found) {
    const domain::ProductRevision* revision = call.plant.FindRevision(stage.revision_id);
    const v1::HoldStageKind kind = KindOf(stage);
    const int16_t operation = OperationOf(stage, kind, revision);
    const domain::Material& material = MaterialOf(call.plant, stage.material_id);
    Sum& sum = sums[{material.code, kind, operation}];
    sum.units += stage.units;
    sum.left_micro += stage.left_micro;
    const int16_t index = revision == nullptr ? int16_t{-1} : revision->OperationIndex(operation);
    if (index >= 0) sum.operation_code = revision->operations[static_cast<size_t>(index)].code;
    response.set_held_already(response.held_already() + stage.held);
    if (kind == v1::HOLD_STAGE_KIND_SHIPPED) response.set_shipped(response.shipped() + stage.units);
  }
  for (const auto& [key, sum] : sums) {
    v1::HoldStage& stage = *response.add_stages();
    stage.set_product_code(std::get<0>(key));
    stage.set_kind(static_cast<v1::HoldStageKind>(std::get<1>(key)));
    stage.set_operation(std::get<2>(key));
    stage.set_operation_code(sum.operation_code);
    stage.set_units(sum.units);
    if (stage.kind() == v1::HOLD_STAGE_KIND_LOT_LEFT) {
      *stage.mutable_quantity_left() = QuantityToProto(sum.left_micro, call.plant.FindMaterial(std::get<0>(key))->uom);
    }
  }
}

void AddPlaces(Call& call, const std::vector<int64_t>& ids, v1::PreviewHoldResponse& response) {
  std::vector<db::HeldPlace> places = db::ListHeldPlaces(call.transaction, ids, kMaxPlaces + 1);
  response.set_places_complete(places.size() <= kMaxPlaces);
  if (!response.places_complete()) places.resize(kMaxPlaces);
  for (const db::HeldPlace& found : places) {
    v1::HoldPlace& place = *response.add_places();
    if (const domain::Station* station = call.plant.FindStation(found.station_id); station != nullptr) {
      place.set_station_code(station->code);
      place.set_line_code(station->line_code);
    }
    place.set_carrier_code(found.carrier_code);
    place.set_units(found.units);
  }
}

v1::HoldItem ToProto(const db::HoldItemRow& row, const domain::Plant& plant) {
  v1::HoldItem message;
  message.set_hold_id(row.hold_id);
  message.set_code(row.code);
  message.set_product_code(MaterialOf(plant, row.material_id).code);
  message.set_state(static_cast<v1::UnitState>(row.status));
  if ((row.cause & domain::kCauseMatched) != 0) message.add_causes("matches");
  if ((row.cause & domain::kCauseWentInto) != 0) message.add_causes("went into");
  if ((row.cause & domain::kCausePartOf) != 0) message.add_causes("part of");
  message.set_named(row.named);
  *message.mutable_catch_time() = ToProto(row.catch_time);
  if (row.release_time) {
    *message.mutable_release_time() = ToProto(*row.release_time);
    message.set_released_by(row.released_by);
    message.set_release_reason(row.release_reason);
    message.set_disposition(static_cast<v1::HoldDisposition>(row.disposition));
  }
  message.set_hold_reason(row.hold_reason);
  message.set_placed_by(row.placed_by);
  return message;
}

}  // namespace

Status PreviewHold(Call& call, const v1::PreviewHoldRequest& request, v1::PreviewHoldResponse& response) {
  const domain::Result<domain::HoldDraft> draft = DraftFromProto(call, request);
  if (!draft) return Fail(draft.error());
  std::vector<int64_t> ids;
  if (draft->at_operation) {
    ids = db::FindWaiting(call.transaction, call.plant, draft->predicate);
    response.set_matching(static_cast<int64_t>(ids.size()));
  } else {
    for (const db::HeldItem& item : db::FindHeld(call.transaction, call.plant, *draft)) {
      ids.push_back(item.unit_id);
      if ((item.cause & domain::kCauseMatched) != 0) response.set_matching(response.matching() + 1);
    }
  }
  response.set_units(static_cast<int64_t>(ids.size()));
  AddStages(call, db::ListHeldStages(call.transaction, ids), response);
  AddPlaces(call, ids, response);
  return {};
}

Status PlaceHold(Call& call, const v1::PlaceHoldRequest& request, v1::PlaceHoldResponse& response) {
  if (Status checked = domain::CheckText(request.reason(), domain::kMaxReasonLength, true, "reason"); !checked) return checked;
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person"); !checked) return checked;
  domain::Result<domain::HoldDraft> draft = DraftFromProto(call, request);
  if (!draft) return Fail(draft.error());

  draft->reason = request.reason();
  draft->placed_by = request.person();
  draft->four_eyes = request.four_eyes();
  draft->four_eyes = domain::NeedsFourEyes(call.plant, *draft);
  const int64_t id = db::InsertHold(call.transaction, *draft, call.now);
  *response.mutable_hold() = ToProto(*db::LoadHold(call.transaction, id), call.plant);
  return {};
}

Status GetHold(Call& call, const v1::GetHoldRequest& request, v1::GetHoldResponse& response) {
  const std::optional<domain::Hold> hold = db::LoadHold(call.transaction, request.hold_id());
  if (!hold) return Fail(UnknownHold(request.hold_id()));
  *response.mutable_hold() = ToProto(*hold, call.plant);
  std::vector<db::StoredDisposition> decisions = db::ListDispositions(call.transaction, hold->id, kMaxDecisions + 1);
  response.set_decisions_complete(decisions.size() <= kMaxDecisions);
  if (!response.decisions_complete()) decisions.pop_back();
  for (const db::StoredDisposition& decision : decisions) *response.add_decisions() = ToProto(decision);
  return {};
}

Status ListHolds(Call& call, const v1::ListHoldsRequest& request, v1::ListHoldsResponse& response) {
  const uint64_t digest = FilterDigest({request.in_force_only() ? "in_force" : ""});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  const domain::Result<int64_t> before = ParseKey(*token);
  if (!before) return Fail(before.error());

  const int page_size = PageSize(request.page_size());
  std::vector<domain::Hold> holds = db::ListHolds(call.transaction, *before, request.in_force_only(), page_size + 1);
  if (static_cast<int>(holds.size()) > page_size) {
    holds.pop_back();
    response.set_next_page_token(PageToken(std::to_string(holds.back().id), digest));
  }
  for (const domain::Hold& hold : holds) *response.add_holds() = ToProto(hold, call.plant);
  return {};
}

Status ListHoldItems(Call& call, const v1::ListHoldItemsRequest& request, v1::ListHoldItemsResponse& response) {
  const uint64_t digest =
      FilterDigest({std::to_string(request.hold_id()), request.in_force_only() ? "in_force" : "", request.product_code()});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  const domain::Result<int64_t> after = ParseKey(*token);
  if (!after) return Fail(after.error());
  if (!db::LoadHold(call.transaction, request.hold_id())) return Fail(UnknownHold(request.hold_id()));
  db::HoldItemFilter filter{request.hold_id(), *after, request.in_force_only(), 0};
  if (!request.product_code().empty()) {
    const domain::Material* material = call.plant.FindMaterial(request.product_code());
    if (material == nullptr) {
      return Fail(FieldError(Reason::kMaterialUnknown, "product_code",
                             "product or material " + request.product_code() + " is not known"));
    }
    filter.material_id = material->id;
  }

  const int page_size = PageSize(request.page_size());
  std::vector<db::HoldItemRow> items = db::ListHoldItems(call.transaction, filter, page_size + 1);
  if (static_cast<int>(items.size()) > page_size) {
    items.pop_back();
    response.set_next_page_token(PageToken(std::to_string(items.back().unit_id), digest));
  }
  for (const db::HoldItemRow& item : items) *response.add_items() = ToProto(item, call.plant);
  return {};
}

Status GetUnitHolds(Call& call, const v1::GetUnitHoldsRequest& request, v1::GetUnitHoldsResponse& response) {
  const auto id = FindUnitId(call, request.unit_code(), "unit_code");
  if (!id) return Fail(id.error());
  const uint64_t digest = FilterDigest({request.unit_code()});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  const domain::Result<int64_t> before = ParseKey(*token);
  if (!before) return Fail(before.error());

  const int page_size = PageSize(request.page_size());
  std::vector<db::HoldItemRow> items = db::ListUnitHolds(call.transaction, *id, *before, page_size + 1);
  if (static_cast<int>(items.size()) > page_size) {
    items.pop_back();
    response.set_next_page_token(PageToken(std::to_string(items.back().hold_id), digest));
  }
  for (const db::HoldItemRow& item : items) *response.add_items() = ToProto(item, call.plant);
  return {};
}

namespace {

class HoldService final : public v1::HoldService::CallbackService {
 public:
  explicit HoldService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* PreviewHold(grpc::CallbackServerContext* context, const v1::PreviewHoldRequest* request,
                                        v1::PreviewHoldResponse* response) override {
    return Read(env_, context, request, response, services::PreviewHold);
  }
  grpc::ServerUnaryReactor* PlaceHold(grpc::CallbackServerContext* context, const v1::PlaceHoldRequest* request,
                                      v1::PlaceHoldResponse* response) override {
    return Mutate(env_, context, request, response, services::PlaceHold, [this, response] { Spread(*response->mutable_hold()); });
  }
  grpc::ServerUnaryReactor* ReleaseHold(grpc::CallbackServerContext* context, const v1::ReleaseHoldRequest* request,
                                        v1::ReleaseHoldResponse* response) override {
    return Mutate(env_, context, request, response, services::ReleaseHold);
  }
  grpc::ServerUnaryReactor* ApproveHoldDisposition(grpc::CallbackServerContext* context,
                                                   const v1::ApproveHoldDispositionRequest* request,
                                                   v1::ApproveHoldDispositionResponse* response) override {
    return Mutate(env_, context, request, response, services::ApproveHoldDisposition);
  }
  grpc::ServerUnaryReactor* GetHold(grpc::CallbackServerContext* context, const v1::GetHoldRequest* request,
                                    v1::GetHoldResponse* response) override {
    return Read(env_, context, request, response, services::GetHold);
  }
  grpc::ServerUnaryReactor* ListHolds(grpc::CallbackServerContext* context, const v1::ListHoldsRequest* request,
                                      v1::ListHoldsResponse* response) override {
    return Read(env_, context, request, response, services::ListHolds);
  }
  grpc::ServerUnaryReactor* ListHoldItems(grpc::CallbackServerContext* context, const v1::ListHoldItemsRequest* request,
                                          v1::ListHoldItemsResponse* response) override {
    return Read(env_, context, request, response, services::ListHoldItems);
  }
  grpc::ServerUnaryReactor* GetUnitHolds(grpc::CallbackServerContext* context, const v1::GetUnitHoldsRequest* request,
                                         v1::GetUnitHoldsResponse* response) override {
    return Read(env_, context, request, response, services::GetUnitHolds);
  }

 private:
  // After the commit and before the answer, also for a resend: the stored answer is from before the hold was spread.
  void Spread(v1::Hold& answer) {
    const std::shared_ptr<const domain::Plant> plant = env_.plant.Get();
    db::SpreadPendingHolds(env_.pool, *plant, {answer.hold_id()});
    std::optional<domain::Hold> hold;
    env_.pool.Read([&](db::Transaction& transaction) { hold = db::LoadHold(transaction, answer.hold_id()); });
    if (hold) answer = ToProto(*hold, *plant);
  }

  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeHoldService(Env& env) { return std::make_unique<HoldService>(env); }

}  // namespace mes::services
