#include "db/audit_fact.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "db/array.h"
#include "db/audit.h"
#include "db/event_row.h"
#include "db/refusal_json.h"
#include "db/row.h"

namespace mes::db {
namespace {

using domain::AppendField;
using domain::AppendNull;
using domain::Effects;
using domain::FactTable;

constexpr int kRowsPerFetch = 5'000;

std::string Canonical(std::string_view json) {
  return nlohmann::json::parse(json).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// What a batch stored, by group and table.
class Stored {
 public:
  void Add(FactTable table, domain::Time record_time, const domain::EventKey& event, std::string bytes) {
    Group& group = groups_[{event.station_id, event.epoch}];
    group.from = group.any ? std::min(group.from, record_time) : record_time;
    group.until = group.any ? std::max(group.until, record_time) : record_time;
    group.first = group.any ? std::min(group.first, event.sequence) : event.sequence;
    group.last = group.any ? std::max(group.last, event.sequence) : event.sequence;
    group.any = true;
    group.facts[static_cast<size_t>(table)].push_back(std::move(bytes));
  }
  std::vector<domain::FactGroup> Take() {
    std::vector<domain::FactGroup> groups;
    for (auto& [key, group] : groups_) {
      domain::FactGroup& told = groups.emplace_back();
      std::tie(told.station_id, told.epoch) = key;
      told.record_time = group.from, told.record_until = group.until;
      told.first_sequence = group.first, told.last_sequence = group.last;
      for (size_t i = 0; i < domain::kFactTables; ++i) {
        if (!group.facts[i].empty()) told.tables[i] = DigestOf(std::move(group.facts[i]));
      }
    }
    return groups;
  }

 private:
  struct Group {
    bool any = false;
    domain::Time from{}, until{};
    int64_t first = 0, last = 0;
    std::array<std::vector<std::string>, domain::kFactTables> facts;
  };
  // By station and epoch.
  std::map<std::pair<int32_t, int32_t>, Group> groups_;
};

std::string EndOf(int64_t child_id, domain::Time now, const domain::EventKey& event) {
  std::string bytes;
  AppendField(bytes, child_id), AppendField(bytes, domain::ToMicros(now)), AppendField(bytes, event.sequence);
  AppendField(bytes, int64_t{event.station_id}), AppendField(bytes, int64_t{event.epoch});
  return bytes;
}

void AddEdges(Stored& stored, const Effects& effects, domain::Time now) {
  for (const Effects::Install& e : effects.installs) {
    std::string bytes;
    AppendField(bytes, e.parent_id), AppendField(bytes, e.child_id), AppendField(bytes, domain::ToMicros(e.time));
    AppendField(bytes, domain::ToMicros(now)), AppendField(bytes, e.event.sequence),
        AppendField(bytes, int64_t{e.event.station_id});
    AppendField(bytes, int64_t{e.event.epoch}), AppendField(bytes, int64_t{e.line}), AppendField(bytes, int64_t{e.slot});
    stored.Add(FactTable::kInstalls, now, e.event, std::move(bytes));
    if (e.removal) stored.Add(FactTable::kRemovals, now, e.removal->second, EndOf(e.child_id, now, e.removal->second));
  }
  for (const Effects::Removal& e : effects.removals)
    stored.Add(FactTable::kRemovals, now, e.event, EndOf(e.child_id, now, e.event));
  for (const Effects::Consumption& e : effects.consumptions) {
    std::string bytes;
    AppendField(bytes, e.lot_id), AppendField(bytes, e.consumer_id), AppendField(bytes, e.quantity_micro);
    AppendField(bytes, domain::ToMicros(e.time)), AppendField(bytes, domain::ToMicros(now)), AppendField(bytes, e.event.sequence);
    AppendField(bytes, int64_t{e.event.station_id}), AppendField(bytes, int64_t{e.event.epoch});
    AppendField(bytes, int64_t{e.operation}), AppendField(bytes, int64_t{e.line});
    stored.Add(FactTable::kConsumptions, now, e.event, std::move(bytes));
  }
  for (const Effects::Reversal& e : effects.reversed_consumptions) {
    stored.Add(FactTable::kReversals, now, e.event, EndOf(e.unit_id, now, e.event));
  }
}

void AddRefused(Stored& stored, const Effects::Refused& r, domain::Time now) {
  std::string bytes;
  AppendField(bytes, domain::ToMicros(r.occur_time)), AppendField(bytes, domain::ToMicros(now)),
      AppendField(bytes, r.event.sequence);
  AppendField(bytes, r.digest), AppendField(bytes, int64_t{r.event.station_id}), AppendField(bytes, int64_t{r.event.epoch});
  AppendField(bytes, static_cast<int64_t>(r.kind)), AppendField(bytes, r.subject_code);
  AppendField(bytes, Canonical(RefusalsToJson(r.refusals))), AppendField(bytes, domain::HexText(r.content));
  stored.Add(FactTable::kRefusedEvents, now, r.event, std::move(bytes));
}

std::string JsonOf(const domain::World& world, const std::vector<domain::FactGroup>& groups) {
  nlohmann::json list = nlohmann::json::array();
  for (const domain::FactGroup& group : groups) {
    nlohmann::json told = {{"record_time_us", domain::ToMicros(group.record_time)},
                           {"record_until_us", domain::ToMicros(group.record_until)},
                           {"station_id", group.station_id},
                           {"epoch", group.epoch},
                           {"first", group.first_sequence},
                           {"last", group.last_sequence}};
    if (const domain::Station* station = world.plant.FindStation(group.station_id); station != nullptr)
      told["station"] = station->code;
    for (size_t i = 0; i < domain::kFactTables; ++i) {
      if (group.tables[i].rows == 0) continue;
      told["tables"][std::string(NameOf(static_cast<FactTable>(i)))] = {{"rows", group.tables[i].rows},
                                                                        {"sha256", domain::HexText(group.tables[i].sha256)}};
    }
    list.push_back(std::move(told));
  }
  return nlohmann::json{{"groups", std::move(list)}}.dump();
}

// How a table's rows are read: its key, then its fields. A letter for each field: p as it is, t a time, m measured values, j
// JSON.
struct Source {
  FactTable table;
  const char* fields;
  const char* sql;
};

constexpr Source kSources[] = {
    {FactTable::kStationEvents,
     "tt"
     "pppppppppppppppppppp"
     "tppp"
     "mj",
     "select record_time, station_id, epoch, sequence, (flags & 4) <> 0, " MES_FACT_COLUMNS
     " from station_event order by record_time, station_id, epoch"},
    {FactTable::kRefusedEvents, "ttppppppjp",
     "select record_time, station_id, epoch, sequence, false, occur_time, record_time, sequence, digest, station_id, epoch, kind, "
     "subject_code, refusals, encode(content, 'hex') from refused_event order by record_time, station_id, epoch"},
    {FactTable::kInstalls, "ppttppppp",
     "select install_record_time, install_station, install_epoch, install_sequence, false, parent_id, child_id, install_time, "
     "install_record_time, install_sequence, install_station, install_epoch, line, slot from assembly "
     "order by install_record_time, install_station, install_epoch"},
    {FactTable::kRemovals, "ptppp",
     "select remove_record_time, remove_station, remove_epoch, remove_sequence, false, child_id, remove_record_time, remove_sequence, "
     "remove_station, remove_epoch from assembly where remove_record_time is not null "
     "order by remove_record_time, remove_station, remove_epoch"},
    {FactTable::kConsumptions, "pppttppppp",
     "select record_time, station_id, epoch, sequence, false, lot_id, consumer_id, quantity_micro, consume_time, record_time, sequence, "
     "station_id, epoch, operation, line from lot_consumption where kind = 1 order by record_time, station_id, epoch"},
    {FactTable::kReversals, "ptppp",
     "select reverse_record_time, station_id, epoch, sequence, false, consumer_id, reverse_record_time, sequence, station_id, epoch "
     "from lot_consumption where kind = 1 and reverse_record_time is not null order by reverse_record_time, station_id, epoch"},
};

void AppendRead(std::string& bytes, char how, const pqxx::field& field) {
  if (field.is_null()) return AppendNull(bytes);
  const std::string_view text = TextOf(field);
  switch (how) {
    case 't':
      return AppendField(bytes, domain::ToMicros(ParseTimeText(text)));
    case 'm': {
      std::vector<double> values;
      for (const auto& value : DoublesIn(text)) values.push_back(value.value_or(std::nan("")));
      const std::optional<std::string> literal = MeasuredLiteral(values);
      return literal ? AppendField(bytes, *literal) : AppendNull(bytes);
    }
    case 'j':
      return AppendField(bytes, Canonical(text));
    default:
      return AppendField(bytes, text);
  }
}

}  // namespace

domain::FactDigest DigestOf(std::vector<std::string> facts) {
  std::sort(facts.begin(), facts.end());
  std::string bytes;
  for (const std::string& fact : facts) AppendField(bytes, fact);
  return {static_cast<int64_t>(facts.size()), Sha256(bytes)};
}

void InsertFactEntry(Transaction& transaction, const domain::World& world) {
  if (!AuditIsWritten()) return;
  Stored stored;
  for (const domain::EventRow& row : world.effects.rows) {
    stored.Add(FactTable::kStationEvents, row.record_time, {row.station_id, row.epoch, row.sequence}, EventFact(row));
  }
  for (const Effects::Refused& refused : world.effects.refused) AddRefused(stored, refused, world.now);
  AddEdges(stored, world.effects, world.now);
  const std::vector<domain::FactGroup> groups = stored.Take();
  if (groups.empty()) return;
  domain::AuditEntry entry;
  entry.kind = domain::AuditKind::kFacts;
  entry.write_time = world.now;
  const bool office = groups.size() == 1 && groups[0].station_id == 0;
  entry.method = office ? "StoreFacts" : "RecordStationEvents";
  const domain::Station* station = world.plant.FindStation(groups[0].station_id);
  const bool alone =
      std::all_of(groups.begin(), groups.end(), [&](const auto& group) { return group.station_id == groups[0].station_id; });
  if (alone && station != nullptr) {
    entry.caller = station->code;
    entry.noun = "station";
    entry.noun_id = station->code;
  } else if (!office) {
    entry.caller = "stations";
  }
  entry.new_value = JsonOf(world, groups);
  InsertAuditEntry(transaction, entry);
}

std::vector<domain::FactGroup> FactGroupsIn(const std::string& new_value) {
  std::vector<domain::FactGroup> groups;
  try {
    const nlohmann::json json = nlohmann::json::parse(new_value);
    for (const nlohmann::json& told : json.at("groups")) {
      domain::FactGroup& group = groups.emplace_back();
      group.record_time = domain::FromMicros(told.at("record_time_us").get<int64_t>());
      group.record_until = domain::FromMicros(told.at("record_until_us").get<int64_t>());
      group.station_id = told.at("station_id").get<int32_t>();
      group.epoch = told.at("epoch").get<int32_t>();
      group.first_sequence = told.at("first").get<int64_t>();
      group.last_sequence = told.at("last").get<int64_t>();
      for (size_t i = 0; i < domain::kFactTables; ++i) {
        const auto table = told.at("tables").find(NameOf(static_cast<FactTable>(i)));
        if (table == told.at("tables").end()) continue;
        group.tables[i].rows = table->at("rows").get<int64_t>();
        const std::string hex = table->at("sha256").get<std::string>();
        for (size_t at = 0; at + 1 < hex.size(); at += 2) {
          group.tables[i].sha256 += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
        }
      }
    }
  } catch (const std::exception& fault) {
    throw std::runtime_error(std::string("an audit entry's facts are malformed: ") + fault.what());
  }
  return groups;
}

struct FactReader::State {
  struct Rows {
    int64_t first_sequence = 0;
    std::vector<std::string> facts;
  };
  struct Cursor {
    const Source* source = nullptr;
    std::string name;
    pqxx::result page;
    pqxx::result::size_type next = 0;
    bool done = false;
    std::map<FactKey, Rows> waiting;
  };

  explicit State(Transaction& opened) : transaction(opened) {
    // The sorts are as large as the tables.
    Execute(transaction, "select set_config('work_mem', '64MB', true)");
    for (const Source& source : kSources) {
      Cursor& cursor = cursors[static_cast<size_t>(source.table)];
      cursor.source = &source;
      cursor.name = "audit_facts_" + std::string(NameOf(source.table));
      transaction.work().exec0("declare " + cursor.name + " no scroll cursor for " + source.sql);
    }
  }
  ~State() {
    for (const Cursor& cursor : cursors) {
      try {
        transaction.work().exec0("close " + cursor.name);
      } catch (const std::exception&) {
        // The transaction has ended badly; its cursors went with it.
        return;
      }
    }
  }

  // Reads on until a row recorded after `until` is the next.
  void Advance(Cursor& cursor, domain::Time until) {
    while (!cursor.done) {
      if (cursor.next == cursor.page.size()) {
        cursor.page = transaction.work().exec("fetch forward " + std::to_string(kRowsPerFetch) + " from " + cursor.name);
        cursor.next = 0;
        cursor.done = cursor.page.empty();
        continue;
      }
      const pqxx::row row = cursor.page[cursor.next];
      const auto record_time = Get<domain::Time>(row[0]);
      if (record_time > until) return;
      Keep(cursor, row, record_time);
      ++cursor.next;
      ++rows;
    }
  }

  void Keep(Cursor& cursor, const pqxx::row& row, domain::Time record_time) {
    const FactKey key{record_time, GetOr<int32_t>(row[1], 0), GetOr<int32_t>(row[2], 0)};
    const auto sequence = GetOr<int64_t>(row[3], 0);
    std::string bytes;
    const std::string_view how = cursor.source->fields;
    for (size_t i = 0; i < how.size(); ++i) AppendRead(bytes, how[i], row[static_cast<pqxx::row::size_type>(i + 5)]);
    Rows& group = cursor.waiting[key];
    if (group.facts.empty()) group.first_sequence = sequence;
    group.facts.push_back(std::move(bytes));
    if (cursor.source->table != FactTable::kStationEvents) return;
    const auto unit_id = Get<int64_t>(row[7]);
    if (Get<bool>(row[4])) marked.insert({unit_id, std::get<1>(key), std::get<2>(key), sequence});
    if (Get<domain::EventKind>(row[15]) != domain::EventKind::kReversed || row[32].is_null()) return;
    const nlohmann::json details = nlohmann::json::parse(TextOf(row[32]));
    if (const auto reversed = details.find("reversed"); reversed != details.end()) {
      named.insert({unit_id, std::get<1>(key), reversed->at("epoch").get<int32_t>(), reversed->at("sequence").get<int64_t>()});
    }
  }

  Transaction& transaction;
  std::array<Cursor, domain::kFactTables> cursors;
  int64_t rows = 0;
  std::set<EventName> marked;
  std::set<EventName> named;
};

FactReader::FactReader(Transaction& transaction) : state_(std::make_unique<State>(transaction)) {}
FactReader::~FactReader() = default;

std::vector<std::string> FactReader::Take(FactTable table, const domain::FactGroup& group) {
  State::Cursor& cursor = state_->cursors[static_cast<size_t>(table)];
  state_->Advance(cursor, group.record_until);
  std::vector<std::string> facts;
  auto row = cursor.waiting.lower_bound({group.record_time, group.station_id, group.epoch});
  while (row != cursor.waiting.end() && std::get<0>(row->first) <= group.record_until) {
    const auto& [time, station_id, epoch] = row->first;
    if (station_id != group.station_id || epoch != group.epoch) {
      ++row;
      continue;
    }
    facts.insert(facts.end(), std::make_move_iterator(row->second.facts.begin()), std::make_move_iterator(row->second.facts.end()));
    row = cursor.waiting.erase(row);
  }
  return facts;
}

std::vector<FactReader::Stray> FactReader::TakeStrays(domain::Time until) {
  std::vector<Stray> strays;
  for (State::Cursor& cursor : state_->cursors) {
    state_->Advance(cursor, until);
    while (!cursor.waiting.empty() && std::get<0>(cursor.waiting.begin()->first) < until) {
      const auto& [key, rows] = *cursor.waiting.begin();
      strays.push_back({cursor.source->table, key, static_cast<int64_t>(rows.facts.size()), rows.first_sequence});
      cursor.waiting.erase(cursor.waiting.begin());
    }
  }
  return strays;
}

int64_t FactReader::rows() const { return state_->rows; }

std::vector<FactReader::EventName> FactReader::FalselyReversed() const {
  std::vector<EventName> wrong;
  std::set_symmetric_difference(state_->marked.begin(), state_->marked.end(), state_->named.begin(), state_->named.end(),
                                std::back_inserter(wrong));
  return wrong;
}

std::vector<std::optional<std::string>> FieldsOf(std::string_view fact) {
  std::vector<std::optional<std::string>> fields;
  while (fact.size() >= 4) {
    uint32_t length = 0;
    for (int i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(fact[static_cast<size_t>(i)]);
    fact.remove_prefix(4);
    if (length == 0xffffffff) {
      fields.emplace_back();
      continue;
    }
    fields.emplace_back(fact.substr(0, length));
    fact.remove_prefix(std::min<size_t>(length, fact.size()));
  }
  return fields;
}

}  // namespace mes::db
