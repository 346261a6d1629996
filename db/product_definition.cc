#include "db/product_definition.h"

#include <array>
#include <charconv>
#include <set>
#include <stdexcept>
#include <unordered_map>

#include <openssl/sha.h>

#include "db/array.h"
#include "db/failure_code.h"
#include "db/process_rule.h"
#include "db/row.h"

namespace mes::db {
namespace {

using domain::BomLine;
using domain::Characteristic;
using domain::Interlock;
using domain::Material;
using domain::Operation;
using domain::Plant;
using domain::PlantDraft;
using domain::ProductRevision;
using domain::Station;
using domain::TimeWindow;

// Reading --------------------------------------------------------------------------------------------------------------------------

constexpr const char* kLoadVersion = R"sql(
select version
from plant_version)sql";

constexpr const char* kListMaterials = R"sql(
select material_id, code, name, name_zh, uom, tracking, made, shelf_life_days, properties
from material
order by code collate "C")sql";

constexpr const char* kListRevisions = R"sql(
select revision_id, material_id, revision, digest, release_time
from product_revision
order by revision_id)sql";

constexpr const char* kListBomLines = R"sql(
select revision_id, line, material_id, quantity_micro, operation, alternate_ids
from bom_line
order by revision_id, line)sql";

constexpr const char* kListOperations = R"sql(
select revision_id, operation, code, name, name_zh, operation_type, station_class, mandatory, alternate_of, cycle_ms, units_per_cycle,
  stations_per_line, first_pass_yield, scrap_rate, max_retests, rework_to, max_reworks, interlocks, line_stops, new_identity,
  recipe_checksum, software_version, tightenings, properties
from operation
order by revision_id, operation)sql";

constexpr const char* kListCharacteristics = R"sql(
select revision_id, operation, code, name, unit, nominal, lower_limit, upper_limit, sampling_mode, sampling_n, class, replicates
from characteristic
order by revision_id, operation, ordinal)sql";

constexpr const char* kListTimeWindows = R"sql(
select revision_id, window_id, from_operation, from_event, to_operation, to_event, min_seconds, max_seconds, late_action, repeat_from,
  repeat_max, on_violation, reason
from time_window
order by revision_id, ordinal)sql";

constexpr const char* kListStations = R"sql(
select station.station_id, station.code, station.line_id, line.code, station.station_class, line.material_id, station.operations
from station
join line on line.line_id = station.line_id
order by station.station_id)sql";

// A name that the schema or an older program allowed and this one does not know ends the load: guessing would loosen a rule.
template <typename T>
T Known(const std::optional<T>& value, const pqxx::field& field) {
  if (!value) throw std::runtime_error(std::string("the database holds an unknown ") + field.name() + " `" + field.c_str() + "`");
  return *value;
}

Material MaterialFrom(const pqxx::row& row) {
  Material material;
  material.id = Get<int32_t>(row[0]);
  material.code = Get<std::string>(row[1]);
  material.name = Get<std::string>(row[2]);
  material.name_zh = Get<std::string>(row[3]);
  material.uom = Get<std::string>(row[4]);
  material.tracking = Get<domain::Tracking>(row[5]);
  material.made = Get<bool>(row[6]);
  material.shelf_life_days = Get<int32_t>(row[7]);
  material.properties_json = Get<std::string>(row[8]);
  return material;
}

Operation OperationFrom(const pqxx::row& row) {
  Operation operation;
  operation.number = Get<int16_t>(row[1]);
  operation.code = Get<std::string>(row[2]);
  operation.name = Get<std::string>(row[3]);
  operation.name_zh = Get<std::string>(row[4]);
  operation.operation_type = Get<std::string>(row[5]);
  operation.station_class = Get<std::string>(row[6]);
  operation.mandatory = Get<bool>(row[7]);
  operation.alternate_of = Get<int16_t>(row[8]);
  operation.cycle_ms = Get<int64_t>(row[9]);
  operation.units_per_cycle = Get<double>(row[10]);
  operation.stations_per_line = Get<int32_t>(row[11]);
  operation.first_pass_yield = Get<double>(row[12]);
  operation.scrap_rate = Get<double>(row[13]);
  operation.max_retests = Get<int16_t>(row[14]);
  operation.rework_to = Get<int16_t>(row[15]);
  operation.max_reworks = Get<int16_t>(row[16]);
  for (const std::string& name : TextsIn(row[17].c_str())) {
    operation.interlocks.push_back(Known(domain::ParseInterlock(name), row[17]));
  }
  operation.line_stops = TextsIn(row[18].c_str());
  operation.new_identity = Known(domain::ParseNewIdentity(row[19].c_str()), row[19]);
  operation.recipe_checksum = Get<std::string>(row[20]);
  operation.software_version = Get<std::string>(row[21]);
  operation.tightenings = Get<int32_t>(row[22]);
  operation.properties_json = Get<std::string>(row[23]);
  return operation;
}

Characteristic CharacteristicFrom(const pqxx::row& row) {
  Characteristic characteristic;
  characteristic.code = Get<std::string>(row[2]);
  characteristic.name = Get<std::string>(row[3]);
  characteristic.unit = Get<std::string>(row[4]);
  characteristic.nominal = Get<double>(row[5]);
  characteristic.lower_limit = GetOptional<double>(row[6]);
  characteristic.upper_limit = GetOptional<double>(row[7]);
  characteristic.sampling = Known(domain::ParseSampling(row[8].c_str()), row[8]);
  characteristic.sampling_n = Get<int32_t>(row[9]);
  characteristic.characteristic_class = Known(domain::ParseCharacteristicClass(row[10].c_str()), row[10]);
  characteristic.replicates = Get<int32_t>(row[11]);
  return characteristic;
}

TimeWindow TimeWindowFrom(const pqxx::row& row) {
  TimeWindow window;
  window.id = Get<std::string>(row[1]);
  window.from_operation = Get<int16_t>(row[2]);
  window.from_event = Known(domain::ParseWindowEvent(row[3].c_str()), row[3]);
  window.to_operation = Get<int16_t>(row[4]);
  window.to_event = Known(domain::ParseWindowEvent(row[5].c_str()), row[5]);
  window.min_seconds = GetOptional<int64_t>(row[6]);
  window.max_seconds = GetOptional<int64_t>(row[7]);
  window.late_action = Known(domain::ParseLateAction(row[8].c_str()), row[8]);
  window.repeat_from = Get<int16_t>(row[9]);
  window.repeat_max = Get<int16_t>(row[10]);
  window.on_violation = Get<std::string>(row[11]);
  window.reason = Get<std::string>(row[12]);
  return window;
}

// Puts rows that belong to revisions into them.
class PlantRows {
 public:
  explicit PlantRows(Transaction& transaction) : transaction_(transaction), plant_(std::make_shared<Plant>()) {}

  std::shared_ptr<const Plant> Load() {
    plant_->version = LoadPlantVersion(transaction_);
    for (const pqxx::row& row : Execute(transaction_, kListMaterials)) {
      plant_->materials.push_back(MaterialFrom(row));
      material_places_[plant_->materials.back().id] = plant_->materials.size() - 1;
    }
    LoadRevisions();
    for (const pqxx::row& row : Execute(transaction_, kListBomLines)) RevisionOf(row).bom.push_back(BomLineFrom(row));
    for (const pqxx::row& row : Execute(transaction_, kListOperations)) RevisionOf(row).operations.push_back(OperationFrom(row));
    for (const pqxx::row& row : Execute(transaction_, kListCharacteristics)) {
      ProductRevision& revision = RevisionOf(row);
      const int16_t index = revision.OperationIndex(Get<int16_t>(row[1]));
      revision.operations[static_cast<size_t>(index)].characteristics.push_back(CharacteristicFrom(row));
    }
    for (const pqxx::row& row : Execute(transaction_, kListTimeWindows)) RevisionOf(row).windows.push_back(TimeWindowFrom(row));
    for (const pqxx::row& row : Execute(transaction_, kListStations)) plant_->stations.push_back(StationFrom(row));
    plant_->rules = ListRulesInForce(transaction_);
    plant_->failure_codes = LoadFailureCodes(transaction_);
    plant_->Index();
    return plant_;
  }

 private:
  void LoadRevisions() {
    for (const pqxx::row& row : Execute(transaction_, kListRevisions)) {
      ProductRevision revision;
      revision.id = Get<int32_t>(row[0]);
      revision.material_id = Get<int32_t>(row[1]);
      revision.product_code = MaterialOf(revision.material_id).code;
      revision.revision = Get<int32_t>(row[2]);
      revision.digest = Get<std::string>(row[3]);
      revision.release_time = Get<domain::Time>(row[4]);
      revision_places_[revision.id] = plant_->revisions.size();
      plant_->revisions.push_back(std::move(revision));
    }
  }

  BomLine BomLineFrom(const pqxx::row& row) const {
    BomLine line;
    line.line = Get<int16_t>(row[1]);
    line.material_id = Get<int32_t>(row[2]);
    const Material& material = MaterialOf(line.material_id);
    line.material_code = material.code;
    line.tracking = material.tracking;
    line.uom = material.uom;
    line.quantity_micro = Get<int64_t>(row[3]);
    line.operation = Get<int16_t>(row[4]);
    for (const int64_t id : IntegersIn(row[5].c_str())) {
      line.alternate_ids.push_back(static_cast<int32_t>(id));
      line.alternate_codes.push_back(MaterialOf(static_cast<int32_t>(id)).code);
    }
    return line;
  }

  Station StationFrom(const pqxx::row& row) const {
    Station station;
    station.id = Get<int32_t>(row[0]);
    station.code = Get<std::string>(row[1]);
    station.line_id = Get<int32_t>(row[2]);
    station.line_code = Get<std::string>(row[3]);
    station.station_class = Get<std::string>(row[4]);
    station.material_id = Get<int32_t>(row[5]);
    station.product_code = MaterialOf(station.material_id).code;
    for (const int64_t number : IntegersIn(row[6].c_str())) station.operations.push_back(static_cast<int16_t>(number));
    return station;
  }

  const Material& MaterialOf(int32_t id) const { return plant_->materials[material_places_.at(id)]; }
  ProductRevision& RevisionOf(const pqxx::row& row) { return plant_->revisions[revision_places_.at(Get<int32_t>(row[0]))]; }

  Transaction& transaction_;
  std::shared_ptr<Plant> plant_;
  std::unordered_map<int32_t, size_t> material_places_;
  std::unordered_map<int32_t, size_t> revision_places_;
};

// Storing --------------------------------------------------------------------------------------------------------------------------
// Columns travel as text[] and are cast in SQL, where '' stands for null; so any type, and arrays within arrays, unnest alike.

constexpr const char* kLockVersion = R"sql(
select version
from plant_version
for update)sql";

constexpr const char* kMoveVersion = R"sql(
update plant_version
set version = version + 1)sql";

constexpr const char* kUpdateMaterials = R"sql(
update material
set (name, name_zh, made, shelf_life_days, properties)
  = (given.name, given.name_zh, material.made or given.made::boolean, given.shelf_life_days::integer, given.properties::jsonb)
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
  as given (code, name, name_zh, made, shelf_life_days, properties)
where material.code = given.code
  and (material.name, material.name_zh, material.made, material.shelf_life_days, material.properties)
    is distinct from
      (given.name, given.name_zh, material.made or given.made::boolean, given.shelf_life_days::integer, given.properties::jsonb))sql";

constexpr const char* kInsertMaterials = R"sql(
insert into material (code, name, name_zh, uom, tracking, made, shelf_life_days, properties)
select code, name, name_zh, uom, tracking::smallint, made::boolean, shelf_life_days::integer, properties::jsonb
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
  with ordinality as given (code, name, name_zh, uom, tracking, made, shelf_life_days, properties, place)
where not exists (select from material where material.code = given.code)
order by place)sql";

constexpr const char* kUpsertRules = R"sql(
insert into plant_rule (kind, code, definition)
select kind, code, definition::jsonb
from unnest($1::text[], $2::text[], $3::text[]) as given (kind, code, definition)
on conflict (kind, code) do update
set definition = excluded.definition
where plant_rule.definition is distinct from excluded.definition
returning kind, code)sql";

constexpr const char* kListNewestDigests = R"sql(
select distinct on (product_revision.material_id) material.code, product_revision.revision, product_revision.digest
from product_revision
join material on material.material_id = product_revision.material_id
order by product_revision.material_id, product_revision.revision desc)sql";

constexpr const char* kInsertRevisions = R"sql(
insert into product_revision (material_id, revision, digest, release_time)
select material.material_id, given.revision::integer, given.digest, $4::timestamptz
from unnest($1::text[], $2::text[], $3::text[]) with ordinality as given (code, revision, digest, place)
join material on material.code = given.code
order by place
returning revision_id, (select code from material where material.material_id = product_revision.material_id))sql";

constexpr const char* kInsertBomLines = R"sql(
insert into bom_line (revision_id, line, material_id, quantity_micro, operation, alternate_ids)
select given.revision_id::integer, given.line::smallint, material.material_id, given.quantity_micro::bigint, given.operation::smallint,
  array(
    select alternate.material_id
    from unnest(given.alternates::text[]) with ordinality as named (code, place)
    join material as alternate on alternate.code = named.code
    order by named.place)
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
  as given (revision_id, line, code, quantity_micro, operation, alternates)
join material on material.code = given.code)sql";

constexpr const char* kInsertOperations = R"sql(
insert into operation (revision_id, operation, code, name, name_zh, operation_type, station_class, mandatory, alternate_of, cycle_ms,
  units_per_cycle, stations_per_line, first_pass_yield, scrap_rate, max_retests, rework_to, max_reworks, interlocks, line_stops,
  new_identity, recipe_checksum, software_version, tightenings, properties)
select revision_id::integer, operation::smallint, code, name, name_zh, operation_type, station_class, mandatory::boolean,
  alternate_of::smallint, cycle_ms::bigint, units_per_cycle::double precision, stations_per_line::integer,
  first_pass_yield::double precision, scrap_rate::double precision, max_retests::smallint, rework_to::smallint, max_reworks::smallint,
  interlocks::text[], line_stops::text[], new_identity, recipe_checksum, software_version, tightenings::integer, properties::jsonb
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
    $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[],
    $21::text[], $22::text[], $23::text[], $24::text[])
  as given (revision_id, operation, code, name, name_zh, operation_type, station_class, mandatory, alternate_of, cycle_ms,
    units_per_cycle, stations_per_line, first_pass_yield, scrap_rate, max_retests, rework_to, max_reworks, interlocks, line_stops,
    new_identity, recipe_checksum, software_version, tightenings, properties))sql";

constexpr const char* kInsertCharacteristics = R"sql(
insert into characteristic (revision_id, operation, ordinal, code, name, unit, nominal, lower_limit, upper_limit, sampling_mode,
  sampling_n, class, replicates)
select revision_id::integer, operation::smallint, ordinal::smallint, code, name, unit, nominal::double precision,
  nullif(lower_limit, '')::double precision, nullif(upper_limit, '')::double precision, sampling_mode, sampling_n::integer, class,
  replicates::integer
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
    $11::text[], $12::text[], $13::text[])
  as given (revision_id, operation, ordinal, code, name, unit, nominal, lower_limit, upper_limit, sampling_mode, sampling_n, class,
    replicates))sql";

constexpr const char* kInsertTimeWindows = R"sql(
insert into time_window (revision_id, ordinal, window_id, from_operation, from_event, to_operation, to_event, min_seconds, max_seconds,
  late_action, repeat_from, repeat_max, on_violation, reason)
select revision_id::integer, ordinal::smallint, window_id, from_operation::smallint, from_event, to_operation::smallint, to_event,
  nullif(min_seconds, '')::bigint, nullif(max_seconds, '')::bigint, late_action, repeat_from::smallint, repeat_max::smallint,
  on_violation, reason
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
    $11::text[], $12::text[], $13::text[], $14::text[])
  as given (revision_id, ordinal, window_id, from_operation, from_event, to_operation, to_event, min_seconds, max_seconds, late_action,
    repeat_from, repeat_max, on_violation, reason))sql";

constexpr const char* kInsertLines = R"sql(
insert into line (code, material_id)
select given.code, material.material_id
from unnest($1::text[], $2::text[]) with ordinality as given (code, product_code, place)
join material on material.code = given.product_code
where not exists (select from line where line.code = given.code)
order by place)sql";

// A station keeps the operations of earlier revisions: orders pinned to them still run.
constexpr const char* kUpdateStations = R"sql(
update station
set station_class = given.station_class,
  operations = case
    when given.operation::smallint = any (station.operations) then station.operations
    else station.operations || given.operation::smallint
  end
from unnest($1::text[], $2::text[], $3::text[]) as given (code, station_class, operation)
where station.code = given.code
  and (station.station_class <> given.station_class or given.operation::smallint <> all (station.operations)))sql";

constexpr const char* kInsertStations = R"sql(
insert into station (code, line_id, station_class, operations)
select given.code, line.line_id, given.station_class, array[given.operation::smallint]
from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality as given (code, line_code, station_class, operation, place)
join line on line.code = given.line_code
where not exists (select from station where station.code = given.code)
order by place)sql";

constexpr const char* kCountStations = R"sql(
select count(*)
from station)sql";

constexpr const char* kCountMaterials = R"sql(
select count(*)
from material)sql";

std::string Written(double value) {
  char digits[40];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}
std::string Written(const std::optional<double>& value) { return value ? Written(*value) : std::string(); }
std::string Written(const std::optional<int64_t>& value) { return value ? std::to_string(*value) : std::string(); }
std::string Written(bool value) { return value ? "true" : "false"; }

// Rows for one unnest: column by column.
template <size_t N>
class Rows {
 public:
  template <typename... Values>
  void Add(Values&&... values) {
    static_assert(sizeof...(Values) == N);
    size_t column = 0;
    (columns_[column++].push_back(std::forward<Values>(values)), ...);
  }
  bool empty() const { return columns_[0].empty(); }
  size_t Exec(Transaction& transaction, const char* statement) const {
    return empty() ? 0 : ExecWith(transaction, statement, std::make_index_sequence<N>());
  }

 private:
  template <size_t... I>
  size_t ExecWith(Transaction& transaction, const char* statement, std::index_sequence<I...>) const {
    return Execute(transaction, statement, ArrayOf(columns_[I])...).affected_rows();
  }
  std::array<std::vector<std::string>, N> columns_;
};

std::string Digest(const ProductRevision& revision) {
  const std::string text = domain::CanonicalText(revision);
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash);
  std::string digest;
  for (const unsigned char byte : hash) {
    digest += "0123456789abcdef"[byte >> 4];
    digest += "0123456789abcdef"[byte & 15];
  }
  return digest;
}

size_t StoreMaterials(Transaction& transaction, const PlantDraft& draft) {
  Rows<6> updates;
  Rows<8> inserts;
  for (const Material& material : draft.materials) {
    const std::string days = std::to_string(material.shelf_life_days);
    updates.Add(material.code, material.name, material.name_zh, Written(material.made), days, material.properties_json);
    inserts.Add(material.code, material.name, material.name_zh, material.uom, std::to_string(static_cast<int>(material.tracking)),
                Written(material.made), days, material.properties_json);
  }
  return updates.Exec(transaction, kUpdateMaterials) + inserts.Exec(transaction, kInsertMaterials);
}

// What the files say anew of a line stop replaces what people made of it since; what they say as before does not.
size_t StoreRules(Transaction& transaction, const PlantDraft& draft, domain::Time now) {
  const pqxx::result changed =
      Execute(transaction, kUpsertRules, ArrayOf(draft.rules, [](const PlantDraft::Rule& rule) { return rule.kind; }),
              ArrayOf(draft.rules, [](const PlantDraft::Rule& rule) { return rule.code; }),
              ArrayOf(draft.rules, [](const PlantDraft::Rule& rule) { return rule.definition_json; }));
  std::set<std::string> line_stops;
  for (const pqxx::row& row : changed) {
    if (TextOf(row[0]) == "line_stop") line_stops.insert(Get<std::string>(row[1]));
  }
  StorePlantsRules(transaction, line_stops, draft.process_rules, now);
  return changed.size();
}

void AddOperation(Rows<24>& rows, const std::string& revision_id, const Operation& operation) {
  std::vector<std::string> interlocks;
  for (const Interlock interlock : operation.interlocks) interlocks.emplace_back(NameOf(interlock));
  rows.Add(revision_id, std::to_string(operation.number), operation.code, operation.name, operation.name_zh, operation.operation_type,
           operation.station_class, Written(operation.mandatory), std::to_string(operation.alternate_of),
           std::to_string(operation.cycle_ms), Written(operation.units_per_cycle), std::to_string(operation.stations_per_line),
           Written(operation.first_pass_yield), Written(operation.scrap_rate), std::to_string(operation.max_retests),
           std::to_string(operation.rework_to), std::to_string(operation.max_reworks), ArrayOf(interlocks), ArrayOf(operation.line_stops),
           std::string(NameOf(operation.new_identity)), operation.recipe_checksum, operation.software_version,
           std::to_string(operation.tightenings), operation.properties_json);
}

void AddCharacteristic(Rows<13>& rows, const std::string& revision_id, const Operation& operation, size_t ordinal) {
  const Characteristic& characteristic = operation.characteristics[ordinal];
  rows.Add(revision_id, std::to_string(operation.number), std::to_string(ordinal), characteristic.code, characteristic.name,
           characteristic.unit, Written(characteristic.nominal), Written(characteristic.lower_limit), Written(characteristic.upper_limit),
           std::string(NameOf(characteristic.sampling)), std::to_string(characteristic.sampling_n),
           std::string(NameOf(characteristic.characteristic_class)), std::to_string(characteristic.replicates));
}

void AddTimeWindow(Rows<14>& rows, const std::string& revision_id, const TimeWindow& window, size_t ordinal) {
  rows.Add(revision_id, std::to_string(ordinal), window.id, std::to_string(window.from_operation), std::string(NameOf(window.from_event)),
           std::to_string(window.to_operation), std::string(NameOf(window.to_event)), Written(window.min_seconds),
           Written(window.max_seconds), std::string(NameOf(window.late_action)), std::to_string(window.repeat_from),
           std::to_string(window.repeat_max), window.on_violation, window.reason);
}

void InsertContents(Transaction& transaction, const std::vector<const ProductRevision*>& products,
                    const std::unordered_map<std::string, std::string>& revision_ids) {
  Rows<6> lines;
  Rows<24> operations;
  Rows<13> characteristics;
  Rows<14> windows;
  for (const ProductRevision* product : products) {
    const std::string& id = revision_ids.at(product->product_code);
    for (const BomLine& line : product->bom) {
      lines.Add(id, std::to_string(line.line), line.material_code, std::to_string(line.quantity_micro), std::to_string(line.operation),
                ArrayOf(line.alternate_codes));
    }
    for (const Operation& operation : product->operations) {
      AddOperation(operations, id, operation);
      for (size_t i = 0; i < operation.characteristics.size(); ++i) AddCharacteristic(characteristics, id, operation, i);
    }
    for (size_t i = 0; i < product->windows.size(); ++i) AddTimeWindow(windows, id, product->windows[i], i);
  }
  lines.Exec(transaction, kInsertBomLines);
  operations.Exec(transaction, kInsertOperations);
  characteristics.Exec(transaction, kInsertCharacteristics);
  windows.Exec(transaction, kInsertTimeWindows);
}

// Releases a new revision of each product that differs from its newest.
void ReleaseRevisions(Transaction& transaction, const PlantDraft& draft, domain::Time now, StoredPlant& stored) {
  std::unordered_map<std::string, std::pair<int32_t, std::string>> newest;
  for (const pqxx::row& row : Execute(transaction, kListNewestDigests)) {
    newest[Get<std::string>(row[0])] = {Get<int32_t>(row[1]), Get<std::string>(row[2])};
  }
  std::vector<const ProductRevision*> changed;
  std::vector<std::string> codes, revisions, digests;
  for (const ProductRevision& product : draft.products) {
    const std::string digest = Digest(product);
    const auto& [revision, known_digest] = newest[product.product_code];
    if (known_digest == digest) {
      ++stored.unchanged;
      continue;
    }
    changed.push_back(&product);
    stored.released.emplace_back(product.product_code, revision + 1);
    codes.push_back(product.product_code);
    revisions.push_back(std::to_string(revision + 1));
    digests.push_back(digest);
  }
  if (changed.empty()) return;
  std::unordered_map<std::string, std::string> ids;
  for (const pqxx::row& row : Execute(transaction, kInsertRevisions, ArrayOf(codes), ArrayOf(revisions), ArrayOf(digests), now)) {
    ids[Get<std::string>(row[1])] = Get<std::string>(row[0]);
  }
  InsertContents(transaction, changed, ids);
}

size_t StoreStations(Transaction& transaction, const PlantDraft& draft) {
  Rows<2> lines;
  Rows<3> updates;
  Rows<4> inserts;
  for (const ProductRevision& product : draft.products) {
    const auto found = draft.lines.find(product.product_code);
    const int32_t count = found == draft.lines.end() ? 1 : found->second;
    for (int32_t line = 1; line <= count; ++line) {
      const std::string line_code = domain::LineCode(product.product_code, line);
      lines.Add(line_code, product.product_code);
      for (const Operation& operation : product.operations) {
        for (int32_t number = 1; number <= operation.stations_per_line; ++number) {
          const std::string code = domain::StationCode(line_code, operation.code, number);
          updates.Add(code, operation.station_class, std::to_string(operation.number));
          inserts.Add(code, line_code, operation.station_class, std::to_string(operation.number));
        }
      }
    }
  }
  const size_t made = lines.Exec(transaction, kInsertLines);
  return made + updates.Exec(transaction, kUpdateStations) + inserts.Exec(transaction, kInsertStations);
}

}  // namespace

int64_t LoadPlantVersion(Transaction& transaction) { return Get<int64_t>(Execute(transaction, kLoadVersion)[0][0]); }

std::shared_ptr<const Plant> LoadPlant(Transaction& transaction) { return PlantRows(transaction).Load(); }

StoredPlant StorePlant(Transaction& transaction, const PlantDraft& draft, domain::Time now) {
  Execute(transaction, kLockVersion);
  StoredPlant stored;
  const size_t definitions = StoreMaterials(transaction, draft) + StoreRules(transaction, draft, now);
  ReleaseRevisions(transaction, draft, now, stored);
  const size_t stations = StoreStations(transaction, draft);
  if (definitions + stations + stored.released.size() > 0) Execute(transaction, kMoveVersion);
  stored.stations = Get<int32_t>(Execute(transaction, kCountStations)[0][0]);
  stored.materials = Get<int32_t>(Execute(transaction, kCountMaterials)[0][0]);
  return stored;
}

}  // namespace mes::db
