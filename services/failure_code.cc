#include "services/failure_code.h"

#include <algorithm>
#include <charconv>

#include "db/failure_code.h"
#include "db/nonconformance.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "mes/v1/failure_code.grpc.pb.h"
#include "services/convert.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;
using services::ToProto;

constexpr int32_t kMostDays = 3'660;
constexpr int32_t kLargestOperation = 32'767;

v1::FailureCode ToProto(const domain::FailureCode& policy) {
  v1::FailureCode message;
  message.set_failure_code_id(policy.id);
  message.set_code(policy.code);
  message.set_product_code(policy.product_code);
  message.set_operation(policy.operation);
  message.set_version(policy.version);
  message.set_needs_disposition(policy.needs_disposition);
  if (policy.repair_limit) message.set_repair_limit(*policy.repair_limit);
  message.set_route(policy.route);
  message.set_opens_ncr(policy.opens_ncr);
  message.set_severity(static_cast<v1::Severity>(policy.severity));
  message.set_withdrawn(policy.withdrawn);
  message.set_reason(policy.reason);
  message.set_person(policy.person);
  *message.mutable_create_time() = ToProto(policy.create_time);
  return message;
}

domain::Result<int16_t> ParseOperation(int32_t operation, std::string_view field) {
  if (operation >= 0 && operation <= kLargestOperation) return static_cast<int16_t>(operation);
  return Fail(FieldError(Reason::kFieldInvalid, field, std::string(field) + " is not an operation number"));
}

// The revision that a policy of this product is held against; null for an empty code.
domain::Result<const domain::ProductRevision*> FindProduct(const domain::Plant& plant, const std::string& code,
                                                           const std::string& field) {
  if (code.empty()) return nullptr;
  const domain::Material* material = plant.FindMaterial(code);
  const domain::ProductRevision* newest = material == nullptr ? nullptr : plant.NewestRevision(material->id);
  if (newest != nullptr) return newest;
  return Fail(FieldError(Reason::kProductUnknown, field, "product " + code + " is not known"));
}

domain::Result<domain::FailureCode> FromProto(const v1::FailureCode& message, const domain::ProductRevision* newest) {
  domain::FailureCode policy;
  policy.code = message.code();
  if (newest != nullptr) policy.material_id = newest->material_id, policy.product_code = newest->product_code;
  const auto operation = ParseOperation(message.operation(), "failure_code.operation");
  if (!operation) return Fail(operation.error());
  const auto route = ParseOperation(message.route(), "failure_code.route");
  if (!route) return Fail(route.error());
  policy.operation = *operation;
  policy.route = *route;
  policy.needs_disposition = message.needs_disposition();
  // Out of range stays out of range; the check names it.
  if (message.has_repair_limit()) {
    policy.repair_limit = static_cast<int16_t>(std::clamp(message.repair_limit(), -1, kLargestOperation));
  }
  policy.opens_ncr = message.opens_ncr();
  policy.severity = static_cast<domain::Severity>(std::clamp(static_cast<int>(message.severity()), 0, kLargestOperation));
  policy.reason = message.reason();
  policy.person = message.person();
  return policy;
}

domain::Error Within(domain::Error error, const std::string& message) {
  if (const auto field = error.metadata.find("field"); field != error.metadata.end())
    field->second = message + "." + field->second;
  return error;
}

// Days since 1970-01-01 of `2026-11-24`.
domain::Result<int32_t> ParseDay(const std::string& text, const std::string& field) {
  if (text.empty()) return Fail(FieldError(Reason::kFieldRequired, field, field + " is missing"));
  int year = 0;
  unsigned month = 0, day = 0;
  const auto part = [&](size_t at, size_t length, auto& value) {
    const char* begin = text.data() + at;
    const auto [end, error] = std::from_chars(begin, begin + length, value);
    return error == std::errc() && end == begin + length;
  };
  const bool read =
      text.size() == 10 && text[4] == '-' && text[7] == '-' && part(0, 4, year) && part(5, 2, month) && part(8, 2, day);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (read && date.ok() && year >= 1970) return static_cast<int32_t>(std::chrono::sys_days(date).time_since_epoch().count());
  return Fail(FieldError(Reason::kFieldInvalid, field, field + " is not a day written YYYY-MM-DD"));
}

domain::Result<db::ParetoQuestion> FromProto(const Call& call, const v1::ListFailureParetoRequest& request) {
  db::ParetoQuestion question;
  const auto from = ParseDay(request.from_day(), "from_day");
  if (!from) return Fail(from.error());
  const auto until = ParseDay(request.until_day(), "until_day");
  if (!until) return Fail(until.error());
  question.from_day = *from;
  question.until_day = *until;
  if (*until < *from || *until - *from > kMostDays) {
    return Fail(FieldError(Reason::kFieldInvalid, "until_day", "until_day is before from_day or more than ten years after it"));
  }
  if (request.measure() < v1::FAILURE_MEASURE_UNSPECIFIED || request.measure() > v1::FAILURE_MEASURE_SCRAPPED) {
    return Fail(FieldError(Reason::kEnumUnknown, "measure", "measure is not one of those known here"));
  }
  if (request.measure() != v1::FAILURE_MEASURE_UNSPECIFIED) question.measure = static_cast<db::FailureMeasure>(request.measure());
  const auto product = FindProduct(call.plant, request.product_code(), "product_code");
  if (!product) return Fail(product.error());
  if (*product != nullptr) question.material_id = (*product)->material_id;
  const auto operation = ParseOperation(request.operation(), "operation");
  if (!operation) return Fail(operation.error());
  question.operation = *operation;
  if (!request.station_code().empty()) {
    const domain::Station* station = call.plant.FindStation(request.station_code());
    if (station == nullptr) {
      return Fail(FieldError(Reason::kStationUnknown, "station_code", "station " + request.station_code() + " is not known"));
    }
    question.station_id = station->id;
  }
  question.failure_code = request.failure_code();
  question.by_product = request.by_product();
  question.by_operation = request.by_operation();
  question.by_station = request.by_station();
  question.by_day = request.by_day();
  return question;
}

v1::ParetoBar ToProto(const domain::ParetoBar& bar, const db::ParetoQuestion& question, const domain::Plant& plant) {
  v1::ParetoBar message;
  message.set_failure_code(bar.failure_code);
  if (question.by_product) message.set_product_code(MaterialOf(plant, bar.material_id).code);
  message.set_operation(bar.operation);
  if (question.by_station) {
    const domain::Station* station = plant.FindStation(bar.station_id);
    if (station == nullptr) throw PlantBehind("station " + std::to_string(bar.station_id) + " is not loaded");
    message.set_station_code(station->code);
  }
  if (question.by_day) message.set_plant_day(domain::FormatTime(domain::Time(std::chrono::days(bar.plant_day))).substr(0, 10));
  message.set_count(bar.count);
  message.set_cumulative(bar.cumulative);
  return message;
}

domain::Result<int32_t> ParseBefore(std::string_view text) {
  int32_t before = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), before);
  if (text.empty() || (error == std::errc() && end == text.data() + text.size())) return before;
  return Fail(FieldError(Reason::kPageTokenInvalid, "page_token", "page_token is not one of this call's"));
}

}  // namespace

Status PutFailureCode(Call& call, const v1::PutFailureCodeRequest& request, v1::PutFailureCodeResponse& response) {
  const v1::FailureCode& asked = request.failure_code();
  const auto newest = FindProduct(call.plant, asked.product_code(), "failure_code.product_code");
  if (!newest) return Fail(newest.error());
  domain::Result<domain::FailureCode> policy = FromProto(asked, *newest);
  if (!policy) return Fail(policy.error());
  if (asked.withdrawn()) {
    const domain::FailureCode* known = call.plant.failure_codes.Newest(policy->code, policy->material_id, policy->operation);
    if (known == nullptr || known->withdrawn) {
      return Fail(FieldError(Reason::kFailureCodeUnknown, "failure_code.code",
                             "no policy of this code, product and operation is in force"));
    }
    domain::FailureCode withdrawn = *known;
    withdrawn.withdrawn = true;
    withdrawn.reason = policy->reason;
    withdrawn.person = policy->person;
    if (Status checked = domain::CheckText(withdrawn.reason, domain::kMaxReasonLength, true, "failure_code.reason"); !checked)
      return checked;
    if (Status checked = domain::CheckText(withdrawn.person, domain::kMaxPersonLength, true, "failure_code.person"); !checked)
      return checked;
    *policy = std::move(withdrawn);
  } else if (Status checked = domain::CheckFailureCode(*policy, *newest); !checked) {
    return Fail(Within(checked.error(), "failure_code"));
  }
  policy->create_time = call.now;
  db::InsertFailureCode(call.transaction, *policy);
  *response.mutable_failure_code() = ToProto(*policy);
  return {};
}

Status ListFailureCodes(Call& call, const v1::ListFailureCodesRequest& request, v1::ListFailureCodesResponse& response) {
  const auto product = FindProduct(call.plant, request.product_code(), "product_code");
  if (!product) return Fail(product.error());
  const uint64_t digest = FilterDigest({request.code(), request.product_code(), request.include_history() ? "history" : ""});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  const domain::Result<int32_t> before = ParseBefore(*token);
  if (!before) return Fail(before.error());
  const int32_t material_id = *product == nullptr ? 0 : (*product)->material_id;

  const int page_size = PageSize(request.page_size());
  std::vector<domain::FailureCode> policies =
      db::ListFailureCodes(call.transaction, {*before, request.code(), material_id, !request.include_history()}, page_size + 1);
  if (static_cast<int>(policies.size()) > page_size) {
    policies.pop_back();
    response.set_next_page_token(PageToken(std::to_string(policies.back().id), digest));
  }
  for (const domain::FailureCode& policy : policies) *response.add_failure_codes() = ToProto(policy);
  return {};
}

Status ListFailurePareto(Call& call, const v1::ListFailureParetoRequest& request, v1::ListFailureParetoResponse& response) {
  const auto question = FromProto(call, request);
  if (!question) return Fail(question.error());
  db::Pareto pareto = db::LoadPareto(call.transaction, *question, domain::kMaxParetoBars + 1);
  response.set_total(pareto.total);
  response.set_complete(pareto.bars.size() <= static_cast<size_t>(domain::kMaxParetoBars));
  if (!response.complete()) pareto.bars.pop_back();
  for (const domain::ParetoBar& bar : pareto.bars) *response.add_bars() = ToProto(bar, *question, call.plant);
  return {};
}

namespace {

class FailureCodeService final : public v1::FailureCodeService::CallbackService {
 public:
  explicit FailureCodeService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* PutFailureCode(grpc::CallbackServerContext* context, const v1::PutFailureCodeRequest* request,
                                           v1::PutFailureCodeResponse* response) override {
    return Mutate(env_, context, request, response, services::PutFailureCode, [this] { env_.plant.Invalidate(); });
  }
  grpc::ServerUnaryReactor* ListFailureCodes(grpc::CallbackServerContext* context, const v1::ListFailureCodesRequest* request,
                                             v1::ListFailureCodesResponse* response) override {
    return Read(env_, context, request, response, services::ListFailureCodes);
  }
  grpc::ServerUnaryReactor* ListFailurePareto(grpc::CallbackServerContext* context, const v1::ListFailureParetoRequest* request,
                                              v1::ListFailureParetoResponse* response) override {
    return Read(env_, context, request, response, services::ListFailurePareto);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeFailureCodeService(Env& env) { return std::make_unique<FailureCodeService>(env); }

}  // namespace mes::services
