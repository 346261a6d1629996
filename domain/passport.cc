#include "domain/passport.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace mes::domain {
namespace {

constexpr std::string_view kContentMark = "mes passport content 1";
constexpr std::string_view kVersionMark = "mes passport version 1";

void Append(std::string& bytes, std::string_view text) {
  const auto size = static_cast<uint32_t>(text.size());
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>((size >> shift) & 0xff);
  bytes += text;
}

// Reads what Append wrote; nothing once the bytes do not fit.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : bytes_(bytes) {}
  std::string Next() {
    if (bytes_.size() < 4) return Broken();
    uint32_t size = 0;
    for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(bytes_[static_cast<size_t>(i)]);
    if (bytes_.size() - 4 < size) return Broken();
    std::string text(bytes_.substr(4, size));
    bytes_.remove_prefix(4 + size);
    return text;
  }
  bool more() const { return !broken_ && !bytes_.empty(); }
  bool broken() const { return broken_; }

 private:
  std::string Broken() {
    broken_ = true;
    return "";
  }
  std::string_view bytes_;
  bool broken_ = false;
};

int64_t NumberIn(const std::string& text) {
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::optional<double> ValueOf(const std::vector<PassportEntry>& entries, std::string_view attribute) {
  const PassportEntry* entry = FindEntry(entries, attribute);
  if (entry == nullptr || entry->value.empty()) return std::nullopt;
  double number = 0;
  const auto [end, fault] = std::from_chars(entry->value.data(), entry->value.data() + entry->value.size(), number);
  return fault == std::errc() ? std::optional<double>(number) : std::nullopt;
}

}  // namespace

std::string ContentBytes(const std::vector<PassportEntry>& entries) {
  std::string bytes;
  Append(bytes, kContentMark);
  for (const PassportEntry& entry : entries) {
    Append(bytes, entry.attribute);
    Append(bytes, entry.subject);
    Append(bytes, entry.value);
    Append(bytes, NameOf(entry.basis));
    Append(bytes, entry.source);
    Append(bytes, entry.observe_time ? std::to_string(ToMicros(*entry.observe_time)) : "");
    Append(bytes, entry.method);
    Append(bytes, entry.evidence);
  }
  return bytes;
}

Result<std::vector<PassportEntry>> EntriesIn(std::string_view bytes) {
  Fields fields(bytes);
  std::vector<PassportEntry> entries;
  bool known = fields.Next() == kContentMark;
  while (known && fields.more()) {
    PassportEntry& entry = entries.emplace_back();
    entry.attribute = fields.Next();
    entry.subject = fields.Next();
    entry.value = fields.Next();
    const std::string basis = fields.Next();
    known = false;
    for (const FactBasis each :
         {FactBasis::kUnknown, FactBasis::kMeasured, FactBasis::kComputed, FactBasis::kDeclared, FactBasis::kRecorded}) {
      if (NameOf(each) != basis) continue;
      entry.basis = each;
      known = true;
    }
    entry.source = fields.Next();
    const std::string time = fields.Next();
    if (!time.empty()) entry.observe_time = FromMicros(NumberIn(time));
    entry.method = fields.Next();
    entry.evidence = fields.Next();
  }
  if (known && !fields.broken()) return entries;
  return Fail(Error{Reason::kInternal, "the stored content of a passport cannot be read", {}});
}

std::string VersionBytes(const PassportVersion& version) {
  std::string bytes;
  Append(bytes, kVersionMark);
  Append(bytes, version.passport_identifier);
  Append(bytes, std::to_string(version.version));
  Append(bytes, version.previous_hash);
  Append(bytes, version.content_hash);
  Append(bytes, version.unit_code);
  Append(bytes, version.product_code);
  Append(bytes, std::to_string(version.revision));
  Append(bytes, version.batch);
  Append(bytes, std::to_string(ToMicros(version.issue_time)));
  Append(bytes, version.person);
  return bytes;
}

std::vector<std::string> ContradictionsIn(const std::vector<PassportEntry>& entries) {
  std::vector<std::string> found;
  const auto at_most = [&](std::string_view low, std::string_view high) {
    const auto small = ValueOf(entries, low), large = ValueOf(entries, high);
    if (small && large && *small > *large) found.push_back(std::string(low) + " is above " + std::string(high));
  };
  at_most("voltage_minimum", "voltage_nominal");
  at_most("voltage_nominal", "voltage_maximum");
  at_most("voltage_minimum", "voltage_maximum");
  at_most("idle_temperature_minimum", "idle_temperature_maximum");
  at_most("round_trip_efficiency_half_life", "round_trip_efficiency");
  at_most("mass_total", "gross_mass");
  at_most("volume", "gross_volume");
  const auto not_after = [&](std::string_view first, std::string_view second) {
    const PassportEntry *before = FindEntry(entries, first), *after = FindEntry(entries, second);
    if (before == nullptr || after == nullptr || before->value.empty() || after->value.empty()) return;
    if (before->value.substr(0, 10) > after->value.substr(0, 10)) {
      found.push_back(std::string(first) + " is after " + std::string(second));
    }
  };
  not_after("manufacturing_date", "passport_expiration");
  not_after("manufacturing_date", "warranty_end");
  for (const PassportEntry& entry : entries) {
    if (entry.attribute != "recycled_pre_consumer" || entry.value.empty()) continue;
    const PassportEntry* post = FindEntry(entries, "recycled_post_consumer", entry.subject);
    if (post == nullptr || post->value.empty()) continue;
    if (std::stod(entry.value) + std::stod(post->value) > 100.000001) {
      found.push_back("recycled_pre_consumer and recycled_post_consumer of " + entry.subject + " are above 100 % together");
    }
  }
  return found;
}

std::vector<std::string> ChangesBetween(const std::vector<PassportEntry>& before, const std::vector<PassportEntry>& after) {
  using Name = std::pair<std::string_view, std::string_view>;
  std::map<Name, const PassportEntry*> known;
  for (const PassportEntry& entry : before) known[{entry.attribute, entry.subject}] = &entry;
  std::vector<std::string> changes;
  const auto name = [&](const Name& of) {
    changes.push_back(std::string(of.first) + (of.second.empty() ? "" : "/" + std::string(of.second)));
  };
  for (const PassportEntry& entry : after) {
    const auto found = known.find({entry.attribute, entry.subject});
    if (found == known.end() || *found->second != entry) name({entry.attribute, entry.subject});
    if (found != known.end()) known.erase(found);
  }
  for (const auto& [of, entry] : known) name(of);
  return changes;
}

std::vector<PassportEntry> EntriesFor(const std::vector<PassportEntry>& entries, PassportTier tier) {
  std::vector<PassportEntry> shown;
  std::copy_if(entries.begin(), entries.end(), std::back_inserter(shown), [&](const PassportEntry& entry) {
    const PassportAttribute* attribute = FindAttribute(entry.attribute);
    // An attribute that this release does not know is kept from everybody rather than shown to all.
    return attribute != nullptr && Shows(tier, attribute->access);
  });
  return shown;
}

const PassportEntry* FindEntry(const std::vector<PassportEntry>& entries, std::string_view attribute, std::string_view subject) {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const PassportEntry& entry) {
    return entry.attribute == attribute && entry.subject == subject;
  });
  return found == entries.end() ? nullptr : &*found;
}

}  // namespace mes::domain
