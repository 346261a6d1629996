#include "mes/v1/duty.grpc.pb.h"

#include <fstream>
#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

using Duties = v1::DutyService::Stub;

struct Asked {
  std::string day, state, actor, unit, format = "csv", path;
  bool overdue = false;
  int64_t limit = 1000;
};

v1::ListDutiesRequest RequestOf(const Asked& asked) {
  v1::ListDutiesRequest request;
  request.set_day(asked.day);
  request.set_state(static_cast<v1::DutyState>(EnumValue(*v1::DutyState_descriptor(), asked.state)));
  request.set_actor(static_cast<v1::DutyActor>(EnumValue(*v1::DutyActor_descriptor(), asked.actor)));
  request.set_unit_code(asked.unit);
  request.set_overdue_only(asked.overdue);
  return request;
}

std::string StateText(const v1::Duty& duty) {
  return duty.overdue() ? "OVERDUE" : EnumText(*v1::DutyState_descriptor(), duty.state());
}

std::string DueText(const v1::Duty& duty) { return duty.due_day() + (duty.due_day_official() ? "" : " (not official)"); }

void List(const Connection& connection, const Asked& asked) {
  Table table({">DUTY", "KIND", "WHOSE", "UNIT", "SINCE", "DUE", "STATE"});
  CallPages(connection, &Duties::ListDuties, RequestOf(asked), asked.limit, [&](const v1::ListDutiesResponse& page) {
    for (const v1::Duty& duty : page.duties()) {
      table.Row({std::to_string(duty.duty_id()), EnumText(*v1::DutyKind_descriptor(), duty.kind()),
                 EnumText(*v1::DutyActor_descriptor(), duty.actor()), duty.unit_code(), duty.trigger_day(), DueText(duty),
                 StateText(duty)});
    }
    return page.duties_size();
  });
  if (!connection.json) table.Print();
}

// RFC 4180; a text that a spreadsheet would take for a formula is kept a text.
std::string CsvCell(const std::string& text) {
  std::string cell = text.find_first_of("=+-@") == 0 ? "'" + text : text;
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

void Export(const Connection& connection, const Asked& asked) {
  std::ofstream file(asked.path, std::ios::binary);
  if (asked.format == "csv") {
    file
        << "duty_id,kind,actor,unit_code,party,trigger_day,due_day,due_day_official,state,overdue,end_time,ended_by,evidence\r\n";
  }
  Connection quiet = connection;
  quiet.json = false;
  int64_t rows = 0;
  CallPages(quiet, &Duties::ListDuties, RequestOf(asked), 0, [&](const v1::ListDutiesResponse& page) {
    for (const v1::Duty& duty : page.duties()) {
      ++rows;
      if (asked.format == "json") {
        file << Json(duty) << "\n";
        continue;
      }
      bool first = true;
      for (const std::string& cell :
           {std::to_string(duty.duty_id()), EnumText(*v1::DutyKind_descriptor(), duty.kind()),
            EnumText(*v1::DutyActor_descriptor(), duty.actor()), duty.unit_code(), duty.party(), duty.trigger_day(),
            duty.due_day(), std::string(duty.due_day_official() ? "true" : "false"),
            EnumText(*v1::DutyState_descriptor(), duty.state()), std::string(duty.overdue() ? "true" : "false"),
            Text(duty.end_time()), duty.ended_by(), duty.evidence()}) {
        file << (first ? "" : ",") << CsvCell(cell);
        first = false;
      }
      file << "\r\n";
    }
    return page.duties_size();
  });
  if (!file.flush()) FailUsage(asked.path + ": cannot be written");
  printf("%s: %lld duties\n", OneLine(asked.path).c_str(), static_cast<long long>(rows));
}

struct Ended {
  std::vector<int64_t> ids;
  int64_t id = 0;
  std::string evidence, person, time;
};

void Send(const Connection& connection, const Ended& ended) {
  v1::MarkDutiesSentRequest request;
  request.set_request_id(connection.RequestId());
  request.mutable_duty_ids()->Assign(ended.ids.begin(), ended.ids.end());
  request.set_evidence(ended.evidence);
  request.set_person(ended.person);
  if (!ended.time.empty()) *request.mutable_send_time() = ParseTime("--time", ended.time);
  const auto response = Call(connection, &Duties::MarkDutiesSent, request);
  if (connection.json) return PrintJson(response);
  printf("sent %d\n", response.duties_size());
}

void Withdraw(const Connection& connection, const Ended& ended) {
  v1::WithdrawDutyRequest request;
  request.set_request_id(connection.RequestId());
  request.set_duty_id(ended.id);
  request.set_reason(ended.evidence);
  request.set_person(ended.person);
  const auto response = Call(connection, &Duties::WithdrawDuty, request);
  if (connection.json) return PrintJson(response);
  printf("withdrawn %lld\n", static_cast<long long>(response.duty().duty_id()));
}

void Rules(const Connection& connection) {
  const auto response = Call(connection, &Duties::ListDutyRules, v1::ListDutyRulesRequest());
  if (connection.json) return PrintJson(response);
  Table table({"KIND", "WHOSE", ">DAYS", "LIMIT READ", "WHAT HAPPENED"});
  for (const v1::DutyRule& rule : response.rules()) {
    table.Row({EnumText(*v1::DutyKind_descriptor(), rule.kind()), EnumText(*v1::DutyActor_descriptor(), rule.actor()),
               std::to_string(rule.working_days()), rule.read_in_law() ? "yes" : "no", rule.what()});
  }
  table.Print();
}

void AddFilter(CLI::App& command, Asked& asked) {
  command.add_option("--day", asked.day, "As they stand on this day; today where not given")->type_name("DAY");
  command.add_option("--state", asked.state, "Only these")
      ->transform(CLI::IsMember(EnumChoices(*v1::DutyState_descriptor()), CLI::ignore_case));
  command.add_option("--actor", asked.actor, "Only whose")
      ->transform(CLI::IsMember(EnumChoices(*v1::DutyActor_descriptor()), CLI::ignore_case));
  command.add_option("--unit", asked.unit, "Only about this unit")->type_name("CODE");
  command.add_flag("--overdue", asked.overdue, "Only what is overdue");
}

}  // namespace

void AddDuty(CLI::App& app, const Connection& connection) {
  auto* duty = app.add_subcommand("duty", "What must be reported to the national platform, and until when");
  duty->require_subcommand(1);
  auto asked = std::make_shared<Asked>();
  auto ended = std::make_shared<Ended>();

  auto* list = duty->add_subcommand("list", "Duties, oldest first");
  list->footer("Example:\n  mesctl duty list --overdue --day 2027-01-15");
  AddFilter(*list, *asked);
  AddLimit(*list, asked->limit);
  list->callback([&connection, asked] { List(connection, *asked); });

  auto* file = duty->add_subcommand("export", "Write duties into a file");
  file->footer("Example:\n  mesctl duty export --state open --out duties.csv");
  AddFilter(*file, *asked);
  file->add_option("--format", asked->format, "csv, or json with one duty a line")
      ->check(CLI::IsMember({"csv", "json"}))
      ->capture_default_str();
  file->add_option("--out", asked->path, "Where to write it")->required()->type_name("F");
  file->callback([&connection, asked] { Export(connection, *asked); });

  auto* send = duty->add_subcommand("send", "Duties were reported");
  send->footer("Example:\n  mesctl duty send 3 4 --evidence receipt-778 --person li.wei");
  send->add_option("duties", ended->ids, "Their numbers")->required()->type_name("N");
  send->add_option("--evidence", ended->evidence, "The platform's receipt")->required()->type_name("DOC");
  send->add_option("--time", ended->time, "When; now where not given")->type_name("T");
  send->add_option("--person", ended->person, "Who")->required()->type_name("P");
  send->callback([&connection, ended] { Send(connection, *ended); });

  auto* withdraw = duty->add_subcommand("withdraw", "Take a duty back that does not hold");
  withdraw->add_option("duty", ended->id, "Its number")->required()->type_name("N");
  withdraw->add_option("--reason", ended->evidence, "Why")->required()->type_name("R");
  withdraw->add_option("--person", ended->person, "Who")->required()->type_name("P");
  withdraw->callback([&connection, ended] { Withdraw(connection, *ended); });

  duty->add_subcommand("rules", "What brings a duty about, whose it is, and its working days")->callback([&connection] {
    Rules(connection);
  });
}

}  // namespace mes::mesctl
