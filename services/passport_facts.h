// Facts on their way into a document: each that a schema wants is asked for here, typed as its attribute is, and what is missing or not
// for the caller's eyes is noted; Verdict says it all at once. Documents are tables of places (JSON pointers) and facts.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "domain/passport.h"
#include "domain/result.h"

namespace mes::services {

// Where a fact stands in a document. `source` is an attribute's name with these marks:
//   `=text`           the text itself
//   `$name`           what the document's maker gave under this name
//   `name@time`       when it was so
//   `name@bare`       an address alone, in a document that describes its links
//   `name/SUBSTANCE`  of one subject
//   `?...`            left out where it is not known, or not for the caller's eyes
struct FactSlot {
  const char* pointer;
  const char* source;
};

// How addresses are written: as a list of one described document (Catena-X), or bare (Battery Pass).
enum class LinkStyle { kDescribed, kBare };

class DocumentFacts {
 public:
  DocumentFacts(std::vector<domain::PassportEntry> entries, std::vector<domain::PassportTier> tiers, LinkStyle style)
      : entries_(std::move(entries)), tiers_(std::move(tiers)), style_(style) {}

  // Under `$name`.
  void Give(const std::string& name, nlohmann::json value) { given_[name] = std::move(value); }
  // Whether it is known, without asking for it.
  bool Knows(std::string_view attribute, std::string_view subject = "") const;
  // Whether the caller's tiers show it.
  bool MayTell(std::string_view attribute) const;
  // The fact as the document writes it; null where it is missing.
  nlohmann::json Of(const std::string& attribute, const std::string& subject = "");
  // The address alone.
  nlohmann::json BareOf(const std::string& attribute);
  // When it was so, RFC 3339.
  nlohmann::json TimeOf(const std::string& attribute);
  // The number alone; 0 where it is missing.
  double NumberOf(const std::string& attribute, const std::string& subject = "");
  // Subjects of an attribute that are known, in order; missing where there is none.
  std::vector<std::string> SubjectsOf(const std::string& attribute);
  // Notes that this fact is needed.
  void Miss(const std::string& fact) { missing_.insert(fact); }
  // Puts every slot's fact in its place.
  void Fill(nlohmann::json& document, std::span<const FactSlot> slots);

  // Errors: ROLE_INSUFFICIENT with `facts` (something in it is not for the caller), DOCUMENT_UNAVAILABLE with `facts` (missing ones, by
  // name, at most 50) or with what the facts say against each other.
  domain::Status Verdict() const;

 private:
  const domain::PassportEntry* Find(std::string_view attribute, std::string_view subject) const;
  const domain::PassportEntry* Ask(const std::string& attribute, const std::string& subject);
  nlohmann::json SourceOf(std::string_view source);

  std::vector<domain::PassportEntry> entries_;
  std::vector<domain::PassportTier> tiers_;
  LinkStyle style_;
  std::map<std::string, nlohmann::json> given_;
  std::set<std::string> missing_;
  std::set<std::string> hidden_;
};

}  // namespace mes::services
