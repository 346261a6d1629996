#include "db/array.h"
#include "db/nonconformance.h"
#include "db/row.h"

namespace mes::db {
namespace {

using domain::World;

constexpr Statement kOpenReports{"OpenReports", R"(
  select distinct on (unit_id) unit_id, ncr_id
  from ncr_unit
  where unit_id = any($1::bigint[])
    and disposition is null
    and withdraw_time is null
  order by unit_id, ncr_id desc)"};

constexpr char kCountFailures[] = R"(
  insert into failure_count as f
    (plant_day, material_id, station_id, operation, failure_code, failed_runs, first_run_fails, scrapped)
  select date '1970-01-01' + n.plant_day, n.material_id, n.station_id, n.operation, n.failure_code, n.failed_runs, n.first_run_fails,
    n.scrapped
  from unnest($1::integer[], $2::integer[], $3::integer[], $4::smallint[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[])
    n (plant_day, material_id, station_id, operation, failure_code, failed_runs, first_run_fails, scrapped)
  order by 2, 1, 4, 3, 5
  on conflict (material_id, plant_day, operation, station_id, failure_code) do update
  set
    failed_runs = f.failed_runs + excluded.failed_runs,
    first_run_fails = f.first_run_fails + excluded.first_run_fails,
    scrapped = f.scrapped + excluded.scrapped)";

// The update keeps an open report's row until the commit, so that nobody contains it while something is added.
constexpr char kAddFindings[] = R"(
  with finding as (
    select material_id, operation, failure_code, failure_code_id, severity, unit_id, station_id, epoch, sequence, add_time
    from unnest($1::integer[], $2::smallint[], $3::text[], $4::integer[], $5::smallint[], $6::bigint[], $7::integer[], $8::integer[],
      $9::bigint[], $10::timestamptz[])
      f (material_id, operation, failure_code, failure_code_id, severity, unit_id, station_id, epoch, sequence, add_time)
  ),
  report as (
    insert into ncr as n
      (state, failure_code_id, material_id, operation, station_id, failure_code, severity, description, units, opened_by, open_time)
    select 1, max(failure_code_id), material_id, operation, min(station_id), failure_code, max(severity),
      'failed with ' || failure_code || ' at operation ' || operation, count(*), 'policy', min(add_time)
    from finding
    group by material_id, operation, failure_code
    order by material_id, operation, failure_code
    on conflict (material_id, operation, failure_code) where state = 1 and failure_code_id is not null do update
    set
      units = n.units + excluded.units,
      severity = greatest(n.severity, excluded.severity)
    returning n.ncr_id, n.material_id, n.operation, n.failure_code
  )
  insert into ncr_unit (ncr_id, unit_id, sequence, station_id, epoch, add_time)
  select report.ncr_id, finding.unit_id, finding.sequence, finding.station_id, finding.epoch, finding.add_time
  from finding
  join report on
    report.material_id = finding.material_id
    and report.operation = finding.operation
    and report.failure_code = finding.failure_code)";

constexpr char kWithdrawFindings[] = R"(
  update ncr_unit u
  set withdraw_time = $5
  from unnest($1::bigint[], $2::integer[], $3::integer[], $4::bigint[]) n (unit_id, station_id, epoch, sequence)
  where u.unit_id = n.unit_id
    and u.station_id = n.station_id
    and u.epoch = n.epoch
    and u.sequence = n.sequence
    and u.disposition is null)";

void CountFailures(Transaction& transaction, const World& world) {
  if (world.effects.failures.empty()) return;
  ArrayWriter day, material, station, operation, code, failed, first, scrapped;
  for (const auto& [key, counts] : world.effects.failures) {
    day.Add(key.plant_day), material.Add(key.material_id), station.Add(key.station_id), operation.Add(key.operation);
    code.Add(key.failure_code), failed.Add(counts.failed_runs), first.Add(counts.first_run_fails), scrapped.Add(counts.scrapped);
  }
  Execute(transaction, kCountFailures, day.Take(), material.Take(), station.Take(), operation.Take(), code.Take(), failed.Take(),
          first.Take(), scrapped.Take());
}

void AddFindings(Transaction& transaction, const World& world) {
  if (world.effects.findings.empty()) return;
  ArrayWriter material, operation, code, policy, severity, unit, station, epoch, sequence, time;
  for (const domain::NcrFinding& finding : world.effects.findings) {
    material.Add(finding.material_id), operation.Add(finding.operation), code.Add(finding.failure_code);
    policy.Add(finding.failure_code_id), severity.Add(finding.severity), unit.Add(finding.unit_id);
    station.Add(finding.event.station_id), epoch.Add(finding.event.epoch), sequence.Add(finding.event.sequence);
    time.Add(finding.time);
  }
  Execute(transaction, kAddFindings, material.Take(), operation.Take(), code.Take(), policy.Take(), severity.Take(), unit.Take(),
          station.Take(), epoch.Take(), sequence.Take(), time.Take());
}

void WithdrawFindings(Transaction& transaction, const World& world) {
  if (world.effects.withdrawn_findings.empty()) return;
  ArrayWriter unit, station, epoch, sequence;
  for (const domain::Effects::Reversal& reversal : world.effects.withdrawn_findings) {
    unit.Add(reversal.unit_id), station.Add(reversal.event.station_id), epoch.Add(reversal.event.epoch);
    sequence.Add(reversal.event.sequence);
  }
  Execute(transaction, kWithdrawFindings, unit.Take(), station.Take(), epoch.Take(), sequence.Take(), world.now);
}

constexpr char kPareto[] = R"(
  select material_id, operation, station_id, plant_day, failure_code, counted, sum(counted) over ()::bigint
  from (
    select
      case when $9::boolean then material_id else 0 end as material_id,
      case when $10::boolean then operation else 0::smallint end as operation,
      case when $11::boolean then station_id else 0 end as station_id,
      case when $12::boolean then plant_day - date '1970-01-01' else 0 end as plant_day,
      failure_code,
      sum(case $1::smallint when 1 then failed_runs when 2 then first_run_fails else scrapped end)::bigint as counted
    from failure_count
    where plant_day between date '1970-01-01' + $2::integer and date '1970-01-01' + $3::integer
      and ($4::integer = 0 or material_id = $4)
      and ($5::smallint = 0 or operation = $5)
      and ($6::integer = 0 or station_id = $6)
      and ($7::text = '' or failure_code = $7)
    group by 1, 2, 3, 4, 5
  ) bar
  where counted > 0
  order by counted desc, failure_code collate "C", material_id, operation, station_id, plant_day
  limit $8)";

}  // namespace

void LoadOpenReports(Transaction& transaction, World& world) {
  std::vector<int64_t> waiting;
  for (const auto& [id, entry] : world.units) {
    const domain::Unit& unit = entry.unit;
    if (unit.failed_operation == 0 || unit.disposition != domain::FailureDisposition::kNone) continue;
    const domain::FailureCode* policy =
        world.plant.failure_codes.Find(unit.failure_code, unit.material_id, unit.failed_operation);
    if (policy != nullptr && policy->needs_disposition) waiting.push_back(id);
  }
  if (waiting.empty()) return;
  for (const pqxx::row& row : Execute(transaction, kOpenReports, ArrayOf(waiting))) {
    world.ncrs[Get<int64_t>(row[0])] = Get<std::string>(row[1]);
  }
}

void StoreNonconformance(Transaction& transaction, const World& world) {
  CountFailures(transaction, world);
  AddFindings(transaction, world);
  WithdrawFindings(transaction, world);
}

Pareto LoadPareto(Transaction& transaction, const ParetoQuestion& question, int limit) {
  Pareto pareto;
  const pqxx::result rows = Execute(transaction, kPareto, question.measure, question.from_day, question.until_day,
                                    question.material_id, question.operation, question.station_id, question.failure_code, limit,
                                    question.by_product, question.by_operation, question.by_station, question.by_day);
  for (const pqxx::row& row : rows) {
    RowReader reader(row);
    domain::ParetoBar& bar = pareto.bars.emplace_back();
    bar.material_id = reader.Next<int32_t>();
    bar.operation = reader.Next<int16_t>();
    bar.station_id = reader.Next<int32_t>();
    bar.plant_day = reader.Next<int32_t>();
    bar.failure_code = reader.Next<std::string>();
    bar.count = reader.Next<int64_t>();
    pareto.total = reader.Next<int64_t>();
  }
  domain::Cumulate(pareto.bars);
  return pareto;
}

}  // namespace mes::db
