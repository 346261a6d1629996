#include "mes/v1/hold.grpc.pb.h"

#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

using Holds = v1::HoldService::Stub;

template <class Response>
void Answer(const Connection& connection, const Response& response) {
  if (connection.json) return PrintJson(response);
  const v1::Hold& hold = response.hold();
  Fields fields;
  fields.Add("hold", std::to_string(hold.hold_id()));
  fields.Add("state", hold.released_by().empty() ? "in force" : "released");
  fields.Add("reason", hold.reason());
  fields.Add("placed", Text(hold.place_time()) + " by " + hold.placed_by());
  if (!hold.released_by().empty())
    fields.Add("released", Text(hold.release_time()) + " by " + hold.released_by() + ": " + hold.release_reason());
  fields.Add("covers", std::to_string(hold.covered()) + " units and lots");
  fields.Print();
}

void Place(const Connection& connection, const std::vector<std::string>& codes, const std::string& reason,
           const std::string& person) {
  v1::PlaceHoldRequest request;
  request.set_request_id(connection.RequestId());
  for (const auto& code : codes) request.add_codes(code);
  request.set_reason(reason);
  request.set_person(person);
  Answer(connection, Call(connection, &Holds::PlaceHold, request));
}

void Release(const Connection& connection, int64_t id, const std::string& reason, const std::string& person) {
  v1::ReleaseHoldRequest request;
  request.set_request_id(connection.RequestId());
  request.set_hold_id(id);
  request.set_reason(reason);
  request.set_person(person);
  Answer(connection, Call(connection, &Holds::ReleaseHold, request));
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

}  // namespace

void AddHold(CLI::App& app, const Connection& connection) {
  auto* hold = app.add_subcommand("hold", "Holds: what is suspect does not move, nor what it went into");
  hold->require_subcommand(1);
  auto id = std::make_shared<int64_t>(0);
  auto codes = std::make_shared<std::vector<std::string>>();
  auto reason = std::make_shared<std::string>();
  auto person = std::make_shared<std::string>();

  auto* place = hold->add_subcommand("place", "Hold units and lots, and everything they went into");
  place->footer("Example:\n  mesctl hold place LFP-2611 --reason 'supplier alert 118' --person li.wei");
  place->add_option("codes", *codes, "The suspect units and lots")->required()->type_name("CODE");
  place->add_option("--reason", *reason, "Why")->required()->type_name("R");
  place->add_option("--person", *person, "Who")->required()->type_name("P");
  place->callback([&connection, codes, reason, person] { Place(connection, *codes, *reason, *person); });

  auto* release = hold->add_subcommand("release", "Lift a hold as a whole");
  release->footer("Example:\n  mesctl hold release 12 --reason 'retest in order' --person li.wei");
  release->add_option("id", *id, "The hold's number")->required()->type_name("ID");
  release->add_option("--reason", *reason, "Why")->required()->type_name("R");
  release->add_option("--person", *person, "Who")->required()->type_name("P");
  release->callback([&connection, id, reason, person] { Release(connection, *id, *reason, *person); });

  auto* show = hold->add_subcommand("show", "One hold");
  show->footer("Example:\n  mesctl hold show 12");
  show->add_option("id", *id, "The hold's number")->required()->type_name("ID");
  show->callback([&connection, id] {
    v1::GetHoldRequest request;
    request.set_hold_id(*id);
    Answer(connection, Call(connection, &Holds::GetHold, request));
  });

  auto* list = hold->add_subcommand("list", "Holds, newest first");
  list->footer("Example:\n  mesctl hold list --in-force");
  auto in_force = std::make_shared<bool>(false);
  auto limit = std::make_shared<int64_t>(1000);
  list->add_flag("--in-force", *in_force, "Only those in force");
  AddLimit(*list, *limit);
  list->callback([&connection, in_force, limit] { List(connection, *in_force, *limit); });
}

}  // namespace mes::mesctl
