// The audit's tables: entries in the transaction of what they tell of, the chain that is laid over them, its signed heads.
//
// An entry is written by whoever acts and sealed a moment later, in order, by whoever holds the seal's lock: a chain that every
// writer had to lock would make them wait for each other. Numbers of entries have gaps (rolled back) and may be committed out of
// order; a pass looks again at each number that it missed, so that a late one is sealed late and not forgotten, and a pass over
// everything finds what was missed for whatever cause. Places in the chain have neither gaps nor order of their own: they are
// counted.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "db/audit_key.h"
#include "db/transaction.h"
#include "domain/audit.h"

namespace mes::db {

// The entry could not be written: what it would have told of must not happen.
struct AuditRefused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// For a benchmark that wants to know what the audit costs: false = entries and facts of this process are not written. No option of the
// server reaches it.
void WriteAudit(bool write);
bool AuditIsWritten();

// How far the kernel trusts its clock: synchronised by a time service or not, and the largest error.
struct ClockReading {
  domain::ClockQuality quality = domain::ClockQuality::kUnknown;
  std::optional<int64_t> error_us;
};
ClockReading ReadClockQuality();

// Sets the entry's number, clock quality, key and HMAC. Throws AuditRefused.
void InsertAuditEntry(Transaction& transaction, domain::AuditEntry& entry);
// The same under a key, which may be none, without asking whether it is in force.
void WriteAuditEntry(Transaction& transaction, domain::AuditEntry& entry, const AuditKey* key);
// Held to the transaction's end by whoever seals, and by whoever changes the key.
void LockAuditSeal(Transaction& transaction);

struct AuditChain {
  std::string chain_id;
  domain::Time create_time{};
  // Facts from before the audit, by domain::FactTable.
  std::vector<int64_t> earlier_facts;
  // The hash of link 0.
  std::string Genesis() const;
};
bool HasAuditChain(Transaction& transaction);
// Throws std::runtime_error where there is none.
AuditChain LoadAuditChain(Transaction& transaction);

struct AuditHead {
  int64_t link = 0;
  std::string hash;
};
// The chain's newest link; link 0 and its hash where there is none.
AuditHead LoadAuditHead(Transaction& transaction);

// What a sealer remembers between its passes.
struct SealProgress {
  // Largest number seen; -1: look at everything.
  int64_t seen = -1;
  // Smaller numbers that were not there, and since when they are missed.
  std::map<int64_t, std::chrono::steady_clock::time_point> missed;
};
inline constexpr int64_t kMostSealedPerPass = 10'000;
// Seals what is there, at most kMostSealedPerPass entries; waits for another sealer. Gives how many; `progress` holds once
// committed.
int64_t SealAudit(Transaction& transaction, SealProgress& progress);

struct AuditAnchor {
  std::string chain_id;
  int64_t link = 0;
  std::string hash;
  domain::Time time{};
  std::string public_key;
  std::string signature;
};
void InsertAuditAnchor(Transaction& transaction, const AuditAnchor& anchor);
// Oldest first, behind a link and time. One whose time cannot be read has none.
std::vector<AuditAnchor> ListAuditAnchors(Transaction& transaction, int64_t after_link, domain::Time after_time, int64_t limit);

// The newest signed at a time or before; the oldest signed then or later.
std::optional<AuditAnchor> FindAuditAnchorBefore(Transaction& transaction, domain::Time time);
std::optional<AuditAnchor> FindAuditAnchorAfter(Transaction& transaction, domain::Time time);

struct AuditFilter {
  // Empty = any.
  std::string noun_id;
  std::string caller;
  std::string method;
  std::optional<domain::Time> from;
  std::optional<domain::Time> until;
};
struct LinkedEntry {
  // 0 = not sealed yet.
  int64_t link = 0;
  // The link's; empty = not sealed yet.
  std::string hash;
  // The link's number of its entry, also where that is gone.
  int64_t audit_id = 0;
  std::optional<domain::AuditEntry> entry;
  // The entry is there and cannot be read: no server ever wrote such a time.
  bool unreadable = false;
};
// Newest first, before a number (0 = from the newest on).
std::vector<LinkedEntry> ListAuditEntries(Transaction& transaction, const AuditFilter& filter, int64_t before, int64_t limit);
// Links in order behind one, with their entries.
std::vector<LinkedEntry> ListAuditLinks(Transaction& transaction, int64_t after, int64_t limit);
// Entries about the audit itself by a method, oldest first: changes of key, the count of rows from before. At most
// kMaxSiteKeyRotations.
std::vector<LinkedEntry> ListOwnEntries(Transaction& transaction, std::string_view method);
// Entries that are not sealed, by number.
std::vector<LinkedEntry> ListUnsealedEntries(Transaction& transaction, int64_t limit);

struct StartBypasses {
  std::string station_code;
  int64_t starts = 0;
  int64_t bypasses = 0;
};
// Stations with starts of units in [from, until) that showed no permit, by code.
std::vector<StartBypasses> ListStartBypasses(Transaction& transaction, domain::Time from, domain::Time until, int64_t limit);

// SHA-256, 32 bytes.
std::string Sha256(std::string_view bytes);
// SHA-256 over the hash before and the link's bytes.
std::string LinkHash(std::string_view before, int64_t link, const domain::AuditEntry& entry);

}  // namespace mes::db
