#include "mes/v1/spc.grpc.pb.h"

#include <array>
#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"
#include "services/mesctl/sign.h"
#include "services/mesctl/spc_draw.h"

namespace mes::mesctl {

namespace {

using Spc = v1::SpcService::Stub;

constexpr int kColumnsOfPoints = 60;
constexpr int kRowsOfSpread = 7;

struct Chart {
  std::string station, characteristic;
  int32_t operation = 0;
  int32_t position = 0;
};
v1::ChartKey KeyOf(const Chart& chart) {
  v1::ChartKey key;
  key.set_station_code(chart.station);
  key.set_operation(chart.operation);
  key.set_characteristic_code(chart.characteristic);
  key.set_position(chart.position);
  return key;
}

struct Range {
  std::string from, until;
};
template <class Request>
void SetRange(const Range& range, Request& request) {
  if (!range.from.empty()) *request.mutable_from() = ParseTime("--from", range.from);
  if (!range.until.empty()) *request.mutable_until() = ParseTime("--until", range.until);
}

std::string KindText(v1::ChartKind kind, int subgroup) {
  switch (kind) {
    case v1::CHART_KIND_MEAN_RANGE:
      return "X-bar/R of " + std::to_string(subgroup);
    case v1::CHART_KIND_MEAN_DEVIATION:
      return "X-bar/S of " + std::to_string(subgroup);
    default:
      return "I-MR";
  }
}

std::string NameOf(const v1::ChartKey& key) {
  return key.characteristic_code() + (key.position() == 0 ? "" : "[" + std::to_string(key.position()) + "]");
}

std::string Joined(const google::protobuf::RepeatedPtrField<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

void Print(const v1::ControlLimits& limits) {
  Fields fields;
  fields.Add("version", std::to_string(limits.version()));
  fields.Add("chart", KindText(limits.kind(), limits.subgroup()));
  fields.Add("limits", FigureText(limits.lower()) + " to " + FigureText(limits.upper()) + ", center " + FigureText(limits.center()));
  fields.Add("spread", FigureText(limits.spread_lower()) + " to " + FigureText(limits.spread_upper()) + ", center " +
                           FigureText(limits.spread_center()));
  fields.Add("sigma", FigureText(limits.process_sigma()) + " of a single value");
  fields.Add("baseline", Text(limits.baseline_from()) + " to " + Text(limits.baseline_until()) + ", " +
                             std::to_string(limits.points()) + " points");
  std::string excluded;
  for (const auto& time : limits.excluded()) excluded += (excluded.empty() ? "" : ", ") + Text(time);
  fields.Add("left out", excluded);
  fields.Add("frozen", Text(limits.freeze_time()) + " by " + limits.person());
  fields.Add("reason", limits.reason());
  fields.Print();
}

void PrintChart(const v1::GetChartResponse& chart) {
  const v1::ChartSummary& summary = chart.chart();
  DrawnChart values, spreads;
  values.title = NameOf(summary.key()) + " at " + summary.key().station_code() + " op " + std::to_string(summary.key().operation()) +
                 ", " + KindText(summary.kind(), summary.subgroup()) + (chart.unit().empty() ? "" : ", " + chart.unit());
  spreads.title = summary.kind() == v1::CHART_KIND_MEAN_RANGE ? "range"
                  : summary.kind() == v1::CHART_KIND_INDIVIDUALS ? "moving range"
                                                                 : "standard deviation";
  spreads.rows = kRowsOfSpread;
  Table broken({"POINT", "VALUE", "BROKE"});
  for (const v1::ChartPoint& point : chart.points()) {
    DrawnPoint value{point.value(), false, point.late()}, spread{std::nullopt, false, point.late()};
    if (point.has_spread()) spread.value = point.spread();
    std::string rules;
    for (const v1::ChartSignal& signal : point.signals()) {
      (signal.on_spread() ? spread : value).marked = true;
      rules += (rules.empty() ? "" : ", ") + signal.rule() + " " + signal.side() + (signal.on_spread() ? " (spread)" : "");
    }
    if (!rules.empty()) broken.Row({Text(point.time()), FigureText(point.value()), rules});
    values.points.push_back(value);
    spreads.points.push_back(spread);
  }
  if (chart.has_limits()) {
    const v1::ControlLimits& limits = chart.limits();
    values.lower = limits.lower(), values.center = limits.center(), values.upper = limits.upper();
    spreads.lower = limits.spread_lower(), spreads.center = limits.spread_center(), spreads.upper = limits.spread_upper();
  }
  for (const DrawnChart* drawn : {&values, &spreads}) {
    for (const std::string& line : Draw(*drawn)) printf("%s\n", OneLine(line).c_str());
  }
  if (!chart.points().empty()) {
    printf("%s to %s, %d of %lld points\n", Text(chart.points(0).time()).c_str(),
           Text(chart.points(chart.points_size() - 1).time()).c_str(), chart.points_size(),
           static_cast<long long>(summary.points()));
  }
  if (chart.has_limits()) {
    printf("limits version %d; rules %s\n", summary.limits_version(), Joined(chart.rules()).c_str());
  } else {
    printf("no limits are frozen: the chart collects and stays silent\n");
  }
  if (summary.frozen_gauge()) printf("FROZEN GAUGE: the last 15 points do not differ at all\n");
  if (summary.open_alarms() > 0) printf("%lld open alarms\n", static_cast<long long>(summary.open_alarms()));
  if (!broken.empty()) broken.Print();
}

void ShowChart(const Connection& connection, const Chart& chart, const Range& range, int32_t points) {
  v1::GetChartRequest request;
  *request.mutable_key() = KeyOf(chart);
  SetRange(range, request);
  request.set_page_size(points);
  const auto response = Call(connection, &Spc::GetChart, request);
  if (connection.json) return PrintJson(response);
  PrintChart(response);
}

void ListCharts(const Connection& connection, const std::string& station, const std::string& product, int64_t limit) {
  v1::ListChartsRequest request;
  request.set_station_code(station);
  request.set_product_code(product);
  Table table({"STATION", ">OP", "CHARACTERISTIC", "CLASS", "CHART", ">POINTS", ">LIMITS", ">OPEN", "NOTE"});
  CallPages(connection, &Spc::ListCharts, request, limit, [&](const v1::ListChartsResponse& page) {
    for (const v1::ChartSummary& chart : page.charts()) {
      table.Row({chart.key().station_code(), std::to_string(chart.key().operation()), NameOf(chart.key()),
                 chart.characteristic_class(), KindText(chart.kind(), chart.subgroup()), std::to_string(chart.points()),
                 chart.limits_version() == 0 ? "-" : "v" + std::to_string(chart.limits_version()),
                 std::to_string(chart.open_alarms()), chart.frozen_gauge() ? "frozen gauge" : ""});
    }
    return page.charts_size();
  });
  if (!connection.json) table.Print();
}

struct Freezing {
  std::vector<std::string> excluded;
  std::string person, reason;
  Signing signing;
};

void Freeze(const Connection& connection, const Chart& chart, const Range& range, const Freezing& freezing) {
  v1::FreezeLimitsRequest request;
  request.set_request_id(connection.RequestId());
  *request.mutable_key() = KeyOf(chart);
  SetRange(range, request);
  for (const std::string& time : freezing.excluded) *request.add_excluded() = ParseTime("--exclude", time);
  request.set_person(freezing.person);
  request.set_reason(freezing.reason);
  const auto response = CallSigned(connection, freezing.signing, &Spc::FreezeLimits, request);
  if (connection.json) return PrintJson(response);
  Print(response.limits());
}

void ListLimits(const Connection& connection, const Chart& chart, int64_t limit) {
  v1::ListLimitsRequest request;
  *request.mutable_key() = KeyOf(chart);
  Table table({">VERSION", ">LCL", ">CENTER", ">UCL", ">POINTS", "FROZEN", "BY", "REASON"});
  CallPages(connection, &Spc::ListLimits, request, limit, [&](const v1::ListLimitsResponse& page) {
    for (const v1::ControlLimits& limits : page.limits()) {
      table.Row({std::to_string(limits.version()), FigureText(limits.lower()), FigureText(limits.center()),
                 FigureText(limits.upper()), std::to_string(limits.points()), Text(limits.freeze_time()), limits.person(),
                 limits.reason()});
    }
    return page.limits_size();
  });
  if (!connection.json) table.Print();
}

void ShowCapability(const Connection& connection, const Chart& chart, const Range& range, bool by_percentiles) {
  v1::GetCapabilityRequest request;
  *request.mutable_key() = KeyOf(chart);
  SetRange(range, request);
  request.set_by_percentiles(by_percentiles);
  const auto response = Call(connection, &Spc::GetCapability, request);
  if (connection.json) return PrintJson(response);
  const auto index = [](bool there, double value) {
    char text[32];
    snprintf(text, sizeof text, "%.2f", value);
    return there ? std::string(text) : std::string("-");
  };
  Fields fields;
  fields.Add("values", std::to_string(response.values()) + " (" +
                           EnumText(*v1::CapabilityStanding_descriptor(), response.standing()) + ")");
  fields.Add("from", Text(response.first_time()));
  fields.Add("to", Text(response.last_time()));
  fields.Add("limits", (response.has_lower_limit() ? FigureText(response.lower_limit()) : "open") + " to " +
                           (response.has_upper_limit() ? FigureText(response.upper_limit()) : "open") + " " + response.unit());
  fields.Add("mean", FigureText(response.mean()));
  if (response.has_median()) {
    fields.Add("median", FigureText(response.median()));
    fields.Add("percentiles", FigureText(response.low_percentile()) + " (0.135 %) and " + FigureText(response.high_percentile()) +
                                  " (99.865 %)");
  } else {
    fields.Add("sigma", FigureText(response.within_sigma()) + " within subgroups, " + FigureText(response.overall_sigma()) +
                            " overall");
  }
  fields.Add("Cp, Cpk", index(response.has_cp(), response.cp()) + ", " + index(response.has_cpk(), response.cpk()) +
                            (response.has_required_cpk() ? " (at least " + index(true, response.required_cpk()) + ")" : ""));
  if (!response.has_median()) {
    fields.Add("Pp, Ppk", index(response.has_pp(), response.pp()) + ", " + index(response.has_ppk(), response.ppk()));
  }
  if (response.frozen_gauge()) fields.Add("gauge", "FROZEN: all values are equal, no index exists");
  fields.Add("advice", response.advice());
  fields.Print();
}

void ListAlarms(const Connection& connection, const std::string& station, bool all, int64_t limit) {
  v1::ListChartAlarmsRequest request;
  request.set_station_code(station);
  request.set_open_only(!all);
  Table table({">ALARM", "POINT", "CLASS", "LATE", "ACKNOWLEDGED", "WHAT"});
  CallPages(connection, &Spc::ListChartAlarms, request, limit, [&](const v1::ListChartAlarmsResponse& page) {
    for (const v1::ChartAlarm& alarm : page.alarms()) {
      table.Row({std::to_string(alarm.alarm_id()), Text(alarm.point_time()), alarm.characteristic_class(), alarm.late() ? "late" : "",
                 alarm.acknowledged_by(), alarm.sentence()});
    }
    return page.alarms_size();
  });
  if (!connection.json) table.Print();
}

void Acknowledge(const Connection& connection, int64_t alarm_id, const std::string& person, const std::string& reason) {
  v1::AcknowledgeChartAlarmRequest request;
  request.set_request_id(connection.RequestId());
  request.set_alarm_id(alarm_id);
  request.set_person(person);
  request.set_reason(reason);
  const auto response = Call(connection, &Spc::AcknowledgeChartAlarm, request);
  if (connection.json) return PrintJson(response);
  Fields fields;
  fields.Add("alarm", std::to_string(response.alarm().alarm_id()));
  fields.Add("what", response.alarm().sentence());
  fields.Add("acknowledged", Text(response.alarm().acknowledge_time()) + " by " + response.alarm().acknowledged_by());
  fields.Print();
}

void Define(const Connection& connection, const v1::ChartDefinition& definition, const Signing& signing) {
  v1::DefineChartRequest request;
  request.set_request_id(connection.RequestId());
  *request.mutable_definition() = definition;
  const auto response = CallSigned(connection, signing, &Spc::DefineChart, request);
  if (connection.json) return PrintJson(response);
  const v1::ChartDefinition& made = response.definition();
  Fields fields;
  fields.Add("definition", std::to_string(made.definition_id()));
  fields.Add("class", made.characteristic_class());
  fields.Add("characteristic", made.product_code().empty() ? ""
                                                           : made.characteristic_code() + " of " + made.product_code() + " op " +
                                                                 std::to_string(made.operation()));
  fields.Add("rules", Joined(made.rules()));
  if (made.by_position()) fields.Add("positions", "each has its own chart");
  fields.Print();
}

void ListDefinitions(const Connection& connection, int64_t limit) {
  Table table({">NO", "FOR", "RULES", "POSITIONS", "BY", "REASON"});
  CallPages(connection, &Spc::ListChartDefinitions, v1::ListChartDefinitionsRequest(), limit,
            [&](const v1::ListChartDefinitionsResponse& page) {
              for (const v1::ChartDefinition& d : page.definitions()) {
                const std::string of = d.characteristic_class().empty()
                                           ? d.product_code() + "." + std::to_string(d.operation()) + "." + d.characteristic_code()
                                           : d.characteristic_class();
                table.Row({std::to_string(d.definition_id()), of, Joined(d.rules()), d.by_position() ? "each" : "", d.person(),
                           d.reason()});
              }
              return page.definitions_size();
            });
  if (!connection.json) table.Print();
}

void AddKey(CLI::App& command, Chart& chart) {
  command.add_option("station", chart.station, "The station")->required()->type_name("STATION");
  command.add_option("characteristic", chart.characteristic, "The characteristic's code")->required()->type_name("CODE");
  command.add_option("--operation", chart.operation, "Where the station does several")->type_name("N");
  command.add_option("--position", chart.position, "Where each position has its own chart; from 1")->type_name("N");
}
void AddRange(CLI::App& command, Range& range) {
  command.add_option("--from", range.from, "From this time on")->type_name("TIME");
  command.add_option("--until", range.until, "Before this time")->type_name("TIME");
}

void AddReading(CLI::App& spc, const Connection& connection) {
  auto chart = std::make_shared<Chart>();
  auto range = std::make_shared<Range>();
  auto points = std::make_shared<int32_t>(kColumnsOfPoints);
  auto* show = spc.add_subcommand("chart", "One chart, drawn; the newest points are on the right");
  show->footer("CL the center, o a point, X it broke a rule, L it came late.\nExample:\n  mesctl spc chart PACK-TRK-70.1.PEOL.1 IR");
  AddKey(*show, *chart);
  AddRange(*show, *range);
  show->add_option("--points", *points, "At most so many points")
      ->check(CLI::Range(1, kColumnsOfPoints))
      ->capture_default_str()
      ->type_name("N");
  show->callback([&connection, chart, range, points] { ShowChart(connection, *chart, *range, *points); });

  auto station = std::make_shared<std::string>();
  auto product = std::make_shared<std::string>();
  auto limit = std::make_shared<int64_t>(1000);
  auto* list = spc.add_subcommand("list", "Charts, their limits and open alarms");
  list->footer("Example:\n  mesctl spc list --product PACK-TRK-70");
  list->add_option("--station", *station, "Only of this station")->type_name("STATION");
  list->add_option("--product", *product, "Only of this product's stations")->type_name("P");
  AddLimit(*list, *limit);
  list->callback([&connection, station, product, limit] { ListCharts(connection, *station, *product, *limit); });

  auto* limits = spc.add_subcommand("limits", "Every version of a chart's limits, newest first");
  limits->footer("Example:\n  mesctl spc limits PACK-TRK-70.1.PEOL.1 IR");
  AddKey(*limits, *chart);
  AddLimit(*limits, *limit);
  limits->callback([&connection, chart, limit] { ListLimits(connection, *chart, *limit); });

  auto percentiles = std::make_shared<bool>(false);
  auto* capability = spc.add_subcommand("capability", "Cp, Cpk, Pp and Ppk over a time");
  capability->footer("Example:\n  mesctl spc capability PACK-TRK-70.1.PEOL.1 IR --from 2026-11-01T00:00:00+08:00");
  AddKey(*capability, *chart);
  AddRange(*capability, *range);
  capability->add_flag("--percentiles", *percentiles, "By percentiles, for values that are not normal");
  capability->callback([&connection, chart, range, percentiles] { ShowCapability(connection, *chart, *range, *percentiles); });

  auto all = std::make_shared<bool>(false);
  auto* alarms = spc.add_subcommand("alarms", "Open alarms, newest first");
  alarms->footer("Example:\n  mesctl spc alarms --station PACK-TRK-70.1.PEOL.1");
  alarms->add_option("--station", *station, "Only of this station")->type_name("STATION");
  alarms->add_flag("--all", *all, "Also those that were acknowledged");
  AddLimit(*alarms, *limit);
  alarms->callback([&connection, station, all, limit] { ListAlarms(connection, *station, *all, *limit); });

  auto* definitions = spc.add_subcommand("definitions", "What was decided about rules and positions, newest first");
  definitions->footer("Example:\n  mesctl spc definitions");
  AddLimit(*definitions, *limit);
  definitions->callback([&connection, limit] { ListDefinitions(connection, *limit); });
}

void AddDeciding(CLI::App& spc, const Connection& connection) {
  auto chart = std::make_shared<Chart>();
  auto range = std::make_shared<Range>();
  auto freezing = std::make_shared<Freezing>();
  auto* freeze = spc.add_subcommand("freeze", "Freeze limits from a good time; refused where that was not in control");
  freeze->footer(
      "Example:\n  mesctl spc freeze PACK-TRK-70.1.PEOL.1 IR --from 2026-11-20T08:00:00+08:00 \\\n"
      "    --reason 'qualification run 4' --person li.wei");
  AddKey(*freeze, *chart);
  AddRange(*freeze, *range);
  freeze->get_option("--from")->required();
  freeze->add_option("--exclude", freezing->excluded, "The time of a point with a known cause")->type_name("TIME");
  freeze->add_option("--reason", freezing->reason, "Why, and why points are left out")->required()->type_name("R");
  freeze->add_option("--person", freezing->person, "Who")->required()->type_name("P");
  AddSigning(*freeze, freezing->signing);
  freeze->callback([&connection, chart, range, freezing] { Freeze(connection, *chart, *range, *freezing); });

  auto id = std::make_shared<int64_t>(0);
  auto* ack = spc.add_subcommand("ack", "Take note of an alarm");
  ack->footer("Example:\n  mesctl spc ack 12 --reason 'tool changed' --person li.wei");
  ack->add_option("id", *id, "The alarm's number")->required()->type_name("ID");
  ack->add_option("--reason", freezing->reason, "What was found or done")->required()->type_name("R");
  ack->add_option("--person", freezing->person, "Who")->required()->type_name("P");
  ack->callback([&connection, id, freezing] { Acknowledge(connection, *id, freezing->person, freezing->reason); });

  auto rules = std::make_shared<std::vector<std::string>>();
  auto text = std::make_shared<std::array<std::string, 3>>();
  auto operation = std::make_shared<int32_t>(0);
  auto positions = std::make_shared<bool>(false);
  auto* define = spc.add_subcommand("define", "Decide the rules of a class, or of one characteristic");
  define->footer("Example:\n  mesctl spc define --class SC --rules NELSON1,NELSON2,NELSON3 --reason 'audit 7' --person li.wei");
  auto* of_class = define->add_option("--class", (*text)[0], "CC, SC or std")->type_name("C");
  define->add_option("--product", (*text)[1], "The product of one characteristic")->type_name("P")->excludes(of_class);
  define->add_option("--operation", *operation, "Its operation")->type_name("N")->excludes(of_class);
  define->add_option("--characteristic", (*text)[2], "Its code")->type_name("CODE")->excludes(of_class);
  define->add_option("--rules", *rules, "WE1 to WE4, NELSON1 to NELSON8")->required()->delimiter(',')->type_name("RULES");
  define->add_flag("--by-position", *positions, "Each of its positions has its own chart");
  define->add_option("--reason", freezing->reason, "Why")->required()->type_name("R");
  define->add_option("--person", freezing->person, "Who")->required()->type_name("P");
  AddSigning(*define, freezing->signing);
  define->callback([&connection, rules, text, operation, positions, freezing] {
    v1::ChartDefinition message;
    message.set_characteristic_class((*text)[0]);
    message.set_product_code((*text)[1]);
    message.set_operation(*operation);
    message.set_characteristic_code((*text)[2]);
    message.mutable_rules()->Assign(rules->begin(), rules->end());
    message.set_by_position(*positions);
    message.set_person(freezing->person);
    message.set_reason(freezing->reason);
    Define(connection, message, freezing->signing);
  });
}

}  // namespace

void AddSpc(CLI::App& app, const Connection& connection) {
  auto* spc = app.add_subcommand("spc", "Control charts: points, frozen limits, alarms, capability");
  spc->require_subcommand(1);
  AddReading(*spc, connection);
  AddDeciding(*spc, connection);
}

}  // namespace mes::mesctl
