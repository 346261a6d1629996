#include "db/audit_verify.h"

#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "db/audit_fact.h"
#include "db/audit_verify_key.h"
#include "domain/limits_audit.h"

namespace mes::db {
namespace {

using domain::AuditEntry;
using domain::FactTable;

constexpr int64_t kLinksPerPage = 5'000;
constexpr auto kLongestDelay = std::chrono::seconds(domain::kLongestAuditDelaySeconds);

// Bounds of a period that has none; what a row's time can be at the most.
const domain::Time kFirstTime = domain::FromMicros(0);
const domain::Time kLastTime = domain::Time(std::chrono::sys_days(std::chrono::year(9999) / 1 / 1));

std::string TimeOrNone(domain::Time time) {
  return time == domain::Time::max() || time == domain::Time::min() ? "no time" : domain::FormatTime(time);
}

// Counts of rows from before migration 25, as it entered them.
struct Cover {
  int64_t audit_id = 0;
  domain::Time time{};
  std::array<int64_t, domain::kFactTables> counts{};
};

std::optional<Cover> LoadCover(Transaction& transaction) {
  const std::vector<LinkedEntry> told = ListOwnEntries(transaction, domain::kCoverMethod);
  if (told.empty()) return std::nullopt;
  Cover cover{told[0].audit_id, told[0].entry->write_time, {}};
  const nlohmann::json counts = nlohmann::json::parse(told[0].entry->new_value, nullptr, false);
  for (size_t i = domain::kFirstFactTables; i < domain::kFactTables && counts.is_object(); ++i) {
    const auto count = counts.find(domain::NameOf(static_cast<FactTable>(i)));
    if (count != counts.end() && count->is_number_integer()) cover.counts[i] = count->get<int64_t>();
  }
  return cover;
}

class Verifier {
 public:
  Verifier(Transaction& transaction, const VerifyQuestion& question,
           const std::function<bool(const AuditVerification&)>& progress)
      : transaction_(transaction),
        question_(question),
        progress_(progress),
        chain_(LoadAuditChain(transaction)),
        keys_(transaction, question.check_signature, chain_.chain_id),
        cover_(LoadCover(transaction)) {
    told_.head = {0, chain_.Genesis()};
  }

  AuditVerification Run() {
    if (question_.OfPeriod()) PlacePeriod();
    if (question_.with_facts) facts_.emplace(transaction_, FactsRange());
    CollectAnchors();
    if (told_.links_before == 0) {
      JudgeAnchorsAt(0, told_.head.hash);
    } else {
      Begin();
    }
    if (!ReadChain()) return Told();
    if (!told_.ends_signed) JudgeUnsealed();
    JudgeTail();
    if (facts_) JudgeStrays();
    if (question_.OfPeriod()) told_.links_after = std::max<int64_t>(0, LoadAuditHead(transaction_).link - told_.head.link);
    return Told();
  }

 private:
  AuditVerification Told() {
    std::stable_sort(told_.findings.begin(), told_.findings.end(), [](const auto& a, const auto& b) {
      // What lies outside the chain comes last.
      return (a.link == 0 ? INT64_MAX : a.link) < (b.link == 0 ? INT64_MAX : b.link);
    });
    return std::move(told_);
  }

  void Find(int64_t link, int64_t audit_id, std::string_view table, std::string sentence) {
    ++told_.findings_in_all;
    if (told_.findings.size() < static_cast<size_t>(domain::kMaxAuditFindings)) {
      told_.findings.push_back({link, audit_id, std::string(table), std::move(sentence)});
    }
  }

  void NotCheckable(const std::string& key_id) {
    ++told_.not_checkable;
    if (told_.unknown_keys.size() < domain::kMaxUnknownKeys) told_.unknown_keys.insert(key_id);
  }

  // The signed heads that the period lies between. Entries are sealed within kLongestDelay of the time that they tell, and a head is
  // signed after what it holds was sealed.
  void PlacePeriod() {
    std::optional<AuditAnchor> begin, end;
    if (question_.from) begin = FindAuditAnchorBefore(transaction_, *question_.from - kLongestDelay);
    if (question_.until) end = FindAuditAnchorAfter(transaction_, *question_.until + kLongestDelay);
    for (const AuditAnchor& given : question_.anchors) {
      if (question_.from && given.time <= *question_.from - kLongestDelay && (!begin || given.link > begin->link)) begin = given;
      if (question_.until && given.time >= *question_.until + kLongestDelay && (!end || given.link < end->link)) end = given;
    }
    if (begin && begin->link > 0 && Check(*begin).empty()) {
      told_.links_before = begin->link;
      told_.head = {begin->link, begin->hash};
      told_.begins_signed = true;
    }
    if (end && Check(*end).empty()) {
      end_link_ = end->link;
      told_.ends_signed = true;
    }
  }

  std::optional<FactReader::Period> FactsRange() const {
    if (!question_.OfPeriod()) return std::nullopt;
    // Commits that begin or end beyond the period have rows in it.
    return FactReader::Period{question_.from ? *question_.from - kLongestDelay : kFirstTime,
                              question_.until ? *question_.until + kLongestDelay : kLastTime};
  }

  // The link at which the period's part begins, judged by the head that was signed there.
  void Begin() {
    const std::vector<LinkedEntry> begin = ListAuditLinks(transaction_, told_.links_before - 1, 1);
    if (begin.empty() || begin[0].link != told_.links_before) {
      anchors_.erase(told_.links_before);
      return Find(told_.links_before, 0, "audit_link", "link " + std::to_string(told_.links_before) + ", which was signed, is gone");
    }
    told_.head.hash = begin[0].hash;
    // Whoever signed it had a key.
    authenticated_before_ = true;
    keys_.BeginBehind(begin[0]);
    JudgeAnchorsAt(begin[0].link, begin[0].hash);
  }

  bool InRange(int64_t link) const { return link >= told_.links_before && link <= end_link_; }

  void CollectAnchors() {
    // Those that were given, until they are met in the database too.
    std::set<std::pair<int64_t, std::string>> missing;
    for (const AuditAnchor& anchor : question_.anchors) {
      if (InRange(anchor.link) && Keep(anchor, "given")) missing.emplace(anchor.link, anchor.signature);
    }
    std::vector<AuditAnchor> page;
    int64_t link = told_.links_before - 1;
    domain::Time time = kLastTime;
    do {
      page = ListAuditAnchors(transaction_, link, time, kLinksPerPage);
      for (const AuditAnchor& anchor : page) {
        if (InRange(anchor.link)) Keep(anchor, "in the database");
        missing.erase({anchor.link, anchor.signature});
        link = anchor.link;
        time = anchor.time == domain::Time{} ? kLastTime : anchor.time;
      }
    } while (static_cast<int64_t>(page.size()) == kLinksPerPage && InRange(link));
    for (const auto& [gone, signature] : missing) {
      Find(gone, 0, "audit_anchor", "the anchor of link " + std::to_string(gone) + ", which was kept elsewhere, is gone from the database");
    }
  }

  // What is wrong with an anchor by itself; empty = nothing. "?": its key is none that we know.
  std::string Check(const AuditAnchor& anchor) const {
    if (anchor.chain_id != chain_.chain_id) return "is another chain's";
    const std::string bytes = domain::AnchorBytes(anchor.chain_id, anchor.link, anchor.hash, anchor.time);
    const std::vector<std::string>& wanted = question_.public_keys;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), anchor.public_key) == wanted.end()) {
      return "is signed with another key";
    }
    if (!question_.check_signature(anchor.public_key, bytes, anchor.signature)) return "has a false signature";
    if (wanted.empty() && !keys_.Knows(AuditKeyId(anchor.public_key))) return "?";
    return {};
  }

  bool Keep(const AuditAnchor& anchor, std::string_view whence) {
    ++told_.anchors;
    const std::string fault = Check(anchor);
    if (fault == "?") {
      NotCheckable(AuditKeyId(anchor.public_key));
    } else if (!fault.empty()) {
      Find(anchor.link, 0, "audit_anchor",
           "the anchor of link " + std::to_string(anchor.link) + " (" + std::string(whence) + ") " + fault);
    } else {
      anchors_.emplace(anchor.link, Kept{anchor.hash, AuditKeyId(anchor.public_key)});
    }
    return fault.empty();
  }

  void JudgeAnchorsAt(int64_t link, const std::string& hash) {
    for (auto [at, end] = anchors_.equal_range(link); at != end; ++at) {
      if (at->second.hash != hash) {
        Find(link, 0, "audit_link", "the chain up to link " + std::to_string(link) + " is not the one that was signed there");
      }
      if (const auto ended = keys_.EndOf(at->second.key_id); ended && *ended < link) {
        Find(link, 0, "audit_anchor",
             "the anchor of link " + std::to_string(link) + " is signed with a key that was replaced at link " + std::to_string(*ended));
      }
    }
    anchors_.erase(link);
  }

  // False: nobody waits any more.
  bool ReadChain() {
    for (;;) {
      const std::vector<LinkedEntry> page = ListAuditLinks(transaction_, told_.head.link, kLinksPerPage);
      for (const LinkedEntry& linked : page) {
        if (linked.link <= end_link_) JudgeLink(linked);
      }
      if (facts_) told_.facts = facts_->rows();
      if (!page.empty() && facts_) TellStrays(facts_->TakeStrays(newest_ - kLongestDelay));
      if (!progress_(told_)) return false;
      if (static_cast<int64_t>(page.size()) < kLinksPerPage || page.back().link >= end_link_) return true;
    }
  }

  void JudgeLink(const LinkedEntry& linked) {
    const int64_t expected = told_.head.link + 1;
    if (linked.link != expected) {
      const std::string last = std::to_string(linked.link - 1);
      Find(expected, 0, "audit_link", "links " + std::to_string(expected) + " to " + last + " are gone");
      for (auto at = anchors_.lower_bound(expected); at != anchors_.end() && at->first < linked.link;) at = anchors_.erase(at);
    } else if (linked.unreadable) {
      Find(linked.link, linked.audit_id, "audit_entry",
           "entry " + std::to_string(linked.audit_id) + " is not what was sealed: its time is none");
    } else if (!linked.entry) {
      Find(linked.link, linked.audit_id, "audit_entry", "entry " + std::to_string(linked.audit_id) + " is gone");
    } else if (LinkHash(told_.head.hash, linked.link, *linked.entry) != linked.hash) {
      Find(linked.link, linked.audit_id, "audit_entry",
           "entry " + std::to_string(linked.audit_id) + " or its link is not what was sealed, or not in this place");
    }
    // Whatever was wrong here: the next ones are judged by themselves.
    told_.head = {linked.link, linked.hash};
    JudgeAnchorsAt(linked.link, linked.hash);
    ++told_.entries;
    if (linked.entry) JudgeEntry(linked.link, *linked.entry);
  }

  void JudgeEntry(int64_t link, const AuditEntry& entry) {
    const std::string name = "entry " + std::to_string(entry.audit_id);
    bool authentic = false;
    if (entry.method == domain::kCoverMethod && entry.noun_id == domain::kAuditItself && entry.mac.empty()) {
      // The migration's word, which has no key: good only before all that came of it.
      ++told_.unauthenticated;
      if (!cover_ || cover_->audit_id != entry.audit_id || keys_.named_before() || formed_before_) {
        Find(link, entry.audit_id, "audit_entry", name + " tells of rows from before, and was entered too late: slipped in");
      }
    } else if (keys_.None() || (entry.mac.empty() && !authenticated_before_)) {
      ++told_.unauthenticated;
    } else {
      const KeyJudgement judged = keys_.Judge(link, entry);
      if (judged.unknown) {
        NotCheckable(judged.key_id);
      } else if (!judged.fault.empty()) {
        Find(link, entry.audit_id, "audit_entry", name + " " + judged.fault);
      } else {
        ++told_.authenticated;
        authentic = true;
      }
      authenticated_before_ = authenticated_before_ || authentic;
    }
    if (const std::string fault = keys_.Follow(link, entry); !fault.empty()) {
      Find(link, entry.audit_id, "audit_entry", name + " " + fault);
    }
    if (!authentic && entry.write_time + kLongestDelay < newest_) {
      Find(link, entry.audit_id, "audit_entry",
           name + " says it is older than what was sealed long before it: slipped in, or the clock was set back");
    }
    newest_ = std::max(newest_, entry.write_time);
    if (facts_ && entry.kind == domain::AuditKind::kFacts) JudgeFacts(link, entry);
  }

  void JudgeFacts(int64_t link, const AuditEntry& entry) {
    const auto range = FactsRange();
    if (range && (entry.write_time < range->from || entry.write_time >= range->until)) return;
    std::vector<domain::FactGroup> groups;
    try {
      groups = FactGroupsIn(entry.new_value);
    } catch (const std::runtime_error& malformed) {
      return Find(link, entry.audit_id, "audit_entry", malformed.what());
    }
    for (const domain::FactGroup& group : groups) {
      formed_before_ = formed_before_ || group.form > 1;
      for (size_t i = 0; i < domain::kFactTables; ++i) {
        const auto table = static_cast<FactTable>(i);
        std::vector<std::string> facts = facts_->Take(table, group);
        const domain::FactDigest& stored = group.tables[i];
        // Of a commit beyond the period perhaps not all rows were read.
        if (!InPeriod(entry.write_time)) continue;
        if (facts.empty() && stored.rows == 0) continue;
        const domain::FactDigest found = DigestOf(std::move(facts));
        if (found == stored) continue;
        const std::string where = " of station " + std::to_string(group.station_id) + ", epoch " + std::to_string(group.epoch) +
                                  ", sequences " + std::to_string(group.first_sequence) + " to " +
                                  std::to_string(group.last_sequence) + ", recorded at " + domain::FormatTime(group.record_time);
        Find(link, entry.audit_id, domain::NameOf(table),
             found.rows == stored.rows
                 ? "rows" + where + " are not what was stored"
                 : std::to_string(stored.rows) + " rows" + where + " were stored, " + std::to_string(found.rows) + " are there");
      }
    }
  }

  void JudgeUnsealed() {
    for (const LinkedEntry& linked : ListUnsealedEntries(transaction_, kLinksPerPage)) {
      ++told_.unsealed;
      if (!linked.entry) {
        Find(0, linked.audit_id, "audit_entry", "entry " + std::to_string(linked.audit_id) + " cannot be read: its time is none");
        continue;
      }
      if (linked.entry->write_time + kLongestDelay < newest_) {
        Find(0, linked.audit_id, "audit_entry", "entry " + std::to_string(linked.audit_id) + " is in no link");
      }
      if (facts_ && linked.entry->kind == domain::AuditKind::kFacts) JudgeFacts(0, *linked.entry);
    }
  }

  void JudgeTail() {
    for (const auto& [link, kept] : anchors_) {
      Find(told_.head.link + 1, 0, "audit_link",
           "the chain ends at link " + std::to_string(told_.head.link) + ", but link " + std::to_string(link) + " was signed");
    }
  }

  bool InPeriod(domain::Time time) const {
    return (!question_.from || time >= *question_.from) && (!question_.until || time < *question_.until);
  }

  // From when on a table's rows are under the chain.
  domain::Time CoveredFrom(size_t table) const {
    return table < domain::kFirstFactTables || !cover_ ? chain_.create_time : cover_->time;
  }

  void TellStrays(const std::vector<FactReader::Stray>& strays) {
    for (const FactReader::Stray& stray : strays) {
      const auto& [time, station, epoch] = stray.key;
      if (!InPeriod(time)) continue;
      if (time < CoveredFrom(static_cast<size_t>(stray.table))) {
        earlier_[static_cast<size_t>(stray.table)] += stray.rows;
        continue;
      }
      Find(0, 0, domain::NameOf(stray.table),
           std::to_string(stray.rows) + " rows of station " + std::to_string(station) + ", epoch " + std::to_string(epoch) +
               ", from sequence " + std::to_string(stray.first_sequence) + ", recorded at " + TimeOrNone(time) + " belong to no commit");
    }
  }

  void JudgeStrays() {
    TellStrays(facts_->TakeStrays(domain::Time::max()));
    told_.facts = facts_->rows();
    for (size_t i = 0; i < domain::kFactTables; ++i) {
      told_.earlier_facts += earlier_[i];
      if (question_.OfPeriod()) continue;
      int64_t counted = cover_ ? cover_->counts[i] : 0;
      if (i < domain::kFirstFactTables) counted = i < chain_.earlier_facts.size() ? chain_.earlier_facts[i] : 0;
      const auto table = static_cast<FactTable>(i);
      if (earlier_[i] == counted) continue;
      Find(0, 0, domain::NameOf(table),
           std::to_string(counted) + " rows are from before the audit, " + std::to_string(earlier_[i]) + " are there");
    }
    // What reversed an event of the period may lie behind it, and the other way round.
    if (question_.OfPeriod()) return;
    for (const auto& [unit, station, epoch, sequence] : facts_->FalselyReversed()) {
      Find(0, 0, "station_event",
           "the event of unit " + std::to_string(unit) + ", station " + std::to_string(station) + ", epoch " +
               std::to_string(epoch) + ", sequence " + std::to_string(sequence) +
               " is marked as reversed and no event reversed it, or the other way round");
    }
  }

  struct Kept {
    std::string hash;
    std::string key_id;
  };

  Transaction& transaction_;
  const VerifyQuestion& question_;
  const std::function<bool(const AuditVerification&)>& progress_;
  const AuditChain chain_;
  KeysOfChain keys_;
  const std::optional<Cover> cover_;
  std::optional<FactReader> facts_;
  std::multimap<int64_t, Kept> anchors_;
  std::array<int64_t, domain::kFactTables> earlier_{};
  domain::Time newest_{};
  int64_t end_link_ = INT64_MAX;
  bool authenticated_before_ = false;
  // An entry told of facts as they are hashed since migration 25.
  bool formed_before_ = false;
  AuditVerification told_;
};

}  // namespace

AuditVerification VerifyAudit(Transaction& transaction, const VerifyQuestion& question,
                              const std::function<bool(const AuditVerification&)>& progress) {
  if (!HasAuditChain(transaction)) {
    AuditVerification told;
    told.findings_in_all = 1;
    told.findings.push_back({0, 0, "audit_chain", "the chain's beginning is gone"});
    return told;
  }
  return Verifier(transaction, question, progress).Run();
}

}  // namespace mes::db
