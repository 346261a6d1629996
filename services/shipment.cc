#include "services/shipment.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "db/life.h"
#include "db/shipment.h"
#include "db/world.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "domain/limits_recycling.h"
#include "domain/shipment.h"
#include "mes/v1/shipment.grpc.pb.h"
#include "services/capacity.h"
#include "services/convert.h"
#include "services/life.h"
#include "services/time_zone.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Day;
using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Shipment;
using domain::Status;
using services::ToProto;

std::string Indexed(const std::string& field, int index) { return field + "[" + std::to_string(index) + "]"; }

v1::Shipment ToProto(const Shipment& shipment, const domain::Plant& plant) {
  v1::Shipment message;
  message.set_shipment_id(shipment.id);
  message.set_customer(shipment.customer);
  message.set_country(shipment.country);
  message.set_place(shipment.place);
  message.set_currency(shipment.currency);
  message.set_value(domain::FormatMoney(shipment.value_minor, shipment.currency));
  *message.mutable_ship_time() = ToProto(shipment.ship_time);
  message.set_person(shipment.person);
  if (shipment.deliver_time) *message.mutable_deliver_time() = ToProto(*shipment.deliver_time);
  message.set_delivered_by(shipment.delivered_by);
  message.set_delivery_evidence(shipment.delivery_evidence);
  if (shipment.cancelled) {
    *message.mutable_cancel_time() = ToProto(shipment.cancelled->time);
    message.set_cancelled_by(shipment.cancelled->person);
    message.set_cancel_reason(shipment.cancelled->reason);
  }
  for (const domain::ShipmentItem& item : shipment.items) {
    v1::ShipmentItem& told = *message.add_items();
    told.set_unit_code(item.unit_code);
    told.set_value(domain::FormatMoney(item.value_minor, shipment.currency));
    told.set_product_code(MaterialOf(plant, item.material_id).code);
  }
  for (const domain::ShipmentDocument& document : shipment.documents) {
    v1::ShipmentDocument& told = *message.add_documents();
    told.set_title(document.title);
    told.set_uri(document.uri);
    told.set_sha256(document.sha256);
  }
  message.set_units(shipment.units);
  message.set_exported(shipment.country != domain::kHomeCountry);
  return message;
}

bool IsHash(const std::string& text) {
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

Status ParseDocuments(const v1::CreateShipmentRequest& request, Shipment& shipment) {
  if (request.documents_size() > domain::kMaxDocumentsPerShipment) {
    return Fail(TooMany("documents", request.documents_size(), domain::kMaxDocumentsPerShipment));
  }
  for (int i = 0; i < request.documents_size(); ++i) {
    const v1::ShipmentDocument& document = request.documents(i);
    const std::string field = Indexed("documents", i);
    if (Status checked = domain::CheckText(document.title(), domain::kMaxNameLength, true, field + ".title"); !checked)
      return checked;
    if (Status checked = domain::CheckText(document.uri(), domain::kMaxUriLength, true, field + ".uri"); !checked) return checked;
    if (!document.sha256().empty() && !IsHash(document.sha256())) {
      return Fail(FieldError(Reason::kFieldInvalid, field + ".sha256", "a SHA-256 has 64 lower-case hexadecimal digits"));
    }
    shipment.documents.push_back({document.title(), document.uri(), document.sha256()});
  }
  return {};
}

Status ParseItems(Call& call, const v1::CreateShipmentRequest& request, Shipment& shipment) {
  if (request.items().empty()) return Fail(FieldError(Reason::kFieldRequired, "items", "items is empty"));
  if (request.items_size() > domain::kMaxUnitsPerShipment) {
    return Fail(TooMany("items", request.items_size(), domain::kMaxUnitsPerShipment));
  }
  std::vector<std::string> codes;
  for (const v1::ShipmentItem& item : request.items()) codes.push_back(item.unit_code());
  const auto ids = FindUnitIds(call, codes, "items");
  if (!ids) return Fail(ids.error());
  std::set<int64_t> seen;
  for (int i = 0; i < request.items_size(); ++i) {
    const int64_t id = ids->at(static_cast<size_t>(i));
    if (!seen.insert(id).second) {
      return Fail(
          FieldError(Reason::kFieldInvalid, Indexed("items", i), codes[static_cast<size_t>(i)] + " stands twice in the request"));
    }
    const std::string& value = request.items(i).value();
    const domain::Result<int64_t> minor =
        value.empty() ? domain::Result<int64_t>(0) : domain::ParseMoney(value, shipment.currency, Indexed("items", i) + ".value");
    if (!minor) return Fail(minor.error());
    shipment.items.push_back({id, codes[static_cast<size_t>(i)], 0, *minor});
  }
  return {};
}

domain::Result<Shipment> ParseShipment(Call& call, const v1::CreateShipmentRequest& request) {
  Shipment shipment;
  if (Status checked = domain::CheckText(request.customer(), domain::kMaxSupplierLength, true, "customer"); !checked) {
    return Fail(checked.error());
  }
  if (Status checked = domain::CheckCountry(request.country(), "country"); !checked) return Fail(checked.error());
  // With the country behind it, it is a place of the unit's life.
  if (Status checked = domain::CheckText(request.place(), domain::kMaxPlaceLength - 10, true, "place"); !checked) {
    return Fail(checked.error());
  }
  if (!domain::MinorDigits(request.currency())) {
    return Fail(FieldError(Reason::kFieldInvalid, "currency", "currency must be three capitals after ISO 4217"));
  }
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person"); !checked) {
    return Fail(checked.error());
  }
  const auto time = PastTimeFromProto(call, request.has_ship_time(), request.ship_time(), "ship_time");
  if (!time) return Fail(time.error());
  shipment.customer = request.customer();
  shipment.country = request.country();
  shipment.place = request.place();
  shipment.currency = request.currency();
  shipment.person = request.person();
  shipment.ship_time = std::min(*time, call.now);
  shipment.record_time = call.now;
  if (Status parsed = ParseDocuments(request, shipment); !parsed) return Fail(parsed.error());
  if (Status parsed = ParseItems(call, request, shipment); !parsed) return Fail(parsed.error());
  return shipment;
}

domain::Error Unknown(int64_t id) {
  return FieldError(Reason::kShipmentUnknown, "shipment_id", "there is no shipment " + std::to_string(id));
}

// Only what is under way arrives or is taken back.
domain::Result<Shipment> LockUnderWay(Call& call, int64_t id) {
  std::optional<Shipment> shipment = db::LockShipment(call.transaction, id);
  if (!shipment) return Fail(Unknown(id));
  if (!shipment->deliver_time && !shipment->cancelled) return *shipment;
  const std::string what = shipment->deliver_time
                               ? "was confirmed already, as delivered at " + domain::FormatTime(*shipment->deliver_time)
                               : "was taken back at " + domain::FormatTime(shipment->cancelled->time);
  domain::Error error = FieldError(Reason::kShipmentState, "shipment_id", "shipment " + std::to_string(id) + " " + what);
  error.metadata["shipment_id"] = std::to_string(id);
  return Fail(std::move(error));
}

domain::Result<Day> ParseDayOr(const std::string& text, std::string_view field, Day otherwise) {
  return text.empty() ? domain::Result<Day>(otherwise) : domain::ParseDay(text, field);
}

}  // namespace

Status CreateShipment(Call& call, const v1::CreateShipmentRequest& request, v1::CreateShipmentResponse& response) {
  domain::Result<Shipment> shipment = ParseShipment(call, request);
  if (!shipment) return Fail(shipment.error());
  std::vector<std::string> codes;
  for (const domain::ShipmentItem& item : shipment->items) codes.push_back(item.unit_code);
  LockedLives locked = LockLives(call, codes);
  db::InsertShipment(call.transaction, *shipment, domain::PlantDayOf(shipment->ship_time, PlantTimeZone()));

  domain::LifeRecord record;
  record.event = domain::LifeEvent::kShip;
  record.occur_time = shipment->ship_time;
  record.record_time = call.now;
  record.person = shipment->person;
  record.party = shipment->customer;
  record.place = shipment->place + ", " + shipment->country;
  record.evidence = "shipment " + std::to_string(shipment->id);
  std::vector<LifeStep> steps;
  for (const domain::ShipmentItem& item : shipment->items) {
    steps.push_back({item.unit_id, record, Indexed("items", static_cast<int>(steps.size())), true});
  }
  if (Status recorded = RecordLives(call, locked, steps); !recorded) return recorded;
  *response.mutable_shipment() = ToProto(*db::LoadShipment(call.transaction, shipment->id), call.plant);
  return {};
}

Status ConfirmDelivery(Call& call, const v1::ConfirmDeliveryRequest& request, v1::ConfirmDeliveryResponse& response) {
  if (Status checked = domain::CheckText(request.evidence(), domain::kMaxUriLength, true, "evidence"); !checked) return checked;
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person"); !checked) return checked;
  const auto time = PastTimeFromProto(call, request.has_deliver_time(), request.deliver_time(), "deliver_time");
  if (!time) return Fail(time.error());
  domain::Result<Shipment> shipment = LockUnderWay(call, request.shipment_id());
  if (!shipment) return Fail(shipment.error());
  if (*time < shipment->ship_time) {
    return Fail(FieldError(Reason::kFieldInvalid, "deliver_time", "deliver_time lies before the shipment left"));
  }
  shipment->deliver_time = std::min(*time, call.now);
  shipment->delivered_by = request.person();
  shipment->delivery_evidence = request.evidence();
  db::UpdateDelivered(call.transaction, *shipment);
  *response.mutable_shipment() = ToProto(*shipment, call.plant);
  return {};
}

Status CancelShipment(Call& call, const v1::CancelShipmentRequest& request, v1::CancelShipmentResponse& response) {
  if (Status checked = domain::CheckText(request.reason(), domain::kMaxReasonLength, true, "reason"); !checked) return checked;
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person"); !checked) return checked;
  domain::Result<Shipment> shipment = LockUnderWay(call, request.shipment_id());
  if (!shipment) return Fail(shipment.error());
  std::vector<std::string> codes;
  std::vector<int64_t> unit_ids;
  for (const domain::ShipmentItem& item : shipment->items) codes.push_back(item.unit_code), unit_ids.push_back(item.unit_id);
  LockedLives locked = LockLives(call, codes);
  std::vector<LifeTakeBack> records;
  for (const auto& [unit_id, standing] : db::LoadStandingRecords(call.transaction, unit_ids)) {
    for (const db::StoredLifeRecord& stored : standing) {
      const bool of_it = stored.record.event == domain::LifeEvent::kShip && stored.record.record_time == shipment->record_time;
      if (of_it) records.push_back({unit_id, stored.id, "shipment_id"});
    }
  }
  shipment->cancelled = domain::LifeReversal{call.now, request.person(), request.reason()};
  const auto withdrawn = TakeBackLives(call, locked, std::move(records), *shipment->cancelled, domain::LifeRest::kShipment);
  if (!withdrawn) return Fail(withdrawn.error());
  db::StoreWorld(call.transaction, locked.world);
  db::UpdateCancelled(call.transaction, *shipment);
  *response.mutable_shipment() = ToProto(*shipment, call.plant);
  response.set_withdrawn_duties(*withdrawn);
  return {};
}

Status GetShipment(Call& call, const v1::GetShipmentRequest& request, v1::GetShipmentResponse& response) {
  const std::optional<Shipment> shipment = db::LoadShipment(call.transaction, request.shipment_id());
  if (!shipment) return Fail(Unknown(request.shipment_id()));
  *response.mutable_shipment() = ToProto(*shipment, call.plant);
  return {};
}

Status ListShipments(Call& call, const v1::ListShipmentsRequest& request, v1::ListShipmentsResponse& response) {
  const uint64_t digest = FilterDigest({"shipments", request.country(), request.customer()});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  db::ShipmentFilter filter{0, request.country(), request.customer()};
  std::from_chars(token->data(), token->data() + token->size(), filter.before_id);
  const int page_size = PageSize(request.page_size());
  std::vector<Shipment> shipments = db::ListShipments(call.transaction, filter, page_size + 1);
  if (static_cast<int>(shipments.size()) > page_size) {
    shipments.pop_back();
    response.set_next_page_token(PageToken(std::to_string(shipments.back().id), digest));
  }
  for (const Shipment& shipment : shipments) *response.add_shipments() = ToProto(shipment, call.plant);
  return {};
}

Status GetExportShare(Call& call, const v1::GetExportShareRequest& request, v1::GetExportShareResponse& response) {
  const Day today = TodayOf(call);
  const auto from = ParseDayOr(request.from_day(), "from_day", domain::DayOf(domain::YearOf(today), 1, 1));
  if (!from) return Fail(from.error());
  const auto until = ParseDayOr(request.until_day(), "until_day", today + 1);
  if (!until) return Fail(until.error());
  if (*until <= *from) return Fail(FieldError(Reason::kFieldInvalid, "until_day", "until_day is not after from_day"));
  if (!v1::ExportPeriod_IsValid(request.period()))
    return Fail(FieldError(Reason::kFieldInvalid, "period", "period is not known"));
  int32_t material_id = 0;
  if (!request.product_code().empty()) {
    const domain::Material* material = call.plant.FindMaterial(request.product_code());
    if (material == nullptr) {
      return Fail(FieldError(Reason::kProductUnknown, "product_code",
                             "product " + request.product_code().substr(0, domain::kMaxCodeLength) + " is not known"));
    }
    material_id = material->id;
  }
  const auto kind = request.period() == v1::EXPORT_PERIOD_UNSPECIFIED ? domain::PeriodKind::kMonth
                                                                      : static_cast<domain::PeriodKind>(request.period());
  const std::vector<domain::ExportRow> rows =
      domain::ExportShares(db::SumShipped(call.transaction, *from, *until, material_id), kind);
  if (rows.size() > domain::kMaxExportRows) {
    return Fail(TooMany("period", static_cast<int64_t>(rows.size()), static_cast<int64_t>(domain::kMaxExportRows)));
  }
  for (const domain::ExportRow& row : rows) {
    v1::ExportShare& share = *response.add_rows();
    share.set_period(domain::LabelOf(row.period));
    if (row.material_id != 0) share.set_product_code(MaterialOf(call.plant, row.material_id).code);
    share.set_currency(row.currency);
    share.set_units(row.units);
    share.set_exported_units(row.exported_units);
    share.set_value(domain::FormatMoney(row.value_minor, row.currency));
    share.set_exported_value(domain::FormatMoney(row.exported_minor, row.currency));
    share.set_value_minor(row.value_minor);
    share.set_exported_minor(row.exported_minor);
  }
  return {};
}

namespace {

class ShipmentService final : public v1::ShipmentService::CallbackService {
 public:
  explicit ShipmentService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* CreateShipment(grpc::CallbackServerContext* context, const v1::CreateShipmentRequest* request,
                                           v1::CreateShipmentResponse* response) override {
    return Mutate(env_, context, request, response, services::CreateShipment);
  }
  grpc::ServerUnaryReactor* ConfirmDelivery(grpc::CallbackServerContext* context, const v1::ConfirmDeliveryRequest* request,
                                            v1::ConfirmDeliveryResponse* response) override {
    return Mutate(env_, context, request, response, services::ConfirmDelivery);
  }
  grpc::ServerUnaryReactor* CancelShipment(grpc::CallbackServerContext* context, const v1::CancelShipmentRequest* request,
                                           v1::CancelShipmentResponse* response) override {
    return Mutate(env_, context, request, response, services::CancelShipment);
  }
  grpc::ServerUnaryReactor* GetShipment(grpc::CallbackServerContext* context, const v1::GetShipmentRequest* request,
                                        v1::GetShipmentResponse* response) override {
    return Read(env_, context, request, response, services::GetShipment);
  }
  grpc::ServerUnaryReactor* ListShipments(grpc::CallbackServerContext* context, const v1::ListShipmentsRequest* request,
                                          v1::ListShipmentsResponse* response) override {
    return Read(env_, context, request, response, services::ListShipments);
  }
  grpc::ServerUnaryReactor* GetExportShare(grpc::CallbackServerContext* context, const v1::GetExportShareRequest* request,
                                           v1::GetExportShareResponse* response) override {
    return Read(env_, context, request, response, services::GetExportShare);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeShipmentService(Env& env) { return std::make_unique<ShipmentService>(env); }

}  // namespace mes::services
