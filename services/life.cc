#include "services/life.h"

#include <algorithm>
#include <charconv>

#include "db/issued_code.h"
#include "db/life.h"
#include "db/unit.h"
#include "db/world.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "domain/structure.h"
#include "mes/v1/life.grpc.pb.h"
#include "services/audit_trail.h"
#include "services/code.h"
#include "services/convert.h"
#include "services/grant.h"
#include "services/duty.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::LifeEvent;
using domain::Reason;
using domain::Status;
using services::ToProto;

constexpr LifeEvent kLastReported = LifeEvent::kRecycle;

domain::Error UnitError(Reason reason, const domain::Unit& unit, std::string message) {
  return {reason, std::move(message), {{"field", "unit_code"}, {"unit_code", unit.code}}};
}

domain::Result<domain::LifeRecord> ParseRecord(const Call& call, const v1::RecordLifeEventRequest& request) {
  domain::LifeRecord record;
  if (request.event() < v1::LIFE_EVENT_SELL || request.event() > static_cast<int>(kLastReported)) {
    return Fail(FieldError(Reason::kEnumUnknown, "event", "event is not one that is reported"));
  }
  record.event = static_cast<LifeEvent>(request.event());
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person"); !checked)
    return Fail(checked.error());
  if (Status checked = domain::CheckText(request.party(), domain::kMaxSupplierLength, false, "party"); !checked)
    return Fail(checked.error());
  if (Status checked = domain::CheckText(request.place(), domain::kMaxPlaceLength, false, "place"); !checked)
    return Fail(checked.error());
  if (Status checked = domain::CheckText(request.evidence(), domain::kMaxUriLength, false, "evidence"); !checked)
    return Fail(checked.error());
  if (!request.new_code().empty() && record.event != LifeEvent::kStartSecondLife) {
    return Fail(FieldError(Reason::kFieldInvalid, "new_code", "only a second life takes a new code"));
  }
  const auto time = PastTimeFromProto(call, request.has_occur_time(), request.occur_time(), "occur_time");
  if (!time) return Fail(time.error());
  record.occur_time = std::min(*time, call.now);
  record.record_time = call.now;
  record.person = request.person();
  record.party = request.party();
  record.place = request.place();
  record.evidence = request.evidence();
  return record;
}

// What is built in lives with what is around it.
Status JudgePlace(const domain::World& world, const domain::Unit& unit, const std::unordered_map<int64_t, domain::Life>& lives,
                  LifeEvent event) {
  const domain::UnitEntry* around = unit.parent_id == 0 ? nullptr : world.FindUnit(unit.parent_id);
  if (around == nullptr) return {};
  if (!domain::HappensInside(event)) {
    for (const domain::UnitEntry* item = around; item != nullptr;
         item = item->unit.parent_id == 0 ? nullptr : world.FindUnit(item->unit.parent_id)) {
      const auto life = lives.find(item->unit.id);
      if (life == lives.end() || life->second.state != domain::LifeState::kRecycled) continue;
      return Fail(UnitError(Reason::kLifeEnded, unit, unit.code + " was recycled with " + item->unit.code));
    }
    return Fail(UnitError(Reason::kUnitState, unit, unit.code + " is built into " + around->unit.code + ": take it out first"));
  }
  return {};
}

// What leaves the plant is free of holds and whole.
Status JudgeLeaving(Call& call, const domain::Unit& unit, LifeEvent event) {
  if (event != LifeEvent::kShip && event != LifeEvent::kStartSecondLife) return {};
  if (unit.hold_count > 0) {
    domain::Error error = UnitError(Reason::kNotBlocked, unit, unit.code + " is on hold: it is not shipped");
    error.metadata["holds"] = std::to_string(unit.hold_count);
    return Fail(std::move(error));
  }
  if (domain::HasStructureGap(call.plant.FindRevision(unit.revision_id), unit)) {
    domain::Error error =
        UnitError(Reason::kGenealogyComplete, unit, "parts are missing in " + unit.code + ": it is not shipped");
    error.metadata["missing_parts"] = std::to_string(domain::MissingParts(call.plant.FindRevision(unit.revision_id), unit));
    return Fail(std::move(error));
  }
  return {};
}

// The code of a second life: the one given, or the next of the series.
domain::Result<std::string> IssueSecondCode(Call& call, const domain::Unit& unit, const domain::LifeRecord& record) {
  const domain::BatteryCodeReading reading = domain::ReadBatteryCode(unit.code);
  std::optional<domain::CodeRule> rule;
  if (reading.Valid()) rule = db::FindRuleOfPrefix(call.transaction, unit.code.substr(0, domain::kBatteryPrefixLength));
  if (!rule) rule = db::FindPrefixRule(call.transaction, unit.material_id);
  if (!rule) {
    return Fail(FieldError(Reason::kCodeRuleUnknown, "new_code", "the product has no coding rule to give out a code: name one"));
  }
  const char level = reading.Valid() ? reading.code.product_type : rule->prefix[3];
  domain::Result<domain::CodeBatch> batch = domain::DraftBatch(*rule, {level, "", domain::CodeDay(record.occur_time), 1});
  if (!batch) return Fail(batch.error());
  batch->person = record.person;
  batch->issue_time = call.now;
  if (Status issued = db::IssueBatch(call.transaction, *batch); !issued) return Fail(issued.error());
  return batch->CodeAt(0);
}

domain::Result<std::string> SecondCode(Call& call, const std::string& asked, const domain::Unit& unit,
                                       const domain::LifeRecord& record) {
  const bool battery = domain::IsBattery(unit, call.plant.FindRevision(unit.revision_id));
  if (asked.empty()) {
    if (battery) return IssueSecondCode(call, unit, record);
    return Fail(FieldError(Reason::kFieldRequired, "new_code", "the second life needs a code of its own"));
  }
  if (Status checked = domain::CheckCode(asked, "new_code"); !checked) return Fail(checked.error());
  if (battery) {
    const auto parsed = domain::ParseBatteryCode(asked, "new_code");
    if (!parsed) return Fail(parsed.error());
    if (!parsed->SecondLife())
      return Fail(FieldError(Reason::kCodeInvalid, "new_code", "new_code is a new product's, not a second life's"));
    if (const auto issued = FindIssuedCode(call, asked); issued && (!issued->issued || issued->voided)) {
      return Fail(
          FieldError(issued->issued ? Reason::kCodeUsed : Reason::kCodeNotIssued, "new_code",
                     issued->issued ? "new_code was voided" : "codes of this prefix are issued here, and this one was not"));
    }
  }
  const db::FoundCode found = db::FindCodes(call.transaction, {asked}).at(0);
  if (found.unit_id == 0 && !found.ambiguous) return asked;
  return Fail(FieldError(Reason::kUnitExists, "new_code", "a unit has this code already, or had it"));
}

// The same thing under its new code: a unit that contains the old one.
Status StartSecondLife(Call& call, const std::string& code, domain::World& world, domain::UnitEntry& old,
                       const domain::LifeRecord& record, bool used, int64_t& new_id) {
  domain::Unit unit;
  unit.id = db::TakeUnitIds(call.transaction, 1).at(0);
  unit.code = code;
  unit.material_id = old.unit.material_id;
  unit.status = domain::UnitStatus::kFinished;
  unit.create_time = call.now;
  unit.finish_time = record.occur_time;
  unit.grade = old.unit.grade;
  unit.use_count = old.unit.use_count;
  if (db::InsertUnits(call.transaction, {unit})) {
    return Fail(FieldError(Reason::kUnitExists, "new_code", "a unit has this code already"));
  }
  old.unit.parent_id = unit.id;
  old.unit.parent_line = 1;
  old.unit.parent_slot = 1;
  world.effects.installs.push_back({unit.id, old.unit.id, 1, 1, record.occur_time, {}, std::nullopt});
  domain::Life life = *domain::BeginLife(unit, true);
  life.used = used;
  life.last_time = record.occur_time;
  db::InsertSecondLife(call.transaction, old.unit.id, unit.id, life, record.occur_time);
  new_id = unit.id;
  return {};
}

v1::Life LifeOf(Call& call, int64_t unit_id) {
  const domain::Unit unit = db::LoadUnits(call.transaction, {unit_id}).at(0).unit;
  const domain::ProductRevision* revision = call.plant.FindRevision(unit.revision_id);
  v1::Life message;
  message.set_unit_code(unit.code);
  message.set_missing_parts(domain::HasStructureGap(revision, unit) ? domain::MissingParts(revision, unit) : 0);
  const auto lives = db::LoadLives(call.transaction, {unit_id});
  const auto found = lives.find(unit_id);
  const domain::Result<domain::Life> life = found != lives.end() ? found->second : domain::BeginLife(unit, false);
  if (!life) return message;  // on its route: no state yet
  message.set_state(static_cast<v1::LifeState>(life->state));
  if (domain::IsBattery(unit, revision)) message.set_battery_status(static_cast<v1::BatteryStatus>(domain::StatusOf(*life)));
  message.set_used(life->used);
  if (life->last_time) *message.mutable_last_time() = ToProto(*life->last_time);
  const db::LifeLinks links = db::LoadLifeLinks(call.transaction, unit_id);
  message.set_first_life_code(SeenCode(call, links.first_life_code));
  message.set_second_life_code(SeenCode(call, links.second_life_code));
  for (const domain::LifeMove& move : domain::kLifeMoves) {
    if (move.from == life->state && move.event <= kLastReported) message.add_next_events(static_cast<v1::LifeEvent>(move.event));
  }
  return message;
}

v1::LifeRecord RecordToProto(int64_t id, const domain::LifeRecord& record) {
  v1::LifeRecord message;
  message.set_life_record_id(id);
  message.set_event(static_cast<v1::LifeEvent>(record.event));
  *message.mutable_occur_time() = ToProto(record.occur_time);
  *message.mutable_record_time() = ToProto(record.record_time);
  message.set_person(record.person);
  message.set_party(record.party);
  message.set_place(record.place);
  message.set_evidence(record.evidence);
  message.set_other_code(record.other_code);
  if (record.reversed) {
    *message.mutable_reverse_time() = ToProto(record.reversed->time);
    message.set_reverse_person(record.reversed->person);
    message.set_reverse_reason(record.reversed->reason);
  }
  return message;
}

// A refusal about one unit of several names the request's field that named it.
domain::Error AtField(domain::Error error, const std::string& field) {
  std::string& named = error.metadata["field"];
  if (named.empty() || named == "unit_code") named = field;
  return error;
}

}  // namespace

LockedLives LockLives(Call& call, const std::vector<std::string>& codes) {
  db::WorldKeys keys;
  keys.codes.insert(codes.begin(), codes.end());
  keys.from = keys.until = call.now;
  db::UnitIds ids;
  LockedLives locked{db::LockWorld(call.transaction, call.plant, call.now, keys, ids), {}};
  std::vector<int64_t> unit_ids;
  for (const auto& [unit_id, entry] : locked.world.units) unit_ids.push_back(unit_id);
  locked.lives = db::LoadLives(call.transaction, unit_ids);
  return locked;
}

domain::Result<domain::Life> LifeIn(const LockedLives& locked, int64_t unit_id) {
  const auto known = locked.lives.find(unit_id);
  if (known != locked.lives.end()) return known->second;
  return domain::BeginLife(locked.world.units.at(unit_id).unit, false);
}

Status RecordLives(Call& call, LockedLives& locked, const std::vector<LifeStep>& steps) {
  std::vector<db::LivedRecord> moved;
  std::vector<DutyEvent> events;
  for (const LifeStep& step : steps) {
    domain::UnitEntry& entry = locked.world.units.at(step.unit_id);
    const domain::Result<domain::Life> life = LifeIn(locked, step.unit_id);
    if (!life) return Fail(AtField(life.error(), step.field));
    const LifeEvent event = step.record ? step.record->event : LifeEvent::kRecycle;
    if (!life->Ended()) {
      if (Status judged = JudgePlace(locked.world, entry.unit, locked.lives, event); !judged) {
        return Fail(AtField(judged.error(), step.field));
      }
    }
    if (!step.record) {
      if (life->Ended()) return Fail(AtField(domain::Move(*life, entry.unit, {}).error(), step.field));
      continue;
    }
    const domain::Result<domain::Life> after = domain::Move(*life, entry.unit, *step.record);
    if (!after) return Fail(AtField(after.error(), step.field));
    if (Status judged = JudgeLeaving(call, entry.unit, event); !judged) return Fail(AtField(judged.error(), step.field));
    if (const auto status = domain::UnitStatusAfter(*step.record)) entry.unit.status = *status;
    entry.changed = true;
    moved.push_back({step.unit_id, *step.record, *after});
    if (step.raises_duties) events.push_back({entry.unit, *life, event, step.record->party, step.record->occur_time});
  }
  if (moved.empty()) return {};
  db::InsertLifeRecords(call.transaction, moved);
  RaiseDuties(call, events);
  db::StoreWorld(call.transaction, locked.world);
  return {};
}

domain::Result<int32_t> TakeBackLives(Call& call, LockedLives& locked, std::vector<LifeTakeBack> asked,
                                      const domain::LifeReversal& reversal, std::optional<domain::LifeRest> allowed,
                                      const std::vector<int64_t>& captured) {
  std::sort(asked.begin(), asked.end(), [](const LifeTakeBack& a, const LifeTakeBack& b) { return a.record_id > b.record_id; });
  std::vector<int64_t> unit_ids, record_ids;
  for (const LifeTakeBack& item : asked) unit_ids.push_back(item.unit_id), record_ids.push_back(item.record_id);
  auto standing = db::LoadStandingRecords(call.transaction, unit_ids);
  const auto begun = db::LoadLivesBegun(call.transaction, unit_ids);
  auto resting = db::LoadResting(call.transaction, record_ids, captured);
  std::vector<db::ReversedRecord> reversed;
  std::vector<DutyEvent> events;
  for (const LifeTakeBack& item : asked) {
    domain::UnitEntry& entry = locked.world.units.at(item.unit_id);
    std::vector<db::StoredLifeRecord>& records = standing[item.unit_id];
    const auto refuse = [&](domain::LifeRest what, std::string name) {
      domain::Error error = domain::RestsOnRecord(entry.unit, item.record_id, {what, std::move(name)});
      error.metadata["field"] = item.field;
      return Fail(std::move(error));
    };
    if (records.empty() || records.back().id != item.record_id) {
      return refuse(domain::LifeRest::kRecord, records.empty() ? "none" : std::to_string(records.back().id));
    }
    for (domain::LifeResting& found : resting[item.record_id]) {
      if (found.what != allowed) return refuse(found.what, std::move(found.name));
    }
    const domain::LifeRecord record = records.back().record;
    const auto status = domain::UnitStatusAfter(record);
    if (status && entry.unit.status != *status) return refuse(domain::LifeRest::kState, std::string(NameOf(entry.unit.status)));
    std::vector<domain::LifeRecord> told;
    for (const db::StoredLifeRecord& stored : records) told.push_back(stored.record);
    const auto began = begun.find(item.unit_id);
    const domain::LifeBefore before =
        domain::BeforeLast(told, began == begun.end() ? std::nullopt : std::optional(began->second));
    if (before.status) entry.unit.status = *before.status;
    entry.changed = true;
    records.pop_back();
    const bool kept = !records.empty() || began != begun.end();
    reversed.push_back({item.unit_id, item.record_id, kept ? std::optional(before.life) : std::nullopt});
    events.push_back({entry.unit, before.life, record.event, record.party, record.occur_time, record.record_time});
  }
  db::ReverseLifeRecords(call.transaction, reversed, reversal);
  return WithdrawDutiesOf(call, events, reversal.person, reversal.reason);
}

Status ReverseLifeRecord(Call& call, const v1::ReverseLifeRecordRequest& request, v1::ReverseLifeRecordResponse& response) {
  if (Status checked = domain::CheckText(request.reason(), domain::kMaxReasonLength, true, "reason"); !checked) return checked;
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person"); !checked) return checked;
  const auto id = FindUnitId(call, request.unit_code(), "unit_code");
  if (!id) return Fail(id.error());
  LockedLives locked = LockLives(call, {request.unit_code()});
  if (!db::HasLifeRecord(call.transaction, *id, request.life_record_id())) {
    return Fail(FieldError(Reason::kReversalUnknown, "life_record_id",
                           "the unit's life has no record " + std::to_string(request.life_record_id())));
  }
  NoteOldValue(LifeOf(call, *id));
  const auto withdrawn = TakeBackLives(call, locked, {{*id, request.life_record_id(), "life_record_id"}},
                                       {call.now, request.person(), request.reason()}, std::nullopt);
  if (!withdrawn) return Fail(withdrawn.error());
  db::StoreWorld(call.transaction, locked.world);
  *response.mutable_life() = LifeOf(call, *id);
  response.set_withdrawn_duties(*withdrawn);
  return {};
}

Status RecordLifeEvent(Call& call, const v1::RecordLifeEventRequest& request, v1::RecordLifeEventResponse& response) {
  domain::Result<domain::LifeRecord> record = ParseRecord(call, request);
  if (!record) return Fail(record.error());
  const auto id = FindUnitId(call, request.unit_code(), "unit_code");
  if (!id) return Fail(id.error());
  LockedLives locked = LockLives(call, {request.unit_code()});
  domain::World& world = locked.world;
  domain::UnitEntry& entry = world.units.at(*id);
  const domain::Result<domain::Life> life = LifeIn(locked, *id);
  if (!life) return Fail(life.error());
  if (!life->Ended()) {
    if (Status judged = JudgePlace(world, entry.unit, locked.lives, record->event); !judged) return judged;
  }
  NoteOldValue(LifeOf(call, *id));
  const domain::Result<domain::Life> moved = domain::Move(*life, entry.unit, *record);
  if (!moved) return Fail(moved.error());
  if (Status judged = JudgeLeaving(call, entry.unit, record->event); !judged) return judged;

  int64_t second_id = 0;
  if (record->event == LifeEvent::kStartSecondLife) {
    const domain::Result<std::string> code = SecondCode(call, request.new_code(), entry.unit, *record);
    if (!code) return Fail(code.error());
    record->other_code = *code;
    if (Status begun = StartSecondLife(call, *code, world, entry, *record, life->used, second_id); !begun) return begun;
  }
  if (const auto status = domain::UnitStatusAfter(*record)) entry.unit.status = *status;
  entry.changed = true;
  db::InsertLifeRecord(call.transaction, *id, *record, *moved);
  RaiseDuties(call, {{entry.unit, *life, record->event, record->party, record->occur_time}});
  db::StoreWorld(call.transaction, world);
  *response.mutable_life() = LifeOf(call, *id);
  if (second_id != 0) *response.mutable_second_life() = LifeOf(call, second_id);
  return {};
}

Status GetLife(Call& call, const v1::GetLifeRequest& request, v1::GetLifeResponse& response) {
  const auto id = FindUnitId(call, request.unit_code(), "unit_code");
  if (!id) return Fail(id.error());
  *response.mutable_life() = LifeOf(call, *id);
  const int64_t outermost = db::FindOutermost(call.transaction, *id);
  if (outermost != *id && SeesUnit(call, outermost)) *response.mutable_around() = LifeOf(call, outermost);
  return {};
}

Status ListLifeRecords(Call& call, const v1::ListLifeRecordsRequest& request, v1::ListLifeRecordsResponse& response) {
  const auto id = FindUnitId(call, request.unit_code(), "unit_code");
  if (!id) return Fail(id.error());
  const uint64_t digest = FilterDigest({"life", std::to_string(*id)});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  int64_t after = 0;
  std::from_chars(token->data(), token->data() + token->size(), after);

  const int page_size = PageSize(request.page_size());
  std::vector<db::StoredLifeRecord> records = db::ListLifeRecords(call.transaction, *id, after, page_size + 1);
  if (static_cast<int>(records.size()) > page_size) {
    records.pop_back();
    response.set_next_page_token(PageToken(std::to_string(records.back().id), digest));
  }
  for (const db::StoredLifeRecord& stored : records) {
    *response.add_records() = RecordToProto(stored.id, call.caller.partner.empty() ? stored.record : ForPartner(call, stored.record));
  }
  return {};
}

namespace {

class LifeService final : public v1::LifeService::CallbackService {
 public:
  explicit LifeService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* RecordLifeEvent(grpc::CallbackServerContext* context, const v1::RecordLifeEventRequest* request,
                                            v1::RecordLifeEventResponse* response) override {
    return Mutate(env_, context, request, response, services::RecordLifeEvent);
  }
  grpc::ServerUnaryReactor* ReverseLifeRecord(grpc::CallbackServerContext* context, const v1::ReverseLifeRecordRequest* request,
                                              v1::ReverseLifeRecordResponse* response) override {
    return Mutate(env_, context, request, response, services::ReverseLifeRecord);
  }
  grpc::ServerUnaryReactor* GetLife(grpc::CallbackServerContext* context, const v1::GetLifeRequest* request,
                                    v1::GetLifeResponse* response) override {
    return Read(env_, context, request, response, services::GetLife);
  }
  grpc::ServerUnaryReactor* ListLifeRecords(grpc::CallbackServerContext* context, const v1::ListLifeRecordsRequest* request,
                                            v1::ListLifeRecordsResponse* response) override {
    return Read(env_, context, request, response, services::ListLifeRecords);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeLifeService(Env& env) { return std::make_unique<LifeService>(env); }

}  // namespace mes::services
