#include "mes/v1/grant.grpc.pb.h"

#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

using Grants = v1::GrantService::Stub;

struct Given {
  std::string partner, until, reason, person, unit;
  std::vector<std::string> units;
  int32_t tier = 2;
  int64_t id = 0;
  int64_t limit = 1000;
};

Table NewTable() { return Table({"GRANT", "PARTNER", "UNIT", "TIER", "UNTIL", "BY", "REVOKED", "REASON"}); }
void AddRow(Table& table, const v1::Grant& grant) {
  table.Row({std::to_string(grant.grant_id()), grant.partner(), grant.unit_code(), std::to_string(grant.tier()),
             Text(grant.until_time()), grant.person(), Text(grant.revoke_time()),
             grant.has_revoke_time() ? grant.revoke_reason() : grant.reason()});
}

void Give(const Connection& connection, const Given& given) {
  v1::GrantUnitsRequest request;
  request.set_request_id(connection.RequestId());
  request.set_partner(given.partner);
  request.mutable_unit_codes()->Assign(given.units.begin(), given.units.end());
  request.set_tier(given.tier);
  *request.mutable_until_time() = ParseTime("--until", given.until);
  request.set_reason(given.reason);
  request.set_person(given.person);
  const auto response = Call(connection, &Grants::GrantUnits, request);
  if (connection.json) return PrintJson(response);
  Table table = NewTable();
  for (const v1::Grant& grant : response.grants()) AddRow(table, grant);
  table.Print();
}

void Revoke(const Connection& connection, const Given& given) {
  v1::RevokeGrantRequest request;
  request.set_request_id(connection.RequestId());
  request.set_grant_id(given.id);
  request.set_reason(given.reason);
  request.set_person(given.person);
  const auto response = Call(connection, &Grants::RevokeGrant, request);
  if (connection.json) return PrintJson(response);
  Table table = NewTable();
  AddRow(table, response.grant());
  table.Print();
}

void List(const Connection& connection, const Given& given) {
  v1::ListGrantsRequest request;
  request.set_partner(given.partner);
  request.set_unit_code(given.unit);
  Table table = NewTable();
  CallPages(connection, &Grants::ListGrants, request, given.limit, [&](const v1::ListGrantsResponse& page) {
    for (const v1::Grant& grant : page.grants()) AddRow(table, grant);
    return page.grants_size();
  });
  if (!connection.json) table.Print();
}

void ListUnits(const Connection& connection, const Given& given) {
  v1::ListPartnerUnitsRequest request;
  request.set_partner(given.partner);
  CallPages(connection, &Grants::ListPartnerUnits, request, given.limit, [&](const v1::ListPartnerUnitsResponse& page) {
    if (!connection.json) {
      for (const std::string& code : page.unit_codes()) printf("%s\n", OneLine(code).c_str());
    }
    return page.unit_codes_size();
  });
}

}  // namespace

void AddGrant(CLI::App& app, const Connection& connection) {
  auto* grant = app.add_subcommand("grant", "What partners see");
  grant->require_subcommand(1);
  auto given = std::make_shared<Given>();

  auto* give = grant->add_subcommand("give", "Let a partner see units and what is inside them");
  give->footer(
      "Example:\n  mesctl grant give 'ReCell Ltd' BOX-0001 --until 2027-12-31 --reason 'take-back contract' --person li.wei");
  give->add_option("partner", given->partner, "The partner, as records of life name it")->required()->type_name("P");
  give->add_option("units", given->units, "The units, by any code they ever had")->required()->type_name("CODE...");
  give->add_option("--tier", given->tier, "1 public, 2 legitimate interest, 3 authorities")
      ->capture_default_str()
      ->type_name("N");
  give->add_option("--until", given->until, "In force until then")->required()->type_name("T");
  give->add_option("--reason", given->reason, "Why")->required()->type_name("TEXT");
  give->add_option("--person", given->person, "Who gives it")->required()->type_name("P");
  give->callback([&connection, given] { Give(connection, *given); });

  auto* revoke = grant->add_subcommand("revoke", "Take a grant back, at once");
  revoke->footer("Example:\n  mesctl grant revoke 7 --reason 'contract ended' --person li.wei");
  revoke->add_option("grant", given->id, "Its number")->required()->type_name("N");
  revoke->add_option("--reason", given->reason, "Why")->required()->type_name("TEXT");
  revoke->add_option("--person", given->person, "Who takes it back")->required()->type_name("P");
  revoke->callback([&connection, given] { Revoke(connection, *given); });

  auto* list = grant->add_subcommand("list", "Grants, those taken back too");
  list->footer("Example:\n  mesctl grant list --partner 'ReCell Ltd'");
  list->add_option("--partner", given->partner, "Only this one's")->type_name("P");
  list->add_option("--unit", given->unit, "Only of this unit")->type_name("CODE");
  AddLimit(*list, given->limit);
  list->callback([&connection, given] { List(connection, *given); });

  auto* units = grant->add_subcommand("units", "The units that a partner has or was granted");
  units->footer("Example:\n  mesctl grant units 'ReCell Ltd'");
  units->add_option("partner", given->partner, "The partner; one who asks for itself may leave it out")->type_name("P");
  AddLimit(*units, given->limit);
  units->callback([&connection, given] { ListUnits(connection, *given); });
}

}  // namespace mes::mesctl
