#include "services/label_drawing.h"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include <png.h>
#include <zint.h>

#include "services/label_font.h"

namespace mes::services {
namespace {

constexpr int kErrorCorrectionM = 2;
constexpr int kTextGap = 2;  // dots of the font between glyphs and lines

// Where everything of a label lies, in dots.
struct Layout {
  int size = 0;
  // Dots per dot of the font.
  int text_scale = 0;
  int symbol_left = 0;
  int width = 0;
  int height = 0;
  int text_top = 0;
  int line_height = 0;
};

Layout LayoutOf(const Symbol& symbol, int size, const std::vector<std::string>& lines) {
  Layout layout;
  layout.size = size;
  const int side = (symbol.modules + 2 * symbol.Quiet()) * size;
  size_t longest = 0;
  for (const std::string& line : lines) longest = std::max(longest, line.size());
  layout.text_scale = std::max(1, size / 2);
  const int text_width = static_cast<int>(longest) * (kGlyphWidth + 1) * layout.text_scale;
  layout.width = std::max(side, text_width + 2 * symbol.Quiet() * size);
  layout.symbol_left = (layout.width - side) / 2 + symbol.Quiet() * size;
  layout.text_top = side;
  layout.line_height = (kGlyphHeight + kTextGap) * layout.text_scale;
  layout.height = side + static_cast<int>(lines.size()) * layout.line_height + symbol.Quiet() * size;
  return layout;
}

// One bit a dot, packed from the left; 1 = black.
class Canvas {
 public:
  Canvas(int width, int height)
      : width_(width), height_(height), stride_((width + 7) / 8), bits_(static_cast<size_t>(stride_ * height), 0) {}
  void Fill(int left, int top, int size) {
    for (int y = top; y < top + size; ++y) {
      for (int x = left; x < left + size; ++x)
        bits_[static_cast<size_t>(y * stride_ + x / 8)] |= static_cast<uint8_t>(0x80 >> (x % 8));
    }
  }
  void DrawSymbol(const Symbol& symbol, int left, int top, int size) {
    for (int row = 0; row < symbol.modules; ++row) {
      for (int column = 0; column < symbol.modules; ++column) {
        if (symbol.Dark(row, column)) Fill(left + column * size, top + row * size, size);
      }
    }
  }
  void DrawText(const std::string& text, int left, int top, int scale) {
    for (const char c : text) {
      const Glyph& glyph = kGlyphs[static_cast<size_t>(c >= 0x20 && c < 0x7f ? c - 0x20 : '?' - 0x20)];
      for (int column = 0; column < kGlyphWidth; ++column) {
        for (int row = 0; row < kGlyphHeight; ++row) {
          if ((glyph[static_cast<size_t>(column)] >> row & 1) != 0) Fill(left + column * scale, top + row * scale, scale);
        }
      }
      left += (kGlyphWidth + 1) * scale;
    }
  }
  int width() const { return width_; }
  int height() const { return height_; }
  int stride() const { return stride_; }
  const uint8_t* Row(int y) const { return bits_.data() + static_cast<size_t>(y * stride_); }

 private:
  int width_;
  int height_;
  int stride_;
  std::vector<uint8_t> bits_;
};

std::string EncodePng(const Canvas& canvas) {
  std::string file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);
  if (info == nullptr) throw std::runtime_error("libpng cannot start");
  // libpng leaves by longjmp on errors; nothing with a destructor is made between here and the end.
  if (setjmp(png_jmpbuf(png)) != 0) {
    png_destroy_write_struct(&png, &info);
    throw std::runtime_error("libpng cannot write");
  }
  png_set_write_fn(
      png, &file,
      [](png_structp writer, png_bytep bytes, png_size_t count) {
        static_cast<std::string*>(png_get_io_ptr(writer))->append(reinterpret_cast<const char*>(bytes), count);
      },
      nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(canvas.width()), static_cast<png_uint_32>(canvas.height()), 1,
               PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  png_set_invert_mono(png);  // 1 is black here and white there
  for (int y = 0; y < canvas.height(); ++y) png_write_row(png, canvas.Row(y));
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return file;
}

std::string XmlText(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// A field's text: the printer's own marks as hexadecimal (^FH).
std::string ZplText(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : text) {
    if (c == '^' || c == '~' || c == '_' || c == '\\') {
      escaped += '_';
      escaped += kHex[static_cast<unsigned char>(c) >> 4];
      escaped += kHex[static_cast<unsigned char>(c) & 15];
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace

domain::Result<Symbol> EncodeSymbol(SymbolKind kind, std::string_view text, bool gs1) {
  const std::unique_ptr<zint_symbol, void (*)(zint_symbol*)> zint(ZBarcode_Create(), ZBarcode_Delete);
  if (zint == nullptr) throw std::runtime_error("libzint cannot start");
  zint->symbology = kind == SymbolKind::kQr ? BARCODE_QRCODE : BARCODE_DATAMATRIX;
  zint->input_mode = gs1 ? GS1_MODE : DATA_MODE;
  if (kind == SymbolKind::kQr) zint->option_1 = kErrorCorrectionM;
  if (kind == SymbolKind::kDataMatrix) zint->option_3 = DM_SQUARE;
  const int failed =
      ZBarcode_Encode(zint.get(), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (failed >= ZINT_ERROR || zint->rows != zint->width) {
    return domain::Fail(
        domain::FieldError(domain::Reason::kCodeInvalid, "code", std::string("the symbol cannot hold this: ") + zint->errtxt));
  }
  Symbol symbol;
  symbol.kind = kind;
  symbol.modules = zint->width;
  symbol.dark.reserve(static_cast<size_t>(zint->rows * zint->width));
  for (int row = 0; row < zint->rows; ++row) {
    for (int column = 0; column < zint->width; ++column) {
      symbol.dark.push_back((zint->encoded_data[row][column / 8] >> (column % 8) & 1) != 0);
    }
  }
  return symbol;
}

std::string DrawSvg(const Symbol& symbol, int size, const std::vector<std::string>& lines) {
  const Layout layout = LayoutOf(symbol, size, lines);
  const std::string width = std::to_string(layout.width), height = std::to_string(layout.height);
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + width + "\" height=\"" + height + "\" viewBox=\"0 0 " +
                    width + " " + height + "\" shape-rendering=\"crispEdges\">\n<rect width=\"" + width + "\" height=\"" +
                    height + "\" fill=\"#fff\"/>\n<path fill=\"#000\" d=\"";
  const int top = symbol.Quiet() * size;
  for (int row = 0; row < symbol.modules; ++row) {
    for (int column = 0; column < symbol.modules; ++column) {
      if (!symbol.Dark(row, column)) continue;
      int end = column + 1;
      while (end < symbol.modules && symbol.Dark(row, end)) ++end;
      const std::string run = std::to_string((end - column) * size);
      svg += "M" + std::to_string(layout.symbol_left + column * size) + " " + std::to_string(top + row * size) + "h" + run + "v" +
             std::to_string(size) + "h-" + run + "z";
      column = end;
    }
  }
  svg += "\"/>\n";
  int baseline = layout.text_top + kGlyphHeight * layout.text_scale;
  for (const std::string& line : lines) {
    svg += "<text x=\"" + std::to_string(layout.width / 2) + "\" y=\"" + std::to_string(baseline) +
           "\" text-anchor=\"middle\" font-family=\"monospace\" font-size=\"" +
           std::to_string((kGlyphHeight + kTextGap) * layout.text_scale) + "\">" + XmlText(line) + "</text>\n";
    baseline += layout.line_height;
  }
  return svg + "</svg>\n";
}

std::string DrawPng(const Symbol& symbol, int size, const std::vector<std::string>& lines) {
  const Layout layout = LayoutOf(symbol, size, lines);
  Canvas canvas(layout.width, layout.height);
  canvas.DrawSymbol(symbol, layout.symbol_left, symbol.Quiet() * size, size);
  int top = layout.text_top;
  for (const std::string& line : lines) {
    const int text_width = static_cast<int>(line.size()) * (kGlyphWidth + 1) * layout.text_scale;
    canvas.DrawText(line, (layout.width - text_width) / 2, top, layout.text_scale);
    top += layout.line_height;
  }
  return EncodePng(canvas);
}

std::string DrawZpl(const Symbol& symbol, int size, const std::vector<std::string>& lines) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  const Layout layout = LayoutOf(symbol, size, lines);
  const int side = symbol.modules * size;
  Canvas canvas(side, side);
  canvas.DrawSymbol(symbol, 0, 0, size);
  const std::string bytes = std::to_string(canvas.stride() * side);
  std::string zpl = "^XA\n^PW" + std::to_string(layout.width) + "\n^LL" + std::to_string(layout.height) + "\n^FO" +
                    std::to_string(layout.symbol_left) + "," + std::to_string(symbol.Quiet() * size) + "^GFA," + bytes + "," +
                    bytes + "," + std::to_string(canvas.stride()) + ",";
  for (int y = 0; y < side; ++y) {
    for (int i = 0; i < canvas.stride(); ++i) {
      zpl += kHex[canvas.Row(y)[i] >> 4];
      zpl += kHex[canvas.Row(y)[i] & 15];
    }
  }
  zpl += "^FS\n";
  int top = layout.text_top;
  for (const std::string& line : lines) {
    zpl += "^FO0," + std::to_string(top) + "^A0N," + std::to_string(kGlyphHeight * layout.text_scale) + "^FB" +
           std::to_string(layout.width) + ",1,0,C^FH_^FD" + ZplText(line) + "^FS\n";
    top += layout.line_height;
  }
  return zpl + "^XZ\n";
}

}  // namespace mes::services
