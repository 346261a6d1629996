#include "tests/support/plant_builder.h"

#include <algorithm>
#include <stdexcept>

namespace mes::tests {
namespace {

using domain::BomLine;
using domain::Interlock;
using domain::Material;
using domain::Operation;
using domain::Plant;
using domain::ProductRevision;
using domain::Tracking;

template <typename Vector, typename Matches>
auto& Find(Vector& vector, std::string_view name, const Matches& matches) {
  const auto found = std::find_if(vector.begin(), vector.end(), matches);
  if (found == vector.end()) throw std::invalid_argument("the small plant has no " + std::string(name));
  return *found;
}

}  // namespace

PlantBuilder::PlantBuilder() {
  for (int16_t value = 0; value <= static_cast<int16_t>(Interlock::kPgmCustody); ++value) {
    draft_.rules.push_back({"interlock", std::string(NameOf(static_cast<Interlock>(value))), "\"a rule\""});
  }
  draft_.rules.push_back({"line_stop", "CF3", "{}"});
  AddBought("HSG", "pc", Tracking::kSerial);
  AddBought("BLT", "pc", Tracking::kLot);
  AddBought("ELY", "kg", Tracking::kLot);
  AddBought("ELY-B", "kg", Tracking::kLot);
  AddBought("POW", "kg", Tracking::kLot);
  AddProduct("CELL", "pc", Tracking::kSerial);
  AddProduct("PACK", "pc", Tracking::kSerial);
  AddProduct("INK", "kg", Tracking::kLot);

  AddOperation("CELL", 10, "FILL");
  AddConsumption("CELL", 10, "ELY", "0.5");
  line("CELL", "ELY").alternate_codes = {"ELY-B"};
  draft_.components["CELL"][0].alternate_codes = {"ELY-B"};
  AddOperation("CELL", 20, "SOAK");
  Operation& ocv = AddOperation("CELL", 30, "OCV");
  ocv.max_retests = 2;
  ocv.interlocks.push_back(Interlock::kRetestLimit);
  Operation& ocv_b = AddOperation("CELL", 35, "OCVB");
  ocv_b.mandatory = false;
  ocv_b.alternate_of = 30;
  domain::TimeWindow soak;
  soak.id = "SOAK";
  soak.from_operation = 10;
  soak.to_operation = 20;
  soak.to_event = domain::WindowEvent::kComplete;
  soak.min_seconds = 60;
  soak.max_seconds = 3'600;
  soak.late_action = domain::LateAction::kRepeat;
  soak.repeat_from = 10;
  soak.repeat_max = 1;
  soak.on_violation = "fill again once";
  soak.reason = "the electrolyte must reach every pore";
  product("CELL").windows.push_back(soak);

  AddOperation("PACK", 10, "KIT");
  AddConsumption("PACK", 10, "HSG", "1");
  AddOperation("PACK", 20, "LOAD");
  AddConsumption("PACK", 20, "CELL", "2");
  Operation& bolt = AddOperation("PACK", 30, "BOLT");
  bolt.tightenings = 4;
  bolt.interlocks.push_back(Interlock::kBoltCount);
  bolt.characteristics[0].unit = "N.m";
  bolt.characteristics[0].replicates = 4;
  AddConsumption("PACK", 30, "BLT", "4");
  Operation& test = AddOperation("PACK", 40, "TEST");
  test.max_retests = 1;
  test.rework_to = 20;
  test.max_reworks = 1;
  test.interlocks.push_back(Interlock::kRetestLimit);
  test.interlocks.push_back(Interlock::kReworkLimit);
  AddOperation("PACK", 45, "WASH").mandatory = false;
  Operation& label = AddOperation("PACK", 50, "LABEL");
  label.new_identity = domain::NewIdentity::kGbt34014;
  label.interlocks.push_back(Interlock::kGenealogyComplete);

  AddOperation("INK", 10, "MIX");
  AddConsumption("INK", 10, "POW", "0.25");
}

Material& PlantBuilder::material(std::string_view code) {
  return Find(draft_.materials, code, [&](const Material& candidate) { return candidate.code == code; });
}

ProductRevision& PlantBuilder::product(std::string_view code) {
  return Find(draft_.products, code, [&](const ProductRevision& candidate) { return candidate.product_code == code; });
}

Operation& PlantBuilder::operation(std::string_view product_code, int16_t number) {
  return Find(product(product_code).operations, product_code, [&](const Operation& candidate) { return candidate.number == number; });
}

domain::TimeWindow& PlantBuilder::window(std::string_view product_code, std::string_view id) {
  return Find(product(product_code).windows, id, [&](const domain::TimeWindow& candidate) { return candidate.id == id; });
}

BomLine& PlantBuilder::line(std::string_view product_code, std::string_view material_code) {
  return Find(product(product_code).bom, material_code, [&](const BomLine& line) { return line.material_code == material_code; });
}

void PlantBuilder::AddBought(std::string_view code, std::string_view uom, Tracking tracking) {
  Material added;
  added.code = code;
  added.name = "bought " + added.code;
  added.uom = uom;
  added.tracking = tracking;
  draft_.materials.push_back(std::move(added));
}

void PlantBuilder::AddProduct(std::string_view code, std::string_view uom, Tracking tracking) {
  AddBought(code, uom, tracking);
  draft_.materials.back().made = true;
  draft_.materials.back().name = "made " + std::string(code);
  ProductRevision revision;
  revision.product_code = code;
  draft_.products.push_back(std::move(revision));
}

Operation& PlantBuilder::AddOperation(std::string_view product_code, int16_t number, std::string_view code) {
  Operation added;
  added.number = number;
  added.code = code;
  added.name = "step " + added.code;
  added.operation_type = "production";
  added.station_class = code;
  for (char& c : added.station_class) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  added.cycle_ms = 1'000;
  added.first_pass_yield = 0.99;
  added.scrap_rate = 0.001;
  added.interlocks = {Interlock::kRouteSeq, Interlock::kNotBlocked, Interlock::kRecipeMatch};
  added.line_stops = {"CF3"};
  added.recipe_checksum = std::string(product_code) + "." + added.code;
  domain::Characteristic value;
  value.code = added.code + "_V";
  value.name = "value of " + added.code;
  value.unit = "mm";
  value.nominal = 10;
  value.lower_limit = 5;
  value.upper_limit = 15;
  added.characteristics.push_back(std::move(value));
  std::vector<Operation>& operations = product(product_code).operations;
  operations.push_back(std::move(added));
  return operations.back();
}

void PlantBuilder::AddConsumption(std::string_view product_code, int16_t number, std::string_view material_code,
                                  std::string_view quantity) {
  const Material& consumed = material(material_code);
  BomLine line;
  line.line = static_cast<int16_t>(product(product_code).bom.size() + 1);
  line.material_code = consumed.code;
  line.tracking = consumed.tracking;
  line.uom = consumed.uom;
  line.quantity_micro = domain::ParseQuantity(quantity, "quantity").value();
  line.operation = number;
  domain::PlantDraft::Component component{line.material_code, line.quantity_micro, line.uom, line.tracking, {}};
  draft_.components[std::string(product_code)].push_back(std::move(component));
  product(product_code).bom.push_back(std::move(line));
}

std::shared_ptr<const Plant> PlantBuilder::Build() const {
  auto plant = std::make_shared<Plant>();
  plant->version = 1;
  plant->materials = draft_.materials;
  plant->revisions = draft_.products;
  std::unordered_map<std::string, int32_t> ids;
  for (Material& material : plant->materials) ids[material.code] = material.id = static_cast<int32_t>(ids.size()) + 1;
  int32_t line_id = 0;
  for (ProductRevision& revision : plant->revisions) {
    revision.id = ++line_id;
    revision.revision = 1;
    revision.material_id = ids.at(revision.product_code);
    for (BomLine& line : revision.bom) {
      line.material_id = ids.at(line.material_code);
      for (const std::string& alternate : line.alternate_codes) line.alternate_ids.push_back(ids.at(alternate));
    }
    for (const Operation& operation : revision.operations) {
      for (int32_t number = 1; number <= operation.stations_per_line; ++number) {
        domain::Station station;
        station.id = static_cast<int32_t>(plant->stations.size()) + 1;
        station.line_id = line_id;
        station.line_code = domain::LineCode(revision.product_code, 1);
        station.code = domain::StationCode(station.line_code, operation.code, number);
        station.station_class = operation.station_class;
        station.material_id = revision.material_id;
        station.product_code = revision.product_code;
        station.operations = {operation.number};
        plant->stations.push_back(std::move(station));
      }
    }
  }
  plant->rules = rules_;
  plant->Index();
  return plant;
}

void PlantBuilder::AddRule(domain::ProcessRule rule) {
  if (rule.by_routing) draft_.process_rules.push_back(rule);
  rules_.push_back(std::move(rule));
}

}  // namespace mes::tests
