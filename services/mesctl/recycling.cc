#include "mes/v1/recycling.grpc.pb.h"

#include <cmath>
#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"
#include "services/mesctl/quantity.h"

namespace mes::mesctl {

namespace {

using Recycling = v1::RecyclingService::Stub;

// What the commands of a batch have in common.
struct Act {
  int64_t batch = 0;
  std::vector<std::string> codes;
  std::vector<std::string> seen;
  std::string partner, place, person, time, evidence;
};

void PrintBatch(const v1::RecyclingBatch& batch) {
  Fields fields;
  fields.Add("batch", std::to_string(batch.recycling_batch_id()));
  fields.Add("partner", batch.partner());
  fields.Add("place", batch.place());
  fields.Add("state", EnumText(*v1::RecyclingState_descriptor(), batch.state()));
  fields.Add("opened", Text(batch.open_time()) + " by " + batch.person());
  fields.Add("units", std::to_string(batch.units()) + ", " + std::to_string(batch.dismantled()) + " taken apart");
  fields.Add("lots back", std::to_string(batch.lots()));
  if (batch.has_close_time()) fields.Add("closed", Text(batch.close_time()) + " by " + batch.closed_by());
  fields.Add("evidence", batch.evidence());
  fields.Print();
}

// `437.25 kg`; figures of scales have a fixed place for their point.
std::string Mass(const v1::Quantity& quantity) { return Text(quantity); }

double Number(const v1::Quantity& quantity) { return std::strtod(quantity.value().c_str(), nullptr); }

int64_t Milligrams(const v1::Quantity& quantity) { return std::llround(Number(quantity) * 1e6); }

std::string Masses(const v1::UnitContents& contents) {
  std::string text;
  for (const v1::ElementMass& element : contents.elements()) {
    text += (text.empty() ? "" : ", ") + element.element() + " " + Mass(element.mass());
  }
  return Mass(contents.total()) + (contents.known() ? "" : " and parts of unknown mass") + ": " + text;
}

template <typename Request>
Request Begin(const Connection& connection, const Act& act) {
  Request request;
  request.set_request_id(connection.RequestId());
  request.set_recycling_batch_id(act.batch);
  request.set_person(act.person);
  if (!act.time.empty()) *request.mutable_occur_time() = ParseTime("--time", act.time);
  return request;
}

void Open(const Connection& connection, const Act& act) {
  v1::OpenRecyclingBatchRequest request;
  request.set_request_id(connection.RequestId());
  request.set_partner(act.partner);
  request.set_place(act.place);
  request.set_person(act.person);
  const auto response = Call(connection, &Recycling::OpenRecyclingBatch, request);
  if (connection.json) return PrintJson(response);
  PrintBatch(response.batch());
}

void Receive(const Connection& connection, const Act& act) {
  auto request = Begin<v1::ReceiveForRecyclingRequest>(connection, act);
  request.mutable_unit_codes()->Assign(act.codes.begin(), act.codes.end());
  for (const std::string& seen : act.seen) {
    request.add_observations(static_cast<v1::Observation>(EnumValue(*v1::Observation_descriptor(), seen)));
  }
  const auto response = Call(connection, &Recycling::ReceiveForRecycling, request);
  if (connection.json) return PrintJson(response);
  PrintBatch(response.batch());
  PrintWrapped(0, "received: " + Masses(response.contents()));
}

void Dismantled(const Connection& connection, const Act& act) {
  auto request = Begin<v1::RecordDismantledRequest>(connection, act);
  request.mutable_unit_codes()->Assign(act.codes.begin(), act.codes.end());
  const auto response = Call(connection, &Recycling::RecordDismantled, request);
  if (connection.json) return PrintJson(response);
  PrintBatch(response.batch());
}

// `LOT=MATERIAL:KG:Li=0.7,P=3.1`.
void ParseLot(const std::string& text, v1::RecoveredLot& lot) {
  const size_t equals = text.find('=');
  const size_t first = text.find(':', equals == std::string::npos ? 0 : equals);
  const size_t second = first == std::string::npos ? first : text.find(':', first + 1);
  if (equals == std::string::npos || equals == 0 || second == std::string::npos) {
    FailUsage("'" + text + "' is not a lot; write LOT=MATERIAL:KG:ELEMENT=KG,..., for example CU-7=RC-CU:44.1:Cu=43.9");
  }
  lot.set_lot_code(text.substr(0, equals));
  lot.set_material_code(text.substr(equals + 1, first - equals - 1));
  lot.mutable_quantity()->set_value(text.substr(first + 1, second - first - 1));
  lot.mutable_quantity()->set_uom("kg");
  for (size_t at = second + 1; at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    const std::string part = text.substr(at, end - at);
    const size_t sign = part.find('=');
    if (sign == std::string::npos || sign == 0) FailUsage("'" + part + "' is not ELEMENT=KG, for example Li=0.7");
    v1::ElementMass& element = *lot.add_elements();
    element.set_element(part.substr(0, sign));
    element.mutable_mass()->set_value(part.substr(sign + 1));
    element.mutable_mass()->set_uom("kg");
    at = end + 1;
  }
}

void Report(const Connection& connection, const Act& act) {
  auto request = Begin<v1::ReportRecoveredRequest>(connection, act);
  for (const std::string& lot : act.codes) ParseLot(lot, *request.add_lots());
  request.set_evidence(act.evidence);
  const auto response = Call(connection, &Recycling::ReportRecovered, request);
  if (connection.json) return PrintJson(response);
  PrintBatch(response.batch());
}

void Close(const Connection& connection, const Act& act) {
  auto request = Begin<v1::CloseRecyclingBatchRequest>(connection, act);
  request.set_evidence(act.evidence);
  const auto response = Call(connection, &Recycling::CloseRecyclingBatch, request);
  if (connection.json) return PrintJson(response);
  PrintBatch(response.batch());
}

void Show(const Connection& connection, int64_t batch, int64_t limit) {
  v1::GetRecyclingBatchRequest request;
  request.set_recycling_batch_id(batch);
  Table units({"UNIT", "PRODUCT", "RECEIVED", "TAKEN APART", "SEEN"});
  Table lots({"LOT", "MATERIAL", ">QUANTITY", "CONTAINS"});
  bool first = true;
  CallPages(connection, &Recycling::GetRecyclingBatch, request, limit, [&](const v1::GetRecyclingBatchResponse& page) {
    for (const v1::RecyclingUnit& unit : page.units()) {
      std::string seen;
      for (const int observation : unit.observations()) {
        seen += (seen.empty() ? "" : ", ") + EnumText(*v1::Observation_descriptor(), observation);
      }
      units.Row({unit.unit_code(), unit.product_code(), Text(unit.receive_time()), Text(unit.dismantle_time()), seen});
    }
    if (first && !connection.json) {
      PrintBatch(page.batch());
      for (const v1::RecoveredLot& lot : page.lots()) {
        std::string contains;
        for (const v1::ElementMass& element : lot.elements()) {
          contains += (contains.empty() ? "" : ", ") + element.element() + " " + Mass(element.mass());
        }
        lots.Row({lot.lot_code(), lot.material_code(), Mass(lot.quantity()), contains});
      }
    }
    first = false;
    return page.units_size();
  });
  if (connection.json) return;
  if (!units.empty()) units.Print();
  if (!lots.empty()) lots.Print();
}

void List(const Connection& connection, const std::string& partner, int64_t limit) {
  v1::ListRecyclingBatchesRequest request;
  request.set_partner(partner);
  Table table({">BATCH", "PARTNER", "STATE", "OPENED", ">UNITS", ">APART", ">LOTS"});
  CallPages(connection, &Recycling::ListRecyclingBatches, request, limit, [&](const v1::ListRecyclingBatchesResponse& page) {
    for (const v1::RecyclingBatch& batch : page.batches()) {
      table.Row({std::to_string(batch.recycling_batch_id()), batch.partner(),
                 EnumText(*v1::RecyclingState_descriptor(), batch.state()), Text(batch.open_time()),
                 std::to_string(batch.units()), std::to_string(batch.dismantled()), std::to_string(batch.lots())});
    }
    return page.batches_size();
  });
  if (!connection.json) table.Print();
}

// `90 % from 2027-12-31 EU: not yet in force, missed`.
std::string CheckText(const v1::TargetCheck& check) {
  const v1::RecyclingTarget& target = check.target();
  std::string share = std::to_string(target.permille() / 10);
  if (target.permille() % 10 != 0) share += "." + std::to_string(target.permille() % 10);
  return (target.regime() == v1::TARGET_REGIME_EU ? "EU " : "China ") + share + " % from " + target.from_day() +
         (check.met()        ? ": met"
          : check.in_force() ? ": MISSED"
                             : ": not met yet");
}

std::string ChecksText(const google::protobuf::RepeatedPtrField<v1::TargetCheck>& checks) {
  std::string text;
  for (const v1::TargetCheck& check : checks) text += (text.empty() ? "" : "; ") + CheckText(check);
  return text;
}

struct BalanceOptions {
  int64_t batch = 0;
  std::string partner, day, from, until;
};

void Balance(const Connection& connection, const BalanceOptions& asked) {
  v1::GetMassBalanceRequest request;
  request.set_recycling_batch_id(asked.batch);
  request.set_partner(asked.partner);
  request.set_day(asked.day);
  request.set_from_day(asked.from);
  request.set_until_day(asked.until);
  const auto response = Call(connection, &Recycling::GetMassBalance, request);
  if (connection.json) return PrintJson(response);
  Fields fields;
  fields.Add("batches", std::to_string(response.batches()));
  fields.Add("units",
             std::to_string(response.units()) + (response.batteries() ? ", all batteries" : ", not all batteries: no targets"));
  if (response.units_unknown() > 0)
    fields.Add("mass unknown", std::to_string(response.units_unknown()) + " units: a lower bound");
  fields.Add("chemistry", response.chemistry());
  fields.Add("contained", Mass(response.contained()));
  fields.Add("recovered", Mass(response.recovered()) + ", " +
                              Percent(Milligrams(response.recovered()), Milligrams(response.contained())) + " by weight");
  fields.Add("efficiency", ChecksText(response.efficiency()));
  fields.Add("targets of", response.day());
  fields.Print();
  Table table({"ELEMENT", ">CONTAINED", ">RECOVERED", ">RATE", "TARGETS"});
  for (const v1::ElementBalance& balance : response.elements()) {
    table.Row({balance.element(), Mass(balance.contained()), Mass(balance.recovered()),
               Percent(Milligrams(balance.recovered()), Milligrams(balance.contained())), ChecksText(balance.targets())});
  }
  table.Print();
}

void Targets(const Connection& connection, const std::string& day) {
  v1::ListTargetsRequest request;
  request.set_day(day);
  const auto response = Call(connection, &Recycling::ListTargets, request);
  if (connection.json) return PrintJson(response);
  Table table({"WHOSE", "OF", "WHAT", ">SHARE", "FROM", "READ", "SOURCE"});
  for (const v1::RecyclingTarget& target : response.targets()) {
    std::string share = std::to_string(target.permille() / 10);
    if (target.permille() % 10 != 0) share += "." + std::to_string(target.permille() % 10);
    table.Row({EnumText(*v1::TargetRegime_descriptor(), target.regime()), EnumText(*v1::TargetKind_descriptor(), target.kind()),
               target.element() + target.chemistry(), share + " %", target.from_day(),
               target.read_in_law() ? "law" : "second hand", target.source()});
  }
  table.Print();
}

void Content(const Connection& connection, const std::string& product, int32_t year) {
  v1::GetRecycledContentRequest request;
  request.set_product_code(product);
  request.set_year(year);
  const auto response = Call(connection, &Recycling::GetRecycledContent, request);
  if (connection.json) return PrintJson(response);
  Fields fields;
  fields.Add("product", response.product_code());
  fields.Add("year", std::to_string(response.year()));
  fields.Add("units", std::to_string(response.units()) + ", " + std::to_string(response.units_with_recycled()) +
                          " with recovered material");
  fields.Print();
  Table table({"ELEMENT", ">CONTAINED", ">RECYCLED", ">SHARE", "TARGETS"});
  for (const v1::ElementContent& content : response.elements()) {
    table.Row({content.element(), Mass(content.contained()), Mass(content.recycled()),
               Percent(Milligrams(content.recycled()), Milligrams(content.contained())), ChecksText(content.targets())});
  }
  table.Print();
}

void AddAct(CLI::App& command, Act& act, bool batch = true) {
  if (batch) command.add_option("batch", act.batch, "The batch's number")->required()->type_name("N");
  command.add_option("--person", act.person, "Who")->required()->type_name("P");
  if (batch) command.add_option("--time", act.time, "When; now where not given")->type_name("T");
}

void AddQuestions(CLI::App& recover, const Connection& connection) {
  auto* balance = recover.add_subcommand("balance", "Contained and recovered masses, with rates against the targets");
  balance->footer("Examples:\n  mesctl recover balance 7\n  mesctl recover balance --partner PtBack --day 2028-01-01");
  auto asked = std::make_shared<BalanceOptions>();
  balance->add_option("batch", asked->batch, "The batch; else all of a partner")->type_name("N");
  balance->add_option("--partner", asked->partner, "The partner")->type_name("P");
  balance->add_option("--day", asked->day, "Whose targets count; today where not given")->type_name("DAY");
  balance->add_option("--from", asked->from, "Of a partner: batches closed from this day on")->type_name("DAY");
  balance->add_option("--until", asked->until, "Of a partner: batches closed before this day")->type_name("DAY");
  balance->callback([&connection, asked] { Balance(connection, *asked); });

  auto* targets = recover.add_subcommand("targets", "The targets of the EU and of China, with their dates");
  auto day = std::make_shared<std::string>();
  targets->add_option("--day", *day, "Only what counts or comes next on this day")->type_name("DAY");
  targets->callback([&connection, day] { Targets(connection, *day); });

  auto* content = recover.add_subcommand("content", "How much of a model's elements came back through recovered lots");
  content->footer("Example:\n  mesctl recover content CELL-LFP-228 --year 2026");
  auto product = std::make_shared<std::string>();
  auto year = std::make_shared<int32_t>(0);
  content->add_option("product", *product, "The model")->required()->type_name("PRODUCT");
  content->add_option("--year", *year, "Units finished in it; this year where not given")->type_name("Y");
  content->callback([&connection, product, year] { Content(connection, *product, *year); });

  auto* show = recover.add_subcommand("show", "A batch with its units and lots");
  auto batch = std::make_shared<int64_t>(0);
  auto limit = std::make_shared<int64_t>(1000);
  show->add_option("batch", *batch, "The batch's number")->required()->type_name("N");
  AddLimit(*show, *limit);
  show->callback([&connection, batch, limit] { Show(connection, *batch, *limit); });

  auto* list = recover.add_subcommand("list", "Batches, newest first");
  auto partner = std::make_shared<std::string>();
  list->add_option("--partner", *partner, "Of this partner only")->type_name("P");
  AddLimit(*list, *limit);
  list->callback([&connection, partner, limit] { List(connection, *partner, *limit); });
}

}  // namespace

void AddRecover(CLI::App& app, const Connection& connection) {
  auto* recover = app.add_subcommand("recover", "Recycling: batches, what came in, what came back, the balance");
  recover->require_subcommand(1);
  auto act = std::make_shared<Act>();

  auto* open = recover->add_subcommand("open", "Open a partner's batch");
  open->footer("Example:\n  mesctl recover open --partner PtBack --place 'Ordos, CN' --person li.wei");
  open->add_option("--partner", act->partner, "Who recycles")->required()->type_name("P");
  open->add_option("--place", act->place, "Where")->required()->type_name("P");
  AddAct(*open, *act, false);
  open->callback([&connection, act] { Open(connection, *act); });

  auto* receive = recover->add_subcommand("receive", "Units came in; what is in use becomes waste");
  receive->footer("Example:\n  mesctl recover receive 7 NMGPB2L0000007G9W0000001 --seen crashed --person li.wei");
  AddAct(*receive, *act);
  receive->add_option("units", act->codes, "The units")->required()->type_name("CODE");
  receive->add_option("--seen", act->seen, "What was seen on them")
      ->transform(CLI::IsMember(EnumChoices(*v1::Observation_descriptor()), CLI::ignore_case));
  receive->callback([&connection, act] { Receive(connection, *act); });

  auto* dismantled = recover->add_subcommand("dismantled", "Units were taken apart");
  AddAct(*dismantled, *act);
  dismantled->add_option("units", act->codes, "The units")->required()->type_name("CODE");
  dismantled->callback([&connection, act] { Dismantled(connection, *act); });

  auto* report = recover->add_subcommand("report", "What was recovered comes back as lots");
  report->footer("Example:\n  mesctl recover report 7 CU-7=RC-CU:44.1:Cu=43.9 --person li.wei --evidence assay-12");
  AddAct(*report, *act);
  report->add_option("lots", act->codes, "The new lots")->required()->type_name("LOT=MATERIAL:KG:ELEMENT=KG,...");
  report->add_option("--evidence", act->evidence, "The assay or weighing")->type_name("DOC");
  report->callback([&connection, act] { Report(connection, *act); });

  auto* close = recover->add_subcommand("close", "Close a batch: its units are recycled for good");
  AddAct(*close, *act);
  close->add_option("--evidence", act->evidence, "What proves the final treatment")->required()->type_name("DOC");
  close->callback([&connection, act] { Close(connection, *act); });

  AddQuestions(*recover, connection);
}

}  // namespace mes::mesctl
