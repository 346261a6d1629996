// Reads a JSON document field by field. Whatever has the wrong shape becomes a fault with its file and JSON pointer, and reading goes
// on with a neutral value, so that one pass lists every fault. It judges types, required fields and bounds of single numbers; what the
// fields mean to each other is the domain's.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "domain/product_definition.h"

namespace mes::services {

// Members sorted by key: not as in the file, but found and added in logarithmic time however many there are.
using Json = nlohmann::json;

// Faults kept; a file that is not a plant's at all could have millions.
inline constexpr size_t kMaxFaultsKept = 20'000;
// Elements of one list or members of one object that are read; far more than any plant has.
inline constexpr size_t kMaxListed = 10'000;

// One value of a document, and where it stands. Only valid while the document lives.
class JsonNode {
 public:
  JsonNode(const Json& value, const std::string& file, std::string pointer, std::vector<domain::PlantFault>& faults)
      : value_(&value), file_(&file), pointer_(std::move(pointer)), faults_(&faults) {}

  const Json& value() const { return *value_; }
  const std::string& pointer() const { return pointer_; }
  // Past kMaxFaultsKept it drops them.
  void Fault(std::string problem) const;

  bool Has(std::string_view key) const;
  // The member; a fault and nothing where it is missing or (in the second) null.
  std::optional<JsonNode> Member(std::string_view key) const;
  // Calls `read` with each element of an array member, or each member and its key of an object member. Its lack is a fault, and so are
  // more than kMaxListed, of which none is then read.
  void Each(std::string_view key, const std::function<void(const JsonNode&)>& read) const;
  void EachMember(std::string_view key, const std::function<void(const std::string&, const JsonNode&)>& read) const;

  // Values of members. Missing (or null) is a fault unless an `otherwise` is given.
  std::string Text(std::string_view key, size_t limit, std::optional<std::string> otherwise = std::nullopt) const;
  int64_t Integer(std::string_view key, int64_t least, int64_t most, std::optional<int64_t> otherwise = std::nullopt) const;
  double Number(std::string_view key, std::optional<double> otherwise = std::nullopt) const;
  bool Flag(std::string_view key, bool otherwise) const;
  // Null and missing are both `none`.
  std::optional<double> OptionalNumber(std::string_view key) const;
  std::optional<int64_t> OptionalInteger(std::string_view key, int64_t least, int64_t most) const;
  // An exact amount, in millionths.
  int64_t Quantity(std::string_view key) const;
  // A text that `parse` knows; `choices` are named in the fault.
  template <typename Enum>
  Enum Choice(std::string_view key, std::optional<Enum> (*parse)(std::string_view), Enum otherwise, std::string_view choices,
              bool required = true) const {
    if (!required && Absent(key)) return otherwise;
    const std::string name = Text(key, 64);
    if (const std::optional<Enum> known = parse(name)) return *known;
    if (IsText(key)) Child(key).Fault("`" + name + "` is unknown: use " + std::string(choices));
    return otherwise;
  }
  // The texts of an array member.
  std::vector<std::string> Texts(std::string_view key, size_t limit, bool required = true) const;

  // This value as a text; a fault where it is none, has control characters or is too long.
  std::string AsText(size_t limit) const;
  // A fault for each member whose key is not among these: a misspelt optional field would otherwise be dropped in silence.
  void AllowOnly(std::initializer_list<std::string_view> keys) const;
  // True: this is an object; else a fault.
  bool IsObject() const;

 private:
  bool Absent(std::string_view key) const;
  bool IsText(std::string_view key) const;
  JsonNode Child(std::string_view key) const;
  JsonNode Child(std::string_view key, const Json& value) const;
  bool IsShort() const;
  const Json* Find(std::string_view key) const;

  const Json* value_;
  const std::string* file_;
  std::string pointer_;
  std::vector<domain::PlantFault>* faults_;
};

// Parses a document. Malformed JSON, a key twice in one object, a NUL character and nesting beyond 32 levels are faults; then nothing.
std::optional<Json> ParseJson(const std::string& file, std::string_view content, std::vector<domain::PlantFault>& faults);

}  // namespace mes::services
