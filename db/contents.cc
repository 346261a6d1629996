#include "db/contents.h"

#include "db/array.h"
#include "db/row.h"

namespace mes::db {
namespace {

using domain::Contents;

constexpr const char* kLoadMasses = R"sql(
select material_id, total_ug
from material_mass)sql";

constexpr const char* kLoadElements = R"sql(
select material_id, element, mass_ug
from material_element)sql";

constexpr const char* kClearElements = "delete from material_element";
constexpr const char* kClearMasses = "delete from material_mass";

constexpr const char* kInsertMasses = R"sql(
insert into material_mass (material_id, total_ug)
select material_id, total_ug
from unnest($1::integer[], $2::bigint[]) as given (material_id, total_ug))sql";

constexpr const char* kInsertElements = R"sql(
insert into material_element (material_id, element, mass_ug)
select material_id, element, mass_ug
from unnest($1::integer[], $2::smallint[], $3::bigint[]) as given (material_id, element, mass_ug))sql";

constexpr const char* kLoadUnits = R"sql(
select unit.unit_id, unit.material_id, coalesce(unit.revision_id, 0)
from unnest($1::bigint[]) as asked (unit_id)
join unit on unit.unit_id = asked.unit_id)sql";

constexpr const char* kLoadBelow = R"sql(
select a.parent_id, unit.unit_id, unit.material_id, coalesce(unit.revision_id, 0)
from unnest($1::bigint[]) as asked (unit_id)
join assembly a on a.parent_id = asked.unit_id
join unit on unit.unit_id = a.child_id
where a.remove_time is null
limit $2)sql";

domain::WeighedUnit UnitIn(RowReader& reader) {
  domain::WeighedUnit unit;
  unit.id = reader.Next<int64_t>();
  unit.material_id = reader.Next<int32_t>();
  unit.revision_id = reader.Next<int32_t>();
  return unit;
}

}  // namespace

std::unordered_map<int32_t, Contents> LoadMaterialMasses(Transaction& transaction) {
  std::unordered_map<int32_t, Contents> masses;
  for (const pqxx::row& row : Execute(transaction, kLoadMasses)) {
    RowReader reader(row);
    Contents& contents = masses[reader.Next<int32_t>()];
    contents.total_ug = reader.Next<int64_t>();
  }
  for (const pqxx::row& row : Execute(transaction, kLoadElements)) {
    RowReader reader(row);
    domain::Masses& elements = masses[reader.Next<int32_t>()].elements;
    const auto element = reader.Next<domain::Element>();
    elements[element] = reader.Next<int64_t>();
  }
  return masses;
}

void StoreMaterialMasses(Transaction& transaction, const std::unordered_map<int32_t, Contents>& masses) {
  Execute(transaction, kClearElements);
  Execute(transaction, kClearMasses);
  ArrayWriter materials, totals, element_materials, elements, element_masses;
  for (const auto& [material_id, contents] : masses) {
    materials.Add(material_id), totals.Add(contents.total_ug);
    for (const auto& [element, mass] : contents.elements) {
      element_materials.Add(material_id), elements.Add(element), element_masses.Add(mass);
    }
  }
  Execute(transaction, kInsertMasses, materials.Take(), totals.Take());
  Execute(transaction, kInsertElements, element_materials.Take(), elements.Take(), element_masses.Take());
}

std::vector<domain::WeighedUnit> LoadWeighedUnits(Transaction& transaction, const std::vector<int64_t>& ids) {
  std::vector<domain::WeighedUnit> units;
  for (const pqxx::row& row : Execute(transaction, kLoadUnits, ArrayOf(ids))) {
    RowReader reader(row);
    units.push_back(UnitIn(reader));
  }
  return units;
}

PartsBelow LoadPartsBelow(Transaction& transaction, const std::vector<int64_t>& parent_ids, int64_t limit) {
  PartsBelow below;
  for (const pqxx::row& row : Execute(transaction, kLoadBelow, ArrayOf(parent_ids), limit)) {
    RowReader reader(row);
    const auto parent_id = reader.Next<int64_t>();
    below.parts.push_back(UnitIn(reader));
    below.inside.emplace_back(parent_id, below.parts.back().id);
  }
  return below;
}

}  // namespace mes::db
