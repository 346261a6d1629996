// A passport's versions: what one says, as bytes that are hashed, and how versions hang together.
//
// Content is the list of entries in canonical bytes: each text with its length before it (four bytes, most significant first), so that no
// two contents have the same bytes. A version's own bytes hold the hash of its content, the hash of the version before it, and the model
// and batch that it belongs to; the version's hash is the SHA-256 of these. Who holds all versions can recompute the chain.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/passport_attribute.h"
#include "domain/time.h"

namespace mes::domain {

// One statement of a passport.
struct PassportEntry {
  std::string attribute;
  // Substance or part; empty for most.
  std::string subject;
  // Empty = unknown.
  std::string value;
  FactBasis basis = FactBasis::kUnknown;
  // Where it comes from: `unit`, `product`, `plant`, `lots`, `genealogy`, `life`; empty = unknown. `lots as maintained` and
  // `genealogy as maintained` where parts were replaced since the unit was built.
  std::string source;
  // When it was so, and by what method; for measurements.
  std::optional<Time> observe_time;
  std::string method;
  std::string evidence;
  bool operator==(const PassportEntry&) const = default;
};

// The bytes that are hashed and kept, and back. Errors: INTERNAL where the bytes are not those of a content.
std::string ContentBytes(const std::vector<PassportEntry>& entries);
Result<std::vector<PassportEntry>> EntriesIn(std::string_view bytes);

struct PassportVersion {
  int32_t version = 0;
  std::string passport_identifier;
  // Hexadecimal SHA-256; `previous_hash` is empty for the first.
  std::string content_hash;
  std::string previous_hash;
  std::string version_hash;
  std::string unit_code;
  std::string product_code;
  int32_t revision = 0;
  std::string batch;
  Time issue_time{};
  std::string person;
};
// What a version's hash is taken of: all but itself.
std::string VersionBytes(const PassportVersion& version);

// What the entries say against each other: one sentence each, with the attributes' names. Empty = nothing.
std::vector<std::string> ContradictionsIn(const std::vector<PassportEntry>& entries);

// What the later entries say otherwise, by name: `ATTRIBUTE` or `ATTRIBUTE/SUBJECT`, in their order; what is no more told last.
std::vector<std::string> ChangesBetween(const std::vector<PassportEntry>& before, const std::vector<PassportEntry>& after);

// Those that the view shows.
std::vector<PassportEntry> EntriesFor(const std::vector<PassportEntry>& entries, PassportTier tier);
// The entry of an attribute and subject; null = none.
const PassportEntry* FindEntry(const std::vector<PassportEntry>& entries, std::string_view attribute, std::string_view subject = "");

}  // namespace mes::domain
