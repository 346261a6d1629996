#include "services/recycling.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <unordered_map>

#include "db/hold.h"
#include "db/hold_world.h"
#include "db/lot.h"
#include "db/recycling.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "domain/limits_recycling.h"
#include "mes/v1/recycling.grpc.pb.h"
#include "services/contents.h"
#include "services/convert.h"
#include "services/duty.h"
#include "services/life.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::LifeEvent;
using domain::LifeState;
using domain::Reason;
using domain::RecyclingAct;
using domain::RecyclingBatch;
using domain::Status;
using services::ToProto;

v1::RecyclingBatch ToProto(const RecyclingBatch& batch) {
  v1::RecyclingBatch message;
  message.set_recycling_batch_id(batch.id);
  message.set_partner(batch.partner);
  message.set_place(batch.place);
  message.set_state(static_cast<v1::RecyclingState>(batch.state));
  message.set_person(batch.person);
  *message.mutable_open_time() = ToProto(batch.open_time);
  if (batch.close_time) *message.mutable_close_time() = ToProto(*batch.close_time);
  message.set_closed_by(batch.closed_by);
  message.set_evidence(batch.evidence);
  message.set_units(batch.units);
  message.set_dismantled(batch.dismantled);
  message.set_lots(batch.lots);
  return message;
}

// The batch as it is after what the call did to it.
void Answer(Call& call, int64_t id, v1::RecyclingBatch& message) {
  message = ToProto(*db::LoadRecyclingBatch(call.transaction, id));
}

Status CheckPerson(const std::string& person) { return domain::CheckText(person, domain::kMaxPersonLength, true, "person"); }

std::string Indexed(const std::string& field, size_t index) { return field + "[" + std::to_string(index) + "]"; }

// What a call names: units by any code, none twice, locked with their lives.
struct NamedUnits {
  std::vector<std::string> codes;
  std::vector<int64_t> ids;
};
template <typename Request>
domain::Result<NamedUnits> ParseUnits(Call& call, const Request& request) {
  if (request.unit_codes().empty()) return Fail(FieldError(Reason::kFieldRequired, "unit_codes", "unit_codes is empty"));
  if (request.unit_codes_size() > domain::kMaxUnitsPerRecyclingCall) {
    return Fail(TooMany("unit_codes", request.unit_codes_size(), domain::kMaxUnitsPerRecyclingCall));
  }
  NamedUnits units;
  units.codes.assign(request.unit_codes().begin(), request.unit_codes().end());
  const auto ids = FindUnitIds(call, units.codes, "unit_codes");
  if (!ids) return Fail(ids.error());
  units.ids = *ids;
  std::set<int64_t> seen;
  for (size_t i = 0; i < units.ids.size(); ++i) {
    if (seen.insert(units.ids[i]).second) continue;
    return Fail(FieldError(Reason::kFieldInvalid, Indexed("unit_codes", i), units.codes[i] + " stands twice in the request"));
  }
  return units;
}

template <typename Request>
domain::Result<domain::Time> ParseOccurTime(const Call& call, const Request& request) {
  return PastTimeFromProto(call, request.has_occur_time(), request.occur_time(), "occur_time").map([&](domain::Time time) {
    return std::min(time, call.now);
  });
}

domain::Result<int32_t> ParseObservations(const v1::ReceiveForRecyclingRequest& request) {
  int32_t bits = 0;
  for (int i = 0; i < request.observations_size(); ++i) {
    const int observation = request.observations(i);
    if (observation == v1::OBSERVATION_UNSPECIFIED || !v1::Observation_IsValid(observation)) {
      return Fail(
          FieldError(Reason::kEnumUnknown, Indexed("observations", static_cast<size_t>(i)), "the observation is not known"));
    }
    bits |= 1 << observation;
  }
  return bits;
}

// The batch, locked, if it lets that happen.
domain::Result<RecyclingBatch> LockFor(Call& call, int64_t id, RecyclingAct act) {
  domain::Result<RecyclingBatch> batch = FindRecyclingBatch(call, id, true);
  if (!batch) return batch;
  if (Status allowed = domain::CheckAct(*batch, act); !allowed) return Fail(allowed.error());
  return batch;
}

domain::LifeRecord RecordOf(const Call& call, LifeEvent event, domain::Time time, const RecyclingBatch& batch,
                            const std::string& person) {
  domain::LifeRecord record;
  record.event = event;
  record.occur_time = time;
  record.record_time = call.now;
  record.person = person;
  record.party = batch.partner;
  record.place = batch.place;
  return record;
}

// A thing goes into one batch, once ever.
Status CheckFree(Call& call, const NamedUnits& units) {
  for (const db::RecyclingUnit& taken : db::FindRecyclingUnits(call.transaction, units.ids)) {
    const size_t index = static_cast<size_t>(std::find(units.ids.begin(), units.ids.end(), taken.unit_id) - units.ids.begin());
    // To a partner, another one's batch has no number.
    const bool shown = call.caller.partner.empty() || call.caller.partner == taken.partner;
    domain::Error error = FieldError(Reason::kRecyclingBatchState, Indexed("unit_codes", index),
                                     units.codes[index] + " was received already" +
                                         (shown ? ", in recycling batch " + std::to_string(taken.batch_id) : std::string()));
    error.metadata["unit_code"] = taken.code;
    return Fail(std::move(error));
  }
  return {};
}

// What is still in use becomes waste with the receipt.
domain::Result<std::vector<LifeStep>> ReceiptSteps(const LockedLives& locked, const NamedUnits& units,
                                                   const domain::LifeRecord& record) {
  std::vector<LifeStep> steps;
  for (size_t i = 0; i < units.ids.size(); ++i) {
    LifeStep& step = steps.emplace_back();
    step.unit_id = units.ids[i];
    step.field = Indexed("unit_codes", i);
    step.raises_duties = false;
    const domain::Result<domain::Life> life = LifeIn(locked, units.ids[i]);
    if (!life) {
      domain::Error error = life.error();
      error.metadata["field"] = step.field;
      return Fail(std::move(error));
    }
    if (life->state != LifeState::kWaste && life->state != LifeState::kDismantled && !life->Ended()) step.record = record;
  }
  return steps;
}

domain::Result<domain::Masses> ParseMasses(const v1::RecoveredLot& lot, const std::string& field, int64_t lot_ug) {
  if (lot.elements().empty()) return Fail(FieldError(Reason::kFieldRequired, field, "a recovered lot says what it contains"));
  domain::Masses masses;
  int64_t sum = 0;
  for (int i = 0; i < lot.elements_size(); ++i) {
    const std::string place = Indexed(field, static_cast<size_t>(i));
    const std::optional<domain::Element> element = domain::ParseElement(lot.elements(i).element());
    if (!element || masses.contains(*element)) {
      return Fail(FieldError(Reason::kFieldInvalid, place + ".element",
                             "`" + lot.elements(i).element().substr(0, domain::kMaxCodeLength) + "` " +
                                 (element ? "stands twice in the lot" : "is no element that is told apart")));
    }
    const domain::Result<int64_t> mass = KilogramsFromProto(lot.elements(i).mass(), place + ".mass");
    if (!mass) return Fail(mass.error());
    masses[*element] = *mass;
    sum += *mass;
    if (sum > lot_ug) return Fail(FieldError(Reason::kFieldInvalid, place + ".mass", "the elements are heavier than the lot"));
  }
  return masses;
}

struct ReportedLots {
  std::vector<domain::LotItem> items;
  std::vector<db::RecoveredLot> recovered;
  domain::Masses masses;
};

domain::Result<ReportedLots> ParseLots(const Call& call, const v1::ReportRecoveredRequest& request, domain::Time time) {
  if (request.lots().empty()) return Fail(FieldError(Reason::kFieldRequired, "lots", "lots is empty"));
  if (request.lots_size() > domain::kMaxLotsPerReport)
    return Fail(TooMany("lots", request.lots_size(), domain::kMaxLotsPerReport));
  ReportedLots lots;
  std::set<std::string> codes;
  for (int i = 0; i < request.lots_size(); ++i) {
    const v1::RecoveredLot& lot = request.lots(i);
    const std::string field = Indexed("lots", static_cast<size_t>(i));
    if (Status checked = domain::CheckCode(lot.lot_code(), field + ".lot_code"); !checked) return Fail(checked.error());
    if (!codes.insert(lot.lot_code()).second) {
      return Fail(FieldError(Reason::kLotExists, field + ".lot_code", "lot " + lot.lot_code() + " stands twice in the request"));
    }
    const domain::Material* material = call.plant.FindMaterial(lot.material_code());
    if (material == nullptr) {
      return Fail(FieldError(Reason::kMaterialUnknown, field + ".material_code",
                             "material " + lot.material_code().substr(0, domain::kMaxCodeLength) + " is not known"));
    }
    if (material->tracking != domain::Tracking::kLot || material->uom != "kg") {
      return Fail(FieldError(Reason::kFieldInvalid, field + ".material_code", material->code + " is not kept in lots of kg"));
    }
    const domain::Result<int64_t> mass = KilogramsFromProto(lot.quantity(), field + ".quantity");
    if (!mass) return Fail(mass.error());
    const domain::Result<domain::Masses> masses = ParseMasses(lot, field + ".elements", *mass);
    if (!masses) return Fail(masses.error());

    domain::LotItem& item = lots.items.emplace_back();
    item.unit.code = lot.lot_code();
    item.unit.material_id = material->id;
    item.unit.tracking = domain::Tracking::kLot;
    item.unit.status = domain::UnitStatus::kFinished;
    item.unit.create_time = call.now;
    item.unit.finish_time = call.now;
    item.lot.quantity_micro = item.lot.left_micro = *mass / 1'000;
    item.lot.expire_time = domain::ShelfLifeEnd(*material, time);
    item.manufacture_time = time;
    lots.recovered.push_back({0, lot.lot_code(), material->id, item.lot.quantity_micro, *masses});
    for (const auto& [element, micrograms] : *masses) lots.masses[element] += micrograms;
  }
  return lots;
}

// New lots of goods-in, from the partner: holds that stand catch them as any other's.
Status StoreLots(Call& call, const RecyclingBatch& batch, ReportedLots& lots) {
  if (const std::optional<std::string> taken = db::InsertLots(call.transaction, lots.items)) {
    const auto at =
        std::find_if(lots.items.begin(), lots.items.end(), [&](const domain::LotItem& lot) { return lot.unit.code == *taken; });
    return Fail(FieldError(Reason::kLotExists, Indexed("lots", static_cast<size_t>(at - lots.items.begin())) + ".lot_code",
                           "lot " + *taken + " exists already"));
  }
  const db::Purchase purchase{batch.partner, "recycling batch " + std::to_string(batch.id), "", false};
  std::vector<int64_t> ids;
  std::unordered_map<int32_t, std::vector<int64_t>> by_material;
  for (size_t i = 0; i < lots.items.size(); ++i) {
    const domain::Unit& unit = lots.items[i].unit;
    lots.recovered[i].unit_id = unit.id;
    ids.push_back(unit.id);
    by_material[unit.material_id].push_back(unit.id);
  }
  db::InsertPurchases(call.transaction, ids, purchase, call.now);
  // A handful of materials at most: a call has 50 lots.
  for (const auto& [material_id, of] : by_material) db::CatchReceived(call.transaction, of, material_id, purchase, call.now);
  return {};
}

}  // namespace

domain::Result<RecyclingBatch> FindRecyclingBatch(Call& call, int64_t id, bool lock) {
  const std::optional<RecyclingBatch> batch =
      lock ? db::LockRecyclingBatch(call.transaction, id) : db::LoadRecyclingBatch(call.transaction, id);
  if (batch && (call.caller.partner.empty() || call.caller.partner == batch->partner)) return *batch;
  return Fail(
      FieldError(Reason::kRecyclingBatchUnknown, "recycling_batch_id", "there is no recycling batch " + std::to_string(id)));
}

Status OpenRecyclingBatch(Call& call, const v1::OpenRecyclingBatchRequest& request, v1::OpenRecyclingBatchResponse& response) {
  RecyclingBatch batch;
  batch.partner = request.partner().empty() ? call.caller.partner : request.partner();
  if (Status checked = domain::CheckText(batch.partner, domain::kMaxSupplierLength, true, "partner"); !checked) return checked;
  if (!call.caller.partner.empty() && batch.partner != call.caller.partner) {
    return Fail(FieldError(Reason::kFieldInvalid, "partner", "a partner opens batches of its own only"));
  }
  if (Status checked = domain::CheckText(request.place(), domain::kMaxPlaceLength, true, "place"); !checked) return checked;
  if (Status checked = CheckPerson(request.person()); !checked) return checked;
  batch.place = request.place();
  batch.person = request.person();
  batch.open_time = call.now;
  db::InsertRecyclingBatch(call.transaction, batch);
  Answer(call, batch.id, *response.mutable_batch());
  return {};
}

Status ReceiveForRecycling(Call& call, const v1::ReceiveForRecyclingRequest& request, v1::ReceiveForRecyclingResponse& response) {
  if (Status checked = CheckPerson(request.person()); !checked) return checked;
  const auto time = ParseOccurTime(call, request);
  if (!time) return Fail(time.error());
  const auto observations = ParseObservations(request);
  if (!observations) return Fail(observations.error());
  const auto batch = LockFor(call, request.recycling_batch_id(), RecyclingAct::kReceive);
  if (!batch) return Fail(batch.error());
  const auto units = ParseUnits(call, request);
  if (!units) return Fail(units.error());
  const int64_t together = batch->units + static_cast<int64_t>(units->ids.size());
  if (together > domain::kMaxUnitsPerRecyclingBatch)
    return Fail(TooMany("unit_codes", together, domain::kMaxUnitsPerRecyclingBatch));

  LockedLives locked = LockLives(call, units->codes);
  const auto steps = ReceiptSteps(locked, *units, RecordOf(call, LifeEvent::kDeclareWaste, *time, *batch, request.person()));
  if (!steps) return Fail(steps.error());
  // First what says more: that a life ended, or where the unit is built in.
  std::vector<LifeStep> looks = *steps;
  for (LifeStep& look : looks) look.record.reset();
  if (Status alone = RecordLives(call, locked, looks); !alone) return alone;
  if (Status free = CheckFree(call, *units); !free) return free;
  const auto contents = LoadContents(call, units->ids, "unit_codes");
  if (!contents) return Fail(contents.error());
  domain::Contents sum;
  std::vector<db::RecyclingUnit> received;
  std::vector<DutyEvent> events;
  std::vector<int64_t> dismantled;
  for (const int64_t id : units->ids) {
    const domain::Unit& unit = locked.world.units.at(id).unit;
    const domain::Life before = *LifeIn(locked, id);
    const domain::Contents& inside = contents->at(id);
    sum.Add(inside);
    const bool battery = IsBatteryUnit(call.plant, unit) || domain::ChemistryOf(inside.elements) != domain::Chemistry::kOther;
    received.push_back({id, batch->id, unit.code, unit.material_id, *time, std::nullopt, *observations, inside, battery, ""});
    if (before.state == LifeState::kDismantled) dismantled.push_back(id);
    events.push_back({unit, before, std::nullopt, batch->partner, *time});
  }
  if (Status recorded = RecordLives(call, locked, *steps); !recorded) return recorded;
  db::InsertRecyclingUnits(call.transaction, received, call.now);
  if (!dismantled.empty()) db::UpdateDismantled(call.transaction, dismantled, *time);
  RaiseDuties(call, events);
  Answer(call, batch->id, *response.mutable_batch());
  *response.mutable_contents() = ToProto(sum);
  return {};
}

Status RecordDismantled(Call& call, const v1::RecordDismantledRequest& request, v1::RecordDismantledResponse& response) {
  if (Status checked = CheckPerson(request.person()); !checked) return checked;
  const auto time = ParseOccurTime(call, request);
  if (!time) return Fail(time.error());
  const auto batch = LockFor(call, request.recycling_batch_id(), RecyclingAct::kDismantle);
  if (!batch) return Fail(batch.error());
  const auto units = ParseUnits(call, request);
  if (!units) return Fail(units.error());
  std::unordered_map<int64_t, db::RecyclingUnit> there;
  for (db::RecyclingUnit& unit : db::FindRecyclingUnits(call.transaction, units->ids)) there[unit.unit_id] = std::move(unit);
  LockedLives locked = LockLives(call, units->codes);
  std::vector<LifeStep> steps;
  for (size_t i = 0; i < units->ids.size(); ++i) {
    const std::string field = Indexed("unit_codes", i);
    const auto unit = there.find(units->ids[i]);
    if (unit == there.end() || unit->second.batch_id != batch->id) {
      return Fail(FieldError(Reason::kRecyclingBatchState, field,
                             units->codes[i] + " is not in recycling batch " + std::to_string(batch->id)));
    }
    if (unit->second.dismantle_time) {
      return Fail(FieldError(Reason::kRecyclingBatchState, field, units->codes[i] + " was taken apart already"));
    }
    steps.push_back({units->ids[i], RecordOf(call, LifeEvent::kDismantle, *time, *batch, request.person()), field, true});
  }
  if (Status recorded = RecordLives(call, locked, steps); !recorded) return recorded;
  db::UpdateDismantled(call.transaction, units->ids, *time);
  Answer(call, batch->id, *response.mutable_batch());
  return {};
}

Status ReportRecovered(Call& call, const v1::ReportRecoveredRequest& request, v1::ReportRecoveredResponse& response) {
  if (Status checked = CheckPerson(request.person()); !checked) return checked;
  if (Status checked = domain::CheckText(request.evidence(), domain::kMaxUriLength, false, "evidence"); !checked) return checked;
  const auto time = ParseOccurTime(call, request);
  if (!time) return Fail(time.error());
  db::ShareHoldLock(call.transaction);
  const auto batch = LockFor(call, request.recycling_batch_id(), RecyclingAct::kReport);
  if (!batch) return Fail(batch.error());
  auto lots = ParseLots(call, request, *time);
  if (!lots) return Fail(lots.error());
  const int64_t together = batch->lots + static_cast<int64_t>(lots->items.size());
  if (together > domain::kMaxLotsPerRecyclingBatch) return Fail(TooMany("lots", together, domain::kMaxLotsPerRecyclingBatch));

  const db::BalanceSums sums = db::SumBalance(call.transaction, {batch->id, "", std::nullopt, std::nullopt});
  if (Status within = domain::CheckRecovered(sums.contained.All(), sums.recovered, lots->masses); !within) return within;
  if (Status stored = StoreLots(call, *batch, *lots); !stored) return stored;
  db::InsertRecoveredLots(call.transaction, batch->id, lots->recovered, *time, call.now, request.person(), request.evidence());
  Answer(call, batch->id, *response.mutable_batch());
  return {};
}

Status CloseRecyclingBatch(Call& call, const v1::CloseRecyclingBatchRequest& request, v1::CloseRecyclingBatchResponse& response) {
  if (Status checked = CheckPerson(request.person()); !checked) return checked;
  if (Status checked = domain::CheckText(request.evidence(), domain::kMaxUriLength, true, "evidence"); !checked) return checked;
  const auto time = ParseOccurTime(call, request);
  if (!time) return Fail(time.error());
  auto batch = LockFor(call, request.recycling_batch_id(), RecyclingAct::kClose);
  if (!batch) return Fail(batch.error());
  const std::vector<db::RecyclingUnit> units =
      db::ListRecyclingUnits(call.transaction, batch->id, 0, static_cast<int>(domain::kMaxUnitsPerRecyclingBatch));
  std::vector<std::string> codes;
  for (const db::RecyclingUnit& unit : units) codes.push_back(unit.code);
  LockedLives locked = LockLives(call, codes);
  domain::LifeRecord record = RecordOf(call, LifeEvent::kRecycle, *time, *batch, request.person());
  record.evidence = request.evidence();
  std::vector<LifeStep> steps;
  for (const db::RecyclingUnit& unit : units) steps.push_back({unit.unit_id, record, "recycling_batch_id", true});
  if (Status recorded = RecordLives(call, locked, steps); !recorded) return recorded;
  batch->close_time = *time;
  batch->closed_by = request.person();
  batch->evidence = request.evidence();
  db::UpdateClosedBatch(call.transaction, *batch);
  Answer(call, batch->id, *response.mutable_batch());
  return {};
}

Status GetRecyclingBatch(Call& call, const v1::GetRecyclingBatchRequest& request, v1::GetRecyclingBatchResponse& response) {
  const auto batch = FindRecyclingBatch(call, request.recycling_batch_id(), false);
  if (!batch) return Fail(batch.error());
  const uint64_t digest = FilterDigest({"recycling batch", std::to_string(batch->id)});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  int64_t after = 0;
  std::from_chars(token->data(), token->data() + token->size(), after);
  const int page_size = PageSize(request.page_size());
  std::vector<db::RecyclingUnit> units = db::ListRecyclingUnits(call.transaction, batch->id, after, page_size + 1);
  if (static_cast<int>(units.size()) > page_size) {
    units.pop_back();
    response.set_next_page_token(PageToken(std::to_string(units.back().unit_id), digest));
  }
  *response.mutable_batch() = ToProto(*batch);
  for (const db::RecyclingUnit& unit : units) {
    v1::RecyclingUnit& message = *response.add_units();
    message.set_unit_code(unit.code);
    message.set_product_code(MaterialOf(call.plant, unit.material_id).code);
    *message.mutable_receive_time() = ToProto(unit.receive_time);
    if (unit.dismantle_time) *message.mutable_dismantle_time() = ToProto(*unit.dismantle_time);
    for (int bit = v1::OBSERVATION_CRASHED; bit <= v1::Observation_MAX; ++bit) {
      if (unit.observations & (1 << bit)) message.add_observations(static_cast<v1::Observation>(bit));
    }
    *message.mutable_contents() = ToProto(unit.contents);
  }
  for (const db::RecoveredLot& lot :
       db::ListRecoveredLots(call.transaction, batch->id, static_cast<int>(domain::kMaxLotsPerRecyclingBatch))) {
    v1::RecoveredLot& message = *response.add_lots();
    message.set_lot_code(lot.code);
    message.set_material_code(MaterialOf(call.plant, lot.material_id).code);
    *message.mutable_quantity() = QuantityToProto(lot.quantity_micro, "kg");
    MassesToProto(lot.masses, *message.mutable_elements());
  }
  return {};
}

Status ListRecyclingBatches(Call& call, const v1::ListRecyclingBatchesRequest& request,
                            v1::ListRecyclingBatchesResponse& response) {
  const std::string partner = call.caller.partner.empty() ? request.partner() : call.caller.partner;
  const uint64_t digest = FilterDigest({"recycling batches", partner});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  int64_t before = 0;
  std::from_chars(token->data(), token->data() + token->size(), before);
  const int page_size = PageSize(request.page_size());
  std::vector<RecyclingBatch> batches = db::ListRecyclingBatches(call.transaction, partner, before, page_size + 1);
  if (static_cast<int>(batches.size()) > page_size) {
    batches.pop_back();
    response.set_next_page_token(PageToken(std::to_string(batches.back().id), digest));
  }
  for (const RecyclingBatch& batch : batches) *response.add_batches() = ToProto(batch);
  return {};
}

namespace {

class RecyclingService final : public v1::RecyclingService::CallbackService {
 public:
  explicit RecyclingService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* OpenRecyclingBatch(grpc::CallbackServerContext* context, const v1::OpenRecyclingBatchRequest* request,
                                               v1::OpenRecyclingBatchResponse* response) override {
    return Mutate(env_, context, request, response, services::OpenRecyclingBatch);
  }
  grpc::ServerUnaryReactor* ReceiveForRecycling(grpc::CallbackServerContext* context,
                                                const v1::ReceiveForRecyclingRequest* request,
                                                v1::ReceiveForRecyclingResponse* response) override {
    return Mutate(env_, context, request, response, services::ReceiveForRecycling);
  }
  grpc::ServerUnaryReactor* RecordDismantled(grpc::CallbackServerContext* context, const v1::RecordDismantledRequest* request,
                                             v1::RecordDismantledResponse* response) override {
    return Mutate(env_, context, request, response, services::RecordDismantled);
  }
  grpc::ServerUnaryReactor* ReportRecovered(grpc::CallbackServerContext* context, const v1::ReportRecoveredRequest* request,
                                            v1::ReportRecoveredResponse* response) override {
    return Mutate(env_, context, request, response, services::ReportRecovered);
  }
  grpc::ServerUnaryReactor* CloseRecyclingBatch(grpc::CallbackServerContext* context,
                                                const v1::CloseRecyclingBatchRequest* request,
                                                v1::CloseRecyclingBatchResponse* response) override {
    return Mutate(env_, context, request, response, services::CloseRecyclingBatch);
  }
  grpc::ServerUnaryReactor* GetRecyclingBatch(grpc::CallbackServerContext* context, const v1::GetRecyclingBatchRequest* request,
                                              v1::GetRecyclingBatchResponse* response) override {
    return Read(env_, context, request, response, services::GetRecyclingBatch);
  }
  grpc::ServerUnaryReactor* ListRecyclingBatches(grpc::CallbackServerContext* context,
                                                 const v1::ListRecyclingBatchesRequest* request,
                                                 v1::ListRecyclingBatchesResponse* response) override {
    return Read(env_, context, request, response, services::ListRecyclingBatches);
  }
  grpc::ServerUnaryReactor* GetMassBalance(grpc::CallbackServerContext* context, const v1::GetMassBalanceRequest* request,
                                           v1::GetMassBalanceResponse* response) override {
    return Read(env_, context, request, response, services::GetMassBalance);
  }
  grpc::ServerUnaryReactor* ListTargets(grpc::CallbackServerContext* context, const v1::ListTargetsRequest* request,
                                        v1::ListTargetsResponse* response) override {
    return Read(env_, context, request, response, services::ListTargets);
  }
  grpc::ServerUnaryReactor* GetRecycledContent(grpc::CallbackServerContext* context, const v1::GetRecycledContentRequest* request,
                                               v1::GetRecycledContentResponse* response) override {
    return Read(env_, context, request, response, services::GetRecycledContent);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeRecyclingService(Env& env) { return std::make_unique<RecyclingService>(env); }

}  // namespace mes::services
