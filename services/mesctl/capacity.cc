#include "mes/v1/capacity.grpc.pb.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "services/mesctl/capacity_plan.h"
#include "services/mesctl/capacity_text.h"
#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

std::string Grouped(double value) {
  char text[64];
  const double size = std::abs(value);
  const bool whole = size >= 1000 || std::abs(value - std::round(value)) < 0.05;
  snprintf(text, sizeof text, whole ? "%.0f" : "%.1f", size);
  std::string digits = text;
  for (size_t at = std::min(digits.find('.'), digits.size()); at > 3;) digits.insert(at -= 3, ",");
  return value < 0 && digits.find_first_not_of("0.,") != std::string::npos ? "-" + digits : digits;
}

namespace {

using Capacity = v1::CapacityService::Stub;

std::string Fixed(double value, int decimals) {
  char text[64];
  snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string Plain(double value) {
  char text[40];
  snprintf(text, sizeof text, "%.10g", value);
  return text;
}

void SayState(v1::CalendarState state, int32_t year) {
  if (state != v1::CALENDAR_STATE_NOT_PUBLISHED) return;
  printf("\n");
  PrintWrapped(0, "The days off of " + std::to_string(year) +
                      " are not published yet: planned time is an estimate, the share of the newest published year.");
}

void PrintStated(const v1::GetCapacityResponse& response) {
  if (response.stated().empty()) return;
  printf("\nStated for a year\n");
  Table table({"FAMILY", ">STATED", "AS", ">COUNTED", "IN", ">PLAN", ">NET GOOD"});
  for (const auto& stated : response.stated()) {
    if (!stated.in_force()) continue;
    table.Row({stated.family_code(), Plain(stated.stated_value()), stated.stated_unit(), Grouped(stated.yearly()), stated.unit(),
               Grouped(stated.planned()), Grouped(stated.net_good())});
  }
  table.Print();
  for (const auto& stated : response.stated()) {
    if (!stated.in_force() || stated.interpreted_unit().empty()) continue;
    printf("\n");
    PrintWrapped(0, stated.family_code() + ": " + Plain(stated.stated_value()) + " " + stated.stated_unit() + " is read as " +
                        stated.interpreted_unit() + ", never converted: " + stated.interpretation_reason());
  }
}

void PrintOne(const v1::ProductCapacity& product, int32_t year) {
  const auto amount = [&](double value) { return Grouped(value) + " " + product.uom(); };
  Fields fields;
  fields.Add("product", product.product_code());
  fields.Add("lines", std::to_string(product.lines()) + ", " + product.pattern_code());
  fields.Add("nameplate", amount(product.nameplate()) + " in " + std::to_string(year));
  fields.Add("calendar", amount(product.calendar()));
  fields.Add("effective", amount(product.effective()));
  fields.Add("net good", amount(product.net_good()) + (product.known() ? "" : " (not all of it is known)"));
  if (product.has_rated_kwh()) fields.Add("energy", Grouped(product.net_good() * product.rated_kwh()) + " kWh net good");
  if (product.has_rated_kw()) fields.Add("power", Grouped(product.net_good() * product.rated_kw()) + " kW net good");
  if (product.has_demonstrated()) {
    fields.Add("demonstrated", Text(product.demonstrated().good()) + " in 30 days from " + product.demonstrated().first_day() +
                                   ", " + Grouped(product.demonstrated().yearly()) + " a year at that pace");
  } else {
    fields.Add("demonstrated", "nothing was made yet");
  }
  if (product.planned() > 0) {
    fields.Add("plan", amount(product.planned()) +
                           (product.has_planned_share() ? ", " + Percent(product.planned_share()) + " of net good" : ""));
  }
  fields.Add("bottleneck", std::to_string(product.bottleneck_operation()) + " " + product.bottleneck_code());
  fields.Add("yields", "RTY " + Fixed(product.rolled_throughput_yield(), 4) + ", final " + Fixed(product.final_yield(), 4));
  if (product.has_takt_s()) fields.Add("line takt", Fixed(product.takt_s(), 1) + " s");
  fields.Add("residence", Fixed(static_cast<double>(product.residence_s()) / 86400, 1) + " d");
  fields.Add("source", product.source() + ", " + Text(product.source_time()));
  fields.Print();
  printf("\nNet good by month\n");
  Table table({"MONTH", ">NET GOOD"});
  for (int month = 0; month < product.net_good_by_month_size(); ++month) {
    char label[16];
    snprintf(label, sizeof label, "%04d-%02d", year, month + 1);
    table.Row({label, Grouped(product.net_good_by_month(month))});
  }
  table.Print();
}

void Show(const Connection& connection, const std::string& product, int32_t year) {
  v1::GetCapacityRequest request;
  request.set_product_code(product);
  request.set_year(year);
  const auto response = Call(connection, &Capacity::GetCapacity, request);
  if (connection.json) return PrintJson(response);
  if (!product.empty() && response.products_size() == 1) {
    PrintOne(response.products(0), response.year());
  } else {
    printf("Good pieces (m2) in %d\n", response.year());
    Table table({"PRODUCT", ">LINES", ">PLAN", ">NET GOOD", ">USE", ">RTY", ">FINAL", ">TAKT S", "BOTTLENECK"});
    for (const auto& of : response.products()) {
      table.Row({of.product_code(), std::to_string(of.lines()), of.planned() > 0 ? Grouped(of.planned()) : "-",
                 of.known() ? Grouped(of.net_good()) : "unknown", of.has_planned_share() ? Fixed(100 * of.planned_share(), 1) + "%" : "-",
                 Fixed(of.rolled_throughput_yield(), 4), Fixed(of.final_yield(), 4), of.has_takt_s() ? Fixed(of.takt_s(), 1) : "-",
                 std::to_string(of.bottleneck_operation()) + " " + of.bottleneck_code()});
    }
    table.Print();
  }
  PrintStated(response);
  SayState(response.calendar_state(), response.year());
}

struct Use {
  std::string by = "month", of = "family", product, family, from, to, unit;
};

void PrintUse(const v1::GetUtilisationResponse& response) {
  for (const auto& orders : response.undated()) {
    Table table({"PERIOD", ">CAPACITY", ">PRODUCED", ">COMMITTED", ">FREE", ">LOST", ">AVAILABLE", ">USE"});
    double in_process = 0;
    std::string title;
    for (const auto& row : response.rows()) {
      if (row.subject_code() != orders.subject_code()) continue;
      if (title.empty()) title = row.subject_code() + (row.subject_name().empty() ? "" : " " + row.subject_name()) + ", " + row.unit();
      if (row.in_process() > 0) in_process = row.in_process();
      table.Row({row.period(), Grouped(row.capacity()), Grouped(row.produced()), Grouped(row.committed()), Grouped(row.free()),
                 Grouped(row.unattainable()), Grouped(row.available()), row.has_share() ? Fixed(100 * row.share(), 1) + "%" : "-"});
    }
    if (title.empty()) continue;
    printf("%s: in process %s, without due date %s, overdue %s\n", OneLine(title).c_str(), Grouped(in_process).c_str(),
           Grouped(orders.undated()).c_str(), Grouped(orders.overdue()).c_str());
    table.Print();
    printf("\n");
  }
}

void PrintOperations(const v1::GetUtilisationResponse& response, const std::string& product) {
  printf("%s: each operation as if it were the only bound\n", OneLine(product).c_str());
  Table table({">OP", "CODE", "PERIOD", ">CAPACITY", ">PRODUCED", ">COMMITTED", ">FREE", ">USE"});
  for (const auto& row : response.rows()) {
    const bool bottleneck = row.subject_code() == std::to_string(row.bottleneck_operation());
    table.Row({row.subject_code(), row.subject_name() + (bottleneck ? " *" : ""), row.period(), Grouped(row.capacity()),
               Grouped(row.produced()), Grouped(row.committed()), Grouped(row.free()),
               row.has_share() ? Fixed(100 * row.share(), 1) + "%" : "-"});
  }
  table.Print();
  printf("* the bottleneck\n");
}

void ShowUse(const Connection& connection, const Use& use) {
  v1::GetUtilisationRequest request;
  request.set_period(static_cast<v1::PeriodKind>(EnumValue(*v1::PeriodKind_descriptor(), use.by)));
  request.set_subject(static_cast<v1::UtilisationSubject>(EnumValue(*v1::UtilisationSubject_descriptor(), use.of)));
  if (!use.unit.empty()) {
    request.set_unit(static_cast<v1::UtilisationUnit>(EnumValue(*v1::UtilisationUnit_descriptor(), use.unit)));
  }
  request.set_product_code(use.product);
  request.set_family_code(use.family);
  request.set_first_day(use.from);
  request.set_last_day(use.to);
  const auto response = Call(connection, &Capacity::GetUtilisation, request);
  if (connection.json) return PrintJson(response);
  if (request.subject() == v1::UTILISATION_SUBJECT_OPERATION) {
    PrintOperations(response, use.product);
  } else {
    PrintUse(response);
  }
  PrintWrapped(0, "capacity = produced + committed + free; free = available + lost (time that passed unused). Days before " +
                      response.today() + " are over.");
  for (const int32_t year : response.unpublished_years()) SayState(v1::CALENDAR_STATE_NOT_PUBLISHED, year);
}

void Need(const Connection& connection, const std::vector<std::string>& mix, int32_t year) {
  v1::GetNeedsRequest request;
  request.set_year(year);
  for (const std::string& entry : mix) {
    const size_t equals = entry.find('=');
    char* end = nullptr;
    const double quantity = equals == std::string::npos ? 0 : strtod(entry.c_str() + equals + 1, &end);
    if (equals == std::string::npos || end == nullptr || *end != '\0' || end == entry.c_str() + equals + 1) {
      FailUsage("`" + entry + "` is not PRODUCT=QUANTITY, for example FCS-120=9350");
    }
    v1::MixEntry& message = *request.add_mix();
    message.set_product_code(entry.substr(0, equals));
    message.set_quantity(quantity);
  }
  const auto response = Call(connection, &Capacity::GetNeeds, request);
  if (connection.json) return PrintJson(response);
  Table table({"PRODUCT", ">NEEDED", ">OWN", ">STATED", ">BOUGHT IN", ">MISSING", ">TO BUY"});
  for (const auto& need : response.needs()) {
    table.Row({need.product_code(), Grouped(need.needed()), need.known() ? Grouped(need.own()) : "unknown",
               need.has_stated() ? Grouped(need.stated()) : "-", Grouped(need.bought_in()), Grouped(need.missing()),
               need.to_buy() > 0 ? Grouped(need.to_buy()) : "-"});
  }
  table.Print();
  printf("\n");
  Table families({"FAMILY", ">NEEDED", ">STATED", "UNIT"});
  for (const auto& family : response.families())
    families.Row({family.family_code(), Grouped(family.needed()), Grouped(family.stated()), family.unit()});
  families.Print();
  printf("\n");
  PrintWrapped(0, response.binding_sentence().empty() ? "Nothing is short in " + std::to_string(response.year())
                                                      : response.binding_sentence());
  SayState(response.calendar_state(), response.year());
}

struct Point {
  std::string product, from, pattern, source;
  int32_t line = 0;
  double availability = 0;
  double yield = 0;
  Planner planner;
};

Table PointTable() { return Table({">LINE", "FROM", ">A x P", ">YIELD", "PATTERN", "BY", "SOURCE"}); }
void Row(Table& table, const v1::CapacityPoint& point) {
  table.Row({point.line() == 0 ? "all" : std::to_string(point.line()), point.from_day() == "0001-01-01" ? "ever" : point.from_day(),
             Fixed(point.availability_performance(), 3), point.has_final_yield() ? Fixed(point.final_yield(), 4) : "routing",
             point.pattern_code(), point.person(), point.source()});
}

void Set(const Connection& connection, const Point& point) {
  v1::SetCapacityRequest request;
  request.set_request_id(connection.RequestId());
  request.set_product_code(point.product);
  request.set_line(point.line);
  request.set_from_day(point.from);
  request.set_availability_performance(point.availability);
  if (point.yield != 0) request.set_final_yield(point.yield);
  request.set_pattern_code(point.pattern);
  request.set_source(point.source);
  request.set_person(point.planner.person);
  request.set_role(point.planner.role);
  const auto response = Call(connection, &Capacity::SetCapacity, request);
  if (connection.json) return PrintJson(response);
  Table table = PointTable();
  Row(table, response.point());
  table.Print();
}

void Series(const Connection& connection, const std::string& product) {
  v1::ListCapacityPointsRequest request;
  request.set_product_code(product);
  const auto response = Call(connection, &Capacity::ListCapacityPoints, request);
  if (connection.json) return PrintJson(response);
  Table table = PointTable();
  for (const auto& point : response.points()) Row(table, point);
  table.Print();
}

void History(const Connection& connection, const std::string& product, int64_t limit) {
  v1::ListCapacityFiguresRequest request;
  request.set_product_code(product);
  Table table({"TOLD", "PRODUCT", ">YEAR", "MEANING", ">FIGURE", "DETAIL"});
  CallPages(connection, &Capacity::ListCapacityFigures, request, limit, [&](const v1::ListCapacityFiguresResponse& page) {
    for (const auto& figure : page.figures())
      table.Row({Text(figure.record_time()).substr(0, 10), figure.product_code(), std::to_string(figure.year()),
                 EnumText(*v1::CapacityKind_descriptor(), figure.kind()), Grouped(figure.value()), figure.detail()});
    return page.figures_size();
  });
  if (!connection.json) table.Print();
}

void Record(const Connection& connection, int32_t year) {
  v1::RecordFiguresRequest request;
  request.set_request_id(connection.RequestId());
  request.set_year(year);
  const auto response = Call(connection, &Capacity::RecordFigures, request);
  if (connection.json) return PrintJson(response);
  printf("%lld figures had changed and are recorded\n", static_cast<long long>(response.recorded()));
}

void Over(const Connection& connection, bool open_only, int64_t limit) {
  v1::ListOverCommitmentsRequest request;
  request.set_open_only(open_only);
  Table table({"ORDER", "PRODUCT", "WHEN", "BY", "WHY"});
  CallPages(connection, &Capacity::ListOverCommitments, request, limit, [&](const v1::ListOverCommitmentsResponse& page) {
    for (const auto& over : page.over_commitments())
      table.Row({over.work_order_code(), over.product_code(), Text(over.record_time()).substr(0, 10), over.person(),
                 over.reason() + " (" + over.shortage().sentence() + ")"});
    return page.over_commitments_size();
  });
  if (!connection.json) table.Print();
}

void AddReads(CLI::App& capacity, const Connection& connection) {
  auto product = std::make_shared<std::string>();
  auto year = std::make_shared<int32_t>(0);
  auto limit = std::make_shared<int64_t>(1000);

  auto* show = capacity.add_subcommand("show", "What the plant can make in a year, and what was stated");
  show->footer("Example:\n  mesctl capacity show STK-148 --year 2026");
  show->add_option("product", *product, "One product, with all meanings of capacity")->type_name("PRODUCT");
  show->add_option("--year", *year, "The year; default: this one")->type_name("YYYY");
  show->callback([&connection, product, year] { Show(connection, *product, *year); });

  auto* use = capacity.add_subcommand("use", "How full the plant is: produced, committed, free, lost");
  use->footer("Example:\n  mesctl capacity use --by month --of line-group --product STK-148");
  auto asked = std::make_shared<Use>();
  use->add_option("--by", asked->by, "day, week, month or year")
      ->transform(CLI::IsMember(EnumChoices(*v1::PeriodKind_descriptor()), CLI::ignore_case))
      ->capture_default_str();
  use->add_option("--of", asked->of, "family, line-group or operation")
      ->transform(CLI::IsMember(EnumChoices(*v1::UtilisationSubject_descriptor()), CLI::ignore_case))
      ->capture_default_str();
  use->add_option("--product", asked->product, "Only of this product")->type_name("P");
  use->add_option("--family", asked->family, "Only of this family")->type_name("F");
  use->add_option("--from", asked->from, "The first day; default: 1 January")->type_name("YYYY-MM-DD");
  use->add_option("--to", asked->to, "The last day; default: 31 December")->type_name("YYYY-MM-DD");
  use->add_option("--unit", asked->unit, "kwh or kw instead of pieces")
      ->transform(CLI::IsMember(EnumChoices(*v1::UtilisationUnit_descriptor()), CLI::ignore_case));
  use->callback([&connection, asked] { ShowUse(connection, *asked); });

  auto* need = capacity.add_subcommand("need", "What a mix needs of everything below it, and what binds");
  need->footer("Example:\n  mesctl capacity need FCS-120=9350 FCS-240=1650 --year 2026");
  auto mix = std::make_shared<std::vector<std::string>>();
  need->add_option("mix", *mix, "Default: the plant's plan")->type_name("P=Q");
  need->add_option("--year", *year, "The year; default: this one")->type_name("YYYY");
  need->callback([&connection, mix, year] { Need(connection, *mix, *year); });

  auto* history = capacity.add_subcommand("history", "Figures as they were told, newest first");
  history->footer("Example:\n  mesctl capacity history --product STK-148");
  history->add_option("--product", *product, "Only of this product")->type_name("P");
  AddLimit(*history, *limit);
  history->callback([&connection, product, limit] { History(connection, *product, *limit); });

  auto* over = capacity.add_subcommand("over", "Orders that were released beyond capacity, newest first");
  over->footer("Example:\n  mesctl capacity over --open");
  auto open = std::make_shared<bool>(false);
  over->add_flag("--open", *open, "Only those not completed or cancelled");
  AddLimit(*over, *limit);
  over->callback([&connection, open, limit] { Over(connection, *open, *limit); });
}

void AddChanges(CLI::App& capacity, const Connection& connection) {
  auto* set = capacity.add_subcommand("set", "Add a point to a line's series: availability x performance, yield, calendar");
  set->footer("Example:\n  mesctl capacity set CELL-LFP-228 --line 4 --from 2026-06-01 --availability 0.35 --yield 0.72 "
              "--source 'ramp-up, month 3' --person li.wei");
  auto point = std::make_shared<Point>();
  set->add_option("product", point->product, "The product")->required()->type_name("PRODUCT");
  set->add_option("--line", point->line, "Which line; default: all")->type_name("N");
  set->add_option("--from", point->from, "From this day on")->required()->type_name("YYYY-MM-DD");
  set->add_option("--availability", point->availability, "Availability x performance, above 0 to 1")->required()->type_name("X");
  set->add_option("--yield", point->yield, "Start to end of the route; default: the routing's")->type_name("X");
  set->add_option("--pattern", point->pattern, "The shift pattern; default: the one in force")->type_name("CODE");
  set->add_option("--source", point->source, "What it rests on")->required()->type_name("TEXT");
  AddPlanner(*set, point->planner);
  set->callback([&connection, point] { Set(connection, *point); });

  auto* series = capacity.add_subcommand("series", "A product's series of availability, yield and calendar");
  series->footer("Example:\n  mesctl capacity series CELL-LFP-228");
  auto product = std::make_shared<std::string>();
  series->add_option("product", *product, "The product")->required()->type_name("PRODUCT");
  series->callback([&connection, product] { Series(connection, *product); });

  auto* record = capacity.add_subcommand("record", "Record the year's figures where they changed");
  record->footer("Example:\n  mesctl capacity record --year 2026");
  auto year = std::make_shared<int32_t>(0);
  record->add_option("--year", *year, "The year; default: this one")->type_name("YYYY");
  record->callback([&connection, year] { Record(connection, *year); });
}

}  // namespace

void AddPlanner(CLI::App& command, Planner& planner) {
  command.add_option("--person", planner.person, "Who")->required()->type_name("P");
  command.add_option("--role", planner.role, "As what")->capture_default_str()->type_name("R");
}

void AddCapacity(CLI::App& app, const Connection& connection) {
  auto* capacity = app.add_subcommand("capacity", "What the plant can make, is committed to, and when it works");
  capacity->require_subcommand(1);
  AddReads(*capacity, connection);
  AddChanges(*capacity, connection);
  AddSupply(*capacity, connection);
  AddCalendar(*capacity, connection);
  AddCapacitySchedule(*capacity, connection);
  AddCapacityWhatIf(*capacity, connection);
  AddCapacityForecast(*capacity, connection);
  AddCapacityPlan(*capacity, connection);
}

}  // namespace mes::mesctl
