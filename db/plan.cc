#include "db/plan.h"

#include "db/array.h"
#include "db/row.h"

namespace mes::db {
namespace {

using domain::PlanLine;
using domain::PlanVersion;

// Waits for another import, so that numbers have no gap and no two are the same.
constexpr const char* kLockPlan = R"sql(
lock table plan_version in exclusive mode)sql";

constexpr const char* kInsertVersion = R"sql(
insert into plan_version (version, format, source, person, import_time, line_count, first_month, last_month)
select coalesce(max(version), 0) + 1, $1, $2, $3, $4::timestamptz, $5, $6, $7
from plan_version
returning version)sql";

constexpr const char* kInsertLines = R"sql(
insert into plan_line (version, month, material_id, quantity_micro)
select $1, l.month, l.material_id, l.quantity_micro
from unnest($2::integer[], $3::integer[], $4::bigint[]) as l (month, material_id, quantity_micro))sql";

#define MES_PLAN_VERSION_COLUMNS \
  "select version, format, source, person, import_time, line_count, first_month, last_month\nfrom plan_version\n"
constexpr const char* kListVersions = MES_PLAN_VERSION_COLUMNS
    "where $1::integer = 0\n"
    "  or version < $1\n"
    "order by version desc\n"
    "limit $2";
constexpr Statement kLoadVersion{"plan_load_version", MES_PLAN_VERSION_COLUMNS "where version = $1"};
#undef MES_PLAN_VERSION_COLUMNS

constexpr const char* kLoadLines = R"sql(
select l.month, l.material_id, l.quantity_micro, l.version
from (
  select month, max(version) as version
  from plan_line
  where month between $1 and $2
    and ($4::integer = 0 or version = $4)
  group by month
) held
join plan_line l on l.month = held.month and l.version = held.version
where $3::integer = 0
  or l.material_id = $3
order by l.month, l.material_id)sql";

PlanVersion ReadVersion(const pqxx::row& row) {
  RowReader reader(row);
  PlanVersion version;
  version.version = reader.Next<int32_t>();
  version.format = reader.Next<domain::PlanFormat>();
  version.source = reader.Next<std::string>();
  version.person = reader.Next<std::string>();
  version.import_time = reader.Next<domain::Time>();
  version.lines = reader.Next<int32_t>();
  version.first_month = reader.Next<int32_t>();
  version.last_month = reader.Next<int32_t>();
  return version;
}

}  // namespace

void InsertPlan(Transaction& transaction, PlanVersion& version, const std::vector<PlanLine>& lines) {
  Execute(transaction, kLockPlan);
  version.lines = static_cast<int32_t>(lines.size());
  version.first_month = lines.front().month;
  version.last_month = lines.back().month;
  version.version = Get<int32_t>(Execute(transaction, kInsertVersion, version.format, version.source, version.person,
                                         version.import_time, version.lines, version.first_month, version.last_month)[0][0]);
  Execute(transaction, kInsertLines, version.version, ArrayOf(lines, &PlanLine::month), ArrayOf(lines, &PlanLine::material_id),
          ArrayOf(lines, &PlanLine::quantity_micro));
}

std::vector<PlanVersion> ListPlanVersions(Transaction& transaction, int32_t before, int limit) {
  std::vector<PlanVersion> versions;
  for (const pqxx::row& row : Execute(transaction, kListVersions, before, limit)) versions.push_back(ReadVersion(row));
  return versions;
}

std::optional<PlanVersion> LoadPlanVersion(Transaction& transaction, int32_t version) {
  const pqxx::result rows = Execute(transaction, kLoadVersion, version);
  if (rows.empty()) return std::nullopt;
  return ReadVersion(rows[0]);
}

std::vector<domain::HeldPlanLine> LoadPlanLines(Transaction& transaction, const PlanRange& range) {
  std::vector<domain::HeldPlanLine> lines;
  for (const pqxx::row& row : Execute(transaction, kLoadLines, range.first, range.last, range.material_id, range.version)) {
    RowReader reader(row);
    domain::HeldPlanLine& held = lines.emplace_back();
    held.line.month = reader.Next<int32_t>();
    held.line.material_id = reader.Next<int32_t>();
    held.line.quantity_micro = reader.Next<int64_t>();
    held.version = reader.Next<int32_t>();
  }
  return lines;
}

}  // namespace mes::db
