#include "mes/v1/yield.grpc.pb.h"

#include <cstdio>
#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

using Yields = v1::YieldService::Stub;

struct Filter {
  std::string product, order, root;
};

void List(const Connection& connection, const Filter& filter) {
  v1::ListOperationYieldsRequest request;
  request.set_product_code(filter.product);
  request.set_work_order_code(filter.order);
  request.set_root_work_order_code(filter.root);
  const auto response = Call(connection, &Yields::ListOperationYields, request);
  if (connection.json) return PrintJson(response);
  Table table({"PRODUCT", ">OP", "CODE", ">FIRST", ">PASSED", ">FPY", ">PLAN", ">RETEST", ">REWORK", ">ABORT", ">SCRAP"});
  for (const auto& yield : response.yields())
    table.Row({yield.product_code(), std::to_string(yield.operation()), yield.operation_code(),
               std::to_string(yield.first_runs()), std::to_string(yield.first_passes()),
               Percent(yield.first_passes(), yield.first_runs()), Percent(yield.planned_first_pass_yield()),
               std::to_string(yield.retests()), std::to_string(yield.reworks()), std::to_string(yield.aborts()),
               std::to_string(yield.scrapped())});
  table.Print();
}

std::string Rate(const v1::Share& share) { return Percent(share.numerator(), share.denominator()); }
std::string Whole(const v1::Share& share) {
  std::string text = Rate(share) + " (" + std::to_string(share.numerator()) + " of " + std::to_string(share.denominator());
  if (share.has_low()) text += "; 95 %: " + Percent(share.low()) + " to " + Percent(share.high());
  return text + ")";
}
std::string Interval(const v1::Share& share) {
  char text[32] = "-";
  if (share.has_low()) snprintf(text, sizeof text, "%.1f-%.1f", share.low() * 100, share.high() * 100);
  return text;
}

void AddWord(std::string& text, const std::string& word) {
  if (!word.empty()) text += (text.empty() ? "" : " ") + word;
}

// What the group is, from the widest; a station's code tells its line and product.
std::string NameOf(const v1::YieldGroup& group) {
  std::string name;
  AddWord(name, !group.station_code().empty() ? group.station_code()
                : !group.line_code().empty()  ? group.line_code()
                                              : group.product_code());
  AddWord(name, group.work_order_code());
  if (group.operation() != 0) AddWord(name, std::to_string(group.operation()) + " " + group.operation_code());
  AddWord(name, group.period_day());
  AddWord(name, EnumText(*v1::PlantShift_descriptor(), group.shift()));
  return name.empty() ? "everything" : name;
}

void PrintDetails(const v1::YieldGroup& group) {
  const auto& counts = group.counts();
  Fields fields;
  fields.Add("group", NameOf(group));
  fields.Add("first pass", Whole(group.first_pass_yield()));
  if (group.has_planned_first_pass_yield()) fields.Add("planned", Percent(group.planned_first_pass_yield()));
  fields.Add("final", Whole(group.final_yield()) + ", " + std::to_string(group.open()) + " open");
  fields.Add("retests", Whole(group.retest_rate()));
  fields.Add("rework", Whole(group.rework_rate()));
  fields.Add("scrap found", Whole(group.scrap_rate()));
  fields.Add("scrap caused", Whole(group.caused_scrap_rate()));
  fields.Add("aborts", Whole(group.abort_rate()) + (group.aborts_flagged() ? ", more than 2 %" : ""));
  if (counts.overrides() > 0) fields.Add("overrides", std::to_string(counts.overrides()));
  if (counts.inherited_runs() > 0)
    fields.Add("inherited", std::to_string(counts.inherited_runs()) + " took the samples' verdict");
  if (counts.destroyed() > 0) fields.Add("destroyed", std::to_string(counts.destroyed()) + " for test");
  if (!group.input_quantity().empty())
    fields.Add("quantity", Rate(group.quantity_yield()) + " good: " + group.cut_quantity() + " cut of " + group.input_quantity() +
                               " " + group.uom());
  fields.Print();
}

struct Query {
  v1::QueryYieldRequest request;
  std::vector<std::string> groups;
  std::string shift, known;
  bool details = false;
};

void Ask(const Connection& connection, Query& query) {
  for (const std::string& group : query.groups)
    query.request.add_group_by(static_cast<v1::YieldGrouping>(EnumValue(*v1::YieldGrouping_descriptor(), group)));
  if (!query.shift.empty())
    query.request.set_shift(static_cast<v1::PlantShift>(EnumValue(*v1::PlantShift_descriptor(), query.shift)));
  if (!query.known.empty()) *query.request.mutable_as_known_at() = ParseTime("--as-known-at", query.known);
  const auto response = Call(connection, &Yields::QueryYield, query.request);
  if (connection.json) return PrintJson(response);
  Table table({">FIRST", ">FPY", ">95 %", ">FINAL", ">OPEN", ">SCRAP", "GROUP"});
  bool first = true;
  for (const auto& group : response.groups()) {
    if (query.details) {
      if (!first) printf("\n");
      PrintDetails(group);
    }
    first = false;
    table.Row({std::to_string(group.first_pass_yield().denominator()), Rate(group.first_pass_yield()),
               Interval(group.first_pass_yield()), Rate(group.final_yield()), std::to_string(group.open()),
               Rate(group.scrap_rate()), NameOf(group) + (group.aborts_flagged() ? " (aborts above 2 %)" : "")});
  }
  if (!query.details || response.groups().empty()) table.Print();
  if (!response.complete()) fprintf(stderr, "mesctl: more groups follow; ask for fewer days or groups\n");
}

void Rolled(const Connection& connection, v1::GetRolledThroughputYieldRequest& request, const std::string& known) {
  if (!known.empty()) *request.mutable_as_known_at() = ParseTime("--as-known-at", known);
  const auto response = Call(connection, &Yields::GetRolledThroughputYield, request);
  if (connection.json) return PrintJson(response);
  Table table({">OP", "CODE", ">PASSED", ">FIRST", ">FPY", ">95 %", ">PLAN"});
  std::string without;
  for (const auto& factor : response.factors()) {
    const auto& share = factor.first_pass_yield();
    if (share.denominator() == 0) AddWord(without, factor.operation_code());
    table.Row({std::to_string(factor.operation()), factor.operation_code(), std::to_string(share.numerator()),
               std::to_string(share.denominator()), Rate(share), Interval(share), Percent(factor.planned())});
  }
  table.Print();
  printf("\n%s revision %d: rolled throughput yield %s, planned %s\n", OneLine(response.product_code()).c_str(),
         response.revision(), response.has_rolled_throughput_yield() ? Percent(response.rolled_throughput_yield()).c_str() : "-",
         Percent(response.planned()).c_str());
  if (!without.empty()) printf("without a first run, so there is none: %s\n", OneLine(without).c_str());
}

std::string Signed(int64_t value) { return (value > 0 ? "+" : "") + std::to_string(value); }

void Restatements(const Connection& connection, const v1::ListYieldRestatementsRequest& request, int64_t limit) {
  Table table({">ID", "RECORDED", "DAY", "SHIFT", ">OP", "STATION", "UNIT AND WHAT CHANGED"});
  CallPages(connection, &Yields::ListYieldRestatements, request, limit, [&](const v1::ListYieldRestatementsResponse& page) {
    for (const auto& restatement : page.restatements()) {
      std::string change = restatement.unit_code();
      const auto& delta = restatement.delta();
      const auto* type = delta.GetDescriptor();
      for (int i = 0; i < type->field_count(); ++i) {
        const int64_t value = delta.GetReflection()->GetInt64(delta, type->field(i));
        if (value != 0) AddWord(change, type->field(i)->name() + " " + Signed(value));
      }
      table.Row({std::to_string(restatement.restatement_id()), Text(restatement.record_time()), restatement.plant_day(),
                 EnumText(*v1::PlantShift_descriptor(), restatement.shift()), std::to_string(restatement.operation()),
                 restatement.station_code(), change});
    }
    return page.restatements_size();
  });
  if (!connection.json) table.Print();
}

void Lots(const Connection& connection, const v1::ListLotYieldsRequest& request) {
  const auto response = Call(connection, &Yields::ListLotYields, request);
  if (connection.json) return PrintJson(response);
  Table table({"LOT", "LINE", ">OP", ">FIRST", ">FPY", ">95 %", ">SCRAP", "SUPPLIER"});
  for (const auto& yield : response.yields())
    table.Row({yield.lot_code(), yield.line_code(), std::to_string(yield.operation()),
               std::to_string(yield.first_pass_yield().denominator()), Rate(yield.first_pass_yield()),
               Interval(yield.first_pass_yield()), std::to_string(yield.scrapped()),
               yield.supplier() + (yield.supplier_lot().empty() ? "" : " " + yield.supplier_lot())});
  table.Print();
  if (!response.complete()) fprintf(stderr, "mesctl: more follow; name fewer lots\n");
}

// --from and --to, of any request that has first_day and last_day. The request must outlive the parse.
template <class Request>
void AddDays(CLI::App& command, Request& request, bool needed = true) {
  command
      .add_option_function<std::string>(
          "--from", [&request](const std::string& day) { request.set_first_day(day); }, "First plant day (from 08:00)")
      ->required(needed)
      ->type_name("YYYY-MM-DD");
  command
      .add_option_function<std::string>(
          "--to", [&request](const std::string& day) { request.set_last_day(day); }, "Last plant day, included")
      ->required(needed)
      ->type_name("YYYY-MM-DD");
}

// An option whose text goes into a field of the request.
template <class Request>
CLI::Option* AddText(CLI::App& command, const std::string& name, Request& request, void (*set)(Request&, const std::string&),
                     const std::string& about) {
  return command
      .add_option_function<std::string>(
          name, [&request, set](const std::string& text) { set(request, text); }, about)
      ->type_name("CODE");
}

void AddQuery(CLI::App& yield, const Connection& connection) {
  auto query = std::make_shared<Query>();
  using Request = v1::QueryYieldRequest;
  auto* command = yield.add_subcommand("query", "Yields of any range and grouping");
  command->footer(
      "FPY is over first runs; FINAL over the units that entered in the range and are\n"
      "decided (OPEN: not yet); SCRAP where it was found. 95 % is Wilson's interval.\n"
      "Example:\n  mesctl yield query --from 2026-11-01 --to 2026-11-30 --by line,operation");
  AddDays(*command, query->request);
  command->add_option("--by", query->groups, "Groups, with commas between")
      ->delimiter(',')
      ->check(CLI::IsMember(EnumChoices(*v1::YieldGrouping_descriptor())));
  AddText<Request>(
      *command, "--product", query->request, [](Request& r, const std::string& t) { r.set_product_code(t); }, "Only of it");
  AddText<Request>(
      *command, "--line", query->request, [](Request& r, const std::string& t) { r.set_line_code(t); }, "Only of it");
  AddText<Request>(
      *command, "--station", query->request, [](Request& r, const std::string& t) { r.set_station_code(t); }, "Only of it");
  AddText<Request>(
      *command, "--order", query->request, [](Request& r, const std::string& t) { r.set_work_order_code(t); }, "Only of it");
  AddText<Request>(
      *command, "--root", query->request, [](Request& r, const std::string& t) { r.set_root_work_order_code(t); },
      "Only of this order and all below it");
  command
      ->add_option_function<int32_t>(
          "--operation", [query](int32_t number) { query->request.set_operation(number); }, "Only of it")
      ->type_name("N");
  command->add_option("--shift", query->shift, "Only of it")->check(CLI::IsMember(EnumChoices(*v1::PlantShift_descriptor())));
  command->add_option("--as-known-at", query->known, "Without the reversals recorded since")->type_name("TIME");
  command->add_flag("--details", query->details, "Every share with its integers");
  command->callback([&connection, query] { Ask(connection, *query); });
}

void AddRolled(CLI::App& yield, const Connection& connection) {
  using Request = v1::GetRolledThroughputYieldRequest;
  auto request = std::make_shared<Request>();
  auto known = std::make_shared<std::string>();
  auto* command = yield.add_subcommand("rty", "Rolled throughput yield: all mandatory operations' FPY multiplied");
  command->footer("Example:\n  mesctl yield rty --product CELL-LFP-228 --from 2026-11-01 --to 2026-11-30");
  AddDays(*command, *request);
  AddText<Request>(
      *command, "--product", *request, [](Request& r, const std::string& t) { r.set_product_code(t); }, "Of all its lines");
  AddText<Request>(
      *command, "--line", *request, [](Request& r, const std::string& t) { r.set_line_code(t); }, "Of this line");
  AddText<Request>(
      *command, "--order", *request, [](Request& r, const std::string& t) { r.set_work_order_code(t); }, "Of this order");
  command->add_option("--as-known-at", *known, "Without the reversals recorded since")->type_name("TIME");
  command->callback([&connection, request, known] { Rolled(connection, *request, *known); });
}

void AddRestatements(CLI::App& yield, const Connection& connection) {
  using Request = v1::ListYieldRestatementsRequest;
  auto request = std::make_shared<Request>();
  auto limit = std::make_shared<int64_t>(1000);
  auto* command = yield.add_subcommand("restatements", "What reversals changed in figures of the past");
  command->footer("Example:\n  mesctl yield restatements --from 2026-11-01 --to 2026-11-30");
  AddDays(*command, *request);
  AddText<Request>(
      *command, "--line", *request, [](Request& r, const std::string& t) { r.set_line_code(t); }, "Only of it");
  AddText<Request>(
      *command, "--order", *request, [](Request& r, const std::string& t) { r.set_work_order_code(t); }, "Only of it");
  AddLimit(*command, *limit);
  command->callback([&connection, request, limit] { Restatements(connection, *request, *limit); });
}

void AddLots(CLI::App& yield, const Connection& connection) {
  using Request = v1::ListLotYieldsRequest;
  auto request = std::make_shared<Request>();
  auto* command = yield.add_subcommand("lots", "How units fared that consumed a lot");
  command->footer(
      "Of all time, or of a range of plant days.\n"
      "Example:\n  mesctl yield lots --supplier Dynano --supplier-lot S7 --from 2026-11-01 --to 2026-11-30");
  command
      ->add_option_function<std::vector<std::string>>(
          "codes",
          [request](const std::vector<std::string>& codes) { request->mutable_lot_codes()->Assign(codes.begin(), codes.end()); },
          "The lots")
      ->type_name("LOT");
  AddText<Request>(
      *command, "--supplier", *request, [](Request& r, const std::string& t) { r.set_supplier(t); }, "Who delivered");
  AddText<Request>(
      *command, "--supplier-lot", *request, [](Request& r, const std::string& t) { r.set_supplier_lot(t); },
      "All lots of ours from this one");
  AddDays(*command, *request, false);
  command->callback([&connection, request] { Lots(connection, *request); });
}

}  // namespace

void AddYield(CLI::App& app, const Connection& connection) {
  auto* yield = app.add_subcommand("yield", "First-pass yields per product and operation, against the plan");
  yield->footer(
      "FPY counts units whose first run passed; `-` where nothing ran.\nExample:\n  mesctl yield --product PACK-TRK-70");
  auto filter = std::make_shared<Filter>();
  yield->add_option("--product", filter->product, "Only of this product")->type_name("P");
  auto* order = yield->add_option("--order", filter->order, "Only of this order")->type_name("CODE");
  yield->add_option("--root", filter->root, "Only of this order and all below it")->type_name("CODE")->excludes(order);
  AddQuery(*yield, connection);
  AddRolled(*yield, connection);
  AddRestatements(*yield, connection);
  AddLots(*yield, connection);
  yield->callback([&connection, filter, yield] {
    if (yield->get_subcommands().empty()) List(connection, *filter);
  });
}

}  // namespace mes::mesctl
