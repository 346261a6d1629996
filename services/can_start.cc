#include "services/can_start.h"

#include "db/world.h"
#include "domain/code.h"
#include "domain/gate.h"
#include "domain/limits.h"
#include "domain/limits_audit.h"
#include "services/convert.h"
#include "services/start_permit.h"
#include "services/station_event_parse.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;

// The question as the event that the station would report: what it names is loaded in the same way.
domain::Result<domain::StationEvent> Ask(const Call& call, const v1::CanStartRequest& request) {
  domain::StationEvent asked;
  if (domain::Status id = domain::CheckText(request.request_id(), domain::kMaxCodeLength, true, "request_id"); !id)
    return Fail(id.error());
  if (request.subject_case() == v1::CanStartRequest::SUBJECT_NOT_SET) {
    return Fail(FieldError(Reason::kFieldRequired, "subject", "unit_code or carrier_code is missing"));
  }
  asked.unit_code = request.unit_code();
  asked.carrier_code = request.carrier_code();
  const bool unit = request.subject_case() == v1::CanStartRequest::kUnitCode;
  if (domain::Status code = domain::CheckCode(unit ? asked.unit_code : asked.carrier_code, unit ? "unit_code" : "carrier_code");
      !code) {
    return Fail(code.error());
  }
  if (request.operation() < 0 || request.operation() > 32'767) {
    return Fail(FieldError(Reason::kFieldInvalid, "operation", "operation is not an operation number"));
  }
  asked.operation = static_cast<int16_t>(request.operation());
  if (domain::Status person = domain::CheckText(request.operator_id(), domain::kMaxPersonLength, false, "operator_id"); !person) {
    return Fail(person.error());
  }
  asked.operator_id = request.operator_id();
  asked.occur_time = call.now;
  if (request.has_occur_time()) {
    const domain::Result<domain::Time> time = TimeFromProto(request.occur_time(), "occur_time");
    if (!time) return Fail(time.error());
    asked.occur_time = *time;
  }
  if (asked.occur_time > call.now + std::chrono::seconds(domain::kMaxAheadSeconds)) {
    return Fail(FieldError(Reason::kTimeInFuture, "occur_time", "occur_time is more than 5 minutes ahead"));
  }
  domain::Result<domain::Started> started = FromProto(request.start());
  if (!started) return Fail(started.error());
  asked.what = std::move(*started);
  return asked;
}

// The answer about one unit; an unknown carrier or an empty one is a no-go too.
struct Answer {
  v1::CanStartResponse& response;
  int32_t revision_id = 0;

  void Refuse(const domain::Refusal& refusal) {
    response.set_go(false);
    if (response.refusals_size() < domain::kMaxRefusalsPerAnswer) {
      *response.add_refusals() = ToProto(refusal);
    } else {
      response.set_complete(false);
    }
  }

  void Take(const domain::World& world, const domain::StartQuestion& question) {
    const domain::StartDecision decision = domain::JudgeStart(world, question);
    for (const domain::Refusal& refusal : decision.refusals) Refuse(refusal);
    response.set_units(response.units() + 1);
    response.set_operation(decision.operation);
    if (decision.order != nullptr) response.set_work_order_code(decision.order->code);
    if (decision.revision == nullptr) return;
    const int16_t index = decision.revision->OperationIndex(decision.operation);
    if (index >= 0) response.set_recipe_checksum(decision.revision->operations[static_cast<size_t>(index)].recipe_checksum);
    if (decision.Go()) response.set_runs_left(decision.runs_left);
    revision_id = decision.revision->id;
    response.set_next_operation(
        domain::NextOperation(*decision.revision, question.entry == nullptr ? 0 : question.entry->unit.passed));
  }
};

// Good from now on.
void GivePermit(const Call& call, const v1::CanStartRequest& request, const std::string& unit_code, const domain::Station& station,
                int32_t revision_id, v1::CanStartResponse& response) {
  domain::StartPermit permit;
  permit.unit_code = unit_code;
  permit.station_code = station.code;
  permit.operation = static_cast<int16_t>(response.operation());
  permit.revision_id = revision_id;
  permit.issue_time = call.now;
  permit.expire_time =
      call.now + std::chrono::seconds(request.permit_seconds() == 0 ? domain::kDefaultPermitSeconds : request.permit_seconds());
  response.set_permit(SealPermit(permit));
  *response.mutable_permit_expire_time() = ToProto(permit.expire_time);
}

}  // namespace

domain::Status CanStart(Call& call, const v1::CanStartRequest& request, v1::CanStartResponse& response) {
  if (domain::Status code = domain::CheckCode(request.station_code(), "station_code"); !code) return code;
  const domain::Station* station = call.plant.FindStation(request.station_code());
  if (station == nullptr) {
    return Fail(FieldError(Reason::kStationUnknown, "station_code", "station " + request.station_code() + " is not known"));
  }
  if (request.permit_seconds() < 0) {
    return Fail(FieldError(Reason::kFieldInvalid, "permit_seconds", "permit_seconds is below 0"));
  }
  if (request.permit_seconds() > domain::kMaxPermitSeconds) {
    domain::Error error = FieldError(Reason::kLimitExceeded, "permit_seconds", "a permit is good for a day at most");
    error.metadata["limit"] = std::to_string(domain::kMaxPermitSeconds);
    return Fail(std::move(error));
  }
  const domain::Result<domain::StationEvent> asked = Ask(call, request);
  if (!asked) return Fail(asked.error());

  db::WorldKeys keys;
  keys.Add(call.plant, *station, 1, *asked);
  const domain::World world = db::LoadWorld(call.transaction, call.plant, call.now, keys);

  const auto& start = std::get<domain::Started>(asked->what);
  domain::StartQuestion question{station,          nullptr, asked->unit_code, asked->operation, &start, asked->operator_id,
                                 asked->occur_time};
  response.set_request_id(request.request_id());
  response.set_subject_code(asked->unit_code.empty() ? asked->carrier_code : asked->unit_code);
  response.set_go(true);
  response.set_complete(true);
  Answer answer{response};
  if (!asked->unit_code.empty()) {
    // A former code (a tray position) may begin a new unit when an order is named.
    const auto current = world.unit_by_code.find(asked->unit_code);
    question.entry = start.work_order_code.empty()         ? world.FindUnit(asked->unit_code)
                     : current == world.unit_by_code.end() ? nullptr
                                                           : world.FindUnit(current->second);
    answer.Take(world, question);
    if (response.go()) {
      const std::string& code = question.entry == nullptr ? asked->unit_code : question.entry->unit.code;
      GivePermit(call, request, code, *station, answer.revision_id, response);
    }
    return {};
  }
  const auto carrier = world.carrier_by_code.find(asked->carrier_code);
  if (carrier == world.carrier_by_code.end() || world.carrier_contents.at(carrier->second).empty()) {
    const bool unknown = carrier == world.carrier_by_code.end();
    answer.Refuse({unknown ? Reason::kCarrierUnknown : Reason::kCarrierEmpty,
                   "carrier " + asked->carrier_code + (unknown ? " is not known" : " is empty"),
                   {{"unit", asked->carrier_code, unknown ? "unknown" : "0 units"}},
                   ""});
    return {};
  }
  for (const auto& [slot, id] : world.carrier_contents.at(carrier->second)) {
    question.entry = world.FindUnit(id);
    question.unit_code = question.entry->unit.code;
    answer.Take(world, question);
  }
  return {};
}

}  // namespace mes::services
