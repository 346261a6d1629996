#include "services/plan.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "db/capacity.h"
#include "db/line_output.h"
#include "db/plan.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "domain/quantity.h"
#include "mes/v1/plan.grpc.pb.h"
#include "services/convert.h"
#include "services/plan_files.h"
#include "services/time_zone.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Month;
using domain::Reason;
using domain::Status;
using services::ToProto;

constexpr Month kMaxMonths = 36;
constexpr char kXlsxType[] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

v1::PlanVersion ToProto(const domain::PlanVersion& version) {
  v1::PlanVersion message;
  message.set_version(version.version);
  message.set_format(static_cast<v1::PlanFormat>(version.format));
  message.set_source(version.source);
  message.set_person(version.person);
  *message.mutable_import_time() = ToProto(version.import_time);
  message.set_lines(version.lines);
  message.set_first_month(domain::FormatMonth(version.first_month));
  message.set_last_month(domain::FormatMonth(version.last_month));
  return message;
}

domain::Error TooLarge(std::string_view what, size_t limit) {
  domain::Error error =
      FieldError(Reason::kLimitExceeded, "content", "a plan has at most " + std::to_string(limit) + " " + std::string(what));
  error.metadata["limit"] = std::to_string(limit);
  return error;
}

Status CheckImport(const v1::ImportPlanRequest& request) {
  if (!v1::PlanFormat_IsValid(request.format()) || request.format() == v1::PLAN_FORMAT_UNSPECIFIED) {
    return Fail(FieldError(Reason::kEnumUnknown, "format", "format is not one of those known here"));
  }
  if (request.content().empty()) return Fail(FieldError(Reason::kFieldRequired, "content", "content is empty"));
  if (request.content().size() > domain::kMaxPlanBytes) return Fail(TooLarge("bytes", domain::kMaxPlanBytes));
  if (Status checked = domain::CheckText(request.person(), domain::kMaxPersonLength, true, "person"); !checked) return checked;
  return domain::CheckText(request.source(), domain::kMaxNameLength, false, "source");
}

void AddFaults(const std::vector<domain::PlanFault>& faults, v1::ImportPlanResponse& response) {
  response.set_faults_total(static_cast<int32_t>(faults.size()));
  for (size_t i = 0; i < faults.size() && i < domain::kMaxPlanFaults; ++i) {
    v1::PlanFault& fault = *response.add_faults();
    fault.set_line(faults[i].line);
    fault.set_field(faults[i].field);
    fault.set_problem(faults[i].problem);
  }
}

domain::Result<int32_t> ParseBefore(std::string_view text) {
  int32_t before = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), before);
  if (text.empty() || (error == std::errc() && end == text.data() + text.size())) return before;
  return Fail(FieldError(Reason::kPageTokenInvalid, "page_token", "page_token is not one of this call's"));
}

domain::Error NoSuchVersion(int32_t version) {
  return FieldError(Reason::kPlanUnknown, "version", "there is no version " + std::to_string(version) + " of the plan");
}

domain::Result<db::PlanRange> ParseRange(Call& call, const v1::PlanVarianceRequest& request) {
  db::PlanRange range;
  const Month today = domain::MonthOfDay(domain::PlantDayOf(call.now, PlantTimeZone()));
  range.first = today / 12 * 12;
  if (!request.first_month().empty()) {
    const domain::Result<Month> first = domain::ParseMonth(request.first_month(), "first_month");
    if (!first) return Fail(first.error());
    range.first = *first;
  }
  range.last = range.first / 12 * 12 + 11;
  if (!request.last_month().empty()) {
    const domain::Result<Month> last = domain::ParseMonth(request.last_month(), "last_month");
    if (!last) return Fail(last.error());
    range.last = *last;
  }
  if (range.last < range.first)
    return Fail(FieldError(Reason::kFieldInvalid, "last_month", "the last month lies before the first"));
  if (range.last - range.first >= kMaxMonths) {
    domain::Error error = FieldError(Reason::kLimitExceeded, "last_month", "at most 36 months are answered at once");
    error.metadata["limit"] = std::to_string(kMaxMonths);
    return Fail(std::move(error));
  }
  if (!request.product_code().empty()) {
    const domain::Material* material = call.plant.FindMaterial(request.product_code());
    if (material == nullptr || !material->made) {
      return Fail(FieldError(Reason::kProductUnknown, "product_code", "product " + request.product_code() + " is not made here"));
    }
    range.material_id = material->id;
  }
  if (request.version() < 0) return Fail(NoSuchVersion(request.version()));
  range.version = request.version();
  if (range.version > 0 && !db::LoadPlanVersion(call.transaction, range.version)) return Fail(NoSuchVersion(range.version));
  return range;
}

std::vector<domain::MonthActual> LoadActuals(Call& call, const db::PlanRange& range) {
  std::vector<int32_t> materials;
  if (range.material_id != 0) materials.push_back(range.material_id);
  std::vector<domain::MonthActual> actuals;
  for (const db::OutputSum& sum : db::LoadMonthlyOutputs(call.transaction, materials, domain::FirstDayOf(range.last + 1))) {
    const Month month = domain::MonthOfDay(sum.day);
    // Bought and received components are nobody's output.
    const domain::Material* material = call.plant.FindMaterial(sum.material_id);
    if (month < range.first || sum.counts.good_micro == 0 || material == nullptr || !material->made) continue;
    actuals.push_back({month, sum.material_id, sum.counts.good_micro});
  }
  return actuals;
}

v1::PlanVarianceRow ToProto(const domain::PlanVariance& variance, const domain::Plant& plant,
                            const domain::CapacityModel& model) {
  const domain::Material* material = plant.FindMaterial(variance.material_id);
  if (material == nullptr) throw PlantBehind("material " + std::to_string(variance.material_id) + " is not loaded");
  v1::PlanVarianceRow row;
  if (variance.month != 0) row.set_month(domain::FormatMonth(variance.month));
  row.set_product_code(material->code);
  if (const domain::CapacityFamily* family = model.FamilyOf(material->code)) row.set_family_code(family->code);
  row.set_version(variance.version);
  if (variance.plan_micro) *row.mutable_plan() = QuantityToProto(*variance.plan_micro, material->uom);
  *row.mutable_actual() = QuantityToProto(variance.actual_micro, material->uom);
  row.set_difference(domain::FormatQuantity(variance.DifferenceMicro()));
  if (const domain::LineGroup* group = model.FindGroup(variance.material_id); group != nullptr && group->rated_kwh) {
    const auto kwh = [&](int64_t micro) {
      return static_cast<double>(micro) / static_cast<double>(domain::kMicro) * *group->rated_kwh;
    };
    row.mutable_energy()->set_plan_kwh(kwh(variance.plan_micro.value_or(0)));
    row.mutable_energy()->set_actual_kwh(kwh(variance.actual_micro));
    row.mutable_energy()->set_difference_kwh(kwh(variance.DifferenceMicro()));
  }
  return row;
}

// Over all months, by product.
std::vector<domain::PlanVariance> TotalsOf(const std::vector<domain::PlanVariance>& rows, const domain::Plant& plant) {
  std::map<std::string, domain::PlanVariance> totals;
  for (const domain::PlanVariance& row : rows) {
    const domain::Material* material = plant.FindMaterial(row.material_id);
    const auto [place, fresh] = totals.try_emplace(material != nullptr ? material->code : "");
    domain::PlanVariance& total = place->second;
    total.material_id = row.material_id;
    total.version = fresh || total.version == row.version ? row.version : 0;
    if (row.plan_micro) total.plan_micro = total.plan_micro.value_or(0) + *row.plan_micro;
    total.actual_micro += row.actual_micro;
  }
  std::vector<domain::PlanVariance> list;
  for (const auto& [code, total] : totals) list.push_back(total);
  return list;
}

std::string Shortest(double value) {
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, 3).ptr);
}

ExportSheet SheetOf(const std::string& name, const google::protobuf::RepeatedPtrField<v1::PlanVarianceRow>& rows) {
  ExportSheet sheet;
  sheet.name = name;
  sheet.headings = {"month",    "product",    "family",         "uom",         "plan", "actual", "difference",
                    "plan_kwh", "actual_kwh", "difference_kwh", "plan_version"};
  for (const v1::PlanVarianceRow& row : rows) {
    const auto energy = [&](double value) { return ExportCell{row.has_energy() ? Shortest(value) : "", true}; };
    sheet.rows.push_back({{row.month()},
                          {row.product_code()},
                          {row.family_code()},
                          {row.actual().uom()},
                          {row.plan().value(), true},
                          {row.actual().value(), true},
                          {row.difference(), true},
                          energy(row.energy().plan_kwh()),
                          energy(row.energy().actual_kwh()),
                          energy(row.energy().difference_kwh()),
                          {row.version() == 0 ? "" : std::to_string(row.version()), true}});
  }
  return sheet;
}

}  // namespace

Status ImportPlan(Call& call, const v1::ImportPlanRequest& request, v1::ImportPlanResponse& response) {
  if (Status checked = CheckImport(request); !checked) return checked;
  const bool csv = request.format() == v1::PLAN_FORMAT_CSV;
  const PlanFileReading file = csv ? ReadPlanCsv(request.content()) : ReadPlanJson(request.content(), PlantTimeZone());
  if (file.rows.size() > domain::kMaxPlanRows) return Fail(TooLarge("rows", domain::kMaxPlanRows));

  domain::PlanReading reading = domain::CheckPlan(file.rows, call.plant);
  // Of a file without rows its own faults say enough.
  if (file.rows.empty() && !file.faults.empty()) reading.faults.clear();
  reading.faults.insert(reading.faults.end(), file.faults.begin(), file.faults.end());
  std::stable_sort(reading.faults.begin(), reading.faults.end(),
                   [](const domain::PlanFault& left, const domain::PlanFault& right) { return left.line < right.line; });
  AddFaults(reading.faults, response);
  if (!reading.faults.empty()) return {};
  response.set_lines(static_cast<int32_t>(reading.lines.size()));
  if (request.validate_only()) return {};

  domain::PlanVersion version;
  version.format = static_cast<domain::PlanFormat>(request.format());
  version.source = request.source();
  version.person = request.person();
  version.import_time = call.now;
  db::InsertPlan(call.transaction, version, reading.lines);
  *response.mutable_version() = ToProto(version);
  return {};
}

Status ListPlanVersions(Call& call, const v1::ListPlanVersionsRequest& request, v1::ListPlanVersionsResponse& response) {
  const uint64_t digest = FilterDigest({"plan_versions"});
  const domain::Result<std::string> token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  const domain::Result<int32_t> before = ParseBefore(*token);
  if (!before) return Fail(before.error());

  const int page_size = PageSize(request.page_size());
  std::vector<domain::PlanVersion> versions = db::ListPlanVersions(call.transaction, *before, page_size + 1);
  if (static_cast<int>(versions.size()) > page_size) {
    versions.pop_back();
    response.set_next_page_token(PageToken(std::to_string(versions.back().version), digest));
  }
  for (const domain::PlanVersion& version : versions) *response.add_versions() = ToProto(version);
  return {};
}

Status PlanVariance(Call& call, const v1::PlanVarianceRequest& request, v1::PlanVarianceResponse& response) {
  const domain::Result<db::PlanRange> range = ParseRange(call, request);
  if (!range) return Fail(range.error());

  const std::vector<domain::PlanVariance> rows =
      domain::CompareWithPlan(db::LoadPlanLines(call.transaction, *range), LoadActuals(call, *range), call.plant);

  const domain::CapacityModel model = db::LoadCapacityModel(call.transaction, call.plant);
  for (const domain::PlanVariance& row : rows) *response.add_rows() = ToProto(row, call.plant, model);
  for (const domain::PlanVariance& total : TotalsOf(rows, call.plant)) *response.add_totals() = ToProto(total, call.plant, model);
  response.set_first_month(domain::FormatMonth(range->first));
  response.set_last_month(domain::FormatMonth(range->last));
  return {};
}

Status ExportPlan(Call& call, const v1::ExportPlanRequest& request, v1::ExportPlanResponse& response) {
  const bool xlsx = request.format() == v1::PLAN_EXPORT_FORMAT_XLSX;
  if (!xlsx && request.format() != v1::PLAN_EXPORT_FORMAT_CSV) {
    return Fail(FieldError(Reason::kEnumUnknown, "format", "format is not one of those known here"));
  }
  v1::PlanVarianceResponse variance;
  if (Status answered = PlanVariance(call, request.variance(), variance); !answered) return answered;
  const ExportSheet months = SheetOf("months", variance.rows());
  response.set_content(xlsx ? WriteXlsx({months, SheetOf("totals", variance.totals())}) : WriteCsv(months));
  response.set_file_name("plan-" + variance.first_month() + "-" + variance.last_month() + (xlsx ? ".xlsx" : ".csv"));
  response.set_media_type(xlsx ? kXlsxType : "text/csv; charset=utf-8; header=present");
  return {};
}

namespace {

class PlanService final : public v1::PlanService::CallbackService {
 public:
  explicit PlanService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* ImportPlan(grpc::CallbackServerContext* context, const v1::ImportPlanRequest* request,
                                       v1::ImportPlanResponse* response) override {
    return Mutate(env_, context, request, response, services::ImportPlan);
  }
  grpc::ServerUnaryReactor* ListPlanVersions(grpc::CallbackServerContext* context, const v1::ListPlanVersionsRequest* request,
                                             v1::ListPlanVersionsResponse* response) override {
    return Read(env_, context, request, response, services::ListPlanVersions);
  }
  grpc::ServerUnaryReactor* PlanVariance(grpc::CallbackServerContext* context, const v1::PlanVarianceRequest* request,
                                         v1::PlanVarianceResponse* response) override {
    return Read(env_, context, request, response, services::PlanVariance);
  }
  grpc::ServerUnaryReactor* ExportPlan(grpc::CallbackServerContext* context, const v1::ExportPlanRequest* request,
                                       v1::ExportPlanResponse* response) override {
    return Read(env_, context, request, response, services::ExportPlan);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakePlanService(Env& env) { return std::make_unique<PlanService>(env); }

}  // namespace mes::services
