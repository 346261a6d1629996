// How answers look: tables that fit 80 columns, times, amounts and shares as text, and the JSON of --json. Everything that came
// from outside passes OneLine, so that no name or reason can move the terminal's cursor or break a line.
#pragma once

#include <google/protobuf/message.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mes/v1/common.pb.h"

namespace google::protobuf {
class Timestamp;
}

namespace mes::mesctl {

// The message on one line, in the proto3 JSON mapping with the field names of the .proto files; fields at their default are
// there too.
std::string Json(const google::protobuf::Message& message);
// Json to stdout, one line.
void PrintJson(const google::protobuf::Message& message);

// Control characters become spaces.
std::string OneLine(std::string_view text);
// Columns on a terminal: ideographs, kana, hangul and full-width forms take two, combining marks none.
size_t DisplayWidth(std::string_view text);

// `2026-11-20T08:00:00Z`, with a fraction where there is one; empty where the time is not set.
std::string Text(const google::protobuf::Timestamp& time);
// `4.347 kg`; empty where it is not set.
std::string Text(const v1::Quantity& quantity);
// An enum's value without its type's prefix, in lower case with hyphens: `on-hold`. Empty for 0.
std::string EnumText(const google::protobuf::EnumDescriptor& type, int value);
// All values but 0, for option checks.
std::vector<std::string> EnumChoices(const google::protobuf::EnumDescriptor& type);
// The value of a choice, 0 where there is none.
int EnumValue(const google::protobuf::EnumDescriptor& type, const std::string& choice);

// The share as a percentage with at most two decimals. Rounded, but only all shows as `100 %` and only none as `0 %`: 99.996 %
// is `99.99 %`. `-` where nothing was counted.
std::string Percent(int64_t part, int64_t whole);
// The same for a planned share between 0 and 1.
std::string Percent(double share);

// Reads RFC 3339 with a zone, for example `2026-11-20T08:00:00+08:00`; ends with a usage error that names the option otherwise.
google::protobuf::Timestamp ParseTime(const std::string& option, const std::string& text);

// Rows under headings, columns as wide as their content. The last column wraps at words so that lines keep to the terminal's
// width (80 where it is not known); a row is never cut. A heading that begins with `>` is a column of numbers: aligned to the
// right.
class Table {
 public:
  Table(std::initializer_list<std::string> headings);
  void Row(std::vector<std::string> cells);
  bool empty() const {
    return rows_.empty();
  }
  // To stdout; nothing but `none` where there is no row.
  void Print() const;

 private:
  std::vector<std::string> headings_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

// Labelled lines, one per field that is not empty: `state       released`.
class Fields {
 public:
  void Add(const std::string& label, const std::string& value);
  void Print() const;

 private:
  std::vector<std::pair<std::string, std::string>> lines_;
};

// Text at an indent, wrapped at words to the terminal's width; later lines are indented two more.
void PrintWrapped(size_t indent, const std::string& text);
// Every refusal: code, sentence, evidence, and who may release it.
void PrintRefusals(const google::protobuf::RepeatedPtrField<v1::Refusal>& refusals, size_t indent);

}  // namespace mes::mesctl
