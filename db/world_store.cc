#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "db/array.h"
#include "db/audit_fact.h"
#include "db/event_row.h"
#include "db/line_output.h"
#include "db/hold_world.h"
#include "db/nonconformance.h"
#include "db/refusal_json.h"
#include "db/process_world.h"
#include "db/row.h"
#include "db/spc_chart.h"
#include "db/unit_row.h"
#include "db/world.h"
#include "db/yield_count.h"

namespace mes::db {
namespace {

using domain::Effects;
using domain::UnitEntry;
using domain::World;

// A column of a set statement: an array literal that grows value by value; texts quoted, absent values null.
class Column {
 public:
  template <typename Value>
  void Add(const Value& value) {
    literal_ += literal_.size() > 1 ? "," : "";
    Put(value);
  }
  std::string Literal() const { return literal_ + "}"; }

 private:
  void Put(int64_t value) {
    char digits[24];
    literal_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }
  void Put(bool value) { literal_ += value ? 't' : 'f'; }
  void Put(domain::Time value) { Put(TimeText(value)); }
  void Put(const std::string& value) {
    literal_ += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') literal_ += '\\';
      literal_ += c;
    }
    literal_ += '"';
  }
  template <typename Value>
  requires std::is_enum_v<Value>
  void Put(Value value) { Put(static_cast<int64_t>(value)); }
  template <typename Value>
  void Put(const std::optional<Value>& value) {
    if (value) {
      Put(*value);
    } else {
      literal_ += "null";
    }
  }

  std::string literal_ = "{";
};

template <typename Value>
std::optional<Value> NullIfZero(Value value) {
  return value == 0 ? std::nullopt : std::optional<Value>(value);
}

// Holds are counted up with their items, on new units too.
void CopyNewUnits(Transaction& transaction, const std::vector<const UnitEntry*>& created) {
  if (created.empty()) return;
  pqxx::stream_to stream(transaction.work(), "unit",
                         std::vector<std::string>{"unit_id",
                                                  "passed",
                                                  "attempted",
                                                  "lot_lines",
                                                  "run_measured",
                                                  "running_since",
                                                  "parent_id",
                                                  "clocks",
                                                  "create_time",
                                                  "finish_time",
                                                  "material_id",
                                                  "revision_id",
                                                  "work_order_id",
                                                  "running_station",
                                                  "carrier_id",
                                                  "carrier_slot",
                                                  "counters",
                                                  "unstarted_station",
                                                  "unstarted_operation",
                                                  "state",
                                                  "tracking",
                                                  "hold_count",
                                                  "running_operation",
                                                  "failed_operation",
                                                  "run_purpose",
                                                  "run_tightenings",
                                                  "run_out_of_limits",
                                                  "source_proven",
                                                  "serial_slots_filled",
                                                  "parent_line",
                                                  "parent_slot",
                                                  "use_count",
                                                  "code",
                                                  "grade",
                                                  "group_grade",
                                                  "failure"});
  for (const UnitEntry* entry : created) {
    const domain::Unit& unit = entry->unit;
    const auto since = unit.running_operation == 0 ? std::nullopt : std::optional<std::string>(TimeText(unit.running_since));
    const auto finish = unit.finish_time ? std::optional<std::string>(TimeText(*unit.finish_time)) : std::nullopt;
    stream << std::make_tuple(
        unit.id, static_cast<int64_t>(unit.passed), static_cast<int64_t>(unit.attempted), static_cast<int64_t>(unit.lot_lines),
        static_cast<int64_t>(unit.run_measured), since, NullIfZero(unit.parent_id), ClocksLiteral(unit.clocks),
        TimeText(unit.create_time), finish, unit.material_id, NullIfZero(unit.revision_id), NullIfZero(unit.work_order_id),
        NullIfZero(unit.running_station), NullIfZero(unit.carrier_id), NullIfZero(unit.carrier_slot),
        CountersLiteral(unit.counters), NullIfZero(unit.unstarted_station), NullIfZero(unit.unstarted_operation),
        static_cast<int>(unit.status), static_cast<int>(unit.tracking), 0, unit.running_operation,
        unit.failed_operation, static_cast<int>(unit.run_purpose), unit.run_tightenings, unit.run_out_of_limits,
        unit.source_proven, unit.serial_slots_filled, NullIfZero(unit.parent_line), NullIfZero(unit.parent_slot), unit.use_count,
        unit.code, unit.grade, unit.group_grade, FailureLiteral(unit));
  }
  stream.complete();
}

// Holds keep hold_count; everything else that events move is here.
constexpr char kUpdateUnits[] = R"(
  update unit u
  set
    passed = n.passed,
    attempted = n.attempted,
    lot_lines = n.lot_lines,
    run_measured = n.run_measured,
    running_since = n.running_since,
    parent_id = n.parent_id,
    clocks = n.clocks::bigint[],
    finish_time = n.finish_time,
    running_station = n.running_station,
    carrier_id = n.carrier_id,
    carrier_slot = n.carrier_slot,
    counters = n.counters::integer[],
    unstarted_station = n.unstarted_station,
    unstarted_operation = n.unstarted_operation,
    state = n.state,
    running_operation = n.running_operation,
    failed_operation = n.failed_operation,
    run_purpose = n.run_purpose,
    run_tightenings = n.run_tightenings,
    run_out_of_limits = n.run_out_of_limits,
    serial_slots_filled = n.serial_slots_filled,
    parent_line = n.parent_line,
    parent_slot = n.parent_slot,
    use_count = n.use_count,
    code = n.code,
    grade = n.grade,
    group_grade = n.group_grade,
    failure = n.failure::text[]
  from unnest(
    $1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::timestamptz[], $7::bigint[], $8::text[], $9::timestamptz[],
    $10::integer[], $11::integer[], $12::integer[], $13::text[], $14::integer[], $15::smallint[], $16::smallint[], $17::smallint[],
    $18::smallint[], $19::smallint[], $20::smallint[], $21::boolean[], $22::smallint[], $23::smallint[], $24::smallint[], $25::smallint[],
    $26::text[], $27::text[], $28::text[], $29::text[]
  ) n (
    unit_id, passed, attempted, lot_lines, run_measured, running_since, parent_id, clocks, finish_time, running_station, carrier_id,
    carrier_slot, counters, unstarted_station, unstarted_operation, state, running_operation, failed_operation, run_purpose,
    run_tightenings, run_out_of_limits, serial_slots_filled, parent_line, parent_slot, use_count, code, grade, group_grade, failure)
  where u.unit_id = n.unit_id)";

void UpdateUnits(Transaction& transaction, const std::vector<const UnitEntry*>& changed) {
  if (changed.empty()) return;
  std::array<Column, 29> c;
  for (const UnitEntry* entry : changed) {
    const domain::Unit& u = entry->unit;
    const auto since = u.running_operation == 0 ? std::nullopt : std::optional<domain::Time>(u.running_since);
    c[0].Add(u.id), c[1].Add(static_cast<int64_t>(u.passed)), c[2].Add(static_cast<int64_t>(u.attempted));
    c[3].Add(static_cast<int64_t>(u.lot_lines)), c[4].Add(static_cast<int64_t>(u.run_measured)), c[5].Add(since);
    c[6].Add(NullIfZero(u.parent_id)), c[7].Add(ClocksLiteral(u.clocks)), c[8].Add(u.finish_time);
    c[9].Add(NullIfZero<int64_t>(u.running_station)), c[10].Add(NullIfZero<int64_t>(u.carrier_id));
    c[11].Add(NullIfZero<int64_t>(u.carrier_slot)), c[12].Add(CountersLiteral(u.counters));
    c[13].Add(NullIfZero<int64_t>(u.unstarted_station)), c[14].Add(NullIfZero<int64_t>(u.unstarted_operation)),
        c[15].Add(u.status);
    c[16].Add(int64_t{u.running_operation}), c[17].Add(int64_t{u.failed_operation}), c[18].Add(u.run_purpose);
    c[19].Add(int64_t{u.run_tightenings}), c[20].Add(u.run_out_of_limits), c[21].Add(int64_t{u.serial_slots_filled});
    c[22].Add(NullIfZero<int64_t>(u.parent_line)), c[23].Add(NullIfZero<int64_t>(u.parent_slot)), c[24].Add(int64_t{u.use_count});
    c[25].Add(u.code), c[26].Add(u.grade), c[27].Add(u.group_grade), c[28].Add(FailureLiteral(u));
  }
  std::array<std::string, 29> l;
  for (size_t i = 0; i < c.size(); ++i) l[i] = c[i].Literal();
  Execute(transaction, kUpdateUnits, l[0], l[1], l[2], l[3], l[4], l[5], l[6], l[7], l[8], l[9], l[10], l[11], l[12], l[13],
          l[14], l[15], l[16], l[17], l[18], l[19], l[20], l[21], l[22], l[23], l[24], l[25], l[26], l[27], l[28]);
}

constexpr char kInsertLots[] = R"(
  insert into lot (unit_id, quantity_micro, left_micro, manufacture_time, floor_life_seconds)
  select n.unit_id, n.quantity_micro, n.left_micro, n.manufacture_time, 0
  from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[]) n (unit_id, quantity_micro, left_micro, manufacture_time))";
constexpr char kUpdateLots[] = R"(
  update lot l
  set left_micro = n.left_micro
  from unnest($1::bigint[], $2::bigint[]) n (unit_id, left_micro)
  where l.unit_id = n.unit_id)";

void StoreLots(Transaction& transaction, const World& world) {
  Column made_id, made_quantity, made_left, made_time, id, left;
  bool any_made = false, any = false;
  for (const auto& [key, entry] : world.units) {
    if (!entry.lot_changed) continue;
    if (entry.created) {
      made_id.Add(key), made_quantity.Add(entry.lot->quantity_micro), made_left.Add(entry.lot->left_micro),
          made_time.Add(entry.unit.create_time);
      any_made = true;
    } else {
      id.Add(key), left.Add(entry.lot->left_micro);
      any = true;
    }
  }
  if (any_made) {
    Execute(transaction, kInsertLots, made_id.Literal(), made_quantity.Literal(), made_left.Literal(), made_time.Literal());
  }
  if (any) Execute(transaction, kUpdateLots, id.Literal(), left.Literal());
}

constexpr char kEndEdges[] = R"(
  update assembly a
  set
    remove_time = greatest(n.remove_time, a.install_time),
    remove_record_time = $6,
    remove_station = n.station_id,
    remove_epoch = n.epoch,
    remove_sequence = n.sequence
  from unnest($1::bigint[], $2::timestamptz[], $3::integer[], $4::integer[], $5::bigint[])
    n (child_id, remove_time, station_id, epoch, sequence)
  where a.child_id = n.child_id
    and a.remove_time is null
  returning )" MES_REMOVAL_FACT;

void StoreEdges(Transaction& transaction, const Effects& effects, domain::Time now, std::vector<Fact>& facts) {
  if (!effects.removals.empty()) {
    Column child, time, station, epoch, sequence;
    for (const Effects::Removal& removal : effects.removals) {
      child.Add(removal.child_id), time.Add(removal.time), station.Add(int64_t{removal.event.station_id});
      epoch.Add(int64_t{removal.event.epoch}), sequence.Add(removal.event.sequence);
    }
    AppendFacts(domain::FactTable::kRemovals,
                Execute(transaction, kEndEdges, child.Literal(), time.Literal(), station.Literal(), epoch.Literal(),
                        sequence.Literal(), now),
                facts);
  }
  const std::string record_time = TimeText(now);
  if (!effects.installs.empty()) {
    pqxx::stream_to stream(
        transaction.work(), "assembly",
        std::vector<std::string>{"parent_id", "child_id", "install_time", "install_record_time", "install_sequence",
                                 "install_station", "install_epoch", "line", "slot", "remove_time", "remove_record_time",
                                 "remove_sequence", "remove_station", "remove_epoch"});
    for (const Effects::Install& e : effects.installs) {
      std::optional<std::string> removed, removed_record;
      std::optional<int64_t> removed_sequence;
      std::optional<int32_t> removed_station, removed_epoch;
      if (e.removal) {
        removed = TimeText(e.removal->first), removed_record = record_time, removed_sequence = e.removal->second.sequence;
        removed_station = e.removal->second.station_id, removed_epoch = e.removal->second.epoch;
      }
      stream << std::make_tuple(e.parent_id, e.child_id, TimeText(e.time), record_time, e.event.sequence, e.event.station_id,
                                e.event.epoch, e.line, e.slot, removed, removed_record, removed_sequence, removed_station,
                                removed_epoch);
    }
    stream.complete();
  }
  if (effects.consumptions.empty()) return;
  pqxx::stream_to stream(transaction.work(), "lot_consumption",
                         std::vector<std::string>{"lot_id", "consumer_id", "quantity_micro", "consume_time", "record_time",
                                                  "sequence", "station_id", "epoch", "operation", "line", "kind"});
  for (const Effects::Consumption& e : effects.consumptions) {
    stream << std::make_tuple(e.lot_id, e.consumer_id, e.quantity_micro, TimeText(e.time), record_time, e.event.sequence,
                              e.event.station_id, e.event.epoch, e.operation, e.line, 1);
  }
  stream.complete();
}

constexpr char kReverseConsumptions[] = R"(
  update lot_consumption c
  set reverse_record_time = $5
  from unnest($1::bigint[], $2::integer[], $3::integer[], $4::bigint[]) n (consumer_id, station_id, epoch, sequence)
  where c.consumer_id = n.consumer_id
    and c.station_id = n.station_id
    and c.epoch = n.epoch
    and c.sequence = n.sequence
    and c.reverse_record_time is null
  returning )" MES_REVERSAL_FACT;
constexpr char kReverseRows[] = R"(
  update station_event e
  set flags = e.flags | 4
  from unnest($1::bigint[], $2::integer[], $3::integer[], $4::bigint[]) n (unit_id, station_id, epoch, sequence)
  where e.unit_id = n.unit_id
    and e.station_id = n.station_id
    and e.epoch = n.epoch
    and e.sequence = n.sequence)";
static_assert(domain::kFlagReversed == 4);

struct ReversalColumns {
  Column unit, station, epoch, sequence;
  explicit ReversalColumns(const std::vector<Effects::Reversal>& reversals) {
    for (const Effects::Reversal& reversal : reversals) {
      unit.Add(reversal.unit_id), station.Add(int64_t{reversal.event.station_id});
      epoch.Add(int64_t{reversal.event.epoch}), sequence.Add(reversal.event.sequence);
    }
  }
};

void StoreReversals(Transaction& transaction, const Effects& effects, domain::Time now, std::vector<Fact>& facts) {
  if (!effects.reversed_consumptions.empty()) {
    const ReversalColumns c(effects.reversed_consumptions);
    AppendFacts(domain::FactTable::kReversals,
                Execute(transaction, kReverseConsumptions, c.unit.Literal(), c.station.Literal(), c.epoch.Literal(),
                        c.sequence.Literal(), now),
                facts);
  }
  if (!effects.reversed_rows.empty()) {
    const ReversalColumns c(effects.reversed_rows);
    Execute(transaction, kReverseRows, c.unit.Literal(), c.station.Literal(), c.epoch.Literal(), c.sequence.Literal());
  }
}

constexpr char kUpdateOrders[] = R"(
  update work_order o
  set
    state = n.state,
    started_micro = n.started_micro,
    good_micro = n.good_micro,
    scrapped_micro = n.scrapped_micro
  from unnest($1::integer[], $2::smallint[], $3::bigint[], $4::bigint[], $5::bigint[])
    n (work_order_id, state, started_micro, good_micro, scrapped_micro)
  where o.work_order_id = n.work_order_id)";
constexpr char kAdvanceCursors[] = R"(
  update station_cursor c
  set
    epoch = n.epoch,
    last_sequence = n.last_sequence,
    recorded_events = n.recorded_events,
    rejected_events = n.rejected_events
  from unnest($1::integer[], $2::integer[], $3::bigint[], $4::bigint[], $5::bigint[])
    n (station_id, epoch, last_sequence, recorded_events, rejected_events)
  where c.station_id = n.station_id)";
void StoreCounters(Transaction& transaction, const World& world) {
  Column order, state, started, good, scrapped;
  bool any = false;
  for (const auto& [id, o] : world.orders) {
    if (!o.changed) continue;
    order.Add(int64_t{id}), state.Add(o.state), started.Add(o.started_micro), good.Add(o.good_micro),
        scrapped.Add(o.scrapped_micro);
    any = true;
  }
  if (any)
    Execute(transaction, kUpdateOrders, order.Literal(), state.Literal(), started.Literal(), good.Literal(), scrapped.Literal());

  Column station, epoch, last, recorded, rejected;
  any = false;
  for (const auto& [id, c] : world.cursors) {
    if (!c.changed) continue;
    station.Add(int64_t{id}), epoch.Add(int64_t{c.epoch}), last.Add(c.last_sequence), recorded.Add(c.recorded),
        rejected.Add(c.rejected);
    any = true;
  }
  if (any)
    Execute(transaction, kAdvanceCursors, station.Literal(), epoch.Literal(), last.Literal(), recorded.Literal(),
            rejected.Literal());
}

void CopyConditions(Transaction& transaction, const std::vector<domain::StationCondition>& conditions, domain::Time now) {
  if (conditions.empty()) return;
  pqxx::stream_to stream(transaction.work(), "station_condition",
                         std::vector<std::string>{"station_id", "person", "kind", "in_order", "occur_time", "expire_time",
                                                  "readings", "evidence", "sequence", "reporting_station", "epoch",
                                                  "record_time"});
  const std::string record_time = TimeText(now);
  for (const domain::StationCondition& c : conditions) {
    stream << std::make_tuple(c.station_id, c.report.person, static_cast<int>(c.report.kind), c.report.in_order,
                              TimeText(c.occur_time), TimeText(c.report.expire_time), nlohmann::json(c.report.readings).dump(),
                              c.report.evidence, c.sequence, c.reporting_station, c.epoch, record_time);
  }
  stream.complete();
}

// bytea in COPY's text format.
std::string Hex(const std::string& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "\\x";
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

void CopyRefused(Transaction& transaction, const std::vector<Effects::Refused>& refused, domain::Time now) {
  if (refused.empty()) return;
  pqxx::stream_to stream(transaction.work(), "refused_event",
                         std::vector<std::string>{"occur_time", "record_time", "sequence", "digest", "station_id", "epoch",
                                                  "kind", "subject_code", "refusals", "content"});
  const std::string record_time = TimeText(now);
  for (const Effects::Refused& r : refused) {
    stream << std::make_tuple(TimeText(r.occur_time), record_time, r.event.sequence, r.digest, r.event.station_id, r.event.epoch,
                              static_cast<int>(r.kind), r.subject_code, RefusalsToJson(r.refusals), Hex(r.content));
  }
  stream.complete();
}

void CopyFormerCodes(Transaction& transaction, const std::vector<Effects::FormerCode>& codes) {
  if (codes.empty()) return;
  pqxx::stream_to stream(transaction.work(), "unit_code_history", std::vector<std::string>{"code", "unit_id", "until_time"});
  for (const Effects::FormerCode& former : codes) stream << std::make_tuple(former.code, former.unit_id, TimeText(former.until));
  stream.complete();
}

}  // namespace

std::vector<int64_t> StoreWorld(Transaction& transaction, const World& world) {
  std::vector<const UnitEntry*> created, changed;
  for (const auto& [id, entry] : world.units) {
    if (entry.created) {
      created.push_back(&entry);
    } else if (entry.changed) {
      changed.push_back(&entry);
    }
  }
  const Effects& effects = world.effects;
  const auto by_id = [](const UnitEntry* a, const UnitEntry* b) { return a->unit.id < b->unit.id; };
  std::sort(created.begin(), created.end(), by_id);
  std::sort(changed.begin(), changed.end(), by_id);
  // A code that a known unit gives up may be a new unit's at once.
  UpdateUnits(transaction, changed);
  CopyNewUnits(transaction, created);
  CopyFormerCodes(transaction, effects.former_codes);
  StoreLots(transaction, world);
  std::vector<Fact> ends;
  StoreEdges(transaction, effects, world.now, ends);
  CopyEventRows(transaction, effects.rows);
  StoreReversals(transaction, effects, world.now, ends);
  CopyConditions(transaction, effects.conditions, world.now);
  CopyRefused(transaction, effects.refused, world.now);
  StoreCounters(transaction, world);
  StoreRunRings(transaction, world);
  // What a hold reaches are units too: before outputs and lines, which others wait for with units in their hands.
  const std::vector<int64_t> pending_holds = StoreHolds(transaction, world);
  StoreOutputs(transaction, effects.outputs);
  StoreYields(transaction, world);
  StoreCharts(transaction, world);
  StoreNonconformance(transaction, world);
  InsertAlarms(transaction, world, pending_holds);
  InsertFactEntry(transaction, world, std::move(ends));
  return pending_holds;
}

}  // namespace mes::db
