#include "mes/v1/dismantling.grpc.pb.h"

#include <fstream>
#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

void Dismantle(const Connection& connection, const std::string& code, const std::string& path) {
  v1::GetDismantlingRequest request;
  request.set_unit_code(code);
  const auto response = Call(connection, &v1::DismantlingService::Stub::GetDismantling, request);
  std::string text;
  int pages = 0;
  for (const v1::BenchSheet& sheet : response.sheets()) {
    for (const std::string& page : sheet.pages()) {
      // A form feed between pages: each stands on paper of its own.
      if (pages++ > 0) text += '\f';
      text += page;
    }
  }
  if (!path.empty()) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    if (!file.flush()) FailUsage(path + ": cannot be written");
  }
  if (connection.json) return PrintJson(response);
  if (path.empty()) {
    fwrite(text.data(), 1, text.size(), stdout);
  } else {
    printf("%s: %d sheets, %d pages\n", OneLine(path).c_str(), response.sheets_size(), pages);
  }
}

}  // namespace

void AddDismantle(CLI::App& app, const Connection& connection) {
  auto* dismantle = app.add_subcommand("dismantle", "How a unit is taken apart, for the bench and for paper");
  dismantle->footer("Example:\n  mesctl dismantle NMGPB2L0000007G9W0000001 --out sheet.txt");
  auto code = std::make_shared<std::string>();
  auto path = std::make_shared<std::string>();
  dismantle->add_option("unit", *code, "The unit, by any code it ever had")->required()->type_name("CODE");
  dismantle->add_option("--out", *path, "Write it there: 66 lines of 80 columns a page, form feeds between")->type_name("F");
  dismantle->callback([&connection, code, path] { Dismantle(connection, *code, *path); });
}

}  // namespace mes::mesctl
