#include "domain/product_definition.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace mes::domain {
namespace {

template <typename Enum, size_t N>
std::string_view NameIn(const std::array<std::string_view, N>& names, Enum value, int first) {
  const int index = static_cast<int>(value) - first;
  return index >= 0 && index < static_cast<int>(N) ? names[static_cast<size_t>(index)] : std::string_view();
}

template <typename Enum, size_t N>
std::optional<Enum> ParseIn(const std::array<std::string_view, N>& names, std::string_view name, int first) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin() + first);
}

constexpr std::array<std::string_view, 7> kSamplings = {"every_unit", "per_lot", "per_cycle", "per_shift",
                                                        "per_interval", "one_in_n", "inline_stream"};
constexpr std::array<std::string_view, 3> kClasses = {"std", "SC", "CC"};
constexpr std::array<std::string_view, 29> kInterlocks = {
    "ROUTE_SEQ", "NOT_BLOCKED", "RECIPE_MATCH", "MATERIAL_VALID", "RETEST_LIMIT", "REWORK_LIMIT", "CAL_TESTER", "CAL_TORQUE",
    "SCALE_CAL", "LEAK_REF", "GOLDEN", "TOOL_LIFE", "POT_LIFE", "TIME_WINDOW", "GROUP_MATCH", "UNIQUE_SN", "OPERATOR_HV",
    "OPERATOR_H2", "H2_SAFETY", "ENV_DRYROOM", "ENV_RH", "ESD", "BOLT_COUNT", "SW_VERSION", "VARIANT_MATCH", "RELEASED_CHILD",
    "STACK_SOURCE", "GENEALOGY_COMPLETE", "PGM_CUSTODY"};
constexpr std::array<std::string_view, 3> kIdentities = {"none", "plant", "gbt34014"};
constexpr std::array<std::string_view, 6> kWindowEvents = {"start", "complete", "queue", "material_open", "material_age", "consumed"};
constexpr std::array<std::string_view, 3> kLateActions = {"refuse", "flag", "repeat"};

}  // namespace

std::string_view NameOf(Sampling sampling) { return NameIn(kSamplings, sampling, 1); }
std::optional<Sampling> ParseSampling(std::string_view name) { return ParseIn<Sampling>(kSamplings, name, 1); }
std::string_view NameOf(CharacteristicClass value) { return NameIn(kClasses, value, 1); }
std::optional<CharacteristicClass> ParseCharacteristicClass(std::string_view name) {
  return ParseIn<CharacteristicClass>(kClasses, name, 1);
}
std::string_view NameOf(Interlock interlock) { return NameIn(kInterlocks, interlock, 0); }
std::optional<Interlock> ParseInterlock(std::string_view name) { return ParseIn<Interlock>(kInterlocks, name, 0); }
std::string_view NameOf(NewIdentity identity) { return NameIn(kIdentities, identity, 1); }
std::optional<NewIdentity> ParseNewIdentity(std::string_view name) { return ParseIn<NewIdentity>(kIdentities, name, 1); }
std::string_view NameOf(WindowEvent event) { return NameIn(kWindowEvents, event, 1); }
std::optional<WindowEvent> ParseWindowEvent(std::string_view name) { return ParseIn<WindowEvent>(kWindowEvents, name, 1); }
std::string_view NameOf(LateAction action) { return NameIn(kLateActions, action, 1); }
std::optional<LateAction> ParseLateAction(std::string_view name) { return ParseIn<LateAction>(kLateActions, name, 1); }

bool Operation::Guards(Interlock interlock) const {
  return std::find(interlocks.begin(), interlocks.end(), interlock) != interlocks.end();
}

int32_t Operation::ValueCount() const {
  return characteristics.empty() ? 0 : characteristics.back().first_value + characteristics.back().replicates;
}

int16_t Operation::CharacteristicIndex(std::string_view characteristic_code) const {
  for (size_t i = 0; i < characteristics.size(); ++i) {
    if (characteristics[i].code == characteristic_code) return static_cast<int16_t>(i);
  }
  return -1;
}

bool BomLine::Accepts(int32_t id) const {
  return id == material_id || std::find(alternate_ids.begin(), alternate_ids.end(), id) != alternate_ids.end();
}

void ProductRevision::Index() {
  mandatory_mask_ = 0;
  lot_lines_mask_ = 0;
  serial_slots_ = 0;
  for (size_t i = 0; i < operations.size(); ++i) {
    Operation& operation = operations[i];
    if (operation.mandatory) mandatory_mask_ |= uint64_t{1} << i;
    int32_t first_value = 0;
    operation.tightening_characteristic = -1;
    for (size_t j = 0; j < operation.characteristics.size(); ++j) {
      Characteristic& characteristic = operation.characteristics[j];
      characteristic.first_value = first_value;
      first_value += characteristic.replicates;
      if (operation.tightenings > 0 && operation.tightening_characteristic < 0 && characteristic.unit == "N.m") {
        operation.tightening_characteristic = static_cast<int16_t>(j);
      }
    }
  }
  for (const BomLine& line : bom) {
    if (line.tracking == Tracking::kLot) lot_lines_mask_ |= uint64_t{1} << line.line;
    if (line.tracking == Tracking::kSerial) serial_slots_ += line.Slots();
  }
}

int16_t ProductRevision::OperationIndex(int16_t number) const {
  const auto found = std::lower_bound(operations.begin(), operations.end(), number,
                                      [](const Operation& operation, int16_t value) { return operation.number < value; });
  return found != operations.end() && found->number == number ? static_cast<int16_t>(found - operations.begin()) : int16_t{-1};
}

const BomLine* ProductRevision::FindLine(int16_t line) const {
  const auto found = std::find_if(bom.begin(), bom.end(), [&](const BomLine& candidate) { return candidate.line == line; });
  return found == bom.end() ? nullptr : &*found;
}

const BomLine* ProductRevision::LineFor(int32_t material, int16_t operation) const {
  const auto found = std::find_if(bom.begin(), bom.end(), [&](const BomLine& line) {
    return (operation == 0 || line.operation == operation) && line.Accepts(material);
  });
  return found == bom.end() ? nullptr : &*found;
}

bool Station::Does(int16_t operation) const {
  return std::find(operations.begin(), operations.end(), operation) != operations.end();
}

void Plant::Index() {
  for (size_t i = 0; i < materials.size(); ++i) {
    material_by_code_[materials[i].code] = i;
    material_by_id_[materials[i].id] = i;
  }
  for (size_t i = 0; i < revisions.size(); ++i) {
    revisions[i].Index();
    revision_by_id_[revisions[i].id] = i;
    const auto [newest, inserted] = newest_by_material_.try_emplace(revisions[i].material_id, i);
    if (!inserted && revisions[newest->second].revision < revisions[i].revision) newest->second = i;
  }
  for (size_t i = 0; i < stations.size(); ++i) {
    station_by_code_[stations[i].code] = i;
    station_by_id_[stations[i].id] = i;
  }
}

namespace {

template <typename Map, typename Key, typename Vector>
auto* FindIn(const Map& map, const Key& key, const Vector& vector) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &vector[found->second];
}

}  // namespace

const Material* Plant::FindMaterial(std::string_view code) const {
  return FindIn(material_by_code_, std::string(code), materials);
}
const Material* Plant::FindMaterial(int32_t id) const { return FindIn(material_by_id_, id, materials); }
const ProductRevision* Plant::FindRevision(int32_t id) const { return FindIn(revision_by_id_, id, revisions); }
const ProductRevision* Plant::NewestRevision(int32_t material_id) const {
  return FindIn(newest_by_material_, material_id, revisions);
}
const ProductRevision* Plant::FindRevision(int32_t material_id, int32_t revision) const {
  const auto found = std::find_if(revisions.begin(), revisions.end(), [&](const ProductRevision& candidate) {
    return candidate.material_id == material_id && candidate.revision == revision;
  });
  return found == revisions.end() ? nullptr : &*found;
}
const Station* Plant::FindStation(std::string_view code) const { return FindIn(station_by_code_, std::string(code), stations); }
const Station* Plant::FindStation(int32_t id) const { return FindIn(station_by_id_, id, stations); }

namespace {

// Canonical text: every field as `name=length:value;` in a fixed order, doubles in their shortest exact form, so that no two contents
// give one text.
class Text {
 public:
  Text& Add(std::string_view name, std::string_view value) {
    text_.append(name).append("=").append(std::to_string(value.size())).append(":").append(value).append(";");
    return *this;
  }
  Text& Add(std::string_view name, int64_t value) { return Add(name, std::string_view(std::to_string(value))); }
  Text& Add(std::string_view name, double value) {
    std::array<char, 40> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    return Add(name, std::string_view(digits.data(), static_cast<size_t>(end - digits.data())));
  }
  template <typename T>
  Text& Add(std::string_view name, const std::optional<T>& value) {
    return value ? Add(name, *value) : Add(name, std::string_view("none"));
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string CanonicalText(const Characteristic& characteristic) {
  return Text()
      .Add("code", std::string_view(characteristic.code))
      .Add("name", std::string_view(characteristic.name))
      .Add("unit", std::string_view(characteristic.unit))
      .Add("nominal", characteristic.nominal)
      .Add("lower", characteristic.lower_limit)
      .Add("upper", characteristic.upper_limit)
      .Add("sampling", NameOf(characteristic.sampling))
      .Add("n", int64_t{characteristic.sampling_n})
      .Add("class", NameOf(characteristic.characteristic_class))
      .Add("replicates", int64_t{characteristic.replicates})
      .Take();
}

std::string CanonicalText(const TimeWindow& window) {
  return Text()
      .Add("id", std::string_view(window.id))
      .Add("from", int64_t{window.from_operation})
      .Add("from_event", NameOf(window.from_event))
      .Add("to", int64_t{window.to_operation})
      .Add("to_event", NameOf(window.to_event))
      .Add("min", window.min_seconds)
      .Add("max", window.max_seconds)
      .Add("late", NameOf(window.late_action))
      .Add("repeat_from", int64_t{window.repeat_from})
      .Add("repeat_max", int64_t{window.repeat_max})
      .Add("on_violation", std::string_view(window.on_violation))
      .Add("reason", std::string_view(window.reason))
      .Take();
}

std::string CanonicalText(const BomLine& line) {
  Text text;
  text.Add("line", int64_t{line.line})
      .Add("material", std::string_view(line.material_code))
      .Add("quantity", line.quantity_micro)
      .Add("operation", int64_t{line.operation});
  for (const std::string& alternate : line.alternate_codes) text.Add("alternate", std::string_view(alternate));
  return text.Take();
}

}  // namespace

std::string CanonicalText(const Operation& operation) {
  Text text;
  text.Add("number", int64_t{operation.number})
      .Add("code", std::string_view(operation.code))
      .Add("name", std::string_view(operation.name))
      .Add("name_zh", std::string_view(operation.name_zh))
      .Add("type", std::string_view(operation.operation_type))
      .Add("class", std::string_view(operation.station_class))
      .Add("mandatory", int64_t{operation.mandatory})
      .Add("alternate_of", int64_t{operation.alternate_of})
      .Add("cycle_ms", operation.cycle_ms)
      .Add("units_per_cycle", operation.units_per_cycle)
      .Add("stations_per_line", int64_t{operation.stations_per_line})
      .Add("first_pass_yield", operation.first_pass_yield)
      .Add("scrap_rate", operation.scrap_rate)
      .Add("max_retests", int64_t{operation.max_retests})
      .Add("rework_to", int64_t{operation.rework_to})
      .Add("max_reworks", int64_t{operation.max_reworks});
  for (const Interlock interlock : operation.interlocks) text.Add("interlock", NameOf(interlock));
  for (const std::string& stop : operation.line_stops) text.Add("line_stop", std::string_view(stop));
  text.Add("new_identity", NameOf(operation.new_identity))
      .Add("recipe_checksum", std::string_view(operation.recipe_checksum))
      .Add("software_version", std::string_view(operation.software_version))
      .Add("tightenings", int64_t{operation.tightenings});
  for (const Characteristic& characteristic : operation.characteristics) {
    text.Add("characteristic", std::string_view(CanonicalText(characteristic)));
  }
  text.Add("properties", std::string_view(operation.properties_json));
  return text.Take();
}

std::string CanonicalText(const ProductRevision& revision) {
  Text text;
  text.Add("product", std::string_view(revision.product_code));
  for (const BomLine& line : revision.bom) text.Add("bom", std::string_view(CanonicalText(line)));
  for (const Operation& operation : revision.operations) text.Add("operation", std::string_view(CanonicalText(operation)));
  for (const TimeWindow& window : revision.windows) text.Add("window", std::string_view(CanonicalText(window)));
  return text.Take();
}

std::string LineCode(std::string_view product_code, int32_t line) { return std::string(product_code) + "." + std::to_string(line); }

std::string StationCode(std::string_view line_code, std::string_view operation_code, int32_t number) {
  return std::string(line_code) + "." + std::string(operation_code) + "." + std::to_string(number);
}

}  // namespace mes::domain
