#include "services/json_reader.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace mes::services {
namespace {

using domain::PlantFault;

constexpr size_t kMaxDepth = 32;

std::string Escaped(std::string_view key) {
  std::string text;
  for (const char c : key) text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return text;
}

std::string NameOfType(const Json& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean()) return "true or false";
  if (value.is_number()) return "a number";
  if (value.is_string()) return "a text";
  return value.is_array() ? "a list" : "an object";
}

// Follows the parser through a document, to see what the finished tree no longer shows.
class Walk {
 public:
  Walk(const std::string& file, std::vector<PlantFault>& faults) : file_(file), faults_(faults) {}

  bool operator()(int /*depth*/, Json::parse_event_t event, Json& parsed) {
    switch (event) {
      case Json::parse_event_t::object_start:
      case Json::parse_event_t::array_start:
        if (levels_.size() == kMaxDepth) throw std::length_error("too deep");
        levels_.push_back({event == Json::parse_event_t::array_start, 0, {}, {}});
        return true;
      case Json::parse_event_t::object_end:
      case Json::parse_event_t::array_end:
        levels_.pop_back();
        Next();
        return true;
      case Json::parse_event_t::key:
        levels_.back().key = parsed.get<std::string>();
        if (levels_.back().key.find('\0') != std::string::npos) Fault("a key holds a NUL character");
        if (!levels_.back().keys.insert(levels_.back().key).second) Fault("the key appears twice in one object");
        return true;
      case Json::parse_event_t::value:
        if (parsed.is_string() && parsed.get_ref<const std::string&>().find('\0') != std::string::npos) {
          Fault("the text holds a NUL character");
        }
        Next();
        return true;
    }
    return true;
  }

  std::string Pointer() const {
    std::string pointer;
    for (const Level& level : levels_) pointer += "/" + (level.list ? std::to_string(level.index) : Escaped(level.key));
    return pointer;
  }

 private:
  struct Level {
    bool list;
    size_t index;
    std::string key;
    std::set<std::string> keys;
  };
  void Next() {
    if (!levels_.empty() && levels_.back().list) ++levels_.back().index;
  }
  void Fault(const char* problem) {
    if (faults_.size() < kMaxFaultsKept) faults_.push_back({file_, Pointer(), problem});
  }

  const std::string& file_;
  std::vector<PlantFault>& faults_;
  std::vector<Level> levels_;
};

// The parser's message without its own prefix: `line 3, column 7: syntax error ...`.
std::string Problem(const Json::exception& error) {
  const std::string_view text = error.what();
  const size_t at = std::min(text.find("] "), text.size());
  std::string_view rest = text.substr(std::min(at + 2, text.size()));
  for (const std::string_view prefix : {"parse error at ", "parse error: "}) {
    if (rest.starts_with(prefix)) rest.remove_prefix(prefix.size());
  }
  return "the file is not well-formed JSON: " + std::string(rest.substr(0, 300));
}

}  // namespace

std::optional<Json> ParseJson(const std::string& file, std::string_view content, std::vector<PlantFault>& faults) {
  const size_t before = faults.size();
  Walk walk(file, faults);
  try {
    Json document = Json::parse(
        content, [&walk](int depth, Json::parse_event_t event, Json& parsed) { return walk(depth, event, parsed); });
    if (faults.size() > before) return std::nullopt;
    return document;
  } catch (const std::length_error&) {
    faults.push_back({file, walk.Pointer(), "the file nests deeper than " + std::to_string(kMaxDepth) + " levels"});
  } catch (const Json::exception& error) {
    faults.push_back({file, walk.Pointer(), Problem(error)});
  }
  return std::nullopt;
}

const Json* JsonNode::Find(std::string_view key) const {
  if (!value_->is_object()) return nullptr;
  const auto found = value_->find(std::string(key));
  return found == value_->end() ? nullptr : &*found;
}

bool JsonNode::Has(std::string_view key) const { return Find(key) != nullptr; }

bool JsonNode::Absent(std::string_view key) const {
  const Json* member = Find(key);
  return member == nullptr || member->is_null();
}

bool JsonNode::IsText(std::string_view key) const {
  const Json* member = Find(key);
  return member != nullptr && member->is_string();
}

void JsonNode::Fault(std::string problem) const {
  if (faults_->size() < kMaxFaultsKept) faults_->push_back({*file_, pointer_, std::move(problem)});
}

JsonNode JsonNode::Child(std::string_view key, const Json& value) const {
  return JsonNode(value, *file_, pointer_ + "/" + Escaped(key), *faults_);
}

JsonNode JsonNode::Child(std::string_view key) const {
  static const Json null;
  const Json* member = Find(key);
  return Child(key, member ? *member : null);
}

bool JsonNode::IsShort() const {
  if (value_->size() <= kMaxListed) return true;
  Fault("this has " + std::to_string(value_->size()) + " elements, more than " + std::to_string(kMaxListed));
  return false;
}

std::optional<JsonNode> JsonNode::Member(std::string_view key) const {
  JsonNode child = Child(key);
  if (Absent(key)) {
    child.Fault("the field `" + std::string(key) + "` is missing");
    return std::nullopt;
  }
  return child;
}

bool JsonNode::IsObject() const {
  if (value_->is_object()) return true;
  Fault("this must be an object, not " + NameOfType(*value_));
  return false;
}

void JsonNode::Each(std::string_view key, const std::function<void(const JsonNode&)>& read) const {
  const std::optional<JsonNode> list = Member(key);
  if (!list) return;
  if (!list->value().is_array()) return list->Fault("this must be a list, not " + NameOfType(list->value()));
  if (!list->IsShort()) return;
  for (size_t i = 0; i < list->value().size(); ++i) {
    read(JsonNode(list->value()[i], *file_, list->pointer() + "/" + std::to_string(i), *faults_));
  }
}

void JsonNode::EachMember(std::string_view key, const std::function<void(const std::string&, const JsonNode&)>& read) const {
  const std::optional<JsonNode> object = Member(key);
  if (!object || !object->IsObject() || !object->IsShort()) return;
  for (const auto& [name, member] : object->value().items()) read(name, object->Child(name, member));
}

std::string JsonNode::AsText(size_t limit) const {
  if (!value_->is_string()) {
    Fault("this must be a text, not " + NameOfType(*value_));
    return {};
  }
  const std::string& text = value_->get_ref<const std::string&>();
  if (text.size() > limit) {
    Fault("the text has " + std::to_string(text.size()) + " bytes, more than " + std::to_string(limit));
  } else if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; })) {
    Fault("the text holds a control character");
  }
  return text.substr(0, limit);
}

std::string JsonNode::Text(std::string_view key, size_t limit, std::optional<std::string> otherwise) const {
  if (otherwise && Absent(key)) return *otherwise;
  const std::optional<JsonNode> member = Member(key);
  return member ? member->AsText(limit) : std::string();
}

double JsonNode::Number(std::string_view key, std::optional<double> otherwise) const {
  if (otherwise && Absent(key)) return *otherwise;
  const std::optional<JsonNode> member = Member(key);
  if (!member) return 0;
  if (!member->value().is_number()) {
    member->Fault("this must be a number, not " + NameOfType(member->value()));
    return 0;
  }
  const double number = member->value().get<double>();
  if (std::isfinite(number) && std::abs(number) <= 1e30) return number;
  member->Fault("the number is too large: at most 1e30");
  return 0;
}

std::optional<double> JsonNode::OptionalNumber(std::string_view key) const {
  return Absent(key) ? std::nullopt : std::optional<double>(Number(key));
}

int64_t JsonNode::Integer(std::string_view key, int64_t least, int64_t most, std::optional<int64_t> otherwise) const {
  if (otherwise && Absent(key)) return *otherwise;
  const std::optional<JsonNode> member = Member(key);
  const int64_t neutral = otherwise.value_or(least);
  if (!member) return neutral;
  const Json& value = member->value();
  if (!value.is_number()) {
    member->Fault("this must be a whole number, not " + NameOfType(value));
    return neutral;
  }
  // A double compares exactly enough here: bounds are far below 2^53.
  const double number = value.get<double>();
  if (std::floor(number) != number) {
    member->Fault("this must be a whole number, not " + value.dump());
    return neutral;
  }
  if (number >= static_cast<double>(least) && number <= static_cast<double>(most)) return static_cast<int64_t>(number);
  member->Fault("the number must be " + std::to_string(least) + " to " + std::to_string(most) + ", not " + value.dump());
  return neutral;
}

std::optional<int64_t> JsonNode::OptionalInteger(std::string_view key, int64_t least, int64_t most) const {
  return Absent(key) ? std::nullopt : std::optional<int64_t>(Integer(key, least, most));
}

bool JsonNode::Flag(std::string_view key, bool otherwise) const {
  if (Absent(key)) return otherwise;
  const JsonNode member = Child(key);
  if (member.value().is_boolean()) return member.value().get<bool>();
  member.Fault("this must be true or false, not " + NameOfType(member.value()));
  return otherwise;
}

int64_t JsonNode::Quantity(std::string_view key) const {
  const size_t before = faults_->size();
  const double number = Number(key);
  if (faults_->size() > before) return 0;
  constexpr double kMost = 9e9;
  if (number < 0 || number > kMost) {
    Child(key).Fault("the quantity must be 0 to 9,000,000,000");
    return 0;
  }
  // Files hold 6.6000000000000005 where 6.6 is meant; a seventh digit of its own is another matter.
  const double micro = number * static_cast<double>(domain::kMicro);
  const double whole = std::round(micro);
  if (std::abs(micro - whole) > 1e-3) {
    Child(key).Fault("the quantity has more than six fraction digits: " + Child(key).value().dump());
  }
  return static_cast<int64_t>(whole);
}

std::vector<std::string> JsonNode::Texts(std::string_view key, size_t limit, bool required) const {
  std::vector<std::string> texts;
  if (!required && Absent(key)) return texts;
  Each(key, [&](const JsonNode& element) { texts.push_back(element.AsText(limit)); });
  return texts;
}

void JsonNode::AllowOnly(std::initializer_list<std::string_view> keys) const {
  if (!value_->is_object()) return;
  for (const auto& [key, member] : value_->items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) Child(key, member).Fault("the field `" + key + "` is unknown");
  }
}

}  // namespace mes::services
