#include "mes/v1/hold.grpc.pb.h"

#include <limits>
#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/hold_options.h"
#include "services/mesctl/print.h"
#include "services/mesctl/sign.h"

namespace mes::mesctl {

namespace {

using Holds = v1::HoldService::Stub;

// `supplier Acme, lot SL-9; stations CELL.1.FILL.1; from 2026-11-20T08:00:00Z`: what it is on, besides the units named.
std::string PredicateText(const v1::HoldPredicate& predicate) {
  std::string text;
  const auto add = [&](const std::string& what, const std::string& value) {
    if (!value.empty()) text += (text.empty() ? "" : ", ") + what + " " + value;
  };
  add("supplier", predicate.supplier());
  add("supplier's lot", predicate.supplier_lot());
  add("product", predicate.product_code());
  if (predicate.revision() != 0) add("revision", std::to_string(predicate.revision()));
  add("order", predicate.work_order_code());
  for (const auto& station : predicate.station_codes()) add("station", station);
  add("tool", predicate.tool_code());
  if (predicate.operation() != 0) add("operation", std::to_string(predicate.operation()));
  add("characteristic", predicate.characteristic_code());
  const auto number = [](double value) {
    char digits[32];
    snprintf(digits, sizeof digits, "%g", value);
    return std::string(digits);
  };
  if (predicate.has_lower()) add("at least", number(predicate.lower()));
  if (predicate.has_upper()) add("at most", number(predicate.upper()));
  if (predicate.has_from_time()) add("from", Text(predicate.from_time()));
  if (predicate.has_until_time()) add("until", Text(predicate.until_time()));
  return text;
}

std::string Direction(const v1::Hold& hold) { return EnumText(*v1::HoldDirection_descriptor(), hold.direction()); }

void PrintHold(const v1::Hold& hold) {
  Fields fields;
  fields.Add("hold", std::to_string(hold.hold_id()));
  fields.Add("state", EnumText(*v1::HoldState_descriptor(), hold.state()));
  fields.Add("reason", hold.reason());
  fields.Add("placed", Text(hold.place_time()) + " by " + hold.placed_by());
  if (hold.named() > 0) fields.Add("names", std::to_string(hold.named()) + " units and lots");
  fields.Add("is on", PredicateText(hold.predicate()));
  fields.Add("direction", hold.at_operation() ? "refuses the operation's start" : Direction(hold));
  if (hold.four_eyes()) fields.Add("release", "takes a second person");
  if (hold.evidence() != "{}") fields.Add("evidence", hold.evidence());
  if (!hold.released_by().empty())
    fields.Add("released", Text(hold.release_time()) + " by " + hold.released_by() + ": " + hold.release_reason());
  fields.Add("covers", std::to_string(hold.covered()) + " units and lots");
  if (hold.released() > 0) fields.Add("released", std::to_string(hold.released()) + " one by one");
  fields.Print();
}

void PrintDecision(const v1::HoldDecision& decision) {
  std::string text = EnumText(*v1::HoldDisposition_descriptor(), decision.disposition());
  if (decision.operation() != 0) text += " at " + std::to_string(decision.operation());
  text += decision.units() == 0 ? ", the whole hold" : ", " + std::to_string(decision.units()) + " units";
  text += ", " + decision.person() + " (" + decision.role() + "): " + decision.reason();
  if (!decision.approved_by().empty()) text += "; approved by " + decision.approved_by() + ": " + decision.approval_reason();
  if (decision.pending_approval()) text += "; waits for a second person";
  PrintWrapped(0, "decision " + std::to_string(decision.disposition_id()) + ": " + text);
}

void Preview(const Connection& connection, const HoldOptions& options) {
  v1::PreviewHoldRequest request;
  options.Fill(request);
  const auto found = Call(connection, &Holds::PreviewHold, request);
  if (connection.json) return PrintJson(found);
  PrintWrapped(0, std::to_string(found.units()) + " units and lots would be held: " + std::to_string(found.matching()) +
                      " match; " + std::to_string(found.held_already()) + " are on hold already, " +
                      std::to_string(found.shipped()) + " have left the plant");
  Table stages({"PRODUCT", "STAGE", ">UNITS", "LEFT"});
  for (const auto& stage : found.stages()) {
    std::string kind = EnumText(*v1::HoldStageKind_descriptor(), stage.kind());
    if (stage.operation() != 0) kind += " " + std::to_string(stage.operation()) + " " + stage.operation_code();
    stages.Row({stage.product_code(), kind, std::to_string(stage.units()), Text(stage.quantity_left())});
  }
  stages.Print();
  if (found.places().empty()) return;
  printf("\n");
  Table places({"PLACE", "LINE", ">UNITS"});
  for (const auto& place : found.places()) {
    const std::string name = !place.carrier_code().empty() ? "carrier " + place.carrier_code() : place.station_code();
    places.Row({name.empty() ? "goods-in" : name, place.line_code(), std::to_string(place.units())});
  }
  places.Print();
  if (!found.places_complete()) fprintf(stderr, "mesctl: there are more places\n");
}

void Place(const Connection& connection, const HoldOptions& options, const std::string& reason, const std::string& person,
           bool four_eyes) {
  v1::PlaceHoldRequest request;
  request.set_request_id(connection.RequestId());
  options.Fill(request);
  request.set_reason(reason);
  request.set_person(person);
  request.set_four_eyes(four_eyes);
  const auto placed = Call(connection, &Holds::PlaceHold, request);
  if (connection.json) return PrintJson(placed);
  PrintHold(placed.hold());
}

struct Decision {
  int64_t id = 0;
  std::vector<std::string> units;
  std::string reason, person, role = "quality", disposition = "use-as-is";
  int32_t operation = 0;
  Signing signing;
};

void Release(const Connection& connection, const Decision& decision) {
  v1::ReleaseHoldRequest request;
  request.set_request_id(connection.RequestId());
  request.set_hold_id(decision.id);
  request.set_reason(decision.reason);
  request.set_person(decision.person);
  request.set_role(decision.role);
  for (const auto& unit : decision.units) request.add_codes(unit);
  request.set_disposition(static_cast<v1::HoldDisposition>(EnumValue(*v1::HoldDisposition_descriptor(), decision.disposition)));
  request.set_operation(decision.operation);
  const auto released = CallSigned(connection, decision.signing, &Holds::ReleaseHold, request);
  if (connection.json) return PrintJson(released);
  PrintHold(released.hold());
  PrintDecision(released.decision());
}

void Approve(const Connection& connection, const Decision& decision) {
  v1::ApproveHoldDispositionRequest request;
  request.set_request_id(connection.RequestId());
  request.set_disposition_id(decision.id);
  request.set_reason(decision.reason);
  request.set_person(decision.person);
  request.set_role(decision.role);
  const auto approved = CallSigned(connection, decision.signing, &Holds::ApproveHoldDisposition, request);
  if (connection.json) return PrintJson(approved);
  PrintHold(approved.hold());
  PrintDecision(approved.decision());
}

void Show(const Connection& connection, int64_t id) {
  v1::GetHoldRequest request;
  request.set_hold_id(id);
  const auto found = Call(connection, &Holds::GetHold, request);
  if (connection.json) return PrintJson(found);
  PrintHold(found.hold());
  for (const auto& decision : found.decisions()) PrintDecision(decision);
  if (!found.decisions_complete()) fprintf(stderr, "mesctl: there are more decisions\n");
}

void List(const Connection& connection, bool in_force_only, int64_t limit) {
  v1::ListHoldsRequest request;
  request.set_in_force_only(in_force_only);
  Table table({">HOLD", "PLACED", "BY", "RELEASED", ">COVERS", "REASON"});
  CallPages(connection, &Holds::ListHolds, request, limit, [&](const v1::ListHoldsResponse& page) {
    for (const auto& hold : page.holds())
      table.Row({std::to_string(hold.hold_id()), Text(hold.place_time()), hold.placed_by(), Text(hold.release_time()),
                 std::to_string(hold.covered()), hold.reason()});
    return page.holds_size();
  });
  if (!connection.json) table.Print();
}

std::string Causes(const v1::HoldItem& item) {
  std::string text;
  for (const auto& cause : item.causes()) text += (text.empty() ? "" : ", ") + cause;
  return text;
}

// Who released it and as what; empty while it is held.
std::string ReleaseText(const v1::HoldItem& item) {
  if (!item.has_release_time()) return "";
  return EnumText(*v1::HoldDisposition_descriptor(), item.disposition()) + " by " + item.released_by();
}

void Items(const Connection& connection, int64_t id, bool in_force_only, const std::string& product, int64_t limit) {
  v1::ListHoldItemsRequest request;
  request.set_hold_id(id);
  request.set_in_force_only(in_force_only);
  request.set_product_code(product);
  Table table({"UNIT", "PRODUCT", "STATE", "WHY", "RELEASED"});
  CallPages(connection, &Holds::ListHoldItems, request, limit, [&](const v1::ListHoldItemsResponse& page) {
    for (const auto& item : page.items())
      table.Row({item.code(), item.product_code(), EnumText(*v1::UnitState_descriptor(), item.state()), Causes(item),
                 ReleaseText(item)});
    return page.items_size();
  });
  if (!connection.json) table.Print();
}

void OfUnit(const Connection& connection, const std::string& unit, int64_t limit) {
  v1::GetUnitHoldsRequest request;
  request.set_unit_code(unit);
  Table table({">HOLD", "CAUGHT", "BY", "RELEASED", "REASON"});
  CallPages(connection, &Holds::GetUnitHolds, request, limit, [&](const v1::GetUnitHoldsResponse& page) {
    for (const auto& item : page.items())
      table.Row(
          {std::to_string(item.hold_id()), Text(item.catch_time()), item.placed_by(), ReleaseText(item), item.hold_reason()});
    return page.items_size();
  });
  if (!connection.json) table.Print();
}

void AddPerson(CLI::App& command, Decision& decision) {
  command.add_option("--reason", decision.reason, "Why")->required()->type_name("R");
  command.add_option("--person", decision.person, "Who")->required()->type_name("P");
  command.add_option("--role", decision.role, "The person's role")->capture_default_str()->type_name("ROLE");
  AddSigning(command, decision.signing);
}

void AddReleases(CLI::App& hold, const Connection& connection) {
  auto decision = std::make_shared<Decision>();
  auto* release = hold.add_subcommand("release", "Lift a hold, as a whole or for some units, with what becomes of them");
  release->footer(
      "Example:\n"
      "  mesctl hold release 12 --reason 'retest in order' --person li.wei\n"
      "  mesctl hold release 12 --unit C-17 --as rework --operation 160 --reason weld --person li.wei");
  release->add_option("id", decision->id, "The hold's number")->required()->type_name("ID");
  release->add_option("--unit", decision->units, "Only this unit or lot; may be repeated")
      ->allow_extra_args(false)
      ->type_name("CODE");
  release->add_option("--as", decision->disposition, "What becomes of them")
      ->transform(CLI::IsMember(EnumChoices(*v1::HoldDisposition_descriptor()), CLI::ignore_case))
      ->capture_default_str();
  release->add_option("--operation", decision->operation, "Rework: where they go back to; scrap: where the defect was found")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  AddPerson(*release, *decision);
  release->callback([&connection, decision] { Release(connection, *decision); });

  auto approval = std::make_shared<Decision>();
  auto* approve = hold.add_subcommand("approve", "The second person's word on a decision that waits for it");
  approve->footer("Example:\n  mesctl hold approve 3 --reason 'seen the records' --person wang.fang");
  approve->add_option("decision", approval->id, "The decision's number")->required()->type_name("ID");
  AddPerson(*approve, *approval);
  approve->callback([&connection, approval] { Approve(connection, *approval); });
}

void AddLookups(CLI::App& hold, const Connection& connection) {
  auto id = std::make_shared<int64_t>(0);
  auto limit = std::make_shared<int64_t>(1000);
  auto in_force = std::make_shared<bool>(false);
  auto product = std::make_shared<std::string>();
  auto unit = std::make_shared<std::string>();

  auto* show = hold.add_subcommand("show", "One hold, with what was decided about its units");
  show->footer("Example:\n  mesctl hold show 12");
  show->add_option("id", *id, "The hold's number")->required()->type_name("ID");
  show->callback([&connection, id] { Show(connection, *id); });

  auto* items = hold.add_subcommand("items", "What a hold covers and covered");
  items->footer("Example:\n  mesctl hold items 12 --in-force --product VEH-TRK-BEV");
  items->add_option("id", *id, "The hold's number")->required()->type_name("ID");
  items->add_flag("--in-force", *in_force, "Only those on which it is in force");
  items->add_option("--product", *product, "Only of this product or material")->type_name("P");
  AddLimit(*items, *limit);
  items->callback([&connection, id, in_force, product, limit] { Items(connection, *id, *in_force, *product, *limit); });

  auto* of_unit = hold.add_subcommand("of-unit", "Every hold that was ever on a unit or lot");
  of_unit->footer("Example:\n  mesctl hold of-unit LZZ00001");
  of_unit->add_option("code", *unit, "The unit or lot, any code it ever had")->required()->type_name("CODE");
  AddLimit(*of_unit, *limit);
  of_unit->callback([&connection, unit, limit] { OfUnit(connection, *unit, *limit); });

  auto* list = hold.add_subcommand("list", "Holds, newest first");
  list->footer("Example:\n  mesctl hold list --in-force");
  list->add_flag("--in-force", *in_force, "Only those in force");
  AddLimit(*list, *limit);
  list->callback([&connection, in_force, limit] { List(connection, *in_force, *limit); });
}

}  // namespace

void HoldOptions::AddTo(CLI::App& command) {
  command.add_option("codes", codes, "The suspect units and lots; with runs: theirs, and those that used them")
      ->type_name("CODE");
  command.add_option("--supplier", supplier, "Bought from this supplier")->type_name("S");
  command.add_option("--supplier-lot", supplier_lot, "Of this lot of the supplier")->type_name("L");
  command.add_option("--product", product, "Of this product or material")->type_name("P");
  command.add_option("--revision", revision, "Made to this revision of the product")->check(CLI::PositiveNumber)->type_name("N");
  command.add_option("--order", order, "Of this order")->type_name("WO");
  command.add_option("--station", stations, "Run at this station; may be repeated")
      ->allow_extra_args(false)
      ->type_name("ST");
  command.add_option("--tool", tool, "Run with this tool or fixture")->type_name("T");
  command.add_option("--from", from, "Runs from here on")->type_name("TIME");
  command.add_option("--until", until, "Runs until here; without it the hold goes on catching")->type_name("TIME");
  command.add_option("--operation", operation, "Runs of this operation")->check(CLI::PositiveNumber)->type_name("N");
  command.add_option("--characteristic", characteristic, "Runs with a value of it, in the range below")->type_name("C");
  command.add_option("--lower", lower, "The least value of the range")->type_name("X");
  command.add_option("--upper", upper, "The greatest value of the range")->type_name("X");
  command.add_option("--direction", direction, "What is held besides: what it went into, what it is made of")
      ->transform(CLI::IsMember(EnumChoices(*v1::HoldDirection_descriptor()), CLI::ignore_case))
      ->capture_default_str();
  command.add_flag("--at-operation", at_operation, "Nothing is marked: the start of --operation is refused");
}

void HoldOptions::Fill(v1::HoldPredicate& predicate) const {
  predicate.set_supplier(supplier);
  predicate.set_supplier_lot(supplier_lot);
  predicate.set_product_code(product);
  predicate.set_revision(revision);
  predicate.set_work_order_code(order);
  for (const auto& station : stations) predicate.add_station_codes(station);
  predicate.set_tool_code(tool);
  if (!from.empty()) *predicate.mutable_from_time() = ParseTime("--from", from);
  if (!until.empty()) *predicate.mutable_until_time() = ParseTime("--until", until);
  predicate.set_operation(operation);
  predicate.set_characteristic_code(characteristic);
  if (lower) predicate.set_lower(*lower);
  if (upper) predicate.set_upper(*upper);
}

void AddHold(CLI::App& app, const Connection& connection) {
  auto* hold = app.add_subcommand("hold", "Holds: what is suspect does not move, nor what it went into");
  hold->require_subcommand(1);

  auto asked = std::make_shared<HoldOptions>();
  auto* preview = hold->add_subcommand("preview", "How much a hold would cover, by stage and place; nothing is written");
  preview->footer("Example:\n  mesctl hold preview --station PACK-TRK-70.1.PEOL.3 --from 2026-11-20T08:00:00+08:00");
  asked->AddTo(*preview);
  preview->callback([&connection, asked] { Preview(connection, *asked); });

  auto options = std::make_shared<HoldOptions>();
  auto reason = std::make_shared<std::string>();
  auto person = std::make_shared<std::string>();
  auto four_eyes = std::make_shared<bool>(false);
  auto* place = hold->add_subcommand("place", "Hold what matches, and everything that it went into");
  place->footer(
      "Example:\n"
      "  mesctl hold place LFP-2611 --reason 'supplier alert 118' --person li.wei\n"
      "  mesctl hold place --product CELL-LFP-228 --operation 280 --at-operation --reason audit --person li.wei");
  options->AddTo(*place);
  place->add_option("--reason", *reason, "Why")->required()->type_name("R");
  place->add_option("--person", *person, "Who")->required()->type_name("P");
  place->add_flag("--four-eyes", *four_eyes, "Releasing takes a second person; it does anyway where a value is critical");
  place->callback(
      [&connection, options, reason, person, four_eyes] { Place(connection, *options, *reason, *person, *four_eyes); });

  AddReleases(*hold, connection);
  AddLookups(*hold, connection);
}

}  // namespace mes::mesctl
