#include "db/lot.h"

#include "db/array.h"
#include "db/audit_fact.h"
#include "db/hold_world.h"
#include "db/row.h"

namespace mes::db {
namespace {

constexpr const char* kLockLots = R"sql(
select unit_id
from lot
where unit_id = any($1::bigint[])
order by unit_id
for update)sql";

constexpr const char* kListLots = R"sql(
select unit.unit_id
from unit
join lot on lot.unit_id = unit.unit_id
where unit.tracking = 2
  and unit.code > $1
  and ($2::integer = 0 or unit.material_id = $2)
  and (not $3::boolean or lot.left_micro > 0)
order by unit.code
limit $4)sql";

constexpr const char* kInsertLots = R"sql(
insert into lot (unit_id, quantity_micro, left_micro, manufacture_time, expire_time, open_time, floor_life_seconds)
select unit_id, quantity_micro, left_micro, manufacture_time, expire_time, open_time, floor_life_seconds
from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::bigint[])
  as made (unit_id, quantity_micro, left_micro, manufacture_time, expire_time, open_time, floor_life_seconds))sql";

constexpr const char* kUpdateLots = R"sql(
update lot
set left_micro = changed.left_micro, open_time = changed.open_time
from unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) as changed (unit_id, left_micro, open_time)
where lot.unit_id = changed.unit_id)sql";

constexpr const char* kInsertLotEdges = R"sql(
insert into lot_consumption (
  lot_id, consumer_id, quantity_micro, consume_time, record_time, sequence, station_id, epoch, operation, line, kind, request_id)
select lot_id, consumer_id, quantity_micro, $4::timestamptz, $5::timestamptz, 0, 0, 0, 0, 0, $6::smallint, $7::text
from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as edge (lot_id, consumer_id, quantity_micro)
returning )sql" MES_LOT_EDGE_FACT;

constexpr const char* kCopyPurchase = R"sql(
insert into purchase (unit_id, supplier, supplier_lot, passport_reference, goods_in_test_passed, receive_time)
select made.unit_id, source.supplier, source.supplier_lot, source.passport_reference, source.goods_in_test_passed, source.receive_time
from unnest($2::bigint[]) as made (unit_id)
cross join (
  select supplier, supplier_lot, min(passport_reference) as passport_reference, bool_and(goods_in_test_passed) as goods_in_test_passed,
    min(receive_time) as receive_time
  from purchase
  where unit_id = any($1::bigint[])
  group by supplier, supplier_lot
  having count(*) = cardinality($1::bigint[])
) as source)sql";

}  // namespace

std::vector<StoredUnit> LockLots(Transaction& transaction, const std::vector<int64_t>& ids) {
  LockUnits(transaction, ids);
  Execute(transaction, kLockLots, ArrayOf(ids));
  std::vector<StoredUnit> lots = LoadUnits(transaction, ids);
  std::erase_if(lots, [](const StoredUnit& stored) { return !stored.lot; });
  return lots;
}

std::vector<StoredUnit> ListLots(Transaction& transaction, const LotFilter& filter, int limit) {
  std::vector<int64_t> ids;
  const pqxx::result page =
      Execute(transaction, kListLots, filter.after_code, filter.material_id, filter.with_quantity_left, limit);
  for (const pqxx::row& row : page) ids.push_back(Get<int64_t>(row[0]));
  return LoadUnits(transaction, ids);
}

std::optional<std::string> InsertLots(Transaction& transaction, std::vector<domain::LotItem>& lots) {
  const std::vector<int64_t> ids = TakeUnitIds(transaction, lots.size());
  std::vector<domain::Unit> units;
  for (size_t i = 0; i < lots.size(); ++i) {
    lots[i].unit.id = ids[i];
    units.push_back(lots[i].unit);
  }
  if (std::optional<std::string> taken = InsertUnits(transaction, units)) return taken;
  using domain::LotItem;
  Execute(transaction, kInsertLots, ArrayOf(ids), ArrayOf(lots, [](const LotItem& l) { return l.lot.quantity_micro; }),
          ArrayOf(lots, [](const LotItem& l) { return l.lot.left_micro; }), ArrayOf(lots, &LotItem::manufacture_time),
          ArrayOf(lots, [](const LotItem& l) { return l.lot.expire_time; }),
          ArrayOf(lots, [](const LotItem& l) { return l.lot.open_time; }),
          ArrayOf(lots, [](const LotItem& l) { return l.lot.floor_life_seconds; }));
  return std::nullopt;
}

void UpdateLots(Transaction& transaction, const std::vector<domain::LotItem>& lots) {
  using domain::LotItem;
  Execute(transaction, kUpdateLots, ArrayOf(lots, [](const LotItem& l) { return l.unit.id; }),
          ArrayOf(lots, [](const LotItem& l) { return l.lot.left_micro; }),
          ArrayOf(lots, [](const LotItem& l) { return l.lot.open_time; }));
}

void InsertLotEdges(Transaction& transaction, domain::EdgeKind kind, const std::vector<LotEdge>& edges,
                    const std::string& request_id, domain::Time occur_time, domain::Time now) {
  InsertOfficeFacts(transaction, now, domain::FactTable::kLotEdges,
                    Execute(transaction, kInsertLotEdges, ArrayOf(edges, &LotEdge::from_id), ArrayOf(edges, &LotEdge::to_id),
                            ArrayOf(edges, &LotEdge::quantity_micro), occur_time, now, kind, request_id));
  std::vector<int64_t> parents, children;
  for (const LotEdge& edge : edges) parents.push_back(edge.to_id), children.push_back(edge.from_id);
  NoteEdges(transaction, parents, children);
}

void CopyPurchase(Transaction& transaction, const std::vector<int64_t>& from_ids, const std::vector<int64_t>& to_ids) {
  Execute(transaction, kCopyPurchase, ArrayOf(from_ids), ArrayOf(to_ids));
}

}  // namespace mes::db
