// What a scanner or an input method did to a code, undone: only where a person or a scanner hands in a scan (the RPC DecodeCode),
// never silently anywhere else. Everything that was mended is told.
//
// Mended are: a symbology identifier in front (`]Q1`, `]d2`), carriage returns, line feeds and tabs at either end (scanner
// suffix), blanks at either end, full-width forms (U+FF01 to U+FF5E and U+3000) that a Chinese input method makes, and lower case
// where the text has the length and characters of a GB/T 34014 code. Other lower case stays: serials and web addresses tell it
// apart.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mes::domain {

enum class Mend { kSymbologyIdentifier, kSuffix, kFullWidth, kLowerCase };
// `full-width characters`.
std::string_view NameOf(Mend mend);

struct Scan {
  std::string text;
  std::vector<Mend> mends;
  // The symbol was marked as one of GS1 (`]d2`, `]Q3`, `]C1`, `]e0`), or begins with the separator.
  bool gs1 = false;
};
Scan NormalizeScan(std::string_view raw);

}  // namespace mes::domain
