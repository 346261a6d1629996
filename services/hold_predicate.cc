#include "services/hold_predicate.h"

#include <algorithm>

#include "db/work_order.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "services/convert.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;
using services::ToProto;

domain::Error Unknown(Reason reason, const std::string& field, const std::string& what, const std::string& code) {
  domain::Error error = FieldError(reason, field, what + " " + code.substr(0, domain::kMaxCodeLength) + " is not known");
  error.metadata["code"] = code.substr(0, domain::kMaxCodeLength);
  return error;
}

Status ParseCodes(Call& call, const google::protobuf::RepeatedPtrField<std::string>& list, domain::HoldPredicate& predicate) {
  if (list.size() > domain::kMaxCodesPerHold) return Fail(TooMany("codes", list.size(), domain::kMaxCodesPerHold));
  std::vector<std::string> codes;
  for (const std::string& code : list) {
    const std::string field = "codes[" + std::to_string(codes.size()) + "]";
    if (Status checked = domain::CheckText(code, domain::kMaxCodeLength, true, field); !checked) return checked;
    codes.push_back(code);
  }
  if (codes.empty()) return {};
  domain::Result<std::vector<int64_t>> ids = FindUnitIds(call, codes, "codes");
  if (!ids) return Fail(ids.error());
  // A unit may be named by several of its codes.
  std::sort(ids->begin(), ids->end());
  ids->erase(std::unique(ids->begin(), ids->end()), ids->end());
  predicate.unit_ids = std::move(*ids);
  return {};
}

Status ParseProduct(Call& call, const v1::HoldPredicate& message, domain::HoldPredicate& predicate) {
  if (!message.product_code().empty()) {
    const domain::Material* material = call.plant.FindMaterial(message.product_code());
    if (material == nullptr) {
      return Fail(Unknown(Reason::kMaterialUnknown, "predicate.product_code", "product or material", message.product_code()));
    }
    predicate.material_id = material->id;
  }
  if (message.revision() != 0) {
    if (predicate.material_id == 0) {
      return Fail(FieldError(Reason::kFieldRequired, "predicate.product_code", "a revision needs its product"));
    }
    const domain::ProductRevision* revision = call.plant.FindRevision(predicate.material_id, message.revision());
    if (revision == nullptr) {
      return Fail(Unknown(Reason::kRevisionUnknown, "predicate.revision", message.product_code() + " revision",
                          std::to_string(message.revision())));
    }
    predicate.revision_id = revision->id;
  }
  if (message.work_order_code().empty()) return {};
  const auto order = db::LoadWorkOrder(call.transaction, message.work_order_code());
  if (!order) return Fail(Unknown(Reason::kWorkOrderUnknown, "predicate.work_order_code", "order", message.work_order_code()));
  predicate.work_order_id = order->id;
  return {};
}

Status ParseRuns(Call& call, const v1::HoldPredicate& message, domain::HoldPredicate& predicate) {
  if (message.station_codes_size() > domain::kMaxStationsPerHold) {
    return Fail(TooMany("predicate.station_codes", message.station_codes_size(), domain::kMaxStationsPerHold));
  }
  for (const std::string& code : message.station_codes()) {
    const domain::Station* station = call.plant.FindStation(code);
    if (station == nullptr) {
      const std::string field = "predicate.station_codes[" + std::to_string(predicate.station_ids.size()) + "]";
      return Fail(Unknown(Reason::kStationUnknown, field, "station", code));
    }
    predicate.station_ids.push_back(station->id);
  }
  if (!message.tool_code().empty()) {
    if (Status checked = domain::CheckCode(message.tool_code(), "predicate.tool_code"); !checked) return checked;
    predicate.tool_code = message.tool_code();
  }
  const auto from = OptionalTimeFromProto(message.has_from_time(), message.from_time(), "predicate.from_time");
  if (!from) return Fail(from.error());
  predicate.from = *from;
  const auto until = OptionalTimeFromProto(message.has_until_time(), message.until_time(), "predicate.until_time");
  if (!until) return Fail(until.error());
  predicate.until = *until;
  if (message.operation() < 0 || message.operation() > 32'767) {
    return Fail(FieldError(Reason::kFieldInvalid, "predicate.operation", "predicate.operation is not an operation number"));
  }
  predicate.operation = static_cast<int16_t>(message.operation());
  const Status characteristic =
      domain::CheckText(message.characteristic_code(), domain::kMaxCodeLength, false, "predicate.characteristic_code");
  if (!characteristic) return characteristic;
  predicate.characteristic = message.characteristic_code();
  if (message.has_lower()) predicate.lower = message.lower();
  if (message.has_upper()) predicate.upper = message.upper();
  return {};
}

Status ParsePredicate(Call& call, const v1::HoldPredicate& message, domain::HoldPredicate& predicate) {
  for (const auto& [field, text] :
       {std::pair("predicate.supplier", &message.supplier()), std::pair("predicate.supplier_lot", &message.supplier_lot())}) {
    if (Status checked = domain::CheckText(*text, domain::kMaxSupplierLength, false, field); !checked) return checked;
  }
  predicate.supplier = message.supplier();
  predicate.supplier_lot = message.supplier_lot();
  if (Status product = ParseProduct(call, message, predicate); !product) return product;
  return ParseRuns(call, message, predicate);
}

v1::HoldPredicate ToProto(const domain::HoldPredicate& predicate, const std::string& work_order_code,
                          const domain::Plant& plant) {
  v1::HoldPredicate message;
  message.set_supplier(predicate.supplier);
  message.set_supplier_lot(predicate.supplier_lot);
  if (predicate.material_id != 0) message.set_product_code(MaterialOf(plant, predicate.material_id).code);
  if (const domain::ProductRevision* revision = plant.FindRevision(predicate.revision_id); revision != nullptr) {
    message.set_product_code(revision->product_code);
    message.set_revision(revision->revision);
  }
  message.set_work_order_code(work_order_code);
  for (const int32_t id : predicate.station_ids) {
    const domain::Station* station = plant.FindStation(id);
    if (station == nullptr) throw PlantBehind("station " + std::to_string(id) + " is not loaded");
    message.add_station_codes(station->code);
  }
  message.set_tool_code(predicate.tool_code);
  if (predicate.from) *message.mutable_from_time() = ToProto(*predicate.from);
  if (predicate.until) *message.mutable_until_time() = ToProto(*predicate.until);
  message.set_operation(predicate.operation);
  message.set_characteristic_code(predicate.characteristic);
  if (predicate.lower) message.set_lower(*predicate.lower);
  if (predicate.upper) message.set_upper(*predicate.upper);
  return message;
}

}  // namespace

template <typename Request>
domain::Result<domain::HoldDraft> DraftFromProto(Call& call, const Request& request) {
  domain::HoldDraft draft;
  if (!v1::HoldDirection_IsValid(request.direction())) {
    return Fail(FieldError(Reason::kEnumUnknown, "direction", "direction is not one of those known here"));
  }
  draft.direction = request.direction() == v1::HOLD_DIRECTION_UNSPECIFIED
                        ? domain::HoldDirection::kWhereUsed
                        : static_cast<domain::HoldDirection>(request.direction());
  draft.at_operation = request.at_operation();
  if (Status parsed = ParsePredicate(call, request.predicate(), draft.predicate); !parsed) return Fail(parsed.error());
  if (Status parsed = ParseCodes(call, request.codes(), draft.predicate); !parsed) return Fail(parsed.error());
  if (Status checked = domain::CheckHold(call.plant, draft); !checked) return Fail(checked.error());
  return draft;
}

template domain::Result<domain::HoldDraft> DraftFromProto(Call& call, const v1::PlaceHoldRequest& request);
template domain::Result<domain::HoldDraft> DraftFromProto(Call& call, const v1::PreviewHoldRequest& request);

v1::Hold ToProto(const domain::Hold& hold, const domain::Plant& plant) {
  v1::Hold message;
  message.set_hold_id(hold.id);
  message.set_reason(hold.draft.reason);
  message.set_placed_by(hold.draft.placed_by);
  *message.mutable_place_time() = ToProto(hold.place_time);
  if (!hold.InForce()) {
    message.set_released_by(hold.released_by);
    *message.mutable_release_time() = ToProto(hold.release_time);
    message.set_release_reason(hold.release_reason);
  }
  message.set_covered(hold.covered);
  *message.mutable_predicate() = ToProto(hold.draft.predicate, hold.work_order_code, plant);
  message.set_named(static_cast<int64_t>(hold.draft.predicate.unit_ids.size()));
  message.set_direction(static_cast<v1::HoldDirection>(hold.draft.direction));
  message.set_state(static_cast<v1::HoldState>(hold.state));
  message.set_at_operation(hold.draft.at_operation);
  message.set_four_eyes(hold.draft.four_eyes);
  message.set_evidence(hold.draft.evidence_json);
  message.set_released(hold.released);
  return message;
}

}  // namespace mes::services
