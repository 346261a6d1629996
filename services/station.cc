#include "services/station.h"

#include <algorithm>

#include "db/station.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "mes/v1/station.grpc.pb.h"
#include "services/can_start.h"
#include "services/convert.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;
using services::ToProto;

v1::Station ToProto(const domain::Station& station, const domain::Cursor& cursor) {
  v1::Station message;
  message.set_code(station.code);
  message.set_line_code(station.line_code);
  message.set_station_class(station.station_class);
  message.set_product_code(station.product_code);
  message.mutable_operations()->Assign(station.operations.begin(), station.operations.end());
  message.set_epoch(cursor.epoch);
  message.set_last_sequence(cursor.last_sequence);
  message.set_recorded_events(cursor.recorded);
  message.set_rejected_events(cursor.rejected);
  return message;
}

v1::StationCondition ToProto(const domain::StationCondition& condition) {
  v1::StationCondition message;
  message.set_kind(static_cast<v1::ConditionKind>(condition.report.kind));
  message.set_in_order(condition.report.in_order);
  *message.mutable_expire_time() = ToProto(condition.report.expire_time);
  for (const auto& [name, value] : condition.report.readings) (*message.mutable_readings())[name] = value;
  message.set_person(condition.report.person);
  message.set_evidence(condition.report.evidence);
  *message.mutable_occur_time() = ToProto(condition.occur_time);
  return message;
}

// What a filter names must exist, or an empty page would look like an answer.
Status CheckFilter(const domain::Plant& plant, const v1::ListStationsRequest& request) {
  const auto any_of_class = [&](const domain::Station& station) { return station.station_class == request.station_class(); };
  if (!request.station_class().empty() && std::none_of(plant.stations.begin(), plant.stations.end(), any_of_class)) {
    return Fail(
        FieldError(Reason::kStationClassUnknown, "station_class", "station class " + request.station_class() + " is not known"));
  }
  if (!request.product_code().empty() && plant.FindMaterial(request.product_code()) == nullptr) {
    return Fail(FieldError(Reason::kProductUnknown, "product_code", "product " + request.product_code() + " is not known"));
  }
  return {};
}

}  // namespace

Status GetStation(Call& call, const v1::GetStationRequest& request, v1::GetStationResponse& response) {
  if (Status checked = domain::CheckText(request.station_code(), domain::kMaxCodeLength, true, "station_code"); !checked) {
    return checked;
  }
  const domain::Station* station = call.plant.FindStation(request.station_code());
  if (station == nullptr) {
    domain::Error error =
        FieldError(Reason::kStationUnknown, "station_code", "station " + request.station_code() + " is not known");
    error.metadata["station_code"] = request.station_code();
    return Fail(std::move(error));
  }

  *response.mutable_station() = ToProto(*station, db::LoadCursors(call.transaction, {station->id})[station->id]);
  for (const domain::StationCondition& condition : db::LoadNewestConditions(call.transaction, station->id)) {
    *response.add_conditions() = ToProto(condition);
  }
  return {};
}

Status ListStations(Call& call, const v1::ListStationsRequest& request, v1::ListStationsResponse& response) {
  const uint64_t digest = FilterDigest({request.station_class(), request.product_code()});
  const domain::Result<std::string> after_code = ParsePageToken(request.page_token(), digest);
  if (!after_code) return Fail(after_code.error());
  if (Status checked = CheckFilter(call.plant, request); !checked) return checked;

  std::vector<const domain::Station*> stations;
  for (const domain::Station& station : call.plant.stations) {
    if (station.code <= *after_code) continue;
    if (!request.station_class().empty() && station.station_class != request.station_class()) continue;
    if (!request.product_code().empty() && station.product_code != request.product_code()) continue;
    stations.push_back(&station);
  }
  std::sort(stations.begin(), stations.end(), [](const auto* a, const auto* b) { return a->code < b->code; });
  if (const size_t page_size = static_cast<size_t>(PageSize(request.page_size())); stations.size() > page_size) {
    stations.resize(page_size);
    response.set_next_page_token(PageToken(stations.back()->code, digest));
  }

  std::vector<int32_t> ids;
  for (const domain::Station* station : stations) ids.push_back(station->id);
  std::unordered_map<int32_t, domain::Cursor> cursors = db::LoadCursors(call.transaction, ids);
  for (const domain::Station* station : stations) *response.add_stations() = ToProto(*station, cursors[station->id]);
  return {};
}

namespace {

class StationService final : public v1::StationService::CallbackService {
 public:
  explicit StationService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* CanStart(grpc::CallbackServerContext* context, const v1::CanStartRequest* request,
                                     v1::CanStartResponse* response) override {
    return Read(env_, context, request, response, services::CanStart);
  }
  grpc::ServerUnaryReactor* GetStation(grpc::CallbackServerContext* context, const v1::GetStationRequest* request,
                                       v1::GetStationResponse* response) override {
    return Read(env_, context, request, response, services::GetStation);
  }
  grpc::ServerUnaryReactor* ListStations(grpc::CallbackServerContext* context, const v1::ListStationsRequest* request,
                                         v1::ListStationsResponse* response) override {
    return Read(env_, context, request, response, services::ListStations);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeStationService(Env& env) { return std::make_unique<StationService>(env); }

}  // namespace mes::services
