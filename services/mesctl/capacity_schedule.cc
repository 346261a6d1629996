// `mesctl capacity schedule` and `mesctl capacity promise`.
#include <cstdlib>

#include "mes/v1/schedule.grpc.pb.h"
#include "services/mesctl/capacity_plan.h"
#include "services/mesctl/commands.h"
#include "services/mesctl/quantity.h"

namespace mes::mesctl {

namespace {

using Schedules = v1::ScheduleService::Stub;

void PrintGroups(const google::protobuf::RepeatedPtrField<v1::LineGroupLoad>& groups, const std::string& until) {
  printf("\nLine groups until %s\n", until.c_str());
  Table table({"LINE GROUP", ">PLANNED h", ">BOOKED", ">NEEDED", ">SHORT", "UOM"});
  for (const auto& group : groups) {
    table.Row({group.code(), std::to_string(group.planned_seconds() / 3600), LoadText(group.booked_share()),
               LoadText(group.needed_share()), Rounded(group.short_by()), group.short_by().uom()});
  }
  table.Print();
}

void Show(const Connection& connection, const v1::ScheduleRequest& request) {
  const auto response = Call(connection, &Schedules::Schedule, request);
  if (connection.json) return PrintJson(response);
  printf("%d open orders planned from %s to %s, %d late\n\n", response.orders_total(), response.first_day().c_str(),
         response.last_day().c_str(), response.late_total());
  PrintScheduledOrders(response.orders());
  if (!response.complete()) fprintf(stderr, "mesctl: more orders are planned; --product or --late lists fewer\n");
  PrintGroups(response.groups(), response.until_day());
  for (const auto& group : response.groups()) {
    if (group.days().empty()) continue;
    printf("\n%s by day\n", group.code().c_str());
    Table days({"DAY", ">PLANNED h", ">BOOKED"});
    for (const auto& day : group.days()) {
      const double share =
          day.planned_seconds() > 0 ? static_cast<double>(day.booked_seconds()) / static_cast<double>(day.planned_seconds()) : 0;
      days.Row({day.day(), std::to_string(day.planned_seconds() / 3600), LoadText(share)});
    }
    days.Print();
  }
  PrintGaps(response.gaps());
}

void Promise(const Connection& connection, v1::PromiseRequest request, const std::string& quantity) {
  *request.mutable_quantity() = QuantityOf(connection, request.product_code(), quantity);
  const auto response = Call(connection, &Schedules::Promise, request);
  if (connection.json) {
    PrintJson(response);
  } else {
    const auto& order = response.order();
    Fields fields;
    fields.Add("promise", order.finish_day().empty() ? "no date within the horizon" : order.finish_day());
    fields.Add("wanted", order.due_day());
    fields.Add("for", Text(order.left()) + " of " + order.product_code());
    fields.Add("begins", order.begin_day());
    for (const auto& step : order.binding()) fields.Add(step.binds() ? "binding" : "and", step.sentence());
    fields.Print();
    if (!response.components().empty()) {
      printf("\nComponents made for it\n");
      PrintComponents(response.components());
    }
    PrintGaps(response.gaps());
  }
  if (!response.possible()) throw Exit{kExitNoGo};
}

void AddSchedule(CLI::App& capacity, const Connection& connection) {
  auto* command = capacity.add_subcommand("schedule", "When every open order is done, and how full each line group is");
  command->footer(
      "Plans anew each time and stores nothing. NEEDED is what is due by then, whether it fits or not.\n"
      "Example:\n  mesctl capacity schedule --late --until 2026-12-31");
  auto options = AddScheduleOptions(*command, true);
  auto request = std::make_shared<v1::ScheduleRequest>();
  auto product = std::make_shared<std::string>();
  auto late = std::make_shared<bool>(false);
  auto days = std::make_shared<bool>(false);
  auto limit = std::make_shared<int32_t>(50);
  command->add_option("--product", *product, "Only orders of this product")->type_name("P");
  command->add_flag("--late", *late, "Only orders that will be late");
  command->add_flag("--days", *days, "Also each line group's bookings by day");
  command->add_option("--limit", *limit, "Orders at most, up to 1000")
      ->check(CLI::Range(1, 1000).description(""))
      ->capture_default_str()
      ->type_name("N");
  command->callback([&connection, options, request, product, late, days, limit] {
    *request->mutable_options() = *options;
    request->set_product_code(*product);
    request->set_late_only(*late);
    request->set_with_days(*days);
    request->set_limit(*limit);
    Show(connection, *request);
  });
}

void AddPromise(CLI::App& capacity, const Connection& connection) {
  auto* command = capacity.add_subcommand("promise", "The earliest date for a new order, behind all that is planned");
  command->footer(
      "Exit code 3: not by the day that it is wanted, or not within the horizon.\n"
      "Example:\n  mesctl capacity promise VEH-TRK-BEV 40 --by 2027-03-31");
  auto options = AddScheduleOptions(*command, false);
  auto product = std::make_shared<std::string>();
  auto quantity = std::make_shared<std::string>();
  auto by = std::make_shared<std::string>();
  command->add_option("product", *product, "What is wanted")->required()->type_name("PRODUCT");
  command->add_option("quantity", *quantity, "How much")->required()->type_name("QUANTITY");
  command->add_option("--by", *by, "The day on which it is wanted")->type_name("DAY");
  command->callback([&connection, options, product, quantity, by] {
    v1::PromiseRequest request;
    *request.mutable_options() = *options;
    request.set_product_code(*product);
    request.set_wanted_day(*by);
    Promise(connection, request, *quantity);
  });
}

}  // namespace

std::shared_ptr<v1::ScheduleOptions> AddScheduleOptions(CLI::App& command, bool until) {
  auto options = std::make_shared<v1::ScheduleOptions>();
  command
      .add_option_function<int32_t>(
          "--horizon", [options](int32_t days) { options->set_horizon_days(days); },
          "How far to look ahead, up to 1827; 730 by itself")
      ->type_name("DAYS");
  command
      .add_option_function<int32_t>(
          "--bought-after", [options](int32_t days) { options->set_assumed_lead_days(days); },
          "When bought material comes that nobody announced; 90 by itself, 0 = is there")
      ->type_name("DAYS");
  command.add_flag_callback(
      "--released-only", [options] { options->set_released_only(true); }, "Without orders that are not released");
  command.add_flag_callback(
      "--share", [options] { options->set_share_component_orders(true); },
      "What is ordered of a component for no order is there for all");
  if (until) {
    command
        .add_option_function<std::string>(
            "--until", [options](const std::string& day) { options->set_until_day(day); },
            "Loads until this day; the year's end by itself")
        ->type_name("DAY");
  }
  return options;
}

std::string LoadText(double share) {
  if (share < 0) return "no time";
  char text[32];
  snprintf(text, sizeof text, "%.1f %%", share * 100);
  return text;
}

std::string BindingText(const v1::ScheduledOrder& order) {
  for (const auto& step : order.binding()) {
    if (!step.binds()) continue;
    switch (step.kind()) {
      case v1::BINDING_KIND_LINE_GROUP:
        return step.code() + " line";
      case v1::BINDING_KIND_RESIDENCE:
        return step.code() + " process time";
      case v1::BINDING_KIND_SUPPLY:
        return step.code() + " supply";
      case v1::BINDING_KIND_SHORTAGE:
        return step.code() + " missing";
      case v1::BINDING_KIND_NO_CAPACITY:
        return step.code() + " lines not known";
      default:
        return "-";
    }
  }
  return "";
}

std::string Rounded(const v1::Quantity& quantity) {
  const std::string& value = quantity.value();
  const size_t point = value.find('.');
  if (point == std::string::npos) return value;
  char text[64];
  snprintf(text, sizeof text, "%.1f", std::strtod(value.c_str(), nullptr));
  return text;
}

std::string DayOrDash(const std::string& day) { return day.empty() ? "-" : day; }

void PrintScheduledOrders(const google::protobuf::RepeatedPtrField<v1::ScheduledOrder>& orders) {
  Table table({"ORDER", ">LEFT", "FINISH", "DUE", "BINDING"});
  for (const auto& order : orders) {
    table.Row({order.work_order_code(), Rounded(order.left()), DayOrDash(order.finish_day()), order.due_day(),
               (order.late() ? "LATE: " : "") + BindingText(order)});
  }
  table.Print();
}

void PrintComponents(const google::protobuf::RepeatedPtrField<v1::ScheduledOrder>& components) {
  Table table({"PRODUCT", ">QUANTITY", "BEGIN", "FINISH", "BINDING"});
  for (const auto& component : components) {
    table.Row({component.product_code(), Rounded(component.left()), DayOrDash(component.begin_day()),
               DayOrDash(component.finish_day()), BindingText(component)});
  }
  table.Print();
}

void PrintGaps(const google::protobuf::RepeatedPtrField<v1::ScheduleGap>& gaps) {
  if (gaps.empty()) return;
  printf("\nNot known, and assumed instead\n");
  for (const auto& gap : gaps) PrintWrapped(2, gap.sentence());
}

void AddCapacitySchedule(CLI::App& capacity, const Connection& connection) {
  AddSchedule(capacity, connection);
  AddPromise(capacity, connection);
}

}  // namespace mes::mesctl
