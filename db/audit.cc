#include "db/audit.h"

#include <openssl/sha.h>
#include <sys/timex.h>

#include <algorithm>
#include <atomic>

#include "db/array.h"
#include "db/row.h"
#include "domain/limits_audit.h"
#include "domain/station_event.h"

namespace mes::db {
namespace {

// A number that was missed for longer belongs to a transaction that was rolled back.
constexpr auto kLongestMissed = std::chrono::minutes(10);
// A larger jump of the numbers is no set of transactions under way.
constexpr int64_t kMostMissed = 100'000;

std::atomic<bool> audit_is_written{true};

#define MES_AUDIT_COLUMNS                                                                                                        \
  "e.audit_id, e.kind, e.write_time, e.clock, e.clock_error_us, e.method, e.caller, e.proved, e.noun, e.noun_id, e.request_id, " \
  "e.reason, e.old_value, e.new_value, e.key_id, e.mac"

constexpr Statement kNextNumber{"audit_next_number", "select nextval('audit_entry_number')"};
constexpr Statement kInsert{"audit_insert", R"(
insert into audit_entry (
  audit_id, kind, write_time, clock, clock_error_us, method, caller, proved, noun, noun_id, request_id, reason, old_value, new_value,
  key_id, mac)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16))"};

constexpr Statement kLoadChain{"audit_chain", "select chain_id, create_time, earlier_facts from audit_chain"};
constexpr Statement kLoadHead{"audit_head", "select link_no, hash from audit_link order by link_no desc limit 1"};
constexpr char kLockSeal[] = "select pg_advisory_xact_lock(7316540298811)";

constexpr char kLinkJoin[] = " left join audit_link l on l.audit_id = e.audit_id ";

constexpr char kInsertLinks[] = R"(
insert into audit_link (link_no, audit_id, hash)
select
  n.link_no,
  n.audit_id,
  decode(n.hash, 'hex')
from unnest($1::bigint[], $2::bigint[], $3::text[]) n (link_no, audit_id, hash))";

constexpr Statement kInsertAnchor{"audit_insert_anchor", R"(
insert into audit_anchor (link_no, hash, anchor_time, public_key, signature)
values ($1, $2, $3, $4, $5)
on conflict do nothing)"};

domain::AuditEntry ReadEntry(RowReader& reader) {
  domain::AuditEntry entry;
  entry.audit_id = reader.Next<int64_t>();
  entry.kind = reader.Next<domain::AuditKind>();
  entry.write_time = reader.Next<domain::Time>();
  entry.clock = reader.Next<domain::ClockQuality>();
  entry.clock_error_us = reader.NextOptional<int64_t>();
  entry.method = reader.Next<std::string>();
  entry.caller = reader.Next<std::string>();
  entry.proved = reader.Next<bool>();
  entry.noun = reader.Next<std::string>();
  entry.noun_id = reader.Next<std::string>();
  entry.request_id = reader.Next<std::string>();
  entry.reason = reader.Next<std::string>();
  entry.old_value = reader.Next<std::string>();
  entry.new_value = reader.Next<std::string>();
  entry.key_id = reader.NextBytes();
  entry.mac = reader.NextBytes();
  return entry;
}

// Reads `link_no, hash, audit_id` and, where that is there, the entry.
LinkedEntry ReadLinked(const pqxx::row& row) {
  RowReader reader(row);
  LinkedEntry linked;
  linked.link = reader.NextOr<int64_t>(0);
  linked.hash = reader.NextBytes();
  linked.audit_id = reader.Next<int64_t>();
  if (row[3].is_null()) return linked;
  try {
    linked.entry = ReadEntry(reader);
  } catch (const std::invalid_argument&) {
    linked.unreadable = true;
  }
  return linked;
}

std::vector<LinkedEntry> ReadAll(const pqxx::result& rows) {
  std::vector<LinkedEntry> entries;
  entries.reserve(static_cast<size_t>(rows.size()));
  for (const pqxx::row& row : rows) entries.push_back(ReadLinked(row));
  return entries;
}

#define MES_ANCHOR_COLUMNS "link_no, hash, anchor_time, public_key, signature"

std::vector<AuditAnchor> ReadAnchors(Transaction& transaction, const pqxx::result& rows) {
  const std::string chain_id = LoadAuditChain(transaction).chain_id;
  std::vector<AuditAnchor> anchors;
  for (const pqxx::row& row : rows) {
    RowReader reader(row);
    AuditAnchor& anchor = anchors.emplace_back();
    anchor.chain_id = chain_id;
    anchor.link = reader.Next<int64_t>();
    anchor.hash = reader.NextBytes();
    try {
      anchor.time = Get<domain::Time>(row[2]);
    } catch (const std::invalid_argument&) {
      // Its signature will not fit.
    }
    reader.NextText();
    anchor.public_key = reader.NextBytes();
    anchor.signature = reader.NextBytes();
  }
  return anchors;
}

std::optional<AuditAnchor> FirstOf(std::vector<AuditAnchor> anchors) {
  return anchors.empty() ? std::nullopt : std::optional<AuditAnchor>(std::move(anchors[0]));
}

pqxx::binarystring Binary(const std::string& bytes) { return pqxx::binarystring(bytes); }

std::vector<LinkedEntry> ListUnsealedSince(Transaction& transaction, const SealProgress& progress) {
  if (progress.seen < 0) return ListUnsealedEntries(transaction, kMostSealedPerPass);
  std::vector<int64_t> missed;
  for (const auto& [number, since] : progress.missed) missed.push_back(number);
  const std::string sql = std::string("select l.link_no, l.hash, e.audit_id, " MES_AUDIT_COLUMNS " from audit_entry e") +
                          kLinkJoin + "where e.audit_id > $1 or e.audit_id = any($2::bigint[]) order by e.audit_id limit $3";
  return ReadAll(Execute(transaction, sql.c_str(), progress.seen, ArrayOf(missed), kMostSealedPerPass));
}

// What was there is seen; the numbers between are missed from now on, and forgotten after a while.
void Remember(SealProgress& progress, const std::vector<LinkedEntry>& found) {
  const auto now = std::chrono::steady_clock::now();
  const int64_t from = progress.seen;
  for (const LinkedEntry& entry : found) {
    progress.missed.erase(entry.audit_id);
    if (entry.audit_id <= progress.seen) continue;
    const int64_t gap = entry.audit_id - progress.seen - 1;
    if (from >= 0 && gap <= kMostMissed) {
      for (int64_t number = progress.seen + 1; number < entry.audit_id; ++number) progress.missed.emplace(number, now);
    }
    progress.seen = entry.audit_id;
  }
  std::erase_if(progress.missed, [&](const auto& missed) { return missed.second + kLongestMissed < now; });
}

}  // namespace

void WriteAudit(bool write) { audit_is_written = write; }
bool AuditIsWritten() { return audit_is_written; }

ClockReading ReadClockQuality() {
  timex state{};
  const int result = adjtimex(&state);
  if (result < 0) return {};
  const bool synchronised = result != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  return {synchronised ? domain::ClockQuality::kSynchronised : domain::ClockQuality::kUnsynchronised, state.maxerror};
}

void InsertAuditEntry(Transaction& transaction, domain::AuditEntry& entry) {
  if (!AuditIsWritten()) return;
  TakeKeyInForce(transaction, entry.write_time);
  const std::shared_ptr<const AuditKeys> keys = AuditKeysInUse();
  WriteAuditEntry(transaction, entry, keys->empty() ? nullptr : &keys->front());
}

void WriteAuditEntry(Transaction& transaction, domain::AuditEntry& entry, const AuditKey* key) {
  try {
    const ClockReading clock = ReadClockQuality();
    entry.clock = clock.quality;
    entry.clock_error_us = clock.error_us;
    // Drawn first, since the HMAC is over it too: a copy of an entry under another number is then found out.
    entry.audit_id = Get<int64_t>(Execute(transaction, kNextNumber)[0][0]);
    entry.key_id = key == nullptr ? "" : key->id;
    entry.mac = key == nullptr ? "" : MacOf(*key, entry);
    Execute(transaction, kInsert, entry.audit_id, entry.kind, entry.write_time, entry.clock, entry.clock_error_us, entry.method,
            entry.caller, entry.proved, entry.noun, entry.noun_id, entry.request_id, entry.reason, entry.old_value,
            entry.new_value, Binary(entry.key_id), Binary(entry.mac));
  } catch (const pqxx::sql_error& error) {
    // The database going away is not the audit's failure; its refusing this row is.
    if (error.sqlstate().starts_with("57") || error.sqlstate().starts_with("08")) throw;
    throw AuditRefused(std::string("the audit entry could not be written: ") + error.what());
  }
}

void LockAuditSeal(Transaction& transaction) { Execute(transaction, kLockSeal); }

std::string AuditChain::Genesis() const { return Sha256(domain::ChainBytes(chain_id, create_time, earlier_facts)); }

bool HasAuditChain(Transaction& transaction) { return Execute(transaction, kLoadChain).size() == 1; }

AuditChain LoadAuditChain(Transaction& transaction) {
  const pqxx::result rows = Execute(transaction, kLoadChain);
  if (rows.size() != 1) throw std::runtime_error("the audit's chain has no beginning");
  RowReader reader(rows[0]);
  AuditChain chain;
  chain.chain_id = reader.Next<std::string>();
  chain.create_time = reader.Next<domain::Time>();
  chain.earlier_facts = IntegersIn(reader.NextText());
  return chain;
}

AuditHead LoadAuditHead(Transaction& transaction) {
  const pqxx::result rows = Execute(transaction, kLoadHead);
  if (rows.empty()) return {0, LoadAuditChain(transaction).Genesis()};
  RowReader reader(rows[0]);
  AuditHead head;
  head.link = reader.Next<int64_t>();
  head.hash = reader.NextBytes();
  return head;
}

int64_t SealAudit(Transaction& transaction, SealProgress& progress) {
  LockAuditSeal(transaction);
  // What follows sees everything that the sealer before committed.
  AuditHead head = LoadAuditHead(transaction);
  const std::vector<LinkedEntry> found = ListUnsealedSince(transaction, progress);
  ArrayWriter links, entries, hashes;
  int64_t sealed = 0;
  for (const LinkedEntry& linked : found) {
    // What cannot be read is left out of the chain, and found there.
    if (linked.link != 0 || linked.unreadable) continue;
    head.hash = LinkHash(head.hash, ++head.link, *linked.entry);
    links.Add(head.link), entries.Add(linked.audit_id), hashes.Add(domain::HexText(head.hash));
    ++sealed;
  }
  if (sealed > 0) Execute(transaction, kInsertLinks, links.Take(), entries.Take(), hashes.Take());
  // A first pass may have more before it: only the last one of those knows where the numbers end.
  const bool more_of_everything = progress.seen < 0 && static_cast<int64_t>(found.size()) == kMostSealedPerPass;
  if (!more_of_everything) Remember(progress, found);
  if (progress.seen < 0 && found.empty()) progress.seen = 0;
  return sealed;
}

void InsertAuditAnchor(Transaction& transaction, const AuditAnchor& anchor) {
  Execute(transaction, kInsertAnchor, anchor.link, Binary(anchor.hash), anchor.time, Binary(anchor.public_key),
          Binary(anchor.signature));
}

std::vector<AuditAnchor> ListAuditAnchors(Transaction& transaction, int64_t after_link, domain::Time after_time, int64_t limit) {
  static constexpr char kSql[] = "select " MES_ANCHOR_COLUMNS R"(
    from audit_anchor
    where (link_no, anchor_time) > ($1, $2)
    order by link_no, anchor_time
    limit $3)";
  return ReadAnchors(transaction, Execute(transaction, kSql, after_link, after_time, limit));
}

std::optional<AuditAnchor> FindAuditAnchorBefore(Transaction& transaction, domain::Time time) {
  static constexpr char kSql[] =
      "select " MES_ANCHOR_COLUMNS " from audit_anchor where anchor_time <= $1 order by link_no desc, anchor_time desc limit 1";
  return FirstOf(ReadAnchors(transaction, Execute(transaction, kSql, time)));
}

std::optional<AuditAnchor> FindAuditAnchorAfter(Transaction& transaction, domain::Time time) {
  static constexpr char kSql[] =
      "select " MES_ANCHOR_COLUMNS " from audit_anchor where anchor_time >= $1 order by link_no, anchor_time limit 1";
  return FirstOf(ReadAnchors(transaction, Execute(transaction, kSql, time)));
}

std::vector<LinkedEntry> ListAuditEntries(Transaction& transaction, const AuditFilter& filter, int64_t before, int64_t limit) {
  const std::string sql = std::string("select l.link_no, l.hash, e.audit_id, " MES_AUDIT_COLUMNS " from audit_entry e") +
                          kLinkJoin +
                          R"(where ($1 = 0 or e.audit_id < $1)
                               and ($2 = '' or (e.noun_id = $2 and e.noun_id <> ''))
                               and ($3 = '' or e.caller = $3)
                               and ($4 = '' or e.method = $4)
                               and ($5::timestamptz is null or e.write_time >= $5)
                               and ($6::timestamptz is null or e.write_time < $6)
                             order by e.audit_id desc
                             limit $7)";
  return ReadAll(
      Execute(transaction, sql.c_str(), before, filter.noun_id, filter.caller, filter.method, filter.from, filter.until, limit));
}

std::vector<LinkedEntry> ListAuditLinks(Transaction& transaction, int64_t after, int64_t limit) {
  static constexpr char kSql[] =
      "select l.link_no, l.hash, l.audit_id, " MES_AUDIT_COLUMNS
      " from audit_link l left join audit_entry e on e.audit_id = l.audit_id where l.link_no > $1 order by l.link_no limit $2";
  return ReadAll(Execute(transaction, kSql, after, limit));
}

std::vector<LinkedEntry> ListUnsealedEntries(Transaction& transaction, int64_t limit) {
  static constexpr char kSql[] =
      "select null::bigint, null::bytea, e.audit_id, " MES_AUDIT_COLUMNS
      " from audit_entry e where not exists (select 1 from audit_link l where l.audit_id = e.audit_id) order by e.audit_id limit $1";
  return ReadAll(Execute(transaction, kSql, limit));
}

std::vector<LinkedEntry> ListOwnEntries(Transaction& transaction, std::string_view method) {
  const std::string sql = std::string("select l.link_no, l.hash, e.audit_id, " MES_AUDIT_COLUMNS " from audit_entry e") + kLinkJoin +
                          "where e.noun_id = $1 and e.noun_id <> '' and e.method = $2 order by e.audit_id limit $3";
  std::vector<LinkedEntry> entries =
      ReadAll(Execute(transaction, sql.c_str(), domain::kAuditItself, method, domain::kMaxSiteKeyRotations));
  std::erase_if(entries, [](const LinkedEntry& linked) { return linked.unreadable; });
  return entries;
}

std::vector<StartBypasses> ListStartBypasses(Transaction& transaction, domain::Time from, domain::Time until, int64_t limit) {
  static_assert(static_cast<int>(domain::EventKind::kStarted) == 2 && domain::kFlagCarrier == 64 &&
                domain::kFlagPermitted == 2048);
  static constexpr char kSql[] = R"(
    select s.code, count(*), count(*) filter (where e.flags & 2048 = 0)
    from station_event e
    join station s on s.station_id = e.station_id
    where e.occur_time >= $1
      and e.occur_time < $2
      and e.kind = 2
      and e.flags & 64 = 0
    group by s.code
    having bool_or(e.flags & 2048 = 0)
    order by s.code
    limit $3)";
  std::vector<StartBypasses> stations;
  for (const pqxx::row& row : Execute(transaction, kSql, from, until, limit)) {
    RowReader reader(row);
    StartBypasses& station = stations.emplace_back();
    station.station_code = reader.Next<std::string>();
    station.starts = reader.Next<int64_t>();
    station.bypasses = reader.Next<int64_t>();
  }
  return stations;
}

std::string Sha256(std::string_view bytes) {
  std::string hash(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), reinterpret_cast<unsigned char*>(hash.data()));
  return hash;
}

std::string LinkHash(std::string_view before, int64_t link, const domain::AuditEntry& entry) {
  return Sha256(std::string(before) + domain::LinkBytes(link, entry));
}

}  // namespace mes::db
