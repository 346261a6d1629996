#include "services/supply.h"

#include <charconv>
#include <cmath>

#include "db/capacity.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "domain/release_check.h"
#include "services/capacity.h"
#include "services/convert.h"
#include "services/time_zone.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;
using services::ToProto;

const domain::Material& MaterialOf(const Call& call, int32_t id) {
  const domain::Material* material = call.plant.FindMaterial(id);
  if (material == nullptr) throw PlantBehind("a supply or order is of a material that is not loaded");
  return *material;
}

v1::Supply ToProto(const Call& call, const domain::Supply& supply) {
  const domain::Material& material = MaterialOf(call, supply.material_id);
  v1::Supply message;
  message.set_supply_id(supply.id);
  message.set_material_code(material.code);
  *message.mutable_quantity() = QuantityToProto(supply.quantity_micro, material.uom);
  message.set_day(domain::FormatDay(supply.day));
  message.set_supplier(supply.supplier);
  message.set_reference(supply.reference);
  message.set_state(static_cast<v1::SupplyState>(supply.state));
  message.set_person(supply.person);
  message.set_reason(supply.reason);
  *message.mutable_record_time() = ToProto(supply.record_time);
  return message;
}

domain::Result<const domain::Material*> FindMaterial(const Call& call, const std::string& code) {
  if (const domain::Material* material = call.plant.FindMaterial(code)) return material;
  domain::Error error = FieldError(Reason::kMaterialUnknown, "material_code", "material " + code + " is not known");
  error.metadata["material_code"] = code;
  return Fail(std::move(error));
}

domain::Result<domain::Supply> ParseSupply(const Call& call, const v1::PutSupplyRequest& request) {
  domain::Supply supply;
  const auto material = FindMaterial(call, request.material_code());
  if (!material) return Fail(material.error());
  supply.material_id = (*material)->id;
  const auto quantity = QuantityFromProto(request.quantity(), (*material)->uom, "quantity");
  if (!quantity) return Fail(quantity.error());
  const bool whole = (*material)->tracking != domain::Tracking::kSerial || *quantity % domain::kMicro == 0;
  if (*quantity == 0 || !whole) {
    return Fail(FieldError(Reason::kQuantityInvalid, "quantity.value", "quantity must be above zero, of pieces whole"));
  }
  supply.quantity_micro = *quantity;
  const auto day = domain::ParseDay(request.day(), "day");
  if (!day) return Fail(day.error());
  supply.day = *day;
  if (Status checked = domain::CheckText(request.supplier(), domain::kMaxSupplierLength, true, "supplier"); !checked) {
    return Fail(checked.error());
  }
  if (Status checked = domain::CheckText(request.reference(), domain::kMaxPassportLength, false, "reference"); !checked) {
    return Fail(checked.error());
  }
  supply.supplier = request.supplier();
  supply.reference = request.reference();
  supply.person = request.person();
  supply.record_time = call.now;
  return supply;
}

domain::Result<int64_t> ParseId(std::string_view text) {
  int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (text.empty() || (error == std::errc() && end == text.data() + text.size())) return id;
  return Fail(FieldError(Reason::kPageTokenInvalid, "page_token", "page_token is not one of this call's"));
}

v1::Shortage ToProto(const domain::Shortage& shortage, const std::string& sentence) {
  v1::Shortage message;
  message.set_kind(static_cast<v1::ShortageKind>(shortage.kind));
  message.set_code(shortage.code);
  message.set_unit(shortage.unit);
  message.set_until_day(domain::FormatDay(shortage.until));
  message.set_capacity(shortage.capacity);
  message.set_committed(shortage.committed);
  message.set_needed(shortage.needed);
  if (shortage.first_day) message.set_first_day(domain::FormatDay(*shortage.first_day));
  message.set_sentence(sentence);
  return message;
}

std::string Figure(double value) {
  char text[40];
  snprintf(text, sizeof text, "%.10g", std::round(value * 1e3) / 1e3);
  return text;
}

domain::Error Exceeded(const domain::Shortage& shortage, const std::string& sentence) {
  domain::Error error = FieldError(Reason::kCapacityExceeded, "work_order_code", sentence);
  error.metadata["constraint"] = shortage.kind == domain::ShortageKind::kStated ? "stated" : "lines";
  error.metadata["binding"] = shortage.code;
  error.metadata["unit"] = shortage.unit;
  error.metadata["until"] = domain::FormatDay(shortage.until);
  error.metadata["capacity"] = Figure(shortage.capacity);
  error.metadata["committed"] = Figure(shortage.committed);
  error.metadata["free"] = Figure(shortage.Free());
  error.metadata["needed"] = Figure(shortage.needed);
  if (shortage.first_day) error.metadata["first_day"] = domain::FormatDay(*shortage.first_day);
  if (!shortage.published) error.metadata["calendar"] = "not published";
  return error;
}

}  // namespace

Status PutSupply(Call& call, const v1::PutSupplyRequest& request, v1::PutSupplyResponse& response) {
  if (Status checked = CheckPlanner(request.person(), request.role()); !checked) return checked;
  domain::Result<domain::Supply> supply = ParseSupply(call, request);
  if (!supply) return Fail(supply.error());
  db::InsertSupply(call.transaction, *supply);
  *response.mutable_supply() = ToProto(call, *supply);
  return {};
}

Status CloseSupply(Call& call, const v1::CloseSupplyRequest& request, v1::CloseSupplyResponse& response) {
  if (Status checked = CheckPlanner(request.person(), request.role()); !checked) return checked;
  if (request.state() != v1::SUPPLY_STATE_RECEIVED && request.state() != v1::SUPPLY_STATE_CANCELLED) {
    return Fail(FieldError(Reason::kEnumUnknown, "state", "state must be received or cancelled"));
  }
  const bool cancelled = request.state() == v1::SUPPLY_STATE_CANCELLED;
  if (Status checked = domain::CheckText(request.reason(), domain::kMaxReasonLength, cancelled, "reason"); !checked) return checked;
  std::optional<domain::Supply> supply = db::LockSupply(call.transaction, request.supply_id());
  const std::string id = std::to_string(request.supply_id());
  if (!supply || supply->state != domain::SupplyState::kExpected) {
    domain::Error error =
        FieldError(supply ? Reason::kSupplyClosed : Reason::kSupplyUnknown, "supply_id",
                   "supply " + id + (supply ? " was received or cancelled already" : " is not known"));
    error.metadata["supply_id"] = id;
    return Fail(std::move(error));
  }
  supply->state = static_cast<domain::SupplyState>(request.state());
  supply->person = request.person();
  supply->reason = request.reason();
  supply->record_time = call.now;
  db::CloseSupply(call.transaction, *supply, call.now);
  *response.mutable_supply() = ToProto(call, *supply);
  return {};
}

Status ListSupplies(Call& call, const v1::ListSuppliesRequest& request, v1::ListSuppliesResponse& response) {
  const uint64_t digest = FilterDigest({"supplies", request.material_code(), request.expected_only() ? "expected" : ""});
  const auto token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  const auto after = ParseId(*token);
  if (!after) return Fail(after.error());
  db::SupplyFilter filter{0, request.expected_only(), *after};
  if (!request.material_code().empty()) {
    const auto material = FindMaterial(call, request.material_code());
    if (!material) return Fail(material.error());
    filter.material_id = (*material)->id;
  }
  const int page_size = PageSize(request.page_size());
  std::vector<domain::Supply> supplies = db::ListSupplies(call.transaction, filter, page_size + 1);
  if (static_cast<int>(supplies.size()) > page_size) {
    supplies.pop_back();
    response.set_next_page_token(PageToken(std::to_string(supplies.back().id), digest));
  }
  for (const domain::Supply& supply : supplies) *response.add_supplies() = ToProto(call, supply);
  return {};
}

Status ListOverCommitments(Call& call, const v1::ListOverCommitmentsRequest& request, v1::ListOverCommitmentsResponse& response) {
  const uint64_t digest = FilterDigest({"over", request.open_only() ? "open" : ""});
  const auto token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  const auto before = ParseId(*token);
  if (!before) return Fail(before.error());
  const int page_size = PageSize(request.page_size());
  std::vector<db::OverCommitment> list =
      db::ListOverCommitments(call.transaction, request.open_only(), *before, page_size + 1);
  if (static_cast<int>(list.size()) > page_size) {
    list.pop_back();
    response.set_next_page_token(PageToken(std::to_string(list.back().id), digest));
  }
  for (const db::OverCommitment& over : list) {
    v1::OverCommitment& message = *response.add_over_commitments();
    message.set_over_commitment_id(over.id);
    message.set_work_order_code(over.work_order_code);
    message.set_product_code(MaterialOf(call, over.material_id).code);
    *message.mutable_shortage() = ToProto(over.shortage, over.sentence);
    message.set_person(over.person);
    message.set_role(over.role);
    message.set_reason(over.reason);
    *message.mutable_record_time() = ToProto(over.record_time);
  }
  return {};
}

domain::Result<std::string> CheckReleaseOf(Call& call, const v1::TransitionWorkOrderRequest& request,
                                           const std::vector<db::WorkOrderStep>& steps) {
  if (request.override_capacity()) {
    if (Status checked = CheckPlanner(request.person(), request.role()); !checked) return Fail(checked.error());
    if (Status checked = domain::CheckText(request.reason(), domain::kMaxReasonLength, true, "reason"); !checked) {
      return Fail(checked.error());
    }
  }
  const domain::Day today = TodayOf(call);
  std::vector<domain::OrderLoad> released;
  std::vector<int32_t> ids;
  bool to_check = false;
  for (const db::WorkOrderStep& step : steps) {
    domain::OrderLoad& order = released.emplace_back();
    order.material_id = step.order.material_id;
    if (step.order.due_time) order.due = domain::PlantDayOf(*step.order.due_time, PlantTimeZone());
    order.remaining_micro = step.order.ordered_micro - step.order.good_micro;
    ids.push_back(step.order.id);
    to_check = to_check || (order.due && *order.due > today);
  }
  if (!to_check) return std::string();

  db::LockReleases(call.transaction);
  const domain::CapacityModel model = db::LoadCapacityModel(call.transaction, call.plant);
  const domain::CapacityBook book = db::LoadCapacityBook(call.transaction, call.plant, model, today);
  const std::optional<domain::Shortage> shortage = domain::CheckRelease(book, released);
  if (!shortage) return std::string();
  const std::string sentence = domain::Describe(*shortage);
  if (!request.override_capacity()) return Fail(Exceeded(*shortage, sentence));
  db::OverCommitment told;
  told.shortage = *shortage;
  told.sentence = sentence;
  told.person = request.person();
  told.role = request.role();
  told.reason = request.reason();
  told.record_time = call.now;
  db::InsertOverCommitments(call.transaction, ids, told);
  return sentence;
}

}  // namespace mes::services
