// Symbols and how they are drawn. The modules come from libzint; what is drawn of them is exact: whole dots, a quiet zone of four
// modules for QR and two for Data Matrix, no scaling. Every label has the code in readable text below.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/result.h"

namespace mes::services {

enum class SymbolKind { kQr, kDataMatrix };

// A square of dark and light modules.
struct Symbol {
  SymbolKind kind = SymbolKind::kQr;
  int modules = 0;
  std::vector<bool> dark;  // row by row
  bool Dark(int row, int column) const { return dark[static_cast<size_t>(row * modules + column)]; }
  // Light modules that scanners need around it.
  int Quiet() const { return kind == SymbolKind::kQr ? 4 : 2; }
};

// `gs1`: the text is an element string with square brackets, `[01]...[21]...`. Errors: CODE_INVALID with `field` = code where the
// text cannot be encoded.
domain::Result<Symbol> EncodeSymbol(SymbolKind kind, std::string_view text, bool gs1);

// `size`: dots or units along one module. `lines`: readable text, printable ASCII.
std::string DrawSvg(const Symbol& symbol, int size, const std::vector<std::string>& lines);
// One bit a dot, black on white.
std::string DrawPng(const Symbol& symbol, int size, const std::vector<std::string>& lines);
// ZPL II: the symbol as a graphic field, dot by dot, so that every printer gives the same; the text in the printer's font 0.
std::string DrawZpl(const Symbol& symbol, int size, const std::vector<std::string>& lines);

}  // namespace mes::services
