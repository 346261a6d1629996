// Ten thousand times somebody who owns the database bends the record: an audit entry, a link, a signed head, a row that a trace
// walks. Each time the verification must find it and name the first bad place. A round is a transaction that is rolled back; which
// commits' rows it changed, an oracle of its own says, which compares the rows of each commit before and after.
#include <map>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/audit_fact.h"
#include "db/row.h"
#include "domain/limits_audit.h"
#include "tests/db/audit_history.h"

namespace mes::db {
namespace {

constexpr int kRoundsPerSeed = 1'000;

// Of each table the facts that its rows are: name, when recorded (microseconds), station, epoch, content.
constexpr char kAt[] = "coalesce((extract(epoch from {}) * 1000000)::bigint, 0)::text";
struct Watched {
  const char* table;
  std::vector<std::array<const char*, 5>> facts;  // name, time, station and epoch, content, which rows
};
const std::vector<Watched>& WatchedTables() {
  static const std::vector<Watched> tables = {
      {"station_event",
       {{"station_event", "record_time", "station_id, epoch", "(to_jsonb(x) - 'flags')::text || (flags & ~4)", "true"}}},
      {"refused_event", {{"refused_event", "record_time", "station_id, epoch", "to_jsonb(x)::text", "true"}}},
      {"assembly",
       {{"installed", "install_record_time", "install_station, install_epoch",
         "(to_jsonb(x) - '{remove_time,remove_record_time,remove_sequence,remove_station,remove_epoch}'::text[] "
         "- '{void_end,void_record_time}'::text[])::text",
         "true"},
        {"removed", "remove_record_time", "coalesce(remove_station, 0), coalesce(remove_epoch, 0)",
         "(to_jsonb(x) - '{install_time,remove_time,void_end,void_record_time}'::text[])::text || "
         "coalesce(coalesce(void_end, remove_time)::text, '')",
         "num_nonnulls(remove_time, remove_record_time, remove_sequence, remove_station, remove_epoch) > 0"},
        {"edge_void", "void_record_time", "install_station, install_epoch",
         "(to_jsonb(x) - '{install_time,remove_record_time,remove_sequence,remove_station,remove_epoch}'::text[])::text",
         "num_nonnulls(void_record_time, void_end) > 0"}}},
      {"lot_consumption",
       {{"consumed", "record_time", "station_id, epoch", "(to_jsonb(x) - 'reverse_record_time')::text", "kind = 1"},
        {"consumption_reversed", "reverse_record_time", "station_id, epoch",
         "(to_jsonb(x) - '{quantity_micro,consume_time,operation,request_id,kind}'::text[])::text", "reverse_record_time is not null"},
        {"lot_edge", "record_time", "station_id, epoch", "(to_jsonb(x) - 'reverse_record_time')::text", "kind <> 1"}}},
      {"station_condition", {{"station_condition", "record_time", "reporting_station, epoch", "to_jsonb(x)::text", "true"}}},
      // When a unit was taken apart is entered, and its state; the row tells it later.
      {"recycling_unit", {{"recycled_unit", "record_time", "0, 0", "(to_jsonb(x) - 'dismantle_time')::text", "true"}}},
      {"recovered_lot", {{"recovered_lot", "record_time", "0, 0", "to_jsonb(x)::text", "true"}}}};
  return tables;
}

using Commit = std::tuple<std::string, int64_t, int32_t, int32_t>;  // table, when, station, epoch
using Picture = std::map<Commit, std::multiset<std::string>>;

Picture PictureOf(Transaction& transaction, const Watched& watched) {
  Picture picture;
  for (const auto& [name, time, key, content, rows] : watched.facts) {
    std::string at = kAt;
    at.replace(at.find("{}"), 2, time);
    const std::string sql = std::string("select ") + at + ", " + key + ", " + content + " from " + watched.table + " x where " + rows;
    for (const pqxx::row& row : transaction.work().exec(sql)) {
      picture[{name, row[0].as<int64_t>(), row[1].as<int32_t>(), row[2].as<int32_t>()}].insert(row[3].as<std::string>());
    }
  }
  return picture;
}

struct Column {
  std::string name, type;
  bool nullable = false;
};
struct Table {
  std::string name;
  std::vector<Column> columns;
  // Where its rows are.
  std::vector<std::string> rows;
};

class AuditTampering : public testing::TestWithParam<int> {
 protected:
  AuditTampering() : random_(static_cast<uint64_t>(GetParam())) {
    history_.Live();
    history_.plant().Run([&](Transaction& transaction) {
      for (const char* name : {"audit_entry", "audit_link", "audit_anchor", "audit_chain"}) tables_.push_back(Load(transaction, name));
      for (const Watched& watched : WatchedTables()) {
        tables_.push_back(Load(transaction, watched.table));
        before_[watched.table] = PictureOf(transaction, watched);
      }
      links_ = ListAuditLinks(transaction, 0, 10'000);
      marks_ = Marks(transaction);
    });
    for (const LinkedEntry& linked : links_) {
      if (linked.entry->kind != domain::AuditKind::kFacts) continue;
      for (const domain::FactGroup& group : FactGroupsIn(linked.entry->new_value)) groups_.emplace_back(linked.link, group);
    }
  }

  static Table Load(Transaction& transaction, const std::string& name) {
    Table table{name, {}, {}};
    for (const pqxx::row& row : transaction.work().exec(
             "select column_name, data_type, is_nullable from information_schema.columns where table_name = '" + name +
             "' order by ordinal_position")) {
      table.columns.push_back({row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>() == "YES"});
    }
    for (const pqxx::row& row : transaction.work().exec("select tableoid, ctid from " + name + " order by 1, 2")) {
      table.rows.push_back("tableoid = " + row[0].as<std::string>() + " and ctid = '" + row[1].as<std::string>() + "'");
    }
    EXPECT_FALSE(table.rows.empty()) << name;
    return table;
  }
  static std::string Marks(Transaction& transaction) {
    return transaction.work()
        .exec1("select coalesce(string_agg(unit_id || '/' || sequence, ' ' order by unit_id, sequence, station_id), '') "
               "from station_event where flags & 4 <> 0")[0]
        .as<std::string>();
  }

  size_t Below(size_t limit) { return static_cast<size_t>(random_() % limit); }
  template <typename Items>
  const auto& OneOf(const Items& items) { return items[Below(items.size())]; }

  // Another value of the column, as an expression.
  std::string Other(const Column& column) {
    const std::string& c = column.name;
    const std::string some = std::to_string(1 + Below(3));
    if (column.nullable && Below(5) == 0) return "null";
    if (column.type == "boolean") return "not " + c;
    if (column.type == "text") return "coalesce(" + c + ", '') || 'x'";
    if (column.type == "jsonb") return "coalesce(" + c + ", '{}') || '{\"x\": " + some + "}'";
    if (column.type == "timestamp with time zone")
      return "coalesce(" + c + ", '2026-11-26') + interval '" + some + (Below(2) == 0 ? " microseconds'" : " days'");
    if (column.type == "bytea") {
      return "case when length(" + c + ") > 0 then set_byte(" + c + ", " + some + " % length(" + c + "), get_byte(" + c + ", " + some +
             " % length(" + c + ")) # 1) else '\\x01' end";
    }
    if (column.type == "ARRAY") return "array_append(" + c + ", 1)";
    return "coalesce(" + c + ", 0) + " + some;
  }

  // The statement of one tampering; empty where there is nothing to do.
  std::string Edit(const Table& table) {
    const Column& column = OneOf(table.columns);
    return "update " + table.name + " set " + column.name + " = " + Other(column) + " where " + OneOf(table.rows);
  }
  std::string Delete(const Table& table) { return "delete from " + table.name + " where " + OneOf(table.rows); }
  // A copy of a row, one column of it different.
  std::string Insert(const Table& table) {
    const Column& changed = OneOf(table.columns);
    std::string names, values;
    for (const Column& column : table.columns) {
      names += (names.empty() ? "" : ", ") + column.name;
      // Numbers and links have to be new ones.
      const std::string next = column.name == "audit_id" && table.name == "audit_entry" ? "nextval('audit_entry_number')"
                               : column.name == "link_no" && table.name == "audit_link"
                                   ? "(select max(link_no) + 1 from audit_link)"
                                   : (column.name == changed.name ? Other(column) : column.name);
      values += (values.empty() ? "" : ", ") + next;
    }
    return "insert into " + table.name + " (" + names + ") select " + values + " from " + table.name + " where " + OneOf(table.rows);
  }
  // Two rows have each other's value.
  std::string Swap(const Table& table) {
    const std::string& column = OneOf(table.columns).name;
    const std::string &a = OneOf(table.rows), &b = OneOf(table.rows);
    if (a == b) return "";
    return "with two as materialized (select (select " + column + " from " + table.name + " where " + a + ") as a, (select " + column +
           " from " + table.name + " where " + b + ") as b) update " + table.name + " set " + column + " = case when " + a +
           " then (select b from two) else (select a from two) end where (" + a + ") or (" + b + ")";
  }
  std::string Cut(const Table& table) {
    if (table.name == "audit_link" || table.name == "audit_entry") {
      const std::string link = std::to_string(OneOf(links_).link);
      return "delete from audit_entry where audit_id in (select audit_id from audit_link where link_no >= " + link +
             "); delete from audit_link where link_no >= " + link + "; delete from audit_anchor where link_no >= " + link;
    }
    for (const Column& column : table.columns) {
      if (column.name.ends_with("record_time") || column.name == "anchor_time") {
        return "delete from " + table.name + " where " + column.name + " >= (select " + column.name + " from " + table.name + " where " +
               OneOf(table.rows) + ")";
      }
    }
    return "";
  }

  AuditVerification Verify(Transaction& transaction) {
    VerifyQuestion question;
    question.anchors = history_.anchors();
    question.check_signature = IsToySigned;
    return VerifyAudit(transaction, question, [](const AuditVerification&) { return true; });
  }

  // The place that must be named first: a link, 0 for outside of the chain; -1: nothing was changed.
  int64_t ExpectedOfRows(Transaction& transaction, const Watched& watched, std::set<std::string>& tables) {
    const Picture& before = before_.at(watched.table);
    const Picture after = PictureOf(transaction, watched);
    int64_t first = -1;
    const auto note = [&](const Commit& commit) {
      const auto& [table, micros, station, epoch] = commit;
      tables.insert(table);
      const domain::Time time = domain::FromMicros(micros);
      int64_t link = 0;
      for (const auto& [at, group] : groups_) {
        if (group.station_id == station && group.epoch == epoch && group.record_time <= time && time <= group.record_until) {
          link = link == 0 ? at : std::min(link, at);
        }
      }
      if (link != 0) first = first <= 0 ? link : std::min(first, link);
      if (link == 0 && first < 0) first = 0;
    };
    for (const auto& [commit, rows] : before) {
      if (const auto same = after.find(commit); same == after.end() || same->second != rows) note(commit);
    }
    for (const auto& [commit, rows] : after) {
      if (!before.contains(commit)) note(commit);
    }
    if (first < 0 && std::string(watched.table) == "station_event" && Marks(transaction) != marks_) {
      tables.insert("station_event");
      return 0;
    }
    return first;
  }

  // Links, entries, anchors: the smallest place at which anything differs.
  int64_t ExpectedOfChain(Transaction& transaction, const std::string& table) {
    if (table == "audit_chain") return HasAuditChain(transaction) ? 1 : 0;
    int64_t first = INT64_MAX;
    const std::vector<LinkedEntry> now = ListAuditLinks(transaction, 0, 10'000);
    for (size_t i = 0; i < std::max(now.size(), links_.size()); ++i) {
      const bool same = i < now.size() && i < links_.size() && now[i].link == links_[i].link && now[i].hash == links_[i].hash &&
                        now[i].audit_id == links_[i].audit_id && now[i].entry == links_[i].entry;
      if (same) continue;
      first = static_cast<int64_t>(i) + 1;
      break;
    }
    std::map<std::pair<int64_t, std::string>, AuditAnchor> kept;
    for (const AuditAnchor& anchor : history_.anchors()) kept.emplace(std::pair(anchor.link, anchor.signature), anchor);
    for (const AuditAnchor& anchor : ListAuditAnchors(transaction, -1, {}, 10'000)) {
      const auto found = kept.find({anchor.link, anchor.signature});
      if (found != kept.end() && found->second.hash == anchor.hash && found->second.time == anchor.time &&
          found->second.public_key == anchor.public_key) {
        kept.erase(found);
      } else {
        first = std::min(first, anchor.link);
      }
    }
    for (const auto& [name, anchor] : kept) first = std::min(first, anchor.link);
    return first == INT64_MAX ? -1 : first;
  }

  // False: the database would not have it, or it changed nothing.
  bool Round(Transaction& transaction) {
    const Table& table = OneOf(tables_);
    static constexpr std::string (AuditTampering::*kWays[])(const Table&) = {&AuditTampering::Edit, &AuditTampering::Edit,
                                                                            &AuditTampering::Delete, &AuditTampering::Insert,
                                                                            &AuditTampering::Swap, &AuditTampering::Cut};
    const std::string sql = (this->*kWays[Below(std::size(kWays))])(table);
    if (sql.empty()) return false;
    int64_t expected = -1;
    std::set<std::string> named;
    const bool chain = table.name.starts_with("audit_");
    try {
      transaction.work().exec("set local session_replication_role = replica");
      transaction.work().exec(sql);
      if (table.name == "audit_entry" && sql.starts_with("insert")) {
        // Half a second later a server seals it.
        SealProgress everything;
        SealAudit(transaction, everything);
      }
    } catch (const pqxx::sql_error&) {
      return false;
    }
    if (chain) {
      expected = ExpectedOfChain(transaction, table.name);
    } else {
      const auto& watched = WatchedTables();
      expected = ExpectedOfRows(transaction, *std::find_if(watched.begin(), watched.end(), [&](const Watched& w) {
                                  return w.table == table.name;
                                }), named);
    }
    if (expected < 0) return false;
    const AuditVerification told = Verify(transaction);
    EXPECT_GT(told.findings_in_all, 0) << sql;
    if (told.findings.empty()) return true;
    const domain::AuditFinding& found = told.findings.front();
    ++done_[table.name];
    EXPECT_EQ(found.link, expected) << sql << "\n" << found.sentence;
    EXPECT_FALSE(found.sentence.empty());
    if (!chain) {
      EXPECT_TRUE(named.contains(found.table)) << sql << "\n" << found.table << ": " << found.sentence;
    }
    return true;
  }

  AuditHistory history_;
  std::vector<Table> tables_;
  std::map<std::string, Picture> before_;
  std::string marks_;
  std::vector<LinkedEntry> links_;
  std::vector<std::pair<int64_t, domain::FactGroup>> groups_;
  std::map<std::string, int> done_;
  std::mt19937_64 random_;
};

TEST_P(AuditTampering, EachOfAThousandIsFoundAndTheFirstBadPlaceNamed) {
  const AuditVerification sound = history_.Verify({.anchors = history_.anchors()});
  ASSERT_TRUE(sound.Sound()) << sound.findings.at(0).sentence;
  ASSERT_EQ(sound.unauthenticated, 0);
  int done = 0;
  for (int tried = 0; done < kRoundsPerSeed && tried < 5 * kRoundsPerSeed && !HasFailure(); ++tried) {
    history_.database().pool().Run([&](Transaction& transaction) {
      done += Round(transaction) ? 1 : 0;
      return false;
    });
  }
  EXPECT_EQ(done, kRoundsPerSeed);
  for (const Table& table : tables_) EXPECT_GT(done_[table.name], 5) << table.name;
  EXPECT_TRUE(history_.Verify({.anchors = history_.anchors()}).Sound());
}

// Ten thousand in all; apart, so that they run beside each other.
INSTANTIATE_TEST_SUITE_P(Seeds, AuditTampering, testing::Range(1, 11));

}  // namespace
}  // namespace mes::db
