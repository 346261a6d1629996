#include "mes/v1/label.grpc.pb.h"

#include <fstream>
#include <memory>

#include "services/mesctl/commands.h"
#include "services/mesctl/print.h"

namespace mes::mesctl {

namespace {

struct Label {
  std::string code, symbology = "qr", format = "svg", content = "code", host, file;
  int32_t module_size = 0;
};

void Draw(const Connection& connection, const Label& label) {
  v1::DrawLabelRequest request;
  request.set_code(label.code);
  request.set_symbology(label.symbology == "qr" ? v1::SYMBOLOGY_QR : v1::SYMBOLOGY_DATA_MATRIX);
  request.set_format(label.format == "svg"   ? v1::LABEL_FORMAT_SVG
                     : label.format == "png" ? v1::LABEL_FORMAT_PNG
                                             : v1::LABEL_FORMAT_ZPL);
  request.set_content(label.content == "code"   ? v1::LABEL_CONTENT_CODE
                      : label.content == "link" ? v1::LABEL_CONTENT_DIGITAL_LINK
                                                : v1::LABEL_CONTENT_ELEMENT_STRING);
  request.set_host(label.host);
  request.set_module_size(label.module_size);
  const auto response = Call(connection, &v1::LabelService::Stub::DrawLabel, request);
  std::ofstream file(label.file, std::ios::binary);
  file << response.image();
  if (!file.flush()) FailUsage(label.file + ": cannot be written");
  if (connection.json) return PrintJson(response);
  printf("%s: %s, %d x %d modules, says %s\n", OneLine(label.file).c_str(), response.media_type().c_str(), response.modules(),
         response.modules(), OneLine(response.text()).c_str());
}

}  // namespace

void AddLabel(CLI::App& app, const Connection& connection) {
  auto* label = app.add_subcommand("label", "Draw a unit's, lot's or given-out code as QR or Data Matrix");
  label->footer("Example:\n  mesctl label BOX-0001 --symbology datamatrix --format zpl --out box.zpl");
  auto given = std::make_shared<Label>();
  label->add_option("code", given->code, "The unit, the lot, or a code given out")->required()->type_name("CODE");
  label->add_option("--symbology", given->symbology, "The symbol")
      ->check(CLI::IsMember({"qr", "datamatrix"}))
      ->capture_default_str();
  label->add_option("--format", given->format, "The file")->check(CLI::IsMember({"svg", "png", "zpl"}))->capture_default_str();
  label->add_option("--content", given->content, "The code, a GS1 Digital Link, or a GS1 element string")
      ->check(CLI::IsMember({"code", "link", "gs1"}))
      ->capture_default_str();
  label->add_option("--host", given->host, "The web server in the link; id.gs1.org where not given")->type_name("HOST");
  label->add_option("--module", given->module_size, "Dots along one module, 1 to 20")->type_name("N");
  label->add_option("--out", given->file, "Where to write it")->required()->type_name("F");
  label->callback([&connection, given] { Draw(connection, *given); });
}

}  // namespace mes::mesctl
