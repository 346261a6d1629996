#include "services/duty.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "db/capacity.h"
#include "db/duty.h"
#include "domain/code.h"
#include "domain/issued_code.h"
#include "domain/limits.h"
#include "domain/limits_recycling.h"
#include "mes/v1/duty.grpc.pb.h"
#include "services/capacity.h"
#include "services/convert.h"
#include "services/json_reader.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Day;
using domain::Duty;
using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;
using services::ToProto;

// `vehicle`, `pack`, ...: where the plant's files put a product.
std::string AreaOf(const domain::Plant& plant, int32_t material_id) {
  const domain::Material* material = plant.FindMaterial(material_id);
  if (material == nullptr) return {};
  const Json properties = Json::parse(material->properties_json, nullptr, false);
  if (!properties.is_object() || !properties.contains("area") || !properties["area"].is_string()) return {};
  return properties["area"].get<std::string>();
}

Day CalendarDay(domain::Time time) {
  return static_cast<Day>(std::chrono::sys_days(domain::CodeDay(time)).time_since_epoch().count());
}

v1::Duty ToProto(const domain::Calendar& calendar, const Duty& duty, Day day) {
  const domain::WorkingDay due = domain::DueDay(calendar, duty);
  v1::Duty message;
  message.set_duty_id(duty.id);
  message.set_kind(static_cast<v1::DutyKind>(duty.kind));
  message.set_actor(static_cast<v1::DutyActor>(domain::RuleOf(duty.kind).actor));
  message.set_unit_code(duty.unit_code);
  message.set_party(duty.party);
  message.set_trigger_day(domain::FormatDay(duty.trigger_day));
  message.set_due_day(domain::FormatDay(due.day));
  message.set_due_day_official(due.official);
  message.set_state(static_cast<v1::DutyState>(duty.state));
  message.set_overdue(domain::IsOverdue(calendar, duty, day));
  if (duty.end_time) *message.mutable_end_time() = ToProto(*duty.end_time);
  message.set_ended_by(duty.ended_by);
  message.set_evidence(duty.evidence);
  return message;
}

domain::Calendar LoadCalendar(Call& call) { return db::LoadCapacityModel(call.transaction, call.plant).calendar; }

domain::Result<Day> ParseDayOrToday(const Call& call, const std::string& text) {
  if (text.empty()) return CalendarDay(call.now);
  const domain::Result<Day> day = domain::ParseDay(text, "day");
  if (!day) return day;
  const int32_t year = domain::YearOf(*day);
  if (year >= domain::kFirstCalendarYear && year <= domain::kLastCalendarYear) return day;
  return Fail(FieldError(Reason::kFieldInvalid, "day", "the day is out of the calendars' range"));
}

domain::Result<db::DutyFilter> ParseFilter(Call& call, const v1::ListDutiesRequest& request, const domain::Calendar& calendar,
                                           Day day) {
  db::DutyFilter filter;
  if (request.state() != v1::DUTY_STATE_UNSPECIFIED) {
    if (!v1::DutyState_IsValid(request.state())) return Fail(FieldError(Reason::kEnumUnknown, "state", "state is not known"));
    filter.state = static_cast<domain::DutyState>(request.state());
  }
  if (!v1::DutyActor_IsValid(request.actor())) return Fail(FieldError(Reason::kEnumUnknown, "actor", "actor is not known"));
  for (const domain::DutyRule& rule : domain::AllDutyRules()) {
    if (request.actor() != v1::DUTY_ACTOR_UNSPECIFIED && static_cast<int>(rule.actor) != request.actor()) continue;
    if (request.actor() != v1::DUTY_ACTOR_UNSPECIFIED) filter.kinds.push_back(rule.kind);
    if (request.overdue_only()) filter.triggered_before[rule.kind] = domain::FirstInTime(calendar, rule.kind, day);
  }
  if (!request.unit_code().empty()) {
    const auto id = FindUnitId(call, request.unit_code(), "unit_code");
    if (!id) return Fail(id.error());
    filter.unit_id = *id;
  }
  return filter;
}

domain::Result<std::vector<Duty>> LockDuties(Call& call, const std::vector<int64_t>& ids, const std::string& field,
                                             bool indexed) {
  std::vector<Duty> duties = db::LockDuties(call.transaction, ids);
  for (size_t i = 0; i < ids.size(); ++i) {
    const std::string name = indexed ? field + "[" + std::to_string(i) + "]" : field;
    const auto found = std::find_if(duties.begin(), duties.end(), [&](const Duty& duty) { return duty.id == ids[i]; });
    if (found == duties.end()) return Fail(FieldError(Reason::kDutyUnknown, name, "there is no duty " + std::to_string(ids[i])));
    if (Status open = domain::CheckOpen(*found, name); !open) return Fail(open.error());
  }
  return duties;
}

}  // namespace

bool IsBatteryUnit(const domain::Plant& plant, const domain::Unit& unit) {
  if (domain::IsBattery(unit, plant.FindRevision(unit.revision_id))) return true;
  const std::string area = AreaOf(plant, unit.material_id);
  return area == "cell" || area == "module" || area == "pack" || area == "system";
}

namespace {

void AddDutiesOf(const domain::Plant& plant, const DutyEvent& event, std::vector<Duty>& duties) {
  const bool battery = IsBatteryUnit(plant, event.unit);
  const bool vehicle = AreaOf(plant, event.unit.material_id) == "vehicle";
  const std::vector<domain::DutyKind> kinds =
      event.event ? domain::DutiesOf({battery, vehicle, event.before}, *event.event)
                  : domain::DutiesOfReceipt(battery, event.before.state == domain::LifeState::kWaste);
  for (const domain::DutyKind kind : kinds) {
    Duty& duty = duties.emplace_back();
    duty.kind = kind;
    duty.unit_id = event.unit.id;
    duty.party = event.party;
    duty.trigger_day = CalendarDay(event.occur_time);
  }
}

}  // namespace

void RaiseDuties(Call& call, const std::vector<DutyEvent>& events) {
  std::vector<Duty> duties;
  for (const DutyEvent& event : events) AddDutiesOf(call.plant, event, duties);
  if (!duties.empty()) db::InsertDuties(call.transaction, duties, call.now);
}

int32_t WithdrawDutiesOf(Call& call, const std::vector<DutyEvent>& events, const std::string& person, const std::string& reason) {
  std::vector<Duty> duties;
  std::vector<domain::Time> raise_times;
  for (const DutyEvent& event : events) {
    AddDutiesOf(call.plant, event, duties);
    raise_times.resize(duties.size(), event.record_time);
  }
  return duties.empty() ? 0 : db::WithdrawRaised(call.transaction, duties, raise_times, call.now, person, reason);
}

Status ListDuties(Call& call, const v1::ListDutiesRequest& request, v1::ListDutiesResponse& response) {
  const auto day = ParseDayOrToday(call, request.day());
  if (!day) return Fail(day.error());
  const domain::Calendar calendar = LoadCalendar(call);
  auto filter = ParseFilter(call, request, calendar, *day);
  if (!filter) return Fail(filter.error());
  const uint64_t digest =
      FilterDigest({"duties", domain::FormatDay(*day), std::to_string(request.state()), std::to_string(request.actor()),
                    request.overdue_only() ? "overdue" : "", std::to_string(filter->unit_id)});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  std::from_chars(token->data(), token->data() + token->size(), filter->after_id);

  const int page_size = PageSize(request.page_size());
  std::vector<Duty> duties = db::ListDuties(call.transaction, *filter, page_size + 1);
  if (static_cast<int>(duties.size()) > page_size) {
    duties.pop_back();
    response.set_next_page_token(PageToken(std::to_string(duties.back().id), digest));
  }
  for (const Duty& duty : duties) *response.add_duties() = ToProto(calendar, duty, *day);
  response.set_day(domain::FormatDay(*day));
  return {};
}

Status MarkDutiesSent(Call& call, const v1::MarkDutiesSentRequest& request, v1::MarkDutiesSentResponse& response) {
  if (request.duty_ids().empty()) return Fail(FieldError(Reason::kFieldRequired, "duty_ids", "duty_ids is empty"));
  if (request.duty_ids_size() > domain::kMaxDutiesPerCall) {
    return Fail(TooMany("duty_ids", request.duty_ids_size(), domain::kMaxDutiesPerCall));
  }
  const std::vector<int64_t> ids(request.duty_ids().begin(), request.duty_ids().end());
  if (std::set<int64_t>(ids.begin(), ids.end()).size() != ids.size()) {
    return Fail(FieldError(Reason::kFieldInvalid, "duty_ids", "a duty stands twice in the request"));
  }
  if (Status checked = domain::CheckText(request.evidence(), domain::kMaxUriLength, true, "evidence"); !checked) return checked;
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person"); !checked) return checked;
  const auto time = PastTimeFromProto(call, request.has_send_time(), request.send_time(), "send_time");
  if (!time) return Fail(time.error());
  auto duties = LockDuties(call, ids, "duty_ids", true);
  if (!duties) return Fail(duties.error());
  for (Duty& duty : *duties) {
    duty.state = domain::DutyState::kSent;
    duty.end_time = std::min(*time, call.now);
    duty.ended_by = request.person();
    duty.evidence = request.evidence();
  }
  db::UpdateDuties(call.transaction, *duties);
  const domain::Calendar calendar = LoadCalendar(call);
  for (const Duty& duty : *duties) *response.add_duties() = ToProto(calendar, duty, CalendarDay(call.now));
  return {};
}

Status WithdrawDuty(Call& call, const v1::WithdrawDutyRequest& request, v1::WithdrawDutyResponse& response) {
  if (Status checked = domain::CheckText(request.reason(), domain::kMaxReasonLength, true, "reason"); !checked) return checked;
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person"); !checked) return checked;
  auto duties = LockDuties(call, {request.duty_id()}, "duty_id", false);
  if (!duties) return Fail(duties.error());
  Duty& duty = duties->front();
  duty.state = domain::DutyState::kWithdrawn;
  duty.end_time = call.now;
  duty.ended_by = request.person();
  duty.evidence = request.reason();
  db::UpdateDuties(call.transaction, *duties);
  *response.mutable_duty() = ToProto(LoadCalendar(call), duty, CalendarDay(call.now));
  return {};
}

Status ListDutyRules(Call&, const v1::ListDutyRulesRequest&, v1::ListDutyRulesResponse& response) {
  for (const domain::DutyRule& rule : domain::AllDutyRules()) {
    v1::DutyRule& message = *response.add_rules();
    message.set_kind(static_cast<v1::DutyKind>(rule.kind));
    message.set_actor(static_cast<v1::DutyActor>(rule.actor));
    message.set_working_days(rule.working_days);
    message.set_what(std::string(rule.what));
    message.set_read_in_law(rule.read);
  }
  return {};
}

namespace {

class DutyService final : public v1::DutyService::CallbackService {
 public:
  explicit DutyService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* ListDuties(grpc::CallbackServerContext* context, const v1::ListDutiesRequest* request,
                                       v1::ListDutiesResponse* response) override {
    return Read(env_, context, request, response, services::ListDuties);
  }
  grpc::ServerUnaryReactor* MarkDutiesSent(grpc::CallbackServerContext* context, const v1::MarkDutiesSentRequest* request,
                                           v1::MarkDutiesSentResponse* response) override {
    return Mutate(env_, context, request, response, services::MarkDutiesSent);
  }
  grpc::ServerUnaryReactor* WithdrawDuty(grpc::CallbackServerContext* context, const v1::WithdrawDutyRequest* request,
                                         v1::WithdrawDutyResponse* response) override {
    return Mutate(env_, context, request, response, services::WithdrawDuty);
  }
  grpc::ServerUnaryReactor* ListDutyRules(grpc::CallbackServerContext* context, const v1::ListDutyRulesRequest* request,
                                          v1::ListDutyRulesResponse* response) override {
    return Read(env_, context, request, response, services::ListDutyRules);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeDutyService(Env& env) { return std::make_unique<DutyService>(env); }

}  // namespace mes::services
