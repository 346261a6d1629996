#include "mes/v1/epcis.grpc.pb.h"

#include <fstream>
#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

void Export(const Connection& connection, const std::string& code, const std::string& host, const std::string& path) {
  v1::ExportUnitEpcisRequest request;
  request.set_unit_code(code);
  request.set_host(host);
  std::ofstream file;
  if (!path.empty()) file.open(path, std::ios::binary);
  int events = 0;
  CallStream(connection, &v1::EpcisService::Stub::ExportUnitEpcis, request, [&](const v1::ExportUnitEpcisResponse& piece) {
    if (path.empty()) {
      fwrite(piece.text().data(), 1, piece.text().size(), stdout);
    } else {
      file << piece.text();
    }
    if (piece.last()) events = piece.events();
  });
  if (path.empty()) return;
  if (!file.flush()) FailUsage(path + ": cannot be written");
  printf("%s: %d events\n", OneLine(path).c_str(), events);
}

}  // namespace

void AddEpcis(CLI::App& app, const Connection& connection) {
  auto* epcis = app.add_subcommand("epcis", "EPCIS 2.0 documents for partners");
  epcis->require_subcommand(1);
  auto* unit = epcis->add_subcommand("export", "A unit's whole history, as JSON-LD");
  unit->footer("Example:\n  mesctl epcis export BOX-0001 --host id.example.cn --out box.jsonld");
  auto code = std::make_shared<std::string>();
  auto host = std::make_shared<std::string>();
  auto file = std::make_shared<std::string>();
  unit->add_option("code", *code, "The unit, by any code it ever had")->required()->type_name("CODE");
  unit->add_option("--host", *host, "The web server of addresses without a GTIN")->type_name("HOST");
  unit->add_option("--out", *file, "Where to write it; the terminal where not given")->type_name("F");
  unit->callback([&connection, code, host, file] { Export(connection, *code, *host, *file); });
}

}  // namespace mes::mesctl
