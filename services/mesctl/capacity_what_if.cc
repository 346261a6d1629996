// `mesctl capacity whatif`: the planner's question in one command.
#include <algorithm>
#include <vector>

#include "mes/v1/schedule.grpc.pb.h"
#include "services/mesctl/capacity_plan.h"
#include "services/mesctl/commands.h"
#include "services/mesctl/quantity.h"

namespace mes::mesctl {

namespace {

struct Changes {
  std::vector<std::string> add, lines, shifts, shutdowns, yields, supplies, cancels;
  std::string by, from, last;
  int32_t priority = 500;
  bool rush = false;
  bool days_off = false;
  int32_t limit = 50;
};

// `PRODUCT=VALUE`.
std::pair<std::string, std::string> Pair(const std::string& option, const std::string& text) {
  const size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    FailUsage(option + " wants NAME=VALUE, not " + text);
  return {text.substr(0, equals), text.substr(equals + 1)};
}

double Number(const std::string& option, const std::string& text) {
  size_t used = 0;
  double value = 0;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used != text.size()) FailUsage(option + " wants a number, not " + text);
  return value;
}

int32_t WholeNumber(const std::string& option, const std::string& text) {
  const double value = Number(option, text);
  if (value != static_cast<double>(static_cast<int32_t>(value)) || value > 1e6 || value < -1e6)
    FailUsage(option + " wants a whole number, not " + text);
  return static_cast<int32_t>(value);
}

void ReadOrders(const Connection& connection, const Changes& changes, v1::WhatIfRequest& request) {
  for (const auto& text : changes.add) {
    const auto [product, quantity] = Pair("--add", text);
    auto& order = *request.add_changes()->mutable_add_order();
    order.set_product_code(product);
    *order.mutable_quantity() = QuantityOf(connection, product, quantity);
    order.set_priority(changes.priority);
    order.set_rush(changes.rush);
    order.set_due_day(changes.by);
  }
  for (const auto& code : changes.cancels) request.add_changes()->mutable_remove_order()->set_work_order_code(code);
}

void ReadGroups(const Changes& changes, v1::WhatIfRequest& request) {
  for (const auto& text : changes.lines) {
    const auto [product, lines] = Pair("--lines", text);
    auto& change = *request.add_changes()->mutable_add_lines();
    change.set_product_code(product);
    change.set_lines(WholeNumber("--lines", lines));
    change.set_from_day(changes.from);
  }
  for (const auto& text : changes.shifts) {
    const auto [product, hours] = Pair("--shift", text);
    auto& change = *request.add_changes()->mutable_add_shift();
    change.set_product_code(product);
    change.set_seconds_per_day(WholeNumber("--shift", std::to_string(Number("--shift", hours) * 3600)));
    change.set_from_day(changes.from);
    change.set_last_day(changes.last);
    change.set_also_days_off(changes.days_off);
  }
  for (const auto& text : changes.yields) {
    const auto [product, yield] = Pair("--yield", text);
    auto& change = *request.add_changes()->mutable_change_yield();
    change.set_product_code(product);
    change.set_final_yield(Number("--yield", yield));
    change.set_from_day(changes.from);
  }
  for (const auto& text : changes.shutdowns) {
    const size_t equals = text.find('=');
    const std::string range = equals == std::string::npos ? text : text.substr(equals + 1);
    const size_t dots = range.find("..");
    if (dots == std::string::npos) FailUsage("--shutdown wants [PRODUCT=]DAY..DAY, not " + text);
    auto& change = *request.add_changes()->mutable_add_shutdown();
    if (equals != std::string::npos) change.set_product_code(text.substr(0, equals));
    change.set_from_day(range.substr(0, dots));
    change.set_last_day(range.substr(dots + 2));
  }
}

void ReadSupplies(const Connection& connection, const Changes& changes, v1::WhatIfRequest& request) {
  for (const auto& text : changes.supplies) {
    const size_t at = text.rfind('@');
    if (at == std::string::npos) FailUsage("--supply wants MATERIAL=QUANTITY@DAY, not " + text);
    const auto [material, quantity] = Pair("--supply", text.substr(0, at));
    auto& change = *request.add_changes()->mutable_add_supply();
    change.set_material_code(material);
    *change.mutable_quantity() = QuantityOf(connection, material, quantity);
    change.set_day(text.substr(at + 1));
  }
}

void PrintOrders(const v1::WhatIfResponse& response) {
  if (response.orders().empty()) return;
  printf("\nOrders that move%s\n", response.complete() ? "" : " (cut; --limit lists more)");
  Table table({"ORDER", "DUE", "BEFORE", "AFTER", ""});
  for (const auto& order : response.orders()) {
    std::string note = order.late_after() && !order.late_before() ? "becomes late" : order.late_after() ? "late" : "";
    if (!order.in_after()) note = "not made";
    if (order.late_before() && !order.late_after() && order.in_after()) note = "no longer late";
    table.Row({order.work_order_code(), order.due_day(), order.in_before() ? DayOrDash(order.finish_before()) : "",
               order.in_after() ? DayOrDash(order.finish_after()) : "", note});
  }
  table.Print();
}

void PrintGroups(const v1::WhatIfResponse& response) {
  printf("\nLine groups until %s: what is due by then, of what can be done\n", response.until_day().c_str());
  Table table({"LINE GROUP", ">BEFORE", ">AFTER", ">SHORT BEFORE", ">AFTER", "UOM", ""});
  for (const auto& group : response.groups()) {
    table.Row({group.after().code(), LoadText(group.before().needed_share()), LoadText(group.after().needed_share()),
               Rounded(group.before().short_by()), Rounded(group.after().short_by()), group.after().short_by().uom(),
               group.over() ? "over 100 %" : ""});
  }
  table.Print();
}

void Ask(const Connection& connection, const v1::ScheduleOptions& options, const Changes& changes) {
  v1::WhatIfRequest request;
  *request.mutable_options() = options;
  // A day by which something is wanted is also the day by which line groups are looked at.
  if (request.options().until_day().empty()) request.mutable_options()->set_until_day(changes.by);
  ReadOrders(connection, changes, request);
  ReadGroups(changes, request);
  ReadSupplies(connection, changes, request);
  request.set_limit(changes.limit);
  const auto response = Call(connection, &v1::ScheduleService::Stub::WhatIf, request);
  if (connection.json) {
    PrintJson(response);
  } else {
    PrintWrapped(0, response.verdict());
    if (!response.added().empty()) {
      printf("\nAdded\n");
      PrintScheduledOrders(response.added());
    }
    if (!response.components().empty()) {
      printf("\nComponents made for it\n");
      PrintComponents(response.components());
    }
    PrintOrders(response);
    PrintGroups(response);
    PrintGaps(response.gaps());
  }
  if (!response.feasible()) throw Exit{kExitNoGo};
}

}  // namespace

void AddCapacityWhatIf(CLI::App& capacity, const Connection& connection) {
  auto* command = capacity.add_subcommand("whatif", "Can we, and what breaks? Both plans side by side; nothing is stored");
  command->footer(
      "Every option may be given again. Exit code 3: no.\n"
      "Example:\n"
      "  mesctl capacity whatif --add VEH-TRK-BEV=500 --by 2027-09-30\n"
      "  mesctl capacity whatif --add FCS-240=200 --by 2027-06-30 --supply STK-148=400@2027-02-01\n"
      "  mesctl capacity whatif --lines PACK-TRK-70=1 --shift STK-148=2 --from 2027-01-04");
  auto options = AddScheduleOptions(*command, true);
  auto changes = std::make_shared<Changes>();
  command->add_option("--add", changes->add, "One more order")->type_name("PRODUCT=QUANTITY");
  command->add_option("--by", changes->by, "When what is added is due")->type_name("DAY");
  command->add_option("--priority", changes->priority, "Priority of what is added, 0 (first) to 1000")
      ->check(CLI::Range(0, 1000).description(""))
      ->capture_default_str()
      ->type_name("N");
  command->add_flag("--rush", changes->rush, "What is added goes before every other order");
  command->add_option("--cancel", changes->cancels, "An order is not made, nor what is below it")->type_name("ORDER");
  command->add_option("--lines", changes->lines, "So many more lines; negative: fewer")->type_name("PRODUCT=N");
  command->add_option("--shift", changes->shifts, "So many more hours on each working day")->type_name("PRODUCT=HOURS");
  command->add_flag("--days-off", changes->days_off, "The shift also works on days without planned time");
  command->add_option("--shutdown", changes->shutdowns, "Nothing runs on these days")->type_name("[PRODUCT=]DAY..DAY");
  command->add_option("--yield", changes->yields, "Another share leaves the route good")->type_name("PRODUCT=SHARE");
  command->add_option("--supply", changes->supplies, "More of a component comes in")->type_name("MATERIAL=QUANTITY@DAY");
  command->add_option("--from", changes->from, "First day of lines, shift, yield; at once by itself")->type_name("DAY");
  command->add_option("--to", changes->last, "Last day of the shift; the horizon's end by itself")->type_name("DAY");
  command->add_option("--limit", changes->limit, "Orders at most, up to 1000")
      ->check(CLI::Range(1, 1000).description(""))
      ->capture_default_str()
      ->type_name("N");
  command->callback([&connection, options, changes] { Ask(connection, *options, *changes); });
}

}  // namespace mes::mesctl
