// Exports: CSV by hand, XLSX by libxlsxwriter.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include <charconv>
#include <memory>
#include <stdexcept>

#include "services/plan_files.h"

namespace mes::services {
namespace {

constexpr std::string_view kFormulaStarts = "=+-@\t\r";

// A spreadsheet must not run what somebody wrote into a text.
std::string Harmless(const std::string& text) {
  const bool formula = !text.empty() && kFormulaStarts.find(text[0]) != std::string_view::npos;
  return formula ? "'" + text : text;
}

std::string Quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string CsvCell(const ExportCell& cell) { return cell.number ? cell.text : Quoted(Harmless(cell.text)); }

// A file in memory with a name for libraries that want one; nothing is left on a disk.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(memfd_create("export", MFD_CLOEXEC)) {
    if (descriptor_ < 0) throw std::runtime_error("no memory for an export");
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string name() const { return "/proc/self/fd/" + std::to_string(descriptor_); }
  std::string Content() const {
    std::string content;
    char block[65'536];
    for (off_t at = 0;;) {
      const ssize_t read = pread(descriptor_, block, sizeof block, at);
      if (read < 0) throw std::runtime_error("an export cannot be read back");
      if (read == 0) return content;
      content.append(block, static_cast<size_t>(read));
      at += read;
    }
  }

 private:
  int descriptor_;
};

}  // namespace

std::string WriteCsv(const ExportSheet& sheet) {
  std::string text;
  const auto line = [&](const auto& cells, const auto& write) {
    for (size_t i = 0; i < cells.size(); ++i) text += (i == 0 ? "" : ",") + write(cells[i]);
    text += "\r\n";
  };
  line(sheet.headings, [](const std::string& heading) { return Quoted(Harmless(heading)); });
  for (const auto& row : sheet.rows) line(row, CsvCell);
  return text;
}

std::string WriteXlsx(const std::vector<ExportSheet>& sheets) {
  const MemoryFile file;
  lxw_workbook* const workbook = workbook_new(file.name().c_str());
  if (workbook == nullptr) throw std::runtime_error("an export cannot be begun");
  lxw_format* const bold = workbook_add_format(workbook);
  format_set_bold(bold);
  for (const ExportSheet& sheet : sheets) {
    lxw_worksheet* const worksheet = workbook_add_worksheet(workbook, sheet.name.c_str());
    worksheet_freeze_panes(worksheet, 1, 0);
    worksheet_set_column(worksheet, 0, static_cast<lxw_col_t>(sheet.headings.size()), 16, nullptr);
    for (size_t column = 0; column < sheet.headings.size(); ++column) {
      worksheet_write_string(worksheet, 0, static_cast<lxw_col_t>(column), sheet.headings[column].c_str(), bold);
    }
    for (size_t row = 0; row < sheet.rows.size(); ++row) {
      for (size_t column = 0; column < sheet.rows[row].size(); ++column) {
        const ExportCell& cell = sheet.rows[row][column];
        const auto at_row = static_cast<lxw_row_t>(row + 1);
        const auto at_column = static_cast<lxw_col_t>(column);
        if (!cell.number) {
          // Written as a text cell, which this format never takes for a formula.
          worksheet_write_string(worksheet, at_row, at_column, cell.text.c_str(), nullptr);
        } else if (!cell.text.empty()) {
          double value = 0;
          std::from_chars(cell.text.data(), cell.text.data() + cell.text.size(), value);
          worksheet_write_number(worksheet, at_row, at_column, value, nullptr);
        }
      }
    }
  }
  if (const lxw_error error = workbook_close(workbook); error != LXW_NO_ERROR) {
    throw std::runtime_error(std::string("an export failed: ") + lxw_strerror(error));
  }
  return file.Content();
}

}  // namespace mes::services
