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

// What an edge's end, or a consumption taken back, is found by.
std::string EndOf(int64_t unit_id, domain::Time now, const domain::EventKey& event) {
  std::string bytes;
  AppendField(bytes, unit_id), AppendField(bytes, domain::ToMicros(now)), AppendField(bytes, event.sequence);
  AppendField(bytes, int64_t{event.station_id}), AppendField(bytes, int64_t{event.epoch});
  return bytes;
}

// Ends of edges from before the batch, and reversals, come as the updates gave them back.
void AddEdges(Stored& stored, const Effects& effects, domain::Time now) {
  for (const Effects::Install& e : effects.installs) {
    std::string bytes;
    AppendField(bytes, e.parent_id), AppendField(bytes, e.child_id), AppendField(bytes, domain::ToMicros(e.time));
    AppendField(bytes, domain::ToMicros(now)), AppendField(bytes, e.event.sequence),
        AppendField(bytes, int64_t{e.event.station_id});
    AppendField(bytes, int64_t{e.event.epoch}), AppendField(bytes, int64_t{e.line}), AppendField(bytes, int64_t{e.slot});
    stored.Add(FactTable::kInstalls, now, e.event, std::move(bytes));
    if (!e.removal) continue;
    bytes = EndOf(e.child_id, now, e.removal->second);
    AppendField(bytes, domain::ToMicros(e.removal->first)), AppendField(bytes, e.parent_id);
    AppendField(bytes, domain::ToMicros(now)), AppendField(bytes, e.event.sequence);
    AppendField(bytes, int64_t{e.event.station_id}), AppendField(bytes, int64_t{e.event.epoch});
    AppendField(bytes, int64_t{e.line}), AppendField(bytes, int64_t{e.slot});
    stored.Add(FactTable::kRemovals, now, e.removal->second, std::move(bytes));
  }
  for (const Effects::Consumption& e : effects.consumptions) {
    std::string bytes;
    AppendField(bytes, e.lot_id), AppendField(bytes, e.consumer_id), AppendField(bytes, e.quantity_micro);
    AppendField(bytes, domain::ToMicros(e.time)), AppendField(bytes, domain::ToMicros(now)), AppendField(bytes, e.event.sequence);
    AppendField(bytes, int64_t{e.event.station_id}), AppendField(bytes, int64_t{e.event.epoch});
    AppendField(bytes, int64_t{e.operation}), AppendField(bytes, int64_t{e.line});
    AppendNull(bytes);  // its request, which only splits and merges have
    stored.Add(FactTable::kConsumptions, now, e.event, std::move(bytes));
  }
}

// Readings are numbers, however the database writes them.
std::string Readings(std::string_view json) {
  nlohmann::json readings = nlohmann::json::parse(json);
  for (nlohmann::json& reading : readings) {
    if (reading.is_number()) reading = reading.get<double>();
  }
  return readings.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void AddConditions(Stored& stored, const std::vector<domain::StationCondition>& conditions, domain::Time now) {
  for (const domain::StationCondition& c : conditions) {
    std::string bytes;
    AppendField(bytes, int64_t{c.station_id}), AppendField(bytes, c.report.person);
    AppendField(bytes, static_cast<int64_t>(c.report.kind)), AppendField(bytes, c.report.in_order ? "t" : "f");
    AppendField(bytes, domain::ToMicros(c.occur_time)), AppendField(bytes, domain::ToMicros(c.report.expire_time));
    AppendField(bytes, Readings(nlohmann::json(c.report.readings).dump())), AppendField(bytes, c.report.evidence);
    AppendField(bytes, c.sequence), AppendField(bytes, int64_t{c.reporting_station}), AppendField(bytes, int64_t{c.epoch});
    AppendField(bytes, domain::ToMicros(now));
    stored.Add(FactTable::kConditions, now, {c.reporting_station, c.epoch, c.sequence}, std::move(bytes));
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

std::string JsonOf(const domain::Plant* plant, const std::vector<domain::FactGroup>& groups) {
  nlohmann::json list = nlohmann::json::array();
  for (const domain::FactGroup& group : groups) {
    nlohmann::json told = {{"record_time_us", domain::ToMicros(group.record_time)},
                           {"record_until_us", domain::ToMicros(group.record_until)},
                           {"station_id", group.station_id},
                           {"epoch", group.epoch},
                           {"first", group.first_sequence},
                           {"last", group.last_sequence}};
    const domain::Station* station = plant == nullptr ? nullptr : plant->FindStation(group.station_id);
    if (station != nullptr) told["station"] = station->code;
    for (size_t i = 0; i < domain::kFactTables; ++i) {
      if (group.tables[i].rows == 0) continue;
      told["tables"][std::string(NameOf(static_cast<FactTable>(i)))] = {{"rows", group.tables[i].rows},
                                                                        {"sha256", domain::HexText(group.tables[i].sha256)}};
    }
    list.push_back(std::move(told));
  }
  return nlohmann::json{{"form", domain::FactGroup().form}, {"groups", std::move(list)}}.dump();
}

// How a table's rows are read: its key, then its fields. A letter for each field: p as it is, t a time, m measured values, j
// JSON, n readings. Of form 1 are the first `form_1` fields; 0 = all.
struct Source {
  FactTable table;
  const char* fields;
  size_t form_1;
  // The key: when recorded, station, epoch, then the sequence and whether it is marked as reversed; then the fields.
  const char* columns;
  const char* from;
  // The rows are in the order of when they were recorded, then of this.
  const char* record_time;
  const char* order;
};

constexpr Source kSources[] = {
    {FactTable::kStationEvents,
     "tt"
     "pppppppppppppppppppp"
     "tppp"
     "mj",
     0, "record_time, station_id, epoch, sequence, (flags & 4) <> 0, " MES_FACT_COLUMNS, "station_event where true", "record_time",
     "station_id, epoch"},
    {FactTable::kRefusedEvents, "ttppppppjp", 0,
     "record_time, station_id, epoch, sequence, false, occur_time, record_time, sequence, digest, station_id, epoch, kind, "
     "subject_code, refusals, encode(content, 'hex')",
     "refused_event where true", "record_time", "station_id, epoch"},
    {FactTable::kInstalls, "ppttppppp", 0,
     "install_record_time, install_station, install_epoch, install_sequence, false, parent_id, child_id, install_time, "
     "install_record_time, install_sequence, install_station, install_epoch, line, slot",
     "assembly where true", "install_record_time", "install_station, install_epoch"},
    // A row is an end where any of its columns says so.
    {FactTable::kRemovals, "ptppptptppppp", 5, MES_REMOVAL_FACT,
     "assembly a where num_nonnulls(a.remove_time, a.remove_record_time, a.remove_station, a.remove_epoch, a.remove_sequence) > 0",
     "a.remove_record_time", "a.remove_station, a.remove_epoch"},
    {FactTable::kConsumptions,
     "pppttppppp"
     "p",
     10,
     "record_time, station_id, epoch, sequence, false, lot_id, consumer_id, quantity_micro, consume_time, record_time, sequence, "
     "station_id, epoch, operation, line, request_id",
     "lot_consumption where kind = 1", "record_time", "station_id, epoch"},
    {FactTable::kReversals,
     "ptppp"
     "ptp",
     5, MES_REVERSAL_FACT, "lot_consumption c where c.reverse_record_time is not null", "c.reverse_record_time",
     "c.station_id, c.epoch"},
    {FactTable::kConditions, "ppppttnppppt", 0,
     // From before their reports were dated: of the beginning of time.
     "coalesce(record_time, 'epoch'), reporting_station, epoch, sequence, false, station_id, person, kind, in_order, occur_time, "
     "expire_time, readings, evidence, sequence, reporting_station, epoch, record_time",
     "station_condition where true", "coalesce(record_time, 'epoch')", "reporting_station, epoch"},
    {FactTable::kLotEdges, "pppttppppppp", 0, MES_LOT_EDGE_FACT, "lot_consumption where kind <> 1", "record_time", "station_id, epoch"},
    {FactTable::kRecycledUnits, "ppttpppp", 0, MES_RECYCLED_UNIT_FACT, "recycling_unit where true", "record_time", "unit_id"},
    {FactTable::kRecoveredLots, "ppttpp", 0, MES_RECOVERED_LOT_FACT, "recovered_lot where true", "record_time", "unit_id"},
    {FactTable::kVoids, "ptttptppppp", 0, MES_VOID_FACT, "assembly a where num_nonnulls(a.void_record_time, a.void_end) > 0",
     "a.void_record_time", "a.install_station, a.install_epoch"},
};

const Source& SourceOf(FactTable table) {
  return *std::find_if(std::begin(kSources), std::end(kSources), [&](const Source& source) { return source.table == table; });
}

std::string SqlOf(const Source& source, const std::optional<FactReader::Period>& period) {
  const std::string time = source.record_time;
  std::string sql = std::string("select ") + source.columns + " from " + source.from;
  if (period) sql += " and " + time + " >= '" + TimeText(period->from) + "' and " + time + " < '" + TimeText(period->until) + "'";
  return sql + " order by " + time + ", " + source.order;
}

void AppendParsed(std::string& bytes, char how, std::string_view text) {
  switch (how) {
    case 't':
      return AppendField(bytes, domain::ToMicros(ParseTimeText(text)));
    case 'm': {
      std::vector<double> values;
      for (const auto& value : DoublesIn(text)) {
        // What is not reported is stored as null.
        if (value && std::isnan(*value)) return AppendField(bytes, text);
        values.push_back(value.value_or(std::nan("")));
      }
      return AppendField(bytes, MeasuredLiteral(values).value_or(std::string(text)));
    }
    case 'j':
      return AppendField(bytes, Canonical(text));
    case 'n':
      return AppendField(bytes, Readings(text));
    default:
      return AppendField(bytes, text);
  }
}

void AppendRead(std::string& bytes, char how, const pqxx::field& field) {
  if (field.is_null()) return AppendNull(bytes);
  const std::string_view text = TextOf(field);
  const size_t before = bytes.size();
  try {
    AppendParsed(bytes, how, text);
  } catch (const std::exception&) {
    // Nothing that we ever stored: a time without end, numbers beyond all bounds. As text it is a difference like any other.
    bytes.resize(before);
    AppendField(bytes, text);
  }
}

// When a row was recorded; what is no time of ours stands at the end where the database's order has it.
domain::Time RecordTimeOf(const pqxx::field& field) {
  if (field.is_null()) return domain::Time::max();
  const std::string_view text = TextOf(field);
  try {
    return ParseTimeText(text);
  } catch (const std::exception&) {
    return text.starts_with('-') || text.ends_with("BC") ? domain::Time::min() : domain::Time::max();
  }
}

std::string BytesOf(const Source& source, const pqxx::row& row) {
  std::string bytes;
  const std::string_view how = source.fields;
  for (size_t i = 0; i < how.size(); ++i) AppendRead(bytes, how[i], row[static_cast<pqxx::row::size_type>(i + 5)]);
  return bytes;
}

// The first so many fields.
std::string FirstFields(std::string_view bytes, size_t count) {
  size_t end = 0;
  for (; count > 0 && end + 4 <= bytes.size(); --count) {
    uint32_t length = 0;
    for (size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(bytes[end + i]);
    end += 4 + (length == 0xffffffff ? 0 : length);
  }
  return std::string(bytes.substr(0, end));
}

void InsertGroups(Transaction& transaction, domain::AuditEntry entry, const domain::Plant* plant,
                  const std::vector<domain::FactGroup>& groups) {
  entry.kind = domain::AuditKind::kFacts;
  entry.new_value = JsonOf(plant, groups);
  InsertAuditEntry(transaction, entry);
}

constexpr char kOfficeMethod[] = "StoreFacts";

}  // namespace

domain::FactDigest DigestOf(std::vector<std::string> facts) {
  std::sort(facts.begin(), facts.end());
  std::string bytes;
  for (const std::string& fact : facts) AppendField(bytes, fact);
  return {static_cast<int64_t>(facts.size()), Sha256(bytes)};
}

void AppendFacts(FactTable table, const pqxx::result& rows, std::vector<Fact>& facts) {
  for (const pqxx::row& row : rows) {
    facts.push_back({table, RecordTimeOf(row[0]), {GetOr<int32_t>(row[1], 0), GetOr<int32_t>(row[2], 0), GetOr<int64_t>(row[3], 0)},
                     BytesOf(SourceOf(table), row)});
  }
}

void InsertFactEntry(Transaction& transaction, const domain::World& world, std::vector<Fact> more) {
  if (!AuditIsWritten()) return;
  Stored stored;
  for (const domain::EventRow& row : world.effects.rows) {
    stored.Add(FactTable::kStationEvents, row.record_time, {row.station_id, row.epoch, row.sequence}, EventFact(row));
  }
  for (const Effects::Refused& refused : world.effects.refused) AddRefused(stored, refused, world.now);
  AddEdges(stored, world.effects, world.now);
  AddConditions(stored, world.effects.conditions, world.now);
  for (Fact& fact : more) stored.Add(fact.table, fact.record_time, fact.event, std::move(fact.bytes));
  const std::vector<domain::FactGroup> groups = stored.Take();
  if (groups.empty()) return;
  domain::AuditEntry entry;
  entry.write_time = world.now;
  const bool office = groups.size() == 1 && groups[0].station_id == 0;
  entry.method = office ? kOfficeMethod : "RecordStationEvents";
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
  InsertGroups(transaction, std::move(entry), &world.plant, groups);
}

void InsertOfficeFacts(Transaction& transaction, domain::Time now, FactTable table, const pqxx::result& rows) {
  if (rows.empty()) return;
  std::vector<Fact> facts;
  AppendFacts(table, rows, facts);
  Stored stored;
  for (Fact& fact : facts) stored.Add(fact.table, fact.record_time, fact.event, std::move(fact.bytes));
  domain::AuditEntry entry;
  entry.write_time = now;
  entry.method = kOfficeMethod;
  InsertGroups(transaction, std::move(entry), nullptr, stored.Take());
}

std::vector<domain::FactGroup> FactGroupsIn(const std::string& new_value) {
  std::vector<domain::FactGroup> groups;
  try {
    const nlohmann::json json = nlohmann::json::parse(new_value);
    const int form = json.value("form", 1);
    for (const nlohmann::json& told : json.at("groups")) {
      domain::FactGroup& group = groups.emplace_back();
      group.record_time = domain::FromMicros(told.at("record_time_us").get<int64_t>());
      group.record_until = domain::FromMicros(told.at("record_until_us").get<int64_t>());
      group.station_id = told.at("station_id").get<int32_t>();
      group.epoch = told.at("epoch").get<int32_t>();
      group.first_sequence = told.at("first").get<int64_t>();
      group.last_sequence = told.at("last").get<int64_t>();
      group.form = form;
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

  State(Transaction& opened, const std::optional<Period>& period) : transaction(opened) {
    // The sorts are as large as the tables.
    Execute(transaction, "select set_config('work_mem', '64MB', true)");
    for (const Source& source : kSources) {
      Cursor& cursor = cursors[static_cast<size_t>(source.table)];
      cursor.source = &source;
      cursor.name = "audit_facts_" + std::string(NameOf(source.table));
      transaction.work().exec0("declare " + cursor.name + " no scroll cursor for " + SqlOf(source, period));
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
      const domain::Time record_time = RecordTimeOf(row[0]);
      if (record_time > until) return;
      Keep(cursor, row, record_time);
      ++cursor.next;
      ++rows;
    }
  }

  void Keep(Cursor& cursor, const pqxx::row& row, domain::Time record_time) {
    const FactKey key{record_time, GetOr<int32_t>(row[1], 0), GetOr<int32_t>(row[2], 0)};
    const auto sequence = GetOr<int64_t>(row[3], 0);
    Rows& group = cursor.waiting[key];
    if (group.facts.empty()) group.first_sequence = sequence;
    group.facts.push_back(BytesOf(*cursor.source, row));
    if (cursor.source->table == FactTable::kStationEvents) KeepReversal(row, key, sequence);
  }

  void KeepReversal(const pqxx::row& row, const FactKey& key, int64_t sequence) {
    const auto unit_id = Get<int64_t>(row[7]);
    if (Get<bool>(row[4])) marked.insert({unit_id, std::get<1>(key), std::get<2>(key), sequence});
    if (Get<domain::EventKind>(row[15]) != domain::EventKind::kReversed || row[32].is_null()) return;
    try {
      const nlohmann::json details = nlohmann::json::parse(TextOf(row[32]));
      const nlohmann::json& reversed = details.at("reversed");
      named.insert({unit_id, std::get<1>(key), reversed.at("epoch").get<int32_t>(), reversed.at("sequence").get<int64_t>()});
    } catch (const std::exception&) {
      // It names no event: the one that it reversed is marked and not named.
    }
  }

  Transaction& transaction;
  std::array<Cursor, domain::kFactTables> cursors;
  int64_t rows = 0;
  std::set<EventName> marked;
  std::set<EventName> named;
};

FactReader::FactReader(Transaction& transaction, const std::optional<Period>& period)
    : state_(std::make_unique<State>(transaction, period)) {}
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
  if (const size_t count = cursor.source->form_1; group.form == 1 && count > 0) {
    for (std::string& fact : facts) fact = FirstFields(fact, count);
  }
  return facts;
}

std::vector<FactReader::Stray> FactReader::TakeStrays(domain::Time until) {
  std::vector<Stray> strays;
  for (State::Cursor& cursor : state_->cursors) {
    state_->Advance(cursor, until);
    const bool all = until == domain::Time::max();
    while (!cursor.waiting.empty() && (all || std::get<0>(cursor.waiting.begin()->first) < until)) {
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
