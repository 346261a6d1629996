// Figures as they were told, bought-in supply, and what is committed. What capacity is computed from: db/capacity.cc.
#include <algorithm>

#include "db/array.h"
#include "db/capacity.h"
#include "db/line_output.h"
#include "db/row.h"

namespace mes::db {
namespace {

constexpr const char* kInsertFigures = R"(
insert into capacity_figure (material_id, kind, year, value, detail, source, record_time)
select f.material_id, f.kind, f.year, f.value, f.detail, f.source, $7::timestamptz
from unnest($1::integer[], $2::smallint[], $3::integer[], $4::float8[], $5::text[], $6::text[])
  f (material_id, kind, year, value, detail, source)
left join lateral (
  select value, detail
  from capacity_figure o
  where o.material_id = f.material_id
    and o.kind = f.kind
    and o.year = f.year
  order by figure_id desc
  limit 1
) o on true
where o.value is null
  or (o.value, o.detail) is distinct from (f.value, f.detail))";

constexpr const char* kListFigures = R"(
select figure_id, material_id, kind, year, value, detail, source, record_time
from capacity_figure
where ($1 = 0 or material_id = $1)
  and ($2 = 0 or figure_id < $2)
order by figure_id desc
limit $3)";

constexpr const char* kListStated = R"(
select f.family_code, f.name, f.unit, f.product_codes, s.stated_value, s.stated_unit, s.interpreted_unit, s.interpretation_reason,
  s.yearly, s.rounding, s.source, s.source_day, s.record_time
from stated_capacity s
join capacity_family f on f.family_code = s.family_code
where $1 = ''
  or s.family_code = $1
order by s.family_code, s.stated_id)";

#define MES_SUPPLY_COLUMNS                                                                       \
  "select supply_id, material_id, quantity_micro, day, supplier, reference, state,\n"            \
  "  coalesce(closed_by, person), coalesce(close_reason, ''), coalesce(close_time, record_time)\n" \
  "from supply\n"
constexpr const char* kLockSupply = MES_SUPPLY_COLUMNS "where supply_id = $1\nfor update";
constexpr const char* kListSupplies = MES_SUPPLY_COLUMNS
    "where supply_id > $1\n"
    "  and ($2 = 0 or material_id = $2)\n"
    "  and (not $3::boolean or state = 1)\n"
    "order by supply_id\n"
    "limit $4";
#undef MES_SUPPLY_COLUMNS

constexpr const char* kInsertSupply = R"(
insert into supply (material_id, quantity_micro, day, supplier, reference, person, record_time)
values ($1, $2, $3, $4, $5, $6, $7::timestamptz)
returning supply_id)";

constexpr const char* kCloseSupply = R"(
update supply
set state = $2, closed_by = $3, close_reason = $4, close_time = $5::timestamptz
where supply_id = $1)";

// A number of our own among advisory locks.
constexpr const char* kLockReleases = "select pg_advisory_xact_lock(7000741, 1)";

constexpr const char* kInsertOver = R"(
insert into over_commitment
  (work_order_id, binding_kind, binding_code, unit, until_day, capacity, committed, needed, first_day, sentence, person, role, reason,
  record_time)
select o, $2, $3, $4, $5, $6::float8, $7::float8, $8::float8, $9, $10, $11, $12, $13, $14::timestamptz
from unnest($1::integer[]) o)";

constexpr const char* kListOver = R"(
select c.over_commitment_id, c.work_order_id, o.code, o.material_id, c.binding_kind, c.binding_code, c.unit, c.until_day, c.capacity,
  c.committed, c.needed, c.first_day, c.sentence, c.person, c.role, c.reason, c.record_time
from over_commitment c
join work_order o on o.work_order_id = c.work_order_id
where (not $1::boolean or o.state in (2, 3, 4))
  and ($2 = 0 or c.over_commitment_id < $2)
order by c.over_commitment_id desc
limit $3)";

domain::Supply ReadSupply(const pqxx::row& row) {
  RowReader reader(row);
  domain::Supply supply;
  supply.id = reader.Next<int64_t>();
  supply.material_id = reader.Next<int32_t>();
  supply.quantity_micro = reader.Next<int64_t>();
  supply.day = reader.Next<int32_t>();
  supply.supplier = reader.Next<std::string>();
  supply.reference = reader.Next<std::string>();
  supply.state = reader.Next<domain::SupplyState>();
  supply.person = reader.Next<std::string>();
  supply.reason = reader.Next<std::string>();
  supply.record_time = reader.Next<domain::Time>();
  return supply;
}

double Whole(int64_t micro) { return static_cast<double>(micro) / domain::kMicro; }

}  // namespace

int64_t InsertChangedFigures(Transaction& transaction, const std::vector<CapacityFigure>& figures, domain::Time now) {
  if (figures.empty()) return 0;
  const auto column = [&](auto projection) { return ArrayOf(figures, projection); };
  return static_cast<int64_t>(Execute(transaction, kInsertFigures, column(&CapacityFigure::material_id), column(&CapacityFigure::kind),
                                      column(&CapacityFigure::year), column(&CapacityFigure::value),
                                      column(&CapacityFigure::detail), column(&CapacityFigure::source), now)
                                  .affected_rows());
}

std::vector<CapacityFigure> ListFigures(Transaction& transaction, int32_t material_id, int64_t before, int limit) {
  std::vector<CapacityFigure> figures;
  for (const pqxx::row& row : Execute(transaction, kListFigures, material_id, before, limit)) {
    RowReader reader(row);
    CapacityFigure& figure = figures.emplace_back();
    figure.id = reader.Next<int64_t>();
    figure.material_id = reader.Next<int32_t>();
    figure.kind = reader.Next<domain::CapacityKind>();
    figure.year = reader.Next<int32_t>();
    figure.value = reader.Next<double>();
    figure.detail = reader.Next<std::string>();
    figure.source = reader.Next<std::string>();
    figure.record_time = reader.Next<domain::Time>();
  }
  return figures;
}

std::vector<StatedFigure> ListStated(Transaction& transaction, std::string_view family_code) {
  std::vector<StatedFigure> figures;
  for (const pqxx::row& row : Execute(transaction, kListStated, family_code)) {
    RowReader reader(row);
    StatedFigure& figure = figures.emplace_back();
    figure.family.code = reader.Next<std::string>();
    figure.family.name = reader.Next<std::string>();
    figure.family.unit = reader.Next<std::string>();
    figure.family.product_codes = TextsIn(reader.NextText());
    figure.family.stated_value = reader.Next<double>();
    figure.family.stated_unit = reader.Next<std::string>();
    figure.family.interpreted_unit = reader.Next<std::string>();
    figure.family.interpretation_reason = reader.Next<std::string>();
    figure.family.yearly = reader.Next<double>();
    figure.family.rounding = reader.Next<double>();
    figure.family.source = reader.Next<std::string>();
    figure.family.source_day = reader.Next<int32_t>();
    figure.record_time = reader.Next<domain::Time>();
  }
  return figures;
}

void InsertSupply(Transaction& transaction, domain::Supply& supply) {
  supply.id = Get<int64_t>(Execute(transaction, kInsertSupply, supply.material_id, supply.quantity_micro, supply.day, supply.supplier,
                                   supply.reference, supply.person, supply.record_time)[0][0]);
}

std::optional<domain::Supply> LockSupply(Transaction& transaction, int64_t id) {
  const pqxx::result rows = Execute(transaction, kLockSupply, id);
  return rows.empty() ? std::nullopt : std::optional<domain::Supply>(ReadSupply(rows[0]));
}

void CloseSupply(Transaction& transaction, const domain::Supply& supply, domain::Time now) {
  Execute(transaction, kCloseSupply, supply.id, supply.state, supply.person, supply.reason, now);
}

std::vector<domain::Supply> ListSupplies(Transaction& transaction, const SupplyFilter& filter, int limit) {
  std::vector<domain::Supply> supplies;
  for (const pqxx::row& row :
       Execute(transaction, kListSupplies, filter.after_id, filter.material_id, filter.expected_only, limit)) {
    supplies.push_back(ReadSupply(row));
  }
  return supplies;
}

void LockReleases(Transaction& transaction) { Execute(transaction, kLockReleases); }

domain::CapacityBook LoadCapacityBook(Transaction& transaction, const domain::Plant& plant, const domain::CapacityModel& model,
                                      domain::Day today) {
  domain::CapacityBook book{plant, model, {}, {}, today};
  for (const CommittedSum& sum : LoadCommitted(transaction, {})) {
    domain::OrderLoad& order = book.orders.emplace_back();
    order.material_id = sum.material_id;
    if (sum.day != kNoDueDay) order.due = sum.day;
    order.remaining_micro = sum.remaining_micro;
  }
  for (const OutputSum& sum : LoadMonthlyOutputs(transaction, {}, today + 1)) {
    domain::MaterialStand& stand = book.stands[sum.material_id];
    stand.in_process += Whole(sum.counts.InProcessMicro());
    stand.stock += Whole(sum.counts.StockMicro());
    stand.produced[domain::YearOf(sum.day)] += Whole(sum.counts.good_micro);
  }
  return book;
}

void InsertOverCommitments(Transaction& transaction, const std::vector<int32_t>& work_order_ids, const OverCommitment& told) {
  const domain::Shortage& shortage = told.shortage;
  Execute(transaction, kInsertOver, ArrayOf(work_order_ids), shortage.kind, shortage.code, shortage.unit, shortage.until,
          shortage.capacity, shortage.committed, shortage.needed, shortage.first_day, told.sentence, told.person, told.role,
          told.reason, told.record_time);
}

std::vector<OverCommitment> ListOverCommitments(Transaction& transaction, bool open_only, int64_t before, int limit) {
  std::vector<OverCommitment> list;
  for (const pqxx::row& row : Execute(transaction, kListOver, open_only, before, limit)) {
    RowReader reader(row);
    OverCommitment& over = list.emplace_back();
    over.id = reader.Next<int64_t>();
    over.work_order_id = reader.Next<int32_t>();
    over.work_order_code = reader.Next<std::string>();
    over.material_id = reader.Next<int32_t>();
    over.shortage.kind = reader.Next<domain::ShortageKind>();
    over.shortage.code = reader.Next<std::string>();
    over.shortage.unit = reader.Next<std::string>();
    over.shortage.until = reader.Next<int32_t>();
    over.shortage.capacity = reader.Next<double>();
    over.shortage.committed = reader.Next<double>();
    over.shortage.needed = reader.Next<double>();
    over.shortage.first_day = reader.NextOptional<int32_t>();
    over.sentence = reader.Next<std::string>();
    over.person = reader.Next<std::string>();
    over.role = reader.Next<std::string>();
    over.reason = reader.Next<std::string>();
    over.record_time = reader.Next<domain::Time>();
  }
  return list;
}

}  // namespace mes::db
