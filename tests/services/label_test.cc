// Labels are made by libzint and read back by ZXing, each format the way its user sees it: the PNG's dots, the printer's graphic
// field, and the SVG's path drawn anew.
#include "services/label.h"

#include <cstring>
#include <regex>

#include <png.h>

#define ZX_USE_UTF8 1
#include <ZXing/ReadBarcode.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mes/v1/code.grpc.pb.h"
#include "mes/v1/label.grpc.pb.h"
#include "services/label_drawing.h"
#include "services/label_font.h"
#include "tests/support/server.h"
#include "tests/support/stored_plant.h"

namespace mes::services {
namespace {

using testing::HasSubstr;
using tests::CallOnce;
using tests::FieldOf;
using tests::ReasonOf;
using tests::StoredPlant;
using v1::LabelService;

// Grey values, row by row; white is 255.
struct Picture {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> dots;

  Picture(int w, int h) : width(w), height(h), dots(static_cast<size_t>(w * h), 255) {}
  void Blacken(int left, int top, int w, int h) {
    for (int y = top; y < top + h; ++y) {
      for (int x = left; x < left + w; ++x) dots.at(static_cast<size_t>(y * width + x)) = 0;
    }
  }
};

Picture FromPng(const std::string& file) {
  png_image image;
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_memory(&image, file.data(), file.size()), 0) << image.message;
  image.format = PNG_FORMAT_GRAY;
  Picture picture(static_cast<int>(image.width), static_cast<int>(image.height));
  EXPECT_NE(png_image_finish_read(&image, nullptr, picture.dots.data(), picture.width, nullptr), 0) << image.message;
  return picture;
}

// The label as a printer would print it, without its text.
Picture FromZpl(const std::string& zpl) {
  std::smatch size, field;
  EXPECT_TRUE(std::regex_search(zpl, size, std::regex("\\^PW(\\d+)\n\\^LL(\\d+)")));
  EXPECT_TRUE(std::regex_search(zpl, field, std::regex("\\^FO(\\d+),(\\d+)\\^GFA,(\\d+),\\d+,(\\d+),([0-9A-F]+)\\^FS")));
  Picture picture(std::stoi(size[1]), std::stoi(size[2]));
  const int left = std::stoi(field[1]), top = std::stoi(field[2]), stride = std::stoi(field[4]);
  const std::string hex = field[5];
  EXPECT_EQ(hex.size(), static_cast<size_t>(2 * std::stoi(field[3])));
  for (size_t i = 0; i < hex.size(); ++i) {
    const int nibble = hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'A' + 10;
    const int x = static_cast<int>(i % static_cast<size_t>(2 * stride)) * 4,
              y = static_cast<int>(i / static_cast<size_t>(2 * stride));
    for (int bit = 0; bit < 4; ++bit) {
      if ((nibble >> (3 - bit) & 1) != 0) picture.Blacken(left + x + bit, top + y, 1, 1);
    }
  }
  return picture;
}

Picture FromSvg(const std::string& svg) {
  std::smatch size;
  EXPECT_TRUE(std::regex_search(svg, size, std::regex("viewBox=\"0 0 (\\d+) (\\d+)\"")));
  Picture picture(std::stoi(size[1]), std::stoi(size[2]));
  const std::regex run("M(\\d+) (\\d+)h(\\d+)v(\\d+)h-\\d+z");
  for (std::sregex_iterator at(svg.begin(), svg.end(), run), end; at != end; ++at) {
    picture.Blacken(std::stoi((*at)[1]), std::stoi((*at)[2]), std::stoi((*at)[3]), std::stoi((*at)[4]));
  }
  return picture;
}

struct Seen {
  std::string text;
  std::string identifier;
};
Seen ReadBack(const Picture& picture, SymbolKind kind) {
  ZXing::DecodeHints hints;
  hints.setFormats(kind == SymbolKind::kQr ? ZXing::BarcodeFormat::QRCode : ZXing::BarcodeFormat::DataMatrix);
  hints.setTryHarder(true);
  const ZXing::ImageView view(picture.dots.data(), picture.width, picture.height, ZXing::ImageFormat::Lum);
  const ZXing::Result result = ZXing::ReadBarcode(view, hints);
  EXPECT_TRUE(result.isValid());
  return {result.text(), result.symbologyIdentifier()};
}

TEST(LabelDrawing, EverySymbolInEveryFormatReadsBack) {
  for (const SymbolKind kind : {SymbolKind::kQr, SymbolKind::kDataMatrix}) {
    for (const std::string& text :
         {std::string("NMGCB120000001GBR0000042"), std::string("S-77"), std::string("a^b~c_d\\e<f>&\"g"),
          std::string("https://id.gs1.org/01/09521234543213/21/0000001GBR0000042"), std::string(64, 'W')}) {
      const domain::Result<Symbol> symbol = EncodeSymbol(kind, text, false);
      ASSERT_TRUE(symbol) << text;
      for (const int size : {3, 6}) {
        EXPECT_EQ(ReadBack(FromPng(DrawPng(*symbol, size, {text})), kind).text, text);
        EXPECT_EQ(ReadBack(FromZpl(DrawZpl(*symbol, size, {text})), kind).text, text);
        EXPECT_EQ(ReadBack(FromSvg(DrawSvg(*symbol, size, {text})), kind).text, text);
      }
    }
  }
}

TEST(LabelDrawing, Gs1SymbolsAreMarkedAsSuch) {
  const std::string printed = "[01]09521234543213[21]0000001GBR0000042";
  const Seen qr = ReadBack(FromPng(DrawPng(*EncodeSymbol(SymbolKind::kQr, printed, true), 6, {})), SymbolKind::kQr);
  EXPECT_EQ(qr.identifier, "]Q3");
  EXPECT_EQ(qr.text, "0109521234543213210000001GBR0000042");
  const Seen matrix =
      ReadBack(FromPng(DrawPng(*EncodeSymbol(SymbolKind::kDataMatrix, printed, true), 6, {})), SymbolKind::kDataMatrix);
  EXPECT_EQ(matrix.identifier, "]d2");
}

TEST(LabelDrawing, TheCodeStandsBelowInReadableText) {
  const Symbol symbol = *EncodeSymbol(SymbolKind::kQr, "A&B^1", false);
  EXPECT_THAT(DrawSvg(symbol, 6, {"A&B^1"}), HasSubstr(">A&amp;B^1</text>"));
  EXPECT_THAT(DrawZpl(symbol, 6, {"A&B^1"}), HasSubstr("^FH_^FDA&B_5E1^FS"));
  const Picture with = FromPng(DrawPng(symbol, 6, {"A&B^1"})), without = FromPng(DrawPng(symbol, 6, {}));
  EXPECT_GT(with.height, without.height);
  // The first glyph, dot by dot.
  const int text_top = (symbol.modules + 8) * 6, left = (with.width - 5 * 6 * 3) / 2;
  for (int column = 0; column < kGlyphWidth; ++column) {
    for (int row = 0; row < kGlyphHeight; ++row) {
      const bool dark = (kGlyphs['A' - 0x20][static_cast<size_t>(column)] >> row & 1) != 0;
      EXPECT_EQ(with.dots.at(static_cast<size_t>((text_top + row * 3) * with.width + left + column * 3)) == 0, dark);
    }
  }
}

class LabelServiceTest : public testing::Test {
 protected:
  tests::TestServer server_{tests::PlantBuilder().draft()};
  StoredPlant plant_{server_.database()};
  std::unique_ptr<LabelService::Stub> stub_ = LabelService::NewStub(server_.channel());

  LabelServiceTest() {
    plant_.database().Query(
        "insert into code_rule (material_id, prefix, traceability, gtin, person, create_time) select material_id, 'NMGCB12', '0000001', "
        "'09521234543213', 'Li', now() from material where code = 'CELL'");
    plant_.database().Query(
        "insert into code_rule (material_id, prefix, traceability, gtin, person, create_time) select material_id, null, '', "
        "'09506000134352', 'Li', now() from material where code = 'PACK'");
  }
  v1::DrawLabelRequest Asking(const std::string& code, v1::LabelContent content = v1::LABEL_CONTENT_CODE) {
    v1::DrawLabelRequest request;
    request.set_code(code);
    request.set_symbology(v1::SYMBOLOGY_QR);
    request.set_format(v1::LABEL_FORMAT_PNG);
    request.set_content(content);
    return request;
  }
  grpc::Status Draw(const v1::DrawLabelRequest& request, v1::DrawLabelResponse* response) {
    return CallOnce(*stub_, &LabelService::Stub::DrawLabel, request, response);
  }
};

TEST_F(LabelServiceTest, AUnitsLabelSaysItsCodeOrItsLink) {
  const std::string code = "NMGCB120000001GBR0000042";
  plant_.AddUnit("CELL", code);
  plant_.AddUnit("PACK", "BOX-1");
  v1::DrawLabelResponse label;
  ASSERT_EQ(ReasonOf(Draw(Asking(code), &label)), "OK");
  EXPECT_EQ(label.media_type(), "image/png");
  EXPECT_EQ(ReadBack(FromPng(label.image()), SymbolKind::kQr).text, code);
  v1::DrawLabelRequest link = Asking(code, v1::LABEL_CONTENT_DIGITAL_LINK);
  ASSERT_EQ(ReasonOf(Draw(link, &label)), "OK");
  EXPECT_EQ(label.text(), "https://id.gs1.org/01/09521234543213/21/0000001GBR0000042");
  EXPECT_EQ(ReadBack(FromPng(label.image()), SymbolKind::kQr).text, label.text());
  link.set_host("o.cn");
  link.set_symbology(v1::SYMBOLOGY_DATA_MATRIX);
  link.set_format(v1::LABEL_FORMAT_ZPL);
  link.set_code("BOX-1");
  ASSERT_EQ(ReasonOf(Draw(link, &label)), "OK");
  EXPECT_EQ(ReadBack(FromZpl(label.image()), SymbolKind::kDataMatrix).text, "https://o.cn/01/09506000134352/21/BOX-1");
  ASSERT_EQ(ReasonOf(Draw(Asking(code, v1::LABEL_CONTENT_ELEMENT_STRING), &label)), "OK");
  EXPECT_EQ(label.text(), "(01)09521234543213(21)0000001GBR0000042");
  v1::DrawLabelRequest svg = Asking(code);
  svg.set_format(v1::LABEL_FORMAT_SVG);
  ASSERT_EQ(ReasonOf(Draw(svg, &label)), "OK");
  EXPECT_THAT(label.image(), HasSubstr(">" + code + "</text>"));
}

TEST_F(LabelServiceTest, ACodeThatWasGivenOutIsPrintedBeforeAUnitHasIt) {
  v1::IssueCodesRequest issue;
  issue.set_request_id("i1");
  issue.set_product_code("CELL");
  issue.set_count(1);
  issue.set_production_date("2026-11-24");
  issue.set_person("Li");
  v1::IssueCodesResponse issued;
  const auto codes = v1::CodeService::NewStub(server_.channel());
  ASSERT_TRUE(CallOnce(*codes, &v1::CodeService::Stub::IssueCodes, issue, &issued).ok());
  v1::DrawLabelResponse label;
  EXPECT_EQ(ReasonOf(Draw(Asking(issued.codes(0)), &label)), "OK");
  EXPECT_EQ(ReasonOf(Draw(Asking("NMGCB120000001GBR0000099"), &label)), "UNIT_UNKNOWN");
}

TEST_F(LabelServiceTest, RefusesWhatCannotBeDrawn) {
  plant_.AddUnit("HSG", "H1");
  plant_.AddUnit("PACK", "A-CODE-OF-MORE-THAN-20-CHARACTERS");
  v1::DrawLabelResponse label;
  EXPECT_EQ(ReasonOf(Draw(Asking("NONE"), &label)), "UNIT_UNKNOWN");
  EXPECT_EQ(ReasonOf(Draw(Asking("H1", v1::LABEL_CONTENT_DIGITAL_LINK), &label)), "CODE_RULE_UNKNOWN");
  EXPECT_EQ(ReasonOf(Draw(Asking("A-CODE-OF-MORE-THAN-20-CHARACTERS", v1::LABEL_CONTENT_DIGITAL_LINK), &label)), "CODE_INVALID");
  const auto field = [&](auto change) {
    v1::DrawLabelRequest request = Asking("H1");
    change(request);
    return FieldOf(Draw(request, &label));
  };
  EXPECT_EQ(field([](auto& r) { r.clear_symbology(); }), "symbology");
  EXPECT_EQ(field([](auto& r) { r.clear_format(); }), "format");
  EXPECT_EQ(field([](auto& r) { r.set_content(static_cast<v1::LabelContent>(9)); }), "content");
  EXPECT_EQ(field([](auto& r) { r.set_module_size(21); }), "module_size");
  EXPECT_EQ(field([](auto& r) { r.set_host(std::string(101, 'h')); }), "host");
  EXPECT_EQ(field([](auto& r) { r.clear_code(); }), "code");
}

}  // namespace
}  // namespace mes::services
