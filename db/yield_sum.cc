#include "db/array.h"
#include "db/yield.h"
#include "db/yield_columns.h"

namespace mes::db {
namespace {

using domain::DayCover;
using domain::YieldCounts;

#define MES_COMMA_PLAIN(name) ", y." #name
#define MES_COMMA_SIGNED(name) ", s.sign * y." #name " as " #name
#define MES_COMMA_SUM(name) ", sum(" #name ")::bigint"
#define MES_COMMA_RESTATED(name) ", r." #name

// $1-$3 the parts; $4 period, $5 by shift, $6 shift; $7-$9 days to add and to take away, $10 by order; $11-$12 whole months. The values
// are known when it is planned, so that the cases fold away and the tables' parts are found by their keys.
#define MES_PERIOD(day)                                                                                                         \
  "case $4::smallint when 1 then " day " - date '1970-01-01' when 2 then date_trunc('week', " day                             \
  "::timestamp)::date - date '1970-01-01' when 3 then date_trunc('month', " day "::timestamp)::date - date '1970-01-01' else 0 " \
  "end"
#define MES_PARTS " from unnest($1::integer[], $2::smallint[], $3::integer[]) p (subject_id, operation, part_group)"
#define MES_SPANS " cross join unnest($7::integer[], $8::date[], $9::date[]) s (sign, first_day, last_day)"
#define MES_SHIFT "case when $5 then y.shift else 0 end"
#define MES_OF_SHIFT " and ($6::smallint = 0 or y.shift = $6)"
#define MES_SUMMED(counted)                                                                                                    \
  "with counted as (" counted ") select part_group, work_order_id, station_id, period_day, shift" MES_YIELD_COUNTS(MES_COMMA_SUM) \
  " from counted group by part_group, work_order_id, station_id, period_day, shift"
#define MES_DAYS(station, table, on)                                                                                        \
  "select p.part_group, case when $10 then y.work_order_id else 0 end as work_order_id, " station " as station_id, "           \
  MES_PERIOD("y.plant_day") " as period_day, " MES_SHIFT " as shift" MES_YIELD_COUNTS(MES_COMMA_SIGNED) MES_PARTS MES_SPANS \
  " join " table " y on " on " and y.plant_day between s.first_day and s.last_day" MES_OF_SHIFT
#define MES_MONTHS(subject)                                                                                                \
  " union all select p.part_group, 0, 0, " MES_PERIOD("y.month") ", " MES_SHIFT MES_YIELD_COUNTS(MES_COMMA_PLAIN) MES_PARTS   \
  " join yield_month y on y.subject = " subject " and y.subject_id = p.subject_id and (p.operation = 0 or y.operation = p.operation)" \
  " and y.month between $11::date and $12::date" MES_OF_SHIFT

constexpr char kSumLines[] =
    MES_SUMMED(MES_DAYS("0", "line_yield_day", "y.line_id = p.subject_id and y.operation = p.operation") MES_MONTHS("1"));
constexpr char kSumStations[] = MES_SUMMED(
    MES_DAYS("0", "operation_yield", "y.station_id = p.subject_id and (p.operation = 0 or y.operation = p.operation)") MES_MONTHS("2"));
constexpr char kSumOrders[] =
    MES_SUMMED(MES_DAYS("0", "line_yield_day", "y.work_order_id = p.subject_id and y.operation = p.operation"));
// $11 by station, $12 only these (empty = all).
constexpr char kSumOrdersAtStations[] = MES_SUMMED(
    MES_DAYS("case when $11 then y.station_id else 0 end", "operation_yield",
             "y.work_order_id = p.subject_id and (p.operation = 0 or y.operation = p.operation) and (cardinality($12::integer[]) = 0 or "
             "y.station_id = any($12::integer[]))"));

std::vector<YieldSum> ReadSums(const pqxx::result& rows) {
  std::vector<YieldSum> sums;
  sums.reserve(static_cast<size_t>(rows.size()));
  for (const auto& row : rows) {
    RowReader reader(row);
    YieldSum sum;
    sum.group = reader.Next<int32_t>();
    sum.work_order_id = reader.Next<int32_t>();
    sum.station_id = reader.Next<int32_t>();
    sum.period_day = reader.Next<int32_t>();
    sum.shift = reader.Next<int16_t>();
    sum.counts = ReadYieldCounts(reader);
    if (!sum.counts.IsZero()) sums.push_back(sum);
  }
  return sums;
}

constexpr char kLoadOrderNames[] = R"(
  with recursive tree as (
    select o.work_order_id, o.code, o.material_id
    from work_order o
    where o.work_order_id = any($1::integer[])
    union
    select o.work_order_id, o.code, o.material_id
    from tree
    join work_order o on o.parent_id = tree.work_order_id
    where $2
  )
  select work_order_id, code, material_id
  from tree)";

constexpr char kListRestatements[] =
    "select r.restatement_id, r.record_time, coalesce(u.code, ''), coalesce(o.code, ''), r.unit_id, r.reversed_sequence, r.sequence,"
    " r.reporting_station, r.epoch, r.reversed_epoch, r.work_order_id, r.station_id, r.plant_day - date '1970-01-01', r.operation,"
    " r.shift" MES_YIELD_COUNTS(MES_COMMA_RESTATED) " from yield_restatement r left join unit u on u.unit_id = r.unit_id"
    " left join work_order o on o.work_order_id = r.work_order_id where r.plant_day between $1::date and $2::date"
    " and ($3::integer = 0 or r.work_order_id = $3) and (cardinality($4::integer[]) = 0 or r.station_id = any($4::integer[]))"
    " and ($5::timestamptz is null or r.record_time > $5) and ($6::bigint = 0 or r.restatement_id < $6)"
    " order by r.restatement_id desc limit $7";

constexpr char kListLotYields[] = R"(
  select u.code, coalesce(p.supplier, ''), coalesce(p.supplier_lot, ''), u.material_id, y.line_id, y.operation, y.first_runs,
    y.first_passes, y.scrapped
  from (
    select unit_id
    from unit
    where code = any($1::text[])
    union
    select unit_id
    from unit_code_history
    where code = any($1::text[])
    union
    select unit_id
    from purchase
    where $2 <> ''
      and supplier = $2
      and supplier_lot = $3
  ) l
  join unit u on u.unit_id = l.unit_id
  join lot_yield y on y.lot_id = l.unit_id
  left join purchase p on p.unit_id = l.unit_id
  order by u.code collate "C", y.line_id, y.operation
  limit $4)";

}  // namespace

std::vector<YieldSum> SumYields(Transaction& transaction, const YieldQuestion& question) {
  if (question.parts.empty()) return {};
  const bool periods_of_days = question.period == YieldPeriod::kDay || question.period == YieldPeriod::kWeek;
  const bool months = !periods_of_days && !question.by_order && question.subject != YieldSubject::kWorkOrder;
  const DayCover cover = domain::CoverDays(question.first_day, question.last_day, months);
  const std::string ids = ArrayOf(question.parts, &YieldPart::subject_id), operations = ArrayOf(question.parts, &YieldPart::operation),
                    groups = ArrayOf(question.parts, &YieldPart::group);
  const std::string signs = ArrayOf(cover.days, [](const domain::DaySpan& span) { return span.sign; });
  const std::string firsts = ArrayOf(cover.days, [](const domain::DaySpan& span) { return domain::FormatPlantDay(span.first_day); });
  const std::string lasts = ArrayOf(cover.days, [](const domain::DaySpan& span) { return domain::FormatPlantDay(span.last_day); });
  const auto run = [&](const char* sql, const auto&... more) {
    return ReadSums(Execute(transaction, sql, ids, operations, groups, question.period, question.by_shift, question.shift, signs, firsts,
                            lasts, question.by_order, more...));
  };
  if (question.subject == YieldSubject::kWorkOrder) {
    if (!question.by_station && question.station_ids.empty()) return run(kSumOrders);
    return run(kSumOrdersAtStations, question.by_station, ArrayOf(question.station_ids));
  }
  const bool any_month = cover.first_month <= cover.last_month;
  return run(question.subject == YieldSubject::kLine ? kSumLines : kSumStations,
             domain::FormatPlantDay(any_month ? cover.first_month : 1), domain::FormatPlantDay(any_month ? cover.last_month : 0));
}

std::vector<OrderName> LoadOrderNames(Transaction& transaction, const std::vector<int32_t>& ids, bool below) {
  std::vector<OrderName> names;
  for (const auto& row : Execute(transaction, kLoadOrderNames, ArrayOf(ids), below)) {
    RowReader reader(row);
    OrderName& name = names.emplace_back();
    name.work_order_id = reader.Next<int32_t>();
    name.code = reader.Next<std::string>();
    name.material_id = reader.Next<int32_t>();
  }
  return names;
}

std::vector<StoredRestatement> ListRestatements(Transaction& transaction, const RestatementFilter& filter, int limit) {
  std::vector<StoredRestatement> restatements;
  for (const auto& row :
       Execute(transaction, kListRestatements, domain::FormatPlantDay(filter.first_day), domain::FormatPlantDay(filter.last_day),
               filter.work_order_id, ArrayOf(filter.station_ids), filter.after, filter.before_id, limit)) {
    RowReader reader(row);
    StoredRestatement& stored = restatements.emplace_back();
    domain::YieldRestatement& restatement = stored.restatement;
    stored.id = reader.Next<int64_t>();
    stored.record_time = reader.Next<domain::Time>();
    stored.unit_code = reader.Next<std::string>();
    stored.work_order_code = reader.Next<std::string>();
    restatement.unit_id = reader.Next<int64_t>();
    restatement.reversed_sequence = reader.Next<int64_t>();
    restatement.sequence = reader.Next<int64_t>();
    restatement.station_id = reader.Next<int32_t>();
    restatement.epoch = reader.Next<int32_t>();
    restatement.reversed_epoch = reader.Next<int32_t>();
    restatement.key.work_order_id = reader.Next<int32_t>();
    restatement.key.station_id = reader.Next<int32_t>();
    restatement.key.plant_day = reader.Next<int32_t>();
    restatement.key.operation = reader.Next<int16_t>();
    restatement.key.shift = reader.Next<int16_t>();
    restatement.delta = ReadYieldCounts(reader);
  }
  return restatements;
}

std::vector<LotYield> ListLotYields(Transaction& transaction, const std::vector<std::string>& lot_codes, std::string_view supplier,
                                    std::string_view supplier_lot, int limit) {
  std::vector<LotYield> yields;
  for (const auto& row : Execute(transaction, kListLotYields, ArrayOf(lot_codes), supplier, supplier_lot, limit)) {
    RowReader reader(row);
    LotYield& yield = yields.emplace_back();
    yield.lot_code = reader.Next<std::string>();
    yield.supplier = reader.Next<std::string>();
    yield.supplier_lot = reader.Next<std::string>();
    yield.material_id = reader.Next<int32_t>();
    yield.line_id = reader.Next<int32_t>();
    yield.operation = reader.Next<int16_t>();
    yield.counts.first_runs = reader.Next<int64_t>();
    yield.counts.first_passes = reader.Next<int64_t>();
    yield.counts.scrapped = reader.Next<int64_t>();
  }
  return yields;
}

}  // namespace mes::db
