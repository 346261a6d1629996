// The audit's record: what is kept of each change, of each read of what is not public, and of each commit of facts; and the bytes
// that the chain's hashes are taken of.
//
// Canonical bytes: every field as text in a fixed order, each behind its length in 4 bytes, most significant first; FF FF FF FF
// alone stands for a null. No two contents have the same bytes, and nothing depends on a serialisation's version. Integers are
// decimal, times microseconds since 1970, hashes lower-case hexadecimal.
//   hash of link 0  = SHA-256(fields: "ordos-audit/1", chain id, creation time, earlier facts separated by commas)
//   hash of link n  = SHA-256(hash n-1 in 32 bytes, LinkBytes)
//   a group's hash  = SHA-256(the facts' bytes sorted as bytes, each as one field)
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/time.h"

namespace mes::domain {

// Values are those of mes.v1.AuditKind and of the database.
enum class AuditKind : int16_t { kChange = 1, kRead, kFacts };
// Values are those of mes.v1.ClockQuality and of the database.
enum class ClockQuality : int16_t { kUnknown, kSynchronised, kUnsynchronised };

struct AuditEntry {
  int64_t audit_id = 0;
  AuditKind kind = AuditKind::kChange;
  Time write_time{};
  ClockQuality clock = ClockQuality::kUnknown;
  // The largest error that the kernel reckons with; empty = not known.
  std::optional<int64_t> clock_error_us;
  std::string method;
  // Who; `proved` tells whether the service knows it or was only told.
  std::string caller;
  bool proved = false;
  // What it was about.
  std::string noun;
  std::string noun_id;
  std::string request_id;
  std::string reason;
  // What was so before, where the service knows it, and what was asked for. JSON, or empty.
  std::string old_value;
  std::string new_value;
  // The key that the HMAC is under (KeyIdBytes), kKeyIdBytes long; empty: no key, or from before keys had names.
  std::string key_id;
  // 32 bytes, or empty: the server had no key.
  std::string mac;

  bool operator==(const AuditEntry&) const = default;
};

// Appends a field behind its length.
void AppendField(std::string& bytes, std::string_view field);
void AppendField(std::string& bytes, int64_t field);
void AppendNull(std::string& bytes);

// What an entry's HMAC is taken of: all but its place in the chain and the HMAC itself. A key's id that is empty adds no field, so
// that entries from before there were ids keep their bytes.
std::string EntryBytes(const AuditEntry& entry);
// What its link's hash is taken of, behind the hash before.
std::string LinkBytes(int64_t link, const AuditEntry& entry);
// What the chain begins with.
std::string ChainBytes(std::string_view chain_id, Time create_time, const std::vector<int64_t>& earlier_facts);
// What a head's signature is taken of.
std::string AnchorBytes(std::string_view chain_id, int64_t link, std::string_view hash, Time time);

// A site key's id is the first 8 bytes of the SHA-256 of this.
inline constexpr size_t kKeyIdBytes = 8;
std::string KeyIdBytes(std::string_view public_key);
// What both keys sign when one takes the other's place.
std::string RotationBytes(std::string_view chain_id, std::string_view former_public_key, std::string_view public_key, Time time);

// What the audit itself enters: by these methods and this noun's id they are found again.
inline constexpr std::string_view kRotationMethod = "RotateSiteKey";
inline constexpr std::string_view kCoverMethod = "CoverFacts";
inline constexpr std::string_view kAuditItself = "audit";

// Lower-case hexadecimal.
std::string HexText(std::string_view bytes);

// Tables whose rows are facts of a commit: all that a trace walks. `removals`: the ends of assembly edges; `reversals`: consumptions,
// splits and merges taken back; `lot edges`: splits and merges; `voids`: edges that had ended and, as is known since, never were. The
// first kFirstFactTables were under the chain from its beginning, the others since migration 25.
enum class FactTable : int8_t {
  kStationEvents,
  kRefusedEvents,
  kInstalls,
  kRemovals,
  kConsumptions,
  kReversals,
  kConditions,
  kLotEdges,
  kRecycledUnits,
  kRecoveredLots,
  kVoids
};
inline constexpr size_t kFirstFactTables = 6;
inline constexpr size_t kFactTables = 11;
std::string_view NameOf(FactTable table);

// A table's share in a group: how many rows, and the hash of them.
struct FactDigest {
  int64_t rows = 0;
  // 32 bytes.
  std::string sha256;
  bool operator==(const FactDigest&) const = default;
};

// What one commit stored of one station and epoch (station 0: the office's doings).
struct FactGroup {
  // From the first row's to the last one's: each event of a commit is recorded a moment after the one before.
  Time record_time{};
  Time record_until{};
  int32_t station_id = 0;
  int32_t epoch = 0;
  int64_t first_sequence = 0;
  int64_t last_sequence = 0;
  // 1: from before migration 25, when some rows were hashed with fewer of their columns (db/audit_fact.h).
  int form = 2;
  std::array<FactDigest, kFactTables> tables;
};

// One thing that is not as it should be.
struct AuditFinding {
  // The link or anchor that it was met at; 0 = outside the chain.
  int64_t link = 0;
  int64_t audit_id = 0;
  // `audit_entry`, `audit_link`, `audit_anchor` or a fact table's name.
  std::string table;
  std::string sentence;
};

}  // namespace mes::domain
