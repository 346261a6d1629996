#include "mes/v1/nonconformance.grpc.pb.h"

#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"
#include "services/mesctl/sign.h"

namespace mes::mesctl {

namespace {

using Reports = v1::NonconformanceService::Stub;

std::string ActionText(const v1::NcrAction& action) {
  return action.text().empty() ? "" : action.text() + " (" + action.owner() + ", until " + Text(action.due_time()) + ")";
}

void Print(const v1::Ncr& ncr) {
  Fields fields;
  fields.Add("report", std::to_string(ncr.ncr_id()));
  fields.Add("state", EnumText(*v1::NcrState_descriptor(), ncr.state()));
  fields.Add("severity", EnumText(*v1::Severity_descriptor(), ncr.severity()));
  fields.Add("failure code", ncr.failure_code());
  fields.Add("found at", ncr.product_code() + (ncr.operation() == 0 ? "" : " operation " + std::to_string(ncr.operation())) +
                             (ncr.station_code().empty() ? "" : ", " + ncr.station_code()));
  fields.Add("description", ncr.description());
  fields.Add("opened", Text(ncr.open_time()) + " by " + ncr.opened_by());
  fields.Add("entries", std::to_string(ncr.units()) + ", open " + std::to_string(ncr.open_units()));
  std::string holds;
  for (const int64_t hold : ncr.hold_ids()) holds += (holds.empty() ? "" : ", ") + std::to_string(hold);
  fields.Add("holds", holds);
  fields.Add("containment", ncr.containment());
  for (int i = 0; i < ncr.whys_size(); ++i) fields.Add("why " + std::to_string(i + 1), ncr.whys(i));
  fields.Add("cause", EnumText(*v1::CauseCategory_descriptor(), ncr.cause_category()));
  fields.Add("corrective", ActionText(ncr.corrective()));
  fields.Add("preventive", ActionText(ncr.preventive()));
  fields.Add("verification", ncr.verification());
  fields.Add("evidence", ncr.verification_evidence());
  fields.Add("verified by", ncr.verified_by());
  fields.Print();
}

void Open(const Connection& connection, v1::OpenNcrRequest request, const std::vector<std::string>& codes,
          const std::string& severity) {
  request.set_request_id(connection.RequestId());
  request.mutable_codes()->Assign(codes.begin(), codes.end());
  request.set_severity(static_cast<v1::Severity>(EnumValue(*v1::Severity_descriptor(), severity)));
  const auto response = Call(connection, &Reports::OpenNcr, request);
  if (connection.json) return PrintJson(response);
  Print(response.ncr());
}

void Show(const Connection& connection, int64_t id) {
  v1::GetNcrRequest request;
  request.set_ncr_id(id);
  const auto response = Call(connection, &Reports::GetNcr, request);
  if (connection.json) {
    PrintJson(response);
  } else {
    Print(response.ncr());
    Table moves({"WHEN", "STEP", "BY", "ROLE", "REASON"});
    for (const auto& move : response.transitions())
      moves.Row({Text(move.transition_time()), EnumText(*v1::NcrMove_descriptor(), move.move()), move.person(), move.role(),
                 move.reason()});
    if (!moves.empty()) moves.Print();
  }
  v1::ListNcrUnitsRequest listing;
  listing.set_ncr_id(id);
  Table units({"UNIT", "EVENT", "DECIDED", "BY", "CONCESSION", "REASON"});
  CallPages(connection, &Reports::ListNcrUnits, listing, 1000, [&](const v1::ListNcrUnitsResponse& page) {
    for (const auto& unit : page.units())
      units.Row({unit.unit_code(), unit.event().empty() ? "by hand" : unit.event(),
                 unit.withdrawn()          ? "reversed"
                 : unit.disposition() == 0 ? "open"
                                           : EnumText(*v1::NcrDisposition_descriptor(), unit.disposition()),
                 unit.person() + (unit.second_person().empty() ? "" : ", " + unit.second_person()), unit.concession(),
                 unit.reason()});
    return page.units_size();
  });
  if (!connection.json) units.Print();
}

void List(const Connection& connection, v1::ListNcrsRequest request, const std::string& state, int64_t limit) {
  request.set_state(static_cast<v1::NcrState>(EnumValue(*v1::NcrState_descriptor(), state)));
  Table table({">NCR", "STATE", "SEVERITY", "CODE", "PRODUCT", ">OP", ">OPEN", "OPENED", "DESCRIPTION"});
  CallPages(connection, &Reports::ListNcrs, request, limit, [&](const v1::ListNcrsResponse& page) {
    for (const auto& ncr : page.ncrs())
      table.Row({std::to_string(ncr.ncr_id()), EnumText(*v1::NcrState_descriptor(), ncr.state()),
                 EnumText(*v1::Severity_descriptor(), ncr.severity()), ncr.failure_code(), ncr.product_code(),
                 ncr.operation() == 0 ? "" : std::to_string(ncr.operation()), std::to_string(ncr.open_units()),
                 Text(ncr.open_time()).substr(0, 10), ncr.description()});
    return page.ncrs_size();
  });
  if (!connection.json) table.Print();
}

struct Step {
  v1::MoveNcrRequest message;
  std::string move, cause, corrective_due, preventive_due;
  v1::NcrAction corrective, preventive;
  std::vector<std::string> whys;
  std::vector<int64_t> holds;
};

void Move(const Connection& connection, const Step& step) {
  v1::MoveNcrRequest request = step.message;
  request.set_request_id(connection.RequestId());
  request.set_move(static_cast<v1::NcrMove>(EnumValue(*v1::NcrMove_descriptor(), step.move)));
  request.set_cause_category(static_cast<v1::CauseCategory>(EnumValue(*v1::CauseCategory_descriptor(), step.cause)));
  request.mutable_whys()->Assign(step.whys.begin(), step.whys.end());
  request.mutable_hold_ids()->Assign(step.holds.begin(), step.holds.end());
  const auto fill = [](v1::NcrAction* sent, const v1::NcrAction& given, const std::string& option, const std::string& due) {
    *sent = given;
    if (!due.empty()) *sent->mutable_due_time() = ParseTime(option, due);
  };
  const bool acts = step.move == "act";
  if (acts || !step.corrective.text().empty())
    fill(request.mutable_corrective(), step.corrective, "--corrective-due", step.corrective_due);
  if (acts || !step.preventive.text().empty())
    fill(request.mutable_preventive(), step.preventive, "--preventive-due", step.preventive_due);
  const auto response = Call(connection, &Reports::MoveNcr, request);
  if (connection.json) return PrintJson(response);
  Print(response.ncr());
}

void Dispose(const Connection& connection, v1::DisposeNcrUnitsRequest request, const std::string& disposition,
             const std::vector<std::string>& codes, const Signing& signing) {
  request.set_request_id(connection.RequestId());
  request.set_disposition(static_cast<v1::NcrDisposition>(EnumValue(*v1::NcrDisposition_descriptor(), disposition)));
  request.mutable_codes()->Assign(codes.begin(), codes.end());
  const auto response = CallSigned(connection, signing, &Reports::DisposeNcrUnits, request);
  if (connection.json) return PrintJson(response);
  printf("%lld decided: %s; open on report %lld: %lld\n", static_cast<long long>(response.disposed()), disposition.c_str(),
         static_cast<long long>(response.ncr().ncr_id()), static_cast<long long>(response.ncr().open_units()));
}

void AddOpen(CLI::App& ncr, const Connection& connection) {
  auto request = std::make_shared<v1::OpenNcrRequest>();
  auto codes = std::make_shared<std::vector<std::string>>();
  auto severity = std::make_shared<std::string>();
  auto operation = std::make_shared<int32_t>(0);
  auto* open = ncr.add_subcommand("open", "Open a report by hand");
  open->footer("Example:\n  mesctl ncr open BOX-0001 --severity major --description 'cover bent' --person li.wei");
  open->add_option("codes", *codes, "The units and lots that it is about")->required()->type_name("CODE");
  open->add_option("--severity", *severity, "How bad")
      ->required()
      ->check(CLI::IsMember(EnumChoices(*v1::Severity_descriptor())))
      ->type_name("S");
  open->add_option("--description", *request->mutable_description(), "What is wrong")->required()->type_name("TEXT");
  open->add_option("--failure-code", *request->mutable_failure_code(), "The failure code")->type_name("CODE");
  open->add_option("--operation", *operation, "Where it was found")->type_name("N");
  open->add_option("--person", *request->mutable_person(), "Who")->required()->type_name("P");
  open->callback([&connection, request, codes, severity, operation] {
    request->set_operation(*operation);
    Open(connection, *request, *codes, *severity);
  });
}

void AddMove(CLI::App& ncr, const Connection& connection) {
  auto step = std::make_shared<Step>();
  auto id = std::make_shared<int64_t>(0);
  auto* move = ncr.add_subcommand("move", "Take a report one step on");
  move->footer(
      "Example:\n  mesctl ncr move 7 contain --containment 'hold 12 covers the shift' --hold 12 --person li.wei --role quality\n"
      "  mesctl ncr move 7 analyse --why 'gasket torn' --why 'tool worn' --cause machine --person li.wei --role quality");
  move->add_option("id", *id, "The report")->required()->type_name("ID");
  move->add_option("step", step->move, "contain, analyse, act, verify, close or cancel")
      ->required()
      ->check(CLI::IsMember(EnumChoices(*v1::NcrMove_descriptor())))
      ->type_name("STEP");
  move->add_option("--person", *step->message.mutable_person(), "Who")->required()->type_name("P");
  move->add_option("--role", *step->message.mutable_role(), "In what role")->required()->type_name("ROLE");
  move->add_option("--reason", *step->message.mutable_reason(), "cancel: why")->type_name("R");
  move->add_option("--containment", *step->message.mutable_containment(), "contain: what was done at once")->type_name("TEXT");
  move->add_option("--hold", step->holds, "contain: a hold placed for it; repeat")->type_name("ID");
  move->add_option("--why", step->whys, "analyse: why, and why that; repeat")->type_name("TEXT");
  move->add_option("--cause", step->cause, "analyse: what the cause belongs to")
      ->check(CLI::IsMember(EnumChoices(*v1::CauseCategory_descriptor())))
      ->type_name("C");
  move->add_option("--corrective", *step->corrective.mutable_text(), "act: against the cause")->type_name("TEXT");
  move->add_option("--corrective-owner", *step->corrective.mutable_owner(), "act: who does it")->type_name("P");
  move->add_option("--corrective-due", step->corrective_due, "act: until when")->type_name("TIME");
  move->add_option("--preventive", *step->preventive.mutable_text(), "act: against its coming again")->type_name("TEXT");
  move->add_option("--preventive-owner", *step->preventive.mutable_owner(), "act: who does it")->type_name("P");
  move->add_option("--preventive-due", step->preventive_due, "act: until when")->type_name("TIME");
  move->add_option("--verification", *step->message.mutable_verification(), "verify: what was looked at")->type_name("TEXT");
  move->add_option("--evidence", *step->message.mutable_verification_evidence(), "verify: where that is written")
      ->type_name("TEXT");
  move->callback([&connection, step, id] {
    step->message.set_ncr_id(*id);
    Move(connection, *step);
  });
}

void AddDispose(CLI::App& ncr, const Connection& connection) {
  auto request = std::make_shared<v1::DisposeNcrUnitsRequest>();
  auto codes = std::make_shared<std::vector<std::string>>();
  auto disposition = std::make_shared<std::string>();
  auto id = std::make_shared<int64_t>(0);
  auto* dispose = ncr.add_subcommand("dispose", "Decide what becomes of a report's units");
  dispose->footer(
      "Example:\n  mesctl ncr dispose 7 use-as-is BOX-0001 --concession C-118 --reason 'cosmetic' --person wu.ying --role quality");
  dispose->add_option("id", *id, "The report")->required()->type_name("ID");
  dispose->add_option("disposition", *disposition, "release, rework, retest, use-as-is, downgrade, scrap or return-to-supplier")
      ->required()
      ->check(CLI::IsMember(EnumChoices(*v1::NcrDisposition_descriptor())))
      ->type_name("WHAT");
  dispose->add_option("codes", *codes, "Which of its units; none = all that are open")->type_name("CODE");
  dispose->add_option("--concession", *request->mutable_concession(), "use-as-is, downgrade: the concession's number")
      ->type_name("NO");
  dispose->add_option("--reason", *request->mutable_reason(), "Why")->required()->type_name("R");
  dispose->add_option("--person", *request->mutable_person(), "Who")->required()->type_name("P");
  dispose->add_option("--role", *request->mutable_role(), "In what role: quality")->required()->type_name("ROLE");
  dispose->add_option("--second-person", *request->mutable_second_person(), "Four eyes on a critical failure")->type_name("P");
  auto signing = std::make_shared<Signing>();
  AddSigning(*dispose, *signing);
  dispose->callback([&connection, request, disposition, codes, id, signing] {
    request->set_ncr_id(*id);
    Dispose(connection, *request, *disposition, *codes, *signing);
  });
}

}  // namespace

void AddNcr(CLI::App& app, const Connection& connection) {
  auto* ncr = app.add_subcommand("ncr", "Nonconformance reports: open, move on, decide about their units");
  ncr->require_subcommand(1);
  AddOpen(*ncr, connection);
  AddMove(*ncr, connection);
  AddDispose(*ncr, connection);

  auto id = std::make_shared<int64_t>(0);
  auto* show = ncr->add_subcommand("show", "One report with its moves and entries");
  show->footer("Example:\n  mesctl ncr show 7");
  show->add_option("id", *id, "The report")->required()->type_name("ID");
  show->callback([&connection, id] { Show(connection, *id); });

  auto request = std::make_shared<v1::ListNcrsRequest>();
  auto state = std::make_shared<std::string>();
  auto limit = std::make_shared<int64_t>(1000);
  auto* list = ncr->add_subcommand("list", "Reports, newest first");
  list->footer("Example:\n  mesctl ncr list --state open --product PACK-TRK-70");
  list->add_option("--state", *state, "Only in this state")
      ->check(CLI::IsMember(EnumChoices(*v1::NcrState_descriptor())))
      ->type_name("S");
  list->add_option("--product", *request->mutable_product_code(), "Only of this product")->type_name("P");
  list->add_option("--failure-code", *request->mutable_failure_code(), "Only with this code")->type_name("CODE");
  list->add_option("--unit", *request->mutable_unit_code(), "Only about this unit or lot")->type_name("CODE");
  AddLimit(*list, *limit);
  list->callback([&connection, request, state, limit] { List(connection, *request, *state, *limit); });
}

}  // namespace mes::mesctl
