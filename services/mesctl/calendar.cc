#include "mes/v1/capacity.grpc.pb.h"

#include <memory>

#include "services/mesctl/capacity_text.h"
#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

using Capacity = v1::CapacityService::Stub;

template <class Numbers>
std::string Joined(const Numbers& numbers) {
  std::string text;
  for (const auto number : numbers) text += (text.empty() ? "" : " ") + std::to_string(number);
  return text;
}

void PrintDays(const v1::GetCalendarResponse& response) {
  if (response.days_off().empty()) return;
  printf("\nDays off\n");
  Table table({"FROM", "TO", ">DAYS", "NAME"});
  for (int i = 0; i < response.days_off_size();) {
    int last = i;
    while (last + 1 < response.days_off_size() && response.days_off(last + 1).name() == response.days_off(i).name()) ++last;
    table.Row({response.days_off(i).day(), response.days_off(last).day(), std::to_string(last - i + 1),
               response.days_off(i).name() + " " + response.days_off(i).name_zh()});
    i = last + 1;
  }
  table.Print();
}

void Show(const Connection& connection, int32_t year) {
  v1::GetCalendarRequest request;
  request.set_year(year);
  const auto response = Call(connection, &Capacity::GetCalendar, request);
  if (connection.json) return PrintJson(response);
  int working_days = 0;
  for (const int32_t days : response.working_days_by_month()) working_days += days;
  const bool published = response.state() == v1::CALENDAR_STATE_PUBLISHED;
  std::string make_up;
  for (const auto& day : response.make_up_days()) make_up += (make_up.empty() ? "" : " ") + day;
  Fields fields;
  fields.Add("year", std::to_string(response.year()) + ", " + std::to_string(response.days()) + " days");
  fields.Add("state", published ? "published, version " + std::to_string(response.version())
                                : "not published yet: weekdays stand for working days");
  fields.Add("notice", response.source());
  fields.Add("days off", std::to_string(response.days_off_size()));
  fields.Add("make-up", make_up);
  fields.Add("working", std::to_string(working_days) + ": " + Joined(response.working_days_by_month()));
  fields.Print();
  PrintDays(response);
  printf("\nPlanned days of the shift patterns%s\n", published ? "" : " (before the estimate for days off)");
  Table patterns({"PATTERN", ">DAYS", "BY MONTH", ">SECONDS", "SHIFTS"});
  for (const auto& pattern : response.patterns()) {
    std::string shifts;
    for (const auto& shift : pattern.shifts()) shifts += (shifts.empty() ? "" : ", ") + shift;
    patterns.Row({pattern.pattern_code(), std::to_string(pattern.days()), Joined(pattern.days_by_month()),
                  std::to_string(pattern.planned_seconds()), shifts});
  }
  patterns.Print();
  if (response.shutdowns().empty()) return;
  printf("\nShutdowns\n");
  Table shutdowns({">ID", "FROM", "TO", "PATTERN", "PRODUCT", "REASON"});
  for (const auto& shutdown : response.shutdowns())
    shutdowns.Row({std::to_string(shutdown.shutdown_id()), shutdown.first_day(), shutdown.last_day(), shutdown.pattern_code(),
                   shutdown.product_code(), shutdown.reason()});
  shutdowns.Print();
}

struct Day {
  std::string at, from;
  int32_t count = 0;
};

void AskDay(const Connection& connection, const Day& day) {
  v1::GetWorkingDayRequest request;
  if (!day.at.empty()) *request.mutable_time() = ParseTime("--at", day.at);
  request.set_from_day(day.from);
  request.set_working_days(day.count);
  const auto response = Call(connection, &Capacity::GetWorkingDay, request);
  if (connection.json) return PrintJson(response);
  Fields fields;
  fields.Add("plant day", response.plant_day() + (response.is_working_day() ? ", a working day" : ", no working day"));
  fields.Add("zone", "UTC+" + std::to_string(response.utc_offset_s() / 3600));
  if (day.count > 0) fields.Add("ends", response.end_day() + ", " + std::to_string(day.count) + " working days later");
  if (!response.official()) fields.Add("note", "a year's days off are not published yet: the day may move");
  fields.Print();
}

struct Notice {
  int32_t year = 0;
  std::string source;
  std::vector<std::string> off, make_up;
  Planner planner;
};

void Put(const Connection& connection, const Notice& notice) {
  v1::PutCalendarYearRequest request;
  request.set_request_id(connection.RequestId());
  request.set_year(notice.year);
  request.set_source(notice.source);
  for (const auto& day : notice.off) {
    // DAY or DAY=NAME.
    v1::CalendarDayOff& off = *request.add_days_off();
    const size_t equals = day.find('=');
    off.set_day(day.substr(0, equals));
    if (equals != std::string::npos) off.set_name(day.substr(equals + 1));
  }
  for (const auto& day : notice.make_up) request.add_make_up_days(day);
  request.set_person(notice.planner.person);
  request.set_role(notice.planner.role);
  const auto response = Call(connection, &Capacity::PutCalendarYear, request);
  if (connection.json) return PrintJson(response);
  printf("%d is published here, version %d: %d working days\n", notice.year, response.version(), response.working_days());
}

struct Stop {
  std::string first, last, pattern, product, reason;
  int64_t id = 0;
  Planner planner;
};

void PutStop(const Connection& connection, const Stop& stop) {
  v1::PutShutdownRequest request;
  request.set_request_id(connection.RequestId());
  v1::Shutdown& shutdown = *request.mutable_shutdown();
  shutdown.set_first_day(stop.first);
  shutdown.set_last_day(stop.last.empty() ? stop.first : stop.last);
  shutdown.set_pattern_code(stop.pattern);
  shutdown.set_product_code(stop.product);
  shutdown.set_reason(stop.reason);
  request.set_person(stop.planner.person);
  request.set_role(stop.planner.role);
  const auto response = Call(connection, &Capacity::PutShutdown, request);
  if (connection.json) return PrintJson(response);
  printf("shutdown %lld\n", static_cast<long long>(response.shutdown_id()));
}

void CancelStop(const Connection& connection, const Stop& stop) {
  v1::CancelShutdownRequest request;
  request.set_request_id(connection.RequestId());
  request.set_shutdown_id(stop.id);
  request.set_person(stop.planner.person);
  request.set_role(stop.planner.role);
  const auto response = Call(connection, &Capacity::CancelShutdown, request);
  if (connection.json) return PrintJson(response);
  printf("shutdown %lld is taken back\n", static_cast<long long>(stop.id));
}

void AddStops(CLI::App& calendar, const Connection& connection) {
  auto stop = std::make_shared<Stop>();
  auto* shut = calendar.add_subcommand("shut", "Announce days on which lines stand still");
  shut->footer("Example:\n  mesctl capacity calendar shut 2026-07-20 --to 2026-07-25 --product STK-148 "
               "--reason maintenance --person li.wei");
  shut->add_option("first", stop->first, "The first day")->required()->type_name("YYYY-MM-DD");
  shut->add_option("--to", stop->last, "The last day; default: only the first")->type_name("YYYY-MM-DD");
  shut->add_option("--pattern", stop->pattern, "Only lines of this shift pattern")->type_name("CODE");
  shut->add_option("--product", stop->product, "Only lines of this product")->type_name("P");
  shut->add_option("--reason", stop->reason, "Why")->required()->type_name("R");
  AddPlanner(*shut, stop->planner);
  shut->callback([&connection, stop] { PutStop(connection, *stop); });

  auto* open = calendar.add_subcommand("open", "Take a shutdown back");
  open->footer("Example:\n  mesctl capacity calendar open 3 --person li.wei");
  open->add_option("id", stop->id, "The shutdown's number")->required()->type_name("N");
  AddPlanner(*open, stop->planner);
  open->callback([&connection, stop] { CancelStop(connection, *stop); });
}

}  // namespace

void AddCalendar(CLI::App& capacity, const Connection& connection) {
  auto* calendar = capacity.add_subcommand("calendar", "When the plant works: days off, shift patterns, shutdowns");
  calendar->require_subcommand(1);
  auto* show = calendar->add_subcommand("show", "A year's calendar");
  show->footer("Example:\n  mesctl capacity calendar show 2026");
  auto year = std::make_shared<int32_t>(0);
  show->add_option("year", *year, "Default: this one")->type_name("YYYY");
  show->callback([&connection, year] { Show(connection, *year); });

  auto* day = calendar->add_subcommand("day", "Which plant day a time is of; count working days");
  day->footer("Example:\n  mesctl capacity calendar day --from 2026-02-10 --working-days 15");
  auto asked = std::make_shared<Day>();
  day->add_option("--at", asked->at, "The time; default: now")->type_name("TIME");
  day->add_option("--from", asked->from, "A day instead of a time")->type_name("YYYY-MM-DD");
  day->add_option("--working-days", asked->count, "The day so many working days later")->type_name("N");
  day->callback([&connection, asked] { AskDay(connection, *asked); });

  auto* put = calendar->add_subcommand("put", "Store a year's notice; a later one replaces it");
  put->footer("Example:\n  mesctl capacity calendar put 2027 --source 'notice of 2026-11' --off '2027-01-01=New Year' "
              "--person li.wei");
  auto notice = std::make_shared<Notice>();
  put->add_option("year", notice->year, "The year")->required()->type_name("YYYY");
  put->add_option("--source", notice->source, "Which notice")->required()->type_name("TEXT");
  put->add_option("--off", notice->off, "Days off")->type_name("YYYY-MM-DD[=NAME]");
  put->add_option("--make-up", notice->make_up, "Worked days of weekends")->type_name("YYYY-MM-DD");
  AddPlanner(*put, notice->planner);
  put->callback([&connection, notice] { Put(connection, *notice); });
  AddStops(*calendar, connection);
}

}  // namespace mes::mesctl
