#include "services/lot.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "db/hold.h"
#include "db/hold_world.h"
#include "db/line_output.h"
#include "db/lot.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "domain/lot.h"
#include "mes/v1/lot.grpc.pb.h"
#include "services/convert.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::LotItem;
using domain::Reason;
using domain::Status;
using services::ToProto;

domain::Error WithCode(domain::Error error, const std::string& code) {
  error.metadata["code"] = code.substr(0, domain::kMaxCodeLength);
  return error;
}

domain::Error Exists(std::string_view field, const std::string& code, const char* why = " exists already") {
  return WithCode(FieldError(Reason::kLotExists, field, "lot " + code + why), code);
}

LotItem ItemOf(const db::StoredUnit& stored) { return {stored.unit, *stored.lot, stored.manufacture_time}; }

v1::Lot ToProto(const db::StoredUnit& stored, const domain::Plant& plant) {
  const domain::Unit& unit = stored.unit;
  const domain::Material& material = MaterialOf(plant, unit.material_id);
  v1::Lot message;
  message.set_lot_code(unit.code);
  message.set_material_code(material.code);
  *message.mutable_quantity() = QuantityToProto(stored.lot->quantity_micro, material.uom);
  *message.mutable_quantity_left() = QuantityToProto(stored.lot->left_micro, material.uom);
  message.set_in_process(unit.status == domain::UnitStatus::kInProcess);
  message.set_supplier(stored.supplier);
  message.set_supplier_lot(stored.supplier_lot);
  *message.mutable_manufacture_time() = ToProto(stored.manufacture_time);
  if (stored.lot->expire_time) *message.mutable_expire_time() = ToProto(*stored.lot->expire_time);
  if (stored.lot->open_time) *message.mutable_open_time() = ToProto(*stored.lot->open_time);
  message.set_floor_life_seconds(stored.lot->floor_life_seconds);
  message.set_holds(unit.hold_count);
  message.set_work_order_code(stored.work_order_code);
  const std::vector<int32_t> passed = PassedOperations(plant, unit);
  message.mutable_passed_operations()->Assign(passed.begin(), passed.end());
  message.set_next_operation(NextOperation(plant, unit));
  message.set_scrapped(unit.status == domain::UnitStatus::kScrapped);
  return message;
}

// The lots of these codes, locked, in the order of the codes. `field`: as FindUnitIds has it.
domain::Result<std::vector<db::StoredUnit>> LockLots(Call& call, const std::vector<std::string>& codes, std::string_view field) {
  const auto ids = FindUnitIds(call, codes, field, Reason::kLotUnknown);
  if (!ids) return Fail(ids.error());
  std::unordered_map<int64_t, db::StoredUnit> by_id;
  for (db::StoredUnit& lot : db::LockLots(call.transaction, *ids)) by_id[lot.unit.id] = std::move(lot);
  std::vector<db::StoredUnit> lots;
  for (size_t i = 0; i < codes.size(); ++i) {
    const auto found = by_id.find(ids->at(i));
    if (found == by_id.end()) {
      return Fail(
          WithCode(FieldError(Reason::kLotUnknown, std::string(field) + "[" + std::to_string(i) + "]", codes[i] + " is no lot"),
                   codes[i]));
    }
    lots.push_back(found->second);
  }
  return lots;
}

domain::Result<db::StoredUnit> LockLot(Call& call, const std::string& code) {
  if (Status checked = domain::CheckText(code, domain::kMaxCodeLength, true, "lot_code"); !checked) return Fail(checked.error());
  auto lots = LockLots(call, {code}, "lot_code");
  if (lots) return std::move(lots->front());
  lots.error().metadata["field"] = "lot_code";
  return Fail(std::move(lots.error()));
}

domain::Result<const domain::Material*> ParseLotMaterial(const Call& call, const std::string& code, std::string_view field,
                                                         Reason unknown = Reason::kMaterialUnknown) {
  const domain::Material* material = call.plant.FindMaterial(code);
  if (material == nullptr) return Fail(WithCode(FieldError(unknown, field, "material " + code + " is not known"), code));
  if (material->tracking == domain::Tracking::kLot) return material;
  return Fail(WithCode(FieldError(Reason::kFieldInvalid, field, "material " + code + " is not kept in lots"), code));
}

// More than zero.
domain::Result<int64_t> ParseAmount(const v1::Quantity& quantity, const std::string& uom, const std::string& field) {
  const domain::Result<int64_t> micro = QuantityFromProto(quantity, uom, field);
  if (micro && *micro == 0) return Fail(FieldError(Reason::kQuantityInvalid, field + ".value", field + " is zero"));
  return micro;
}

domain::Result<LotItem> ParseNewLot(const Call& call, const v1::ReceiveLotRequest& request) {
  if (Status checked = domain::CheckCode(request.lot_code(), "lot_code"); !checked) return Fail(checked.error());
  const auto material = ParseLotMaterial(call, request.material_code(), "material_code");
  if (!material) return Fail(material.error());
  const auto quantity = ParseAmount(request.quantity(), (*material)->uom, "quantity");
  if (!quantity) return Fail(quantity.error());
  const auto manufacture_time =
      PastTimeFromProto(call, request.has_manufacture_time(), request.manufacture_time(), "manufacture_time");
  if (!manufacture_time) return Fail(manufacture_time.error());
  if (request.floor_life_seconds() < 0 || request.floor_life_seconds() > domain::kMaxFloorLifeSeconds) {
    return Fail(FieldError(Reason::kFieldInvalid, "floor_life_seconds", "floor_life_seconds is below zero or over ten years"));
  }

  LotItem lot;
  lot.unit.code = request.lot_code();
  lot.unit.material_id = (*material)->id;
  lot.unit.tracking = domain::Tracking::kLot;
  lot.unit.status = domain::UnitStatus::kFinished;
  lot.unit.create_time = call.now;
  lot.unit.finish_time = call.now;
  lot.lot.quantity_micro = *quantity;
  lot.lot.left_micro = *quantity;
  lot.lot.expire_time = domain::ShelfLifeEnd(**material, *manufacture_time);
  lot.lot.floor_life_seconds = request.floor_life_seconds();
  lot.manufacture_time = *manufacture_time;
  return lot;
}

domain::Result<std::vector<domain::LotPart>> ParseParts(const v1::SplitLotRequest& request, const std::string& uom) {
  if (request.parts().empty()) return Fail(FieldError(Reason::kFieldRequired, "parts", "parts is empty"));
  if (request.parts_size() > domain::kMaxPartsPerSplit) {
    return Fail(TooMany("parts", request.parts_size(), domain::kMaxPartsPerSplit));
  }
  std::vector<domain::LotPart> parts;
  std::unordered_set<std::string> seen;
  for (const v1::LotPart& part : request.parts()) {
    const std::string field = "parts[" + std::to_string(parts.size()) + "]";
    if (Status checked = domain::CheckCode(part.lot_code(), field + ".lot_code"); !checked) return Fail(checked.error());
    if (!seen.insert(part.lot_code()).second) {
      return Fail(Exists(field + ".lot_code", part.lot_code(), " stands twice in the request"));
    }
    const auto quantity = ParseAmount(part.quantity(), uom, field + ".quantity");
    if (!quantity) return Fail(quantity.error());
    parts.push_back({part.lot_code(), *quantity});
  }
  return parts;
}

domain::Result<std::vector<std::string>> ParseSources(const v1::MergeLotsRequest& request) {
  const int count = request.source_codes_size();
  if (count < 2) return Fail(FieldError(Reason::kFieldRequired, "source_codes", "source_codes holds fewer than two lots"));
  if (count > domain::kMaxSourcesPerMerge) return Fail(TooMany("source_codes", count, domain::kMaxSourcesPerMerge));
  std::vector<std::string> codes(request.source_codes().begin(), request.source_codes().end());
  for (size_t i = 0; i < codes.size(); ++i) {
    const std::string field = "source_codes[" + std::to_string(i) + "]";
    if (Status checked = domain::CheckText(codes[i], domain::kMaxCodeLength, true, field); !checked) return Fail(checked.error());
  }
  return codes;
}

std::vector<int64_t> IdsOf(const std::vector<LotItem>& lots) {
  std::vector<int64_t> ids;
  for (const LotItem& lot : lots) ids.push_back(lot.unit.id);
  return ids;
}

// The lots as they are stored now, in the order of `ids`.
std::vector<db::StoredUnit> LoadInOrder(Call& call, const std::vector<int64_t>& ids) {
  std::vector<db::StoredUnit> lots = db::LoadUnits(call.transaction, ids);
  std::sort(lots.begin(), lots.end(), [&](const db::StoredUnit& a, const db::StoredUnit& b) {
    return std::find(ids.begin(), ids.end(), a.unit.id) < std::find(ids.begin(), ids.end(), b.unit.id);
  });
  return lots;
}

}  // namespace

Status ReceiveLot(Call& call, const v1::ReceiveLotRequest& request, v1::ReceiveLotResponse& response) {
  domain::Result<LotItem> lot = ParseNewLot(call, request);
  if (!lot) return Fail(lot.error());
  if (Status checked = domain::CheckText(request.supplier(), domain::kMaxSupplierLength, false, "supplier"); !checked) {
    return checked;
  }
  if (Status checked = domain::CheckText(request.supplier_lot(), domain::kMaxSupplierLength, false, "supplier_lot"); !checked) {
    return checked;
  }

  db::ShareHoldLock(call.transaction);
  std::vector<LotItem> lots = {std::move(*lot)};
  if (db::InsertLots(call.transaction, lots)) return Fail(Exists("lot_code", request.lot_code()));
  const db::Purchase purchase{request.supplier(), request.supplier_lot(), "", false};
  db::InsertPurchases(call.transaction, IdsOf(lots), purchase, call.now);
  db::CatchReceived(call.transaction, IdsOf(lots), lots.front().unit.material_id, purchase, call.now);
  const domain::OutputKey key{lots.front().unit.material_id, domain::PlantDayOf(call.now, domain::ChinaStandardTime()), 0};
  domain::OutputCounts received;
  received.received_micro = lots.front().lot.quantity_micro;
  db::StoreOutputs(call.transaction, {{key, received}});
  *response.mutable_lot() = ToProto(db::LoadUnits(call.transaction, IdsOf(lots)).at(0), call.plant);
  return {};
}

Status OpenLot(Call& call, const v1::OpenLotRequest& request, v1::OpenLotResponse& response) {
  const auto open_time = PastTimeFromProto(call, request.has_open_time(), request.open_time(), "open_time");
  if (!open_time) return Fail(open_time.error());
  domain::Result<db::StoredUnit> stored = LockLot(call, request.lot_code());
  if (!stored) return Fail(stored.error());

  LotItem lot = ItemOf(*stored);
  if (Status opened = domain::Open(lot, *open_time); !opened) return opened;

  db::UpdateLots(call.transaction, {lot});
  stored->lot = lot.lot;
  *response.mutable_lot() = ToProto(*stored, call.plant);
  return {};
}

Status SplitLot(Call& call, const v1::SplitLotRequest& request, v1::SplitLotResponse& response) {
  db::ShareHoldLock(call.transaction);
  const auto occur_time = PastTimeFromProto(call, request.has_occur_time(), request.occur_time(), "occur_time");
  if (!occur_time) return Fail(occur_time.error());
  domain::Result<db::StoredUnit> stored = LockLot(call, request.lot_code());
  if (!stored) return Fail(stored.error());
  const auto asked = ParseParts(request, MaterialOf(call.plant, stored->unit.material_id).uom);
  if (!asked) return Fail(asked.error());

  LotItem whole = ItemOf(*stored);
  auto parts = domain::Split(whole, *asked, db::ListHoldsOn(call.transaction, {whole.unit.id}), call.now);
  if (!parts) return Fail(parts.error());

  if (const std::optional<std::string> taken = db::InsertLots(call.transaction, *parts)) {
    const auto at = std::find_if(asked->begin(), asked->end(), [&](const domain::LotPart& part) { return part.code == *taken; });
    return Fail(Exists("parts[" + std::to_string(at - asked->begin()) + "].lot_code", *taken));
  }
  std::vector<db::LotEdge> edges;
  for (const LotItem& part : *parts) edges.push_back({whole.unit.id, part.unit.id, part.lot.quantity_micro});
  db::InsertLotEdges(call.transaction, domain::EdgeKind::kSplit, edges, request.request_id(), *occur_time, call.now);
  db::CopyPurchase(call.transaction, {whole.unit.id}, IdsOf(*parts));
  db::UpdateLots(call.transaction, {whole});
  stored->lot = whole.lot;
  *response.mutable_lot() = ToProto(*stored, call.plant);
  for (const db::StoredUnit& part : LoadInOrder(call, IdsOf(*parts))) *response.add_parts() = ToProto(part, call.plant);
  return {};
}

Status MergeLots(Call& call, const v1::MergeLotsRequest& request, v1::MergeLotsResponse& response) {
  db::ShareHoldLock(call.transaction);
  if (Status checked = domain::CheckCode(request.lot_code(), "lot_code"); !checked) return checked;
  const auto occur_time = PastTimeFromProto(call, request.has_occur_time(), request.occur_time(), "occur_time");
  if (!occur_time) return Fail(occur_time.error());
  const auto codes = ParseSources(request);
  if (!codes) return Fail(codes.error());
  const auto stored = LockLots(call, *codes, "source_codes");
  if (!stored) return Fail(stored.error());

  std::vector<LotItem> sources;
  std::unordered_set<int64_t> seen;
  for (const db::StoredUnit& source : *stored) {
    if (!seen.insert(source.unit.id).second) {
      return Fail(WithCode(
          FieldError(Reason::kLotMergeMismatch, "source_codes", "lot " + source.unit.code + " stands twice in the request"),
          source.unit.code));
    }
    sources.push_back(ItemOf(source));
  }
  const std::vector<int64_t> quantities = [&] {
    std::vector<int64_t> left;
    for (const LotItem& source : sources) left.push_back(source.lot.left_micro);
    return left;
  }();
  const domain::ProductRevision* revision = call.plant.FindRevision(sources.front().unit.revision_id);
  const domain::Result<LotItem> merged =
      domain::Merge(sources, request.lot_code(), revision, db::ListHoldsOn(call.transaction, IdsOf(sources)), call.now);
  if (!merged) return Fail(merged.error());

  std::vector<LotItem> made = {*merged};
  if (db::InsertLots(call.transaction, made)) return Fail(Exists("lot_code", request.lot_code()));
  std::vector<db::LotEdge> edges;
  for (size_t i = 0; i < sources.size(); ++i) edges.push_back({sources[i].unit.id, made.front().unit.id, quantities[i]});
  db::InsertLotEdges(call.transaction, domain::EdgeKind::kMerged, edges, request.request_id(), *occur_time, call.now);
  db::CopyPurchase(call.transaction, IdsOf(sources), IdsOf(made));
  db::UpdateLots(call.transaction, sources);
  *response.mutable_lot() = ToProto(db::LoadUnits(call.transaction, IdsOf(made)).at(0), call.plant);
  return {};
}

Status GetLot(Call& call, const v1::GetLotRequest& request, v1::GetLotResponse& response) {
  const auto id = FindUnitId(call, request.lot_code(), "lot_code", Reason::kLotUnknown);
  if (!id) return Fail(id.error());
  const db::StoredUnit stored = db::LoadUnits(call.transaction, {*id}).at(0);
  if (!stored.lot) {
    return Fail(WithCode(FieldError(Reason::kLotUnknown, "lot_code", request.lot_code() + " is no lot"), request.lot_code()));
  }
  *response.mutable_lot() = ToProto(stored, call.plant);
  return {};
}

Status ListLots(Call& call, const v1::ListLotsRequest& request, v1::ListLotsResponse& response) {
  const uint64_t digest = FilterDigest({request.material_code(), request.with_quantity_left() ? "left" : ""});
  const domain::Result<std::string> after_code = ParsePageToken(request.page_token(), digest);
  if (!after_code) return Fail(after_code.error());
  db::LotFilter filter{*after_code, 0, request.with_quantity_left()};
  if (!request.material_code().empty()) {
    const auto material = ParseLotMaterial(call, request.material_code(), "material_code");
    if (!material) return Fail(material.error());
    filter.material_id = (*material)->id;
  }

  const int page_size = PageSize(request.page_size());
  std::vector<db::StoredUnit> lots = db::ListLots(call.transaction, filter, page_size + 1);
  if (static_cast<int>(lots.size()) > page_size) {
    lots.pop_back();
    response.set_next_page_token(PageToken(lots.back().unit.code, digest));
  }
  for (const db::StoredUnit& lot : lots) *response.add_lots() = ToProto(lot, call.plant);
  return {};
}

namespace {

class LotService final : public v1::LotService::CallbackService {
 public:
  explicit LotService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* ReceiveLot(grpc::CallbackServerContext* context, const v1::ReceiveLotRequest* request,
                                       v1::ReceiveLotResponse* response) override {
    return Mutate(env_, context, request, response, services::ReceiveLot);
  }
  grpc::ServerUnaryReactor* OpenLot(grpc::CallbackServerContext* context, const v1::OpenLotRequest* request,
                                    v1::OpenLotResponse* response) override {
    return Mutate(env_, context, request, response, services::OpenLot);
  }
  grpc::ServerUnaryReactor* SplitLot(grpc::CallbackServerContext* context, const v1::SplitLotRequest* request,
                                     v1::SplitLotResponse* response) override {
    return Mutate(env_, context, request, response, services::SplitLot);
  }
  grpc::ServerUnaryReactor* MergeLots(grpc::CallbackServerContext* context, const v1::MergeLotsRequest* request,
                                      v1::MergeLotsResponse* response) override {
    return Mutate(env_, context, request, response, services::MergeLots);
  }
  grpc::ServerUnaryReactor* GetLot(grpc::CallbackServerContext* context, const v1::GetLotRequest* request,
                                   v1::GetLotResponse* response) override {
    return Read(env_, context, request, response, services::GetLot);
  }
  grpc::ServerUnaryReactor* ListLots(grpc::CallbackServerContext* context, const v1::ListLotsRequest* request,
                                     v1::ListLotsResponse* response) override {
    return Read(env_, context, request, response, services::ListLots);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeLotService(Env& env) { return std::make_unique<LotService>(env); }

}  // namespace mes::services
