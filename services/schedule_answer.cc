#include "services/schedule_answer.h"

#include <algorithm>
#include <map>

#include "db/capacity.h"
#include "db/line_output.h"
#include "db/work_order.h"
#include "domain/limits.h"
#include "domain/quantity.h"
#include "services/convert.h"
#include "services/time_zone.h"

namespace mes::services {
namespace {

using domain::BindingKind;
using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::ScheduleInput;

// Longer lists are a reason to look at LoadPlant, not to be read.
constexpr size_t kMostGaps = 1'000;

domain::Error PastLimit(std::string_view field, std::string message, int64_t limit) {
  domain::Error error = FieldError(Reason::kLimitExceeded, field, std::move(message));
  error.metadata["limit"] = std::to_string(limit);
  return error;
}

// Made or received, and not built in.
std::vector<domain::ComponentStock> LoadStocks(Call& call) {
  std::map<int32_t, int64_t> stocks;
  const domain::Day today = domain::PlantDayOf(call.now, PlantTimeZone());
  for (const db::OutputSum& sum : db::SumMonthlyOutputs(call.transaction, {}, today + 1, {today + 1})) {
    stocks[sum.material_id] += sum.counts.good_micro + sum.counts.received_micro - sum.counts.consumed_micro;
  }
  std::vector<domain::ComponentStock> list;
  for (const auto& [material_id, micro] : stocks) list.push_back({material_id, micro});
  return list;
}

std::string SentenceOf(const domain::Binding& step, const ScheduleInput& input) {
  const domain::ScheduleItem& item = input.items[static_cast<size_t>(step.item)];
  const std::string from = domain::FormatDay(input.first_day + step.from_day),
                    until = domain::FormatDay(input.first_day + step.until_day);
  switch (step.kind) {
    case BindingKind::kNothing:
      return "it is made at once";
    case BindingKind::kLineGroup:
      if (step.until_day >= input.days) return "the line group of " + item.code + " has no free time left within the horizon";
      return "the line group of " + item.code + " is busy " + from + " to " + until;
    case BindingKind::kResidence:
      return item.code + " is in process for " + std::to_string(step.until_day - step.from_day) + " days, from " + from + " to " +
             until;
    case BindingKind::kSupply:
      if (item.supply_assumed) return item.code + " (no supply announced) is taken to come on " + until;
      return "a supply of " + item.code + " comes on " + until;
    case BindingKind::kShortage:
      return domain::FormatQuantity(step.missing_micro) + " " + item.uom + " of " + item.code +
             " are not there within the horizon";
    case BindingKind::kNoCapacity:
      return "no rate or no planned time is known of the line group of " + item.code;
  }
  return "";
}

v1::BindingStep ToProto(const domain::Binding& step, const ScheduleInput& input) {
  v1::BindingStep message;
  const domain::ScheduleItem& item = input.items[static_cast<size_t>(step.item)];
  message.set_kind(static_cast<v1::BindingKind>(step.kind));
  message.set_code(item.code);
  const bool open = step.until_day >= input.days || step.kind == BindingKind::kNothing;
  if (!open) message.set_from_day(domain::FormatDay(input.first_day + step.from_day));
  if (!open) message.set_until_day(domain::FormatDay(input.first_day + step.until_day));
  if (step.kind == BindingKind::kShortage) *message.mutable_missing() = QuantityToProto(step.missing_micro, item.uom);
  message.set_sentence(SentenceOf(step, input));
  return message;
}

// Needs without any time for them have no share.
double Share(int64_t part, int64_t whole) {
  if (whole > 0) return static_cast<double>(part) / static_cast<double>(whole);
  return part > 0 ? -1 : 0;
}

}  // namespace

domain::Result<domain::SchedulePicture> LoadPicture(Call& call, const v1::ScheduleOptions& options) {
  if (options.horizon_days() < 0 || options.horizon_days() > domain::kMaxHorizonDays) {
    return Fail(PastLimit("options.horizon_days", "the horizon is 1 to 1,827 days", domain::kMaxHorizonDays));
  }
  if (options.assumed_lead_days() < 0 || options.assumed_lead_days() > domain::kMaxHorizonDays) {
    return Fail(PastLimit("options.assumed_lead_days", "bought material comes after 0 to 1,827 days", domain::kMaxHorizonDays));
  }
  const domain::CapacityModel model = db::LoadCapacityModel(call.transaction, call.plant);
  domain::PictureSources sources{call.plant, model, PlantTimeZone(), call.now};
  sources.days = options.horizon_days() == 0 ? domain::kDefaultHorizonDays : options.horizon_days();
  sources.share_component_orders = options.share_component_orders();
  if (options.has_assumed_lead_days()) sources.assumed_lead_days = options.assumed_lead_days();
  sources.orders = db::ListUnfinishedWorkOrders(call.transaction, !options.released_only(), domain::kMaxScheduleOrders + 1);
  if (sources.orders.size() > static_cast<size_t>(domain::kMaxScheduleOrders)) {
    return Fail(
        PastLimit("options", "more than 20,000 orders are open: they cannot be planned in one go", domain::kMaxScheduleOrders));
  }
  sources.stocks = LoadStocks(call);
  return domain::MakePicture(sources);
}

domain::Result<int32_t> ParseDayIndex(const ScheduleInput& input, const std::string& text, std::string_view field,
                                      int32_t otherwise) {
  if (text.empty()) return otherwise;
  const domain::Result<domain::Day> day = domain::ParseDay(text, field);
  if (!day) return Fail(day.error());
  if (*day < input.first_day) {
    return Fail(FieldError(Reason::kDatePast, field,
                           text + " is over; the first day that can be planned is " + domain::FormatDay(input.first_day)));
  }
  if (*day - input.first_day >= input.days) {
    return Fail(
        FieldError(Reason::kFieldInvalid, field,
                   text + " is beyond the horizon, which ends on " + domain::FormatDay(input.first_day + input.days - 1)));
  }
  return *day - input.first_day;
}

int32_t EndOfYear(const ScheduleInput& input) {
  const domain::Day last = domain::DayOf(domain::YearOf(input.first_day), 12, 31);
  return std::min(last - input.first_day, input.days - 1);
}

int AnswerLimit(int32_t asked) { return asked <= 0 ? domain::kMaxPageSize : std::min<int32_t>(asked, domain::kMaxPageSize); }

std::string DayText(const ScheduleInput& input, std::optional<int32_t> day) {
  return day ? domain::FormatDay(input.first_day + *day) : std::string();
}

v1::ScheduledOrder ToProto(const domain::PlannedOrder& planned, const ScheduleInput& input, const domain::Schedule& schedule) {
  const domain::ScheduleItem& item = input.items[static_cast<size_t>(planned.item)];
  v1::ScheduledOrder message;
  message.set_work_order_code(planned.code);
  message.set_product_code(item.code);
  *message.mutable_left() = QuantityToProto(planned.quantity_micro, item.uom);
  message.set_begin_day(DayText(input, planned.begin_day));
  message.set_finish_day(DayText(input, planned.finish_day));
  message.set_due_day(DayText(input, planned.due_day));
  message.set_late(planned.Late());
  message.set_implied(planned.order < 0);
  const domain::BindingPath path = domain::BindingOf(input, schedule, planned);
  for (size_t i = 0; i < path.steps.size(); ++i) {
    v1::BindingStep& step = *message.add_binding();
    step = ToProto(path.steps[i], input);
    step.set_binds(i == path.binds);
  }
  return message;
}

v1::LineGroupLoad ToProto(const domain::ScheduleLoad& load, const ScheduleInput& input) {
  const domain::ScheduleItem& item = input.items[static_cast<size_t>(load.item)];
  v1::LineGroupLoad message;
  message.set_code(item.code);
  message.set_planned_seconds(load.planned_ms / 1000);
  message.set_booked_seconds((load.booked_ms + 999) / 1000);
  message.set_needed_seconds((load.needed_ms + 999) / 1000);
  message.set_booked_share(Share(load.booked_ms, load.planned_ms));
  message.set_needed_share(Share(load.needed_ms, load.planned_ms));
  *message.mutable_needed() = QuantityToProto(load.needed_micro, item.uom);
  *message.mutable_short_by() = QuantityToProto(load.short_micro, item.uom);
  return message;
}

void AddGaps(const std::vector<domain::ScheduleGap>& gaps, google::protobuf::RepeatedPtrField<v1::ScheduleGap>& messages) {
  for (size_t i = 0; i < gaps.size(); ++i) {
    v1::ScheduleGap& message = *messages.Add();
    if (i == kMostGaps) {
      message.set_kind("more");
      message.set_sentence(std::to_string(gaps.size() - kMostGaps) + " more gaps are not listed");
      return;
    }
    message.set_kind(gaps[i].kind);
    message.set_code(gaps[i].code);
    message.set_sentence(gaps[i].sentence);
  }
}

void AddComponents(const std::string& tree, const ScheduleInput& input, const domain::Schedule& schedule,
                   google::protobuf::RepeatedPtrField<v1::ScheduledOrder>& messages) {
  // A product reached by several ways, or first and then for scrap, is told once: what is done last.
  std::map<int32_t, domain::PlannedOrder> by_item;
  std::vector<int32_t> items;
  for (const domain::PlannedOrder& planned : schedule.planned) {
    if (planned.tree != tree || planned.code == tree) continue;
    const auto [place, fresh] = by_item.try_emplace(planned.item, planned);
    if (fresh) {
      items.push_back(planned.item);
      continue;
    }
    domain::PlannedOrder& told = place->second;
    const int64_t sum = told.quantity_micro + planned.quantity_micro;
    const std::optional<int32_t> begin =
        !told.begin_day || (planned.begin_day && *planned.begin_day < *told.begin_day) ? planned.begin_day : told.begin_day;
    if (told.finish_day && (!planned.finish_day || *planned.finish_day > *told.finish_day)) told = planned;
    told.quantity_micro = sum;
    told.begin_day = begin;
  }
  for (const int32_t item : items) *messages.Add() = ToProto(by_item.at(item), input, schedule);
}

}  // namespace mes::services
