#include "services/mesctl/print.h"

#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "services/mesctl/client.h"

namespace mes::mesctl {

namespace {

constexpr size_t kDefaultWidth = 80;
// A last column is not wrapped narrower than this, even if the line then passes the terminal's width: long codes before it come
// first.
constexpr size_t kLeastWrap = 20;

size_t TerminalWidth() {
  winsize size{};
  if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) return size.ws_col;
  return kDefaultWidth;
}

// The next code point of UTF-8 text; a stray byte counts as one.
char32_t NextCodePoint(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  const size_t length = first < 0x80 ? 1 : (first >> 5) == 6 ? 2 : (first >> 4) == 14 ? 3 : (first >> 3) == 30 ? 4 : 1;
  if (length == 1 || at + length > text.size()) {
    ++at;
    return first;
  }
  char32_t point = first & (0xff >> (length + 1));
  for (size_t i = 1; i < length; ++i) point = (point << 6) | (byte(at + i) & 0x3f);
  at += length;
  return point;
}

// Columns of one code point, after Unicode's East Asian Width (UAX #11), in the blocks that occur in names and reasons.
size_t PointWidth(char32_t point) {
  if (point >= 0x300 && point <= 0x36f) return 0;
  const bool wide =
      (point >= 0x1100 && point <= 0x115f) || (point >= 0x2e80 && point <= 0xa4cf) || (point >= 0xac00 && point <= 0xd7a3) ||
      (point >= 0xf900 && point <= 0xfaff) || (point >= 0xfe30 && point <= 0xfe6f) || (point >= 0xff00 && point <= 0xff60) ||
      (point >= 0xffe0 && point <= 0xffe6) || (point >= 0x1f300 && point <= 0x1faff) || (point >= 0x20000 && point <= 0x3fffd);
  return wide ? 2 : 1;
}

// Lines of at most `width` columns: broken at the last space where there is one, within a word of ideographs anywhere, and
// within a code never.
std::vector<std::string> Wrap(const std::string& text, size_t width) {
  std::vector<std::string> lines;
  size_t start = 0;
  while (start < text.size()) {
    size_t at = start, used = 0, last_break = std::string::npos;
    while (at < text.size()) {
      size_t next = at;
      const char32_t point = NextCodePoint(text, next);
      const size_t wide = PointWidth(point);
      if (point == ' ' || (wide == 2 && at > start)) last_break = at;
      if (used + wide > width && last_break != std::string::npos) break;
      used += wide;
      at = next;
    }
    const size_t end = at >= text.size() ? text.size() : last_break;
    lines.push_back(text.substr(start, end - start));
    start = end;
    while (start < text.size() && text[start] == ' ') ++start;
  }
  if (lines.empty()) lines.emplace_back();
  return lines;
}

std::string Pad(const std::string& text, size_t width, bool right) {
  const size_t used = DisplayWidth(text);
  const std::string gap(used < width ? width - used : 0, ' ');
  return right ? gap + text : text + gap;
}

void PutLine(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  line += '\n';
  fwrite(line.data(), 1, line.size(), stdout);
}

std::string CentiPercent(int64_t hundredths) {
  std::string digits = std::to_string(hundredths / 100);
  if (const int64_t rest = hundredths % 100; rest != 0) {
    digits += '.';
    digits += static_cast<char>('0' + rest / 10);
    if (rest % 10 != 0) digits += static_cast<char>('0' + rest % 10);
  }
  return digits + " %";
}

}  // namespace

std::string Json(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!status.ok())
    Fail(grpc::Status(grpc::StatusCode::INTERNAL, "the answer has no JSON form: " + std::string(status.message())));
  return json;
}

void PrintJson(const google::protobuf::Message& message) {
  const std::string line = Json(message) + "\n";
  fwrite(line.data(), 1, line.size(), stdout);
}

std::string OneLine(std::string_view text) {
  std::string line(text);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return line;
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  for (size_t at = 0; at < text.size();) width += PointWidth(NextCodePoint(text, at));
  return width;
}

std::string Text(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return "";
  return google::protobuf::util::TimeUtil::ToString(time);
}

std::string Text(const v1::Quantity& quantity) {
  if (quantity.value().empty()) return "";
  return OneLine(quantity.uom().empty() ? quantity.value() : quantity.value() + " " + quantity.uom());
}

std::string EnumText(const google::protobuf::EnumDescriptor& type, int value) {
  if (value == 0) return "";
  const auto* known = type.FindValueByNumber(value);
  if (known == nullptr) return std::to_string(value);
  // The prefix is what the zero value has before UNSPECIFIED.
  const size_t prefix = type.FindValueByNumber(0)->name().size() - std::string_view("UNSPECIFIED").size();
  std::string text = known->name().substr(prefix);
  for (char& c : text) c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::vector<std::string> EnumChoices(const google::protobuf::EnumDescriptor& type) {
  std::vector<std::string> choices;
  for (int i = 0; i < type.value_count(); ++i)
    if (const int number = type.value(i)->number(); number != 0) choices.push_back(EnumText(type, number));
  return choices;
}

int EnumValue(const google::protobuf::EnumDescriptor& type, const std::string& choice) {
  for (int i = 0; i < type.value_count(); ++i)
    if (const int number = type.value(i)->number(); number != 0 && EnumText(type, number) == choice) return number;
  return 0;
}

std::string Percent(int64_t part, int64_t whole) {
  if (whole <= 0) return "-";
  int64_t hundredths = static_cast<int64_t>((static_cast<__int128>(part) * 20000 + whole) / (static_cast<__int128>(whole) * 2));
  if (part < whole) hundredths = std::min<int64_t>(hundredths, 9999);
  if (part > 0) hundredths = std::max<int64_t>(hundredths, 1);
  return CentiPercent(hundredths);
}

std::string Percent(double share) {
  if (!(share >= 0) || share > 1) return "-";
  int64_t hundredths = std::llround(share * 10000);
  if (share < 1) hundredths = std::min<int64_t>(hundredths, 9999);
  if (share > 0) hundredths = std::max<int64_t>(hundredths, 1);
  return CentiPercent(hundredths);
}

google::protobuf::Timestamp ParseTime(const std::string& option, const std::string& text) {
  google::protobuf::Timestamp time;
  if (!google::protobuf::util::TimeUtil::FromString(text, &time))
    FailUsage(option + ": '" + text +
              "' is not a time with a zone; write it like 2026-11-20T08:00:00+08:00 or 2026-11-20T00:00:00Z");
  return time;
}

Table::Table(std::initializer_list<std::string> headings) {
  for (const std::string& heading : headings) {
    right_.push_back(heading.starts_with('>'));
    headings_.push_back(right_.back() ? heading.substr(1) : heading);
  }
}

void Table::Row(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = OneLine(cell);
  cells.resize(headings_.size());
  rows_.push_back(std::move(cells));
}

void Table::Print() const {
  if (rows_.empty()) {
    PutLine("none");
    return;
  }
  // A column that is empty in every row says nothing and is left out.
  std::vector<size_t> shown, widths(headings_.size());
  for (size_t column = 0; column < headings_.size(); ++column) {
    for (const auto& row : rows_) widths[column] = std::max(widths[column], DisplayWidth(row[column]));
    if (widths[column] == 0 && column != 0) continue;
    widths[column] = std::max(widths[column], DisplayWidth(headings_[column]));
    shown.push_back(column);
  }
  size_t before = 0;
  for (const size_t column : shown)
    if (column != shown.back()) before += widths[column] + 2;
  const size_t terminal = TerminalWidth();
  const size_t last = terminal > before + kLeastWrap ? terminal - before : kLeastWrap;

  const auto put = [&](const std::vector<std::string>& row) {
    std::string line;
    for (const size_t column : shown)
      if (column != shown.back()) line += Pad(row[column], widths[column], right_[column]) + "  ";
    const size_t tail = shown.back();
    if (right_[tail] || DisplayWidth(row[tail]) <= last) {
      PutLine(line + Pad(row[tail], widths[tail], right_[tail]));
      return;
    }
    for (const std::string& piece : Wrap(row[tail], last)) {
      PutLine(line + piece);
      line.assign(before, ' ');
    }
  };
  put(headings_);
  for (const auto& row : rows_) put(row);
}

void Fields::Add(const std::string& label, const std::string& value) {
  if (!value.empty()) lines_.emplace_back(label, OneLine(value));
}

void Fields::Print() const {
  size_t width = 0;
  for (const auto& [label, value] : lines_) width = std::max(width, label.size());
  const size_t room = std::max(TerminalWidth(), width + 2 + kLeastWrap) - width - 2;
  for (const auto& [label, value] : lines_) {
    std::string head = Pad(label, width, false) + "  ";
    for (const std::string& piece : Wrap(value, room)) {
      PutLine(head + piece);
      head.assign(width + 2, ' ');
    }
  }
}

void PrintWrapped(size_t indent, const std::string& text) {
  std::string head(indent, ' ');
  const size_t room = std::max(TerminalWidth(), indent + 2 + kLeastWrap) - indent - 2;
  for (const std::string& piece : Wrap(OneLine(text), room)) {
    PutLine(head + piece);
    head.assign(indent + 2, ' ');
  }
}

void PrintRefusals(const google::protobuf::RepeatedPtrField<v1::Refusal>& refusals, size_t indent) {
  for (const auto& refusal : refusals) {
    const std::string unit = refusal.unit_code().empty() ? "" : " [" + refusal.unit_code() + "]";
    PrintWrapped(indent, refusal.code() + unit + ": " + refusal.sentence());
    for (const auto& evidence : refusal.evidence())
      PrintWrapped(indent + 4,
                   evidence.kind() + " " + evidence.id() + (evidence.detail().empty() ? "" : ": " + evidence.detail()));
    if (refusal.releasable_by() == "nobody")
      PrintWrapped(indent + 4, "nobody can release it; another action of the station helps");
    else if (!refusal.releasable_by().empty())
      PrintWrapped(indent + 4, "may be released by: " + refusal.releasable_by());
  }
}

}  // namespace mes::mesctl
