#include "mes/v1/access.grpc.pb.h"

#include <memory>
#include <string>
#include <vector>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

using Access = v1::AccessService::Stub;

template <class Texts>
std::string Joined(const Texts& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : ", ") + text;
  return joined;
}

std::string StateOf(bool revoked) { return revoked ? "revoked" : "in force"; }

void Print(const v1::AccessIdentity& identity) {
  Fields fields;
  fields.Add("name", identity.name());
  fields.Add("state", StateOf(identity.has_revoke_time()));
  fields.Add("roles", Joined(identity.roles()));
  fields.Add("partner", identity.partner_code());
  for (const std::string& fingerprint : identity.fingerprints()) fields.Add("certificate", fingerprint);
  fields.Add("by", identity.person());
  fields.Add("since", Text(identity.register_time()));
  fields.Add("revoked", Text(identity.revoke_time()));
  fields.Add("revoked by", identity.revoke_person());
  fields.Add("reason", identity.revoke_reason());
  fields.Print();
}

void AddKeyFields(Fields& fields, const v1::AccessKey& key) {
  fields.Add("key", key.key_id());
  fields.Add("holder", key.holder());
  fields.Add("state", StateOf(key.has_revoke_time()));
  fields.Add("roles", Joined(key.roles()));
  fields.Add("partner", key.partner_code());
  fields.Add("by", key.person());
  fields.Add("good until", Text(key.expire_time()));
  fields.Add("revoked", Text(key.revoke_time()));
  fields.Add("revoked by", key.revoke_person());
  fields.Add("reason", key.revoke_reason());
}

void WhoAmI(const Connection& connection) {
  const auto response = Call(connection, &Access::WhoAmI, v1::WhoAmIRequest());
  if (connection.json) return PrintJson(response);
  Fields fields;
  fields.Add("kind", response.kind() == v1::CALLER_KIND_UNSPECIFIED ? "unproved" : EnumText(*v1::CallerKind_descriptor(), response.kind()));
  fields.Add("name", response.name());
  fields.Add("roles", Joined(response.roles()));
  fields.Add("station", response.station_code());
  fields.Add("partner", response.partner_code());
  fields.Print();
}

struct Given {
  std::string name, partner, person, reason;
  std::vector<std::string> roles, fingerprints;
  bool replace = false;
  int days = 0;
};

void Register(const Connection& connection, const Given& given) {
  v1::RegisterIdentityRequest request;
  request.set_request_id(connection.RequestId());
  request.set_name(given.name);
  for (const std::string& role : given.roles) request.add_roles(role);
  request.set_partner_code(given.partner);
  for (const std::string& fingerprint : given.fingerprints) request.add_fingerprints(fingerprint);
  request.set_replace(given.replace);
  request.set_person(given.person);
  request.set_reason(given.reason);
  const auto response = Call(connection, &Access::RegisterIdentity, request);
  if (connection.json) return PrintJson(response);
  Print(response.identity());
}

void Revoke(const Connection& connection, const Given& given) {
  v1::RevokeIdentityRequest request;
  request.set_request_id(connection.RequestId());
  request.set_name(given.name);
  request.set_reason(given.reason);
  request.set_person(given.person);
  const auto response = Call(connection, &Access::RevokeIdentity, request);
  if (connection.json) return PrintJson(response);
  Print(response.identity());
}

void List(const Connection& connection, int64_t limit) {
  Table table({"NAME", "STATE", "ROLES", "PARTNER", "SINCE"});
  CallPages(connection, &Access::ListIdentities, v1::ListIdentitiesRequest(), limit, [&](const v1::ListIdentitiesResponse& page) {
    for (const auto& identity : page.identities())
      table.Row({identity.name(), StateOf(identity.has_revoke_time()), Joined(identity.roles()), identity.partner_code(),
                 Text(identity.register_time())});
    return page.identities_size();
  });
  if (!connection.json) table.Print();
}

void History(const Connection& connection, const std::string& name, int64_t limit) {
  v1::ListIdentityHistoryRequest request;
  request.set_name(name);
  Table table({"WHEN", "WHAT", "BY", "ROLES", "WHY"});
  CallPages(connection, &Access::ListIdentityHistory, request, limit, [&](const v1::ListIdentityHistoryResponse& page) {
    for (const auto& change : page.changes()) {
      table.Row({Text(change.act_time()), EnumText(*v1::IdentityAct_descriptor(), change.act()), change.person(), Joined(change.roles()),
                 change.reason()});
    }
    return page.changes_size();
  });
  if (!connection.json) table.Print();
}

void CreateKey(const Connection& connection, const Given& given) {
  v1::CreateKeyRequest request;
  request.set_request_id(connection.RequestId());
  request.set_holder(given.name);
  for (const std::string& role : given.roles) request.add_roles(role);
  request.set_partner_code(given.partner);
  request.set_days(given.days);
  request.set_person(given.person);
  const auto response = Call(connection, &Access::CreateKey, request);
  if (connection.json) return PrintJson(response);
  Fields fields;
  AddKeyFields(fields, response.key());
  fields.Add("secret", response.secret());
  fields.Print();
  fprintf(stderr, response.secret().empty() ? "mesctl: this key was shown before; revoke it if nobody has it\n"
                                            : "mesctl: the secret is shown this once; keep it in a file that only its holder reads\n");
}

void RevokeKey(const Connection& connection, const Given& given) {
  v1::RevokeKeyRequest request;
  request.set_request_id(connection.RequestId());
  request.set_key_id(given.name);
  request.set_reason(given.reason);
  request.set_person(given.person);
  const auto response = Call(connection, &Access::RevokeKey, request);
  if (connection.json) return PrintJson(response);
  Fields fields;
  AddKeyFields(fields, response.key());
  fields.Print();
}

void ListKeys(const Connection& connection, int64_t limit) {
  Table table({"KEY", "HOLDER", "STATE", "ROLES", "PARTNER", "GOOD UNTIL", "LAST USE"});
  CallPages(connection, &Access::ListKeys, v1::ListKeysRequest(), limit, [&](const v1::ListKeysResponse& page) {
    for (const auto& key : page.keys())
      table.Row({key.key_id(), key.holder(), StateOf(key.has_revoke_time()), Joined(key.roles()), key.partner_code(),
                 Text(key.expire_time()), Text(key.last_use_time())});
    return page.keys_size();
  });
  if (!connection.json) table.Print();
}

void AddRoles(CLI::App& command, Given& given) {
  command.add_option("--role", given.roles, "What it may do; again for each role")->required()->type_name("ROLE");
  command.add_option("--partner", given.partner, "The partner that it acts for")->type_name("CODE");
}

void AddPerson(CLI::App& command, Given& given) {
  command.add_option("--person", given.person, "Who does it")->required()->type_name("P");
}

void AddReason(CLI::App& command, Given& given) {
  command.add_option("--reason", given.reason, "Why")->required()->type_name("TEXT");
  AddPerson(command, given);
}

}  // namespace

void AddAccess(CLI::App& app, const Connection& connection) {
  auto* access = app.add_subcommand("access", "Who is let in by certificate, and who you are taken for");
  access->require_subcommand(1);

  auto* whoami = access->add_subcommand("whoami", "Who the server takes you for");
  whoami->callback([&connection] { WhoAmI(connection); });

  auto* add = access->add_subcommand("register", "Let a certificate's name in");
  add->footer(
      "Example:\n  mesctl access register ordos://ordos/station/PACK-CAR-60.1.PEOL.1 --role station --person li.wei\n"
      "A certificate's fingerprint:\n  openssl x509 -in FILE -outform der | sha256sum");
  auto given = std::make_shared<Given>();
  add->add_option("name", given->name, "ordos://SITE/KIND/CODE: station, service, partner or person")->required()->type_name("NAME");
  AddRoles(*add, *given);
  add->add_option("--fingerprint", given->fingerprints, "Only this certificate (SHA-256); again for another")->type_name("HEX");
  add->add_flag("--replace", given->replace, "In the place of what stands there, also of a revoked one");
  AddPerson(*add, *given);
  add->add_option("--reason", given->reason, "Why, for its history")->type_name("R");
  add->callback([&connection, given] { Register(connection, *given); });

  auto* revoke = access->add_subcommand("revoke", "Shut a name out at once");
  revoke->footer("Example:\n  mesctl access revoke ordos://ordos/station/PACK-CAR-60.1.PEOL.1 --reason 'PC stolen' --person li.wei");
  auto revoked = std::make_shared<Given>();
  revoke->add_option("name", revoked->name, "As it was let in")->required()->type_name("NAME");
  AddReason(*revoke, *revoked);
  revoke->callback([&connection, revoked] { Revoke(connection, *revoked); });

  auto* list = access->add_subcommand("list", "Everybody on the list, with those shut out");
  auto limit = std::make_shared<int64_t>(1000);
  AddLimit(*list, *limit);
  list->callback([&connection, limit] { List(connection, *limit); });

  auto* history = access->add_subcommand("history", "Who put a name there, changed it, shut it out, let it in again; when and why");
  history->footer("Example:\n  mesctl access history ordos://ordos/station/PACK-CAR-60.1.PEOL.1");
  auto name = std::make_shared<std::string>();
  history->add_option("name", *name, "As it was let in")->required()->type_name("NAME");
  AddLimit(*history, *limit);
  history->callback([&connection, name, limit] { History(connection, *name, *limit); });
}

void AddKey(CLI::App& app, const Connection& connection) {
  auto* key = app.add_subcommand("key", "API keys of people and partners");
  key->require_subcommand(1);

  auto* create = key->add_subcommand("create", "Give out a key; it is shown once");
  create->footer("Example:\n  mesctl key create zhao.min --role recycler --partner RECYCLER-A --days 30 --person li.wei");
  auto given = std::make_shared<Given>();
  create->add_option("holder", given->name, "Who gets it, as the name stands in records")->required()->type_name("P");
  AddRoles(*create, *given);
  create->add_option("--days", given->days, "How long it is good; 90 where not given, at most 366")->type_name("N");
  AddPerson(*create, *given);
  create->callback([&connection, given] { CreateKey(connection, *given); });

  auto* revoke = key->add_subcommand("revoke", "End a key at once");
  revoke->footer("Example:\n  mesctl key revoke 0123456789abcdef --reason 'left the firm' --person li.wei");
  auto revoked = std::make_shared<Given>();
  revoke->add_option("key", revoked->name, "The 16 digits after omk_")->required()->type_name("KEY");
  AddReason(*revoke, *revoked);
  revoke->callback([&connection, revoked] { RevokeKey(connection, *revoked); });

  auto* list = key->add_subcommand("list", "The keys and when they were used last; never their secrets");
  auto limit = std::make_shared<int64_t>(1000);
  AddLimit(*list, *limit);
  list->callback([&connection, limit] { ListKeys(connection, *limit); });
}

}  // namespace mes::mesctl
