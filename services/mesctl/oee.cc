#include "mes/v1/oee.grpc.pb.h"

#include <cstdio>
#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

using Oees = v1::OeeService::Stub;

// A performance may be above 1: it is shown as it is.
std::string Share(bool known, double value) {
  if (!known) return "-";
  if (value <= 1) return Percent(value);
  char text[32];
  snprintf(text, sizeof text, "%.2f %%", value * 100);
  return text;
}

std::string Hours(double seconds) {
  char text[32];
  snprintf(text, sizeof text, "%.1f", seconds / 3600);
  return text;
}

void AddRow(Table& table, const v1::Oee& oee) {
  table.Row({oee.station_code().empty() ? "line " + oee.line_code() : oee.station_code(),
             Hours(oee.planned_seconds() - oee.no_plan_seconds()), Hours(oee.down_seconds()), std::to_string(oee.runs()),
             Share(oee.has_availability(), oee.availability()), Share(oee.has_performance(), oee.performance()),
             Share(oee.has_quality(), oee.quality()), Share(oee.has_oee(), oee.oee())});
}

void Ask(const Connection& connection, const v1::QueryOeeRequest& request) {
  const auto response = Call(connection, &Oees::QueryOee, request);
  if (connection.json) return PrintJson(response);
  Table table({"STATION", ">PLAN h", ">DOWN h", ">RUNS", ">AVAIL", ">PERF", ">QUALITY", ">OEE"});
  for (const auto& station : response.stations()) AddRow(table, station);
  if (response.has_line()) AddRow(table, response.line());
  table.Print();
  if (!response.planned_by_calendar()) printf("\nno shift pattern is known for some of these days: they count as planned whole\n");
  if (response.planned_is_estimate()) printf("\nno days off are published for some of these days: the planned time is an estimate\n");
}

std::string Class(const v1::Downtime& downtime) { return EnumText(*v1::DowntimeClass_descriptor(), downtime.downtime_class()); }

void Say(const Connection& connection, const v1::Downtime& downtime, const char* what,
         const google::protobuf::Message& response) {
  if (connection.json) return PrintJson(response);
  printf("downtime %lld of %s %s: %s (%s)\n", static_cast<long long>(downtime.downtime_id()),
         OneLine(downtime.station_code()).c_str(), what, OneLine(downtime.reason_code()).c_str(), Class(downtime).c_str());
}

void List(const Connection& connection, const v1::ListDowntimesRequest& request, int64_t limit) {
  Table table({">ID", "STATION", "FROM", "UNTIL", "REASON AND NOTE"});
  CallPages(connection, &Oees::ListDowntimes, request, limit, [&](const v1::ListDowntimesResponse& page) {
    for (const auto& downtime : page.downtimes()) {
      std::string text = downtime.reason_code() + " (" + Class(downtime) + ") " + downtime.note();
      if (downtime.has_withdraw_time()) text += " withdrawn by " + downtime.withdrawn_by() + ": " + downtime.withdraw_note();
      table.Row({std::to_string(downtime.downtime_id()), downtime.station_code(), Text(downtime.from_time()),
                 Text(downtime.until_time()), text});
    }
    return page.downtimes_size();
  });
  if (!connection.json) table.Print();
}

void Reasons(const Connection& connection, int32_t version) {
  v1::ListDowntimeReasonsRequest request;
  request.set_version(version);
  const auto response = Call(connection, &Oees::ListDowntimeReasons, request);
  if (connection.json) return PrintJson(response);
  Table table({"REASON", "CLASS", "NAME"});
  for (const auto& reason : response.reasons())
    table.Row({reason.code(), EnumText(*v1::DowntimeClass_descriptor(), reason.downtime_class()), reason.name()});
  table.Print();
  printf("\nversion %d, by %s, %s\n", response.version(), OneLine(response.person()).c_str(),
         Text(response.record_time()).c_str());
}

// `CODE=class:name`.
void Replace(const Connection& connection, const std::vector<std::string>& reasons, const std::string& person) {
  v1::ReplaceDowntimeReasonsRequest request;
  request.set_request_id(connection.RequestId());
  request.set_person(person);
  for (const std::string& text : reasons) {
    const size_t equal = text.find('='), colon = text.find(':', equal == std::string::npos ? 0 : equal);
    if (equal == std::string::npos || colon == std::string::npos) FailUsage("'" + text + "' is not of the form CODE=class:name");
    const int value = EnumValue(*v1::DowntimeClass_descriptor(), text.substr(equal + 1, colon - equal - 1));
    if (value == 0)
      FailUsage("'" + text +
                "': the class is not one of breakdown, changeover, material, quality-stop, personnel, safety, no-plan");
    auto& reason = *request.add_reasons();
    reason.set_code(text.substr(0, equal));
    reason.set_downtime_class(static_cast<v1::DowntimeClass>(value));
    reason.set_name(text.substr(colon + 1));
  }
  const auto response = Call(connection, &Oees::ReplaceDowntimeReasons, request);
  if (connection.json) return PrintJson(response);
  printf("version %d of the downtime reasons is in force\n", response.version());
}

struct Report {
  std::string station, from, until, reason, person, note;
};

void AddReport(CLI::App& downtime, const Connection& connection) {
  auto report = std::make_shared<Report>();
  auto* command = downtime.add_subcommand("report", "A station stood still, and why");
  command->footer(
      "Example:\n  mesctl downtime report PACK-TRK-70.1.PEOL.1 --from 2026-11-24T09:00:00+08:00 \\\n"
      "    --until 2026-11-24T09:40:00+08:00 --reason BREAKDOWN --person li.wei");
  command->add_option("station", report->station, "The station")->required()->type_name("STATION");
  command->add_option("--from", report->from, "Since when")->required()->type_name("TIME");
  command->add_option("--until", report->until, "Until when")->required()->type_name("TIME");
  command->add_option("--reason", report->reason, "One of `downtime reasons`")->required()->type_name("CODE");
  command->add_option("--person", report->person, "Who says so")->required()->type_name("P");
  command->add_option("--note", report->note, "What happened")->type_name("TEXT");
  command->callback([&connection, report] {
    v1::ReportDowntimeRequest request;
    request.set_request_id(connection.RequestId());
    request.set_station_code(report->station);
    *request.mutable_from_time() = ParseTime("--from", report->from);
    *request.mutable_until_time() = ParseTime("--until", report->until);
    request.set_reason_code(report->reason);
    request.set_person(report->person);
    request.set_note(report->note);
    const auto response = Call(connection, &Oees::ReportDowntime, request);
    Say(connection, response.downtime(), "recorded", response);
  });
}

void AddWithdraw(CLI::App& downtime, const Connection& connection) {
  auto request = std::make_shared<v1::WithdrawDowntimeRequest>();
  auto id = std::make_shared<int64_t>(0);
  auto person = std::make_shared<std::string>(), note = std::make_shared<std::string>();
  auto* command = downtime.add_subcommand("withdraw", "Take a report back; it stays on record");
  command->footer("Example:\n  mesctl downtime withdraw 12 --person li.wei --note 'wrong station'");
  command->add_option("id", *id, "The report's number")->required()->type_name("ID");
  command->add_option("--person", *person, "Who")->required()->type_name("P");
  command->add_option("--note", *note, "Why")->required()->type_name("TEXT");
  command->callback([&connection, request, id, person, note] {
    request->set_request_id(connection.RequestId());
    request->set_downtime_id(*id);
    request->set_person(*person);
    request->set_note(*note);
    const auto response = Call(connection, &Oees::WithdrawDowntime, *request);
    Say(connection, response.downtime(), "withdrawn", response);
  });
}

void AddList(CLI::App& downtime, const Connection& connection) {
  auto line = std::make_shared<std::string>(), station = std::make_shared<std::string>();
  auto from = std::make_shared<std::string>(), until = std::make_shared<std::string>();
  auto limit = std::make_shared<int64_t>(1000);
  auto* command = downtime.add_subcommand("list", "Downtimes, newest report first");
  command->footer("Example:\n  mesctl downtime list --line PACK-TRK-70.1");
  auto* by_line = command->add_option("--line", *line, "Only of its stations")->type_name("CODE");
  command->add_option("--station", *station, "Only of it")->type_name("CODE")->excludes(by_line);
  command->add_option("--from", *from, "Only what ends after")->type_name("TIME");
  command->add_option("--until", *until, "Only what begins before")->type_name("TIME");
  AddLimit(*command, *limit);
  command->callback([&connection, line, station, from, until, limit] {
    v1::ListDowntimesRequest request;
    request.set_line_code(*line);
    request.set_station_code(*station);
    if (!from->empty()) *request.mutable_from_time() = ParseTime("--from", *from);
    if (!until->empty()) *request.mutable_until_time() = ParseTime("--until", *until);
    List(connection, request, *limit);
  });
}

}  // namespace

void AddOee(CLI::App& app, const Connection& connection) {
  auto* oee = app.add_subcommand("oee", "Overall equipment effectiveness of a line or station");
  oee->footer(
      "Availability x performance x quality; a performance above 100 % means that the\nideal cycle is wrong.\nExample:\n"
      "  mesctl oee --line PACK-TRK-70.1 --from 2026-11-01 --to 2026-11-30");
  auto line = std::make_shared<std::string>(), station = std::make_shared<std::string>();
  auto from = std::make_shared<std::string>(), to = std::make_shared<std::string>();
  oee->add_option("--line", *line, "Of this line and its stations")->type_name("CODE");
  oee->add_option("--station", *station, "Of this station")->type_name("CODE");
  oee->add_option("--from", *from, "First plant day (from 08:00)")->required()->type_name("YYYY-MM-DD");
  oee->add_option("--to", *to, "Last plant day, included")->required()->type_name("YYYY-MM-DD");
  oee->callback([&connection, line, station, from, to] {
    v1::QueryOeeRequest request;
    request.set_line_code(*line);
    request.set_station_code(*station);
    request.set_first_day(*from);
    request.set_last_day(*to);
    Ask(connection, request);
  });
}

void AddDowntime(CLI::App& app, const Connection& connection) {
  auto* downtime = app.add_subcommand("downtime", "Why stations stand still");
  downtime->require_subcommand(1);
  AddReport(*downtime, connection);
  AddWithdraw(*downtime, connection);
  AddList(*downtime, connection);
  auto version = std::make_shared<int32_t>(0);
  auto* reasons = downtime->add_subcommand("reasons", "The list of reasons in force");
  reasons->footer("Example:\n  mesctl downtime reasons");
  reasons->add_option("--version", *version, "An earlier one")->type_name("N");
  reasons->callback([&connection, version] { Reasons(connection, *version); });
  auto list = std::make_shared<std::vector<std::string>>();
  auto person = std::make_shared<std::string>();
  auto* replace = downtime->add_subcommand("replace-reasons", "Put a new list of reasons in force");
  replace->footer("Example:\n  mesctl downtime replace-reasons BREAKDOWN='breakdown:Equipment failure' --person li.wei");
  replace->add_option("reasons", *list, "The whole list")->required()->type_name("CODE=class:name");
  replace->add_option("--person", *person, "Who")->required()->type_name("P");
  replace->callback([&connection, list, person] { Replace(connection, *list, *person); });
}

}  // namespace mes::mesctl
