// mesctl: the command line of Ordos MES. A client like any other: it knows the API's messages and nothing of the server's
// inside.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "services/mesctl/client.h"
#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"
#include "services/mesctl/simulate.h"

namespace mes::mesctl {
namespace {

constexpr const char* kAbout =
    "mesctl talks to the manufacturing execution system: plant, orders, capacity, units, lots,\n"
    "holds, the gate, station events, genealogy and yields.";

constexpr const char* kFooter =
    "A first tour:\n"
    "  mesctl plant load reference-plant          load what is made and how\n"
    "  mesctl order create WO-1 --product VEH-TRK-BEV --quantity 1 --explode\n"
    "  mesctl order release WO-1 --with-children  let the shop floor start\n"
    "  mesctl can-start --station PACK-TRK-70.1.PEOL.1 --unit BOX-0001\n"
    "  mesctl trace LZZ00001                      everything a vehicle is made of\n"
    "\n"
    "Each command explains itself: mesctl order --help, mesctl order create --help.\n"
    "With --json every answer is one line of JSON, a list or stream one line per page,\n"
    "with the field names of proto/mes/v1.\n"
    "Beside a server that deploy/up started, mesctl shows that run's certificate by itself.\n"
    "Times are written with a zone: 2026-11-20T08:00:00+08:00.\n"
    "Exit codes: 0 done, 1 refused by the server or no answer, 2 wrong usage or input,\n"
    "3 no-go, 4 an event was not recorded.";

void AddGlobalFlags(CLI::App& app, Connection& connection) {
  app.add_option("--server", connection.server, "Where the server is; also from the environment")
      ->envname("MES_SERVER")
      ->capture_default_str()
      ->type_name("HOST:PORT");
  app.add_flag("--json", connection.json, "Print answers as JSON, one line each");
  app.add_option("--deadline", connection.deadline_s, "How long a call may take")
      ->check(CLI::Range(0.001, 86400.0).description(""))
      ->capture_default_str()
      ->type_name("SECONDS");
  app.add_option("--request-id", connection.request_id, "Makes a change safe to repeat; new by itself")->type_name("ID");
  app.add_option("--ca", connection.ca, "TLS: authorities of the server's certificate")->envname("MES_CA")->type_name("PEM");
  app.add_option("--cert", connection.certificate, "TLS: the certificate to show")->envname("MES_CERT")->type_name("PEM");
  app.add_option("--key", connection.key, "TLS: its private key")->envname("MES_KEY")->type_name("PEM");
  app.add_option("--token-file", connection.token_file, "Who asks: a bearer token")->envname("MES_TOKEN_FILE")->type_name("FILE");
  app.add_option("--api-key-file", connection.api_key_file, "Who asks: an API key")->envname("MES_API_KEY_FILE")->type_name("FILE");
  app.add_option("--second-token-file", connection.second_token_file, "Four eyes: the second person's token")->type_name("FILE");
  app.add_option("--second-api-key-file", connection.second_api_key_file, "Four eyes: the second person's key")->type_name("FILE");
}

// One line: what is wrong, and where to read how it is right.
int SayUsage(const CLI::App& app, const CLI::ParseError& wrong) {
  const CLI::App* asked = &app;
  std::string name = "mesctl";
  while (!asked->get_subcommands().empty()) {
    asked = asked->get_subcommands().front();
    name += " " + asked->get_name();
  }
  std::string problem = wrong.what();
  // A word that is no command is first missed as one.
  if (const auto words = asked->remaining(); asked->get_require_subcommand_min() > 0 && !words.empty())
    problem = "no such command: " + words.front();
  fprintf(stderr, "mesctl: USAGE: %s (see %s --help)\n", OneLine(problem).c_str(), name.c_str());
  return kExitUsage;
}

int Run(int argc, char** argv) {
  Connection connection;
  CLI::App app(kAbout, "mesctl");
  app.get_formatter()->column_width(34);
  // Global flags may also stand after the subcommand.
  app.fallthrough();
  app.require_subcommand(1);
  AddGlobalFlags(app, connection);
  app.parse_complete_callback([&connection] { connection.TakeRunFolder(); });
  AddAccess(app, connection);
  AddKey(app, connection);
  AddHealth(app, connection);
  AddPlant(app, connection);
  AddOrder(app, connection);
  AddUnit(app, connection);
  AddCode(app, connection);
  AddEpcis(app, connection);
  AddGrant(app, connection);
  AddLabel(app, connection);
  AddLife(app, connection);
  AddPassport(app, connection);
  AddDismantle(app, connection);
  AddRecover(app, connection);
  AddDuty(app, connection);
  AddShip(app, connection);
  AddLot(app, connection);
  AddHold(app, connection);
  AddRule(app, connection);
  AddAlarm(app, connection);
  AddDrill(app, connection);
  AddStation(app, connection);
  AddRecord(app, connection);
  AddTrace(app, connection);
  AddYield(app, connection);
  AddCapacity(app, connection);
  AddOee(app, connection);
  AddDowntime(app, connection);
  AddSpc(app, connection);
  AddFailureCode(app, connection);
  AddPareto(app, connection);
  AddNcr(app, connection);
  AddReplay(app, connection);
  AddAudit(app, connection);
  AddSignature(app, connection);
  AddSimulate(app, connection);
  // Last, since subcommands begin with their parent's footer.
  app.footer(kFooter);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& wrong) {
    return SayUsage(app, wrong);
  } catch (const Exit& end) {
    return end.code;
  }
  return fflush(stdout) == 0 ? 0 : kExitServer;
}

}  // namespace
}  // namespace mes::mesctl

int main(int argc, char** argv) {
  return mes::mesctl::Run(argc, argv);
}
