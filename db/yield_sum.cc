#include <algorithm>
#include <array>
#include <compare>
#include <map>
#include <set>
#include <tuple>

#include "db/array.h"
#include "db/yield.h"
#include "db/yield_columns.h"

namespace mes::db {
namespace {

using domain::YieldCounts;

#define MES_COMMA_SUM_Y(name) ", sum(y." #name ")::bigint"
#define MES_COMMA_Y(name) ", y." #name
#define MES_COMMA_RESTATED(name) ", r." #name

// $1-$3 the parts; $4 their operations, each once (none = all): they choose the partition. Ids are not asked for twice: the planner would
// take that for a second condition, expect a hundredth of the rows, and sort what it could hash. The values are known when it is planned,
// so that the cases fold away.
#define MES_PARTS " join unnest($1::integer[], $2::smallint[], $3::integer[]) p (subject_id, operation, part_group)"
#define MES_OF_OPERATION "(cardinality($4::smallint[]) = 0 or y.operation = any($4::smallint[]))"
// $5 shift, $6 by shift, $7 period, $8-$9 first and last day, $10 by order.
// A week begins on Monday; 1970-01-01 was a Thursday. Whole numbers, since date_trunc on each row costs as much as all its sums.
#define MES_DAY "(y.plant_day - date '1970-01-01')"
#define MES_PERIOD                                                                                                           \
  "case $7::smallint when 1 then " MES_DAY " when 2 then " MES_DAY " - (" MES_DAY " + 3) % 7 when 3 then date_trunc('month', " \
  "y.plant_day::timestamp)::date - date '1970-01-01' else 0 end"
#define MES_DAYS(order, station, table, id, same_operation, more)                                                                  \
  "select p.part_group, " order ", " station ", " MES_PERIOD ", case when $6 then y.shift else 0 end" MES_YIELD_COUNTS(MES_COMMA_SUM_Y) \
  " from " table " y" MES_PARTS " on p.subject_id = y." id " and " same_operation " where " MES_OF_OPERATION                            \
  " and y.plant_day between $8::date and $9::date and ($5::smallint = 0 or y.shift = $5)" more " group by 1, 2, 3, 4, 5"
#define MES_SAME "p.operation = y.operation"
#define MES_SAME_OR_ALL "(p.operation = 0 or p.operation = y.operation)"

constexpr char kSumLines[] = MES_DAYS("case when $10 then y.work_order_id else 0 end", "0", "line_yield_day", "line_id", MES_SAME, "");
constexpr char kSumStations[] = MES_DAYS("case when $10 then y.work_order_id else 0 end", "0", "operation_yield", "station_id",
                                         MES_SAME_OR_ALL, "");
constexpr char kSumOrders[] =
    MES_DAYS("case when $10 then y.work_order_id else 0 end", "0", "line_yield_day", "work_order_id", MES_SAME, "");
// $11 by station, $12 only these (empty = all).
constexpr char kSumOrdersAtStations[] =
    MES_DAYS("case when $10 then y.work_order_id else 0 end", "case when $11 then y.station_id else 0 end", "operation_yield",
             "work_order_id", MES_SAME_OR_ALL, " and (cardinality($12::integer[]) = 0 or y.station_id = any($12::integer[]))");
// From running totals: $1 the subject, $2-$3 ids and operations (no operation = all), $4 shift.
#define MES_SERIES_ASKED(row)                                                                                                \
  row ".subject = $1::smallint and " row ".subject_id = any($2::integer[]) and (cardinality($3::smallint[]) = 0 or " row      \
      ".operation = any($3::smallint[])) and ($4::smallint = 0 or " row ".shift = $4)"
constexpr char kListSeries[] =
    "select k.subject_id, k.operation, k.shift from yield_series k where " MES_SERIES_ASKED("k") " order by 1, 2, 3";
constexpr char kListTotals[] = "select y.subject_id, y.operation, y.shift, y.plant_day - date '1970-01-01'" MES_YIELD_COUNTS(MES_COMMA_Y)
    " from yield_running y where " MES_SERIES_ASKED("y") " and y.plant_day = any($5::date[])";
// Of a day without a row: what stood before it. Nothing stood before the first day of all, which is not looked for in each series.
constexpr char kListTotalsBefore[] =
    "select n.subject_id, n.operation, n.shift, n.plant_day" MES_YIELD_COUNTS(MES_COMMA_Y)
    " from unnest($2::integer[], $3::smallint[], $4::smallint[], $5::integer[]) n (subject_id, operation, shift, plant_day)"
    " cross join lateral (select y.plant_day" MES_YIELD_COUNTS(MES_COMMA_Y)
    " from yield_running y where y.subject = $1::smallint and y.subject_id = n.subject_id and y.operation = n.operation"
    " and y.shift = n.shift and y.plant_day < date '1970-01-01' + n.plant_day order by y.plant_day desc limit 1) y"
    " where date '1970-01-01' + n.plant_day > (select min(f.plant_day) from yield_running f)";

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

// The parts' operations, each once; none = all.
std::string DistinctOperationsOf(const YieldQuestion& question) {
  std::set<int16_t> operations;
  for (const YieldPart& part : question.parts) operations.insert(part.operation);
  // Lines and their orders have rows of all operations together; stations have not.
  const bool all_rows = question.subject == YieldSubject::kStation || question.by_station || !question.station_ids.empty();
  if (all_rows && operations.contains(0)) operations.clear();
  return ArrayOf(std::vector<int16_t>(operations.begin(), operations.end()));
}

// The days at whose ends totals are wanted: the one before the range, and the last of each period. A period is what stood at its end
// less what stood at the end before.
struct Ends {
  std::vector<int32_t> days;
  // First days of the periods; the period i lies after days[i].
  std::vector<int32_t> periods;
};
Ends EndsOf(const YieldQuestion& question) {
  Ends ends;
  ends.days.push_back(question.first_day - 1);
  for (int32_t day = question.first_day; day <= question.last_day;) {
    int32_t period = 0, next = question.last_day + 1;
    if (question.period == YieldPeriod::kWeek) period = domain::FirstOfWeek(day), next = period + 7;
    if (question.period == YieldPeriod::kMonth) period = domain::FirstOfMonth(day), next = domain::FirstOfNextMonth(day);
    ends.periods.push_back(period);
    ends.days.push_back(std::min(question.last_day, next - 1));
    day = next;
  }
  return ends;
}

// Adds totals up to sums: each counts for the period that it ends, and against the one that begins after it.
class Running {
 public:
  Running(const YieldQuestion& question, const Ends& ends) : question_(question), ends_(ends), parts_(question.parts) {
    std::sort(parts_.begin(), parts_.end(), Before);
  }

  // The series that were counted at all: who of them has no total of a day is `Missing`.
  void AddSeries(const pqxx::result& rows) {
    for (const auto& row : rows) {
      RowReader reader(row);
      series_.push_back(ReadSeries(reader));
    }
    seen_.resize(series_.size() * ends_.days.size());
  }
  void AddTotals(const pqxx::result& rows) {
    for (const auto& row : rows) {
      RowReader reader(row);
      const Series series = ReadSeries(reader);
      const auto day = static_cast<size_t>(std::lower_bound(ends_.days.begin(), ends_.days.end(), reader.Next<int32_t>()) -
                                           ends_.days.begin());
      const auto known = static_cast<size_t>(std::lower_bound(series_.begin(), series_.end(), series) - series_.begin());
      seen_.at(known * ends_.days.size() + day) = true;
      Add(series, day, ReadYieldCounts(reader));
    }
  }

  // Series and days, as columns.
  bool Missing(std::array<ArrayWriter, 4>& columns) const {
    bool any = false;
    for (size_t i = 0; i < seen_.size(); ++i) {
      if (seen_[i]) continue;
      const Series& series = series_[i / ends_.days.size()];
      columns[0].Add(series.subject_id), columns[1].Add(series.operation), columns[2].Add(series.shift);
      columns[3].Add(ends_.days[i % ends_.days.size()]);
      any = true;
    }
    return any;
  }

  std::vector<YieldSum> Sums() const {
    std::vector<YieldSum> sums;
    for (const auto& [key, counts] : sums_) {
      if (!counts.IsZero()) sums.push_back({key.group, 0, 0, ends_.periods[key.period], key.shift, counts});
    }
    return sums;
  }

 private:
  struct Series {
    int32_t subject_id = 0;
    int16_t operation = 0;
    int16_t shift = 0;
    auto operator<=>(const Series&) const = default;
  };
  struct Key {
    int32_t group = 0;
    int16_t shift = 0;
    size_t period = 0;
    auto operator<=>(const Key&) const = default;
  };

  static Series ReadSeries(RowReader& reader) {
    Series series;
    series.subject_id = reader.Next<int32_t>();
    series.operation = reader.Next<int16_t>();
    series.shift = reader.Next<int16_t>();
    return series;
  }
  static bool Before(const YieldPart& a, const YieldPart& b) {
    return std::tie(a.subject_id, a.operation) < std::tie(b.subject_id, b.operation);
  }

  void Add(const Series& series, size_t day, const YieldCounts& counts) {
    AddToParts({series.subject_id, series.operation, 0}, series.shift, day, counts);
    // A line's total over its operations is a series of its own; a station's is not kept.
    if (question_.subject == YieldSubject::kStation) AddToParts({series.subject_id, 0, 0}, series.shift, day, counts);
  }
  void AddToParts(const YieldPart& like, int16_t shift, size_t day, const YieldCounts& counts) {
    const auto [first, last] = std::equal_range(parts_.begin(), parts_.end(), like, Before);
    for (auto part = first; part != last; ++part) {
      const Key key{part->group, question_.by_shift ? shift : int16_t{0}, 0};
      if (day > 0) sums_[{key.group, key.shift, day - 1}].Add(counts);
      if (day < ends_.periods.size()) sums_[{key.group, key.shift, day}].Add(counts, -1);
    }
  }

  const YieldQuestion& question_;
  const Ends& ends_;
  std::vector<YieldPart> parts_;
  std::vector<Series> series_;
  // By series and day.
  std::vector<bool> seen_;
  std::map<Key, YieldCounts> sums_;
};

std::vector<YieldSum> SumRunning(Transaction& transaction, const YieldQuestion& question, const Ends& ends) {
  std::set<int32_t> distinct;
  for (const YieldPart& part : question.parts) distinct.insert(part.subject_id);
  const std::string ids = ArrayOf(std::vector<int32_t>(distinct.begin(), distinct.end()));
  const std::string operations = DistinctOperationsOf(question), days = ArrayOf(ends.days, domain::FormatPlantDay);
  Running running(question, ends);
  running.AddSeries(Execute(transaction, kListSeries, question.subject, ids, operations, question.shift));
  running.AddTotals(Execute(transaction, kListTotals, question.subject, ids, operations, question.shift, days));
  std::array<ArrayWriter, 4> missing;
  if (running.Missing(missing)) {
    running.AddTotals(Execute(transaction, kListTotalsBefore, question.subject, missing[0].Take(), missing[1].Take(), missing[2].Take(),
                              missing[3].Take()));
  }
  return running.Sums();
}

// Totals come one by one, days summed: above so many of them the days are less work.
constexpr size_t kMostTotals = 20'000;

}  // namespace

std::vector<YieldSum> SumYields(Transaction& transaction, const YieldQuestion& question) {
  if (question.parts.empty()) return {};
  if (question.subject != YieldSubject::kWorkOrder && !question.by_order && question.period != YieldPeriod::kDay) {
    const Ends ends = EndsOf(question);
    if (question.period != YieldPeriod::kWeek || question.parts.size() * ends.days.size() <= kMostTotals) {
      return SumRunning(transaction, question, ends);
    }
  }
  const auto run = [&](const char* sql, const auto&... more) {
    return ReadSums(Execute(transaction, sql, ArrayOf(question.parts, &YieldPart::subject_id),
                            ArrayOf(question.parts, &YieldPart::operation), ArrayOf(question.parts, &YieldPart::group),
                            DistinctOperationsOf(question), question.shift, question.by_shift, question.period,
                            domain::FormatPlantDay(question.first_day), domain::FormatPlantDay(question.last_day), question.by_order,
                            more...));
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
