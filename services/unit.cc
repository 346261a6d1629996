#include "services/unit.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_set>

#include "db/hold.h"
#include "db/hold_world.h"
#include "db/line_output.h"
#include "db/work_order.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "mes/v1/unit.grpc.pb.h"
#include "services/convert.h"
#include "services/grant.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;
using services::ToProto;

domain::Error WithCode(domain::Error error, const std::string& code) {
  error.metadata["code"] = code.substr(0, domain::kMaxCodeLength);
  return error;
}

std::string Indexed(std::string_view field, size_t index) { return std::string(field) + "[" + std::to_string(index) + "]"; }

const domain::ProductRevision* RevisionOf(const domain::Plant& plant, int32_t revision_id) {
  if (revision_id == 0) return nullptr;
  const domain::ProductRevision* revision = plant.FindRevision(revision_id);
  if (revision == nullptr) throw PlantBehind("revision " + std::to_string(revision_id) + " is not loaded");
  return revision;
}

std::string StationCode(const domain::Plant& plant, int32_t station_id) {
  if (station_id == 0) return {};
  const domain::Station* station = plant.FindStation(station_id);
  if (station == nullptr) throw PlantBehind("station " + std::to_string(station_id) + " is not loaded");
  return station->code;
}

v1::Unit ToProto(const db::StoredUnit& stored, const domain::Plant& plant) {
  const domain::Unit& unit = stored.unit;
  v1::Unit message;
  message.set_unit_code(unit.code);
  message.mutable_earlier_codes()->Assign(stored.earlier_codes.begin(), stored.earlier_codes.end());
  message.set_material_code(MaterialOf(plant, unit.material_id).code);
  if (const domain::ProductRevision* revision = RevisionOf(plant, unit.revision_id)) message.set_revision(revision->revision);
  message.set_work_order_code(stored.work_order_code);
  message.set_state(static_cast<v1::UnitState>(unit.status));
  const std::vector<int32_t> passed = PassedOperations(plant, unit);
  message.mutable_passed_operations()->Assign(passed.begin(), passed.end());
  message.set_running_operation(unit.running_operation);
  message.set_running_station(StationCode(plant, unit.running_station));
  message.set_next_operation(NextOperation(plant, unit));
  message.set_failed_operation(unit.failed_operation);
  message.set_grade(unit.grade);
  message.set_parent_code(stored.parent_code);
  message.set_parent_line(unit.parent_line);
  message.set_parent_slot(unit.parent_slot);
  message.set_carrier_code(stored.carrier_code);
  message.set_carrier_slot(unit.carrier_slot);
  message.set_holds(unit.hold_count);
  *message.mutable_create_time() = ToProto(unit.create_time);
  if (unit.finish_time) *message.mutable_finish_time() = ToProto(*unit.finish_time);
  message.set_supplier(stored.supplier);
  message.set_use_count(unit.use_count);
  return message;
}

// Orders, places on the floor and suppliers are the plant's own business; what is around is told only where it is seen too.
void HidePlantsBusiness(Call& call, v1::Unit& unit) {
  unit.clear_work_order_code();
  unit.clear_carrier_code();
  unit.clear_carrier_slot();
  unit.clear_running_station();
  unit.clear_supplier();
  if (unit.parent_code().empty()) {
    unit.clear_parent_line();
    unit.clear_parent_slot();
    return;
  }
  std::vector<db::FoundCode> parent = db::FindCodes(call.transaction, {unit.parent_code()});
  HideFromPartner(call, parent);
  if (parent[0].unit_id != 0) return;
  unit.clear_parent_code();
  unit.clear_parent_line();
  unit.clear_parent_slot();
}

// The values of an event by the characteristics of the revision that the unit was made to then.
void AddValues(const domain::ProductRevision& revision, const db::UnitEventRow& event, v1::UnitEvent& message) {
  const int16_t index = revision.OperationIndex(event.operation);
  if (index < 0) return;
  for (const domain::Characteristic& characteristic : revision.operations[static_cast<size_t>(index)].characteristics) {
    const size_t first = static_cast<size_t>(characteristic.first_value);
    if (first >= event.measured.size() || !event.measured[first]) continue;
    v1::MeasuredValues& values = *message.add_values();
    values.set_characteristic_code(characteristic.code);
    const size_t last = std::min(first + static_cast<size_t>(characteristic.replicates), event.measured.size());
    for (size_t i = first; i < last; ++i) values.add_values(event.measured[i].value_or(0));
  }
}

v1::UnitEvent ToProto(const db::UnitEventRow& event, const domain::Plant& plant) {
  v1::UnitEvent message;
  message.set_station_code(StationCode(plant, event.station_id));
  message.set_epoch(event.epoch);
  message.set_sequence(event.sequence);
  *message.mutable_occur_time() = ToProto(event.occur_time);
  *message.mutable_record_time() = ToProto(event.record_time);
  message.set_kind(std::string(domain::NameOf(event.kind)));
  message.set_operation(event.operation);
  message.set_operator_id(event.operator_id);
  message.set_judgement(static_cast<v1::Judgement>(event.judgement));
  message.set_station_judgement(static_cast<v1::Judgement>(event.station_judgement));
  message.set_failure_code(event.failure_code);
  if (const domain::ProductRevision* revision = RevisionOf(plant, event.revision_id)) AddValues(*revision, event, message);
  message.set_superseded(event.superseded);
  message.set_reversed((event.flags & domain::kFlagReversed) != 0);
  message.set_details(event.details);
  if (event.purpose != domain::RunPurpose::kNone) message.set_purpose(std::string(domain::NameOf(event.purpose)));
  return message;
}

// A key of the history as a page token carries it: its five numbers, by blanks.
std::string KeyText(const db::UnitEventRow& event) {
  std::string text;
  for (const int64_t part : {domain::ToMicros(event.record_time), domain::ToMicros(event.occur_time), int64_t{event.station_id},
                             int64_t{event.epoch}, event.sequence}) {
    text += (text.empty() ? "" : " ") + std::to_string(part);
  }
  return text;
}

domain::Result<db::UnitEventKey> ParseKey(std::string_view text) {
  if (text.empty()) return db::UnitEventKey{};
  int64_t parts[5] = {};
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  for (int64_t& part : parts) {
    while (at != end && *at == ' ') ++at;
    const auto [next, error] = std::from_chars(at, end, part);
    if (error != std::errc()) {
      return Fail(FieldError(Reason::kPageTokenInvalid, "page_token", "page_token is not one of this call's"));
    }
    at = next;
  }
  return db::UnitEventKey{domain::FromMicros(parts[0]), domain::FromMicros(parts[1]), static_cast<int32_t>(parts[2]),
                          static_cast<int32_t>(parts[3]), parts[4]};
}

domain::Result<std::vector<std::string>> ParseNewCodes(const v1::ReceiveUnitsRequest& request) {
  const int count = request.unit_codes_size();
  if (count == 0) return Fail(FieldError(Reason::kFieldRequired, "unit_codes", "unit_codes is empty"));
  if (count > domain::kMaxUnitsPerReceipt) return Fail(TooMany("unit_codes", count, domain::kMaxUnitsPerReceipt));
  std::vector<std::string> codes;
  std::unordered_set<std::string> seen;
  for (const std::string& code : request.unit_codes()) {
    const std::string field = Indexed("unit_codes", codes.size());
    if (Status checked = domain::CheckCode(code, field); !checked) return Fail(checked.error());
    if (!seen.insert(code).second) {
      return Fail(WithCode(FieldError(Reason::kUnitExists, field, "unit " + code + " stands twice in the request"), code));
    }
    codes.push_back(code);
  }
  return codes;
}

domain::Result<const domain::Material*> ParseSerialMaterial(const Call& call, const std::string& code) {
  const domain::Material* material = call.plant.FindMaterial(code);
  if (material == nullptr) {
    return Fail(WithCode(FieldError(Reason::kMaterialUnknown, "material_code", "material " + code + " is not known"), code));
  }
  if (material->tracking != domain::Tracking::kSerial) {
    return Fail(WithCode(FieldError(Reason::kFieldInvalid, "material_code", "material " + code + " has no serials"), code));
  }
  return material;
}

domain::Result<db::UnitFilter> ParseFilter(Call& call, const v1::ListUnitsRequest& request) {
  db::UnitFilter filter;
  if (!request.work_order_code().empty()) {
    const auto order = db::LoadWorkOrder(call.transaction, request.work_order_code());
    if (!order) {
      return Fail(WithCode(
          FieldError(Reason::kWorkOrderUnknown, "work_order_code", "order " + request.work_order_code() + " is not known"),
          request.work_order_code()));
    }
    filter.work_order_id = order->id;
  }
  if (!request.material_code().empty()) {
    const domain::Material* material = call.plant.FindMaterial(request.material_code());
    if (material == nullptr) {
      return Fail(
          WithCode(FieldError(Reason::kMaterialUnknown, "material_code", "material " + request.material_code() + " is not known"),
                   request.material_code()));
    }
    filter.material_id = material->id;
  }
  if (!v1::UnitState_IsValid(request.state())) {
    return Fail(FieldError(Reason::kEnumUnknown, "state", "state is not one of those known here"));
  }
  if (request.state() != v1::UNIT_STATE_UNSPECIFIED) filter.status = static_cast<domain::UnitStatus>(request.state());
  return filter;
}

}  // namespace

const domain::Material& MaterialOf(const domain::Plant& plant, int32_t material_id) {
  const domain::Material* material = plant.FindMaterial(material_id);
  if (material == nullptr) throw PlantBehind("material " + std::to_string(material_id) + " is not loaded");
  return *material;
}

domain::Error TooMany(std::string_view field, int64_t count, int64_t limit) {
  domain::Error error =
      FieldError(Reason::kLimitExceeded, field,
                 std::string(field) + " holds " + std::to_string(count) + " entries, more than " + std::to_string(limit));
  error.metadata["limit"] = std::to_string(limit);
  return error;
}

std::vector<int32_t> PassedOperations(const domain::Plant& plant, const domain::Unit& unit) {
  std::vector<int32_t> passed;
  const domain::ProductRevision* revision = RevisionOf(plant, unit.revision_id);
  if (revision == nullptr) return passed;
  for (size_t i = 0; i < revision->operations.size(); ++i) {
    if ((unit.passed >> i & 1) != 0) passed.push_back(revision->operations[i].number);
  }
  return passed;
}

int32_t NextOperation(const domain::Plant& plant, const domain::Unit& unit) {
  const domain::ProductRevision* revision = RevisionOf(plant, unit.revision_id);
  if (revision == nullptr || unit.status != domain::UnitStatus::kInProcess) return 0;
  return domain::NextOperation(*revision, unit.passed);
}

domain::Result<std::vector<int64_t>> FindUnitIds(Call& call, const std::vector<std::string>& codes, std::string_view field,
                                                 Reason unknown) {
  std::vector<db::FoundCode> found = db::FindCodes(call.transaction, codes);
  HideFromPartner(call, found);
  std::vector<int64_t> ids;
  for (size_t i = 0; i < codes.size(); ++i) {
    if (found[i].ambiguous) {
      return Fail(WithCode(FieldError(Reason::kUnitAmbiguous, Indexed(field, i),
                                      codes[i] + " was the code of several units: name one by its present code"),
                           codes[i]));
    }
    if (found[i].unit_id == 0) {
      const char* what = unknown == Reason::kLotUnknown ? "lot " : "unit or lot ";
      return Fail(WithCode(FieldError(unknown, Indexed(field, i), what + codes[i] + " is not known"), codes[i]));
    }
    ids.push_back(found[i].unit_id);
  }
  return ids;
}

domain::Result<int64_t> FindUnitId(Call& call, const std::string& code, std::string_view field, Reason unknown) {
  if (Status checked = domain::CheckText(code, domain::kMaxCodeLength, true, field); !checked) return Fail(checked.error());
  domain::Result<std::vector<int64_t>> ids = FindUnitIds(call, {code}, field, unknown);
  if (ids) return ids->front();
  ids.error().metadata["field"] = field;
  return Fail(std::move(ids.error()));
}

domain::Result<domain::Time> PastTimeFromProto(const Call& call, bool present, const google::protobuf::Timestamp& time,
                                               std::string_view field) {
  if (!present) return call.now;
  const domain::Result<domain::Time> parsed = TimeFromProto(time, field);
  if (!parsed || *parsed <= call.now + std::chrono::seconds(domain::kMaxAheadSeconds)) return parsed;
  domain::Error error =
      FieldError(Reason::kTimeInFuture, field, std::string(field) + " is over 5 minutes ahead of the server's clock");
  error.metadata["server_time"] = domain::FormatTime(call.now);
  return Fail(std::move(error));
}

Status ReceiveUnits(Call& call, const v1::ReceiveUnitsRequest& request, v1::ReceiveUnitsResponse& response) {
  const auto material = ParseSerialMaterial(call, request.material_code());
  if (!material) return Fail(material.error());
  const auto codes = ParseNewCodes(request);
  if (!codes) return Fail(codes.error());
  if (Status checked = domain::CheckText(request.supplier(), domain::kMaxSupplierLength, false, "supplier"); !checked) {
    return checked;
  }
  if (Status checked = domain::CheckText(request.passport_reference(), domain::kMaxPassportLength, false, "passport_reference");
      !checked)
    return checked;

  db::ShareHoldLock(call.transaction);
  const std::vector<int64_t> ids = db::TakeUnitIds(call.transaction, codes->size());
  std::vector<domain::Unit> units(codes->size());
  for (size_t i = 0; i < units.size(); ++i) {
    domain::Unit& unit = units[i];
    unit.id = ids[i];
    unit.code = codes->at(i);
    unit.material_id = (*material)->id;
    unit.status = domain::UnitStatus::kFinished;
    // A product that is made here too needs its supplier's proof.
    unit.source_proven = !(*material)->made || (!request.passport_reference().empty() && request.goods_in_test_passed());
    unit.create_time = call.now;
    unit.finish_time = call.now;
  }
  if (const std::optional<std::string> taken = db::InsertUnits(call.transaction, units)) {
    const size_t index = static_cast<size_t>(std::find(codes->begin(), codes->end(), *taken) - codes->begin());
    return Fail(WithCode(
        FieldError(Reason::kUnitExists, Indexed("unit_codes", index), "unit or lot " + *taken + " exists already"), *taken));
  }
  const db::Purchase purchase{request.supplier(), "", request.passport_reference(), request.goods_in_test_passed()};
  db::InsertPurchases(call.transaction, ids, purchase, call.now);
  db::CatchReceived(call.transaction, ids, (*material)->id, purchase, call.now);
  const domain::OutputKey key{(*material)->id, domain::PlantDayOf(call.now, domain::ChinaStandardTime()), 0};
  domain::OutputCounts received;
  received.received_micro = static_cast<int64_t>(ids.size()) * domain::kMicro;
  db::StoreOutputs(call.transaction, {{key, received}});
  response.set_received(static_cast<int32_t>(ids.size()));
  return {};
}

Status GetUnit(Call& call, const v1::GetUnitRequest& request, v1::GetUnitResponse& response) {
  const auto id = FindUnitId(call, request.unit_code(), "unit_code");
  if (!id) return Fail(id.error());
  v1::Unit& unit = *response.mutable_unit();
  unit = ToProto(db::LoadUnits(call.transaction, {*id}).at(0), call.plant);
  if (!call.caller.partner.empty()) HidePlantsBusiness(call, unit);
  return {};
}

Status ListUnits(Call& call, const v1::ListUnitsRequest& request, v1::ListUnitsResponse& response) {
  const uint64_t digest = FilterDigest({request.work_order_code(), request.material_code(), std::to_string(request.state())});
  const domain::Result<std::string> after_code = ParsePageToken(request.page_token(), digest);
  if (!after_code) return Fail(after_code.error());
  domain::Result<db::UnitFilter> filter = ParseFilter(call, request);
  if (!filter) return Fail(filter.error());
  filter->after_code = *after_code;

  const int page_size = PageSize(request.page_size());
  std::vector<db::StoredUnit> units = db::ListUnits(call.transaction, *filter, page_size + 1);
  if (static_cast<int>(units.size()) > page_size) {
    units.pop_back();
    response.set_next_page_token(PageToken(units.back().unit.code, digest));
  }
  for (const db::StoredUnit& unit : units) *response.add_units() = ToProto(unit, call.plant);
  return {};
}

Status ListUnitEvents(Call& call, const v1::ListUnitEventsRequest& request, v1::ListUnitEventsResponse& response) {
  const auto id = FindUnitId(call, request.unit_code(), "unit_code");
  if (!id) return Fail(id.error());
  const uint64_t digest = FilterDigest({std::to_string(*id)});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  const domain::Result<db::UnitEventKey> after = ParseKey(*token);
  if (!after) return Fail(after.error());

  const int page_size = PageSize(request.page_size());
  std::vector<db::UnitEventRow> events = db::ListUnitEvents(call.transaction, *id, *after, page_size + 1);
  if (static_cast<int>(events.size()) > page_size) {
    events.pop_back();
    response.set_next_page_token(PageToken(KeyText(events.back()), digest));
  }
  for (const db::UnitEventRow& event : events) *response.add_events() = ToProto(event, call.plant);
  return {};
}

namespace {

class UnitService final : public v1::UnitService::CallbackService {
 public:
  explicit UnitService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* ReceiveUnits(grpc::CallbackServerContext* context, const v1::ReceiveUnitsRequest* request,
                                         v1::ReceiveUnitsResponse* response) override {
    return Mutate(env_, context, request, response, services::ReceiveUnits);
  }
  grpc::ServerUnaryReactor* GetUnit(grpc::CallbackServerContext* context, const v1::GetUnitRequest* request,
                                    v1::GetUnitResponse* response) override {
    return Read(env_, context, request, response, services::GetUnit);
  }
  grpc::ServerUnaryReactor* ListUnits(grpc::CallbackServerContext* context, const v1::ListUnitsRequest* request,
                                      v1::ListUnitsResponse* response) override {
    return Read(env_, context, request, response, services::ListUnits);
  }
  grpc::ServerUnaryReactor* ListUnitEvents(grpc::CallbackServerContext* context, const v1::ListUnitEventsRequest* request,
                                           v1::ListUnitEventsResponse* response) override {
    return Read(env_, context, request, response, services::ListUnitEvents);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeUnitService(Env& env) { return std::make_unique<UnitService>(env); }

}  // namespace mes::services
