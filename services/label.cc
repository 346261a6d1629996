#include "services/label.h"

#include "db/unit.h"
#include "domain/code.h"
#include "domain/gs1.h"
#include "domain/limits.h"
#include "mes/v1/label.grpc.pb.h"
#include "services/code.h"
#include "services/label_drawing.h"
#include "services/unit.h"

namespace mes::services {
namespace {

using domain::Fail;
using domain::FieldError;
using domain::Reason;
using domain::Status;

constexpr int kDefaultModuleSize = 6;
constexpr int kMaxModuleSize = 20;
constexpr char kCanonicalHost[] = "id.gs1.org";

// The code that is drawn, and what it is of.
struct Labelled {
  std::string code;
  int32_t material_id = 0;
};

domain::Result<Labelled> FindLabelled(Call& call, const std::string& code) {
  const auto id = FindUnitId(call, code, "code");
  if (id) {
    const domain::Unit unit = db::LoadUnits(call.transaction, {*id}).at(0).unit;
    return Labelled{unit.code, unit.material_id};
  }
  // A code that was given out is printed before a unit has it.
  if (id.error().reason == Reason::kUnitUnknown) {
    const auto issued = FindIssuedCode(call, code);
    if (issued && issued->issued && !issued->voided) return Labelled{code, issued->material_id};
  }
  return Fail(id.error());
}

// What the symbol says. `encoded`: in the form that the encoder wants.
struct Content {
  std::string text;
  std::string encoded;
  bool gs1 = false;
};

domain::Result<Content> ContentOf(Call& call, const v1::DrawLabelRequest& request, const Labelled& labelled) {
  if (request.content() == v1::LABEL_CONTENT_UNSPECIFIED || request.content() == v1::LABEL_CONTENT_CODE) {
    return Content{labelled.code, labelled.code, false};
  }
  const auto key = FindGtinSerial(call, labelled.code, labelled.material_id, "code");
  if (!key) return Fail(key.error());
  const std::vector<domain::Gs1Element> elements{{"01", key->gtin}, {"21", key->serial}};
  if (request.content() == v1::LABEL_CONTENT_ELEMENT_STRING) {
    return Content{domain::FormatElementString(elements), domain::FormatElementString(elements, '['), true};
  }
  domain::Result<std::string> link =
      domain::FormatDigitalLink(request.host().empty() ? kCanonicalHost : request.host(), elements);
  if (!link) return Fail(link.error());
  return Content{*link, *link, false};
}

Status CheckRequest(const v1::DrawLabelRequest& request) {
  if (request.symbology() != v1::SYMBOLOGY_QR && request.symbology() != v1::SYMBOLOGY_DATA_MATRIX) {
    return Fail(FieldError(Reason::kEnumUnknown, "symbology", "symbology is QR or DATA_MATRIX"));
  }
  if (request.format() < v1::LABEL_FORMAT_SVG || request.format() > v1::LABEL_FORMAT_ZPL) {
    return Fail(FieldError(Reason::kEnumUnknown, "format", "format is SVG, PNG or ZPL"));
  }
  if (request.content() < v1::LABEL_CONTENT_UNSPECIFIED || request.content() > v1::LABEL_CONTENT_ELEMENT_STRING) {
    return Fail(FieldError(Reason::kEnumUnknown, "content", "content is CODE, DIGITAL_LINK or ELEMENT_STRING"));
  }
  if (request.module_size() < 0 || request.module_size() > kMaxModuleSize) {
    return Fail(FieldError(Reason::kFieldInvalid, "module_size", "module_size goes from 1 to 20"));
  }
  return domain::CheckText(request.host(), domain::kMaxHostLength, false, "host");
}

}  // namespace

Status DrawLabel(Call& call, const v1::DrawLabelRequest& request, v1::DrawLabelResponse& response) {
  if (Status checked = CheckRequest(request); !checked) return checked;
  const auto labelled = FindLabelled(call, request.code());
  if (!labelled) return Fail(labelled.error());
  const auto content = ContentOf(call, request, *labelled);
  if (!content) return Fail(content.error());
  const SymbolKind kind = request.symbology() == v1::SYMBOLOGY_QR ? SymbolKind::kQr : SymbolKind::kDataMatrix;
  const auto symbol = EncodeSymbol(kind, content->encoded, content->gs1);
  if (!symbol) return Fail(symbol.error());

  const int size = request.module_size() == 0 ? kDefaultModuleSize : request.module_size();
  std::vector<std::string> lines{labelled->code};
  if (content->gs1) lines.push_back(content->text);
  if (request.format() == v1::LABEL_FORMAT_SVG) {
    response.set_image(DrawSvg(*symbol, size, lines));
    response.set_media_type("image/svg+xml");
  } else if (request.format() == v1::LABEL_FORMAT_PNG) {
    response.set_image(DrawPng(*symbol, size, lines));
    response.set_media_type("image/png");
  } else {
    response.set_image(DrawZpl(*symbol, size, lines));
    response.set_media_type("x-application/zpl");
  }
  response.set_text(content->text);
  response.set_modules(symbol->modules);
  return {};
}

namespace {

class LabelService final : public v1::LabelService::CallbackService {
 public:
  explicit LabelService(Env& env) : env_(env) {}
  grpc::ServerUnaryReactor* DrawLabel(grpc::CallbackServerContext* context, const v1::DrawLabelRequest* request,
                                      v1::DrawLabelResponse* response) override {
    return Read(env_, context, request, response, services::DrawLabel);
  }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeLabelService(Env& env) { return std::make_unique<LabelService>(env); }

}  // namespace mes::services
