// What capacity is computed from: calendars, patterns, line groups, families. Figures, supplies and releases: db/capacity_book.cc.
#include "db/capacity.h"

#include <algorithm>
#include <map>

#include "db/array.h"
#include "db/row.h"

namespace mes::db {
namespace {

using domain::CapacityModel;

constexpr const char* kYears = R"(
select y.year, y.source, coalesce(d.day, 0), coalesce(d.make_up, false), coalesce(d.name, ''), coalesce(d.name_zh, ''),
  coalesce(d.statutory, false)
from (
  select distinct on (year) year, version, source
  from calendar_year
  order by year, version desc
) y
left join calendar_day d on d.year = y.year and d.version = y.version
order by y.year, d.day)";

constexpr const char* kPatterns = R"(
select pattern_code, description, net_seconds_per_day, works, observes_days_off, shift_codes, shift_starts, shift_ends
from shift_pattern)";

constexpr const char* kShutdowns = R"(
select first_day, last_day, pattern_code, coalesce(m.code, ''), reason
from shutdown s
left join material m on m.material_id = s.material_id
where cancel_time is null
order by first_day, shutdown_id)";

constexpr const char* kGroups = R"(
select g.material_id, m.code, g.lines, g.rated_kwh, g.rated_kw, g.planned_yearly, g.position_operations, g.position_availability
from line_group g
join material m on m.material_id = g.material_id
order by m.code)";

constexpr const char* kPoints = R"(
select point_id, material_id, line, from_day, availability_performance, final_yield, pattern_code, source, person, record_time
from capacity_point
order by material_id, line, from_day, point_id)";

constexpr const char* kFamilies = R"(
select f.family_code, f.name, f.unit, f.product_codes, s.stated_value, s.stated_unit, s.interpreted_unit, s.interpretation_reason,
  s.yearly, s.rounding, s.source, s.source_day
from capacity_family f
left join lateral (
  select stated_value, stated_unit, interpreted_unit, interpretation_reason, yearly, rounding, source, source_day
  from stated_capacity s
  where s.family_code = f.family_code
  order by stated_id desc
  limit 1
) s on true
order by f.family_code)";

constexpr const char* kExpected = R"(
select supply_id, material_id, quantity_micro, day, supplier, reference, state
from supply
where state = 1
order by material_id, day, supply_id)";

constexpr const char* kStorePatterns = R"(
insert into shift_pattern
  (pattern_code, description, net_seconds_per_day, works, observes_days_off, shift_codes, shift_starts, shift_ends)
select pattern_code, description, net_seconds_per_day, works::boolean[], observes_days_off, shift_codes::text[],
  shift_starts::integer[], shift_ends::integer[]
from unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::boolean[], $6::text[], $7::text[], $8::text[])
  p (pattern_code, description, net_seconds_per_day, works, observes_days_off, shift_codes, shift_starts, shift_ends)
on conflict (pattern_code) do update
set
  description = excluded.description,
  net_seconds_per_day = excluded.net_seconds_per_day,
  works = excluded.works,
  observes_days_off = excluded.observes_days_off,
  shift_codes = excluded.shift_codes,
  shift_starts = excluded.shift_starts,
  shift_ends = excluded.shift_ends)";

constexpr const char* kStoreGroups = R"(
insert into line_group
  (material_id, lines, rated_kwh, rated_kw, planned_yearly, position_operations, position_availability)
select m.material_id, g.lines, g.rated_kwh, g.rated_kw, g.planned_yearly, g.position_operations::text[], g.position_availability
from unnest($1::text[], $2::integer[], $3::float8[], $4::float8[], $5::float8[], $6::text[], $7::float8[])
  g (code, lines, rated_kwh, rated_kw, planned_yearly, position_operations, position_availability)
join material m on m.code = g.code
on conflict (material_id) do update
set
  lines = excluded.lines,
  rated_kwh = excluded.rated_kwh,
  rated_kw = excluded.rated_kw,
  planned_yearly = excluded.planned_yearly,
  position_operations = excluded.position_operations,
  position_availability = excluded.position_availability)";

// Against the newest point of all lines; the first is of all time.
constexpr const char* kStorePoints = R"(
insert into capacity_point
  (material_id, line, from_day, availability_performance, final_yield, pattern_code, source, person, record_time)
select m.material_id, 0, case when p.point_id is null then -719162 else $4::integer end, g.availability, null, g.pattern_code,
  'plant files', '', $5::timestamptz
from unnest($1::text[], $2::float8[], $3::text[]) g (code, availability, pattern_code)
join material m on m.code = g.code
left join lateral (
  select point_id, availability_performance, pattern_code
  from capacity_point p
  where p.material_id = m.material_id
    and p.source = 'plant files'
  order by point_id desc
  limit 1
) p on true
where p.point_id is null
  or p.availability_performance <> g.availability
  or p.pattern_code <> g.pattern_code)";

constexpr const char* kStoreFamilies = R"(
insert into capacity_family (family_code, name, unit, product_codes)
select family_code, name, unit, product_codes::text[]
from unnest($1::text[], $2::text[], $3::text[], $4::text[]) f (family_code, name, unit, product_codes)
on conflict (family_code) do update
set name = excluded.name, unit = excluded.unit, product_codes = excluded.product_codes)";

constexpr const char* kStoreStated = R"(
insert into stated_capacity
  (family_code, stated_value, stated_unit, interpreted_unit, interpretation_reason, yearly, rounding, source, source_day, record_time)
select f.family_code, f.stated_value, f.stated_unit, f.interpreted_unit, f.interpretation_reason, f.yearly, f.rounding, f.source,
  f.source_day, $10::timestamptz
from unnest($1::text[], $2::float8[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::float8[], $8::text[], $9::integer[])
  f (family_code, stated_value, stated_unit, interpreted_unit, interpretation_reason, yearly, rounding, source, source_day)
left join lateral (
  select stated_value, stated_unit, yearly, source
  from stated_capacity s
  where s.family_code = f.family_code
  order by stated_id desc
  limit 1
) s on true
where s.yearly is null
  or (s.stated_value, s.stated_unit, s.yearly, s.source) is distinct from (f.stated_value, f.stated_unit, f.yearly, f.source))";

constexpr const char* kInsertYear = R"(
insert into calendar_year (year, version, source, person, record_time)
select $1, coalesce(max(version), 0) + 1, $2, $3, $4::timestamptz
from calendar_year
where year = $1
returning version)";

constexpr const char* kInsertDays = R"(
insert into calendar_day (year, version, day, make_up, name, name_zh, statutory)
select $1, $2, day, make_up, name, name_zh, statutory
from unnest($3::integer[], $4::boolean[], $5::text[], $6::text[], $7::boolean[]) d (day, make_up, name, name_zh, statutory))";

constexpr const char* kYearRecord = R"(
select version, person, record_time
from calendar_year
where year = $1
order by version desc
limit 1)";

constexpr const char* kInsertShutdown = R"(
with made as (
  insert into shutdown (first_day, last_day, pattern_code, material_id, reason, person, record_time)
  values ($1, $2, $3, $4, $5, $6, $7::timestamptz)
  on conflict (first_day, last_day, pattern_code, material_id) where cancel_time is null do nothing
  returning shutdown_id
)
select shutdown_id
from made
union all
select shutdown_id
from shutdown
where first_day = $1
  and last_day = $2
  and pattern_code = $3
  and material_id = $4
  and cancel_time is null
limit 1)";

constexpr const char* kListShutdowns = R"(
select shutdown_id, first_day, last_day, pattern_code, material_id, reason, person, record_time
from shutdown
where cancel_time is null
  and last_day >= $1
  and first_day < $2
order by first_day, shutdown_id
limit $3)";

constexpr const char* kCancelShutdown = R"(
update shutdown
set cancel_time = $3::timestamptz, cancelled_by = $2
where shutdown_id = $1
  and cancel_time is null)";

constexpr const char* kInsertPoint = R"(
insert into capacity_point
  (material_id, line, from_day, availability_performance, final_yield, pattern_code, source, person, record_time)
values ($1, $2, $3, $4::float8, $5::float8, $6, $7, $8, $9::timestamptz)
returning point_id)";

// Booleans of a week, as PostgreSQL writes them: `{t,t,f,...}`.
std::array<bool, 7> WeekIn(std::string_view literal) {
  std::array<bool, 7> works{};
  size_t day = 0;
  for (const char c : literal) {
    if ((c == 't' || c == 'f') && day < works.size()) works[day++] = c == 't';
  }
  return works;
}

void LoadCalendar(Transaction& transaction, domain::Calendar& calendar) {
  for (const pqxx::row& row : Execute(transaction, kYears)) {
    RowReader reader(row);
    const int32_t number = reader.Next<int32_t>();
    domain::CalendarYear& year = calendar.years[number];
    year.year = number;
    year.source = reader.Next<std::string>();
    domain::DayOff off;
    off.day = reader.Next<int32_t>();
    const bool make_up = reader.Next<bool>();
    off.name = reader.Next<std::string>();
    off.name_zh = reader.Next<std::string>();
    off.statutory = reader.Next<bool>();
    if (off.day == 0) continue;  // a year without any
    if (make_up) {
      year.make_up_days.push_back(off.day);
    } else {
      year.days_off.push_back(std::move(off));
    }
  }
  for (const pqxx::row& row : Execute(transaction, kPatterns)) {
    RowReader reader(row);
    domain::ShiftPattern pattern;
    pattern.code = reader.Next<std::string>();
    pattern.description = reader.Next<std::string>();
    pattern.net_seconds_per_day = reader.Next<int32_t>();
    pattern.works = WeekIn(reader.NextText());
    pattern.observes_days_off = reader.Next<bool>();
    const std::vector<std::string> codes = TextsIn(reader.NextText());
    const std::vector<int32_t> starts = Integers32In(reader.NextText());
    const std::vector<int32_t> ends = Integers32In(reader.NextText());
    for (size_t i = 0; i < codes.size(); ++i) pattern.shifts.push_back({codes[i], starts[i], ends[i]});
    calendar.patterns[pattern.code] = std::move(pattern);
  }
  for (const pqxx::row& row : Execute(transaction, kShutdowns)) {
    RowReader reader(row);
    domain::Shutdown& shutdown = calendar.shutdowns.emplace_back();
    shutdown.first = reader.Next<int32_t>();
    shutdown.last = reader.Next<int32_t>();
    shutdown.pattern_code = reader.Next<std::string>();
    shutdown.product_code = reader.Next<std::string>();
    shutdown.reason = reader.Next<std::string>();
  }
}

void LoadGroups(Transaction& transaction, CapacityModel& model) {
  std::map<int32_t, size_t> index;
  for (const pqxx::row& row : Execute(transaction, kGroups)) {
    RowReader reader(row);
    domain::LineGroup& group = model.groups.emplace_back();
    group.material_id = reader.Next<int32_t>();
    group.product_code = reader.Next<std::string>();
    group.lines = reader.Next<int32_t>();
    group.rated_kwh = reader.NextOptional<double>();
    group.rated_kw = reader.NextOptional<double>();
    group.planned_yearly = reader.Next<double>();
    group.position_operations = TextsIn(reader.NextText());
    group.position_availability = reader.Next<double>();
    index[group.material_id] = model.groups.size() - 1;
  }
  for (const pqxx::row& row : Execute(transaction, kPoints)) {
    RowReader reader(row);
    domain::CapacityPoint point;
    point.id = reader.Next<int64_t>();
    point.material_id = reader.Next<int32_t>();
    point.line = reader.Next<int32_t>();
    point.from = reader.Next<int32_t>();
    point.availability_performance = reader.Next<double>();
    point.final_yield = reader.NextOptional<double>();
    point.pattern_code = reader.Next<std::string>();
    point.source = reader.Next<std::string>();
    point.person = reader.Next<std::string>();
    point.record_time = reader.Next<domain::Time>();
    model.groups[index.at(point.material_id)].points.push_back(std::move(point));
  }
}

void LoadFamilies(Transaction& transaction, CapacityModel& model) {
  for (const pqxx::row& row : Execute(transaction, kFamilies)) {
    RowReader reader(row);
    domain::CapacityFamily& family = model.families.emplace_back();
    family.code = reader.Next<std::string>();
    family.name = reader.Next<std::string>();
    family.unit = reader.Next<std::string>();
    family.product_codes = TextsIn(reader.NextText());
    family.stated_value = reader.NextOr<double>(0);
    family.stated_unit = reader.NextOr<std::string>("");
    family.interpreted_unit = reader.NextOr<std::string>("");
    family.interpretation_reason = reader.NextOr<std::string>("");
    family.yearly = reader.NextOr<double>(0);
    family.rounding = reader.NextOr<double>(0);
    family.source = reader.NextOr<std::string>("");
    family.source_day = reader.NextOr<int32_t>(0);
  }
}

// Years whose content or source is not what is in force.
bool Differs(const domain::CalendarYear& year, const domain::Calendar& calendar) {
  const auto found = calendar.years.find(year.year);
  if (found == calendar.years.end()) return true;
  const domain::CalendarYear& known = found->second;
  std::vector<domain::Day> make_up = year.make_up_days;
  std::sort(make_up.begin(), make_up.end());
  std::vector<domain::Day> off, known_off;
  for (const domain::DayOff& day : year.days_off) off.push_back(day.day);
  for (const domain::DayOff& day : known.days_off) known_off.push_back(day.day);
  std::sort(off.begin(), off.end());
  return known.source != year.source || known.make_up_days != make_up || known_off != off;
}

void StorePatterns(Transaction& transaction, const std::vector<domain::ShiftPattern>& patterns) {
  const auto column = [&](auto projection) { return ArrayOf(patterns, projection); };
  const auto shifts = [&](auto project) {
    return column([&](const domain::ShiftPattern& pattern) {
      ArrayWriter writer;
      for (const domain::Shift& shift : pattern.shifts) writer.Add(project(shift));
      return writer.Take();
    });
  };
  const std::string works = column([](const domain::ShiftPattern& pattern) {
    ArrayWriter writer;
    for (const bool day : pattern.works) writer.Add(day);
    return writer.Take();
  });
  Execute(transaction, kStorePatterns, column(&domain::ShiftPattern::code), column(&domain::ShiftPattern::description),
          column(&domain::ShiftPattern::net_seconds_per_day), works, column(&domain::ShiftPattern::observes_days_off),
          shifts([](const domain::Shift& shift) { return shift.code; }),
          shifts([](const domain::Shift& shift) { return shift.start_seconds; }),
          shifts([](const domain::Shift& shift) { return shift.end_seconds; }));
}

void StoreGroups(Transaction& transaction, const std::vector<domain::LineGroup>& groups, domain::Day today, domain::Time now) {
  const auto column = [&](auto projection) { return ArrayOf(groups, projection); };
  Execute(transaction, kStoreGroups, column(&domain::LineGroup::product_code), column(&domain::LineGroup::lines),
          column(&domain::LineGroup::rated_kwh), column(&domain::LineGroup::rated_kw), column(&domain::LineGroup::planned_yearly),
          column([](const domain::LineGroup& group) { return ArrayOf(group.position_operations); }),
          column(&domain::LineGroup::position_availability));
  ArrayWriter code, availability, pattern;
  for (const domain::LineGroup& group : groups) {
    for (const domain::CapacityPoint& point : group.points) {
      code.Add(group.product_code), availability.Add(point.availability_performance), pattern.Add(point.pattern_code);
    }
  }
  Execute(transaction, kStorePoints, code.Take(), availability.Take(), pattern.Take(), today, now);
}

void StoreFamilies(Transaction& transaction, const std::vector<domain::CapacityFamily>& families, domain::Time now) {
  using Family = domain::CapacityFamily;
  const auto column = [&](auto projection) { return ArrayOf(families, projection); };
  Execute(transaction, kStoreFamilies, column(&Family::code), column(&Family::name), column(&Family::unit),
          column([](const Family& family) { return ArrayOf(family.product_codes); }));
  Execute(transaction, kStoreStated, column(&Family::code), column(&Family::stated_value), column(&Family::stated_unit),
          column(&Family::interpreted_unit), column(&Family::interpretation_reason), column(&Family::yearly),
          column(&Family::rounding), column(&Family::source), column(&Family::source_day), now);
}

}  // namespace

CapacityModel LoadCapacityModel(Transaction& transaction, const domain::Plant& plant) {
  CapacityModel model;
  LoadCalendar(transaction, model.calendar);
  LoadGroups(transaction, model);
  LoadFamilies(transaction, model);
  for (const pqxx::row& row : Execute(transaction, kExpected)) {
    RowReader reader(row);
    domain::Supply& supply = model.supplies.emplace_back();
    supply.id = reader.Next<int64_t>();
    supply.material_id = reader.Next<int32_t>();
    supply.quantity_micro = reader.Next<int64_t>();
    supply.day = reader.Next<int32_t>();
    supply.supplier = reader.Next<std::string>();
    supply.reference = reader.Next<std::string>();
    supply.state = reader.Next<domain::SupplyState>();
  }
  domain::RollUpRatings(model.groups, plant);
  return model;
}

void StoreCapacityDraft(Transaction& transaction, const domain::CapacityDraft& draft, domain::Day today, domain::Time now) {
  domain::Calendar known;
  LoadCalendar(transaction, known);
  for (const domain::CalendarYear& year : draft.years) {
    if (Differs(year, known)) InsertCalendarYear(transaction, year, "", now);
  }
  if (!draft.patterns.empty()) StorePatterns(transaction, draft.patterns);
  for (const domain::Shutdown& shutdown : draft.shutdowns) InsertShutdown(transaction, shutdown, 0, "", now);
  if (!draft.groups.empty()) StoreGroups(transaction, draft.groups, today, now);
  if (!draft.families.empty()) StoreFamilies(transaction, draft.families, now);
}

int32_t InsertCalendarYear(Transaction& transaction, const domain::CalendarYear& year, std::string_view person, domain::Time now) {
  const int32_t version = Get<int32_t>(Execute(transaction, kInsertYear, year.year, year.source, person, now)[0][0]);
  ArrayWriter day, make_up, name, name_zh, statutory;
  const auto add = [&](const domain::DayOff& off, bool worked) {
    day.Add(off.day), make_up.Add(worked), name.Add(off.name), name_zh.Add(off.name_zh), statutory.Add(off.statutory);
  };
  for (const domain::DayOff& off : year.days_off) add(off, false);
  for (const domain::Day worked : year.make_up_days) add({worked, "", "", false}, true);
  Execute(transaction, kInsertDays, year.year, version, day.Take(), make_up.Take(), name.Take(), name_zh.Take(), statutory.Take());
  return version;
}

std::optional<CalendarRecord> LoadCalendarRecord(Transaction& transaction, int32_t year) {
  const pqxx::result rows = Execute(transaction, kYearRecord, year);
  if (rows.empty()) return std::nullopt;
  RowReader reader(rows[0]);
  CalendarRecord record;
  record.version = reader.Next<int32_t>();
  record.person = reader.Next<std::string>();
  record.record_time = reader.Next<domain::Time>();
  return record;
}

int64_t InsertShutdown(Transaction& transaction, const domain::Shutdown& shutdown, int32_t material_id, std::string_view person,
                       domain::Time now) {
  return Get<int64_t>(Execute(transaction, kInsertShutdown, shutdown.first, shutdown.last, shutdown.pattern_code, material_id,
                              shutdown.reason, person, now)[0][0]);
}

std::vector<StoredShutdown> ListShutdowns(Transaction& transaction, const domain::Plant& plant, domain::Day first, domain::Day end,
                                          int limit) {
  std::vector<StoredShutdown> shutdowns;
  for (const pqxx::row& row : Execute(transaction, kListShutdowns, first, end, limit)) {
    RowReader reader(row);
    StoredShutdown& stored = shutdowns.emplace_back();
    stored.id = reader.Next<int64_t>();
    stored.shutdown.first = reader.Next<int32_t>();
    stored.shutdown.last = reader.Next<int32_t>();
    stored.shutdown.pattern_code = reader.Next<std::string>();
    const domain::Material* material = plant.FindMaterial(reader.Next<int32_t>());
    if (material != nullptr) stored.shutdown.product_code = material->code;
    stored.shutdown.reason = reader.Next<std::string>();
    stored.person = reader.Next<std::string>();
    stored.record_time = reader.Next<domain::Time>();
  }
  return shutdowns;
}

bool CancelShutdown(Transaction& transaction, int64_t id, std::string_view person, domain::Time now) {
  return Execute(transaction, kCancelShutdown, id, person, now).affected_rows() == 1;
}

void InsertCapacityPoint(Transaction& transaction, domain::CapacityPoint& point) {
  point.id = Get<int64_t>(Execute(transaction, kInsertPoint, point.material_id, point.line, point.from,
                                  point.availability_performance, point.final_yield, point.pattern_code, point.source, point.person,
                                  point.record_time)[0][0]);
}

}  // namespace mes::db
