#include "services/hold.h"

#include <algorithm>
#include <charconv>

#include "db/hold.h"
#include "domain/code.h"
#include "domain/hold.h"
#include "domain/limits.h"
#include "mes/v1/hold.grpc.pb.h"
#include "services/convert.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;
using services::ToProto;

v1::Hold ToProto(const domain::Hold& hold) {
  v1::Hold message;
  message.set_hold_id(hold.id);
  message.set_reason(hold.reason);
  message.set_placed_by(hold.placed_by);
  *message.mutable_place_time() = ToProto(hold.place_time);
  if (!hold.InForce()) {
    message.set_released_by(hold.released_by);
    *message.mutable_release_time() = ToProto(hold.release_time);
    message.set_release_reason(hold.release_reason);
  }
  message.set_covered(hold.covered);
  return message;
}

Status CheckReasonAndPerson(const std::string& reason, const std::string& person) {
  if (Status checked = domain::CheckText(reason, domain::kMaxReasonLength, true, "reason"); !checked) return checked;
  return domain::CheckText(person, domain::kMaxPersonLength, true, "person");
}

domain::Error Unknown(int64_t hold_id) {
  domain::Error error = FieldError(Reason::kHoldUnknown, "hold_id", "hold " + std::to_string(hold_id) + " is not known");
  error.metadata["hold_id"] = std::to_string(hold_id);
  return error;
}

domain::Result<std::vector<std::string>> ParseCodes(const v1::PlaceHoldRequest& request) {
  if (request.codes().empty()) return Fail(FieldError(Reason::kFieldRequired, "codes", "codes is empty"));
  if (request.codes_size() > domain::kMaxCodesPerHold) {
    return Fail(TooMany("codes", request.codes_size(), domain::kMaxCodesPerHold));
  }
  std::vector<std::string> codes;
  for (const std::string& code : request.codes()) {
    const std::string field = "codes[" + std::to_string(codes.size()) + "]";
    if (Status checked = domain::CheckText(code, domain::kMaxCodeLength, true, field); !checked) return Fail(checked.error());
    codes.push_back(code);
  }
  return codes;
}

domain::Result<int64_t> ParseBefore(std::string_view text) {
  int64_t before = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), before);
  if (text.empty() || (error == std::errc() && end == text.data() + text.size())) return before;
  return Fail(FieldError(Reason::kPageTokenInvalid, "page_token", "page_token is not one of this call's"));
}

}  // namespace

Status PlaceHold(Call& call, const v1::PlaceHoldRequest& request, v1::PlaceHoldResponse& response) {
  if (Status checked = CheckReasonAndPerson(request.reason(), request.person()); !checked) return checked;
  const auto codes = ParseCodes(request);
  if (!codes) return Fail(codes.error());
  domain::Result<std::vector<int64_t>> named = FindUnitIds(call, *codes, "codes");
  if (!named) return Fail(named.error());
  // A unit may be named by several of its codes.
  std::sort(named->begin(), named->end());
  named->erase(std::unique(named->begin(), named->end()), named->end());

  const std::vector<int64_t> covered = db::LockWithWhereUsed(call.transaction, *named);

  domain::Hold hold;
  hold.reason = request.reason();
  hold.placed_by = request.person();
  hold.place_time = call.now;
  db::InsertHold(call.transaction, hold, *named, covered);
  *response.mutable_hold() = ToProto(hold);
  return {};
}

Status ReleaseHold(Call& call, const v1::ReleaseHoldRequest& request, v1::ReleaseHoldResponse& response) {
  if (Status checked = CheckReasonAndPerson(request.reason(), request.person()); !checked) return checked;
  std::optional<domain::Hold> hold = db::LockHold(call.transaction, request.hold_id());
  if (!hold) return Fail(Unknown(request.hold_id()));

  if (Status released = domain::Release(*hold, request.person(), request.reason(), call.now); !released) return released;

  db::UpdateReleasedHold(call.transaction, *hold);
  *response.mutable_hold() = ToProto(*hold);
  return {};
}

Status GetHold(Call& call, const v1::GetHoldRequest& request, v1::GetHoldResponse& response) {
  const std::optional<domain::Hold> hold = db::LoadHold(call.transaction, request.hold_id());
  if (!hold) return Fail(Unknown(request.hold_id()));
  *response.mutable_hold() = ToProto(*hold);
  return {};
}

Status ListHolds(Call& call, const v1::ListHoldsRequest& request, v1::ListHoldsResponse& response) {
  const uint64_t digest = FilterDigest({request.in_force_only() ? "in_force" : ""});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  const domain::Result<int64_t> before = ParseBefore(*token);
  if (!before) return Fail(before.error());

  const int page_size = PageSize(request.page_size());
  std::vector<domain::Hold> holds = db::ListHolds(call.transaction, *before, request.in_force_only(), page_size + 1);
  if (static_cast<int>(holds.size()) > page_size) {
    holds.pop_back();
    response.set_next_page_token(PageToken(std::to_string(holds.back().id), digest));
  }
  for (const domain::Hold& hold : holds) *response.add_holds() = ToProto(hold);
  return {};
}

namespace {

class HoldService final : public v1::HoldService::CallbackService {
 public:
  explicit HoldService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* PlaceHold(grpc::CallbackServerContext* context, const v1::PlaceHoldRequest* request,
                                      v1::PlaceHoldResponse* response) override {
    return Mutate(env_, context, request, response, services::PlaceHold);
  }
  grpc::ServerUnaryReactor* ReleaseHold(grpc::CallbackServerContext* context, const v1::ReleaseHoldRequest* request,
                                        v1::ReleaseHoldResponse* response) override {
    return Mutate(env_, context, request, response, services::ReleaseHold);
  }
  grpc::ServerUnaryReactor* GetHold(grpc::CallbackServerContext* context, const v1::GetHoldRequest* request,
                                    v1::GetHoldResponse* response) override {
    return Read(env_, context, request, response, services::GetHold);
  }
  grpc::ServerUnaryReactor* ListHolds(grpc::CallbackServerContext* context, const v1::ListHoldsRequest* request,
                                      v1::ListHoldsResponse* response) override {
    return Read(env_, context, request, response, services::ListHolds);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeHoldService(Env& env) { return std::make_unique<HoldService>(env); }

}  // namespace mes::services
