#include <algorithm>
#include <set>

#include "db/array.h"
#include "db/yield.h"
#include "db/yield_columns.h"

namespace mes::db {
namespace {

using domain::YieldCounts;

#define MES_COMMA_SUM_Y(name) ", sum(y." #name ")::bigint"
#define MES_COMMA_SUM_SIGNED(name) ", sum(e.sign * y." #name ")::bigint"
#define MES_COMMA_Y(name) ", y." #name
#define MES_COMMA_RESTATED(name) ", r." #name

// $1-$3 the parts; $4 and $5 their ids and operations, each once (no operation = all): what the tables' indexes are asked for. The values
// are known when it is planned, so that the cases fold away.
#define MES_PARTS " join unnest($1::integer[], $2::smallint[], $3::integer[]) p (subject_id, operation, part_group)"
#define MES_OF_OPERATION "(cardinality($5::smallint[]) = 0 or y.operation = any($5::smallint[]))"
// $6 shift, $7 by shift, $8 period, $9-$10 first and last day, $11 by order.
// A week begins on Monday; 1970-01-01 was a Thursday. Whole numbers, since date_trunc on each row costs as much as all its sums.
#define MES_DAY "(y.plant_day - date '1970-01-01')"
#define MES_PERIOD                                                                                                           \
  "case $8::smallint when 1 then " MES_DAY " when 2 then " MES_DAY " - (" MES_DAY " + 3) % 7 when 3 then date_trunc('month', " \
  "y.plant_day::timestamp)::date - date '1970-01-01' else 0 end"
#define MES_DAYS(order, station, table, id, same_operation, more)                                                                  \
  "select p.part_group, " order ", " station ", " MES_PERIOD ", case when $7 then y.shift else 0 end" MES_YIELD_COUNTS(MES_COMMA_SUM_Y) \
  " from " table " y" MES_PARTS " on p.subject_id = y." id " and " same_operation " where y." id " = any($4::integer[]) and "          \
  MES_OF_OPERATION " and y.plant_day between $9::date and $10::date and ($6::smallint = 0 or y.shift = $6)" more " group by 1, 2, 3, 4, 5"
#define MES_SAME "p.operation = y.operation"
#define MES_SAME_OR_ALL "(p.operation = 0 or p.operation = y.operation)"

constexpr char kSumLines[] = MES_DAYS("case when $11 then y.work_order_id else 0 end", "0", "line_yield_day", "line_id", MES_SAME, "");
constexpr char kSumStations[] = MES_DAYS("case when $11 then y.work_order_id else 0 end", "0", "operation_yield", "station_id",
                                         MES_SAME_OR_ALL, "");
constexpr char kSumOrders[] =
    MES_DAYS("case when $11 then y.work_order_id else 0 end", "0", "line_yield_day", "work_order_id", MES_SAME, "");
// $12 by station, $13 only these (empty = all).
constexpr char kSumOrdersAtStations[] =
    MES_DAYS("case when $11 then y.work_order_id else 0 end", "case when $12 then y.station_id else 0 end", "operation_yield",
             "work_order_id", MES_SAME_OR_ALL, " and (cardinality($13::integer[]) = 0 or y.station_id = any($13::integer[]))");
// From running totals: $8-$10 the ends of periods, each with the period that it belongs to and how it counts; $11 the subject.
constexpr char kSumRunning[] =
    "select p.part_group, 0, 0, e.period_day, case when $7 then k.shift else 0 end" MES_YIELD_COUNTS(MES_COMMA_SUM_SIGNED)
    " from yield_series k" MES_PARTS " on p.subject_id = k.subject_id and (p.operation = k.operation or (p.operation = 0 and $11 = 2))"
    " cross join unnest($8::integer[], $9::date[], $10::integer[]) e (sign, plant_day, period_day)"
    " cross join lateral (select y.plant_day" MES_YIELD_COUNTS(MES_COMMA_Y)
    " from yield_running y where y.subject = k.subject and y.subject_id = k.subject_id and y.operation = k.operation and y.shift = k.shift"
    " and y.plant_day <= e.plant_day order by y.plant_day desc limit 1) y"
    " where k.subject = $11::smallint and k.subject_id = any($4::integer[])"
    " and (cardinality($5::smallint[]) = 0 or k.operation = any($5::smallint[])) and ($6::smallint = 0 or k.shift = $6)"
    " group by 1, 4, 5";

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
  select u.code, coalesce(p.supplier, ''), coalesce(p.supplier_lot, ''), u.material_id, y.line_id, y.operation,
    sum(y.first_runs)::bigint, sum(y.first_passes)::bigint, sum(y.scrapped)::bigint
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
  where y.plant_day between coalesce($5::date, '-infinity') and coalesce($6::date, 'infinity')
  group by u.unit_id, u.code, p.supplier, p.supplier_lot, u.material_id, y.line_id, y.operation
  order by u.code collate "C", y.line_id, y.operation
  limit $4)";

}  // namespace

namespace {

// The parts as columns, and what to look for.
struct Parts {
  std::string ids, operations, groups, distinct_ids, distinct_operations;
};
Parts PartsOf(const YieldQuestion& question) {
  std::set<int32_t> ids;
  std::set<int16_t> operations;
  for (const YieldPart& part : question.parts) ids.insert(part.subject_id), operations.insert(part.operation);
  // Lines and their orders have rows of all operations together; stations have not.
  const bool all_rows = question.subject == YieldSubject::kStation || question.by_station || !question.station_ids.empty();
  if (all_rows && operations.contains(0)) operations.clear();
  return {ArrayOf(question.parts, &YieldPart::subject_id), ArrayOf(question.parts, &YieldPart::operation),
          ArrayOf(question.parts, &YieldPart::group), ArrayOf(std::vector<int32_t>(ids.begin(), ids.end())),
          ArrayOf(std::vector<int16_t>(operations.begin(), operations.end()))};
}

// A range is what stood at its end less what stood before its beginning.
struct Ends {
  ArrayWriter signs, days, periods;
  void Add(int32_t first, int32_t last, int32_t period) {
    signs.Add(1).Add(-1);
    days.Add(domain::FormatPlantDay(last)).Add(domain::FormatPlantDay(first - 1));
    periods.Add(period).Add(period);
  }
};
Ends EndsOf(const YieldQuestion& question) {
  Ends ends;
  if (question.period != YieldPeriod::kMonth) {
    ends.Add(question.first_day, question.last_day, 0);
    return ends;
  }
  for (int32_t day = question.first_day; day <= question.last_day;) {
    const int32_t month = domain::FirstOfMonth(day), next = domain::FirstOfNextMonth(day);
    ends.Add(day, std::min(question.last_day, next - 1), month);
    day = next;
  }
  return ends;
}

std::vector<YieldSum> SumRunning(Transaction& transaction, const YieldQuestion& question, const Parts& parts) {
  Ends ends = EndsOf(question);
  return ReadSums(Execute(transaction, kSumRunning, parts.ids, parts.operations, parts.groups, parts.distinct_ids,
                          parts.distinct_operations, question.shift, question.by_shift, ends.signs.Take(), ends.days.Take(),
                          ends.periods.Take(), question.subject));
}

}  // namespace

std::vector<YieldSum> SumYields(Transaction& transaction, const YieldQuestion& question) {
  if (question.parts.empty()) return {};
  const Parts parts = PartsOf(question);
  const bool many_periods = question.period == YieldPeriod::kDay || question.period == YieldPeriod::kWeek;
  if (question.subject != YieldSubject::kWorkOrder && !question.by_order && !many_periods) {
    return SumRunning(transaction, question, parts);
  }
  const auto run = [&](const char* sql, const auto&... more) {
    return ReadSums(Execute(transaction, sql, parts.ids, parts.operations, parts.groups, parts.distinct_ids, parts.distinct_operations,
                            question.shift, question.by_shift, question.period, domain::FormatPlantDay(question.first_day),
                            domain::FormatPlantDay(question.last_day), question.by_order, more...));
  };
  if (question.subject == YieldSubject::kLine) return run(kSumLines);
  if (question.subject == YieldSubject::kStation) return run(kSumStations);
  if (!question.by_station && question.station_ids.empty()) return run(kSumOrders);
  return run(kSumOrdersAtStations, question.by_station, ArrayOf(question.station_ids));
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

std::vector<LotYield> ListLotYields(Transaction& transaction, const LotYieldFilter& filter, int limit) {
  const auto day = [](std::optional<int32_t> of) {
    return of ? std::optional<std::string>(domain::FormatPlantDay(*of)) : std::nullopt;
  };
  std::vector<LotYield> yields;
  for (const auto& row : Execute(transaction, kListLotYields, ArrayOf(filter.lot_codes), filter.supplier, filter.supplier_lot, limit,
                                 day(filter.first_day), day(filter.last_day))) {
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
