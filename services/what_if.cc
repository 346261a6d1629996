// What-if over gRPC: the changes read, both plans made, and the difference told.
#include <algorithm>
#include <optional>

#include "domain/what_if.h"
#include "domain/work_order.h"
#include "services/convert.h"
#include "services/schedule.h"
#include "services/schedule_answer.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::ScheduleInput;
using domain::Status;
using services::ToProto;

// Reads a change's fields; days are checked against the horizon by domain::ApplyChanges.
class ChangeReader {
 public:
  ChangeReader(const ScheduleInput& input, size_t index) : input_(input), index_(index) {}

  domain::Result<domain::WhatIfChange> Read(const v1::WhatIfChange& change) const {
    switch (change.change_case()) {
      case v1::WhatIfChange::kAddOrder:
        return Order(change.add_order());
      case v1::WhatIfChange::kAddLines:
        return DayOf(change.add_lines().from_day(), "from_day", First()).map([&](domain::Day from) -> domain::WhatIfChange {
          return domain::AddedLines{change.add_lines().product_code(), change.add_lines().lines(), from};
        });
      case v1::WhatIfChange::kAddShift:
        return Shift(change.add_shift());
      case v1::WhatIfChange::kAddShutdown:
        return Shutdown(change.add_shutdown());
      case v1::WhatIfChange::kChangeYield:
        return DayOf(change.change_yield().from_day(), "from_day", First()).map([&](domain::Day from) -> domain::WhatIfChange {
          return domain::ChangedYield{change.change_yield().product_code(), change.change_yield().final_yield(), from};
        });
      case v1::WhatIfChange::kAddSupply:
        return Supply(change.add_supply());
      case v1::WhatIfChange::kRemoveOrder:
        return domain::RemovedOrder{change.remove_order().work_order_code()};
      case v1::WhatIfChange::CHANGE_NOT_SET:
        break;
    }
    return Fail(FieldError(Reason::kFieldRequired, "changes[" + std::to_string(index_) + "]", "the change is empty"));
  }

 private:
  domain::Day First() const { return input_.first_day; }
  domain::Day Last() const { return input_.first_day + input_.days - 1; }
  std::string Field(std::string_view name) const { return "changes[" + std::to_string(index_) + "]." + std::string(name); }

  domain::Result<domain::Day> DayOf(const std::string& text, std::string_view name, std::optional<domain::Day> otherwise) const {
    if (!text.empty()) return domain::ParseDay(text, Field(name));
    if (otherwise) return *otherwise;
    return Fail(FieldError(Reason::kFieldRequired, Field(name), "which day?"));
  }

  // An unknown product is refused by domain::ApplyChanges; its unit of measure cannot be.
  domain::Result<int64_t> QuantityOf(const v1::Quantity& quantity, const std::string& code) const {
    const int32_t item = input_.ItemIndex(code);
    return QuantityFromProto(quantity, item >= 0 ? input_.items[static_cast<size_t>(item)].uom : quantity.uom(),
                             Field("quantity"));
  }

  domain::Result<domain::WhatIfChange> Order(const v1::AddedOrder& message) const {
    const domain::Result<int64_t> quantity = QuantityOf(message.quantity(), message.product_code());
    if (!quantity) return Fail(quantity.error());
    domain::AddedOrder order;
    order.code = message.work_order_code().empty() ? "WHAT-IF-" + std::to_string(index_ + 1) : message.work_order_code();
    order.product_code = message.product_code();
    order.quantity_micro = *quantity;
    if (message.priority() < 0 || message.priority() > domain::kMaxPriority) {
      return Fail(FieldError(Reason::kLimitExceeded, Field("priority"), "priority goes from 0 (first) to 1,000 (last)"));
    }
    order.priority = message.rush() ? domain::kRushPriority : message.priority();
    if (!message.due_day().empty()) {
      const domain::Result<domain::Day> due = DayOf(message.due_day(), "due_day", std::nullopt);
      if (!due) return Fail(due.error());
      order.due = *due;
    }
    return order;
  }

  domain::Result<domain::WhatIfChange> Shift(const v1::AddedShift& message) const {
    const domain::Result<domain::Day> from = DayOf(message.from_day(), "from_day", First());
    if (!from) return Fail(from.error());
    const domain::Result<domain::Day> last = DayOf(message.last_day(), "last_day", Last());
    if (!last) return Fail(last.error());
    return domain::AddedShift{message.product_code(), message.seconds_per_day(), *from, *last, message.also_days_off()};
  }

  domain::Result<domain::WhatIfChange> Shutdown(const v1::AddedShutdown& message) const {
    const domain::Result<domain::Day> from = DayOf(message.from_day(), "from_day", std::nullopt);
    if (!from) return Fail(from.error());
    const domain::Result<domain::Day> last = DayOf(message.last_day(), "last_day", std::nullopt);
    if (!last) return Fail(last.error());
    return domain::AddedShutdown{message.product_code(), *from, *last};
  }

  domain::Result<domain::WhatIfChange> Supply(const v1::AddedSupply& message) const {
    const domain::Result<int64_t> quantity = QuantityOf(message.quantity(), message.material_code());
    if (!quantity) return Fail(quantity.error());
    const domain::Result<domain::Day> day = DayOf(message.day(), "day", std::nullopt);
    if (!day) return Fail(day.error());
    return domain::AddedSupply{message.material_code(), *quantity, *day};
  }

  const ScheduleInput& input_;
  const size_t index_;
};

v1::OrderChange ToProto(const domain::OrderDifference& difference, const ScheduleInput& input) {
  v1::OrderChange message;
  message.set_work_order_code(difference.code);
  message.set_product_code(input.items[static_cast<size_t>(difference.item)].code);
  message.set_due_day(DayText(input, difference.due_day));
  message.set_in_before(difference.before);
  message.set_in_after(difference.after);
  message.set_finish_before(DayText(input, difference.finish_before));
  message.set_finish_after(DayText(input, difference.finish_after));
  message.set_late_before(difference.late_before);
  message.set_late_after(difference.late_after);
  return message;
}

// Asked for more than it can do.
bool IsOver(const domain::ScheduleLoad& load) { return load.needed_ms > load.planned_ms; }

// Codes of the orders that a request adds.
std::vector<std::string> AddedCodes(const std::vector<domain::WhatIfChange>& changes) {
  std::vector<std::string> codes;
  for (const domain::WhatIfChange& change : changes) {
    if (const auto* order = std::get_if<domain::AddedOrder>(&change)) codes.push_back(order->code);
  }
  return codes;
}

// Loads are held against the latest day by which something added is wanted.
int32_t DefaultUntil(const ScheduleInput& input, const std::vector<std::string>& added) {
  int32_t until = -1;
  for (const std::string& code : added) {
    until = std::max(until, input.orders[static_cast<size_t>(input.OrderIndex(code))].due_day.value_or(-1));
  }
  return until < 0 ? EndOfYear(input) : until;
}

std::string Listed(const std::vector<std::string>& names) {
  constexpr size_t kMost = 3;
  std::string text;
  for (size_t i = 0; i < names.size() && i < kMost; ++i) text += (i == 0 ? "" : ", ") + names[i];
  return names.size() > kMost ? text + " and " + std::to_string(names.size() - kMost) + " more" : text;
}

// What stands in the way, as parts of a sentence; nothing = nothing does.
std::vector<std::string> ObstaclesIn(const v1::WhatIfResponse& response) {
  std::vector<std::string> obstacles;
  for (const v1::ScheduledOrder& order : response.added()) {
    if (order.finish_day().empty()) {
      obstacles.push_back(order.work_order_code() + " is not done by " + response.last_day() + ", the end of the horizon");
    } else if (order.late()) {
      obstacles.push_back(order.work_order_code() + " is done on " + order.finish_day() + ", after " + order.due_day());
    } else {
      continue;
    }
    for (const v1::BindingStep& step : order.binding()) {
      if (step.binds()) obstacles.back() += " (" + step.sentence() + ")";
    }
  }
  if (response.becoming_late() > 0) {
    std::vector<std::string> late;
    for (const v1::OrderChange& order : response.orders()) {
      if (order.in_before() && order.late_after() && !order.late_before()) late.push_back(order.work_order_code());
    }
    obstacles.push_back((response.becoming_late() == 1 ? "1 order becomes late: "
                                                       : std::to_string(response.becoming_late()) + " orders become late: ") +
                        Listed(late));
  }
  std::vector<std::string> over;
  for (const v1::GroupChange& group : response.groups()) {
    const bool was = group.before().needed_seconds() > group.before().planned_seconds();
    if (group.over() && !was) over.push_back(group.after().code());
  }
  if (!over.empty()) obstacles.push_back("asked for more than 100 % by " + response.until_day() + ": " + Listed(over));
  return obstacles;
}

void Judge(v1::WhatIfResponse& response) {
  const std::vector<std::string> obstacles = ObstaclesIn(response);
  response.set_feasible(obstacles.empty());
  if (!obstacles.empty()) {
    std::string verdict = "no: ";
    for (size_t i = 0; i < obstacles.size(); ++i) verdict += (i == 0 ? "" : "; ") + obstacles[i];
    return response.set_verdict(verdict);
  }
  std::string verdict = "yes: ";
  for (const v1::ScheduledOrder& order : response.added()) {
    verdict += order.work_order_code() + " is done on " + order.finish_day() +
               (order.due_day().empty() ? "" : ", due " + order.due_day()) + "; ";
  }
  response.set_verdict(verdict + "no order becomes late");
}

bool IsLateFirst(const domain::OrderDifference& left, const domain::OrderDifference& right) {
  return left.BecomesLate() && !right.BecomesLate();
}

}  // namespace

Status WhatIf(Call& call, const v1::WhatIfRequest& request, v1::WhatIfResponse& response) {
  const domain::Result<domain::SchedulePicture> picture = LoadPicture(call, request.options());
  if (!picture) return Fail(picture.error());
  const ScheduleInput& before = picture->input;
  std::vector<domain::WhatIfChange> changes;
  for (const v1::WhatIfChange& message : request.changes()) {
    domain::Result<domain::WhatIfChange> change = ChangeReader(before, changes.size()).Read(message);
    if (!change) return Fail(change.error());
    changes.push_back(std::move(*change));
  }
  const domain::Result<ScheduleInput> changed = domain::ApplyChanges(before, changes);
  if (!changed) return Fail(changed.error());
  const std::vector<std::string> added = AddedCodes(changes);
  const domain::Result<int32_t> until =
      ParseDayIndex(before, request.options().until_day(), "options.until_day", DefaultUntil(*changed, added));
  if (!until) return Fail(until.error());

  const domain::Schedule plan_before = domain::MakeSchedule(before), plan_after = domain::MakeSchedule(*changed);
  domain::PlanComparison comparison = domain::ComparePlans(before, plan_before, *changed, plan_after, *until);

  response.set_first_day(DayText(before, 0));
  response.set_last_day(DayText(before, before.days - 1));
  response.set_until_day(DayText(before, *until));
  for (const std::string& code : added) {
    if (const domain::PlannedOrder* planned = plan_after.Find(code))
      *response.add_added() = ToProto(*planned, *changed, plan_after);
    AddComponents(code, *changed, plan_after, *response.mutable_components());
  }
  std::erase_if(comparison.orders, [&](const domain::OrderDifference& order) {
    return !order.before && std::find(added.begin(), added.end(), order.code) != added.end();
  });
  std::stable_sort(comparison.orders.begin(), comparison.orders.end(), IsLateFirst);
  const auto limit = static_cast<size_t>(AnswerLimit(request.limit()));
  int32_t becoming_late = 0;
  for (size_t i = 0; i < comparison.orders.size(); ++i) {
    if (i < limit) *response.add_orders() = ToProto(comparison.orders[i], before);
    becoming_late += comparison.orders[i].BecomesLate() ? 1 : 0;
  }
  response.set_becoming_late(becoming_late);
  response.set_complete(comparison.orders.size() <= limit);
  for (const domain::GroupDifference& difference : comparison.groups) {
    v1::GroupChange& group = *response.add_groups();
    *group.mutable_before() = ToProto(difference.before, before);
    *group.mutable_after() = ToProto(difference.after, *changed);
    group.set_over(IsOver(difference.after));
  }
  AddGaps(picture->gaps, *response.mutable_gaps());
  Judge(response);
  return {};
}

}  // namespace mes::services
