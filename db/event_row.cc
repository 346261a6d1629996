#include "db/event_row.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <set>

#include <nlohmann/json.hpp>

#include "db/array.h"
#include "db/world.h"
#include "domain/audit.h"

namespace mes::db {
namespace {

// Months whose partitions were seen to exist; a new one is looked for once per process.
std::mutex months_mutex;
std::set<std::string> months_seen;

std::string MonthOf(domain::Time time) { return TimeText(time).substr(0, 7); }

bool PartitionExists(Transaction& transaction, const std::string& name) {
  // Reads the catalogue by a snapshot: to_regclass may answer from a cache that has not heard of another server's commit yet.
  return !Execute(transaction, "select 1 from pg_class where relname = $1 and relispartition", name).empty();
}

void EnsurePartition(Transaction& transaction, const std::string& month) {
  // Keyed by database too: tests of one process use several.
  const std::string key = std::string(transaction.work().conn().dbname()) + "/" + month;
  {
    const std::lock_guard lock(months_mutex);
    if (months_seen.contains(key)) return;
  }
  const std::string name = "station_event_" + month.substr(0, 4) + "_" + month.substr(5, 2);
  if (PartitionExists(transaction, name)) {
    const std::lock_guard lock(months_mutex);
    months_seen.insert(key);
    return;
  }
  // Two writers may meet here: the second waits, then finds it made.
  Execute(transaction, "select pg_advisory_xact_lock(hashtext($1))", name);
  if (PartitionExists(transaction, name)) return;
  const int year = std::stoi(month.substr(0, 4));
  const int number = std::stoi(month.substr(5, 2));
  const std::string next =
      number == 12 ? std::to_string(year + 1) + "-01" : month.substr(0, 5) + (number < 9 ? "0" : "") + std::to_string(number + 1);
  transaction.work().exec0("create table " + name + " partition of station_event for values from ('" + month +
                           "-01T00:00:00Z') to ('" + next + "-01T00:00:00Z')");
}

std::optional<std::string> DetailsJson(const domain::EventRow& row) {
  if (row.details == nullptr) return std::nullopt;
  const domain::EventDetails& details = *row.details;
  nlohmann::json json = nlohmann::json::object();
  for (const domain::CurveReference& curve : details.curves) {
    json["curves"].push_back({{"name", curve.name}, {"uri", curve.uri}, {"sha256", curve.sha256}, {"points", curve.points}});
  }
  if (!details.reason.empty()) json["reason"] = details.reason;
  if (!details.person.empty()) json["person"] = details.person;
  if (details.caused_by_operation != 0) json["caused_by_operation"] = details.caused_by_operation;
  if (!details.tools.empty()) json["tools"] = details.tools;
  if (details.hold_id != 0) json["hold"] = details.hold_id;
  if (details.reversed_sequence != 0)
    json["reversed"] = {{"epoch", details.reversed_epoch}, {"sequence", details.reversed_sequence}};
  if (details.lost_micro != 0) json["lost_micro"] = details.lost_micro;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

template <typename Value>
std::optional<Value> NullIf(Value value, Value nothing = Value{}) {
  return value == nothing ? std::nullopt : std::optional<Value>(std::move(value));
}

#define MES_EVENT_COLUMNS                                                                                                        \
  "occur_time", "record_time", "unit_id", "sequence", "digest", "station_id", "epoch", "revision_id", "carrier_id", "operation", \
      "kind", "judgement", "station_judgement", "purpose", "return_to", "flags", "failure_code", "rework_counter", "line",       \
      "slot", "other_unit_id", "quantity_micro", "material_open_time", "operator_id", "grade", "new_code", "measured", "details"

constexpr Statement kHistory{"History", "select " MES_HISTORY_COLUMNS
                                        " from station_event where unit_id = $1 order by record_time, occur_time, sequence"};

constexpr char kLastRecord[] = "select max(record_time) from station_event where unit_id = any($1::bigint[])";
// A field that is null where the row's is nothing.
template <typename Value>
void AppendOr(std::string& bytes, const Value& value, const Value& nothing = Value{}) {
  if (value == nothing) return domain::AppendNull(bytes);
  if constexpr (std::is_same_v<Value, std::string>) {
    domain::AppendField(bytes, value);
  } else {
    domain::AppendField(bytes, static_cast<int64_t>(value));
  }
}

}  // namespace

std::optional<std::string> MeasuredLiteral(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  std::string literal = "{";
  char digits[32];
  for (const double value : values) {
    if (literal.size() > 1) literal += ',';
    if (std::isnan(value)) {
      literal += "null";
    } else {
      literal.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
    }
  }
  return literal + "}";
}

std::string EventFact(const domain::EventRow& row) {
  using domain::AppendField;
  std::string bytes;
  bytes.reserve(300);
  AppendField(bytes, domain::ToMicros(row.occur_time)), AppendField(bytes, domain::ToMicros(row.record_time));
  AppendField(bytes, row.unit_id), AppendField(bytes, row.sequence), AppendField(bytes, row.digest);
  AppendField(bytes, int64_t{row.station_id}), AppendField(bytes, int64_t{row.epoch});
  AppendOr(bytes, row.revision_id), AppendOr(bytes, row.carrier_id);
  AppendField(bytes, int64_t{row.operation}), AppendField(bytes, static_cast<int64_t>(row.kind));
  AppendField(bytes, static_cast<int64_t>(row.judgement)), AppendField(bytes, static_cast<int64_t>(row.station_judgement));
  AppendField(bytes, static_cast<int64_t>(row.purpose)), AppendField(bytes, int64_t{row.return_to});
  AppendField(bytes, int64_t{row.flags & ~domain::kFlagReversed}), AppendOr(bytes, row.failure_code);
  AppendOr<int16_t>(bytes, row.rework_counter, -1), AppendOr(bytes, row.line), AppendOr(bytes, row.slot);
  AppendOr(bytes, row.other_unit_id), AppendOr(bytes, row.quantity_micro);
  AppendOr(bytes, row.material_open_time ? std::to_string(domain::ToMicros(*row.material_open_time)) : std::string());
  AppendOr(bytes, row.operator_id), AppendOr(bytes, row.grade), AppendOr(bytes, row.new_code);
  AppendOr(bytes, MeasuredLiteral(row.measured).value_or("")), AppendOr(bytes, DetailsJson(row).value_or(""));
  return bytes;
}

void CopyEventRows(Transaction& transaction, const std::vector<domain::EventRow>& rows) {
  if (rows.empty()) return;
  std::set<std::string> months;
  domain::Time last{};
  for (const domain::EventRow& row : rows) {
    if (row.occur_time != last) months.insert(MonthOf(row.occur_time));
    last = row.occur_time;
  }
  for (const std::string& month : months) EnsurePartition(transaction, month);
  pqxx::stream_to stream(transaction.work(), "station_event", std::vector<std::string>{MES_EVENT_COLUMNS});
  for (const domain::EventRow& row : rows) {
    stream << std::make_tuple(
        TimeText(row.occur_time), TimeText(row.record_time), row.unit_id, row.sequence, row.digest, row.station_id, row.epoch,
        NullIf(row.revision_id), NullIf(row.carrier_id), row.operation, static_cast<int>(row.kind),
        static_cast<int>(row.judgement), static_cast<int>(row.station_judgement), static_cast<int>(row.purpose), row.return_to,
        row.flags, NullIf(row.failure_code), NullIf<int16_t>(row.rework_counter, -1), NullIf(row.line), NullIf(row.slot),
        NullIf(row.other_unit_id), NullIf(row.quantity_micro),
        row.material_open_time ? std::optional<std::string>(TimeText(*row.material_open_time)) : std::nullopt,
        NullIf(row.operator_id), NullIf(row.grade), NullIf(row.new_code), MeasuredLiteral(row.measured), DetailsJson(row));
  }
  stream.complete();
}

domain::EventRow ReadEventRow(RowReader& reader) {
  domain::EventRow row;
  row.unit_id = reader.Next<int64_t>();
  row.occur_time = reader.Next<domain::Time>();
  row.record_time = reader.Next<domain::Time>();
  row.sequence = reader.Next<int64_t>();
  row.digest = reader.Next<int64_t>();
  row.station_id = reader.Next<int32_t>();
  row.epoch = reader.Next<int32_t>();
  row.revision_id = reader.Next<int32_t>();
  row.carrier_id = reader.Next<int32_t>();
  row.operation = reader.Next<int16_t>();
  row.kind = reader.Next<domain::EventKind>();
  row.judgement = reader.Next<domain::Judgement>();
  row.station_judgement = reader.Next<domain::Judgement>();
  row.purpose = reader.Next<domain::RunPurpose>();
  row.return_to = reader.Next<int16_t>();
  row.flags = reader.Next<int16_t>();
  row.failure_code = reader.Next<std::string>();
  row.rework_counter = reader.Next<int16_t>();
  row.line = reader.Next<int16_t>();
  row.slot = reader.Next<int32_t>();
  row.other_unit_id = reader.Next<int64_t>();
  row.quantity_micro = reader.Next<int64_t>();
  row.material_open_time = reader.NextOptional<domain::Time>();
  row.operator_id = reader.Next<std::string>();
  row.grade = reader.Next<std::string>();
  row.new_code = reader.Next<std::string>();
  const std::string_view measured = reader.NextText();
  if (!measured.empty()) {
    for (const auto& value : DoublesIn(measured)) row.measured.push_back(value.value_or(std::nan("")));
  }
  const int32_t caused_by = reader.Next<int32_t>();
  const int64_t lost_micro = reader.Next<int64_t>();
  if (caused_by != 0 || lost_micro != 0) {
    domain::EventDetails details;
    details.caused_by_operation = caused_by;
    details.lost_micro = lost_micro;
    row.details = std::make_shared<domain::EventDetails>(std::move(details));
  }
  return row;
}

void MoveBehindRows(Transaction& transaction, domain::World& world) {
  std::vector<int64_t> ids;
  for (const auto& [id, entry] : world.units) ids.push_back(id);
  const auto last = GetOptional<domain::Time>(Execute(transaction, kLastRecord, ArrayOf(ids))[0][0]);
  if (last) world.now = std::max(world.now, *last + domain::Duration(1));
}

std::vector<domain::EventRow> LoadHistory(Transaction& transaction, int64_t unit_id) {
  std::vector<domain::EventRow> history;
  for (const auto& result : Execute(transaction, kHistory, unit_id)) {
    RowReader reader(result);
    history.push_back(ReadEventRow(reader));
  }
  return history;
}

}  // namespace mes::db
