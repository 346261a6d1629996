#include "mes/v1/replacement.grpc.pb.h"

#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"
#include "services/mesctl/sign.h"

namespace mes::mesctl {

namespace {

using Replacements = v1::ReplacementService::Stub;

struct Order {
  std::string unit, removed, installed, reason, person, role, evidence, time;
  bool forced = false;
  bool dry_run = false;
  Signing signing;
};

v1::ReplacementOrder Message(const Order& order) {
  v1::ReplacementOrder message;
  message.set_unit_code(order.unit);
  message.set_removed_code(order.removed);
  message.set_installed_code(order.installed);
  message.set_reason(order.reason);
  message.set_person(order.person);
  message.set_role(order.role);
  message.set_forced(order.forced);
  message.set_evidence(order.evidence);
  if (!order.time.empty()) *message.mutable_occur_time() = ParseTime("--time", order.time);
  return message;
}

void AddEffect(Fields& fields, const v1::ReplacementEffect& effect) {
  std::string resting, around;
  for (const int operation : effect.resting_operations()) resting += (resting.empty() ? "" : " ") + std::to_string(operation);
  for (const auto& code : effect.around_codes()) around += (around.empty() ? "" : ", ") + code;
  if (effect.line() > 0) fields.Add("position", std::to_string(effect.line()) + "." + std::to_string(effect.slot()));
  fields.Add("parts missing", std::to_string(effect.missing_before()) + " before, " + std::to_string(effect.missing_after()) +
                                  " after" + (effect.structure_gap() ? ": a structure gap, the unit is not shipped" : ""));
  fields.Add("rests on it", resting);
  fields.Add("inside", around);
  fields.Add("outermost", EnumText(*v1::LifeState_descriptor(), effect.around_state()));
  fields.Add("part then",
             EnumText(*v1::LifeState_descriptor(), effect.removed_state()) + (effect.removed_used() ? ", was in service" : ""));
  std::string overridden;
  for (const auto& refusal : effect.overridden()) overridden += (overridden.empty() ? "" : ", ") + refusal.code();
  fields.Add("forced past", overridden);
}

void Replace(const Connection& connection, const Order& order) {
  Fields fields;
  if (order.dry_run) {
    v1::SimulateReplacementRequest request;
    *request.mutable_order() = Message(order);
    const auto response = Call(connection, &Replacements::SimulateReplacement, request);
    if (connection.json) {
      PrintJson(response);
    } else {
      fields.Add("dry run", response.go() ? "go" : "NO-GO");
      AddEffect(fields, response.effect());
      fields.Print();
      PrintRefusals(response.refusals(), 0);
    }
    if (!response.go()) throw Exit{kExitNoGo};
    return;
  }
  v1::ReplacePartRequest request;
  request.set_request_id(connection.RequestId());
  *request.mutable_order() = Message(order);
  const auto response = CallSigned(connection, order.signing, &Replacements::ReplacePart, request);
  if (connection.json) return PrintJson(response);
  fields.Add("replacement", std::to_string(response.replacement_id()));
  AddEffect(fields, response.effect());
  fields.Print();
}

void List(const Connection& connection, const std::string& code, int64_t limit) {
  v1::ListReplacementsRequest request;
  request.set_unit_code(code);
  Table table({">NO", "TIME", "OUT", "IN", "AT", "BY", "REASON"});
  CallPages(connection, &Replacements::ListReplacements, request, limit, [&](const v1::ListReplacementsResponse& page) {
    for (const auto& row : page.replacements())
      table.Row({std::to_string(row.replacement_id()), Text(row.occur_time()), row.removed_code(), row.installed_code(),
                 std::to_string(row.line()) + "." + std::to_string(row.slot()), row.person(),
                 row.reason() + (row.forced() ? " (forced as " + row.role() + ")" : "")});
    return page.replacements_size();
  });
  if (!connection.json) table.Print();
}

}  // namespace

void AddReplacement(CLI::App& unit, const Connection& connection) {
  auto* replace = unit.add_subcommand("replace", "Take a part out of a finished unit, put one in, or both");
  replace->footer(
      "Example:\n  mesctl unit replace BOX-0001 --out CELL-7 --in CELL-9 --reason 'drifts' --person li.wei --dry-run\n"
      "A dry run tells the effects and every reason against it, and ends with code 3 when it would not be done.");
  auto order = std::make_shared<Order>();
  replace->add_option("unit", order->unit, "The unit")->required()->type_name("CODE");
  replace->add_option("--out", order->removed, "What is taken out")->type_name("CODE");
  replace->add_option("--in", order->installed, "What is put in")->type_name("CODE");
  replace->add_option("--reason", order->reason, "Why")->type_name("R");
  replace->add_option("--person", order->person, "Who")->type_name("P");
  replace->add_option("--role", order->role, "In which role; needed with --force")->type_name("ROLE");
  replace->add_option("--evidence", order->evidence, "What proves it")->type_name("DOC");
  replace->add_option("--time", order->time, "When; now where not given")->type_name("T");
  replace->add_flag("--force", order->forced, "Although a hold or its place says no; stays marked");
  replace->add_flag("--dry-run", order->dry_run, "Only tell what it would bring about");
  AddSigning(*replace, order->signing);
  replace->callback([&connection, order] { Replace(connection, *order); });

  auto* list = unit.add_subcommand("replacements", "What was replaced in a unit, oldest first");
  auto code = std::make_shared<std::string>();
  auto limit = std::make_shared<int64_t>(1000);
  list->add_option("code", *code, "The unit")->required()->type_name("CODE");
  AddLimit(*list, *limit);
  list->callback([&connection, code, limit] { List(connection, *code, *limit); });
}

}  // namespace mes::mesctl
