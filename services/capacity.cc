#include "services/capacity.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "db/capacity.h"
#include "db/line_output.h"
#include "db/product_definition.h"
#include "domain/code.h"
#include "domain/limits.h"
#include "services/convert.h"
#include "services/time_zone.h"

namespace mes::services {
namespace {

using domain::CapacityKind;
using domain::Day;
using domain::Fail;
using domain::FieldError;
using domain::LineGroup;
using domain::Reason;
using domain::Status;
using services::ToProto;

constexpr int32_t kBestDays = 30;

double Whole(int64_t micro) { return static_cast<double>(micro) / domain::kMicro; }

// One product's capacity in one year, computed once for all that is told of it.
struct Computed {
  const LineGroup* group = nullptr;
  const domain::Material* material = nullptr;
  domain::Route route;
  domain::GroupCapacity year;
  const domain::CapacityPoint* last = nullptr;
};

std::vector<Computed> ComputeYear(const domain::Plant& plant, const domain::CapacityModel& model, int32_t year, int32_t material_id) {
  std::vector<Computed> all;
  const Day first = domain::DayOf(year, 1, 1), end = domain::DayOf(year + 1, 1, 1);
  for (const LineGroup& group : model.groups) {
    const domain::ProductRevision* revision = plant.NewestRevision(group.material_id);
    if (revision == nullptr || (material_id != 0 && group.material_id != material_id)) continue;
    Computed& computed = all.emplace_back();
    computed.group = &group;
    computed.material = plant.FindMaterial(group.material_id);
    computed.route = domain::RouteOf(*revision);
    computed.year = domain::CapacityOf(model, group, computed.route, first, end);
    computed.last = group.PointOn(1, end - 1);
  }
  return all;
}

// The pace of the best days over the planned time of the year; the days' own planned time where that is known.
double YearlyOf(const domain::CapacityModel& model, const Computed& computed, const db::BestDays& best) {
  const domain::GroupCapacity then =
      domain::CapacityOf(model, *computed.group, computed.route, best.first, best.first + kBestDays);
  if (then.planned_seconds <= 0) return 0;
  return Whole(best.good_micro) * static_cast<double>(computed.year.planned_seconds) / static_cast<double>(then.planned_seconds);
}

v1::ProductCapacity ToProto(const domain::CapacityModel& model, const Computed& computed, int32_t year, const db::BestDays* best) {
  const LineGroup& group = *computed.group;
  const domain::GroupCapacity& capacity = computed.year;
  v1::ProductCapacity message;
  message.set_product_code(group.product_code);
  message.set_uom(computed.material->uom);
  message.set_lines(group.lines);
  message.set_nameplate(capacity.nameplate);
  message.set_calendar(capacity.calendar);
  message.set_effective(capacity.effective);
  message.set_net_good(capacity.net_good);
  if (best != nullptr) {
    *message.mutable_demonstrated()->mutable_good() = QuantityToProto(best->good_micro, computed.material->uom);
    message.mutable_demonstrated()->set_first_day(domain::FormatDay(best->first));
    message.mutable_demonstrated()->set_yearly(YearlyOf(model, computed, *best));
  }
  message.set_bottleneck_operation(capacity.bottleneck);
  message.set_bottleneck_code(capacity.bottleneck_code);
  message.set_rolled_throughput_yield(computed.route.rolled_throughput_yield);
  message.set_final_yield(computed.route.final_yield);
  message.set_planned(group.planned_yearly);
  if (group.planned_yearly > 0 && capacity.net_good > 0) message.set_planned_share(group.planned_yearly / capacity.net_good);
  message.set_planned_seconds(capacity.planned_seconds);
  if (group.rated_kwh) message.set_rated_kwh(*group.rated_kwh);
  if (group.rated_kw) message.set_rated_kw(*group.rated_kw);
  for (unsigned month = 1; month <= 12; ++month) {
    const domain::Period period = domain::PeriodOf(domain::PeriodKind::kMonth, domain::DayOf(year, month, 1));
    message.add_net_good_by_month(domain::CapacityOf(model, group, computed.route, period.first, period.end).net_good);
  }
  message.set_known(capacity.known);
  message.set_residence_s(computed.route.residence_seconds);
  if (computed.last == nullptr) return message;
  const domain::CapacityPoint& last = *computed.last;
  if (last.final_yield) message.set_final_yield(*last.final_yield);
  if (group.planned_yearly > 0) {
    message.set_takt_s(static_cast<double>(capacity.planned_seconds) * last.availability_performance * group.lines *
                       message.final_yield() / group.planned_yearly);
  }
  message.set_pattern_code(last.pattern_code);
  message.set_source(last.source);
  *message.mutable_source_time() = ToProto(last.record_time);
  return message;
}

// What the family's products add up to, in its unit.
void AddUp(const domain::CapacityFamily& family, const std::vector<Computed>& all, v1::StatedCapacity& message) {
  double net_good = 0, planned = 0;
  for (const Computed& computed : all) {
    if (std::find(family.product_codes.begin(), family.product_codes.end(), computed.group->product_code) ==
        family.product_codes.end()) {
      continue;
    }
    const double factor = family.unit == "kWh" ? computed.group->rated_kwh.value_or(0) : 1;
    net_good += factor * computed.year.net_good;
    planned += factor * computed.group->planned_yearly;
  }
  message.set_net_good(net_good);
  message.set_planned(planned);
}

v1::StatedCapacity ToProto(const db::StatedFigure& figure) {
  const domain::CapacityFamily& family = figure.family;
  v1::StatedCapacity message;
  message.set_family_code(family.code);
  message.set_name(family.name);
  message.set_stated_value(family.stated_value);
  message.set_stated_unit(family.stated_unit);
  message.set_interpreted_unit(family.interpreted_unit);
  message.set_interpretation_reason(family.interpretation_reason);
  message.set_yearly(family.yearly);
  message.set_unit(family.unit);
  for (const std::string& product : family.product_codes) message.add_product_codes(product);
  message.set_source(family.source);
  message.set_source_day(family.source_day == 0 ? "" : domain::FormatDay(family.source_day));
  *message.mutable_record_time() = ToProto(figure.record_time);
  return message;
}

// The figures of a year as they are now, as rows of the record.
std::vector<db::CapacityFigure> FiguresOf(Call& call, const domain::Plant& plant, const domain::CapacityModel& model, int32_t year,
                                          int32_t material_id) {
  std::vector<db::CapacityFigure> figures;
  const std::string state = model.calendar.StateOf(year) == domain::CalendarState::kPublished ? "" : ", calendar not published";
  for (const Computed& computed : ComputeYear(plant, model, year, material_id)) {
    if (!computed.year.known) continue;
    const auto add = [&](CapacityKind kind, double value, std::string detail) {
      // To a ten-thousandth of a piece: so that sums of doubles in another order are no change.
      figures.push_back({0, computed.group->material_id, kind, year, std::round(value * 1e4) / 1e4, std::move(detail),
                         "routing, calendar" + state, call.now});
    };
    add(CapacityKind::kNameplate, computed.year.nameplate, "");
    add(CapacityKind::kCalendar, computed.year.calendar, "");
    add(CapacityKind::kEffective, computed.year.effective, "");
    add(CapacityKind::kNetGood, computed.year.net_good,
        std::to_string(computed.year.bottleneck) + " " + computed.year.bottleneck_code);
  }
  const std::vector<int32_t> asked = material_id == 0 ? std::vector<int32_t>() : std::vector<int32_t>{material_id};
  for (const db::BestOf& of : db::LoadBestDays(call.transaction, asked, kBestDays)) {
    figures.push_back({0, of.material_id, CapacityKind::kDemonstrated, year, Whole(of.best.good_micro),
                       "30 days from " + domain::FormatDay(of.best.first), "station events", call.now});
  }
  return figures;
}

v1::CapacityPoint ToProto(const domain::CapacityPoint& point, const std::string& product_code) {
  v1::CapacityPoint message;
  message.set_point_id(point.id);
  message.set_product_code(product_code);
  message.set_line(point.line);
  message.set_from_day(domain::FormatDay(point.from));
  message.set_availability_performance(point.availability_performance);
  if (point.final_yield) message.set_final_yield(*point.final_yield);
  message.set_pattern_code(point.pattern_code);
  message.set_source(point.source);
  message.set_person(point.person);
  *message.mutable_record_time() = ToProto(point.record_time);
  return message;
}

domain::Result<double> ParseShare(double share, const char* field) {
  if (share > 0 && share <= 1) return share;
  return Fail(FieldError(Reason::kFieldInvalid, field, std::string(field) + " must be above 0 and at most 1"));
}

// What is asked for, checked against the product's lines.
domain::Result<domain::CapacityPoint> ParsePoint(const Call& call, const domain::CapacityModel& model, const LineGroup& group,
                                                 const v1::SetCapacityRequest& request) {
  domain::CapacityPoint point;
  point.material_id = group.material_id;
  if (request.line() < 0 || request.line() > group.lines) {
    return Fail(FieldError(Reason::kFieldInvalid, "line",
                           group.product_code + " has lines 1 to " + std::to_string(group.lines) + "; 0 is all of them"));
  }
  point.line = request.line();
  const auto from = domain::ParseDay(request.from_day(), "from_day");
  if (!from) return Fail(from.error());
  point.from = *from;
  const auto availability = ParseShare(request.availability_performance(), "availability_performance");
  if (!availability) return Fail(availability.error());
  point.availability_performance = *availability;
  if (request.has_final_yield()) {
    const auto yield = ParseShare(request.final_yield(), "final_yield");
    if (!yield) return Fail(yield.error());
    point.final_yield = *yield;
  }
  const domain::CapacityPoint* before = group.PointOn(std::max(1, point.line), point.from);
  point.pattern_code = request.pattern_code().empty() && before != nullptr ? before->pattern_code : request.pattern_code();
  if (model.calendar.FindPattern(point.pattern_code) == nullptr) {
    return Fail(FieldError(Reason::kFieldInvalid, "pattern_code", "there is no shift pattern `" + point.pattern_code + "`"));
  }
  if (Status checked = domain::CheckText(request.source(), domain::kMaxReasonLength, true, "source"); !checked) {
    return Fail(checked.error());
  }
  point.source = request.source();
  point.person = request.person();
  point.record_time = call.now;
  return point;
}

domain::Result<int64_t> ParseId(std::string_view text) {
  int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (text.empty() || (error == std::errc() && end == text.data() + text.size())) return id;
  return Fail(FieldError(Reason::kPageTokenInvalid, "page_token", "page_token is not one of this call's"));
}

}  // namespace

Day TodayOf(const Call& call) { return domain::PlantDayOf(call.now, PlantTimeZone()); }

domain::Result<int32_t> ParseYear(const Call& call, int32_t year) {
  if (year == 0) return domain::YearOf(TodayOf(call));
  if (year >= domain::kFirstCalendarYear && year <= domain::kLastCalendarYear) return year;
  return Fail(FieldError(Reason::kFieldInvalid, "year",
                         "year must be " + std::to_string(domain::kFirstCalendarYear) + " to " +
                             std::to_string(domain::kLastCalendarYear)));
}

Status CheckPlanner(const std::string& person, const std::string& role, bool engineers_too) {
  if (Status checked = domain::CheckText(person, domain::kMaxPersonLength, true, "person"); !checked) return checked;
  if (role == "planner" || (engineers_too && role == "process engineer")) return {};
  domain::Error error = FieldError(Reason::kRoleInsufficient, "role",
                                   std::string("this needs the role planner") + (engineers_too ? " or process engineer" : ""));
  error.metadata["role"] = role;
  return Fail(std::move(error));
}

domain::Result<const domain::Material*> FindProduct(const Call& call, const std::string& code) {
  const domain::Material* material = call.plant.FindMaterial(code);
  if (material != nullptr && material->made) return material;
  domain::Error error = FieldError(Reason::kProductUnknown, "product_code", "product " + code + " is not known");
  error.metadata["product_code"] = code;
  return Fail(std::move(error));
}

v1::CalendarState StateOf(const domain::CapacityModel& model, int32_t year) {
  return static_cast<v1::CalendarState>(model.calendar.StateOf(year));
}

Status GetCapacity(Call& call, const v1::GetCapacityRequest& request, v1::GetCapacityResponse& response) {
  const auto year = ParseYear(call, request.year());
  if (!year) return Fail(year.error());
  std::vector<int32_t> asked;
  if (!request.product_code().empty()) {
    const auto product = FindProduct(call, request.product_code());
    if (!product) return Fail(product.error());
    asked.push_back((*product)->id);
  }
  const domain::CapacityModel model = db::LoadCapacityModel(call.transaction, call.plant);
  const std::vector<db::BestOf> best = db::LoadBestDays(call.transaction, asked, kBestDays);
  const std::vector<Computed> all = ComputeYear(call.plant, model, *year, 0);
  for (const Computed& computed : all) {
    const int32_t id = computed.group->material_id;
    if (!asked.empty() && id != asked.front()) continue;
    const auto own = std::find_if(best.begin(), best.end(), [&](const db::BestOf& of) { return of.material_id == id; });
    *response.add_products() = ToProto(model, computed, *year, own == best.end() ? nullptr : &own->best);
  }
  for (const db::StatedFigure& figure : db::ListStated(call.transaction, "")) {
    const auto& products = figure.family.product_codes;
    if (!asked.empty() && std::find(products.begin(), products.end(), request.product_code()) == products.end()) continue;
    // Oldest first: the last of each family is in force.
    auto* last = response.stated_size() == 0 ? nullptr : response.mutable_stated(response.stated_size() - 1);
    if (last != nullptr && last->family_code() == figure.family.code) last->set_in_force(false);
    v1::StatedCapacity& message = *response.add_stated() = ToProto(figure);
    message.set_in_force(true);
    AddUp(figure.family, all, message);
  }
  response.set_year(*year);
  response.set_calendar_state(StateOf(model, *year));
  return {};
}

Status ListCapacityFigures(Call& call, const v1::ListCapacityFiguresRequest& request, v1::ListCapacityFiguresResponse& response) {
  const uint64_t digest = FilterDigest({"figures", request.product_code()});
  const auto token = ParsePageToken(request.page_token(), digest);
  if (!token) return Fail(token.error());
  const auto before = ParseId(*token);
  if (!before) return Fail(before.error());
  int32_t material_id = 0;
  if (!request.product_code().empty()) {
    const auto product = FindProduct(call, request.product_code());
    if (!product) return Fail(product.error());
    material_id = (*product)->id;
  }
  const int page_size = PageSize(request.page_size());
  std::vector<db::CapacityFigure> figures = db::ListFigures(call.transaction, material_id, *before, page_size + 1);
  if (static_cast<int>(figures.size()) > page_size) {
    figures.pop_back();
    response.set_next_page_token(PageToken(std::to_string(figures.back().id), digest));
  }
  for (const db::CapacityFigure& figure : figures) {
    const domain::Material* material = call.plant.FindMaterial(figure.material_id);
    if (material == nullptr) throw PlantBehind("a figure is of a material that is not loaded");
    v1::CapacityFigure& message = *response.add_figures();
    message.set_product_code(material->code);
    message.set_kind(static_cast<v1::CapacityKind>(figure.kind));
    message.set_year(figure.year);
    message.set_value(figure.value);
    message.set_detail(figure.detail);
    message.set_source(figure.source);
    *message.mutable_record_time() = ToProto(figure.record_time);
  }
  return {};
}

Status RecordFigures(Call& call, const v1::RecordFiguresRequest& request, v1::RecordFiguresResponse& response) {
  const auto year = ParseYear(call, request.year());
  if (!year) return Fail(year.error());
  const domain::CapacityModel model = db::LoadCapacityModel(call.transaction, call.plant);
  response.set_recorded(
      db::InsertChangedFigures(call.transaction, FiguresOf(call, call.plant, model, *year, 0), call.now));
  return {};
}

Status SetCapacity(Call& call, const v1::SetCapacityRequest& request, v1::SetCapacityResponse& response) {
  if (Status checked = CheckPlanner(request.person(), request.role(), true); !checked) return checked;
  const auto product = FindProduct(call, request.product_code());
  if (!product) return Fail(product.error());
  domain::CapacityModel model = db::LoadCapacityModel(call.transaction, call.plant);
  const LineGroup* group = model.FindGroup((*product)->id);
  if (group == nullptr) {
    return Fail(FieldError(Reason::kProductUnknown, "product_code",
                           "the plant's files name no lines of " + request.product_code() + " in capacities.json"));
  }
  if (group->points.size() >= domain::kMaxPointsPerProduct) {
    domain::Error error = FieldError(Reason::kLimitExceeded, "product_code", "its series is full");
    error.metadata["limit"] = std::to_string(domain::kMaxPointsPerProduct);
    return Fail(std::move(error));
  }
  domain::Result<domain::CapacityPoint> point = ParsePoint(call, model, *group, request);
  if (!point) return Fail(point.error());

  db::InsertCapacityPoint(call.transaction, *point);
  *response.mutable_point() = ToProto(*point, group->product_code);
  const int32_t year = domain::YearOf(TodayOf(call));
  model = db::LoadCapacityModel(call.transaction, call.plant);
  for (const int32_t told : {year, year + 1}) {
    db::InsertChangedFigures(call.transaction, FiguresOf(call, call.plant, model, told, (*product)->id), call.now);
  }
  return {};
}

Status ListCapacityPoints(Call& call, const v1::ListCapacityPointsRequest& request, v1::ListCapacityPointsResponse& response) {
  const auto product = FindProduct(call, request.product_code());
  if (!product) return Fail(product.error());
  const domain::CapacityModel model = db::LoadCapacityModel(call.transaction, call.plant);
  const LineGroup* group = model.FindGroup((*product)->id);
  if (group == nullptr) return {};
  for (const domain::CapacityPoint& point : group->points) *response.add_points() = ToProto(point, group->product_code);
  return {};
}

void StorePlantCapacity(Call& call, const domain::CapacityDraft& draft) {
  const Day today = TodayOf(call);
  db::StoreCapacityDraft(call.transaction, draft, today, call.now);
  if (draft.groups.empty()) return;
  // The plant as it is now stored: the call's own is from before.
  const std::shared_ptr<const domain::Plant> plant = db::LoadPlant(call.transaction);
  const domain::CapacityModel model = db::LoadCapacityModel(call.transaction, *plant);
  for (const int32_t year : {domain::YearOf(today), domain::YearOf(today) + 1}) {
    db::InsertChangedFigures(call.transaction, FiguresOf(call, *plant, model, year, 0), call.now);
  }
}

}  // namespace mes::services
