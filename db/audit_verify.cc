#include "db/audit_verify.h"

#include <algorithm>
#include <map>

#include "db/audit_fact.h"
#include "domain/limits_audit.h"

namespace mes::db {
namespace {

using domain::AuditEntry;
using domain::FactTable;

constexpr int64_t kLinksPerPage = 5'000;
constexpr auto kLongestDelay = std::chrono::seconds(domain::kLongestAuditDelaySeconds);

class Verifier {
 public:
  Verifier(Transaction& transaction, const VerifyQuestion& question,
           const std::function<bool(const AuditVerification&)>& progress)
      : transaction_(transaction), question_(question), progress_(progress), chain_(LoadAuditChain(transaction)) {
    told_.head = {0, chain_.Genesis()};
    if (question.with_facts) facts_.emplace(transaction);
  }

  AuditVerification Run() {
    CollectAnchors();
    JudgeAnchorsAt(0, told_.head.hash);
    if (!ReadChain()) return std::move(told_);
    JudgeUnsealed();
    JudgeTail();
    if (facts_) JudgeStrays();
    std::stable_sort(told_.findings.begin(), told_.findings.end(), [](const auto& a, const auto& b) {
      // What lies outside the chain comes last.
      return (a.link == 0 ? INT64_MAX : a.link) < (b.link == 0 ? INT64_MAX : b.link);
    });
    return std::move(told_);
  }

 private:
  void Find(int64_t link, int64_t audit_id, std::string_view table, std::string sentence) {
    ++told_.findings_in_all;
    if (told_.findings.size() < static_cast<size_t>(domain::kMaxAuditFindings)) {
      told_.findings.push_back({link, audit_id, std::string(table), std::move(sentence)});
    }
  }

  void CollectAnchors() {
    std::vector<AuditAnchor> page;
    int64_t link = -1;
    domain::Time time{};
    do {
      page = ListAuditAnchors(transaction_, link, time, kLinksPerPage);
      for (const AuditAnchor& anchor : page) {
        Keep(anchor, "in the database");
        link = anchor.link, time = anchor.time;
      }
    } while (static_cast<int64_t>(page.size()) == kLinksPerPage);
    for (const AuditAnchor& anchor : question_.anchors) Keep(anchor, "given");
  }

  void Keep(const AuditAnchor& anchor, std::string_view whence) {
    ++told_.anchors;
    const std::string name = "the anchor of link " + std::to_string(anchor.link) + " (" + std::string(whence) + ")";
    if (anchor.chain_id != chain_.chain_id) return Find(anchor.link, 0, "audit_anchor", name + " is another chain's");
    const std::string bytes = domain::AnchorBytes(anchor.chain_id, anchor.link, anchor.hash, anchor.time);
    if (!question_.public_key.empty() && anchor.public_key != question_.public_key) {
      return Find(anchor.link, 0, "audit_anchor", name + " is signed with another key");
    }
    if (!question_.check_signature(anchor.public_key, bytes, anchor.signature)) {
      return Find(anchor.link, 0, "audit_anchor", name + " has a false signature");
    }
    anchors_.emplace(anchor.link, anchor.hash);
  }

  void JudgeAnchorsAt(int64_t link, const std::string& hash) {
    for (auto [at, end] = anchors_.equal_range(link); at != end; ++at) {
      if (at->second != hash) {
        Find(link, 0, "audit_link", "the chain up to link " + std::to_string(link) + " is not the one that was signed there");
      }
    }
    anchors_.erase(link);
  }

  // False: nobody waits any more.
  bool ReadChain() {
    for (;;) {
      const std::vector<LinkedEntry> page = ListAuditLinks(transaction_, told_.head.link, kLinksPerPage);
      for (const LinkedEntry& linked : page) JudgeLink(linked);
      if (facts_) told_.facts = facts_->rows();
      if (!page.empty() && facts_) TellStrays(facts_->TakeStrays(newest_ - kLongestDelay));
      if (!progress_(told_)) return false;
      if (static_cast<int64_t>(page.size()) < kLinksPerPage) return true;
    }
  }

  void JudgeLink(const LinkedEntry& linked) {
    const int64_t expected = told_.head.link + 1;
    if (linked.link != expected) {
      const std::string last = std::to_string(linked.link - 1);
      Find(expected, 0, "audit_link", "links " + std::to_string(expected) + " to " + last + " are gone");
      for (auto at = anchors_.lower_bound(expected); at != anchors_.end() && at->first < linked.link;) at = anchors_.erase(at);
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
    const std::string mac = AuditMac(entry);
    bool authentic = false;
    if (mac.empty() || (entry.mac.empty() && !authenticated_before_)) {
      ++told_.unauthenticated;
    } else if (entry.mac == mac) {
      ++told_.authenticated;
      authentic = authenticated_before_ = true;
    } else {
      Find(link, entry.audit_id, "audit_entry", name + " was not written by a server with this key: slipped in or altered");
    }
    if (!authentic && entry.write_time + kLongestDelay < newest_) {
      Find(link, entry.audit_id, "audit_entry",
           name + " says it is older than what was sealed long before it: slipped in, or the clock was set back");
    }
    newest_ = std::max(newest_, entry.write_time);
    if (facts_ && entry.kind == domain::AuditKind::kFacts) JudgeFacts(link, entry);
  }

  void JudgeFacts(int64_t link, const AuditEntry& entry) {
    std::vector<domain::FactGroup> groups;
    try {
      groups = FactGroupsIn(entry.new_value);
    } catch (const std::runtime_error& malformed) {
      return Find(link, entry.audit_id, "audit_entry", malformed.what());
    }
    for (const domain::FactGroup& group : groups) {
      for (size_t i = 0; i < domain::kFactTables; ++i) {
        const auto table = static_cast<FactTable>(i);
        std::vector<std::string> facts = facts_->Take(table, group);
        const domain::FactDigest& stored = group.tables[i];
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
      if (linked.entry->write_time + kLongestDelay < newest_) {
        Find(0, linked.audit_id, "audit_entry", "entry " + std::to_string(linked.audit_id) + " is in no link");
      }
      if (facts_ && linked.entry->kind == domain::AuditKind::kFacts) JudgeFacts(0, *linked.entry);
    }
  }

  void JudgeTail() {
    for (const auto& [link, hash] : anchors_) {
      Find(told_.head.link + 1, 0, "audit_link",
           "the chain ends at link " + std::to_string(told_.head.link) + ", but link " + std::to_string(link) + " was signed");
    }
  }

  void TellStrays(const std::vector<FactReader::Stray>& strays) {
    for (const FactReader::Stray& stray : strays) {
      const auto& [time, station, epoch] = stray.key;
      if (time < chain_.create_time) {
        earlier_[static_cast<size_t>(stray.table)] += stray.rows;
        continue;
      }
      Find(0, 0, domain::NameOf(stray.table),
           std::to_string(stray.rows) + " rows of station " + std::to_string(station) + ", epoch " + std::to_string(epoch) +
               ", from sequence " + std::to_string(stray.first_sequence) + ", recorded at " + domain::FormatTime(time) +
               " belong to no commit");
    }
  }

  void JudgeStrays() {
    TellStrays(facts_->TakeStrays(domain::Time::max()));
    told_.facts = facts_->rows();
    for (size_t i = 0; i < domain::kFactTables; ++i) {
      told_.earlier_facts += earlier_[i];
      const int64_t counted = i < chain_.earlier_facts.size() ? chain_.earlier_facts[i] : 0;
      const auto table = static_cast<FactTable>(i);
      if (earlier_[i] == counted) continue;
      Find(0, 0, domain::NameOf(table),
           std::to_string(counted) + " rows are from before the audit, " + std::to_string(earlier_[i]) + " are there");
    }
    for (const auto& [unit, station, epoch, sequence] : facts_->FalselyReversed()) {
      Find(0, 0, "station_event",
           "the event of unit " + std::to_string(unit) + ", station " + std::to_string(station) + ", epoch " +
               std::to_string(epoch) + ", sequence " + std::to_string(sequence) +
               " is marked as reversed and no event reversed it, or the other way round");
    }
  }

  Transaction& transaction_;
  const VerifyQuestion& question_;
  const std::function<bool(const AuditVerification&)>& progress_;
  const AuditChain chain_;
  std::optional<FactReader> facts_;
  std::multimap<int64_t, std::string> anchors_;
  std::array<int64_t, domain::kFactTables> earlier_{};
  domain::Time newest_{};
  bool authenticated_before_ = false;
  AuditVerification told_;
};

}  // namespace

AuditVerification VerifyAudit(Transaction& transaction, const VerifyQuestion& question,
                              const std::function<bool(const AuditVerification&)>& progress) {
  return Verifier(transaction, question, progress).Run();
}

}  // namespace mes::db
