#include "db/epcis_declaration.h"

#include "db/array.h"
#include "db/audit_fact.h"
#include "db/row.h"

namespace mes::db {
namespace {

constexpr const char* kLoadEffects = R"sql(
select captured_event_id, unit_id
from captured_event_unit
where captured_event_id = any($1::bigint[])
  and effect = $2)sql";

constexpr const char* kLoadWithdrawn = R"sql(
select u.unit_id
from captured_event_unit u
join captured_event e on e.captured_event_id = u.captured_event_id
where u.unit_id = any($1::bigint[])
  and u.effect = 1
group by u.unit_id
having bool_and(e.wrong))sql";

constexpr const char* kLoadWeighed = R"sql(
with recursive around as (
  select unit_id as asked_id, unit_id, parent_id, 0 as level
  from unit
  where unit_id = any($1::bigint[])
  union all
  select around.asked_id, unit.unit_id, unit.parent_id, around.level + 1
  from around
  join unit on unit.unit_id = around.parent_id
  where around.level < 16
)
select distinct around.asked_id
from around
join recycling_unit r on r.unit_id = around.unit_id)sql";

// Edges without length never were.
constexpr const char* kLoadTraces = R"sql(
select a.unit_id, min(t.what)
from unnest($1::bigint[]) a (unit_id)
cross join lateral (
  select 'parts' as what
  from assembly e
  where e.parent_id = a.unit_id
    and e.remove_time is distinct from e.install_time
  union all
  select 'parts'
  from assembly e
  where e.child_id = a.unit_id
    and e.remove_time is distinct from e.install_time
  union all
  select 'uses'
  from lot_consumption c
  where c.lot_id = a.unit_id
    and c.reverse_record_time is null
  union all
  select 'uses'
  from lot_consumption c
  where c.consumer_id = a.unit_id
    and c.reverse_record_time is null
  union all
  select 'life'
  from life_record l
  where l.unit_id = a.unit_id
    and l.reverse_time is null
  union all
  select 'recycling batches'
  from recycling_unit r
  where r.unit_id = a.unit_id
  union all
  select 'recycling batches'
  from recovered_lot r
  where r.unit_id = a.unit_id
  union all
  select 'events'
  from station_event s
  where s.unit_id = a.unit_id
  union all
  select 'passport'
  from passport_version p
  where p.unit_id = a.unit_id) t
group by a.unit_id)sql";

constexpr const char* kCollapse = R"sql(
update assembly a
set
  remove_time = a.install_time,
  void_end = a.remove_time,
  void_record_time = $4
from unnest($1::bigint[], $2::bigint[]) n (child_id, sequence)
where a.child_id = n.child_id
  and a.install_station = 0
  and a.install_epoch = $3
  and a.install_sequence = n.sequence
  and a.remove_time is not null
  and a.void_end is null
returning )sql" MES_VOID_FACT;

constexpr const char* kWithdraw = "update unit set state = 3 where unit_id = any($1::bigint[])";
constexpr const char* kEmptyLots = "update lot set left_micro = 0 where unit_id = any($1::bigint[])";

constexpr const char* kReviveUnits = R"sql(
update unit
set material_id = n.material_id
from unnest($1::bigint[], $2::integer[]) n (unit_id, material_id)
where unit.unit_id = n.unit_id)sql";
constexpr const char* kReviveLots = R"sql(
update lot
set quantity_micro = n.quantity_micro
from unnest($1::bigint[], $2::bigint[]) n (unit_id, quantity_micro)
where lot.unit_id = n.unit_id)sql";

std::unordered_set<int64_t> IdsIn(const pqxx::result& rows) {
  std::unordered_set<int64_t> ids;
  for (const pqxx::row& row : rows) ids.insert(Get<int64_t>(row[0]));
  return ids;
}

}  // namespace

std::set<std::pair<int64_t, int64_t>> LoadCaptureEffects(Transaction& transaction, const std::vector<int64_t>& event_ids,
                                                         CaptureEffect effect) {
  std::set<std::pair<int64_t, int64_t>> pairs;
  for (const pqxx::row& row : Execute(transaction, kLoadEffects, ArrayOf(event_ids), static_cast<int16_t>(effect))) {
    pairs.emplace(Get<int64_t>(row[0]), Get<int64_t>(row[1]));
  }
  return pairs;
}

std::unordered_set<int64_t> LoadWithdrawn(Transaction& transaction, const std::vector<int64_t>& unit_ids) {
  return IdsIn(Execute(transaction, kLoadWithdrawn, ArrayOf(unit_ids)));
}

std::unordered_set<int64_t> LoadWeighed(Transaction& transaction, const std::vector<int64_t>& unit_ids) {
  return IdsIn(Execute(transaction, kLoadWeighed, ArrayOf(unit_ids)));
}

std::unordered_map<int64_t, std::string> LoadTraces(Transaction& transaction, const std::vector<int64_t>& unit_ids) {
  std::unordered_map<int64_t, std::string> traces;
  for (const pqxx::row& row : Execute(transaction, kLoadTraces, ArrayOf(unit_ids)))
    traces[Get<int64_t>(row[0])] = Get<std::string>(row[1]);
  return traces;
}

void CollapseEdges(Transaction& transaction, const std::vector<std::pair<int64_t, domain::EdgeEvent>>& edges, domain::Time now) {
  if (edges.empty()) return;
  ArrayWriter child, sequence;
  for (const auto& [child_id, event] : edges) child.Add(child_id), sequence.Add(event.sequence);
  InsertOfficeFacts(transaction, now, domain::FactTable::kVoids,
                    Execute(transaction, kCollapse, child.Take(), sequence.Take(), domain::kCaptureEpoch, now));
}

void WithdrawUnits(Transaction& transaction, const std::vector<int64_t>& unit_ids) {
  const std::string ids = ArrayOf(unit_ids);
  Execute(transaction, kWithdraw, ids);
  Execute(transaction, kEmptyLots, ids);
}

void ReviveUnits(Transaction& transaction, const std::vector<RevivedUnit>& units) {
  if (units.empty()) return;
  const std::string ids = ArrayOf(units, &RevivedUnit::unit_id);
  Execute(transaction, kReviveUnits, ids, ArrayOf(units, &RevivedUnit::material_id));
  Execute(transaction, kReviveLots, ids, ArrayOf(units, &RevivedUnit::quantity_micro));
}

}  // namespace mes::db
