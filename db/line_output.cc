#include "db/line_output.h"

#include "db/array.h"
#include "db/row.h"

namespace mes::db {
namespace {

using domain::OutputCounts;

// Both tables in one round trip; sorted by key, so that two servers meet in one order.
constexpr Statement kStoreOutputs{"StoreOutputs", R"(
with change as (
  select material_id, plant_day, line_id, started_micro, good_micro, scrapped_micro, reversed_micro, consumed_micro, received_micro
  from unnest($1::integer[], $2::integer[], $3::integer[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
    $9::bigint[])
    n (material_id, plant_day, line_id, started_micro, good_micro, scrapped_micro, reversed_micro, consumed_micro, received_micro)
), daily as (
  insert into line_output as o
    (material_id, plant_day, line_id, started_micro, good_micro, scrapped_micro, reversed_micro, consumed_micro, received_micro)
  select material_id, plant_day, line_id, started_micro, good_micro, scrapped_micro, reversed_micro, consumed_micro, received_micro
  from change
  order by material_id, plant_day, line_id
  on conflict (material_id, plant_day, line_id) do update
  set
    started_micro = o.started_micro + excluded.started_micro,
    good_micro = o.good_micro + excluded.good_micro,
    scrapped_micro = o.scrapped_micro + excluded.scrapped_micro,
    reversed_micro = o.reversed_micro + excluded.reversed_micro,
    consumed_micro = o.consumed_micro + excluded.consumed_micro,
    received_micro = o.received_micro + excluded.received_micro
)
insert into line_output_month as o
  (material_id, month, line_id, started_micro, good_micro, scrapped_micro, reversed_micro, consumed_micro, received_micro)
select material_id, month, line_id, sum(started_micro), sum(good_micro), sum(scrapped_micro), sum(reversed_micro), sum(consumed_micro),
  sum(received_micro)
from (
  select material_id, line_id, started_micro, good_micro, scrapped_micro, reversed_micro, consumed_micro, received_micro,
    extract(year from date '1970-01-01' + c.plant_day)::integer * 12
    + extract(month from date '1970-01-01' + c.plant_day)::integer - 1 as month
  from change c
) c
group by material_id, month, line_id
order by material_id, month, line_id
on conflict (material_id, month, line_id) do update
set
  started_micro = o.started_micro + excluded.started_micro,
  good_micro = o.good_micro + excluded.good_micro,
  scrapped_micro = o.scrapped_micro + excluded.scrapped_micro,
  reversed_micro = o.reversed_micro + excluded.reversed_micro,
  consumed_micro = o.consumed_micro + excluded.consumed_micro,
  received_micro = o.received_micro + excluded.received_micro)"};

#define MES_OUTPUT_SUMS                                                                               \
  "sum(started_micro)::bigint, sum(good_micro)::bigint, sum(scrapped_micro)::bigint,\n"               \
  "  sum(reversed_micro)::bigint, sum(consumed_micro)::bigint, sum(received_micro)::bigint\n"

constexpr const char* kDaily = "select material_id, plant_day, " MES_OUTPUT_SUMS
                               "from line_output\n"
                               "where plant_day >= $2\n"
                               "  and plant_day < $3\n"
                               "  and ($1::integer[] = '{}' or material_id = any($1::integer[]))\n"
                               "group by material_id, plant_day\n"
                               "order by material_id, plant_day";

constexpr const char* kMonthly = "select material_id, month, " MES_OUTPUT_SUMS
                                 "from line_output_month\n"
                                 "where month < $2\n"
                                 "  and ($1::integer[] = '{}' or material_id = any($1::integer[]))\n"
                                 "group by material_id, month\n"
                                 "order by material_id, month";

constexpr const char* kDailyStretches = "select material_id, width_bucket(plant_day, $4::integer[]), " MES_OUTPUT_SUMS
                                        "from line_output\n"
                                        "where plant_day >= $2\n"
                                        "  and plant_day < $3\n"
                                        "  and ($1::integer[] = '{}' or material_id = any($1::integer[]))\n"
                                        "group by 1, 2\n"
                                        "order by 1, 2";

constexpr const char* kMonthlyStretches = "select material_id, width_bucket(month, $3::integer[]), " MES_OUTPUT_SUMS
                                          "from line_output_month\n"
                                          "where month < $2\n"
                                          "  and ($1::integer[] = '{}' or material_id = any($1::integer[]))\n"
                                          "group by 1, 2\n"
                                          "order by 1, 2";
#undef MES_OUTPUT_SUMS

constexpr const char* kBest = R"(
select distinct on (material_id) material_id, plant_day, good
from (
  select material_id, plant_day,
    sum(good) over (partition by material_id order by plant_day range between current row and $2::integer - 1 following)::bigint as good
  from (
    select material_id, plant_day, sum(good_micro) as good
    from line_output
    where $1::integer[] = '{}'
      or material_id = any($1::integer[])
    group by material_id, plant_day
  ) d
) w
where good > 0
order by material_id, good desc, plant_day)";

// The plant day begins at 08:00 +08:00, which is midnight UTC.
constexpr const char* kCommitted = R"(
select material_id, day, sum(greatest(0, ordered_micro - good_micro))::bigint, count(*)::integer
from (
  select material_id, ordered_micro, good_micro,
    coalesce((due_time at time zone 'UTC')::date - date '1970-01-01', 2147483647) as day
  from work_order
  where state in (2, 3, 4)
    and ($1::integer[] = '{}' or material_id = any($1::integer[]))
) o
group by material_id, day
order by material_id, day)";

void ReadCounts(RowReader& reader, OutputCounts& counts) {
  counts.started_micro = reader.Next<int64_t>();
  counts.good_micro = reader.Next<int64_t>();
  counts.scrapped_micro = reader.Next<int64_t>();
  counts.reversed_micro = reader.Next<int64_t>();
  counts.consumed_micro = reader.Next<int64_t>();
  counts.received_micro = reader.Next<int64_t>();
}

int32_t MonthIndex(domain::Day day) { return domain::YearOf(day) * 12 + static_cast<int32_t>(domain::MonthOf(day)) - 1; }

std::vector<OutputSum> ReadStretches(const pqxx::result& rows, const std::vector<domain::Day>& starts) {
  std::vector<OutputSum> sums;
  for (const pqxx::row& row : rows) {
    RowReader reader(row);
    OutputSum& sum = sums.emplace_back();
    sum.material_id = reader.Next<int32_t>();
    const int32_t stretch = reader.Next<int32_t>();
    sum.day = stretch == 0 ? starts.front() - 1 : starts[static_cast<size_t>(stretch - 1)];
    ReadCounts(reader, sum.counts);
  }
  return sums;
}

}  // namespace

void StoreOutputs(Transaction& transaction, const domain::Outputs& outputs) {
  std::array<ArrayWriter, 9> c;
  bool any = false;
  for (const auto& [key, counts] : outputs) {
    if (counts == OutputCounts{}) continue;
    any = true;
    c[0].Add(key.material_id), c[1].Add(key.plant_day), c[2].Add(key.line_id), c[3].Add(counts.started_micro);
    c[4].Add(counts.good_micro), c[5].Add(counts.scrapped_micro), c[6].Add(counts.reversed_micro);
    c[7].Add(counts.consumed_micro), c[8].Add(counts.received_micro);
  }
  if (!any) return;
  std::array<std::string, 9> l;
  for (size_t i = 0; i < c.size(); ++i) l[i] = c[i].Take();
  Execute(transaction, kStoreOutputs, l[0], l[1], l[2], l[3], l[4], l[5], l[6], l[7], l[8]);
}

std::vector<OutputSum> LoadDailyOutputs(Transaction& transaction, const std::vector<int32_t>& material_ids, domain::Day first,
                                        domain::Day end) {
  std::vector<OutputSum> sums;
  for (const pqxx::row& row : Execute(transaction, kDaily, ArrayOf(material_ids), first, end)) {
    RowReader reader(row);
    OutputSum& sum = sums.emplace_back();
    sum.material_id = reader.Next<int32_t>();
    sum.day = reader.Next<int32_t>();
    ReadCounts(reader, sum.counts);
  }
  return sums;
}

std::vector<OutputSum> LoadMonthlyOutputs(Transaction& transaction, const std::vector<int32_t>& material_ids, domain::Day end) {
  std::vector<OutputSum> sums;
  for (const pqxx::row& row : Execute(transaction, kMonthly, ArrayOf(material_ids), MonthIndex(end - 1) + 1)) {
    RowReader reader(row);
    OutputSum& sum = sums.emplace_back();
    sum.material_id = reader.Next<int32_t>();
    const int32_t month = reader.Next<int32_t>();
    sum.day = domain::DayOf(month / 12, static_cast<unsigned>(month % 12 + 1), 1);
    ReadCounts(reader, sum.counts);
  }
  return sums;
}

std::vector<OutputSum> SumDailyOutputs(Transaction& transaction, const std::vector<int32_t>& material_ids, domain::Day first,
                                       domain::Day end, const std::vector<domain::Day>& starts) {
  return ReadStretches(Execute(transaction, kDailyStretches, ArrayOf(material_ids), first, end, ArrayOf(starts)), starts);
}

std::vector<OutputSum> SumMonthlyOutputs(Transaction& transaction, const std::vector<int32_t>& material_ids, domain::Day end,
                                         const std::vector<domain::Day>& starts) {
  // The first month that begins at or after a start.
  std::vector<int32_t> months;
  for (const domain::Day start : starts) months.push_back(MonthIndex(start - 1) + 1);
  return ReadStretches(Execute(transaction, kMonthlyStretches, ArrayOf(material_ids), MonthIndex(end - 1) + 1, ArrayOf(months)), starts);
}

std::vector<BestOf> LoadBestDays(Transaction& transaction, const std::vector<int32_t>& material_ids, int32_t days) {
  std::vector<BestOf> best;
  for (const pqxx::row& row : Execute(transaction, kBest, ArrayOf(material_ids), days)) {
    RowReader reader(row);
    BestOf& of = best.emplace_back();
    of.material_id = reader.Next<int32_t>();
    of.best.first = reader.Next<int32_t>();
    of.best.good_micro = reader.Next<int64_t>();
  }
  return best;
}

std::vector<CommittedSum> LoadCommitted(Transaction& transaction, const std::vector<int32_t>& material_ids) {
  std::vector<CommittedSum> sums;
  for (const pqxx::row& row : Execute(transaction, kCommitted, ArrayOf(material_ids))) {
    RowReader reader(row);
    CommittedSum& sum = sums.emplace_back();
    sum.material_id = reader.Next<int32_t>();
    sum.day = reader.Next<int32_t>();
    sum.remaining_micro = reader.Next<int64_t>();
    sum.orders = reader.Next<int32_t>();
  }
  return sums;
}

}  // namespace mes::db
