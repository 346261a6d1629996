#include "services/plant_charts.h"

#include <algorithm>
#include <map>
#include <string>

#include "db/spc.h"
#include "services/json_reader.h"

namespace mes::services {
namespace {

// Who the definitions are by.
constexpr char kFiles[] = "rules.json of the plant";

std::optional<domain::ChartRule> NelsonRule(const Json& number) {
  if (!number.is_number_integer()) return std::nullopt;
  const int64_t value = number.get<int64_t>();
  return value >= 1 && value <= 8 ? domain::ParseChartRule("NELSON" + std::to_string(value)) : std::nullopt;
}

void ReadClass(const std::string& name, const JsonNode& node, const std::string& file, std::vector<domain::PlantFault>& faults,
               std::vector<domain::ChartDefinition>& definitions) {
  domain::ChartDefinition definition;
  definition.characteristic_class = domain::ParseCharacteristicClass(name);
  if (!definition.characteristic_class) return node.Fault("`" + name + "` is no class of characteristics: use CC, SC, std");
  if (!node.value().is_array()) return node.Fault("must be a list of Nelson rules, 1 to 8");
  std::vector<domain::ChartRule> rules;
  for (size_t i = 0; i < node.value().size(); ++i) {
    const std::optional<domain::ChartRule> rule = NelsonRule(node.value()[i]);
    if (!rule) return JsonNode(node.value()[i], file, node.pointer() + "/" + std::to_string(i), faults).Fault("is no Nelson rule, 1 to 8");
    rules.push_back(*rule);
  }
  if (const domain::Status checked = domain::CheckDefinition(definition, rules, nullptr); !checked) {
    return node.Fault(checked.error().message);
  }
  definition.rules = domain::RulesOf(rules);
  definition.person = kFiles;
  definition.reason = "spc.enabled_by_default";
  definitions.push_back(std::move(definition));
}

}  // namespace

std::vector<domain::ChartDefinition> ReadPlantCharts(const std::vector<PlantText>& files, std::vector<domain::PlantFault>& faults) {
  std::vector<domain::ChartDefinition> definitions;
  const auto file = std::find_if(files.begin(), files.end(), [](const PlantText& of) { return of.path == "rules.json"; });
  if (file == files.end()) return definitions;
  // ReadPlant has told what cannot be parsed.
  const Json json = Json::parse(file->content, nullptr, false);
  if (!json.is_object() || !json.contains("spc")) return definitions;
  const JsonNode root(json, file->path, "", faults);
  const std::optional<JsonNode> spc = root.Member("spc");
  if (!spc || !spc->IsObject() || !spc->Has("enabled_by_default")) return definitions;
  spc->EachMember("enabled_by_default", [&](const std::string& name, const JsonNode& node) {
    ReadClass(name, node, file->path, faults, definitions);
  });
  return definitions;
}

void StorePlantCharts(Call& call, const std::vector<domain::ChartDefinition>& definitions) {
  const std::map<domain::CharacteristicClass, domain::RuleSet> said = db::LoadClassRulesBy(call.transaction, kFiles);
  bool locked = false;
  for (domain::ChartDefinition definition : definitions) {
    const domain::CharacteristicClass of = *definition.characteristic_class;
    const auto last = said.find(of);
    if (definition.rules == (last == said.end() ? domain::DefaultRules(of) : last->second)) continue;
    if (!locked) db::LockChartPlan(call.transaction);
    locked = true;
    definition.define_time = call.now;
    db::InsertDefinition(call.transaction, definition);
  }
}

}  // namespace mes::services
