#include "services/passport_facts.h"

#include <charconv>

namespace mes::services {
namespace {

using Json = nlohmann::json;
using domain::Reason;

constexpr size_t kMostNames = 50;

std::string Joined(const std::set<std::string>& names) {
  std::string text;
  size_t count = 0;
  for (const std::string& name : names) {
    if (count++ == kMostNames) return text + " and " + std::to_string(names.size() - kMostNames) + " more";
    text += (text.empty() ? "" : " ") + name;
  }
  return text;
}

double NumberIn(const std::string& text) {
  double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Json ValueOf(const domain::PassportAttribute& attribute, const std::string& value, LinkStyle style) {
  switch (attribute.type) {
    case domain::FactType::kNumber:
      return NumberIn(value);
    case domain::FactType::kWhole:
      return static_cast<int64_t>(NumberIn(value));
    case domain::FactType::kLink:
      if (style == LinkStyle::kBare) return value;
      return Json::array({{{"content", value}, {"contentType", "URL"}, {"header", std::string(attribute.label)}}});
    default:
      return value;
  }
}

}  // namespace

const domain::PassportEntry* DocumentFacts::Find(std::string_view attribute, std::string_view subject) const {
  const domain::PassportEntry* entry = domain::FindEntry(entries_, attribute, subject);
  return entry == nullptr || entry->value.empty() ? nullptr : entry;
}

const domain::PassportEntry* DocumentFacts::Ask(const std::string& attribute, const std::string& subject) {
  const domain::PassportAttribute* known = domain::FindAttribute(attribute);
  if (known == nullptr) throw std::logic_error("a document asks for " + attribute + ", which is no attribute");
  const std::string name = subject.empty() ? attribute : attribute + "/" + subject;
  // Without the subject: that there is such a substance in it is not for everybody either.
  if (!domain::MayRead(tiers_, known->access)) hidden_.insert(attribute);
  const domain::PassportEntry* entry = Find(attribute, subject);
  if (entry == nullptr) missing_.insert(name);
  return entry;
}

bool DocumentFacts::MayTell(std::string_view attribute) const {
  const domain::PassportAttribute* known = domain::FindAttribute(attribute);
  return known == nullptr || domain::MayRead(tiers_, known->access);
}

bool DocumentFacts::Knows(std::string_view attribute, std::string_view subject) const { return Find(attribute, subject) != nullptr; }

Json DocumentFacts::Of(const std::string& attribute, const std::string& subject) {
  const domain::PassportEntry* entry = Ask(attribute, subject);
  return entry == nullptr ? Json() : ValueOf(*domain::FindAttribute(attribute), entry->value, style_);
}

Json DocumentFacts::BareOf(const std::string& attribute) {
  const domain::PassportEntry* entry = Ask(attribute, "");
  return entry == nullptr ? Json() : Json(entry->value);
}

Json DocumentFacts::TimeOf(const std::string& attribute) {
  const domain::PassportEntry* entry = Ask(attribute, "");
  if (entry == nullptr || !entry->observe_time) return {};
  return domain::FormatTime(*entry->observe_time);
}

double DocumentFacts::NumberOf(const std::string& attribute, const std::string& subject) {
  const domain::PassportEntry* entry = Ask(attribute, subject);
  return entry == nullptr ? 0 : NumberIn(entry->value);
}

std::vector<std::string> DocumentFacts::SubjectsOf(const std::string& attribute) {
  if (!MayTell(attribute)) hidden_.insert(attribute);
  std::vector<std::string> subjects;
  for (const domain::PassportEntry& entry : entries_) {
    if (entry.attribute == attribute && !entry.value.empty() && !entry.subject.empty()) subjects.push_back(entry.subject);
  }
  if (subjects.empty()) missing_.insert(attribute);
  return subjects;
}

Json DocumentFacts::SourceOf(std::string_view source) {
  if (source.starts_with('=')) return std::string(source.substr(1));
  if (source.starts_with('$')) {
    const auto given = given_.find(std::string(source.substr(1)));
    return given == given_.end() ? Json() : given->second;
  }
  if (const size_t at = source.find('@'); at != std::string_view::npos) {
    const std::string name(source.substr(0, at));
    return source.substr(at) == "@bare" ? BareOf(name) : TimeOf(name);
  }
  const size_t slash = source.find('/');
  return Of(std::string(source.substr(0, slash)), slash == std::string_view::npos ? "" : std::string(source.substr(slash + 1)));
}

void DocumentFacts::Fill(Json& document, std::span<const FactSlot> slots) {
  for (const FactSlot& slot : slots) {
    std::string_view source = slot.source;
    if (source.starts_with('?')) {
      source.remove_prefix(1);
      const std::string_view name = source.substr(0, source.find_first_of("@/"));
      const size_t slash = source.find('/');
      const std::string_view subject = slash == std::string_view::npos ? "" : source.substr(slash + 1);
      const bool told = source.starts_with('$') ? given_.contains(std::string(source.substr(1))) : Knows(name, subject) && MayTell(name);
      if (!told) continue;
    }
    document[Json::json_pointer(slot.pointer)] = SourceOf(source);
  }
}

domain::Status DocumentFacts::Verdict() const {
  const auto refuse = [](Reason reason, std::string message, const std::set<std::string>& facts) {
    domain::Error error = domain::FieldError(reason, "document", std::move(message));
    error.metadata["facts"] = Joined(facts);
    return domain::Fail(std::move(error));
  };
  if (!hidden_.empty()) {
    return refuse(Reason::kRoleInsufficient, "the document holds what the caller may not see: " + Joined(hidden_), hidden_);
  }
  if (!missing_.empty()) {
    return refuse(Reason::kDocumentUnavailable, "the document needs facts that nobody stated: " + Joined(missing_), missing_);
  }
  const std::vector<std::string> contradictions = domain::ContradictionsIn(entries_);
  if (contradictions.empty()) return {};
  return refuse(Reason::kDocumentUnavailable, "the facts contradict each other: " + contradictions.front(),
                {contradictions.begin(), contradictions.end()});
}

}  // namespace mes::services
