#include "services/nonconformance.h"

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "db/hold.h"
#include "db/nonconformance.h"
#include "db/unit.h"
#include "db/world.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "mes/v1/nonconformance.grpc.pb.h"
#include "services/audit_trail.h"
#include "services/convert.h"
#include "services/nonconformance_convert.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;

domain::Error Unknown(int64_t ncr_id) {
  domain::Error error = FieldError(Reason::kNcrUnknown, "ncr_id", "report " + std::to_string(ncr_id) + " is not known");
  error.metadata["ncr_id"] = std::to_string(ncr_id);
  return error;
}

// Unique ids of these codes; several codes may be one unit's.
domain::Result<std::vector<int64_t>> FindUnits(Call& call, const google::protobuf::RepeatedPtrField<std::string>& codes) {
  if (codes.size() > domain::kMaxUnitsPerNcr) return Fail(TooMany("codes", codes.size(), domain::kMaxUnitsPerNcr));
  for (int i = 0; i < codes.size(); ++i) {
    const std::string field = "codes[" + std::to_string(i) + "]";
    if (Status checked = domain::CheckText(codes[i], domain::kMaxCodeLength, true, field); !checked) return Fail(checked.error());
  }
  domain::Result<std::vector<int64_t>> ids = FindUnitIds(call, {codes.begin(), codes.end()}, "codes");
  if (!ids) return ids;
  std::sort(ids->begin(), ids->end());
  ids->erase(std::unique(ids->begin(), ids->end()), ids->end());
  return ids;
}

// The material that all of these are of; 0 where they differ.
int32_t CommonMaterial(Call& call, const std::vector<int64_t>& ids) {
  int32_t common = 0;
  for (const db::StoredUnit& stored : db::LoadUnits(call.transaction, ids)) {
    if (common != 0 && stored.unit.material_id != common) return 0;
    common = stored.unit.material_id;
  }
  return common;
}

Status CheckOpening(const v1::OpenNcrRequest& request) {
  if (request.codes().empty()) return Fail(FieldError(Reason::kFieldRequired, "codes", "codes is empty"));
  if (Status checked = domain::CheckText(request.failure_code(), domain::kMaxFailureCodeLength, false, "failure_code");
      !checked) {
    return checked;
  }
  if (request.severity() < v1::SEVERITY_MINOR || request.severity() > v1::SEVERITY_CRITICAL) {
    return Fail(FieldError(Reason::kEnumUnknown, "severity", "severity is missing or not one of those known here"));
  }
  if (Status checked = domain::CheckText(request.description(), domain::kMaxNarrativeLength, true, "description"); !checked) {
    return checked;
  }
  return domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person");
}

Status CheckOperation(Call& call, int32_t operation, int32_t material_id) {
  if (operation == 0) return {};
  const domain::ProductRevision* revision = material_id == 0 ? nullptr : call.plant.NewestRevision(material_id);
  const bool known = revision != nullptr && operation > 0 && operation <= 32'767 &&
                     revision->OperationIndex(static_cast<int16_t>(operation)) >= 0;
  if (known) return {};
  return Fail(FieldError(Reason::kOperationUnknown, "operation",
                         revision == nullptr
                             ? std::string("an operation needs units of one product that is made here")
                             : "operation " + std::to_string(operation) + " is not on the routing of " + revision->product_code));
}

Status CheckHolds(Call& call, const std::vector<int64_t>& hold_ids) {
  for (size_t i = 0; i < hold_ids.size() && i < static_cast<size_t>(domain::kMaxHoldsPerNcr); ++i) {
    if (db::LoadHold(call.transaction, hold_ids[i])) continue;
    return Fail(FieldError(Reason::kHoldUnknown, "hold_ids[" + std::to_string(i) + "]",
                           "hold " + std::to_string(hold_ids[i]) + " is not known"));
  }
  return {};
}

// The named units, all of which must be open on the report.
domain::Result<std::vector<int64_t>> FindOpenUnits(Call& call, const v1::DisposeNcrUnitsRequest& request) {
  const domain::Result<std::vector<int64_t>> named = FindUnits(call, request.codes());
  if (!named) return named;
  std::vector<int64_t> open = db::ListOpenNcrUnits(call.transaction, request.ncr_id(), *named);
  if (open.size() > static_cast<size_t>(domain::kMaxUnitsPerNcr)) {
    return Fail(TooMany("codes", static_cast<int64_t>(open.size()), domain::kMaxUnitsPerNcr));
  }
  if (open.empty() && named->empty()) {
    return Fail(FieldError(Reason::kUnitUnknown, "codes", "nothing is open on this report"));
  }
  if (named->empty() || open.size() == named->size()) return open;
  const auto missing =
      std::find_if(named->begin(), named->end(), [&](int64_t id) { return !std::binary_search(open.begin(), open.end(), id); });
  std::string code;
  for (const db::StoredUnit& stored : db::LoadUnits(call.transaction, {*missing})) code = stored.unit.code;
  domain::Error error = FieldError(Reason::kUnitUnknown, "codes", "nothing is open about " + code + " on this report");
  error.metadata["unit_code"] = code;
  return Fail(std::move(error));
}

// Loads the units as ingest does, under the same locks, lets the domain decide about each, and stores what that left.
Status DisposeAll(Call& call, const std::vector<int64_t>& ids, const domain::DispositionOrder& order) {
  db::WorldKeys keys;
  for (const db::StoredUnit& stored : db::LoadUnits(call.transaction, ids)) {
    keys.codes.insert(stored.unit.code);
    // The whole past counts: the unit is scrapped or comes back.
    keys.runs.push_back({stored.unit.code, 0, domain::EventKind::kScrapped, false, false});
  }
  db::UnitIds unused;
  domain::World world = db::LockWorld(call.transaction, call.plant, call.now, keys, unused);
  const std::map<int64_t, domain::LastRun> runs = db::LoadLastRuns(call.transaction, ids);
  for (const int64_t id : ids) {
    const auto entry = world.units.find(id);
    // Its code changed between the look and the lock.
    if (entry == world.units.end()) throw db::Unavailable("a unit was renamed while it was decided about");
    const auto run = runs.find(id);
    const domain::LastRun last = run == runs.end() ? domain::LastRun{} : run->second;
    if (Status decided = domain::Dispose(world, entry->second, order, last, call.now); !decided) return decided;
  }
  db::StoreWorld(call.transaction, world);
  return {};
}

domain::Result<int64_t> ParseBefore(std::string_view text) {
  int64_t before = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), before);
  if (text.empty() || (error == std::errc() && end == text.data() + text.size())) return before;
  return Fail(FieldError(Reason::kPageTokenInvalid, "page_token", "page_token is not one of this call's"));
}

}  // namespace

Status OpenNcr(Call& call, const v1::OpenNcrRequest& request, v1::OpenNcrResponse& response) {
  if (Status checked = CheckOpening(request); !checked) return checked;
  const domain::Result<std::vector<int64_t>> ids = FindUnits(call, request.codes());
  if (!ids) return Fail(ids.error());
  domain::Ncr ncr;
  ncr.material_id = CommonMaterial(call, *ids);
  if (Status checked = CheckOperation(call, request.operation(), ncr.material_id); !checked) return checked;
  ncr.operation = static_cast<int16_t>(request.operation());
  ncr.failure_code = request.failure_code();
  ncr.severity = static_cast<domain::Severity>(request.severity());
  ncr.description = request.description();
  ncr.opened_by = request.person();
  ncr.open_time = call.now;
  db::InsertNcr(call.transaction, ncr, *ids);
  *response.mutable_ncr() = ToProto(ncr, call.plant);
  return {};
}

Status MoveNcr(Call& call, const v1::MoveNcrRequest& request, v1::MoveNcrResponse& response) {
  const domain::Result<domain::NcrMovement> movement = FromProto(request);
  if (!movement) return Fail(movement.error());
  const std::optional<domain::Ncr> ncr = db::LockNcr(call.transaction, request.ncr_id());
  if (!ncr) return Fail(Unknown(request.ncr_id()));
  NoteOldValue(ToProto(*ncr, call.plant));

  const domain::Result<domain::Ncr> moved = domain::Move(*ncr, *movement, call.now);
  if (!moved) return Fail(moved.error());
  if (Status checked = CheckHolds(call, movement->hold_ids); !checked) return checked;

  db::UpdateNcr(call.transaction, *moved,
                {call.now, movement->move, ncr->state, moved->state, movement->person, movement->role, movement->reason});
  *response.mutable_ncr() = ToProto(*moved, call.plant);
  return {};
}

Status DisposeNcrUnits(Call& call, const v1::DisposeNcrUnitsRequest& request, v1::DisposeNcrUnitsResponse& response) {
  const domain::DispositionOrder order = FromProto(request);
  // Units before the report, as ingest locks them; the report is read again under its lock.
  const std::optional<domain::Ncr> seen = db::LoadNcr(call.transaction, request.ncr_id());
  if (!seen) return Fail(Unknown(request.ncr_id()));
  NoteOldValue(ToProto(*seen, call.plant));
  if (Status checked = domain::CheckDisposition(*seen, order); !checked) return checked;
  const domain::Result<std::vector<int64_t>> ids = FindOpenUnits(call, request);
  if (!ids) return Fail(ids.error());

  if (Status decided = DisposeAll(call, *ids, order); !decided) return decided;

  const std::optional<domain::Ncr> locked = db::LockNcr(call.transaction, request.ncr_id());
  if (Status checked = domain::CheckDisposition(*locked, order); !checked) return checked;
  db::UpdateNcrUnits(call.transaction, request.ncr_id(), *ids, order, call.now);
  *response.mutable_ncr() = ToProto(*db::LoadNcr(call.transaction, request.ncr_id()), call.plant);
  response.set_disposed(static_cast<int64_t>(ids->size()));
  return {};
}

Status GetNcr(Call& call, const v1::GetNcrRequest& request, v1::GetNcrResponse& response) {
  const std::optional<domain::Ncr> ncr = db::LoadNcr(call.transaction, request.ncr_id());
  if (!ncr) return Fail(Unknown(request.ncr_id()));
  *response.mutable_ncr() = ToProto(*ncr, call.plant);
  for (const db::NcrTransition& transition : db::ListNcrTransitions(call.transaction, request.ncr_id())) {
    *response.add_transitions() = ToProto(transition);
  }
  return {};
}

Status ListNcrs(Call& call, const v1::ListNcrsRequest& request, v1::ListNcrsResponse& response) {
  db::NcrFilter filter;
  if (request.state() < v1::NCR_STATE_UNSPECIFIED || request.state() > v1::NCR_STATE_CANCELLED) {
    return Fail(FieldError(Reason::kEnumUnknown, "state", "state is not one of those known here"));
  }
  filter.state = static_cast<int16_t>(request.state());
  if (!request.product_code().empty()) {
    const domain::Material* material = call.plant.FindMaterial(request.product_code());
    if (material == nullptr) {
      return Fail(FieldError(Reason::kProductUnknown, "product_code", "product " + request.product_code() + " is not known"));
    }
    filter.material_id = material->id;
  }
  if (!request.unit_code().empty()) {
    const auto unit = FindUnitId(call, request.unit_code(), "unit_code");
    if (!unit) return Fail(unit.error());
    filter.unit_id = *unit;
  }
  filter.failure_code = request.failure_code();
  const uint64_t digest =
      FilterDigest({std::to_string(request.state()), request.product_code(), request.failure_code(), request.unit_code()});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  const domain::Result<int64_t> before = ParseBefore(*token);
  if (!before) return Fail(before.error());
  filter.before_id = *before;

  const int page_size = PageSize(request.page_size());
  std::vector<domain::Ncr> ncrs = db::ListNcrs(call.transaction, filter, page_size + 1);
  if (static_cast<int>(ncrs.size()) > page_size) {
    ncrs.pop_back();
    response.set_next_page_token(PageToken(std::to_string(ncrs.back().id), digest));
  }
  for (const domain::Ncr& ncr : ncrs) *response.add_ncrs() = ToProto(ncr, call.plant);
  return {};
}

Status ListNcrUnits(Call& call, const v1::ListNcrUnitsRequest& request, v1::ListNcrUnitsResponse& response) {
  if (!db::LoadNcr(call.transaction, request.ncr_id())) return Fail(Unknown(request.ncr_id()));
  const uint64_t digest = FilterDigest({std::to_string(request.ncr_id()), request.open_only() ? "open" : ""});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  const domain::Result<db::NcrUnitKey> after = ParseNcrUnitKey(*token);
  if (!after) return Fail(after.error());

  const int page_size = PageSize(request.page_size());
  std::vector<db::NcrUnit> units =
      db::ListNcrUnits(call.transaction, request.ncr_id(), *after, request.open_only(), page_size + 1);
  if (static_cast<int>(units.size()) > page_size) {
    units.pop_back();
    response.set_next_page_token(PageToken(KeyText(units.back()), digest));
  }
  for (const db::NcrUnit& unit : units) *response.add_units() = ToProto(unit, call.plant);
  return {};
}

namespace {

class NonconformanceService final : public v1::NonconformanceService::CallbackService {
 public:
  explicit NonconformanceService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* OpenNcr(grpc::CallbackServerContext* context, const v1::OpenNcrRequest* request,
                                    v1::OpenNcrResponse* response) override {
    return Mutate(env_, context, request, response, services::OpenNcr);
  }
  grpc::ServerUnaryReactor* MoveNcr(grpc::CallbackServerContext* context, const v1::MoveNcrRequest* request,
                                    v1::MoveNcrResponse* response) override {
    return Mutate(env_, context, request, response, services::MoveNcr);
  }
  grpc::ServerUnaryReactor* DisposeNcrUnits(grpc::CallbackServerContext* context, const v1::DisposeNcrUnitsRequest* request,
                                            v1::DisposeNcrUnitsResponse* response) override {
    return Mutate(env_, context, request, response, services::DisposeNcrUnits);
  }
  grpc::ServerUnaryReactor* GetNcr(grpc::CallbackServerContext* context, const v1::GetNcrRequest* request,
                                   v1::GetNcrResponse* response) override {
    return Read(env_, context, request, response, services::GetNcr);
  }
  grpc::ServerUnaryReactor* ListNcrs(grpc::CallbackServerContext* context, const v1::ListNcrsRequest* request,
                                     v1::ListNcrsResponse* response) override {
    return Read(env_, context, request, response, services::ListNcrs);
  }
  grpc::ServerUnaryReactor* ListNcrUnits(grpc::CallbackServerContext* context, const v1::ListNcrUnitsRequest* request,
                                         v1::ListNcrUnitsResponse* response) override {
    return Read(env_, context, request, response, services::ListNcrUnits);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeNonconformanceService(Env& env) { return std::make_unique<NonconformanceService>(env); }

}  // namespace mes::services
