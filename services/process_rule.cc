#include "services/process_rule.h"

#include <charconv>

#include "db/process_rule.h"
#include "db/work_order.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "mes/v1/process_rule.grpc.pb.h"
#include "services/audit_trail.h"
#include "services/convert.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;
using services::ToProto;

Status CheckReasonAndPerson(const std::string& reason, const std::string& person) {
  if (Status checked = domain::CheckText(reason, domain::kMaxReasonLength, true, "reason"); !checked) return checked;
  return domain::CheckText(person, domain::kMaxPersonLength, true, "person");
}

std::string StationCode(const domain::Plant& plant, int32_t station_id) {
  const domain::Station* station = plant.FindStation(station_id);
  if (station == nullptr) throw PlantBehind("station " + std::to_string(station_id) + " is not loaded");
  return station->code;
}

v1::ProcessRule ToProto(const domain::ProcessRule& rule, const domain::Plant& plant) {
  v1::ProcessRule message;
  message.set_code(rule.code);
  message.set_version(rule.version);
  message.set_kind(static_cast<v1::ProcessRuleKind>(rule.kind));
  message.set_by_routing(rule.by_routing);
  message.set_product_code(rule.product_code);
  message.set_operation(rule.operation);
  if (rule.station_id != 0) message.set_station_code(StationCode(plant, rule.station_id));
  message.set_count(rule.count);
  message.set_window(rule.window);
  message.set_min_runs(rule.min_runs);
  message.set_alarm_points(rule.alarm_points);
  message.set_stop_points(rule.stop_points);
  message.set_scrap_share(rule.scrap_share);
  message.set_fail_share(rule.fail_share);
  message.mutable_spc_rules()->Assign(rule.spc_rules.begin(), rule.spc_rules.end());
  message.mutable_classes()->Assign(rule.classes.begin(), rule.classes.end());
  message.set_stops(static_cast<v1::StopScope>(rule.stops));
  message.set_holds(rule.holds);
  message.set_release_role(rule.release_role);
  *message.mutable_create_time() = ToProto(rule.create_time);
  message.set_created_by(rule.created_by);
  message.set_create_reason(rule.create_reason);
  if (rule.retire_time) *message.mutable_retire_time() = ToProto(*rule.retire_time);
  message.set_retired_by(rule.retired_by);
  message.set_retire_reason(rule.retire_reason);
  return message;
}

v1::ProcessAlarm ToProto(const domain::ProcessAlarm& alarm, const domain::Plant& plant) {
  v1::ProcessAlarm message;
  message.set_alarm_id(alarm.id);
  message.set_rule_code(alarm.rule_code);
  message.set_rule_version(alarm.rule_version);
  message.set_sentence(alarm.sentence);
  const std::string station = StationCode(plant, alarm.station_id);
  message.set_station_code(station);
  message.set_line_code(plant.FindStation(alarm.station_id)->line_code);
  message.set_operation(alarm.operation);
  message.set_work_order_code(alarm.work_order_code);
  message.set_unit_code(alarm.unit_code);
  message.set_event(station + "/" + std::to_string(alarm.epoch) + "/" + std::to_string(alarm.sequence));
  *message.mutable_occur_time() = ToProto(alarm.occur_time);
  *message.mutable_record_time() = ToProto(alarm.record_time);
  message.set_late(alarm.late);
  message.set_stops(static_cast<v1::StopScope>(alarm.stops));
  message.set_hold_id(alarm.hold_id);
  for (const domain::AlarmEvidence& fact : alarm.evidence) {
    v1::AlarmEvidence& evidence = *message.add_evidence();
    evidence.set_kind(fact.kind);
    evidence.set_id(fact.id);
    evidence.set_detail(fact.detail);
  }
  message.set_release_role(alarm.release_role);
  message.set_released_by(alarm.released_by);
  message.set_released_role(alarm.released_role);
  if (alarm.release_time) *message.mutable_release_time() = ToProto(*alarm.release_time);
  message.set_release_reason(alarm.release_reason);
  return message;
}

// What the rule's codes name; sets `revision` to the product's newest.
Status FindPlace(const domain::Plant& plant, const v1::ProcessRule& message, domain::ProcessRule& rule,
                 const domain::ProductRevision*& revision) {
  if (!message.product_code().empty()) {
    const domain::Material* material = plant.FindMaterial(message.product_code());
    if (material == nullptr || !material->made) {
      return Fail(
          FieldError(Reason::kProductUnknown, "rule.product_code", "product " + message.product_code() + " is not known"));
    }
    rule.material_id = material->id;
    rule.product_code = material->code;
    revision = plant.NewestRevision(material->id);
  }
  if (message.station_code().empty()) return {};
  const domain::Station* station = plant.FindStation(message.station_code());
  if (station == nullptr) {
    return Fail(FieldError(Reason::kStationUnknown, "rule.station_code", "station " + message.station_code() + " is not known"));
  }
  rule.station_id = station->id;
  return {};
}

domain::Result<domain::ProcessRule> ParseRule(const domain::Plant& plant, const v1::ProcessRule& message) {
  domain::ProcessRule rule;
  rule.code = message.code();
  if (message.kind() <= 0 || !v1::ProcessRuleKind_IsValid(message.kind())) {
    return Fail(FieldError(Reason::kEnumUnknown, "rule.kind", "rule.kind is not one of this version's"));
  }
  if (!v1::StopScope_IsValid(message.stops())) {
    return Fail(FieldError(Reason::kEnumUnknown, "rule.stops", "rule.stops is not one of this version's"));
  }
  if (message.operation() < 0 || message.operation() > 32'767) {
    return Fail(FieldError(Reason::kFieldInvalid, "rule.operation", "rule.operation is not an operation number"));
  }
  if (message.spc_rules_size() > 12 || message.classes_size() > 3) {
    const char* field = message.classes_size() > 3 ? "rule.classes" : "rule.spc_rules";
    return Fail(FieldError(Reason::kLimitExceeded, field, std::string(field) + " has more entries than there are names"));
  }
  rule.kind = static_cast<domain::ProcessRuleKind>(message.kind());
  rule.by_routing = message.by_routing();
  rule.operation = static_cast<int16_t>(message.operation());
  rule.count = message.count();
  rule.window = message.window();
  rule.min_runs = message.min_runs();
  rule.alarm_points = message.alarm_points();
  rule.stop_points = message.stop_points();
  rule.scrap_share = message.scrap_share();
  rule.fail_share = message.fail_share();
  rule.spc_rules.assign(message.spc_rules().begin(), message.spc_rules().end());
  rule.classes.assign(message.classes().begin(), message.classes().end());
  rule.stops = static_cast<domain::StopScope>(message.stops());
  rule.holds = message.holds();
  rule.release_role = message.release_role();
  const domain::ProductRevision* revision = nullptr;
  if (Status place = FindPlace(plant, message, rule, revision); !place) return Fail(place.error());
  if (Status checked = domain::CheckProcessRule(rule, revision); !checked) return Fail(checked.error());
  return rule;
}

// `CODE VERSION` of the last rule of a page; codes have no blanks.
domain::Result<std::pair<std::string, int32_t>> ParseAfter(const std::string& key) {
  if (key.empty()) return std::pair<std::string, int32_t>("", 0);
  const size_t blank = key.find(' ');
  int32_t version = 0;
  const char* begin = key.data() + std::min(blank + 1, key.size());
  const auto [end, error] = std::from_chars(begin, key.data() + key.size(), version);
  if (blank == std::string::npos || error != std::errc() || end != key.data() + key.size()) {
    return Fail(FieldError(Reason::kPageTokenInvalid, "page_token", "page_token is not one of this call's"));
  }
  return std::pair<std::string, int32_t>(key.substr(0, blank), version);
}

domain::Error UnknownAlarm(int64_t alarm_id) {
  domain::Error error = FieldError(Reason::kAlarmUnknown, "alarm_id", "alarm " + std::to_string(alarm_id) + " is not known");
  error.metadata["alarm_id"] = std::to_string(alarm_id);
  return error;
}

}  // namespace

Status PutProcessRule(Call& call, const v1::PutProcessRuleRequest& request, v1::PutProcessRuleResponse& response) {
  if (Status checked = CheckReasonAndPerson(request.reason(), request.person()); !checked) return checked;
  domain::Result<domain::ProcessRule> rule = ParseRule(call.plant, request.rule());
  if (!rule) return Fail(rule.error());
  rule->create_time = call.now;
  rule->created_by = request.person();
  rule->create_reason = request.reason();
  db::InsertProcessRule(call.transaction, *rule);
  *response.mutable_rule() = ToProto(*rule, call.plant);
  return {};
}

Status RetireProcessRule(Call& call, const v1::RetireProcessRuleRequest& request, v1::RetireProcessRuleResponse& response) {
  if (Status checked = CheckReasonAndPerson(request.reason(), request.person()); !checked) return checked;
  if (Status checked = domain::CheckCode(request.code(), "code"); !checked) return checked;
  const std::optional<domain::ProcessRule> rule =
      db::RetireProcessRule(call.transaction, request.code(), request.person(), request.reason(), call.now);
  if (!rule) return Fail(FieldError(Reason::kRuleUnknown, "code", "no rule " + request.code() + " is in force"));
  *response.mutable_rule() = ToProto(*rule, call.plant);
  return {};
}

Status ListProcessRules(Call& call, const v1::ListProcessRulesRequest& request, v1::ListProcessRulesResponse& response) {
  const uint64_t digest = FilterDigest({request.include_retired() ? "all" : ""});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  const auto after = ParseAfter(*token);
  if (!after) return Fail(after.error());
  const int page_size = PageSize(request.page_size());
  std::vector<domain::ProcessRule> rules =
      db::ListProcessRules(call.transaction, after->first, after->second, request.include_retired(), page_size + 1);
  if (static_cast<int>(rules.size()) > page_size) {
    rules.pop_back();
    response.set_next_page_token(PageToken(rules.back().code + " " + std::to_string(rules.back().version), digest));
  }
  for (const domain::ProcessRule& rule : rules) *response.add_rules() = ToProto(rule, call.plant);
  return {};
}

Status ListProcessAlarms(Call& call, const v1::ListProcessAlarmsRequest& request, v1::ListProcessAlarmsResponse& response) {
  const uint64_t digest = FilterDigest(
      {request.in_force_only() ? "in_force" : "", request.station_code(), request.work_order_code(), request.rule_code()});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  db::ProcessAlarmFilter filter;
  const auto [end, error] = std::from_chars(token->data(), token->data() + token->size(), filter.before_id);
  if (!token->empty() && (error != std::errc() || end != token->data() + token->size())) {
    return Fail(FieldError(Reason::kPageTokenInvalid, "page_token", "page_token is not one of this call's"));
  }
  filter.in_force_only = request.in_force_only();
  filter.rule_code = request.rule_code();
  if (!request.station_code().empty()) {
    const domain::Station* station = call.plant.FindStation(request.station_code());
    if (station == nullptr) {
      return Fail(FieldError(Reason::kStationUnknown, "station_code", "station " + request.station_code() + " is not known"));
    }
    filter.station_id = station->id;
  }
  if (!request.work_order_code().empty()) {
    const auto order = db::LoadWorkOrder(call.transaction, request.work_order_code());
    if (!order) {
      return Fail(
          FieldError(Reason::kWorkOrderUnknown, "work_order_code", "order " + request.work_order_code() + " is not known"));
    }
    filter.work_order_id = order->id;
  }
  const int page_size = PageSize(request.page_size());
  filter.limit = page_size + 1;
  std::vector<domain::ProcessAlarm> alarms = db::ListProcessAlarms(call.transaction, filter);
  if (static_cast<int>(alarms.size()) > page_size) {
    alarms.pop_back();
    response.set_next_page_token(PageToken(std::to_string(alarms.back().id), digest));
  }
  for (const domain::ProcessAlarm& alarm : alarms) *response.add_alarms() = ToProto(alarm, call.plant);
  return {};
}

Status GetProcessAlarm(Call& call, const v1::GetProcessAlarmRequest& request, v1::GetProcessAlarmResponse& response) {
  const std::optional<domain::ProcessAlarm> alarm = db::LoadProcessAlarm(call.transaction, request.alarm_id());
  if (!alarm) return Fail(UnknownAlarm(request.alarm_id()));
  *response.mutable_alarm() = ToProto(*alarm, call.plant);
  return {};
}

Status ReleaseProcessAlarm(Call& call, const v1::ReleaseProcessAlarmRequest& request, v1::ReleaseProcessAlarmResponse& response) {
  if (Status checked = CheckReasonAndPerson(request.reason(), request.person()); !checked) return checked;
  if (Status checked = domain::CheckText(request.role(), domain::kMaxPersonLength, true, "role"); !checked) return checked;
  std::optional<domain::ProcessAlarm> alarm = db::LockProcessAlarm(call.transaction, request.alarm_id());
  if (!alarm) return Fail(UnknownAlarm(request.alarm_id()));
  NoteOldValue(ToProto(*alarm, call.plant));
  if (Status released = domain::Release(*alarm, request.person(), request.role(), request.reason(), call.now); !released) {
    return released;
  }
  db::UpdateReleasedAlarm(call.transaction, *alarm);
  *response.mutable_alarm() = ToProto(*alarm, call.plant);
  return {};
}

namespace {

class ProcessRuleService final : public v1::ProcessRuleService::CallbackService {
 public:
  explicit ProcessRuleService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* PutProcessRule(grpc::CallbackServerContext* context, const v1::PutProcessRuleRequest* request,
                                           v1::PutProcessRuleResponse* response) override {
    // This server acts by the rule at once.
    return Mutate(env_, context, request, response, services::PutProcessRule, [this] { env_.plant.Invalidate(); });
  }
  grpc::ServerUnaryReactor* RetireProcessRule(grpc::CallbackServerContext* context, const v1::RetireProcessRuleRequest* request,
                                              v1::RetireProcessRuleResponse* response) override {
    return Mutate(env_, context, request, response, services::RetireProcessRule, [this] { env_.plant.Invalidate(); });
  }
  grpc::ServerUnaryReactor* ListProcessRules(grpc::CallbackServerContext* context, const v1::ListProcessRulesRequest* request,
                                             v1::ListProcessRulesResponse* response) override {
    return Read(env_, context, request, response, services::ListProcessRules);
  }
  grpc::ServerUnaryReactor* ListProcessAlarms(grpc::CallbackServerContext* context, const v1::ListProcessAlarmsRequest* request,
                                              v1::ListProcessAlarmsResponse* response) override {
    return Read(env_, context, request, response, services::ListProcessAlarms);
  }
  grpc::ServerUnaryReactor* GetProcessAlarm(grpc::CallbackServerContext* context, const v1::GetProcessAlarmRequest* request,
                                            v1::GetProcessAlarmResponse* response) override {
    return Read(env_, context, request, response, services::GetProcessAlarm);
  }
  grpc::ServerUnaryReactor* ReleaseProcessAlarm(grpc::CallbackServerContext* context,
                                                const v1::ReleaseProcessAlarmRequest* request,
                                                v1::ReleaseProcessAlarmResponse* response) override {
    return Mutate(env_, context, request, response, services::ReleaseProcessAlarm);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeProcessRuleService(Env& env) { return std::make_unique<ProcessRuleService>(env); }

}  // namespace mes::services
