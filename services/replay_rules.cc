#include "services/replay_rules.h"

#include "domain/limits.h"
#include "services/json_reader.h"

namespace mes::services {
namespace {

constexpr int64_t kLargestNumber = 32'767;
constexpr int64_t kMaxSeconds = 100LL * 366 * 86'400;

domain::Changed<double> ReadLimit(const JsonNode& node, std::string_view key) {
  return {node.Has(key), node.OptionalNumber(key)};
}

domain::Changed<int64_t> ReadSeconds(const JsonNode& node, std::string_view key) {
  return {node.Has(key), node.OptionalInteger(key, 0, kMaxSeconds)};
}

std::optional<int16_t> ReadCount(const JsonNode& node, std::string_view key) {
  const std::optional<int64_t> count = node.OptionalInteger(key, 0, domain::kMaxRepeats);
  return count ? std::optional<int16_t>(static_cast<int16_t>(*count)) : std::nullopt;
}

domain::LimitChange ReadLimitChange(const JsonNode& node) {
  domain::LimitChange change;
  if (!node.IsObject()) return change;
  node.AllowOnly({"operation", "characteristic", "lower", "upper"});
  change.operation = static_cast<int16_t>(node.Integer("operation", 1, kLargestNumber));
  change.characteristic_code = node.Text("characteristic", domain::kMaxCodeLength);
  change.lower = ReadLimit(node, "lower");
  change.upper = ReadLimit(node, "upper");
  if (!change.lower.given && !change.upper.given) node.Fault("neither lower nor upper is given: nothing would change");
  return change;
}

domain::RoutingChange ReadRoutingChange(const JsonNode& node) {
  domain::RoutingChange change;
  if (!node.IsObject()) return change;
  node.AllowOnly({"operation", "max_retests", "max_reworks", "mandatory"});
  change.operation = static_cast<int16_t>(node.Integer("operation", 1, kLargestNumber));
  change.max_retests = ReadCount(node, "max_retests");
  change.max_reworks = ReadCount(node, "max_reworks");
  if (node.Has("mandatory")) change.mandatory = node.Flag("mandatory", true);
  if (!change.max_retests && !change.max_reworks && !change.mandatory) {
    node.Fault("none of max_retests, max_reworks and mandatory is given: nothing would change");
  }
  return change;
}

domain::WindowChange ReadWindowChange(const JsonNode& node) {
  domain::WindowChange change;
  if (!node.IsObject()) return change;
  node.AllowOnly({"id", "min_s", "max_s"});
  change.id = node.Text("id", domain::kMaxCodeLength);
  change.min_seconds = ReadSeconds(node, "min_s");
  change.max_seconds = ReadSeconds(node, "max_s");
  if (!change.min_seconds.given && !change.max_seconds.given)
    node.Fault("neither min_s nor max_s is given: nothing would change");
  return change;
}

domain::ProductChange ReadProductChange(const JsonNode& node) {
  domain::ProductChange change;
  if (!node.IsObject()) return change;
  node.AllowOnly({"product", "revision", "limits", "routing", "windows"});
  change.product_code = node.Text("product", domain::kMaxCodeLength);
  change.revision = static_cast<int32_t>(node.Integer("revision", 1, 2'147'483'647, 0));
  if (node.Has("limits")) node.Each("limits", [&](const JsonNode& each) { change.limits.push_back(ReadLimitChange(each)); });
  if (node.Has("routing")) node.Each("routing", [&](const JsonNode& each) { change.routing.push_back(ReadRoutingChange(each)); });
  if (node.Has("windows")) node.Each("windows", [&](const JsonNode& each) { change.windows.push_back(ReadWindowChange(each)); });
  return change;
}

domain::YieldRuleChange ReadYieldRuleChange(const JsonNode& node) {
  domain::YieldRuleChange change;
  if (!node.IsObject()) return change;
  node.AllowOnly({"code", "count", "window", "min_runs", "alarm_points", "stop_points"});
  const auto number = [&](std::string_view key) {
    const std::optional<int64_t> value = node.OptionalInteger(key, 0, domain::kMaxRuleRuns);
    return value ? std::optional<int32_t>(static_cast<int32_t>(*value)) : std::nullopt;
  };
  change.code = node.Text("code", domain::kMaxFailureCodeLength);
  change.count = number("count");
  change.window = number("window");
  change.min_runs = number("min_runs");
  change.alarm_points = node.OptionalNumber("alarm_points");
  change.stop_points = node.OptionalNumber("stop_points");
  return change;
}

}  // namespace

domain::ReplayRules ReadReplayRules(const std::string& json, std::vector<domain::PlantFault>& faults) {
  domain::ReplayRules rules;
  const std::string file = "rules";
  const std::optional<Json> document = ParseJson(file, json, faults);
  if (!document) return rules;
  const JsonNode root(*document, file, "", faults);
  if (!root.IsObject()) return rules;
  root.AllowOnly({"products", "yield_rules"});
  if (root.Has("products"))
    root.Each("products", [&](const JsonNode& each) { rules.products.push_back(ReadProductChange(each)); });
  if (root.Has("yield_rules")) {
    rules.yield_rules.emplace();
    root.Each("yield_rules", [&](const JsonNode& each) { rules.yield_rules->push_back(ReadYieldRuleChange(each)); });
  }
  return rules;
}

}  // namespace mes::services
