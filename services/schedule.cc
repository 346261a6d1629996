#include "services/schedule.h"

#include <algorithm>
#include <tuple>

#include "domain/code.h"
#include "domain/limits.h"
#include "domain/what_if.h"
#include "mes/v1/schedule.grpc.pb.h"
#include "services/convert.h"
#include "services/schedule_answer.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;
using services::ToProto;

// What the order that is asked about is called in the answer; longer where an order has that name.
constexpr char kPromiseCode[] = "PROMISE";

domain::Result<int32_t> FindProductItem(const domain::ScheduleInput& input, const std::string& code, std::string_view field) {
  if (Status checked = domain::CheckCode(code, field); !checked) return Fail(checked.error());
  const int32_t item = input.ItemIndex(code);
  if (item >= 0 && input.items[static_cast<size_t>(item)].made) return item;
  return Fail(FieldError(Reason::kProductUnknown, field, "product " + code + " is not made here"));
}

void AddDays(const domain::ScheduleInput& input, const domain::Schedule& schedule, const domain::ScheduleLoad& load,
             int32_t until, v1::LineGroupLoad& message) {
  const std::vector<int64_t>& booked = schedule.booked_ms[static_cast<size_t>(load.item)];
  const std::vector<int64_t>& planned = input.items[static_cast<size_t>(load.item)].planned_ms;
  for (int32_t day = 0; day <= until && static_cast<size_t>(day) < booked.size(); ++day) {
    const auto at = static_cast<size_t>(day);
    if (booked[at] == 0) continue;
    v1::DayLoad& of_day = *message.add_days();
    of_day.set_day(domain::FormatDay(input.first_day + day));
    of_day.set_planned_seconds(planned[at] / 1000);
    of_day.set_booked_seconds(std::min(planned[at] / 1000, (booked[at] + 999) / 1000));
  }
}

// Orders, not what is implied; those that are asked for, by finish.
std::vector<const domain::PlannedOrder*> ChosenOrders(const domain::Schedule& schedule, int32_t item, bool late_only) {
  std::vector<const domain::PlannedOrder*> chosen;
  for (const domain::PlannedOrder& planned : schedule.planned) {
    if (planned.order < 0 || (item >= 0 && planned.item != item) || (late_only && !planned.Late())) continue;
    chosen.push_back(&planned);
  }
  std::sort(chosen.begin(), chosen.end(), [](const domain::PlannedOrder* left, const domain::PlannedOrder* right) {
    return std::tuple(left->finish_day.value_or(INT32_MAX), std::string_view(left->code)) <
           std::tuple(right->finish_day.value_or(INT32_MAX), std::string_view(right->code));
  });
  return chosen;
}

}  // namespace

Status Schedule(Call& call, const v1::ScheduleRequest& request, v1::ScheduleResponse& response) {
  const domain::Result<domain::SchedulePicture> picture = LoadPicture(call, request.options());
  if (!picture) return Fail(picture.error());
  const domain::ScheduleInput& input = picture->input;
  const domain::Result<int32_t> until =
      ParseDayIndex(input, request.options().until_day(), "options.until_day", EndOfYear(input));
  if (!until) return Fail(until.error());
  domain::Result<int32_t> item = -1;
  if (!request.product_code().empty()) item = FindProductItem(input, request.product_code(), "product_code");
  if (!item) return Fail(item.error());

  const domain::Schedule schedule = domain::MakeSchedule(input);

  response.set_first_day(DayText(input, 0));
  response.set_last_day(DayText(input, input.days - 1));
  response.set_until_day(DayText(input, *until));
  const std::vector<const domain::PlannedOrder*> chosen = ChosenOrders(schedule, *item, request.late_only());
  const auto limit = static_cast<size_t>(AnswerLimit(request.limit()));
  for (size_t i = 0; i < chosen.size() && i < limit; ++i) *response.add_orders() = ToProto(*chosen[i], input, schedule);
  response.set_complete(chosen.size() <= limit);
  response.set_orders_total(static_cast<int32_t>(input.orders.size()));
  const auto late = std::count_if(schedule.planned.begin(), schedule.planned.end(),
                                  [](const domain::PlannedOrder& planned) { return planned.order >= 0 && planned.Late(); });
  response.set_late_total(static_cast<int32_t>(late));
  for (const domain::ScheduleLoad& load : domain::LoadsUntil(input, schedule, *until)) {
    if (load.booked_ms == 0 && load.needed_ms == 0 && load.short_micro == 0) continue;
    if (input.items[static_cast<size_t>(load.item)].supply_assumed && load.short_micro == 0) continue;
    v1::LineGroupLoad& message = *response.add_groups();
    message = ToProto(load, input);
    if (request.with_days()) AddDays(input, schedule, load, *until, message);
  }
  AddGaps(picture->gaps, *response.mutable_gaps());
  return {};
}

Status Promise(Call& call, const v1::PromiseRequest& request, v1::PromiseResponse& response) {
  const domain::Result<domain::SchedulePicture> picture = LoadPicture(call, request.options());
  if (!picture) return Fail(picture.error());
  const domain::Result<int32_t> item = FindProductItem(picture->input, request.product_code(), "product_code");
  if (!item) return Fail(item.error());
  const domain::Result<int64_t> quantity =
      QuantityFromProto(request.quantity(), picture->input.items[static_cast<size_t>(*item)].uom, "quantity");
  if (!quantity) return Fail(quantity.error());
  const domain::Result<int32_t> wanted = ParseDayIndex(picture->input, request.wanted_day(), "wanted_day", -1);
  if (!wanted) return Fail(wanted.error());

  domain::AddedOrder order{kPromiseCode, request.product_code(), *quantity, domain::kPromisePriority, std::nullopt};
  while (picture->input.OrderIndex(order.code) >= 0) order.code += "-";
  if (*wanted >= 0) order.due = picture->input.first_day + *wanted;
  domain::Result<domain::ScheduleInput> input = domain::ApplyChanges(picture->input, {order});
  if (!input) {
    // The one change of a promise is the request itself.
    domain::Error error = input.error();
    if (std::string& field = error.metadata["field"]; field.starts_with("changes[0].")) field.erase(0, 11);
    return Fail(std::move(error));
  }
  const domain::Schedule schedule = domain::MakeSchedule(*input);

  const domain::PlannedOrder& planned = *schedule.Find(order.code);
  *response.mutable_order() = ToProto(planned, *input, schedule);
  AddComponents(order.code, *input, schedule, *response.mutable_components());
  response.set_possible(planned.finish_day.has_value() && !planned.Late());
  AddGaps(picture->gaps, *response.mutable_gaps());
  return {};
}

namespace {

class ScheduleService final : public v1::ScheduleService::CallbackService {
 public:
  explicit ScheduleService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* Schedule(grpc::CallbackServerContext* context, const v1::ScheduleRequest* request,
                                     v1::ScheduleResponse* response) override {
    return Read(env_, context, request, response, services::Schedule);
  }
  grpc::ServerUnaryReactor* Promise(grpc::CallbackServerContext* context, const v1::PromiseRequest* request,
                                    v1::PromiseResponse* response) override {
    return Read(env_, context, request, response, services::Promise);
  }
  grpc::ServerUnaryReactor* WhatIf(grpc::CallbackServerContext* context, const v1::WhatIfRequest* request,
                                   v1::WhatIfResponse* response) override {
    return Read(env_, context, request, response, services::WhatIf);
  }
  grpc::ServerUnaryReactor* Forecast(grpc::CallbackServerContext* context, const v1::ForecastRequest* request,
                                     v1::ForecastResponse* response) override {
    return Read(env_, context, request, response, services::Forecast);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeScheduleService(Env& env) { return std::make_unique<ScheduleService>(env); }

}  // namespace mes::services
