#include "services/plan_files.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>

#include "domain/limits.h"
#include "services/json_reader.h"

namespace mes::services {
namespace {

using domain::PlanFault;
using domain::PlanRow;

constexpr std::array<std::string_view, 4> kColumns = {"month", "product", "quantity", "uom"};
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kFormulaStarts = "=+-@";

// The first byte that is no UTF-8 (RFC 3629) or is NUL; the length = none.
size_t FindBadByte(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto at = [&](size_t j) { return static_cast<unsigned char>(j < text.size() ? text[j] : 0); };
    const unsigned char first = at(i);
    const size_t more = first < 0x80                    ? 0
                        : first >= 0xC2 && first < 0xE0 ? 1
                        : first >= 0xE0 && first < 0xF0 ? 2
                        : first >= 0xF0 && first < 0xF5 ? 3
                                                        : 9;
    if (more == 9 || first == 0) return i;
    for (size_t j = 1; j <= more; ++j) {
      if (at(i + j) < 0x80 || at(i + j) > 0xBF) return i;
    }
    const bool overlong = (first == 0xE0 && at(i + 1) < 0xA0) || (first == 0xF0 && at(i + 1) < 0x90);
    const bool outside = (first == 0xED && at(i + 1) > 0x9F) || (first == 0xF4 && at(i + 1) > 0x8F);
    if (overlong || outside) return i;
    i += more + 1;
  }
  return text.size();
}

int32_t LineAt(std::string_view text, size_t position) {
  return static_cast<int32_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n')) + 1;
}

std::optional<PlanFault> CheckBytes(std::string_view content) {
  const size_t bad = FindBadByte(content);
  if (bad == content.size()) return std::nullopt;
  return PlanFault{LineAt(content, bad), "", "the file is not text in UTF-8"};
}

struct CsvRecord {
  int32_t line = 0;
  std::vector<std::string> fields;
};

// RFC 4180; lines may end in CR LF or LF. Empty lines are no records.
class CsvReader {
 public:
  CsvReader(std::string_view content, std::vector<PlanFault>& faults) : content_(content), faults_(faults) {
    if (content_.starts_with(kByteOrderMark)) content_.remove_prefix(kByteOrderMark.size());
  }

  std::optional<CsvRecord> Next() {
    for (;;) {
      if (at_ >= content_.size()) return std::nullopt;
      CsvRecord record;
      record.line = line_;
      const size_t begin = at_;
      while (ReadField(record.fields.emplace_back())) {
      }
      const bool empty = record.fields.size() == 1 && record.fields[0].empty() && content_[begin] != '"';
      if (!empty) return record;
    }
  }

 private:
  // True: another field follows in the record.
  bool ReadField(std::string& field) {
    const bool quoted = at_ < content_.size() && content_[at_] == '"';
    const int32_t begin = line_;
    if (quoted) ++at_;
    bool closed = !quoted;
    while (at_ < content_.size()) {
      const char c = content_[at_++];
      if (c == '\n') ++line_;
      if (quoted && !closed) {
        if (c != '"') {
          field += c;
        } else if (at_ < content_.size() && content_[at_] == '"') {
          field += content_[at_++];
        } else {
          closed = true;
        }
        continue;
      }
      if (c == ',') return true;
      if (c == '\n') return false;
      if (c == '\r' && (at_ >= content_.size() || content_[at_] == '\n')) continue;
      if (quoted || c == '"') {
        if (begin != told_)
          faults_.push_back({begin, "", "a quotation mark stands within a field: double it and quote the whole field"});
        told_ = begin;
      }
      field += c;
    }
    if (!closed) faults_.push_back({begin, "", "a quoted field has no end"});
    return false;
  }

  std::string_view content_;
  std::vector<PlanFault>& faults_;
  size_t at_ = 0;
  int32_t line_ = 1;
  int32_t told_ = 0;
};

std::string Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (text.size() > 1 && text[0] == '\'' && kFormulaStarts.find(text[1]) != std::string_view::npos) text.remove_prefix(1);
  return std::string(text);
}

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

// Where each column stands; -1 = not there.
std::array<int, kColumns.size()> FindColumns(const CsvRecord& heading, std::vector<PlanFault>& faults) {
  std::array<int, kColumns.size()> places;
  places.fill(-1);
  for (size_t i = 0; i < heading.fields.size(); ++i) {
    const std::string name = Lower(Trimmed(heading.fields[i]));
    const auto column = std::find(kColumns.begin(), kColumns.end(), name);
    if (column == kColumns.end()) continue;
    int& place = places[static_cast<size_t>(column - kColumns.begin())];
    if (place >= 0) faults.push_back({heading.line, name, "the heading names this column twice"});
    place = static_cast<int>(i);
  }
  for (size_t i = 0; i < 3; ++i) {
    if (places[i] < 0) faults.push_back({heading.line, std::string(kColumns[i]), "the heading does not name this column"});
  }
  return places;
}

// Lines of a JSON document's members, by pointer.
class JsonLines {
 public:
  explicit JsonLines(std::string_view content) {
    struct Level {
      bool list = false;
      size_t index = 0;
      std::string key;
    };
    size_t read = 0;
    std::vector<Level> levels;
    const auto pointer = [&] {
      std::string text;
      for (const Level& level : levels) text += "/" + (level.list ? std::to_string(level.index) : level.key);
      return text;
    };
    const auto next = [&] {
      if (!levels.empty() && levels.back().list) ++levels.back().index;
    };
    size_t counted = 0;
    int32_t line = 1;
    const auto note = [&] {
      line += static_cast<int32_t>(std::count(content.begin() + static_cast<std::ptrdiff_t>(counted),
                                              content.begin() + static_cast<std::ptrdiff_t>(std::max(counted, read)), '\n'));
      counted = std::max(counted, read);
      lines_.emplace(pointer(), line);
    };
    const Json::parser_callback_t follow = [&](int, Json::parse_event_t event, Json& parsed) {
      using Event = Json::parse_event_t;
      if (event == Event::object_start || event == Event::array_start) {
        note();
        levels.push_back({event == Event::array_start, 0, ""});
      } else if (event == Event::object_end || event == Event::array_end) {
        levels.pop_back();
        next();
      } else if (event == Event::key) {
        levels.back().key = parsed.get<std::string>();
        note();
      } else {
        note();
        next();
      }
      return true;
    };
    const Json ignored = Json::parse(Counting{content.data(), &read, content.data()},
                                     Counting{content.data() + content.size(), &read, content.data()}, follow);
  }

  // Of the member, or of the innermost one around it that is there.
  int32_t Of(std::string pointer) const {
    for (;;) {
      if (const auto line = lines_.find(pointer); line != lines_.end()) return line->second;
      if (pointer.empty()) return 1;
      pointer.resize(pointer.rfind('/'));
    }
  }

 private:
  // Tells how far the parser has read.
  struct Counting {
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;
    const char* at;
    size_t* read;
    const char* begin;
    const char& operator*() const { return *at; }
    Counting& operator++() {
      ++at;
      *read = static_cast<size_t>(at - begin);
      return *this;
    }
    bool operator==(const Counting& other) const { return at == other.at; }
    bool operator!=(const Counting& other) const { return at != other.at; }
  };

  std::map<std::string, int32_t> lines_;
};

// Digits of an RFC 3339 instant as the plant day's month; empty = it is none.
std::string MonthOfTime(std::string_view text, const domain::TimeZone& zone) {
  const auto number = [&](size_t at, size_t length, int& value) {
    if (text.size() < at + length) return false;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + length, value);
    return error == std::errc() && end == text.data() + at + length && value >= 0;
  };
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const bool date = number(0, 4, year) && number(5, 2, month) && number(8, 2, day) && text[4] == '-' && text[7] == '-' &&
                    year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
  if (!date) return "";
  const domain::Day start = domain::DayOf(year, static_cast<unsigned>(month), static_cast<unsigned>(day));
  // A bare date or local time is plant time.
  if (text.size() == 10) return domain::FormatMonth(domain::MonthOfDay(start));
  if (text[10] != 'T' || !number(11, 2, hour) || !number(14, 2, minute) || !number(17, 2, second)) return "";
  size_t at = 19;
  if (at < text.size() && text[at] == '.') {
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9';) ++at;
  }
  int64_t seconds = int64_t{start} * domain::kSecondsPerDay + hour * 3600 + minute * 60 + second;
  if (at == text.size()) {
    seconds -= zone.OffsetAt(domain::Time(std::chrono::seconds(seconds)));
  } else if (text.substr(at) != "Z") {
    int hours = 0, minutes = 0;
    if (text.size() != at + 6 || (text[at] != '+' && text[at] != '-') || !number(at + 1, 2, hours) || !number(at + 4, 2, minutes))
      return "";
    seconds -= (text[at] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
  }
  return domain::FormatMonth(domain::MonthOfDay(domain::PlantDayOf(domain::Time(std::chrono::seconds(seconds)), zone)));
}

// A value of B2MML's JSON form: itself, under `$`, or the first of a list.
std::string ValueText(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  if (value.is_object() && value.contains("$")) return ValueText(value.at("$"));
  if (value.is_array() && value.size() == 1) return ValueText(value.at(0));
  return "";
}

class ScheduleReader {
 public:
  ScheduleReader(const Json& document, const JsonLines& lines, const domain::TimeZone& zone, PlanFileReading& reading)
      : document_(document), lines_(lines), zone_(zone), reading_(reading) {}

  void Read() {
    const bool wrapped = document_.is_object() && document_.contains("OperationsSchedule");
    const std::string path = wrapped ? "/OperationsSchedule" : "";
    const Json& schedule = wrapped ? document_.at("OperationsSchedule") : document_;
    if (!schedule.is_object() || !schedule.contains("OperationsRequest")) {
      return Fault(path, "this is no ISA-95 operations schedule: it has no OperationsRequest");
    }
    Each(schedule, path, "OperationsRequest", [&](const Json& request, const std::string& at) {
      if (!request.is_object() || !request.contains("SegmentRequirement"))
        return Fault(at, "the request has no SegmentRequirement");
      Each(request, at, "SegmentRequirement",
           [&](const Json& segment, const std::string& place) { ReadSegment(segment, place); });
    });
  }

 private:
  void Fault(const std::string& pointer, std::string problem) {
    if (reading_.faults.size() < kMaxFaultsKept) reading_.faults.push_back({lines_.Of(pointer), pointer, std::move(problem)});
  }

  template <typename Do>
  void Each(const Json& parent, const std::string& path, const char* key, const Do& each) {
    const auto member = parent.find(key);
    if (member == parent.end()) return;
    const std::string at = path + "/" + key;
    // XML knows no lists: one element may come bare.
    if (member->is_object()) return each(*member, at);
    if (!member->is_array()) return Fault(at, "a list was expected");
    for (size_t i = 0; i < member->size(); ++i) each(member->at(i), at + "/" + std::to_string(i));
  }

  void ReadSegment(const Json& segment, const std::string& at) {
    if (!segment.is_object()) return Fault(at, "an object was expected");
    std::string month;
    const std::string time_at = at + "/EarliestStartTime";
    if (const auto time = segment.find("EarliestStartTime"); time == segment.end()) {
      Fault(at, "the segment has no EarliestStartTime: which month is meant?");
    } else {
      month = MonthOfTime(ValueText(*time), zone_);
      if (month.empty()) Fault(time_at, "this is no time of the form 2027-01-01T08:00:00+08:00");
    }
    const size_t rows_before = reading_.rows.size();
    const auto add = [&](const Json& requirement, const std::string& place) {
      if (!requirement.is_object()) return Fault(place, "an object was expected");
      PlanRow& row = reading_.rows.emplace_back();
      row.line = lines_.Of(place);
      row.month = month;
      row.month_field = time_at;
      row.product_field = place + "/MaterialDefinitionID";
      row.quantity_field = place + "/Quantity/0/QuantityString";
      row.uom_field = place + "/Quantity/0/UnitOfMeasure";
      if (const auto id = requirement.find("MaterialDefinitionID"); id != requirement.end()) row.product_code = ValueText(*id);
      if (const auto quantity = requirement.find("Quantity"); quantity != requirement.end()) {
        const Json& first = quantity->is_array() && !quantity->empty() ? quantity->at(0) : *quantity;
        if (first.is_object() && first.contains("QuantityString")) row.quantity = ValueText(first.at("QuantityString"));
        if (first.is_object() && first.contains("UnitOfMeasure")) row.uom = ValueText(first.at("UnitOfMeasure"));
      }
      // A month that is wrong was told of the segment once.
      if (month.empty()) reading_.rows.pop_back();
    };
    Each(segment, at, "MaterialRequirement", [&](const Json& requirement, const std::string& place) {
      const auto use = requirement.is_object() ? requirement.find("MaterialUse") : requirement.end();
      if (use != requirement.end() && ValueText(*use) == "Produced") add(requirement, place);
    });
    Each(segment, at, "MaterialProducedRequirement", add);
    if (!month.empty() && reading_.rows.size() == rows_before) {
      Fault(at, "the segment has no MaterialRequirement of use Produced: it plans nothing");
    }
  }

  const Json& document_;
  const JsonLines& lines_;
  const domain::TimeZone& zone_;
  PlanFileReading& reading_;
};

}  // namespace

PlanFileReading ReadPlanCsv(std::string_view content) {
  PlanFileReading reading;
  if (const auto fault = CheckBytes(content)) {
    reading.faults.push_back(*fault);
    return reading;
  }
  CsvReader csv(content, reading.faults);
  const std::optional<CsvRecord> heading = csv.Next();
  if (!heading) {
    reading.faults.push_back({1, "", "the file is empty"});
    return reading;
  }
  const auto places = FindColumns(*heading, reading.faults);
  if (!reading.faults.empty()) return reading;
  while (const std::optional<CsvRecord> record = csv.Next()) {
    if (record->fields.size() != heading->fields.size()) {
      reading.faults.push_back({record->line, "",
                                "the line has " + std::to_string(record->fields.size()) + " fields, the heading " +
                                    std::to_string(heading->fields.size())});
      continue;
    }
    const auto field = [&](size_t column) {
      return places[column] < 0 ? std::string() : Trimmed(record->fields[static_cast<size_t>(places[column])]);
    };
    PlanRow& row = reading.rows.emplace_back();
    row.line = record->line;
    row.month = field(0);
    row.product_code = field(1);
    row.quantity = field(2);
    row.uom = field(3);
    if (reading.rows.size() > domain::kMaxPlanRows) return reading;
  }
  return reading;
}

PlanFileReading ReadPlanJson(std::string_view content, const domain::TimeZone& zone) {
  PlanFileReading reading;
  if (const auto fault = CheckBytes(content)) {
    reading.faults.push_back(*fault);
    return reading;
  }
  std::vector<domain::PlantFault> faults;
  const std::optional<Json> document = ParseJson("", content, faults);
  if (!document) {
    for (const domain::PlantFault& fault : faults) reading.faults.push_back({1, fault.path, fault.problem});
    return reading;
  }
  const JsonLines lines(content);
  ScheduleReader(*document, lines, zone, reading).Read();
  return reading;
}

}  // namespace mes::services
