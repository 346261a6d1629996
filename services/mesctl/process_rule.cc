#include "mes/v1/process_rule.grpc.pb.h"

#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"
#include "services/mesctl/sign.h"

namespace mes::mesctl {

namespace {

using Rules = v1::ProcessRuleService::Stub;

std::string Place(const v1::ProcessRule& rule) {
  if (rule.by_routing()) return "by routing";
  std::string place = rule.product_code();
  if (rule.operation() != 0) place += " op " + std::to_string(rule.operation());
  if (!rule.station_code().empty()) place += (place.empty() ? "" : ", ") + rule.station_code();
  return place.empty() ? "everywhere" : place;
}

std::string Join(const google::protobuf::RepeatedPtrField<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : ", ") + text;
  return joined;
}

std::string Number(double value) {
  char digits[32];
  snprintf(digits, sizeof digits, "%g", value);
  return digits;
}

void Answer(const Connection& connection, const v1::ProcessRule& rule, const google::protobuf::Message& response) {
  if (connection.json) return PrintJson(response);
  Fields fields;
  fields.Add("rule", rule.code() + ", version " + std::to_string(rule.version()));
  fields.Add("looks for", EnumText(*v1::ProcessRuleKind_descriptor(), rule.kind()));
  fields.Add("where", Place(rule));
  if (rule.count() != 0) fields.Add("in a row", std::to_string(rule.count()));
  if (rule.window() != 0) fields.Add("window", std::to_string(rule.window()) + " first runs, at least " + std::to_string(rule.min_runs()));
  if (rule.window() == 0 && rule.min_runs() != 0) fields.Add("at least", std::to_string(rule.min_runs()) + " units");
  if (rule.alarm_points() != 0) fields.Add("alarm", Number(rule.alarm_points()) + " points below plan");
  if (rule.stop_points() != 0) fields.Add("stop", Number(rule.stop_points()) + " points below plan");
  if (rule.scrap_share() != 0) fields.Add("scrap above", Percent(rule.scrap_share()));
  if (rule.fail_share() != 0) fields.Add("fails above", Percent(rule.fail_share()));
  fields.Add("chart rules", Join(rule.spc_rules()));
  fields.Add("classes", Join(rule.classes()));
  fields.Add("stops", rule.stops() == 0 ? "nothing" : EnumText(*v1::StopScope_descriptor(), rule.stops()));
  fields.Add("holds", rule.holds() ? "what is suspect" : "nothing");
  fields.Add("release by", rule.release_role());
  fields.Add("made", Text(rule.create_time()) + " by " + rule.created_by() + ": " + rule.create_reason());
  if (rule.has_retire_time())
    fields.Add("retired", Text(rule.retire_time()) + " by " + rule.retired_by() + ": " + rule.retire_reason());
  fields.Print();
}

void Answer(const Connection& connection, const v1::ProcessAlarm& alarm, const google::protobuf::Message& response) {
  if (connection.json) return PrintJson(response);
  Fields fields;
  fields.Add("alarm", std::to_string(alarm.alarm_id()) + (alarm.released_by().empty() ? ", in force" : ", released"));
  fields.Add("what", alarm.sentence());
  fields.Add("rule", alarm.rule_code() + ", version " + std::to_string(alarm.rule_version()));
  fields.Add("station", alarm.station_code());
  if (alarm.operation() != 0) fields.Add("operation", std::to_string(alarm.operation()));
  fields.Add("order", alarm.work_order_code());
  fields.Add("unit", alarm.unit_code());
  fields.Add("event", alarm.event());
  fields.Add("when", Text(alarm.occur_time()) + ", recorded " + Text(alarm.record_time()) + (alarm.late() ? ", late" : ""));
  fields.Add("stops", alarm.stops() == 0 ? "nothing" : EnumText(*v1::StopScope_descriptor(), alarm.stops()));
  if (alarm.hold_id() != 0) fields.Add("hold", std::to_string(alarm.hold_id()));
  fields.Add("release by", alarm.release_role());
  if (!alarm.released_by().empty())
    fields.Add("released", Text(alarm.release_time()) + " by " + alarm.released_by() + " (" + alarm.released_role() +
                               "): " + alarm.release_reason());
  fields.Print();
  for (const auto& fact : alarm.evidence()) PrintWrapped(2, fact.kind() + " " + fact.id() + ": " + fact.detail());
}

// The options of a rule; the same texts that the plant's files use.
struct RuleOptions {
  std::string code, kind, product, station, stops, role, reason, person;
  std::vector<std::string> spc_rules, classes;
  int32_t operation = 0, count = 0, window = 0, min_runs = 0;
  double alarm_points = 0, stop_points = 0, scrap_share = 0, fail_share = 0;
  bool by_routing = false, holds = false;
  Signing signing;
};

void Put(const Connection& connection, const RuleOptions& options) {
  v1::PutProcessRuleRequest request;
  request.set_request_id(connection.RequestId());
  request.set_reason(options.reason);
  request.set_person(options.person);
  v1::ProcessRule& rule = *request.mutable_rule();
  rule.set_code(options.code);
  rule.set_kind(static_cast<v1::ProcessRuleKind>(EnumValue(*v1::ProcessRuleKind_descriptor(), options.kind)));
  rule.set_by_routing(options.by_routing);
  rule.set_product_code(options.product);
  rule.set_operation(options.operation);
  rule.set_station_code(options.station);
  rule.set_count(options.count);
  rule.set_window(options.window);
  rule.set_min_runs(options.min_runs);
  rule.set_alarm_points(options.alarm_points);
  rule.set_stop_points(options.stop_points);
  rule.set_scrap_share(options.scrap_share);
  rule.set_fail_share(options.fail_share);
  rule.mutable_spc_rules()->Assign(options.spc_rules.begin(), options.spc_rules.end());
  rule.mutable_classes()->Assign(options.classes.begin(), options.classes.end());
  rule.set_stops(static_cast<v1::StopScope>(EnumValue(*v1::StopScope_descriptor(), options.stops)));
  rule.set_holds(options.holds);
  rule.set_release_role(options.role);
  const auto response = CallSigned(connection, options.signing, &Rules::PutProcessRule, request);
  Answer(connection, response.rule(), response);
}

void AddPut(CLI::App& rule, const Connection& connection) {
  auto* put = rule.add_subcommand("put", "Make a rule, or its next version");
  put->footer(
      "Example:\n  mesctl rule put WELD3 --kind same-code-streak --count 3 --product MOD-CAR-18S --operation 70 --stops station "
      "--role 'process engineer' --reason 'weld drift' --person li.wei");
  auto o = std::make_shared<RuleOptions>();
  put->add_option("code", o->code, "Its name")->required()->type_name("CODE");
  put->add_option("--kind", o->kind, "What it looks for")
      ->required()
      ->transform(CLI::IsMember(EnumChoices(*v1::ProcessRuleKind_descriptor()), CLI::ignore_case));
  put->add_flag("--by-routing", o->by_routing, "Where the operations' line_stops name it");
  put->add_option("--product", o->product, "Only this product")->type_name("P");
  put->add_option("--operation", o->operation, "Only this operation of it")->type_name("N");
  put->add_option("--station", o->station, "Only this station")->type_name("S");
  put->add_option("--count", o->count, "Fails in a row")->type_name("N");
  put->add_option("--window", o->window, "First runs looked at")->type_name("N");
  put->add_option("--min-runs", o->min_runs, "Silent below so many")->type_name("N");
  put->add_option("--alarm-points", o->alarm_points, "Percentage points below plan that alarm")->type_name("X");
  put->add_option("--stop-points", o->stop_points, "And that stop")->type_name("X");
  put->add_option("--scrap-share", o->scrap_share, "Share that may be scrapped, for example 0.02")->type_name("X");
  put->add_option("--fail-share", o->fail_share, "Share of a lot's users that may fail")->type_name("X");
  put->add_option("--spc-rule", o->spc_rules, "A chart rule, for example NELSON1; may be repeated")
      ->type_name("R")
      ->allow_extra_args(false);
  put->add_option("--class", o->classes, "CC, SC or std; may be repeated")->type_name("C")->allow_extra_args(false);
  put->add_option("--stops", o->stops, "What it stops; default: nothing")
      ->transform(CLI::IsMember(EnumChoices(*v1::StopScope_descriptor()), CLI::ignore_case));
  put->add_flag("--holds", o->holds, "Hold what is suspect");
  put->add_option("--role", o->role, "The role that may release it")->required()->type_name("ROLE");
  put->add_option("--reason", o->reason, "Why")->required()->type_name("R");
  put->add_option("--person", o->person, "Who")->required()->type_name("P");
  AddSigning(*put, o->signing);
  put->callback([&connection, o] { Put(connection, *o); });
}

}  // namespace

void AddRule(CLI::App& app, const Connection& connection) {
  auto* rule = app.add_subcommand("rule", "Rules that act by themselves: streaks, yield, control charts, scrap");
  rule->require_subcommand(1);
  AddPut(*rule, connection);

  auto code = std::make_shared<std::string>();
  auto reason = std::make_shared<std::string>();
  auto person = std::make_shared<std::string>();
  auto* retire = rule->add_subcommand("retire", "End a rule; its alarms stay");
  retire->footer("Example:\n  mesctl rule retire WELD3 --reason 'drift mended' --person li.wei");
  retire->add_option("code", *code, "The rule")->required()->type_name("CODE");
  retire->add_option("--reason", *reason, "Why")->required()->type_name("R");
  retire->add_option("--person", *person, "Who")->required()->type_name("P");
  auto signing = std::make_shared<Signing>();
  AddSigning(*retire, *signing);
  retire->callback([&connection, code, reason, person, signing] {
    v1::RetireProcessRuleRequest request;
    request.set_request_id(connection.RequestId());
    request.set_code(*code);
    request.set_reason(*reason);
    request.set_person(*person);
    const auto response = CallSigned(connection, *signing, &Rules::RetireProcessRule, request);
    Answer(connection, response.rule(), response);
  });

  auto* list = rule->add_subcommand("list", "Rules by code");
  list->footer("Example:\n  mesctl rule list --retired");
  auto retired = std::make_shared<bool>(false);
  auto limit = std::make_shared<int64_t>(1000);
  list->add_flag("--retired", *retired, "Also versions that are retired");
  AddLimit(*list, *limit);
  list->callback([&connection, retired, limit] {
    v1::ListProcessRulesRequest request;
    request.set_include_retired(*retired);
    Table table({"RULE", ">VERSION", "LOOKS FOR", "STOPS", "HOLDS", "RELEASE BY", "WHERE"});
    CallPages(connection, &Rules::ListProcessRules, request, *limit, [&](const v1::ListProcessRulesResponse& page) {
      for (const auto& r : page.rules())
        table.Row({r.code(), std::to_string(r.version()), EnumText(*v1::ProcessRuleKind_descriptor(), r.kind()),
                   EnumText(*v1::StopScope_descriptor(), r.stops()), r.holds() ? "yes" : "", r.release_role(), Place(r)});
      return page.rules_size();
    });
    if (!connection.json) table.Print();
  });
}

void AddAlarm(CLI::App& app, const Connection& connection) {
  auto* alarm = app.add_subcommand("alarm", "Alarms of rules: what they saw, what they stopped, and their release");
  alarm->require_subcommand(1);

  auto* list = alarm->add_subcommand("list", "Alarms, newest first");
  list->footer("Example:\n  mesctl alarm list --in-force");
  auto request = std::make_shared<v1::ListProcessAlarmsRequest>();
  auto in_force = std::make_shared<bool>(false);
  auto station = std::make_shared<std::string>();
  auto order = std::make_shared<std::string>();
  auto rule = std::make_shared<std::string>();
  auto limit = std::make_shared<int64_t>(1000);
  list->add_flag("--in-force", *in_force, "Only those not released");
  list->add_option("--station", *station, "Only of this station")->type_name("S");
  list->add_option("--order", *order, "Only of this order")->type_name("O");
  list->add_option("--rule", *rule, "Only of this rule")->type_name("R");
  AddLimit(*list, *limit);
  list->callback([=, &connection] {
    request->set_in_force_only(*in_force);
    request->set_station_code(*station);
    request->set_work_order_code(*order);
    request->set_rule_code(*rule);
    Table table({">ALARM", "WHEN", "STOPS", "RELEASED BY", "WHAT"});
    CallPages(connection, &Rules::ListProcessAlarms, *request, *limit, [&](const v1::ListProcessAlarmsResponse& page) {
      for (const auto& a : page.alarms())
        table.Row({std::to_string(a.alarm_id()), Text(a.occur_time()), EnumText(*v1::StopScope_descriptor(), a.stops()),
                   a.released_by(), a.sentence()});
      return page.alarms_size();
    });
    if (!connection.json) table.Print();
  });

  auto id = std::make_shared<int64_t>(0);
  auto* show = alarm->add_subcommand("show", "One alarm with its evidence");
  show->footer("Example:\n  mesctl alarm show 17");
  show->add_option("id", *id, "The alarm's number")->required()->type_name("ID");
  show->callback([&connection, id] {
    v1::GetProcessAlarmRequest get;
    get.set_alarm_id(*id);
    const auto response = Call(connection, &Rules::GetProcessAlarm, get);
    Answer(connection, response.alarm(), response);
  });

  auto release_request = std::make_shared<v1::ReleaseProcessAlarmRequest>();
  auto role = std::make_shared<std::string>();
  auto reason = std::make_shared<std::string>();
  auto person = std::make_shared<std::string>();
  auto* release = alarm->add_subcommand("release", "Lift an alarm's stop, or acknowledge it");
  release->footer("Example:\n  mesctl alarm release 17 --role 'process engineer' --reason 'electrode changed' --person li.wei");
  release->add_option("id", *id, "The alarm's number")->required()->type_name("ID");
  release->add_option("--role", *role, "With which role")->required()->type_name("ROLE");
  release->add_option("--reason", *reason, "Why")->required()->type_name("R");
  release->add_option("--person", *person, "Who")->required()->type_name("P");
  auto signing = std::make_shared<Signing>();
  AddSigning(*release, *signing);
  release->callback([=, &connection] {
    release_request->set_request_id(connection.RequestId());
    release_request->set_alarm_id(*id);
    release_request->set_role(*role);
    release_request->set_reason(*reason);
    release_request->set_person(*person);
    const auto response = CallSigned(connection, *signing, &Rules::ReleaseProcessAlarm, *release_request);
    Answer(connection, response.alarm(), response);
  });
}

}  // namespace mes::mesctl
