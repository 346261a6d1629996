#include "db/genealogy.h"

#include <algorithm>
#include <string_view>

#include "db/array.h"
#include "db/row.h"

namespace mes::db {
namespace {

// Ids per query: enough that the round trip does not count, few enough that the first rows come soon.
constexpr size_t kIdsPerQuery = 1'000;
constexpr int kRowsPerFetch = 1'000;

// Sets are joined by unnest and never by `= any`: its estimate looks every element up in the column's statistics.
const std::string kAssemblyEdges = R"sql(
select a.parent_id, a.child_id, a.line, a.slot,
  a.install_time, a.install_record_time,
  a.remove_time, a.remove_record_time,
  a.install_station, a.install_epoch, a.install_sequence, a.remove_station, a.remove_epoch, a.remove_sequence
from unnest($1::bigint[]) as asked (unit_id))sql";
const std::string kConsumptionEdges = R"sql(
select c.consumer_id, c.lot_id, c.line, c.kind, c.quantity_micro,
  c.consume_time, c.record_time,
  c.reverse_record_time,
  c.station_id, c.epoch, c.sequence, c.request_id
from unnest($1::bigint[]) as asked (unit_id))sql";

const std::string kAssemblyBelowText = kAssemblyEdges + R"sql(
join assembly a on a.parent_id = asked.unit_id
where a.remove_time is null
order by a.parent_id, a.line, a.slot)sql";

const std::string kAssemblyBelowRemovedText = kAssemblyEdges + R"sql(
join assembly a on a.parent_id = asked.unit_id
where a.remove_time is not null
order by a.parent_id, a.line, a.slot, a.install_time)sql";

const std::string kAssemblyAboveText = kAssemblyEdges + R"sql(
join assembly a on a.child_id = asked.unit_id
where a.remove_time is null)sql";

const std::string kAssemblyAboveRemovedText = kAssemblyEdges + R"sql(
join assembly a on a.child_id = asked.unit_id
where a.remove_time is not null
order by a.install_time)sql";

const std::string kConsumptionBelowText = kConsumptionEdges + R"sql(
join lot_consumption c on c.consumer_id = asked.unit_id
where $2 or c.reverse_record_time is null
order by c.consumer_id, c.line, c.consume_time)sql";

// A cursor: the planner then prefers the plan with the soonest first row, and no level is ever held in memory as a whole.
const std::string kDeclareConsumptionAbove =
    std::string("declare consumption_above no scroll cursor for") + kConsumptionEdges + R"sql(
join lot_consumption c on c.lot_id = asked.unit_id
where $2 or c.reverse_record_time is null)sql";
constexpr const char* kCloseConsumptionAbove = "close consumption_above";
// A bitmap is made whole before its first row comes: of a lot with a hundred thousand consumers, half of the time to the first page.
constexpr const char* kWithoutBitmaps = "set local enable_bitmapscan = off";
constexpr const char* kWithBitmaps = "set local enable_bitmapscan = on";

// Every unit of a recycling batch is in every lot that came back of it: no edge is stored, the batch is the edge.
constexpr const char* kRecoveredBelowText = R"sql(
select l.unit_id, u.unit_id, l.recover_time, l.record_time
from unnest($1::bigint[]) as asked (unit_id)
join recovered_lot l on l.unit_id = asked.unit_id
join recycling_unit u on u.recycling_batch_id = l.recycling_batch_id
order by l.unit_id, u.unit_id)sql";

constexpr const char* kRecoveredAboveText = R"sql(
select l.unit_id, u.unit_id, l.recover_time, l.record_time
from unnest($1::bigint[]) as asked (unit_id)
join recycling_unit u on u.unit_id = asked.unit_id
join recovered_lot l on l.recycling_batch_id = u.recycling_batch_id
order by u.unit_id, l.unit_id)sql";

constexpr const char* kLotsAmongText = R"sql(
select lot.unit_id
from unnest($1::bigint[]) as asked (unit_id)
join lot on lot.unit_id = asked.unit_id)sql";

constexpr const char* kIdentitiesText = R"sql(
select unit.unit_id, unit.code, unit.material_id, unit.tracking
from unnest($1::bigint[]) as asked (unit_id)
join unit on unit.unit_id = asked.unit_id)sql";

// Prepared: the walk asks the same few questions of every chunk, and planning costs more than answering.
const Statement kAssemblyBelow = {"kAssemblyBelow", kAssemblyBelowText.c_str()};
const Statement kAssemblyBelowRemoved = {"kAssemblyBelowRemoved", kAssemblyBelowRemovedText.c_str()};
const Statement kAssemblyAbove = {"kAssemblyAbove", kAssemblyAboveText.c_str()};
const Statement kAssemblyAboveRemoved = {"kAssemblyAboveRemoved", kAssemblyAboveRemovedText.c_str()};
const Statement kConsumptionBelow = {"kConsumptionBelow", kConsumptionBelowText.c_str()};
constexpr Statement kRecoveredBelow = {"kRecoveredBelow", kRecoveredBelowText};
constexpr Statement kRecoveredAbove = {"kRecoveredAbove", kRecoveredAboveText};
constexpr Statement kLotsAmong = {"kLotsAmong", kLotsAmongText};
constexpr Statement kIdentities = {"kIdentities", kIdentitiesText};

domain::EdgeEvent EventIn(RowReader& reader) {
  domain::EdgeEvent event;
  event.station_id = reader.NextOr<int32_t>(0);
  event.epoch = reader.NextOr<int32_t>(0);
  event.sequence = reader.NextOr<int64_t>(0);
  return event;
}

std::vector<domain::Edge> AssemblyEdges(const pqxx::result& rows) {
  std::vector<domain::Edge> edges;
  edges.reserve(rows.size());
  for (const pqxx::row& row : rows) {
    RowReader reader(row);
    domain::Edge& edge = edges.emplace_back();
    edge.parent_id = reader.Next<int64_t>();
    edge.child_id = reader.Next<int64_t>();
    edge.line = reader.Next<int16_t>();
    edge.slot = reader.Next<int16_t>();
    edge.install_time = reader.Next<domain::Time>();
    edge.install_record_time = reader.Next<domain::Time>();
    edge.remove_time = reader.NextOptional<domain::Time>();
    edge.remove_record_time = reader.NextOptional<domain::Time>();
    edge.install_event = EventIn(reader);
    edge.remove_event = EventIn(reader);
  }
  return edges;
}

std::vector<domain::Edge> ConsumptionEdges(const pqxx::result& rows) {
  std::vector<domain::Edge> edges;
  edges.reserve(rows.size());
  for (const pqxx::row& row : rows) {
    RowReader reader(row);
    domain::Edge& edge = edges.emplace_back();
    edge.parent_id = reader.Next<int64_t>();
    edge.child_id = reader.Next<int64_t>();
    edge.line = reader.Next<int16_t>();
    edge.kind = reader.Next<domain::EdgeKind>();
    edge.quantity_micro = reader.Next<int64_t>();
    edge.install_time = reader.Next<domain::Time>();
    edge.install_record_time = reader.Next<domain::Time>();
    // A reversal has no moment of its own: what it ends, ends when it was recorded.
    edge.remove_record_time = reader.NextOptional<domain::Time>();
    edge.remove_time = edge.remove_record_time;
    edge.install_event = EventIn(reader);
    edge.request_id = reader.NextOr<std::string>("");
  }
  return edges;
}

std::vector<domain::Edge> RecoveredEdges(const pqxx::result& rows) {
  std::vector<domain::Edge> edges;
  edges.reserve(rows.size());
  for (const pqxx::row& row : rows) {
    RowReader reader(row);
    domain::Edge& edge = edges.emplace_back();
    edge.parent_id = reader.Next<int64_t>();
    edge.child_id = reader.Next<int64_t>();
    edge.kind = domain::EdgeKind::kRecovered;
    edge.quantity_micro = domain::kMicro;
    edge.install_time = reader.Next<domain::Time>();
    edge.install_record_time = reader.Next<domain::Time>();
  }
  return edges;
}

// Calls `query` with array literals of at most kIdsPerQuery ids each. False = stopped.
template <typename Query>
bool InChunks(const std::vector<int64_t>& ids, const Query& query) {
  for (size_t first = 0; first < ids.size(); first += kIdsPerQuery) {
    const size_t last = std::min(first + kIdsPerQuery, ids.size());
    const std::vector<int64_t> chunk(ids.begin() + static_cast<ptrdiff_t>(first), ids.begin() + static_cast<ptrdiff_t>(last));
    if (!query(ArrayOf(chunk))) return false;
  }
  return true;
}

// The few rows that most answers have are not worth a call.
bool HandOver(const std::vector<domain::Edge>& edges, const TakeEdges& take) { return edges.empty() || take(edges); }

bool ListConsumersOf(Transaction& transaction, const std::vector<int64_t>& lots, EdgeSet set, const TakeEdges& take) {
  if (lots.empty()) return true;
  static const std::string fetch = "fetch forward " + std::to_string(kRowsPerFetch) + " from consumption_above";
  transaction.work().exec(kWithoutBitmaps);
  Execute(transaction, kDeclareConsumptionAbove.c_str(), ArrayOf(lots), set == EdgeSet::kWithRemoved);
  transaction.work().exec(kWithBitmaps);
  bool more = true;
  while (more) {
    const pqxx::result rows = transaction.work().exec(fetch);
    if (!HandOver(ConsumptionEdges(rows), take)) break;
    more = static_cast<int>(rows.size()) == kRowsPerFetch;
  }
  transaction.work().exec(kCloseConsumptionAbove);
  return !more;
}

}  // namespace

void ListEdgesBelow(Transaction& transaction, const std::vector<int64_t>& parents, EdgeSet set, const TakeEdges& take) {
  const bool removed = set == EdgeSet::kWithRemoved;
  InChunks(parents, [&](const std::string& ids) {
    return HandOver(AssemblyEdges(Execute(transaction, kAssemblyBelow, ids)), take) &&
           (!removed || HandOver(AssemblyEdges(Execute(transaction, kAssemblyBelowRemoved, ids)), take)) &&
           HandOver(ConsumptionEdges(Execute(transaction, kConsumptionBelow, ids, removed)), take) &&
           HandOver(RecoveredEdges(Execute(transaction, kRecoveredBelow, ids)), take);
  });
}

void ListEdgesAbove(Transaction& transaction, const std::vector<int64_t>& children, EdgeSet set, const TakeEdges& take) {
  const bool removed = set == EdgeSet::kWithRemoved;
  InChunks(children, [&](const std::string& ids) {
    const pqxx::result lot_rows = Execute(transaction, kLotsAmong, ids);
    std::vector<int64_t> lots;
    for (const pqxx::row& row : lot_rows) lots.push_back(Get<int64_t>(row[0]));
    return HandOver(AssemblyEdges(Execute(transaction, kAssemblyAbove, ids)), take) &&
           (!removed || HandOver(AssemblyEdges(Execute(transaction, kAssemblyAboveRemoved, ids)), take)) &&
           HandOver(RecoveredEdges(Execute(transaction, kRecoveredAbove, ids)), take) && ListConsumersOf(transaction, lots, set, take);
  });
}

std::vector<Identity> LoadIdentities(Transaction& transaction, const std::vector<int64_t>& ids) {
  std::vector<Identity> identities;
  identities.reserve(ids.size());
  InChunks(ids, [&](const std::string& chunk) {
    for (const pqxx::row& row : Execute(transaction, kIdentities, chunk)) {
      RowReader reader(row);
      Identity& identity = identities.emplace_back();
      identity.unit_id = reader.Next<int64_t>();
      identity.code = reader.Next<std::string>();
      identity.material_id = reader.Next<int32_t>();
      identity.tracking = reader.Next<domain::Tracking>();
    }
    return true;
  });
  return identities;
}

}  // namespace mes::db
