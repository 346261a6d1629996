#include "services/oee.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "db/capacity.h"
#include "db/downtime.h"
#include "db/yield.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "mes/v1/oee.grpc.pb.h"
#include "services/convert.h"
#include "services/yield_query.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::OeeParts;
using domain::Reason;
using domain::Result;
using domain::Station;
using domain::Status;
using services::ToProto;

Result<const Station*> FindStation(const domain::Plant& plant, const std::string& code) {
  if (code.empty()) return Fail(FieldError(Reason::kFieldRequired, "station_code", "station_code is empty"));
  const Station* station = plant.FindStation(code);
  if (station == nullptr) return Fail(UnknownStation(code));
  return station;
}

// Of a line with all its stations, or one station.
Result<std::vector<const Station*>> FindStations(const domain::Plant& plant, const std::string& line_code,
                                                 const std::string& station_code) {
  if (line_code.empty() == station_code.empty()) {
    return Fail(FieldError(line_code.empty() ? Reason::kFieldRequired : Reason::kFieldInvalid, "line_code",
                           "give exactly one of line_code and station_code"));
  }
  if (!station_code.empty()) {
    const Result<const Station*> station = FindStation(plant, station_code);
    if (!station) return Fail(station.error());
    return std::vector<const Station*>{*station};
  }
  std::vector<const Station*> stations = StationsOf(plant, line_code);
  if (stations.empty()) return Fail(UnknownLine(line_code));
  std::sort(stations.begin(), stations.end(), [](const Station* a, const Station* b) { return a->code < b->code; });
  return stations;
}

const domain::Operation* OperationOf(const domain::Plant& plant, const Station& station, int16_t number) {
  const domain::ProductRevision* revision = plant.NewestRevision(station.material_id);
  const int16_t index = revision == nullptr ? int16_t{-1} : revision->OperationIndex(number);
  return index < 0 ? nullptr : &revision->operations[static_cast<size_t>(index)];
}

struct Planned {
  std::vector<domain::PlannedDay> days;
  bool by_calendar = true;
  bool estimate = false;
};

// What the line's shift pattern plans; where it has none, whole days.
Planned PlannedOf(const domain::CapacityModel& model, const Station& station, const DayRange& range) {
  Planned planned;
  const domain::LineGroup* group = model.FindGroup(station.material_id);
  int32_t line = 0;
  const size_t dot = station.line_code.rfind('.');
  if (dot != std::string::npos)
    std::from_chars(station.line_code.data() + dot + 1, station.line_code.data() + station.line_code.size(), line);
  for (int32_t day = range.first; day <= range.last; ++day) {
    const domain::CapacityPoint* point = group == nullptr ? nullptr : group->PointOn(line, day);
    const domain::ShiftPattern* pattern = point == nullptr ? nullptr : model.calendar.FindPattern(point->pattern_code);
    if (pattern == nullptr) planned.by_calendar = false;
    planned.days.push_back({day, pattern == nullptr
                                     ? domain::kSecondsPerDay
                                     : domain::PlannedSeconds(model.calendar, *pattern, station.product_code, day)});
  }
  planned.estimate = domain::HasUnpublished(model.calendar, range.first, range.last + 1);
  return planned;
}

domain::Time StartOfDay(int32_t day) { return domain::Time(std::chrono::sys_days(std::chrono::days(day))); }

// Runs and their ideal time, by station.
std::map<int32_t, OeeParts> LoadRuns(Call& call, const std::vector<const Station*>& stations, const DayRange& days) {
  db::YieldQuestion question;
  question.subject = db::YieldSubject::kStation;
  question.first_day = days.first;
  question.last_day = days.last;
  std::vector<std::pair<const Station*, int16_t>> groups;
  for (const Station* station : stations) {
    for (const int16_t operation : station->operations) {
      question.parts.push_back({station->id, operation, static_cast<int32_t>(groups.size())});
      groups.emplace_back(station, operation);
    }
  }
  std::map<int32_t, OeeParts> by_station;
  for (const db::YieldSum& sum : db::SumYields(call.transaction, question)) {
    const auto& [station, number] = groups[static_cast<size_t>(sum.group)];
    OeeParts& parts = by_station[station->id];
    parts.runs += sum.counts.runs;
    parts.good_first_runs += sum.counts.first_passes;
    if (const domain::Operation* operation = OperationOf(call.plant, *station, number); operation != nullptr) {
      parts.ideal_seconds += domain::IdealSeconds(operation->cycle_ms, operation->units_per_cycle, sum.counts.runs);
    }
  }
  return by_station;
}

// What of a plant day has passed: of today a part, of tomorrow nothing.
double PassedShare(int32_t day, domain::Time now) {
  const std::chrono::duration<double> passed = now - StartOfDay(day);
  return std::clamp(passed.count() / static_cast<double>(domain::kSecondsPerDay), 0.0, 1.0);
}

// Reported downtimes and rules' stops, by station.
std::map<int32_t, std::vector<domain::StandStill>> LoadStandStills(Call& call, const std::vector<const Station*>& stations,
                                                                   const DayRange& days) {
  std::map<int32_t, std::vector<domain::StandStill>> stands;
  db::DowntimeFilter filter;
  filter.from = StartOfDay(days.first);
  filter.until = StartOfDay(days.last + 1);
  filter.standing_only = true;
  for (const Station* station : stations) filter.station_ids.push_back(station->id);
  for (const domain::Downtime& downtime : db::ListDowntimes(call.transaction, filter, 0)) {
    stands[downtime.station_id].push_back(
        {downtime.from, downtime.until, downtime.downtime_class == domain::DowntimeClass::kNoPlan});
  }
  for (const db::RuleStop& stop : db::ListRuleStops(call.transaction, {stations.front()->line_id}, *filter.from, *filter.until)) {
    for (const Station* station : stations) {
      if (stop.station_id != 0 ? stop.station_id != station->id : !station->Does(stop.operation)) continue;
      stands[station->id].push_back({stop.from, stop.until.value_or(std::max(call.now, stop.from)), false});
    }
  }
  return stands;
}

v1::Oee ToProto(const std::string& line_code, const std::string& station_code, const OeeParts& parts) {
  v1::Oee message;
  message.set_line_code(line_code);
  message.set_station_code(station_code);
  message.set_planned_seconds(parts.planned_seconds);
  message.set_no_plan_seconds(parts.no_plan_seconds);
  message.set_down_seconds(parts.down_seconds);
  message.set_run_seconds(parts.RunSeconds());
  message.set_ideal_seconds(parts.ideal_seconds);
  message.set_runs(parts.runs);
  message.set_good_first_runs(parts.good_first_runs);
  const domain::Oee oee = domain::OeeOf(parts);
  if (oee.availability) message.set_availability(*oee.availability);
  if (oee.performance) message.set_performance(*oee.performance);
  if (oee.quality) message.set_quality(*oee.quality);
  if (oee.oee) message.set_oee(*oee.oee);
  return message;
}

v1::Downtime ToProto(const domain::Downtime& downtime, const domain::Plant& plant) {
  const Station* station = plant.FindStation(downtime.station_id);
  if (station == nullptr) throw PlantBehind("station " + std::to_string(downtime.station_id) + " is not loaded");
  v1::Downtime message;
  message.set_downtime_id(downtime.id);
  message.set_station_code(station->code);
  *message.mutable_from_time() = ToProto(downtime.from);
  *message.mutable_until_time() = ToProto(downtime.until);
  message.set_reason_code(downtime.reason_code);
  message.set_downtime_class(static_cast<v1::DowntimeClass>(downtime.downtime_class));
  message.set_version(downtime.version);
  message.set_person(downtime.person);
  message.set_note(downtime.note);
  *message.mutable_record_time() = ToProto(downtime.record_time);
  if (downtime.withdraw_time) *message.mutable_withdraw_time() = ToProto(*downtime.withdraw_time);
  message.set_withdrawn_by(downtime.withdrawn_by);
  message.set_withdraw_note(downtime.withdraw_note);
  return message;
}

domain::Error UnknownReason(const std::string& field, const std::string& message) {
  return FieldError(Reason::kDowntimeReasonUnknown, field, message);
}

Result<domain::Time> NeededTime(bool present, const google::protobuf::Timestamp& time, std::string_view field) {
  if (!present) return Fail(FieldError(Reason::kFieldRequired, field, std::string(field) + " is missing"));
  return TimeFromProto(time, field);
}

Result<domain::Downtime> ParseDowntime(Call& call, const v1::ReportDowntimeRequest& request) {
  const Result<const Station*> station = FindStation(call.plant, request.station_code());
  if (!station) return Fail(station.error());
  if (Status checked = domain::CheckCode(request.reason_code(), "reason_code"); !checked) return Fail(checked.error());
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person"); !checked) {
    return Fail(checked.error());
  }
  if (Status checked = domain::CheckText(request.note(), domain::kMaxReasonLength, false, "note"); !checked)
    return Fail(checked.error());
  const Result<domain::Time> from = NeededTime(request.has_from_time(), request.from_time(), "from_time");
  if (!from) return Fail(from.error());
  const Result<domain::Time> until = NeededTime(request.has_until_time(), request.until_time(), "until_time");
  if (!until) return Fail(until.error());
  domain::Downtime downtime;
  downtime.station_id = (*station)->id;
  downtime.from = *from;
  downtime.until = *until;
  downtime.reason_code = request.reason_code();
  downtime.person = request.person();
  downtime.note = request.note();
  downtime.record_time = call.now;
  if (Status checked = domain::CheckDowntime(downtime, call.now); !checked) return Fail(checked.error());
  return downtime;
}

}  // namespace

Status QueryOee(Call& call, const v1::QueryOeeRequest& request, v1::QueryOeeResponse& response) {
  const Result<DayRange> days = ParseDays(request.first_day(), request.last_day());
  if (!days) return Fail(days.error());
  const auto stations = FindStations(call.plant, request.line_code(), request.station_code());
  if (!stations) return Fail(stations.error());

  std::map<int32_t, OeeParts> by_station = LoadRuns(call, *stations, *days);
  const auto stands = LoadStandStills(call, *stations, *days);
  const domain::CapacityModel model = db::LoadCapacityModel(call.transaction, call.plant);
  // The stations are of one line, which has one calendar.
  const Planned planned = PlannedOf(model, *stations->front(), *days);
  for (const Station* station : *stations) {
    OeeParts& parts = by_station[station->id];
    for (const domain::PlannedDay& day : planned.days) {
      parts.planned_seconds += static_cast<double>(day.seconds) * PassedShare(day.day, call.now);
    }
    if (const auto found = stands.find(station->id); found != stands.end()) {
      domain::TakeStandStills(planned.days, found->second, parts);
    }
  }
  response.set_planned_by_calendar(planned.by_calendar);
  response.set_planned_is_estimate(planned.estimate);

  OeeParts line;
  for (const Station* station : *stations) {
    *response.add_stations() = ToProto(station->line_code, station->code, by_station[station->id]);
    line.Add(by_station[station->id]);
  }
  if (!request.line_code().empty()) *response.mutable_line() = ToProto(request.line_code(), "", line);
  return {};
}

Status ReportDowntime(Call& call, const v1::ReportDowntimeRequest& request, v1::ReportDowntimeResponse& response) {
  Result<domain::Downtime> downtime = ParseDowntime(call, request);
  if (!downtime) return Fail(downtime.error());
  const auto list = db::LoadDowntimeReasons(call.transaction, 0);
  const auto reason = std::find_if(list->reasons.begin(), list->reasons.end(),
                                   [&](const domain::DowntimeReason& known) { return known.code == downtime->reason_code; });
  if (reason == list->reasons.end()) {
    return Fail(UnknownReason("reason_code", "reason " + downtime->reason_code + " is not in the list in force"));
  }
  downtime->version = list->version;
  downtime->downtime_class = reason->downtime_class;

  db::LockDowntimes(call.transaction, downtime->station_id);
  db::DowntimeFilter filter;
  filter.station_ids = {downtime->station_id};
  filter.from = downtime->from;
  filter.until = downtime->until;
  filter.standing_only = true;
  if (const auto known = db::ListDowntimes(call.transaction, filter, 1); !known.empty()) {
    domain::Error error = FieldError(Reason::kDowntimeOverlap, "from_time",
                                     "the station was reported down from " + domain::FormatTime(known[0].from) + " to " +
                                         domain::FormatTime(known[0].until) + " already");
    error.metadata["downtime_id"] = std::to_string(known[0].id);
    return Fail(std::move(error));
  }

  db::InsertDowntime(call.transaction, *downtime);
  *response.mutable_downtime() = ToProto(*downtime, call.plant);
  return {};
}

Status WithdrawDowntime(Call& call, const v1::WithdrawDowntimeRequest& request, v1::WithdrawDowntimeResponse& response) {
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person"); !checked) return checked;
  if (Status checked = domain::CheckText(request.note(), domain::kMaxReasonLength, true, "note"); !checked) return checked;
  std::optional<domain::Downtime> downtime = db::LockDowntime(call.transaction, request.downtime_id());
  if (!downtime) {
    return Fail(FieldError(Reason::kDowntimeUnknown, "downtime_id",
                           "downtime " + std::to_string(request.downtime_id()) + " is not known"));
  }
  if (downtime->withdraw_time) {
    return Fail(
        FieldError(Reason::kDowntimeWithdrawn, "downtime_id", "it was withdrawn by " + downtime->withdrawn_by + " already"));
  }
  downtime->withdraw_time = call.now;
  downtime->withdrawn_by = request.person();
  downtime->withdraw_note = request.note();

  db::UpdateWithdrawnDowntime(call.transaction, *downtime);
  *response.mutable_downtime() = ToProto(*downtime, call.plant);
  return {};
}

Status ListDowntimes(Call& call, const v1::ListDowntimesRequest& request, v1::ListDowntimesResponse& response) {
  db::DowntimeFilter filter;
  if (!request.line_code().empty() || !request.station_code().empty()) {
    const auto stations = FindStations(call.plant, request.line_code(), request.station_code());
    if (!stations) return Fail(stations.error());
    for (const Station* station : *stations) filter.station_ids.push_back(station->id);
  }
  const auto from = OptionalTimeFromProto(request.has_from_time(), request.from_time(), "from_time");
  if (!from) return Fail(from.error());
  const auto until = OptionalTimeFromProto(request.has_until_time(), request.until_time(), "until_time");
  if (!until) return Fail(until.error());
  filter.from = *from;
  filter.until = *until;
  const uint64_t digest =
      FilterDigest({request.line_code(), request.station_code(), from->has_value() ? domain::FormatTime(**from) : "",
                    until->has_value() ? domain::FormatTime(**until) : ""});
  const Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  std::from_chars(token->data(), token->data() + token->size(), filter.before_id);

  const int page_size = PageSize(request.page_size());
  std::vector<domain::Downtime> downtimes = db::ListDowntimes(call.transaction, filter, page_size + 1);
  if (static_cast<int>(downtimes.size()) > page_size) {
    downtimes.pop_back();
    response.set_next_page_token(PageToken(std::to_string(downtimes.back().id), digest));
  }
  for (const domain::Downtime& downtime : downtimes) *response.add_downtimes() = ToProto(downtime, call.plant);
  return {};
}

Status ReplaceDowntimeReasons(Call& call, const v1::ReplaceDowntimeReasonsRequest& request,
                              v1::ReplaceDowntimeReasonsResponse& response) {
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person"); !checked) return checked;
  std::vector<domain::DowntimeReason> reasons;
  for (const v1::DowntimeReason& reason : request.reasons()) {
    if (!v1::DowntimeClass_IsValid(reason.downtime_class()) || reason.downtime_class() == v1::DOWNTIME_CLASS_UNSPECIFIED) {
      return Fail(FieldError(Reason::kEnumUnknown, "reasons[" + std::to_string(reasons.size()) + "].downtime_class",
                             "downtime_class is not one of the classes"));
    }
    reasons.push_back({reason.code(), static_cast<domain::DowntimeClass>(reason.downtime_class()), reason.name()});
  }
  if (Status checked = domain::CheckDowntimeReasons(reasons); !checked) return checked;

  response.set_version(db::InsertDowntimeReasons(call.transaction, reasons, request.person(), call.now));
  return {};
}

Status ListDowntimeReasons(Call& call, const v1::ListDowntimeReasonsRequest& request, v1::ListDowntimeReasonsResponse& response) {
  const auto list = db::LoadDowntimeReasons(call.transaction, request.version());
  if (!list) return Fail(UnknownReason("version", "there is no list of this version"));
  response.set_version(list->version);
  response.set_person(list->person);
  *response.mutable_record_time() = ToProto(list->record_time);
  for (const domain::DowntimeReason& reason : list->reasons) {
    v1::DowntimeReason& message = *response.add_reasons();
    message.set_code(reason.code);
    message.set_downtime_class(static_cast<v1::DowntimeClass>(reason.downtime_class));
    message.set_name(reason.name);
  }
  return {};
}

namespace {

class OeeService final : public v1::OeeService::CallbackService {
 public:
  explicit OeeService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* QueryOee(grpc::CallbackServerContext* context, const v1::QueryOeeRequest* request,
                                     v1::QueryOeeResponse* response) override {
    return Read(env_, context, request, response, services::QueryOee);
  }
  grpc::ServerUnaryReactor* ReportDowntime(grpc::CallbackServerContext* context, const v1::ReportDowntimeRequest* request,
                                           v1::ReportDowntimeResponse* response) override {
    return Mutate(env_, context, request, response, services::ReportDowntime);
  }
  grpc::ServerUnaryReactor* WithdrawDowntime(grpc::CallbackServerContext* context, const v1::WithdrawDowntimeRequest* request,
                                             v1::WithdrawDowntimeResponse* response) override {
    return Mutate(env_, context, request, response, services::WithdrawDowntime);
  }
  grpc::ServerUnaryReactor* ListDowntimes(grpc::CallbackServerContext* context, const v1::ListDowntimesRequest* request,
                                          v1::ListDowntimesResponse* response) override {
    return Read(env_, context, request, response, services::ListDowntimes);
  }
  grpc::ServerUnaryReactor* ReplaceDowntimeReasons(grpc::CallbackServerContext* context,
                                                   const v1::ReplaceDowntimeReasonsRequest* request,
                                                   v1::ReplaceDowntimeReasonsResponse* response) override {
    return Mutate(env_, context, request, response, services::ReplaceDowntimeReasons);
  }
  grpc::ServerUnaryReactor* ListDowntimeReasons(grpc::CallbackServerContext* context,
                                                const v1::ListDowntimeReasonsRequest* request,
                                                v1::ListDowntimeReasonsResponse* response) override {
    return Read(env_, context, request, response, services::ListDowntimeReasons);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeOeeService(Env& env) { return std::make_unique<OeeService>(env); }

}  // namespace mes::services
