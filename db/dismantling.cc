#include "db/dismantling.h"

#include "db/array.h"
#include "db/row.h"
#include "domain/life.h"
#include "domain/station_event.h"

namespace mes::db {
namespace {

using domain::DismantlingSheet;
using domain::DismantlingStep;

constexpr const char* kClearSteps = "delete from dismantling_step";
constexpr const char* kClearSheets = "delete from dismantling_sheet";

constexpr const char* kInsertSheet = R"sql(
insert into dismantling_sheet (material_id, standards, max_voltage_v, nominal_voltage_v, safe_energy, wait_minutes, hazards, quarantine,
  thresholds)
values ($1, $2::text[], $3, $4, $5, $6, $7::text[], $8, $9::text[]))sql";

constexpr const char* kInsertSteps = R"sql(
insert into dismantling_step (material_id, step, action, component_id, fastener, count, tool, minutes, hazard)
select $1::integer, step, action, component_id, fastener, count, tool, minutes, hazard
from unnest($2::smallint[], $3::text[], $4::integer[], $5::text[], $6::integer[], $7::text[], $8::integer[], $9::text[])
  as given (step, action, component_id, fastener, count, tool, minutes, hazard))sql";

constexpr const char* kLoadSheets = R"sql(
select material_id, standards, max_voltage_v, nominal_voltage_v, safe_energy, wait_minutes, hazards, quarantine, thresholds
from dismantling_sheet)sql";

constexpr const char* kLoadSteps = R"sql(
select material_id, step, action, component_id, fastener, count, tool, minutes, hazard
from dismantling_step
order by material_id, step)sql";

constexpr const char* kLoadParts = R"sql(
select a.parent_id, a.line, a.slot, unit.material_id, unit.code
from unnest($1::bigint[]) as asked (unit_id)
join assembly a on a.parent_id = asked.unit_id
join unit on unit.unit_id = a.child_id
where a.remove_time is null
order by a.parent_id, a.line, a.slot)sql";

constexpr const char* kLoadRuns = R"sql(
select distinct on (e.unit_id, e.revision_id, e.operation)
  e.unit_id, e.revision_id, e.operation, e.occur_time, e.measured
from unnest($1::bigint[]) as asked (unit_id)
join station_event e on e.unit_id = asked.unit_id
where e.measured is not null
  and e.revision_id is not null
  and e.kind = $2
  and (e.flags & $3) = 0
order by e.unit_id, e.revision_id, e.operation, e.occur_time desc)sql";

// A partner's transaction may read no hold itself: the function (0019_partner_bench.sql) gives it numbers without reasons.
constexpr const char* kLoadHolds = R"sql(
select unit_id, hold_id, reason
from mes_holds_on($1::bigint[])
order by unit_id, hold_id)sql";

constexpr const char* kLoadForced = R"sql(
select r.unit_id, r.removed_id, coalesce(removed.code, ''), r.line, r.slot, r.occur_time, r.overridden,
  exists (
    select
    from assembly a
    where a.parent_id = r.unit_id
      and a.line = r.line
      and a.slot = r.slot
      and a.remove_time is null)
from unnest($1::bigint[]) as asked (unit_id)
join replacement r on r.unit_id = asked.unit_id
left join unit removed on removed.unit_id = r.removed_id
where r.forced
  and r.removed_id is not null
order by r.unit_id, r.replacement_id)sql";

constexpr const char* kLoadTests = R"sql(
select distinct on (record.unit_id) record.unit_id, record.occur_time, record.party, record.evidence
from unnest($1::bigint[]) as asked (unit_id)
join life_record record on record.unit_id = asked.unit_id
where record.event = $2
  and record.reverse_time is null
order by record.unit_id, record.life_record_id desc)sql";

}  // namespace

void StoreSheets(Transaction& transaction, const std::vector<DismantlingSheet>& sheets) {
  Execute(transaction, kClearSteps);
  Execute(transaction, kClearSheets);
  // One statement per sheet: a plant has a handful.
  for (const DismantlingSheet& sheet : sheets) {
    Execute(transaction, kInsertSheet, sheet.material_id, ArrayOf(sheet.standards), sheet.max_voltage_v, sheet.nominal_voltage_v,
            sheet.safe_energy, sheet.wait_minutes, ArrayOf(sheet.hazards), sheet.quarantine, ArrayOf(sheet.thresholds));
    const auto& steps = sheet.steps;
    Execute(transaction, kInsertSteps, sheet.material_id, ArrayOf(steps, &DismantlingStep::step),
            ArrayOf(steps, &DismantlingStep::action), ArrayOf(steps, &DismantlingStep::component_id),
            ArrayOf(steps, &DismantlingStep::fastener), ArrayOf(steps, &DismantlingStep::count),
            ArrayOf(steps, &DismantlingStep::tool), ArrayOf(steps, &DismantlingStep::minutes),
            ArrayOf(steps, &DismantlingStep::hazard));
  }
}

std::unordered_map<int32_t, DismantlingSheet> LoadSheets(Transaction& transaction, const domain::Plant& plant) {
  std::unordered_map<int32_t, DismantlingSheet> sheets;
  const auto code_of = [&](int32_t id) {
    const domain::Material* material = plant.FindMaterial(id);
    return material == nullptr ? std::string() : material->code;
  };
  for (const pqxx::row& row : Execute(transaction, kLoadSheets)) {
    RowReader reader(row);
    const auto material_id = reader.Next<int32_t>();
    DismantlingSheet& sheet = sheets[material_id];
    sheet.material_id = material_id;
    sheet.product_code = code_of(material_id);
    sheet.standards = TextsIn(reader.NextText());
    sheet.max_voltage_v = reader.Next<double>();
    sheet.nominal_voltage_v = reader.Next<double>();
    sheet.safe_energy = reader.Next<std::string>();
    sheet.wait_minutes = reader.Next<int32_t>();
    sheet.hazards = TextsIn(reader.NextText());
    sheet.quarantine = reader.Next<std::string>();
    sheet.thresholds = TextsIn(reader.NextText());
  }
  for (const pqxx::row& row : Execute(transaction, kLoadSteps)) {
    RowReader reader(row);
    DismantlingStep& step = sheets[reader.Next<int32_t>()].steps.emplace_back();
    step.step = reader.Next<int16_t>();
    step.action = reader.Next<std::string>();
    step.component_id = reader.Next<int32_t>();
    step.component_code = code_of(step.component_id);
    step.fastener = reader.Next<std::string>();
    step.count = reader.Next<int32_t>();
    step.tool = reader.Next<std::string>();
    step.minutes = reader.Next<int32_t>();
    step.hazard = reader.Next<std::string>();
  }
  return sheets;
}

std::unordered_map<int64_t, std::vector<domain::BenchPart>> LoadBenchParts(Transaction& transaction,
                                                                           const std::vector<int64_t>& ids) {
  std::unordered_map<int64_t, std::vector<domain::BenchPart>> parts;
  for (const pqxx::row& row : Execute(transaction, kLoadParts, ArrayOf(ids))) {
    RowReader reader(row);
    domain::BenchPart& part = parts[reader.Next<int64_t>()].emplace_back();
    part.line = reader.Next<int16_t>();
    part.slot = reader.Next<int16_t>();
    part.material_id = reader.Next<int32_t>();
    part.code = reader.Next<std::string>();
  }
  return parts;
}

std::vector<MeasuredRun> LoadMeasuredRuns(Transaction& transaction, const std::vector<int64_t>& ids) {
  std::vector<MeasuredRun> runs;
  for (const pqxx::row& row :
       Execute(transaction, kLoadRuns, ArrayOf(ids), domain::EventKind::kCompleted, domain::kFlagReversed)) {
    RowReader reader(row);
    MeasuredRun& run = runs.emplace_back();
    run.unit_id = reader.Next<int64_t>();
    run.revision_id = reader.Next<int32_t>();
    run.operation = reader.Next<int16_t>();
    run.occur_time = reader.Next<domain::Time>();
    run.measured = DoublesIn(reader.NextText());
  }
  return runs;
}

std::unordered_map<int64_t, std::vector<domain::BenchHold>> LoadBenchHolds(Transaction& transaction,
                                                                           const std::vector<int64_t>& ids) {
  std::unordered_map<int64_t, std::vector<domain::BenchHold>> holds;
  for (const pqxx::row& row : Execute(transaction, kLoadHolds, ArrayOf(ids))) {
    RowReader reader(row);
    domain::BenchHold& hold = holds[reader.Next<int64_t>()].emplace_back();
    hold.hold_id = reader.Next<int64_t>();
    hold.reason = reader.Next<std::string>();
  }
  return holds;
}

std::unordered_map<int64_t, std::vector<domain::BenchRemoval>> LoadForcedRemovals(Transaction& transaction,
                                                                                  const std::vector<int64_t>& ids) {
  std::unordered_map<int64_t, std::vector<domain::BenchRemoval>> removals;
  for (const pqxx::row& row : Execute(transaction, kLoadForced, ArrayOf(ids))) {
    RowReader reader(row);
    domain::BenchRemoval& removal = removals[reader.Next<int64_t>()].emplace_back();
    removal.part_id = reader.Next<int64_t>();
    removal.code = reader.Next<std::string>();
    removal.line = reader.Next<int16_t>();
    removal.slot = reader.Next<int16_t>();
    removal.time = reader.Next<domain::Time>();
    removal.overridden = TextsIn(reader.NextText());
    removal.replaced = reader.Next<bool>();
  }
  return removals;
}

std::unordered_map<int64_t, LifeTest> LoadLastTests(Transaction& transaction, const std::vector<int64_t>& ids) {
  std::unordered_map<int64_t, LifeTest> tests;
  for (const pqxx::row& row : Execute(transaction, kLoadTests, ArrayOf(ids), domain::LifeEvent::kTest)) {
    RowReader reader(row);
    LifeTest& test = tests[reader.Next<int64_t>()];
    test.time = reader.Next<domain::Time>();
    test.party = reader.Next<std::string>();
    test.evidence = reader.Next<std::string>();
  }
  return tests;
}

}  // namespace mes::db
