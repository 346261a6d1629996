// The forecast over gRPC: what was recorded, the calendar to come and the figures to be reached, put before the Monte Carlo.
#include "domain/forecast.h"

#include <algorithm>
#include <map>

#include "db/capacity.h"
#include "db/line_output.h"
#include "db/plan.h"
#include "domain/limits.h"
#include "domain/quantity.h"
#include "domain/schedule_picture.h"
#include "services/convert.h"
#include "services/schedule.h"
#include "services/schedule_answer.h"
#include "services/time_zone.h"

namespace mes::services {
namespace {

using domain::Day;
using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;

constexpr int32_t kDefaultHistoryDays = 90;
constexpr int32_t kLeastRuns = 100;
// How far ahead years are told.
constexpr int32_t kMostYearsAhead = 5;

domain::Error PastLimit(std::string_view field, std::string message, int64_t limit) {
  domain::Error error = FieldError(Reason::kLimitExceeded, field, std::move(message));
  error.metadata["limit"] = std::to_string(limit);
  return error;
}

double UnitsOf(int64_t micro) { return static_cast<double>(micro) / static_cast<double>(domain::kMicro); }

// What is asked for, with the defaults filled in.
struct Question {
  int32_t year = 0;
  Day today = 0;
  uint64_t seed = 1;
  int32_t runs = 0;
  int32_t history_days = 0;
  // By material.
  std::map<int32_t, double> targets;
};

domain::Result<Question> ParseQuestion(Call& call, const v1::ForecastRequest& request) {
  Question question;
  question.today = domain::PlantDayOf(call.now, PlantTimeZone());
  const int32_t this_year = domain::YearOf(question.today);
  question.year = request.year() == 0 ? this_year : request.year();
  if (question.year < this_year) {
    return Fail(FieldError(Reason::kDatePast, "year", std::to_string(question.year) + " is over: what was made is known"));
  }
  if (question.year > this_year + kMostYearsAhead) {
    return Fail(FieldError(Reason::kFieldInvalid, "year", "at most 5 years ahead are forecast"));
  }
  question.seed = request.has_seed() ? request.seed() : 1;
  question.runs = request.runs() == 0 ? domain::kDefaultForecastRuns : request.runs();
  if (question.runs < kLeastRuns || question.runs > domain::kMaxForecastRuns) {
    return Fail(PastLimit("runs", "runs go from 100 to 20,000", domain::kMaxForecastRuns));
  }
  question.history_days = request.history_days() == 0 ? kDefaultHistoryDays : request.history_days();
  if (question.history_days < 0 || question.history_days > domain::kMaxForecastHistoryDays) {
    return Fail(PastLimit("history_days", "at most 366 days of the past are drawn from", domain::kMaxForecastHistoryDays));
  }
  for (int i = 0; i < request.targets_size(); ++i) {
    const std::string field = "targets[" + std::to_string(i) + "].";
    const domain::Material* material = call.plant.FindMaterial(request.targets(i).product_code());
    if (material == nullptr || !material->made) {
      return Fail(
          FieldError(Reason::kProductUnknown, field + "product_code",
                     "product " + request.targets(i).product_code().substr(0, domain::kMaxCodeLength) + " is not made here"));
    }
    const domain::Result<int64_t> micro = QuantityFromProto(request.targets(i).quantity(), material->uom, field + "quantity");
    if (!micro) return Fail(micro.error());
    question.targets[material->id] = UnitsOf(*micro);
  }
  return question;
}

// Annual figures: the monthly plan's sum, or else the plant's own plan; what is asked for comes first.
std::map<int32_t, double> LoadTargets(Call& call, const Question& question, const domain::CapacityModel& model) {
  std::map<int32_t, double> targets;
  for (const domain::LineGroup& group : model.groups) {
    if (group.planned_yearly > 0) targets[group.material_id] = group.planned_yearly;
  }
  std::map<int32_t, double> planned;
  for (const domain::HeldPlanLine& held :
       db::LoadPlanLines(call.transaction, {question.year * 12, question.year * 12 + 11, 0, 0})) {
    planned[held.line.material_id] += UnitsOf(held.line.quantity_micro);
  }
  for (const auto& [material_id, figure] : planned) targets[material_id] = figure;
  for (const auto& [material_id, figure] : question.targets) targets[material_id] = figure;
  return targets;
}

class InputMaker {
 public:
  InputMaker(Call& call, const Question& question, const domain::CapacityModel& model)
      : call_(call), question_(question), model_(model) {
    const Day year_begin = domain::DayOf(question.year, 1, 1);
    input_.first_day = std::max(question.today + 1, year_begin);
    input_.days = year_begin + domain::DaysInYear(question.year) - input_.first_day;
    input_.seed = question.seed;
    input_.runs = question.runs;
  }

  domain::ForecastInput Make() {
    const std::map<int32_t, double> targets = LoadTargets(call_, question_, model_);
    LoadOutputs();
    for (const domain::LineGroup& group : model_.groups) {
      if (const auto target = targets.find(group.material_id); target != targets.end()) {
        AddProduct(group, target->second);
      } else {
        AddProduct(group, std::nullopt);
      }
    }
    for (const domain::CapacityFamily& family : model_.families) AddFamily(family);
    return std::move(input_);
  }

 private:
  void LoadOutputs() {
    const Day since = question_.today - question_.history_days;
    for (const db::OutputSum& sum : db::LoadDailyOutputs(call_.transaction, {}, since, question_.today)) {
      recorded_[{sum.material_id, sum.day}] = {0, UnitsOf(sum.counts.good_micro), UnitsOf(sum.counts.scrapped_micro)};
    }
    const Day year_begin = domain::DayOf(question_.year, 1, 1);
    for (const db::OutputSum& sum : db::LoadMonthlyOutputs(call_.transaction, {}, question_.today + 1)) {
      if (sum.day >= year_begin) made_[sum.material_id] += UnitsOf(sum.counts.good_micro);
    }
  }

  void AddProduct(const domain::LineGroup& group, std::optional<double> target) {
    const domain::ProductRevision* revision = call_.plant.NewestRevision(group.material_id);
    if (revision == nullptr) return;
    const domain::Route route = domain::RouteOf(*revision);
    domain::ForecastProduct product;
    product.code = group.product_code;
    product.target = target;
    if (const auto made = made_.find(group.material_id); made != made_.end()) product.made = made->second;
    const Day since = question_.today - question_.history_days;
    // Days before a product's first output are no record of it: the plant may not have known it.
    bool began = false;
    const auto past = domain::GroupDaysOf(model_, group, route, since, question_.history_days);
    for (int32_t i = 0; i < question_.history_days; ++i) {
      const auto day = recorded_.find({group.material_id, since + i});
      began = began || day != recorded_.end();
      const int64_t seconds = past[static_cast<size_t>(i)].planned_seconds;
      if (!began || seconds == 0) continue;
      domain::RecordedDay& recorded = product.record.emplace_back();
      if (day != recorded_.end()) recorded = day->second;
      recorded.planned_seconds = static_cast<double>(seconds);
    }
    double seconds = 0, good = 0;
    for (const domain::GroupDay& day : domain::GroupDaysOf(model_, group, route, input_.first_day, input_.days)) {
      product.planned_seconds.push_back(static_cast<double>(day.planned_seconds));
      seconds += static_cast<double>(day.planned_seconds);
      good += day.net_good;
    }
    product.planned_rate = seconds > 0 ? good / seconds : 0;
    index_of_[product.code] = input_.products.size();
    input_.products.push_back(std::move(product));
  }

  void AddFamily(const domain::CapacityFamily& family) {
    domain::ForecastSum sum;
    sum.code = family.code;
    if (family.yearly > 0) sum.target = family.yearly - family.rounding;
    for (const std::string& code : family.product_codes) {
      const auto product = index_of_.find(code);
      const domain::LineGroup* group = model_.FindGroup(code);
      if (product == index_of_.end() || group == nullptr) continue;
      const double share = family.unit == "kWh" ? group->rated_kwh.value_or(0) : 1;
      if (share > 0) sum.parts.push_back({product->second, share});
    }
    input_.sums.push_back(std::move(sum));
  }

  Call& call_;
  const Question& question_;
  const domain::CapacityModel& model_;
  domain::ForecastInput input_;
  std::map<std::pair<int32_t, Day>, domain::RecordedDay> recorded_;
  std::map<int32_t, double> made_;
  std::map<std::string, size_t> index_of_;
};

v1::OutputForecast ToProto(const std::string& code, const std::string& unit, std::optional<double> target,
                           const domain::OutputForecast& forecast) {
  v1::OutputForecast message;
  message.set_code(code);
  message.set_unit(unit);
  message.set_made(forecast.made);
  message.set_p10(forecast.output[0]);
  message.set_p50(forecast.output[1]);
  message.set_p90(forecast.output[2]);
  message.set_target(target.value_or(0));
  message.set_reached_share(forecast.reached_share.value_or(0));
  const auto text = [](const std::optional<Day>& day) { return day ? domain::FormatDay(*day) : std::string(); };
  message.set_reached_p10(text(forecast.reached[0]));
  message.set_reached_p50(text(forecast.reached[1]));
  message.set_reached_p90(text(forecast.reached[2]));
  message.set_demonstrated(forecast.demonstrated);
  return message;
}

std::vector<domain::ScheduleGap> GapsOf(const domain::ForecastInput& input, const domain::Forecast& forecast,
                                        const domain::CapacityModel& model, int32_t year) {
  std::vector<domain::ScheduleGap> gaps;
  if (model.calendar.StateOf(year) != domain::CalendarState::kPublished) {
    gaps.push_back({"calendar", std::to_string(year),
                    "the days off of " + std::to_string(year) + " are not published: its planned time is an estimate"});
  }
  for (size_t i = 0; i < input.products.size(); ++i) {
    if (forecast.products[i].demonstrated) continue;
    gaps.push_back(
        {"record", input.products[i].code,
         "fewer than ten days of " + input.products[i].code + " are recorded: 70 to 100 % of the planned rate is drawn"});
  }
  return gaps;
}

}  // namespace

Status Forecast(Call& call, const v1::ForecastRequest& request, v1::ForecastResponse& response) {
  const domain::Result<Question> question = ParseQuestion(call, request);
  if (!question) return Fail(question.error());
  const domain::CapacityModel model = db::LoadCapacityModel(call.transaction, call.plant);
  const domain::ForecastInput input = InputMaker(call, *question, model).Make();

  const domain::Forecast forecast = domain::MakeForecast(input);

  response.set_year(question->year);
  response.set_seed(question->seed);
  response.set_runs(question->runs);
  response.set_first_day(domain::FormatDay(input.first_day));
  for (size_t i = 0; i < input.products.size(); ++i) {
    const domain::Material* material = call.plant.FindMaterial(input.products[i].code);
    *response.add_products() =
        ToProto(input.products[i].code, material != nullptr ? material->uom : "", input.products[i].target, forecast.products[i]);
  }
  for (size_t i = 0; i < input.sums.size(); ++i) {
    const domain::CapacityFamily* family = model.FindFamily(input.sums[i].code);
    *response.add_families() =
        ToProto(input.sums[i].code, family != nullptr ? family->unit : "", input.sums[i].target, forecast.sums[i]);
  }
  AddGaps(GapsOf(input, forecast, model, question->year), *response.mutable_gaps());
  return {};
}

}  // namespace mes::services
